//! What several tests of the importer need.
#![allow(dead_code, reason = "each test uses its part of it")]

use komuz_import::{DEFAULT_LIMIT, ImportError, import};
use komuz_release::story::Story;

/// What an import brought, with what it says in English.
pub struct Imported {
    pub story: Story,
    pub left_out: Vec<String>,
}

/// Reads what must be readable.
pub fn read(name: &str, text: &str) -> Imported {
    let imported = import(name, text.as_bytes(), DEFAULT_LIMIT).expect("imports");
    Imported {
        story: imported.story,
        left_out: imported.left_out.iter().map(ToString::to_string).collect(),
    }
}

/// Reads what must be refused.
pub fn refused(name: &str, text: &str) -> ImportError {
    import(name, text.as_bytes(), DEFAULT_LIMIT).expect_err("refused")
}

/// The words that a citation stands on.
pub fn cited(story: &Story, index: usize) -> String {
    let citation = &story.citations[index];
    let block = story
        .blocks
        .iter()
        .find(|block| block.id == citation.start.block)
        .expect("the block is there");
    let units: Vec<u16> = block.plain_text().encode_utf16().collect();
    String::from_utf16(&units[citation.start.offset as usize..citation.end.offset as usize]).expect("whole characters")
}

/// The texts of the blocks.
pub fn texts(story: &Story) -> Vec<String> {
    story.blocks.iter().map(|block| block.plain_text()).collect()
}
