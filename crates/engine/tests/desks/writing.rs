//! Writing together: both ways, on old versions, offline, with comments, citations and undo.

use komuz_messages::{Answer, Ask, EditionId};
use komuz_release::story::{Byline, Source};

use crate::newsroom::{founder, join, server, settled, story};
use crate::page::{insert, split};
use crate::world::World;

/// Opens an edition on a desk and waits for its page.
pub fn open(world: &mut World, desk: usize, edition: &EditionId) {
    world.until("the edition is listed", |world| {
        let view = world.desks[desk].shown.investigation.as_ref();
        view.is_some_and(|view| {
            let story = view.stories.iter().find(|story| story.id == edition.story);
            story.is_some_and(|story| story.editions.iter().any(|line| line.lang == edition.lang))
        })
    });
    world
        .ask(
            desk,
            Ask::Open {
                edition: edition.clone(),
            },
        )
        .expect("opened");
    world.run(300);
}

/// Types at a place of the page, which `at` finds, and sends it.
pub fn type_at(
    world: &mut World,
    desk: usize,
    edition: &EditionId,
    words: &str,
    at: impl FnOnce(&crate::page::PageModel) -> usize,
) {
    let page = world.desks[desk].pages.get_mut(edition).expect("open");
    let at = at(page);
    let steps = vec![insert(at, at, words)];
    let (seq, taken) = page.make(&steps);
    world.say(
        desk,
        Ask::Steps {
            edition: edition.clone(),
            seq,
            taken,
            steps,
        },
    );
}

pub fn text(world: &World, desk: usize, edition: &EditionId) -> String {
    world.desks[desk].pages[edition].text()
}

/// Two outlets with a story that both have open: world, desks, edition.
pub fn two() -> (World, usize, usize, EditionId) {
    let mut world = World::new(2);
    let kloop = founder(&mut world);
    let occrp = join(&mut world, kloop, "occrp", "editor", "Miranda", Some(1));
    let edition = story(&mut world, kloop, "Plunder and Patronage");
    for desk in [kloop, occrp] {
        open(&mut world, desk, &edition);
    }
    (world, kloop, occrp, edition)
}

pub fn source(title: &str) -> Box<Source> {
    Box::new(Source {
        kind: "article-newspaper".into(),
        title: title.into(),
        ..Source::default()
    })
}

/// Cites a source for words: the citation's id.
pub fn cite(world: &mut World, desk: usize, edition: &EditionId, words: &str, source: &str) -> String {
    let page = &world.desks[desk].pages[edition];
    let ((from, to), (seq, taken)) = (page.find(words), (page.seq, page.taken));
    let (edition, source) = (edition.clone(), source.to_owned());
    let (from, to) = (from as u32, to as u32);
    let ask = Ask::Cite {
        edition,
        seq,
        taken,
        from,
        to,
        source,
        locator: "p. 2".into(),
        quote: String::new(),
    };
    match world.ask(desk, ask).expect("cited") {
        Answer::Made { id } => id,
        other => panic!("{other:?}"),
    }
}

pub fn save_source(world: &mut World, desk: usize, title: &str) -> String {
    match world
        .ask(
            desk,
            Ask::SaveSource {
                source: source(title),
                about: Default::default(),
            },
        )
        .expect("saved")
    {
        Answer::Source { id } => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_one_types_the_other_reads() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(
        &mut world,
        kloop,
        &edition,
        "Акча чек арадан өттү. 👩🏽‍💻",
        |page| page.end(),
    );
    settled(&mut world);
    assert_eq!(text(&world, occrp, &edition), "Акча чек арадан өттү. 👩🏽‍💻");
    type_at(&mut world, occrp, &edition, " The money crossed.", |page| page.end());
    settled(&mut world);
    assert_eq!(
        text(&world, kloop, &edition),
        "Акча чек арадан өттү. 👩🏽‍💻 The money crossed."
    );
    let view = &world.desks[kloop].shown.editions[&edition];
    assert_eq!((view.headline.as_str(), view.words), ("Plunder and Patronage", 7));
}

#[test]
fn steps_made_at_the_same_time_all_count() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "one two three", |page| page.end());
    settled(&mut world);
    // Both type before either has heard of the other, in the middle of the same words.
    type_at(&mut world, kloop, &edition, " and a half", |page| page.find("two").1);
    type_at(&mut world, occrp, &edition, "exactly ", |page| page.find("two").0);
    type_at(&mut world, kloop, &edition, "!", |page| page.end());
    type_at(&mut world, occrp, &edition, "?", |page| page.end());
    settled(&mut world);
    let (here, there) = (text(&world, kloop, &edition), text(&world, occrp, &edition));
    assert_eq!(here, there);
    for words in ["exactly two", "two and a half", "!", "?"] {
        assert!(here.contains(words), "{words:?} is not in {here:?}");
    }
}

