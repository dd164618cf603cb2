//! The browser's store when it fails: no room, a dead tab, rows that cannot be read.
#![cfg(not(feature = "no-browsers"))]

use std::path::{Path, PathBuf};

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
async fn rows_that_are_damaged_are_said_and_come_back_from_a_backup_or_are_made_again() {
    let (desk, server, data) = writing().await;
    let browser = &desk.browser;
    desk.type_at_end("Жазылган сөз.").await;
    desk.in_sync().await;
    let files = data.path().join("downloads");
    std::fs::create_dir_all(&files).expect("a folder");
    let backup = desk.backup(&files, PASSPHRASE).await;
    desk.open_edition("ky").await;
    desk.type_at_end(" Камдыктан кийин.").await;
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
            // Below the stories' lines, which come in while the page is drawn.
            browser.find("[data-test=\"edition-ky\"]").await;
            browser.click("[data-test=\"go-servers\"]").await;
        }
        browser.find_with("main", words).await;
        if table == "save" {
            desk.open_edition("ky").await;
            desk.reads("Жазылган сөз. Камдыктан кийин.").await;
        }
    }
    // Over what is here.
    desk.restore(&backup, PASSPHRASE).await;
    desk.open_edition("ky").await;
    desk.reads("Жазылган сөз. Камдыктан кийин.").await;
    browser.click("[data-test=\"go-servers\"]").await;
    browser.find_with("main", "came back from the backup").await;
    desk.open_edition("ky").await;
    desk.type_at_end(" Андан ары.").await;
    desk.in_sync().await;
    desk.browser.close().await;
}

/// Puts into another database of the page's origin until it takes nothing more.
const FILL: &str = r"
const database = await new Promise((resolve, reject) => {
  const opening = indexedDB.open('filler', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('bytes', { autoIncrement: true });
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});
const fits = (size) => new Promise((resolve) => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  const add = () => {
    const transaction = database.transaction('bytes', 'readwrite', { durability: 'strict' });
    transaction.objectStore('bytes').add(bytes);
    transaction.oncomplete = () => resolve(true);
    transaction.onabort = () => resolve(false);
  };
  // Behind one for which there was no room Firefox has one that takes deletions alone.
  try { add(); } catch { add(); }
});
let size = 1 << 20, all = 0;
while (size >= 256) {
  if (await fits(size)) all += size;
  else size >>= 1;
  if (all > 2 ** 29) return 'it does not fill up';
}
database.close();
return 'full';";

const EMPTY: &str = r"
return new Promise((resolve, reject) => {
  const deleting = indexedDB.deleteDatabase('filler');
  deleting.onsuccess = () => resolve(true);
  deleting.onerror = () => reject(deleting.error);
})";

