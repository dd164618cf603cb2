//! The desk's page: paints what the engine says and sends it what a person does.
//!
//! The engine (documents, keys, replication) lives in a worker and is spoken to in messages only ([`komuz_messages`]); nothing
//! here knows Automerge, and the page never waits for it. The text is ProseMirror's (`js/surface.js`); everything around it is
//! Yew, mounted in a `<div>` in the open shadow root of `<komuz-desk>`.

mod app;
mod browser;
mod engine;
mod read;
mod release_keys;
mod state;
mod surface;
mod words;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

/// Mounts the desk in an element. `entry` is what stood behind `#` in the address (a founding ticket or an invitation, already
/// erased there), `worker` makes the engine's worker.
#[wasm_bindgen]
pub fn start(place: HtmlElement, entry: String, worker: Function) -> Desk {
    let props = app::Props {
        entry: state::Entry::read(&entry),
        worker,
    };
    Desk {
        app: yew::Renderer::<app::App>::with_root_and_props(place.into(), props).render(),
    }
}

/// A running desk.
#[wasm_bindgen]
pub struct Desk {
    app: yew::AppHandle<app::App>,
}

#[wasm_bindgen]
impl Desk {
    /// A link with a ticket or an invitation was opened while the desk was running.
    pub fn enter(&self, entry: String) {
        self.app.send_message(app::Msg::Entry(state::Entry::read(&entry)));
    }
}
