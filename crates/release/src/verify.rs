//! How every reader checks a release: the embed, the desk's preview, the server before it stores, and `komuz verify`.

use crate::canonical::sha256_hex;
use crate::jws::{General, Jws, JwsError, Signature, Typ};
use crate::keys::PublicKey;
use crate::latest::{LATEST_FOR, Latest, MAX_LATEST};
use crate::masthead::{Chain, MAX_MASTHEAD, Masthead, MastheadError};
use crate::release::{MAX_RELEASE, Release, ReleaseError, Statement};
use crate::time::{self, Seconds};
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
    seen: Seen,
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
    /// A short stable name of the reason: `form`, `masthead` (its chain), `key` (also a fingerprint), `signature`, `key`, `missing`, `mismatch`, `older`, `two`, `file`,
    /// `unreadable`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } => "form",
            Self::Masthead(MastheadError::Fingerprint { .. } | MastheadError::Stranger { .. }) | Self::Key { .. } => {
                "key"
            }
            Self::Masthead(_) => "masthead",
            Self::Signature { .. } => "signature",
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
    expected: &Expected<'_>,
    masthead: &[u8],
    latest: &[u8],
    freshness: Option<&[u8]>,
) -> Result<Newest, Refusal> {
    let chain = Chain::verify(masthead, expected.fingerprint).map_err(Refusal::Masthead)?;
    let (seen, found) = (expected.seen.masthead, chain.newest().number);
    if found < seen {
        return Err(Refusal::OlderMasthead { seen, found });
    }
    let (latest, signatures) = read_latest(File::Latest, latest, Typ::Latest)?;
    equal(File::Latest, "story", expected.story, &latest.story)?;
    equal(File::Latest, "lang", expected.lang, &latest.lang)?;
    let under = masthead_of(&chain, File::Latest, &latest.masthead)?;
    quorum(File::Latest, under, &signatures)?;
    // A key that an outlet has replaced since signs nothing that counts today.
    for signature in &signatures {
        has_key(File::Latest, chain.newest(), signature)?;
    }
    let (since, until) = term(File::Latest, &latest, MAX_TERM)?;
    let seen = expected.seen;
    if latest.number < seen.number {
        return Err(Refusal::Older {
            seen: seen.number,
            found: latest.number,
        });
    }
    if latest.number == seen.number && !seen.release.is_empty() && latest.release != seen.release {
        return Err(Refusal::Two { number: latest.number });
    }
    let mut freshness_of = (since, until);
    if let Some(bytes) = freshness {
        let (extension, signatures) = read_latest(File::Freshness, bytes, Typ::Freshness)?;
        for signature in &signatures {
            let outlet = chain.newest().outlet(&signature.outlet);
            if outlet.and_then(|o| o.freshness) != Some(signature.key) {
                return Err(Refusal::Key {
                    file: File::Freshness,
                    outlet: signature.outlet.clone(),
                });
            }
        }
        equal(File::Freshness, "story", expected.story, &extension.story)?;
        equal(File::Freshness, "lang", expected.lang, &extension.lang)?;
        let (issued, expires) = term(File::Freshness, &extension, LATEST_FOR)?;
        // Of another release it says nothing about this one: a correction was published and not extended yet.
        if (extension.number, &extension.release) == (latest.number, &latest.release) {
            freshness_of = (since.max(issued), until.max(expires));
        }
    }
    let (since, until) = freshness_of;
    // A clock that is behind what was signed is wrong.
    let freshness = match expected.now.max(since) <= until {
        true => Freshness::Fresh { since, until },
        false => Freshness::NotRenewed { since },
    };
    Ok(Newest {
        chain,
        latest,
        freshness,
        seen: seen.clone(),
    })
}

impl Newest {
    /// Checks the release and its signatures against the latest.
    pub fn verify_release(&self, release: &[u8], signatures: &[u8]) -> Result<Verified, Refusal> {
        let latest = &self.latest;
        let genuine = verify_one(&self.chain, latest, release, signatures)?;
        let release = genuine.release;
        equal_number(File::Release, latest.number, release.number)?;
        if self
            .chain
            .get(&latest.masthead)
            .is_none_or(|m| m.number < genuine.masthead.number)
        {
            return Err(mismatch(File::Release, "masthead", &latest.masthead, &release.masthead));
        }
        // What was seen and what it is said to have followed must be one history.
        if let Some(before) = &release.supersedes
            && before.number == self.seen.number
            && !self.seen.release.is_empty()
            && before.release != self.seen.release
        {
            return Err(Refusal::Two { number: before.number });
        }
        Ok(Verified {
            hash: latest.release.clone(),
            signed: genuine.signed,
            masthead: genuine.masthead,
            html: genuine.html,
            freshness: self.freshness,
            seen: Seen {
                masthead: self.chain.newest().number,
                number: release.number,
                release: latest.release.clone(),
            },
            release,
        })
    }

    /// Checks another release of the edition, such as one that was corrected, by its hash. It is what its outlets signed;
    /// nothing says that it is the newest.
    pub fn verify_other(&self, hash: &str, release: &[u8], signatures: &[u8]) -> Result<Genuine, Refusal> {
        let mut latest = self.latest.clone();
        latest.release = hash.into();
        verify_one(&self.chain, &latest, release, signatures)
    }
}

/// A release that its outlets signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genuine {
    /// The release.
    pub release: Release,
    /// The masthead that it is published under.
    pub masthead: Masthead,
    /// Which outlets signed it, in the masthead's order.
    pub signed: Vec<Signed>,
    /// SHA-256 of its `index.html`.
    pub html: String,
}

