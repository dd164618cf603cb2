//! A story under construction: what the readers of plain text, Markdown and HTML all fill.
//!
//! Limits are counted here while a document is read, so that a hostile one is refused before it has grown in memory.

use std::collections::{HashMap, HashSet};

use komuz_dossier::Known;
use komuz_release::csl;
use komuz_release::story::{Block, BlockKind, Byline, Citation, Marks, Place, Source, Span};

use crate::left_out::{LeftOut, What};
use crate::notes::{self, Sentences};
use crate::{ImportError, Imported, MAX_BLOCKS, MAX_CITATIONS, MAX_TEXT, empty};

/// The most runs of equal marks in one document. A run with a link counts once more for every 64 bytes of its address, since
/// each run holds a copy of it.
const MAX_RUNS: usize = 500_000;

/// The most sentences about what was left out; the rest is counted.
const MAX_SENTENCES: usize = 1_000;

/// Where a citation's number stood in the text.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Position in the block, in UTF-16 code units.
    pub at: usize,
    /// What it points to.
    pub target: Target,
}

/// What a reference points to.
#[derive(Debug, Clone)]
pub enum Target {
    /// A note of the document, by its label.
    Note(String),
    /// A source that is already known by its id, with a locator.
    Source(String, String),
}

/// A block under construction.
#[derive(Debug, Clone)]
pub struct DraftBlock {
    /// What it is.
    pub kind: BlockKind,
    /// Its text in runs.
    text: Vec<Span>,
    /// References, in the order of their positions.
    pub references: Vec<Reference>,
    /// Number of the element that holds it, so that notes of several paragraphs stay together.
    pub container: usize,
    /// Length of its text in UTF-16 code units.
    units: usize,
    /// Its part of [`MAX_RUNS`].
    runs: usize,
}

impl DraftBlock {
    /// An empty block.
    pub fn new(kind: BlockKind, container: usize) -> Self {
        DraftBlock {
            kind,
            text: Vec::new(),
            references: Vec::new(),
            container,
            units: 0,
            runs: 0,
        }
    }

    /// Its text without marks.
    pub fn plain(&self) -> String {
        self.text.iter().map(|span| span.text.as_str()).collect()
    }

    /// Length of its text in UTF-16 code units.
    pub fn len(&self) -> usize {
        self.units
    }

