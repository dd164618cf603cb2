//! One open page: its steps go into the body, the body's changes come back as steps.
//!
//! The page and the engine agree by two counters (`komuz_messages`, "The text"): `seq` counts the page's batches of
//! steps, `taken` the engine's batches that the page has taken. A [`PageLink`] holds the page's document as of both, with
//! the identity of each of its characters. Steps are positions in that document; they are translated by identity to
//! where these characters are in the body now, so that steps made on an old version are taken as they are and nothing is
//! rebased: a deletion deletes what the page saw and nothing else, an insertion goes behind the character that it
//! followed (or the nearest one left of it that is still there).
//!
//! What cannot be followed (a step of an unknown kind, batches that are missing) loses no words either: the link is then
//! lost until the page gives its [whole document](PageLink::whole), and what differs in it counts as typed.
//!
//! Automerge's own way, `transaction_at` the version that the page saw, gives the same merge and costs 9 ms for one
//! insertion and 14 ms for each deleted character at 100,000 operations; by identity it is 0.03 ms.

use std::collections::BTreeSet;
use std::ops::Range;

use automerge::AutomergeError;
use komuz_release::story::Story;
use serde_json::Value;
use thiserror::Error;

use crate::body::limits::{check_citation, groups, small_effects};
use crate::body::sheet::{Cell, Elem, Sheet};
use crate::body::write::{Action, New, Writer, is_storable, with_stored};
use crate::body::{Appended, Body, BodyError, Entry, Point, Span, is_citation};
use crate::document::Document;
use crate::page::step::Effect;
use crate::page::{Page, PageError, Place, Splice, Step, Token, diff, hash, json};
use crate::records::{Kind, Members, RecordError};
use crate::undo::History;

/// Why something was not taken. After the first three of these the link is [lost](PageLink::is_lost).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StepError {
    /// A step is not one that can be applied to the page's document.
    #[error("step {index} of batch {seq} cannot be applied to the page's document: {reason}")]
    Step {
        /// The batch.
        seq: u64,
        /// The step's index in it.
        index: usize,
        /// Why.
        reason: PageError,
    },
    /// Batches of the page are missing.
    #[error("batch {got} of the page came, batch {expected} was expected")]
    Gap {
        /// The number that came.
        got: u64,
        /// The number that was to come.
        expected: u64,
    },
    /// The page names a version that is not one of the last two.
    #[error("the page speaks of its document as of (seq {seq}, taken {taken}), which is not known here")]
    Version {
        /// Batches that it has sent.
        seq: u64,
        /// The engine's batch that it has taken.
        taken: u64,
    },
    /// The body could not be written.
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// Steps for the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The page's `seq` that they are made on.
    pub seq: u64,
    /// This batch's number.
    pub batch: u64,
    /// ProseMirror steps as JSON.
    pub steps: Vec<Value>,
    /// Where to put the cursor (after undo or redo): the fixed and the moving end.
    pub selection: Option<(u32, u32)>,
}

/// A thread whose words were cut and pasted: its points in the notes are to be set to these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedThread {
    /// The thread's id.
    pub id: String,
    /// Its new start point.
    pub start: String,
    /// Its new end point.
    pub end: String,
}

/// A version of the page's document.
#[derive(Debug, Clone)]
struct Version {
    page: Page,
    /// The same document with identities: row for row and character for character.
    sheet: Sheet,
    /// The body's version that it is equal to, if it is.
    body: Option<u64>,
}

/// A batch under way.
#[derive(Debug, Clone)]
struct Sent {
    batch: u64,
    version: Version,
}

/// The engine's side of one open page.
#[derive(Debug, Clone)]
pub struct PageLink {
    version: Version,
    /// The batch that the page's document counts from.
    first: u64,
    seq: u64,
    taken: u64,
    last_batch: u64,
    /// Nothing is known of the page's document until it gives all of it.
    lost: bool,
    sent: Option<Sent>,
    history: History,
    selection: Option<(u64, Range<usize>)>,
    moved: Vec<MovedThread>,
}

