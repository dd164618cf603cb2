//! From documents to a release that all outlets have signed.

#[path = "signing/newsroom.rs"]
mod newsroom;
#[path = "signing/readers.rs"]
mod readers;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, Change, ObjType, ROOT, ReadDoc};
use komuz_core::document::{DocKind, Document};
use komuz_core::publish;
use komuz_core::registers;
use komuz_core::signoffs::{self, Log, Proposal, SignoffError, What};
use komuz_release::canonical::sha256_hex;
use komuz_release::folder::Folder;
use komuz_release::jws::Signature;
use komuz_release::masthead::{Masthead, Outlet};
use komuz_release::notice::Kind;
use komuz_release::release::Release;
use komuz_release::story::BlockKind;
use komuz_release::verify::{Expected, Seen};
use newsroom::*;

fn names(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

// What a release holds.

#[test]
fn equal_versions_give_equal_bytes() {
    let bytes = |desk: &Desk| desk.build(FIRST, "").release().to_bytes().expect("canonical");
    assert_eq!(bytes(&Desk::new()), bytes(&Desk::new()));
    let mut desk = Desk::new();
    let before = bytes(&desk);
    desk.registers = Document::load(DocKind::Registers, &desk.registers.save(), &[5; 16]).expect("loads");
    assert_eq!(bytes(&desk), before);
}

#[test]
fn a_release_holds_what_readers_get_and_nothing_of_the_newsroom() {
    let bytes = Desk::new().build(FIRST, "").release().to_bytes().expect("canonical");
    let text = String::from_utf8(bytes).expect("JSON");
    for secret in ["session", "aida", "bakyt", "s-court", "s-secret", "Who told us", "c-77"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    assert!(text.contains("A ruling") && text.contains("Kloop team"));
}

#[test]
fn blocks_that_did_not_change_keep_their_ids_across_releases() {
    let mut desk = Desk::new();
    let first = desk.propose(FIRST, "");
    desk.sign(&first, "kloop", 10);
    desk.sign(&first, "occrp", 20);
    desk.publish(&first);
    let ids = |release: &Release| -> Vec<String> { release.body.blocks.iter().map(|block| block.id.clone()).collect() };
    let before = ids(desk.log.proposal(&first).expect("there").release());
    desk.edit("Nobody has answered.");
    desk.story.blocks.insert(0, block("1@session", "New first paragraph."));
    let after = ids(desk.build("2019-11-22T06:00:00Z", "A word").release());
    assert_eq!(after[1..], before);
}

#[test]
fn a_removed_source_that_is_cited_is_published_and_an_uncited_one_never() {
    let mut desk = Desk::new();
    registers::remove_source(&mut desk.registers, "s-court", false).expect("removed elsewhere, at the same time");
    let release = desk.build(FIRST, "");
    assert_eq!(release.release().body.sources.len(), 1);
    assert_eq!(release.release().body.sources[0].title, "A ruling");
}

#[test]
fn registers_are_read_at_the_version_that_was_proposed() {
    let mut desk = Desk::new();
    let then = desk.registers.heads();
    let before = desk.build(FIRST, "").release().clone();
    let mut source = registers::source(&desk.registers, "s-court", None).expect("there");
    source.title = "Another title".to_owned();
    registers::save_source(&mut desk.registers, &source, "").expect("saved");
    assert!(publish::is_known(&desk.registers, &then));
    let hash = desk.propose(FIRST, "");
    let proposal = desk.log.proposal(&hash).expect("there");
    let at = publish::Source {
        registers_at: Some(&then),
        ..desk.source()
    };
    assert_eq!(publish::rebuild(at, proposal, &desk.log).expect("built"), before);
    assert_eq!(
        publish::rebuild(desk.source(), proposal, &desk.log).expect("built"),
        *proposal.release()
    );
}

#[test]
fn what_stands_in_the_way_has_a_name_and_a_sentence() {
    let mut desk = Desk::new();
    let masthead = publish::masthead(&outlets(), &desk.log);
    assert_eq!(
        publish::hindrances(desk.source(), &masthead, |_| true),
        Vec::<publish::Hindrance>::new()
    );
    desk.story.headline.clear();
    desk.story.citations.push(citation("c-2", "s-nowhere", "gone", 0, 1));
    let mut figure = block("f@session", "");
    figure.kind = BlockKind::Figure {
        file: sha256_hex(b"picture"),
        media: "image/png".to_owned(),
        alt: "The harbour".to_owned(),
        credit: String::new(),
    };
    desk.story.blocks.push(figure);
    let mut poor = outlets();
    poor[1].keys.pop();
    let found = publish::hindrances(desk.source(), &publish::masthead(&poor, &desk.log), |_| false);
    for (code, part) in [
        ("no-headline", "headline"),
        ("citation-lost", "citations[1]"),
        ("file-missing", "The harbour"),
        ("few-keys", "OCCRP has fewer than two release keys"),
    ] {
        let is = |hindrance: &publish::Hindrance| hindrance.code() == code && hindrance.to_string().contains(part);
        assert!(found.iter().any(is), "{part} in {found:?}");
    }
}

// Signing.

#[test]
fn all_outlets_sign_and_readers_can_check_the_folder() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    assert_eq!(
        desk.log.missing(desk.log.proposal(&hash).expect("there")),
        ["kloop", "occrp"]
    );
    desk.sign(&hash, "kloop", 10);
    assert_eq!(desk.log.missing(desk.log.proposal(&hash).expect("there")), ["occrp"]);
    assert_eq!(desk.log.fingerprint(), None);
    desk.sign(&hash, "occrp", 21);
    let proposal = desk.log.proposal(&hash).expect("there");
    assert_eq!(desk.log.missing(proposal), Vec::<String>::new());
    let (signatures, latest) = desk.log.assembled(proposal).expect("complete");
    let folder = Folder {
        chain: desk.log.chain(),
        masthead: proposal.masthead(),
        release: proposal.release(),
        signatures: &signatures,
        latest: &latest,
        figures: &[],
    };
    let files = folder.files().expect("a folder");
    let expected = Expected {
        fingerprint: desk.log.fingerprint().expect("signed"),
        story: "customs",
        lang: "en",
        seen: &Seen::default(),
        now: komuz_release::time::parse(FIRST).expect("a time"),
    };
    let read = |path: &str| {
        Ok(files
            .iter()
            .find(|file| file.place.to_string() == path)
            .map(|file| file.bytes.clone()))
    };
    let verified = komuz_release::folder::verify_folder(&expected, read).expect("a reader can check it");
    assert_eq!((verified.hash.as_str(), verified.signed.len()), (hash.as_str(), 2));
}

#[test]
fn a_release_that_is_not_signed_by_all_is_not_published() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    desk.sign(&hash, "kloop", 10);
    let error = signoffs::mark_published(&mut desk.signoffs, &desk.log, &hash).expect_err("occrp has not signed");
    assert!(
        matches!(&error, SignoffError::Unsigned { missing } if *missing == ["occrp"]),
        "{error}"
    );
    let proposal = desk.log.proposal(&hash).expect("there").clone();
    assert!(matches!(
        desk.log.assembled(&proposal),
        Err(SignoffError::Unsigned { .. })
    ));
    // Marked all the same, by a program that does not ask: it does not count.
    let mut doc = AutoCommit::load(&desk.signoffs.save()).expect("loads");
    let published = doc.get(ROOT, "published").expect("a map").expect("there").1;
    doc.put(&published, hash.as_str(), true).expect("put");
    let mut read = Log::read(&Document::load(DocKind::Signoffs, &doc.save(), &[2; 16]).expect("loads"));
    read.among(&outlets());
    assert!(read.published().is_none());
    desk.sign(&hash, "occrp", 20);
    read.update(&desk.signoffs);
    assert!(read.published().is_some(), "signed by all, the mark counts");
}

