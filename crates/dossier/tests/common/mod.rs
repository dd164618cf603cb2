//! Dossiers for tests, short to write.

#![allow(dead_code, reason = "each test uses its part of it")]

use komuz_dossier::checker::Checker;
use komuz_dossier::claim::Span;
use komuz_dossier::finding::{Check, Finding};
use komuz_dossier::source::{Record, State};
use komuz_dossier::{Dossier, Known};
use komuz_release::story::{Block, BlockKind, Citation, Place, Source, Story};

pub const TODAY: &str = "2019-11-21";

pub fn paragraph(id: &str, text: &str) -> Block {
    let mark = |text: &str| komuz_release::story::Span {
        text: text.to_owned(),
        marks: Default::default(),
    };
    Block {
        id: id.to_owned(),
        kind: BlockKind::Paragraph,
        text: if text.is_empty() { Vec::new() } else { vec![mark(text)] },
    }
}

pub fn place(block: &str, offset: u32) -> Place {
    Place {
        block: block.to_owned(),
        offset,
    }
}

pub fn span(block: &str, start: u32, end: u32) -> Option<Span> {
    Some(Span {
        start: place(block, start),
        end: place(block, end),
    })
}

pub fn citation(id: &str, source: &str, block: &str, start: u32, end: u32) -> Citation {
    Citation {
        id: id.to_owned(),
        source: source.to_owned(),
        locator: String::new(),
        quote: String::new(),
        start: place(block, start),
        end: place(block, end),
    }
}

/// A source of the press with all that it needs.
pub fn press(id: &str) -> Source {
    let value = serde_json::json!({
        "id": id, "type": "article-newspaper", "title": format!("Title of {id}"), "container-title": "The Outlet",
        "issued": {"date-parts": [[2019, 11, 20]]}, "URL": format!("https://outlet.example/{id}"),
        "custom": {"archive-URL": format!("https://web.archive.org/web/2019/https://outlet.example/{id}")}
    });
    serde_json::from_value(value).expect("a source")
}

pub fn verified() -> Record {
    let mut record = Record::default();
    record.reliability.state = State::Verified;
    record
}

pub fn origins(of: &[&str]) -> Record {
    let mut record = verified();
    record.origins = of.iter().map(|id| ((*id).to_owned(), true)).collect();
    record
}

/// An edition of paragraphs `b-0`, `b-1`, …
pub fn dossier(texts: &[&str]) -> Dossier {
    let blocks = texts.iter().enumerate();
    Dossier {
        story: Story {
            komuz: 1,
            lang: "en".to_owned(),
            headline: "A headline".to_owned(),
            summary: String::new(),
            byline: Vec::new(),
            blocks: blocks.map(|(nth, text)| paragraph(&format!("b-{nth}"), text)).collect(),
            citations: Vec::new(),
            sources: Vec::new(),
        },
        dossier: Known::default(),
    }
}

pub fn findings(dossier: Dossier) -> Vec<Finding> {
    let checker = Checker::new(dossier, TODAY);
    checker
        .findings()
        .iter()
        .map(|finding| finding.as_ref().clone())
        .collect()
}

/// What a check found: what each finding is about, and what it names.
pub fn found(dossier: Dossier, check: Check) -> Vec<(String, Vec<String>)> {
    let found = findings(dossier).into_iter().filter(|finding| finding.check == check);
    found.map(|finding| (finding.about, finding.with)).collect()
}
