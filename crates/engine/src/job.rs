//! Reading and writing outside formats: work that the engine hands out, because the parsers are a file of their own in
//! the browser (`komuz_import`), fetched when somebody needs them.

use komuz_release::story::Story;
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
    /// Write a story; the result is the file's text as a JSON string.
    Write {
        /// `markdown`.
        format: String,
        /// The story as JSON.
        story: String,
    },
}

/// What came out of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// The story with its sources.
    pub story: Story,
    /// What could not be kept, a sentence each.
    #[serde(default)]
    pub left_out: Vec<String>,
}

/// Does a task here; the result is what [`crate::Input::JobDone`] wants. An error is a sentence that says what was wrong
/// and where.
#[cfg(feature = "import")]
pub fn run(task: &Task) -> Result<String, String> {
    match task {
        Task::Read { name, text } => {
            let imported = komuz_import::import(name, text.as_bytes(), komuz_import::DEFAULT_LIMIT)
                .map_err(|error| error.to_string())?;
            let read = Read { story: imported.story, left_out: imported.left_out };
            serde_json::to_string(&read).map_err(|error| error.to_string())
        }
        Task::Write { format, story } if format == "markdown" => {
            let story: Story = serde_json::from_str(story).map_err(|error| error.to_string())?;
            serde_json::to_string(&komuz_import::export_markdown(&story)).map_err(|error| error.to_string())
        }
        Task::Write { format, .. } => Err(format!("{format:?} is not written here")),
    }
}