#[test]
fn proposing_again_what_is_proposed_joins_the_proposal() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    let heads = desk.signoffs.heads();
    assert_eq!(desk.propose(FIRST, ""), hash);
    assert_eq!(desk.signoffs.heads(), heads);
}

#[test]
fn a_signature_that_does_not_fit_is_not_written() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    let wrong = Signature {
        outlet: "kloop".to_owned(),
        key: key(10).public(),
        bytes: [7; 64],
    };
    let heads = desk.signoffs.heads();
    let result = signoffs::sign_proposal(&mut desk.signoffs, &desk.log, &hash, &[(What::Release, wrong.clone())]);
    assert!(matches!(result, Err(SignoffError::Signature { what: "release", .. })));
    let result = signoffs::sign_proposal(&mut desk.signoffs, &desk.log, "nothing", &[(What::Release, wrong)]);
    assert!(matches!(result, Err(SignoffError::NoProposal { .. })));
    assert_eq!(desk.signoffs.heads(), heads);
}

#[test]
fn a_signature_by_a_key_that_the_masthead_does_not_name_does_not_count() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    let proposal = desk.log.proposal(&hash).expect("there").clone();
    // A stranger's key, and an outlet's key under the other outlet's name: both fit what they stand under.
    for (outlet, n) in [("kloop", 99), ("occrp", 10)] {
        let asked: Vec<publish::ToSign> = What::ALL
            .iter()
            .map(|what| publish::ToSign {
                what: *what,
                input: komuz_release::jws::signing_input(what.typ(), proposal.payload(*what), outlet, &key(n).public()),
            })
            .collect();
        let signatures = signed(&asked, outlet, n);
        signoffs::sign_proposal(&mut desk.signoffs, &desk.log, &hash, &signatures).expect("it fits");
        desk.log.update(&desk.signoffs);
    }
    assert_eq!(desk.log.signers(&proposal), Vec::<String>::new());
    assert_eq!(desk.log.missing(&proposal), ["kloop", "occrp"]);
}

