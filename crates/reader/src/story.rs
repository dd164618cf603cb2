//! A release as readers see it: the same component on a reader's page and in the desk's review. It fetches nothing.

use std::collections::BTreeMap;
use std::rc::Rc;

use komuz_release::difference::Change;
use komuz_release::notes::{Mark, Note, Notes, notes};
use komuz_release::outline::{Item, List, Part, outline};
use komuz_release::release::{Front, Release};
use komuz_release::story::{Block, BlockKind, Byline, Marks, safe_link};
use komuz_release::words::{Lang, direction, own_name};
use web_sys::{HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

use crate::notes::{Segment, label, note_panel, segments, source_list};
use crate::signed::{Checked, OutletLine, published, signed_box, strings};
use crate::words::{between, words};

/// The colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light, whatever the reader's system says: what most pages are.
    #[default]
    Light,
    /// Light on dark.
    Dark,
    /// As the reader's system says.
    Auto,
}

impl Theme {
    /// Reads the attribute `theme`; light for everything unknown.
    pub fn of(attribute: &str) -> Self {
        match attribute.trim() {
            "dark" => Self::Dark,
            "auto" => Self::Auto,
            _ => Self::Light,
        }
    }

    /// The attribute's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Auto => "auto",
        }
    }
}

/// What [`StoryView`] shows.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct StoryViewProps {
    /// The release.
    pub release: Rc<Release>,
    /// Its outlets in the masthead's order, each with whether it has signed.
    pub outlets: Vec<OutletLine>,
    /// The outlet on whose page it stands; its own headline, summary and lead picture are shown.
    #[prop_or_default]
    pub outlet: Option<String>,
    /// What this browser has checked; none in a review, where nothing is published.
    #[prop_or_default]
    pub checked: Option<Checked>,
    /// Where the pictures are: SHA-256 of the file, address of its checked bytes (`blob:`).
    #[prop_or_default]
    pub pictures: BTreeMap<String, AttrValue>,
    /// Colours.
    #[prop_or_default]
    pub theme: Theme,
    /// Called with a language's tag when the reader chooses it. Without it languages are not offered.
    #[prop_or_default]
    pub on_language: Option<Callback<String>>,
    /// The language that is being fetched.
    #[prop_or_default]
    pub awaited: Option<String>,
    /// A sentence under the languages: why the chosen one is not shown.
    #[prop_or_default]
    pub said: Option<AttrValue>,
}

/// The note that is open: a citation, and the block after which the note stands.
#[derive(Debug, Clone, PartialEq)]
struct Open {
    citation: String,
    block: String,
}

/// Everything that the parts of the view share.
struct View<'a> {
    lang: Lang,
    blocks: &'a [Block],
    notes: Notes<'a>,
    pictures: &'a BTreeMap<String, AttrValue>,
    open: Option<Open>,
    toggle: Callback<(Open, Option<HtmlElement>)>,
    close: Callback<()>,
    to_sources: Callback<MouseEvent>,
}

