//! The page's document in Rust: the flat ProseMirror document of docs/design.md, section 10, as a value.
//!
//! Three ways of counting meet here, all in UTF-16 code units:
//!
//! - a *position* is ProseMirror's: a block of text opens with 1 and closes with 1, a rule is a leaf of size 1;
//! - an *offset* counts inside one block's text;
//! - a *flat index* counts the document as Automerge holds it: each block is 1 (its marker) and its text.
//!
//! A flat index has no closing tokens, so deleting a marker joins and inserting one splits, and a replacement anywhere
//! is one range and one list of tokens. Steps are turned into such [`Splice`]s ([`step`]), and differences are found in
//! them ([`diff`]).

pub mod diff;
pub mod hash;
pub mod json;
pub mod step;

use std::ops::Range;
use std::sync::Arc;

use komuz_release::story::BlockKind;
use serde_json::Value;
use thiserror::Error;

pub use step::{Slice, Step};

/// The document of one page. Equal pages show equal documents.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    blocks: Vec<Arc<Block>>,
}

/// One block of a page. Its text is normal: no empty runs, neighbours differ in their marks.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The attribute `id`: the marker's identity, none on a block that the page has just made.
    pub id: Option<String>,
    /// What it is.
    pub kind: BlockKind,
    text: Vec<Run>,
    len: usize,
}

/// Text with the same marks.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The text.
    pub text: String,
    /// Its marks, in order and without repetition.
    pub marks: Marks,
}

/// A mark of the page's schema. The order is the schema's.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// Strong importance.
    Strong,
    /// Emphasis.
    Emphasis,
    /// Code.
    Code,
    /// A link with its address.
    Link(String),
    /// A mark that this version does not know: its name and its value.
    Foreign(String, Value),
    /// The text of a citation (`c-`) or a thread (`t-`).
    Anchor(String),
}

/// The marks of a run: sorted, of each kind one, but for foreign marks and anchors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Marks(Vec<Mark>);

/// Where a position lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the block with this index (or behind the last).
    Gap(usize),
    /// In the text of a block.
    In {
        /// The block's index.
        block: usize,
        /// UTF-16 code units from the start of its text.
        offset: usize,
    },
}

/// A token of the flat document.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A block begins.
    Marker {
        /// Its attribute `id`.
        id: Option<String>,
        /// What it is.
        kind: BlockKind,
    },
    /// Text.
    Text(Run),
}

/// A replacement in flat indices.
#[derive(Debug, Clone, PartialEq)]
pub struct Splice {
    /// What goes.
    pub range: Range<usize>,
    /// What comes.
    pub tokens: Vec<Token>,
}

/// What is wrong with a document or a step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PageError {
    /// JSON of another shape than the schema's.
    #[error("not a document of the page's schema: {what} at {place}")]
    Shape {
        /// What is wrong.
        what: String,
        /// Where: a path such as `content[3].attrs`.
        place: String,
    },
    /// A position that the document does not have.
    #[error("position {position} is outside of the document, which ends at {end}")]
    Outside {
        /// The position.
        position: usize,
        /// The document's size.
        end: usize,
    },
    /// A position between the halves of a surrogate pair.
    #[error("position {position} lies inside a character (between the halves of a surrogate pair)")]
    InsideCharacter {
        /// The position, or the flat index.
        position: usize,
    },
    /// A replacement whose open sides do not fit where it goes.
    #[error("the replacement from {from} to {to} does not fit: {what}")]
    Misfit {
        /// Start.
        from: usize,
        /// End.
        to: usize,
        /// Why.
        what: &'static str,
    },
    /// A step type that this version does not know.
    #[error("unknown step type {0:?}")]
    UnknownStep(String),
}

/// The length of a text in UTF-16 code units.
pub fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The byte at which a UTF-16 offset lies: none beyond the end or inside a surrogate pair.
pub fn byte_at(text: &str, offset: usize) -> Option<usize> {
    let mut units = 0;
    for (byte, char) in text.char_indices() {
        if units == offset {
            return Some(byte);
        }
        if units > offset {
            return None;
        }
        units += char.len_utf16();
    }
    (units == offset).then_some(text.len())
}

impl Mark {
    /// Place in the schema's order.
    fn rank(&self) -> u8 {
        match self {
            Mark::Strong => 0,
            Mark::Emphasis => 1,
            Mark::Code => 2,
            Mark::Link(_) => 3,
            Mark::Foreign(..) => 4,
            Mark::Anchor(_) => 5,
        }
    }

    /// What breaks ties within a rank.
    fn key(&self) -> &str {
        match self {
            Mark::Foreign(name, _) => name,
            Mark::Anchor(id) => id,
            _ => "",
        }
    }

    /// Whether a text may carry only one of the two: the same kind, but for foreign marks and anchors.
    fn excludes(&self, other: &Mark) -> bool {
        self == other || (self.rank() == other.rank() && self.rank() < 4)
    }
}

impl Marks {
    /// These marks, of which later ones replace earlier ones of the same kind.
    pub fn new(marks: impl IntoIterator<Item = Mark>) -> Self {
        marks.into_iter().fold(Self::default(), |set, mark| set.with(mark))
    }

