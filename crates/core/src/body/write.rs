//! Writing to the text: every change keeps the [`Sheet`] in step and says what it did, so that it can be undone.

use std::ops::Range;

use automerge::marks::ExpandMark;
use automerge::transaction::{Transactable, Transaction};
use automerge::{ActorId, AutomergeError, ObjId, ObjType, ReadDoc, ScalarValue};
use komuz_release::story::{BlockKind, MAX_DEPTH, safe_link};
use serde_json::Value as Json;

use super::limits::{fitting, mark_fits};
use super::point::Point;
use super::read::{Look, read_mark, read_marker, read_sheet};
use super::sheet::{Cell, Elem, Piece, Sheet};
use super::{Entry, Span as EntrySpan};
use crate::page::{Mark, Marks, utf16_len};
use crate::records::{self, Kind};

/// Something to be inserted.
#[derive(Debug, Clone)]
pub(crate) enum New {
    /// A block; with the identity that it takes over, when it comes back.
    Marker(BlockKind, Option<String>),
    /// Text. Anchors among the marks say where it was cut.
    Text(String, Marks),
}

/// What a change did.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// Characters or a marker came.
    Inserted { elem: Elem, count: u64 },
    /// These went from a section, in order.
    Deleted { section: ObjId, cells: Vec<Cell> },
    /// A marker's kind was set: what it was before, and what it is since.
    Retyped {
        marker: ObjId,
        kinds: Box<(BlockKind, BlockKind)>,
    },
    /// Characters got another mark of a kind, or none.
    Marked {
        elem: Elem,
        count: u64,
        old: Option<Mark>,
        new: Option<Mark>,
    },
    /// A citation or a record came, went or changed.
    Noted {
        id: String,
        old: Option<Box<Entry>>,
        new: Option<Box<Entry>>,
    },
}

impl Action {
    /// What came, if something did.
    pub(crate) fn inserted(&self) -> Option<(&Elem, u64)> {
        match self {
            Self::Inserted { elem, count } => Some((elem, *count)),
            _ => None,
        }
    }
}

/// A change being made.
pub(crate) struct Writer<'w, 't> {
    tx: &'w mut Transaction<'t>,
    /// The text as it is now, with what was written.
    pub(crate) sheet: Sheet,
    actor: ActorId,
    start: u64,
    pub(crate) log: Vec<Action>,
}

impl<'w, 't> Writer<'w, 't> {
    /// `start` is the counter that the transaction's first operation gets.
    pub(crate) fn new(tx: &'w mut Transaction<'t>, sheet: Sheet, actor: ActorId, start: u64) -> Self {
        Self {
            tx,
            sheet,
            actor,
            start,
            log: Vec::new(),
        }
    }

    fn next(&self) -> Elem {
        Elem {
            actor: self.actor.clone(),
            ctr: self.start + self.tx.pending_ops() as u64,
        }
    }

