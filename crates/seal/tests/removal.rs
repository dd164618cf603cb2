//! The charter when somebody goes: who may take what from whom, what becomes of what they said and wrote, and that two who do
//! so at once come to one result.

#[path = "common/dice.rs"]
mod dice;
#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "common/house.rs"]
mod house;

use house::*;
use komuz_seal::bytes::EnvelopeId;
use komuz_seal::charter::{Act, Cuts, Refusal, Role};

/// Two desks that hear of each other's words only afterwards; both then say the same.
fn at_once(start: &Desk, one: impl FnOnce(&mut Desk), other: impl FnOnce(&mut Desk)) -> Desk {
    let (mut left, mut right) = (start.clone(), start.clone());
    one(&mut left);
    other(&mut right);
    let (before, mut merged) = (left.clone(), right.clone());
    left.hears(&right);
    merged.hears(&before);
    assert_eq!(left.charter.members(), merged.charter.members());
    assert_eq!(left.outlets(), merged.outlets());
    assert_eq!(left.heads(0), merged.heads(0));
    left
}

/// An act that its author has no right to changes nothing.
fn without_effect(author: u8, act: impl FnOnce(&Desk) -> Act) {
    let mut desk = Desk::house();
    let (members, heads) = (desk.charter.members(), desk.heads(0));
    let act = act(&desk);
    desk.claims(author, act);
    assert_eq!(desk.charter.members(), members);
    assert_eq!(desk.outlets(), ["alpha", "beta", "gamma", "delta"]);
    assert_eq!(desk.heads(0), heads, "nobody builds on it");
}

#[test]
fn an_editor_removes_a_writer_of_the_own_outlet() {
    let mut desk = Desk::house();
    let act = desk.removed(3);
    desk.says(2, act);
    assert!(!desk.is_in(3) && desk.is_in(2));
    assert!(desk.charter.devices().iter().all(|card| card.sign != device(3).id()));
}

#[test]
fn nobody_removes_who_ranks_above_them() {
    without_effect(2, |desk| desk.removed(1));
    without_effect(1, |desk| desk.removed(0));
    without_effect(3, |desk| desk.removed(4));
    without_effect(2, |desk| desk.role_changed(1, Role::Writer));
    without_effect(2, |_| Act::DeviceRemoved {
        device: device(1).id(),
        cuts: Cuts::none(),
    });
}

#[test]
fn nobody_decides_over_members_of_another_outlet() {
    without_effect(0, |desk| desk.removed(13));
    without_effect(0, |desk| desk.role_changed(13, Role::Observer));
    without_effect(0, |_| Act::DeviceRemoved {
        device: device(13).id(),
        cuts: Cuts::none(),
    });
}

#[test]
fn a_forged_role_has_no_effect() {
    // A writer calls themselves an editor; an editor of beta calls Ada a writer; a stranger calls a writer an editor.
    without_effect(3, |desk| desk.role_changed(3, Role::Editor));
    without_effect(10, |desk| desk.role_changed(0, Role::Writer));
    without_effect(90, |desk| desk.role_changed(3, Role::Editor));
}

#[test]
fn a_role_that_somebody_has_is_not_given_again() {
    without_effect(0, |desk| desk.role_changed(1, Role::Editor));
}

#[test]
fn who_is_made_an_editor_ranks_below_those_who_were() {
    let mut desk = Desk::house();
    let act = desk.role_changed(4, Role::Editor);
    desk.says(2, act);
    assert_eq!(desk.role_of(4), Some(Role::Editor));
    let act = desk.removed(2);
    desk.claims(4, act);
    assert!(desk.is_in(2));
    let act = desk.removed(3);
    desk.says(4, act);
    assert!(!desk.is_in(3));
}

#[test]
fn an_editor_may_become_less_and_then_decides_nothing() {
    let mut desk = Desk::house();
    let act = desk.role_changed(0, Role::Writer);
    desk.says(0, act);
    assert_eq!(desk.role_of(0), Some(Role::Writer));
    let act = desk.removed(3);
    desk.claims(0, act);
    assert!(desk.is_in(3));
    // Made an editor again, Ada ranks last.
    let act = desk.role_changed(0, Role::Editor);
    desk.says(2, act);
    let act = desk.removed(1);
    desk.claims(0, act);
    assert!(desk.is_in(1));
}

#[test]
fn anybody_may_go_by_themselves() {
    let mut desk = Desk::house();
    for number in [3, 4, 11, 0] {
        let act = desk.removed(number);
        desk.says(number, act);
        assert!(!desk.is_in(number));
    }
}

