//! A new key for everybody: what it costs who makes it and who gets it.

use komuz_sync::seal::bytes::PublicKey;
use komuz_sync::seal::charter::{Admitted, Charter, Founder, MemberCard, OutletCard, Role, consent};
use komuz_sync::seal::device::Device;
use komuz_sync::seal::editors::EditorsSecret;
use komuz_sync::seal::epoch::EpochKey;

use crate::Result;
use crate::measured::{By, Figures, repeat};
use crate::replicas::entropy;

/// How often each is done.
const ROUNDS: usize = 20;

/// Measures a rotation for so many devices.
pub fn measure(devices: usize) -> Result {
    let editor = Device::new(&mut entropy);
    let outlet = OutletCard {
        id: "alpha".to_owned(),
        name: "Alpha".to_owned(),
        domain: "alpha.example".to_owned(),
        release_keys: vec![PublicKey([1; 32]), PublicKey([2; 32])],
        freshness: None,
    };
    let founder = Founder {
        title: "Samaragate".to_owned(),
        outlet,
        name: "Ada".to_owned(),
    };
    let first = EpochKey::new(&mut entropy);
    let (mut charter, _) = Charter::found(founder, &editor, &first, &mut entropy);
    let mut writer = None;
    for number in 1..devices {
        let device = Device::new(&mut entropy);
        let member = MemberCard {
            id: random::<16>().into(),
            name: format!("Writer {number}"),
            outlet: "alpha".to_owned(),
            role: Role::Writer,
        };
        let invite = random::<16>().into();
        let consent = consent(&device, &charter.id(), &invite, &member, None);
        let admitted = Admitted {
            member,
            device: device.card(),
            invite,
            consent,
        };
        charter.admit(&editor, None, admitted).ok_or("a writer is let in")?;
        writer = Some(device);
    }
    let writer = writer.ok_or("at least two devices")?;
    let figures = Figures::of("rotation", format!("{devices} devices"));
    let (key, editors) = (EpochKey::new(&mut entropy), EditorsSecret::new(&mut entropy));
    let mut made = None;
    let times = repeat(ROUNDS, || {
        let mut charter = charter.clone();
        let entry = charter
            .rotate(&editor, &key, &editors, std::slice::from_ref(&first), &mut entropy)
            .ok_or("an editor makes a new key")?;
        made = Some((charter, entry));
        Ok(())
    })?;
    figures.times("a new key, made", By::Komuz, times);
    let (charter, (entry, bytes)) = made.ok_or("it was made")?;
    figures.amount("the entry", By::Komuz, bytes.len() as f64, "bytes");
    let opened = repeat(ROUNDS, || Ok(charter.open_rotation(&entry, &writer)?))?;
    figures.times("opened by a device", By::Komuz, opened);
    let checked = repeat(ROUNDS, || Ok(charter.check_rotation(&entry, &key)?))?;
    figures.times("checked that all got the same", By::Komuz, checked);
    Ok(())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    entropy(&mut bytes);
    bytes
}
