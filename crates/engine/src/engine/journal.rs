//! What is known of envelopes that stop the engine: before others' changes are applied their ids are on disk, and an
//! envelope during whose application an engine died twice is left aside.
//!
//! A session's journal row holds the ids that it is applying at the moment. A row whose session is dead (its lock is free)
//! is a crash: each of its ids gets a strike, and is applied alone from then on, so that the second strike meets the
//! guilty one only. An envelope that goes through loses its strikes, and so does every one when Komuz is updated: the fault
//! may be mended, and what was left aside is somebody's words.
//!
//! Loading saved papers may stop an engine too. So a row says that it is about to begin, and when two such rows were left
//! behind the papers are made again from the log.

use std::collections::{BTreeMap, BTreeSet};

use komuz_sync::seal::bytes::{EnvelopeId, from_hex, to_hex};
use komuz_sync::seal::doc::DocId;

use super::disk::Mark;
use super::hands::Hands;
use crate::Output;

/// Version of both kinds of rows; the first byte of each.
const VERSION: u8 = 1;
/// The version of Komuz that strikes count for.
const PROGRAM: &[u8] = env!("CARGO_PKG_VERSION").as_bytes();
/// How the keys of rows start that say that a load is under way.
const LOAD: &str = "load-";
/// How long suspects wait for the verdict on the sessions that left them behind, in milliseconds.
const PATIENCE: u64 = 1000;
/// Strikes that put an envelope aside.
const QUARANTINE: u8 = 2;

/// What is about to be applied to each document.
pub type Batch = Vec<(DocId, Vec<EnvelopeId>)>;

/// See the module.
#[derive(Debug, Default)]
pub struct Journal {
    room: String,
    session: String,
    /// Journals of other sessions, dead or not.
    left: BTreeMap<String, Vec<EnvelopeId>>,
    strikes: BTreeMap<EnvelopeId, u8>,
    suspects: BTreeSet<EnvelopeId>,
    waiting: Option<(Batch, Mark)>,
    applying: Batch,
    patience: u64,
    /// Keys of rows of loads that are under way or have died, one's own among them.
    loads: Vec<String>,
}

/// A load of a room is about to begin: what is read after this write is read when the row of it is on disk.
pub fn about_to_load(room: &str, hands: &mut Hands) {
    let key = format!("{room}/{}", hands.id(LOAD));
    hands.disk.put("strike", key, Some(vec![VERSION]));
}

impl Journal {
    /// A journal row of a session was in the store.
    pub fn found(&mut self, session: &str, row: &[u8]) {
        let ids = row.strip_prefix(&[VERSION]).unwrap_or_default();
        let ids: Vec<EnvelopeId> = ids.chunks(EnvelopeId::LEN).filter_map(EnvelopeId::from_slice).collect();
        self.suspects.extend(&ids);
        self.left.insert(session.to_owned(), ids);
    }

    /// A strike row was in the store.
    pub fn struck(&mut self, envelope: &str, row: &[u8]) {
        if envelope.starts_with(LOAD) {
            return self.loads.push(envelope.to_owned());
        }
        if let Some(id) = from_hex(envelope).and_then(|bytes| EnvelopeId::from_slice(&bytes)) {
            let strikes = match row {
                [VERSION, strikes, program @ ..] if program == PROGRAM => *strikes,
                _ => 0,
            };
            self.strikes.insert(id, strikes);
            self.suspects.insert(id);
        }
    }

    /// Whether loads have died often enough to do without what was saved. One's own row is among them.
    pub fn load_died(&self) -> bool {
        self.loads.len() > usize::from(QUARANTINE)
    }

    /// A room was loaded, or cannot be for a reason that is known.
    pub fn loaded(&mut self, room: &str, hands: &mut Hands) {
        for key in std::mem::take(&mut self.loads) {
            hands.disk.put("strike", format!("{room}/{key}"), None);
        }
    }

    /// This session begins: takes its own lock and asks which of the others are dead.
    pub fn begin(&mut self, room: &str, session: &str, hands: &mut Hands) {
        self.room = room.to_owned();
        self.session = session.to_owned();
        self.patience = hands.now + if self.left.is_empty() { 0 } else { PATIENCE };
        for name in [&self.session].into_iter().chain(self.left.keys()) {
            hands.push(Output::Lock { name: name.clone() });
        }
    }

    /// A lock was granted. If it is that of a session with a journal, that session is dead.
    pub fn locked(&mut self, name: &str, hands: &mut Hands) {
        let Some(ids) = self.left.remove(name) else { return };
        for id in ids {
            let strikes = self.strikes.entry(id).or_default();
            *strikes = strikes.saturating_add(1);
            hands.disk.put(
                "strike",
                format!("{}/{}", self.room, to_hex(&id.0)),
                Some([&[VERSION, *strikes], PROGRAM].concat()),
            );
        }
        hands.disk.put("journal", format!("{}/{name}", self.room), None);
        if self.left.is_empty() {
            self.patience = hands.now;
        }
    }

    /// Whether an envelope is to be applied alone.
    pub fn is_suspect(&self, id: &EnvelopeId) -> bool {
        self.suspects.contains(id)
    }

    /// Whether an envelope is left aside.
    pub fn is_quarantined(&self, id: &EnvelopeId) -> bool {
        self.strikes.get(id).is_some_and(|strikes| *strikes >= QUARANTINE)
    }

    /// Whether nothing is on its way.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_none()
    }

    /// Writes down what is about to be applied.
    pub fn about_to_apply(&mut self, mut batch: Batch, hands: &mut Hands) {
        if hands.now < self.patience {
            batch.retain(|(_, ids)| !ids.iter().any(|id| self.is_suspect(id)));
        }
        // A suspect is alone among all documents, not only in its own.
        if let Some(alone) = batch
            .iter()
            .position(|(_, ids)| ids.iter().any(|id| self.is_suspect(id)))
        {
            batch = vec![batch.swap_remove(alone)];
        }
        batch.retain(|(_, ids)| !ids.is_empty());
        if batch.is_empty() {
            return;
        }
        let ids = batch.iter().flat_map(|(_, ids)| ids).flat_map(|id| id.0);
        let row = [VERSION].into_iter().chain(ids).collect();
        let mark = hands.disk.put("journal", self.row(), Some(row));
        self.waiting = Some((batch, mark));
    }

    /// What can be applied now. A disk that takes nothing does not keep others' words from the page.
    pub fn ready(&mut self, hands: &Hands) -> Option<Batch> {
        let (batch, _) = self
            .waiting
            .take_if(|(_, mark)| hands.disk.is_durable(*mark) || hands.disk.trouble().is_some())?;
        self.applying = batch.clone();
        Some(batch)
    }

    /// It was applied and nothing happened.
    pub fn applied(&mut self, hands: &mut Hands) {
        for (_, ids) in std::mem::take(&mut self.applying) {
            for id in ids {
                if !self.is_quarantined(&id) && self.suspects.remove(&id) {
                    self.strikes.remove(&id);
                    hands
                        .disk
                        .put("strike", format!("{}/{}", self.room, to_hex(&id.0)), None);
                }
            }
        }
        hands.disk.put("journal", self.row(), None);
    }

    fn row(&self) -> String {
        format!("{}/{}", self.room, self.session)
    }
}
