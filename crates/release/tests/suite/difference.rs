//! Differences in words.

use komuz_release::difference::{Change, difference, words_changed};
use komuz_release::release::Release;
use komuz_release::story::{Byline, Story};
use proptest::prelude::*;

use crate::fixture::{cite, head, masthead, paragraph, release, rich_story, source, story};

/// `before{old|new}after`, places in front.
fn show(changes: &[Change]) -> Vec<String> {
    changes
        .iter()
        .map(|c| format!("{}: {}{{{}|{}}}{}", c.place, c.before, c.old, c.new, c.after))
        .collect()
}

fn text(old: &str, new: &str) -> Vec<String> {
    show(&words_changed("t", old, new))
}

#[test]
fn one_word() {
    assert_eq!(
        text(
            "it was published in November 2019 by five",
            "it was published in December 2019 by five"
        ),
        ["t: it was published in{November|December}2019 by five"]
    );
}

#[test]
fn words_that_come_and_go() {
    assert_eq!(text("a b c", "a b x c"), ["t: a b{|x}c"]);
    assert_eq!(text("a b c", "a c"), ["t: a{b|}c"]);
    assert_eq!(text("", "all new"), ["t: {|all new}"]);
    assert_eq!(text("all gone", ""), ["t: {all gone|}"]);
    assert_eq!(text("same", "same"), [""; 0]);
}

#[test]
fn context_is_a_few_words() {
    let old = "1 2 3 4 5 6 7 8 x 1 2 3 4 5 6 7 8";
    assert_eq!(text(old, &old.replace('x', "y")), ["t: 3 4 5 6 7 8{x|y}1 2 3 4 5 6"]);
}

#[test]
fn changes_that_are_near_are_one() {
    assert_eq!(text("a b c d", "x b y d"), ["t: {a b c|x b y}d"]);
    assert_eq!(text("a 1 2 3 b", "x 1 2 3 y"), ["t: {a|x}1 2 3 y", "t: x 1 2 3{b|y}"]);
}

#[test]
fn line_breaks_count() {
    assert_eq!(text("a b", "a\nb"), ["t: {a b|a\nb}"]);
}

#[test]
fn texts_with_nothing_in_common_are_one_change() {
    let old: Vec<String> = (0..2000).map(|n| format!("a{n}")).collect();
    let new: Vec<String> = (0..2000).map(|n| format!("b{n}")).collect();
    assert_eq!(words_changed("t", &old.join(" "), &new.join(" ")).len(), 1);
}

fn changed(change: impl FnOnce(&mut Story)) -> Vec<String> {
    let mut story = story();
    change(&mut story);
    let ids: Vec<String> = release().body.blocks.iter().map(|b| b.id.clone()).collect();
    let next = Release::from_story(&story, &head(), &masthead(), None).unwrap();
    let mut shown = show(&difference(&release(), &next));
    for line in &mut shown {
        *line = line.replace(&ids[0], "first").replace(&ids[1], "second");
    }
    shown
}

#[test]
fn the_same_release_has_no_difference() {
    assert_eq!(changed(|_| {}), [""; 0]);
    let rich = Release::from_story(&rich_story(), &head(), &masthead(), None).unwrap();
    assert_eq!(difference(&rich, &rich), []);
}

#[test]
fn what_stands_around_the_text() {
    assert_eq!(
        changed(|s| s.headline.push('!')),
        ["headline: The site went dark for a{day|day!}"]
    );
    assert_eq!(
        changed(|s| s.summary.clear()),
        ["summary: {How partners kept a story readable.|}"]
    );
    assert_eq!(
        changed(|s| s.byline.push(Byline {
            name: "B.".into(),
            outlet: None
        })),
        ["byline: Aizada{K.|K., B.}"]
    );
}

#[test]
fn what_one_outlet_alone_changes_is_stated_once() {
    let mut next = release();
    next.outlets.get_mut("issyk").unwrap().note = "Our note.".into();
    assert_eq!(show(&difference(&release(), &next)), ["note: {|Our note.}"]);
}

