//! What comes in from other programs, and what goes out and comes back.

mod common;

use common::{Imported, cited, read, texts};
use komuz_import::{DEFAULT_LIMIT, ImportError, export_json, export_markdown, import};
use komuz_release::story::{BlockKind, Story};

#[test]
fn a_google_docs_export_with_footnotes_becomes_a_story_with_sources() {
    let Imported { story, left_out } = read("export.html", include_str!("samples/google-docs.html"));
    assert_eq!(story.headline, "The day the sites went dark");
    assert_eq!(story.summary, "What happened in December 2019");
    assert_eq!(
        texts(&story),
        [
            "Several newsrooms republished the investigation. One of them could not be reached for about 24 hours.\u{a0}Two others held, with help from outside.",
            "What was asked",
            "Read the report.",
            "Protect the reporters",
            "and their lawyers",
        ]
    );
    assert_eq!(story.blocks[1].kind, BlockKind::Heading { level: 2 });
    assert_eq!(
        story.blocks[3].kind,
        BlockKind::Item {
            ordered: false,
            depth: 0
        }
    );
    assert_eq!(
        story.blocks[4].kind,
        BlockKind::Item {
            ordered: false,
            depth: 1
        }
    );
    assert!(story.blocks[0].text[1].marks.strong, "bold by a class of the sheet");
    assert_eq!(
        story.blocks[2].text[1].marks.link.as_deref(),
        Some("https://eurasianet.org/kyrgyzstan")
    );
    assert_eq!(cited(&story, 0), "One of them could not be reached for about 24 hours.");
    assert_eq!(cited(&story, 1), "Two others held");
    let [first, second] = &story.sources[..] else {
        panic!("two sources")
    };
    assert_eq!(first.title, "In Kyrgyzstan, Reporting on Corruption Leads to Attacks");
    assert_eq!(first.author[0].literal, "Norwegian Helsinki Committee");
    assert_eq!(first.url, "https://www.nhc.no/statement");
    assert_eq!(first.issued.as_ref().expect("dated").date_parts, [[2019, 12]]);
    assert_eq!(story.citations[0].locator, "p. 2");
    assert!(
        second.other["note"]
            .as_str()
            .expect("the note's words")
            .contains("Записано 18 декабря 2019"),
        "both paragraphs"
    );
    assert_eq!(
        left_out,
        ["A picture (Bishkek at night) was left out: add its file in the desk."]
    );
}

#[test]
fn a_word_clipboard_with_footnotes_and_lists() {
    let Imported { story, .. } = read("paste.html", include_str!("samples/word-clipboard.html"));
    assert_eq!(
        texts(&story),
        ["Бишкек. Счета изданий арестовали.", "первый пункт", "вложенный"]
    );
    assert!(story.blocks[0].text[0].marks.strong);
    assert_eq!(
        story.blocks[2].kind,
        BlockKind::Item {
            ordered: false,
            depth: 1
        }
    );
    assert_eq!(cited(&story, 0), "Счета изданий арестовали");
    assert_eq!(story.sources[0].title, "Hundreds protest over Kyrgyz corruption report");
}

#[test]
fn pandoc_writes_its_notes_as_a_list() {
    let html = "<p>Claim.<a href=\"#fn1\" class=\"footnote-ref\" id=\"fnref1\"><sup>1</sup></a></p><section><hr><ol>\
        <li id=\"fn1\"><p>“A title”, Kloop, 5 February 2010<a href=\"#fnref1\">↩︎</a></p></li></ol></section>";
    let story = read("x.html", html).story;
    assert_eq!(
        (texts(&story), cited(&story, 0)),
        (vec!["Claim.".to_owned()], "Claim.".to_owned())
    );
    assert_eq!(
        (
            story.sources[0].title.as_str(),
            story.sources[0].container_title.as_str()
        ),
        ("A title", "Kloop")
    );
}

#[test]
fn a_bold_wrapper_that_says_it_is_not_bold_is_not() {
    let html = "<b style=\"font-weight:normal;\" id=\"docs-internal-guid-1\"><p><span style=\"font-weight:400\">plain </span><span style=\"font-weight:700\">bold</span></p></b>";
    let block = &read("paste.html", html).story.blocks[0];
    assert_eq!((block.text[0].marks.strong, block.text[1].marks.strong), (false, true));
}

