//! Random histories of several desks that lag behind each other, act with right and without, and date back: in whatever order
//! the entries come, everybody comes to one result, also of what was written.

#[path = "common/dice.rs"]
mod dice;
#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "common/house.rs"]
mod house;

use dice::dice;
use house::*;
use komuz_seal::bytes::Digest;
use komuz_seal::charter::{Act, Charter, Cuts, Entry, Role, Written, entry_id};
use komuz_seal::doc::DocId;
use komuz_seal::editors::EditorsSecret;
use komuz_seal::epoch::EpochKey;
use proptest::prelude::*;

/// What somebody does next: who, what, to whom, and how far behind their desk is.
type Choice = (u8, u8, u8, u8);

/// People of the house, and numbers that nobody has had.
const PEOPLE: [u8; 13] = [0, 1, 2, 3, 4, 10, 11, 13, 20, 30, 60, 61, 90];

fn role(number: u8) -> Role {
    [
        Role::Observer,
        Role::Trainee,
        Role::Reviewer,
        Role::Writer,
        Role::Editor,
    ][usize::from(number) % 5]
}

fn act(desk: &Desk, author: u8, what: u8, whom: u8, fresh: u8) -> Act {
    // Mostly somebody of the own outlet who ranks below, sometimes oneself.
    let own = PEOPLE.iter().position(|number| *number == author).unwrap_or_default();
    let target = PEOPLE[(own + usize::from(whom) % 4) % PEOPLE.len()];
    let outlet = ["alpha", "beta", "gamma", "delta"][usize::from(whom) % 4];
    match what % 12 {
        0 => desk.added(fresh, outlet, role(whom / 4)),
        1 => desk.joined(fresh, "epsilon"),
        2 | 3 => desk.removed_at(target, cut(target, u64::from(whom % 5) + 1)),
        4 | 5 => desk.role_changed(target, role(whom / 4)),
        6 => desk.device_added(author, 60 + whom % 2),
        7 => Act::DeviceRemoved {
            device: device(target).id(),
            cuts: Cuts::none(),
        },
        8 => expelled(outlet),
        10 => Act::Parted {
            outlet: outlet.into(),
            cuts: Cuts::none(),
        },
        _ => Act::Extended {
            cuts: cut(target, u64::from(whom % 7) + 1),
        },
    }
}

/// All entries of a history, in an order in which they can be taken at once.
fn history(choices: &[Choice]) -> Vec<Vec<u8>> {
    let mut all = Desk::house();
    let begun = all.said.len();
    // Everybody's desk; they catch up with what is a few entries old.
    let mut desks: Vec<Desk> = PEOPLE.iter().map(|_| all.clone()).collect();
    for (step, (who, what, whom, lag)) in choices.iter().enumerate() {
        let place = usize::from(*who) % PEOPLE.len();
        let author = PEOPLE[place];
        let known = all.said.len().saturating_sub(usize::from(*lag) % 6).max(begun);
        let old = Desk {
            charter: all.charter.clone(),
            said: all.said[..known].to_vec(),
        };
        desks[place].hears(&old);
        let desk = &mut desks[place];
        if *what >= 248 {
            // A rotation costs time: a few.
            let key = EpochKey::new(&mut dice(step as u64));
            let secret = EditorsSecret::new(&mut dice(step as u64));
            if let Some((_, bytes)) = desk.charter.rotate(&device(author), &key, &secret, &[], &mut dice(1)) {
                desk.said.push(bytes.clone());
                all.charter.insert(&bytes).expect("an entry");
                all.said.push(bytes);
            }
            continue;
        }
        if what % 12 == 9 {
            // All that may say so agree, one after the other, on one desk.
            let outlet = ["alpha", "beta", "gamma", "delta"][usize::from(*whom) % 4];
            for voter in [0, 10, 20, 30] {
                desk.claims(voter, expelled(outlet));
            }
            all.hears(desk);
            continue;
        }
        let act = act(desk, author, *what, *whom, 100 + step as u8);
        let heads = if *lag > 200 {
            // Dated back: upon one entry of long ago.
            vec![entry_id(&desk.said[usize::from(*whom) % desk.said.len()])]
        } else {
            desk.heads(author)
        };
        desk.claims_upon(heads, author, act);
        all.hears(desk);
    }
    all.said
}

fn fates(charter: &Charter, entries: &[Vec<u8>]) -> Vec<String> {
    let ids: Vec<Digest> = entries.iter().map(|bytes| entry_id(bytes)).collect();
    let mut fates = Vec::new();
    for number in PEOPLE {
        let me = device(number).id();
        let all = charter.heads(&me);
        let heads = ids.iter().rev().take(6).map(|id| vec![*id]).chain([all]);
        for heads in heads {
            for (doc, counter) in [(body(), 3), (notes(), 6), (DocId::Registers, 1)] {
                let written = Written {
                    log: &LOG,
                    doc: &doc,
                    device: &me,
                    session: session(number),
                    counter,
                    id: &envelope(counter),
                    heads: &heads,
                };
                fates.push(format!("{number} {counter} {:?}", charter.fate(&written)));
            }
        }
    }
    fates
}

