//! Drives the demo and writes pictures of its pages and states: `shots FOLDER [PART…]`. At 1280 and 390 px, light and dark,
//! the reader and the desk in each language. A part is the beginning of the pictures' names (`desk-ky`, `reader`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use komuz_tests::browser::{Browser, Engine};
use komuz_tests::desk::{Desk, TEXT};
use komuz_tests::process::{Running, root};
use serde_json::json;

/// Widths and heights of the windows.
const SIZES: [(u32, u32); 2] = [(1280, 900), (390, 844)];
/// Languages of the interface and of the story.
const LANGUAGES: [&str; 3] = ["en", "ru", "ky"];
/// A word of the desk's first page in each.
const WELCOME: [&str; 3] = ["nvestigation", "асследован", "ликтөө"];

type Result<T = ()> = std::result::Result<T, String>;

/// Where the pictures go, and which are wanted.
struct Gallery {
    folder: PathBuf,
    parts: Vec<String>,
    pages: BTreeMap<String, String>,
}

impl Gallery {
    fn wanted(&self, name: &str) -> bool {
        self.parts.is_empty()
            || self
                .parts
                .iter()
                .any(|part| name.starts_with(part.as_str()) || part.starts_with(name))
    }

    fn page(&self, name: &str) -> Result<String> {
        let page = self.pages.get(name).cloned();
        page.ok_or_else(|| format!("the demo did not say where {name} is"))
    }

    /// Pictures of what is shown, as it is and scrolled to an element.
    async fn pictures(&self, browser: &Browser, name: &str, to: Option<&str>) -> Result {
        self.taken(browser, name, to, false).await
    }

    /// Pictures of the desk's side column, which on a telephone lies over the text.
    async fn side(&self, browser: &Browser, name: &str, to: Option<&str>) -> Result {
        self.taken(browser, name, to, true).await
    }

    async fn taken(&self, browser: &Browser, name: &str, to: Option<&str>, side: bool) -> Result {
        if !self.wanted(name) {
            return Ok(());
        }
        for (width, height) in SIZES {
            size(browser, width, height).await;
            let sheet = side && width < 600;
            if sheet {
                browser.click("[data-test=\"side-open\"]").await;
                browser.find(".side-sheet").await;
            }
            for theme in ["light", "dark"] {
                let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
                browser.devtools("Emulation.setEmulatedMedia", media).await;
                if let Some(css) = to {
                    let element = browser.find(css).await;
                    let element = json!(element);
                    browser
                        .script("arguments[0].scrollIntoView({ block: 'center' })", vec![element])
                        .await;
                }
                // Two frames, so that what answers to the size and the scheme has been painted.
                browser
                    .until(
                        "the page is painted",
                        "const seen = window.komuzFrames ??= { n: 0 }; requestAnimationFrame(() => seen.n++); \
                         if (seen.n > 2) { window.komuzFrames = null; return true } return false",
                        vec![],
                    )
                    .await;
                let path = self.folder.join(format!("{name}-{width}-{theme}.png"));
                std::fs::write(&path, browser.picture().await)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
            }
            if sheet {
                browser.click(".side .sheet-close").await;
                browser.gone(".side-sheet").await;
            }
        }
        size(browser, SIZES[0].0, SIZES[0].1).await;
        Ok(())
    }
}

async fn size(browser: &Browser, width: u32, height: u32) {
    let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
    browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
}

/// Starts the demo and waits until it has said where its pages are; or takes the one whose addresses `KOMUZ_DEMO` names.
fn demo(folder: &Path) -> Result<(Option<Running>, BTreeMap<String, String>)> {
    let read = |addresses: &Path| -> Option<BTreeMap<String, String>> {
        serde_json::from_slice(&std::fs::read(addresses).ok()?).ok()
    };
    if let Some(addresses) = std::env::var_os("KOMUZ_DEMO") {
        let pages = read(Path::new(&addresses)).ok_or("KOMUZ_DEMO names no file that a demo wrote")?;
        return Ok((None, pages));
    }
    let addresses = folder.join("addresses.json");
    // A file of an earlier run would be believed too soon; that there is none is what is wanted.
    let _ = std::fs::remove_file(&addresses);
    let mut command = Command::new("cargo");
    command
        .args(["xtask", "demo", "--addresses"])
        .arg(&addresses)
        .current_dir(root());
    let running = Running::start(&mut command);
    let start = Instant::now();
    loop {
        if let Some(pages) = read(&addresses) {
            return Ok((Some(running), pages));
        }
        if start.elapsed() > Duration::from_secs(900) {
            return Err("the demo did not come up".to_owned());
        }
        std::thread::yield_now();
    }
}

