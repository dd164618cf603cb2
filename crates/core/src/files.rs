//! The files of an investigation: pictures by the SHA-256 of their bytes.

use automerge::transaction::Transactable;
use automerge::{AutomergeError, ObjType};
use komuz_release::canonical::sha256_hex;
use thiserror::Error;

use crate::document::{Document, WriteError};
use crate::values::Node;

/// The largest file, in bytes.
pub const MAX_FILE: usize = 2 << 20;

/// Media types of pictures.
const MEDIA: [&str; 4] = ["image/webp", "image/png", "image/jpeg", "image/avif"];

/// Whether bytes start as those of a media type do.
fn starts_as(media: &str, bytes: &[u8]) -> bool {
    match media {
        "image/webp" => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        "image/png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        "image/jpeg" => bytes.starts_with(b"\xff\xd8\xff"),
        "image/avif" => bytes.get(4..8) == Some(b"ftyp") && matches!(bytes.get(8..12), Some(b"avif" | b"avis")),
        _ => false,
    }
}

/// Why a file was not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is too large.
    #[error("the picture has {size} bytes; at most {MAX_FILE} are kept: make it smaller")]
    TooLarge {
        /// Its size.
        size: usize,
    },
    /// It is of a type that is not kept.
    #[error("{media:?} is not kept: pictures are image/webp, image/png, image/jpeg or image/avif")]
    Media {
        /// The type.
        media: String,
    },
    /// Its bytes are not what its type says.
    #[error("the file says that it is {media}, and its bytes are not")]
    NotThat {
        /// The type.
        media: &'static str,
    },
    /// The document is not one of files, or is damaged.
    #[error("the files cannot be written: {0}")]
    Document(#[from] WriteError),
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// Media type.
    pub media: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Adds a picture and gives its SHA-256 in lower-case hex. One that is there already stays.
pub fn add(files: &mut Document, media: &str, bytes: Vec<u8>) -> Result<String, FileError> {
    check(media, &bytes)?;
    let sha256 = sha256_hex(&bytes);
    if get(files, &sha256).is_some() {
        return Ok(sha256);
    }
    let all = Node::root(files, None)
        .map("files")
        .ok_or(FileError::Document(AutomergeError::NotAnObject.into()))?;
    let all = all.id().clone();
    files.transact(|tx| {
        let file = tx.put_object(&all, sha256.as_str(), ObjType::Map)?;
        tx.put(&file, "media", media)?;
        tx.put(&file, "bytes", bytes)
    })?;
    Ok(sha256)
}

/// The file with a SHA-256. One whose bytes are not what its name and type say counts as missing.
pub fn get(files: &Document, sha256: &str) -> Option<File> {
    let node = Node::root(files, None).map("files")?.map(sha256)?;
    let media = node.text("media", 40)?;
    let bytes = node
        .all_bytes("bytes")
        .into_iter()
        .find(|bytes| sha256_hex(bytes) == sha256)?;
    check(&media, &bytes).ok()?;
    Some(File {
        sha256: sha256.to_owned(),
        media,
        bytes,
    })
}

/// SHA-256 of all files, sorted.
pub fn list(files: &Document) -> Vec<String> {
    let all = Node::root(files, None)
        .map("files")
        .map(|node| node.keys())
        .unwrap_or_default();
    all.into_iter().filter(|sha256| get(files, sha256).is_some()).collect()
}

fn check(media: &str, bytes: &[u8]) -> Result<(), FileError> {
    if bytes.len() > MAX_FILE {
        return Err(FileError::TooLarge { size: bytes.len() });
    }
    match MEDIA.into_iter().find(|known| *known == media) {
        None => Err(FileError::Media {
            media: media.chars().take(60).collect(),
        }),
        Some(known) if starts_as(known, bytes) => Ok(()),
        Some(known) => Err(FileError::NotThat { media: known }),
    }
}