impl PageLink {
    /// Opens a page on a body: the link, and the document to start from as ProseMirror's JSON. `batch` is its number: the
    /// page says it as what it has taken, and what it says of another document is passed over. So no two documents are given
    /// the same numbers.
    pub fn open(body: &Body, batch: u64) -> (Self, Value) {
        let version = Version {
            page: body.page().clone(),
            sheet: body.sheet().clone(),
            body: Some(body.version()),
        };
        let doc = json::write_page(&version.page);
        let link = Self {
            version,
            first: batch,
            seq: 0,
            taken: batch,
            last_batch: batch,
            lost: false,
            sent: None,
            history: History::default(),
            selection: None,
            moved: Vec::new(),
        };
        (link, doc)
    }

    /// Starts again with the body's document: the page counts its batches from 0 again. The history stays.
    pub fn reopen(&mut self, body: &Body, batch: u64) -> Value {
        let (link, doc) = Self::open(body, batch);
        let history = std::mem::take(&mut self.history);
        let moved = std::mem::take(&mut self.moved);
        *self = Self { history, moved, ..link };
        doc
    }

    /// The body was made anew from other changes: the page gets what differs, and goes on where it is. What was done before can
    /// be undone no more.
    pub fn made_anew(&mut self) {
        // The numbers of the two bodies have nothing to do with each other.
        self.version.body = None;
        if let Some(sent) = &mut self.sent {
            sent.version.body = None;
        }
        self.history = History::default();
        self.selection = None;
    }

    /// Whether the page has to give its [whole document](PageLink::whole). Until then its steps are passed over, and no
    /// batches are made.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Takes a batch of the page's steps, made on its document as of `taken` and all batches before. A batch that came
    /// before, or is about a document that the page shows no more, is passed over. `now` is in milliseconds, for grouping
    /// what is undone together.
    ///
    /// All of it is taken or, with an error, nothing.
    pub fn steps(
        &mut self,
        doc: &mut Document,
        body: &mut Body,
        (seq, taken): (u64, u64),
        steps: &[Value],
        now: u64,
    ) -> Result<(), StepError> {
        if self.lost || seq <= self.seq || self.is_foreign(taken) {
            return Ok(());
        }
        self.lost = true;
        if seq != self.seq + 1 {
            return Err(StepError::Gap {
                got: seq,
                expected: self.seq + 1,
            });
        }
        let version = self.version_at(taken).ok_or(StepError::Version { seq, taken })?.clone();
        let read = |(index, step)| Step::read(step).map_err(|reason| StepError::Step { seq, index, reason });
        let steps = steps.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        self.take(doc, body, version, (seq, taken), &steps, now)
    }

    /// Takes the page's whole document as of its batch `seq`, with the engine's batch `taken` in it: what differs from what
    /// was known of it is written as if it had just been typed.
    pub fn whole(
        &mut self,
        doc: &mut Document,
        body: &mut Body,
        (seq, taken): (u64, u64),
        page: &Value,
        now: u64,
    ) -> Result<(), StepError> {
        if seq < self.seq || self.is_foreign(taken) {
            return Ok(());
        }
        let wrong = |reason| StepError::Step { seq, index: 0, reason };
        let page = json::read_page(page).map_err(wrong)?;
        // A version that is not known any more is older than the one that is.
        let version = self.version_at(taken).unwrap_or(&self.version).clone();
        let steps = diff::diff(&version.page, &page);
        self.take(doc, body, version, (seq, taken), &steps, now)
    }

    /// Writes into a body what differs between two bodies of another version of it: by the identity of what they have.
    /// Gives the threads whose words were written, and the second body's text with the identities that it has now.
    pub(crate) fn again(
        doc: &mut Document,
        body: &mut Body,
        before: &Body,
        after: &Body,
    ) -> Result<(Vec<MovedThread>, Sheet), StepError> {
        let (mut link, _) = Self::open(before, 0);
        let version = Version {
            // The numbers of the two bodies have nothing to do with each other.
            body: None,
            ..link.version.clone()
        };
        let hunks = version.sheet.hunks(after.sheet());
        let steps = diff::steps(&version.page, after.page(), &hunks);
        link.take(doc, body, version, (1, 0), &steps, 0)?;
        Ok((link.take_moved(), link.version.sheet))
    }

    /// Whether a batch's number belongs to another document of the page.
    fn is_foreign(&self, batch: u64) -> bool {
        !(self.first..=self.last_batch).contains(&batch)
    }

