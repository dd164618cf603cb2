//! Members and relays that do what they should not. What is good comes through all the same.

use komuz_sync::frame::{ClientFrame, RelayFrame};
use komuz_sync::seal::bytes::{Digest, EnvelopeId, Start};
use komuz_sync::seal::cbor::Reader;
use komuz_sync::seal::chain::{self, envelope_id};
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::derive::LogKeys;
use komuz_sync::seal::device::Device;
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::envelope::{Kind, NO_PREVIOUS, Statement};
use komuz_sync::seal::epoch::EpochKey;

use crate::relay::Entry;
use crate::world::{World, body, url};

/// Two outlets with a server each and a writer; all watch one document.
fn three(seed: u64) -> World {
    let mut world = World::new(seed, 2);
    world.quiet();
    world.admit(0, "Bek", "beta", Role::Editor, Some(1));
    world.admit(0, "Cholpon", "alpha", Role::Writer, None);
    for peer in 0..3 {
        world.watch(peer, &body("ky"));
    }
    world.write(0, &body("ky"));
    world.quiet();
    world
}

/// A member's secrets, as that member has them on the disk.
fn secrets(world: &World, peer: usize) -> (Device, EpochKey) {
    let me = world.peers[peer]
        .disk
        .get(&("me".to_owned(), b"me".to_vec()))
        .expect("every device has its row");
    let (_, mut r) = Reader::versioned(me, 10_000).expect("a row");
    r.array(4).expect("four fields");
    let device = Device::from_secret(&r.fixed().expect("the device"));
    let _: Digest = r.fixed().expect("the charter");
    (device, EpochKey::from_secret(r.fixed().expect("the epoch")))
}

/// What a member with changed software says.
pub struct Crafted {
    pub device: Device,
    pub epoch: EpochKey,
    pub charter: Vec<Digest>,
    start: u8,
}

impl Crafted {
    pub fn of(world: &World, peer: usize) -> Self {
        let (device, epoch) = secrets(world, peer);
        let charter = newest_heads(world, peer, &epoch);
        Self {
            device,
            epoch,
            charter,
            start: 77,
        }
    }

    pub fn keys(&self, doc: &DocId) -> LogKeys {
        LogKeys::of_document(&self.epoch, doc)
    }

    pub fn say(&self, doc: &DocId, counter: u64, previous: EnvelopeId, words: &str) -> Vec<u8> {
        let statement = Statement {
            kind: Kind::Changes,
            device: self.device.id(),
            start: Start([self.start; 16]),
            counter,
            previous,
            charter: self.charter.clone(),
            last: None,
            payloads: vec![words.as_bytes().to_vec()],
        };
        statement
            .seal(&self.device, &self.keys(doc), &mut |b| b.fill(5))
            .expect("a statement")
    }
}

/// The charter's heads as the newest envelope of the document names them.
fn newest_heads(world: &World, peer: usize, epoch: &EpochKey) -> Vec<Digest> {
    let keys = LogKeys::of_document(epoch, &body("ky"));
    let mut heads = Vec::new();
    for relay in &world.relays {
        for entry in relay.logs.get(&keys.id).map_or(&[][..], |log| &log.entries) {
            heads = Statement::open(&entry.bytes, &keys)
                .map(|statement| statement.charter)
                .unwrap_or(heads);
        }
    }
    assert!(!heads.is_empty(), "{} has written something", world.peers[peer].name);
    heads
}

impl World {
    /// A relay puts something into a log: everybody learns of it at their next connection.
    pub fn inject(&mut self, relay: usize, keys: &LogKeys, envelopes: &[Vec<u8>]) {
        self.relay_down(relay);
        let log = self.relays[relay].logs.get_mut(&keys.id).expect("the log is open");
        for bytes in envelopes {
            let id = envelope_id(bytes);
            let before = log.entries.last().map_or(chain::EMPTY, |entry| entry.chain);
            log.entries.push(Entry {
                id,
                chain: chain::next(before, id),
                bytes: bytes.clone(),
            });
        }
        self.relays[relay].up = true;
    }

    pub fn settle(&mut self) {
        for _ in 0..60 {
            self.drain();
            self.tick(1_000);
        }
    }

    pub fn has(&self, peer: usize, doc: &DocId, words: &str) -> bool {
        self.peers[peer].docs[doc].payloads.contains(words.as_bytes())
    }
}

#[test]
fn reordered_by_a_relay() {
    let mut world = three(1);
    let ada = Crafted::of(&world, 0);
    let one = ada.say(&body("ky"), 1, NO_PREVIOUS, "first");
    let two = ada.say(&body("ky"), 2, envelope_id(&one), "second");
    let three = ada.say(&body("ky"), 3, envelope_id(&two), "third");
    // The peers themselves assert that a session's envelopes are delivered in order.
    world.inject(0, &ada.keys(&body("ky")), &[three, one, two]);
    world.settle();
    for peer in 1..3 {
        assert!(
            ["first", "second", "third"]
                .iter()
                .all(|words| world.has(peer, &body("ky"), words))
        );
    }
}

