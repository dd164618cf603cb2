//! What a client and a relay say to each other: one frame a WebSocket message (binary), or a record where frames go by plain
//! HTTP (`docs/protocol.md`).
//!
//! A frame is the version byte [`VERSION`] followed by one CBOR array whose first item is the frame's number. Reading is
//! strict (see [`komuz_seal::cbor`]): a frame has exactly one encoding, and nothing may follow it.
//!
//! # A connection
//!
//! The client says [`ClientFrame::Hello`] with a nonce, the relay answers [`RelayFrame::Challenge`] with its origin and a
//! nonce of its own. For each log the client then proves the keys it has with [`ClientFrame::Auth`]; proofs add up and hold
//! as long as the connection. Frames are handled in the order in which they come, so a client need not wait for anything
//! between Auth, Register, Append and Subscribe; what is not allowed is answered with [`RelayFrame::Error`].
//!
//! Both sides name the features that they have beyond this version; whoever wants one of the other side's uses it only when
//! it was named. A frame of an unknown kind ends nothing: a relay answers it with [`ErrorCode::Unknown`], a client passes it
//! over.
//!
//! # Rights
//!
//! | frame | needs |
//! |---|---|
//! | Open, OpenClosable | the operator's ticket |
//! | OpenBeside | an Auth of an append key that is registered on the other log |
//! | Register | the registrar's signature in the frame |
//! | Close, Trim | the closer's signature in the frame |
//! | Append | an Auth of an append key that is registered on the log |
//! | Subscribe, Fetch | an Auth of the log's reader key |
//! | Presence | either |
//!
//! Open, Register, Close and Trim may be repeated: the same again is no error.
//!
//! # Order
//!
//! A relay numbers the envelopes of a log from 1. The chain link of number n is [`komuz_seal::chain::next`] of the link
//! before it and the envelope's id. A connection that is subscribed gets, once the envelope is on disk, an Entry for every
//! envelope that others append, in order; for its own it gets the Ack (and may get the Entry too). An envelope whose id the
//! log already has is not stored again: it is acknowledged with the number that it has. Where a Trim has let its bytes go, they
//! are put back under that number.

use komuz_seal::bytes::{Chain, EnvelopeId, EpochId, LogId, Nonce, PublicKey, Signature};
use komuz_seal::cbor::{CborError, Reader, Writer};
use komuz_seal::sign::{self, SignKey};
use thiserror::Error;

/// Version of the frames; the first byte of each.
pub const VERSION: u8 = 1;

/// The longest frame, in bytes.
pub const MAX_FRAME: usize = 1 << 20;
/// The longest sealed envelope that a log takes, in bytes.
pub const MAX_ENTRY: usize = 512 << 10;
/// The longest presence message, in bytes.
pub const MAX_PRESENCE: usize = 4 << 10;
/// How many bytes a log holds where the operator sets nothing else.
pub const DEFAULT_LOG_BYTES: u64 = 256 << 20;
/// How many logs one connection may name.
pub const MAX_LOGS_PER_CONNECTION: usize = 1024;
/// How many append keys a log registers.
pub const MAX_APPEND_KEYS: usize = 1024;
/// How many ids one [`RelayFrame::Ids`] or [`ClientFrame::Fetch`] holds.
pub const MAX_IDS: usize = 8192;
/// The longest ticket, origin or sentence, in bytes.
pub const MAX_TEXT: usize = 1024;

/// How many features a side names, and how long such a name is, in bytes.
pub const MAX_FEATURES: usize = 32;
/// See [`MAX_FEATURES`].
pub const MAX_FEATURE: usize = 64;

/// The relay's feature of closing an epoch's logs: [`ClientFrame::OpenClosable`], [`ClientFrame::Close`], and a
/// [`ClientFrame::Subscribe`] that leaves.
pub const CLOSING: &str = "closing";

/// The feature of letting go of the bytes of old envelopes. A relay that names it takes [`ClientFrame::Trim`]; to a client that names
/// it, it says which bytes are not there with [`RelayFrame::Gone`] and [`RelayFrame::Trimmed`], to another with
/// [`RelayFrame::Ids`].
pub const TRIMMING: &str = "trimming";

/// The relay's feature of opening a log for who appends to another one there: [`ClientFrame::OpenBeside`].
pub const BESIDE: &str = "beside";

