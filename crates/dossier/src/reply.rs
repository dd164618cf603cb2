//! The right of reply: what persons and organisations were asked before publication, and what they said.

use serde::{Deserialize, Serialize};

/// A request for comment to one person or organisation, shared by all parts of the investigation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Id of the person or organisation.
    #[serde(default)]
    pub party: String,
    /// The day on which they were asked, `YYYY-MM-DD`; empty before.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asked: String,
    /// How: by letter, telephone, through a spokesperson.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub how: String,
    /// Who asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// The questions, as they were put.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub questions: String,
    /// The last day for an answer, `YYYY-MM-DD`; it passes when that day is over.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub deadline: String,
    /// What came.
    #[serde(default)]
    pub outcome: Outcome,
    /// The day on which it came.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answered: String,
    /// The answer in its own words, or how it was refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing yet.
    #[default]
    Waiting,
    /// They answered.
    Answer,
    /// They refused to.
    Refusal,
    /// They said nothing until the deadline.
    Silence,
}
