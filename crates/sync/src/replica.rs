//! [`Replica`]: one investigation on one device, in one session.
//!
//! # The loop a caller writes
//!
//! - Make a replica with [`Replica::found`], [`Replica::join`] or [`Replica::load`]; do the [`Output`]s that come with it.
//! - Tell it what happens: [`Replica::connected`], [`Replica::disconnected`], [`Replica::frame`], [`Replica::stored`], and
//!   [`Replica::tick`] about twice a second (nothing depends on its being exact).
//! - Name the documents that are wanted with [`Replica::watch`]; give it what is written with [`Replica::write`].
//!
//! Every method takes the time (milliseconds since 1970) and, where something random is needed, a source of random bytes.
//!
//! # Rows
//!
//! What must survive comes out as [`Output::Store`]: rows of named tables. The caller writes each batch in one transaction,
//! durably, in the order in which they come (and before anything that it writes itself afterwards), and says
//! [`Replica::stored`]. Frames that rely on a batch come out only after that: an envelope is on this device's disk before
//! it is sent. All rows of an investigation together are what [`Replica::load`] takes. Sessions (tabs) of one device may
//! share the rows: nothing in them belongs to one session alone. [`Replica::rows`] takes the batches of another session.
//!
//! # What is delivered
//!
//! For each document an envelope is delivered once to a replica, and a session's envelopes in the order of their counters,
//! with none left out. So what a caller has taken of a document is a number for each session ([`Seen`]); it saves that with
//! the document, in one transaction, and gives it to [`Replica::watch`] after a restart: what it had not saved is delivered
//! again, its own included. One's own envelopes are not delivered while the session runs; [`Output::Sealed`] tells their
//! counters.

use std::collections::BTreeMap;

use komuz_seal::Entropy;
use komuz_seal::bytes::{Digest, EnvelopeId, InviteId, MemberId, PublicKey, SessionId};
use komuz_seal::charter::{MemberCard, OutletCard, Role};
use komuz_seal::doc::DocId;
use thiserror::Error;

/// The longest payload of [`Replica::write`], in bytes. Longer things are cut by the caller.
pub const MAX_PAYLOAD: usize = 448 << 10;

/// A relay, numbered within a replica's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayId(pub u32);

/// For each session the counter of its last envelope that a document has taken.
pub type Seen = BTreeMap<SessionId, u64>;

/// A server of an investigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its origin, such as `https://desk.outlet.example`: no slash at the end.
    pub url: String,
    /// The operator's ticket, where this device has it. It is stored in rows and never sent to members.
    pub ticket: Option<String>,
}

/// A row that must be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Name of the table: short, `a-z`.
    pub table: &'static str,
    /// Key within the table.
    pub key: Vec<u8>,
    /// The value; none deletes the row.
    pub value: Option<Vec<u8>>,
}

/// The names of all tables, so that a caller can make them. Rows of `me`, `servers` and `invites` hold secrets (keys,
/// tickets): the caller wraps them before they go to a disk that others may read.
pub const TABLES: [&str; 6] = ["me", "servers", "envelopes", "unsent", "cursors", "invites"];

/// What a caller has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open a connection (WebSocket, `/sync` below the address), then say [`Replica::connected`] or
    /// [`Replica::disconnected`].
    Connect {
        /// The relay.
        relay: RelayId,
        /// Its origin.
        url: String,
    },
    /// Close the connection, then say [`Replica::disconnected`].
    Disconnect {
        /// The relay.
        relay: RelayId,
    },
    /// Send a frame.
    Send {
        /// To which relay.
        relay: RelayId,
        /// The frame's bytes.
        bytes: Vec<u8>,
    },
    /// Write rows, then say [`Replica::stored`].
    Store {
        /// Number of the batch, counting up.
        batch: u64,
        /// The rows.
        rows: Vec<Row>,
    },
    /// An envelope is opened and allowed: what core admits.
    Deliver(Delivery),
    /// What was given to [`Replica::write`] is sealed and on its way to the disk.
    Sealed {
        /// Of which document.
        doc: DocId,
        /// Counter of this session's last envelope for it: what [`Seen`] wants.
        counter: u64,
        /// Envelopes that it became.
        ids: Vec<EnvelopeId>,
    },
    /// Somebody is there.
    Presence {
        /// In which document.
        doc: DocId,
        /// Who.
        who: Binding,
        /// What they said of themselves.
        bytes: Vec<u8>,
    },
    /// The join is confirmed: the charter is here and this device is in it.
    Joined,
    /// The join was refused or the invitation has ended; the replica is of no use any more.
    Refused(RefusedJoin),
    /// Somebody has used an invitation of this device. [`Replica::requests`] lists all that wait.
    Request(Request),
    /// Members or outlets have changed: see [`Replica::members`], [`Replica::outlets`].
    Charter,
    /// Connections, servers or counts have changed: see [`Replica::state`].
    State,
    /// Something is wrong that a person should know: a plain English sentence.
    Trouble(String),
}

