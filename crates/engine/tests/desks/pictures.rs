//! Pictures: put in on one desk, fetched on another when somebody looks, and all of them before anything is signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use komuz_core::admission::{last_changes, session_actor};
use komuz_core::document::{DocKind, Document};
use komuz_core::files;
use komuz_messages::{Answer, Ask, EditionId};
use komuz_release::canonical::sha256_hex;
use komuz_sync::Replica;
use komuz_sync::replica::Payload;
use komuz_sync::seal::blob::{Blob, log_of};
use komuz_sync::seal::bytes::{Digest, EnvelopeId, from_hex};
use komuz_sync::seal::cbor::Reader;
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::epoch::EpochKey;

use crate::hostile::inject;
use crate::keeping::{backup, come_back, restore};
use crate::newsroom::{join, settled};
use crate::publishing::review;
use crate::world::World;
use crate::writing::{open, two, type_at};

/// A picture of some chunks.
fn png(number: u8) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend((0..300_000u32).map(|at| (at * 31 % 251) as u8 ^ number));
    png
}

fn add(world: &mut World, desk: usize, bytes: &[u8]) -> String {
    let ask = Ask::AddFile {
        media: "image/png".into(),
        bytes: STANDARD.encode(bytes),
    };
    match world.ask(desk, ask) {
        Ok(Answer::Made { id }) => id,
        other => panic!("{other:?}"),
    }
}

fn get(file: &str) -> Ask {
    Ask::GetFile { file: file.to_owned() }
}

fn look(world: &mut World, desk: usize, file: &str) -> Vec<u8> {
    match world.ask(desk, get(file)) {
        Ok(Answer::File { media, bytes, .. }) => {
            assert_eq!(media, "image/png");
            STANDARD.decode(bytes).expect("base64")
        }
        other => panic!("{other:?}"),
    }
}

/// How many chunks lie on a desk's device.
fn chunks(world: &World, desk: usize) -> usize {
    pieces(world, desk).len()
}

/// Puts a figure with a file at the end of a text.
fn place(world: &mut World, desk: usize, edition: &EditionId, file: &str) {
    let figure = serde_json::json!({
        "type": "figure",
        "attrs": { "id": null, "file": file, "media": "image/png", "alt": "A contract", "credit": "Kloop" },
        "content": [{ "type": "text", "text": "The contract." }],
    });
    let page = world.desks[desk].pages.get_mut(edition).expect("open");
    let end = page.doc.size();
    let step = serde_json::json!({ "stepType": "replace", "from": end, "to": end, "slice": { "content": [figure] } });
    let (seq, taken) = page.make(std::slice::from_ref(&step));
    let ask = Ask::Steps {
        edition: edition.clone(),
        seq,
        taken,
        steps: vec![step],
    };
    world.say(desk, ask);
}

#[test]
fn a_picture_comes_to_who_looks_at_it_and_stays_there() {
    let (mut world, kloop, occrp, _) = two();
    let file = add(&mut world, kloop, &png(1));
    settled(&mut world);
    world.run(60_000);
    assert_eq!((chunks(&world, kloop), chunks(&world, occrp)), (3, 0));
    assert!(look(&mut world, occrp, &file) == png(1));
    settled(&mut world);
    assert_eq!(chunks(&world, occrp), 3);
    // It is there without a server too, and after a crash.
    world.crash(occrp);
    world.relays.iter_mut().for_each(|relay| relay.up = false);
    let again = come_back(&mut world, occrp);
    assert!(look(&mut world, again, &file) == png(1));
}

#[test]
fn an_ask_for_a_picture_that_has_not_come_is_answered_when_it_has() {
    let (mut world, kloop, occrp, _) = two();
    settled(&mut world);
    world.online(kloop, false);
    let file = add(&mut world, kloop, &png(1));
    let asked = world.say(occrp, get(&file));
    world.run(90_000);
    assert!(world.answer(occrp, asked).is_none(), "nobody has heard of it");
    world.online(kloop, true);
    world.until("it comes", |world| world.answered(occrp, asked));
    assert!(matches!(world.answer(occrp, asked), Some(Ok(Answer::File { .. }))));
}

/// Rows of pieces of files on a desk's device.
fn pieces(world: &World, desk: usize) -> Vec<(String, String)> {
    let rows = world.devices[world.desks[desk].device].rows.keys();
    rows.filter(|(table, key)| table == "log" && key.contains("/chunks/"))
        .cloned()
        .collect()
}

