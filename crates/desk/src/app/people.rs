//! People: who is in, who wants in, and inviting.

use komuz_messages::{Answer, Ask, InvestigationView, JoinRequest};
use yew::prelude::*;

use super::bits::{Copy, Form, Modal, act, choice, field};
use super::dialogs::closer;
use super::{Click, Dialog, Msg};
use crate::browser;
use crate::state::{Context, string_class};

/// The page of people.
pub fn people(ctx: &Context, investigation: &InvestigationView) -> Html {
    let w = ctx.words();
    let editor = investigation.role == "editor";
    html! {
        <section class="sheet plainly">
            <h2>{ w.people() }</h2>
            <p class="warning">{ w.not_reviewed() }</p>
            if !investigation.requests.is_empty() {
                <h3>{ w.want_to_join() }</h3>
                <p>{ w.compare_code() }</p>
                { for investigation.requests.iter().map(|who| request(ctx, who, editor)) }
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
                                    { format!(" · {}", w.you()) }
                                }
                            </li>
                        }) }
                    </ul>
                </div>
            }) }
            if editor {
                <p><button type="button" class="main offer" data-test="invite" onclick={ctx.click(Click::Dialog(Some(Dialog::Invite)))}>{ w.invite() }</button></p>
            }
        </section>
    }
}

/// Somebody who used an invitation: the code is compared over another channel before *Confirm*.
fn request(ctx: &Context, request: &JoinRequest, editor: bool) -> Html {
    let w = ctx.words();
    let act = |ask: Ask| ctx.click(Click::Ask(ask.into()));
    html! {
        <div class="card" data-test="request" key={request.id.clone()}>
            <p>
                <b dir="auto">{ request.name.clone() }</b>
                { format!(" · {} · {}", request.outlet.name, w.role(&request.role)) }
            </p>
            if !request.outlet.domain.is_empty() {
                <small>{ request.outlet.domain.clone() }</small>
            }
            <p class="code" data-test="request-code">{ request.code.clone() }</p>
            if editor {
                <p class="row-of offer">
                    <button type="button" class="main" data-test="confirm"
                        onclick={act(Ask::Confirm { request: request.id.clone() })}>{ w.confirm() }</button>
                    <button type="button" data-test="refuse"
                        onclick={act(Ask::Refuse { request: request.id.clone() })}>{ w.turn_away() }</button>
                </p>
            } else {
                <p class="soft">{ w.editors_confirm() }</p>
            }
        </div>
    }
}

/// Makes an invitation.
pub fn invite(ctx: &Context, investigation: &InvestigationView) -> Html {
    let w = ctx.words();
    let act = {
        let ctx = ctx.clone();
        act(move |fields| {
            let ctx = ctx.clone();
            async move {
                let ask = Ask::Invite {
                    outlet: fields.text("outlet"),
                    role: fields.text("role"),
                };
                if let Answer::Invitation { fragment, expires } = ctx.engine.ask(ask).await? {
                    let link = format!("{}/desk/#{fragment}", browser::origin());
                    ctx.send(Msg::Dialog(Some(Dialog::Invited { link, expires })));
                }
                Ok(())
            }
        })
    };
    html! {
        <Modal ctx={ctx.clone()} title={w.invite()} test="dialog-invite" close={closer(ctx)} key="invite">
            <Form ctx={ctx.clone()} send={w.invite_do()} {act}>
                { field(w.outlet_name(), "outlet", "", w.invite_outlet_hint(), true) }
                <p class="soft">
                    { investigation.outlets.iter().map(|outlet| outlet.name.as_str()).collect::<Vec<_>>().join(" · ") }
                </p>
                { choice(w.role_label(), "role", &[("editor", w.role_editor()), ("writer", w.role_writer())], "editor", w.role_hint()) }
            </Form>
        </Modal>
    }
}

/// Shows an invitation that was made.
pub fn invited(ctx: &Context, link: &str, expires: &str) -> Html {
    let w = ctx.words();
    let close = closer(ctx);
    let done = ctx.click(Click::Dialog(None));
    html! {
        <Modal ctx={ctx.clone()} title={w.invite_made()} test="dialog-invite" {close} key="invited">
            <p>{ w.invite_how() }</p>
            <textarea class="code" readonly=true rows="4" aria-label={w.invite_link()} data-test="invite-link" value={link.to_owned()} />
            <p class="soft">{ w.invite_until().fill(&[&w.time(expires)]) }</p>
            // boot.js fills it: the link as a code for a camera.
            <komuz-code link={link.to_owned()} lang={ctx.tongue.tag()} />
            <p class="row-of">
                <Copy ctx={ctx.clone()} text={link.to_owned()} />
                <button type="button" data-test="done" onclick={done}>{ w.close() }</button>
            </p>
        </Modal>
    }
}
