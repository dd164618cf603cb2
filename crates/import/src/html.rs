//! HTML: what Google Docs exports, what word processors put on the clipboard, what web pages hold.
//!
//! The tokens of a WHATWG tokenizer (html5gum) are folded into flat blocks directly: no tree is built, so deep nesting
//! costs nothing, and what the model does not know (scripts, styles, forms, event handlers) has no way in.

mod inline;
mod jumps;
mod style;

use std::collections::HashMap;
use std::rc::Rc;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{HtmlString, StartTag, Token, Tokenizer};
use komuz_release::folder::is_lang;
use komuz_release::story::{BlockKind, MAX_DEPTH, Marks, safe_link};

use crate::draft::{Draft, DraftBlock, shown};
use crate::left_out::What;
use crate::{ImportError, MAX_CITATIONS};
pub use inline::{Tag, tag};
use jumps::{Jump, Where};
pub use style::unwrapped;
use style::{Comment, Effect, Sheet};

/// Elements open at once; deeper ones are read as if they were closed.
const MAX_OPEN: usize = 256;

/// Links within the document: each note has two.
const MAX_JUMPS: usize = 2 * MAX_CITATIONS;

/// The longest name of a place in the document; links to and from longer ones are plain.
const MAX_NAME: usize = 200;

/// Reads a document or a piece of one. The labels of its notes start with `prefix`.
///
/// # Errors
/// [`ImportError::TooMany`].
pub fn read(text: &str, prefix: &str) -> Result<Draft, ImportError> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut reader = Reader::default();
    for token in Tokenizer::new_with_emitter(text, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => reader.start(&tag),
            Token::EndTag(tag) => reader.end(&lossy(&tag.name)),
            Token::String(text) => reader.text(&lossy(&text.value)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
        reader.draft.check(reader.current.as_ref())?;
    }
    Ok(reader.finish(prefix))
}

fn lossy(text: &HtmlString) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn attribute(tag: &StartTag<()>, wanted: &str) -> Option<String> {
    tag.attributes
        .iter()
        .find(|(name, _)| name.as_slice() == wanted.as_bytes())
        .map(|(_, value)| lossy(&value.value))
}

/// An open element, with what holds inside it.
#[derive(Debug, Default, Clone)]
struct Open {
    name: String,
    effect: Effect,
    code: bool,
    /// Text is kept as it stands.
    pre: bool,
    link: Option<Rc<str>>,
    /// Its own id, for references whose id is on an element around the link.
    id: Option<String>,
    /// Index of the link within the document that it is itself.
    jump: Option<usize>,
    /// Number of the nearest container.
    container: usize,
}

/// An element of which nothing is read.
#[derive(Debug)]
struct Skipped {
    name: String,
    /// How many elements of each name are open in it.
    open: HashMap<String, usize>,
    /// The text in it, where it is the marker that Word writes before a list item: it tells a numbered one.
    marker: Option<String>,
}

/// A text that goes to the head of the story and not into a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Headline,
    Summary,
}

/// What stands between the text of a table's row and what comes next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Gap {
    #[default]
    Nothing,
    Space,
    Cell,
}

/// What parts the cells of a row.
pub const CELL: &str = " · ";

#[derive(Debug)]
struct Reader {
    draft: Draft,
    headline: DraftBlock,
    summary: DraftBlock,
    current: Option<DraftBlock>,
    open: Vec<Open>,
    skipped: Option<Skipped>,
    lists: Vec<bool>,
    quotes: usize,
    sheet: Sheet,
    /// Text of the open `<style>`.
    style: Option<String>,
    jumps: Vec<Jump>,
    containers: usize,
    /// How many cells are open, one in the other.
    cells: usize,
    /// The block that is being made is the row of a table.
    in_row: bool,
    gap: Gap,
    field: Option<Field>,
    /// A comment of Word was met.
    comments: bool,
}

