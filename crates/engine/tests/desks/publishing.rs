//! Signing, publishing, correcting; import and export.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use komuz_messages::{Answer, Ask, EditionId, OutFile, Review, Trouble};
use komuz_release::keys::signature_text;
use komuz_release::masthead::Chain;
use komuz_release::notice::{Kind, continues};
use komuz_release::release::Release;
use komuz_release::story::Story;
use komuz_release::verify::{Expected, Freshness, Seen};

use crate::keeping::come_back;
use crate::newsroom::{founder, join, settled, signing_key, story};
use crate::page::insert;
use crate::world::World;
use crate::writing::{open, save_source, text, two, type_at};

const NOW: &str = "2019-11-21T06:00:00Z";

pub fn review(world: &mut World, desk: usize, edition: &EditionId, reason: &str) -> Review {
    reviewed(world, desk, edition, NOW, reason)
}

fn names(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn review_at(world: &mut World, desk: usize, edition: &EditionId, now: &str) -> Review {
    reviewed(world, desk, edition, now, "")
}

fn reviewed(world: &mut World, desk: usize, edition: &EditionId, now: &str, reason: &str) -> Review {
    reviewed_as(world, desk, edition, now, ("", reason))
}

fn reviewed_as(world: &mut World, desk: usize, edition: &EditionId, now: &str, (kind, reason): (&str, &str)) -> Review {
    let ask = Ask::Review {
        edition: edition.clone(),
        now: now.into(),
        kind: kind.into(),
        reason: reason.into(),
        key: String::new(),
    };
    match world.ask(desk, ask).expect("a review") {
        Answer::Review(review) => *review,
        other => panic!("{other:?}"),
    }
}

/// Signs what was reviewed with the outlet's first key.
fn sign(world: &mut World, desk: usize, outlet: &str, review: &Review) -> Result<Answer, Trouble> {
    let key = signing_key(outlet, 1);
    let signatures = review
        .to_sign
        .iter()
        .map(|it| signature_text(&key.sign(it.input.as_bytes())))
        .collect();
    let (edition, release) = (review.edition.clone(), review.release.clone());
    world.ask(
        desk,
        Ask::SignOff {
            edition,
            release,
            signatures,
            key: key.public().to_string(),
        },
    )
}

fn publish(world: &mut World, desk: usize, edition: &EditionId, web: &mut BTreeMap<String, Vec<u8>>) -> String {
    let release = signing(world, desk, edition).proposal.expect("proposed");
    match world
        .ask(
            desk,
            Ask::Publish {
                edition: edition.clone(),
                release,
            },
        )
        .expect("everybody has signed")
    {
        Answer::Folder {
            release,
            servers,
            files,
        } => {
            assert!(!servers.is_empty());
            for OutFile { path, bytes, .. } in files {
                web.insert(path, STANDARD.decode(bytes).expect("base64"));
            }
            let ask = Ask::Published {
                edition: edition.clone(),
                release: release.clone(),
            };
            assert_eq!(world.ask(desk, ask), Ok(Answer::Done));
            release
        }
        other => panic!("{other:?}"),
    }
}

/// What a reader makes of the files: the release's number and its first paragraph.
fn read(web: &BTreeMap<String, Vec<u8>>, fingerprint: &str, edition: &EditionId, seen: &Seen) -> (u64, String, Seen) {
    let expected = Expected {
        fingerprint,
        story: &edition.story,
        lang: &edition.lang,
        seen,
        now: 1_574_400_000,
    };
    let file = |path: &str| Ok(web.get(path).cloned());
    let verified = komuz_release::folder::verify_folder(&expected, file).expect("it verifies");
    assert!(matches!(verified.freshness, Freshness::Fresh { .. }));
    assert_eq!(
        verified
            .signed
            .iter()
            .map(|signed| signed.outlet.as_str())
            .collect::<Vec<_>>(),
        ["kloop", "occrp"]
    );
    (
        verified.release.number,
        verified.release.body.blocks[0].plain_text(),
        verified.seen,
    )
}

fn signing(world: &World, desk: usize, edition: &EditionId) -> komuz_messages::Signing {
    world.desks[desk].shown.editions[edition].signing.clone()
}

fn fingerprint(world: &World, desk: usize) -> String {
    let view = world.desks[desk].shown.investigation.as_ref().expect("shown");
    view.fingerprint.clone().expect("a signed masthead")
}

#[test]
fn outlets_that_sign_before_they_hear_of_each_other_meet_at_one_release() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "He took 700 million dollars.", |page| {
        page.end()
    });
    settled(&mut world);
    for desk in [kloop, occrp] {
        world.online(desk, false);
    }
    let mine = review_at(&mut world, kloop, &edition, "2019-11-21T06:00:00Z");
    assert_eq!(sign(&mut world, kloop, "kloop", &mine), Ok(Answer::Done));
    let theirs = review_at(&mut world, occrp, &edition, "2019-11-21T06:00:05Z");
    assert_eq!(sign(&mut world, occrp, "occrp", &theirs), Ok(Answer::Done));
    assert_ne!(mine.release, theirs.release);
    for desk in [kloop, occrp] {
        world.online(desk, true);
    }
    settled(&mut world);
    for desk in [kloop, occrp] {
        let state = signing(&world, desk, &edition);
        assert_eq!(
            (&state.apart, &state.signed),
            (&names(&["kloop", "occrp"]), &names(&[]))
        );
        assert!(state.moved.is_empty() && !state.complete);
    }
    // What the desks do by themselves: they sign anew what their own people have signed a moment before.
    let again = review_at(&mut world, kloop, &edition, "2019-11-21T07:00:00Z");
    assert!(again.again && again.since_mine.is_empty());
    assert_eq!(sign(&mut world, kloop, "kloop", &again), Ok(Answer::Done));
    settled(&mut world);
    let state = signing(&world, occrp, &edition);
    assert_eq!((&state.apart, &state.signed), (&names(&["occrp"]), &names(&["kloop"])));
    let too = review_at(&mut world, occrp, &edition, "2019-11-21T07:00:05Z");
    assert!(too.again && too.release == again.release);
    assert_eq!(sign(&mut world, occrp, "occrp", &too), Ok(Answer::Done));
    settled(&mut world);
    assert!(signing(&world, kloop, &edition).complete);
    let mut web = BTreeMap::new();
    assert_eq!(publish(&mut world, occrp, &edition, &mut web), again.release);
}