    /// Whether nothing is in it, not even a reference.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.references.is_empty()
    }

    /// Whether it has no words.
    pub fn is_blank(&self) -> bool {
        self.text.iter().all(|span| span.text.trim().is_empty())
    }

    /// The last character of its text.
    pub fn last_char(&self) -> Option<char> {
        self.text.last()?.text.chars().next_back()
    }

    /// The first address that its text is linked to.
    pub fn first_link(&self) -> Option<&str> {
        self.text.iter().find_map(|span| span.marks.link.as_deref())
    }

    /// Appends text, joining runs of equal marks.
    pub fn push(&mut self, text: &str, marks: &Marks) {
        if text.is_empty() {
            return;
        }
        self.units += utf16(text);
        match self.text.last_mut() {
            Some(last) if last.marks == *marks => last.text.push_str(text),
            _ => {
                self.runs += 1 + marks.link.as_ref().map_or(0, String::len) / 64;
                self.text.push(Span {
                    text: text.to_owned(),
                    marks: marks.clone(),
                });
            }
        }
    }

    /// Takes ranges out of the text, in UTF-16 code units, in order and apart from each other. References stay at the words
    /// that they stood at.
    pub fn remove(&mut self, ranges: &[(usize, usize)]) {
        let (mut left, mut position) = (ranges.iter().peekable(), 0);
        let mut rest = DraftBlock::new(self.kind.clone(), self.container);
        for span in &self.text {
            let mut kept = String::with_capacity(span.text.len());
            for c in span.text.chars() {
                while left.next_if(|(_, end)| *end <= position).is_some() {}
                if left.peek().is_none_or(|(start, _)| *start > position) {
                    kept.push(c);
                }
                position += c.len_utf16();
            }
            rest.push(&kept, &span.marks);
        }
        let (mut gone, mut left) = (0, ranges.iter().peekable());
        for mut reference in std::mem::take(&mut self.references) {
            while let Some((start, end)) = left.next_if(|(_, end)| *end <= reference.at) {
                gone += end - start;
            }
            let inside = left.peek().map_or(0, |(start, _)| reference.at.saturating_sub(*start));
            reference.at -= gone + inside;
            rest.references.push(reference);
        }
        *self = rest;
    }

    /// Removes white space at both ends and keeps the references where they belong.
    pub fn trim(&mut self) {
        let blank = self.text.iter().take_while(|span| span.text.trim().is_empty()).count();
        let mut cut: usize = self.text.drain(..blank).map(|span| utf16(&span.text)).sum();
        if let Some(first) = self.text.first_mut() {
            let kept = first.text.trim_start().to_owned();
            cut += utf16(&first.text) - utf16(&kept);
            first.text = kept;
        }
        while let Some(last) = self.text.last_mut() {
            last.text.truncate(last.text.trim_end().len());
            if !last.text.is_empty() {
                break;
            }
            self.text.pop();
        }
        self.units = self.text.iter().map(|span| utf16(&span.text)).sum();
        for reference in &mut self.references {
            reference.at = reference.at.saturating_sub(cut).min(self.units);
        }
    }

    /// The block in pieces that the model takes, cut between words where there are any.
    fn divided(self) -> Vec<DraftBlock> {
        if self.units <= MAX_TEXT {
            return vec![self];
        }
        let mut cuts = Vec::new();
        let (mut position, mut start, mut word) = (0, 0, 0);
        for c in self.text.iter().flat_map(|span| span.text.chars()) {
            if position + c.len_utf16() - start > MAX_TEXT {
                start = if word > start { word } else { position };
                cuts.push(start);
            }
            position += c.len_utf16();
            if c.is_whitespace() {
                word = position;
            }
        }
        let mut pieces = Vec::new();
        let mut references = self.references.into_iter().peekable();
        let (mut cut, mut position, mut start) = (cuts.into_iter().peekable(), 0, 0);
        let mut piece = DraftBlock::new(self.kind.clone(), self.container);
        let mut close = |piece: &mut DraftBlock, start: usize, end: usize| {
            // What stands at a cut is a note on the words before it.
            while let Some(mut reference) = references.next_if(|reference| reference.at <= end) {
                reference.at -= start;
                piece.references.push(reference);
            }
            let next = DraftBlock::new(piece.kind.clone(), piece.container);
            pieces.push(std::mem::replace(piece, next));
        };
        for span in &self.text {
            let mut kept = String::new();
            for c in span.text.chars() {
                if cut.next_if_eq(&position).is_some() {
                    piece.push(&std::mem::take(&mut kept), &span.marks);
                    close(&mut piece, start, position);
                    start = position;
                }
                kept.push(c);
                position += c.len_utf16();
            }
            piece.push(&kept, &span.marks);
        }
        close(&mut piece, start, usize::MAX);
        pieces
    }
}

/// Length in UTF-16 code units.
pub fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The first words of a text, for sentences about it.
pub fn shown(text: &str) -> String {
    let mut start: String = text.trim().chars().take(100).collect();
    if start.len() < text.trim().len() {
        start.push('…');
    }
    start
}

/// The story under construction.
#[derive(Debug, Default)]
pub struct Draft {
    /// Language, where the document tells it.
    pub lang: String,
    /// Headline.
    pub headline: String,
    /// Summary.
    pub summary: String,
    /// Byline.
    pub byline: Vec<Byline>,
    /// Blocks.
    blocks: Vec<DraftBlock>,
    /// The notes.
    notes: Vec<Note>,
    /// What could not be kept, with how often.
    left_out: Vec<LeftOut>,
    /// Where something stands in `left_out`.
    said: HashMap<What, usize>,
    /// How much more could not be kept.
    unsaid: usize,
    references: usize,
    runs: usize,
    /// The first limit that was passed.
    trouble: Option<ImportError>,
}

/// The text of a note.
#[derive(Debug, Clone)]
pub struct Note {
    /// Label that references use.
    pub label: String,
    /// Text.
    pub text: String,
    /// First address linked in it.
    pub link: Option<String>,
}

