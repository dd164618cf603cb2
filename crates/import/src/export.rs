//! Writing stories for elsewhere.

use komuz_release::story::{BlockKind, CslDate, Source, Span, Story};

/// The whole story with its sources as JSON (docs/story.schema.json); [`crate::import`] reads it back to an equal story.
pub fn export_json(story: &Story) -> String {
    // A value of plain structs, strings and numbers has no way to fail.
    serde_json::to_string_pretty(story).unwrap_or_default() + "\n"
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
        if !value.is_empty() {
            out.push_str(&format!("{key}: {}\n", value.replace('\n', " ")));
        }
    }
    out.push_str("---\n");
    let mut counters = [0usize; 8];
    let mut in_list = false;
    for block in &story.blocks {
        let notes: Vec<(u32, usize)> = story
            .citations
            .iter()
            .enumerate()
            .filter(|(_, citation)| citation.end.block == block.id)
            .map(|(index, citation)| (citation.end.offset, index + 1))
            .collect();
        let text = inline(&block.text, notes);
        let item = matches!(block.kind, BlockKind::Item { .. });
        // A list is tight, everything else stands apart.
        out.push_str(if item && in_list { "" } else { "\n" });
        if !item {
            counters = [0; 8];
        }
        in_list = item;
        match &block.kind {
            BlockKind::Paragraph | BlockKind::Other { .. } => out.push_str(&text.replace('\n', "\\\n")),
            BlockKind::Heading { level } => {
                out.push_str(&format!("{} {}", "#".repeat((*level).into()), text.replace('\n', " ")));
            }
            BlockKind::Quote => out.push_str(&format!("> {}", text.replace('\n', "\\\n> "))),
            BlockKind::Item { ordered, depth } => {
                let level = usize::from(*depth).min(counters.len() - 1);
                counters[level] += 1;
                counters[level + 1..].fill(0);
                let mark = if *ordered {
                    format!("{}.", counters[level])
                } else {
                    "-".to_owned()
                };
                let indent = " ".repeat(4 * level);
                out.push_str(&format!(
                    "{indent}{mark} {}",
                    text.replace('\n', &format!("\\\n{indent}    "))
                ));
            }
            BlockKind::Figure { alt, credit, .. } => {
                let parts: Vec<&str> = [text.as_str(), alt, credit]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect();
                out.push_str(&parts.join(" · "));
            }
            BlockKind::Rule => out.push_str("***"),
        }
        out.push('\n');
    }
    for (index, citation) in story.citations.iter().enumerate() {
        let source = story.sources.iter().find(|source| source.id == citation.source);
        let note = source.map_or_else(|| citation.source.clone(), |source| note(source, &citation.locator));
        out.push_str(&format!("\n[^{}]: {note}\n", index + 1));
    }
    out
}

fn inline(spans: &[Span], notes: Vec<(u32, usize)>) -> String {
    let mut out = String::new();
    let mut position = 0;
    let mut notes = notes.into_iter().peekable();
    for span in spans {
        let mut rest = String::new();
        for c in span.text.chars() {
            while notes.peek().is_some_and(|(at, _)| *at <= position) {
                out.push_str(&marked(&std::mem::take(&mut rest), span));
                out.extend(notes.next().map(|(_, number)| format!("[^{number}]")));
            }
            rest.push(c);
            position += c.len_utf16() as u32;
        }
        out.push_str(&marked(&rest, span));
    }
    out.extend(notes.map(|(_, number)| format!("[^{number}]")));
    out
}

/// A run with its marks; white space at its ends stands outside of them, or Markdown would not see the marks.
fn marked(text: &str, span: &Span) -> String {
    let inner = text.trim();
    if inner.is_empty() {
        return text.to_owned();
    }
    let (start, end) = (text.len() - text.trim_start().len(), text.trim_end().len());
    let mut body = if span.marks.code {
        format!("`{}`", inner.replace('`', "'"))
    } else {
        escaped(inner)
    };
    if span.marks.emphasis {
        body = format!("*{body}*");
    }
    if span.marks.strong {
        body = format!("**{body}**");
    }
    if let Some(link) = &span.marks.link {
        body = format!("[{body}](<{link}>)");
    }
    format!("{}{body}{}", &text[..start], &text[end..])
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let at_start = at == 0 && matches!(c, '#' | '>' | '-' | '+' | '=' | '~');
        if at_start || matches!(c, '\\' | '*' | '_' | '[' | ']' | '<' | '`' | '&' | '|') {
            out.push('\\');
        }
        // "1." at the start of a line would be a list.
        if matches!(c, '.' | ')') && at > 0 && text[..at].bytes().all(|byte| byte.is_ascii_digit()) {
            out.push('\\');
        }
        out.push(c);
    }
    out
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
        parts.push(format!("<{}>", source.url));
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
