//! The body as a value: stories in and out, headline and byline, citations, versions.

use automerge::Change;
use komuz_core::body::{Body, BodyError, Point};
use komuz_core::document::{DocKind, Document};
use komuz_core::page::json;
use komuz_core::steps::{PageLink, StepError};
use komuz_release::story::{Block, BlockKind, Byline, Citation, Marks, Place, STORY_VERSION, Source, Span, Story};
use proptest::prelude::*;

fn block(id: &str, kind: BlockKind, text: &str) -> Block {
    let text = if text.is_empty() {
        Vec::new()
    } else {
        vec![Span {
            text: text.into(),
            marks: Marks::default(),
        }]
    };
    Block {
        id: id.into(),
        kind,
        text,
    }
}

fn citation(id: &str, block: &str, start: u32, end: u32) -> Citation {
    let place = |offset| Place {
        block: block.into(),
        offset,
    };
    Citation {
        id: id.into(),
        source: "s1".into(),
        locator: "p. 2".into(),
        quote: String::new(),
        start: place(start),
        end: place(end),
    }
}

fn story(blocks: Vec<Block>, citations: Vec<Citation>) -> Story {
    Story {
        komuz: STORY_VERSION,
        lang: "ky".into(),
        headline: "Баш сөз".into(),
        summary: "Кыскача".into(),
        byline: vec![Byline {
            name: "А. Автор".into(),
            outlet: Some("kloop".into()),
        }],
        blocks,
        citations,
        sources: Vec::new(),
    }
}

#[test]
fn a_story_goes_in_and_comes_out_equal() {
    let story = story(
        vec![
            block("a", BlockKind::Paragraph, "Биринчи 😀 абзац"),
            block("r", BlockKind::Rule, ""),
            block(
                "b",
                BlockKind::Item {
                    ordered: true,
                    depth: 3,
                },
                "ичинде",
            ),
            block("e", BlockKind::Paragraph, ""),
        ],
        vec![citation("c-1", "a", 0, 7), citation("c-2", "a", 8, 16)],
    );
    let (doc, body) = Body::from_story(&story, &[1; 16]).unwrap();
    assert_eq!(body.story("ky", Vec::new()), story);
    let again = Body::open(&Document::load(DocKind::Body, &doc.save(), &[2; 16]).unwrap()).unwrap();
    assert_eq!(again.story("ky", Vec::new()), story);
    assert_eq!(body.words(), 3);
    let source = Source {
        id: "s1".into(),
        ..Source::default()
    };
    assert_eq!(body.story("en", vec![source.clone()]).sources, [source]);
}

#[test]
fn a_story_is_appended_behind_what_is_there() {
    let first = story(
        vec![block("a", BlockKind::Paragraph, "one")],
        vec![citation("c-1", "a", 0, 3)],
    );
    let (mut doc, mut body) = Body::from_story(&first, &[1; 16]).unwrap();
    let second = Story {
        headline: "another".into(),
        ..story(
            vec![block("a", BlockKind::Quote, "two"), block("b", BlockKind::Rule, "")],
            vec![citation("c-1", "a", 0, 3)],
        )
    };
    let appended = body.append_story(&mut doc, &second).unwrap();
    assert_eq!((appended.blocks, appended.citations), (2, 1));
    let both = body.story("ky", Vec::new());
    let texts: Vec<_> = both.blocks.iter().map(Block::plain_text).collect();
    assert_eq!(texts, ["one", "two", ""]);
    assert_eq!(
        (
            both.headline.as_str(),
            both.blocks[0].id.as_str(),
            both.blocks[2].id.as_str()
        ),
        ("Баш сөз", "a", "b")
    );
    assert_ne!(both.blocks[1].id, "a", "an identity is taken once");
    let cited: Vec<_> = body
        .citations()
        .into_iter()
        .map(|cited| (cited.id, cited.text))
        .collect();
    assert_eq!(
        cited,
        [
            ("c-1".to_owned(), "one".to_owned()),
            ("c-1-2".to_owned(), "two".to_owned())
        ]
    );
}

#[test]
fn citations_that_stand_nowhere_are_left_out_of_an_import() {
    let story = story(
        vec![block("a", BlockKind::Paragraph, "one")],
        vec![
            citation("c-1", "gone", 0, 3),
            citation("c-2", "a", 3, 1),
            citation("c-3", "a", 0, 3),
        ],
    );
    let (_, body) = Body::from_story(&story, &[1; 16]).unwrap();
    assert_eq!(body.citations().len(), 1);
}

