//! Footnotes become citations, wherever they stand; what editors say to each other does not come in.

mod common;

use common::{cited, read, texts};

#[test]
fn comments_of_google_docs_are_left_out_and_footnotes_in_lists_and_tables_are_kept() {
    let imported = read("export.html", include_str!("samples/google-docs-comments.html"));
    let story = imported.story;
    assert_eq!(story.headline, "Frozen accounts");
    assert_eq!(
        texts(&story),
        [
            "What was frozen\u{a0}1",
            "Who answered\u{a0}2",
            "What was frozen",
            "A court froze the accounts\u{a0}of two outlets.",
            "The first account was opened again",
            "Who answered",
            "Court · said nothing",
        ]
    );
    let everything = serde_json::to_string(&story).expect("JSON");
    for internal in ["Our man", "Do not name", "Aida", "Monday", "[a]", "[b]"] {
        assert!(!everything.contains(internal), "{internal}");
    }
    assert_eq!(
        [cited(&story, 0), cited(&story, 1), cited(&story, 2)],
        [
            "A court froze the accounts\u{a0}of two outlets.",
            "The first account was opened again",
            "Court · said nothing"
        ]
    );
    let titles: Vec<&str> = story.sources.iter().map(|source| source.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "On the headline",
            "Court order",
            "Account opened",
            "Letter to the court, in our archive"
        ]
    );
    let left_out = imported.left_out.join("\n");
    assert!(
        left_out.contains("comment") && left_out.contains("(2 times)"),
        "{left_out}"
    );
    assert!(left_out.contains("headline"), "{left_out}");
}

#[test]
fn comments_and_deleted_words_of_word_are_left_out() {
    let imported = read("paste.html", include_str!("samples/word-comments.html"));
    assert_eq!(texts(&imported.story), ["The minister was silent."]);
    assert!(imported.story.sources.is_empty());
    let left_out = imported.left_out.join("\n");
    assert!(
        left_out.contains("comment") && left_out.contains("deleted"),
        "{left_out}"
    );
}

#[test]
fn a_comment_whose_anchor_was_not_copied_is_left_out_too() {
    let html = "<p>Words.</p><div><p><a href=\"#cmnt_ref1\" id=\"cmnt1\">[a]</a>Do not print</p></div>";
    assert_eq!(texts(&read("x.html", html).story), ["Words."]);
    let html = "<p>Words<a href=\"#cmnt1\" id=\"cmnt_ref1\">[a]</a>.</p>";
    assert_eq!(texts(&read("x.html", html).story), ["Words."]);
}

#[test]
fn a_note_of_the_headline_leaves_no_number_and_no_empty_block() {
    let html =
        "<h1>Title<sup><a href=#fn1 id=r1>1</a></sup></h1><p>Text.</p><p><a href=#r1 id=fn1>1</a> “A”, Kloop</p>";
    let imported = read("x.html", html);
    assert_eq!(
        (imported.story.headline.as_str(), texts(&imported.story)),
        ("Title", vec!["Text.".to_owned()])
    );
    assert_eq!(imported.story.sources[0].title, "A");
    assert!(imported.left_out[0].contains("headline"), "{:?}", imported.left_out);
    let html = "<h1>See <a href=#below>below</a>, now</h1><p>Text.</p>";
    assert_eq!(read("x.html", html).story.headline, "See below, now");
}

#[test]
fn a_table_of_contents_with_links_back_is_no_list_of_notes() {
    let html = "<ul><li><a href=#one id=t1>One</a><li><a href=#two id=t2>Two</a></ul>\
        <h2 id=one><a href=#t1>One</a></h2><p>First.</p><h2 id=two><a href=#t2>Two</a></h2><p>Second.</p>";
    let story = read("x.html", html).story;
    assert_eq!(texts(&story), ["One", "Two", "One", "First.", "Two", "Second."]);
    assert!(story.sources.is_empty());
}

#[test]
fn a_thousand_notes_all_become_citations() {
    let mut html = String::new();
    for n in 0..1000 {
        html.push_str(&format!("<p>Claim {n}.<a href=#fn{n} id=r{n}>[{n}]</a></p>"));
    }
    for n in 0..1000 {
        html.push_str(&format!(
            "<p><a href=#r{n} id=fn{n}>[{n}]</a> Note number {n}, archive</p>"
        ));
    }
    let story = read("x.html", &html).story;
    assert_eq!(
        (story.blocks.len(), story.citations.len(), story.sources.len()),
        (1000, 1000, 1000)
    );
    assert_eq!(cited(&story, 999), "Claim 999.");
    assert_eq!(story.sources[999].title, "Note number 999, archive");
}

#[test]
fn a_cell_without_a_row_and_a_table_that_is_not_closed_keep_their_words() {
    assert_eq!(texts(&read("x.html", "<table><td>x</td></table>").story), ["x"]);
    assert_eq!(texts(&read("x.html", "<table><tr><td>a<td>b").story), ["a · b"]);
    assert_eq!(
        texts(
            &read(
                "x.html",
                "<p>1</p><table><tr><td>a</td><tr><td><table><tr><td>b<td>c</table>d"
            )
            .story
        ),
        ["1", "a", "b · c d"]
    );
}

#[test]
fn a_long_note_keeps_a_title_that_can_be_read_again() {
    let note = "слово ".repeat(2000);
    let imported = read("x.md", &format!("Claim[^1].\n\n[^1]: {note}\n"));
    let again = read("x.json", &komuz_import::export_json(&imported.story)).story;
    assert_eq!(again, imported.story);
    assert!(imported.left_out[0].contains("note"), "{:?}", imported.left_out);
}

#[test]
fn a_date_that_no_calendar_has_stays_words() {
    let imported = read("x.md", "Claim[^1].\n\n[^1]: Kloop, 31 February 2020\n");
    let source = &imported.story.sources[0];
    assert_eq!(
        (source.title.as_str(), &source.issued),
        ("Kloop, 31 February 2020", &None)
    );
    assert_eq!(
        read("x.json", &komuz_import::export_json(&imported.story)).story,
        imported.story
    );
}
