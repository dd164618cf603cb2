//! Where the text names somebody: what is certain, and what somebody is to confirm or refuse.

use std::collections::BTreeMap;

use komuz_dossier::entity::Entity;
use komuz_dossier::entity::find::{Mention, Sure, find};
use serde_json::Value;
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask::path;
use crate::bits::{Act, saving, soft};
use crate::words::fill;

/// The same words for one entity, wherever they stand.
struct Group {
    first: Mention,
    count: usize,
}

fn groups(ctx: &Ctx, id: &str) -> Vec<Group> {
    let facts = &ctx.view.facts;
    let blocks = facts
        .blocks
        .iter()
        .map(|block| (block.block.id.as_str(), block.text.as_str()));
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for mention in find(&facts.known.entities, &facts.lang, blocks) {
        if mention.entity == id {
            let words = mention.words.clone();
            let group = groups.entry(words).or_insert(Group {
                first: mention,
                count: 0,
            });
            group.count += 1;
        }
    }
    // What waits for somebody first.
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| (group.first.sure != Sure::Offered, std::cmp::Reverse(group.count)));
    groups
}

/// The mentions of an entity.
pub fn of(ctx: &Ctx, id: &str, entity: &Entity) -> Html {
    let w = ctx.w;
    let groups = groups(ctx, id);
    // Somebody decided on words that stand nowhere any more.
    let gone = entity
        .mentions
        .keys()
        .filter(|words| !groups.iter().any(|group| group.first.words == **words));
    html! {
        <>
            <h3>{ w.mentions }</h3>
            if groups.is_empty() {
                { soft(w.mentions_none) }
            }
            <ul class="plain">
                <>{ for groups.iter().map(|group| one(ctx, id, group)) }</>
                <>{ for gone.map(|words| html! {
                    <li class="spelling" key={words.clone()}>
                        <span dir="auto">{ words }</span>
                        <small>{ w.claim_lost }</small>
                        <Act ctx={ctx.clone()} class="quiet" sign="✕" label={format!("{} «{words}»", w.take_out)}
                            make={saving(ctx, id, vec![(path(&["mentions", words]), Value::Null)])} />
                    </li>
                }) }</>
            </ul>
        </>
    }
}

fn one(ctx: &Ctx, id: &str, group: &Group) -> Html {
    let w = ctx.w;
    let mention = &group.first;
    let (said, class) = match mention.sure {
        Sure::Offered => (w.mention_offered, "warn"),
        Sure::Certain => (w.mention_certain, "soft"),
        Sure::Confirmed => (w.mention_confirmed, "good"),
        Sure::Refused => (w.mention_refused, "soft"),
    };
    let show = {
        let (ctx, block, start, end) = (ctx.clone(), mention.block.clone(), mention.start, mention.end);
        move |_: MouseEvent| ctx.bridge.reveal(&block, start, end)
    };
    let decide = |label: &'static str, value: Value, test: &'static str| {
        let make = saving(ctx, id, vec![(path(&["mentions", &mention.words]), value)]);
        html! { <Act ctx={ctx.clone()} {label} {make} {test} /> }
    };
    html! {
        <li class="evidence" key={mention.words.clone()} data-test="mention">
            <span dir="auto" lang={ctx.view.edition.lang.clone()}>{ &mention.words }</span>
            <small class={class}>{ format!("{} · {said}", fill(w.times, &[&group.count.to_string()])) }</small>
            <p class="row-of">
                <button type="button" data-test="reveal" onclick={show}>{ w.show_in_text }</button>
                { match mention.sure {
                    Sure::Offered => html! {
                        <>
                            { decide(w.mention_yes, true.into(), "mention-confirm") }
                            { decide(w.mention_no, false.into(), "mention-refuse") }
                        </>
                    },
                    Sure::Confirmed | Sure::Refused => decide(w.mention_undo, Value::Null, "mention-undo"),
                    Sure::Certain => decide(w.mention_no, false.into(), "mention-refuse"),
                } }
            </p>
        </li>
    }
}
