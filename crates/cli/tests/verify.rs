//! `komuz verify`: what it says, and how it exits.

#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "../../release/tests/suite/fixture.rs"]
mod fixture;

use std::path::Path;
use std::process::Command;

use fixture::{head, masthead, publish_folder, rich_story};
use komuz_relay::{Config, Server};
use komuz_release::release::Release;

/// Writes a published release into a folder.
fn publish(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let release = Release::from_story(&rich_story(), &head(), &masthead(), None).unwrap();
    let files = publish_folder(&release);
    for (place, bytes) in &files {
        let path = folder.join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
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
    assert_eq!(verify(&[from, "--fingerprint", &"0".repeat(64)]).0, 2);
    assert_eq!(verify(&[from, "--fingerprint", "short"]).0, 2);
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
        ]
    });
    let checked = checked.await.unwrap();
    assert_eq!(checked.each_ref().map(|(code, _)| *code), [0, 0, 0, 2], "{checked:?}");
    server.stop().await;
}
