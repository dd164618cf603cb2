//! Epoch keys on their way to a device and to the next epoch.

#[path = "common/dice.rs"]
mod dice;

use dice::dice;
use komuz_seal::bytes::{BoxKey, Digest};
use komuz_seal::derive::append_key;
use komuz_seal::device::{Device, DeviceCard};
use komuz_seal::epoch::{EpochError, EpochKey, LOCKED_LEN, WRAPPED_LEN};

const ENTRY: Digest = Digest([7; 32]);

#[test]
fn a_wrapped_key_opens_on_its_device_only() {
    let (mut dice, mut other) = (dice(1), dice(2));
    let (device, stranger) = (Device::new(&mut dice), Device::new(&mut other));
    let epoch = EpochKey::new(&mut dice);
    let wrapped = epoch.wrap(&ENTRY, &device.card(), &mut dice).expect("a good recipient");
    assert_eq!(wrapped.len(), WRAPPED_LEN);
    assert_eq!(EpochKey::unwrap(&wrapped, &ENTRY, &device), Ok(epoch));
    assert_eq!(EpochKey::unwrap(&wrapped, &ENTRY, &stranger), Err(EpochError::NotForUs));
}

#[test]
fn another_charter_entry() {
    let mut dice = dice(3);
    let device = Device::new(&mut dice);
    let wrapped = EpochKey::new(&mut dice)
        .wrap(&ENTRY, &device.card(), &mut dice)
        .expect("a good recipient");
    assert_eq!(
        EpochKey::unwrap(&wrapped, &Digest([8; 32]), &device),
        Err(EpochError::NotForUs)
    );
}

#[test]
fn truncated_changed_and_of_a_future_version() {
    let mut dice = dice(4);
    let device = Device::new(&mut dice);
    let wrapped = EpochKey::new(&mut dice)
        .wrap(&ENTRY, &device.card(), &mut dice)
        .expect("a good recipient");
    for end in 0..wrapped.len() {
        assert!(EpochKey::unwrap(&wrapped[..end], &ENTRY, &device).is_err());
    }
    for place in 1..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[place] ^= 1;
        assert!(EpochKey::unwrap(&changed, &ENTRY, &device).is_err(), "byte {place}");
    }
    let mut future = wrapped;
    future[0] = 2;
    assert_eq!(EpochKey::unwrap(&future, &ENTRY, &device), Err(EpochError::Version(2)));
}

#[test]
fn a_key_that_cannot_be_sealed_to() {
    let mut dice = dice(5);
    let device = Device::new(&mut dice);
    let zero = DeviceCard {
        seal: BoxKey([0; 32]),
        ..device.card()
    };
    assert_eq!(
        EpochKey::new(&mut dice).wrap(&ENTRY, &zero, &mut dice),
        Err(EpochError::BadRecipient)
    );
}

#[test]
fn the_next_epoch_opens_the_one_before() {
    let mut dice = dice(6);
    let (old, new, other) = (
        EpochKey::new(&mut dice),
        EpochKey::new(&mut dice),
        EpochKey::new(&mut dice),
    );
    let locked = new.lock_previous(&old, &mut dice);
    assert_eq!(locked.len(), LOCKED_LEN);
    assert_eq!(new.unlock_previous(&locked, &old.id()), Ok(old.clone()));
    assert_eq!(new.unlock_previous(&locked, &other.id()), Err(EpochError::NotForUs));
    assert_eq!(other.unlock_previous(&locked, &old.id()), Err(EpochError::NotForUs));
    // The old one opens nothing of the new.
    assert_eq!(old.unlock_previous(&locked, &new.id()), Err(EpochError::NotForUs));
}

#[test]
fn append_keys_are_pseudonyms() {
    let mut dice = dice(7);
    let (device, other) = (Device::new(&mut dice), Device::new(&mut dice));
    let (first, second) = (EpochKey::new(&mut dice).id(), EpochKey::new(&mut dice).id());
    let key = append_key(&device, &first).public();
    assert_eq!(append_key(&device, &first).public(), key, "the same after a restart");
    assert_ne!(append_key(&device, &second).public(), key);
    assert_ne!(append_key(&other, &first).public(), key);
    assert_ne!(device.id(), key);
}

#[test]
fn a_device_comes_back_from_its_secret() {
    let device = Device::new(&mut dice(8));
    assert_eq!(Device::from_secret(&device.to_secret()).card(), device.card());
}
