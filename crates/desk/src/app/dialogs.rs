//! The dialogs that are a few lines each, and the door to the others.

use komuz_messages::{Answer, Ask, EditionId};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::bits::{Doing, Modal, area, doing, field, on_submit, trouble};
use super::cite::Cite;
use super::people::Invite;
use super::publish::{Publish, Snippets};
use super::review::ReviewDialog;
use super::sources::{PasteSources, SourceForm};
use super::welcome::Recovery;
use super::{App, Dialog, Msg, import_text, story};
use crate::state::{Context, Place};
use crate::words::{TONGUES, Words};

/// Closes the open dialog.
pub fn closer(ctx: &Context) -> Callback<()> {
    let ctx = ctx.clone();
    Callback::from(move |()| ctx.send(Msg::Dialog(None)))
}

impl App {
    pub(super) fn dialog(&self) -> Html {
        let Some(dialog) = self.dialog.clone() else {
            return Html::default();
        };
        let ctx = self.ctx.clone();
        if let Dialog::Recovery(recovery) = dialog {
            return html! { <Recovery {ctx} {recovery} /> };
        }
        let Some(investigation) = self.views.investigation.clone() else {
            return Html::default();
        };
        match dialog {
            Dialog::Recovery(_) => Html::default(),
            Dialog::NewStory => html! { <NewStory {ctx} /> },
            Dialog::NewEdition(story) => {
                let had = investigation.stories.iter().find(|view| view.id == story);
                let langs: Vec<String> = had.map_or_else(Vec::new, |view| {
                    view.editions.iter().map(|line| line.lang.clone()).collect()
                });
                html! { <NewEdition {ctx} {story} {langs} /> }
            }
            Dialog::Source(id) => {
                let source = investigation
                    .sources
                    .iter()
                    .find(|source| source.id == id)
                    .cloned()
                    .unwrap_or_default();
                html! { <SourceForm {ctx} {source} /> }
            }
            Dialog::PasteSources => html! { <PasteSources {ctx} /> },
            Dialog::Imported {
                blocks,
                citations,
                sources,
                left_out,
            } => imported(&ctx, blocks, citations, sources, &left_out),
            Dialog::Invite => html! { <Invite {ctx} {investigation} /> },
            Dialog::Figure { pos, alt, credit } => story::describe(&ctx, pos, &alt, &credit),
            other => self.edition_dialog(other),
        }
    }

    /// The dialogs about the open edition.
    fn edition_dialog(&self, dialog: Dialog) -> Html {
        let (Some(investigation), Some(view)) = (self.views.investigation.clone(), self.views.edition.clone()) else {
            return Html::default();
        };
        let ctx = self.ctx.clone();
        let edition = view.edition.clone();
        match dialog {
            Dialog::Cite => html! { <Cite {ctx} {investigation} {edition} text={self.selection.text.clone()} /> },
            Dialog::EditCitation(id) => match view.citations.iter().find(|citation| citation.id == id).cloned() {
                Some(had) => html! { <Cite {ctx} {investigation} {edition} text={had.text.clone()} {had} /> },
                None => Html::default(),
            },
            Dialog::Comment => html! { <Comment {ctx} {edition} text={self.selection.text.clone()} /> },
            Dialog::Link => html! { <Link {ctx} href={self.selection.link.clone()} /> },
            Dialog::Footnotes { html, count } => self.footnotes(edition, html, count),
            Dialog::Review => html! { <ReviewDialog {ctx} {investigation} {view} /> },
            Dialog::Publish => html! { <Publish {ctx} {investigation} {edition} /> },
            Dialog::Snippet => html! { <Snippets {ctx} {investigation} {edition} /> },
            _ => Html::default(),
        }
    }

