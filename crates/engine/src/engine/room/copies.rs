//! What this device entered again: kept until what it repeats counts after all, and taken out then.
//!
//! A row is written with the envelope that holds what was entered again (or with the document, where it cannot be sealed yet), and
//! goes with the one that takes it out.

use std::collections::BTreeMap;

use komuz_core::again::{Copied, Copies};
use komuz_sync::seal::cbor::{CborError, Reader, Writer};
use komuz_sync::seal::doc::DocId;

use super::super::hands::Hands;
use super::super::trouble::because;
use super::remaking::{AGAIN, MAX_SAVED, VERSION, edition_of, named_so};
use super::{KEPT, Room, name};

/// For how long nothing must have come, in milliseconds: what somebody else has done about words that stand twice is known by then.
const CALM: u64 = 2000;
const MAX_RUNS: usize = 1 << 22;
const MAX_ACTOR: usize = 64;

/// See the module.
#[derive(Default)]
pub(super) struct Entered {
    /// What is not sealed yet.
    fresh: BTreeMap<DocId, Vec<Copies>>,
    /// By the rest of the row's key, with how many of its changes have come back as far as was looked. Where none can come any more, as
    /// of words that had waited for a key, nothing is left to do.
    kept: BTreeMap<String, (DocId, Copies, Option<usize>)>,
}

impl Entered {
    pub(super) fn found(&mut self, key: String, row: &[u8]) {
        let doc = key.splitn(3, '/').nth(2).and_then(named_so);
        if let (Some(doc), Ok(copies)) = (doc, read(row)) {
            self.kept.insert(key, (doc, copies, None));
        }
    }

    pub(super) fn add(&mut self, doc: &DocId, copies: Copies) {
        if !copies.stretches.is_empty() {
            self.fresh.entry(doc.clone()).or_default().push(copies);
        }
    }
}

impl Room {
    /// What was entered again in a document is on its way to the disk.
    pub(super) fn keep_copies(&mut self, doc: &DocId, hands: &mut Hands) {
        for copies in self.remaking.entered.fresh.remove(doc).unwrap_or_default() {
            let key = format!("{AGAIN}{}/{}", hands.id(""), name(doc));
            hands.disk.put(KEPT, format!("{}/{key}", self.id), Some(write(&copies)));
            self.remaking.entered.kept.insert(key, (doc.clone(), copies, None));
        }
    }

    /// Takes out what was entered again and counts after all.
    pub(super) fn take_out_copies(&mut self, hands: &mut Hands) {
        if hands.now < self.applied_at + CALM {
            return;
        }
        let mut back = BTreeMap::<DocId, Vec<String>>::new();
        for (key, (doc, copies, known)) in &mut self.remaking.entered.kept {
            let Some(paper) = self.papers.get(doc) else { continue };
            if self.remaking.papers.contains_key(doc) || paper.waits() || !paper.is_sealed() {
                continue;
            }
            let (here, away): (Vec<_>, Vec<_>) = copies.changes.iter().partition(|hash| paper.document.has(hash));
            if *known != Some(here.len()) {
                let is_done = !away.into_iter().any(|hash| paper.may_come(hash));
                if is_done || !here.is_empty() {
                    back.entry(doc.clone())
                        .or_default()
                        .extend(is_done.then(|| key.clone()));
                }
                *known = Some(here.len());
            }
        }
        for (doc, done) in back {
            self.take_out(&doc, done, hands);
        }
    }

    fn take_out(&mut self, doc: &DocId, done: Vec<String>, hands: &mut Hands) {
        if let Some(edition) = edition_of(doc) {
            self.read_threads(&edition);
        }
        let of_doc = self.remaking.entered.kept.values().filter(|(of, ..)| of == doc);
        let copies: Vec<Copies> = of_doc.map(|(_, copies, _)| copies.clone()).collect();
        let taken = match self.writable(doc) {
            Ok(paper) => match paper.body.as_mut() {
                Some(body) => Copies::take_out(&copies, &mut paper.document, body),
                None => Ok(None),
            },
            Err(_) => {
                // When they may write again it is looked at again.
                let of_doc = self.remaking.entered.kept.values_mut().filter(|(of, ..)| of == doc);
                of_doc.for_each(|(.., known)| *known = Some(0));
                return;
            }
        };
        for key in &done {
            self.remaking.entered.kept.remove(key);
        }
        self.remaking.done_with.entry(doc.clone()).or_default().extend(done);
        match taken {
            Ok(Some(moved)) => self.entered(doc, moved, hands),
            Ok(None) => self.forget_was(doc, hands),
            Err(why) => {
                self.tell(because("own-again", why));
                self.forget_was(doc, hands);
            }
        }
    }
}

fn write(copies: &Copies) -> Vec<u8> {
    let elem = |w: Writer, (actor, ctr): &(Vec<u8>, u64)| w.bytes(actor).uint(*ctr);
    Writer::versioned(VERSION)
        .array(2)
        .list(copies.changes.iter(), |w, hash| w.bytes(&hash.0))
        .list(copies.stretches.iter(), |w, stretch| {
            w.list(stretch.iter(), |w, run| {
                elem(elem(w.array(5), &run.old), &run.new).uint(run.count)
            })
        })
        .finish()
}

fn read(row: &[u8]) -> Result<Copies, CborError> {
    let (version, mut r) = Reader::versioned(row, MAX_SAVED)?;
    if version != VERSION {
        return Err(CborError::NotAllowed(0));
    }
    r.array(2)?;
    let changes = r.list(MAX_RUNS, |r| r.fixed().map(automerge::ChangeHash))?;
    let stretches = r.list(MAX_RUNS, |r| {
        r.list(MAX_RUNS, |r| {
            r.array(5)?;
            let mut elem = || Ok::<_, CborError>((r.bytes(MAX_ACTOR)?.to_vec(), r.uint()?));
            let (old, new) = (elem()?, elem()?);
            let count = r.uint()?.min(MAX_RUNS as u64);
            Ok(Copied { old, new, count })
        })
    })?;
    r.end()?;
    Ok(Copies { changes, stretches })
}
