//! Two outlets, a third that joins, a story with everything in it, and a published release.

use komuz_release::canonical::sha256_hex;
use komuz_release::folder::Folder;
use komuz_release::jws::{General, Signature, Typ, assemble, signing_input};
use komuz_release::keys::SigningKey;
use komuz_release::latest::Latest;
use komuz_release::masthead::{Masthead, Outlet, chain_bytes};
use komuz_release::notice::Kind;
use komuz_release::release::{Head, Release, Statement};
use komuz_release::story::{
    Block, BlockKind, Byline, Citation, CslDate, Custom, Marks, Name, Place, STORY_VERSION, Source, Span, Story,
};
use komuz_release::time;
use komuz_release::verify::{Expected, Fetched, Refusal, Seen, Verified, verify};

pub const PUBLISHED: &str = "2026-12-17T00:00:00Z";

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// Keys of outlet n are seeds 10 n + 1 and 10 n + 2, its freshness key 10 n + 9.
pub fn outlet(n: u8) -> Outlet {
    let (id, name) = [
        ("ala-too", "Ala-Too Desk"),
        ("issyk", "Issyk Wire"),
        ("naryn", "Радио Нарын"),
    ][usize::from(n)];
    Outlet {
        id: id.into(),
        name: name.into(),
        domain: format!("{id}.example"),
        keys: vec![key(10 * n + 1).public(), key(10 * n + 2).public()],
        freshness: Some(key(10 * n + 9).public()),
    }
}

pub fn signature(typ: Typ, payload: &[u8], outlet: &str, key: &SigningKey) -> Signature {
    let input = signing_input(typ, payload, outlet, &key.public());
    Signature {
        outlet: outlet.into(),
        key: key.public(),
        bytes: key.sign(input.as_bytes()),
    }
}

/// Signs with the first keys of these outlets.
pub fn signed(typ: Typ, payload: &[u8], outlets: &[u8]) -> General {
    let one = |n: &u8| signature(typ, payload, &outlet(*n).id, &key(10 * n + 1));
    assemble(typ, payload, &outlets.iter().map(one).collect::<Vec<_>>())
}

pub fn masthead() -> Masthead {
    Masthead::first(vec![outlet(0), outlet(1)]).unwrap()
}

pub fn head() -> Head {
    Head {
        story: "the-site-went-dark".into(),
        published: PUBLISHED.into(),
        editions: vec!["en".into(), "ky".into(), "ru".into()],
        kind: Kind::Correction,
        reason: String::new(),
    }
}

pub fn block(id: &str, kind: BlockKind, text: &str) -> Block {
    let text = match text {
        "" => Vec::new(),
        text => vec![Span {
            text: text.into(),
            marks: Marks::default(),
        }],
    };
    Block {
        id: id.into(),
        kind,
        text,
    }
}

pub fn paragraph(id: &str, text: &str) -> Block {
    block(id, BlockKind::Paragraph, text)
}

pub fn item(id: &str, ordered: bool, depth: u8, text: &str) -> Block {
    block(id, BlockKind::Item { ordered, depth }, text)
}

pub fn source(id: &str, title: &str) -> Source {
    Source {
        id: id.into(),
        kind: "webpage".into(),
        title: title.into(),
        ..Source::default()
    }
}

pub fn cite(id: &str, source: &str, block: &str, start: u32, end: u32) -> Citation {
    let place = |offset| Place {
        block: block.into(),
        offset,
    };
    Citation {
        id: id.into(),
        source: source.into(),
        locator: String::new(),
        quote: String::new(),
        start: place(start),
        end: place(end),
    }
}

pub fn date(parts: &[i32]) -> Option<CslDate> {
    Some(CslDate {
        date_parts: vec![parts.to_vec()],
        literal: String::new(),
    })
}

/// A short story.
pub fn story() -> Story {
    Story {
        komuz: STORY_VERSION,
        lang: "en".into(),
        headline: "The site went dark for a day".into(),
        summary: "How partners kept a story readable.".into(),
        byline: vec![Byline {
            name: "Aizada K.".into(),
            outlet: Some("ala-too".into()),
        }],
        blocks: vec![
            paragraph("1@a", "Within hours one of the sites could not be reached."),
            paragraph(
                "2@a",
                "The statement was published in November 2019 by five organisations.",
            ),
        ],
        citations: vec![cite("9@b", "nhc", "1@a", 0, 51)],
        sources: vec![
            source("secret-nickname", "Never cited"),
            source("nhc", "Joint statement"),
        ],
    }
}

