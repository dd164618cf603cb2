//! All checks over one edition, done again only where something changed.

mod order;
mod text;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use komuz_release::story::{Block, Byline, Citation, Source, Story};

use crate::Dossier;
use crate::checks::headline::Borne;
use crate::checks::{Found, OF_BLOCKS, OF_BLOCKS_BESIDE, OF_CLAIMS, OF_SOURCES, OF_WHOLE, Part, all};
use crate::claim::{Answered, Backed, Claim, Span};
use crate::edition::{Front, Link};
use crate::entity::Entity;
use crate::facts::{ClaimFacts, Facts, Kept, Prepared, Range};
use crate::finding::Finding;
use crate::policy::Policy;
use crate::reply::Reply;
use crate::source::{Confidential, Record};

/// Checks one edition and keeps what was found.
///
/// What was found in a block, of a claim, of a source or of the whole is kept with the revisions of all that the checks read there. An
/// edit gives its block a new revision; what was found under older ones is found anew, and takes its place among the others.
#[derive(Debug)]
pub struct Checker {
    facts: Facts,
    /// The number that was given last.
    last: u64,
    /// The revision of all that is not text.
    base: u64,
    /// The revision of each [`Part`].
    parts: [u64; Part::COUNT],
    claims: BTreeMap<String, CheckedClaim>,
    /// By the numbers of [`Facts::source_ids`].
    sources: Vec<CheckedSource>,
    /// By the places of [`OF_WHOLE`].
    whole: Vec<Kept<[u64; Part::COUNT + 1]>>,
    findings: Vec<Arc<Finding>>,
    changed: Changed,
}

/// What a claim's checks found, where it stood, and under which revisions: of what is not text, of its blocks.
#[derive(Debug)]
struct CheckedClaim {
    base: u64,
    range: Option<Range>,
    blocks: Vec<u64>,
    findings: Vec<Arc<Finding>>,
}

/// What a source's checks found, and how the text rested on it.
#[derive(Debug, Default)]
struct CheckedSource {
    rests: Option<(bool, bool, Option<Span>)>,
    findings: Vec<Arc<Finding>>,
}

/// What has changed since the findings were put in order.
#[derive(Debug, Default)]
struct Changed {
    /// Blocks came, went or moved.
    order: bool,
    /// Blocks that are others now.
    blocks: HashSet<String>,
    /// Findings that went, and that came.
    gone: Vec<Arc<Finding>>,
    came: Vec<Arc<Finding>>,
}

impl Changed {
    /// Puts what is found now in the place of what was found.
    fn put(&mut self, place: &mut Vec<Arc<Finding>>, found: Vec<Finding>) {
        let found: Vec<Arc<Finding>> = found.into_iter().map(Arc::new).collect();
        self.came.extend(found.iter().cloned());
        self.gone.append(place);
        *place = found;
    }
}

/// What changed in an edition or in what is known of it. What is not named stays.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// Blocks that are new or changed. New ones that [`Update::order`] does not name stand at the end.
    pub blocks: Vec<Block>,
    /// Ids of all blocks in order; blocks that it does not name are removed.
    pub order: Option<Vec<String>>,
    /// The headline.
    pub headline: Option<String>,
    /// The summary.
    pub summary: Option<String>,
    /// The byline.
    pub byline: Option<Vec<Byline>>,
    /// All citations, when any of them changed.
    pub citations: Option<Vec<Citation>>,
    /// All sources of the story, when any of them changed.
    pub sources: Option<Vec<Source>>,
    /// Claims that are new or changed; none for one that is removed.
    pub claims: BTreeMap<String, Option<Claim>>,
    /// All answers.
    pub answers: Option<BTreeMap<String, Answered>>,
    /// All that bears headlines.
    pub backed: Option<BTreeMap<String, Backed>>,
    /// All links of a translation.
    pub links: Option<BTreeMap<String, Link>>,
    /// All fronts.
    pub fronts: Option<BTreeMap<String, Front>>,
    /// The original as it is now, or none any more.
    pub original: Option<Option<Box<Story>>>,
    /// All records of sources.
    pub records: Option<BTreeMap<String, Record>>,
    /// All confidential sources.
    pub confidential: Option<BTreeMap<String, Confidential>>,
    /// All entities.
    pub entities: Option<BTreeMap<String, Entity>>,
    /// All requests.
    pub replies: Option<BTreeMap<String, Reply>>,
    /// The policy.
    pub policy: Option<Policy>,
    /// The day of the check, `YYYY-MM-DD`.
    pub today: Option<String>,
}

impl Checker {
    /// Checks an edition on a day (`YYYY-MM-DD`).
    pub fn new(dossier: Dossier, today: &str) -> Self {
        let mut checker = Self {
            facts: Facts::without_claims(dossier, today),
            last: 0,
            base: 0,
            parts: [0; Part::COUNT],
            claims: BTreeMap::new(),
            sources: Vec::new(),
            whole: OF_WHOLE.iter().map(|_| Kept::default()).collect(),
            findings: Vec::new(),
            changed: Changed {
                order: true,
                ..Changed::default()
            },
        };
        checker.facts.borne = Borne::read(&checker.facts);
        for block in &mut checker.facts.blocks {
            checker.last += 1;
            block.revision = checker.last;
        }
        checker.check();
        checker
    }