    /// Writes steps that were made on a version of the page, which is then the page's.
    fn take(
        &mut self,
        doc: &mut Document,
        body: &mut Body,
        mut version: Version,
        (seq, taken): (u64, u64),
        steps: &[Step],
        now: u64,
    ) -> Result<(), StepError> {
        let mut page = version.page.clone();
        let mut effects = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let wrong = |reason| StepError::Step { seq, index, reason };
            for effect in step.effects(&page).map_err(wrong)? {
                let next = effect.apply(&page).map_err(wrong)?;
                match &effect {
                    // Blocks that go and come back in one step stay: only what differs is written.
                    Effect::Splice(splice) if brings_back(&page, splice) => {
                        for step in diff::diff(&page, &next) {
                            for effect in step.effects(&page).map_err(wrong)? {
                                effects.extend(small_effects(&page, effect.clone()).map_err(wrong)?);
                                page = effect.apply(&page).map_err(wrong)?;
                            }
                        }
                    }
                    _ => effects.extend(small_effects(&page, effect).map_err(wrong)?),
                }
                page = next;
            }
        }
        let (moved, actions) = write(doc, body, &mut version, &groups(effects, |(weight, _)| *weight))?;
        version.page = page;
        // The page now knows what the body knows if it did before, and nothing was changed on the way.
        version.body = (version.sheet == *body.sheet()).then(|| body.version());
        if version.body.is_some() {
            // Shared rows make the next comparison one of pointers.
            version.sheet = body.sheet().clone();
        }
        self.adopt(taken);
        self.taken = taken;
        self.sent = None;
        self.version = version;
        self.seq = seq;
        self.lost = false;
        self.history.record(actions, now);
        self.moved.extend(moved);
        self.strip(doc, body)
    }

    /// U+FFFC stands for a block marker in Automerge's texts: typed or pasted, it is taken out again.
    fn strip(&mut self, doc: &mut Document, body: &mut Body) -> Result<(), StepError> {
        const PLACEHOLDER: char = '\u{fffc}';
        let typed = self.version.body.is_none()
            || self
                .version
                .page
                .blocks()
                .iter()
                .any(|block| block.runs().iter().any(|run| run.text.contains(PLACEHOLDER)));
        let held = |body: &Body| {
            body.sheet()
                .rows
                .iter()
                .any(|row| row.pieces().iter().any(|piece| piece.text.contains(PLACEHOLDER)))
        };
        if typed && held(body) {
            body.edit(doc, |writer| writer.strip(PLACEHOLDER))?;
        }
        Ok(())
    }

    /// The page has taken a batch, or says again which one it took last. When `hash` is not empty and its document is not the
    /// one that is known here (`hash` as [`page::hash`](crate::page::hash::hash) makes it), the link is lost.
    pub fn taken(&mut self, batch: u64, hash: &str) {
        self.adopt(batch);
        let compared = !hash.is_empty() && batch == self.taken;
        self.lost |= compared && hash != hash::hash(&self.version.page);
    }

    fn adopt(&mut self, batch: u64) {
        if let Some(sent) = self.sent.take_if(|sent| sent.batch == batch) {
            self.version = sent.version;
            self.taken = batch;
        }
    }

    /// Steps from the page's document to the body's; none when they are equal or a batch is still under way. A batch is
    /// done with when the page has taken it ([`PageLink::taken`]) or has sent steps instead.
    pub fn batch(&mut self, body: &Body) -> Option<Batch> {
        if self.sent.is_some() || self.lost {
            return None;
        }
        let selection = self.selection.take().filter(|(version, _)| *version == body.version());
        if self.version.body == Some(body.version()) && self.version.page == *body.page() && selection.is_none() {
            return None;
        }
        let hunks = self.version.sheet.hunks(body.sheet());
        let steps = diff::steps(&self.version.page, body.page(), &hunks);
        if steps.is_empty() && selection.is_none() {
            // Equal to look at; the identities may be newer.
            self.version.sheet = body.sheet().clone();
            self.version.body = Some(body.version());
            return None;
        }
        self.last_batch += 1;
        let version = Version {
            page: body.page().clone(),
            sheet: body.sheet().clone(),
            body: Some(body.version()),
        };
        let selection = selection.map(|(_, range)| {
            (
                flat_position(&version.page, range.start) as u32,
                flat_position(&version.page, range.end) as u32,
            )
        });
        self.sent = Some(Sent {
            batch: self.last_batch,
            version,
        });
        Some(Batch {
            seq: self.seq,
            batch: self.last_batch,
            steps: steps.iter().map(Step::write).collect(),
            selection,
        })
    }

    /// A place in the page's document as of (`seq`, `taken`), as a point that others can be told; none for a version that
    /// is not known any more, or a position outside.
    pub fn point(&self, (seq, taken): (u64, u64), position: u32) -> Option<Point> {
        let version = self.version_at(taken).filter(|_| seq == self.seq)?;
        let flat = version.page.flat(version.page.resolve(position as usize).ok()?);
        // Behind what is left of it: so a cursor stays with the word that it follows.
        Point::behind(&version.sheet, flat).or_else(|| Point::before(&version.sheet, flat))
    }

    /// Where a point is in the page's document as of the last batch that was sent; none when it is not in the text.
    pub fn position(&self, doc: &Document, body: &Body, point: &Point) -> Option<u32> {
        let version = self.sent.as_ref().map_or(&self.version, |sent| &sent.version);
        let flat = match point.visible(&version.sheet) {
            Some(flat) => flat,
            // Not on the page yet, or not any more.
            None => version.sheet.translate(body.sheet(), body.flat_of(doc, point)?),
        };
        Some(flat_position(&version.page, flat) as u32)
    }

    /// Cites a source for a span of the page's document as of (`seq`, `taken`). `id` is new and starts with `c-`.
    pub fn cite(
        &mut self,
        doc: &mut Document,
        body: &mut Body,
        at: (u64, u64),
        span: (u32, u32),
        (id, source, locator, quote): (&str, &str, &str, &str),
        now: u64,
    ) -> Result<(), StepError> {
        if !is_citation(id) || body.entry(id).is_some() {
            return Err(BodyError::BadCitationId { id: id.to_owned() }.into());
        }
        check_citation("", source, locator, quote)?;
        let span = self.span(at, span)?;
        self.change_entry(
            doc,
            body,
            id,
            (None, Some(Entry::cited(source, locator, quote, span))),
            now,
        )
    }

    /// Changes a citation's source, locator and quotation.
    pub fn edit_citation(
        &mut self,
        doc: &mut Document,
        body: &mut Body,
        (id, source, locator, quote): (&str, &str, &str, &str),
        now: u64,
    ) -> Result<(), StepError> {
        check_citation("", source, locator, quote)?;
        let old = citation(body, id)?;
        let mut new = old.clone();
        for (name, text) in [("source", source), ("locator", locator), ("quote", quote)] {
            new.members.remove(name);
            if !text.is_empty() {
                new.members.insert(name.to_owned(), text.into());
            }
        }
        self.change_entry(doc, body, id, (Some(old), Some(new)), now)
    }

    /// Takes a citation out; its text stays.
    pub fn remove_citation(
        &mut self,
        doc: &mut Document,
        body: &mut Body,
        id: &str,
        now: u64,
    ) -> Result<(), StepError> {
        self.change_entry(doc, body, id, (Some(citation(body, id)?), None), now)
    }

    /// Puts a record on a span of the page's document as of (`seq`, `taken`): a claim or an answer ([`records::Kind`]). One
    /// that is there already moves to the span. `save` as in [`PageLink::save_record`].
    pub fn mark_span(
        &mut self,
        doc: &mut Document,
        body: &mut Body,
        at: (u64, u64),
        span: (u32, u32),
        (id, save): (&str, &Members),
        now: u64,
    ) -> Result<(), StepError> {
        let span = Some(self.span(at, span)?);
        let (old, new) = body.saved_record(id, save)?;
        if !matches!(Kind::of(id), Some(Kind::Claim | Kind::Answer)) {
            return Err(BodyError::from(RecordError::Id { id: id.to_owned() }).into());
        }
        self.change_entry(doc, body, id, (old, Some(Entry { span, ..new })), now)
    }

    /// Saves members of a record of the body, as [`Body::save_record`] does, and so that it is undone on its own.
    pub fn save_record(
        &mut self,
        doc: &mut Document,
        body: &mut Body,
        (id, save): (&str, &Members),
        now: u64,
    ) -> Result<(), StepError> {
        let (old, new) = body.saved_record(id, save)?;
        self.change_entry(doc, body, id, (old, Some(new)), now)
    }

    /// Takes a record out of the body; its text stays.
    pub fn remove_record(&mut self, doc: &mut Document, body: &mut Body, id: &str, now: u64) -> Result<(), StepError> {
        let old = body.record(id)?.clone();
        self.change_entry(doc, body, id, (Some(old), None), now)
    }

    fn change_entry(
        &mut self,
        doc: &mut Document,
        body: &mut Body,
        id: &str,
        (old, new): (Option<Entry>, Option<Entry>),
        now: u64,
    ) -> Result<(), StepError> {
        if new == old {
            return Ok(());
        }
        let ((), actions) = body.edit(doc, |writer| writer.put_entry(id, old, new))?;
        self.history.close();
        self.history.record(actions, now);
        self.history.close();
        Ok(())
    }

    /// The points around a span of the page's document, for a citation or a thread.
    pub fn span(&self, (seq, taken): (u64, u64), (from, to): (u32, u32)) -> Result<Span, StepError> {
        let version = self
            .version_at(taken)
            .filter(|_| seq == self.seq)
            .ok_or(StepError::Version { seq, taken })?;
        let flat = |position: u32| {
            let place = version.page.resolve(position as usize);
            place
                .map(|place| version.page.flat(place))
                .map_err(|reason| StepError::Step { seq, index: 0, reason })
        };
        let (mut start, mut end) = (flat(from.min(to))?, flat(from.max(to))?);
        let marker = |flat: usize| version.sheet.row_at(flat).is_none_or(|(_, at)| at == 0);
        while start < end && marker(start) {
            start += 1;
        }
        while start < end && marker(end - 1) {
            end -= 1;
        }
        let points = (start < end).then(|| {
            Some((
                Point::before(&version.sheet, start)?,
                Point::behind(&version.sheet, end)?,
            ))
        });
        match points.flatten() {
            Some((start, end)) => Ok(Span { start, end }),
            None => Err(BodyError::EmptySpan.into()),
        }
    }

    /// Puts a story behind the text, as [`Body::append_story`] does, and so that it is undone on its own.
    pub fn append_story(
        &mut self,
        doc: &mut Document,
        body: &mut Body,
        story: &Story,
        now: u64,
    ) -> Result<Appended, BodyError> {
        let (appended, actions) = body.append(doc, story)?;
        self.history.close();
        self.history.record(actions, now);
        self.history.close();
        Ok(appended)
    }

    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        self.history.can_undo()
    }

    /// Whether there is something to redo.
    pub fn can_redo(&self) -> bool {
        self.history.can_redo()
    }

    /// What is done next is undone on its own.
    pub fn close_group(&mut self) {
        self.history.close();
    }

    /// Undoes one's last change; false when there is none. A batch with a selection follows.
    pub fn undo(&mut self, doc: &mut Document, body: &mut Body) -> Result<bool, BodyError> {
        let range = self.history.undo(doc, body)?;
        Ok(self.select(body, range))
    }

    /// Does again what was undone last.
    pub fn redo(&mut self, doc: &mut Document, body: &mut Body) -> Result<bool, BodyError> {
        let range = self.history.redo(doc, body)?;
        Ok(self.select(body, range))
    }

    fn select(&mut self, body: &Body, range: Option<Range<usize>>) -> bool {
        let done = range.is_some();
        self.selection = range.map(|range| (body.version(), range)).or(self.selection.take());
        done
    }

    /// Threads that moved since the last call; the engine writes it to the notes.
    pub fn take_moved(&mut self) -> Vec<MovedThread> {
        std::mem::take(&mut self.moved)
    }

    /// The version of the page that has taken this batch.
    fn version_at(&self, taken: u64) -> Option<&Version> {
        match &self.sent {
            Some(sent) if sent.batch == taken => Some(&sent.version),
            _ => (taken == self.taken).then_some(&self.version),
        }
    }
}

