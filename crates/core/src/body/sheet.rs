//! The text with the identity of each of its elements: what the page's positions are translated through.

use std::ops::Range;
use std::sync::Arc;

use automerge::{ActorId, ObjId};
use komuz_release::story::BlockKind;

use crate::page::diff::Hunk;
use crate::page::{Block, Marks, Run, byte_at, utf16_len};

/// The identity of an element of a text: a character or a block marker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Elem {
    pub(crate) actor: ActorId,
    pub(crate) ctr: u64,
}

impl Elem {
    /// The element that an object is.
    pub(crate) fn of(obj: &ObjId) -> Option<Elem> {
        match obj {
            ObjId::Root => None,
            ObjId::Id(ctr, actor, _) => Some(Elem {
                actor: actor.clone(),
                ctr: *ctr,
            }),
        }
    }

    /// The element so many characters later in the same run.
    pub(crate) fn plus(&self, chars: u64) -> Elem {
        Elem {
            actor: self.actor.clone(),
            ctr: self.ctr + chars,
        }
    }
}

/// Characters with consecutive identities and the same marks (anchors are not among them).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    /// Identity of the first character; each following character's counter is one more.
    pub(crate) elem: Elem,
    pub(crate) text: String,
    pub(crate) marks: Marks,
}

impl Piece {
    fn chars(&self) -> u64 {
        self.text.chars().count() as u64
    }

    fn len(&self) -> usize {
        utf16_len(&self.text)
    }

    /// Bytes of the characters from the `first` to before the `last`.
    fn bytes(&self, chars: Range<u64>) -> Range<usize> {
        let at = |n: u64| {
            self.text
                .char_indices()
                .nth(n as usize)
                .map_or(self.text.len(), |(byte, _)| byte)
        };
        at(chars.start)..at(chars.end)
    }

    /// The part between two UTF-16 offsets (moved down to the start of a character).
    fn part(&self, range: Range<usize>) -> Piece {
        let (mut start, mut end) = (range.start, range.end);
        while start > 0 && byte_at(&self.text, start).is_none() {
            start -= 1;
        }
        while end > start && byte_at(&self.text, end).is_none() {
            end -= 1;
        }
        let (from, to) = (
            byte_at(&self.text, start).unwrap_or(0),
            byte_at(&self.text, end).unwrap_or(self.text.len()),
        );
        let skipped = self.text[..from].chars().count() as u64;
        Piece {
            elem: self.elem.plus(skipped),
            text: self.text[from..to].to_owned(),
            marks: self.marks.clone(),
        }
    }
}

/// A block with its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// Its marker: none for text that no marker stands before (at the start of the story, or behind a rule), which is
    /// shown as a paragraph.
    pub(crate) marker: Option<ObjId>,
    /// The block's public identity.
    pub(crate) id: String,
    pub(crate) kind: BlockKind,
    pieces: Vec<Piece>,
    len: usize,
}

impl Row {
    pub(crate) fn new(marker: Option<ObjId>, id: String, kind: BlockKind, pieces: Vec<Piece>) -> Self {
        let mut row = Self {
            marker,
            id,
            kind,
            pieces: Vec::new(),
            len: 0,
        };
        pieces.into_iter().for_each(|piece| row.push(piece));
        row
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, piece: Piece) {
        if piece.text.is_empty() {
            return;
        }
        self.len += piece.len();
        match self.pieces.last_mut() {
            Some(last) if last.marks == piece.marks && last.elem.plus(last.chars()) == piece.elem => {
                last.text.push_str(&piece.text);
            }
            _ => self.pieces.push(piece),
        }
    }

    /// The pieces between two offsets of its text.
    fn slice(&self, range: Range<usize>) -> Vec<Piece> {
        let mut start = 0;
        let mut parts = Vec::new();
        for piece in &self.pieces {
            let end = start + piece.len();
            let (from, to) = (range.start.max(start), range.end.min(end));
            if from < to {
                parts.push(piece.part(from - start..to - start));
            }
            start = end;
        }
        parts
    }