#[test]
fn two_outlets_sign_an_editor_publishes_and_one_word_is_corrected() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(
        &mut world,
        kloop,
        &edition,
        "He took 700 million dollars out of the country.",
        |page| page.end(),
    );
    settled(&mut world);

    let mine = review(&mut world, kloop, &edition, "");
    assert_eq!(mine.obstacles, []);
    assert_eq!(
        mine.to_sign.iter().map(|it| it.what.as_str()).collect::<Vec<_>>(),
        ["masthead", "release", "latest"]
    );
    assert_eq!(sign(&mut world, kloop, "kloop", &mine), Ok(Answer::Done));
    settled(&mut world);
    let trouble = world
        .ask(
            kloop,
            Ask::Publish {
                edition: edition.clone(),
                release: mine.release.clone(),
            },
        )
        .expect_err("one signature is not all");
    assert_eq!(trouble.code, "not-signed");
    assert_eq!(signing(&world, occrp, &edition).signed, ["kloop"]);

    // A comment voids nothing.
    let page = &world.desks[occrp].pages[&edition];
    let ((from, to), seq, taken) = (page.find("700"), page.seq, page.taken);
    let (from, to) = (from as u32, to as u32);
    let ask = Ask::Comment {
        edition: edition.clone(),
        seq,
        taken,
        from,
        to,
        text: "Checked.".into(),
    };
    assert!(matches!(world.ask(occrp, ask), Ok(Answer::Made { .. })));
    settled(&mut world);
    assert_eq!(signing(&world, kloop, &edition).signed, ["kloop"]);

    let theirs = review(&mut world, occrp, &edition, "");
    assert_eq!(
        (&theirs.release, &theirs.signed),
        (&mine.release, &vec!["kloop".to_owned()]),
        "the same bytes are signed"
    );
    assert_eq!(sign(&mut world, occrp, "occrp", &theirs), Ok(Answer::Done));
    settled(&mut world);
    assert!(signing(&world, kloop, &edition).complete);

    let mut web = BTreeMap::new();
    let release = publish(&mut world, kloop, &edition, &mut web);
    settled(&mut world);
    let after = signing(&world, occrp, &edition);
    assert_eq!(
        (after.published, after.published_release.as_deref(), after.complete),
        (1, Some(release.as_str()), false)
    );
    let pin = fingerprint(&world, occrp);
    let chain = Chain::verify(&web[&format!("{pin}/masthead.json")], &pin).expect("it verifies");
    for outlet in &chain.newest().outlets {
        let key = signing_key(&outlet.id, 9).public();
        assert_eq!(
            outlet.freshness,
            Some(key),
            "its server may say that a release is the newest still"
        );
    }
    let (number, words, seen) = read(&web, &pin, &edition, &Seen::default());
    assert_eq!(
        (number, words.as_str()),
        (1, "He took 700 million dollars out of the country.")
    );
    let done = review(&mut world, kloop, &edition, "");
    let codes = |review: &Review| review.obstacles.iter().map(|it| it.code.clone()).collect::<Vec<_>>();
    assert_eq!(codes(&done), ["nothing-changed"]);

    // One word is wrong.
    let page = world.desks[occrp].pages.get_mut(&edition).expect("open");
    let (from, to) = page.find("dollars");
    let steps = vec![insert(from, to, "som")];
    let (seq, taken) = page.make(&steps);
    world.say(
        occrp,
        Ask::Steps {
            edition: edition.clone(),
            seq,
            taken,
            steps,
        },
    );
    settled(&mut world);
    let moved = signing(&world, kloop, &edition);
    assert!(moved.signed.is_empty());
    assert_eq!(moved.moved, ["kloop", "occrp"]);
    assert_eq!(
        moved
            .changes
            .iter()
            .map(|c| (c.old.as_str(), c.new.as_str()))
            .collect::<Vec<_>>(),
        [("dollars", "som")]
    );
    for (desk, outlet) in [(occrp, "occrp"), (kloop, "kloop")] {
        let correction = review(&mut world, desk, &edition, "The currency was wrong.");
        assert_eq!((correction.number, correction.correction.len()), (2, 1));
        assert_eq!(
            correction.to_sign.iter().map(|it| it.what.as_str()).collect::<Vec<_>>(),
            ["release", "latest"]
        );
        assert_eq!(sign(&mut world, desk, outlet, &correction), Ok(Answer::Done));
        settled(&mut world);
    }
    publish(&mut world, occrp, &edition, &mut web);
    settled(&mut world);
    let (number, words, _) = read(&web, &pin, &edition, &seen);
    assert_eq!(
        (number, words.as_str()),
        (2, "He took 700 million som out of the country.")
    );
    assert_eq!(fingerprint(&world, kloop), pin);
}

