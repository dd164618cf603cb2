//! Blobs: what is put in comes out, and nothing else is taken for it.

use komuz_seal::blob::{Blob, BlobError, CHUNK, MAX_BLOB, MAX_CHUNKS, SEALED_CHUNK, log_of};
use komuz_seal::bytes::{Digest, EnvelopeId, EpochId};
use komuz_seal::cbor::Writer;
use komuz_seal::chain::envelope_id;
use komuz_seal::derive::LogKeys;
use komuz_seal::epoch::EpochKey;

fn keys(n: u8) -> LogKeys {
    log_of(&EpochKey::from_secret([n; 32]))
}

/// Bytes of which no two chunks are alike.
fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8 ^ (at / CHUNK) as u8).collect()
}

fn sealed(bytes: &[u8]) -> (Blob, Vec<Vec<u8>>) {
    Blob::seal(bytes, &keys(1)).expect("sealed")
}

fn join(blob: &Blob, chunks: &[Vec<u8>]) -> Result<Vec<u8>, BlobError> {
    blob.join(chunks.iter().map(Vec::as_slice), &keys(1))
}

#[test]
fn what_is_put_in_comes_out_whatever_its_size() {
    for len in [1, 500, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, MAX_BLOB] {
        let bytes = bytes(len);
        let (blob, chunks) = sealed(&bytes);
        assert_eq!(chunks.len(), len.div_ceil(CHUNK));
        assert!(
            chunks
                .iter()
                .zip(&blob.chunks)
                .all(|(chunk, id)| envelope_id(chunk) == *id)
        );
        assert!(chunks.iter().rev().skip(1).all(|chunk| chunk.len() == SEALED_CHUNK));
        assert_eq!(join(&blob, &chunks), Ok(bytes));
        assert_eq!(Blob::read(&blob.to_bytes()), Ok(blob));
    }
}

#[test]
fn lengths_tell_no_more_than_those_of_envelopes() {
    let lens: Vec<usize> = [1, 100, 400].map(|len| sealed(&bytes(len)).1[0].len()).to_vec();
    assert_eq!(lens, [512; 3]);
}

#[test]
fn nothing_and_too_much_are_no_blobs() {
    assert_eq!(Blob::seal(&[], &keys(1)), Err(BlobError::Size(0)));
    let size = MAX_BLOB + 1;
    assert_eq!(Blob::seal(&vec![0; size], &keys(1)), Err(BlobError::Size(size as u64)));
}

#[test]
fn two_who_put_in_the_same_make_the_same_and_in_another_epoch_another() {
    let bytes = bytes(2 * CHUNK);
    assert_eq!(sealed(&bytes), sealed(&bytes));
    let (here, there) = (sealed(&bytes).0, Blob::seal(&bytes, &keys(2)).expect("sealed").0);
    assert_eq!(here.sha256, there.sha256);
    assert!(here.chunks.iter().all(|id| !there.chunks.contains(id)));
}

#[test]
fn a_chunk_is_of_one_place_in_one_blob_in_one_epoch() {
    let (blob, chunks) = sealed(&bytes(2 * CHUNK));
    let swapped = [chunks[1].clone(), chunks[0].clone()];
    assert_eq!(join(&blob, &swapped), Err(BlobError::Chunk(0)));
    let (_, others) = sealed(&[7; 600]);
    assert_eq!(blob.open(0, &others[0], &keys(1)), Err(BlobError::Chunk(0)));
    assert_eq!(blob.open(0, &chunks[0], &keys(2)), Err(BlobError::Chunk(0)));
    assert_eq!(blob.open(2, &chunks[0], &keys(1)), Err(BlobError::Chunk(2)));
    let larger = Blob {
        size: blob.size - 1,
        ..blob.clone()
    };
    assert_eq!(larger.open(0, &chunks[0], &keys(1)), Err(BlobError::Chunk(0)));
    assert_eq!(
        join(&blob, &chunks[..1]),
        Err(BlobError::Chunks {
            size: blob.size,
            chunks: 1
        })
    );
}

#[test]
fn a_changed_or_cut_chunk_does_not_open() {
    let (blob, chunks) = sealed(b"a picture");
    let good = &chunks[0];
    for place in 0..good.len() {
        let mut changed = good.clone();
        changed[place] ^= 1;
        assert!(blob.open(0, &changed, &keys(1)).is_err(), "byte {place}");
    }
    for len in [0, 1, 24, 41, good.len() - 1] {
        assert!(blob.open(0, &good[..len], &keys(1)).is_err(), "{len} bytes");
    }
    assert!(blob.open(0, &[good.as_slice(), &[0]].concat(), &keys(1)).is_err());
}

/// A name as somebody may write it who follows no rule.
fn name(size: u64, chunks: usize) -> Vec<u8> {
    let ids = vec![EnvelopeId([3; 32]); chunks];
    Writer::versioned(1)
        .array(4)
        .bytes(&[1; 32])
        .uint(size)
        .bytes(&[2; 32])
        .list(ids.iter(), |w, id| w.bytes(&id.0))
        .finish()
}

#[test]
fn names_that_are_none_are_refused() {
    let good = Blob {
        sha256: Digest([1; 32]),
        size: CHUNK as u64 + 1,
        epoch: EpochId([2; 32]),
        chunks: vec![EnvelopeId([3; 32]); 2],
    };
    assert_eq!(Blob::read(&name(CHUNK as u64 + 1, 2)), Ok(good.clone()));
    let chunks = |size, chunks| Err(BlobError::Chunks { size, chunks });
    assert_eq!(Blob::read(&name(CHUNK as u64, 2)), chunks(CHUNK as u64, 2));
    assert_eq!(Blob::read(&name(CHUNK as u64 + 1, 1)), chunks(CHUNK as u64 + 1, 1));
    assert_eq!(Blob::read(&name(5, 0)), chunks(5, 0));
    assert_eq!(Blob::read(&name(0, 0)), Err(BlobError::Size(0)));
    assert_eq!(Blob::read(&name(u64::MAX, MAX_CHUNKS)), Err(BlobError::Size(u64::MAX)));
    for many in [MAX_CHUNKS + 1, 1_000_000] {
        let read = Blob::read(&name(MAX_BLOB as u64, many));
        assert!(matches!(read, Err(BlobError::Malformed(_))), "{many} chunks");
    }
    let bytes = good.to_bytes();
    let mut version = bytes.clone();
    version[0] = 2;
    assert_eq!(Blob::read(&version), Err(BlobError::Version(2)));
    for len in 0..bytes.len() {
        assert!(Blob::read(&bytes[..len]).is_err(), "the first {len} bytes");
    }
    assert!(Blob::read(&[bytes.as_slice(), &[0]].concat()).is_err());
}
