//! What was saved is safe: without a server, over a reload, over the browser's death.
#![cfg(not(feature = "no-browsers"))]

use komuz_tests::browser::Engine;
use komuz_tests::desk::{Desk, TEXT};
use komuz_tests::process::Server;

#[tokio::test(flavor = "multi_thread")]
async fn words_typed_without_a_server_survive_a_reload_without_a_server_and_arrive() {
    let data = tempfile::tempdir().expect("a folder");
    let mut one = Server::start(&data.path().join("one"));
    let mut two = Server::start(&data.path().join("two"));
    let first = Desk::found(Engine::Chromium, &one, "Offline", "Ala-Too Desk", "Айзада").await;
    first.new_story("ky", "Байланыш жок").await;
    let link = first.invite("Issyk Wire").await;
    let (second, code) = Desk::join(Engine::Firefox, &two, &link, "Илья", "issyk-wire.example").await;
    first.confirm(&code).await;
    for desk in [&first, &second] {
        desk.open_edition("ky").await;
        desk.in_sync().await;
        desk.can_open_offline().await;
    }

    one.kill();
    two.kill();
    first.type_at_end("Биринчиси серверсиз.").await;
    second.type_at_end("Второй без сервера.").await;
    for (desk, words) in [(&first, "Биринчиси серверсиз."), (&second, "Второй без сервера.")]
    {
        desk.saved_without_a_server().await;
        desk.browser.reload().await;
        desk.open_edition("ky").await;
        desk.reads(words).await;
        desk.type_at_end(" Кайра.").await;
        desk.saved_without_a_server().await;
    }

    one.restart();
    two.restart();
    for desk in [&first, &second] {
        desk.reads("Биринчиси серверсиз.").await;
        desk.reads("Второй без сервера.").await;
        desk.in_sync().await;
    }
    let text = first.browser.text(TEXT).await;
    second.reads(&text).await;
    assert_eq!(text.matches("Кайра.").count(), 2, "{text:?}");
    for desk in [first, second] {
        desk.browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_killed_right_after_it_said_saved_has_lost_nothing() {
    let data = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(data.path());
    let mut desk = Desk::found(Engine::Chromium, &server, "Killed", "Ala-Too Desk", "Айзада").await;
    desk.new_story("ky", "Жарык өчтү").await;
    desk.in_sync().await;
    desk.can_open_offline().await;
    server.kill();
    for n in 0..3 {
        desk.type_at_end(&format!("Сакталды{n}. ")).await;
        desk.saved_without_a_server().await;
        desk = desk.killed_and_reopened(&format!("{}/desk/", server.origin)).await;
        desk.open_edition("ky").await;
        for before in 0..=n {
            desk.reads(&format!("Сакталды{before}.")).await;
        }
    }
    server.restart();
    desk.in_sync().await;
    desk.browser.close().await;
}
