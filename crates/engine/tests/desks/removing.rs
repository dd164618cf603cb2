//! Who is taken out writes no more that counts, and nobody's honest word goes with theirs.

use komuz_messages::{Answer, Ask, EditionId, WhoView};

use crate::keeping::{backup, come_back, restore};
use crate::newsroom::{founder, join, settled, story};
use crate::world::World;
use crate::writing::{open, text, type_at};

/// Aigul founds, Bektur and Cholpon of her outlet write with her: world, desks, edition.
pub fn three() -> (World, [usize; 3], EditionId) {
    let mut world = World::new(1);
    let aigul = founder(&mut world);
    let bektur = join(&mut world, aigul, "kloop", "writer", "Bektur", None);
    settled(&mut world);
    let cholpon = join(&mut world, aigul, "kloop", "writer", "Cholpon", None);
    let edition = story(&mut world, aigul, "Removal");
    for desk in [aigul, bektur, cholpon] {
        open(&mut world, desk, &edition);
    }
    settled(&mut world);
    (world, [aigul, bektur, cholpon], edition)
}

fn who(world: &mut World, desk: usize) -> WhoView {
    match world.ask(desk, Ask::Who).expect("who is in") {
        Answer::Who(who) => *who,
        other => panic!("{other:?}"),
    }
}

fn member(world: &mut World, desk: usize, name: &str) -> String {
    let who = who(world, desk);
    let found = who.members.iter().find(|member| member.name == name);
    found.expect("is in").id.clone()
}

pub fn remove(world: &mut World, desk: usize, name: &str) -> String {
    let member = member(world, desk, name);
    let ask = Ask::RemoveMember { member: member.clone() };
    assert_eq!(world.ask(desk, ask), Ok(Answer::Done));
    member
}

fn says(world: &World, desk: usize, code: &str) -> bool {
    let said = &world.desks[desk].shown.state.refused;
    said.iter().any(|trouble| trouble.code == code)
}

/// Bektur writes before and after he is removed; Cholpon, who is cut off with him, builds on both.
pub fn removed_while_writing() -> (World, [usize; 3], EditionId, String) {
    let (mut world, [aigul, bektur, cholpon], edition) = three();
    type_at(&mut world, bektur, &edition, "Before. ", |page| page.end());
    settled(&mut world);
    world.online(aigul, false);
    let id = remove(&mut world, aigul, "Bektur");
    type_at(&mut world, bektur, &edition, "After. ", |page| page.end());
    world.until("Cholpon reads it", |world| {
        text(world, cholpon, &edition).contains("After.")
    });
    type_at(&mut world, cholpon, &edition, "Honest.", |page| page.end());
    world.until("Bektur reads it", |world| {
        text(world, bektur, &edition).contains("Honest.")
    });
    (world, [aigul, bektur, cholpon], edition, id)
}

/// All of them come to show this.
pub fn all_have<const N: usize>(world: &mut World, desks: [usize; N], edition: &EditionId, words: &str) {
    world.until("all have the same", |world| {
        desks.iter().all(|desk| text(world, *desk, edition) == words)
    });
}

#[test]
fn words_built_on_those_of_somebody_who_was_removed_stay_and_theirs_go() {
    let (mut world, [aigul, bektur, cholpon], edition, _) = removed_while_writing();
    world.online(aigul, true);
    all_have(&mut world, [aigul, cholpon], &edition, "Before. Honest.");
    world.until("Bektur is told", |world| says(world, bektur, "own-aside"));
    let theirs = who(&mut world, bektur);
    assert!(theirs.out);
    let words: Vec<String> = theirs.words.into_iter().flat_map(|words| words.texts).collect();
    assert_eq!(words, ["After. "]);
    // What the others write on comes to them both, and to the disk.
    type_at(&mut world, cholpon, &edition, " On.", |page| page.end());
    type_at(&mut world, aigul, &edition, "First. ", |_| 1);
    all_have(&mut world, [aigul, cholpon], &edition, "First. Before. Honest. On.");
    world.until("all is saved", |world| world.desks[cholpon].shown.state.saved);
    world.run(10_000);
    world.crash(cholpon);
    let again = come_back(&mut world, cholpon);
    open(&mut world, again, &edition);
    assert_eq!(text(&world, again, &edition), "First. Before. Honest. On.");
    assert!(
        !world.devices[world.desks[again].device]
            .rows
            .keys()
            .any(|(_, key)| key.contains("/was/"))
    );
}

