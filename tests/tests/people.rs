//! Who is in: an editor takes a writer out, and nothing of what the writer writes afterwards comes; links are taken back; a
//! person's second device comes in and a lost one goes; a long story comes whole to who joins later.
#![cfg(not(feature = "no-browsers"))]

use std::time::{Duration, Instant};

use komuz_tests::browser::Engine;
use komuz_tests::desk::{Desk, TEXT};
use komuz_tests::process::Server;
use rusqlite::{Connection, OpenFlags};

fn hook(name: &str) -> String {
    format!("[data-test=\"{name}\"]")
}

fn within(outer: &str, inner: &str) -> String {
    format!("[data-test=\"{outer}\"] {inner}")
}

/// Uses a link and asks to be let in.
async fn ask_in(desk: &Desk, link: &str, name: &str) {
    desk.browser.fill(&within("read-invite", "[name=link]"), link).await;
    desk.browser.click(&within("read-invite", &hook("submit"))).await;
    desk.browser.fill(&within("join", "[name=member]"), name).await;
    desk.browser.click(&within("join", &hook("submit"))).await;
}

/// Who is in, beside the text.
async fn group(desk: &Desk) {
    desk.browser.click(&hook("tab-checks")).await;
    desk.browser.click(&hook("panel-group")).await;
    desk.browser.find(&hook("group-outlet")).await;
}

/// The desk says why nothing can be written there, and the text is only to be read.
async fn is_closed(desk: &Desk, says: &str) {
    desk.browser.find_with(&hook("trouble"), says).await;
    desk.browser.find(".ProseMirror[contenteditable=\"false\"]").await;
    desk.browser.find(&format!("{}[readonly]", hook("headline"))).await;
    // What is left is a copy.
    desk.browser.find(&hook("export")).await;
    // That all is saved and the same everywhere would be said of what comes no more.
    desk.browser
        .find_with(&format!("{}[data-state=\"away\"]", hook("saved")), says)
        .await;
}

