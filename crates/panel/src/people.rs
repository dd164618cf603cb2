//! People, organisations, places and documents that the investigation names, with all their spellings.

use komuz_dossier::entity::{Entity, Kind as What};
use serde_json::Value;
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask::{self, path};
use crate::bits::{Act, Card, Fields, Form, Out, choice, fold, input, removal, saving, soft};
use crate::field::{Field, Kind, Tick};
use crate::replies;

/// The section.
pub fn section(ctx: &Ctx) -> Html {
    let entities = ctx.view.entities(ctx.lang);
    html! {
        <>
            { fold(ctx.w.new_entity, "entity-new", new(ctx)) }
            if entities.is_empty() {
                { soft(ctx.w.no_entities) }
            }
            { for entities.iter().filter_map(|(id, name)| Some(card(ctx, id, name, ctx.view.facts.known.entities.get(id)?))) }
        </>
    }
}

fn whats(ctx: &Ctx) -> [(&'static str, &'static str); 4] {
    let w = ctx.w;
    [
        ("person", w.person),
        ("organisation", w.organisation),
        ("place", w.place),
        ("document", w.what_document),
    ]
}

fn new(ctx: &Ctx) -> Html {
    let w = ctx.w;
    let make = {
        let ctx = ctx.clone();
        Callback::from(move |fields: Fields| {
            let members = [
                ("what".to_owned(), ask::text(&fields.text("entity-what"))),
                (
                    path(&["names", &ctx.view.edition.lang]),
                    ask::text(&fields.text("entity-name")),
                ),
            ];
            Ok(ask::save(&ctx.view.edition, "e-", &members))
        })
    };
    let buttons = html! { <button data-test="entity-add">{ w.add }</button> };
    let kinds = whats(ctx).map(|(value, words)| (value.to_owned(), words.to_owned()));
    html! {
        <Form ctx={ctx.clone()} {make} {buttons} open=true>
            { input(w.name_as_in_text, "entity-name", true) }
            { choice(w.what, "entity-what", &kinds) }
        </Form>
    }
}

fn card(ctx: &Ctx, id: &str, name: &str, entity: &Entity) -> Html {
    let w = ctx.w;
    let kind = match entity.what {
        What::Person => w.person,
        What::Organisation => w.organisation,
        What::Place => w.place,
        What::Document => w.what_document,
    };
    let head = html! {
        <>
            <span class="line">
                <small>{ kind }</small>
                if entity.unnamed {
                    <span class="tag bad">{ w.unnamed }</span>
                }
                { replies::standing(ctx, id) }
            </span>
            <b dir="auto">{ name }</b>
            if !entity.role.is_empty() {
                <small dir="auto">{ &entity.role }</small>
            }
        </>
    };
    let body = {
        let (ctx, id, entity) = (ctx.clone(), id.to_owned(), entity.clone());
        Callback::from(move |()| body(&ctx, &id, &entity))
    };
    html! { <Card ctx={ctx.clone()} key={id.to_owned()} record={id.to_owned()} {head} {body} test="entity" /> }
}

fn body(ctx: &Ctx, id: &str, entity: &Entity) -> Html {
    let w = ctx.w;
    let kinds = whats(ctx).map(|(value, words)| (value.into(), words.into())).to_vec();
    let kind = whats(ctx)[entity.what as usize].0;
    html! {
        <>
            <Field ctx={ctx.clone()} record={id.to_owned()} member="what" label={w.what} value={kind} kind={Kind::Choice(kinds)} />
            { names(ctx, id, entity) }
            <Field ctx={ctx.clone()} record={id.to_owned()} member="role" label={w.role} hint={w.role_hint} value={entity.role.clone()}
                test="entity-role" />
            <Tick ctx={ctx.clone()} record={id.to_owned()} member="unnamed" on={entity.unnamed} label={html! { { w.not_to_be_named } }}
                test="entity-unnamed" />
            { spellings(ctx, id, entity) }
            if entity.what.can_reply() {
                { opponents(ctx, id, entity) }
                { replies::of(ctx, id) }
            }
            <p class="row-of end">
                <Out ctx={ctx.clone()} label={w.remove_entity} sure={w.remove_entity_sure} make={removal(ctx, id)} test="entity-remove" />
            </p>
        </>
    }
}

