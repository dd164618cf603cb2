//! Servers that are set back, contradict themselves or keep something back: who notices, by what, and what is no reason.

use komuz_sync::frame::RelayFrame;
use komuz_sync::replica::Doubt;
use komuz_sync::seal::bytes::{Chain, EnvelopeId, LogId};
use komuz_sync::seal::chain::{self, envelope_id};
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::envelope::NO_PREVIOUS;

use crate::hostile::Crafted;
use crate::relay::Entry;
use crate::vice::Vice;
use crate::world::{World, body, url};

/// Ada and Cholpon of one outlet, one server or two; some words.
fn two(seed: u64, relays: usize) -> (World, Crafted, LogId) {
    let mut world = World::new(seed, relays);
    world.quiet();
    world.admit(0, "Bek", "beta", Role::Editor, (relays > 1).then_some(1));
    for peer in 0..2 {
        world.watch(peer, &body("ky"));
    }
    for _ in 0..6 {
        world.write(0, &body("ky"));
    }
    world.quiet();
    let ada = Crafted::of(&world, 0);
    let log = ada.keys(&body("ky")).id;
    (world, ada, log)
}

/// What peers have said of servers so far; it is forgotten by that.
fn said(world: &mut World) -> Vec<(usize, String, Doubt)> {
    let mut all = Vec::new();
    for (number, peer) in world.peers.iter_mut().enumerate() {
        let said = std::mem::take(&mut peer.doubts).into_iter();
        all.extend(said.map(|(url, doubt)| (number, url, doubt)));
    }
    all
}

/// Time passes, a second at a time.
fn wait(world: &mut World, seconds: usize) {
    for _ in 0..seconds {
        world.drain();
        world.tick(1_000);
    }
}

fn of_first(peer: usize, doubt: Doubt) -> (usize, String, Doubt) {
    (peer, url(1), doubt)
}

#[test]
fn a_server_that_was_restored_from_a_backup_is_said_to_be_set_back_and_is_refilled() {
    let (mut world, _, log) = two(1, 1);
    let backup = world.relays[0].logs.clone();
    world.write(0, &body("ky"));
    world.quiet();
    assert_eq!(said(&mut world), []);
    let before = world.relays[0].logs[&log].entries.len();
    world.relay_down(0);
    world.relays[0].logs = backup;
    world.quiet();
    assert_eq!(
        said(&mut world),
        [of_first(0, Doubt::SetBack), of_first(1, Doubt::SetBack)]
    );
    assert_eq!(world.relays[0].logs[&log].entries.len(), before);
    // Once: from there on, it is what it is.
    for _ in 0..3 {
        world.relay_down(0);
        world.write(1, &body("ky"));
        world.quiet();
    }
    assert_eq!(said(&mut world), []);
}

#[test]
fn a_server_that_lost_its_disk_is_said_to_be_set_back() {
    let (mut world, ..) = two(2, 1);
    world.relay_down(0);
    world.relays[0].logs.clear();
    world.quiet();
    assert_eq!(
        said(&mut world),
        [of_first(0, Doubt::SetBack), of_first(1, Doubt::SetBack)]
    );
}

#[test]
fn who_was_away_while_a_server_was_set_back_notices_it_from_the_cursor_that_was_saved() {
    let (mut world, _, log) = two(3, 1);
    let backup = world.relays[0].logs[&log].clone();
    world.write(0, &body("ky"));
    world.quiet();
    world.relay_down(0);
    world.crash(1);
    world.relays[0].logs.insert(log, backup);
    world.quiet();
    assert!(said(&mut world).contains(&of_first(1, Doubt::SetBack)));
}

/// Rebuilds a log's chain without one of its entries.
fn without(world: &mut World, log: &LogId, nth: usize) {
    let log = world.relays[0].logs.get_mut(log).expect("the log");
    let mut last = chain::EMPTY;
    let entries = std::mem::take(&mut log.entries);
    for (number, Entry { id, bytes, .. }) in entries.into_iter().enumerate() {
        if number != nth {
            last = chain::next(last, id);
            log.entries.push(Entry { id, chain: last, bytes });
        }
    }
}

