//! Files: their bytes come to those who look at them, and to nobody else.

use komuz_sync::replica::{CommandError, MAX_WANTED};
use komuz_sync::seal::blob::{Blob, BlobError, CHUNK, SEALED_CHUNK, log_of};
use komuz_sync::seal::bytes::{Digest, EnvelopeId, LogId};
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;

use crate::hostile::secrets;
use crate::seeds;
use crate::world::World;

pub const ADA: usize = 0;
pub const BEN: usize = 1;
pub const CLEO: usize = 2;

/// How many chunks the files of these tests have, unless they say otherwise.
pub const CHUNKS: usize = 8;

/// Ada, an editor, with Ben and Cleo, writers of her outlet; all know the files.
pub fn house(seed: u64, relays: usize) -> World {
    let mut world = World::new(seed, relays);
    for relay in 1..relays {
        world.add_server(relay);
    }
    for name in ["Ben", "Cleo"] {
        world.admit(ADA, name, "alpha", Role::Writer, None);
    }
    for peer in 0..3 {
        world.watch(peer, &DocId::Files);
    }
    world.quiet();
    world
}

/// A file of so many chunks, unlike every other.
pub fn picture(number: u8, chunks: usize) -> Vec<u8> {
    let len = chunks * CHUNK - 100;
    (0..len).map(|at| (at / 1000) as u8 ^ number.wrapping_mul(31)).collect()
}

fn may_put(world: &mut World, peer: usize, bytes: &[u8]) -> Result<Blob, CommandError> {
    let mut put = None;
    world.call(peer, |replica, now, entropy| {
        match replica.put_blob(bytes, now, entropy) {
            Ok((blob, out)) => {
                put = Some(Ok(blob));
                out
            }
            Err(why) => {
                put = Some(Err(why));
                Vec::new()
            }
        }
    });
    put.expect("called")
}

pub fn put(world: &mut World, peer: usize, bytes: &[u8]) -> Blob {
    may_put(world, peer, bytes).expect("a writer may")
}

pub fn want(world: &mut World, peer: usize, blob: &Blob) {
    world.call(peer, |replica, now, entropy| {
        replica.want_blob(blob, now, entropy).expect("not too many")
    });
}

pub fn has(world: &World, peer: usize, blob: &Blob) -> bool {
    world.peers[peer].blobs.contains_key(&blob.sha256)
}

/// Lets a peer look at a file until it has come.
pub fn look(world: &mut World, peer: usize, blob: &Blob) -> Vec<u8> {
    want(world, peer, blob);
    world.carry_until(|world| has(world, peer, blob));
    world.peers[peer].blobs[&blob.sha256].clone()
}

/// Lets a peer look at a file that is on its disk.
pub fn look_again(world: &mut World, peer: usize, blob: &Blob) -> Vec<u8> {
    world.peers[peer].blobs.remove(&blob.sha256);
    want(world, peer, blob);
    while world.answer(peer) {}
    world.peers[peer].blobs[&blob.sha256].clone()
}

pub fn brought(world: &World, peer: usize) -> u64 {
    world.brought.get(&peer).map_or(0, |carried| carried.bytes)
}

fn sent(world: &World, peer: usize) -> u64 {
    world.sent.get(&peer).map_or(0, |carried| carried.bytes)
}

/// How many chunks lie on a peer's disk.
pub fn on_disk(world: &World, peer: usize) -> usize {
    let rows = world.peers[world.owner(peer)].disk.keys();
    rows.filter(|(table, _)| table == "chunks").count()
}

/// How many of a blob's chunks a relay has, in whichever log.
pub fn at_relay(world: &World, relay: usize, blob: &Blob) -> usize {
    let entries = world.relays[relay].logs.values().flat_map(|log| &log.entries);
    entries.filter(|entry| blob.chunks.contains(&entry.id)).count()
}

/// The log that a blob's chunks lie in.
fn log(world: &World, relay: usize, blob: &Blob) -> LogId {
    let mut logs = world.relays[relay].logs.iter();
    let found = logs.find(|(_, log)| log.entries.iter().any(|entry| blob.chunks.contains(&entry.id)));
    *found.expect("it is there").0
}

