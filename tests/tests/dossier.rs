//! What the newsrooms know of a story, at the desk: a claim is made of the text, and the checks follow what is typed.
#![cfg(not(feature = "no-browsers"))]

use komuz_tests::browser::Engine;
use komuz_tests::desk::Desk;
use komuz_tests::process::Server;

fn hook(name: &str) -> String {
    format!("[data-test=\"{name}\"]")
}

fn finding(check: &str) -> String {
    format!("[data-test=\"finding\"][data-check=\"{check}\"]")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_made_of_the_text_and_checked_and_follows_its_words() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(Engine::Chromium, &server, "The bridge", "Ala-Too Desk", "Айзада").await;
    desk.new_story("en", "Draft").await;
    desk.type_at_end("The bridge cost ten million soms, the ministry says. Nobody has counted.")
        .await;
    let browser = &desk.browser;
    browser.click(&hook("tab-checks")).await;
    browser.find(&hook("no-findings")).await;

    browser.click(&hook("panel-claims")).await;
    desk.select("The bridge cost ten million soms").await;
    browser.click(&hook("claim-make")).await;
    browser
        .find_with(&hook("claim"), "The bridge cost ten million soms")
        .await;
    browser.click(&hook("panel-checks")).await;
    browser.find(&finding("few-sources")).await;
    browser.find(&finding("claim-unchecked")).await;

    // A word of it changes: the claim follows its text.
    desk.replace("ten", "twelve").await;
    browser.click(&hook("panel-claims")).await;
    browser
        .find_with(&hook("claim"), "The bridge cost twelve million soms")
        .await;

    // All of it outlives a reload.
    desk.in_sync().await;
    browser.reload().await;
    desk.open_edition("en").await;
    browser.click(&hook("tab-checks")).await;
    browser.find(&finding("few-sources")).await;
    browser.click(&hook("panel-claims")).await;
    browser
        .find_with(&hook("claim"), "The bridge cost twelve million soms")
        .await;
    desk.browser.close().await;
}

/// The desk is still where it was: what is pressed in the panel is no press on anything of the desk's own.
async fn still_in_the_story(desk: &Desk) {
    let browser = &desk.browser;
    browser.find(&format!("{}[aria-current]", hook("edition-en"))).await;
    browser
        .find(&format!("{}[aria-selected=true]", hook("tab-checks")))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pressed_in_the_panel_is_no_press_on_the_desk() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(Engine::Chromium, &server, "The bridge", "Ala-Too Desk", "Айзада").await;
    desk.new_story("en", "Draft").await;
    desk.type_at_end("Asan Mamytov owned the bridge. Nobody has counted.")
        .await;
    let browser = &desk.browser;
    browser.click(&hook("tab-checks")).await;
    browser.click(&hook("panel-claims")).await;
    desk.select("Asan Mamytov owned the bridge").await;
    browser.click(&hook("claim-make")).await;

    // What was just made is open.
    let card = format!("{}.unfolded", hook("claim"));
    browser.find_with(&card, "Asan Mamytov owned the bridge").await;
    still_in_the_story(&desk).await;

    browser.click(&hook("panel-people")).await;
    browser.click(&hook("entity-new")).await;
    browser.fill(&hook("entity-name"), "Asan Mamytov").await;
    browser.click(&hook("entity-add")).await;
    let person = format!("{}.unfolded", hook("entity"));
    browser.find_with(&person, "Asan Mamytov").await;
    still_in_the_story(&desk).await;
    desk.browser.close().await;
}
