//! The logs that somebody is connected for: who may do what on them, their newest rows, and who wants to know.
//!
//! Fan-out is by pulling: a commit only moves the log's end, and each follower then fetches what it has not sent, at its
//! own pace, from the last rows kept here or from the store. So a slow follower costs no memory.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use axum::body::Bytes;
use komuz_sync::frame::RelayFrame;
use komuz_sync::seal::bytes::{EnvelopeId, LogId, PublicKey};
use tokio::sync::{broadcast, watch};

use crate::store::{Commits, Cursor, LogInfo, LogKeys, Row, Store, StoreError};

/// Newest rows kept for each log: what followers who keep up need, no more.
const TAIL_ROWS: usize = 64;
/// And their bytes.
const TAIL_BYTES: usize = 64 << 10;
/// Bytes of rows read from the store at once.
const READ_BYTES: usize = 256 << 10;
/// Presence that waits for a follower; older is overwritten, since only the newest matters.
const PRESENCE_KEPT: usize = 64;

/// All logs that somebody is connected for.
#[derive(Default)]
pub struct Hub {
    logs: Mutex<HashMap<LogId, Weak<Log>>>,
}

/// One log that somebody is connected for.
pub struct Log {
    /// Its name.
    pub name: LogId,
    /// What it was opened with.
    pub keys: LogKeys,
    writers: RwLock<HashSet<PublicKey>>,
    end: watch::Sender<Cursor>,
    tail: Mutex<Tail>,
    presence: broadcast::Sender<Presence>,
}

/// A row as it is sent.
#[derive(Clone)]
pub struct Outgoing {
    /// Where it lies.
    pub at: Cursor,
    /// Its id.
    pub id: EnvelopeId,
    /// Its Entry frame; empty where its bytes were let go.
    pub frame: Bytes,
}

/// A presence frame on its way.
#[derive(Clone)]
pub struct Presence {
    /// Number of the connection that it came from.
    pub from: u64,
    /// The Presence frame.
    pub frame: Bytes,
}

/// The newest rows, without a gap.
#[derive(Default)]
struct Tail {
    rows: VecDeque<Outgoing>,
    bytes: usize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// A log by its name; `None` when the store has none.
    pub async fn log(&self, store: &dyn Store, name: LogId) -> Result<Option<Arc<Log>>, StoreError> {
        if let Some(log) = locked(&self.logs).get(&name).and_then(Weak::upgrade) {
            return Ok(Some(log));
        }
        let Some(info) = store.log(name).await? else {
            return Ok(None);
        };
        let log = self.enter(name, info);
        // Whatever was committed between reading and entering was not announced here: read once more.
        if let Some(info) = store.log(name).await? {
            log.raise(info.end);
            log.writers
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(info.writers);
        }
        Ok(Some(log))
    }

    /// Enters a log, or gives the one that somebody else has entered meanwhile.
    fn enter(&self, name: LogId, info: LogInfo) -> Arc<Log> {
        let mut logs = locked(&self.logs);
        if let Some(log) = logs.get(&name).and_then(Weak::upgrade) {
            return log;
        }
        // Room is made before the map would grow: so it stays within twice what is in use.
        if logs.len() == logs.capacity() {
            logs.retain(|_, log| log.strong_count() > 0);
        }
        let log = Arc::new(Log {
            name,
            keys: info.keys,
            writers: RwLock::new(info.writers.into_iter().collect()),
            end: watch::Sender::new(info.end),
            tail: Mutex::default(),
            presence: broadcast::Sender::new(PRESENCE_KEPT),
        });
        logs.insert(name, Arc::downgrade(&log));
        log
    }
}

impl Commits for Hub {
    fn committed(&self, name: LogId, rows: Vec<Row>) {
        let Some(log) = locked(&self.logs).get(&name).and_then(Weak::upgrade) else {
            return;
        };
        let Some(end) = rows.last().map(|row| row.at) else {
            return;
        };
        let mut tail = locked(&log.tail);
        for row in rows {
            tail.push(outgoing(name, row));
        }
        drop(tail);
        log.raise(end);
    }
}

impl Log {
    /// Whether a key may append.
    pub fn may_append(&self, key: &PublicKey) -> bool {
        self.writers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(key)
    }

    /// Enters an append key that the store has registered.
    pub fn registered(&self, key: PublicKey) {
        self.writers.write().unwrap_or_else(PoisonError::into_inner).insert(key);
    }