const CHALLENGE: &str = "komuz relay challenge v1";
const REGISTER: &str = "komuz append key v1";
const CLOSE: &str = "komuz log closing v1";
const TRIM: &str = "komuz log trimming v1";

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// The first frame of a connection.
    Hello {
        /// Makes the challenge fresh for the client.
        nonce: Nonce,
        /// Names of what the client has beyond this version, such as [`TRIMMING`].
        features: Vec<String>,
    },
    /// Proves that the client has a key of the log: its reader key, its registrar key or a registered append key.
    /// The signature is checked with [`verify_challenge`].
    Auth {
        /// The log.
        log: LogId,
        /// The key.
        key: PublicKey,
        /// The key's signature over the challenge.
        signature: Signature,
    },
    /// Opens a log.
    Open {
        /// The log.
        log: LogId,
        /// The operator's ticket.
        ticket: String,
        /// Who has this key may read.
        reader: PublicKey,
        /// Who has this key may register append keys.
        registrar: PublicKey,
        /// The epoch that the log belongs to; part of every challenge.
        epoch: EpochId,
    },
    /// Lets an append key append. The signature is checked with [`verify_registration`].
    Register {
        /// The log.
        log: LogId,
        /// The append key.
        key: PublicKey,
        /// The registrar's signature.
        signature: Signature,
    },
    /// Appends an envelope. Answered with [`RelayFrame::Ack`] once it is on disk, or with an error about its id.
    Append {
        /// The log.
        log: LogId,
        /// The sealed envelope.
        bytes: Vec<u8>,
    },
    /// Asks for what comes after a cursor, and then for what others append. Answered with [`RelayFrame::Rewound`] when
    /// the relay's chain at that number is another (nothing is subscribed then); otherwise with everything after the
    /// cursor, as entries or as ids, and [`RelayFrame::CaughtUp`].
    Subscribe {
        /// The log.
        log: LogId,
        /// The last number that the client has, 0 for none.
        after: u64,
        /// The chain there, [`komuz_seal::chain::EMPTY`] for none.
        chain: Chain,
        /// Ids are enough for what is there already (the client has much of it from elsewhere and fetches the rest).
        ids_only: bool,
        /// Nothing of this log is wanted after [`RelayFrame::CaughtUp`]: the connection names it no more. Where the relay has
        /// [`CLOSING`].
        leaves: bool,
    },
    /// Asks for envelopes by id, each answered with its [`RelayFrame::Entry`]; ids that the log has not are passed over.
    Fetch {
        /// The log.
        log: LogId,
        /// At most [`MAX_IDS`].
        ids: Vec<EnvelopeId>,
    },
    /// Something for those who are subscribed now; never stored.
    Presence {
        /// The log.
        log: LogId,
        /// Sealed bytes, at most [`MAX_PRESENCE`].
        bytes: Vec<u8>,
    },
    /// Opens a log and says who may close it; the first who says so is heard. Where the relay has [`CLOSING`].
    OpenClosable {
        /// The log.
        log: LogId,
        /// The operator's ticket.
        ticket: String,
        /// Who has this key may read.
        reader: PublicKey,
        /// Who has this key may register append keys.
        registrar: PublicKey,
        /// The epoch that the log belongs to; part of every challenge.
        epoch: EpochId,
        /// Who has this key may close the logs of the epoch that name it.
        closer: PublicKey,
    },
    /// Opens a log for somebody who has no ticket and appends to another one there. Where the relay has [`BESIDE`].
    OpenBeside {
        /// The log.
        log: LogId,
        /// The other one.
        beside: LogId,
        /// Who has this key may read.
        reader: PublicKey,
        /// Who has this key may register append keys.
        registrar: PublicKey,
        /// The epoch that the log belongs to; part of every challenge.
        epoch: EpochId,
        /// Who has this key may close the logs of the epoch that name it.
        closer: PublicKey,
    },
    /// From now on these keys alone append to the logs of the epoch that name the same closer, or are registered there. A further
    /// one leaves those that both name. The signature is checked with [`verify_closing`]. Where the relay has [`CLOSING`].
    Close {
        /// One of the logs.
        log: LogId,
        /// The append keys that stay, ascending; at most [`MAX_APPEND_KEYS`].
        keys: Vec<PublicKey>,
        /// The closer's signature.
        signature: Signature,
    },
    /// The bytes of old envelopes are not needed at this relay any more: of all up to a number, where the chain there is this one, and
    /// of those with these ids. Numbers, ids and chain stay. What is not allowed is answered with an error that names no log. The
    /// signature is checked with [`verify_trimming`]. Where the relay has [`TRIMMING`].
    Trim {
        /// The log.
        log: LogId,
        /// The number; 0 for none.
        seq: u64,
        /// The chain there, [`komuz_seal::chain::EMPTY`] for none.
        chain: Chain,
        /// At most [`MAX_IDS`].
        ids: Vec<EnvelopeId>,
        /// The signature of who may close the log.
        signature: Signature,
    },
}

