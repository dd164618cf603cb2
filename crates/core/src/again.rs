//! What one wrote on top of changes that do not count any more, entered again.
//!
//! When somebody is removed, what they wrote beyond the cut goes, and with it, for Automerge, whatever others wrote later:
//! changes name what they build on. Nobody's honest words may disappear by that. So each device takes what it wrote itself
//! out of the document as it was ([`Again::of`]) and enters it into the document that was built anew ([`Again::enter`]), as new
//! changes. Everybody does so with their own; what somebody else wrote is theirs to enter again.
//!
//! Text finds its place by the identity of the characters around it, as the steps of a page do: what was typed behind a
//! character that is gone goes behind the nearest one before it that is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, Change, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, Value};
use thiserror::Error;

mod copies;

use crate::admission::session_of;
use crate::body::sheet::{Elem, Piece, Row, Sheet};
use crate::body::{Body, BodyError};
use crate::document::{DocKind, Document, DocumentError, WriteError};
use crate::steps::{MovedThread, PageLink, StepError};
use copies::Lines;

pub use copies::{Copied, Copies};

/// How deep maps lie in each other at most.
const MAX_DEPTH: usize = 16;
/// Where a thread of notes has what was said in it.
const COMMENTS: &str = "comments";

/// Why one's own could not be entered again. What it was taken out of is as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AgainError {
    /// The document as it was, without one's own, cannot be made.
    #[error(transparent)]
    Document(Box<DocumentError>),
    /// The body cannot be read or written.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The text cannot be written.
    #[error(transparent)]
    Text(#[from] StepError),
    /// Entries cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<DocumentError> for AgainError {
    fn from(error: DocumentError) -> Self {
        Self::Document(Box::new(error))
    }
}

