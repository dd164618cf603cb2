//! The charter: who gets in, who does not, and that everybody comes to the same result.

#[path = "common/dice.rs"]
mod dice;
#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "common/house.rs"]
mod house;

use dice::dice;
use house::{device, founded, member, outlet};
use komuz_seal::bytes::{Digest, InviteId, PublicKey};
use komuz_seal::cbor::Writer;
use komuz_seal::charter::{
    Act, Admitted, Charter, Entry, EntryError, Founder, Inserted, LAST_ACT, MAX_ENTRY, MAX_HEADS, MAX_WAITING_BYTES,
    MemberCard, OutletCard, Role, consent, entry_id,
};
use komuz_seal::doc::DocId;
use komuz_seal::epoch::EpochKey;
use proptest::prelude::*;

/// Somebody with their consent, invited by an invitation of their own number.
fn admitted(charter: &Charter, number: u8, member: MemberCard, outlet: Option<&OutletCard>) -> Admitted {
    house::admitted(&charter.id(), number, member, outlet)
}

/// An entry, with right or without.
fn entry(charter: &Charter, author: u8, act: Act) -> Vec<u8> {
    let author = device(author);
    Entry {
        charter: Some(charter.id()),
        heads: charter.heads(&author.id()),
        author: author.id(),
        act,
    }
    .sign(&author)
}

/// What Ada would build on.
fn heads(charter: &Charter) -> Vec<Digest> {
    charter.heads(&device(0).id())
}

fn names(charter: &Charter) -> Vec<String> {
    charter
        .members()
        .into_iter()
        .map(|member| member.name.clone())
        .collect()
}

/// A charter with Ada (alpha), member 1 (beta's first editor) and member 2 (a writer of alpha).
fn three() -> (Charter, Vec<Vec<u8>>) {
    let (mut charter, founding) = founded();
    let beta = outlet("beta");
    let one = admitted(&charter, 1, member(1, "beta", Role::Editor), Some(&beta));
    let (_, first) = charter
        .admit(&device(0), Some(&beta), one)
        .expect("an editor brings an outlet in");
    let two = admitted(&charter, 2, member(2, "alpha", Role::Writer), None);
    let (_, second) = charter
        .admit(&device(0), None, two)
        .expect("an editor lets a writer in");
    (charter, vec![founding, first, second])
}

#[test]
fn the_founder_is_an_editor_and_brings_an_outlet_and_a_writer_in() {
    let (charter, entries) = three();
    assert_eq!(charter.title(), "Samaragate");
    assert_eq!(charter.epoch(), Some(EpochKey::new(&mut dice(1)).id()));
    assert_eq!(names(&charter), ["Ada", "Member 1", "Member 2"]);
    assert_eq!(charter.outlets(), [&outlet("alpha"), &outlet("beta")]);
    assert_eq!(
        charter.member_of(&device(1).id()).map(|member| member.role),
        Some(Role::Editor)
    );
    assert_eq!(charter.admission_of(&device(1).id()), Some(entry_id(&entries[1])));
    assert!(charter.has_used(&InviteId([1; 16])));
}

#[test]
fn somebody_is_a_member_from_their_entry_on_and_not_before() {
    let (charter, entries) = three();
    let founding = [entry_id(&entries[0])];
    assert_eq!(charter.standing(&founding, &device(1).id()), None);
    assert!(charter.standing(&founding, &device(0).id()).is_some());
    assert!(charter.standing(&heads(&charter), &device(1).id()).is_some());
    assert_eq!(charter.standing(&[], &device(0).id()), None);
}

/// Takes an act of `author` into the charter; it must change nothing.
fn without_effect(act: impl FnOnce(&Charter) -> Act, author: u8) {
    let (mut charter, _) = three();
    let (members, heads) = (names(&charter), heads(&charter));
    let bytes = entry(&charter, author, act(&charter));
    assert_eq!(charter.insert(&bytes), Ok(Inserted::Added));
    assert_eq!(names(&charter), members);
    assert_eq!(self::heads(&charter), heads, "nobody builds on it");
}

#[test]
fn a_writer_lets_nobody_in() {
    without_effect(
        |charter| Act::MemberAdded {
            admitted: admitted(charter, 9, member(9, "alpha", Role::Writer), None),
        },
        2,
    );
}

#[test]
fn a_stranger_lets_nobody_in() {
    without_effect(
        |charter| Act::MemberAdded {
            admitted: admitted(charter, 9, member(9, "alpha", Role::Writer), None),
        },
        8,
    );
}

#[test]
fn an_editor_lets_nobody_into_another_outlet() {
    without_effect(
        |charter| Act::MemberAdded {
            admitted: admitted(charter, 9, member(9, "beta", Role::Writer), None),
        },
        0,
    );
}

