//! What the checks ask for, in all stories of the investigation.

use komuz_dossier::finding::{Check, Severity};
use yew::prelude::*;

use crate::app::Ctx;
use crate::ask::path;
use crate::bits::{fold, soft};
use crate::field::{Field, Kind};
use crate::words::fill;

/// The record of the policy.
const RECORD: &str = "policy";

/// The policy.
pub fn part(ctx: &Ctx) -> Html {
    let w = ctx.w;
    let policy = &ctx.view.facts.known.policy;
    html! {
        <div data-record={RECORD}>
            <h2>{ w.policy }</h2>
            { soft(w.policy_what) }
            <Field ctx={ctx.clone()} record={RECORD} member="sources" label={w.how_many_sources} value={policy.sources.to_string()}
                kind={Kind::Digit} test="policy-sources" />
            { fold(w.severities, "policy-severities", html! { <div class="policy">{ for Check::ALL.iter().map(|check| one(ctx, *check)) }</div> }) }
        </div>
    }
}

fn one(ctx: &Ctx, check: Check) -> Html {
    let w = ctx.w;
    let words = |severity: Severity| match severity {
        Severity::Off => w.off,
        Severity::Notice => w.notice,
        Severity::Warning => w.warning,
        Severity::Error => w.error,
    };
    let name = |severity: Severity| match severity {
        Severity::Off => "off",
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let all = [Severity::Off, Severity::Notice, Severity::Warning, Severity::Error];
    let usual = fill(w.as_usual, &[words(check.severity())]);
    let mut choices: Vec<(AttrValue, AttrValue)> = vec![("".into(), usual.into())];
    choices.extend(all.map(|severity| (name(severity).into(), words(severity).into())));
    let set = ctx
        .view
        .facts
        .known
        .policy
        .severity
        .get(&check)
        .map_or("", |severity| name(*severity));
    html! {
        <Field ctx={ctx.clone()} key={check.id()} record={RECORD} member={path(&["severity", check.id()])} label={w.check(check).to_owned()}
            value={set} kind={Kind::Choice(choices)} />
    }
}