/// A release as readers see it, with its own look (`crates/reader/css`, [`crate::CSS`]).
#[component]
pub fn StoryView(props: &StoryViewProps) -> Html {
    let release = &*props.release;
    let lang = Lang::of(&release.lang);
    let open = use_state(|| None::<Open>);
    let opener = use_mut_ref(|| None::<HtmlElement>);
    let sources = use_node_ref();

    let toggle = {
        let (open, opener) = (open.clone(), opener.clone());
        Callback::from(move |(wanted, button): (Open, Option<HtmlElement>)| {
            let same = open.as_ref().is_some_and(|o| o.citation == wanted.citation);
            *opener.borrow_mut() = button;
            open.set((!same).then_some(wanted));
        })
    };
    let close = {
        let (open, opener) = (open.clone(), opener.clone());
        Callback::from(move |()| {
            open.set(None);
            // Back to the number, so that the keyboard stays where the reader was.
            if let Some(button) = opener.borrow_mut().take() {
                let _ = button.focus();
            }
        })
    };
    let on_key = {
        let (open, close) = (open.clone(), close.clone());
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" && open.is_some() {
                event.stop_propagation();
                close.emit(());
            }
        })
    };
    let to_sources = {
        let sources = sources.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(heading) = sources.cast::<HtmlElement>() {
                let _ = heading.focus();
                let options = ScrollIntoViewOptions::new();
                options.set_block(ScrollLogicalPosition::Start);
                heading.scroll_into_view_with_scroll_into_view_options(&options);
            }
        })
    };
    let on_language = props.on_language.clone().map(|chosen| {
        let open = open.clone();
        Callback::from(move |tag: String| {
            open.set(None);
            chosen.emit(tag);
        })
    });

    let body = &release.body;
    let view = View {
        lang,
        blocks: &body.blocks,
        notes: notes(&body.blocks, &body.citations, &body.sources),
        pictures: &props.pictures,
        open: (*open).clone(),
        toggle,
        close,
        to_sources,
    };
    let plain = Front::default();
    let front = release.front(props.outlet.as_deref()).unwrap_or(&plain);
    let lead = body.blocks.iter().find(|b| !front.figure.is_empty() && b.id == front.figure);
    let parts = outline(&body.blocks);
    let parts = parts.iter().filter(|part| !matches!(part, Part::Block(b) if lead.is_some_and(|l| l.id == b.id)));
    let open_number = view.open.as_ref().and_then(|o| view.notes.number(&o.citation));

    html! {
        <div class="komuz" data-theme={props.theme.as_str()} lang={release.lang.clone()} dir={direction(&release.lang)}>
            <article class="page" part="story" onkeydown={on_key}>
                { bar(props, release, lang, on_language) }
                <h2 class="headline" part="headline" dir="auto">{ &front.headline }</h2>
                if !front.summary.is_empty() {
                    <p class="summary" part="summary" dir="auto">{ &front.summary }</p>
                }
                { byline(front, release, lang) }
                if !front.note.is_empty() {
                    <p class="note-of-outlet">{ lines(&front.note) }</p>
                }
                if release.supersedes.is_some() {
                    { correction(release, lang) }
                }
                { for lead.into_iter().map(|block| view.block(block)) }
                { for parts.map(|part| view.part(part)) }
                if !view.notes.list.is_empty() {
                    { source_list(&view.notes, open_number, lang, &sources) }
                }
                { signed_box(&props.outlets, release.number, props.checked.as_ref(), lang) }
            </article>
        </div>
    }
}

/// Who published it, and its languages.
fn bar(props: &StoryViewProps, release: &Release, lang: Lang, on_language: Option<Callback<String>>) -> Html {
    let words = lang.words();
    let count = props.outlets.len();
    let together = if count > 1 { words.published_together_by } else { words.published_by };
    let name = |(at, outlet): (usize, &OutletLine)| html! { <>{ between(lang, at, count) }<b dir="auto">{ &outlet.name }</b></> };
    let offered = on_language.filter(|_| release.editions.len() > 1);
    let language = |chosen: &Callback<String>, tag: &String| {
        let (chosen, to) = (chosen.clone(), tag.clone());
        let current = (*tag == release.lang).then_some("true");
        let awaited = (props.awaited.as_ref() == Some(tag)).then_some("true");
        html! {
            <button key={tag.clone()} type="button" lang={tag.clone()} aria-current={current} aria-disabled={awaited}
                onclick={move |_: MouseEvent| chosen.emit(to.clone())}>{ own_name(tag).to_owned() }</button>
        }
    };
    html! {
        <div class="bar" part="bar">
            { strings(&props.outlets, lang) }
            <span class="who">{ together }{ " " }{ for props.outlets.iter().enumerate().map(name) }</span>
            if let Some(chosen) = offered {
                <span class="languages" role="group" aria-label={words.languages}>
                    { for in_order(&release.editions).into_iter().map(|tag| language(&chosen, tag)) }
                </span>
            }
            <span class="said" role="status">{ props.said.clone() }</span>
        </div>
    }
}

/// Languages as they are offered: Kyrgyz, Russian, English, then the others by their tags.
fn in_order(editions: &[String]) -> Vec<&String> {
    let mut editions: Vec<&String> = editions.iter().collect();
    editions.sort_by_key(|tag| (["ky", "ru", "en"].iter().position(|t| t == tag).unwrap_or(3), tag.as_str()));
    editions
}

fn byline(front: &Front, release: &Release, lang: Lang) -> Html {
    let words = lang.words();
    let dated = if release.supersedes.is_some() { words.corrected } else { words.published };
    let count = front.byline.len();
    let name = |(at, by): (usize, &Byline)| html! { <>{ between(lang, at, count) }<b dir="auto">{ &by.name }</b></> };
    html! {
        <p class="byline" part="byline">
            if count > 0 {
                <span>{ words.by }{ " " }{ for front.byline.iter().enumerate().map(name) }</span>
            }
            <time datetime={release.published.clone()}>{ dated }{ " " }{ published(&release.published, lang) }</time>
        </p>
    }
}

