//! How long it takes: `cargo test -p komuz-seal --test speed --release -- --ignored --nocapture`.

#[path = "common/dice.rs"]
mod dice;
#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "common/house.rs"]
mod house;

use std::time::Instant;

use house::*;
use komuz_seal::bytes::{EnvelopeId, PublicKey};
use komuz_seal::charter::{Charter, Fate, Role, Written, entry_id};

/// 300 entries by two desks that do not know each other's, half of them removals, lesser roles and devices.
fn entries() -> Vec<Vec<u8>> {
    let mut left = Desk::house();
    let mut right = left.clone();
    let mut number = 100u8;
    while left.said.len() + right.said.len() < 311 {
        for (desk, by, outlet) in [(&mut left, 1, "alpha"), (&mut right, 10, "beta")] {
            desk.adds(by, number, outlet, Role::Writer);
            let act = match number % 10 {
                0 | 1 | 5 => desk.removed_at(number, cut(number, 3)),
                2 | 3 | 6 => desk.role_changed(number, Role::Reviewer),
                _ => desk.device_added(number, number.wrapping_add(50) ^ 1),
            };
            if let Some((_, bytes)) = desk.charter.act(&device(by), act) {
                desk.said.push(bytes);
            }
            number = number.wrapping_add(1);
            if number == 0 {
                number = 70;
            }
        }
        if number < 100 && number > 95 {
            break;
        }
    }
    left.hears(&right);
    left.said
}

#[test]
#[ignore = "measures"]
fn ten_thousand_fates() {
    let entries = entries();
    let begun = Instant::now();
    let mut charter = Charter::expecting(entry_id(&entries[0]));
    for bytes in &entries {
        charter.insert(bytes).expect("an entry");
    }
    println!("{} entries taken in {:?}", entries.len(), begun.elapsed());
    let devices: Vec<PublicKey> = (100..150).map(|number| device(number).id()).collect();
    let heads: Vec<_> = entries.iter().map(|bytes| [entry_id(bytes)]).collect();
    let both = charter.heads(&devices[0]);
    let (doc, session) = (body(), session(100));
    let begun = Instant::now();
    let mut counting = 0;
    for turn in 0..10_000usize {
        let one = &heads[turn * 7 % heads.len()][..];
        let written = Written {
            log: &LOG,
            doc: &doc,
            device: &devices[turn % devices.len()],
            session,
            counter: 3,
            id: &EnvelopeId([3; 32]),
            heads: if turn % 2 == 0 { &both } else { one },
        };
        counting += usize::from(matches!(charter.fate(&written), Fate::Counts { .. }));
    }
    println!("10000 fates in {:?}, {counting} count", begun.elapsed());
    let begun = Instant::now();
    for turn in 0..1000usize {
        charter.standing(&both, &devices[turn % devices.len()]);
    }
    println!("1000 standings by two heads in {:?}", begun.elapsed());
}
