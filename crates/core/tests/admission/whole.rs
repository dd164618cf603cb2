//! Documents that come whole: what is taken is what would have been let through change by change, and vouched for by who wrote it.

use automerge::transaction::Transactable;
use automerge::{AutoCommit, Change, PatchLog, ROOT, ScalarValue};
use komuz_core::admission::{Gate, Refusal, SnapshotRefusal, Vouched, last_of_actors, session_of, takes_whole};
use komuz_core::document::{DocKind, Document};

use crate::world::*;

/// What two people wrote, each building on the other's words.
fn story() -> AutoCommit {
    let mut doc = body(1);
    typed(&mut doc, "a story ");
    let mut other = doc.fork().with_actor(actor(2));
    typed(&mut other, "of two, ");
    typed(&mut doc, "once ");
    doc.merge(&mut other).expect("merges");
    typed(&mut doc, "and again ");
    doc
}

/// What the sessions of all actors of a document would have signed.
fn signed(doc: &AutoCommit) -> Vouched {
    let mut doc = doc.clone();
    let mut vouched = Vouched::new();
    let changes = doc.get_changes(&[]);
    for change in changes.iter().filter(|change| !change.deps().is_empty()) {
        let session = session_of(change.actor_id().to_bytes()).try_into().expect("a session");
        vouched.entry(session).or_default().insert(change.hash());
    }
    vouched
}

fn whole(saved: &[u8], vouched: &Vouched) -> Result<(Document, Gate), SnapshotRefusal> {
    Gate::admit_whole(DocKind::Body, saved, &[9; 16], vouched)
}

fn refused(saved: &[u8], vouched: &Vouched) -> SnapshotRefusal {
    match whole(saved, vouched) {
        Ok(_) => panic!("it was taken"),
        Err(why) => why,
    }
}

/// The story with a change that its author has made past all gates.
fn smuggled(change: &Change) -> AutoCommit {
    let mut doc = story();
    doc.apply_changes([change.clone()]).expect("Automerge takes it");
    doc
}

#[test]
fn what_was_signed_for_is_taken_and_its_gate_is_that_of_the_document() {
    let mut doc = story();
    let (document, gate) = whole(&doc.save(), &signed(&doc)).expect("taken");
    assert_eq!(document.heads(), doc.get_heads());
    assert!(gate.is_like(&document, &Gate::of(&document)));
}

#[test]
fn only_the_last_change_of_each_actor_needs_a_signature() {
    let mut doc = story();
    let saved = doc.save();
    let last = last_of_actors(&Document::load(DocKind::Body, &saved, &[9; 16]).expect("loads"));
    assert_eq!(last.len(), 2);
    let mut vouched = signed(&doc);
    for changes in vouched.values_mut() {
        changes.retain(|change| last.contains(change));
        assert_eq!(changes.len(), 1);
    }
    assert!(whole(&saved, &vouched).is_ok());
}

#[test]
fn what_follows_is_admitted_as_after_the_changes_themselves() {
    let mut doc = story();
    let (document, mut gate) = whole(&doc.save(), &signed(&doc)).expect("taken");
    let next = typed(&mut doc, "the end ");
    assert_eq!(
        applied(gate.admit_beside(&document, &binding(1), next.raw_bytes())),
        [next]
    );
}

#[test]
fn a_branch_counts_as_its_sessions_own() {
    let mut doc = story();
    let heads = doc.document().get_heads();
    let text = headline(&doc);
    let mut branch = doc.clone().document().clone();
    let mut tx = branch
        .transaction_at(PatchLog::inactive(), &heads)
        .expect("known heads");
    tx.splice_text(&text, 0, 0, "aside ").expect("typed");
    tx.commit();
    let mut branch = load(&branch.save()).expect("loads");
    assert!(whole(&branch.save(), &signed(&branch)).is_ok());
}

#[test]
fn nobody_has_signed_for_an_actors_changes() {
    let mut doc = story();
    let mut vouched = signed(&doc);
    vouched.remove(&binding(2).actor());
    assert!(matches!(
        refused(&doc.save(), &vouched),
        SnapshotRefusal::Unsigned { seq: 1 }
    ));
}

#[test]
fn an_invented_change_behind_what_was_signed() {
    let doc = story();
    let vouched = signed(&doc);
    let mut more = doc.clone();
    typed(&mut more, "and he confessed ");
    assert!(matches!(
        refused(&more.save(), &vouched),
        SnapshotRefusal::Unsigned { seq: 4 }
    ));
}

#[test]
fn an_altered_change_in_the_middle() {
    let mut doc = body(1);
    let first = typed(&mut doc, "they paid ");
    let second = typed(&mut doc, "nothing ");
    let vouched = signed(&doc);
    // With another first change, the second has another hash too.
    let mut forged = body(1);
    typed(&mut forged, "they took ");
    typed(&mut forged, "nothing ");
    assert!(!forged.get_changes(&[]).contains(&first) && !forged.get_changes(&[]).contains(&second));
    assert!(matches!(
        refused(&forged.save(), &vouched),
        SnapshotRefusal::Unsigned { seq: 2 }
    ));
}

#[test]
fn a_signature_of_another_session() {
    let mut doc = story();
    let mut vouched = signed(&doc);
    let theirs = vouched.remove(&binding(2).actor()).expect("person 2 wrote");
    vouched.insert(binding(3).actor(), theirs);
    assert!(matches!(
        refused(&doc.save(), &vouched),
        SnapshotRefusal::Unsigned { .. }
    ));
}

#[test]
fn a_change_that_no_gate_lets_through_although_its_author_signed_it() {
    let good = typed(&mut story(), "x");
    let far = doctored(&good, |change| {
        change.start_op = (1 << 30).try_into().expect("not zero")
    });
    let mut doc = smuggled(&far);
    assert!(matches!(
        refused(&doc.save(), &signed(&doc)),
        SnapshotRefusal::Change {
            refusal: Refusal::StartOp { .. },
            ..
        }
    ));
    let timed = doctored(&good, |change| change.message = Some("a hidden word".into()));
    let mut doc = smuggled(&timed);
    assert!(matches!(
        refused(&doc.save(), &signed(&doc)),
        SnapshotRefusal::Change {
            refusal: Refusal::Forbidden { .. },
            ..
        }
    ));
}

#[test]
fn what_is_no_whole_document() {
    let mut doc = story();
    let saved = doc.save();
    let vouched = signed(&doc);
    let mut longer = saved.clone();
    longer.push(0);
    let mut flipped = saved.clone();
    *flipped.last_mut().expect("not empty") ^= 1;
    let change = typed(&mut doc, "x");
    for wrong in [
        &[][..],
        &saved[..saved.len() / 2],
        &longer,
        &flipped,
        change.raw_bytes(),
    ] {
        assert!(matches!(refused(wrong, &vouched), SnapshotRefusal::Bytes(_)));
    }
}

#[test]
fn a_document_of_another_kind() {
    let notes = Document::new(DocKind::Notes, &[1; 16]).save();
    assert!(matches!(refused(&notes, &Vouched::new()), SnapshotRefusal::Document(_)));
}

#[test]
fn a_column_that_inflates_beyond_all_bounds() {
    let mut doc = story();
    let bomb = ScalarValue::Bytes(vec![0; 17 << 20]);
    doc.put(ROOT, "bomb", bomb).expect("put");
    doc.commit();
    let saved = doc.save();
    assert!(saved.len() < 1 << 20 && !takes_whole(&saved));
    assert!(matches!(
        refused(&saved, &signed(&doc)),
        SnapshotRefusal::Bytes(Refusal::InflatesTooLarge { .. })
    ));
}
