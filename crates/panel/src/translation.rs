//! A translation: which blocks are behind the original, since which words, and which have none yet.

use std::collections::HashMap;

use komuz_dossier::text::{beginning, same_words};
use komuz_release::story::{BlockKind, Story};
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask;
use crate::bits::{Act, Card, Fields, Form, changed, choice, saving, soft};
use crate::words::fill;

/// A block of the translation as far as it is behind.
struct Behind<'a> {
    /// Id of the block in the translation.
    block: &'a str,
    /// Its words.
    words: &'a str,
    /// The original's words when it was translated.
    then: &'a str,
    /// The original's words now.
    now: String,
}

fn original(ctx: &Ctx) -> Option<&Story> {
    ctx.view.facts.known.original.as_deref()
}

fn behind<'a>(ctx: &'a Ctx, original: &'a Story) -> Vec<Behind<'a>> {
    let now: HashMap<&str, String> = original
        .blocks
        .iter()
        .map(|block| (block.id.as_str(), block.plain_text()))
        .collect();
    let facts = &ctx.view.facts;
    (facts.blocks.iter())
        .filter_map(|block| {
            let link = facts.known.links.get(&block.block.id)?;
            let now = now.get(link.of.as_str()).cloned().unwrap_or_default();
            (!same_words(&link.words, &now)).then(|| Behind {
                block: &block.block.id,
                words: &block.text,
                then: &link.words,
                now,
            })
        })
        .collect()
}

/// Blocks of the original with words, which no block here translates.
fn missing<'a>(ctx: &Ctx, original: &'a Story) -> Vec<(&'a str, String)> {
    let facts = &ctx.view.facts;
    let linked: Vec<&str> = (facts.blocks.iter())
        .filter_map(|block| Some(facts.known.links.get(&block.block.id)?.of.as_str()))
        .collect();
    (original.blocks.iter())
        .filter(|block| block.kind != BlockKind::Rule && !linked.contains(&block.id.as_str()))
        .map(|block| (block.id.as_str(), block.plain_text()))
        .filter(|(_, words)| !words.trim().is_empty())
        .collect()
}

/// The section.
pub fn section(ctx: &Ctx) -> Html {
    let w = ctx.w;
    let Some(original) = original(ctx) else {
        return Html::default();
    };
    let (behind, missing) = (behind(ctx, original), missing(ctx, original));
    let facts = &ctx.view.facts;
    let unlinked: Vec<_> = (facts.blocks.iter())
        .filter(|block| !facts.known.links.contains_key(&block.block.id) && !block.text.trim().is_empty())
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
                { for behind.iter().map(|one| late(ctx, one, &original.lang)) }
            }
            if !missing.is_empty() {
                <h2>{ format!("{} · {}", w.blocks_missing, missing.len()) }</h2>
                <ul class="plain">
                    { for missing.iter().map(|(id, words)| html! {
                        <li class="evidence" key={(*id).to_owned()} data-test="block-missing">
                            <span class="passage" lang={original.lang.clone()} dir="auto">{ beginning(words, 240) }</span>
                        </li>
                    }) }
                </ul>
            }
            if !unlinked.is_empty() {
                <h2>{ w.blocks_unlinked }</h2>
                { soft(w.blocks_unlinked_what) }
                { for unlinked.iter().map(|block| unlinked_block(ctx, &block.block.id, &block.text, &choices, original)) }
            }
        </>
    }
}

fn late(ctx: &Ctx, one: &Behind<'_>, lang: &str) -> Html {
    let w = ctx.w;
    let current = saving(
        ctx,
        &format!("b-{}", one.block),
        vec![("words".to_owned(), one.now.as_str().into())],
    );
    let show = {
        let (ctx, block, end) = (
            ctx.clone(),
            one.block.to_owned(),
            komuz_dossier::text::utf16(one.words) as u32,
        );
        move |_: MouseEvent| ctx.bridge.reveal(&block, 0, end)
    };
    html! {
        <div class="card" key={one.block.to_owned()} data-record={format!("b-{}", one.block)} data-test="block-behind">
            <p class="passage" lang={ctx.view.edition.lang.clone()} dir="auto">{ beginning(one.words, 160) }</p>
            if one.now.is_empty() {
                <p class="warn">{ w.original_gone }</p>
            } else {
                <h3>{ w.changed_since }</h3>
                { changed(one.then, &one.now, lang) }
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
