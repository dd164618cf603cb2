//! Who goes, who becomes less, and what of their writing counts.

use std::collections::BTreeSet;

use komuz_sync::seal::bytes::MemberId;
use komuz_sync::seal::chain::envelope_id;
use komuz_sync::seal::charter::{Act, Charter, Entry, Role};
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::editors::EditorsSecret;
use komuz_sync::seal::envelope::{Kind, NO_PREVIOUS, Statement};
use komuz_sync::seal::epoch::EpochKey;

use crate::hostile::{Crafted, secrets};
use crate::seeds;
use crate::world::{World, body};

pub fn notes() -> DocId {
    DocId::Notes {
        story: "s1".to_owned(),
        lang: "ky".to_owned(),
    }
}

/// Ada, an editor, with Ben and Cleo, writers of her outlet; all three write to a body and to its notes.
pub fn house(seed: u64, relays: usize) -> World {
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

pub const BEN: usize = 1;
pub const CLEO: usize = 2;

fn member(world: &World, peer: usize) -> MemberId {
    world.peers[peer].replica.me().expect("a member").member.id
}

pub fn remove(world: &mut World, whom: usize) {
    let whom = member(world, whom);
    world.call(0, |replica, now, entropy| {
        replica.remove(&whom, now, entropy).expect("an editor may")
    });
}

pub fn give(world: &mut World, whom: usize, role: Role) {
    let whom = member(world, whom);
    world.call(0, |replica, now, entropy| {
        replica.give_role(&whom, role, now, entropy).expect("an editor may")
    });
}

pub fn words(world: &World, peer: usize, doc: &DocId) -> BTreeSet<Vec<u8>> {
    world.peers[peer].docs[doc].payloads.clone()
}

/// Somebody reaches only the relays from a number on, and all others only the first.
pub fn apart(world: &mut World, whom: usize) {
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
    while world.flush(0) {}
    world.crash(0);
    assert_eq!(world.peers[0].replica.aside(&ben), 2, "also after a restart");
    world.call(0, |replica, now, entropy| {
        replica.adopt(&ben, now, entropy).expect("an editor may")
    });
    world.quiet();
    // Ben is out and learns no more of what is decided.
    for peer in [0, CLEO] {
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
fn of_several_sessions_of_ones_own_that_were_cut_the_living_one_ends_too() {
    // Which of them is judged first is chance.
    for seed in 40..46 {
        let mut world = house(seed, 2);
        apart(&mut world, BEN);
        for _ in 0..2 {
            world.write(BEN, &body("ky"));
            while world.flush(BEN) {}
            world.crash(BEN);
        }
        world.write(BEN, &body("ky"));
        let session = world.peers[BEN].replica.session();
        give(&mut world, BEN, Role::Trainee);
        settle(&mut world);
        assert_ne!(world.peers[BEN].replica.session(), session);
        give(&mut world, BEN, Role::Writer);
        settle(&mut world);
        world.write(BEN, &body("ky"));
        settle(&mut world);
        world.check_but(&[body("ky"), notes()], &["Ben"]);
    }
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

pub fn rotate(world: &mut World, peer: usize) {
    world.call(peer, |replica, now, entropy| {
        replica.rotate(now, entropy).expect("an editor may")
    });
}

/// Time passes until everything is in sync and for two minutes more: a rotation may be lacking.
pub fn settle(world: &mut World) {
    world.quiet();
    for _ in 0..60 {
        world.tick(2000);
        world.drain();
    }
    world.quiet();
}

#[test]
fn who_is_removed_reads_nothing_of_what_is_written_afterwards() {
    let mut world = house(20, 2);
    let before = words(&world, BEN, &body("ky"));
    remove(&mut world, BEN);
    world.write(0, &body("ky"));
    world.quiet();
    world.write(CLEO, &body("ky"));
    settle(&mut world);
    assert_eq!(words(&world, BEN, &body("ky")), before);
    let now = words(&world, CLEO, &body("ky"));
    assert!(now.len() > before.len() + 1 && now == words(&world, 0, &body("ky")));
}

#[test]
fn who_joins_after_rotations_reads_everything() {
    let mut world = house(21, 2);
    for _ in 0..3 {
        rotate(&mut world, 0);
        world.write(CLEO, &body("ky"));
        world.quiet();
    }
    let dan = world.admit(0, "Dan", "alpha", Role::Writer, None);
    world.watch(dan, &body("ky"));
    world.watch(dan, &notes());
    world.write(dan, &body("ky"));
    settle(&mut world);
    world.check(&[body("ky"), notes()]);
    // And so after a restart of everybody.
    for peer in 0..world.peers.len() {
        while world.flush(peer) {}
        world.crash(peer);
    }
    settle(&mut world);
    world.check(&[body("ky"), notes()]);
}

#[test]
fn what_somebody_writes_under_the_old_key_without_knowing_of_the_new_one_counts() {
    let mut world = house(22, 2);
    apart(&mut world, CLEO);
    rotate(&mut world, 0);
    world.write(0, &body("ky"));
    world.write(CLEO, &body("ky"));
    world.write(CLEO, &notes());
    settle(&mut world);
    world.check(&[body("ky"), notes()]);
}

#[test]
fn a_relay_that_was_away_during_a_rotation_is_filled_and_opens_the_new_logs() {
    let mut world = house(23, 2);
    world.relay_down(1);
    rotate(&mut world, 0);
    world.write(CLEO, &body("ky"));
    world.drain();
    settle(&mut world);
    world.relay_down(0);
    world.relays[0].logs.clear();
    let dan = {
        world.relays[0].up = true;
        settle(&mut world);
        world.admit(0, "Dan", "alpha", Role::Writer, None)
    };
    world.watch(dan, &body("ky"));
    world.watch(dan, &notes());
    settle(&mut world);
    world.check(&[body("ky"), notes()]);
}

#[test]
fn two_rotations_at_once_come_to_one_key_and_nothing_is_lost() {
    let mut world = house(24, 2);
    give(&mut world, CLEO, Role::Editor);
    settle(&mut world);
    apart(&mut world, CLEO);
    for peer in [0, CLEO] {
        rotate(&mut world, peer);
        world.write(peer, &body("ky"));
    }
    world.drain();
    settle(&mut world);
    world.check(&[body("ky"), notes()]);
    // Whoever comes now reads what was written under either.
    let dan = world.admit(CLEO, "Dan", "alpha", Role::Writer, None);
    world.watch(dan, &body("ky"));
    world.watch(dan, &notes());
    settle(&mut world);
    world.check(&[body("ky"), notes()]);
}

#[test]
fn who_was_let_in_at_the_moment_of_a_rotation_gets_the_new_key() {
    let mut world = house(25, 2);
    give(&mut world, CLEO, Role::Editor);
    settle(&mut world);
    apart(&mut world, CLEO);
    // Dan comes by Ada's side, Cleo rotates on hers.
    rotate(&mut world, CLEO);
    world.write(CLEO, &body("ky"));
    let invitation = world.call(0, |replica, now, entropy| {
        replica
            .invite("alpha", Role::Writer, now, entropy)
            .expect("an editor invites")
    });
    let dan = world.ask("Dan", &invitation.fragment, "alpha", None);
    world.apart.insert((dan, 1));
    for _ in 0..30 {
        world.drain();
        if let Some(request) = world.peers[0].replica.requests().first().cloned() {
            world.call(0, |replica, now, entropy| {
                replica.confirm(&request.id, now, entropy).expect("an editor confirms")
            });
        }
        world.tick(1000);
    }
    assert!(world.peers[dan].joined);
    world.watch(dan, &body("ky"));
    world.watch(dan, &notes());
    world.write(dan, &body("ky"));
    settle(&mut world);
    world.check(&[body("ky"), notes()]);
}

#[test]
fn two_removals_at_once_leave_a_key_that_neither_has() {
    let mut world = house(26, 2);
    give(&mut world, CLEO, Role::Editor);
    let dan = world.admit(0, "Dan", "alpha", Role::Writer, None);
    world.watch(dan, &body("ky"));
    settle(&mut world);
    let before = words(&world, BEN, &body("ky"));
    apart(&mut world, CLEO);
    remove(&mut world, BEN);
    let whom = member(&world, dan);
    world.call(CLEO, |replica, now, entropy| {
        replica.remove(&whom, now, entropy).expect("an editor may")
    });
    settle(&mut world);
    for peer in [0, CLEO] {
        assert!(world.peers[peer].replica.has_key());
        world.write(peer, &body("ky"));
    }
    settle(&mut world);
    assert_eq!(words(&world, BEN, &body("ky")), before);
    assert_eq!(words(&world, dan, &body("ky")), before);
    assert_eq!(words(&world, 0, &body("ky")), words(&world, CLEO, &body("ky")));
    assert!(words(&world, 0, &body("ky")).len() > before.len() + 1);
}

#[test]
fn what_somebody_who_was_removed_dates_back_counts_nowhere() {
    let mut world = house(30, 2);
    let ben = Crafted::of(&world, BEN);
    let before = words(&world, CLEO, &body("ky"));
    remove(&mut world, BEN);
    settle(&mut world);
    // A session that nobody knew of, with the heads of before.
    let backdated = ben.say(&body("ky"), 1, NO_PREVIOUS, "written before, honestly");
    world.inject(0, &ben.keys(&body("ky")), &[backdated]);
    settle(&mut world);
    for peer in [0, CLEO] {
        assert_eq!(words(&world, peer, &body("ky")), before);
        assert_eq!(world.peers[peer].aside, ["Ben"]);
    }
}

#[test]
fn of_two_things_under_one_number_the_cut_says_which_counts_for_all() {
    let mut world = house(31, 2);
    let ben = Crafted::of(&world, BEN);
    let keys = ben.keys(&body("ky"));
    let one = ben.say(&body("ky"), 1, NO_PREVIOUS, "to Ada");
    let other = ben.say(&body("ky"), 1, NO_PREVIOUS, "to Cleo");
    let follows = ben.say(&body("ky"), 2, envelope_id(&one), "and so on");
    world.apart = [(0, 1), (CLEO, 0), (BEN, 0), (BEN, 1)].into();
    for (relay, envelopes) in [(0, vec![one, follows]), (1, vec![other])] {
        world.inject(relay, &keys, &envelopes);
    }
    for _ in 0..60 {
        world.tick(1000);
        world.drain();
    }
    assert!(world.has(0, &body("ky"), "and so on") && world.has(CLEO, &body("ky"), "to Cleo"));
    remove(&mut world, BEN);
    settle(&mut world);
    for peer in [0, CLEO] {
        assert!(world.has(peer, &body("ky"), "to Ada") && world.has(peer, &body("ky"), "and so on"));
        assert!(!world.has(peer, &body("ky"), "to Cleo"));
    }
}

#[test]
fn a_rotation_that_gives_somebody_another_key_is_used_by_nobody() {
    let mut world = house(32, 2);
    give(&mut world, CLEO, Role::Editor);
    settle(&mut world);
    // Cleo's software makes it: Ben gets nothing that he can open.
    let (cleo, (ben, _)) = (Crafted::of(&world, CLEO), secrets(&world, BEN));
    let keys = cleo.keys(&DocId::Charter);
    let mut charter = Charter::expecting(world.peers[0].replica.investigation());
    for entry in &world.relays[0].logs[&keys.id].entries {
        let statement = Statement::open(&entry.bytes, &keys).expect("it opens");
        for bytes in statement.payloads.iter().filter(|_| statement.kind == Kind::Charter) {
            charter.insert(bytes).expect("an entry");
        }
    }
    let (key, editors) = (EpochKey::from_secret([9; 32]), EditorsSecret::from_secret([8; 32]));
    let heads = charter.heads(&cleo.device.id());
    let held = [cleo.epoch.clone()];
    let (_, bytes) = charter
        .rotate(&cleo.device, &key, &editors, &held, &mut |bytes| bytes.fill(3))
        .expect("an editor may");
    let (_, mut entry) = Entry::open(&bytes).expect("an entry");
    let Act::Rotated(rotation) = &mut entry.act else {
        panic!("a rotation");
    };
    for recipient in &mut rotation.recipients {
        if recipient.device == ben.id() {
            let last = recipient.key.len() - 1;
            recipient.key[last] ^= 1;
        }
    }
    entry.heads = heads;
    let bad = entry.sign(&cleo.device);
    let envelope = cleo.seal(Kind::Charter, &DocId::Charter, 1, NO_PREVIOUS, vec![bad]);
    world.inject(0, &keys, &[envelope]);
    settle(&mut world);
    for peer in 0..3 {
        let said = std::mem::take(&mut world.peers[peer].troubles).concat();
        assert!(
            said.contains("The new key that Cleo's device made is not used"),
            "{peer}: {said}"
        );
        world.write(peer, &body("ky"));
    }
    settle(&mut world);
    world.check(&[body("ky"), notes()]);
    // After the next one, whoever comes reads what was written before the bad one.
    rotate(&mut world, 0);
    settle(&mut world);
    let dan = world.admit(0, "Dan", "alpha", Role::Writer, None);
    world.watch(dan, &body("ky"));
    world.watch(dan, &notes());
    settle(&mut world);
    assert_eq!(words(&world, dan, &body("ky")), words(&world, BEN, &body("ky")));
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
                if seed % 2 == 0 {
                    rotate(&mut world, 0);
                }
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
        settle(&mut world);
        world.check_but(&docs, left);
    });
}
