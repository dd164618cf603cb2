//! What a person does at the desk, by the hooks that `crates/desk/src/app.rs` lists.

use std::path::{Path, PathBuf};

use fantoccini::key::Key;

use crate::browser::{Browser, Engine};
use crate::process::Server;

/// A browser with a desk in it.
pub struct Desk {
    /// For what the helpers below do not do.
    pub browser: Browser,
}

/// The text under edit.
pub const TEXT: &str = ".ProseMirror";

fn hook(name: &str) -> String {
    format!("[data-test=\"{name}\"]")
}

fn within(outer: &str, inner: &str) -> String {
    format!("{} {inner}", hook(outer))
}

impl Desk {
    /// Opens an address of a desk in a new browser.
    pub async fn open(engine: Engine, address: &str) -> Desk {
        let browser = Browser::start(engine).await;
        browser.open(address).await;
        Desk { browser }
    }

    /// Founds an investigation at a server; the founder is an editor.
    pub async fn found(engine: Engine, server: &Server, title: &str, outlet: &str, member: &str) -> Desk {
        let desk = Desk::open(engine, &server.founding_link()).await;
        desk.found_here(title, outlet, member).await;
        desk
    }

    /// Founds an investigation from the first page of a desk that was opened with a founding link.
    pub async fn found_here(&self, title: &str, outlet: &str, member: &str) {
        let form = |field: &str| within("found", &format!("[name={field}]"));
        self.browser.fill(&form("title"), title).await;
        self.browser.fill(&form("outlet"), outlet).await;
        self.browser
            .fill(
                &form("domain"),
                &format!("{}.example", outlet.to_lowercase().replace(' ', "-")),
            )
            .await;
        self.browser.fill(&form("member"), member).await;
        self.browser.click(&within("found", &hook("submit"))).await;
        self.keep_recovery_key().await;
    }

    /// Brings a device back from a backup file, from the first page of a desk.
    pub async fn restore(&self, file: &Path, passphrase: &str) {
        self.browser.click("details:has([data-test=\"restore\"]) summary").await;
        self.browser.give(&within("restore", &hook("file")), file).await;
        self.browser
            .fill(&within("restore", "[name=passphrase]"), passphrase)
            .await;
        self.browser.click(&within("restore", &hook("submit"))).await;
        self.browser.find(&hook("saved")).await;
    }

    async fn keep_recovery_key(&self) {
        self.browser.click(&hook("recovery-sure")).await;
        self.browser.click(&hook("recovery-done")).await;
        self.browser.gone(&hook("dialog-recovery")).await;
    }

    /// Makes an invitation and returns its link.
    pub async fn invite(&self, outlet: &str) -> String {
        self.browser.click(&hook("go-people")).await;
        self.browser.click(&hook("invite")).await;
        self.browser
            .fill(&within("dialog-invite", "[name=outlet]"), outlet)
            .await;
        self.browser.click(&within("dialog-invite", &hook("submit"))).await;
        let link = self.browser.text(&hook("invite-link")).await;
        self.browser.click(&within("dialog-invite", &hook("done"))).await;
        link
    }

    /// Uses an invitation at one's own server, up to the short code, which is returned.
    pub async fn join(engine: Engine, server: &Server, link: &str, member: &str, domain: &str) -> (Desk, String) {
        let desk = Desk::open(engine, &server.founding_link()).await;
        desk.browser.fill(&within("read-invite", "[name=link]"), link).await;
        desk.browser.click(&within("read-invite", &hook("submit"))).await;
        desk.browser.fill(&within("join", "[name=member]"), member).await;
        desk.browser.fill(&within("join", "[name=domain]"), domain).await;
        desk.browser.click(&within("join", &hook("submit"))).await;
        desk.keep_recovery_key().await;
        let code = desk.browser.text(&hook("joining-code")).await;
        (desk, code)
    }

