//! Threads of comments: alone, at once, and with what does not belong.

use automerge::Change;
use komuz_core::document::{DocKind, Document};
use komuz_core::notes::*;

fn new(n: u8) -> Document {
    Document::new(DocKind::Notes, &[n; 16])
}

fn says(member: &str, text: &str) -> Comment {
    Comment {
        member: member.to_owned(),
        text: text.to_owned(),
        at: "2019-11-21T06:00:00Z".to_owned(),
        session: Vec::new(),
    }
}

fn exchange(a: &mut Document, b: &mut Document) {
    let changes = |doc: &mut Document| -> Vec<Change> {
        doc.take_changes()
            .into_iter()
            .map(|bytes| Change::from_bytes(bytes).expect("a change of ours"))
            .collect()
    };
    let (from_a, from_b) = (changes(a), changes(b));
    a.apply(from_b).expect("applies");
    b.apply(from_a).expect("applies");
}

fn texts(thread: &Thread) -> Vec<&str> {
    thread.comments.iter().map(|comment| comment.text.as_str()).collect()
}

#[test]
fn a_thread_is_started_answered_and_resolved() {
    let mut doc = new(1);
    start_thread(&mut doc, "t-1", "5@aa", "9@aa", &says("aida", "Who says this?")).expect("started");
    reply(&mut doc, "t-1", &says("bakyt", "The court.")).expect("said");
    resolve(&mut doc, "t-1", true).expect("resolved");
    let thread = &threads(&doc)[0];
    assert_eq!(
        (thread.id.as_str(), thread.start.as_str(), thread.end.as_str()),
        ("t-1", "5@aa", "9@aa")
    );
    assert_eq!(texts(thread), ["Who says this?", "The court."]);
    assert_eq!(
        (thread.comments[1].member.as_str(), thread.comments[1].at.as_str()),
        ("bakyt", "2019-11-21T06:00:00Z")
    );
    assert!(thread.resolved);
    resolve(&mut doc, "t-1", false).expect("opened again");
    assert!(!threads(&doc)[0].resolved);
}

#[test]
fn a_comment_names_the_session_that_wrote_it_whatever_it_says_of_its_member() {
    let (mut a, mut b) = (new(1), new(2));
    start_thread(&mut a, "t-1", "s", "e", &says("aida", "one")).expect("started");
    exchange(&mut a, &mut b);
    reply(&mut b, "t-1", &says("aida", "not aida")).expect("said");
    exchange(&mut a, &mut b);
    let sessions: Vec<Vec<u8>> = threads(&a)[0]
        .comments
        .iter()
        .map(|comment| comment.session.clone())
        .collect();
    assert_eq!(sessions, [vec![1; 16], vec![2; 16]]);
}

#[test]
fn replies_at_once_are_all_kept_in_one_order() {
    let (mut a, mut b) = (new(1), new(2));
    start_thread(&mut a, "t-1", "s", "e", &says("aida", "Why?")).expect("started");
    exchange(&mut a, &mut b);
    for n in 0..3 {
        reply(&mut a, "t-1", &says("aida", &format!("a{n}"))).expect("said");
        reply(&mut b, "t-1", &says("bakyt", &format!("b{n}"))).expect("said");
    }
    resolve(&mut b, "t-1", true).expect("resolved");
    exchange(&mut a, &mut b);
    assert_eq!(threads(&a), threads(&b));
    let thread = &threads(&a)[0];
    assert_eq!(thread.comments.len(), 7);
    let of = |letter: char| -> Vec<&str> {
        texts(thread)
            .into_iter()
            .filter(|text| text.starts_with(letter))
            .collect()
    };
    assert_eq!((of('a'), of('b')), (vec!["a0", "a1", "a2"], vec!["b0", "b1", "b2"]));
    assert!(thread.resolved);
}

#[test]
fn threads_stand_in_the_order_in_which_they_were_started() {
    let mut doc = new(1);
    for id in ["t-z", "t-a", "t-m"] {
        start_thread(&mut doc, id, "s", "e", &says("aida", "x")).expect("started");
    }
    let ids: Vec<String> = threads(&doc).into_iter().map(|thread| thread.id).collect();
    assert_eq!(ids, ["t-z", "t-a", "t-m"]);
}

#[test]
fn a_thread_moves_with_its_text() {
    let mut doc = new(1);
    start_thread(&mut doc, "t-1", "5@aa", "9@aa", &says("aida", "x")).expect("started");
    move_thread(&mut doc, "t-1", "40@bb", "44@bb").expect("moved");
    assert_eq!(
        (threads(&doc)[0].start.as_str(), threads(&doc)[0].end.as_str()),
        ("40@bb", "44@bb")
    );
}

#[test]
fn what_cannot_be_said_is_refused() {
    let mut doc = new(1);
    assert!(matches!(
        start_thread(&mut doc, "t-1", "s", "e", &says("aida", " \n")),
        Err(NoteError::Empty)
    ));
    let long = says("aida", &"x".repeat(MAX_COMMENT + 1));
    assert!(matches!(
        start_thread(&mut doc, "t-1", "s", "e", &long),
        Err(NoteError::TooLong { length: 20_001 })
    ));
    assert!(matches!(
        reply(&mut doc, "t-1", &says("aida", "x")),
        Err(NoteError::NoThread { .. })
    ));
    assert!(matches!(
        resolve(&mut doc, "t-1", true),
        Err(NoteError::NoThread { .. })
    ));
    start_thread(&mut doc, "t-1", "s", "e", &says("aida", "x")).expect("started");
    assert!(matches!(
        start_thread(&mut doc, "t-1", "s", "e", &says("aida", "y")),
        Err(NoteError::Taken { .. })
    ));
    assert_eq!(threads(&doc).len(), 1);
    let mut other = Document::new(DocKind::Body, &[1; 16]);
    assert!(matches!(
        start_thread(&mut other, "t-1", "s", "e", &says("aida", "x")),
        Err(NoteError::Document(_))
    ));
}

#[test]
fn resolving_what_is_resolved_writes_nothing() {
    let mut doc = new(1);
    start_thread(&mut doc, "t-1", "s", "e", &says("aida", "x")).expect("started");
    let heads = doc.heads();
    resolve(&mut doc, "t-1", false).expect("nothing to do");
    assert_eq!(doc.heads(), heads);
}