    /// The block as the page shows it, without anchors.
    pub(crate) fn block(&self) -> Block {
        let runs = self
            .pieces
            .iter()
            .map(|piece| Run::new(piece.text.clone(), piece.marks.clone()));
        Block::new(Some(self.id.clone()), self.kind.clone(), runs)
    }
}

/// A unit of the flat text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// A block begins.
    Marker {
        marker: Option<ObjId>,
        id: String,
        kind: BlockKind,
    },
    /// Text.
    Text(Piece),
}

impl Cell {
    /// The identity of a block, where this is its marker.
    pub(crate) fn block_id(&self) -> Option<&str> {
        match self {
            Self::Marker { id, .. } => Some(id),
            Self::Text(_) => None,
        }
    }

    /// The identities that are free when this goes: a block's, and its marker's object id, which nobody else has until then.
    pub(crate) fn frees(self) -> impl Iterator<Item = String> {
        let both = match self {
            Self::Marker { id, marker, .. } => [Some(id), marker.map(|marker| marker.to_string())],
            Self::Text(_) => [None, None],
        };
        both.into_iter().flatten()
    }
}

/// One Automerge text of the body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    pub(crate) obj: ObjId,
    /// Its length in UTF-16 code units, markers being 1.
    pub(crate) len: usize,
}

/// The whole text at one version. Flat indices are the page's: every row counts 1 and its text, also a row without a
/// marker.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sheet {
    pub(crate) sections: Vec<Section>,
    pub(crate) rows: Vec<Arc<Row>>,
    /// Identities that another block has, and the markers of blocks that claim them too. A block that comes to wait is
    /// always read, so that this is right until then; what has gone since may be among them.
    pub(crate) waiting: Vec<(String, ObjId)>,
}

impl Sheet {
    pub(crate) fn flat_len(&self) -> usize {
        self.rows.iter().map(|row| row.len + 1).sum()
    }

    /// Whether some text has no marker. Rare: then what a replacement leads to is read back instead of computed.
    pub(crate) fn has_bare_rows(&self) -> bool {
        self.rows.iter().any(|row| row.marker.is_none())
    }

    /// Whether a block waits for one of these identities, which others had: names are then given anew.
    pub(crate) fn is_wanted(&self, free: &[String]) -> bool {
        let here = |marker: &ObjId| self.rows.iter().any(|row| row.marker.as_ref() == Some(marker));
        self.waiting
            .iter()
            .any(|(claim, marker)| free.contains(claim) && here(marker))
    }

    /// The row that holds a flat index's unit and its place in the row: 0 is the marker, 1 the first unit of its text.
    pub(crate) fn row_at(&self, flat: usize) -> Option<(usize, usize)> {
        let mut start = 0;
        for (index, row) in self.rows.iter().enumerate() {
            if flat < start + row.len + 1 {
                return Some((index, flat - start));
            }
            start += row.len + 1;
        }
        None
    }

    /// The flat index of a row's marker.
    pub(crate) fn row_start(&self, row: usize) -> usize {
        self.rows.iter().take(row).map(|row| row.len + 1).sum()
    }

    /// Units of Automerge's texts before a flat index, counted through all sections.
    fn units(&self, flat: usize) -> usize {
        let mut start = 0;
        let mut units = 0;
        for row in &self.rows {
            if flat <= start {
                break;
            }
            let inside = (flat - start).min(row.len + 1);
            units += inside - usize::from(row.marker.is_none());
            start += row.len + 1;
        }
        units
    }

    /// Section and index at which something is inserted so that it stands before a flat index, behind what is there.
    pub(crate) fn slot(&self, flat: usize) -> (usize, usize) {
        let mut units = self.units(flat);
        for (index, section) in self.sections.iter().enumerate() {
            if units <= section.len || index + 1 == self.sections.len() {
                return (index, units.min(section.len));
            }
            units -= section.len;
        }
        (0, 0)
    }

