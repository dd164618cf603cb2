//! From what the engine hands over to a dossier, and to what the desk's panel is shown.
//!
//! The engine reads documents and knows no types of this crate: it hands over one JSON object with `edition` (`story`, `lang`),
//! `today` (`YYYY-MM-DD`), `me` (`name`, `outlet`), `story` and `original` (a [`Story`] each, without sources; no `original` for an original), `sources` (each
//! `source`, a CSL-JSON item, and `about`, its record), `records` (each `id`, `record`, and `span` where it stands in the text) and
//! `policy`. Others write these documents too, so that what is wrong in it is left out.

use std::collections::{BTreeMap, HashMap};

use komuz_release::csl;
use komuz_release::story::{Block, STORY_VERSION, Source, Story};
use serde_json::{Map, Value, json};

use crate::checker::{Checker, Update};
use crate::claim::{Claim, Span};
use crate::finding::Finding;
use crate::read::DossierError;
use crate::recorded::Recorded;
use crate::source::{Confidential, Confidentiality, Record, shown};
use crate::{Dossier, Known};

/// An edition, ready to be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// Which edition: `story` and `lang`, as it was handed over.
    pub edition: Value,
    /// The day, `YYYY-MM-DD`.
    pub today: String,
    /// Who works here: `name` and `outlet`, as it was handed over.
    pub me: Value,
    /// What is known of it.
    pub dossier: Dossier,
}

/// Reads what the engine hands over. Only what is no JSON, or has no story in it, is an error.
pub fn gather(text: &str) -> Result<Gathered, DossierError> {
    let mut all: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| DossierError::Json(error.to_string()))?;
    let mut take = |name: &str| all.remove(name).unwrap_or_default();
    let story = |value: Value, place: &str| {
        Story::from_value(value).map_err(|error| DossierError::Story {
            place: place.to_owned(),
            error,
        })
    };
    let mut read = story(take("story"), "story")?;
    let original = match take("original") {
        Value::Null => None,
        value => Some(Box::new(story(value, "original")?)),
    };
    let mut known = Known {
        original,
        policy: Recorded::recorded(&object(take("policy"))),
        ..Known::default()
    };
    read.komuz = STORY_VERSION;
    read.sources = Vec::new();
    for value in list(take("sources")) {
        source(value, &mut read.sources, &mut known);
    }
    for value in list(take("records")) {
        record(value, &mut known);
    }
    Ok(Gathered {
        edition: take("edition"),
        today: take("today").as_str().unwrap_or_default().to_owned(),
        me: take("me"),
        dossier: Dossier {
            story: read,
            dossier: known,
        },
    })
}

/// The edition with what is known of it as Komuz's own JSON (docs/story.schema.json), as the text of a file in a JSON string.
///
/// # Errors
/// As [`gather`].
pub fn file(text: &str) -> Result<String, DossierError> {
    let gathered = gather(text)?;
    let json = serde_json::to_string_pretty(&gathered.dossier).unwrap_or_default();
    Ok(Value::String(json + "\n").to_string())
}

/// The checks of the edition that somebody has open: what has not changed since the last time is not checked again.
#[derive(Debug, Default)]
pub struct Open(Option<(Gathered, Checker)>);

impl Open {
    /// What the panel is shown of what the engine hands over ([`gather`]): `edition`, `today`, `me`, `dossier` and `findings`, as JSON.
    ///
    /// # Errors
    /// As [`gather`].
    pub fn shown(&mut self, text: &str) -> Result<String, DossierError> {
        let new = gather(text)?;
        let checker = match self.0.take() {
            Some((old, mut checker)) if old.edition == new.edition => {
                checker.update(difference(&old, &new));
                checker
            }
            _ => Checker::new(new.dossier.clone(), &new.today),
        };
        let findings: Vec<&Finding> = checker.findings().iter().map(|finding| &**finding).collect();
        let shown = json!({
            "edition": new.edition,
            "today": new.today,
            "me": new.me,
            "dossier": new.dossier,
            "findings": findings,
        });
        self.0 = Some((new, checker));
        Ok(shown.to_string())
    }
}

