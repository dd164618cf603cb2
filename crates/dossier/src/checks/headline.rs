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

use std::collections::HashMap;

use super::Found;
use crate::entity::find::Sure;
use crate::facts::{ClaimFacts, Facts};
use crate::finding::Check;
use crate::language::Language;
use crate::language::said::{Point, What, statements};

/// What the headlines and summaries say, and which claims bear it. Made anew when they change; of a claim that changes only its own part.
#[derive(Debug, Default)]
pub(crate) struct Borne {
    texts: Vec<Text>,
    points: Vec<Told>,
    claims: HashMap<String, Bits>,
}

/// A headline or a summary.
#[derive(Debug)]
struct Text {
    check: Check,
    /// Its key among what is backed.
    key: String,
    about: String,
    text: String,
    /// The points of each of its sentences that assert something.
    statements: Vec<std::ops::Range<usize>>,
}

/// Something that a headline says.
#[derive(Debug)]
struct Told {
    point: Point,
    /// Ids of the entities that it belongs to the name of.
    names: Vec<String>,
}

/// One bit for each point.
#[derive(Debug, Clone, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, at: usize) {
        if self.0.len() <= at / 64 {
            self.0.resize(at / 64 + 1, 0);
        }
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn has(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }

    /// Whether it has one of a range but for one.
    fn has_other(&self, mut range: std::ops::Range<usize>, but: usize) -> bool {
        range.any(|at| at != but && self.has(at))
    }
}

impl Borne {
    /// Reads the headlines and summaries anew.
    pub fn read(facts: &Facts) -> Self {
        let mut borne = Self::default();
        borne.text(facts, Check::HeadlineUnsupported, ["headline", ""], &facts.headline);
        borne.text(facts, Check::SummaryUnsupported, ["summary", ""], &facts.summary);
        for (outlet, front) in &facts.known.fronts {
            borne.text(facts, Check::HeadlineUnsupported, ["headline", outlet], &front.headline);
            borne.text(facts, Check::SummaryUnsupported, ["summary", outlet], &front.summary);
        }
        borne
    }

    fn text(&mut self, facts: &Facts, check: Check, [member, outlet]: [&str; 2], text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let candidates = facts.prepared.names.block("", text).into_iter();
        let mentions = candidates.map(|candidate| candidate.mention);
        let named: Vec<_> = mentions.filter(|mention| mention.sure != Sure::Refused).collect();
        let mut said = Vec::new();
        for statement in statements(text, Language::of(&facts.lang)) {
            if !statement.asserts {
                continue;
            }
            let from = self.points.len();
            self.points.extend(statement.points.into_iter().map(|point| {
                let here = named
                    .iter()
                    .filter(|mention| (mention.start..mention.end).contains(&point.start));
                let names = here.map(|mention| mention.entity.clone()).collect();
                Told { point, names }
            }));
            said.push(from..self.points.len());
        }
        let (key, about) = match outlet {
            "" => (member.to_owned(), member.to_owned()),
            outlet => (format!("{member}:{outlet}"), format!("fronts.{outlet}.{member}")),
        };
        self.texts.push(Text {
            check,
            key,
            about,
            text: text.to_owned(),
            statements: said,
        });
    }

    /// Forgets what a claim bears: it has changed, or is gone.
    pub fn forget(&mut self, claim: &str) {
        self.claims.remove(claim);
    }

    /// Looks at the claims that were not looked at yet.
    pub fn fill(&mut self, facts: &Facts) {
        for (claim, stored) in facts.stored_claims() {
            if self.claims.contains_key(&claim.id) {
                continue;
            }
            let is_about = |entity: &String| stored.about.get(entity).copied().unwrap_or(false);
            let mut bits = Bits::default();
            for (at, told) in self.points.iter().enumerate() {
                if claim.said.has(&told.point) || told.names.iter().any(is_about) {
                    bits.set(at);
                }
            }
            self.claims.insert(claim.id.clone(), bits);
        }
    }

    /// The words of a sentence that no claim bears, as they stand; empty when nothing is wrong.
    fn missing(&self, statement: std::ops::Range<usize>) -> Vec<String> {
        let alone = statement.len() == 1;
        let borne = |at| self.claims.values().any(|claim| claim.has(at));
        let together = |at| {
            let mut claims = self.claims.values().filter(|claim| claim.has(at));
            claims.any(|claim| alone || claim.has_other(statement.clone(), at))
        };
        let (mut hard, mut soft, mut things) = (Vec::new(), Vec::new(), 0);
        for at in statement.clone() {
            let Told { point, names } = &self.points[at];
            match point.what {
                What::Verb if names.is_empty() => hard.extend((!together(at)).then_some(point)),
                What::Number => hard.extend((!borne(at)).then_some(point)),
                _ => {
                    things += 1;
                    soft.extend((!borne(at)).then_some(point));
                }
            }
        }
        let mut missing = if soft.len() * 3 > things { soft } else { Vec::new() };
        missing.extend(hard);
        missing.sort_by_key(|point| point.start);
        missing.into_iter().map(|point| point.word.clone()).collect()
    }
}

/// The common headline and summary and those of outlets.
pub(crate) fn check(facts: &Facts, found: &mut Found<'_>) {
    for text in &facts.borne.texts {
        if is_backed(facts, &text.key, &text.text) {
            continue;
        }
        let statements = text.statements.iter().cloned();
        let missing: Vec<String> = statements
            .flat_map(|statement| facts.borne.missing(statement))
            .collect();
        if !missing.is_empty() {
            found.push(text.check, &text.about, None, vec![missing.join(", ")]);
        }
    }
}

fn is_backed(facts: &Facts, key: &str, text: &str) -> bool {
    facts.known.backed.get(key).is_some_and(|backed| {
        let there = |id: &String| {
            facts
                .claims
                .get(id)
                .is_some_and(|claim: &ClaimFacts| !claim.words.is_empty())
        };
        crate::text::same_words(&backed.words, text) && backed.claims.iter().any(|(id, on)| *on && there(id))
    })
}
