//! The envelope of a change as Automerge writes it: magic bytes, checksum, type, length, data.
//!
//! Format: <https://automerge.org/automerge-binary-format-spec/#_chunk_container>. Read by hand because Automerge's own
//! reader inflates without a bound and does not compare the checksum.

use std::io::Read;

use automerge::ChangeHash;
use flate2::bufread::DeflateDecoder;
use sha2::{Digest, Sha256};

use super::bytes::Bytes;
use super::{MAX_CHUNK, MAX_INFLATED, Refusal};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const DOCUMENT: u8 = 0;
const CHANGE: u8 = 1;
const COMPRESSED: u8 = 2;
const BUNDLE: u8 = 3;

/// One change, inflated, its checksum compared.
pub(super) struct Chunk {
    /// The change's hash.
    pub hash: ChangeHash,
    /// The whole chunk as an uncompressed change chunk.
    pub bytes: Vec<u8>,
    /// Where the data starts in `bytes`.
    pub data: usize,
}

/// Opens a chunk that must be exactly one change, compressed or not.
pub(super) fn open(chunk: &[u8]) -> Result<Chunk, Refusal> {
    if chunk.len() > MAX_CHUNK {
        return Err(Refusal::TooLarge {
            size: chunk.len(),
            limit: MAX_CHUNK,
        });
    }
    let mut input = Bytes::new(chunk);
    let (checksum, kind) = start(&mut input)?;
    let name = match kind {
        CHANGE | COMPRESSED => "",
        DOCUMENT => "document",
        BUNDLE => "bundle",
        other => return Err(Refusal::UnknownChunk { kind: other }),
    };
    if !name.is_empty() {
        return Err(Refusal::NotAChange { found: name });
    }
    let rest = rest(&mut input)?;
    let data = if kind == COMPRESSED {
        inflate(rest)?
    } else {
        rest.to_vec()
    };

    let (head, hash) = hash(CHANGE, &data);
    if hash[..4] != checksum[..] {
        return Err(Refusal::Checksum);
    }
    let mut bytes = Vec::with_capacity(8 + head.len() + data.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(checksum);
    bytes.extend_from_slice(&head);
    let start = bytes.len();
    bytes.extend_from_slice(&data);
    Ok(Chunk {
        hash: ChangeHash(hash),
        bytes,
        data: start,
    })
}

/// The data of a chunk that must be exactly one saved document, its checksum compared.
pub(super) fn document(saved: &[u8]) -> Result<&[u8], Refusal> {
    let mut input = Bytes::new(saved);
    let (checksum, kind) = start(&mut input)?;
    if kind != DOCUMENT {
        return Err(Refusal::UnknownChunk { kind });
    }
    let data = rest(&mut input)?;
    if hash(DOCUMENT, data).1[..4] != checksum[..] {
        return Err(Refusal::Checksum);
    }
    Ok(data)
}

/// The checksum and the type.
fn start<'a>(input: &mut Bytes<'a>) -> Result<(&'a [u8], u8), Refusal> {
    if input.take(4).map_err(|_| Refusal::Truncated)? != MAGIC {
        return Err(Refusal::NotAChunk);
    }
    let checksum = input.take(4).map_err(|_| Refusal::Truncated)?;
    let kind = input.take(1).map_err(|_| Refusal::Truncated)?[0];
    Ok((checksum, kind))
}

/// The data, which nothing may follow.
fn rest<'a>(input: &mut Bytes<'a>) -> Result<&'a [u8], Refusal> {
    let length = input.uleb().map_err(|_| Refusal::Truncated)?;
    let rest = input.rest();
    if length > rest.len() as u64 {
        return Err(Refusal::Truncated);
    }
    if length < rest.len() as u64 {
        return Err(Refusal::Trailing {
            bytes: rest.len() - length as usize,
        });
    }
    Ok(rest)
}

/// Type and length as they are written, and the hash of these and the data, with which the checksum begins.
fn hash(kind: u8, data: &[u8]) -> (Vec<u8>, [u8; 32]) {
    let mut head = vec![kind];
    write_uleb(&mut head, data.len() as u64);
    let hash = Sha256::new().chain_update(&head).chain_update(data).finalize().into();
    (head, hash)
}

/// Inflates within bounds.
pub(super) fn inflate(deflated: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut data = Vec::new();
    let mut decoder = DeflateDecoder::new(deflated);
    decoder
        .by_ref()
        .take(MAX_INFLATED as u64 + 1)
        .read_to_end(&mut data)
        .map_err(|_| Refusal::Deflate)?;
    if data.len() > MAX_INFLATED {
        return Err(Refusal::InflatesTooLarge { limit: MAX_INFLATED });
    }
    // What the stream's end leaves over would ride along unseen by the checksum.
    let unread = decoder.into_inner().len();
    if unread > 0 {
        return Err(Refusal::Trailing { bytes: unread });
    }
    Ok(data)
}

/// Writes an unsigned LEB128 number.
pub(super) fn write_uleb(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}