    /// A flat range as ranges of sections: section, index, length.
    pub(crate) fn spans(&self, range: Range<usize>) -> Vec<(usize, usize, usize)> {
        let (mut from, to) = (self.units(range.start), self.units(range.end));
        let mut spans = Vec::new();
        let mut start = 0;
        for (index, section) in self.sections.iter().enumerate() {
            let end = start + section.len;
            if from < end && from < to {
                let len = to.min(end) - from;
                spans.push((index, from - start, len));
                from += len;
            }
            start = end;
        }
        spans
    }

    /// The flat index of the unit at an index of a section; the text's end when there is none.
    pub(crate) fn flat(&self, section: usize, index: usize) -> usize {
        let mut units = self
            .sections
            .iter()
            .take(section)
            .map(|section| section.len)
            .sum::<usize>()
            + index;
        let mut start = 0;
        for row in &self.rows {
            let bare = usize::from(row.marker.is_none());
            let width = row.len + 1 - bare;
            if units < width {
                return start + units + bare;
            }
            units -= width;
            start += row.len + 1;
        }
        start
    }

    /// The flat index of an element and its width, if it is visible.
    pub(crate) fn find(&self, elem: &Elem) -> Option<(usize, usize)> {
        self.runs(elem, 1).first().map(|range| (range.start, range.len()))
    }

    /// The flat ranges in which elements of a run are visible, in order.
    pub(crate) fn runs(&self, elem: &Elem, chars: u64) -> Vec<Range<usize>> {
        self.all_runs(&mut [(elem.clone(), chars)])
    }

    /// The flat ranges in which elements of any of these runs are visible, in order; neighbours are joined. No element is
    /// in two of the runs.
    pub(crate) fn all_runs(&self, wanted: &mut [(Elem, u64)]) -> Vec<Range<usize>> {
        wanted.sort();
        let mut found: Vec<Range<usize>> = Vec::new();
        // The runs of an actor that do not end before a counter.
        let from = |actor: &ActorId, ctr: u64| {
            let first = wanted.partition_point(|(elem, chars)| (&elem.actor, elem.ctr + chars) <= (actor, ctr));
            let same = move |(elem, _): &&(Elem, u64)| elem.actor == *actor;
            wanted[first..].iter().take_while(same).collect::<Vec<_>>()
        };
        let mut start = 0;
        for row in &self.rows {
            if let Some(ObjId::Id(ctr, actor, _)) = &row.marker
                && from(actor, *ctr).first().is_some_and(|(elem, _)| elem.ctr <= *ctr)
            {
                push_range(&mut found, start..start + 1);
            }
            let mut at = start + 1;
            for piece in &row.pieces {
                let first = piece.elem.ctr;
                for (elem, chars) in from(&piece.elem.actor, first) {
                    // There are at most as many characters as code units; counting them takes time.
                    if elem.ctr >= first + piece.len() as u64 {
                        break;
                    }
                    let end = (first + piece.chars()).min(elem.ctr + chars);
                    let begin = first.max(elem.ctr);
                    if begin < end {
                        let bytes = piece.bytes(begin - first..end - first);
                        let before = utf16_len(&piece.text[..bytes.start]);
                        let inside = utf16_len(&piece.text[bytes]);
                        push_range(&mut found, at + before..at + before + inside);
                    }
                }
                at += piece.len();
            }
            start += row.len + 1;
        }
        found
    }

    /// The element at a flat index (also inside a surrogate pair); none for a marker that does not exist.
    pub(crate) fn elem_at(&self, flat: usize) -> Option<Elem> {
        let (row, at) = self.row_at(flat)?;
        let row = &self.rows[row];
        if at == 0 {
            return Elem::of(row.marker.as_ref()?);
        }
        let mut start = 1;
        for piece in &row.pieces {
            let end = start + piece.len();
            if at < end {
                let mut units = start;
                for (nth, char) in piece.text.chars().enumerate() {
                    units += char.len_utf16();
                    if at < units {
                        return Some(piece.elem.plus(nth as u64));
                    }
                }
            }
            start = end;
        }
        None
    }

