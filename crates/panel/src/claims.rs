//! Claims: what they rest on, whom they are about, who has checked them; and which of them bear the headline.

use komuz_dossier::claim::{Claim, Evidence, Stance, Status, Verdict};
use komuz_dossier::text::same_words;
use serde_json::Value;
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask::{self, Trouble, path};
use crate::bits::{
    Act, Card, Fields, Form, Out, changed, choice, fold, input, removal, reveal, saving, soft, to_record,
};
use crate::bridge::unique;
use crate::field::{Field, Kind, Tick};
use crate::view::SourceLine;
use crate::words::fill;

/// The section.
pub fn section(ctx: &Ctx) -> Html {
    let w = ctx.w;
    let claims = ctx.view.claims();
    html! {
        <>
            <p class="row-of">
                <Act ctx={ctx.clone()} label={w.make_claim} make={marking(ctx, "claim", Vec::new())} open=true test="claim-make" />
            </p>
            if claims.is_empty() {
                { soft(w.no_claims) }
            }
            <>{ for claims.iter().map(|(id, claim)| card(ctx, id, claim)) }</>
            if !claims.is_empty() {
                { headlines(ctx) }
            }
        </>
    }
}

/// Makes something of what is selected in the text.
pub fn marking(ctx: &Ctx, kind: &'static str, members: ask::Members) -> crate::bits::Make {
    let ctx = ctx.clone();
    Callback::from(move |()| {
        let none = || Trouble::own("select-first");
        let selected = ctx.bridge.selected().ok_or_else(none)?;
        ask::mark(&ctx.view.edition, &selected, kind, &members).ok_or_else(none)
    })
}

/// A status in a sign and a word: colour alone says nothing.
fn status(ctx: &Ctx, status: Status) -> Html {
    let w = ctx.w;
    let (sign, words, class) = match status {
        Status::Open => ("○", w.status_open, "soft"),
        Status::Supported => ("◐", w.supported, "warn"),
        Status::Ready => ("●", w.ready, "good"),
        Status::Disputed => ("✕", w.disputed, "bad"),
    };
    html! {
        <span class={classes!("tag", class)} data-test="claim-status"><span aria-hidden="true">{ sign }{ " " }</span>{ words }</span>
    }
}

fn card(ctx: &Ctx, id: &str, claim: &Claim) -> Html {
    let w = ctx.w;
    let words = ctx.view.words(id).to_owned();
    let parties: Vec<String> = (claim.about.iter().filter(|(_, on)| **on))
        .map(|(id, _)| ctx.view.entity(id, ctx.lang))
        .collect();
    let head = html! {
        <>
            <span class="line">
                { status(ctx, ctx.view.status(id)) }
                if !parties.is_empty() {
                    <small dir="auto">{ parties.join(", ") }</small>
                }
            </span>
            if words.is_empty() {
                <span class="warn">{ w.claim_lost }</span>
            } else {
                <span class="passage" lang={ctx.view.edition.lang.clone()} dir="auto">{ &words }</span>
            }
        </>
    };
    let body = {
        let (ctx, id, claim) = (ctx.clone(), id.to_owned(), claim.clone());
        Callback::from(move |()| body(&ctx, &id, &claim, &words))
    };
    html! { <Card ctx={ctx.clone()} key={id.to_owned()} record={id.to_owned()} {head} {body} test="claim" /> }
}

fn body(ctx: &Ctx, id: &str, claim: &Claim, words: &str) -> Html {
    let w = ctx.w;
    html! {
        <>
            if !words.is_empty() {
                <p class="row-of">{ reveal(ctx, id) }</p>
            }
            { evidence(ctx, id, claim) }
            { about(ctx, id, claim) }
            { check(ctx, id, claim, words) }
            <p class="row-of end">
                <Out ctx={ctx.clone()} label={w.remove_claim} sure={w.remove_claim_sure} make={removal(ctx, id)} test="claim-remove" />
            </p>
        </>
    }
}

fn source_words(ctx: &Ctx, source: &SourceLine) -> Html {
    html! {
        <>
            <b lang={(!source.lang.is_empty()).then(|| source.lang.clone())} dir="auto">{ &source.title }</b>
            if source.confidential {
                { " " }<span class="tag warn">{ ctx.w.confidential }</span>
            }
        </>
    }
}