#[test]
fn a_block_gets_the_identity_that_it_claims_when_the_empty_paragraph_that_had_it_gives_way() {
    // Every text begins with the same marker, so a copy of another edition's first block claims the identity of the empty
    // paragraph that it takes the place of.
    let (mut doc, mut body) = Body::from_story(&story(Vec::new(), Vec::new()), &[1; 16]).unwrap();
    let mut other = Document::load(DocKind::Body, &doc.save(), &[2; 16]).unwrap();
    let mut others = Body::open(&other).unwrap();
    doc.take_changes();
    let blank = body.story("en", Vec::new()).blocks[0].id.clone();
    let copied = story(vec![block(&blank, BlockKind::Paragraph, "one")], Vec::new());
    body.append_story(&mut doc, &copied).unwrap();
    for bytes in doc.take_changes() {
        other.apply(vec![Change::from_bytes(bytes).unwrap()]).unwrap();
        others.refresh(&other).unwrap();
    }
    for read in [&body, &others, &Body::open(&doc).unwrap()] {
        let blocks = read.story("en", Vec::new()).blocks;
        assert_eq!(
            blocks
                .iter()
                .map(|block| (block.id.as_str(), block.plain_text()))
                .collect::<Vec<_>>(),
            [(blank.as_str(), "one".to_owned())]
        );
    }
}

#[test]
fn headlines_merge_by_words() {
    let (mut doc, mut body) = Body::from_story(&story(Vec::new(), Vec::new()), &[1; 16]).unwrap();
    body.set_headline(&mut doc, "Plunder and Patronage").unwrap();
    let mut other = Document::load(DocKind::Body, &doc.save(), &[2; 16]).unwrap();
    let mut others = Body::open(&other).unwrap();
    doc.take_changes();
    body.set_headline(&mut doc, "Plunder, and Patronage").unwrap();
    others
        .set_headline(&mut other, "Plunder and Patronage in Asia")
        .unwrap();
    others
        .set_headline(&mut other, "Plunder and Patronage in \u{fffc}Asia")
        .unwrap();
    other
        .apply(
            doc.take_changes()
                .into_iter()
                .map(|bytes| Change::from_bytes(bytes).unwrap())
                .collect(),
        )
        .unwrap();
    others.refresh(&other).unwrap();
    assert_eq!(others.headline(), "Plunder, and Patronage in Asia");
}

#[test]
fn a_byline_is_set_and_shortened() {
    let (mut doc, mut body) = Body::from_story(&story(Vec::new(), Vec::new()), &[1; 16]).unwrap();
    let name = |name: &str| Byline {
        name: name.into(),
        outlet: None,
    };
    for byline in [
        vec![name("a"), name("b"), name("c")],
        vec![name("a"), name("x"), name("c")],
        vec![name("c")],
        Vec::new(),
    ] {
        body.set_byline(&mut doc, &byline).unwrap();
        assert_eq!(body.byline(), byline);
        assert_eq!(Body::open(&doc).unwrap().byline(), byline);
    }
}

#[test]
fn an_old_version_reads_as_it_was() {
    let first = story(
        vec![block("a", BlockKind::Paragraph, "one two")],
        vec![citation("c-1", "a", 4, 7)],
    );
    let (mut doc, mut body) = Body::from_story(&first, &[1; 16]).unwrap();
    let heads = doc.heads();
    let (mut link, page) = PageLink::open(&body, 0);
    assert_eq!(json::read_page(&page).unwrap(), *body.page());
    let delete = serde_json::json!({ "stepType": "replace", "from": 4, "to": 8 });
    link.steps(&mut doc, &mut body, (1, 0), &[delete], 0).unwrap();
    body.set_headline(&mut doc, "later").unwrap();
    body.append_story(&mut doc, &story(vec![block("z", BlockKind::Quote, "new")], Vec::new()))
        .unwrap();
    assert_eq!(Body::story_at(&doc, &heads, "ky", Vec::new()).unwrap(), first);
    let now = Body::story_at(&doc, &doc.heads(), "ky", Vec::new()).unwrap();
    assert_eq!(now, body.story("ky", Vec::new()));
    assert!(now.citations.is_empty(), "its words are gone");
    assert_eq!(body.citations().len(), 1, "it waits for them");
}