#[test]
fn a_masthead_that_is_signed_already_is_not_asked_for_again() {
    let mut desk = Desk::new();
    let first = desk.propose(FIRST, "");
    let asked = |desk: &Desk, hash: &str| -> Vec<What> {
        let proposal = desk.log.proposal(hash).expect("there");
        publish::to_sign(proposal, &desk.log, "kloop", &key(10).public())
            .iter()
            .map(|ask| ask.what)
            .collect()
    };
    assert_eq!(asked(&desk, &first), What::ALL);
    desk.sign(&first, "kloop", 10);
    assert_eq!(asked(&desk, &first), []);
    desk.sign(&first, "occrp", 20);
    desk.publish(&first);
    desk.edit("Nobody has answered.");
    let second = desk.propose("2019-11-22T06:00:00Z", "A word");
    assert_eq!(asked(&desk, &second), [What::Release, What::Latest]);
}

#[test]
fn another_edition_finds_the_masthead_that_the_first_brought() {
    let mut first = Desk::new();
    let hash = first.propose(FIRST, "");
    first.sign(&hash, "kloop", 10);
    first.sign(&hash, "occrp", 20);
    let mut other = Desk::new();
    other.story.lang = "ky".to_owned();
    other.log.merge(&first.log);
    assert_eq!(other.log.fingerprint(), first.log.fingerprint());
    let hash = other.propose(FIRST, "");
    let proposal = other.log.proposal(&hash).expect("there");
    let asked = publish::to_sign(proposal, &other.log, "kloop", &key(10).public());
    assert_eq!(
        asked.iter().map(|ask| ask.what).collect::<Vec<_>>(),
        [What::Release, What::Latest]
    );
}

