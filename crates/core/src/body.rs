//! The body of an edition: headline, summary, byline, text and citations, as an Automerge document and as what is made
//! of it.
//!
//! A [`Body`] is what was read from a [`Document`] of kind [`DocKind::Body`](crate::document::DocKind::Body); the two go
//! together through every call. What one writes keeps the body in step; after [`Document::apply`] call
//! [`Body::refresh`].
//!
//! In the document the text is a list of sections, each an Automerge `Text` with block markers and marks. Together they
//! are one flat list of blocks: text before a section's first marker continues the block before it. Citations lie beside
//! the text in a map; each has two [points](Point) that stay with the words.

mod brought;
mod home;
pub mod limits;
mod line;
mod patch;
mod point;
pub(crate) mod read;
mod recorded;
pub(crate) mod sheet;
mod story;
pub(crate) mod write;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use automerge::iter::MapRangeItem;
use automerge::transaction::Transactable;
use automerge::{ActorId, AutomergeError, ChangeHash, ObjType, ReadDoc, Value, ValueRef};
use komuz_release::story::Byline;
use serde_json::Value as Json;
use thiserror::Error;

use crate::admission::Refusal;
use crate::document::{Document, WriteError};
use crate::page::{Block, Mark, Page, Place};
use crate::records::{self, Kind, Members, RecordError};
use home::Homes;
use read::{Look, byline_of, read_sheet};
use sheet::{Elem, Row, Sheet};
use write::{Action, Writer};

pub use brought::Brought;
pub use point::{BadPoint, Point};
pub use recorded::Recorded;
pub use story::Appended;

/// Why a body was not read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// Automerge said no: the document lacks what its genesis made, or an operation was wrong.
    #[error("the text of the edition cannot be read or written: {0}")]
    Automerge(#[from] AutomergeError),
    /// Others would refuse the change, so it was not made.
    #[error("this is more than can be sent in one piece ({0}): bring it in parts")]
    TooMuch(#[from] Refusal),
    /// Something is longer than an edition keeps.
    #[error("{place} has a length of {length}; at most {limit} are kept: shorten it")]
    TooLong {
        /// What it is: `headline`, `blocks[3].alt`.
        place: String,
        /// Its length: characters, or bytes of JSON, or how many there are.
        length: usize,
        /// What is kept.
        limit: usize,
    },
    /// A citation was named that is not there.
    #[error("there is no citation {id:?}: it was removed, or has not come yet")]
    NoCitation {
        /// The id that was named.
        id: String,
    },
    /// A citation's id is taken, or is none (they start with `c-`).
    #[error("{id:?} cannot be the id of a new citation: it is taken or does not start with `c-`")]
    BadCitationId {
        /// The id.
        id: String,
    },
    /// A record cannot be saved as it was asked.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A span without text.
    #[error("the span holds no text to stand on: select some words")]
    EmptySpan,
}

impl From<WriteError> for BodyError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Automerge(error) => Self::Automerge(error),
            WriteError::TooMuch(refusal) => Self::TooMuch(refusal),
        }
    }
}

/// The span that an entry stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Before its first character.
    pub start: Point,
    /// Behind its last.
    pub end: Point,
}

/// The entry of a citation (members `source`, `locator`, `quote`) or of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// What it says.
    pub members: Members,
    /// What it stands on; none for what does not stand in the text.
    pub span: Option<Span>,
}

impl Entry {
    /// What a citation says.
    pub(crate) fn cited(source: &str, locator: &str, quote: &str, span: Span) -> Self {
        let members = [("source", source), ("locator", locator), ("quote", quote)];
        let said = members.into_iter().filter(|(_, text)| !text.is_empty());
        Self {
            members: said.map(|(name, text)| (name.to_owned(), text.into())).collect(),
            span: Some(span),
        }
    }

    /// A member that is text; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Json::as_str).unwrap_or_default()
    }

    /// With its points, as it lies in the document.
    pub(crate) fn stored(&self) -> Members {
        let mut members = self.members.clone();
        if let Some(Span { start, end }) = &self.span {
            members.insert("start".to_owned(), start.to_string().into());
            members.insert("end".to_owned(), end.to_string().into());
        }
        members
    }
}

/// A citation as it is in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited {
    /// Its id.
    pub id: String,
    /// Id of the source.
    pub source: String,
    /// Where in the source.
    pub locator: String,
    /// The source's own words.
    pub quote: String,
    /// The words that it stands on; empty while they are gone.
    pub text: String,
    /// The page's positions from its first character to behind its last; none while they are gone.
    pub range: Option<(u32, u32)>,
}

