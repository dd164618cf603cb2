//! Before an investigation is open: found one, join one, bring a backup back, or choose among those of this device.

use komuz_messages::{Answer, Ask, OutletCard, Server};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::bits::{Doing, doing, field, on_submit, page_trouble, trouble};
use super::{App, Dialog, Msg};
use crate::release_keys;
use crate::state::{Context, Device, Entry, Same, outlet_id};
use crate::{app::device::Restore, browser};

impl App {
    pub(super) fn welcome(&self) -> Html {
        let w = self.ctx.words();
        let device = self.views.device.clone();
        html! {
            <main class="welcome" data-test="welcome">
                <div class="welcome-top">
                    <span class="strings" aria-hidden="true"><i class="string-1" /><i class="string-2" /><i class="string-3" /></span>
                    { self.settings() }
                </div>
                <h1>{ w.welcome_title }</h1>
                <p class="dek">{ w.welcome_dek }</p>
                { self.lacking() }
                { self.trouble_bar() }
                if let Some(remains) = &self.left {
                    <section class="notice" role="status">
                        <p>{ w.left_done }</p>
                        <ul>{ for remains.iter().map(|sentence| html! { <li>{ sentence.clone() }</li> }) }</ul>
                    </section>
                }
                if let Some(device) = device {
                    <Welcome ctx={self.ctx.clone()} {device} entry={self.entry.clone()} ticket={self.ticket.clone()} />
                } else if self.trouble.is_none() {
                    <p class="soft" role="status">{ w.starting }</p>
                }
                <p class="warning">{ w.nobody_removed }</p>
            </main>
        }
    }

    /// What this browser or address lacks.
    pub(super) fn lacking(&self) -> Html {
        let w = self.ctx.words();
        if self.lacks.is_empty() {
            return Html::default();
        }
        let https = self.lacks.iter().any(|name| name == "https");
        let names: Vec<&str> = self
            .lacks
            .iter()
            .map(String::as_str)
            .filter(|name| *name != "https")
            .collect();
        html! {
            <section class="notice bad" role="alert" data-test="missing">
                if https {
                    <p>{ w.lacks_https }</p>
                }
                if !names.is_empty() {
                    <p>{ w.lacks.fill(&[&names.join(", ")]) }</p>
                }
            </section>
        }
    }
}

#[derive(Properties, PartialEq)]
struct WelcomeProps {
    ctx: Context,
    device: Same<Device>,
    entry: Entry,
    ticket: String,
}

