//! Distinctive words of confidential sources do not reach readers.
//!
//! Of each confidential source these count as distinctive: its authors' names (in every case, the surname alone too; not the names of
//! whom the investigation names, nor their surnames), a title or locator of three words and more of which two are no common ones, its address from
//! the host on, and every four words in a row of what is quoted from it, common words left out. Case and typography do not count.
//!
//! They are looked for in the text and its links, figures' descriptions and credits, notes (locators and quotes of citations), headline,
//! summary, byline, what outlets put there, and the sources that readers are shown.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use komuz_release::story::{Citation, Source};

use super::Found;
use super::shown::{full, of_source, with_block};
use crate::Known;
use crate::entity::hidden::{Hidden, named};
use crate::entity::{Entity, Kind};
use crate::facts::Facts;
use crate::finding::Check;
use crate::language::common::is_common;
use crate::language::fold::fold_into;
use crate::language::{Language, Word, fold, words};
use crate::source::Confidential;
use crate::text::beginning;

/// So many words of weight in a row, quoted from a source, are its own.
const RUN: usize = 4;
/// How much of the words a finding names, in characters.
const SHOWN: usize = 100;

/// What must not be found, ready to be looked up word by word. Made once for all blocks.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    language: Option<Language>,
    /// The names of who stands behind them.
    names: Hidden,
    /// A hash of what is quoted from confidential sources.
    quoted: u64,
    /// Whose the runs of words are, by their hashes.
    runs: HashMap<u64, String>,
    /// Titles and locators as hashes of their folded words, by the first.
    phrases: HashMap<u64, Vec<(Vec<u64>, String)>>,
    /// Addresses without scheme and `www.`.
    addresses: Vec<(String, String)>,
    /// What the sources that readers are shown give away: the path, the words, the confidential source.
    in_sources: Vec<(String, String, String)>,
}

/// A place in a text that gives a source away.
#[derive(Debug, PartialEq, Eq)]
struct Leak {
    start: usize,
    end: usize,
    source: String,
}

/// What is quoted from confidential sources, as evidence and in citations: the source, the words, where in the source.
fn quoted<'a>(known: &'a Known, citations: &'a [Citation]) -> impl Iterator<Item = [&'a str; 3]> {
    let evidence = known
        .claims
        .values()
        .flat_map(|claim| claim.evidence.values())
        .map(|evidence| [&evidence.source, &evidence.quote, &evidence.locator]);
    let citations = citations
        .iter()
        .map(|citation| [&citation.source, &citation.quote, &citation.locator]);
    evidence
        .chain(citations)
        .filter(|[source, ..]| known.confidential.contains_key(*source))
        .map(|texts| texts.map(String::as_str))
}

impl Secrets {
    /// Reads the confidential sources and what is quoted from them.
    pub fn of(lang: &str, known: &Known, sources: &BTreeMap<String, Source>, citations: &[Citation]) -> Self {
        if known.confidential.is_empty() {
            return Self::default();
        }
        let mut secrets = Self {
            language: Some(Language::of(lang)),
            ..Self::default()
        };
        let mut names: BTreeMap<String, Entity> = BTreeMap::new();
        let public: Vec<Vec<String>> = named(&known.entities)
            .map(|name| words(name).map(|word| fold(word.text)).collect())
            .collect();
        for (id, confidential) in &known.confidential {
            for (what, name) in authors(confidential) {
                // Whom the story names anyway is no secret.
                if public
                    .iter()
                    .any(|public| words(&name).all(|word| public.contains(&fold(word.text))))
                {
                    continue;
                }
                let entity = names.entry(key(id, what)).or_default();
                entity.what = what;
                entity.aliases.insert(name, true);
            }
            secrets.phrase(id, confidential.text("title"));
            secrets.run(id, confidential.text("title"));
            for member in ["URL", "archive-URL"] {
                secrets.address(id, confidential.text(member));
            }
            let custom = confidential
                .cited_as
                .get("custom")
                .and_then(|custom| custom.get("archive-URL"));
            secrets.address(id, custom.and_then(|address| address.as_str()).unwrap_or_default());
        }
        secrets.names = Hidden::new(&names, named(&known.entities), lang);
        secrets.quoted = hash(quoted(known, citations));
        for [source, quote, locator] in quoted(known, citations) {
            secrets.run(source, quote);
            secrets.phrase(source, locator);
        }
        secrets.look_through_sources(sources);
        secrets
    }

