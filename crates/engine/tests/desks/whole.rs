//! A story of many small changes comes whole to who joins later; what was signed by nobody does not.

use std::collections::BTreeSet;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, LoadOptions, ROOT, ReadDoc, TextEncoding};
use komuz_core::document::{DocKind, Document};
use komuz_messages::{Ask, EditionId};
use komuz_sync::seal::doc::DocId;

use crate::hostile::says;
use crate::newsroom::{join, settled};
use crate::world::World;
use crate::writing::{open, text, two, type_at};

/// How often is typed.
const TYPED: usize = 600;

/// Two outlets with a story that was typed in small pieces.
fn long_story() -> (World, usize, usize, EditionId) {
    let (mut world, kloop, occrp, edition) = two();
    for number in 0..TYPED {
        let desk = [kloop, occrp][number % 2];
        type_at(&mut world, desk, &edition, &format!("{number} "), |page| page.end());
        world.run(150);
    }
    settled(&mut world);
    (world, kloop, occrp, edition)
}

/// Envelopes on a desk's disk.
fn envelopes(world: &World, desk: usize) -> usize {
    let rows = world.devices[world.desks[desk].device].rows.keys();
    rows.filter(|(table, key)| table == "log" && key.contains("/envelopes/"))
        .count()
}

#[test]
fn who_joins_later_gets_the_story_whole_and_writes_on() {
    let (mut world, kloop, occrp, edition) = long_story();
    // Nobody writes for two minutes.
    world.run(120_000);
    let late = join(&mut world, kloop, "kloop", "writer", "Erlan", None);
    open(&mut world, late, &edition);
    settled(&mut world);
    assert_eq!(text(&world, late, &edition), text(&world, kloop, &edition));
    assert!(envelopes(&world, kloop) > TYPED, "{}", envelopes(&world, kloop));
    assert!(envelopes(&world, late) < TYPED / 4, "{}", envelopes(&world, late));
    for desk in [kloop, occrp, late] {
        type_at(&mut world, desk, &edition, "and on ", |page| page.end());
    }
    settled(&mut world);
    let whole = text(&world, kloop, &edition);
    assert!(whole.starts_with("0 1 2 ") && whole.matches("and on ").count() == 3);
    for desk in [occrp, late] {
        assert_eq!(text(&world, desk, &edition), whole);
    }
    // Also after the tab has died, and without any server.
    world.crash(late);
    let again = crate::keeping::come_back(&mut world, late);
    open(&mut world, again, &edition);
    world.online(again, false);
    assert_eq!(text(&world, again, &edition), whole);
}

/// A story that nobody has written, as a whole document.
fn invented() -> Vec<u8> {
    let empty = Document::new(DocKind::Body, &[1; 16]).save();
    let options = LoadOptions::new().text_encoding(TextEncoding::Utf16CodeUnit);
    let mut doc = AutoCommit::load_with_options(&empty, options).expect("a new document");
    let (_, headline) = doc.get(ROOT, "headline").expect("a map").expect("a headline");
    doc.splice_text(&headline, 0, 0, "He confessed").expect("typed");
    doc.save()
}

#[test]
fn a_whole_that_nobody_has_signed_for_is_passed_over_and_its_maker_is_named() {
    let (mut world, kloop, occrp, edition) = long_story();
    let doc = DocId::Body {
        story: edition.story.clone(),
        lang: edition.lang.clone(),
    };
    world.crash(occrp);
    says(&mut world, occrp, &doc, |replica, seen, now, entropy| {
        let made = replica.snapshot(&doc, seen, &BTreeSet::new(), invented(), now, entropy);
        made.expect("its envelopes are in order")
    });
    let late = join(&mut world, kloop, "kloop", "writer", "Erlan", None);
    open(&mut world, late, &edition);
    settled(&mut world);
    assert_eq!(text(&world, late, &edition), text(&world, kloop, &edition));
    assert!(envelopes(&world, late) > TYPED, "{}", envelopes(&world, late));
    let refused = &world.desks[late].shown.state.refused;
    assert!(
        refused.iter().any(|trouble| trouble.with[0].contains("Miranda")),
        "{refused:?}"
    );
}

/// The documents' logs at a server: how many envelopes have no bytes there.
fn let_go(world: &World, relay: usize) -> usize {
    let entries = world.relays[relay].logs.values().flat_map(|log| &log.entries);
    entries.filter(|entry| entry.bytes.is_empty()).count()
}

/// Types in small pieces, then nobody does for some minutes.
fn type_much(world: &mut World, desk: usize, edition: &EditionId) {
    for number in 0..TYPED {
        type_at(world, desk, edition, &format!("{number} "), |page| page.end());
        world.run(150);
    }
    world.run(300_000);
}

#[test]
fn who_was_away_while_servers_let_go_gets_what_is_lacking_whole_and_their_own_words_stay() {
    let (mut world, kloop, occrp, edition) = two();
    // The outlets have a server each; in the key of a rotation much is written, by one.
    world.ask(kloop, Ask::NewKey).expect("an editor may");
    world.run(5_000);
    settled(&mut world);
    world.online(occrp, false);
    type_at(&mut world, occrp, &edition, "written far away ", |page| page.end());
    for _ in 0..3 {
        type_much(&mut world, kloop, &edition);
    }
    assert!(
        let_go(&world, 1) > TYPED / 2,
        "{} {}",
        let_go(&world, 0),
        let_go(&world, 1)
    );
    assert_eq!(let_go(&world, 0), 0, "one keeps everything");
    // The one that keeps everything is out of reach.
    world.relays[0].up = false;
    world.online(occrp, true);
    world.run(200_000);
    type_at(&mut world, occrp, &edition, "and here again ", |page| page.end());
    world.until("both have everything", |world| {
        text(world, occrp, &edition) == text(world, kloop, &edition)
    });
    let whole = text(&world, kloop, &edition);
    for words in ["written far away ", "and here again ", "0 1 2 3 ", "598 599 "] {
        assert!(whole.contains(words), "{words} is in {whole}");
    }
    assert!(envelopes(&world, occrp) < envelopes(&world, kloop) / 2);
    // Also after a crash, and with everything in reach.
    world.crash(occrp);
    let again = crate::keeping::come_back(&mut world, occrp);
    open(&mut world, again, &edition);
    assert_eq!(text(&world, again, &edition), whole);
    world.relays[0].up = true;
    settled(&mut world);
    assert_eq!(text(&world, again, &edition), whole);
}