fn names(ctx: &Ctx, id: &str, entity: &Entity) -> Html {
    let w = ctx.w;
    let languages = [
        ("ky", w.name_ky, "name-ky"),
        ("ru", w.name_ru, "name-ru"),
        ("en", w.name_en, "name-en"),
    ];
    html! {
        <>
            { for languages.into_iter().map(|(lang, label, test)| html! {
                <Field ctx={ctx.clone()} key={lang} record={id.to_owned()} member={path(&["names", lang])} {label} {lang} {test}
                    value={entity.names.get(lang).cloned().unwrap_or_default()} />
            }) }
        </>
    }
}

/// Other spellings, and what was said of words in the text.
fn spellings(ctx: &Ctx, id: &str, entity: &Entity) -> Html {
    let w = ctx.w;
    let line = |words: &str, member: String, note: Option<&'static str>| {
        let make = saving(ctx, id, vec![(member, Value::Null)]);
        let label = format!("{} «{words}»", w.take_out);
        html! {
            <li class="spelling">
                <span dir="auto">{ words }</span>
                if let Some(note) = note {
                    <small>{ note }</small>
                }
                <Act ctx={ctx.clone()} class="quiet" sign="✕" {label} {make} />
            </li>
        }
    };
    let aliases = entity.aliases.iter().filter(|(_, on)| **on);
    let make = {
        let (ctx, id) = (ctx.clone(), id.to_owned());
        Callback::from(move |fields: Fields| {
            let alias = (path(&["aliases", &fields.text("alias")]), true.into());
            Ok(ask::save(&ctx.view.edition, &id, &[alias]))
        })
    };
    let buttons = html! { <button data-test="alias-add">{ w.add }</button> };
    html! {
        <>
            <h3>{ w.spellings }</h3>
            <ul class="plain">
                { for aliases.map(|(alias, _)| line(alias, path(&["aliases", alias]), None)) }
                { for entity.mentions.iter().map(|(words, is)| line(words, path(&["mentions", words]), Some(if *is { w.is_this } else { w.is_other }))) }
            </ul>
            <Form ctx={ctx.clone()} {make} {buttons}>{ input(w.another_spelling, "alias", true) }</Form>
        </>
    }
}

fn opponents(ctx: &Ctx, id: &str, entity: &Entity) -> Html {
    let w = ctx.w;
    let known = &ctx.view.facts.known.entities;
    let others: Vec<_> = (ctx.view.entities(ctx.lang).into_iter())
        .filter(|(other, _)| other != id && known.get(other).is_some_and(|other| other.what.can_reply()))
        .collect();
    if others.is_empty() {
        return Html::default();
    }
    let chosen: Vec<&str> = (others.iter())
        .filter(|(other, _)| entity.opponents.get(other) == Some(&true))
        .map(|(_, name)| name.as_str())
        .collect();
    let ticks = html! {
        <div class="choices">
            { for others.iter().map(|(other, name)| html! {
                <Tick ctx={ctx.clone()} key={other.clone()} record={id.to_owned()} member={path(&["opponents", other])}
                    on={entity.opponents.get(other) == Some(&true)} label={html! { <span dir="auto">{ name }</span> }} test="opponent" />
            }) }
        </div>
    };
    html! {
        <>
            <h3>{ w.opponents }</h3>
            if chosen.is_empty() {
                { soft(w.opponents_none) }
            } else {
                <p dir="auto">{ chosen.join(", ") }</p>
            }
            { fold(w.choose, "opponents", ticks) }
        </>
    }
}