impl Draft {
    /// Appends a block.
    pub fn add(&mut self, block: DraftBlock) {
        self.runs += block.runs;
        if self.blocks.len() < MAX_BLOCKS {
            self.blocks.push(block);
        } else {
            self.full("blocks:", MAX_BLOCKS);
        }
    }

    /// The blocks so far.
    pub fn blocks(&self) -> &[DraftBlock] {
        &self.blocks
    }

    /// The blocks so far, to be changed.
    pub fn blocks_mut(&mut self) -> &mut Vec<DraftBlock> {
        &mut self.blocks
    }

    /// Adds a note.
    pub fn note(&mut self, note: Note) {
        if self.notes.len() < csl::MAX_ITEMS {
            self.notes.push(note);
        } else {
            self.full("notes:", csl::MAX_ITEMS);
        }
    }

    /// Counts a reference that goes into a block.
    pub fn refer(&mut self) {
        self.references += 1;
        if self.references > MAX_CITATIONS {
            self.full("citations:", MAX_CITATIONS);
        }
    }

    /// Says that there is one more of something than may be.
    pub fn full(&mut self, what: &'static str, limit: usize) {
        self.trouble.get_or_insert(ImportError::TooMany {
            what,
            found: limit + 1,
            limit,
        });
    }

    /// Says that something could not be kept.
    pub fn leave_out(&mut self, what: What) {
        if let Some(known) = self.said.get(&what) {
            self.left_out[*known].times += 1;
        } else if self.left_out.len() < MAX_SENTENCES {
            self.said.insert(what.clone(), self.left_out.len());
            self.left_out.push(LeftOut { what, times: 1 });
        } else {
            self.unsaid += 1;
        }
    }

