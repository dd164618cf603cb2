//! Who goes, who becomes less, and what of their writing counts.

use std::collections::BTreeSet;

use komuz_sync::seal::bytes::MemberId;
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;

use crate::seeds;
use crate::world::{World, body};

fn notes() -> DocId {
    DocId::Notes {
        story: "s1".to_owned(),
        lang: "ky".to_owned(),
    }
}

/// Ada, an editor, with Ben and Cleo, writers of her outlet; all three write to a body and to its notes.
fn house(seed: u64, relays: usize) -> World {
    let mut world = World::new(seed, relays);
    for relay in 1..relays {
        world.add_server(relay);
    }
    for name in ["Ben", "Cleo"] {
        world.admit(0, name, "alpha", Role::Writer, None);
    }
    for peer in 0..3 {
        world.watch(peer, &body("ky"));
        world.watch(peer, &notes());
        world.write(peer, &body("ky"));
        world.write(peer, &notes());
    }
    world.quiet();
    world
}

const BEN: usize = 1;
const CLEO: usize = 2;

fn member(world: &World, peer: usize) -> MemberId {
    world.peers[peer].replica.me().expect("a member").member.id
}

fn remove(world: &mut World, whom: usize) {
    let whom = member(world, whom);
    world.call(0, |replica, now, entropy| {
        replica.remove(&whom, now, entropy).expect("an editor may")
    });
}

fn give(world: &mut World, whom: usize, role: Role) {
    let whom = member(world, whom);
    world.call(0, |replica, now, entropy| {
        replica.give_role(&whom, role, now, entropy).expect("an editor may")
    });
}

fn words(world: &World, peer: usize, doc: &DocId) -> BTreeSet<Vec<u8>> {
    world.peers[peer].docs[doc].payloads.clone()
}

/// Somebody reaches only the relays from a number on, and all others only the first.
fn apart(world: &mut World, whom: usize) {
    for peer in 0..world.peers.len() {
        for relay in 0..world.relays.len() {
            if (peer == whom) == (relay == 0) {
                world.apart.insert((peer, relay));
            }
        }
    }
    let wires = world.wires.iter();
    let cut = wires.filter(|(_, wire)| world.apart.contains(&(wire.peer, wire.relay)));
    let cut: Vec<_> = cut.map(|(conn, _)| *conn).collect();
    for conn in cut {
        world.cut(conn);
    }
}

#[test]
fn who_is_removed_writes_no_more_and_what_they_wrote_before_counts() {
    let mut world = house(1, 1);
    let before = words(&world, BEN, &body("ky"));
    remove(&mut world, BEN);
    world.quiet();
    let why = world.peers[BEN].replica.may_write().expect_err("Ben is out");
    assert_eq!(why.code, "removed");
    assert_eq!(words(&world, CLEO, &body("ky")), before);
    let names: Vec<String> = world.peers[CLEO]
        .replica
        .members()
        .into_iter()
        .map(|member| member.name)
        .collect();
    assert_eq!(names, ["Ada", "Cleo"]);
    world.check(&[body("ky"), notes()]);
}

#[test]
fn what_is_written_without_knowing_of_the_removal_counts_nowhere() {
    let mut world = house(2, 2);
    apart(&mut world, BEN);
    let before = words(&world, 0, &body("ky"));
    remove(&mut world, BEN);
    world.write(BEN, &body("ky"));
    world.write(BEN, &body("ky"));
    world.drain();
    world.quiet();
    for peer in 0..3 {
        assert_eq!(words(&world, peer, &body("ky")), before, "{}", world.peers[peer].name);
        assert_eq!(world.peers[peer].aside, ["Ben"]);
    }
    world.check_but(&[body("ky"), notes()], &["Ben"]);
}

#[test]
fn who_has_taken_more_makes_the_document_anew() {
    let mut world = house(3, 2);
    // Ben and Cleo write together, while Ada removes Ben.
    world.apart = [(0, 1), (BEN, 0), (CLEO, 0)].into();
    let conns: Vec<_> = world.wires.keys().copied().collect();
    for conn in conns {
        world.cut(conn);
    }
    let before = words(&world, 0, &body("ky"));
    world.write(BEN, &body("ky"));
    for _ in 0..60 {
        world.tick(1000);
        world.drain();
    }
    assert!(words(&world, CLEO, &body("ky")).len() > before.len(), "Cleo has it");
    remove(&mut world, BEN);
    world.drain();
    world.quiet();
    for peer in 0..3 {
        assert_eq!(words(&world, peer, &body("ky")), before, "{}", world.peers[peer].name);
        assert!(!world.peers[peer].docs[&body("ky")].void.is_empty());
    }
    // After a restart it is the same.
    for peer in 0..3 {
        world.peers[peer].save(&body("ky"));
        while world.flush(peer) {}
        world.crash(peer);
        assert_eq!(words(&world, peer, &body("ky")), before);
        assert!(!world.peers[peer].docs[&body("ky")].void.is_empty());
    }
}

