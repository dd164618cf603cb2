//! A partner's page with a story in it.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Promise, Reflect};
use komuz_reader::element::{Reader, mount};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{CustomEvent, Document, Element, HtmlElement, KeyboardEvent, KeyboardEventInit};

use crate::press::masthead;

/// The document.
pub fn document() -> Document {
    web_sys::window().unwrap().document().unwrap()
}

/// Waits until something is so, and fails after ten seconds.
pub async fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if so() {
            return;
        }
        let turn = Promise::new(&mut |resolve: Function, _| {
            web_sys::window()
                .unwrap()
                .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, 10)
                .unwrap();
        });
        JsFuture::from(turn).await.unwrap();
    }
    panic!("waited in vain until {what}");
}

/// A story in a page.
pub struct Page {
    /// The element.
    pub host: HtmlElement,
    /// What the loader holds.
    pub reader: Reader,
    events: Rc<RefCell<Vec<(String, JsValue)>>>,
}

impl Page {
    /// Opens a page with a story from some hosts.
    pub fn open(story: &str, lang: &str, hosts: &[&str]) -> Self {
        Self::with(story, lang, hosts, &[])
    }

    /// The same with more attributes.
    pub fn with(story: &str, lang: &str, hosts: &[&str], more: &[(&str, &str)]) -> Self {
        let host: HtmlElement = document().create_element("div").unwrap().dyn_into().unwrap();
        let fingerprint = masthead().hash();
        let places: Vec<String> = hosts
            .iter()
            .map(|host| format!("https://{host}/r/{fingerprint}/{story}"))
            .collect();
        let (first, others) = places.split_first().expect("a host");
        host.set_attribute("data-komuz-story", first).unwrap();
        host.set_attribute("data-komuz-mirrors", &others.join(" ")).unwrap();
        host.set_attribute("data-komuz-fingerprint", &fingerprint).unwrap();
        host.set_attribute("lang", lang).unwrap();
        for (name, value) in more {
            host.set_attribute(name, value).unwrap();
        }
        let article = document().create_element("p").unwrap();
        article.set_text_content(Some("The article of the page itself."));
        host.append_child(&article).unwrap();
        document().body().unwrap().append_child(&host).unwrap();

        let events = Rc::new(RefCell::new(Vec::new()));
        for name in ["komuz-verified", "komuz-refused"] {
            let events = events.clone();
            let listener = Closure::<dyn Fn(CustomEvent)>::new(move |event: CustomEvent| {
                events.borrow_mut().push((event.type_(), event.detail()));
            });
            host.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref())
                .unwrap();
            listener.forget();
        }
        let reader = mount(host.clone(), "https://page.example/komuz/").unwrap();
        Self { host, reader, events }
    }

    /// The first element inside the shadow root that a selector finds.
    pub fn find(&self, selector: &str) -> Option<HtmlElement> {
        let found = self.host.shadow_root()?.query_selector(selector).unwrap()?;
        Some(found.dyn_into().unwrap())
    }

    /// The same, which must be there.
    pub fn get(&self, selector: &str) -> HtmlElement {
        self.find(selector).unwrap_or_else(|| panic!("{selector} is not there"))
    }

    /// All that a selector finds, as their text.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let list = self.host.shadow_root().unwrap().query_selector_all(selector).unwrap();
        (0..list.length())
            .filter_map(|at| list.get(at)?.text_content())
            .collect()
    }

    /// The text of the element that has the focus.
    pub fn focused(&self) -> String {
        let focused = self.host.shadow_root().unwrap().active_element();
        focused.and_then(|element| element.text_content()).unwrap_or_default()
    }

    /// Waits until a selector finds something.
    pub async fn shows(&self, selector: &str) -> HtmlElement {
        until(selector, || self.find(selector).is_some()).await;
        self.get(selector)
    }

    /// Waits until it finds nothing more.
    pub async fn hides(&self, selector: &str) {
        until(selector, || self.find(selector).is_none()).await;
    }

    /// A member of the newest event of a name.
    pub fn told(&self, event: &str, member: &str) -> Option<JsValue> {
        let events = self.events.borrow();
        let (_, detail) = events.iter().rev().find(|(name, _)| name == event)?;
        Some(Reflect::get(detail, &member.into()).unwrap())
    }

    /// Whether the page's own article is what readers see: it is slotted and no release is shown.
    pub fn article_stands(&self) -> bool {
        self.find("slot").is_some()
            && self.find("article").is_none()
            && self.host.query_selector("p").unwrap().is_some()
    }
}

/// Presses a key on an element.
pub fn press(element: &Element, key: &str) {
    let init = KeyboardEventInit::new();
    init.set_key(key);
    init.set_bubbles(true);
    init.set_cancelable(true);
    init.set_composed(true);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).unwrap();
    element.dispatch_event(&event).unwrap();
}
