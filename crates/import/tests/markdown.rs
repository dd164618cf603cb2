//! Markdown in and out.

mod common;

use common::{cited, read, texts};
use komuz_import::{export_json, export_markdown};
use komuz_release::story::{Block, BlockKind, Citation, Marks, Place, Source, Span, Story};

#[test]
fn a_rule_at_the_start_is_no_head() {
    let imported = read("x.md", "---\n\nFirst words.\n\n---\n\nSecond words.\n");
    assert_eq!(texts(&imported.story), ["", "First words.", "", "Second words."]);
    let imported = read("x.md", "---\nNote: these are words\n\n---\n\nMore.\n");
    assert!(
        texts(&imported.story)
            .iter()
            .any(|text| text.contains("these are words")),
        "{:?}",
        texts(&imported.story)
    );
}

#[test]
fn a_head_may_hold_lists_quotes_and_lines_that_are_not_known() {
    let imported = read(
        "x.md",
        "---\ntitle: \"The title: a start\"\nauthor:\n  - A\n  - B\ndate: 2019-12-13\nlang: not a language\n---\nText.\n",
    );
    let story = imported.story;
    assert_eq!(
        (story.headline.as_str(), story.byline.len(), story.lang.as_str()),
        ("The title: a start", 2, "und")
    );
    assert_eq!(texts(&story), ["Text."]);
    let left_out = imported.left_out.join("\n");
    assert!(
        left_out.contains("2019-12-13") && left_out.contains("not a language"),
        "{left_out}"
    );
}

#[test]
fn what_looks_like_a_citation_stays_in_code_and_in_notes() {
    let story = read(
        "x.md",
        "Use `[@x]` so[^1].\n\n    code [@y]\n\nNot \\[@z\\] either, nor [@] nor [@two words].\n\n[^1]: See [@w] there\n",
    )
    .story;
    assert_eq!(
        texts(&story),
        [
            "Use [@x] so.",
            "code [@y]",
            "Not [@z] either, nor [@] nor [@two words]."
        ]
    );
    assert_eq!(story.citations.len(), 1);
    assert_eq!(story.sources[0].title, "See [@w] there");
}

#[test]
fn a_citation_in_the_headline_is_left_out_and_that_is_said() {
    let imported = read("x.md", "# Title [@x]\n\nText.\n");
    assert_eq!(imported.story.headline, "Title");
    assert!(imported.left_out[0].contains("headline"), "{:?}", imported.left_out);
}

#[test]
fn the_source_of_a_note_is_never_taken_for_one_that_is_cited_by_its_id() {
    let story = read("x.md", "First[@s1]. Second[^1].\n\n[^1]: A note\n").story;
    assert_eq!(
        (story.citations[0].source.as_str(), story.sources[0].id.as_str()),
        ("s1", "s2")
    );
    assert_eq!(story.citations[1].source, "s2");
}

#[test]
fn html_in_markdown_keeps_its_words_and_loses_its_scripts() {
    let story = read(
        "x.md",
        "A <b>bold</b> word<br>and <a href=\"https://kloop.kg/\">a link</a><script>alert(1)</script>.\n\n\
         <div class=x><p>Two <i>blocks</i></p><p>of HTML</p></div>\n\n<script>\nalert(2)\n</script>\n\nEnd <!-- a remark -->here.\n",
    )
    .story;
    assert_eq!(
        texts(&story),
        ["A bold word\nand a link.", "Two blocks", "of HTML", "End here."]
    );
    assert!(story.blocks[0].text[1].marks.strong);
    assert!(
        story.blocks[0]
            .text
            .iter()
            .any(|span| span.marks.link.as_deref() == Some("https://kloop.kg/"))
    );
    assert!(story.blocks[1].text[1].marks.emphasis);
    assert!(!export_json(&story).contains("alert"));
}

#[test]
fn a_mark_of_html_that_is_not_closed_ends_with_its_block() {
    let story = read("x.md", "A <b>bold word.\n\nPlain.\n").story;
    assert!(story.blocks[1].text[0].marks.is_plain());
}

