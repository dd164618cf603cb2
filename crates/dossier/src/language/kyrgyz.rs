//! Kyrgyz: case, possessive and plural are stripped from a noun in that order, tense, negation and the passive from a verb. An ending
//! counts where it harmonises with the vowel before it and where its first consonant fits the letter before it, which tells
//! "жолдо" (on the road) from a word that merely ends so.

use super::stem::{Reading, Stem};

/// Endings of cases, with `A` for а/е/о/ө, `I` for ы/и/у/ү, `D` for д after vowels and voiced consonants and т after others, `G`
/// likewise for г and к. Those after a possessive come first.
const CASE: &[&str] = &[
    "нIн", "DIн", "нI", "DI", "DAгI", "нDAгI", "DA", "нDA", "DAн", "нAн", "GA", "нA", "DAй",
];
/// Endings of possession: ours, yours, theirs.
const POSSESSIVE: &[&str] = &[
    "сI", "I", "сIн", "Iн", "IбIз", "бIз", "IңIз", "ңIз", "Iм", "м", "Iң", "ң",
];
/// The plural, `L` being л, д or т.
const PLURAL: &str = "LAр";
/// Endings of a verb: past, participle, converb, present, verbal noun, conditional; with persons where news has them.
const TENSE: &[&str] = &[
    "DI",
    "DIк",
    "DIм",
    "DIңIз",
    "GAн",
    "GAнбIз",
    "GAнмIн",
    "Iп",
    "п",
    "йт",
    "Aт",
    "уу",
    "үү",
    "оо",
    "өө",
    "сA",
    "AлI",
    "Aр",
    "р",
    "IптIр",
    "птIр",
    "GIчA",
];
const NEGATION: &str = "BA";
const PASSIVE: &[&str] = &["Iл", "л", "Iн", "н"];

pub(super) fn stems(word: &str) -> Vec<Stem> {
    let letters: Vec<char> = word.chars().collect();
    let mut out = Vec::with_capacity(8);
    for end in noun_ends(&letters) {
        out.push(stem(&letters[..end], Reading::Noun));
        verb(&letters[..end], end == letters.len(), &mut out);
    }
    // "балдар" of "бала": the only plural that drops a vowel.
    if word.starts_with("балдар") {
        out.push(Stem::new("бала", Reading::Noun));
    }
    out
}

/// Whether a word is a noun with endings: "бишкегинде" of "бишкек".
pub(super) fn is_form(word: &str, noun: &str) -> bool {
    // Short forms take the endings of how their letters are spoken ("УКМКнын").
    const SPOKEN: &[&str] = &["нын", "нин", "га", "ге", "ны", "ни", "да", "де", "дан", "ден"];
    if word.strip_prefix(noun).is_some_and(|rest| SPOKEN.contains(&rest)) {
        return true;
    }
    // Nearly every word falls out here.
    let stem = noun.char_indices().next_back().map_or("", |(last, _)| &noun[..last]);
    if !word.starts_with(stem) {
        return false;
    }
    let letters: Vec<char> = word.chars().collect();
    let noun: Vec<char> = noun.chars().collect();
    let [rest @ .., last] = noun.as_slice() else {
        return false;
    };
    letters.starts_with(rest)
        && letters
            .get(rest.len())
            .is_some_and(|letter| hard(*letter) == hard(*last))
        && noun_ends(&letters).contains(&noun.len())
}