/// The span of a thread, which lives in the notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadSpan {
    /// The thread's id; starts with `t-`.
    pub id: String,
    /// The point before its first character, as a string.
    pub start: String,
    /// The point behind its last, as a string.
    pub end: String,
}

/// Something that stands on a span, with where that is now.
#[derive(Debug, Clone)]
pub(crate) struct Anchor {
    pub(crate) id: String,
    pub(crate) span: Option<Span>,
    /// Flat range; none while none of its text is there.
    pub(crate) range: Option<Range<usize>>,
}

/// Citations and records by their ids, in the order of their kinds and ids.
type Entries = Arc<Vec<(String, Entry)>>;

/// The anchors of one row: offsets and ids.
type Overlay = Vec<(Range<usize>, String)>;

/// See the module.
#[derive(Debug, Clone)]
pub struct Body {
    /// The version of the document that was read.
    heads: Vec<ChangeHash>,
    sheet: Sheet,
    entries: Entries,
    /// Whether several people have made an entry under one id at once: Automerge does not say what changes in the ones that
    /// it does not show.
    conflicted: bool,
    threads: Vec<ThreadSpan>,
    anchors: Vec<Anchor>,
    page: Page,
    /// Rows and what they were painted as, to be used again.
    painted: Vec<(Arc<Row>, Overlay)>,
    headline: String,
    summary: String,
    byline: Vec<Byline>,
    /// Which text elements lie in.
    homes: Homes,
    /// What is visible to the left and right of elements that are gone. As long as these are neighbours nothing has come
    /// between them, and Automerge need not be asked.
    graves: HashMap<Elem, (Option<Elem>, Option<Elem>)>,
    version: u64,
}

impl Body {
    /// Reads a document of kind `Body`.
    pub fn open(doc: &Document) -> Result<Self, BodyError> {
        let mut body = Self {
            heads: Vec::new(),
            sheet: Sheet::default(),
            entries: Arc::default(),
            conflicted: false,
            threads: Vec::new(),
            anchors: Vec::new(),
            page: Page::default(),
            painted: Vec::new(),
            headline: String::new(),
            summary: String::new(),
            byline: Vec::new(),
            homes: Homes::default(),
            graves: HashMap::new(),
            version: 0,
        };
        body.refresh(doc)?;
        Ok(body)
    }

    /// Reads the document again: after changes of others were applied.
    pub fn refresh(&mut self, doc: &Document) -> Result<(), BodyError> {
        if self.heads == doc.heads() && self.version > 0 {
            return Ok(());
        }
        let news = doc
            .news_since(&self.heads)
            .and_then(|patches| patch::patched(&self.sheet, doc, &patches));
        if let Some(patch::Patched { sheet, rest }) = news {
            self.sheet = sheet;
            self.heads = doc.heads();
            if rest || self.conflicted {
                self.read_rest(doc)?;
            }
            self.paint(doc);
            return Ok(());
        }
        let mut sheet = read_sheet(Look::now(doc.automerge()))?;
        share(&mut sheet, &self.sheet);
        self.sheet = sheet;
        self.heads = doc.heads();
        self.read_rest(doc)?;
        self.paint(doc);
        Ok(())
    }

    fn read_rest(&mut self, doc: &Document) -> Result<(), BodyError> {
        let look = Look::now(doc.automerge());
        self.headline = look.text(&look.root("headline")?)?;
        self.summary = look.text(&look.root("summary")?)?;
        self.byline = read_byline(look)?;
        (self.entries, self.conflicted) = read_entries(look)?;
        Ok(())
    }

    /// The page that shows this text, with the anchors of citations and threads.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// The headline.
    pub fn headline(&self) -> &str {
        &self.headline
    }

    /// The summary.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// The byline.
    pub fn byline(&self) -> &[Byline] {
        &self.byline
    }

    /// How many words the text has: what white space parts and a letter or a digit is in.
    pub fn words(&self) -> u32 {
        let count = |block: &Arc<Block>| {
            block
                .plain_text()
                .split_whitespace()
                .filter(|word| word.chars().any(char::is_alphanumeric))
                .count() as u32
        };
        self.page.blocks().iter().map(count).sum()
    }

    /// Sets the headline (at most [`limits::MAX_HEADLINE`]); only what differs is written, so that it merges with what
    /// others type.
    pub fn set_headline(&mut self, doc: &mut Document, text: &str) -> Result<(), BodyError> {
        let before = self.headline.clone();
        self.change_headline(doc, &before, text)
    }

