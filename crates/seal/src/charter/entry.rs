//! One signed entry of the charter.

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::Act;
use crate::bytes::{Digest, PublicKey, Signature};
use crate::cbor::{CborError, Reader, Writer};
use crate::device::Device;
use crate::sign;

/// Version of charter entries; the first byte of each.
pub const VERSION: u8 = 1;
/// The longest entry, in bytes: a rotation for some eight hundred devices fits.
pub const MAX_ENTRY: usize = 256 << 10;
/// How many heads an entry names.
pub const MAX_HEADS: usize = 16;

const LABEL: &str = "komuz charter entry v1";

/// Why bytes are not an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Another version.
    #[error("this charter entry has version {0}, only version {VERSION} is known: update Komuz")]
    Version(u8),
    /// Not an entry.
    #[error("this charter entry cannot be read: {0}")]
    Malformed(#[from] CborError),
    /// The signature is not its author's.
    #[error("the signature of this charter entry is not its author's")]
    Signature,
    /// Of another investigation.
    #[error("this charter entry is of another investigation")]
    OtherCharter,
    /// More entries wait for ones that are missing than are kept.
    #[error("too many charter entries wait for ones that are missing")]
    TooMany,
}

/// An entry: what its author says, on top of what they knew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Id of the founding entry; none in the founding entry itself.
    pub charter: Option<Digest>,
    /// The heads that it builds on; none in the founding entry.
    pub heads: Vec<Digest>,
    /// The device that signs.
    pub author: PublicKey,
    /// What it says.
    pub act: Act,
}

impl Entry {
    /// The bytes of its body, which are what is signed.
    pub fn to_body(&self) -> Vec<u8> {
        let w = Writer::bare().array(4).with(|w| match &self.charter {
            Some(charter) => w.bytes(&charter.0),
            None => w.null(),
        });
        let w = w
            .list(self.heads.iter(), |w, head| w.bytes(&head.0))
            .bytes(&self.author.0);
        self.act.write(w).finish()
    }

    /// Signs the entry: its bytes, which are what is passed on. The device must be its author.
    pub fn sign(&self, device: &Device) -> Vec<u8> {
        let body = self.to_body();
        let signature = device.signer().sign(LABEL, &body);
        Writer::versioned(VERSION)
            .array(2)
            .bytes(&body)
            .bytes(&signature.0)
            .finish()
    }

    /// Reads an entry and checks its signature: id and entry.
    pub fn open(bytes: &[u8]) -> Result<(Digest, Self), EntryError> {
        let (version, mut r) = Reader::versioned(bytes, MAX_ENTRY)?;
        if version != VERSION {
            return Err(EntryError::Version(version));
        }
        r.array(2)?;
        let body = r.bytes(MAX_ENTRY)?;
        let signature: Signature = r.fixed()?;
        r.end()?;
        let entry = Self::from_body(body)?;
        if !sign::verify(&entry.author, LABEL, body, &signature) {
            return Err(EntryError::Signature);
        }
        Ok((entry_id(bytes), entry))
    }

    /// Reads a body. Everybody may sign what they want, so this is as much a parser of outside bytes as [`Self::open`], which
    /// comes through here.
    pub fn from_body(body: &[u8]) -> Result<Self, CborError> {
        let mut r = Reader::bare(body);
        r.array(4)?;
        let entry = Self {
            charter: r.optional(|r| r.fixed())?,
            heads: r.list(MAX_HEADS, |r| r.fixed())?,
            author: r.fixed()?,
            act: Act::read(&mut r)?,
        };
        r.end()?;
        Ok(entry)
    }
}

/// Id of an entry: SHA-256 of its bytes.
pub fn entry_id(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}
