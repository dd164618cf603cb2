//! What admission lets through and what it refuses, one case a test: the names are the specification.

#[path = "admission/random.rs"]
mod random;
#[path = "admission/saved.rs"]
mod saved;
#[path = "admission/whole.rs"]
mod whole;
#[path = "admission/world.rs"]
mod world;

use std::num::NonZeroU64;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::Transactable;
use automerge::{ActorId, Automerge, Change, ChangeHash, ObjType, PatchLog, ROOT, ReadDoc, ScalarValue, TextEncoding};
use komuz_core::admission::{Gate, MAX_CHUNK, MAX_COUNTER, MAX_HELD, Refusal, Verdict, branch_actor, session_of};
use komuz_core::document::{DocKind, Document};
use world::*;

fn start(counter: u64) -> NonZeroU64 {
    NonZeroU64::new(counter).expect("not zero")
}

// What passes.

#[test]
fn an_honest_change_is_let_through_and_known_afterwards() {
    let mut gate = Gate::new(DocKind::Body);
    let change = typed(&mut body(1), "word");
    assert_eq!(applied(gate.admit(&binding(1), change.raw_bytes()))[0], change);
    assert!(gate.has(&change.hash()));
    assert_eq!(gate.admit(&binding(1), change.raw_bytes()), Verdict::Known);
}

#[test]
fn a_compressed_change_is_let_through_as_the_same_change() {
    let mut change = typed(&mut body(1), &"a long sentence ".repeat(200));
    let compressed = change.bytes().to_vec();
    assert!(compressed.len() < change.raw_bytes().len());
    let admitted = applied(Gate::new(DocKind::Body).admit(&binding(1), &compressed));
    assert_eq!(admitted[0].hash(), change.hash());
}

#[test]
fn the_genesis_is_known_from_the_start() {
    for kind in DocKind::ALL {
        let mut gate = Gate::new(kind);
        let binding = komuz_core::admission::Binding { kind, ..binding(1) };
        assert_eq!(
            gate.admit(&binding, Document::genesis(kind).raw_bytes()),
            Verdict::Known
        );
    }
}

#[test]
fn a_branch_on_old_heads_writes_as_an_actor_derived_from_the_session() {
    let mut gate = Gate::new(DocKind::Body);
    let mut doc = body(1);
    let heads = doc.get_heads();
    let text = headline(&doc);
    assert_eq!(
        applied(gate.admit(&binding(1), typed(&mut doc, "new").raw_bytes())).len(),
        1
    );
    for expected in ["one", "two"] {
        let mut branch = doc.document().clone();
        let mut tx = branch
            .transaction_at(PatchLog::inactive(), &heads)
            .expect("known heads");
        tx.splice_text(&text, 0, 0, expected).expect("typed");
        let hash = tx.commit().0.expect("something was typed");
        let change = branch.get_change_by_hash(&hash).expect("written");
        assert_ne!(*change.actor_id(), actor(1));
        assert_eq!(session_of(change.actor_id().to_bytes()), binding(1).actor());
        assert_eq!(applied(gate.admit(&binding(1), change.raw_bytes())).len(), 1);
        doc.apply_changes([change]).expect("applies");
    }
}

#[test]
fn a_change_that_comes_before_what_it_builds_on_waits_for_it() {
    let mut gate = Gate::new(DocKind::Body);
    let mut doc = body(1);
    let changes: Vec<_> = ["a", "b", "c"].iter().map(|word| typed(&mut doc, word)).collect();
    assert_eq!(gate.admit(&binding(1), changes[2].raw_bytes()), Verdict::Hold);
    assert_eq!(gate.admit(&binding(1), changes[1].raw_bytes()), Verdict::Hold);
    assert_eq!(gate.admit(&binding(1), changes[1].raw_bytes()), Verdict::Known);
    assert_eq!(gate.missing(), [changes[0].hash()]);
    assert_eq!(applied(gate.admit(&binding(1), changes[0].raw_bytes())), changes);
    assert_eq!(gate.held(), 0);
    assert_eq!(gate.missing(), []);
}

