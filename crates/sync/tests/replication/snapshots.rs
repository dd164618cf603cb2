//! Who comes later takes a document as a whole and reads what was written since, and has what everybody has.

use komuz_sync::seal::blob;
use komuz_sync::seal::bytes::LogId;
use komuz_sync::seal::chain::envelope_id;
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::envelope::{Kind, NO_PREVIOUS};
use komuz_sync::seal::snapshot::{Announcement, Snapshot};

use crate::hostile::{Crafted, secrets};
use crate::seeds;
use crate::world::{World, body};

pub const ADA: usize = 0;
pub const BEN: usize = 1;

/// Ada, an editor, and Ben, a writer of her outlet, who have written much.
fn house(seed: u64, relays: usize) -> World {
    let mut world = World::new(seed, relays);
    for relay in 1..relays {
        world.add_server(relay);
    }
    world.admit(ADA, "Ben", "alpha", Role::Writer, None);
    for peer in [ADA, BEN] {
        world.watch(peer, &body("ky"));
        world.write(peer, &body("ky"));
    }
    world.quiet();
    write_much(&mut world);
    world
}

/// More than a megabyte, by both.
fn write_much(world: &mut World) {
    world.large = true;
    while weight(world) < 1 << 20 {
        for peer in [ADA, BEN] {
            world.write(peer, &body("ky"));
        }
        world.quiet();
    }
    world.large = false;
    // A session's newest envelope lies in a snapshot as it is.
    for peer in [ADA, BEN] {
        world.write(peer, &body("ky"));
    }
    world.quiet();
}

/// Bytes in the story's log at the first relay.
fn weight(world: &World) -> usize {
    let keys = Crafted::of(world, ADA).keys(&body("ky"));
    let log = &world.relays[0].logs[&keys.id];
    log.entries.iter().map(|entry| entry.bytes.len()).sum()
}

/// Nobody does anything for ten minutes.
pub fn rest(world: &mut World) {
    for _ in 0..600 {
        world.drain();
        world.tick(1_000);
    }
    world.quiet();
}

fn made(world: &World) -> usize {
    world.peers.iter().map(|peer| peer.made_whole).sum()
}

/// Dan joins and looks at the story: how many bytes he is brought, and his number.
fn dan_comes(world: &mut World) -> (usize, u64) {
    let dan = world.admit(ADA, "Dan", "alpha", Role::Writer, None);
    world.quiet();
    world.brought.clear();
    world.watch(dan, &body("ky"));
    world.quiet();
    (dan, world.brought[&dan].bytes)
}

#[test]
fn who_comes_later_takes_the_whole_and_what_was_written_since() {
    let mut world = house(1, 1);
    rest(&mut world);
    assert_eq!(made(&world), 1, "the others are spared the work");
    world.write(BEN, &body("ky"));
    world.quiet();
    let (dan, bytes) = dan_comes(&mut world);
    assert_eq!(world.peers[dan].taken_whole, 1);
    assert!(bytes < 40_000, "{bytes}");
    world.check(&[body("ky")]);
    // And goes on from there as everybody does.
    for peer in [ADA, BEN, dan] {
        world.write(peer, &body("ky"));
    }
    world.quiet();
    world.check(&[body("ky")]);
}

#[test]
fn none_is_made_of_what_is_read_as_quickly_without() {
    let mut world = World::new(2, 1);
    world.watch(ADA, &body("ky"));
    for _ in 0..100 {
        world.write(ADA, &body("ky"));
    }
    rest(&mut world);
    assert_eq!(made(&world), 0);
}

#[test]
fn another_is_made_only_when_twice_as_much_has_come_since() {
    let mut world = house(3, 1);
    rest(&mut world);
    let snapshot = made(&world);
    for _ in 0..100 {
        world.write(BEN, &body("ky"));
    }
    rest(&mut world);
    assert_eq!(made(&world), snapshot);
    world.large = true;
    for _ in 0..10 {
        world.write(BEN, &body("ky"));
    }
    rest(&mut world);
    assert_eq!(made(&world), snapshot + 1);
}

/// Ada writes `before` kilobytes in small pieces and then `last` kilobytes at once, and rests.
fn ends_with_a_large_one(seed: u64, before: usize, last: usize) -> World {
    let mut world = World::new(seed, 1);
    world.watch(ADA, &body("ky"));
    world.write(ADA, &body("ky"));
    world.quiet();
    write_at_once(&mut world, before, 4);
    write_at_once(&mut world, last, last);
    rest(&mut world);
    world
}

