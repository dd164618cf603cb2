//! Servers that do what an honest one does not, or only after an accident: what shows it, and when it is said.
//!
//! A relay is trusted with nothing but availability, and what it does to that is noticed by its chains (what it says of a
//! log must continue what it has said before) and by the counters of sessions (whatever has a number has all numbers
//! before it). Everything is refilled from here all the same: a doubt is for people and changes nothing.

use komuz_seal::bytes::{EnvelopeId, LogId};

use super::closing::CLOSES_AFTER;
use super::link::Phase;
use super::{Moment, Output, RelayId, Replica};

/// For how long a relay may show what builds on something that it does not show, in milliseconds: others who have it bring
/// it there meanwhile, and a relay that was busy takes it at the second try.
const PATIENCE: u64 = 10 * 60_000;

/// What a server was found to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// It does not have, or has in another order, what it had confirmed: it was restored from a backup, emptied, or set back.
    SetBack,
    /// What it says of a log does not fit what it has said of it before, on one connection or again and again: no store does
    /// so, and it may show different histories to different people.
    Contradicts,
    /// It shows or names something and not what must have come before: it keeps that back, has lost it, or never got it.
    Withholds,
}

impl Doubt {
    /// A plain English sentence about the server at `url`.
    pub fn sentence(self, url: &str) -> String {
        match self {
            Self::SetBack => format!(
                "The server {url} does not have any more what it had confirmed: it was restored from a backup or set \
                 back. What it lacks is sent there again."
            ),
            Self::Contradicts => format!(
                "The server {url} contradicts what it said before: it may show different people different things. Use \
                 another one until its operator has explained it."
            ),
            Self::Withholds => format!(
                "The server {url} shows what builds on something that it does not show: it keeps that back, has lost \
                 it, or never got it. Ask its operator, and use another one beside it."
            ),
        }
    }
}

impl Replica {
    /// Says a doubt about a relay, once on each connection.
    pub(super) fn doubt(&mut self, relay: RelayId, doubt: Doubt) {
        if let Some(link) = self.links.get_mut(relay.0 as usize)
            && link.doubts.insert(doubt)
        {
            if doubt == Doubt::SetBack {
                // What it was told to close may be open again.
                link.closed.clear();
                self.closes_at.get_or_insert(self.clock + CLOSES_AFTER);
            }
            let url = link.url.clone();
            self.out.push(Output::Doubt { relay, url, doubt });
        }
    }

    /// A relay has no such log. It may be one that is not open there yet, or one that it has lost.
    pub(super) fn notice_lost(&mut self, relay: RelayId, log: LogId) {
        let line = self.links.get(relay.0 as usize).and_then(|link| link.lines.get(&log));
        if line.is_some_and(|line| line.cursor.seq > 0) {
            self.doubt(relay, Doubt::SetBack);
        }
    }

    /// Notices that a relay has, under a number that it has shown as another's, what it did not show.
    pub(super) fn notice_hidden(&mut self, relay: RelayId, log_id: LogId, id: EnvelopeId, seq: u64) {
        let line = self
            .links
            .get(relay.0 as usize)
            .and_then(|link| link.lines.get(&log_id));
        let stored = self.logs.get(&log_id).and_then(|log| log.stored.get(&id));
        // Of what was stored before this session it is not known exactly what the relay has shown.
        let (Some(line), Some(true)) = (line, stored.map(|stored| stored.batch > 0)) else {
            return;
        };
        // It has said itself that it let this one go, and gets it back.
        if line.refill.contains(&id) {
            return;
        }
        let shown = line.phase == Phase::Live && line.listed.is_none() && seq <= line.cursor.seq;
        if shown && line.unsent.contains(&id) {
            self.doubt(relay, Doubt::Contradicts);
        }
    }

    /// Notices sessions of which a relay shows a later envelope and for long not the one before it.
    pub(super) fn notice_withheld(&mut self, m: &Moment<'_>) {
        let mut found = Vec::new();
        for (log, id, since) in self.held.gaps() {
            let mut shown = false;
            for (number, link) in self.links.iter().enumerate() {
                let line = link.lines.get(&log).filter(|_| link.is_up());
                if line.is_some_and(|line| {
                    line.phase == Phase::Live && line.has_all() && line.listed.is_none() && !line.unsent.contains(&id)
                }) {
                    shown = true;
                    if since.is_some_and(|since| since + PATIENCE <= m.now) {
                        found.push(RelayId(number as u32));
                    }
                }
            }
            // Whoever was offline meanwhile starts anew.
            *since = shown.then_some(since.unwrap_or(m.now));
        }
        for relay in found {
            self.doubt(relay, Doubt::Withholds);
        }
    }
}