fn story(blocks: Vec<(BlockKind, Vec<Span>)>) -> Story {
    Story {
        komuz: 1,
        lang: "en".into(),
        headline: "H".into(),
        summary: String::new(),
        byline: Vec::new(),
        blocks: blocks
            .into_iter()
            .enumerate()
            .map(|(index, (kind, text))| Block {
                id: format!("b{}", index + 1),
                kind,
                text,
            })
            .collect(),
        citations: Vec::new(),
        sources: Vec::new(),
    }
}

fn plain(text: &str) -> Vec<Span> {
    vec![Span {
        text: text.into(),
        marks: Marks::default(),
    }]
}

fn kinds_and_texts(story: &Story) -> Vec<(BlockKind, Vec<Span>)> {
    story
        .blocks
        .iter()
        .map(|block| (block.kind.clone(), block.text.clone()))
        .collect()
}

#[test]
fn what_looks_like_structure_behind_a_line_break_stays_words() {
    let blocks: Vec<_> = [
        "a\n# b",
        "a\n- b",
        "a\n+ b",
        "a\n1. b",
        "a\n2) b",
        "a\n===",
        "a\n---",
        "a\n> b",
        "a\n~~~\nb",
        "- a",
        "1. a",
        "# a",
        "~~not struck~~",
        "a | b\n- | -",
        "    four spaces\n    again",
        "[^1]: a",
        "a\n\nb",
        "&amp; <b>",
    ]
    .iter()
    .map(|text| (BlockKind::Paragraph, plain(text.trim_start())))
    .collect();
    let written = story(blocks);
    let again = read("x.md", &export_markdown(&written)).story;
    assert_eq!(kinds_and_texts(&again), kinds_and_texts(&written));
}

#[test]
fn code_with_backticks_and_line_breaks_comes_back() {
    let code = |text: &str| Span {
        text: text.into(),
        marks: Marks {
            code: true,
            ..Marks::default()
        },
    };
    let written = story(vec![(BlockKind::Paragraph, vec![code("a `b` ``c\nd")])]);
    let again = read("x.md", &export_markdown(&written)).story;
    assert_eq!(again.blocks[0].plain_text(), "a `b` ``c\nd");
}

#[test]
fn deep_items_that_follow_nothing_stay_items() {
    let item = |ordered, depth| BlockKind::Item { ordered, depth };
    let written = story(vec![
        (item(false, 2), plain("deep first")),
        (item(true, 0), plain("one")),
        (item(true, 2), plain("deep again")),
        (item(true, 1), plain("less deep")),
    ]);
    let again = read("x.md", &export_markdown(&written)).story;
    assert_eq!(texts(&again), texts(&written));
    assert!(
        again
            .blocks
            .iter()
            .all(|block| matches!(block.kind, BlockKind::Item { .. }))
    );
}

#[test]
fn a_headline_in_quotation_marks_keeps_them() {
    for headline in ["\"All\" they said", "They said \"all\"", "\"All\""] {
        let mut written = story(vec![(BlockKind::Paragraph, plain("a"))]);
        written.headline = headline.into();
        assert_eq!(read("x.md", &export_markdown(&written)).story.headline, headline);
    }
}

#[test]
fn notes_stand_where_their_words_end_in_whatever_order_they_are_listed() {
    let mut written = story(vec![(BlockKind::Paragraph, plain("First part, second part."))]);
    let place = |offset| Place {
        block: "b1".into(),
        offset,
    };
    for (id, source, start, end) in [("c-1", "s2", 12, 24), ("c-2", "s1", 0, 10)] {
        written.citations.push(Citation {
            id: id.into(),
            source: source.into(),
            locator: String::new(),
            quote: String::new(),
            start: place(start),
            end: place(end),
        });
    }
    for id in ["s1", "s2"] {
        written.sources.push(Source {
            id: id.into(),
            kind: "document".into(),
            title: format!("Title {id}"),
            ..Source::default()
        });
    }
    let again = read("x.md", &export_markdown(&written)).story;
    assert_eq!(
        (cited(&again, 0), cited(&again, 1)),
        ("First part".into(), "second part.".into())
    );
    let title = |index: usize| {
        let id = &again.citations[index].source;
        again
            .sources
            .iter()
            .find(|source| source.id == *id)
            .map(|source| source.title.as_str())
    };
    assert_eq!((title(0), title(1)), (Some("Title s1"), Some("Title s2")));
}
