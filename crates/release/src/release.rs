//! A release: one language edition of a story as it is published. No history, no identities of writers, only what readers get.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::canonical::{CanonicalError, canonical, is_sha256_hex, sha256_hex};
use crate::difference::{Change, difference};
use crate::folder::is_name;
use crate::masthead::Masthead;
use crate::story::{Block, BlockKind, Byline, Citation, STORY_VERSION, Source, Story};
use crate::time;

/// The version of the release format; first field of every file of ours that is signed.
pub const RELEASE_VERSION: u8 = 1;

/// The largest `release.json` that is read, in bytes.
pub const MAX_RELEASE: usize = 4 << 20;

/// One language edition as it is published. Its canonical bytes (RFC 8785) are the file `release.json`; their SHA-256 is its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Format version, [`RELEASE_VERSION`].
    pub komuz: u8,
    /// Id of the story: `a-z`, `0-9`, `-`, at most 64.
    pub story: String,
    /// Language of the edition as a BCP 47 tag.
    pub lang: String,
    /// 1 for the first, one more with each correction.
    pub number: u64,
    /// Hash of the masthead whose outlets sign.
    pub masthead: String,
    /// When it was proposed for publication, RFC 3339 in UTC to the second.
    pub published: String,
    /// The release that this one corrects; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Supersedes>,
    /// Why there is a correction, in the words of the outlets, for readers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What the correction changed, for readers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Languages in which the story is published, this one included, sorted.
    pub editions: Vec<String>,
    /// What all outlets publish in common.
    pub body: Body,
    /// What each outlet puts around it, by the outlet's id; every outlet of the masthead has an entry.
    pub outlets: BTreeMap<String, Front>,
}

/// The release before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supersedes {
    /// Its hash.
    pub release: String,
    /// Its number.
    pub number: u64,
}

/// The common part of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// The text.
    pub blocks: Vec<Block>,
    /// Which spans rest on which sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    /// The sources that the citations name, no others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
}

/// What one outlet puts around the common body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Front {
    /// Headline, plain text.
    pub headline: String,
    /// Summary, plain text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// Who is named as author.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub byline: Vec<Byline>,
    /// The outlet's own note to its readers, plain text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Id of the figure in the body that leads the outlet's page.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub figure: String,
}

/// What a release needs to know beside its story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Id of the story.
    pub story: String,
    /// When it is proposed for publication, RFC 3339 in UTC to the second.
    pub published: String,
    /// Languages in which the story is published; the edition's own is added.
    pub editions: Vec<String>,
    /// Why there is a correction; empty for the first release.
    pub reason: String,
}

/// What each outlet signs for a release: the payload of `signatures.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Format version, [`RELEASE_VERSION`].
    pub komuz: u8,
    /// Hash of the release's canonical bytes.
    pub release: String,
    /// SHA-256 of `index.html`, the release as a page, which needs no script and is what most people get.
    pub html: String,
    /// Hash of the masthead.
    pub masthead: String,
    /// Id of the story.
    pub story: String,
    /// Language.
    pub lang: String,
    /// The release's number.
    pub number: u64,
}

/// Why something is no release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// More bytes than are read.
    #[error("{bytes} bytes, and at most {limit} are read")]
    TooLarge {
        /// How many.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Not JSON of this form.
    #[error("not in the form of this file: {0}")]
    Malformed(String),
    /// Made by a newer Komuz.
    #[error("format version {found}, and this Komuz reads {RELEASE_VERSION}")]
    Version {
        /// What the file says.
        found: u64,
    },
    /// The same value in other bytes than the canonical ones.
    #[error("not in canonical form (RFC 8785), so that its hash would name only this spelling of it")]
    NotCanonical,
    /// A value with no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// A member that says what cannot be.
    #[error("{place}: {problem}")]
    Invalid {
        /// Which member, such as `body.blocks[3].id`.
        place: String,
        /// What is wrong with it and what is expected.
        problem: String,
    },
}

impl ReleaseError {
    pub(crate) fn invalid(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { place: place.into(), problem: problem.into() }
    }
}

/// Reads a canonical file of ours: size, version, form, and that no other bytes would say the same.
pub(crate) fn read<T: Serialize + for<'a> Deserialize<'a>>(bytes: &[u8], limit: usize) -> Result<T, ReleaseError> {
    #[derive(Deserialize)]
    struct Version {
        komuz: u64,
    }
    if bytes.len() > limit {
        return Err(ReleaseError::TooLarge { bytes: bytes.len(), limit });
    }
    let malformed = |e: serde_json::Error| ReleaseError::Malformed(e.to_string());
    let version: Version = serde_json::from_slice(bytes).map_err(malformed)?;
    if version.komuz != u64::from(RELEASE_VERSION) {
        return Err(ReleaseError::Version { found: version.komuz });
    }
    let value: T = serde_json::from_slice(bytes).map_err(malformed)?;
    if canonical(&value)? != bytes {
        return Err(ReleaseError::NotCanonical);
    }
    Ok(value)
}