/// Both outlets sign what the first one asks for, and it is published.
fn both_publish(
    world: &mut World,
    edition: &EditionId,
    notice: (&str, &str),
    web: &mut BTreeMap<String, Vec<u8>>,
) -> Release {
    let first = reviewed_as(world, 0, edition, NOW, notice);
    assert_eq!(first.obstacles, []);
    assert_eq!(sign(world, 0, "kloop", &first), Ok(Answer::Done));
    settled(world);
    assert_eq!(
        signing(world, 1, edition).signed,
        ["kloop"],
        "the other sees what is to be signed"
    );
    let second = review(world, 1, edition, "");
    assert_eq!((&second.release, &second.obstacles), (&first.release, &Vec::new()));
    assert_eq!(sign(world, 1, "occrp", &second), Ok(Answer::Done));
    settled(world);
    assert_eq!(publish(world, 0, edition, web), first.release);
    settled(world);
    Release::parse(first.json.as_bytes()).expect("a release")
}

#[test]
fn an_update_and_then_the_story_is_withdrawn_as_it_stands() {
    let (mut world, kloop, occrp, edition) = two();
    assert_eq!((kloop, occrp), (0, 1));
    type_at(&mut world, kloop, &edition, "The mayor signed.", |page| page.end());
    settled(&mut world);
    let mut web = BTreeMap::new();
    let first = both_publish(&mut world, &edition, ("", ""), &mut web);
    type_at(&mut world, occrp, &edition, " He resigned.", |page| page.end());
    settled(&mut world);
    let second = both_publish(&mut world, &edition, ("update", "He resigned."), &mut web);
    assert_eq!(continues(&first, &second), Ok(()));

    // The text is as it was published: no correction can be made of it, and it can be withdrawn.
    let codes = |review: &Review| review.obstacles.iter().map(|it| it.code.clone()).collect::<Vec<_>>();
    for kind in ["", "correction", "clarification", "update"] {
        let nothing = reviewed_as(&mut world, kloop, &edition, NOW, (kind, "Why?"));
        assert_eq!(codes(&nothing), ["nothing-changed"]);
    }
    let third = both_publish(
        &mut world,
        &edition,
        ("retraction", "The documents are forged."),
        &mut web,
    );
    assert_eq!(continues(&second, &third), Ok(()));
    let kinds = |release: &Release| release.notices().iter().map(|notice| notice.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&third), [Kind::Update, Kind::Retraction]);
    assert_eq!(third.body, second.body);
    let again = reviewed_as(&mut world, kloop, &edition, NOW, ("retraction", "Once more."));
    assert_eq!(codes(&again), ["nothing-changed"]);
    let pin = fingerprint(&world, occrp);
    assert_eq!(read(&web, &pin, &edition, &Seen::default()).0, 3);
}

