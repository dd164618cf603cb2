//! Plain text: each line is a paragraph, as it is where plain text is pasted into the desk.

use komuz_release::story::{BlockKind, Marks};

use crate::ImportError;
use crate::draft::{Draft, DraftBlock};

/// Reads a text.
///
/// # Errors
/// [`ImportError::TooMany`].
pub fn read(text: &str) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    for line in text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()) {
        let clean: String = line.chars().filter(|c| crate::is_text(*c)).collect();
        let mut block = DraftBlock::new(BlockKind::Paragraph, 0);
        block.push(&clean, &Marks::default());
        draft.add(block);
        draft.check(None)?;
    }
    Ok(draft)
}
