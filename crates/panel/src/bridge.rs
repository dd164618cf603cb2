//! What the page does for the panel.

use js_sys::Promise;
use serde_json::Value;
use wasm_bindgen::prelude::*;
use web_sys::Element;

#[wasm_bindgen]
extern "C" {
    /// An object of the page with these functions.
    pub type Bridge;

    /// Sends an ask, JSON; resolves to the JSON of its result, `{"Ok": …}` or `{"Err": {code, with, message}}`.
    #[wasm_bindgen(method)]
    pub(crate) fn ask(this: &Bridge, json: &str) -> Promise;

    /// What is selected in the text: `{seq, taken, from, to, edition}`; null when nothing is.
    #[wasm_bindgen(method)]
    fn selection(this: &Bridge) -> JsValue;

    /// Shows the words under an anchor (of a claim, an answer, a citation), or those of a block from one UTF-16 code unit to
    /// another.
    #[wasm_bindgen(method)]
    pub(crate) fn reveal(this: &Bridge, id: &str, start: u32, end: u32);

    /// Goes to a record in the panel beside the text, from the review.
    #[wasm_bindgen(method)]
    pub(crate) fn open(this: &Bridge, id: &str);

    /// Saves an SVG document as a file of the person.
    #[wasm_bindgen(method)]
    pub(crate) fn save(this: &Bridge, name: &str, svg: &str);

    /// Draws an SVG document and puts it into the text as a picture with a description, where the cursor is; resolves as
    /// [`Bridge::ask`].
    #[wasm_bindgen(method)]
    pub(crate) fn insert(this: &Bridge, svg: &str, alt: &str) -> Promise;

    /// Fills an element with an SVG document of the dossier's own.
    #[wasm_bindgen(method)]
    pub(crate) fn draw(this: &Bridge, place: &Element, svg: &str);
}

impl Bridge {
    /// What is selected in the text, with at least one character.
    pub(crate) fn selected(&self) -> Option<Value> {
        let selection = self.selection();
        if selection.is_null() || selection.is_undefined() {
            return None;
        }
        let text = js_sys::JSON::stringify(&selection).ok()?.as_string()?;
        let selected: Value = serde_json::from_str(&text).ok()?;
        (selected["from"].as_u64()? < selected["to"].as_u64()?).then_some(selected)
    }
}

/// Some letters and digits that nobody else has: for the id of a piece of evidence.
pub(crate) fn unique() -> String {
    let digits = (0..10).map(|_| {
        let digit = (js_sys::Math::random() * 36.0) as u32;
        char::from_digit(digit.min(35), 36).unwrap_or('0')
    });
    digits.collect()
}