#[test]
fn what_a_removed_member_dates_back_does_not_stand() {
    let mut desk = Desk::house();
    let act = desk.added(5, "alpha", Role::Writer);
    desk.says(2, act);
    let before = desk.heads(2);
    let act = desk.removed(2);
    desk.says(0, act);
    // 2 lets a puppet in as if it had been before, and the puppet acts.
    let act = desk.added(40, "alpha", Role::Editor);
    let let_in = desk.claims_upon(before, 2, act);
    let act = desk.removed(3);
    let removal = desk.claims_upon(vec![let_in], 40, act);
    assert!(!desk.is_in(40), "the puppet is nobody");
    assert!(desk.is_in(3), "and removes nobody");
    assert!(desk.is_in(5), "who was let in before is in");
    assert_eq!(desk.fate(40, 1, &[let_in]), Err(Refusal::LetInWithoutRight));
    assert!(!desk.heads(0).contains(&let_in) && !desk.heads(0).contains(&removal));
}

#[test]
fn of_two_editors_who_remove_each_other_at_once_the_higher_ranked_stays() {
    let start = Desk::house();
    let desk = at_once(
        &start,
        |desk| {
            let act = desk.removed(2);
            desk.says(1, act);
        },
        |desk| {
            let act = desk.removed(1);
            desk.claims(2, act);
            let act = desk.removed(4);
            desk.says(2, act);
        },
    );
    assert!(desk.is_in(1));
    assert!(!desk.is_in(2), "1 ranks above 2");
    assert!(desk.is_in(4), "what 2 said at the same time does not stand");
}

#[test]
fn who_was_lowered_at_once_removes_nobody_at_that_moment() {
    let start = Desk::house();
    let desk = at_once(
        &start,
        |desk| {
            let act = desk.role_changed(1, Role::Writer);
            desk.says(0, act);
        },
        |desk| {
            let act = desk.removed(2);
            desk.says(1, act);
        },
    );
    assert_eq!(desk.role_of(1), Some(Role::Writer));
    assert!(desk.is_in(2));
}

#[test]
fn who_is_promoted_and_removed_at_once_is_out() {
    let start = Desk::house();
    let desk = at_once(
        &start,
        |desk| {
            let act = desk.role_changed(3, Role::Editor);
            desk.says(1, act);
            desk.adds(3, 40, "alpha", Role::Writer);
        },
        |desk| {
            let act = desk.removed(3);
            desk.says(2, act);
        },
    );
    assert!(!desk.is_in(3));
    assert!(!desk.is_in(40), "whom they let in beyond the removal is not in either");
}

#[test]
fn of_two_roles_given_at_once_the_lesser_counts() {
    let start = Desk::house();
    let desk = at_once(
        &start,
        |desk| {
            let act = desk.role_changed(3, Role::Editor);
            desk.says(2, act);
        },
        |desk| {
            let act = desk.role_changed(3, Role::Reviewer);
            desk.says(1, act);
        },
    );
    assert_eq!(desk.role_of(3), Some(Role::Reviewer));
    // Whoever then knows both decides anew.
    let mut desk = desk;
    let act = desk.role_changed(3, Role::Editor);
    desk.says(1, act);
    assert_eq!(desk.role_of(3), Some(Role::Editor));
}

#[test]
fn a_removed_member_comes_back_as_somebody_new_only() {
    let mut desk = Desk::house();
    let old = desk.added(3, "alpha", Role::Writer);
    let act = desk.removed(3);
    desk.says(0, act);
    assert!(
        desk.charter.act(&device(0), old).is_none(),
        "the same member, device and invitation"
    );
    for (member_of, device_of) in [(3, 41), (41, 3)] {
        let mut who = admitted(
            &desk.charter.id(),
            device_of,
            member(member_of, "alpha", Role::Writer),
            None,
        );
        who.invite = [42; 16].into();
        let consent =
            komuz_seal::charter::consent(&device(device_of), &desk.charter.id(), &who.invite, &who.member, None);
        let act = Act::MemberAdded {
            admitted: komuz_seal::charter::Admitted { consent, ..who },
        };
        assert!(
            desk.charter.act(&device(0), act).is_none(),
            "member {member_of}, device {device_of}"
        );
    }
    let act = desk.device_added(4, 3);
    assert!(desk.charter.act(&device(4), act).is_none(), "nor as another's device");
    desk.adds(0, 43, "alpha", Role::Writer);
    assert!(desk.is_in(43));
}

