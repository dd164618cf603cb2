//! Rotations: who gets a new epoch's key, what is found of those who wrap wrongly, and in which epoch one writes.

#[path = "common/dice.rs"]
mod dice;
#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "common/house.rs"]
mod house;

use dice::dice;
use house::*;
use komuz_seal::bytes::{Digest, EpochId};
use komuz_seal::charter::{Act, Entry, Role, Rotation, RotationError};
use komuz_seal::editors::{EditorsSecret, is_certified};
use komuz_seal::epoch::{EpochError, EpochKey};

/// A small house, so that what is wrapped is not much: Ada, the editor 1, the writer 3, the observer 5; beta's editor 10.
fn small() -> Desk {
    let mut desk = Desk::founded();
    desk.joins(0, 10, "beta");
    desk.adds(0, 1, "alpha", Role::Editor);
    desk.adds(0, 3, "alpha", Role::Writer);
    desk.adds(0, 5, "alpha", Role::Observer);
    desk
}

fn key(seed: u64) -> EpochKey {
    EpochKey::new(&mut dice(seed))
}

fn secret(seed: u64) -> EditorsSecret {
    EditorsSecret::new(&mut dice(seed + 5000))
}

/// A rotation by this author with key and secret of this seed: the entry's id and the key.
fn rotates(desk: &mut Desk, author: u8, seed: u64, held: &[EpochKey]) -> (Digest, EpochKey) {
    let key = key(seed);
    let (id, bytes) = desk
        .charter
        .rotate(&device(author), &key, &secret(seed), held, &mut dice(seed + 9000))
        .expect("an editor rotates");
    desk.said.push(bytes);
    (id, key)
}

/// The rotation in the last entry.
fn last(desk: &Desk) -> Rotation {
    match Entry::open(desk.said.last().expect("an entry"))
        .expect("it opens")
        .1
        .act
    {
        Act::Rotated(rotation) => rotation,
        act => panic!("{act:?}"),
    }
}

fn current(desk: &Desk) -> Option<EpochId> {
    desk.charter.current_epoch(|_| true).map(|epoch| epoch.epoch)
}

#[test]
fn everybody_who_is_in_opens_the_new_epoch_and_finds_that_all_got_the_same() {
    let mut desk = small();
    let (entry, key) = rotates(&mut desk, 1, 7, &[first_key()]);
    assert_eq!(current(&desk), Some(key.id()));
    for number in [0, 1, 3, 5, 10] {
        let opened = desk.charter.open_rotation(&entry, &device(number)).expect("it opens");
        assert_eq!(opened.key, key);
        assert_eq!(desk.charter.check_rotation(&entry, &opened.key), Ok(()));
        assert_eq!(opened.append.is_some(), number != 5, "an observer appends nothing");
        assert_eq!(opened.editors.is_some(), [0, 1, 10].contains(&number));
        if let Some(editors) = opened.editors {
            assert_eq!(desk.charter.check_editors(&entry, &key, &editors), Ok(()));
        }
    }
    assert_eq!(
        desk.charter.open_rotation(&entry, &device(77)).map(|_| ()),
        Err(RotationError::NotARecipient)
    );
}

#[test]
fn what_a_writer_opened_is_what_the_registrar_certified() {
    let mut desk = small();
    let (entry, key) = rotates(&mut desk, 1, 7, &[]);
    let rotation = last(&desk);
    for recipient in &rotation.recipients {
        let number = [0, 1, 3, 5, 10]
            .into_iter()
            .find(|n| device(*n).id() == recipient.device);
        let opened = desk
            .charter
            .open_rotation(&entry, &device(number.expect("one of them")))
            .expect("it opens");
        let keys = opened.append.map(|key| key.public());
        assert_eq!(keys, recipient.append.as_ref().map(|append| append.key));
        if let Some(append) = &recipient.append {
            assert!(is_certified(
                &rotation.registrar,
                &key.id(),
                &append.key,
                &append.certificate
            ));
            assert!(!is_certified(
                &rotation.registrar,
                &first_key().id(),
                &append.key,
                &append.certificate
            ));
        }
    }
}

#[test]
fn only_an_editor_rotates() {
    let mut desk = small();
    for number in [3, 5, 77] {
        let made = desk
            .charter
            .rotate(&device(number), &key(7), &secret(7), &[], &mut dice(1));
        assert_eq!(made, None);
    }
}