impl Default for Reader {
    fn default() -> Self {
        let head = || DraftBlock::new(BlockKind::Paragraph, 0);
        Reader {
            draft: Draft::default(),
            headline: head(),
            summary: head(),
            current: None,
            open: Vec::new(),
            skipped: None,
            lists: Vec::new(),
            quotes: 0,
            sheet: Sheet::default(),
            style: None,
            jumps: Vec::new(),
            containers: 0,
            cells: 0,
            in_row: false,
            gap: Gap::Nothing,
            field: None,
            comments: false,
        }
    }
}

const SKIPPED: [&str; 19] = [
    "script", "title", "template", "noscript", "iframe", "object", "svg", "math", "select", "button", "textarea",
    "audio", "video", "canvas", "nav", "form", "datalist", "noframes", "del",
];
const VOID: [&str; 12] = [
    "br", "hr", "img", "meta", "link", "input", "col", "wbr", "area", "base", "source", "track",
];
const CONTAINERS: [&str; 9] = [
    "div", "section", "article", "aside", "main", "header", "footer", "li", "td",
];
/// What starts and ends a block.
const BLOCKS: [&str; 31] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "thead",
    "tr",
    "ul",
];
/// Where a paragraph that is not closed ends at the latest.
const AROUND: [&str; 6] = ["li", "td", "th", "div", "blockquote", "body"];

impl Reader {
    fn start(&mut self, tag: &StartTag<()>) {
        let name = lossy(&tag.name);
        if let Some(skipped) = &mut self.skipped {
            // A paragraph ends where the next block starts, also when it is not shown.
            if skipped.name == "p" && BLOCKS.contains(&name.as_str()) {
                self.skipped = None;
            } else {
                if !VOID.contains(&name.as_str()) {
                    *skipped.open.entry(name).or_default() += 1;
                }
                return;
            }
        }
        let attribute = |wanted: &str| attribute(tag, wanted);
        if name == "html" && self.draft.lang.is_empty() {
            self.draft.lang = attribute("lang").filter(|lang| is_lang(lang)).unwrap_or_default();
        }
        let class = attribute("class").unwrap_or_default();
        let look = attribute("style").unwrap_or_default();
        match name.as_str() {
            "br" => self.raw("\n"),
            "hr" => {
                self.flush();
                if self.cells == 0 {
                    let container = self.container();
                    self.draft.add(DraftBlock::new(BlockKind::Rule, container));
                }
            }
            "img" => {
                self.draft
                    .leave_out(What::Picture(shown(&attribute("alt").unwrap_or_default())));
            }
            "style" => self.style = Some(String::new()),
            _ => {}
        }
        if VOID.contains(&name.as_str()) || name == "style" {
            return;
        }
        let effect = self.sheet.effect(&class).and(style::inline(&look));
        let comment = style::comment(&class, &look);
        if SKIPPED.contains(&name.as_str()) || effect.hidden || comment.is_some() {
            if name == "del" {
                self.draft.leave_out(What::Deleted);
            }
            // The list of comments is said only where none of their marks was met.
            if comment == Some(Comment::Mark) || (comment.is_some() && !self.comments) {
                self.comments = true;
                self.draft.leave_out(What::Comment);
            }
            self.skipped = Some(Skipped {
                name,
                open: HashMap::new(),
                marker: style::is_marker(&look).then(String::new),
            });
            return;
        }
        if self.open.len() >= MAX_OPEN {
            if BLOCKS.contains(&name.as_str()) {
                self.flush();
            }
            return;
        }
        self.element(name, tag, &class, &look, effect);
    }