/// An opened envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The document.
    pub doc: DocId,
    /// Who wrote it.
    pub who: Binding,
    /// Its place among the session's envelopes for this document, from 1.
    pub counter: u64,
    /// Its id.
    pub id: EnvelopeId,
    /// What was written.
    pub payloads: Vec<Vec<u8>>,
    /// What the writer gave as hash of the last change.
    pub last: Option<Digest>,
}

/// Who wrote something, as the signature and the charter say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The device.
    pub device: PublicKey,
    /// Its member.
    pub member: MemberId,
    /// The member's outlet.
    pub outlet: String,
    /// The member's role as of the writing.
    pub role: Role,
    /// The session: Automerge's actor id.
    pub session: SessionId,
}

/// Why a join came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RefusedJoin {
    /// An editor has turned it down.
    #[error("an editor has turned this request down: ask them for a new invitation")]
    TurnedDown,
    /// The invitation has ended before anybody confirmed.
    #[error("the invitation has ended: ask for a new one")]
    Expired,
}

/// Somebody who has used an invitation and waits for an editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Id of the request, for [`Replica::confirm`] and [`Replica::refuse`].
    pub id: Digest,
    /// The invitation.
    pub invite: InviteId,
    /// The name that they gave.
    pub name: String,
    /// Their outlet.
    pub outlet: OutletCard,
    /// The role of the invitation.
    pub role: Role,
    /// The code to compare, such as `30412 99871 05523`.
    pub code: String,
}

/// An invitation that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Id.
    pub id: InviteId,
    /// What goes behind `#` of a desk's address.
    pub fragment: String,
    /// When it ends, in milliseconds since 1970.
    pub expires: u64,
}

/// What this device is in the investigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// The device.
    pub device: PublicKey,
    /// The member.
    pub member: MemberCard,
    /// This session.
    pub session: SessionId,
}

/// Connections and counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Each server.
    pub relays: Vec<RelayState>,
    /// Own envelopes that no relay has acknowledged.
    pub unsent: usize,
}

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayState {
    /// The relay.
    pub relay: RelayId,
    /// Its origin.
    pub url: String,
    /// Connected and past the challenge.
    pub reached: bool,
    /// All that is here is there, and all that is there is here, for every watched document.
    pub in_sync: bool,
    /// Envelopes that this relay has not got yet.
    pub missing: usize,
}

/// What a replica founds.
#[derive(Debug, Clone)]
pub struct Founding {
    /// Working title of the investigation.
    pub title: String,
    /// The founding outlet.
    pub outlet: OutletCard,
    /// The founder's name among the members.
    pub name: String,
    /// The outlet's server.
    pub server: Server,
}

/// What a person who joins says of themselves.
#[derive(Debug, Clone)]
pub struct Joining {
    /// The invitation's text.
    pub fragment: String,
    /// The outlet's card where the invitation is for a new outlet; otherwise only its id counts.
    pub outlet: OutletCard,
    /// The person's name among the members.
    pub name: String,
    /// The outlet's own server, when it brings one.
    pub server: Option<Server>,
}

/// Why a command was not done. The `code` is stable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{sentence}")]
pub struct CommandError {
    /// A stable name such as `invite-ended`, `not-an-editor`, `payload-too-large`.
    pub code: &'static str,
    /// A plain English sentence that says what was wrong and what to do.
    pub sentence: String,
}