/// What a relay says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayFrame {
    /// The answer to Hello.
    Challenge {
        /// The relay's own origin, such as `https://desk.outlet.example`; a client that dialled another one leaves.
        origin: String,
        /// Makes the challenge fresh for the relay.
        nonce: Nonce,
        /// Names of what the relay has beyond this version, such as [`CLOSING`].
        features: Vec<String>,
    },
    /// An envelope of a log.
    Entry {
        /// The log.
        log: LogId,
        /// Its number.
        seq: u64,
        /// The chain at that number.
        chain: Chain,
        /// The sealed envelope.
        bytes: Vec<u8>,
    },
    /// An appended envelope is on disk.
    Ack {
        /// The log.
        log: LogId,
        /// Its id.
        id: EnvelopeId,
        /// Its number.
        seq: u64,
        /// The chain at that number.
        chain: Chain,
    },
    /// Ids instead of entries, in order.
    Ids {
        /// The log.
        log: LogId,
        /// Number of the first.
        first: u64,
        /// At most [`MAX_IDS`].
        ids: Vec<EnvelopeId>,
    },
    /// All that was there when the Subscribe came has been sent.
    CaughtUp {
        /// The log.
        log: LogId,
        /// Its last number.
        seq: u64,
        /// The chain there.
        chain: Chain,
    },
    /// The cursor of a Subscribe does not lie on this relay's chain: its store was set back or replaced. The client
    /// subscribes again from 0, with ids, and refills what is missing.
    Rewound {
        /// The log.
        log: LogId,
        /// Its last number.
        seq: u64,
        /// The chain there.
        chain: Chain,
    },
    /// Another client's presence.
    Presence {
        /// The log.
        log: LogId,
        /// Sealed bytes.
        bytes: Vec<u8>,
    },
    /// Ids of envelopes whose bytes were let go, in the place of entries or ids, in order. See [`TRIMMING`].
    Gone {
        /// The log.
        log: LogId,
        /// Number of the first.
        first: u64,
        /// At most [`MAX_IDS`].
        ids: Vec<EnvelopeId>,
    },
    /// How many envelopes of a log have no bytes here, when there are some: before [`RelayFrame::CaughtUp`]. See [`TRIMMING`].
    Trimmed {
        /// The log.
        log: LogId,
        /// How many.
        count: u64,
    },
    /// Something was not done.
    Error {
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people: a plain English sentence.
        sentence: String,
        /// Which log, when it is about one.
        log: Option<LogId>,
        /// Which envelope, when it is about one.
        id: Option<EnvelopeId>,
    },
}

/// Why a relay did not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The frame cannot be read, or came out of turn. The relay closes the connection.
    BadFrame,
    /// The frame's version is not spoken here. The relay closes the connection.
    Version,
    /// There is no such log (yet): try again later, or open it with a ticket.
    NoSuchLog,
    /// The key or signature does not allow it.
    NotAllowed,
    /// The ticket is not one of this operator's.
    BadTicket,
    /// The log is open with other keys.
    LogTaken,
    /// The envelope or presence is longer than allowed.
    TooLarge,
    /// The log holds as many bytes or keys as it may.
    LogFull,
    /// The connection names more logs than it may.
    TooManyLogs,
    /// Too much at once: wait and try again.
    Busy,
    /// The relay could not store it; nothing was acknowledged.
    NotStored,
    /// There is no frame of that kind here. The connection goes on.
    Unknown,
    /// Nothing was proved in the time that a connection has for it. The relay closes the connection.
    NoProof,
    /// The envelope's bytes were let go here: another relay may have them.
    NotKept,
    /// A code that this version does not know.
    Other(u64),
}