    /// Opens an element whose content is read.
    fn element(&mut self, name: String, tag: &StartTag<()>, class: &str, look: &str, effect: Effect) {
        // What this element closes is closed before it takes over what holds around it.
        match name.as_str() {
            "li" => self.close_to("li", &["ul", "ol"]),
            "p" | "pre" | "figcaption" | "address" | "dt" | "dd" | "caption" | "h1" | "h2" | "h3" | "h4" | "h5"
            | "h6" => {
                self.close_to("p", &AROUND);
            }
            "tr" => self.close_to("tr", &["table"]),
            "td" | "th" => {
                self.close_to("td", &["tr", "table"]);
                self.close_to("th", &["tr", "table"]);
            }
            "a" => self.close_to("a", &BLOCKS),
            _ => {}
        }
        let attribute = |wanted: &str| attribute(tag, wanted);
        let mut element = Open {
            id: attribute("id").filter(|id| id.len() <= MAX_NAME),
            jump: None,
            ..self.open.last().cloned().unwrap_or_default()
        };
        element.effect = element.effect.and(effect);
        match name.as_str() {
            "b" | "strong" if effect.strong.is_none() => element.effect.strong = Some(true),
            "i" | "em" | "cite" | "dfn" if effect.emphasis.is_none() => element.effect.emphasis = Some(true),
            "code" | "tt" | "kbd" | "samp" => element.code = true,
            "a" => self.anchor(&mut element, attribute("href"), attribute("name")),
            "blockquote" => {
                self.flush();
                self.quotes += 1;
            }
            "ul" | "ol" => {
                self.flush();
                self.lists.push(name == "ol");
            }
            "li" => {
                let level = attribute("aria-level").and_then(|level| level.parse::<usize>().ok()?.checked_sub(1));
                let level = level.or_else(|| style::list_level(class));
                let depth = level.unwrap_or(self.lists.len().saturating_sub(1));
                self.block(BlockKind::Item {
                    ordered: self.lists.last().copied().unwrap_or(false),
                    depth: at_most(depth),
                });
            }
            "p" | "pre" | "figcaption" | "address" | "dt" | "dd" | "caption" => {
                self.paragraph(class, look);
                element.code |= name == "pre";
                element.pre |= name == "pre";
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.flush();
                if name == "h1" && self.headline.is_empty() && self.at_start() {
                    self.field = Some(Field::Headline);
                } else {
                    self.block(BlockKind::Heading {
                        level: if matches!(name.as_str(), "h1" | "h2") { 2 } else { 3 },
                    });
                }
                // A heading is bold by itself.
                element.effect.strong = Some(false);
            }
            "td" | "th" => {
                if self.cells == 0 && !self.in_row {
                    self.block(BlockKind::Paragraph);
                    self.in_row = true;
                }
                self.cells += 1;
            }
            "table" => {
                self.flush();
                self.draft.leave_out(What::Table);
            }
            _ if BLOCKS.contains(&name.as_str()) => self.flush(),
            _ => {}
        }
        if CONTAINERS.contains(&name.as_str()) {
            self.containers += 1;
            element.container = self.containers;
        }
        element.name = name;
        self.open.push(element);
    }

    /// `<a>`: a link to elsewhere, or a jump within the document, of which is seen later what it is.
    fn anchor(&mut self, element: &mut Open, href: Option<String>, name: Option<String>) {
        let Some(href) = href else { return };
        if let Some(to) = href.strip_prefix('#') {
            let around = self.open.iter().rev().take(3).filter_map(|open| open.id.clone());
            let names = around
                .chain(element.id.clone())
                .chain(name)
                .filter(|name| name.len() <= MAX_NAME)
                .collect();
            if self.jumps.len() == MAX_JUMPS {
                self.draft.full("links within the document:", MAX_JUMPS);
                return;
            }
            let place = match self.field {
                Some(Field::Headline) => Where::Headline,
                Some(Field::Summary) => Where::Summary,
                None => Where::Block(self.draft.blocks().len()),
            };
            self.fill_gap();
            element.jump = Some(self.jumps.len());
            let start = self.sink().len();
            self.jumps.push(Jump {
                to: if to.len() <= MAX_NAME {
                    to.to_owned()
                } else {
                    String::new()
                },
                names,
                place,
                start,
                end: None,
            });
            return;
        }
        let address = unwrapped(&href);
        if safe_link(&address) {
            element.link = Some(address.into());
        } else {
            self.draft.leave_out(What::Link);
        }
    }

