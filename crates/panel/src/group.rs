//! Who is in the investigation, and what may be decided about them.
//!
//! Nothing tells the panel of the charter, so it asks every two seconds while the section is looked at.

use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask::Trouble;
use crate::bits::{Act, Make, Out, soft, trouble};
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
    use_effect_with((), {
        let (ctx, who) = (ctx.clone(), who.clone());
        move |()| {
            let ask = move || {
                let (ctx, who) = (ctx.clone(), who.clone());
                spawn_local(async move { who.set(Some(ctx.ask_whole(json!({ "ask": "who" })).await)) });
            };
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
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let me = text(&who["me"]);
    let out = who["out"] == true;
    let members = who["members"].as_array().cloned().unwrap_or_default();
    let outlets = who["outlets"].as_array().cloned().unwrap_or_default();
    let words = who["words"].as_array().cloned().unwrap_or_default();
    html! {
        <>
            <h2>{ w.group }</h2>
            if out {
                <p class="trouble" role="status" data-test="group-out">{ w.group_out }</p>
            } else {
                { soft(w.group_what) }
            }
            <>{ for outlets.iter().map(|outlet| {
                let id = text(&outlet["id"]);
                let name = text(&outlet["name"]);
                let own = members.iter().any(|member| text(&member["id"]) == me && text(&member["outlet"]) == id);
                html! {
                    <section class="group" key={id.clone()} data-test="group-outlet">
                        <h3 dir="auto">{ &name }</h3>
                        <ul class="plain">
                            { for members.iter().filter(|member| text(&member["outlet"]) == id)
                                .map(|member| one(ctx, member, &me, out)) }
                        </ul>
                        if outlet["may_expel"] == true && !out {
                            <Out ctx={ctx.clone()} label={fill(w.group_expel, &[&name])} sure={w.group_expel_sure} yes={w.group_expel_yes}
                                make={asks(json!({ "ask": "expel", "outlet": id }))} test="group-expel" />
                        }
                        if own && who["may_part"] == true && !out {
                            <Out ctx={ctx.clone()} label={w.group_part} sure={w.group_part_sure} yes={w.group_leave}
                                make={asks(json!({ "ask": "part" }))} test="group-part" />
                        }
                    </section>
                }
            }) }</>
            if !words.is_empty() {
                <h3>{ w.group_words }</h3>
                { soft(w.group_words_what) }
                <>{ for words.iter().map(|own| {
                    let key = text(&own["key"]);
                    let texts = own["texts"].as_array().cloned().unwrap_or_default();
                    html! {
                        <blockquote key={key.clone()} data-test="group-words">
                            { for texts.iter().map(|words| html! { <p dir="auto">{ text(words) }</p> }) }
                            <Out ctx={ctx.clone()} label={w.group_drop} sure={w.group_drop_sure} yes={w.group_drop}
                                make={asks(json!({ "ask": "drop-words", "key": key }))} />
                        </blockquote>
                    }
                }) }</>
            }
        </>
    }
}

fn asks(ask: Value) -> Make {
    Callback::from(move |()| Ok(ask.clone()))
}

fn one(ctx: &Ctx, member: &Value, me: &str, out: bool) -> Html {
    let w = ctx.w;
    let text = |name: &str| member[name].as_str().unwrap_or_default().to_owned();
    let (id, name, role) = (text("id"), text("name"), text("role"));
    let own = id == me;
    let mine = member["mine"] == true && !out;
    let aside = member["aside"].as_u64().unwrap_or_default();
    let leaves = json!({ "ask": "remove-member", "member": id });
    html! {
        <li key={id.clone()} class="member" data-test="member" data-name={name.clone()}>
            <span class="row-of">
                <strong dir="auto">{ &name }</strong>
                if mine && !own {
                    <RoleOf ctx={ctx.clone()} id={id.clone()} name={name.clone()} role={role} />
                } else {
                    <span class="soft">{ role_words(ctx, &role) }</span>
                }
            </span>
            if aside > 0 {
                <p class="warn">{ fill(w.group_aside, &[&aside.to_string()]) }</p>
                if mine {
                    <Act ctx={ctx.clone()} label={w.group_adopt} make={asks(json!({ "ask": "adopt", "member": id }))} test="group-adopt" />
                }
            }
            if own && !out {
                <Out ctx={ctx.clone()} label={w.group_leave} sure={w.group_leave_sure} yes={w.group_leave} make={asks(leaves)} test="group-leave" />
            } else if mine {
                <Out ctx={ctx.clone()} label={w.take_out} sure={fill(w.group_remove_sure, &[&name])} make={asks(leaves)} test="group-remove" />
            }
        </li>
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
