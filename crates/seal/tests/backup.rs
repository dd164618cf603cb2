//! Backup files.

#[path = "common/dice.rs"]
mod dice;

use dice::dice;
use komuz_seal::backup::{self, BackupError, COST, Cost};
use komuz_seal::cbor::Writer;

const PASSPHRASE: &str = "туура аккумулятор жылкы кыпчуур";

fn file() -> Vec<u8> {
    backup::seal(b"all of it", PASSPHRASE, Cost::LEAST, &mut dice(1)).expect("a good cost")
}

#[test]
fn comes_back_with_its_passphrase_only() {
    let file = file();
    assert_eq!(
        backup::open(&file, PASSPHRASE).map(|content| content.to_vec()),
        Ok(b"all of it".to_vec())
    );
    assert_eq!(backup::open(&file, "another").map(|_| ()), Err(BackupError::Passphrase));
}

#[test]
fn truncated() {
    let file = file();
    for end in 0..file.len() {
        assert!(
            matches!(backup::open(&file[..end], PASSPHRASE), Err(BackupError::Malformed(_))),
            "cut at {end}"
        );
    }
}

#[test]
fn future_version() {
    let mut file = file();
    file[0] = 2;
    assert_eq!(
        backup::open(&file, PASSPHRASE).map(|_| ()),
        Err(BackupError::Version(2))
    );
}

#[test]
fn changed_parameters_and_content() {
    let file = file();
    for place in [file.len() - 1, file.len() - 30, 12] {
        let mut file = file.clone();
        file[place] ^= 1;
        assert!(backup::open(&file, PASSPHRASE).is_err(), "byte {place}");
    }
}

#[test]
fn parameters_that_would_eat_the_device_or_pretend_to_be_weak() {
    let with = |memory: u64, passes: u64, lanes: u64| {
        Writer::versioned(1)
            .array(5)
            .uint(memory)
            .uint(passes)
            .uint(lanes)
            .bytes(&[0; 16])
            .bytes(&[0; 60])
            .finish()
    };
    for (memory, passes, lanes) in [
        (u64::MAX, 3, 1),
        (u64::from(Cost::MOST.memory) + 1, 3, 1),
        (65_536, 1_000_000, 1),
        (65_536, 3, 255),
        (8, 1, 1),
        (65_536, 0, 1),
        (65_536, 3, 0),
    ] {
        let opened = backup::open(&with(memory, passes, lanes), PASSPHRASE).map(|_| ());
        assert_eq!(
            opened,
            Err(BackupError::Cost),
            "{memory} KiB, {passes} passes, {lanes} lanes"
        );
    }
}

#[test]
fn the_cost_that_is_used_is_allowed() {
    let file = backup::seal(b"", PASSPHRASE, COST, &mut dice(2)).expect("the real cost");
    assert!(backup::open(&file, PASSPHRASE).is_ok());
}

#[test]
fn a_passphrase_makes_the_same_key_with_the_same_salt_and_work_alone() {
    let key = |passphrase: &str, salt: u8, passes: u32| {
        let cost = Cost { passes, ..Cost::LEAST };
        cost.key(passphrase, &[salt; 16]).expect("the work is allowed")
    };
    let first = key("ала-тоо үнү менен", 1, 2);
    assert_eq!(first, key("ала-тоо үнү менен", 1, 2));
    for other in [
        key("ала-тоо үнү", 1, 2),
        key("ала-тоо үнү менен", 2, 2),
        key("ала-тоо үнү менен", 1, 3),
    ] {
        assert_ne!(first, other);
    }
    let weak = Cost {
        memory: 8,
        ..Cost::LEAST
    };
    assert_eq!(weak.key("a", &[0; 16]).err(), Some(BackupError::Cost));
}