pub fn ticks(world: &mut World, seconds: usize) {
    for _ in 0..seconds {
        world.drain();
        world.tick(1_000);
    }
    world.drain();
}

#[test]
fn nobody_fetches_what_nobody_looks_at() {
    let mut world = house(1, 2);
    let before = brought(&world, BEN);
    let blob = put(&mut world, ADA, &picture(1, CHUNKS));
    world.quiet();
    ticks(&mut world, 300);
    assert_eq!(
        (at_relay(&world, 0, &blob), at_relay(&world, 1, &blob)),
        (CHUNKS, CHUNKS)
    );
    assert_eq!((on_disk(&world, BEN), on_disk(&world, CLEO)), (0, 0));
    let cost = brought(&world, BEN) - before;
    assert!(cost < 20_000, "{cost} bytes");
    // Whoever is let in later does not either, nor do those who come back.
    let dora = world.admit(ADA, "Dora", "alpha", Role::Reviewer, None);
    world.watch(dora, &DocId::Files);
    world.quiet();
    world.crash(BEN);
    world.quiet();
    ticks(&mut world, 60);
    for peer in [BEN, dora] {
        assert_eq!(on_disk(&world, peer), 0);
        assert!(brought(&world, peer) < SEALED_CHUNK as u64, "{}", brought(&world, peer));
    }
}

#[test]
fn who_looks_gets_it_for_the_price_of_the_picture_and_others_do_not() {
    let mut world = house(2, 1);
    let bytes = picture(1, CHUNKS);
    let blob = put(&mut world, ADA, &bytes);
    world.quiet();
    let (ben, cleo) = (brought(&world, BEN), brought(&world, CLEO));
    assert!(look(&mut world, BEN, &blob) == bytes);
    world.quiet();
    let cost = brought(&world, BEN) - ben;
    assert!(cost < bytes.len() as u64 + 8_000, "{cost} bytes for {}", bytes.len());
    assert!(brought(&world, CLEO) - cleo < 4_000);
    // It is here from now on.
    world.relay_down(0);
    assert!(look_again(&mut world, BEN, &blob) == bytes);
    assert_eq!(on_disk(&world, BEN), CHUNKS);
    for peer in &world.peers {
        assert!(
            peer.troubles.is_empty() && peer.doubts.is_empty(),
            "{:?}",
            peer.troubles
        );
    }
}

#[test]
fn what_one_has_put_in_is_there_at_once_without_a_server() {
    let mut world = house(3, 1);
    world.relay_down(0);
    let bytes = picture(1, 2);
    let blob = put(&mut world, ADA, &bytes);
    want(&mut world, ADA, &blob);
    assert!(world.peers[ADA].blobs[&blob.sha256] == bytes);
    assert_eq!(world.peers[ADA].replica.state().unsent, 2, "and no server has it");
    world.quiet();
    assert_eq!(world.peers[ADA].replica.state().unsent, 0);
}

#[test]
fn after_a_drop_mid_way_only_what_is_missing_is_fetched() {
    let mut world = house(4, 1);
    let bytes = picture(1, CHUNKS);
    let blob = put(&mut world, ADA, &bytes);
    world.quiet();
    for restart in [false, true] {
        let peer = if restart { CLEO } else { BEN };
        want(&mut world, peer, &blob);
        world.carry_until(|world| on_disk(world, peer) == CHUNKS / 2);
        world.relay_down(0);
        if restart {
            world.crash(peer);
            want(&mut world, peer, &blob);
        }
        world.relays[0].up = true;
        let (before, there) = (brought(&world, peer), on_disk(&world, peer));
        assert_eq!(there, CHUNKS / 2);
        world.carry_until(|world| has(world, peer, &blob));
        assert!(world.peers[peer].blobs[&blob.sha256] == bytes);
        let cost = brought(&world, peer) - before;
        let missing = ((CHUNKS - there) * SEALED_CHUNK) as u64;
        assert!(cost < missing + 20_000, "{cost} bytes for {missing}");
    }
}

