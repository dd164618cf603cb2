//! The envelope: what holds, and what is refused.

#[path = "common/dice.rs"]
mod dice;

use dice::dice;
use komuz_seal::bytes::{Digest, EnvelopeId, Start};
use komuz_seal::derive::LogKeys;
use komuz_seal::device::Device;
use komuz_seal::doc::DocId;
use komuz_seal::envelope::{
    EnvelopeError, Kind, MAX_CONTENT, MAX_SEALED, MIN_PADDED, NO_PREVIOUS, Statement, envelope_id, padded_len,
};
use komuz_seal::epoch::EpochKey;
use proptest::prelude::*;

struct Room {
    device: Device,
    epoch: EpochKey,
    keys: LogKeys,
}

fn body(lang: &str) -> DocId {
    DocId::Body {
        story: "s1".into(),
        lang: lang.into(),
    }
}

fn room() -> Room {
    let mut dice = dice(1);
    let device = Device::new(&mut dice);
    let epoch = EpochKey::new(&mut dice);
    let keys = LogKeys::of_document(&epoch, &body("ky"));
    Room { device, epoch, keys }
}

fn statement(device: &Device) -> Statement {
    Statement {
        kind: Kind::Changes,
        device: device.id(),
        start: Start([3; 16]),
        counter: 1,
        previous: NO_PREVIOUS,
        charter: vec![Digest([4; 32])],
        last: vec![Digest([5; 32])],
        payloads: vec![b"one change".to_vec(), vec![0; 90]],
    }
}

fn sealed(room: &Room) -> Vec<u8> {
    statement(&room.device)
        .seal(&room.device, &room.keys, &mut dice(9))
        .expect("a good statement")
}

#[test]
fn opens_to_what_was_sealed() {
    let room = room();
    assert_eq!(Statement::open(&sealed(&room), &room.keys), Ok(statement(&room.device)));
}

#[test]
fn a_keystrokes_envelope_is_512_bytes_long() {
    // About 106 bytes is what a change of some keystrokes has.
    assert_eq!(sealed(&room()).len(), MIN_PADDED);
}

#[test]
fn nothing_of_the_statement_is_seen_outside() {
    let room = room();
    let bytes = sealed(&room);
    for secret in [
        &b"one change"[..],
        &room.device.id().0,
        &[3; 16],
        &[4; 32],
        &room.keys.id.0,
    ] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
}

#[test]
fn truncated() {
    let room = room();
    let bytes = sealed(&room);
    for end in 0..bytes.len() {
        assert!(Statement::open(&bytes[..end], &room.keys).is_err(), "cut at {end}");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let room = room();
    let bytes = sealed(&room);
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1 << (place % 8);
        assert!(Statement::open(&bytes, &room.keys).is_err(), "flipped in byte {place}");
    }
}

#[test]
fn future_version() {
    let room = room();
    let mut bytes = sealed(&room);
    bytes[0] = 2;
    assert_eq!(Statement::open(&bytes, &room.keys), Err(EnvelopeError::Version(2)));
}

#[test]
fn trailing_bytes() {
    let room = room();
    let mut bytes = sealed(&room);
    bytes.push(0);
    assert_eq!(Statement::open(&bytes, &room.keys), Err(EnvelopeError::Length(513)));
    bytes.resize(padded_len(513), 0);
    assert_eq!(Statement::open(&bytes, &room.keys), Err(EnvelopeError::Seal));
}

#[test]
fn too_long() {
    let room = room();
    let bytes = vec![1; padded_len(MAX_SEALED + 1)];
    assert!(matches!(
        Statement::open(&bytes, &room.keys),
        Err(EnvelopeError::Length(_))
    ));
}

#[test]
fn cross_log() {
    let room = room();
    let other = LogKeys::of_document(&room.epoch, &body("ru"));
    assert_eq!(Statement::open(&sealed(&room), &other), Err(EnvelopeError::Seal));
}