#[test]
fn words_typed_while_batches_are_under_way_are_never_lost() {
    let (mut world, kloop, occrp, edition) = two();
    for n in 0..60 {
        let (desk, word) = if n % 2 == 0 {
            (kloop, format!("k{n} "))
        } else {
            (occrp, format!("o{n} "))
        };
        type_at(&mut world, desk, &edition, &word, |page| {
            if n % 3 == 0 { 1 } else { page.end() }
        });
        if n % 7 == 0 {
            let page = world.desks[desk].pages.get_mut(&edition).expect("open");
            let steps = vec![split(page.end())];
            let (seq, taken) = page.make(&steps);
            world.say(
                desk,
                Ask::Steps {
                    edition: edition.clone(),
                    seq,
                    taken,
                    steps,
                },
            );
        }
        world.run(n % 5 * 13);
    }
    settled(&mut world);
    let here = text(&world, kloop, &edition);
    assert_eq!(here, text(&world, occrp, &edition));
    for n in 0..60 {
        let word = if n % 2 == 0 { format!("k{n} ") } else { format!("o{n} ") };
        assert!(here.contains(&word), "{word:?} is not in {here:?}");
    }
    assert_eq!(
        world.desks[kloop].pages[&edition].doc,
        world.desks[occrp].pages[&edition].doc
    );
}

#[test]
fn an_import_and_a_paste_that_are_longer_than_a_change_arrive_and_what_is_typed_after_them() {
    let (mut world, kloop, occrp, edition) = two();
    let paragraph = "Акча чек арадан өттү. ".repeat(500);
    let text_in = format!("{paragraph}\n\n").repeat(100);
    let ask = Ask::Import {
        edition: edition.clone(),
        name: "long.md".into(),
        text: text_in,
        tongue: "en".into(),
    };
    assert!(matches!(
        world.ask(kloop, ask),
        Ok(Answer::Imported { blocks: 100, .. })
    ));
    settled(&mut world);
    type_at(&mut world, kloop, &edition, &"paste ".repeat(20_000), |page| page.end());
    world.run(1000);
    type_at(&mut world, kloop, &edition, "typed after", |page| page.end());
    settled(&mut world);
    let there = text(&world, occrp, &edition);
    assert!(there.chars().count() > 1_200_000, "{}", there.chars().count());
    assert!(there == text(&world, kloop, &edition), "both read the same");
    assert!(there.ends_with("paste typed after"));
    assert_eq!(world.desks[kloop].shown.state.refused, []);
    // One undo for each.
    for ends in ["paste ", "өттү."] {
        let ask = Ask::Undo {
            edition: edition.clone(),
        };
        assert_eq!(world.ask(kloop, ask), Ok(Answer::Done));
        settled(&mut world);
        assert!(text(&world, occrp, &edition).ends_with(ends), "undone up to {ends:?}");
    }
}

#[test]
fn words_typed_around_a_step_that_nobody_knows_are_not_lost() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "before ", |page| page.end());
    settled(&mut world);
    type_at(&mut world, occrp, &edition, "there ", |_| 1);
    // What the page shows after a step of a later version of the page's editor.
    let page = world.desks[kloop].pages.get_mut(&edition).expect("open");
    let at = page.end();
    let (seq, taken) = page.make(&[insert(at, at, "zoomed ")]);
    let steps = vec![serde_json::json!({ "stepType": "zoom", "by": 2 })];
    world.say(
        kloop,
        Ask::Steps {
            edition: edition.clone(),
            seq,
            taken,
            steps,
        },
    );
    type_at(&mut world, kloop, &edition, "after", |page| page.end());
    settled(&mut world);
    assert_eq!(text(&world, kloop, &edition), "there before zoomed after");
    assert_eq!(text(&world, occrp, &edition), "there before zoomed after");
}

