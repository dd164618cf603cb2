//! Markdown (CommonMark with footnotes, through pulldown-cmark), with two things from pandoc: a head of `key: value`
//! lines between `---` (lang, headline, summary, byline), and citations `[@source, p. 2]` of sources known by their id.

use komuz_release::story::{BlockKind, Byline, MAX_DEPTH, Marks, safe_link};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::Imported;
use crate::draft::{Draft, DraftBlock, Note, Reference, Target, utf16};

/// Reads a document.
pub fn read(text: &str) -> Imported {
    let mut reader = Reader::default();
    let body = reader.head(text);
    let options = Options::ENABLE_FOOTNOTES | Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(body, options) {
        reader.event(event);
    }
    reader.flush();
    reader.draft.finish()
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
    row: Vec<String>,
    headline: bool,
    /// Text that waits until it is whole: `[@id]` comes in pieces.
    waiting: String,
}

impl Reader {
    fn head<'a>(&mut self, text: &'a str) -> &'a str {
        let normal = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"));
        let Some((head, body)) = normal.and_then(|rest| rest.split_once("\n---")) else {
            return text;
        };
        for line in head.lines() {
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim().trim_matches('"').to_owned();
            match key.trim() {
                "lang" => self.draft.lang = value,
                "headline" | "title" => self.draft.headline = value,
                "summary" | "subtitle" => self.draft.summary = value,
                "byline" | "author" => {
                    let names = value.split(';').map(str::trim).filter(|name| !name.is_empty());
                    self.draft.byline = names
                        .map(|name| Byline {
                            name: name.to_owned(),
                            outlet: None,
                        })
                        .collect();
                }
                other => self.draft.leave_out(format!(
                    "The line \"{other}\" in the head of the document is not known."
                )),
            }
        }
        body.split_once('\n').map_or("", |(_, body)| body)
    }

    fn event(&mut self, event: Event<'_>) {
        if !matches!(event, Event::Text(_)) {
            self.settle();
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.waiting.push_str(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                let before = std::mem::replace(&mut self.code, true);
                self.push(&text);
                self.code = before;
            }
            Event::SoftBreak => self.push(" "),
            Event::HardBreak => self.push("\n"),
            Event::Rule => {
                self.flush();
                self.draft.blocks.push(DraftBlock::new(BlockKind::Rule, 0));
            }
            Event::FootnoteReference(label) => {
                let target = Target::Note(label.into_string());
                self.refer(target);
            }
            Event::Html(_) | Event::InlineHtml(_) => self.draft.leave_out("HTML inside Markdown was left out."),
            Event::TaskListMarker(done) => self.push(if done { "☑ " } else { "☐ " }),
        }
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
                if level == HeadingLevel::H1 && self.draft.headline.is_empty() && self.draft.blocks.is_empty() {
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
                let address = dest_url.into_string();
                let safe = safe_link(&address);
                if !safe {
                    self.draft
                        .leave_out("A link with an address that is not safe became plain text.");
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
                self.draft
                    .leave_out("A picture was left out: add its file in the desk.");
            }
            Tag::Table(_) => {
                self.flush();
                self.draft
                    .leave_out("A table was turned into paragraphs, one for each row.");
            }
            Tag::TableRow | Tag::TableHead => self.row.clear(),
            Tag::TableCell => self.block(BlockKind::Paragraph),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
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
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::FootnoteDefinition => {
                self.flush();
                self.draft.notes.extend(self.note.take());
            }
            TagEnd::Emphasis => self.emphasis = self.emphasis.saturating_sub(1),
            TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Link => {
                self.links.pop();
            }
            TagEnd::TableCell => {
                let cell = self.current.take().map(|block| block.plain()).unwrap_or_default();
                self.row.push(cell.trim().to_owned());
            }
            TagEnd::TableRow | TagEnd::TableHead => {
                let row = std::mem::take(&mut self.row).join(" · ");
                self.block(BlockKind::Paragraph);
                self.push(&row);
                self.flush();
            }
            _ => {}
        }
    }

    /// Puts waiting text in place, its citations `[@id, locator]` as references.
    fn settle(&mut self) {
        let text = std::mem::take(&mut self.waiting);
        let mut rest = text.as_str();
        while let Some((before, tail)) = rest.split_once("[@") {
            let Some((inside, after)) = tail.split_once(']') else {
                break;
            };
            self.push(before);
            for cited in inside.split("; @") {
                let (id, locator) = cited.split_once(',').unwrap_or((cited, ""));
                self.refer(Target::Source(id.trim().to_owned(), locator.trim().to_owned()));
            }
            rest = after;
        }
        self.push(rest);
    }

    fn refer(&mut self, target: Target) {
        if self.note.is_some() || self.headline {
            return;
        }
        let block = self.current();
        let at = block.len();
        block.references.push(Reference { at, target });
    }

    fn push(&mut self, text: &str) {
        let text: String = text
            .chars()
            .filter(|c| !matches!(c, '\0' | '\u{fffc}') && (!c.is_control() || matches!(c, '\n' | '\t')))
            .collect();
        if text.is_empty() {
            return;
        }
        if self.headline {
            self.draft.headline.push_str(&text);
            return;
        }
        if let Some(note) = &mut self.note {
            note.text.push_str(&text);
            return;
        }
        let marks = Marks {
            strong: self.strong > 0,
            emphasis: self.emphasis > 0,
            code: self.code,
            link: self.links.last().cloned().flatten(),
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
        if let Some(note) = &mut self.note {
            note.text.push(' ');
        }
        if let Some(block) = self.current.take().filter(|block| !block.is_empty()) {
            debug_assert!(
                block
                    .references
                    .iter()
                    .all(|reference| reference.at <= utf16(&block.plain()))
            );
            self.draft.blocks.push(block);
        }
    }
}
