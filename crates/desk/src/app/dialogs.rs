//! The dialogs that are a few lines each, and the door to the others.

use komuz_messages::{Answer, Ask, EditionId};
use yew::prelude::*;

use super::bits::{Form, Modal, act, area, choice, field, page_trouble, spawn};
use super::cite::Cite;
use super::publish::{Publish, Snippets};
use super::review::ReviewDialog;
use super::sources::{paste_sources, source_form};
use super::welcome::recovery;
use super::{App, Dialog, Msg, import_text, people, story};
use crate::state::{Context, Place, Tab};
use crate::surface::Range;
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
        if let Dialog::Recovery(key) = dialog {
            return recovery(&ctx, &key);
        }
        let Some(investigation) = self.views.investigation.clone() else {
            return Html::default();
        };
        match dialog {
            Dialog::Recovery(_) => Html::default(),
            Dialog::NewStory => new_story(&ctx),
            Dialog::NewEdition(story) => {
                let had = investigation.stories.iter().find(|view| view.id == story);
                let langs: Vec<String> = had.map_or_else(Vec::new, |view| {
                    view.editions.iter().map(|line| line.lang.clone()).collect()
                });
                new_edition(&ctx, &story, &langs)
            }
            Dialog::Source(id) => {
                let source = investigation
                    .sources
                    .iter()
                    .find(|source| source.id == id)
                    .cloned()
                    .unwrap_or_default();
                source_form(&ctx, &source)
            }
            Dialog::PasteSources => paste_sources(&ctx),
            Dialog::Imported {
                blocks,
                citations,
                sources,
                left_out,
            } => imported(&ctx, blocks, citations, sources, &left_out),
            Dialog::Invite => people::invite(&ctx, &investigation),
            Dialog::Invited { link, expires } => people::invited(&ctx, &link, &expires),
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
            Dialog::Comment => comment(&ctx, &edition, &self.selection.text),
            Dialog::Link => link(&ctx, &self.selection.link),
            Dialog::Footnotes { html, count } => self.footnotes(edition, html, count),
            Dialog::Review => html! { <ReviewDialog {ctx} {investigation} {view} /> },
            Dialog::Publish(release) => {
                let again = view.signing.published_release.as_ref() == Some(&release);
                html! { <Publish {ctx} {edition} {release} {again} /> }
            }
            Dialog::Snippet => html! { <Snippets {ctx} {investigation} {edition} /> },
            Dialog::Export(format, inside) => story::export_sure(&ctx, edition, format, &inside),
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
                spawn(import_text(ctx, edition, "paste.html".to_owned(), html));
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
            <Modal ctx={self.ctx.clone()} title={w.count(count, w.footnotes_found())} test="dialog-footnotes" close={closer(&self.ctx)}>
                <p>{ w.footnotes_what() }</p>
                <p class="row-of">
                    <button type="button" class="main" data-test="submit" onclick={import}>{ w.footnotes_import() }</button>
                    <button type="button" data-test="words-only" onclick={words}>{ w.footnotes_words() }</button>
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
        <Modal ctx={ctx.clone()} title={w.imported()} test="dialog-imported" {close}>
            <p data-test="imported">
                { [w.count(blocks, w.paragraphs()), w.count(citations, w.citations()), w.count(sources, w.new_sources())].join(" · ") }
            </p>
            if !left_out.is_empty() {
                <h3>{ w.left_out() }</h3>
                <ul>{ for left_out.iter().map(|sentence| html! { <li>{ sentence.clone() }</li> }) }</ul>
            }
            <p><button type="button" class="main" data-test="submit" onclick={move |_| done.emit(())}>{ w.close() }</button></p>
        </Modal>
    }
}

/// A choice of language for an edition: ours first, any other by its tag.
fn languages(w: &Words, taken: &[String], chosen: &str) -> Html {
    html! {
        <label class="field">
            <span>{ w.edition_language() }</span>
            <input name="lang" required=true list="languages" pattern="[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*" data-value={chosen.to_owned()}
                autocomplete="off" data-test="lang" />
            <datalist id="languages">
                { for TONGUES.iter().filter(|(_, tag, _)| !taken.iter().any(|lang| lang == tag)).map(|(_, tag, name)| html! {
                    <option value={*tag}>{ *name }</option>
                }) }
            </datalist>
            <small>{ w.edition_language_hint() }</small>
        </label>
    }
}

