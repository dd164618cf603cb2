//! What is shown of a release that was checked.

use komuz_reader::check::picture;
use komuz_release::notice::Kind;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, HtmlElement};

use crate::network::{put, spoil};
use crate::page::{Page, document, press, until};
use crate::press::{PICTURE, Signers, files, release, story};

async fn published(id: &str) -> Page {
    put(
        "one.example",
        &files(
            &release(id, &story("en", "A day of silence"), &["en"], None),
            Signers::Both,
        ),
    );
    let page = Page::open(id, "en", &["one.example"]);
    page.shows("article").await;
    page
}

#[wasm_bindgen_test]
async fn a_checked_release_takes_the_place_of_the_pages_article() {
    let page = published("takes-place").await;
    assert_eq!(page.texts(".headline"), ["A day of silence"]);
    assert!(page.find("slot").is_none());
    assert_eq!(page.told("komuz-verified", "number").unwrap().as_f64(), Some(1.0));
    assert_eq!(
        page.told("komuz-verified", "mirror").unwrap().as_string().unwrap(),
        "https://one.example"
    );
    assert_eq!(
        page.told("komuz-verified", "hash").unwrap().as_string().unwrap().len(),
        64
    );
    let signed: js_sys::Array = page.told("komuz-verified", "signed").unwrap().unchecked_into();
    assert_eq!(signed.join(" "), "alatoo issyk");
}

#[wasm_bindgen_test]
async fn every_kind_of_block_and_mark_is_shown() {
    let page = published("every-block").await;
    assert_eq!(page.texts("h3.block"), ["What was asked"]);
    assert_eq!(page.texts("h4.block"), ["Of whom"]);
    assert_eq!(page.texts("blockquote.block"), ["Every fact has two sources."]);
    assert_eq!(page.texts("ul.list > li > ol.list > li"), ["inside it"]);
    assert_eq!(page.texts("figure figcaption"), ["The newsroom. Photo: archive"]);
    assert!(page.find("hr.block").is_some());
    assert_eq!(page.texts("p.block strong"), ["strong"]);
    assert_eq!(page.texts("p.block em"), ["emphasis"]);
    assert_eq!(page.texts("p.block code"), ["code"]);
    let link = page.get("p.block a");
    assert_eq!(link.get_attribute("href").unwrap(), "https://kloop.example/");
    assert_eq!(link.get_attribute("rel").unwrap(), "noopener noreferrer");
    assert!(page.find("p.block br").is_some());
    assert_eq!(page.texts(".signed li span"), ["Ala-Too Desk", "Issyk Wire"]);
    assert_eq!(page.texts(".signed li code"), ["alatoo.example", "issyk.example"]);
}

#[wasm_bindgen_test]
async fn a_picture_is_shown_once_its_bytes_are_checked() {
    let page = published("picture").await;
    let image = page.shows("figure img").await;
    assert!(image.get_attribute("src").unwrap().starts_with("blob:"));
    assert_eq!(image.get_attribute("alt").unwrap(), "The newsroom at night");
}

#[wasm_bindgen_test]
async fn a_picture_with_other_bytes_is_none() {
    let signed = files(
        &release("false-picture", &story("en", "A false picture"), &["en"], None),
        Signers::Both,
    );
    put("true.example", &signed);
    put("false.example", &signed);
    let (path, _) = signed.iter().find(|(path, _)| path.contains("/files/")).unwrap();
    spoil("false.example", path, |bytes| bytes[40] ^= 1);
    let (fingerprint, sha256) = path.split_once("/files/").unwrap();
    let (liar, honest) = ("https://false.example".to_owned(), "https://true.example".to_owned());
    assert_eq!(picture(fingerprint, sha256, std::slice::from_ref(&liar)).await, None);
    assert_eq!(
        picture(fingerprint, sha256, &[liar, honest]).await.as_deref(),
        Some(PICTURE)
    );
}