#[test]
fn a_backup_has_the_words_that_their_writer_may_not_enter_again() {
    let (mut world, [aigul, bektur, _], edition, _) = removed_while_writing();
    world.online(aigul, true);
    world.until("Bektur is told", |world| says(world, bektur, "own-aside"));
    let file = backup(&mut world, bektur);
    world.crash(bektur);
    let other = restore(&mut world, file);
    let words = who(&mut world, other).words;
    assert_eq!(
        (&words[0].edition, words[0].texts.as_slice()),
        (&Some(edition), ["After. ".to_owned()].as_slice())
    );
}

#[test]
fn what_is_typed_while_the_text_is_made_anew_is_not_lost() {
    let (mut world, [aigul, _, cholpon], edition, _) = removed_while_writing();
    world.online(aigul, true);
    for n in 0..40 {
        type_at(&mut world, cholpon, &edition, &format!(" {n}"), |page| page.end());
        world.run(7);
    }
    let all: String = (0..40).map(|n| format!(" {n}")).collect();
    world.until("Aigul has all of it", |world| {
        text(world, aigul, &edition) == format!("Before. Honest.{all}")
    });
}

#[test]
fn a_crash_before_ones_words_are_entered_again_loses_none() {
    let (mut world, [aigul, _, cholpon], edition, _) = removed_while_writing();
    world.desks[cholpon].dies_applying = true;
    world.online(aigul, true);
    world.until("it has died", |world| world.desks[cholpon].engine.is_none());
    let again = come_back(&mut world, cholpon);
    open(&mut world, again, &edition);
    all_have(&mut world, [aigul, again], &edition, "Before. Honest.");
}

#[test]
fn of_two_tabs_only_one_enters_the_words_again() {
    let (mut world, [aigul, _, cholpon], edition, _) = removed_while_writing();
    let second = come_back(&mut world, cholpon);
    open(&mut world, second, &edition);
    world.run(500);
    world.online(aigul, true);
    all_have(&mut world, [aigul, cholpon, second], &edition, "Before. Honest.");
}

#[test]
fn what_was_left_aside_comes_back_when_an_editor_says_so() {
    let (mut world, [aigul, _, cholpon], edition, id) = removed_while_writing();
    world.online(aigul, true);
    all_have(&mut world, [aigul, cholpon], &edition, "Before. Honest.");
    // Who is in no more and has something left aside is shown with it, and to whom it is to decide.
    for (desk, mine) in [(aigul, true), (cholpon, false)] {
        let gone = who(&mut world, desk).gone;
        assert_eq!(
            (gone[0].name.as_str(), gone[0].outlet.as_str()),
            ("Bektur", "The kloop")
        );
        assert!(gone.len() == 1 && gone[0].aside > 0 && gone[0].mine == mine);
    }
    assert_eq!(world.ask(aigul, Ask::Adopt { member: id }), Ok(Answer::Done));
    all_have(&mut world, [aigul, cholpon], &edition, "Before. After. Honest.");
    assert!(who(&mut world, aigul).gone.is_empty());
}

#[test]
fn it_is_seen_which_outlets_have_voted_that_one_goes() {
    let mut world = World::new(1);
    let aigul = founder(&mut world);
    let miranda = join(&mut world, aigul, "occrp", "editor", "Miranda", None);
    settled(&mut world);
    let azattyk = join(&mut world, aigul, "azattyk", "editor", "Ulan", None);
    settled(&mut world);
    let voted = |world: &mut World, desk: usize| {
        let outlets = who(world, desk).outlets;
        let outlet = outlets.into_iter().find(|outlet| outlet.id == "azattyk");
        outlet.map(|outlet| (outlet.voted, outlet.may_expel))
    };
    let expel = || Ask::Expel {
        outlet: "azattyk".into(),
    };
    assert_eq!(voted(&mut world, aigul), Some((vec![], true)));
    assert_eq!(world.ask(aigul, expel()), Ok(Answer::Done));
    settled(&mut world);
    for (desk, may) in [(aigul, false), (miranda, true), (azattyk, false)] {
        assert_eq!(voted(&mut world, desk), Some((vec!["The kloop".to_owned()], may)));
    }
    assert_eq!(world.ask(miranda, expel()), Ok(Answer::Done));
    world.until("it is out", |world| world.desks[azattyk].shown.state.closed.is_some());
    assert_eq!(voted(&mut world, aigul), None);
}

