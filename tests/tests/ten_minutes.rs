//! The ten-minute test: from a Google Docs export to a corrected story on three sites, without a command line.
#![cfg(not(feature = "no-browsers"))]

use komuz_tests::browser::{Browser, Engine};
use komuz_tests::desk::Desk;
use komuz_tests::process::{Server, files_with, root};
use komuz_tests::site::{STRICT, Site, page};

/// Waits until a page shows a checked release with a text in it.
async fn verified(browser: &Browser, text: &str) {
    // The element shows its own article only after everything was checked; until then the page's own stands.
    let script = r"
const hosts = [...document.querySelectorAll('komuz-story, [data-komuz-story]')];
return hosts.some(host => host.shadowRoot?.querySelector('[part=story]')?.textContent.includes(arguments[0]));";
    browser
        .until(&format!("a checked story with {text:?}"), script, vec![text.into()])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_export_with_footnotes_to_a_correction_on_every_page() {
    let data = tempfile::tempdir().expect("a folder");
    let (one, two) = (
        Server::start(&data.path().join("one")),
        Server::start(&data.path().join("two")),
    );

    // A Google Docs export with footnotes goes in, notes become sources.
    let first = Desk::found(Engine::Chromium, &one, "Dark sites", "Ala-Too Desk", "Aizada").await;
    first.new_story("en", "Draft").await;
    first
        .import(&root().join("crates/import/tests/samples/google-docs.html"))
        .await;
    first.reads("One of them could not be reached for about 24 hours").await;
    first.browser.click("[data-test=\"tab-sources\"]").await;
    first
        .browser
        .find_with("[data-test=\"source\"]", "Reporting on Corruption")
        .await;

    // A second outlet is invited and joins.
    let link = first.invite("Issyk Wire").await;
    let (second, code) = Desk::join(Engine::Chromium, &two, &link, "Ильяс", "issyk-wire.example").await;
    first.confirm(&code).await;
    first.open_edition("en").await;
    second.open_edition("en").await;
    second
        .reads("One of them could not be reached for about 24 hours")
        .await;

    // Both write.
    second.type_at_end(" Сайт кайра ачылды.").await;
    first.reads("Сайт кайра ачылды.").await;
    first.type_at_end(" Twice.").await;
    second.reads("Twice.").await;
    first.in_sync().await;
    second.in_sync().await;
    for server in [&one, &two] {
        for word in ["could not be reached", "кайра ачылды", "Aizada", "Issyk Wire"] {
            assert!(
                files_with(server.data(), word).is_empty(),
                "a server's files hold {word:?}"
            );
        }
    }

    // The second outlet puts it into its own language.
    second.new_edition("ky", "Сайт бир күн жабык турду").await;
    second
        .type_at_end("Бир нече редакцияга бир учурда чабуул жасалды.")
        .await;
    first.open_edition("ky").await;
    first.reads("чабуул жасалды.").await;
    first.in_sync().await;
    second.in_sync().await;

    // Both sign both editions, an editor publishes, each takes its snippet in its language.
    second.sign().await;
    first.signed(1, 2).await;
    first.sign().await;
    second.signed(2, 2).await;
    second.publish().await;
    let (_, kyrgyz) = second.snippets().await;
    first.open_edition("en").await;
    second.open_edition("en").await;
    first.sign().await;
    second.signed(1, 2).await;
    second.sign().await;
    first.signed(2, 2).await;
    first.publish().await;
    let (english, _) = first.snippets().await;
    let sites = [
        Site::start(None).await,
        Site::start(None).await,
        Site::start(Some(STRICT)).await,
    ];
    let pages = [
        sites[0].page("/story", page(&english)),
        sites[2].page("/story", page(&english)),
    ];
    let kyrgyz = sites[1].page("/story", page(&kyrgyz));
    let reader = Browser::start(Engine::Chromium).await;
    for address in &pages {
        reader.open(address).await;
        verified(&reader, "about 24 hours").await;
    }
    reader.open(&kyrgyz).await;
    verified(&reader, "чабуул жасалды.").await;

    // One word is corrected, all pages show it.
    first.replace("Several", "Three").await;
    second.reads("Three newsrooms").await;
    first.in_sync().await;
    second.in_sync().await;
    first.sign_correction("The number was known.").await;
    second.signed(1, 2).await;
    second.sign().await;
    first.signed(2, 2).await;
    first.publish().await;
    for address in &pages {
        reader.open(address).await;
        verified(&reader, "Three newsrooms").await;
        verified(&reader, "The number was known.").await;
    }
    // Readers of the Kyrgyz page have the corrected text in the place of theirs.
    reader.open(&kyrgyz).await;
    verified(&reader, "чабуул жасалды.").await;
    reader.click("[data-komuz-story] >>> button[lang=en]").await;
    verified(&reader, "Three newsrooms").await;
    for browser in [first.browser, second.browser, reader] {
        browser.close().await;
    }
}
