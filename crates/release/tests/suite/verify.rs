//! What a reader takes as genuine, and every reason why not.

use komuz_release::jws::{JwsError, Typ};
use komuz_release::latest::{LATEST_FOR, Latest};
use komuz_release::masthead::{chain_bytes, sign};
use komuz_release::release::{Release, Statement};
use komuz_release::time;
use komuz_release::verify::{File, Freshness, Refusal, Seen};
use komuz_release::words::Lang;

use crate::fixture::{
    Files, PUBLISHED, head, key, masthead, outlet, publish, release, signature, signed, signed_masthead, story,
};

fn later(days: i64) -> String {
    time::format(time::parse(PUBLISHED).unwrap() + days * 86_400)
}

fn correction(first: &Release) -> Release {
    let mut story = story();
    story.headline.push_str(", corrected");
    Release::from_story(&story, &head(), &masthead(), Some(first)).unwrap()
}

fn latest(change: impl FnOnce(&mut Latest)) -> Vec<u8> {
    let mut latest = Latest::of(&release()).unwrap();
    change(&mut latest);
    signed(Typ::Latest, &latest.to_bytes(), &[0, 1]).to_bytes()
}

fn statement(change: impl FnOnce(&mut Statement)) -> Vec<u8> {
    let mut statement = Statement::of(&release(), &masthead()).unwrap();
    change(&mut statement);
    signed(Typ::Release, &statement.to_bytes(), &[0, 1]).to_bytes()
}

fn freshness(seed: u8, change: impl FnOnce(&mut Latest)) -> Option<Vec<u8>> {
    let mut latest = Latest::of(&release())
        .unwrap()
        .extended(time::parse(&later(40)).unwrap());
    change(&mut latest);
    let payload = latest.to_bytes();
    let one = signature(Typ::Freshness, &payload, &outlet(seed / 10).id, &key(seed));
    Some(komuz_release::jws::assemble(Typ::Freshness, &payload, &[one]).to_bytes())
}

fn seen(number: u64, hash: &str) -> Seen {
    Seen {
        masthead: 1,
        number,
        release: hash.into(),
    }
}

fn files() -> Files {
    publish(&release())
}

#[test]
fn a_genuine_release() {
    let verified = files().check().unwrap();
    assert_eq!(verified.release, release());
    assert_eq!(verified.hash, release().hash().unwrap());
    let signed: Vec<_> = verified
        .signed
        .iter()
        .map(|s| (s.name.as_str(), s.domain.as_str()))
        .collect();
    assert_eq!(
        signed,
        [("Ala-Too Desk", "ala-too.example"), ("Issyk Wire", "issyk.example")]
    );
    assert_eq!(verified.seen, seen(1, &verified.hash));
    assert!(matches!(verified.freshness, Freshness::Fresh { .. }));
}

#[test]
fn a_correction_after_the_first() {
    let first = files().check().unwrap();
    let second = publish(&correction(&first.release))
        .check_knowing(&first.seen, PUBLISHED)
        .unwrap();
    assert_eq!(second.seen.number, 2);
}

#[test]
fn an_older_number_than_one_seen() {
    let second = publish(&correction(&release())).check().unwrap();
    assert_eq!(
        files().check_knowing(&second.seen, PUBLISHED),
        Err(Refusal::Older { seen: 2, found: 1 })
    );
}

#[test]
fn two_releases_under_one_number() {
    let refused = files().check_knowing(&seen(1, &"0".repeat(64)), PUBLISHED);
    assert_eq!(refused, Err(Refusal::Two { number: 1 }));
}

#[test]
fn a_correction_of_another_release_than_the_one_seen() {
    let refused = publish(&correction(&release())).check_knowing(&seen(1, &"0".repeat(64)), PUBLISHED);
    assert_eq!(refused, Err(Refusal::Two { number: 1 }));
}

