//! `komuz check`, as the program that is installed: the two failures that the checks are there for, exit codes, policies, and
//! that a confidential source is not named.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn stories() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../dossier/tests/stories")
}

fn check(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_komuz"))
        .arg("check")
        .args(arguments)
        .current_dir(stories())
        .output()
        .unwrap()
}

fn found(output: &Output) -> Vec<(String, String)> {
    let said: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let findings = said["findings"].as_array().expect("findings");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .iter()
        .map(|finding| (text(&finding["check"]), text(&finding["severity"])))
        .collect()
}

/// A file of a test's own.
fn written(folder: &tempfile::TempDir, name: &str, json: &Value) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, json.to_string()).unwrap();
    path.display().to_string()
}

fn story(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(stories().join(name)).unwrap()).unwrap()
}

#[test]
fn two_agencies_that_repeat_one_press_release_are_one_source() {
    let output = check(&["press-release-2011.json", "--json", "--today", "2011-08-20"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        found(&output).contains(&("few-sources".into(), "error".into())),
        "{:?}",
        found(&output)
    );
    let said = check(&["press-release-2011.json", "--today", "2011-08-20"]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("error[few-sources] claims.k-1") && said.contains("> block 1: "),
        "{said}"
    );
}

#[test]
fn a_palace_whose_window_broke_was_not_blown_up() {
    let output = check(&["sports-palace-2010.json", "--json", "--today", "2010-12-01"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        found(&output).contains(&("headline-unsupported".into(), "error".into())),
        "{:?}",
        found(&output)
    );
}

#[test]
fn the_sentences_come_in_the_language_that_is_asked_for() {
    for (lang, word) in [("ru", "источник"), ("ky", "булак")] {
        let output = check(&["press-release-2011.json", "--lang", lang]);
        let said = String::from_utf8_lossy(&output.stdout).to_lowercase();
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_policy_says_how_much_a_check_counts() {
    let folder = tempfile::tempdir().unwrap();
    let severity: serde_json::Map<String, Value> = found(&check(&["press-release-2011.json", "--json"]))
        .into_iter()
        .map(|(check, _)| (check, "off".into()))
        .collect();
    let policy = written(&folder, "policy.json", &json!({ "severity": severity }));
    let output = check(&["press-release-2011.json", "--json", "--policy", &policy]);
    assert_eq!((output.status.code(), found(&output)), (Some(0), Vec::new()));
}

#[test]
fn what_cannot_be_read_ends_with_2_and_says_where_it_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let mut loud = story("press-release-2011.json");
    loud["dossier"]["policy"] = json!({ "severity": { "few-sources": "loud" } });
    let mut date = story("press-release-2011.json");
    date["sources"][0]["issued"] = "Decembr 2019".into();
    for (file, sentence) in [
        (
            written(&folder, "loud.json", &loud),
            "dossier.policy.severity.few-sources",
        ),
        (written(&folder, "date.json", &date), "sources[0].issued: "),
        ("missing.json".to_owned(), "missing.json"),
        (
            written(&folder, "empty.json", &json!([])),
            "empty.json: there is no story",
        ),
    ] {
        let output = check(&[&file]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(sentence), "{said}");
        assert!(output.stdout.is_empty());
    }
    let output = check(&[
        "press-release-2011.json",
        "--policy",
        &written(&folder, "p.json", &json!({ "sources": 0 })),
    ]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_confidential_source_is_named_only_when_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = story("press-release-2011.json");
    told["dossier"]["confidential"] = json!({
        "s-9": { "cited_as": { "id": "s-9", "type": "interview", "title": "Talk with Zamirbek" }, "confidentiality": "confidential" }
    });
    told["dossier"]["claims"]["k-1"]["evidence"]["x-9"] = json!({ "source": "s-9" });
    told["blocks"][0]["text"][0]["text"] =
        "Two news agencies reported in August 2011 what a press release had announced. A talk with Zamirbek says so."
            .into();
    let file = written(&folder, "told.json", &told);
    let quiet = check(&[&file, "--json"]);
    assert!(
        found(&quiet).contains(&("confidential-words".into(), "error".into())),
        "{:?}",
        found(&quiet)
    );
    let quiet = String::from_utf8_lossy(&quiet.stdout).into_owned();
    assert!(
        !quiet.contains("Talk with Zamirbek") && !quiet.contains("s-9"),
        "{quiet}"
    );
    let open = check(&[&file, "--json", "--names"]);
    assert!(String::from_utf8_lossy(&open.stdout).contains("Zamirbek"));
}

#[test]
fn a_dossier_goes_through_import_and_export_and_stays_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_komuz"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let from = stories().join("press-release-2011.json").display().to_string();
    run(&["import", &from, "--out", "story.json"]);
    let again: Value = serde_json::from_slice(&run(&["export", "story.json", "--format", "json"])).unwrap();
    assert_eq!(again, story("press-release-2011.json"));
    for format in ["html", "markdown", "csl-json"] {
        let out = String::from_utf8(run(&["export", "story.json", "--format", format])).unwrap();
        assert!(
            !out.contains("dossier") && !out.contains("\"k-1\""),
            "{format} is for readers"
        );
    }
}
