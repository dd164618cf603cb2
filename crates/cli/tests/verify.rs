//! `komuz verify`: what it says, and how it exits.

#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "../../release/tests/suite/fixture.rs"]
mod fixture;

use std::path::Path;
use std::process::Command;

use fixture::{head, masthead, publish_folder, rich_story};
use komuz_relay::{Config, Server};
use komuz_release::release::Release;

/// An edition's release, the only one of its story.
fn release(lang: &str, editions: &[&str], before: Option<&Release>) -> Release {
    let mut head = head();
    head.editions = editions.iter().map(|lang| (*lang).to_owned()).collect();
    let mut story = rich_story();
    story.lang = lang.to_owned();
    if before.is_some() {
        story.headline.push_str(", corrected");
    }
    Release::from_story(&story, &head, &masthead(), before).unwrap()
}

/// Writes a published release into a folder.
fn publish_in(folder: &Path, release: &Release) -> Vec<(String, Vec<u8>)> {
    let files = publish_folder(release);
    for (place, bytes) in &files {
        let path = folder.join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    files
}

fn publish(folder: &Path) -> Vec<(String, Vec<u8>)> {
    publish_in(folder, &release("en", &["en"], None))
}

/// Writes a release and its correction, and gives the files of the first.
fn publish_twice(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let first = release("en", &["en"], None);
    let second = release("en", &["en"], Some(&first));
    let files = publish_in(folder, &first);
    publish_in(folder, &second);
    files
}

/// Exit code and what was printed.
fn verify(arguments: &[&str]) -> (i32, String) {
    let command = Command::new(env!("CARGO_BIN_EXE_komuz"))
        .arg("verify")
        .args(arguments)
        .env("LC_ALL", "en_US.UTF-8")
        .output()
        .unwrap();
    let said = [command.stdout, command.stderr]
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .concat();
    (command.status.code().unwrap(), said)
}

#[test]
fn a_genuine_folder_is_verified_and_says_who_signed() {
    let folder = tempfile::tempdir().unwrap();
    publish(folder.path());
    let (from, fingerprint) = (folder.path().to_str().unwrap(), masthead().hash());
    let below = format!("{from}/{fingerprint}");
    for arguments in [
        vec![from, "--fingerprint", &fingerprint],
        vec![&below, "--fingerprint", &fingerprint],
        vec![
            from,
            "--fingerprint",
            &fingerprint,
            "--story",
            "the-site-went-dark",
            "--lang",
            "en",
        ],
    ] {
        let (code, said) = verify(&arguments);
        assert_eq!(code, 0, "{said}");
        for words in [
            "verified: the-site-went-dark (en), release 1",
            "signed by Ala-Too Desk",
            "signed by Issyk Wire",
        ] {
            assert!(said.contains(words), "{words:?} is not in {said}");
        }
    }
}

#[test]
fn one_flipped_byte_is_refused_with_the_sentence_that_readers_get() {
    let folder = tempfile::tempdir().unwrap();
    let files = publish(folder.path());
    let (from, fingerprint) = (folder.path().to_str().unwrap(), masthead().hash());
    for (place, bytes) in &files {
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        std::fs::write(folder.path().join(place), flipped).unwrap();
        let (code, said) = verify(&[from, "--fingerprint", &fingerprint]);
        assert_eq!(code, 1, "{place}: {said}");
        let words = komuz_release::words::Lang::En.words();
        let sentences = [words.refused_changed, words.refused_key];
        assert!(
            sentences.iter().any(|sentence| said.contains(sentence)),
            "{place}: {said}"
        );
        std::fs::write(folder.path().join(place), bytes).unwrap();
    }
    assert_eq!(verify(&[from, "--fingerprint", &fingerprint]).0, 0);
}

#[test]
fn what_cannot_be_read_is_told_from_what_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let files = publish(folder.path());
    let (from, fingerprint) = (folder.path().to_str().unwrap(), masthead().hash());
    let (release, _) = files.iter().find(|(place, _)| place.ends_with("release.json")).unwrap();
    std::fs::remove_file(folder.path().join(release)).unwrap();
    assert_eq!(verify(&[from, "--fingerprint", &fingerprint]).0, 2);
    assert_eq!(verify(&["/nowhere/at/all", "--fingerprint", &fingerprint]).0, 2);
    assert_eq!(verify(&[from, "--fingerprint", "short"]).0, 2);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(
        verify(&[empty.path().to_str().unwrap(), "--fingerprint", &fingerprint]).0,
        2
    );
    assert_eq!(
        verify(&[
            "http://127.0.0.1:9",
            "--fingerprint",
            &fingerprint,
            "--story",
            "a",
            "--lang",
            "en"
        ])
        .0,
        2
    );
    assert_eq!(verify(&["http://127.0.0.1:9", "--fingerprint", &fingerprint]).0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_verified_by_its_address_or_an_editions() {
    let data = tempfile::tempdir().unwrap();
    publish(&data.path().join("releases"));
    let server = Server::start(Config::new(([127, 0, 0, 1], 0).into(), data.path()))
        .await
        .unwrap();
    let (origin, fingerprint) = (server.origin.clone(), masthead().hash());
    let checked = tokio::task::spawn_blocking(move || {
        let edition = format!("{origin}/r/{fingerprint}/the-site-went-dark/en/latest.json");
        let named = ["--story", "the-site-went-dark", "--lang", "en"];
        [
            verify(&[&[origin.as_str(), "--fingerprint", &fingerprint], &named[..]].concat()),
            verify(&[&[&format!("{origin}/r/"), "--fingerprint", &fingerprint], &named[..]].concat()),
            verify(&[&edition, "--fingerprint", &fingerprint]),
            verify(&[&edition, "--fingerprint", &"0".repeat(64)]),
            verify(&[&[origin.as_str(), "--fingerprint", &"0".repeat(64)], &named[..]].concat()),
            verify(&[&edition, "--fingerprint", &fingerprint, "--at-least", "2"]),
        ]
    });
    let checked = checked.await.unwrap();
    assert_eq!(
        checked.each_ref().map(|(code, _)| *code),
        [0, 0, 0, 1, 1, 1],
        "{checked:?}"
    );
    assert!(
        checked[3].1.contains("[masthead]") && checked[5].1.contains("[older]"),
        "{checked:?}"
    );
    server.stop().await;
}

#[test]
fn a_wrong_fingerprint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    publish(&folder.path().join("releases"));
    let wrong = "0".repeat(64);
    for from in ["", "releases", &format!("releases/{}", masthead().hash())] {
        let from = folder.path().join(from);
        let (code, said) = verify(&[from.to_str().unwrap(), "--fingerprint", &wrong]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("[masthead]"), "{said}");
        assert!(
            said.contains(komuz_release::words::Lang::En.words().refused_key),
            "{said}"
        );
    }
}

#[test]
fn each_refusal_says_its_reason_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let files = publish(folder.path());
    let (from, fingerprint) = (folder.path().to_str().unwrap(), masthead().hash());
    let place = |name: &str| {
        let (place, bytes) = files.iter().find(|(place, _)| place.ends_with(name)).unwrap();
        (folder.path().join(place), bytes.clone())
    };
    let (signatures, bytes) = place("signatures.json");
    std::fs::remove_file(&signatures).unwrap();
    let (code, said) = verify(&[from, "--fingerprint", &fingerprint]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("[missing]"), "{said}");
    std::fs::write(&signatures, bytes).unwrap();
    let (page, bytes) = place("index.html");
    std::fs::write(&page, b"<p>Another page").unwrap();
    let (code, said) = verify(&[from, "--fingerprint", &fingerprint]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("[file]"), "{said}");
    std::fs::write(&page, bytes).unwrap();
    assert_eq!(verify(&[from, "--fingerprint", &fingerprint]).0, 0);
}

