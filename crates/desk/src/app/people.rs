//! People: who is in, who wants in, and inviting.

use komuz_messages::{Answer, Ask, InvestigationView, JoinRequest};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

use super::bits::{Doing, Modal, doing, field, on_submit, trouble};
use super::dialogs::closer;
use super::story::open;
use super::{Dialog, Msg};
use crate::browser;
use crate::state::{Context, Same, string_class};

#[derive(Properties, PartialEq)]
pub struct PeopleProps {
    pub ctx: Context,
    pub investigation: Same<InvestigationView>,
}

#[component]
pub fn People(props: &PeopleProps) -> Html {
    let w = props.ctx.words();
    let investigation = &props.investigation;
    let editor = investigation.role == "editor";
    html! {
        <section class="sheet plainly">
            <h2>{ w.people }</h2>
            <p class="warning">{ w.nobody_removed }</p>
            if !investigation.requests.is_empty() {
                <h3>{ w.want_to_join }</h3>
                <p>{ w.compare_code }</p>
                { for investigation.requests.iter().map(|request| html! {
                    <Request key={request.id.clone()} ctx={props.ctx.clone()} request={request.clone()} {editor} />
                }) }
            }
            { for investigation.outlets.iter().map(|outlet| html! {
                <div class="card" key={outlet.id.clone()}>
                    <p><b class={string_class(investigation, &outlet.id)} dir="auto">{ outlet.name.clone() }</b></p>
                    <small>{ outlet.domain.clone() }</small>
                    <ul class="plain">
                        { for investigation.members.iter().filter(|member| member.outlet == outlet.id).map(|member| html! {
                            <li dir="auto" data-test="member">
                                { format!("{} · {}", member.name, w.role(&member.role)) }
                                if member.id == investigation.me {
                                    { format!(" · {}", w.you) }
                                }
                            </li>
                        }) }
                    </ul>
                </div>
            }) }
            if editor {
                <p>
                    <button type="button" class="main" data-test="invite" onclick={open(&props.ctx, Dialog::Invite)}>{ w.invite }</button>
                </p>
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct RequestProps {
    ctx: Context,
    request: JoinRequest,
    editor: bool,
}

/// Somebody who used an invitation: the code is compared over another channel before *Confirm*.
#[component]
fn Request(props: &RequestProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let request = &props.request;
    let act = |ask: Ask| {
        let (ctx, state) = (props.ctx.clone(), state.clone());
        Callback::from(move |_: MouseEvent| {
            let asked = ctx.engine.ask(ask.clone());
            doing(&state, async move { asked.await.map(|_| ()) });
        })
    };
    html! {
        <div class="card" data-test="request">
            <p>
                <b dir="auto">{ request.name.clone() }</b>
                { format!(" · {} · {}", request.outlet.name, w.role(&request.role)) }
            </p>
            if !request.outlet.domain.is_empty() {
                <small>{ request.outlet.domain.clone() }</small>
            }
            <p class="code" data-test="request-code">{ request.code.clone() }</p>
            { trouble(w, &state.trouble) }
            if props.editor {
                <p class="row-of">
                    <button type="button" class="main" disabled={state.busy} data-test="confirm"
                        onclick={act(Ask::Confirm { request: request.id.clone() })}>{ w.confirm }</button>
                    <button type="button" disabled={state.busy} data-test="refuse"
                        onclick={act(Ask::Refuse { request: request.id.clone() })}>{ w.turn_away }</button>
                </p>
            } else {
                <p class="soft">{ w.editors_confirm }</p>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct InviteProps {
    pub ctx: Context,
    pub investigation: Same<InvestigationView>,
}

/// Makes an invitation and shows its link.
#[component]
pub fn Invite(props: &InviteProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let made = use_state(|| None::<(String, String)>);
    let copied = use_state(|| false);
    let submit = {
        let (ctx, state, made) = (props.ctx.clone(), state.clone(), made.clone());
        on_submit(move |fields| {
            let (ctx, made) = (ctx.clone(), made.clone());
            doing(&state, async move {
                let ask = Ask::Invite {
                    outlet: fields.text("outlet"),
                    role: fields.text("role"),
                };
                if let Answer::Invitation { fragment, expires } = ctx.engine.ask(ask).await? {
                    made.set(Some((format!("{}/desk/#{fragment}", browser::origin()), expires)));
                }
                Ok(())
            });
        })
    };
    let close = closer(&props.ctx);
    let Some((link, expires)) = (*made).clone() else {
        return html! {
            <Modal ctx={props.ctx.clone()} title={w.invite} test="dialog-invite" {close}>
                <form onsubmit={submit}>
                    { field(w.outlet_name, "outlet", "", w.invite_outlet_hint, true) }
                    <p class="soft">{ props.investigation.outlets.iter().map(|outlet| outlet.name.as_str()).collect::<Vec<_>>().join(" · ") }</p>
                    <label class="field">
                        <span>{ w.role_label }</span>
                        <select name="role" data-test="role">
                            <option value="editor">{ w.role_editor }</option>
                            <option value="writer">{ w.role_writer }</option>
                        </select>
                        <small>{ w.role_hint }</small>
                    </label>
                    { trouble(w, &state.trouble) }
                    <p><button class="main" disabled={state.busy} data-test="submit">{ w.invite_do }</button></p>
                </form>
            </Modal>
        };
    };
    let copy = {
        let (link, copied) = (link.clone(), copied.clone());
        move |_| {
            let (link, copied) = (link.clone(), copied.clone());
            spawn_local(async move {
                copied.set(
                    JsFuture::from(browser::copy_text(&link))
                        .await
                        .is_ok_and(|done| done.is_truthy()),
                );
            });
        }
    };
    let to_people = props.ctx.app.reform(|_: MouseEvent| Msg::Dialog(None));
    html! {
        <Modal ctx={props.ctx.clone()} title={w.invite_made} test="dialog-invite" {close}>
            <p>{ w.invite_how }</p>
            <textarea class="code" readonly=true rows="4" aria-label={w.invite_link} data-test="invite-link" value={link} />
            <p class="soft">{ w.invite_until.fill(&[&w.time(&expires)]) }</p>
            <p class="row-of">
                <button type="button" class="main" onclick={copy}>{ if *copied { w.copied } else { w.copy } }</button>
                <button type="button" data-test="done" onclick={to_people}>{ w.close }</button>
            </p>
        </Modal>
    }
}