#[component]
fn Welcome(props: &WelcomeProps) -> Html {
    let w = props.ctx.words();
    let ctx = &props.ctx;
    let invite = match &props.entry {
        Entry::Invite(text) => text.clone(),
        _ => String::new(),
    };
    let founding = !props.ticket.is_empty() && invite.is_empty();
    html! {
        <>
            if !props.device.joining.is_empty() {
                <section>
                    <h2>{ w.waiting_for_editor }</h2>
                    { for props.device.joining.iter().map(|joining| html! {
                        <div class="card">
                            <p><b dir="auto">{ joining.title.clone() }</b></p>
                            <p>{ w.read_code }</p>
                            <p class="code" data-test="joining-code">{ joining.code.clone() }</p>
                        </div>
                    }) }
                </section>
            }
            if !props.device.investigations.is_empty() {
                <section>
                    <h2>{ w.your_investigations }</h2>
                    <ul class="plain">
                        { for props.device.investigations.iter().map(|listed| {
                            let (ctx, id) = (ctx.clone(), listed.id.clone());
                            html! {
                                <li>
                                    <button type="button" class="row" data-test={format!("open-{}", listed.id)}
                                        onclick={move |_| ctx.send(Msg::Enter(id.clone()))}>
                                        <b dir="auto">{ listed.title.clone() }</b>
                                        <small>{ listed.outlet.clone() }</small>
                                    </button>
                                </li>
                            }
                        }) }
                    </ul>
                </section>
            }
            if founding {
                <section>
                    <h2>{ w.found_title }</h2>
                    <Found ctx={ctx.clone()} ticket={props.ticket.clone()} />
                </section>
            }
            <section>
                <h2>{ w.join_title }</h2>
                <Join ctx={ctx.clone()} {invite} ticket={props.ticket.clone()} />
            </section>
            if !founding {
                <details>
                    <summary>{ w.found_title }</summary>
                    <p class="soft">{ w.found_needs_ticket }</p>
                    <Found ctx={ctx.clone()} ticket={props.ticket.clone()} />
                </details>
            }
            <details>
                <summary>{ w.restore_title }</summary>
                <Restore ctx={ctx.clone()} />
            </details>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct FoundProps {
    ctx: Context,
    ticket: String,
}

#[component]
fn Found(props: &FoundProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let submit = {
        let (ctx, state, given) = (props.ctx.clone(), state.clone(), props.ticket.clone());
        on_submit(move |fields| {
            let (ctx, given) = (ctx.clone(), given.clone());
            doing(&state, async move {
                let made = release_keys::make().await.map_err(|_| page_trouble("keys-not-kept"))?;
                let name = fields.text("outlet");
                let ticket = if given.is_empty() { fields.text("ticket") } else { given };
                if !browser::trust(&browser::origin(), &ticket, &made.public).await {
                    return Err(page_trouble("ticket-refused"));
                }
                let server = Server {
                    url: browser::origin(),
                    ticket,
                };
                let domain = browser::domain_of(&fields.text("domain"));
                let card = OutletCard {
                    id: outlet_id(&name),
                    name,
                    domain,
                    keys: made.public.clone(),
                };
                let title = fields.text("title");
                let ask = Ask::Found {
                    title,
                    outlet: card,
                    member: fields.text("member"),
                    server,
                };
                if let Answer::Entered { investigation } = ctx.engine.ask(ask).await? {
                    ctx.send(Msg::Enter(investigation));
                    ctx.send(Msg::Dialog(Some(Dialog::Recovery(made.recovery))));
                }
                Ok(())
            });
        })
    };
    html! {
        <form onsubmit={submit} data-test="found">
            { field(w.working_title, "title", "", w.working_title_hint, true) }
            { field(w.outlet_name, "outlet", "", "", true) }
            { field(w.outlet_domain, "domain", "", w.outlet_domain_hint, true) }
            { field(w.your_name, "member", "", w.your_name_hint, true) }
            if props.ticket.is_empty() {
                { field(w.server_ticket, "ticket", "", w.server_ticket_hint, true) }
            }
            { trouble(w, &state.trouble) }
            <p><button class="main" disabled={state.busy} data-test="submit">{ w.found_do }</button></p>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct JoinProps {
    ctx: Context,
    invite: String,
    ticket: String,
}

/// What an invitation says.
#[derive(Clone, PartialEq)]
struct Invited {
    text: String,
    outlet: String,
    role: String,
    title: String,
    expires: String,
    new_outlet: bool,
}

#[component]
fn Join(props: &JoinProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let invited = use_state(|| None::<Invited>);
    let read = {
        let (ctx, state, invited) = (props.ctx.clone(), state.clone(), invited.clone());
        Callback::from(move |text: String| {
            let (ctx, invited) = (ctx.clone(), invited.clone());
            doing(&state, async move {
                let ask = Ask::ReadInvite { text: text.clone() };
                if let Answer::Invite {
                    outlet,
                    role,
                    title,
                    expires,
                    new_outlet,
                } = ctx.engine.ask(ask).await?
                {
                    invited.set(Some(Invited {
                        text,
                        outlet,
                        role,
                        title,
                        expires,
                        new_outlet,
                    }));
                }
                Ok(())
            });
        })
    };
    use_effect_with(props.invite.clone(), {
        let read = read.clone();
        move |invite| {
            if !invite.is_empty() {
                read.emit(invite.clone());
            }
        }
    });
    let Some(invite) = (*invited).clone() else {
        let submit = on_submit(move |fields| read.emit(fields.text("link")));
        return html! {
            <form onsubmit={submit} data-test="read-invite">
                { field(w.invite_link, "link", "", w.invite_link_hint, true) }
                { trouble(w, &state.trouble) }
                <p><button class="main" disabled={state.busy} data-test="submit">{ w.invite_read }</button></p>
            </form>
        };
    };
    let submit = {
        let (ctx, state, invite, given) = (props.ctx.clone(), state.clone(), invite.clone(), props.ticket.clone());
        on_submit(move |fields| {
            let (ctx, invite, given) = (ctx.clone(), invite.clone(), given.clone());
            doing(&state, async move {
                let mut recovery = None;
                let mut card = OutletCard {
                    id: outlet_id(&invite.outlet),
                    name: invite.outlet.clone(),
                    ..OutletCard::default()
                };
                let mut server = None;
                if invite.new_outlet {
                    let made = release_keys::make().await.map_err(|_| page_trouble("keys-not-kept"))?;
                    card.domain = browser::domain_of(&fields.text("domain"));
                    card.keys = made.public.clone();
                    recovery = Some(made.recovery);
                    let (url, typed) = (fields.text("server"), fields.text("ticket"));
                    let ticket = if typed.is_empty() { given } else { typed };
                    if !url.is_empty() && !ticket.is_empty() {
                        if !browser::trust(url.trim_end_matches('/'), &ticket, &made.public).await {
                            return Err(page_trouble("ticket-refused"));
                        }
                        server = Some(Server {
                            url: url.trim_end_matches('/').to_owned(),
                            ticket,
                        });
                    }
                }
                let ask = Ask::Join {
                    text: invite.text,
                    outlet: card,
                    member: fields.text("member"),
                    server,
                };
                ctx.engine.ask(ask).await?;
                if let Ok(Answer::Device {
                    investigations,
                    joining,
                }) = ctx.engine.ask(Ask::Device).await
                {
                    ctx.send(Msg::Entry(Entry::None));
                    ctx.send(Msg::Device(Device {
                        investigations,
                        joining,
                    }));
                }
                if let Some(recovery) = recovery {
                    ctx.send(Msg::Dialog(Some(Dialog::Recovery(recovery))));
                }
                Ok(())
            });
        })
    };
    html! {
        <form onsubmit={submit} data-test="join">
            <p class="card">
                <b dir="auto">{ invite.title.clone() }</b><br />
                { w.invite_says.fill(&[&invite.outlet, &w.role(&invite.role), &w.time(&invite.expires)]) }
            </p>
            { field(w.your_name, "member", "", w.your_name_hint, true) }
            if invite.new_outlet {
                { field(w.outlet_domain, "domain", "", w.outlet_domain_hint, true) }
                <details open={!props.ticket.is_empty()}>
                    <summary>{ w.own_server }</summary>
                    { field(w.server_address, "server", &browser::origin(), w.own_server_hint, false) }
                    if props.ticket.is_empty() {
                        { field(w.server_ticket, "ticket", "", w.server_ticket_hint, false) }
                    }
                </details>
            }
            { trouble(w, &state.trouble) }
            <p><button class="main" disabled={state.busy} data-test="submit">{ w.join_do }</button></p>
        </form>
    }
}

/// Shows a recovery key, once.
#[derive(Properties, PartialEq)]
pub struct RecoveryProps {
    pub ctx: Context,
    pub recovery: String,
}

#[component]
pub fn Recovery(props: &RecoveryProps) -> Html {
    let w = props.ctx.words();
    let copied = use_state(|| false);
    let sure = use_state(|| false);
    let copy = {
        let (text, copied) = (props.recovery.clone(), copied.clone());
        move |_| {
            let (text, copied) = (text.clone(), copied.clone());
            spawn_local(async move {
                let done = wasm_bindgen_futures::JsFuture::from(browser::copy_text(&text)).await;
                copied.set(done.is_ok_and(|done| done.is_truthy()));
            });
        }
    };
    let close = Callback::from({
        let ctx = props.ctx.clone();
        move |()| ctx.send(Msg::Dialog(None))
    });
    let done = close.clone();
    let toggle = {
        let sure = sure.clone();
        move |_| sure.set(!*sure)
    };
    html! {
        <super::bits::Modal ctx={props.ctx.clone()} title={w.recovery_title} test="dialog-recovery" firm=true {close}>
            <p>{ w.recovery_why }</p>
            <p class="code" data-test="recovery-key" translate="no">{ props.recovery.clone() }</p>
            <p class="row-of">
                <button type="button" onclick={|_| browser::print_page()}>{ w.print }</button>
                <button type="button" onclick={copy}>{ if *copied { w.copied } else { w.copy } }</button>
            </p>
            <label class="check">
                <input type="checkbox" data-test="recovery-sure" onchange={toggle} />
                <span>{ w.recovery_kept }</span>
            </label>
            <p>
                <button type="button" class="main" disabled={!*sure} data-test="recovery-done" onclick={move |_| done.emit(())}>
                    { w.go_on }
                </button>
            </p>
        </super::bits::Modal>
    }
}
