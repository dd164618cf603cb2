//! Logs in SQLite: WAL, `synchronous=FULL`, one thread that writes. Whatever has gathered in its queue while the disk
//! flushed goes into the next transaction (group commit), so many writers share one flush and none is answered before it.

mod schema;
mod writer;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use futures_util::FutureExt;
use komuz_sync::seal::bytes::{Chain, EnvelopeId, LogId, PublicKey};
use komuz_sync::seal::chain;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{Semaphore, mpsc, oneshot};

pub use self::schema::OpenError;
use self::schema::{fixed, place, places};
use self::writer::{Job, Writer};
use super::{Answer, Append, Appended, Commits, Cursor, Listed, LogInfo, LogKeys, Opener, Row, Store, StoreError};
use crate::limits::{Disk, Limits};

/// How many jobs wait for the writer; those who come then wait themselves, and with them their connections.
const QUEUE: usize = 1024;
/// How many reads go on at once.
const READERS: usize = 4;

/// Logs in one SQLite file.
pub struct Sqlite {
    /// `None` once the store is closing.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    readers: Arc<Mutex<Vec<Connection>>>,
    reading: Semaphore,
}

impl Sqlite {
    /// Opens the file or makes it, checks it, and starts the writer. `disk` is told of the bytes that are there.
    ///
    /// # Errors
    /// [`OpenError`]: made by a newer version, damaged, or not to be opened at all.
    pub fn start(path: &Path, limits: &Limits, disk: Arc<Disk>, commits: Arc<dyn Commits>) -> Result<Self, OpenError> {
        let db = schema::open(path)?;
        disk.found(schema::check(&db)?);
        let mut readers = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            readers.push(schema::open_reader(path)?);
        }
        let (jobs, queue) = mpsc::channel(QUEUE);
        let writer = Writer::new(db, queue, limits.clone(), disk, commits);
        let writer = std::thread::Builder::new()
            .name("komuz-store".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| OpenError::Thread(error.to_string()))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            writer: Mutex::new(Some(writer)),
            readers: Arc::new(Mutex::new(readers)),
            reading: Semaphore::new(READERS),
        })
    }

    /// Has the writer do a job.
    async fn write<T>(&self, job: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Job) -> Result<T, StoreError> {
        let jobs = self
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or(StoreError::Closing)?;
        let (reply, answer) = oneshot::channel();
        jobs.send(job(reply)).await.map_err(|_| StoreError::Closing)?;
        // The writer drops a reply only when it ends before it came to the job.
        answer.await.map_err(|_| StoreError::Closing)?
    }

    /// Reads on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _turn = self.reading.acquire().await.map_err(|_| StoreError::Closing)?;
        let db = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
            .ok_or(StoreError::Closing)?;
        let readers = self.readers.clone();
        let done = tokio::task::spawn_blocking(move || {
            let result = read(&db);
            readers.lock().unwrap_or_else(PoisonError::into_inner).push(db);
            result
        });
        done.await.map_err(|_| StoreError::Closing)?.map_err(failed)
    }
}

/// What SQLite says, without the statement or the path.
fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::Failed(match error {
        rusqlite::Error::SqliteFailure(code, _) => code.to_string(),
        other => other.to_string(),
    })
}

