//! What `js/page.js` and `js/vault.js` do for the desk.

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

    /// A file's text.
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

    /// A domain as a masthead writes it, from what was typed.
    #[wasm_bindgen(js_name = domainOf)]
    pub fn domain_of(typed: &str) -> String;

    /// The element to mount in, in a shadow root of its own look.
    #[wasm_bindgen(js_name = shadowIn)]
    pub fn shadow_in(host: &Element, css: &str) -> Element;

    /// What a form's fields hold, JSON by their names.
    pub fn fields(form: &Element) -> String;

    /// Resolves after so many milliseconds.
    pub fn later(ms: u32) -> Promise;

    /// Makes a text field as high as its text.
    pub fn fit(field: &Element);

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
    let json = serde_json::to_string(keys).unwrap_or_default();
    let status = put(
        &format!("{server}/trust"),
        "application/json",
        &base64(json.as_bytes()),
        ticket,
    )
    .await
    .0;
    (200..300).contains(&status)
}

/// Base64 of bytes (RFC 4648 section 4).
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .enumerate()
            .fold(0u32, |word, (at, byte)| word | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// The bytes of base64; none when it is not.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let text = text.trim_end_matches('=').as_bytes();
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.chunks(4) {
        let mut word = 0u32;
        for at in 0..4 {
            word = word << 6 | u32::from(chunk.get(at).map_or(Some(0), |letter| value(*letter))?);
        }
        match chunk.len() {
            4 => out.extend_from_slice(&word.to_be_bytes()[1..]),
            3 => out.extend_from_slice(&word.to_be_bytes()[1..3]),
            2 => out.push(word.to_be_bytes()[1]),
            _ => return None,
        }
    }
    Some(out)
}

/// This page's origin: the address of the outlet's own server.
pub fn origin() -> String {
    web_sys::window()
        .and_then(|window| window.location().origin().ok())
        .unwrap_or_default()
}

/// Now, RFC 3339 in UTC.
pub fn now() -> String {
    js_sys::Date::new_0().to_iso_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_rfc_4648_section_10_writes_it() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), text);
            assert_eq!(unbase64(text).unwrap(), plain.as_bytes());
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unbase64(&base64(&all)).unwrap(), all);
        assert_eq!(unbase64("Zm9*"), None);
        assert_eq!(unbase64("Z"), None);
    }
}