#[test]
fn a_held_change_that_turns_out_wrong_is_refused_and_named() {
    let mut gate = Gate::new(DocKind::Body);
    let mut doc = body(1);
    let first = typed(&mut doc, "a");
    let second = doctored(&typed(&mut doc, "b"), |e| e.seq = 7);
    assert_eq!(gate.admit(&binding(1), second.raw_bytes()), Verdict::Hold);
    assert_eq!(applied(gate.admit(&binding(1), first.raw_bytes())), [first]);
    assert_eq!(
        gate.take_refused(),
        [(second.hash(), Refusal::SeqGap { found: 7, expected: 2 })]
    );
}

// What does not count.

/// Person 1 types, person 2 types on top of it, and person 3 on top of that.
fn chain() -> [Change; 3] {
    let mut docs = [1, 2, 3].map(body);
    let first = typed(&mut docs[0], "one");
    docs[1].apply_changes([first.clone()]).expect("applies");
    let second = typed(&mut docs[1], "two");
    docs[2].apply_changes([first.clone(), second.clone()]).expect("applies");
    let third = typed(&mut docs[2], "three");
    [first, second, third]
}

#[test]
fn what_builds_on_a_change_that_does_not_count_never_comes_and_is_not_waited_for() {
    let [first, second, third] = chain();
    let mut gate = Gate::new(DocKind::Body);
    assert!(gate.void(&binding(1), first.raw_bytes()));
    assert_eq!(gate.admit(&binding(2), second.raw_bytes()), Verdict::Void);
    assert_eq!(gate.admit(&binding(3), third.raw_bytes()), Verdict::Void);
    assert_eq!((gate.held(), gate.voided().len()), (0, 3));
    // What does not build on it comes as ever.
    assert_eq!(
        applied(gate.admit(&binding(2), typed(&mut body(2), "other").raw_bytes())).len(),
        1
    );
}

#[test]
fn what_was_held_for_a_change_is_let_go_when_that_does_not_count() {
    let [first, second, third] = chain();
    let mut gate = Gate::new(DocKind::Body);
    assert_eq!(gate.admit(&binding(3), third.raw_bytes()), Verdict::Hold);
    assert_eq!(gate.admit(&binding(2), second.raw_bytes()), Verdict::Hold);
    assert!(gate.holds(&second.hash()));
    assert!(gate.void(&binding(1), first.raw_bytes()));
    assert_eq!((gate.held(), gate.missing()), (0, Vec::new()));
    assert_eq!(gate.admit(&binding(3), third.raw_bytes()), Verdict::Void);
}

#[test]
fn nobody_makes_anothers_change_void_by_copying_it() {
    let [first, second, _] = chain();
    let mut gate = Gate::new(DocKind::Body);
    assert!(!gate.void(&binding(2), first.raw_bytes()));
    assert_eq!(applied(gate.admit(&binding(1), first.raw_bytes())).len(), 1);
    // What counts stays: it came in another envelope, too.
    assert!(!gate.void(&binding(1), first.raw_bytes()));
    assert_eq!(applied(gate.admit(&binding(2), second.raw_bytes())).len(), 1);
}

#[test]
fn what_counts_after_all_makes_the_gate_stale_since_others_were_passed_over_for_it() {
    let [first, second, _] = chain();
    let mut gate = Gate::new(DocKind::Body);
    gate.void(&binding(1), first.raw_bytes());
    assert_eq!(gate.admit(&binding(2), second.raw_bytes()), Verdict::Void);
    let known: Vec<ChangeHash> = gate.voided().copied().collect();
    // Kept with the document, it is known to the next one.
    let mut gate = Gate::new(DocKind::Body);
    gate.knows_void(known);
    assert!(!gate.is_stale());
    assert_eq!(applied(gate.admit(&binding(1), first.raw_bytes())).len(), 1);
    assert!(gate.is_stale());
}