/// The signed difference, in words.
fn correction(release: &Release, lang: Lang) -> Html {
    html! {
        <div class="correction" part="correction" role="note">
            <p><b>{ lang.words().correction }{ ", " }{ published(&release.published, lang) }{ "." }</b>{ " " }{ lines(&release.reason) }</p>
            if !release.changes.is_empty() {
                <ul>{ for release.changes.iter().map(|change| change_line(change, lang)) }</ul>
            }
        </div>
    }
}

/// One change: where, the words around it, what went and what came.
pub fn change_line(change: &Change, lang: Lang) -> Html {
    let words = lang.words();
    let place = match change.place.as_str() {
        "headline" => Some(words.headline),
        "summary" => Some(words.summary),
        "byline" => Some(words.byline),
        "note" => Some(words.note_of_outlet),
        "sources" => Some(words.sources),
        "languages" => Some(words.languages),
        _ => None,
    };
    html! {
        <li dir="auto">
            if let Some(place) = place { <b>{ place }{ "." }</b>{ " " } }
            { (!change.before.is_empty()).then(|| format!("… {} ", change.before.trim())) }
            if !change.old.is_empty() { <small>{ words.was }</small>{ " " }<del>{ lines(&change.old) }</del>{ " " } }
            if !change.new.is_empty() { <small>{ words.now }</small>{ " " }<ins>{ lines(&change.new) }</ins> }
            { (!change.after.is_empty()).then(|| format!(" {} …", change.after.trim())) }
        </li>
    }
}

/// Plain text with its line breaks.
fn lines(text: &str) -> Html {
    let line = |(at, line): (usize, &str)| html! { <>if at > 0 { <br /> }{ line.to_owned() }</> };
    text.split('\n').enumerate().map(line).collect()
}

