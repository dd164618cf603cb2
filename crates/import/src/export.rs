//! Writing stories for elsewhere.

use std::collections::HashMap;

use komuz_dossier::Dossier;
use komuz_release::story::{BlockKind, CslDate, Source, Span, Story};

/// The whole story with its sources as JSON (docs/story.schema.json); [`crate::import`] reads it back to an equal story.
pub fn export_json(story: &Story) -> String {
    // A value of plain structs, strings and numbers has no way to fail.
    serde_json::to_string_pretty(story).unwrap_or_default() + "\n"
}

/// A story and what the newsrooms know of it as JSON, confidential sources too; [`crate::import`] reads it back to an equal one.
pub fn export_dossier(dossier: &Dossier) -> String {
    serde_json::to_string_pretty(dossier).unwrap_or_default() + "\n"
}

/// The sources as CSL-JSON.
pub fn export_csl(sources: &[Source]) -> String {
    serde_json::to_string_pretty(sources).unwrap_or_default() + "\n"
}

/// The story as Markdown with footnotes, one for each citation; [`crate::import`] reads it.
pub fn export_markdown(story: &Story) -> String {
    let mut out = String::from("---\n");
    let byline: Vec<&str> = story.byline.iter().map(|by| by.name.as_str()).collect();
    for (key, value) in [
        ("lang", story.lang.as_str()),
        ("headline", &story.headline),
        ("summary", &story.summary),
        ("byline", &byline.join("; ")),
    ] {
        let value = value.replace(['\n', '\r'], " ");
        // The reader takes quotation marks around a value for its own.
        let quote = if value.starts_with('"') && value.ends_with('"') {
            "\""
        } else {
            ""
        };
        if !value.is_empty() {
            out.push_str(&format!("{key}: {quote}{value}{quote}\n"));
        }
    }
    out.push_str("---\n");
    let mut notes: HashMap<&str, Vec<(u32, usize)>> = HashMap::new();
    for (index, citation) in story.citations.iter().enumerate() {
        notes
            .entry(&citation.end.block)
            .or_default()
            .push((citation.end.offset, index + 1));
    }
    for notes in notes.values_mut() {
        notes.sort_unstable();
    }
    let mut list = List::default();
    for block in &story.blocks {
        let notes = notes.remove(block.id.as_str()).unwrap_or_default();
        let text = inline(&block.text, notes);
        let item = matches!(block.kind, BlockKind::Item { .. });
        // A list is tight, everything else stands apart.
        out.push_str(if item && list.is_open() { "" } else { "\n" });
        if !item {
            list = List::default();
        }
        match &block.kind {
            BlockKind::Paragraph | BlockKind::Other { .. } => out.push_str(&text.replace('\n', "\\\n")),
            BlockKind::Heading { level } => {
                out.push_str(&format!("{} {}", "#".repeat((*level).into()), text.replace('\n', " ")));
            }
            BlockKind::Quote => out.push_str(&format!("> {}", text.replace('\n', "\\\n> "))),
            BlockKind::Item { ordered, depth } => {
                let (mark, below) = list.item(*ordered, *depth);
                out.push_str(&format!("{mark}{}", text.replace('\n', &format!("\\\n{below}"))));
            }
            BlockKind::Figure { alt, credit, .. } => {
                let parts = [text.clone(), escaped(alt), escaped(credit)];
                let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                out.push_str(&parts.join(" · ").replace('\n', "\\\n"));
            }
            BlockKind::Rule => out.push_str("***"),
        }
        out.push('\n');
    }
    let sources: HashMap<&str, &Source> = story
        .sources
        .iter()
        .map(|source| (source.id.as_str(), source))
        .collect();
    for (index, citation) in story.citations.iter().enumerate() {
        let source = sources.get(citation.source.as_str());
        let note = source.map_or_else(|| escaped(&citation.source), |source| note(source, &citation.locator));
        out.push_str(&format!("\n[^{}]: {}\n", index + 1, note.replace(['\n', '\r'], " ")));
    }
    out
}

/// The list that is being written: for each depth whether it is numbered, the last number, and the column of the text.
#[derive(Default)]
struct List {
    levels: Vec<(bool, usize, usize)>,
}

impl List {
    fn is_open(&self) -> bool {
        !self.levels.is_empty()
    }

    /// What stands before the next item's text, and before its further lines. An item lies one deeper than the one before it
    /// at most: Markdown has no others.
    fn item(&mut self, ordered: bool, depth: u8) -> (String, String) {
        let level = usize::from(depth).min(self.levels.len());
        let before = self.levels.get(level).filter(|(numbered, ..)| *numbered == ordered);
        let number = before.map_or(1, |(_, number, _)| number + 1);
        let outer = level.checked_sub(1).and_then(|outer| self.levels.get(outer));
        let around = outer.map_or(0, |(.., column)| *column);
        let mark = if ordered {
            format!("{number}. ")
        } else {
            "- ".to_owned()
        };
        self.levels.truncate(level);
        self.levels.push((ordered, number, around + mark.len()));
        (" ".repeat(around) + &mark, " ".repeat(around + mark.len()))
    }
}

