//! The Rust side of the writing surface (`js/surface.js`).

use js_sys::Function;
use serde_json::Value;
use wasm_bindgen::prelude::*;
use web_sys::Element;
use yew::Callback;

use crate::state::Page;

#[wasm_bindgen(raw_module = "./surface.js")]
extern "C" {
    #[wasm_bindgen(js_name = Surface)]
    type JsSurface;

    #[wasm_bindgen(constructor, js_class = "Surface")]
    fn new(place: &Element, batch: f64, doc: &str, lang: &str, label: &str, on: &Function) -> JsSurface;
    #[wasm_bindgen(method)]
    fn reset(this: &JsSurface, batch: f64, doc: &str, lang: &str, label: &str);
    #[wasm_bindgen(method)]
    fn whole(this: &JsSurface);
    #[wasm_bindgen(method, js_name = takeBatch)]
    fn take_batch(this: &JsSurface, json: &str);
    #[wasm_bindgen(method, js_name = setMarks)]
    fn set_marks(this: &JsSurface, json: &str);
    #[wasm_bindgen(method)]
    fn command(this: &JsSurface, name: &str) -> bool;
    #[wasm_bindgen(method)]
    fn link(this: &JsSurface, href: &str) -> bool;
    #[wasm_bindgen(method, js_name = insertFigure)]
    fn insert_figure(this: &JsSurface, json: &str);
    #[wasm_bindgen(method, js_name = editFigure)]
    fn edit_figure(this: &JsSurface, pos: u32, json: &str);
    #[wasm_bindgen(method)]
    fn picture(this: &JsSurface, hash: &str, address: &str);
    #[wasm_bindgen(method)]
    fn lock(this: &JsSurface);
    #[wasm_bindgen(method, js_name = pasteWords)]
    fn paste_words(this: &JsSurface, html: &str);
    #[wasm_bindgen(method)]
    fn reveal(this: &JsSurface, id: &str) -> bool;
    #[wasm_bindgen(method)]
    fn focus(this: &JsSurface);
    #[wasm_bindgen(method)]
    fn range(this: &JsSurface) -> Vec<f64>;
    #[wasm_bindgen(method)]
    fn destroy(this: &JsSurface);
}

/// A mounted writing surface. Dropping it takes it out of the page with all its listeners.
pub struct Surface {
    js: JsSurface,
    _on: Closure<dyn FnMut(String, String)>,
}

/// What the surface says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// The person changed the text.
    Steps {
        /// Number of this batch, from 1.
        seq: u64,
        /// The last engine batch that was taken.
        taken: u64,
        /// ProseMirror steps.
        steps: Vec<Value>,
    },
    /// A batch of the engine was taken; or nothing has happened for a while.
    Taken {
        /// The last that was taken.
        batch: u64,
        /// The document's hash, when nothing happens; empty otherwise.
        hash: String,
    },
    /// The engine does not know the document, or a batch did not fit it.
    Whole {
        /// Batches that the page has sent.
        seq: u64,
        /// The last engine batch that was taken.
        taken: u64,
        /// All of it.
        doc: Value,
    },
    /// Where the selection is and what it stands in.
    Selection(Selection),
    /// A key was pressed for something that the surface does not do itself: `undo`, `redo`, `link`, `cite`, `comment`, `tools`.
    Command(String),
    /// A note's number or a commented passage was clicked.
    Anchor(String),
    /// A document with footnotes was pasted; nothing was inserted.
    Footnotes {
        /// Its markup.
        html: String,
        /// How many footnotes.
        count: u32,
    },
    /// A picture's description is to be edited.
    Figure {
        /// Where it is.
        pos: u32,
        /// What it shows.
        alt: String,
        /// Who made it.
        credit: String,
    },
    /// A picture's file is wanted.
    Picture(String),
    /// Something was not taken, by its code.
    Trouble(String),
}

/// A span of the text, in the page's positions as of `seq` and `taken` ([`komuz_messages::Ask::Steps`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Its start.
    pub from: u32,
    /// Its end.
    pub to: u32,
    /// Batches that the page has sent.
    pub seq: u64,
    /// Batches that the page has taken.
    pub taken: u64,
}

