//! What admission remembers of a document: its changes and the bare shape of its operations.
//!
//! Automerge takes the references of a change on trust: an operation on an object that does not exist, an insertion
//! after an element that is not there, a mark whose end lies before its start each panic on apply or make a document that
//! saves but does not load. So every operation is remembered with its object, its key and its place in the tree of
//! insertions (24 bytes each), and every reference is looked up before Automerge sees it.

pub(super) mod saved;

use std::collections::{BTreeMap, BinaryHeap, HashMap};

use automerge::{Automerge, ChangeHash};

use super::change::{Action, Key, OpId, Parsed};
use super::{MAX_COUNTER, MAX_START_GAP, Refusal};

/// No operation: the root object, the start of a list.
const NONE: u32 = u32::MAX;

/// After how many changes without one a vector clock is kept.
const CLOCK_EVERY: u8 = 32;

/// The document of a table that was [read](Table::read): it knows the hashes of the changes that it was loaded with.
pub(super) type Past<'a> = Option<&'a Automerge>;

/// The changes and operations of one document.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    by_hash: HashMap<ChangeHash, u32>,
    /// How many of the first nodes were read from a saved document; their hashes are not in `by_hash`.
    read: u32,
    nodes: Vec<Node>,
    /// What changes build on, as places in `nodes`, of one change after the other.
    deps: Vec<u32>,
    /// Vector clocks that are kept: for each actor, how many of its changes are the change or an ancestor of it.
    clocks: Vec<Box<[u32]>>,
    by_actor: HashMap<Vec<u8>, u32>,
    actors: Vec<Actor>,
    ops: Vec<Entry>,
    props: BTreeMap<Box<str>, u32>,
}

/// A change.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    actor: u32,
    seq: u32,
    /// Counters of its first and last operation.
    start_op: u32,
    max_op: u32,
    /// Place of its first operation in [`Table::ops`].
    first: u32,
    /// Where those that it builds on end in [`Table::deps`].
    deps: u32,
    /// How many changes back the next kept clock may be; its own is kept when there is none.
    gap: u8,
    /// Place of its clock in [`Table::clocks`], if it is kept.
    clock: u32,
}

impl Node {
    /// The place of its operation with this counter.
    fn op(&self, counter: u32) -> Option<u32> {
        let known = (self.start_op..=self.max_op).contains(&counter);
        known.then(|| self.first + (counter - self.start_op))
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Actor {
    id: Vec<u8>,
    /// Its changes in order, as places in [`Table::nodes`].
    changes: Vec<u32>,
}

/// What there is to remember of a change beside its operations.
struct Written<'a> {
    /// None if the document is asked for it.
    hash: Option<ChangeHash>,
    actor: &'a [u8],
    seq: u32,
    start_op: u32,
    max_op: u32,
    first: u32,
}

impl<'a> Written<'a> {
    fn of(change: &'a Parsed, first: usize) -> Self {
        Self {
            hash: Some(change.hash),
            actor: &change.actors[0],
            seq: change.seq as u32,
            start_op: change.start_op as u32,
            max_op: change.max_op() as u32,
            first: first as u32,
        }
    }
}

/// An operation. For insertions `key` is the operation itself, and the others place it in the tree of insertions, in
/// which an element's parent is the one that it was inserted after.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    obj: u32,
    key: u32,
    parent: u32,
    /// An ancestor further up, so that finding one takes logarithmic time (Myers, "An applicative random-access stack").
    jump: u32,
    depth: u32,
    action: Action,
    insert: bool,
}

impl Table {
    /// Whether a change is known.
    pub fn has(&self, document: Past<'_>, hash: &ChangeHash) -> bool {
        self.change(document, hash).is_some()
    }

    /// The place of a change.
    fn change(&self, document: Past<'_>, hash: &ChangeHash) -> Option<u32> {
        self.by_hash.get(hash).copied().or_else(|| {
            let change = document.filter(|_| self.read > 0)?.get_change_meta_by_hash(hash)?;
            let actor = *self.by_actor.get(change.actor.to_bytes())?;
            let before = usize::try_from(change.seq).ok()?.checked_sub(1)?;
            let place = *self.actors[actor as usize].changes.get(before)?;
            // Later ones the gate has seen itself, or not yet.
            (place < self.read).then_some(place)
        })
    }

