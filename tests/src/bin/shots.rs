//! Drives the demo and writes pictures of its pages: `shots FOLDER`. At 1280 and 390 px, light and dark; the reader in each
//! language, the desk before and after a device was brought back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use komuz_tests::browser::{Browser, Engine};
use komuz_tests::process::{Running, root};
use serde_json::json;

/// Widths and heights of the windows.
const SIZES: [(u32, u32); 2] = [(1280, 900), (390, 844)];

/// Starts the demo and waits until it has said where its pages are.
fn demo(folder: &Path) -> Result<(Running, BTreeMap<String, String>), String> {
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
        if let Some(read) = std::fs::read(&addresses)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
        {
            return Ok((running, read));
        }
        if start.elapsed() > Duration::from_secs(900) {
            return Err("the demo did not come up".to_owned());
        }
        std::thread::yield_now();
    }
}

async fn picture(browser: &Browser, folder: &Path, name: &str) -> Result<(), String> {
    for (width, height) in SIZES {
        for theme in ["light", "dark"] {
            let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
            browser.devtools("Emulation.setEmulatedMedia", media).await;
            let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
            browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
            // Two frames, so that what answers to the size and the scheme has been painted.
            browser
                .until(
                    "the page is painted",
                    "const seen = window.komuzFrames ??= { n: 0 }; requestAnimationFrame(() => seen.n++); \
                     if (seen.n > 2) { window.komuzFrames = null; return true } return false",
                    vec![],
                )
                .await;
            let path: PathBuf = folder.join(format!("{name}-{width}-{theme}.png"));
            std::fs::write(&path, browser.picture().await).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(())
}

async fn shots(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (_demo, pages) = demo(folder)?;
    let page = |name: &str| {
        pages
            .get(name)
            .cloned()
            .ok_or_else(|| format!("the demo did not say where {name} is"))
    };
    let browser = Browser::start(Engine::Chromium).await;
    for site in ["index", "alatoo", "issyk", "naryn", "reader"] {
        browser.open(&page(&format!("site:{site}"))?).await;
        if site != "index" {
            let shown = "return [...document.querySelectorAll('komuz-story, [data-komuz-story]')]
                .some(host => host.shadowRoot?.querySelector('[part=story]'))";
            browser.until("the story is checked", shown, vec![]).await;
        }
        picture(&browser, folder, site).await?;
    }
    browser.open(&page("desk:alatoo")?).await;
    browser.find("[data-test=\"welcome\"]").await;
    picture(&browser, folder, "desk-welcome").await?;
    browser.click_with("summary", "backup").await;
    let backup = root().join("target/demo/alatoo.komuz-backup");
    let backup = backup.to_str().ok_or("the checkout's path is not plain")?;
    browser
        .find("[data-test=\"restore\"] [name=file]")
        .await
        .send_keys(backup)
        .await
        .map_err(|error| error.to_string())?;
    browser
        .fill("[data-test=\"restore\"] [name=passphrase]", &page("passphrase")?)
        .await;
    browser.click("[data-test=\"restore\"] [data-test=\"submit\"]").await;
    browser.click("[data-test^=\"open-\"]").await;
    browser.click("[data-test=\"edition-en\"]").await;
    browser.find_with(".ProseMirror", "telephone company").await;
    picture(&browser, folder, "desk-story").await?;
    browser.close().await;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("shots FOLDER");
        return ExitCode::from(2);
    };
    match shots(Path::new(&folder)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shots: {error}");
            ExitCode::FAILURE
        }
    }
}
