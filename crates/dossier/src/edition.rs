//! Language editions and outlets: what a translation was made from, and what each outlet puts around the common body.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a block of a translation was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Id of the block in the original.
    #[serde(default)]
    pub of: String,
    /// The original's words when it was translated. When they are others now, the translation is behind.
    #[serde(default)]
    pub words: String,
}

/// What one outlet puts around the body where it wants something else than the common front. Empty members are the common
/// ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Front {
    /// Headline, plain text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub headline: String,
    /// Summary, plain text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// The outlet's own note to its readers, plain text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Id of the figure in the body that leads the outlet's page.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub figure: String,
    /// The order of the byline: for each name its place. Names that are not here follow in the common order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub byline: BTreeMap<String, u32>,
}

mod compare;

pub use self::compare::{Behind, Translation, behind, translation};
