//! Citing: the selected words, a source, where in it, its own words.

use komuz_messages::{Answer, Ask, CitationView, EditionId, InvestigationView};
use komuz_release::story::Source;
use yew::prelude::*;

use super::Msg;
use super::bits::{Form, Modal, act, area, field, page_trouble};
use super::dialogs::closer;
use super::sources::{save_source, source_fields, source_line, source_title};
use crate::state::{Context, Same, Tab, folded};
use crate::surface::Range;

#[derive(Properties, PartialEq)]
pub struct CiteProps {
    pub ctx: Context,
    pub investigation: Same<InvestigationView>,
    pub edition: EditionId,
    /// The words that are cited for.
    pub text: String,
    /// The citation that is changed; none for a new one.
    #[prop_or_default]
    pub had: Option<CitationView>,
}

#[component]
pub fn Cite(props: &CiteProps) -> Html {
    let w = props.ctx.words();
    let first = props.had.as_ref().map(|had| had.source.clone()).unwrap_or_default();
    // Empty: a new source is being written.
    let chosen = use_state(|| {
        if first.is_empty() {
            props
                .investigation
                .sources
                .first()
                .map(|s| s.id.clone())
                .unwrap_or_default()
        } else {
            first
        }
    });
    let search = use_state(String::new);
    // The sources that were there when some were pasted: the first new one is chosen when it comes.
    let pasted = use_mut_ref(|| None::<Vec<String>>);
    use_effect_with(props.investigation.sources.len(), {
        let (sources, pasted, chosen) = (props.investigation.clone(), pasted.clone(), chosen.clone());
        move |_| {
            let had = pasted.borrow().clone().unwrap_or_default();
            let new = sources.sources.iter().find(|source| !had.contains(&source.id));
            if let Some(new) = new.filter(|_| pasted.borrow().is_some()) {
                chosen.set(new.id.clone());
                *pasted.borrow_mut() = None;
            }
        }
    });
    let paste = {
        let (ctx, investigation) = (props.ctx.clone(), props.investigation.clone());
        act(move |fields| {
            let had = investigation.sources.iter().map(|source| source.id.clone()).collect();
            *pasted.borrow_mut() = Some(had);
            let asked = ctx.engine.ask(Ask::PasteSources {
                text: fields.text("csl"),
            });
            async move { asked.await.map(|_| ()) }
        })
    };
    let act = {
        let (ctx, edition, had) = (props.ctx.clone(), props.edition.clone(), props.had.clone());
        let chosen = chosen.clone();
        act(move |fields| {
            let (ctx, edition, had, chosen) = (ctx.clone(), edition.clone(), had.clone(), (*chosen).clone());
            async move {
                let source = if chosen.is_empty() {
                    match ctx.engine.ask(save_source(&fields, Source::default())?).await? {
                        Answer::Source { id } => id,
                        _ => return Ok(()),
                    }
                } else {
                    chosen
                };
                let (locator, quote) = (fields.text("locator"), fields.text("quote"));
                let ask = match had {
                    Some(had) => Ask::EditCitation {
                        edition,
                        citation: had.id,
                        source,
                        locator,
                        quote,
                    },
                    None => {
                        let Range { from, to, seq, taken } = ctx.range().ok_or_else(|| page_trouble("select-first"))?;
                        Ask::Cite {
                            edition,
                            seq,
                            taken,
                            from,
                            to,
                            source,
                            locator,
                            quote,
                        }
                    }
                };
                ctx.engine.ask(ask).await?;
                ctx.send(Msg::Dialog(None));
                ctx.send(Msg::Tab(Tab::Notes));
                Ok(())
            }
        })
    };
    let wanted = folded(&search);
    let choose = |id: String| {
        let chosen = chosen.clone();
        Callback::from(move |_: Event| chosen.set(id.clone()))
    };
    let searched = {
        let search = search.clone();
        Callback::from(move |event: InputEvent| {
            search.set(event.target_unchecked_into::<web_sys::HtmlInputElement>().value())
        })
    };
    let found = props.investigation.sources.iter().filter(|source| {
        *chosen == source.id
            || wanted.is_empty()
            || folded(&format!("{} {}", source_title(w, source), source_line(w, source))).contains(&wanted)
    });
    let (locator, quote) = props
        .had
        .as_ref()
        .map(|had| (had.locator.clone(), had.quote.clone()))
        .unwrap_or_default();
    html! {
        <Modal ctx={props.ctx.clone()} title={w.cite_for()} test="dialog-cite" close={closer(&props.ctx)}>
            <blockquote class="passage" dir="auto">{ props.text.clone() }</blockquote>
            <Form ctx={props.ctx.clone()} send={if props.had.is_some() { w.save() } else { w.cite() }} {act}>
                <fieldset>
                    <legend>{ w.source() }</legend>
                    if props.investigation.sources.len() > 6 {
                        <label class="field">
                            <span>{ w.search() }</span>
                            <input type="search" value={(*search).clone()} oninput={searched} data-test="search" />
                        </label>
                    }
                    <div class="choices">
                        { for found.map(|source| html! {
                            <label class="check" key={source.id.clone()}>
                                <input type="radio" name="source" checked={*chosen == source.id} data-test="choose-source"
                                    onchange={choose(source.id.clone())} />
                                <span lang={source.language.clone()} dir="auto">
                                    { source_title(w, source) }<small>{ source_line(w, source) }</small>
                                </span>
                            </label>
                        }) }
                        <label class="check" key="new">
                            <input type="radio" name="source" checked={chosen.is_empty()} data-test="new-source"
                                onchange={choose(String::new())} />
                            <span>{ w.new_source() }</span>
                        </label>
                    </div>
                    if chosen.is_empty() {
                        { source_fields(w, &Source::default()) }
                    }
                </fieldset>
                { field(w.locator(), "locator", &locator, w.locator_hint(), false) }
                { area(w.quotation(), "quote", &quote, w.quotation_hint(), false) }
            </Form>
            <details>
                <summary>{ w.paste_sources() }</summary>
                <Form ctx={props.ctx.clone()} send={w.add_sources()} act={paste} class="" button="paste-csl">
                    { area(w.paste_sources(), "csl", "", w.paste_sources_hint(), true) }
                </Form>
            </details>
        </Modal>
    }
}
