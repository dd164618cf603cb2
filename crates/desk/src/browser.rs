//! What `js/page.js` and `www/desk/vault.js` do for the desk.

use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, File};

#[wasm_bindgen(raw_module = "./surface.js")]
extern "C" {
    /// The engine's worker.
    pub type Link;

    /// Starts the worker that `make` makes. What it says comes to `on` as JSON; `failed` hears that its script did not load
    /// or stopped.
    #[wasm_bindgen(constructor)]
    pub fn new(make: &Function, on: &Closure<dyn FnMut(String)>, failed: &Closure<dyn FnMut(String)>) -> Link;

    /// Sends a message, JSON.
    #[wasm_bindgen(method)]
    pub fn post(this: &Link, json: &str);

    /// What this browser or address lacks, by name.
    pub fn missing() -> Vec<String>;

    /// The file of a language's words, as text.
    #[wasm_bindgen(js_name = wordsFile)]
    pub fn words_file(tag: &str) -> Promise;

    /// Says which language the page is in now, and its title.
    pub fn speak(tag: &str, title: &str);

    /// Whether rail and side column lie over the page.
    pub fn narrow() -> bool;

    /// `hidden` hears that the page goes out of sight and may not come back, `wide` that it has become wide.
    pub fn watch(hidden: Function, wide: Function);

    /// While words are not on the disk, the browser asks before the page is closed.
    pub fn hold(unsaved: bool);

    /// Loads the page anew, with a new engine.
    pub fn reload();

    /// Focuses the first control of the sheet that lies over the page.
    #[wasm_bindgen(js_name = focusInSheet)]
    pub fn focus_in_sheet(main: Option<&Element>);

    /// The keys that do what a tool does, as this machine writes them; empty when there are none.
    pub fn chord(tool: &str) -> String;

    /// A setting of the interface; empty when there is none.
    pub fn setting(name: &str) -> String;

    /// Keeps a setting.
    #[wasm_bindgen(js_name = keepSetting)]
    pub fn keep_setting(name: &str, value: &str);

    /// Random bytes.
    pub fn random(count: u32) -> Uint8Array;

    /// Opens a dialog element as a modal one.
    #[wasm_bindgen(js_name = showModal)]
    pub fn show_modal(dialog: &Element);

    /// Closes a dialog element; the focus goes back to where it was.
    #[wasm_bindgen(js_name = hideModal)]
    pub fn hide_modal(dialog: &Element);

    /// The focused element, through shadow roots.
    pub fn focused() -> Option<web_sys::HtmlElement>;

    /// Focuses what lost the focus because it was moved in the page.
    pub fn refocus(element: Option<web_sys::HtmlElement>);

    /// Focuses a tab of the list of tabs that has the focus.
    #[wasm_bindgen(js_name = focusTab)]
    pub fn focus_tab(index: u32);

    /// A file's text; rejects with the code of a trouble.
    #[wasm_bindgen(js_name = fileText)]
    pub fn file_text(file: &File) -> Promise;

    /// A file's bytes, base64.
    #[wasm_bindgen(js_name = fileBase64)]
    pub fn file_base64(file: &File) -> Promise;

    /// A picture drawn anew: `[media type, base64]`.
    pub fn picture(file: &File) -> Promise;

    /// An address of bytes (base64) in this page.
    #[wasm_bindgen(js_name = blobAddress)]
    pub fn blob_address(media: &str, bytes: &str) -> String;

    /// Saves bytes (base64) as a file.
    #[wasm_bindgen(js_name = saveFile)]
    pub fn save_file(name: &str, media: &str, bytes: &str);

    /// Puts a text on the clipboard; resolves to whether it is there.
    #[wasm_bindgen(js_name = copyText)]
    pub fn copy_text(text: &str) -> Promise;

    /// Writes a file (base64) to a server; resolves to `[HTTP status or 0, what the server said]`.
    #[wasm_bindgen(js_name = putFile)]
    pub fn put_file(address: &str, media: &str, bytes: &str, ticket: &str) -> Promise;

    /// Resolves to a server's freshness key, a text; empty when it does not say.
    #[wasm_bindgen(js_name = freshnessOf)]
    fn freshness_of(server: &str) -> Promise;

    /// The Wasm of `crates/press`, loaded when it is first wanted; resolves to its module.
    #[wasm_bindgen(js_name = press)]
    fn load_press() -> Promise;

    /// Its module.
    pub type Press;

    /// A seed's text from 32 random bytes.
    #[wasm_bindgen(method, js_name = seedText)]
    pub fn seed_text(this: &Press, random: &Uint8Array) -> Option<String>;

    /// The public key of a seed's text; none when it is no seed.
    #[wasm_bindgen(method, js_name = publicKey)]
    pub fn public_key(this: &Press, seed: &str) -> Option<String>;

    /// Signs a JWS signing input; none when the text is no seed.
    #[wasm_bindgen(method)]
    pub fn sign(this: &Press, seed: &str, input: &str) -> Option<String>;

    /// The reader's look.
    #[wasm_bindgen(method, js_name = previewLook)]
    pub fn preview_look(this: &Press) -> String;

    /// The forms of the snippet: `element`, `plain` and what goes into the `head`.
    #[wasm_bindgen(method, catch)]
    #[allow(clippy::too_many_arguments)]
    pub fn snippets(
        this: &Press,
        release: &Uint8Array,
        chain: &Uint8Array,
        fingerprint: &str,
        outlet: &str,
        mine: &str,
        own: &str,
        servers: Vec<String>,
    ) -> Result<Snippets, JsValue>;

    /// Both forms of a snippet.
    pub type Snippets;

    /// `<komuz-story>` and the script.
    #[wasm_bindgen(method, getter)]
    pub fn element(this: &Snippets) -> String;

    /// `<div data-komuz-story>`.
    #[wasm_bindgen(method, getter)]
    pub fn plain(this: &Snippets) -> String;

    /// What belongs in the page's head.
    #[wasm_bindgen(method, getter)]
    pub fn head(this: &Snippets) -> String;

    /// A mounted preview of a release.
    pub type Preview;

    /// Mounts a preview with the module's class.
    #[wasm_bindgen(js_name = previewIn, catch)]
    pub fn preview_in(
        press: &Press,
        place: &Element,
        release: &str,
        outlets: &str,
        outlet: &str,
    ) -> Result<Preview, JsValue>;

    /// The files that it shows.
    #[wasm_bindgen(method)]
    pub fn files(this: &Preview) -> Vec<String>;

    /// Where a file can be shown from.
    #[wasm_bindgen(method)]
    pub fn picture(this: &Preview, file: &str, address: &str);

    /// Takes it out of the page.
    #[wasm_bindgen(method)]
    pub fn destroy(this: &Preview);

    /// Base64 of a text's UTF-8.
    #[wasm_bindgen(js_name = toBase64)]
    fn to_base64(text: &str) -> String;

    /// The bytes of base64.
    #[wasm_bindgen(js_name = fromBase64)]
    pub fn from_base64(text: &str) -> Uint8Array;

    /// A domain as a masthead writes it, from what was typed.
    #[wasm_bindgen(js_name = domainOf)]
    pub fn domain_of(typed: &str) -> String;

    /// The element to mount in, in a shadow root of its own look.
    #[wasm_bindgen(js_name = shadowIn)]
    pub fn shadow_in(host: &Element, css: &str) -> Element;

    /// What a form's fields hold, JSON by their names.
    pub fn fields(form: &Element) -> String;

    /// Gives a form's fields their first values.
    pub fn fill(form: &Element);

    /// Empties a form.
    #[wasm_bindgen(method)]
    fn reset(this: &FormElement);

    /// A form element.
    type FormElement;

    /// Resolves after so many milliseconds.
    pub fn later(ms: u32) -> Promise;

    /// Makes a text field as high as its text.
    pub fn fit(field: &Element);

    /// Whether something is being composed in a field (IME).
    pub fn composing(field: &Element) -> bool;

    /// Gives a text field another text and keeps the cursor with its words.
    #[wasm_bindgen(js_name = setText)]
    pub fn set_text(field: &Element, text: &str);

    /// Prints the page.
    #[wasm_bindgen(js_name = printPage)]
    pub fn print_page();

    /// Keeps a secret text under a name.
    #[wasm_bindgen(js_name = vaultPut)]
    pub fn vault_put(name: &str, text: &str) -> Promise;

    /// All secret texts, an array of strings.
    #[wasm_bindgen(js_name = vaultAll)]
    pub fn vault_all() -> Promise;

    /// Deletes them; resolves to whether that could be done.
    #[wasm_bindgen(js_name = vaultErase)]
    pub fn vault_erase() -> Promise;
}

