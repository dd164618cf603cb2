//! The records of a body: claims, answers, what bears headlines, links of translations, fronts of outlets.

use std::collections::BTreeMap;

use komuz_release::release::Front;
use komuz_release::story::Place;
use serde_json::Value as Json;

use super::limits::{MAX_HEADLINE, MAX_SUMMARY};
use super::{Body, BodyError, Entry};
use crate::document::Document;
use crate::records::{self, Kind, Members, RecordError};

/// A record of a body as it is in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// What it says.
    pub members: Members,
    /// From where to where it stands, in UTF-16 code units of its blocks' texts, as a citation does; none while its words
    /// are gone, and for what does not stand in the text.
    pub span: Option<(Place, Place)>,
}

impl Body {
    /// The records by their kinds and ids.
    pub fn records(&self) -> Vec<Recorded> {
        let record = |(id, entry): &(String, Entry)| {
            Some(Recorded {
                id: id.clone(),
                kind: Kind::of(id)?,
                members: entry.members.clone(),
                span: self.flat_range(id).and_then(|range| self.places(&range)),
            })
        };
        self.entries.iter().filter_map(record).collect()
    }

    /// Saves members of a record, those that differ, or makes it: `save` as [`Members`] says. One that was removed comes back
    /// as it was. What stands in the text is made by [`PageLink::mark_span`](crate::steps::PageLink::mark_span).
    pub fn save_record(&mut self, doc: &mut Document, id: &str, save: &Members) -> Result<(), BodyError> {
        let (old, new) = self.saved_record(id, save)?;
        if old.as_ref() == Some(&new) {
            return Ok(());
        }
        self.edit(doc, |writer| writer.put_entry(id, old, Some(new))).map(drop)
    }

    /// Marks a record as removed.
    pub fn remove_record(&mut self, doc: &mut Document, id: &str) -> Result<(), BodyError> {
        let old = self.record(id)?.clone();
        self.edit(doc, |writer| writer.put_entry(id, Some(old), None)).map(drop)
    }

    /// A record's entry as it is and as it is after a save.
    pub(crate) fn saved_record(&self, id: &str, save: &Members) -> Result<(Option<Entry>, Entry), BodyError> {
        let here = |kind: &Kind| kind.root() == Kind::Claim.root();
        if Kind::of(id).filter(here).is_none() {
            return Err(RecordError::Id { id: id.to_owned() }.into());
        }
        let old = self.entry(id).cloned();
        let mut new = old.clone().unwrap_or_default();
        new.members = records::saved(&new.members, save)?;
        Ok((old, new))
    }

    /// A record's entry.
    pub(crate) fn record(&self, id: &str) -> Result<&Entry, BodyError> {
        let entry = self.entry(id).filter(|_| Kind::of(id).is_some());
        entry.ok_or_else(|| RecordError::Missing { id: id.to_owned() }.into())
    }

    /// What outlets put around the body where it differs from the common front, by their ids; empty members are the common
    /// ones. The figure is named by the block's id here.
    pub fn fronts(&self) -> BTreeMap<String, Front> {
        let fronts = self.entries.iter().filter_map(|(id, entry)| {
            let outlet = id
                .strip_prefix(Kind::Front.prefix())
                .filter(|_| Kind::of(id).is_some())?;
            let text = |name: &str, limit| entry.text(name).chars().take(limit).collect::<String>();
            let front = Front {
                headline: text("headline", MAX_HEADLINE),
                summary: text("summary", MAX_SUMMARY),
                note: text("note", MAX_SUMMARY),
                figure: text("figure", records::MAX_ID),
                byline: self.ordered_byline(&records::together(&entry.members)),
            };
            Some((outlet.to_owned(), front))
        });
        fronts.collect()
    }

    /// The byline in an outlet's own order; names without a place follow. Empty where the outlet has no order of its own.
    fn ordered_byline(&self, front: &serde_json::Map<String, Json>) -> Vec<komuz_release::story::Byline> {
        let Some(places) = front.get("byline").and_then(Json::as_object) else {
            return Vec::new();
        };
        let mut byline = self.byline.clone();
        byline.sort_by_key(|named| places.get(&named.name).and_then(Json::as_u64).unwrap_or(u64::MAX));
        byline
    }
}
