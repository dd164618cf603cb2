//! A gate read from the bytes of a saved document: it knows what one made from the document knows, or it is not read.

use automerge::AutoCommit;
use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::Transactable;
use komuz_core::admission::Gate;
use komuz_core::document::{DocKind, Document};
use proptest::prelude::*;

use crate::world::*;

/// A story with something of everything that documents hold, as two people wrote it, and one of them wrote on.
fn story() -> AutoCommit {
    let mut doc = body(1);
    let text = section(&doc);
    change(&mut doc, |doc| {
        doc.splice_text(&text, 0, 0, "a story 😀 of two").unwrap()
    });
    let mut other = doc.fork().with_actor(actor(2));
    change(&mut other, |doc| doc.splice_text(&text, 2, 5, "tale").unwrap());
    change(&mut other, |doc| {
        let mark = Mark::new("strong".to_owned(), true, 1, 6);
        doc.mark(&text, mark, ExpandMark::Both).unwrap();
    });
    change(&mut doc, |doc| doc.splice_text(&text, 3, 9, "").unwrap());
    change(&mut doc, |doc| {
        let block = doc.split_block(&text, 2).unwrap();
        doc.put(&block, "type", "heading").unwrap();
        doc.put(&block, "type", "quote").unwrap();
    });
    doc.merge(&mut other).unwrap();
    change(&mut doc, |doc| doc.join_block(&text, 2).unwrap());
    doc
}

fn loaded(saved: &[u8]) -> Document {
    Document::load(DocKind::Body, saved, &[9; 16]).expect("loads")
}

/// The saved document with other data under a checksum that is right.
fn reforged(saved: &[u8], forge: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut data = data(saved);
    forge(&mut data);
    document_chunk(&data)
}

#[test]
fn a_gate_is_read_from_the_bytes_that_its_document_was_loaded_from() {
    let saved = story().save();
    let doc = loaded(&saved);
    let read = Gate::read(&doc, &saved).expect("read");
    assert!(read.is_like(&doc, &Gate::of(&doc)));
    assert!(!read.is_like(&doc, &Gate::new(DocKind::Body)));
}

#[test]
fn a_gate_is_read_for_a_new_document_of_every_kind() {
    for kind in DocKind::ALL {
        let saved = Document::new(kind, &[1; 16]).save();
        let doc = Document::load(kind, &saved, &[2; 16]).expect("loads");
        assert!(Gate::read(&doc, &saved).expect("read").is_like(&doc, &Gate::new(kind)));
    }
}

#[test]
fn columns_may_be_deflated_or_not() {
    let mut doc = body(1);
    let text = section(&doc);
    for n in 0..600 {
        change(&mut doc, |doc| doc.splice_text(&text, n * n % (n + 1), 0, "a").unwrap());
    }
    let (deflated, plain) = (doc.save(), doc.save_nocompress());
    assert!(deflated.len() < plain.len());
    let doc = loaded(&deflated);
    for saved in [deflated, plain] {
        assert!(Gate::read(&doc, &saved).expect("read").is_like(&doc, &Gate::of(&doc)));
    }
}

// What is not read: the caller makes the gate from the document then.

#[test]
fn bytes_that_were_cut_or_changed_anywhere_are_not_read() {
    let saved = story().save();
    let doc = loaded(&saved);
    for at in 0..saved.len() {
        assert!(Gate::read(&doc, &saved[..at]).is_none(), "cut to {at} bytes");
        let mut changed = saved.clone();
        changed[at] ^= 1;
        assert!(Gate::read(&doc, &changed).is_none(), "changed at {at}");
    }
}

#[test]
fn bytes_of_another_document_are_not_read() {
    let doc = loaded(&story().save());
    for other in [body(1).save(), Document::new(DocKind::Notes, &[1; 16]).save()] {
        assert!(Gate::read(&doc, &other).is_none());
    }
}

