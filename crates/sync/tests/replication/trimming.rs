//! Servers let go of old envelopes when a snapshot that holds them was found equal, one keeps everything, and nobody loses a word
//! by it.

use komuz_sync::frame::{ClientFrame, sign_trimming};
use komuz_sync::seal::bytes::LogId;
use komuz_sync::seal::chain;
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::derive::LogKeys;
use komuz_sync::seal::doc::DocId;

use crate::removal::rotate;
use crate::snapshots::{ADA, BEN};
use crate::world::{World, body};

/// Ada, an editor, and Ben, a writer, with several servers and an epoch that a rotation has made, in which they have written much.
fn house(seed: u64, relays: usize) -> World {
    let mut world = World::new(seed, relays);
    for relay in 1..relays {
        world.add_server(relay);
    }
    world.admit(ADA, "Ben", "alpha", Role::Writer, None);
    rotate(&mut world, ADA);
    world.quiet();
    for peer in [ADA, BEN] {
        world.watch(peer, &body("ky"));
        world.write(peer, &body("ky"));
    }
    world.quiet();
    world
}

/// Five minutes pass, in which nothing comes back that is away.
fn pass(world: &mut World) {
    for _ in 0..60 {
        world.drain();
        world.tick(5_000);
    }
    world.drain();
}

/// As [`pass`], and then all is in sync.
fn rest(world: &mut World) {
    pass(world);
    world.quiet();
}

/// Some write until Ada's device has made so many snapshots.
fn snapshots_of(world: &mut World, writers: &[usize], count: usize) {
    for _ in 0..count {
        loop {
            // A session's newest envelope lies in a snapshot as it is.
            for large in [true, true, true, true, true, false] {
                world.large = large;
                for peer in writers {
                    world.write(*peer, &body("ky"));
                }
                world.drain();
            }
            match world.make_whole(ADA, &body("ky")) {
                Ok(()) => break,
                Err("snapshot-not-worth") => {}
                Err(why) => assert_eq!(why, "snapshot-not-now"),
            }
            world.tick(1_000);
        }
        world.drain();
    }
}

fn snapshots(world: &mut World, count: usize) {
    snapshots_of(world, &[ADA, BEN], count);
}

fn logs_of(world: &World, doc: &DocId) -> Vec<LogId> {
    let (epochs, _) = crate::closing::epochs(world, ADA);
    epochs.iter().map(|key| LogKeys::of_document(key, doc).id).collect()
}

/// Those of a document's logs that a server has, the number of envelopes, and how many of them have no bytes.
fn trimmed(world: &World, relay: usize, doc: &DocId) -> (usize, usize) {
    let logs = logs_of(world, doc);
    let logs = logs.iter().filter_map(|log| world.relays[relay].logs.get(log));
    let entries: Vec<_> = logs.flat_map(|log| &log.entries).collect();
    let gone = entries.iter().filter(|entry| entry.bytes.is_empty()).count();
    (entries.len(), gone)
}

#[test]
fn servers_but_one_let_go_of_what_the_snapshot_before_the_newest_holds() {
    let mut world = house(1, 3);
    snapshots(&mut world, 1);
    rest(&mut world);
    for relay in 0..3 {
        assert_eq!(trimmed(&world, relay, &body("ky")).1, 0, "there is no newer one yet");
    }
    let (before, _) = trimmed(&world, 1, &body("ky"));
    snapshots(&mut world, 1);
    rest(&mut world);
    assert_eq!(trimmed(&world, 0, &body("ky")).1, 0, "the first keeps everything");
    for relay in 1..3 {
        let (all, gone) = trimmed(&world, relay, &body("ky"));
        assert!(
            gone + 8 >= before && gone <= before && gone < all,
            "{gone} of {all}, {before} before"
        );
    }
    // Each was asked once, for the story and for the pieces of the snapshot before.
    let asked: Vec<usize> = world.relays.iter().map(|relay| relay.asked_to_trim).collect();
    assert_eq!(asked, [0, 2, 2]);
    rest(&mut world);
    world.crash(ADA);
    rest(&mut world);
    assert_eq!(
        asked,
        world.relays.iter().map(|relay| relay.asked_to_trim).collect::<Vec<_>>()
    );
    world.write(BEN, &body("ky"));
    world.quiet();
    world.check(&[body("ky")]);
}

