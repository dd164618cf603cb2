//! What checks read: a dossier with all that is computed once and looked up often.

mod claims;
mod used;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use komuz_release::story::{Block, Byline, Citation, Place, Source, Story};

pub use self::claims::ClaimFacts;
pub use self::used::{Rests, Used};
use crate::checks::headline::Borne;
use crate::claim::{Claim, Span};
use crate::edition::{Translation, translation};
use crate::finding::Finding;
use crate::independence::{Independence, Node};
use crate::source::Record;
use crate::text::{byte, utf16};
use crate::{Dossier, Known};

/// The most blocks of a citation or a claim that are looked at: of a citation the last, where its note stands, of a claim the
/// first. Spans of honest writers lie in one block or two.
pub const MAX_SPAN: usize = 50;

/// The most bytes of a range's words that are looked at.
pub const MAX_WORDS: usize = 20_000;

/// An edition and what is known of it, ready to be checked. A check gets this and writes what it found.
#[derive(Debug)]
pub struct Facts {
    /// The day of the check, `YYYY-MM-DD`.
    pub today: String,
    /// Language of the edition.
    pub lang: String,
    /// The headline.
    pub headline: String,
    /// The summary.
    pub summary: String,
    /// The byline.
    pub byline: Vec<Byline>,
    /// The blocks, in order. Of blocks with one id the first counts.
    pub blocks: Vec<BlockFacts>,
    /// The citations, ordered by where they end.
    pub citations: Vec<Citation>,
    /// The sources of the story by id (no confidential ones).
    pub sources: BTreeMap<String, Source>,
    /// What else is known.
    pub known: Known,
    /// The claims, computed: one for each of [`Known::claims`].
    pub claims: BTreeMap<String, ClaimFacts>,
    /// What is made from records once, however many blocks are read.
    pub prepared: Prepared,
    /// What of the original this translation lacks; empty for an original.
    pub translation: Translation,
    /// Ids of all sources, confidential ones too, in order.
    pub(crate) source_ids: Vec<String>,
    /// Where each stands among [`Facts::source_ids`].
    source_numbers: HashMap<String, usize>,
    /// What headlines say and which claims bear it.
    pub(crate) borne: Borne,
    /// Where each block stands in [`Facts::blocks`], by its id.
    places: HashMap<String, usize>,
    /// In which blocks each citation starts and ends, where both are there.
    cites: Vec<Option<(usize, usize)>>,
}

/// A block and what stands in it.
#[derive(Debug)]
pub struct BlockFacts {
    /// The block.
    pub block: Block,
    /// Its text without marks.
    pub text: String,
    /// Length of its text in UTF-16 code units.
    pub units: u32,
    /// The parts of citations that lie in it.
    pub cited: Vec<Cited>,
    /// A number that is another after each change of the block or of what stands in it.
    pub(crate) revision: u64,
    /// What the checks of it alone found, and under which revisions.
    pub(crate) alone: Kept<[u64; 2]>,
    /// What the checks found that look at the blocks beside it, and under which revisions.
    pub(crate) beside: Kept<[u64; 4]>,
}

/// What checks found, and under which revisions of what they read; none before they were done.
#[derive(Debug)]
pub(crate) struct Kept<K> {
    pub(crate) key: Option<K>,
    pub(crate) findings: Vec<Arc<Finding>>,
}

impl<K> Default for Kept<K> {
    fn default() -> Self {
        Self {
            key: None,
            findings: Vec::new(),
        }
    }
}

/// The part of a citation that lies in one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited {
    /// Which citation: its place in [`Facts::citations`].
    pub citation: usize,
    /// Where the part starts, in UTF-16 code units of the block's text.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// A span as places in [`Facts::blocks`] and code units of their texts, cut to what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first block.
    pub first: usize,
    /// Where it starts there.
    pub start: u32,
    /// The last block.
    pub last: usize,
    /// Where it ends there.
    pub end: u32,
}

/// What is made from records once. It is made anew when anything but the text changes.
#[derive(Debug, Default)]
pub struct Prepared {
    /// What sources go back to.
    pub independence: Independence,
    /// Who must not be named.
    pub(crate) unwilling: crate::checks::unwilling::Unwilling,
    /// The names of the investigation's entities.
    pub names: crate::entity::find::Index,
    /// What gives confidential sources away.
    pub(crate) secrets: crate::checks::confidential::Secrets,
}

impl Prepared {
    /// Makes it for an edition in a language.
    pub(crate) fn of(lang: &str, known: &Known, sources: &BTreeMap<String, Source>, citations: &[Citation]) -> Self {
        let public = sources.values().map(|source| Node {
            id: &source.id,
            url: &source.url,
            record: known.sources.get(&source.id),
        });
        let rest = known.sources.iter().filter(|(id, _)| !sources.contains_key(*id));
        let rest = rest.map(|(id, record)| Node {
            id,
            url: "",
            record: Some(record),
        });
        let confidential = known.confidential.iter().map(|(id, confidential)| Node {
            id,
            url: confidential.text("URL"),
            record: Some(&confidential.record),
        });
        Self {
            independence: Independence::of(public.chain(rest).chain(confidential)),
            unwilling: crate::checks::unwilling::Unwilling::of(lang, &known.entities, sources),
            names: crate::entity::find::Index::new(&known.entities, lang),
            secrets: crate::checks::confidential::Secrets::of(lang, known, sources, citations),
        }
    }
}

