//! From a footnote to a source: taking a note's text apart, and finding the words that a note stands on.

use std::collections::BTreeMap;

use komuz_release::csl::{self, iso};
use komuz_release::story::{CslDate, Custom, Name, Source, safe_link};
use serde_json::Value;

/// Reads a note: `Author. "Title". Container, 21 November 2019. https://… Retrieved 2020-07-20. p. 4` in any of the usual
/// orders. What is not recognised stays in the title; the note's own words are kept under `note`, so that nothing is lost.
/// Returns the source without an id, and the locator.
pub fn source(text: &str, link: Option<&str>) -> (Source, String) {
    let text = squeeze(text);
    let mut rest = text.clone();
    let mut url = link.filter(|link| safe_link(link)).unwrap_or_default().to_owned();
    while let Some((start, end)) = find_address(&rest) {
        if url.is_empty() && safe_link(&rest[start..end]) {
            url = rest[start..end].to_owned();
        }
        rest.replace_range(start..end, "");
    }
    let locator = take_locator(&mut rest);
    let accessed = take_accessed(&mut rest);
    let issued = take_date(&mut rest);
    let (before, title, after) = quoted(&rest);
    let tidy = |text: &str| {
        text.trim_matches(|c: char| c.is_whitespace() || ".,;:()-–—".contains(c))
            .to_owned()
    };
    let (author, title, container) = match title {
        Some(title) => (tidy(&before), tidy(&title), tidy(&after)),
        None => (String::new(), tidy(&rest), String::new()),
    };
    let title = if title.is_empty() { url.clone() } else { title };
    let mut other = BTreeMap::new();
    if title != text {
        other.insert("note".to_owned(), Value::String(text));
    }
    let read = Source {
        id: String::new(),
        kind: if url.is_empty() { "document" } else { "webpage" }.to_owned(),
        author: authors(&author),
        language: language_of(&title).to_owned(),
        title,
        container_title: container,
        publisher: String::new(),
        issued,
        accessed,
        url,
        custom: Custom::default(),
        other,
    };
    (read, locator)
}

/// The longest note that becomes a source, in characters: its text must fit into a title, and its JSON into a member that is
/// kept ([`csl::MAX_FIELD`], and four times that in bytes with the quotation marks).
const MAX_NOTE: usize = csl::MAX_FIELD - 100;

/// A note's text as far as a source takes it, and whether that is all of it.
pub fn bounded(text: &str) -> (&str, bool) {
    match text.char_indices().nth(MAX_NOTE) {
        Some((end, _)) => (&text[..end], false),
        None => (text, true),
    }
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn find_address(text: &str) -> Option<(usize, usize)> {
    let start = text.find("https://").or_else(|| text.find("http://"))?;
    let end = text[start..]
        .find(char::is_whitespace)
        .map_or(text.len(), |length| start + length);
    let trimmed = text[start..end].trim_end_matches(['.', ',', ';', ')', ']', '»', '"', '”']);
    Some((start, start + trimmed.len()))
}

/// `p. 4`, `pp. 4–6`, `с. 4`, `стр. 4`, `б. 4` at the end of a note.
fn take_locator(text: &mut String) -> String {
    let trimmed = text.trim_end_matches([' ', '.', ',', ';']);
    for mark in ["pp. ", "p. ", "стр. ", "с. ", "бет ", "б. "] {
        let Some(at) = trimmed.rfind(mark) else { continue };
        let number = &trimmed[at + mark.len()..];
        let starts_word = trimmed[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let is_number = number.starts_with(|c: char| c.is_ascii_digit())
            && number
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '-' | '–' | ',' | ' '));
        if starts_word && is_number {
            let locator = trimmed[at..].to_owned();
            text.truncate(at);
            return locator;
        }
    }
    String::new()
}