#[test]
fn a_desk_starts_without_the_bytes_of_its_pictures_and_reads_those_that_are_looked_at() {
    let (mut world, kloop, _, edition) = two();
    let files: Vec<String> = (1..6).map(|number| add(&mut world, kloop, &png(number))).collect();
    settled(&mut world);
    world.crash(kloop);
    let again = come_back(&mut world, kloop);
    open(&mut world, again, &edition);
    settled(&mut world);
    assert_eq!(world.desks[again].read, 0);
    assert!(look(&mut world, again, &files[2]) == png(3));
    let of_one = world.desks[again].read;
    assert!((300_000..500_000).contains(&of_one), "{of_one} bytes");
    // While one is read, other asks are answered.
    world.crash(again);
    let again = come_back(&mut world, again);
    let asked = world.say(again, get(&files[0]));
    assert!(matches!(world.ask(again, Ask::Device), Ok(Answer::Device { .. })));
    world.until("it is read", |world| world.answered(again, asked));
}

#[test]
fn a_piece_that_is_gone_from_the_disk_or_cannot_be_read_comes_from_a_server_again() {
    for gone in [true, false] {
        let (mut world, kloop, occrp, _) = two();
        let file = add(&mut world, kloop, &png(1));
        settled(&mut world);
        look(&mut world, occrp, &file);
        settled(&mut world);
        world.crash(occrp);
        let again = come_back(&mut world, occrp);
        let piece = pieces(&world, again)[1].clone();
        let device = &mut world.devices[world.desks[again].device];
        if gone {
            device.rows.remove(&piece);
        } else {
            device.unreadable.insert(piece.clone());
        }
        assert!(look(&mut world, again, &file) == png(1));
        settled(&mut world);
        assert!(pieces(&world, again).contains(&piece));
        assert_eq!(world.desks[again].shown.state.refused, []);
    }
}

#[test]
fn without_a_server_a_review_that_finds_a_piece_gone_says_at_once_which_picture_is_missing() {
    let (mut world, kloop, _, edition) = two();
    let file = add(&mut world, kloop, &png(1));
    place(&mut world, kloop, &edition, &file);
    type_at(&mut world, kloop, &edition, "See the contract.", |_| 1);
    settled(&mut world);
    world.crash(kloop);
    let again = come_back(&mut world, kloop);
    open(&mut world, again, &edition);
    world.online(again, false);
    world.run(1_000);
    let piece = pieces(&world, again)[1].clone();
    let device = world.desks[again].device;
    world.devices[device].rows.remove(&piece);
    let before = world.now;
    let obstacles = review(&mut world, again, &edition, "").obstacles;
    assert!(obstacles.iter().any(|trouble| trouble.code == "file-missing"));
    assert!(world.now - before < 5_000);
}

#[test]
fn a_picture_that_no_server_has_and_whose_piece_is_gone_is_said() {
    let (mut world, kloop, ..) = two();
    settled(&mut world);
    world.online(kloop, false);
    world.relays.iter_mut().for_each(|relay| relay.up = false);
    add(&mut world, kloop, &png(1));
    world.run(1_000);
    world.crash(kloop);
    let again = come_back(&mut world, kloop);
    let piece = pieces(&world, again)[1].clone();
    let device = world.desks[again].device;
    world.devices[device].rows.remove(&piece);
    world.relays.iter_mut().for_each(|relay| relay.up = true);
    world.until("it is said", |world| !world.desks[again].shown.state.refused.is_empty());
    let refused = &world.desks[again].shown.state.refused;
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].code, "arrival");
    assert!(refused[0].message.contains("`chunks`"), "{}", refused[0].message);
}

#[test]
fn before_a_review_all_pictures_come_that_nobody_has_looked_at() {
    let (mut world, kloop, occrp, edition) = two();
    for number in 1..4 {
        let file = add(&mut world, kloop, &png(number));
        place(&mut world, kloop, &edition, &file);
        type_at(&mut world, kloop, &edition, "See the contract.", |_| 1);
        settled(&mut world);
    }
    assert_eq!(chunks(&world, occrp), 0);
    assert_eq!(review(&mut world, occrp, &edition, "").obstacles, []);
    assert_eq!(chunks(&world, occrp), 9);
}

#[test]
fn without_a_server_a_review_says_at_once_which_picture_is_missing() {
    let (mut world, kloop, occrp, edition) = two();
    let file = add(&mut world, kloop, &png(1));
    place(&mut world, kloop, &edition, &file);
    type_at(&mut world, kloop, &edition, "See the contract.", |_| 1);
    settled(&mut world);
    world.online(occrp, false);
    world.run(1_000);
    let before = world.now;
    let obstacles = review(&mut world, occrp, &edition, "").obstacles;
    assert!(
        obstacles.iter().any(|trouble| trouble.code == "file-missing"),
        "{obstacles:?}"
    );
    assert!(world.now - before < 5_000);
}

#[test]
fn a_backup_has_the_pictures_that_nobody_has_looked_at_too() {
    let (mut world, kloop, occrp, _) = two();
    let file = add(&mut world, kloop, &png(1));
    settled(&mut world);
    let bytes = backup(&mut world, occrp);
    world.crash(occrp);
    world.relays.iter_mut().for_each(|relay| relay.up = false);
    let restored = restore(&mut world, bytes);
    assert!(look(&mut world, restored, &file) == png(1));
}

