//! What admission remembers of a document, read from the bytes that it was saved as.
//!
//! A loaded document hands out its changes only by making each anew, which takes twice as long as loading when each edit
//! is a change. Its saved bytes hold the same operations in columns, in the order of the document; an operation that only
//! deletes has no row and is named by what it deletes. The changes' hashes are not in the bytes, and asking the document
//! for all of them takes a quarter of loading: it is asked for one when one is needed ([`Table::change`]).
//!
//! Format: <https://automerge.org/automerge-binary-format-spec/#_document_chunk>.

use std::borrow::Cow;

use automerge::Automerge;

use super::{Entry, NONE, Table, Written};
use crate::admission::bytes::{Bytes, Deltas, Flags, Runs};
use crate::admission::change::Action;
use crate::admission::{Refusal, chunk};

/// The bit of a column's specification that says that it is deflated.
const DEFLATED: u64 = 8;
/// The most changes that are read.
const MAX_CHANGES: usize = 1 << 21;
/// The most operations that are read, and the most that changes build on.
const MAX_OPERATIONS: usize = 1 << 24;
/// The most names of what overwrites or deletes an operation.
const MAX_SUCCESSORS: u64 = 1 << 26;
/// The depth of an operation that has not been read.
const UNREAD: u32 = u32::MAX;

const ODD: Refusal = Refusal::Malformed {
    what: "operations that do not fit each other or the document",
};

impl Table {
    /// What [`Table::trust`] remembers of all changes of a document that was loaded from these bytes, but for their
    /// hashes. An error means that the bytes are not those, or are not written as expected.
    pub fn read(document: &Automerge, saved: &[u8]) -> Result<Self, Refusal> {
        let (table, heads) = Self::read_alone(saved)?;
        if !document.get_heads().iter().map(|hash| &hash.0[..]).eq(heads) {
            return Err(ODD);
        }
        Ok(table)
    }

    /// As [`Table::read`], where there is no document yet: with the heads that the bytes name. What it does not take, Automerge
    /// need not see.
    pub fn read_alone(saved: &[u8]) -> Result<(Self, Vec<&[u8]>), Refusal> {
        let mut input = Bytes::new(chunk::document(saved)?);
        let mut actors = Vec::new();
        for _ in 0..input.uleb()? {
            actors.push(input.prefixed()?);
        }
        let mut heads = Vec::new();
        for _ in 0..input.uleb()? {
            heads.push(input.take(32)?);
        }
        let (changes, ops) = (lengths(&mut input)?, lengths(&mut input)?);
        let (changes, ops) = (Columns::read(&changes, &mut input)?, Columns::read(&ops, &mut input)?);
        let mut table = Self::default();
        table.read_changes(&actors, &changes)?;
        let known = |actor: &&[u8]| table.by_actor.get(*actor).copied().ok_or(ODD);
        let actors: Vec<u32> = actors.iter().map(known).collect::<Result<_, _>>()?;
        table.count_ops(&actors, &ops)?;
        table.read_ops(&actors, &ops)?;
        if table.ops.iter().any(|entry| entry.depth == UNREAD) {
            return Err(ODD);
        }
        table.read = table.nodes.len() as u32;
        Ok((table, heads))
    }

