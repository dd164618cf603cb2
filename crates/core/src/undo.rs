//! Undo and redo of one's own changes, by the identity of what they touched.
//!
//! A change is undone by taking away what it inserted, wherever that is now, and by putting back what it deleted where
//! that lay; what others wrote stays. (An editor's own history works by positions: undoing a pasted paragraph there takes
//! away the words that somebody else has typed into it.) What comes back has a new identity; the history remembers which
//! is which, and citations that stood on it stand on it again.

use std::collections::HashMap;
use std::ops::Range;

use automerge::{AutomergeError, ObjId};

use crate::body::limits::{action_weight, groups};
use crate::body::sheet::{Cell, Elem, Piece};
use crate::body::write::{Action, New, Writer};
use crate::body::{Body, BodyError, Entry, Point, Span};
use crate::document::Document;
use crate::page::utf16_len;

/// Changes that follow each other within so many milliseconds are undone together.
pub const PAUSE: u64 = 500;

/// How many groups of changes are remembered.
pub const DEPTH: usize = 200;

/// The history of one page.
#[derive(Debug, Clone, Default)]
pub struct History {
    done: Vec<Group>,
    undone: Vec<Group>,
    /// The next change starts a group.
    closed: bool,
    /// Characters and markers that came back, by what they were before.
    reborn: HashMap<Elem, Elem>,
}

#[derive(Debug, Clone, Default)]
struct Group {
    actions: Vec<Action>,
    last: u64,
}

impl History {
    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    /// Whether there is something to redo.
    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// Ends the current group: what follows is undone on its own.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Remembers a change made at a time in milliseconds.
    pub(crate) fn record(&mut self, actions: Vec<Action>, now: u64) {
        if actions.is_empty() {
            return;
        }
        self.undone.clear();
        match self.done.last_mut() {
            Some(group) if !self.closed && now.saturating_sub(group.last) < PAUSE => {
                group.actions.extend(actions);
                group.last = now;
            }
            _ => self.done.push(Group { actions, last: now }),
        }
        self.closed = false;
        if self.done.len() > DEPTH {
            self.done.remove(0);
        }
    }

    /// Undoes the last group. None when there is nothing to undo, otherwise where the cursor goes: the flat range that
    /// was touched last.
    pub(crate) fn undo(&mut self, doc: &mut Document, body: &mut Body) -> Result<Option<Range<usize>>, BodyError> {
        let Some(group) = self.done.last().cloned() else {
            return Ok(None);
        };
        let (actions, range) = self.revert(&group, doc, body)?;
        self.done.pop();
        self.undone.push(Group { actions, last: 0 });
        self.closed = true;
        Ok(Some(range))
    }

    /// Does again what was undone last.
    pub(crate) fn redo(&mut self, doc: &mut Document, body: &mut Body) -> Result<Option<Range<usize>>, BodyError> {
        let Some(group) = self.undone.last().cloned() else {
            return Ok(None);
        };
        let (actions, range) = self.revert(&group, doc, body)?;
        self.undone.pop();
        self.done.push(Group { actions, last: 0 });
        self.closed = true;
        Ok(Some(range))
    }

    fn revert(
        &mut self,
        group: &Group,
        doc: &mut Document,
        body: &mut Body,
    ) -> Result<(Vec<Action>, Range<usize>), BodyError> {
        let mut reborn = self.reborn.clone();
        let mut entries = body.entries().as_ref().clone();
        let mut touched = None;
        let mut change = |body: &mut Body, doc: &mut Document, actions: &[&Action], last: bool| {
            let ((), actions) = body.edit(doc, |writer| {
                let mut reverse = Reverse {
                    writer,
                    reborn: &mut reborn,
                    entries: std::mem::take(&mut entries),
                    touched: touched.take(),
                };
                reverse.actions(actions)?;
                if last {
                    reverse.anchor_again()?;
                }
                (entries, touched) = (reverse.entries, reverse.touched);
                Ok(())
            })?;
            Ok::<_, BodyError>(actions)
        };
        let lists = groups(group.actions.iter().rev(), |action| action_weight(action));
        let actions = match lists.as_slice() {
            [actions] => change(body, doc, actions, true)?,
            lists => body.edit_all(doc, |body, doc| {
                let mut done = Vec::new();
                for (nth, actions) in lists.iter().enumerate() {
                    done.extend(change(body, doc, actions, nth + 1 == lists.len())?);
                }
                Ok(done)
            })?,
        };
        self.reborn = reborn;
        Ok((actions, touched.unwrap_or(0..0)))
    }
}

struct Reverse<'r, 'w, 't> {
    writer: &'r mut Writer<'w, 't>,
    reborn: &'r mut HashMap<Elem, Elem>,
    /// The citations and records as they are.
    entries: Vec<(String, Entry)>,
    touched: Option<Range<usize>>,
}

