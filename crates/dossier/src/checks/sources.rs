//! Sources that the text rests on: verified, and described where readers get only a description.

use super::Found;
use crate::facts::{Facts, Used};
use crate::finding::Check;
use crate::source::{Confidentiality, State};

/// Somebody must have verified a source; one that is disputed or withdrawn carries nothing.
pub(crate) fn check_state(facts: &Facts, used: &Used<'_>, found: &mut Found<'_>) {
    let reliability = used.record.map(|record| &record.reliability);
    let check = match reliability.map_or(State::Unverified, |reliability| reliability.state) {
        State::Verified => return,
        State::Unverified => Check::SourceUnverified,
        State::Disputed => Check::SourceDisputed,
        State::Withdrawn => Check::SourceWithdrawn,
    };
    let title = facts.title(used.id).0;
    let how = reliability.map_or("", |reliability| &reliability.how);
    let with = match check {
        Check::SourceUnverified => vec![title],
        _ => vec![title, crate::text::beginning(how, 200)],
    };
    match used.confidential() {
        true => found.push_confidential(check, used.about(), used.span(facts), with),
        false => found.push(check, used.about(), used.span(facts), with),
    }
}

/// What is on background must be described: the description is all that readers get.
pub(crate) fn check_description(facts: &Facts, used: &Used<'_>, found: &mut Found<'_>) {
    let described = used.record.is_some_and(|record| !record.described.trim().is_empty());
    if used.rests.cited && used.confidentiality() == Confidentiality::Background && !described {
        let with = vec![facts.title(used.id).0];
        found.push(Check::BackgroundUndescribed, used.about(), used.span(facts), with);
    }
}