impl Facts {
    /// What stands around the body, with its path: headline, summary, byline, and what outlets put there.
    pub(crate) fn around(&self) -> Vec<(String, &str)> {
        let mut all = vec![
            ("headline".to_owned(), self.headline.as_str()),
            ("summary".to_owned(), self.summary.as_str()),
        ];
        let byline = self.byline.iter().enumerate();
        all.extend(byline.map(|(nth, named)| (format!("byline[{nth}]"), named.name.as_str())));
        for (outlet, front) in &self.known.fronts {
            for (member, text) in [
                ("headline", &front.headline),
                ("summary", &front.summary),
                ("note", &front.note),
            ] {
                all.push((format!("fronts.{outlet}.{member}"), text));
            }
        }
        all
    }

    /// The facts of a dossier on a day.
    pub fn new(dossier: Dossier, today: &str) -> Self {
        let mut facts = Self::without_claims(dossier, today);
        let ids = facts.known.claims.keys();
        let computed = ids.filter_map(|id| Some((id.clone(), facts.compute(id)?)));
        facts.claims = computed.collect();
        facts
    }

    /// The same with its claims still to be computed.
    pub(crate) fn without_claims(dossier: Dossier, today: &str) -> Self {
        let Dossier { story, dossier: known } = dossier;
        let Story {
            lang,
            headline,
            summary,
            byline,
            blocks,
            citations,
            sources,
            ..
        } = story;
        let sources = sources.into_iter().map(|s| (s.id.clone(), s)).collect();
        let mut facts = Self {
            today: today.to_owned(),
            prepared: Prepared::of(&lang, &known, &sources, &citations),
            lang,
            headline,
            summary,
            byline,
            blocks: blocks.into_iter().map(BlockFacts::new).collect(),
            citations,
            sources,
            known,
            claims: BTreeMap::new(),
            translation: Translation::default(),
            source_ids: Vec::new(),
            source_numbers: HashMap::new(),
            borne: Borne::default(),
            places: HashMap::new(),
            cites: Vec::new(),
        };
        facts.number_sources();
        facts.place_blocks();
        facts.place_citations();
        facts.compare_translation();
        facts
    }

    /// Notes where each block stands, and leaves out what has the id of an earlier one.
    pub(crate) fn place_blocks(&mut self) {
        let mut places = HashMap::with_capacity(self.blocks.len());
        self.blocks.retain(|block| {
            let next = places.len();
            let free = !places.contains_key(&block.block.id);
            if free {
                places.insert(block.block.id.clone(), next);
            }
            free
        });
        self.places = places;
    }

    /// Numbers the sources.
    pub(crate) fn number_sources(&mut self) {
        let ids: std::collections::BTreeSet<&String> =
            self.sources.keys().chain(self.known.confidential.keys()).collect();
        self.source_ids = ids.into_iter().cloned().collect();
        let numbered = self.source_ids.iter().enumerate();
        self.source_numbers = numbered.map(|(number, id)| (id.clone(), number)).collect();
    }

    /// Notes which citations stand in which blocks.
    pub(crate) fn place_citations(&mut self) {
        let at = |place: &Place| self.places.get(&place.block).copied();
        let blocks = |citation: &Citation| Some((at(&citation.start)?, at(&citation.end)?));
        self.cites = self.citations.iter().map(blocks).collect();
        self.blocks.iter_mut().for_each(|block| block.cited.clear());
        for nth in 0..self.citations.len() {
            let Some(range) = self.cited_range(nth) else { continue };
            for at in seen(range) {
                let part = self.part(nth, range, at);
                self.blocks[at].cited.push(part);
            }
        }
    }

    /// The same for one block, where no block and no citation came, went or moved.
    pub(crate) fn place_citations_in(&mut self, at: usize) {
        let here = |nth: &usize| self.cites[*nth].is_some_and(|(first, last)| (first..=last).contains(&at));
        let parts = (0..self.citations.len()).filter(here).filter_map(|nth| {
            let range = self.cited_range(nth)?;
            seen(range).contains(&at).then(|| self.part(nth, range, at))
        });
        self.blocks[at].cited = parts.collect();
    }

    fn part(&self, citation: usize, range: Range, at: usize) -> Cited {
        Cited {
            citation,
            start: if at == range.first { range.start } else { 0 },
            end: if at == range.last {
                range.end
            } else {
                self.blocks[at].units
            },
        }
    }

    /// Where a citation lies.
    pub(crate) fn cited_range(&self, nth: usize) -> Option<Range> {
        let (first, last) = (*self.cites.get(nth)?)?;
        let citation = self.citations.get(nth)?;
        self.between((first, citation.start.offset), (last, citation.end.offset))
    }

