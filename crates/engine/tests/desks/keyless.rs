//! What is typed while there is no key to seal it with: it is on the disk all the same, and comes to the others with the next key.

use komuz_messages::{Answer, Ask, EditionId};

use crate::joining::second_device;
use crate::keeping::{backup, come_back, enter, restore};
use crate::newsroom::{founder, join, settled, story};
use crate::world::World;
use crate::writing::{open, text, type_at};

/// Aigul founds and goes away; Bektur, a writer, takes his second device out, so that no key is left that only those have who
/// are in. World, Aigul's desk, Bektur's, edition.
fn without_a_key() -> (World, usize, usize, EditionId) {
    let mut world = World::new(1);
    let aigul = founder(&mut world);
    let bektur = join(&mut world, aigul, "kloop", "writer", "Bektur", None);
    let edition = story(&mut world, aigul, "No key");
    let second = second_device(&mut world, bektur, "Bektur");
    for desk in [aigul, bektur] {
        open(&mut world, desk, &edition);
    }
    settled(&mut world);
    world.crash(second);
    world.online(aigul, false);
    let Ok(Answer::Who(who)) = world.ask(bektur, Ask::Who) else {
        panic!("who is in")
    };
    let me = who.members.into_iter().find(|member| member.name == "Bektur");
    let mut devices = me.expect("is in").devices.into_iter();
    let device = devices.find(|device| !device.here).expect("a second one");
    let ask = Ask::RemoveDevice { device: device.id };
    assert_eq!(world.ask(bektur, ask), Ok(Answer::Done));
    world.run(1000);
    (world, aigul, bektur, edition)
}

fn kept(world: &World, desk: usize) -> usize {
    let rows = &world.devices[world.desks[desk].device].rows;
    rows.keys().filter(|(_, key)| key.contains("/was/")).count()
}

/// What a device keeps beside its log.
fn kept_beside(world: &World, desk: usize) -> Vec<&String> {
    let rows = &world.devices[world.desks[desk].device].rows;
    rows.keys()
        .filter(|(table, _)| table == "kept")
        .map(|(_, key)| key)
        .collect()
}

/// Types and waits until it is said to be saved.
fn saves(world: &mut World, desk: usize, edition: &EditionId, words: &str) {
    type_at(world, desk, edition, words, |page| page.end());
    world.run(20);
    world.until("saved", |world| world.desks[desk].shown.state.saved);
    assert!(world.desks[desk].shown.state.unsent > 0, "no server has it");
}

fn ends_with(mut world: World, aigul: usize, desk: usize, edition: &EditionId, words: &str) {
    world.online(aigul, true);
    settled(&mut world);
    for desk in [aigul, desk] {
        assert_eq!(text(&world, desk, edition), words);
    }
    let said = &world.desks[desk].shown.state.refused;
    assert!(!said.iter().any(|trouble| trouble.code == "no-key"));
    assert_eq!(kept(&world, desk), 0);
    // And nothing of how it was entered: what never left the device does not come back from anywhere.
    world.run(5_000);
    assert!(kept_beside(&world, desk).is_empty(), "{:?}", kept_beside(&world, desk));
    assert_eq!(text(&world, desk, edition), words);
}

#[test]
fn what_is_typed_without_a_key_is_said_to_be_saved_and_not_to_be_sent() {
    let (mut world, aigul, bektur, edition) = without_a_key();
    saves(&mut world, bektur, &edition, "One. ");
    let said = &world.desks[bektur].shown.state.refused;
    assert!(said.iter().any(|trouble| trouble.code == "no-key"));
    let before = world.devices[world.desks[bektur].device].rows.clone();
    world.run(5000);
    assert_eq!(
        before, world.devices[world.desks[bektur].device].rows,
        "nothing is written while nothing is typed"
    );
    ends_with(world, aigul, bektur, &edition, "One. ");
}