impl Store for Sqlite {
    fn open(&self, log: LogId, keys: LogKeys, closer: Option<PublicKey>, by: Opener) -> Answer<'_, ()> {
        self.write(move |reply| Job::Open {
            log,
            keys,
            closer,
            by,
            reply,
        })
        .boxed()
    }

    fn register(&self, log: LogId, key: PublicKey) -> Answer<'_, ()> {
        self.write(move |reply| Job::Register { log, key, reply }).boxed()
    }

    fn close_logs(&self, log: LogId, keys: Vec<PublicKey>) -> Answer<'_, ()> {
        self.write(move |reply| Job::Close { log, keys, reply }).boxed()
    }

    fn trim(&self, log: LogId, up_to: Cursor, ids: Vec<EnvelopeId>) -> Answer<'_, bool> {
        self.write(move |reply| Job::Trim { log, up_to, ids, reply }).boxed()
    }

    fn gone(&self, log: LogId) -> Answer<'_, u64> {
        self.read(move |db| {
            let gone: Option<i64> = db
                .prepare_cached("SELECT gone FROM log WHERE name = ?1")?
                .query_row([log.0], |row| row.get(0))
                .optional()?;
            Ok(gone.unwrap_or(0).unsigned_abs())
        })
        .boxed()
    }

    fn log(&self, log: LogId) -> Answer<'_, Option<LogInfo>> {
        self.read(move |db| read_log(db, log)).boxed()
    }

    fn append(&self, append: Append) -> Answer<'_, Appended> {
        self.write(move |reply| Job::Append { append, reply }).boxed()
    }

    fn chain_at(&self, log: LogId, seq: u64) -> Answer<'_, Option<Chain>> {
        self.read(move |db| {
            if seq == 0 {
                return Ok(number(db, log)?.map(|_| chain::EMPTY));
            }
            let Some((number, seq)) = number(db, log)?.zip(u32::try_from(seq).ok()) else {
                return Ok(None);
            };
            let mut query = db.prepare_cached("SELECT chain FROM envelope WHERE place = ?1")?;
            query
                .query_row([place(number, seq)], |row| Ok(Chain(fixed(row, 0)?)))
                .optional()
        })
        .boxed()
    }

    fn rows_after(&self, log: LogId, seq: u64, bytes: usize) -> Answer<'_, Vec<Row>> {
        self.read(move |db| {
            let mut found = Vec::new();
            let Some((number, seq)) = number(db, log)?.zip(u32::try_from(seq).ok()) else {
                return Ok(found);
            };
            let mut query = db.prepare_cached(
                "SELECT place, chain, id, bytes FROM envelope WHERE place > ?1 AND place <= ?2 ORDER BY place",
            )?;
            let mut rows = query.query(params![place(number, seq), places(number)])?;
            let mut sum = 0;
            while let Some(row) = rows.next()? {
                let row = read_row(row)?;
                sum += row.bytes.len().max(row.id.0.len());
                if sum > bytes && !found.is_empty() {
                    break;
                }
                found.push(row);
            }
            Ok(found)
        })
        .boxed()
    }

    fn ids_after(&self, log: LogId, seq: u64, count: usize) -> Answer<'_, Vec<Listed>> {
        self.read(move |db| {
            let Some((number, seq)) = number(db, log)?.zip(u32::try_from(seq).ok()) else {
                return Ok(Vec::new());
            };
            let mut query = db.prepare_cached(
                "SELECT id, length(bytes) = 0 FROM envelope WHERE place > ?1 AND place <= ?2 ORDER BY place LIMIT ?3",
            )?;
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            query
                .query_map(params![place(number, seq), places(number), count], |row| {
                    Ok(Listed {
                        id: EnvelopeId(fixed(row, 0)?),
                        gone: row.get(1)?,
                    })
                })?
                .collect()
        })
        .boxed()
    }

    fn find(&self, log: LogId, id: EnvelopeId) -> Answer<'_, Option<Row>> {
        self.read(move |db| {
            let Some(number) = number(db, log)? else {
                return Ok(None);
            };
            let mut query =
                db.prepare_cached("SELECT place, chain, id, bytes FROM envelope WHERE log = ?1 AND id = ?2")?;
            query.query_row(params![number, id.0], read_row).optional()
        })
        .boxed()
    }

    fn healthy(&self) -> Answer<'_, ()> {
        self.write(|reply| Job::Healthy { reply }).boxed()
    }

    fn close(&self) -> futures_util::future::BoxFuture<'_, ()> {
        async {
            // Readers first: the last to leave removes the write-ahead log, and those who only read cannot.
            self.reading.close();
            self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
            drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
            let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(writer) = writer {
                let _ = tokio::task::spawn_blocking(move || writer.join()).await;
            }
        }
        .boxed()
    }
}

/// The number under which a log's rows lie.
fn number(db: &Connection, log: LogId) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT number FROM log WHERE name = ?1")?
        .query_row([log.0], |row| row.get(0))
        .optional()
}

fn read_log(db: &Connection, log: LogId) -> rusqlite::Result<Option<LogInfo>> {
    // One transaction: the end and the writers as of one moment.
    let db = db.unchecked_transaction()?;
    let mut query =
        db.prepare_cached("SELECT number, reader, registrar, epoch, seq, chain, closer FROM log WHERE name = ?1")?;
    let found = query
        .query_row([log.0], |row| {
            let keys = LogKeys {
                reader: PublicKey(fixed(row, 1)?),
                registrar: PublicKey(fixed(row, 2)?),
                epoch: fixed(row, 3)?.into(),
            };
            let end = Cursor {
                seq: u64::from(row.get::<_, u32>(4)?),
                chain: Chain(fixed(row, 5)?),
            };
            let closer = row.get::<_, Option<[u8; 32]>>(6)?.map(PublicKey);
            Ok((row.get::<_, i64>(0)?, keys, closer, end))
        })
        .optional()?;
    let Some((number, keys, closer, end)) = found else {
        return Ok(None);
    };
    let writers = db
        .prepare_cached("SELECT key FROM writer WHERE log = ?1")?
        .query_map([number], |row| Ok(PublicKey(fixed(row, 0)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(LogInfo {
        keys,
        writers,
        closer,
        end,
    }))
}

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let at = Cursor {
        seq: schema::seq(row.get(0)?),
        chain: Chain(fixed(row, 1)?),
    };
    Ok(Row {
        at,
        id: EnvelopeId(fixed(row, 2)?),
        bytes: row.get(3)?,
    })
}
