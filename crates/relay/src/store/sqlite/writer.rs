//! The one thread that writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use komuz_sync::frame::MAX_APPEND_KEYS;
use komuz_sync::seal::bytes::{Chain, EnvelopeId, EpochId, LogId, PublicKey};
use komuz_sync::seal::chain;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use tokio::sync::{mpsc, oneshot};

use super::failed;
use super::schema::{self, ROW_OVERHEAD, fixed, place};
use crate::limits::{Disk, DiskFull, Limits};
use crate::store::{Append, Appended, Commits, Cursor, LogKeys, Opener, Row, StoreError};

/// Most jobs of one transaction.
const BATCH_JOBS: usize = 512;
/// Bytes after which a transaction takes no further job.
const BATCH_BYTES: usize = 8 << 20;
/// How many envelopes one job lets go of: appends come in between.
const TRIMMED_AT_ONCE: usize = 1024;

/// Where an answer goes.
type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// Something to be written.
pub enum Job {
    /// See [`crate::store::Store::open`].
    Open {
        log: LogId,
        keys: LogKeys,
        closer: Option<PublicKey>,
        by: Opener,
        reply: Reply<()>,
    },
    /// See [`crate::store::Store::register`].
    Register {
        log: LogId,
        key: PublicKey,
        reply: Reply<()>,
    },
    /// See [`crate::store::Store::close_logs`].
    Close {
        log: LogId,
        keys: Vec<PublicKey>,
        reply: Reply<()>,
    },
    /// See [`crate::store::Store::trim`].
    Trim {
        log: LogId,
        up_to: Cursor,
        ids: Vec<EnvelopeId>,
        reply: Reply<bool>,
    },
    /// See [`crate::store::Store::append`].
    Append { append: Append, reply: Reply<Appended> },
    /// See [`crate::store::Store::healthy`].
    Healthy { reply: Reply<()> },
}

impl Job {
    fn size(&self) -> usize {
        match self {
            Self::Append { append, .. } => append.bytes.len(),
            _ => 0,
        }
    }

    /// Answers without doing it. Who asked may be gone: then nobody is told.
    fn refuse(self, error: StoreError) {
        match self {
            Self::Open { reply, .. }
            | Self::Register { reply, .. }
            | Self::Close { reply, .. }
            | Self::Healthy { reply } => {
                drop(reply.send(Err(error)));
            }
            Self::Trim { reply, .. } => drop(reply.send(Err(error))),
            Self::Append { reply, .. } => drop(reply.send(Err(error))),
        }
    }
}

/// An answer that waits for the commit.
enum Pending {
    Done(Reply<()>, Result<(), StoreError>),
    Trim(Reply<bool>, Result<bool, StoreError>),
    Append(Reply<Appended>, Result<Appended, StoreError>),
}

impl Pending {
    /// The allowance that it went beyond, if it did.
    fn no_room(&self) -> Option<DiskFull> {
        match self {
            Self::Append(_, Err(StoreError::DiskFull(full))) => Some(*full),
            _ => None,
        }
    }

    /// Answers: as the job ended, or with the error that took the whole transaction back.
    fn answer(self, committed: Result<(), StoreError>) {
        match self {
            Self::Done(reply, result) => drop(reply.send(committed.and(result))),
            Self::Trim(reply, result) => drop(reply.send(committed.and(result))),
            Self::Append(reply, result) => drop(reply.send(committed.and(result))),
        }
    }
}

/// What a transaction has done so far.
#[derive(Default)]
struct Batch {
    /// Answers in the order of the jobs.
    pending: Vec<Pending>,
    /// New rows in the order in which they were written.
    rows: Vec<(LogId, Row)>,
    /// Room taken on the disk, to be given back when the commit fails.
    room: u64,
    /// Room that is free once it is committed.
    freed: u64,
    /// Whether something was written only to see whether it can be.
    tried: bool,
}

/// The thread's own.
pub struct Writer {
    db: Connection,
    queue: mpsc::Receiver<Job>,
    limits: Limits,
    disk: Arc<Disk>,
    commits: Arc<dyn Commits>,
    /// Why nothing could be written the last time, which the operator has been told; `None` while all is well.
    trouble: Option<StoreError>,
    /// Whether the operator was told that the allowance is used up: once, since at its edge one append fits and another does not.
    told_full: bool,
}