fn evidence(ctx: &Ctx, id: &str, claim: &Claim) -> Html {
    let w = ctx.w;
    let facts = ctx.view.facts.claims.get(id);
    // Sources that are cited in its words: notes, which readers see.
    let noted: Vec<SourceLine> = facts
        .map(|facts| facts.supports.as_slice())
        .unwrap_or_default()
        .iter()
        .filter(|source| !claim.evidence.values().any(|evidence| evidence.source == **source))
        .map(|source| ctx.view.source(source, ctx.lang))
        .collect();
    let enough = ctx.view.facts.known.policy.sources;
    html! {
        <>
            <h3>{ w.evidence }</h3>
            if let Some(facts) = facts {
                <p class={if facts.independent >= usize::from(enough) { "good" } else { "warn" }}>
                    { fill(w.independent, &[&facts.independent.to_string(), &enough.to_string()]) }
                </p>
            }
            if noted.is_empty() && claim.evidence.is_empty() {
                { soft(w.no_evidence) }
            }
            <ul class="plain">
                { for noted.iter().map(|source| html! {
                    <li class="evidence" data-test="evidence">
                        <span class="tag good">{ w.cited_in_text }</span>
                        <p>{ source_words(ctx, source) }</p>
                        <p class="row-of">{ to_record(ctx, w.open, &source.id) }</p>
                    </li>
                }) }
                { for claim.evidence.iter().map(|(key, one)| html! {
                    <li class="evidence" key={key.clone()} data-test="evidence">{ piece(ctx, id, key, one) }</li>
                }) }
            </ul>
            { fold(w.add_evidence, "evidence-new", new_evidence(ctx, id)) }
        </>
    }
}

fn stances(ctx: &Ctx) -> [(&'static str, &'static str); 2] {
    [("supports", ctx.w.speaks_for), ("contradicts", ctx.w.speaks_against)]
}

fn piece(ctx: &Ctx, id: &str, key: &str, one: &Evidence) -> Html {
    let w = ctx.w;
    let source = ctx.view.source(&one.source, ctx.lang);
    let (stance, class) = match one.stance {
        Stance::Supports => ("supports", "good"),
        Stance::Contradicts => ("contradicts", "bad"),
    };
    let words = if class == "good" {
        w.speaks_for
    } else {
        w.speaks_against
    };
    let field = |member: &str, label: &'static str, value: &str, kind: Kind| {
        html! {
            <Field ctx={ctx.clone()} record={id.to_owned()} member={path(&["evidence", key, member])} {label}
                value={value.to_owned()} {kind} />
        }
    };
    let choices = stances(ctx).map(|(value, words)| (value.into(), words.into())).to_vec();
    let gone = saving(ctx, id, vec![(path(&["evidence", key]), Value::Null)]);
    html! {
        <>
            <span class={classes!("tag", class)}>{ words }</span>
            <p>{ source_words(ctx, &source) }</p>
            if !one.locator.is_empty() {
                <small dir="auto">{ &one.locator }</small>
            }
            if !one.quote.is_empty() {
                <blockquote lang={(!source.lang.is_empty()).then(|| source.lang.clone())} dir="auto">{ &one.quote }</blockquote>
            }
            <details class="fold">
                <summary>{ w.change }</summary>
                { field("stance", w.stance, stance, Kind::Choice(choices)) }
                { field("locator", w.locator, &one.locator, Kind::Line) }
                { field("quote", w.quote, &one.quote, Kind::Area) }
                <p class="row-of">
                    { to_record(ctx, w.open, &one.source) }
                    <Out ctx={ctx.clone()} label={w.take_out} sure={w.remove_evidence_sure} make={gone} />
                </p>
            </details>
        </>
    }
}