    /// A document with footnotes was pasted: import it with its notes, or take the words alone.
    fn footnotes(&self, edition: EditionId, html: String, count: u32) -> Html {
        let w = self.ctx.words();
        let import = {
            let (ctx, html) = (self.ctx.clone(), html.clone());
            move |_| {
                let (ctx, edition, html) = (ctx.clone(), edition.clone(), html.clone());
                ctx.send(Msg::Dialog(None));
                spawn_local(import_text(ctx, edition, "paste.html".to_owned(), html));
            }
        };
        let words = {
            let ctx = self.ctx.clone();
            move |_| {
                if let Some(surface) = ctx.writing.surface.borrow().as_ref() {
                    surface.paste_words(&html);
                }
                ctx.send(Msg::Dialog(None));
            }
        };
        html! {
            <Modal ctx={self.ctx.clone()} title={w.count(count, w.footnotes_found)} test="dialog-footnotes" close={closer(&self.ctx)}>
                <p>{ w.footnotes_what }</p>
                <p class="row-of">
                    <button type="button" class="main" data-test="submit" onclick={import}>{ w.footnotes_import }</button>
                    <button type="button" data-test="words-only" onclick={words}>{ w.footnotes_words }</button>
                </p>
            </Modal>
        }
    }
}

fn imported(ctx: &Context, blocks: u32, citations: u32, sources: u32, left_out: &[String]) -> Html {
    let w = ctx.words();
    let close = closer(ctx);
    let done = close.clone();
    html! {
        <Modal ctx={ctx.clone()} title={w.imported} test="dialog-imported" {close}>
            <p data-test="imported">
                { [w.count(blocks, w.paragraphs), w.count(citations, w.citations), w.count(sources, w.new_sources)].join(" · ") }
            </p>
            if !left_out.is_empty() {
                <h3>{ w.left_out }</h3>
                <ul>{ for left_out.iter().map(|sentence| html! { <li>{ sentence.clone() }</li> }) }</ul>
            }
            <p><button type="button" class="main" data-test="submit" onclick={move |_| done.emit(())}>{ w.close }</button></p>
        </Modal>
    }
}

/// A choice of language for an edition: ours first, any other by its tag.
fn languages(w: &Words, taken: &[String], chosen: &str) -> Html {
    html! {
        <label class="field">
            <span>{ w.edition_language }</span>
            <input name="lang" required=true list="languages" pattern="[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*" value={chosen.to_owned()}
                autocomplete="off" data-test="lang" />
            <datalist id="languages">
                { for TONGUES.iter().filter(|(_, tag, _)| !taken.iter().any(|lang| lang == tag)).map(|(_, tag, name)| html! {
                    <option value={*tag}>{ *name }</option>
                }) }
            </datalist>
            <small>{ w.edition_language_hint }</small>
        </label>
    }
}

#[derive(Properties, PartialEq)]
struct NewStoryProps {
    ctx: Context,
}

#[component]
fn NewStory(props: &NewStoryProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let submit = {
        let (ctx, state) = (props.ctx.clone(), state.clone());
        on_submit(move |fields| {
            let ctx = ctx.clone();
            doing(&state, async move {
                let (lang, headline) = (fields.text("lang"), fields.text("headline"));
                if let Answer::Story { story } = ctx
                    .engine
                    .ask(Ask::NewStory {
                        lang: lang.clone(),
                        headline,
                    })
                    .await?
                {
                    ctx.send(Msg::Dialog(None));
                    ctx.send(Msg::Go(Place::Story(EditionId { story, lang })));
                }
                Ok(())
            });
        })
    };
    html! {
        <Modal ctx={props.ctx.clone()} title={w.new_story} test="dialog-new-story" close={closer(&props.ctx)}>
            <form onsubmit={submit}>
                { field(w.headline, "headline", "", "", true) }
                { languages(w, &[], props.ctx.tongue.tag()) }
                { trouble(w, &state.trouble) }
                <p><button class="main" disabled={state.busy} data-test="submit">{ w.start_story }</button></p>
            </form>
        </Modal>
    }
}

#[derive(Properties, PartialEq)]
struct NewEditionProps {
    ctx: Context,
    story: String,
    langs: Vec<String>,
}

