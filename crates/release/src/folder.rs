//! The files of a release and their places below `/r/` (docs/design.md section 10).

use std::fmt;
use std::str::FromStr;

use crate::canonical::{is_sha256_hex, sha256_hex};
use crate::html::index_html;
use crate::jws::General;
use crate::masthead::{Masthead, chain_bytes};
use crate::release::{Release, ReleaseError};
use crate::verify::{Expected, File, Refusal, Verified, verify_latest};

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

/// Whether a text may be the id of a story or an outlet: 1 to 64 of `a-z`, `0-9`, `-`, not `files`, which is a place of its own.
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && text != "files"
}

/// Whether a text may be a language's tag in a path: 2 to 35 ASCII letters, digits and inner hyphens (BCP 47's alphabet).
pub fn is_lang(text: &str) -> bool {
    (2..=35).contains(&text.len())
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
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
        let fingerprint = parts
            .first()
            .filter(|p| is_sha256_hex(p))
            .ok_or(PlaceError)?
            .to_string();
        let edition = |story: &str, lang: &str| match is_name(story) && is_lang(lang) {
            true => Ok(Edition {
                fingerprint: fingerprint.clone(),
                story: story.into(),
                lang: lang.into(),
            }),
            false => Err(PlaceError),
        };
        match parts[1..] {
            ["masthead.json"] => Ok(Self::Masthead { fingerprint }),
            ["files", sha256] if is_sha256_hex(sha256) => Ok(Self::File {
                fingerprint,
                sha256: sha256.into(),
            }),
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
    /// The files in the order in which they must be written. Each is taken by a server because of those before it: the
    /// masthead says whose signatures count, the signatures name the release and its page, the release names its figures;
    /// the latest comes last, so that a reader never finds a pointer to something that is not there.
    pub fn files(&self) -> Result<Vec<OutFile>, ReleaseError> {
        let fingerprint = match self.chain.first() {
            Some(first) => sha256_hex(
                &first
                    .payload()
                    .map_err(|e| ReleaseError::invalid("masthead", e.to_string()))?,
            ),
            None => return Err(ReleaseError::invalid("masthead", "the chain of mastheads is empty")),
        };
        let release = self.release.to_bytes()?;
        let hash = sha256_hex(&release);
        let edition = Edition {
            fingerprint: fingerprint.clone(),
            story: self.release.story.clone(),
            lang: self.release.lang.clone(),
        };
        let index = index_html(self.release, self.masthead).into_bytes();
        let file = |place: Place, bytes: Vec<u8>| OutFile {
            media: place.media().into(),
            place,
            bytes,
        };
        let mut files = vec![
            file(
                Place::Masthead {
                    fingerprint: fingerprint.clone(),
                },
                chain_bytes(self.chain),
            ),
            file(
                Place::Signatures(edition.clone(), hash.clone()),
                self.signatures.to_bytes(),
            ),
            file(Place::Release(edition.clone(), hash.clone()), release),
            file(Place::Index(edition.clone(), hash), index),
        ];
        for wanted in self.release.files() {
            let Some((_, media, bytes)) = self.figures.iter().find(|(sha256, _, _)| sha256 == wanted) else {
                return Err(ReleaseError::invalid(
                    "figures",
                    format!("the file {wanted} is missing"),
                ));
            };
            if sha256_hex(bytes) != wanted {
                return Err(ReleaseError::invalid(
                    "figures",
                    format!("the file {wanted} has other bytes than its name says"),
                ));
            }
            let place = Place::File {
                fingerprint: fingerprint.clone(),
                sha256: wanted.into(),
            };
            files.push(OutFile {
                place,
                media: media.clone(),
                bytes: bytes.clone(),
            });
        }
        files.push(file(Place::Latest(edition), self.latest.to_bytes()));
        Ok(files)
    }
}

/// Checks every file of an edition's newest release: all that a reader checks, and `index.html` and the figures too.
///
/// `read` gets a path below `/r/` as [`Place`] writes it and answers with the bytes; `Ok(None)` means that there is no such file.
/// Without `signatures.json` nobody has signed: that is refused, while any other file that is not there is unreadable.
pub fn verify_folder(
    expected: &Expected<'_>,
    mut read: impl FnMut(&str) -> Result<Option<Vec<u8>>, String>,
) -> Result<Verified, Refusal> {
    let edition = Edition {
        fingerprint: expected.fingerprint.into(),
        story: expected.story.into(),
        lang: expected.lang.into(),
    };
    let mut optional = |place: &Place| {
        let path = place.to_string();
        read(&path).map_err(|error| Refusal::Unreadable { path, error })
    };
    let freshness = optional(&Place::Freshness(edition.clone()))?;
    let masthead = Place::Masthead {
        fingerprint: edition.fingerprint.clone(),
    };
    let masthead = needed(optional(&masthead)?, &masthead)?;
    let latest = Place::Latest(edition.clone());
    let latest = needed(optional(&latest)?, &latest)?;
    let newest = verify_latest(expected, &masthead, &latest, freshness.as_deref())?;
    let hash = &newest.latest.release;
    let release = Place::Release(edition.clone(), hash.clone());
    let release = needed(optional(&release)?, &release)?;
    let Some(signatures) = optional(&Place::Signatures(edition.clone(), hash.clone()))? else {
        let outlets = &newest.chain.newest().outlets;
        return Err(Refusal::Missing {
            file: File::Signatures,
            outlet: outlets.first().map(|outlet| outlet.id.clone()).unwrap_or_default(),
        });
    };
    let verified = newest.verify_release(&release, &signatures)?;

    let mut same = |place: Place, sha256: &str| match sha256_hex(&needed(optional(&place)?, &place)?) == sha256 {
        true => Ok(()),
        false => Err(Refusal::File {
            path: place.to_string(),
        }),
    };
    same(Place::Index(edition.clone(), hash.clone()), &verified.html)?;
    for sha256 in verified.release.files() {
        same(
            Place::File {
                fingerprint: edition.fingerprint.clone(),
                sha256: sha256.into(),
            },
            sha256,
        )?;
    }
    Ok(verified)
}

fn needed(found: Option<Vec<u8>>, place: &Place) -> Result<Vec<u8>, Refusal> {
    found.ok_or_else(|| Refusal::Unreadable {
        path: place.to_string(),
        error: "there is no such file".into(),
    })
}
