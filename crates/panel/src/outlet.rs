//! What this outlet puts around the common text where it wants something else, and what the checks ask for.

use komuz_dossier::edition::Front;
use komuz_release::story::BlockKind;
use serde_json::Value;
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask::path;
use crate::bits::{Act, saving, soft};
use crate::field::{Field, Kind};
use crate::policy;

/// The section.
pub fn section(ctx: &Ctx) -> Html {
    html! {
        <>
            if !ctx.view.me.outlet.is_empty() {
                { front(ctx) }
            }
            { policy::part(ctx) }
        </>
    }
}

fn front(ctx: &Ctx) -> Html {
    let w = ctx.w;
    let facts = &ctx.view.facts;
    let front = facts.known.fronts.get(&ctx.view.me.outlet).cloned().unwrap_or_default();
    let record = format!("o-{}", ctx.view.me.outlet);
    let lang: AttrValue = ctx.view.edition.lang.clone().into();
    let field = |member: &'static str, label: &'static str, value: &str, common: &str, test: &'static str| {
        let hint = if common.is_empty() {
            String::new()
        } else {
            format!("{} {common}", w.common)
        };
        html! {
            <Field ctx={ctx.clone()} record={record.clone()} {member} {label} {hint} value={value.to_owned()} kind={Kind::Area}
                lang={lang.clone()} {test} />
        }
    };
    let mut figures = vec![("".into(), w.no_figure.into())];
    figures.extend(facts.blocks.iter().filter_map(|block| match &block.block.kind {
        BlockKind::Figure { alt, .. } => {
            let words = if block.text.trim().is_empty() { alt } else { &block.text };
            let words = komuz_dossier::text::beginning(words, 60);
            let words = if words.is_empty() {
                block.block.id.clone()
            } else {
                words
            };
            Some((block.block.id.clone().into(), words.into()))
        }
        _ => None,
    }));
    html! {
        <div data-record={record.clone()}>
            <h2>{ w.own_front }</h2>
            { soft(w.own_front_what) }
            { field("headline", w.headline, &front.headline, &facts.headline, "front-headline") }
            { field("summary", w.summary, &front.summary, &facts.summary, "front-summary") }
            { field("note", w.outlet_note, &front.note, "", "front-note") }
            if figures.len() > 1 {
                <Field ctx={ctx.clone()} record={record.clone()} member="figure" label={w.lead_figure} value={front.figure.clone()}
                    kind={Kind::Choice(figures)} test="front-figure" />
            }
            if facts.byline.len() > 1 {
                { byline(ctx, &record, &front) }
            }
        </div>
    }
}

/// The names in this outlet's order: those that have a place in it, then the others in the common order.
fn order<'a>(byline: impl Iterator<Item = &'a str>, front: &Front) -> Vec<&'a str> {
    let mut names: Vec<&str> = byline.collect();
    names.sort_by_key(|name| front.byline.get(*name).copied().unwrap_or(u32::MAX));
    names
}

fn byline(ctx: &Ctx, record: &str, front: &Front) -> Html {
    let w = ctx.w;
    let names = order(ctx.view.facts.byline.iter().map(|one| one.name.as_str()), front);
    // All places are written anew: two who order at once get one of the orders or a mixture, never a name twice.
    let placed = |names: &[&str]| {
        let place = |(at, name): (usize, &&str)| (path(&["byline", name]), Value::from(at as u32));
        names.iter().enumerate().map(place).collect::<Vec<_>>()
    };
    html! {
        <>
            <h3>{ w.byline_order }</h3>
            <ol class="plain order">
                { for names.iter().enumerate().map(|(at, name)| {
                    let mut earlier = names.clone();
                    if at > 0 {
                        earlier.swap(at, at - 1);
                    }
                    html! {
                        <li class="spelling" key={(*name).to_owned()}>
                            <span dir="auto">{ name }</span>
                            if at > 0 {
                                <Act ctx={ctx.clone()} class="quiet" sign="↑" label={format!("{} {name}", w.earlier)} make={saving(ctx, record, placed(&earlier))} test="byline-earlier" />
                            }
                        </li>
                    }
                }) }
            </ol>
            if !front.byline.is_empty() {
                <p class="row-of">
                    <Act ctx={ctx.clone()} class="quiet" label={w.common_order} make={saving(ctx, record, vec![("byline".to_owned(), Value::Null)])} />
                </p>
            }
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_place_follow_in_the_common_order() {
        let mut front = Front::default();
        front.byline.insert("C".into(), 0);
        assert_eq!(order(["A", "B", "C"].into_iter(), &front), ["C", "A", "B"]);
        assert_eq!(order(["A", "B"].into_iter(), &Front::default()), ["A", "B"]);
    }
}