#[test]
fn an_outlet_of_a_known_id_does_not_join_again() {
    without_effect(
        |charter| {
            let fake = OutletCard {
                release_keys: vec![PublicKey([9; 32]), PublicKey([8; 32])],
                ..outlet("beta")
            };
            let admitted = admitted(charter, 9, member(9, "beta", Role::Editor), Some(&fake));
            Act::OutletJoined { outlet: fake, admitted }
        },
        0,
    );
}

#[test]
fn an_outlet_needs_two_release_keys() {
    without_effect(
        |charter| {
            let poor = OutletCard {
                release_keys: vec![PublicKey([9; 32])],
                ..outlet("gamma")
            };
            let admitted = admitted(charter, 9, member(9, "gamma", Role::Editor), Some(&poor));
            Act::OutletJoined { outlet: poor, admitted }
        },
        0,
    );
}

#[test]
fn a_servers_key_is_none_of_the_release_keys() {
    without_effect(
        |charter| {
            let mixed = OutletCard {
                freshness: Some(PublicKey([2; 32])),
                ..outlet("gamma")
            };
            let admitted = admitted(charter, 9, member(9, "gamma", Role::Editor), Some(&mixed));
            Act::OutletJoined {
                outlet: mixed,
                admitted,
            }
        },
        0,
    );
}

#[test]
fn an_outlet_joins_with_the_key_of_its_server() {
    let (mut charter, _) = founded();
    let card = OutletCard {
        freshness: Some(PublicKey([7; 32])),
        ..outlet("gamma")
    };
    let admitted = admitted(&charter, 9, member(9, "gamma", Role::Editor), Some(&card));
    charter.admit(&device(0), Some(&card), admitted).expect("it counts");
    assert_eq!(charter.outlets(), [&outlet("alpha"), &card]);
}

#[test]
fn an_invitation_is_used_once() {
    without_effect(
        |charter| {
            let member = member(9, "alpha", Role::Writer);
            let (device, invite) = (device(9), InviteId([2; 16]));
            let consent = consent(&device, &charter.id(), &invite, &member, None);
            Act::MemberAdded {
                admitted: Admitted {
                    member,
                    device: device.card(),
                    invite,
                    consent,
                },
            }
        },
        0,
    );
}

#[test]
fn nobody_is_let_in_under_a_name_that_they_did_not_sign() {
    without_effect(
        |charter| {
            let mut admitted = admitted(charter, 9, member(9, "alpha", Role::Writer), None);
            admitted.member.name = "Somebody else".into();
            Act::MemberAdded { admitted }
        },
        0,
    );
}

#[test]
fn nobody_founds_twice() {
    let (mut charter, _) = three();
    let (_, other) = {
        let founder = Founder {
            title: "Mine".into(),
            outlet: outlet("mine"),
            name: "Eve".into(),
        };
        Charter::found(founder, &device(9), &EpochKey::new(&mut dice(3)), &mut dice(4))
    };
    assert_eq!(charter.insert(&other), Err(EntryError::OtherCharter));
}

#[test]
fn an_entry_of_another_investigation() {
    let (mut charter, _) = three();
    let author = device(0);
    let act = Act::MemberAdded {
        admitted: admitted(&charter, 9, member(9, "alpha", Role::Writer), None),
    };
    let heads = heads(&charter);
    let bytes = Entry {
        charter: Some(Digest([9; 32])),
        heads,
        author: author.id(),
        act,
    }
    .sign(&author);
    assert_eq!(charter.insert(&bytes), Err(EntryError::OtherCharter));
}

#[test]
fn replayed() {
    let (mut charter, entries) = three();
    assert_eq!(charter.insert(&entries[1]), Ok(Inserted::Known));
}

#[test]
fn truncated_changed_and_of_a_future_version() {
    let (mut charter, entries) = three();
    for end in 0..entries[1].len() {
        assert!(charter.insert(&entries[1][..end]).is_err(), "cut at {end}");
    }
    for place in 0..entries[1].len() {
        let mut changed = entries[1].clone();
        changed[place] ^= 1;
        assert!(charter.insert(&changed).is_err(), "byte {place}");
    }
    let mut future = entries[1].clone();
    future[0] = 2;
    assert_eq!(charter.insert(&future), Err(EntryError::Version(2)));
    let mut longer = entries[1].clone();
    longer.push(0);
    assert!(matches!(charter.insert(&longer), Err(EntryError::Malformed(_))));
}

#[test]
fn signed_by_another_device() {
    let (charter, _) = three();
    let act = Act::MemberAdded {
        admitted: admitted(&charter, 9, member(9, "alpha", Role::Writer), None),
    };
    let forged = Entry {
        charter: Some(charter.id()),
        heads: heads(&charter),
        author: device(0).id(),
        act,
    }
    .sign(&device(9));
    assert_eq!(Entry::open(&forged).map(|_| ()), Err(EntryError::Signature));
}