/// Two devices of one person, both of which built on what a removed member wrote while they were cut off with them.
#[test]
fn of_two_devices_of_one_person_each_enters_its_own_words_again() {
    let (mut world, [aigul, bektur, cholpon], edition) = three();
    let second = crate::joining::second_device(&mut world, cholpon, "Cholpon");
    open(&mut world, second, &edition);
    settled(&mut world);
    world.online(aigul, false);
    remove(&mut world, aigul, "Bektur");
    type_at(&mut world, bektur, &edition, "After. ", |page| page.end());
    for (desk, words) in [(cholpon, "One. "), (second, "Two. ")] {
        world.until("it reads the one before", |world| {
            text(world, desk, &edition).contains(if desk == cholpon { "After." } else { "One." })
        });
        type_at(&mut world, desk, &edition, words, |page| page.end());
    }
    world.until("all is there", |world| text(world, cholpon, &edition).contains("Two."));
    world.online(aigul, true);
    world.until("the removed one's words are gone", |world| {
        [aigul, cholpon, second].iter().all(|desk| {
            !text(world, *desk, &edition).contains("After.") && text(world, *desk, &edition).contains("Two.")
        })
    });
    world.run(5_000);
    for desk in [aigul, cholpon, second] {
        let words = text(&world, desk, &edition);
        assert_eq!(
            (words.matches("One.").count(), words.matches("Two.").count()),
            (1, 1),
            "{words}"
        );
    }
}

#[test]
fn who_becomes_a_trainee_keeps_words_that_do_not_count_and_writes_on_when_they_are_a_writer_again() {
    let (mut world, [aigul, bektur, _], edition) = three();
    type_at(&mut world, bektur, &edition, "Before. ", |page| page.end());
    settled(&mut world);
    let id = member(&mut world, aigul, "Bektur");
    let give = |world: &mut World, role: &str| {
        let ask = Ask::GiveRole {
            member: id.clone(),
            role: role.into(),
        };
        assert_eq!(world.ask(aigul, ask), Ok(Answer::Done));
    };
    world.online(aigul, false);
    give(&mut world, "trainee");
    type_at(&mut world, bektur, &edition, "After. ", |page| page.end());
    world.run(1000);
    world.online(aigul, true);
    world.until("Bektur is told", |world| says(world, bektur, "own-aside"));
    assert_eq!(text(&world, bektur, &edition), "Before. ");
    let theirs = who(&mut world, bektur);
    assert!(!theirs.out);
    assert_eq!(theirs.words[0].texts, ["After. "]);
    let key = theirs.words[0].key.clone();
    assert_eq!(world.ask(bektur, Ask::DropWords { key }), Ok(Answer::Done));
    assert!(who(&mut world, bektur).words.is_empty());
    give(&mut world, "writer");
    world.until("he may write", |world| {
        world.desks[bektur]
            .shown
            .investigation
            .as_ref()
            .is_some_and(|view| view.role == "writer")
    });
    type_at(&mut world, bektur, &edition, "Again.", |page| page.end());
    world.until("Aigul reads it", |world| {
        text(world, aigul, &edition) == "Before. Again."
    });
}

#[test]
fn only_an_editor_decides_about_members_and_only_about_those_who_came_later() {
    let (mut world, [aigul, bektur, cholpon], _) = three();
    let mine = |who: WhoView| {
        who.members
            .into_iter()
            .filter(|member| member.mine)
            .map(|member| member.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(mine(who(&mut world, aigul)), ["Bektur", "Cholpon"]);
    assert!(mine(who(&mut world, bektur)).is_empty());
    let member = member(&mut world, cholpon, "Aigul");
    let refused = world.ask(cholpon, Ask::RemoveMember { member }).expect_err("no right");
    assert_eq!(refused.code, "no-right");
}
