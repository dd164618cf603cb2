//! One log as this device has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use komuz_seal::bytes::{EnvelopeId, InviteId, PublicKey, SessionId, Signature};
use komuz_seal::derive::LogKeys;
use komuz_seal::doc::DocId;
use komuz_seal::envelope::{NO_PREVIOUS, Statement};
use komuz_seal::sign::SignKey;

use super::Seen;
use super::rows::{EnvelopeRow, Standing};
use crate::frame::sign_registration;

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
    /// Whether it was opened since this session began, so that its signature is known to be good.
    pub(super) opened: bool,
}

impl Stored {
    /// What has come or was written in this session; of what could be opened the counter says so.
    pub(super) fn new(row: EnvelopeRow, batch: u64) -> Self {
        let opened = row.counter > 0;
        Self { row, batch, opened }
    }

    /// What was stored before; its bytes are those that its id names, and nothing more is known of them.
    pub(super) fn unopened(row: EnvelopeRow) -> Self {
        let (batch, opened) = (0, false);
        Self { row, batch, opened }
    }

    /// Opened, with the keys of its log.
    pub(super) fn open(&self, keys: &LogKeys) -> Option<Statement> {
        let open = if self.opened {
            Statement::reopen
        } else {
            Statement::open
        };
        open(&self.row.sealed, keys).ok()
    }
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
    /// The key with which this device appends, and what registers it: the same at each relay and on each connection.
    pub(super) append: SignKey,
    registration: OnceLock<Signature>,
    pub(super) stored: BTreeMap<EnvelopeId, Stored>,
    pub(super) tails: BTreeMap<SessionId, Tail>,
    /// What counts of each session, by its number.
    places: BTreeMap<(SessionId, u64), EnvelopeId>,
    /// What says the same as one that counts, sealed anew: the number of that one.
    copies: BTreeMap<EnvelopeId, (SessionId, u64)>,
    /// What the caller has of each session, by [`Replica::watch`](super::Replica::watch) and by what was delivered since.
    pub(super) delivered: Seen,
    /// In a log of the charter: with which keys devices append to the logs of its epoch, as they have said.
    pub(super) writers: BTreeMap<PublicKey, BTreeSet<PublicKey>>,
    /// Of sessions of which a snapshot was taken: the number up to which all is in it, and need not be here.
    pub(super) base: BTreeMap<SessionId, u64>,
    /// Bytes of envelopes that have come to count since the last snapshot, and when that was last.
    pub(super) grown: usize,
    pub(super) touched: u64,
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
            registration: OnceLock::new(),
            stored: BTreeMap::new(),
            tails: BTreeMap::new(),
            places: BTreeMap::new(),
            copies: BTreeMap::new(),
            delivered: Seen::new(),
            writers: BTreeMap::new(),
            base: BTreeMap::new(),
            grown: 0,
            touched: 0,
            refused: 0,
            later: 0,
            crowded: false,
        }
    }

    /// What registers the key with which this device appends.
    pub(super) fn registration(&self) -> Signature {
        let sign = || sign_registration(&self.keys.registrar, &self.keys.id, &self.append.public());
        *self.registration.get_or_init(sign)
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

    /// Envelopes that a relay that lacks them can have from here: in the order in which they came to
    /// count, those that do not count last, each session in its own order.
    pub(super) fn kept(&self) -> Vec<EnvelopeId> {
        let mut kept: Vec<_> = self
            .stored
            .iter()
            .filter(|(_, stored)| stored.row.is_passed_on())
            .map(|(id, Stored { row, .. })| (row.place.wrapping_sub(1), row.session, row.counter, *id))
            .collect();
        kept.sort_unstable();
        kept.into_iter().map(|(.., id)| id).collect()
    }

    /// What counts under a session's number.
    pub(super) fn counted(&self, session: SessionId, counter: u64) -> Option<EnvelopeId> {
        self.places.get(&(session, counter)).copied()
    }

    /// Whether an envelope that is here says exactly this.
    pub(super) fn says(&self, id: &EnvelopeId, statement: &Statement) -> bool {
        self.open(id).is_some_and(|opened| opened == *statement)
    }

    /// Notes that an envelope says the same as the one that counts.
    pub(super) fn note_copy(&mut self, session: SessionId, counter: u64, id: EnvelopeId) {
        self.copies.insert(id, (session, counter));
    }

    /// What says the same as the one that counts under a session's number.
    pub(super) fn copies_of(&self, session: SessionId, counter: u64) -> Vec<EnvelopeId> {
        let all = self.copies.iter().filter(|(_, of)| **of == (session, counter));
        all.map(|(id, _)| *id).collect()
    }

    /// Up to which number of a session all is covered by a snapshot.
    pub(super) fn covered(&self, session: &SessionId) -> u64 {
        self.base.get(session).copied().unwrap_or(0)
    }

    /// Whether what a row holds has come to count behind a place, and not in a snapshot.
    pub(super) fn is_fresh(&self, row: &EnvelopeRow, from: u64) -> bool {
        row.standing == Standing::Accepted && row.place > from && row.counter > self.covered(&row.session)
    }

    /// How many such there are.
    pub(super) fn copies(&self) -> usize {
        self.copies.len()
    }

    /// Whether what names `previous` as the one before it follows the session's last that counts.
    pub(super) fn follows(&self, session: SessionId, previous: EnvelopeId) -> bool {
        match self.tails.get(&session) {
            None => previous == NO_PREVIOUS,
            Some(tail) => tail.id == previous || self.copies.get(&previous) == Some(&(session, tail.counter)),
        }
    }

    /// Notes that nothing of a session counts beyond a number. The ids of what counted, from its first on.
    pub(super) fn truncate(&mut self, session: SessionId, counter: u64) -> Vec<EnvelopeId> {
        let beyond = (session, counter + 1)..=(session, u64::MAX);
        let gone: Vec<(u64, EnvelopeId)> = self.places.range(beyond).map(|((_, at), id)| (*at, *id)).collect();
        for (at, _) in &gone {
            self.places.remove(&(session, *at));
        }
        self.copies.retain(|_, (of, at)| *of != session || *at <= counter);
        match self.counted(session, counter) {
            Some(id) => self.tails.insert(session, Tail { counter, id }),
            None => self.tails.remove(&session),
        };
        gone.into_iter().map(|(_, id)| id).collect()
    }

    /// What counts of a session, in its order.
    pub(super) fn counting(&self, session: SessionId) -> impl Iterator<Item = (u64, EnvelopeId)> + '_ {
        let all = (session, 0)..=(session, u64::MAX);
        self.places.range(all).map(|((_, counter), id)| (*counter, *id))
    }

    /// How an envelope that is here stands.
    pub(super) fn standing(&self, id: &EnvelopeId) -> Option<Standing> {
        self.stored.get(id).map(|stored| stored.row.standing)
    }

    /// An envelope that is here, opened.
    pub(super) fn open(&self, id: &EnvelopeId) -> Option<Statement> {
        self.stored.get(id)?.open(&self.keys)
    }

    /// Notes what counts of a session below the end that a snapshot covers.
    pub(super) fn put_below(&mut self, session: SessionId, counter: u64, id: EnvelopeId) {
        self.places.insert((session, counter), id);
    }

    /// Notes that the session's envelope counts.
    pub(super) fn extend(&mut self, session: SessionId, counter: u64, id: EnvelopeId) {
        self.places.insert((session, counter), id);
        let tail = self.tails.entry(session).or_insert(Tail { counter, id });
        if tail.counter < counter {
            *tail = Tail { counter, id };
        }
    }
}
