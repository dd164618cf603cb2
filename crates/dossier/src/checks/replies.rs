//! The right of reply: who is in the claims must be asked, given time, and heard.

use std::collections::{BTreeMap, BTreeSet};

use super::Found;
use crate::facts::{ClaimFacts, Facts};
use crate::finding::Check;
use crate::reply::{Outcome, Reply};

/// The parties that claims are about, each with those claims in the order of the text; lost claims do not count.
pub(super) fn parties(facts: &Facts) -> BTreeMap<&str, Vec<&ClaimFacts>> {
    let mut parties: BTreeMap<&str, Vec<&ClaimFacts>> = BTreeMap::new();
    for (claim, stored) in facts.stored_claims().filter(|(claim, _)| claim.range.is_some()) {
        for (party, _) in stored.about.iter().filter(|(_, is)| **is) {
            if facts
                .known
                .entities
                .get(party)
                .is_some_and(|entity| entity.what.can_reply())
            {
                parties.entry(party).or_default().push(claim);
            }
        }
    }
    for claims in parties.values_mut() {
        claims.sort_by_key(|claim| claim.range.map(|range| (range.first, range.start)));
    }
    parties
}

/// Everybody whom a claim is about must have been asked, the deadline must be over, and an answer must stand in the text.
pub(crate) fn check(facts: &Facts, found: &mut Found<'_>) {
    let mut requests: BTreeMap<&str, Vec<(&String, &Reply)>> = BTreeMap::new();
    for (id, reply) in &facts.known.replies {
        requests.entry(&reply.party).or_default().push((id, reply));
    }
    let answered = facts.known.answers.values().filter(|answered| {
        let span = answered.span.as_ref();
        span.is_some_and(|span| facts.range(&span.start, &span.end).is_some())
    });
    let answered: BTreeSet<&str> = answered.map(|answered| answered.reply.as_str()).collect();
    for (party, claims) in parties(facts) {
        let name = || facts.name(party);
        let first = claims.first().and_then(|claim| facts.claim(&claim.id)?.span.clone());
        let requests = requests.get(party).map_or(&[][..], Vec::as_slice);
        let asked = |reply: &Reply| !reply.asked.is_empty() && reply.asked <= facts.today;
        if !requests.iter().any(|(_, reply)| asked(reply)) {
            found.push(Check::NoReplyAsked, format!("entities.{party}"), first, vec![name()]);
            continue;
        }
        for (id, reply) in requests.iter().filter(|(_, reply)| asked(reply)) {
            let about = || format!("replies.{id}");
            let over = !reply.deadline.is_empty() && reply.deadline < facts.today;
            if reply.outcome == Outcome::Waiting && !over {
                let with = vec![name(), reply.deadline.clone()];
                found.push(Check::ReplyPending, about(), first.clone(), with);
            }
            if reply.outcome == Outcome::Answer && !answered.contains(id.as_str()) {
                found.push(Check::ReplyMissing, about(), first.clone(), vec![name()]);
            }
        }
    }
}