#[component]
fn NewEdition(props: &NewEditionProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let submit = {
        let (ctx, state, story) = (props.ctx.clone(), state.clone(), props.story.clone());
        on_submit(move |fields| {
            let (ctx, story) = (ctx.clone(), story.clone());
            doing(&state, async move {
                let edition = EditionId {
                    story,
                    lang: fields.text("lang"),
                };
                let from = Some(fields.text("from")).filter(|from| !from.is_empty());
                ctx.engine
                    .ask(Ask::NewEdition {
                        edition: edition.clone(),
                        from,
                    })
                    .await?;
                ctx.send(Msg::Dialog(None));
                ctx.send(Msg::Go(Place::Story(edition)));
                Ok(())
            });
        })
    };
    let next = TONGUES
        .iter()
        .find(|(_, tag, _)| !props.langs.iter().any(|lang| lang == tag))
        .map_or("", |(_, tag, _)| tag);
    html! {
        <Modal ctx={props.ctx.clone()} title={w.new_edition} test="dialog-new-edition" close={closer(&props.ctx)}>
            <form onsubmit={submit}>
                { languages(w, &props.langs, next) }
                <label class="field">
                    <span>{ w.edition_from }</span>
                    <select name="from" data-test="from">
                        <option value="">{ w.edition_empty }</option>
                        { for props.langs.iter().map(|lang| html! { <option value={lang.clone()}>{ lang.clone() }</option> }) }
                    </select>
                </label>
                { trouble(w, &state.trouble) }
                <p><button class="main" disabled={state.busy} data-test="submit">{ w.start_edition }</button></p>
            </form>
        </Modal>
    }
}

#[derive(Properties, PartialEq)]
struct CommentProps {
    ctx: Context,
    edition: EditionId,
    text: String,
}

#[component]
fn Comment(props: &CommentProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let submit = {
        let (ctx, state, edition) = (props.ctx.clone(), state.clone(), props.edition.clone());
        on_submit(move |fields| {
            let (ctx, edition) = (ctx.clone(), edition.clone());
            doing(&state, async move {
                let Some(range) = ctx.range() else { return Ok(()) };
                let text = fields.text("comment");
                ctx.engine
                    .ask(Ask::Comment {
                        edition,
                        seq: range.seq,
                        taken: range.taken,
                        from: range.from,
                        to: range.to,
                        text,
                    })
                    .await?;
                ctx.send(Msg::Dialog(None));
                ctx.send(Msg::Tab(crate::state::Tab::Comments));
                Ok(())
            });
        })
    };
    html! {
        <Modal ctx={props.ctx.clone()} title={w.comment_on} test="dialog-comment" close={closer(&props.ctx)}>
            <blockquote class="passage" dir="auto">{ props.text.clone() }</blockquote>
            <form onsubmit={submit}>
                { area(w.comment, "comment", "", "", true) }
                { trouble(w, &state.trouble) }
                <p><button class="main" disabled={state.busy} data-test="submit">{ w.comment_do }</button></p>
            </form>
        </Modal>
    }
}

#[derive(Properties, PartialEq)]
struct LinkProps {
    ctx: Context,
    href: String,
}

#[component]
fn Link(props: &LinkProps) -> Html {
    let w = props.ctx.words();
    let refused = use_state(|| false);
    let submit = {
        let (ctx, refused) = (props.ctx.clone(), refused.clone());
        on_submit(move |fields| {
            let href = fields.text("href");
            let done = ctx
                .writing
                .surface
                .borrow()
                .as_ref()
                .is_some_and(|surface| surface.link(&href));
            refused.set(!done);
            if done {
                ctx.send(Msg::Dialog(None));
            }
        })
    };
    let remove = {
        let ctx = props.ctx.clone();
        move |_| {
            if let Some(surface) = ctx.writing.surface.borrow().as_ref() {
                surface.link("");
            }
            ctx.send(Msg::Dialog(None));
        }
    };
    html! {
        <Modal ctx={props.ctx.clone()} title={w.link} test="dialog-link" close={closer(&props.ctx)}>
            <form onsubmit={submit}>
                { field(w.address, "href", &props.href, w.link_hint, true) }
                if *refused {
                    <p class="trouble" role="alert">{ w.link_refused }</p>
                }
                <p class="row-of">
                    <button class="main" data-test="submit">{ w.link_do }</button>
                    if !props.href.is_empty() {
                        <button type="button" data-test="remove" onclick={remove}>{ w.link_remove }</button>
                    }
                </p>
            </form>
        </Modal>
    }
}
