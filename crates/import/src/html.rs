//! HTML: what Google Docs exports, what word processors put on the clipboard, what web pages hold.
//!
//! The tokens of a WHATWG tokenizer (html5gum) are folded into flat blocks directly: no tree is built, so deep nesting
//! costs nothing, and what the model does not know (scripts, styles, forms, event handlers) has no way in.
//!
//! Footnotes need no knowledge of the program that wrote them: a link with a name of its own whose name a later link points
//! back to is a reference, and the block of the later link is the note (Google Docs, Word, LibreOffice and pandoc agree
//! in this).

mod style;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{HtmlString, StartTag, Token, Tokenizer};
use komuz_release::story::{BlockKind, MAX_DEPTH, Marks, safe_link};

use crate::Imported;
use crate::draft::{Draft, DraftBlock, Note, Reference, Target};
use style::{Effect, Sheet};

/// Elements open at once; deeper ones are read as if they were closed.
const MAX_OPEN: usize = 256;

/// Reads a document or a piece of one.
pub fn read(text: &str) -> Imported {
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
    }
    reader.finish()
}

fn lossy(text: &HtmlString) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// An open element.
#[derive(Debug, Default)]
struct Open {
    name: String,
    effect: Effect,
    code: bool,
    link: Option<String>,
    /// Index of the link within the document that it is, in `Reader::jumps`.
    jump: Option<usize>,
    /// Its id, for references whose id is on the element around the link.
    id: Option<String>,
    /// Nothing in it is read.
    skip: bool,
    /// Number of the container that it is.
    container: Option<usize>,
}

/// A link within the document.
#[derive(Debug)]
struct Jump {
    to: String,
    names: Vec<String>,
    block: usize,
    /// Position in its block's text before trimming, in UTF-16 code units.
    at: usize,
    text: String,
    marks: Marks,
}

#[derive(Debug, Default)]
struct Reader {
    draft: Draft,
    current: Option<DraftBlock>,
    open: Vec<Open>,
    lists: Vec<bool>,
    quotes: usize,
    sheet: Sheet,
    in_sheet: bool,
    jumps: Vec<Jump>,
    containers: usize,
    /// Cells of the open row of a table.
    row: Vec<String>,
    /// Text of the open cell.
    cell: String,
    field: Option<Field>,
}

/// A text that goes to the head of the story and not into a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Headline,
    Summary,
}

const SKIPPED: [&str; 18] = [
    "script", "title", "template", "noscript", "iframe", "object", "svg", "math", "select", "button", "textarea",
    "audio", "video", "canvas", "nav", "form", "datalist", "noframes",
];
const VOID: [&str; 12] = [
    "br", "hr", "img", "meta", "link", "input", "col", "wbr", "area", "base", "source", "track",
];
const CONTAINERS: [&str; 9] = [
    "div", "section", "article", "aside", "main", "header", "footer", "li", "td",
];

