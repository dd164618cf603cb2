//! One person's further devices: how one gets in, how not, and what becomes of one that was lost.

use komuz_sync::Replica;
use komuz_sync::replica::{Invitation, Joining, RefusedJoin, Request};
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::invite::LIFETIME;

use crate::world::{World, body, outlet};

const ADA: usize = 0;
const BEN: usize = 1;

/// Ada, an editor with the server's ticket, and Ben of her outlet, who has none.
fn house(seed: u64, role: Role) -> World {
    let mut world = World::new(seed, 1);
    world.admit(ADA, "Ben", "alpha", role, None);
    for peer in [ADA, BEN] {
        world.watch(peer, &body("ky"));
    }
    world.write(ADA, &body("ky"));
    world.quiet();
    world
}

fn invite(world: &mut World, peer: usize) -> Invitation {
    world.call(peer, |replica, now, entropy| {
        replica.invite_device(now, entropy).expect("a member may")
    })
}

fn wait(world: &mut World) {
    for _ in 0..10 {
        world.drain();
        world.tick(1_000);
    }
}

fn request(world: &World, peer: usize, of: usize) -> Request {
    let code = world.peers[of].replica.joining_code();
    let requests = world.peers[peer].replica.requests();
    let found = requests
        .into_iter()
        .find(|request| Some(&request.code) == code.as_ref());
    found.expect("both read the same code")
}

fn confirm(world: &mut World, peer: usize, request: &Request) -> Result<(), &'static str> {
    world.call(peer, |replica, now, entropy| {
        match replica.confirm(&request.id, now, entropy) {
            Ok(out) => (Ok(()), out),
            Err(why) => (Err(why.code), Vec::new()),
        }
    })
}

/// A member's further device: its number.
fn add(world: &mut World, peer: usize) -> usize {
    let invitation = invite(world, peer);
    let device = world.ask("", &invitation.fragment, "", None);
    wait(world);
    let asked = request(world, peer, device);
    assert_eq!(confirm(world, peer, &asked), Ok(()));
    wait(world);
    assert!(world.peers[device].joined, "{:?}", world.peers[device].troubles);
    device
}

fn remove(world: &mut World, whom: usize) {
    let whom = world.peers[whom].replica.me().expect("a member").member.id;
    world.call(ADA, |replica, now, entropy| {
        replica.remove(&whom, now, entropy).expect("an editor may")
    });
}

#[test]
fn a_writers_second_device_is_the_same_member_and_gets_what_a_joiner_gets() {
    let mut world = house(1, Role::Writer);
    let invitation = invite(&mut world, BEN);
    let open = world.peers[BEN].replica.invitations();
    assert_eq!((open.len(), open[0].is_device, open[0].role), (1, true, Role::Writer));
    let second = world.ask("", &invitation.fragment, "", None);
    wait(&mut world);
    let asked = request(&world, BEN, second);
    assert_eq!((asked.name.as_str(), asked.is_device), ("Ben", true));
    assert!(world.peers[ADA].replica.requests().is_empty(), "it is Ben's to say");
    assert_eq!(confirm(&mut world, BEN, &asked), Ok(()));
    wait(&mut world);
    let member = |world: &World, peer: usize| world.peers[peer].replica.me().expect("is in").member.clone();
    assert_eq!(member(&world, second), member(&world, BEN));
    assert_eq!(world.peers[ADA].replica.members().len(), 2);
    assert_eq!(world.peers[second].replica.servers().len(), 1);
    world.watch(second, &body("ky"));
    for peer in [ADA, BEN, second] {
        world.write(peer, &body("ky"));
    }
    world.quiet();
    world.check(&[body("ky")]);
    let ben = member(&world, BEN).id;
    assert_eq!(
        world.peers[ADA].replica.devices_of(&ben),
        [BEN, second].map(|peer| world.peers[peer].replica.me().expect("is in").device)
    );
}

