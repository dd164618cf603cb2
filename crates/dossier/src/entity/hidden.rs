//! Names that readers must not meet: of who asked not to be named, and of who stands behind a confidential source.
//!
//! They are looked for as [`find`](super::find) looks for names, and what is only offered there counts here: a surname alone gives
//! a person away. A surname that somebody has who is named does not, and neither do the words of an organisation's or a place's name
//! in small letters, which are words like others.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::find::{Index, Sure};
use super::{Entity, Kind};
use crate::language::form::is_form;
use crate::language::{Language, Word, fold, words};
use crate::text::byte;

/// Names that must not be found, ready to be looked for. Made once for all blocks.
#[derive(Debug, Default)]
pub(crate) struct Hidden {
    language: Language,
    index: Index,
    persons: BTreeSet<String>,
    /// The folded words of the names of everybody who is named.
    named: BTreeSet<String>,
}

impl Hidden {
    /// The names of these entities, to be found in texts of a language (BCP 47); `named` are the spellings of everybody who is named.
    pub fn new<'a>(hidden: &BTreeMap<String, Entity>, named: impl IntoIterator<Item = &'a str>, lang: &str) -> Self {
        let persons = hidden.iter().filter(|(_, entity)| entity.what == Kind::Person);
        Self {
            language: Language::of(lang),
            index: Index::new(hidden, lang),
            persons: persons.map(|(id, _)| id.clone()).collect(),
            named: named.into_iter().flat_map(words).map(|word| fold(word.text)).collect(),
        }
    }

    /// Whether there is nothing to be found.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Where a text names one of them: whom, and the bytes. `words` are the text's.
    pub fn in_words<'a>(&self, text: &str, words: impl Iterator<Item = Word<'a>>) -> Vec<(String, Range<usize>)> {
        let candidates = self.index.in_words("", text, words).into_iter();
        let given_away = candidates.filter(|candidate| {
            let mention = &candidate.mention;
            match mention.sure {
                Sure::Refused => false,
                Sure::Confirmed => true,
                _ if candidate.alone => !self.is_named(&mention.words),
                _ => candidate.cased || self.persons.contains(&mention.entity),
            }
        });
        given_away
            .map(|candidate| {
                let mention = candidate.mention;
                let bytes = byte(text, mention.start as usize)..byte(text, mention.end as usize);
                (mention.entity, bytes)
            })
            .collect()
    }

    /// Whether a surname is also one of somebody's who is named, in some case.
    fn is_named(&self, surname: &str) -> bool {
        let folded = fold(surname);
        self.named.iter().any(|name| is_form(&folded, name, self.language))
    }
}

/// The spellings of the names of everybody who did not ask not to be named.
pub(crate) fn named(entities: &BTreeMap<String, Entity>) -> impl Iterator<Item = &str> {
    let named = entities.values().filter(|entity| !entity.unnamed);
    named
        .flat_map(|entity| entity.names.values().chain(entity.aliases.keys()))
        .map(String::as_str)
}
