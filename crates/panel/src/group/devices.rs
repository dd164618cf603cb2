//! The devices of members: which they are, how one's own next one comes in, and how a lost one goes.

use serde_json::{Value, json};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

use super::{asks, list, text};
use crate::app::Ctx;
use crate::ask::Trouble;
use crate::bits::{Act, Out, fold, soft, trouble};
use crate::words::fill;

/// A member's devices; with `may`, what takes one out that was lost. The only one goes with its member.
pub fn devices(ctx: &Ctx, member: &Value, may: bool) -> Html {
    let w = ctx.w;
    let all = list(member, "devices");
    if all.is_empty() {
        return Html::default();
    }
    let lines = all.iter().map(|device| {
        let (id, code) = (text(device, "id"), text(device, "code"));
        let here = device["here"] == true;
        let goes = json!({ "ask": "remove-device", "device": id });
        html! {
            <li key={id.clone()} class="member">
                <p><code translate="no">{ &code }</code>
                    if here {
                        { " · " }<span class="soft">{ w.group_here }</span>
                    }
                </p>
                if may && !here && all.len() > 1 {
                    <Out ctx={ctx.clone()} label={fill(w.group_device_out, &[&code])} sure={w.group_device_sure} yes={w.take_out}
                        make={asks(goes)} test="group-device-out" />
                }
            </li>
        }
    });
    let label = fill(w.group_devices, &[&all.len().to_string()]);
    fold(&label, "group-devices", html! { <ul class="plain">{ for lines }</ul> })
}

/// A device that has used an invitation of this one: the digits are compared by eye.
pub fn asks_in(ctx: &Ctx, request: &Value) -> Html {
    let w = ctx.w;
    let id = text(request, "id");
    html! {
        <div class="card" key={id.clone()} role="group" aria-label={w.group_device_asks} data-test="group-device-asks">
            <p role="status">{ w.group_device_asks }</p>
            <p class="code" translate="no" data-test="group-device-code">{ text(request, "code") }</p>
            <p class="row-of">
                <Act ctx={ctx.clone()} label={w.group_let_in} class="main" make={asks(json!({ "ask": "confirm", "request": id }))}
                    back=true test="group-let-in" />
                <Act ctx={ctx.clone()} label={w.group_not_mine} make={asks(json!({ "ask": "refuse", "request": id }))}
                    back=true test="group-not-mine" />
            </p>
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct AddingProps {
    pub ctx: Ctx,
    /// There is an invitation.
    pub done: Callback<()>,
}

/// Makes an invitation for one's own next device; it stands among the open ones then.
#[component]
pub fn Adding(props: &AddingProps) -> Html {
    let wrong = use_state(|| None::<Trouble>);
    let onclick = {
        let (ctx, done, wrong) = (props.ctx.clone(), props.done.clone(), wrong.clone());
        move |_: MouseEvent| {
            let (ctx, done, wrong) = (ctx.clone(), done.clone(), wrong.clone());
            spawn_local(async move {
                let asked = ctx.ask(json!({ "ask": "invite-device" })).await;
                if asked.is_ok() {
                    done.emit(());
                }
                wrong.set(asked.err());
            });
        }
    };
    html! {
        <p>
            <button type="button" data-test="group-device-add" {onclick}>{ props.ctx.w.group_device_add }</button>
            { trouble(&props.ctx, &wrong) }
        </p>
    }
}

#[derive(Properties, PartialEq)]
pub struct LinkProps {
    pub ctx: Ctx,
    /// What goes behind `#`.
    pub fragment: String,
}

/// The link of an invitation for one's own next device, and as a code for its camera.
#[component]
pub fn Link(props: &LinkProps) -> Html {
    let copied = use_state(|| false);
    let w = props.ctx.w;
    let origin = web_sys::window().and_then(|window| window.location().origin().ok());
    let link = format!("{}/desk/#{}", origin.unwrap_or_default(), props.fragment);
    let copy = {
        let (link, copied) = (link.clone(), copied.clone());
        move |_: MouseEvent| {
            let Some(window) = web_sys::window() else { return };
            let (written, copied) = (window.navigator().clipboard().write_text(&link), copied.clone());
            spawn_local(async move { copied.set(JsFuture::from(written).await.is_ok()) });
        }
    };
    html! {
        <>
            { soft(w.group_device_what) }
            <textarea class="code" readonly=true rows="4" aria-label={w.group_device_link} data-test="group-device-link"
                value={link.clone()} />
            <p><button type="button" onclick={copy}>{ if *copied { w.copied } else { w.copy } }</button></p>
            // boot.js fills it.
            <komuz-code {link} lang={props.ctx.lang.tag()} />
        </>
    }
}
