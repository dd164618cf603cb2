//! The head of a Markdown file: lines `key: value` between two lines `---`.

use komuz_release::folder::is_lang;
use komuz_release::story::Byline;

use crate::draft::{Draft, shown};
use crate::left_out::What;

/// Takes the head into the draft and returns what stands below it. A file that starts with `---` and has other lines than
/// those of a head there, or none that is known, starts with a rule: all of it is text.
pub fn read<'a>(text: &'a str, draft: &mut Draft) -> &'a str {
    let Some((entries, body)) = split(text) else {
        return text;
    };
    if !entries.iter().any(|(key, _)| field(key).is_some()) {
        return text;
    }
    for (key, value) in entries {
        match field(&key) {
            Some(Field::Lang) if value.is_empty() || is_lang(&value) => draft.lang = value,
            Some(Field::Lang) => draft.leave_out(What::Language(shown(&value))),
            Some(Field::Headline) => draft.headline = value,
            Some(Field::Summary) => draft.summary = value,
            Some(Field::Byline) => {
                let names = value.split(';').map(str::trim).filter(|name| !name.is_empty());
                draft.byline = names
                    .map(|name| Byline {
                        name: name.to_owned(),
                        outlet: None,
                    })
                    .collect();
            }
            None => draft.leave_out(What::HeadLine(shown(&format!("{key}: {value}")))),
        }
    }
    body
}

enum Field {
    Lang,
    Headline,
    Summary,
    Byline,
}

fn field(key: &str) -> Option<Field> {
    Some(match key {
        "lang" | "language" => Field::Lang,
        "headline" | "title" => Field::Headline,
        "summary" | "subtitle" => Field::Summary,
        "byline" | "author" => Field::Byline,
        _ => return None,
    })
}

/// The entries of the head and the text below it.
fn split(text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut rest = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"))?;
    let mut entries: Vec<(String, String)> = Vec::new();
    loop {
        let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.trim_end();
        if matches!(line, "---" | "...") {
            return Some((entries, below));
        }
        if rest.is_empty() {
            return None;
        }
        rest = below;
        let more = line.trim_start();
        if more.is_empty() || more.starts_with('#') {
            continue;
        }
        // A list or a longer value, under the line with its key.
        if more.starts_with("- ") || more.len() < line.len() {
            let (_, value) = entries.last_mut()?;
            let (between, part) = match more.strip_prefix("- ") {
                Some(item) => ("; ", item),
                None => (" ", more),
            };
            if !value.is_empty() {
                value.push_str(between);
            }
            value.push_str(&unquoted(part));
            continue;
        }
        let (key, value) = line.split_once(':')?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if key.is_empty() || !key.chars().all(plain) || !(value.is_empty() || value.starts_with(' ')) {
            return None;
        }
        entries.push((key.to_owned(), unquoted(value)));
    }
}

/// A value without the quotation marks around it and without what is nobody's words.
fn unquoted(value: &str) -> String {
    let value = value.trim();
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    inner.unwrap_or(value).chars().filter(|c| crate::is_text(*c)).collect()
}