#[test]
fn an_outlet_that_joins_makes_the_next_masthead_which_all_sign() {
    let mut desk = Desk::new();
    let first = desk.propose(FIRST, "");
    desk.sign(&first, "kloop", 10);
    desk.sign(&first, "occrp", 20);
    let fingerprint = desk.log.fingerprint().expect("signed").to_owned();
    assert_eq!(publish::masthead(&outlets(), &desk.log).number, 1);
    let mut three = outlets();
    three.push(outlet("rferl", 30));
    let next = publish::masthead(&three, &desk.log);
    assert_eq!(
        (next.number, next.outlets.len(), next.previous.as_deref()),
        (2, 3, Some(fingerprint.as_str()))
    );
    // One that left stays on it: a masthead never drops an outlet.
    assert_eq!(publish::masthead(&three[1..], &desk.log).outlets, three);
    let head = komuz_release::release::Head {
        story: "customs".to_owned(),
        published: "2019-12-01T06:00:00Z".to_owned(),
        editions: vec![],
        kind: Kind::Correction,
        reason: String::new(),
    };
    desk.publish(&first);
    desk.edit("Nobody has answered.");
    let proposal = publish::build(desk.source(), &head, next, &desk.log, "rferl").expect("built");
    let hash = signoffs::propose(&mut desk.signoffs, &proposal).expect("proposed");
    desk.log.update(&desk.signoffs);
    for (outlet, n) in [("rferl", 30), ("kloop", 10)] {
        desk.sign(&hash, outlet, n);
        assert!(!desk.log.missing(&proposal).is_empty());
    }
    desk.sign(&hash, "occrp", 20);
    assert_eq!(desk.log.missing(&proposal), Vec::<String>::new());
    assert_eq!(
        (desk.log.chain().len(), desk.log.fingerprint()),
        (2, Some(fingerprint.as_str()))
    );
}

/// Writes a first masthead of an outlet's own, signs a release under it alone and marks it as published, as a program of
/// that outlet could. Its hash is lower than `than`.
fn usurp(desk: &mut Desk, outlets: &[Outlet], by: &str, n: u8, than: &str) -> String {
    let lower = (0..).find_map(|try_| {
        let mut outlets = outlets.to_vec();
        outlets[0].domain = format!("{try_}.example");
        let masthead = Masthead::first(outlets).expect("a masthead");
        (masthead.hash().as_str() < than).then_some(masthead)
    });
    let masthead = lower.expect("soon found");
    let mut own = Log::default();
    own.among(&masthead.outlets);
    let head = komuz_release::release::Head {
        story: "customs".to_owned(),
        published: FIRST.to_owned(),
        editions: vec![],
        kind: Kind::Correction,
        reason: String::new(),
    };
    let proposal = publish::build(desk.source(), &head, masthead.clone(), &own, by).expect("built");
    let hash = signoffs::propose(&mut desk.signoffs, &proposal).expect("proposed");
    own.update(&desk.signoffs);
    for outlet in &masthead.outlets {
        let asked = publish::to_sign(&proposal, &own, &outlet.id, &key(n).public());
        let signatures = signed(&asked, &outlet.id, n);
        signoffs::sign_proposal(&mut desk.signoffs, &own, &hash, &signatures).expect("fits");
    }
    own.update(&desk.signoffs);
    signoffs::mark_published(&mut desk.signoffs, &own, &hash).expect("signed by all that it names");
    desk.log.update(&desk.signoffs);
    masthead.hash()
}

