//! What each check finds, and what it leaves alone.

mod common;

use std::collections::BTreeMap;

use common::*;
use komuz_dossier::Dossier;
use komuz_dossier::claim::{Answered, Checked, Claim, Evidence, Stance, Status, Verdict};
use komuz_dossier::edition::{Front, Link, behind};
use komuz_dossier::entity::{Entity, Kind};
use komuz_dossier::facts::Facts;
use komuz_dossier::finding::{Check, Severity};
use komuz_dossier::reply::{Outcome, Reply};
use komuz_dossier::source::{Confidential, Confidentiality, State, What};
use komuz_release::story::{Block, BlockKind, Byline};

const TEXT: &str = "He owned the bank. Nobody knew.";

/// A claim over the first sentence, cited from two papers.
fn claimed() -> Dossier {
    let mut dossier = dossier(&[TEXT]);
    dossier.story.sources = vec![press("s-1"), press("s-2")];
    dossier.story.citations = vec![
        citation("c-1", "s-1", "b-0", 0, 18),
        citation("c-2", "s-2", "b-0", 3, 18),
    ];
    let claim = Claim {
        span: span("b-0", 0, 18),
        ..Claim::default()
    };
    dossier.dossier.claims.insert("k-1".to_owned(), claim);
    for id in ["s-1", "s-2"] {
        dossier.dossier.sources.insert(id.to_owned(), verified());
    }
    dossier
}

fn claim(dossier: &mut Dossier) -> &mut Claim {
    dossier.dossier.claims.get_mut("k-1").expect("the claim")
}

fn checked(words: &str, verdict: Verdict) -> Option<Checked> {
    Some(Checked {
        by: "Ada".to_owned(),
        when: "2019-11-20".to_owned(),
        verdict,
        reasons: "Both records agree.".to_owned(),
        words: words.to_owned(),
    })
}

fn status(dossier: &Dossier) -> Status {
    Facts::new(dossier.clone(), TODAY).claims["k-1"].status
}

fn one(about: &str, with: &[&str]) -> Vec<(String, Vec<String>)> {
    vec![(about.to_owned(), with.iter().map(|text| (*text).to_owned()).collect())]
}

fn evidence(source: &str, stance: Stance) -> Evidence {
    Evidence {
        source: source.to_owned(),
        stance,
        ..Evidence::default()
    }
}

#[test]
fn a_claim_with_two_sources_that_was_checked_is_ready_and_nothing_is_found() {
    let mut dossier = claimed();
    assert_eq!(status(&dossier), Status::Supported);
    assert_eq!(found(dossier.clone(), Check::ClaimUnchecked), one("claims.k-1", &[]));
    claim(&mut dossier).checked = checked("He owned the bank.", Verdict::Holds);
    assert_eq!(status(&dossier), Status::Ready);
    assert_eq!(findings(dossier), []);
}

#[test]
fn a_citation_beside_a_claims_words_does_not_support_it() {
    let mut dossier = claimed();
    dossier.story.citations[1] = citation("c-2", "s-2", "b-0", 18, 31);
    assert_eq!(
        found(dossier.clone(), Check::FewSources),
        one("claims.k-1", &["1", "2"])
    );
    assert_eq!(status(&dossier), Status::Open);
    claim(&mut dossier)
        .evidence
        .insert("x-1".to_owned(), evidence("s-2", Stance::Supports));
    assert_eq!(found(dossier.clone(), Check::FewSources), []);
    dossier.dossier.policy.sources = 3;
    assert_eq!(found(dossier, Check::FewSources), one("claims.k-1", &["2", "3"]));
}