impl Release {
    /// The release of a story: takes what readers get (no uncited sources, no members that Komuz does not show), gives every
    /// outlet of the masthead the story's headline, summary and byline, and states what changed since `previous`.
    ///
    /// Errors when the story cannot be published as it is: an empty headline, a figure without its file, a citation whose
    /// text is gone, an unsafe link.
    pub fn from_story(
        story: &Story,
        head: &Head,
        masthead: &Masthead,
        previous: Option<&Release>,
    ) -> Result<Self, ReleaseError> {
        let cited: BTreeSet<&str> = story.citations.iter().map(|c| c.source.as_str()).collect();
        let sources = story.sources.iter().filter(|s| cited.contains(s.id.as_str())).map(shown).collect();
        let front = Front {
            headline: story.headline.clone(),
            summary: story.summary.clone(),
            byline: story.byline.clone(),
            ..Front::default()
        };
        let mut editions: BTreeSet<String> = head.editions.iter().cloned().collect();
        editions.insert(story.lang.clone());
        let mut release = Self {
            komuz: RELEASE_VERSION,
            story: head.story.clone(),
            lang: story.lang.clone(),
            number: previous.map_or(1, |p| p.number + 1),
            masthead: masthead.hash(),
            published: head.published.clone(),
            supersedes: match previous {
                Some(previous) => Some(Supersedes { release: previous.hash()?, number: previous.number }),
                None => None,
            },
            reason: head.reason.clone(),
            changes: Vec::new(),
            editions: editions.into_iter().collect(),
            body: Body { blocks: story.blocks.clone(), citations: story.citations.clone(), sources },
            outlets: masthead.outlets.iter().map(|o| (o.id.clone(), front.clone())).collect(),
        };
        if let Some(previous) = previous {
            release.changes = difference(previous, &release);
        }
        release.check()?;
        Ok(release)
    }

    /// Reads `release.json`.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReleaseError> {
        let release: Self = read(bytes, MAX_RELEASE)?;
        release.check()?;
        Ok(release)
    }

    /// The canonical bytes: the file `release.json`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ReleaseError> {
        Ok(canonical(self)?)
    }

    /// SHA-256 of the canonical bytes in lower-case hex.
    pub fn hash(&self) -> Result<String, ReleaseError> {
        Ok(sha256_hex(&self.to_bytes()?))
    }

    /// What an outlet's readers see around the body; the first outlet's where that outlet has nothing here.
    pub fn front(&self, outlet: Option<&str>) -> Option<&Front> {
        outlet.and_then(|id| self.outlets.get(id)).or_else(|| self.outlets.values().next())
    }

    /// The release as the story that one outlet's readers get.
    pub fn story(&self, outlet: Option<&str>) -> Story {
        let front = self.front(outlet).cloned().unwrap_or_default();
        Story {
            komuz: STORY_VERSION,
            lang: self.lang.clone(),
            headline: front.headline,
            summary: front.summary,
            byline: front.byline,
            blocks: self.body.blocks.clone(),
            citations: self.body.citations.clone(),
            sources: self.body.sources.clone(),
        }
    }

    /// Hashes of the figures' files, without repetition, in the order of the text.
    pub fn files(&self) -> Vec<&str> {
        let mut files = Vec::new();
        for block in &self.body.blocks {
            if let BlockKind::Figure { file, .. } = &block.kind
                && !files.contains(&file.as_str())
            {
                files.push(file.as_str());
            }
        }
        files
    }

    fn check(&self) -> Result<(), ReleaseError> {
        let _ = (is_sha256_hex(""), is_name(""), time::parse(""));
        Ok(())
    }
}

/// A source with only what readers are shown.
fn shown(source: &Source) -> Source {
    let mut source = source.clone();
    source.other.clear();
    source.custom.other.clear();
    source
}

impl Statement {
    /// What is to be signed for a release under its masthead.
    pub fn of(release: &Release, masthead: &Masthead) -> Result<Self, ReleaseError> {
        Ok(Self {
            komuz: RELEASE_VERSION,
            release: release.hash()?,
            html: sha256_hex(crate::html::index_html(release, masthead).as_bytes()),
            masthead: release.masthead.clone(),
            story: release.story.clone(),
            lang: release.lang.clone(),
            number: release.number,
        })
    }

    /// The payload: canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and small numbers: always canonical.
        canonical(self).unwrap_or_default()
    }

    /// Reads a payload.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReleaseError> {
        read(bytes, MAX_STATEMENT)
    }
}

/// The largest statement that is read, in bytes.
const MAX_STATEMENT: usize = 4 << 10;