    /// Inserts before a flat index, behind what is there; what came has the identities that are returned.
    pub(crate) fn insert(&mut self, flat: usize, new: &[New]) -> Result<Vec<Cell>, AutomergeError> {
        let (section, first) = self.sheet.slot(flat);
        let Some(obj) = self.sheet.sections.get(section).map(|section| section.obj.clone()) else {
            return Err(AutomergeError::InvalidObjId("sections".to_owned()));
        };
        // All text in one go and then the markers, from the last to the first: finding the place of an insertion behind
        // which much was deleted costs Automerge time in proportion to that, between visible characters it costs nothing.
        let mut elem = self.next();
        let mut text = String::new();
        let mut offsets = Vec::with_capacity(new.len());
        for item in new {
            offsets.push(first + utf16_len(&text));
            if let New::Text(part, _) = item {
                text.push_str(part);
            }
        }
        if !text.is_empty() {
            self.tx.splice_text(&obj, first, 0, &text)?;
        }
        let mut width = utf16_len(&text);
        let mut cells = Vec::with_capacity(new.len());
        for (item, index) in new.iter().zip(offsets).rev() {
            if let New::Marker(kind, claim) = item {
                let marker = self.tx.split_block(&obj, index)?;
                write_marker(self.tx, &marker, &fitting(kind), claim.as_deref())?;
                width += 1;
                let id = claim.clone().unwrap_or_else(|| marker.to_string());
                let (_, kind) = read_marker(Look::now(&*self.tx), &marker)?;
                cells.push(Cell::Marker {
                    marker: Some(marker),
                    id,
                    kind,
                });
            }
        }
        let mut markers = cells.drain(..).rev().collect::<Vec<_>>().into_iter();
        for item in new {
            match item {
                New::Marker(..) => cells.extend(markers.next()),
                New::Text(part, marks) => {
                    let marks = storable(marks);
                    cells.push(Cell::Text(Piece {
                        elem: elem.clone(),
                        text: part.clone(),
                        marks,
                    }));
                    elem = elem.plus(part.chars().count() as u64);
                }
            }
        }
        // All text came as one run, whatever its marks.
        let chars = text.chars().count() as u64;
        if let Some(Cell::Text(first)) = cells.iter().find(|cell| matches!(cell, Cell::Text(_))) {
            self.log.push(Action::Inserted {
                elem: first.elem.clone(),
                count: chars,
            });
        }
        self.log.extend(cells.iter().filter_map(|cell| match cell {
            Cell::Marker { marker, .. } => Some(Action::Inserted {
                elem: Elem::of(marker.as_ref()?)?,
                count: 1,
            }),
            Cell::Text(_) => None,
        }));
        self.correct_marks(&obj, first, &cells)?;
        if let Some(section) = self.sheet.sections.get_mut(section) {
            section.len += width;
        }
        self.sheet.splice(flat..flat, cells.clone());
        let came: Vec<&str> = cells.iter().filter_map(Cell::block_id).collect();
        let came_as = |row: &super::sheet::Row| {
            let own = || row.marker.as_ref().map(ToString::to_string).unwrap_or_default();
            came.contains(&row.id.as_str()) || came.contains(&own().as_str())
        };
        let held = self.sheet.rows.iter().filter(|row| !came.is_empty() && came_as(row));
        if held.count() > came.len() {
            // Somebody else has brought the same block back, or claims its identity: only one of them can have it.
            self.sheet = read_sheet(Look::now(&*self.tx))?;
        }
        self.settle()?;
        Ok(cells)
    }

    /// Deletes a flat range.
    pub(crate) fn delete(&mut self, range: Range<usize>) -> Result<(), AutomergeError> {
        if range.is_empty() {
            return Ok(());
        }
        let spans = self.sheet.spans(range.clone());
        let mut end = range.end;
        let mut deleted = Vec::new();
        for (nth, (section, index, len)) in spans.iter().copied().enumerate().rev() {
            let start = if nth == 0 {
                range.start
            } else {
                self.sheet.flat(section, index)
            };
            let cells = self.sheet.cells(start..end);
            end = start;
            if let Some(section) = self.sheet.sections.get_mut(section) {
                self.tx.splice_text(&section.obj, index, len as isize, "")?;
                section.len -= len;
                deleted.push(Action::Deleted {
                    section: section.obj.clone(),
                    cells,
                });
            }
        }
        let free: Vec<String> = self
            .sheet
            .cells(range.clone())
            .into_iter()
            .flat_map(Cell::frees)
            .collect();
        self.log.extend(deleted);
        self.sheet.splice(range, Vec::new());
        if self.sheet.is_wanted(&free) {
            self.sheet = read_sheet(Look::now(&*self.tx))?;
        }
        self.settle()
    }