#[test]
fn what_a_later_version_says_is_kept_and_noticed() {
    let (mut charter, _) = three();
    assert!(!charter.needs_update());
    let content = Writer::bare().text("something, some day").finish();
    let kind = LAST_ACT + 1;
    let bytes = entry(&charter, 0, Act::Later { kind, content });
    assert_eq!(charter.insert(&bytes), Ok(Inserted::Added));
    assert!(charter.needs_update());
}

#[test]
fn an_entry_may_be_as_long_as_a_rotation_for_thousands_of_devices() {
    let (mut charter, _) = three();
    let content = vec![7; 80 * 3000];
    let bytes = entry(&charter, 0, Act::Later { kind: 99, content });
    assert_eq!(charter.insert(&bytes), Ok(Inserted::Added));
    let content = vec![7; MAX_ENTRY];
    let bytes = entry(&charter, 0, Act::Later { kind: 99, content });
    assert!(matches!(charter.insert(&bytes), Err(EntryError::Malformed(_))));
}

#[test]
fn entries_that_wait_for_others_take_little_room() {
    let (mut charter, _) = three();
    let author = device(0);
    let kept = (0..100).take_while(|number| {
        let entry = Entry {
            charter: Some(charter.id()),
            heads: vec![Digest([9; 32])],
            author: author.id(),
            act: Act::Later {
                kind: 99 + number,
                content: vec![7; 200 << 10],
            },
        };
        charter.insert(&entry.sign(&author)) == Ok(Inserted::Waiting)
    });
    assert_eq!(kept.count(), MAX_WAITING_BYTES / (200 << 10));
}

#[test]
fn who_knew_what_a_later_version_has_said_is_not_judged_by_this_one() {
    let (mut charter, _) = three();
    let before = heads(&charter);
    let content = b"some day".to_vec();
    let bytes = entry(&charter, 0, Act::Later { kind: 99, content });
    charter.insert(&bytes).expect("an entry");
    assert!(charter.goes_beyond(&[entry_id(&bytes)]));
    assert!(!charter.goes_beyond(&before), "who did not know it is judged as ever");
}

#[test]
fn of_more_heads_than_can_be_named_the_one_that_lets_the_author_in_is_named() {
    let (charter, _) = three();
    // Forty people come in at once, each by an entry that knows of no other.
    let entries: Vec<Vec<u8>> = (10..50)
        .map(|number| {
            let admitted = admitted(&charter, number, member(number, "alpha", Role::Writer), None);
            entry(&charter, 0, Act::MemberAdded { admitted })
        })
        .collect();
    let mut all = charter.clone();
    for bytes in &entries {
        all.insert(bytes).expect("an entry");
    }
    for number in 10..50 {
        let author = device(number).id();
        let heads = all.heads(&author);
        assert_eq!(heads.len(), MAX_HEADS);
        assert!(all.standing(&heads, &author).is_some(), "member {number} may write");
    }
}

/// Two editors of alpha let two different people in by one invitation, at the same time.
fn twice_by_one_invitation() -> (Charter, [Vec<u8>; 2]) {
    let (mut charter, _) = founded();
    let second = admitted(&charter, 3, member(3, "alpha", Role::Editor), None);
    charter.admit(&device(0), None, second).expect("another editor");
    let invite = InviteId([77; 16]);
    let entries = [(0, 20), (3, 21)].map(|(author, number)| {
        let member = member(number, "alpha", Role::Editor);
        let consent = consent(&device(number), &charter.id(), &invite, &member, None);
        let admitted = Admitted {
            member,
            device: device(number).card(),
            invite,
            consent,
        };
        entry(&charter, author, Act::MemberAdded { admitted })
    });
    (charter, entries)
}

#[test]
fn of_two_concurrent_uses_of_an_invitation_everybody_counts_the_same_one() {
    let (charter, [one, other]) = twice_by_one_invitation();
    let (mut left, mut right) = (charter.clone(), charter);
    for bytes in [&one, &other] {
        left.insert(bytes).expect("an entry");
    }
    for bytes in [&other, &one] {
        right.insert(bytes).expect("an entry");
    }
    assert_eq!(names(&left), names(&right));
    assert_eq!(names(&left).len(), 3, "one of the two is in");
    assert_eq!(heads(&left), heads(&right));
    let is_in = |number: u8| left.member_of(&device(number).id()).is_some();
    assert_ne!(is_in(20), is_in(21));
    let (loser, its_entry) = if is_in(20) { (21, &other) } else { (20, &one) };
    // What the loser wrote while nobody knew of the other stands; with both known it does not.
    assert!(left.standing(&[entry_id(its_entry)], &device(loser).id()).is_some());
    assert!(left.standing(&heads(&left), &device(loser).id()).is_none());
    // Nor does the loser let anybody in from then on.
    let late = admitted(&left, 30, member(30, "alpha", Role::Writer), None);
    let bytes = entry(&left, loser, Act::MemberAdded { admitted: late });
    left.insert(&bytes).expect("an entry");
    assert_eq!(names(&left), names(&right));
}