#[test]
fn what_a_server_has_acknowledged_and_leaves_out_of_its_list_is_missed_and_sent_again() {
    let (mut world, _, log) = two(4, 1);
    without(&mut world, &log, 2);
    // Something makes Ada list the log anew: a list that does not begin where hers ends.
    world.say(
        0,
        0,
        &RelayFrame::Ids {
            log,
            first: 900,
            ids: vec![EnvelopeId([1; 32])],
        },
    );
    world.quiet();
    assert_eq!(said(&mut world), [of_first(0, Doubt::SetBack)]);
    let ids: Vec<EnvelopeId> = world.relays[0].logs[&log]
        .entries
        .iter()
        .map(|entry| entry.id)
        .collect();
    assert!(world.peers[0].docs[&body("ky")].ids.iter().all(|id| ids.contains(id)));
}

#[test]
fn a_server_whose_chain_does_not_go_on_from_where_it_was_contradicts_itself() {
    let (mut world, ada, log) = two(5, 1);
    let forked = RelayFrame::Entry {
        log,
        seq: world.relays[0].logs[&log].entries.len() as u64 + 1,
        chain: Chain([3; 32]),
        bytes: ada.say(&body("ky"), 1, NO_PREVIOUS, "elsewhere"),
    };
    world.say(0, 1, &forked);
    world.quiet();
    // And its whole list does not have what it has shown.
    let both = [Doubt::Contradicts, Doubt::SetBack].map(|doubt| of_first(1, doubt));
    assert_eq!(said(&mut world), both);
}

#[test]
fn a_server_that_names_another_chain_at_the_same_number_contradicts_itself() {
    let (mut world, _, log) = two(6, 1);
    let seq = world.relays[0].logs[&log].entries.len() as u64;
    let chain = Chain([3; 32]);
    world.say(0, 1, &RelayFrame::CaughtUp { log, seq, chain });
    world.quiet();
    assert_eq!(said(&mut world), [of_first(1, Doubt::Contradicts)]);
}

#[test]
fn a_server_that_has_had_what_it_did_not_show_contradicts_itself() {
    let (mut world, _, log) = two(14, 1);
    world.relays[0].swallows = true;
    world.write(0, &body("ky"));
    world.drain();
    let entries = &world.relays[0].logs[&log].entries;
    let (seq, chain) = (entries.len() as u64, entries.last().expect("entries").chain);
    let own: Vec<EnvelopeId> = entries.iter().map(|entry| entry.id).collect();
    let new = world.peers[0].docs[&body("ky")].ids.iter();
    let id = *new.into_iter().find(|id| !own.contains(id)).expect("the new one");
    world.say(0, 0, &RelayFrame::Ack { log, id, seq, chain });
    world.carry_frames();
    assert_eq!(said(&mut world), [of_first(0, Doubt::Contradicts)]);
}

#[test]
fn a_server_whose_list_never_comes_to_the_end_that_it_names_contradicts_itself() {
    let (mut world, _, log) = two(7, 2);
    world.vices.insert(0, Vice::Withholds);
    world.relay_down(0);
    let entries = &mut world.relays[0].logs.get_mut(&log).expect("the log").entries;
    entries.pop();
    let hidden = entries.iter().any(|entry| entry.id.0[0] < 64);
    assert!(hidden, "the seed is one with which something is hidden");
    world.relays[0].up = true;
    wait(&mut world, 300);
    let said = said(&mut world);
    assert!(said.contains(&of_first(0, Doubt::Contradicts)), "{said:?}");
    assert!(said.iter().all(|(_, server, _)| *server == url(1)), "{said:?}");
}