#[test]
fn a_gap_is_held_over_a_restart_until_it_is_filled() {
    let mut world = three(2);
    let ada = Crafted::of(&world, 0);
    let one = ada.say(&body("ky"), 1, NO_PREVIOUS, "first");
    let two = ada.say(&body("ky"), 2, envelope_id(&one), "second");
    world.inject(0, &ada.keys(&body("ky")), &[two]);
    world.settle();
    assert!(!world.has(1, &body("ky"), "second"));
    world.crash(1);
    world.inject(1, &ada.keys(&body("ky")), &[one]);
    world.settle();
    assert!(world.has(1, &body("ky"), "first") && world.has(1, &body("ky"), "second"));
}

#[test]
fn garbage_in_a_log_is_refused_once_and_not_passed_on() {
    let mut world = three(3);
    let ada = Crafted::of(&world, 0);
    let keys = ada.keys(&body("ky"));
    world.inject(0, &keys, &[vec![1; 512], ada.say(&body("ky"), 1, NO_PREVIOUS, "good")]);
    world.settle();
    assert!(world.has(1, &body("ky"), "good"), "what is good comes through");
    assert_eq!(world.peers[1].troubles.len(), 1, "{:?}", world.peers[1].troubles);
    assert!(
        !world.relays[1].logs[&keys.id]
            .entries
            .iter()
            .any(|entry| entry.bytes == vec![1; 512])
    );
    world.crash(1);
    world.settle();
    assert_eq!(world.peers[1].troubles.len(), 1, "it is not looked at again");
    assert!(world.is_in_sync());
}

#[test]
fn replayed_into_another_log() {
    let mut world = three(4);
    for peer in 0..3 {
        world.watch(peer, &body("ru"));
    }
    world.quiet();
    let ada = Crafted::of(&world, 0);
    let said = ada.say(&body("ky"), 1, NO_PREVIOUS, "in Kyrgyz");
    world.inject(0, &ada.keys(&body("ru")), &[said]);
    world.settle();
    assert!(world.peers[1].docs[&body("ru")].payloads.is_empty());
    assert!(
        world.peers[1].troubles[0].contains("the seal does not hold"),
        "{:?}",
        world.peers[1].troubles
    );
}

#[test]
fn a_device_that_has_the_key_but_is_no_member() {
    let mut world = three(5);
    let mut ada = Crafted::of(&world, 0);
    ada.device = Device::new(&mut |b| b.fill(9));
    let keys = ada.keys(&body("ky"));
    world.inject(0, &keys, &[ada.say(&body("ky"), 1, NO_PREVIOUS, "smuggled")]);
    world.settle();
    assert!(!world.has(1, &body("ky"), "smuggled"));
    assert!(
        world.peers[1].troubles[0].contains("not a member"),
        "{:?}",
        world.peers[1].troubles
    );
}

#[test]
fn a_member_who_claims_to_have_written_before_joining() {
    let mut world = three(6);
    // Cholpon names the founding entry alone as the charter that she knew.
    let mut cholpon = Crafted::of(&world, 2);
    cholpon.charter = vec![world.peers[0].replica.investigation()];
    world.inject(
        0,
        &cholpon.keys(&body("ky")),
        &[cholpon.say(&body("ky"), 1, NO_PREVIOUS, "backdated")],
    );
    world.settle();
    assert!(!world.has(0, &body("ky"), "backdated"));
}

#[test]
fn a_writer_who_signs_off() {
    let mut world = three(7);
    let doc = DocId::SignOffs {
        story: "s1".into(),
        lang: "ky".into(),
    };
    for peer in 0..3 {
        world.watch(peer, &doc);
    }
    world.quiet();
    let cholpon = Crafted::of(&world, 2);
    world.inject(0, &cholpon.keys(&doc), &[cholpon.say(&doc, 1, NO_PREVIOUS, "signed")]);
    world.settle();
    assert!(!world.has(0, &doc, "signed"));
    assert!(
        world.peers[0].troubles[0].contains("may not write there as writer"),
        "{:?}",
        world.peers[0].troubles
    );
}