#[test]
fn outlets_that_withdraw_a_story_before_they_hear_of_each_other_meet_too() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "The mayor signed.", |page| page.end());
    settled(&mut world);
    let mut web = BTreeMap::new();
    both_publish(&mut world, &edition, ("", ""), &mut web);
    for desk in [kloop, occrp] {
        world.online(desk, false);
    }
    for (desk, outlet, now) in [(kloop, "kloop", NOW), (occrp, "occrp", "2019-11-21T06:00:05Z")] {
        let mine = reviewed_as(&mut world, desk, &edition, now, ("retraction", "Forged."));
        assert_eq!(sign(&mut world, desk, outlet, &mine), Ok(Answer::Done));
    }
    for desk in [kloop, occrp] {
        world.online(desk, true);
    }
    settled(&mut world);
    // What the desks do by themselves, as with every other release.
    for (desk, outlet) in [(kloop, "kloop"), (occrp, "occrp")] {
        let again = review_at(&mut world, desk, &edition, "2019-11-21T07:00:00Z");
        assert!(again.again && again.obstacles.is_empty(), "{:?}", again.obstacles);
        assert_eq!(sign(&mut world, desk, outlet, &again), Ok(Answer::Done));
        settled(&mut world);
    }
    assert!(signing(&world, kloop, &edition).complete);
}

#[test]
fn a_changed_word_before_the_quorum_shows_what_moved_and_can_be_published_as_signed_or_signed_again() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "The mayor signed.", |page| page.end());
    settled(&mut world);
    let first = review(&mut world, kloop, &edition, "");
    sign(&mut world, kloop, "kloop", &first).expect("signed");
    settled(&mut world);
    type_at(&mut world, occrp, &edition, " Twice.", |page| page.end());
    settled(&mut world);
    let state = signing(&world, kloop, &edition);
    assert_eq!(
        (state.signed.len(), state.moved.as_slice()),
        (0, &["kloop".to_owned()][..])
    );
    assert!(state.changes.iter().any(|change| change.new.contains("Twice")));
    // Who reviews now signs the text as it is now, and sees what changed since the other signed.
    let second = review(&mut world, occrp, &edition, "");
    assert_ne!(second.release, first.release);
    sign(&mut world, occrp, "occrp", &second).expect("signed");
    settled(&mut world);
    let again = review(&mut world, kloop, &edition, "");
    assert_eq!(again.release, second.release);
    assert!(
        again.since_mine.iter().any(|change| change.new.contains("Twice")),
        "{:?}",
        again.since_mine
    );
    sign(&mut world, kloop, "kloop", &again).expect("signed");
    settled(&mut world);
    assert!(signing(&world, occrp, &edition).complete);
}