#[test]
fn a_session_may_write_on_as_a_branch_of_its_own() {
    let mut gate = Gate::new(DocKind::Body);
    let branch = branch_actor(&binding(1).actor(), 3);
    assert_eq!(session_of(&branch), binding(1).actor());
    let mut doc = body(1).with_actor(ActorId::from(branch));
    let change = typed(&mut doc, "again");
    assert_eq!(applied(gate.admit(&binding(1), change.raw_bytes())).len(), 1);
    let change = typed(&mut doc, "more");
    assert!(matches!(
        gate.admit(&binding(2), change.raw_bytes()),
        Verdict::Refuse(Refusal::OtherActor)
    ));
}

#[test]
fn no_more_is_held_than_fits_and_what_does_not_fit_may_come_again() {
    let mut gate = Gate::new(DocKind::Body);
    let good = typed(&mut body(1), "word");
    for n in 0..MAX_HELD {
        let orphan = doctored(&good, |e| {
            e.deps = vec![ChangeHash([n as u8; 32]), ChangeHash([(n >> 8) as u8 | 0x80; 32])]
        });
        let orphan = doctored(&orphan, |e| {
            e.deps.sort();
            e.deps.dedup();
            e.seq = n as u64 + 1;
        });
        assert_eq!(gate.admit(&binding(1), orphan.raw_bytes()), Verdict::Hold);
    }
    let one_more = doctored(&good, |e| e.deps = vec![ChangeHash([1; 32])]);
    assert!(matches!(gate.admit(&binding(1), one_more.raw_bytes()), Verdict::Full(full) if full.changes == MAX_HELD));
    assert!(matches!(
        gate.admit(&binding(1), one_more.raw_bytes()),
        Verdict::Full(_)
    ));
}

#[test]
fn a_gate_made_from_a_document_judges_as_one_that_saw_it_grow() {
    let mut grown = Gate::new(DocKind::Body);
    let mut doc = body(1);
    let mut middle = typed(&mut doc, "first");
    assert_eq!(applied(grown.admit(&binding(1), middle.raw_bytes())).len(), 1);
    for n in 0..100 {
        middle = typed(&mut doc, &n.to_string());
        assert_eq!(applied(grown.admit(&binding(1), middle.raw_bytes())).len(), 1);
    }
    let saved = doc.save();
    let loaded = Document::load(DocKind::Body, &saved, &[9; 16]).expect("loads");
    let mut read = Gate::read(&loaded, &saved).expect("read");
    let mut of = Gate::of(&loaded);
    assert!(of.is_like(&loaded, &grown) && read.is_like(&loaded, &grown));
    let next = typed(&mut doc, "next");
    let bad = doctored(&next, |e| e.start_op = start(5));
    for gate in [&mut grown, &mut of] {
        assert!(matches!(
            refused(gate.admit(&binding(1), bad.raw_bytes())),
            Refusal::StartOp { .. }
        ));
        assert_eq!(applied(gate.admit(&binding(1), next.raw_bytes())).len(), 1);
    }
    // One that was read asks its document for the changes that it came with, and knows the others.
    let mut admit = |change: &Change| read.admit_beside(&loaded, &binding(1), change.raw_bytes());
    let Refusal::StartOp { .. } = refused(admit(&bad)) else {
        panic!("not refused for its counter");
    };
    let last = typed(&mut doc, "last");
    assert_eq!(admit(&last), Verdict::Hold);
    assert_eq!(applied(admit(&next)).len(), 2);
    for known in [&middle, &next, &last] {
        assert_eq!(admit(known), Verdict::Known);
    }
}

#[test]
fn ones_own_changes_are_learned_and_others_may_build_on_them() {
    let mut gate = Gate::new(DocKind::Body);
    let mut mine = body(1);
    let own = typed(&mut mine, "mine");
    assert_eq!(gate.learn(own.raw_bytes()), Ok(own.hash()));
    let mut theirs = mine.fork().with_actor(actor(2));
    let answer = typed(&mut theirs, "theirs");
    assert_eq!(applied(gate.admit(&binding(2), answer.raw_bytes())), [answer]);
}

// The hostile changes of docs/design.md section 3.

#[test]
fn a_change_that_counts_from_one_is_refused() {
    assert!(matches!(
        refusal(|e| e.start_op = start(1)),
        Refusal::StartOp { found: 1, .. }
    ));
}

