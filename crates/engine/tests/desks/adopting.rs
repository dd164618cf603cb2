//! An editor says that what was left aside counts after all: what others entered again meanwhile stands there once.

use komuz_messages::{Answer, Ask, EditionId};

use crate::keeping::come_back;
use crate::page::insert;
use crate::removing::{all_have, removed_while_writing, three};
use crate::world::World;
use crate::writing::{cite, open, save_source, text, type_at};

/// Bektur is out, Cholpon has entered her word again, everybody has it: world, desks, edition, Bektur's id.
fn entered_again() -> (World, [usize; 3], EditionId, String) {
    let (mut world, desks, edition, id) = removed_while_writing();
    let [aigul, _, cholpon] = desks;
    world.online(aigul, true);
    all_have(&mut world, [aigul, cholpon], &edition, "Before. Honest.");
    world.run(5_000);
    (world, desks, edition, id)
}

fn adopt(world: &mut World, desk: usize, member: &str) {
    let member = member.to_owned();
    assert_eq!(world.ask(desk, Ask::Adopt { member }), Ok(Answer::Done));
}

/// How many rows a device keeps of what it has entered again.
fn rows(world: &World, desk: usize) -> usize {
    let rows = world.devices[world.desks[desk].device].rows.keys();
    rows.filter(|(_, key)| key.contains("/again/")).count()
}

#[test]
fn it_stands_once_and_where_it_was_written_and_nothing_is_kept_any_more() {
    let (mut world, [aigul, _, cholpon], edition, id) = entered_again();
    assert_eq!(rows(&world, cholpon), 1);
    adopt(&mut world, aigul, &id);
    all_have(&mut world, [aigul, cholpon], &edition, "Before. After. Honest.");
    world.run(10_000);
    assert_eq!(text(&world, aigul, &edition), "Before. After. Honest.");
    assert_eq!(rows(&world, cholpon), 0);
}

#[test]
fn whoever_comes_back_after_a_crash_takes_it_out() {
    let (mut world, [aigul, _, cholpon], edition, id) = entered_again();
    world.crash(cholpon);
    adopt(&mut world, aigul, &id);
    world.run(10_000);
    assert_eq!(text(&world, aigul, &edition).matches("Honest.").count(), 2);
    // It dies when it has both, before it is on the disk that one went.
    let again = come_back(&mut world, cholpon);
    open(&mut world, again, &edition);
    world.until("it has both", |world| {
        text(world, again, &edition).matches("Honest.").count() == 2
    });
    world.crash(again);
    let again = come_back(&mut world, again);
    open(&mut world, again, &edition);
    all_have(&mut world, [aigul, again], &edition, "Before. After. Honest.");
}

#[test]
fn two_tabs_that_both_know_of_it_take_out_one() {
    let (mut world, [aigul, _, cholpon], edition, id) = entered_again();
    let second = come_back(&mut world, cholpon);
    open(&mut world, second, &edition);
    world.run(500);
    for tab in [cholpon, second] {
        world.online(tab, false);
    }
    adopt(&mut world, aigul, &id);
    world.run(5_000);
    for tab in [cholpon, second] {
        world.online(tab, true);
    }
    all_have(&mut world, [aigul, cholpon, second], &edition, "Before. After. Honest.");
    world.run(10_000);
    assert_eq!(text(&world, aigul, &edition), "Before. After. Honest.");
}

#[test]
fn of_two_devices_each_takes_out_its_own() {
    let (mut world, [aigul, bektur, cholpon], edition) = three();
    let second = crate::joining::second_device(&mut world, cholpon, "Cholpon");
    open(&mut world, second, &edition);
    crate::newsroom::settled(&mut world);
    world.online(aigul, false);
    let id = crate::removing::remove(&mut world, aigul, "Bektur");
    type_at(&mut world, bektur, &edition, "After. ", |page| page.end());
    for (desk, after, words) in [(cholpon, "After.", "One. "), (second, "One.", "Two. ")] {
        world.until("it reads the one before", |world| {
            text(world, desk, &edition).contains(after)
        });
        type_at(&mut world, desk, &edition, words, |page| page.end());
    }
    world.until("all is there", |world| text(world, cholpon, &edition).contains("Two."));
    world.online(aigul, true);
    world.until("it is gone, and theirs is there", |world| {
        let now = text(world, aigul, &edition);
        !now.contains("After.") && now.contains("One.") && now.contains("Two.")
    });
    world.run(5_000);
    adopt(&mut world, aigul, &id);
    all_have(&mut world, [aigul, cholpon, second], &edition, "After. One. Two. ");
}