    /// What was found, in the order of the text; first what is about headline, summary and byline, last what is nowhere in the
    /// text.
    pub fn findings(&self) -> &[Arc<Finding>] {
        &self.findings
    }

    /// The claims as they are: their words, their sources, how far they are.
    pub fn claims(&self) -> &BTreeMap<String, ClaimFacts> {
        &self.facts.claims
    }

    /// What was checked.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Takes in what changed and checks what it touches.
    pub fn update(&mut self, update: Update) {
        let Update {
            blocks,
            order,
            headline,
            summary,
            byline,
            citations,
            sources,
            claims,
            answers,
            backed,
            links,
            fronts,
            original,
            records,
            confidential,
            entities,
            replies,
            policy,
            today,
        } = update;
        let touched = [
            (
                Part::Front,
                headline.is_some() || summary.is_some() || byline.is_some() || fronts.is_some(),
            ),
            (Part::Claims, !claims.is_empty()),
            (Part::Backed, backed.is_some()),
            (Part::Asked, replies.is_some() || today.is_some()),
            (Part::Answers, answers.is_some()),
        ];
        let known = &mut self.facts.known;
        let mut prepare = policy.is_some();
        let mut compare = links.is_some() || original.is_some() || order.is_some();
        prepare |= put(&mut known.sources, records);
        prepare |= put(&mut known.confidential, confidential);
        prepare |= put(&mut known.entities, entities);
        put(&mut known.answers, answers);
        put(&mut known.backed, backed);
        put(&mut known.links, links);
        put(&mut known.fronts, fronts);
        put(&mut known.original, original);
        put(&mut known.replies, replies);
        put(&mut known.policy, policy);
        put(&mut self.facts.headline, headline);
        put(&mut self.facts.summary, summary);
        put(&mut self.facts.byline, byline);
        put(&mut self.facts.today, today);
        let sources = sources.map(|all| all.into_iter().map(|s| (s.id.clone(), s)).collect());
        prepare |= put(&mut self.facts.sources, sources);
        for (id, claim) in claims {
            // Its revision goes with it, so it is checked anew.
            if let Some(old) = self.claims.remove(&id) {
                self.changed.gone.extend(old.findings);
            }
            self.facts.borne.forget(&id);
            match claim {
                Some(claim) => self.facts.known.claims.insert(id, claim),
                None => {
                    self.facts.claims.remove(&id);
                    self.facts.known.claims.remove(&id)
                }
            };
        }
        if !blocks.is_empty() || order.is_some() || citations.is_some() {
            compare |= self.put_text(blocks, order, citations);
        }
        if compare {
            self.facts.compare_translation();
            self.touch(Part::Translation);
        }
        let Facts {
            lang,
            known,
            sources,
            citations,
            prepared,
            ..
        } = &mut self.facts;
        if prepare || !prepared.secrets.is_of(known, citations) {
            *prepared = Prepared::of(lang, known, sources, citations);
            self.base = self.number();
            self.facts.number_sources();
            let before = std::mem::take(&mut self.sources).into_iter();
            self.changed.gone.extend(before.flat_map(|source| source.findings));
        }
        for (part, _) in touched.iter().filter(|(_, touched)| *touched) {
            self.touch(*part);
        }
        if prepare || touched[0].1 {
            self.facts.borne = Borne::read(&self.facts);
        }
        self.check();
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn touch(&mut self, part: Part) {
        self.parts[part as usize] = self.number();
    }

    fn check(&mut self) {
        self.check_claims();
        self.check_blocks();
        // A block's text may end before an answer now, or be longer.
        if !self.changed.blocks.is_empty() || self.changed.order {
            if !self.facts.known.answers.is_empty() {
                self.touch(Part::Answers);
            }
            if !self.facts.translation.behind.is_empty() {
                self.touch(Part::Translation);
            }
        }
        self.check_sources();
        self.check_whole();
        self.put_in_order();
    }

    fn check_claims(&mut self) {
        let Self { facts, claims, .. } = self;
        let (base, moved) = (self.base, self.changed.order);
        let is_same = |claim: &CheckedClaim, range: Range| {
            let blocks = facts.blocks[range.first..=range.last]
                .iter()
                .map(|block| block.revision);
            claim.base == base && claim.blocks.iter().copied().eq(blocks)
        };
        // Where no block moved, a claim stands where it stood while its blocks are the same.
        let is_done = |claim: &CheckedClaim| !moved && claim.range.is_some_and(|range| is_same(claim, range));
        let mut due: Vec<String> = claims
            .iter()
            .filter(|(_, claim)| !is_done(claim))
            .map(|(id, _)| id.clone())
            .collect();
        if claims.len() < facts.known.claims.len() {
            let new = facts.known.claims.keys().filter(|id| !claims.contains_key(*id));
            due.extend(new.cloned());
        }
        let mut touched = false;
        for id in due {
            touched |= self.check_claim(id);
        }
        if touched {
            self.touch(Part::Claims);
        }
    }

    /// Checks a claim if anything that its checks read has changed; gives whether it or its place has.
    fn check_claim(&mut self, id: String) -> bool {
        let range = self.facts.claim_range(&id);
        let blocks = range
            .map(|range| &self.facts.blocks[range.first..=range.last])
            .unwrap_or_default();
        let blocks: Vec<u64> = blocks.iter().map(|block| block.revision).collect();
        if let Some(claim) = self.claims.get_mut(&id)
            && (claim.base, &claim.blocks) == (self.base, &blocks)
        {
            // Where it stands may be another although nothing in it is.
            let moved = claim.range != range;
            claim.range = range;
            if let Some(claim) = self.facts.claims.get_mut(&id) {
                claim.range = range;
            }
            return moved;
        }
        let Some(computed) = self.facts.compute(&id) else {
            return false;
        };
        let found = all(&self.facts, OF_CLAIMS, |check, found| {
            check(&self.facts, &computed, found)
        });
        let claim = self.claims.entry(id.clone()).or_insert_with(|| CheckedClaim {
            base: 0,
            range: None,
            blocks: Vec::new(),
            findings: Vec::new(),
        });
        (claim.base, claim.range, claim.blocks) = (self.base, range, blocks);
        self.changed.put(&mut claim.findings, found);
        self.facts.borne.forget(&id);
        self.facts.claims.insert(id, computed);
        true
    }

    fn check_blocks(&mut self) {
        let revisions: Vec<u64> = self.facts.blocks.iter().map(|block| block.revision).collect();
        for at in 0..revisions.len() {
            let beside = |at: Option<usize>| at.and_then(|at| revisions.get(at)).copied().unwrap_or(u64::MAX);
            let own = revisions[at];
            let alone = [self.base, own];
            if self.facts.blocks[at].alone.key != Some(alone) {
                let found = all(&self.facts, OF_BLOCKS, |check, found| check(&self.facts, at, found));
                let block = &mut self.facts.blocks[at];
                block.alone.key = Some(alone);
                self.changed.put(&mut block.alone.findings, found);
                self.changed.blocks.insert(block.block.id.clone());
            }
            let beside = [self.base, beside(at.checked_sub(1)), own, beside(Some(at + 1))];
            if self.facts.blocks[at].beside.key != Some(beside) {
                let found = all(&self.facts, OF_BLOCKS_BESIDE, |check, found| {
                    check(&self.facts, at, found)
                });
                let block = &mut self.facts.blocks[at];
                block.beside.key = Some(beside);
                self.changed.put(&mut block.beside.findings, found);
            }
        }
    }

    fn check_sources(&mut self) {
        let Self {
            facts,
            sources,
            changed,
            ..
        } = self;
        sources.resize_with(facts.source_ids.len(), CheckedSource::default);
        let rests = facts.rests().into_iter();
        for ((id, rests), checked) in facts.source_ids.iter().zip(rests).zip(sources) {
            let Some(rests) = rests else {
                if checked.rests.take().is_some() {
                    changed.put(&mut checked.findings, Vec::new());
                }
                continue;
            };
            let places = rests.places(facts);
            let same = checked.rests.as_ref().is_some_and(|(cited, located, span)| {
                let span = span.as_ref().map(|span| (&span.start, &span.end));
                (*cited, *located, span) == (rests.cited, rests.located, places)
            });
            if !same {
                let used = facts.used(id, rests);
                let found = all(facts, OF_SOURCES, |check, found| check(facts, &used, found));
                checked.rests = Some((rests.cited, rests.located, used.span(facts)));
                changed.put(&mut checked.findings, found);
            }
        }
    }

    fn check_whole(&mut self) {
        for (at, (finds, reads, check)) in OF_WHOLE.iter().enumerate() {
            let mut key = [0; Part::COUNT + 1];
            key[Part::COUNT] = self.base;
            reads
                .iter()
                .for_each(|part| key[*part as usize] = self.parts[*part as usize]);
            if self.whole[at].key == Some(key) {
                continue;
            }
            if reads.contains(&Part::Claims) {
                let mut borne = std::mem::take(&mut self.facts.borne);
                borne.fill(&self.facts);
                self.facts.borne = borne;
            }
            let mut found = Found::new(&self.facts.known.policy);
            if found.wants(finds) {
                check(&self.facts, &mut found);
            }
            self.whole[at].key = Some(key);
            let found = found.findings();
            self.changed.put(&mut self.whole[at].findings, found);
        }
    }
}

/// Puts a value where one is given; gives whether one was.
fn put<T>(place: &mut T, value: Option<T>) -> bool {
    let given = value.is_some();
    if let Some(value) = value {
        *place = value;
    }
    given
}
