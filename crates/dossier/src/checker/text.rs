//! Taking in blocks, their order and citations.

use std::collections::HashMap;

use komuz_release::story::{Block, Citation};

use super::Checker;
use crate::facts::{BlockFacts, Cited};

impl Checker {
    /// Takes in blocks, their order and citations; gives whether blocks came or went.
    pub(super) fn put_text(
        &mut self,
        blocks: Vec<Block>,
        order: Option<Vec<String>>,
        citations: Option<Vec<Citation>>,
    ) -> bool {
        let mut came = false;
        let mut put = Vec::with_capacity(blocks.len());
        for block in blocks {
            let at = self.facts.block(&block.id).map(|(at, _)| at);
            let mut new = BlockFacts::new(block);
            new.revision = self.number();
            match at {
                Some(at) => {
                    let old = &mut self.facts.blocks[at];
                    (new.alone, new.beside) = (std::mem::take(&mut old.alone), std::mem::take(&mut old.beside));
                    *old = new;
                    put.push(at);
                }
                None => {
                    came = true;
                    self.facts.blocks.push(new);
                }
            }
        }
        if let Some(order) = order {
            let blocks = self.facts.blocks.drain(..);
            let mut by_id: HashMap<String, BlockFacts> = blocks.map(|block| (block.block.id.clone(), block)).collect();
            self.facts.blocks = order.iter().filter_map(|id| by_id.remove(id)).collect();
            came = true;
        }
        let citations = citations.filter(|new| *new != self.facts.citations);
        if came || citations.is_some() {
            self.place(came, citations);
        } else {
            put.into_iter().for_each(|at| self.facts.place_citations_in(at));
        }
        came
    }

    /// Places all citations anew; a block in which others stand now, or the same elsewhere, is another.
    fn place(&mut self, came: bool, citations: Option<Vec<Citation>>) {
        if came {
            self.facts.place_blocks();
            self.changed.order = true;
        }
        let blocks = self.facts.blocks.iter_mut();
        let before: Vec<Vec<Cited>> = blocks.map(|block| std::mem::take(&mut block.cited)).collect();
        let old = citations.map(|new| std::mem::replace(&mut self.facts.citations, new));
        self.facts.place_citations();
        let (facts, new) = (&self.facts, &self.facts.citations);
        let old = old.as_ref().unwrap_or(new);
        let changed = |at: &usize| {
            let was = before[*at]
                .iter()
                .map(|cited| (old.get(cited.citation), cited.start, cited.end));
            let is = facts.blocks[*at].cited.iter();
            !was.eq(is.map(|cited| (new.get(cited.citation), cited.start, cited.end)))
        };
        let changed: Vec<usize> = (0..before.len()).filter(changed).collect();
        for at in changed {
            self.facts.blocks[at].revision = self.number();
        }
    }
}
