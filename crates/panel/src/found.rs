//! What the checks found, what must be mended first.

use komuz_dossier::checks::in_reason;
use komuz_dossier::finding::{Check, Finding, Severity};
use komuz_dossier::words::sentence;
use yew::prelude::*;

use crate::app::Ctx;
use crate::bits::{soft, to_record};
use crate::words::fill;

/// So many of one severity are shown at once.
const SHOWN: usize = 40;
/// And so many in the review.
const SHOWN_BRIEFLY: usize = 6;

/// The section.
pub fn section(ctx: &Ctx) -> Html {
    let w = ctx.w;
    let findings = &ctx.view.findings;
    if findings.iter().all(|finding| finding.severity == Severity::Off) {
        return html! {
            <div class="calm" data-test="no-findings">
                <p>{ w.nothing_found }</p>
                <p class="soft">{ w.nothing_found_more }</p>
            </div>
        };
    }
    let groups = [
        (Severity::Error, w.errors, "bad"),
        (Severity::Warning, w.warnings, "warn"),
        (Severity::Notice, w.notices, "soft"),
    ];
    let of = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .collect::<Vec<_>>()
    };
    html! { <>{ for groups.into_iter().map(|(severity, words, class)| group(ctx, &of(severity), words, class, SHOWN)) }</> }
}

/// What must be mended, for who is about to sign: it warns and stops nobody. The reason of a correction is looked at here, because it
/// is printed as it is and stands in no edition.
pub fn brief(ctx: &Ctx, reason: &str) -> Html {
    let w = ctx.w;
    let of_reason = in_reason(&ctx.view.facts, reason);
    let errors = of_reason.iter().chain(&ctx.view.findings);
    let errors: Vec<_> = errors.filter(|finding| finding.severity == Severity::Error).collect();
    if errors.is_empty() {
        return html! { <p class="good" role="status" data-test="nothing-to-mend">{ w.nothing_to_mend }</p> };
    }
    html! {
        <section class="notice bad">
            { group(ctx, &errors, w.errors, "bad", SHOWN_BRIEFLY) }
            { soft(w.checks_warn) }
        </section>
    }
}

/// All of one severity; beyond so many they are folded away.
fn group(ctx: &Ctx, found: &[&Finding], words: &str, class: &'static str, shown: usize) -> Html {
    if found.is_empty() {
        return Html::default();
    }
    let (first, rest) = found.split_at(found.len().min(shown));
    html! {
        <>
            <h2 class={class}>{ format!("{words} · {}", found.len()) }</h2>
            <ul class={classes!("plain", "findings", class)}>{ for first.iter().map(|finding| one(ctx, finding)) }</ul>
            if !rest.is_empty() {
                <details class="fold">
                    <summary>{ fill(ctx.w.more_of_these, &[&rest.len().to_string()]) }</summary>
                    <ul class={classes!("plain", "findings", class)}>{ for rest.iter().map(|finding| one(ctx, finding)) }</ul>
                </details>
            }
        </>
    }
}

fn one(ctx: &Ctx, finding: &Finding) -> Html {
    let w = ctx.w;
    html! {
        <li class="finding" data-test="finding" data-check={finding.check.id()}>
            if finding.about == "reason" {
                <p class="soft">{ w.in_reason }</p>
            }
            <p dir="auto">{ sentence(finding, ctx.lang) }</p>
            <p class="row-of">
                { place(ctx, finding) }
                if let Some(record) = record(&finding.about, finding.check) {
                    { to_record(ctx, w.open_record(&record), &record) }
                }
            </p>
        </li>
    }
}

/// A button that shows where it stands in the text.
fn place(ctx: &Ctx, finding: &Finding) -> Html {
    let Some(span) = &finding.span else {
        return Html::default();
    };
    let end = if span.start.block == span.end.block {
        span.end.offset
    } else {
        span.start.offset
    };
    let (ctx, block, start) = (ctx.clone(), span.start.block.clone(), span.start.offset);
    let words = ctx.w.show_in_text;
    html! {
        <button type="button" data-test="reveal" onclick={move |_: MouseEvent| ctx.bridge.reveal(&block, start, end)}>{ words }</button>
    }
}

/// The record in which it is mended, where there is one.
fn record(about: &str, check: Check) -> Option<String> {
    match about {
        "headline" => return Some("h-headline".to_owned()),
        "summary" => return Some("h-summary".to_owned()),
        _ => {}
    }
    let (kind, id) = about.split_once('.')?;
    // A path may go on: `claims.k-1.evidence.x-2`.
    let id = id.split('.').next().unwrap_or(id);
    match kind {
        "claims" | "sources" | "confidential" | "entities" | "replies" | "answers" => Some(id.to_owned()),
        "fronts" if check == Check::SummaryUnsupported => Some(format!("h-summary:{id}")),
        "fronts" => Some(format!("h-headline:{id}")),
        "blocks" if matches!(check, Check::TranslationBehind | Check::TranslationMissing) => Some(format!("b-{id}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_leads_to_the_record_in_which_it_is_mended() {
        let of = |about: &str| record(about, Check::FewSources);
        assert_eq!(of("claims.k-1").as_deref(), Some("k-1"));
        assert_eq!(of("claims.k-1.evidence.x-2").as_deref(), Some("k-1"));
        assert_eq!(of("entities.e-4").as_deref(), Some("e-4"));
        assert_eq!(of("headline").as_deref(), Some("h-headline"));
        assert_eq!(of("blocks.17@ab"), None);
        assert_eq!(of("byline[0]"), None);
        assert_eq!(
            record("blocks.17@ab", Check::TranslationBehind).as_deref(),
            Some("b-17@ab")
        );
    }
}
