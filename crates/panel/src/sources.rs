//! Sources: who obtained them, how far they can be relied on, who may know of them, what they go back to.

use komuz_dossier::source::{Confidentiality, Record, State};
use komuz_release::csl;
use serde_json::json;
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask::{self, path};
use crate::bits::{Card, Fields, Form, choice, fold, input, soft, to_record};
use crate::field::{Field, Kind, Tick};
use crate::view::SourceLine;

/// The section.
pub fn section(ctx: &Ctx) -> Html {
    let sources = ctx.view.sources(ctx.lang);
    html! {
        <>
            { fold(ctx.w.new_source, "source-new", new(ctx)) }
            if sources.is_empty() {
                { soft(ctx.w.no_sources) }
            }
            <>{ for sources.iter().map(|source| card(ctx, source)) }</>
        </>
    }
}

/// What a source may be.
fn whats(ctx: &Ctx) -> [(&'static str, &'static str); 8] {
    let w = ctx.w;
    [
        ("document", w.what_document),
        ("dataset", w.what_dataset),
        ("interview", w.what_interview),
        ("official-record", w.what_official),
        ("open-source", w.what_open),
        ("press", w.what_press),
        ("leak", w.what_leak),
        ("expert", w.what_expert),
    ]
}

fn secrecies(ctx: &Ctx) -> [(&'static str, &'static str); 3] {
    let w = ctx.w;
    [
        ("public", w.public),
        ("background", w.background),
        ("confidential", w.confidential),
    ]
}

/// Adds a source. Who may know of it is saved with it in one change: nothing of a confidential one is ever written as public.
fn new(ctx: &Ctx) -> Html {
    let w = ctx.w;
    let make = Callback::from(move |fields: Fields| {
        let what = fields.text("source-what");
        Ok(json!({
            "ask": "save-source",
            "source": { "type": csl::cited_as(&what), "title": fields.text("source-title") },
            "about": {
                "what": what,
                "confidentiality": fields.text("source-secrecy"),
                "described": ask::text(&fields.text("source-described")),
            },
        }))
    });
    let owned = |(value, words): (&str, &str)| (value.to_owned(), words.to_owned());
    let buttons = html! { <button data-test="source-add">{ w.add }</button> };
    html! {
        <Form ctx={ctx.clone()} {make} {buttons} open=true>
            { input(w.source_title, "source-title", true) }
            { choice(w.what, "source-what", &whats(ctx).map(owned)) }
            { choice(w.who_may_know, "source-secrecy", &secrecies(ctx).map(owned)) }
            { input(w.described_on_background, "source-described", false) }
            <small class="soft">{ w.new_source_more }</small>
        </Form>
    }
}

fn card(ctx: &Ctx, source: &SourceLine) -> Html {
    let w = ctx.w;
    let record = ctx.view.record(&source.id);
    let (sign, state, class) = match record.reliability.state {
        State::Unverified => ("○", w.unverified, "soft"),
        State::Verified => ("●", w.verified, "good"),
        State::Disputed => ("✕", w.source_disputed, "bad"),
        State::Withdrawn => ("✕", w.withdrawn, "bad"),
    };
    let secrecy = match record.confidentiality {
        _ if source.confidential => Some(w.confidential),
        Confidentiality::Public => None,
        Confidentiality::Background => Some(w.on_background),
        Confidentiality::Confidential => Some(w.confidential),
    };
    let head = html! {
        <>
            <span class="line">
                <span class={classes!("tag", class)}><span aria-hidden="true">{ sign }{ " " }</span>{ state }</span>
                if let Some(secrecy) = secrecy {
                    <span class="tag warn">{ secrecy }</span>
                }
            </span>
            <b lang={(!source.lang.is_empty()).then(|| source.lang.clone())} dir="auto">{ &source.title }</b>
            if !source.more.is_empty() {
                <small dir="auto">{ &source.more }</small>
            }
        </>
    };
    let body = {
        let (ctx, id) = (ctx.clone(), source.id.clone());
        Callback::from(move |()| body(&ctx, &id, &record))
    };
    html! { <Card ctx={ctx.clone()} key={source.id.clone()} record={source.id.clone()} {head} {body} test="source-record" /> }
}

fn choices<const N: usize>(all: [(&'static str, &'static str); N]) -> Kind {
    Kind::Choice(all.map(|(value, words)| (value.into(), words.into())).to_vec())
}

