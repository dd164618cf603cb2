//! Fields: each is one member of one record, and is saved when it is left.

use serde_json::Value;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask::{self, Members, Trouble};
use crate::bits::trouble;

/// What is typed into a field.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Kind {
    /// One line.
    #[default]
    Line,
    /// Several lines.
    Area,
    /// A day.
    Day,
    /// A whole number from 1 to 9.
    Digit,
    /// One of these: value and words.
    Choice(Vec<(AttrValue, AttrValue)>),
}

/// A field.
#[derive(Properties, PartialEq)]
pub struct FieldProps {
    pub ctx: Ctx,
    /// Id of the record.
    pub record: AttrValue,
    /// Path of the member.
    pub member: AttrValue,
    pub label: AttrValue,
    #[prop_or_default]
    pub hint: AttrValue,
    /// What is stored.
    pub value: AttrValue,
    #[prop_or_default]
    pub kind: Kind,
    /// What else is saved with it: who, and on which day.
    #[prop_or_default]
    pub with: Members,
    /// Language of what is typed, where it is known.
    #[prop_or_default]
    pub lang: Option<AttrValue>,
    /// Hook for tests.
    #[prop_or_default]
    pub test: Option<&'static str>,
}

/// What somebody is typing.
#[derive(Default)]
struct Typing {
    /// What was stored when it began; none when all that was typed is saved.
    since: Option<AttrValue>,
    /// What was sent last.
    sent: Option<AttrValue>,
}

/// A field with its label. What is stored elsewhere meanwhile does not take the place of what is being typed; it is shown beneath.
#[component]
pub fn Field(props: &FieldProps) -> Html {
    let node = use_node_ref();
    let typing = use_mut_ref(Typing::default);
    let wrong = use_state(|| None::<Trouble>);
    use_effect_with((props.value.clone(), props.kind.clone()), {
        let (node, typing) = (node.clone(), typing.clone());
        move |(value, _): &(AttrValue, Kind)| {
            if typing.borrow().since.is_none() {
                put(&node, value);
            }
        }
    });
    // What is typed may be left by closing the page or by a tool that takes the field away: the page asks for it then (`change`).
    let oninput = {
        let (typing, value) = (typing.clone(), props.value.clone());
        move |_: InputEvent| {
            typing.borrow_mut().since.get_or_insert_with(|| value.clone());
        }
    };
    let onchange = {
        let (ctx, record, member) = (props.ctx.clone(), props.record.clone(), props.member.clone());
        let (typing, wrong, stored) = (typing.clone(), wrong.clone(), props.value.clone());
        let (digit, day, with) = (props.kind == Kind::Digit, props.kind == Kind::Day, props.with.clone());
        move |event: Event| {
            let typed = typed(&event);
            // While a year is typed, Chromium says "0002", "0020" and so on: nobody means these.
            if day && typed.starts_with('0') {
                return;
            }
            typing.borrow_mut().since = None;
            if typed.trim() == stored.as_str() {
                return;
            }
            typing.borrow_mut().sent = Some(typed.trim().to_owned().into());
            let value = match typed.trim().parse::<u8>() {
                Ok(number) if digit => Value::from(number),
                Err(_) if digit => Value::Null,
                _ => ask::text(&typed),
            };
            let mut members = vec![(member.to_string(), value)];
            members.extend(with.iter().cloned());
            save(&ctx, &record, members, {
                let (typing, wrong, stored) = (typing.clone(), wrong.clone(), stored.clone());
                move |failed| {
                    if failed.is_some() {
                        typing.borrow_mut().since.get_or_insert(stored);
                    }
                    wrong.set(failed);
                }
            });
        }
    };
    let meanwhile = {
        let typing = typing.borrow();
        let other = |since: &AttrValue| *since != props.value && typing.sent.as_ref() != Some(&props.value);
        typing.since.as_ref().is_some_and(other)
    };
    let (value, lang, test) = (props.value.clone(), props.lang.clone(), props.test);
    let spell = lang.is_some().then_some("true");
    let input = match &props.kind {
        Kind::Area => html! {
            <textarea ref={node} rows="2" dir="auto" {lang} spellcheck={spell} data-value={value} data-test={test} {oninput} {onchange} />
        },
        Kind::Choice(choices) => html! {
            <select ref={node} data-value={value} data-test={test} {onchange}>
                { for choices.iter().map(|(value, words)| html! { <option value={value.clone()}>{ words }</option> }) }
            </select>
        },
        Kind::Day => {
            html! { <input ref={node} type="date" data-value={value} data-test={test} {oninput} {onchange} /> }
        }
        Kind::Digit => html! {
            <input ref={node} type="number" min="1" max="9" data-value={value} data-test={test} {oninput} {onchange} />
        },
        Kind::Line => html! {
            <input ref={node} dir="auto" {lang} spellcheck={spell} autocomplete="off" data-value={value} data-test={test} {oninput} {onchange} />
        },
    };
    html! {
        <label class="field">
            <span>{ &props.label }</span>
            { input }
            if !props.hint.is_empty() {
                <small>{ &props.hint }</small>
            }
            if meanwhile {
                <small class="warning" role="status">{ props.ctx.w.meanwhile }{ " " }<span dir="auto">{ &props.value }</span></small>
            }
            { trouble(&props.ctx, &wrong) }
        </label>
    }
}