#[test]
fn a_document_that_was_saved_with_too_much_is_made_anew_after_a_crash() {
    let mut world = house(4, 2);
    world.apart = [(0, 1), (BEN, 0), (CLEO, 0)].into();
    let conns: Vec<_> = world.wires.keys().copied().collect();
    for conn in conns {
        world.cut(conn);
    }
    let before = words(&world, 0, &body("ky"));
    world.write(BEN, &body("ky"));
    for _ in 0..60 {
        world.tick(1000);
        world.drain();
    }
    world.peers[CLEO].save(&body("ky"));
    while world.flush(CLEO) {}
    let saved = world.peers[CLEO].saved[&body("ky")].clone();
    assert!(saved.payloads.len() > before.len());
    remove(&mut world, BEN);
    world.drain();
    world.quiet();
    world.peers[CLEO].saved.insert(body("ky"), saved);
    world.crash(CLEO);
    assert_eq!(words(&world, CLEO, &body("ky")), before);
}

#[test]
fn an_editor_says_that_what_was_left_aside_counts_and_takes_it_back_by_nothing() {
    let mut world = house(5, 2);
    apart(&mut world, BEN);
    world.write(BEN, &body("ky"));
    world.write(BEN, &body("ky"));
    world.drain();
    let all = words(&world, BEN, &body("ky"));
    remove(&mut world, BEN);
    world.quiet();
    let ben = world.peers[0]
        .replica
        .members()
        .into_iter()
        .find(|member| member.name == "Ben");
    assert_eq!(ben, None);
    let ben = member(&world, BEN);
    assert_eq!(world.peers[0].replica.aside(&ben), 2);
    world.call(0, |replica, now, entropy| {
        replica.adopt(&ben, now, entropy).expect("an editor may")
    });
    world.quiet();
    for peer in 0..3 {
        assert_eq!(words(&world, peer, &body("ky")), all, "{}", world.peers[peer].name);
        assert_eq!(world.peers[peer].replica.aside(&ben), 0);
    }
    let again = world.call(0, |replica, now, entropy| match replica.adopt(&ben, now, entropy) {
        Ok(out) => (None, out),
        Err(why) => (Some(why.code), Vec::new()),
    });
    assert_eq!(again, Some("nothing-aside"));
}

#[test]
fn a_lesser_role_takes_what_it_may_not_write_and_leaves_the_rest() {
    let mut world = house(6, 2);
    apart(&mut world, BEN);
    let before = words(&world, 0, &body("ky"));
    world.write(BEN, &body("ky"));
    world.write(BEN, &notes());
    world.drain();
    let said = words(&world, BEN, &notes());
    give(&mut world, BEN, Role::Trainee);
    world.quiet();
    for peer in 0..3 {
        assert_eq!(words(&world, peer, &body("ky")), before);
        assert_eq!(words(&world, peer, &notes()), said);
    }
    assert_eq!(
        world.peers[BEN].replica.me().map(|me| me.member.role),
        Some(Role::Trainee)
    );
    // And a writer again: in a session of its own, since the one before has a hole.
    give(&mut world, BEN, Role::Writer);
    world.quiet();
    world.write(BEN, &body("ky"));
    world.quiet();
    assert!(words(&world, CLEO, &body("ky")).len() > before.len());
    world.check_but(&[body("ky"), notes()], &["Ben"]);
}

#[test]
fn a_writer_may_not_remove_and_nobody_the_first_editor() {
    let mut world = house(7, 1);
    let (ada, cleo) = (member(&world, 0), member(&world, CLEO));
    for whom in [ada, cleo] {
        let code = world.call(BEN, |replica, now, entropy| match replica.remove(&whom, now, entropy) {
            Ok(out) => (None, out),
            Err(why) => (Some(why.code), Vec::new()),
        });
        assert_eq!(code, Some("no-right"));
    }
}

#[test]
fn who_goes_by_themselves_says_so_to_all() {
    let mut world = house(8, 1);
    let ben = member(&world, BEN);
    world.call(BEN, |replica, now, entropy| {
        replica.remove(&ben, now, entropy).expect("one may always go")
    });
    world.quiet();
    assert_eq!(world.peers[CLEO].replica.members().len(), 2);
    assert_eq!(world.peers[BEN].replica.may_write().expect_err("out").code, "removed");
    world.check(&[body("ky"), notes()]);
}

/// Removals and lesser roles in the middle of a storm: after quiet all have the same, and nothing of those who stayed is lost.
#[test]
fn storms_with_removals() {
    seeds::each("storms_with_removals", 60, |seed| {
        let mut world = house(seed, 2);
        let docs = [body("ky"), notes()];
        world.make_unlike();
        for _ in 0..150 {
            world.happen_among(&docs);
        }
        let left: &[&str] = match seed % 3 {
            0 => {
                remove(&mut world, BEN);
                &["Ben"]
            }
            1 => {
                give(&mut world, BEN, Role::Reviewer);
                &["Ben"]
            }
            _ => {
                give(&mut world, BEN, Role::Observer);
                remove(&mut world, CLEO);
                &["Ben", "Cleo"]
            }
        };
        for _ in 0..150 {
            world.happen_among(&docs);
        }
        if seed % 2 == 0 {
            let whom = member(&world, BEN);
            world.call(0, |replica, now, entropy| {
                replica.adopt(&whom, now, entropy).unwrap_or_default()
            });
        }
        for _ in 0..100 {
            world.happen_among(&docs);
        }
        world.quiet();
        world.check_but(&docs, left);
    });
}