#[test]
fn a_change_that_uses_counters_up_is_refused() {
    for counter in [u64::from(u32::MAX) - 1, u64::from(u32::MAX)] {
        assert!(matches!(
            refusal(|e| e.start_op = start(counter)),
            Refusal::StartOp { .. }
        ));
    }
    // Beyond 32 bits Automerge itself does not parse it.
    assert!(matches!(
        refusal(|e| e.start_op = start(u64::from(u32::MAX) + 10)),
        Refusal::Malformed { .. }
    ));
    assert!(matches!(
        refusal(|e| e.start_op = start(u64::MAX)),
        Refusal::Malformed { .. }
    ));
}

#[test]
fn a_counter_may_run_ahead_of_its_deps_by_what_others_can_have_written_and_no_further() {
    let mut first = 0;
    let Refusal::StartOp { least, most, .. } = refusal(|e| {
        first = e.start_op.get();
        e.start_op = start(1 << 30);
    }) else {
        panic!("another refusal");
    };
    assert_eq!((least, most), (first, first - 1 + (1 << 20)));
    let from = |counter| {
        verdict(|e| {
            e.operations.truncate(1);
            e.start_op = start(counter);
        })
    };
    assert!(matches!(from(least), Verdict::Apply(_)));
    assert!(matches!(from(most), Verdict::Apply(_)));
    assert!(matches!(from(most + 1), Verdict::Refuse(_)));
}

#[test]
fn many_leaps_do_not_use_counters_up_either() {
    let mut gate = Gate::new(DocKind::Body);
    let mut next = typed(&mut body(1), "a");
    let mut passed = Vec::new();
    let last = loop {
        match gate.admit(&binding(1), next.raw_bytes()) {
            Verdict::Apply(changes) => passed.extend(changes),
            other => break refused(other),
        }
        next = doctored(&next, |e| {
            e.deps = vec![passed[passed.len() - 1].hash()];
            e.seq += 1;
            e.start_op = start(e.start_op.get() + (1 << 20));
        });
    };
    assert_eq!(last, Refusal::Exhausted { limit: MAX_COUNTER });
    let mut doc = body(2);
    doc.apply_changes(passed).expect("applies");
    typed(&mut doc, "honest keys still work");
    assert!(load(&doc.save()).is_ok());
}

#[test]
fn a_deflate_bomb_is_refused_without_inflating_it_all() {
    let mut doc = body(1);
    let mut bomb = change(&mut doc, |doc| doc.put(ROOT, "x", "a".repeat(200 << 20)).expect("put"));
    let bytes = bomb.bytes().to_vec();
    assert!(bytes.len() < 300 << 10);
    let refusal = refused(Gate::new(DocKind::Body).admit(&binding(1), &bytes));
    assert_eq!(
        refusal,
        Refusal::InflatesTooLarge {
            limit: komuz_core::admission::MAX_INFLATED
        }
    );
}

#[test]
fn a_run_of_a_billion_operations_in_three_bytes_is_refused() {
    let mut data = data(typed(&mut body(1), "word").raw_bytes());
    let at = data
        .windows(4)
        .position(|w| w == [4, 1, 4, 0x16])
        .expect("actions, then value types of one character");
    // "four times 1" becomes "a billion times 1".
    data.splice(at..at + 1, [0x80, 0x94, 0xeb, 0xdc, 0x03]);
    set_action_column(&mut data, 6);
    assert!(matches!(
        bytes_refused(&chunk(1, &data, &data)),
        Refusal::Malformed { .. }
    ));
}

/// Sets the length of the action column, which stands behind its specification, 0x42.
fn set_action_column(data: &mut [u8], length: u8) {
    let at = data
        .windows(3)
        .position(|w| w == [0x42, 2, 0x56])
        .expect("the action column");
    data[at + 1] = length;
}

#[test]
fn someone_elses_actor_is_refused() {
    let change = typed(&mut body(1), "VICTIM");
    assert_eq!(
        refused(Gate::new(DocKind::Body).admit(&binding(2), change.raw_bytes())),
        Refusal::OtherActor
    );
}

