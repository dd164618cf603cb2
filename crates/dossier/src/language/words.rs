//! The words of a text with their places.

use unicode_segmentation::UnicodeSegmentation;

use crate::text::utf16;

/// A word as it stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// The word as it stands.
    pub text: &'a str,
    /// Where it starts, in bytes.
    pub byte: usize,
    /// Where it starts, in UTF-16 code units from the start of the text.
    pub start: u32,
    /// Where it ends (exclusive), in UTF-16 code units.
    pub end: u32,
}

impl Word<'_> {
    /// Whether its first letter is a capital.
    pub fn is_capitalised(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    /// Whether it is a number, perhaps with separators and a unit: `17`, `3.5`, `1,000`.
    pub fn is_number(&self) -> bool {
        self.text.starts_with(|first: char| first.is_ascii_digit())
    }
}

/// The words of a text in order: words of Unicode Standard Annex 29, so that `Matraimov's`, `3,5` and `kloop.kg` are one each and
/// the parts of `Чолпон-Ата` are two.
pub fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut byte = 0;
    let mut units = 0;
    text.unicode_word_indices().map(move |(at, word)| {
        units += utf16(&text[byte..at]) as u32;
        let start = units;
        units += utf16(word) as u32;
        byte = at + word.len();
        Word {
            text: word,
            byte: at,
            start,
            end: units,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_stand_where_the_page_sees_them() {
        let text = "«Сот 🎻 — Чолпон-Ата», 3,5 млн";
        let units: Vec<u16> = text.encode_utf16().collect();
        let found: Vec<&str> = words(text)
            .map(|word| {
                let there = &units[word.start as usize..word.end as usize];
                assert_eq!(String::from_utf16(there).unwrap(), word.text);
                assert!(text[word.byte..].starts_with(word.text));
                word.text
            })
            .collect();
        assert_eq!(found, ["Сот", "Чолпон", "Ата", "3,5", "млн"]);
    }

    #[test]
    fn a_soft_hyphen_does_not_break_a_word() {
        assert_eq!(words("мил\u{ad}лион сом").count(), 2);
    }
}
