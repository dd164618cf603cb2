//! Real browsers over WebDriver: Chromium, Firefox and WebKit.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::{Element, ElementRef};
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use crate::process::{Display, Running, free_port, wait_for_port};

/// Which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Chromium through chromedriver.
    Chromium,
    /// Firefox ESR through geckodriver.
    Firefox,
    /// WebKitGTK's MiniBrowser through WebKitWebDriver, under Xvfb.
    WebKit,
}

/// A browser with one window and a fresh profile.
pub struct Browser {
    /// For what the helpers below do not do.
    pub client: Client,
    /// Which engine it is.
    pub engine: Engine,
    // Dropped in this order: the driver ends its browser, then the display goes, then the profile.
    driver: Running,
    _display: Option<Display>,
    profile: Profile,
}

/// What a browser keeps on disk; it outlives the browser that is killed.
pub struct Profile {
    // Before the folder that it lies on.
    _small: Option<SmallDisk>,
    folder: TempDir,
    /// How much all pages together may store, in MiB, where the browser can be told.
    limit: Option<u32>,
}

/// A disk of its own over a folder, in memory.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this user may not mount one.
    fn over(folder: &Path, mib: u32) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"]);
        let done = mount.arg(folder).output().is_ok_and(|done| done.status.success());
        done.then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process of the browser may be about to end.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

impl Profile {
    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A fresh one.
    fn fresh() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the profile");
        Self::of(folder)
    }

    fn of(folder: TempDir) -> Self {
        Self {
            _small: None,
            folder,
            limit: None,
        }
    }

    /// A copy, as a thief makes one.
    pub fn copied(&self) -> Profile {
        let copy = tempfile::tempdir().expect("a folder for the copy");
        copy_folder(self.folder(), copy.path());
        Profile::of(copy)
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("the folder can be listed").flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        // Links and sockets are the running browser's: they name its process.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                std::fs::create_dir_all(&to).expect("a folder can be made");
                copy_folder(&path, &to);
            }
            Ok(kind) if kind.is_file() => {
                std::fs::copy(&path, &to).expect("a file can be copied");
            }
            _ => {}
        }
    }
}

/// How long a condition may take before a test says that it never came true.
const PATIENCE: Duration = Duration::from_secs(40);

/// A driver's answer, or that none came: a browser that hangs fails its test and holds up no other.
async fn answer<T>(command: impl Future<Output = Result<T, CmdError>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, command).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("the driver did not answer for {} s", PATIENCE.as_secs())),
    }
}

fn variable(name: &str, usual: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| usual.to_owned())
}

/// Finds an element through open shadow roots; `css` may be several selectors in order, separated by ` >>> `, each below the
/// one before. The second argument, if given, must be in the element's text.
const FIND: &str = r"
const deep = (root, css, text) => {
  for (const found of root.querySelectorAll(css)) if (!text || found.textContent.includes(text)) return found;
  for (const element of root.querySelectorAll('*')) {
    if (element.shadowRoot) { const found = deep(element.shadowRoot, css, text); if (found) return found; }
  }
  return null;
};
let root = document;
const parts = arguments[0].split(' >>> ');
for (let i = 0; i < parts.length; i++) {
  const found = deep(root.shadowRoot ?? root, parts[i], i === parts.length - 1 ? arguments[1] : null) ;
  if (!found) return null;
  root = found;
}
return root;";

impl Browser {
    /// Starts a browser with a window of 1280 x 900 and a fresh profile.
    pub async fn start(engine: Engine) -> Browser {
        Browser::start_with(engine, Profile::fresh()).await
    }

    /// Starts Chromium or Firefox with so little room that a page can fill all that it may store; none where this machine cannot
    /// give one such (Chromium takes its limit from the size of its disk, which only root can make small).
    pub async fn start_with_little_room(engine: Engine) -> Option<Browser> {
        let mut profile = Profile::fresh();
        match engine {
            // A page may have a fifth of it.
            Engine::Firefox => profile.limit = Some(100),
            // A page may have three fifths of it, beside what the browser itself writes.
            _ => profile._small = Some(SmallDisk::over(profile.folder(), 200)?),
        }
        Some(Browser::start_with(engine, profile).await)
    }