fn new_evidence(ctx: &Ctx, id: &str) -> Html {
    let w = ctx.w;
    let sources = ctx.view.sources(ctx.lang);
    if sources.is_empty() {
        return soft(w.no_sources);
    }
    let choices: Vec<(String, String)> = sources
        .into_iter()
        .map(|source| {
            let title = if source.confidential {
                format!("{} ({})", source.title, w.confidential)
            } else {
                source.title
            };
            (source.id, title)
        })
        .collect();
    let stances = stances(ctx).map(|(value, words)| (value.to_owned(), words.to_owned()));
    let make = {
        let (ctx, id) = (ctx.clone(), id.to_owned());
        Callback::from(move |fields: Fields| {
            let key = format!("x-{}", unique());
            let member = |name: &str| {
                (
                    path(&["evidence", &key, name]),
                    ask::text(&fields.text(&format!("evidence-{name}"))),
                )
            };
            let members = ["source", "stance", "locator", "quote"].map(member);
            Ok(ask::save(&ctx.view.edition, &id, &members))
        })
    };
    let buttons = html! { <button data-test="evidence-add">{ w.add }</button> };
    html! {
        <Form ctx={ctx.clone()} {make} {buttons}>
            { choice(w.source, "evidence-source", &choices) }
            { choice(w.stance, "evidence-stance", &stances) }
            { input(w.locator, "evidence-locator", false) }
            <label class="field">
                <span>{ w.quote }</span>
                <textarea name="evidence-quote" rows="2" dir="auto" data-test="evidence-quote" />
            </label>
        </Form>
    }
}

fn about(ctx: &Ctx, id: &str, claim: &Claim) -> Html {
    let w = ctx.w;
    let known = &ctx.view.facts.known.entities;
    let entities: Vec<_> = (ctx.view.entities(ctx.lang).into_iter())
        .filter(|(entity, _)| known.get(entity).is_some_and(|entity| entity.what.can_reply()))
        .collect();
    let ticks = html! {
        <div class="choices">
            { for entities.iter().map(|(entity, name)| html! {
                <Tick ctx={ctx.clone()} key={entity.clone()} record={id.to_owned()} member={path(&["about", entity])}
                    on={claim.about.get(entity) == Some(&true)} label={html! { <span dir="auto">{ name }</span> }} test="claim-about" />
            }) }
        </div>
    };
    html! {
        <>
            <h3>{ w.about }</h3>
            if entities.is_empty() {
                { soft(w.no_people) }
            } else if claim.about.values().any(|on| *on) {
                <ul class="plain">
                    { for (entities.iter().filter(|(entity, _)| claim.about.get(entity) == Some(&true))).map(|(entity, name)| html! {
                        <li class="row-of"><span dir="auto">{ name }</span>{ to_record(ctx, w.open, entity) }</li>
                    }) }
                </ul>
                { fold(w.change, "claim-about-change", ticks) }
            } else {
                { soft(w.about_nobody) }
                { fold(w.choose, "claim-about-change", ticks) }
            }
        </>
    }
}

fn check(ctx: &Ctx, id: &str, claim: &Claim, words: &str) -> Html {
    let w = ctx.w;
    let stored = claim.checked.as_ref();
    let make = {
        let (ctx, id, words) = (ctx.clone(), id.to_owned(), words.to_owned());
        Callback::from(move |fields: Fields| {
            let reasons = fields.text("claim-reasons");
            if fields.button == "disputed" && reasons.is_empty() {
                return Err(Trouble::own("no-reasons"));
            }
            let members = [
                ("by", ctx.view.me.name.as_str()),
                ("when", &ctx.view.facts.today),
                ("verdict", &fields.button),
                ("reasons", &reasons),
            ];
            let mut members: Vec<_> = members
                .map(|(name, value)| (path(&["checked", name]), ask::text(value)))
                .into();
            // As they stand, white space too: these are the words that were checked.
            members.push((path(&["checked", "words"]), words.as_str().into()));
            Ok(ask::save(&ctx.view.edition, &id, &members))
        })
    };
    let buttons = html! {
        <>
            <button name="verdict" value="holds" data-test="claim-check-holds">{ w.it_holds }</button>
            <button name="verdict" value="disputed" class="bad" data-test="claim-check-disputed">{ w.i_dispute }</button>
        </>
    };
    let form = html! {
        <Form ctx={ctx.clone()} {make} {buttons} test="claim-check">
            <label class="field">
                <span>{ w.reasons }</span>
                <textarea name="claim-reasons" rows="2" dir="auto" data-test="claim-reasons" />
            </label>
        </Form>
    };
    let moved = stored.filter(|checked| !same_words(&checked.words, words));
    html! {
        <>
            <h3>{ w.checked }</h3>
            if let Some(checked) = stored {
                <p class={if checked.verdict == Verdict::Holds { "good" } else { "bad" }}>
                    { if checked.verdict == Verdict::Holds { w.found_holds } else { w.found_disputed } }
                </p>
                <small dir="auto">{ w.by_on(ctx.lang, &checked.by, &checked.when) }</small>
                if !checked.reasons.is_empty() {
                    <p dir="auto">{ &checked.reasons }</p>
                }
                if let (Some(checked), false) = (moved, words.is_empty()) {
                    <p class="warn">{ w.words_moved }</p>
                    { changed(&checked.words, words, &ctx.view.edition.lang) }
                }
            } else {
                { soft(w.nobody_checked) }
            }
            if !words.is_empty() {
                if stored.is_some() && moved.is_none() {
                    { fold(w.check_again, "claim-check-again", form) }
                } else {
                    { form }
                }
            }
        </>
    }
}