#[test]
fn a_trainee_and_an_editor_add_devices_too_and_a_device_adds_another() {
    for role in [Role::Trainee, Role::Editor] {
        let mut world = house(2, role);
        let second = add(&mut world, BEN);
        let third = add(&mut world, second);
        world.watch(third, &body("ky"));
        world.watch(second, &body("ky"));
        world.write(ADA, &body("ky"));
        world.quiet();
        world.check(&[body("ky")]);
    }
}

#[test]
fn an_observer_who_writes_in_no_document_adds_a_device_loses_it_and_leaves() {
    let mut world = house(22, Role::Observer);
    let second = add(&mut world, BEN);
    world.watch(second, &body("ky"));
    world.write(ADA, &body("ky"));
    world.quiet();
    world.check(&[body("ky")]);
    let ben = world.peers[BEN].replica.me().expect("is in").member.id;
    let lost = world.peers[second].replica.me().expect("is in").device;
    world.call(BEN, |replica, now, entropy| {
        replica.remove_device(&lost, now, entropy).expect("it is one's own")
    });
    wait(&mut world);
    assert_eq!(world.peers[ADA].replica.devices_of(&ben).len(), 1);
    assert_eq!(
        world.peers[second].replica.may_write().map_err(|why| why.code),
        Err("device-removed")
    );
    // The rest is said under a key that the lost device has not got.
    world.write(ADA, &body("ky"));
    world.quiet();
    world.call(BEN, |replica, now, entropy| {
        replica.remove(&ben, now, entropy).expect("everybody may leave")
    });
    wait(&mut world);
    assert_eq!(world.peers[ADA].replica.members().len(), 1);
    assert_eq!(world.peers[ADA].troubles, Vec::<String>::new());
    world.write(ADA, &body("ky"));
    world.quiet();
    assert!(world.peers[ADA].replica.has_key());
}

#[test]
fn a_device_that_is_let_in_after_a_rotation_reads_what_was_written_before_it() {
    let mut world = house(3, Role::Writer);
    let cleo = world.admit(ADA, "Cleo", "alpha", Role::Writer, None);
    remove(&mut world, cleo);
    world.quiet();
    let second = add(&mut world, BEN);
    world.watch(second, &body("ky"));
    world.write(second, &body("ky"));
    world.quiet();
    // And the next key is for it as well.
    world.call(ADA, |replica, now, entropy| {
        replica.rotate(now, entropy).expect("an editor may")
    });
    world.write(ADA, &body("ky"));
    world.quiet();
    assert_eq!(
        world.peers[second].docs[&body("ky")].payloads,
        world.peers[ADA].docs[&body("ky")].payloads
    );
}

#[test]
fn a_link_works_once_and_a_stranger_who_has_it_shows_another_code() {
    let mut world = house(4, Role::Writer);
    let invitation = invite(&mut world, BEN);
    let thief = world.ask("Thief", &invitation.fragment, "alpha", None);
    let second = world.ask("", &invitation.fragment, "", None);
    wait(&mut world);
    let (right, wrong) = (request(&world, BEN, second), request(&world, BEN, thief));
    assert_ne!(right.code, wrong.code);
    assert_eq!(confirm(&mut world, BEN, &right), Ok(()));
    assert_eq!(confirm(&mut world, BEN, &wrong), Err("invite-used"));
    let late = world.ask("", &invitation.fragment, "", None);
    wait(&mut world);
    assert!(world.peers[second].joined && !world.peers[thief].joined);
    assert_eq!(world.peers[late].refused, Some(RefusedJoin::Used));
    assert!(world.peers[BEN].replica.invitations().is_empty());
}