fn new_story(ctx: &Context) -> Html {
    let w = ctx.words();
    let act = {
        let ctx = ctx.clone();
        act(move |fields| {
            let ctx = ctx.clone();
            async move {
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
            }
        })
    };
    html! {
        <Modal ctx={ctx.clone()} title={w.new_story()} test="dialog-new-story" close={closer(ctx)}>
            <Form ctx={ctx.clone()} send={w.start_story()} {act}>
                { field(w.headline(), "headline", "", "", true) }
                { languages(w, &[], ctx.tongue.tag()) }
            </Form>
        </Modal>
    }
}

fn new_edition(ctx: &Context, story: &str, langs: &[String]) -> Html {
    let w = ctx.words();
    let act = {
        let (ctx, story) = (ctx.clone(), story.to_owned());
        act(move |fields| {
            let (ctx, story) = (ctx.clone(), story.clone());
            async move {
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
            }
        })
    };
    let from: Vec<(&str, &str)> = std::iter::once(("", w.edition_empty()))
        .chain(langs.iter().map(|lang| (lang.as_str(), lang.as_str())))
        .collect();
    let next = TONGUES
        .iter()
        .find(|(_, tag, _)| !langs.iter().any(|lang| lang == tag))
        .map_or("", |(_, tag, _)| tag);
    html! {
        <Modal ctx={ctx.clone()} title={w.new_edition()} test="dialog-new-edition" close={closer(ctx)}>
            <Form ctx={ctx.clone()} send={w.start_edition()} {act}>
                { languages(w, langs, next) }
                { choice(w.edition_from(), "from", &from, "", "") }
            </Form>
        </Modal>
    }
}

fn comment(ctx: &Context, edition: &EditionId, text: &str) -> Html {
    let w = ctx.words();
    let act = {
        let (ctx, edition) = (ctx.clone(), edition.clone());
        act(move |fields| {
            let (ctx, edition) = (ctx.clone(), edition.clone());
            async move {
                let Range { from, to, seq, taken } = ctx.range().ok_or_else(|| page_trouble("select-first"))?;
                let text = fields.text("comment");
                ctx.engine
                    .ask(Ask::Comment {
                        edition,
                        seq,
                        taken,
                        from,
                        to,
                        text,
                    })
                    .await?;
                ctx.send(Msg::Dialog(None));
                ctx.send(Msg::Tab(Tab::Comments));
                Ok(())
            }
        })
    };
    html! {
        <Modal ctx={ctx.clone()} title={w.comment_on()} test="dialog-comment" close={closer(ctx)}>
            <blockquote class="passage" dir="auto">{ text.to_owned() }</blockquote>
            <Form ctx={ctx.clone()} send={w.comment_do()} {act}>{ area(w.comment(), "comment", "", "", true) }</Form>
        </Modal>
    }
}

fn link(ctx: &Context, href: &str) -> Html {
    let w = ctx.words();
    let act = {
        let ctx = ctx.clone();
        act(move |fields| {
            let href = fields.text("href");
            let done = ctx
                .writing
                .surface
                .borrow()
                .as_ref()
                .is_some_and(|surface| surface.link(&href));
            if done {
                ctx.send(Msg::Dialog(None));
            }
            async move {
                if done {
                    Ok(())
                } else {
                    Err(page_trouble("link-refused"))
                }
            }
        })
    };
    let remove = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(surface) = ctx.writing.surface.borrow().as_ref() {
                surface.link("");
            }
            ctx.send(Msg::Dialog(None));
        })
    };
    let beside = if href.is_empty() {
        Html::default()
    } else {
        html! { <button type="button" data-test="remove" onclick={remove}>{ w.link_remove() }</button> }
    };
    html! {
        <Modal ctx={ctx.clone()} title={w.link()} test="dialog-link" close={closer(ctx)}>
            <Form ctx={ctx.clone()} send={w.link_do()} {act} {beside}>{ field(w.address(), "href", href, w.link_hint(), true) }</Form>
        </Modal>
    }
}