#[test]
fn rights_of_roles() {
    let body = DocId::Body {
        story: "s".into(),
        lang: "ky".into(),
    };
    let notes = DocId::Notes {
        story: "s".into(),
        lang: "ky".into(),
    };
    let sign_offs = DocId::SignOffs {
        story: "s".into(),
        lang: "ky".into(),
    };
    let may = |role: Role| {
        [
            &DocId::Registers,
            &body,
            &DocId::Files,
            &notes,
            &sign_offs,
            &DocId::Charter,
        ]
        .map(|doc| role.may_write(doc))
    };
    assert_eq!(may(Role::Editor), [true, true, true, true, true, true]);
    assert_eq!(may(Role::Writer), [true, true, true, true, false, false]);
    assert_eq!(may(Role::Reviewer), [false, false, false, true, false, false]);
    assert_eq!(may(Role::Trainee), [false, false, false, true, false, false]);
    assert_eq!(may(Role::Observer), [false; 6]);
}

/// Several editors act on charters that lag behind each other, some of it without right: all entries in the end.
fn history(choices: &[(u8, u8, u8)]) -> (Digest, Vec<Vec<u8>>) {
    let (charter, founding) = founded();
    let mut all = vec![founding];
    // Each editor's own view; 0 is Ada.
    let mut views: Vec<(u8, Charter)> = vec![(0, charter.clone())];
    for (step, (who, what, lag)) in choices.iter().enumerate() {
        let number = 10 + step as u8;
        let place = usize::from(*who) % views.len();
        // Catch up with a part of what there is, in order.
        let known = all.len().saturating_sub(usize::from(*lag) % 4);
        for bytes in &all[..known] {
            let _ = views[place].1.insert(bytes);
        }
        let (author, view) = &views[place];
        let author_outlet = view
            .member_of(&device(*author).id())
            .map_or("alpha".to_owned(), |m| m.outlet.clone());
        let act = match what % 5 {
            0 => {
                let card = outlet(&format!("outlet-{number}"));
                let admitted = admitted(view, number, member(number, &card.id, Role::Editor), Some(&card));
                Act::OutletJoined { outlet: card, admitted }
            }
            1 | 2 => {
                let admitted = admitted(view, number, member(number, &author_outlet, Role::Editor), None);
                Act::MemberAdded { admitted }
            }
            3 => Act::MemberAdded {
                admitted: admitted(view, number, member(number, "nowhere", Role::Writer), None),
            },
            _ => {
                // The same outlet id from everyone: concurrent claims.
                let card = OutletCard {
                    name: format!("Claim of {number}"),
                    ..outlet("shared")
                };
                let admitted = admitted(view, number, member(number, "shared", Role::Editor), Some(&card));
                Act::OutletJoined { outlet: card, admitted }
            }
        };
        let bytes = entry(view, *author, act);
        let _ = views[place].1.insert(&bytes);
        if what % 5 != 3 {
            let view = views[place].1.clone();
            views.push((number, view));
        }
        all.push(bytes);
    }
    (charter.id(), all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Any order, with repetitions, gives the same members, outlets and heads; and what counted once counts for ever.
    #[test]
    fn every_order_gives_the_same(
        choices in proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 1..14),
        order in any::<u64>(),
    ) {
        let (id, all) = history(&choices);
        let mut straight = Charter::expecting(id);
        let mut members = Vec::new();
        for bytes in &all {
            straight.insert(bytes).expect("a good entry");
            let now = names(&straight);
            prop_assert!(members.iter().all(|name| now.contains(name)), "nobody falls out again");
            members = now;
        }
        let mut shuffled: Vec<&Vec<u8>> = all.iter().chain(all.iter()).collect();
        let mut fill = dice(order);
        for place in (1..shuffled.len()).rev() {
            let mut random = [0; 8];
            fill(&mut random);
            shuffled.swap(place, (u64::from_le_bytes(random) % (place as u64 + 1)) as usize);
        }
        let mut other = Charter::expecting(id);
        for bytes in shuffled {
            other.insert(bytes).expect("a good entry");
        }
        prop_assert_eq!(names(&straight), names(&other));
        prop_assert_eq!(straight.outlets(), other.outlets());
        prop_assert_eq!(heads(&straight), heads(&other));
        for number in 0..30 {
            let device = device(number).id();
            prop_assert_eq!(straight.member_of(&device), other.member_of(&device));
        }
    }
}