/// Nothing is offered that would only be refused.
async fn offers_nothing(desk: &Desk, places: &[(&str, &str)]) {
    for (place, offer) in places {
        desk.browser.click(&hook(place)).await;
        let offer = desk.browser.find(&hook(offer)).await;
        assert!(!offer.is_displayed().await.expect("the element is there"));
    }
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
    // The same for a telephone's camera.
    browser.find(&within("dialog-invite", "komuz-code svg[role=img]")).await;
    browser.click(&within("dialog-invite", &hook("done"))).await;
    let desk = Desk::open(Engine::Chromium, &server.founding_link()).await;
    ask_in(&desk, &link, name).await;
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
    // A new key, made by hand: both write on under it.
    editor.browser.click(&hook("group-new-key")).await;
    editor
        .browser
        .click(&format!("{} {}", hook("group-outlet"), hook("sure")))
        .await;
    writer.type_at_end(" Under a new key.").await;
    editor.reads("Written by Bek. Under a new key.").await;
    let bek = "[data-test=\"member\"][data-name=\"Бек\"]";
    editor.browser.click(&format!("{bek} {}", hook("group-remove"))).await;
    editor.browser.click(&format!("{bek} {}", hook("sure"))).await;
    editor.browser.gone(bek).await;

    // The writer's desk says so, and what was there stays there to read.
    writer.browser.click(&hook("tab-checks")).await;
    writer.browser.click(&hook("panel-group")).await;
    writer.browser.find(&hook("group-out")).await;
    is_closed(&writer, "You are in this investigation no more.").await;
    editor.type_at_end(" Written afterwards.").await;
    editor.in_sync().await;
    assert!(writer.browser.text(TEXT).await.contains("Written by Bek."));
    editor
        .reads("Written by Bek. Under a new key. Written afterwards.")
        .await;
    // Somebody who comes now reads all of it, under the new key.
    let other = self::writer(&editor, &server, "Ala-Too Desk", "Чынара").await;
    other.open_edition("en").await;
    other
        .reads("Written by Bek. Under a new key. Written afterwards.")
        .await;
    assert!(!writer.browser.text(TEXT).await.contains("afterwards"));
    for desk in [editor, writer, other] {
        desk.browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_uses_a_link_that_was_taken_back_is_told_so() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let editor = Desk::found(Engine::Chromium, &server, "The bridge", "Ala-Too Desk", "Айзада").await;
    let link = editor.invite("Ala-Too Desk").await;
    editor.new_story("en", "Draft").await;
    group(&editor).await;
    editor.browser.click(&hook("group-revoke")).await;
    // By the keyboard alone: the question has the focus, and what follows it is the answer.
    editor.tab_to(&hook("sure")).await;
    editor.browser.keys(" ").await;
    editor.browser.gone(&hook("group-invite")).await;
    let other = Desk::open(Engine::Chromium, &server.founding_link()).await;
    ask_in(&other, &link, "Бек").await;
    other
        .browser
        .find_with(&hook("trouble"), "This invitation was taken back: ask for a new one.")
        .await;
    for desk in [editor, other] {
        desk.browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_adds_a_second_device_and_takes_it_out_when_it_is_lost() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let first = Desk::found(Engine::Chromium, &server, "The bridge", "Ala-Too Desk", "Айзада").await;
    first.new_story("en", "Draft").await;
    first.type_at_end("Written on the laptop.").await;
    group(&first).await;
    first.browser.click(&hook("group-device-add")).await;
    first.browser.find("komuz-code svg[role=img]").await;
    let link = first.browser.text(&hook("group-device-link")).await;
    // It is opened as a camera opens it.
    let second = Desk::open(Engine::Chromium, &link).await;
    second
        .browser
        .find_with(&hook("join"), "one more device of Айзада")
        .await;
    second.browser.click(&within("join", &hook("submit"))).await;
    let code = second.browser.text(&hook("joining-code")).await;
    first.browser.find_with(&hook("group-device-code"), code.trim()).await;
    first.browser.click(&hook("group-let-in")).await;
    first.browser.gone(&hook("group-device-asks")).await;
    second.open_edition("en").await;
    second.reads("Written on the laptop.").await;
    second.type_at_end(" And on the telephone.").await;
    first.reads("And on the telephone.").await;

    first.browser.click(&hook("group-devices")).await;
    first.browser.click(&hook("group-device-out")).await;
    first.browser.click(&hook("sure")).await;
    first.browser.gone(&hook("group-device-out")).await;
    is_closed(&second, "This device was taken out").await;
    let offers = [
        ("go-stories", "new-story"),
        ("go-stories", "new-story-first"),
        ("go-people", "invite"),
    ];
    offers_nothing(&second, &offers).await;
    second.open_edition("en").await;
    first.type_at_end(" Afterwards.").await;
    first.in_sync().await;
    first.reads("And on the telephone. Afterwards.").await;
    assert!(!second.browser.text(TEXT).await.contains("Afterwards"));
    for desk in [first, second] {
        desk.browser.close().await;
    }
}

/// What a server has: in how many logs something lies, and how many bytes in all.
fn kept(server: &Server) -> (i64, i64) {
    let file = server.data().join("logs.sqlite");
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the server's database");
    let ask = "SELECT count(DISTINCT log), sum(length(bytes)) FROM envelope";
    database
        .query_row(ask, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("its envelopes")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_story_comes_whole_to_who_joins_later_and_in_a_part_of_the_bytes() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, proxy) = Server::start_counted(&data.path().join("server"));
    let editor = Desk::found(Engine::Chromium, &server, "The bridge", "Ala-Too Desk", "Айзада").await;
    editor.new_story("en", "Draft").await;
    let sentence = "Not one of the tenders for the bridge had more than one bidder. ";
    let paragraph = sentence.repeat(16);
    let text: String = (1..=320).map(|number| format!("{number}. {paragraph}\n\n")).collect();
    let file = data.path().join("story.txt");
    std::fs::write(&file, text + "The last word.\n").expect("a file");
    editor.import(&file).await;
    editor.reads("The last word.").await;
    editor.in_sync().await;
    // What was written last is handed over as it was sealed, and is to be small.
    editor.type_at_end(" Or not.").await;
    editor.in_sync().await;
    let (logs, bytes) = kept(&server);
    assert!(bytes > 256 << 10, "{bytes} bytes of envelopes");
    // Nobody writes for half a minute: then the story is put together, and that is said in a log of its own.
    let since = Instant::now();
    while kept(&server).0 < logs + 2 {
        assert!(since.elapsed() < Duration::from_secs(180), "no snapshot was made");
        editor.in_sync().await;
    }
    let before = proxy.brought();
    let other = writer(&editor, &server, "Ala-Too Desk", "Чынара").await;
    other.open_edition("en").await;
    other.reads("The last word. Or not.").await;
    other.reads("320. Not one of the tenders").await;
    other.in_sync().await;
    let brought = proxy.brought().saturating_sub(before) as i64;
    assert!(brought < bytes / 4, "{brought} bytes were brought, {bytes} are there");
    // And it is a text like any other.
    other.type_at_end(" And one more.").await;
    editor.open_edition("en").await;
    editor.reads("The last word. Or not. And one more.").await;
    for desk in [editor, other] {
        desk.browser.close().await;
    }
}