#[test]
fn scripts_styles_and_handlers_have_no_way_in() {
    let html = "<p onclick=alert(1)>a<script>alert('s')</script><style>p{}</style><a href=\"java&#10;script:alert(1)\">b</a>\
        <a href='https://u:p@host.example/'>c</a><iframe srcdoc='<p>d'></iframe><svg><text>e</text></svg><img src=x onerror=alert(1)></p>";
    let Imported { story, left_out } = read("evil.html", html);
    assert_eq!(texts(&story), ["abc"]);
    assert!(story.blocks[0].text.iter().all(|span| span.marks.link.is_none()));
    assert!(left_out.iter().any(|what| what.contains("not safe")), "{left_out:?}");
}

#[test]
fn a_link_within_the_document_that_is_no_note_keeps_its_text() {
    let story = read(
        "x.html",
        "<p>See <a href=\"#below\">the part below</a>, please.</p><h2 id=below>Below</h2>",
    )
    .story;
    assert_eq!(texts(&story), ["See the part below, please.", "Below"]);
}

#[test]
fn unclosed_and_crossed_elements_do_no_harm() {
    let story = read(
        "x.html",
        "<ul><li>one<li>two<p>three</ul></b></p><blockquote>said<p>again</div>",
    )
    .story;
    assert_eq!(texts(&story), ["one", "two", "three", "said", "again"]);
    assert_eq!(story.blocks[4].kind, BlockKind::Quote);
}

#[test]
fn ten_thousand_open_elements_are_survived() {
    let html = format!("{}deep", "<div><b><ul><li>".repeat(10_000));
    assert_eq!(texts(&read("deep.html", &html).story), ["deep"]);
}

#[test]
fn tables_become_paragraphs_and_that_is_said() {
    let Imported { story, left_out } = read(
        "x.html",
        "<table><tr><td>a<td>b</td></tr><tr><td><p>c</p></td><td><a href=#x id=y>d</a></td></tr></table>",
    );
    assert_eq!(texts(&story), ["a · b", "c · d"]);
    assert!(left_out[0].contains("table"));
}

#[test]
fn markdown_with_every_block_and_mark() {
    let text = "---\nlang: ky\nheadline: Баш сөз\nbyline: A; B\n---\n\nText **strong** *soft* `code` [link](https://kloop.kg/)[^1].\n\n## Two\n\n### Three\n\n> Said.\n\n1. one\n2. two\n    - inner\n\n***\n\n[^1]: Kloop. “Title”, 2019-11-21. <https://kloop.kg/x>\n";
    let story = read("story.md", text).story;
    assert_eq!(
        (story.lang.as_str(), story.headline.as_str(), story.byline.len()),
        ("ky", "Баш сөз", 2)
    );
    let kinds: Vec<&BlockKind> = story.blocks.iter().map(|block| &block.kind).collect();
    assert_eq!(
        kinds,
        [
            &BlockKind::Paragraph,
            &BlockKind::Heading { level: 2 },
            &BlockKind::Heading { level: 3 },
            &BlockKind::Quote,
            &BlockKind::Item {
                ordered: true,
                depth: 0
            },
            &BlockKind::Item {
                ordered: true,
                depth: 0
            },
            &BlockKind::Item {
                ordered: false,
                depth: 1
            },
            &BlockKind::Rule,
        ]
    );
    let source = &story.sources[0];
    assert_eq!(
        (source.title.as_str(), source.url.as_str()),
        ("Title", "https://kloop.kg/x")
    );
    assert_eq!(cited(&story, 0), "Text strong soft code link");
}

#[test]
fn markdown_cites_known_sources_by_their_ids() {
    let story = read(
        "story.md",
        "First said so[@rsf-absurd, p. 3]. Then[@gv; @rsf-absurd] not.\n",
    )
    .story;
    assert_eq!(story.citations.len(), 3);
    assert_eq!(
        (story.citations[0].source.as_str(), story.citations[0].locator.as_str()),
        ("rsf-absurd", "p. 3")
    );
    assert_eq!(
        (cited(&story, 1), cited(&story, 2)),
        ("Then".to_owned(), "Then".to_owned())
    );
}

#[test]
fn each_line_of_plain_text_is_a_paragraph() {
    let story = read("story.txt", "\u{feff}Первая.\r\n\r\n  Second line.\n# No heading\n\n").story;
    assert_eq!(texts(&story), ["Первая.", "Second line.", "# No heading"]);
}