    /// Lets in who reads out this code.
    pub async fn confirm(&self, code: &str) {
        self.browser.click(&hook("go-people")).await;
        self.browser.find_with(&hook("request-code"), code.trim()).await;
        self.browser.click(&hook("confirm")).await;
        self.browser.gone(&hook("request")).await;
    }

    /// Starts the first story.
    pub async fn new_story(&self, lang: &str, headline: &str) {
        self.browser.click(&hook("go-stories")).await;
        self.browser.click(&hook("new-story-first")).await;
        self.browser
            .fill(&within("dialog-new-story", "[name=lang]"), lang)
            .await;
        self.browser
            .fill(&within("dialog-new-story", "[name=headline]"), headline)
            .await;
        self.browser.click(&within("dialog-new-story", &hook("submit"))).await;
        self.browser.find(TEXT).await;
    }

    /// Adds an edition in another language to the open story.
    pub async fn new_edition(&self, lang: &str, headline: &str) {
        self.browser.click(&hook("new-edition")).await;
        self.browser
            .fill(&within("dialog-new-edition", "[name=lang]"), lang)
            .await;
        self.browser.click(&within("dialog-new-edition", &hook("submit"))).await;
        self.open_edition(lang).await;
        self.browser.fill(&hook("headline"), headline).await;
    }

    /// Adds an edition that begins with the text of another one of the open story.
    pub async fn new_edition_from(&self, lang: &str, from: &str) {
        self.browser.click(&hook("new-edition")).await;
        self.browser
            .fill(&within("dialog-new-edition", "[name=lang]"), lang)
            .await;
        self.browser
            .choose(&within("dialog-new-edition", "[name=from]"), from)
            .await;
        self.browser.click(&within("dialog-new-edition", &hook("submit"))).await;
        self.open_edition(lang).await;
    }

    /// Opens an edition that is listed.
    pub async fn open_edition(&self, lang: &str) {
        let edition = hook(&format!("edition-{lang}"));
        self.browser.click(&edition).await;
        // Its own text, and no more the one that was open.
        self.browser.find(&format!("{edition}[aria-current]")).await;
        self.browser.find(&format!("{TEXT}[lang=\"{lang}\"]")).await;
    }

    /// Imports a file into the open edition.
    pub async fn import(&self, file: &Path) {
        self.browser.give(&hook("import"), file).await;
        self.browser.click(&within("dialog-imported", &hook("submit"))).await;
    }

    /// Types at the end of the text.
    pub async fn type_at_end(&self, text: &str) {
        self.browser.click(TEXT).await;
        self.put_cursor_at_end().await;
        self.browser.keys(text).await;
    }

    /// Puts the cursor behind everything.
    pub async fn put_cursor_at_end(&self) {
        self.put_cursor(serde_json::Value::Null).await;
    }

    /// Goes on by the tabulator key until something has the focus.
    pub async fn tab_to(&self, css: &str) {
        let focused = format!("{css}:focus");
        for _ in 0..80 {
            if self.browser.look(&focused, None).await.is_some() {
                return;
            }
            self.browser.keys(&char::from(Key::Tab).to_string()).await;
        }
        panic!(
            "{css} cannot be reached by the keyboard; the page shows: {}",
            self.browser.shown().await
        );
    }

    /// Pastes HTML where the cursor is, as an application puts it on the clipboard.
    pub async fn paste(&self, html: &str) {
        let script = format!(
            "{DEEP} const data = new DataTransfer(); data.setData('text/html', arguments[0]); \
             data.setData('text/plain', 'plain'); deep(document, '.ProseMirror').dispatchEvent(\
             new ClipboardEvent('paste', {{ clipboardData: data, bubbles: true, cancelable: true, composed: true }}))"
        );
        self.browser.script(&script, vec![html.into()]).await;
    }

    /// Saves a backup into a folder (or that of Firefox's downloads); the file.
    pub async fn backup(&self, folder: &Path, passphrase: &str) -> PathBuf {
        self.browser.click(&hook("go-device")).await;
        self.backup_here(folder, passphrase).await
    }

