//! The sentences and the quotations of a text.

use std::ops::Range;

/// The sentences of a text as ranges of bytes; together they are the whole text.
///
/// A sentence ends with `.`, `!`, `?` or `…` (and what closes after it) before white space and a letter that is not a small one.
/// An initial ("Р. Матраимов") and the common abbreviations of dates and titles end none.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if !matches!(letter, '.' | '!' | '?' | '…' | '\n') {
            continue;
        }
        while let Some((_, '.' | '!' | '?' | '…' | '»' | '”' | '“' | '"' | ')' | '’')) = letters.peek() {
            letters.next();
        }
        let end = letters.peek().map_or(text.len(), |(at, _)| *at);
        if letter == '\n'
            || ends_sentence(
                &text[start..at],
                letter,
                &text[at + letter.len_utf8()..end],
                &text[end..],
            )
        {
            found.push(start..end);
            start = end;
        }
    }
    if start < text.len() {
        found.push(start..text.len());
    }
    found
}

/// Whether a sentence ends at a mark: after what stands before it and with what closes it, before the rest of the text.
fn ends_sentence(before: &str, mark: char, closing: &str, rest: &str) -> bool {
    const ABBREVIATIONS: &[&str] = &[
        "г", "гг", "ул", "стр", "др", "млн", "млрд", "тыс", "см", "ст", "им", "mr", "mrs", "ms", "dr", "no", "st",
        "inc", "ltd", "ж", "б", "a.m", "p.m", "u.s",
    ];
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return false;
    }
    if mark == '.' && closing.is_empty() {
        let word = before
            .rsplit(|c: char| c.is_whitespace() || "«„“\"(".contains(c))
            .next()
            .unwrap_or_default();
        if word.chars().nth(1).is_none() || ABBREVIATIONS.contains(&word.to_lowercase().as_str()) {
            return false;
        }
    }
    // A few characters are enough: a dash, quotation marks, and then a letter.
    let next = rest.chars().take(8).find(|c| c.is_alphanumeric());
    next.is_none_or(|first| !first.is_lowercase())
}

/// The quotations of a text as ranges of bytes between their marks: «», “”, „“ and "". What stands inside another quotation
/// belongs to it; a quotation that is not closed is none.
pub fn quotations(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // Where the outermost open quotation starts, and the marks that are open.
    let mut start = 0;
    let mut open: Vec<char> = Vec::new();
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        let closes = match open.last() {
            Some('«') => letter == '»',
            Some('“') => letter == '”',
            Some('„') => matches!(letter, '“' | '”'),
            Some(_) => letter == '"',
            None => false,
        };
        if closes {
            open.pop();
            if open.is_empty() {
                found.push(start..at);
            }
        } else if matches!(letter, '«' | '“' | '„') || (letter == '"' && !before.is_alphanumeric()) {
            // A mark of one kind inside the same kind is only told apart where the two sides differ.
            if open.is_empty() {
                start = at + letter.len_utf8();
            }
            if letter != '"' || open.last() != Some(&'"') {
                open.push(letter);
            }
        }
        before = letter;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{quotations, sentences};

    fn texts(text: &str, ranges: Vec<std::ops::Range<usize>>) -> Vec<&str> {
        ranges.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn sentences_end_where_readers_stop() {
        let text = "Сот эсептерди камакка алды. «Бул туура эмес!» деди Р. Матраимов. В 2019 г. суд решил иначе.";
        assert_eq!(
            texts(text, sentences(text)),
            [
                "Сот эсептерди камакка алды.",
                " «Бул туура эмес!» деди Р. Матраимов.",
                " В 2019 г. суд решил иначе.",
            ]
        );
    }

    #[test]
    fn marks_alone_take_no_time() {
        for text in [
            ". ".repeat(100_000),
            "\n".repeat(200_000),
            "«".repeat(100_000),
            "a.".repeat(100_000),
        ] {
            let _ = sentences(&text).len() + quotations(&text).len();
        }
    }

    #[test]
    fn quotations_stand_between_their_marks() {
        let text = "«Эсептерди “таза” дешти», “we paid”, \"мы заплатили\", „so“ and «open";
        assert_eq!(
            texts(text, quotations(text)),
            ["Эсептерди “таза” дешти", "we paid", "мы заплатили", "so"]
        );
    }
}
