//! Small parts that every screen is made of.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use komuz_messages::{Ask, InvestigationView, Signing, Trouble};
use serde_json::{Map, Value};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Element;
use yew::prelude::*;

use super::Msg;
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
    // A browser lets nobody be held: a second Escape, or Back, closes whatever `cancel` says.
    let closed = {
        let (close, firm, node) = (props.close.clone(), props.firm, node.clone());
        Callback::from(move |_: Event| match node.cast::<Element>() {
            Some(dialog) if firm => browser::show_modal(&dialog),
            _ => close.emit(()),
        })
    };
    html! {
        <dialog ref={node} class={classes!(props.wide.then_some("wide"))} aria-labelledby="dialog-title" oncancel={cancel} onclose={closed}
            data-test={props.test}>
            <div class="dialog-head">
                <h2 id="dialog-title" dir="auto">{ props.title.clone() }</h2>
                if !props.firm {
                    <button type="button" class="quiet" data-test="close" onclick={move |_| close.emit(())}>{ w.close() }</button>
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
    w.signed_of().fill(&[
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

/// What a form does with its fields.
pub type Task = Pin<Box<dyn Future<Output = Result<(), Trouble>>>>;

/// Lets something run. One future type for all, since each other one is Wasm of its own.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    spawn_local(task);
}

/// Asks for something whose answer shows in events; trouble is shown at the top of the page.
pub fn tell(ctx: &Context, ask: &Ask) {
    let (app, asked) = (ctx.app.clone(), ctx.engine.ask_for(ask));
    spawn(async move {
        if let Err(trouble) = asked.await {
            app.emit(Msg::Trouble(Some(trouble)));
        }
    });
}

/// Something that is waited for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Doing {
    /// It is under way.
    pub busy: bool,
    /// It failed.
    pub trouble: Option<Trouble>,
    /// It was done.
    pub done: bool,
}

/// Does something: busy while it lasts, the trouble shown when it fails.
pub fn doing(state: &UseStateHandle<Doing>, task: Task) {
    let state = state.clone();
    state.set(Doing {
        busy: true,
        ..Doing::default()
    });
    spawn(async move {
        let trouble = task.await.err();
        state.set(Doing {
            busy: false,
            done: trouble.is_none(),
            trouble,
        });
    });
}

/// A form: its fields, what went wrong, the button that sends it.
#[derive(Properties, PartialEq)]
pub struct FormProps {
    pub ctx: Context,
    /// What the button says.
    pub send: AttrValue,
    /// What is done with the fields.
    pub act: Callback<Fields, Task>,
    /// Hook for tests.
    #[prop_or_default]
    pub test: Option<&'static str>,
    /// Hook of the button.
    #[prop_or("submit")]
    pub button: &'static str,
    /// Class of the button.
    #[prop_or("main")]
    pub class: &'static str,
    /// A sentence for when it is done.
    #[prop_or_default]
    pub done: &'static str,
    /// It cannot be sent now.
    #[prop_or_default]
    pub disabled: bool,
    /// Buttons beside the first.
    #[prop_or_default]
    pub beside: Html,
    pub children: Html,
}

#[component]
pub fn Form(props: &FormProps) -> Html {
    let state = use_state(Doing::default);
    let node = use_node_ref();
    use_effect_with((), {
        let node = node.clone();
        move |()| {
            if let Some(form) = node.cast::<Element>() {
                browser::fill(&form);
            }
        }
    });
    use_effect_with(state.done, {
        let node = node.clone();
        move |done: &bool| {
            if let (Some(form), true) = (node.cast::<Element>(), *done) {
                browser::empty(&form);
            }
        }
    });
    let onsubmit = {
        let (state, act, busy) = (state.clone(), props.act.clone(), state.busy);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let form = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            if let (Some(form), false) = (form, busy) {
                doing(&state, act.emit(Fields::of(&form)));
            }
        })
    };
    html! {
        <form ref={node} {onsubmit} data-test={props.test}>
            { props.children.clone() }
            { trouble(props.ctx.words(), &state.trouble) }
            if state.done && !props.done.is_empty() {
                <p class="good" role="status">{ props.done }</p>
            }
            <p class="row-of">
                <button class={props.class} disabled={state.busy || props.disabled} data-test={props.button}>{ &props.send }</button>
                { props.beside.clone() }
            </p>
        </form>
    }
}

/// Puts a text on the clipboard and says so.
#[derive(Properties, PartialEq)]
pub struct CopyProps {
    pub ctx: Context,
    pub text: String,
}

#[component]
pub fn Copy(props: &CopyProps) -> Html {
    let w = props.ctx.words();
    // Which text was copied, or could not be: another one is not.
    let copied = use_state(|| (String::new(), false));
    let copy = {
        let (text, copied) = (props.text.clone(), copied.clone());
        Callback::from(move |_: MouseEvent| {
            let (text, copied) = (text.clone(), copied.clone());
            spawn(async move {
                let done = JsFuture::from(browser::copy_text(&text)).await;
                copied.set((text, done.is_ok_and(|done| done.is_truthy())));
            });
        })
    };
    let said = (copied.0 == props.text).then_some(copied.1);
    html! {
        <>
            <button type="button" onclick={copy}>{ if said == Some(true) { w.copied() } else { w.copy() } }</button>
            if said == Some(false) {
                <span class="warning" role="status">{ w.copy_failed() }</span>
            }
        </>
    }
}

/// A trouble of the page's own; the words know its code.
pub fn page_trouble(code: &str) -> Trouble {
    Trouble {
        code: code.to_owned(),
        with: Vec::new(),
        message: code.to_owned(),
    }
}

/// A form's fields by name.
#[derive(Clone)]
pub struct Fields(Rc<Map<String, Value>>);

impl Fields {
    fn of(form: &Element) -> Self {
        match serde_json::from_str(&browser::fields(form)) {
            Ok(Value::Object(map)) => Self(Rc::new(map)),
            _ => Self(Rc::default()),
        }
    }

    /// A field's text, trimmed; empty when there is none.
    pub fn text(&self, name: &str) -> String {
        self.raw(name).trim().to_owned()
    }

    /// A field's text as typed.
    pub fn raw(&self, name: &str) -> String {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// A form's act from a function of its fields.
pub fn act<F: Future<Output = Result<(), Trouble>> + 'static>(
    act: impl Fn(Fields) -> F + 'static,
) -> Callback<Fields, Task> {
    Callback::from(move |fields: Fields| -> Task { Box::pin(act(fields)) })
}

/// A one-line field with its label.
pub fn field(label: &str, name: &'static str, value: &str, hint: &str, required: bool) -> Html {
    html! {
        <label class="field">
            <span>{ label }</span>
            <input {name} data-value={value.to_owned()} {required} autocomplete="off" dir="auto" data-test={name} />
            if !hint.is_empty() {
                <small>{ hint }</small>
            }
        </label>
    }
}

/// A choice with its label: values and their words.
pub fn choice(label: &str, name: &'static str, choices: &[(&str, &str)], chosen: &str, hint: &str) -> Html {
    html! {
        <label class="field">
            <span>{ label }</span>
            <select {name} data-test={name}>
                // Said outright: options are put in from the last one on, and the first that comes would be chosen.
                { for choices.iter().map(|(value, words)| html! {
                    <option value={(*value).to_owned()} selected={*value == chosen}>{ *words }</option>
                }) }
            </select>
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
            <textarea {name} data-value={value.to_owned()} {required} rows="4" dir="auto" data-test={name} />
            if !hint.is_empty() {
                <small>{ hint }</small>
            }
        </label>
    }
}
