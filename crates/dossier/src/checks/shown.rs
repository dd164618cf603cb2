//! What readers get beside the words of a block.

use std::ops::Range;

use komuz_release::story::{BlockKind, Source};

use crate::facts::Facts;

/// A text that readers get with a block.
pub(super) struct Shown<'a> {
    /// What it belongs to, as a path: `blocks.17@ab`, `citations.c-1`.
    pub about: String,
    /// Where in the block's text it stands, in bytes: of a figure's description the whole caption, of a note the words that it is on.
    pub at: Range<usize>,
    /// The text.
    pub text: &'a str,
}

/// A figure's description and credit, and the notes that end in a block: readers get a note there, and none of a source that is
/// confidential.
pub(super) fn with_block(facts: &Facts, at: usize) -> Vec<Shown<'_>> {
    let block = &facts.blocks[at];
    let mut all = Vec::new();
    if let BlockKind::Figure { alt, credit, .. } = &block.block.kind {
        all.extend([alt, credit].map(|text| Shown {
            about: format!("blocks.{}", block.block.id),
            at: 0..block.text.len(),
            text,
        }));
    }
    for cited in &block.cited {
        let citation = &facts.citations[cited.citation];
        if citation.end.block != block.block.id || facts.known.confidential.contains_key(&citation.source) {
            continue;
        }
        let texts = [&citation.locator, &citation.quote].into_iter();
        all.extend(texts.filter(|text| !text.is_empty()).map(|text| Shown {
            about: format!("citations.{}", citation.id),
            at: block.bytes(cited.start, cited.end),
            text,
        }));
    }
    all
}

/// The texts of a source as readers are shown it.
pub(super) fn of_source(source: &Source) -> Vec<String> {
    let mut texts = vec![
        source.title.clone(),
        source.container_title.clone(),
        source.publisher.clone(),
        source.url.clone(),
        source.custom.archive_url.clone(),
    ];
    for name in &source.author {
        texts.push(full(&name.given, &name.family));
        texts.push(name.literal.clone());
    }
    let other = source.other.values().chain(source.custom.other.values());
    texts.extend(other.filter_map(|value| value.as_str().map(str::to_owned)));
    texts.retain(|text| !text.is_empty());
    texts
}

/// A name, the given one first.
pub(super) fn full(given: &str, family: &str) -> String {
    format!("{given} {family}").trim().to_owned()
}