/// The outlets' pages and the reader's.
async fn readers(gallery: &Gallery) -> Result {
    let browser = Browser::start(Engine::Chromium).await;
    browser.open(&gallery.page("site:index")?).await;
    gallery.pictures(&browser, "index", None).await?;
    for site in ["alatoo", "issyk", "naryn", "reader"] {
        if !gallery.wanted(site) {
            continue;
        }
        browser.open(&gallery.page(&format!("site:{site}"))?).await;
        browser.find("[part=story]").await;
        gallery.pictures(&browser, site, None).await?;
        if site == "reader" {
            for lang in LANGUAGES {
                browser.click(&format!("[part=story] button[lang={lang}]")).await;
                browser.find(&format!(".komuz[lang={lang}] [part=story]")).await;
                gallery.pictures(&browser, &format!("reader-{lang}"), None).await?;
                browser.click("[part=story] .number").await;
                let open = "[part=story] [aria-expanded=true]";
                browser.find(open).await;
                gallery
                    .pictures(&browser, &format!("reader-{lang}-note"), Some(open))
                    .await?;
                let foot = "[part=story] .signed";
                gallery
                    .pictures(&browser, &format!("reader-{lang}-foot"), Some(foot))
                    .await?;
                browser.click(open).await;
            }
        } else {
            browser
                .open(&format!("{}/newsroom.html", gallery.page(&format!("site:{site}"))?))
                .await;
            browser.find("komuz-desk").await;
            gallery.pictures(&browser, &format!("{site}-newsroom"), None).await?;
        }
    }
    browser.close().await;
    Ok(())
}

/// A dialog: opened, taken, closed.
async fn dialog(gallery: &Gallery, desk: &Desk, hook: &str, dialog: &str, name: &str) -> Result {
    if !gallery.wanted(name) {
        return Ok(());
    }
    desk.browser.click(&format!("[data-test=\"{hook}\"]")).await;
    desk.browser.find(&format!("[data-test=\"{dialog}\"]")).await;
    gallery.pictures(&desk.browser, name, None).await?;
    desk.close_dialog(dialog).await;
    Ok(())
}

/// A confidential source's title in each language, three words of weight and more.
const SECRET: [&str; 3] = [
    "Ledger of the northern customs gate",
    "Журнал северных таможенных ворот",
    "Түндүк бажы дарбазасынын журналы",
];

/// The panel beside the text: what was found, and what the newsrooms know.
async fn panel(gallery: &Gallery, desk: &Desk, lang: &str, secret: &str) -> Result {
    let browser = &desk.browser;
    let name = |state: &str| format!("desk-{lang}-panel-{state}");
    if !gallery.wanted(&format!("desk-{lang}-panel")) {
        return Ok(());
    }
    browser.click("[data-test=\"tab-checks\"]").await;
    browser.find("[data-test=\"panel\"] [role=tablist]").await;
    gallery.side(browser, &name("found"), None).await?;
    browser.click("[data-test=\"panel-claims\"]").await;
    gallery.side(browser, &name("claims"), None).await?;
    browser.click("[data-test=\"claim\"] .head").await;
    let card = Some(".unfolded");
    gallery.side(browser, &name("claim"), Some(".unfolded .head")).await?;
    let evidence = Some("[data-test=\"evidence\"]");
    gallery.side(browser, &name("claim-evidence"), evidence).await?;
    gallery
        .side(browser, &name("claim-check"), Some("[data-test=\"claim-remove\"]"))
        .await?;
    browser.click("[data-test=\"panel-sources\"]").await;
    browser.click("[data-test=\"source-new\"]").await;
    browser.fill("[data-test=\"source-title\"]", secret).await;
    browser.choose("[data-test=\"source-what\"]", "document").await;
    browser.choose("[data-test=\"source-secrecy\"]", "confidential").await;
    gallery.side(browser, &name("source-new"), None).await?;
    browser.click("[data-test=\"source-add\"]").await;
    browser.find_with(".unfolded", secret).await;
    gallery.side(browser, &name("source"), card).await?;
    browser.click("[data-test=\"panel-people\"]").await;
    gallery.side(browser, &name("people"), None).await?;
    browser.click("[data-record=\"e-kloop\"] .head").await;
    gallery.side(browser, &name("person"), Some(".unfolded .head")).await?;
    gallery
        .side(browser, &name("reply"), Some("[data-test=\"reply\"]"))
        .await?;
    if lang != LANGUAGES[0] {
        browser.click("[data-test=\"panel-translation\"]").await;
        gallery.side(browser, &name("translation"), None).await?;
    }
    browser.click("[data-test=\"panel-outlet\"]").await;
    gallery.side(browser, &name("outlet"), None).await?;
    gallery
        .side(browser, &name("policy"), Some("[data-test=\"policy-sources\"]"))
        .await?;

    browser.choose("[data-test=\"export\"]", "json").await;
    browser.find("[data-test=\"dialog-export\"]").await;
    gallery.pictures(browser, &name("export"), None).await?;
    desk.close_dialog("dialog-export").await;

    // A correction whose reason gives the source away; taken back afterwards.
    desk.type_at_end(" 2020.").await;
    browser.click("[data-test=\"review\"]").await;
    browser
        .fill("[data-test=\"dialog-review\"] [name=reason]", secret)
        .await;
    browser.click("[data-test=\"set-reason\"]").await;
    browser
        .find_with("[data-test=\"dialog-review\"] [data-test=\"finding\"]", secret)
        .await;
    gallery
        .pictures(browser, &name("review"), Some("[data-test=\"panel-brief\"]"))
        .await?;
    gallery
        .pictures(browser, &name("correction"), Some("[data-test=\"correction\"]"))
        .await?;
    desk.close_dialog("dialog-review").await;
    desk.undo_until_gone(" 2020.").await;

    // A second story, so that there is a series.
    browser.click("[data-test=\"go-stories\"]").await;
    if browser.look(".plainly > .card:nth-of-type(2)", None).await.is_none() {
        desk.new_story(lang, secret).await;
        browser.click("[data-test=\"go-stories\"]").await;
        for part in 1..=2 {
            browser
                .click(&format!(
                    ".plainly > .card:nth-of-type({part}) [data-test=\"part-make\"]"
                ))
                .await;
            browser
                .find(&format!(
                    ".plainly > .card:nth-of-type({part}) [data-test=\"part-not\"]"
                ))
                .await;
        }
    }
    gallery.pictures(browser, &name("series"), None).await
}

