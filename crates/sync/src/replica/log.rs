//! One log as this device has it.

use std::collections::BTreeMap;

use komuz_seal::bytes::{EnvelopeId, InviteId, SessionId};
use komuz_seal::derive::LogKeys;
use komuz_seal::doc::DocId;
use komuz_seal::sign::SignKey;

use super::Seen;
use super::rows::{EnvelopeRow, Standing};

/// What a log is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A document.
    Document(DocId),
    /// The door of an invitation, which is at one relay only.
    Door { invite: InviteId, url: String },
}

/// An envelope that is here.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) row: EnvelopeRow,
    /// The batch that puts it on the disk: it is sent only after that.
    pub(super) batch: u64,
}

/// The last envelope of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tail {
    pub(super) counter: u64,
    pub(super) id: EnvelopeId,
}

#[derive(Debug)]
pub(super) struct Log {
    pub(super) purpose: Purpose,
    pub(super) keys: LogKeys,
    /// The key with which this device appends.
    pub(super) append: SignKey,
    /// Whether the caller wants its envelopes.
    pub(super) watched: bool,
    pub(super) stored: BTreeMap<EnvelopeId, Stored>,
    pub(super) tails: BTreeMap<SessionId, Tail>,
    /// What the caller has of each session, by [`Replica::watch`](super::Replica::watch) and by what was delivered since.
    pub(super) delivered: Seen,
    /// How many envelopes are remembered as refused.
    pub(super) refused: usize,
    /// Bytes that are kept for a newer Komuz, which can open them.
    pub(super) later: usize,
    /// More came for a newer Komuz than is kept: only its start is worth another listing.
    pub(super) crowded: bool,
}

impl Log {
    pub(super) fn new(purpose: Purpose, keys: LogKeys, append: SignKey) -> Self {
        Self {
            purpose,
            keys,
            append,
            watched: false,
            stored: BTreeMap::new(),
            tails: BTreeMap::new(),
            delivered: Seen::new(),
            refused: 0,
            later: 0,
            crowded: false,
        }
    }

    pub(super) fn doc(&self) -> Option<&DocId> {
        match &self.purpose {
            Purpose::Document(doc) => Some(doc),
            Purpose::Door { .. } => None,
        }
    }

    /// Whether the log lives at this relay.
    pub(super) fn is_at(&self, relay: &str) -> bool {
        match &self.purpose {
            Purpose::Document(_) => true,
            Purpose::Door { url, .. } => url == relay,
        }
    }

    /// Envelopes whose bytes are kept, so that a relay that lacks them can have them: in the order in which they came to
    /// count, those that do not count last, each session in its own order.
    pub(super) fn kept(&self) -> Vec<EnvelopeId> {
        let mut kept: Vec<_> = self
            .stored
            .iter()
            .filter(|(_, stored)| stored.row.standing != Standing::Refused)
            .map(|(id, Stored { row, .. })| (row.place.wrapping_sub(1), row.session, row.counter, *id))
            .collect();
        kept.sort_unstable();
        kept.into_iter().map(|(.., id)| id).collect()
    }

    /// Notes that the session's envelope counts.
    pub(super) fn extend(&mut self, session: SessionId, counter: u64, id: EnvelopeId) {
        let tail = self.tails.entry(session).or_insert(Tail { counter, id });
        if tail.counter < counter {
            *tail = Tail { counter, id };
        }
    }
}