impl Writer {
    /// A writer that has not started.
    pub fn new(
        db: Connection,
        queue: mpsc::Receiver<Job>,
        limits: Limits,
        disk: Arc<Disk>,
        commits: Arc<dyn Commits>,
    ) -> Self {
        Self {
            db,
            queue,
            limits,
            disk,
            commits,
            trouble: None,
            told_full: false,
        }
    }

    /// Writes until nobody can send jobs any more.
    pub fn run(mut self) {
        while let Some(first) = self.queue.blocking_recv() {
            let mut bytes = first.size();
            let mut jobs = vec![first];
            while jobs.len() < BATCH_JOBS && bytes < BATCH_BYTES {
                let Ok(job) = self.queue.try_recv() else { break };
                bytes += job.size();
                jobs.push(job);
            }
            self.write(jobs);
        }
        // Leaves one file behind, easy to copy. Failing is no harm: the log is read when it is opened again.
        let _ = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }

    /// One transaction: all jobs, the commit, then the news, then the answers.
    fn write(&mut self, jobs: Vec<Job>) {
        let mut batch = Batch::default();
        let mut jobs = jobs.into_iter();
        if let Err(error) = self.transact(&mut jobs, &mut batch) {
            self.disk.give_back(batch.room);
            let error = failed(error);
            self.tell(Some(&error));
            batch
                .pending
                .into_iter()
                .for_each(|pending| pending.answer(Err(error.clone())));
            jobs.for_each(|job| job.refuse(error.clone()));
            return;
        }
        self.disk.give_back(batch.freed);
        if let (false, Some(full)) = (self.told_full, batch.pending.iter().find_map(Pending::no_room)) {
            self.told_full = true;
            eprintln!("komuz: appends are refused: {full}");
        }
        // What wrote nothing says nothing about the disk.
        if !batch.rows.is_empty() || batch.tried {
            self.tell(None);
        }
        let mut rows = batch.rows.into_iter().peekable();
        while let Some((log, row)) = rows.next() {
            let mut run = vec![row];
            while let Some((_, row)) = rows.next_if(|(next, _)| *next == log) {
                run.push(row);
            }
            self.commits.committed(log, run);
        }
        batch.pending.into_iter().for_each(|pending| pending.answer(Ok(())));
    }

    /// Tells the operator, on standard error, when writing begins to fail or fails for another reason, and when it works again.
    fn tell(&mut self, trouble: Option<&StoreError>) {
        if self.trouble.as_ref() == trouble {
            return;
        }
        self.trouble = trouble.cloned();
        match trouble {
            Some(error) => eprintln!("komuz: appends are not stored and not acknowledged: {error}"),
            None => eprintln!("komuz: appends are stored again"),
        }
    }

    /// Does the jobs and commits. After an error nothing is stored, whatever `batch` says.
    fn transact(&mut self, jobs: &mut impl Iterator<Item = Job>, batch: &mut Batch) -> rusqlite::Result<()> {
        let trouble = self.trouble.is_some();
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for job in jobs {
            let mut work = Work {
                db: &transaction,
                limits: &self.limits,
                disk: &self.disk,
                batch,
            };
            let broken = match job {
                Job::Open {
                    log,
                    keys,
                    closer,
                    by,
                    reply,
                } => {
                    let (result, broken) = settle(work.open(log, keys, closer, by));
                    batch.pending.push(Pending::Done(reply, result));
                    broken
                }
                Job::Register { log, key, reply } => {
                    let (result, broken) = settle(work.register(log, key));
                    batch.pending.push(Pending::Done(reply, result));
                    broken
                }
                Job::Close { log, keys, reply } => {
                    let (result, broken) = settle(work.close(log, &keys));
                    batch.pending.push(Pending::Done(reply, result));
                    broken
                }
                Job::Trim { log, up_to, ids, reply } => {
                    let (result, broken) = settle(work.trim(log, up_to, &ids));
                    batch.pending.push(Pending::Trim(reply, result));
                    broken
                }
                Job::Append { append, reply } => {
                    let (result, broken) = settle(work.append(append));
                    batch.pending.push(Pending::Append(reply, result));
                    broken
                }
                Job::Healthy { reply } => {
                    // Only after trouble is it worth a write to know whether one would succeed.
                    let done = if trouble {
                        batch.tried = true;
                        schema::touch(&transaction)
                    } else {
                        Ok(())
                    };
                    batch.pending.push(Pending::Done(reply, Ok(())));
                    done
                }
            };
            broken?;
        }
        transaction.commit()
    }
}