impl ErrorCode {
    fn number(self) -> u64 {
        match self {
            Self::BadFrame => 1,
            Self::Version => 2,
            Self::NoSuchLog => 3,
            Self::NotAllowed => 4,
            Self::BadTicket => 5,
            Self::LogTaken => 6,
            Self::TooLarge => 7,
            Self::LogFull => 8,
            Self::TooManyLogs => 9,
            Self::Busy => 10,
            Self::NotStored => 11,
            Self::Unknown => 12,
            Self::NoProof => 13,
            Self::NotKept => 14,
            Self::Other(number) => number,
        }
    }

    fn from_number(number: u64) -> Self {
        match number {
            1 => Self::BadFrame,
            2 => Self::Version,
            3 => Self::NoSuchLog,
            4 => Self::NotAllowed,
            5 => Self::BadTicket,
            6 => Self::LogTaken,
            7 => Self::TooLarge,
            8 => Self::LogFull,
            9 => Self::TooManyLogs,
            10 => Self::Busy,
            11 => Self::NotStored,
            12 => Self::Unknown,
            13 => Self::NoProof,
            14 => Self::NotKept,
            other => Self::Other(other),
        }
    }
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The first byte names another version.
    #[error("this frame has version {0}, only version {VERSION} is spoken here: update the older side")]
    Version(u8),
    /// The bytes are no frame.
    #[error("this is not a frame: {0}")]
    Malformed(#[from] CborError),
    /// A frame of a kind that this version does not have.
    #[error("there is no frame number {0}")]
    Unknown(u64),
}

/// What a challenge signs: origin, log, epoch and both nonces.
fn challenge(origin: &str, log: &LogId, epoch: &EpochId, client: &Nonce, relay: &Nonce) -> Vec<u8> {
    Writer::bare()
        .array(5)
        .text(origin)
        .bytes(&log.0)
        .bytes(&epoch.0)
        .bytes(&client.0)
        .bytes(&relay.0)
        .finish()
}

/// Signs a relay's challenge with a key of the log. `origin` is the one that the client dialled.
pub fn sign_challenge(
    key: &SignKey,
    origin: &str,
    log: &LogId,
    epoch: &EpochId,
    client: &Nonce,
    relay: &Nonce,
) -> Signature {
    key.sign(CHALLENGE, &challenge(origin, log, epoch, client, relay))
}

/// Whether the signature of an [`ClientFrame::Auth`] is good. `origin` is the relay's own, `epoch` the one that the log
/// was opened with.
pub fn verify_challenge(
    key: &PublicKey,
    signature: &Signature,
    origin: &str,
    log: &LogId,
    epoch: &EpochId,
    client: &Nonce,
    relay: &Nonce,
) -> bool {
    sign::verify(key, CHALLENGE, &challenge(origin, log, epoch, client, relay), signature)
}

fn registration(log: &LogId, key: &PublicKey) -> Vec<u8> {
    Writer::bare().array(2).bytes(&log.0).bytes(&key.0).finish()
}

/// The registrar's signature that lets `key` append to `log`.
pub fn sign_registration(registrar: &SignKey, log: &LogId, key: &PublicKey) -> Signature {
    registrar.sign(REGISTER, &registration(log, key))
}

/// Whether the signature of a [`ClientFrame::Register`] is the registrar's.
pub fn verify_registration(registrar: &PublicKey, signature: &Signature, log: &LogId, key: &PublicKey) -> bool {
    sign::verify(registrar, REGISTER, &registration(log, key), signature)
}

fn closing(epoch: &EpochId, keys: &[PublicKey]) -> Vec<u8> {
    Writer::bare()
        .array(2)
        .bytes(&epoch.0)
        .list(keys.iter(), |w, key| w.bytes(&key.0))
        .finish()
}

/// The closer's signature that leaves these append keys, in ascending order, in an epoch's logs.
pub fn sign_closing(closer: &SignKey, epoch: &EpochId, keys: &[PublicKey]) -> Signature {
    closer.sign(CLOSE, &closing(epoch, keys))
}

fn trimming(origin: &str, log: &LogId, seq: u64, chain: &Chain, ids: &[EnvelopeId]) -> Vec<u8> {
    Writer::bare()
        .array(5)
        .text(origin)
        .bytes(&log.0)
        .uint(seq)
        .bytes(&chain.0)
        .list(ids.iter(), |w, id| w.bytes(&id.0))
        .finish()
}

/// The signature of who may close a log on a [`ClientFrame::Trim`]. `origin` is that of the relay that is asked: no other one can
/// be asked with it.
pub fn sign_trimming(
    closer: &SignKey,
    origin: &str,
    log: &LogId,
    seq: u64,
    chain: &Chain,
    ids: &[EnvelopeId],
) -> Signature {
    closer.sign(TRIM, &trimming(origin, log, seq, chain, ids))
}

/// Whether the signature of a [`ClientFrame::Trim`] is good. `origin` is the relay's own.
pub fn verify_trimming(
    closer: &PublicKey,
    signature: &Signature,
    origin: &str,
    log: &LogId,
    seq: u64,
    chain: &Chain,
    ids: &[EnvelopeId],
) -> bool {
    sign::verify(closer, TRIM, &trimming(origin, log, seq, chain, ids), signature)
}

/// Whether the signature of a [`ClientFrame::Close`] is the closer's.
pub fn verify_closing(closer: &PublicKey, signature: &Signature, epoch: &EpochId, keys: &[PublicKey]) -> bool {
    sign::verify(closer, CLOSE, &closing(epoch, keys), signature)
}

fn open(bytes: &[u8]) -> Result<(u64, usize, Reader<'_>), FrameError> {
    let (version, mut reader) = Reader::versioned(bytes, MAX_FRAME)?;
    if version != VERSION {
        return Err(FrameError::Version(version));
    }
    let (len, kind) = reader.array_of_kind()?;
    Ok((kind, len, reader))
}

fn expect(len: usize, found: usize) -> Result<(), FrameError> {
    if len == found {
        Ok(())
    } else {
        Err(CborError::NotAllowed(1).into())
    }
}

fn write_features(w: Writer, features: &[String]) -> Writer {
    w.list(features.iter(), |w, feature| w.text(feature))
}

fn read_features(r: &mut Reader<'_>) -> Result<Vec<String>, CborError> {
    r.list(MAX_FEATURES, |r| r.text(MAX_FEATURE).map(str::to_owned))
}

fn frame(kind: u64, fields: usize) -> Writer {
    Writer::versioned(VERSION).array(fields + 1).uint(kind)
}

impl ClientFrame {
    /// The frame's bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello { nonce, features } => write_features(frame(1, 2).bytes(&nonce.0), features),
            Self::Auth { log, key, signature } => frame(2, 3).bytes(&log.0).bytes(&key.0).bytes(&signature.0),
            Self::Open {
                log,
                ticket,
                reader,
                registrar,
                epoch,
            } => frame(3, 5)
                .bytes(&log.0)
                .text(ticket)
                .bytes(&reader.0)
                .bytes(&registrar.0)
                .bytes(&epoch.0),
            Self::Register { log, key, signature } => frame(4, 3).bytes(&log.0).bytes(&key.0).bytes(&signature.0),
            Self::Append { log, bytes } => frame(5, 2).bytes(&log.0).bytes(bytes),
            Self::Subscribe {
                log,
                after,
                chain,
                ids_only,
                leaves,
            } => frame(6, 4)
                .bytes(&log.0)
                .uint(*after)
                .bytes(&chain.0)
                .uint(u64::from(*ids_only) | u64::from(*leaves) << 1),
            Self::Fetch { log, ids } => frame(7, 2).bytes(&log.0).list(ids.iter(), |w, id| w.bytes(&id.0)),
            Self::Presence { log, bytes } => frame(8, 2).bytes(&log.0).bytes(bytes),
            Self::OpenClosable {
                log,
                ticket,
                reader,
                registrar,
                epoch,
                closer,
            } => frame(10, 6)
                .bytes(&log.0)
                .text(ticket)
                .bytes(&reader.0)
                .bytes(&registrar.0)
                .bytes(&epoch.0)
                .bytes(&closer.0),
            Self::Close { log, keys, signature } => frame(11, 3)
                .bytes(&log.0)
                .list(keys.iter(), |w, key| w.bytes(&key.0))
                .bytes(&signature.0),
            Self::Trim {
                log,
                seq,
                chain,
                ids,
                signature,
            } => frame(12, 5)
                .bytes(&log.0)
                .uint(*seq)
                .bytes(&chain.0)
                .list(ids.iter(), |w, id| w.bytes(&id.0))
                .bytes(&signature.0),
            Self::OpenBeside {
                log,
                beside,
                reader,
                registrar,
                epoch,
                closer,
            } => [&log.0, &beside.0, &reader.0, &registrar.0, &epoch.0, &closer.0]
                .into_iter()
                .fold(frame(13, 6), |w, field| w.bytes(field)),
        }
        .finish()
    }

    /// Reads a frame. Errors say what is wrong and at which byte; nothing of the input is kept.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let (kind, len, mut r) = open(bytes)?;
        let frame = match kind {
            1 => {
                expect(len, 3)?;
                Self::Hello {
                    nonce: r.fixed()?,
                    features: read_features(&mut r)?,
                }
            }
            2 => {
                expect(len, 4)?;
                Self::Auth {
                    log: r.fixed()?,
                    key: r.fixed()?,
                    signature: r.fixed()?,
                }
            }
            3 => {
                expect(len, 6)?;
                Self::Open {
                    log: r.fixed()?,
                    ticket: r.text(MAX_TEXT)?.to_owned(),
                    reader: r.fixed()?,
                    registrar: r.fixed()?,
                    epoch: r.fixed()?,
                }
            }
            4 => {
                expect(len, 4)?;
                Self::Register {
                    log: r.fixed()?,
                    key: r.fixed()?,
                    signature: r.fixed()?,
                }
            }
            5 => {
                expect(len, 3)?;
                Self::Append {
                    log: r.fixed()?,
                    bytes: r.bytes(MAX_ENTRY)?.to_vec(),
                }
            }
            6 => {
                expect(len, 5)?;
                let (log, after, chain) = (r.fixed()?, r.uint()?, r.fixed()?);
                let start = r.position();
                let how = r.uint()?;
                if how > 3 {
                    return Err(CborError::NotAllowed(start).into());
                }
                Self::Subscribe {
                    log,
                    after,
                    chain,
                    ids_only: how & 1 != 0,
                    leaves: how & 2 != 0,
                }
            }
            7 => {
                expect(len, 3)?;
                Self::Fetch {
                    log: r.fixed()?,
                    ids: r.list(MAX_IDS, |r| r.fixed())?,
                }
            }
            8 => {
                expect(len, 3)?;
                Self::Presence {
                    log: r.fixed()?,
                    bytes: r.bytes(MAX_PRESENCE)?.to_vec(),
                }
            }
            10 => {
                expect(len, 7)?;
                Self::OpenClosable {
                    log: r.fixed()?,
                    ticket: r.text(MAX_TEXT)?.to_owned(),
                    reader: r.fixed()?,
                    registrar: r.fixed()?,
                    epoch: r.fixed()?,
                    closer: r.fixed()?,
                }
            }
            11 => {
                expect(len, 4)?;
                let log = r.fixed()?;
                let start = r.position();
                let keys: Vec<PublicKey> = r.list(MAX_APPEND_KEYS, |r| r.fixed())?;
                // One spelling, and no key twice.
                if !keys.is_sorted_by(|one, next| one < next) {
                    return Err(CborError::NotAllowed(start).into());
                }
                Self::Close {
                    log,
                    keys,
                    signature: r.fixed()?,
                }
            }
            12 => {
                expect(len, 6)?;
                Self::Trim {
                    log: r.fixed()?,
                    seq: r.uint()?,
                    chain: r.fixed()?,
                    ids: r.list(MAX_IDS, |r| r.fixed())?,
                    signature: r.fixed()?,
                }
            }
            13 => {
                expect(len, 7)?;
                Self::OpenBeside {
                    log: r.fixed()?,
                    beside: r.fixed()?,
                    reader: r.fixed()?,
                    registrar: r.fixed()?,
                    epoch: r.fixed()?,
                    closer: r.fixed()?,
                }
            }
            other => return Err(FrameError::Unknown(other)),
        };
        r.end()?;
        Ok(frame)
    }
}

