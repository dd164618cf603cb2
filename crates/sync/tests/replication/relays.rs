//! Relays that are down, new, empty or set back.

use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;

use crate::world::{World, body, payload, url};

/// Two outlets with a server each; one document that all watch.
fn two_outlets(seed: u64, relays: usize) -> World {
    let mut world = World::new(seed, relays);
    world.quiet();
    world.admit(0, "Bek", "beta", Role::Editor, Some(1));
    world.watch(0, &body("ky"));
    world.watch(1, &body("ky"));
    world.quiet();
    world
}

fn entries(world: &World, relay: usize) -> usize {
    world.relays[relay].logs.values().map(|log| log.entries.len()).sum()
}

#[test]
fn what_one_writes_the_other_gets_once_although_two_relays_have_it() {
    let mut world = two_outlets(1, 2);
    for _ in 0..5 {
        world.write(0, &body("ky"));
    }
    world.quiet();
    world.check(&[body("ky")]);
    assert_eq!(world.peers[1].docs[&body("ky")].ids.len(), 5);
}

#[test]
fn nothing_is_sent_before_it_is_on_the_disk() {
    let mut world = two_outlets(2, 2);
    let before = entries(&world, 0);
    world.write(0, &body("ky"));
    // The frames go, the disk does not.
    for _ in 0..20 {
        world.carry_frames();
        world.tick(1_000);
    }
    assert_eq!(entries(&world, 0), before);
    assert_eq!(world.peers[0].replica.state().unsent, 1);
    world.quiet();
    assert_eq!(entries(&world, 0), before + 1);
    assert_eq!(world.peers[0].replica.state().unsent, 0);
}

