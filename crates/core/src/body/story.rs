//! Between the body and the story as a value.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use automerge::ChangeHash;
use komuz_release::story::{
    BlockKind, Citation, Marks as StoryMarks, Place, STORY_VERSION, Source, Span as StorySpan, Story,
};
use serde_json::Value as Json;

use super::write::{Action, New};
use super::{Body, BodyError, Entry, is_citation, limits};
use crate::document::Document;
use crate::page::{Block, Mark, Marks, Run};

/// What appending a story brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Appended {
    /// Blocks.
    pub blocks: u32,
    /// Citations.
    pub citations: u32,
}

impl Body {
    /// The edition as a value. `sources` are put in as they are; citations whose words are gone are left out.
    pub fn story(&self, lang: &str, sources: Vec<Source>) -> Story {
        let mut citations: Vec<(usize, Citation)> = Vec::new();
        for (id, entry) in self.entries.iter().filter(|(id, _)| is_citation(id)) {
            let Some(range) = self.flat_range(id) else { continue };
            let Some((start, end)) = self.places(&range) else {
                continue;
            };
            let citation = Citation {
                id: id.clone(),
                source: entry.text("source").to_owned(),
                locator: entry.text("locator").to_owned(),
                quote: entry.text("quote").to_owned(),
                start,
                end,
            };
            citations.push((range.end, citation));
        }
        citations.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
        Story {
            komuz: STORY_VERSION,
            lang: lang.to_owned(),
            headline: self.headline.clone(),
            summary: self.summary.clone(),
            byline: self.byline.clone(),
            blocks: self.sheet.rows.iter().map(|row| story_block(&row.block())).collect(),
            citations: citations.into_iter().map(|(_, citation)| citation).collect(),
            sources,
        }
    }

    /// A flat range of text as places in blocks.
    pub(super) fn places(&self, range: &Range<usize>) -> Option<(Place, Place)> {
        let place = |flat: usize| {
            let (row, at) = self.sheet.row_at(flat)?;
            Some(Place {
                block: self.sheet.rows[row].id.clone(),
                offset: at.saturating_sub(1) as u32,
            })
        };
        let mut end = place(range.end.checked_sub(1)?)?;
        end.offset += 1;
        Some((place(range.start)?, end))
    }

    /// The edition as it was at a version of its document (heads that are in it).
    pub fn story_at(
        doc: &Document,
        heads: &[ChangeHash],
        lang: &str,
        sources: Vec<Source>,
    ) -> Result<Story, BodyError> {
        Ok(Self::at(doc, heads)?.story(lang, sources))
    }

    /// Puts a story's blocks and citations behind the text; in place of the text when that is one empty paragraph.
    /// Headline, summary and byline are taken where the edition has none. Ids of blocks and citations stay where they are
    /// free. Sources are the register's business. A long story becomes several changes; an error leaves everything as it
    /// was: [`BodyError::TooLong`] names what is longer than an edition keeps ([`limits`]).
    pub fn append_story(&mut self, doc: &mut Document, story: &Story) -> Result<Appended, BodyError> {
        self.append(doc, story).map(|(appended, _)| appended)
    }

    /// [`Body::append_story`], with what was done to the text.
    pub(crate) fn append(&mut self, doc: &mut Document, story: &Story) -> Result<(Appended, Vec<Action>), BodyError> {
        limits::check_story(story)?;
        self.edit_all(doc, |body, doc| {
            let mut log = Vec::new();
            let citations = body.append_text(doc, story, &mut log)?;
            if body.headline.is_empty() && !story.headline.is_empty() {
                body.set_headline(doc, &story.headline)?;
            }
            if body.summary.is_empty() && !story.summary.is_empty() {
                body.set_summary(doc, &story.summary)?;
            }
            if body.byline.is_empty() && !story.byline.is_empty() {
                body.set_byline(doc, &story.byline)?;
            }
            let appended = Appended {
                blocks: story.blocks.len() as u32,
                citations,
            };
            Ok((appended, log))
        })
    }

    /// Appends blocks and citations; how many citations.
    fn append_text(&mut self, doc: &mut Document, story: &Story, log: &mut Vec<Action>) -> Result<u32, BodyError> {
        if story.blocks.is_empty() {
            return Ok(0);
        }
        let blank = matches!(self.sheet.rows.as_slice(), [row] if row.len() == 0 && row.kind == BlockKind::Paragraph);
        let old = self.sheet.flat_len();
        let start = if blank { 0 } else { old };
        for (nth, new) in limits::portions(self.new_blocks(story, blank)).into_iter().enumerate() {
            let ((), actions) = self.edit(doc, |writer| {
                let end = writer.sheet.flat_len();
                writer.insert(end, &new)?;
                if blank && nth == 0 {
                    writer.delete(0..old)?;
                }
                Ok(())
            })?;
            log.extend(actions);
        }
        let placed = self.placed(story, start);
        let count = placed.len() as u32;
        let mut taken: HashSet<String> = self.entries.iter().map(|(id, _)| id.clone()).collect();
        let weight = |(citation, _): &(&Citation, Range<usize>)| CITED + citation.quote.len() / 32;
        for placed in limits::groups(placed, weight) {
            let ((), actions) = self.edit(doc, |writer| {
                for (citation, range) in placed {
                    let Some(span) = writer.span(range) else { continue };
                    let entry = Entry::cited(&citation.source, &citation.locator, &citation.quote, span);
                    let id = free_id(&citation.id, &taken);
                    writer.put_entry(&id, None, Some(entry))?;
                    taken.insert(id);
                }
                Ok(())
            })?;
            log.extend(actions);
        }
        Ok(count)
    }

