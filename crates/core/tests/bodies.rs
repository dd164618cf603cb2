//! What the body writes passes admission: every kind of block and mark, citations, and edits of each.

use komuz_core::admission::{Binding, Gate, Verdict, session_actor};
use komuz_core::body::Body;
use komuz_core::document::{DocKind, Document};
use komuz_release::story::{Block, BlockKind, Byline, Citation, Marks, Place, STORY_VERSION, Span, Story};

fn span(text: &str, mark: impl FnOnce(&mut Marks)) -> Span {
    let mut marks = Marks::default();
    mark(&mut marks);
    Span {
        text: text.to_owned(),
        marks,
    }
}

/// A story with every kind of block and mark.
fn story() -> Story {
    let kinds = [
        BlockKind::Paragraph,
        BlockKind::Heading { level: 2 },
        BlockKind::Quote,
        BlockKind::Item {
            ordered: true,
            depth: 2,
        },
        BlockKind::Figure {
            file: "f".repeat(64),
            media: "image/webp".to_owned(),
            alt: "Порт".to_owned(),
            credit: "Kloop".to_owned(),
        },
        BlockKind::Other {
            name: "poll".to_owned(),
            attrs: [("ask".to_owned(), "why".into())].into(),
        },
        BlockKind::Rule,
    ];
    let block = |(n, kind): (usize, BlockKind)| {
        let text = match kind {
            BlockKind::Rule => vec![],
            _ => vec![
                span("Кыргыз 😀👍🏽\n", |_| {}),
                span("strong ", |marks| marks.strong = true),
                span("and code", |marks| {
                    (marks.strong, marks.code, marks.emphasis) = (true, true, true)
                }),
                span("link", |marks| marks.link = Some("https://kloop.example/".to_owned())),
                span("foreign", |marks| {
                    drop(marks.other.insert("colour".to_owned(), "\"red\"".to_owned()))
                }),
            ],
        };
        Block {
            id: format!("b{n}"),
            kind,
            text,
        }
    };
    let place = |block: &str, offset| Place {
        block: block.to_owned(),
        offset,
    };
    Story {
        komuz: STORY_VERSION,
        lang: "ky".to_owned(),
        headline: "Бажы".to_owned(),
        summary: "A summary".to_owned(),
        byline: vec![Byline {
            name: "Kloop".to_owned(),
            outlet: Some("kloop".to_owned()),
        }],
        blocks: kinds.into_iter().enumerate().map(block).collect(),
        citations: vec![Citation {
            id: "c-1".to_owned(),
            source: "s1".to_owned(),
            locator: "p. 2".to_owned(),
            quote: "words".to_owned(),
            start: place("b0", 0),
            end: place("b1", 3),
        }],
        sources: Vec::new(),
    }
}

#[test]
fn whatever_the_body_writes_is_admitted_and_reads_the_same_elsewhere() {
    let binding = Binding {
        device: vec![1; 32],
        session: vec![1; 16],
        kind: DocKind::Body,
    };
    let actor = session_actor(&binding.device, &binding.session);
    let (mut doc, mut body) = Body::from_story(&story(), &actor).expect("written");
    body.set_headline(&mut doc, "Бажыдагы коррупция").expect("set");
    body.set_headline(&mut doc, "Коррупция").expect("set");
    body.set_summary(&mut doc, "").expect("set");
    body.set_byline(&mut doc, &[]).expect("set");
    body.append_story(&mut doc, &story()).expect("appended");
    let (mut here, mut there) = (Gate::new(DocKind::Body), Gate::new(DocKind::Body));
    let mut copy = Document::new(DocKind::Body, &[2; 16]);
    for chunk in doc.take_changes() {
        here.learn(&chunk).expect("others will take it");
        match there.admit(&binding, &chunk) {
            Verdict::Apply(changes) => copy.apply(changes).expect("applies"),
            other => panic!("{other:?}"),
        }
    }
    let read = |doc: &Document| Body::open(doc).expect("reads").story("ky", Vec::new());
    assert_eq!(read(&copy), read(&doc));
    assert_eq!(read(&copy).blocks.len(), 2 * story().blocks.len());
    assert_eq!(Gate::of(&copy).changes(), there.changes());
}
