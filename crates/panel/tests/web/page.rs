//! The desk's page around the panel: what is asked of it, and what a person does.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect};
use komuz_panel::{Bridge, Panel, mount};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, Event, EventInit, HtmlElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

/// What has come from the panel, and what it is told.
#[derive(Default)]
struct Told {
    asked: Vec<Value>,
    revealed: Vec<Value>,
    selection: Option<Value>,
    refused: Option<String>,
    who: Value,
    opened: Vec<String>,
    kept: Vec<(String, String)>,
}

/// A page with the panel in it.
pub struct Page {
    /// The panel.
    pub panel: Panel,
    /// What it is mounted in.
    pub place: Element,
    told: Rc<RefCell<Told>>,
}

fn to_js(value: &Value) -> JsValue {
    js_sys::JSON::parse(&value.to_string()).unwrap()
}

fn set(object: &Object, name: &str, value: &JsValue) {
    Reflect::set(object, &name.into(), value).unwrap();
}

async fn turn() {
    let turn = Promise::new(&mut |resolve: Function, _| {
        let window = web_sys::window().unwrap();
        window
            .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, 5)
            .unwrap();
    });
    JsFuture::from(turn).await.unwrap();
}

/// Waits until something is so, and fails after ten seconds.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if so() {
            return;
        }
        turn().await;
    }
    panic!("waited in vain until {what}");
}

impl Page {
    /// A page whose panel was given nothing yet.
    pub fn open(lang: &str) -> Self {
        Self::mounted(lang, false)
    }

    /// The review, with what must be mended.
    pub async fn review(shown: &Value) -> Self {
        let mut page = Self::mounted("en", true);
        page.show(shown);
        page.shows("[data-test=panel-brief]").await;
        page
    }

    fn mounted(lang: &str, brief: bool) -> Self {
        let document = web_sys::window().unwrap().document().unwrap();
        let place = document.create_element("div").unwrap();
        document.body().unwrap().append_child(&place).unwrap();
        let told: Rc<RefCell<Told>> = Rc::default();
        let bridge = Object::new();
        let ask = {
            let told = told.clone();
            Closure::<dyn Fn(String) -> Promise>::new(move |json: String| {
                let mut told = told.borrow_mut();
                let asked: Value = serde_json::from_str(&json).unwrap();
                // It is asked for again and again: that is no deed of a person's.
                if asked["ask"] == "who" {
                    let result = json!({ "Ok": told.who });
                    return Promise::resolve::<JsValue>(&result.to_string().into());
                }
                told.asked.push(asked);
                let result = match &told.refused {
                    Some(code) => json!({ "Err": { "code": code, "message": "refused" } }),
                    None => json!({ "Ok": { "answer": "done" } }),
                };
                Promise::resolve::<JsValue>(&result.to_string().into())
            })
        };
        let selection = {
            let told = told.clone();
            Closure::<dyn Fn() -> JsValue>::new(move || told.borrow().selection.as_ref().map_or(JsValue::NULL, to_js))
        };
        let reveal = {
            let told = told.clone();
            Closure::<dyn Fn(String, u32, u32)>::new(move |id: String, start: u32, end: u32| {
                told.borrow_mut().revealed.push(json!([id, start, end]));
            })
        };
        set(&bridge, "ask", &ask.into_js_value());
        set(&bridge, "selection", &selection.into_js_value());
        set(&bridge, "reveal", &reveal.into_js_value());
        set(
            &bridge,
            "draw",
            &Function::new_with_args("place, svg", "place.textContent = svg"),
        );
        let opened = {
            let told = told.clone();
            Closure::<dyn Fn(String)>::new(move |id: String| told.borrow_mut().opened.push(id))
        };
        let save = {
            let told = told.clone();
            Closure::<dyn Fn(String, String)>::new(move |name: String, svg: String| {
                told.borrow_mut().kept.push((name, svg));
            })
        };
        let insert = {
            let told = told.clone();
            Closure::<dyn Fn(String, String) -> Promise>::new(move |svg: String, alt: String| {
                told.borrow_mut().kept.push((alt, svg));
                Promise::resolve::<JsValue>(&r#"{"Err":{"code":"picture","message":""}}"#.into())
            })
        };
        set(&bridge, "open", &opened.into_js_value());
        set(&bridge, "save", &save.into_js_value());
        set(&bridge, "insert", &insert.into_js_value());
        let panel = mount(
            place.clone(),
            lang,
            brief,
            JsValue::from(bridge).unchecked_into::<Bridge>(),
        );
        Self { panel, place, told }
    }

    /// A page whose panel shows this.
    pub async fn with(lang: &str, shown: &Value) -> Self {
        let mut page = Self::open(lang);
        page.show(shown);
        page.shows("[role=tablist]").await;
        page
    }

    /// Gives the panel something to show.
    pub fn show(&mut self, shown: &Value) {
        self.panel.show(&shown.to_string()).unwrap();
    }

    /// What was asked for, once it is so much.
    pub async fn asked(&self, count: usize) -> Vec<Value> {
        until("the panel asks", || self.told.borrow().asked.len() >= count).await;
        self.told.borrow().asked.clone()
    }

    /// The records that were gone to from the review.
    pub fn opened(&self) -> Vec<String> {
        self.told.borrow().opened.clone()
    }

    /// The pictures that were saved (with a name) or put into the text (with a description).
    pub fn kept(&self) -> Vec<(String, String)> {
        self.told.borrow().kept.clone()
    }

    /// What was to be shown in the text.
    pub fn revealed(&self) -> Vec<Value> {
        self.told.borrow().revealed.clone()
    }

    /// Words of the text are selected.
    pub fn select(&self, from: u32, to: u32) {
        self.told.borrow_mut().selection =
            Some(json!({ "seq": 1, "taken": 1, "from": from, "to": to, "edition": { "story": "s", "lang": "en" } }));
    }

    /// Whatever is asked from now on is refused with a code.
    pub fn refuse(&self, code: &str) {
        self.told.borrow_mut().refused = Some(code.to_owned());
    }

    /// Shows who is in.
    pub async fn group(&self, who: Value) {
        self.told.borrow_mut().who = who;
        self.press("[data-test=panel-group]").await;
        self.shows("[data-test=group-outlet]").await;
    }

    fn find(&self, selector: &str) -> Option<HtmlElement> {
        let found = self.place.query_selector(selector).unwrap()?;
        Some(found.dyn_into().unwrap())
    }

    /// The first element that a selector finds.
    pub fn get(&self, selector: &str) -> HtmlElement {
        self.find(selector).unwrap_or_else(|| panic!("{selector} is not there"))
    }

    /// All that a selector finds, as their text.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let list = self.place.query_selector_all(selector).unwrap();
        (0..list.length())
            .filter_map(|at| Some(list.get(at)?.text_content()?.trim().to_owned()))
            .collect()
    }

