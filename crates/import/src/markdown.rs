//! Markdown (CommonMark with footnotes, through pulldown-cmark), with two things from pandoc: a head of `key: value`
//! lines between `---` (lang, headline, summary, byline), and citations `[@source, p. 2]` of sources known by their id.
//! HTML in it is read as HTML is.

mod head;

use std::collections::BTreeSet;
use std::ops::Range;

use komuz_release::story::{BlockKind, MAX_DEPTH, Marks, safe_link};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::ImportError;
use crate::draft::{Draft, DraftBlock, Note, Reference, Target, shown};
use crate::html;
use crate::left_out::What;

/// Reads a document.
///
/// # Errors
/// [`ImportError::TooMany`].
pub fn read(text: &str) -> Result<Draft, ImportError> {
    let mut reader = Reader::default();
    let body = head::read(text, &mut reader.draft);
    let options = Options::ENABLE_FOOTNOTES | Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for (event, range) in Parser::new_ext(body, options).into_offset_iter() {
        reader.event(event, range, body)?;
        reader.draft.check(reader.current.as_ref())?;
    }
    reader.flush();
    reader.draft.headline = reader.draft.headline.trim().to_owned();
    Ok(reader.draft)
}

#[derive(Default)]
struct Reader {
    draft: Draft,
    current: Option<DraftBlock>,
    lists: Vec<bool>,
    quotes: usize,
    strong: usize,
    emphasis: usize,
    code: bool,
    links: Vec<Option<String>>,
    note: Option<Note>,
    /// A table's row is being read, cell by cell.
    in_row: bool,
    headline: bool,
    /// Text that waits until it is whole: `[@id]` comes in pieces.
    waiting: String,
    /// Where in it a character stands that was escaped, and so starts nothing.
    escaped: BTreeSet<usize>,
    /// HTML elements that are open between words.
    open: Vec<OpenTag>,
    /// HTML element of whose words nothing is read.
    skipped: Option<String>,
    /// The block of HTML that is being read.
    html: Option<String>,
    /// How many blocks of HTML there were.
    parts: usize,
}

struct OpenTag {
    name: String,
    marks: Marks,
}

/// The longest `[@…]`, in bytes.
const MAX_CITED: usize = 1000;

/// HTML elements open between words; more are read as if they were not there.
const MAX_OPEN: usize = 64;