    /// Reads all changes but for where their operations start.
    fn read_changes(&mut self, actors: &[&[u8]], columns: &Columns<'_>) -> Result<(), Refusal> {
        let (actor, seq, max_op) = (columns.get(0x01)?, columns.get(0x03)?, columns.get(0x13)?);
        let (dep_count, dep) = (columns.get(0x40)?, columns.get(0x43)?);
        let mut actor = Runs::new(&actor, Bytes::uleb);
        let mut seq = Deltas::new(&seq);
        let mut max_op = Deltas::new(&max_op);
        let mut dep_count = Runs::new(&dep_count, Bytes::uleb);
        let mut dep = Deltas::new(&dep);
        let mut deps = Vec::new();
        while !actor.is_done() {
            let place = self.nodes.len();
            deps.clear();
            for _ in 0..dep_count.next()?.unwrap_or(0) {
                let dep = dep.next()?.filter(|dep| *dep < place as u64).ok_or(ODD)?;
                deps.push(dep as u32);
                if self.deps.len() + deps.len() > MAX_OPERATIONS {
                    return Err(ODD);
                }
            }
            let named = actor.next()?.and_then(|actor| usize::try_from(actor).ok());
            let max_op = max_op.next()?.and_then(|max_op| u32::try_from(max_op).ok());
            let max_op = max_op.ok_or(ODD)?;
            self.add_node(
                &Written {
                    hash: None,
                    actor: named.and_then(|actor| actors.get(actor)).ok_or(ODD)?,
                    seq: seq.next()?.and_then(|seq| u32::try_from(seq).ok()).ok_or(ODD)?,
                    // After the last one, until `count_ops` has seen one.
                    start_op: max_op.checked_add(1).ok_or(ODD)?,
                    max_op,
                    first: 0,
                },
                &deps,
                None,
            );
            let node = &self.nodes[place];
            let changes = &self.actors[node.actor as usize].changes;
            let before = changes
                .len()
                .checked_sub(2)
                .map(|before| &self.nodes[changes[before] as usize]);
            let follows = before.is_none_or(|before| before.max_op < max_op);
            if node.seq as usize != changes.len() || !follows || place == MAX_CHANGES {
                return Err(ODD);
            }
        }
        Ok(())
    }

    /// Finds out where the operations of each change start: there are no gaps in a change.
    fn count_ops(&mut self, actors: &[u32], columns: &Columns<'_>) -> Result<(), Refusal> {
        // Rows, then what they name as overwriting or deleting them.
        for (actor, counter, most) in [(0x21, 0x23, MAX_OPERATIONS as u64), (0x81, 0x83, MAX_SUCCESSORS)] {
            let (actor, counter) = (columns.get(actor)?, columns.get(counter)?);
            let mut actor = Runs::new(&actor, Bytes::uleb);
            let mut counter = Deltas::new(&counter);
            let (mut near, mut count) = (0, 0);
            while !actor.is_done() {
                let (node, counter) = self.seek(actors, actor.next()?, counter.next()?, &mut near)?;
                let node = &mut self.nodes[node as usize];
                node.start_op = node.start_op.min(counter);
                count += 1;
                if count > most {
                    return Err(ODD);
                }
            }
        }
        let mut first = 0usize;
        for node in &mut self.nodes {
            node.first = first as u32;
            first += (node.max_op + 1 - node.start_op) as usize;
            if node.start_op > node.max_op || node.start_op == 0 || first > MAX_OPERATIONS {
                return Err(ODD);
            }
        }
        let unread = Entry {
            obj: NONE,
            key: NONE,
            parent: NONE,
            jump: NONE,
            depth: UNREAD,
            action: Action::Delete,
            insert: false,
        };
        self.ops = vec![unread; first];
        Ok(())
    }