/// The browser gives the desk no more room while somebody types: nothing of it is lost.
async fn full_while_typing(engine: Engine) {
    let Some(browser) = Browser::start_with_little_room(engine).await else {
        eprintln!(
            "NOT TESTED: {engine:?} with a full disk wants a small disk, and this user may not mount one (root may)."
        );
        return;
    };
    let data = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(data.path());
    browser.open(&server.founding_link()).await;
    let desk = Desk { browser };
    let browser = &desk.browser;
    desk.found_here("Samaragate", "Ala-Too Desk", "Айзада").await;
    desk.new_story("ky", "Draft").await;
    desk.in_sync().await;
    desk.can_open_offline().await;
    server.kill();
    desk.type_at_end("Сакталды.").await;
    desk.saved_without_a_server().await;
    let filled = format!("return (async () => {{ {FILL} }})()");
    assert_eq!(browser.script(&filled, vec![]).await, "full");

    desk.type_at_end(" Орун жок.").await;
    let saved = "[data-test=\"saved\"][data-state=\"bad\"]";
    browser.find_with(saved, "no room left").await;
    // A write that has failed can make some room: Firefox puts its log of writes into the database then.
    assert_eq!(browser.script(&filled, vec![]).await, "full");
    desk.type_at_end(" Дагы сөз.").await;
    desk.reads("Сакталды. Орун жок. Дагы сөз.").await;
    browser.find_with(saved, "no room left").await;
    let files = data.path().join("downloads");
    std::fs::create_dir_all(&files).expect("a folder");
    browser.click("header [data-test=\"backup-now\"]").await;
    let backup = desk.backup_here(&files, PASSPHRASE).await;

    // Elsewhere, from the file alone.
    let other_data = tempfile::tempdir().expect("a folder");
    let other_server = Server::start(other_data.path());
    let other = Desk::open(Engine::Chromium, &format!("{}/desk/", other_server.origin)).await;
    other.restore(&backup, PASSPHRASE).await;
    other.open_edition("ky").await;
    other.reads("Сакталды. Орун жок. Дагы сөз.").await;
    other.browser.close().await;

    // There is room again.
    desk.open_edition("ky").await;
    desk.type_at_end(" Акыркы.").await;
    browser.script(EMPTY, vec![]).await;
    desk.saved_without_a_server().await;
    browser.reload().await;
    desk.open_edition("ky").await;
    desk.reads("Сакталды. Орун жок. Дагы сөз. Акыркы.").await;
    server.restart();
    desk.in_sync().await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_firefox_a_full_store_is_said_and_nothing_that_is_typed_is_lost() {
    full_while_typing(Engine::Firefox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_chromium_a_full_store_is_said_and_nothing_that_is_typed_is_lost() {
    full_while_typing(Engine::Chromium).await;
}

/// A desk with words that are at its server, and a backup file of it.
async fn with_a_backup(engine: Engine) -> (Desk, PathBuf, Server, TempDir) {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(engine, &server, "Samaragate", "Ala-Too Desk", "Айзада").await;
    desk.new_story("ky", "Draft").await;
    desk.type_at_end("Жазылган сөз.").await;
    desk.in_sync().await;
    let files = data.path().join("downloads");
    std::fs::create_dir_all(&files).expect("a folder");
    let backup = desk.backup(&files, PASSPHRASE).await;
    let kept = data.path().join("kept.komuz");
    std::fs::copy(backup, &kept).expect("a file can be copied");
    (desk, kept, server, data)
}

/// The store does not open: the person goes on without it, with a backup file, and nothing of it is touched.
async fn goes_on_without(desk: &Desk, backup: &Path, data: &Path) {
    let browser = &desk.browser;
    for (lang, words) in [
        ("ru", "Продолжить без сохранения"),
        ("ky", "Сактабай улантуу"),
        ("en", "Go on without saving"),
    ] {
        browser.choose("[data-test=\"language\"]", lang).await;
        browser.find_with("[data-test=\"without\"]", words).await;
    }
    browser.click("[data-test=\"without\"]").await;
    desk.restore(backup, PASSPHRASE).await;
    desk.open_edition("ky").await;
    desk.reads("Жазылган сөз.").await;
    desk.type_at_end(" Эстутумда гана.").await;
    browser
        .find_with("[data-test=\"saved\"][data-state=\"bad\"]", "store does not open")
        .await;
    let files = data.join("again");
    std::fs::create_dir_all(&files).expect("a folder");
    browser.click("header [data-test=\"backup-now\"]").await;
    desk.backup_here(&files, PASSPHRASE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_newer_komuz_has_written_is_left_alone_and_one_can_go_on_without_it() {
    let (desk, backup, server, data) = with_a_backup(Engine::Chromium).await;
    let browser = &desk.browser;
    browser.open(&format!("{}/healthz", server.origin)).await;
    let version = |version: &str| {
        format!(
            "return new Promise((resolve, reject) => {{
               const opening = indexedDB.open('komuz'{version});
               opening.onsuccess = () => {{
                 const {{ version }} = opening.result;
                 const counting = opening.result.transaction('rows').objectStore('rows').count();
                 counting.onsuccess = () => {{ opening.result.close(); resolve([version, counting.result]) }};
               }};
               opening.onerror = reject;
             }})"
        )
    };
    let before = browser.until("another version", &version(", 99"), vec![]).await;
    browser.open(&format!("{}/desk/", server.origin)).await;
    browser.find_with("[data-test=\"newer\"] h1", "newer Komuz").await;
    browser.click("[data-test=\"retry\"]").await;
    browser.find_with("[data-test=\"newer\"] h1", "newer Komuz").await;
    goes_on_without(&desk, &backup, data.path()).await;
    assert_eq!(browser.until("nothing was touched", &version(""), vec![]).await, before);
    desk.browser.close().await;
}

/// Overwrites files of a killed browser's profile, from a byte on.
fn damage(folder: &Path, is_meant: impl Fn(&str) -> bool, from: u64) {
    let mut folders = vec![folder.to_owned()];
    let mut damaged = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder can be listed").flatten() {
            let (path, kind) = (entry.path(), entry.file_type().expect("of some kind"));
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && is_meant(&path.to_string_lossy()) {
                let mut bytes = std::fs::read(&path).expect("it can be read");
                let rest = bytes.iter_mut().skip(usize::try_from(from).expect("small"));
                rest.for_each(|byte| *byte = byte.wrapping_mul(31).wrapping_add(17));
                std::fs::write(&path, bytes).expect("it can be written");
                damaged += 1;
            }
        }
    }
    assert!(damaged > 0, "no such file is in the profile");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_firefox_a_damaged_store_is_said_and_one_can_go_on_without_it() {
    let (desk, backup, server, data) = with_a_backup(Engine::Firefox).await;
    let address = format!("{}/desk/", server.origin);
    let profile = desk.browser.end().await;
    damage(
        profile.folder(),
        |path| path.contains("/idb/") && path.ends_with(".sqlite"),
        8192,
    );
    damage(
        profile.folder(),
        |path| path.contains("/idb/") && path.ends_with(".sqlite-wal"),
        0,
    );
    let browser = Browser::start_with(Engine::Firefox, profile).await;
    browser.open(&address).await;
    let desk = Desk { browser };
    desk.browser
        .find_with("[data-test=\"broken\"] h1", "does not open")
        .await;
    goes_on_without(&desk, &backup, data.path()).await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_chromium_throws_away_with_a_damaged_store_is_said_to_be_gone_and_comes_back_from_a_backup() {
    let (desk, backup, server, _data) = with_a_backup(Engine::Chromium).await;
    let address = format!("{}/desk/", server.origin);
    let profile = desk.browser.end().await;
    damage(
        profile.folder(),
        |path| path.contains("/IndexedDB/") && path.contains("MANIFEST"),
        8,
    );
    let browser = Browser::start_with(Engine::Chromium, profile).await;
    browser.open(&address).await;
    let desk = Desk { browser };
    desk.browser.find_with("[data-test=\"lost\"] h1", "is gone").await;
    desk.browser.click("[data-test=\"goOn\"]").await;
    desk.restore(&backup, PASSPHRASE).await;
    desk.open_edition("ky").await;
    desk.reads("Жазылган сөз.").await;
    desk.in_sync().await;
    // Once.
    desk.browser.reload().await;
    desk.open_edition("ky").await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_chromium_throws_away_under_a_running_desk_is_said_and_a_backup_made_there_has_all_of_it() {
    let (desk, mut server, data) = writing().await;
    let browser = &desk.browser;
    desk.type_at_end("Башы.").await;
    desk.in_sync().await;
    desk.can_open_offline().await;
    server.kill();
    desk.type_at_end(" Серверсиз.").await;
    desk.saved_without_a_server().await;
    let parameters = json!({ "origin": server.origin, "storageTypes": "indexeddb" });
    browser.devtools("Storage.clearDataForOrigin", parameters).await;
    desk.type_at_end(" Андан кийин.").await;
    let saved = "[data-test=\"saved\"][data-state=\"bad\"]";
    browser.find_with(saved, "store does not open").await;
    let all = "Башы. Серверсиз. Андан кийин.";
    desk.reads(all).await;
    let files = data.path().join("downloads");
    std::fs::create_dir_all(&files).expect("a folder");
    browser.click("header [data-test=\"backup-now\"]").await;
    let backup = desk.backup_here(&files, PASSPHRASE).await;

    // Elsewhere, from the file alone.
    let other_data = tempfile::tempdir().expect("a folder");
    let other_server = Server::start(other_data.path());
    let other = Desk::open(Engine::Chromium, &format!("{}/desk/", other_server.origin)).await;
    other.restore(&backup, PASSPHRASE).await;
    other.open_edition("ky").await;
    other.reads(all).await;
    other.browser.close().await;

    // Here, at the next start.
    browser.reload().await;
    browser.find_with("[data-test=\"lost\"] h1", "is gone").await;
    browser.click("[data-test=\"goOn\"]").await;
    desk.restore(&backup, PASSPHRASE).await;
    desk.open_edition("ky").await;
    desk.reads(all).await;
    server.restart();
    desk.in_sync().await;
    browser.reload().await;
    desk.open_edition("ky").await;
    desk.browser.close().await;
}