#[test]
fn ids_of_citations_are_those_that_the_core_keeps() {
    let story = read("a.html", include_str!("samples/google-docs.html")).story;
    assert_eq!(
        (story.citations[0].id.as_str(), story.citations[1].id.as_str()),
        ("c-1", "c-2")
    );
}

#[test]
fn json_comes_back_equal() {
    for (name, text) in [
        ("a.html", include_str!("samples/google-docs.html")),
        ("b.html", include_str!("samples/word-clipboard.html")),
    ] {
        let story = read(name, text).story;
        assert_eq!(read("story.json", &export_json(&story)).story, story);
    }
}

#[test]
fn exported_markdown_reads_back_to_the_same_text_and_citations() {
    let story = read("a.html", include_str!("samples/google-docs.html")).story;
    let again = read("a.md", &export_markdown(&story)).story;
    let kinds = |story: &Story| {
        story
            .blocks
            .iter()
            .map(|block| (block.kind.clone(), block.text.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&again), kinds(&story));
    assert_eq!(again.citations.len(), story.citations.len());
    assert_eq!(again.sources[0].title, story.sources[0].title);
    assert_eq!(again.sources[0].url, story.sources[0].url);
}

mod malformed {
    use super::*;

    fn refused(name: &str, bytes: &[u8]) -> String {
        import(name, bytes, DEFAULT_LIMIT).expect_err("refused").to_string()
    }

    #[test]
    fn larger_than_the_limit() {
        assert_eq!(
            import("x.md", b"12345", 4),
            Err(ImportError::TooLarge { bytes: 5, limit: 4 })
        );
    }

    #[test]
    fn not_utf8_names_the_byte() {
        assert_eq!(import("x.md", b"ab\xff", 10), Err(ImportError::NotUtf8 { at: 2 }));
    }

    #[test]
    fn a_name_that_tells_no_format() {
        assert!(refused("story.docx", b"PK").contains("story.docx"));
    }

    #[test]
    fn json_that_breaks_off_names_line_and_column() {
        assert!(refused("x.json", b"{\"komuz\": 1,\n \"lang\": ").contains("line 2"));
    }

    fn story_with(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut value = serde_json::json!({"komuz": 1, "lang": "en", "headline": "H",
            "blocks": [{"id": "b1", "type": "paragraph", "text": [{"text": "a😀b"}]}],
            "citations": [{"id": "c1", "source": "s1", "start": {"block": "b1", "offset": 0}, "end": {"block": "b1", "offset": 1}}],
            "sources": [{"id": "s1", "type": "webpage", "title": "T"}]});
        assert!(import("x.json", value.to_string().as_bytes(), DEFAULT_LIMIT).is_ok());
        change(&mut value);
        refused("x.json", value.to_string().as_bytes())
    }

    #[test]
    fn a_later_version() {
        assert!(story_with(|story| story["komuz"] = 2.into()).starts_with("komuz: version 2"));
    }

    #[test]
    fn a_citation_inside_a_surrogate_pair() {
        assert!(
            story_with(|story| story["citations"][0]["end"]["offset"] = 2.into())
                .starts_with("citations[0].end.offset")
        );
    }

    #[test]
    fn a_citation_of_no_source() {
        assert!(story_with(|story| story["citations"][0]["source"] = "s9".into()).starts_with("citations[0].source"));
    }

    #[test]
    fn a_citation_of_no_words() {
        assert!(story_with(|story| story["citations"][0]["end"]["offset"] = 0.into()).starts_with("citations[0].end"));
    }

    #[test]
    fn two_blocks_with_one_id() {
        assert!(
            story_with(|story| {
                let block = story["blocks"][0].clone();
                story["blocks"].as_array_mut().expect("array").push(block);
            })
            .starts_with("blocks[1].id")
        );
    }

    #[test]
    fn a_member_that_the_schema_does_not_know() {
        for (change, place) in [
            ("/mood", "mood: "),
            ("/blocks/0/level", "blocks[0].level: "),
            ("/blocks/0/text/0/size", "blocks[0].text[0].size: "),
            ("/citations/0/start/line", "citations[0].start.line: "),
        ] {
            let (parent, name) = change.rsplit_once('/').expect("a path");
            let refusal = story_with(|story| story.pointer_mut(parent).expect("there")[name] = 1.into());
            assert!(refusal.starts_with(place), "{refusal}");
        }
    }

    #[test]
    fn a_language_that_is_no_tag() {
        for lang in ["", "e", "en us", "en--us", "-en", "../en"] {
            assert!(
                story_with(|story| story["lang"] = lang.into()).starts_with("lang: "),
                "{lang}"
            );
        }
    }

    #[test]
    fn two_sources_of_a_list_with_one_id() {
        assert!(
            refused(
                "x.json",
                br#"[{"id": "a", "type": "book"}, {"id": "a", "type": "webpage"}]"#
            )
            .starts_with("sources[1].id")
        );
    }

    #[test]
    fn a_link_that_runs_a_script() {
        assert!(
            story_with(|story| story["blocks"][0]["text"][0]["marks"] = serde_json::json!({"link": "javascript:x"}))
                .starts_with("blocks[0].text[0].marks.link")
        );
    }

    #[test]
    fn a_source_with_a_wrong_date() {
        assert!(
            story_with(|story| story["sources"][0]["issued"] = serde_json::json!({"date-parts": [[2019, 13]]}))
                .starts_with("sources[0].issued")
        );
    }
}

mod anything {
    use super::*;
    use proptest::prelude::*;

    /// Pieces that reach the corners of both formats, and ordinary words around them.
    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zңө👩🏽 .\n&;]{0,8}",
            "<[a-z/!]{0,6}( (id|href|class|style)=\"?#?[a-z0-9:]{0,5}\"?)?>?",
            "(<(p|td|tr|table|a href=#n1 id=r1|a href=#r1 id=n1|a href=#cmnt1|a href=#cmnt_ref1|b|i|pre|li|ul|ol|h1|h2|del|hr|br)>|</(p|td|tr|table|a|b|pre|li|ul|h1|div)>)",
            "[#>*_`\\[\\]()^@|!: \n~+-]{0,6}",
            "(\n\n|\n> |\n- |\n1\\. |\n    |\n---\n|\n\\[\\^1\\]: |\\[\\^1\\]|\\[@k\\]|```\n)",
            "(31 February 2020|2020-02-30|30 февраля 2019 года|Retrieved 2019-04-31|p\\. 4|«|»|“|”|https://kloop\\.kg/x)",
        ]
    }

    fn document() -> impl Strategy<Value = String> {
        let filler = (0usize..3, 0usize..6000).prop_map(|(kind, count)| match kind {
            0 => String::new(),
            1 => "слово ".repeat(count),
            _ => "x".repeat(count * 40),
        });
        (proptest::collection::vec(piece(), 0..40), filler, 0usize..40).prop_map(|(mut pieces, filler, at)| {
            pieces.insert(at.min(pieces.len()), filler);
            pieces.concat()
        })
    }

    proptest! {
        /// Whatever comes in, what comes out is a story that our own checks accept.
        #[test]
        fn html_never_panics_and_makes_valid_stories(text in document()) {
            let story = read("x.html", &text).story;
            prop_assert_eq!(&read("x.json", &export_json(&story)).story, &story);
        }

        #[test]
        fn markdown_never_panics_and_makes_valid_stories(text in document()) {
            let mut story = read("x.md", &text).story;
            let known = |id: &str| story.sources.iter().any(|source| source.id == id);
            let kept: Vec<_> = story.citations.iter().filter(|citation| known(&citation.source)).cloned().collect();
            story.citations = kept;
            prop_assert_eq!(&read("x.json", &export_json(&story)).story, &story);
        }

        /// Words without marks come back from Markdown as they went, whatever they look like.
        #[test]
        fn words_come_back_from_markdown(lines in proptest::collection::vec("[#>*_`\\[\\]()^@|!:;&<~=+\\\\.0-9a-zө -]{1,12}", 1..6)) {
            let text = lines.join("\n").trim().to_owned();
            prop_assume!(!text.is_empty());
            let json = serde_json::json!({"komuz": 1, "lang": "en", "headline": "", "blocks": [
                {"id": "b1", "type": "paragraph", "text": [{"text": text}]}, {"id": "b2", "type": "rule"}]});
            let story = read("x.json", &json.to_string()).story;
            let again = read("x.md", &export_markdown(&story)).story;
            let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
            prop_assert_eq!(trimmed(&texts(&again)[0]), trimmed(&text));
            prop_assert_eq!(again.blocks.len(), 2);
        }
    }
}