    /// The places of what a change builds on.
    fn deps(&self, document: Past<'_>, change: &Parsed) -> Result<Vec<u32>, Refusal> {
        let place = |dep| {
            self.change(document, dep)
                .ok_or(Refusal::Reference { what: "a change" })
        };
        change.deps.iter().map(place).collect()
    }

    /// How many changes are known.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether both have seen the same changes in the same order. Keys may have been numbered otherwise.
    pub fn is_like(&self, document: Past<'_>, other: &Self) -> bool {
        let names = |table: &Self| -> BTreeMap<u32, Box<str>> {
            table
                .props
                .iter()
                .map(|(name, number)| (*number, name.clone()))
                .collect()
        };
        let (names, other_names) = (names(self), names(other));
        let is_key = |entry: &Entry| {
            let holder = self.ops.get(entry.obj as usize);
            holder.is_none_or(|holder| holder.action == Action::MakeMap)
        };
        let same = |(a, b): (&Entry, &Entry)| {
            let unkeyed = |entry: &Entry| Entry { key: NONE, ..*entry };
            let key = match is_key(a) {
                true => names.get(&a.key) == other_names.get(&b.key),
                false => a.key == b.key,
            };
            key && unkeyed(a) == unkeyed(b)
        };
        let found = |(hash, place): (&ChangeHash, &u32)| self.change(document, hash) == Some(*place);
        other.by_hash.iter().all(found)
            && self.nodes == other.nodes
            && self.deps == other.deps
            && self.clocks == other.clocks
            && self.actors == other.actors
            && self.by_actor == other.by_actor
            && names.len() == other_names.len()
            && self.ops.len() == other.ops.len()
            && self.ops.iter().zip(&other.ops).all(same)
    }

    /// Checks a change whose deps are all known, and remembers it. Refused, it leaves no trace.
    pub fn add(&mut self, document: Past<'_>, change: &Parsed) -> Result<(), Refusal> {
        let deps = self.deps(document, change)?;
        self.check_order(change, &deps)?;
        let clock = self.clock(&deps);
        let known = self.by_actor.get(&change.actors[0]).copied();
        self.check_seq(change, known, &clock)?;
        self.add_ops(change, &clock)?;
        let first = self.ops.len() - change.ops.len();
        self.add_node(&Written::of(change, first), &deps, Some(clock));
        Ok(())
    }

    /// Remembers a change of a document that has been loaded or made here, without judging its order.
    pub fn trust(&mut self, change: &Parsed) -> Result<(), Refusal> {
        let deps = self.deps(None, change)?;
        let clock = self.clock(&deps);
        self.add_ops(change, &clock)?;
        let first = self.ops.len() - change.ops.len();
        self.add_node(&Written::of(change, first), &deps, Some(clock));
        Ok(())
    }

    fn check_order(&self, change: &Parsed, deps: &[u32]) -> Result<(), Refusal> {
        if deps.is_empty() {
            return Err(Refusal::OtherGenesis);
        }
        let max = deps
            .iter()
            .map(|dep| u64::from(self.nodes[*dep as usize].max_op))
            .max()
            .unwrap_or(0);
        let (least, most) = (max + 1, max + MAX_START_GAP);
        if change.start_op < least || change.start_op > most {
            return Err(Refusal::StartOp {
                found: change.start_op,
                least,
                most,
            });
        }
        if change.max_op() > MAX_COUNTER {
            return Err(Refusal::Exhausted { limit: MAX_COUNTER });
        }
        Ok(())
    }

