//! How somebody gets in, and how not.

use komuz_sync::Replica;
use komuz_sync::replica::{Joining, RefusedJoin};
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::invite::{Invite, LIFETIME};

use crate::world::{World, body, outlet, payload};

#[test]
fn found_invite_join_confirm_and_the_joiner_reads_the_history() {
    let mut world = World::new(1, 2);
    world.watch(0, &body("ky"));
    world.watch(0, &DocId::Registers);
    for _ in 0..5 {
        world.write(0, &body("ky"));
    }
    world.quiet();
    let bek = world.admit(0, "Bek", "beta", Role::Editor, Some(1));
    world.watch(bek, &body("ky"));
    world.watch(bek, &DocId::Registers);
    world.quiet();
    world.check(&[body("ky"), DocId::Registers]);
    let names = |peer: usize| {
        world.peers[peer]
            .replica
            .members()
            .into_iter()
            .map(|m| m.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(0), ["Ada", "Bek"]);
    assert_eq!(names(bek), ["Ada", "Bek"]);
    assert_eq!(world.peers[bek].replica.title(), "Samaragate");
    assert_eq!(world.peers[0].replica.outlets(), [outlet("alpha"), outlet("beta")]);
    // The joiner's own server is everybody's now, its ticket is the joiner's alone.
    let ada = world.peers[0].replica.servers();
    assert_eq!(ada.len(), 2);
    assert!(ada[1].ticket.is_none());
}

#[test]
fn an_editor_without_a_ticket_invites_through_who_has_one() {
    let mut world = World::new(2, 2);
    let bek = world.admit(0, "Bek", "beta", Role::Editor, None);
    assert!(
        world.peers[bek]
            .replica
            .servers()
            .iter()
            .all(|server| server.ticket.is_none())
    );
    let daniyar = world.admit(bek, "Daniyar", "beta", Role::Writer, None);
    assert_eq!(
        world.peers[daniyar].replica.me().map(|me| me.member.outlet.as_str()),
        Some("beta")
    );
}

#[test]
fn a_join_survives_the_death_of_both_sides() {
    let mut world = World::new(3, 1);
    world.quiet();
    let invitation = world.call(0, |replica, now, entropy| {
        replica.invite("beta", Role::Editor, now, entropy).expect("invites")
    });
    let bek = world.ask("Bek", &invitation.fragment, "beta", None);
    world.drain();
    world.crash(bek);
    world.crash(0);
    world.drain();
    let request = world.peers[0].replica.requests().remove(0);
    assert_eq!(Some(request.code), world.peers[bek].replica.joining_code());
    world.call(0, |replica, now, entropy| {
        replica.confirm(&request.id, now, entropy).expect("confirms")
    });
    for peer in [0, bek] {
        while world.peers[peer].flush().is_some() {}
        world.crash(peer);
    }
    world.quiet();
    assert!(world.peers[bek].joined);
}

#[test]
fn an_invitation_works_once() {
    let mut world = World::new(4, 1);
    world.quiet();
    let invitation = world.call(0, |replica, now, entropy| {
        replica.invite("beta", Role::Editor, now, entropy).expect("invites")
    });
    let bek = world.ask("Bek", &invitation.fragment, "beta", None);
    let thief = world.ask("Thief", &invitation.fragment, "gamma", None);
    world.drain();
    let requests = world.peers[0].replica.requests();
    assert_eq!(requests.len(), 2, "the editor sees that two have used it");
    let code = world.peers[bek].replica.joining_code();
    let right = requests
        .iter()
        .find(|request| Some(&request.code) == code.as_ref())
        .expect("Bek's code");
    let wrong = requests
        .iter()
        .find(|request| request.id != right.id)
        .expect("the other's");
    assert_ne!(right.code, wrong.code);
    world.call(0, |replica, now, entropy| {
        replica.confirm(&right.id, now, entropy).expect("confirms")
    });
    let again = world.peers[0].replica.confirm(&wrong.id, world.now, &mut |b| b.fill(1));
    assert_eq!(again.map_err(|why| why.code), Err("invite-used"));
    world.drain();
    world.tick(1_000);
    world.drain();
    assert!(world.peers[bek].joined);
    assert!(!world.peers[thief].joined);
}

#[test]
fn an_editor_turns_somebody_down() {
    let mut world = World::new(5, 1);
    world.quiet();
    let invitation = world.call(0, |replica, now, entropy| {
        replica.invite("beta", Role::Editor, now, entropy).expect("invites")
    });
    let bek = world.ask("Bek", &invitation.fragment, "beta", None);
    world.drain();
    let request = world.peers[0].replica.requests().remove(0);
    world.call(0, |replica, now, entropy| {
        replica.refuse(&request.id, now, entropy).expect("refuses")
    });
    world.drain();
    assert_eq!(world.peers[bek].refused, Some(RefusedJoin::TurnedDown));
    assert!(world.peers[0].replica.requests().is_empty());
}

#[test]
fn an_invitation_ends_after_a_day() {
    let mut world = World::new(6, 1);
    world.quiet();
    let invitation = world.call(0, |replica, now, entropy| {
        replica.invite("beta", Role::Editor, now, entropy).expect("invites")
    });
    let bek = world.ask("Bek", &invitation.fragment, "beta", None);
    world.drain();
    let request = world.peers[0].replica.requests().remove(0);
    world.now += LIFETIME;
    let late = world.peers[0]
        .replica
        .confirm(&request.id, world.now, &mut |b| b.fill(1));
    assert_eq!(late.map_err(|why| why.code), Err("invite-ended"));
    for _ in 0..120 {
        world.tick(1_000);
        world.drain();
    }
    assert_eq!(world.peers[bek].refused, Some(RefusedJoin::Expired));
    let joining = Joining {
        fragment: invitation.fragment,
        outlet: outlet("beta"),
        name: "Late".into(),
        server: None,
    };
    let late = Replica::join(joining, world.now, &mut |b| b.fill(1)).map(|_| ());
    assert_eq!(late.map_err(|why| why.code), Err("invite-ended"));
}

#[test]
fn other_outlets_people_are_invited_by_their_own_editors() {
    let mut world = World::new(7, 1);
    world.quiet();
    world.admit(0, "Bek", "beta", Role::Editor, None);
    let refused = world.peers[0]
        .replica
        .invite("The beta", Role::Writer, world.now, &mut |b| b.fill(1))
        .map(|_| ());
    assert_eq!(refused.map_err(|why| why.code), Err("other-outlet"));
    let first = world.peers[0]
        .replica
        .invite("gamma", Role::Writer, world.now, &mut |b| b.fill(1))
        .map(|_| ());
    assert_eq!(first.map_err(|why| why.code), Err("first-is-editor"));
}

#[test]
fn a_second_tab_shows_the_requests_and_what_the_first_has_answered() {
    let mut world = World::new(8, 1);
    world.quiet();
    let rows: Vec<_> = world.peers[0]
        .disk
        .iter()
        .map(|((table, key), value)| (table.clone(), key.clone(), value.clone()))
        .collect();
    let (now, dice) = (world.now, &mut world.dice);
    let (mut tab, _) = Replica::load(rows, now, &mut |b| dice.fill(b)).expect("shared rows load");
    let invitation = world.call(0, |replica, now, entropy| {
        replica.invite("beta", Role::Editor, now, entropy).expect("invites")
    });
    world.ask("Bek", &invitation.fragment, "beta", None);
    let mut tell = |world: &mut World| {
        let told = world.peers[0].told();
        let (now, dice) = (world.now, &mut world.dice);
        tab.rows(told, now, &mut |b| dice.fill(b));
        tab.requests()
    };
    for _ in 0..5 {
        world.carry_frames();
        while world.flush(1) {}
        world.tick(1_000);
    }
    assert_eq!(tell(&mut world), world.peers[0].replica.requests());
    assert_eq!(world.peers[0].replica.requests().len(), 1);
    let request = world.peers[0].replica.requests().remove(0);
    world.call(0, |replica, now, entropy| {
        replica.confirm(&request.id, now, entropy).expect("confirms")
    });
    assert_eq!(tell(&mut world), []);
    let again = tab.confirm(&request.id, world.now, &mut |b| b.fill(1));
    assert_eq!(again.map_err(|why| why.code), Err("invite-used"));
}

#[test]
fn two_tabs_that_confirm_two_people_by_one_invitation_let_one_in() {
    let mut world = World::new(9, 1);
    world.quiet();
    let invitation = world.call(0, |replica, now, entropy| {
        replica.invite("alpha", Role::Writer, now, entropy).expect("invites")
    });
    let askers = ["Bek", "Thief"].map(|name| world.ask(name, &invitation.fragment, "alpha", None));
    for _ in 0..5 {
        world.drain();
        world.tick(1_000);
    }
    // A second tab on the same rows, as a device of its own in this world; both confirm before they hear of each other.
    world.second_tab(0);
    let tab = world.peers.len() - 1;
    for _ in 0..5 {
        world.drain();
        world.tick(1_000);
    }
    world.relay_down(0);
    let requests = world.peers[0].replica.requests();
    assert_eq!((requests.len(), world.peers[tab].replica.requests().len()), (2, 2));
    for (peer, request) in [(0, &requests[0]), (tab, &requests[1])] {
        world.call(peer, |replica, now, entropy| {
            replica.confirm(&request.id, now, entropy).expect("confirms")
        });
    }
    world.quiet();
    let members = world.peers[0].replica.members();
    assert_eq!(members.len(), 2, "{members:?}");
    for peer in &world.peers {
        assert_eq!(peer.replica.members(), members, "{}", peer.name);
    }
    let loser = askers
        .into_iter()
        .find(|peer| !members.iter().any(|member| member.name == world.peers[*peer].name))
        .expect("one of them is out");
    assert_eq!(world.peers[loser].refused, Some(RefusedJoin::Used));
}

/// Somebody is let in and writes; then it turns out that another tab has let another person in by the same invitation.
/// Whether the first stays.
fn let_in_twice(seed: u64) -> bool {
    let mut world = World::new(seed, 2);
    world.quiet();
    let invitation = world.call(0, |replica, now, entropy| {
        replica.invite("alpha", Role::Editor, now, entropy).expect("invites")
    });
    let askers = ["Bek", "Thief"].map(|name| world.ask(name, &invitation.fragment, "alpha", None));
    for _ in 0..5 {
        world.drain();
        world.tick(1_000);
    }
    world.second_tab(0);
    for _ in 0..5 {
        world.drain();
        world.tick(1_000);
    }
    let tab = world.peers.len() - 1;
    let requests = world.peers[0].replica.requests();
    // The tab's confirmation stays on the tab's disk for now.
    world.call(tab, |replica, now, entropy| {
        replica.confirm(&requests[1].id, now, entropy).expect("confirms")
    });
    world.call(0, |replica, now, entropy| {
        replica.confirm(&requests[0].id, now, entropy).expect("confirms")
    });
    let first = askers
        .into_iter()
        .find(|peer| world.peers[*peer].replica.joining_code().as_ref() == Some(&requests[0].code))
        .expect("one of them");
    for _ in 0..5 {
        world.carry_frames();
        for peer in [0, askers[0], askers[1]] {
            while world.flush(peer) {}
        }
        world.tick(1_000);
    }
    assert!(world.peers[first].joined);
    world.watch(first, &body("ky"));
    let write = |world: &mut World| {
        let now = world.now;
        let written = world.peers[first]
            .replica
            .write(&body("ky"), vec![payload(b"x")], now, &mut |b| b.fill(1));
        written.map(|out| world.peers[first].take(out)).map_err(|why| why.code)
    };
    assert_eq!(write(&mut world), Ok(()));
    for _ in 0..30 {
        world.drain();
        world.tick(1_000);
    }
    let members = world.peers[0].replica.members();
    let stays = members.iter().any(|member| member.name == world.peers[first].name);
    assert_eq!(write(&mut world), if stays { Ok(()) } else { Err("invite-used") });
    stays
}

#[test]
fn who_was_let_in_and_then_not_writes_no_more() {
    let stays: Vec<bool> = (10..18).map(let_in_twice).collect();
    assert!(
        stays.contains(&true) && stays.contains(&false),
        "both happen: {stays:?}"
    );
}

#[test]
fn a_door_full_of_rubbish_neither_fills_the_disk_nor_keeps_the_answer_out() {
    let mut world = World::new(11, 1);
    world.quiet();
    let invitation = world.call(0, |replica, now, entropy| {
        replica.invite("beta", Role::Editor, now, entropy).expect("invites")
    });
    let door = Invite::from_text(&invitation.fragment).expect("the text").door();
    let bek = world.ask("Bek", &invitation.fragment, "beta", None);
    world.drain();
    let rubbish: Vec<Vec<u8>> = (0..1_000u32)
        .map(|n| [&[1; 508][..], &n.to_be_bytes()].concat())
        .collect();
    world.inject(0, &door, &rubbish);
    world.inject(0, &door, &[vec![1; 400_000]]);
    world.settle();
    let rows = world.peers[0].disk.iter();
    let at_door = rows.filter(|((table, key), _)| table == "envelopes" && key.starts_with(&door.id.0));
    assert!(at_door.clone().count() <= 128 && at_door.map(|(_, row)| row.len()).sum::<usize>() < 100_000);
    let request = world.peers[0].replica.requests().remove(0);
    world.call(0, |replica, now, entropy| {
        replica.confirm(&request.id, now, entropy).expect("confirms")
    });
    world.settle();
    // The answer is read behind the rubbish.
    assert!(world.relays[0].logs[&door.id].entries.len() > 1_002);
    assert!(world.peers[bek].joined);
}

#[test]
fn an_invitation_that_was_taken_back_tells_so_whoever_waits_and_who_comes_later() {
    let mut world = World::new(31, 1);
    world.quiet();
    let invitation = world.call(0, |replica, now, entropy| {
        replica.invite("alpha", Role::Writer, now, entropy).expect("invites")
    });
    let open = world.peers[0].replica.invitations();
    assert_eq!(open.len(), 1);
    assert_eq!((&open[0].invitation, open[0].role), (&invitation, Role::Writer));
    let waits = world.ask("Ben", &invitation.fragment, "alpha", None);
    world.drain();
    assert_eq!(world.peers[0].replica.requests().len(), 1);
    world.call(0, |replica, now, entropy| {
        replica.revoke(&invitation.id, now, entropy).expect("it is open")
    });
    let later = world.ask("Cleo", &invitation.fragment, "alpha", None);
    for _ in 0..10 {
        world.drain();
        world.tick(1000);
    }
    assert_eq!(world.peers[0].replica.requests(), []);
    assert_eq!(world.peers[0].replica.invitations(), []);
    for peer in [waits, later] {
        assert_eq!(world.peers[peer].refused, Some(RefusedJoin::TakenBack));
    }
    let again = world.call(0, |replica, now, entropy| {
        match replica.revoke(&invitation.id, now, entropy) {
            Ok(out) => (None, out),
            Err(why) => (Some(why.code), Vec::new()),
        }
    });
    assert_eq!(again, Some("invite-used"));
}
