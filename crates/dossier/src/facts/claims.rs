//! Claims, computed: their words as they stand, and what is behind them.

use super::{Facts, MAX_SPAN, Range};
use crate::claim::{Stance, Status};
use crate::language::Language;
use crate::language::said::Said;

/// A claim and what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimFacts {
    /// Its id.
    pub id: String,
    /// Where it stands; none when its text is gone.
    pub range: Option<Range>,
    /// Its words as they stand; the texts of several blocks have a line break between them. Empty when its text is gone.
    pub words: String,
    /// What its words say, to hold headlines against.
    pub said: Said,
    /// Ids of the sources that support it, each once: cited in its words, or named as evidence.
    pub supports: Vec<String>,
    /// Ids of the sources that speak against it, each once.
    pub contradicts: Vec<String>,
    /// How many independent sources stand behind it.
    pub independent: usize,
    /// How far it is.
    pub status: Status,
}

impl Facts {
    /// Where a claim stands, of a long one the first [`MAX_SPAN`] blocks.
    pub(crate) fn claim_range(&self, id: &str) -> Option<Range> {
        let span = self.claim(id)?.span.as_ref()?;
        let range = self.range(&span.start, &span.end)?;
        if range.last - range.first < MAX_SPAN {
            return Some(range);
        }
        let last = range.first + MAX_SPAN - 1;
        Some(Range {
            last,
            end: self.blocks[last].units,
            ..range
        })
    }

    /// Computes a claim.
    pub(crate) fn compute(&self, id: &str) -> Option<ClaimFacts> {
        let claim = self.claim(id)?;
        let range = self.claim_range(id);
        let words = range.map(|range| self.words(range)).unwrap_or_default();
        let of = |stance| {
            let evidence = claim
                .evidence
                .values()
                .filter(move |evidence| evidence.stance == stance);
            evidence.map(|evidence| evidence.source.as_str())
        };
        let cited = range.into_iter().flat_map(|range| self.cited(range));
        let supports = self.each_once(cited.chain(of(Stance::Supports)));
        let independent = self.prepared.independence.count(supports.iter().map(String::as_str));
        let enough = independent >= usize::from(self.known.policy.sources);
        Some(ClaimFacts {
            id: id.to_owned(),
            range,
            status: Status::of(&words, enough, claim.checked.as_ref()),
            said: Said::of(&words, Language::of(&self.lang)),
            words,
            contradicts: self.each_once(of(Stance::Contradicts)),
            supports,
            independent,
        })
    }

    /// Ids of the sources of citations that share words with a range.
    fn cited(&self, range: Range) -> impl Iterator<Item = &str> {
        (range.first..=range.last).flat_map(move |at| {
            let block = &self.blocks[at];
            let start = if at == range.first { range.start } else { 0 };
            let end = if at == range.last { range.end } else { block.units };
            let within = block.cited.iter().filter(move |c| c.start.max(start) < c.end.min(end));
            within.map(|cited| self.citations[cited.citation].source.as_str())
        })
    }

    fn each_once<'a>(&'a self, sources: impl Iterator<Item = &'a str>) -> Vec<String> {
        let mut seen: Vec<&str> = sources.filter(|id| self.is_source(id)).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.into_iter().map(str::to_owned).collect()
    }
}