    /// As [`Desk::backup`], where its form is on the page.
    pub async fn backup_here(&self, folder: &Path, passphrase: &str) -> PathBuf {
        let folder = self.browser.downloads_to(folder).await;
        for field in ["passphrase", "again"] {
            self.browser
                .fill(&within("backup", &format!("[name={field}]")), passphrase)
                .await;
        }
        self.browser.click(&within("backup", &hook("submit"))).await;
        self.browser.find_file(&folder, ".komuz").await
    }

    /// Puts the cursor behind a text (its first place).
    pub async fn put_cursor_behind(&self, text: &str) {
        self.browser.click(TEXT).await;
        self.select(text).await;
        self.browser.keys(&char::from(Key::Right).to_string()).await;
    }

    /// Puts the cursor behind a text (its first place), and has the page draw something over the text in the same moment,
    /// before the browser has told it of the cursor.
    pub async fn put_cursor_while_drawing(&self, text: &str) {
        let script = format!(
            r"{DEEP}
const node = deep(document, '.ProseMirror').querySelector('p').firstChild;
return import('/desk/surface.js').then(({{ Surface }}) => {{
  getSelection().collapse(node, node.data.indexOf(arguments[0]) + arguments[0].length);
  Surface.open.setMarks(JSON.stringify({{ people: [{{ session: 's', name: 'N', colour: 'c', selection: [1, 1] }}] }}));
  return true;
}});"
        );
        self.browser
            .until("the cursor can be put", &script, vec![text.into()])
            .await;
    }

    /// Selects a word in the text (its first place) and types over it.
    pub async fn replace(&self, word: &str, with: &str) {
        self.browser.click(TEXT).await;
        self.select(word).await;
        self.browser.keys(with).await;
    }

    /// Selects a text (its first place).
    pub async fn select(&self, word: &str) {
        self.put_cursor(word.into()).await;
        // The page learns of a selection a moment later; its tools say when.
        self.browser
            .find(&format!("{}:not(:disabled)", hook("tool-cite")))
            .await;
    }

    async fn put_cursor(&self, at: serde_json::Value) {
        let script = format!("{DEEP}{PUT_CURSOR}");
        self.browser.until("the cursor can be put", &script, vec![at]).await;
    }

    /// Waits until the text holds something.
    pub async fn reads(&self, text: &str) {
        self.browser.find_with(TEXT, text).await;
    }

    /// Waits until a picture is drawn in the text.
    pub async fn draws_a_picture(&self) {
        let script = format!("{DEEP} return (deep(document, arguments[0])?.naturalWidth ?? 0) > 0");
        let image = format!("{TEXT} figure img[src^=\"blob:\"]");
        self.browser
            .until("a picture is drawn", &script, vec![image.into()])
            .await;
    }

    /// Waits until everything is on disk and at all servers.
    pub async fn in_sync(&self) {
        self.browser
            .find(&format!("{}[data-state=\"good\"]", hook("saved")))
            .await;
    }

    /// Waits until everything is on this device's disk and no server is reached.
    pub async fn saved_without_a_server(&self) {
        self.browser
            .find(&format!("{}[data-state=\"away\"]", hook("saved")))
            .await;
    }

    /// Waits until the desk's files are kept, so that it opens without a network.
    pub async fn can_open_offline(&self) {
        self.browser
            .until(
                "the service worker has the page",
                "return navigator.serviceWorker?.controller != null",
                vec![],
            )
            .await;
    }

    /// Waits until the text does not hold something any more.
    pub async fn until_gone(&self, text: &str) {
        let script = format!("{DEEP} return !deep(document, '.ProseMirror').textContent.includes(arguments[0])");
        self.browser
            .until(&format!("{text:?} is gone"), &script, vec![text.into()])
            .await;
    }

