//! Whose identity a block has, when somebody writes changes by hand.

#[path = "admission/world.rs"]
#[allow(dead_code, reason = "each test file uses its part of it")]
mod world;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, Change, ObjId, ObjType, ReadDoc};
use komuz_core::admission::Gate;
use komuz_core::body::Body;
use komuz_core::document::{DocKind, Document};
use world::*;

/// Inserts a block with this text, and with the identity that it claims.
fn block(doc: &mut AutoCommit, at: usize, text: &str, claim: Option<&str>) -> ObjId {
    let section = section(doc);
    let marker = doc.split_block(&section, at).expect("a marker");
    doc.splice_text(&section, at + 1, 0, text).expect("its text");
    let attrs = doc.put_object(&marker, "attrs", ObjType::Map).expect("its attributes");
    if let Some(claim) = claim {
        doc.put(&attrs, "id", claim).expect("an identity");
    }
    marker
}

/// A story as everybody has it: admitted change by change, and read.
struct Reader {
    gate: Gate,
    doc: Document,
    body: Body,
}

impl Reader {
    fn new() -> Self {
        let doc = Document::new(DocKind::Body, &[9; 16]);
        Self {
            gate: Gate::new(DocKind::Body),
            body: Body::open(&doc).expect("a new body"),
            doc,
        }
    }

    /// Takes in a change of person `n`, as admission lets it through.
    fn take(&mut self, n: u8, change: &Change) {
        let changes = applied(self.gate.admit(&binding(n), change.raw_bytes()));
        self.doc.apply(changes).expect("applied");
        self.body.refresh(&self.doc).expect("read");
    }

    /// Identities and texts of the blocks; the same where the whole text is read.
    fn blocks(&self) -> Vec<(String, String)> {
        let blocks = |body: &Body| -> Vec<(String, String)> {
            let blocks = body.story("en", Vec::new()).blocks.into_iter();
            blocks.map(|block| (block.id.clone(), block.plain_text())).collect()
        };
        let here = blocks(&self.body);
        assert_eq!(here, blocks(&Body::open(&self.doc).expect("a body")));
        let mut ids: Vec<&str> = here.iter().map(|(id, _)| id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), here.len(), "two blocks under one identity: {here:?}");
        here
    }

    /// The identity of the block with a text.
    fn id(&self, text: &str) -> String {
        let found = self.blocks().into_iter().find(|(_, words)| words == text);
        found.expect("the block").0
    }
}

#[test]
fn a_block_keeps_its_object_id_when_a_block_that_looks_older_claims_it() {
    let (mut honest, mut hostile) = (body(1), body(2));
    let mut reader = Reader::new();
    reader.take(1, &typed(&mut honest, "a headline that uses up numbers"));
    let mut marker = None;
    let change_1 = change(&mut honest, |doc| marker = Some(block(doc, 1, "the block", None)));
    reader.take(1, &change_1);
    let id = marker.expect("made").to_string();
    assert_eq!(reader.id("the block"), id);
    // Made as if nothing had been written yet, so that its number is lower.
    let change_2 = change(&mut hostile, |doc| drop(block(doc, 1, "another", Some(&id))));
    reader.take(2, &change_2);
    assert_eq!(reader.id("the block"), id);
    assert_ne!(reader.id("another"), id);
}

#[test]
fn nobody_gives_another_ones_block_an_identity() {
    let (mut honest, mut hostile) = (body(1), body(2));
    let mut reader = Reader::new();
    let mut markers = Vec::new();
    let made = change(&mut honest, |doc| {
        markers.push(block(doc, 1, "first", None));
        markers.push(block(doc, 7, "second", None));
    });
    reader.take(1, &made);
    hostile.apply_changes([made]).expect("taken in");
    let second = markers[1].to_string();
    let put = change(&mut hostile, |doc| {
        let (_, attrs) = doc.get(&markers[0], "attrs").expect("a map").expect("attributes");
        doc.put(&attrs, "id", second.as_str()).expect("put");
    });
    reader.take(2, &put);
    assert_eq!(reader.id("first"), markers[0].to_string());
    assert_eq!(reader.id("second"), second);
    // Nor is one taken that nobody has.
    let put = change(&mut hostile, |doc| {
        let (_, attrs) = doc.get(&markers[1], "attrs").expect("a map").expect("attributes");
        doc.put(&attrs, "id", "lost").expect("put");
    });
    reader.take(2, &put);
    assert_eq!(reader.id("second"), second);
}

#[test]
fn an_identity_that_is_claimed_before_it_is_there_is_its_markers() {
    let (mut honest, mut hostile) = (body(1), body(2));
    let mut reader = Reader::new();
    let mut marker = None;
    let made = change(&mut honest, |doc| marker = Some(block(doc, 1, "the block", None)));
    let id = marker.expect("made").to_string();
    let guess = change(&mut hostile, |doc| drop(block(doc, 1, "a guess", Some(&id))));
    reader.take(2, &guess);
    assert_eq!(reader.id("a guess"), id);
    reader.take(1, &made);
    assert_eq!(reader.id("the block"), id);
    assert_ne!(reader.id("a guess"), id);
}

#[test]
fn a_block_that_waits_for_an_object_id_gets_it_when_that_marker_goes() {
    let mut honest = body(1);
    let mut reader = Reader::new();
    let mut marker = None;
    // A copy whose original is there goes by its own name, also where the original goes by another.
    let made = change(&mut honest, |doc| marker = Some(block(doc, 1, "original", Some("p-1"))));
    reader.take(1, &made);
    let id = marker.expect("made").to_string();
    let copied = change(&mut honest, |doc| drop(block(doc, 10, "copy", Some(&id))));
    reader.take(1, &copied);
    assert_eq!(reader.id("original"), "p-1");
    assert_ne!(reader.id("copy"), id);
    let gone = change(&mut honest, |doc| {
        let section = section(doc);
        doc.splice_text(&section, 1, 9, "").expect("deleted");
    });
    reader.take(1, &gone);
    assert_eq!(reader.id("copy"), id);
}

#[test]
fn text_without_a_marker_shares_its_identity_with_nobody() {
    let mut hostile = body(2);
    let mut reader = Reader::new();
    let made = change(&mut hostile, |doc| {
        drop(block(doc, 1, "claims it", Some("start")));
        let section = section(doc);
        // The text's first marker goes, and words stand before the next.
        doc.splice_text(&section, 0, 1, "bare").expect("spliced");
    });
    reader.take(2, &made);
    let texts: Vec<String> = reader.blocks().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["bare", "claims it"]);
}