/// `Retrieved 2020-07-20`, `accessed on 20 July 2020`, `дата обращения: 20 июля 2020`, `каралган күнү: …`.
fn take_accessed(text: &mut String) -> Option<CslDate> {
    let lower = text.to_lowercase();
    // Lower-casing may change lengths in rare scripts; positions are only used where it did not.
    if lower.len() != text.len() {
        return None;
    }
    let words = [
        "retrieved",
        "accessed",
        "дата обращения",
        "проверено",
        "каралган күнү",
        "каралды",
    ];
    let at = words.iter().filter_map(|word| lower.find(word)).min()?;
    let mut tail = text.get(at..)?.to_owned();
    let date = take_date(&mut tail)?;
    text.truncate(at);
    let tail = tail.trim_start_matches(|c: char| c.is_alphabetic() || c.is_whitespace() || ":.,".contains(c));
    text.push_str(tail);
    Some(date)
}

/// Month names by their first letters, in English, Russian and Kyrgyz (which uses the Russian names).
const MONTHS: [(&str, i32); 26] = [
    ("january", 1),
    ("february", 2),
    ("march", 3),
    ("april", 4),
    ("may", 5),
    ("june", 6),
    ("july", 7),
    ("august", 8),
    ("september", 9),
    ("october", 10),
    ("november", 11),
    ("december", 12),
    ("январ", 1),
    ("феврал", 2),
    ("март", 3),
    ("апрел", 4),
    ("май", 5),
    ("мая", 5),
    ("июн", 6),
    ("июл", 7),
    ("август", 8),
    ("сентябр", 9),
    ("октябр", 10),
    ("ноябр", 11),
    ("декабр", 12),
    ("sept", 9),
];

fn month(word: &str) -> Option<i32> {
    let word = word.to_lowercase();
    MONTHS
        .iter()
        .find(|(name, _)| {
            if name.is_ascii() {
                word == *name || (word.len() >= 3 && word.len() <= 4 && name.starts_with(&word))
            } else {
                word.starts_with(name)
            }
        })
        .map(|(_, number)| *number)
}

/// Takes the first date out of the text: ISO, `21 November 2019`, `November 21, 2019`, `21 ноября 2019`, `2019-жылдын
/// 21-ноябры`, `November 2019`.
fn take_date(text: &mut String) -> Option<CslDate> {
    let words: Vec<(usize, &str)> = words(text);
    let number = |index: usize| -> Option<i32> {
        let digits: String = words.get(index)?.1.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let year = |index: usize| number(index).filter(|year| (1800..=2200).contains(year));
    let day = |index: usize| number(index).filter(|day| (1..=31).contains(day));
    let month_at = |index: usize| {
        words
            .get(index)
            .and_then(|(_, word)| month(word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-')))
    };
    let mut index = 0;
    while let Some((at, word)) = words.get(index).copied() {
        let found = if let Some(parts) = iso(word).filter(|parts| parts.len() > 1) {
            Some((parts, index + 1))
        } else if let (Some(d), Some(m), Some(y)) = (day(index), month_at(index + 1), year(index + 2)) {
            Some((vec![y, m, d], index + 3))
        } else if let (Some(m), Some(d), Some(y)) = (month_at(index), day(index + 1), year(index + 2)) {
            Some((vec![y, m, d], index + 3))
        } else if let (Some(y), Some(m), Some(d)) = (year(index), month_at(index + 1), day(index + 1)) {
            Some((vec![y, m, d], index + 2))
        } else if let (Some(m), Some(y)) = (month_at(index), year(index + 1)) {
            Some((vec![y, m], index + 2))
        } else {
            None
        };
        let Some((parts, next)) = found else {
            index += 1;
            continue;
        };
        // A day that no calendar has is no date: all its words stay.
        let Some(parts) = csl::checked(parts) else {
            index = next;
            continue;
        };
        let (last, word) = words[next - 1];
        let mut end = last + word.len();
        for ending in [" года", " г.", " г", " жыл"] {
            if text[end..].starts_with(ending) {
                end += ending.len();
                break;
            }
        }
        let date = CslDate {
            date_parts: vec![parts],
            literal: String::new(),
        };
        text.replace_range(at..end, "");
        return Some(date);
    }
    None
}

/// Words with their offsets, without the punctuation around them.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if c.is_alphanumeric() || c == '-' {
            start.get_or_insert(at);
        } else if let Some(from) = start.take() {
            found.push((from, &text[from..at]));
        }
    }
    found
}