#[test]
fn a_backup_that_is_made_without_a_server_says_how_many_pictures_are_not_in_it() {
    let (mut world, kloop, occrp, _) = two();
    add(&mut world, kloop, &png(1));
    add(&mut world, kloop, &png(2));
    settled(&mut world);
    world.online(occrp, false);
    world.run(1_000);
    backup(&mut world, occrp);
    world.run(1_000);
    let refused = &world.desks[occrp].shown.state.refused;
    let said: Vec<_> = refused
        .iter()
        .map(|it| (it.code.as_str(), it.with.as_slice()))
        .collect();
    assert_eq!(said, [("backup-pictures", &["2".to_owned()][..])]);
    backup(&mut world, kloop);
    assert!(world.desks[kloop].shown.state.refused.is_empty());
}

#[test]
fn the_same_picture_of_two_people_is_one() {
    let (mut world, kloop, occrp, _) = two();
    settled(&mut world);
    world.online(occrp, false);
    let first = add(&mut world, kloop, &png(1));
    assert_eq!(add(&mut world, occrp, &png(1)), first);
    world.online(occrp, true);
    settled(&mut world);
    let third = join(&mut world, kloop, "kloop", "observer", "Erlan", None);
    assert!(look(&mut world, third, &first) == png(1));
    assert_eq!(chunks(&world, third), 3);
}

#[test]
fn what_is_no_picture_or_too_large_is_refused_by_name() {
    let (mut world, kloop, ..) = two();
    let refused = |world: &mut World, media: &str, bytes: &[u8]| {
        let (media, bytes) = (media.to_owned(), STANDARD.encode(bytes));
        world.ask(kloop, Ask::AddFile { media, bytes }).is_err()
    };
    assert!(refused(&mut world, "image/svg+xml", b"<svg/>"));
    assert!(refused(&mut world, "image/png", b"<svg/>"));
    assert!(refused(
        &mut world,
        "image/png",
        &[png(1), vec![0; files::MAX_FILE]].concat()
    ));
    assert_eq!(chunks(&world, kloop), 0);
}

/// A file's entry as somebody writes it who says what is not so.
fn entry(replica: &Replica, file: &str, name: &[u8]) -> Vec<Payload> {
    let me = replica.me().expect("a member");
    let actor = session_actor(&me.device.0, &me.session.0);
    let mut doc = Document::new(DocKind::Files, &actor);
    files::add(&mut doc, "image/png", file, name).expect("written");
    let change = doc.take_changes().remove(0);
    let last = last_changes([change.as_slice()]).expect("a good change")[0];
    vec![Payload {
        bytes: [&[1, 0], change.as_slice()].concat(),
        ends: Some(Digest(last.0)),
    }]
}

/// The epoch's key, as a device has it, and the ids of the chunks on its disk.
fn kept(world: &World, desk: usize) -> (EpochKey, Vec<EnvelopeId>) {
    let rows = &world.devices[world.desks[desk].device].rows;
    let me = rows
        .iter()
        .find(|((_, key), _)| key.contains("/me/"))
        .expect("every device has its row")
        .1;
    let (_, mut r) = Reader::versioned(me, 10_000).expect("a row");
    r.array(4).expect("four fields");
    let (_, _): ([u8; 64], [u8; 32]) = (r.fixed().expect("the device"), r.fixed().expect("the charter"));
    let epoch = EpochKey::from_secret(r.fixed().expect("the epoch"));
    let keys = rows
        .keys()
        .filter_map(|(_, key)| from_hex(key.split_once("/chunks/")?.1));
    (
        epoch,
        keys.filter_map(|key| EnvelopeId::from_slice(&key[32..])).collect(),
    )
}

#[test]
fn a_name_that_is_not_so_is_said_and_the_right_one_serves() {
    let (mut world, kloop, occrp, edition) = two();
    let bytes = png(1);
    let file = sha256_hex(&bytes);
    add(&mut world, kloop, &png(2));
    settled(&mut world);
    world.crash(occrp);
    // It names the chunks of another picture.
    let (epoch, chunks) = kept(&world, kloop);
    let (right, _) = Blob::seal(&bytes, &log_of(&epoch)).expect("sealed");
    let wrong = Blob { chunks, ..right };
    inject(&mut world, occrp, &DocId::Files, |replica| {
        entry(replica, &file, &wrong.to_bytes())
    });
    let third = join(&mut world, kloop, "kloop", "writer", "Erlan", None);
    open(&mut world, third, &edition);
    let asked = world.say(third, get(&file));
    world.until("it is said", |world| !world.desks[third].shown.state.refused.is_empty());
    assert!(!world.answered(third, asked));
    assert_eq!(add(&mut world, kloop, &bytes), file);
    world.until("it comes", |world| world.answered(third, asked));
    assert!(look(&mut world, third, &file) == bytes);
}