    fn check_seq(&self, change: &Parsed, known: Option<u32>, clock: &[u32]) -> Result<(), Refusal> {
        let before = known.map_or(0, |actor| self.actors[actor as usize].changes.len() as u64);
        if change.seq == 0 || change.seq > before + 1 {
            return Err(Refusal::SeqGap {
                found: change.seq,
                expected: before + 1,
            });
        }
        if change.seq <= before {
            return Err(Refusal::SeqTaken { seq: change.seq });
        }
        if known.is_some_and(|actor| u64::from(clock[actor as usize]) != before) {
            return Err(Refusal::Forked { seq: change.seq });
        }
        Ok(())
    }

    /// For each actor, how many of its changes are among these changes and their ancestors.
    fn clock(&self, heads: &[u32]) -> Vec<u32> {
        let mut clock = vec![0; self.actors.len()];
        // What builds on a change has a later place, so all that lead to one have been met before it.
        let mut open = BinaryHeap::from(heads.to_vec());
        while let Some(place) = open.pop() {
            if open.peek() == Some(&place) {
                continue;
            }
            let node = &self.nodes[place as usize];
            if let Some(kept) = self.clocks.get(node.clock as usize) {
                for (count, kept) in clock.iter_mut().zip(kept) {
                    *count = (*count).max(*kept);
                }
                continue;
            }
            let count = &mut clock[node.actor as usize];
            *count = (*count).max(node.seq);
            open.extend(self.deps_of(place));
        }
        clock
    }

    /// What a change builds on.
    fn deps_of(&self, place: u32) -> &[u32] {
        let place = place as usize;
        let start = place.checked_sub(1).map_or(0, |before| self.nodes[before].deps);
        &self.deps[start as usize..self.nodes[place].deps as usize]
    }

    /// Remembers a change whose operations have been remembered. `clock` is that of the deps, made if it is needed.
    fn add_node(&mut self, change: &Written<'_>, deps: &[u32], clock: Option<Vec<u32>>) {
        let place = self.nodes.len() as u32;
        let last = self.nodes.last().map(|node| node.actor);
        let actor = match last.filter(|actor| self.actors[*actor as usize].id == change.actor) {
            Some(actor) => actor,
            None => *self.by_actor.entry(change.actor.to_vec()).or_insert_with(|| {
                self.actors.push(Actor {
                    id: change.actor.to_vec(),
                    changes: Vec::new(),
                });
                self.actors.len() as u32 - 1
            }),
        };
        self.actors[actor as usize].changes.push(place);
        let gap = 1 + deps
            .iter()
            .map(|dep| self.nodes[*dep as usize].gap)
            .max()
            .unwrap_or(CLOCK_EVERY - 1);
        let keep = gap >= CLOCK_EVERY;
        if keep {
            let mut clock = clock.unwrap_or_else(|| self.clock(deps));
            clock.resize(self.actors.len(), 0);
            clock[actor as usize] = change.seq;
            self.clocks.push(clock.into());
        }
        if let Some(hash) = change.hash {
            self.by_hash.insert(hash, place);
        }
        self.deps.extend_from_slice(deps);
        self.nodes.push(Node {
            actor,
            seq: change.seq,
            start_op: change.start_op,
            max_op: change.max_op,
            first: change.first,
            deps: self.deps.len() as u32,
            gap: if keep { 0 } else { gap },
            clock: if keep { self.clocks.len() as u32 - 1 } else { NONE },
        });
    }

    fn add_ops(&mut self, change: &Parsed, clock: &[u32]) -> Result<(), Refusal> {
        let before = self.ops.len();
        let mut fresh = Vec::new();
        // Actors that the operations name, as the table knows them; the writer itself may be new.
        let mut actors = vec![self.by_actor.get(&change.actors[0]).copied()];
        let result = change.actors[1..].iter().try_for_each(|id| {
            actors.push(Some(
                *self.by_actor.get(id).ok_or(Refusal::Reference { what: "an actor" })?,
            ));
            Ok(())
        });
        let result = result.and_then(|()| {
            (0..change.ops.len()).try_for_each(|at| {
                let entry = self.entry(change, at, before, &actors, clock, &mut fresh)?;
                self.ops.push(entry);
                if entry.action == Action::MarkEnd {
                    self.check_mark(before, at)
                } else {
                    Ok(())
                }
            })
        });
        let unclosed = matches!(self.ops.last(), Some(entry) if entry.action == Action::MarkBegin);
        let result = result.and(if unclosed { Err(Refusal::MarkOrder) } else { Ok(()) });
        if result.is_err() {
            self.ops.truncate(before);
            for prop in fresh {
                self.props.remove(&prop);
            }
        }
        result
    }

