//! What is too much for one change goes in several, and others take all of them; what is too long for an edition is
//! refused by its name.

use komuz_core::admission::{Binding, Gate, Verdict, session_actor};
use komuz_core::body::{Body, BodyError, limits};
use komuz_core::document::{DocKind, Document};
use komuz_core::page::{Block as PageBlock, Mark, Marks as PageMarks, Page, Run, Slice, Step};
use komuz_core::steps::{PageLink, StepError};
use komuz_release::story::{Block, BlockKind, Byline, Citation, Marks, Place, STORY_VERSION, Span, Story};

fn binding() -> Binding {
    Binding {
        device: vec![1; 32],
        session: vec![1; 16],
        kind: DocKind::Body,
    }
}

fn actor() -> [u8; 16] {
    session_actor(&binding().device, &binding().session)
}

/// Somebody else's replica.
struct There {
    gate: Gate,
    doc: Document,
    changes: usize,
}

impl There {
    fn new() -> Self {
        Self {
            gate: Gate::new(DocKind::Body),
            doc: Document::new(DocKind::Body, &[2; 16]),
            changes: 0,
        }
    }

    /// Takes every change, one after the other.
    fn take(&mut self, doc: &mut Document) {
        for chunk in doc.take_changes() {
            self.changes += 1;
            match self.gate.admit(&binding(), &chunk) {
                Verdict::Apply(changes) => self.doc.apply(changes).unwrap(),
                other => panic!("change {} was not taken: {other:?}", self.changes),
            }
        }
    }

    fn page(&self) -> Page {
        Body::open(&self.doc).unwrap().page().clone()
    }
}

fn block(id: &str, kind: BlockKind, spans: Vec<Span>) -> Block {
    Block {
        id: id.into(),
        kind,
        text: spans,
    }
}

fn span(text: &str, strong: bool) -> Span {
    Span {
        text: text.into(),
        marks: Marks {
            strong,
            ..Marks::default()
        },
    }
}

fn story(blocks: Vec<Block>) -> Story {
    Story {
        komuz: STORY_VERSION,
        lang: "ky".into(),
        headline: "Баш сөз".into(),
        summary: String::new(),
        byline: Vec::new(),
        blocks,
        citations: Vec::new(),
        sources: Vec::new(),
    }
}

/// More text in one block than a change holds, marks on every other word, more marks than a change holds, citations.
fn long_story() -> Story {
    let mut spans = vec![span(&"Кыргыз 😀 ".repeat(20_000), false)];
    spans.extend((0..1_500).map(|nth| span("сөз ", nth % 2 == 0)));
    let mut blocks = vec![block("long", BlockKind::Paragraph, spans)];
    blocks.extend((0..600).map(|nth| match nth % 3 {
        0 => block(&format!("b{nth}"), BlockKind::Rule, Vec::new()),
        1 => block(
            &format!("b{nth}"),
            BlockKind::Quote,
            vec![span("one", true), span(" two", false)],
        ),
        _ => block(&format!("b{nth}"), BlockKind::Paragraph, Vec::new()),
    }));
    let mut story = story(blocks);
    let place = |block: &str, offset| Place {
        block: block.into(),
        offset,
    };
    story.citations = vec![
        Citation {
            id: "c-1".into(),
            source: "s1".into(),
            locator: "p. 2".into(),
            quote: String::new(),
            start: place("long", 0),
            end: place("long", 9 * 20_000),
        },
        Citation {
            id: "c-2".into(),
            source: "s1".into(),
            locator: String::new(),
            quote: "q".repeat(limits::MAX_QUOTE),
            start: place("b1", 1),
            end: place("b598", 3),
        },
    ];
    story
}

