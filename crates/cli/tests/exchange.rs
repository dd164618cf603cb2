//! `komuz import` and `komuz export`, as the program that is installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use komuz_core::body::Body;
use komuz_core::document::{DocKind, Document};
use komuz_import::{DEFAULT_LIMIT, import};
use komuz_release::story::Story;

/// A folder with files in it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Desk(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_komuz"))
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    /// Imports and reads what was written.
    fn import(&self, arguments: &[&str]) -> (Story, String) {
        let output = self.run(&[&["import"], arguments, &["--out", "story.json"]].concat());
        let said = said(&output);
        assert!(output.status.success(), "{said}");
        (story(&self.path("story.json")), said)
    }

    /// Imports what is refused: nothing may have been written.
    fn refused(&self, arguments: &[&str]) -> String {
        let before = names(self.0.path());
        let output = self.run(&[&["import"], arguments, &["--out", "story.json"]].concat());
        assert!(!output.status.success(), "{}", said(&output));
        assert_eq!(names(self.0.path()), before);
        said(&output)
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn story(path: &Path) -> Story {
    let bytes = std::fs::read(path).unwrap();
    import("story.json", &bytes, DEFAULT_LIMIT).expect("reads back").story
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The title of the source that a citation rests on, and the words that rest on it.
fn cited(story: &Story, index: usize) -> (String, String) {
    let citation = &story.citations[index];
    let source = story
        .sources
        .iter()
        .find(|source| source.id == citation.source)
        .unwrap();
    let block = story
        .blocks
        .iter()
        .find(|block| block.id == citation.start.block)
        .unwrap();
    let units: Vec<u16> = block.plain_text().encode_utf16().collect();
    let words = &units[citation.start.offset as usize..citation.end.offset as usize];
    (source.title.clone(), String::from_utf16(words).unwrap())
}

const GOOGLE: &str = include_str!("../../import/tests/samples/google-docs.html");
const NOTED: &str = "# One\n\nFirst claim.[^1]\n\n[^1]: “First source”, Kloop\n";
const NOTED_TOO: &str =
    "---\nlang: ky\nbyline: B\n---\n\n# Two\n\nSecond claim.[^1]\n\n[^1]: “Second source”, RFE/RL\n";
const SOURCES: &str = r#"[{"id": "s1", "type": "book", "title": "A book"}, {"id": "putz", "type": "article-magazine", "title": "Server Shenanigans"}]"#;
const CITING: &str = "A claim.[@putz, p. 3] Another.[^1] A third.[@s1]\n\n[^1]: “A note”, Kloop\n";

#[test]
fn a_google_docs_export_becomes_a_story_whose_footnotes_are_citations() {
    let desk = Desk::new(&[("export.html", GOOGLE)]);
    let (story, said) = desk.import(&["export.html"]);
    assert_eq!(story.headline, "The day the sites went dark");
    assert_eq!(
        cited(&story, 0),
        (
            "In Kyrgyzstan, Reporting on Corruption Leads to Attacks".into(),
            "One of them could not be reached for about 24 hours.".into()
        )
    );
    assert!(
        said.contains("export.html: A picture (Bishkek at night) was left out"),
        "{said}"
    );
    assert!(said.contains("5 blocks, 2 citations, 2 sources"), "{said}");
}

#[test]
fn two_texts_stand_one_behind_the_other_and_each_cites_its_own_sources() {
    let desk = Desk::new(&[("one.md", NOTED), ("two.md", NOTED_TOO)]);
    let (story, _) = desk.import(&["one.md", "two.md"]);
    let texts: Vec<String> = story.blocks.iter().map(|block| block.plain_text()).collect();
    assert_eq!(
        (story.headline.as_str(), texts),
        ("One", vec!["First claim.".into(), "Two".into(), "Second claim.".into()])
    );
    assert_eq!(cited(&story, 0), ("First source".into(), "First claim.".into()));
    assert_eq!(cited(&story, 1), ("Second source".into(), "Second claim.".into()));
    assert_eq!((story.lang.as_str(), story.byline[0].name.as_str()), ("ky", "B"));
}

#[test]
fn sources_may_come_first_or_last_and_are_cited_by_the_ids_that_they_have() {
    let desk = Desk::new(&[("sources.json", SOURCES), ("text.md", CITING)]);
    for order in [["sources.json", "text.md"], ["text.md", "sources.json"]] {
        let (story, _) = desk.import(&order);
        let titles: Vec<String> = (0..3).map(|index| cited(&story, index).0).collect();
        assert_eq!(titles, ["Server Shenanigans", "A note", "A book"], "{order:?}");
        assert_eq!(story.citations[0].locator, "p. 3");
    }
}

#[test]
fn a_first_file_without_a_text_gives_its_head() {
    let desk = Desk::new(&[
        (
            "head.md",
            "---\nheadline: The head\nsummary: The summary\nlang: ru\n---\n",
        ),
        ("text.md", NOTED),
    ]);
    let (story, _) = desk.import(&["head.md", "text.md"]);
    assert_eq!(
        (story.headline.as_str(), story.summary.as_str(), story.lang.as_str()),
        ("The head", "The summary", "ru")
    );
    assert_eq!(story.blocks[0].plain_text(), "One", "the second headline is a heading");
}

#[test]
fn languages_that_differ_are_said() {
    let desk = Desk::new(&[("one.md", "---\nlang: ru\n---\nРаз\n"), ("two.md", NOTED_TOO)]);
    let (story, said) = desk.import(&["one.md", "two.md"]);
    assert_eq!(story.lang, "ru");
    assert!(said.contains("two.md: its language is ky"), "{said}");
}

#[test]
fn a_source_that_two_texts_have_is_kept_once() {
    let desk = Desk::new(&[("one.md", NOTED), ("two.md", NOTED)]);
    let (story, _) = desk.import(&["one.md", "two.md"]);
    assert_eq!((story.sources.len(), story.citations.len()), (1, 2));
}

#[test]
fn a_citation_of_what_no_file_has_is_refused_with_the_file_and_the_id() {
    let desk = Desk::new(&[("text.md", CITING), ("one.md", NOTED)]);
    for files in [vec!["text.md"], vec!["text.md", "one.md"]] {
        let said = desk.refused(&files);
        assert!(said.contains("text.md") && said.contains("\"putz\""), "{said}");
    }
}

#[test]
fn a_citation_that_may_mean_two_sources_is_refused() {
    let other = r#"{"id": "putz", "type": "book", "title": "Another"}"#;
    let desk = Desk::new(&[("sources.json", SOURCES), ("other.json", other), ("text.md", CITING)]);
    let said = desk.refused(&["sources.json", "other.json", "text.md"]);
    assert!(said.contains("several files"), "{said}");
}

#[test]
fn more_than_the_limit_is_refused_and_a_higher_limit_takes_it() {
    let desk = Desk::new(&[("long.md", &"word ".repeat(300_000))]);
    let said = desk.refused(&["long.md", "--limit", "1"]);
    assert!(said.contains("long.md: more than the limit of 1 MB"), "{said}");
    let (story, _) = desk.import(&["long.md", "--limit", "2"]);
    assert_eq!(story.blocks.len(), 8, "divided into blocks that the model takes");
    let small = desk.run(&["export", "story.json", "--format", "json", "--limit", "1"]);
    assert!(!small.status.success() && said_limit(&small));
    assert!(desk.run(&["export", "story.json", "--format", "json"]).status.success());
}

fn said_limit(output: &Output) -> bool {
    said(output).contains("more than the limit of 1 MB; --limit raises it")
}

#[test]
fn more_blocks_together_than_a_story_has_are_refused() {
    let half = "a\n\n".repeat(15_000);
    let desk = Desk::new(&[("one.md", &half), ("two.md", &half)]);
    let said = desk.refused(&["one.md", "two.md"]);
    assert!(
        said.contains("blocks: 30000 are more than the limit of 20000"),
        "{said}"
    );
}

#[test]
fn nothing_is_written_when_one_of_the_files_is_bad_and_what_was_there_stays() {
    let desk = Desk::new(&[("one.md", NOTED), ("bad.html", ""), ("story.json", "as it was")]);
    std::fs::write(desk.path("bad.html"), b"<p>\xff").unwrap();
    let said = desk.refused(&["one.md", "bad.html"]);
    assert!(said.contains("bad.html: byte 3 is not UTF-8"), "{said}");
    assert_eq!(std::fs::read_to_string(desk.path("story.json")).unwrap(), "as it was");
    let said = desk.refused(&["one.md", "story.json"]);
    assert!(said.contains("story.json: line 1, column 1"), "{said}");
    let said = desk.refused(&["one.md", "missing.md"]);
    assert!(said.contains("missing.md"), "{said}");
    let said = desk.refused(&["one.md", "--lang", "not a language"]);
    assert!(said.contains("a language is a tag"), "{said}");
}

#[test]
fn the_language_can_be_given_where_no_file_tells_it() {
    let desk = Desk::new(&[
        ("one.md", NOTED),
        ("two.md", NOTED_TOO),
        ("plain.txt", "Жөнөкөй текст\n"),
    ]);
    assert_eq!(desk.import(&["one.md", "--lang", "ru"]).0.lang, "ru");
    assert_eq!(desk.import(&["two.md", "--lang", "ru"]).0.lang, "ky");
    assert_eq!(desk.import(&["plain.txt"]).0.lang, "und");
}

#[test]
fn every_format_goes_to_standard_output_or_into_a_file() {
    let desk = Desk::new(&[("export.html", GOOGLE)]);
    let (story, _) = desk.import(&["export.html"]);
    for (format, part) in [
        ("html", "<h1"),
        ("markdown", "One of them could not be reached"),
        ("csl-json", "\"type\": \"webpage\""),
        ("json", "\"komuz\": 1"),
    ] {
        let printed = desk.run(&["export", "story.json", "--format", format]);
        assert!(printed.status.success(), "{}", said(&printed));
        let out = format!("out.{format}");
        let written = desk.run(&["export", "story.json", "--format", format, "--out", &out]);
        assert!(
            written.status.success() && written.stdout.is_empty(),
            "{}",
            said(&written)
        );
        assert_eq!(std::fs::read(desk.path(&out)).unwrap(), printed.stdout, "{format}");
        assert!(String::from_utf8(printed.stdout).unwrap().contains(part), "{format}");
    }
    assert_eq!(self::story(&desk.path("out.json")), story);
    let csl = std::fs::read(desk.path("out.csl-json")).unwrap();
    assert_eq!(
        import("x.json", &csl, DEFAULT_LIMIT).unwrap().story.sources,
        story.sources
    );
    let markdown = std::fs::read(desk.path("out.markdown")).unwrap();
    let again = import("x.md", &markdown, DEFAULT_LIMIT).unwrap().story;
    assert_eq!(
        (again.blocks.len(), again.citations.len()),
        (story.blocks.len(), story.citations.len())
    );
}

#[test]
fn the_automerge_document_holds_the_story_as_it_was_with_the_same_ids() {
    let desk = Desk::new(&[("export.html", GOOGLE)]);
    let (story, _) = desk.import(&["export.html"]);
    let printed = desk.run(&["export", "story.json", "--format", "automerge"]);
    assert!(printed.status.success(), "{}", said(&printed));
    let document = Document::load(DocKind::Body, &printed.stdout, &[7; 16]).expect("loads");
    let body = Body::open(&document).expect("a body");
    let loaded = body.story(&story.lang, story.sources.clone());
    assert_eq!(loaded, story, "import, document and export are one story");
}

#[test]
fn an_export_that_holds_a_confidential_source_says_so() {
    let desk = Desk::new(&[(
        "story.json",
        r#"{"komuz": 1, "lang": "en", "headline": "", "blocks": [], "dossier": {"confidential": {"s-9":
            {"cited_as": {"id": "s-9", "type": "interview", "title": "The bookkeeper"}, "confidentiality": "confidential"}}}}"#,
    )]);
    let said_of = |format: &str| said(&desk.run(&["export", "story.json", "--format", format, "--out", "out"]));
    let warned = "story.json: the export holds a confidential source in the clear (1): for colleagues alone\n";
    assert_eq!(said_of("json"), warned);
    for format in ["html", "markdown", "csl-json"] {
        assert_eq!(said_of(format), "", "{format} is for readers and holds none");
    }
    assert_eq!(said_of("automerge"), "", "the text does not cite it");
}

#[test]
fn a_story_that_is_none_is_not_exported() {
    let desk = Desk::new(&[(
        "story.json",
        r#"{"komuz": 1, "lang": "en", "headline": "", "blocks": [], "mood": 1}"#,
    )]);
    let output = desk.run(&["export", "story.json", "--format", "html", "--out", "out.html"]);
    assert!(!output.status.success());
    assert!(
        said(&output).contains("story.json: mood: nothing is known by this name"),
        "{}",
        said(&output)
    );
    assert_eq!(names(desk.0.path()), ["story.json"]);
}
