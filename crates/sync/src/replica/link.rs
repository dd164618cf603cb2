//! One relay: its connection, and for each log how far it was read and what it lacks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use komuz_seal::Entropy;
use komuz_seal::bytes::{Chain, EnvelopeId, EpochId, LogId, Nonce, PublicKey};

use super::Moment;
use super::blobs::Side;
use super::doubt::Doubt;
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
    /// Everything that was there is here, and nothing more is asked for until its turn comes.
    Left,
    /// The relay has no such log or does not let us in: to be tried at this time.
    Absent { retry: u64 },
}

/// Envelopes that a relay has and this device has not, in the order of the relay's log: a session's own order, as a rule.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    by_seq: BTreeMap<u64, EnvelopeId>,
    seqs: BTreeMap<EnvelopeId, u64>,
}

impl Wanted {
    pub(super) fn insert(&mut self, seq: u64, id: EnvelopeId) {
        if let Some(before) = self.seqs.insert(id, seq) {
            self.by_seq.remove(&before);
        }
        self.by_seq.insert(seq, id);
    }

    pub(super) fn remove(&mut self, id: &EnvelopeId) -> bool {
        let seq = self.seqs.remove(id);
        seq.is_some_and(|seq| self.by_seq.remove(&seq).is_some())
    }

    pub(super) fn pop_first(&mut self) -> Option<(u64, EnvelopeId)> {
        let (seq, id) = self.by_seq.pop_first()?;
        self.seqs.remove(&id);
        Some((seq, id))
    }

    pub(super) fn contains(&self, id: &EnvelopeId) -> bool {
        self.seqs.contains_key(id)
    }

