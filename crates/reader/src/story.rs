//! A release as readers see it: the same component on a reader's page and in the desk's review. It fetches nothing.

use std::rc::Rc;

use komuz_release::notes::{Mark, Note, Notes, notes};
use komuz_release::notice::Kind;
use komuz_release::outline::{List, Part, outline};
use komuz_release::release::{Front, Release};
use komuz_release::story::{Block, BlockKind, Marks, safe_link};
use komuz_release::words::{Lang, direction, own_name};
use web_sys::{HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::html::onkeydown;
use yew::prelude::*;

use crate::markup::{self, Tag, class, list, tag};
use crate::notes::{Segment, label, note_panel, segments, source_list};
use crate::notices::{Notices, notice_list, retraction};
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
    pub pictures: Vec<(String, AttrValue)>,
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
    notices: Notices,
    pictures: &'a [(String, AttrValue)],
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
                go_to(&heading);
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
        notices: Notices::of(release),
        pictures: &props.pictures,
        open: (*open).clone(),
        toggle,
        close,
        to_sources,
    };
    let plain = Front::default();
    let front = release.front(props.outlet.as_deref()).unwrap_or(&plain);
    let lead = body
        .blocks
        .iter()
        .find(|b| !front.figure.is_empty() && b.id == front.figure);
    let parts = outline(&body.blocks);
    let parts = parts
        .iter()
        .filter(|part| !matches!(part, Part::Block(b) if lead.is_some_and(|l| l.id == b.id)));
    let open_number = view.open.as_ref().and_then(|o| view.notes.number(&o.citation));

    let mut page = class("article", "page")
        .set("part", "story")
        .listens(Rc::new(onkeydown::Wrapper::new(on_key)));
    page = page.with(bar(props, release, lang, on_language));
    let retracted = release.is_retracted();
    let newest = view.notices.newest(lang);
    let mut headline = part("h2", "headline").set("dir", "auto");
    if retracted {
        page = page.with(retraction(newest, lang));
        headline = headline
            .text(&format!("{}: ", lang.kind(Kind::Retraction)))
            .with(tag("s").text(&front.headline).html());
        page = page.with(headline.html()).with(byline(front, release, lang));
    } else {
        page = page.with(headline.text(&front.headline).html());
        page = page
            .with(summary(front))
            .with(byline(front, release, lang))
            .with(newest);
    }
    if !front.note.is_empty() {
        page = page.with(
            class("p", "note-of-outlet")
                .set("dir", "auto")
                .with(lines(&front.note))
                .html(),
        );
    }
    let mut text = vec![if retracted { summary(front) } else { Html::default() }];
    text.extend(lead.into_iter().map(|block| view.block(block)));
    text.extend(parts.map(|part| view.part(part)));
    if retracted {
        let closed = class("details", "retracted").with(tag("summary").text(lang.words().retracted_text).html());
        page = page.with(closed.with(list(text)).html());
    } else {
        page = page.with(list(text));
    }
    page = page.with(notice_list(&view.notices, lang));
    if !view.notes.list.is_empty() {
        page = page.with(source_list(&view.notes, open_number, lang, &sources));
    }
    page = page.with(signed_box(&props.outlets, release.number, props.checked.as_ref(), lang));
    class("div", "komuz")
        .set("data-theme", props.theme.as_str())
        .set("lang", &release.lang)
        .set("dir", direction(&release.lang))
        .with(page.html())
        .html()
}

/// Leads a reader to an element, who uses the keyboard too.
pub(crate) fn go_to(element: &HtmlElement) {
    let _ = element.focus();
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Start);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// An element whose class is its part too: what partners may restyle.
pub(crate) fn part(name: &'static str, part: &'static str) -> Tag {
    class(name, part).set("part", part)
}

/// A name in its own direction.
fn name(text: &str) -> Html {
    tag("b").set("dir", "auto").text(text).html()
}

/// Names in a sentence.
fn names<'a>(names: impl ExactSizeIterator<Item = &'a str>, lang: Lang) -> Html {
    let of = names.len();
    list(
        names
            .enumerate()
            .flat_map(|(at, text)| [markup::text(&between(lang, at, of)), name(text)])
            .collect(),
    )
}

