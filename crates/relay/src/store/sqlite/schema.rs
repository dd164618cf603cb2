//! The file: its tables, its version, and the check when it is opened.

use std::path::Path;

use komuz_sync::seal::bytes::{Chain, EnvelopeId};
use komuz_sync::seal::chain;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

/// Version of the tables, kept as `user_version`.
const VERSION: i64 = 3;
/// `application_id`: "Komu" in ASCII, so that another program's file is not taken for ours.
const APPLICATION: i64 = 0x4b6f_6d75;
/// What a row costs besides its sealed bytes, about: id, chain, index.
pub const ROW_OVERHEAD: u64 = 160;

// `place` is the log's number and the row's number in one (see the function of that name): a log's rows lie side by side
// without an index.
const TABLES: &str = "
    CREATE TABLE log (
        number INTEGER PRIMARY KEY,
        name BLOB NOT NULL UNIQUE,
        reader BLOB NOT NULL,
        registrar BLOB NOT NULL,
        epoch BLOB NOT NULL,
        seq INTEGER NOT NULL,
        chain BLOB NOT NULL,
        bytes INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE writer (
        log INTEGER NOT NULL REFERENCES log(number),
        key BLOB NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (log, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE envelope (
        place INTEGER PRIMARY KEY,
        log INTEGER NOT NULL,
        id BLOB NOT NULL,
        chain BLOB NOT NULL,
        bytes BLOB NOT NULL,
        UNIQUE (log, id)
    ) STRICT;
";

// What the second version has more: who may close a log, and the append keys that stay in an epoch's closed logs, one after
// another; and what is written to see whether the disk takes something.
const SECOND: &str = "
    ALTER TABLE log ADD COLUMN closer BLOB;
    CREATE INDEX log_closer ON log (epoch, closer) WHERE closer IS NOT NULL;
    CREATE TABLE closed (
        epoch BLOB NOT NULL,
        closer BLOB NOT NULL,
        stays BLOB NOT NULL,
        PRIMARY KEY (epoch, closer)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE probe (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
";

// What the third version has more: how many of a log's envelopes have no bytes any more (`bytes` is empty then).
const THIRD: &str = "ALTER TABLE log ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;";

/// Why the store cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Made by a newer version.
    #[error("the database has version {found}, this komuz knows versions up to {VERSION}: run the newer komuz")]
    Newer {
        /// Its version.
        found: i64,
    },
    /// A database, but not ours.
    #[error("the database was made by another program: choose another --data folder")]
    Foreign,
    /// Damaged.
    #[error("the database is damaged ({0}): put a copy back, clients bring what is missing in it")]
    Damaged(String),
    /// The disk does not do what is needed for durability.
    #[error("the file system refuses {0}, without which nothing can be promised: use a local disk for --data")]
    Unsafe(&'static str),
    /// SQLite says no.
    #[error("the database cannot be opened: {0}")]
    Sqlite(String),
    /// No thread for it.
    #[error("the store's thread cannot be started: {0}")]
    Thread(String),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        let said = match &error {
            // Without the path that SQLite's own text may hold.
            rusqlite::Error::SqliteFailure(code, _) => code.to_string(),
            other => other.to_string(),
        };
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => Self::Damaged(said),
            _ => Self::Sqlite(said),
        }
    }
}

/// Opens the file for writing; makes it when it is not there.
pub fn open(path: &Path) -> Result<Connection, OpenError> {
    let mut db = Connection::open(path)?;
    let version = pragma(&db, "user_version")?;
    let application = pragma(&db, "application_id")?;
    if application == APPLICATION && version > VERSION {
        return Err(OpenError::Newer { found: version });
    }
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION && tables > 0 {
        return Err(OpenError::Foreign);
    }
    let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::Unsafe("a write-ahead log"));
    }
    db.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
    if pragma(&db, "synchronous")? != 2 {
        return Err(OpenError::Unsafe("synchronous writing"));
    }
    if tables == 0 || version < VERSION {
        let making = db.transaction()?;
        if tables == 0 {
            making.execute_batch(TABLES)?;
        }
        if version < 2 {
            making.execute_batch(SECOND)?;
        }
        making.execute_batch(THIRD)?;
        making.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
        ))?;
        making.commit()?;
    }
    Ok(db)
}

/// Opens a file that exists for reading.
pub fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(path, flags)?)
}

/// Writes something that changes nothing, and more of it than most appends: where a disk has room for a page and for no
/// envelope, it is full.
pub fn touch(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("INSERT OR REPLACE INTO probe (number, bytes) VALUES (1, zeroblob(65536));")
}

fn pragma(db: &Connection, name: &str) -> rusqlite::Result<i64> {
    db.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
}

/// Checks the file's structure and every log's last link, and adds up what the logs hold.
pub fn check(db: &Connection) -> Result<u64, OpenError> {
    let said: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said != "ok" {
        return Err(OpenError::Damaged(said));
    }
    let mut sum = 0;
    let mut logs = db.prepare("SELECT number, seq, chain, bytes FROM log ORDER BY number")?;
    let mut logs = logs.query([])?;
    while let Some(row) = logs.next()? {
        let number: i64 = row.get(0)?;
        let seq: u32 = row.get(1)?;
        let end = Chain(fixed(row, 2)?);
        if last_link(db, number)? != Some((seq, end)) {
            return Err(OpenError::Damaged(format!(
                "the end of log {number} does not fit its last envelope"
            )));
        }
        sum += u64::from(seq) * ROW_OVERHEAD + row.get::<_, i64>(3)?.unsigned_abs();
    }
    Ok(sum)
}

/// Where a log's rows end by themselves; `None` when the last row's chain is not the link that follows the one before.
fn last_link(db: &Connection, number: i64) -> rusqlite::Result<Option<(u32, Chain)>> {
    let mut rows = db.prepare_cached(
        "SELECT place, id, chain FROM envelope WHERE place > ?1 AND place <= ?2 ORDER BY place DESC LIMIT 1",
    )?;
    let last = rows
        .query_row([place(number, 0), places(number)], |row| {
            Ok((seq(row.get(0)?), EnvelopeId(fixed(row, 1)?), Chain(fixed(row, 2)?)))
        })
        .optional()?;
    let Some((seq, id, link)) = last else {
        return Ok(Some((0, chain::EMPTY)));
    };
    let Ok(seq) = u32::try_from(seq) else { return Ok(None) };
    let before = if seq == 1 {
        Some(chain::EMPTY)
    } else {
        db.prepare_cached("SELECT chain FROM envelope WHERE place = ?1")?
            .query_row([place(number, seq - 1)], |row| Ok(Chain(fixed(row, 0)?)))
            .optional()?
    };
    Ok(before
        .filter(|before| chain::next(*before, id) == link)
        .map(|_| (seq, link)))
}

/// Where a row lies: the log's number in the upper half, the row's in the lower 32 bits.
pub fn place(log: i64, seq: u32) -> i64 {
    log << 32 | i64::from(seq)
}

/// The last place that a log can have.
pub fn places(log: i64) -> i64 {
    place(log, u32::MAX)
}

/// The row's number in a place.
pub fn seq(place: i64) -> u64 {
    (place & i64::from(u32::MAX)).unsigned_abs()
}

/// A blob of known length from a column.
pub fn fixed(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<[u8; 32]> {
    row.get(column)
}