#[test]
fn an_older_number_than_one_already_seen_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    publish_twice(folder.path());
    let (from, fingerprint) = (folder.path().to_str().unwrap(), masthead().hash());
    let at_least = |number: &str| verify(&[from, "--fingerprint", &fingerprint, "--at-least", number]);
    let (code, said) = at_least("2");
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("release 2") && said.contains("release 1, not the newest"),
        "{said}"
    );
    let (code, said) = at_least("3");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("[older]"), "{said}");
    assert!(
        said.contains(komuz_release::words::Lang::En.words().refused_older),
        "{said}"
    );
}

#[test]
fn every_byte_of_a_release_that_was_corrected_counts_too() {
    let folder = tempfile::tempdir().unwrap();
    let first = publish_twice(folder.path());
    let (from, fingerprint) = (folder.path().to_str().unwrap(), masthead().hash());
    assert_eq!(verify(&[from, "--fingerprint", &fingerprint]).0, 0);
    let hash = release("en", &["en"], None).hash().unwrap();
    for (place, bytes) in first.iter().filter(|(place, _)| place.contains(&hash)) {
        let path = folder.path().join(place);
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        std::fs::write(&path, flipped).unwrap();
        let (code, said) = verify(&[from, "--fingerprint", &fingerprint]);
        assert_eq!(code, 1, "{place}: {said}");
        assert!(said.contains("verified: the-site-went-dark (en), release 2"), "{said}");
        std::fs::remove_file(&path).unwrap();
        let (code, said) = verify(&[from, "--fingerprint", &fingerprint]);
        let wanted = if place.ends_with("signatures.json") { 1 } else { 2 };
        assert_eq!(code, wanted, "{place}: {said}");
        std::fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn the_body_that_all_outlets_publish_and_the_notices_so_far_are_told() {
    let folder = tempfile::tempdir().unwrap();
    publish_twice(folder.path());
    let (code, said) = verify(&[folder.path().to_str().unwrap(), "--fingerprint", &masthead().hash()]);
    assert_eq!(code, 0, "{said}");
    let body = release("en", &["en"], None).body_hash().unwrap();
    assert!(
        said.contains(&format!("one body for all outlets, SHA-256 {body}")),
        "{said}"
    );
    assert!(
        said.contains("correction of 2026-12-17T00:00:00Z, release 2: "),
        "{said}"
    );
}

#[test]
fn a_release_that_all_have_signed_and_that_hides_what_it_changes_is_refused() {
    let first = release("en", &["en"], None);
    let mut second = release("en", &["en"], Some(&first));
    let mut third = Release::from_story(&rich_story(), &head(), &masthead(), Some(&second)).unwrap();
    third.earlier[0].reason = "Nothing much.".into();
    let fingerprint = masthead().hash();
    let edition = ["--story", "the-site-went-dark", "--lang", "en"];
    let refused = |releases: &[&Release], problem: &str| {
        let folder = tempfile::tempdir().unwrap();
        for release in releases {
            publish_in(folder.path(), release);
        }
        let whole = [folder.path().to_str().unwrap(), "--fingerprint", &fingerprint];
        for arguments in [whole.to_vec(), [&whole[..], &edition].concat()] {
            let (code, said) = verify(&arguments);
            assert_eq!(code, 1, "{said}");
            assert!(said.contains("[notices]") && said.contains(problem), "{said}");
        }
    };
    third.editions = vec!["en".into()];
    third.changes = komuz_release::difference::difference(&second, &third);
    refused(&[&first, &second, &third], "not the notices of the release before");
    second.changes.clear();
    refused(&[&first, &second], "not the difference from the release before");
}

#[test]
fn a_history_with_a_gap_is_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    publish_twice(folder.path());
    let (from, fingerprint) = (folder.path().to_str().unwrap(), masthead().hash());
    let hash = release("en", &["en"], None).hash().unwrap();
    std::fs::remove_dir_all(
        folder
            .path()
            .join(format!("{fingerprint}/the-site-went-dark/en/{hash}")),
    )
    .unwrap();
    let (code, said) = verify(&[from, "--fingerprint", &fingerprint]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("says that it takes its place") && said.contains(&hash),
        "{said}"
    );
}

#[test]
fn two_releases_under_one_number_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    publish_twice(folder.path());
    let mut head = head();
    head.editions = vec!["en".into()];
    head.published = "2026-12-18T00:00:00Z".into();
    let other = Release::from_story(&rich_story(), &head, &masthead(), None).unwrap();
    let files = publish_folder(&other);
    for (place, bytes) in files.iter().filter(|(place, _)| !place.ends_with("latest.json")) {
        let path = folder.path().join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let (code, said) = verify(&[folder.path().to_str().unwrap(), "--fingerprint", &masthead().hash()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("[two]"), "{said}");
}

#[test]
fn a_file_that_nothing_signed_names_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    publish(folder.path());
    let (from, fingerprint) = (folder.path().to_str().unwrap(), masthead().hash());
    let picture = komuz_release::canonical::sha256_hex(b"another picture");
    for (place, bytes) in [
        ("notes.txt".to_owned(), &b"x"[..]),
        ("the-site-went-dark/en/evil.html".to_owned(), b"x"),
        (format!("files/{picture}"), b"another picture"),
    ] {
        let path = folder.path().join(&fingerprint).join(&place);
        std::fs::write(&path, bytes).unwrap();
        let (code, said) = verify(&[from, "--fingerprint", &fingerprint]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("[stray]") && said.contains(&place), "{said}");
        std::fs::remove_file(path).unwrap();
    }
    std::fs::write(folder.path().join(&fingerprint).join(".writing-7"), b"half").unwrap();
    assert_eq!(
        verify(&[from, "--fingerprint", &fingerprint]).0,
        0,
        "a server's unfinished file"
    );
}

#[test]
fn every_language_that_a_release_names_must_be_there_and_genuine() {
    let folder = tempfile::tempdir().unwrap();
    publish_in(folder.path(), &release("en", &["en", "ky"], None));
    let (from, fingerprint) = (folder.path().to_str().unwrap(), masthead().hash());
    let (code, said) = verify(&[from, "--fingerprint", &fingerprint]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("the-site-went-dark/ky/latest.json"), "{said}");
    let kyrgyz = publish_in(folder.path(), &release("ky", &["en", "ky"], None));
    let (code, said) = verify(&[from, "--fingerprint", &fingerprint]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("(en), release 1") && said.contains("(ky), release 1"),
        "{said}"
    );
    let (latest, _) = kyrgyz.iter().find(|(place, _)| place.ends_with("latest.json")).unwrap();
    std::fs::write(folder.path().join(latest), b"{}").unwrap();
    assert_eq!(verify(&[from, "--fingerprint", &fingerprint]).0, 1);
}
