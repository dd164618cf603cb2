//! A device with a passphrase: what a person meets, and what a thief finds.
#![cfg(not(feature = "no-browsers"))]

use komuz_tests::browser::{Browser, Engine};
use komuz_tests::desk::Desk;
use komuz_tests::process::{Server, files_with_any};
use tempfile::TempDir;

const PASSPHRASE: &str = "туура аккумулятор жылкы";
const OTHER: &str = "correct horse battery staple";
/// What nobody may find who has no passphrase.
const TITLE: &str = "Samaragate";
const OUTLET: &str = "Ala-Too Desk";
const NAME: &str = "Айзада Токтосунова";
const HEADLINE: &str = "Laundered Millions";
const WORDS: &str = "Кара акча чек арадан өттү.";

/// A desk with a text that is saved, at a server of its own.
async fn writing() -> (Desk, Server, TempDir) {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(Engine::Chromium, &server, TITLE, OUTLET, NAME).await;
    desk.new_story("ky", HEADLINE).await;
    desk.type_at_end(WORDS).await;
    desk.in_sync().await;
    (desk, server, data)
}

/// The address of the desk.
fn address(server: &Server) -> String {
    format!("{}/desk/", server.origin)
}

async fn set_passphrase(browser: &Browser, passphrase: &str) {
    browser.click("[data-test=\"go-device\"]").await;
    for field in ["passphrase", "again"] {
        let css = format!("[data-test=\"set-passphrase\"] [name={field}]");
        browser.fill(&css, passphrase).await;
    }
    browser
        .click("[data-test=\"set-passphrase\"] [data-test=\"submit\"]")
        .await;
    browser.find("komuz-lock [data-test=\"lock-done\"]").await;
}

async fn unlock(browser: &Browser, passphrase: &str) {
    browser
        .fill("[data-test=\"unlock\"] [name=passphrase]", passphrase)
        .await;
    browser.click("[data-test=\"unlock\"] [data-test=\"submit\"]").await;
}

async fn is_open(browser: &Browser) {
    browser.find("[data-test=\"saved\"]").await;
    browser.gone("[data-test=\"locked\"]").await;
}

