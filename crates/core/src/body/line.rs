//! What somebody changed in a short text (or list) that they saw, as a change of what it is by now.
//!
//! A page shows a headline a little later than it is, so the text that it sends does not hold yet what others have written
//! meanwhile. What differs between the text that was seen and the one that was sent is what the person did.

use std::ops::Range;

/// The most pairs that are compared to find what stayed; beyond that only the common start and end count as what stayed.
const MAX_PAIRS: usize = 1 << 22;

/// Replace `gone` items at `at` (of the list as the changes before have left it) by `come`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice<'a, T> {
    pub(super) at: usize,
    pub(super) gone: usize,
    pub(super) come: &'a [T],
}

/// Turns the change from `before` to `after` into changes of what is there now: what went and is still there goes, and what
/// came comes behind what stood before it. Done in this order they keep all that is there now and was not before. `places`
/// says for each item of `before` where it is now ([`aligned`], [`aligned_words`]).
pub(super) fn rebase<'a, T: PartialEq>(before: &[T], after: &'a [T], places: &[Option<usize>]) -> Vec<Splice<'a, T>> {
    let (start, end) = ends(before, after);
    let gone = start..before.len() - end;
    let come = &after[start..after.len() - end];
    // In the place of what went, else behind what stood before it.
    let stayed = |places: &[Option<usize>]| places.iter().flatten().last().map(|place| place + 1);
    let instead = places[gone.clone()].iter().flatten().next().copied();
    let at = instead.or_else(|| stayed(&places[..start])).unwrap_or(0);
    // From the last to the first, so that the places before stay what they are; what comes is put in last.
    let mut splices: Vec<Splice<'a, T>> = Vec::new();
    for place in places[gone].iter().rev().flatten() {
        match splices.last_mut().filter(|splice| splice.at == place + 1) {
            Some(splice) => {
                splice.at -= 1;
                splice.gone += 1;
            }
            None => splices.push(Splice {
                at: *place,
                gone: 1,
                come: &[],
            }),
        }
    }
    if !come.is_empty() {
        match splices.last_mut().filter(|splice| splice.at == at) {
            Some(splice) => splice.come = come,
            None => splices.push(Splice { at, gone: 0, come }),
        }
    }
    splices
}

/// How many items two lists have in common at their start and, of the rest, at their end.
fn ends<T: PartialEq>(one: &[T], other: &[T]) -> (usize, usize) {
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let most = one.len().min(other.len()) - start;
    let pairs = one.iter().rev().zip(other.iter().rev()).take(most);
    (start, pairs.take_while(|(a, b)| a == b).count())
}

/// For each letter of `before` its place in `now`, where it stayed: whole words first, since letters alone find themselves in
/// words that they do not belong to.
pub(super) fn aligned_words(before: &[char], now: &[char]) -> Vec<Option<usize>> {
    let (old, new) = (words(before), words(now));
    let texts = |all: &[char], words: &[Range<usize>]| -> Vec<Vec<char>> {
        words.iter().map(|word| all[word.clone()].to_vec()).collect()
    };
    let kept = aligned(&texts(before, &old), &texts(now, &new));
    let mut places = vec![None; before.len()];
    // Where the words before this one that stayed end, in both.
    let (mut from, mut to) = (0, 0);
    let ends = old
        .iter()
        .zip(&kept)
        .filter_map(|(word, place)| Some((word, new.get((*place)?)?)));
    for (word, place) in ends.chain([(&(before.len()..before.len()), &(now.len()..now.len()))]) {
        for (letter, at) in aligned(&before[from..word.start], &now[to..place.start])
            .into_iter()
            .enumerate()
        {
            places[from + letter] = at.map(|at| to + at);
        }
        for (letter, at) in word.clone().zip(place.clone()) {
            places[letter] = Some(at);
        }
        (from, to) = (word.end, place.end);
    }
    places
}

/// Words and what is between them.
fn words(text: &[char]) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.iter().enumerate() {
        let in_word = at > 0 && c.is_alphanumeric() && text[at - 1].is_alphanumeric();
        match all.last_mut().filter(|_| in_word) {
            Some(word) => word.end = at + 1,
            None => all.push(at..at + 1),
        }
    }
    all
}

/// For each item of `before` its place in `now`, where it stayed: a longest common subsequence.
pub(super) fn aligned<T: PartialEq>(before: &[T], now: &[T]) -> Vec<Option<usize>> {
    let (start, end) = ends(before, now);
    let (old, new) = (&before[start..before.len() - end], &now[start..now.len() - end]);
    let mut places: Vec<Option<usize>> = (0..start).map(Some).collect();
    if old.len().saturating_mul(new.len()) > MAX_PAIRS {
        places.resize(before.len() - end, None);
    } else {
        let width = new.len() + 1;
        // The length of the longest common subsequence of what follows each pair of places.
        let mut longest = vec![0u32; (old.len() + 1) * width];
        for (i, a) in old.iter().enumerate().rev() {
            for (j, b) in new.iter().enumerate().rev() {
                longest[i * width + j] = if a == b {
                    longest[(i + 1) * width + j + 1] + 1
                } else {
                    longest[(i + 1) * width + j].max(longest[i * width + j + 1])
                };
            }
        }
        let mut j = 0;
        for (i, a) in old.iter().enumerate() {
            while j < new.len() && *a != new[j] && longest[i * width + j + 1] >= longest[(i + 1) * width + j] {
                j += 1;
            }
            let stayed = j < new.len() && *a == new[j];
            places.push(stayed.then_some(start + j));
            j += usize::from(stayed);
        }
    }
    places.extend((now.len() - end..now.len()).map(Some));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(before: &str, after: &str, now: &str) -> String {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let (before, after, mut now) = (chars(before), chars(after), chars(now));
        let places = aligned_words(&before, &now);
        for Splice { at, gone, come } in rebase(&before, &after, &places) {
            now.splice(at..at + gone, come.iter().copied());
        }
        now.into_iter().collect()
    }

    #[test]
    fn what_was_not_seen_stays() {
        for (before, after, now, result) in [
            ("", "а", "", "а"),
            ("Plunder", "Plunder!", "Plunder and Patronage", "Plunder! and Patronage"),
            ("Plunder", "", "Plunder and Patronage", " and Patronage"),
            ("one three", "one thre", "one two three", "one two thre"),
            ("three", "threes", "two thrice three", "two thrice threes"),
            ("one three", "one 3", "one two three", "one two 3"),
            ("one three", "three", "one two three", "two three"),
            ("one", "ones", "", "s"),
            ("Жер", "Жер үчүн", "Кара Жер", "Кара Жер үчүн"),
            ("same", "same", "other", "other"),
        ] {
            assert_eq!(merged(before, after, now), result, "{before:?} -> {after:?} on {now:?}");
        }
    }

    #[test]
    fn a_text_that_nobody_else_changed_becomes_the_sent_one() {
        let texts = ["", "a", "ab", "ba", "aba", "abab", "bbab", "👩🏽‍💻a", "xyz"];
        for before in texts {
            for after in texts {
                assert_eq!(merged(before, after, before), after);
            }
        }
    }

    #[test]
    fn what_is_too_long_to_compare_keeps_its_ends_and_all_that_came() {
        let before = "a".repeat(3000) + "tail";
        let now = "b".repeat(3000) + "tail";
        assert_eq!(merged(&before, &(before.clone() + "!"), &now), now.clone() + "!");
    }
}
