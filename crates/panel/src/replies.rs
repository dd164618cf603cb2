//! The right of reply: what persons and organisations were asked, and what they said.

use komuz_dossier::reply::{Outcome, Reply};
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask;
use crate::bits::{Act, Out, removal, reveal, saving, soft};
use crate::claims::marking;
use crate::field::{Field, Kind};

/// The replies of a party, by their ids.
fn replies<'a>(ctx: &'a Ctx, party: &'a str) -> impl Iterator<Item = (&'a String, &'a Reply)> {
    ctx.view
        .facts
        .known
        .replies
        .iter()
        .filter(move |(_, reply)| reply.party == party)
}

fn outcome(ctx: &Ctx, reply: &Reply) -> (&'static str, &'static str, &'static str) {
    let w = ctx.w;
    match reply.outcome {
        Outcome::Waiting if reply.asked.is_empty() => ("○", w.not_asked_yet, "soft"),
        Outcome::Waiting => ("◐", w.reply_waiting, "warn"),
        Outcome::Answer => ("●", w.reply_answer, "good"),
        Outcome::Refusal => ("●", w.reply_refusal, "good"),
        Outcome::Silence => ("●", w.reply_silence, "good"),
    }
}

/// How it stands with a party, in a word; nothing where nobody was to be asked.
pub fn standing(ctx: &Ctx, party: &str) -> Html {
    let about = |claim: &komuz_dossier::claim::Claim| claim.about.get(party) == Some(&true);
    let last = replies(ctx, party).last();
    let (sign, words, class) = match last {
        Some((_, reply)) => outcome(ctx, reply),
        None if ctx.view.facts.known.claims.values().any(about) => ("○", ctx.w.not_asked, "bad"),
        None => return Html::default(),
    };
    html! { <span class={classes!("tag", class)}><span aria-hidden="true">{ sign }{ " " }</span>{ words }</span> }
}

/// What a party was asked.
pub fn of(ctx: &Ctx, party: &str) -> Html {
    let w = ctx.w;
    let begun = vec![
        ("party".to_owned(), party.into()),
        ("by".to_owned(), ask::text(&ctx.view.me.name)),
    ];
    let mut asked = replies(ctx, party).peekable();
    let none = asked.peek().is_none();
    html! {
        <>
            <h3>{ w.right_of_reply }</h3>
            if none {
                { soft(w.reply_none) }
            }
            <>{ for asked.map(|(id, reply)| one(ctx, id, reply)) }</>
            <p class="row-of">
                <Act ctx={ctx.clone()} label={if none { w.reply_new } else { w.reply_another }} make={saving(ctx, "r-", begun)} open=true test="reply-new" />
            </p>
        </>
    }
}

fn one(ctx: &Ctx, id: &str, reply: &Reply) -> Html {
    let w = ctx.w;
    let (sign, words, class) = outcome(ctx, reply);
    let field = |member: &'static str, label: &'static str, value: &str, kind: Kind, test: &'static str| {
        html! {
            <Field ctx={ctx.clone()} record={id.to_owned()} {member} {label} value={value.to_owned()} {kind} {test} />
        }
    };
    let outcomes = [
        ("waiting", w.reply_waiting),
        ("answer", w.reply_answer),
        ("refusal", w.reply_refusal),
        ("silence", w.reply_silence),
    ];
    let value = outcomes[reply.outcome as usize].0;
    let choices = Kind::Choice(outcomes.map(|(value, words)| (value.into(), words.into())).to_vec());
    let over = reply.outcome == Outcome::Waiting && !reply.deadline.is_empty() && reply.deadline < ctx.view.facts.today;
    let came = reply.outcome != Outcome::Waiting;
    let places: Vec<_> = (ctx.view.facts.known.answers.iter())
        .filter(|(_, answered)| answered.reply == id)
        .collect();
    html! {
        <fieldset class="reply" key={id.to_owned()} data-record={id.to_owned()} data-test="reply">
            <legend class={classes!("tag", class)}><span aria-hidden="true">{ sign }{ " " }</span>{ words }</legend>
            { field("asked", w.asked_on, &reply.asked, Kind::Day, "reply-asked") }
            { field("how", w.asked_how, &reply.how, Kind::Line, "reply-how") }
            { field("by", w.asked_by, &reply.by, Kind::Line, "reply-by") }
            { field("questions", w.questions, &reply.questions, Kind::Area, "reply-questions") }
            { field("deadline", w.deadline, &reply.deadline, Kind::Day, "reply-deadline") }
            if over {
                <p class="warn">{ w.deadline_over }</p>
            }
            { field("outcome", w.outcome, value, choices, "reply-outcome") }
            if came || !reply.answered.is_empty() || !reply.answer.is_empty() {
                { field("answered", w.answered_on, &reply.answered, Kind::Day, "reply-answered") }
                { field("answer", w.answer, &reply.answer, Kind::Area, "reply-answer") }
                <h3>{ w.answer_stands }</h3>
                if places.is_empty() {
                    { soft(w.answer_nowhere) }
                }
                <ul class="plain">
                    { for places.iter().map(|(answer, answered)| {
                        let words = answered.span.as_ref().map(|span| ctx.view.spanned(span)).unwrap_or_default();
                        html! {
                            <li class="evidence" key={(*answer).clone()}>
                                if words.is_empty() {
                                    <span class="warn">{ w.claim_lost }</span>
                                } else {
                                    <span class="passage" lang={ctx.view.edition.lang.clone()} dir="auto">{ &words }</span>
                                }
                                <p class="row-of">
                                    if !words.is_empty() {
                                        { reveal(ctx, answer) }
                                    }
                                    <Out ctx={ctx.clone()} label={w.take_out} sure={w.remove_answer_sure} make={removal(ctx, answer)} />
                                </p>
                            </li>
                        }
                    }) }
                </ul>
                <p class="row-of">
                    <Act ctx={ctx.clone()} label={w.mark_answer} make={marking(ctx, "answer", vec![("reply".to_owned(), id.into())])}
                        test="reply-mark" />
                </p>
            }
            <p class="row-of end">
                <Out ctx={ctx.clone()} label={w.remove_reply} sure={w.remove_reply_sure} make={removal(ctx, id)} test="reply-remove" />
            </p>
        </fieldset>
    }
}
