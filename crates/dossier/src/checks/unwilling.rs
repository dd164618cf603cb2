//! Whoever asked not to be named is not named. What a finding names is the words as they stand and the entity's id: the name
//! itself may be one that stands nowhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use komuz_release::story::BlockKind;
use unicode_segmentation::UnicodeSegmentation;

use super::Found;
use crate::entity::Entity;
use crate::facts::Facts;
use crate::finding::Check;

/// The spellings of everybody who asked not to be named, by their first words.
#[derive(Debug, Default)]
pub(crate) struct Unwilling {
    by_first_word: HashMap<String, Vec<Spelling>>,
}

#[derive(Debug)]
struct Spelling {
    entity: String,
    words: Vec<String>,
}

impl Unwilling {
    /// Reads the names, the aliases and the mentions that somebody has confirmed, without those that were refused.
    pub fn of(entities: &BTreeMap<String, Entity>) -> Self {
        let mut all = Self::default();
        for (id, entity) in entities.iter().filter(|(_, entity)| entity.unnamed) {
            let said = |map: &BTreeMap<String, bool>, said| -> Vec<String> {
                map.iter()
                    .filter(|(_, is)| **is == said)
                    .map(|(text, _)| text.clone())
                    .collect()
            };
            let mut spellings: BTreeSet<String> = entity.names.values().cloned().collect();
            spellings.extend(said(&entity.aliases, true));
            spellings.extend(said(&entity.mentions, true));
            for refused in said(&entity.mentions, false) {
                spellings.remove(&refused);
            }
            for spelling in spellings {
                let words: Vec<String> = spelling.unicode_words().map(str::to_owned).collect();
                // In capitals too, as headlines may be written.
                let capitals: Vec<String> = words.iter().map(|word| word.to_uppercase()).collect();
                for words in [words, capitals] {
                    let Some(first) = words.first().cloned() else { continue };
                    let entity = id.clone();
                    let known = all.by_first_word.entry(first).or_default();
                    known.push(Spelling { entity, words });
                }
            }
        }
        all
    }

    /// Where a text names somebody: who, and the bytes; each place once.
    fn find<'a>(&'a self, text: &str) -> Vec<(&'a str, std::ops::Range<usize>)> {
        if self.by_first_word.is_empty() {
            return Vec::new();
        }
        let words: Vec<(usize, &str)> = text.unicode_word_indices().collect();
        let mut found: Vec<(&str, std::ops::Range<usize>)> = Vec::new();
        for (nth, (start, word)) in words.iter().enumerate() {
            for spelling in self.by_first_word.get(*word).into_iter().flatten() {
                let here = words.get(nth..nth + spelling.words.len()).unwrap_or_default();
                let same = !here.is_empty() && here.iter().map(|(_, word)| word).eq(spelling.words.iter());
                let Some((last, word)) = here.last().filter(|_| same) else {
                    continue;
                };
                let end = last + word.len();
                match found.last_mut() {
                    // A longer spelling of the same at the same place.
                    Some((entity, bytes)) if *entity == spelling.entity && *start < bytes.end => {
                        bytes.end = bytes.end.max(end);
                    }
                    _ => found.push((&spelling.entity, *start..end)),
                }
            }
        }
        found
    }
}

/// Names in a block's text, in a figure's description and its credit.
pub(crate) fn check_block(facts: &Facts, at: usize, found: &mut Found<'_>) {
    let block = &facts.blocks[at];
    let unwilling = &facts.prepared.unwilling;
    let about = || format!("blocks.{}", block.block.id);
    for (entity, bytes) in unwilling.find(&block.text) {
        let with = vec![block.text[bytes.clone()].to_owned(), entity.to_owned()];
        found.push(Check::NamedUnwilling, about(), Some(block.span(bytes)), with);
    }
    if let BlockKind::Figure { alt, credit, .. } = &block.block.kind {
        for text in [alt, credit] {
            for (entity, bytes) in unwilling.find(text) {
                let with = vec![text[bytes].to_owned(), entity.to_owned()];
                let whole = block.span(0..block.text.len());
                found.push(Check::NamedUnwilling, about(), Some(whole), with);
            }
        }
    }
}

/// Names in the headline, the summary, the byline, and in what outlets put there.
pub(crate) fn check_whole(facts: &Facts, found: &mut Found<'_>) {
    for (about, text) in facts.around() {
        for (entity, bytes) in facts.prepared.unwilling.find(text) {
            let with = vec![text[bytes].to_owned(), entity.to_owned()];
            found.push(Check::NamedUnwilling, about.clone(), None, with);
        }
    }
}