#[test]
fn cross_epoch() {
    let room = room();
    let other = LogKeys::of_document(&EpochKey::new(&mut dice(77)), &body("ky"));
    assert_eq!(Statement::open(&sealed(&room), &other), Err(EnvelopeError::Seal));
}

#[test]
fn sealed_by_another_device_than_it_names() {
    let room = room();
    let other = Device::new(&mut dice(5));
    let made = statement(&room.device).seal(&other, &room.keys, &mut dice(9));
    assert_eq!(made, Err(EnvelopeError::Signature));
}

#[test]
fn first_envelope_with_a_previous_and_later_without() {
    let room = room();
    let wrong = [
        Statement {
            previous: EnvelopeId([1; 32]),
            ..statement(&room.device)
        },
        Statement {
            counter: 2,
            ..statement(&room.device)
        },
        Statement {
            counter: 0,
            ..statement(&room.device)
        },
    ];
    for statement in wrong {
        assert_eq!(
            statement.seal(&room.device, &room.keys, &mut dice(9)),
            Err(EnvelopeError::Counter)
        );
    }
}

#[test]
fn too_much_content() {
    let room = room();
    let large = Statement {
        payloads: vec![vec![0; MAX_CONTENT + 1]],
        ..statement(&room.device)
    };
    assert_eq!(
        large.seal(&room.device, &room.keys, &mut dice(9)),
        Err(EnvelopeError::TooLarge)
    );
    let most = Statement {
        payloads: vec![vec![0; MAX_CONTENT]],
        ..statement(&room.device)
    };
    let bytes = most
        .seal(&room.device, &room.keys, &mut dice(9))
        .expect("as much as fits");
    assert!(bytes.len() <= MAX_SEALED);
    assert_eq!(Statement::open(&bytes, &room.keys), Ok(most));
}

#[test]
fn the_id_is_the_hash_of_the_sealed_bytes_and_the_same_words_seal_differently() {
    let room = room();
    let first = sealed(&room);
    let second = statement(&room.device)
        .seal(&room.device, &room.keys, &mut dice(10))
        .expect("a good statement");
    assert_ne!(envelope_id(&first), envelope_id(&second));
    assert_eq!(envelope_id(&first), envelope_id(&first.clone()));
}

#[test]
fn logs_of_documents_have_nothing_in_common() {
    let room = room();
    let docs = [DocId::Charter, DocId::Registers, DocId::Files, body("ky"), body("ru")];
    let mut names: Vec<_> = docs.iter().map(|doc| LogKeys::of_document(&room.epoch, doc)).collect();
    names.dedup_by_key(|keys| keys.id);
    assert_eq!(names.len(), docs.len());
    // Story and language do not run into each other.
    let one = DocId::Body {
        story: "ab".into(),
        lang: "c".into(),
    };
    let two = DocId::Body {
        story: "a".into(),
        lang: "bc".into(),
    };
    assert_ne!(
        LogKeys::of_document(&room.epoch, &one).id,
        LogKeys::of_document(&room.epoch, &two).id
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_payloads_come_back_and_lengths_are_padded(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..2000), 0..6),
        counter in 2u64..,
    ) {
        let room = room();
        let said = Statement { payloads, counter, previous: EnvelopeId([8; 32]), ..statement(&room.device) };
        let bytes = said.seal(&room.device, &room.keys, &mut dice(counter)).expect("a good statement");
        prop_assert_eq!(bytes.len(), padded_len(bytes.len()));
        prop_assert_eq!(Statement::open(&bytes, &room.keys), Ok(said));
    }

    /// PADME: at least 512, never shorter than asked, never more than 12 percent over, and a fixed point.
    #[test]
    fn padding_is_bounded(len in 0usize..600_000) {
        let padded = padded_len(len);
        prop_assert!(padded >= len.max(512));
        prop_assert!(padded as f64 <= (len.max(512) as f64) * 1.12);
        prop_assert_eq!(padded_len(padded), padded);
    }
}
