//! What the tests publish: a story with every kind of block, signed by two outlets.

use komuz_release::canonical::sha256_hex;
use komuz_release::folder::Folder;
use komuz_release::jws::{General, Signature, Typ, assemble, signing_input};
use komuz_release::keys::SigningKey;
use komuz_release::latest::Latest;
use komuz_release::masthead::{Masthead, Outlet};
use komuz_release::notice::Kind;
use komuz_release::release::{Head, Release, Statement};
use komuz_release::story::{
    Block, BlockKind, Byline, Citation, CslDate, Custom, Marks, Name, Place, STORY_VERSION, Source, Span, Story,
};

/// The smallest PNG: one grey pixel.
pub const PICTURE: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 0,
    0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0x68, 0, 0, 0, 0x82, 0,
    0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

/// The outlets with their release keys.
const OUTLETS: [(&str, &str, u8); 2] = [("alatoo", "Ala-Too Desk", 1), ("issyk", "Issyk Wire", 3)];

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// The masthead of the two.
pub fn masthead() -> Masthead {
    let outlet = |(id, name, seed): (&str, &str, u8)| Outlet {
        id: id.to_owned(),
        name: name.to_owned(),
        domain: format!("{id}.example"),
        keys: vec![key(seed).public(), key(seed + 1).public()],
        freshness: None,
    };
    Masthead::first(OUTLETS.map(outlet).to_vec()).unwrap()
}

fn sign(typ: Typ, payload: &[u8], outlets: &[(&str, &str, u8)]) -> General {
    let signature = |(id, _, seed): &(&str, &str, u8)| {
        let key = key(*seed);
        let input = signing_input(typ, payload, id, &key.public());
        Signature {
            outlet: (*id).to_owned(),
            key: key.public(),
            bytes: key.sign(input.as_bytes()),
        }
    };
    assemble(typ, payload, &outlets.iter().map(signature).collect::<Vec<_>>())
}

/// Which outlets sign.
#[derive(Clone, Copy, PartialEq)]
pub enum Signers {
    /// Both.
    Both,
    /// Only the first.
    One,
    /// Both, the second with a key that it does not have.
    Stranger,
}

/// The files of a release by their places below `/r/`.
pub fn files(release: &Release, signers: Signers) -> Vec<(String, Vec<u8>)> {
    let masthead = masthead();
    let chain = vec![sign(Typ::Masthead, &masthead.to_bytes(), &OUTLETS)];
    let stranger = [OUTLETS[0], ("issyk", "Issyk Wire", 90)];
    let outlets = match signers {
        Signers::Both => &OUTLETS[..],
        Signers::One => &OUTLETS[..1],
        Signers::Stranger => &stranger,
    };
    let statement = Statement::of(release, &masthead).unwrap();
    let folder = Folder {
        chain: &chain,
        masthead: &masthead,
        release,
        signatures: &sign(Typ::Release, &statement.to_bytes(), outlets),
        latest: &sign(Typ::Latest, &Latest::of(release).unwrap().to_bytes(), &OUTLETS),
        figures: &[(sha256_hex(PICTURE), "image/png".to_owned(), PICTURE.to_vec())],
    };
    folder
        .files()
        .unwrap()
        .into_iter()
        .map(|file| (file.place.to_string(), file.bytes))
        .collect()
}

/// A release of a story under an id of its own, so that tests see nothing of each other.
pub fn release(id: &str, story: &Story, editions: &[&str], previous: Option<&Release>) -> Release {
    let head = Head {
        story: id.to_owned(),
        published: if previous.is_some() {
            "2026-12-18T03:40:00Z"
        } else {
            "2026-12-17T00:00:00Z"
        }
        .to_owned(),
        editions: editions.iter().map(|tag| (*tag).to_owned()).collect(),
        kind: Kind::Correction,
        reason: if previous.is_some() {
            "The statement is of December.".to_owned()
        } else {
            String::new()
        },
    };
    Release::from_story(story, &head, &masthead(), previous).unwrap()
}

