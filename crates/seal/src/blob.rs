//! Blobs: the bytes of pictures, apart from the document that names them, in pieces that are fetched when somebody looks.
//!
//! A blob's key follows from the epoch's log of blobs and the SHA-256 of its bytes, and its chunks are sealed without chance:
//! so two who put the same bytes into the same epoch make the same chunks, which every relay keeps once. The key seals these
//! bytes alone, whoever makes it, so that no nonce is used for two texts.

use thiserror::Error;
use zeroize::Zeroizing;

use crate::aead::{self, NONCE, TAG};
use crate::bytes::{Digest, EnvelopeId, EpochId};
use crate::cbor::{CborError, Reader, Writer};
use crate::chain::envelope_id;
use crate::derive::{LogKeys, derive};
use crate::doc::DocId;
use crate::epoch::EpochKey;

/// Version of blobs' names and of chunks; the first byte of each.
pub const VERSION: u8 = 1;
/// The largest blob, in bytes: what a server publishes as one file.
pub const MAX_BLOB: usize = 8 << 20;
/// How many bytes of a blob lie in one chunk; the last has what is left. Sealed, such a chunk has exactly 128 KiB.
pub const CHUNK: usize = SEALED_CHUNK - AROUND - 1;
/// Length of a full chunk, sealed.
pub const SEALED_CHUNK: usize = 128 << 10;
/// How many chunks a blob has at most.
pub const MAX_CHUNKS: usize = MAX_BLOB.div_ceil(CHUNK);
/// The longest name of a blob, in bytes.
pub const MAX_NAME: usize = 4 << 10;

const LABEL: &str = "komuz blob v1";
/// Bytes of a sealed chunk around its padded content.
const AROUND: usize = 1 + NONCE + TAG;

/// What a blob is and where it lies: what a document has instead of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// How many there are.
    pub size: u64,
    /// The epoch in whose log of blobs ([`DocId::Blobs`]) the chunks lie.
    pub epoch: EpochId,
    /// The chunks' ids there, in their order.
    pub chunks: Vec<EnvelopeId>,
}

/// Why there is no such blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BlobError {
    /// Nothing, or too much.
    #[error("a file has between 1 and {MAX_BLOB} bytes, this one has {0}")]
    Size(u64),
    /// A later version.
    #[error("this file is named in version {0}, only version {VERSION} is known: update Komuz")]
    Version(u8),
    /// No name of a blob.
    #[error("the name of the file cannot be read: {0}")]
    Malformed(#[from] CborError),
    /// Not as many chunks as its size asks for.
    #[error("a file of {size} bytes does not have {chunks} pieces")]
    Chunks {
        /// Its size.
        size: u64,
        /// How many are named.
        chunks: usize,
    },
    /// A chunk that is another's, of another blob or epoch, or was changed.
    #[error("piece {0} of the file is not what its name says")]
    Chunk(usize),
    /// The chunks together are other bytes than the blob's name says.
    #[error("the pieces of the file are not together what its name says")]
    NotThat,
}

/// How many bytes chunk `index` of a blob of `size` bytes has.
fn len_of(size: usize, index: usize) -> usize {
    size.saturating_sub(index * CHUNK).min(CHUNK)
}

/// How many chunks a blob has. Errors: [`BlobError::Size`].
fn count_of(size: u64) -> Result<usize, BlobError> {
    match usize::try_from(size) {
        Ok(len @ 1..=MAX_BLOB) => Ok(len.div_ceil(CHUNK)),
        _ => Err(BlobError::Size(size)),
    }
}

fn sha256(bytes: &[u8]) -> Digest {
    Digest(envelope_id(bytes).0)
}

fn key_of(log: &LogKeys, sha256: &Digest) -> Zeroizing<[u8; 32]> {
    derive(&*log.content, LABEL, &sha256.0)
}

/// The keys of an epoch's log of blobs.
pub fn log_of(epoch: &EpochKey) -> LogKeys {
    LogKeys::of_document(epoch, &DocId::Blobs)
}

impl Blob {
    /// Cuts bytes into chunks and seals them for a log of blobs. Errors: [`BlobError::Size`].
    pub fn seal(bytes: &[u8], log: &LogKeys) -> Result<(Self, Vec<Vec<u8>>), BlobError> {
        let size = bytes.len() as u64;
        count_of(size)?;
        let mut blob = Self {
            sha256: sha256(bytes),
            size,
            epoch: log.epoch,
            chunks: Vec::new(),
        };
        let key = key_of(log, &blob.sha256);
        let mut chunks = Vec::new();
        for (index, part) in bytes.chunks(CHUNK).enumerate() {
            let mut plain = part.to_vec();
            aead::pad(&mut plain, AROUND);
            let number = (index as u64).to_be_bytes();
            let mut nonce = |bytes: &mut [u8]| {
                bytes.fill(0);
                if let Some(end) = bytes.last_chunk_mut() {
                    *end = number;
                }
            };
            let mut sealed = vec![VERSION];
            sealed.extend(aead::seal(&key, &blob.associated(index), &plain, &mut nonce));
            blob.chunks.push(envelope_id(&sealed));
            chunks.push(sealed);
        }
        Ok((blob, chunks))
    }

