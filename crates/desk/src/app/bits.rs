//! Small parts that every screen is made of.

use std::future::Future;
use std::rc::Rc;

use komuz_messages::{InvestigationView, Signing, Trouble};
use serde_json::{Map, Value};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;
use yew::prelude::*;

use crate::browser;
use crate::state::{Context, outlet_name, string_class};
use crate::words::Words;

/// A dialog over the page. It takes the focus, Escape closes it, and the focus goes back.
#[derive(Properties, PartialEq)]
pub struct ModalProps {
    pub ctx: Context,
    /// Its title.
    pub title: AttrValue,
    /// Hook for tests.
    pub test: &'static str,
    /// As wide as the text.
    #[prop_or_default]
    pub wide: bool,
    /// Not to be closed by Escape: something would be lost.
    #[prop_or_default]
    pub firm: bool,
    pub close: Callback<()>,
    pub children: Html,
}

#[component]
pub fn Modal(props: &ModalProps) -> Html {
    let node = use_node_ref();
    use_effect_with((), {
        let node = node.clone();
        move |()| {
            let dialog = node.cast::<Element>();
            if let Some(dialog) = &dialog {
                browser::show_modal(dialog);
            }
            move || {
                if let Some(dialog) = dialog {
                    browser::hide_modal(&dialog);
                }
            }
        }
    });
    let w = props.ctx.words();
    let close = props.close.clone();
    let cancel = {
        let (close, firm) = (props.close.clone(), props.firm);
        Callback::from(move |event: Event| {
            event.prevent_default();
            if !firm {
                close.emit(());
            }
        })
    };
    html! {
        <dialog ref={node} class={classes!(props.wide.then_some("wide"))} aria-labelledby="dialog-title" oncancel={cancel}
            data-test={props.test}>
            <div class="dialog-head">
                <h2 id="dialog-title" dir="auto">{ props.title.clone() }</h2>
                if !props.firm {
                    <button type="button" class="quiet" data-test="close" onclick={move |_| close.emit(())}>{ w.close }</button>
                }
            </div>
            { props.children.clone() }
        </dialog>
    }
}

/// Three strings: one for each outlet, solid when it has signed, dashed while not, dotted when an edit voided it.
pub fn strings(w: &Words, investigation: &InvestigationView, signing: &Signing) -> Html {
    let label = signed_words(w, investigation, signing);
    if investigation.outlets.len() > 5 {
        return html! { <span class="strings" role="img" aria-label={label}><i class="string-1" /></span> };
    }
    html! {
        <span class="strings" role="img" aria-label={label}>
            { for investigation.outlets.iter().map(|outlet| {
                let state = if signing.signed.contains(&outlet.id) {
                    ""
                } else if signing.moved.contains(&outlet.id) {
                    "void"
                } else {
                    "open"
                };
                html! { <i class={classes!(string_class(investigation, &outlet.id), state)} /> }
            }) }
        </span>
    }
}

/// "2 of 3 outlets signed this text".
pub fn signed_words(w: &Words, investigation: &InvestigationView, signing: &Signing) -> String {
    w.signed_of.fill(&[
        &signing.signed.len().to_string(),
        &investigation.outlets.len().to_string(),
    ])
}

/// Names of outlets, joined by commas.
pub fn outlet_names(investigation: &InvestigationView, ids: &[String]) -> String {
    ids.iter()
        .map(|id| outlet_name(investigation, id))
        .collect::<Vec<_>>()
        .join(", ")
}

/// What went wrong, where it happened.
pub fn trouble(w: &Words, trouble: &Option<Trouble>) -> Html {
    match trouble {
        None => Html::default(),
        Some(trouble) => html! { <p class="trouble" role="alert" data-test="trouble">{ w.trouble(trouble) }</p> },
    }
}

/// Something that a form waits for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Doing {
    /// It is under way.
    pub busy: bool,
    /// It failed.
    pub trouble: Option<Trouble>,
}

/// Does something for a form: busy while it lasts, the trouble shown when it fails.
pub fn doing(state: &UseStateHandle<Doing>, task: impl Future<Output = Result<(), Trouble>> + 'static) {
    let state = state.clone();
    state.set(Doing {
        busy: true,
        trouble: None,
    });
    spawn_local(async move {
        let trouble = task.await.err();
        state.set(Doing { busy: false, trouble });
    });
}

/// A trouble of the page's own; the words know its code.
pub fn page_trouble(code: &str) -> Trouble {
    Trouble {
        code: code.to_owned(),
        message: code.to_owned(),
    }
}

/// A form's fields by name.
#[derive(Clone)]
pub struct Fields(Rc<Map<String, Value>>);

impl Fields {
    /// A field's text, trimmed; empty when there is none.
    pub fn text(&self, name: &str) -> String {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    /// A field's text as typed.
    pub fn raw(&self, name: &str) -> String {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// Handles a form: the browser sends nothing, `act` gets the fields.
pub fn on_submit(act: impl Fn(Fields) + 'static) -> Callback<SubmitEvent> {
    Callback::from(move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(form) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            act(Fields(Rc::new(
                serde_json::from_str(&browser::fields(&form)).unwrap_or_default(),
            )));
        }
    })
}

/// A one-line field with its label.
pub fn field(label: &str, name: &'static str, value: &str, hint: &str, required: bool) -> Html {
    html! {
        <label class="field">
            <span>{ label }</span>
            <input {name} value={value.to_owned()} {required} autocomplete="off" dir="auto" data-test={name} />
            if !hint.is_empty() {
                <small>{ hint }</small>
            }
        </label>
    }
}

/// A field of several lines with its label.
pub fn area(label: &str, name: &'static str, value: &str, hint: &str, required: bool) -> Html {
    html! {
        <label class="field">
            <span>{ label }</span>
            <textarea {name} value={value.to_owned()} {required} rows="4" dir="auto" data-test={name} />
            if !hint.is_empty() {
                <small>{ hint }</small>
            }
        </label>
    }
}