/// Ada writes so many kilobytes in envelopes of so many.
fn write_at_once(world: &mut World, kilobytes: usize, of: usize) {
    for nth in 0..kilobytes / of {
        let mut words = format!("words {} of {of}", weight(world) + nth).into_bytes();
        words.resize(of << 10, b'.');
        world.write_all(ADA, &body("ky"), vec![words]);
        world.quiet();
    }
}

#[test]
fn one_is_made_behind_a_large_envelope_too_and_spares_a_joiner_all_before_it() {
    let mut world = ends_with_a_large_one(23, 300, 400);
    assert_eq!(made(&world), 1);
    let all = weight(&world);
    let (dan, bytes) = dan_comes(&mut world);
    assert_eq!(world.peers[dan].taken_whole, 1);
    assert!(bytes < 450_000 && all > 750_000, "{bytes} of {all}");
    world.check(&[body("ky")]);
}

#[test]
fn none_is_made_of_a_large_envelope_alone_and_none_soon_behind_one_that_was_made() {
    assert_eq!(made(&ends_with_a_large_one(24, 0, 256)), 0);
    assert_eq!(made(&ends_with_a_large_one(25, 100, 200)), 0);
    let mut world = ends_with_a_large_one(26, 300, 400);
    for _ in 0..3 {
        write_at_once(&mut world, 100, 4);
        rest(&mut world);
        assert_eq!(made(&world), 1, "twice as much has not come");
    }
    write_at_once(&mut world, 600, 4);
    rest(&mut world);
    assert_eq!(made(&world), 2);
}

#[test]
fn what_was_not_worth_it_with_a_large_envelope_is_made_behind_a_small_one() {
    let mut world = ends_with_a_large_one(27, 60, 240);
    assert_eq!(made(&world), 0, "half of it could not be spared");
    world.write(ADA, &body("ky"));
    rest(&mut world);
    assert_eq!(made(&world), 1);
}

#[test]
fn how_much_has_come_since_is_known_after_a_restart() {
    let mut world = house(21, 1);
    for peer in [ADA, BEN] {
        world.peers[peer].save(&body("ky"));
        while world.flush(peer) {}
        world.crash(peer);
    }
    rest(&mut world);
    assert_eq!(made(&world), 1);
    for peer in [ADA, BEN] {
        world.crash(peer);
    }
    rest(&mut world);
    assert_eq!(made(&world), 1, "and that it was made");
}

#[test]
fn nothing_is_made_of_what_is_still_on_its_way() {
    let mut world = house(4, 1);
    world.relay_down(0);
    world.write(ADA, &body("ky"));
    // Ben does not have it; Ada has everything that she can know of.
    world.relays[0].up = true;
    world.write(BEN, &body("ky"));
    let taken = world.peers[BEN].docs[&body("ky")].clone();
    let mut behind = taken.clone();
    behind.seen.values_mut().for_each(|counter| *counter -= 1);
    world.peers[BEN].docs.insert(body("ky"), behind);
    assert_eq!(world.make_whole(BEN, &body("ky")), Err("snapshot-not-now"));
    world.peers[BEN].docs.insert(body("ky"), taken);
    world.quiet();
    assert_eq!(world.make_whole(BEN, &body("ky")), Ok(()));
}

#[test]
fn who_may_not_write_makes_none() {
    let mut world = house(5, 1);
    let eve = world.admit(ADA, "Eve", "alpha", Role::Observer, None);
    world.watch(eve, &body("ky"));
    world.quiet();
    assert_eq!(world.make_whole(eve, &body("ky")), Err("role"));
}

#[test]
fn a_device_that_dies_on_the_way_begins_again_and_loses_nothing() {
    for steps in 0..12 {
        let mut world = house(6, 1);
        rest(&mut world);
        let dan = world.admit(ADA, "Dan", "alpha", Role::Writer, None);
        world.quiet();
        world.watch(dan, &body("ky"));
        // Frames come and go, and what is to be written down is, up to some moment.
        for _ in 0..steps {
            world.carry_frames();
            world.flush(dan);
        }
        world.crash(dan);
        world.quiet();
        world.check(&[body("ky")]);
        world.write(dan, &body("ky"));
        world.quiet();
        world.crash(dan);
        world.quiet();
        world.check(&[body("ky")]);
    }
}