    fn paragraph(&mut self, class: &str, look: &str) {
        let has = |wanted: &str| class.split_whitespace().any(|class| class.eq_ignore_ascii_case(wanted));
        // The first paragraph of a list item is the item.
        if self
            .current
            .as_ref()
            .is_some_and(|block| matches!(block.kind, BlockKind::Item { .. }) && block.is_empty())
        {
            return;
        }
        self.flush();
        if self.at_start() && self.headline.is_empty() && (has("title") || has("MsoTitle")) {
            self.field = Some(Field::Headline);
        } else if self.at_start() && self.summary.is_empty() && (has("subtitle") || has("MsoSubtitle")) {
            self.field = Some(Field::Summary);
        } else if let Some(level) = style::word_list_level(look) {
            self.block(BlockKind::Item {
                ordered: false,
                depth: at_most(level),
            });
        } else {
            let quote = self.quotes > 0 || has("MsoQuote") || has("MsoIntenseQuote");
            self.block(if quote { BlockKind::Quote } else { BlockKind::Paragraph });
        }
    }

    /// Whether no block was made yet.
    fn at_start(&self) -> bool {
        self.draft.blocks().is_empty() && self.cells == 0
    }

    fn end(&mut self, name: &str) {
        if name == "style"
            && let Some(text) = self.style.take()
        {
            self.sheet.read(&text);
            return;
        }
        if let Some(skipped) = &mut self.skipped {
            match skipped.open.get_mut(name) {
                Some(count) if *count > 0 => *count -= 1,
                _ if skipped.name == name => {
                    let numbered = skipped.marker.as_deref().is_some_and(style::is_number);
                    self.skipped = None;
                    if let Some(BlockKind::Item { ordered, .. }) = self.current.as_mut().map(|block| &mut block.kind) {
                        *ordered |= numbered;
                    }
                }
                // The element around ends, and what was skipped with it.
                _ if self.open.iter().any(|open| open.name == name) => {
                    self.skipped = None;
                    self.end(name);
                }
                _ => {}
            }
            return;
        }
        match self.open.iter().rposition(|open| open.name == name) {
            Some(at) => self.close(at),
            None if BLOCKS.contains(&name) && self.open.len() == MAX_OPEN => self.flush(),
            None => {}
        }
    }

    /// Closes the elements from this one on.
    fn close(&mut self, at: usize) {
        while self.open.len() > at {
            let Some(closed) = self.open.pop() else { return };
            if let Some(jump) = closed.jump {
                let end = self.sink().len();
                self.jumps[jump].end.get_or_insert(end);
            }
            match closed.name.as_str() {
                "blockquote" => {
                    self.flush();
                    self.quotes = self.quotes.saturating_sub(1);
                }
                "ul" | "ol" => {
                    self.flush();
                    self.lists.pop();
                }
                "td" | "th" => {
                    self.cells = self.cells.saturating_sub(1);
                    self.gap = Gap::Cell;
                }
                // A table in a cell is a part of the cell's words.
                "tr" | "table" if self.cells > 0 => self.gap = Gap::Space,
                name if BLOCKS.contains(&name) => self.flush(),
                _ => {}
            }
        }
    }

