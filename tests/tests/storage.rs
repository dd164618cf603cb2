//! The browser's store when it fails: no room, a dead tab, rows that cannot be read.
#![cfg(not(feature = "no-browsers"))]

use komuz_tests::browser::{Browser, Engine};
use komuz_tests::desk::Desk;
use komuz_tests::process::Server;
use serde_json::json;
use tempfile::TempDir;

const PASSPHRASE: &str = "беш сөздөн турган купуя";

async fn writing() -> (Desk, Server, TempDir) {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(Engine::Chromium, &server, "Samaragate", "Ala-Too Desk", "Айзада").await;
    desk.new_story("ky", "Draft").await;
    desk.in_sync().await;
    (desk, server, data)
}

async fn limit(browser: &Browser, server: &Server, quota: Option<u32>) {
    let mut parameters = json!({ "origin": server.origin });
    if let Some(bytes) = quota {
        parameters["quotaSize"] = bytes.into();
    }
    browser.devtools("Storage.overrideQuotaForOrigin", parameters).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_the_service_workers_notes_the_desk_opens_without_a_server_all_the_same() {
    let (desk, mut server, _data) = writing().await;
    let browser = &desk.browser;
    desk.can_open_offline().await;
    server.kill();
    desk.saved_without_a_server().await;
    limit(browser, &server, Some(1)).await;
    browser.reload().await;
    desk.open_edition("ky").await;
    desk.type_at_end("Орун жок.").await;
    desk.reads("Орун жок.").await;
    limit(browser, &server, None).await;
    server.restart();
    desk.in_sync().await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_tab_that_is_killed_while_typing_all_that_was_saved_here_is_there() {
    let (desk, mut server, _data) = writing().await;
    let browser = &desk.browser;
    desk.can_open_offline().await;
    server.kill();
    desk.type_at_end("Сакталды. ").await;
    desk.saved_without_a_server().await;
    let (second, first) = browser.tab().await;
    browser.switch(&first).await;
    desk.type_at_end("Бул сакталбаса да болот.").await;
    browser.crash_tab().await;
    browser.switch(&second).await;
    browser.open(&format!("{}/desk/", server.origin)).await;
    desk.open_edition("ky").await;
    desk.reads("Сакталды.").await;
    desk.type_at_end(" Андан ары.").await;
    desk.saved_without_a_server().await;
    server.restart();
    desk.in_sync().await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_tab_had_not_sent_is_sent_by_a_tab_that_lives() {
    let (desk, mut server, data) = writing().await;
    let browser = &desk.browser;
    let files = data.path().join("downloads");
    std::fs::create_dir_all(&files).expect("a folder");
    let backup = desk.backup(&files, PASSPHRASE).await;
    let (second, first) = browser.tab().await;
    browser.open(&format!("{}/desk/", server.origin)).await;
    desk.open_edition("ky").await;
    desk.in_sync().await;
    browser.switch(&first).await;
    desk.open_edition("ky").await;
    server.kill();
    desk.type_at_end("Өлгөн өтмөктөн.").await;
    desk.saved_without_a_server().await;
    browser.crash_tab().await;
    browser.switch(&second).await;
    desk.reads("Өлгөн өтмөктөн.").await;
    server.restart();
    desk.in_sync().await;
    // It is at the server: another device gets it from there.
    let other = Desk::open(Engine::Chromium, &format!("{}/desk/", server.origin)).await;
    other.restore(&backup, PASSPHRASE).await;
    other.open_edition("ky").await;
    other.reads("Өлгөн өтмөктөн.").await;
    for desk in [desk, other] {
        desk.browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_damaged_are_said_and_what_can_be_made_again_is() {
    let (desk, server, _data) = writing().await;
    let browser = &desk.browser;
    desk.type_at_end("Жазылган сөз.").await;
    desk.in_sync().await;
    // Papers are saved when nobody has written for a while.
    browser
        .until(
            "papers are saved",
            "return new Promise(resolve => {
               const opening = indexedDB.open('komuz');
               opening.onsuccess = () => {
                 const range = IDBKeyRange.bound(['save', ''], ['save', '\\uffff']);
                 const counting = opening.result.transaction('rows').objectStore('rows').count(range);
                 counting.onsuccess = () => { opening.result.close(); resolve(counting.result > 0) };
               };
               opening.onerror = () => resolve(false);
             })",
            vec![],
        )
        .await;
    for (table, words) in [
        ("save", "stored pieces could not be read"),
        ("secret", "What is stored on this device cannot be read"),
    ] {
        browser.open(&format!("{}/healthz", server.origin)).await;
        browser
            .until(
                "rows are damaged",
                "return new Promise((resolve, reject) => {
                   const opening = indexedDB.open('komuz', 2);
                   opening.onsuccess = () => {
                     const transaction = opening.result.transaction('rows', 'readwrite'), rows = transaction.objectStore('rows');
                     const table = arguments[0];
                     const reading = rows.openCursor(IDBKeyRange.bound([table, ''], [table, '\\uffff']));
                     reading.onsuccess = () => {
                       const row = reading.result;
                       if (!row) return;
                       new Uint8Array(row.value.sealed)[0] ^= 1;
                       row.update(row.value);
                       row.continue();
                     };
                     transaction.oncomplete = () => { opening.result.close(); resolve(true) };
                     transaction.onabort = reject;
                   };
                 })",
                vec![table.into()],
            )
            .await;
        browser.open(&format!("{}/desk/", server.origin)).await;
        if table == "save" {
            browser.click("[data-test=\"go-servers\"]").await;
        }
        browser.find_with("main", words).await;
        if table == "save" {
            desk.open_edition("ky").await;
            desk.reads("Жазылган сөз.").await;
        }
    }
    desk.browser.close().await;
}