#[test]
fn a_confidential_source_counts_for_independence() {
    let mut dossier = claimed();
    dossier.story.citations.pop();
    claim(&mut dossier)
        .evidence
        .insert("x-1".to_owned(), evidence("s-9", Stance::Supports));
    assert_eq!(
        found(dossier.clone(), Check::FewSources),
        one("claims.k-1", &["1", "2"])
    );
    let mut driver = Confidential::default();
    driver.cited_as.insert("title".to_owned(), "A driver".into());
    dossier.dossier.confidential.insert("s-9".to_owned(), driver);
    assert_eq!(found(dossier.clone(), Check::FewSources), []);
    let unverified = findings(dossier)
        .into_iter()
        .find(|f| f.check == Check::SourceUnverified)
        .expect("found");
    assert!(unverified.confidential);
    assert_eq!(unverified.with, ["A driver"]);
    assert_eq!(
        (
            unverified.without_names().about.as_str(),
            unverified.without_names().with
        ),
        ("confidential", vec![String::new()])
    );
}

#[test]
fn words_that_changed_since_the_check_open_a_claim_again_and_are_named() {
    let mut dossier = claimed();
    claim(&mut dossier).checked = checked("He owned a share of the bank.", Verdict::Holds);
    assert_eq!(status(&dossier), Status::Open);
    assert_eq!(
        found(dossier.clone(), Check::ChangedSinceChecked),
        one("claims.k-1", &["a share of", ""])
    );
    // White space is no word.
    claim(&mut dossier).checked = checked("He  owned the\nbank.", Verdict::Holds);
    assert_eq!(found(dossier, Check::ChangedSinceChecked), []);
}

#[test]
fn a_claim_is_disputed_by_a_checker_or_by_evidence_that_nobody_has_weighed() {
    let mut dossier = claimed();
    claim(&mut dossier)
        .evidence
        .insert("x-1".to_owned(), evidence("s-2", Stance::Contradicts));
    assert_eq!(
        found(dossier.clone(), Check::ClaimDisputed),
        one("claims.k-1", &["Title of s-2"])
    );
    claim(&mut dossier).checked = checked("He owned the bank.", Verdict::Holds);
    assert_eq!(found(dossier.clone(), Check::ClaimDisputed), []);
    claim(&mut dossier).checked = checked("He owned the bank.", Verdict::Disputed);
    assert_eq!(status(&dossier), Status::Disputed);
    assert_eq!(
        found(dossier, Check::ClaimDisputed),
        one("claims.k-1", &["Ada", "Both records agree."])
    );
}

#[test]
fn a_claim_whose_text_is_gone_is_lost_and_nothing_else_is_said_of_it() {
    for gone in [None, span("b-7", 0, 3), span("b-0", 5, 5), span("b-0", 90, 99)] {
        let mut dossier = claimed();
        claim(&mut dossier).span = gone;
        claim(&mut dossier).checked = checked("He owned the bank.", Verdict::Holds);
        let about: Vec<Check> = findings(dossier).iter().map(|finding| finding.check).collect();
        assert_eq!(about, [Check::ClaimLost]);
    }
}

#[test]
fn sources_that_the_text_rests_on_are_verified_neither_disputed_nor_withdrawn() {
    for (state, check) in [
        (State::Unverified, Check::SourceUnverified),
        (State::Disputed, Check::SourceDisputed),
        (State::Withdrawn, Check::SourceWithdrawn),
    ] {
        let mut dossier = claimed();
        dossier.dossier.sources.get_mut("s-2").expect("there").reliability.state = state;
        let names = found(dossier.clone(), check);
        assert_eq!(names.len(), 1);
        assert_eq!(
            (names[0].0.as_str(), names[0].1[0].as_str()),
            ("sources.s-2", "Title of s-2")
        );
        // A source that nothing rests on is left alone.
        dossier.story.citations.pop();
        assert_eq!(found(dossier, check), []);
    }
    let mut dossier = claimed();
    dossier.dossier.sources.clear();
    assert_eq!(found(dossier, Check::SourceUnverified).len(), 2);
}