/// A story with every kind of block, every mark and citations that share a note.
pub fn rich_story() -> Story {
    let marked = |text: &str, set: fn(&mut Marks)| {
        let mut marks = Marks::default();
        set(&mut marks);
        Span {
            text: text.into(),
            marks,
        }
    };
    let plain = |text: &str| marked(text, |_| {});
    let mut first = paragraph("p1", "");
    first.text = vec![
        plain("Plain, "),
        marked("strong", |m| m.strong = true),
        plain(", "),
        marked("emphasis", |m| m.emphasis = true),
        plain(", "),
        marked("code<&>", |m| m.code = true),
        plain(" and "),
        marked("a link", |m| {
            m.link = Some("https://outlet.example/?a=1&b=\"2\"".into())
        }),
        plain(".\nA new line with 👩🏽‍💻 and Ңң."),
    ];
    let figure = BlockKind::Figure {
        file: sha256_hex(b"picture"),
        media: "image/webp".into(),
        alt: "A \"newsroom\" at night".into(),
        credit: "Issyk Wire".into(),
    };
    let mut shared = cite("c2", "nhc", "p1", 7, 13);
    shared.locator = "p. 2".into();
    let mut again = cite("c3", "nhc", "q", 0, 5);
    again.locator = "p. 2".into();
    again.quote = "blocked for <some> 24 hours".into();
    let mut other_page = cite("c4", "nhc", "i2", 0, 3);
    other_page.locator = "p. 3".into();
    Story {
        komuz: STORY_VERSION,
        lang: "en".into(),
        headline: "The site went dark & the story <did not>".into(),
        summary: "How partners kept it readable.".into(),
        byline: vec![
            Byline {
                name: "Aizada K.".into(),
                outlet: None,
            },
            Byline {
                name: "Editors of Issyk Wire".into(),
                outlet: Some("issyk".into()),
            },
        ],
        blocks: vec![
            first,
            block("h2", BlockKind::Heading { level: 2 }, "What was asked"),
            block("h3", BlockKind::Heading { level: 3 }, "Of the ministry"),
            block("q", BlockKind::Quote, "Every fact is proved twice."),
            item("i1", false, 0, "One"),
            item("i2", false, 1, "One inside"),
            item("i3", true, 2, "First"),
            item("i4", true, 2, "Second"),
            item("i5", false, 0, "Two"),
            item("i6", true, 0, "Numbered"),
            block("r", BlockKind::Rule, ""),
            block("f", figure, "The newsroom"),
            block(
                "o",
                BlockKind::Other {
                    name: "map".into(),
                    attrs: Default::default(),
                },
                "Something newer",
            ),
            paragraph("empty", ""),
        ],
        citations: vec![cite("c1", "kloop", "p1", 0, 5), shared, again, other_page],
        sources: vec![
            Source {
                kind: "article-newspaper".into(),
                author: vec![Name {
                    family: "Искендер".into(),
                    given: "Бектур".into(),
                    literal: String::new(),
                }],
                container_title: "KLOOP.KG".into(),
                issued: date(&[2010, 2, 5]),
                accessed: date(&[2020, 7, 20]),
                url: "https://kloop.example/blog?a=1&b=2".into(),
                custom: Custom {
                    archive_url: "https://archive.example/1".into(),
                    ..Custom::default()
                },
                language: "ru".into(),
                ..source("kloop", "Максим Бакиев может быть причастен")
            },
            Source {
                publisher: "Norwegian Helsinki Committee".into(),
                issued: date(&[2019, 12]),
                url: "javascript:alert(1)".into(),
                language: "en".into(),
                ..source("nhc", "Reporting on corruption leads to attacks")
            },
        ],
    }
}

pub fn release() -> Release {
    Release::from_story(&story(), &head(), &masthead(), None).unwrap()
}

/// The files of a published release.
#[derive(Debug, Clone)]
pub struct Files {
    pub fingerprint: String,
    pub masthead: Vec<u8>,
    pub latest: Vec<u8>,
    pub freshness: Option<Vec<u8>>,
    pub release: Vec<u8>,
    pub signatures: Vec<u8>,
}

pub fn signed_masthead() -> General {
    signed(Typ::Masthead, &masthead().to_bytes(), &[0, 1])
}

pub fn publish(release: &Release) -> Files {
    let masthead = masthead();
    Files {
        fingerprint: masthead.hash(),
        masthead: chain_bytes(&[signed_masthead()]),
        latest: signed(Typ::Latest, &Latest::of(release).unwrap().to_bytes(), &[0, 1]).to_bytes(),
        freshness: None,
        release: release.to_bytes().unwrap(),
        signatures: signed(
            Typ::Release,
            &Statement::of(release, &masthead).unwrap().to_bytes(),
            &[0, 1],
        )
        .to_bytes(),
    }
}

/// The same as a folder of files by path.
pub fn publish_folder(release: &Release) -> Vec<(String, Vec<u8>)> {
    let masthead = masthead();
    let folder = Folder {
        chain: &[signed_masthead()],
        masthead: &masthead,
        release,
        signatures: &signed(
            Typ::Release,
            &Statement::of(release, &masthead).unwrap().to_bytes(),
            &[0, 1],
        ),
        latest: &signed(Typ::Latest, &Latest::of(release).unwrap().to_bytes(), &[0, 1]),
        figures: &[(sha256_hex(b"picture"), "image/webp".into(), b"picture".to_vec())],
    };
    folder
        .files()
        .unwrap()
        .into_iter()
        .map(|file| (file.place.to_string(), file.bytes))
        .collect()
}

impl Files {
    pub fn check(&self) -> Result<Verified, Refusal> {
        self.check_knowing(&Seen::default(), PUBLISHED)
    }

    pub fn check_knowing(&self, seen: &Seen, now: &str) -> Result<Verified, Refusal> {
        let expected = Expected {
            fingerprint: &self.fingerprint,
            story: "the-site-went-dark",
            lang: "en",
            seen,
            now: time::parse(now).unwrap(),
        };
        let fetched = Fetched {
            masthead: &self.masthead,
            latest: &self.latest,
            freshness: self.freshness.as_deref(),
            release: &self.release,
            signatures: &self.signatures,
        };
        verify(&expected, &fetched)
    }
}
