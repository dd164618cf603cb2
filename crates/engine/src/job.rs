//! Reading and writing outside formats: work that the engine hands out, because the parsers are a file of their own in
//! the browser (`komuz_import`), fetched when somebody needs them.

use komuz_release::story::Story;
use serde::Serialize;
use serde_json::Value;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Read {
    /// The story with its sources.
    pub story: Story,
    /// What could not be kept, a sentence each.
    pub left_out: Vec<String>,
}

impl Read {
    /// Reads what `run` writes, here or in the file that holds the parsers.
    pub fn from_json(json: &str) -> Result<Self, String> {
        let mut read: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let story = read
            .get_mut("story")
            .map(Value::take)
            .ok_or("the parser gave no story")?;
        let left_out = read.get("left_out").and_then(Value::as_array).into_iter().flatten();
        let left_out = left_out.filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(Self {
            story: Story::from_value(story).map_err(|error| error.to_string())?,
            left_out,
        })
    }
}

/// Does a task here; the result is what [`crate::Input::JobDone`] wants. An error is a sentence that says what was wrong
/// and where.
#[cfg(feature = "import")]
pub fn run(task: &Task) -> Result<String, String> {
    match task {
        Task::Read { name, text } => {
            let imported = komuz_import::import(name, text.as_bytes(), komuz_import::DEFAULT_LIMIT)
                .map_err(|error| error.to_string())?;
            let read = Read {
                story: imported.story,
                left_out: imported.left_out,
            };
            serde_json::to_string(&read).map_err(|error| error.to_string())
        }
        Task::Write { format, story } if format == "markdown" => {
            let story = serde_json::from_str(story).map_err(|error| error.to_string())?;
            let story = Story::from_value(story).map_err(|error| error.to_string())?;
            serde_json::to_string(&komuz_import::export_markdown(&story)).map_err(|error| error.to_string())
        }
        Task::Write { format, .. } => Err(format!("{format:?} is not written here")),
    }
}