#[test]
fn bytes_of_an_earlier_or_later_version_are_not_read() {
    let mut writer = story();
    let before = writer.save();
    typed(&mut writer, "more");
    let after = writer.save();
    assert!(Gate::read(&loaded(&after), &before).is_none());
    assert!(Gate::read(&loaded(&before), &after).is_none());
}

#[test]
fn a_document_with_changes_behind_it_is_not_read() {
    let mut writer = story();
    let mut saved = writer.save();
    saved.extend_from_slice(typed(&mut writer, "more").raw_bytes());
    assert!(Gate::read(&loaded(&saved), &saved).is_none());
}

#[test]
fn a_change_or_nothing_is_not_read() {
    let doc = loaded(&story().save());
    assert!(Gate::read(&doc, typed(&mut body(1), "a change").raw_bytes()).is_none());
    assert!(Gate::read(&doc, &[]).is_none());
    assert!(Gate::read(&doc, &document_chunk(&[])).is_none());
}

/// The story's bytes with another column (of the changes or the operations) or without it, under a right checksum.
fn forged(changes: bool, spec: u64, column: Option<&[u8]>) -> Vec<u8> {
    reforged(&story().save(), |data| {
        let mut columns = Columns::read(data);
        let part = if changes {
            &mut columns.changes
        } else {
            &mut columns.ops
        };
        part.retain(|(found, _)| found & !8 != spec & !8);
        part.extend(column.map(|column| (spec, column.to_vec())));
        part.sort();
        *data = columns.write();
    })
}

fn is_read_with(changes: bool, spec: u64, column: Option<&[u8]>) -> bool {
    Gate::read(&loaded(&story().save()), &forged(changes, spec, column)).is_some()
}

/// A column of one value so many times.
fn run(count: u64, value: u8) -> Vec<u8> {
    let mut column = Vec::new();
    uleb(&mut column, count);
    // A signed number that would pass for a negative one gets one more byte.
    if let Some(last) = column.last_mut().filter(|last| **last & 0x40 != 0) {
        *last |= 0x80;
        column.push(0);
    }
    column.push(value);
    column
}

#[test]
fn columns_that_nothing_was_done_to_are_read() {
    let columns = Columns::read(&data(&story().save()));
    for (changes, columns) in [(true, columns.changes), (false, columns.ops)] {
        for (spec, column) in columns {
            assert!(is_read_with(changes, spec, Some(&column)), "{spec:#x}");
        }
    }
}

#[test]
fn changes_and_operations_without_what_they_need_are_not_read() {
    let changes = [0x01, 0x03, 0x13, 0x43].map(|spec| (true, spec));
    let ops = [0x01, 0x02, 0x11, 0x13, 0x15, 0x21, 0x23, 0x34, 0x42, 0x80, 0x81, 0x83];
    for (changes, spec) in changes.into_iter().chain(ops.map(|spec| (false, spec))) {
        assert!(!is_read_with(changes, spec, None), "without {spec:#x}");
        assert!(!is_read_with(changes, spec, Some(&[0x7e])), "with a cut {spec:#x}");
    }
}

#[test]
fn changes_of_nobody_are_not_read() {
    assert!(!is_read_with(true, 0x01, Some(&run(7, 9))));
}

#[test]
fn changes_out_of_their_actors_order_are_not_read() {
    assert!(!is_read_with(true, 0x03, Some(&run(7, 2))));
    assert!(!is_read_with(true, 0x13, Some(&run(7, 0))));
}

#[test]
fn changes_that_build_on_later_ones_are_not_read() {
    assert!(!is_read_with(true, 0x43, Some(&run(100, 1))));
}

#[test]
fn operations_of_nobody_are_not_read() {
    assert!(!is_read_with(false, 0x21, Some(&run(100, 9))));
}

#[test]
fn one_operation_many_times_is_not_read() {
    assert!(!is_read_with(false, 0x23, Some(&[run(1, 5), run(100, 0)].concat())));
}

#[test]
fn operations_that_no_change_has_are_not_read() {
    assert!(!is_read_with(false, 0x23, Some(&run(100, 0x3f))));
}