#[test]
fn one_server_alone_lets_go_of_nothing() {
    let mut world = house(2, 1);
    snapshots(&mut world, 3);
    rest(&mut world);
    assert_eq!(world.relays[0].asked_to_trim, 0);
}

#[test]
fn nothing_is_let_go_while_the_server_that_keeps_everything_is_away() {
    let mut world = house(3, 2);
    snapshots(&mut world, 1);
    world.relay_down(0);
    snapshots(&mut world, 1);
    pass(&mut world);
    assert_eq!(trimmed(&world, 1, &body("ky")).1, 0);
    rest(&mut world);
    pass(&mut world);
    assert!(trimmed(&world, 1, &body("ky")).1 > 0);
}

#[test]
fn a_snapshot_that_is_not_found_equal_lets_nothing_go() {
    let mut world = house(4, 2);
    snapshots(&mut world, 2);
    let lost = world.peers[ADA]
        .docs
        .get_mut(&body("ky"))
        .expect("Ada's")
        .payloads
        .pop_first();
    rest(&mut world);
    assert_eq!(world.relays[1].asked_to_trim, 0);
    let told = std::mem::take(&mut world.peers[ADA].troubles);
    assert!(told.iter().any(|told| told.contains("keep everything")), "{told:?}");
    world.peers[ADA]
        .docs
        .get_mut(&body("ky"))
        .expect("Ada's")
        .payloads
        .extend(lost);
}

#[test]
fn what_stops_the_desk_when_it_is_compared_is_compared_once() {
    let mut world = house(5, 2);
    snapshots(&mut world, 2);
    world.peers[ADA].stops_at_compare = true;
    pass(&mut world);
    assert!(world.peers[ADA].compares.pop().is_some());
    world.peers[ADA].stops_at_compare = false;
    world.crash(ADA);
    rest(&mut world);
    assert_eq!(world.relays[1].asked_to_trim, 0);
    // With the next it is tried again.
    snapshots(&mut world, 1);
    rest(&mut world);
    assert!(trimmed(&world, 1, &body("ky")).1 > 0);
}

#[test]
fn a_snapshot_is_compared_from_the_disk_where_its_maker_was_started_anew() {
    let mut world = house(14, 2);
    snapshots(&mut world, 2);
    world.crash(ADA);
    assert_eq!(world.peers[ADA].replica.chunk_bytes(), 0);
    rest(&mut world);
    assert!(trimmed(&world, 1, &body("ky")).1 > 0);
    world.check(&[body("ky")]);
}

#[test]
fn what_is_left_aside_is_kept_by_all() {
    let mut world = house(6, 2);
    crate::removal::apart(&mut world, BEN);
    crate::removal::remove(&mut world, BEN);
    world.write(BEN, &body("ky"));
    world.quiet();
    crate::removal::settle(&mut world);
    assert!(world.peers[ADA].aside.len() == 1, "{:?}", world.peers[ADA].aside);
    snapshots_of(&mut world, &[ADA], 2);
    rest(&mut world);
    assert_eq!(world.relays[1].asked_to_trim, 0, "an editor may let it count one day");
}

/// A house whose second server has let go of much, and Ben who was away all the time.
fn ben_was_away(seed: u64) -> World {
    let mut world = house(seed, 2);
    let dan = world.admit(ADA, "Dan", "alpha", Role::Writer, None);
    world.watch(dan, &body("ky"));
    world.write(dan, &body("ky"));
    world.quiet();
    for relay in 0..2 {
        world.apart.insert((BEN, relay));
    }
    let conns: Vec<_> = world.peers[BEN].conns.values().copied().collect();
    for conn in conns {
        world.cut(conn);
    }
    snapshots_of(&mut world, &[ADA], 2);
    pass(&mut world);
    assert!(trimmed(&world, 1, &body("ky")).1 > 5);
    world
}

#[test]
fn who_was_away_reads_what_was_let_go_at_the_server_that_keeps_everything() {
    let mut world = ben_was_away(7);
    world.write(BEN, &body("ky"));
    world.apart.clear();
    rest(&mut world);
    assert_eq!(world.peers[BEN].taken_whole, 0);
    world.check(&[body("ky")]);
    assert!(world.peers[BEN].doubts.is_empty(), "{:?}", world.peers[BEN].doubts);
}