    /// Sets the summary (at most [`limits::MAX_SUMMARY`]), as [`Body::set_headline`].
    pub fn set_summary(&mut self, doc: &mut Document, text: &str) -> Result<(), BodyError> {
        let before = self.summary.clone();
        self.change_summary(doc, &before, text)
    }

    /// Does to the headline what somebody did who saw `before` and left `after`: what others have written meanwhile stays.
    pub fn change_headline(&mut self, doc: &mut Document, before: &str, after: &str) -> Result<(), BodyError> {
        limits::check_text("headline", after, limits::MAX_HEADLINE)?;
        let now = self.headline.clone();
        self.change_line(doc, "headline", [before, after, &now])
    }

    /// Does to the summary what somebody did, as [`Body::change_headline`].
    pub fn change_summary(&mut self, doc: &mut Document, before: &str, after: &str) -> Result<(), BodyError> {
        limits::check_text("summary", after, limits::MAX_SUMMARY)?;
        let now = self.summary.clone();
        self.change_line(doc, "summary", [before, after, &now])
    }

    fn change_line(&mut self, doc: &mut Document, name: &str, texts: [&str; 3]) -> Result<(), BodyError> {
        let [before, after, mut now] = texts.map(|text| text.chars().collect::<Vec<char>>());
        let splices = line::rebase(&before, &after, &line::aligned_words(&before, &now));
        let width = |chars: &[char]| chars.iter().map(|char| char.len_utf16()).sum::<usize>();
        let obj = Look::now(doc.automerge()).root(name)?;
        doc.transact(|tx| {
            for line::Splice { at, gone, come } in splices {
                // The character that Automerge keeps for block markers.
                let text: String = come.iter().filter(|char| **char != '\u{fffc}').collect();
                let deleted = isize::try_from(width(&now[at..at + gone])).unwrap_or(isize::MAX);
                tx.splice_text(&obj, width(&now[..at]), deleted, &text)?;
                now.splice(at..at + gone, text.chars());
            }
            Ok::<(), AutomergeError>(())
        })?;
        self.heads = doc.heads();
        self.read_rest(doc)
    }

    /// Takes ranges out of the headline, the summary or the byline, which rise.
    pub(crate) fn cut_line(
        &mut self,
        doc: &mut Document,
        name: &str,
        ranges: &[Range<usize>],
    ) -> Result<(), BodyError> {
        let obj = Look::now(doc.automerge()).root(name)?;
        doc.transact(|tx| {
            ranges.iter().rev().try_for_each(|range| match tx.object_type(&obj)? {
                ObjType::Text => tx.splice_text(&obj, range.start, range.len() as isize, ""),
                _ => tx.delete(&obj, range.start),
            })
        })?;
        self.heads = doc.heads();
        self.read_rest(doc)
    }

    /// Sets the byline; names that stay are not written again.
    pub fn set_byline(&mut self, doc: &mut Document, byline: &[Byline]) -> Result<(), BodyError> {
        let before = self.byline.clone();
        self.change_byline(doc, &before, byline)
    }

    /// Does to the byline what somebody did who saw `before` and left `after`, as [`Body::change_headline`].
    pub fn change_byline(&mut self, doc: &mut Document, before: &[Byline], after: &[Byline]) -> Result<(), BodyError> {
        limits::check_byline(after)?;
        let list = Look::now(doc.automerge()).root("byline")?;
        let splices = line::rebase(before, after, &line::aligned(before, &self.byline));
        doc.transact(|tx| {
            for line::Splice { at, gone, come } in splices {
                (0..gone).try_for_each(|_| tx.delete(&list, at))?;
                for (nth, name) in come.iter().enumerate() {
                    let map = tx.insert_object(&list, at + nth, ObjType::Map)?;
                    tx.put(&map, "name", name.name.as_str())?;
                    if let Some(outlet) = &name.outlet {
                        tx.put(&map, "outlet", outlet.as_str())?;
                    }
                }
            }
            Ok::<(), AutomergeError>(())
        })?;
        self.heads = doc.heads();
        self.read_rest(doc)
    }

