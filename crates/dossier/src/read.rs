//! Reading dossiers from outside: files, strictly, with the path of what is wrong.

use komuz_release::csl::{self, CslError};
use komuz_release::release::ReleaseError;
use komuz_release::story::{STORY_VERSION, Story};
use serde_json::Value;

use crate::form::strict;
use crate::policy::Policy;
use crate::text::{beginning, utf16};
use crate::{Dossier, Known};

/// The largest file, in bytes.
pub const MAX_BYTES: usize = 32 << 20;
/// The most blocks of a story.
pub const MAX_BLOCKS: usize = 20_000;
/// The most citations of a story.
pub const MAX_CITATIONS: usize = 50_000;
/// The longest text of a block, in UTF-16 code units.
pub const MAX_BLOCK: usize = 200_000;

/// Why a file is no dossier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DossierError {
    /// The file is larger than what is read.
    #[error("{bytes} bytes; at most {limit} are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// What is read.
        limit: usize,
    },
    /// Not JSON, or nested deeper than is read.
    #[error("not JSON: {0}")]
    Json(String),
    /// A member is wrong.
    #[error("{place}: {problem}")]
    Member {
        /// Its path: `dossier.claims.k-1.evidence.x-1.source`.
        place: String,
        /// What is wrong with it, and what is wanted.
        problem: String,
    },
    /// A source is not CSL-JSON.
    #[error(transparent)]
    Source(#[from] CslError),
    /// The story is wrong.
    #[error("{place}: {error}")]
    Story {
        /// Where the story stands; the file itself where that is empty.
        place: String,
        /// What is wrong with it.
        error: ReleaseError,
    },
}

impl DossierError {
    pub(crate) fn member(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Member {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

fn json(bytes: &[u8]) -> Result<Value, DossierError> {
    if bytes.len() > MAX_BYTES {
        return Err(DossierError::TooLarge {
            bytes: bytes.len(),
            limit: MAX_BYTES,
        });
    }
    serde_json::from_slice(bytes).map_err(|error| DossierError::Json(error.to_string()))
}

/// A story as Komuz writes it, within limits.
pub(crate) fn story(value: Value, place: &str) -> Result<Story, DossierError> {
    let at = |member: String| match place {
        "" => member,
        place => format!("{place}.{member}"),
    };
    let story = Story::from_value(value).map_err(|error| DossierError::Story {
        place: if place.is_empty() { "story" } else { place }.to_owned(),
        error,
    })?;
    if story.komuz != STORY_VERSION {
        let problem = format!("version {}; this program reads {STORY_VERSION}", story.komuz);
        return Err(DossierError::member(at("komuz".to_owned()), problem));
    }
    for (what, found, limit) in [
        ("blocks", story.blocks.len(), MAX_BLOCKS),
        ("citations", story.citations.len(), MAX_CITATIONS),
        ("sources", story.sources.len(), csl::MAX_ITEMS),
    ] {
        if found > limit {
            let problem = format!("{found} of them; at most {limit} are read");
            return Err(DossierError::member(at(what.to_owned()), problem));
        }
    }
    for (nth, block) in story.blocks.iter().enumerate() {
        if block.text.iter().map(|span| utf16(&span.text)).sum::<usize>() > MAX_BLOCK {
            let problem = format!("longer than {MAX_BLOCK} UTF-16 code units");
            return Err(DossierError::member(at(format!("blocks[{nth}].text")), problem));
        }
    }
    Ok(story)
}

impl Dossier {
    /// Reads a dossier file: a story as Komuz writes it with the member `dossier`. Stories that others write are read by
    /// `komuz-import`, which takes their spellings too, and what is known of them by [`Known::read`].
    ///
    /// # Errors
    /// [`DossierError`] names the first thing that is wrong; nothing is read then.
    pub fn read(bytes: &[u8]) -> Result<Self, DossierError> {
        let mut value = json(bytes)?;
        let known = value.as_object_mut().and_then(|members| members.remove("dossier"));
        let dossier = Self {
            story: story(value, "")?,
            dossier: known.map_or(Ok(Known::default()), |known| Known::read(&known, "dossier"))?,
        };
        dossier.named()?;
        Ok(dossier)
    }

    /// Whether everything that is named by an id is there: a wrong letter in an id would otherwise silently leave a claim without
    /// its evidence. Checks do without: in documents, what is named may have been removed.
    ///
    /// # Errors
    /// The first name of nothing, with its path.
    pub fn named(&self) -> Result<(), DossierError> {
        let known = &self.dossier;
        let mut sources: std::collections::BTreeSet<&str> = self.story.sources.iter().map(|s| s.id.as_str()).collect();
        sources.extend(known.confidential.keys().map(String::as_str));
        let missing = |place: String, what: &str, id: &str| {
            Err(DossierError::member(
                place,
                format!("no {what} has the id {:?}", beginning(id, 60)),
            ))
        };
        for (id, claim) in &known.claims {
            if let Some(party) = claim.about.keys().find(|party| !known.entities.contains_key(*party)) {
                return missing(format!("dossier.claims.{id}.about"), "entity", party);
            }
            for (nth, evidence) in &claim.evidence {
                if !sources.contains(evidence.source.as_str()) {
                    let place = format!("dossier.claims.{id}.evidence.{nth}.source");
                    return missing(place, "source", &evidence.source);
                }
            }
        }
        for (id, reply) in &known.replies {
            if !known.entities.contains_key(&reply.party) {
                return missing(format!("dossier.replies.{id}.party"), "entity", &reply.party);
            }
        }
        for (id, answered) in &known.answers {
            if !known.replies.contains_key(&answered.reply) {
                return missing(format!("dossier.answers.{id}.reply"), "reply", &answered.reply);
            }
        }
        for (id, backed) in &known.backed {
            if let Some(claim) = backed.claims.keys().find(|claim| !known.claims.contains_key(*claim)) {
                return missing(format!("dossier.backed.{id}.claims"), "claim", claim);
            }
        }
        Ok(())
    }
}

impl Known {
    /// Reads what is known of a story from a value of a file; `place` is its path in errors.
    ///
    /// # Errors
    /// [`DossierError`] names the first thing that is wrong; nothing is read then.
    pub fn read(value: &Value, place: &str) -> Result<Self, DossierError> {
        strict(value, place)
    }
}

impl Policy {
    /// Reads a policy file: `{"sources": 2, "severity": {"not-archived": "off"}}`.
    ///
    /// # Errors
    /// [`DossierError`] names the first thing that is wrong; nothing is read then.
    pub fn read(bytes: &[u8]) -> Result<Self, DossierError> {
        strict(&json(bytes)?, "")
    }
}
