//! A document with its gate, people who write to it, and somebody who doctors changes.

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, Change, ExpandedChange, LoadOptions, ObjId, ROOT, ReadDoc, TextEncoding};
use komuz_core::admission::{Binding, Gate, Refusal, Verdict};
use komuz_core::document::{DocKind, Document};
use sha2::{Digest, Sha256};

/// The session of person `n`.
pub fn binding(n: u8) -> Binding {
    Binding {
        device: vec![n; 32],
        session: vec![n; 16],
        kind: DocKind::Body,
    }
}

pub fn actor(n: u8) -> ActorId {
    ActorId::from(binding(n).actor().to_vec())
}

/// A new body as person `n` has it.
pub fn body(n: u8) -> AutoCommit {
    load(&Document::new(DocKind::Body, &[0; 16]).save())
        .expect("a new body loads")
        .with_actor(actor(n))
}

pub fn load(bytes: &[u8]) -> Result<AutoCommit, automerge::AutomergeError> {
    AutoCommit::load_with_options(bytes, LoadOptions::new().text_encoding(TextEncoding::Utf16CodeUnit))
}

pub fn headline(doc: &AutoCommit) -> ObjId {
    doc.get(ROOT, "headline")
        .expect("a map")
        .expect("the genesis made it")
        .1
}

pub fn section(doc: &AutoCommit) -> ObjId {
    let sections = doc
        .get(ROOT, "sections")
        .expect("a map")
        .expect("the genesis made it")
        .1;
    doc.get(&sections, 0).expect("a list").expect("the genesis made one").1
}

/// What `write` does, as one change of that document's actor.
pub fn change(doc: &mut AutoCommit, write: impl FnOnce(&mut AutoCommit)) -> Change {
    doc.commit();
    write(doc);
    doc.commit();
    doc.get_last_local_change().expect("something was written")
}

/// Types words into the headline.
pub fn typed(doc: &mut AutoCommit, words: &str) -> Change {
    let text = headline(doc);
    change(doc, |doc| doc.splice_text(&text, 0, 0, words).expect("typed"))
}

/// The change with something in it changed, its checksum right.
pub fn doctored(change: &Change, doctor: impl FnOnce(&mut ExpandedChange)) -> Change {
    let mut expanded = change.decode();
    expanded.hash = None;
    doctor(&mut expanded);
    Change::from(expanded)
}

/// The data of a change chunk, without its header.
pub fn data(chunk: &[u8]) -> Vec<u8> {
    let length = chunk[9..].iter().position(|byte| byte & 0x80 == 0).expect("a length") + 1;
    chunk[9 + length..].to_vec()
}

/// A chunk of a type with this data; the checksum is right for a change whose inflated data is `inflated`.
pub fn chunk(kind: u8, data: &[u8], inflated: &[u8]) -> Vec<u8> {
    checked(1, inflated, kind, data)
}

/// A saved document with this data, its checksum right.
pub fn document_chunk(data: &[u8]) -> Vec<u8> {
    checked(0, data, 0, data)
}

fn checked(summed_kind: u8, summed: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
    let mut head = vec![summed_kind];
    uleb(&mut head, summed.len() as u64);
    let hash = Sha256::new().chain_update(&head).chain_update(summed).finalize();
    let mut chunk = vec![0x85, 0x6f, 0x4a, 0x83];
    chunk.extend_from_slice(&hash[..4]);
    chunk.push(kind);
    uleb(&mut chunk, data.len() as u64);
    chunk.extend_from_slice(data);
    chunk
}

pub fn uleb(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// What a new body's gate says of a change of person 1, made by doctoring one that types a word.
pub fn verdict(doctor: impl FnOnce(&mut ExpandedChange)) -> Verdict {
    let good = typed(&mut body(1), "word");
    Gate::new(DocKind::Body).admit(&binding(1), doctored(&good, doctor).raw_bytes())
}

pub fn refusal(doctor: impl FnOnce(&mut ExpandedChange)) -> Refusal {
    refused(verdict(doctor))
}

pub fn refused(verdict: Verdict) -> Refusal {
    match verdict {
        Verdict::Refuse(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

pub fn applied(verdict: Verdict) -> Vec<Change> {
    match verdict {
        Verdict::Apply(changes) => changes,
        other => panic!("not let through: {other:?}"),
    }
}
