//! Reading stories that were written elsewhere, and writing them for elsewhere.
//!
//! [`import`] takes Markdown, HTML (an export of Google Docs, or what a word processor puts on the clipboard), plain text,
//! Komuz's own JSON, or CSL-JSON, and returns a [`Story`] as a value. Footnotes become citations and their texts sources. Whatever
//! comes in is sanitised on the way: only what the story model knows can come out, and what could not be kept is said
//! in a sentence each. There is no half import: an error returns nothing.
//!
//! [`export_markdown`] writes what [`import`] reads. The crate stands beside the core and not in it so that the engine's
//! Wasm can do without the parsers until somebody imports.

mod draft;
mod export;
mod html;
mod json;
mod left_out;
mod markdown;
mod notes;
mod plain;
#[cfg(target_arch = "wasm32")]
mod wasm;

use std::collections::HashSet;

use komuz_dossier::{DossierError, Known};
use komuz_release::csl::{self, CslError};
use komuz_release::story::{STORY_VERSION, Source, Story};
use serde_json::Value;

pub use export::{export_csl, export_dossier, export_json, export_markdown};
pub use left_out::{LeftOut, unknown_source};

/// How much is read when nobody says otherwise: 16 MB.
pub const DEFAULT_LIMIT: usize = 16 << 20;

/// What an import brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The story with its citations and sources. After CSL-JSON it has sources only.
    pub story: Story,
    /// What could not be kept.
    pub left_out: Vec<LeftOut>,
    /// What the newsrooms know of the story, where it came as Komuz's own JSON.
    pub dossier: Known,
}

/// Why nothing was imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// More bytes than the limit.
    #[error("{bytes} bytes are more than the limit of {limit}; split the file or raise the limit")]
    TooLarge {
        /// Size of the input.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("byte {at} is not UTF-8; save the file as UTF-8")]
    NotUtf8 {
        /// Offset of the first wrong byte.
        at: usize,
    },
    /// A name whose ending tells no format.
    #[error("{name:?} does not end in .md, .markdown, .html, .htm, .txt or .json")]
    UnknownFormat {
        /// The name.
        name: String,
    },
    /// JSON that is not what it should be.
    #[error("{place}: {problem}")]
    Json {
        /// Line and column, or the path of the member.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// CSL-JSON that is not what it should be.
    #[error(transparent)]
    Csl(#[from] CslError),
    /// What is known of a story is not what it should be.
    #[error(transparent)]
    Dossier(#[from] DossierError),
    /// A limit of the model.
    #[error("{what} {found} are more than the limit of {limit}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

/// The most blocks that one import may bring.
pub const MAX_BLOCKS: usize = 20_000;

/// The most citations that one import may bring.
pub const MAX_CITATIONS: usize = 50_000;

/// The longest text of one block, in UTF-16 code units.
pub const MAX_TEXT: usize = 200_000;

/// Reads a document; the ending of `name` tells the format. `limit` is in bytes, usually [`DEFAULT_LIMIT`].
///
/// # Errors
/// [`ImportError`], with the place of what was wrong.
pub fn import(name: &str, bytes: &[u8], limit: usize) -> Result<Imported, ImportError> {
    if bytes.len() > limit {
        return Err(ImportError::TooLarge {
            bytes: bytes.len(),
            limit,
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| ImportError::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "md" | "markdown" => markdown::read(text)?.finish(),
        "html" | "htm" => html::read(text, "")?.finish(),
        "txt" => plain::read(text)?.finish(),
        "json" => {
            let value: Value = serde_json::from_str(text).map_err(|error| ImportError::Json {
                place: format!("line {}, column {}", error.line(), error.column()),
                problem: error.to_string(),
            })?;
            let (story, dossier) = if json::is_story(&value) {
                json::read(text, &value)?
            } else {
                drop(value);
                (of_sources(csl::parse(text)?)?, Known::default())
            };
            Ok(Imported {
                story,
                left_out: Vec::new(),
                dossier,
            })
        }
        _ => Err(ImportError::UnknownFormat { name: name.to_owned() }),
    }
}

/// What may stand in a text: U+FFFC is Automerge's sign for a block, and controls are nobody's words.
fn is_text(c: char) -> bool {
    !matches!(c, '\u{fffc}' | '\u{feff}') && (!c.is_control() || matches!(c, '\n' | '\t'))
}

/// A story that holds nothing but sources; those without an id are given one.
fn of_sources(mut sources: Vec<Source>) -> Result<Story, ImportError> {
    let mut taken = HashSet::new();
    for (index, source) in sources.iter().enumerate().filter(|(_, source)| !source.id.is_empty()) {
        if !taken.insert(source.id.clone()) {
            return Err(ImportError::Json {
                place: format!("sources[{index}].id"),
                problem: format!("{:?} is used twice", draft::shown(&source.id)),
            });
        }
    }
    let mut next = 1;
    for source in sources.iter_mut().filter(|source| source.id.is_empty()) {
        while taken.contains(&format!("s{next}")) {
            next += 1;
        }
        source.id = format!("s{next}");
        next += 1;
    }
    Ok(Story {
        sources,
        ..empty("und")
    })
}

fn empty(lang: &str) -> Story {
    Story {
        komuz: STORY_VERSION,
        lang: lang.to_owned(),
        headline: String::new(),
        summary: String::new(),
        byline: Vec::new(),
        blocks: Vec::new(),
        citations: Vec::new(),
        sources: Vec::new(),
    }
}
