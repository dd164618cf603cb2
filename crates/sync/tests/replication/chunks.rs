//! Pieces of files on a device: all are known from the start, few are in memory, and one that is gone comes again.

use komuz_sync::replica::{CHUNKS as TABLE, KEPT_BYTES};
use komuz_sync::seal::blob::{Blob, MAX_BLOB, MAX_CHUNKS, SEALED_CHUNK};
use komuz_sync::seal::bytes::EnvelopeId;

use crate::blobs::{
    ADA, BEN, CHUNKS, at_relay, brought, has, house, look, look_again, on_disk, picture, put, ticks, want,
};
use crate::world::World;

/// More of them than what is kept in memory.
const PICTURES: u8 = 12;

/// A device with many pictures on its disk, which starts anew: in memory is none of them.
fn with_many(world: &mut World, peer: usize) -> Vec<Blob> {
    let put_in = |number| put(world, peer, &picture(number, CHUNKS));
    let blobs: Vec<Blob> = (0..PICTURES).map(put_in).collect();
    world.drain();
    assert!(on_disk(world, peer) * SEALED_CHUNK > KEPT_BYTES);
    world.crash(peer);
    assert_eq!(world.peers[peer].replica.chunk_bytes(), 0);
    blobs
}

/// A peer's row of a chunk is gone.
fn lose_row(world: &mut World, peer: usize, id: &EnvelopeId) {
    let disk = &mut world.peers[peer].disk;
    let before = disk.len();
    disk.retain(|(table, key), _| table != TABLE || !key.ends_with(&id.0));
    assert_eq!(disk.len(), before - 1);
}

#[test]
fn who_starts_with_many_pictures_has_none_in_memory_and_fills_an_empty_server_with_few() {
    let mut world = house(30, 1);
    let blobs = with_many(&mut world, ADA);
    world.quiet();
    world.relay_down(0);
    for log in world.relays[0].logs.values_mut() {
        log.entries.clear();
    }
    world.crash(ADA);
    world.quiet();
    ticks(&mut world, 120);
    for blob in &blobs {
        assert_eq!(at_relay(&world, 0, blob), CHUNKS);
    }
    let most = world.peers[ADA].most;
    assert!(most > 0 && most <= KEPT_BYTES, "{most} bytes");
}

#[test]
fn what_was_put_in_without_a_server_is_sent_by_the_next_session_from_the_disk() {
    let mut world = house(31, 2);
    for relay in 0..2 {
        world.relay_down(relay);
    }
    let blobs = with_many(&mut world, ADA);
    assert_eq!(world.peers[ADA].replica.state().unsent, blobs.len() * CHUNKS);
    world.quiet();
    for blob in &blobs {
        assert_eq!((at_relay(&world, 0, blob), at_relay(&world, 1, blob)), (CHUNKS, CHUNKS));
    }
    assert!(world.peers[ADA].most <= KEPT_BYTES);
}

#[test]
fn what_is_not_on_the_disk_yet_stays_in_memory_however_much_it_is() {
    let mut world = house(32, 1);
    let blobs: Vec<Blob> = (0..PICTURES)
        .map(|number| put(&mut world, ADA, &picture(number, CHUNKS)))
        .collect();
    let all = blobs.len() * CHUNKS * SEALED_CHUNK;
    assert_eq!(world.peers[ADA].replica.chunk_bytes(), all);
    world.drain();
    assert!(world.peers[ADA].replica.chunk_bytes() <= KEPT_BYTES);
    assert_eq!(on_disk(&world, ADA), blobs.len() * CHUNKS);
}

#[test]
fn the_largest_file_is_put_together_whatever_else_is_in_memory() {
    let mut world = house(33, 1);
    let bytes: Vec<u8> = (0..MAX_BLOB).map(|at| (at / 777) as u8).collect();
    let blob = put(&mut world, ADA, &bytes);
    world.drain();
    world.crash(ADA);
    // More than is kept, and the disk does not take it.
    for number in 0..PICTURES {
        put(&mut world, ADA, &picture(number, CHUNKS));
    }
    want(&mut world, ADA, &blob);
    assert_eq!(world.peers[ADA].reads.len(), MAX_CHUNKS);
    assert!(look_again(&mut world, ADA, &blob) == bytes);
    let unwritten = usize::from(PICTURES) * CHUNKS * SEALED_CHUNK;
    assert_eq!(world.peers[ADA].replica.chunk_bytes(), unwritten);
}