/// Splits a note at its quoted title.
fn quoted(text: &str) -> (String, Option<String>, String) {
    for (open, close) in [('“', '”'), ('"', '"'), ('„', '“'), ('«', '»')] {
        if let Some((before, tail)) = text.split_once(open) {
            // Guillemets nest (a name inside a title): take the last one.
            let end = if open == '«' {
                tail.rfind(close)
            } else {
                tail.find(close)
            };
            if let Some(end) = end.filter(|end| *end > 0) {
                let title = tail[..end].to_owned();
                let after = tail[end + close.len_utf8()..].to_owned();
                // A short name in quotation marks is part of a title, not the title.
                if open != '«' || before.trim().chars().count() < 60 {
                    return (before.to_owned(), Some(title), after);
                }
            }
        }
    }
    (String::new(), None, String::new())
}

fn authors(text: &str) -> Vec<Name> {
    if text.is_empty() {
        return Vec::new();
    }
    let words = |text: &str| text.split_whitespace().count();
    match text.split_once(", ") {
        // "Putz, Catherine"
        Some((family, given)) if words(family) == 1 && (1..=2).contains(&words(given)) && !given.contains(',') => {
            vec![Name {
                family: family.to_owned(),
                given: given.to_owned(),
                literal: String::new(),
            }]
        }
        _ => vec![Name {
            literal: text.to_owned(),
            ..Name::default()
        }],
    }
}

/// `ky` or `ru` where the letters tell; nothing for Latin script, which they do not tell apart.
fn language_of(text: &str) -> &'static str {
    if text.chars().any(|c| "ңөүҢӨҮ".contains(c)) {
        "ky"
    } else if text
        .chars()
        .filter(|c| ('а'..='я').contains(c) || ('А'..='Я').contains(c))
        .count()
        > 3
    {
        "ru"
    } else {
        ""
    }
}

/// A block's text, in which the sentences that notes stand on are looked for.
pub struct Sentences {
    /// The characters with their positions in UTF-16 code units.
    chars: Vec<(usize, char)>,
}