    /// Closes an open element that HTML closes by itself, if it is open inside the nearest of `within`.
    fn close_to(&mut self, name: &str, within: &[&str]) {
        for (at, open) in self.open.iter().enumerate().rev() {
            if open.name == name {
                self.close(at);
                return;
            }
            if within.contains(&open.name.as_str()) {
                return;
            }
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(style) = &mut self.style {
            style.push_str(text);
            return;
        }
        if let Some(skipped) = &mut self.skipped {
            if let Some(marker) = skipped.marker.as_mut().filter(|marker| marker.len() < 20) {
                marker.push_str(text);
            }
            return;
        }
        if self.open.last().is_some_and(|open| open.pre) {
            self.raw(text);
            return;
        }
        // White space collapses as in a browser; no-break spaces are the writer's.
        let mut collapsed = String::with_capacity(text.len());
        for c in text.chars() {
            if c.is_ascii_whitespace() {
                if !collapsed.ends_with(' ') {
                    collapsed.push(' ');
                }
            } else {
                collapsed.push(c);
            }
        }
        let spaced = match self.gap {
            Gap::Nothing => self.last_char().is_none_or(|c| c == ' ' || c == '\n'),
            Gap::Space | Gap::Cell => true,
        };
        self.raw(if spaced {
            collapsed.trim_start_matches(' ')
        } else {
            &collapsed
        });
    }

    fn last_char(&self) -> Option<char> {
        match self.field {
            Some(Field::Headline) => self.headline.last_char(),
            Some(Field::Summary) => self.summary.last_char(),
            None => self.current.as_ref()?.last_char(),
        }
    }

    fn raw(&mut self, text: &str) {
        let mut clean: String = text.chars().filter(|c| crate::is_text(*c)).collect();
        if clean.is_empty() {
            return;
        }
        if self.field.is_some() {
            clean = clean.replace('\n', " ");
        }
        self.fill_gap();
        let marks = self.marks();
        self.sink().push(&clean, &marks);
    }

    /// Parts what comes next from the cell or the paragraph before it.
    fn fill_gap(&mut self) {
        let gap = match std::mem::take(&mut self.gap) {
            Gap::Nothing => return,
            Gap::Space => " ",
            Gap::Cell => CELL,
        };
        let block = self.sink();
        if !block.is_blank() {
            block.push(gap, &Marks::default());
        }
    }

    fn marks(&self) -> Marks {
        let Some(open) = self.open.last() else {
            return Marks::default();
        };
        Marks {
            strong: open.effect.strong.unwrap_or(false),
            emphasis: open.effect.emphasis.unwrap_or(false),
            code: open.code,
            link: open.link.as_deref().map(str::to_owned),
            ..Marks::default()
        }
    }

    fn container(&self) -> usize {
        self.open.last().map_or(0, |open| open.container)
    }

    /// Where text goes.
    fn sink(&mut self) -> &mut DraftBlock {
        match self.field {
            Some(Field::Headline) => &mut self.headline,
            Some(Field::Summary) => &mut self.summary,
            None => {
                let container = self.container();
                let kind = if self.quotes > 0 {
                    BlockKind::Quote
                } else {
                    BlockKind::Paragraph
                };
                self.current.get_or_insert_with(|| DraftBlock::new(kind, container))
            }
        }
    }

    fn block(&mut self, kind: BlockKind) {
        self.flush();
        if self.cells == 0 {
            self.current = Some(DraftBlock::new(kind, self.container()));
        }
    }

    /// Ends the block or the field that is being made. In a cell of a table the row goes on.
    fn flush(&mut self) {
        if self.cells > 0 {
            if self.gap == Gap::Nothing {
                self.gap = Gap::Space;
            }
            return;
        }
        self.gap = Gap::Nothing;
        self.in_row = false;
        let number = Where::Block(self.draft.blocks().len());
        let end = self.field.is_some() || self.current.is_some();
        if end {
            let length = self.sink().len();
            for jump in self.open.iter().filter_map(|open| open.jump) {
                self.jumps[jump].end.get_or_insert(length);
            }
        }
        if self.field.take().is_some() {
            return;
        }
        if let Some(block) = self.current.take() {
            // Links are numbered by their blocks: one that holds a link keeps its number.
            let holds_jump = self.jumps.last().is_some_and(|jump| jump.place == number);
            if !block.is_blank() || holds_jump {
                self.draft.add(block);
            }
        }
    }

    fn finish(mut self, prefix: &str) -> Draft {
        self.close(0);
        self.flush();
        jumps::resolve(
            &mut self.draft,
            &mut self.headline,
            &mut self.summary,
            &self.jumps,
            prefix,
        );
        let plain = |block: &DraftBlock| block.plain().split_whitespace().collect::<Vec<_>>().join(" ");
        self.draft.headline = plain(&self.headline);
        self.draft.summary = plain(&self.summary);
        self.draft
    }
}

fn at_most(level: usize) -> u8 {
    u8::try_from(level).unwrap_or(MAX_DEPTH).min(MAX_DEPTH)
}
