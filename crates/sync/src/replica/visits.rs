//! Which of very many logs are followed at a relay. Every rotation opens a log for each document, and those of old epochs bring
//! hardly anything: where there are more logs than a connection may name, the newest are followed and the others looked at in turn,
//! once on each connection and then a few at a time.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Bound;

use komuz_seal::bytes::{EpochId, LogId};

use super::link::{Line, Link, Phase};
use super::rows::Cursor;
use super::{Moment, RelayId, Replica};
use crate::frame::{ClientFrame, MAX_LOGS_PER_CONNECTION};

/// How many logs are followed all the time; the rest of what a connection may name is for looking, and for what a rotation opens.
const FOLLOWED: usize = MAX_LOGS_PER_CONNECTION / 2;
/// How many are looked at together.
const TOGETHER: usize = 64;
/// After how long the next few are looked at again, in milliseconds.
const AGAIN: u64 = 30_000;

impl Link {
    /// Whether not all of its logs can be followed.
    fn is_crowded(&self) -> bool {
        self.closes && self.lines.len() > FOLLOWED
    }

    /// Those that can be followed: logs of blobs never are.
    fn followable(&self) -> impl Iterator<Item = (&LogId, &Line)> {
        self.lines.iter().filter(|(_, line)| line.side.is_none())
    }
}

impl Replica {
    /// A relay's logs, those of the newest epochs first.
    fn newest_first(&self, link: &Link) -> Vec<LogId> {
        let order: BTreeMap<&EpochId, usize> = self.order.iter().enumerate().map(|(at, epoch)| (epoch, at)).collect();
        let mut logs: Vec<LogId> = link.followable().map(|(log, _)| *log).collect();
        // Doors are of no epoch in there.
        logs.sort_by_key(|log| {
            let epoch = self.logs.get(log).map(|log| &log.keys.epoch);
            Reverse(epoch.and_then(|epoch| order.get(epoch)).copied().unwrap_or(usize::MAX))
        });
        logs
    }

    /// Greets all logs of a relay, or as many as are followed.
    pub(super) fn greet_all(&mut self, relay: RelayId) {
        let Some(link) = self.links.get(relay.0 as usize) else {
            return;
        };
        let mut logs = match link.is_crowded() {
            true => self.newest_first(link),
            false => link.lines.keys().copied().collect(),
        };
        if link.is_crowded() {
            let rest = logs.split_off(FOLLOWED.min(logs.len()));
            logs.extend(
                link.lines
                    .iter()
                    .filter(|(_, line)| line.side.is_some())
                    .map(|(log, _)| *log),
            );
            self.links[relay.0 as usize].turns = rest.into();
        }
        for log in logs {
            self.greet(relay, log);
        }
        self.visit(relay);
    }

    /// Greets a log that is new at a relay: now, or in its turn.
    pub(super) fn greet_new(&mut self, relay: RelayId, log: LogId) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        let epoch = self.logs.get(&log).map(|log| log.keys.epoch);
        let follows = link.lines.get(&log).is_some_and(|line| line.side.is_none());
        if link.is_crowded()
            && follows
            && epoch != self.newest
            && epoch.is_some_and(|epoch| self.order.contains(&epoch))
        {
            link.turns.push_back(log);
            self.visit(relay);
        } else {
            self.greet(relay, log);
        }
    }

    /// Begins to look at the next logs, as many as are looked at together.
    fn visit(&mut self, relay: RelayId) {
        loop {
            let Some(link) = self.links.get_mut(relay.0 as usize).filter(|link| link.is_up()) else {
                return;
            };
            if link.visited.len() >= TOGETHER {
                return;
            }
            let Some(log) = link.turns.pop_front() else {
                return;
            };
            let is_named = |phase| matches!(phase, Phase::Asked | Phase::Live);
            if link.lines.get(&log).is_some_and(|line| !is_named(line.phase)) {
                link.visited.insert(log);
                self.greet(relay, log);
            }
        }
    }

    /// Leaves a log that is looked at, once everything is here and there.
    pub(super) fn end_visit(&mut self, relay: RelayId, log: LogId) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        let done = |link: &Link| link.lines.get(&log).is_some_and(|line| line.is_in_sync());
        if link.visited.contains(&log) && done(link) {
            link.visited.remove(&log);
            self.leave(relay, log);
            self.visit(relay);
        }
    }

    fn leave(&mut self, relay: RelayId, log: LogId) {
        let line = self.links.get_mut(relay.0 as usize);
        let Some(line) = line.and_then(|link| link.lines.get_mut(&log)) else {
            return;
        };
        line.phase = Phase::Left;
        let Cursor { seq: after, chain } = line.cursor;
        let frame = ClientFrame::Subscribe {
            log,
            after,
            chain,
            ids_only: false,
            leaves: true,
        };
        self.send(relay, &frame);
    }

    /// What came while a log was left is taken; where something is missing it is looked at again.
    pub(super) fn has_left(&mut self, relay: RelayId, log: LogId, end: Cursor) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        if let Some(line) = link.lines.get_mut(&log)
            && line.cursor != end
        {
            line.phase = Phase::Off;
            link.turns.push_back(log);
        }
        self.save_cursor(relay, log);
        self.visit(relay);
    }

    /// Where there are too many logs: those of old epochs are left, and those that were left are looked at in turn.
    pub(super) fn take_turns(&mut self, relay: RelayId, m: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        if !link.is_crowded() {
            return;
        }
        // Those that ended instead are tried again like all others.
        let lines = &link.lines;
        let absent = |log: &LogId| {
            lines
                .get(log)
                .is_some_and(|line| matches!(line.phase, Phase::Absent { .. }))
        };
        link.visited.retain(|log| !absent(log));
        let followed = |link: &Link| {
            let live = link.followable().filter(|(_, line)| line.phase == Phase::Live);
            live.filter(|(log, _)| !link.visited.contains(log)).count()
        };
        let over = followed(link).saturating_sub(FOLLOWED);
        if link.turns.is_empty() && link.visited.is_empty() && link.looked + AGAIN <= m.now {
            link.looked = m.now;
            let left = |(log, line): (&LogId, &Line)| (line.phase == Phase::Left).then_some(*log);
            let after = link.look.map_or(Bound::Unbounded, Bound::Excluded);
            let mut next: Vec<LogId> = link.lines.range((after, Bound::Unbounded)).filter_map(left).collect();
            next.extend(
                link.look
                    .into_iter()
                    .flat_map(|last| link.lines.range(..=last))
                    .filter_map(left),
            );
            next.truncate(TOGETHER);
            link.look = next.last().copied();
            let lacks = link
                .lines
                .iter()
                .filter(|(_, line)| line.phase == Phase::Left && !line.unsent.is_empty());
            link.turns = lacks.map(|(log, _)| *log).collect();
            link.turns.extend(next);
        }
        if over > 0 {
            let Some(link) = self.links.get(relay.0 as usize) else {
                return;
            };
            let oldest = self.newest_first(link).into_iter().rev();
            let done = oldest.filter(|log| {
                let line = link.lines.get(log);
                line.is_some_and(|line| line.phase == Phase::Live && line.is_in_sync()) && !link.visited.contains(log)
            });
            for log in done.take(over).collect::<Vec<_>>() {
                self.leave(relay, log);
            }
        }
        self.visit(relay);
    }
}
