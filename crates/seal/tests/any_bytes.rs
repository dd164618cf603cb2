//! Whatever bytes come, every parser answers; and bytes that it takes are the only ones that say what they say.

#[path = "common/dice.rs"]
mod dice;

use dice::dice;
use komuz_seal::blob::Blob;
use komuz_seal::bytes::{Digest, MemberId, PublicKey};
use komuz_seal::charter::{Charter, Entry, Founder, OutletCard, Role};
use komuz_seal::derive::LogKeys;
use komuz_seal::device::Device;
use komuz_seal::doc::DocId;
use komuz_seal::envelope::Statement;
use komuz_seal::epoch::EpochKey;
use komuz_seal::invite::{DoorMessage, Invite, Terms};
use komuz_seal::presence::Presence;
use komuz_seal::snapshot::{Announcement, Snapshot};
use komuz_seal::{backup, cbor::Reader};
use proptest::prelude::*;

fn invite() -> Invite {
    invite_for(None)
}

fn invite_for(member: Option<(MemberId, String)>) -> Invite {
    let terms = Terms {
        charter: Digest([1; 32]),
        inviter: PublicKey([2; 32]),
        relay: "https://desk.alpha.example".into(),
        outlet: Some("alpha".into()),
        outlet_name: "Alpha".into(),
        role: Role::Writer,
        title: "Samaragate".into(),
        member,
    };
    Invite::new(terms, 0, &mut dice(1))
}

fn entry() -> Vec<u8> {
    let release_keys = vec![PublicKey([1; 32]), PublicKey([2; 32])];
    let outlet = OutletCard {
        id: "alpha".into(),
        name: "Alpha".into(),
        domain: "alpha.example".into(),
        release_keys,
        freshness: Some(PublicKey([3; 32])),
    };
    let founder = Founder {
        title: "Samaragate".into(),
        outlet,
        name: "Ada".into(),
    };
    Charter::found(
        founder,
        &Device::new(&mut dice(2)),
        &EpochKey::new(&mut dice(3)),
        &mut dice(4),
    )
    .1
}

fn blob() -> Blob {
    let keys = LogKeys::of_document(&EpochKey::from_secret([1; 32]), &DocId::Blobs);
    Blob::seal(b"a picture", &keys).expect("small enough").0
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1200), text in ".{0,300}") {
        let keys = LogKeys::of_document(&EpochKey::from_secret([1; 32]), &DocId::Registers);
        let device = Device::from_secret(&[3; 64]);
        let mut bytes = bytes;
        for _ in 0..2 {
            prop_assert!(Statement::open(&bytes, &keys).is_err());
            prop_assert!(Presence::open(&bytes, &keys).is_none());
            prop_assert!(Entry::open(&bytes).is_err());
            let _ = Entry::from_body(&bytes);
            prop_assert!(Blob::read(&bytes).is_err());
            prop_assert!(blob().open(0, &bytes, &keys).is_err());
            prop_assert!(DoorMessage::open(&bytes, &invite()).is_err());
            prop_assert!(EpochKey::unwrap(&bytes, &Digest([1; 32]), &device).is_err());
            prop_assert!(backup::open(&bytes, "passphrase").is_err());
            let _ = Invite::from_bytes(&bytes);
            let _ = Snapshot::from_bytes(&bytes);
            let _ = Announcement::from_bytes(&bytes);
            let _ = DocId::read(&mut Reader::bare(&bytes));
            // Once more with the version that is spoken.
            if let Some(version) = bytes.first_mut() {
                *version = 1;
            }
        }
        let _ = Invite::from_text(&text);
    }

    /// A change anywhere in an invitation gives another invitation or none: two texts never say the same.
    #[test]
    fn an_invitation_has_one_form(of_device in any::<bool>(), place in any::<proptest::sample::Index>(), to in any::<u8>()) {
        let invite = invite_for(of_device.then(|| (MemberId([4; 16]), "Ada".to_owned())));
        let good = invite.to_bytes().to_vec();
        let mut changed = good.clone();
        let place = place.index(good.len());
        changed[place] = to;
        if let Ok(read) = Invite::from_bytes(&changed) {
            prop_assert_eq!(read.to_bytes().to_vec(), changed.clone());
            prop_assert_eq!(read == invite, changed == good);
        }
    }

    /// Nobody but its author changes an entry of the charter.
    #[test]
    fn a_changed_entry_is_no_entry(place in any::<proptest::sample::Index>(), bit in 0u8..8) {
        let mut bytes = entry();
        prop_assert!(Entry::open(&bytes).is_ok());
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(Entry::open(&bytes).is_err());
    }
}

#[test]
fn presence_is_of_one_device_and_log() {
    let epoch = EpochKey::from_secret([1; 32]);
    let keys = LogKeys::of_document(&epoch, &DocId::Registers);
    let device = Device::from_secret(&[3; 64]);
    let presence = Presence {
        device: device.id(),
        start: [4; 16].into(),
        number: 7,
        bytes: b"here".to_vec(),
    };
    let sealed = presence.seal(&device, &keys, &mut dice(5)).expect("short enough");
    assert_eq!(Presence::open(&sealed, &keys), Some(presence.clone()));
    assert_eq!(
        Presence::open(&sealed, &LogKeys::of_document(&epoch, &DocId::Files)),
        None
    );
    let forged = presence
        .seal(&Device::from_secret(&[9; 64]), &keys, &mut dice(5))
        .expect("short enough");
    assert_eq!(
        Presence::open(&forged, &keys),
        None,
        "signed by another device than it names"
    );
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert_eq!(Presence::open(&changed, &keys), None, "byte {place}");
    }
    let long = Presence {
        bytes: vec![0; 3000],
        ..presence
    };
    assert_eq!(long.seal(&device, &keys, &mut dice(5)), None);
}