    /// Whether all limits are kept, with the block that is being made.
    ///
    /// # Errors
    /// [`ImportError::TooMany`].
    pub fn check(&self, current: Option<&DraftBlock>) -> Result<(), ImportError> {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.clone());
        }
        let found = self.runs + current.map_or(0, |block| block.runs);
        if found > MAX_RUNS {
            return Err(ImportError::TooMany {
                what: "runs of marked text (links count by their length):",
                found,
                limit: MAX_RUNS,
            });
        }
        Ok(())
    }

    /// Takes in what another reader made of a part of the document. Its labels must be its own.
    pub fn take_in(&mut self, part: Draft) {
        for block in part.blocks {
            self.references += block.references.len();
            self.add(block);
        }
        for note in part.notes {
            self.note(note);
        }
        for LeftOut { what, times } in part.left_out {
            for _ in 0..times {
                self.leave_out(what.clone());
            }
        }
        self.unsaid += part.unsaid;
        self.trouble = self.trouble.take().or(part.trouble);
    }

    /// Turns the draft into a story: references become citations of the sentence before them, notes become sources.
    ///
    /// # Errors
    /// [`ImportError::TooMany`].
    pub fn finish(mut self) -> Result<Imported, ImportError> {
        self.check(None)?;
        let references = self.blocks.iter().flat_map(|block| &block.references);
        let cited = references.filter_map(|reference| match &reference.target {
            Target::Source(id, _) => Some(id.clone()),
            Target::Note(_) => None,
        });
        let mut register = Register {
            cited: cited.collect(),
            ..Register::default()
        };
        let mut by_label: HashMap<String, (String, String)> = HashMap::new();
        for note in std::mem::take(&mut self.notes) {
            let (text, whole) = notes::bounded(&note.text);
            if !whole {
                self.leave_out(What::LongNote(shown(text)));
            }
            let (source, locator) = notes::source(text, note.link.as_deref());
            let id = register.id_of(source);
            by_label.entry(note.label).or_insert((id, locator));
        }
        let mut story = empty(if self.lang.is_empty() { "und" } else { &self.lang });
        for whole in std::mem::take(&mut self.blocks) {
            let pieces = whole.divided();
            if pieces.len() > 1 {
                self.leave_out(What::LongBlock);
            }
            for mut piece in pieces {
                piece.trim();
                if piece.text.is_empty() && piece.kind != BlockKind::Rule {
                    for _ in &piece.references {
                        self.leave_out(What::EmptyNote);
                    }
                    continue;
                }
                if story.blocks.len() == MAX_BLOCKS {
                    self.full("blocks:", MAX_BLOCKS);
                    self.check(None)?;
                }
                let id = format!("b{}", story.blocks.len() + 1);
                self.cite(&piece, &id, &by_label, &mut story.citations);
                story.blocks.push(Block {
                    id,
                    kind: piece.kind,
                    text: piece.text,
                });
            }
        }
        story.headline = self.headline;
        story.summary = self.summary;
        story.byline = self.byline;
        story.sources = register.sources;
        let mut left_out = self.left_out;
        if self.unsaid > 0 {
            left_out.push(LeftOut {
                what: What::More,
                times: self.unsaid,
            });
        }
        Ok(Imported {
            story,
            left_out,
            dossier: Known::default(),
        })
    }

    /// Makes citations of a block's references.
    fn cite(
        &mut self,
        block: &DraftBlock,
        id: &str,
        by_label: &HashMap<String, (String, String)>,
        citations: &mut Vec<Citation>,
    ) {
        if block.references.is_empty() {
            return;
        }
        let sentences = Sentences::of(&block.plain());
        // Where the last reference stood and where its words started: notes at one place stand on the same words.
        let mut last = (0, 0);
        for reference in &block.references {
            let found = match &reference.target {
                Target::Note(label) => by_label.get(label).cloned(),
                Target::Source(source, locator) => Some((source.clone(), locator.clone())),
            };
            let Some((source, locator)) = found else {
                self.leave_out(What::MissingNote);
                continue;
            };
            let at = reference.at;
            let start = if at == last.0 {
                last.1
            } else {
                sentences.start(at, last.0)
            };
            last = (at, start);
            if start == at {
                self.leave_out(What::EmptyNote);
                continue;
            }
            let place = |offset: usize| Place {
                block: id.to_owned(),
                offset: u32::try_from(offset).unwrap_or(u32::MAX),
            };
            citations.push(Citation {
                // As the core writes it, so that it stays what it is on its way through a desk.
                id: format!("c-{}", citations.len() + 1),
                source,
                locator,
                quote: String::new(),
                start: place(start),
                end: place(at),
            });
        }
    }
}

/// The sources of the notes: two notes name one source when they have the same address (and the same title, where both have
/// one), or without an address the same title, container and author.
#[derive(Default)]
struct Register {
    sources: Vec<Source>,
    /// Where a source stands, by address and title; the title is empty for "any of this address".
    by_address: HashMap<(String, String), usize>,
    by_title: HashMap<(String, String, String), usize>,
    /// Ids of sources that are elsewhere: no note's source may be taken for one.
    cited: HashSet<String>,
    /// The last number that an id was made of.
    number: usize,
}

impl Register {
    /// The id of the source, which is added when it is not known.
    fn id_of(&mut self, mut source: Source) -> String {
        let (url, title) = (source.url.clone(), source.title.clone());
        let author = source.author.iter().map(|name| format!("{name:?}")).collect();
        let words = (title.clone(), source.container_title.clone(), author);
        let known = if url.is_empty() {
            self.by_title.get(&words)
        } else if title == url {
            self.by_address.get(&(url.clone(), String::new()))
        } else {
            let same = self.by_address.get(&(url.clone(), title.clone()));
            same.into_iter()
                .chain(self.by_address.get(&(url.clone(), url.clone())))
                .min()
        };
        if let Some(known) = known {
            return self.sources[*known].id.clone();
        }
        let index = self.sources.len();
        if url.is_empty() {
            self.by_title.insert(words, index);
        } else {
            self.by_address.entry((url.clone(), String::new())).or_insert(index);
            self.by_address.entry((url, title)).or_insert(index);
        }
        while source.id.is_empty() || self.cited.contains(&source.id) {
            self.number += 1;
            source.id = format!("s{}", self.number);
        }
        self.sources.push(source);
        self.sources[index].id.clone()
    }
}
