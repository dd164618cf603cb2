//! docs/story.schema.json says what `--format json` writes, no more and no less.

use komuz_import::{DEFAULT_LIMIT, export_json, import};

fn schema() -> jsonschema::Validator {
    let text = include_str!("../../../docs/story.schema.json");
    let schema = serde_json::from_str(text).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is a schema")
}

#[test]
fn what_is_exported_is_valid() {
    let text = include_bytes!("samples/google-docs.html");
    let story = import("x.html", text, DEFAULT_LIMIT).expect("imports").story;
    let value: serde_json::Value = serde_json::from_str(&export_json(&story)).expect("JSON");
    let errors: Vec<String> = schema()
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn every_kind_of_block_is_described() {
    let text = r#"{"komuz": 1, "lang": "en", "headline": "", "blocks": [
        {"id": "1", "type": "paragraph"}, {"id": "2", "type": "heading", "level": 3}, {"id": "3", "type": "quote"},
        {"id": "4", "type": "item", "ordered": true, "depth": 3}, {"id": "6", "type": "rule"},
        {"id": "5", "type": "figure", "file": "", "media": "image/webp", "alt": "", "credit": ""},
        {"id": "7", "type": "other", "name": "map", "attrs": {"zoom": 3}}]}"#;
    let story = import("x.json", text.as_bytes(), DEFAULT_LIMIT).expect("imports").story;
    let value: serde_json::Value = serde_json::from_str(&export_json(&story)).expect("JSON");
    assert!(schema().is_valid(&value));
}

#[test]
fn what_the_importer_refuses_is_not_valid_either() {
    for (from, to) in [
        ("\"level\": 3", "\"level\": 4"),
        ("\"depth\": 3", "\"depth\": 4"),
        ("\"komuz\": 1", "\"komuz\": 2"),
        ("\"en\"", "\"en us\""),
        ("\"headline\": \"\"", "\"headline\": \"\", \"mood\": 1"),
        ("\"level\": 3", "\"level\": 3, \"depth\": 1"),
    ] {
        let text = r#"{"komuz": 1, "lang": "en", "headline": "", "blocks": [{"id": "2", "type": "heading", "level": 3}, {"id": "4", "type": "item", "ordered": true, "depth": 3}]}"#;
        let text = text.replace(from, to);
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert!(!schema().is_valid(&value), "{to}");
        assert!(import("x.json", text.as_bytes(), DEFAULT_LIMIT).is_err(), "{to}");
    }
}
