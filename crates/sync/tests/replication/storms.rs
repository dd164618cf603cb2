//! Thousands of small worlds in which everything goes wrong, and a few large ones. Then nothing goes wrong any more, and
//! everybody must have the same: all that was on somebody's disk, and nothing that was forged.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use komuz_sync::replica::Doubt;
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;

use crate::base::Base;
use crate::decisions::Decisions;
use crate::malice::FORGED;
use crate::seeds;
use crate::weather::Weather;
use crate::world::{World, body};

fn docs() -> Vec<DocId> {
    vec![DocId::Registers, body("ky")]
}

/// People of three outlets, who all watch and have written.
fn base(people: usize, relays: usize) -> Base {
    let mut world = outlets(people, relays);
    for doc in docs() {
        world.write(0, &doc);
        world.write(1, &doc);
    }
    world.quiet();
    Base::of(&mut world)
}

/// People of three outlets, who all watch.
fn outlets(people: usize, relays: usize) -> World {
    let mut world = World::new(7, relays);
    world.quiet();
    for number in 1..people {
        let outlet = ["alpha", "beta", "gamma"][number % 3];
        let first = number < 3;
        let role = if first { Role::Editor } else { Role::Writer };
        let server = (number < relays.min(3)).then_some(number);
        let inviter = if first { 0 } else { number % 3 };
        world.admit(inviter, &format!("Person {number}"), outlet, role, server);
    }
    for relay in 3..relays {
        world.add_server(relay);
    }
    for peer in 0..people {
        for doc in docs() {
            world.watch(peer, &doc);
        }
    }
    world.quiet();
    world
}

/// Many people of three outlets, who have all read what the first two have written.
fn base_of_many(people: usize) -> Base {
    let (stay, relays) = (3, 5);
    let mut world = outlets(stay, relays);
    for doc in docs() {
        world.write(0, &doc);
        world.write(1, &doc);
    }
    world.quiet();
    Base::of_many(world, stay, |world, number| {
        let outlet = ["alpha", "beta", "gamma"][number % 3];
        let name = format!("Person {number}");
        (number < people)
            .then(|| world.admit(number % 3, &name, outlet, Role::Writer, None))
            .map(|_| ())
    })
}

fn small(relays: usize) -> &'static Base {
    static BASES: [OnceLock<Base>; 3] = [const { OnceLock::new() }; 3];
    BASES[relays - 1].get_or_init(|| base(4, relays))
}

/// What peers have taken of a document, but for what the hostile member has written.
fn taken(world: &World, peer: usize, doc: &DocId) -> BTreeSet<Vec<u8>> {
    let payloads = world.peers[peer].docs[doc].payloads.iter();
    payloads
        .filter(|payload| payload.starts_with(b"words "))
        .cloned()
        .collect()
}

/// Everybody has taken the same, nothing that was on a disk is missing, nothing forged was taken.
fn check(world: &World) {
    for doc in docs() {
        let first = taken(world, 0, &doc);
        for peer in 0..world.peers.len() {
            assert_eq!(
                taken(world, peer, &doc),
                first,
                "{} has the same",
                world.peers[peer].name
            );
            let forged = world.peers[peer].docs[&doc].payloads.iter();
            assert_eq!(forged.filter(|payload| payload.starts_with(FORGED)).count(), 0);
        }
        for payload in world.promised.get(&doc).into_iter().flatten() {
            let words = String::from_utf8_lossy(payload);
            assert!(first.contains(payload), "{words} was on a disk and is lost");
        }
    }
}

/// Nobody suspects a server.
fn nobody_doubts(world: &World) {
    for peer in &world.peers {
        assert!(peer.doubts.is_empty(), "{}: {:?}", peer.name, peer.doubts);
        assert!(peer.troubles.is_empty(), "{}: {:?}", peer.name, peer.troubles);
    }
}

/// Happenings in number.
fn storm(world: &mut World, weather: &Weather, happenings: usize) {
    world.make_unlike();
    for _ in 0..happenings {
        world.blow(weather);
    }
    world.quiet();
    check(world);
}

/// Happenings in number, and a decision after each so many.
fn storm_of_decisions(world: &mut World, weather: &Weather, happenings: usize, every: usize) -> Decisions {
    world.make_unlike();
    world.some_may_not = true;
    let mut decisions = Decisions::default();
    for number in 1..=happenings {
        world.blow(weather);
        if number.is_multiple_of(every) {
            world.decide(&mut decisions);
        }
    }
    world.come_to_rest();
    world.check_decided(&docs(), &decisions);
    decisions
}

fn weather(malice: bool, backups: bool) -> Weather {
    Weather {
        docs: docs(),
        relays: 5,
        malice,
        backups,
    }
}

#[test]
fn bad_lines_slow_disks_and_deaths_lose_nothing_and_nobody_suspects_a_server() {
    seeds::each("bad_lines", 550, |seed| {
        let mut world = small(1 + seed as usize % 3).world(seed, 1);
        storm(&mut world, &weather(false, false), 150);
        nobody_doubts(&world);
    });
}

#[test]
fn servers_that_are_set_back_emptied_added_and_dropped_lose_nothing() {
    seeds::each("servers_that_are_set_back", 550, |seed| {
        let mut world = small(1 + seed as usize % 3).world(seed, 1);
        storm(&mut world, &weather(false, true), 150);
        for peer in &world.peers {
            let said = peer.doubts.iter();
            let other: Vec<_> = said.filter(|(_, doubt)| *doubt != Doubt::SetBack).collect();
            assert!(other.is_empty(), "{}: {other:?}", peer.name);
        }
    });
}

