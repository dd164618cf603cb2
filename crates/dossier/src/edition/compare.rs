//! What a translation lacks of its original, block by block.
//!
//! Blocks of the original are split, joined and moved while they are translated. What was translated is therefore looked for
//! where it is now: in its block, in its block and new ones behind it (a split), in another block when its own is gone (a join,
//! a move by cutting and pasting). Only words that are nowhere, and words that are new, make a translation late.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use komuz_release::difference::{Change, words_changed};
use komuz_release::story::{Block, BlockKind, Story};

use super::Link;
use crate::Known;

/// What a translation lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translation {
    /// Blocks whose original reads otherwise now, in the translation's order.
    pub behind: Vec<Behind>,
    /// Ids of the original's blocks that nothing translates, in its order.
    pub missing: Vec<Missing>,
}

/// A block of a translation whose original reads otherwise now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Id of the translation's block.
    pub block: String,
    /// Id of the original's block as it was translated.
    pub of: String,
    /// The original's words as they were translated.
    pub words: String,
    /// The words that stand there now, those of a block that was split together; empty when they are gone.
    pub now: String,
}

/// A block of the original that nothing translates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its id.
    pub block: String,
    /// Its words.
    pub words: String,
}

impl Behind {
    /// What changed since, word by word.
    pub fn changes(&self) -> Vec<Change> {
        words_changed(&format!("block:{}", self.block), &self.words, &self.now)
    }
}

/// What an edition lacks of the original that is known beside it; nothing for an original.
pub fn behind(edition: &Story, known: &Known) -> Translation {
    let order = edition.blocks.iter().map(|block| block.id.as_str());
    let original = known.original.as_ref();
    original.map_or_else(Translation::default, |original| {
        translation(order, &known.links, &original.blocks)
    })
}

/// Compares a translation with its original: the ids of its blocks in order, what each was made from, the original's blocks.
pub fn translation<'a>(
    order: impl IntoIterator<Item = &'a str>,
    links: &BTreeMap<String, Link>,
    original: &[Block],
) -> Translation {
    let texts: Vec<String> = original.iter().map(Block::plain_text).collect();
    let mut original = Original::new(original, &texts);
    let links: Vec<Linked<'_>> = order
        .into_iter()
        .filter_map(|block| {
            let (id, link) = links.get_key_value(block)?;
            (!link.of.is_empty()).then(|| Linked {
                block: id,
                link,
                words: link.words.split_whitespace().collect(),
            })
        })
        .collect();
    for linked in &links {
        if let Some(at) = original.at(linked) {
            original.blocks[at].linked = true;
        }
    }
    // What was translated and is in another block now comes first: it is taken out of that block before the block is compared.
    let mut found: Vec<Option<usize>> = Vec::with_capacity(links.len());
    for linked in &links {
        let gone = original.at(linked).is_none() && !linked.words.is_empty();
        found.push(if gone { original.find(&linked.words) } else { None });
    }
    let mut behind = Vec::new();
    for (linked, found) in links.iter().zip(found) {
        let now = match (original.at(linked), found) {
            (Some(at), _) => original.now(at, &linked.words),
            (None, Some(at)) => original.added(at, &linked.words),
            // A picture without a caption that is gone takes no words along.
            (None, None) if linked.words.is_empty() => None,
            (None, None) => original.alike(&linked.words),
        };
        if let Some(now) = now {
            behind.push(Behind {
                block: linked.block.to_owned(),
                of: linked.link.of.clone(),
                words: linked.link.words.clone(),
                now,
            });
        }
    }
    let missing = original.blocks.iter().filter(|block| block.is_missing());
    let missing = missing.map(|block| Missing {
        block: block.block.id.clone(),
        words: block.words.join(" "),
    });
    Translation {
        missing: missing.collect(),
        behind,
    }
}

/// A block of the translation with what it was made from.
struct Linked<'a> {
    block: &'a str,
    link: &'a Link,
    words: Vec<&'a str>,
}

struct Original<'a> {
    blocks: Vec<Part<'a>>,
    places: HashMap<&'a str, usize>,
    /// Where each word stands: block and place; of common words the first.
    words: HashMap<&'a str, Vec<(usize, usize)>>,
}

/// How many places of one word are looked at.
const MOST_PLACES: usize = 64;

struct Part<'a> {
    block: &'a Block,
    words: Vec<&'a str>,
    /// A block of the translation names it.
    linked: bool,
    /// Its words are translated somewhere.
    covered: bool,
    /// Words in it that were translated as blocks that are gone.
    pieces: Vec<Range<usize>>,
    /// The rest of it was stated as new already.
    stated: bool,
}

impl Part<'_> {
    fn is_missing(&self) -> bool {
        let says = match &self.block.kind {
            BlockKind::Rule => false,
            BlockKind::Figure { alt, .. } => !self.words.is_empty() || !alt.trim().is_empty(),
            _ => !self.words.is_empty(),
        };
        says && !self.covered && !self.linked
    }

    /// Its words without those that were translated as other blocks, except one.
    fn rest(&self, except: Option<&Range<usize>>) -> Vec<&str> {
        let taken = |at: usize| {
            let mut pieces = self.pieces.iter().filter(|piece| Some(*piece) != except);
            pieces.any(|piece| piece.contains(&at))
        };
        let words = self.words.iter().enumerate().filter(|(at, _)| !taken(*at));
        words.map(|(_, word)| *word).collect()
    }
}