/// Why a job was not done.
enum Failure {
    /// It alone is refused.
    Refused(StoreError),
    /// The whole transaction fails.
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

/// The job's own answer, and what fails the whole transaction (the answer is then replaced by it).
fn settle<T>(done: Result<T, Failure>) -> (Result<T, StoreError>, rusqlite::Result<()>) {
    match done {
        Ok(done) => (Ok(done), Ok(())),
        Err(Failure::Refused(error)) => (Err(error), Ok(())),
        Err(Failure::Database(error)) => (Err(StoreError::Closing), Err(error)),
    }
}

/// A log's line.
struct Log {
    number: i64,
    keys: LogKeys,
    closer: Option<PublicKey>,
    seq: u32,
    chain: Chain,
    bytes: u64,
}

/// What a job works with.
struct Work<'a> {
    db: &'a Connection,
    limits: &'a Limits,
    disk: &'a Disk,
    batch: &'a mut Batch,
}

impl Work<'_> {
    fn open(&mut self, log: LogId, keys: LogKeys, closer: Option<PublicKey>, by: Opener) -> Result<(), Failure> {
        if let Some(found) = self.find(log)? {
            if found.keys != keys {
                return Err(StoreError::LogTaken.into());
            }
            let first = closer.filter(|_| found.closer.is_none());
            if let Some(closer) = first {
                self.db
                    .prepare_cached("UPDATE log SET closer = ?2 WHERE number = ?1")?
                    .execute(params![found.number, closer.0])?;
                // It may be late: the others are closed already.
                if let Some(stays) = self.stays(keys.epoch, closer)? {
                    self.leave_only(keys.epoch, closer, &stays)?;
                }
            }
            return Ok(());
        }
        let count: i64 = self
            .db
            .prepare_cached("SELECT count(*) FROM log")?
            .query_row([], |row| row.get(0))?;
        let most = match by {
            Opener::Ticket => self.limits.logs,
            Opener::Writer => self.limits.logs / 4 * 3,
        };
        if count.unsigned_abs() >= most {
            return Err(StoreError::TooManyLogs(most).into());
        }
        self.db
            .prepare_cached(
                "INSERT INTO log (name, reader, registrar, epoch, seq, chain, bytes, closer)
                 VALUES (?1, ?2, ?3, ?4, 0, ?5, 0, ?6)",
            )?
            .execute(params![
                log.0,
                keys.reader.0,
                keys.registrar.0,
                keys.epoch.0,
                chain::EMPTY.0,
                closer.map(|key| key.0)
            ])?;
        Ok(())
    }

    /// The keys that were left in an epoch's logs of a closer; `None` when they are not closed.
    fn stays(&self, epoch: EpochId, closer: PublicKey) -> rusqlite::Result<Option<BTreeSet<[u8; 32]>>> {
        let stays: Option<Vec<u8>> = self
            .db
            .prepare_cached("SELECT stays FROM closed WHERE epoch = ?1 AND closer = ?2")?
            .query_row(params![epoch.0, closer.0], |row| row.get(0))
            .optional()?;
        Ok(stays.map(|keys| keys.as_chunks().0.iter().copied().collect()))
    }

    /// Takes all other keys out of these logs.
    fn leave_only(&self, epoch: EpochId, closer: PublicKey, stays: &BTreeSet<[u8; 32]>) -> rusqlite::Result<()> {
        let writers: Vec<(i64, [u8; 32])> = self
            .db
            .prepare_cached(
                "SELECT writer.log, writer.key FROM writer JOIN log ON log.number = writer.log
                 WHERE log.epoch = ?1 AND log.closer = ?2",
            )?
            .query_map(params![epoch.0, closer.0], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut out = self
            .db
            .prepare_cached("DELETE FROM writer WHERE log = ?1 AND key = ?2")?;
        for (log, key) in writers.iter().filter(|(_, key)| !stays.contains(key)) {
            out.execute(params![log, key])?;
        }
        Ok(())
    }

    fn close(&mut self, log: LogId, keys: &[PublicKey]) -> Result<(), Failure> {
        let found = self.find(log)?.ok_or(StoreError::NoSuchLog)?;
        let epoch = found.keys.epoch;
        // Who asks has looked for it.
        let closer = found.closer.ok_or(StoreError::Closed)?;
        let mut stays: BTreeSet<[u8; 32]> = keys.iter().map(|key| key.0).collect();
        if let Some(before) = self.stays(epoch, closer)? {
            stays.retain(|key| before.contains(key));
        }
        let all: Vec<u8> = stays.iter().flatten().copied().collect();
        self.db
            .prepare_cached("INSERT OR REPLACE INTO closed (epoch, closer, stays) VALUES (?1, ?2, ?3)")?
            .execute(params![epoch.0, closer.0, all])?;
        Ok(self.leave_only(epoch, closer, &stays)?)
    }

    fn register(&mut self, log: LogId, key: PublicKey) -> Result<(), Failure> {
        let found = self.find(log)?.ok_or(StoreError::NoSuchLog)?;
        if let Some(closer) = found.closer
            && let Some(stays) = self.stays(found.keys.epoch, closer)?
            && !stays.contains(&key.0)
        {
            return Err(StoreError::Closed.into());
        }
        let others: i64 = self
            .db
            .prepare_cached("SELECT count(*) FROM writer WHERE log = ?1 AND key <> ?2")?
            .query_row(params![found.number, key.0], |row| row.get(0))?;
        if others.unsigned_abs() >= MAX_APPEND_KEYS as u64 {
            return Err(StoreError::TooManyKeys(MAX_APPEND_KEYS).into());
        }
        self.db
            .prepare_cached("INSERT INTO writer (log, key, bytes) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING")?
            .execute(params![found.number, key.0])?;
        Ok(())
    }

    /// The next envelopes that still have bytes, as many as one job lets go of.
    fn trim(&mut self, log: LogId, up_to: Cursor, ids: &[EnvelopeId]) -> Result<bool, Failure> {
        let found = self.find(log)?.ok_or(StoreError::NoSuchLog)?;
        let seq = u32::try_from(up_to.seq).map_err(|_| StoreError::OtherChain(up_to.seq))?;
        let mut places: Vec<(i64, u64)> = Vec::new();
        if seq > 0 {
            let there: Option<[u8; 32]> = self
                .db
                .prepare_cached("SELECT chain FROM envelope WHERE place = ?1")?
                .query_row([place(found.number, seq)], |row| row.get(0))
                .optional()?;
            if there != Some(up_to.chain.0) {
                return Err(StoreError::OtherChain(up_to.seq).into());
            }
            let mut next = self.db.prepare_cached(
                "SELECT place, length(bytes) FROM envelope
                 WHERE place > ?1 AND place <= ?2 AND length(bytes) > 0 ORDER BY place LIMIT ?3",
            )?;
            let bounds = params![place(found.number, 0), place(found.number, seq), TRIMMED_AT_ONCE as i64];
            let rows = next.query_map(bounds, |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
            places = rows.collect::<rusqlite::Result<_>>()?;
        }
        let mut one = self.db.prepare_cached(
            "SELECT place, length(bytes) FROM envelope WHERE log = ?1 AND id = ?2 AND length(bytes) > 0",
        )?;
        for id in ids {
            if places.len() >= TRIMMED_AT_ONCE {
                break;
            }
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()));
            let there = one.query_row(params![found.number, id.0], row).optional()?;
            places.extend(there.filter(|(place, _)| places.iter().all(|(other, _)| other != place)));
        }
        let mut let_go = self
            .db
            .prepare_cached("UPDATE envelope SET bytes = x'' WHERE place = ?1")?;
        let mut freed = 0;
        for (place, bytes) in &places {
            let_go.execute([place])?;
            freed += bytes;
        }
        self.note_gone(found.number, places.len() as i64, -freed.cast_signed())?;
        self.batch.freed += freed;
        Ok(places.len() >= TRIMMED_AT_ONCE)
    }

    fn note_gone(&self, log: i64, more: i64, bytes: i64) -> rusqlite::Result<()> {
        self.db
            .prepare_cached("UPDATE log SET gone = gone + ?2, bytes = bytes + ?3 WHERE number = ?1")?
            .execute(params![log, more, bytes])?;
        Ok(())
    }

    /// Puts the bytes of an envelope back that were let go.
    fn put_back(&mut self, log: &Log, at: Cursor, bytes: &[u8]) -> Result<(), Failure> {
        let room = bytes.len() as u64;
        if log.bytes + room > self.limits.log_bytes {
            return Err(StoreError::LogFull(self.limits.log_bytes).into());
        }
        self.disk.take(room).map_err(StoreError::from)?;
        self.batch.room += room;
        let seq = u32::try_from(at.seq).unwrap_or(u32::MAX);
        self.db
            .prepare_cached("UPDATE envelope SET bytes = ?2 WHERE place = ?1")?
            .execute(params![place(log.number, seq), bytes])?;
        Ok(self.note_gone(log.number, -1, room.cast_signed())?)
    }

    fn append(&mut self, append: Append) -> Result<Appended, Failure> {
        let log = self.find(append.log)?.ok_or(StoreError::NoSuchLog)?;
        let used: Option<i64> = self
            .db
            .prepare_cached("SELECT bytes FROM writer WHERE log = ?1 AND key = ?2")?
            .query_row(params![log.number, append.key.0], |row| row.get(0))
            .optional()?;
        let used = used.ok_or(StoreError::NotRegistered)?.unsigned_abs();
        // What is there already costs nothing again, also when the log is full.
        let there = self
            .db
            .prepare_cached("SELECT place, chain, length(bytes) = 0 FROM envelope WHERE log = ?1 AND id = ?2")?
            .query_row(params![log.number, append.id.0], |row| {
                let at = Cursor {
                    seq: schema::seq(row.get(0)?),
                    chain: Chain(fixed(row, 1)?),
                };
                Ok((at, row.get(2)?))
            })
            .optional()?;
        if let Some((at, gone)) = there {
            if gone {
                self.put_back(&log, at, &append.bytes)?;
            }
            return Ok(Appended { at, fresh: false });
        }
        let bytes = append.bytes.len() as u64;
        if log.bytes + bytes > self.limits.log_bytes {
            return Err(StoreError::LogFull(self.limits.log_bytes).into());
        }
        if used + bytes > self.limits.key_bytes {
            return Err(StoreError::KeyFull(self.limits.key_bytes).into());
        }
        let seq = log
            .seq
            .checked_add(1)
            .ok_or(StoreError::LogFull(self.limits.log_bytes))?;
        let room = bytes + ROW_OVERHEAD;
        self.disk.take(room).map_err(StoreError::from)?;
        self.batch.room += room;
        let link = chain::next(log.chain, append.id);
        self.db
            .prepare_cached("INSERT INTO envelope (place, log, id, chain, bytes) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                place(log.number, seq),
                log.number,
                append.id.0,
                link.0,
                append.bytes
            ])?;
        self.db
            .prepare_cached("UPDATE log SET seq = ?2, chain = ?3, bytes = bytes + ?4 WHERE number = ?1")?
            .execute(params![log.number, seq, link.0, bytes.cast_signed()])?;
        self.db
            .prepare_cached("UPDATE writer SET bytes = bytes + ?3 WHERE log = ?1 AND key = ?2")?
            .execute(params![log.number, append.key.0, bytes.cast_signed()])?;
        let at = Cursor {
            seq: u64::from(seq),
            chain: link,
        };
        self.batch.rows.push((
            append.log,
            Row {
                at,
                id: append.id,
                bytes: append.bytes,
            },
        ));
        Ok(Appended { at, fresh: true })
    }

    fn find(&self, log: LogId) -> rusqlite::Result<Option<Log>> {
        self.db
            .prepare_cached(
                "SELECT number, reader, registrar, epoch, seq, chain, bytes, closer FROM log WHERE name = ?1",
            )?
            .query_row([log.0], |row| {
                let keys = LogKeys {
                    reader: PublicKey(fixed(row, 1)?),
                    registrar: PublicKey(fixed(row, 2)?),
                    epoch: fixed(row, 3)?.into(),
                };
                Ok(Log {
                    number: row.get(0)?,
                    keys,
                    closer: row.get::<_, Option<[u8; 32]>>(7)?.map(PublicKey),
                    seq: row.get(4)?,
                    chain: Chain(fixed(row, 5)?),
                    bytes: row.get::<_, i64>(6)?.unsigned_abs(),
                })
            })
            .optional()
    }
}