#[test]
fn no_outlet_alone_can_put_another_first_masthead_in_place() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    desk.sign(&hash, "kloop", 10);
    desk.sign(&hash, "occrp", 20);
    let first = desk.log.fingerprint().expect("signed").to_owned();
    for published in [false, true] {
        // By the one that founded, by the one that came later, and with the other's name and keys that are not its own.
        let other = Outlet {
            keys: vec![key(20).public(), key(22).public()],
            ..outlet("kloop", 10)
        };
        usurp(&mut desk, &[outlet("kloop", 10)], "kloop", 10, &first);
        usurp(&mut desk, &[outlet("occrp", 20)], "occrp", 20, &first);
        let alone = usurp(&mut desk, &[other], "occrp", 20, &first);
        assert!(alone < first, "the lower hash decides nothing");
        assert_eq!(desk.log.fingerprint(), Some(first.as_str()));
        if !published {
            desk.publish(&hash);
        }
        assert_eq!(
            desk.log.published().map(|proposal| proposal.hash()),
            Some(hash.as_str())
        );
    }
}

#[test]
fn without_the_signatures_of_the_outlets_that_are_in_there_is_no_fingerprint() {
    let mut desk = Desk::new();
    usurp(&mut desk, &[outlet("occrp", 20)], "occrp", 20, "g");
    assert_eq!(desk.log.fingerprint(), None, "the founding outlet is not in it");
    assert!(desk.log.published().is_none());
    let read = Log::read(&desk.signoffs);
    assert_eq!(read.fingerprint(), None, "nobody has said who is in");
}

#[test]
fn of_two_first_mastheads_that_all_have_signed_the_published_one_counts() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    desk.sign(&hash, "kloop", 10);
    desk.sign(&hash, "occrp", 20);
    desk.publish(&hash);
    let first = desk.log.fingerprint().expect("signed").to_owned();
    // The same outlets under another name, signed by both with their own keys, in another edition.
    let mut other = Desk::new();
    let mut renamed = outlets();
    let lower = (0..).find_map(|try_| {
        renamed[0].name = format!("Kloop {try_}");
        let masthead = Masthead::first(renamed.clone()).expect("a masthead");
        (masthead.hash() < first).then_some(masthead)
    });
    let head = komuz_release::release::Head {
        story: "customs".to_owned(),
        published: FIRST.to_owned(),
        editions: vec![],
        kind: Kind::Correction,
        reason: String::new(),
    };
    let proposal =
        publish::build(other.source(), &head, lower.expect("soon found"), &other.log, "occrp").expect("built");
    let second = signoffs::propose(&mut other.signoffs, &proposal).expect("proposed");
    other.log.update(&other.signoffs);
    other.sign(&second, "kloop", 10);
    other.sign(&second, "occrp", 20);
    other.log.merge(&desk.log);
    assert_eq!(other.log.fingerprint(), Some(first.as_str()));
}

// What voids a signature, and what does not.

#[test]
fn a_changed_word_leaves_signatures_behind_and_changing_it_back_brings_them_back() {
    let mut desk = Desk::new();
    assert_eq!(desk.state(), signoffs::State::default());
    let hash = desk.propose(FIRST, "");
    desk.sign(&hash, "kloop", 10);
    let state = desk.state();
    assert_eq!(
        (state.signed, state.moved, state.unchanged),
        (names(&["kloop"]), vec![], true)
    );
    desk.edit("Somebody answered.");
    let state = desk.state();
    assert_eq!(
        (state.signed, state.moved, state.unchanged),
        (vec![], names(&["kloop"]), false)
    );
    assert_eq!(state.proposal.as_deref(), Some(hash.as_str()));
    desk.edit("Nobody answered.");
    assert_eq!(desk.state().signed, ["kloop"]);
}

#[test]
fn what_readers_do_not_get_voids_nothing() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    desk.sign(&hash, "kloop", 10);
    let source = komuz_release::story::Source {
        kind: "webpage".to_owned(),
        title: "Uncited".to_owned(),
        ..Default::default()
    };
    registers::save_source(&mut desk.registers, &source, "s-new").expect("saved");
    registers::set_title(&mut desk.registers, "Another working title").expect("set");
    // The same words typed anew in two spans of equal marks.
    let block = &mut desk.story.blocks[0];
    let rest = block.text[0].text.split_off(5);
    block.text.push(komuz_release::story::Span {
        text: rest,
        marks: Default::default(),
    });
    assert_eq!(desk.state().signed, ["kloop"]);
}

