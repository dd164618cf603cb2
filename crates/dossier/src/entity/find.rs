//! Where the text names whom.
//!
//! A name is found by its words in order, each in any case of the text's language, and by two further ways of persons: the surname
//! first, and a patronymic between the two. A surname alone is offered where the full name stands elsewhere in the text. What is
//! only offered, and whatever else is doubtful, somebody confirms or refuses ([`Entity::mentions`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Entity, Kind};
use crate::language::form::is_form;
use crate::language::{Language, Word, fold, words};

/// A place in the text that names an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Id of the entity.
    pub entity: String,
    /// Id of the block.
    pub block: String,
    /// Where it starts, in UTF-16 code units of the block's text.
    pub start: u32,
    /// Where it ends (exclusive).
    pub end: u32,
    /// The words as they stand: the key in [`Entity::mentions`].
    pub words: String,
    /// How sure it is.
    pub sure: Sure,
}

/// How sure a mention is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sure {
    /// Somebody said that it is not one.
    Refused,
    /// It may be one.
    Offered,
    /// A full name of nobody else.
    Certain,
    /// Somebody said that it is one.
    Confirmed,
}

impl Sure {
    /// Whether it counts where nobody is asked.
    pub fn counts(self) -> bool {
        self >= Self::Certain
    }
}

/// A mention as one block shows it, before the rest of the text is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The mention.
    pub mention: Mention,
    /// It is a surname alone, and stands or falls with a full name elsewhere.
    pub alone: bool,
    /// Its words have capitals where the name has them.
    pub cased: bool,
}

/// The names of an investigation's entities, to look them up word by word: made once for all blocks.
#[derive(Debug, Clone, Default)]
pub struct Index {
    language: Language,
    entities: Vec<(String, BTreeMap<String, bool>)>,
    names: Vec<Name>,
    /// Names by the first letters of their first word.
    begins: HashMap<[char; 3], Vec<usize>>,
}

/// A way to write an entity's name.
#[derive(Debug, Clone)]
struct Name {
    entity: usize,
    parts: Vec<Part>,
    /// A word that is not in the name may stand between the first and the last: a patronymic.
    gap: bool,
    alone: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    folded: String,
    capital: bool,
}

/// A word of a block, folded when it is first asked for.
struct Token<'a> {
    word: Word<'a>,
    folded: Option<String>,
}

impl Token<'_> {
    fn folded(&mut self) -> &str {
        let word = self.word.text;
        self.folded.get_or_insert_with(|| fold(word))
    }
}

impl Index {
    /// The names of these entities, to be found in texts of a language (BCP 47).
    pub fn new(entities: &BTreeMap<String, Entity>, lang: &str) -> Self {
        let mut index = Self {
            language: Language::of(lang),
            entities: Vec::with_capacity(entities.len()),
            names: Vec::new(),
            begins: HashMap::new(),
        };
        for (at, (id, entity)) in entities.iter().enumerate() {
            index.entities.push((id.clone(), entity.mentions.clone()));
            let spellings = entity
                .names
                .values()
                .chain(entity.aliases.iter().filter(|(_, on)| **on).map(|(alias, _)| alias));
            let mut known = BTreeSet::new();
            for spelling in spellings {
                let parts: Vec<Part> = words(spelling)
                    .map(|word| Part {
                        folded: fold(word.text),
                        capital: word.is_capitalised(),
                    })
                    .filter(|part| !part.folded.is_empty())
                    .collect();
                for (parts, gap, alone) in ways(parts, entity.what) {
                    if known.insert((parts.clone(), alone)) {
                        index.add(Name {
                            entity: at,
                            parts,
                            gap,
                            alone,
                        });
                    }
                }
            }
        }
        index
    }

    fn add(&mut self, name: Name) {
        let Some(first) = name.parts.first() else {
            return;
        };
        self.begins
            .entry(key(&first.folded))
            .or_default()
            .push(self.names.len());
        self.names.push(name);
    }

    /// Whether there are no names.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// What a block's text names: the longest name at each place, and every entity that has it.
    pub fn block(&self, block: &str, text: &str) -> Vec<Candidate> {
        self.in_words(block, text, words(text))
    }

