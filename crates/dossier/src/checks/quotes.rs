//! Quotations: whose words they are, and whether they are the source's.
//!
//! A quotation is a block of that kind, or four words and more between quotation marks; fewer are a name or a term, and so is what
//! stands behind or before a word such as "фонд" or "film". It is attributed by a citation on it, or by a word of saying or a name in
//! its sentence or the ones beside it; a quotation block also by what stands in it and where the blocks beside it touch it.
//!
//! The source's words are those of a citation's quote. Case, typography, words in brackets and what an ellipsis leaves out do not
//! count. A quotation in another language than its source is a translation and is not compared.

use std::ops::Range;

use komuz_release::story::BlockKind;

use super::Found;
use crate::facts::{BlockFacts, Facts};
use crate::finding::Check;
use crate::language::common::is_saying;
use crate::language::sentence::{quotations, sentences};
use crate::language::{Language, fold, is_cyrillic, words};
use crate::text::beginning;

/// A quotation of fewer words is none.
const LEAST: usize = 4;
/// So many quotations of a block, and citations in it, are looked at.
const MOST: usize = 500;
/// So many bytes before and behind a quotation may say whose it is, where sentences are longer.
const NEAR: usize = 1500;
/// How much of a quotation a finding names, in characters.
const SHOWN: usize = 100;

/// The quotations of one block.
pub(crate) fn check(facts: &Facts, at: usize, found: &mut Found<'_>) {
    let block = &facts.blocks[at];
    let about = || format!("blocks.{}", block.block.id);
    match block.block.kind {
        BlockKind::Quote => {
            let whole = 0..block.text.len();
            if words(&block.text).next().is_none() {
                return;
            }
            if block.cited.is_empty() && !block_is_attributed(facts, at) {
                let with = vec![beginning(block.text.trim(), SHOWN)];
                found.push(Check::QuoteUnattributed, about(), Some(block.span(whole.clone())), with);
            }
            differs(facts, block, &cited(block), whole, found);
        }
        BlockKind::Rule | BlockKind::Heading { .. } => {}
        _ => {
            let quotations: Vec<Range<usize>> = quotations(&block.text)
                .into_iter()
                .filter(|range| words(&block.text[range.clone()]).nth(LEAST - 1).is_some())
                .filter(|range| !is_name(&block.text, range))
                .take(MOST)
                .collect();
            if quotations.is_empty() {
                return;
            }
            let sentences = sentences(&block.text);
            let cited = cited(block);
            for range in quotations {
                if !is_attributed(facts, at, &sentences, &cited, &range) {
                    let with = vec![beginning(&block.text[range.clone()], SHOWN)];
                    found.push(Check::QuoteUnattributed, about(), Some(block.span(range.clone())), with);
                }
                differs(facts, block, &cited, range, found);
            }
        }
    }
}

/// Where the block's citations stand, in bytes.
fn cited(block: &BlockFacts) -> Vec<Range<usize>> {
    let some = block.cited.iter().take(MOST);
    some.map(|cited| block.bytes(cited.start, cited.end)).collect()
}

/// Whether a word beside a quotation says that it is a name: «…» фонду, the film “…”.
fn is_name(text: &str, range: &Range<usize>) -> bool {
    const KINDS: &str = "фонд компани фирм ооо осоо зао оао ао газет журнал книг фильм стать песн роман парти движени союз \
        ассоциаци организаци предприяти центр банк завод отел гостиниц программ проект закон премия премии \
        рубрик коом гезит китеп китеб тасм макал ыр кыймыл бирикме уюм ишкан борбор долбоор мыйзам аттуу film \
        book paper newspaper article song movie company firm fund foundation party movement titled called \
        entitled programme program law project series charity report";
    let is_kind = |word: &str| {
        let folded = fold(word);
        KINDS.split_ascii_whitespace().any(|kind| {
            if kind.starts_with(is_cyrillic) && kind.chars().count() > 3 {
                folded.starts_with(kind)
            } else {
                folded == kind
            }
        })
    };
    // Only the word that touches the marks counts.
    let mark = |c: char| matches!(c, '«' | '»' | '“' | '”' | '„' | '"') || c.is_whitespace();
    let before = text[..range.start].trim_end_matches(mark);
    let before = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let after = text[range.end..].trim_start_matches(mark);
    let after = after.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    is_kind(before) || is_kind(after)
}

