//! Whether all that is said of somebody comes from those who work against them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, replies};
use crate::facts::Facts;
use crate::finding::Check;

/// A party about which at least two claims have evidence, and all of it comes from its opponents.
pub(crate) fn check(facts: &Facts, found: &mut Found<'_>) {
    let entities = &facts.known.entities;
    let mut opponents: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, entity) in entities {
        for (other, _) in entity.opponents.iter().filter(|(_, is)| **is) {
            // Opponents of one another, whoever of them says so.
            opponents.entry(id).or_default().insert(other);
            opponents.entry(other).or_default().insert(id);
        }
    }
    if opponents.is_empty() {
        return;
    }
    for (party, claims) in replies::parties(facts) {
        let Some(opponents) = opponents.get(party) else {
            continue;
        };
        let proved: Vec<_> = claims.iter().filter(|claim| !claim.supports.is_empty()).collect();
        let mut evidence = proved.iter().flat_map(|claim| &claim.supports);
        if proved.len() >= 2 && evidence.all(|source| speaks_for(facts, source, opponents)) {
            let first = facts.claim(&proved[0].id).and_then(|claim| claim.span.clone());
            let with = vec![facts.name(party), proved.len().to_string()];
            found.push(Check::OneSided, format!("entities.{party}"), first, with);
        }
    }
}

/// Whether one of some parties speaks in a source: it stands behind it, or behind everything that it goes back to.
fn speaks_for(facts: &Facts, source: &str, parties: &BTreeSet<&str>) -> bool {
    let own = |source: &str| {
        let party = facts.record(source).map_or("", |record| &record.party);
        parties.contains(party)
    };
    let roots = || facts.prepared.independence.roots([source]);
    let other = facts.record(source).is_some_and(|record| !record.party.is_empty());
    own(source) || (!other && !roots().is_empty() && roots().into_iter().all(own))
}