#[test]
fn a_word_in_a_block() {
    let changes = changed(|s| s.blocks[1].text[0].text = s.blocks[1].text[0].text.replace("five", "six"));
    assert_eq!(
        changes,
        ["block:second: was published in November 2019 by{five|six}organisations."]
    );
}

#[test]
fn a_block_that_comes_goes_or_moves() {
    let came = changed(|s| s.blocks.insert(1, paragraph("new", "Came.")));
    assert_eq!(came.len(), 1);
    assert!(came[0].ends_with(": {|Came.}"));
    assert_eq!(
        changed(|s| drop(s.blocks.pop())),
        ["block:second: {The statement was published in November 2019 by five organisations.|}"]
    );
    // Said as come and gone; the other has not moved.
    let text = "The statement was published in November 2019 by five organisations.";
    let moved = changed(|s| s.blocks.swap(0, 1));
    assert_eq!(
        moved,
        [
            format!("block:second: {{|{text}}}"),
            format!("block:second: {{{text}|}}")
        ]
    );
}

#[test]
fn notes_and_sources() {
    let cited = changed(|s| {
        s.sources.push(source("new", "A new source"));
        s.citations.push(cite("n", "new", "2@a", 0, 3));
    });
    assert_eq!(cited, ["block:second: {|[A new source]}", "sources: {|A new source}"]);
    let quoted = changed(|s| s.citations[0].quote = "blocked".into());
    assert_eq!(
        quoted,
        [
            "block:first: {[Joint statement]|}",
            "block:first: {|[Joint statement, blocked]}"
        ]
    );
}

#[test]
fn a_note_more_in_front_changes_no_other() {
    let more = changed(|s| s.citations.push(cite("n", "secret-nickname", "1@a", 0, 1)));
    assert_eq!(more, ["block:first: {|[Never cited]}", "sources: {|Never cited}"]);
}

#[test]
fn another_language() {
    let mut next = release();
    next.editions = vec!["en".into(), "ky".into()];
    assert_eq!(show(&difference(&release(), &next)), ["languages: {ru|}"]);
}

proptest! {
    /// What is kept, with what went put back in, is the old text; with what came, the new one.
    #[test]
    fn nothing_is_lost(old in prop::collection::vec(0u8..6, 0..40), new in prop::collection::vec(0u8..6, 0..40)) {
        let words = |list: &[u8]| list.iter().map(|w| format!("w{w}")).collect::<Vec<_>>();
        let (a, b) = (words(&old), words(&new));
        let changes = words_changed("t", &a.join(" "), &b.join(" "));
        prop_assert_eq!(changes.is_empty(), a == b);
        let count = |text: &str| text.split_whitespace().count();
        let gone: usize = changes.iter().map(|c| count(&c.old)).sum();
        let came: usize = changes.iter().map(|c| count(&c.new)).sum();
        prop_assert_eq!(a.len() - gone, b.len() - came);
        // Walking the new text, each change is found in order at its context.
        let mut at = 0;
        let mut rebuilt: Vec<String> = Vec::new();
        for change in &changes {
            let wanted: Vec<String> = change.new.split_whitespace().map(Into::into).collect();
            let before: Vec<String> = change.before.split_whitespace().map(Into::into).collect();
            let found = (at..=b.len()).find(|&i| {
                b[..i].ends_with(&before)
                    && (before.len() == 6 || before.len() == i)
                    && b[i..].starts_with(&wanted)
                    && a[rebuilt.len()..].starts_with(&b[at..i])
                    && a[rebuilt.len() + i - at..].starts_with(&change.old.split_whitespace().map(String::from).collect::<Vec<_>>())
            });
            let Some(i) = found else { return Err(TestCaseError::fail(format!("{change:?} is not there"))) };
            rebuilt.extend_from_slice(&b[at..i]);
            rebuilt.extend(change.old.split_whitespace().map(String::from));
            at = i + wanted.len();
        }
        rebuilt.extend_from_slice(&b[at..]);
        prop_assert_eq!(rebuilt, a);
    }
}