#[test]
fn what_somebody_has_changed_meanwhile_stays() {
    let (mut world, [aigul, _, cholpon], edition, id) = entered_again();
    type_at(&mut world, aigul, &edition, "very ", |page| page.find("nest").0);
    world.run(3_000);
    adopt(&mut world, aigul, &id);
    world.until("it is back", |world| text(world, aigul, &edition).contains("Honest."));
    world.run(10_000);
    for desk in [aigul, cholpon] {
        let text = text(&world, desk, &edition);
        assert!(text.contains("Hovery nest.") && text.contains("Honest."), "{text}");
    }
    // It was decided: it is not looked at again.
    assert_eq!(rows(&world, cholpon), 0);
}

#[test]
fn citations_and_threads_stand_on_what_came_back() {
    let (mut world, [aigul, _, cholpon], edition, id) = entered_again();
    let source = save_source(&mut world, aigul, "Land registry");
    cite(&mut world, aigul, &edition, "Honest", &source);
    world.run(1_000);
    let page = &world.desks[aigul].pages[&edition];
    let ((from, to), seq, taken) = (page.find("Honest"), page.seq, page.taken);
    let (from, to) = (from as u32, to as u32);
    let ask = Ask::Comment {
        edition: edition.clone(),
        seq,
        taken,
        from,
        to,
        text: "Who says so?".into(),
    };
    assert!(matches!(world.ask(aigul, ask), Ok(Answer::Made { .. })));
    world.run(3_000);
    adopt(&mut world, aigul, &id);
    all_have(&mut world, [aigul, cholpon], &edition, "Before. After. Honest.");
    world.run(5_000);
    for desk in [aigul, cholpon] {
        let view = &world.desks[desk].shown.editions[&edition];
        assert_eq!(
            (view.citations[0].text.as_str(), view.threads[0].text.as_str()),
            ("Honest", "Honest")
        );
    }
}

#[test]
fn a_comment_that_was_entered_again_is_shown_once() {
    let (mut world, [aigul, bektur, cholpon], edition) = three();
    type_at(&mut world, bektur, &edition, "Before. ", |page| page.end());
    crate::newsroom::settled(&mut world);
    let comment = |world: &mut World, desk: usize, text: &str| {
        let page = &world.desks[desk].pages[&edition];
        let ((from, to), (seq, taken)) = (page.find("Before"), (page.seq, page.taken));
        let ask = Ask::Comment {
            edition: edition.clone(),
            seq,
            taken,
            from: from as u32,
            to: to as u32,
            text: text.into(),
        };
        assert!(matches!(world.ask(desk, ask), Ok(Answer::Made { .. })));
    };
    let said = |world: &World, desk: usize| -> Vec<String> {
        let threads = world.desks[desk].shown.editions[&edition].threads.iter();
        let mut said: Vec<String> = threads
            .flat_map(|thread| thread.comments.iter().map(|comment| comment.text.clone()))
            .collect();
        said.sort();
        said
    };
    world.online(aigul, false);
    let id = crate::removing::remove(&mut world, aigul, "Bektur");
    comment(&mut world, bektur, "After.");
    world.until("Cholpon reads it", |world| said(world, cholpon) == ["After."]);
    comment(&mut world, cholpon, "Honest.");
    world.run(1_000);
    world.online(aigul, true);
    world.until("it was entered again", |world| said(world, aigul) == ["Honest."]);
    world.run(5_000);
    adopt(&mut world, aigul, &id);
    for desk in [aigul, cholpon] {
        world.until("both are there once", |world| {
            said(world, desk) == ["After.", "Honest."]
        });
    }
    world.run(5_000);
    assert_eq!(said(&world, aigul), ["After.", "Honest."]);
}

#[test]
fn what_is_typed_while_it_goes_is_not_lost() {
    let (mut world, [aigul, _, cholpon], edition, id) = entered_again();
    adopt(&mut world, aigul, &id);
    for n in 0..600 {
        let steps = vec![insert(1, 1, &format!("{n} "))];
        let page = world.desks[cholpon].pages.get_mut(&edition).expect("open");
        let (seq, taken) = page.make(&steps);
        let edition = edition.clone();
        let ask = Ask::Steps {
            edition,
            seq,
            taken,
            steps,
        };
        world.say(cholpon, ask);
        world.run(7);
    }
    let all: String = (0..600).rev().map(|n| format!("{n} ")).collect();
    all_have(
        &mut world,
        [aigul, cholpon],
        &edition,
        &format!("{all}Before. After. Honest."),
    );
}