    /// Reads all operations.
    fn read_ops(&mut self, actors: &[u32], columns: &Columns<'_>) -> Result<(), Refusal> {
        let column = |spec| columns.get(spec);
        let (obj_actor, obj_counter) = (column(0x01)?, column(0x02)?);
        let (key_actor, key_counter, key_string) = (column(0x11)?, column(0x13)?, column(0x15)?);
        let (id_actor, id_counter) = (column(0x21)?, column(0x23)?);
        let (insert, action, mark_name) = (column(0x34)?, column(0x42)?, column(0xa5)?);
        let (next_count, next_actor, next_counter) = (column(0x80)?, column(0x81)?, column(0x83)?);
        let mut obj_actor = Runs::new(&obj_actor, Bytes::uleb);
        let mut obj_counter = Runs::new(&obj_counter, Bytes::uleb);
        let mut key_actor = Runs::new(&key_actor, Bytes::uleb);
        let mut key_counter = Deltas::new(&key_counter);
        let mut key_string = Runs::new(&key_string, Bytes::prefixed);
        let mut id_actor = Runs::new(&id_actor, Bytes::uleb);
        let mut id_counter = Deltas::new(&id_counter);
        let mut insert = Flags::new(&insert);
        let mut action = Runs::new(&action, Bytes::uleb);
        let mut mark_name = Runs::new(&mark_name, Bytes::prefixed);
        let mut next_count = Runs::new(&next_count, Bytes::uleb);
        let mut next_actor = Runs::new(&next_actor, Bytes::uleb);
        let mut next_counter = Deltas::new(&next_counter);

        // Beside each other in a text stand mostly operations of changes that follow each other.
        let (mut objs, mut keys, mut ids, mut nexts) = (0, 0, 0, 0);
        while !action.is_done() {
            let obj = match (obj_actor.next()?, obj_counter.next()?) {
                (None, None) => NONE,
                (actor, counter) => self.find_op(actors, actor, counter, &mut objs)?,
            };
            let holder = match self.ops.get(obj as usize) {
                Some(holder) => holder.action,
                None => Action::MakeMap,
            };
            let own = self.find_op(actors, id_actor.next()?, id_counter.next()?, &mut ids)?;
            let mut entry = Entry {
                obj,
                key: own,
                parent: NONE,
                jump: NONE,
                depth: 0,
                action: match (action.next()?, mark_name.next()?) {
                    (Some(0), None) => Action::MakeMap,
                    (Some(1), None) => Action::Put,
                    (Some(2), None) => Action::MakeList,
                    (Some(4), None) => Action::MakeText,
                    (Some(7), Some(_)) => Action::MarkBegin,
                    (Some(7), None) => Action::MarkEnd,
                    _ => return Err(ODD),
                },
                insert: insert.next()?,
            };
            match (key_actor.next()?, key_counter.next()?, key_string.next()?, holder) {
                (None, None, Some(name), Action::MakeMap) if !entry.insert => {
                    let name = std::str::from_utf8(name).map_err(|_| ODD)?;
                    entry.key = match self.props.get(name) {
                        Some(known) => *known,
                        None => {
                            let next = self.props.len() as u32;
                            self.props.insert(name.into(), next);
                            next
                        }
                    };
                }
                (actor, Some(counter), None, Action::MakeList | Action::MakeText) => {
                    let mut element = NONE;
                    if counter > 0 {
                        element = self.find_op(actors, actor, Some(counter), &mut keys)?;
                        let known = &self.ops[element as usize];
                        if !known.insert || known.obj != obj {
                            return Err(ODD);
                        }
                    }
                    if entry.insert {
                        self.place(&mut entry, element);
                    } else if element == NONE {
                        return Err(ODD);
                    } else {
                        entry.key = element;
                    }
                }
                _ => return Err(ODD),
            }
            // Until its own row comes, an operation that follows another passes for a deletion.
            let slot = &mut self.ops[own as usize];
            if slot.action != Action::Delete {
                return Err(ODD);
            }
            *slot = entry;
            let deletion = Entry {
                parent: NONE,
                jump: NONE,
                depth: 0,
                action: Action::Delete,
                insert: false,
                ..entry
            };
            let count = next_count.next()?.unwrap_or(0);
            for _ in 0..count {
                let next = self.find_op(actors, next_actor.next()?, next_counter.next()?, &mut nexts)?;
                let slot = &mut self.ops[next as usize];
                if slot.depth == UNREAD {
                    *slot = deletion;
                } else if slot.obj != deletion.obj || slot.key != deletion.key {
                    return Err(ODD);
                }
            }
        }
        Ok(())
    }

