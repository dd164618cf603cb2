//! Stories that went wrong, as they would have been checked.

mod common;

use common::found;
use komuz_dossier::Dossier;
use komuz_dossier::finding::Check;

/// August 2011: two agencies carried a press release that was a hoax. Each looked like a second source for the other.
#[test]
fn two_agencies_that_carry_one_press_release_are_one_source() {
    let dossier = Dossier::read(include_bytes!("stories/press-release-2011.json")).expect("a dossier");
    let few = found(dossier, Check::FewSources);
    assert_eq!(few, [("claims.k-1".to_owned(), vec!["1".to_owned(), "2".to_owned()])]);
}

/// November 2010: a headline said that a building was blown up where one window was broken. What the text claims is in order.
#[test]
fn the_claims_under_a_headline_that_says_too_much_may_be_in_order() {
    let dossier = Dossier::read(include_bytes!("stories/sports-palace-2010.json")).expect("a dossier");
    for check in [
        Check::FewSources,
        Check::ClaimUnchecked,
        Check::ClaimDisputed,
        Check::SourceUnverified,
    ] {
        assert_eq!(found(dossier.clone(), check), []);
    }
}