    /// The citations by their ids, in the order in which they end in the text; those whose words are gone come last.
    pub fn citations(&self) -> Vec<Cited> {
        let mut all: Vec<(Option<usize>, Cited)> = (self.entries.iter())
            .filter(|(id, _)| is_citation(id))
            .map(|(id, entry)| {
                let range = self.flat_range(id);
                let cited = Cited {
                    id: id.clone(),
                    source: entry.text("source").to_owned(),
                    locator: entry.text("locator").to_owned(),
                    quote: entry.text("quote").to_owned(),
                    text: range.clone().map_or_else(String::new, |range| self.text_in(range)),
                    range: self.range_of(id),
                };
                (range.map(|range| range.end), cited)
            })
            .collect();
        all.sort_by(|(a, one), (b, other)| (a.is_none(), a, &one.id).cmp(&(b.is_none(), b, &other.id)));
        all.into_iter().map(|(_, cited)| cited).collect()
    }

    /// The entry of a citation or a record.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|(other, _)| other == id)
            .map(|(_, entry)| entry)
    }

    /// Says which threads there are: their anchors are in the page from now on.
    pub fn set_threads(&mut self, doc: &Document, threads: Vec<ThreadSpan>) {
        if self.threads != threads {
            self.threads = threads;
            self.paint(doc);
        }
    }

    /// The threads that were said last.
    pub(crate) fn threads(&self) -> &[ThreadSpan] {
        &self.threads
    }

    /// Shows a text made from this one, of elements of the same document.
    pub(crate) fn show(&mut self, doc: &Document, sheet: Sheet) {
        self.sheet = sheet;
        self.paint(doc);
    }

    fn flat_range(&self, id: &str) -> Option<Range<usize>> {
        self.anchors.iter().find(|anchor| anchor.id == id)?.range.clone()
    }

    /// The page's positions of a citation or thread, from its first character to behind its last; none while its words
    /// are gone.
    pub fn range_of(&self, id: &str) -> Option<(u32, u32)> {
        let range = self.flat_range(id)?;
        let start = match self.page.before_flat(range.start + 1) {
            Some((block, offset)) => Place::In {
                block,
                offset: offset.saturating_sub(1),
            },
            None => return None,
        };
        let (block, offset) = self.page.before_flat(range.end)?;
        Some((
            self.page.position(start) as u32,
            self.page.position(Place::In { block, offset }) as u32,
        ))
    }

    /// The words of a citation or thread; blocks are parted by a line break. Empty while they are gone.
    pub fn text_of(&self, id: &str) -> String {
        self.flat_range(id)
            .map_or_else(String::new, |range| self.text_in(range))
    }

    fn text_in(&self, range: Range<usize>) -> String {
        let mut text = String::new();
        for cell in self.sheet.cells(range) {
            match cell {
                sheet::Cell::Text(piece) => text.push_str(&piece.text),
                sheet::Cell::Marker { .. } if text.is_empty() => {}
                sheet::Cell::Marker { .. } => text.push('\n'),
            }
        }
        text.trim_end_matches('\n').to_owned()
    }

    pub(crate) fn entries(&self) -> &Entries {
        &self.entries
    }

    pub(crate) fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    /// The flat index of a point; where its element lay when that is gone.
    pub(crate) fn flat_of(&self, doc: &Document, point: &Point) -> Option<usize> {
        let homes = || self.homes.grave(doc, &self.sheet, point.elem(), None);
        point.visible(&self.sheet).or_else(homes)
    }

    pub(crate) fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// Rises with everything that may change the page.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Makes one change of the text. An error leaves everything as it was.
    pub(crate) fn edit<T>(
        &mut self,
        doc: &mut Document,
        write: impl FnOnce(&mut Writer<'_, '_>) -> Result<T, AutomergeError>,
    ) -> Result<(T, Vec<Action>), BodyError> {
        let actor = ActorId::from(doc.actor());
        let start = doc.next_counter();
        let sheet = self.sheet.clone();
        let (value, sheet, log) = doc.transact(|tx| {
            let mut writer = Writer::new(tx, sheet, actor, start);
            let value = write(&mut writer)?;
            Ok((value, writer.sheet, writer.log))
        })?;
        self.sheet = sheet;
        self.heads = doc.heads();
        if log.iter().any(|action| matches!(action, Action::Noted { .. })) {
            (self.entries, self.conflicted) = read_entries(Look::now(doc.automerge()))?;
        }
        self.paint(doc);
        Ok((value, log))
    }

    /// Makes several changes of the text, or with an error none.
    pub(crate) fn edit_all<T>(
        &mut self,
        doc: &mut Document,
        write: impl FnOnce(&mut Self, &mut Document) -> Result<T, BodyError>,
    ) -> Result<T, BodyError> {
        let (mut body, mut copy) = (self.clone(), doc.clone());
        let value = write(&mut body, &mut copy)?;
        (*self, *doc) = (body, copy);
        Ok(value)
    }

    /// Finds the anchors and makes the page.
    fn paint(&mut self, doc: &Document) {
        self.version += 1;
        self.find_anchors(doc, None);
        let mut overlays: Vec<Overlay> = vec![Vec::new(); self.sheet.rows.len()];
        for anchor in &self.anchors {
            let Some(range) = &anchor.range else { continue };
            let Some((first, at)) = self.sheet.row_at(range.start) else {
                continue;
            };
            let mut start = range.start - at;
            for (row, overlay) in self.sheet.rows.iter().zip(&mut overlays).skip(first) {
                let end = start + row.len() + 1;
                let (from, to) = (range.start.max(start + 1), range.end.min(end));
                if from < to {
                    overlay.push((from - start - 1..to - start - 1, anchor.id.clone()));
                }
                if end >= range.end {
                    break;
                }
                start = end;
            }
        }
        let old: HashMap<*const Row, usize> = self
            .painted
            .iter()
            .enumerate()
            .map(|(at, (row, _))| (Arc::as_ptr(row), at))
            .collect();
        let mut blocks = Vec::with_capacity(overlays.len());
        let mut painted = Vec::with_capacity(overlays.len());
        for (row, overlay) in self.sheet.rows.iter().zip(overlays) {
            let before = old
                .get(&Arc::as_ptr(row))
                .copied()
                .filter(|at| self.painted[*at].1 == overlay);
            let block = match before.and_then(|at| self.page.blocks().get(at)) {
                Some(block) => block.clone(),
                None => {
                    let paint = |block: Block, (range, id): &(Range<usize>, String)| {
                        let mark = Mark::Anchor(id.clone());
                        // The range lies on characters of this row; if it did not, the anchor would be left out.
                        crate::page::step::mark_block(&block, range.clone(), &mark, true).unwrap_or(block)
                    };
                    Arc::new(overlay.iter().fold(row.block(), paint))
                }
            };
            blocks.push(block);
            painted.push((row.clone(), overlay));
        }
        self.page = Page::from_shared(blocks);
        self.painted = painted;
    }

    fn find_anchors(&mut self, doc: &Document, at: Option<&[ChangeHash]>) {
        let mut anchors: Vec<Anchor> = (self.entries.iter())
            .filter(|(_, entry)| entry.span.is_some())
            .map(|(id, entry)| Anchor {
                id: id.clone(),
                span: entry.span.clone(),
                range: None,
            })
            .collect();
        for thread in &self.threads {
            let span = (thread.start.parse().ok().zip(thread.end.parse().ok())).map(|(start, end)| Span { start, end });
            anchors.push(Anchor {
                id: thread.id.clone(),
                span,
                range: None,
            });
        }
        let points: Vec<&Point> = anchors
            .iter()
            .filter_map(|anchor| anchor.span.as_ref())
            .flat_map(|span| [&span.start, &span.end])
            .collect();
        let visible = point::visible_all(&self.sheet, &points);
        let mut found = Vec::with_capacity(points.len());
        for (point, flat) in points.iter().zip(visible) {
            found.push(match (flat, at) {
                (Some(flat), _) => Some(flat),
                (None, None) => self.find_grave(doc, point),
                (None, Some(_)) => self.homes.grave(doc, &self.sheet, point.elem(), at),
            });
        }
        let mut found = found.chunks_exact(2);
        for anchor in anchors.iter_mut().filter(|anchor| anchor.span.is_some()) {
            if let Some([Some(start), Some(end)]) = found.next()
                && start < end
                && self
                    .sheet
                    .cells(*start..*end)
                    .iter()
                    .any(|cell| matches!(cell, sheet::Cell::Text(_)))
            {
                anchor.range = Some(trim(&self.sheet, *start..*end));
            }
        }
        self.anchors = anchors;
    }
}