fn is_attributed(
    facts: &Facts,
    at: usize,
    sentences: &[Range<usize>],
    cited: &[Range<usize>],
    quotation: &Range<usize>,
) -> bool {
    let block = &facts.blocks[at];
    let within = |sentence: &Range<usize>| sentence.start < quotation.end && quotation.start < sentence.end;
    let Some(first) = sentences.iter().position(within) else {
        return false;
    };
    let last = sentences.iter().rposition(within).unwrap_or(first);
    let own = sentences[first].start..sentences[last].end;
    if cited.iter().any(|cited| cited.start < own.end && own.start < cited.end) {
        return true;
    }
    // The sentences beside it, and at the block's ends those of the blocks beside it.
    let text = &block.text;
    let from = sentences[first.saturating_sub(1)]
        .start
        .max(quotation.start.saturating_sub(NEAR));
    let to = sentences[(last + 1).min(sentences.len() - 1)]
        .end
        .min(quotation.end + NEAR);
    let (from, to) = (text.floor_char_boundary(from), text.ceil_char_boundary(to));
    tells(facts, &text[from..quotation.start])
        || tells(facts, &text[quotation.end..to])
        || (first == 0 && at > 0 && tells(facts, last_sentence(&facts.blocks[at - 1].text)))
        || (last + 1 == sentences.len()
            && facts
                .blocks
                .get(at + 1)
                .is_some_and(|next| tells(facts, first_sentence(&next.text))))
}

fn block_is_attributed(facts: &Facts, at: usize) -> bool {
    let text = &facts.blocks[at].text;
    // A signature: "— Асан Мамытов" behind the words.
    let signed = text
        .rsplit(['—', '–'])
        .next()
        .filter(|tail| tail.len() < text.len())
        .is_some_and(|tail| tail.trim_start().starts_with(char::is_uppercase));
    signed
        || tells(facts, text)
        || (at > 0 && tells(facts, last_sentence(&facts.blocks[at - 1].text)))
        || facts
            .blocks
            .get(at + 1)
            .is_some_and(|next| tells(facts, first_sentence(&next.text)))
}

fn last_sentence(text: &str) -> &str {
    let text = &text[text.ceil_char_boundary(text.len().saturating_sub(NEAR))..];
    sentences(text).pop().map_or("", |range| &text[range])
}

fn first_sentence(text: &str) -> &str {
    let text = &text[..text.floor_char_boundary(NEAR)];
    sentences(text).into_iter().next().map_or("", |range| &text[range])
}

/// Whether a text says who speaks: a word of saying, an entity, or two capitalised words that begin no sentence.
fn tells(facts: &Facts, text: &str) -> bool {
    let language = Language::of(&facts.lang);
    let mut before: Option<usize> = None;
    let said = words(text).any(|word| {
        let begins = text[..word.byte].trim_end().is_empty() || text[..word.byte].trim_end().ends_with(['.', '!', '?']);
        let named = word.is_capitalised() && before.is_some_and(|end| text[end..word.byte].trim().is_empty());
        before = (word.is_capitalised() && !begins).then(|| word.byte + word.text.len());
        named || is_saying(&fold(word.text), language)
    });
    said || facts
        .prepared
        .names
        .block("", text)
        .iter()
        .any(|candidate| candidate.mention.sure != crate::entity::find::Sure::Refused)
}