/// Saves members of a record, and says what went wrong.
pub fn save(ctx: &Ctx, record: &str, members: Members, then: impl FnOnce(Option<Trouble>) + 'static) {
    let asked = ctx.ask(ask::save(&ctx.view.edition, record, &members));
    spawn_local(async move { then(asked.await.err()) });
}

/// Puts a text into a field of any kind.
fn put(node: &NodeRef, value: &str) {
    if let Some(input) = node.cast::<HtmlInputElement>() {
        input.set_value(value);
    } else if let Some(area) = node.cast::<HtmlTextAreaElement>() {
        area.set_value(value);
    } else if let Some(select) = node.cast::<HtmlSelectElement>() {
        select.set_value(value);
    }
}

/// What a field that has changed holds.
fn typed(event: &Event) -> String {
    let Some(target) = event.target() else {
        return String::new();
    };
    if let Some(input) = target.dyn_ref::<HtmlInputElement>() {
        input.value()
    } else if let Some(area) = target.dyn_ref::<HtmlTextAreaElement>() {
        area.value()
    } else if let Some(select) = target.dyn_ref::<HtmlSelectElement>() {
        select.value()
    } else {
        String::new()
    }
}

/// Yes or no.
#[derive(Properties, PartialEq)]
pub struct TickProps {
    pub ctx: Ctx,
    /// Id of the record.
    pub record: AttrValue,
    /// Path of the member.
    pub member: AttrValue,
    pub label: Html,
    /// What is stored.
    pub on: bool,
    /// What else is saved with it.
    #[prop_or_default]
    pub with: Members,
    /// Hook for tests.
    #[prop_or_default]
    pub test: Option<&'static str>,
}

/// A box that is ticked or not; "no" deletes the member.
#[component]
pub fn Tick(props: &TickProps) -> Html {
    let wrong = use_state(|| None::<Trouble>);
    let onchange = {
        let (ctx, record, member) = (props.ctx.clone(), props.record.clone(), props.member.clone());
        let (wrong, with) = (wrong.clone(), props.with.clone());
        move |event: Event| {
            let Some(input) = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
            else {
                return;
            };
            let value = if input.checked() {
                Value::Bool(true)
            } else {
                Value::Null
            };
            let mut members = vec![(member.to_string(), value)];
            members.extend(with.iter().cloned());
            let wrong = wrong.clone();
            save(&ctx, &record, members, move |failed| {
                if failed.is_some() {
                    input.set_checked(!input.checked());
                }
                wrong.set(failed);
            });
        }
    };
    html! {
        <>
            <label class="check">
                <input type="checkbox" checked={props.on} data-test={props.test} {onchange} />
                <span>{ props.label.clone() }</span>
            </label>
            { trouble(&props.ctx, &wrong) }
        </>
    }
}