impl RelayFrame {
    /// The frame's bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Challenge {
                origin,
                nonce,
                features,
            } => write_features(frame(1, 3).text(origin).bytes(&nonce.0), features),
            Self::Entry { log, seq, chain, bytes } => frame(2, 4).bytes(&log.0).uint(*seq).bytes(&chain.0).bytes(bytes),
            Self::Ack { log, id, seq, chain } => frame(3, 4).bytes(&log.0).bytes(&id.0).uint(*seq).bytes(&chain.0),
            Self::Ids { log, first, ids } => frame(4, 3)
                .bytes(&log.0)
                .uint(*first)
                .list(ids.iter(), |w, id| w.bytes(&id.0)),
            Self::CaughtUp { log, seq, chain } => frame(5, 3).bytes(&log.0).uint(*seq).bytes(&chain.0),
            Self::Rewound { log, seq, chain } => frame(6, 3).bytes(&log.0).uint(*seq).bytes(&chain.0),
            Self::Presence { log, bytes } => frame(7, 2).bytes(&log.0).bytes(bytes),
            Self::Gone { log, first, ids } => frame(9, 3)
                .bytes(&log.0)
                .uint(*first)
                .list(ids.iter(), |w, id| w.bytes(&id.0)),
            Self::Trimmed { log, count } => frame(10, 2).bytes(&log.0).uint(*count),
            Self::Error {
                code,
                sentence,
                log,
                id,
            } => frame(8, 4)
                .uint(code.number())
                .text(sentence)
                .with(|w| match log {
                    Some(log) => w.bytes(&log.0),
                    None => w.null(),
                })
                .with(|w| match id {
                    Some(id) => w.bytes(&id.0),
                    None => w.null(),
                }),
        }
        .finish()
    }

    /// Reads a frame. Errors say what is wrong and at which byte; nothing of the input is kept.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let (kind, len, mut r) = open(bytes)?;
        let frame = match kind {
            1 => {
                expect(len, 4)?;
                Self::Challenge {
                    origin: r.text(MAX_TEXT)?.to_owned(),
                    nonce: r.fixed()?,
                    features: read_features(&mut r)?,
                }
            }
            2 => {
                expect(len, 5)?;
                Self::Entry {
                    log: r.fixed()?,
                    seq: r.uint()?,
                    chain: r.fixed()?,
                    bytes: r.bytes(MAX_ENTRY)?.to_vec(),
                }
            }
            3 => {
                expect(len, 5)?;
                Self::Ack {
                    log: r.fixed()?,
                    id: r.fixed()?,
                    seq: r.uint()?,
                    chain: r.fixed()?,
                }
            }
            4 => {
                expect(len, 4)?;
                Self::Ids {
                    log: r.fixed()?,
                    first: r.uint()?,
                    ids: r.list(MAX_IDS, |r| r.fixed())?,
                }
            }
            5 => {
                expect(len, 4)?;
                Self::CaughtUp {
                    log: r.fixed()?,
                    seq: r.uint()?,
                    chain: r.fixed()?,
                }
            }
            6 => {
                expect(len, 4)?;
                Self::Rewound {
                    log: r.fixed()?,
                    seq: r.uint()?,
                    chain: r.fixed()?,
                }
            }
            7 => {
                expect(len, 3)?;
                Self::Presence {
                    log: r.fixed()?,
                    bytes: r.bytes(MAX_PRESENCE)?.to_vec(),
                }
            }
            8 => {
                expect(len, 5)?;
                Self::Error {
                    code: ErrorCode::from_number(r.uint()?),
                    sentence: r.text(MAX_TEXT)?.to_owned(),
                    log: r.optional(|r| r.fixed())?,
                    id: r.optional(|r| r.fixed())?,
                }
            }
            9 => {
                expect(len, 4)?;
                Self::Gone {
                    log: r.fixed()?,
                    first: r.uint()?,
                    ids: r.list(MAX_IDS, |r| r.fixed())?,
                }
            }
            10 => {
                expect(len, 3)?;
                Self::Trimmed {
                    log: r.fixed()?,
                    count: r.uint()?,
                }
            }
            other => return Err(FrameError::Unknown(other)),
        };
        r.end()?;
        Ok(frame)
    }
}
