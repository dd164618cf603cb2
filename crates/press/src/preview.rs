//! A release as readers will see it, before anybody has signed it.

use std::rc::Rc;
use std::sync::Once;

use komuz_reader::signed::OutletLine;
use komuz_reader::story::{StoryView, StoryViewProps, Theme};
use komuz_release::release::Release;
use serde_json::Value;
use wasm_bindgen::prelude::*;
use web_sys::Element;

/// The reader's look, for the shadow root that the preview is mounted in.
#[wasm_bindgen(js_name = previewLook)]
pub fn look() -> String {
    komuz_reader::CSS.to_owned()
}

/// A mounted preview.
#[wasm_bindgen]
pub struct Preview {
    app: yew::AppHandle<StoryView>,
    props: StoryViewProps,
}

#[wasm_bindgen]
impl Preview {
    /// Mounts in an element. `release` is its canonical bytes as text, `outlets` a JSON array of `{id, name, domain, signed}` in
    /// the masthead's order, `outlet` the one whose page it would be.
    ///
    /// # Errors
    /// A sentence when the release cannot be read.
    #[wasm_bindgen(constructor)]
    pub fn mount(place: Element, release: &str, outlets: &str, outlet: &str) -> Result<Preview, JsValue> {
        let release = Release::parse(release.as_bytes()).map_err(|error| JsValue::from_str(&error.to_string()))?;
        let props = StoryViewProps {
            release: Rc::new(release),
            outlets: outlet_lines(outlets),
            outlet: Some(outlet.to_owned()),
            checked: None,
            pictures: Vec::new(),
            theme: Theme::Light,
            on_language: None,
            awaited: None,
            said: None,
        };
        number_apart(&props);
        let app = yew::Renderer::<StoryView>::with_root_and_props(place, props.clone()).render();
        Ok(Preview { app, props })
    }

    /// The files (SHA-256) that the release shows.
    pub fn files(&self) -> Vec<String> {
        self.props.release.files().into_iter().map(str::to_owned).collect()
    }

    /// Where a file can be shown from: an address of bytes in this page, which is let go of with the preview.
    pub fn picture(&mut self, file: String, address: String) {
        self.props.pictures.push((file, address.into()));
        self.app.update(self.props.clone());
    }

    /// Takes the preview out of the page.
    pub fn destroy(self) {
        self.app.destroy();
        for (_, address) in &self.props.pictures {
            // Nothing is lost where it is of no such bytes.
            let _ = web_sys::Url::revoke_object_url(address);
        }
    }
}

/// Yew numbers its trees in each Wasm file from 1, and a tree takes events of another file's tree with its number for its own. The
/// desk around is tree 1 of its file: a tree that shows nothing takes the number here.
fn number_apart(props: &StoryViewProps) {
    static APART: Once = Once::new();
    APART.call_once(|| {
        let document = web_sys::window().and_then(|window| window.document());
        if let Some(nowhere) = document.and_then(|document| document.create_element("div").ok()) {
            yew::Renderer::<StoryView>::with_root_and_props(nowhere, props.clone())
                .render()
                .destroy();
        }
    });
}

fn outlet_lines(json: &str) -> Vec<OutletLine> {
    let lines: Value = serde_json::from_str(json).unwrap_or_default();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    lines
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| OutletLine {
            id: text(line, "id"),
            name: text(line, "name"),
            domain: text(line, "domain"),
            signed: line["signed"] == true,
        })
        .collect()
}