    /// Compares the translation with its original.
    pub(crate) fn compare_translation(&mut self) {
        self.translation = match &self.known.original {
            None => Translation::default(),
            Some(original) => {
                let order = self.blocks.iter().map(|block| block.block.id.as_str());
                translation(order, &self.known.links, &original.blocks)
            }
        };
    }

    /// The block of an id and where it stands.
    pub fn block(&self, id: &str) -> Option<(usize, &BlockFacts)> {
        let at = *self.places.get(id)?;
        Some((at, self.blocks.get(at)?))
    }

    /// Where two places lie, cut to the texts that are there; none where a block is gone or nothing lies between them.
    pub fn range(&self, start: &Place, end: &Place) -> Option<Range> {
        let (first, _) = self.block(&start.block)?;
        let (last, _) = self.block(&end.block)?;
        self.between((first, start.offset), (last, end.offset))
    }

    fn between(&self, (first, start): (usize, u32), (last, end): (usize, u32)) -> Option<Range> {
        let range = Range {
            first,
            start: start.min(self.blocks.get(first)?.units),
            last,
            end: end.min(self.blocks.get(last)?.units),
        };
        ((range.first, range.start) < (range.last, range.end)).then_some(range)
    }

    /// The words of a range; the texts of several blocks have a line break between them.
    pub fn words(&self, range: Range) -> String {
        let mut words = String::new();
        for at in range.first..=range.last {
            let block = &self.blocks[at];
            let start = if at == range.first { range.start } else { 0 };
            let end = if at == range.last { range.end } else { block.units };
            if at > range.first {
                words.push('\n');
            }
            words.push_str(&block.text[block.bytes(start, end)]);
            if words.len() > MAX_WORDS {
                words.truncate(words.floor_char_boundary(MAX_WORDS));
                break;
            }
        }
        words
    }

    /// The record of a source, confidential ones included; none for one that has no record.
    pub fn record(&self, source: &str) -> Option<&Record> {
        let confidential = self.known.confidential.get(source).map(|c| &c.record);
        confidential.or_else(|| self.known.sources.get(source))
    }

    /// Whether an id is that of a source, confidential ones included.
    pub fn is_source(&self, id: &str) -> bool {
        self.sources.contains_key(id) || self.known.confidential.contains_key(id) || self.known.sources.contains_key(id)
    }

    /// What a source is called among colleagues, and whether that must not reach readers.
    pub fn title(&self, source: &str) -> (String, bool) {
        if let Some(confidential) = self.known.confidential.get(source) {
            let texts = [
                confidential.text("title"),
                &confidential.record.described,
                confidential.text("container-title"),
                source,
            ];
            return (first(&texts), true);
        }
        let title = match self.sources.get(source) {
            Some(s) => first(&[&s.title, &s.container_title, &s.publisher, &s.url, source]),
            None => source.to_owned(),
        };
        (title, false)
    }

    /// The claims with how they are stored.
    pub(crate) fn stored_claims(&self) -> impl Iterator<Item = (&ClaimFacts, &Claim)> {
        // Both are by id, and there is one of each.
        let both = self.claims.values().zip(self.known.claims.iter());
        both.map(|(claim, (id, stored))| {
            debug_assert_eq!(claim.id, *id);
            (claim, stored)
        })
    }

    /// The claim of an id as it is stored.
    pub fn claim(&self, id: &str) -> Option<&Claim> {
        self.known.claims.get(id)
    }

    /// What an entity is called in the edition's language, else in any.
    pub fn name(&self, entity: &str) -> String {
        let Some(entity) = self.known.entities.get(entity) else {
            return entity.to_owned();
        };
        let names = &entity.names;
        let own = names.get(&self.lang).or_else(|| names.values().next());
        own.or_else(|| entity.aliases.keys().next())
            .cloned()
            .unwrap_or_default()
    }
}

/// The blocks of a citation that are looked at.
fn seen(range: Range) -> std::ops::RangeInclusive<usize> {
    range.first.max(range.last.saturating_sub(MAX_SPAN - 1))..=range.last
}

fn first(texts: &[&str]) -> String {
    let found = texts.iter().find(|text| !text.trim().is_empty());
    crate::text::beginning(found.unwrap_or(&""), 100)
}

impl BlockFacts {
    /// A block that nothing is known of yet.
    pub fn new(block: Block) -> Self {
        let text = block.plain_text();
        Self {
            units: utf16(&text) as u32,
            text,
            block,
            cited: Vec::new(),
            revision: 0,
            alone: Kept::default(),
            beside: Kept::default(),
        }
    }

    /// A span of this block from bytes of its text.
    pub fn span(&self, bytes: std::ops::Range<usize>) -> Span {
        let place = |byte| Place {
            block: self.block.id.clone(),
            offset: utf16(self.text.get(..byte).unwrap_or(&self.text)) as u32,
        };
        Span {
            start: place(bytes.start),
            end: place(bytes.end),
        }
    }

    /// The bytes of its text between two places in UTF-16 code units, cut to what is there.
    pub fn bytes(&self, start: u32, end: u32) -> std::ops::Range<usize> {
        let start = byte(&self.text, start as usize);
        start..byte(&self.text, end as usize).max(start)
    }
}