/// What changed from one time to the next.
fn difference(old: &Gathered, new: &Gathered) -> Update {
    fn changed<T: PartialEq + Clone>(old: &T, new: &T) -> Option<T> {
        (old != new).then(|| new.clone())
    }
    let (was, is) = (&old.dossier.story, &new.dossier.story);
    let (knew, know) = (&old.dossier.dossier, &new.dossier.dossier);
    let before: HashMap<&str, &Block> = was.blocks.iter().map(|block| (block.id.as_str(), block)).collect();
    let other = |block: &&Block| before.get(block.id.as_str()).is_none_or(|old| old != block);
    let ids = |story: &Story| story.blocks.iter().map(|block| block.id.clone()).collect::<Vec<_>>();
    let mut claims: BTreeMap<String, Option<Claim>> = BTreeMap::new();
    for (id, claim) in &know.claims {
        if knew.claims.get(id) != Some(claim) {
            claims.insert(id.clone(), Some(claim.clone()));
        }
    }
    let gone = knew.claims.keys().filter(|id| !know.claims.contains_key(*id));
    claims.extend(gone.map(|id| (id.clone(), None)));
    Update {
        blocks: is.blocks.iter().filter(other).cloned().collect(),
        order: changed(&ids(was), &ids(is)),
        headline: changed(&was.headline, &is.headline),
        summary: changed(&was.summary, &is.summary),
        byline: changed(&was.byline, &is.byline),
        citations: changed(&was.citations, &is.citations),
        sources: changed(&was.sources, &is.sources),
        claims,
        answers: changed(&knew.answers, &know.answers),
        backed: changed(&knew.backed, &know.backed),
        links: changed(&knew.links, &know.links),
        fronts: changed(&knew.fronts, &know.fronts),
        original: changed(&knew.original, &know.original),
        records: changed(&knew.sources, &know.sources),
        confidential: changed(&knew.confidential, &know.confidential),
        entities: changed(&knew.entities, &know.entities),
        replies: changed(&knew.replies, &know.replies),
        policy: changed(&knew.policy, &know.policy),
        today: changed(&old.today, &new.today),
    }
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list,
        _ => Vec::new(),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// Sorts a source by who may know of it. What is on background is described to readers; what it is stays known here.
fn source(mut value: Value, sources: &mut Vec<Source>, known: &mut Known) {
    let mut take = |name: &str| value.get_mut(name).map(Value::take).unwrap_or_default();
    let (item, about) = (take("source"), object(take("about")));
    let Ok(source) = csl::source("source", item.clone()) else {
        return;
    };
    let record = Record::recorded(&about);
    if record.confidentiality != Confidentiality::Public
        && let Value::Object(cited_as) = item
    {
        let record = record.clone();
        let confidential = Confidential { cited_as, record };
        known.confidential.insert(source.id.clone(), confidential);
    }
    sources.extend(shown(&source, &record));
    if !about.is_empty() && record.confidentiality != Confidentiality::Confidential {
        known.sources.insert(source.id, record);
    }
}

/// Sorts a record by what its id starts with.
fn record(mut value: Value, known: &mut Known) {
    let mut take = |name: &str| value.get_mut(name).map(Value::take).unwrap_or_default();
    let span: Option<Span> = serde_json::from_value(take("span")).ok();
    let (id, said) = (take("id"), object(take("record")));
    let Some((kind, rest)) = id.as_str().and_then(|id| id.split_once('-')) else {
        return;
    };
    let id = format!("{kind}-{rest}");
    match kind {
        "k" => {
            let mut claim = Claim::recorded(&said);
            claim.span = span;
            known.claims.insert(id, claim);
        }
        "a" => {
            let mut answered = crate::claim::Answered::recorded(&said);
            answered.span = span;
            known.answers.insert(id, answered);
        }
        "h" => drop(known.backed.insert(rest.to_owned(), Recorded::recorded(&said))),
        "b" => drop(known.links.insert(rest.to_owned(), Recorded::recorded(&said))),
        "o" => drop(known.fronts.insert(rest.to_owned(), Recorded::recorded(&said))),
        "e" => drop(known.entities.insert(id, Recorded::recorded(&said))),
        "r" => drop(known.replies.insert(id, Recorded::recorded(&said))),
        _ => {}
    }
}
