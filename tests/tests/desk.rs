//! What a person does at the desk, in a real browser.
#![cfg(not(feature = "no-browsers"))]

use fantoccini::key::Key;
use komuz_tests::browser::{Browser, Engine};
use komuz_tests::desk::{Desk, TEXT};
use komuz_tests::process::Server;
use tempfile::TempDir;

/// A desk with an empty story open, at a server of its own.
async fn writing(lang: &str) -> (Desk, Server, TempDir) {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(Engine::Chromium, &server, "Samaragate", "Ala-Too Desk", "Айзада").await;
    desk.new_story(lang, "Draft").await;
    (desk, server, data)
}

async fn shows(desk: &Desk, css: &str, text: &str) {
    desk.browser.find_with(&format!("{TEXT} {css}"), text).await;
}

const ENTER: &str = "\u{E007}";

#[tokio::test(flavor = "multi_thread")]
async fn every_block_and_mark_is_made_by_the_keyboard_alone_and_outlives_a_reload() {
    let (desk, _server, _data) = writing("ky").await;
    let keys = &desk.browser;
    // From the headline into the text without a mouse.
    keys.click("[data-test=\"headline\"]").await;
    desk.tab_to(TEXT).await;
    let block = async |number: char, text: &str| {
        keys.chord(&[Key::Control, Key::Alt], number).await;
        keys.keys(text).await;
        keys.keys(ENTER).await;
        keys.chord(&[Key::Control, Key::Alt], '0').await;
    };
    block('1', "Башкы бөлүм").await;
    block('2', "Чакан бөлүм").await;
    block('3', "Цитата: «Ооба».").await;
    block('4', "Тизме").await;
    block('5', "Номерленген").await;
    for (key, word) in [('b', "калың"), ('i', "жантык"), ('e', "код")] {
        keys.chord(&[Key::Control], key).await;
        keys.keys(word).await;
        keys.chord(&[Key::Control], key).await;
        keys.keys(" ").await;
    }
    keys.keys("шилтеме").await;
    desk.select("шилтеме").await;
    keys.chord(&[Key::Control], 'k').await;
    keys.fill("[data-test=\"dialog-link\"] [name=href]", "https://kloop.kg/")
        .await;
    keys.keys(ENTER).await;
    keys.gone("[data-test=\"dialog-link\"]").await;

    let everything = [
        ("h2", "Башкы бөлүм"),
        ("h3", "Чакан бөлүм"),
        ("blockquote", "«Ооба»"),
        ("[data-item=bullet]", "Тизме"),
        ("[data-item=ordered]", "Номерленген"),
        ("p strong", "калың"),
        ("p em", "жантык"),
        ("p code", "код"),
        ("p a[href=\"https://kloop.kg/\"]", "шилтеме"),
    ];
    for (css, text) in everything {
        shows(&desk, css, text).await;
    }
    desk.in_sync().await;
    desk.browser.reload().await;
    desk.open_edition("ky").await;
    for (css, text) in everything {
        shows(&desk, css, text).await;
    }
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_described_and_cited_and_the_words_bear_its_number() {
    let (desk, _server, _data) = writing("ru").await;
    desk.type_at_end("Сайт не открывался около суток.").await;
    desk.select("около суток").await;
    desk.browser.click("[data-test=\"tool-cite\"]").await;
    let cite = "[data-test=\"dialog-cite\"]";
    desk.browser
        .fill(
            &format!("{cite} [name=source-title]"),
            "Совместное заявление пяти организаций",
        )
        .await;
    desk.browser
        .fill(&format!("{cite} [name=source-issued]"), "2019-12-18")
        .await;
    desk.browser.fill(&format!("{cite} [name=locator]"), "с. 2").await;
    desk.browser.fill(&format!("{cite} [name=quote]"), "сутки").await;
    desk.browser.click(&format!("{cite} [data-test=\"submit\"]")).await;
    desk.browser.gone(cite).await;
    desk.browser.click("[data-test=\"tab-notes\"]").await;
    desk.browser
        .find_with("[data-test=\"note\"]", "Совместное заявление пяти организаций")
        .await;
    desk.browser.find_with("[data-test=\"note\"]", "с. 2").await;
    desk.browser.find_with(&format!("{TEXT} [data-note]"), "1").await;

    // CSL-JSON is pasted, and the second citation is number 1 when it stands before the first.
    desk.browser.click("[data-test=\"tab-sources\"]").await;
    desk.browser.click("[data-test=\"paste-sources\"]").await;
    let csl = r#"[{"type":"article-newspaper","title":"Hundreds protest","container-title":"Reuters","issued":{"date-parts":[[2019,11,25]]}}]"#;
    desk.browser
        .fill("[data-test=\"dialog-paste-sources\"] [name=csl]", csl)
        .await;
    desk.browser
        .click("[data-test=\"dialog-paste-sources\"] [data-test=\"submit\"]")
        .await;
    desk.browser
        .click("[data-test=\"dialog-imported\"] [data-test=\"submit\"]")
        .await;
    desk.browser.gone("[data-test=\"dialog-imported\"]").await;
    desk.browser
        .find_with("[data-test=\"source\"]", "Hundreds protest")
        .await;
    desk.select("Сайт").await;
    desk.browser.click("[data-test=\"tool-cite\"]").await;
    desk.browser
        .click_with(&format!("{cite} .choices label"), "Hundreds protest")
        .await;
    desk.browser.click(&format!("{cite} [data-test=\"submit\"]")).await;
    desk.browser.gone(cite).await;
    desk.browser.find_with(&format!("{TEXT} [data-note]"), "2").await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_is_answered_and_resolved_by_a_partner_and_a_headline_is_shared() {
    let (first, server, _data) = writing("ru").await;
    first.type_at_end("Министерство не ответило.").await;
    let link = first.invite("Issyk Wire").await;
    let (second, code) = Desk::join(Engine::Chromium, &server, &link, "Илья", "issyk-wire.example").await;
    first.confirm(&code).await;
    first.open_edition("ru").await;
    second.open_edition("ru").await;
    second.reads("Министерство не ответило.").await;

    first.select("Министерство").await;
    first.browser.click("[data-test=\"tool-comment\"]").await;
    first
        .browser
        .fill("[data-test=\"dialog-comment\"] [name=comment]", "Кого именно спросили?")
        .await;
    first
        .browser
        .click("[data-test=\"dialog-comment\"] [data-test=\"submit\"]")
        .await;
    second.browser.find_with(&format!("{TEXT} .open"), "Министерство").await;
    second.browser.click("[data-test=\"tab-comments\"]").await;
    second
        .browser
        .find_with("[data-test=\"thread\"]", "Кого именно спросили?")
        .await;
    second
        .browser
        .fill("[data-test=\"thread\"] [name=reply]", "Пресс-службу, 2 декабря.")
        .await;
    second.browser.click("[data-test=\"reply-send\"]").await;
    first.browser.click("[data-test=\"tab-comments\"]").await;
    first
        .browser
        .find_with("[data-test=\"thread\"]", "Пресс-службу, 2 декабря.")
        .await;
    first
        .browser
        .click("[data-test=\"thread\"] [data-test=\"resolve\"]")
        .await;
    second.browser.gone(&format!("{TEXT} .open")).await;

    first.browser.fill("[data-test=\"headline\"]", "Без ответа").await;
    second
        .browser
        .until_value("[data-test=\"headline\"]", "Без ответа")
        .await;
    second
        .browser
        .fill("[data-test=\"summary\"]", "Что спросили и кого.")
        .await;
    first
        .browser
        .until_value("[data-test=\"summary\"]", "Что спросили и кого.")
        .await;
    for desk in [first, second] {
        desk.in_sync().await;
        desk.browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_one_desk_shows_in_another_without_a_reload() {
    let (first, server, data) = writing("ru").await;
    first.type_at_end("Министерство не ответило.").await;
    let link = first.invite("Issyk Wire").await;
    let (second, code) = Desk::join(Engine::Chromium, &server, &link, "Илья", "issyk-wire.example").await;
    first.confirm(&code).await;
    first.open_edition("ru").await;
    second.open_edition("ru").await;
    second.reads("Министерство не ответило.").await;
    let file = data.path().join("window.png");
    std::fs::write(&file, first.browser.picture().await).expect("can be written");
    first.browser.give("[data-test=\"picture\"]", &file).await;
    for desk in [first, second] {
        desk.draws_a_picture().await;
        desk.in_sync().await;
        desk.browser.close().await;
    }
}

/// Whether an address of bytes in the page still shows a picture.
async fn is_shown_by(desk: &Desk, address: &str) -> bool {
    let script = "return new Promise((resolve) => { const image = new Image(); image.onload = () => resolve(true); \
        image.onerror = () => resolve(false); image.src = arguments[0] })";
    desk.browser.script(script, vec![address.into()]).await == true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_read_from_the_disk_after_a_reload_and_let_go_when_it_is_in_the_text_no_more() {
    let (desk, mut server, data) = writing("ru").await;
    let file = data.path().join("window.png");
    std::fs::write(&file, desk.browser.picture().await).expect("can be written");
    desk.browser.give("[data-test=\"picture\"]", &file).await;
    desk.draws_a_picture().await;
    desk.in_sync().await;
    desk.can_open_offline().await;
    server.kill();
    desk.browser.reload().await;
    desk.open_edition("ru").await;
    desk.draws_a_picture().await;
    let image = format!("{TEXT} figure img");
    let address = desk.browser.attribute(&image, "src").await;
    assert!(is_shown_by(&desk, &address).await);
    desk.browser.click("[data-test=\"go-stories\"]").await;
    desk.browser.gone(TEXT).await;
    assert!(!is_shown_by(&desk, &address).await);
    desk.open_edition("ru").await;
    desk.draws_a_picture().await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_word_and_google_docs_put_on_the_clipboard_is_pasted_as_text_with_its_shape() {
    let (desk, _server, _data) = writing("en").await;
    let word = "<html xmlns:w='urn:schemas-microsoft-com:office:word'><body><!--StartFragment-->\
        <h2 style='mso-x:1'>From Word</h2><p class=MsoNormal>Plain and <b>bold</b><o:p></o:p></p>\
        <script>alert(1)</script><p onclick='x()'><a href='javascript:alert(1)'>unsafe</a></p><!--EndFragment--></body></html>";
    let docs = "<b style='font-weight:normal' id='docs-internal-guid-1'><p dir=ltr><span style='font-weight:400'>From Docs, </span>\
        <span style='font-style:italic'>slanted</span></p><ul><li dir=ltr><p><span>one</span></p></li></ul></b>";
    for html in [word, docs] {
        desk.browser.click(TEXT).await;
        desk.put_cursor_at_end().await;
        desk.paste(html).await;
    }
    shows(&desk, "h2", "From Word").await;
    shows(&desk, "strong", "bold").await;
    shows(&desk, "em", "slanted").await;
    shows(&desk, "[data-item=bullet]", "one").await;
    shows(&desk, "p", "unsafe").await;
    let text = desk.browser.text(TEXT).await;
    assert!(!text.contains("alert"), "{text}");
    assert!(desk.browser.look(&format!("{TEXT} a"), None).await.is_none());
    assert!(
        desk.browser
            .look(&format!("{TEXT} strong"), Some("From Docs"))
            .await
            .is_none(),
        "Google's wrapper is no bold"
    );
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_comes_back_on_another_device_and_leaving_erases_this_one() {
    let (desk, server, data) = writing("ky").await;
    desk.type_at_end("Сакталган сөз.").await;
    desk.in_sync().await;
    let files = data.path().join("downloads");
    std::fs::create_dir_all(&files).expect("a folder");
    let backup = desk.backup(&files, "беш сөздөн турган купуя").await;

    let other = Desk::open(Engine::Chromium, &format!("{}/desk/", server.origin)).await;
    other.restore(&backup, "беш сөздөн турган купуя").await;
    other.open_edition("ky").await;
    other.reads("Сакталган сөз.").await;
    other.type_at_end(" Дагы.").await;
    desk.open_edition("ky").await;
    desk.reads("Дагы.").await;

    desk.browser.click("[data-test=\"go-device\"]").await;
    desk.browser.click("[data-test=\"leave-sure\"]").await;
    desk.browser.click("[data-test=\"leave-do\"]").await;
    desk.browser
        .until(
            "no row of the desk is left in the browser",
            "return new Promise(resolve => {
               const opening = indexedDB.open('komuz');
               // It is just deleted: nothing is left, and none is to be made in its place.
               opening.onupgradeneeded = () => { opening.transaction.abort(); resolve(true) };
               opening.onsuccess = () => {
                 const counting = opening.result.transaction('rows').objectStore('rows').count();
                 counting.onsuccess = () => { opening.result.close(); resolve(counting.result === 0) };
               };
               opening.onerror = () => resolve(false);
             })",
            vec![],
        )
        .await;
    desk.browser.reload().await;
    desk.browser.find("[data-test=\"welcome\"]").await;
    other.reads("Сакталган сөз. Дагы.").await;
    for browser in [desk.browser, other.browser] {
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_erased_from_the_address_before_anything_else() {
    let (desk, server, _data) = writing("en").await;
    let link = desk.invite("Issyk Wire").await;
    let browser = Browser::start(Engine::Chromium).await;
    browser.open(&link).await;
    browser.find("[data-test=\"join\"]").await;
    let address = browser.script("return [location.href, history.length]", vec![]).await;
    assert_eq!(address[0], format!("{}/desk/", server.origin));
    assert!(address[1].as_u64().is_some_and(|entries| entries <= 2), "{address}");
    browser.close().await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interface_changes_its_language_and_the_warning_is_there_in_each() {
    let (desk, _server, _data) = writing("ky").await;
    desk.type_at_end("Сөз.").await;
    for (lang, warning) in [
        ("ru", "Не используйте для настоящих источников"),
        ("ky", "Чыныгы булактар үчүн колдонбоңуз"),
        ("en", "Don’t use for real sources"),
    ] {
        desk.browser.choose("[data-test=\"language\"]", lang).await;
        desk.browser.find_with("footer", warning).await;
        desk.reads("Сөз.").await;
    }
    desk.browser.close().await;
}