#[test]
fn an_actor_derived_from_someone_elses_session_is_refused() {
    let mut derived = vec![0x13, 0xb2, 0x23, 0x09, 1];
    derived.extend_from_slice(actor(2).to_bytes());
    assert_eq!(
        refusal(|e| e.actor_id = ActorId::from(derived.clone())),
        Refusal::OtherActor
    );
    // And a branch number that is not written in the shortest way is nobody's.
    let mut longer = vec![0x13, 0xb2, 0x23, 0x09, 0x81, 0x00];
    longer.extend_from_slice(actor(1).to_bytes());
    assert_eq!(
        refusal(|e| e.actor_id = ActorId::from(longer.clone())),
        Refusal::OtherActor
    );
}

#[test]
fn two_changes_with_one_actor_and_number_do_not_both_pass() {
    let mut gate = Gate::new(DocKind::Body);
    let first = typed(&mut body(1), "first");
    let second = typed(&mut body(1), "other");
    assert_eq!(applied(gate.admit(&binding(1), first.raw_bytes())), [first]);
    assert_eq!(
        refused(gate.admit(&binding(1), second.raw_bytes())),
        Refusal::SeqTaken { seq: 1 }
    );
}

// Order.

#[test]
fn a_gap_in_the_numbers_is_refused() {
    assert_eq!(refusal(|e| e.seq = 2), Refusal::SeqGap { found: 2, expected: 1 });
    assert_eq!(refusal(|e| e.seq = 0), Refusal::SeqGap { found: 0, expected: 1 });
    assert_eq!(
        refusal(|e| e.seq = u64::MAX),
        Refusal::SeqGap {
            found: u64::MAX,
            expected: 1
        }
    );
}

#[test]
fn a_change_that_does_not_build_on_its_actors_previous_one_is_refused() {
    let mut gate = Gate::new(DocKind::Body);
    let first = typed(&mut body(1), "first");
    assert_eq!(applied(gate.admit(&binding(1), first.raw_bytes())).len(), 1);
    let fork = doctored(&typed(&mut body(1), "second"), |e| e.seq = 2);
    assert_eq!(
        refused(gate.admit(&binding(1), fork.raw_bytes())),
        Refusal::Forked { seq: 2 }
    );
}

#[test]
fn another_first_change_is_refused() {
    assert_eq!(refusal(|e| e.deps.clear()), Refusal::OtherGenesis);
}

#[test]
fn a_change_from_another_documents_log_is_refused() {
    let change = typed(&mut body(1), "word");
    let mut gate = Gate::new(DocKind::Notes);
    assert_eq!(
        refused(gate.admit(&binding(1), change.raw_bytes())),
        Refusal::OtherLog {
            found: DocKind::Body,
            expected: DocKind::Notes
        }
    );
}

// Bytes.

fn bytes_refused(bytes: &[u8]) -> Refusal {
    refused(Gate::new(DocKind::Body).admit(&binding(1), bytes))
}

#[test]
fn a_truncated_change_is_refused_wherever_it_is_cut() {
    let change = typed(&mut body(1), "word");
    for end in 0..change.raw_bytes().len() {
        assert_eq!(
            bytes_refused(&change.raw_bytes()[..end]),
            Refusal::Truncated,
            "cut at {end}"
        );
    }
}

#[test]
fn trailing_bytes_are_refused() {
    let mut bytes = typed(&mut body(1), "word").raw_bytes().to_vec();
    bytes.extend_from_slice(b"more");
    assert_eq!(bytes_refused(&bytes), Refusal::Trailing { bytes: 4 });
}

#[test]
fn two_changes_in_one_are_refused() {
    let mut doc = body(1);
    let mut bytes = typed(&mut doc, "one").raw_bytes().to_vec();
    let second = typed(&mut doc, "two");
    bytes.extend_from_slice(second.raw_bytes());
    assert_eq!(
        bytes_refused(&bytes),
        Refusal::Trailing {
            bytes: second.raw_bytes().len()
        }
    );
}

#[test]
fn trailing_bytes_behind_deflated_data_are_refused() {
    let mut change = typed(&mut body(1), &"a long sentence ".repeat(200));
    let inflated = data(change.raw_bytes());
    let mut deflated = data(&change.bytes());
    deflated.extend_from_slice(b"rider");
    assert_eq!(
        bytes_refused(&chunk(2, &deflated, &inflated)),
        Refusal::Trailing { bytes: 5 }
    );
}

