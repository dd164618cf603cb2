//! What is never shown as genuine.

use komuz_release::release::Release;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::network::{put, spoil};
use crate::page::{Page, until};
use crate::press::{Signers, files, release, story};

fn first(id: &str) -> Release {
    release(id, &story("en", "A day of silence"), &["en"], None)
}

/// Opens a page and waits until it is marked as refused, for this reason.
async fn refused(id: &str, hosts: &[&str], code: &str, sentence: &str) -> Page {
    let page = Page::open(id, "en", hosts);
    let notice = page.shows(".notice.refused").await;
    assert_eq!(page.told("komuz-refused", "code").unwrap().as_string().unwrap(), code);
    assert!(
        !page
            .told("komuz-refused", "reason")
            .unwrap()
            .as_string()
            .unwrap()
            .is_empty()
    );
    let said = notice.text_content().unwrap();
    assert!(said.contains(sentence), "{said}");
    assert!(page.article_stands(), "the page's article stays, marked");
    assert!(page.find(".refused-text slot").is_some());
    page
}

#[wasm_bindgen_test]
async fn one_flipped_byte_of_the_release() {
    put("flip.example", &files(&first("flip"), Signers::Both));
    spoil("flip.example", "release.json", |bytes| {
        let at = bytes.windows(6).position(|w| w == b"silent").unwrap();
        bytes[at] ^= 1;
    });
    refused(
        "flip",
        &["flip.example"],
        "file",
        "This copy is not what the newsrooms signed.",
    )
    .await;
}

#[wasm_bindgen_test]
async fn one_flipped_byte_of_the_signatures() {
    put("sig.example", &files(&first("sig"), Signers::Both));
    spoil("sig.example", "signatures.json", |bytes| {
        // A letter of the last signature.
        let at = bytes.len() - 30;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    });
    refused(
        "sig",
        &["sig.example"],
        "signature",
        "This copy is not what the newsrooms signed.",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_missing_signature() {
    put("missing.example", &files(&first("missing"), Signers::One));
    refused(
        "missing",
        &["missing.example"],
        "missing",
        "Not every newsroom has signed this copy.",
    )
    .await;
}

#[wasm_bindgen_test]
async fn an_older_number_than_one_already_seen() {
    let old = first("older");
    let mut words = story("en", "A day of silence");
    words.summary = "What was held, and by whom.".to_owned();
    put(
        "new.example",
        &files(&release("older", &words, &["en"], Some(&old)), Signers::Both),
    );
    put("old.example", &files(&old, Signers::Both));
    Page::open("older", "en", &["new.example"]).shows("article").await;
    refused(
        "older",
        &["old.example"],
        "older",
        "This copy is older than one that is known already.",
    )
    .await;
}

#[wasm_bindgen_test]
async fn an_older_number_than_the_page_was_made_from_at_a_first_visit() {
    let old = first("floor");
    put("floor.example", &files(&old, Signers::Both));
    let page = Page::with("floor", "en", &["floor.example"], &[("data-komuz-number", "2")]);
    let notice = page.shows(".notice.refused").await;
    assert!(
        notice
            .text_content()
            .unwrap()
            .contains("older than one that is known already")
    );
    assert_eq!(page.told("komuz-refused", "code").unwrap(), "older");
    // With the page's own number it is shown.
    Page::with("floor", "en", &["floor.example"], &[("data-komuz-number", "1")])
        .shows("article")
        .await;
}

#[wasm_bindgen_test]
async fn two_mirrors_with_different_releases_under_one_number() {
    let one = first("two");
    let other = release("two", &story("en", "A day of noise"), &["en"], None);
    put("one.example", &files(&one, Signers::Both));
    put("other.example", &files(&other, Signers::Both));
    let page = Page::open("two", "en", &["one.example", "other.example"]);
    let notice = page.shows(".notice.refused").await;
    assert_eq!(page.told("komuz-refused", "code").unwrap(), "two");
    assert!(
        notice
            .text_content()
            .unwrap()
            .contains("differs from another one with the same number")
    );
    assert!(page.article_stands());
}

#[wasm_bindgen_test]
async fn an_address_under_another_fingerprint_than_the_pinned_one() {
    put("pinned.example", &files(&first("pinned"), Signers::Both));
    let other = "0".repeat(64);
    let page = Page::with(
        "pinned",
        "en",
        &["pinned.example"],
        &[("data-komuz-fingerprint", &other)],
    );
    page.shows(".notice.refused").await;
    assert_eq!(page.told("komuz-refused", "code").unwrap(), "key");
    assert!(page.article_stands());
}

#[wasm_bindgen_test]
async fn one_flipped_byte_of_the_masthead() {
    put("mast.example", &files(&first("mast"), Signers::Both));
    spoil("mast.example", "masthead.json", |bytes| {
        let at = bytes.len() - 30;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    });
    refused(
        "mast",
        &["mast.example"],
        "masthead",
        "was not signed with the keys of the newsrooms",
    )
    .await;
}

#[wasm_bindgen_test]
async fn one_flipped_byte_of_the_latest() {
    put("late.example", &files(&first("late"), Signers::Both));
    spoil("late.example", "latest.json", |bytes| {
        let at = bytes.len() - 30;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    });
    refused(
        "late",
        &["late.example"],
        "signature",
        "This copy is not what the newsrooms signed.",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_signature_with_a_key_that_the_outlet_does_not_have() {
    put("key.example", &files(&first("key"), Signers::Stranger));
    refused(
        "key",
        &["key.example"],
        "key",
        "was not signed with the keys of the newsrooms",
    )
    .await;
}

#[wasm_bindgen_test]
async fn the_next_mirror_is_asked_when_one_lies_or_is_down() {
    let signed = files(&first("mirrors"), Signers::Both);
    put("liar.example", &signed);
    put("good.example", &signed);
    spoil("liar.example", "mirrors/en/latest.json", |bytes| bytes[20] ^= 1);
    let page = Page::open("mirrors", "en", &["liar.example", "down.example", "good.example"]);
    page.shows("article").await;
    assert_eq!(
        page.told("komuz-verified", "mirror").unwrap().as_string().unwrap(),
        "https://good.example"
    );
}

#[wasm_bindgen_test]
async fn a_slower_mirror_with_a_newer_release_wins() {
    let old = first("newer");
    let mut words = story("en", "A day of silence, corrected");
    words.summary = "What was held, and by whom.".to_owned();
    put("fast.example", &files(&old, Signers::Both));
    put(
        "slow.example",
        &files(&release("newer", &words, &["en"], Some(&old)), Signers::Both),
    );
    let page = Page::open("newer", "en", &["fast.example", "slow.example"]);
    until("the newer one is shown", || {
        page.texts(".headline") == ["A day of silence, corrected"]
    })
    .await;
}

#[wasm_bindgen_test]
async fn when_no_mirror_answers_the_article_says_that_it_was_not_checked() {
    let page = Page::with(
        "down",
        "ru",
        &["down.example"],
        &[("data-komuz-copy", "https://outlet.example/story")],
    );
    let notice = page.shows(".notice").await;
    assert!(!notice.class_list().contains("refused"));
    assert!(
        notice
            .text_content()
            .unwrap()
            .starts_with("В этом браузере не проверено.")
    );
    assert_eq!(
        page.get(".notice a").get_attribute("href").unwrap(),
        "https://outlet.example/story"
    );
    assert!(page.article_stands());
    assert!(page.told("komuz-refused", "code").is_none());
}
