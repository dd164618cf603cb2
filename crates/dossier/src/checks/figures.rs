//! Figures: described for people who cannot see them, and credited.

use komuz_release::story::BlockKind;

use super::Found;
use crate::facts::Facts;
use crate::finding::Check;

/// A figure needs a description and a credit.
pub(crate) fn check(facts: &Facts, at: usize, found: &mut Found<'_>) {
    let block = &facts.blocks[at];
    let BlockKind::Figure { alt, credit, .. } = &block.block.kind else {
        return;
    };
    let about = format!("blocks.{}", block.block.id);
    let whole = || Some(block.span(0..block.text.len()));
    if alt.trim().is_empty() {
        found.push(Check::FigureUndescribed, &about, whole(), Vec::new());
    }
    if credit.trim().is_empty() {
        found.push(Check::FigureUncredited, &about, whole(), Vec::new());
    }
}