    /// The marks in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Mark> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this very mark is among them.
    pub fn has(&self, mark: &Mark) -> bool {
        self.0.contains(mark)
    }

    /// With a mark more.
    #[must_use]
    pub fn with(mut self, mark: Mark) -> Self {
        self.0.retain(|other| !mark.excludes(other));
        let at = self
            .0
            .partition_point(|other| (other.rank(), other.key()) <= (mark.rank(), mark.key()));
        self.0.insert(at, mark);
        self
    }

    /// Without a mark.
    #[must_use]
    pub fn without(mut self, mark: &Mark) -> Self {
        self.0.retain(|other| other != mark);
        self
    }

    /// Without anchors: what the body stores as marks.
    #[must_use]
    pub fn without_anchors(mut self) -> Self {
        self.0.retain(|mark| !matches!(mark, Mark::Anchor(_)));
        self
    }

    /// Ids of the anchors.
    pub fn anchors(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|mark| {
            if let Mark::Anchor(id) = mark {
                Some(id.as_str())
            } else {
                None
            }
        })
    }
}

impl Run {
    /// Text with marks.
    pub fn new(text: impl Into<String>, marks: Marks) -> Self {
        Self {
            text: text.into(),
            marks,
        }
    }

    /// Text without marks.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Marks::default())
    }
}

/// Appends a run, so that the list stays normal.
fn push_run(runs: &mut Vec<Run>, run: Run) {
    if run.text.is_empty() {
        return;
    }
    match runs.last_mut() {
        Some(last) if last.marks == run.marks => last.text.push_str(&run.text),
        _ => runs.push(run),
    }
}

/// The part of a list of runs between two UTF-16 offsets; none when one of them lies inside a character or beyond.
pub fn slice_runs(runs: &[Run], range: Range<usize>) -> Option<Vec<Run>> {
    let mut part = Vec::new();
    let mut start = 0;
    for run in runs {
        let len = utf16_len(&run.text);
        let (from, to) = (range.start.max(start), range.end.min(start + len));
        if from < to {
            let (from, to) = (byte_at(&run.text, from - start)?, byte_at(&run.text, to - start)?);
            push_run(&mut part, Run::new(&run.text[from..to], run.marks.clone()));
        } else if range.start == range.end && range.start > start && range.start < start + len {
            byte_at(&run.text, range.start - start)?;
        }
        start += len;
    }
    (range.start <= range.end && range.end <= start).then_some(part)
}

impl Block {
    /// A block; its runs are made normal.
    pub fn new(id: Option<String>, kind: BlockKind, runs: impl IntoIterator<Item = Run>) -> Self {
        let mut text = Vec::new();
        for run in runs {
            push_run(&mut text, run);
        }
        let len = text.iter().map(|run: &Run| utf16_len(&run.text)).sum();
        Self { id, kind, text, len }
    }

    /// Its runs.
    pub fn runs(&self) -> &[Run] {
        &self.text
    }

    /// Length of its text in UTF-16 code units.
    pub fn text_len(&self) -> usize {
        self.len
    }

    /// Its text without marks.
    pub fn plain_text(&self) -> String {
        self.text.iter().map(|run| run.text.as_str()).collect()
    }

    /// Whether it is a leaf.
    pub fn is_rule(&self) -> bool {
        self.kind == BlockKind::Rule
    }

    /// Its size in positions.
    pub fn size(&self) -> usize {
        if self.is_rule() { 1 } else { self.len + 2 }
    }

    fn slice(&self, range: Range<usize>) -> Option<Vec<Run>> {
        slice_runs(&self.text, range)
    }
}

impl Page {
    /// A page of these blocks.
    pub fn new(blocks: impl IntoIterator<Item = Block>) -> Self {
        Self {
            blocks: blocks.into_iter().map(Arc::new).collect(),
        }
    }

    /// A page of shared blocks.
    pub(crate) fn from_shared(blocks: Vec<Arc<Block>>) -> Self {
        Self { blocks }
    }

    /// Its blocks.
    pub fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    /// Its size in positions.
    pub fn size(&self) -> usize {
        self.blocks.iter().map(|block| block.size()).sum()
    }

    /// Its size in flat indices.
    pub fn flat_len(&self) -> usize {
        self.blocks.iter().map(|block| block.len + 1).sum()
    }

    /// Where a position lies. Positions inside a character are found out only when text is cut there.
    pub fn resolve(&self, position: usize) -> Result<Place, PageError> {
        let mut start = 0;
        for (index, block) in self.blocks.iter().enumerate() {
            if position == start {
                return Ok(Place::Gap(index));
            }
            if position < start + block.size() {
                return Ok(Place::In {
                    block: index,
                    offset: position - start - 1,
                });
            }
            start += block.size();
        }
        if position == start {
            Ok(Place::Gap(self.blocks.len()))
        } else {
            Err(PageError::Outside { position, end: start })
        }
    }

