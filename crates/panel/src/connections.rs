//! The picture of connections: who is joined with whom by sourced claims.

use komuz_dossier::entity::picture::picture;
use web_sys::Element;
use yew::prelude::*;

use crate::app::Ctx;
use crate::bits::{Card, to_record};
use crate::words::fill;

/// The width for which it is drawn; the style sheet makes it narrower where the column is.
const WIDTH: u16 = 320;

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
    let Some(picture) = picture(&ctx.view.facts, ctx.lang.tag(), WIDTH) else {
        return html! { <p class="soft">{ ctx.w.connections_none }</p> };
    };
    html! {
        <>
            <Drawing ctx={ctx.clone()} svg={picture.svg} />
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