#[test]
fn an_older_masthead_than_one_seen() {
    let known = Seen {
        masthead: 2,
        ..Seen::default()
    };
    let refused = files().check_knowing(&known, PUBLISHED);
    assert_eq!(refused, Err(Refusal::OlderMasthead { seen: 2, found: 1 }));
}

#[test]
fn another_fingerprint() {
    let mut files = files();
    files.fingerprint = "0".repeat(64);
    assert!(matches!(files.check(), Err(Refusal::Masthead(_))));
}

#[test]
fn a_missing_signature() {
    let statement = Statement::of(&release(), &masthead()).unwrap().to_bytes();
    let mut one = files();
    one.signatures = signed(Typ::Release, &statement, &[0]).to_bytes();
    assert_eq!(
        one.check(),
        Err(Refusal::Missing {
            file: File::Signatures,
            outlet: "issyk".into()
        })
    );
    let mut one = files();
    one.latest = signed(Typ::Latest, &Latest::of(&release()).unwrap().to_bytes(), &[1]).to_bytes();
    assert_eq!(
        one.check(),
        Err(Refusal::Missing {
            file: File::Latest,
            outlet: "ala-too".into()
        })
    );
}

#[test]
fn a_wrong_key() {
    let payload = Statement::of(&release(), &masthead()).unwrap().to_bytes();
    for seed in [3, 9] {
        let both = [
            signature(Typ::Release, &payload, "ala-too", &key(seed)),
            signature(Typ::Release, &payload, "issyk", &key(11)),
        ];
        let mut files = files();
        files.signatures = komuz_release::jws::assemble(Typ::Release, &payload, &both).to_bytes();
        assert_eq!(
            files.check(),
            Err(Refusal::Key {
                file: File::Signatures,
                outlet: "ala-too".into()
            })
        );
    }
    // A key of another outlet.
    let payload = Latest::of(&release()).unwrap().to_bytes();
    let both = [
        signature(Typ::Latest, &payload, "ala-too", &key(1)),
        signature(Typ::Latest, &payload, "issyk", &key(2)),
    ];
    let mut files = files();
    files.latest = komuz_release::jws::assemble(Typ::Latest, &payload, &both).to_bytes();
    assert_eq!(
        files.check(),
        Err(Refusal::Key {
            file: File::Latest,
            outlet: "issyk".into()
        })
    );
}

#[test]
fn signatures_for_something_else() {
    let statement = Statement::of(&release(), &masthead()).unwrap().to_bytes();
    let mut wrong = files();
    wrong.signatures = signed(Typ::Signoff, &statement, &[0, 1]).to_bytes();
    let Err(Refusal::Signature {
        file: File::Signatures,
        error: JwsError::Type { .. },
    }) = wrong.check()
    else {
        panic!("{:?}", wrong.check());
    };
    let mut swapped = files();
    std::mem::swap(&mut swapped.latest, &mut swapped.signatures);
    assert!(matches!(
        swapped.check(),
        Err(Refusal::Signature { file: File::Latest, .. })
    ));
}

#[test]
fn another_release_than_the_latest_names() {
    let mut mixed = files();
    mixed.release = publish(&correction(&release())).release;
    assert_eq!(
        mixed.check(),
        Err(Refusal::File {
            path: "release.json".into()
        })
    );
    let mut mixed = files();
    mixed.signatures = publish(&correction(&release())).signatures;
    assert!(matches!(
        mixed.check(),
        Err(Refusal::Mismatch {
            file: File::Signatures,
            member: "release",
            ..
        })
    ));
}

#[test]
fn another_story_or_language_than_asked_for() {
    for (change, member) in [
        ((|l| l.story = "another".into()) as fn(&mut Latest), "story"),
        (|l| l.lang = "ky".into(), "lang"),
        (|l| l.masthead = "0".repeat(64), "masthead"),
    ] {
        let mut files = files();
        files.latest = latest(change);
        assert!(
            matches!(files.check(), Err(Refusal::Mismatch { file: File::Latest, member: m, .. }) if m == member),
            "{member}"
        );
    }
}

