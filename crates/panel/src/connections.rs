//! The picture of connections: who is joined with whom by sourced claims.

use komuz_dossier::entity::picture::picture;
use komuz_dossier::text::beginning;
use komuz_release::words::Lang;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Element;
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask::{self, Trouble};
use crate::bits::{Card, to_record, trouble};
use crate::words::{self, fill};

/// The width for which it is drawn; the style sheet makes it narrower where the column is.
const WIDTH: u16 = 320;
/// The width for which it is drawn into the text.
const WIDTH_IN_TEXT: u16 = 640;
/// The longest description of a picture, in characters.
const DESCRIBED: usize = 2_000;

/// The picture, folded away until it is wanted.
pub fn card(ctx: &Ctx) -> Html {
    let about_two = |claim: &komuz_dossier::claim::Claim| claim.about.values().filter(|on| **on).count() > 1;
    if !ctx.view.facts.known.claims.values().any(about_two) {
        return Html::default();
    }
    let head = html! { <b>{ ctx.w.connections }</b> };
    let body = {
        let ctx = ctx.clone();
        Callback::from(move |()| body(&ctx))
    };
    html! { <Card ctx={ctx.clone()} record="picture" {head} {body} test="connections" /> }
}

fn body(ctx: &Ctx) -> Html {
    let w = ctx.w;
    let Some(picture) = picture(&ctx.view.facts, ctx.lang.tag(), WIDTH) else {
        return html! { <p class="soft">{ w.connections_none }</p> };
    };
    let save = {
        let ctx = ctx.clone();
        move |_: MouseEvent| {
            if let Some((svg, _)) = for_readers(&ctx) {
                ctx.bridge.save(
                    &format!("{}-{}.svg", ctx.view.edition.story, ctx.view.edition.lang),
                    &svg,
                );
            }
        }
    };
    html! {
        <>
            <Drawing ctx={ctx.clone()} svg={picture.svg} />
            <p class="row-of">
                <button type="button" data-test="picture-save" onclick={save}>{ w.picture_save }</button>
                <Insert ctx={ctx.clone()} />
            </p>
            if picture.left_out > 0 {
                <small>{ fill(ctx.w.left_out, &[&picture.left_out.to_string()]) }</small>
            }
            <ul class="plain">
                { for picture.rows.iter().map(|row| html! {
                    <li class="evidence" key={format!("{} {}", row.one, row.other)}>
                        <span dir="auto">{ &row.sentence }</span>
                        if let Some(claim) = row.claims.first() {
                            <p class="row-of">{ to_record(ctx, ctx.w.open_claim, claim) }</p>
                        }
                    </li>
                }) }
            </ul>
        </>
    }
}

/// The picture in the language of the text and as wide as a column of it, with what it shows in words. A figure's description is
/// read out in one go: what does not fit into it stands in the text anyway, claim by claim.
fn for_readers(ctx: &Ctx) -> Option<(String, String)> {
    let lang = &ctx.view.edition.lang;
    let picture = picture(&ctx.view.facts, lang, WIDTH_IN_TEXT)?;
    let title = words::of(Lang::of(lang)).connections;
    let rows = picture.rows.iter().map(|row| row.sentence.trim_end_matches('.'));
    let said = format!("{title}: {}", rows.collect::<Vec<_>>().join("; "));
    Some((picture.svg, beginning(&said, DESCRIBED)))
}

#[derive(Properties, PartialEq)]
struct InsertProps {
    ctx: Ctx,
}

/// Puts the picture into the text, and says when the browser cannot draw it.
#[component]
fn Insert(props: &InsertProps) -> Html {
    let wrong = use_state(|| None::<Trouble>);
    let onclick = {
        let (ctx, wrong) = (props.ctx.clone(), wrong.clone());
        move |_: MouseEvent| {
            let Some((svg, alt)) = for_readers(&ctx) else { return };
            let (inserted, wrong) = (ctx.bridge.insert(&svg, &alt), wrong.clone());
            spawn_local(async move {
                let json = JsFuture::from(inserted).await.ok().and_then(|json| json.as_string());
                wrong.set(ask::result(&json.unwrap_or_default()).err());
            });
        }
    };
    html! {
        <>
            <button type="button" data-test="picture-insert" {onclick}>{ props.ctx.w.picture_insert }</button>
            { trouble(&props.ctx, &wrong) }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct DrawingProps {
    ctx: Ctx,
    svg: AttrValue,
}

/// An element that the page fills: markup cannot be put into it (Trusted Types).
#[component]
fn Drawing(props: &DrawingProps) -> Html {
    let node = use_node_ref();
    use_effect_with(props.svg.clone(), {
        let (node, ctx) = (node.clone(), props.ctx.clone());
        move |svg: &AttrValue| {
            if let Some(place) = node.cast::<Element>() {
                ctx.bridge.draw(&place, svg);
            }
        }
    });
    html! { <div class="picture" ref={node} /> }
}