#[test]
fn what_one_server_lacks_is_fetched_from_another_and_brought_to_the_first() {
    let mut world = house(5, 2);
    let bytes = picture(1, CHUNKS);
    let blob = put(&mut world, ADA, &bytes);
    world.quiet();
    // Nobody notices, and who put it in is gone.
    let log = log(&world, 1, &blob);
    world.relays[1].logs.get_mut(&log).expect("there").entries.clear();
    world.lose(ADA);
    let (ben, cleo) = (ADA, BEN);
    let before = brought(&world, ben);
    assert!(look(&mut world, ben, &blob) == bytes);
    let cost = brought(&world, ben) - before;
    assert!(cost < (bytes.len() + 20_000) as u64, "no chunk comes twice: {cost}");
    ticks(&mut world, 120);
    assert_eq!(at_relay(&world, 1, &blob), CHUNKS);
    assert_eq!(on_disk(&world, cleo), 0, "by who has it alone");
}

#[test]
fn a_server_that_was_emptied_is_refilled_by_whoever_has_it_and_not_by_all_of_them() {
    let mut world = house(6, 1);
    let blob = put(&mut world, ADA, &picture(1, CHUNKS));
    world.quiet();
    look(&mut world, BEN, &blob);
    look(&mut world, CLEO, &blob);
    world.quiet();
    world.lose(ADA);
    let (ben, cleo) = (ADA, BEN);
    world.relay_down(0);
    let ticket = world.relays[0].logs.clone();
    for log in world.relays[0].logs.values_mut() {
        log.entries.clear();
    }
    assert!(!ticket.is_empty());
    let before = sent(&world, ben) + sent(&world, cleo);
    world.quiet();
    ticks(&mut world, 120);
    assert_eq!(at_relay(&world, 0, &blob), CHUNKS);
    let cost = sent(&world, ben) + sent(&world, cleo) - before;
    let twice = (2 * CHUNKS * SEALED_CHUNK) as u64;
    assert!(cost < twice * 3 / 4, "{cost} bytes, and all of it twice is {twice}");
}

#[test]
fn a_server_that_is_added_later_gets_it_from_who_has_it() {
    let mut world = house(7, 1);
    world.relays.push(crate::relay::Relay::new(&crate::world::url(2)));
    let blob = put(&mut world, ADA, &picture(1, CHUNKS));
    world.quiet();
    world.add_server(1);
    world.quiet();
    assert_eq!(at_relay(&world, 1, &blob), CHUNKS);
    assert_eq!(on_disk(&world, BEN), 0);
}

#[test]
fn a_chunk_that_a_server_has_swapped_or_cut_is_passed_over_and_fetched_elsewhere() {
    let mut world = house(8, 2);
    let bytes = picture(1, CHUNKS);
    let blob = put(&mut world, ADA, &bytes);
    world.quiet();
    let log = log(&world, 0, &blob);
    let entries = &mut world.relays[0].logs.get_mut(&log).expect("there").entries;
    let other = entries[1].bytes.clone();
    entries[0].bytes = other;
    entries[2].bytes.truncate(512);
    entries[3].bytes[1000] ^= 1;
    entries[4].bytes.clear();
    // While only that server is there, the picture does not come, and nothing is taken for it.
    world.apart.insert((BEN, 1));
    let conns: Vec<_> = world.peers[BEN].conns.values().copied().collect();
    for conn in conns {
        world.cut(conn);
    }
    want(&mut world, BEN, &blob);
    ticks(&mut world, 300);
    assert!(!has(&world, BEN, &blob) && world.peers[BEN].refused_blobs.is_empty());
    assert_eq!(on_disk(&world, BEN), CHUNKS - 4);
    world.apart.clear();
    world.carry_until(|world| has(world, BEN, &blob));
    assert!(world.peers[BEN].blobs[&blob.sha256] == bytes);
}