/// Which claims bear the headline and the summary, and this outlet's own.
fn headlines(ctx: &Ctx) -> Html {
    let facts = &ctx.view.facts;
    let own = |words: Option<&String>, of: &str| {
        (
            words.cloned().unwrap_or_default(),
            format!("{of}:{}", ctx.view.me.outlet),
        )
    };
    let w = ctx.w;
    let fronts = facts.known.fronts.get(&ctx.view.me.outlet);
    let all = [
        (w.bears_headline, (facts.headline.clone(), "headline".to_owned())),
        (w.bears_summary, (facts.summary.clone(), "summary".to_owned())),
        (
            w.bears_own_headline,
            own(fronts.map(|front| &front.headline), "headline"),
        ),
        (w.bears_own_summary, own(fronts.map(|front| &front.summary), "summary")),
    ];
    html! {
        <>
            <h2>{ w.headlines }</h2>
            { for all.into_iter().filter(|(_, (words, _))| !words.trim().is_empty()).map(|(label, (words, of))| bearing(ctx, label, &words, &of)) }
        </>
    }
}

fn bearing(ctx: &Ctx, label: &'static str, words: &str, of: &str) -> Html {
    let w = ctx.w;
    let record = format!("h-{of}");
    let backed = ctx.view.facts.known.backed.get(of).cloned().unwrap_or_default();
    let borne = backed.claims.values().any(|on| *on) && same_words(&backed.words, words);
    let head = html! {
        <>
            <span class="line">
                <span class={classes!("tag", if borne { "good" } else { "soft" })}>
                    <span aria-hidden="true">{ if borne { "● " } else { "○ " } }</span>{ if borne { w.borne } else { w.not_borne } }
                </span>
                <small>{ label }</small>
            </span>
            <span class="passage" lang={ctx.view.edition.lang.clone()} dir="auto">{ words }</span>
        </>
    };
    let body = {
        let (ctx, record, words) = (ctx.clone(), record.clone(), words.to_owned());
        Callback::from(move |()| {
            let said = vec![
                ("by".to_owned(), ask::text(&ctx.view.me.name)),
                ("when".to_owned(), ask::text(&ctx.view.facts.today)),
                ("words".to_owned(), words.as_str().into()),
            ];
            html! {
                <>
                    { soft(w.bears_what) }
                    <div class="choices">
                        { for ctx.view.claims().iter().filter(|(id, _)| !ctx.view.words(id).is_empty()).map(|(id, _)| html! {
                            <Tick ctx={ctx.clone()} key={(*id).clone()} record={record.clone()} member={path(&["claims", id])}
                                on={backed.claims.get(*id) == Some(&true)} with={said.clone()} test="backed"
                                label={html! { <span class="passage" lang={ctx.view.edition.lang.clone()} dir="auto">{ ctx.view.words(id) }</span> }} />
                        }) }
                    </div>
                    if !backed.by.is_empty() {
                        <small dir="auto">{ w.by_on(ctx.lang, &backed.by, &backed.when) }</small>
                    }
                    if !backed.words.is_empty() && !same_words(&backed.words, &words) {
                        <p class="warn">{ w.words_moved }</p>
                        { changed(&backed.words, &words, &ctx.view.edition.lang) }
                        <p class="row-of">
                            <Act ctx={ctx.clone()} label={w.still_borne} make={saving(&ctx, &record, said.clone())} test="backed-say" />
                        </p>
                    }
                </>
            }
        })
    };
    html! { <Card ctx={ctx.clone()} key={record.clone()} record={record.clone()} {head} {body} /> }
}
