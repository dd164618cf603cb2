//! The page's document: ProseMirror's JSON and steps, differences, and the hash.

use komuz_core::body::Body;
use komuz_core::document::{DocKind, Document};
use komuz_core::page::{Block, Mark, Marks, Page, PageError, Place, Run, Slice, Step, diff, hash, json};
use komuz_core::steps::PageLink;
use komuz_release::story::BlockKind;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What ProseMirror itself made of its commands (`prosemirror.mjs`).
fn prosemirror() -> Value {
    serde_json::from_str(include_str!("prosemirror.json")).unwrap()
}

#[test]
fn steps_do_what_prosemirror_does() {
    let file = prosemirror();
    let before = json::read_page(&file["before"]).unwrap();
    for case in file["cases"].as_array().unwrap() {
        let mut page = before.clone();
        for step in case["steps"].as_array().unwrap() {
            page = Step::read(step).unwrap().apply(&page).unwrap();
        }
        let after = json::read_page(&case["after"]).unwrap();
        assert_eq!(page, after, "{}", case["name"]);
        assert_eq!(hash::hash(&page), hash::hash(&after));
        assert_eq!(page.size(), after.size());
    }
}

#[test]
fn the_page_makes_the_same_hash() {
    let all = prosemirror();
    for case in all["cases"].as_array().unwrap() {
        let after = json::read_page(&case["after"]).unwrap();
        assert_eq!(hash::hash(&after), case["hash"].as_str().unwrap(), "{}", case["name"]);
    }
}

#[test]
fn a_document_is_written_as_it_was_read() {
    let file = prosemirror();
    for doc in
        std::iter::once(&file["before"]).chain(file["cases"].as_array().unwrap().iter().map(|case| &case["after"]))
    {
        let page = json::read_page(doc).unwrap();
        assert_eq!(json::read_page(&json::write_page(&page)).unwrap(), page);
        // ProseMirror keeps anchors in the order in which they came; here they are sorted.
        if !doc.to_string().contains("c-0") {
            assert_eq!(json::write_page(&page), *doc);
        }
    }
}

#[test]
fn steps_are_written_as_they_were_read() {
    for case in prosemirror()["cases"].as_array().unwrap() {
        for step in case["steps"].as_array().unwrap() {
            let mut step = step.clone();
            let read = Step::read(&step).unwrap();
            assert_eq!(Step::read(&read.write()).unwrap(), read);
            // `structure` only guards ProseMirror's own commands.
            step.as_object_mut().unwrap().remove("structure");
            let mut written = read.write();
            written.as_object_mut().unwrap().remove("structure");
            assert_eq!(written, step, "{}", case["name"]);
        }
    }
}

#[test]
fn every_command_goes_through_a_body() {
    let file = prosemirror();
    let before = json::read_page(&file["before"]).unwrap();
    for case in file["cases"].as_array().unwrap() {
        let mut doc = Document::new(DocKind::Body, &[7; 16]);
        let mut body = Body::open(&doc).unwrap();
        let (mut link, start) = PageLink::open(&body, 0);
        let blocks = before
            .blocks()
            .iter()
            .map(|block| Block::new(None, block.kind.clone(), block.runs().to_vec()));
        let all = Slice::blocks(blocks.collect(), 0, 0);
        let size = json::read_page(&start).unwrap().size();
        let fill = Step::Replace {
            from: 0,
            to: size,
            slice: all,
        };
        let mut page = fill.apply(&json::read_page(&start).unwrap()).unwrap();
        link.steps(&mut doc, &mut body, (1, 0), &[fill.write()], 0).unwrap();
        let filled = doc.heads();
        let steps = case["steps"].as_array().unwrap();
        for step in steps {
            page = Step::read(step).unwrap().apply(&page).unwrap();
        }
        link.steps(&mut doc, &mut body, (2, 0), steps, 1_000).unwrap();
        let batch = link.batch(&body).unwrap();
        for step in &batch.steps {
            page = Step::read(step).unwrap().apply(&page).unwrap();
        }
        link.taken(batch.batch, &hash::hash(&page));
        assert!(!link.is_lost(), "{}", case["name"]);
        assert_eq!(page, *body.page());
        assert_eq!(*Body::open(&doc).unwrap().page(), page, "{}", case["name"]);
        let texts = |page: &Page| page.blocks().iter().map(|block| block.plain_text()).collect::<Vec<_>>();
        assert_eq!(
            texts(&page),
            texts(&json::read_page(&case["after"]).unwrap()),
            "{}",
            case["name"]
        );
        if doc.heads() == filled {
            // Anchors are derived: adding one writes nothing, and the batch has taken it off the page.
            continue;
        }
        // And back again.
        assert!(link.undo(&mut doc, &mut body).unwrap());
        assert_eq!(texts(body.page()), texts(&before), "undo of {}", case["name"]);
        let kinds = |page: &Page| page.blocks().iter().map(|block| block.kind.clone()).collect::<Vec<_>>();
        assert_eq!(kinds(body.page()), kinds(&before), "undo of {}", case["name"]);
    }
}