    /// Lets go of all up to a number.
    pub(super) fn drop_up_to(&mut self, seq: u64) {
        while let Some((first, id)) = self.by_seq.first_key_value().map(|(first, id)| (*first, *id))
            && first <= seq
        {
            self.by_seq.remove(&first);
            self.seqs.remove(&id);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.seqs.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seqs.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Envelopes that a relay is not known to have, in the order in which they are to be sent.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    unsent: BTreeMap<EnvelopeId, (u64, Unsent)>,
    /// By their places: those that are due, and those that were not when it was asked last, after the time when they are. Thousands of
    /// others' may wait, and something may be due after each frame that comes: then nobody looks at those.
    due: BTreeMap<u64, EnvelopeId>,
    later: BTreeMap<(u64, u64), EnvelopeId>,
    next: u64,
}

impl Outbox {
    /// Adds an envelope behind the others; one that is here keeps its place.
    pub(super) fn insert(&mut self, id: EnvelopeId, unsent: Unsent) {
        let place = match self.take_out(&id) {
            Some((place, _)) => place,
            None => {
                self.next += 1;
                self.next
            }
        };
        self.later.insert((unsent.due, place), id);
        self.unsent.insert(id, (place, unsent));
    }

    /// What is known of an envelope, all of which may be changed but when it is due.
    pub(super) fn get_mut(&mut self, id: &EnvelopeId) -> Option<&mut Unsent> {
        self.unsent.get_mut(id).map(|(_, unsent)| unsent)
    }

    pub(super) fn contains(&self, id: &EnvelopeId) -> bool {
        self.unsent.contains_key(id)
    }

    pub(super) fn remove(&mut self, id: &EnvelopeId) -> Option<Unsent> {
        self.take_out(id).map(|(_, unsent)| unsent)
    }

    fn take_out(&mut self, id: &EnvelopeId) -> Option<(u64, Unsent)> {
        let (place, unsent) = self.unsent.remove(id)?;
        if self.due.remove(&place).is_none() {
            self.later.remove(&(unsent.due, place));
        }
        Some((place, unsent))
    }

    /// Lets go of what others wrote.
    pub(super) fn keep_own(&mut self) {
        let unsent = &mut self.unsent;
        unsent.retain(|_, (_, unsent)| unsent.mine);
        self.due.retain(|_, id| unsent.contains_key(id));
        self.later.retain(|_, id| unsent.contains_key(id));
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &EnvelopeId> {
        self.unsent.keys()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&EnvelopeId, &Unsent)> {
        self.unsent.iter().map(|(id, (_, unsent))| (id, unsent))
    }

    /// What is due, in the order in which it is to be sent.
    pub(super) fn due(&mut self, now: u64) -> impl Iterator<Item = (&EnvelopeId, &Unsent)> {
        while let Some(first) = self.later.first_entry().filter(|first| first.key().0 <= now) {
            let ((_, place), id) = first.remove_entry();
            self.due.insert(place, id);
        }
        let due = self.due.values();
        due.filter_map(|id| self.unsent.get(id).map(|(_, unsent)| (id, unsent)))
    }

    /// As [`Self::get_mut`], of all.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&EnvelopeId, &mut Unsent)> {
        self.unsent.iter_mut().map(|(id, (_, unsent))| (id, unsent))
    }

    pub(super) fn len(&self) -> usize {
        self.unsent.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unsent.is_empty()
    }
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
    /// Whether this device has registered its key on this connection.
    pub(super) registered: bool,
    /// Whether the relay has refused the key with which this device appends: it tries another one from then on.
    pub(super) refused: bool,
    /// Whether the relay has said on this connection that the log is not there.
    pub(super) unopened: bool,
    pub(super) backoff: Backoff,
    /// How far the relay's log is known.
    pub(super) cursor: Cursor,
    /// The cursor that is in the rows; none when there is none.
    pub(super) saved: Option<Cursor>,
    /// The place up to which all that counts here was there, or is noted as unsent, when the cursor was saved.
    pub(super) settled: u64,
    /// Set when something was let go that only a new listing brings back.
    pub(super) lossy: bool,
    /// Numbers that came before the ones that precede them.
    pub(super) ahead: BTreeMap<u64, (EnvelopeId, Chain)>,
    /// Ids of a listing from the start, while it comes.
    pub(super) listed: Option<BTreeSet<EnvelopeId>>,
    /// Ids that are to be fetched, and those asked for.
    pub(super) wanted: Wanted,
    pub(super) fetching: Wanted,
    /// What is not here and what the relay has let go of the bytes of, and since when something is.
    pub(super) gone: Wanted,
    pub(super) gone_since: Option<u64>,
    /// How many envelopes have no bytes there, whether it was looked which, and which of them are brought back.
    pub(super) trimmed: u64,
    pub(super) searched: bool,
    pub(super) refill: BTreeSet<EnvelopeId>,
    /// When a fetched envelope came last, or the first was asked for.
    pub(super) fetched: u64,
    pub(super) unsent: Outbox,
    /// Sent and not yet acknowledged.
    /// With how many bytes.
    pub(super) flying: BTreeMap<EnvelopeId, u64>,
    pub(super) flying_bytes: u64,
    /// When something was acknowledged last, or the first was sent.
    pub(super) acknowledged: u64,
    /// When everything is listed again because something was let go, and how long such waits have become.
    pub(super) relist: Option<u64>,
    pub(super) relists: Backoff,
    /// How often the log was listed again on this connection without coming to an end.
    pub(super) restarts: u8,
    /// How often in a row the relay did not let us in although it has the log.
    pub(super) denied: u8,
    /// How often in a row the connection was given up because the relay's list did not come to the end that it named.
    pub(super) strikes: u8,
    /// Since when a number is missing before those that came early.
    pub(super) gap: Option<u64>,
    /// How often in a row nothing came of what the relay has named.
    pub(super) vain: u8,
    /// The cursor is what a snapshot says, which its maker may have got wrong.
    pub(super) hearsay: bool,
    /// Where the log is one of blobs: what is asked for there. Nothing else of such a log is read but ids.
    pub(super) side: Option<Side>,
}

impl Line {
    pub(super) fn new(saved: Option<Cursor>) -> Self {
        Self {
            phase: Phase::Off,
            registered: false,
            refused: false,
            unopened: false,
            backoff: Backoff::default(),
            cursor: saved.unwrap_or(Cursor::START),
            saved,
            settled: 0,
            lossy: false,
            ahead: BTreeMap::new(),
            listed: None,
            wanted: Wanted::default(),
            fetching: Wanted::default(),
            gone: Wanted::default(),
            gone_since: None,
            trimmed: 0,
            searched: false,
            refill: BTreeSet::new(),
            fetched: 0,
            unsent: Outbox::default(),
            flying: BTreeMap::new(),
            flying_bytes: 0,
            acknowledged: 0,
            relist: None,
            relists: Backoff::default(),
            restarts: 0,
            denied: 0,
            strikes: 0,
            gap: None,
            vain: 0,
            hearsay: false,
            side: None,
        }
    }

    /// The connection is gone.
    pub(super) fn drop_connection(&mut self) {
        self.phase = Phase::Off;
        self.registered = false;
        self.unopened = false;
        self.backoff.reset();
        // What was wanted and did not come is listed again: the cursor goes back to the one that was saved.
        if !self.has_all() || self.listed.is_some() {
            self.cursor = self.saved.unwrap_or(Cursor::START);
        }
        self.ahead.clear();
        self.gap = None;
        self.listed = None;
        self.wanted.clear();
        self.fetching.clear();
        self.gone.clear();
        self.gone_since = None;
        self.trimmed = 0;
        self.refill.clear();
        self.relist = None;
        self.land();
        if let Some(side) = &mut self.side {
            side.drop_connection();
        }
    }

    /// It is listed from the start next.
    pub(super) fn rewind(&mut self) {
        self.cursor = Cursor::START;
        self.ahead.clear();
    }

    /// An envelope is answered; whether it was on its way.
    pub(super) fn answered(&mut self, id: &EnvelopeId) -> bool {
        let len = self.flying.remove(id);
        self.flying_bytes -= len.unwrap_or(0);
        len.is_some()
    }

    /// A relay does not have a chunk: it is not asked for it for a while.
    pub(super) fn lacks(&mut self, id: EnvelopeId, m: &mut Moment<'_>) {
        if let Some(side) = &mut self.side {
            side.absent.insert(id);
            side.again.get_or_insert_with(|| m.now + self.relists.next(m.entropy));
        }
    }

    /// What was sent counts as not sent.
    pub(super) fn land(&mut self) {
        self.flying.clear();
        self.flying_bytes = 0;
    }

    /// Whether the relay and this device have the same.
    pub(super) fn is_in_sync(&self) -> bool {
        self.is_read() && self.unsent.is_empty()
    }

    /// Whether the relay has told all, and all of it is here.
    pub(super) fn is_read(&self) -> bool {
        matches!(self.phase, Phase::Live | Phase::Left) && self.has_all()
    }

    /// Whether everything that the relay is known to have is here.
    pub(super) fn has_all(&self) -> bool {
        self.is_brought() && self.gone.is_empty() && !self.lossy
    }

    /// Whether nothing more is on its way here of what the relay has.
    pub(super) fn is_brought(&self) -> bool {
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
    /// When it was last heard, when it was last asked for a sign of life, and about which log.
    pub(super) heard: u64,
    pub(super) probed: u64,
    pub(super) probe: Option<LogId>,
    /// Whether it can close logs ([`crate::frame::CLOSING`]), and which keys it was told to leave in which epochs.
    pub(super) closes: bool,
    pub(super) closed: BTreeMap<EpochId, Vec<PublicKey>>,
    /// Whether it can let go of old envelopes ([`crate::frame::TRIMMING`]).
    pub(super) trims: bool,
    /// Whether it opens logs for who has no ticket ([`crate::frame::BESIDE`]).
    pub(super) besides: bool,
    /// Where there are more logs than are followed: those that are to be looked at, those that are being, when and at which one that was
    /// begun last.
    pub(super) turns: VecDeque<LogId>,
    pub(super) visited: BTreeSet<LogId>,
    pub(super) looked: u64,
    pub(super) look: Option<LogId>,
    /// What was said about it already, so that it is said once.
    pub(super) complained: BTreeSet<&'static str>,
    /// What was found of it on this connection.
    pub(super) doubts: BTreeSet<Doubt>,
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
            probe: None,
            closes: false,
            closed: BTreeMap::new(),
            trims: false,
            besides: false,
            turns: VecDeque::new(),
            visited: BTreeSet::new(),
            looked: now,
            look: None,
            complained: BTreeSet::new(),
            doubts: BTreeSet::new(),
        }
    }

    /// The connection is gone.
    pub(super) fn drop_connection(&mut self) {
        self.turns.clear();
        self.visited.clear();
        for line in self.lines.values_mut() {
            line.drop_connection();
            line.restarts = 0;
        }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.connection, Connection::Up { .. })
    }

