//! Who is in: an editor takes a writer out, and nothing of what the writer writes afterwards comes.
#![cfg(not(feature = "no-browsers"))]

use komuz_tests::browser::Engine;
use komuz_tests::desk::{Desk, TEXT};
use komuz_tests::process::Server;

fn hook(name: &str) -> String {
    format!("[data-test=\"{name}\"]")
}

fn within(outer: &str, inner: &str) -> String {
    format!("[data-test=\"{outer}\"] {inner}")
}

/// A writer of the founder's outlet.
async fn writer(editor: &Desk, server: &Server, outlet: &str, name: &str) -> Desk {
    let browser = &editor.browser;
    browser.click(&hook("go-people")).await;
    browser.click(&hook("invite")).await;
    browser.fill(&within("dialog-invite", "[name=outlet]"), outlet).await;
    browser.choose(&within("dialog-invite", "[name=role]"), "writer").await;
    browser.click(&within("dialog-invite", &hook("submit"))).await;
    let link = browser.text(&hook("invite-link")).await;
    browser.click(&within("dialog-invite", &hook("done"))).await;
    let desk = Desk::open(Engine::Chromium, &server.founding_link()).await;
    desk.browser.fill(&within("read-invite", "[name=link]"), &link).await;
    desk.browser.click(&within("read-invite", &hook("submit"))).await;
    desk.browser.fill(&within("join", "[name=member]"), name).await;
    desk.browser.click(&within("join", &hook("submit"))).await;
    let code = desk.browser.text(&hook("joining-code")).await;
    editor.confirm(&code).await;
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_takes_a_writer_out_who_reads_and_writes_no_more() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let editor = Desk::found(Engine::Chromium, &server, "The bridge", "Ala-Too Desk", "Айзада").await;
    editor.new_story("en", "Draft").await;
    let writer = writer(&editor, &server, "Ala-Too Desk", "Бек").await;
    editor.open_edition("en").await;
    writer.open_edition("en").await;
    writer.type_at_end("Written by Bek.").await;
    editor.reads("Written by Bek.").await;

    editor.browser.click(&hook("tab-checks")).await;
    editor.browser.click(&hook("panel-group")).await;
    let bek = "[data-test=\"member\"][data-name=\"Бек\"]";
    editor.browser.click(&format!("{bek} {}", hook("group-remove"))).await;
    editor.browser.click(&format!("{bek} {}", hook("sure"))).await;
    editor.browser.gone(bek).await;

    // The writer's desk says so, and what was there stays there to read.
    writer.browser.click(&hook("tab-checks")).await;
    writer.browser.click(&hook("panel-group")).await;
    writer.browser.find(&hook("group-out")).await;
    editor.type_at_end(" Written afterwards.").await;
    editor.in_sync().await;
    assert!(writer.browser.text(TEXT).await.contains("Written by Bek."));
    editor.reads("Written by Bek. Written afterwards.").await;
    // Somebody who comes now reads all of it, under the new key.
    let other = self::writer(&editor, &server, "Ala-Too Desk", "Чынара").await;
    other.open_edition("en").await;
    other.reads("Written by Bek. Written afterwards.").await;
    assert!(!writer.browser.text(TEXT).await.contains("afterwards"));
    for desk in [editor, writer, other] {
        desk.browser.close().await;
    }
}