#[test]
fn a_corrected_source_voids_signatures() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    desk.sign(&hash, "kloop", 10);
    let mut source = registers::source(&desk.registers, "s-court", None).expect("there");
    source.title = "The ruling".to_owned();
    registers::save_source(&mut desk.registers, &source, "").expect("saved");
    assert_eq!(desk.state().moved, ["kloop"]);
}

#[test]
fn outlets_that_propose_at_once_meet_at_one_proposal() {
    let mut desk = Desk::new();
    let early = desk.propose(FIRST, "");
    let late = desk.propose("2019-11-21T06:00:05Z", "");
    assert_ne!(early, late);
    assert_eq!(
        desk.state().proposal.as_deref(),
        Some(late.as_str()),
        "the later one, while nobody has signed"
    );
    desk.sign(&early, "kloop", 10);
    let state = desk.state();
    assert_eq!(
        (state.proposal.as_deref(), state.signed),
        (Some(early.as_str()), names(&["kloop"]))
    );
}

#[test]
fn who_signed_the_same_a_moment_apart_means_the_next_proposal_and_is_not_behind() {
    let mut desk = Desk::new();
    let early = desk.propose(FIRST, "");
    let late = desk.propose("2019-11-21T06:00:05Z", "");
    desk.sign(&early, "kloop", 10);
    desk.sign(&late, "occrp", 20);
    let state = desk.state();
    assert_eq!(
        (state.signed, state.apart, state.moved),
        (names(&[]), names(&["kloop", "occrp"]), names(&[])),
        "neither can be completed"
    );
    let both = desk.propose("2019-11-21T06:01:00Z", "");
    let release = desk.log.proposal(&both).expect("proposed").release();
    assert!(desk.log.signed_alike("kloop", release).is_some());
    desk.sign(&both, "kloop", 10);
    let state = desk.state();
    assert_eq!(
        (state.signed, state.apart, state.moved),
        (names(&["kloop"]), names(&["occrp"]), names(&[]))
    );
    desk.sign(&both, "occrp", 20);
    let state = desk.state();
    assert_eq!(
        (state.complete, state.apart, state.moved),
        (true, names(&[]), names(&[]))
    );
    assert_eq!(state.proposal, Some(both));
}

#[test]
fn who_signed_other_words_or_long_before_is_not_taken_to_mean_a_proposal() {
    let mut desk = Desk::new();
    let early = desk.propose(FIRST, "");
    desk.sign(&early, "kloop", 10);
    let much_later = desk.build("2019-11-23T06:00:00Z", "");
    assert!(desk.log.signed_alike("kloop", much_later.release()).is_none());
    let with_a_reason = desk.build("2019-11-21T06:01:00Z", "A word");
    assert!(desk.log.signed_alike("kloop", with_a_reason.release()).is_none());
    assert!(
        desk.log
            .signed_alike("occrp", desk.build(FIRST, "").release())
            .is_none()
    );
    desk.edit("Somebody answered.");
    let other = desk.propose("2019-11-21T06:01:00Z", "");
    desk.sign(&other, "occrp", 20);
    let state = desk.state();
    assert_eq!((state.apart, state.moved), (names(&[]), names(&["kloop"])));
}

#[test]
fn what_is_signed_by_all_can_be_published_as_signed_though_the_text_has_moved_on() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    desk.sign(&hash, "kloop", 10);
    desk.sign(&hash, "occrp", 20);
    desk.edit("Somebody answered.");
    let state = desk.state();
    assert_eq!(
        (state.complete, state.unchanged, state.proposal.as_deref()),
        (true, false, Some(hash.as_str()))
    );
    desk.publish(&hash);
    assert_eq!(desk.state().published_release.as_deref(), Some(hash.as_str()));
}

