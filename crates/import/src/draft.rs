//! A story under construction: what the readers of Markdown and of HTML both fill.

use komuz_release::story::{Block, BlockKind, Byline, Citation, Marks, Place, Source, Span};

use crate::notes;
use crate::{Imported, empty};

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
    pub text: Vec<Span>,
    /// References, in the order of their positions.
    pub references: Vec<Reference>,
    /// Number of the element that holds it, so that notes of several paragraphs stay together.
    pub container: usize,
}

impl DraftBlock {
    /// An empty block.
    pub fn new(kind: BlockKind, container: usize) -> Self {
        DraftBlock {
            kind,
            text: Vec::new(),
            references: Vec::new(),
            container,
        }
    }

    /// Its text without marks.
    pub fn plain(&self) -> String {
        self.text.iter().map(|span| span.text.as_str()).collect()
    }

    /// Length of its text in UTF-16 code units.
    pub fn len(&self) -> usize {
        self.text.iter().map(|span| utf16(&span.text)).sum()
    }

    /// Whether nothing is in it, not even a reference.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.references.is_empty()
    }

    /// Appends text, joining runs of equal marks.
    pub fn push(&mut self, text: &str, marks: &Marks) {
        if text.is_empty() {
            return;
        }
        match self.text.last_mut() {
            Some(last) if last.marks == *marks => last.text.push_str(text),
            _ => self.text.push(Span {
                text: text.to_owned(),
                marks: marks.clone(),
            }),
        }
    }

    /// Removes white space at both ends and keeps the references where they belong.
    pub fn trim(&mut self) {
        let mut cut = 0;
        while let Some(first) = self.text.first_mut() {
            let kept = first.text.trim_start().to_owned();
            cut += utf16(&first.text) - utf16(&kept);
            first.text = kept;
            if !first.text.is_empty() {
                break;
            }
            self.text.remove(0);
        }
        while let Some(last) = self.text.last_mut() {
            last.text.truncate(last.text.trim_end().len());
            if !last.text.is_empty() {
                break;
            }
            self.text.pop();
        }
        let len = self.len();
        for reference in &mut self.references {
            reference.at = reference.at.saturating_sub(cut).min(len);
        }
    }
}

/// Length in UTF-16 code units.
pub fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
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
    pub blocks: Vec<DraftBlock>,
    /// Texts of the notes by label, with the first address in each.
    pub notes: Vec<Note>,
    /// What could not be kept, with how often.
    left_out: Vec<(String, usize)>,
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
    /// Says that something could not be kept.
    pub fn leave_out(&mut self, what: impl Into<String>) {
        let what = what.into();
        match self.left_out.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count += 1,
            None => self.left_out.push((what, 1)),
        }
    }

    /// Turns the draft into a story: references become citations of the sentence before them, notes become sources.
    pub fn finish(mut self) -> Imported {
        let mut sources: Vec<Source> = Vec::new();
        let mut by_label: Vec<(String, String, String)> = Vec::new();
        for note in std::mem::take(&mut self.notes) {
            let (mut source, locator) = notes::source(&note.text, note.link.as_deref());
            let known = sources.iter().find(|known| notes::same(known, &source));
            let id = match known {
                Some(known) => known.id.clone(),
                None => {
                    source.id = format!("s{}", sources.len() + 1);
                    sources.push(source.clone());
                    source.id
                }
            };
            by_label.push((note.label, id, locator));
        }
        let mut story = empty(if self.lang.is_empty() { "und" } else { &self.lang });
        for mut draft in std::mem::take(&mut self.blocks) {
            draft.trim();
            if draft.is_empty() && draft.kind != BlockKind::Rule {
                continue;
            }
            let id = format!("b{}", story.blocks.len() + 1);
            let plain = draft.plain();
            // Where the last reference stood and where its words started: notes at one place stand on the same words.
            let mut last = (0, 0);
            for reference in &draft.references {
                let found = match &reference.target {
                    Target::Note(label) => by_label
                        .iter()
                        .find(|(known, ..)| known == label)
                        .map(|(_, source, locator)| (source.clone(), locator.clone())),
                    Target::Source(source, locator) => Some((source.clone(), locator.clone())),
                };
                let Some((source, locator)) = found else {
                    self.leave_out("A note that is referred to has no text.");
                    continue;
                };
                let at = reference.at;
                let start = if at == last.0 {
                    last.1
                } else {
                    notes::sentence_start(&plain, at, last.0)
                };
                last = (at, start);
                if start == at {
                    self.leave_out("A note stood on no words.");
                    continue;
                }
                let place = |offset: usize| Place {
                    block: id.clone(),
                    offset: u32::try_from(offset).unwrap_or(u32::MAX),
                };
                story.citations.push(Citation {
                    id: format!("c{}", story.citations.len() + 1),
                    source,
                    locator,
                    quote: String::new(),
                    start: place(start),
                    end: place(at),
                });
            }
            story.blocks.push(Block {
                id,
                kind: draft.kind,
                text: draft.text,
            });
        }
        story.headline = self.headline;
        story.summary = self.summary;
        story.byline = self.byline;
        story.sources = sources;
        let left_out = self
            .left_out
            .into_iter()
            .map(|(what, count)| {
                if count == 1 {
                    what
                } else {
                    format!("{what} ({count} times)")
                }
            })
            .collect();
        Imported { story, left_out }
    }
}