#[test]
fn a_latest_that_says_another_number_than_its_release() {
    let mut files = files();
    files.latest = latest(|l| l.number = 7);
    assert!(matches!(
        files.check(),
        Err(Refusal::Mismatch {
            file: File::Release,
            member: "number",
            ..
        })
    ));
}

#[test]
fn a_statement_of_something_else() {
    for (change, member) in [
        ((|s| s.release = "0".repeat(64)) as fn(&mut Statement), "release"),
        (|s| s.masthead = "0".repeat(64), "masthead"),
        (|s| s.story = "another".into(), "story"),
        (|s| s.lang = "ky".into(), "lang"),
        (|s| s.number = 2, "number"),
    ] {
        let mut files = files();
        files.signatures = statement(change);
        assert!(
            matches!(files.check(), Err(Refusal::Mismatch { file: File::Signatures, member: m, .. }) if m == member),
            "{member}"
        );
    }
}

#[test]
fn a_release_without_a_front_for_each_outlet() {
    let mut release = release();
    release.outlets.remove("issyk");
    assert!(matches!(
        publish(&release).check(),
        Err(Refusal::Mismatch { member: "outlets", .. })
    ));
}

#[test]
fn a_term_that_cannot_be() {
    for change in [
        (|l| l.expires = "soon".into()) as fn(&mut Latest),
        (|l| l.issued = "2026-12-17".into()),
        |l| l.expires = "2026-01-01T00:00:00Z".into(),
        |l| l.expires = "9999-12-31T23:59:59Z".into(),
    ] {
        let mut files = files();
        files.latest = latest(change);
        assert!(matches!(files.check(), Err(Refusal::Form { file: File::Latest, .. })));
    }
}

#[test]
fn a_release_that_nobody_renews_is_shown_and_said_to_be_old() {
    let verified = files().check_knowing(&Seen::default(), &later(31)).unwrap();
    assert_eq!(
        verified.freshness,
        Freshness::NotRenewed {
            since: time::parse(PUBLISHED).unwrap()
        }
    );
}

#[test]
fn a_clock_that_is_behind_makes_nothing_old_or_wrong() {
    let verified = files().check_knowing(&Seen::default(), "1980-01-01T00:00:00Z").unwrap();
    assert!(matches!(verified.freshness, Freshness::Fresh { .. }));
}

#[test]
fn a_freshness_key_extends() {
    let mut files = files();
    files.freshness = freshness(9, |_| {});
    let verified = files.check_knowing(&Seen::default(), &later(60)).unwrap();
    let since = time::parse(&later(40)).unwrap();
    assert_eq!(
        verified.freshness,
        Freshness::Fresh {
            since,
            until: since + LATEST_FOR
        }
    );
}

#[test]
fn a_freshness_key_extends_nothing_but_the_same_release() {
    for change in [(|l| l.number = 2) as fn(&mut Latest), (|l| l.release = "0".repeat(64))] {
        let mut files = files();
        files.freshness = freshness(9, change);
        let verified = files.check_knowing(&Seen::default(), &later(60)).unwrap();
        assert!(matches!(verified.freshness, Freshness::NotRenewed { .. }));
    }
}

#[test]
fn a_freshness_key_cannot_shorten() {
    let mut files = files();
    files.freshness = freshness(9, |l| (l.issued, l.expires) = (PUBLISHED.into(), later(1)));
    let verified = files.check_knowing(&Seen::default(), &later(20)).unwrap();
    assert!(matches!(verified.freshness, Freshness::Fresh { .. }));
}

#[test]
fn a_freshness_key_cannot_extend_for_ever() {
    let mut files = files();
    files.freshness = freshness(9, |l| l.expires = "2027-12-31T00:00:00Z".into());
    assert!(matches!(
        files.check(),
        Err(Refusal::Form {
            file: File::Freshness,
            ..
        })
    ));
}

