//! Whom and what an investigation names: once, with all spellings.

pub mod find;
pub(crate) mod hidden;
pub mod picture;
pub mod transliterate;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A person, an organisation, a place or a document that the investigation names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// What it is.
    #[serde(default)]
    pub what: Kind,
    /// Its name by language (`ky`, `ru`, `en`), in the form that the language's text uses in the nominative.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// Other spellings and names, in any language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<String, bool>,
    /// What it is in this investigation: "deputy head of customs until 2018".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Has asked not to be named.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unnamed: bool,
    /// Spellings found in the text that somebody has confirmed (`true`) or refused (`false`), by the words as they stand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mentions: BTreeMap<String, bool>,
    /// Ids of persons and organisations that it works against or that work against it: opponents of one another.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub opponents: BTreeMap<String, bool>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What an entity is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A human being.
    #[default]
    Person,
    /// A company, an agency, a party, a state body.
    Organisation,
    /// A place.
    Place,
    /// A document that the story speaks of.
    Document,
}

impl Kind {
    /// Whether it can be asked for a reply.
    pub fn can_reply(self) -> bool {
        matches!(self, Self::Person | Self::Organisation)
    }
}