    /// Makes a block of another kind; only what differs from `old` is written.
    pub(crate) fn retype(&mut self, marker: &ObjId, old: &BlockKind, new: &BlockKind) -> Result<(), AutomergeError> {
        let row = self
            .sheet
            .rows
            .iter()
            .position(|row| row.marker.as_ref() == Some(marker));
        let Some(row) = row else { return Ok(()) };
        put_kind(self.tx, marker, Some(old), &fitting(new))?;
        let (_, kind) = read_marker(Look::now(&*self.tx), marker)?;
        self.log.push(Action::Retyped {
            marker: marker.clone(),
            kinds: Box::new((old.clone(), kind.clone())),
        });
        self.sheet.update(row, |row| row.kind = kind);
        self.settle()
    }

    /// Adds a mark to the text of a flat range, or takes it away.
    pub(crate) fn mark(&mut self, range: Range<usize>, mark: &Mark, add: bool) -> Result<(), AutomergeError> {
        if add && !is_storable(mark) {
            return Ok(());
        }
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut at = range.start;
        for cell in self.sheet.cells(range.clone()) {
            let Cell::Text(piece) = cell else {
                at += 1;
                continue;
            };
            let end = at + utf16_len(&piece.text);
            if piece.marks.has(mark) != add {
                let old = piece.marks.iter().find(|other| same_kind(other, mark)).cloned();
                let new = add.then(|| mark.clone());
                let count = piece.text.chars().count() as u64;
                self.log.push(Action::Marked {
                    elem: piece.elem,
                    count,
                    old,
                    new,
                });
                match ranges.last_mut() {
                    Some(last) if last.end == at => last.end = end,
                    _ => ranges.push(at..end),
                }
            }
            at = end;
        }
        for range in ranges {
            self.write_mark(range.clone(), mark, add)?;
            self.sheet.remark(range, &|marks| {
                if add {
                    with_stored(marks, mark)
                } else {
                    marks.without(mark)
                }
            });
        }
        Ok(())
    }

    fn write_mark(&mut self, range: Range<usize>, mark: &Mark, add: bool) -> Result<(), AutomergeError> {
        for (section, index, len) in self.sheet.spans(range) {
            let Some(obj) = self.sheet.sections.get(section).map(|section| section.obj.clone()) else {
                continue;
            };
            let (name, value, expand) = stored(mark);
            if add {
                let mark = automerge::marks::Mark::new(name.to_owned(), value, index, index + len);
                self.tx.mark(&obj, mark, expand)?;
            } else {
                self.tx.unmark(&obj, name, index, index + len, expand)?;
            }
        }
        Ok(())
    }

    /// A step's marks are authoritative: what was inserted is read back, and where Automerge let marks of its neighbours
    /// grow over it, or did not, that is corrected.
    fn correct_marks(&mut self, obj: &ObjId, first: usize, cells: &[Cell]) -> Result<(), AutomergeError> {
        let mut actual = self.tx.marks(obj)?;
        let last = first + super::sheet::width(cells);
        actual.retain(|mark| mark.start < last && mark.end > first);
        let mut wrong: Vec<Correction> = Vec::new();
        let mut at = first;
        for cell in cells {
            let Cell::Text(piece) = cell else {
                at += 1;
                continue;
            };
            let end = at + utf16_len(&piece.text);
            compare_marks(&actual, at..end, &piece.marks, &mut wrong);
            at = end;
        }
        // What goes first: a link that comes takes the place of one that goes.
        wrong.sort_by_key(|correction| correction.add);
        for Correction { range, mark, add } in wrong {
            let (name, value, expand) = stored(&mark);
            if add {
                let mark = automerge::marks::Mark::new(name.to_owned(), value, range.start, range.end);
                self.tx.mark(obj, mark, expand)?;
            } else {
                self.tx.unmark(obj, name, range.start, range.end, expand)?;
            }
        }
        Ok(())
    }