impl<'a> Original<'a> {
    fn new(blocks: &'a [Block], texts: &'a [String]) -> Self {
        let mut places = HashMap::new();
        let mut index: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
        let mut parts = Vec::with_capacity(blocks.len());
        for (at, (block, text)) in blocks.iter().zip(texts).enumerate() {
            places.entry(block.id.as_str()).or_insert(at);
            let words: Vec<&str> = text.split_whitespace().collect();
            for (place, word) in words.iter().enumerate() {
                let found = index.entry(word).or_default();
                if found.len() < MOST_PLACES {
                    found.push((at, place));
                }
            }
            parts.push(Part {
                block,
                words,
                linked: false,
                covered: false,
                pieces: Vec::new(),
                stated: false,
            });
        }
        Self {
            blocks: parts,
            places,
            words: index,
        }
    }

    fn at(&self, linked: &Linked<'_>) -> Option<usize> {
        self.places.get(linked.link.of.as_str()).copied()
    }

    /// Where words of a block that is gone stand now, one behind the other; they are noted there.
    fn find(&mut self, words: &[&str]) -> Option<usize> {
        // By the rarest of the first words.
        let first = words.iter().enumerate().take(20);
        let (offset, places) = first
            .map(|(offset, word)| (offset, self.words.get(*word).map_or(&[][..], Vec::as_slice)))
            .min_by_key(|(_, places)| places.len())?;
        let (at, piece) = places.iter().find_map(|(at, place)| {
            let start = place.checked_sub(offset)?;
            let piece = start..start + words.len();
            let part = &self.blocks[*at];
            let free = part.pieces.iter().all(|p| p.end <= piece.start || piece.end <= p.start);
            (free && part.words.get(piece.clone()) == Some(words)).then_some((*at, piece))
        })?;
        self.blocks[at].pieces.push(piece);
        self.blocks[at].covered = true;
        Some(at)
    }

    /// What stands now where a block was translated with these words; none when it is the same.
    fn now(&mut self, at: usize, words: &[&str]) -> Option<String> {
        if self.blocks[at].words == words {
            return None;
        }
        let mut now = self.blocks[at]
            .rest(None)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        if now == words {
            return None;
        }
        // A block that was split: what stands in new blocks behind it.
        for next in at + 1..self.blocks.len() {
            let part = &self.blocks[next];
            if part.words.is_empty() {
                continue;
            }
            if part.linked || !part.pieces.is_empty() {
                break;
            }
            let same = now.iter().zip(words).take_while(|(a, b)| a == b).count();
            if 2 * shared(&part.words, &words[same..]) <= part.words.len() {
                break;
            }
            now.extend(part.words.iter().map(|word| (*word).to_owned()));
            self.blocks[next].covered = true;
        }
        (now != words).then(|| now.join(" "))
    }

    /// For words that were found whole in a block that no translation names: what was added to them there, stated once.
    fn added(&mut self, at: usize, words: &[&str]) -> Option<String> {
        let part = &mut self.blocks[at];
        if part.linked || part.stated {
            return None;
        }
        part.stated = true;
        let own = part
            .pieces
            .iter()
            .find(|piece| part.words.get((*piece).clone()) == Some(words));
        let now = part.rest(own);
        (now != words).then(|| now.join(" "))
    }

    /// For words that are nowhere as they were: the block that has most of them, if it has half, as it reads now.
    fn alike(&mut self, words: &[&str]) -> Option<String> {
        let mut votes: HashMap<usize, usize> = HashMap::new();
        let mut rare = 0;
        for word in words {
            let places = self.words.get(*word).map_or(&[][..], Vec::as_slice);
            if places.len() > 8 {
                continue;
            }
            rare += 1;
            let mut blocks: Vec<usize> = places.iter().map(|(at, _)| *at).collect();
            blocks.dedup();
            for at in blocks {
                *votes.entry(at).or_default() += 1;
            }
        }
        let free = votes
            .into_iter()
            .filter(|(at, _)| !self.blocks[*at].linked && !self.blocks[*at].covered);
        let best = free.max_by_key(|(at, votes)| (*votes, std::cmp::Reverse(*at)));
        let Some((at, _)) = best.filter(|(_, votes)| *votes >= 2 && 2 * votes >= rare) else {
            return Some(String::new());
        };
        self.blocks[at].covered = true;
        Some(self.blocks[at].words.join(" "))
    }
}

/// How many of some words are among others, each counted as often as it is there, whatever stands around their letters.
fn shared(some: &[&str], others: &[&str]) -> usize {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for word in others {
        *counts.entry(bare(word)).or_default() += 1;
    }
    let taken = some.iter().filter(|word| {
        let count = counts.get_mut(&bare(word)).filter(|count| **count > 0);
        count.map(|count| *count -= 1).is_some()
    });
    taken.count()
}
