//! What survives: crashes, restarts, other tabs, a full disk, backups.

use komuz_messages::{Answer, Ask};

use crate::newsroom::{card, founder, join, server, settled, story};
use crate::world::World;
use crate::writing::{open, text, two, type_at};

/// The same device again, in the same investigation.
pub fn come_back(world: &mut World, desk: usize) -> usize {
    let again = world.tab(world.desks[desk].device);
    enter(world, again);
    again
}

pub fn enter(world: &mut World, desk: usize) {
    let Ok(Answer::Device { investigations, .. }) = world.ask(desk, Ask::Device) else {
        panic!("the list")
    };
    let ask = Ask::Enter {
        investigation: investigations[0].id.clone(),
    };
    assert_eq!(world.ask(desk, ask), Ok(Answer::Done));
    world.run(300);
}

#[test]
fn what_was_said_to_be_saved_survives_a_crash_and_the_rest_was_not_promised() {
    let (mut world, kloop, occrp, edition) = two();
    world.online(kloop, false);
    type_at(&mut world, kloop, &edition, "saved words. ", |page| page.end());
    world.run(20);
    world.until("saved", |world| world.desks[kloop].shown.state.saved);
    type_at(&mut world, kloop, &edition, "lost words", |page| page.end());
    world.run(20);
    assert!(
        !world.desks[kloop].shown.state.saved,
        "nothing is promised before it is on disk"
    );
    world.crash(kloop);
    let again = come_back(&mut world, kloop);
    open(&mut world, again, &edition);
    assert_eq!(text(&world, again, &edition), "saved words. ");
    settled(&mut world);
    assert_eq!(text(&world, occrp, &edition), "saved words. ");
    // The new session writes on, and nothing appears twice.
    type_at(&mut world, again, &edition, "more", |page| page.end());
    settled(&mut world);
    assert_eq!(text(&world, occrp, &edition), "saved words. more");
}

#[test]
fn a_desk_opens_from_its_saved_papers_and_from_the_log_alone() {
    let (mut world, kloop, occrp, edition) = two();
    for n in 0..20 {
        type_at(&mut world, kloop, &edition, &format!("{n} "), |page| page.end());
        world.run(150);
    }
    settled(&mut world);
    world.run(10_000);
    let words = text(&world, kloop, &edition);
    world.crash(kloop);
    let device = world.desks[kloop].device;
    assert!(world.devices[device].rows.keys().any(|(table, _)| table == "save"));
    let again = come_back(&mut world, kloop);
    open(&mut world, again, &edition);
    assert_eq!(text(&world, again, &edition), words);
    world.crash(again);
    // A saved paper that cannot be read is no loss.
    for ((table, _), value) in &mut world.devices[device].rows {
        if table == "save" {
            value.truncate(value.len() / 2);
        }
    }
    let again = come_back(&mut world, again);
    open(&mut world, again, &edition);
    assert_eq!(text(&world, again, &edition), words);
    settled(&mut world);
    assert_eq!(text(&world, occrp, &edition), words);
}

#[test]
fn two_tabs_of_one_device_see_each_other_without_any_server() {
    let mut world = World::new(1);
    let first = founder(&mut world);
    let edition = story(&mut world, first, "Two tabs");
    let writer = join(&mut world, first, "kloop", "writer", "Erlan", None);
    open(&mut world, writer, &edition);
    settled(&mut world);
    let second = come_back(&mut world, first);
    for desk in [first, second] {
        world.online(desk, false);
        open(&mut world, desk, &edition);
    }
    type_at(&mut world, first, &edition, "from the first. ", |page| page.end());
    world.until("the second has it", |world| {
        text(world, second, &edition) == "from the first. "
    });
    type_at(&mut world, second, &edition, "from the second.", |page| page.end());
    world.until("the first has it", |world| {
        text(world, first, &edition) == "from the first. from the second."
    });
    // The second dies with words that no server has; the first brings them out.
    world.run(1000);
    world.crash(second);
    world.online(first, true);
    settled(&mut world);
    assert_eq!(text(&world, writer, &edition), "from the first. from the second.");
}