/// The name that JSON has for a value of an enum.
fn name(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn body(ctx: &Ctx, id: &str, record: &Record) -> Html {
    let w = ctx.w;
    let field = |member: &'static str, label: &'static str, hint: &'static str, value: &str, kind: Kind| {
        html! {
            <Field ctx={ctx.clone()} record={id.to_owned()} {member} {label} {hint} value={value.to_owned()} {kind} test={member} />
        }
    };
    let judged = vec![
        ("reliability.by".to_owned(), ask::text(&ctx.view.me.name)),
        ("reliability.when".to_owned(), ask::text(&ctx.view.facts.today)),
    ];
    let whats = choices(whats(ctx));
    let states = choices([
        ("unverified", w.unverified),
        ("verified", w.verified),
        ("disputed", w.source_disputed),
        ("withdrawn", w.withdrawn),
    ]);
    let secrecies = choices(secrecies(ctx));
    let background = record.confidentiality == Confidentiality::Background;
    let (reliability, custody) = (&record.reliability, &record.custody);
    html! {
        <>
            { field("what", w.what, "", &name(&record.what), whats) }
            <h3>{ w.reliability }</h3>
            <Field ctx={ctx.clone()} record={id.to_owned()} member="reliability.state" label={w.state} value={name(&reliability.state)}
                kind={states} with={judged} test="reliability.state" />
            if !reliability.by.is_empty() || !reliability.when.is_empty() {
                <small dir="auto">{ w.by_on(ctx.lang, &reliability.by, &reliability.when) }</small>
            }
            { field("reliability.how", w.verified_how, "", &reliability.how, Kind::Area) }
            <h3>{ w.secrecy }</h3>
            { field("confidentiality", w.who_may_know, "", &name(&record.confidentiality), secrecies) }
            if background || !record.described.is_empty() {
                { field("described", w.described, w.described_hint, &record.described, Kind::Line) }
            }
            <h3>{ w.custody }</h3>
            { field("custody.by", w.custody_by, "", &custody.by, Kind::Line) }
            { field("custody.when", w.custody_when, w.date_hint, &custody.when, Kind::Line) }
            { field("custody.how", w.custody_how, "", &custody.how, Kind::Area) }
            { field("custody.sha256", w.custody_hash, w.custody_hash_hint, &custody.sha256, Kind::Line) }
            { origins(ctx, id, record) }
            { party(ctx, id, record) }
            { field("note", w.note, w.note_hint, &record.note, Kind::Area) }
        </>
    }
}

fn origins(ctx: &Ctx, id: &str, record: &Record) -> Html {
    let w = ctx.w;
    let others: Vec<_> = (ctx.view.sources(ctx.lang).into_iter())
        .filter(|source| source.id != id)
        .collect();
    let chosen: Vec<_> = (others.iter())
        .filter(|source| record.origins.get(&source.id) == Some(&true))
        .collect();
    let ticks = html! {
        <div class="choices">
            { for others.iter().map(|source| html! {
                <Tick ctx={ctx.clone()} key={source.id.clone()} record={id.to_owned()} member={path(&["origins", &source.id])}
                    on={record.origins.get(&source.id) == Some(&true)} test="origin"
                    label={html! { <span lang={(!source.lang.is_empty()).then(|| source.lang.clone())} dir="auto">{ &source.title }</span> }} />
            }) }
        </div>
    };
    html! {
        <>
            <h3>{ w.origins }</h3>
            if chosen.is_empty() {
                { soft(w.origins_none) }
            }
            <ul class="plain">
                { for chosen.iter().map(|source| html! {
                    <li class="row-of"><span dir="auto">{ &source.title }</span>{ to_record(ctx, w.open, &source.id) }</li>
                }) }
            </ul>
            if !others.is_empty() {
                { fold(w.choose, "origins", ticks) }
            }
        </>
    }
}

fn party(ctx: &Ctx, id: &str, record: &Record) -> Html {
    let w = ctx.w;
    let mut all = vec![("".into(), w.party_none.into())];
    all.extend((ctx.view.entities(ctx.lang).into_iter()).map(|(id, name)| (id.into(), name.into())));
    html! {
        <Field ctx={ctx.clone()} record={id.to_owned()} member="party" label={w.party} hint={w.party_hint} value={record.party.clone()}
            kind={Kind::Choice(all)} test="party" />
    }
}
