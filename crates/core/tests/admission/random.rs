//! Random honest histories pass in any order; random damage never gets a document that panics or does not load.

use automerge::legacy::{ElementId, Key, ObjectId, OpId, OpType};
use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, Change, ExpandedChange, ObjType, ROOT, ReadDoc};
use komuz_core::admission::{Gate, Verdict};
use komuz_core::document::{DocKind, Document};
use proptest::prelude::*;

use crate::world::*;

/// Something that a person does.
#[derive(Debug, Clone)]
enum Deed {
    Type { at: usize, words: String },
    Delete { at: usize, count: usize },
    Mark { at: usize, count: usize, on: bool },
    Block { at: usize },
    Join { at: usize },
    Put { key: u8, value: i64 },
    Nest { key: u8 },
    Drop { key: u8 },
    Append { at: usize },
    Replace { at: usize },
    Merge { from: usize },
}

fn deed() -> impl Strategy<Value = Deed> {
    let at = 0usize..60;
    prop_oneof![
        6 => (at.clone(), "[а-яa-z😀👍🏽é\n]{1,8}").prop_map(|(at, words)| Deed::Type { at, words }),
        3 => (at.clone(), 1usize..6).prop_map(|(at, count)| Deed::Delete { at, count }),
        3 => (at.clone(), 0usize..12, any::<bool>()).prop_map(|(at, count, on)| Deed::Mark { at, count, on }),
        2 => at.clone().prop_map(|at| Deed::Block { at }),
        1 => at.clone().prop_map(|at| Deed::Join { at }),
        2 => (0u8..3, any::<i64>()).prop_map(|(key, value)| Deed::Put { key, value }),
        1 => (0u8..3).prop_map(|key| Deed::Nest { key }),
        1 => (0u8..3).prop_map(|key| Deed::Drop { key }),
        2 => at.clone().prop_map(|at| Deed::Append { at }),
        1 => at.prop_map(|at| Deed::Replace { at }),
        4 => (0usize..3).prop_map(|from| Deed::Merge { from }),
    ]
}

/// Does it to a document; what does not fit the document as it is does nothing.
fn act(doc: &mut AutoCommit, deed: &Deed) -> Result<(), automerge::AutomergeError> {
    let text = section(doc);
    let length = doc.length(&text);
    let byline = doc.get(ROOT, "byline")?.expect("the genesis made it").1;
    let place = |at: usize| at % (length + 1);
    let key = |key: u8| format!("key {key}");
    match deed {
        Deed::Type { at, words } => doc.splice_text(&text, place(*at), 0, words),
        Deed::Delete { at, count } => {
            let at = place(*at);
            doc.splice_text(&text, at, (*count).min(length - at) as isize, "")
        }
        Deed::Mark { at, count, on } => {
            let at = place(*at);
            let end = (at + count).min(length);
            let mark = Mark::new("strong".to_owned(), *on, at, end);
            doc.mark(&text, mark, if *on { ExpandMark::Both } else { ExpandMark::None })
        }
        Deed::Block { at } => {
            let block = doc.split_block(&text, place(*at))?;
            doc.put(&block, "type", "heading")
        }
        Deed::Join { at } => doc.join_block(&text, place(*at)),
        Deed::Put { key: k, value } => doc.put(ROOT, key(*k), *value),
        Deed::Nest { key: k } => {
            let map = doc.put_object(ROOT, key(*k), ObjType::Map)?;
            doc.put(&map, "name", "value")
        }
        Deed::Drop { key: k } => doc.delete(ROOT, key(*k)),
        Deed::Append { at } => {
            let length = doc.length(&byline);
            doc.insert(&byline, at % (length + 1), "name")
        }
        Deed::Replace { at } => match doc.length(&byline) {
            0 => Ok(()),
            length => doc.put(&byline, at % length, "other name"),
        },
        Deed::Merge { .. } => Ok(()),
    }
}

/// What three people do, each on a copy, with merges between; and all their changes, each with who wrote it.
fn history(deeds: &[(usize, Deed)]) -> (Vec<AutoCommit>, Vec<(u8, Change)>) {
    let mut people: Vec<AutoCommit> = (1..=3).map(body).collect();
    let mut changes = Vec::new();
    for (who, deed) in deeds {
        if let Deed::Merge { from } = deed {
            let mut other = people[*from].clone();
            people[*who].merge(&mut other).expect("honest copies merge");
            continue;
        }
        let doc = &mut people[*who];
        let before = doc.get_heads();
        let _ = act(doc, deed);
        doc.commit();
        if doc.get_heads() != before {
            changes.push((*who as u8 + 1, doc.get_last_local_change().expect("it was written")));
        }
    }
    (people, changes)
}

