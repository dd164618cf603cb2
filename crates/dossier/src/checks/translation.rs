//! What a translation lacks of its original.

use super::Found;
use crate::facts::Facts;
use crate::finding::Check;
use crate::text::beginning;

/// How many words of a difference a finding names.
const MOST_WORDS: usize = 12;

/// Blocks whose original reads otherwise now, and blocks of the original that are not translated.
pub(crate) fn check(facts: &Facts, found: &mut Found<'_>) {
    for behind in &facts.translation.behind {
        let span = facts
            .block(&behind.block)
            .map(|(_, block)| block.span(0..block.text.len()));
        let (old, new) = difference(&behind.words, &behind.now);
        let about = format!("blocks.{}", behind.block);
        found.push(Check::TranslationBehind, about, span, vec![old, new]);
    }
    for missing in &facts.translation.missing {
        let about = format!("original.{}", missing.block);
        found.push(
            Check::TranslationMissing,
            about,
            None,
            vec![beginning(&missing.words, 100)],
        );
    }
}

/// From the first word that differs to the last, of both texts.
fn difference(old: &str, new: &str) -> (String, String) {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split_whitespace().collect(), new.split_whitespace().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = tail.take_while(|(a, b)| a == b).count();
    let shown = |words: &[&str]| match words.get(..MOST_WORDS) {
        Some(first) if words.len() > MOST_WORDS => format!("{}…", beginning(&first.join(" "), 200)),
        _ => beginning(&words.join(" "), 200),
    };
    (shown(&old[head..old.len() - tail]), shown(&new[head..new.len() - tail]))
}
