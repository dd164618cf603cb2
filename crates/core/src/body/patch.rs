//! From what Automerge says that others' changes did to a [`Sheet`], without reading the whole text again.
//!
//! Reading it costs 30 ms for 100,000 operations natively and several times that in a browser; a patch costs little,
//! whatever the length of the text. What is rare (text without a marker, identities that came back, sections that come)
//! is left to reading everything.

use std::collections::HashSet;
use std::sync::Arc;

use automerge::{ActorId, ObjId, ObjType, Patch, PatchAction, ROOT, ReadDoc, Value};
use komuz_release::story::BlockKind;

use super::read::{Look, read_mark, read_marker};
use super::sheet::{Cell, Elem, Piece, Row, Sheet};
use super::write::with_stored;
use crate::document::Document;
use crate::page::{Marks, utf16_len};

/// What patches lead to.
pub(super) struct Patched {
    pub(super) sheet: Sheet,
    /// Whether headline, summary, byline or citations are to be read again.
    pub(super) rest: bool,
}

/// The most characters that are asked for one by one.
const MAX_CHARS: u64 = 2_000;

/// The sheet after patches; none when everything is to be read.
pub(super) fn patched(old: &Sheet, doc: &Document, patches: &[&Patch]) -> Option<Patched> {
    if old.has_bare_rows() {
        return None;
    }
    let mut work = Work {
        sheet: old.clone(),
        chars: 0,
        blocks: HashSet::new(),
        dirty: HashSet::new(),
        freed: Vec::new(),
        rest: false,
    };
    patches.iter().try_for_each(|patch| work.patch(patch))?;
    work.read_blocks(doc)?;
    work.read_ids(doc)?;
    work.read_marks(doc)?;
    // Another block may have waited for the identity of one that went.
    if work.sheet.is_wanted(&work.freed) {
        return None;
    }
    let odd = |row: &Arc<Row>| row.marker.is_none() || (row.kind == BlockKind::Rule && row.len() > 0);
    if work.sheet.rows.is_empty() || work.sheet.rows.iter().any(odd) {
        return None;
    }
    Some(Patched {
        sheet: work.sheet,
        rest: work.rest,
    })
}

struct Work {
    sheet: Sheet,
    /// Characters that came, whose identities are not known yet: they are counted through under an actor of no bytes.
    chars: u64,
    /// Markers whose maps are to be read.
    blocks: HashSet<ObjId>,
    /// Markers of blocks whose text's marks are to be read.
    dirty: HashSet<ObjId>,
    /// Identities of blocks that went.
    freed: Vec<String>,
    rest: bool,
}

impl Work {
    fn patch(&mut self, patch: &Patch) -> Option<()> {
        if let Some(section) = self.sheet.sections.iter().position(|section| section.obj == patch.obj) {
            return self.text(section, &patch.action);
        }
        let holds = |obj: &ObjId| self.sheet.sections.iter().any(|section| section.obj == *obj);
        if let Some(at) = patch.path.iter().position(|(obj, _)| holds(obj)) {
            // Something in a marker's map, or deeper.
            let marker = patch.path.get(at + 1).map_or(&patch.obj, |(obj, _)| obj);
            self.blocks.insert(marker.clone());
            return Some(());
        }
        let sections = patch
            .path
            .first()
            .is_some_and(|(_, prop)| *prop == automerge::Prop::Map("sections".to_owned()));
        if patch.obj == ROOT || sections || matches!(patch.action, PatchAction::Mark { .. }) {
            return None;
        }
        self.rest = true;
        Some(())
    }