#[test]
fn a_link_that_was_taken_back_and_one_of_yesterday_let_nothing_in() {
    let mut world = house(5, Role::Writer);
    let invitation = invite(&mut world, BEN);
    let waits = world.ask("", &invitation.fragment, "", None);
    wait(&mut world);
    world.call(BEN, |replica, now, entropy| {
        replica.revoke(&invitation.id, now, entropy).expect("it is open")
    });
    let later = world.ask("", &invitation.fragment, "", None);
    wait(&mut world);
    for peer in [waits, later] {
        assert_eq!(world.peers[peer].refused, Some(RefusedJoin::TakenBack));
    }
    let invitation = invite(&mut world, BEN);
    let slow = world.ask("", &invitation.fragment, "", None);
    wait(&mut world);
    let asked = request(&world, BEN, slow);
    world.now += LIFETIME;
    assert_eq!(confirm(&mut world, BEN, &asked), Err("invite-ended"));
    for _ in 0..120 {
        world.tick(1_000);
        world.drain();
    }
    assert_eq!(world.peers[slow].refused, Some(RefusedJoin::Expired));
    let joining = Joining {
        fragment: invitation.fragment,
        outlet: outlet("alpha"),
        name: String::new(),
        server: None,
    };
    let late = Replica::join(joining, world.now, &mut |b| b.fill(1)).map(|_| ());
    assert_eq!(late.map_err(|why| why.code), Err("invite-ended"));
}

#[test]
fn a_device_that_waits_survives_the_death_of_both_sides() {
    let mut world = house(6, Role::Writer);
    let invitation = invite(&mut world, BEN);
    let second = world.ask("", &invitation.fragment, "", None);
    world.drain();
    world.crash(second);
    world.crash(BEN);
    wait(&mut world);
    let asked = request(&world, BEN, second);
    assert_eq!(confirm(&mut world, BEN, &asked), Ok(()));
    for peer in [BEN, second] {
        while world.flush(peer) {}
        world.crash(peer);
    }
    world.quiet();
    assert!(world.peers[second].joined);
}

#[test]
fn a_door_that_has_ended_and_that_its_server_has_lost_is_waited_for_no_more() {
    let mut world = house(23, Role::Writer);
    let invitation = invite(&mut world, BEN);
    let second = world.ask("", &invitation.fragment, "", None);
    wait(&mut world);
    let asked = request(&world, BEN, second);
    // Ben's word is on his device alone when the server loses all it has.
    world.relay_down(0);
    assert_eq!(confirm(&mut world, BEN, &asked), Ok(()));
    world.relays[0].logs.clear();
    world.now += LIFETIME;
    for _ in 0..30 {
        world.relays[0].up = true;
        world.drain();
        world.tick(1_000);
    }
    assert_eq!(world.peers[second].refused, Some(RefusedJoin::Expired));
    world.lose(second);
    world.quiet();
    assert!(world.peers[BEN].replica.invitations().is_empty());
    assert_eq!(world.peers[BEN].replica.state().unsent, 0);
}

#[test]
fn who_was_removed_adds_no_device() {
    let mut world = house(7, Role::Writer);
    let invitation = invite(&mut world, BEN);
    let second = world.ask("", &invitation.fragment, "", None);
    wait(&mut world);
    let asked = request(&world, BEN, second);
    remove(&mut world, BEN);
    wait(&mut world);
    assert_eq!(confirm(&mut world, BEN, &asked), Err("removed"));
    let none = world.peers[BEN]
        .replica
        .invite_device(world.now, &mut |b| b.fill(1))
        .map(|_| ());
    assert_eq!(none.map_err(|why| why.code), Err("removed"));
}

