//! What relays refuse of who is in no more, and what they go on taking of all others.

use std::collections::BTreeSet;

use komuz_sync::frame::{ClientFrame, ErrorCode, RelayFrame, sign_challenge, sign_registration};
use komuz_sync::seal::bytes::{Nonce, PublicKey};
use komuz_sync::seal::chain;
use komuz_sync::seal::charter::{Charter, Role};
use komuz_sync::seal::derive::{LogKeys, append_key};
use komuz_sync::seal::device::Device;
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::envelope::{Kind, Statement};
use komuz_sync::seal::epoch::EpochKey;
use komuz_sync::seal::sign::SignKey;

use crate::hostile::secrets;
use crate::removal::{BEN, CLEO, apart, give, house, notes, remove, rotate, settle, words};
use crate::seeds;
use crate::world::{World, body};

/// The keys of all epochs that a device can open, in their order, and the charter as its logs tell it.
pub fn epochs(world: &World, peer: usize) -> (Vec<EpochKey>, Charter) {
    let (device, first) = secrets(world, peer);
    let mut charter = Charter::expecting(world.peers[0].replica.investigation());
    let mut keys = vec![first];
    let mut read = 0;
    while let Some(key) = keys.get(read) {
        read += 1;
        let log = LogKeys::of_document(key, &DocId::Charter);
        let entries = world.relays.iter().filter_map(|relay| relay.logs.get(&log.id));
        for entry in entries.flat_map(|log| &log.entries) {
            let Ok(statement) = Statement::open(&entry.bytes, &log) else {
                continue;
            };
            for bytes in statement.payloads.iter().filter(|_| statement.kind == Kind::Charter) {
                let _ = charter.insert(bytes);
            }
        }
        for epoch in charter.epochs() {
            if let Ok(opened) = charter.open_rotation(&epoch.entry, &device)
                && !keys.contains(&opened.key)
            {
                keys.push(opened.key);
            }
        }
    }
    (keys, charter)
}

/// A device past its software: registers a key with what every member has, and appends with it. What the relay says to that.
fn appends(world: &mut World, relay: usize, log: &LogKeys, key: &SignKey, words: &[u8]) -> Result<(), ErrorCode> {
    const CONN: u64 = u64::MAX;
    let World { relays, dice, .. } = world;
    let (relay, mine) = (&mut relays[relay], Nonce([9; 32]));
    relay.connect(CONN);
    let features = Vec::new();
    let said = relay.frame(CONN, &ClientFrame::Hello { nonce: mine, features }.encode(), dice);
    let Some((_, RelayFrame::Challenge { nonce, .. })) = said.first() else {
        panic!("a challenge");
    };
    let url = relay.url.clone();
    let auth = |key: &SignKey| ClientFrame::Auth {
        log: log.id,
        key: key.public(),
        signature: sign_challenge(key, &url, &log.id, &log.epoch, &mine, nonce),
    };
    let frames = [
        auth(&log.reader),
        ClientFrame::Register {
            log: log.id,
            key: key.public(),
            signature: sign_registration(&log.registrar, &log.id, &key.public()),
        },
        auth(key),
    ];
    for frame in frames {
        relay.frame(CONN, &frame.encode(), dice);
    }
    let (log, bytes) = (log.id, words.to_vec());
    let id = chain::envelope_id(&bytes);
    let append = ClientFrame::Append { log, bytes }.encode();
    let result = loop {
        let said = relay.frame(CONN, &append, dice);
        let answer = said.into_iter().find_map(|(conn, frame)| match frame {
            RelayFrame::Ack { id: of, .. } if of == id => Some(Ok(())),
            RelayFrame::Error { code, .. } if conn == CONN => Some(Err(code)),
            _ => None,
        });
        match answer.expect("an answer") {
            Err(ErrorCode::Busy) => {}
            other => break other,
        }
    };
    relay.disconnect(CONN);
    // It is a test's own, and would be refused by everybody.
    if let (Ok(()), Some(log)) = (result, relay.logs.get_mut(&log)) {
        log.entries.retain(|entry| entry.id != id);
    }
    result
}