#[test]
fn no_other_key_extends() {
    for seed in [1, 2, 3, 29] {
        let mut files = files();
        files.freshness = freshness(seed, |_| {});
        assert!(
            matches!(
                files.check(),
                Err(Refusal::Key {
                    file: File::Freshness,
                    ..
                })
            ),
            "{seed}"
        );
    }
}

#[test]
fn a_freshness_key_publishes_nothing() {
    let payload = Latest::of(&release()).unwrap().to_bytes();
    let both = [
        signature(Typ::Latest, &payload, "ala-too", &key(9)),
        signature(Typ::Latest, &payload, "issyk", &key(19)),
    ];
    let mut files = files();
    files.latest = komuz_release::jws::assemble(Typ::Latest, &payload, &both).to_bytes();
    assert!(matches!(files.check(), Err(Refusal::Key { file: File::Latest, .. })));
}

#[test]
fn a_release_from_before_an_outlet_joined_stays_genuine() {
    let second = masthead().next(vec![outlet(0), outlet(1), outlet(2)]).unwrap();
    let mut files = files();
    files.masthead = chain_bytes(&[signed_masthead(), signed(Typ::Masthead, &second.to_bytes(), &[0, 1, 2])]);
    let verified = files.check().unwrap();
    assert_eq!(verified.signed.len(), 2);
    assert_eq!(verified.seen.masthead, 2);
}

#[test]
fn a_key_that_was_replaced_signs_no_more() {
    let mut changed = outlet(0);
    changed.keys = vec![key(2).public(), key(3).public()];
    let second = masthead().next(vec![changed, outlet(1)]).unwrap();
    let by = |seed: u8| signature(Typ::Masthead, &second.to_bytes(), &outlet(seed / 10).id, &key(seed));
    let chain = chain_bytes(&[signed_masthead(), sign(&second, &[by(1), by(3), by(11)])]);
    let mut files = files();
    files.masthead = chain;
    assert_eq!(
        files.check(),
        Err(Refusal::Key {
            file: File::Latest,
            outlet: "ala-too".into()
        })
    );
    // Signed again with keys that count, the old release is the newest still.
    let mut latest = Latest::of(&release()).unwrap();
    latest.masthead = second.hash();
    let payload = latest.to_bytes();
    let both = [
        signature(Typ::Latest, &payload, "ala-too", &key(3)),
        signature(Typ::Latest, &payload, "issyk", &key(11)),
    ];
    files.latest = komuz_release::jws::assemble(Typ::Latest, &payload, &both).to_bytes();
    assert!(files.check().is_ok());
}

#[test]
fn files_that_are_too_large() {
    for (file, limit) in [(0, 64 << 10), (1, 16 << 10), (2, 4 << 20), (3, 64 << 10)] {
        let mut files = files();
        let field = match file {
            0 => &mut files.masthead,
            1 => &mut files.latest,
            2 => &mut files.release,
            _ => &mut files.signatures,
        };
        *field = vec![b' '; limit + 1];
        assert!(files.check().is_err());
    }
}

#[test]
fn every_refusal_has_a_code_and_three_sentences() {
    let refusals = [
        (Refusal::Older { seen: 2, found: 1 }, "older"),
        (Refusal::Two { number: 1 }, "two"),
        (
            Refusal::Missing {
                file: File::Latest,
                outlet: "issyk".into(),
            },
            "missing",
        ),
        (
            Refusal::Key {
                file: File::Latest,
                outlet: "issyk".into(),
            },
            "key",
        ),
        (
            Refusal::File {
                path: "release.json".into(),
            },
            "file",
        ),
        (
            Refusal::Unreadable {
                path: "x".into(),
                error: "y".into(),
            },
            "unreadable",
        ),
    ];
    for (refusal, code) in refusals {
        assert_eq!(refusal.code(), code);
        let sentences = [Lang::En, Lang::Ru, Lang::Ky].map(|lang| refusal.sentence(lang));
        assert!(sentences.iter().all(|s| s.ends_with('.')));
        assert!(sentences[0] != sentences[1] && sentences[1] != sentences[2]);
    }
}