impl Reader {
    fn event(&mut self, event: Event<'_>, range: Range<usize>, body: &str) -> Result<(), ImportError> {
        if !matches!(event, Event::Text(_)) {
            self.settle();
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag)?,
            Event::Text(text) => {
                let before = body.as_bytes().get(..range.start).unwrap_or_default();
                if before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1 {
                    self.escaped.insert(self.waiting.len());
                }
                self.waiting.push_str(&text);
            }
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                let before = std::mem::replace(&mut self.code, true);
                self.push(&text);
                self.code = before;
            }
            Event::SoftBreak => self.push(" "),
            Event::HardBreak => self.push("\n"),
            Event::Rule => {
                self.flush();
                self.draft.add(DraftBlock::new(BlockKind::Rule, 0));
            }
            Event::FootnoteReference(label) => {
                let target = Target::Note(label.into_string());
                self.refer(target);
            }
            Event::Html(text) => match &mut self.html {
                Some(html) => html.push_str(&text),
                None => self.inline_html(&text),
            },
            Event::InlineHtml(text) => self.inline_html(&text),
            Event::TaskListMarker(done) => self.push(if done { "☑ " } else { "☐ " }),
        }
        Ok(())
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            // The first paragraph of a list item is the item.
            Tag::Paragraph if self.in_empty_item() => {}
            Tag::Paragraph => self.block(if self.quotes > 0 {
                BlockKind::Quote
            } else {
                BlockKind::Paragraph
            }),
            Tag::Heading { level, .. } => {
                self.flush();
                if level == HeadingLevel::H1 && self.draft.headline.is_empty() && self.draft.blocks().is_empty() {
                    self.headline = true;
                } else {
                    let level = if matches!(level, HeadingLevel::H1 | HeadingLevel::H2) {
                        2
                    } else {
                        3
                    };
                    self.block(BlockKind::Heading { level });
                }
            }
            Tag::BlockQuote(_) => self.quotes += 1,
            Tag::CodeBlock(_) => {
                self.block(BlockKind::Paragraph);
                self.code = true;
            }
            Tag::HtmlBlock => {
                self.flush();
                self.html = Some(String::new());
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(first.is_some());
            }
            Tag::Item => {
                let depth = u8::try_from(self.lists.len().saturating_sub(1))
                    .unwrap_or(MAX_DEPTH)
                    .min(MAX_DEPTH);
                self.block(BlockKind::Item {
                    ordered: self.lists.last().copied().unwrap_or(false),
                    depth,
                });
            }
            Tag::FootnoteDefinition(label) => {
                self.flush();
                self.note = Some(Note {
                    label: label.into_string(),
                    text: String::new(),
                    link: None,
                });
            }
            Tag::Emphasis => self.emphasis += 1,
            Tag::Strong => self.strong += 1,
            Tag::Link { dest_url, .. } => {
                let address = html::unwrapped(&dest_url);
                let safe = safe_link(&address);
                if !safe {
                    self.draft.leave_out(What::Link);
                }
                if let Some(note) = &mut self.note
                    && note.link.is_none()
                    && safe
                {
                    note.link = Some(address.clone());
                }
                self.links.push(safe.then_some(address));
            }
            Tag::Image { .. } => {
                self.draft.leave_out(What::Picture(String::new()));
            }
            Tag::Table(_) => {
                self.flush();
                self.draft.leave_out(What::Table);
            }
            Tag::TableRow | Tag::TableHead => {
                self.block(BlockKind::Paragraph);
                self.in_row = true;
            }
            Tag::TableCell => self.cell(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) -> Result<(), ImportError> {
        match tag {
            TagEnd::Paragraph | TagEnd::Item => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.headline = false;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::CodeBlock => {
                self.code = false;
                self.flush();
            }
            TagEnd::HtmlBlock => {
                if let Some(html) = self.html.take() {
                    self.html_block(&html)?;
                }
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::FootnoteDefinition => {
                self.flush();
                if let Some(note) = self.note.take() {
                    self.draft.note(note);
                }
            }
            TagEnd::Emphasis => self.emphasis = self.emphasis.saturating_sub(1),
            TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Link => {
                self.links.pop();
            }
            TagEnd::TableRow | TagEnd::TableHead => {
                self.in_row = false;
                self.flush();
            }
            _ => {}
        }
        Ok(())
    }

    /// Parts a cell of a table from the one before it.
    fn cell(&mut self) {
        if let Some(block) = self.current.as_mut().filter(|block| !block.is_blank()) {
            block.push(html::CELL, &Marks::default());
        }
    }

    /// A block of HTML between blocks of Markdown.
    fn html_block(&mut self, text: &str) -> Result<(), ImportError> {
        self.parts += 1;
        let mut part = html::read(text, &format!("html{}-", self.parts))?;
        if let Some(note) = &mut self.note {
            for block in part.blocks() {
                note.text.push_str(&block.plain());
                note.text.push(' ');
            }
            return Ok(());
        }
        let at_start = self.draft.blocks().is_empty();
        let head = [
            (
                BlockKind::Heading { level: 2 },
                std::mem::take(&mut part.headline),
                &mut self.draft.headline,
            ),
            (
                BlockKind::Paragraph,
                std::mem::take(&mut part.summary),
                &mut self.draft.summary,
            ),
        ];
        let mut blocks = Vec::new();
        for (kind, text, place) in head.into_iter().filter(|(_, text, _)| !text.is_empty()) {
            if at_start && place.is_empty() {
                *place = text;
            } else {
                let mut block = DraftBlock::new(kind, 0);
                block.push(&text, &Marks::default());
                blocks.push(block);
            }
        }
        for block in blocks {
            self.draft.add(block);
        }
        self.draft.take_in(part);
        Ok(())
    }

    /// A tag of HTML between words.
    fn inline_html(&mut self, text: &str) {
        let tag = html::tag(text);
        if let Some(name) = &self.skipped {
            if tag == html::Tag::End(name.clone()) {
                self.skipped = None;
            }
            return;
        }
        match tag {
            html::Tag::Break => self.push("\n"),
            html::Tag::Start {
                name,
                effect,
                code,
                link,
            } => {
                if self.open.len() < MAX_OPEN {
                    let mut marks = self.open.last().map(|open| open.marks.clone()).unwrap_or_default();
                    marks.strong = effect.strong.unwrap_or(marks.strong);
                    marks.emphasis = effect.emphasis.unwrap_or(marks.emphasis);
                    marks.code |= code;
                    marks.link = link.or(marks.link);
                    self.open.push(OpenTag { name, marks });
                }
            }
            html::Tag::End(name) => {
                if let Some(at) = self.open.iter().rposition(|open| open.name == name) {
                    self.open.truncate(at);
                }
            }
            html::Tag::Skip(name) => self.skipped = Some(name),
            html::Tag::Picture(alt) => self.draft.leave_out(What::Picture(shown(&alt))),
            html::Tag::Nothing => {}
        }
    }

    /// Puts waiting text in place, its citations `[@id, locator]` as references. In code and in notes they are words.
    fn settle(&mut self) {
        let text = std::mem::take(&mut self.waiting);
        let escaped = std::mem::take(&mut self.escaped);
        if self.code || self.note.is_some() || self.skipped.is_some() {
            self.push(&text);
            return;
        }
        let (mut done, mut from) = (0, 0);
        while let Some(found) = text[from..].find("[@") {
            let start = from + found;
            from = start + 2;
            let mut near = text.as_bytes()[from..].iter().take(MAX_CITED);
            let Some(length) = near.position(|byte| *byte == b']') else {
                continue;
            };
            let cited: Vec<(&str, &str)> = text[from..from + length]
                .split("; @")
                .map(|cited| cited.split_once(',').unwrap_or((cited, "")))
                .map(|(id, locator)| (id.trim(), locator.trim()))
                .collect();
            if escaped.contains(&start) || !cited.iter().all(|(id, _)| is_key(id)) {
                continue;
            }
            self.push(&text[done..start]);
            for (id, locator) in cited {
                self.refer(Target::Source(id.to_owned(), locator.to_owned()));
            }
            from += length + 1;
            done = from;
        }
        self.push(&text[done..]);
    }

    fn refer(&mut self, target: Target) {
        if self.note.is_some() || self.skipped.is_some() {
            return;
        }
        if self.headline {
            self.draft.leave_out(What::HeadlineNote);
            return;
        }
        self.draft.refer();
        let block = self.current();
        let at = block.len();
        block.references.push(Reference { at, target });
    }

    fn push(&mut self, text: &str) {
        if self.skipped.is_some() {
            return;
        }
        let text: String = text.chars().filter(|c| crate::is_text(*c)).collect();
        if text.is_empty() {
            return;
        }
        if self.headline {
            self.draft.headline.push_str(&text.replace('\n', " "));
            return;
        }
        if let Some(note) = &mut self.note {
            note.text.push_str(&text);
            return;
        }
        let open = self.open.last().map(|open| open.marks.clone()).unwrap_or_default();
        let marks = Marks {
            strong: self.strong > 0 || open.strong,
            emphasis: self.emphasis > 0 || open.emphasis,
            code: self.code || open.code,
            link: self.links.last().cloned().flatten().or(open.link),
            ..Marks::default()
        };
        self.current().push(&text, &marks);
    }

    fn current(&mut self) -> &mut DraftBlock {
        let kind = if self.quotes > 0 {
            BlockKind::Quote
        } else {
            BlockKind::Paragraph
        };
        self.current.get_or_insert_with(|| DraftBlock::new(kind, 0))
    }

    fn block(&mut self, kind: BlockKind) {
        self.flush();
        if self.note.is_none() {
            self.current = Some(DraftBlock::new(kind, 0));
        }
    }

    fn in_empty_item(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|block| matches!(block.kind, BlockKind::Item { .. }) && block.is_empty())
    }

    fn flush(&mut self) {
        self.settle();
        if self.in_row {
            return;
        }
        // What HTML between words left open ends with its block.
        self.open.clear();
        self.skipped = None;
        if let Some(note) = &mut self.note {
            note.text.push(' ');
        }
        if let Some(block) = self.current.take().filter(|block| !block.is_empty()) {
            self.draft.add(block);
        }
    }
}

/// Whether this may be the key of a source; anything else in `[@…]` is words.
fn is_key(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '.' | '+' | '/' | '#'))
}