    /// The position of a place; a place beyond the document is its end.
    pub fn position(&self, place: Place) -> usize {
        let (block, inside) = match place {
            Place::Gap(block) => (block, 0),
            Place::In { block, offset } => (block, offset + 1),
        };
        self.blocks.iter().take(block).map(|block| block.size()).sum::<usize>() + inside
    }

    /// The flat index of a place. A gap and the end of the text before it have the same.
    pub fn flat(&self, place: Place) -> usize {
        let (block, inside) = match place {
            Place::Gap(block) => (block, 0),
            Place::In { block, offset } => (block, offset + 1),
        };
        self.blocks.iter().take(block).map(|block| block.len + 1).sum::<usize>() + inside
    }

    /// The block whose marker or text holds the unit *before* a flat index, and the offset in its text; none at 0.
    pub fn before_flat(&self, flat: usize) -> Option<(usize, usize)> {
        let mut start = 0;
        for (index, block) in self.blocks.iter().enumerate() {
            let end = start + block.len + 1;
            if flat > start && flat <= end {
                return Some((index, flat - start - 1));
            }
            start = end;
        }
        None
    }

    /// The block whose marker stands at a flat index: `blocks().len()` at the document's end, none inside text.
    pub fn marker_at(&self, flat: usize) -> Option<usize> {
        let mut start = 0;
        for (index, block) in self.blocks.iter().enumerate() {
            if flat == start {
                return Some(index);
            }
            if flat < start {
                return None;
            }
            start += block.len + 1;
        }
        (flat == start).then_some(self.blocks.len())
    }

    /// The tokens of a flat range.
    pub fn tokens(&self, range: Range<usize>) -> Result<Vec<Token>, PageError> {
        let mut tokens = Vec::new();
        let mut start = 0;
        for block in &self.blocks {
            let end = start + block.len + 1;
            if end > range.start && start < range.end {
                if range.start <= start {
                    tokens.push(Token::Marker {
                        id: block.id.clone(),
                        kind: block.kind.clone(),
                    });
                }
                let from = range.start.saturating_sub(start + 1);
                let to = range.end.min(end) - start - 1;
                let runs = block
                    .slice(from..to)
                    .ok_or(PageError::InsideCharacter { position: range.start })?;
                tokens.extend(runs.into_iter().map(Token::Text));
            }
            start = end;
        }
        Ok(tokens)
    }

    /// The page after a replacement.
    pub fn splice(&self, splice: &Splice) -> Result<Page, PageError> {
        let Range { start: from, end: to } = splice.range;
        let misfit = |what| PageError::Misfit { from, to, what };
        let end = self.flat_len();
        if from > to || to > end {
            return Err(PageError::Outside {
                position: to.max(from),
                end,
            });
        }
        let inside = || PageError::InsideCharacter { position: from };
        let (mut blocks, mut open) = match self.before_flat(from) {
            None => (Vec::new(), None),
            Some((index, offset)) => {
                let block = &self.blocks[index];
                let head = block.slice(0..offset).ok_or_else(inside)?;
                (
                    self.blocks[..index].to_vec(),
                    Some((block.id.clone(), block.kind.clone(), head)),
                )
            }
        };
        // Blocks that end up as they were stay the same allocation: comparing pages is then mostly comparing pointers.
        let close = |blocks: &mut Vec<Arc<Block>>, open: Option<(Option<String>, BlockKind, Vec<Run>)>| {
            if let Some((id, kind, runs)) = open {
                if kind == BlockKind::Rule && !runs.is_empty() {
                    return Err(misfit("a rule holds no text"));
                }
                let block = Block::new(id, kind, runs);
                let same = self.blocks.get(blocks.len()).filter(|old| ***old == block).cloned();
                blocks.push(same.unwrap_or_else(|| Arc::new(block)));
            }
            Ok(())
        };
        for token in &splice.tokens {
            match token {
                Token::Marker { id, kind } => {
                    close(&mut blocks, open.take())?;
                    open = Some((id.clone(), kind.clone(), Vec::new()));
                }
                Token::Text(run) => {
                    let (_, _, runs) = open.as_mut().ok_or_else(|| misfit("text stands outside of a block"))?;
                    push_run(runs, run.clone());
                }
            }
        }
        let rest = match self.marker_at(to) {
            Some(index) => &self.blocks[index..],
            None => {
                let (index, offset) = self.before_flat(to).ok_or_else(inside)?;
                let block = &self.blocks[index];
                let tail = block
                    .slice(offset..block.len)
                    .ok_or(PageError::InsideCharacter { position: to })?;
                let (_, _, runs) = open.as_mut().ok_or_else(|| misfit("text stands outside of a block"))?;
                tail.into_iter().for_each(|run| push_run(runs, run));
                &self.blocks[index + 1..]
            }
        };
        close(&mut blocks, open)?;
        blocks.extend_from_slice(rest);
        if blocks.is_empty() {
            return Err(misfit("a document has at least one block"));
        }
        Ok(Page { blocks })
    }

    /// The page with another block at an index.
    fn with_block(&self, index: usize, block: Block) -> Page {
        let mut page = self.clone();
        if let Some(old) = page.blocks.get_mut(index) {
            *old = Arc::new(block);
        }
        page
    }
}
