//! What it costs to see each other: the same for two hundred people as for twenty.

use komuz_sync::frame::RelayFrame;
use komuz_sync::pace;
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;

use crate::base::Base;
use crate::world::{World, body};

/// One person on a disk, with so many servers.
fn one(relays: usize) -> Base {
    let mut world = World::new(3, relays);
    world.quiet();
    if relays > 1 {
        // Who brings the second server opens the log there.
        world.admit(0, "Bek", "beta", Role::Editor, Some(1));
        world.watch(1, &body("ky"));
    }
    world.watch(0, &body("ky"));
    world.write(0, &body("ky"));
    world.quiet();
    if relays > 1 {
        world.lose(1);
    }
    Base::of(&mut world)
}

/// What one client is brought and sends in a second, in frames and bytes.
#[derive(Debug, Clone, Copy)]
struct Cost {
    frames_in: f64,
    bytes_in: f64,
    frames_out: f64,
    bytes_out: f64,
}

/// So many sessions that all move their cursors all the time, for so many seconds after they know of each other.
fn cost(base: &Base, people: usize, doc: &DocId, seconds: u64) -> Cost {
    let mut world = base.world(1, people);
    world.quiet();
    // They have spoken before, one after another.
    let pause = pace::pause(people);
    let mut told: Vec<u64> = (0..people)
        .map(|person| world.now - pause + pause * person as u64 / people as u64)
        .collect();
    // Who hears of everybody at first need not wait for it: it is what comes after that costs.
    let mut run = |world: &mut World, seconds: u64| {
        let end = world.now + seconds * 1_000;
        while world.now < end {
            world.now += 100;
            for (person, told) in told.iter_mut().enumerate() {
                if world.now >= *told + pause {
                    *told = world.now;
                    let at = [person as u8; 60];
                    world.call(person, |replica, now, entropy| replica.presence(doc, &at, now, entropy));
                }
            }
            world.drain();
        }
    };
    world.brought.clear();
    world.sent.clear();
    run(&mut world, seconds);
    let per = |sum: u64| sum as f64 / people as f64 / seconds as f64;
    Cost {
        frames_in: per(world.brought.values().map(|count| count.frames).sum()),
        bytes_in: per(world.brought.values().map(|count| count.bytes).sum()),
        frames_out: per(world.sent.values().map(|count| count.frames).sum()),
        bytes_out: per(world.sent.values().map(|count| count.bytes).sum()),
    }
}

#[test]
fn two_hundred_people_cost_each_client_as_much_as_twenty() {
    let base = one(2);
    let costs = [20, 200].map(|people| (people, cost(&base, people, &body("ky"), 6)));
    for (people, cost) in costs {
        println!("{people} people, 2 servers, a second at each client: {cost:.1?}");
        // Seven messages a second by each of two servers; padded and sealed, each has a little over 512 bytes.
        assert!(cost.frames_in < 15.0 && cost.bytes_in < 9_000.0, "{people}: {cost:?}");
        assert!(cost.frames_out < 1.0 && cost.bytes_out < 600.0, "{people}: {cost:?}");
    }
}

#[test]
fn five_servers_cost_as_much_as_two() {
    let mut world = World::new(3, 5);
    world.quiet();
    for relay in 1..5 {
        world.add_server(relay);
    }
    world.watch(0, &body("ky"));
    world.write(0, &body("ky"));
    world.quiet();
    let cost = cost(&Base::of(&mut world), 10, &body("ky"), 10);
    assert!(cost.frames_in < 15.0, "{cost:?}");
}

#[test]
fn who_floods_is_not_listened_to_without_end() {
    let base = one(1);
    let mut world = base.world(2, 2);
    world.quiet();
    for number in 0..2_000u32 {
        let at = number.to_be_bytes();
        world.call(0, |replica, now, entropy| {
            replica.presence(&body("ky"), &at, now, entropy)
        });
    }
    world.drain();
    assert!(
        (200..=300).contains(&world.peers[1].heard.len()),
        "{}",
        world.peers[1].heard.len()
    );
    // And later somebody is heard again.
    world.peers[1].heard.clear();
    world.tick(10_000);
    world.call(0, |replica, now, entropy| {
        replica.presence(&body("ky"), b"here", now, entropy)
    });
    world.drain();
    assert_eq!(world.peers[1].heard.len(), 1);
}

#[test]
fn what_comes_twice_or_late_says_nothing() {
    let base = one(1);
    let mut world = base.world(3, 2);
    world.quiet();
    for at in [b"one", b"two"] {
        world.call(0, |replica, now, entropy| {
            replica.presence(&body("ky"), at, now, entropy)
        });
    }
    // The relay's answers are turned around and doubled.
    for conn in world.wires.keys().copied().collect::<Vec<_>>() {
        while world.step_wire(conn, true) {}
    }
    for wire in world.wires.values_mut() {
        let down = std::mem::take(&mut wire.down);
        let is_presence = |bytes: &Vec<u8>| matches!(RelayFrame::decode(bytes), Ok(RelayFrame::Presence { .. }));
        let (mut presence, other): (Vec<_>, Vec<_>) = down.into_iter().partition(is_presence);
        presence.reverse();
        wire.down.extend(other);
        wire.down.extend(presence.iter().cloned());
        wire.down.extend(presence);
    }
    world.drain();
    let heard: Vec<&[u8]> = world.peers[1].heard.iter().map(|(_, said)| said.as_slice()).collect();
    assert_eq!(heard, [b"two"]);
}
