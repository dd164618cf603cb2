//! Two people write one story in two browsers of different makes, on two servers.
#![cfg(not(feature = "no-browsers"))]

use fantoccini::key::Key;
use komuz_tests::browser::Engine;
use komuz_tests::desk::{Desk, TEXT};
use komuz_tests::process::Server;

/// Two editors of two outlets with an edition open, each on a server of its own.
async fn two(engines: [Engine; 2], servers: [&Server; 2]) -> [Desk; 2] {
    let first = Desk::found(engines[0], servers[0], "Samaragate", "Ala-Too Desk", "Айзада").await;
    first.new_story("ky", "Чек арадан өткөн акча").await;
    let link = first.invite("Issyk Wire").await;
    let (second, code) = Desk::join(engines[1], servers[1], &link, "Илья", "issyk-wire.example").await;
    first.confirm(&code).await;
    first.open_edition("ky").await;
    second.open_edition("ky").await;
    [first, second]
}

async fn write_together(engines: [Engine; 2]) {
    let data = tempfile::tempdir().expect("a folder");
    let mut one = Server::start(&data.path().join("one"));
    let two_server = Server::start(&data.path().join("two"));
    let [first, second] = two(engines, [&one, &two_server]).await;

    // Both type at one place at once, Kyrgyz and Russian, while a server dies and comes back: no word is torn, since each
    // one's cursor stays behind what they wrote themselves.
    first.type_at_end("Биринчи. Вторая.").await;
    second.reads("Биринчи. Вторая.").await;
    let kyrgyz: Vec<String> = (0..12).map(|n| format!(" өңү{n}ү.")).collect();
    let russian: Vec<String> = (0..12).map(|n| format!(" съёмка{n}й.")).collect();
    for desk in [&first, &second] {
        desk.put_cursor_behind("Биринчи.").await;
    }
    let dies = async {
        first.reads("өңү3ү.").await;
        one.kill_and_restart();
    };
    let types = async |desk: &Desk, words: &[String]| {
        for word in words {
            desk.browser.keys(word).await;
        }
    };
    tokio::join!(types(&first, &kyrgyz), types(&second, &russian), dies);
    for desk in [&first, &second] {
        desk.reads(&kyrgyz.concat()).await;
        desk.reads(&russian.concat()).await;
        desk.in_sync().await;
    }
    let [kyrgyz, russian] = [kyrgyz.concat(), russian.concat()];
    let either = [[&kyrgyz, &russian], [&russian, &kyrgyz]].map(|[a, b]| format!("Биринчи.{a}{b} Вторая."));
    for desk in [&first, &second] {
        let text = desk.browser.text(TEXT).await;
        assert!(
            either.iter().any(|whole| whole == text.trim_end()),
            "nothing appears twice: {text}"
        );
    }

    // Each sees who else is there, and where.
    second.browser.find_with("[data-test=\"people\"]", "Айзада").await;
    first.browser.find(&format!("{TEXT} .caret[data-name=\"Илья\"]")).await;

    // Undo takes back one's own last words and leaves the other's.
    first.type_at_end(" Ката сүйлөм.").await;
    second.reads("Ката сүйлөм.").await;
    second.type_at_end(" Верно.").await;
    first.reads("Верно.").await;
    first.browser.click(TEXT).await;
    first.undo_until_gone("Ката").await;
    second.until_gone("Ката").await;
    second.reads("Верно.").await;
    first.reads("съёмка11й.").await;

    // Words that one types in a paragraph that the other deletes stay.
    first.browser.click(TEXT).await;
    first.browser.chord(&[Key::Control], 'a').await;
    first.browser.keys("Жаңы башталыш").await;
    second.reads("Жаңы башталыш").await;
    second.until_gone("съёмка").await;
    for desk in [first, second] {
        desk.browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_and_firefox_write_one_paragraph_while_a_server_is_killed() {
    write_together([Engine::Chromium, Engine::Firefox]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webkit_and_chromium_write_one_paragraph_while_a_server_is_killed() {
    write_together([Engine::WebKit, Engine::Chromium]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_of_one_device_write_one_text() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(Engine::Chromium, &server, "Two tabs", "Ala-Too Desk", "Айзада").await;
    desk.new_story("ru", "Две вкладки").await;
    desk.type_at_end("Первая. ").await;
    desk.in_sync().await;
    let (second, first) = desk.browser.tab().await;
    desk.browser.open(&format!("{}/desk/", server.origin)).await;
    desk.open_edition("ru").await;
    desk.reads("Первая.").await;
    desk.type_at_end("Вторая. ").await;
    desk.in_sync().await;
    desk.browser.switch(&first).await;
    desk.reads("Вторая.").await;
    desk.type_at_end("Снова первая.").await;
    desk.in_sync().await;
    desk.browser.switch(&second).await;
    desk.reads("Снова первая.").await;
    let text = desk.browser.text(TEXT).await;
    for words in ["Первая.", "Вторая.", "Снова первая."] {
        assert_eq!(text.matches(words).count(), 1, "{words} stands once in {text:?}");
    }
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_has_just_moved_is_not_put_back_when_somebody_elses_cursor_is_drawn() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(Engine::Chromium, &server, "Cursors", "Ala-Too Desk", "Айзада").await;
    desk.new_story("ru", "Курсоры").await;
    desk.type_at_end("Первая. Вторая.").await;
    desk.put_cursor_while_drawing("Первая").await;
    desk.browser.keys(" и").await;
    desk.reads("Первая и. Вторая.").await;
    desk.browser.close().await;
}