    /// Whether it is up and in step with all of these logs that are there.
    pub(super) fn is_in_step(&self, logs: &[LogId]) -> bool {
        let mut lines = logs.iter().filter_map(|log| self.lines.get(log));
        self.is_up() && lines.all(Line::is_in_sync)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_half_of_each_is_chance() {
        for (filler, share) in [(0x00, 0), (0xff, 1)] {
            let mut backoff = Backoff::default();
            let mut wait = || backoff.next(&mut |bytes| bytes.fill(filler));
            for expected in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
                let wait = wait();
                assert!((expected / 2..expected).contains(&wait), "{wait} of {expected}");
                assert!(share == 1 || wait == expected / 2);
            }
        }
    }

    #[test]
    fn waits_of_many_clients_spread_over_their_half() {
        let mut next = 0u64;
        let waits: BTreeSet<u64> = (0..1_000)
            .map(|_| {
                let mut backoff = Backoff { tries: 20 };
                backoff.next(&mut |bytes| {
                    next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    bytes.copy_from_slice(&(next >> 8).to_le_bytes()[..bytes.len()]);
                })
            })
            .collect();
        assert!(waits.len() > 900);
        assert!(waits.first() >= Some(&30_000) && waits.first() < Some(&33_000));
        assert!(waits.last() < Some(&60_000) && waits.last() > Some(&57_000));
    }