#[test]
fn a_source_on_background_needs_a_description() {
    let mut dossier = claimed();
    let record = dossier.dossier.sources.get_mut("s-1").expect("there");
    record.confidentiality = Confidentiality::Background;
    assert_eq!(
        found(dossier.clone(), Check::BackgroundUndescribed),
        one("sources.s-1", &["Title of s-1"])
    );
    dossier.dossier.sources.get_mut("s-1").expect("there").described = "an official".to_owned();
    assert_eq!(found(dossier, Check::BackgroundUndescribed), []);
}

#[test]
fn a_citation_needs_what_its_kind_of_source_needs() {
    let mut dossier = claimed();
    let paper = &mut dossier.story.sources[0];
    (paper.url, paper.issued) = (String::new(), None);
    paper.container_title = String::new();
    assert_eq!(
        found(dossier.clone(), Check::CitationIncomplete),
        one("sources.s-1", &["Title of s-1", "outlet", "date", "where"])
    );
    // Pages serve as well as an address.
    dossier.story.citations[0].locator = "p. 2".to_owned();
    dossier.dossier.sources.get_mut("s-1").expect("there").what = What::Interview;
    assert_eq!(
        found(dossier.clone(), Check::CitationIncomplete),
        one("sources.s-1", &["Title of s-1", "who", "date"])
    );
    dossier.dossier.sources.get_mut("s-1").expect("there").what = What::Leak;
    assert_eq!(
        found(dossier, Check::CitationIncomplete),
        one("sources.s-1", &["Title of s-1", "date"])
    );
}

#[test]
fn a_page_needs_an_archived_copy_unless_it_is_one() {
    let mut dossier = claimed();
    dossier.story.sources[0].custom = Default::default();
    assert_eq!(
        found(dossier.clone(), Check::NotArchived),
        one("sources.s-1", &["Title of s-1"])
    );
    dossier.story.sources[0].url = "https://web.archive.org/web/2019/https://outlet.example/".to_owned();
    assert_eq!(found(dossier.clone(), Check::NotArchived), []);
    dossier.story.sources[0].url = "https://outlet.example/".to_owned();
    dossier.dossier.sources.get_mut("s-1").expect("there").what = What::Interview;
    assert_eq!(found(dossier, Check::NotArchived), []);
}

/// A claim about a person, and a request to that person.
fn asked(reply: Reply) -> Dossier {
    let mut dossier = claimed();
    claim(&mut dossier).about.insert("e-1".to_owned(), true);
    let names = BTreeMap::from([("en".to_owned(), "A Banker".to_owned())]);
    let entity = Entity {
        names,
        ..Entity::default()
    };
    dossier.dossier.entities.insert("e-1".to_owned(), entity);
    dossier.dossier.replies.insert("r-1".to_owned(), reply);
    dossier
}

fn request(asked: &str, deadline: &str, outcome: Outcome) -> Reply {
    Reply {
        party: "e-1".to_owned(),
        asked: asked.to_owned(),
        deadline: deadline.to_owned(),
        outcome,
        ..Reply::default()
    }
}

#[test]
fn whoever_a_claim_is_about_is_asked() {
    let none = one("entities.e-1", &["A Banker"]);
    // Not asked, to be asked tomorrow, another was asked.
    assert_eq!(
        found(asked(request("", "", Outcome::Waiting)), Check::NoReplyAsked),
        none
    );
    assert_eq!(
        found(asked(request("2019-11-22", "", Outcome::Waiting)), Check::NoReplyAsked),
        none
    );
    let mut other = request("2019-11-01", "", Outcome::Waiting);
    other.party = "e-2".to_owned();
    assert_eq!(found(asked(other), Check::NoReplyAsked), none);
    assert_eq!(
        found(asked(request("2019-11-21", "", Outcome::Waiting)), Check::NoReplyAsked),
        []
    );
    let mut place = asked(Reply::default());
    place.dossier.entities.get_mut("e-1").expect("there").what = Kind::Place;
    assert_eq!(found(place, Check::NoReplyAsked), []);
}