#[test]
fn what_no_server_has_yet_is_asked_for_seldom_and_comes_when_it_is_there() {
    let mut world = house(9, 1);
    // Ada's words get through and her picture does not, for an hour.
    world.apart.insert((ADA, 0));
    world.relay_down(0);
    world.relays[0].up = true;
    let bytes = picture(1, 2);
    let blob = put(&mut world, ADA, &bytes);
    want(&mut world, BEN, &blob);
    ticks(&mut world, 30);
    let before = world.sent[&BEN].clone();
    ticks(&mut world, 3_600);
    let asked = world.sent[&BEN].frames - before.frames;
    let probes = 3_600 / 30 * 8;
    assert!(asked < probes + 3 * 3_600 / 30, "{asked} frames in an hour");
    world.apart.clear();
    world.carry_until(|world| has(world, BEN, &blob));
}

#[test]
fn a_file_goes_out_once_it_is_on_the_disk_and_outlives_a_restart() {
    let mut world = house(10, 2);
    let blob = put(&mut world, ADA, &picture(1, CHUNKS));
    // The frames go, the disk does not.
    for _ in 0..20 {
        world.carry_frames();
        world.tick(1_000);
    }
    assert_eq!(at_relay(&world, 0, &blob), 0);
    while world.flush(ADA) {}
    // Some of it is there and is not known to be.
    world.carry_until(|world| at_relay(world, 0, &blob) >= 2);
    world.crash(ADA);
    assert!(world.peers[ADA].replica.state().unsent >= 2);
    world.quiet();
    assert_eq!(
        (at_relay(&world, 0, &blob), at_relay(&world, 1, &blob)),
        (CHUNKS, CHUNKS)
    );
    assert_eq!(world.peers[ADA].replica.state().unsent, 0);
}

#[test]
fn a_key_that_changes_in_between_leaves_old_files_where_they_are() {
    let mut world = house(11, 1);
    let (old, new) = (picture(1, 3), picture(2, 3));
    let first = put(&mut world, ADA, &old);
    world.quiet();
    world.call(ADA, |replica, now, entropy| {
        replica.rotate(now, entropy).expect("an editor may")
    });
    world.quiet();
    let second = put(&mut world, BEN, &new);
    world.quiet();
    assert_ne!(first.epoch, second.epoch);
    assert_ne!(log(&world, 0, &first), log(&world, 0, &second));
    // Whoever comes later has the keys to both.
    let dora = world.admit(ADA, "Dora", "alpha", Role::Observer, None);
    world.watch(dora, &DocId::Files);
    world.quiet();
    for peer in [CLEO, dora] {
        assert!(look(&mut world, peer, &first) == old);
        assert!(look(&mut world, peer, &second) == new);
    }
}

#[test]
fn who_was_taken_out_gets_nothing_that_is_put_in_later_and_puts_nothing_in() {
    let mut world = house(12, 1);
    let first = put(&mut world, ADA, &picture(1, 2));
    world.quiet();
    let cleo = world.peers[CLEO].replica.me().expect("a member").member.id;
    world.call(ADA, |replica, now, entropy| {
        replica.remove(&cleo, now, entropy).expect("an editor may")
    });
    ticks(&mut world, 60);
    let second = put(&mut world, ADA, &picture(2, 2));
    want(&mut world, CLEO, &second);
    ticks(&mut world, 120);
    assert!(!has(&world, CLEO, &second));
    assert_eq!(on_disk(&world, CLEO), 0);
    let refused = may_put(&mut world, CLEO, &picture(3, 1)).expect_err("is out");
    assert_eq!(refused.code, "removed");
    // What was put in before is still to be had by who is in.
    look(&mut world, BEN, &first);
    look(&mut world, BEN, &second);
}

#[test]
fn an_observer_looks_and_puts_nothing_in() {
    let mut world = house(13, 1);
    let olga = world.admit(ADA, "Olga", "alpha", Role::Observer, None);
    world.watch(olga, &DocId::Files);
    let bytes = picture(1, 2);
    let blob = put(&mut world, ADA, &bytes);
    world.quiet();
    assert!(look(&mut world, olga, &blob) == bytes);
    assert_eq!(may_put(&mut world, olga, &bytes).expect_err("may not").code, "role");
    let refused = may_put(&mut world, ADA, &[]).expect_err("nothing");
    assert_eq!(refused.code, "payload-too-large");
}

