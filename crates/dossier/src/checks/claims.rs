//! Claims: enough independent sources, and a checker's word for the words that stand there.

use komuz_release::difference::words_changed;

use super::Found;
use crate::claim::Verdict;
use crate::facts::{ClaimFacts, Facts};
use crate::finding::Check;
use crate::text::{beginning, same_words};

/// How many changes of a claim's words a finding names.
const MOST_CHANGES: usize = 3;

/// A claim needs sources, a check, and words that were not changed after it. A lost one needs its text first.
pub(crate) fn check(facts: &Facts, claim: &ClaimFacts, found: &mut Found<'_>) {
    let Some(stored) = facts.claim(&claim.id) else { return };
    let about = || format!("claims.{}", claim.id);
    let checked = stored.checked.as_ref();
    if claim.words.is_empty() {
        let words = checked.map_or("", |checked| &checked.words);
        found.push(Check::ClaimLost, about(), None, vec![beginning(words, 100)]);
        return;
    }
    let span = || stored.span.clone();
    let wanted = usize::from(facts.known.policy.sources);
    if claim.independent < wanted {
        let with = vec![claim.independent.to_string(), wanted.to_string()];
        found.push(Check::FewSources, about(), span(), with);
    }
    match checked {
        None => match claim.contradicts.first() {
            Some(source) => {
                let (title, confidential) = facts.title(source);
                let with = vec![title];
                match confidential {
                    true => found.push_confidential(Check::ClaimDisputed, about(), span(), with),
                    false => found.push(Check::ClaimDisputed, about(), span(), with),
                }
            }
            None => found.push(Check::ClaimUnchecked, about(), span(), Vec::new()),
        },
        Some(checked) if !same_words(&checked.words, &claim.words) => {
            let changes = words_changed("", &checked.words, &claim.words);
            let pairs = changes.into_iter().take(MOST_CHANGES);
            let with = pairs.flat_map(|change| [beginning(&change.old, 100), beginning(&change.new, 100)]);
            found.push(Check::ChangedSinceChecked, about(), span(), with.collect());
        }
        Some(checked) if checked.verdict == Verdict::Disputed => {
            let with = vec![checked.by.clone(), beginning(&checked.reasons, 200)];
            found.push(Check::ClaimDisputed, about(), span(), with);
        }
        Some(_) => {}
    }
}