impl Body {
    /// Where an element lay that is gone.
    fn find_grave(&mut self, doc: &Document, point: &Point) -> Option<usize> {
        if let Some((left, right)) = self.graves.get(point.elem()) {
            let flat = match right {
                Some(right) => self.sheet.find(right).map(|(flat, _)| flat),
                None => Some(self.sheet.flat_len()),
            };
            if let Some(flat) =
                flat.filter(|flat| *left == flat.checked_sub(1).and_then(|left| self.sheet.elem_at(left)))
            {
                return Some(flat);
            }
        }
        let flat = self.homes.grave(doc, &self.sheet, point.elem(), None)?;
        let left = flat.checked_sub(1).and_then(|left| self.sheet.elem_at(left));
        self.graves
            .insert(point.elem().clone(), (left, self.sheet.elem_at(flat)));
        Some(flat)
    }
}

/// A range without markers at its ends: anchors are on text.
fn trim(sheet: &Sheet, range: Range<usize>) -> Range<usize> {
    let is_marker = |flat: usize| sheet.row_at(flat).is_some_and(|(_, at)| at == 0);
    let mut range = range;
    while range.start < range.end && is_marker(range.start) {
        range.start += 1;
    }
    while range.start < range.end && is_marker(range.end - 1) {
        range.end -= 1;
    }
    range
}

