//! Opened envelopes that wait for something that they build on, and what wakes which of them.

use std::collections::{BTreeMap, BTreeSet};

use komuz_seal::bytes::{Digest, EnvelopeId, LogId, SessionId};
use komuz_seal::envelope::Statement;

/// How many envelopes of one session in one log are held at most, and their bytes.
const MAX_OF_SESSION: usize = 4096;
const MAX_BYTES_OF_SESSION: usize = 16 << 20;
/// How many bytes are held at most, all together.
const MAX_BYTES: usize = 64 << 20;
/// What an envelope costs beside its payloads.
const AROUND: usize = 512;

/// What an envelope waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The envelope of its session before it.
    Previous,
    /// An entry of the charter.
    Head(Digest),
    /// A newer Komuz: its writer knew something of the charter that this one does not understand.
    Update,
}

/// An envelope that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) log: LogId,
    pub(super) id: EnvelopeId,
    pub(super) statement: Statement,
}

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    count: usize,
    bytes: usize,
    /// Since when a relay shows them and not what comes before.
    since: Option<u64>,
}

/// See the module. What is beyond the limits is let go from the end of the session that holds most: its next envelopes are
/// what brings it on, so that each listing of a log in whatever order brings at least the next [`MAX_OF_SESSION`].
#[derive(Debug, Default)]
pub(super) struct Held {
    waiting: BTreeMap<EnvelopeId, (Waiting, Need)>,
    places: BTreeSet<(LogId, SessionId, u64, EnvelopeId)>,
    heads: BTreeSet<(Digest, EnvelopeId)>,
    sizes: BTreeMap<(LogId, SessionId), Size>,
    bytes: usize,
}

fn size(statement: &Statement) -> usize {
    AROUND + statement.payloads.iter().map(Vec::len).sum::<usize>()
}

impl Held {
    /// Whether something of a log waits.
    pub(super) fn has_log(&self, log: &LogId) -> bool {
        let from = (*log, SessionId([0; 16]), 0, EnvelopeId([0; 32]));
        self.places.range(from..).next().is_some_and(|(of, ..)| of == log)
    }

    /// Keeps an envelope; gives those that are let go for it (perhaps itself).
    pub(super) fn insert(&mut self, waiting: Waiting, need: Need) -> Vec<Waiting> {
        let (log, id, session) = (waiting.log, waiting.id, waiting.statement.session());
        self.places.insert((log, session, waiting.statement.counter, id));
        if let Need::Head(head) = need {
            self.heads.insert((head, id));
        }
        let bytes = size(&waiting.statement);
        let of_session = self.sizes.entry((log, session)).or_default();
        of_session.count += 1;
        of_session.bytes += bytes;
        self.bytes += bytes;
        self.waiting.insert(id, (waiting, need));
        let mut gone = Vec::new();
        while let Some(id) = self.surplus((log, session)) {
            gone.extend(self.remove(&id));
        }
        gone
    }

    fn surplus(&self, newest: (LogId, SessionId)) -> Option<EnvelopeId> {
        let over = |size: &Size| size.count > MAX_OF_SESSION || size.bytes > MAX_BYTES_OF_SESSION;
        let (log, session) = if self.sizes.get(&newest).is_some_and(over) {
            newest
        } else if self.bytes > MAX_BYTES {
            *self.sizes.iter().max_by_key(|(_, size)| size.bytes)?.0
        } else {
            return None;
        };
        let of_session = (log, session, 0, EnvelopeId([0; 32]))..=(log, session, u64::MAX, EnvelopeId([0xff; 32]));
        self.places.range(of_session).next_back().map(|(.., id)| *id)
    }

    /// Takes an envelope out.
    pub(super) fn remove(&mut self, id: &EnvelopeId) -> Option<Waiting> {
        let (waiting, need) = self.waiting.remove(id)?;
        let (log, session) = (waiting.log, waiting.statement.session());
        self.places.remove(&(log, session, waiting.statement.counter, *id));
        if let Need::Head(head) = need {
            self.heads.remove(&(head, *id));
        }
        let bytes = size(&waiting.statement);
        if let Some(of_session) = self.sizes.get_mut(&(log, session)) {
            of_session.count -= 1;
            of_session.bytes -= bytes;
            if of_session.count == 0 {
                self.sizes.remove(&(log, session));
            }
        }
        self.bytes -= bytes;
        Some(waiting)
    }

    /// The sessions of which something waits for the envelope before it: their logs, the first that waits, and since when a
    /// relay shows that and not what it waits for.
    pub(super) fn gaps(&mut self) -> impl Iterator<Item = (LogId, EnvelopeId, &mut Option<u64>)> {
        let (waiting, places) = (&self.waiting, &self.places);
        self.sizes.iter_mut().filter_map(move |((log, session), size)| {
            let of_session = (*log, *session, 0, EnvelopeId([0; 32]))..;
            let id = places.range(of_session).next().map(|(.., id)| *id)?;
            let (_, need) = waiting.get(&id)?;
            (*need == Need::Previous).then_some((*log, id, &mut size.since))
        })
    }

    /// Takes out what a session has under a number.
    pub(super) fn take_place(&mut self, log: LogId, session: SessionId, counter: u64) -> Vec<Waiting> {
        let place = (log, session, counter, EnvelopeId([0; 32]))..=(log, session, counter, EnvelopeId([0xff; 32]));
        let ids: Vec<EnvelopeId> = self.places.range(place).map(|(.., id)| *id).collect();
        ids.iter().filter_map(|id| self.remove(id)).collect()
    }

    /// Takes out what waits for an entry of the charter that `knows` says is here.
    pub(super) fn take_heads(&mut self, knows: impl Fn(&Digest) -> bool) -> Vec<Waiting> {
        let ids: Vec<EnvelopeId> = self
            .heads
            .iter()
            .filter(|(head, _)| knows(head))
            .map(|(_, id)| *id)
            .collect();
        ids.iter().filter_map(|id| self.remove(id)).collect()
    }
}
