//! The files of a release and their places below `/r/` (docs/design.md section 10).

use std::fmt;
use std::str::FromStr;

use crate::canonical::is_sha256_hex;
use crate::jws::General;
use crate::masthead::Masthead;
use crate::release::{Release, ReleaseError};
use crate::time::Seconds;
use crate::verify::{Expected, Refusal, Verified};

/// A place below `/r/`. `Display` writes the path (no slash in front), `FromStr` reads it and takes nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// `<fingerprint>/masthead.json`
    Masthead {
        /// Hash of the first masthead.
        fingerprint: String,
    },
    /// `<fingerprint>/<story>/<lang>/latest.json`
    Latest(Edition),
    /// `<fingerprint>/<story>/<lang>/freshness.json`: the extension of the latest by a server's freshness key.
    Freshness(Edition),
    /// `<fingerprint>/<story>/<lang>/<hash>/release.json`
    Release(Edition, String),
    /// `<fingerprint>/<story>/<lang>/<hash>/signatures.json`
    Signatures(Edition, String),
    /// `<fingerprint>/<story>/<lang>/<hash>/index.html`
    Index(Edition, String),
    /// `<fingerprint>/files/<sha256>`
    File {
        /// Hash of the first masthead.
        fingerprint: String,
        /// SHA-256 of the file.
        sha256: String,
    },
}

/// An edition's place: everything of it is below `<fingerprint>/<story>/<lang>/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edition {
    /// Hash of the first masthead.
    pub fingerprint: String,
    /// Id of the story.
    pub story: String,
    /// Language.
    pub lang: String,
}

/// A text is no place below `/r/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such place below /r/")]
pub struct PlaceError;

/// Whether a text may be the id of a story or an outlet: 1 to 64 of `a-z`, `0-9`, `-`, not `files`, which has its own place.
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && text != "files"
}

/// Whether a text may be a language's tag in a path: 2 to 35 ASCII letters, digits and inner hyphens (BCP 47's alphabet).
pub fn is_lang(text: &str) -> bool {
    (2..=35).contains(&text.len())
        && text.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

impl Place {
    /// Media type to serve and store it with.
    pub fn media(&self) -> &'static str {
        match self {
            Self::Index(..) => "text/html; charset=utf-8",
            Self::File { .. } => "application/octet-stream",
            _ => "application/json",
        }
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.fingerprint, self.story, self.lang)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Masthead { fingerprint } => write!(f, "{fingerprint}/masthead.json"),
            Self::Latest(edition) => write!(f, "{edition}/latest.json"),
            Self::Freshness(edition) => write!(f, "{edition}/freshness.json"),
            Self::Release(edition, hash) => write!(f, "{edition}/{hash}/release.json"),
            Self::Signatures(edition, hash) => write!(f, "{edition}/{hash}/signatures.json"),
            Self::Index(edition, hash) => write!(f, "{edition}/{hash}/index.html"),
            Self::File { fingerprint, sha256 } => write!(f, "{fingerprint}/files/{sha256}"),
        }
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(path: &str) -> Result<Self, PlaceError> {
        let parts: Vec<&str> = path.split('/').collect();
        let fingerprint = parts.first().filter(|p| is_sha256_hex(p)).ok_or(PlaceError)?.to_string();
        let edition = |story: &str, lang: &str| match is_name(story) && is_lang(lang) {
            true => Ok(Edition { fingerprint: fingerprint.clone(), story: story.into(), lang: lang.into() }),
            false => Err(PlaceError),
        };
        match parts[1..] {
            ["masthead.json"] => Ok(Self::Masthead { fingerprint }),
            ["files", sha256] if is_sha256_hex(sha256) => Ok(Self::File { fingerprint, sha256: sha256.into() }),
            [story, lang, "latest.json"] => Ok(Self::Latest(edition(story, lang)?)),
            [story, lang, "freshness.json"] => Ok(Self::Freshness(edition(story, lang)?)),
            [story, lang, hash, name] if is_sha256_hex(hash) => {
                let edition = edition(story, lang)?;
                match name {
                    "release.json" => Ok(Self::Release(edition, hash.into())),
                    "signatures.json" => Ok(Self::Signatures(edition, hash.into())),
                    "index.html" => Ok(Self::Index(edition, hash.into())),
                    _ => Err(PlaceError),
                }
            }
            _ => Err(PlaceError),
        }
    }
}

/// A file of a release with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutFile {
    /// Where it goes.
    pub place: Place,
    /// Its media type.
    pub media: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Everything of a signed release.
#[derive(Debug, Clone)]
pub struct Folder<'a> {
    /// The signed mastheads, oldest first.
    pub chain: &'a [General],
    /// The masthead that the release names (one of the chain).
    pub masthead: &'a Masthead,
    /// The release.
    pub release: &'a Release,
    /// The signed [`crate::release::Statement`].
    pub signatures: &'a General,
    /// The signed [`crate::latest::Latest`].
    pub latest: &'a General,
    /// The figures: SHA-256, media type, bytes.
    pub figures: &'a [(String, String, Vec<u8>)],
}

impl Folder<'_> {
    /// The files in the order in which they must be written: first what is found by its hash, last what points to it, so that a
    /// reader never finds a pointer to something that is not there.
    pub fn files(&self) -> Result<Vec<OutFile>, ReleaseError> {
        unimplemented!()
    }
}

/// Checks every file of an edition's newest release: all that a reader checks, and `index.html` and the figures too.
///
/// `read` gets a path below `/r/<fingerprint>/` and answers with the bytes; `Ok(None)` means that there is no such file.
pub fn verify_folder(
    _expected: &Expected<'_>,
    _read: impl FnMut(&str) -> Result<Option<Vec<u8>>, String>,
) -> Result<Verified, Refusal> {
    let _: Seconds = 0;
    unimplemented!()
}