#[test]
fn a_copy_of_the_document_that_was_lost_is_filled_from_what_was_written() {
    let mut world = house(7, 1);
    rest(&mut world);
    let (dan, _) = dan_comes(&mut world);
    world.peers[dan].docs.insert(body("ky"), Default::default());
    world.peers[dan].saved.clear();
    world.crash(dan);
    world.write(BEN, &body("ky"));
    world.quiet();
    rest(&mut world);
    world.check(&[body("ky")]);
    world.crash(dan);
    world.quiet();
    world.check(&[body("ky")]);
}

/// Says something in a log as if its writer's software were another.
fn announce(world: &mut World, writer: usize, blob: blob::Blob) {
    let crafted = Crafted::of(world, writer);
    let keys = crafted.keys(&DocId::Snapshots);
    let bytes = Announcement { doc: body("ky"), blob }.to_bytes();
    let said = crafted.seal(Kind::Snapshots, &DocId::Snapshots, 1, NO_PREVIOUS, vec![bytes]);
    world.inject(0, &keys, &[said]);
}

/// Puts a whole of Ben's making where Dan will look for it, as `lie` has it.
fn ben_lies(seed: u64, lie: impl FnOnce(&mut World, Snapshot) -> Vec<u8>) -> (World, usize, u64) {
    let mut world = house(seed, 1);
    world.make_whole(BEN, &body("ky")).expect("it is worth it");
    world.quiet();
    let (_, key) = secrets(&world, BEN);
    let log = blob::log_of(&key);
    let honest = honest_snapshot(&world);
    let bytes = lie(&mut world, honest);
    let (blob, chunks) = blob::Blob::seal(&bytes, &log).expect("it has a good size");
    world.inject(0, &log, &chunks);
    announce(&mut world, BEN, blob);
    world.quiet();
    let (dan, bytes) = dan_comes(&mut world);
    (world, dan, bytes)
}

/// What was announced last, as its maker put it together.
fn honest_snapshot(world: &World) -> Snapshot {
    let (_, key) = secrets(world, BEN);
    let log = blob::log_of(&key);
    let announcements = Crafted::of(world, BEN).keys(&DocId::Snapshots);
    let said = world.relays[0].logs[&announcements.id]
        .entries
        .last()
        .expect("announced");
    let said = komuz_sync::seal::envelope::Statement::open(&said.bytes, &announcements).expect("Ben's");
    let announced = Announcement::from_bytes(&said.payloads[0]).expect("an announcement");
    let at = |id| {
        let mut entries = world.relays[0].logs[&log.id].entries.iter();
        entries.find(|entry| entry.id == id).expect("a chunk").bytes.as_slice()
    };
    let chunks = announced.blob.chunks.iter().map(|id| at(*id));
    Snapshot::from_bytes(&announced.blob.join(chunks, &log).expect("whole")).expect("a snapshot")
}

/// Dan was not taken in: he has what all have, was told, and took the honest one before it.
fn sees_through(world: &mut World, dan: usize, why: &str) {
    let told = std::mem::take(&mut world.peers[dan].troubles);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("Ben") && told[0].contains(why), "{told:?}");
    assert_eq!(world.peers[dan].taken_whole, 1, "the one before it");
    world.check(&[body("ky")]);
}

#[test]
fn what_is_no_snapshot_is_not_taken() {
    let (mut world, dan, _) = ben_lies(8, |_, _| b"\x01no snapshot".to_vec());
    sees_through(&mut world, dan, "cannot be read");
}

#[test]
fn a_snapshot_of_another_document_is_not_taken() {
    let (mut world, dan, _) = ben_lies(9, |_, mut snapshot| {
        snapshot.doc = DocId::Registers;
        snapshot.to_bytes()
    });
    sees_through(&mut world, dan, "another document");
}

#[test]
fn a_snapshot_of_a_session_that_nobody_knows_is_not_taken() {
    let (mut world, dan, _) = ben_lies(10, |world, mut snapshot| {
        let mut stranger = Crafted::of(world, BEN);
        stranger.device = komuz_sync::seal::device::Device::from_secret(&[9; 64]);
        snapshot.tracks[0].envelopes[0] = stranger.say(&body("ky"), 1, NO_PREVIOUS, "words");
        snapshot.to_bytes()
    });
    sees_through(&mut world, dan, "does not count");
}