    /// Whether nothing else is quoted from confidential sources now than when these were made.
    pub fn is_of(&self, known: &Known, citations: &[Citation]) -> bool {
        known.confidential.is_empty() || self.quoted == hash(quoted(known, citations))
    }

    fn phrase(&mut self, source: &str, text: &str) {
        let all: Vec<String> = words(text).map(|word| fold(word.text)).collect();
        let weighty = all
            .iter()
            .filter(|word| self.is_weighty(word) && word.contains(char::is_alphabetic));
        if all.len() < 3 || weighty.count() < 2 {
            return;
        }
        let all: Vec<u64> = all.iter().map(|word| hash_of(word)).collect();
        self.phrases.entry(all[0]).or_default().push((all, source.to_owned()));
    }

    fn run(&mut self, source: &str, text: &str) {
        let weighty: Vec<u64> = words(text)
            .map(|word| fold(word.text))
            .filter(|word| self.is_weighty(word))
            .map(|word| hash_of(&word))
            .collect();
        for run in weighty.windows(RUN) {
            self.runs.insert(hash(run.iter()), source.to_owned());
        }
    }

    fn address(&mut self, source: &str, address: &str) {
        let address = bare(address);
        if address.contains('.') && address.len() >= 5 {
            self.addresses.push((address, source.to_owned()));
        }
    }

    fn is_weighty(&self, folded: &str) -> bool {
        !is_common(folded, self.language.unwrap_or(Language::Other))
    }

