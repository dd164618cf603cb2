//! What checks read: a dossier with all that is computed once and looked up often.

use std::collections::{BTreeMap, HashMap};

use komuz_release::story::{Block, Byline, Citation, Place, Source};

use crate::claim::{Claim, Span, Status};
use crate::source::Record;
use crate::text::{byte, utf16};
use crate::{Dossier, Known};

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
    /// The blocks, in order.
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
    /// Where each block stands in [`Facts::blocks`], by its id.
    pub(crate) places: HashMap<String, usize>,
}

/// A block and what stands in it.
#[derive(Debug)]
pub struct BlockFacts {
    /// The block.
    pub block: Block,
    /// Its text without marks.
    pub text: String,
    /// The parts of citations that lie in it.
    pub cited: Vec<Cited>,
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

/// A claim and what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimFacts {
    /// Its id.
    pub id: String,
    /// Its words as they stand; the texts of several blocks have a line break between them. Empty when its text is gone.
    pub words: String,
    /// Ids of the sources that support it, each once: cited in its words, or named as evidence.
    pub supports: Vec<String>,
    /// Ids of the sources that speak against it, each once.
    pub contradicts: Vec<String>,
    /// How many independent sources stand behind it.
    pub independent: usize,
    /// How far it is.
    pub status: Status,
}

/// What is made from records once. It is made anew when anything but the text changes.
#[derive(Debug, Default)]
pub struct Prepared {}

impl Prepared {
    fn of(_known: &Known, _sources: &BTreeMap<String, Source>) -> Self {
        Self {}
    }
}

impl Facts {
    /// The facts of a dossier on a day.
    pub fn new(dossier: Dossier, today: &str) -> Self {
        let Dossier { story, dossier: known } = dossier;
        let sources = story.sources.into_iter().map(|s| (s.id.clone(), s)).collect();
        Self {
            today: today.to_owned(),
            lang: story.lang,
            headline: story.headline,
            summary: story.summary,
            byline: story.byline,
            blocks: story.blocks.into_iter().map(BlockFacts::new).collect(),
            citations: story.citations,
            prepared: Prepared::of(&known, &sources),
            sources,
            known,
            claims: BTreeMap::new(),
            places: HashMap::new(),
        }
    }

    /// The block of an id and where it stands.
    pub fn block(&self, id: &str) -> Option<(usize, &BlockFacts)> {
        let at = *self.places.get(id)?;
        Some((at, self.blocks.get(at)?))
    }

    /// The record of a source, confidential ones included; none for one that has no record.
    pub fn record(&self, source: &str) -> Option<&Record> {
        let confidential = self.known.confidential.get(source).map(|c| &c.record);
        confidential.or_else(|| self.known.sources.get(source))
    }

    /// The claim of an id as it is stored.
    pub fn claim(&self, id: &str) -> Option<&Claim> {
        self.known.claims.get(id)
    }
}

impl BlockFacts {
    /// A block that nothing is known of yet.
    pub fn new(block: Block) -> Self {
        Self {
            text: block.plain_text(),
            block,
            cited: Vec::new(),
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