    fn entry(
        &mut self,
        change: &Parsed,
        at: usize,
        before: usize,
        actors: &[Option<u32>],
        clock: &[u32],
        fresh: &mut Vec<Box<str>>,
    ) -> Result<Entry, Refusal> {
        let op = &change.ops[at];
        let find = |table: &Self, id: OpId, what: &'static str| {
            table
                .find(change, at, before, actors, clock, id)
                .ok_or(Refusal::Reference { what })
        };
        if at > 0 && self.ops[before + at - 1].action == Action::MarkBegin && op.action != Action::MarkEnd {
            return Err(Refusal::MarkOrder);
        }
        let obj = match op.obj {
            Some(id) => find(self, id, "an object")?,
            None => NONE,
        };
        let holder = if obj == NONE {
            Action::MakeMap
        } else {
            self.ops[obj as usize].action
        };
        let own = self.ops.len() as u32;
        let mut entry = Entry {
            obj,
            key: own,
            parent: NONE,
            jump: NONE,
            depth: 0,
            // Whether it was one character matters to the operation alone, not to what refers to it.
            action: match op.action {
                Action::PutChar => Action::Put,
                action => action,
            },
            insert: op.insert,
        };
        match (&op.key, holder) {
            (Key::Prop(prop), Action::MakeMap) => {
                entry.key = match self.props.get(prop) {
                    Some(known) => *known,
                    None => {
                        let next = self.props.len() as u32;
                        self.props.insert(prop.clone(), next);
                        fresh.push(prop.clone());
                        next
                    }
                };
            }
            (Key::Head | Key::Elem(_), Action::MakeList | Action::MakeText) => {
                let element = match &op.key {
                    Key::Elem(id) => {
                        let element = find(self, *id, "an element")?;
                        let known = self.ops[element as usize];
                        if !known.insert || known.obj != obj {
                            return Err(Refusal::Reference { what: "an element" });
                        }
                        element
                    }
                    _ => NONE,
                };
                if op.insert {
                    self.place(&mut entry, element);
                } else if element == NONE {
                    return Err(Refusal::Reference { what: "an element" });
                } else {
                    entry.key = element;
                }
            }
            _ => {
                return Err(Refusal::Reference {
                    what: "an object of the right kind",
                });
            }
        }
        let allowed = match (holder, op.insert, op.action) {
            (_, true, Action::Delete) | (_, false, Action::MarkBegin | Action::MarkEnd) => false,
            (Action::MakeMap, insert, action) => !insert && !matches!(action, Action::MarkBegin | Action::MarkEnd),
            (Action::MakeList, _, action) => !matches!(action, Action::MarkBegin | Action::MarkEnd),
            // Texts hold characters, block markers and marks, and are edited by inserting and deleting alone.
            (Action::MakeText, true, action) => !matches!(action, Action::Put | Action::MakeList | Action::MakeText),
            (Action::MakeText, false, action) => action == Action::Delete,
            _ => false,
        };
        if !allowed {
            return Err(Refusal::Forbidden {
                what: "an operation that its object does not take",
            });
        }
        if (op.insert && !op.pred.is_empty()) || (op.action == Action::Delete && op.pred.is_empty()) {
            return Err(Refusal::Reference {
                what: "what it deletes or overwrites",
            });
        }
        for id in &op.pred {
            let known = self.ops[find(self, *id, "what it deletes or overwrites")? as usize];
            let value = !matches!(known.action, Action::Delete | Action::MarkBegin | Action::MarkEnd);
            if !value || known.obj != entry.obj || known.key != entry.key {
                return Err(Refusal::Reference {
                    what: "what it deletes or overwrites",
                });
            }
        }
        Ok(entry)
    }

    /// The place of an operation that the change may refer to: one before it in the same change, or one of an ancestor.
    fn find(
        &self,
        change: &Parsed,
        at: usize,
        before: usize,
        actors: &[Option<u32>],
        clock: &[u32],
        id: OpId,
    ) -> Option<u32> {
        if id.actor == 0 && id.counter >= change.start_op {
            let place = id.counter - change.start_op;
            return (place < at as u64).then_some((before as u64 + place) as u32);
        }
        let actor = actors[id.actor]?;
        let seen = *clock.get(actor as usize)? as usize;
        let changes = self.actors[actor as usize].changes.get(..seen)?;
        let counter = u32::try_from(id.counter).ok()?;
        let after = changes.partition_point(|node| self.nodes[*node as usize].start_op <= counter);
        self.nodes[changes[after.checked_sub(1)?] as usize].op(counter)
    }

    /// Hangs an insertion into the tree below the element that it follows.
    fn place(&self, entry: &mut Entry, parent: u32) {
        entry.parent = parent;
        let Some(up) = self.ops.get(parent as usize) else {
            entry.depth = 1;
            return;
        };
        entry.depth = up.depth + 1;
        let one = self.depth(up.jump);
        entry.jump = if up.depth - one == one - self.depth(self.jump(up.jump)) {
            self.jump(up.jump)
        } else {
            parent
        };
    }

    fn depth(&self, place: u32) -> u32 {
        self.ops.get(place as usize).map_or(0, |entry| entry.depth)
    }

    fn jump(&self, place: u32) -> u32 {
        self.ops.get(place as usize).map_or(NONE, |entry| entry.jump)
    }

    /// A mark's end must stand right behind its start in the change, in the same text, and after it in the text:
    /// Automerge refuses to load a document where it does not.
    fn check_mark(&self, before: usize, at: usize) -> Result<(), Refusal> {
        let end = before + at;
        let Some(begin) = end
            .checked_sub(1)
            .filter(|begin| at > 0 && self.ops[*begin].action == Action::MarkBegin)
        else {
            return Err(Refusal::MarkOrder);
        };
        if self.ops[begin].obj == self.ops[end].obj && self.precedes(begin as u32, end as u32, before as u32) {
            Ok(())
        } else {
            Err(Refusal::MarkOrder)
        }
    }

    /// Whether insertion `a` stands before `b` in their text: an element stands before what was inserted after it, and of
    /// two that were inserted after the same one, the younger comes first. Operations from `before` on are those of the
    /// change that is being checked.
    fn precedes(&self, a: u32, b: u32, before: u32) -> bool {
        let (depth_a, depth_b) = (self.depth(a), self.depth(b));
        let least = depth_a.min(depth_b);
        let (mut a, mut b) = (self.above(a, least), self.above(b, least));
        if a == b {
            return depth_a < depth_b;
        }
        while self.parent(a) != self.parent(b) {
            if self.jump(a) == self.jump(b) {
                (a, b) = (self.parent(a), self.parent(b));
            } else {
                (a, b) = (self.jump(a), self.jump(b));
            }
        }
        self.age(a, before) > self.age(b, before)
    }

    fn above(&self, mut place: u32, depth: u32) -> u32 {
        while self.depth(place) > depth {
            place = if self.depth(self.jump(place)) >= depth {
                self.jump(place)
            } else {
                self.parent(place)
            };
        }
        place
    }

    fn parent(&self, place: u32) -> u32 {
        self.ops.get(place as usize).map_or(NONE, |entry| entry.parent)
    }

    /// An operation's id, comparable as Automerge compares: by counter, then by the actor's bytes. A change's own
    /// operations are younger than all that it can refer to.
    fn age(&self, place: u32, before: u32) -> (bool, u32, &[u8]) {
        let after = self.nodes.partition_point(|node| node.first <= place);
        match after.checked_sub(1).map(|node| &self.nodes[node]) {
            Some(node) if place < before => (
                false,
                node.start_op + (place - node.first),
                &self.actors[node.actor as usize].id,
            ),
            _ => (true, place, &[]),
        }
    }
}
