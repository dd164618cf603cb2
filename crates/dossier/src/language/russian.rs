//! Russian: endings of nouns, adjectives and verbs, vowels that come and go, and the changes of a verb's last consonant.

use super::stem::{Reading, Stem};

const NOUN: &[&str] = &[
    "", "а", "я", "о", "е", "у", "ю", "ы", "и", "ь", "й", "ом", "ем", "ой", "ей", "ою", "ею", "ью", "ам", "ям", "ами",
    "ями", "ах", "ях", "ов", "ев",
];
const ADJECTIVE: &[&str] = &[
    "ого", "его", "ому", "ему", "ыми", "ими", "ый", "ий", "ой", "ая", "яя", "ое", "ее", "ые", "ие", "ым", "им", "ом",
    "ем", "ей", "ую", "юю", "ых", "их",
];
const VERB: &[&str] = &[
    "уют", "ует", "ете", "ите", "ешь", "ишь", "вши", "ла", "ло", "ли", "ть", "ти", "чь", "ют", "ут", "ят", "ат", "ет",
    "ит", "ем", "им", "л", "ю", "у", "в",
];

pub(super) fn stems(word: &str) -> Vec<Stem> {
    let mut out = Vec::with_capacity(6);
    for ending in NOUN {
        if let Some(rest) = strip(word, ending, 3) {
            out.push(Stem::new(rest.trim_end_matches('ь'), Reading::Noun));
        }
    }
    if let Some(closed) = without_fleeting(word) {
        out.push(Stem::new(&closed, Reading::Noun));
        out.push(Stem::new(&closed, Reading::Adjective));
    }
    for ending in ADJECTIVE {
        if let Some(rest) = strip(word, ending, 3) {
            out.push(Stem::new(rest, Reading::Adjective));
            participle(rest, &mut out);
        }
    }
    if let Some(rest) = word.strip_suffix(['а', 'о', 'ы']).filter(|rest| rest.ends_with('н')) {
        out.push(Stem::new(rest, Reading::Adjective));
    }
    verb(word, &mut out);
    out
}

fn strip<'a>(word: &'a str, ending: &str, least: usize) -> Option<&'a str> {
    word.strip_suffix(ending)
        .filter(|rest| rest.chars().count() >= least && rest.contains(is_vowel))
}

/// "рынок" as "рынк", "окон" as "окн": the word without an о or е between its last consonants.
pub(super) fn without_fleeting(word: &str) -> Option<String> {
    let mut letters = word.char_indices().rev();
    let (last_at, last) = letters.next()?;
    let (at, _) = letters.next().filter(|(_, vowel)| matches!(vowel, 'о' | 'е'))?;
    let (_, before) = letters.next()?;
    letters.next()?;
    if is_vowel(before) || is_vowel(last) || before == 'й' {
        return None;
    }
    Some(format!("{}{}", &word[..at], &word[last_at..]))
}

/// The verb in an adjective's stem that is a participle's: "арестованн", "взят", "бежавш".
fn participle(stem: &str, out: &mut Vec<Stem>) {
    for mark in ["нн", "вш", "ущ", "ющ", "ащ", "ящ", "т"] {
        if let Some(rest) = stem.strip_suffix(mark)
            && (mark.len() > 2 && mark != "нн" || rest.ends_with(is_vowel))
        {
            theme(rest, out);
        }
    }
}

fn verb(word: &str, out: &mut Vec<Stem>) {
    if word.chars().count() < 4 {
        return;
    }
    let word = word
        .strip_suffix("ся")
        .or_else(|| word.strip_suffix("сь"))
        .unwrap_or(word);
    for ending in VERB {
        if let Some(rest) = strip(word, ending, 2) {
            theme(rest, out);
        }
    }
    // Short participles: "арестован", "похищены", "убита".
    let short = word.strip_suffix(['а', 'о', 'ы']).unwrap_or(word);
    if let Some(rest) = short.strip_suffix('н')
        && rest.ends_with(['а', 'я', 'е'])
    {
        theme(rest, out);
    }
    if let Some(rest) = short.strip_suffix('т')
        && rest.ends_with(['и', 'ы', 'у', 'я', 'о'])
    {
        theme(rest, out);
    }
}

/// The verb without the vowel that joins its endings: "арестова" as "арест", "задержа" and "задержива" as "задерж".
fn theme(verb: &str, out: &mut Vec<Stem>) {
    let long = ["ова", "ева", "ыва", "ива"]
        .iter()
        .find_map(|theme| strip(verb, theme, 4));
    let stem = long.unwrap_or_else(|| verb.strip_suffix(is_vowel).unwrap_or(verb));
    if stem.chars().count() < 2 {
        return;
    }
    out.push(Stem::new(stem, Reading::Verb));
    if stem.chars().count() < 3 {
        return;
    }
    // "похищ" and "похит", "осужд" and "осуд", "купл" and "куп", "откаж" and "отказ".
    for (changed, plain) in [
        ("жд", "д"),
        ("щ", "т"),
        ("ч", "т"),
        ("ш", "с"),
        ("ж", "д"),
        ("ж", "з"),
        ("бл", "б"),
        ("пл", "п"),
        ("вл", "в"),
        ("мл", "м"),
    ] {
        if let Some(rest) = stem.strip_suffix(changed) {
            out.push(Stem::new(&format!("{rest}{plain}"), Reading::Verb));
        }
    }
}

pub(super) fn is_vowel(letter: char) -> bool {
    matches!(letter, 'а' | 'е' | 'и' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'я')
}
