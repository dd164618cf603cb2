//! A translation: which blocks are behind the original, since which words, and which have none yet.

use std::collections::HashMap;

use komuz_dossier::edition::{Behind, Translation, translation};
use komuz_dossier::text::{beginning, utf16};
use komuz_release::story::Story;
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask;
use crate::bits::{Act, Card, Fields, Form, changed, choice, saving, soft};
use crate::words::fill;

fn original(ctx: &Ctx) -> Option<&Story> {
    ctx.view.facts.known.original.as_deref()
}

/// The section.
pub fn section(ctx: &Ctx) -> Html {
    let w = ctx.w;
    let Some(original) = original(ctx) else {
        return Html::default();
    };
    let facts = &ctx.view.facts;
    let links = &facts.known.links;
    let order = facts.blocks.iter().map(|block| block.block.id.as_str());
    let Translation { behind, missing } = translation(order, links, &original.blocks);
    let linked = |id: &str| links.get(id).is_some_and(|link| !link.of.is_empty());
    let unlinked: Vec<_> = (facts.blocks.iter())
        .filter(|block| !linked(&block.block.id) && !block.text.trim().is_empty())
        .collect();
    let choices: Vec<(String, String)> = (original.blocks.iter())
        .map(|block| (block.id.clone(), beginning(&block.plain_text(), 60)))
        .filter(|(_, words)| !words.trim().is_empty())
        .collect();
    html! {
        <>
            <p class="soft">{ fill(w.translated_from, &[komuz_release::words::own_name(&original.lang)]) }</p>
            if behind.is_empty() && missing.is_empty() {
                <div class="calm"><p>{ w.translation_current }</p></div>
            }
            if !behind.is_empty() {
                <h2>{ format!("{} · {}", w.blocks_behind, behind.len()) }</h2>
                <>{ for behind.iter().map(|one| late(ctx, one, &original.lang)) }</>
            }
            if !missing.is_empty() {
                <h2>{ format!("{} · {}", w.blocks_missing, missing.len()) }</h2>
                <ul class="plain">
                    { for missing.iter().map(|one| html! {
                        <li class="evidence" key={one.block.clone()} data-test="block-missing">
                            <span class="passage" lang={original.lang.clone()} dir="auto">{ beginning(&one.words, 240) }</span>
                        </li>
                    }) }
                </ul>
            }
            if !unlinked.is_empty() {
                <h2>{ w.blocks_unlinked }</h2>
                { soft(w.blocks_unlinked_what) }
                <>{ for unlinked.iter().map(|block| unlinked_block(ctx, &block.block.id, &block.text, &choices, original)) }</>
            }
        </>
    }
}

fn late(ctx: &Ctx, one: &Behind, lang: &str) -> Html {
    let w = ctx.w;
    let record = format!("b-{}", one.block);
    let words = ctx.view.facts.block(&one.block).map_or("", |(_, block)| &block.text);
    let current = saving(ctx, &record, vec![("words".to_owned(), one.now.as_str().into())]);
    let show = {
        let (ctx, block, end) = (ctx.clone(), one.block.clone(), utf16(words) as u32);
        move |_: MouseEvent| ctx.bridge.reveal(&block, 0, end)
    };
    html! {
        <div class="card" key={one.block.clone()} data-record={record} data-test="block-behind">
            <p class="passage" lang={ctx.view.edition.lang.clone()} dir="auto">{ beginning(words, 160) }</p>
            if one.now.is_empty() {
                <p class="warn">{ w.original_gone }</p>
            } else {
                <h3>{ w.changed_since }</h3>
                { changed(&one.words, &one.now, lang) }
            }
            <p class="row-of">
                <button type="button" data-test="reveal" onclick={show}>{ w.show_in_text }</button>
                <Act ctx={ctx.clone()} label={w.current_now} make={current} test="block-current" />
            </p>
        </div>
    }
}

fn unlinked_block(ctx: &Ctx, id: &str, words: &str, choices: &[(String, String)], original: &Story) -> Html {
    let record = format!("b-{id}");
    let head = html! { <span class="passage" lang={ctx.view.edition.lang.clone()} dir="auto">{ beginning(words, 120) }</span> };
    let texts = original
        .blocks
        .iter()
        .map(|block| (block.id.clone(), block.plain_text()));
    let texts: HashMap<String, String> = texts.collect();
    let make = {
        let (ctx, record) = (ctx.clone(), record.clone());
        Callback::from(move |fields: Fields| {
            let of = fields.text("block-of");
            let words = texts.get(&of).cloned().unwrap_or_default();
            let members = [("of".to_owned(), ask::text(&of)), ("words".to_owned(), words.into())];
            Ok(ask::save(&ctx.view.edition, &record, &members))
        })
    };
    let body = {
        let (ctx, choices) = (ctx.clone(), choices.to_vec());
        Callback::from(move |()| {
            let buttons = html! { <button data-test="block-link">{ ctx.w.link_block }</button> };
            html! {
                <Form ctx={ctx.clone()} make={make.clone()} {buttons}>{ choice(ctx.w.block_of, "block-of", &choices) }</Form>
            }
        })
    };
    html! { <Card ctx={ctx.clone()} key={record.clone()} record={record.clone()} {head} {body} /> }
}