#[test]
fn hostile_members_and_servers_change_nothing_for_the_others() {
    seeds::each("hostile_members_and_servers", 550, |seed| {
        let mut world = small(2 + seed as usize % 2).world(seed, 1);
        if !seed.is_multiple_of(3) {
            world.corrupt();
        }
        storm(&mut world, &weather(seed % 3 != 1, true), 150);
    });
}

#[test]
fn tabs_of_one_device_share_a_disk() {
    seeds::each("tabs_of_one_device", 350, |seed| {
        let mut world = small(1 + seed as usize % 2).world(seed, 1);
        world.tab(0);
        world.tab(0);
        world.tab(2);
        storm(&mut world, &weather(false, true), 150);
    });
}

#[test]
fn groups_that_decide_while_everything_goes_wrong_come_to_the_same() {
    static BASES: [OnceLock<Base>; 2] = [const { OnceLock::new() }; 2];
    seeds::each("groups_that_decide", 24, |seed| {
        let nth = seed as usize % 2;
        let mut world = BASES[nth].get_or_init(|| base(7, 2 + nth)).world(seed, 1);
        world.relays[1].closes = !seed.is_multiple_of(5);
        // Where each editor has a server's ticket, what an emptied server has lost is opened there again.
        storm_of_decisions(&mut world, &weather(seed.is_multiple_of(3), nth == 1), 250, 60);
    });
}

#[test]
fn servers_that_let_go_of_old_envelopes_between_storms_lose_nothing() {
    static BASE: OnceLock<Base> = OnceLock::new();
    let mut let_go = 0;
    seeds::each("servers_that_let_go", 4, |seed| {
        let mut world = BASE.get_or_init(|| base(4, 3)).world(seed, 1);
        crate::removal::rotate(&mut world, 0);
        world.quiet();
        let away = 1 + seed as usize % 3;
        for round in 0..4 {
            world.large = true;
            for _ in 0..5 {
                world.write(0, &body("ky"));
                world.write(away, &body("ky"));
            }
            world.large = false;
            world.quiet();
            world.write(0, &body("ky"));
            world.quiet();
            let _ = world.make_whole(0, &body("ky"));
            // Somebody is away while all others have three quiet minutes, and then nobody reaches the first server for a while.
            let parts = (0..3).map(|relay| (away, relay));
            world.apart.extend(parts.filter(|_| round % 2 == 1));
            for minute in 0..4 {
                if minute == 3 && seed.is_multiple_of(2) {
                    world.apart.clear();
                    world.relay_down(0);
                }
                for _ in 0..30 {
                    world.tick(2_000);
                    world.drain();
                }
            }
            storm(&mut world, &weather(false, true), 120);
        }
        let logs = world.relays.iter().flat_map(|relay| relay.logs.values());
        let_go += logs
            .flat_map(|log| &log.entries)
            .filter(|entry| entry.bytes.is_empty())
            .count();
    });
    assert!(let_go > 0, "some did");
}

#[test]
fn two_hundred_sessions_and_five_servers() {
    let base = base(20, 5);
    seeds::each("two_hundred", 2, |seed| {
        let mut world = base.world(seed, 10);
        assert_eq!((world.peers.len(), world.relays.len()), (200, 5));
        world.corrupt();
        storm(&mut world, &weather(seed.is_multiple_of(2), true), 1_500);
    });
}

#[test]
fn twenty_people_and_five_servers_decide_while_everything_goes_wrong() {
    let base = base(20, 5);
    seeds::each("twenty_people", 2, |seed| {
        let mut world = base.world(seed, 1);
        world.corrupt();
        let decisions = storm_of_decisions(&mut world, &weather(seed.is_multiple_of(2), true), 1_000, 100);
        assert!(decisions.made.values().sum::<usize>() > 3, "{:?}", decisions.made);
    });
}

/// People who all decide or write on a device of their own, with five servers of which one is hostile. They are connected when it
/// begins; now and then what is under way on half of the lines and to half of the disks comes there at once.
fn storm_of_many(base: &Base, seed: u64) {
    let mut world = base.world(seed, 1);
    world.quiet();
    world.corrupt();
    world.make_unlike();
    world.some_may_not = true;
    let weather = weather(seed.is_multiple_of(2), true);
    let mut decisions = Decisions::default();
    for number in 1..=2_000 {
        world.blow(&weather);
        if number % 50 == 0 {
            world.gust();
        }
        if number % 400 == 0 {
            world.decide(&mut decisions);
        }
    }
    world.come_to_rest();
    world.check_decided(&docs(), &decisions);
    let written: usize = world.promised.values().map(BTreeSet::len).sum();
    let made = decisions.made;
    assert!(
        written > 100 && made.values().sum::<usize>() > 2,
        "seed {seed}: {written} pieces were written and stored, {made:?} decided"
    );
}

#[test]
fn a_hundred_people_and_five_servers_decide_while_everything_goes_wrong() {
    let base = base_of_many(100);
    seeds::each("a_hundred_people", 1, |seed| storm_of_many(&base, seed));
}

#[test]
#[ignore = "takes minutes: KOMUZ_SEEDS=5 cargo test --release -p komuz-sync --test replication two_hundred_people -- --ignored"]
fn two_hundred_people_and_five_servers_decide_while_everything_goes_wrong() {
    let base = base_of_many(200);
    seeds::each("two_hundred_people", 1, |seed| storm_of_many(&base, seed));
}
