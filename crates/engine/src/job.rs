//! Work that the engine hands out, because what does it is a file of its own in the browser, fetched when somebody needs it:
//! reading and writing outside formats (`komuz_import`), and the checks (`komuz_dossier`).

use komuz_release::story::Story;
#[cfg(feature = "jobs")]
use komuz_release::words::Lang;
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
        /// The language to say in what could not be kept.
        lang: String,
    },
    /// Write a story; the result is the file's text as a JSON string.
    Write {
        /// `markdown`.
        format: String,
        /// The story as JSON.
        story: String,
    },
    /// Put a story and what is known of it together as Komuz's own JSON; the result is the file's text as a JSON string.
    Gather {
        /// As for [`Task::Check`].
        gathered: String,
    },
    /// Run the checks; the result is JSON for [`komuz_messages::Event::Dossier`].
    Check {
        /// JSON of all that they read (`komuz_dossier::gather`).
        gathered: String,
    },
}

/// What came out of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Read {
    /// The story with its sources.
    pub story: Story,
    /// What could not be kept, a sentence each.
    pub left_out: Vec<String>,
    /// What the newsrooms know of it (`komuz_dossier::Known` as JSON); null for nothing.
    pub dossier: Value,
    /// What to say of a citation whose source is nowhere, `{}` for its id.
    pub unknown_source: String,
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
        let unknown_source = read
            .get("unknown_source")
            .and_then(Value::as_str)
            .unwrap_or("{}")
            .to_owned();
        Ok(Self {
            dossier: read.get_mut("dossier").map(Value::take).unwrap_or_default(),
            unknown_source,
            story: Story::from_value(story).map_err(|error| error.to_string())?,
            left_out,
        })
    }
}

/// Does a task here; the result is what [`crate::Input::JobDone`] wants. An error is a sentence that says what was wrong
/// and where.
#[cfg(feature = "jobs")]
pub fn run(task: &Task) -> Result<String, String> {
    match task {
        Task::Read { name, text, lang } => {
            let imported = komuz_import::import(name, text.as_bytes(), komuz_import::DEFAULT_LIMIT)
                .map_err(|error| error.to_string())?;
            let lang = Lang::of(lang);
            let read = Read {
                story: imported.story,
                dossier: serde_json::to_value(imported.dossier).map_err(|error| error.to_string())?,
                left_out: (imported.left_out.iter().map(|left_out| left_out.sentence(lang))).collect(),
                unknown_source: komuz_import::unknown_source(lang).to_owned(),
            };
            serde_json::to_string(&read).map_err(|error| error.to_string())
        }
        Task::Write { format, story } if format == "markdown" => {
            let story = serde_json::from_str(story).map_err(|error| error.to_string())?;
            let story = Story::from_value(story).map_err(|error| error.to_string())?;
            serde_json::to_string(&komuz_import::export_markdown(&story)).map_err(|error| error.to_string())
        }
        Task::Gather { gathered } => komuz_dossier::gather::file(gathered).map_err(|error| error.to_string()),
        Task::Check { gathered } => komuz_dossier::gather::Open::default()
            .shown(gathered)
            .map_err(|error| error.to_string()),
        Task::Write { format, .. } => Err(format!("{format:?} is not written here")),
    }
}