/// Why stored rows are not a replica. Nothing is lost by it: the rows stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no device among the rows.
    #[error("these rows hold no device: the investigation was left on this device, or its rows are of another database")]
    NoDevice,
    /// A row cannot be read.
    #[error("a row of table `{table}` cannot be read: {why}")]
    Row {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

/// One investigation on one device, in one session. See the module for how it is used.
#[derive(Debug)]
pub struct Replica {
    me: Option<Me>,
    session: SessionId,
    title: String,
}

/// What comes back from making a replica.
pub type Made<E> = Result<(Replica, Vec<Output>), E>;

impl Replica {
    /// Founds an investigation, with a new device. Errors: `outlet-card`, `title`, `name` when a text is empty or too long
    /// or the outlet has too few release keys.
    pub fn found(founding: Founding, now: u64, entropy: Entropy<'_>) -> Made<CommandError> {
        let _ = (founding, now, entropy);
        Err(CommandError { code: "not-yet", sentence: String::new() })
    }

    /// Uses an invitation, with a new device. The replica waits until an editor has confirmed ([`Output::Joined`]); until
    /// then only its connection is of use. Errors: `invite-unreadable`, `invite-ended`, and those of [`Self::found`].
    pub fn join(joining: Joining, now: u64, entropy: Entropy<'_>) -> Made<CommandError> {
        let _ = (joining, now, entropy);
        Err(CommandError { code: "not-yet", sentence: String::new() })
    }

    /// Starts a new session from stored rows: (table, key, value). Rows of tables that it does not know are passed over.
    pub fn load(
        rows: impl IntoIterator<Item = (String, Vec<u8>, Vec<u8>)>,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Made<LoadError> {
        let _ = (rows, now, entropy);
        Err(LoadError::NoDevice)
    }

    /// A connection is open.
    pub fn connected(&mut self, relay: RelayId, now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        let _ = (relay, now, entropy);
        Vec::new()
    }

    /// A connection is closed, or could not be opened.
    pub fn disconnected(&mut self, relay: RelayId, now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        let _ = (relay, now, entropy);
        Vec::new()
    }

    /// A frame has come.
    pub fn frame(&mut self, relay: RelayId, bytes: &[u8], now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        let _ = (relay, bytes, now, entropy);
        Vec::new()
    }

    /// The rows of a batch (and of all before it) are on disk.
    pub fn stored(&mut self, batch: u64, now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        let _ = (batch, now, entropy);
        Vec::new()
    }

    /// Time has passed.
    pub fn tick(&mut self, now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        let _ = (now, entropy);
        Vec::new()
    }

    /// Rows that another session of this device has stored (its batches, over a broadcast channel).
    pub fn rows(
        &mut self,
        rows: impl IntoIterator<Item = (String, Vec<u8>, Option<Vec<u8>>)>,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Vec<Output> {
        let _ = (rows, now, entropy);
        Vec::new()
    }

    /// Wants a document: what is stored of it beyond `seen` is delivered, then what comes. The charter is watched always.
    pub fn watch(&mut self, doc: &DocId, seen: &Seen, now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        let _ = (doc, seen, now, entropy);
        Vec::new()
    }

    /// Seals payloads (at most [`MAX_PAYLOAD`] each) for a document that is watched, as one envelope or several. `last` is
    /// the hash of the last change among them. Errors: `not-joined`, `not-watched`, `role` when one may not write there,
    /// `payload-too-large`.
    pub fn write(
        &mut self,
        doc: &DocId,
        payloads: Vec<Vec<u8>>,
        last: Option<Digest>,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Result<Vec<Output>, CommandError> {
        let _ = (doc, payloads, last, now, entropy);
        Ok(Vec::new())
    }

    /// Tells those who watch the document now (at most 2 KB; the caller throttles). Not stored, may be lost.
    pub fn presence(&mut self, doc: &DocId, bytes: &[u8], now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        let _ = (doc, bytes, now, entropy);
        Vec::new()
    }

    /// Makes an invitation into the own outlet (its id or name) or, by any other name, into a new outlet, whose first
    /// member is an editor. Errors: `not-an-editor`, `other-outlet` (its own editors invite), `first-is-editor`,
    /// `no-server`.
    pub fn invite(
        &mut self,
        outlet: &str,
        role: Role,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Result<(Invitation, Vec<Output>), CommandError> {
        let _ = (outlet, role, now, entropy);
        Err(CommandError { code: "not-yet", sentence: String::new() })
    }

    /// Admits who made a request, after the codes were compared. Errors: `no-request`, `invite-ended`, `invite-used`,
    /// `not-an-editor`.
    pub fn confirm(&mut self, request: &Digest, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        let _ = (request, now, entropy);
        Ok(Vec::new())
    }

    /// Turns a request down. Errors: `no-request`.
    pub fn refuse(&mut self, request: &Digest, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        let _ = (request, now, entropy);
        Ok(Vec::new())
    }

    /// Adds a server to the investigation (all members learn its address), or a ticket to one that it has. Errors:
    /// `not-joined`, `not-an-editor`, `server-address`.
    pub fn add_server(&mut self, server: Server, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        let _ = (server, now, entropy);
        Ok(Vec::new())
    }

    /// This session: Automerge's actor id.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// What this device is; none while a join waits.
    pub fn me(&self) -> Option<&Me> {
        self.me.as_ref()
    }

    /// The working title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Id of the investigation: hash of the founding entry, in the charter and in every invitation.
    pub fn investigation(&self) -> Digest {
        Digest([0; 32])
    }

    /// Members in the order in which they came.
    pub fn members(&self) -> Vec<MemberCard> {
        Vec::new()
    }

    /// Outlets in the order in which they came.
    pub fn outlets(&self) -> Vec<OutletCard> {
        Vec::new()
    }

    /// The servers, by address.
    pub fn servers(&self) -> Vec<Server> {
        Vec::new()
    }

    /// Who waits for an editor of this device.
    pub fn requests(&self) -> Vec<Request> {
        Vec::new()
    }

    /// The code that a waiting join shows; none when nothing waits.
    pub fn joining_code(&self) -> Option<String> {
        None
    }

    /// Connections and counts.
    pub fn state(&self) -> State {
        State::default()
    }
}
