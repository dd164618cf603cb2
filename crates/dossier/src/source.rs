//! What the newsrooms know of a source beyond how it is cited.

use std::collections::BTreeMap;

use komuz_release::story::Source;
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};

/// What a source is, how far it can be relied on and who may know of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it is.
    #[serde(default)]
    pub what: What,
    /// Who obtained it, when and how.
    #[serde(default, skip_serializing_if = "Custody::is_empty")]
    pub custody: Custody,
    /// How far it can be relied on.
    #[serde(default, skip_serializing_if = "Reliability::is_default")]
    pub reliability: Reliability,
    /// Who may know of it.
    #[serde(default)]
    pub confidentiality: Confidentiality,
    /// How a source on background is described to readers: "an official of the customs service".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub described: String,
    /// Ids of the sources that it goes back to: what it repeats, quotes or was written from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub origins: BTreeMap<String, bool>,
    /// Id of the person or organisation that speaks in it or stands behind it, where that is one of the investigation's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub party: String,
    /// What colleagues should know of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a source is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A document: a contract, a letter, a scan.
    #[default]
    Document,
    /// Data in rows.
    Dataset,
    /// A person who was asked.
    Interview,
    /// A register, a court, a gazette.
    OfficialRecord,
    /// What anybody can find: pictures, posts, maps.
    OpenSource,
    /// What another outlet or an agency has published.
    Press,
    /// What was passed on without leave.
    Leak,
    /// Somebody's expert judgement.
    Expert,
}

impl What {
    /// The one of a name, as records have it; a document where it is the name of none.
    pub fn of(name: &str) -> Self {
        let named: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Self::deserialize(named).unwrap_or_default()
    }
}

/// Who obtained a source, when and how, so that its way to us can be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custody {
    /// Who obtained it: a member's pseudonym or a name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// The day, `YYYY-MM-DD`, or a month or year.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub when: String,
    /// How.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub how: String,
    /// SHA-256 of the original file, lower-case hex; empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
}

impl Custody {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How far a source can be relied on, and who says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reliability {
    /// The judgement.
    #[serde(default)]
    pub state: State,
    /// Who judged.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// How it was verified, or why it is disputed or withdrawn.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub how: String,
    /// The day, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub when: String,
}

impl Reliability {
    /// Whether nobody has judged yet.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A judgement of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nobody has checked it.
    #[default]
    Unverified,
    /// Checked: by whom, how and when is said beside it.
    Verified,
    /// Somebody has reasons against it.
    Disputed,
    /// Its author has taken it back, or it was found to be false.
    Withdrawn,
}

/// Who may know of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidentiality {
    /// Everybody.
    #[default]
    Public,
    /// Readers are told what it is and not who: only [`Record::described`] goes out.
    Background,
    /// The newsrooms alone.
    Confidential,
}

/// A source that readers must never learn of. How it would be cited is kept for colleagues; there is no way from here to a
/// [`Source`], and so none into a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confidential {
    /// How it would be cited: a CSL-JSON item.
    pub cited_as: serde_json::Map<String, serde_json::Value>,
    /// The record.
    #[serde(flatten)]
    pub record: Record,
}

/// What readers get of a source: itself, its description where it is on background, nothing where it is confidential.
pub fn shown(source: &Source, record: &Record) -> Option<Source> {
    match record.confidentiality {
        Confidentiality::Public => Some(source.clone()),
        Confidentiality::Background => Some(source.on_background(record.described.clone())),
        Confidentiality::Confidential => None,
    }
}

impl Confidential {
    /// A member of its item that is a text; empty where it is none.
    pub fn text(&self, member: &str) -> &str {
        self.cited_as
            .get(member)
            .and_then(|value| value.as_str())
            .unwrap_or_default()
    }
}
