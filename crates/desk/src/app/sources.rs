//! The register of sources: how one is shown in a line, its form, pasted CSL-JSON.

use komuz_messages::{Answer, Ask, Trouble};
use komuz_release::csl;
use komuz_release::story::{CslDate, Name, Source, safe_link};
use serde_json::Map;
use yew::prelude::*;

use super::bits::{Fields, Form, Modal, act, area, choice, field, page_trouble};
use super::dialogs::closer;
use super::{Click, Dialog, Msg};
use crate::state::Context;
use crate::words::Words;

/// CSL types that the form offers, with the words' index.
const KINDS: [&str; 8] = [
    "article-newspaper",
    "webpage",
    "report",
    "document",
    "interview",
    "broadcast",
    "dataset",
    "article-magazine",
];

/// A source's title, or its address, or that it has none.
pub fn source_title(w: &Words, source: &Source) -> String {
    [&source.title, &source.url]
        .into_iter()
        .find(|text| !text.is_empty())
        .cloned()
        .unwrap_or_else(|| w.no_title().to_owned())
}

/// Outlet, authors and date of a source, in a line.
pub fn source_line(w: &Words, source: &Source) -> String {
    let mut parts = Vec::new();
    let authors: Vec<String> = source
        .author
        .iter()
        .map(author)
        .filter(|name| !name.is_empty())
        .collect();
    if !authors.is_empty() {
        parts.push(authors.join(", "));
    }
    let outlet = if source.container_title.is_empty() {
        &source.publisher
    } else {
        &source.container_title
    };
    if !outlet.is_empty() && !parts.contains(outlet) {
        parts.push(outlet.clone());
    }
    if let Some(date) = source
        .issued
        .as_ref()
        .map(|date| w.date(date))
        .filter(|date| !date.is_empty())
    {
        parts.push(date);
    }
    if !source.language.is_empty() {
        parts.push(source.language.clone());
    }
    parts.join(" · ")
}

fn author(name: &Name) -> String {
    if !name.literal.is_empty() {
        return name.literal.clone();
    }
    [name.given.as_str(), name.family.as_str()]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(" ")
}

/// A date as the form takes it: `2019-11-21`.
fn typed_date(date: &Option<CslDate>) -> String {
    let Some(date) = date else { return String::new() };
    match date.date_parts.first() {
        Some(parts) => parts
            .iter()
            .enumerate()
            .map(|(index, part)| {
                if index == 0 {
                    part.to_string()
                } else {
                    format!("{part:02}")
                }
            })
            .collect::<Vec<_>>()
            .join("-"),
        None => date.literal.clone(),
    }
}

/// The fields of a source's form.
pub fn source_fields(w: &Words, source: &Source) -> Html {
    let authors = source.author.iter().map(author).collect::<Vec<_>>().join("; ");
    let kind = if source.kind.is_empty() {
        KINDS[0]
    } else {
        source.kind.as_str()
    };
    let mut kinds: Vec<(&str, &str)> = KINDS.into_iter().zip(w.source_kinds().iter().copied()).collect();
    if !KINDS.contains(&kind) {
        kinds.push((kind, kind));
    }
    html! {
        <div class="fields">
            { field(w.source_title(), "source-title", &source.title, "", false) }
            { field(w.source_container(), "source-container", &source.container_title, w.source_container_hint(), false) }
            { field(w.source_authors(), "source-authors", &authors, w.source_authors_hint(), false) }
            { field(w.source_publisher(), "source-publisher", &source.publisher, "", false) }
            { field(w.source_issued(), "source-issued", &typed_date(&source.issued), w.date_hint(), false) }
            { field(w.source_url(), "source-url", &source.url, "", false) }
            { field(w.source_archive(), "source-archive", &source.custom.archive_url, "", false) }
            { field(w.source_accessed(), "source-accessed", &typed_date(&source.accessed), w.date_hint(), false) }
            { field(w.source_language(), "source-language", &source.language, w.source_language_hint(), false) }
            { choice(w.source_kind(), "source-kind", &kinds, kind, "") }
            // Later it is changed among the checks, where what it means for the story is seen.
            if source.id.is_empty() {
                { choice(w.secrecy(), "secrecy", &[
                    ("public", w.secrecy_public()),
                    ("background", w.secrecy_background()),
                    ("confidential", w.secrecy_confidential()),
                ], "public", w.secrecy_hint()) }
            }
        </div>
    }
}