#[test]
fn who_was_away_and_reaches_no_such_server_takes_the_snapshot_and_keeps_their_own_words() {
    for seed in 80..84 {
        let mut world = ben_was_away(seed);
        world.write(BEN, &body("ky"));
        world.relay_down(0);
        world.apart.clear();
        pass(&mut world);
        assert_eq!(world.peers[BEN].taken_whole, 1);
        world.write(BEN, &body("ky"));
        world.write(ADA, &body("ky"));
        pass(&mut world);
        world.crash(BEN);
        world.write(BEN, &body("ky"));
        pass(&mut world);
        let same = |peer: usize| &world.peers[peer].docs[&body("ky")].payloads;
        assert_eq!(same(BEN), same(ADA));
        rest(&mut world);
        world.check(&[body("ky")]);
        for peer in &world.peers {
            assert!(
                peer.doubts.is_empty() && peer.troubles.is_empty(),
                "{:?} {:?}",
                peer.doubts,
                peer.troubles
            );
        }
        assert_eq!(trimmed(&world, 0, &body("ky")).1, 0);
    }
}

#[test]
fn who_takes_a_snapshot_and_dies_on_the_way_begins_again() {
    for steps in (40..60).step_by(2) {
        let mut world = ben_was_away(9);
        world.write(BEN, &body("ky"));
        world.relay_down(0);
        world.apart.clear();
        for _ in 0..steps {
            world.tick(2_000);
            world.carry_frames();
            world.flush(BEN);
        }
        world.crash(BEN);
        pass(&mut world);
        assert!(world.peers[BEN].taken_whole > 0);
        rest(&mut world);
        world.check(&[body("ky")]);
    }
}

#[test]
fn who_comes_later_to_a_server_that_has_let_go_has_what_all_have() {
    let mut world = house(10, 2);
    snapshots(&mut world, 2);
    rest(&mut world);
    let dan = world.admit(ADA, "Dan", "alpha", Role::Writer, Some(1));
    world.quiet();
    world.relay_down(0);
    world.watch(dan, &body("ky"));
    pass(&mut world);
    assert_eq!(world.peers[dan].taken_whole, 1);
    world.write(dan, &body("ky"));
    pass(&mut world);
    rest(&mut world);
    world.check(&[body("ky")]);
}

#[test]
fn a_server_that_comes_to_keep_everything_gets_back_what_it_let_go() {
    let mut world = house(11, 3);
    snapshots(&mut world, 2);
    rest(&mut world);
    assert!(trimmed(&world, 1, &body("ky")).1 > 0);
    // A server before all others by its address is what a backup of one was that has let go.
    let mut first = crate::relay::Relay::new("https://a.example");
    first.logs = world.relays[1].logs.clone();
    world.relays.push(first);
    world.add_server(3);
    rest(&mut world);
    let (all, gone) = trimmed(&world, 3, &body("ky"));
    assert!(all > 5 && gone == 0, "{gone} of {all}");
    world.check(&[body("ky")]);
    for peer in &world.peers {
        assert!(peer.doubts.is_empty(), "{:?}", peer.doubts);
    }
}

#[test]
fn nobody_else_can_have_a_server_let_go() {
    let mut world = house(12, 2);
    snapshots(&mut world, 1);
    let logs = logs_of(&world, &body("ky"));
    let relay = &mut world.relays[1];
    let conn = u64::MAX;
    relay.connect(conn);
    for log in logs {
        let Some(end) = relay
            .logs
            .get(&log)
            .and_then(|log| log.entries.last())
            .map(|entry| entry.chain)
        else {
            continue;
        };
        let seq = relay.logs[&log].entries.len() as u64;
        let stranger = komuz_sync::seal::sign::SignKey::from_secret(&[7; 32]);
        for (chain, seq) in [(end, seq), (chain::EMPTY, 0)] {
            let ids: Vec<_> = relay.logs[&log].entries.iter().map(|entry| entry.id).collect();
            let signature = sign_trimming(&stranger, &relay.url, &log, seq, &chain, &ids);
            let frame = ClientFrame::Trim {
                log,
                seq,
                chain,
                ids,
                signature,
            };
            relay.frame(conn, &frame.encode(), &mut world.dice);
        }
    }
    assert_eq!(trimmed(&world, 1, &body("ky")).1, 0);
}