/// The selection in the page's positions, and what it stands in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Its start.
    pub from: u32,
    /// Its end.
    pub to: u32,
    /// Its fixed end.
    pub anchor: u32,
    /// Its moving end.
    pub head: u32,
    /// As in [`komuz_messages::Ask::Steps`].
    pub seq: u64,
    /// As in [`komuz_messages::Ask::Steps`].
    pub taken: u64,
    /// The surface has the focus.
    pub focused: bool,
    /// The tool's name of the block.
    pub block: String,
    /// Marks that are on.
    pub marks: Vec<String>,
    /// Address of the link, empty where there is none.
    pub link: String,
    /// Anchors at the cursor.
    pub anchors: Vec<String>,
    /// The selected words, at most 400 characters.
    pub text: String,
}

impl Surface {
    /// Mounts in an element. `page` is the document to start from, `lang` its language, `label` the surface's accessible name.
    pub fn mount(place: &Element, page: &Page, lang: &str, label: &str, on: Callback<Said>) -> Self {
        let heard = Closure::<dyn FnMut(String, String)>::new(move |kind: String, json: String| {
            if let Some(said) = crate::read::said(&kind, json) {
                on.emit(said);
            }
        });
        let (batch, doc) = (page.batch as f64, page.doc.to_string());
        let js = JsSurface::new(place, batch, &doc, lang, label, heard.as_ref().unchecked_ref());
        Self { js, _on: heard }
    }

    /// Starts again with a document.
    pub fn reset(&self, page: &Page, lang: &str, label: &str) {
        self.js.reset(page.batch as f64, &page.doc.to_string(), lang, label);
    }

    /// Has the surface say [`Said::Whole`].
    pub fn whole(&self) {
        self.js.whole();
    }

    /// Offers a batch of the engine: `{seq, batch, steps, selection}`.
    pub fn take_batch(&self, batch: &Value) {
        self.js.take_batch(&batch.to_string());
    }

    /// What is drawn over the text (`js/marks.js`).
    pub fn set_marks(&self, shown: &Value) {
        self.js.set_marks(&shown.to_string());
    }

    /// Runs one of the tools; whether it applied.
    pub fn command(&self, name: &str) -> bool {
        self.js.command(name)
    }

    /// Links the selection; an empty address takes the link away. Whether the address was a safe one.
    pub fn link(&self, href: &str) -> bool {
        self.js.link(href)
    }

    /// Puts a picture behind the block with the cursor.
    pub fn insert_figure(&self, attrs: &Value) {
        self.js.insert_figure(&attrs.to_string());
    }

    /// Changes a picture's description.
    pub fn edit_figure(&self, pos: u32, attrs: &Value) {
        self.js.edit_figure(pos, &attrs.to_string());
    }

    /// The address under which a picture can be shown.
    pub fn picture(&self, hash: &str, address: &str) {
        self.js.picture(hash, address);
    }

    /// Nothing can be written any more.
    pub fn lock(&self) {
        self.js.lock();
    }

    /// Pastes the words of a document without its footnotes' meaning.
    pub fn paste_words(&self, html: &str) {
        self.js.paste_words(html);
    }

    /// Goes to the words under an anchor; whether they are there.
    pub fn reveal(&self, id: &str) -> bool {
        self.js.reveal(id)
    }

    /// The selection as it is now, in the positions that the engine's asks want.
    pub fn range(&self) -> Range {
        let numbers = self.js.range();
        let number = |index: usize| numbers.get(index).copied().unwrap_or_default();
        Range {
            from: number(0) as u32,
            to: number(1) as u32,
            seq: number(2) as u64,
            taken: number(3) as u64,
        }
    }

    /// Puts the focus in the text.
    pub fn focus(&self) {
        self.js.focus();
    }
}

impl Drop for Surface {
    fn drop(&mut self) {
        self.js.destroy();
    }
}