    /// Starts a browser with the profile of one that was killed.
    pub async fn start_with(engine: Engine, profile: Profile) -> Browser {
        let folder = profile.folder();
        let port = free_port();
        let mut display = None;
        let (mut driver, capabilities) = match engine {
            Engine::Chromium => {
                let mut driver = Command::new(variable("CHROMEDRIVER", "chromedriver"));
                driver.arg(format!("--port={port}"));
                let args = [
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--disable-dev-shm-usage",
                    "--window-size=1280,900",
                    &format!("--user-data-dir={}", folder.display()),
                ];
                let options = json!({ "binary": variable("KOMUZ_CHROMIUM", "/usr/bin/chromium"), "args": args });
                (
                    driver,
                    json!({ "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"} }),
                )
            }
            Engine::Firefox => {
                let mut driver = Command::new(variable("GECKODRIVER", "geckodriver"));
                driver.args([
                    "--port",
                    &port.to_string(),
                    "--websocket-port",
                    &free_port().to_string(),
                ]);
                let mut prefs = json!({
                    "browser.shell.checkDefaultBrowser": false,
                    "app.update.enabled": false,
                    "browser.download.folderList": 2,
                    "browser.download.dir": folder,
                });
                if let Some(mib) = profile.limit {
                    prefs["dom.quotaManager.temporaryStorage.fixedLimit"] = (mib << 10).into();
                }
                let options = json!({ "binary": variable("KOMUZ_FIREFOX", "/usr/bin/firefox-esr"), "args": ["-headless", "-profile", folder], "prefs": prefs });
                (
                    driver,
                    json!({ "browserName": "firefox", "moz:firefoxOptions": options }),
                )
            }
            Engine::WebKit => {
                let screen = Display::start(&variable("KOMUZ_XVFB", "Xvfb"));
                let mut driver = Command::new(variable("KOMUZ_WEBKIT_DRIVER", "WebKitWebDriver"));
                driver.arg(format!("--port={port}"));
                driver
                    .env("DISPLAY", &screen.name)
                    .env("HOME", folder)
                    .env("GDK_BACKEND", "x11");
                // Compositing stays on: without it WebKit never answers when asked for a picture.
                driver.env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1");
                display = Some(screen);
                let options = json!({ "binary": mini_browser(), "args": ["--automation"] });
                (
                    driver,
                    json!({ "browserName": "MiniBrowser", "webkitgtk:browserOptions": options }),
                )
            }
        };
        let driver = Running::start(&mut driver);
        wait_for_port(port);
        let Value::Object(capabilities) = capabilities else {
            unreachable!("written as an object above")
        };
        let address = format!("http://127.0.0.1:{port}");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let session = builder.capabilities(capabilities).connect(&address);
        let client = match tokio::time::timeout(PATIENCE, session).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => panic!("{engine:?} does not start: {error}"),
            Err(_) => panic!("{engine:?} does not start: its driver does not answer"),
        };
        let browser = Browser {
            client,
            engine,
            driver,
            _display: display,
            profile,
        };
        browser.size(1280, 900).await;
        browser
    }

    /// Sets the window's size.
    pub async fn size(&self, width: u32, height: u32) {
        answer(self.client.set_window_size(width, height))
            .await
            .expect("the window takes the size");
    }

    /// Opens an address.
    pub async fn open(&self, address: &str) {
        answer(self.client.goto(address))
            .await
            .unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    /// Runs a script and returns what it returns.
    pub async fn script(&self, script: &str, args: Vec<Value>) -> Value {
        answer(self.client.execute(script, args))
            .await
            .unwrap_or_else(|error| panic!("script {script}: {error}"))
    }

    /// Looks once for an element, through open shadow roots.
    pub async fn look(&self, css: &str, text: Option<&str>) -> Option<Element> {
        let args = vec![css.into(), text.map_or(Value::Null, Value::from)];
        let found = answer(self.client.execute(FIND, args)).await.ok()?;
        let id = found.as_object()?.values().next()?.as_str()?.to_owned();
        Some(Element::from_element_id(self.client.clone(), ElementRef::from(id)))
    }

    /// Waits for an element.
    pub async fn find(&self, css: &str) -> Element {
        self.find_text(css, None).await
    }

    /// Waits for an element that holds a text.
    pub async fn find_with(&self, css: &str, text: &str) -> Element {
        self.find_text(css, Some(text)).await
    }

    async fn find_text(&self, css: &str, text: Option<&str>) -> Element {
        let start = Instant::now();
        loop {
            if let Some(element) = self.look(css, text).await {
                return element;
            }
            if start.elapsed() > PATIENCE {
                panic!("no {css} with {text:?} came; the page shows: {}", self.shown().await);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until a script returns something true.
    pub async fn until(&self, what: &str, script: &str, args: Vec<Value>) -> Value {
        let start = Instant::now();
        loop {
            match answer(self.client.execute(script, args.clone())).await {
                Ok(Value::Null | Value::Bool(false)) | Err(_) => {}
                Ok(value) => return value,
            }
            if start.elapsed() > PATIENCE {
                panic!("{what}: did not come true; the page shows: {}", self.shown().await);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until a field holds a text.
    pub async fn until_value(&self, css: &str, text: &str) {
        let start = Instant::now();
        loop {
            let holds = self.text(css).await;
            if holds == text {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{css} holds {holds:?} and not {text:?}");
            tokio::task::yield_now().await;
        }
    }

    /// Where what is downloaded goes from now on: the folder that is named, or Firefox's own.
    pub async fn downloads_to(&self, folder: &Path) -> PathBuf {
        if self.engine == Engine::Firefox {
            return self.profile.folder().to_owned();
        }
        let to = json!({ "behavior": "allow", "downloadPath": folder });
        self.devtools("Browser.setDownloadBehavior", to).await;
        folder.to_owned()
    }

    /// Waits until a file whose name ends so has come whole.
    pub async fn find_file(&self, folder: &Path, ends: &str) -> PathBuf {
        let start = Instant::now();
        loop {
            let files = std::fs::read_dir(folder).expect("the folder can be listed");
            let found = files
                .flatten()
                .map(|entry| entry.path())
                // Firefox keeps an empty file in its place until it has come.
                .filter(|path| path.metadata().is_ok_and(|data| data.len() > 0))
                .find(|path| path.to_string_lossy().ends_with(ends));
            if let Some(path) = found {
                return path;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "no file came; the page shows: {}",
                self.shown().await
            );
            tokio::task::yield_now().await;
        }
    }

    /// Waits until no such element is there.
    pub async fn gone(&self, css: &str) {
        let start = Instant::now();
        while self.look(css, None).await.is_some() {
            assert!(
                start.elapsed() < PATIENCE,
                "{css} is still there; the page shows: {}",
                self.shown().await
            );
            tokio::task::yield_now().await;
        }
    }

    /// Clicks an element when it is there and can be clicked.
    pub async fn click(&self, css: &str) {
        self.click_element(css, None).await;
    }

    /// Clicks an element that holds a text.
    pub async fn click_with(&self, css: &str, text: &str) {
        self.click_element(css, Some(text)).await;
    }

    async fn click_element(&self, css: &str, text: Option<&str>) {
        let start = Instant::now();
        loop {
            let element = self.find_text(css, text).await;
            // A page that is still being drawn moves what stands in it, and the click would hit what stands there now.
            let (before, after) = (answer(element.rectangle()).await, answer(element.rectangle()).await);
            if before.is_ok() && before.as_ref().ok() == after.as_ref().ok() {
                match answer(element.click()).await {
                    Ok(()) => return,
                    // Repainted between finding and clicking, or still under something: look again.
                    Err(error) => assert!(start.elapsed() < PATIENCE, "{css} cannot be clicked: {error}"),
                }
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{css} does not stand still: {before:?}, {after:?}"
            );
            tokio::task::yield_now().await;
        }
    }

    /// Replaces what a field holds by typing.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        answer(field.clear())
            .await
            .unwrap_or_else(|error| panic!("{css} cannot be cleared: {error}"));
        answer(field.send_keys(text))
            .await
            .unwrap_or_else(|error| panic!("{css} cannot be typed in: {error}"));
    }

    /// Gives a file to an input for files.
    pub async fn give(&self, css: &str, file: &Path) {
        let path = file.to_str().expect("a plain path");
        let input = self.find(css).await;
        answer(input.send_keys(path))
            .await
            .unwrap_or_else(|error| panic!("{css} does not take {path}: {error}"));
    }

    /// Chooses an option by its value.
    pub async fn choose(&self, css: &str, value: &str) {
        let select = self.find(css).await;
        answer(select.select_by_value(value))
            .await
            .unwrap_or_else(|error| panic!("{css} does not offer {value}: {error}"));
    }

    /// Chooses an option by its words.
    pub async fn choose_with(&self, css: &str, words: &str) {
        let select = self.find(css).await;
        answer(select.select_by_label(words))
            .await
            .unwrap_or_else(|error| panic!("{css} does not offer {words}: {error}"));
    }

    /// Types into a field that is not emptied first (one for a day cannot be).
    pub async fn type_into(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        answer(field.send_keys(text))
            .await
            .unwrap_or_else(|error| panic!("{css} cannot be typed in: {error}"));
    }

    /// An attribute of an element; empty when it has none.
    pub async fn attribute(&self, css: &str, name: &str) -> String {
        let element = self.find(css).await;
        let value = answer(element.attr(name)).await;
        value
            .unwrap_or_else(|error| panic!("{css}: {error}"))
            .unwrap_or_default()
    }

    /// Presses keys one after the other where the focus and the cursor are. (Sending keys to an element moves the cursor to
    /// its end first.) Keys without a character are those of [`Key`].
    pub async fn keys(&self, text: &str) {
        let mut keys = KeyActions::new("keyboard".into());
        for value in text.chars() {
            keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        answer(self.client.perform_actions(keys))
            .await
            .unwrap_or_else(|error| panic!("{text:?} cannot be typed: {error}"));
    }

    /// Presses a key while others are held.
    pub async fn chord(&self, held: &[Key], value: char) {
        let mut keys = KeyActions::new("keyboard".into());
        for key in held {
            let value = char::from(*key);
            keys = keys.then(KeyAction::Down { value });
        }
        keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        for key in held.iter().rev() {
            let value = char::from(*key);
            keys = keys.then(KeyAction::Up { value });
        }
        answer(self.client.perform_actions(keys))
            .await
            .unwrap_or_else(|error| panic!("{value:?} cannot be pressed with {held:?}: {error}"));
    }

    /// An element's text.
    pub async fn text(&self, css: &str) -> String {
        let start = Instant::now();
        loop {
            let script =
                format!("const found = (() => {{{FIND}}})(); return found && (found.value ?? found.textContent);");
            // FIND reads `arguments`, which an arrow function takes from the script.
            match answer(self.client.execute(&script, vec![css.into(), Value::Null])).await {
                Ok(Value::String(text)) => return text,
                _ => assert!(
                    start.elapsed() < PATIENCE,
                    "no {css}; the page shows: {}",
                    self.shown().await
                ),
            }
            tokio::task::yield_now().await;
        }
    }

    /// All text that is in the page and its shadow roots, for messages.
    pub async fn shown(&self) -> String {
        let script = r"
const walk = root => [...root.querySelectorAll('*')].map(e => e.shadowRoot ? e.shadowRoot.textContent + walk(e.shadowRoot) : '').join(' ');
return ((document.body?.innerText ?? '') + ' | ' + walk(document)).slice(0, 4000);";
        let text = answer(self.client.execute(script, vec![])).await;
        let logs = self.logs().await;
        format!(
            "{}\nconsole: {logs}",
            text.map_or_else(|error| error, |text| text.to_string())
        )
    }

    /// The console's messages, where the driver gives them (Chromium).
    pub async fn logs(&self) -> String {
        if self.engine != Engine::Chromium {
            return String::new();
        }
        let command = Own {
            path: "se/log",
            body: json!({ "type": "browser" }),
        };
        answer(self.client.issue_cmd(command))
            .await
            .map_or_else(|error| error, |log| log.to_string())
    }

    /// Says something to Chromium's DevTools.
    pub async fn devtools(&self, command: &str, parameters: Value) {
        let own = Own {
            path: "goog/cdp/execute",
            body: json!({ "cmd": command, "params": parameters }),
        };
        let done = answer(self.client.issue_cmd(own)).await;
        done.unwrap_or_else(|error| panic!("{command}: {error}"));
    }

    /// Kills the process of the tab that is driven (Chromium); drive another one behind it.
    pub async fn crash_tab(&self) {
        let own = Own {
            path: "goog/cdp/execute",
            body: json!({ "cmd": "Page.crash", "params": {} }),
        };
        // A tab that is dead does not answer: however this ends, it is.
        let _ = tokio::time::timeout(Duration::from_secs(5), self.client.issue_cmd(own)).await;
    }

    /// A picture of the window as PNG.
    pub async fn picture(&self) -> Vec<u8> {
        answer(self.client.screenshot()).await.expect("the browser paints")
    }

    /// Ends the browser as a power cut would, and leaves its profile.
    pub fn kill(mut self) -> Profile {
        self.driver.kill();
        self.profile
    }

    /// Ends the browser as a person does, and leaves its profile.
    pub async fn end(self) -> Profile {
        let _ = answer(self.client.clone().close()).await;
        self.kill()
    }

    /// Opens another tab and makes it the one that is driven; its handle and the one of the tab before.
    pub async fn tab(&self) -> (WindowHandle, WindowHandle) {
        let before = answer(self.client.window()).await.expect("a tab is open");
        let tab = answer(self.client.new_window(true)).await.expect("another tab opens");
        self.switch(&tab.handle).await;
        (tab.handle, before)
    }

    /// Drives another tab.
    pub async fn switch(&self, tab: &WindowHandle) {
        answer(self.client.switch_to_window(tab.clone()))
            .await
            .expect("the tab is there");
    }

    /// Loads the page again, as a person does. (Firefox's driver goes past the service worker when told to refresh.)
    pub async fn reload(&self) {
        let address = answer(self.client.current_url()).await.expect("a page is open");
        self.open(address.as_str()).await;
    }

    /// Ends the session.
    pub async fn close(self) {
        // The driver is killed behind it, so a session that does not answer ends too.
        let _ = answer(self.client.clone().close()).await;
    }
}

/// A command of one driver that WebDriver does not have.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl fantoccini::wd::WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

fn mini_browser() -> String {
    let places = [
        "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.0/MiniBrowser",
        "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.0/MiniBrowser",
    ];
    let found = places
        .iter()
        .find(|place| std::path::Path::new(place).is_file())
        .copied();
    variable("KOMUZ_MINIBROWSER", found.unwrap_or("MiniBrowser"))
}
