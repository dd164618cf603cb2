//! How somebody gets in, and how not.

use komuz_sync::Replica;
use komuz_sync::replica::{Joining, RefusedJoin};
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::invite::LIFETIME;

use crate::world::{World, body, outlet};

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
