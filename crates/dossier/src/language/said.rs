//! What a stretch of text says, so that a headline can be held against it.

use super::common::{is_assertion, is_common, is_saying, small_number};
use super::sentence::sentences;
use super::{Language, Stem, fold, is_cyrillic, stems, words};

/// The words of a claim as they are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Stems of all its words, sorted.
    stems: Vec<Stem>,
    /// Stems of words that stand behind a "not", sorted.
    denied: Vec<Stem>,
    /// Its numbers.
    numbers: Vec<String>,
}

impl Said {
    /// Reads a text of a language.
    pub fn of(text: &str, language: Language) -> Self {
        let mut said = Self::default();
        // A "not" reaches two words far.
        let mut denies = 0;
        for word in words(text) {
            let folded = fold(word.text);
            if let Some(number) = number(&folded, language) {
                said.numbers.push(number);
                continue;
            }
            if matches!(folded.as_str(), "не" | "not" | "never" | "нет" | "no") || folded.ends_with("n't") {
                denies = 3;
            }
            let stems = stems(&folded, language);
            if denies > 0 {
                said.denied.extend(&stems);
                denies -= 1;
            }
            // In Kyrgyz it stands behind the word: "жардырылган эмес".
            if folded == "эмес" || folded == "жок" {
                let last = said.stems.len().saturating_sub(12);
                said.denied.extend_from_slice(&said.stems[last..]);
            }
            said.stems.extend(stems);
        }
        for list in [&mut said.stems, &mut said.denied] {
            list.sort_unstable();
            list.dedup();
        }
        said
    }

    /// Whether it has a form of a word.
    pub fn has(&self, point: &Point) -> bool {
        if point.what == What::Number {
            return self.numbers.contains(&point.folded);
        }
        let any = |list: &[Stem]| point.stems.iter().any(|stem| list.binary_search(stem).is_ok());
        any(&self.stems) && (point.what != What::Verb || point.denied == any(&self.denied))
    }
}

/// A word of a headline that something must bear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The word as it stands.
    pub word: String,
    /// Where it stands, in UTF-16 code units of the text.
    pub start: u32,
    /// What kind of word it is by its form.
    pub what: What,
    folded: String,
    stems: Vec<Stem>,
    denied: bool,
}

/// What a word of a headline is by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A verb: something happened.
    Verb,
    /// A number.
    Number,
    /// Any other word of weight.
    Thing,
}

/// What one sentence of a headline or a summary says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The sentence as it stands.
    pub text: String,
    /// Its words of weight: all but the common ones and those of saying.
    pub points: Vec<Point>,
    /// Whether it asserts something: it has a verb and is no question.
    pub asserts: bool,
}

/// The sentences of a headline or a summary in a language.
pub fn statements(text: &str, language: Language) -> Vec<Statement> {
    let mut units = 0;
    sentences(text)
        .into_iter()
        .map(|range| {
            let sentence = &text[range];
            let statement = statement(sentence, units, language);
            units += crate::text::utf16(sentence) as u32;
            statement
        })
        .collect()
}

fn statement(sentence: &str, from: u32, language: Language) -> Statement {
    let list: Vec<_> = words(sentence).map(|word| (word, fold(word.text))).collect();
    let mut points = Vec::new();
    let mut verb = false;
    let mut denies = 0;
    for (at, (word, folded)) in list.iter().enumerate() {
        if let Some(number) = number(folded, language) {
            points.push(Point {
                word: word.text.to_owned(),
                start: from + word.start,
                what: What::Number,
                folded: number,
                stems: Vec::new(),
                denied: false,
            });
            continue;
        }
        let asserts = is_assertion(folded, at + 1 == list.len(), language);
        verb |= asserts;
        if matches!(folded.as_str(), "не" | "not" | "never" | "нет" | "no") || folded.ends_with("n't") {
            denies = 3;
        }
        let after = list.get(at + 1).map(|(_, folded)| folded.as_str());
        let denied = denies > 0 || matches!(after, Some("эмес" | "жок"));
        denies -= i32::from(denies > 0);
        // A letter alone is an initial or a preposition.
        if is_common(folded, language) || is_saying(folded, language) || folded.chars().count() < 2 {
            continue;
        }
        points.push(Point {
            word: word.text.to_owned(),
            start: from + word.start,
            what: if asserts { What::Verb } else { What::Thing },
            stems: stems(folded, language),
            folded: folded.clone(),
            denied,
        });
    }
    let text = sentence.trim().to_owned();
    let asks = text.trim_end_matches(['"', '»', '”', ')']).ends_with('?');
    Statement {
        asserts: verb && !asks,
        points,
        text,
    }
}

/// A number as digits without separators of thousands: "1,000", "1 000" in one word, "three", "үч".
fn number(folded: &str, language: Language) -> Option<String> {
    if let Some(small) = small_number(folded, language) {
        return Some(small.to_string());
    }
    let digits: String = folded.chars().filter(|c| c.is_ascii_digit()).collect();
    let only = folded
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '\''));
    (!digits.is_empty() && (only || !folded.chars().any(is_cyrillic))).then_some(digits)
}