#[test]
fn files_are_read_one_after_the_other() {
    let mut world = house(34, 1);
    let blobs = with_many(&mut world, ADA);
    world.relay_down(0);
    for blob in &blobs {
        want(&mut world, ADA, blob);
    }
    assert_eq!(world.peers[ADA].reads.len(), CHUNKS);
    while world.answer(ADA) {}
    assert!(blobs.iter().all(|blob| has(&world, ADA, blob)));
    assert!(world.peers[ADA].most <= KEPT_BYTES + CHUNKS * SEALED_CHUNK);
}

#[test]
fn a_chunk_that_is_gone_from_the_disk_is_fetched_again_alone() {
    let mut world = house(35, 1);
    let bytes = picture(1, CHUNKS);
    let blob = put(&mut world, ADA, &bytes);
    world.quiet();
    look(&mut world, BEN, &blob);
    world.drain();
    world.crash(BEN);
    lose_row(&mut world, BEN, &blob.chunks[3]);
    let before = brought(&world, BEN);
    assert!(look(&mut world, BEN, &blob) == bytes);
    let cost = brought(&world, BEN) - before;
    assert!(cost < 2 * SEALED_CHUNK as u64, "{cost} bytes");
    assert_eq!(world.peers[BEN].troubles, Vec::<String>::new(), "the server has it");
    world.drain();
    world.relay_down(0);
    world.crash(BEN);
    assert!(look_again(&mut world, BEN, &blob) == bytes);
}

#[test]
fn a_chunk_that_is_gone_and_that_no_server_has_is_said_and_holds_up_nothing() {
    let mut world = house(36, 2);
    for relay in 0..2 {
        world.relay_down(relay);
    }
    let bytes = picture(1, CHUNKS);
    let blob = put(&mut world, ADA, &bytes);
    world.drain();
    world.crash(ADA);
    lose_row(&mut world, ADA, &blob.chunks[3]);
    world.quiet();
    let said = std::mem::take(&mut world.peers[ADA].troubles);
    assert!(said.len() == 1 && said[0].contains("`chunks`"), "{said:?}");
    assert_eq!(
        (at_relay(&world, 0, &blob), at_relay(&world, 1, &blob)),
        (CHUNKS - 1, CHUNKS - 1)
    );
    // Who puts it in again has all of it again.
    assert_eq!(put(&mut world, ADA, &bytes), blob);
    world.quiet();
    assert!(look(&mut world, BEN, &blob) == bytes);
}

#[test]
fn a_crash_between_the_question_and_its_answer_harms_nothing() {
    let mut world = house(37, 1);
    let bytes = picture(1, CHUNKS);
    world.relay_down(0);
    let blob = put(&mut world, ADA, &bytes);
    world.drain();
    world.crash(ADA);
    want(&mut world, ADA, &blob);
    assert!(world.answer(ADA));
    assert!(!world.peers[ADA].reads.is_empty());
    world.crash(ADA);
    assert!(look_again(&mut world, ADA, &blob) == bytes);
    // Asked for to be sent.
    world.crash(ADA);
    world.relays[0].up = true;
    world.tick(60_000);
    world.carry_frames();
    assert!(!world.peers[ADA].reads.is_empty());
    world.crash(ADA);
    world.quiet();
    assert_eq!(at_relay(&world, 0, &blob), CHUNKS);
}

#[test]
fn what_is_let_go_while_its_row_is_read_is_gone_and_said_of_nobody() {
    let mut world = house(38, 1);
    let bytes = picture(1, CHUNKS);
    let blob = put(&mut world, ADA, &bytes);
    world.quiet();
    world.crash(ADA);
    want(&mut world, ADA, &blob);
    world.call(ADA, |replica, now, entropy| replica.forget_blob(&blob, now, entropy));
    world.flush(ADA);
    assert_eq!(on_disk(&world, ADA), 0);
    // It is put in again before the disk has answered.
    put(&mut world, ADA, &bytes);
    while world.answer(ADA) {}
    world.quiet();
    assert!(look_again(&mut world, ADA, &blob) == bytes);
    assert_eq!(world.peers[ADA].troubles, Vec::<String>::new());
}