    /// [`Index::block`] where the text's words are at hand already.
    pub(crate) fn in_words<'a>(
        &self,
        block: &str,
        text: &str,
        words: impl Iterator<Item = Word<'a>>,
    ) -> Vec<Candidate> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut tokens: Vec<Token<'_>> = words.map(|word| Token { word, folded: None }).collect();
        let mut found = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let key = key_of(tokens[at].word.text);
            // A name of one or two letters is found under its own key, a longer word under those of its beginnings.
            let mut best: Vec<(usize, usize, bool)> = Vec::new();
            for key in [key, [key[0], key[1], ' ']]
                .into_iter()
                .take(1 + usize::from(key[2] != ' '))
            {
                for name in self.begins.get(&key).into_iter().flatten() {
                    if let Some((end, cased)) = self.matches(&self.names[*name], &mut tokens, at, text) {
                        best.push((*name, end, cased));
                    }
                }
            }
            let Some(end) = best.iter().map(|(_, end, _)| *end).max() else {
                at += 1;
                continue;
            };
            best.retain(|(_, other, _)| *other == end);
            // A full name beats a surname that stands at the same place.
            if best.iter().any(|(name, ..)| !self.names[*name].alone) {
                best.retain(|(name, ..)| !self.names[*name].alone);
            }
            let mut seen: Vec<(usize, bool, bool)> = Vec::new();
            for (name, _, cased) in &best {
                let name = &self.names[*name];
                if !seen.iter().any(|(entity, ..)| *entity == name.entity) {
                    seen.push((name.entity, name.alone, *cased));
                }
            }
            let (first, last) = (tokens[at].word, tokens[end - 1].word);
            let stand = &text[first.byte..last.byte + last.text.len()];
            for (entity, alone, cased) in &seen {
                let (id, decided) = &self.entities[*entity];
                let sure = match decided.get(stand) {
                    Some(true) => Sure::Confirmed,
                    Some(false) => Sure::Refused,
                    None if *alone || !cased || seen.len() > 1 => Sure::Offered,
                    None => Sure::Certain,
                };
                found.push(Candidate {
                    mention: Mention {
                        entity: id.clone(),
                        block: block.to_owned(),
                        start: first.start,
                        end: last.end,
                        words: stand.to_owned(),
                        sure,
                    },
                    alone: *alone,
                    cased: *cased,
                });
            }
            at = end;
        }
        found
    }

    /// Whether a name begins at a word; where it ends, and whether its capitals are as they should be.
    fn matches(&self, name: &Name, tokens: &mut [Token<'_>], at: usize, text: &str) -> Option<(usize, bool)> {
        let mut cased = true;
        let mut end = at;
        let mut gap = name.gap;
        for (place, part) in name.parts.iter().enumerate() {
            loop {
                if end >= tokens.len() || (end > at && !adjacent(text, tokens[end - 1].word, tokens[end].word)) {
                    return None;
                }
                let capital = tokens[end].word.is_capitalised();
                if is_form(tokens[end].folded(), &part.folded, self.language) {
                    cased &= capital || !part.capital;
                    break;
                }
                if place == 0 || !gap || !capital {
                    return None;
                }
                gap = false;
                end += 1;
            }
            end += 1;
        }
        // One word without its capital is a word and no name.
        (cased || name.parts.len() > 1).then_some((end, cased))
    }
}

/// The ways to write a name of these words: as it is, and for persons the surname first, without the names between, alone.
fn ways(parts: Vec<Part>, what: Kind) -> Vec<(Vec<Part>, bool, bool)> {
    let mut out = Vec::new();
    if what == Kind::Person && parts.len() >= 2 {
        let (first, last) = (parts[0].clone(), parts[parts.len() - 1].clone());
        out.push((vec![first.clone(), last.clone()], true, false));
        out.push((vec![last.clone(), first], false, false));
        if last.capital && last.folded.chars().count() >= 3 {
            out.push((vec![last], false, true));
        }
    }
    if what != Kind::Person || parts.len() != 2 {
        out.push((parts, false, false));
    }
    out
}