#[test]
fn what_a_dead_tab_had_on_the_disk_and_did_not_say_is_brought_out_by_a_living_one() {
    let mut world = World::new(1);
    let first = founder(&mut world);
    let edition = story(&mut world, first, "Two tabs");
    let writer = join(&mut world, first, "kloop", "writer", "Erlan", None);
    open(&mut world, writer, &edition);
    let second = come_back(&mut world, first);
    open(&mut world, second, &edition);
    open(&mut world, first, &edition);
    settled(&mut world);
    world.online(second, false);
    world.desks[second].dumb = true;
    type_at(&mut world, second, &edition, "on the disk alone", |page| page.end());
    world.run(20);
    world.until("saved", |world| world.desks[second].shown.state.saved);
    world.crash(second);
    world.until("the first has it", |world| {
        text(world, first, &edition) == "on the disk alone"
    });
    settled(&mut world);
    assert_eq!(text(&world, writer, &edition), "on the disk alone");
}

#[test]
fn a_full_disk_is_said_plainly_and_nothing_is_lost_when_there_is_room_again() {
    let (mut world, kloop, occrp, edition) = two();
    let device = world.desks[kloop].device;
    world.devices[device].broken = Some("QuotaExceededError".into());
    type_at(&mut world, kloop, &edition, "no room", |page| page.end());
    world.until("it is said", |world| {
        world.desks[kloop].shown.state.save_trouble.is_some()
    });
    assert!(!world.desks[kloop].shown.state.saved);
    world.devices[device].broken = None;
    settled(&mut world);
    assert_eq!(world.desks[kloop].shown.state.save_trouble, None);
    assert_eq!(text(&world, occrp, &edition), "no room");
    world.crash(kloop);
    let again = come_back(&mut world, kloop);
    open(&mut world, again, &edition);
    assert_eq!(text(&world, again, &edition), "no room");
}

#[test]
fn a_row_that_cannot_be_read_is_reported_and_the_rest_is_there() {
    let (mut world, kloop, _, edition) = two();
    type_at(&mut world, kloop, &edition, "words", |page| page.end());
    settled(&mut world);
    world.crash(kloop);
    let device = world.desks[kloop].device;
    world.devices[device]
        .rows
        .insert(("save".into(), "garbage".into()), b"?".to_vec());
    let keys: Vec<_> = world.devices[device]
        .rows
        .keys()
        .filter(|(_, key)| key.contains("/cursors/"))
        .cloned()
        .collect();
    assert!(!keys.is_empty());
    world.devices[device].unreadable.extend(keys);
    let again = come_back(&mut world, kloop);
    open(&mut world, again, &edition);
    assert_eq!(text(&world, again, &edition), "words");
    assert!(
        world.desks[again]
            .shown
            .state
            .refused
            .iter()
            .any(|trouble| trouble.code == "pieces-unreadable")
    );
}