#[test]
fn a_name_that_is_not_so_is_refused_and_said_and_costs_a_chunk_at_most() {
    let mut world = house(14, 1);
    let blob = put(&mut world, ADA, &picture(1, CHUNKS));
    world.quiet();
    // Somebody writes down chunks of one picture as another.
    let other = Blob {
        sha256: Digest([7; 32]),
        ..blob.clone()
    };
    let before = brought(&world, BEN);
    want(&mut world, BEN, &other);
    world.carry_until(|world| !world.peers[BEN].refused_blobs.is_empty());
    ticks(&mut world, 60);
    assert_eq!(world.peers[BEN].refused_blobs, [(other, BlobError::Chunk(0))]);
    assert_eq!(on_disk(&world, BEN), 0);
    assert!(brought(&world, BEN) - before < 3 * SEALED_CHUNK as u64);
    // The same chunk in another's place does not harm who has the right name.
    let turned = Blob {
        chunks: blob.chunks.iter().rev().copied().collect(),
        ..blob.clone()
    };
    want(&mut world, BEN, &turned);
    look(&mut world, BEN, &blob);
    assert_eq!(world.peers[BEN].refused_blobs.len(), 2);
}

#[test]
fn chunks_that_open_and_are_together_something_else_are_refused() {
    let mut world = house(15, 1);
    let blob = put(&mut world, ADA, b"the one");
    world.quiet();
    let keys = log_of(&secrets(&world, ADA).1);
    let (right, sealed) = Blob::seal(b"the one", &keys).expect("sealed");
    assert_eq!(right, blob, "whoever has the key makes the same");
    assert_eq!(sealed.len(), 1);
    let forged = Blob {
        size: 6,
        ..blob.clone()
    };
    want(&mut world, BEN, &forged);
    world.carry_until(|world| !world.peers[BEN].refused_blobs.is_empty());
}

#[test]
fn chunks_that_nobody_has_hold_up_nothing_else() {
    let mut world = house(16, 1);
    let bytes = picture(1, CHUNKS);
    let blob = put(&mut world, ADA, &bytes);
    world.quiet();
    for number in 0..200u8 {
        let never = Blob {
            sha256: Digest([number; 32]),
            chunks: (0..CHUNKS as u8)
                .map(|at| EnvelopeId([number ^ at.wrapping_mul(17); 32]))
                .collect(),
            ..blob.clone()
        };
        want(&mut world, BEN, &never);
    }
    let before = world.now;
    assert!(look(&mut world, BEN, &blob) == bytes);
    assert!(world.now - before < 120_000, "{} ms", world.now - before);
}

#[test]
fn no_more_than_a_thousand_are_wanted_at_once() {
    let mut world = house(17, 1);
    let blob = put(&mut world, ADA, &picture(1, 1));
    let name = |number: u32| {
        let mut sha256 = [0; 32];
        sha256[..4].copy_from_slice(&number.to_be_bytes());
        Blob {
            sha256: Digest(sha256),
            ..blob.clone()
        }
    };
    world.relay_down(0);
    for number in 0..MAX_WANTED as u32 {
        want(&mut world, BEN, &name(number));
    }
    let replica = &mut world.peers[BEN].replica;
    let more = name(MAX_WANTED as u32);
    assert!(
        replica
            .want_blob(&more, world.now, &mut |bytes| bytes.fill(0))
            .is_none()
    );
    assert!(
        replica
            .want_blob(&name(7), world.now, &mut |bytes| bytes.fill(0))
            .is_some()
    );
    replica.forget_blob(&name(3), world.now, &mut |bytes| bytes.fill(0));
    assert!(
        replica
            .want_blob(&more, world.now, &mut |bytes| bytes.fill(0))
            .is_some()
    );
}

#[test]
fn two_who_put_in_the_same_at_once_fill_the_servers_once() {
    let mut world = house(18, 1);
    world.relay_down(0);
    let bytes = picture(1, CHUNKS);
    let (first, second) = (put(&mut world, ADA, &bytes), put(&mut world, BEN, &bytes));
    assert_eq!(first, second);
    world.quiet();
    assert_eq!(at_relay(&world, 0, &first), CHUNKS);
    assert!(look(&mut world, CLEO, &first) == bytes);
}

