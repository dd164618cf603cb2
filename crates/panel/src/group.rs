//! Who is in the investigation, with which devices, who may still come in, and what may be decided about them.
//!
//! Nothing tells the panel of the charter, so it asks every two seconds while the section is looked at.

mod devices;

use js_sys::Date;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask::Trouble;
use crate::bits::{Make, Out, soft, trouble};
use crate::words::fill;

/// How often the engine is asked, in milliseconds.
const EVERY: u32 = 2_000;

/// The roles, from the least.
const ROLES: [&str; 5] = ["observer", "trainee", "reviewer", "writer", "editor"];

/// The section.
pub fn section(ctx: &Ctx) -> Html {
    html! { <Group ctx={ctx.clone()} /> }
}

#[derive(Properties, PartialEq)]
struct GroupProps {
    ctx: Ctx,
}

#[component]
fn Group(props: &GroupProps) -> Html {
    let ctx = &props.ctx;
    let w = ctx.w;
    let who = use_state_eq(|| None::<Result<Value, Trouble>>);
    let ask = {
        let (ctx, who) = (ctx.clone(), who.setter());
        move || {
            let (ctx, who) = (ctx.clone(), who.clone());
            spawn_local(async move { who.set(Some(ctx.ask_whole(json!({ "ask": "who" })).await)) });
        }
    };
    use_effect_with((), {
        let ask = ask.clone();
        move |()| {
            ask();
            let asking = gloo::timers::callback::Interval::new(EVERY, ask);
            move || drop(asking)
        }
    });
    let who = match &*who {
        None => return soft(w.waiting),
        Some(Err(wrong)) => return trouble(ctx, &Some(wrong.clone())),
        Some(Ok(who)) => who,
    };
    let me = text(who, "me");
    let out = who["out"] == true;
    let members = list(who, "members");
    let own = members.iter().find(|member| text(member, "id") == me);
    html! {
        <>
            <h2>{ w.group }</h2>
            if out {
                <p class="trouble" role="status" data-test="group-out">{ w.group_out }</p>
            } else {
                { soft(w.group_what) }
            }
            <>{ for list(who, "requests").iter().map(|request| devices::asks_in(ctx, request)) }</>
            { invitations(ctx, list(who, "invites"), false) }
            <>{ for list(who, "outlets").iter().map(|outlet| one_outlet(ctx, who, outlet, own)) }</>
            if !out && own.is_some() {
                <devices::Adding ctx={ctx.clone()} done={Callback::from(move |()| ask())} />
                <div role="status">{ invitations(ctx, list(who, "invites"), true) }</div>
            }
            { gone(ctx, list(who, "gone")) }
            { words(ctx, list(who, "words")) }
        </>
    }
}

