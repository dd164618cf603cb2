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
    if input.take(4).map_err(|_| Refusal::Truncated)? != MAGIC {
        return Err(Refusal::NotAChunk);
    }
    let checksum = input.take(4).map_err(|_| Refusal::Truncated)?.to_vec();
    let kind = input.take(1).map_err(|_| Refusal::Truncated)?[0];
    let name = match kind {
        CHANGE | COMPRESSED => "",
        DOCUMENT => "document",
        BUNDLE => "bundle",
        other => return Err(Refusal::UnknownChunk { kind: other }),
    };
    if !name.is_empty() {
        return Err(Refusal::NotAChange { found: name });
    }
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
    let data = if kind == COMPRESSED {
        inflate(rest)?
    } else {
        rest.to_vec()
    };

    let mut head = vec![CHANGE];
    write_uleb(&mut head, data.len() as u64);
    let hash: [u8; 32] = Sha256::new().chain_update(&head).chain_update(&data).finalize().into();
    if hash[..4] != checksum[..] {
        return Err(Refusal::Checksum);
    }
    let mut bytes = Vec::with_capacity(8 + head.len() + data.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&checksum);
    bytes.extend_from_slice(&head);
    let start = bytes.len();
    bytes.extend_from_slice(&data);
    Ok(Chunk {
        hash: ChangeHash(hash),
        bytes,
        data: start,
    })
}

fn inflate(deflated: &[u8]) -> Result<Vec<u8>, Refusal> {
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