fn deeds() -> impl Strategy<Value = Vec<(usize, Deed)>> {
    prop::collection::vec((0usize..3, deed()), 1..40)
}

/// Damage to a change's operations that keeps it a change.
#[derive(Debug, Clone)]
enum Damage {
    StartOp(i64),
    Seq(i64),
    NoDeps,
    Drop(usize),
    Repeat(usize),
    Swap(usize, usize),
    Object(usize, u64, u8),
    Element(usize, u64, u8),
    Head(usize),
    Prop(usize),
    Pred(usize, Vec<(u64, u8)>),
    Insert(usize),
    Action(usize, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let op = 0usize..12;
    let counter = 0u64..80;
    prop_oneof![
        (-40i64..40).prop_map(Damage::StartOp),
        (-2i64..3).prop_map(Damage::Seq),
        Just(Damage::NoDeps),
        op.clone().prop_map(Damage::Drop),
        op.clone().prop_map(Damage::Repeat),
        (op.clone(), op.clone()).prop_map(|(a, b)| Damage::Swap(a, b)),
        (op.clone(), counter.clone(), 0u8..5).prop_map(|(op, c, a)| Damage::Object(op, c, a)),
        (op.clone(), counter.clone(), 0u8..5).prop_map(|(op, c, a)| Damage::Element(op, c, a)),
        op.clone().prop_map(Damage::Head),
        op.clone().prop_map(Damage::Prop),
        (op.clone(), prop::collection::vec((counter, 0u8..5), 0..3)).prop_map(|(op, pred)| Damage::Pred(op, pred)),
        op.clone().prop_map(Damage::Insert),
        (op, 0u8..9).prop_map(|(op, action)| Damage::Action(op, action)),
    ]
}

fn spoil(change: &mut ExpandedChange, damage: &Damage) {
    let writer = change.actor_id.clone();
    let id = |counter: u64, who: u8| match who {
        0 => OpId::new(counter.max(1), &ActorId::from(b"komuz".as_slice())),
        4 => OpId::new(counter.max(1), &writer),
        who => OpId::new(counter.max(1), &actor(who)),
    };
    let count = change.operations.len();
    match damage {
        Damage::StartOp(by) => {
            let start = change.start_op.get().saturating_add_signed(*by).max(1);
            change.start_op = start.try_into().expect("not zero");
        }
        Damage::Seq(by) => change.seq = change.seq.saturating_add_signed(*by),
        Damage::NoDeps => change.deps.clear(),
        Damage::Drop(op) => drop(change.operations.remove(op % count)),
        Damage::Repeat(op) => change.operations.push(change.operations[op % count].clone()),
        Damage::Swap(a, b) => change.operations.swap(a % count, b % count),
        Damage::Object(op, counter, who) => change.operations[op % count].obj = ObjectId::Id(id(*counter, *who)),
        Damage::Element(op, counter, who) => {
            change.operations[op % count].key = Key::Seq(ElementId::Id(id(*counter, *who)));
        }
        Damage::Head(op) => change.operations[op % count].key = Key::Seq(ElementId::Head),
        Damage::Prop(op) => change.operations[op % count].key = Key::Map("key 1".into()),
        Damage::Pred(op, pred) => {
            change.operations[op % count].pred = pred.iter().map(|(c, who)| id(*c, *who)).collect::<Vec<_>>().into();
        }
        Damage::Insert(op) => change.operations[op % count].insert ^= true,
        Damage::Action(op, action) => {
            let op = &mut change.operations[op % count];
            op.action = match action {
                0 => OpType::Make(ObjType::Map),
                1 => OpType::Make(ObjType::List),
                2 => OpType::Make(ObjType::Text),
                3 => OpType::Delete,
                4 => OpType::Put("x".into()),
                5 => OpType::Put("longer".into()),
                6 => OpType::Put(5.into()),
                7 => OpType::MarkEnd(false),
                _ => OpType::Increment(1),
            };
        }
    }
}

/// Whatever passed: the document works on, saves and loads to the same, and so does what admission knows.
fn check_document(doc: &mut AutoCommit) -> Result<(), TestCaseError> {
    for round in 0..2 {
        let saved = doc.save();
        let mut back = match load(&saved) {
            Ok(back) => back,
            Err(error) => return Err(TestCaseError::fail(format!("round {round}: does not load: {error}"))),
        };
        prop_assert_eq!(back.get_heads(), doc.get_heads());
        let document = Document::load(DocKind::Body, &saved, &[9; 16]).expect("what loads is a body");
        let read = Gate::read(&document, &saved);
        prop_assert!(read.is_some_and(|read| read.is_like(&document, &Gate::of(&document))));
        let text = section(doc);
        prop_assert_eq!(back.text(&text).ok(), doc.text(&text).ok());
        prop_assert_eq!(back.marks(&text).ok(), doc.marks(&text).ok());
        typed(doc, "honest keys");
        let _ = act(
            doc,
            &Deed::Mark {
                at: 0,
                count: 3,
                on: true,
            },
        );
        let _ = act(doc, &Deed::Delete { at: 1, count: 2 });
        doc.commit();
    }
    Ok(())
}

proptest! {
    #[test]
    fn honest_changes_pass_in_any_order_and_give_the_same_document(
        deeds in deeds(),
        order in prop::collection::vec(any::<usize>(), 40),
    ) {
        let (mut people, changes) = history(&deeds);
        let mut whole = people.remove(0);
        for mut other in people {
            whole.merge(&mut other).expect("honest copies merge");
        }
        let mut left: Vec<usize> = (0..changes.len()).collect();
        let mut gate = Gate::new(DocKind::Body);
        let mut doc = body(9);
        for pick in order.iter().cycle() {
            if left.is_empty() {
                break;
            }
            let (who, change) = &changes[left.remove(pick % left.len())];
            match gate.admit(&binding(*who), change.raw_bytes()) {
                Verdict::Apply(ready) => doc.apply_changes(ready).expect("what is let through applies"),
                Verdict::Hold => {}
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            }
        }
        prop_assert_eq!(gate.take_refused(), vec![]);
        prop_assert_eq!(gate.held(), 0);
        prop_assert_eq!(doc.get_heads(), whole.get_heads());
        check_document(&mut doc)?;
    }

    #[test]
    fn spoiled_changes_never_harm_a_document(
        deeds in deeds(),
        pick in any::<usize>(),
        damage in prop::collection::vec(damage(), 1..3),
    ) {
        let (_, changes) = history(&deeds);
        let mut gate = Gate::new(DocKind::Body);
        let mut doc = body(9);
        let spoiled = pick % changes.len().max(1);
        for (at, (who, change)) in changes.iter().enumerate() {
            let change = if at == spoiled {
                doctored(change, |expanded| {
                    for damage in &damage {
                        if !expanded.operations.is_empty() {
                            spoil(expanded, damage);
                        }
                    }
                })
            } else {
                change.clone()
            };
            if let Verdict::Apply(ready) = gate.admit(&binding(*who), change.raw_bytes()) {
                doc.apply_changes(ready).expect("what is let through applies");
            }
        }
        check_document(&mut doc)?;
    }

    #[test]
    fn damaged_bytes_never_harm_a_document(
        deeds in deeds(),
        pick in any::<usize>(),
        damage in prop::collection::vec((any::<usize>(), any::<u8>(), 0u8..3), 1..4),
    ) {
        let (_, changes) = history(&deeds);
        let mut gate = Gate::new(DocKind::Body);
        let mut doc = body(9);
        let spoiled = pick % changes.len().max(1);
        for (at, (who, change)) in changes.iter().enumerate() {
            let mut bytes = change.raw_bytes().to_vec();
            if at == spoiled {
                let mut data = data(&bytes);
                for (place, byte, how) in &damage {
                    let place = place % data.len();
                    match how {
                        0 => data[place] = *byte,
                        1 => data.insert(place, *byte),
                        _ => drop(data.remove(place)),
                    }
                }
                bytes = chunk(1, &data, &data);
            }
            if let Verdict::Apply(ready) = gate.admit(&binding(*who), &bytes) {
                doc.apply_changes(ready).expect("what is let through applies");
            }
        }
        check_document(&mut doc)?;
    }

    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0u8..5) {
        let mut gate = Gate::new(DocKind::Body);
        for bytes in [bytes.clone(), chunk(kind, &bytes, &bytes)] {
            prop_assert!(matches!(gate.admit(&binding(1), &bytes), Verdict::Refuse(_)));
        }
    }
}
