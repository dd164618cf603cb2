//! Which text an element lies in, also one that is gone.
//!
//! Automerge must not be asked for the place of an element of another object: its fast way then stops the program
//! (reproduced with 0.12: an assertion in `seek_list_opid_fast`). Points come from others, so it is looked up first, in
//! the change that made the element.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use automerge::legacy::ObjectId;
use automerge::{ChangeHash, Cursor, ObjId, ReadDoc};

use super::sheet::{Elem, Sheet};
use crate::document::Document;

/// What changes inserted where: counters of elements, and the object. A change never changes, so that this is kept.
type Inserted = Vec<(Range<u64>, Elem)>;

/// What was looked up.
#[derive(Debug, Clone, Default)]
pub(super) struct Homes(RefCell<HashMap<ChangeHash, Inserted>>);

impl Homes {
    /// The object that an element was inserted into; none while it has not come here, or is no element of a sequence.
    fn of(&self, doc: &Document, elem: &Elem) -> Option<Elem> {
        let id = ObjId::Id(elem.ctr, elem.actor.clone(), 0);
        let hash = doc.automerge().hash_for_opid(&id)?;
        let mut changes = self.0.borrow_mut();
        let inserted = match changes.entry(hash) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(free) => free.insert(inserted(doc, &hash)?),
        };
        inserted
            .iter()
            .find(|(held, _)| held.contains(&elem.ctr))
            .map(|(_, home)| home.clone())
    }

    /// Where an element lay that is gone: the flat index of what is visible behind it. None for what never lay in the text.
    pub(super) fn grave(&self, doc: &Document, sheet: &Sheet, elem: &Elem, at: Option<&[ChangeHash]>) -> Option<usize> {
        let home = self.of(doc, elem)?;
        let section = sheet
            .sections
            .iter()
            .position(|section| Elem::of(&section.obj).as_ref() == Some(&home))?;
        let held = sheet.sections.get(section)?;
        let index = doc.automerge().get_cursor_position(&held.obj, &cursor(elem)?, at);
        let index = match at {
            None => index.ok()?,
            // At an old version Automerge knows no place for what was deleted at the end of a text: that is the end.
            Some(_) => index.unwrap_or(held.len),
        };
        Some(sheet.flat(section, index))
    }
}

/// Automerge's cursor at an element.
pub(super) fn cursor(elem: &Elem) -> Option<Cursor> {
    Cursor::try_from(format!("{}@{}", elem.ctr, elem.actor)).ok()
}

fn inserted(doc: &Document, hash: &ChangeHash) -> Option<Inserted> {
    let change = doc.automerge().get_change_by_hash(hash)?;
    let mut inserted: Inserted = Vec::new();
    for (ctr, op) in (change.start_op().get()..).zip(change.decode().operations) {
        let (true, ObjectId::Id(id)) = (op.insert, op.obj) else {
            continue;
        };
        match inserted.last_mut() {
            Some((held, home)) if held.end == ctr && home.ctr == id.counter() && home.actor == *id.actor() => {
                held.end += 1
            }
            _ => inserted.push((
                ctr..ctr + 1,
                Elem {
                    actor: id.actor().clone(),
                    ctr: id.counter(),
                },
            )),
        }
    }
    Some(inserted)
}