#[test]
fn damaged_deflated_data_is_refused() {
    assert_eq!(bytes_refused(&chunk(2, &[0xff; 40], b"")), Refusal::Deflate);
}

#[test]
fn a_document_in_place_of_a_change_is_refused() {
    assert_eq!(
        bytes_refused(&body(1).save()),
        Refusal::NotAChange { found: "document" }
    );
    assert_eq!(
        bytes_refused(&chunk(3, b"x", b"x")),
        Refusal::NotAChange { found: "bundle" }
    );
}

#[test]
fn an_unknown_type_of_chunk_is_refused() {
    assert_eq!(bytes_refused(&chunk(4, b"x", b"x")), Refusal::UnknownChunk { kind: 4 });
}

#[test]
fn bytes_of_something_else_are_refused() {
    assert_eq!(bytes_refused(b"<html>not a change</html>"), Refusal::NotAChunk);
    assert_eq!(bytes_refused(b""), Refusal::Truncated);
    assert_eq!(
        bytes_refused(&vec![0; MAX_CHUNK + 1]),
        Refusal::TooLarge {
            size: MAX_CHUNK + 1,
            limit: MAX_CHUNK
        }
    );
}

#[test]
fn a_wrong_checksum_is_refused() {
    let mut bytes = typed(&mut body(1), "word").raw_bytes().to_vec();
    bytes[4] ^= 1;
    assert_eq!(bytes_refused(&bytes), Refusal::Checksum);
    bytes[4] ^= 1;
    *bytes.last_mut().expect("not empty") ^= 1;
    assert_eq!(bytes_refused(&bytes), Refusal::Checksum);
}

#[test]
fn a_header_in_another_spelling_brings_the_same_change() {
    let change = typed(&mut body(1), "word");
    let data = data(change.raw_bytes());
    let mut longer = change.raw_bytes()[..9].to_vec();
    longer.extend_from_slice(&[data.len() as u8 | 0x80, (data.len() >> 7) as u8 | 0x80, 0]);
    longer.extend_from_slice(&data);
    // The header is not kept: what is let through is written anew.
    assert_eq!(applied(Gate::new(DocKind::Body).admit(&binding(1), &longer)), [change]);
}

#[test]
fn the_same_operations_in_another_spelling_are_refused() {
    let mut data = data(typed(&mut body(1), "word").raw_bytes());
    // "four times 1" as "three times 1, once 1".
    let at = data
        .windows(4)
        .position(|w| w == [4, 1, 4, 0x16])
        .expect("actions, then value types of one character");
    data.splice(at..at + 2, [3, 1, 1, 1]);
    set_action_column(&mut data, 4);
    assert_eq!(bytes_refused(&chunk(1, &data, &data)), Refusal::NotCanonical);
}

// Content.

fn operation(doctor: impl FnOnce(&mut Op)) -> Refusal {
    refusal(|e| doctor(&mut e.operations[0]))
}

#[test]
fn an_operation_on_an_object_that_is_not_there_is_refused() {
    assert_eq!(
        operation(|op| op.obj = ObjectId::Id(OpId::new(3000, &actor(1)))),
        Refusal::Reference { what: "an object" }
    );
    assert_eq!(
        operation(|op| op.obj = ObjectId::Id(OpId::new(1, &actor(9)))),
        Refusal::Reference { what: "an actor" }
    );
    // The genesis' first operation is there, but it is the format version.
    let genesis = ActorId::from(b"komuz".as_slice());
    assert!(matches!(
        operation(|op| op.obj = ObjectId::Id(OpId::new(1, &genesis))),
        Refusal::Reference { .. }
    ));
}

#[test]
fn an_insertion_after_an_element_that_is_not_there_is_refused() {
    let nowhere = |counter| Key::Seq(ElementId::Id(OpId::new(counter, &actor(1))));
    assert_eq!(
        operation(|op| op.key = nowhere(3000)),
        Refusal::Reference { what: "an element" }
    );
    // After an element that the same change inserts later.
    let later = typed(&mut body(1), "word").start_op().get() + 1;
    assert_eq!(
        operation(|op| op.key = nowhere(later)),
        Refusal::Reference { what: "an element" }
    );
}

