//! Reading and writing outside formats: work that the engine hands out, because the parsers are a file of their own in
//! the browser (`komuz_import`), fetched when somebody needs them.

use komuz_release::story::{Source, Story};
use serde::{Deserialize, Serialize};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Read a document; the result is JSON of [`Read`].
    Read {
        /// The file's name, which tells its format.
        name: String,
        /// Its text.
        text: String,
    },
    /// Write a story; the result is JSON of a string, the file's text.
    Write {
        /// `markdown` or `csl-json`.
        format: String,
        /// The story as JSON.
        story: String,
    },
}

/// What came out of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// The story.
    pub story: Story,
    /// Sources of the file beside the story's own.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// What could not be kept, a sentence each.
    #[serde(default)]
    pub left_out: Vec<String>,
}