#[test]
fn offline_words_arrive_when_the_line_is_back() {
    let (mut world, kloop, occrp, edition) = two();
    world.online(occrp, false);
    world.run(2000);
    assert!(
        world.desks[occrp]
            .shown
            .state
            .servers
            .iter()
            .all(|server| !server.reached)
    );
    type_at(&mut world, occrp, &edition, "written in the mountains", |page| {
        page.end()
    });
    type_at(&mut world, kloop, &edition, "written in Bishkek. ", |page| page.end());
    world.until("saved without any server", |world| {
        let state = &world.desks[occrp].shown.state;
        state.saved && state.unsent > 0
    });
    world.online(occrp, true);
    settled(&mut world);
    let here = text(&world, kloop, &edition);
    assert_eq!(here, text(&world, occrp, &edition));
    assert!(
        here.contains("written in the mountains") && here.contains("written in Bishkek. "),
        "{here:?}"
    );
}

#[test]
fn one_server_is_enough_and_the_other_gets_it_later() {
    let (mut world, kloop, occrp, edition) = two();
    settled(&mut world);
    world.relays[0].up = false;
    for desk in [kloop, occrp] {
        world.online(desk, false);
        world.online(desk, true);
    }
    world.run(500);
    type_at(&mut world, kloop, &edition, "one server is down", |page| page.end());
    world.until("it came over the other", |world| {
        text(world, occrp, &edition) == "one server is down"
    });
    let reached = |world: &World| {
        world.desks[kloop]
            .shown
            .state
            .servers
            .iter()
            .filter(|server| server.reached)
            .count()
    };
    assert_eq!(reached(&world), 1);
    world.relays[0].up = true;
    world.until("both are reached", |world| reached(world) == 2);
    settled(&mut world);
    assert!(world.relays.iter().all(|relay| !relay.logs.is_empty()));
}

#[test]
fn a_server_set_back_to_an_older_copy_gets_everything_again() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "before the disk broke", |page| page.end());
    settled(&mut world);
    let whole: usize = world.relays[0].logs.values().map(|log| log.entries.len()).sum();
    world.relays[0].roll_back(&mut world.dice);
    for desk in [kloop, occrp] {
        world.online(desk, false);
        world.online(desk, true);
    }
    world.until("the server has it all", |world| {
        world.relays[0]
            .logs
            .values()
            .map(|log| log.entries.len())
            .sum::<usize>()
            >= whole
    });
    settled(&mut world);
    assert_eq!(text(&world, occrp, &edition), "before the disk broke");
}

#[test]
fn a_source_is_cited_and_numbered_and_its_note_can_be_changed_and_taken_out() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(
        &mut world,
        kloop,
        &edition,
        "He owned three houses. She owned two.",
        |page| page.end(),
    );
    let first = save_source(&mut world, kloop, "Land registry");
    settled(&mut world);
    let second = save_source(&mut world, occrp, "Company registry");
    let later = cite(&mut world, occrp, &edition, "She owned two", &second);
    let earlier = cite(&mut world, kloop, &edition, "three houses", &first);
    settled(&mut world);
    for desk in [kloop, occrp] {
        let citations = &world.desks[desk].shown.editions[&edition].citations;
        let lines: Vec<_> = citations
            .iter()
            .map(|c| (c.number, c.source.as_str(), c.text.as_str()))
            .collect();
        assert_eq!(
            lines,
            [
                (Some(1), first.as_str(), "three houses"),
                (Some(2), second.as_str(), "She owned two")
            ]
        );
        assert_eq!(
            world.desks[desk]
                .shown
                .investigation
                .as_ref()
                .expect("shown")
                .sources
                .len(),
            2
        );
    }
    let ask = Ask::EditCitation {
        edition: edition.clone(),
        citation: earlier.clone(),
        source: second.clone(),
        locator: "lines 4-5".into(),
        quote: "three houses".into(),
    };
    assert_eq!(world.ask(occrp, ask), Ok(Answer::Done));
    settled(&mut world);
    let citations = &world.desks[kloop].shown.editions[&edition].citations;
    assert_eq!(
        (citations[0].source.as_str(), citations[0].locator.as_str()),
        (second.as_str(), "lines 4-5")
    );
    let ask = Ask::RemoveCitation {
        edition: edition.clone(),
        citation: later,
    };
    assert_eq!(world.ask(kloop, ask), Ok(Answer::Done));
    settled(&mut world);
    assert_eq!(world.desks[occrp].shown.editions[&edition].citations.len(), 1);
    assert!(text(&world, occrp, &edition).contains("She owned two"));
}

