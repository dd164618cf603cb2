//! Who comes back gets what was missed and little else, however long the log is.

use komuz_sync::seal::chain::{self, envelope_id};
use komuz_sync::seal::envelope::NO_PREVIOUS;

use crate::hostile::Crafted;
use crate::long::two;
use crate::relay::Entry;
use crate::world::{Carried, body};

/// What lies in the log.
const LONG: usize = 50_000;

/// Cholpon has read a log of [`LONG`] and is away while so many envelopes are written: what she is brought when she comes
/// back, and what she says.
fn missed(count: u64) -> (Carried, Carried) {
    let mut world = two(1);
    let ada = Crafted::of(&world, 0);
    let keys = ada.keys(&body("ky"));
    // What she has read long ago need not be good writing for this: it lies before her cursor.
    let log = world.relays[0].logs.get_mut(&keys.id).expect("the log");
    let mut last = log.entries.last().expect("one").chain;
    for number in log.entries.len()..LONG {
        let bytes = number.to_be_bytes().to_vec();
        let id = envelope_id(&bytes);
        last = chain::next(last, id);
        log.entries.push(Entry { id, chain: last, bytes });
    }
    world.lose(0);
    world.drain();
    world.relay_down(0);
    let saved = komuz_sync::seal::cbor::Writer::versioned(1)
        .array(3)
        .uint(LONG as u64)
        .bytes(&last.0)
        .uint(1_000)
        .finish();
    let cursor = world.peers[0].disk.iter_mut();
    let cursor = cursor.filter(|((table, key), _)| table == "cursors" && key.starts_with(&keys.id.0));
    cursor.for_each(|(_, row)| row.clone_from(&saved));
    let mut previous = NO_PREVIOUS;
    let said: Vec<Vec<u8>> = (1..=count)
        .map(|counter| {
            let said = ada.say(&body("ky"), counter, previous, "word");
            previous = envelope_id(&said);
            said
        })
        .collect();
    world.inject(0, &keys, &said);
    world.brought.clear();
    world.sent.clear();
    world.crash(0);
    world.quiet();
    assert_eq!(
        world.peers[0].docs[&body("ky")].ids.len(),
        count as usize + 1,
        "all of it is here"
    );
    (world.brought[&0].clone(), world.sent[&0].clone())
}

#[test]
fn catching_up_costs_what_was_missed_and_not_what_was_there() {
    let (none, asked) = missed(0);
    for count in [1_000, 10_000] {
        let (brought, sent) = missed(count);
        assert_eq!(brought.frames - none.frames, count, "a frame for each envelope");
        let each = (brought.bytes - none.bytes) as f64 / count as f64;
        println!(
            "{count} missed of {LONG}: {} frames, {each:.0} bytes for each",
            brought.frames
        );
        // A sealed envelope of 512 bytes, its log, number and chain.
        assert!((512.0..620.0).contains(&each), "{each}");
        assert_eq!(
            (sent.frames, sent.bytes),
            (asked.frames, asked.bytes),
            "nothing more is asked"
        );
    }
    assert!(none.frames < 20 && none.bytes < 4_000, "{} {}", none.frames, none.bytes);
}