/// Who published it, and its languages.
fn bar(props: &StoryViewProps, release: &Release, lang: Lang, on_language: Option<Callback<String>>) -> Html {
    let words = lang.words();
    let together = if props.outlets.len() > 1 {
        words.published_together_by
    } else {
        words.published_by
    };
    let who = class("span", "who")
        .text(&format!("{together} "))
        .with(names(props.outlets.iter().map(|outlet| outlet.name.as_str()), lang));
    let mut languages = Html::default();
    if let Some(chosen) = on_language.filter(|_| release.editions.len() > 1) {
        let mut group = class("span", "languages")
            .set("role", "group")
            .set("aria-label", words.languages);
        for tag in in_order(&release.editions) {
            let (chosen, to) = (chosen.clone(), tag.clone());
            let current = (*tag == release.lang).then_some("true");
            let awaited = (props.awaited.as_ref() == Some(tag)).then_some("true");
            let button = markup::tag("button")
                .set("type", "button")
                .set("lang", tag)
                .maybe("aria-current", current)
                .maybe("aria-disabled", awaited)
                .pressed(Callback::from(move |_| chosen.emit(to.clone())));
            group = group.with(button.key(tag).text(own_name(tag)).html());
        }
        languages = group.html();
    }
    let said = class("span", "said")
        .set("role", "status")
        .text(props.said.as_deref().unwrap_or_default());
    part("div", "bar")
        .with(strings(&props.outlets, lang))
        .with(who.html())
        .with(languages)
        .with(said.html())
        .html()
}

/// Languages as they are offered: Kyrgyz, Russian, English, then the others as they come.
fn in_order(editions: &[String]) -> Vec<&String> {
    const FIRST: [&str; 3] = ["ky", "ru", "en"];
    let first = FIRST
        .iter()
        .filter_map(|tag| editions.iter().find(|edition| edition == tag));
    first
        .chain(editions.iter().filter(|edition| !FIRST.contains(&edition.as_str())))
        .collect()
}

fn byline(front: &Front, release: &Release, lang: Lang) -> Html {
    let words = lang.words();
    let mut line = part("p", "byline");
    if !front.byline.is_empty() {
        let by = names(front.byline.iter().map(|by| by.name.as_str()), lang);
        line = line.with(tag("span").text(&format!("{} ", words.by)).with(by).html());
    }
    // Later ones say their date with what they are.
    if release.supersedes.is_none() {
        let day = format!("{} {}", words.published, published(&release.published, lang));
        line = line.with(tag("time").set("datetime", &release.published).text(&day).html());
    }
    line.html()
}

fn summary(front: &Front) -> Html {
    if front.summary.is_empty() {
        return Html::default();
    }
    part("p", "summary").set("dir", "auto").text(&front.summary).html()
}

/// Plain text with its line breaks.
pub(crate) fn lines(text: &str) -> Html {
    let mut nodes = Vec::new();
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            nodes.push(tag("br").html());
        }
        nodes.push(markup::text(line));
    }
    list(nodes)
}