/// The house after a rotation under which all have written, with the epoch's key and the devices.
fn rotated(seed: u64, relays: usize) -> World {
    let mut world = house(seed, relays);
    rotate(&mut world, 0);
    settle(&mut world);
    for peer in 0..3 {
        world.write(peer, &body("ky"));
    }
    settle(&mut world);
    world
}

/// Somebody reaches neither of two relays from now on.
fn away(world: &mut World, whom: usize) {
    world.apart = [(whom, 0), (whom, 1)].into();
    for conn in world.wires.keys().copied().collect::<Vec<_>>() {
        world.cut(conn);
    }
}

fn own_key(world: &World, peer: usize, epoch: &EpochKey) -> SignKey {
    append_key(&secrets(world, peer).0, &epoch.id())
}

#[test]
fn who_is_removed_appends_nothing_to_the_new_logs_and_after_the_closing_nothing_to_the_old_ones() {
    let mut world = rotated(50, 2);
    let old = epochs(&world, BEN).0.pop().expect("a rotation");
    let logs = [DocId::Charter, body("ky"), notes()].map(|doc| LogKeys::of_document(&old, &doc));
    let ben = own_key(&world, BEN, &old);
    for log in &logs {
        assert_eq!(appends(&mut world, 0, log, &ben, b"Ben is in"), Ok(()));
    }
    remove(&mut world, BEN);
    settle(&mut world);
    let cleo = own_key(&world, CLEO, &old);
    for relay in 0..2 {
        for log in &logs {
            for key in [&ben, &SignKey::from_secret(&[66; 32])] {
                let refused = appends(&mut world, relay, log, key, b"Ben is out");
                assert_eq!(refused, Err(ErrorCode::NotAllowed), "relay {relay}");
            }
            assert_eq!(appends(&mut world, relay, log, &cleo, b"Cleo was away"), Ok(()));
        }
    }
    // The new logs: Ben gets no key of theirs, and so no name.
    let new = epochs(&world, 0).0.pop().expect("another rotation");
    let (bens, _) = epochs(&world, BEN);
    assert!(new != old && !bens.contains(&new));
    // What one who is in has given away of their names lets nobody append: no reader, no registrar, no key.
    let mut named = LogKeys::of_document(&new, &body("ky"));
    let theirs = LogKeys::of_document(&old, &body("ky"));
    (named.reader, named.registrar) = (theirs.reader, theirs.registrar);
    assert_eq!(
        appends(&mut world, 0, &named, &ben, b"Ben is out"),
        Err(ErrorCode::NotAllowed)
    );
    world.check(&[body("ky"), notes()]);
}

#[test]
fn the_logs_in_which_everything_began_are_closed_too() {
    let mut world = house(60, 2);
    let first = epochs(&world, BEN).0;
    let [first] = first.as_slice() else {
        panic!("nobody has made a further key");
    };
    remove(&mut world, BEN);
    settle(&mut world);
    let ben = own_key(&world, BEN, first);
    for relay in 0..2 {
        for log in [DocId::Charter, body("ky"), notes()].map(|doc| LogKeys::of_document(first, &doc)) {
            let refused = appends(&mut world, relay, &log, &ben, b"Ben is out");
            assert_eq!(refused, Err(ErrorCode::NotAllowed), "relay {relay}");
        }
    }
    world.check_but(&[body("ky"), notes()], &["Ben"]);
}

