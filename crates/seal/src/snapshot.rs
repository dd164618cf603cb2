//! Snapshots: a whole document in the place of the envelopes that made it, for who comes later.
//!
//! A snapshot is handed over by somebody who need not be believed. It carries, of each session in each log, the newest envelope
//! that is in it, as it was sealed: so who wrote it, where in the log it stands and which changes it ends with are signed by the
//! session itself. What the document's bytes hold is vouched for by these envelopes ([`Statement::last`](crate::envelope::Statement))
//! or not taken.
//!
//! Its bytes are a [blob](crate::blob): no names, no keys, nothing that a relay could read.

use thiserror::Error;

use crate::blob::{self, Blob, BlobError};
use crate::bytes::{Chain, EnvelopeId, LogId};
use crate::cbor::{CborError, Reader, Writer};
use crate::doc::DocId;
use crate::envelope::MAX_SEALED;

/// Version of snapshots; the first byte of each.
pub const VERSION: u8 = 1;
/// How many sessions in logs a snapshot covers at most.
pub const MAX_TRACKS: usize = 1 << 16;
/// How many envelopes it carries of one session in one log: the newest, and older ones where an actor that the session has
/// written as before ends with them.
pub const MAX_ENVELOPES: usize = 64;
/// How many ids of copies of a session's newest envelope it names.
pub const MAX_COPIES: usize = 256;
/// How many places at relays it names.
pub const MAX_PLACES: usize = 1 << 12;
/// The longest announcement, in bytes.
const MAX_ANNOUNCEMENT: usize = 8 << 10;
/// The longest address of a relay, in bytes.
const MAX_URL: usize = 2048;

/// A session in a log, up to an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// The log.
    pub log: LogId,
    /// Envelopes of the session as they were sealed, the newest first: everything of the session up to it is in the document.
    pub envelopes: Vec<Vec<u8>>,
    /// Ids of what says the same as the newest, sealed anew: the session's next envelope may name one of them.
    pub copies: Vec<EnvelopeId>,
}

/// How much of a log at a relay is in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The relay's address.
    pub url: String,
    /// The log.
    pub log: LogId,
    /// Everything up to this number is.
    pub seq: u64,
    /// The chain at that number.
    pub chain: Chain,
}

/// A document as a whole. See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Which document.
    pub doc: DocId,
    /// What is in it of each session in each log.
    pub tracks: Vec<Track>,
    /// How much of each log is in it, at the relays that its maker reached.
    pub places: Vec<Place>,
    /// The document, for core.
    pub bytes: Vec<u8>,
}

/// Where a snapshot of a document lies: what its maker tells the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Which document.
    pub doc: DocId,
    /// The snapshot's bytes.
    pub blob: Blob,
}

/// Why bytes are no snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A later version.
    #[error("this snapshot has version {0}, only version {VERSION} is known: update Komuz")]
    Version(u8),
    /// Not in the form of one.
    #[error("the snapshot cannot be read: {0}")]
    Malformed(#[from] CborError),
    /// An announcement that names no blob.
    #[error("the announcement of a snapshot does not say where it lies: {0}")]
    Blob(#[from] BlobError),
    /// A session without its newest envelope.
    #[error("session number {0} of the snapshot has no envelope")]
    NoEnvelope(usize),
}

impl Place {
    /// `[origin, log, number, chain]`.
    pub fn write(&self, w: Writer) -> Writer {
        let w = w.array(4).text(&self.url).bytes(&self.log.0);
        w.uint(self.seq).bytes(&self.chain.0)
    }

    /// Reads what [`Self::write`] writes. Errors: another form, an address of more than 2,048 bytes.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
        r.array(4)?;
        Ok(Self {
            url: r.text(MAX_URL)?.to_owned(),
            log: r.fixed()?,
            seq: r.uint()?,
            chain: r.fixed()?,
        })
    }
}

impl Snapshot {
    /// The bytes of the snapshot, to be put away as a blob.
    pub fn to_bytes(&self) -> Vec<u8> {
        let w = self.doc.write(Writer::versioned(VERSION).array(4));
        w.list(self.tracks.iter(), |w, track| {
            w.array(3)
                .bytes(&track.log.0)
                .list(track.envelopes.iter(), |w, sealed| w.bytes(sealed))
                .list(track.copies.iter(), |w, id| w.bytes(&id.0))
        })
        .list(self.places.iter(), |w, place| place.write(w))
        .bytes(&self.bytes)
        .finish()
    }

    /// Reads what [`Self::to_bytes`] writes. What it says is not judged here.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (version, mut r) = Reader::versioned(bytes, bytes.len())?;
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        r.array(4)?;
        let snapshot = Self {
            doc: DocId::read(&mut r)?,
            tracks: r.list(MAX_TRACKS, |r| {
                r.array(3)?;
                Ok::<_, CborError>(Track {
                    log: r.fixed()?,
                    envelopes: r.list(MAX_ENVELOPES, |r| r.bytes(MAX_SEALED).map(<[u8]>::to_vec))?,
                    copies: r.list(MAX_COPIES, |r| r.fixed())?,
                })
            })?,
            places: r.list(MAX_PLACES, Place::read)?,
            bytes: r.bytes(bytes.len())?.to_vec(),
        };
        r.end()?;
        match snapshot.tracks.iter().position(|track| track.envelopes.is_empty()) {
            Some(empty) => Err(SnapshotError::NoEnvelope(empty)),
            None => Ok(snapshot),
        }
    }
}

impl Announcement {
    /// `01 [document, blob]`, the blob as its own bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let w = self.doc.write(Writer::versioned(VERSION).array(2));
        w.bytes(&self.blob.to_bytes()).finish()
    }

    /// Reads what [`Self::to_bytes`] writes, from whoever wrote it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (version, mut r) = Reader::versioned(bytes, MAX_ANNOUNCEMENT)?;
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        r.array(2)?;
        let doc = DocId::read(&mut r)?;
        let blob = Blob::read(r.bytes(blob::MAX_NAME)?)?;
        r.end()?;
        Ok(Self { doc, blob })
    }
}
