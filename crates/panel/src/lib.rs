//! What the desk shows of the dossier: what the checks found, the claims with their evidence, the sources, the people and
//! what they were asked, the translation, and what each outlet puts around the text. Wasm of its own, which the desk's page
//! loads when somebody first opens the tab, so that the page in which people write does not carry it.
//!
//! It knows the engine by two texts: [`Panel::show`] takes the dossier as JSON, and the bridge's `ask` sends an ask and gives
//! its result. Each field is saved when it is left, as one member of one record, so that two people who work on one claim at
//! once both keep what they wrote.
//!
//! - `view`: what is shown, as a value. `ask`: what is asked for. `bridge`: the page.
//! - `app`: the sections and the way between them. `field`, `bits`: what they are made of.
//! - `found` (also in the review), `claims`, `sources`, `people`, `mentions`, `connections`, `replies`, `translation`, `outlet`, `policy`: the sections.
//! - `code`: a link as a code for a camera.
//! - `check`: the checks themselves, which the worker does with this file.
//! - `words`: what is said, in English, Russian and Kyrgyz.

mod app;
mod ask;
mod bits;
mod bridge;
mod check;
mod claims;
mod code;
mod connections;
mod field;
mod found;
mod group;
mod mentions;
mod outlet;
mod people;
mod policy;
mod replies;
mod sources;
mod translation;
mod view;
mod words;

use std::rc::Rc;
use std::sync::Once;

use wasm_bindgen::prelude::*;
use web_sys::Element;
use yew::AttrValue;

use crate::app::{App, AppProps};
use crate::view::View;

pub use crate::bridge::Bridge;

/// Mounts the panel in an element of the desk. `lang` is the language of the interface (a BCP 47 tag), `bridge` what the page
/// does for it ([`Bridge`]). It says that it waits until [`Panel::show`] has given it something. `brief`: it shows only what
/// must be mended, for the review before signing.
#[wasm_bindgen]
pub fn mount(place: Element, lang: &str, brief: bool, bridge: Bridge) -> Panel {
    let props = AppProps {
        lang: komuz_release::words::Lang::of(lang),
        bridge: Rc::new(bridge),
        view: None,
        failed: None,
        at: AttrValue::default(),
        brief,
        reason: AttrValue::default(),
        wanted: (AttrValue::default(), 0),
    };
    number_apart(&props);
    Panel {
        app: yew::Renderer::<App>::with_root_and_props(place, props.clone()).render(),
        props,
    }
}

/// Yew numbers its trees in each Wasm file from 1, writes the number on what it mounts in, and a tree takes an event for its own
/// where the numbers are equal. The desk is tree 1 of its file: with the same number here, a click in the panel was a click on
/// whatever the desk had given the same place in its own list of listeners. A tree that shows nothing takes the number.
fn number_apart(props: &AppProps) {
    static APART: Once = Once::new();
    APART.call_once(|| {
        let document = web_sys::window().and_then(|window| window.document());
        if let Some(nowhere) = document.and_then(|document| document.create_element("div").ok()) {
            yew::Renderer::<App>::with_root_and_props(nowhere, props.clone())
                .render()
                .destroy();
        }
    });
}

/// A link as a code for a camera: an SVG document, named in the language of the interface. None when it is too long for one.
#[wasm_bindgen]
pub fn code(link: &str, lang: &str) -> Option<String> {
    let lang = komuz_release::words::Lang::of(lang);
    code::svg(link, words::of(lang).code_name)
}

/// A mounted panel.
#[wasm_bindgen]
pub struct Panel {
    app: yew::AppHandle<App>,
    props: AppProps,
}

#[wasm_bindgen]
impl Panel {
    /// Shows a dossier: `{edition, today, me, dossier, findings}` as JSON. What somebody is typing into a field stays.
    ///
    /// # Errors
    /// A sentence when the JSON is not that.
    pub fn show(&mut self, json: &str) -> Result<(), JsValue> {
        let view = View::read(json).map_err(|error| JsValue::from_str(&error.to_string()))?;
        self.props.view = Some(Rc::new(view));
        self.props.failed = None;
        self.app.update(self.props.clone());
        Ok(())
    }

    /// Marks the claim in whose words the cursor stands; empty for none. The focus stays in the text.
    pub fn at(&mut self, id: &str) {
        if self.props.at != id {
            self.props.at = id.to_owned().into();
            self.app.update(self.props.clone());
        }
    }

    /// Goes to a record and opens it, once it is there.
    pub fn open(&mut self, id: &str) {
        self.props.wanted = (id.to_owned().into(), self.props.wanted.1.wrapping_add(1));
        self.app.update(self.props.clone());
    }

    /// Says the reason of the correction that is reviewed, which is printed as it is: what must not stand in it is shown with the rest.
    pub fn reason(&mut self, reason: &str) {
        if self.props.reason != reason {
            self.props.reason = reason.to_owned().into();
            self.app.update(self.props.clone());
        }
    }

    /// What the tab says behind its name when so much must be mended.
    pub fn counted(&self, errors: u32) -> String {
        words::fill(words::of(self.props.lang).to_mend, &[&errors.to_string()])
    }

    /// Says why nothing can be shown: the result of the ask that was to bring it, JSON.
    pub fn fail(&mut self, result: &str) {
        self.props.failed = ask::result(result).err();
        self.app.update(self.props.clone());
    }

    /// Shows nothing until the next [`Panel::show`]: another edition is opened.
    pub fn clear(&mut self) {
        self.props.view = None;
        self.props.failed = None;
        self.app.update(self.props.clone());
    }

    /// Says everything in another language from now on.
    #[wasm_bindgen(js_name = setLang)]
    pub fn set_lang(&mut self, lang: &str) {
        self.props.lang = komuz_release::words::Lang::of(lang);
        self.app.update(self.props.clone());
    }

    /// Takes the panel out of the page.
    pub fn unmount(self) {
        self.app.destroy();
    }
}