impl View<'_> {
    fn part(&self, part: &Part<'_>) -> Html {
        match part {
            Part::Block(block) => self.block(block),
            Part::List(list) => {
                let mut inside = Vec::new();
                collect(list, &mut inside);
                html! { <>{ self.list(list, true) }{ self.note_of(&inside) }</> }
            }
        }
    }

    fn block(&self, block: &Block) -> Html {
        let text = || self.text(block);
        let shown = match &block.kind {
            BlockKind::Heading { level: 3 } => html! { <h4 class="block" part="text" dir="auto">{ text() }</h4> },
            BlockKind::Heading { .. } => html! { <h3 class="block" part="text" dir="auto">{ text() }</h3> },
            BlockKind::Quote => html! { <blockquote class="block" part="text" dir="auto">{ text() }</blockquote> },
            BlockKind::Figure { file, alt, credit, .. } => html! {
                <figure class="block" part="figure">
                    if let Some(address) = self.pictures.get(file) {
                        <img src={address.clone()} alt={alt.clone()} />
                    } else {
                        <span class="missing" role="img" aria-label={alt.clone()}>{ format!("{} {alt}", words(self.lang).picture) }</span>
                    }
                    <figcaption dir="auto">
                        { text() }{ (!credit.is_empty()).then(|| format!(" {} {credit}", self.lang.words().photo)) }
                    </figcaption>
                </figure>
            },
            BlockKind::Rule => html! { <hr class="block" /> },
            BlockKind::Paragraph | BlockKind::Item { .. } | BlockKind::Other { .. } => {
                html! { <p class="block" part="text" dir="auto">{ text() }</p> }
            }
        };
        html! { <>{ shown }{ self.note_of(&[&block.id]) }</> }
    }

    fn list(&self, list: &List<'_>, outer: bool) -> Html {
        let item = |item: &Item<'_>| {
            let inner = item.lists.iter().map(|inner| self.list(inner, false));
            html! { <li dir="auto">{ self.text(item.block) }{ for inner }</li> }
        };
        let items: Html = list.items.iter().map(item).collect();
        let part = outer.then_some("text");
        if list.ordered {
            html! { <ol class="list" {part}>{ items }</ol> }
        } else {
            html! { <ul class="list" {part}>{ items }</ul> }
        }
    }

    /// The open note, when it belongs to one of these blocks.
    fn note_of(&self, blocks: &[&str]) -> Html {
        let Some((open, note)) = self.opened().filter(|(open, _)| blocks.contains(&open.block.as_str())) else {
            return Html::default();
        };
        let close = self.close.clone();
        let close = Callback::from(move |_: MouseEvent| close.emit(()));
        note_panel(note, &open.citation, NOTE_ID, self.lang, close, self.to_sources.clone())
    }

    fn opened(&self) -> Option<(&Open, &Note<'_>)> {
        let open = self.open.as_ref()?;
        let note = self.notes.list.iter().find(|note| note.citations.iter().any(|c| c.id == open.citation))?;
        Some((open, note))
    }

    fn text(&self, block: &Block) -> Html {
        let shown = segments(block, self.blocks, &self.notes).into_iter().map(|segment| match segment {
            Segment::Text(text, marks, on) => self.claim(block, marked(text, marks), &on),
            Segment::Number(mark) => self.number(block, mark),
        });
        shown.collect()
    }

    /// Text that rests on citations can be pressed too; who uses a keyboard presses the number.
    fn claim(&self, block: &Block, text: Html, on: &[&str]) -> Html {
        let Some(first) = on.first() else {
            return text;
        };
        let open = self.open.as_ref().is_some_and(|o| on.contains(&o.citation.as_str()));
        let toggle = self.toggle.clone();
        let wanted = Open { citation: (*first).to_owned(), block: block.id.clone() };
        let onclick = move |_: MouseEvent| toggle.emit((wanted.clone(), None));
        html! { <span class={classes!("claim", open.then_some("on"))} {onclick}>{ text }</span> }
    }

    /// A note's number: a button that is an inline box and no `<button>`, which browsers lay out as a block of its own, so that
    /// a line could end between a word and its number.
    fn number(&self, block: &Block, mark: Mark<'_>) -> Html {
        let open = self.open.as_ref().is_some_and(|o| o.citation == mark.citation);
        let toggle = self.toggle.clone();
        let wanted = Open { citation: mark.citation.to_owned(), block: block.id.clone() };
        let press = Callback::from(move |target: Option<HtmlElement>| toggle.emit((wanted.clone(), target)));
        let onclick = press.reform(|event: MouseEvent| event.target_dyn_into::<HtmlElement>());
        let onkeydown = move |event: KeyboardEvent| {
            if matches!(event.key().as_str(), "Enter" | " ") {
                event.prevent_default();
                press.emit(event.target_dyn_into::<HtmlElement>());
            }
        };
        html! {
            <sup>{ WORD_JOINER }<span class="number" role="button" tabindex="0" aria-label={label(mark.number, self.lang)}
                aria-expanded={if open { "true" } else { "false" }} aria-controls={open.then_some(NOTE_ID)}
                {onclick} {onkeydown}>{ mark.number }</span></sup>
        }
    }
}

/// Id of the open note; there is one.
const NOTE_ID: &str = "note";

/// Keeps a note's number on the line of the word that it belongs to.
const WORD_JOINER: &str = "\u{2060}";

fn collect<'a>(list: &List<'a>, into: &mut Vec<&'a str>) {
    for item in &list.items {
        into.push(&item.block.id);
        for inner in &item.lists {
            collect(inner, into);
        }
    }
}

/// Text in its marks.
fn marked(text: &str, marks: &Marks) -> Html {
    let mut shown = lines(text);
    if marks.code {
        shown = html! { <code>{ shown }</code> };
    }
    if marks.emphasis {
        shown = html! { <em>{ shown }</em> };
    }
    if marks.strong {
        shown = html! { <strong>{ shown }</strong> };
    }
    match &marks.link {
        Some(address) if safe_link(address) => {
            html! { <a href={address.clone()} rel="noopener noreferrer">{ shown }</a> }
        }
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn themes_are_light_unless_told() {
        assert_eq!(Theme::of(""), Theme::Light);
        assert_eq!(Theme::of("dark"), Theme::Dark);
        assert_eq!(Theme::of(" auto "), Theme::Auto);
        assert_eq!(Theme::of("sepia"), Theme::Light);
    }

    #[test]
    fn kyrgyz_is_offered_first() {
        let editions: Vec<String> = ["de", "en", "ky", "ru"].map(String::from).to_vec();
        assert_eq!(in_order(&editions), ["ky", "ru", "en", "de"]);
    }
}
