//! What changed between two releases, in words.

use serde::{Deserialize, Serialize};

use crate::release::Release;

/// A change between two releases: some words in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Where: `headline`, `summary`, `byline`, `note`, `sources`, `languages`, or `block:` and a block's id.
    pub place: String,
    /// A few words before it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// Words that went; empty where words were added.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub old: String,
    /// Words that came; empty where words were taken out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub new: String,
    /// A few words after it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub after: String,
}

/// What changed from one release to another, in the order in which a reader meets it. Empty when readers get the same.
pub fn difference(_old: &Release, _new: &Release) -> Vec<Change> {
    unimplemented!()
}