/// Whether nothing but white space, a hyphen, an initial's point or quotation marks stands between two words.
fn adjacent(text: &str, one: Word<'_>, other: Word<'_>) -> bool {
    text[one.byte + one.text.len()..other.byte].chars().all(|between| {
        matches!(
            between,
            ' ' | '\u{a0}' | '\u{202f}' | '-' | '\u{2010}' | '\u{2011}' | '«' | '»' | '“' | '”' | '„' | '"'
        ) || (between == '.' && one.text.chars().count() == 1)
    })
}

/// The first three letters, with spaces where there are fewer.
fn key(folded: &str) -> [char; 3] {
    let mut letters = folded.chars();
    [(); 3].map(|()| letters.next().unwrap_or(' '))
}

/// The [`key`] of a word that is not folded, without folding it where its letters are the usual ones.
fn key_of(word: &str) -> [char; 3] {
    let mut out = [' '; 3];
    for (place, letter) in out.iter_mut().zip(word.chars()) {
        *place = match letter {
            'a'..='z' | 'а'..='я' | '0'..='9' | 'ө' | 'ү' | 'ң' => letter,
            'A'..='Z' => letter.to_ascii_lowercase(),
            'А'..='Я' => char::from_u32(letter as u32 + 0x20).unwrap_or(letter),
            'Ё' | 'ё' => 'е',
            _ => return key(&fold(word)),
        };
    }
    // What follows may be a mark that belongs to the last letter.
    match word.chars().nth(3) {
        Some('\u{300}'..='\u{36f}') => key(&fold(word)),
        _ => out,
    }
}

/// What remains of all blocks' candidates when the whole text is known: surnames alone only of those whose full name stands
/// somewhere, or that somebody has decided on.
pub fn settle(candidates: impl IntoIterator<Item = Candidate>) -> Vec<Mention> {
    let candidates: Vec<Candidate> = candidates.into_iter().collect();
    let full: BTreeSet<String> = candidates
        .iter()
        .filter(|candidate| !candidate.alone && candidate.mention.sure.counts())
        .map(|candidate| candidate.mention.entity.clone())
        .collect();
    candidates
        .into_iter()
        .filter(|Candidate { mention, alone, .. }| {
            !alone || mention.sure != Sure::Offered || full.contains(&mention.entity)
        })
        .map(|candidate| candidate.mention)
        .collect()
}