/// Holds a quotation against the quotes of the citations on it: one that has its words is enough.
fn differs(facts: &Facts, block: &BlockFacts, cited: &[Range<usize>], range: Range<usize>, found: &mut Found<'_>) {
    let quotation = &block.text[range.clone()];
    let mut other: Option<&str> = None;
    for (cited, bytes) in block.cited.iter().zip(cited) {
        if bytes.start >= range.end || range.start >= bytes.end {
            continue;
        }
        let citation = &facts.citations[cited.citation];
        let source = facts
            .sources
            .get(&citation.source)
            .map_or("", |source| &source.language);
        if citation.quote.trim().is_empty() || is_translation(quotation, &facts.lang, &citation.quote, source) {
            continue;
        }
        if has_words(&citation.quote, quotation) {
            return;
        }
        other.get_or_insert(&citation.quote);
    }
    if let Some(quote) = other {
        let with = vec![beginning(quotation.trim(), SHOWN), beginning(quote.trim(), SHOWN)];
        found.push(
            Check::QuoteDiffers,
            format!("blocks.{}", block.block.id),
            Some(block.span(range)),
            with,
        );
    }
}

fn is_translation(quotation: &str, lang: &str, quote: &str, source: &str) -> bool {
    let first = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    if !source.is_empty() {
        return first(source) != first(lang);
    }
    // Of a source whose language is not said: by its letters.
    let script = |text: &str| {
        if text.chars().any(|c| matches!(c, 'ө' | 'ү' | 'ң' | 'Ө' | 'Ү' | 'Ң')) {
            Language::Kyrgyz
        } else if text.chars().any(is_cyrillic) {
            Language::Russian
        } else {
            Language::English
        }
    };
    script(quotation) != script(quote)
}

/// Whether the pieces of a quotation, between brackets and ellipses, stand in a quote in their order, each word for word.
fn has_words(quote: &str, quotation: &str) -> bool {
    let there: Vec<String> = words(quote).map(|word| fold(word.text)).collect();
    let mut from = 0;
    for piece in pieces(quotation) {
        let piece: Vec<String> = words(piece).map(|word| fold(word.text)).collect();
        if piece.is_empty() {
            continue;
        }
        let Some(at) = there[from..].windows(piece.len()).position(|window| window == piece) else {
            return false;
        };
        from += at + piece.len();
    }
    true
}

/// A quotation without what stands in brackets, taken apart there and at ellipses. A word that a bracket touches ("[t]he") is
/// left out, since only a part of it is the source's.
fn pieces(quotation: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = quotation;
    loop {
        let marks = [("[", 0), ("…", '…'.len_utf8()), ("...", 3)];
        let next = marks
            .iter()
            .filter_map(|(mark, length)| Some((rest.find(mark)?, *length)))
            .min();
        let Some((at, length)) = next else { break };
        if length > 0 {
            out.push(&rest[..at]);
            rest = &rest[at + length..];
        } else {
            out.push(rest[..at].trim_end_matches(char::is_alphanumeric));
            let end = rest[at..].find(']').map_or(rest.len(), |end| at + end + 1);
            rest = rest[end..].trim_start_matches(char::is_alphanumeric);
        }
    }
    out.push(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::has_words;

    #[test]
    fn typography_brackets_and_ellipses_do_not_count() {
        let quote = "Мы получили деньги в 2014 году — все 700 миллионов, и вернули их.";
        for same in [
            "мы получили деньги в 2014 году",
            "Мы получили деньги […] и вернули их",
            "Мы получили [эти] деньги в 2014 году… вернули их.",
            "[М]ы получили деньги",
            "все 700 миллионов, и вернули [кредит]",
        ] {
            assert!(has_words(quote, same), "{same}");
        }
        for other in [
            "Мы украли деньги в 2014 году",
            "вернули их […] мы получили деньги",
            "все 900 миллионов",
        ] {
            assert!(!has_words(quote, other), "{other}");
        }
    }
}