#[test]
fn a_rotation_that_leaves_somebody_out_or_takes_somebody_else_in_has_no_effect() {
    let start = small();
    let mut whole = start.clone();
    rotates(&mut whole, 1, 7, &[]);
    let rotation = last(&whole);
    let mut without = rotation.clone();
    without
        .recipients
        .retain(|recipient| recipient.device != device(3).id());
    let mut observer = rotation.clone();
    for recipient in &mut observer.recipients {
        if recipient.device == device(3).id() {
            recipient.append = None;
        }
    }
    let mut unlinked = rotation.clone();
    unlinked.previous.clear();
    let mut old = rotation.clone();
    old.epoch = first_key().id();
    for wrong in [without, observer, unlinked, old] {
        let mut desk = start.clone();
        let entry = desk.claims(1, Act::Rotated(wrong));
        assert_eq!(current(&desk), Some(first_key().id()));
        let opened = desk.charter.open_rotation(&entry, &device(0)).map(|_| ());
        assert_eq!(opened, Err(RotationError::Unknown));
    }
    // For who did not know of another device, it is whole.
    let (mut one, mut other) = (start.clone(), start.clone());
    rotates(&mut one, 1, 7, &[]);
    other.adds(0, 40, "alpha", Role::Writer);
    one.hears(&other);
    assert_eq!(current(&one), Some(key(7).id()));
}

#[test]
fn after_a_removal_nothing_is_written_before_a_rotation() {
    let mut desk = small();
    let act = desk.removed(3);
    desk.says(0, act);
    assert_eq!(current(&desk), None, "3 has the key");
    let (entry, key) = rotates(&mut desk, 1, 7, &[first_key()]);
    assert_eq!(current(&desk), Some(key.id()));
    assert_eq!(
        desk.charter.open_rotation(&entry, &device(3)).map(|_| ()),
        Err(RotationError::NotARecipient)
    );
    // What is dated back by who is out changes nothing of it.
    let heads = vec![desk.charter.id()];
    let act = desk.added(40, "alpha", Role::Writer);
    desk.claims_upon(heads, 3, act);
    assert_eq!(current(&desk), Some(key.id()));
}

#[test]
fn a_rotation_that_did_not_know_of_a_removal_is_followed_by_another() {
    let start = small();
    let (mut one, mut other) = (start.clone(), start.clone());
    rotates(&mut one, 1, 7, &[first_key()]);
    let act = other.removed(3);
    other.says(0, act);
    one.hears(&other);
    assert_eq!(current(&one), None);
    let (_, key) = rotates(&mut one, 0, 8, &[key(7)]);
    assert_eq!(current(&one), Some(key.id()));
}

#[test]
fn two_rotations_at_once_are_joined_by_the_next() {
    let start = small();
    let (mut one, mut other) = (start.clone(), start.clone());
    let (_, left) = rotates(&mut one, 0, 7, &[first_key()]);
    let (_, right) = rotates(&mut other, 10, 8, &[first_key()]);
    one.hears(&other);
    other.hears(&one);
    assert_eq!(current(&one), current(&other), "all write in the same of the two");
    assert!([left.id(), right.id()].contains(&current(&one).expect("one of the two")));
    let (entry, joined) = rotates(&mut one, 1, 9, &[left.clone(), right.clone()]);
    assert_eq!(current(&one), Some(joined.id()));
    let rotation = last(&one);
    assert_eq!(rotation.previous.len(), 2);
    for (epoch, locked) in &rotation.previous {
        let locked = locked.as_ref().expect("both keys were there");
        let opened = joined
            .unlock_previous(locked, epoch)
            .expect("who joins reads what was before");
        assert!([left.clone(), right.clone()].contains(&opened));
    }
    let epochs = one.charter.epochs();
    assert_eq!(epochs.len(), 4);
    assert_eq!(epochs[0].epoch, first_key().id());
    assert_eq!(epochs[3].entry, entry);
    assert!(epochs.iter().all(|epoch| epoch.counts && epoch.is_tight));
}

#[test]
fn a_key_that_whoever_rotates_has_not_got_is_named_and_not_locked() {
    let mut desk = small();
    rotates(&mut desk, 1, 7, &[]);
    assert_eq!(last(&desk).previous, [(first_key().id(), None)]);
}

