//! Where logs lie: one trait, so that a newsroom that outgrows one machine can put another store behind the same relay.
//!
//! What every store promises: an append that was answered with [`Appended`] survives the loss of power; numbers of a log
//! have no gaps and the chain (see [`komuz_sync::seal::chain`]) is unbroken; an envelope is stored once in a log, however
//! often it comes; [`Commits::committed`] is told of rows only after they are on disk, log by log in order, and before the
//! append is answered.

pub mod sqlite;

use futures_util::future::BoxFuture;
use komuz_sync::seal::bytes::{Chain, EnvelopeId, EpochId, LogId, PublicKey};

/// A place in a log: the number of its last envelope that is meant, and the chain there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Number, 0 before the first.
    pub seq: u64,
    /// Chain at that number.
    pub chain: Chain,
}

/// What a log is opened with and keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogKeys {
    /// Who has this key may read.
    pub reader: PublicKey,
    /// Who has this key may register append keys.
    pub registrar: PublicKey,
    /// The epoch that the log belongs to.
    pub epoch: EpochId,
}

/// A log as it is known at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogInfo {
    /// What it was opened with.
    pub keys: LogKeys,
    /// Registered append keys.
    pub writers: Vec<PublicKey>,
    /// Who may close it, once somebody has said so.
    pub closer: Option<PublicKey>,
    /// Its end.
    pub end: Cursor,
}

/// An envelope in its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number and the chain there.
    pub at: Cursor,
    /// Its id.
    pub id: EnvelopeId,
    /// Its sealed bytes; none where they were let go.
    pub bytes: Vec<u8>,
}

/// An envelope as it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: EnvelopeId,
    /// Whether its bytes were let go.
    pub gone: bool,
}

/// An envelope to be appended.
#[derive(Debug, Clone)]
pub struct Append {
    /// The log.
    pub log: LogId,
    /// The registered key on whose account it goes.
    pub key: PublicKey,
    /// SHA-256 of the bytes.
    pub id: EnvelopeId,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

/// On whose account a log is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// Of the operator, by a ticket.
    Ticket,
    /// Of somebody who appends to another log. They leave a quarter of all logs to tickets.
    Writer,
}

/// An append that is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Where it lies.
    pub at: Cursor,
    /// Whether it was stored now; `false` when the log had it already.
    pub fresh: bool,
}

/// Why something was not stored or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No log of this name.
    #[error("there is no such log here")]
    NoSuchLog,
    /// The log is open with other keys.
    #[error("the log is open with other keys")]
    LogTaken,
    /// The server holds as many logs as it may.
    #[error("the server holds {0} logs and takes no more; its operator can raise the limit")]
    TooManyLogs(u64),
    /// The log holds as many append keys as it may.
    #[error("the log has {0} append keys and takes no more")]
    TooManyKeys(usize),
    /// The key is not registered.
    #[error("this key is not registered on the log")]
    NotRegistered,
    /// The log is closed to this key.
    #[error("the log is of an earlier time and closed to this key")]
    Closed,
    /// The log is full.
    #[error("the log holds {0} bytes and takes no more; the server's operator can raise --max-log-bytes")]
    LogFull(u64),
    /// The log's chain at that number is another.
    #[error("the log's chain at number {0} is another")]
    OtherChain(u64),
    /// The key has used up what it may append.
    #[error("this key has appended {0} bytes to the log, as much as one key may")]
    KeyFull(u64),
    /// The disk that the operator allows is full.
    #[error(transparent)]
    DiskFull(#[from] crate::limits::DiskFull),
    /// The store could not do it; nothing of it is stored.
    #[error("the store failed: {0}")]
    Failed(String),
    /// The store is closing.
    #[error("the server is stopping")]
    Closing,
}

/// A store's answer.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Where logs lie.
pub trait Store: Send + Sync + 'static {
    /// Opens a log. Opening it again with the same keys is no error. The first who says who may close it is heard.
    fn open(&self, log: LogId, keys: LogKeys, closer: Option<PublicKey>, by: Opener) -> Answer<'_, ()>;

    /// Registers an append key. Registering it again is no error.
    fn register(&self, log: LogId, key: PublicKey) -> Answer<'_, ()>;

    /// Leaves only these append keys in all logs of this one's epoch that have its closer, for ever. Of several such lists those keys stay
    /// that are in all.
    fn close_logs(&self, log: LogId, keys: Vec<PublicKey>) -> Answer<'_, ()>;

    /// Lets go of the bytes of envelopes up to a place on the log's chain, and of those with these ids: not all at once, but some,
    /// so that appends come in between. Whether more of them are left. Numbers, ids and chain stay, and an append of one of
    /// them puts its bytes back.
    fn trim(&self, log: LogId, up_to: Cursor, ids: Vec<EnvelopeId>) -> Answer<'_, bool>;

    /// How many envelopes of a log have no bytes.
    fn gone(&self, log: LogId) -> Answer<'_, u64>;

    /// What is known of a log; `None` when there is none.
    fn log(&self, log: LogId) -> Answer<'_, Option<LogInfo>>;

    /// Appends an envelope. Appends are stored in the order in which their futures are first polled.
    fn append(&self, append: Append) -> Answer<'_, Appended>;

    /// The chain at a number; `None` when the log does not reach that far.
    fn chain_at(&self, log: LogId, seq: u64) -> Answer<'_, Option<Chain>>;

    /// Rows after a number in order: at least one if there is one, then as many as `bytes` holds, those without bytes counted by
    /// their ids.
    fn rows_after(&self, log: LogId, seq: u64, bytes: usize) -> Answer<'_, Vec<Row>>;

    /// Ids after a number in order, at most `count`.
    fn ids_after(&self, log: LogId, seq: u64, count: usize) -> Answer<'_, Vec<Listed>>;

    /// The row of an envelope; `None` when the log has it not.
    fn find(&self, log: LogId, id: EnvelopeId) -> Answer<'_, Option<Row>>;

    /// Whether the store can be read from and written to.
    fn healthy(&self) -> Answer<'_, ()>;

    /// Takes nothing more, finishes what was taken, closes.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Who is told of what has been stored.
pub trait Commits: Send + Sync + 'static {
    /// These rows of a log are on disk. Called by the store's own thread: must be quick and must not block.
    fn committed(&self, log: LogId, rows: Vec<Row>);
}