#[test]
fn actions_that_have_no_row_are_not_read() {
    for action in [3, 5, 6, 8] {
        assert!(!is_read_with(false, 0x42, Some(&run(1, action))), "{action}");
    }
}

#[test]
fn fewer_operations_than_the_changes_have_are_not_read() {
    assert!(!is_read_with(false, 0x42, Some(&run(1, 1))));
}

#[test]
fn counts_that_nothing_follows_are_not_read() {
    for count in [100, 1 << 31, u64::MAX >> 2] {
        assert!(!is_read_with(true, 0x40, Some(&run(count, 0x7f))), "{count}");
        assert!(!is_read_with(false, 0x80, Some(&run(count, 0x7f))), "{count}");
        assert!(!is_read_with(false, 0x42, Some(&run(count, 1))), "{count}");
    }
}

#[test]
fn what_inflates_without_end_is_not_read() {
    use std::io::Write;
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    deflate.write_all(&vec![0; (16 << 20) + 1]).unwrap();
    assert!(!is_read_with(false, 0x42 | 8, Some(&deflate.finish().unwrap())));
}

/// A saved document's data, taken apart.
struct Columns {
    /// Actors and heads.
    head: Vec<u8>,
    changes: Vec<(u64, Vec<u8>)>,
    ops: Vec<(u64, Vec<u8>)>,
    /// The heads' numbers.
    tail: Vec<u8>,
}

impl Columns {
    fn read(data: &[u8]) -> Self {
        let mut rest = data;
        for _ in 0..take_uleb(&mut rest) {
            let length = take_uleb(&mut rest) as usize;
            rest = &rest[length..];
        }
        let heads = take_uleb(&mut rest) as usize;
        rest = &rest[heads * 32..];
        let head = data[..data.len() - rest.len()].to_vec();
        let mut lengths = || -> Vec<(u64, u64)> {
            (0..take_uleb(&mut rest))
                .map(|_| (take_uleb(&mut rest), take_uleb(&mut rest)))
                .collect()
        };
        let (changes, ops) = (lengths(), lengths());
        let mut columns = |lengths: Vec<(u64, u64)>| {
            let column = |(spec, length): (u64, u64)| {
                let (column, after) = rest.split_at(length as usize);
                rest = after;
                (spec, column.to_vec())
            };
            lengths.into_iter().map(column).collect()
        };
        let (changes, ops) = (columns(changes), columns(ops));
        Self {
            head,
            changes,
            ops,
            tail: rest.to_vec(),
        }
    }

    fn write(&self) -> Vec<u8> {
        let mut data = self.head.clone();
        for columns in [&self.changes, &self.ops] {
            uleb(&mut data, columns.len() as u64);
            for (spec, column) in columns {
                uleb(&mut data, *spec);
                uleb(&mut data, column.len() as u64);
            }
        }
        for (_, column) in self.changes.iter().chain(&self.ops) {
            data.extend_from_slice(column);
        }
        data.extend_from_slice(&self.tail);
        data
    }
}

fn take_uleb(rest: &mut &[u8]) -> u64 {
    let length = rest.iter().position(|byte| byte & 0x80 == 0).expect("a number") + 1;
    let (number, after) = rest.split_at(length);
    *rest = after;
    number
        .iter()
        .rev()
        .fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f))
}

proptest! {
    #[test]
    fn random_damage_under_a_right_checksum_does_not_stop_the_program(
        damage in prop::collection::vec((any::<usize>(), any::<u8>(), 0u8..3), 1..6),
    ) {
        let saved = story().save();
        let forged = reforged(&saved, |data| {
            for (place, byte, how) in &damage {
                let place = place % data.len();
                match how {
                    0 => data[place] = *byte,
                    1 => data.insert(place, *byte),
                    _ => drop(data.remove(place)),
                }
            }
        });
        let _ = Gate::read(&loaded(&saved), &forged);
    }
}
