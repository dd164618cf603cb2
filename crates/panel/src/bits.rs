//! Small parts that every section is made of.

use komuz_release::difference::words_changed;
use serde_json::Value;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{FormData, HtmlElement, HtmlFormElement};
use yew::prelude::*;

use crate::app::{Ctx, Go};
use crate::ask::{self, Trouble};

/// What went wrong, where it happened.
pub fn trouble(ctx: &Ctx, trouble: &Option<Trouble>) -> Html {
    match trouble {
        None => Html::default(),
        Some(trouble) => {
            html! { <small class="trouble" role="alert" data-test="trouble">{ ctx.w.trouble(trouble) }</small> }
        }
    }
}

/// A line of explanation.
pub fn soft(words: &str) -> Html {
    html! { <p class="soft">{ words }</p> }
}

/// What is asked for when a button is pressed; none when nothing is.
pub type Make = Callback<(), Result<Value, Trouble>>;

/// A button that asks the engine for something, and says what went wrong.
#[derive(Properties, PartialEq)]
pub struct ActProps {
    pub ctx: Ctx,
    pub label: AttrValue,
    pub make: Make,
    #[prop_or_default]
    pub class: &'static str,
    /// A sign that is shown where the label would be too long; the label says what it does.
    #[prop_or_default]
    pub sign: Option<&'static str>,
    /// Go to what was made.
    #[prop_or_default]
    pub open: bool,
    /// The button goes with what it takes out: the focus moves to the section's tab.
    #[prop_or_default]
    pub back: bool,
    /// Hook for tests.
    #[prop_or_default]
    pub test: Option<&'static str>,
}

#[component]
pub fn Act(props: &ActProps) -> Html {
    let wrong = use_state(|| None::<Trouble>);
    let onclick = {
        let (ctx, make, wrong) = (props.ctx.clone(), props.make.clone(), wrong.clone());
        let (open, back) = (props.open, props.back);
        move |_: MouseEvent| match make.emit(()) {
            Err(trouble) => wrong.set(Some(trouble)),
            Ok(asked) => {
                let (ctx, wrong) = (ctx.clone(), wrong.clone());
                spawn_local(async move {
                    let result = ctx.ask(asked).await;
                    match &result {
                        Ok(id) if open => ctx.go(Go::Record(id.clone())),
                        Ok(_) if back => ctx.go(Go::Tab),
                        _ => {}
                    }
                    wrong.set(result.err());
                });
            }
        }
    };
    html! {
        <>
            <button type="button" class={props.class} data-test={props.test} aria-label={props.sign.map(|_| props.label.clone())}
                title={props.sign.map(|_| props.label.clone())} {onclick}>
                { props.sign.unwrap_or(props.label.as_str()) }
            </button>
            { trouble(&props.ctx, &wrong) }
        </>
    }
}

/// Takes a record out, or a part of it, after having asked.
#[derive(Properties, PartialEq)]
pub struct OutProps {
    pub ctx: Ctx,
    /// What the button says.
    pub label: AttrValue,
    /// What is lost.
    pub sure: AttrValue,
    /// What the button says that does it, where that is not taking something out.
    #[prop_or_default]
    pub yes: Option<&'static str>,
    pub make: Make,
    /// Hook for tests.
    #[prop_or_default]
    pub test: Option<&'static str>,
}

#[component]
pub fn Out(props: &OutProps) -> Html {
    let asking = use_state(|| false);
    let asked = use_mut_ref(|| false);
    let (button, question) = (use_node_ref(), use_node_ref());
    // The button that was pressed goes: the focus moves to what came in its place, and back.
    use_effect_with(*asking, {
        let (button, question) = (button.clone(), question.clone());
        move |asking: &bool| {
            if *asking != asked.replace(*asking) {
                let to = if *asking { question } else { button };
                if let Some(to) = to.cast::<HtmlElement>() {
                    let _ = to.focus();
                }
            }
        }
    });
    let w = props.ctx.w;
    let set = |to: bool| {
        let asking = asking.clone();
        move |_: MouseEvent| asking.set(to)
    };
    if !*asking {
        return html! {
            <button ref={button} type="button" class="quiet" data-test={props.test} onclick={set(true)}>{ &props.label }</button>
        };
    }
    html! {
        <span ref={question} class="sure" role="group" tabindex="-1" aria-label={props.sure.clone()}>
            <small>{ &props.sure }</small>
            <span class="row-of">
                <Act ctx={props.ctx.clone()} label={props.yes.unwrap_or(w.take_out)} class="bad" make={props.make.clone()} back=true test="sure" />
                <button type="button" onclick={set(false)}>{ w.keep }</button>
            </span>
        </span>
    }
}

/// A record that can be opened: its head is always there, its body only while it is open.
#[derive(Properties, PartialEq)]
pub struct CardProps {
    pub ctx: Ctx,
    /// Id of the record.
    pub record: AttrValue,
    pub head: Html,
    pub body: Callback<(), Html>,
    /// Hook for tests.
    #[prop_or_default]
    pub test: Option<&'static str>,
}

#[component]
pub fn Card(props: &CardProps) -> Html {
    let open = use_state(|| false);
    let toggle = {
        let open = open.clone();
        move |_: MouseEvent| open.set(!*open)
    };
    html! {
        <div class={classes!("card", "record", open.then_some("unfolded"), (props.ctx.at == props.record).then_some("on"))} data-record={props.record.clone()} data-test={props.test}>
            <button type="button" class="head" aria-expanded={if *open { "true" } else { "false" }} onclick={toggle}>
                { props.head.clone() }
            </button>
            if *open {
                <div class="body">{ props.body.emit(()) }</div>
            }
        </div>
    }
}