    /// Text without a marker is rare and follows rules of its own: there the sheet is read back.
    fn settle(&mut self) -> Result<(), AutomergeError> {
        let odd = |row: &super::sheet::Row| row.marker.is_none() || (row.kind == BlockKind::Rule && row.len() > 0);
        if self.sheet.rows.is_empty() || self.sheet.rows.iter().any(|row| odd(row)) {
            self.sheet = read_sheet(Look::now(&*self.tx))?;
        }
        Ok(())
    }

    /// Writes an entry, or takes it out. `old` is what is there now; where that is none, what lay there before and was
    /// removed comes back with what is new.
    pub(crate) fn put_entry(&mut self, id: &str, old: Option<Entry>, new: Option<Entry>) -> Result<(), AutomergeError> {
        let kind = Kind::of(id);
        let all = Look::now(&*self.tx).root(kind.map_or("citations", Kind::root))?;
        let mut maps = Look::now(&*self.tx).maps(&all, id);
        match (&new, kind, maps.last()) {
            (None, None, _) => self.tx.delete(&all, id)?,
            (None, Some(_), Some(last)) => self.tx.put(last, "removed", true)?,
            (None, Some(_), None) => {}
            (Some(entry), ..) => {
                match (kind, maps.last()) {
                    (Some(_), Some(last)) if old.is_none() => self.tx.put(last, "removed", false)?,
                    (_, Some(_)) => {}
                    (_, None) => maps.push(self.tx.put_object(&all, id, ObjType::Map)?),
                }
                if let (Some(kind), Some(last), None) = (kind, maps.last(), &old) {
                    self.tx.put(last, "kind", kind.name())?;
                }
                let was = old.as_ref().map(Entry::stored).unwrap_or_default();
                records::write(self.tx, &maps, "", &was, &entry.stored())?;
            }
        }
        self.log.push(Action::Noted {
            id: id.to_owned(),
            old: old.map(Box::new),
            new: new.map(Box::new),
        });
        Ok(())
    }

    /// The points around a flat range: before its first element and behind its last.
    pub(crate) fn span(&self, range: Range<usize>) -> Option<EntrySpan> {
        let start = Point::before(&self.sheet, range.start)?;
        let end = Point::behind(&self.sheet, range.end)?;
        Some(EntrySpan { start, end })
    }

    /// Where in the text an element lay that is gone from a section: the flat index of what is visible behind it. Only
    /// for elements that were seen in that section (see `home`).
    pub(crate) fn grave(&self, section: &ObjId, elem: &Elem) -> Option<usize> {
        let index = self
            .tx
            .get_cursor_position(section, &super::home::cursor(elem)?, None)
            .ok()?;
        let section = self.sheet.sections.iter().position(|held| held.obj == *section)?;
        Some(self.sheet.flat(section, index))
    }

    /// Removes a character that must not be in a text.
    pub(crate) fn strip(&mut self, char: char) -> Result<(), AutomergeError> {
        loop {
            let mut start = 0;
            let found = self.sheet.rows.iter().find_map(|row| {
                let mut at = start + 1;
                start += row.len() + 1;
                row.pieces().iter().find_map(|piece| {
                    let here = piece.text.find(char).map(|byte| at + utf16_len(&piece.text[..byte]));
                    at += utf16_len(&piece.text);
                    here
                })
            });
            match found {
                Some(flat) => self.delete(flat..flat + char.len_utf16())?,
                None => return Ok(()),
            }
        }
    }
}

/// A mark that is missing or too much on what was inserted.
struct Correction {
    range: Range<usize>,
    mark: Mark,
    add: bool,
}