#[test]
fn an_element_of_another_text_is_refused() {
    let mut doc = body(1);
    let mut gate = Gate::new(DocKind::Body);
    let first = typed(&mut doc, "headline");
    assert_eq!(applied(gate.admit(&binding(1), first.raw_bytes())).len(), 1);
    let section = section(&doc);
    let second = change(&mut doc, |doc| doc.splice_text(&section, 1, 0, "text").expect("typed"));
    let wrong = doctored(&second, |e| {
        e.operations[0].key = Key::Seq(ElementId::Id(OpId::new(first.start_op().get(), &actor(1))));
    });
    assert_eq!(
        refused(gate.admit(&binding(1), wrong.raw_bytes())),
        Refusal::Reference { what: "an element" }
    );
}

#[test]
fn a_reference_to_what_the_change_has_not_seen_is_refused() {
    // Person 2's text is in the document, but person 1's change does not build on it.
    let mut gate = Gate::new(DocKind::Body);
    let theirs = typed(&mut body(2), "theirs");
    assert_eq!(applied(gate.admit(&binding(2), theirs.raw_bytes())).len(), 1);
    let mine = doctored(&typed(&mut body(1), "mine"), |e| {
        e.operations[0].key = Key::Seq(ElementId::Id(OpId::new(theirs.start_op().get(), &actor(2))));
        e.start_op = start(theirs.max_op() + 1);
        for (n, op) in e.operations.iter_mut().enumerate().skip(1) {
            op.key = Key::Seq(ElementId::Id(OpId::new(theirs.max_op() + n as u64, &actor(1))));
        }
    });
    assert_eq!(
        refused(gate.admit(&binding(1), mine.raw_bytes())),
        Refusal::Reference { what: "an element" }
    );
}

#[test]
fn a_deletion_of_something_that_is_not_there_is_refused() {
    let mut doc = body(1);
    let mut gate = Gate::new(DocKind::Body);
    let first = typed(&mut doc, "words");
    assert_eq!(applied(gate.admit(&binding(1), first.raw_bytes())).len(), 1);
    let text = headline(&doc);
    let deletion = change(&mut doc, |doc| doc.splice_text(&text, 1, 1, "").expect("deleted"));
    let missing = Refusal::Reference {
        what: "what it deletes or overwrites",
    };
    let id = |counter| OpId::new(counter, &actor(1));
    let other = doctored(&deletion, |e| {
        e.operations[0].pred = vec![id(first.start_op().get() + 3)].into()
    });
    assert_eq!(refused(gate.admit(&binding(1), other.raw_bytes())), missing);
    let none = doctored(&deletion, |e| e.operations[0].pred = vec![].into());
    assert_eq!(refused(gate.admit(&binding(1), none.raw_bytes())), missing);
    let twice = doctored(&deletion, |e| {
        e.operations[0].pred = vec![id(first.start_op().get() + 1); 2].into()
    });
    assert_eq!(
        refused(gate.admit(&binding(1), twice.raw_bytes())),
        Refusal::NotCanonical
    );
    assert_eq!(applied(gate.admit(&binding(1), deletion.raw_bytes())).len(), 1);
}

#[test]
fn counters_and_tables_are_refused() {
    let mut doc = body(1);
    let counter = change(&mut doc, |doc| {
        doc.put(ROOT, "x", ScalarValue::counter(1)).expect("put")
    });
    assert!(matches!(bytes_refused(counter.raw_bytes()), Refusal::Forbidden { .. }));
    let mut doc = body(1);
    let table = change(&mut doc, |doc| {
        drop(doc.put_object(ROOT, "x", ObjType::Table).expect("put"))
    });
    assert_eq!(bytes_refused(table.raw_bytes()), Refusal::Forbidden { what: "a table" });
}

