//! All checks over one edition, done again only where something changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use komuz_release::story::{Block, Byline, Citation, Source, Story};

use crate::Dossier;
use crate::checks::{of_block, of_claim, of_whole};
use crate::claim::{Answered, Backed, Claim};
use crate::edition::{Front, Link};
use crate::entity::Entity;
use crate::facts::{BlockFacts, Cited, ClaimFacts, Facts, Prepared};
use crate::finding::Finding;
use crate::policy::Policy;
use crate::reply::Reply;
use crate::source::{Confidential, Record};

/// Checks one edition and keeps what was found.
///
/// What a block's or a claim's checks found is kept with the revisions of all that they read: of the blocks, and of everything
/// that is not text. An edit gives its block a new revision; what was found under older ones is found anew. Checks of the whole
/// are done after every change.
#[derive(Debug)]
pub struct Checker {
    facts: Facts,
    /// The number that was given last.
    last: u64,
    /// The revision of all that is not text.
    base: u64,
    claims: HashMap<String, CheckedClaim>,
    findings: Vec<Arc<Finding>>,
}

/// What a claim's checks found, and under which revisions: of what is not text, of the claim, of its blocks.
#[derive(Debug)]
struct CheckedClaim {
    own: u64,
    key: Vec<u64>,
    findings: Vec<Arc<Finding>>,
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
            claims: HashMap::new(),
            findings: Vec::new(),
        };
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
            self.claims.remove(&id);
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
        }
        self.check();
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Takes in blocks, their order and citations; gives whether blocks came or went.
    fn put_text(&mut self, blocks: Vec<Block>, order: Option<Vec<String>>, citations: Option<Vec<Citation>>) -> bool {
        let mut came = false;
        for block in blocks {
            let at = self.facts.block(&block.id).map(|(at, _)| at);
            let mut new = BlockFacts::new(block);
            new.revision = self.number();
            match at {
                Some(at) => self.facts.blocks[at] = new,
                None => {
                    came = true;
                    self.facts.blocks.push(new);
                }
            }
        }
        if let Some(order) = order {
            let blocks = self.facts.blocks.drain(..);
            let mut by_id: HashMap<String, BlockFacts> = blocks.map(|block| (block.block.id.clone(), block)).collect();
            self.facts.blocks = order.iter().filter_map(|id| by_id.remove(id)).collect();
            came = true;
        }
        if came {
            self.facts.place_blocks();
        }
        let blocks = self.facts.blocks.iter_mut();
        let before: Vec<Vec<Cited>> = blocks.map(|block| std::mem::take(&mut block.cited)).collect();
        let old = citations.map(|new| std::mem::replace(&mut self.facts.citations, new));
        self.facts.place_citations();
        let (facts, new) = (&self.facts, &self.facts.citations);
        let old = old.as_ref().unwrap_or(new);
        let changed = |at: &usize| {
            let was = before[*at]
                .iter()
                .map(|cited| (old.get(cited.citation), cited.start, cited.end));
            let is = facts.blocks[*at].cited.iter();
            !was.eq(is.map(|cited| (new.get(cited.citation), cited.start, cited.end)))
        };
        let changed: Vec<usize> = (0..before.len()).filter(changed).collect();
        for at in changed {
            self.facts.blocks[at].revision = self.number();
        }
        came
    }

    fn check(&mut self) {
        let ids: Vec<String> = self.facts.known.claims.keys().cloned().collect();
        for id in ids {
            self.check_claim(id);
        }
        let revisions: Vec<u64> = self.facts.blocks.iter().map(|block| block.revision).collect();
        for at in 0..revisions.len() {
            let beside = |at: Option<usize>| at.and_then(|at| revisions.get(at)).copied().unwrap_or(u64::MAX);
            let key = [
                self.base,
                beside(at.checked_sub(1)),
                revisions[at],
                beside(Some(at + 1)),
            ];
            if self.facts.blocks[at]
                .checked
                .as_ref()
                .is_none_or(|(old, _)| *old != key)
            {
                let findings = shared(of_block(&self.facts, at));
                self.facts.blocks[at].checked = Some((key, findings));
            }
        }
        let whole = shared(of_whole(&self.facts));
        let blocks = self.facts.blocks.iter().flat_map(|block| &block.checked);
        let blocks = blocks.flat_map(|(_, findings)| findings);
        let claims = self.claims.values().flat_map(|claim| &claim.findings);
        let mut findings: Vec<&Arc<Finding>> = blocks.chain(claims).chain(&whole).collect();
        findings.sort_by_cached_key(|finding| {
            (
                self.place(finding),
                finding.check,
                finding.about.as_str(),
                &finding.with,
            )
        });
        self.findings = findings.into_iter().cloned().collect();
    }

    /// Where a finding stands among the others.
    fn place(&self, finding: &Finding) -> (u8, usize, u32) {
        let place = finding.span.as_ref().and_then(|span| {
            let (at, block) = self.facts.block(&span.start.block)?;
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

    fn check_claim(&mut self, id: String) {
        let range = self.facts.claim_range(&id);
        let own = self.claims.get(&id).map(|claim| claim.own);
        let is_new = own.is_none();
        let own = own.unwrap_or_else(|| self.number());
        let blocks = range
            .map(|range| &self.facts.blocks[range.first..=range.last])
            .unwrap_or_default();
        let numbers = [self.base, own]
            .into_iter()
            .chain(blocks.iter().map(|block| block.revision));
        if !is_new
            && self
                .claims
                .get(&id)
                .is_some_and(|claim| claim.key.iter().copied().eq(numbers.clone()))
        {
            // Where it stands may be another although nothing in it is.
            if let Some(claim) = self.facts.claims.get_mut(&id) {
                claim.range = range;
            }
            return;
        }
        let key = numbers.collect();
        let Some(computed) = self.facts.compute(&id) else {
            return;
        };
        let findings = shared(of_claim(&self.facts, &computed));
        self.facts.claims.insert(id.clone(), computed);
        self.claims.insert(id, CheckedClaim { own, key, findings });
    }
}

/// Findings that are kept and given out without being copied.
fn shared(findings: Vec<Finding>) -> Vec<Arc<Finding>> {
    findings.into_iter().map(Arc::new).collect()
}

/// Puts a value where one is given; gives whether one was.
fn put<T>(place: &mut T, value: Option<T>) -> bool {
    let given = value.is_some();
    if let Some(value) = value {
        *place = value;
    }
    given
}