/// Makes rows that are equal to older ones the same allocation, so that comparing is cheap.
fn share(sheet: &mut Sheet, old: &Sheet) {
    let by_id: HashMap<&str, &Arc<Row>> = old.rows.iter().map(|row| (row.id.as_str(), row)).collect();
    for row in &mut sheet.rows {
        if let Some(same) = by_id.get(row.id.as_str()).filter(|other| ***other == *row) {
            *row = (*same).clone();
        }
    }
}

fn read_byline<R: ReadDoc>(look: Look<'_, R>) -> Result<Vec<Byline>, AutomergeError> {
    let list = look.root("byline")?;
    let mut byline = Vec::new();
    for index in 0..look.length(&list) {
        if let Some((Value::Object(ObjType::Map), map)) = look.get(&list, index)? {
            byline.push(byline_of(look, &map)?);
        }
    }
    Ok(byline)
}

/// Whether an id is a citation's.
pub(crate) fn is_citation(id: &str) -> bool {
    id.starts_with("c-")
}

/// The most citations that are read.
const MAX_CITATIONS: usize = 50_000;

/// The entries, and whether some were made under one id at once.
fn read_entries<R: ReadDoc>(look: Look<'_, R>) -> Result<(Entries, bool), AutomergeError> {
    let mut entries = Vec::new();
    let mut conflicted = false;
    let entry = |mut members: Members| {
        let point = |point: Option<Json>| point.as_ref()?.as_str()?.parse().ok();
        let (start, end) = (point(members.remove("start")), point(members.remove("end")));
        let span = start.zip(end).map(|(start, end)| Span { start, end });
        Entry { members, span }
    };
    let all = look.root("citations")?;
    let is_map = |item: &MapRangeItem<'_>| matches!(item.value, ValueRef::Object(ObjType::Map));
    for item in look.items(&all, "c-").filter(is_map).take(MAX_CITATIONS) {
        let maps = records::maps_of(look, &all, &item);
        conflicted |= item.conflict;
        let entry = entry(records::read(look, &maps));
        // A citation without places is none: nothing of it could be shown.
        if entry.span.is_some() {
            entries.push((item.key.into_owned(), entry));
        }
    }
    let all = look.root(Kind::Claim.root())?;
    for kind in Kind::ALL.iter().filter(|kind| kind.root() == Kind::Claim.root()) {
        for (id, maps) in records::maps(look, &all, *kind) {
            conflicted |= maps.len() > 1;
            let mut read = records::read(look, &maps);
            let points = ["start", "end"].map(|name| Some((name.to_owned(), read.get(name)?.clone())));
            if records::is_there(&mut read, *kind) {
                read.extend(points.into_iter().flatten());
                entries.push((id, entry(read)));
            }
        }
    }
    Ok((Arc::new(entries), conflicted))
}

impl Body {
    /// The body as it was at a version of its document (heads that are in it), to be read: without a page.
    pub fn at(doc: &Document, heads: &[ChangeHash]) -> Result<Self, BodyError> {
        if doc.heads() == heads {
            return Self::open(doc);
        }
        let look = Look {
            doc: doc.automerge(),
            heads: Some(heads),
        };
        let mut body = Self {
            heads: heads.to_vec(),
            sheet: read_sheet(look)?,
            entries: read_entries(look)?.0,
            conflicted: false,
            threads: Vec::new(),
            anchors: Vec::new(),
            page: Page::default(),
            painted: Vec::new(),
            headline: look.text(&look.root("headline")?)?,
            summary: look.text(&look.root("summary")?)?,
            byline: read_byline(look)?,
            homes: Homes::default(),
            graves: HashMap::new(),
            version: 0,
        };
        body.find_anchors(doc, Some(heads));
        Ok(body)
    }
}