async fn is_locked(browser: &Browser) {
    browser.find("[data-test=\"locked\"]").await;
    assert!(browser.look("[data-test=\"saved\"]", None).await.is_none());
    let shown = browser.shown().await;
    for secret in [TITLE, OUTLET, NAME, HEADLINE, WORDS] {
        assert!(!shown.contains(secret), "{secret} is still in the page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_is_asked_for_at_each_start_and_a_wrong_one_loses_nothing() {
    let (desk, _server, _data) = writing().await;
    let browser = &desk.browser;
    set_passphrase(browser, PASSPHRASE).await;
    // What is written after it was set is wrapped as well.
    desk.open_edition("ky").await;
    desk.type_at_end(" Дагы.").await;
    desk.in_sync().await;
    browser.reload().await;
    is_locked(browser).await;

    unlock(browser, "бул ал эмес, бирок узун").await;
    browser
        .find_with("[data-test=\"lock-state\"]", "This is not the passphrase")
        .await;
    for (lang, words) in [
        ("ru", "Стол закрыт"),
        ("ky", "Стол кулпуланган"),
        ("en", "This desk is locked"),
    ] {
        browser.choose("[data-test=\"language\"]", lang).await;
        browser.find_with("[data-test=\"locked\"] h1", words).await;
    }
    unlock(browser, PASSPHRASE).await;
    is_open(browser).await;
    desk.open_edition("ky").await;
    desk.reads(&format!("{WORDS} Дагы.")).await;

    // Another one: the old one opens nothing any more.
    browser.click("[data-test=\"go-device\"]").await;
    browser.click("[data-test=\"change\"] summary").await;
    for (field, value) in [("old", PASSPHRASE), ("passphrase", OTHER), ("again", OTHER)] {
        let css = format!("[data-test=\"change-passphrase\"] [name={field}]");
        browser.fill(&css, value).await;
    }
    browser
        .click("[data-test=\"change-passphrase\"] [data-test=\"submit\"]")
        .await;
    browser.find_with("[data-test=\"lock-done\"]", "another now").await;
    browser.click("header [data-test=\"lock-now\"]").await;
    is_locked(browser).await;
    unlock(browser, PASSPHRASE).await;
    browser
        .find_with("[data-test=\"lock-state\"]", "This is not the passphrase")
        .await;
    unlock(browser, OTHER).await;
    is_open(browser).await;

    // None: the desk opens by itself again.
    browser.click("[data-test=\"go-device\"]").await;
    browser.click("[data-test=\"remove\"] summary").await;
    browser
        .fill("[data-test=\"remove-passphrase\"] [name=old]", OTHER)
        .await;
    browser
        .click("[data-test=\"remove-passphrase\"] [data-test=\"submit\"]")
        .await;
    browser
        .find_with("[data-test=\"lock-done\"]", "no passphrase any more")
        .await;
    browser.reload().await;
    is_open(browser).await;
    desk.open_edition("ky").await;
    desk.reads(&format!("{WORDS} Дагы.")).await;
    // The release key came through three changes of keys.
    desk.sign().await;
    desk.signed(1, 1).await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_nobody_uses_locks_in_all_tabs_and_what_was_typed_last_is_there() {
    let (desk, server, _data) = writing().await;
    let browser = &desk.browser;
    set_passphrase(browser, PASSPHRASE).await;
    let (second, first) = browser.tab().await;
    browser.open(&address(&server)).await;
    unlock(browser, PASSPHRASE).await;
    is_open(browser).await;
    desk.open_edition("ky").await;
    desk.reads(WORDS).await;
    browser.switch(&first).await;
    desk.open_edition("ky").await;
    desk.reads(WORDS).await;
    // Three seconds, and words that nobody waits for to be saved.
    browser
        .script("localStorage.setItem('komuz-lock-after', '0.05')", vec![])
        .await;
    desk.type_at_end(" Акыркы сөз.").await;
    is_locked(browser).await;
    browser.switch(&second).await;
    is_locked(browser).await;
    browser
        .script("localStorage.setItem('komuz-lock-after', '15')", vec![])
        .await;
    unlock(browser, PASSPHRASE).await;
    is_open(browser).await;
    desk.open_edition("ky").await;
    desk.reads(&format!("{WORDS} Акыркы сөз.")).await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thief_of_the_whole_profile_finds_no_word_and_gets_the_form_alone() {
    let (desk, server, _data) = writing().await;
    set_passphrase(&desk.browser, PASSPHRASE).await;
    desk.browser.reload().await;
    unlock(&desk.browser, PASSPHRASE).await;
    is_open(&desk.browser).await;
    desk.open_edition("ky").await;
    desk.type_at_end(" Үйдө жазылган.").await;
    desk.in_sync().await;
    // That the search finds what lies in such a profile.
    let canary = "Бул сөз табылсын";
    desk.browser
        .until(
            "a word lies open in the profile",
            "return new Promise(resolve => {
               const opening = indexedDB.open('canary');
               opening.onupgradeneeded = () => opening.result.createObjectStore('s').put(arguments[0], 1);
               opening.onsuccess = () => { opening.result.close(); resolve(true) };
             })",
            vec![canary.into()],
        )
        .await;
    let profile = desk.browser.kill();
    assert!(!files_with_any(profile.folder(), canary).is_empty());
    let server_hex: String = server.origin.bytes().map(|byte| format!("{byte:02x}")).collect();
    let secrets = [
        TITLE,
        "samaragate",
        OUTLET,
        "Токтосунова",
        HEADLINE,
        "laundered-millions",
        "Кара акча",
        "Үйдө жазылган",
        PASSPHRASE,
        &server_hex,
    ];
    for secret in secrets {
        let found = files_with_any(profile.folder(), secret);
        assert!(found.is_empty(), "{secret:?} is in {found:?}");
    }

    let stolen = Browser::start_with(Engine::Chromium, profile.copied()).await;
    stolen.open(&address(&server)).await;
    is_locked(&stolen).await;
    stolen.close().await;
    // And its owner is as welcome as before.
    let own = Browser::start_with(Engine::Chromium, profile).await;
    own.open(&address(&server)).await;
    unlock(&own, PASSPHRASE).await;
    is_open(&own).await;
    let own = Desk { browser: own };
    own.open_edition("ky").await;
    own.reads("Үйдө жазылган.").await;
    own.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_forgotten_the_passphrase_begins_anew_and_brings_a_backup_back() {
    let (desk, _server, data) = writing().await;
    let files = data.path().join("downloads");
    std::fs::create_dir_all(&files).expect("a folder");
    let backup = desk.backup(&files, OTHER).await;
    set_passphrase(&desk.browser, PASSPHRASE).await;
    desk.browser.reload().await;
    is_locked(&desk.browser).await;
    desk.browser.click("[data-test=\"forgotten\"] summary").await;
    desk.browser.click("[data-test=\"forget-sure\"]").await;
    desk.browser
        .click("[data-test=\"forget\"] [data-test=\"submit\"]")
        .await;
    desk.browser.find("[data-test=\"welcome\"]").await;
    desk.restore(&backup, OTHER).await;
    desk.open_edition("ky").await;
    desk.reads(WORDS).await;
    desk.browser.close().await;
}

/// Runs a module's functions in a page of the desk's origin in which no desk is at work; `arguments[0]` is the path of the desk.
async fn beside_the_desk(browser: &Browser, server: &Server, script: &str) {
    browser.open(&format!("{}/healthz", server.origin)).await;
    let whole = format!("const desk = arguments[0]; return (async () => {{ {script} }})()");
    let result = browser.script(&whole, vec![address(server).into()]).await;
    assert_eq!(result, true, "{result}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrapping_binds_rows_to_their_places_and_a_secret_to_its_passphrase() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let browser = Browser::start(Engine::Chromium).await;
    let script = r"
      const { Wrap, freshSecret, isWrapped, lock, unlock } = await import(desk + 'engine/keys.js');
      const { default: init, passphraseCost, passphraseKey } = await import(desk + 'engine/komuz_engine.js');
      await init();
      const fails = (promise) => promise.then(() => false, () => true);
      const secret = freshSecret(), wrap = await Wrap.of(secret), other = await Wrap.of(freshSecret());
      const key = 'i-1/body/samaragate/ky', value = new Uint8Array([1, 2, 3]);
      const [name, row] = await wrap.wrap('save', key, value);
      const [again] = await wrap.wrap('save', key, value), [gone, none] = await wrap.wrap('save', key, null);
      const [back, bytes] = await (await Wrap.of(secret)).unwrap('save', name, row);
      const [, log] = await wrap.wrap('log', 'i-1/envelopes/00', value);
      const kept = await lock(secret, 'й' + 'ключ', passphraseCost(), passphraseKey);
      const right = await unlock(kept, '\u0438\u0306' + 'ключ', passphraseKey);
      const wrong = await unlock(kept, 'ключ', passphraseKey);
      const weak = await fails(unlock({ ...kept, cost: [8, 1, 1] }, 'й' + 'ключ', passphraseKey));
      const checks = [
        name.startsWith('i-1/') && !name.includes('samaragate'), name === again && name === gone && none === null,
        back === key && String(bytes) === '1,2,3', log === value, row.sealed.byteLength > value.length,
        await fails(other.unwrap('save', name, row)), await fails(wrap.unwrap('secret', name, row)),
        await fails(wrap.unwrap('save', name + '0', row)),
        isWrapped('log', 'i-1/unsent/00') && isWrapped('log', 'i-1/cursors/00') && !isWrapped('log', 'i-1/envelopes/00'),
        String(right) === String(secret), wrong === null, weak,
        await fails(crypto.subtle.exportKey('raw', wrap.aes)), !JSON.stringify(kept).includes(String(secret)),
      ];
      return checks.every(Boolean) || checks;
    ";
    beside_the_desk(&browser, &server, script).await;
    browser.close().await;
}

/// What the scripts below do with the database.
const DATABASE: &str = r"
  const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error) });
  const opened = (name, version, upgrade) => { const opening = indexedDB.open(name, version); opening.onupgradeneeded = () => upgrade?.(opening.result); return done(opening) };
  const table = async (database, name) => {
    const store = database.transaction(name).objectStore(name);
    const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
    return keys.map((key, n) => [key, values[n]]);
  };
  const fill = async (database, stores) => {
    const transaction = database.transaction(Object.keys(stores), 'readwrite');
    for (const [name, rows] of Object.entries(stores)) for (const [key, value] of rows) transaction.objectStore(name).put(value, key);
    await new Promise((resolve, reject) => { transaction.oncomplete = resolve; transaction.onabort = reject });
    database.close();
  };
";

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_the_first_form_are_read_and_hide_their_names_from_then_on() {
    let (desk, server, _data) = writing().await;
    // Papers are saved when nobody has written for a while.
    desk.browser
        .until(
            "papers are saved",
            &format!(
                "{DATABASE} return (async () => {{
                   const database = await opened('komuz'), rows = await table(database, 'rows');
                   database.close();
                   return rows.some(([[kind]]) => kind === 'save');
                 }})()"
            ),
            vec![],
        )
        .await;
    // As Komuz wrote them before rows hid their keys: one key for all, the rows' own keys in the open.
    let back = r"
      const { Wrap, seal, open } = await import(desk + 'engine/keys.js');
      const database = await opened('komuz', 2);
      const wrap = new Wrap(new Map(await table(database, 'keys')).get('device'));
      const first = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
      const rows = [];
      for (const [[kind, name], value] of await table(database, 'rows')) {
        const [key, bytes] = await wrap.unwrap(kind, name, value);
        const isOpen = ['log', 'journal', 'strike'].includes(kind);
        rows.push([[kind, key], isOpen ? bytes : await seal(first, kind + '/' + key, bytes)]);
      }
      database.close();
      await done(indexedDB.deleteDatabase('komuz'));
      await fill(await opened('komuz', 1, (db) => { db.createObjectStore('rows'); db.createObjectStore('keys') }), { rows, keys: [['wrap', first]] });
      const vault = await opened('komuz-release-keys', 1), key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
      const seeds = [];
      for (const [name, value] of await table(vault, 'rows')) seeds.push([name, await seal(key, name, await open(wrap.vault, name, value))]);
      await fill(vault, { rows: seeds, wrap: [['wrap', key]] });
      return seeds.length === 1 && rows.some(([[kind, key]]) => kind === 'save' && key.includes('laundered-millions'));
    ";
    beside_the_desk(&desk.browser, &server, &format!("{DATABASE}{back}")).await;

    desk.browser.open(&address(&server)).await;
    desk.open_edition("ky").await;
    desk.reads(WORDS).await;
    desk.type_at_end(" Дагы.").await;
    desk.sign().await;
    desk.signed(1, 1).await;
    desk.in_sync().await;
    let looked = r"
      const database = await opened('komuz', 2), rows = await table(database, 'rows'), keys = await table(database, 'keys');
      const wraps = await table(await opened('komuz-release-keys', 1), 'wrap');
      const named = rows.filter(([[, key]]) => key.includes('laundered'));
      return (rows.length > 0 && named.length === 0 && wraps.length === 0 && keys.length === 1 && keys[0][1].form === 2) || { named, keys, wraps };
    ";
    beside_the_desk(&desk.browser, &server, &format!("{DATABASE}{looked}")).await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_newer_komuz_wrote_is_refused_with_words_and_left_as_it_is() {
    let (desk, server, _data) = writing().await;
    let newer = r"
      const database = await opened('komuz', 3);
      localStorage.setItem('before', JSON.stringify((await table(database, 'rows')).map(([key]) => key)));
      database.close();
      return true;
    ";
    beside_the_desk(&desk.browser, &server, &format!("{DATABASE}{newer}")).await;
    desk.browser.open(&address(&server)).await;
    desk.browser
        .find_with("[data-test=\"newer\"] h1", "A newer Komuz was used here")
        .await;
    let same = r"
      const database = await opened('komuz', 3);
      return localStorage.getItem('before') === JSON.stringify((await table(database, 'rows')).map(([key]) => key));
    ";
    beside_the_desk(&desk.browser, &server, &format!("{DATABASE}{same}")).await;
    desk.browser.close().await;
}
