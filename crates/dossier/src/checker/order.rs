//! The findings in the order of the text.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Changed, Checker};
use crate::facts::Facts;
use crate::finding::Finding;

/// Where a finding stands among the others: what is about the front, what is in the text by block and offset, the rest.
type Place = (u8, usize, u32);

/// Of so many findings that came and went and more, all are put in order anew.
const MANY: usize = 64;

impl Checker {
    /// Puts the findings in order after changes.
    pub(super) fn put_in_order(&mut self) {
        let Changed {
            order,
            blocks,
            mut gone,
            came,
        } = std::mem::take(&mut self.changed);
        if order || gone.len() + came.len() >= MANY {
            return self.put_all_in_order();
        }
        gone.sort_unstable_by_key(Arc::as_ptr);
        let is_gone = |finding: &Arc<Finding>| gone.binary_search_by_key(&Arc::as_ptr(finding), Arc::as_ptr).is_ok();
        // In a block that changed a place may be another although its finding is the same.
        let (mut again, mut sorted) = (came, Vec::with_capacity(self.findings.len() + MANY));
        for finding in self.findings.drain(..).filter(|finding| !is_gone(finding)) {
            match finding.block().is_some_and(|block| blocks.contains(block)) {
                true => again.push(finding),
                false => sorted.push(finding),
            }
        }
        for finding in again {
            let place = place(&self.facts, &finding);
            let before = |other: &Arc<Finding>| {
                let other = (self::place(&self.facts, other), &**other);
                compare(other, (place, &finding)) == Ordering::Less
            };
            let at = sorted.partition_point(before);
            sorted.insert(at, finding);
        }
        self.findings = sorted;
    }

    fn put_all_in_order(&mut self) {
        let blocks = self.facts.blocks.iter();
        let blocks = blocks.flat_map(|block| block.alone.findings.iter().chain(&block.beside.findings));
        let claims = self.claims.values().flat_map(|claim| &claim.findings);
        let sources = self.sources.iter().flat_map(|source| &source.findings);
        let whole = self.whole.iter().flat_map(|whole| &whole.findings);
        let all = blocks.chain(claims).chain(sources).chain(whole);
        let mut placed: Vec<(Place, &Arc<Finding>)> =
            all.map(|finding| (place(&self.facts, finding), finding)).collect();
        placed.sort_by(|(place, finding), (other_place, other)| compare((*place, finding), (*other_place, other)));
        self.findings = placed.into_iter().map(|(_, finding)| finding.clone()).collect();
    }
}

fn place(facts: &Facts, finding: &Finding) -> Place {
    let place = finding.span.as_ref().and_then(|span| {
        let (at, block) = facts.block(&span.start.block)?;
        Some((at, span.start.offset.min(block.units)))
    });
    match place {
        Some((at, offset)) => (1, at, offset),
        None if ["headline", "summary", "byline", "fronts"]
            .iter()
            .any(|front| finding.about.starts_with(front)) =>
        {
            (0, 0, 0)
        }
        None => (2, 0, 0),
    }
}

/// One order for all findings but those that say the same of the same.
fn compare((place, finding): (Place, &Finding), (other_place, other): (Place, &Finding)) -> Ordering {
    let ends = |finding: &Finding| {
        finding
            .span
            .as_ref()
            .map(|span| (span.end.offset, span.end.block.clone()))
    };
    place
        .cmp(&other_place)
        .then_with(|| finding.check.cmp(&other.check))
        .then_with(|| finding.about.cmp(&other.about))
        .then_with(|| finding.with.cmp(&other.with))
        .then_with(|| ends(finding).cmp(&ends(other)))
}