#[test]
fn positions_and_places_translate_both_ways() {
    let page = json::read_page(&prosemirror()["before"]).unwrap();
    for position in 0..=page.size() {
        assert_eq!(page.position(page.resolve(position).unwrap()), position);
    }
    assert_eq!(page.resolve(25).unwrap(), Place::Gap(2));
    assert_eq!(page.resolve(26).unwrap(), Place::Gap(3), "a rule is a leaf of size 1");
    assert_eq!(page.resolve(27).unwrap(), Place::In { block: 3, offset: 0 });
    let end = page.size();
    assert_eq!(
        page.resolve(end + 1),
        Err(PageError::Outside { position: end + 1, end })
    );
}

#[test]
fn malformed_documents_are_refused_with_a_place() {
    for (doc, place) in [
        (json!(null), "type"),
        (json!({ "type": "paragraph" }), "type"),
        (json!({ "type": "doc" }), "content"),
        (json!({ "type": "doc", "content": {} }), "content"),
        (json!({ "type": "doc", "content": [{ "type": "table" }] }), "content[0]"),
        (
            json!({ "type": "doc", "content": [{ "type": "paragraph" }, 7] }),
            "content[1]",
        ),
        (
            json!({ "type": "doc", "content": [{ "type": "paragraph", "content": [{ "type": "paragraph" }] }] }),
            "content[0].content[0]",
        ),
        (
            json!({ "type": "doc", "content": [{ "type": "paragraph", "content": [{ "type": "text" }] }] }),
            "content[0].content[0]",
        ),
        (
            json!({ "type": "doc", "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "a", "marks": [{ "type": "blink" }] }] }] }),
            "content[0].content[0].marks[0]",
        ),
        (
            json!({ "type": "doc", "content": [{ "type": "rule", "content": [{ "type": "text", "text": "a" }] }] }),
            "content[0]",
        ),
    ] {
        match json::read_page(&doc) {
            Err(PageError::Shape { place: found, .. }) => assert_eq!(found, place),
            other => panic!("{doc}: {other:?}"),
        }
    }
}

#[test]
fn malformed_steps_are_refused() {
    for step in [
        json!({}),
        json!({ "stepType": "replace" }),
        json!({ "stepType": "replace", "from": -1, "to": 2 }),
        json!({ "stepType": "replace", "from": 1.5, "to": 2 }),
        json!({ "stepType": "replace", "from": 1, "to": 2, "slice": { "content": [], "openStart": 2 } }),
        json!({ "stepType": "replace", "from": 1, "to": 2, "slice": { "content": "text" } }),
        json!({ "stepType": "replaceAround", "from": 1, "to": 2 }),
        json!({ "stepType": "addMark", "from": 1, "to": 2 }),
        json!({ "stepType": "addMark", "from": 1, "to": 2, "mark": { "type": "blink" } }),
        json!({ "stepType": "unheard-of", "from": 1, "to": 2 }),
    ] {
        assert!(Step::read(&step).is_err(), "{step}");
    }
}

#[test]
fn a_place_beyond_all_numbers_is_refused() {
    let page = Page::new([Block::new(Some("a".into()), BlockKind::Paragraph, [Run::plain("one")])]);
    let step = json!({
        "stepType": "replaceAround", "from": 1, "to": 4, "gapFrom": 1, "gapTo": 4, "insert": u64::MAX,
        "slice": { "content": [{ "type": "quote" }], "openStart": 1, "openEnd": 1 },
    });
    let refused = Step::read(&step).unwrap().apply(&page);
    assert!(matches!(refused, Err(PageError::Outside { .. })), "{refused:?}");
}

#[test]
fn a_difference_inside_a_block_is_only_what_changed() {
    let page = |text: &str| Page::new([Block::new(Some("a".into()), BlockKind::Paragraph, [Run::plain(text)])]);
    let steps = diff::diff(&page("one two three"), &page("one 2 three"));
    let slice = Slice::inline(vec![Run::plain("2")]);
    assert_eq!(steps, [Step::Replace { from: 5, to: 8, slice }]);
    // 😀 and 😁 share their first half; the whole character is replaced.
    let steps = diff::diff(&page("x😀y"), &page("x😁y"));
    let slice = Slice::inline(vec![Run::plain("😁")]);
    assert_eq!(steps, [Step::Replace { from: 2, to: 4, slice }]);
}

#[test]
fn a_split_and_a_join_are_found_as_such() {
    let block = |id: &str, text: &str| Block::new(Some(id.into()), BlockKind::Paragraph, [Run::plain(text)]);
    let (one, two) = (
        Page::new([block("a", "one two")]),
        Page::new([block("a", "one "), block("b", "two")]),
    );
    let halves = vec![block("a", ""), block("b", "")];
    assert_eq!(
        diff::diff(&one, &two),
        [Step::Replace {
            from: 5,
            to: 5,
            slice: Slice::blocks(halves, 1, 1)
        }]
    );
    assert_eq!(
        diff::diff(&two, &one),
        [Step::Replace {
            from: 5,
            to: 7,
            slice: Slice::default()
        }]
    );
}

fn mark() -> impl Strategy<Value = Mark> {
    prop_oneof![
        Just(Mark::Strong),
        Just(Mark::Emphasis),
        Just(Mark::Code),
        prop::sample::select(vec!["https://a.kg/", "https://b.kg/"]).prop_map(|href| Mark::Link(href.into())),
        prop::sample::select(vec![json!(1), json!("x")]).prop_map(|value| Mark::Foreign("f".into(), value)),
        prop::sample::select(vec!["c-1", "c-2", "t-1"]).prop_map(|id| Mark::Anchor(id.into())),
    ]
}

fn run() -> impl Strategy<Value = Run> {
    let text = prop::collection::vec(
        prop::sample::select(vec!["a", "b", "ң", "😀", "😁", "é", "ש", "\n"]),
        0..6,
    );
    (text, prop::collection::vec(mark(), 0..3)).prop_map(|(text, marks)| Run::new(text.concat(), Marks::new(marks)))
}

fn kind() -> impl Strategy<Value = BlockKind> {
    prop_oneof![
        Just(BlockKind::Paragraph),
        Just(BlockKind::Quote),
        Just(BlockKind::Rule),
        (2..4u8).prop_map(|level| BlockKind::Heading { level }),
        (any::<bool>(), 0..4u8).prop_map(|(ordered, depth)| BlockKind::Item { ordered, depth }),
        (0..3).prop_map(|n| BlockKind::Other {
            name: "verse".into(),
            attrs: [("n".to_owned(), json!(n))].into()
        }),
    ]
}

fn page() -> impl Strategy<Value = Page> {
    let block = (0..8u8, kind(), prop::collection::vec(run(), 0..4));
    prop::collection::vec(block, 1..7).prop_map(|blocks| {
        Page::new(blocks.into_iter().map(|(id, kind, runs)| {
            let runs = if kind == BlockKind::Rule { Vec::new() } else { runs };
            // Some blocks are new, and some have the identity of another.
            Block::new((id > 0).then(|| format!("id-{id}")), kind, runs)
        }))
    })
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(500);
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn differences_lead_from_any_page_to_any_other(from in page(), to in page()) {
        let mut page = from.clone();
        for step in diff::diff(&from, &to) {
            page = Step::read(&step.write()).unwrap().apply(&page).unwrap();
        }
        prop_assert_eq!(page, to);
    }

    #[test]
    fn a_page_survives_its_json(page in page()) {
        let text = json::write_page(&page).to_string();
        prop_assert_eq!(json::read_page(&serde_json::from_str(&text).unwrap()).unwrap(), page);
    }

    #[test]
    fn the_hash_tells_pages_apart(one in page(), other in page()) {
        prop_assert_eq!(one == other, hash::hash(&one) == hash::hash(&other));
    }

    #[test]
    fn no_json_stops_the_program(from in any::<u8>(), to in any::<u8>(), open in 0..2u8, end in 0..2u8, page in page(), slice in page()) {
        let content = json::write_page(&slice)["content"].clone();
        let slice = json!({ "content": content, "openStart": open, "openEnd": end });
        for kind in ["replace", "replaceAround"] {
            let step = json!({
                "stepType": kind, "from": from, "to": to, "gapFrom": from, "gapTo": to, "insert": 1, "slice": slice,
            });
            // Taken or refused; when taken, the page is one that can be written and read.
            if let Ok(next) = Step::read(&step).and_then(|step| step.apply(&page)) {
                prop_assert_eq!(json::read_page(&json::write_page(&next)).unwrap(), next);
            }
        }
    }
}
