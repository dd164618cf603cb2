//! The sources that the text rests on.

use komuz_release::story::{Place, Source};

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
    /// How the text rests on it.
    pub rests: Rests<'a>,
}

/// How the text rests on a source.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rests<'a> {
    /// Whether it is cited in the text.
    pub cited: bool,
    /// Whether a citation says where in the source.
    pub located: bool,
    /// Where it does so first; none where only claims do whose text is gone.
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
        let (start, end) = self.rests.places(facts)?;
        Some(Span {
            start: start.clone(),
            end: end.clone(),
        })
    }
}

impl<'a> Rests<'a> {
    /// From where to where the text rests on the source first.
    pub(crate) fn places<'f>(&self, facts: &'f Facts) -> Option<(&'f Place, &'f Place)> {
        match self.at.as_ref()?.2 {
            At::Citation(nth) => facts
                .citations
                .get(nth)
                .map(|citation| (&citation.start, &citation.end)),
            At::Claim(id) => facts.claim(id)?.span.as_ref().map(|span| (&span.start, &span.end)),
        }
    }

    fn first(&mut self, block: usize, offset: u32, at: At<'a>) {
        if self.at.is_none_or(|(b, o, _)| (block, offset) < (b, o)) {
            self.at = Some((block, offset, at));
        }
    }
}

impl Facts {
    /// How the text rests on each of [`Facts::source_ids`]; none where it does not.
    pub(crate) fn rests(&self) -> Vec<Option<Rests<'_>>> {
        let mut all: Vec<Option<Rests<'_>>> = vec![None; self.source_ids.len()];
        for (nth, citation) in self.citations.iter().enumerate() {
            let Some(number) = self.source_numbers.get(&citation.source) else {
                continue;
            };
            let rests = all[*number].get_or_insert_default();
            rests.cited = true;
            rests.located |= !citation.locator.trim().is_empty();
            if let Some(range) = self.cited_range(nth) {
                rests.first(range.first, range.start, At::Citation(nth));
            }
        }
        for claim in self.claims.values() {
            for source in &claim.supports {
                let Some(number) = self.source_numbers.get(source) else {
                    continue;
                };
                let rests = all[*number].get_or_insert_default();
                if let (false, Some(range)) = (rests.cited, claim.range) {
                    rests.first(range.first, range.start, At::Claim(&claim.id));
                }
            }
        }
        all
    }

    /// A source that the text rests on so.
    pub(crate) fn used<'a>(&'a self, id: &'a str, rests: Rests<'a>) -> Used<'a> {
        Used {
            id,
            source: self.sources.get(id),
            record: self.record(id),
            rests,
        }
    }
}
