//! A source that was published and may not be known any more: the releases after it do not name it again.

use komuz_release::html::{ArticleOptions, article, index_html};
use komuz_release::notice::{Kind, continues};
use komuz_release::release::{Head, Release};
use komuz_release::story::{Name, Story};
use serde_json::{Value, json};

use crate::changed::{place, read};
use crate::fixture::{cite, head, masthead, paragraph, source, story};

/// What tells who the source is.
const TELLING: [&str; 5] = [
    "Osmonkulov",
    "Temir",
    "The night guard",
    "guard.example",
    "eight lorries",
];

/// The fixture's story, with the source in a note, in the text in its own case, and in the headline.
fn naming() -> Story {
    let mut story = story();
    story.headline = "What Temir Osmonkulov saw".into();
    story
        .blocks
        .push(paragraph("3@a", "So said Osmonkulov’s neighbour, and Temir himself."));
    let mut guard = source("guard", "The night guard’s letter");
    guard.author = vec![Name {
        family: "Osmonkulov".into(),
        given: "Temir".into(),
        ..Name::default()
    }];
    guard.url = "https://guard.example/letter".into();
    story.sources.push(guard);
    let mut note = cite("7@b", "guard", "3@a", 0, 7);
    note.quote = "eight lorries left every night".into();
    story.citations.push(note);
    story
}

/// The same without it.
fn without() -> Story {
    let mut story = story();
    story.blocks.push(paragraph("3@a", "So said a neighbour."));
    story
}

fn next(before: &Release, story: &Story, day: u64) -> Release {
    let head = Head {
        published: format!("2026-12-{day:02}T06:00:00Z"),
        kind: Kind::Correction,
        reason: "A name was taken out.".into(),
        ..head()
    };
    Release::from_story(story, &head, &masthead(), Some(before)).unwrap()
}

fn first(story: &Story) -> Release {
    Release::from_story(story, &head(), &masthead(), None).unwrap()
}

/// Everything of a release that goes out.
fn published(release: &Release) -> String {
    let json = String::from_utf8(release.to_bytes().unwrap()).unwrap();
    json + &index_html(release, &masthead()) + &article(release, &masthead(), &ArticleOptions::default())
}

fn tells(release: &Release) -> Vec<&'static str> {
    let text = published(release);
    TELLING.into_iter().filter(|words| text.contains(words)).collect()
}

#[test]
fn what_went_is_not_repeated_and_everybody_can_check_the_rest() {
    let before = first(&naming());
    assert_eq!(tells(&before), TELLING);
    let exact = next(&before, &without(), 18);
    assert_eq!(tells(&exact), TELLING, "a difference names it");
    let after = exact.withholding(&before).unwrap();
    assert_eq!(tells(&after), [""; 0]);
    assert_eq!(continues(&before, &after), Ok(()));
    assert_eq!(Release::parse(&after.to_bytes().unwrap()).as_ref(), Ok(&after));
    let told: Vec<(&str, &str, bool)> = after
        .changes
        .iter()
        .map(|change| (change.place.as_str(), change.new.as_str(), change.withheld))
        .collect();
    let block = format!("block:{}", after.body.blocks[2].id);
    assert_eq!(
        told,
        [
            ("headline", "The site went dark for a day", true),
            (block.as_str(), "a neighbour.", true),
            (block.as_str(), "", true),
            ("sources", "", true),
        ]
    );
}

#[test]
fn notices_before_it_say_that_something_changed_and_not_what() {
    let plain = first(&without());
    let named = next(&plain, &naming(), 18);
    let between = next(&named, &naming(), 19);
    let after = next(&between, &without(), 20).withholding(&between).unwrap();
    assert_eq!(tells(&after), [""; 0]);
    assert_eq!(continues(&between, &after), Ok(()));
    let shortened: Vec<bool> = after.earlier.iter().map(|notice| notice.shortened).collect();
    assert_eq!(shortened, [true, false], "the second had changes, the third none");
    // The release after it carries the same, and says again what changes.
    let mut story = without();
    story.summary = "How partners kept it.".into();
    let last = next(&after, &story, 21);
    assert_eq!(tells(&last), [""; 0]);
    assert_eq!(continues(&after, &last), Ok(()));
    assert_eq!(last.changes[0].old, "a story readable.");
    assert!(last.earlier[2].changes.iter().all(|change| change.withheld));
}

#[test]
fn a_release_that_says_otherwise_than_the_one_before_gives_is_refused() {
    let before = first(&naming());
    let exact = next(&before, &without(), 18);
    let after = exact.clone().withholding(&before).unwrap();
    let forged = |change: fn(&mut Release)| {
        let mut after = after.clone();
        change(&mut after);
        place(continues(&before, &after))
    };
    assert_eq!(forged(|r| r.withholds = false), "changes");
    assert_eq!(forged(|r| r.changes[0].withheld = false), "changes");
    assert_eq!(forged(|r| _ = r.changes.pop()), "changes");
    assert_eq!(forged(|r| r.changes[3].old = "Somebody else".into()), "changes");
    let mut half = exact;
    half.withholds = true;
    assert_eq!(place(continues(&before, &half)), "changes");
}

#[test]
fn what_cannot_be_is_refused_without_the_one_before() {
    let before = first(&without());
    let named = next(&before, &naming(), 18);
    let after = next(&named, &without(), 19).withholding(&named).unwrap();
    let wrong = |change: fn(&mut Value)| place(read(&after, change));
    assert_eq!(wrong(|r| r["changes"][0]["old"] = json!("Temir")), "changes");
    assert_eq!(wrong(|r| _ = r.as_object_mut().unwrap().remove("withholds")), "changes");
    let listed = |r: &mut Value| {
        r["earlier"][0].as_object_mut().unwrap().remove("shortened");
        r["earlier"][0]["changes"] = json!([{ "place": "sources", "new": "Temir Osmonkulov" }]);
    };
    assert_eq!(place(read(&after, listed)), "earlier");
    let both = |r: &mut Value| r["earlier"][0]["changes"][0] = json!({ "place": "text", "old": "a", "withheld": true });
    assert_eq!(place(read(&next(&named, &without(), 19), both)), "earlier");
    assert_eq!(place(read(&before, |r| r["withholds"] = json!(true))), "withholds");
    assert_eq!(place(before.clone().withholding(&named).map(|r| r.number)), "withholds");
}

#[test]
fn readers_are_told_in_their_language_that_words_are_withheld() {
    for (lang, said) in [
        ("en", "what went is not repeated, to protect a source"),
        ("ru", "что убрано, не повторяется, чтобы защитить источник"),
        ("ky", "булакты коргоо үчүн алынган сөздөр кайталанбайт"),
    ] {
        let (mut naming, mut without) = (naming(), without());
        (naming.lang, without.lang) = (lang.into(), lang.into());
        let before = first(&naming);
        let after = next(&before, &without, 18).withholding(&before).unwrap();
        let page = article(&after, &masthead(), &ArticleOptions::default());
        assert_eq!(page.matches(said).count(), 4, "{page}");
    }
}
