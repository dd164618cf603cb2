//! Documents made to hurt: each is read or refused in a time that grows with its length, and nothing of it is half in.

mod common;

use std::time::{Duration, Instant};

use common::{read, refused, texts};
use komuz_import::{ImportError, export_json, import};

/// A hundred times what the slowest of these takes; what grows with the square takes minutes.
const PATIENCE: Duration = Duration::from_secs(60);

fn in_time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    assert!(start.elapsed() < PATIENCE, "{what} took {:?}", start.elapsed());
    done
}

fn too_many(error: &ImportError) -> bool {
    matches!(error, ImportError::TooMany { .. })
}

#[test]
fn millions_of_blocks_are_refused_before_they_are_made() {
    for (name, piece, count) in [
        ("x.html", "<hr>", 4_000_000),
        ("x.html", "<p>a", 4_000_000),
        ("x.md", "a\n\n", 5_000_000),
        ("x.txt", "a\n", 8_000_000),
    ] {
        let text = piece.repeat(count);
        let error = in_time(piece, || refused(name, &text));
        // Counted while reading: the number found is the first beyond the limit, and not all there are.
        assert!(
            matches!(error, ImportError::TooMany { found, limit, .. } if found == limit + 1),
            "{piece}: {error}"
        );
    }
}

#[test]
fn links_within_the_document_are_counted() {
    let html = "<a href=#x id=x>1</a>".repeat(700_000);
    assert!(too_many(&in_time("links", || refused("x.html", &html))));
    let md = format!("{}\n\n[^1]: note\n", "a[^1] ".repeat(2_000_000));
    assert!(too_many(&in_time("references", || refused("x.md", &md))));
}

#[test]
fn many_references_in_one_block_are_read_in_time() {
    let mut html = String::from("<p>");
    for n in 0..9_000 {
        html.push_str(&format!("So. <a href=#n{n} id=r{n}>{n}</a>"));
    }
    for n in 0..9_000 {
        html.push_str(&format!("<p><a href=#r{n} id=n{n}>{n}</a> https://kloop.kg/ note {n}"));
    }
    let story = in_time("references", || read("x.html", &html)).story;
    assert_eq!((story.citations.len(), story.sources.len()), (9_000, 9_000));
    in_time("reading back", || read("x.json", &export_json(&story)));
}

#[test]
fn plain_jumps_in_one_block_are_put_back_in_time() {
    let html = format!("<p>{}", "w <a href=#t>x</a>".repeat(40_000));
    let story = in_time("jumps", || read("x.html", &html)).story;
    assert_eq!(story.blocks[0].plain_text().len(), 40_000 * 3);
}

#[test]
fn pictures_with_a_name_each_do_not_make_a_list_without_end() {
    let html: String = (0..200_000).map(|n| format!("<img alt=picture{n}>")).collect();
    let imported = in_time("pictures", || read("x.html", &html));
    assert!(imported.left_out.len() <= 1_001, "{}", imported.left_out.len());
    assert!(imported.left_out.last().expect("said").contains("more"));
}

#[test]
fn a_long_address_on_many_words_does_not_grow_beyond_memory() {
    let html = format!(
        "<a href=https://kloop.kg/{}>{}</a>",
        "x".repeat(2000),
        "<b>x</b>y".repeat(1_500_000)
    );
    assert!(too_many(&in_time("address", || refused("x.html", &html))));
}

#[test]
fn a_name_that_many_links_lie_in_is_not_kept_for_each() {
    let html = format!("<p id={}>{}", "x".repeat(8 << 20), "<a href=#t>x</a>".repeat(40_000));
    in_time("names", || read("x.html", &html));
}

#[test]
fn white_space_in_runs_is_trimmed_in_time() {
    let html = format!("<p>{}end", "<b>&nbsp;</b><i>&nbsp;</i>".repeat(200_000));
    in_time("white space", || import("x.html", html.as_bytes(), 1 << 30)).expect("imports");
}

#[test]
fn a_block_longer_than_the_model_takes_is_divided_and_reads_back() {
    let sentence = "Сөз 👩🏽‍⚖️. ";
    let text = format!("{}[^1]\n\n[^1]: note\n", sentence.repeat(40_000));
    let imported = in_time("long block", || read("x.md", &text));
    assert!(imported.story.blocks.len() > 1);
    assert!(imported.left_out[0].contains("divided"), "{:?}", imported.left_out);
    assert_eq!(imported.story.citations.len(), 1);
    let joined: String = texts(&imported.story).join(" ");
    assert_eq!(joined.split_whitespace().count(), 80_000);
    assert_eq!(read("x.json", &export_json(&imported.story)).story, imported.story);
}

#[test]
fn a_script_below_ten_thousand_open_elements_has_no_way_in() {
    let html = format!(
        "{}<script>alert(1)</script><nav>menu</nav>words<style>p{{}}</style>",
        "<div>".repeat(10_000)
    );
    assert_eq!(texts(&read("x.html", &html).story), ["words"]);
}

#[test]
fn many_citations_in_json_are_checked_in_time() {
    let citations: Vec<String> = (0..40_000)
        .map(|n| format!(r#"{{"id":"c{n}","source":"s","start":{{"block":"b","offset":{n}}},"end":{{"block":"b","offset":{}}}}}"#, n + 1))
        .collect();
    let json = format!(
        r#"{{"komuz":1,"lang":"en","headline":"","blocks":[{{"id":"b","type":"paragraph","text":[{{"text":"{}"}}]}}],"citations":[{}],"sources":[{{"id":"s","type":"book"}}]}}"#,
        "x".repeat(100_000),
        citations.join(",")
    );
    assert_eq!(
        in_time("citations", || read("x.json", &json)).story.citations.len(),
        40_000
    );
}
