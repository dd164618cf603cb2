//! The files of an investigation: pictures by the SHA-256 of their bytes, which lie elsewhere.

use automerge::transaction::Transactable;
use automerge::{AutomergeError, ObjType};
use komuz_release::canonical::sha256_hex;
use thiserror::Error;

use crate::document::{Document, WriteError};
use crate::values::Node;

/// The largest file, in bytes.
pub const MAX_FILE: usize = 2 << 20;
/// The longest name of bytes that lie elsewhere.
const MAX_NAME: usize = 4 << 10;
/// How many things are read that are said of one file.
const MAX_ENTRIES: usize = 16;

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

/// Where a file's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bytes {
    /// In the document itself, as the first files were kept.
    Here(Vec<u8>),
    /// Somewhere else, under this name: whoever brings them knows how to read it.
    Apart(Vec<u8>),
}

/// What a document says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Media type, one that is kept.
    pub media: String,
    /// Where the bytes are.
    pub bytes: Bytes,
}

/// Notes where a file's bytes are: under a name that says it to who brings them. What is noted already stays as it is. Errors:
/// [`FileError::Media`], [`FileError::Document`].
pub fn add(files: &mut Document, media: &str, sha256: &str, name: &[u8]) -> Result<(), FileError> {
    known(media)?;
    let entry = Entry {
        media: media.to_owned(),
        bytes: Bytes::Apart(name.to_vec()),
    };
    if entries(files, sha256).contains(&entry) {
        return Ok(());
    }
    let all = Node::root(files, None)
        .map("files")
        .ok_or(FileError::Document(AutomergeError::NotAnObject.into()))?;
    let (all, file) = (all.id().clone(), all.map(sha256).map(|file| file.id().clone()));
    files.transact(|tx| {
        let file = match file {
            Some(file) => file,
            None => tx.put_object(&all, sha256, ObjType::Map)?,
        };
        tx.put(&file, "media", media)?;
        tx.put(&file, "blob", name.to_vec())
    })?;
    Ok(())
}

/// All that is said of the file with a SHA-256: more than one thing where several have added it at once. Bytes that are not
/// what name and type say count as missing; so do names that are longer than any, and types that are not kept.
pub fn entries(files: &Document, sha256: &str) -> Vec<Entry> {
    let all = Node::root(files, None).map("files");
    let nodes = all.map(|all| all.all_maps(sha256)).unwrap_or_default();
    let mut found = Vec::new();
    for node in nodes {
        let Some(media) = node.text("media", 40).filter(|media| known(media).is_ok()) else {
            continue;
        };
        let here = node.all_bytes("bytes").into_iter();
        let here = here.filter(|bytes| sha256_hex(bytes) == sha256 && check(&media, bytes).is_ok());
        let apart = node.all_bytes("blob").into_iter().filter(|name| name.len() <= MAX_NAME);
        for bytes in here.map(Bytes::Here).chain(apart.map(Bytes::Apart)) {
            let media = media.clone();
            let entry = Entry { media, bytes };
            if found.len() < MAX_ENTRIES && !found.contains(&entry) {
                found.push(entry);
            }
        }
    }
    found
}

/// SHA-256 of all files of which something is said, sorted.
pub fn list(files: &Document) -> Vec<String> {
    let all = Node::root(files, None)
        .map("files")
        .map(|node| node.keys())
        .unwrap_or_default();
    all.into_iter()
        .filter(|sha256| !entries(files, sha256).is_empty())
        .collect()
}

fn known(media: &str) -> Result<&'static str, FileError> {
    let known = MEDIA.into_iter().find(|known| *known == media);
    known.ok_or_else(|| FileError::Media {
        media: media.chars().take(60).collect(),
    })
}

/// The media type of bytes that are a picture that is kept.
pub fn media(bytes: &[u8]) -> Option<&'static str> {
    MEDIA.into_iter().find(|media| check(media, bytes).is_ok())
}

/// Whether bytes are a picture that is kept. Errors: [`FileError::TooLarge`], [`FileError::Media`], [`FileError::NotThat`].
pub fn check(media: &str, bytes: &[u8]) -> Result<(), FileError> {
    if bytes.len() > MAX_FILE {
        return Err(FileError::TooLarge { size: bytes.len() });
    }
    match known(media)? {
        known if starts_as(known, bytes) => Ok(()),
        media => Err(FileError::NotThat { media }),
    }
}