impl From<AutomergeError> for AgainError {
    fn from(error: AutomergeError) -> Self {
        Self::Write(error.into())
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Again {
    /// The document as it was, without those of one's own changes that are gone, and what built on them.
    before: Document,
    /// As it was.
    after: Document,
    /// Actors of one's own that have made the changes in between.
    mine: BTreeSet<Vec<u8>>,
    /// These changes.
    changes: Vec<ChangeHash>,
}

/// What came of entering again.
#[derive(Debug, Clone, Default)]
pub struct Entered {
    /// Threads whose words were entered again: they are to be moved in the notes.
    pub moved: Vec<MovedThread>,
    /// What is there of which a second one may come back.
    pub copies: Copies,
}

impl Again {
    /// What is to be entered again: none when nothing of one's own is among what is `gone`, which is all that is in this
    /// document and does not come any more. `mine` tells the actors of this person's devices.
    pub fn of(
        document: &Document,
        gone: &BTreeSet<ChangeHash>,
        mine: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Self>, AgainError> {
        let mut taken = BTreeSet::new();
        let (mut stays, mut actors) = (Vec::<Change>::new(), BTreeSet::new());
        let mut changes = Vec::new();
        // In causal order: what a change builds on comes before it.
        for change in document.automerge().get_changes(&[]) {
            let hash = change.hash();
            let actor = change.actor_id().to_bytes();
            let own = gone.contains(&hash) && mine(session_of(actor));
            if own {
                actors.insert(actor.to_vec());
                changes.push(hash);
            }
            if own || change.deps().iter().any(|dep| taken.contains(dep)) {
                taken.insert(hash);
            } else {
                stays.push(change);
            }
        }
        if actors.is_empty() {
            return Ok(None);
        }
        let mut before = Document::new(document.kind(), document.actor());
        before.apply(stays)?;
        Ok(Some(Self {
            before,
            after: document.clone(),
            mine: actors,
            changes,
        }))
    }

    /// Enters one's own into the document that was built anew; `body` is what was read from it, where it is one. With an error,
    /// nothing is written.
    pub fn enter(&self, document: &mut Document, body: Option<&mut Body>) -> Result<Entered, AgainError> {
        let mut copy = document.clone();
        self.enter_maps(&mut copy)?;
        let mut entered = Entered::default();
        if let Some(body) = body {
            let mut fresh = body.clone();
            fresh.refresh(&copy)?;
            entered = self.enter_text(&mut copy, &mut fresh)?;
            *body = fresh;
        }
        *document = copy;
        Ok(entered)
    }

    /// What there is to be entered again as plain text, for whoever may not enter it: one string for each paragraph, headline,
    /// comment or other text of which something is one's own.
    pub fn words(&self) -> Result<Vec<String>, AgainError> {
        let mut words = Vec::new();
        if self.after.kind() == DocKind::Body {
            let (before, after) = (Body::open(&self.before)?, Body::open(&self.after)?);
            for (was, is) in [
                (before.headline(), after.headline()),
                (before.summary(), after.summary()),
            ] {
                if was != is {
                    words.push(is.to_owned());
                }
            }
            let known = Elements::of(before.sheet());
            let own = after
                .sheet()
                .only(|elem| !known.has(elem) && self.mine.contains(elem.actor.to_bytes()));
            words.extend(
                own.rows
                    .iter()
                    .map(|row| row.pieces().iter().map(|piece| piece.text.as_str()).collect()),
            );
        } else {
            let (before, after) = (self.before.automerge(), self.after.automerge());
            self.said(before, after, Some(&ROOT), &ROOT, 0, &mut words)?;
        }
        words.retain(|text: &String| !text.trim().is_empty());
        Ok(words)
    }

    /// Texts of one's own in a map or list that were not in it before.
    fn said(
        &self,
        before: &impl ReadDoc,
        after: &impl ReadDoc,
        was: Option<&ObjId>,
        is: &ObjId,
        depth: usize,
        words: &mut Vec<String>,
    ) -> Result<(), AutomergeError> {
        if depth == MAX_DEPTH {
            return Ok(());
        }
        let known: BTreeSet<ObjId> = match was {
            Some(was) => before.values(was).map(|(_, id)| id).collect(),
            None => BTreeSet::new(),
        };
        let is_list = matches!(after.object_type(is)?, ObjType::List);
        let keys: Vec<Option<String>> = match is_list {
            true => (0..after.length(is)).map(|_| None).collect(),
            false => after.keys(is).map(Some).collect(),
        };
        for (at, key) in keys.into_iter().enumerate() {
            let found = match &key {
                Some(key) => after.get(is, key.as_str())?,
                None => after.get(is, at)?,
            };
            match found {
                Some((Value::Scalar(scalar), id)) if !known.contains(&id) && self.is_mine(&id) => {
                    let named = key
                        .as_deref()
                        .is_some_and(|key| ["text", "title", "name"].contains(&key));
                    if let Some(text) = scalar.as_str().filter(|text| named || text.trim().contains(' ')) {
                        words.push(text.to_owned());
                    }
                }
                Some((Value::Object(ObjType::Text), id)) if !known.contains(&id) && self.is_mine(&id) => {
                    words.push(after.text(&id)?);
                }
                Some((Value::Object(ObjType::Map | ObjType::List), id)) => {
                    let was = known.get(&id);
                    self.said(before, after, was, &id, depth + 1, words)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn is_mine(&self, id: &ObjId) -> bool {
        matches!(id, ObjId::Id(_, actor, _) if self.mine.contains(actor.to_bytes()))
    }

    fn enter_maps(&self, document: &mut Document) -> Result<(), AgainError> {
        let kind = document.kind();
        let (before, after) = (self.before.automerge(), self.after.automerge());
        document.transact(|tx| {
            let walk = Walk {
                again: self,
                kind,
                before,
                after,
            };
            walk.map(tx, Some(&ROOT), &ROOT, &ROOT, 0)
        })?;
        Ok(())
    }

    fn enter_text(&self, document: &mut Document, body: &mut Body) -> Result<Entered, AgainError> {
        let mut before = Body::open(&self.before)?;
        let mut after = Body::open(&self.after)?;
        before.set_threads(&self.before, body.threads().to_vec());
        after.set_threads(&self.after, body.threads().to_vec());
        let lines = Lines::of(document)?;
        body.change_headline(document, before.headline(), after.headline())?;
        body.change_summary(document, before.summary(), after.summary())?;
        body.change_byline(document, before.byline(), after.byline())?;
        let known = Elements::of(before.sheet());
        let own = after
            .sheet()
            .only(|elem| known.has(elem) || self.mine.contains(elem.actor.to_bytes()));
        after.show(&self.after, own);
        let mut copies = Copies {
            changes: self.changes.clone(),
            stretches: Vec::new(),
        };
        let is_mine = |elem: &Elem| self.mine.contains(elem.actor.to_bytes());
        lines.note(&mut copies, (&self.before, &self.after), document, is_mine)?;
        let (moved, sheet) = PageLink::again(document, body, &before, &after)?;
        copies.note_text(after.sheet(), &sheet, |elem| !known.has(elem));
        Ok(Entered { moved, copies })
    }
}

/// The elements of a sheet: for each actor the runs of counters.
struct Elements(BTreeMap<Vec<u8>, BTreeMap<u64, u64>>);

impl Elements {
    fn of(sheet: &Sheet) -> Self {
        let mut runs: BTreeMap<Vec<u8>, BTreeMap<u64, u64>> = BTreeMap::new();
        let mut add = |elem: &Elem, count: u64| {
            let of_actor = runs.entry(elem.actor.to_bytes().to_vec()).or_default();
            of_actor.insert(elem.ctr, elem.ctr + count);
        };
        for row in &sheet.rows {
            if let Some(marker) = row.marker.as_ref().and_then(Elem::of) {
                add(&marker, 1);
            }
            for piece in row.pieces() {
                add(&piece.elem, piece.text.chars().count() as u64);
            }
        }
        Self(runs)
    }

    fn has(&self, elem: &Elem) -> bool {
        let run = self
            .0
            .get(elem.actor.to_bytes())
            .and_then(|runs| runs.range(..=elem.ctr).next_back());
        run.is_some_and(|(_, end)| elem.ctr < *end)
    }
}

impl Sheet {
    /// The same text with only those elements that are wanted. A block whose marker goes joins the one before it.
    fn only(&self, wanted: impl Fn(&Elem) -> bool) -> Sheet {
        let mut rows: Vec<Row> = Vec::new();
        for row in &self.rows {
            let stays = row
                .marker
                .as_ref()
                .and_then(Elem::of)
                .is_none_or(|marker| wanted(&marker));
            if stays || rows.is_empty() {
                rows.push(Row::new(
                    row.marker.clone(),
                    row.id.clone(),
                    row.kind.clone(),
                    Vec::new(),
                ));
            }
            let Some(last) = rows.last_mut() else { continue };
            for piece in row.pieces() {
                for (nth, char) in piece.text.chars().enumerate() {
                    let elem = piece.elem.plus(nth as u64);
                    if wanted(&elem) {
                        last.push(Piece {
                            elem,
                            text: char.to_string(),
                            marks: piece.marks.clone(),
                        });
                    }
                }
            }
        }
        let mut sheet = self.clone();
        sheet.rows = rows.into_iter().map(Arc::new).collect();
        sheet
    }
}

/// A walk through the maps of both versions, writing into a third.
struct Walk<'a, R> {
    again: &'a Again,
    kind: DocKind,
    before: &'a R,
    after: &'a R,
}

impl<R: ReadDoc> Walk<'_, R> {
    /// Does to a map what was done by oneself between the versions, where it lies at `before` and at `after`.
    fn map(
        &self,
        tx: &mut Transaction<'_>,
        before: Option<&ObjId>,
        after: &ObjId,
        to: &ObjId,
        depth: usize,
    ) -> Result<(), AutomergeError> {
        if depth == MAX_DEPTH {
            return Ok(());
        }
        for key in self.after.keys(after) {
            let mut all = self.after.get_all(after, key.as_str())?;
            // A thread that was started several times has what was said in each; of all else what is shown counts.
            if !self.is_of_threads(depth) {
                all.drain(..all.len().saturating_sub(1));
            }
            for (value, id) in all {
                let was = match before {
                    Some(before) if self.is_of_threads(depth) => {
                        let all = self.before.get_all(before, key.as_str())?.into_iter();
                        all.min_by_key(|(_, old)| *old != id)
                    }
                    Some(before) => self.before.get(before, key.as_str())?,
                    None => None,
                };
                self.entry(tx, was, (value, id), (to, &key), depth)?;
            }
        }
        let Some(before) = before else { return Ok(()) };
        for key in self.before.keys(before) {
            let was = self.before.get(before, key.as_str())?.map(|(_, id)| id);
            let there = tx.get(to, key.as_str())?.map(|(_, id)| id);
            if there.is_some() && there == was && self.after.get(after, key.as_str())?.is_none() {
                tx.delete(to, key.as_str())?;
            }
        }
        Ok(())
    }

    /// As [`Self::map`] for what lies under one key.
    fn entry(
        &self,
        tx: &mut Transaction<'_>,
        was: Option<(Value<'_>, ObjId)>,
        (value, id): (Value<'_>, ObjId),
        (to, key): (&ObjId, &str),
        depth: usize,
    ) -> Result<(), AutomergeError> {
        let is_new = was.as_ref().is_none_or(|(_, old)| *old != id) && self.again.is_mine(&id);
        match value {
            Value::Scalar(scalar) if is_new => {
                let now = tx.get(to, key)?;
                let same = matches!(&now, Some((Value::Scalar(there), _)) if *there == scalar);
                if !same {
                    tx.put(to, key, scalar.into_owned())?;
                }
            }
            Value::Object(ObjType::Map) => {
                let there = match tx.get(to, key)? {
                    Some((Value::Object(ObjType::Map), there)) => Some(there),
                    _ if is_new => Some(tx.put_object(to, key, ObjType::Map)?),
                    _ if self.is_of_threads(depth) && self.is_answered(&id)? => {
                        Some(self.thread_of_answers(tx, to, key, &id)?)
                    }
                    _ => None,
                };
                let was = was.and_then(|(value, old)| (value == Value::Object(ObjType::Map)).then_some(old));
                if let Some(there) = there {
                    self.map(tx, was.as_ref(), &id, &there, depth + 1)?;
                }
            }
            // Texts and lists at the root of a body are written in its own way.
            Value::Object(_) if depth == 0 && self.kind == DocKind::Body => {}
            Value::Object(ObjType::List) => match tx.get(to, key)? {
                Some((Value::Object(ObjType::List), there)) => {
                    let was = was.map(|(_, old)| old).filter(|old| *old == id);
                    self.append(tx, was.as_ref(), &id, &there)?;
                }
                _ if is_new => {
                    let list = tx.put_object(to, key, ObjType::List)?;
                    self.append(tx, None, &id, &list)?;
                }
                _ => {}
            },
            Value::Object(ObjType::Text) if is_new => {
                let text = tx.put_object(to, key, ObjType::Text)?;
                tx.splice_text(&text, 0, 0, &self.after.text(&id)?)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether what lies at a depth are threads of notes.
    fn is_of_threads(&self, depth: usize) -> bool {
        depth == 1 && self.kind == DocKind::Notes
    }

    /// Whether a map is a thread in which one has answered.
    fn is_answered(&self, thread: &ObjId) -> Result<bool, AutomergeError> {
        let Some((Value::Object(ObjType::List), comments)) = self.after.get(thread, COMMENTS)? else {
            return Ok(false);
        };
        Ok(self.after.values(&comments).any(|(_, id)| self.again.is_mine(&id)))
    }

    /// A thread of somebody else's that is gone, for the answers to it, where it stood. When whoever started it enters it again, their
    /// words come into this one ([`crate::notes::threads`]).
    fn thread_of_answers(
        &self,
        tx: &mut Transaction<'_>,
        to: &ObjId,
        key: &str,
        gone: &ObjId,
    ) -> Result<ObjId, AutomergeError> {
        let thread = tx.put_object(to, key, ObjType::Map)?;
        for place in ["order", "start", "end"] {
            if let Some((Value::Scalar(scalar), _)) = self.after.get(gone, place)? {
                tx.put(&thread, place, scalar.into_owned())?;
            }
        }
        tx.put_object(&thread, COMMENTS, ObjType::List)?;
        Ok(thread)
    }

    /// Puts those items of a list that are one's own and were not in it before behind what is there.
    fn append(
        &self,
        tx: &mut Transaction<'_>,
        before: Option<&ObjId>,
        after: &ObjId,
        to: &ObjId,
    ) -> Result<(), AutomergeError> {
        let mut known = BTreeSet::new();
        if let Some(before) = before {
            for at in 0..self.before.length(before) {
                known.extend(self.before.get(before, at)?.map(|(_, id)| id));
            }
        }
        for at in 0..self.after.length(after) {
            let Some((value, id)) = self.after.get(after, at)? else {
                continue;
            };
            if known.contains(&id) || !self.again.is_mine(&id) {
                continue;
            }
            let end = tx.length(to);
            match value {
                Value::Scalar(scalar) => tx.insert(to, end, scalar.into_owned())?,
                Value::Object(ObjType::Map) => {
                    let map = tx.insert_object(to, end, ObjType::Map)?;
                    for key in self.after.keys(&id).collect::<Vec<_>>() {
                        if let Some((Value::Scalar(scalar), _)) = self.after.get(&id, key.as_str())? {
                            tx.put(&map, key.as_str(), scalar.into_owned())?;
                        }
                    }
                }
                Value::Object(_) => {}
            }
        }
        Ok(())
    }
}