#[test]
fn what_one_tab_has_fetched_the_other_has() {
    let mut world = house(19, 1);
    let bytes = picture(1, 3);
    let blob = put(&mut world, ADA, &bytes);
    world.quiet();
    let tab = world.tab(BEN);
    world.quiet();
    look(&mut world, BEN, &blob);
    world.drain();
    world.relay_down(0);
    assert!(look_again(&mut world, tab, &blob) == bytes);
}

#[test]
fn what_a_tab_put_in_before_it_died_another_sends() {
    let mut world = house(22, 1);
    let tab = world.tab(ADA);
    world.quiet();
    world.relay_down(0);
    let blob = put(&mut world, tab, &picture(1, 3));
    world.drain();
    world.lose(tab);
    world.quiet();
    ticks(&mut world, 120);
    assert_eq!(at_relay(&world, 0, &blob), 3);
}

#[test]
fn what_is_forgotten_is_gone_here_and_can_be_had_again() {
    let mut world = house(20, 1);
    let blob = put(&mut world, ADA, &picture(1, 3));
    world.relay_down(0);
    world.call(ADA, |replica, now, entropy| replica.forget_blob(&blob, now, entropy));
    world.drain();
    assert_eq!(on_disk(&world, ADA), 3, "no server has it yet");
    world.quiet();
    look(&mut world, BEN, &blob);
    world.call(BEN, |replica, now, entropy| replica.forget_blob(&blob, now, entropy));
    world.drain();
    assert_eq!(on_disk(&world, BEN), 0);
    world.peers[BEN].blobs.clear();
    look(&mut world, BEN, &blob);
}

#[test]
fn a_chunk_that_was_damaged_on_the_disk_is_said_and_fetched_again() {
    let mut world = house(21, 1);
    let bytes = picture(1, 3);
    let blob = put(&mut world, ADA, &bytes);
    world.quiet();
    look(&mut world, BEN, &blob);
    world.drain();
    let row = world.peers[BEN]
        .disk
        .iter_mut()
        .find(|((table, _), _)| table == "chunks");
    row.expect("a chunk").1[5000] ^= 1;
    world.crash(BEN);
    assert!(look(&mut world, BEN, &blob) == bytes);
    let said = &world.peers[BEN].troubles;
    assert!(said.len() == 1 && said[0].contains("`chunks`"), "{said:?}");
    world.drain();
    world.crash(BEN);
    world.relay_down(0);
    assert!(look_again(&mut world, BEN, &blob) == bytes);
    assert_eq!(world.peers[BEN].troubles.len(), 1);
}

#[test]
fn whatever_goes_wrong_what_was_put_in_comes_to_who_looks() {
    seeds::each("blobs", 12, |seed| {
        let mut world = house(seed, 2);
        let mut put_in = Vec::new();
        for step in 0..600 {
            world.happen(&[DocId::Files]);
            if step % 150 == 20 {
                let peer = world.dice.below(3);
                let bytes = picture(step as u8, 1 + world.dice.below(3));
                let blob = put(&mut world, peer, &bytes);
                while world.flush(peer) {}
                put_in.push((peer, blob, bytes));
            }
            if step % 50 == 40
                && let Some((_, blob, _)) = put_in.last()
            {
                let (peer, blob) = (world.dice.below(3), blob.clone());
                if !has(&world, peer, &blob) {
                    want(&mut world, peer, &blob);
                }
            }
        }
        world.quiet();
        for (_, blob, bytes) in &put_in {
            for peer in 0..3 {
                if !has(&world, peer, blob) {
                    look(&mut world, peer, blob);
                }
                assert!(world.peers[peer].blobs[&blob.sha256] == *bytes);
            }
            world.quiet();
            assert!((0..2).any(|relay| at_relay(&world, relay, blob) == blob.chunks.len()));
        }
        world.check(&[DocId::Files]);
    });
}
