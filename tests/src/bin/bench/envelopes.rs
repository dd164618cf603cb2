//! What a typed character costs on the way, with one writer and with ten: a change, the sealed envelope around the changes of a
//! moment, and the frames that carry it to a relay, to each reader, and back as an acknowledgement.

use std::collections::BTreeMap;
use std::time::Duration;

use komuz_core::page::Place;
use komuz_sync::frame::{ClientFrame, RelayFrame};
use komuz_sync::seal::bytes::{Digest, EnvelopeId, LogId, Start};
use komuz_sync::seal::chain::{self, envelope_id};
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
/// How many characters, by all together.
const CHARACTERS: usize = 3_000;
/// How many people type in one story, each in a paragraph of their own.
const WRITERS: [usize; 2] = [1, 10];
/// Paragraphs that are there before.
const PARAGRAPHS: usize = 10;
/// Keys in a second: usual typing (60 words a minute), and quick typing.
const SPEEDS: [u64; 2] = [5, 10];
/// How long the engine collects changes before it seals them, in milliseconds.
const COLLECTED: u64 = 100;
/// How long an envelope takes to the others' desks, in milliseconds: what comes before a key is what its change builds on.
const WAY: u64 = 40;

/// Types at each speed; one person also without collecting anything.
pub fn measure() -> Result {
    for speed in SPEEDS {
        Typing::start(1, speed, 0)?.measure()?;
    }
    for writers in WRITERS {
        for speed in SPEEDS {
            Typing::start(writers, speed, COLLECTED)?.measure()?;
        }
    }
    Ok(())
}

/// What happens at some moment.
enum Event {
    /// Somebody presses a key.
    Key(usize),
    /// Somebody seals what has gathered.
    Seal(usize),
    /// What somebody has sealed is with all others.
    Arrives(usize, Vec<Vec<u8>>),
}

/// Somebody who types.
struct Writer {
    desk: Desk,
    device: Device,
    counter: u64,
    previous: EnvelopeId,
    /// Changes that are not sealed yet.
    waiting: Vec<Vec<u8>>,
    /// What is left to type.
    text: std::iter::Take<std::iter::Cycle<std::str::Chars<'static>>>,
}

/// People who type in one story. Nothing waits for a clock, and each run is the same.
struct Typing {
    figures: Figures,
    speed: u64,
    collected: u64,
    dice: Dice,
    keys: LogKeys,
    log: LogId,
    writers: Vec<Writer>,
    /// What is to come, by the moment and in the order in which it was planned.
    events: BTreeMap<(u64, u64), Event>,
    planned: u64,
    changes: usize,
    envelopes: usize,
    sealed: usize,
    /// Frames to the relay, from it to each reader, and back to who has written.
    carried: [usize; 3],
    seal: Vec<Duration>,
    open: Vec<Duration>,
}

impl Typing {
    fn start(writers: usize, speed: u64, collected: u64) -> Result<Self> {
        let who = match writers {
            1 => "one person".to_owned(),
            more => format!("{more} people"),
        };
        let rhythm = match collected {
            0 => "an envelope for each key".to_owned(),
            ms => format!("an envelope for each {ms} ms of typing"),
        };
        let mut dice = Dice(speed);
        let epoch = EpochKey::new(&mut |bytes: &mut [u8]| dice.fill(bytes));
        let doc = DocId::Body {
            story: "s-0123456789abcdef".to_owned(),
            lang: "ky".to_owned(),
        };
        let mut first = Desk::new(1)?;
        let place = Place::In { block: 0, offset: 0 };
        let step = replace(&first.page, place, place, &"\n".repeat(PARAGRAPHS - 1));
        first.make(&step)?;
        let (_, paragraphs) = first.keystroke()?;
        let binding = first.binding.clone();
        let mut desks = vec![first];
        for number in 1..writers {
            let mut desk = Desk::new(u8::try_from(number)? + 1)?;
            desk.receive(paragraphs.iter().map(|chunk| (&binding, chunk.as_slice())))?;
            desks.push(desk);
        }
        let text = TEXT.chars().cycle().take(CHARACTERS / writers);
        let mut typing = Self {
            figures: Figures::of("envelopes", format!("{who}, {speed} keys a second each, {rhythm}")),
            speed,
            collected,
            keys: LogKeys::of_document(&epoch, &doc),
            log: LogId([1; 32]),
            writers: Vec::new(),
            events: BTreeMap::new(),
            planned: 0,
            changes: 0,
            envelopes: 0,
            sealed: 0,
            carried: [0; 3],
            seal: Vec::new(),
            open: Vec::new(),
            dice,
        };
        for (number, desk) in desks.into_iter().enumerate() {
            let device = Device::new(&mut |bytes: &mut [u8]| typing.dice.fill(bytes));
            typing.writers.push(Writer {
                desk,
                device,
                counter: 0,
                previous: NO_PREVIOUS,
                waiting: Vec::new(),
                text: text.clone(),
            });
            typing.next_key(0, number);
        }
        Ok(typing)
    }