    /// The cells of a flat range.
    pub(crate) fn cells(&self, range: Range<usize>) -> Vec<Cell> {
        let mut cells = Vec::new();
        let mut start = 0;
        for row in &self.rows {
            let end = start + row.len + 1;
            if end > range.start && start < range.end {
                if range.start <= start {
                    cells.push(Cell::Marker {
                        marker: row.marker.clone(),
                        id: row.id.clone(),
                        kind: row.kind.clone(),
                    });
                }
                let from = range.start.saturating_sub(start + 1);
                cells.extend(
                    row.slice(from..range.end.min(end) - start - 1)
                        .into_iter()
                        .map(Cell::Text),
                );
            }
            start = end;
        }
        cells
    }

    /// Replaces a flat range by cells. Sections' lengths are the caller's business. Text before the first marker makes a
    /// row without one.
    pub(crate) fn splice(&mut self, range: Range<usize>, cells: Vec<Cell>) {
        let (mut first, mut open) = (0, None);
        if range.start > 0
            && let Some((row, at)) = self.row_at(range.start - 1)
        {
            let head = &self.rows[row];
            open = Some(Row::new(
                head.marker.clone(),
                head.id.clone(),
                head.kind.clone(),
                head.slice(0..at),
            ));
            first = row;
        }
        let mut rows: Vec<Row> = Vec::new();
        for cell in cells {
            match cell {
                Cell::Marker { marker, id, kind } => {
                    rows.extend(open.replace(Row::new(marker, id, kind, Vec::new())));
                }
                Cell::Text(piece) => open.get_or_insert_with(bare_start).push(piece),
            }
        }
        let mut last = self.rows.len();
        if let Some((row, at)) = self.row_at(range.end) {
            last = row;
            if at > 0 {
                let tail = self.rows[row].slice(at - 1..self.rows[row].len);
                let open = open.get_or_insert_with(bare_start);
                tail.into_iter().for_each(|piece| open.push(piece));
                last = row + 1;
            }
        }
        rows.extend(open);
        self.rows.splice(first..last, rows.into_iter().map(Arc::new));
    }

    /// Changes one row.
    pub(crate) fn update(&mut self, row: usize, change: impl FnOnce(&mut Row)) {
        if let Some(row) = self.rows.get_mut(row) {
            change(Arc::make_mut(row));
        }
    }

    /// Sets the marks of a flat range's text.
    pub(crate) fn remark(&mut self, range: Range<usize>, change: &dyn Fn(Marks) -> Marks) {
        let mut start = 0;
        for shared in &mut self.rows {
            let end = start + shared.len + 1;
            let (from, to) = (range.start.max(start + 1), range.end.min(end));
            if from < to {
                let (from, to) = (from - start - 1, to - start - 1);
                let mut pieces = shared.slice(0..from);
                pieces.extend(shared.slice(from..to).into_iter().map(|piece| Piece {
                    marks: change(piece.marks),
                    ..piece
                }));
                pieces.extend(shared.slice(to..shared.len));
                *shared = Arc::new(Row::new(
                    shared.marker.clone(),
                    shared.id.clone(),
                    shared.kind.clone(),
                    pieces,
                ));
            }
            start = end;
        }
    }