/// Ben, an editor, lets a further device of his own or another person in while Ada removes him, and neither knows of the other;
/// whoever `first` names is heard first.
fn let_in_while_removed(seed: u64, first: usize, person: bool) {
    let mut world = house(seed, Role::Editor);
    let invitation = match person {
        true => world.call(BEN, |replica, now, entropy| {
            replica
                .invite("alpha", Role::Writer, now, entropy)
                .expect("an editor may")
        }),
        false => invite(&mut world, BEN),
    };
    let second = world.ask("Zoe", &invitation.fragment, "alpha", None);
    wait(&mut world);
    let asked = request(&world, BEN, second);
    world.relay_down(0);
    assert_eq!(confirm(&mut world, BEN, &asked), Ok(()));
    remove(&mut world, BEN);
    world.apart.insert((ADA + BEN - first, 0));
    world.relays[0].up = true;
    // Until the logs are closed to Ben.
    for _ in 0..70 {
        world.drain();
        world.tick(1_000);
    }
    world.quiet();
    for _ in 0..20 {
        world.drain();
        world.tick(1_000);
    }
    let peer = &world.peers[second];
    assert_eq!(world.peers[ADA].replica.members().len(), 1);
    if peer.joined {
        assert_eq!(peer.replica.may_write().map_err(|why| why.code), Err("removed"));
    } else {
        assert_eq!(peer.refused, Some(RefusedJoin::Removed), "{:?}", peer.troubles);
    }
    assert!(world.peers[ADA].replica.has_key());
}

#[test]
fn who_was_let_in_by_somebody_who_was_being_removed_is_out_in_either_order_and_told_so() {
    for seed in 0..4 {
        for person in [false, true] {
            let_in_while_removed(8 + seed, ADA, person);
            let_in_while_removed(8 + seed, BEN, person);
        }
    }
}

#[test]
fn a_lost_device_is_taken_out_by_the_other_one_and_reads_nothing_that_is_written_then() {
    let mut world = house(20, Role::Writer);
    let second = add(&mut world, BEN);
    world.watch(second, &body("ky"));
    world.write(BEN, &body("ky"));
    world.quiet();
    let lost = world.peers[BEN].replica.me().expect("is in").device;
    world.call(second, |replica, now, entropy| {
        replica.remove_device(&lost, now, entropy).expect("it is one's own")
    });
    world.quiet();
    // An editor's device makes the new key by itself.
    for _ in 0..30 {
        world.drain();
        world.tick(1_000);
    }
    assert!(world.peers[second].replica.has_key());
    assert_eq!(
        world.peers[BEN].replica.may_write().map_err(|why| why.code),
        Err("device-removed")
    );
    let before = world.peers[BEN].docs[&body("ky")].payloads.len();
    for peer in [ADA, second] {
        world.write(peer, &body("ky"));
    }
    world.quiet();
    assert_eq!(world.peers[BEN].docs[&body("ky")].payloads.len(), before);
    let all = &world.peers[ADA].docs[&body("ky")].payloads;
    assert_eq!(&world.peers[second].docs[&body("ky")].payloads, all);
    assert!(
        all.len() > before && all.is_superset(&world.peers[BEN].docs[&body("ky")].payloads),
        "what the lost one wrote before stays"
    );
    let ben = world.peers[second].replica.me().expect("is in").member.id;
    assert_eq!(world.peers[ADA].replica.devices_of(&ben).len(), 1);
    assert!(world.peers[ADA].replica.members_out().is_empty());
    // A person's words are entered again by the device that is left.
    assert!(world.peers[second].replica.written_elsewhere().is_empty());
    world.watch(second, &DocId::Registers);
}

#[test]
fn of_two_devices_that_are_in_each_answers_for_its_own_words() {
    let mut world = house(21, Role::Writer);
    let second = add(&mut world, BEN);
    world.watch(second, &body("ky"));
    for peer in [BEN, second] {
        world.write(peer, &body("ky"));
    }
    world.quiet();
    let session = |world: &World, peer: usize| {
        let me = world.peers[peer].replica.me().expect("is in");
        (me.device, me.session)
    };
    for (here, there) in [(BEN, second), (second, BEN)] {
        let elsewhere = world.peers[here].replica.written_elsewhere();
        assert!(elsewhere.contains(&session(&world, there)) && !elsewhere.contains(&session(&world, here)));
    }
}