#[test]
fn what_was_not_reviewed_or_is_signed_with_another_key_is_refused() {
    let (mut world, kloop, _, edition) = two();
    type_at(&mut world, kloop, &edition, "Words.", |page| page.end());
    settled(&mut world);
    let ask = Ask::SignOff {
        edition: edition.clone(),
        release: "0".repeat(64),
        signatures: Vec::new(),
        key: String::new(),
    };
    assert_eq!(world.ask(kloop, ask).expect_err("never reviewed").code, "not-reviewed");
    let reviewed = review(&mut world, kloop, &edition, "");
    // Another outlet's key under one's own name does not fit.
    let key = signing_key("occrp", 1);
    let signatures: Vec<_> = reviewed
        .to_sign
        .iter()
        .map(|it| signature_text(&key.sign(it.input.as_bytes())))
        .collect();
    let own = signing_key("kloop", 1).public().to_string();
    let (release, edition_) = (reviewed.release.clone(), edition.clone());
    let ask = Ask::SignOff {
        edition: edition_,
        release,
        signatures,
        key: own,
    };
    assert_eq!(
        world.ask(kloop, ask).expect_err("a signature that does not fit").code,
        "refused"
    );
    let stranger = key.public().to_string();
    let ask = Ask::Review {
        edition: edition.clone(),
        now: NOW.into(),
        kind: String::new(),
        reason: String::new(),
        key: stranger,
    };
    assert_eq!(
        world.ask(kloop, ask).expect_err("not a key of the outlet").code,
        "release-key"
    );
    settled(&mut world);
    assert!(signing(&world, kloop, &edition).signed.is_empty());
}

#[test]
fn an_empty_story_says_why_it_cannot_be_signed() {
    let mut world = World::new(1);
    let kloop = founder(&mut world);
    let edition = story(&mut world, kloop, "");
    open(&mut world, kloop, &edition);
    let refused = review(&mut world, kloop, &edition, "");
    assert!(
        refused.obstacles.iter().any(|it| it.code == "no-headline"),
        "{:?}",
        refused.obstacles
    );
    assert!(refused.to_sign.is_empty() && refused.json.is_empty());
}

#[test]
fn a_second_edition_uses_the_masthead_of_the_first() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "English words.", |page| page.end());
    let ky = EditionId {
        story: edition.story.clone(),
        lang: "ky".into(),
    };
    world
        .ask(
            kloop,
            Ask::NewEdition {
                edition: ky.clone(),
                from: Some("en".into()),
            },
        )
        .expect("added");
    open(&mut world, occrp, &ky);
    open(&mut world, kloop, &ky);
    world
        .ask(
            kloop,
            Ask::SetHeadline {
                edition: ky.clone(),
                before: String::new(),
                text: "Тоноо".into(),
            },
        )
        .expect("set");
    settled(&mut world);
    let mut web = BTreeMap::new();
    for (edition, what) in [
        (&edition, vec!["masthead", "release", "latest"]),
        (&ky, vec!["release", "latest"]),
    ] {
        for (desk, outlet) in [(kloop, "kloop"), (occrp, "occrp")] {
            let reviewed = review(&mut world, desk, edition, "");
            assert_eq!(
                reviewed.to_sign.iter().map(|it| it.what.as_str()).collect::<Vec<_>>(),
                what
            );
            let release = Release::parse(reviewed.json.as_bytes()).expect("a release");
            assert_eq!(release.editions, ["en", "ky"]);
            sign(&mut world, desk, outlet, &reviewed).expect("signed");
            settled(&mut world);
        }
        publish(&mut world, kloop, edition, &mut web);
        settled(&mut world);
    }
    let pin = fingerprint(&world, occrp);
    for edition in [&edition, &ky] {
        assert_eq!(read(&web, &pin, edition, &Seen::default()).1, "English words.");
    }
}