#[test]
fn an_unknown_source_is_not_cited() {
    let (mut world, kloop, _, edition) = two();
    type_at(&mut world, kloop, &edition, "words", |page| page.end());
    let (edition, source) = (edition.clone(), "s-nothing".to_owned());
    let ask = Ask::Cite {
        edition,
        seq: 1,
        taken: 0,
        from: 1,
        to: 3,
        source,
        locator: String::new(),
        quote: String::new(),
    };
    assert_eq!(world.ask(kloop, ask).expect_err("no such source").code, "no-source");
}

#[test]
fn a_thread_is_started_answered_and_resolved_by_name() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "The mayor signed.", |page| page.end());
    settled(&mut world);
    let page = &world.desks[occrp].pages[&edition];
    let ((from, to), seq, taken) = (page.find("mayor"), page.seq, page.taken);
    let (from, to, text) = (from as u32, to as u32, "Which mayor?".to_owned());
    let ask = Ask::Comment {
        edition: edition.clone(),
        seq,
        taken,
        from,
        to,
        text,
    };
    let Ok(Answer::Made { id }) = world.ask(occrp, ask) else {
        panic!("a thread")
    };
    settled(&mut world);
    let ask = Ask::Reply {
        edition: edition.clone(),
        thread: id.clone(),
        text: "Of Osh.".into(),
    };
    assert_eq!(world.ask(kloop, ask), Ok(Answer::Done));
    settled(&mut world);
    for desk in [kloop, occrp] {
        let threads = &world.desks[desk].shown.editions[&edition].threads;
        assert_eq!(
            (threads.len(), threads[0].text.as_str(), threads[0].resolved),
            (1, "mayor", false)
        );
        let said: Vec<_> = threads[0]
            .comments
            .iter()
            .map(|c| (c.name.as_str(), c.text.as_str()))
            .collect();
        assert_eq!(said, [("Miranda", "Which mayor?"), ("Aigul", "Of Osh.")]);
    }
    let ask = Ask::Resolve {
        edition: edition.clone(),
        thread: id,
        resolved: true,
    };
    assert_eq!(world.ask(kloop, ask), Ok(Answer::Done));
    settled(&mut world);
    assert!(world.desks[occrp].shown.editions[&edition].threads[0].resolved);
}

#[test]
fn undo_takes_back_only_what_is_ones_own() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "Pasted paragraph.", |page| page.end());
    settled(&mut world);
    type_at(&mut world, occrp, &edition, "REMARK ", |page| page.find("paragraph").0);
    settled(&mut world);
    assert!(world.desks[kloop].shown.editions[&edition].can_undo);
    assert_eq!(
        world.ask(
            kloop,
            Ask::Undo {
                edition: edition.clone()
            }
        ),
        Ok(Answer::Done)
    );
    settled(&mut world);
    for desk in [kloop, occrp] {
        assert_eq!(text(&world, desk, &edition), "REMARK ");
    }
    assert_eq!(
        world.ask(
            kloop,
            Ask::Redo {
                edition: edition.clone()
            }
        ),
        Ok(Answer::Done)
    );
    settled(&mut world);
    assert_eq!(text(&world, occrp, &edition), "Pasted REMARK paragraph.");
    let trouble = world
        .ask(
            kloop,
            Ask::Redo {
                edition: edition.clone(),
            },
        )
        .expect_err("nothing is left to do again");
    assert_eq!(trouble.code, "nothing-to-redo");
}

#[test]
fn others_cursors_are_shown_by_name_and_move_with_the_words() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "one two three", |page| page.end());
    settled(&mut world);
    let page = &world.desks[occrp].pages[&edition];
    let (at, seq, taken) = (page.find("three").0 as u32, page.seq, page.taken);
    world.say(
        occrp,
        Ask::Select {
            edition: edition.clone(),
            seq,
            taken,
            selection: Some((at, at + 5)),
        },
    );
    let seen = |world: &World| {
        let people = world.desks[kloop]
            .shown
            .people
            .get(&edition)
            .cloned()
            .unwrap_or_default();
        people
            .into_iter()
            .map(|person| (person.name, person.selection))
            .collect::<Vec<_>>()
    };
    world.until("the cursor is seen", |world| {
        seen(world) == [("Miranda".to_owned(), Some((at, at + 5)))]
    });
    type_at(&mut world, kloop, &edition, "zero ", |_| 1);
    world.until("it has moved", |world| {
        seen(world) == [("Miranda".to_owned(), Some((at + 5, at + 10)))]
    });
    world
        .ask(
            occrp,
            Ask::Close {
                edition: edition.clone(),
            },
        )
        .expect("closed");
    world.until("it is gone", |world| seen(world).is_empty());
}

