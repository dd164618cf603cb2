//! The three browser engines start under our harness and run what the pages are made of.
#![cfg(not(feature = "no-browsers"))]

use komuz_tests::browser::{Browser, Engine};

async fn paints(engine: Engine) {
    let browser = Browser::start(engine).await;
    browser.open("data:text/html;charset=utf-8,<p id=a>Ң Ө Ү</p>").await;
    assert_eq!(browser.text("#a").await, "Ң Ө Ү");
    let wasm = browser
        .script(
            "return typeof WebAssembly === 'object' && 'attachShadow' in document.body",
            vec![],
        )
        .await;
    assert_eq!(wasm, true);
    assert!(browser.picture().await.starts_with(b"\x89PNG"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium() {
    paints(Engine::Chromium).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox() {
    paints(Engine::Firefox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webkit() {
    paints(Engine::WebKit).await;
}
