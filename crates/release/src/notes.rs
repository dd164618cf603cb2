//! Notes: the numbers of citations, the same in the reader, the desk and the plain page.

use std::collections::BTreeMap;

use crate::story::{Block, Citation, Marks, Source};

/// The numbered notes of a story.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes<'a> {
    /// The notes in the order of their numbers: the note at index 0 is number 1.
    pub list: Vec<Note<'a>>,
    /// Each block's marks by the block's id, ordered by offset.
    pub marks: BTreeMap<&'a str, Vec<Mark<'a>>>,
}

/// One note: a source at one locator. Several citations may share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// From 1.
    pub number: u32,
    /// The source.
    pub source: &'a Source,
    /// Where in the source; may be empty.
    pub locator: &'a str,
    /// The citations that share it, in the order of the text.
    pub citations: Vec<&'a Citation>,
}

/// A note's number in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark<'a> {
    /// UTF-16 code units from the block's start: where the cited span ends.
    pub offset: u32,
    /// The note's number.
    pub number: u32,
    /// Id of the citation.
    pub citation: &'a str,
}

/// A piece of a block's text as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text with its marks. Never empty.
    Text(&'a str, &'a Marks),
    /// A note's number.
    Note(Mark<'a>),
}

/// Numbers the citations: in the order in which their ends stand in the text, one number for each source and locator.
/// A citation whose source or block is not there has no number.
pub fn notes<'a>(blocks: &'a [Block], citations: &'a [Citation], sources: &'a [Source]) -> Notes<'a> {
    // Sorted by insertion and without maps of their own kinds: readers carry this, and citations come nearly in order.
    let mut order: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, block) in blocks.iter().enumerate() {
        order.insert(&block.id, at);
    }
    let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, source) in sources.iter().enumerate().rev() {
        by_id.insert(&source.id, at);
    }
    let mut placed: Vec<((usize, u32), &Citation, &Source)> = Vec::with_capacity(citations.len());
    for citation in citations {
        let block = order.get(citation.end.block.as_str());
        let source = by_id.get(citation.source.as_str()).and_then(|at| sources.get(*at));
        if let (Some(block), Some(source)) = (block, source) {
            let end = (*block, citation.end.offset);
            // Behind all that end here too: those keep their order.
            let later = placed.iter().rev().take_while(|(other, ..)| *other > end).count();
            placed.insert(placed.len() - later, (end, citation, source));
        }
    }
    let mut notes = Notes::default();
    for (_, citation, source) in placed {
        let locator = citation.locator.trim();
        let same = |note: &Note<'_>| std::ptr::eq(note.source, source) && note.locator == locator;
        let at = notes.list.iter().position(same).unwrap_or_else(|| {
            let number = notes.list.len() as u32 + 1;
            notes.list.push(Note {
                number,
                source,
                locator,
                citations: Vec::new(),
            });
            notes.list.len() - 1
        });
        let number = at as u32 + 1;
        if let Some(note) = notes.list.get_mut(at) {
            note.citations.push(citation);
        }
        let marks = notes.marks.entry(citation.end.block.as_str()).or_default();
        // Two citations of one note at one place would print its number twice.
        if !marks
            .iter()
            .any(|m| m.offset == citation.end.offset && m.number == number)
        {
            marks.push(Mark {
                offset: citation.end.offset,
                number,
                citation: citation.id.as_str(),
            });
        }
    }
    notes
}

impl<'a> Notes<'a> {
    /// The number of a citation; `None` while its source or its text is not there.
    pub fn number(&self, citation: &str) -> Option<u32> {
        self.list
            .iter()
            .find(|n| n.citations.iter().any(|c| c.id == citation))
            .map(|n| n.number)
    }

    /// A block's text cut where notes stand. Marks beyond the text come at its end.
    pub fn pieces(&self, block: &'a Block) -> Vec<Piece<'a>> {
        let mut marks = self
            .marks
            .get(block.id.as_str())
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .copied()
            .peekable();
        let mut pieces = Vec::new();
        let mut units = 0u32;
        for span in &block.text {
            let mut from = 0;
            for (at, c) in span.text.char_indices() {
                while let Some(mark) = marks.next_if(|m| m.offset <= units) {
                    if from < at {
                        pieces.push(Piece::Text(&span.text[from..at], &span.marks));
                        from = at;
                    }
                    pieces.push(Piece::Note(mark));
                }
                units += c.len_utf16() as u32;
            }
            if from < span.text.len() {
                pieces.push(Piece::Text(&span.text[from..], &span.marks));
            }
        }
        pieces.extend(marks.map(Piece::Note));
        pieces
    }
}
