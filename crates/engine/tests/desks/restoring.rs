//! A backup that comes back on a device where something of it is, and is damaged.

use std::collections::BTreeSet;

use komuz_messages::{Answer, Ask, EditionId};

use crate::keeping::{backup, come_back, enter};
use crate::newsroom::settled;
use crate::world::World;
use crate::writing::{open, text, two, type_at};

const BEFORE: &str = "In the backup. ";
const SINCE: &str = "Since then. ";

/// A device with a backup, on which something was written since that no server has: world, the dead desk, the other outlet's, edition,
/// the file.
fn written_since() -> (World, usize, usize, EditionId, String) {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, BEFORE, |page| page.end());
    settled(&mut world);
    let file = backup(&mut world, kloop);
    world.online(kloop, false);
    type_at(&mut world, kloop, &edition, SINCE, |page| page.end());
    world.run(20);
    world.until("saved", |world| world.desks[kloop].shown.state.saved);
    world.crash(kloop);
    (world, kloop, occrp, edition, file)
}

/// A new tab of a device, and what came of bringing the backup back there.
fn restore(world: &mut World, dead: usize, file: &str) -> usize {
    let desk = world.tab(world.desks[dead].device);
    world.online(desk, false);
    let ask = Ask::Restore {
        bytes: file.to_owned(),
        passphrase: "three strings one tune".into(),
    };
    match world.ask(desk, ask) {
        Ok(Answer::Restored { investigations, .. }) => assert_eq!(investigations.len(), 1),
        other => panic!("{other:?}"),
    }
    desk
}

fn says_so(world: &World, desk: usize) -> bool {
    let said = &world.desks[desk].shown.state.refused;
    said.iter().any(|trouble| trouble.code == "pieces-back")
}

/// The desk has all words, and so has the other one when there is a server; nobody was told of anything wrong.
fn has_all(world: &mut World, desk: usize, other: usize, edition: &EditionId, words: &str) {
    enter(world, desk);
    open(world, desk, edition);
    assert_eq!(text(world, desk, edition), words);
    world.online(desk, true);
    type_at(world, desk, edition, "And on.", |page| page.end());
    settled(world);
    let words = format!("{words}And on.");
    for desk in [desk, other] {
        assert_eq!(text(world, desk, edition), words);
    }
    let said = &world.desks[other].shown.state.refused;
    assert!(said.is_empty(), "{said:?}");
}

/// The kind of a row: table, and of those of the replica what it is.
fn kind((table, key): &(String, String)) -> String {
    match table.as_str() {
        "secret" | "log" => key.split('/').nth(1).unwrap_or_default().to_owned(),
        _ => table.clone(),
    }
}

#[test]
fn who_one_is_comes_back_and_what_was_written_since_is_there() {
    let (mut world, dead, occrp, edition, file) = written_since();
    let device = &mut world.devices[world.desks[dead].device];
    let me: Vec<_> = device.rows.keys().filter(|row| kind(row) == "me").cloned().collect();
    assert_eq!(me.len(), 1);
    device.unreadable.extend(me);
    let before = world.tab(world.desks[dead].device);
    let Ok(Answer::Device { investigations, .. }) = world.ask(before, Ask::Device) else {
        panic!("the list")
    };
    let investigation = investigations[0].id.clone();
    let why = world.ask(before, Ask::Enter { investigation });
    assert_eq!(why.expect_err("nobody knows who one is").code, "unreadable");
    let desk = restore(&mut world, dead, &file);
    has_all(&mut world, desk, occrp, &edition, &format!("{BEFORE}{SINCE}"));
    assert!(says_so(&world, desk));
}

#[test]
fn whatever_kind_of_row_is_damaged_nothing_is_lost_and_nothing_comes_twice() {
    let kinds: BTreeSet<String> = {
        let (world, dead, ..) = written_since();
        world.devices[world.desks[dead].device].rows.keys().map(kind).collect()
    };
    assert!(kinds.len() > 6, "{kinds:?}");
    for damaged in &kinds {
        let (mut world, dead, occrp, edition, file) = written_since();
        let device = &mut world.devices[world.desks[dead].device];
        let rows: Vec<_> = device
            .rows
            .keys()
            .filter(|row| kind(row) == *damaged)
            .cloned()
            .collect();
        // Envelopes that no server has are nowhere else but in rows that are whole.
        if damaged != "envelopes" {
            device.unreadable.extend(rows);
        }
        let desk = restore(&mut world, dead, &file);
        has_all(&mut world, desk, occrp, &edition, &format!("{BEFORE}{SINCE}"));
    }
}