fn inline(spans: &[Span], notes: Vec<(u32, usize)>) -> String {
    let mut out = String::new();
    let mut position = 0;
    let mut notes = notes.into_iter().peekable();
    for span in spans {
        let mut rest = String::new();
        for c in span.text.chars() {
            while notes.peek().is_some_and(|(at, _)| *at <= position) {
                marked(&mut out, &std::mem::take(&mut rest), span);
                out.extend(notes.next().map(|(_, number)| format!("[^{number}]")));
            }
            rest.push(c);
            position += c.len_utf16() as u32;
        }
        marked(&mut out, &rest, span);
    }
    out.extend(notes.map(|(_, number)| format!("[^{number}]")));
    out
}

/// A run with its marks, line by line; white space at the ends of a line stands outside of them, or Markdown would not see
/// the marks.
fn marked(out: &mut String, text: &str, span: &Span) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let inner = line.trim();
        let (before, after) = line.split_at(line.len() - line.trim_start().len());
        push_escaped(out, before);
        if !inner.is_empty() {
            let (mut open, mut close) = (String::new(), String::new());
            if let Some(link) = &span.marks.link {
                open.push('[');
                close.push_str(&format!("](<{}>)", address(link).replace('&', "&amp;")));
            }
            if span.marks.strong {
                open.push_str("**");
                close.insert_str(0, "**");
            }
            if span.marks.emphasis {
                open.push('*');
                close.insert(0, '*');
            }
            out.push_str(&open);
            if span.marks.code {
                out.push_str(&code(inner));
            } else {
                push_escaped(out, inner);
            }
            out.push_str(&close);
            push_escaped(out, &after[inner.len()..]);
        }
    }
}

/// Code between more backticks than are in it.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped(&mut out, text);
    out
}

/// Appends a text so that no character of it means anything to Markdown where it comes to stand.
fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        let at_start = out.is_empty() || out.ends_with('\n');
        match c {
            // White space at the start of a line would be dropped, or make the line code.
            ' ' if at_start => out.push_str("&#32;"),
            '\t' if at_start => out.push_str("&#9;"),
            '#' | '>' | '-' | '+' | '=' if at_start => out.extend(['\\', c]),
            // "1." at the start of a line would be a list.
            '.' | ')' if is_number(out) => out.extend(['\\', c]),
            '\\' | '*' | '_' | '[' | ']' | '<' | '`' | '&' | '|' | '~' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
}

/// Whether the last line is digits alone, as many as number a list's item.
fn is_number(out: &str) -> bool {
    let digits = out.bytes().rev().take(10).take_while(u8::is_ascii_digit).count();
    (1..10).contains(&digits) && matches!(out.bytes().rev().nth(digits), None | Some(b'\n'))
}

/// An address as it may stand between `<` and `>`.
fn address(link: &str) -> String {
    link.replace('<', "%3C").replace('>', "%3E")
}

/// A source as a note in one line, in the form that the importer takes apart.
fn note(source: &Source, locator: &str) -> String {
    let authors: Vec<String> = source
        .author
        .iter()
        .map(
            |name| match (name.literal.as_str(), name.family.as_str(), name.given.as_str()) {
                ("", family, "") => family.to_owned(),
                ("", family, given) => format!("{family}, {given}"),
                (literal, ..) => literal.to_owned(),
            },
        )
        .collect();
    let mut parts = Vec::new();
    if !authors.is_empty() {
        parts.push(escaped(&authors.join("; ")));
    }
    parts.push(format!("“{}”", escaped(&source.title)));
    let place = [source.container_title.as_str(), source.publisher.as_str()]
        .into_iter()
        .find(|text| !text.is_empty());
    let dated: Vec<String> = place
        .map(escaped)
        .into_iter()
        .chain(source.issued.as_ref().map(iso_date))
        .filter(|text| !text.is_empty())
        .collect();
    if !dated.is_empty() {
        parts.push(dated.join(", "));
    }
    if !source.url.is_empty() {
        parts.push(format!("<{}>", address(&source.url)));
    }
    if let Some(accessed) = source.accessed.as_ref().map(iso_date).filter(|text| !text.is_empty()) {
        parts.push(format!("Retrieved {accessed}"));
    }
    if !locator.is_empty() {
        parts.push(escaped(locator));
    }
    parts.join(". ")
}

fn iso_date(date: &CslDate) -> String {
    match date.date_parts.first().map(Vec::as_slice) {
        Some([year]) => format!("{year:04}"),
        Some([year, month]) => format!("{year:04}-{month:02}"),
        Some([year, month, day, ..]) => format!("{year:04}-{month:02}-{day:02}"),
        _ => date.literal.clone(),
    }
}