#[test]
fn a_picture_goes_with_the_release() {
    let (mut world, kloop, occrp, edition) = two();
    // Larger than one envelope: it travels in parts.
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend((0..900_000u32).map(|n| (n * 31 % 251) as u8));
    let bytes = STANDARD.encode(&png);
    let ask = Ask::AddFile {
        media: "image/png".into(),
        bytes: bytes.clone(),
    };
    let Ok(Answer::Made { id: file }) = world.ask(kloop, ask) else {
        panic!("kept")
    };
    let figure = serde_json::json!({
        "type": "figure",
        "attrs": { "id": null, "file": file, "media": "image/png", "alt": "A contract", "credit": "Kloop" },
        "content": [{ "type": "text", "text": "The contract." }],
    });
    let page = world.desks[kloop].pages.get_mut(&edition).expect("open");
    let end = page.doc.size();
    let step = serde_json::json!({ "stepType": "replace", "from": end, "to": end, "slice": { "content": [figure] } });
    let (seq, taken) = page.make(std::slice::from_ref(&step));
    world.say(
        kloop,
        Ask::Steps {
            edition: edition.clone(),
            seq,
            taken,
            steps: vec![step],
        },
    );
    type_at(&mut world, kloop, &edition, "See the contract.", |_| 1);
    settled(&mut world);
    match world.ask(occrp, Ask::GetFile { file: file.clone() }) {
        Ok(Answer::File {
            media, bytes: theirs, ..
        }) => assert_eq!((media.as_str(), theirs), ("image/png", bytes)),
        other => panic!("{other:?}"),
    }
    for (desk, outlet) in [(kloop, "kloop"), (occrp, "occrp")] {
        let reviewed = review(&mut world, desk, &edition, "");
        assert_eq!(reviewed.obstacles, []);
        sign(&mut world, desk, outlet, &reviewed).expect("signed");
        settled(&mut world);
    }
    // A session that has seen nothing of it reads it from its disk.
    world.crash(occrp);
    let occrp = come_back(&mut world, occrp);
    open(&mut world, occrp, &edition);
    let mut web = BTreeMap::new();
    publish(&mut world, occrp, &edition, &mut web);
    settled(&mut world);
    let pin = fingerprint(&world, occrp);
    assert_eq!(web.get(&format!("{pin}/files/{file}")), Some(&png));
    read(&web, &pin, &edition, &Seen::default());
}

fn export(world: &mut World, desk: usize, edition: &EditionId, format: &str) -> String {
    match world.ask(
        desk,
        Ask::Export {
            edition: edition.clone(),
            format: format.into(),
            sure: false,
        },
    ) {
        Ok(Answer::File { bytes, .. }) => {
            String::from_utf8_lossy(&STANDARD.decode(bytes).expect("base64")).into_owned()
        }
        other => panic!("{format}: {other:?}"),
    }
}

#[test]
fn a_document_with_footnotes_comes_in_and_goes_out_equal() {
    let (mut world, kloop, occrp, edition) = two();
    let markdown = "---\nheadline: Imported\n---\n\nHe owned *three* houses.[^1]\n\nAnd a farm.[^2]\n\n\
        [^1]: Kloop, \"Houses\", 21 November 2019, https://kloop.example/houses\n\
        [^2]: Land registry, https://registry.example/farm\n";
    let ask = Ask::Import {
        edition: edition.clone(),
        name: "story.md".into(),
        text: markdown.into(),
        tongue: "en".into(),
    };
    match world.ask(occrp, ask) {
        Ok(Answer::Imported {
            blocks,
            citations,
            sources,
            ..
        }) => assert_eq!((blocks, citations, sources), (2, 2, 2)),
        other => panic!("{other:?}"),
    }
    settled(&mut world);
    assert_eq!(text(&world, kloop, &edition), "He owned three houses.\nAnd a farm.");
    assert_eq!(world.desks[kloop].shown.editions[&edition].citations.len(), 2);
    let json = export(&mut world, kloop, &edition, "json");
    let before: Story = serde_json::from_str(&json).expect("a story");
    // Into an edition that holds nothing: the same story again, from the same register.
    let copy = story(&mut world, kloop, "");
    open(&mut world, kloop, &copy);
    world
        .ask(
            kloop,
            Ask::Import {
                edition: copy.clone(),
                name: "story.json".into(),
                text: json,
                tongue: "en".into(),
            },
        )
        .expect("imported");
    settled(&mut world);
    let after: Story = serde_json::from_str(&export(&mut world, kloop, &copy, "json")).expect("a story");
    assert_eq!(after, before);
    assert_eq!(
        world.desks[kloop]
            .shown
            .investigation
            .as_ref()
            .expect("shown")
            .sources
            .len(),
        2
    );
    assert!(export(&mut world, kloop, &edition, "markdown").contains("three"));
    assert!(export(&mut world, kloop, &edition, "html").contains("He owned"));
    assert!(export(&mut world, kloop, &edition, "csl-json").contains("registry.example"));
    assert!(!export(&mut world, kloop, &edition, "automerge").is_empty());
    let ask = Ask::Export {
        edition: edition.clone(),
        format: "docx".into(),
        sure: false,
    };
    assert_eq!(world.ask(kloop, ask).expect_err("no such format").code, "format");
    let ask = Ask::Import {
        edition: edition.clone(),
        name: "story.json".into(),
        text: "{".into(),
        tongue: "en".into(),
    };
    assert_eq!(world.ask(kloop, ask).expect_err("malformed").code, "import");
}