#[test]
fn an_id_that_was_removed_is_out_though_it_was_let_in_once_more_at_once() {
    let start = Desk::founded();
    let act = start.added(3, "alpha", Role::Editor);
    // Two desks let the same person in, of whom one removes them.
    let desk = at_once(
        &start,
        |desk| {
            desk.says(0, act.clone());
            let act = desk.removed(3);
            desk.says(0, act);
        },
        |desk| {
            desk.adds(0, 50, "alpha", Role::Writer);
            desk.says(0, act.clone());
        },
    );
    assert!(!desk.is_in(3));
}

#[test]
fn a_member_adds_a_device_and_takes_it_away() {
    let mut desk = Desk::house();
    let act = desk.device_added(3, 60);
    let added = desk.says(3, act);
    assert_eq!(desk.charter.admission_of(&device(60).id()), Some(added));
    assert_eq!(desk.role_of(60), Some(Role::Writer));
    assert_eq!(desk.charter.members().len(), 10, "it is the same member");
    desk.says(
        60,
        Act::DeviceRemoved {
            device: device(3).id(),
            cuts: Cuts::none(),
        },
    );
    assert!(!desk.is_in(3) && desk.is_in(60));
    let act = desk.removed(3);
    desk.says(1, act);
    assert!(!desk.is_in(60), "a member goes with all devices");
}

#[test]
fn nobody_adds_a_device_for_another_or_without_its_consent() {
    without_effect(0, |desk| desk.device_added(3, 60));
    without_effect(3, |desk| match desk.device_added(3, 60) {
        Act::DeviceAdded { member, consent, .. } => Act::DeviceAdded {
            member,
            device: device(61).card(),
            consent,
        },
        act => act,
    });
}

#[test]
fn a_device_to_which_nothing_can_be_sealed_does_not_come_in() {
    let mut card = device(60).card();
    card.seal = komuz_seal::bytes::BoxKey([0; 32]);
    // It would stop every rotation.
    without_effect(3, |desk| match desk.device_added(3, 60) {
        Act::DeviceAdded { member, consent, .. } => Act::DeviceAdded {
            member,
            device: card,
            consent,
        },
        act => act,
    });
}

#[test]
fn a_thief_of_a_device_is_taken_out_with_what_the_device_says_afterwards() {
    let mut desk = Desk::house();
    let act = desk.device_added(2, 60);
    desk.says(2, act);
    let before = desk.heads(60);
    desk.says(
        2,
        Act::DeviceRemoved {
            device: device(60).id(),
            cuts: Cuts::none(),
        },
    );
    let act = desk.added(40, "alpha", Role::Editor);
    desk.claims_upon(before, 60, act);
    assert!(!desk.is_in(40) && desk.is_in(2));
}

#[test]
fn an_outlet_goes_when_all_others_say_so() {
    let mut desk = Desk::house();
    desk.says(0, expelled("beta"));
    desk.says(20, expelled("beta"));
    assert_eq!(
        desk.outlets(),
        ["alpha", "beta", "gamma", "delta"],
        "delta has not voted"
    );
    desk.says(30, expelled("beta"));
    assert_eq!(desk.outlets(), ["alpha", "gamma", "delta"]);
    assert!(!desk.is_in(10) && !desk.is_in(13));
    let again = desk.joined(70, "beta");
    assert!(
        desk.charter.act(&device(0), again).is_none(),
        "an id does not come back"
    );
}

#[test]
fn two_votes_of_one_outlet_are_one() {
    let mut desk = Desk::house();
    desk.says(0, expelled("beta"));
    desk.says(1, expelled("beta"));
    desk.says(20, expelled("beta"));
    assert!(desk.is_in(10));
}

#[test]
fn of_two_outlets_neither_expels_the_other() {
    let mut desk = Desk::founded();
    desk.joins(0, 10, "beta");
    desk.says(0, expelled("beta"));
    assert!(desk.is_in(10));
}

#[test]
fn no_outlet_votes_on_itself_and_no_writer_votes() {
    without_effect(10, |_| expelled("beta"));
    without_effect(3, |_| expelled("beta"));
    without_effect(0, |_| expelled("nowhere"));
}

#[test]
fn last_votes_that_do_not_know_of_each_other_are_said_again() {
    let mut start = Desk::house();
    start.says(0, expelled("beta"));
    let mut desk = at_once(
        &start,
        |desk| {
            desk.says(20, expelled("beta"));
        },
        |desk| {
            desk.says(30, expelled("beta"));
        },
    );
    assert!(desk.is_in(10), "neither has seen all votes");
    desk.says(20, expelled("beta"));
    assert!(!desk.is_in(10));
}