/// Saves what the form holds. What a new source is and who may know of it goes with it in one change: nothing of a confidential one
/// is ever written as public.
pub fn save_source(fields: &Fields, source: Source) -> Result<Ask, Trouble> {
    let source = Box::new(read_source(fields, source)?);
    let mut about = Map::new();
    let secrecy = fields.text("secrecy");
    if !secrecy.is_empty() {
        about.insert("what".to_owned(), csl::what(&source.kind).into());
        about.insert("confidentiality".to_owned(), secrecy.into());
    }
    Ok(Ask::SaveSource { source, about })
}

/// Reads the form into a source; members that it does not show stay.
fn read_source(fields: &Fields, mut source: Source) -> Result<Source, Trouble> {
    source.kind = fields.text("source-kind");
    source.title = fields.text("source-title");
    if source.title.is_empty() {
        return Err(page_trouble("no-source-title"));
    }
    source.container_title = fields.text("source-container");
    source.publisher = fields.text("source-publisher");
    source.language = fields.text("source-language");
    source.url = address(fields.text("source-url"))?;
    source.custom.archive_url = address(fields.text("source-archive"))?;
    source.issued = date(&fields.text("source-issued"), source.issued)?;
    source.accessed = date(&fields.text("source-accessed"), source.accessed)?;
    let typed = fields.text("source-authors");
    // Names that were not touched keep their parts as they came.
    if typed != source.author.iter().map(author).collect::<Vec<_>>().join("; ") {
        source.author = typed
            .split(';')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(name)
            .collect();
    }
    Ok(source)
}

/// `Given Family`, or one word for an organisation.
fn name(typed: &str) -> Name {
    match typed.rsplit_once(' ') {
        Some((given, family)) => Name {
            family: family.to_owned(),
            given: given.to_owned(),
            literal: String::new(),
        },
        None => Name {
            literal: typed.to_owned(),
            ..Name::default()
        },
    }
}

fn address(typed: String) -> Result<String, Trouble> {
    if typed.is_empty() || safe_link(&typed) {
        Ok(typed)
    } else {
        Err(page_trouble("not-an-address"))
    }
}

fn date(typed: &str, had: Option<CslDate>) -> Result<Option<CslDate>, Trouble> {
    if typed == typed_date(&had) {
        return Ok(had);
    }
    if typed.is_empty() {
        return Ok(None);
    }
    let parts = csl::iso(typed).ok_or_else(|| page_trouble("not-a-date"))?;
    Ok(Some(CslDate {
        date_parts: vec![parts],
        literal: String::new(),
    }))
}

/// Adds a source or changes it.
pub fn source_form(ctx: &Context, source: &Source) -> Html {
    let w = ctx.words();
    let act = {
        let (ctx, source) = (ctx.clone(), source.clone());
        act(move |fields| {
            let (ctx, source) = (ctx.clone(), source.clone());
            async move {
                ctx.engine.ask(save_source(&fields, source)?).await?;
                ctx.send(Msg::Dialog(None));
                Ok(())
            }
        })
    };
    let title = if source.id.is_empty() {
        w.new_source()
    } else {
        w.source()
    };
    html! {
        <Modal ctx={ctx.clone()} {title} test="dialog-source" close={closer(ctx)}>
            <Form ctx={ctx.clone()} send={w.save()} {act}>{ source_fields(w, source) }</Form>
        </Modal>
    }
}