#[test]
fn a_rotation_with_different_keys_for_different_people_is_found_by_each_of_them() {
    let start = small();
    let (mut desk, mut bad) = (start.clone(), start.clone());
    let key = rotates(&mut bad, 1, 7, &[]).1;
    let mut rotation = last(&bad);
    // 3 and 5 get what was meant for somebody else, or was changed.
    for recipient in &mut rotation.recipients {
        if [3, 5].map(|number| device(number).id()).contains(&recipient.device) {
            recipient.key[50] ^= 1;
        }
    }
    let entry = desk.claims(1, Act::Rotated(rotation));
    let mut wronged = vec![device(3).id(), device(5).id()];
    wronged.sort_unstable();
    for number in [0, 10] {
        let opened = desk
            .charter
            .open_rotation(&entry, &device(number))
            .expect("theirs is good");
        let found = desk.charter.check_rotation(&entry, &opened.key);
        assert_eq!(found, Err(RotationError::Differs(wronged.clone())));
    }
    assert_eq!(
        desk.charter.open_rotation(&entry, &device(3)).map(|_| ()),
        Err(RotationError::Wrapped(EpochError::NotForUs))
    );
    assert_eq!(
        desk.charter.check_rotation(&entry, &first_key()),
        Err(RotationError::NotItsKey)
    );
    // Who found it goes on in the epoch before.
    let good = desk.charter.current_epoch(|epoch| epoch.entry != entry);
    assert_eq!(good.map(|epoch| epoch.epoch), Some(first_key().id()));
    assert_eq!(current(&desk), Some(key.id()));
}

#[test]
fn editors_find_a_wrong_append_key_and_everybody_a_wrong_certificate() {
    let start = small();
    let mut bad = start.clone();
    let key = rotates(&mut bad, 1, 7, &[]).1;
    let rotation = last(&bad);
    let change = |change: fn(&mut komuz_seal::charter::Append)| {
        let mut rotation = rotation.clone();
        for recipient in &mut rotation.recipients {
            if recipient.device == device(3).id() {
                change(recipient.append.as_mut().expect("a writer's"));
            }
        }
        let mut desk = start.clone();
        let entry = desk.claims(1, Act::Rotated(rotation));
        (desk, entry)
    };
    let differs = Err(RotationError::Differs(vec![device(3).id()]));
    let (desk, entry) = change(|append| append.certificate.0[0] ^= 1);
    assert_eq!(desk.charter.check_rotation(&entry, &key), differs);
    let (desk, entry) = change(|append| append.secret[40] ^= 1);
    assert_eq!(
        desk.charter.check_rotation(&entry, &key),
        Ok(()),
        "only editors can tell"
    );
    assert_eq!(desk.charter.check_editors(&entry, &key, &secret(7)), differs);
    assert_eq!(
        desk.charter.check_editors(&entry, &key, &secret(8)),
        Err(RotationError::NotItsKey)
    );
    let (desk, entry) = change(|append| append.key.0[0] ^= 1);
    assert_eq!(
        desk.charter.open_rotation(&entry, &device(3)).map(|_| ()),
        Err(RotationError::OtherKey)
    );
}

#[test]
fn the_wraps_of_a_rotation_are_repeatable_and_differ_for_each() {
    let mut desks = [small(), small()];
    for desk in &mut desks {
        rotates(desk, 1, 7, &[]);
    }
    let [one, other] = desks.map(|desk| last(&desk));
    assert_eq!(one, other);
    let mut encapsulated: Vec<&[u8]> = Vec::new();
    for recipient in &one.recipients {
        encapsulated.push(&recipient.key[1..33]);
        encapsulated.extend(recipient.append.as_ref().map(|append| &append.secret[1..33]));
    }
    let count = encapsulated.len();
    encapsulated.sort_unstable();
    encapsulated.dedup();
    assert_eq!(encapsulated.len(), count);
}

#[test]
fn the_editors_secret_is_handed_to_one_device_that_is_in_and_nothing_else_passes_for_it() {
    let mut desk = small();
    let (_, key) = rotates(&mut desk, 1, 7, &[]);
    let (charter, epoch, later) = (&desk.charter, key.id(), device(3));
    let handed = charter.hand_editors(&epoch, &secret(7), &later.id());
    let handed = handed.expect("the device is in");
    assert_eq!(charter.open_editors(&epoch, &handed, &later), Some(secret(7)));
    // Another secret, another epoch, a device that was never in.
    assert_eq!(charter.hand_editors(&epoch, &secret(8), &later.id()), None);
    assert_eq!(charter.hand_editors(&first_key().id(), &secret(7), &later.id()), None);
    assert_eq!(charter.hand_editors(&epoch, &secret(7), &device(77).id()), None);
    // Nobody else opens it, nor does anybody open it as another epoch's, cut off, or altered.
    assert_eq!(charter.open_editors(&epoch, &handed, &device(5)), None);
    assert_eq!(charter.open_editors(&first_key().id(), &handed, &later), None);
    for end in 0..handed.len() {
        assert_eq!(charter.open_editors(&epoch, &handed[..end], &later), None);
        let mut altered = handed.clone();
        altered[end] ^= 1;
        assert_eq!(charter.open_editors(&epoch, &altered, &later), None, "byte {end}");
    }
}