#[test]
fn a_deadline_passes_when_its_day_is_over() {
    let pending = |deadline, outcome| found(asked(request("2019-11-01", deadline, outcome)), Check::ReplyPending);
    assert_eq!(
        pending("2019-11-21", Outcome::Waiting),
        one("replies.r-1", &["A Banker", "2019-11-21"])
    );
    assert_eq!(pending("2019-11-20", Outcome::Waiting), []);
    assert_eq!(pending("", Outcome::Waiting), one("replies.r-1", &["A Banker", ""]));
    assert_eq!(pending("2019-11-21", Outcome::Refusal), []);
}

#[test]
fn an_answer_stands_in_the_text() {
    let mut dossier = asked(request("2019-11-01", "2019-11-08", Outcome::Answer));
    assert_eq!(
        found(dossier.clone(), Check::ReplyMissing),
        one("replies.r-1", &["A Banker"])
    );
    let answered = Answered {
        span: span("b-0", 19, 31),
        reply: "r-1".to_owned(),
    };
    dossier.dossier.answers.insert("a-1".to_owned(), answered);
    assert_eq!(found(dossier.clone(), Check::ReplyMissing), []);
    dossier.dossier.answers.get_mut("a-1").expect("there").span = None;
    assert_eq!(found(dossier, Check::ReplyMissing).len(), 1);
}

#[test]
fn a_figure_is_described_and_credited() {
    let mut dossier = dossier(&["One"]);
    let figure = |alt: &str, credit: &str| Block {
        id: "f-1".to_owned(),
        kind: BlockKind::Figure {
            file: String::new(),
            media: String::new(),
            alt: alt.to_owned(),
            credit: credit.to_owned(),
        },
        text: Vec::new(),
    };
    dossier.story.blocks.push(figure(" ", ""));
    let checks: Vec<Check> = findings(dossier.clone()).iter().map(|finding| finding.check).collect();
    assert_eq!(checks, [Check::FigureUndescribed, Check::FigureUncredited]);
    dossier.story.blocks[1] = figure("A bank", "A. Photographer");
    assert_eq!(findings(dossier), []);
}

#[test]
fn whoever_asked_not_to_be_named_is_named_nowhere() {
    let mut dossier = dossier(&[
        "Then AIBEK TOKTO spoke. Aibeks came.",
        "A. Tokto and Aibek  Tokto left.",
    ]);
    let entity = Entity {
        names: BTreeMap::from([("en".to_owned(), "Aibek Tokto".to_owned())]),
        aliases: BTreeMap::from([("A. Tokto".to_owned(), true)]),
        unnamed: true,
        ..Entity::default()
    };
    dossier.dossier.entities.insert("e-1".to_owned(), entity);
    dossier.story.byline = vec![
        Byline {
            name: "Ada".to_owned(),
            outlet: None,
        },
        Byline {
            name: "Aibek Tokto".to_owned(),
            outlet: None,
        },
    ];
    let front = Front {
        headline: "Aibek Tokto speaks".to_owned(),
        ..Front::default()
    };
    dossier.dossier.fronts.insert("outlet".to_owned(), front);
    let named = |dossier: &Dossier| -> Vec<(String, String)> {
        let found = found(dossier.clone(), Check::NamedUnwilling);
        found
            .into_iter()
            .map(|(about, with)| (about, with[0].clone()))
            .collect()
    };
    let said = |about: &str, text: &str| (about.to_owned(), text.to_owned());
    assert_eq!(
        named(&dossier),
        [
            said("byline[1]", "Aibek Tokto"),
            said("fronts.outlet.headline", "Aibek Tokto"),
            said("blocks.b-0", "AIBEK TOKTO"),
            said("blocks.b-1", "A. Tokto"),
            said("blocks.b-1", "Aibek  Tokto"),
        ]
    );
    dossier.dossier.entities.get_mut("e-1").expect("there").unnamed = false;
    assert_eq!(named(&dossier), []);
}

