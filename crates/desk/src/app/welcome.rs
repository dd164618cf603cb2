//! Before an investigation is open: found one, join one, bring a backup back, or choose among those of this device.

use komuz_messages::{Answer, Ask, OutletCard, Server};
use yew::prelude::*;

use super::bits::{Copy, Doing, Form, Modal, act, doing, field, page_trouble, trouble};
use super::device::restore;
use super::{App, Click, Dialog, Msg};
use crate::browser;
use crate::release_keys::{self, Made};
use crate::state::{Context, Device, Entry, outlet_id};

impl App {
    pub(super) fn welcome(&self) -> Html {
        let w = self.ctx.words();
        html! {
            <main class="welcome" data-test="welcome">
                <div class="welcome-top">
                    <span class="strings" aria-hidden="true"><i class="string-1" /><i class="string-2" /><i class="string-3" /></span>
                    { self.settings() }
                </div>
                <h1>{ w.welcome_title() }</h1>
                <p class="dek">{ w.welcome_dek() }</p>
                { self.lacking() }
                { self.trouble_bar() }
                if let Some(remains) = &self.left {
                    <section class="notice" role="status" data-test="left">
                        <p>{ w.left_done() }</p>
                        <ul>{ for remains.iter().map(|sentence| html! { <li>{ sentence.clone() }</li> }) }</ul>
                    </section>
                }
                if let Some(device) = &self.views.device {
                    { self.ways_in(device) }
                } else if self.trouble.is_none() {
                    <p class="soft" role="status">{ w.starting() }</p>
                    <p class="soft late">{ w.first_visit() }</p>
                }
                <p class="warning">{ w.not_reviewed() }</p>
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
                    <p>{ w.lacks_https() }</p>
                }
                if !names.is_empty() {
                    <p>{ w.lacks().fill(&[&names.join(", ")]) }</p>
                }
            </section>
        }
    }

    fn ways_in(&self, device: &Device) -> Html {
        let ctx = &self.ctx;
        let w = ctx.words();
        let invite = match &self.entry {
            Entry::Invite(text) => text.clone(),
            _ => String::new(),
        };
        let founding = !self.ticket.is_empty() && invite.is_empty();
        html! {
            <>
                if !device.joining.is_empty() {
                    <section>
                        <h2>{ w.waiting_for_editor() }</h2>
                        { for device.joining.iter().map(|joining| html! {
                            <div class="card">
                                <p><b dir="auto">{ joining.title.clone() }</b></p>
                                <p>{ w.read_code() }</p>
                                <p class="code" data-test="joining-code">{ joining.code.clone() }</p>
                            </div>
                        }) }
                    </section>
                }
                if !device.investigations.is_empty() {
                    <section>
                        <h2>{ w.your_investigations() }</h2>
                        { for device.investigations.iter().map(|listed| {
                            let open = ctx.click(Click::Enter(listed.id.clone()));
                            html! {
                                <button type="button" class="row" data-test={format!("open-{}", listed.id)} onclick={open}>
                                    <b dir="auto">{ listed.title.clone() }</b>
                                    <small>
                                        { listed.outlet.clone() }
                                        if listed.unsent > 0 {
                                            { " · " }
                                            <span class="warn" data-test="unsent">{ w.count(listed.unsent, w.waiting_changes()) }</span>
                                        }
                                    </small>
                                </button>
                            }
                        }) }
                    </section>
                }
                if founding {
                    <section>
                        <h2>{ w.found_title() }</h2>
                        { found(ctx, &self.ticket) }
                    </section>
                }
                <section>
                    <h2>{ w.join_title() }</h2>
                    <Join ctx={ctx.clone()} {invite} ticket={self.ticket.clone()} />
                </section>
                if !founding {
                    <details>
                        <summary>{ w.found_title() }</summary>
                        <p class="soft">{ w.found_needs_ticket() }</p>
                        { found(ctx, &self.ticket) }
                    </details>
                }
                <details>
                    <summary>{ w.restore_title() }</summary>
                    { restore(ctx) }
                </details>
            </>
        }
    }
}