#[wasm_bindgen_test]
async fn a_note_opens_and_closes_by_keyboard() {
    let page = published("keyboard").await;
    let number = page.get(".number");
    assert_eq!(number.get_attribute("aria-expanded").unwrap(), "false");
    number.focus().unwrap();
    press(&number, "Enter");
    let note = page.shows(".note").await;
    let text = note.text_content().unwrap();
    for part in [
        "A joint statement",
        "Five organisations",
        "Statements",
        "December 2019",
        "p. 2",
        "read 12 November 2026",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(page.texts(".note q"), ["blocked for some 24 hours"]);
    assert_eq!(page.texts(".claim.on"), ["site fell silent for a day"]);
    assert_eq!(page.get(".number").get_attribute("aria-expanded").unwrap(), "true");
    // The note comes right after the paragraph that raised it.
    assert!(note.previous_element_sibling().unwrap().class_list().contains("block"));

    page.get(".note button").focus().unwrap();
    press(&page.get(".note button"), "Escape");
    page.hides(".note").await;
    let focused: Option<Element> = page.host.shadow_root().unwrap().active_element();
    assert!(focused.is_some_and(|element| element.class_list().contains("number")));

    press(&page.get(".number"), " ");
    page.shows(".note").await;
    press(&page.get(".number"), " ");
    page.hides(".note").await;
}

#[wasm_bindgen_test]
async fn a_claim_can_be_pressed_and_another_note_takes_its_place() {
    let page = published("claims").await;
    page.get(".claim").click();
    page.shows(".note").await;
    let second: HtmlElement = page.get("ul .number");
    second.click();
    until("the second note is open", || page.texts(".note b") == ["Саймаити"]).await;
    assert_eq!(page.texts(".note").len(), 1);
    assert_eq!(page.get(".note b").get_attribute("lang").unwrap(), "ru");
}

#[wasm_bindgen_test]
async fn sources_are_listed_with_outlet_dates_language_and_archive() {
    let page = published("sources").await;
    let sources = page.texts(".sources li");
    assert_eq!(sources.len(), 2);
    assert_eq!(
        sources[0],
        "A joint statement. Five organisations, Statements, December 2019, p. 2. blocked for some 24 hours\
         English · read 12 November 2026 · archived copy"
    );
    assert_eq!(sources[1], "Саймаити. Kloop.Russian");
    assert_eq!(
        page.get(".sources small a").get_attribute("href").unwrap(),
        "https://archive.example/1"
    );
}

#[wasm_bindgen_test]
async fn languages_change_in_place() {
    let editions = ["en", "ru"];
    put(
        "two.example",
        &files(
            &release("languages", &story("en", "A day of silence"), &editions, None),
            Signers::Both,
        ),
    );
    put(
        "two.example",
        &files(
            &release("languages", &story("ru", "День тишины"), &editions, None),
            Signers::Both,
        ),
    );
    let page = Page::open("languages", "en", &["two.example"]);
    page.shows("article").await;
    assert_eq!(page.texts(".languages button"), ["Русский", "English"]);
    page.get(".languages button[lang=ru]").click();
    until("the Russian edition is shown", || {
        page.texts(".headline") == ["День тишины"]
    })
    .await;
    assert_eq!(page.get(".komuz").get_attribute("lang").unwrap(), "ru");
    assert_eq!(page.texts(".signed h3"), ["Кто это подписал"]);
    assert_eq!(page.texts(".languages button[aria-current]"), ["Русский"]);
}

#[wasm_bindgen_test]
async fn a_language_that_cannot_be_checked_leaves_the_one_that_was() {
    let editions = ["en", "ky"];
    put(
        "half.example",
        &files(
            &release("half", &story("en", "A day of silence"), &editions, None),
            Signers::Both,
        ),
    );
    let page = Page::open("half", "en", &["half.example"]);
    page.shows("article").await;
    page.get(".languages button[lang=ky]").click();
    until("it is said", || !page.texts(".said").concat().is_empty()).await;
    assert_eq!(page.texts(".headline"), ["A day of silence"]);
    assert_eq!(page.texts(".languages button[aria-current]"), ["English"]);
}

#[wasm_bindgen_test]
async fn a_correction_shows_what_went_and_what_came() {
    let first = release("corrected", &story("en", "A day of silence"), &["en"], None);
    let mut words = story("en", "A day of silence");
    words.blocks[0].text[0].text = words.blocks[0].text[0].text.replace("November", "December");
    put(
        "three.example",
        &files(&release("corrected", &words, &["en"], Some(&first)), Signers::Both),
    );
    let page = Page::open("corrected", "en", &["three.example"]);
    let correction = page.shows(".correction").await;
    assert!(
        correction
            .text_content()
            .unwrap()
            .contains("The statement is of December.")
    );
    assert!(page.texts(".correction")[0].starts_with("Corrected on 18 December 2026"));
    assert_eq!(page.texts(".notices del"), ["November"]);
    assert_eq!(page.texts(".notices ins"), ["December"]);
    // The list leads to the block, the block to the list, and the page's address stays.
    let address = document().location().unwrap().href().unwrap();
    page.get(".notices li li a").click();
    assert_eq!(page.focused(), "Correction");
    page.get(".mark a").click();
    assert!(page.focused().starts_with("Correction. Corrected on"));
    page.get(".correction a").click();
    assert_eq!(page.focused(), "What has changed");
    assert_eq!(document().location().unwrap().href().unwrap(), address);
}

#[wasm_bindgen_test]
async fn notices_are_listed_newest_first() {
    let first = release("noticed", &story("en", "A day of silence"), &["en"], None);
    let second = release("noticed", &story("en", "Two days of silence"), &["en"], Some(&first));
    let third = release("noticed", &story("en", "Three days of silence"), &["en"], Some(&second));
    put("noticed.example", &files(&third, Signers::Both));
    let page = Page::open("noticed", "en", &["noticed.example"]);
    page.shows(".notices").await;
    assert_eq!(page.texts(".notices p small"), ["Release 3", "Release 2"]);
    assert_eq!(page.texts(".notices del"), ["Two", "A day"]);
}

#[wasm_bindgen_test]
async fn a_retraction_stands_over_the_story_and_closes_its_text() {
    let first = release("withdrawn", &story("en", "A day of silence"), &["en"], None);
    let mut second = release("withdrawn", &story("en", "A day of silence"), &["en"], Some(&first));
    second.supersedes.as_mut().unwrap().kind = Kind::Retraction;
    put("withdrawn.example", &files(&second, Signers::Both));
    let page = Page::open("withdrawn", "en", &["withdrawn.example"]);
    let notice = page.shows(".retraction").await.text_content().unwrap();
    assert!(notice.contains("The newsrooms have withdrawn this story."));
    assert!(notice.contains("Retracted on 18 December 2026") && notice.contains("The statement is of December."));
    assert_eq!(page.texts(".headline"), ["Retraction: A day of silence"]);
    assert!(!page.get("details").has_attribute("open"));
    assert!(
        page.texts("details > summary")
            .concat()
            .contains("Show the withdrawn text")
    );
    assert!(page.texts("details [part=text]").len() > 1);
    assert!(!page.texts(".sources li").is_empty() && page.texts("details .sources").is_empty());
}

#[wasm_bindgen_test]
async fn the_pages_css_does_not_reach_in() {
    let style = document().create_element("style").unwrap();
    style.set_text_content(Some(
        "html { font-size: 62.5% } * { letter-spacing: .3em; color: crimson; text-transform: uppercase; word-spacing: 1em; \
         font: italic 700 9px/1 monospace; text-align: right; visibility: visible; text-indent: 4em; cursor: crosshair }",
    ));
    document().head().unwrap().append_child(&style).unwrap();
    let page = published("host-css").await;
    let css = |selector: &str, name: &str| {
        let style = web_sys::window()
            .unwrap()
            .get_computed_style(&page.get(selector))
            .unwrap()
            .unwrap();
        style.get_property_value(name).unwrap()
    };
    for (name, value) in [
        ("letter-spacing", "normal"),
        ("color", "rgb(28, 26, 23)"),
        ("text-transform", "none"),
        ("word-spacing", "0px"),
        ("font-style", "normal"),
        ("font-weight", "400"),
        ("font-size", "18px"),
        ("text-align", "start"),
        ("text-indent", "0px"),
        ("cursor", "auto"),
    ] {
        assert_eq!(css("p.block", name), value, "{name}");
    }
    style.remove();
}

#[wasm_bindgen_test]
async fn attributes_can_change_while_the_story_is_on_the_page() {
    let mut page = published("attributes").await;
    assert_eq!(page.get(".komuz").get_attribute("data-theme").unwrap(), "light");
    page.host.set_attribute("data-komuz-theme", "dark").unwrap();
    page.reader.update();
    until("it is dark", || {
        page.get(".komuz").get_attribute("data-theme").unwrap() == "dark"
    })
    .await;
    // Moved in the page, it goes on as it is.
    let parent = document().create_element("section").unwrap();
    document().body().unwrap().append_child(&parent).unwrap();
    parent.append_child(page.host.unchecked_ref()).unwrap();
    page.get(".number").click();
    page.shows(".note").await;
}