#[test]
fn citations_are_edited_and_removed_by_their_id() {
    let first = story(vec![block("a", BlockKind::Paragraph, "one two")], Vec::new());
    let (mut doc, mut body) = Body::from_story(&first, &[1; 16]).unwrap();
    let (mut link, _) = PageLink::open(&body, 0);
    link.cite(&mut doc, &mut body, (0, 0), (1, 4), ("c-1", "s1", "p. 2", "q"), 0)
        .unwrap();
    let taken = link.cite(&mut doc, &mut body, (0, 0), (1, 4), ("c-1", "s1", "", ""), 0);
    assert!(matches!(taken, Err(StepError::Body(BodyError::BadCitationId { .. }))));
    let other = link.cite(&mut doc, &mut body, (0, 0), (1, 4), ("t-1", "s1", "", ""), 0);
    assert!(matches!(other, Err(StepError::Body(BodyError::BadCitationId { .. }))));
    link.edit_citation(&mut doc, &mut body, ("c-1", "s2", "p. 3", ""), 0)
        .unwrap();
    let cited = &body.citations()[0];
    assert_eq!(
        (cited.source.as_str(), cited.locator.as_str(), cited.text.as_str()),
        ("s2", "p. 3", "one")
    );
    assert_eq!(cited.range, Some((1, 4)));
    link.remove_citation(&mut doc, &mut body, "c-1", 0).unwrap();
    assert!(body.citations().is_empty());
    let gone = link.remove_citation(&mut doc, &mut body, "c-1", 0);
    assert!(matches!(gone, Err(StepError::Body(BodyError::NoCitation { .. }))));
}

#[test]
fn points_are_read_and_written_and_nothing_else_is_one() {
    for text in ["17@0102+", "17@0102", "1@6b6f6d757a"] {
        assert_eq!(text.parse::<Point>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "s",
        "e",
        "+",
        "17",
        "@01",
        "x@01",
        "-17@01",
        "17@0",
        "17@xy",
        "4294967296@01",
        &"1@01".repeat(80),
    ] {
        assert!(text.parse::<Point>().is_err(), "{text}");
    }
}

fn marks() -> impl Strategy<Value = Marks> {
    let link = prop::option::of(prop::sample::select(vec!["https://kloop.kg/a", "mailto:a@b.kg"]));
    let other = prop::option::of(prop::sample::select(vec!["1", "\"x\"", "true"]));
    (any::<[bool; 3]>(), link, other).prop_map(|([strong, emphasis, code], link, other)| Marks {
        strong,
        emphasis,
        code,
        link: link.map(str::to_owned),
        other: other
            .map(|value| ("voice".to_owned(), value.to_owned()))
            .into_iter()
            .collect(),
    })
}

fn stories() -> impl Strategy<Value = Story> {
    let kind = prop_oneof![
        Just(BlockKind::Paragraph),
        Just(BlockKind::Quote),
        Just(BlockKind::Rule),
        (2..4u8).prop_map(|level| BlockKind::Heading { level }),
        (any::<bool>(), 0..4u8).prop_map(|(ordered, depth)| BlockKind::Item { ordered, depth }),
        "[a-z]{1,3}".prop_map(|name| BlockKind::Other {
            name: format!("x-{name}"),
            attrs: Default::default()
        }),
        "\\PC{0,5}".prop_map(|alt| BlockKind::Figure {
            file: "f".into(),
            media: "m".into(),
            alt,
            credit: "c".into()
        }),
    ];
    let span = ("[\\PC\n]{1,6}", marks());
    let block = (kind, prop::collection::vec(span, 0..4), any::<(u8, u8)>());
    prop::collection::vec(block, 1..8).prop_map(|blocks| {
        let mut citations = Vec::new();
        let blocks = blocks.into_iter().enumerate().map(|(nth, (kind, spans, (from, to)))| {
            let mut text: Vec<Span> = Vec::new();
            if kind != BlockKind::Rule {
                for (part, marks) in spans {
                    let part = part.replace('\u{fffc}', "");
                    match text.last_mut() {
                        _ if part.is_empty() => {}
                        Some(last) if last.marks == marks => last.text.push_str(&part),
                        _ => text.push(Span { text: part, marks }),
                    }
                }
            }
            let id = format!("b{nth}");
            let all: String = text.iter().map(|span| span.text.as_str()).collect();
            // Places between characters, in UTF-16 code units.
            let mut places = vec![0];
            places.extend(all.chars().scan(0, |at, char| {
                *at += char.len_utf16() as u32;
                Some(*at)
            }));
            let (from, to) = (places[from as usize % places.len()], places[to as usize % places.len()]);
            if from < to {
                citations.push(citation(&format!("c-{nth}"), &id, from, to));
            }
            Block { id, kind, text }
        });
        let blocks = blocks.collect();
        story(blocks, citations)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_story_survives_the_document(story in stories()) {
        let (doc, body) = Body::from_story(&story, &[1; 16]).unwrap();
        prop_assert_eq!(&body.story("ky", Vec::new()), &story);
        let again = Body::open(&doc).unwrap();
        prop_assert_eq!(again.page(), body.page());
        prop_assert_eq!(&again.story("ky", Vec::new()), &story);
    }
}
