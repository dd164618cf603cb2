//! A member in bad faith: what it seals is opened, looked at, refused and said; nobody's words suffer.

use std::collections::VecDeque;

use komuz_core::admission::{last_changes, session_actor};
use komuz_core::document::{DocKind, Document};
use komuz_core::registers::add_story;
use komuz_messages::{Answer, Ask};
use komuz_sync::Replica;
use komuz_sync::replica::{Output, Payload, RelayId, Seen};
use komuz_sync::seal::bytes::{Digest, from_hex};
use komuz_sync::seal::doc::DocId;

use crate::keeping::come_back;
use crate::newsroom::{join, settled};
use crate::relay::Conn;
use crate::world::World;
use crate::writing::{open, text, two, type_at};

/// Seals payloads for a document with a member's own keys and sends them to the first relay, without an engine.
pub fn inject(world: &mut World, desk: usize, doc: &DocId, payloads: impl Fn(&Replica) -> Vec<Payload>) {
    says(world, desk, doc, |replica, _, now, entropy| {
        let payloads = payloads(replica);
        replica.write(doc, payloads, now, entropy).expect("a member writes")
    });
}

/// What a member's device says that has its keys and no engine, once it has read a document.
pub fn says(
    world: &mut World,
    desk: usize,
    doc: &DocId,
    what: impl Fn(&mut Replica, &Seen, u64, &mut dyn FnMut(&mut [u8])) -> Vec<Output>,
) {
    let rows = world.devices[world.desks[desk].device].rows.clone();
    let rows = rows
        .into_iter()
        .filter(|((table, _), _)| ["secret", "log"].contains(&table.as_str()))
        .map(|((_, key), value)| {
            let parts: Vec<&str> = key.split('/').collect();
            (parts[1].to_owned(), from_hex(parts[2]).expect("hex"), value)
        });
    let rows: Vec<_> = rows.collect();
    let now = world.now;
    let mut seed = crate::dice::Dice::new(99);
    let mut entropy = |bytes: &mut [u8]| seed.fill(bytes);
    let (mut replica, outputs) = Replica::load(rows, now, &mut entropy).expect("the member's own rows");
    const CONN: Conn = 1 << 40;
    let mut first: Option<RelayId> = None;
    let mut outputs = VecDeque::from(outputs);
    outputs.extend(replica.watch(doc, &Seen::new(), now, &mut entropy));
    let mut written = false;
    let mut seen = Seen::new();
    loop {
        let Some(output) = outputs.pop_front() else {
            if written {
                break;
            }
            written = true;
            outputs.extend(what(&mut replica, &seen, now, &mut entropy));
            continue;
        };
        match output {
            Output::Connect { relay, url } if url == world.relays[0].url => {
                first = Some(relay);
                world.relays[0].connect(CONN);
                outputs.extend(replica.connected(relay, now, &mut entropy));
            }
            Output::Connect { relay, .. } => outputs.extend(replica.disconnected(relay, now, &mut entropy)),
            Output::Store { batch, .. } => outputs.extend(replica.stored(batch, now, &mut entropy)),
            Output::Deliver(delivery) => {
                seen.insert(delivery.track(), delivery.counter);
            }
            Output::Send { bytes, .. } => {
                for (to, frame) in world.relays[0].frame(CONN, &bytes, &mut world.dice) {
                    match first {
                        Some(relay) if to == CONN => {
                            outputs.extend(replica.frame(relay, &frame.encode(), now, &mut entropy));
                        }
                        _ => world.deliver(to, frame.encode()),
                    }
                }
            }
            _ => {}
        }
    }
    assert_eq!(replica.state().unsent, 0, "it is on the relay");
    world.relays[0].disconnect(CONN);
}

#[test]
fn what_is_no_change_is_refused_and_said_by_name_and_honest_words_go_on() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "honest words. ", |page| page.end());
    settled(&mut world);
    let (story, lang) = (edition.story.clone(), edition.lang.clone());
    world.crash(occrp);
    let garbage = [
        [&[1, 0][..], b"\x85\x6f\x4a\x83garbage"].concat(),
        vec![9, 9, 9],
        Vec::new(),
        vec![1, 0],
    ];
    let bare = |bytes| Payload { bytes, ends: None };
    inject(&mut world, occrp, &DocId::Body { story, lang }, |_| {
        garbage.iter().cloned().map(bare).collect()
    });
    inject(&mut world, occrp, &DocId::Registers, |_| vec![bare(vec![0; 70_000])]);
    world.until("it is said", |world| !world.desks[kloop].shown.state.refused.is_empty());
    let refused = &world.desks[kloop].shown.state.refused;
    assert!(
        refused
            .iter()
            .all(|trouble| trouble.code == "change-of" && trouble.with[0] == "Miranda"),
        "{refused:?}"
    );
    type_at(&mut world, kloop, &edition, "And more.", |page| page.end());
    let third = join(&mut world, kloop, "kloop", "writer", "Erlan", None);
    open(&mut world, third, &edition);
    settled(&mut world);
    for desk in [kloop, third] {
        assert_eq!(text(&world, desk, &edition), "honest words. And more.");
    }
}