/// A form's fields.
pub struct Fields {
    data: FormData,
    /// The value of the button that sent it.
    pub button: String,
}

impl Fields {
    /// A field's text, trimmed.
    pub fn text(&self, name: &str) -> String {
        let text = self.data.get(name).as_string().unwrap_or_default();
        text.trim().to_owned()
    }
}

/// A form that makes something.
#[derive(Properties, PartialEq)]
pub struct FormProps {
    pub ctx: Ctx,
    /// What is asked for.
    pub make: Callback<Fields, Result<Value, Trouble>>,
    /// The buttons that send it, which it has at its end.
    pub buttons: Html,
    /// Go to what was made.
    #[prop_or_default]
    pub open: bool,
    /// Hook for tests.
    #[prop_or_default]
    pub test: Option<&'static str>,
    pub children: Html,
}

#[component]
pub fn Form(props: &FormProps) -> Html {
    let wrong = use_state(|| None::<Trouble>);
    let onsubmit = {
        let (ctx, make, wrong, open) = (props.ctx.clone(), props.make.clone(), wrong.clone(), props.open);
        move |event: SubmitEvent| {
            event.prevent_default();
            let form = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
            let Some(form) = form else { return };
            let Ok(data) = FormData::new_with_form(&form) else {
                return;
            };
            let button = event.submitter().and_then(|button| button.get_attribute("value"));
            let fields = Fields {
                data,
                button: button.unwrap_or_default(),
            };
            match make.emit(fields) {
                Err(trouble) => wrong.set(Some(trouble)),
                Ok(asked) => {
                    let (ctx, wrong) = (ctx.clone(), wrong.clone());
                    spawn_local(async move {
                        let result = ctx.ask(asked).await;
                        if let Ok(id) = &result {
                            form.reset();
                            if open {
                                // What was made is opened in its place.
                                if let Ok(Some(fold)) = form.closest("details") {
                                    let _ = fold.remove_attribute("open");
                                }
                                ctx.go(Go::Record(id.clone()));
                            }
                        }
                        wrong.set(result.err());
                    });
                }
            }
        }
    };
    html! {
        <form {onsubmit} data-test={props.test}>
            { props.children.clone() }
            { trouble(&props.ctx, &wrong) }
            <p class="row-of">{ props.buttons.clone() }</p>
        </form>
    }
}

/// Something that is folded away until it is wanted.
pub fn fold(words: &str, test: &'static str, inside: Html) -> Html {
    html! {
        <details class="fold">
            <summary data-test={test}>{ words }</summary>
            { inside }
        </details>
    }
}

/// A one-line input of a form.
pub fn input(label: &str, name: &'static str, required: bool) -> Html {
    html! {
        <label class="field">
            <span>{ label }</span>
            <input {name} {required} autocomplete="off" dir="auto" data-test={name} />
        </label>
    }
}

/// A choice of a form.
pub fn choice(label: &str, name: &'static str, choices: &[(String, String)]) -> Html {
    html! {
        <label class="field">
            <span>{ label }</span>
            <select {name} data-test={name}>
                // Said outright: options are put in from the last one on, and the first that comes would be chosen.
                { for choices.iter().enumerate().map(|(at, (value, words))| html! {
                    <option value={value.clone()} selected={at == 0}>{ words }</option>
                }) }
            </select>
        </label>
    }
}

/// A button that shows the words under an anchor.
pub fn reveal(ctx: &Ctx, id: &str) -> Html {
    let onclick = {
        let (ctx, id) = (ctx.clone(), id.to_owned());
        move |_: MouseEvent| ctx.bridge.reveal(&id, 0, 0)
    };
    html! { <button type="button" data-test="reveal" {onclick}>{ ctx.w.show_in_text }</button> }
}

/// A button that goes to a record.
pub fn to_record(ctx: &Ctx, words: &str, id: &str) -> Html {
    let onclick = {
        let (ctx, id) = (ctx.clone(), id.to_owned());
        move |_: MouseEvent| ctx.go(Go::Record(id.clone()))
    };
    html! { <button type="button" data-test="open-record" {onclick}>{ words }</button> }
}

/// What changed from one text to another, word by word.
pub fn changed(old: &str, new: &str, lang: &str) -> Html {
    let changes = words_changed("", old, new);
    html! {
        <ul class="changes" lang={lang.to_owned()}>
            { for changes.iter().map(|change| html! {
                <li dir="auto">
                    { &change.before }{ " " }
                    if !change.old.is_empty() {
                        <del>{ &change.old }</del>{ " " }
                    }
                    if !change.new.is_empty() {
                        <ins>{ &change.new }</ins>{ " " }
                    }
                    { &change.after }
                </li>
            }) }
        </ul>
    }
}

/// A removal of a record.
pub fn removal(ctx: &Ctx, record: &str) -> Make {
    let (ctx, record) = (ctx.clone(), record.to_owned());
    Callback::from(move |()| Ok(ask::remove(&ctx.view.edition, &record)))
}

/// A saving of members that are known beforehand.
pub fn saving(ctx: &Ctx, record: &str, members: ask::Members) -> Make {
    let (ctx, record) = (ctx.clone(), record.to_owned());
    Callback::from(move |()| Ok(ask::save(&ctx.view.edition, &record, &members)))
}