/// A citation's entry.
fn citation(body: &Body, id: &str) -> Result<Entry, BodyError> {
    let entry = body.entry(id).filter(|_| is_citation(id)).cloned();
    entry.ok_or_else(|| BodyError::NoCitation { id: id.to_owned() })
}

/// Whether a replacement takes away a block's marker and brings the same block again.
fn brings_back(page: &Page, splice: &Splice) -> bool {
    let ids = |tokens: &[Token]| -> Vec<String> {
        let id = |token: &Token| {
            if let Token::Marker { id, .. } = token {
                id.clone()
            } else {
                None
            }
        };
        tokens.iter().filter_map(id).collect()
    };
    let new = ids(&splice.tokens);
    !new.is_empty()
        && page
            .tokens(splice.range.clone())
            .is_ok_and(|old| ids(&old).iter().any(|id| new.contains(id)))
}

/// The page's position of a flat index: inside the text that ends there, or behind a rule.
fn flat_position(page: &Page, flat: usize) -> usize {
    let place = match page.before_flat(flat.min(page.flat_len())) {
        Some((block, offset)) if !page.blocks()[block].is_rule() => Place::In { block, offset },
        Some((block, _)) => Place::Gap(block + 1),
        None => Place::Gap(0),
    };
    page.position(place)
}