#[test]
fn a_removed_editor_who_has_what_closed_it_before_gets_nothing_back() {
    let mut world = house(51, 1);
    give(&mut world, CLEO, Role::Editor);
    settle(&mut world);
    rotate(&mut world, CLEO);
    settle(&mut world);
    let (keys, charter) = epochs(&world, CLEO);
    let old = keys.last().expect("a rotation").clone();
    let (device, _): (Device, _) = secrets(&world, CLEO);
    let entry = charter
        .epochs()
        .iter()
        .find(|epoch| epoch.epoch == old.id())
        .expect("its entry")
        .entry;
    let editors = charter
        .open_rotation(&entry, &device)
        .expect("hers")
        .editors
        .expect("an editor's");
    remove(&mut world, CLEO);
    settle(&mut world);
    let log = LogKeys::of_document(&old, &body("ky"));
    // The keys that she can make for everybody are not those with which they append.
    let everybody: BTreeSet<PublicKey> = charter.devices().into_iter().map(|card| card.sign).collect();
    for device in everybody {
        let key = SignKey::from_secret(&editors.append_seed(&charter.id(), &old.id(), &device));
        assert_eq!(
            appends(&mut world, 0, &log, &key, b"as somebody else"),
            Err(ErrorCode::NotAllowed)
        );
    }
    // And a further closing gives nothing back.
    let closer = editors.registrar(&charter.id(), &old.id());
    let cleo = own_key(&world, CLEO, &old);
    let keys = vec![cleo.public()];
    let signature = komuz_sync::frame::sign_closing(&closer, &old.id(), &keys);
    let close = ClientFrame::Close {
        log: log.id,
        keys,
        signature,
    };
    let World { relays, dice, .. } = &mut world;
    relays[0].connect(7_000);
    relays[0].frame(7_000, &close.encode(), dice);
    assert_eq!(appends(&mut world, 0, &log, &cleo, b"more"), Err(ErrorCode::NotAllowed));
}

/// Dan, who has become an editor in one way or another after the first key was made, and Eve, a writer whom he may take out.
fn later_editor(seed: u64, how: usize) -> (World, usize, usize) {
    let mut world = house(seed, 2);
    let role = if how == 0 { Role::Editor } else { Role::Writer };
    let dan = world.admit(0, "Dan", "alpha", role, None);
    let eve = world.admit(0, "Eve", "alpha", Role::Writer, None);
    settle(&mut world);
    if how == 1 {
        give(&mut world, dan, Role::Editor);
        settle(&mut world);
    }
    for doc in [body("ky"), notes()] {
        world.watch(dan, &doc);
        world.watch(eve, &doc);
    }
    for peer in [dan, eve] {
        world.write(peer, &body("ky"));
    }
    settle(&mut world);
    (world, dan, eve)
}

#[test]
fn who_has_become_an_editor_later_closes_what_was_there_before_though_the_founder_never_comes_back() {
    for how in 0..2 {
        let (mut world, dan, eve) = later_editor(61, how);
        let first = epochs(&world, eve).0.pop().expect("the first");
        away(&mut world, 0);
        // What was handed to him is known after a start too.
        world.crash(dan);
        let whom = world.peers[eve].replica.me().expect("is in").member.id;
        world.call(dan, |replica, now, entropy| {
            replica.remove(&whom, now, entropy).expect("he was there before her")
        });
        for _ in 0..90 {
            world.tick(2000);
            world.drain();
        }
        let (eves, cleos) = (own_key(&world, eve, &first), own_key(&world, CLEO, &first));
        for relay in 0..2 {
            for log in [DocId::Charter, body("ky"), notes()].map(|doc| LogKeys::of_document(&first, &doc)) {
                let refused = appends(&mut world, relay, &log, &eves, b"Eve is out");
                assert_eq!(refused, Err(ErrorCode::NotAllowed), "relay {relay}");
                assert_eq!(appends(&mut world, relay, &log, &cleos, b"Cleo was away"), Ok(()));
            }
        }
        settle(&mut world);
        world.check_but(&[body("ky"), notes()], &["Eve"]);
    }
}

/// Ben, who has no ticket, begins a story while nobody is there who has one, and Cleo looks at it.
fn begins(world: &mut World) -> DocId {
    away(world, 0);
    let fresh = body("ru");
    for peer in [BEN, CLEO] {
        world.watch(peer, &fresh);
    }
    world.write(BEN, &fresh);
    for _ in 0..20 {
        world.tick(1000);
        world.drain();
    }
    fresh
}

/// And who has a ticket comes.
fn opens(world: &mut World, fresh: DocId) {
    world.watch(0, &fresh);
    settle(world);
    world.check(&[fresh]);
}