#[test]
fn a_vote_of_somebody_who_was_removed_meanwhile_does_not_count() {
    let mut start = Desk::house();
    start.says(20, expelled("beta"));
    start.says(30, expelled("beta"));
    let desk = at_once(
        &start,
        |desk| {
            desk.says(2, expelled("beta"));
        },
        |desk| {
            let act = desk.removed(2);
            desk.says(0, act);
        },
    );
    assert!(desk.is_in(10), "alpha has not voted");
}

#[test]
fn an_outlet_whose_editors_are_gone_is_not_waited_for() {
    let mut desk = Desk::house();
    let act = desk.removed(30);
    desk.says(30, act);
    desk.says(0, expelled("beta"));
    desk.says(20, expelled("beta"));
    assert!(!desk.is_in(10));
}

#[test]
fn of_two_expulsions_at_once_the_first_stands_and_the_vote_of_who_is_out_does_not_count() {
    // Three outlets; gamma votes for both, alpha and beta for each other's end.
    let mut start = Desk::founded();
    start.joins(0, 10, "beta");
    start.joins(0, 20, "gamma");
    let desk = at_once(
        &start,
        |desk| {
            desk.says(20, expelled("beta"));
            desk.says(0, expelled("beta"));
        },
        |desk| {
            // One entry deeper, so that it is certain which is the first.
            desk.adds(10, 15, "beta", Role::Writer);
            desk.says(20, expelled("alpha"));
            desk.says(10, expelled("alpha"));
        },
    );
    assert_eq!(desk.outlets(), ["alpha", "gamma"]);
    assert!(!desk.is_in(15), "whom beta let in beyond its end is not in");
}

#[test]
fn an_outlet_that_is_out_votes_no_more() {
    let mut desk = Desk::house();
    let before = desk.heads(10);
    for number in [0, 20, 30] {
        desk.says(number, expelled("beta"));
    }
    desk.says(0, expelled("gamma"));
    desk.says(30, expelled("gamma"));
    assert_eq!(desk.outlets(), ["alpha", "delta"], "beta is not asked");
    desk.claims_upon(before, 10, expelled("delta"));
    desk.claims(0, expelled("delta"));
    assert!(desk.is_in(30), "one vote is too few, and beta's is none");
}

#[test]
fn an_outlet_leaves_by_its_first_editor() {
    let parted = || Act::Parted {
        outlet: "beta".into(),
        cuts: cut(13, 4),
    };
    without_effect(11, |_| parted());
    without_effect(0, |_| parted());
    let mut desk = Desk::house();
    let before = desk.heads(13);
    desk.says(10, parted());
    assert_eq!(desk.outlets(), ["alpha", "gamma", "delta"]);
    assert!(!desk.is_in(11) && !desk.is_in(13));
    assert_eq!(desk.fate(13, 4, &before), Ok(Role::Writer));
    assert!(matches!(desk.fate(13, 5, &before), Err(Refusal::BeyondCut(Some(_)))));
    // Those who stay may say another cut.
    for number in [0, 20] {
        desk.says(number, expelled("beta"));
    }
    desk.says(
        30,
        Act::Expelled {
            outlet: "beta".into(),
            cuts: cut(13, 2),
        },
    );
    assert!(desk.fate(13, 3, &before).is_err() && desk.fate(13, 2, &before).is_ok());
}

#[test]
fn what_was_written_up_to_the_cut_counts_and_nothing_beyond() {
    let mut desk = Desk::house();
    let before = desk.heads(3);
    assert_eq!(desk.fate(3, 9, &before), Ok(Role::Writer));
    let act = desk.removed_at(3, cut(3, 5));
    let removal = desk.says(0, act);
    assert_eq!(desk.fate(3, 5, &before), Ok(Role::Writer));
    assert!(matches!(desk.fate(3, 6, &before), Err(Refusal::BeyondCut(Some(_)))));
    assert_eq!(desk.fate(3, 6, &[removal]), Err(Refusal::Removed));
    let others = desk.fate_of(3, &notes(), 6, &envelope(6), &before);
    assert!(matches!(others, Err(Refusal::BeyondCut(_))), "{others:?}");
    assert!(
        desk.fate(4, 9, &before).is_err() && desk.fate(1, 9, &before).is_ok(),
        "others are as they were"
    );
}

#[test]
fn of_what_a_cut_does_not_name_nothing_counts() {
    let mut desk = Desk::house();
    let before = desk.heads(3);
    let act = desk.removed(3);
    desk.says(0, act);
    assert_eq!(desk.fate(3, 1, &before), Err(Refusal::BeyondCut(None)));
}

