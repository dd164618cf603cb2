//! What goes in and out of a replica.

use std::collections::BTreeMap;

use komuz_seal::blob::{Blob, BlobError};
use komuz_seal::bytes::{Digest, EnvelopeId, InviteId, LogId, MemberId, PublicKey, SessionId};
use komuz_seal::charter::{MemberCard, OutletCard, Role};
use komuz_seal::doc::DocId;
use thiserror::Error;

use super::doubt::Doubt;

/// The longest payload of [`Replica::write`](super::Replica::write), in bytes. Longer things are cut by the caller.
pub const MAX_PAYLOAD: usize = 448 << 10;

/// A relay, numbered within a replica's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayId(pub u32);

/// A session in one of the logs of a document: its envelopes there are numbered from 1.
pub type Track = (LogId, SessionId);

/// For each session in each log the counter of its last envelope that a document has taken.
pub type Seen = BTreeMap<Track, u64>;

/// A piece of what is written to a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// At most [`MAX_PAYLOAD`].
    pub bytes: Vec<u8>,
    /// Hash of the change that ends with it; none in the middle of one.
    pub ends: Option<Digest>,
}

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

/// What a caller has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open a connection (WebSocket, `/sync` below the address), then say [`Replica::connected`](super::Replica::connected) or
    /// [`Replica::disconnected`](super::Replica::disconnected).
    Connect {
        /// The relay.
        relay: RelayId,
        /// Its origin.
        url: String,
    },
    /// Close the connection, then say [`Replica::disconnected`](super::Replica::disconnected).
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
    /// Write rows, then say [`Replica::stored`](super::Replica::stored).
    Store {
        /// Number of the batch, counting up.
        batch: u64,
        /// The rows.
        rows: Vec<Row>,
    },
    /// Read a row of the table [`CHUNKS`](super::CHUNKS) from the disk, then say [`Replica::chunk_read`](super::Replica::chunk_read).
    ReadChunk {
        /// Its key.
        key: Vec<u8>,
    },
    /// An envelope is opened and allowed: what core admits.
    Deliver(Delivery),
    /// Something of a document that was delivered does not count any more: a removal or a lesser role has become known, or an
    /// editor's word that more counts. The caller makes the document anew from nothing and watches it again, with an empty
    /// [`Seen`]; what this person wrote on top of what went is entered again. Nothing is delivered before that.
    Rebuild {
        /// The document.
        doc: DocId,
        /// Whether something that this session wrote is among what does not count: it can write there no more, and the
        /// replica is to be loaded anew ([`Replica::load`](super::Replica::load)).
        own: bool,
    },
    /// An envelope that does not count. The changes in it, as far as their actor is of this device and session, and all that
    /// builds on them, come never: nobody waits for them. Of a session it comes after what counts; all that is kept comes with
    /// each [`Replica::watch`](super::Replica::watch).
    Void {
        /// The document.
        doc: DocId,
        /// Who signed it.
        device: PublicKey,
        /// The log and the session.
        track: Track,
        /// Its number in the session.
        counter: u64,
        /// What was written.
        payloads: Vec<Vec<u8>>,
    },
    /// What somebody wrote after they were removed, or after their role was changed, without knowing of it, is left aside. It is
    /// kept, and an editor may say that it counts ([`Replica::adopt`](super::Replica::adopt)). Said once for each session.
    Aside {
        /// In which document it was seen first.
        doc: DocId,
        /// Whose device.
        device: PublicKey,
        /// Their name.
        name: String,
    },
    /// What was given to [`Replica::write`](super::Replica::write) is sealed and on its way to the disk.
    Sealed {
        /// Of which document.
        doc: DocId,
        /// In which log.
        log: LogId,
        /// Counter of this session's last envelope for it: what [`Seen`] wants.
        counter: u64,
        /// Envelopes that it became.
        ids: Vec<EnvelopeId>,
    },
    /// A whole document that somebody has put together, for a caller that has nothing of it, or that lacks what no server in reach
    /// has kept: to be taken or not ([`Replica::took`](super::Replica::took)). To who has nothing, nothing else of the document is
    /// delivered before.
    Whole(Box<Whole>),
    /// A whole document that this device has put together, as others are given it: to be loaded freshly and compared with what the
    /// caller has ([`Replica::compared`](super::Replica::compared)). Servers are to let go of what is in it.
    Compare(Box<Whole>),
    /// So much of a document has come since its last snapshot that a new one is worth its while
    /// ([`Replica::snapshot`](super::Replica::snapshot)).
    SnapshotDue(DocId),
    /// A file that was wanted ([`Replica::want_blob`](super::Replica::want_blob)) is here, and is what its name says.
    Blob {
        /// SHA-256 of the bytes.
        sha256: Digest,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// What somebody has written down as a file is none: it will not be here.
    BlobRefused {
        /// What was wanted.
        blob: Blob,
        /// What is wrong with it.
        why: BlobError,
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
    /// Somebody has used an invitation of this device. [`Replica::requests`](super::Replica::requests) lists all that wait.
    Request(Request),
    /// Members or outlets have changed: see [`Replica::members`](super::Replica::members), [`Replica::outlets`](super::Replica::outlets).
    Charter,
    /// Connections, servers or counts have changed: see [`Replica::state`](super::Replica::state).
    State,
    /// A server does what an honest one does not, or only after an accident. Nothing more is to be done about it.
    Doubt {
        /// The relay.
        relay: RelayId,
        /// Its origin.
        url: String,
        /// What was found.
        doubt: Doubt,
    },
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
    /// The log that it lies in.
    pub log: LogId,
    /// Its place among the session's envelopes in this log, from 1.
    pub counter: u64,
    /// Its id.
    pub id: EnvelopeId,
    /// What was written.
    pub payloads: Vec<Vec<u8>>,
    /// Hashes of the last change of each actor whose changes end in it, as the writer has signed them. Who takes the changes
    /// compares.
    pub last: Vec<Digest>,
}

impl Delivery {
    /// Its log and session: what [`Seen`] counts by.
    pub fn track(&self) -> Track {
        (self.log, self.who.session)
    }
}

/// A document in the place of the envelopes that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The document.
    pub doc: DocId,
    /// Who has put it together says so in this envelope.
    pub id: EnvelopeId,
    /// The document, for core: nothing in it is vouched for by who has put it together.
    pub bytes: Vec<u8>,
    /// What is in it.
    pub seen: Seen,
    /// What sessions have signed for: hashes of changes with which an envelope of theirs ends, in the order of the document's
    /// sessions, each one's newest envelope first.
    pub signed: Vec<(Binding, Vec<Digest>)>,
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
    /// Another person has come in by the same invitation.
    #[error("another person has come in by this invitation: ask for a new one")]
    Used,
    /// The invitation has ended before anybody confirmed.
    #[error("the invitation has ended: ask for a new one")]
    Expired,
    /// Who has made the invitation has taken it back.
    #[error("this invitation was taken back: ask for a new one")]
    TakenBack,
    /// It was let in, and it, the member whose device it is, or who let it in was taken out before it knew.
    #[error("this device was taken out again, the member whose it is, or who let it in: ask an editor")]
    Removed,
}

/// Somebody who has used an invitation and waits for an editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Id of the request, for [`Replica::confirm`](super::Replica::confirm) and [`Replica::refuse`](super::Replica::refuse).
    pub id: Digest,
    /// The invitation.
    pub invite: InviteId,
    /// The name that they gave; one's own where it is a device of one's own.
    pub name: String,
    /// Their outlet.
    pub outlet: OutletCard,
    /// The role of the invitation.
    pub role: Role,
    /// The code to compare, such as `30412 99871 05523`.
    pub code: String,
    /// It is one more device of this member's, and no person.
    pub is_device: bool,
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

/// An invitation of this device that somebody may still use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// Name of the outlet that it leads into.
    pub outlet: String,
    /// What whoever uses it becomes.
    pub role: Role,
    /// It is for one more device of this member's, and lets no person in.
    pub is_device: bool,
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

/// What a person who joins says of themselves. Where the invitation is for one more device of a member, only its text counts.
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
    #[error(
        "these rows hold no device: the investigation was left on this device, or its rows are of another database"
    )]
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
