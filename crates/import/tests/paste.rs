//! What is pasted: the importer's half of the table that the desk's own reader of pasted markup is held to
//! (www/desk/paste.js, tests/tests/paste.rs).

mod common;

use common::read;
use serde_json::Value;

#[test]
fn pasted_markup_comes_in_as_the_table_says() {
    let table: Vec<Value> = serde_json::from_str(include_str!("samples/paste.json")).expect("the table is JSON");
    for sample in table {
        let html = sample["html"].as_str().expect("markup");
        let story = read("paste.html", html).story;
        assert_eq!(
            Some(story.citations.len() as u64),
            sample["footnotes"].as_u64(),
            "{}",
            sample["name"]
        );
        let Some(wanted) = sample["blocks"].as_array() else {
            continue;
        };
        let mut blocks = serde_json::to_value(&story.blocks).expect("JSON");
        for block in blocks.as_array_mut().expect("a list") {
            block.as_object_mut().expect("a block").remove("id");
        }
        assert_eq!(blocks.as_array(), Some(wanted), "{}", sample["name"]);
    }
}