#[test]
fn a_snapshot_with_an_envelope_of_another_log_is_not_taken() {
    let (mut world, dan, _) = ben_lies(11, |world, mut snapshot| {
        let ben = Crafted::of(world, BEN);
        snapshot.tracks[0].log = ben.keys(&DocId::Registers).id;
        snapshot.to_bytes()
    });
    sees_through(&mut world, dan, "not this document's");
    let (mut world, dan, _) = ben_lies(12, |world, mut snapshot| {
        let ben = Crafted::of(world, BEN);
        snapshot.tracks[0].envelopes[0] = ben.say(&DocId::Registers, 1, NO_PREVIOUS, "words");
        snapshot.to_bytes()
    });
    sees_through(&mut world, dan, "seal");
}

#[test]
fn a_snapshot_that_names_a_session_twice_is_not_taken() {
    let (mut world, dan, _) = ben_lies(13, |_, mut snapshot| {
        let twice = snapshot.tracks[0].clone();
        snapshot.tracks.push(twice);
        snapshot.to_bytes()
    });
    sees_through(&mut world, dan, "twice");
}

#[test]
fn a_snapshot_whose_envelopes_are_not_in_order_is_not_taken() {
    let (mut world, dan, _) = ben_lies(14, |_, mut snapshot| {
        let other = snapshot.tracks.pop().expect("Ada and Ben");
        snapshot.tracks[0].envelopes.extend(other.envelopes);
        snapshot.to_bytes()
    });
    sees_through(&mut world, dan, "not in order");
}

#[test]
fn a_snapshot_that_the_caller_finds_wrong_is_not_taken() {
    let (mut world, dan, _) = ben_lies(15, |_, mut snapshot| {
        // The session's end is signed, and the document holds another.
        let end = snapshot.bytes.len() - 1;
        snapshot.bytes[end] ^= 1;
        snapshot.to_bytes()
    });
    sees_through(&mut world, dan, "nobody has signed for it");
}

#[test]
fn who_announces_rubbish_displaces_nobody_elses() {
    let mut world = house(22, 1);
    world.make_whole(ADA, &body("ky")).expect("it is worth it");
    world.quiet();
    let (_, key) = secrets(&world, BEN);
    let log = blob::log_of(&key);
    let ben = Crafted::of(&world, BEN);
    let keys = ben.keys(&DocId::Snapshots);
    let mut previous = NO_PREVIOUS;
    for counter in 1..=20 {
        let (blob, chunks) = blob::Blob::seal(&[1, counter], &log).expect("it has a good size");
        world.inject(0, &log, &chunks);
        let bytes = Announcement { doc: body("ky"), blob }.to_bytes();
        let said = ben.seal(
            Kind::Snapshots,
            &DocId::Snapshots,
            counter.into(),
            previous,
            vec![bytes],
        );
        previous = envelope_id(&said);
        world.inject(0, &keys, &[said]);
    }
    world.quiet();
    let (dan, _) = dan_comes(&mut world);
    assert_eq!(world.peers[dan].taken_whole, 1, "Ada's");
    assert_eq!(std::mem::take(&mut world.peers[dan].troubles).len(), 2);
    world.check(&[body("ky")]);
}

#[test]
fn without_any_good_one_everything_is_read_as_it_was_written() {
    let mut world = house(16, 1);
    let (_, key) = secrets(&world, BEN);
    let log = blob::log_of(&key);
    let (blob, chunks) = blob::Blob::seal(b"no snapshot", &log).expect("it has a good size");
    world.inject(0, &log, &chunks);
    announce(&mut world, BEN, blob);
    world.quiet();
    let (dan, bytes) = dan_comes(&mut world);
    assert_eq!(world.peers[dan].taken_whole, 0);
    assert!(bytes > 1 << 20, "{bytes}");
    world.peers[dan].troubles.clear();
    world.check(&[body("ky")]);
}

#[test]
fn a_snapshot_that_no_relay_has_is_not_waited_for_for_ever() {
    let mut world = house(17, 1);
    rest(&mut world);
    let (_, key) = secrets(&world, BEN);
    let chunks = world.relays[0]
        .logs
        .get_mut(&blob::log_of(&key).id)
        .expect("it was brought there");
    chunks.entries.clear();
    let dan = world.admit(ADA, "Dan", "alpha", Role::Writer, None);
    world.watch(dan, &body("ky"));
    rest(&mut world);
    world.check(&[body("ky")]);
}