/// Writes effects made on a version of the page into the body, a change for each list, and keeps the version's identities
/// in step. An error leaves everything as it was.
fn write(
    doc: &mut Document,
    body: &mut Body,
    version: &mut Version,
    changes: &[Vec<(usize, Effect)>],
) -> Result<(Vec<MovedThread>, Vec<Action>), BodyError> {
    let covered = covered(body, changes);
    let entries = body.entries().clone();
    let mut sheet = version.sheet.clone();
    let mut current = version.body == Some(body.version()) && !version.sheet.has_bare_rows();
    let mut pasted = Vec::new();
    let mut change = |body: &mut Body, doc: &mut Document, effects: &[(usize, Effect)], last: bool| {
        body.edit(doc, |writer| {
            let mut hand = Hand {
                writer,
                sheet: &mut sheet,
                current,
                pasted: std::mem::take(&mut pasted),
            };
            for (_, effect) in effects {
                hand.effect(effect)?;
            }
            let moved = if last {
                hand.anchor_again(&covered, &entries)?
            } else {
                Vec::new()
            };
            (current, pasted) = (hand.current, hand.pasted);
            Ok(moved)
        })
    };
    let done = match changes {
        [effects] => change(body, doc, effects, true)?,
        lists => body.edit_all(doc, |body, doc| {
            let mut done = (Vec::new(), Vec::new());
            for (nth, effects) in lists.iter().enumerate() {
                let (moved, actions) = change(body, doc, effects, nth + 1 == lists.len())?;
                done.0.extend(moved);
                done.1.extend(actions);
            }
            Ok(done)
        })?,
    };
    version.sheet = sheet;
    Ok(done)
}

