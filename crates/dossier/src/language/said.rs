//! What a stretch of text says, so that a headline can be held against it.

use super::common::{is_assertion, is_common, is_saying, small_number};
use super::sentence::sentences;
use super::{Language, Stem, fold, is_cyrillic, kyrgyz, stems, words};

/// The words of a claim as they are compared. Stems of Cyrillic words are found when they are asked for: that takes a while, a headline has
/// few words, and most words of a claim begin otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    language: Language,
    words: Vec<Heard>,
    numbers: Vec<String>,
}

/// A word of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Heard {
    folded: String,
    /// Its stems, where it is not Cyrillic.
    stems: Vec<Stem>,
    /// It stands behind a "not".
    denied: bool,
}

impl Said {
    /// Reads a text of a language.
    pub fn of(text: &str, language: Language) -> Self {
        let mut said = Self {
            language,
            ..Self::default()
        };
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
            // In Kyrgyz it stands behind the word: "жардырылган эмес".
            if folded == "эмес" || folded == "жок" {
                said.words.iter_mut().rev().take(2).for_each(|word| word.denied = true);
            }
            let denied = denies > 0;
            denies -= i32::from(denied);
            let stems = match folded.starts_with(is_cyrillic) {
                true => Vec::new(),
                false => stems(&folded, language),
            };
            said.words.push(Heard { folded, stems, denied });
        }
        said
    }

    /// Whether it has a form of a word.
    pub fn has(&self, point: &Point) -> bool {
        if point.what == What::Number {
            return self.numbers.contains(&point.folded);
        }
        let (mut has, mut denied) = (false, false);
        let meet = |own: &[Stem]| own.iter().any(|stem| point.stems.contains(stem));
        for word in &self.words {
            if has && !word.denied {
                continue;
            }
            let meets = match word.stems.as_slice() {
                [] => begin_alike(&word.folded, &point.folded) && meet(&stems(&word.folded, self.language)),
                own => meet(own),
            };
            has |= meets;
            denied |= meets && word.denied;
        }
        has && (point.what != What::Verb || point.denied == denied)
    }
}

/// Whether two words may have a stem in common by their first two letters: Cyrillic stems are beginnings of their words, but that a Kyrgyz
/// one hardens its last letter.
fn begin_alike(one: &str, other: &str) -> bool {
    let beginning = |word: &str| {
        let mut letters = word.chars().map(kyrgyz::hard);
        (letters.next(), letters.next())
    };
    beginning(one) == beginning(other)
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