#[test]
fn a_relay_that_was_down_catches_up_from_any_client() {
    let mut world = two_outlets(3, 2);
    world.relay_down(1);
    world.write(0, &body("ky"));
    world.drain();
    // The writer is gone for good; the other has it from the first relay and brings it to the second.
    world.lose(0);
    world.quiet();
    let log = world.relays[0]
        .logs
        .keys()
        .filter(|log| world.relays[1].logs.contains_key(*log))
        .count();
    assert!(log >= 2);
    for (id, log) in &world.relays[1].logs {
        let ids = |log: &crate::relay::Log| {
            log.entries
                .iter()
                .map(|e| e.id)
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(ids(log), ids(&world.relays[0].logs[id]));
    }
}

#[test]
fn what_a_relay_lacks_is_remembered_over_a_restart_although_somebody_else_wrote_it() {
    let mut world = two_outlets(12, 2);
    world.write(1, &body("ky"));
    world.quiet();
    world.relay_down(1);
    world.write(0, &body("ky"));
    // Long enough that the writer had its chance to bring it there.
    for _ in 0..30 {
        world.drain();
        world.tick(1_000);
    }
    world.drain();
    world.lose(0);
    world.crash(0);
    world.quiet();
    let (first, second) = (&world.relays[0].logs, &world.relays[1].logs);
    let shared = second
        .iter()
        .filter_map(|(id, log)| Some((log.entries.len(), first.get(id)?.entries.len())));
    assert!(shared.clone().count() >= 2);
    assert!(
        shared.clone().all(|(there, here)| there == here),
        "{:?}",
        shared.collect::<Vec<_>>()
    );
}

#[test]
fn what_came_from_one_server_just_before_a_crash_is_brought_to_the_other_after_it() {
    let mut world = two_outlets(13, 2);
    world.relay_down(1);
    world.write(1, &body("ky"));
    world.drain();
    // Who wrote it is gone, and who has it dies before a note is due that the second server lacks it.
    world.lose(1);
    world.crash(0);
    world.quiet();
    let log = |relay: usize| {
        let logs = world.relays[relay].logs.values();
        logs.map(|log| log.entries.len()).max()
    };
    assert_eq!(log(0), log(1));
}

#[test]
fn a_relay_that_was_set_back_is_noticed_and_refilled() {
    let mut world = two_outlets(4, 2);
    for _ in 0..10 {
        world.write(1, &body("ky"));
    }
    world.quiet();
    let before = entries(&world, 0);
    world.relay_down(0);
    for log in world.relays[0].logs.values_mut() {
        log.entries.truncate(1);
    }
    assert!(entries(&world, 0) < before);
    world.quiet();
    assert_eq!(entries(&world, 0), before);
    world.check(&[body("ky")]);
}

#[test]
fn a_relay_that_lost_its_disk_is_opened_again_and_refilled() {
    let mut world = two_outlets(5, 2);
    for _ in 0..10 {
        world.write(0, &body("ky"));
    }
    world.quiet();
    let before = entries(&world, 1);
    world.relay_down(1);
    world.relays[1].logs.clear();
    world.quiet();
    assert_eq!(entries(&world, 1), before);
    world.check(&[body("ky")]);
}

#[test]
fn a_server_that_is_added_later_gets_the_history_and_everybody_learns_of_it() {
    let mut world = two_outlets(6, 3);
    for _ in 0..3 {
        world.write(0, &body("ky"));
    }
    world.quiet();
    world.add_server(2);
    world.quiet();
    assert!(
        world.peers[1]
            .replica
            .servers()
            .iter()
            .any(|server| server.url == url(3) && server.ticket.is_none())
    );
    assert_eq!(entries(&world, 2), entries(&world, 0) - door_entries(&world));
}

/// What lies at doors, which are at one relay only.
fn door_entries(world: &World) -> usize {
    let shared = |id| world.relays[1].logs.contains_key(id);
    world.relays[0]
        .logs
        .iter()
        .filter(|(id, _)| !shared(*id))
        .map(|(_, log)| log.entries.len())
        .sum()
}

#[test]
fn a_log_that_no_ticket_holder_has_opened_yet_is_waited_for() {
    let mut world = two_outlets(7, 2);
    // Bek alone knows of the new edition: the log is opened at Bek's own server only.
    world.watch(1, &body("en"));
    world.write(1, &body("en"));
    world.drain();
    let state = world.peers[1].replica.state();
    assert!(!state.relays[0].in_sync && state.relays[1].in_sync, "{state:?}");
    assert_eq!(state.unsent, 0);
    // Ada learns of it, opens it at hers, and both are in sync.
    world.watch(0, &body("en"));
    world.quiet();
    world.check(&[body("en")]);
}

#[test]
fn a_session_that_died_leaves_its_envelopes_to_the_next_as_they_are() {
    let mut world = two_outlets(8, 2);
    world.relay_down(0);
    world.relay_down(1);
    world.write(0, &body("ky"));
    world.write(0, &body("ky"));
    while world.peers[0].flush().is_some() {}
    let session = world.peers[0].replica.session();
    world.crash(0);
    assert_ne!(world.peers[0].replica.session(), session);
    assert_eq!(world.peers[0].replica.state().unsent, 2);
    // What the engine had not saved came back to it.
    assert_eq!(world.peers[0].docs[&body("ky")].ids.len(), 2);
    world.quiet();
    world.check(&[body("ky")]);
    let seen = &world.peers[1].docs[&body("ky")].seen;
    let of = seen.iter().find(|((_, of), _)| *of == session);
    assert_eq!(of.map(|(_, counter)| *counter), Some(2));
}

#[test]
fn presence_reaches_who_is_there_and_is_not_stored() {
    let mut world = two_outlets(9, 2);
    let before = (entries(&world, 0), entries(&world, 1));
    world.call(0, |replica, now, entropy| {
        replica.presence(&body("ky"), b"at 17", now, entropy)
    });
    world.drain();
    let ada = world.peers[0].replica.me().expect("Ada is in").member.id;
    assert_eq!(
        world.peers[1].heard,
        vec![(ada, b"at 17".to_vec())],
        "once, although it came over two relays"
    );
    assert_eq!((entries(&world, 0), entries(&world, 1)), before);
}

#[test]
fn a_second_tab_takes_what_the_first_has_stored_while_both_are_offline() {
    let mut world = two_outlets(10, 2);
    while world.peers[0].flush().is_some() {}
    let rows = world.peers[0]
        .disk
        .iter()
        .map(|((table, key), value)| (table.clone(), key.clone(), value.clone()));
    let rows: Vec<_> = rows.collect();
    let (now, dice) = (world.now, &mut world.dice);
    let (mut tab, _) = komuz_sync::Replica::load(rows, now, &mut |b| dice.fill(b)).expect("shared rows load");
    tab.watch(&body("ky"), &Default::default(), now, &mut |b| dice.fill(b));
    world.relay_down(0);
    world.relay_down(1);
    world.write(0, &body("ky"));
    let told = world.peers[0].told();
    let dice = &mut world.dice;
    let out = tab.rows(told.clone(), now, &mut |b| dice.fill(b));
    let delivered = out
        .iter()
        .filter(|output| matches!(output, komuz_sync::Output::Deliver(_)))
        .count();
    assert_eq!(delivered, 1);
    let dice = &mut world.dice;
    let again = tab.rows(told, now, &mut |b| dice.fill(b));
    assert!(
        !again
            .iter()
            .any(|output| matches!(output, komuz_sync::Output::Deliver(_))),
        "only once"
    );
}

#[test]
fn a_writer_may_not_write_sign_offs() {
    let mut world = two_outlets(11, 2);
    let writer = world.admit(0, "Cholpon", "alpha", Role::Writer, None);
    let doc = DocId::SignOffs {
        story: "s1".to_owned(),
        lang: "ky".to_owned(),
    };
    world.watch(writer, &doc);
    let refused = world.peers[writer]
        .replica
        .write(&doc, vec![payload(b"x")], world.now, &mut |b| b.fill(7));
    assert_eq!(refused.map_err(|why| why.code), Err("role"));
}