/// Adds sources from CSL-JSON, as citation managers export it.
pub fn paste_sources(ctx: &Context) -> Html {
    let w = ctx.words();
    let act = {
        let ctx = ctx.clone();
        act(move |fields| {
            let ctx = ctx.clone();
            async move {
                if let Answer::Imported {
                    blocks,
                    citations,
                    sources,
                    left_out,
                } = ctx
                    .engine
                    .ask(Ask::PasteSources {
                        text: fields.raw("csl"),
                    })
                    .await?
                {
                    ctx.send(Msg::Dialog(Some(Dialog::Imported {
                        blocks,
                        citations,
                        sources,
                        left_out,
                    })));
                }
                Ok(())
            }
        })
    };
    html! {
        <Modal ctx={ctx.clone()} title={w.paste_sources()} test="dialog-paste-sources" close={closer(ctx)}>
            <Form ctx={ctx.clone()} send={w.add_sources()} {act}>{ area("CSL-JSON", "csl", "", w.paste_sources_hint(), true) }</Form>
        </Modal>
    }
}

/// The two ways to add sources.
pub fn add_buttons(ctx: &Context) -> Html {
    let w = ctx.words();
    html! {
        <p class="row-of offer">
            <button type="button" data-test="add-source" onclick={ctx.click(Click::Dialog(Some(Dialog::Source(String::new()))))}>{ w.add_source() }</button>
            <button type="button" data-test="paste-sources" onclick={ctx.click(Click::Dialog(Some(Dialog::PasteSources)))}>{ w.paste_sources() }</button>
        </p>
    }
}

/// One source as a card.
pub fn source_card(ctx: &Context, source: &Source) -> Html {
    let w = ctx.words();
    let edit = ctx.click(Click::Dialog(Some(Dialog::Source(source.id.clone()))));
    html! {
        <div class="card" data-test="source" key={source.id.clone()}>
            <p><b lang={source.language.clone()} dir="auto">{ source_title(w, source) }</b></p>
            <small dir="auto">{ source_line(w, source) }</small>
            if !source.url.is_empty() && safe_link(&source.url) {
                <small><a href={source.url.clone()} target="_blank" rel="noreferrer noopener">{ source.url.clone() }</a></small>
            }
            <p><button type="button" onclick={edit}>{ w.change() }</button></p>
        </div>
    }
}

/// The register.
pub fn sources(ctx: &Context, all: &[Source]) -> Html {
    let w = ctx.words();
    html! {
        <section class="sheet plainly">
            <h2>{ w.sources() }</h2>
            { add_buttons(ctx) }
            if all.is_empty() {
                <p class="soft">{ w.no_sources() }</p>
            }
            { for all.iter().map(|source| source_card(ctx, source)) }
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_apart_and_an_organisation_is_not() {
        assert_eq!(name("Catherine A. Putz").family, "Putz");
        assert_eq!(name("Catherine A. Putz").given, "Catherine A.");
        assert_eq!(name("OCCRP").literal, "OCCRP");
    }

    #[test]
    fn a_date_goes_through_the_form_and_back() {
        let had = Some(CslDate {
            date_parts: vec![vec![2019, 11, 2]],
            literal: String::new(),
        });
        assert_eq!(typed_date(&had), "2019-11-02");
        assert_eq!(date("2019-11-02", None).unwrap(), had);
        assert_eq!(date("", had.clone()).unwrap(), None);
        let range = Some(CslDate {
            date_parts: vec![vec![2019], vec![2020]],
            literal: String::new(),
        });
        assert_eq!(
            date(&typed_date(&range), range.clone()).unwrap(),
            range,
            "what was not touched stays"
        );
        assert!(date("yesterday", None).is_err());
    }

    #[test]
    fn a_script_is_no_address_of_a_source() {
        assert!(address("javascript:alert(1)".to_owned()).is_err());
        assert!(address("https://kloop.kg/".to_owned()).is_ok());
    }
}
