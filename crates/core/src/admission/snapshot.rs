//! A whole document from outside, in the place of the changes that make it.
//!
//! Whoever hands it over need not be believed: a change's hash covers everything that it builds on, so the signed word of each
//! actor's session on that actor's last change vouches for all of the actor's changes, and nobody can have put in, left out
//! or altered one of them in between. What a gate asks of each change it asks here too, of all of them, so that a document
//! that came whole holds nothing that would have been refused had it come in pieces.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ChangeHash;
use thiserror::Error;

use super::change::Parsed;
use super::table::{Table, saved};
use super::{Gate, Refusal, chunk, session_of};
use crate::document::{DocKind, Document, DocumentError};

/// For each session, by its [actor](super::session_actor), the changes that its signed envelopes name as an actor's last.
pub type Vouched = BTreeMap<[u8; 16], BTreeSet<ChangeHash>>;

/// Why a document that came whole is not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SnapshotRefusal {
    /// Its bytes are not those of a saved document.
    #[error("it is no saved document: {0}")]
    Bytes(Refusal),
    /// Automerge does not load it, or it is of another kind.
    #[error("{0}")]
    Document(Box<DocumentError>),
    /// It holds a change that would be refused by itself.
    #[error("it holds a change that must not be applied: {refusal}")]
    Change {
        /// The change.
        hash: ChangeHash,
        /// What is wrong with it.
        refusal: Refusal,
    },
    /// Nobody's session has signed for the last change of an actor.
    #[error("it holds changes that nobody has signed for, up to change number {seq} of an actor")]
    Unsigned {
        /// The number of that change.
        seq: u64,
    },
}

/// The last change of each actor of a document, without the one that every document starts from: what must be vouched for when
/// it is handed over whole.
pub fn last_of_actors(document: &Document) -> BTreeSet<ChangeHash> {
    let genesis = Document::genesis(document.kind()).hash();
    let mut last = BTreeMap::new();
    for change in document.automerge().get_changes_meta(&[]) {
        if change.hash != genesis {
            let newest = last.entry(change.actor).or_insert((change.seq, change.hash));
            if newest.0 <= change.seq {
                *newest = (change.seq, change.hash);
            }
        }
    }
    last.into_values().map(|(_, hash)| hash).collect()
}

/// Whether a saved document keeps to the sizes in which one is taken whole.
pub fn takes_whole(bytes: &[u8]) -> bool {
    saved::check_sizes(bytes).is_ok()
}

impl Gate {
    /// Takes a document that came whole ([`Document::save`]), to be written to as `actor`, with its gate. Errors: everything that
    /// would keep one of its changes out, and changes that no session in `vouched` has signed for.
    pub fn admit_whole(
        kind: DocKind,
        bytes: &[u8],
        actor: &[u8],
        vouched: &Vouched,
    ) -> Result<(Document, Self), SnapshotRefusal> {
        saved::check_sizes(bytes).map_err(SnapshotRefusal::Bytes)?;
        Table::read_alone(bytes).map_err(SnapshotRefusal::Bytes)?;
        let document = Document::load(kind, bytes, actor).map_err(|error| SnapshotRefusal::Document(error.into()))?;
        let mut gate = Self::new(kind);
        let genesis = Document::genesis(kind).hash();
        let mut last: BTreeMap<Vec<u8>, (u64, ChangeHash)> = BTreeMap::new();
        for change in document.automerge().get_changes(&[]) {
            let hash = change.hash();
            if hash == genesis {
                continue;
            }
            let refused = |refusal| SnapshotRefusal::Change { hash, refusal };
            let parsed = chunk::open(change.raw_bytes())
                .and_then(Parsed::read)
                .map_err(refused)?;
            gate.table.add(None, &parsed).map_err(refused)?;
            last.insert(change.actor_id().to_bytes().to_vec(), (change.seq(), hash));
        }
        for (actor, (seq, hash)) in last {
            let session = <[u8; 16]>::try_from(session_of(&actor)).ok();
            let signed = session.and_then(|session| vouched.get(&session));
            if !signed.is_some_and(|signed| signed.contains(&hash)) {
                return Err(SnapshotRefusal::Unsigned { seq });
            }
        }
        Ok((document, gate))
    }
}
