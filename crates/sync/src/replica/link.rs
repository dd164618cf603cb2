//! One relay: its connection, and for each log how far it was read and what it lacks.

use std::collections::{BTreeMap, BTreeSet};

use komuz_seal::Entropy;
use komuz_seal::bytes::{Chain, EnvelopeId, LogId, Nonce};

use super::rows::Cursor;

/// The first and the longest wait before another try, in milliseconds.
const FIRST_WAIT: u64 = 1_000;
const LONGEST_WAIT: u64 = 60_000;

/// Waits that grow by doubling, with half of each at random so that clients do not come back all at once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// How long to wait now, in milliseconds.
    pub(super) fn next(&mut self, entropy: Entropy<'_>) -> u64 {
        let wait = (FIRST_WAIT << self.tries.min(10)).min(LONGEST_WAIT);
        self.tries = self.tries.saturating_add(1);
        wait / 2 + below(wait / 2, entropy)
    }

    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }
}

/// A random number below `limit` (0 for 0). The bias of the remainder is of no consequence for waiting.
pub(super) fn below(limit: u64, entropy: Entropy<'_>) -> u64 {
    u64::from_le_bytes(komuz_seal::random(entropy))
        .checked_rem(limit)
        .unwrap_or(0)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connection {
    /// To be tried at this time.
    Down { retry: u64 },
    /// Asked for at this time.
    Connecting { since: u64 },
    /// Hello is said with this nonce.
    Greeting { nonce: Nonce },
    /// Past the challenge: the two nonces.
    Up { nonce: Nonce, theirs: Nonce },
    /// To be closed; what still comes is passed over.
    Closing,
}

/// Where a log stands at a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing is asked for.
    Off,
    /// Subscribed; the relay sends what it has.
    Asked,
    /// Everything that was there is here.
    Live,
    /// The relay has no such log or does not let us in: to be tried at this time.
    Absent { retry: u64 },
}

/// An envelope that a relay is not known to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsent {
    /// Written on this device.
    pub(super) mine: bool,
    /// Sent at this time, unless the relay has it by then: others' envelopes wait, because who wrote them sends them too.
    pub(super) due: u64,
    /// Whether it has a row.
    pub(super) noted: bool,
}

/// One log at one relay.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) phase: Phase,
    pub(super) backoff: Backoff,
    /// How far the relay's log is known.
    pub(super) cursor: Cursor,
    /// The cursor that is in the rows; none when there is none.
    pub(super) saved: Option<Cursor>,
    /// Set when something was let go that only a new listing brings back.
    pub(super) lossy: bool,
    /// Numbers that came before the ones that precede them.
    pub(super) ahead: BTreeMap<u64, (EnvelopeId, Chain)>,
    /// Ids of a listing from the start, while it comes.
    pub(super) listed: Option<BTreeSet<EnvelopeId>>,
    /// Ids that are to be fetched, and those asked for.
    pub(super) wanted: BTreeSet<EnvelopeId>,
    pub(super) fetching: BTreeSet<EnvelopeId>,
    pub(super) unsent: BTreeMap<EnvelopeId, Unsent>,
    /// Sent and not yet acknowledged.
    pub(super) flying: BTreeSet<EnvelopeId>,
    pub(super) flying_bytes: usize,
    /// How often the log was listed again on this connection without coming to an end.
    pub(super) restarts: u8,
    /// How often in a row the relay did not let us in although it has the log.
    pub(super) denied: u8,
}

impl Line {
    pub(super) fn new(saved: Option<Cursor>) -> Self {
        Self {
            phase: Phase::Off,
            backoff: Backoff::default(),
            cursor: saved.unwrap_or(Cursor::START),
            saved,
            lossy: false,
            ahead: BTreeMap::new(),
            listed: None,
            wanted: BTreeSet::new(),
            fetching: BTreeSet::new(),
            unsent: BTreeMap::new(),
            flying: BTreeSet::new(),
            flying_bytes: 0,
            restarts: 0,
            denied: 0,
        }
    }

    /// The connection is gone.
    pub(super) fn drop_connection(&mut self) {
        self.phase = Phase::Off;
        self.backoff.reset();
        // What was wanted and did not come is listed again: the cursor goes back to the one that was saved.
        if !self.wanted.is_empty() || !self.fetching.is_empty() || self.listed.is_some() {
            self.cursor = self.saved.unwrap_or(Cursor::START);
        }
        self.ahead.clear();
        self.listed = None;
        self.wanted.clear();
        self.fetching.clear();
        self.flying.clear();
        self.flying_bytes = 0;
    }

    /// Whether the relay and this device have the same.
    pub(super) fn is_in_sync(&self) -> bool {
        self.phase == Phase::Live && self.has_all() && self.unsent.is_empty()
    }

    /// Whether everything that the relay is known to have is here.
    pub(super) fn has_all(&self) -> bool {
        self.wanted.is_empty() && self.fetching.is_empty()
    }
}

/// One relay.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) url: String,
    pub(super) ticket: Option<String>,
    /// The relay has said that the ticket is not good.
    pub(super) bad_ticket: bool,
    pub(super) connection: Connection,
    pub(super) backoff: Backoff,
    pub(super) lines: BTreeMap<LogId, Line>,
    /// When it was last heard, and when it was last asked for a sign of life.
    pub(super) heard: u64,
    pub(super) probed: u64,
    /// What was said about it already, so that it is said once.
    pub(super) complained: BTreeSet<&'static str>,
}

impl Link {
    pub(super) fn new(url: String, ticket: Option<String>, now: u64) -> Self {
        Self {
            url,
            ticket,
            bad_ticket: false,
            connection: Connection::Down { retry: now },
            backoff: Backoff::default(),
            lines: BTreeMap::new(),
            heard: now,
            probed: now,
            complained: BTreeSet::new(),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.connection, Connection::Up { .. })
    }
}
