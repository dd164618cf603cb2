//! One flipped bit in any byte of any file: refused.

use komuz_release::release::Release;

use crate::fixture::{Files, block, head, masthead, publish};
use komuz_release::latest::Latest;
use komuz_release::story::{BlockKind, STORY_VERSION, Story};
use komuz_release::time;
use komuz_release::verify::Refusal;

fn small() -> Files {
    let story = Story {
        komuz: STORY_VERSION,
        lang: "en".into(),
        headline: "Headline".into(),
        summary: String::new(),
        byline: Vec::new(),
        blocks: vec![block("1", BlockKind::Paragraph, "One fact.")],
        citations: Vec::new(),
        sources: Vec::new(),
    };
    let release = Release::from_story(&story, &head(), &masthead(), None).unwrap();
    let mut files = publish(&release);
    let extended = Latest::of(&release)
        .unwrap()
        .extended(time::parse("2026-12-27T00:00:00Z").unwrap())
        .to_bytes();
    let typ = komuz_release::jws::Typ::Freshness;
    let one = crate::fixture::signature(typ, &extended, "issyk", &crate::fixture::key(19));
    files.freshness = Some(komuz_release::jws::assemble(typ, &extended, &[one]).to_bytes());
    files
}

fn each_byte(name: &str, file: fn(&mut Files) -> &mut Vec<u8>) {
    let mut files = small();
    assert_eq!(files.check().map(|v| v.release.number), Ok(1));
    for at in 0..file(&mut files).len() {
        let bit = 1 << (at % 8);
        file(&mut files)[at] ^= bit;
        let checked: Result<_, Refusal> = files.check();
        assert!(checked.is_err(), "{name}: byte {at}, bit {bit}");
        file(&mut files)[at] ^= bit;
    }
}

#[test]
fn in_the_masthead() {
    each_byte("masthead.json", |f| &mut f.masthead);
}

#[test]
fn in_the_latest() {
    each_byte("latest.json", |f| &mut f.latest);
}

#[test]
fn in_the_freshness() {
    each_byte("freshness.json", |f| f.freshness.as_mut().unwrap());
}

#[test]
fn in_the_release() {
    each_byte("release.json", |f| &mut f.release);
}

#[test]
fn in_the_signatures() {
    each_byte("signatures.json", |f| &mut f.signatures);
}