#[test]
fn a_backup_comes_back_on_another_device() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "in the backup", |page| page.end());
    settled(&mut world);
    let ask = Ask::Backup {
        passphrase: "three strings one tune".into(),
        page: "release keys".into(),
    };
    let Ok(Answer::File { name, bytes, .. }) = world.ask(kloop, ask) else {
        panic!("a file")
    };
    assert!(name.ends_with(".komuz"), "{name}");
    world.crash(kloop);
    let other = world.device();
    let ask = Ask::Restore {
        bytes: bytes.clone(),
        passphrase: "wrong".into(),
    };
    assert_eq!(
        world.ask(other, ask).expect_err("another passphrase").code,
        "wrong-passphrase"
    );
    let ask = Ask::Restore {
        bytes: bytes[..bytes.len() / 8 * 4].to_owned(),
        passphrase: "three strings one tune".into(),
    };
    let code = world.ask(other, ask).expect_err("half a file").code;
    assert!(
        ["backup-unreadable", "wrong-passphrase"].contains(&code.as_str()),
        "{code}"
    );
    let ask = Ask::Restore {
        bytes,
        passphrase: "three strings one tune".into(),
    };
    match world.ask(other, ask) {
        Ok(Answer::Restored { page, investigations }) => {
            assert_eq!((page.as_str(), investigations.len()), ("release keys", 1))
        }
        other => panic!("{other:?}"),
    }
    enter(&mut world, other);
    open(&mut world, other, &edition);
    assert_eq!(text(&world, other, &edition), "in the backup");
    type_at(&mut world, other, &edition, " and on", |page| page.end());
    settled(&mut world);
    assert_eq!(text(&world, occrp, &edition), "in the backup and on");
}

#[test]
fn saved_papers_that_stop_the_desk_twice_are_made_again_from_the_log() {
    let (mut world, kloop, _, edition) = two();
    type_at(&mut world, kloop, &edition, "words", |page| page.end());
    settled(&mut world);
    world.run(10_000);
    world.crash(kloop);
    let device = world.desks[kloop].device;
    let says = |world: &World, desk: usize| {
        let said = &world.desks[desk].shown.state.refused;
        said.iter().any(|trouble| trouble.code == "papers-remade")
    };
    for deaths in [1, 2] {
        for _ in 0..deaths {
            let dying = world.tab(device);
            let Ok(Answer::Device { investigations, .. }) = world.ask(dying, Ask::Device) else {
                panic!("the list")
            };
            world.desks[dying].dies_loading = true;
            let investigation = investigations[0].id.clone();
            world.say(dying, Ask::Enter { investigation });
            world.until("it has died", |world| world.desks[dying].engine.is_none());
        }
        let again = world.tab(device);
        enter(&mut world, again);
        open(&mut world, again, &edition);
        settled(&mut world);
        assert_eq!(text(&world, again, &edition), "words");
        assert_eq!(says(&world, again), deaths == 2, "after {deaths}");
        assert!(!world.devices[device].rows.keys().any(|(table, _)| table == "strike"));
        world.crash(again);
    }
}

/// Makes a backup; the file.
pub fn backup(world: &mut World, desk: usize) -> String {
    let ask = Ask::Backup {
        passphrase: "three strings one tune".into(),
        page: String::new(),
    };
    match world.ask(desk, ask) {
        Ok(Answer::File { bytes, .. }) => bytes,
        other => panic!("{other:?}"),
    }
}

/// Brings a backup back on a new device and opens the investigation there.
pub fn restore(world: &mut World, bytes: String) -> usize {
    let desk = world.device();
    let ask = Ask::Restore {
        bytes,
        passphrase: "three strings one tune".into(),
    };
    assert!(matches!(world.ask(desk, ask), Ok(Answer::Restored { .. })));
    enter(world, desk);
    desk
}

#[test]
fn a_backup_made_while_the_disk_is_full_has_what_the_disk_has_not() {
    let (mut world, kloop, occrp, edition) = two();
    settled(&mut world);
    world.online(kloop, false);
    let device = world.desks[kloop].device;
    world.devices[device].broken = Some("QuotaExceededError".into());
    type_at(&mut world, kloop, &edition, "nowhere else", |page| page.end());
    world.until("a backup is asked for", |world| {
        let trouble = &world.desks[kloop].shown.state.save_trouble;
        trouble.as_ref().is_some_and(|why| why.code == "disk-full")
    });
    let bytes = backup(&mut world, kloop);
    world.crash(kloop);
    let other = restore(&mut world, bytes);
    open(&mut world, other, &edition);
    assert_eq!(text(&world, other, &edition), "nowhere else");
    settled(&mut world);
    assert_eq!(text(&world, occrp, &edition), "nowhere else");
}