#[test]
fn an_import_is_taken_whole_or_not_at_all_and_can_be_undone() {
    let (mut world, kloop, occrp, edition) = two();
    let import = |world: &mut World, story: &serde_json::Value| {
        let ask = Ask::Import {
            edition: edition.clone(),
            name: "story.json".into(),
            text: story.to_string(),
            tongue: "en".into(),
        };
        world.ask(kloop, ask)
    };
    let sources = |world: &World| {
        let view = world.desks[kloop].shown.investigation.as_ref().expect("shown");
        view.sources.len()
    };
    let place = |offset: u32| serde_json::json!({ "block": "a", "offset": offset });
    let cite =
        |id: &str, source: &str| serde_json::json!({ "id": id, "source": source, "start": place(0), "end": place(3) });
    let mut story = serde_json::json!({
        "komuz": 1, "lang": "en", "headline": "", "summary": "", "byline": [],
        "blocks": [{ "id": "a", "type": "paragraph", "text": [{ "text": "one two" }] }],
        "citations": [cite("c-1", "s1")],
        "sources": [{ "id": "s1", "type": "webpage", "title": "One" }],
    });
    story["citations"][0]["quote"] = "q".repeat(20_001).into();
    let refused = import(&mut world, &story).expect_err("the quotation is too long");
    assert!(refused.message.contains("citations[0].quote"), "{refused:?}");
    settled(&mut world);
    assert_eq!((text(&world, occrp, &edition).as_str(), sources(&world)), ("", 0));

    story["citations"] = serde_json::json!([cite("c-1", "s1")]);
    match import(&mut world, &story) {
        Ok(Answer::Imported { sources, citations, .. }) => assert_eq!((sources, citations), (1, 1)),
        other => panic!("{other:?}"),
    }
    settled(&mut world);
    assert_eq!(
        (text(&world, occrp, &edition).as_str(), sources(&world)),
        ("one two", 1)
    );
    let ask = Ask::Undo {
        edition: edition.clone(),
    };
    assert_eq!(world.ask(kloop, ask), Ok(Answer::Done));
    settled(&mut world);
    assert_eq!(text(&world, occrp, &edition), "");
    assert!(world.desks[occrp].shown.editions[&edition].citations.is_empty());
}

#[test]
fn pasted_sources_are_added_once() {
    let mut world = World::new(1);
    let kloop = founder(&mut world);
    join(&mut world, kloop, "kloop", "writer", "Erlan", None);
    let text = r#"[{"id":"a","type":"webpage","title":"One","URL":"https://one.example/"},{"id":"b","type":"report","title":"Two"}]"#;
    for expected in [2, 0] {
        match world.ask(kloop, Ask::PasteSources { text: text.into() }) {
            Ok(Answer::Imported { sources, .. }) => assert_eq!(sources, expected),
            other => panic!("{other:?}"),
        }
    }
    save_source(&mut world, kloop, "Three");
    settled(&mut world);
    for desk in 0..2 {
        assert_eq!(
            world.desks[desk]
                .shown
                .investigation
                .as_ref()
                .expect("shown")
                .sources
                .len(),
            3
        );
    }
    assert_eq!(
        world
            .ask(kloop, Ask::PasteSources { text: "[{".into() })
            .expect_err("no JSON")
            .code,
        "csl"
    );
}