#[test]
fn a_story_longer_than_a_change_arrives_whole_and_can_be_undone() {
    let mut doc = Document::new(DocKind::Body, &actor());
    let mut body = Body::open(&doc).unwrap();
    let (mut link, _) = PageLink::open(&body, 0);
    let mut there = There::new();
    let empty = body.page().clone();
    let story = long_story();
    link.append_story(&mut doc, &mut body, &story, 0).unwrap();
    assert!(
        body.story("ky", Vec::new()) == story,
        "the story comes out as it went in"
    );
    assert!(Body::open(&doc).unwrap().page() == body.page());
    there.take(&mut doc);
    assert!(there.changes > 5, "{} changes", there.changes);
    assert!(there.page() == *body.page(), "others read the same");
    assert!(link.undo(&mut doc, &mut body).unwrap());
    let kinds = |page: &Page| {
        page.blocks()
            .iter()
            .map(|block| (block.kind.clone(), block.text_len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(body.page()), kinds(&empty));
    assert!(body.citations().is_empty());
    assert!(link.redo(&mut doc, &mut body).unwrap());
    assert!(body.story("ky", Vec::new()).blocks == story.blocks, "and again");
    assert_eq!(body.citations().len(), 2);
    there.take(&mut doc);
    assert!(there.page() == *body.page(), "others read the same");
}

/// A page with its engine.
struct Desk {
    doc: Document,
    body: Body,
    link: PageLink,
    page: Page,
    seq: u64,
}

impl Desk {
    fn new() -> Self {
        let doc = Document::new(DocKind::Body, &actor());
        let body = Body::open(&doc).unwrap();
        let (link, _) = PageLink::open(&body, 0);
        let page = body.page().clone();
        Self {
            doc,
            body,
            link,
            page,
            seq: 0,
        }
    }

    fn send(&mut self, steps: &[Step]) {
        for step in steps {
            self.page = step.apply(&self.page).unwrap();
        }
        self.seq += 1;
        let json: Vec<_> = steps.iter().map(Step::write).collect();
        self.link
            .steps(&mut self.doc, &mut self.body, (self.seq, 0), &json, self.seq * 10_000)
            .unwrap();
    }

    fn text(&self) -> String {
        let texts = self.body.page().blocks().iter().map(|block| block.plain_text());
        texts.collect::<Vec<_>>().join("\n")
    }

    fn page_text(&self) -> String {
        let texts = self.page.blocks().iter().map(|block| block.plain_text());
        texts.collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn a_paste_larger_than_a_change_arrives_and_so_do_its_marking_its_deletion_and_their_undoing() {
    let mut desk = Desk::new();
    let mut there = There::new();
    let typed = Slice::inline(vec![Run::plain("before after")]);
    desk.send(&[Step::Replace {
        from: 1,
        to: 1,
        slice: typed,
    }]);
    // One block alone is longer than a change, and there are more blocks with marks than one takes.
    let mut blocks = vec![PageBlock::new(
        None,
        BlockKind::Paragraph,
        [Run::plain("😀🏽 ".repeat(30_000))],
    )];
    blocks.extend((0..300).map(|nth| {
        let marks = PageMarks::new([Mark::Link(format!("https://kloop.kg/{nth}"))]);
        let words = [Run::new(format!("шилтеме {nth}"), marks), Run::plain(" jana")];
        PageBlock::new(None, BlockKind::Quote, words)
    }));
    blocks.push(PageBlock::new(None, BlockKind::Paragraph, [Run::plain("end ")]));
    desk.send(&[Step::Replace {
        from: 8,
        to: 8,
        slice: Slice::blocks(blocks, 1, 1),
    }]);
    assert!(desk.text() == desk.page_text());
    there.take(&mut desk.doc);
    assert!(there.changes > 3, "{} changes", there.changes);
    assert!(there.page() == *desk.body.page(), "others read the same");
    let pasted = desk.text();

    let all = desk.page.size() - 1;
    desk.send(&[Step::AddMark {
        from: 1,
        to: all,
        mark: Mark::Emphasis,
    }]);
    desk.send(&[Step::Replace {
        from: 3,
        to: all - 3,
        slice: Slice::inline(vec![Run::plain("-")]),
    }]);
    assert_eq!(desk.text(), "be-ter");
    there.take(&mut desk.doc);
    assert!(there.page() == *desk.body.page(), "others read the same");

    assert!(desk.link.undo(&mut desk.doc, &mut desk.body).unwrap());
    assert!(desk.text() == pasted);
    assert!(desk.link.undo(&mut desk.doc, &mut desk.body).unwrap());
    assert!(
        desk.body
            .page()
            .blocks()
            .iter()
            .flat_map(|block| block.runs())
            .all(|run| !run.marks.has(&Mark::Emphasis))
    );
    assert!(desk.link.undo(&mut desk.doc, &mut desk.body).unwrap());
    assert_eq!(desk.text(), "before after");
    there.take(&mut desk.doc);
    assert!(there.page() == *desk.body.page(), "others read the same");
}

#[test]
fn a_large_paste_on_an_old_version_merges_with_what_came_since() {
    let mut desk = Desk::new();
    let typed = Slice::inline(vec![Run::plain("one two")]);
    desk.send(&[Step::Replace {
        from: 1,
        to: 1,
        slice: typed,
    }]);
    let mut other = Document::load(DocKind::Body, &desk.doc.save(), &[3; 16]).unwrap();
    let mut others = Body::open(&other).unwrap();
    let (mut link, _) = PageLink::open(&others, 0);
    let step = serde_json::json!({ "stepType": "replace", "from": 8, "to": 8, "slice": { "content": [{ "type": "text", "text": " three" }] } });
    link.steps(&mut other, &mut others, (1, 0), &[step], 0).unwrap();
    let changes = other
        .take_changes()
        .into_iter()
        .map(|bytes| automerge::Change::from_bytes(bytes).unwrap());
    desk.doc.apply(changes.collect()).unwrap();
    desk.body.refresh(&desk.doc).unwrap();
    // The page has not heard of it, and replaces all that it shows.
    let long = "x".repeat(100_000);
    desk.send(&[Step::Replace {
        from: 1,
        to: 8,
        slice: Slice::inline(vec![Run::plain(long.clone())]),
    }]);
    assert!(desk.text() == format!("{long} three"));
}

fn too_long<T: std::fmt::Debug>(result: Result<T, BodyError>) -> String {
    match result {
        Err(BodyError::TooLong { place, length, limit }) if length > limit => place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_longer_than_an_edition_keeps_is_named_by_its_place_and_nothing_is_written() {
    let mut doc = Document::new(DocKind::Body, &actor());
    let mut body = Body::open(&doc).unwrap();
    let (mut link, _) = PageLink::open(&body, 0);
    link.append_story(
        &mut doc,
        &mut body,
        &story(vec![block("a", BlockKind::Paragraph, vec![span("word", false)])]),
        0,
    )
    .unwrap();
    let (mut link, _) = PageLink::open(&body, 0);
    link.cite(&mut doc, &mut body, (0, 0), (1, 3), ("c-1", "s1", "", ""), 0)
        .unwrap();
    let before = doc.heads();
    let long = |limit: usize| "ң".repeat(limit + 1);
    assert_eq!(
        too_long(body.set_headline(&mut doc, &long(limits::MAX_HEADLINE))),
        "headline"
    );
    assert_eq!(
        too_long(body.set_summary(&mut doc, &long(limits::MAX_SUMMARY))),
        "summary"
    );
    let name = |name: String| Byline { name, outlet: None };
    assert_eq!(
        too_long(body.set_byline(&mut doc, &[name("a".into()), name(long(limits::MAX_NAME))])),
        "byline[1].name"
    );
    assert_eq!(
        too_long(body.set_byline(&mut doc, &vec![name("a".into()); limits::MAX_BYLINE + 1])),
        "byline"
    );
    let of = |error| match error {
        Err(StepError::Body(error)) => too_long::<()>(Err(error)),
        other => panic!("{other:?}"),
    };
    let locator = long(limits::MAX_LOCATOR);
    let quote = long(limits::MAX_QUOTE);
    assert_eq!(
        of(link.cite(&mut doc, &mut body, (0, 0), (1, 3), ("c-2", "s1", &locator, ""), 0)),
        "locator"
    );
    assert_eq!(
        of(link.edit_citation(&mut doc, &mut body, ("c-1", "s1", "", &quote), 0)),
        "quote"
    );
    let figure = BlockKind::Figure {
        file: String::new(),
        media: String::new(),
        alt: long(limits::MAX_ALT),
        credit: String::new(),
    };
    let blocks = vec![block("a", BlockKind::Rule, Vec::new()), block("b", figure, Vec::new())];
    assert_eq!(too_long(body.append_story(&mut doc, &story(blocks))), "blocks[1].alt");
    let mut cited = long_story();
    cited.citations[1].quote.push('q');
    assert_eq!(too_long(body.append_story(&mut doc, &cited)), "citations[1].quote");
    assert_eq!(doc.heads(), before);
}

#[test]
fn what_steps_bring_is_cut_to_what_an_edition_keeps_and_the_page_follows() {
    let mut desk = Desk::new();
    let long = "ң".repeat(2 * limits::MAX_ALT);
    let figure = |alt: &str, file: &str| BlockKind::Figure {
        file: file.into(),
        media: "image/webp".into(),
        alt: alt.into(),
        credit: "Kloop".into(),
    };
    let attrs = [(
        "verse".to_owned(),
        serde_json::Value::from("v".repeat(limits::MAX_ATTRS)),
    )];
    let other = BlockKind::Other {
        name: "poem".into(),
        attrs: attrs.into(),
    };
    let foreign = Mark::Foreign("n".repeat(limits::MAX_ID + 1), "x".into());
    let blocks = vec![
        PageBlock::new(None, figure(&long, "f00d"), [Run::plain("caption")]),
        PageBlock::new(None, other, [Run::new("words", PageMarks::new([foreign]))]),
    ];
    desk.send(&[Step::Replace {
        from: 0,
        to: 0,
        slice: Slice::blocks(blocks, 0, 0),
    }]);
    desk.send(&[Step::Attr {
        pos: 0,
        attr: "file".into(),
        value: long.as_str().into(),
    }]);
    let blocks = desk.body.page().blocks();
    assert_eq!(
        blocks[0].kind,
        figure(&"ң".repeat(limits::MAX_ALT), &"ң".repeat(limits::MAX_ID))
    );
    assert_eq!(
        (&blocks[1].kind, blocks[1].runs()),
        (
            &BlockKind::Other {
                name: "poem".into(),
                attrs: Default::default()
            },
            &[Run::plain("words")][..]
        )
    );
    let batch = desk.link.batch(&desk.body).expect("the page shows something else");
    for step in &batch.steps {
        desk.page = Step::read(step).unwrap().apply(&desk.page).unwrap();
    }
    assert_eq!(desk.page, *desk.body.page());
}

#[test]
fn only_an_empty_paragraph_gives_way_to_what_is_imported() {
    for (kind, stays) in [
        (BlockKind::Paragraph, false),
        (BlockKind::Rule, true),
        (
            BlockKind::Figure {
                file: "f00d".into(),
                media: "image/webp".into(),
                alt: String::new(),
                credit: String::new(),
            },
            true,
        ),
    ] {
        let mut doc = Document::new(DocKind::Body, &actor());
        let mut body = Body::open(&doc).unwrap();
        body.append_story(&mut doc, &story(vec![block("a", kind.clone(), Vec::new())]))
            .unwrap();
        body.append_story(
            &mut doc,
            &story(vec![block("b", BlockKind::Quote, vec![span("new", false)])]),
        )
        .unwrap();
        let ids: Vec<_> = body
            .story("ky", Vec::new())
            .blocks
            .into_iter()
            .map(|block| block.id)
            .collect();
        let expected: &[&str] = if stays { &["a", "b"] } else { &["b"] };
        assert_eq!(ids, expected, "{kind:?}");
    }
}
