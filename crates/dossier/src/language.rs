//! The words of a text in Kyrgyz, Russian and English: where they stand, what they are without case and typography, and which
//! of them are forms of one word.
//!
//! - [`words`]: the words of a text with their places.
//! - [`fold()`]: one spelling for what readers take for the same: case, `ё` and `е`, curly and straight apostrophes.
//! - [`stem`]: forms of one word meet ("эсептердин" and "эсептер", "арестован" and "арестовали", "froze" and "freezes").
//! - [`form`]: forms of a name whose nominative is known.
//! - [`common`]: words that carry no assertion of their own, verbs of saying, and words that are verbs by their form.
//! - [`said`]: what a headline says and what a claim bears.
//! - [`sentence`]: the sentences and quotations of a text.
//!
//! Everything is rules and short lists written for Komuz, nothing is data from elsewhere: there is no lexicon. Two forms of a
//! word whose stem itself changes ("идти" and "шёл") do not meet, and now and then two words meet that are none of one another
//! ("капитан" and "капитал"). What is built on it therefore says "look here" and never decides.

pub mod common;
mod english;
pub mod fold;
pub mod form;
mod kyrgyz;
mod russian;
pub mod said;
pub mod sentence;
pub mod stem;
pub mod words;

pub use fold::fold;
pub use stem::{Stem, meet, stems};
pub use words::{Word, words};

/// A language that Komuz knows forms of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Kyrgyz.
    Kyrgyz,
    /// Russian.
    Russian,
    /// English.
    English,
    #[default]
    /// Any other: words are compared as they stand, but for case and typography.
    Other,
}

impl Language {
    /// The language of a BCP 47 tag: `ky`, `ru-KG`, `en`.
    pub fn of(tag: &str) -> Self {
        match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "ky" => Self::Kyrgyz,
            "ru" => Self::Russian,
            "en" => Self::English,
            _ => Self::Other,
        }
    }

    /// The language whose rules hold for one folded word in a text of this language: names in Latin letters take English
    /// endings, Cyrillic words in an English text Russian ones.
    pub fn for_word(self, folded: &str) -> Self {
        match (self, folded.chars().next().is_some_and(is_cyrillic)) {
            (Self::Other, _) => Self::Other,
            (Self::English, true) => Self::Russian,
            (language, true) => language,
            (_, false) => Self::English,
        }
    }
}

/// Whether a letter is Cyrillic.
pub fn is_cyrillic(letter: char) -> bool {
    matches!(letter, '\u{400}'..='\u{52f}')
}