    fn plan(&mut self, at: u64, event: Event) {
        self.planned += 1;
        self.events.insert((at, self.planned), event);
    }

    /// Nobody types like a clock: between two fifths and eight fifths of the mean.
    fn next_key(&mut self, now: u64, writer: usize) {
        let pause = 1000 / self.speed;
        let pause = pause * 2 / 5 + self.dice.next() % (pause * 6 / 5);
        self.plan(now + pause, Event::Key(writer));
    }

    fn measure(mut self) -> Result {
        while let Some(((now, _), event)) = self.events.pop_first() {
            match event {
                Event::Key(writer) => self.key(now, writer)?,
                Event::Seal(writer) => self.seal(now, writer)?,
                Event::Arrives(from, changes) => self.arrives(from, &changes)?,
            }
        }
        let text = self.writers[0].desk.text();
        if self.writers.iter().any(|writer| writer.desk.text() != text) {
            return Err("those who typed have not the same text".into());
        }
        let per = |bytes: usize| bytes as f64 / CHARACTERS as f64;
        let unit = "bytes a typed character";
        self.figures.amount("changes", By::Komuz, per(self.changes), unit);
        self.figures.amount("sealed", By::Komuz, per(self.sealed), unit);
        let ways = ["to the relay", "from the relay to each reader", "back to who has typed"];
        for (way, bytes) in ways.into_iter().zip(self.carried) {
            self.figures.amount(way, By::Komuz, per(bytes), unit);
        }
        self.figures.amount(
            "characters in an envelope",
            By::Komuz,
            CHARACTERS as f64 / self.envelopes as f64,
            "on average",
        );
        self.figures.times("seal", By::Komuz, self.seal);
        self.figures.times("open and check", By::Komuz, self.open);
        Ok(())
    }

    fn key(&mut self, now: u64, number: usize) -> Result {
        let writer = &mut self.writers[number];
        let Some(key) = writer.text.next() else { return Ok(()) };
        let desk = &mut writer.desk;
        let end = Place::In {
            block: number,
            offset: desk.page.blocks()[number].text_len(),
        };
        let step = replace(&desk.page, end, end, key.encode_utf8(&mut [0; 4]));
        desk.make(&step)?;
        let is_first = writer.waiting.is_empty();
        for chunk in desk.keystroke()?.1 {
            self.changes += chunk.len();
            writer.waiting.push(chunk);
        }
        if is_first {
            self.plan(now + self.collected, Event::Seal(number));
        }
        self.next_key(now, number);
        Ok(())
    }

    fn seal(&mut self, now: u64, number: usize) -> Result {
        let (writer, dice) = (&mut self.writers[number], &mut self.dice);
        let changes = std::mem::take(&mut writer.waiting);
        writer.counter += 1;
        let statement = Statement {
            kind: Kind::Changes,
            device: writer.device.id(),
            start: Start([number as u8; 16]),
            counter: writer.counter,
            previous: writer.previous,
            charter: vec![Digest([3; 32])],
            last: vec![Digest([5; 32])],
            // One byte says that the change is whole, as the engine puts it.
            payloads: changes.iter().map(|chunk| [&[0], chunk.as_slice()].concat()).collect(),
        };
        let (sealed, time) =
            timed(|| statement.seal(&writer.device, &self.keys, &mut |bytes: &mut [u8]| dice.fill(bytes)));
        let bytes = sealed?;
        self.seal.push(time);
        let (opened, time) = timed(|| Statement::open(&bytes, &self.keys));
        opened?;
        self.open.push(time);
        writer.previous = envelope_id(&bytes);
        self.envelopes += 1;
        self.sealed += bytes.len();
        let (log, seq, id) = (self.log, self.envelopes as u64, writer.previous);
        let chain = chain::next(chain::EMPTY, id);
        let append = ClientFrame::Append {
            log,
            bytes: bytes.clone(),
        };
        let entry = RelayFrame::Entry { log, seq, chain, bytes };
        let ack = RelayFrame::Ack { log, id, seq, chain };
        let frames = [append.encode(), entry.encode(), ack.encode()];
        for (sum, frame) in self.carried.iter_mut().zip(frames) {
            *sum += frame.len();
        }
        self.plan(now + WAY, Event::Arrives(number, changes));
        Ok(())
    }

    fn arrives(&mut self, from: usize, changes: &[Vec<u8>]) -> Result {
        let binding = self.writers[from].desk.binding.clone();
        for (number, writer) in self.writers.iter_mut().enumerate() {
            if number != from {
                let changes = changes.iter().map(|chunk| (&binding, chunk.as_slice()));
                writer.desk.receive(changes)?;
            }
        }
        Ok(())
    }
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