impl Reverse<'_, '_, '_> {
    /// What an element is now.
    fn now(&self, elem: &Elem) -> Elem {
        let mut elem = elem.clone();
        // Each time that something comes back it is newer than before: this ends.
        while let Some(next) = self.reborn.get(&elem) {
            elem = next.clone();
        }
        elem
    }

    /// Where the elements of runs are now: flat ranges, in the order of the text.
    fn places<'a>(&self, inserted: impl IntoIterator<Item = (&'a Elem, u64)>) -> Vec<Range<usize>> {
        let mut runs = Vec::new();
        for (elem, count) in inserted {
            let mut at = 0;
            while at < count {
                let first = self.now(&elem.plus(at));
                let mut run = 1;
                while at + run < count && self.now(&elem.plus(at + run)) == first.plus(run) {
                    run += 1;
                }
                runs.push((first, run));
                at += run;
            }
        }
        self.writer.sheet.all_runs(&mut runs)
    }

    /// Takes back actions, the last of them first. What came in pieces goes in one: so much comes in when a document is
    /// imported.
    fn actions(&mut self, actions: &[&Action]) -> Result<(), AutomergeError> {
        let mut rest = actions;
        while let [first, ..] = rest {
            let inserted: Vec<(&Elem, u64)> = rest.iter().map_while(|action| action.inserted()).collect();
            if inserted.is_empty() {
                self.action(first)?;
            }
            rest = &rest[inserted.len().max(1)..];
            for range in self.places(inserted).into_iter().rev() {
                self.touched = Some(range.start..range.start);
                self.writer.delete(range)?;
            }
        }
        Ok(())
    }

    fn action(&mut self, action: &Action) -> Result<(), AutomergeError> {
        match action {
            Action::Inserted { .. } => {}
            Action::Deleted { section, cells } => self.bring(section, cells)?,
            Action::Retyped { marker, kinds } => {
                let (old, new) = &**kinds;
                let Some(elem) = Elem::of(marker).map(|elem| self.now(&elem)) else {
                    return Ok(());
                };
                let row = self
                    .writer
                    .sheet
                    .rows
                    .iter()
                    .position(|row| row.marker.as_ref().and_then(Elem::of).as_ref() == Some(&elem));
                let Some(row) = row else { return Ok(()) };
                let (obj, kind) = (
                    self.writer.sheet.rows[row].marker.clone(),
                    self.writer.sheet.rows[row].kind.clone(),
                );
                // Somebody else's later choice stays.
                if let (Some(obj), true) = (obj, kind == *new) {
                    self.writer.retype(&obj, new, old)?;
                    let start = self.writer.sheet.row_start(row);
                    self.touched = Some(start + 1..start + 1);
                }
            }
            Action::Marked { elem, count, old, new } => {
                for range in self.places([(elem, *count)]) {
                    self.touched = Some(range.clone());
                    match (old, new) {
                        (Some(old), _) => self.restore_mark(range, old, new.as_ref())?,
                        (None, Some(new)) => self.writer.mark(range, new, false)?,
                        (None, None) => {}
                    }
                }
            }
            Action::Noted { id, old, new } => {
                let current = self.entries.iter().position(|(other, _)| other == id);
                let entry = current.map(|at| self.entries[at].1.clone());
                let wanted = match (old, new) {
                    // It came: it goes, whatever it says now.
                    (None, _) => None,
                    (Some(old), Some(new)) => entry.as_ref().map(|entry| self.changed_back(entry, old, new)),
                    (Some(old), None) => Some(Entry {
                        span: old.span.as_ref().map(|span| self.span_now(span)),
                        ..(**old).clone()
                    }),
                };
                if entry != wanted {
                    self.writer.put_entry(id, entry, wanted.clone())?;
                    self.entries.retain(|(other, _)| other != id);
                    self.entries.extend(wanted.map(|entry| (id.clone(), entry)));
                }
            }
        }
        Ok(())
    }

    fn restore_mark(
        &mut self,
        range: Range<usize>,
        old: &crate::page::Mark,
        new: Option<&crate::page::Mark>,
    ) -> Result<(), AutomergeError> {
        let mut at = range.start;
        for cell in self.writer.sheet.cells(range) {
            let Cell::Text(piece) = cell else {
                at += 1;
                continue;
            };
            let end = at + utf16_len(&piece.text);
            if new.is_none_or(|new| piece.marks.has(new)) {
                self.writer.mark(at..end, old, true)?;
            }
            at = end;
        }
        Ok(())
    }

    /// An entry with what a change set it to set back; what somebody has changed since stays.
    fn changed_back(&self, entry: &Entry, old: &Entry, new: &Entry) -> Entry {
        let mut members = entry.members.clone();
        for name in old.members.keys().chain(new.members.keys()) {
            if entry.members.get(name) == new.members.get(name) {
                members.remove(name);
                members.extend(old.members.get(name).map(|value| (name.clone(), value.clone())));
            }
        }
        let span = if entry.span == new.span { &old.span } else { &entry.span };
        Entry {
            members,
            span: span.as_ref().map(|span| self.span_now(span)),
        }
    }

    fn span_now(&self, span: &Span) -> Span {
        let point = |point: &Point| point.with_elem(self.now(point.elem()));
        Span {
            start: point(&span.start),
            end: point(&span.end),
        }
    }

    /// Puts back what lay in a section: in parts, where somebody has written in between since.
    fn bring(&mut self, section: &ObjId, cells: &[Cell]) -> Result<(), AutomergeError> {
        let first = cells
            .first()
            .and_then(first_elem)
            .and_then(|elem| self.writer.grave(section, &elem));
        let last = cells
            .last()
            .and_then(last_elem)
            .and_then(|elem| self.writer.grave(section, &elem));
        // Places only rise along the text, so that the ends tell for all between them.
        if let (Some(flat), true) = (first, first == last) {
            return self.bring_here(flat, cells);
        }
        match cells {
            [] => Ok(()),
            [Cell::Text(piece)] if piece.text.chars().nth(1).is_some() => {
                let half = piece.text.chars().count() / 2;
                let byte = piece
                    .text
                    .char_indices()
                    .nth(half)
                    .map_or(piece.text.len(), |(byte, _)| byte);
                let part = |text: &str, skip: usize| {
                    Cell::Text(Piece {
                        elem: piece.elem.plus(skip as u64),
                        text: text.to_owned(),
                        marks: piece.marks.clone(),
                    })
                };
                self.bring(section, &[part(&piece.text[..byte], 0)])?;
                self.bring(section, &[part(&piece.text[byte..], half)])
            }
            // A row's place without a marker: nothing was there.
            [_] => Ok(()),
            cells => {
                let (left, right) = cells.split_at(cells.len() / 2);
                self.bring(section, left)?;
                self.bring(section, right)
            }
        }
    }

    fn bring_here(&mut self, flat: usize, cells: &[Cell]) -> Result<(), AutomergeError> {
        let mut old: Vec<(Elem, u64)> = Vec::new();
        let mut new: Vec<New> = Vec::new();
        for cell in cells {
            match cell {
                Cell::Marker {
                    marker: Some(marker),
                    id,
                    kind,
                } => {
                    old.extend(Elem::of(marker).map(|elem| (elem, 1)));
                    new.push(New::Marker(kind.clone(), Some(id.clone())));
                }
                Cell::Marker { marker: None, .. } => {}
                Cell::Text(piece) => {
                    old.push((piece.elem.clone(), piece.text.chars().count() as u64));
                    new.push(New::Text(piece.text.clone(), piece.marks.clone()));
                }
            }
        }
        let made = self.writer.insert(flat, &new)?;
        for (cell, (elem, count)) in made.iter().zip(old) {
            if let Some(first) = first_elem(cell) {
                self.reborn
                    .extend((0..count).map(|nth| (elem.plus(nth), first.plus(nth))));
            }
        }
        let end = flat + crate::body::sheet::width(&made);
        let start = self
            .touched
            .as_ref()
            .filter(|touched| touched.end == flat)
            .map_or(flat, |touched| touched.start);
        self.touched = Some(start..end);
        Ok(())
    }

    /// Entries whose first or last character came back stand on it again.
    fn anchor_again(&mut self) -> Result<(), AutomergeError> {
        for (id, entry) in std::mem::take(&mut self.entries) {
            let Some(had) = &entry.span else { continue };
            let span = self.span_now(had);
            if span == *had {
                continue;
            }
            let back = |point: &Point| point.visible(&self.writer.sheet).is_some();
            let span = Span {
                start: if back(&span.start) {
                    span.start
                } else {
                    had.start.clone()
                },
                end: if back(&span.end) { span.end } else { had.end.clone() },
            };
            if span != *had {
                let new = Entry {
                    span: Some(span),
                    ..entry.clone()
                };
                self.writer.put_entry(&id, Some(entry), Some(new))?;
            }
        }
        Ok(())
    }
}

/// The element that a cell starts with; none for a row's place without a marker.
fn first_elem(cell: &Cell) -> Option<Elem> {
    match cell {
        Cell::Marker { marker, .. } => marker.as_ref().and_then(Elem::of),
        Cell::Text(piece) => Some(piece.elem.clone()),
    }
}

/// The element that it ends with.
fn last_elem(cell: &Cell) -> Option<Elem> {
    match cell {
        Cell::Marker { marker, .. } => marker.as_ref().and_then(Elem::of),
        Cell::Text(piece) => Some(piece.elem.plus((piece.text.chars().count() as u64).saturating_sub(1))),
    }
}