/// Compares the marks that a range of a section has with those that it is to have.
fn compare_marks(actual: &[automerge::marks::Mark], range: Range<usize>, wanted: &Marks, wrong: &mut Vec<Correction>) {
    let mut note = |range: Range<usize>, mark: &Mark, add: bool| {
        let same = |last: &&mut Correction| last.range.end == range.start && last.mark == *mark && last.add == add;
        match wrong.iter_mut().find(same) {
            Some(last) => last.range.end = range.end,
            None => wrong.push(Correction {
                range,
                mark: mark.clone(),
                add,
            }),
        }
    };
    let mut covered: Vec<(Mark, Range<usize>)> = Vec::new();
    for mark in actual {
        let held = mark.start.max(range.start)..mark.end.min(range.end);
        if held.start < held.end
            && let Some(found) = read_mark(&mark.name, &mark.value)
        {
            if !wanted.has(&found) {
                note(held.clone(), &found, false);
            }
            covered.push((found, held));
        }
    }
    covered.sort_by_key(|(_, held)| held.start);
    for mark in wanted.iter() {
        let mut from = range.start;
        for (_, held) in covered.iter().filter(|(found, _)| found == mark) {
            if from < held.start {
                note(from..held.start, mark, true);
            }
            from = from.max(held.end);
        }
        if from < range.end {
            note(from..range.end, mark, true);
        }
    }
}

/// Whether two marks take each other's place.
fn same_kind(a: &Mark, b: &Mark) -> bool {
    stored(a).0 == stored(b).0
}

/// How a mark is stored: its name, its value, and whether what is typed at its sides gets it. Peritext: emphasis grows at
/// its end, a link does not.
fn stored(mark: &Mark) -> (&str, ScalarValue, ExpandMark) {
    match mark {
        Mark::Strong => ("strong", true.into(), ExpandMark::After),
        Mark::Emphasis => ("emphasis", true.into(), ExpandMark::After),
        Mark::Code => ("code", true.into(), ExpandMark::None),
        Mark::Link(href) => ("link", href.as_str().into(), ExpandMark::None),
        Mark::Foreign(name, value) => (name, to_scalar(value), ExpandMark::None),
        Mark::Anchor(id) => (id, ScalarValue::Null, ExpandMark::None),
    }
}

/// Whether a mark is stored in the text: anchors are derived, unsafe links and what is too long are refused.
pub(crate) fn is_storable(mark: &Mark) -> bool {
    match mark {
        Mark::Anchor(_) => false,
        Mark::Link(href) => safe_link(href),
        Mark::Foreign(name, value) => {
            !["strong", "emphasis", "code", "link", ""].contains(&name.as_str())
                && mark_fits(name, value)
                && to_scalar(value) != ScalarValue::Null
        }
        _ => true,
    }
}

fn storable(marks: &Marks) -> Marks {
    marks
        .iter()
        .filter(|mark| is_storable(mark))
        .fold(Marks::default(), with_stored)
}

/// Marks with one more, as Automerge stores them: of each name one.
pub(crate) fn with_stored(marks: Marks, mark: &Mark) -> Marks {
    let others = marks.iter().filter(|other| !same_kind(other, mark)).cloned();
    Marks::new(others).with(mark.clone())
}

pub(crate) fn to_scalar(value: &Json) -> ScalarValue {
    match value {
        Json::String(text) => text.as_str().into(),
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => number.into(),
            (_, Some(number), _) => number.into(),
            (.., Some(number)) => number.into(),
            _ => ScalarValue::Null,
        },
        Json::Null | Json::Array(_) | Json::Object(_) => ScalarValue::Null,
    }
}

fn write_marker(
    tx: &mut Transaction<'_>,
    marker: &ObjId,
    kind: &BlockKind,
    claim: Option<&str>,
) -> Result<(), AutomergeError> {
    tx.put_object(marker, "parents", ObjType::List)?;
    tx.put_object(marker, "attrs", ObjType::Map)?;
    tx.put(marker, "isEmbed", *kind == BlockKind::Rule)?;
    put_kind(tx, marker, None, kind)?;
    if let (Some(claim), Some((_, attrs))) = (claim, tx.get(marker, "attrs")?) {
        tx.put(&attrs, "id", claim)?;
    }
    Ok(())
}

