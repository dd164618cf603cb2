//! axe-core finds nothing to complain of: the desk in its states, the reader, in the light and in the dark, wide and narrow.
#![cfg(not(feature = "no-browsers"))]

use komuz_tests::browser::{Browser, Engine};
use komuz_tests::desk::Desk;
use komuz_tests::process::{Server, root};
use komuz_tests::published::Published;
use komuz_tests::site::{STRICT, Site, page};
use serde_json::{Value, json};

/// What axe found, as text: a line for each rule with the places.
async fn violations(browser: &Browser) -> Vec<String> {
    let source = std::fs::read_to_string(root().join("node_modules/axe-core/axe.min.js")).expect("npm has fetched axe");
    browser.script(&format!("{source}; return true"), vec![]).await;
    let run = "
const found = await axe.run(document, { resultTypes: ['violations'] });
return found.violations.map(rule => rule.id + ': ' + rule.nodes.map(node => node.html.slice(0, 160) + ' (' +
  (node.any[0]?.message ?? node.all[0]?.message ?? node.none[0]?.message ?? '') + ')').join(' | '));";
    // The script is the body of a function that need not be asynchronous.
    let found = browser
        .script(&format!("return (async () => {{{run}}})()"), vec![])
        .await;
    match found {
        Value::Array(found) => found.iter().map(Value::to_string).collect(),
        other => panic!("axe said {other}"),
    }
}

/// Looks at what is shown, wide and narrow, light and dark.
async fn clean(browser: &Browser, state: &str, found: &mut Vec<String>) {
    for (width, theme) in [(1280, "light"), (390, "dark")] {
        // Without motion, so that nothing is half faded in when it is looked at.
        let features = json!([
            { "name": "prefers-color-scheme", "value": theme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        let media = json!({ "features": features });
        browser.devtools("Emulation.setEmulatedMedia", media).await;
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let seen = violations(browser).await;
        found.extend(
            seen.into_iter()
                .map(|rule| format!("{state}, {width} px, {theme}: {rule}")),
        );
    }
    browser
        .devtools("Emulation.clearDeviceMetricsOverride", json!({}))
        .await;
}

/// An open invitation of a person and one of a device, for who is in to show.
async fn invitations(desk: &Desk) {
    desk.invite("Ala-Too Desk").await;
    desk.open_edition("en").await;
    desk.browser.click("[data-test=\"tab-checks\"]").await;
    desk.browser.click("[data-test=\"panel-group\"]").await;
    desk.browser.click("[data-test=\"group-device-add\"]").await;
    desk.browser.find("komuz-code svg").await;
    desk.browser.click("[data-test=\"group-devices\"]").await;
}

async fn dialog(desk: &Desk, hook: &str, dialog: &str, found: &mut Vec<String>) {
    desk.browser.click(&format!("[data-test=\"{hook}\"]")).await;
    desk.browser.find(&format!("[data-test=\"{dialog}\"]")).await;
    clean(&desk.browser, dialog, found).await;
    desk.close_dialog(dialog).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_in_its_states() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let mut found = Vec::new();
    let desk = Desk::open(Engine::Chromium, &server.founding_link()).await;
    desk.browser.find("[data-test=\"found\"]").await;
    clean(&desk.browser, "welcome", &mut found).await;
    desk.found_here("Dark sites", "Ala-Too Desk", "Айзада").await;
    desk.new_story("en", "Draft").await;
    desk.import(&root().join("crates/import/tests/samples/google-docs.html"))
        .await;
    desk.reads("about 24 hours").await;
    for tab in ["notes", "sources", "comments", "people"] {
        desk.browser.click(&format!("[data-test=\"tab-{tab}\"]")).await;
        clean(&desk.browser, &format!("story, {tab}"), &mut found).await;
    }
    desk.browser.click("[data-test=\"tab-checks\"]").await;
    for section in ["checks", "claims", "sources", "people", "outlet", "group"] {
        if section == "group" {
            invitations(&desk).await;
        }
        desk.browser.click(&format!("[data-test=\"panel-{section}\"]")).await;
        clean(&desk.browser, &format!("story, checks, {section}"), &mut found).await;
    }
    for (tool, name) in [("tool-cite", "dialog-cite"), ("tool-comment", "dialog-comment")] {
        desk.select("newsrooms").await;
        dialog(&desk, tool, name, &mut found).await;
    }
    dialog(&desk, "review", "dialog-review", &mut found).await;
    for place in ["stories", "sources", "people", "servers", "device"] {
        desk.browser.click(&format!("[data-test=\"go-{place}\"]")).await;
        clean(&desk.browser, place, &mut found).await;
    }
    desk.browser.click("[data-test=\"go-people\"]").await;
    dialog(&desk, "invite", "dialog-invite", &mut found).await;
    desk.browser.close().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reader_with_a_note_open_and_in_each_language() {
    let published = Published::start();
    let site = Site::start(Some(STRICT)).await;
    let address = site.page("/story", page(&published.element("en")));
    let browser = Browser::start(Engine::Chromium).await;
    let mut found = Vec::new();
    browser.open(&address).await;
    for lang in ["en", "ru", "ky"] {
        browser.click(&format!("[part=story] button[lang={lang}]")).await;
        browser.find(&format!(".komuz[lang={lang}] [part=story]")).await;
        browser.click("[part=story] .number").await;
        browser.find("[part=story] [aria-expanded=true]").await;
        clean(&browser, &format!("reader, {lang}"), &mut found).await;
    }
    browser.close().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}