#[test]
fn a_charter_head_that_nobody_knows_yet() {
    let mut world = three(8);
    let mut ada = Crafted::of(&world, 0);
    ada.charter = vec![Digest([9; 32])];
    world.inject(
        0,
        &ada.keys(&body("ky")),
        &[ada.say(&body("ky"), 1, NO_PREVIOUS, "from the future")],
    );
    world.settle();
    assert!(!world.has(1, &body("ky"), "from the future"));
    assert!(
        world.peers[1].troubles.is_empty(),
        "it is held, not refused: {:?}",
        world.peers[1].troubles
    );
    // Everything else goes on.
    world.write(0, &body("ky"));
    world.quiet();
    world.check(&[body("ky")]);
}

#[test]
fn two_different_things_under_one_number() {
    let mut world = three(9);
    let ada = Crafted::of(&world, 0);
    let keys = ada.keys(&body("ky"));
    world.inject(
        0,
        &keys,
        &[
            ada.say(&body("ky"), 1, NO_PREVIOUS, "one thing"),
            ada.say(&body("ky"), 1, NO_PREVIOUS, "another thing"),
        ],
    );
    world.settle();
    assert!(world.has(1, &body("ky"), "one thing") && !world.has(1, &body("ky"), "another thing"));
    assert!(
        world.peers[1].troubles[0].contains("numbered two things alike"),
        "{:?}",
        world.peers[1].troubles
    );
}

#[test]
fn written_by_a_newer_komuz() {
    let mut world = three(10);
    let ada = Crafted::of(&world, 0);
    let mut newer = ada.say(&body("ky"), 1, NO_PREVIOUS, "new");
    newer[0] = 2;
    world.inject(0, &ada.keys(&body("ky")), std::slice::from_ref(&newer));
    world.settle();
    assert!(
        world.peers[1].troubles[0].contains("newer Komuz"),
        "{:?}",
        world.peers[1].troubles
    );
    let kept = world.peers[1]
        .disk
        .values()
        .any(|row| row.windows(512).any(|window| window == newer));
    assert!(kept, "it is there when this Komuz is updated");
    assert!(world.is_in_sync(), "and it goes to the relay that lacked it");
}

#[test]
fn a_relay_that_is_another_than_was_dialled() {
    let mut world = three(11);
    world.relay_down(1);
    world.relays[1].up = true;
    world.relays[1].answers_as = Some(url(1));
    world.settle();
    assert!(
        world.peers[0]
            .troubles
            .iter()
            .any(|sentence| sentence.contains("says that it is"))
    );
    assert!(!world.peers[0].replica.state().relays[1].reached);
}

#[test]
fn a_relay_that_says_what_cannot_be_read() {
    let mut world = three(12);
    let dice = &mut world.dice;
    let relay = world.peers[1].replica.state().relays[0].relay;
    let out = world.peers[1]
        .replica
        .frame(relay, &[1, 0x81, 0x18, 99], world.now, &mut |b| dice.fill(b));
    assert!(out.contains(&komuz_sync::Output::Disconnect { relay }));
    world.peers[1].take(out);
    // Frames of other logs and of unknown ones do no harm.
    let stray = RelayFrame::Entry {
        log: [9; 32].into(),
        seq: 1,
        chain: chain::EMPTY,
        bytes: vec![1; 512],
    };
    world.call(0, |replica, now, entropy| {
        replica.frame(relay, &stray.encode(), now, entropy)
    });
    world.quiet();
}

#[test]
fn a_chain_that_does_not_fit_is_listed_again() {
    let mut world = three(13);
    let ada = Crafted::of(&world, 0);
    let keys = ada.keys(&body("ky"));
    let relay = world.peers[1].replica.state().relays[0].relay;
    let lie = RelayFrame::Entry {
        log: keys.id,
        seq: world.relays[0].logs[&keys.id].entries.len() as u64 + 1,
        chain: chain::EMPTY,
        bytes: ada.say(&body("ky"), 1, NO_PREVIOUS, "true enough"),
    };
    let dice = &mut world.dice;
    let out = world.peers[1]
        .replica
        .frame(relay, &lie.encode(), world.now, &mut |b| dice.fill(b));
    let asks_from_the_start = out.iter().any(|output| match output {
        komuz_sync::Output::Send { bytes, .. } => {
            matches!(
                ClientFrame::decode(bytes),
                Ok(ClientFrame::Subscribe {
                    after: 0,
                    ids_only: true,
                    ..
                })
            )
        }
        _ => false,
    });
    assert!(asks_from_the_start, "what the relay says of its log is not built on");
    world.peers[1].take(out);
    assert!(
        world.has(1, &body("ky"), "true enough"),
        "the envelope is good, whatever its number"
    );
    world.quiet();
    let said = ada.say(&body("ky"), 1, NO_PREVIOUS, "true enough");
    for relay in &world.relays {
        assert!(
            relay.logs[&keys.id].entries.iter().any(|entry| entry.bytes == said),
            "it is brought to every relay"
        );
    }
}