    #[test]
    fn after_a_success_waits_start_anew_and_never_overflow() {
        let mut backoff = Backoff { tries: u32::MAX };
        assert!(backoff.next(&mut |bytes| bytes.fill(0)) == 30_000);
        backoff.reset();
        assert!(backoff.next(&mut |bytes| bytes.fill(0)) == 500);
    }

    #[test]
    fn what_is_due_is_sent_in_the_order_in_which_it_came_and_nothing_else() {
        let id = |n| EnvelopeId([n; 32]);
        let at = |due| Unsent {
            mine: due % 2 == 0,
            due,
            noted: false,
        };
        let mut outbox = Outbox::default();
        for (n, due) in [(9, 10), (3, 7), (5, 20), (1, 10)] {
            outbox.insert(id(n), at(due));
        }
        let due = |outbox: &mut Outbox, now| outbox.due(now).map(|(id, _)| id.0[0]).collect::<Vec<_>>();
        assert_eq!(due(&mut outbox, 6), [0; 0]);
        assert_eq!(due(&mut outbox, 7), [3]);
        assert_eq!(due(&mut outbox, 10), [9, 3, 1]);
        // Put off, it comes again at its place.
        outbox.insert(id(3), at(15));
        assert_eq!(due(&mut outbox, 14), [9, 1]);
        assert!(outbox.remove(&id(5)).is_some() && outbox.remove(&id(9)).is_some());
        assert!(outbox.remove(&id(5)).is_none() && outbox.contains(&id(3)));
        outbox.insert(id(9), at(11));
        assert_eq!(due(&mut outbox, 20), [3, 1, 9]);
        outbox.insert(id(7), at(31));
        outbox.keep_own();
        assert_eq!((due(&mut outbox, 40), outbox.len()), (vec![1], 1));
    }

    #[test]
    fn what_is_wanted_comes_in_the_relays_order_and_each_once() {
        let id = |n| EnvelopeId([n; 32]);
        let mut wanted = Wanted::default();
        for (seq, n) in [(5, 9), (2, 4), (7, 1), (6, 4)] {
            wanted.insert(seq, id(n));
        }
        assert!(wanted.remove(&id(1)) && !wanted.remove(&id(1)));
        assert_eq!(wanted.len(), 2);
        assert_eq!(wanted.pop_first(), Some((5, id(9))));
        assert_eq!(wanted.pop_first(), Some((6, id(4))));
        assert_eq!(wanted.pop_first(), None);
    }
}
