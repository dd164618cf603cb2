//! What was saved is safe: without a server, without WebSockets, over a reload, over the browser's death.
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

#[tokio::test(flavor = "multi_thread")]
async fn two_desks_write_together_where_no_websocket_gets_through() {
    let data = tempfile::tempdir().expect("a folder");
    let (one, before_one) = Server::start_without_websockets(&data.path().join("one"));
    let (mut two, before_two) = Server::start_without_websockets(&data.path().join("two"));
    let first = Desk::found(Engine::Chromium, &one, "Blocked", "Ala-Too Desk", "Айзада").await;
    first.new_story("ky", "Тосулган тармак").await;
    let link = first.invite("Issyk Wire").await;
    let (second, code) = Desk::join(Engine::Firefox, &two, &link, "Илья", "issyk-wire.example").await;
    first.confirm(&code).await;
    for desk in [&first, &second] {
        desk.open_edition("ky").await;
        desk.in_sync().await;
    }
    first.type_at_end("Биринчи сүйлөм.").await;
    second.reads("Биринчи сүйлөм.").await;
    second.type_at_end(" Второе предложение.").await;
    first.reads("Второе предложение.").await;
    // A server that comes back is found again the same way.
    two.kill_and_restart();
    first.type_at_end(" Үчүнчү.").await;
    second.reads("Үчүнчү.").await;
    second.type_at_end(" Четвёртое.").await;
    for desk in [&first, &second] {
        desk.reads("Үчүнчү.").await;
        desk.reads("Четвёртое.").await;
        desk.in_sync().await;
        // Each sees who else is there.
        desk.browser.find("[data-test=\"people\"]").await;
    }
    for proxy in [before_one, before_two] {
        assert!(proxy.refused() > 0, "nobody tried a WebSocket");
    }
    for desk in [first, second] {
        desk.browser.close().await;
    }
}