/// Checks a release under a chain of mastheads; `latest` names its story, its language and its hash.
fn verify_one(chain: &Chain, latest: &Latest, release: &[u8], signatures: &[u8]) -> Result<Genuine, Refusal> {
    if release.len() <= MAX_RELEASE && sha256_hex(release) != latest.release {
        return Err(Refusal::File {
            path: File::Release.name().into(),
        });
    }
    let form = |error| Refusal::Form {
        file: File::Release,
        error,
    };
    let release = Release::parse(release).map_err(form)?;
    equal(File::Release, "story", &latest.story, &release.story)?;
    equal(File::Release, "lang", &latest.lang, &release.lang)?;
    let masthead = masthead_of(chain, File::Release, &release.masthead)?;
    let fronts = &release.outlets;
    if let Some(outlet) = masthead.outlets.iter().find(|o| !fronts.contains_key(&o.id)) {
        return Err(mismatch(File::Release, "outlets", &outlet.id, "nothing by this name"));
    }
    if let Some(outlet) = fronts.keys().find(|id| masthead.outlet(id).is_none()) {
        return Err(mismatch(File::Release, "outlets", "an outlet of the masthead", outlet));
    }

    let (statement, signatures) = {
        let jws = signed(File::Signatures, signatures, MAX_MASTHEAD, Typ::Release)?;
        let form = |error| Refusal::Form {
            file: File::Signatures,
            error,
        };
        (Statement::parse(&jws.payload).map_err(form)?, jws.signatures)
    };
    equal(File::Signatures, "release", &latest.release, &statement.release)?;
    equal(File::Signatures, "masthead", &release.masthead, &statement.masthead)?;
    equal(File::Signatures, "story", &release.story, &statement.story)?;
    equal(File::Signatures, "lang", &release.lang, &statement.lang)?;
    equal_number(File::Signatures, release.number, statement.number)?;
    quorum(File::Signatures, masthead, &signatures)?;
    let of = |o: &crate::masthead::Outlet| {
        signatures.iter().find(|s| s.outlet == o.id).map(|s| Signed {
            outlet: o.id.clone(),
            name: o.name.clone(),
            domain: o.domain.clone(),
            key: s.key,
        })
    };
    Ok(Genuine {
        signed: masthead.outlets.iter().filter_map(of).collect(),
        masthead: masthead.clone(),
        html: statement.html,
        release,
    })
}

/// The longest time for which a quorum may say that a release is the newest.
const MAX_TERM: Seconds = 400 * 86_400;

fn signed(file: File, bytes: &[u8], limit: usize, typ: Typ) -> Result<Jws, Refusal> {
    if bytes.len() > limit {
        return Err(Refusal::Form {
            file,
            error: ReleaseError::TooLarge {
                bytes: bytes.len(),
                limit,
            },
        });
    }
    General::parse(bytes)
        .and_then(|g| g.verify(typ))
        .map_err(|error| Refusal::Signature { file, error })
}

fn read_latest(file: File, bytes: &[u8], typ: Typ) -> Result<(Latest, Vec<Signature>), Refusal> {
    let jws = signed(file, bytes, MAX_LATEST, typ)?;
    let latest = Latest::parse(&jws.payload).map_err(|error| Refusal::Form { file, error })?;
    Ok((latest, jws.signatures))
}

fn masthead_of<'a>(chain: &'a Chain, file: File, hash: &str) -> Result<&'a Masthead, Refusal> {
    chain
        .get(hash)
        .ok_or_else(|| mismatch(file, "masthead", "one of masthead.json", hash))
}

fn has_key(file: File, masthead: &Masthead, signature: &Signature) -> Result<(), Refusal> {
    match masthead
        .outlet(&signature.outlet)
        .is_some_and(|o| o.keys.contains(&signature.key))
    {
        true => Ok(()),
        false => Err(Refusal::Key {
            file,
            outlet: signature.outlet.clone(),
        }),
    }
}

fn quorum(file: File, masthead: &Masthead, signatures: &[Signature]) -> Result<(), Refusal> {
    for signature in signatures {
        has_key(file, masthead, signature)?;
    }
    match masthead.missing(signatures).first() {
        Some(outlet) => Err(Refusal::Missing {
            file,
            outlet: (*outlet).into(),
        }),
        None => Ok(()),
    }
}

fn term(file: File, latest: &Latest, longest: Seconds) -> Result<(Seconds, Seconds), Refusal> {
    match (time::parse(&latest.issued), time::parse(&latest.expires)) {
        (Some(issued), Some(expires)) if (issued..=issued + longest).contains(&expires) => Ok((issued, expires)),
        _ => {
            let problem =
                "issued and expires are times like 2019-11-21T06:00:00Z, the second after the first and not too far";
            Err(Refusal::Form {
                file,
                error: ReleaseError::invalid("expires", problem),
            })
        }
    }
}

fn equal(file: File, member: &'static str, expected: &str, found: &str) -> Result<(), Refusal> {
    if expected == found {
        Ok(())
    } else {
        Err(mismatch(file, member, expected, found))
    }
}

fn equal_number(file: File, expected: u64, found: u64) -> Result<(), Refusal> {
    equal(file, "number", &expected.to_string(), &found.to_string())
}

// Called from many places and carried by readers: once is enough.
#[inline(never)]
fn mismatch(file: File, member: &'static str, expected: &str, found: &str) -> Refusal {
    Refusal::Mismatch {
        file,
        member,
        expected: expected.into(),
        found: found.into(),
    }
}

/// Checks a whole release. Everything that a reader shows as genuine has gone through here.
pub fn verify(expected: &Expected<'_>, fetched: &Fetched<'_>) -> Result<Verified, Refusal> {
    verify_latest(expected, fetched.masthead, fetched.latest, fetched.freshness)?
        .verify_release(fetched.release, fetched.signatures)
}
