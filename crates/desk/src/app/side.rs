//! The side column: the sources, the notes, the comments, the people and the checks of the open edition.

use komuz_messages::{Ask, CitationView, EditionView, InvestigationView, Person, ThreadView};
use yew::prelude::*;

use super::bits::{Form, act, area};
use super::sources::{add_buttons, source_card, source_line, source_title};
use super::{Click, Dialog, Msg};
use crate::state::{Context, Same, Tab, outlet_name, string_class};
use crate::words::Words;

#[derive(Properties, PartialEq)]
pub struct SideProps {
    pub ctx: Context,
    pub investigation: Same<InvestigationView>,
    pub edition: Option<Same<EditionView>>,
    pub people: Same<Vec<Person>>,
    pub tab: Tab,
    pub active: Option<String>,
}

const TABS: [(Tab, &str); 5] = [
    (Tab::Notes, "tab-notes"),
    (Tab::Sources, "tab-sources"),
    (Tab::Comments, "tab-comments"),
    (Tab::People, "tab-people"),
    (Tab::Checks, "tab-checks"),
];

#[component]
pub fn Side(props: &SideProps) -> Html {
    let w = props.ctx.words();
    let Some(view) = &props.edition else {
        return Html::default();
    };
    let open_threads = view.threads.iter().filter(|thread| !thread.resolved).count();
    let label = |tab: Tab| match tab {
        Tab::Sources => w.sources().to_owned(),
        Tab::Notes => w.notes().to_owned(),
        Tab::Comments if open_threads > 0 => format!("{} {open_threads}", w.comments()),
        Tab::Comments => w.comments().to_owned(),
        Tab::People => w.people().to_owned(),
        Tab::Checks => w.checks().to_owned(),
    };
    // Arrow keys choose among the tabs, as the pattern for tabs asks (WAI-ARIA Authoring Practices).
    let onkeydown = {
        let (ctx, tab) = (props.ctx.clone(), props.tab);
        Callback::from(move |event: KeyboardEvent| {
            let here = TABS.iter().position(|(other, _)| *other == tab).unwrap_or_default();
            let to = match event.key().as_str() {
                "ArrowRight" => (here + 1) % TABS.len(),
                "ArrowLeft" => (here + TABS.len() - 1) % TABS.len(),
                _ => return,
            };
            event.prevent_default();
            crate::browser::focus_tab(to as u32);
            ctx.send(Msg::Tab(TABS[to].0));
        })
    };
    html! {
        <>
            <div class="tabs" role="tablist" aria-label={w.side_column()} {onkeydown}>
                { for TABS.iter().map(|(tab, test)| {
                    let (tab, selected) = (*tab, *tab == props.tab);
                    html! {
                        <button type="button" role="tab" aria-selected={if selected { "true" } else { "false" }}
                            tabindex={if selected { "0" } else { "-1" }} data-test={*test}
                            onclick={props.ctx.click(Click::Tab(tab))}>
                            { label(tab) }
                        </button>
                    }
                }) }
            </div>
            <div role="tabpanel" aria-label={label(props.tab)} tabindex="-1">
                { match props.tab {
                    Tab::Sources => sources(props, view),
                    Tab::Notes => notes(props, view),
                    Tab::Comments | Tab::Checks => Html::default(),
                    Tab::People => people(props),
                } }
                // Always there: a reply that is being written outlasts a look at another tab.
                <div hidden={props.tab != Tab::Comments}>{ comments(props, view) }</div>
                // Of Wasm of its own (crates/panel), which www/desk/checks.js loads.
                <komuz-checks hidden={props.tab != Tab::Checks} lang={props.ctx.tongue.tag()} story={view.edition.story.clone()}
                    edition={view.edition.lang.clone()} />
            </div>
        </>
    }
}

fn sources(props: &SideProps, view: &EditionView) -> Html {
    let w = props.ctx.words();
    let cited = |id: &str| view.citations.iter().any(|citation| citation.source == id);
    let (here, others): (Vec<_>, Vec<_>) = props.investigation.sources.iter().partition(|source| cited(&source.id));
    html! {
        <>
            { add_buttons(&props.ctx) }
            if here.is_empty() && others.is_empty() {
                <p class="soft">{ w.no_sources() }</p>
            }
            if !here.is_empty() {
                <h2>{ w.sources_cited() }</h2>
                <>{ for here.iter().map(|source| source_card(&props.ctx, source)) }</>
            }
            if !others.is_empty() {
                <h2>{ w.sources_not_cited() }</h2>
                <>{ for others.iter().map(|source| source_card(&props.ctx, source)) }</>
            }
        </>
    }
}

fn notes(props: &SideProps, view: &EditionView) -> Html {
    let w = props.ctx.words();
    if view.citations.is_empty() {
        return html! { <p class="soft">{ w.no_notes() }</p> };
    }
    html! { <>{ for view.citations.iter().map(|citation| note(w, props, view, citation)) }</> }
}