#[test]
fn values_that_texts_do_not_hold_are_refused() {
    let forbidden = Refusal::Forbidden {
        what: "an operation that its object does not take",
    };
    for value in [
        ScalarValue::Int(5),
        ScalarValue::Null,
        "two".into(),
        ScalarValue::Bytes(vec![1]),
    ] {
        assert_eq!(operation(|op| op.action = OpType::Put(value)), forbidden);
    }
    assert_eq!(operation(|op| op.action = OpType::Make(ObjType::List)), forbidden);
    assert_eq!(operation(|op| op.action = OpType::Delete), forbidden);
}

#[test]
fn a_mark_that_ends_before_it_starts_is_refused() {
    let mut doc = body(1);
    let mut gate = Gate::new(DocKind::Body);
    let first = typed(&mut doc, "some words");
    assert_eq!(applied(gate.admit(&binding(1), first.raw_bytes())).len(), 1);
    let text = headline(&doc);
    let mark = Mark::new("strong".to_owned(), true, 2, 6);
    let good = change(&mut doc, |doc| {
        doc.mark(&text, mark, ExpandMark::After).expect("marked")
    });
    let backwards = doctored(&good, |e| {
        let (start, end) = (e.operations[0].key.clone(), e.operations[1].key.clone());
        e.operations[0].key = end;
        e.operations[1].key = start;
    });
    assert_eq!(
        refused(gate.admit(&binding(1), backwards.raw_bytes())),
        Refusal::MarkOrder
    );
    let at_once = doctored(&good, |e| e.operations[1].key = e.operations[0].key.clone());
    assert_eq!(
        refused(gate.admit(&binding(1), at_once.raw_bytes())),
        Refusal::MarkOrder
    );
    let half = doctored(&good, |e| drop(e.operations.pop()));
    assert_eq!(refused(gate.admit(&binding(1), half.raw_bytes())), Refusal::MarkOrder);
    let other_half = doctored(&good, |e| drop(e.operations.remove(0)));
    assert_eq!(
        refused(gate.admit(&binding(1), other_half.raw_bytes())),
        Refusal::MarkOrder
    );
    assert_eq!(applied(gate.admit(&binding(1), good.raw_bytes())).len(), 1);
}

#[test]
fn a_change_without_operations_is_refused() {
    assert_eq!(refusal(|e| e.operations.clear()), Refusal::Empty);
}

#[test]
fn what_automerge_would_carry_along_is_refused() {
    assert!(matches!(
        refusal(|e| e.message = Some("hello".to_owned())),
        Refusal::Forbidden { .. }
    ));
    assert!(matches!(refusal(|e| e.time = 1_600_000_000), Refusal::Forbidden { .. }));
    assert!(matches!(
        refusal(|e| e.extra_bytes = vec![1, 2, 3]),
        Refusal::Forbidden { .. }
    ));
}

#[test]
fn a_refused_change_leaves_no_trace() {
    let mut gate = Gate::new(DocKind::Body);
    let good = typed(&mut body(1), "word");
    let bad = doctored(&good, |e| {
        e.operations[3].obj = ObjectId::Id(OpId::new(3000, &actor(1)))
    });
    for _ in 0..3 {
        assert_eq!(
            refused(gate.admit(&binding(1), bad.raw_bytes())),
            Refusal::Reference { what: "an object" }
        );
    }
    assert_eq!(applied(gate.admit(&binding(1), good.raw_bytes())), [good]);
}

#[test]
fn a_document_of_another_encoding_is_the_same_to_the_gate() {
    // Positions are the writer's business: what travels are element ids.
    let saved = Document::new(DocKind::Body, &[0; 16]).save();
    let mut doc = Automerge::load(&saved).expect("loads").with_actor(actor(1));
    assert_ne!(doc.text_encoding(), TextEncoding::Utf16CodeUnit);
    let (_, text) = doc.get(ROOT, "headline").expect("a map").expect("there");
    let mut tx = doc.transaction();
    tx.splice_text(&text, 0, 0, "а😀б").expect("typed");
    tx.commit();
    let change = doc.get_last_local_change().expect("written");
    assert_eq!(
        applied(Gate::new(DocKind::Body).admit(&binding(1), change.raw_bytes())).len(),
        1
    );
}