fn text(of: &Value, name: &str) -> String {
    of[name].as_str().unwrap_or_default().to_owned()
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn asks(ask: Value) -> Make {
    Callback::from(move |()| Ok(ask.clone()))
}

/// The invitations of this device that somebody may still use, or (`of_device`) one's own next device.
fn invitations(ctx: &Ctx, invites: &[Value], of_device: bool) -> Html {
    let w = ctx.w;
    let mut invites = invites
        .iter()
        .filter(|invite| invite["is_device"] == of_device)
        .peekable();
    if invites.peek().is_none() {
        return Html::default();
    }
    html! {
        <section class="group">
            if !of_device {
                <h3>{ w.group_invites }</h3>
            }
            <ul class="plain">
                { for invites.map(|invite| {
                    let (id, role) = (text(invite, "id"), role_words(ctx, &text(invite, "role")));
                    let until = w.time(ctx.lang, Date::parse(&text(invite, "expires")));
                    let said = match of_device {
                        true => fill(w.group_invite_device, &[&until]),
                        false => fill(w.group_invite, &[&text(invite, "outlet"), role, &until]),
                    };
                    html! {
                        <li key={id.clone()} class="member" data-test="group-invite">
                            <p dir="auto">{ said }</p>
                            if of_device {
                                <devices::Link ctx={ctx.clone()} fragment={text(invite, "fragment")} />
                            }
                            <Out ctx={ctx.clone()} label={w.group_revoke} sure={w.group_revoke_sure} yes={w.group_revoke}
                                make={asks(json!({ "ask": "revoke", "invite": id }))} test="group-revoke" />
                        </li>
                    }
                }) }
            </ul>
        </section>
    }
}

/// An outlet with its members.
fn one_outlet(ctx: &Ctx, who: &Value, outlet: &Value, own: Option<&Value>) -> Html {
    let w = ctx.w;
    let (id, name) = (text(outlet, "id"), text(outlet, "name"));
    let voted: Vec<&str> = list(outlet, "voted").iter().filter_map(Value::as_str).collect();
    let is_own = own.is_some_and(|own| text(own, "outlet") == id);
    let out = who["out"] == true;
    let me = text(who, "me");
    html! {
        <section class="group" key={id.clone()} data-test="group-outlet">
            <h3 dir="auto">{ &name }</h3>
            if !voted.is_empty() {
                <p class="warn" data-test="group-voted">{ fill(w.group_voted, &[&voted.join(", ")]) }</p>
            }
            <ul class="plain">
                { for list(who, "members").iter().filter(|member| text(member, "outlet") == id)
                    .map(|member| one(ctx, member, &me, out)) }
            </ul>
            if outlet["may_expel"] == true && !out {
                <Out ctx={ctx.clone()} label={fill(w.group_expel, &[&name])} sure={w.group_expel_sure} yes={w.group_expel_yes}
                    make={asks(json!({ "ask": "expel", "outlet": id }))} test="group-expel" />
            }
            if is_own && !out && own.is_some_and(|own| text(own, "role") == "editor") {
                <Out ctx={ctx.clone()} label={w.group_new_key} sure={w.group_new_key_sure} yes={w.group_new_key}
                    make={asks(json!({ "ask": "new-key" }))} test="group-new-key" />
            }
            if is_own && who["may_part"] == true && !out {
                <Out ctx={ctx.clone()} label={w.group_part} sure={w.group_part_sure} yes={w.group_leave}
                    make={asks(json!({ "ask": "part" }))} test="group-part" />
            }
        </section>
    }
}

fn one(ctx: &Ctx, member: &Value, me: &str, out: bool) -> Html {
    let w = ctx.w;
    let (id, name, role) = (text(member, "id"), text(member, "name"), text(member, "role"));
    let own = id == me;
    let mine = member["mine"] == true && !out;
    let leaves = json!({ "ask": "remove-member", "member": id });
    html! {
        <li key={id.clone()} class="member" data-test="member" data-name={name.clone()}>
            <span class="row-of">
                <strong dir="auto">{ &name }</strong>
                if mine && !own {
                    <RoleOf ctx={ctx.clone()} id={id.clone()} name={name.clone()} role={role.clone()} />
                } else {
                    <span class="soft">{ role_words(ctx, &role) }</span>
                }
            </span>
            { aside(ctx, member, mine) }
            { devices::devices(ctx, member, (mine || own) && !out) }
            if own && !out && role == "editor" && list(member, "devices").len() > 1 {
                <div data-test="group-release-key">{ soft(w.group_release_key) }</div>
            }
            if own && !out {
                <Out ctx={ctx.clone()} label={w.group_leave} sure={w.group_leave_sure} yes={w.group_leave} make={asks(leaves)} test="group-leave" />
            } else if mine {
                <Out ctx={ctx.clone()} label={w.take_out} sure={fill(w.group_remove_sure, &[&name])} make={asks(leaves)} test="group-remove" />
            }
        </li>
    }
}

/// What of somebody's writing is left aside, and that it is to count.
fn aside(ctx: &Ctx, member: &Value, may: bool) -> Html {
    let w = ctx.w;
    let count = member["aside"].as_u64().unwrap_or_default();
    if count == 0 {
        return Html::default();
    }
    let adopts = json!({ "ask": "adopt", "member": text(member, "id") });
    html! {
        <>
            <p class="warn">{ fill(w.group_aside, &[&count.to_string()]) }</p>
            if may {
                <Out ctx={ctx.clone()} label={w.group_adopt} sure={w.group_adopt_sure} yes={w.group_adopt} make={asks(adopts)} test="group-adopt" />
            }
        </>
    }
}

/// Those who are in no more and of whom something is left aside.
fn gone(ctx: &Ctx, members: &[Value]) -> Html {
    if members.is_empty() {
        return Html::default();
    }
    html! {
        <section class="group">
            <h3>{ ctx.w.group_gone }</h3>
            <ul class="plain">
                { for members.iter().map(|member| {
                    let name = text(member, "name");
                    html! {
                        <li key={text(member, "id")} class="member" data-test="group-gone" data-name={name.clone()}>
                            <p><strong dir="auto">{ &name }</strong>{ " · " }<span class="soft" dir="auto">{ text(member, "outlet") }</span></p>
                            { aside(ctx, member, member["mine"] == true) }
                        </li>
                    }
                }) }
            </ul>
        </section>
    }
}

/// One's own words that do not count.
fn words(ctx: &Ctx, words: &[Value]) -> Html {
    let w = ctx.w;
    if words.is_empty() {
        return Html::default();
    }
    html! {
        <>
            <h3>{ w.group_words }</h3>
            { soft(w.group_words_what) }
            <>{ for words.iter().map(|own| {
                let key = text(own, "key");
                html! {
                    <blockquote key={key.clone()} data-test="group-words">
                        { for list(own, "texts").iter().filter_map(Value::as_str).map(|words| html! { <p dir="auto">{ words }</p> }) }
                        <Out ctx={ctx.clone()} label={w.group_drop} sure={w.group_drop_sure} yes={w.group_drop}
                            make={asks(json!({ "ask": "drop-words", "key": key }))} />
                    </blockquote>
                }
            }) }</>
        </>
    }
}

fn role_words(ctx: &Ctx, role: &str) -> &'static str {
    let w = ctx.w;
    match role {
        "editor" => w.role_editor,
        "writer" => w.role_writer,
        "reviewer" => w.role_reviewer,
        "trainee" => w.role_trainee,
        _ => w.role_observer,
    }
}

#[derive(Properties, PartialEq)]
struct RoleProps {
    ctx: Ctx,
    id: String,
    name: String,
    role: String,
}

/// A choice of roles for a member.
#[component]
fn RoleOf(props: &RoleProps) -> Html {
    let wrong = use_state(|| None::<Trouble>);
    let onchange = {
        let (ctx, id, wrong) = (props.ctx.clone(), props.id.clone(), wrong.clone());
        move |event: Event| {
            let Some(select) = event.target_dyn_into::<HtmlSelectElement>() else {
                return;
            };
            let (ctx, id, wrong) = (ctx.clone(), id.clone(), wrong.clone());
            spawn_local(async move {
                let asked = json!({ "ask": "give-role", "member": id, "role": select.value() });
                wrong.set(ctx.ask(asked).await.err());
            });
        }
    };
    html! {
        <>
            <select aria-label={fill(props.ctx.w.group_role, &[&props.name])} data-test="group-role" {onchange}>
                { for ROLES.iter().map(|role| html! {
                    <option value={*role} selected={*role == props.role}>{ role_words(&props.ctx, role) }</option>
                }) }
            </select>
            { trouble(&props.ctx, &wrong) }
        </>
    }
}
