//! Rows that a disk has damaged: what they held is asked for again.

use komuz_sync::seal::cbor::Reader;
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;

use crate::hostile::Crafted;
use crate::world::{World, body};

/// Ada and Cholpon, one server; ten envelopes of Ada's.
fn two(seed: u64) -> World {
    let mut world = World::new(seed, 1);
    world.quiet();
    world.admit(0, "Cholpon", "alpha", Role::Writer, None);
    for peer in 0..2 {
        world.watch(peer, &body("ky"));
    }
    for _ in 0..10 {
        world.write(0, &body("ky"));
    }
    world.quiet();
    world
}

/// Keys of a peer's envelope rows of a document, in the order of their counters.
fn envelopes(world: &World, peer: usize, doc: &DocId) -> Vec<(String, Vec<u8>)> {
    let log = Crafted::of(world, 0).keys(doc).id;
    let mut keys: Vec<_> = world.peers[peer]
        .disk
        .iter()
        .filter(|((table, key), _)| table == "envelopes" && key.starts_with(&log.0))
        .map(|(key, row)| {
            let (_, mut r) = Reader::versioned(row, 1 << 20).expect("a row");
            r.array(5).expect("five fields");
            let (_, _, counter) = (r.uint(), r.bytes(16), r.uint());
            (counter.expect("a counter"), key.clone())
        })
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, key)| key).collect()
}

/// The peer starts again; how many things it says about its rows.
fn restart(world: &mut World, peer: usize) -> usize {
    world.crash(peer);
    let troubles = std::mem::take(&mut world.peers[peer].troubles);
    assert!(troubles.iter().all(|said| said.contains("passed over")), "{troubles:?}");
    world.quiet();
    troubles.len()
}

#[test]
fn an_envelope_that_cannot_be_read_comes_again_and_what_follows_it_waits_for_it() {
    for damage in [
        |row: &mut Vec<u8>| row.truncate(20),
        |row: &mut Vec<u8>| {
            *row.last_mut().expect("a row") ^= 1;
        },
    ] {
        let mut world = two(1);
        let key = envelopes(&world, 1, &body("ky"))[4].clone();
        let good = world.peers[1].disk[&key].clone();
        damage(world.peers[1].disk.get_mut(&key).expect("the row"));
        assert_eq!(restart(&mut world, 1), 1);
        world.check(&[body("ky")]);
        assert_eq!(world.peers[1].disk[&key].len(), good.len());
        assert_eq!(restart(&mut world, 1), 0, "it is whole again");
    }
}

#[test]
fn what_the_document_has_already_is_not_delivered_again() {
    let mut world = two(2);
    world.peers[1].save(&body("ky"));
    world.drain();
    let key = envelopes(&world, 1, &body("ky"))[4].clone();
    world.peers[1].disk.get_mut(&key).expect("the row").truncate(20);
    // The peers themselves assert that nothing is delivered twice.
    restart(&mut world, 1);
    world.write(0, &body("ky"));
    world.quiet();
    world.check(&[body("ky")]);
}

#[test]
fn a_row_of_the_charter_comes_again_and_with_it_who_one_is() {
    for number in 0..3 {
        let mut world = two(3);
        let key = envelopes(&world, 1, &DocId::Charter)[number].clone();
        world.peers[1].disk.get_mut(&key).expect("the row").truncate(20);
        world.peers[1].joined = false;
        world.crash(1);
        world.peers[1].troubles.clear();
        let out = world.peers[1].replica.me().is_none();
        world.quiet();
        assert!(world.peers[1].replica.me().is_some());
        assert_eq!(world.peers[1].joined, out, "who was out is told that they are in");
        world.watch(1, &body("ky"));
        world.write(0, &body("ky"));
        world.quiet();
        world.check(&[body("ky")]);
    }
}

#[test]
fn a_note_that_a_relay_lacks_something_is_found_again_by_listing() {
    let mut world = two(4);
    world.relay_down(0);
    world.write(0, &body("ky"));
    while world.peers[0].flush().is_some() {}
    for ((table, _), row) in &mut world.peers[0].disk {
        if table == "unsent" {
            row.clear();
        }
    }
    assert_eq!(restart(&mut world, 0), 1);
    world.check(&[body("ky")]);
}