#[test]
fn envelopes_that_no_server_has_come_back_where_they_stood() {
    for is_open in [false, true] {
        let (mut world, kloop, occrp, edition) = two();
        settled(&mut world);
        world.online(kloop, false);
        let device = world.desks[kloop].device;
        let envelopes = |world: &World| -> BTreeSet<(String, String)> {
            let rows = world.devices[device].rows.keys();
            rows.filter(|row| kind(row) == "envelopes").cloned().collect()
        };
        let had = envelopes(&world);
        type_at(&mut world, kloop, &edition, BEFORE, |page| page.end());
        world.run(20);
        world.until("saved", |world| world.desks[kloop].shown.state.saved);
        let file = backup(&mut world, kloop);
        let in_backup = envelopes(&world);
        type_at(&mut world, kloop, &edition, SINCE, |page| page.end());
        world.run(20);
        world.until("saved", |world| world.desks[kloop].shown.state.saved);
        world.crash(kloop);
        let rows = &mut world.devices[device].rows;
        for key in in_backup.difference(&had) {
            rows.get_mut(key).expect("a row").truncate(20);
        }
        rows.retain(|(table, _), _| table != "save");
        if is_open {
            let desk = world.tab(device);
            world.online(desk, false);
            enter(&mut world, desk);
            open(&mut world, desk, &edition);
            assert_eq!(
                text(&world, desk, &edition),
                "",
                "what follows waits for what is damaged"
            );
            let ask = Ask::Restore {
                bytes: file,
                passphrase: "three strings one tune".into(),
            };
            assert!(world.ask(desk, ask).is_ok());
            world.run(1000);
            assert!(says_so(&world, desk));
            has_all(&mut world, desk, occrp, &edition, &format!("{BEFORE}{SINCE}"));
            continue;
        }
        let desk = restore(&mut world, kloop, &file);
        has_all(&mut world, desk, occrp, &edition, &format!("{BEFORE}{SINCE}"));
        world.crash(desk);
        let again = come_back(&mut world, desk);
        open(&mut world, again, &edition);
        assert_eq!(text(&world, again, &edition), format!("{BEFORE}{SINCE}And on."));
    }
}

#[test]
fn where_all_is_whole_nothing_changes() {
    let (mut world, dead, occrp, edition, file) = written_since();
    let device = world.desks[dead].device;
    let lasts = |world: &World| -> Vec<_> {
        let rows = world.devices[device].rows.clone().into_iter();
        rows.filter(|((table, _), _)| !["journal", "strike", "save"].contains(&table.as_str()))
            .collect()
    };
    let first = world.tab(device);
    world.online(first, false);
    world.crash(first);
    let before = lasts(&world);
    let desk = restore(&mut world, dead, &file);
    assert!(before == lasts(&world));
    has_all(&mut world, desk, occrp, &edition, &format!("{BEFORE}{SINCE}"));
    assert!(!says_so(&world, desk));
}

#[test]
fn a_backup_of_what_is_open_has_all_of_it_though_the_store_was_thrown_away() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, BEFORE, |page| page.end());
    settled(&mut world);
    world.online(kloop, false);
    type_at(&mut world, kloop, &edition, "No server. ", |page| page.end());
    world.run(20);
    world.until("saved", |world| world.desks[kloop].shown.state.saved);
    let device = world.desks[kloop].device;
    world.devices[device].rows.clear();
    type_at(&mut world, kloop, &edition, SINCE, |page| page.end());
    let file = backup(&mut world, kloop);
    let elsewhere = world.device();
    world.crash(kloop);
    assert!(!world.devices[device].rows.is_empty(), "what was written since");
    let here = restore(&mut world, kloop, &file);
    let all = format!("{BEFORE}No server. {SINCE}");
    enter(&mut world, here);
    open(&mut world, here, &edition);
    assert_eq!(text(&world, here, &edition), all);
    world.crash(here);
    // The same file on a device that has nothing.
    world.online(elsewhere, false);
    let ask = Ask::Restore {
        bytes: file,
        passphrase: "three strings one tune".into(),
    };
    assert!(world.ask(elsewhere, ask).is_ok());
    has_all(&mut world, elsewhere, occrp, &edition, &all);
}