    /// Takes back one's own changes by the keyboard until a text is gone.
    pub async fn undo_until_gone(&self, text: &str) {
        let script = format!("{DEEP} return deep(document, '.ProseMirror').textContent");
        for _ in 0..40 {
            let shown = self.browser.script(&script, vec![]).await;
            if !shown.as_str().unwrap_or_default().contains(text) {
                return;
            }
            self.browser.chord(&[Key::Control], 'z').await;
            self.browser
                .until(
                    "undo has done something",
                    &format!("{DEEP} return deep(document, '.ProseMirror').textContent !== arguments[0]"),
                    vec![shown],
                )
                .await;
        }
        panic!("{text:?} cannot be taken back");
    }

    /// Kills the browser as a power cut would, starts it again with what is on its disk, and opens the desk.
    pub async fn killed_and_reopened(self, address: &str) -> Desk {
        let engine = self.browser.engine;
        let browser = Browser::start_with(engine, self.browser.kill()).await;
        browser.open(address).await;
        Desk { browser }
    }

    /// Reviews and signs for one's outlet.
    pub async fn sign(&self) {
        self.browser.click(&hook("review")).await;
        self.sign_what_is_reviewed().await;
    }

    /// Reviews a correction, says why, and signs for one's outlet.
    pub async fn sign_correction(&self, reason: &str) {
        self.browser.click(&hook("review")).await;
        self.browser
            .fill(&within("dialog-review", "[name=reason]"), reason)
            .await;
        self.browser.click(&hook("set-reason")).await;
        self.browser.find_with(&hook("reason-set"), reason).await;
        self.sign_what_is_reviewed().await;
    }

    /// Signs in the review that is open.
    pub async fn sign_what_is_reviewed(&self) {
        let ready = format!("{}:not(:disabled)", hook("sign"));
        self.browser.click(&within("dialog-review", &ready)).await;
        self.browser.gone(&hook("dialog-review")).await;
    }

    /// Waits until so many of the outlets are seen to have signed this text.
    pub async fn signed(&self, signed: usize, all: usize) {
        self.browser.find_with("footer", &format!("{signed} of {all}")).await;
    }

    /// Publishes; waits until it is out.
    pub async fn publish(&self) {
        self.browser.click(&hook("publish")).await;
        self.browser.click(&hook("publish-do")).await;
        self.browser.find(&hook("published")).await;
    }

    /// The snippet in both forms for an outlet and a language, after [`Desk::publish`].
    pub async fn snippets(&self) -> (String, String) {
        self.browser.click(&hook("to-snippet")).await;
        let element = self.browser.text(&hook("snippet-element")).await;
        let plain = self.browser.text(&hook("snippet-plain")).await;
        self.close_dialog("dialog-snippet").await;
        (element, plain)
    }

    /// Closes a dialog.
    pub async fn close_dialog(&self, name: &str) {
        self.browser.click(&within(name, &hook("close"))).await;
        self.browser.gone(&hook(name)).await;
    }
}

/// Finds an element through open shadow roots.
const DEEP: &str = r"
const deep = (root, css) => {
  const found = root.querySelector(css);
  if (found) return found;
  for (const element of root.querySelectorAll('*')) {
    if (element.shadowRoot) { const inner = deep(element.shadowRoot, css); if (inner) return inner; }
  }
  return null;
};";

/// Puts the selection into the text through the DOM, as a mouse would: over the first place of a text, or to the end.
const PUT_CURSOR: &str = r"
const text = deep(document, '.ProseMirror');
if (!text) return false;
text.focus();
const selection = getSelection();
if (arguments[0] === null) {
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  let last = null;
  while (walker.nextNode()) last = walker.currentNode;
  if (last) selection.collapse(last, last.length); else selection.collapse(text.lastElementChild ?? text, 0);
  return true;
}
const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const at = walker.currentNode.data.indexOf(arguments[0]);
  if (at >= 0) {
    selection.setBaseAndExtent(walker.currentNode, at, walker.currentNode, at + arguments[0].length);
    return true;
  }
}
return false;";