    /// Where in this version the place before a flat index of another version lies: behind the nearest element to the
    /// left of it that both have.
    pub(crate) fn translate(&self, other: &Sheet, flat: usize) -> usize {
        let mut end = flat;
        while end > 0 {
            let Some((row, at)) = other.row_at(end - 1) else { break };
            let start = end - at - 1;
            let cells = other.cells(start..end);
            for cell in cells.iter().rev() {
                let found = match cell {
                    Cell::Text(piece) => self.runs(&piece.elem, piece.chars()).last().map(|range| range.end),
                    Cell::Marker { marker: Some(obj), .. } => Elem::of(obj)
                        .and_then(|elem| self.find(&elem))
                        .map(|(flat, width)| flat + width),
                    Cell::Marker { marker: None, .. } => None,
                };
                if let Some(found) = found {
                    return found;
                }
            }
            if row == 0 {
                break;
            }
            end = start;
        }
        // Nothing to the left: the start of the text, behind the bare row's place if there is one.
        usize::from(self.rows.first().is_some_and(|row| row.marker.is_none()))
    }

    /// Where text and markers of two versions differ, by the identity of their elements. Elements that both have stand in
    /// the same order in both, since Automerge never reorders.
    pub(crate) fn hunks(&self, to: &Sheet) -> Vec<Hunk> {
        let same = |a: &Arc<Row>, b: &Arc<Row>| Arc::ptr_eq(a, b) || a == b;
        let head = self.rows.iter().zip(&to.rows).take_while(|(a, b)| same(a, b)).count();
        let most = self.rows.len().min(to.rows.len()) - head;
        let tail = self
            .rows
            .iter()
            .rev()
            .zip(to.rows.iter().rev())
            .take(most)
            .take_while(|(a, b)| same(a, b))
            .count();
        let (old, new) = (
            self.atoms(head..self.rows.len() - tail),
            to.atoms(head..to.rows.len() - tail),
        );
        walk(&old, &new, self.row_start(head), to.row_start(head))
    }

    fn atoms(&self, rows: Range<usize>) -> Vec<Atom<'_>> {
        let mut atoms = Vec::new();
        for (nth, row) in rows.clone().zip(&self.rows[rows]) {
            let key = match &row.marker {
                Some(ObjId::Id(ctr, actor, _)) => (Some(actor), *ctr),
                // A row without a marker is known by what it stands behind.
                _ => match nth.checked_sub(1).and_then(|before| self.rows[before].marker.as_ref()) {
                    Some(ObjId::Id(ctr, actor, _)) => (Some(actor), u64::MAX - ctr),
                    _ => (None, 0),
                },
            };
            atoms.push(Atom {
                actor: key.0,
                ctr: key.1,
                text: None,
                kind: Some(row.kind == BlockKind::Rule),
            });
            atoms.extend(row.pieces.iter().map(|piece| Atom {
                actor: Some(&piece.elem.actor),
                ctr: piece.elem.ctr,
                text: Some(&piece.text),
                kind: None,
            }));
        }
        atoms
    }
}

/// How many flat indices cells take.
pub(crate) fn width(cells: &[Cell]) -> usize {
    cells
        .iter()
        .map(|cell| if let Cell::Text(piece) = cell { piece.len() } else { 1 })
        .sum()
}

fn bare_start() -> Row {
    Row::new(
        None,
        super::read::BARE_START.to_owned(),
        BlockKind::Paragraph,
        Vec::new(),
    )
}

fn push_range(ranges: &mut Vec<Range<usize>>, range: Range<usize>) {
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}

/// A marker or a run of characters, for walking.
#[derive(Clone, Copy)]
struct Atom<'a> {
    actor: Option<&'a ActorId>,
    ctr: u64,
    text: Option<&'a str>,
    /// For a marker, whether it is a rule's: a block that becomes a rule is another block.
    kind: Option<bool>,
}

impl<'a> Atom<'a> {
    fn chars(&self) -> u64 {
        self.text.map_or(1, |text| text.chars().count() as u64)
    }

    fn key(&self) -> (Option<&'a ActorId>, u64, Option<bool>) {
        (self.actor, self.ctr, self.kind)
    }

    /// The first so many characters' width, and the rest.
    fn split(self, chars: u64) -> (usize, Option<Atom<'a>>) {
        let Some(text) = self.text else { return (1, None) };
        let byte = text
            .char_indices()
            .nth(chars as usize)
            .map_or(text.len(), |(byte, _)| byte);
        let rest = (byte < text.len()).then(|| Atom {
            ctr: self.ctr + chars,
            text: Some(&text[byte..]),
            ..self
        });
        (utf16_len(&text[..byte]), rest)
    }
}