/// The name under which a kind is stored.
fn type_name(kind: &BlockKind) -> &str {
    match kind {
        BlockKind::Other { name, .. } => name,
        known => crate::page::json::node_name(known),
    }
}

/// The attributes of a kind as they are stored. Attributes of the kind before stay in the map: nothing reads them, and
/// somebody else may just have set them.
fn attributes(kind: &BlockKind) -> Vec<(&str, Json)> {
    match kind {
        BlockKind::Paragraph | BlockKind::Quote | BlockKind::Rule => Vec::new(),
        BlockKind::Heading { level } => vec![("level", (*level).clamp(2, 3).into())],
        BlockKind::Item { ordered, depth } => vec![
            ("ordered", (*ordered).into()),
            ("depth", (*depth).min(MAX_DEPTH).into()),
        ],
        BlockKind::Figure {
            file,
            media,
            alt,
            credit,
        } => vec![
            ("file", file.as_str().into()),
            ("media", media.as_str().into()),
            ("alt", alt.as_str().into()),
            ("credit", credit.as_str().into()),
        ],
        BlockKind::Other { attrs, .. } => attrs.iter().map(|(key, value)| (key.as_str(), value.clone())).collect(),
    }
}

/// Puts a kind into a marker's map: what is the same in `old` is not written, so that two people may set two attributes.
fn put_kind(
    tx: &mut Transaction<'_>,
    marker: &ObjId,
    old: Option<&BlockKind>,
    new: &BlockKind,
) -> Result<(), AutomergeError> {
    if old.is_none_or(|old| type_name(old) != type_name(new)) {
        tx.put(marker, "type", type_name(new))?;
    }
    let attrs = match tx.get(marker, "attrs")? {
        Some((automerge::Value::Object(ObjType::Map), attrs)) => attrs,
        _ => tx.put_object(marker, "attrs", ObjType::Map)?,
    };
    let before = old.map(attributes).unwrap_or_default();
    let after = attributes(new);
    for (key, value) in &after {
        if !before.contains(&(*key, value.clone())) {
            put_json(tx, &attrs, key, value, 0)?;
        }
    }
    if let (Some(BlockKind::Other { name, .. }), BlockKind::Other { name: same, .. }) = (old, new)
        && name == same
    {
        for (key, _) in before
            .iter()
            .filter(|(key, _)| !after.iter().any(|(other, _)| other == key))
        {
            tx.delete(&attrs, *key)?;
        }
    }
    Ok(())
}

/// How deep attributes of unknown blocks nest.
const MAX_NESTING: usize = 8;

fn put_json(
    tx: &mut Transaction<'_>,
    map: &ObjId,
    key: &str,
    value: &Json,
    depth: usize,
) -> Result<(), AutomergeError> {
    match value {
        Json::Object(members) if depth < MAX_NESTING => {
            let object = tx.put_object(map, key, ObjType::Map)?;
            members
                .iter()
                .try_for_each(|(key, value)| put_json(tx, &object, key, value, depth + 1))
        }
        Json::Array(items) if depth < MAX_NESTING => {
            let list = tx.put_object(map, key, ObjType::List)?;
            items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| insert_json(tx, &list, index, item, depth + 1))
        }
        other => tx.put(map, key, to_scalar(other)),
    }
}

fn insert_json(
    tx: &mut Transaction<'_>,
    list: &ObjId,
    index: usize,
    value: &Json,
    depth: usize,
) -> Result<(), AutomergeError> {
    match value {
        Json::Object(members) if depth < MAX_NESTING => {
            let object = tx.insert_object(list, index, ObjType::Map)?;
            members
                .iter()
                .try_for_each(|(key, value)| put_json(tx, &object, key, value, depth + 1))
        }
        Json::Array(items) if depth < MAX_NESTING => {
            let inner = tx.insert_object(list, index, ObjType::List)?;
            items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| insert_json(tx, &inner, index, item, depth + 1))
        }
        other => tx.insert(list, index, to_scalar(other)),
    }
}