/// For each anchor that comes with what is inserted, the elements that it stands on.
fn covered(body: &Body, changes: &[Vec<(usize, Effect)>]) -> Vec<(String, Vec<(Elem, u64)>)> {
    let inserted = changes.iter().flatten().filter_map(|(_, effect)| match effect {
        Effect::Splice(splice) => Some(&splice.tokens),
        _ => None,
    });
    let mut coming = BTreeSet::new();
    for token in inserted.flatten() {
        if let Token::Text(run) = token {
            coming.extend(run.marks.anchors());
        }
    }
    let runs = |range: &Range<usize>| {
        let cells = body.sheet().cells(range.clone()).into_iter();
        cells
            .filter_map(|cell| {
                if let Cell::Text(piece) = cell {
                    Some((piece.elem.clone(), piece.text.chars().count() as u64))
                } else {
                    None
                }
            })
            .collect()
    };
    body.anchors()
        .iter()
        .filter(|anchor| coming.contains(anchor.id.as_str()))
        .map(|anchor| (anchor.id.clone(), anchor.range.as_ref().map_or_else(Vec::new, runs)))
        .collect()
}

/// Writes what was done on a version of the page to where it is now.
struct Hand<'h, 'w, 't> {
    writer: &'h mut Writer<'w, 't>,
    /// The page's version with identities.
    sheet: &'h mut Sheet,
    /// Whether the page's version is the body's own, so that nothing is to be translated.
    current: bool,
    /// What was inserted with anchors on it.
    pasted: Vec<(String, Elem, u64)>,
}