    /// What in a text gives sources away, in order; what overlaps is one.
    fn find(&self, text: &str) -> Vec<Leak> {
        let mut leaks: Vec<Leak> = Vec::new();
        if self.language.is_none() || text.is_empty() {
            return leaks;
        }
        let mut folded = String::new();
        let mut weighty: Vec<usize> = Vec::new();
        let mut list: Vec<(Word<'_>, u64)> = Vec::new();
        for word in words(text) {
            folded.clear();
            fold_into(word.text, &mut folded);
            if !self.runs.is_empty() && self.is_weighty(&folded) {
                weighty.push(list.len());
            }
            list.push((word, hash_of(&folded)));
        }
        let mut leak = |start: usize, end: usize, source: &str| {
            leaks.push(Leak {
                start,
                end,
                source: source.to_owned(),
            });
        };
        let bytes = |from: usize, to: usize| (list[from].0.byte, list[to].0.byte + list[to].0.text.len());
        for (at, (_, first)) in list.iter().enumerate() {
            for (phrase, source) in self.phrases.get(first).into_iter().flatten() {
                let here = list.get(at..at + phrase.len()).unwrap_or_default();
                if !here.is_empty() && here.iter().map(|(_, word)| word).eq(phrase) {
                    let (start, end) = bytes(at, at + phrase.len() - 1);
                    leak(start, end, source);
                }
            }
        }
        for run in weighty.windows(RUN) {
            if let Some(source) = self.runs.get(&hash(run.iter().map(|at| list[*at].1))) {
                let (start, end) = bytes(run[0], run[RUN - 1]);
                leak(start, end, source);
            }
        }
        if !self.addresses.is_empty() && list.iter().any(|(word, _)| word.text.contains('.')) {
            // Lower case of ASCII keeps places as they are, and hosts have no other.
            let lower = text.to_ascii_lowercase();
            for (address, source) in &self.addresses {
                for (start, _) in lower.match_indices(address.as_str()) {
                    let end = start + address.len();
                    let goes_on = |c: char| c.is_alphanumeric() || c == '-';
                    if !lower[..start].ends_with(goes_on) && !lower[end..].starts_with(goes_on) {
                        leak(start, end, source);
                    }
                }
            }
        }
        for (key, bytes) in self.names.in_words(text, list.iter().map(|(word, _)| *word)) {
            leak(bytes.start, bytes.end, source(&key));
        }
        leaks.sort_by_key(|leak| (leak.start, leak.end));
        let mut merged: Vec<Leak> = Vec::new();
        for leak in leaks {
            match merged.last_mut() {
                Some(last) if last.source == leak.source && leak.start < last.end => last.end = last.end.max(leak.end),
                _ => merged.push(leak),
            }
        }
        merged
    }

    fn look_through_sources(&mut self, sources: &BTreeMap<String, Source>) {
        let mut found = Vec::new();
        for (id, source) in sources {
            for text in of_source(source) {
                for leak in self.find(&text) {
                    found.push((
                        format!("sources.{id}"),
                        text[leak.start..leak.end].to_owned(),
                        leak.source,
                    ));
                }
            }
        }
        found.sort();
        found.dedup();
        self.in_sources = found;
    }
}

/// One block: its text and links, a figure's description and credit, the notes that stand in it.
pub(crate) fn check_block(facts: &Facts, at: usize, found: &mut Found<'_>) {
    let block = &facts.blocks[at];
    let secrets = &facts.prepared.secrets;
    if secrets.language.is_none() {
        return;
    }
    let about = || format!("blocks.{}", block.block.id);
    for leak in secrets.find(&block.text) {
        let with = with(facts, &block.text[leak.start..leak.end], &leak.source);
        let span = Some(block.span(leak.start..leak.end));
        found.push_confidential(Check::ConfidentialWords, about(), span, with);
    }
    let mut start = 0;
    for run in &block.block.text {
        let end = start + run.text.len();
        for leak in run
            .marks
            .link
            .iter()
            .flat_map(|link| secrets.find(link).into_iter().map(move |leak| (link, leak)))
        {
            let with = with(facts, &leak.0[leak.1.start..leak.1.end], &leak.1.source);
            found.push_confidential(Check::ConfidentialWords, about(), Some(block.span(start..end)), with);
        }
        start = end;
    }
    for shown in with_block(facts, at) {
        for leak in secrets.find(shown.text) {
            let with = with(facts, &shown.text[leak.start..leak.end], &leak.source);
            let span = Some(block.span(shown.at.clone()));
            found.push_confidential(Check::ConfidentialWords, shown.about.clone(), span, with);
        }
    }
}

/// A text that stands apart from the body.
pub(crate) fn check_text(facts: &Facts, about: &str, text: &str, found: &mut Found<'_>) {
    for leak in facts.prepared.secrets.find(text) {
        let with = with(facts, &text[leak.start..leak.end], &leak.source);
        found.push_confidential(Check::ConfidentialWords, about, None, with);
    }
}

/// What stands around the body, and the sources that readers are shown.
pub(crate) fn check_whole(facts: &Facts, found: &mut Found<'_>) {
    let secrets = &facts.prepared.secrets;
    if secrets.language.is_none() {
        return;
    }
    for (about, text) in facts.around() {
        check_text(facts, &about, text, found);
    }
    for (about, words, source) in &secrets.in_sources {
        found.push_confidential(
            Check::ConfidentialWords,
            about.clone(),
            None,
            with(facts, words, source),
        );
    }
}

fn with(facts: &Facts, words: &str, source: &str) -> Vec<String> {
    vec![beginning(words, SHOWN), facts.title(source).0]
}

/// An address in lower case without scheme, `www.` and the slash at its end.
fn bare(address: &str) -> String {
    let lower = address.trim().to_ascii_lowercase();
    let rest = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    rest.split('#').next().unwrap_or(rest).trim_end_matches('/').to_owned()
}

/// What names of a source are looked up under, and [`source`] back.
fn key(source: &str, what: Kind) -> String {
    format!("{source}\0{}", u8::from(what == Kind::Person))
}

fn source(key: &str) -> &str {
    key.split('\0').next().unwrap_or(key)
}

/// The names of an item's authors and of whom it was addressed to, given names first.
fn authors(confidential: &Confidential) -> Vec<(Kind, String)> {
    let text = |name: &serde_json::Value, member: &str| -> String {
        let text = name.get(member).and_then(|value| value.as_str());
        text.unwrap_or_default().trim().to_owned()
    };
    ["author", "recipient", "editor"]
        .iter()
        .filter_map(|member| confidential.cited_as.get(*member)?.as_array())
        .flatten()
        .flat_map(|name| {
            [
                (Kind::Person, full(&text(name, "given"), &text(name, "family"))),
                (Kind::Organisation, text(name, "literal")),
            ]
        })
        .filter(|(_, name)| !name.is_empty())
        .collect()
}

fn hash_of(word: &str) -> u64 {
    hash(std::iter::once(word))
}

fn hash(parts: impl Iterator<Item = impl Hash>) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.for_each(|part| part.hash(&mut hasher));
    hasher.finish()
}