#[test]
fn who_has_no_ticket_begins_a_story_while_nobody_is_there_who_has_one() {
    let mut world = house(63, 2);
    let fresh = begins(&mut world);
    assert_eq!(words(&world, CLEO, &fresh), words(&world, BEN, &fresh));
    assert_eq!(world.peers[BEN].replica.state().unsent, 0);
    opens(&mut world, fresh);
}

#[test]
fn at_a_server_of_an_earlier_version_a_new_story_waits_for_somebody_with_a_ticket() {
    let mut world = house(64, 2);
    for relay in &mut world.relays {
        relay.besides = false;
    }
    let fresh = begins(&mut world);
    assert!(words(&world, CLEO, &fresh).is_empty());
    opens(&mut world, fresh);
}

#[test]
fn what_was_handed_to_an_editor_who_is_out_makes_no_key_that_stays() {
    let (mut world, dan, _) = later_editor(62, 0);
    let first = epochs(&world, dan).0.pop().expect("the first");
    // The founder has the same secret by the rotation.
    let (_, charter) = epochs(&world, 0);
    let epoch = charter.epochs().iter().find(|epoch| epoch.epoch == first.id());
    let (device, _) = secrets(&world, 0);
    let opened = charter.open_rotation(&epoch.expect("its entry").entry, &device);
    let editors = opened.expect("the founder's").editors.expect("an editor's");
    remove(&mut world, dan);
    settle(&mut world);
    let log = LogKeys::of_document(&first, &body("ky"));
    for card in charter.devices() {
        let key = SignKey::from_secret(&editors.append_seed(&charter.id(), &first.id(), &card.sign));
        let refused = appends(&mut world, 0, &log, &key, b"as somebody else");
        assert_eq!(refused, Err(ErrorCode::NotAllowed));
    }
}

#[test]
fn who_was_away_brings_what_they_wrote_under_the_old_key_after_the_closing() {
    let mut world = rotated(52, 2);
    away(&mut world, CLEO);
    world.write(CLEO, &body("ky"));
    world.write(CLEO, &notes());
    remove(&mut world, BEN);
    for _ in 0..90 {
        world.tick(2000);
        world.drain();
    }
    assert!(!world.relays[0].closed.is_empty(), "it is closed");
    settle(&mut world);
    world.check(&[body("ky"), notes()]);
    assert_eq!(words(&world, CLEO, &body("ky")), words(&world, 0, &body("ky")));
}

#[test]
fn who_was_away_and_wished_to_leave_has_left_after_the_closing_whether_they_write_or_not() {
    for role in [Role::Observer, Role::Writer] {
        let mut world = rotated(59, 2);
        let dan = world.admit(0, "Dan", "alpha", role, None);
        world.watch(dan, &body("ky"));
        settle(&mut world);
        let own = world.peers[dan].replica.me().expect("is in").member.id;
        away(&mut world, dan);
        world.call(dan, |replica, now, entropy| {
            replica.remove(&own, now, entropy).expect("everybody may leave")
        });
        remove(&mut world, BEN);
        for _ in 0..90 {
            world.tick(2000);
            world.drain();
        }
        assert!(!world.relays[0].closed.is_empty(), "it is closed");
        assert!(world.peers[0].replica.members().iter().any(|one| one.id == own));
        settle(&mut world);
        assert!(world.peers[0].replica.members().iter().all(|one| one.id != own));
        assert_eq!(world.peers[dan].replica.state().unsent, 0);
        assert!(world.peers[0].replica.has_key(), "there is a key that Dan has not got");
        assert_eq!(world.peers[dan].troubles, Vec::<String>::new());
    }
}