#[test]
fn a_cut_is_extended_by_the_maximum() {
    let mut desk = Desk::house();
    let before = desk.heads(3);
    let act = desk.removed_at(3, cut(3, 5));
    desk.says(0, act);
    desk.says(2, Act::Extended { cuts: cut(3, 8) });
    desk.says(1, Act::Extended { cuts: cut(3, 6) });
    assert!(desk.fate(3, 8, &before).is_ok() && desk.fate(3, 9, &before).is_err());
    // Not by whoever wants, and not before there is a cut.
    desk.claims(10, Act::Extended { cuts: cut(3, 20) });
    desk.claims(4, Act::Extended { cuts: cut(3, 20) });
    desk.claims_upon(before.clone(), 1, Act::Extended { cuts: cut(3, 20) });
    assert!(desk.fate(3, 9, &before).is_err());
}

#[test]
fn two_removals_at_once_cut_at_the_farther() {
    let start = Desk::house();
    let before = start.heads(3);
    let desk = at_once(
        &start,
        |desk| {
            let act = desk.removed_at(3, cut(3, 5));
            desk.says(1, act);
        },
        |desk| {
            let act = desk.removed_at(3, cut(3, 7));
            desk.says(2, act);
        },
    );
    assert!(desk.fate(3, 7, &before).is_ok() && desk.fate(3, 8, &before).is_err());
}

#[test]
fn a_forked_session_is_cut_at_one_of_its_envelopes() {
    let (one, other) = (EnvelopeId([1; 32]), EnvelopeId([2; 32]));
    let start = Desk::house();
    let before = start.heads(3);
    // Two editors have seen different envelopes of one number.
    let desk = at_once(
        &start,
        |desk| {
            let act = desk.removed_at(3, cut_at(3, 5, other));
            desk.says(1, act);
        },
        |desk| {
            let act = desk.removed_at(3, cut_at(3, 5, one));
            desk.says(2, act);
        },
    );
    assert!(desk.fate_of(3, &body(), 5, &one, &before).is_ok(), "the smaller id");
    assert!(matches!(
        desk.fate_of(3, &body(), 5, &other, &before),
        Err(Refusal::BeyondCut(Some(cut))) if cut.envelope == one
    ));
}

#[test]
fn who_goes_by_themselves_says_the_cut_until_an_editor_says_another() {
    let mut desk = Desk::house();
    let before = desk.heads(3);
    let act = desk.removed_at(3, cut(3, 99));
    desk.says(3, act);
    assert!(desk.fate(3, 99, &before).is_ok());
    let act = desk.removed_at(3, cut(3, 5));
    desk.says(0, act);
    assert!(desk.fate(3, 5, &before).is_ok() && desk.fate(3, 6, &before).is_err());
    let act = desk.removed_at(3, cut(3, 50));
    assert!(desk.charter.act(&device(1), act).is_none(), "once");
}

#[test]
fn a_lesser_role_cuts_only_what_it_may_not_write() {
    let mut desk = Desk::house();
    let before = desk.heads(3);
    let member = desk.id_of(3);
    desk.says(
        0,
        Act::RoleChanged {
            member,
            role: Role::Reviewer,
            cuts: cut(3, 5),
        },
    );
    assert!(desk.fate(3, 5, &before).is_ok());
    assert!(matches!(desk.fate(3, 6, &before), Err(Refusal::BeyondCut(_))));
    assert!(desk.fate_of(3, &notes(), 6, &envelope(6), &before).is_ok());
    let since = desk.heads(3);
    assert_eq!(desk.fate(3, 6, &since), Err(Refusal::Role(Role::Reviewer)));
    let act = desk.role_changed(3, Role::Writer);
    desk.says(0, act);
    let again = desk.heads(3);
    assert!(desk.fate(3, 7, &again).is_ok(), "a writer again");
    assert!(desk.fate(3, 6, &before).is_err(), "what was cut stays so");
}

#[test]
fn many_cuts_go_into_several_entries() {
    let mut cuts = Cuts::none();
    for number in 0..10_000u32 {
        let mut session = [0; 16];
        session[..4].copy_from_slice(&number.to_be_bytes());
        let cut = komuz_seal::charter::Cut {
            counter: u64::MAX,
            envelope: envelope(1),
        };
        cuts.add(LOG, session.into(), cut);
    }
    let mut desk = Desk::house();
    let whole = desk.removed_at(3, cuts.clone());
    assert!(desk.charter.act(&device(0), whole).is_none(), "it is too long for one");
    let mut pieces = cuts.in_pieces().into_iter();
    let first = pieces.next().expect("at least one");
    let act = desk.removed_at(3, first);
    desk.says(0, act);
    let more: Vec<_> = pieces.map(|cuts| desk.says(0, Act::Extended { cuts })).collect();
    assert!(!more.is_empty() && !desk.is_in(3));
}