/// All mentions in a text of a language (BCP 47), block by block: `(id, text)`.
pub fn find<'a>(
    entities: &BTreeMap<String, Entity>,
    lang: &str,
    blocks: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<Mention> {
    let index = Index::new(entities, lang);
    settle(blocks.into_iter().flat_map(|(id, text)| index.block(id, text)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Sure, find};
    use crate::entity::{Entity, Kind};

    fn entity(what: Kind, names: &[(&str, &str)]) -> Entity {
        Entity {
            what,
            names: names
                .iter()
                .map(|(lang, name)| (lang.to_string(), name.to_string()))
                .collect(),
            ..Entity::default()
        }
    }

    fn entities() -> BTreeMap<String, Entity> {
        [
            (
                "e-1",
                entity(
                    Kind::Person,
                    &[("ky", "Асан Мамытов"), ("ru", "Асан Мамытов"), ("en", "Asan Mamytov")],
                ),
            ),
            (
                "e-2",
                entity(
                    Kind::Organisation,
                    &[
                        ("ky", "Түндүк бажы кызматы"),
                        ("ru", "Северная таможенная служба"),
                        ("en", "Northern Customs Service"),
                    ],
                ),
            ),
            (
                "e-3",
                entity(Kind::Place, &[("ky", "Бишкек"), ("ru", "Бишкек"), ("en", "Bishkek")]),
            ),
            (
                "e-4",
                entity(Kind::Person, &[("ru", "Надежда Мамытова"), ("ky", "Надежда Мамытова")]),
            ),
            ("e-5", entity(Kind::Place, &[("ru", "Ош"), ("ky", "Ош")])),
        ]
        .into_iter()
        .map(|(id, entity)| (id.to_owned(), entity))
        .collect()
    }

    fn found(lang: &str, text: &str) -> Vec<(String, String, Sure)> {
        find(&entities(), lang, [("1@a", text)])
            .into_iter()
            .map(|mention| {
                let units: Vec<u16> = text.encode_utf16().collect();
                let there = &units[mention.start as usize..mention.end as usize];
                assert_eq!(String::from_utf16(there).unwrap(), mention.words);
                (mention.entity, mention.words, mention.sure)
            })
            .collect()
    }

    fn is(entity: &str, words: &str, sure: Sure) -> (String, String, Sure) {
        (entity.to_owned(), words.to_owned(), sure)
    }

    #[test]
    fn names_are_found_in_every_case() {
        assert_eq!(
            found(
                "ky",
                "Асан Мамытовдун эсептери Бишкекте, Түндүк бажы кызматында табылды."
            ),
            [
                is("e-1", "Асан Мамытовдун", Sure::Certain),
                is("e-3", "Бишкекте", Sure::Certain),
                is("e-2", "Түндүк бажы кызматында", Sure::Certain),
            ]
        );
        assert_eq!(
            found(
                "ru",
                "Счета Асана Мамытова нашли в Бишкеке, в Северной таможенной службе, и в Оше."
            ),
            [
                is("e-1", "Асана Мамытова", Sure::Certain),
                is("e-3", "Бишкеке", Sure::Certain),
                is("e-2", "Северной таможенной службе", Sure::Certain),
                is("e-5", "Оше", Sure::Certain),
            ]
        );
        assert_eq!(
            found("en", "Asan Mamytov’s accounts were at the Northern Customs Service."),
            [
                is("e-1", "Asan Mamytov’s", Sure::Certain),
                is("e-2", "Northern Customs Service", Sure::Certain),
            ]
        );
    }

    #[test]
    fn persons_are_found_with_the_surname_first_and_with_a_patronymic() {
        assert_eq!(
            found("ru", "Мамытов Асан подписал. Асан Исаевич Мамытов отрицает это."),
            [
                is("e-1", "Мамытов Асан", Sure::Certain),
                is("e-1", "Асан Исаевич Мамытов", Sure::Certain),
            ]
        );
    }

    #[test]
    fn a_surname_alone_is_offered_once_the_full_name_stands_somewhere() {
        assert_eq!(found("en", "Mamytov paid."), []);
        assert_eq!(
            found("en", "Asan Mamytov left. Mamytov paid."),
            [
                is("e-1", "Asan Mamytov", Sure::Certain),
                is("e-1", "Mamytov", Sure::Offered),
            ]
        );
    }

    #[test]
    fn a_surname_of_two_is_offered_for_those_whose_full_name_stands_there() {
        assert_eq!(
            found("ru", "Асан Мамытов и Надежда Мамытова. Мамытова отказалась."),
            [
                is("e-1", "Асан Мамытов", Sure::Certain),
                is("e-4", "Надежда Мамытова", Sure::Certain),
                is("e-1", "Мамытова", Sure::Offered),
                is("e-4", "Мамытова", Sure::Offered),
            ]
        );
    }

    #[test]
    fn what_somebody_decided_counts() {
        let mut entities = entities();
        let asan = entities.get_mut("e-1").unwrap();
        asan.mentions.insert("Мамытов".to_owned(), true);
        asan.mentions.insert("Асан Мамытов".to_owned(), false);
        let found = find(
            &entities,
            "ru",
            [("1@a", "Мамытов молчит."), ("2@a", "Асан Мамытов — другой.")],
        );
        let sure: Vec<Sure> = found.iter().map(|mention| mention.sure).collect();
        assert_eq!(sure, [Sure::Confirmed, Sure::Refused]);
    }

    #[test]
    fn words_that_begin_alike_are_no_names() {
        assert_eq!(found("ru", "Надежда есть. Ошибка в ошском деле, бишкекские улицы."), []);
        assert_eq!(found("ky", "Асан келди. Ошол күнү надежда жок."), []);
    }

    #[test]
    fn a_name_does_not_go_over_the_end_of_a_sentence() {
        assert_eq!(found("en", "So said Asan. Mamytov paid."), []);
    }
}