#[test]
fn a_writer_may_write_and_not_sign_and_a_second_language_starts_from_the_first() {
    let mut world = World::new(1);
    let kloop = founder(&mut world);
    let writer = join(&mut world, kloop, "kloop", "writer", "Erlan", None);
    let edition = story(&mut world, kloop, "Samaragate");
    open(&mut world, kloop, &edition);
    open(&mut world, writer, &edition);
    type_at(&mut world, writer, &edition, "by a writer", |page| page.end());
    settled(&mut world);
    assert_eq!(text(&world, kloop, &edition), "by a writer");
    let ky = EditionId {
        story: edition.story.clone(),
        lang: "ky".into(),
    };
    world
        .ask(
            writer,
            Ask::NewEdition {
                edition: ky.clone(),
                from: Some("en".into()),
            },
        )
        .expect("added");
    open(&mut world, kloop, &ky);
    settled(&mut world);
    assert_eq!(text(&world, kloop, &ky), "by a writer");
    let ask = Ask::Publish {
        edition: edition.clone(),
        release: "0".repeat(64),
    };
    assert_eq!(world.ask(writer, ask).expect_err("writers do not publish").code, "role");
    let trouble = world
        .ask(
            writer,
            Ask::Invite {
                outlet: "kloop".into(),
                role: "writer".into(),
            },
        )
        .expect_err("nor invite");
    assert_eq!(trouble.code, "not-an-editor");
    assert!(
        world.desks[kloop]
            .shown
            .investigation
            .as_ref()
            .expect("shown")
            .servers
            .contains(&server(&world, 0))
    );
}

#[test]
fn others_words_do_not_unsay_that_ones_own_are_saved() {
    let (mut world, kloop, occrp, edition) = two();
    settled(&mut world);
    world.desks[kloop].shown.unsaved = 0;
    for n in 0..10 {
        type_at(&mut world, occrp, &edition, &format!("{n} "), |page| page.end());
        world.run(120);
    }
    settled(&mut world);
    assert_eq!(text(&world, kloop, &edition), "0 1 2 3 4 5 6 7 8 9 ");
    assert_eq!(world.desks[kloop].shown.unsaved, 0);
}

#[test]
fn a_headline_typed_over_an_old_one_keeps_the_words_that_came_meanwhile() {
    let (mut world, kloop, occrp, edition) = two();
    let headline = |before: &str, text: &str| Ask::SetHeadline {
        edition: edition.clone(),
        before: before.into(),
        text: text.into(),
    };
    let shown = "Plunder and Patronage";
    let ask = headline(shown, "Plunder and Patronage in Asia");
    world.ask(occrp, ask).expect("written");
    settled(&mut world);
    // The engine has them; the field was not painted again and still shows the old headline.
    let ask = headline(shown, "Plunder, and Patronage");
    world.ask(kloop, ask).expect("written");
    let ask = headline("Plunder, and Patronage", "The Plunder, and Patronage");
    world.ask(kloop, ask).expect("written");
    settled(&mut world);
    for desk in [kloop, occrp] {
        let view = &world.desks[desk].shown.editions[&edition];
        assert_eq!(view.headline, "The Plunder, and Patronage in Asia");
    }
}

#[test]
fn a_summary_and_a_byline_keep_what_came_meanwhile_too() {
    let (mut world, kloop, occrp, edition) = two();
    let summary = |before: &str, text: &str| Ask::SetSummary {
        edition: edition.clone(),
        before: before.into(),
        text: text.into(),
    };
    let names = |names: &[&str]| -> Vec<Byline> {
        let name = |name: &&str| Byline {
            name: (*name).into(),
            outlet: None,
        };
        names.iter().map(name).collect()
    };
    let byline = |before: &[&str], after: &[&str]| Ask::SetByline {
        edition: edition.clone(),
        before: names(before),
        byline: names(after),
    };
    world.ask(occrp, summary("", "Акча чек арадан өттү")).expect("written");
    world.ask(occrp, byline(&[], &["Айгүл"])).expect("written");
    settled(&mut world);
    world.ask(kloop, summary("", "Кантип?")).expect("written");
    world.ask(kloop, byline(&[], &["Илим"])).expect("written");
    settled(&mut world);
    for desk in [kloop, occrp] {
        let view = &world.desks[desk].shown.editions[&edition];
        assert_eq!(view.summary, "Кантип?Акча чек арадан өттү");
        assert_eq!(view.byline, names(&["Илим", "Айгүл"]));
    }
}