#[test]
fn who_joined_after_the_rotation_stays_too_and_so_does_who_became_a_writer() {
    let mut world = rotated(53, 2);
    let dan = world.admit(0, "Dan", "alpha", Role::Observer, None);
    world.watch(dan, &body("ky"));
    world.watch(dan, &notes());
    settle(&mut world);
    let old = epochs(&world, 0).0.pop().expect("a rotation");
    give(&mut world, dan, Role::Writer);
    settle(&mut world);
    world.write(dan, &body("ky"));
    settle(&mut world);
    away(&mut world, dan);
    world.write(dan, &body("ky"));
    remove(&mut world, BEN);
    settle(&mut world);
    let log = LogKeys::of_document(&old, &body("ky"));
    let ben = own_key(&world, BEN, &old);
    assert_eq!(
        appends(&mut world, 0, &log, &ben, b"Ben is out"),
        Err(ErrorCode::NotAllowed)
    );
    world.check(&[body("ky"), notes()]);
}

#[test]
fn a_lesser_role_that_writes_nothing_is_closed_out_and_one_that_writes_notes_is_not() {
    for (role, result) in [(Role::Observer, Err(ErrorCode::NotAllowed)), (Role::Reviewer, Ok(()))] {
        let mut world = rotated(54, 1);
        let old = epochs(&world, BEN).0.pop().expect("a rotation");
        give(&mut world, BEN, role);
        settle(&mut world);
        rotate(&mut world, 0);
        settle(&mut world);
        settle(&mut world);
        let (log, ben) = (LogKeys::of_document(&old, &notes()), own_key(&world, BEN, &old));
        assert_eq!(appends(&mut world, 0, &log, &ben, b"as before"), result);
        world.check_but(&[body("ky"), notes()], &["Ben"]);
    }
}

#[test]
fn a_relay_of_an_earlier_version_is_served_as_before() {
    let mut world = house(55, 2);
    world.relays[1].closes = false;
    for conn in world.wires.keys().copied().collect::<Vec<_>>() {
        world.cut(conn);
    }
    rotate(&mut world, 0);
    settle(&mut world);
    for peer in 0..3 {
        world.write(peer, &body("ky"));
    }
    settle(&mut world);
    let old = epochs(&world, BEN).0.pop().expect("a rotation");
    remove(&mut world, BEN);
    settle(&mut world);
    world.write(CLEO, &body("ky"));
    settle(&mut world);
    let (log, ben) = (LogKeys::of_document(&old, &body("ky")), own_key(&world, BEN, &old));
    assert_eq!(
        appends(&mut world, 0, &log, &ben, b"Ben is out"),
        Err(ErrorCode::NotAllowed)
    );
    assert_eq!(
        appends(&mut world, 1, &log, &ben, b"Ben is out"),
        Ok(()),
        "it cannot close"
    );
    // It is updated: everything goes on, and what it can close now is closed.
    world.relay_down(1);
    world.relays[1].closes = true;
    settle(&mut world);
    assert_eq!(
        appends(&mut world, 1, &log, &ben, b"Ben is out"),
        Err(ErrorCode::NotAllowed)
    );
    world.check_but(&[body("ky"), notes()], &["Ben"]);
}

#[test]
fn a_relay_that_was_away_or_is_new_or_was_emptied_is_told_when_it_is_there() {
    let mut world = rotated(56, 3);
    let old = epochs(&world, BEN).0.pop().expect("a rotation");
    world.relay_down(1);
    remove(&mut world, BEN);
    for _ in 0..90 {
        world.tick(2000);
        world.drain();
    }
    world.relay_down(2);
    world.relays[2].logs.clear();
    world.relays[2].closed.clear();
    settle(&mut world);
    let (log, ben) = (LogKeys::of_document(&old, &body("ky")), own_key(&world, BEN, &old));
    for relay in 0..3 {
        let refused = appends(&mut world, relay, &log, &ben, b"Ben is out");
        assert_eq!(refused, Err(ErrorCode::NotAllowed), "relay {relay}");
    }
    for peer in &mut world.peers {
        peer.doubts.clear();
    }
    world.check(&[body("ky"), notes()]);
}