    /// The place of an operation. `near` is the change that the last one was found in.
    fn find_op(
        &self,
        actors: &[u32],
        actor: Option<u64>,
        counter: Option<u64>,
        near: &mut u32,
    ) -> Result<u32, Refusal> {
        let (node, counter) = self.seek(actors, actor, counter, near)?;
        self.nodes[node as usize].op(counter).ok_or(ODD)
    }

    /// The change that an operation is of, and the operation's counter: the first of its actor's that ends with it or
    /// after it.
    fn seek(
        &self,
        actors: &[u32],
        actor: Option<u64>,
        counter: Option<u64>,
        near: &mut u32,
    ) -> Result<(u32, u32), Refusal> {
        let (Some(actor), Some(counter)) = (actor, counter) else {
            return Err(ODD);
        };
        let actor = usize::try_from(actor).ok().and_then(|actor| actors.get(actor));
        let (Some(&actor), Ok(counter)) = (actor, u32::try_from(counter)) else {
            return Err(ODD);
        };
        let changes = &self.actors[actor as usize].changes;
        let ends_before = |node: &u32| self.nodes[*node as usize].max_op < counter;
        let at = match self.nodes.get(*near as usize).filter(|node| node.actor == actor) {
            Some(node) => {
                // That change, the next one, or the one before, in most cases.
                let seq = node.seq as usize;
                let is_at = |at: &usize| {
                    changes.get(*at).is_some_and(|node| !ends_before(node))
                        && at.checked_sub(1).is_none_or(|before| ends_before(&changes[before]))
                };
                [seq - 1, seq, seq.wrapping_sub(2)].into_iter().find(is_at)
            }
            None => None,
        };
        let at = at.unwrap_or_else(|| changes.partition_point(ends_before));
        *near = *changes.get(at).ok_or(ODD)?;
        Ok((*near, counter))
    }
}

/// The columns that follow, by specification and length.
fn lengths(input: &mut Bytes<'_>) -> Result<Vec<(u64, u64)>, Refusal> {
    let mut lengths = Vec::new();
    for _ in 0..input.uleb()? {
        lengths.push((input.uleb()?, input.uleb()?));
    }
    Ok(lengths)
}

/// Columns by their specification (id << 4 | type).
struct Columns<'a>(Vec<(u64, &'a [u8])>);

/// That no column of a saved document inflates to more than is allowed.
pub fn check_sizes(saved: &[u8]) -> Result<(), Refusal> {
    let mut input = Bytes::new(chunk::document(saved)?);
    for _ in 0..input.uleb()? {
        input.prefixed()?;
    }
    for _ in 0..input.uleb()? {
        input.take(32)?;
    }
    let (changes, ops) = (lengths(&mut input)?, lengths(&mut input)?);
    Columns::read(&changes, &mut input)?.check_sizes()?;
    Columns::read(&ops, &mut input)?.check_sizes()
}

impl<'a> Columns<'a> {
    fn read(lengths: &[(u64, u64)], input: &mut Bytes<'a>) -> Result<Self, Refusal> {
        let column = |(spec, length): &(u64, u64)| Ok((*spec, input.take(*length)?));
        lengths.iter().map(column).collect::<Result<_, _>>().map(Self)
    }

    /// That no column inflates to more than is allowed, those that are not read here included.
    fn check_sizes(&self) -> Result<(), Refusal> {
        self.0
            .iter()
            .try_for_each(|(spec, _)| self.get(spec & !DEFLATED).map(drop))
    }

    /// A column, inflated; empty when there is none.
    fn get(&self, spec: u64) -> Result<Cow<'a, [u8]>, Refusal> {
        match self.0.iter().find(|(found, _)| found & !DEFLATED == spec) {
            Some((found, bytes)) if found & DEFLATED != 0 => chunk::inflate(bytes).map(Cow::Owned),
            Some((_, bytes)) => Ok(Cow::Borrowed(*bytes)),
            None => Ok(Cow::default()),
        }
    }
}