#[test]
fn claims_about_a_party_do_not_rest_on_its_opponents_alone() {
    let mut dossier = asked(request("2019-11-01", "2019-11-08", Outcome::Silence));
    let mut second = dossier.dossier.claims["k-1"].clone();
    second.span = span("b-0", 3, 18);
    dossier.dossier.claims.insert("k-2".to_owned(), second);
    dossier.dossier.entities.insert("e-2".to_owned(), Entity::default());
    // Said at the other's entry alone.
    dossier
        .dossier
        .entities
        .get_mut("e-2")
        .expect("there")
        .opponents
        .insert("e-1".to_owned(), true);
    dossier.dossier.sources.get_mut("s-1").expect("there").party = "e-2".to_owned();
    assert_eq!(found(dossier.clone(), Check::OneSided), []);
    // The other paper only repeats the opponent.
    dossier
        .dossier
        .sources
        .get_mut("s-2")
        .expect("there")
        .origins
        .insert("s-1".to_owned(), true);
    assert_eq!(
        found(dossier.clone(), Check::OneSided),
        one("entities.e-1", &["A Banker", "2"])
    );
    dossier.dossier.claims.remove("k-2");
    assert_eq!(found(dossier, Check::OneSided), []);
}

#[test]
fn a_check_that_is_off_finds_nothing_and_the_policy_says_how_much_each_counts() {
    let mut dossier = claimed();
    dossier
        .dossier
        .policy
        .severity
        .insert(Check::ClaimUnchecked, Severity::Error);
    assert_eq!(findings(dossier.clone())[0].severity, Severity::Error);
    dossier
        .dossier
        .policy
        .severity
        .insert(Check::ClaimUnchecked, Severity::Off);
    assert_eq!(findings(dossier), []);
}

/// A translation of an original: the original's blocks as they are, and what each block of the translation was made from.
fn translated(original: &[(&str, &str)], links: &[(&str, &str)]) -> Dossier {
    let mut translation = dossier(&vec!["Text"; links.len()]);
    let mut story = dossier(&[]).story;
    story.blocks = original.iter().map(|(id, text)| paragraph(id, text)).collect();
    translation.dossier.original = Some(Box::new(story));
    for (nth, (of, words)) in links.iter().enumerate() {
        let link = Link {
            of: (*of).to_owned(),
            words: (*words).to_owned(),
        };
        translation.dossier.links.insert(format!("b-{nth}"), link);
    }
    translation
}

fn lacks(original: &[(&str, &str)], links: &[(&str, &str)]) -> (Vec<(String, String)>, Vec<String>) {
    let dossier = translated(original, links);
    let lacks = behind(&dossier.story, &dossier.dossier);
    (
        lacks
            .behind
            .into_iter()
            .map(|behind| (behind.block, behind.now))
            .collect(),
        lacks.missing.into_iter().map(|missing| missing.block).collect(),
    )
}

#[test]
fn a_translation_is_behind_where_its_original_reads_otherwise_and_misses_what_is_new() {
    let original = [
        ("o-1", "He owned the bank."),
        ("o-2", "Nobody knew it."),
        ("o-3", "This is new."),
    ];
    let links = [("o-1", "He owned the bank."), ("o-2", "Nobody knew.")];
    let dossier = translated(&original, &links);
    assert_eq!(
        found(dossier.clone(), Check::TranslationBehind),
        one("blocks.b-1", &["knew.", "knew it."])
    );
    assert_eq!(
        found(dossier.clone(), Check::TranslationMissing),
        one("original.o-3", &["This is new."])
    );
    let lacks = behind(&dossier.story, &dossier.dossier);
    let changes = lacks.behind[0].changes();
    assert_eq!(
        (changes[0].old.as_str(), changes[0].new.as_str()),
        ("knew.", "knew it.")
    );
}

