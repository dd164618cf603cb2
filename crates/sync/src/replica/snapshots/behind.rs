//! Envelopes whose bytes a server has let go, where they are lacking here: another server brings them, or the snapshot does that
//! they are in.

use komuz_seal::bytes::{EnvelopeId, LogId};
use komuz_seal::doc::DocId;

use super::super::blobs::others_due;
use super::super::link::{Link, Phase, Unsent};
use super::super::{Moment, RelayId, Replica};
use super::Step;

/// How long other servers have time to be reached and to bring what one has let go of, before a snapshot is looked for, in milliseconds.
const LACKS: u64 = 90_000;
/// And how long nothing more is done when that did not help.
const AGAIN: u64 = 10 * 60_000;

impl Replica {
    /// The server that keeps everything, so that there is always one that does: the first by its address.
    pub(in super::super) fn keeper(&self) -> Option<usize> {
        let links = self.links.iter().enumerate();
        links.min_by_key(|(_, link)| &link.url).map(|(number, _)| number)
    }

    /// A relay has let go of the bytes of these.
    pub(in super::super) fn on_gone(
        &mut self,
        relay: RelayId,
        log_id: LogId,
        first: u64,
        ids: &[EnvelopeId],
        m: &mut Moment<'_>,
    ) {
        if self.names_too_much(relay, ids.len()) {
            return;
        }
        match self.line(relay, log_id) {
            Some(line) if line.phase == Phase::Off => return,
            Some(line) if first == line.cursor.seq + 1 => {}
            _ => {
                self.start_over(relay, log_id);
                return;
            }
        }
        let keeps = self.keeper() == Some(relay.0 as usize);
        let due = others_due(m);
        for id in ids {
            let stored = self.logs.get(&log_id).and_then(|log| log.stored.get(id));
            let here = stored.is_some();
            // The server that keeps everything gets back what it let go of before it was that.
            let refill = keeps && stored.is_some_and(|stored| stored.row.is_passed_on());
            if !refill {
                self.is_there(relay, log_id, *id);
            }
            let Some(line) = self.line(relay, log_id) else { return };
            line.cursor = line.cursor.next(*id);
            if refill {
                if let Some(listed) = &mut line.listed {
                    listed.insert(*id);
                }
                line.refill.insert(*id);
                let (mine, noted) = (false, false);
                line.unsent.insert(*id, Unsent { mine, due, noted });
            } else if !here && line.side.is_none() {
                line.gone.insert(line.cursor.seq, *id);
                line.gone_since.get_or_insert(m.now);
            }
        }
    }

    /// Notes where nothing is lacking any more, and looks what the server that keeps everything has let go of.
    pub(in super::super) fn tend_trimmed(&mut self, m: &Moment<'_>) {
        let keeper = self.keeper();
        let (mut whole, mut search) = (Vec::new(), Vec::new());
        for (number, link) in self.links.iter_mut().enumerate().filter(|(_, link)| link.is_up()) {
            for (log_id, line) in &mut link.lines {
                if line.gone_since.is_some() && line.gone.is_empty() {
                    line.gone_since = None;
                    whole.push((RelayId(number as u32), *log_id));
                }
                let has_some = |log: &super::Log| !log.stored.is_empty();
                if Some(number) == keeper
                    && line.trimmed > 0
                    && !line.searched
                    && line.phase == Phase::Live
                    && line.has_all()
                    && self.logs.get(log_id).is_some_and(has_some)
                {
                    line.searched = true;
                    line.rewind();
                    search.push((RelayId(number as u32), *log_id));
                }
            }
        }
        for (relay, log) in whole {
            self.save_cursor(relay, log);
        }
        for (relay, log) in search {
            self.subscribe(relay, log);
        }
        self.snapshots.looked.retain(|_, at| *at + AGAIN > m.now);
    }

    /// Whether something of a document is lacking that a server has let go of, or whether that is not known because none is in reach.
    pub(super) fn lacks_gone(&self, doc: &DocId) -> bool {
        let logs = self.logs_of(doc);
        let lacks = |link: &Link| {
            logs.iter()
                .any(|log| link.lines.get(log).is_some_and(|line| !line.gone.is_empty()))
        };
        let mut up = self.links.iter().filter(|link| link.is_up()).peekable();
        up.peek().is_none() || up.any(lacks)
    }

    /// Looks for snapshots of documents of which something is lacking that no server in reach brings.
    pub(in super::super) fn tend_behind(&mut self, m: &Moment<'_>) {
        // At every tick, and nothing is lacking at most of them: documents and their logs are looked at last.
        let mut lines = self.links.iter().flat_map(|link| link.lines.values());
        if !lines.any(|line| line.gone_since.is_some()) {
            return;
        }
        let snapshots = &self.snapshots;
        let is_behind = |doc: &&DocId| {
            if snapshots.wanted.contains_key(*doc)
                || snapshots.leaving.contains(*doc)
                || snapshots.looked.contains_key(*doc)
            {
                return false;
            }
            let logs = self.logs_of(doc);
            let up = self.links.iter().filter(|link| link.is_up());
            let lines = || {
                up.clone()
                    .flat_map(|link| logs.iter().filter_map(|log| link.lines.get(log)))
            };
            lines().any(|line| !line.gone.is_empty() && line.gone_since.is_some_and(|since| since + LACKS <= m.now))
                && lines().all(|line| line.phase != Phase::Asked && line.is_brought())
        };
        let behind: Vec<DocId> = self.watched.iter().filter(is_behind).cloned().collect();
        for doc in behind {
            self.snapshots.behind.insert(doc.clone());
            let since = m.now;
            self.snapshots.wanted.insert(doc, Step::Looks { since });
        }
    }
}