/// Runs of identities, to ask whether one is among them.
struct Known<'a>(Vec<Held<'a>>);

/// Identities that follow each other.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Held<'a> {
    actor: Option<&'a ActorId>,
    kind: Option<bool>,
    start: u64,
    end: u64,
}

impl<'a> Known<'a> {
    fn new(atoms: &[Atom<'a>]) -> Self {
        let held = |atom: &Atom<'a>| Held {
            actor: atom.actor,
            kind: atom.kind,
            start: atom.ctr,
            end: atom.ctr + atom.chars(),
        };
        let mut runs: Vec<_> = atoms.iter().map(held).collect();
        runs.sort_unstable();
        Self(runs)
    }

    /// How many characters at the start of an atom are known (`true`) or are not.
    fn stretch(&self, atom: &Atom<'a>) -> (bool, u64) {
        let chars = atom.chars();
        let alike = |held: &&Held<'_>| held.actor == atom.actor && held.kind == atom.kind;
        let key = (atom.actor, atom.kind, atom.ctr);
        let after = self
            .0
            .partition_point(|held| (held.actor, held.kind, held.start) <= key);
        let before = after.checked_sub(1).and_then(|at| self.0.get(at)).filter(alike);
        if let Some(held) = before.filter(|held| held.end > atom.ctr) {
            return (true, chars.min(held.end - atom.ctr));
        }
        match self.0.get(after).filter(alike) {
            Some(held) => (false, chars.min(held.start - atom.ctr)),
            None => (false, chars),
        }
    }
}

fn walk(old: &[Atom<'_>], new: &[Atom<'_>], mut from: usize, mut to: usize) -> Vec<Hunk> {
    let (in_old, in_new) = (Known::new(old), Known::new(new));
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut record = |from: Range<usize>, to: Range<usize>| match hunks.last_mut() {
        Some(last) if last.from.end == from.start && last.to.end == to.start => {
            last.from.end = from.end;
            last.to.end = to.end;
        }
        _ => hunks.push(Hunk { from, to }),
    };
    let (mut olds, mut news) = (old.iter().copied(), new.iter().copied());
    let (mut left, mut right) = (olds.next(), news.next());
    while left.is_some() || right.is_some() {
        if let Some(atom) = left {
            let (known, chars) = in_new.stretch(&atom);
            if !known {
                let (width, rest) = atom.split(chars);
                record(from..from + width, to..to);
                from += width;
                left = rest.or_else(|| olds.next());
                continue;
            }
        }
        if let Some(atom) = right {
            let (known, chars) = in_old.stretch(&atom);
            if !known {
                let (width, rest) = atom.split(chars);
                record(from..from, to..to + width);
                to += width;
                right = rest.or_else(|| news.next());
                continue;
            }
        }
        match (left, right) {
            (Some(a), Some(b)) if a.key() == b.key() => {
                let chars = a.chars().min(b.chars());
                let ((width, rest), (_, other)) = (a.split(chars), b.split(chars));
                from += width;
                to += width;
                left = rest.or_else(|| olds.next());
                right = other.or_else(|| news.next());
            }
            // Not in the same order: never with Automerge's texts. The rest gives way as a whole, which loses cursors only.
            (a, b) => {
                let rest = |atom: Option<Atom<'_>>, atoms: &mut dyn Iterator<Item = Atom<'_>>| -> usize {
                    atom.map_or(0, |atom| atom.split(atom.chars()).0)
                        + atoms.map(|atom| atom.split(atom.chars()).0).sum::<usize>()
                };
                let widths = (rest(a, &mut olds), rest(b, &mut news));
                record(from..from + widths.0, to..to + widths.1);
                break;
            }
        }
    }
    hunks
}