    /// Waits until a selector finds something.
    pub async fn shows(&self, selector: &str) -> HtmlElement {
        until(selector, || self.find(selector).is_some()).await;
        self.get(selector)
    }

    /// Presses a button, once it is there.
    pub async fn press(&self, selector: &str) {
        self.shows(selector).await.click();
        turn().await;
    }

    /// Opens a record of a section.
    pub async fn open_record(&self, section: &str, record: &str) {
        self.press(&format!("[data-test={section}]")).await;
        self.press(&format!("[data-record={record}] .head")).await;
        self.shows(&format!("[data-record={record}] .body")).await;
        turn().await;
    }

    /// Types into a field, or chooses in a choice, without leaving it.
    pub async fn type_into(&self, selector: &str, text: &str) {
        let field = self.shows(selector).await;
        if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
            input.set_value(text);
        } else if let Some(area) = field.dyn_ref::<HtmlTextAreaElement>() {
            area.set_value(text);
        } else if let Some(select) = field.dyn_ref::<HtmlSelectElement>() {
            select.set_value(text);
        }
        happen(&field, "input");
        turn().await;
    }

    /// Leaves a field.
    pub async fn leave(&self, selector: &str) {
        happen(&self.get(selector), "change");
        turn().await;
    }

    /// Whether an element has the focus.
    pub fn has_focus(&self, selector: &str) -> bool {
        let document = web_sys::window().unwrap().document().unwrap();
        document.active_element().as_ref() == Some(self.get(selector).as_ref())
    }

    /// What a field holds.
    pub fn value(&self, selector: &str) -> String {
        self.get(selector).dyn_into::<HtmlInputElement>().unwrap().value()
    }
}

fn happen(element: &Element, name: &str) {
    let init = EventInit::new();
    init.set_bubbles(true);
    element
        .dispatch_event(&Event::new_with_event_init_dict(name, &init).unwrap())
        .unwrap();
}