#[test]
fn a_block_that_was_split_is_not_behind() {
    let original = [
        ("o-1", "He owned the bank."),
        ("o-9", "Nobody knew."),
        ("o-2", "The end."),
    ];
    let links = [("o-1", "He owned the bank. Nobody knew."), ("o-2", "The end.")];
    assert_eq!(lacks(&original, &links), (vec![], vec![]));
    let changed = [
        ("o-1", "He owned the bank."),
        ("o-9", "Nobody knew then."),
        ("o-2", "The end."),
    ];
    let (behind, missing) = lacks(&changed, &links);
    assert_eq!(
        behind,
        [("b-0".to_owned(), "He owned the bank. Nobody knew then.".to_owned())]
    );
    assert!(missing.is_empty());
}

#[test]
fn blocks_that_were_joined_are_not_behind() {
    let links = [("o-1", "He owned the bank."), ("o-2", "Nobody knew.")];
    assert_eq!(
        lacks(&[("o-1", "He owned the bank. Nobody knew.")], &links),
        (vec![], vec![])
    );
    let (behind, _) = lacks(&[("o-1", "He owned a bank. Nobody knew.")], &links);
    assert_eq!(behind, [("b-0".to_owned(), "He owned a bank.".to_owned())]);
}

#[test]
fn blocks_that_were_moved_are_not_behind() {
    let links = [("o-1", "He owned the bank."), ("o-2", "Nobody knew.")];
    assert_eq!(
        lacks(&[("o-2", "Nobody knew."), ("o-1", "He owned the bank.")], &links),
        (vec![], vec![])
    );
    // Cut and pasted, so that it is another block.
    assert_eq!(
        lacks(&[("o-2", "Nobody knew."), ("o-7", "He owned the bank.")], &links),
        (vec![], vec![])
    );
    let (behind, missing) = lacks(&[("o-2", "Nobody knew."), ("o-7", "Again he owned the bank.")], &links);
    assert_eq!(behind.len(), 1);
    assert!(missing.is_empty());
}

#[test]
fn a_block_whose_original_is_gone_is_behind() {
    let links = [("o-1", "He owned the bank."), ("o-2", "Nobody knew.")];
    let (behind, _) = lacks(&[("o-1", "He owned the bank.")], &links);
    assert_eq!(behind, [("b-1".to_owned(), String::new())]);
}

#[test]
fn a_block_that_was_made_from_one_without_words_is_behind_when_that_has_some_and_not_when_it_is_gone() {
    let links = [("o-1", "He owned the bank."), ("o-2", "")];
    let owned = ("o-1", "He owned the bank.");
    assert_eq!(lacks(&[owned, ("o-2", "")], &links), (vec![], vec![]));
    assert_eq!(lacks(&[owned], &links), (vec![], vec![]));
    let (behind, missing) = lacks(&[owned, ("o-2", "Nobody knew.")], &links);
    assert_eq!(behind, [("b-1".to_owned(), "Nobody knew.".to_owned())]);
    assert!(missing.is_empty());
}

#[test]
fn findings_are_in_the_order_of_the_text_and_then_of_the_checks() {
    let mut dossier = claimed();
    dossier.story.blocks.insert(0, paragraph("b-first", "A claim."));
    let first = Claim {
        span: span("b-first", 0, 8),
        ..Claim::default()
    };
    dossier.dossier.claims.insert("k-2".to_owned(), first);
    let order: Vec<(Check, String)> = findings(dossier).into_iter().map(|f| (f.check, f.about)).collect();
    assert_eq!(
        order,
        [
            (Check::FewSources, "claims.k-2".to_owned()),
            (Check::ClaimUnchecked, "claims.k-2".to_owned()),
            (Check::ClaimUnchecked, "claims.k-1".to_owned()),
        ]
    );
}