/// The desk in a language of its interface.
async fn desk(gallery: &Gallery, lang: &str, word: &str, secret: &str) -> Result {
    let name = |state: &str| format!("desk-{lang}-{state}");
    if !gallery.wanted(&format!("desk-{lang}")) {
        return Ok(());
    }
    let address = gallery.page("desk:alatoo")?;
    let desk = Desk::open(Engine::Chromium, &address).await;
    let browser = &desk.browser;
    browser.find("[data-test=\"welcome\"]").await;
    browser.choose("[data-test=\"language\"]", lang).await;
    browser.find_with("[data-test=\"welcome\"]", word).await;
    gallery.pictures(browser, &name("welcome"), None).await?;
    let backup = root().join("target/demo/alatoo.komuz-backup");
    desk.restore(&backup, &gallery.page("passphrase")?).await;
    browser.click("[data-test=\"go-stories\"]").await;
    gallery.pictures(browser, &name("stories"), None).await?;
    desk.open_edition(lang).await;
    browser.find_with(TEXT, "Kloop").await;
    gallery.pictures(browser, &name("story"), None).await?;
    browser.click("[data-test=\"tab-sources\"]").await;
    gallery.pictures(browser, &name("story-sources"), None).await?;
    let words = "Kloop";
    desk.select(words).await;
    dialog(gallery, &desk, "tool-cite", "dialog-cite", &name("cite")).await?;
    desk.select(words).await;
    dialog(gallery, &desk, "tool-comment", "dialog-comment", &name("comment")).await?;
    dialog(gallery, &desk, "review", "dialog-review", &name("review")).await?;
    dialog(gallery, &desk, "snippet", "dialog-snippet", &name("snippet")).await?;
    for place in ["sources", "people", "servers", "device"] {
        browser.click(&format!("[data-test=\"go-{place}\"]")).await;
        gallery.pictures(browser, &name(place), None).await?;
        if place == "people" {
            dialog(gallery, &desk, "invite", "dialog-invite", &name("invite")).await?;
        }
    }
    browser.click("[data-test=\"go-stories\"]").await;
    desk.open_edition(lang).await;
    panel(gallery, &desk, lang, secret).await?;
    desk.browser.close().await;
    Ok(())
}

async fn shots(folder: &Path, parts: Vec<String>) -> Result {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (_demo, pages) = demo(folder)?;
    let gallery = Gallery {
        folder: folder.to_path_buf(),
        parts,
        pages,
    };
    readers(&gallery).await?;
    for ((lang, word), secret) in LANGUAGES.into_iter().zip(WELCOME).zip(SECRET) {
        desk(&gallery, lang, word, secret).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(folder) = args.next() else {
        eprintln!("shots FOLDER [PART…]");
        return ExitCode::from(2);
    };
    match shots(Path::new(&folder), args.collect()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shots: {error}");
            ExitCode::FAILURE
        }
    }
}