#[test]
fn a_server_that_shows_a_later_envelope_and_for_ten_minutes_not_the_one_before_keeps_it_back() {
    let (mut world, ada, _) = two(8, 1);
    let one = ada.say(&body("ky"), 1, NO_PREVIOUS, "first");
    let two = ada.say(&body("ky"), 2, envelope_id(&one), "second");
    world.inject(0, &ada.keys(&body("ky")), &[two]);
    wait(&mut world, 590);
    assert_eq!(said(&mut world), [], "others may bring it still");
    wait(&mut world, 30);
    assert_eq!(
        said(&mut world),
        [of_first(0, Doubt::Withholds), of_first(1, Doubt::Withholds)]
    );
    // It goes on all the same, and what was kept back is taken when it comes.
    world.inject(0, &ada.keys(&body("ky")), &[one]);
    world.settle();
    assert!(world.has(1, &body("ky"), "second"));
}

#[test]
fn a_server_that_never_showed_the_later_one_is_not_suspected() {
    let (mut world, ada, log) = two(9, 2);
    let one = ada.say(&body("ky"), 1, NO_PREVIOUS, "first");
    let two = ada.say(&body("ky"), 2, envelope_id(&one), "second");
    world.inject(0, &ada.keys(&body("ky")), std::slice::from_ref(&two));
    // The other server does not take it from anybody.
    world.relays[1].swallows = true;
    wait(&mut world, 700);
    assert!(
        !world.relays[1].logs[&log]
            .entries
            .iter()
            .any(|entry| entry.bytes == two)
    );
    let said = said(&mut world);
    assert!(
        !said.is_empty() && said.iter().all(|(_, server, _)| *server == url(1)),
        "{said:?}"
    );
}

#[test]
fn a_server_that_lists_an_envelope_and_never_gives_it_keeps_it_back() {
    let (mut world, ada, log) = two(10, 1);
    world.relay_down(0);
    world.relays[0].logs.get_mut(&log).expect("the log").entries.clear();
    world.inject(
        0,
        &ada.keys(&body("ky")),
        &[ada.say(&body("ky"), 1, NO_PREVIOUS, "new")],
    );
    world.relays[0].fetches_nothing = true;
    wait(&mut world, 400);
    assert!(said(&mut world).contains(&of_first(1, Doubt::Withholds)));
}

#[test]
fn a_server_that_names_later_numbers_and_never_the_one_before_keeps_it_back() {
    let (mut world, ada, log) = two(11, 1);
    let one = ada.say(&body("ky"), 1, NO_PREVIOUS, "first");
    let end = world.relays[0].logs[&log].entries.last().expect("entries").chain;
    let hidden = chain::next(end, EnvelopeId([8; 32]));
    let shown = RelayFrame::Entry {
        log,
        seq: world.relays[0].logs[&log].entries.len() as u64 + 2,
        chain: chain::next(hidden, envelope_id(&one)),
        bytes: one,
    };
    world.say(0, 1, &shown);
    wait(&mut world, 100);
    assert_eq!(said(&mut world), []);
    wait(&mut world, 30);
    // And its whole list does not have what it has shown.
    let both = [Doubt::Withholds, Doubt::SetBack].map(|doubt| of_first(1, doubt));
    assert_eq!(said(&mut world), both);
    world.quiet();
}

#[test]
fn a_clock_that_jumps_and_a_device_that_slept_suspect_nobody_and_go_on_at_once() {
    let (mut world, ada, _) = two(12, 1);
    let one = ada.say(&body("ky"), 1, NO_PREVIOUS, "first");
    let two = ada.say(&body("ky"), 2, envelope_id(&one), "second");
    world.inject(0, &ada.keys(&body("ky")), &[two]);
    wait(&mut world, 5);
    for skew in [86_400_000, -86_400_000, 0] {
        world.peers[1].skew = skew;
        world.relay_down(0);
        world.relays[0].up = true;
        wait(&mut world, 60);
        assert!(world.peers[1].replica.state().relays[0].reached, "clock off by {skew}");
    }
    assert_eq!(said(&mut world), []);
}

#[test]
fn servers_that_start_again_and_answer_late_are_not_suspected() {
    let (mut world, ..) = two(13, 2);
    for round in 0..40 {
        world.relay_down(round % 2);
        world.write(round % 2, &body("ky"));
        wait(&mut world, round);
        world.relays[round % 2].up = true;
        wait(&mut world, 3);
    }
    world.quiet();
    assert_eq!(said(&mut world), []);
    world.check(&[body("ky")]);
}
