//! Places and whole folders.

use std::collections::BTreeMap;

use komuz_release::canonical::sha256_hex;
use komuz_release::folder::{Edition, Folder, Place, verify_folder};
use komuz_release::jws::Typ;
use komuz_release::latest::Latest;
use komuz_release::release::{Release, Statement};
use komuz_release::time;
use komuz_release::verify::{Expected, Refusal, Seen, Verified};

use crate::fixture::{PUBLISHED, head, masthead, publish_folder, rich_story, signed, signed_masthead};

fn release() -> Release {
    Release::from_story(&rich_story(), &head(), &masthead(), None).unwrap()
}

fn check(files: &BTreeMap<String, Vec<u8>>) -> Result<Verified, Refusal> {
    let fingerprint = masthead().hash();
    let expected = Expected {
        fingerprint: &fingerprint,
        story: "the-site-went-dark",
        lang: "en",
        seen: &Seen::default(),
        now: time::parse(PUBLISHED).unwrap(),
    };
    verify_folder(&expected, |path| Ok(files.get(path).cloned()))
}

fn edition() -> Edition {
    Edition {
        fingerprint: masthead().hash(),
        story: "the-site-went-dark".into(),
        lang: "en".into(),
    }
}

#[test]
fn places_are_written_and_read() {
    let hash = sha256_hex(b"");
    let fingerprint = masthead().hash();
    let base = format!("{fingerprint}/the-site-went-dark/en");
    for (place, path) in [
        (
            Place::Masthead {
                fingerprint: fingerprint.clone(),
            },
            format!("{fingerprint}/masthead.json"),
        ),
        (Place::Latest(edition()), format!("{base}/latest.json")),
        (Place::Freshness(edition()), format!("{base}/freshness.json")),
        (
            Place::Release(edition(), hash.clone()),
            format!("{base}/{hash}/release.json"),
        ),
        (
            Place::Signatures(edition(), hash.clone()),
            format!("{base}/{hash}/signatures.json"),
        ),
        (
            Place::Index(edition(), hash.clone()),
            format!("{base}/{hash}/index.html"),
        ),
        (
            Place::File {
                fingerprint: fingerprint.clone(),
                sha256: hash.clone(),
            },
            format!("{fingerprint}/files/{hash}"),
        ),
    ] {
        assert_eq!(place.to_string(), path);
        assert_eq!(path.parse(), Ok(place));
    }
}

#[test]
fn other_places_are_none() {
    let fp = masthead().hash();
    let hash = sha256_hex(b"");
    for path in [
        String::new(),
        "/".into(),
        fp.clone(),
        format!("/{fp}/masthead.json"),
        format!("{fp}/masthead.json/"),
        format!("{fp}//masthead.json"),
        format!("{}/masthead.json", fp.to_uppercase()),
        format!("{fp}/../masthead.json"),
        format!("{fp}/files/../masthead.json"),
        format!("{fp}/files/{}", &hash[1..]),
        format!("{fp}/files/en/latest.json"),
        format!("{fp}/story/../latest.json"),
        format!("{fp}/Story/en/latest.json"),
        format!("{fp}/story/e/latest.json"),
        format!("{fp}/story/-en/latest.json"),
        format!("{fp}/story/en/older.json"),
        format!("{fp}/story/en/{hash}/other.json"),
        format!("{fp}/story/en/{hash}/release.json/x"),
        format!("{fp}/story%2f/en/latest.json"),
    ] {
        assert!(path.parse::<Place>().is_err(), "{path}");
    }
}

#[test]
fn each_file_is_vouched_for_by_those_before_it_and_the_latest_is_last() {
    let names: Vec<String> = publish_folder(&release())
        .into_iter()
        .map(|(path, _)| path.rsplit('/').next().unwrap().to_owned())
        .collect();
    let picture = sha256_hex(b"picture");
    assert_eq!(
        names,
        [
            "masthead.json",
            "signatures.json",
            "release.json",
            "index.html",
            &picture,
            "latest.json"
        ]
    );
}

#[test]
fn a_folder_lacks_no_figure() {
    let masthead = masthead();
    let (chain, release) = ([signed_masthead()], release());
    let jws = signed(Typ::Latest, &Latest::of(&release).unwrap().to_bytes(), &[0, 1]);
    let hash = sha256_hex(b"picture");
    for figures in [vec![], vec![(hash, "image/webp".to_owned(), b"other".to_vec())]] {
        let folder = Folder {
            chain: &chain,
            masthead: &masthead,
            release: &release,
            signatures: &jws,
            latest: &jws,
            figures: &figures,
        };
        assert!(folder.files().is_err());
    }
}

#[test]
fn a_whole_folder_is_genuine() {
    let files: BTreeMap<_, _> = publish_folder(&release()).into_iter().collect();
    assert_eq!(check(&files).unwrap().release, release());
}

#[test]
fn every_file_is_needed_and_checked() {
    let files = publish_folder(&release());
    for (path, _) in &files {
        let mut less: BTreeMap<_, _> = files.iter().cloned().collect();
        less.remove(path);
        match check(&less) {
            // Without signatures nobody has signed.
            Err(Refusal::Missing { .. }) => assert!(path.ends_with("signatures.json"), "{path}"),
            Err(Refusal::Unreadable { path: p, .. }) => assert_eq!(p, *path),
            other => panic!("{path}: {other:?}"),
        }
        let mut changed: BTreeMap<_, _> = files.iter().cloned().collect();
        *changed.get_mut(path).unwrap().last_mut().unwrap() ^= 1;
        assert!(check(&changed).is_err(), "{path}");
    }
}

#[test]
fn a_page_that_says_something_else() {
    let mut files: BTreeMap<_, _> = publish_folder(&release()).into_iter().collect();
    let path = Place::Index(edition(), release().hash().unwrap()).to_string();
    let page = String::from_utf8(files[&path].clone())
        .unwrap()
        .replace("What was asked", "What was known");
    files.insert(path.clone(), page.into_bytes());
    assert_eq!(check(&files), Err(Refusal::File { path }));
}

#[test]
fn a_reading_that_fails_says_so() {
    let fingerprint = masthead().hash();
    let seen = Seen::default();
    let expected = Expected {
        fingerprint: &fingerprint,
        story: "s",
        lang: "en",
        seen: &seen,
        now: 0,
    };
    let refused = verify_folder(&expected, |_| Err("timed out".into()));
    assert!(matches!(refused, Err(Refusal::Unreadable { error, .. }) if error == "timed out"));
}

#[test]
fn the_statement_of_another_page() {
    let masthead = masthead();
    let mut statement = Statement::of(&release(), &masthead).unwrap();
    statement.html = sha256_hex(b"another page");
    let mut files: BTreeMap<_, _> = publish_folder(&release()).into_iter().collect();
    let hash = release().hash().unwrap();
    let path = Place::Signatures(edition(), hash.clone()).to_string();
    files.insert(path, signed(Typ::Release, &statement.to_bytes(), &[0, 1]).to_bytes());
    assert_eq!(
        check(&files),
        Err(Refusal::File {
            path: Place::Index(edition(), hash).to_string()
        })
    );
}