/// Makes an outlet's release keys and tells its own server of them.
async fn keys_for(server: &Server) -> Result<Made, komuz_messages::Trouble> {
    let made = release_keys::make()
        .await
        .ok_or_else(|| page_trouble("keys-not-kept"))?;
    if !server.ticket.is_empty() && !browser::trust(&server.url, &server.ticket, &made.public).await {
        return Err(page_trouble("ticket-refused"));
    }
    Ok(made)
}

fn found(ctx: &Context, ticket: &str) -> Html {
    let w = ctx.words();
    let act = {
        let (ctx, given) = (ctx.clone(), ticket.to_owned());
        act(move |fields| {
            let (ctx, given) = (ctx.clone(), given.clone());
            async move {
                let name = fields.text("outlet");
                let ticket = if given.is_empty() { fields.text("ticket") } else { given };
                let server = Server {
                    url: browser::origin(),
                    ticket,
                };
                let made = keys_for(&server).await?;
                let domain = browser::domain_of(&fields.text("domain"));
                let outlet = OutletCard {
                    id: outlet_id(&name),
                    name,
                    domain,
                    keys: made.public,
                    freshness: browser::freshness(&server.url).await,
                };
                let (title, member) = (fields.text("title"), fields.text("member"));
                if let Answer::Entered { investigation } = ctx
                    .engine
                    .ask(Ask::Found {
                        title,
                        outlet,
                        member,
                        server,
                    })
                    .await?
                {
                    ctx.send(Msg::Enter(investigation));
                    ctx.send(Msg::Dialog(Some(Dialog::Recovery(made.recovery))));
                }
                Ok(())
            }
        })
    };
    html! {
        <Form ctx={ctx.clone()} send={w.found_do()} {act} test="found">
            { field(w.working_title(), "title", "", w.working_title_hint(), true) }
            { field(w.outlet_name(), "outlet", "", "", true) }
            { field(w.outlet_domain(), "domain", "", w.outlet_domain_hint(), true) }
            { field(w.your_name(), "member", "", w.your_name_hint(), true) }
            if ticket.is_empty() {
                { field(w.server_ticket(), "ticket", "", w.server_ticket_hint(), true) }
            }
        </Form>
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
    member: String,
}

async fn read_invite(
    ctx: Context,
    text: String,
    invited: UseStateHandle<Option<Invited>>,
) -> Result<(), komuz_messages::Trouble> {
    let ask = Ask::ReadInvite { text: text.clone() };
    if let Answer::Invite {
        outlet,
        role,
        title,
        expires,
        new_outlet,
        member,
    } = ctx.engine.ask(ask).await?
    {
        invited.set(Some(Invited {
            text,
            outlet,
            role,
            title,
            expires,
            new_outlet,
            member,
        }));
    }
    Ok(())
}

#[component]
fn Join(props: &JoinProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let invited = use_state(|| None::<Invited>);
    use_effect_with(props.invite.clone(), {
        let (ctx, state, invited) = (props.ctx.clone(), state.clone(), invited.clone());
        move |invite: &String| {
            if !invite.is_empty() {
                doing(&state, Box::pin(read_invite(ctx, invite.clone(), invited)));
            }
        }
    });
    let Some(invite) = (*invited).clone() else {
        let act = {
            let (ctx, invited) = (props.ctx.clone(), invited.clone());
            act(move |fields| read_invite(ctx.clone(), fields.text("link"), invited.clone()))
        };
        return html! {
            <>
                { trouble(w, &state.trouble) }
                <Form ctx={props.ctx.clone()} send={w.invite_read()} {act} test="read-invite" key="read">
                    { field(w.invite_link(), "link", "", w.invite_link_hint(), true) }
                </Form>
            </>
        };
    };
    let act = {
        let (ctx, invite, given) = (props.ctx.clone(), invite.clone(), props.ticket.clone());
        act(move |fields| {
            let (ctx, invite, given) = (ctx.clone(), invite.clone(), given.clone());
            async move {
                let mut outlet = OutletCard {
                    id: outlet_id(&invite.outlet),
                    name: invite.outlet,
                    ..OutletCard::default()
                };
                let mut recovery = None;
                let typed = fields.text("ticket");
                let ticket = if typed.is_empty() { given } else { typed };
                let server = Server {
                    url: fields.text("server").trim_end_matches('/').to_owned(),
                    ticket,
                };
                let brings = invite.new_outlet && !server.url.is_empty() && !server.ticket.is_empty();
                if invite.new_outlet {
                    let made = keys_for(&server).await?;
                    outlet.domain = browser::domain_of(&fields.text("domain"));
                    outlet.keys = made.public;
                    if brings {
                        outlet.freshness = browser::freshness(&server.url).await;
                    }
                    recovery = Some(made.recovery);
                }
                let (text, member) = (invite.text, fields.text("member"));
                ctx.engine
                    .ask(Ask::Join {
                        text,
                        outlet,
                        member,
                        server: brings.then_some(server),
                    })
                    .await?;
                if let Answer::Device {
                    investigations,
                    joining,
                } = ctx.engine.ask(Ask::Device).await?
                {
                    ctx.send(Msg::Joined(Device {
                        investigations,
                        joining,
                    }));
                }
                if let Some(recovery) = recovery {
                    ctx.send(Msg::Dialog(Some(Dialog::Recovery(recovery))));
                }
                Ok(())
            }
        })
    };
    html! {
        <Form ctx={props.ctx.clone()} send={w.join_do()} {act} test="join" key="join">
            <p class="card">
                <b dir="auto">{ invite.title.clone() }</b><br />
                { w.invite_says().fill(&[&invite.outlet, &w.role(&invite.role), &w.time(&invite.expires)]) }
            </p>
            if invite.member.is_empty() {
                { field(w.your_name(), "member", "", w.your_name_hint(), true) }
            } else {
                <p>{ w.device_of().fill(&[&invite.member]) }</p>
            }
            if invite.new_outlet {
                { field(w.outlet_domain(), "domain", "", w.outlet_domain_hint(), true) }
                <details open={!props.ticket.is_empty()}>
                    <summary>{ w.own_server() }</summary>
                    { field(w.server_address(), "server", &browser::origin(), w.own_server_hint(), false) }
                    if props.ticket.is_empty() {
                        { field(w.server_ticket(), "ticket", "", w.server_ticket_hint(), false) }
                    }
                </details>
            }
        </Form>
    }
}

/// Shows a recovery key, once.
pub fn recovery(ctx: &Context, key: &str) -> Html {
    let w = ctx.words();
    let close = super::dialogs::closer(ctx);
    let act = {
        let ctx = ctx.clone();
        act(move |_| {
            ctx.send(Msg::Dialog(None));
            async { Ok(()) }
        })
    };
    html! {
        <Modal ctx={ctx.clone()} title={w.recovery_title()} test="dialog-recovery" firm=true {close}>
            <p>{ w.recovery_why() }</p>
            <p class="code" data-test="recovery-key" translate="no">{ key.to_owned() }</p>
            <p class="row-of">
                <button type="button" onclick={|_: MouseEvent| browser::print_page()}>{ w.print() }</button>
                <Copy ctx={ctx.clone()} text={key.to_owned()} />
            </p>
            <Form ctx={ctx.clone()} send={w.go_on()} {act} button="recovery-done">
                <label class="check">
                    <input type="checkbox" required=true data-test="recovery-sure" />
                    <span>{ w.recovery_kept() }</span>
                </label>
            </Form>
        </Modal>
    }
}
