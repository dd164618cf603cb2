//! English: -s, -ed, -ing, -ly, the possessive, and a table of irregular verbs that stand in news.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::stem::{Reading, Stem};

/// Forms of irregular verbs; the first of each line is the base.
const IRREGULAR: &[&str] = &[
    "be is are was were been being am",
    "become became",
    "begin began begun",
    "blow blew blown",
    "break broke broken",
    "bring brought",
    "build built",
    "burn burnt",
    "buy bought",
    "catch caught",
    "choose chose chosen",
    "come came",
    "deal dealt",
    "do does did done",
    "draw drew drawn",
    "drive drove driven",
    "eat ate eaten",
    "fall fell fallen",
    "feed fed",
    "fight fought",
    "find found",
    "flee fled",
    "fly flew flown",
    "forbid forbade forbidden",
    "forget forgot forgotten",
    "freeze froze frozen",
    "get got gotten",
    "give gave given",
    "go goes went gone",
    "grow grew grown",
    "hang hung",
    "have has had",
    "hear heard",
    "hide hid hidden",
    "hold held",
    "keep kept",
    "know knew known",
    "lead led",
    "leave left",
    "lend lent",
    "lie lying",
    "light lit",
    "lose lost",
    "make made",
    "man men",
    "mean meant",
    "meet met",
    "pay paid",
    "person people persons",
    "ride rode ridden",
    "rise rose risen",
    "run ran",
    "say said",
    "see saw seen",
    "seek sought",
    "sell sold",
    "send sent",
    "shake shook shaken",
    "shoot shot",
    "show shown",
    "sink sank sunk",
    "speak spoke spoken",
    "spend spent",
    "stand stood",
    "steal stole stolen",
    "strike struck",
    "swear swore sworn",
    "take took taken",
    "teach taught",
    "tear tore torn",
    "tell told",
    "think thought",
    "throw threw thrown",
    "wear wore worn",
    "win won",
    "withdraw withdrew withdrawn",
    "woman women",
    "child children",
    "write wrote written",
];

/// Whether a folded word is a form of an irregular verb that is not its base: a word that asserts.
pub(super) fn is_irregular_form(folded: &str) -> bool {
    base(folded).is_some_and(|base| base != folded && !matches!(base, "man" | "woman" | "child" | "person"))
}

static BASES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let forms = |line: &'static str| {
        let base = line.split(' ').next().unwrap_or(line);
        line.split(' ').map(move |form| (form, base))
    };
    IRREGULAR.iter().flat_map(|line| forms(line)).collect()
});

fn base(folded: &str) -> Option<&'static str> {
    BASES.get(folded).copied()
}

pub(super) fn stems(folded: &str) -> Vec<Stem> {
    let word = folded
        .strip_suffix("'s")
        .or_else(|| folded.strip_suffix('\''))
        .unwrap_or(folded);
    if let Some(base) = base(word) {
        return vec![stem(base)];
    }
    let mut stripped = strip_s(word);
    for ending in ["ing", "ed", "ly"] {
        if let Some(rest) = stripped.strip_suffix(ending)
            && rest.len() >= 3
            && rest.contains(['a', 'e', 'i', 'o', 'u', 'y'])
        {
            stripped = rest;
            break;
        }
    }
    vec![stem(base(stripped).unwrap_or(stripped))]
}

fn strip_s(word: &str) -> &str {
    let Some(rest) = word.strip_suffix('s').filter(|rest| rest.len() >= 3) else {
        return word;
    };
    if rest.ends_with(['s', 'u', 'i']) {
        return word;
    }
    match rest.strip_suffix('e') {
        Some(before) if before.ends_with(['s', 'x', 'z', 'o']) || before.ends_with("ch") || before.ends_with("sh") => {
            before
        }
        _ => rest,
    }
}

/// The last letters in one form: no doubled consonant, no mute e, i for y.
fn stem(letters: &str) -> Stem {
    let mut letters = letters
        .strip_suffix("ie")
        .map_or_else(|| letters.to_owned(), |rest| format!("{rest}i"));
    if letters.len() > 3 && letters.ends_with('e') {
        letters.pop();
    }
    let mut last = letters.bytes().rev();
    if letters.len() > 3 && last.next() == last.next() && !letters.ends_with(['a', 'e', 'i', 'o', 'u']) {
        letters.pop();
    }
    if letters.len() > 2 && letters.ends_with('y') {
        letters.pop();
        letters.push('i');
    }
    Stem::new(&letters, Reading::Noun)
}
