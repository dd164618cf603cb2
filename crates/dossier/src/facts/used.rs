//! The sources that the text rests on.

use std::collections::BTreeMap;

use komuz_release::story::Source;

use super::Facts;
use crate::claim::Span;
use crate::source::{Confidentiality, Record};

/// A source that the text rests on: it is cited, or evidence for a claim.
#[derive(Debug, Clone)]
pub struct Used<'a> {
    /// Its id.
    pub id: &'a str,
    /// The source; none for a confidential one.
    pub source: Option<&'a Source>,
    /// Its record, if it has one.
    pub record: Option<&'a Record>,
    /// Whether it is cited in the text.
    pub cited: bool,
    /// Whether a citation says where in the source.
    pub located: bool,
    /// Where the text rests on it first; none where only claims do whose text is gone.
    at: Option<(usize, u32, At<'a>)>,
}

#[derive(Debug, Clone, Copy)]
enum At<'a> {
    Citation(usize),
    Claim(&'a str),
}

impl Used<'_> {
    /// Whether readers must never learn of it.
    pub fn confidential(&self) -> bool {
        self.source.is_none() || self.confidentiality() == Confidentiality::Confidential
    }

    /// Who may know of it.
    pub fn confidentiality(&self) -> Confidentiality {
        self.record
            .map_or(Confidentiality::Public, |record| record.confidentiality)
    }

    /// Its path: `sources.s-1`, or `confidential.s-1`.
    pub fn about(&self) -> String {
        let map = if self.source.is_none() {
            "confidential"
        } else {
            "sources"
        };
        format!("{map}.{}", self.id)
    }

    /// Where the text rests on it first.
    pub fn span(&self, facts: &Facts) -> Option<Span> {
        match self.at.as_ref()?.2 {
            At::Citation(nth) => facts.citations.get(nth).map(|citation| Span {
                start: citation.start.clone(),
                end: citation.end.clone(),
            }),
            At::Claim(id) => facts.claim(id)?.span.clone(),
        }
    }
}

impl Facts {
    /// The sources that the text rests on, by id.
    pub fn used(&self) -> BTreeMap<&str, Used<'_>> {
        let mut used: BTreeMap<&str, Used<'_>> = BTreeMap::new();
        for (nth, citation) in self.citations.iter().enumerate() {
            let Some(entry) = self.entry(&mut used, &citation.source) else {
                continue;
            };
            entry.cited = true;
            entry.located |= !citation.locator.trim().is_empty();
            if let Some(range) = self.range(&citation.start, &citation.end) {
                entry.first(range.first, range.start, At::Citation(nth));
            }
        }
        for claim in self.claims.values() {
            for source in &claim.supports {
                let Some(entry) = self.entry(&mut used, source) else {
                    continue;
                };
                if let (false, Some(range)) = (entry.cited, claim.range) {
                    entry.first(range.first, range.start, At::Claim(&claim.id));
                }
            }
        }
        used
    }

    fn entry<'a, 'm>(&'a self, used: &'m mut BTreeMap<&'a str, Used<'a>>, id: &'a str) -> Option<&'m mut Used<'a>> {
        let source = self.sources.get(id);
        if source.is_none() && !self.known.confidential.contains_key(id) {
            return None;
        }
        Some(used.entry(id).or_insert_with(|| Used {
            id,
            source,
            record: self.record(id),
            cited: false,
            located: false,
            at: None,
        }))
    }
}

impl<'a> Used<'a> {
    fn first(&mut self, block: usize, offset: u32, at: At<'a>) {
        if self.at.is_none_or(|(b, o, _)| (block, offset) < (b, o)) {
            self.at = Some((block, offset, at));
        }
    }
}