fn block(id: &str, kind: BlockKind, text: &str) -> Block {
    let text = if text.is_empty() {
        Vec::new()
    } else {
        vec![Span {
            text: text.to_owned(),
            marks: Marks::default(),
        }]
    };
    Block {
        id: id.to_owned(),
        kind,
        text,
    }
}

fn citation(id: &str, block: &str, source: &str, from: u32, to: u32) -> Citation {
    let place = |offset| Place {
        block: block.to_owned(),
        offset,
    };
    Citation {
        id: id.to_owned(),
        source: source.to_owned(),
        locator: if id == "one" { "p. 2".to_owned() } else { String::new() },
        quote: if id == "one" {
            "blocked for some 24 hours".to_owned()
        } else {
            String::new()
        },
        start: place(from),
        end: place(to),
    }
}

/// A story with every kind of block and mark.
pub fn story(lang: &str, headline: &str) -> Story {
    let mut marked = block("b-marks", BlockKind::Paragraph, "");
    let mark = |text: &str, set: fn(&mut Marks)| {
        let mut marks = Marks::default();
        set(&mut marks);
        Span {
            text: text.to_owned(),
            marks,
        }
    };
    marked.text = vec![
        mark("strong", |m| m.strong = true),
        mark("emphasis", |m| m.emphasis = true),
        mark("code", |m| m.code = true),
        mark("link", |m| m.link = Some("https://kloop.example/".to_owned())),
        mark(" one\ntwo", |_| {}),
    ];
    let figure = BlockKind::Figure {
        file: sha256_hex(PICTURE),
        media: "image/png".to_owned(),
        alt: "The newsroom at night".to_owned(),
        credit: "archive".to_owned(),
    };
    Story {
        komuz: STORY_VERSION,
        lang: lang.to_owned(),
        headline: headline.to_owned(),
        summary: "What was held.".to_owned(),
        byline: vec![Byline {
            name: "Aizada K.".to_owned(),
            outlet: None,
        }],
        blocks: vec![
            block(
                "b-first",
                BlockKind::Paragraph,
                "The site fell silent for a day. In November five wrote.",
            ),
            block("b-two", BlockKind::Heading { level: 2 }, "What was asked"),
            block("b-three", BlockKind::Heading { level: 3 }, "Of whom"),
            marked,
            block("b-quote", BlockKind::Quote, "Every fact has two sources."),
            block(
                "b-item",
                BlockKind::Item {
                    ordered: false,
                    depth: 0,
                },
                "one thing",
            ),
            block(
                "b-inner",
                BlockKind::Item {
                    ordered: true,
                    depth: 1,
                },
                "inside it",
            ),
            block("b-figure", figure, "The newsroom."),
            block("b-rule", BlockKind::Rule, ""),
        ],
        citations: vec![
            citation("one", "b-first", "s-joint", 4, 30),
            citation("two", "b-item", "s-kloop", 0, 9),
        ],
        sources: vec![
            Source {
                id: "s-joint".to_owned(),
                kind: "report".to_owned(),
                title: "A joint statement".to_owned(),
                author: vec![Name {
                    literal: "Five organisations".to_owned(),
                    ..Name::default()
                }],
                container_title: "Statements".to_owned(),
                issued: Some(CslDate {
                    date_parts: vec![vec![2019, 12]],
                    literal: String::new(),
                }),
                accessed: Some(CslDate {
                    date_parts: vec![vec![2026, 11, 12]],
                    literal: String::new(),
                }),
                url: "https://statement.example/".to_owned(),
                custom: Custom {
                    archive_url: "https://archive.example/1".to_owned(),
                    ..Custom::default()
                },
                language: "en".to_owned(),
                ..Source::default()
            },
            Source {
                id: "s-kloop".to_owned(),
                kind: "article-newspaper".to_owned(),
                title: "Саймаити".to_owned(),
                container_title: "Kloop".to_owned(),
                language: "ru".to_owned(),
                ..Source::default()
            },
        ],
    }
}