#[test]
fn a_correction_is_the_next_number_with_its_reason_and_its_words() {
    let mut desk = Desk::new();
    let first = desk.propose(FIRST, "");
    desk.sign(&first, "kloop", 10);
    desk.sign(&first, "occrp", 20);
    desk.publish(&first);
    let state = desk.state();
    assert_eq!(
        (state.published, state.published_release.as_deref()),
        (1, Some(first.as_str()))
    );
    assert_eq!((state.signed, state.unchanged), (names(&["kloop", "occrp"]), true));
    desk.edit("The ministry answered.");
    assert_eq!(desk.state().moved, ["kloop", "occrp"]);
    let second = desk.propose("2019-11-22T06:00:00Z", "The ministry wrote to us.");
    let release = desk.log.proposal(&second).expect("there").release().clone();
    assert_eq!(
        (release.number, release.reason.as_str()),
        (2, "The ministry wrote to us.")
    );
    assert_eq!(
        release.supersedes.as_ref().map(|before| before.release.as_str()),
        Some(first.as_str())
    );
    let last = desk.log.last_signed_by("kloop").expect("signed the first").clone();
    let changes = publish::changes(Some(&last), &release);
    assert_eq!(changes, release.changes);
    assert!(
        changes
            .iter()
            .any(|change| change.old.contains("Nobody") && change.new.contains("ministry")),
        "{changes:?}"
    );
    assert!(
        !publish::changes(None, &release).is_empty(),
        "all of it is new to who has signed nothing"
    );
    desk.sign(&second, "kloop", 11);
    desk.sign(&second, "occrp", 20);
    desk.publish(&second);
    let state = desk.state();
    assert_eq!(
        (state.published, state.published_release.as_deref(), state.moved),
        (2, Some(second.as_str()), vec![])
    );
}

#[test]
fn what_was_signed_and_given_up_cannot_be_completed_under_the_number_of_what_is_published() {
    let mut desk = Desk::new();
    let given_up = desk.propose(FIRST, "");
    desk.sign(&given_up, "kloop", 10);
    desk.edit("Somebody answered.");
    let second = desk.propose("2019-11-21T07:00:00Z", "");
    let numbers = |desk: &Desk, hash: &str| desk.log.proposal(hash).expect("there").release().number;
    assert_eq!((numbers(&desk, &given_up), numbers(&desk, &second)), (1, 2));
    desk.sign(&second, "kloop", 10);
    // The first text again is a proposal of its own: the second one could be completed later as something newer.
    desk.edit("Nobody answered.");
    assert!(!desk.state().unchanged);
    assert_eq!(desk.build(FIRST, "").release().number, 3);
    desk.edit("Somebody answered.");
    desk.sign(&second, "occrp", 20);
    desk.publish(&second);
    desk.sign(&given_up, "occrp", 20);
    let proposal = desk.log.proposal(&given_up).expect("there");
    assert_eq!(desk.log.missing(proposal), Vec::<String>::new(), "it is complete now");
    assert_eq!(desk.log.published().expect("there").hash(), second);
    assert_eq!(desk.log.open().len(), 0, "and is not offered");
    desk.edit("The ministry answered.");
    let correction = desk.build("2019-11-22T06:00:00Z", "A word").release().clone();
    assert_eq!(
        (correction.number, correction.supersedes.map(|before| before.number)),
        (3, Some(2))
    );
}

#[test]
fn two_proposals_that_were_signed_at_once_under_one_number_both_give_way() {
    let mut desk = Desk::new();
    let early = desk.propose(FIRST, "");
    let late = desk.propose("2019-11-21T06:00:05Z", "");
    desk.sign(&early, "kloop", 10);
    desk.sign(&late, "occrp", 20);
    let state = desk.state();
    assert!(
        !state.unchanged,
        "neither can be completed without leaving the other to be completed later"
    );
    assert_eq!(desk.build("2019-11-21T06:01:00Z", "").release().number, 2);
}

