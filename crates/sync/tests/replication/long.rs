//! Long logs, in whatever order a relay has them.

use komuz_sync::seal::chain::envelope_id;
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::envelope::NO_PREVIOUS;

use crate::hostile::Crafted;
use crate::world::{World, body};

/// Ada, and Cholpon of the same outlet, who reads what Ada writes. One server.
pub fn two(seed: u64) -> World {
    let mut world = World::new(seed, 1);
    world.quiet();
    world.admit(0, "Cholpon", "alpha", Role::Writer, None);
    for peer in 0..2 {
        world.watch(peer, &body("ky"));
    }
    world.write(0, &body("ky"));
    world.quiet();
    world
}

/// A long session's envelopes, in their order.
fn session(ada: &Crafted, count: u64) -> Vec<Vec<u8>> {
    let mut previous = NO_PREVIOUS;
    (1..=count)
        .map(|counter| {
            let said = ada.say(&body("ky"), counter, previous, &format!("word {counter}"));
            previous = envelope_id(&said);
            said
        })
        .collect()
}

fn words(world: &World, peer: usize) -> usize {
    let payloads = &world.peers[peer].docs[&body("ky")].payloads;
    payloads.iter().filter(|payload| payload.starts_with(b"word ")).count()
}

#[test]
fn ten_thousand_envelopes_of_a_session_come_although_the_line_is_cut_at_half() {
    let mut world = two(1);
    let ada = Crafted::of(&world, 0);
    world.inject(0, &ada.keys(&body("ky")), &session(&ada, 10_000));
    world.carry_until(|world| words(world, 1) >= 5_000);
    assert!(!world.peers[1].replica.state().relays[0].in_sync);
    world.relay_down(0);
    world.quiet();
    assert_eq!((words(&world, 0), words(&world, 1)), (10_000, 10_000));
    assert!(world.peers[1].troubles.is_empty(), "{:?}", world.peers[1].troubles);
}

#[test]
fn in_any_order_they_come_too_and_before_that_nobody_says_that_all_is_here() {
    let mut world = two(2);
    let ada = Crafted::of(&world, 0);
    let mut shuffled = session(&ada, 6_000);
    for n in (1..shuffled.len()).rev() {
        let other = world.dice.below(n + 1);
        shuffled.swap(n, other);
    }
    world.inject(0, &ada.keys(&body("ky")), &shuffled);
    for _ in 0..200 {
        world.drain();
        let done = words(&world, 1) == 6_000;
        assert_eq!(
            world.peers[1].replica.state().relays[0].in_sync,
            done,
            "{} are here",
            words(&world, 1)
        );
        if done {
            break;
        }
        world.tick(1_000);
    }
    assert_eq!(words(&world, 1), 6_000);
    world.crash(1);
    world.quiet();
    assert_eq!(words(&world, 1), 6_000);
}

#[test]
fn more_than_can_be_held_is_not_called_in_sync_and_comes_when_the_gap_is_filled() {
    let mut world = two(3);
    let ada = Crafted::of(&world, 0);
    let mut said = session(&ada, 5_000);
    let first = said.remove(0);
    world.inject(0, &ada.keys(&body("ky")), &said);
    world.settle();
    assert_eq!(words(&world, 1), 0);
    assert!(!world.peers[1].replica.state().relays[0].in_sync);
    // Not after a restart either: what was let go is asked for again.
    world.crash(1);
    world.settle();
    assert!(!world.peers[1].replica.state().relays[0].in_sync);
    world.inject(0, &ada.keys(&body("ky")), &[first]);
    world.quiet();
    assert_eq!((words(&world, 0), words(&world, 1)), (5_000, 5_000));
}

#[test]
fn what_was_written_offline_goes_out_in_the_order_in_which_it_was_written() {
    let mut world = two(4);
    let keys = Crafted::of(&world, 0).keys(&body("ky"));
    let before = world.relays[0].logs[&keys.id].entries.len();
    world.relay_down(0);
    for _ in 0..300 {
        world.write(0, &body("ky"));
    }
    world.quiet();
    let counters: Vec<u64> = world.relays[0].logs[&keys.id].entries[before..]
        .iter()
        .map(|entry| {
            let statement = komuz_sync::seal::envelope::Statement::open(&entry.bytes, &keys);
            statement.expect("an envelope").counter
        })
        .collect();
    // Where the relay was busy once, one comes later; the rest keeps its order.
    let turns = counters.windows(2).filter(|pair| pair[0] > pair[1]).count();
    assert!(turns < 60, "{counters:?}");
    world.check(&[body("ky")]);
}