#[test]
fn what_was_typed_without_a_key_survives_crashes_and_is_sent_once_when_there_is_one() {
    let (mut world, aigul, mut bektur, edition) = without_a_key();
    for words in ["One. ", "Two. ", "Three. "] {
        saves(&mut world, bektur, &edition, words);
        world.crash(bektur);
        bektur = come_back(&mut world, bektur);
        open(&mut world, bektur, &edition);
        assert!(text(&world, bektur, &edition).ends_with(words));
    }
    ends_with(world, aigul, bektur, &edition, "One. Two. Three. ");
}

#[test]
fn what_was_typed_without_a_key_is_sent_by_the_next_start_before_anything_is_opened() {
    let (mut world, aigul, bektur, edition) = without_a_key();
    saves(&mut world, bektur, &edition, "One. ");
    world.crash(bektur);
    world.online(aigul, true);
    world.run(10_000);
    assert_eq!(text(&world, aigul, &edition), "");
    let device = world.desks[bektur].device;
    world.tab(device);
    world.until("it arrives", |world| text(world, aigul, &edition) == "One. ");
}

#[test]
fn of_two_tabs_the_one_that_lives_enters_what_the_dead_one_typed_without_a_key() {
    let (mut world, aigul, bektur, edition) = without_a_key();
    let tabs = [come_back(&mut world, bektur), come_back(&mut world, bektur)];
    for tab in tabs {
        open(&mut world, tab, &edition);
    }
    saves(&mut world, tabs[0], &edition, "Other. ");
    saves(&mut world, bektur, &edition, "One. ");
    world.crash(bektur);
    world.until("a living one has it", |world| {
        tabs.iter().any(|tab| text(world, *tab, &edition).contains("One."))
    });
    world.crash(tabs[0]);
    world.online(aigul, true);
    settled(&mut world);
    let words = text(&world, aigul, &edition);
    assert_eq!(words, text(&world, tabs[1], &edition));
    for one in ["One.", "Other."] {
        assert_eq!(words.matches(one).count(), 1, "{words}");
    }
    assert_eq!(kept(&world, bektur), 0);
}

#[test]
fn a_story_that_was_begun_without_a_key_survives_a_crash() {
    let (mut world, aigul, bektur, _) = without_a_key();
    let fresh = story(&mut world, bektur, "Begun alone");
    open(&mut world, bektur, &fresh);
    saves(&mut world, bektur, &fresh, "Alone. ");
    world.crash(bektur);
    let again = come_back(&mut world, bektur);
    open(&mut world, again, &fresh);
    assert_eq!(text(&world, again, &fresh), "Alone. ");
    world.online(aigul, true);
    settled(&mut world);
    open(&mut world, aigul, &fresh);
    ends_with(world, aigul, again, &fresh, "Alone. ");
}

#[test]
fn a_backup_has_what_was_typed_without_a_key() {
    let (mut world, aigul, bektur, edition) = without_a_key();
    type_at(&mut world, bektur, &edition, "One. ", |page| page.end());
    let file = backup(&mut world, bektur);
    world.crash(bektur);
    let other = restore(&mut world, file);
    open(&mut world, other, &edition);
    assert_eq!(text(&world, other, &edition), "One. ");
    ends_with(world, aigul, other, &edition, "One. ");
}

#[test]
fn rows_of_words_that_lay_among_saved_papers_are_found() {
    let (mut world, aigul, bektur, edition) = without_a_key();
    saves(&mut world, bektur, &edition, "One. ");
    world.crash(bektur);
    let rows = &mut world.devices[world.desks[bektur].device].rows;
    let kept: Vec<_> = rows.extract_if(.., |(table, _), _| table == "kept").collect();
    rows.extend(kept.into_iter().map(|((_, key), row)| (("save".to_owned(), key), row)));
    let again = world.tab(world.desks[bektur].device);
    enter(&mut world, again);
    open(&mut world, again, &edition);
    ends_with(world, aigul, again, &edition, "One. ");
}
