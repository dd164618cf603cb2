//! What is pasted in a browser is what the importer makes of the same markup: both are held to one table
//! (crates/import/tests/samples/paste.json).
#![cfg(not(feature = "no-browsers"))]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use komuz_tests::browser::{Browser, Engine};
use komuz_tests::process::root;
use komuz_tests::site::Site;
use serde_json::{Map, Value, json};

/// A page with the desk's reader of pasted markup in it: `paste(html)` gives the footnotes' number and the blocks.
fn page() -> String {
    let module = |path: &str| {
        let text = std::fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        format!("data:text/javascript;base64,{}", STANDARD.encode(text))
    };
    let imports = json!({ "imports": {
        "orderedmap": module("node_modules/orderedmap/dist/index.js"),
        "prosemirror-model": module("node_modules/prosemirror-model/dist/index.js"),
        "schema": module("crates/desk/js/schema.js"),
        "paste": module("www/desk/paste.js"),
    } });
    format!(
        "<!doctype html><meta charset=utf-8><script type=importmap>{imports}</script><script type=module>
         import {{ DOMParser as SchemaParser, Fragment, Slice }} from 'prosemirror-model'
         import {{ MAX_DEPTH, safeLink, schema }} from 'schema'
         import {{ footnotes, readers }} from 'paste'
         const {{ readHTML }} = readers({{ schema, MAX_DEPTH, safeLink, anonymous: (slice) => slice, Fragment, Slice, SchemaParser }})
         globalThis.paste = (html) => ({{ footnotes: footnotes(html), blocks: readHTML(html).content.toJSON() }})
         </script>"
    )
}

/// A node of the page's document as a block of a story, without its id.
fn block(node: &Value) -> Value {
    let mut block = Map::from_iter([("type".to_owned(), node["type"].clone())]);
    for (name, value) in node["attrs"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name != "id")
    {
        block.insert(name.clone(), value.clone());
    }
    let spans: Vec<Value> = node["content"].as_array().into_iter().flatten().map(span).collect();
    if !spans.is_empty() {
        block.insert("text".to_owned(), spans.into());
    }
    block.into()
}

fn span(node: &Value) -> Value {
    let mut span = json!({ "text": node["text"] });
    for mark in node["marks"].as_array().into_iter().flatten() {
        let name = mark["type"].as_str().expect("a mark's name");
        span["marks"][name] = match name {
            "link" => mark["attrs"]["href"].clone(),
            _ => true.into(),
        };
    }
    span
}

#[tokio::test(flavor = "multi_thread")]
async fn pasted_markup_comes_in_as_the_table_says() {
    let site = Site::start(None).await;
    let browser = Browser::start(Engine::Chromium).await;
    browser.open(&site.page("/paste", page())).await;
    browser
        .until(
            "the reader of pasted markup is loaded",
            "return !!globalThis.paste",
            vec![],
        )
        .await;
    let table = std::fs::read_to_string(root().join("crates/import/tests/samples/paste.json")).expect("the table");
    let table: Vec<Value> = serde_json::from_str(&table).expect("the table is JSON");
    let mut wrong = Vec::new();
    for sample in table {
        let read = browser
            .script("return paste(arguments[0])", vec![sample["html"].clone()])
            .await;
        if read["footnotes"] != sample["footnotes"] {
            wrong.push(format!("{}: {} footnotes", sample["name"], read["footnotes"]));
        }
        let blocks: Vec<Value> = read["blocks"].as_array().into_iter().flatten().map(block).collect();
        if let Some(wanted) = sample["blocks"].as_array().filter(|wanted| **wanted != blocks) {
            wrong.push(format!(
                "{}: {} is not {}",
                sample["name"],
                json!(blocks),
                json!(wanted)
            ));
        }
    }
    browser.close().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
