//! Claims: spans of the text that assert a checkable fact, and what proves them.

use std::collections::BTreeMap;

use komuz_release::story::Place;
use serde::{Deserialize, Serialize};

use crate::text::same_words;

/// A span that asserts a checkable fact.
///
/// A citation of the text whose span shares words with the claim's supports it; [`Claim::evidence`] holds what readers are
/// not shown as a note: further support, and what speaks against it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Where it stands; none when its text is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Ids of the persons and organisations that it is about.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub about: BTreeMap<String, bool>,
    /// Evidence by id (`x-` and more).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, Evidence>,
    /// What a checker found; none before anybody has checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
}

/// A span of the text, start inclusive, end exclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Where it starts.
    pub start: Place,
    /// Where it ends.
    pub end: Place,
}

/// Something that speaks for a claim or against it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Id of the source; may be a confidential one.
    #[serde(default)]
    pub source: String,
    /// Whether it speaks for the claim or against it.
    #[serde(default)]
    pub stance: Stance,
    /// Where in the source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub locator: String,
    /// The source's own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub quote: String,
}

/// For or against.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stance {
    /// It speaks for the claim.
    #[default]
    Supports,
    /// It speaks against it.
    Contradicts,
}

/// What a checker found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Who checked: a member's pseudonym or a name.
    #[serde(default)]
    pub by: String,
    /// The day, `YYYY-MM-DD`.
    #[serde(default)]
    pub when: String,
    /// The verdict.
    #[serde(default)]
    pub verdict: Verdict,
    /// Its reasons.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reasons: String,
    /// The words that were checked. When the claim's text is another, the claim is open again.
    #[serde(default)]
    pub words: String,
}

/// A checker's verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The evidence bears the words.
    #[default]
    Holds,
    /// It does not, or not these words.
    Disputed,
}

/// How far a claim is; never stored, always computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not enough evidence, or its words have changed since they were checked.
    Open,
    /// Enough independent evidence; nobody has checked it yet.
    Supported,
    /// Enough evidence, and a checker found that it holds for these words.
    Ready,
    /// A checker disputes it.
    Disputed,
}

/// Where in the text an answer of somebody who was asked stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Where; none when its text is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Id of the reply.
    #[serde(default)]
    pub reply: String,
}

/// Somebody's word that claims of the body bear a headline or a summary as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backed {
    /// Ids of the claims.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, bool>,
    /// Who says so.
    #[serde(default)]
    pub by: String,
    /// The day, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub when: String,
    /// The words that were judged. When the headline is another, nobody has said so of it.
    #[serde(default)]
    pub words: String,
}

impl Status {
    /// How far a claim is: its words as they stand (empty when they are gone), whether there are enough independent sources, and
    /// what a checker found.
    pub fn of(words: &str, enough: bool, checked: Option<&Checked>) -> Self {
        match checked {
            _ if words.is_empty() => Self::Open,
            Some(checked) if !same_words(&checked.words, words) => Self::Open,
            Some(checked) if checked.verdict == Verdict::Disputed => Self::Disputed,
            _ if !enough => Self::Open,
            None => Self::Supported,
            Some(_) => Self::Ready,
        }
    }
}