#[test]
fn an_envelope_that_kills_the_engine_twice_is_left_aside() {
    let (mut world, kloop, occrp, edition) = two();
    // Papers are saved: what comes later is all that is to be applied.
    world.run(10_000);
    world.crash(kloop);
    type_at(&mut world, occrp, &edition, "the first. ", |page| page.end());
    world.run(1000);
    type_at(&mut world, occrp, &edition, "the second.", |page| page.end());
    settled(&mut world);
    // Twice the engine dies just when it has written down what it is about to apply.
    let device = world.desks[kloop].device;
    let journals = |world: &World| {
        let rows = world.devices[device].rows.iter();
        rows.filter(|((table, _), _)| table == "journal")
            .map(|(_, ids)| ids.len() / 32)
            .collect::<Vec<_>>()
    };
    let mut desk = kloop;
    for time in 0..2 {
        desk = world.tab(device);
        let Ok(Answer::Device { investigations, .. }) = world.ask(desk, Ask::Device) else {
            panic!("the list")
        };
        world.desks[desk].dies_applying = true;
        world.say(
            desk,
            Ask::Enter {
                investigation: investigations[0].id.clone(),
            },
        );
        world.until("it has died", |world| world.desks[desk].engine.is_none());
        if time == 1 {
            assert_eq!(journals(&world), [1], "the second time the suspect is alone");
        }
    }
    let again = come_back(&mut world, desk);
    open(&mut world, again, &edition);
    world.run(5000);
    let refused = &world.desks[again].shown.state.refused;
    assert!(
        refused
            .iter()
            .any(|trouble| trouble.message.contains("stopped the desk twice")),
        "{refused:?}"
    );
    // Everything else is there: the journal is empty again.
    assert!(journals(&world).is_empty());
    let strikes = world.devices[device]
        .rows
        .keys()
        .filter(|(table, _)| table == "strike")
        .count();
    assert_eq!(strikes, 1, "only the guilty one keeps its strikes");

    // Papers are saved without it. An update forgives it, and it is taken.
    world.run(10_000);
    world.crash(again);
    for ((table, _), row) in &mut world.devices[device].rows {
        if table == "strike" {
            row.truncate(2);
            row.extend(b"0.0.1");
        }
    }
    let updated = come_back(&mut world, again);
    open(&mut world, updated, &edition);
    settled(&mut world);
    assert_eq!(text(&world, updated, &edition), "the first. the second.");
    assert!(!world.devices[device].rows.keys().any(|(table, _)| table == "strike"));
}

/// A good change that adds a story, as this replica's session would make it, with what is stated of it.
fn story(replica: &Replica, id: &str, ends: Option<Digest>) -> Vec<Payload> {
    let me = replica.me().expect("a member");
    let actor = session_actor(&me.device.0, &me.session.0);
    let mut registers = Document::new(DocKind::Registers, &actor);
    add_story(&mut registers, id, "ky").expect("a new story");
    let change = registers.take_changes().remove(0);
    let last = last_changes([change.as_slice()]).expect("a good change")[0];
    vec![Payload {
        bytes: [&[1, 0], change.as_slice()].concat(),
        ends: ends.or(Some(Digest(last.0))),
    }]
}

#[test]
fn an_envelope_that_states_another_last_change_than_it_brings_is_refused() {
    let (mut world, kloop, occrp, _) = two();
    settled(&mut world);
    world.crash(occrp);
    let stories = |world: &World| {
        let view = world.desks[kloop].shown.investigation.as_ref();
        view.expect("the investigation is shown").stories.len()
    };
    let before = stories(&world);
    inject(&mut world, occrp, &DocId::Registers, |replica| {
        story(replica, "stated-wrongly", Some(Digest([9; 32])))
    });
    world.until("it is said", |world| !world.desks[kloop].shown.state.refused.is_empty());
    let refused = &world.desks[kloop].shown.state.refused;
    assert!(
        refused[0].message.contains("states of the changes in it"),
        "{refused:?}"
    );
    assert_eq!(stories(&world), before);
    inject(&mut world, occrp, &DocId::Registers, |replica| {
        story(replica, "stated-rightly", None)
    });
    world.until("it is there", |world| stories(world) == before + 1);
}
