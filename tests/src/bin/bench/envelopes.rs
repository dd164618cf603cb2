//! What a typed character costs on the way: a change, and the sealed envelope around the changes of a moment.

use std::time::Duration;

use komuz_core::page::Place;
use komuz_sync::seal::bytes::{Digest, Start};
use komuz_sync::seal::chain::envelope_id;
use komuz_sync::seal::derive::LogKeys;
use komuz_sync::seal::device::Device;
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::envelope::{Kind, NO_PREVIOUS, Statement};
use komuz_sync::seal::epoch::EpochKey;

use crate::Result;
use crate::desk::{Desk, replace};
use crate::measured::{By, Figures, timed};

/// What is typed, over and over.
const TEXT: &str = "Бул жерде бир эле нерсе өлчөнөт: терилген ар бир тамга жолдо канча байт болот. ";
/// How many characters.
const CHARACTERS: usize = 3_000;
/// Keys in a second: usual typing (60 words a minute), and quick typing.
const SPEEDS: [u64; 2] = [5, 10];
/// How long changes are collected before they are sealed, in milliseconds: not at all, and as the engine does.
const COLLECTED: [u64; 2] = [0, 100];

/// Types at each speed and seals with each patience.
pub fn measure() -> Result {
    for speed in SPEEDS {
        for collected in COLLECTED {
            type_and_seal(speed, collected)?;
        }
    }
    Ok(())
}

fn type_and_seal(speed: u64, collected: u64) -> Result {
    let rhythm = match collected {
        0 => "an envelope for each key".to_owned(),
        ms => format!("an envelope for each {ms} ms of typing"),
    };
    let figures = Figures::of("envelopes", format!("{speed} keys a second, {rhythm}"));
    let mut dice = Dice(speed);
    let device = Device::new(&mut |bytes: &mut [u8]| dice.fill(bytes));
    let epoch = EpochKey::new(&mut |bytes: &mut [u8]| dice.fill(bytes));
    let doc = DocId::Body {
        story: "s-0123456789abcdef".to_owned(),
        lang: "ky".to_owned(),
    };
    let keys = LogKeys::of_document(&epoch, &doc);
    let mut desk = Desk::new(1)?;
    let (mut seal, mut open) = (Vec::<Duration>::new(), Vec::new());
    let (mut changes, mut sealed_bytes, mut counter, mut previous) = (0, 0, 0, NO_PREVIOUS);
    let mut waiting: Vec<Vec<u8>> = Vec::new();
    let (mut now, mut seal_at) = (0, None);
    let mut text = TEXT.chars().cycle().take(CHARACTERS);
    loop {
        let key = text.next();
        let pause = 1000 / speed;
        // Nobody types like a clock: between two fifths and eight fifths of the mean.
        now += pause * 2 / 5 + dice.next() % (pause * 6 / 5);
        if !waiting.is_empty() && (key.is_none() || seal_at.is_some_and(|at| now > at)) {
            counter += 1;
            let statement = Statement {
                kind: Kind::Changes,
                device: device.id(),
                start: Start([7; 16]),
                counter,
                previous,
                charter: vec![Digest([3; 32])],
                last: vec![Digest([5; 32])],
                payloads: std::mem::take(&mut waiting),
            };
            let (sealed, time) = timed(|| statement.seal(&device, &keys, &mut |bytes: &mut [u8]| dice.fill(bytes)));
            let sealed = sealed?;
            seal.push(time);
            let (opened, time) = timed(|| Statement::open(&sealed, &keys));
            opened?;
            open.push(time);
            previous = envelope_id(&sealed);
            sealed_bytes += sealed.len();
            seal_at = None;
        }
        let Some(key) = key else { break };
        let block = desk.page.blocks().len() - 1;
        let end = Place::In {
            block,
            offset: desk.page.blocks()[block].text_len(),
        };
        let step = replace(&desk.page, end, end, key.encode_utf8(&mut [0; 4]));
        desk.make(&step)?;
        for chunk in desk.keystroke()?.1 {
            changes += chunk.len();
            // One byte says that the change is whole, as the engine puts it.
            waiting.push([&[0], chunk.as_slice()].concat());
        }
        seal_at.get_or_insert(now + collected);
    }
    let per = |bytes: usize| bytes as f64 / CHARACTERS as f64;
    figures.amount("changes", By::Komuz, per(changes), "bytes a typed character");
    figures.amount("sealed", By::Komuz, per(sealed_bytes), "bytes a typed character");
    figures.amount(
        "characters in an envelope",
        By::Komuz,
        CHARACTERS as f64 / counter as f64,
        "on average",
    );
    figures.times("seal", By::Komuz, seal);
    figures.times("open and check", By::Komuz, open);
    Ok(())
}

/// Numbers that are the same in each run: nothing here is secret.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.next() as u8);
    }
}