fn note(w: &Words, props: &SideProps, view: &EditionView, citation: &CitationView) -> Html {
    let source = props
        .investigation
        .sources
        .iter()
        .find(|source| source.id == citation.source);
    let on = props.active.as_deref() == Some(&citation.id);
    let remove = props.ctx.click(Click::Ask(
        Ask::RemoveCitation {
            edition: view.edition.clone(),
            citation: citation.id.clone(),
        }
        .into(),
    ));
    let reveal = props.ctx.click(Click::Reveal(citation.id.clone()));
    let edit = props
        .ctx
        .click(Click::Dialog(Some(Dialog::EditCitation(citation.id.clone()))));
    html! {
        <div class={classes!("card", on.then_some("on"))} data-test="note" key={citation.id.clone()}>
            if let Some(number) = citation.number {
                <span class="tag number">{ w.note_number().fill(&[&number.to_string()]) }</span>
                <p class="passage" dir="auto">{ citation.text.clone() }</p>
            } else {
                <span class="tag warn">{ w.note_without_text() }</span>
            }
            if let Some(source) = source {
                <p><b lang={source.language.clone()} dir="auto">{ source_title(w, source) }</b></p>
                <small dir="auto">{ source_line(w, source) }</small>
            } else {
                <p class="soft">{ w.source_missing() }</p>
            }
            if !citation.locator.is_empty() {
                <small dir="auto">{ citation.locator.clone() }</small>
            }
            if !citation.quote.is_empty() {
                <blockquote dir="auto">{ citation.quote.clone() }</blockquote>
            }
            <p class="row-of">
                if citation.number.is_some() {
                    <button type="button" onclick={reveal}>{ w.show_in_text() }</button>
                }
                <button type="button" data-test="edit-citation" onclick={edit}>{ w.change() }</button>
                <button type="button" data-test="remove-citation" onclick={remove}>{ w.remove() }</button>
            </p>
        </div>
    }
}

fn comments(props: &SideProps, view: &EditionView) -> Html {
    let w = props.ctx.words();
    let (open, resolved): (Vec<_>, Vec<_>) = view.threads.iter().partition(|thread| !thread.resolved);
    html! {
        <>
            if view.threads.is_empty() {
                <p class="soft">{ w.no_comments() }</p>
            }
            <>{ for open.iter().map(|one| thread(props, view, one)) }</>
            if !resolved.is_empty() {
                <details>
                    <summary>{ w.resolved_comments().fill(&[&resolved.len().to_string()]) }</summary>
                    { for resolved.iter().map(|one| thread(props, view, one)) }
                </details>
            }
        </>
    }
}

fn thread(props: &SideProps, view: &EditionView, thread: &ThreadView) -> Html {
    let w = props.ctx.words();
    let on = props.active.as_deref() == Some(&thread.id);
    let reply = {
        let (ctx, edition, id) = (props.ctx.clone(), view.edition.clone(), thread.id.clone());
        act(move |fields| {
            let asked = ctx.engine.ask(Ask::Reply {
                edition: edition.clone(),
                thread: id.clone(),
                text: fields.text("reply"),
            });
            async move { asked.await.map(|_| ()) }
        })
    };
    let (edition, id) = (view.edition.clone(), thread.id.clone());
    let resolve = props.ctx.click(Click::Ask(
        Ask::Resolve {
            edition,
            thread: id,
            resolved: !thread.resolved,
        }
        .into(),
    ));
    let reveal = props.ctx.click(Click::Reveal(thread.id.clone()));
    let resolve = html! {
        <button type="button" data-test="resolve" onclick={resolve}>{ if thread.resolved { w.reopen() } else { w.resolve() } }</button>
    };
    html! {
        <div class={classes!("card", on.then_some("on"))} data-test="thread" key={thread.id.clone()}>
            if thread.text.is_empty() {
                <span class="tag warn">{ w.thread_without_text() }</span>
            } else {
                <button type="button" class="passage" dir="auto" title={w.show_in_text()} onclick={reveal}>{ thread.text.clone() }</button>
            }
            { for thread.comments.iter().map(|comment| html! {
                <div class="comment">
                    <small>
                        <b class={string_class(&props.investigation, &comment.outlet)} dir="auto">{ comment.name.clone() }</b>
                        { format!(" · {} · {}", outlet_name(&props.investigation, &comment.outlet), w.time(&comment.at)) }
                    </small>
                    <p dir="auto">{ comment.text.clone() }</p>
                </div>
            }) }
            if thread.resolved {
                { resolve }
            } else {
                <Form ctx={props.ctx.clone()} send={w.reply_do()} act={reply} class="" button="reply-send" beside={resolve}>
                    { area(w.reply(), "reply", "", "", true) }
                </Form>
            }
        </div>
    }
}

fn people(props: &SideProps) -> Html {
    let w = props.ctx.words();
    let investigation = &props.investigation;
    html! {
        <>
            { for investigation.outlets.iter().map(|outlet| html! {
                <div class="card" key={outlet.id.clone()}>
                    <p><b class={string_class(investigation, &outlet.id)} dir="auto">{ outlet.name.clone() }</b></p>
                    <small>{ outlet.domain.clone() }</small>
                    <ul class="plain">
                        { for investigation.members.iter().filter(|member| member.outlet == outlet.id).map(|member| {
                            let here = member.id == investigation.me
                                || props.people.iter().any(|person| person.name == member.name && person.outlet == member.outlet);
                            html! {
                                <li dir="auto">
                                    { format!("{} · {}", member.name, w.role(&member.role)) }
                                    if here {
                                        <em class="good">{ format!(" · {}", w.here_now()) }</em>
                                    }
                                </li>
                            }
                        }) }
                    </ul>
                </div>
            }) }
        </>
    }
}