    /// Opens a chunk: the bytes of the blob that lie in it. Errors: [`BlobError::Version`], [`BlobError::Chunk`].
    pub fn open(&self, index: usize, sealed: &[u8], log: &LogKeys) -> Result<Vec<u8>, BlobError> {
        let wrong = BlobError::Chunk(index);
        match sealed.first() {
            Some(&VERSION) => {}
            Some(&version) => return Err(BlobError::Version(version)),
            None => return Err(wrong),
        }
        if index >= count_of(self.size)? || sealed.len() > SEALED_CHUNK {
            return Err(wrong);
        }
        let key = key_of(log, &self.sha256);
        let mut plain = aead::open(&key, &self.associated(index), &sealed[1..]).ok_or(wrong)?;
        let len = len_of(usize::try_from(self.size).unwrap_or(usize::MAX), index);
        let padding = plain.get(len..).filter(|padding| !padding.is_empty()).ok_or(wrong)?;
        if !aead::is_padding(padding, len, AROUND) {
            return Err(wrong);
        }
        plain.truncate(len);
        Ok(plain)
    }

    /// Opens all chunks, in their order, and compares what they are together. Errors: those of [`Self::open`], [`BlobError::Chunks`],
    /// [`BlobError::NotThat`].
    pub fn join<'a>(&self, chunks: impl IntoIterator<Item = &'a [u8]>, log: &LogKeys) -> Result<Vec<u8>, BlobError> {
        let mut bytes = Vec::new();
        let mut count = 0;
        for (index, sealed) in chunks.into_iter().enumerate() {
            bytes.extend(self.open(index, sealed, log)?);
            count = index + 1;
        }
        if count != count_of(self.size)? {
            let (size, chunks) = (self.size, count);
            return Err(BlobError::Chunks { size, chunks });
        }
        match sha256(&bytes) == self.sha256 {
            true => Ok(bytes),
            false => Err(BlobError::NotThat),
        }
    }

    /// As documents have it: `01 [sha256, size, epoch, [chunk]]`.
    pub fn to_bytes(&self) -> Vec<u8> {
        Writer::versioned(VERSION)
            .array(4)
            .bytes(&self.sha256.0)
            .uint(self.size)
            .bytes(&self.epoch.0)
            .list(self.chunks.iter(), |w, id| w.bytes(&id.0))
            .finish()
    }

    /// Reads what [`Self::to_bytes`] writes, from whoever wrote it. Errors: all but [`BlobError::Chunk`] and [`BlobError::NotThat`].
    pub fn read(bytes: &[u8]) -> Result<Self, BlobError> {
        let (version, mut r) = Reader::versioned(bytes, MAX_NAME)?;
        if version != VERSION {
            return Err(BlobError::Version(version));
        }
        r.array(4)?;
        let blob = Self {
            sha256: r.fixed()?,
            size: r.uint()?,
            epoch: r.fixed()?,
            chunks: r.list(MAX_CHUNKS, |r| r.fixed())?,
        };
        r.end()?;
        if blob.chunks.len() != count_of(blob.size)? {
            return Err(BlobError::Chunks {
                size: blob.size,
                chunks: blob.chunks.len(),
            });
        }
        Ok(blob)
    }

    /// The associated data of a chunk.
    fn associated(&self, index: usize) -> Vec<u8> {
        Writer::versioned(VERSION)
            .array(3)
            .bytes(&self.sha256.0)
            .uint(self.size)
            .uint(index as u64)
            .finish()
    }
}

/// What only somebody with the log's key can make.
#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> LogKeys {
        log_of(&EpochKey::from_secret([1; 32]))
    }

    fn small() -> (Blob, Vec<u8>) {
        let (blob, mut chunks) = Blob::seal(b"a picture", &keys()).expect("sealed");
        (blob, chunks.remove(0))
    }

    fn sealed(blob: &Blob, plain: &[u8]) -> Vec<u8> {
        let key = key_of(&keys(), &blob.sha256);
        let mut sealed = vec![VERSION];
        sealed.extend(aead::seal(&key, &blob.associated(0), plain, &mut |nonce| nonce.fill(7)));
        sealed
    }

    #[test]
    fn the_right_thing_made_by_hand_opens_whatever_its_nonce() {
        let (blob, _) = small();
        let mut plain = b"a picture".to_vec();
        aead::pad(&mut plain, AROUND);
        assert_eq!(blob.open(0, &sealed(&blob, &plain), &keys()), Ok(b"a picture".to_vec()));
    }

    #[test]
    fn wrong_padding_is_refused() {
        let (blob, _) = small();
        let mut good = b"a picture".to_vec();
        aead::pad(&mut good, AROUND);
        let mut marker = good.clone();
        marker[9] = 0x81;
        let mut bit = good.clone();
        *bit.last_mut().expect("not empty") = 1;
        let longer = [good.as_slice(), &[0; 32]].concat();
        for wrong in [marker, bit, longer, good[..9].to_vec(), good[..4].to_vec(), Vec::new()] {
            assert_eq!(blob.open(0, &sealed(&blob, &wrong), &keys()), Err(BlobError::Chunk(0)));
        }
    }

    #[test]
    fn other_bytes_under_a_good_seal_are_not_the_blob() {
        let (blob, _) = small();
        let mut other = b"a forgery".to_vec();
        aead::pad(&mut other, AROUND);
        let other = sealed(&blob, &other);
        assert_eq!(blob.join([other.as_slice()], &keys()), Err(BlobError::NotThat));
    }
}