#[test]
fn who_opens_a_log_first_with_a_closer_of_their_own_keeps_nobody_from_writing() {
    let mut world = rotated(57, 2);
    world.relay_down(1);
    rotate(&mut world, 0);
    settle_but(&mut world, 1);
    // Ben has the operator's ticket of the second relay and is there first.
    let new = epochs(&world, BEN).0.pop().expect("another rotation");
    let (own, ticket) = (SignKey::from_secret(&[88; 32]), world.relays[1].ticket.clone());
    let World { relays, dice, .. } = &mut world;
    relays[1].connect(8_000);
    for doc in [DocId::Charter, body("ky"), notes()] {
        let log = LogKeys::of_document(&new, &doc);
        let open = ClientFrame::OpenClosable {
            log: log.id,
            ticket: ticket.clone(),
            reader: log.reader.public(),
            registrar: log.registrar.public(),
            epoch: log.epoch,
            closer: own.public(),
        };
        assert!(relays[1].frame(8_000, &open.encode(), dice).is_empty());
    }
    settle(&mut world);
    for peer in 0..3 {
        world.write(peer, &body("ky"));
    }
    settle(&mut world);
    // What they win: at that relay the epoch's logs are not closed to them. The next ones are.
    remove(&mut world, BEN);
    settle(&mut world);
    let (log, ben) = (LogKeys::of_document(&new, &body("ky")), own_key(&world, BEN, &new));
    assert_eq!(
        appends(&mut world, 0, &log, &ben, b"Ben is out"),
        Err(ErrorCode::NotAllowed)
    );
    assert_eq!(appends(&mut world, 1, &log, &ben, b"Ben is out"), Ok(()));
    world.check(&[body("ky"), notes()]);
}

/// As [`settle`], while a relay is away.
fn settle_but(world: &mut World, relay: usize) {
    for _ in 0..90 {
        world.tick(2000);
        world.drain();
        world.relay_down(relay);
    }
}

/// More logs than a connection may name: those of old epochs are looked at and left.
fn many_logs(rotations: usize, documents: usize) {
    let mut world = World::new(58, 1);
    world.admit(0, "Ben", "alpha", Role::Writer, None);
    let docs: Vec<DocId> = (1..documents).map(|n| body(&format!("x-{n}"))).collect();
    for peer in 0..2 {
        for doc in &docs {
            world.watch(peer, doc);
        }
    }
    settle(&mut world);
    for number in 0..rotations {
        rotate(&mut world, 0);
        world.drain();
        world.tick(1_000);
        world.write(number % 2, &docs[number % docs.len()]);
        world.drain();
    }
    world.quiet();
    world.check(&docs);
    // With the charter, snapshots and blobs; and the log of the door by which Ben came.
    assert_eq!(world.relays[0].logs.len(), (documents + 2) * (rotations + 1) + 1);
    // Whoever starts anew reads it all by one connection.
    world.crash(1);
    world.quiet();
    world.write(0, &docs[0]);
    world.write(1, &docs[0]);
    world.quiet();
    world.check(&docs);
    assert!(
        world.relays[0].named > 512,
        "{} logs were followed",
        world.relays[0].named
    );
}

#[test]
fn more_logs_than_a_connection_may_name_are_followed_in_turn() {
    many_logs(20, 70);
}

/// Rotations, removals and lesser roles while everything goes wrong, at relays of both kinds.
#[test]
fn storms_with_closings() {
    seeds::each("storms_with_closings", 40, |seed| {
        let mut world = rotated(seed, 2);
        world.relays[1].closes = !seed.is_multiple_of(3);
        let docs = [body("ky"), notes()];
        world.make_unlike();
        let mut left = vec!["Ben"];
        for step in 0..4 {
            for _ in 0..100 {
                world.happen_among(&docs);
            }
            match (step, seed % 2) {
                (0 | 2, _) => rotate(&mut world, 0),
                (1, 0) => give(&mut world, BEN, Role::Observer),
                (1, _) => remove(&mut world, BEN),
                _ => {
                    apart(&mut world, CLEO);
                    left.push("Cleo");
                    give(&mut world, CLEO, Role::Reviewer);
                }
            }
            for _ in 0..20 {
                world.tick(5_000);
                world.happen_among(&docs);
            }
        }
        settle(&mut world);
        world.check_but(&docs, &left);
    });
}
