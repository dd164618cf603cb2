//! What readers get: a checked story in every engine under the strictest policy, and never a forged one.
#![cfg(not(feature = "no-browsers"))]

use komuz_tests::browser::{Browser, Engine};
use komuz_tests::published::Published;
use komuz_tests::site::{STRICT, Site, page};

/// Waits until the page shows a checked release with a text in it.
async fn verified(browser: &Browser, text: &str) {
    browser.find_with("[part=story]", text).await;
}

async fn strict_site(published: &Published) -> (Site, String) {
    let site = Site::start(Some(STRICT)).await;
    let address = site.page("/story", page(&published.element("en")));
    (site, address)
}

/// A reader in one engine: the story is checked, a note opens, languages change in place.
async fn reads(engine: Engine, published: &Published) {
    let (_site, address) = strict_site(published).await;
    let browser = Browser::start(engine).await;
    browser.open(&address).await;
    verified(&browser, "Kloop").await;
    browser.click("[part=story] .number").await;
    browser.find("[part=story] [aria-expanded=true]").await;
    browser.click("[part=story] button[lang=ky]").await;
    browser.find(".komuz[lang=ky] [part=story]").await;
    verified(&browser, "иликтөө").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_checked_in_every_engine_under_the_strictest_policy() {
    let published = Published::start();
    for engine in [Engine::Chromium, Engine::Firefox, Engine::WebKit] {
        reads(engine, &published).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_copy_is_never_shown_as_genuine() {
    let mut published = Published::start();
    let (_site, address) = strict_site(&published).await;
    let browser = Browser::start(Engine::Chromium).await;

    // One server lies: the next mirror is asked, and what is shown is what was signed.
    published.spoil(0, "release.json", "Kloop", "Klopp");
    browser.open(&address).await;
    verified(&browser, "Kloop").await;
    browser.gone(".notice.refused").await;

    // One server is down and another lies: the third is enough.
    published.servers[1].kill();
    browser.open(&address).await;
    verified(&browser, "Kloop").await;
    published.servers[1].restart();

    // All lie, to somebody who has no copy of before: the page's own article stands, and is marked.
    browser.close().await;
    let browser = Browser::start(Engine::Chromium).await;
    published.spoil(1, "release.json", "Kloop", "Klopp");
    published.spoil(2, "release.json", "Kloop", "Klopp");
    browser.open(&address).await;
    browser
        .find_with(".notice.refused", "This copy is not what the newsrooms signed.")
        .await;
    browser.find_with("komuz-story article", "as it was pasted").await;
    assert!(browser.look("[part=story]", Some("Klopp")).await.is_none());

    // Nobody answers: the article stands, and says that nobody checked it.
    for server in &mut published.servers {
        server.kill();
    }
    browser.open(&address).await;
    browser.find(".notice").await;
    browser.find_with("komuz-story article", "as it was pasted").await;
    assert!(browser.look(".notice.refused", None).await.is_none());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_includes_the_loader_twice_starts_each_story_once() {
    let published = Published::start();
    let site = Site::start(None).await;
    // The site's own loader, and the one that the snippet of the desk names.
    let body = format!(
        "<script>window.checked = []; \
         addEventListener('komuz-verified', (event) => checked.push(event.detail.signed.join()))</script>\
         <script type=module src=\"{}/embed/komuz.js\"></script>\
         <div data-komuz-story=\"{}\" data-komuz-fingerprint=\"{}\" data-komuz-number=1 lang=en><p>As pasted</p></div>",
        published.servers[0].origin,
        published.at(0),
        published.fingerprint
    );
    let address = site.page("/twice", page(&body));
    let browser = Browser::start(Engine::Chromium).await;
    browser.open(&address).await;
    verified(&browser, "Kloop").await;
    let loaded = browser
        .until(
            "both loaders have run",
            "const wasm = performance.getEntriesByType('resource').filter((it) => it.name.endsWith('_bg.wasm')); \
             return document.readyState === 'complete' && [wasm.length, ...window.checked]",
            vec![],
        )
        .await;
    assert_eq!(loaded, serde_json::json!([1, "alatoo,issyk,naryn"]));
    browser.close().await;
}
