//! What the newsrooms know of a story beyond what readers get, as values, and the checks over it.
//!
//! Readers get a [`Story`](komuz_release::story::Story): text, citations, the sources that may be named. The newsrooms know
//! more: who obtained a source and how, what it goes back to, what may not be said of it; which sentences assert a fact and
//! what proves them; whom they are about and what these were asked. That is the *dossier*. It never enters a release: a
//! release is made from a `Story`, and nothing here turns into one.
//!
//! - [`source`]: custody, reliability, confidentiality and origins of the sources.
//! - [`claim`]: spans that assert a checkable fact. [`reply`]: what the persons and organisations were asked.
//! - [`entity`]: whom and what the investigation names.
//! - [`language`]: the words of Kyrgyz, Russian and English texts and their forms.
//! - [`edition`]: what a translation was made from, and what each outlet puts around the common body.
//! - [`policy`]: which checks count how much. [`checker`]: all checks over one edition, done again only where something changed.
//! - [`facts`]: what checks read; [`independence`] counts sources. [`checks`]: the checks. [`finding`]: what they found, and
//!   [`words`] how it is said to people.
//! - [`read`]: files from outside. [`recorded`]: records in documents.
//!
//! Nothing here knows of Automerge, clocks or networks: documents are read into these values elsewhere (`komuz-core`), days
//! come in as arguments. The same code runs natively, in the desk's worker and in `komuz check`.
//!
//! # How records lie in documents
//!
//! `komuz-core` takes a record's JSON apart into members (`custody.by`, `evidence.x-1.quote`) and puts it together again before it
//! comes here; nothing here knows of that. Two people who change different members of one record at once both keep their change; what is
//! to merge entry by entry (names by language, evidence, whom a claim is about) is therefore an object and never a list.

pub mod checker;
pub mod checks;
pub mod claim;
pub mod day;
pub mod edition;
pub mod entity;
pub mod facts;
pub mod finding;
mod form;
pub mod gather;
pub mod independence;
pub mod language;
pub mod policy;
pub mod read;
pub mod recorded;
pub mod reply;
pub mod source;
pub mod text;
pub mod words;

use std::collections::BTreeMap;

use komuz_release::story::Story;
use serde::{Deserialize, Serialize};

use crate::claim::{Answered, Backed, Claim};
use crate::edition::{Front, Link};
use crate::entity::Entity;
use crate::policy::Policy;
pub use crate::read::DossierError;
use crate::reply::Reply;
use crate::source::{Confidential, Record};

/// A language edition with all that the newsrooms know of it: what is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// The edition as readers would get it. Its sources are the register's public ones and those that are described and not
    /// named; [`Dossier::confidential`] ones are not in it, though its citations may name them.
    #[serde(flatten)]
    pub story: Story,
    /// What else is known.
    #[serde(default, skip_serializing_if = "Known::is_empty")]
    pub dossier: Known,
}

/// What the newsrooms know beside the story.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Records of sources by the source's id; one without a record is unverified and public.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, Record>,
    /// Sources that readers must never learn of, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub confidential: BTreeMap<String, Confidential>,
    /// Claims of this edition by id (`k-` and more).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, Claim>,
    /// Where in the text answers stand, by id (`a-` and more).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Answered>,
    /// Which claims bear the headline and the summary, by `headline`, `summary`, and `headline:` or `summary:` with the id of an
    /// outlet that has its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub backed: BTreeMap<String, Backed>,
    /// Persons, organisations, places and documents of the investigation by id (`e-` and more).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entities: BTreeMap<String, Entity>,
    /// What persons and organisations were asked, by id (`r-` and more).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replies: BTreeMap<String, Reply>,
    /// For a translation: what each of its blocks was made from, by the block's id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, Link>,
    /// The edition that this one translates, as it is now; none for an original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Box<Story>>,
    /// What outlets put around the body where it differs from the common front, by the outlet's id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fronts: BTreeMap<String, Front>,
    /// What the checks ask for.
    #[serde(default, skip_serializing_if = "Policy::is_default")]
    pub policy: Policy,
}

impl Known {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
