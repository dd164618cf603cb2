//! Whoever asked not to be named is not named. What a finding names is the words as they stand and the entity's id: the name
//! itself may be one that stands nowhere.

use std::collections::BTreeMap;

use komuz_release::story::Source;

use super::Found;
use super::shown::{of_source, with_block};
use crate::entity::Entity;
use crate::entity::hidden::{Hidden, named};
use crate::facts::Facts;
use crate::finding::Check;
use crate::language::words;

/// The names of everybody who asked not to be named.
#[derive(Debug, Default)]
pub(crate) struct Unwilling {
    names: Hidden,
    /// What the sources that readers are shown name: the path, the words, the entity.
    in_sources: Vec<(String, String, String)>,
}

impl Unwilling {
    /// Reads the names, the aliases and the mentions that somebody has confirmed; one that was refused is none.
    pub fn of(lang: &str, entities: &BTreeMap<String, Entity>, sources: &BTreeMap<String, Source>) -> Self {
        let unnamed = entities.iter().filter(|(_, entity)| entity.unnamed);
        let unnamed: BTreeMap<String, Entity> = unnamed
            .map(|(id, entity)| {
                let mut entity = entity.clone();
                let confirmed = entity.mentions.iter().filter(|(_, is)| **is);
                entity
                    .aliases
                    .extend(confirmed.map(|(words, is)| (words.clone(), *is)).collect::<Vec<_>>());
                (id.clone(), entity)
            })
            .collect();
        if unnamed.is_empty() {
            return Self::default();
        }
        let names = Hidden::new(&unnamed, named(entities), lang);
        let mut in_sources = Vec::new();
        for (id, source) in sources {
            for text in of_source(source) {
                let found = names.in_words(&text, words(&text)).into_iter();
                in_sources
                    .extend(found.map(|(entity, bytes)| (format!("sources.{id}"), text[bytes].to_owned(), entity)));
            }
        }
        in_sources.sort();
        in_sources.dedup();
        Self { names, in_sources }
    }
}

/// Names in a block's text, in a figure's description and its credit, in the notes that stand in it.
pub(crate) fn check_block(facts: &Facts, at: usize, found: &mut Found<'_>) {
    let names = &facts.prepared.unwilling.names;
    if names.is_empty() {
        return;
    }
    let block = &facts.blocks[at];
    for (entity, bytes) in names.in_words(&block.text, words(&block.text)) {
        let with = vec![block.text[bytes.clone()].to_owned(), entity];
        let about = format!("blocks.{}", block.block.id);
        found.push(Check::NamedUnwilling, about, Some(block.span(bytes)), with);
    }
    for shown in with_block(facts, at) {
        for (entity, bytes) in names.in_words(shown.text, words(shown.text)) {
            let with = vec![shown.text[bytes].to_owned(), entity];
            let span = Some(block.span(shown.at.clone()));
            found.push(Check::NamedUnwilling, shown.about.clone(), span, with);
        }
    }
}

/// Names in a text that stands apart from the body.
pub(crate) fn check_text(facts: &Facts, about: &str, text: &str, found: &mut Found<'_>) {
    for (entity, bytes) in facts.prepared.unwilling.names.in_words(text, words(text)) {
        let with = vec![text[bytes].to_owned(), entity];
        found.push(Check::NamedUnwilling, about, None, with);
    }
}

/// Names in the headline, the summary, the byline, in what outlets put there, and in the sources that readers are shown.
pub(crate) fn check_whole(facts: &Facts, found: &mut Found<'_>) {
    let Unwilling { names, in_sources } = &facts.prepared.unwilling;
    if names.is_empty() {
        return;
    }
    for (about, text) in facts.around() {
        check_text(facts, &about, text, found);
    }
    for (about, words, entity) in in_sources {
        let with = vec![words.clone(), entity.clone()];
        found.push(Check::NamedUnwilling, about.clone(), None, with);
    }
}