impl Reader {
    fn start(&mut self, tag: &StartTag<()>) {
        let name = lossy(&tag.name);
        let attribute = |wanted: &str| {
            tag.attributes
                .iter()
                .find(|(name, _)| name.as_slice() == wanted.as_bytes())
                .map(|(_, value)| lossy(&value.value))
        };
        if name == "html" && self.draft.lang.is_empty() {
            let lang = attribute("lang").unwrap_or_default();
            if !lang.is_empty() && lang.len() <= 35 && lang.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                self.draft.lang = lang;
            }
        }
        if self.skipping() {
            if !VOID.contains(&name.as_str()) {
                self.push(Open {
                    name,
                    skip: true,
                    ..Open::default()
                });
            }
            return;
        }
        let class = attribute("class").unwrap_or_default();
        let effect = self
            .sheet
            .effect(&class)
            .and(style::inline(&attribute("style").unwrap_or_default()));
        match name.as_str() {
            "br" => self.raw("\n"),
            "hr" => {
                self.flush();
                let container = self.container();
                self.draft.blocks.push(DraftBlock::new(BlockKind::Rule, container));
            }
            "img" => {
                let alt = attribute("alt").unwrap_or_default();
                let which = if alt.trim().is_empty() {
                    String::new()
                } else {
                    format!(" ({})", alt.trim())
                };
                self.draft
                    .leave_out(format!("A picture{which} was left out: add its file in the desk."));
            }
            _ => {}
        }
        if VOID.contains(&name.as_str()) {
            return;
        }
        let mut element = Open {
            effect,
            id: attribute("id"),
            ..Open::default()
        };
        match name.as_str() {
            "style" => self.in_sheet = true,
            _ if SKIPPED.contains(&name.as_str()) || effect.hidden => element.skip = true,
            "b" | "strong" => element.effect.strong = element.effect.strong.or(Some(true)),
            "i" | "em" | "cite" | "dfn" => element.effect.emphasis = element.effect.emphasis.or(Some(true)),
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
                self.close_to("li", &["ul", "ol"]);
                let depth = style::list_level(&class).unwrap_or(self.lists.len().saturating_sub(1));
                self.block(self.item(depth));
            }
            "p" | "pre" | "figcaption" | "address" | "dt" | "dd" | "caption" => {
                self.close_to("p", &["li", "td", "th", "div", "blockquote", "body"]);
                self.paragraph(&class, &attribute("style").unwrap_or_default());
                element.code |= name == "pre";
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.close_to("p", &["li", "td", "th", "div", "blockquote", "body"]);
                self.flush();
                if name == "h1" && self.draft.headline.is_empty() && self.draft.blocks.is_empty() {
                    self.field = Some(Field::Headline);
                } else {
                    self.block(BlockKind::Heading {
                        level: if matches!(name.as_str(), "h1" | "h2") { 2 } else { 3 },
                    });
                }
                // A heading is bold by itself.
                element.effect.strong = Some(false);
            }
            "tr" => {
                self.close_to("tr", &["table"]);
                self.flush();
            }
            "td" | "th" => {
                self.close_to("td", &["tr", "table"]);
                self.close_to("th", &["tr", "table"]);
                self.flush();
            }
            "table" => {
                self.flush();
                self.draft
                    .leave_out("A table was turned into paragraphs, one for each row.");
            }
            "div" | "section" | "article" | "aside" | "main" | "header" | "footer" | "body" | "figure" => self.flush(),
            _ => {}
        }
        if CONTAINERS.contains(&name.as_str()) {
            self.containers += 1;
            element.container = Some(self.containers);
        }
        element.name = name;
        self.push(element);
    }

    fn push(&mut self, element: Open) {
        if self.open.len() < MAX_OPEN {
            self.open.push(element);
        }
    }

    /// `<a>`: a link to elsewhere, or a jump within the document, whose text waits until it is known what it is.
    fn anchor(&mut self, element: &mut Open, href: Option<String>, name: Option<String>) {
        let mut names: Vec<String> = self
            .open
            .iter()
            .rev()
            .take(3)
            .filter_map(|open| open.id.clone())
            .collect();
        names.extend(element.id.clone());
        names.extend(name);
        let Some(href) = href else { return };
        let in_cell = self.open.iter().any(|open| matches!(open.name.as_str(), "td" | "th"));
        if in_cell && href.starts_with('#') {
            return;
        }
        if let Some(to) = href.strip_prefix('#') {
            let marks = self.marks();
            let block = self.draft.blocks.len();
            let at = self.current().len();
            element.jump = Some(self.jumps.len());
            self.jumps.push(Jump {
                to: to.to_owned(),
                names,
                block,
                at,
                text: String::new(),
                marks,
            });
            return;
        }
        let address = style::unwrapped(&href);
        if safe_link(&address) {
            element.link = Some(address);
        } else {
            self.draft
                .leave_out("A link with an address that is not safe became plain text.");
        }
    }

    fn paragraph(&mut self, class: &str, style: &str) {
        let has = |wanted: &str| class.split_whitespace().any(|class| class.eq_ignore_ascii_case(wanted));
        if self.draft.blocks.is_empty() && self.draft.headline.is_empty() && (has("title") || has("MsoTitle")) {
            self.flush();
            self.field = Some(Field::Headline);
            return;
        }
        if self.draft.blocks.is_empty() && self.draft.summary.is_empty() && (has("subtitle") || has("MsoSubtitle")) {
            self.flush();
            self.field = Some(Field::Summary);
            return;
        }
        if let Some(level) = style::word_list_level(style) {
            self.block(BlockKind::Item {
                ordered: false,
                depth: depth(level),
            });
            return;
        }
        // The first paragraph of a list item is the item.
        if self
            .current
            .as_ref()
            .is_some_and(|block| matches!(block.kind, BlockKind::Item { .. }) && block.is_empty())
        {
            return;
        }
        let quote = self.quotes > 0 || has("MsoQuote") || has("MsoIntenseQuote");
        self.block(if quote { BlockKind::Quote } else { BlockKind::Paragraph });
    }

    fn item(&self, level: usize) -> BlockKind {
        BlockKind::Item {
            ordered: self.lists.last().copied().unwrap_or(false),
            depth: depth(level),
        }
    }

    fn end(&mut self, name: &str) {
        if name == "style" {
            self.in_sheet = false;
        }
        let Some(at) = self.open.iter().rposition(|open| open.name == name) else {
            return;
        };
        for closed in self.open.split_off(at).into_iter().rev() {
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
                    self.end_in_cell();
                    let cell = std::mem::take(&mut self.cell);
                    if !cell.trim().is_empty() {
                        self.row.push(cell.trim().to_owned());
                    }
                }
                "tr" => {
                    let row = std::mem::take(&mut self.row).join(" · ");
                    self.block(BlockKind::Paragraph);
                    self.current().push(&row, &Marks::default());
                    self.flush();
                }
                "p" | "pre" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "li" | "div" | "section" | "article"
                | "aside" | "main" | "header" | "footer" | "figure" | "figcaption" | "address" | "dt" | "dd"
                | "caption" | "table" => self.flush(),
                _ => {}
            }
        }
    }

    /// Closes an open element that HTML closes by itself, if it is open inside the nearest of `within`.
    fn close_to(&mut self, name: &str, within: &[&str]) {
        for open in self.open.iter().rev() {
            if open.name == name {
                self.end(name);
                return;
            }
            if within.contains(&open.name.as_str()) {
                return;
            }
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_sheet {
            self.sheet.read(text);
            return;
        }
        if self.skipping() {
            return;
        }
        if self.open.iter().any(|open| open.name == "pre") {
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
        let ends_with_space = self.last_char().is_none_or(|c| c == ' ' || c == '\n');
        let collapsed = if ends_with_space {
            collapsed.trim_start_matches(' ')
        } else {
            &collapsed
        };
        self.raw(collapsed);
    }

    fn last_char(&self) -> Option<char> {
        match self.field {
            Some(Field::Headline) => self.draft.headline.chars().next_back(),
            Some(Field::Summary) => self.draft.summary.chars().next_back(),
            None => self.current.as_ref()?.text.last()?.text.chars().next_back(),
        }
    }

    fn raw(&mut self, text: &str) {
        let clean: String = text
            .chars()
            .filter(|c| !matches!(c, '\0' | '\u{fffc}' | '\u{feff}') && (!c.is_control() || matches!(c, '\n' | '\t')))
            .collect();
        if clean.is_empty() {
            return;
        }
        match self.field {
            Some(Field::Headline) => self.draft.headline.push_str(&clean.replace('\n', " ")),
            Some(Field::Summary) => self.draft.summary.push_str(&clean.replace('\n', " ")),
            None => {
                if let Some(jump) = self.open.iter().rev().find_map(|open| open.jump) {
                    self.jumps[jump].text.push_str(&clean);
                    return;
                }
                let marks = self.marks();
                self.current().push(&clean, &marks);
            }
        }
    }

    fn marks(&self) -> Marks {
        let mut effect = Effect::default();
        let mut marks = Marks::default();
        for open in &self.open {
            effect = effect.and(open.effect);
            marks.code |= open.code;
            if open.link.is_some() {
                marks.link.clone_from(&open.link);
            }
        }
        marks.strong = effect.strong.unwrap_or(false);
        marks.emphasis = effect.emphasis.unwrap_or(false);
        marks
    }

    fn skipping(&self) -> bool {
        self.open.iter().any(|open| open.skip)
    }

    fn container(&self) -> usize {
        self.open.iter().rev().find_map(|open| open.container).unwrap_or(0)
    }

    fn current(&mut self) -> &mut DraftBlock {
        let container = self.container();
        let kind = if self.quotes > 0 {
            BlockKind::Quote
        } else {
            BlockKind::Paragraph
        };
        self.current.get_or_insert_with(|| DraftBlock::new(kind, container))
    }

    fn block(&mut self, kind: BlockKind) {
        self.flush();
        self.current = Some(DraftBlock::new(kind, self.container()));
    }

    fn flush(&mut self) {
        self.field = None;
        if self.open.iter().any(|open| matches!(open.name.as_str(), "td" | "th")) {
            self.end_in_cell();
            return;
        }
        if let Some(block) = self.current.take() {
            let block_number = self.draft.blocks.len();
            let holds_jump = self.jumps.iter().any(|jump| jump.block == block_number);
            if !block.text.iter().all(|span| span.text.trim().is_empty()) || holds_jump {
                self.draft.blocks.push(block);
            }
        }
    }

    /// A block inside a cell of a table is part of the cell's text.
    fn end_in_cell(&mut self) {
        if let Some(block) = self.current.take() {
            if !self.cell.is_empty() {
                self.cell.push(' ');
            }
            self.cell.push_str(block.plain().trim());
        }
    }

    fn finish(mut self) -> Imported {
        self.flush();
        self.draft.headline = self.draft.headline.trim().to_owned();
        self.draft.summary = self.draft.summary.trim().to_owned();
        let roles = self.roles();
        let mut is_note = vec![false; self.draft.blocks.len()];
        for (back, _) in roles
            .iter()
            .enumerate()
            .filter(|(_, role)| matches!(role, Role::Back(_)))
        {
            let block = self.jumps[back].block;
            let Some(container) = self.draft.blocks.get(block).map(|block| block.container) else {
                continue;
            };
            is_note[block] = true;
            // Paragraphs of one note lie in one container of their own; outside of any, a note is one block.
            let mut next = block + 1;
            while container != 0
                && self
                    .draft
                    .blocks
                    .get(next)
                    .is_some_and(|block| block.container == container)
                && !roles
                    .iter()
                    .enumerate()
                    .any(|(index, role)| matches!(role, Role::Back(_)) && self.jumps[index].block == next)
            {
                is_note[next] = true;
                next += 1;
            }
        }
        self.put_back(&roles);
        for (back, role) in roles.iter().enumerate() {
            let Role::Back(reference) = role else { continue };
            let first = self.jumps[back].block;
            let blocks = self.draft.blocks.iter().enumerate().skip(first);
            let blocks: Vec<&DraftBlock> = blocks
                .take_while(|(index, _)| *index == first || (is_note[*index] && !self.is_back(&roles, *index)))
                .map(|(_, block)| block)
                .collect();
            let text = blocks.iter().map(|block| block.plain()).collect::<Vec<_>>().join(" ");
            let link = blocks
                .iter()
                .flat_map(|block| &block.text)
                .find_map(|span| span.marks.link.clone());
            self.draft.notes.push(Note {
                label: reference.to_string(),
                text,
                link,
            });
        }
        // The rule above the notes goes with them.
        if let Some(first) = is_note.iter().position(|note| *note)
            && first > 0
            && self.draft.blocks[first - 1].kind == BlockKind::Rule
        {
            is_note[first - 1] = true;
        }
        let mut index = 0;
        self.draft.blocks.retain(|_| {
            index += 1;
            !is_note[index - 1]
        });
        self.draft.finish()
    }

    fn is_back(&self, roles: &[Role], block: usize) -> bool {
        roles
            .iter()
            .zip(&self.jumps)
            .any(|(role, jump)| matches!(role, Role::Back(_)) && jump.block == block)
    }

    fn roles(&self) -> Vec<Role> {
        let mut roles = vec![Role::Plain; self.jumps.len()];
        for (index, jump) in self.jumps.iter().enumerate() {
            if roles[index] != Role::Plain || jump.names.is_empty() {
                continue;
            }
            let later = self.jumps.iter().enumerate().skip(index + 1);
            let back = later
                .filter(|(_, back)| back.block > jump.block)
                .find(|(_, back)| jump.names.contains(&back.to));
            if let Some((back, _)) = back
                && roles[back] == Role::Plain
            {
                roles[index] = Role::Reference;
                roles[back] = Role::Back(index);
            }
        }
        // A second reference to the same note has no link back.
        for index in 0..self.jumps.len() {
            let jump = &self.jumps[index];
            let twin = (0..index).find(|twin| roles[*twin] == Role::Reference && self.jumps[*twin].to == jump.to);
            if let (Role::Plain, Some(twin)) = (&roles[index], twin) {
                roles[index] = Role::Again(twin);
            }
        }
        roles
    }

    /// Gives jumps that are no notes their text back, and turns the others into references.
    fn put_back(&mut self, roles: &[Role]) {
        for (index, (jump, role)) in self.jumps.iter().zip(roles).enumerate().rev() {
            let Some(block) = self.draft.blocks.get_mut(jump.block) else {
                continue;
            };
            match role {
                Role::Plain => insert(block, jump),
                Role::Back(_) => {}
                Role::Reference | Role::Again(_) => {
                    let label = if let Role::Again(twin) = role { *twin } else { index };
                    block.references.insert(
                        0,
                        Reference {
                            at: jump.at,
                            target: Target::Note(label.to_string()),
                        },
                    );
                }
            }
        }
    }
}

/// What a link within the document is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Role {
    Plain,
    Reference,
    Again(usize),
    Back(usize),
}

/// Puts the text of a jump where it stood.
fn insert(block: &mut DraftBlock, jump: &Jump) {
    let mut rebuilt = DraftBlock::new(block.kind.clone(), block.container);
    let mut position = 0;
    let mut done = false;
    for span in &block.text {
        let mut before = String::new();
        for c in span.text.chars() {
            if position >= jump.at && !done {
                rebuilt.push(&before, &span.marks);
                before.clear();
                rebuilt.push(&jump.text, &jump.marks);
                done = true;
            }
            before.push(c);
            position += c.len_utf16();
        }
        rebuilt.push(&before, &span.marks);
    }
    if !done {
        rebuilt.push(&jump.text, &jump.marks);
    }
    let longer = crate::draft::utf16(&jump.text);
    rebuilt.references = std::mem::take(&mut block.references);
    for reference in rebuilt
        .references
        .iter_mut()
        .filter(|reference| reference.at >= jump.at)
    {
        reference.at += longer;
    }
    *block = rebuilt;
}

fn depth(level: usize) -> u8 {
    u8::try_from(level).unwrap_or(MAX_DEPTH).min(MAX_DEPTH)
}
