//! The flat list of blocks with its lists nested, as HTML wants them.

use crate::story::{Block, BlockKind, MAX_DEPTH};

/// A part of the text: a block of its own or a whole list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'a> {
    /// Any block but an item.
    Block(&'a Block),
    /// Consecutive items.
    List(List<'a>),
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<'a> {
    /// Numbered or bulleted.
    pub ordered: bool,
    /// Its items.
    pub items: Vec<Item<'a>>,
}

/// An item with the lists inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<'a> {
    /// The item's block.
    pub block: &'a Block,
    /// Lists below its text.
    pub lists: Vec<List<'a>>,
}

/// Nests lists: an item hangs below the nearest item before it that is less deep, so that skipped depths make no empty lists;
/// a change between numbered and bulleted starts a new list. No block is lost and the order stays.
pub fn outline(blocks: &[Block]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut items: Vec<(&Block, bool, u8)> = Vec::new();
    for block in blocks {
        if let BlockKind::Item { ordered, depth } = block.kind {
            items.push((block, ordered, depth.min(MAX_DEPTH)));
        } else {
            parts.extend(lists(&items).into_iter().map(Part::List));
            items.clear();
            parts.push(Part::Block(block));
        }
    }
    parts.extend(lists(&items).into_iter().map(Part::List));
    parts
}

fn lists<'a>(items: &[(&'a Block, bool, u8)]) -> Vec<List<'a>> {
    let mut out: Vec<List<'a>> = Vec::new();
    let mut at = 0;
    while let Some(&(block, ordered, depth)) = items.get(at) {
        // Everything deeper that follows hangs below this item, even where a step was skipped.
        let below = items[at + 1..].iter().take_while(|(_, _, d)| *d > depth).count();
        let item = Item {
            block,
            lists: lists(&items[at + 1..at + 1 + below]),
        };
        match out.last_mut() {
            Some(list) if list.ordered == ordered => list.items.push(item),
            _ => out.push(List {
                ordered,
                items: vec![item],
            }),
        }
        at += 1 + below;
    }
    out
}