/// The Wasm of `crates/press`; none when it could not be loaded (offline before it was kept).
pub async fn press() -> Option<Press> {
    JsFuture::from(load_press()).await.ok().map(JsCast::unchecked_into)
}

/// Writes a file to a server: HTTP status (0 when it was not reached) and what the server said.
pub async fn put(address: &str, media: &str, bytes: &str, ticket: &str) -> (u16, String) {
    match JsFuture::from(put_file(address, media, bytes, ticket)).await {
        Ok(said) => {
            let said = js_sys::Array::from(&said);
            (
                said.get(0).as_f64().unwrap_or_default() as u16,
                said.get(1).as_string().unwrap_or_default(),
            )
        }
        Err(_) => (0, String::new()),
    }
}

/// Tells an outlet's own server which release keys it may take a first masthead from.
pub async fn trust(server: &str, ticket: &str, keys: &[String]) -> bool {
    let json = serde_json::Value::from(keys).to_string();
    let status = put(
        &format!("{server}/trust"),
        "application/json",
        &to_base64(&json),
        ticket,
    )
    .await
    .0;
    (200..300).contains(&status)
}

/// The key with which a server may say that a release is still the newest; empty when it was not reached.
pub async fn freshness(server: &str) -> String {
    let told = JsFuture::from(freshness_of(server)).await.ok();
    told.and_then(|key| key.as_string()).unwrap_or_default()
}

/// This page's origin: the address of the outlet's own server.
pub fn origin() -> String {
    web_sys::window()
        .and_then(|window| window.location().origin().ok())
        .unwrap_or_default()
}

/// Empties a form, back to its first values.
pub fn empty(form: &Element) {
    form.unchecked_ref::<FormElement>().reset();
    fill(form);
}

/// Now, RFC 3339 in UTC, to the second.
pub fn now() -> String {
    let now = String::from(js_sys::Date::new_0().to_iso_string());
    now.split_once('.')
        .map_or(now.clone(), |(seconds, _)| format!("{seconds}Z"))
}