    /// Bytes were let go: what is kept of the newest rows may be among them.
    pub fn trimmed(&self) {
        *locked(&self.tail) = Tail::default();
    }

    /// The log's end and its changes.
    pub fn end(&self) -> watch::Receiver<Cursor> {
        self.end.subscribe()
    }

    /// Presence from now on.
    pub fn presence(&self) -> broadcast::Receiver<Presence> {
        self.presence.subscribe()
    }

    /// Passes presence on to those who follow now.
    pub fn tell(&self, from: u64, bytes: Vec<u8>) {
        let frame = RelayFrame::Presence { log: self.name, bytes }.encode().into();
        // An error says that nobody follows.
        let _ = self.presence.send(Presence { from, frame });
    }

    /// Some rows after a number, in order: at least one if there is one.
    pub async fn rows_after(&self, store: &dyn Store, seq: u64) -> Result<Vec<Outgoing>, StoreError> {
        let kept = locked(&self.tail).after(seq);
        if let Some(rows) = kept.filter(|rows| !rows.is_empty()) {
            return Ok(rows);
        }
        let rows = store.rows_after(self.name, seq, READ_BYTES).await?;
        Ok(rows.into_iter().map(|row| outgoing(self.name, row)).collect())
    }

    fn raise(&self, end: Cursor) {
        self.end.send_if_modified(|now| {
            let newer = end.seq > now.seq;
            if newer {
                *now = end;
            }
            newer
        });
    }
}

/// A row as it is sent.
pub fn outgoing(log: LogId, row: Row) -> Outgoing {
    let Row { at, id, bytes } = row;
    if bytes.is_empty() {
        let frame = Bytes::new();
        return Outgoing { at, id, frame };
    }
    Outgoing {
        at,
        id,
        frame: RelayFrame::Entry {
            log,
            seq: at.seq,
            chain: at.chain,
            bytes,
        }
        .encode()
        .into(),
    }
}

impl Tail {
    fn push(&mut self, row: Outgoing) {
        // After a commit that was not announced here, what is kept no longer touches what comes.
        if self.rows.back().is_some_and(|last| last.at.seq + 1 != row.at.seq) {
            *self = Self::default();
        }
        self.bytes += row.frame.len();
        self.rows.push_back(row);
        while self.rows.len() > TAIL_ROWS || self.bytes > TAIL_BYTES {
            let Some(first) = self.rows.pop_front() else { break };
            self.bytes -= first.frame.len();
        }
    }

    /// What comes after a number, where all of it is kept.
    fn after(&self, seq: u64) -> Option<Vec<Outgoing>> {
        let first = self.rows.front()?.at.seq;
        let skip = usize::try_from((seq + 1).checked_sub(first)?).ok()?;
        Some(self.rows.iter().skip(skip).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use komuz_sync::seal::bytes::Chain;

    fn row(seq: u64, len: usize) -> Outgoing {
        Outgoing {
            at: Cursor {
                seq,
                chain: Chain([0; 32]),
            },
            id: EnvelopeId([0; 32]),
            frame: vec![0; len].into(),
        }
    }

    fn seqs(rows: Option<Vec<Outgoing>>) -> Option<Vec<u64>> {
        rows.map(|rows| rows.iter().map(|row| row.at.seq).collect())
    }

    #[test]
    fn the_tail_gives_what_follows_only_when_it_has_all_of_it() {
        let mut tail = Tail::default();
        assert_eq!(seqs(tail.after(0)), None);
        (5..=7).for_each(|seq| tail.push(row(seq, 10)));
        assert_eq!(seqs(tail.after(3)), None);
        assert_eq!(seqs(tail.after(4)), Some(vec![5, 6, 7]));
        assert_eq!(seqs(tail.after(6)), Some(vec![7]));
        assert_eq!(seqs(tail.after(7)), Some(vec![]));
    }

    #[test]
    fn the_tail_stays_small_and_without_gaps() {
        let mut tail = Tail::default();
        (1..=200).for_each(|seq| tail.push(row(seq, 10)));
        assert_eq!(tail.rows.len(), TAIL_ROWS);
        tail.push(row(201, TAIL_BYTES));
        assert_eq!(seqs(tail.after(200)), Some(vec![201]));
        tail.push(row(300, 10));
        assert_eq!(seqs(tail.after(200)), None);
        tail.push(row(301, TAIL_BYTES + 1));
        assert_eq!(tail.bytes, 0);
    }
}