#[test]
fn an_enormous_number_uses_up_no_numbers() {
    let mut desk = Desk::new();
    let mut release = desk.build(FIRST, "").release().clone();
    release.number = komuz_release::canonical::MAX_INTEGER;
    let masthead = publish::masthead(&outlets(), &desk.log);
    let proposal = Proposal::new(release, masthead, vec![], vec![], "occrp").expect("a proposal");
    let hash = signoffs::propose(&mut desk.signoffs, &proposal).expect("proposed");
    desk.log.update(&desk.signoffs);
    desk.sign(&hash, "occrp", 20);
    assert_eq!(desk.log.next_number(), 1);
    assert_eq!(desk.log.open().len(), 0);
    let honest = desk.propose(FIRST, "");
    desk.sign(&honest, "kloop", 10);
    assert_eq!(desk.state().signed, ["kloop"]);
}

// Others.

#[test]
fn sign_offs_at_once_are_all_kept() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    let mut other = Desk::new();
    other.signoffs = Document::load(DocKind::Signoffs, &desk.signoffs.save(), &[2; 16]).expect("loads");
    other.log.update(&other.signoffs);
    let _ = desk.signoffs.take_changes();
    desk.sign(&hash, "kloop", 10);
    other.sign(&hash, "occrp", 20);
    let brought: Vec<Change> = other
        .signoffs
        .take_changes()
        .into_iter()
        .map(|bytes| Change::from_bytes(bytes).expect("ours"))
        .collect();
    desk.signoffs.apply(brought).expect("applies");
    desk.log.update(&desk.signoffs);
    assert!(desk.state().complete);
}

#[test]
fn what_does_not_verify_is_not_read() {
    let mut desk = Desk::new();
    let hash = desk.propose(FIRST, "");
    desk.sign(&hash, "kloop", 10);
    let mut doc = AutoCommit::load(&desk.signoffs.save()).expect("loads");
    let map = |doc: &AutoCommit, name: &str| doc.get(ROOT, name).expect("a map").expect("there").1;
    let (proposals, signatures, mastheads) = (map(&doc, "proposals"), map(&doc, "signatures"), map(&doc, "mastheads"));
    // Another release under this name, things of wrong types, keys that say nothing.
    let forged = doc.put_object(&proposals, "f".repeat(64), ObjType::Map).expect("put");
    let bytes = desk
        .log
        .proposal(&hash)
        .expect("there")
        .release()
        .to_bytes()
        .expect("canonical");
    doc.put(&forged, "release", bytes).expect("put");
    doc.put_object(&proposals, "nothing", ObjType::List).expect("put");
    doc.put(&mastheads, "x", 5).expect("put");
    for key in [
        "",
        "release",
        "release a b c d",
        "other a b c d e",
        &format!("release {hash} kloop x y"),
    ] {
        if !key.is_empty() {
            doc.put(&signatures, key, true).expect("put");
        }
    }
    let read = Log::read(&Document::load(DocKind::Signoffs, &doc.save(), &[2; 16]).expect("loads"));
    assert!(read.proposal(&"f".repeat(64)).is_none());
    assert_eq!(read.open().len(), 1);
    assert_eq!(read.signers(read.proposal(&hash).expect("there")), ["kloop"]);
    // The release's own bytes replaced: the proposal is gone until somebody proposes it again.
    let proposal = doc.get(&proposals, &hash).expect("a map").expect("there").1;
    doc.put(&proposal, "release", b"{}".to_vec()).expect("put");
    let mut signoffs = Document::load(DocKind::Signoffs, &doc.save(), &[2; 16]).expect("loads");
    assert!(Log::read(&signoffs).proposal(&hash).is_none());
    let again = Desk::new().build(FIRST, "");
    assert_eq!(signoffs::propose(&mut signoffs, &again).expect("proposed"), hash);
    assert_eq!(Log::read(&signoffs).signers(&again), ["kloop"]);
}
