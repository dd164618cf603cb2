//! Relays that stop to do something without closing the connection.

use komuz_sync::frame::{ErrorCode, RelayFrame};
use komuz_sync::seal::bytes::{EnvelopeId, LogId};
use komuz_sync::seal::chain::envelope_id;
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::envelope::NO_PREVIOUS;

use crate::hostile::Crafted;
use crate::world::{World, body};

/// Ada and Cholpon, one server, two documents.
fn two(seed: u64) -> (World, LogId) {
    let mut world = World::new(seed, 1);
    world.quiet();
    world.admit(0, "Cholpon", "alpha", Role::Writer, None);
    for peer in 0..2 {
        world.watch(peer, &body("ky"));
        world.watch(peer, &DocId::Registers);
    }
    world.write(0, &body("ky"));
    world.quiet();
    let log = Crafted::of(&world, 0).keys(&body("ky")).id;
    (world, log)
}

/// Time passes, until a peer has as much of a document as another.
fn wait_for_the_same(world: &mut World, seconds: usize) -> bool {
    (0..seconds).any(|_| {
        world.drain();
        world.tick(1_000);
        world.peers[0].docs[&body("ky")].payloads == world.peers[1].docs[&body("ky")].payloads
    })
}

#[test]
fn a_log_that_a_relay_says_it_has_stopped_to_follow_is_asked_for_again() {
    let (mut world, log) = two(1);
    world.relays[0].stop_following(&log);
    let told = RelayFrame::Error {
        code: ErrorCode::Busy,
        sentence: "the disk is slow".into(),
        log: Some(log),
        id: None,
    };
    world.say(0, 1, &told);
    world.carry_frames();
    assert!(!world.peers[1].replica.state().relays[0].in_sync);
    world.write(0, &body("ky"));
    assert!(wait_for_the_same(&mut world, 5));
}

#[test]
fn a_log_that_is_not_followed_any_more_is_noticed_although_others_are_lively() {
    let (mut world, log) = two(2);
    world.relays[0].stop_following(&log);
    world.write(0, &body("ky"));
    for _ in 0..60 {
        world.write(0, &DocId::Registers);
        world.drain();
        world.tick(1_000);
    }
    assert!(wait_for_the_same(&mut world, 1));
}

#[test]
fn what_is_not_acknowledged_is_sent_again() {
    let (mut world, _) = two(3);
    world.relays[0].swallows = true;
    world.write(0, &body("ky"));
    world.drain();
    world.relays[0].swallows = false;
    assert_eq!(world.peers[0].replica.state().unsent, 1);
    assert!(wait_for_the_same(&mut world, 200));
    world.quiet();
}

/// The relay's log is set back and has something new: both list it, and ask for what is new by its id. Nothing comes.
fn asked_in_vain(seed: u64) -> (World, LogId, EnvelopeId) {
    let (mut world, log) = two(seed);
    world.relay_down(0);
    let ada = Crafted::of(&world, 0);
    let said = ada.say(&body("ky"), 1, NO_PREVIOUS, "new");
    world.relays[0].logs.get_mut(&log).expect("the log").entries.clear();
    world.inject(0, &ada.keys(&body("ky")), std::slice::from_ref(&said));
    world.relays[0].fetches_nothing = true;
    for _ in 0..10 {
        world.drain();
        world.tick(1_000);
    }
    assert!(!world.has(1, &body("ky"), "new") && !world.peers[1].replica.state().relays[0].in_sync);
    world.relays[0].fetches_nothing = false;
    (world, log, envelope_id(&said))
}

#[test]
fn what_was_asked_for_and_does_not_come_is_asked_for_again() {
    let (mut world, ..) = asked_in_vain(4);
    for _ in 0..200 {
        world.drain();
        world.tick(1_000);
    }
    assert!(world.has(1, &body("ky"), "new"));
    world.quiet();
}

#[test]
fn what_a_relay_could_not_read_from_its_disk_is_asked_for_again() {
    let (mut world, log, id) = asked_in_vain(5);
    let told = RelayFrame::Error {
        code: ErrorCode::NotStored,
        sentence: "the disk does not answer".into(),
        log: Some(log),
        id: Some(id),
    };
    world.say(0, 1, &told);
    for _ in 0..5 {
        world.drain();
        world.tick(1_000);
    }
    assert!(world.has(1, &body("ky"), "new"));
    assert!(world.peers[1].troubles.is_empty(), "{:?}", world.peers[1].troubles);
}
