//! Everything goes wrong in random order; then nothing does, and everybody must have the same.

use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;

use crate::world::{World, body};

fn storm(seed: u64, relays: usize, happenings: usize) {
    let mut world = World::new(seed, relays);
    world.quiet();
    world.admit(0, "Bek", "beta", Role::Editor, Some(1));
    world.admit(0, "Cholpon", "alpha", Role::Writer, None);
    world.admit(1, "Daniyar", "beta", Role::Writer, None);
    let docs = [DocId::Registers, body("ky"), body("en")];
    for peer in 0..world.peers.len() {
        for doc in &docs {
            world.watch(peer, doc);
        }
    }
    for _ in 0..happenings {
        world.happen(&docs);
    }
    world.quiet();
    world.check(&docs);
    let written: usize = world.promised.values().map(|payloads| payloads.len()).sum();
    assert!(written > 10, "seed {seed}: something was written and stored");
}

#[test]
fn after_a_storm_everybody_has_the_same_and_nothing_stored_is_lost() {
    for seed in 0..24 {
        storm(seed, 2, 800);
    }
}

#[test]
fn one_relay_only() {
    for seed in 1000..1012 {
        let mut world = World::new(seed, 1);
        world.quiet();
        world.admit(0, "Cholpon", "alpha", Role::Writer, None);
        let docs = [DocId::Registers, body("ky")];
        for peer in 0..2 {
            for doc in &docs {
                world.watch(peer, doc);
            }
        }
        for _ in 0..600 {
            world.happen(&docs);
        }
        world.quiet();
        world.check(&docs);
    }
}

#[test]
fn pictures_and_long_pastes_come_through_a_storm_too() {
    for seed in 2000..2004 {
        let mut world = World::new(seed, 2);
        world.large = true;
        world.quiet();
        world.admit(0, "Bek", "beta", Role::Editor, Some(1));
        let docs = [DocId::Files, body("ky")];
        for peer in 0..2 {
            for doc in &docs {
                world.watch(peer, doc);
            }
        }
        for _ in 0..300 {
            world.happen(&docs);
        }
        world.quiet();
        world.check(&docs);
        let largest = world.promised.values().flatten().map(Vec::len).max();
        assert!(
            largest > Some(100_000),
            "seed {seed}: something long was written: {largest:?}"
        );
    }
}