impl Sentences {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        let mut units = 0;
        let with_position = |c: char| {
            let position = units;
            units += c.len_utf16();
            (position, c)
        };
        Self {
            chars: text.chars().map(with_position).collect(),
        }
    }

    /// Where the sentence starts that ends at `at`; not before `floor`. All in UTF-16 code units. `at` where no words stand
    /// before it.
    pub fn start(&self, at: usize, floor: usize) -> usize {
        let place = |wanted: usize| self.chars.partition_point(|(position, _)| *position < wanted);
        let end = place(at);
        let chars = &self.chars[place(floor).min(end)..end];
        let is_end = |c: char| matches!(c, '.' | '!' | '?' | '…');
        let closes = |c: char| matches!(c, '"' | '”' | '»' | ')' | '\'' | '’');
        // The sentence's own full stop stands before the note.
        let body = chars
            .iter()
            .rposition(|(_, c)| !(is_end(*c) || closes(*c) || c.is_whitespace()))
            .map_or(0, |last| last + 1);
        let mut start = 0;
        for index in (1..body).rev() {
            let (before, here) = (chars[index - 1].1, chars[index].1);
            let full_stop = is_end(before) || (closes(before) && index >= 2 && is_end(chars[index - 2].1));
            // A capital behind the space, so that "p. 4" and "No. 2" end no sentence.
            let starts = chars
                .get(index + 1)
                .is_some_and(|(_, next)| !next.is_lowercase() && !next.is_ascii_digit());
            if full_stop && here.is_whitespace() && starts {
                start = index + 1;
                break;
            }
        }
        while chars
            .get(start)
            .is_some_and(|(_, c)| c.is_whitespace() || matches!(c, ',' | ';' | '.' | ':'))
            && start < body
        {
            start += 1;
        }
        chars
            .get(start)
            .filter(|_| start < body)
            .map_or(at, |(position, _)| *position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_in_the_usual_form_is_taken_apart() {
        let (source, locator) = source(
            "Putz, Catherine. \"Server Shenanigans: Local Media Reports Kyrgyz Campaign Used Government Server\". \
             thediplomat.com, 21 November 2017. Retrieved 2020-07-20, p. 4",
            Some("https://thediplomat.com/2017/11/server"),
        );
        assert_eq!(source.author[0].family, "Putz");
        assert_eq!(
            source.title,
            "Server Shenanigans: Local Media Reports Kyrgyz Campaign Used Government Server"
        );
        assert_eq!(source.container_title, "thediplomat.com");
        assert_eq!(source.issued.expect("dated").date_parts, [[2017, 11, 21]]);
        assert_eq!(source.accessed.expect("dated").date_parts, [[2020, 7, 20]]);
        assert_eq!(
            (source.url.as_str(), locator.as_str()),
            ("https://thediplomat.com/2017/11/server", "p. 4")
        );
    }

    #[test]
    fn russian_and_kyrgyz_notes_are_taken_apart() {
        let (russian, _) = source(
            "Искендер, Бектур. «Максим Бакиев может быть причастен к продаже акций «Кыргызтелекома»». Kloop, 5 февраля 2010 года. Дата обращения: 20 июля 2020.",
            None,
        );
        assert_eq!(
            russian.title,
            "Максим Бакиев может быть причастен к продаже акций «Кыргызтелекома»"
        );
        assert_eq!(
            (russian.language.as_str(), russian.container_title.as_str()),
            ("ru", "Kloop")
        );
        assert_eq!(russian.issued.expect("dated").date_parts, [[2010, 2, 5]]);
        assert_eq!(russian.accessed.expect("dated").date_parts, [[2020, 7, 20]]);
        let (kyrgyz, _) = source("«Бийлик бизден коркот», Азаттык, 2019-жылдын 21-ноябры", None);
        assert_eq!(kyrgyz.issued.expect("dated").date_parts, [[2019, 11, 21]]);
    }

    #[test]
    fn a_note_that_nobody_can_take_apart_is_kept_as_it_is() {
        let (source, locator) = source("Letter of the ministry, in our archive", None);
        assert_eq!(
            (source.title.as_str(), source.kind.as_str(), locator.as_str()),
            ("Letter of the ministry, in our archive", "document", "")
        );
    }

    #[test]
    fn a_bare_address_is_its_own_title() {
        let (source, _) = source("https://eurasianet.org/x.", None);
        assert_eq!(
            (source.title.as_str(), source.url.as_str()),
            ("https://eurasianet.org/x", "https://eurasianet.org/x")
        );
    }

    #[test]
    fn a_note_stands_on_its_sentence() {
        let text = "First one. Second, see p. 4, here. Third";
        assert_eq!(Sentences::of(text).start(10, 0), 0);
        assert_eq!(Sentences::of(text).start(34, 0), 11);
        assert_eq!(Sentences::of(text).start(40, 0), 35);
    }

    #[test]
    fn two_notes_in_one_sentence_share_it_in_turn() {
        let text = "Some said so, others did not.";
        assert_eq!(Sentences::of(text).start(12, 0), 0);
        assert_eq!(Sentences::of(text).start(29, 12), 14);
    }

    #[test]
    fn positions_are_utf16() {
        let text = "👩🏽‍⚖️ соттун чечими. Экинчи сүйлөм";
        let at = text.encode_utf16().count();
        let start = Sentences::of(text).start(at, 0);
        let tail: Vec<u16> = text.encode_utf16().skip(start).collect();
        assert_eq!(String::from_utf16(&tail).expect("whole characters"), "Экинчи сүйлөм");
    }
}