    /// A story's blocks as they are inserted. Ids that are taken, or are none, are left out.
    fn new_blocks(&self, story: &Story, blank: bool) -> Vec<New> {
        let rows = self.sheet.rows.iter().filter(|_| !blank);
        let mut taken: HashSet<&str> = rows.map(|row| row.id.as_str()).collect();
        let mut new: Vec<New> = Vec::new();
        for block in &story.blocks {
            let good = !block.id.is_empty() && block.id.chars().count() <= limits::MAX_ID;
            let free = good && taken.insert(&block.id);
            new.push(New::Marker(block.kind.clone(), free.then(|| block.id.clone())));
            if block.kind != BlockKind::Rule {
                let text = |text: &str| text.chars().filter(|char| *char != '\u{fffc}').collect::<String>();
                let spans = block.text.iter().filter(|span| !span.text.is_empty());
                new.extend(spans.map(|span| New::Text(text(&span.text), page_marks(&span.marks))));
            }
        }
        new
    }

    /// The citations of a story whose blocks begin at a flat index, with where they stand; without those that stand
    /// nowhere.
    fn placed<'s>(&self, story: &'s Story, start: usize) -> Vec<(&'s Citation, Range<usize>)> {
        let mut at = start;
        let mut starts: HashMap<&str, Range<usize>> = HashMap::new();
        let first = self.sheet.row_at(start).map_or(0, |(row, _)| row);
        for (block, row) in story.blocks.iter().zip(self.sheet.rows.iter().skip(first)) {
            starts.entry(&block.id).or_insert(at + 1..at + 1 + row.len());
            at += row.len() + 1;
        }
        let place = |place: &Place| {
            let text = starts.get(place.block.as_str())?;
            Some(text.start + place.offset as usize).filter(|at| *at <= text.end)
        };
        let placed = story.citations.iter().filter_map(|citation| {
            let range = place(&citation.start)?..place(&citation.end)?;
            (range.start < range.end).then_some((citation, range))
        });
        placed.collect()
    }

    /// A new document with a story in it, written by `actor`.
    pub fn from_story(story: &Story, actor: &[u8]) -> Result<(Document, Self), BodyError> {
        let mut doc = Document::new(crate::document::DocKind::Body, actor);
        let mut body = Self::open(&doc)?;
        body.append_story(&mut doc, story)?;
        Ok((doc, body))
    }
}

/// About how many operations make a citation.
const CITED: usize = 12;

/// A citation's id that is free, made from the wanted one.
fn free_id(wanted: &str, taken: &HashSet<String>) -> String {
    let wanted: &str = &wanted.chars().take(limits::MAX_ID).collect::<String>();
    let base = if is_citation(wanted) {
        wanted.to_owned()
    } else {
        format!("c-{wanted}")
    };
    let mut id = base.clone();
    let mut nth = 2;
    while taken.contains(&id) {
        id = format!("{base}-{nth}");
        nth += 1;
    }
    id
}

fn story_block(block: &Block) -> komuz_release::story::Block {
    komuz_release::story::Block {
        id: block.id.clone().unwrap_or_default(),
        kind: block.kind.clone(),
        text: block.runs().iter().map(story_span).collect(),
    }
}

fn story_span(run: &Run) -> StorySpan {
    let mut marks = StoryMarks::default();
    for mark in run.marks.iter() {
        match mark {
            Mark::Strong => marks.strong = true,
            Mark::Emphasis => marks.emphasis = true,
            Mark::Code => marks.code = true,
            Mark::Link(href) => marks.link = Some(href.clone()),
            Mark::Foreign(name, value) => {
                marks.other.insert(name.clone(), value.to_string());
            }
            Mark::Anchor(_) => {}
        }
    }
    StorySpan {
        text: run.text.clone(),
        marks,
    }
}

fn page_marks(marks: &StoryMarks) -> Marks {
    let mut list = Vec::new();
    if marks.strong {
        list.push(Mark::Strong);
    }
    if marks.emphasis {
        list.push(Mark::Emphasis);
    }
    if marks.code {
        list.push(Mark::Code);
    }
    list.extend(marks.link.clone().map(Mark::Link));
    // What another program wrote may be no JSON: then it is a string.
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned()));
    list.extend(
        marks
            .other
            .iter()
            .map(|(name, text)| Mark::Foreign(name.clone(), value(text))),
    );
    Marks::new(list)
}