fn shuffled(entries: &[Vec<u8>], seed: u64) -> Vec<Vec<u8>> {
    // Everything twice.
    let mut shuffled: Vec<Vec<u8>> = entries.iter().chain(entries).cloned().collect();
    let mut fill = dice(seed);
    for place in (1..shuffled.len()).rev() {
        let mut random = [0; 8];
        fill(&mut random);
        shuffled.swap(place, (u64::from_le_bytes(random) % (place as u64 + 1)) as usize);
    }
    shuffled
}

fn taken(id: Digest, entries: &[Vec<u8>]) -> Charter {
    let mut charter = Charter::expecting(id);
    for bytes in entries {
        charter.insert(bytes).expect("a good entry");
    }
    charter
}

fn same(one: &Charter, other: &Charter) -> Result<(), TestCaseError> {
    prop_assert_eq!(one.members(), other.members());
    prop_assert_eq!(one.outlets(), other.outlets());
    prop_assert_eq!(one.devices(), other.devices());
    prop_assert_eq!(one.epochs(), other.epochs());
    prop_assert_eq!(one.current_epoch(|_| true), other.current_epoch(|_| true));
    for number in PEOPLE {
        let device = device(number).id();
        prop_assert_eq!(one.member_of(&device), other.member_of(&device));
        prop_assert_eq!(one.heads(&device), other.heads(&device));
    }
    Ok(())
}

fn choices(most: usize) -> impl Strategy<Value = Vec<Choice>> {
    proptest::collection::vec(any::<Choice>(), 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_order_gives_the_same(choices in choices(24), order in any::<u64>()) {
        let entries = history(&choices);
        let id = entry_id(&entries[0]);
        let straight = taken(id, &entries);
        let other = taken(id, &shuffled(&entries, order));
        same(&straight, &other)?;
        prop_assert_eq!(fates(&straight, &entries), fates(&other, &entries));
    }

    /// Who knows a part of it (all that the part builds on) sees in all of it, by what that part's writers knew, what
    /// they saw.
    #[test]
    fn what_was_known_then_is_judged_by_that_alone(choices in choices(16), part in any::<proptest::sample::Index>()) {
        let entries = history(&choices);
        let id = entry_id(&entries[0]);
        let part = taken(id, &entries[..=part.index(entries.len())]);
        let all = taken(id, &entries);
        for number in PEOPLE {
            let device = device(number).id();
            let heads = part.heads(&device);
            prop_assert_eq!(part.standing(&heads, &device), all.standing(&heads, &device));
        }
    }

    /// Of whose writing the fate has changed when entries came, it was contested before or is now.
    #[test]
    fn only_the_writing_of_contested_devices_has_another_fate_than_before(
        choices in choices(24), part in any::<proptest::sample::Index>(),
    ) {
        let entries = history(&choices);
        let id = entry_id(&entries[0]);
        let known = &entries[..=part.index(entries.len())];
        let before = taken(id, known);
        let after = taken(id, &entries);
        for number in PEOPLE {
            let me = device(number).id();
            if before.contested().contains(&me) || after.contested().contains(&me) {
                continue;
            }
            for heads in known.iter().map(|bytes| vec![entry_id(bytes)]) {
                for doc in [body(), notes(), DocId::Registers] {
                    let written = Written {
                        log: &LOG,
                        doc: &doc,
                        device: &me,
                        session: session(number),
                        counter: 3,
                        id: &envelope(3),
                        heads: &heads,
                    };
                    prop_assert_eq!(before.fate(&written), after.fate(&written));
                }
            }
        }
    }

    /// Nobody without a right changes anything by what they say, wherever they say it.
    #[test]
    fn what_is_said_without_right_changes_nothing(
        choices in choices(12), what in any::<u8>(), whom in any::<u8>(), on in any::<proptest::sample::Index>(),
    ) {
        let entries = history(&choices);
        let id = entry_id(&entries[0]);
        let before = taken(id, &entries);
        let desk = Desk { charter: before.clone(), said: entries.clone() };
        // 90 was never let in.
        let act = act(&desk, 90, what, whom, 99);
        let author = device(90);
        let entry = Entry { charter: Some(id), heads: vec![entry_id(&entries[on.index(entries.len())])], author: author.id(), act };
        let mut after = before.clone();
        after.insert(&entry.sign(&author)).expect("an entry");
        same(&before, &after)?;
        prop_assert_eq!(fates(&before, &entries), fates(&after, &entries));
    }
}