impl View<'_> {
    fn part(&self, part: &Part<'_>) -> Html {
        match part {
            Part::Block(block) => self.block(block),
            Part::List(items) => {
                let mut inside = Vec::new();
                collect(items, &mut inside);
                list(vec![self.list(items).set("part", "text").html(), self.note_of(&inside)])
            }
        }
    }

    fn block(&self, block: &Block) -> Html {
        let text = |name: &'static str| {
            class(name, "block")
                .set("part", "text")
                .set("dir", "auto")
                .with(self.text(block))
                .html()
        };
        let shown = match &block.kind {
            BlockKind::Heading { level: 3 } => text("h4"),
            BlockKind::Heading { .. } => text("h3"),
            BlockKind::Quote => text("blockquote"),
            BlockKind::Figure { file, alt, credit, .. } => {
                let picture = match self.pictures.iter().find(|(sha256, _)| sha256 == file) {
                    Some((_, address)) => tag("img").set("src", address).set("alt", alt),
                    None => class("span", "missing")
                        .set("role", "img")
                        .set("aria-label", alt)
                        .text(&format!("{} {alt}", words(self.lang).picture)),
                };
                let mut caption = tag("figcaption").set("dir", "auto").with(self.text(block));
                if !credit.is_empty() {
                    caption = caption.text(&format!(" {} {credit}", self.lang.words().photo));
                }
                class("figure", "block")
                    .set("part", "figure")
                    .with(picture.html())
                    .with(caption.html())
                    .html()
            }
            BlockKind::Rule => class("hr", "block").html(),
            BlockKind::Paragraph | BlockKind::Item { .. } | BlockKind::Other { .. } => text("p"),
        };
        list(vec![shown, self.note_of(&[&block.id])])
    }

    fn list(&self, items: &List<'_>) -> Tag {
        let mut list = class(if items.ordered { "ol" } else { "ul" }, "list");
        for item in &items.items {
            let mut shown = tag("li").set("dir", "auto").with(self.text(item.block));
            for inner in &item.lists {
                shown = shown.with(self.list(inner).html());
            }
            list = list.with(shown.html());
        }
        list
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
        let note = self
            .notes
            .list
            .iter()
            .find(|note| note.citations.iter().any(|c| c.id == open.citation))?;
        Some((open, note))
    }

    fn text(&self, block: &Block) -> Html {
        let shown = segments(block, self.blocks, &self.notes)
            .into_iter()
            .map(|segment| match segment {
                Segment::Text(text, marks, on) => self.claim(block, marked(text, marks), &on),
                Segment::Number(mark) => self.number(block, mark),
            });
        list(shown.chain([self.notices.mark(block, self.lang)]).collect())
    }

    /// Text that rests on citations can be pressed too; who uses a keyboard presses the number.
    fn claim(&self, block: &Block, text: Html, on: &[&str]) -> Html {
        let Some(first) = on.first() else {
            return text;
        };
        let open = self.open.as_ref().is_some_and(|o| on.contains(&o.citation.as_str()));
        let toggle = self.toggle.clone();
        let wanted = Open {
            citation: (*first).to_owned(),
            block: block.id.clone(),
        };
        class("span", if open { "claim on" } else { "claim" })
            .pressed(Callback::from(move |_| toggle.emit((wanted.clone(), None))))
            .with(text)
            .html()
    }

    /// A note's number: a button that is an inline box and no `<button>`, which browsers lay out as a block of its own, so that
    /// a line could end between a word and its number.
    fn number(&self, block: &Block, mark: Mark<'_>) -> Html {
        let open = self.open.as_ref().is_some_and(|o| o.citation == mark.citation);
        let toggle = self.toggle.clone();
        let wanted = Open {
            citation: mark.citation.to_owned(),
            block: block.id.clone(),
        };
        let press = Callback::from(move |target: Option<HtmlElement>| toggle.emit((wanted.clone(), target)));
        let on_press = press.reform(|event: MouseEvent| event.target_dyn_into::<HtmlElement>());
        let on_key = Callback::from(move |event: KeyboardEvent| {
            if matches!(event.key().as_str(), "Enter" | " ") {
                event.prevent_default();
                press.emit(event.target_dyn_into::<HtmlElement>());
            }
        });
        let button = class("span", "number")
            .set("role", "button")
            .set("tabindex", "0")
            .set("aria-label", &label(mark.number, self.lang))
            .set("aria-expanded", if open { "true" } else { "false" })
            .maybe("aria-controls", open.then_some(NOTE_ID))
            .pressed(on_press)
            .listens(Rc::new(onkeydown::Wrapper::new(on_key)))
            .text(&mark.number.to_string());
        tag("sup").text(WORD_JOINER).with(button.html()).html()
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
    for (set, element) in [(marks.code, "code"), (marks.emphasis, "em"), (marks.strong, "strong")] {
        if set {
            shown = tag(element).with(shown).html();
        }
    }
    match &marks.link {
        Some(address) if safe_link(address) => tag("a")
            .set("href", address)
            .set("rel", "noopener noreferrer")
            .with(shown)
            .html(),
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
