//! How every reader checks a release: the embed, the desk's preview, the server before it stores, and `komuz verify`.

use crate::jws::JwsError;
use crate::keys::PublicKey;
use crate::latest::Latest;
use crate::masthead::{Chain, Masthead, MastheadError};
use crate::release::{Release, ReleaseError, Statement};
use crate::time::Seconds;
use crate::words::Lang;

/// What a reader asks for, and what it knows already.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Hash of the first masthead, pinned in the page.
    pub fingerprint: &'a str,
    /// Id of the story.
    pub story: &'a str,
    /// Language.
    pub lang: &'a str,
    /// The newest that was seen before; [`Seen::default`] at the first visit.
    pub seen: &'a Seen,
    /// The reader's clock. It only words the notice on freshness; it refuses nothing.
    pub now: Seconds,
}

/// The newest that a reader has seen of an edition: nothing older is shown to it again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Number of the newest masthead.
    pub masthead: u64,
    /// Number of the newest release.
    pub number: u64,
    /// Its hash, empty when it is not known.
    pub release: String,
}

/// The files of a release as they were fetched.
#[derive(Debug, Clone, Copy)]
pub struct Fetched<'a> {
    /// `masthead.json`.
    pub masthead: &'a [u8],
    /// `latest.json`.
    pub latest: &'a [u8],
    /// `freshness.json`, where there is one.
    pub freshness: Option<&'a [u8]>,
    /// `release.json`.
    pub release: &'a [u8],
    /// `signatures.json`.
    pub signatures: &'a [u8],
}

/// A release that is genuine and the newest known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The release.
    pub release: Release,
    /// Its hash.
    pub hash: String,
    /// The masthead that it is published under.
    pub masthead: Masthead,
    /// Which outlets signed it, in the masthead's order.
    pub signed: Vec<Signed>,
    /// SHA-256 of its `index.html`.
    pub html: String,
    /// Whether it is known to be the newest still.
    pub freshness: Freshness,
    /// What to remember for the next visit.
    pub seen: Seen,
}

/// An outlet that signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Its id.
    pub outlet: String,
    /// Its name.
    pub name: String,
    /// Its domain.
    pub domain: String,
    /// The key it signed with.
    pub key: PublicKey,
}

/// Whether a release is known to be the newest still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Some outlet said so and the time it gave has not passed.
    Fresh {
        /// When it was said last.
        since: Seconds,
        /// Until when it holds.
        until: Seconds,
    },
    /// The time has passed: newer releases may exist that this mirror does not show.
    NotRenewed {
        /// When it was said last.
        since: Seconds,
    },
}

/// A verified latest: which release to fetch next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// The chain of mastheads.
    pub chain: Chain,
    /// What the quorum signed.
    pub latest: Latest,
    /// Whether it holds still.
    pub freshness: Freshness,
}

/// The files that a refusal can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// `masthead.json`.
    Masthead,
    /// `latest.json`.
    Latest,
    /// `freshness.json`.
    Freshness,
    /// `release.json`.
    Release,
    /// `signatures.json`.
    Signatures,
}

impl File {
    /// The file's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Masthead => "masthead.json",
            Self::Latest => "latest.json",
            Self::Freshness => "freshness.json",
            Self::Release => "release.json",
            Self::Signatures => "signatures.json",
        }
    }
}

impl std::fmt::Display for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a release is not shown as genuine. The message (`Display`) is the technical reason in English; [`Refusal::code`] is
/// stable, for events; [`Refusal::sentence`] is for readers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A file is not what its name says.
    #[error("{file}: {error}")]
    Form {
        /// Which file.
        file: File,
        /// Why.
        error: ReleaseError,
    },
    /// The mastheads do not lead from the pinned fingerprint.
    #[error("masthead.json: {0}")]
    Masthead(MastheadError),
    /// A signature, or the form of the signatures.
    #[error("{file}: {error}")]
    Signature {
        /// Which file.
        file: File,
        /// Why.
        error: JwsError,
    },
    /// A signature by a key that the masthead does not give to that outlet, or no longer.
    #[error("{file}: signed with a key that {outlet} does not have")]
    Key {
        /// Which file.
        file: File,
        /// The outlet that the signature names.
        outlet: String,
    },
    /// An outlet has not signed.
    #[error("{file}: the signature of {outlet} is missing")]
    Missing {
        /// Which file.
        file: File,
        /// Which outlet's.
        outlet: String,
    },
    /// The file is about something else than was asked for, or two files do not belong together.
    #[error("{file}: {member} is {found:?} and not {expected:?}")]
    Mismatch {
        /// Which file.
        file: File,
        /// Which member.
        member: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A masthead older than one already seen.
    #[error("masthead.json ends with number {found}, and number {seen} was seen before")]
    OlderMasthead {
        /// Seen before.
        seen: u64,
        /// Found now.
        found: u64,
    },
    /// A release older than one already seen.
    #[error("latest.json names release {found}, and release {seen} was seen before")]
    Older {
        /// Seen before.
        seen: u64,
        /// Found now.
        found: u64,
    },
    /// Another release under a number already seen.
    #[error("release {number} is another than the one that was seen under this number before")]
    Two {
        /// The number.
        number: u64,
    },
    /// A file of the folder is not what the release names.
    #[error("{path}: its SHA-256 is not the one that was signed")]
    File {
        /// Path below `/r/`.
        path: String,
    },
    /// A file could not be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// Path below `/r/`.
        path: String,
        /// What the reading said.
        error: String,
    },
}

impl Refusal {
    /// A short stable name of the reason: `form`, `masthead`, `signature`, `key`, `missing`, `mismatch`, `older`, `two`, `file`,
    /// `unreadable`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } => "form",
            Self::Masthead(_) => "masthead",
            Self::Signature { .. } => "signature",
            Self::Key { .. } => "key",
            Self::Missing { .. } => "missing",
            Self::Mismatch { .. } => "mismatch",
            Self::OlderMasthead { .. } | Self::Older { .. } => "older",
            Self::Two { .. } => "two",
            Self::File { .. } => "file",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    /// One plain sentence for readers.
    pub fn sentence(&self, lang: Lang) -> &'static str {
        let words = lang.words();
        match self {
            Self::Missing { .. } => words.refused_missing,
            Self::OlderMasthead { .. } | Self::Older { .. } => words.refused_older,
            Self::Two { .. } => words.refused_two,
            Self::Masthead(_) | Self::Key { .. } => words.refused_key,
            Self::Unreadable { .. } => words.refused_unreadable,
            _ => words.refused_changed,
        }
    }
}

/// Checks masthead and latest (and the extension, where there is one): tells which release to fetch.
pub fn verify_latest(
    _expected: &Expected<'_>,
    _masthead: &[u8],
    _latest: &[u8],
    _freshness: Option<&[u8]>,
) -> Result<Newest, Refusal> {
    unimplemented!()
}

impl Newest {
    /// Checks the release and its signatures against the latest.
    pub fn verify_release(&self, _release: &[u8], _signatures: &[u8]) -> Result<Verified, Refusal> {
        let _ = Statement::parse(b"");
        unimplemented!()
    }
}

/// Checks a whole release. Everything that a reader shows as genuine has gone through here.
pub fn verify(expected: &Expected<'_>, fetched: &Fetched<'_>) -> Result<Verified, Refusal> {
    verify_latest(expected, fetched.masthead, fetched.latest, fetched.freshness)?
        .verify_release(fetched.release, fetched.signatures)
}