    fn text(&mut self, section: usize, action: &PatchAction) -> Option<()> {
        // Without bare rows a flat index is the number of units before it.
        let start: usize = self.sheet.sections[..section].iter().map(|section| section.len).sum();
        match action {
            PatchAction::SpliceText { index, value, .. } => {
                let text = value.make_string();
                let flat = start + index;
                let elem = Elem {
                    actor: ActorId::from(&[][..]),
                    ctr: self.chars,
                };
                self.chars += text.chars().count() as u64;
                if self.chars > MAX_CHARS || flat == 0 {
                    return None;
                }
                self.sheet.sections[section].len += utf16_len(&text);
                self.sheet.splice(
                    flat..flat,
                    vec![Cell::Text(Piece {
                        elem,
                        text,
                        marks: Marks::default(),
                    })],
                );
                self.touch(flat, flat + 1);
            }
            PatchAction::Insert { index, values } => {
                for (nth, (value, obj, _)) in values.iter().enumerate() {
                    let (Value::Object(ObjType::Map), flat) = (value, start + index + nth) else {
                        return None;
                    };
                    let marker = Some(obj.clone());
                    self.blocks.insert(obj.clone());
                    self.sheet.sections[section].len += 1;
                    let cell = Cell::Marker {
                        marker,
                        id: obj.to_string(),
                        kind: BlockKind::Paragraph,
                    };
                    let parted = flat > 0 && self.is_dirty(flat - 1);
                    self.sheet.splice(flat..flat, vec![cell]);
                    // The half behind the marker has not been read either.
                    if parted {
                        self.dirty.insert(obj.clone());
                    }
                }
            }
            PatchAction::DeleteSeq { index, length } => {
                let range = start + index..start + index + length;
                let gone = self.sheet.cells(range.clone());
                self.freed.extend(gone.into_iter().flat_map(Cell::frees));
                // What is joined to a block that was read may not have been.
                let joined = self.is_dirty(range.end);
                self.sheet.sections[section].len = self.sheet.sections[section].len.checked_sub(*length)?;
                self.sheet.splice(range.clone(), Vec::new());
                // Text whose marker went has a place in the sheet that Automerge's indices do not count, so that patches
                // behind this one would go wrong. It need not be seen at the end: one deletion over two sections is a
                // patch for each, and the second takes such text away together with the marker behind it.
                if self.sheet.rows.first().is_some_and(|row| row.marker.is_none()) {
                    return None;
                }
                if joined {
                    self.touch(range.start.checked_sub(1)?, range.start);
                }
            }
            // Automerge 0.12 puts the marks of several texts into one patch, so that it is not known whose they are.
            PatchAction::Mark { .. } if self.sheet.sections.len() > 1 => return None,
            PatchAction::Mark { marks } => {
                for mark in marks {
                    self.touch(start + mark.start, start + mark.end);
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// Whether the marks of the block at a flat index are to be read.
    fn is_dirty(&self, flat: usize) -> bool {
        let row = self.sheet.row_at(flat).map(|(row, _)| &self.sheet.rows[row]);
        row.and_then(|row| row.marker.as_ref())
            .is_some_and(|marker| self.dirty.contains(marker))
    }

    /// The marks of these blocks are to be read.
    fn touch(&mut self, from: usize, to: usize) {
        let Some((first, at)) = self.sheet.row_at(from) else {
            return;
        };
        let mut start = from - at;
        for row in &self.sheet.rows[first..] {
            if start >= to {
                break;
            }
            self.dirty.extend(row.marker.clone());
            start += row.len() + 1;
        }
    }

    fn read_blocks(&mut self, doc: &Document) -> Option<()> {
        let look = Look::now(doc.automerge());
        for (index, marker) in self.rows_of(&self.blocks) {
            let (claim, kind) = read_marker(look, &marker).ok()?;
            let row = &self.sheet.rows[index];
            let others = || self.sheet.rows.iter().filter(|other| other.id == row.id).count() > 1;
            if claim.is_some_and(|claim| claim != row.id) || others() {
                return None;
            }
            if row.kind != kind {
                self.sheet.update(index, |row| row.kind = kind);
            }
        }
        Some(())
    }

    fn rows_of(&self, markers: &HashSet<ObjId>) -> Vec<(usize, ObjId)> {
        let rows = self.sheet.rows.iter().enumerate();
        rows.filter_map(|(index, row)| Some((index, row.marker.clone()?)))
            .filter(|(_, marker)| markers.contains(marker))
            .collect()
    }

    /// Asks for the identities of what came.
    fn read_ids(&mut self, doc: &Document) -> Option<()> {
        if self.chars == 0 {
            return Some(());
        }
        let mut flat = 0;
        for index in 0..self.sheet.rows.len() {
            let row = self.sheet.rows[index].clone();
            let mut at = flat + 1;
            flat += row.len() + 1;
            if row.pieces().iter().all(|piece| !piece.elem.actor.to_bytes().is_empty()) {
                continue;
            }
            let mut pieces = Vec::new();
            for piece in row.pieces() {
                if !piece.elem.actor.to_bytes().is_empty() {
                    at += utf16_len(&piece.text);
                    pieces.push(piece.clone());
                    continue;
                }
                for char in piece.text.chars() {
                    let (section, place, _) = *self.sheet.spans(at..at + 1).first()?;
                    let (_, id) = doc.automerge().get(&self.sheet.sections[section].obj, place).ok()??;
                    pieces.push(Piece {
                        elem: Elem::of(&id)?,
                        text: char.into(),
                        marks: piece.marks.clone(),
                    });
                    at += char.len_utf16();
                }
            }
            let row = Row::new(row.marker.clone(), row.id.clone(), row.kind.clone(), pieces);
            self.sheet.rows[index] = Arc::new(row);
        }
        Some(())
    }

    /// Reads the marks of the blocks in which text or marks came.
    fn read_marks(&mut self, doc: &Document) -> Option<()> {
        if self.dirty.is_empty() {
            return Some(());
        }
        let mut start = 0;
        let mut marks = Vec::new();
        for section in &self.sheet.sections {
            for mark in doc.automerge().marks(&section.obj).ok()? {
                if let Some(found) = read_mark(&mark.name, &mark.value) {
                    marks.push((start + mark.start..start + mark.end, found));
                }
            }
            start += section.len;
        }
        for (index, _) in self.rows_of(&self.dirty) {
            let from = self.sheet.row_start(index) + 1;
            let to = from + self.sheet.rows[index].len();
            self.sheet.remark(from..to, &|_| Marks::default());
            for (range, mark) in &marks {
                let held = range.start.max(from)..range.end.min(to);
                if held.start < held.end {
                    self.sheet.remark(held, &|marks| with_stored(marks, mark));
                }
            }
        }
        Some(())
    }
}
