//! What goes into the engine and what comes out: everything that it cannot do itself.

use komuz_messages::{FromEngine, ToEngine};

/// A row of the store: a table, a key, bytes. The engine alone knows what they mean.
///
/// | table | key | value |
/// |---|---|---|
/// | `meta` | `investigation/<id>`, `joining/<id>` | what is listed before anything is opened |
/// | `secret` | as the table of sync names them | keys; whoever executes the engine wraps them at rest |
/// | `log` | `<investigation>/...` | what sync stores: envelopes, cursors, charter |
/// | `save` | `<investigation>/<document>` | a saved document and the envelopes that it holds |
/// | `kept` | `<investigation>/was/<session>/<document>` | a document with words that are in no log: they wait for a key, or to be entered again |
/// | `kept` | `<investigation>/aside/<session>/<document>` | words that do not count and that their writer may not enter again |
/// | `journal` | `<investigation>/<session>` | envelopes that are being applied at this moment |
/// | `strike` | `<investigation>/<envelope>` | how often an engine of which version died while applying this envelope |
/// | `strike` | `<investigation>/load-...` | an engine is loading the investigation, or died while it did |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which table.
    pub table: String,
    /// Unique in its table.
    pub key: String,
    /// The bytes; none in a write means that the row goes, none in a read that it could not be read.
    pub value: Option<Vec<u8>>,
}

/// What happens to the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The first input: the store is open.
    Start,
    /// The page says something.
    Message(ToEngine),
    /// The rows of an [`Output::Load`].
    Loaded {
        /// The load's number.
        load: u32,
        /// Its rows, in the order of their keys.
        rows: Vec<Row>,
    },
    /// An [`Output::Store`] is on disk and survives a power cut.
    Stored {
        /// The batch's number.
        batch: u32,
    },
    /// An [`Output::Store`] failed whole; the engine tries again.
    StoreFailed {
        /// The batch's number.
        batch: u32,
        /// The failure's name, such as `QuotaExceededError`.
        why: String,
    },
    /// The lock of an [`Output::Lock`] is ours, until this engine ends.
    Locked {
        /// The lock's name.
        name: String,
    },
    /// A lock of an [`Output::Watch`] is free: the engine that held it has ended.
    Gone {
        /// The lock's name.
        name: String,
    },
    /// A connection is open.
    Connected {
        /// The relay's number.
        relay: u32,
    },
    /// A frame came.
    Frame {
        /// The relay's number.
        relay: u32,
        /// One frame.
        bytes: Vec<u8>,
    },
    /// A connection is gone or could not be made; the engine asks again when it wants one.
    Disconnected {
        /// The relay's number.
        relay: u32,
    },
    /// Another tab of this device says something.
    FromTab(Vec<u8>),
    /// The result of an [`Output::Job`].
    JobDone {
        /// The job's number.
        job: u32,
        /// JSON of its result ([`crate::job`]), or a sentence that says what failed.
        result: Result<String, String>,
    },
    /// All rows are gone.
    Erased {
        /// Why some are not, for each such reason.
        remains: Vec<String>,
    },
    /// The time of an [`Output::Wake`] has come.
    Tick,
}

/// What the engine wants done. Outputs are done in their order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Say this to the page.
    Message(FromEngine),
    /// Read all rows of a table whose keys start so; answered by [`Input::Loaded`].
    Load {
        /// Number of this load.
        load: u32,
        /// The table.
        table: String,
        /// How the keys start.
        prefix: String,
        /// The keys are enough: values come empty. Only of rows of `log` that hold no server's address.
        names: bool,
    },
    /// Write all of these or none, durably; answered by [`Input::Stored`] or [`Input::StoreFailed`].
    Store {
        /// Number of this batch.
        batch: u32,
        /// The rows.
        rows: Vec<Row>,
    },
    /// Take a lock among all engines of this device if it is free, and hold it as long as this engine lives; answered by
    /// [`Input::Locked`], or not at all.
    Lock {
        /// Its name.
        name: String,
    },
    /// Wait until another engine of this device lets go of a lock; answered by [`Input::Gone`].
    Watch {
        /// Its name.
        name: String,
    },
    /// Connect to a relay; answered by [`Input::Connected`] or [`Input::Disconnected`].
    Connect {
        /// Number that names this relay from now on.
        relay: u32,
        /// Its WebSocket address.
        url: String,
    },
    /// Close a connection.
    Close {
        /// The relay's number.
        relay: u32,
    },
    /// Send a frame.
    Send {
        /// The relay's number.
        relay: u32,
        /// One frame.
        bytes: Vec<u8>,
    },
    /// Say this to the other tabs of this device.
    ToTabs(Vec<u8>),
    /// Read or write an outside format, with [`crate::job::run`] or the file of its own that holds the parsers.
    Job {
        /// Number of this job.
        job: u32,
        /// What to do.
        task: crate::job::Task,
    },
    /// Delete every row of this device; answered by [`Input::Erased`].
    Erase,
    /// Send [`Input::Tick`] at this time, in milliseconds of the same clock as `now`; a later wish takes an earlier one's place.
    Wake {
        /// When.
        at: u64,
    },
}