#[test]
fn a_relay_that_was_restored_since_is_listed_and_nothing_is_said_of_it() {
    let mut world = house(18, 1);
    rest(&mut world);
    let keys = Crafted::of(&world, ADA).keys(&body("ky"));
    reorder(&mut world, keys.id);
    let (dan, _) = dan_comes(&mut world);
    assert_eq!(world.peers[dan].taken_whole, 1);
    assert!(world.peers[dan].doubts.is_empty(), "{:?}", world.peers[dan].doubts);
    for peer in &mut world.peers {
        peer.doubts.clear();
    }
    world.write(BEN, &body("ky"));
    world.quiet();
    world.check(&[body("ky")]);
}

/// The relay's log as if it had been filled again in another order.
fn reorder(world: &mut World, log: LogId) {
    let entries = std::mem::take(&mut world.relays[0].logs.get_mut(&log).expect("a log").entries);
    for entry in entries.into_iter().rev() {
        world.relays[0].put(&log, &entry.bytes);
    }
}

#[test]
fn what_is_cut_below_a_snapshots_end_is_left_out_again_by_who_took_it() {
    let mut world = house(19, 2);
    // Dan takes a snapshot with all of Ben's words. Ada, who has not seen Ben's last ones, removes him.
    for relay in [0, 1] {
        world.apart.insert((ADA, relay));
    }
    let wires: Vec<_> = world
        .wires
        .iter()
        .filter(|(_, wire)| wire.peer == ADA)
        .map(|(conn, _)| *conn)
        .collect();
    let dan = world.admit_before(ADA, "Dan", wires);
    world.large = true;
    for _ in 0..10 {
        world.write(BEN, &body("ky"));
    }
    world.large = false;
    world.write(BEN, &body("ky"));
    let before = world.peers[BEN].made_whole;
    settle_apart(&mut world);
    assert_eq!(world.peers[BEN].made_whole, before + 1);
    world.watch(dan, &body("ky"));
    settle_apart(&mut world);
    assert_eq!(world.peers[dan].taken_whole, 1);
    let ben = world.peers[BEN].replica.me().expect("a member").member.id;
    world.call(ADA, |replica, now, entropy| {
        replica.remove(&ben, now, entropy).expect("an editor may")
    });
    rest(&mut world);
    let ada = world.peers[ADA].docs[&body("ky")].payloads.clone();
    assert!(
        world.peers[dan].docs[&body("ky")].payloads == ada,
        "Dan has what Ada has"
    );
}

/// As [`World::quiet`], with everybody apart who is.
fn settle_apart(world: &mut World) {
    for _ in 0..90 {
        world.drain();
        world.tick(1_000);
    }
}

impl World {
    /// Lets somebody in and then cuts what is to be cut.
    fn admit_before(&mut self, inviter: usize, name: &str, wires: Vec<u64>) -> usize {
        let apart = std::mem::take(&mut self.apart);
        let joiner = self.admit(inviter, name, "alpha", Role::Writer, None);
        self.quiet();
        self.apart = apart;
        for conn in wires {
            self.cut(conn);
        }
        joiner
    }
}

#[test]
fn who_comes_after_a_rotation_takes_the_snapshot_from_before_it() {
    let mut world = house(20, 1);
    rest(&mut world);
    world.call(ADA, |replica, now, entropy| {
        replica.rotate(now, entropy).expect("an editor may")
    });
    world.quiet();
    world.write(BEN, &body("ky"));
    world.quiet();
    let (dan, bytes) = dan_comes(&mut world);
    assert_eq!(world.peers[dan].taken_whole, 1);
    assert!(bytes < 60_000, "{bytes}");
    world.check(&[body("ky")]);
}

#[test]
fn in_any_weather_everybody_has_the_same() {
    seeds::each("snapshots", 6, |seed| {
        let mut world = house(1_000 + seed, 1 + (seed % 2) as usize);
        let docs = [body("ky")];
        for round in 0..4 {
            for _ in 0..60 {
                world.happen(&docs);
            }
            let maker = world.dice.below(world.peers.len());
            let _ = world.make_whole(maker, &body("ky"));
            if round % 2 == 0 {
                world.quiet();
                let joiner = world.admit(ADA, &format!("Late {round}"), "alpha", Role::Writer, None);
                world.watch(joiner, &body("ky"));
            }
        }
        world.quiet();
        rest(&mut world);
        for peer in &mut world.peers {
            peer.troubles.clear();
        }
        world.check(&docs);
    });
}
