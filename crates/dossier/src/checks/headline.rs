//! Headlines and summaries say what claims of the body say.
//!
//! Without a lexicon nobody can tell by rule what a sentence means, so the rule looks at words and asks a person where they differ. A
//! sentence is looked at when it asserts something: it has a verb by its form, and is no question. A headline that only names
//! things ("A customs kingdom") is let be. Of a sentence that asserts,
//!
//! - every verb must stand in one form or another in a claim that shares another word or name with the sentence, denied here and there
//!   alike;
//! - every number must stand in some claim;
//! - of its other words of weight two in three must stand in claims. An entity counts as standing where a claim is about it.
//!
//! What does not pass is borne all the same when somebody says so ([`Backed`](crate::claim::Backed)) of exactly these words with
//! claims that are there.

use super::Found;
use crate::facts::{ClaimFacts, Facts};
use crate::finding::Check;
use crate::language::Language;
use crate::language::said::{Point, Statement, What, statements};

/// The common headline and summary and those of outlets.
pub(crate) fn check(facts: &Facts, found: &mut Found<'_>) {
    let mut look = |check: Check, key: String, about: String, text: &str| {
        if text.trim().is_empty() || is_backed(facts, &key, text) {
            return;
        }
        let missing = unsupported(facts, text);
        if !missing.is_empty() {
            found.push(check, about, None, vec![missing.join(", ")]);
        }
    };
    look(
        Check::HeadlineUnsupported,
        "headline".to_owned(),
        "headline".to_owned(),
        &facts.headline,
    );
    look(
        Check::SummaryUnsupported,
        "summary".to_owned(),
        "summary".to_owned(),
        &facts.summary,
    );
    for (outlet, front) in &facts.known.fronts {
        for (check, member, text) in [
            (Check::HeadlineUnsupported, "headline", &front.headline),
            (Check::SummaryUnsupported, "summary", &front.summary),
        ] {
            look(
                check,
                format!("{member}:{outlet}"),
                format!("fronts.{outlet}.{member}"),
                text,
            );
        }
    }
}

fn is_backed(facts: &Facts, key: &str, text: &str) -> bool {
    facts.known.backed.get(key).is_some_and(|backed| {
        let there = |id: &String| facts.claims.get(id).is_some_and(|claim| !claim.words.is_empty());
        crate::text::same_words(&backed.words, text) && backed.claims.iter().any(|(id, on)| *on && there(id))
    })
}

/// The words that no claim bears, as they stand; empty when nothing is wrong.
fn unsupported(facts: &Facts, text: &str) -> Vec<String> {
    let language = Language::of(&facts.lang);
    let mut missing = Vec::new();
    let named: Vec<(u32, u32, String)> = facts
        .prepared
        .names
        .block("", text)
        .into_iter()
        .map(|candidate| candidate.mention)
        .filter(|mention| mention.sure != crate::entity::find::Sure::Refused)
        .map(|mention| (mention.start, mention.end, mention.entity))
        .collect();
    for statement in statements(text, language).iter().filter(|statement| statement.asserts) {
        missing.extend(missing_of(facts, statement, &named));
    }
    missing
}

fn missing_of(facts: &Facts, statement: &Statement, named: &[(u32, u32, String)]) -> Vec<String> {
    let bears = |claim: &ClaimFacts, point: &Point| {
        claim.said.has(point)
            || named
                .iter()
                .any(|(start, end, entity)| (*start..*end).contains(&point.start) && is_about(facts, claim, entity))
    };
    let is_named = |point: &Point| {
        named
            .iter()
            .any(|(start, end, _)| (*start..*end).contains(&point.start))
    };
    let borne = |point: &Point| facts.claims.values().any(|claim| bears(claim, point));
    let (mut hard, mut soft, mut things) = (Vec::new(), Vec::new(), 0);
    for point in &statement.points {
        match point.what {
            What::Verb if !is_named(point) => {
                let others: Vec<&Point> = statement.points.iter().filter(|other| *other != point).collect();
                let together = facts.claims.values().any(|claim| {
                    bears(claim, point) && (others.is_empty() || others.iter().any(|other| bears(claim, other)))
                });
                if !together {
                    hard.push(point);
                }
            }
            What::Number => {
                if !borne(point) {
                    hard.push(point);
                }
            }
            _ => {
                things += 1;
                if !borne(point) {
                    soft.push(point);
                }
            }
        }
    }
    let mut missing = if soft.len() * 3 > things { soft } else { Vec::new() };
    missing.extend(hard);
    missing.sort_by_key(|point| point.start);
    missing.into_iter().map(|point| point.word.clone()).collect()
}

fn is_about(facts: &Facts, claim: &ClaimFacts, entity: &str) -> bool {
    facts
        .claim(&claim.id)
        .is_some_and(|claim| claim.about.get(entity).copied().unwrap_or(false))
}