#[test]
fn a_backup_says_how_much_of_the_store_it_could_not_read() {
    let (mut world, kloop, _, edition) = two();
    type_at(&mut world, kloop, &edition, "words", |page| page.end());
    settled(&mut world);
    let device = world.desks[kloop].device;
    let is_cursor = |(_, key): &&(String, String)| key.contains("/cursors/");
    let key = world.devices[device].rows.keys().find(is_cursor).cloned();
    world.devices[device].unreadable.extend(key);
    let bytes = backup(&mut world, kloop);
    world.run(1000);
    let said = &world.desks[kloop].shown.state.refused;
    assert!(
        said.iter()
            .any(|trouble| trouble.code == "backup-pieces" && trouble.with == ["1"]),
        "{said:?}"
    );
    world.crash(kloop);
    let other = restore(&mut world, bytes);
    open(&mut world, other, &edition);
    assert_eq!(text(&world, other, &edition), "words");
}

#[test]
fn a_backup_without_a_passphrase_is_none() {
    let mut world = World::new(1);
    let kloop = founder(&mut world);
    let ask = Ask::Backup {
        passphrase: String::new(),
        page: String::new(),
    };
    assert_eq!(
        world.ask(kloop, ask).expect_err("anybody could read it").code,
        "passphrase-short"
    );
}

#[test]
fn a_tab_that_leaves_takes_the_others_with_it() {
    let mut world = World::new(1);
    let first = founder(&mut world);
    settled(&mut world);
    let second = come_back(&mut world, first);
    world.ask(first, Ask::Leave).expect("left");
    world.run(2000);
    assert!(world.devices[world.desks[first].device].rows.is_empty());
    assert_eq!(
        world.ask(second, Ask::Device).expect_err("nothing is here").code,
        "left"
    );
}

#[test]
fn what_is_unsent_is_counted_and_sent_from_behind_while_another_investigation_is_open() {
    let (mut world, kloop, occrp, edition) = two();
    world.online(kloop, false);
    type_at(&mut world, kloop, &edition, "typed before leaving", |page| page.end());
    world.run(20);
    world.until("saved", |world| world.desks[kloop].shown.state.saved);
    let ask = Ask::Found {
        title: "Another one".into(),
        outlet: card("kloop"),
        member: "Aigul".into(),
        server: server(&world, 0),
    };
    world.ask(kloop, ask).expect("founded");
    let unsent = |world: &mut World| match world.ask(kloop, Ask::Device) {
        Ok(Answer::Device { investigations, .. }) => investigations[0].unsent,
        other => panic!("{other:?}"),
    };
    assert!(unsent(&mut world) > 0);
    world.online(kloop, true);
    world.until("the words arrive", |world| {
        text(world, occrp, &edition) == "typed before leaving"
    });
    world.run(1000);
    assert_eq!(unsent(&mut world), 0);
}

#[test]
fn what_was_left_unsent_is_sent_by_the_next_start_before_anything_is_opened() {
    let (mut world, kloop, occrp, edition) = two();
    world.online(kloop, false);
    type_at(&mut world, kloop, &edition, "the last words", |page| page.end());
    world.run(20);
    world.until("saved", |world| world.desks[kloop].shown.state.saved);
    world.crash(kloop);
    let device = world.desks[kloop].device;
    world.tab(device);
    world.until("the words arrive", |world| {
        text(world, occrp, &edition) == "the last words"
    });
}

#[test]
fn what_was_typed_is_on_its_way_to_the_disk_as_soon_as_the_page_asks() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "just now", |page| page.end());
    world.say(kloop, Ask::Save);
    world.run(1);
    assert!(
        world.desks[kloop].shown.state.saved,
        "and not a tenth of a second later"
    );
    world.crash(kloop);
    come_back(&mut world, kloop);
    settled(&mut world);
    assert_eq!(text(&world, occrp, &edition), "just now");
}