/// Where a noun's stem may end: the whole word, and the word without case, possessive and plural, as far as it has them.
fn noun_ends(letters: &[char]) -> Vec<usize> {
    let mut ends = vec![letters.len()];
    for ending in CASE {
        ends.extend(strip(letters, letters.len(), ending));
    }
    for at in 0..ends.len() {
        let end = ends[at];
        for ending in POSSESSIVE {
            // A stem before a single consonant must be long enough to be told from a word that ends in it ("адам").
            let least = if matches!(*ending, "м" | "ң") { 4 } else { 2 };
            ends.extend(strip(letters, end, ending).filter(|end| *end >= least));
        }
        // After a possessive the dative is -а: "эсебиме", "атаңа".
        if at == 0
            && let Some(before) = strip(letters, end, "A").filter(|end| matches!(letters[end - 1], 'м' | 'ң'))
        {
            ends.extend(strip(letters, before, "Iм").or_else(|| strip(letters, before, "Iң")));
        }
    }
    for at in 0..ends.len() {
        ends.extend(strip(letters, ends[at], PLURAL));
    }
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// A stem with its last consonant as it stands without endings: "эсеб" as "эсеп".
fn stem(letters: &[char], reading: Reading) -> Stem {
    let last = letters.last().map(|last| hard(*last));
    let rest = &letters[..letters.len().saturating_sub(1)];
    Stem::of(rest.iter().copied().chain(last), reading)
}

/// A consonant as it stands at the end of a word.
pub(super) fn hard(letter: char) -> char {
    match letter {
        'б' => 'п',
        'г' => 'к',
        other => other,
    }
}

fn verb(letters: &[char], whole: bool, out: &mut Vec<Stem>) {
    let mut ends: Vec<usize> = Vec::new();
    for ending in TENSE {
        ends.extend(strip(letters, letters.len(), ending));
    }
    if whole {
        // The bare stem is the imperative and the form of dictionaries.
        ends.push(letters.len());
    }
    for at in 0..ends.len() {
        ends.extend(strip(letters, ends[at], NEGATION));
    }
    for at in 0..ends.len() {
        for ending in PASSIVE {
            ends.extend(strip(letters, ends[at], ending).filter(|_| ends[at] < letters.len()));
        }
    }
    for end in ends {
        // "карма" and "кармоо" meet in "карм": the verbal noun swallows the last vowel.
        let bare = match letters[..end].split_last() {
            Some((last, rest)) if is_vowel(*last) && rest.len() >= 2 => rest,
            _ => &letters[..end],
        };
        out.push(stem(bare, Reading::Verb));
    }
}

/// Where the word ends without an ending, if it has it by its letters and by the rules of sound.
pub(super) fn strip(letters: &[char], end: usize, ending: &str) -> Option<usize> {
    // From the end and by the letters alone first: nearly every ending falls out at its last letter.
    let mut stem = end;
    for pattern in ending.chars().rev() {
        stem = stem.checked_sub(1)?;
        let letter = letters[stem];
        let fits = match pattern {
            'A' => matches!(letter, 'а' | 'е' | 'о' | 'ө'),
            'I' => matches!(letter, 'ы' | 'и' | 'у' | 'ү'),
            'D' => matches!(letter, 'д' | 'т'),
            'G' => matches!(letter, 'г' | 'к'),
            'B' => matches!(letter, 'б' | 'п'),
            'L' => matches!(letter, 'л' | 'д' | 'т'),
            _ => letter == pattern,
        };
        if !fits {
            return None;
        }
    }
    if stem < 2 {
        return None;
    }
    let vowel = *letters[..stem].iter().rev().find(|letter| is_vowel(**letter))?;
    let last = letters[stem - 1];
    for (letter, pattern) in letters[stem..end].iter().zip(ending.chars()) {
        let fits = match pattern {
            'A' | 'I' | 'у' | 'ү' | 'о' | 'ө' => is_front(*letter) == is_front(vowel),
            'D' => (*letter == 'т') == is_voiceless(last),
            'G' => (*letter == 'к') == is_voiceless(last),
            'B' => (*letter == 'п') == is_voiceless(last),
            'L' => match letter {
                'л' => is_vowel(last) || matches!(last, 'р' | 'й'),
                'т' => is_voiceless(last),
                _ => !is_voiceless(last) && !is_vowel(last),
            },
            _ => true,
        };
        if !fits {
            return None;
        }
    }
    // Two vowels do not meet, and neither do two consonants where a vowel would join them: -ы after consonants, -сы and -м after
    // vowels.
    let after_vowel = is_vowel(last);
    let fits = match ending {
        "сI" | "сIн" | "м" | "ң" | "бIз" | "ңIз" | "п" | "птIр" | "йт" | "л" | "н" | "р" | "нI" | "нIн" => {
            after_vowel
        }
        _ => !(after_vowel && is_vowel(letters[stem])),
    };
    fits.then_some(stem)
}

pub(super) fn is_vowel(letter: char) -> bool {
    matches!(letter, 'а' | 'е' | 'и' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'я' | 'ө' | 'ү')
}

fn is_front(vowel: char) -> bool {
    matches!(vowel, 'е' | 'и' | 'э' | 'ө' | 'ү')
}

fn is_voiceless(letter: char) -> bool {
    matches!(letter, 'к' | 'п' | 'с' | 'т' | 'ф' | 'х' | 'ц' | 'ч' | 'ш' | 'щ')
}
