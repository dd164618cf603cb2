//! People, organisations, places and documents that the investigation names, with all their spellings.

use komuz_dossier::entity::transliterate::{cyrillic, latin};
use komuz_dossier::entity::{Entity, Kind as What};
use serde_json::Value;
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask::{self, path};
use crate::bits::{Act, Card, Fields, Form, Out, choice, fold, input, removal, saving, soft};
use crate::field::{Field, Kind, Tick};
use crate::{connections, mentions, replies};

/// The section.
pub fn section(ctx: &Ctx) -> Html {
    let entities = ctx.view.entities(ctx.lang);
    html! {
        <>
            { fold(ctx.w.new_entity, "entity-new", new(ctx)) }
            { connections::card(ctx) }
            if entities.is_empty() {
                { soft(ctx.w.no_entities) }
            }
            <>{ for entities.iter().filter_map(|(id, name)| Some(card(ctx, id, name, ctx.view.facts.known.entities.get(id)?))) }</>
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
            { mentions::of(ctx, id, entity) }
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
            { for languages.into_iter().map(|(lang, label, test)| {
                let name = entity.names.get(lang).cloned().unwrap_or_default();
                let offers = if name.is_empty() { offered(entity, lang) } else { Vec::new() };
                html! {
                    <div key={lang}>
                        <Field ctx={ctx.clone()} record={id.to_owned()} member={path(&["names", lang])} {label} {lang} {test} value={name} />
                        if !offers.is_empty() {
                            <p class="row-of offers">
                                { for offers.into_iter().map(|offer| html! {
                                    <Act ctx={ctx.clone()} key={offer.clone()} label={format!("+ {offer}")} test="name-offer"
                                        make={saving(ctx, id, vec![(path(&["names", lang]), offer.clone().into())])} />
                                }) }
                            </p>
                        }
                    </div>
                }
            }) }
        </>
    }
}

/// Spellings for a language that follow from the names in the others: by letters between the scripts, unchanged within one.
fn offered(entity: &Entity, lang: &str) -> Vec<String> {
    let name = |lang: &str| {
        entity
            .names
            .get(lang)
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    };
    let mut offers: Vec<String> = match lang {
        "en" => ["ky", "ru"]
            .iter()
            .filter_map(|from| Some(latin(name(from)?, from)))
            .flatten()
            .collect(),
        _ => {
            let other = if lang == "ky" { "ru" } else { "ky" };
            match name(other) {
                Some(same) => vec![same.to_owned()],
                None => name("en").map(|name| cyrillic(name, lang)).unwrap_or_default(),
            }
        }
    };
    let mut seen = Vec::new();
    offers.retain(|offer| {
        !seen.contains(offer) && {
            seen.push(offer.clone());
            true
        }
    });
    offers
}

/// Other spellings and names.
fn spellings(ctx: &Ctx, id: &str, entity: &Entity) -> Html {
    let w = ctx.w;
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
                { for aliases.map(|(alias, _)| html! {
                    <li class="spelling" key={alias.clone()}>
                        <span dir="auto">{ alias }</span>
                        <Act ctx={ctx.clone()} class="quiet" sign="✕" label={format!("{} «{alias}»", w.take_out)}
                            make={saving(ctx, id, vec![(path(&["aliases", alias]), Value::Null)])} />
                    </li>
                }) }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[(&str, &str)]) -> Entity {
        Entity {
            names: names
                .iter()
                .map(|(lang, name)| ((*lang).to_owned(), (*name).to_owned()))
                .collect(),
            ..Entity::default()
        }
    }

    #[test]
    fn a_latin_spelling_is_offered_once_for_each_way_to_write_it() {
        let both = named(&[("ky", "Айбек Саматов"), ("ru", "Айбек Саматов")]);
        assert_eq!(offered(&both, "en"), ["Aybek Samatov"]);
    }

    #[test]
    fn a_name_in_one_cyrillic_language_is_offered_for_the_other() {
        assert_eq!(offered(&named(&[("ky", "Айбек Саматов")]), "ru"), ["Айбек Саматов"]);
        assert!(offered(&named(&[]), "ru").is_empty());
    }

    #[test]
    fn a_name_in_latin_letters_is_offered_in_both_cyrillic_languages() {
        let english = named(&[("en", "Asan Mamytov")]);
        assert_eq!(offered(&english, "ru"), ["Асан Мамытов"]);
        assert_eq!(offered(&english, "ky"), ["Асан Мамытов"]);
        assert_eq!(offered(&named(&[("en", "Japarov")]), "ru"), ["Жапаров", "Джапаров"]);
    }
}