impl Hand<'_, '_, '_> {
    fn place(&self, flat: usize) -> usize {
        if self.current {
            flat
        } else {
            self.writer.sheet.translate(self.sheet, flat)
        }
    }

    fn effect(&mut self, effect: &Effect) -> Result<(), AutomergeError> {
        match effect {
            Effect::Splice(splice) => self.splice(splice.range.clone(), &splice.tokens),
            Effect::Rewrite { block, kind, .. } => self.rewrite(*block, kind),
            // Anchors and unsafe links are no marks of the text: the next batch takes them off the page.
            Effect::Mark { mark, add: true, .. } if !is_storable(mark) => Ok(()),
            Effect::Mark { range, mark, add } => {
                for range in self.text_ranges(range.clone()) {
                    self.writer.mark(range, mark, *add)?;
                }
                self.sheet.remark(range.clone(), &|marks| {
                    if *add {
                        with_stored(marks, mark)
                    } else {
                        marks.without(mark)
                    }
                });
                Ok(())
            }
        }
    }

    /// Where the text of a flat range of the page is now: for each block from its first character to its last, so that
    /// what others are typing in between is covered too.
    fn text_ranges(&self, range: Range<usize>) -> Vec<Range<usize>> {
        if self.current {
            return vec![range];
        }
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut fresh = true;
        for cell in self.sheet.cells(range) {
            let Cell::Text(piece) = cell else {
                fresh = true;
                continue;
            };
            for found in self.writer.sheet.runs(&piece.elem, piece.text.chars().count() as u64) {
                match ranges.last_mut() {
                    Some(last) if !fresh && last.end <= found.start => last.end = found.end,
                    _ => ranges.push(found),
                }
                fresh = false;
            }
        }
        ranges
    }

    fn splice(&mut self, range: Range<usize>, tokens: &[Token]) -> Result<(), AutomergeError> {
        // A row without a marker that is to stay a block behind what comes or goes gets one first.
        if let Some((row, 0)) = self.sheet.row_at(range.end)
            && self.sheet.rows[row].marker.is_none()
            && (!range.is_empty() || !tokens.is_empty())
        {
            self.give_marker(row)?;
        }
        self.replace(range, tokens)
    }

    fn replace(&mut self, range: Range<usize>, tokens: &[Token]) -> Result<(), AutomergeError> {
        let new: Vec<New> = tokens
            .iter()
            .map(|token| match token {
                Token::Marker { kind, .. } => New::Marker(kind.clone(), None),
                Token::Text(run) => New::Text(run.text.clone(), run.marks.clone()),
            })
            .collect();
        // Insertion first: it goes where the deleted text still stands.
        let mut cells = Vec::new();
        if !new.is_empty() {
            let place = self.place(range.start);
            cells = self.insert(place, &new)?;
            // Where text without a marker came about, rows are not the page's any more.
            self.current &= !self.writer.sheet.has_bare_rows();
        }
        for (cell, token) in cells.iter().zip(tokens) {
            if let (Cell::Text(piece), Token::Text(run)) = (cell, token) {
                let count = piece.text.chars().count() as u64;
                self.pasted
                    .extend(run.marks.anchors().map(|id| (id.to_owned(), piece.elem.clone(), count)));
            }
        }
        if !range.is_empty() {
            for (section, _, len) in self.sheet.spans(range.clone()) {
                if let Some(section) = self.sheet.sections.get_mut(section) {
                    section.len -= len;
                }
            }
            let shift = crate::body::sheet::width(&cells);
            if self.current {
                self.writer.delete(range.start + shift..range.end + shift)?;
            } else {
                for gone in self.elements(range.clone()).into_iter().rev() {
                    self.writer.delete(gone)?;
                }
            }
            self.current &= !self.writer.sheet.has_bare_rows();
        }
        self.sheet.splice(range, cells);
        Ok(())
    }

    /// Inserts where that is now. The page's rows are the caller's business, its sections are not.
    fn insert(&mut self, place: usize, new: &[New]) -> Result<Vec<Cell>, AutomergeError> {
        let (section, _) = self.writer.sheet.slot(place);
        let obj = self
            .writer
            .sheet
            .sections
            .get(section)
            .map(|section| section.obj.clone());
        let cells = self.writer.insert(place, new)?;
        if let Some(section) = self
            .sheet
            .sections
            .iter_mut()
            .find(|section| Some(&section.obj) == obj.as_ref())
        {
            section.len += crate::body::sheet::width(&cells);
        }
        Ok(cells)
    }

    /// Where the elements of a flat range of the page are now.
    fn elements(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for cell in self.sheet.cells(range) {
            let found = match cell {
                Cell::Text(piece) => self.writer.sheet.runs(&piece.elem, piece.text.chars().count() as u64),
                Cell::Marker {
                    marker: Some(marker), ..
                } => Elem::of(&marker).map_or_else(Vec::new, |elem| self.writer.sheet.runs(&elem, 1)),
                Cell::Marker { marker: None, .. } => Vec::new(),
            };
            for found in found {
                match ranges.last_mut() {
                    Some(last) if last.end == found.start => last.end = found.end,
                    _ => ranges.push(found),
                }
            }
        }
        ranges
    }

    fn rewrite(&mut self, row: usize, kind: &komuz_release::story::BlockKind) -> Result<(), AutomergeError> {
        let Some(held) = self.sheet.rows.get(row) else {
            return Ok(());
        };
        if held.marker.is_none() {
            self.give_marker(row)?;
        }
        let held = &self.sheet.rows[row];
        if let Some(marker) = held.marker.clone()
            && held.kind != *kind
        {
            let old = held.kind.clone();
            self.writer.retype(&marker, &old, kind)?;
            self.current &= !self.writer.sheet.has_bare_rows();
            self.sheet.update(row, |row| row.kind = kind.clone());
        }
        Ok(())
    }

    /// Gives a row without a marker one.
    fn give_marker(&mut self, row: usize) -> Result<(), AutomergeError> {
        let start = self.sheet.row_start(row);
        let kind = self.sheet.rows[row].kind.clone();
        let place = self.place(start);
        let cells = self.insert(place, &[New::Marker(kind, None)])?;
        if let Some(Cell::Marker { marker, id, .. }) = cells.into_iter().next() {
            self.sheet.update(row, |row| {
                row.marker = marker;
                row.id = id;
            });
        }
        Ok(())
    }

    /// Entries all of whose words went, and came back elsewhere, stand there now.
    fn anchor_again(
        &mut self,
        covered: &[(String, Vec<(Elem, u64)>)],
        entries: &[(String, Entry)],
    ) -> Result<Vec<MovedThread>, AutomergeError> {
        let mut moved = Vec::new();
        let mut ids: Vec<String> = self.pasted.iter().map(|(id, ..)| id.clone()).collect();
        ids.sort();
        ids.dedup();
        for id in ids {
            let Some((_, runs)) = covered.iter().find(|(other, _)| *other == id) else {
                continue;
            };
            if runs
                .iter()
                .any(|(elem, count)| !self.writer.sheet.runs(elem, *count).is_empty())
            {
                continue;
            }
            let pasted = self.pasted.iter().filter(|(other, ..)| *other == id);
            let mut ranges: Vec<Range<usize>> = pasted
                .flat_map(|(_, elem, count)| self.writer.sheet.runs(elem, *count))
                .collect();
            ranges.sort_by_key(|range| range.start);
            let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else {
                continue;
            };
            let Some(span) = self.writer.span(first.start..last.end) else {
                continue;
            };
            match entries.iter().find(|(other, _)| *other == id) {
                Some((_, entry)) => {
                    let new = Entry {
                        span: Some(span),
                        ..entry.clone()
                    };
                    self.writer.put_entry(&id, Some(entry.clone()), Some(new))?;
                }
                None => moved.push(MovedThread {
                    id,
                    start: span.start.to_string(),
                    end: span.end.to_string(),
                }),
            }
        }
        Ok(moved)
    }
}

#[cfg(test)]
mod tests;
