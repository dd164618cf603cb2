//! A story as a value: one language edition with its citations and sources, no history and no identities of writers.
//!
//! This is what importers make, what the desk's engine derives from its documents, what a release carries, and what
//! `komuz export --format json` writes. Positions are UTF-16 code units inside one block's text, as everywhere in Komuz.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of this value's format; the first field of every file that holds one.
pub const STORY_VERSION: u8 = 1;

/// One language edition of a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Format version, [`STORY_VERSION`].
    pub komuz: u8,
    /// Language of the edition as a BCP 47 tag: `ky`, `ru`, `en`.
    pub lang: String,
    /// The headline, plain text.
    pub headline: String,
    /// The summary under the headline (the dek), plain text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// Who is named as author, in order. Empty when nobody asked to be named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub byline: Vec<Byline>,
    /// The text, a flat list of blocks.
    pub blocks: Vec<Block>,
    /// Which spans rest on which sources, ordered by where they end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    /// The sources that the citations name (a story file may hold more: the register).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
}

impl Story {
    /// Reads a story as [`Serialize`] writes it, without the weight of the derived reader. Anything else is an error that
    /// names the place; stories from elsewhere are read by importers.
    pub fn from_value(value: Value) -> Result<Self, crate::release::ReleaseError> {
        crate::form::value(value)
    }
}

/// One name in the byline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Byline {
    /// The name as it is to be printed.
    pub name: String,
    /// Id of the outlet that the person writes for, where one is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlet: Option<String>,
}

/// One block: a paragraph, a heading and so on, with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Identity of the block, stable through edits; unique in its story.
    pub id: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: BlockKind,
    /// Its text in spans of equal marks (a figure's text is its caption; a rule has none).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text: Vec<Span>,
}

/// What a block is. The JSON member `type` names the variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum BlockKind {
    /// A paragraph.
    Paragraph,
    /// A heading of level 2 or 3 (level 1 is the headline).
    Heading {
        /// 2 or 3.
        level: u8,
    },
    /// A quotation set off from the text.
    Quote,
    /// A list item; consecutive items make a list.
    Item {
        /// Numbered (`true`) or bulleted.
        ordered: bool,
        /// Nesting, 0 outermost, at most [`MAX_DEPTH`].
        depth: u8,
    },
    /// A picture; its text is the caption.
    Figure {
        /// SHA-256 of the file, lower-case hex; empty while the file is missing.
        file: String,
        /// Media type of the file, such as `image/webp`.
        media: String,
        /// What it shows, for people who cannot see it.
        alt: String,
        /// Who made it or holds the rights.
        credit: String,
    },
    /// A horizontal rule; no text.
    Rule,
    /// A kind that this version does not know: kept as it is, shown as a paragraph.
    Other {
        /// The kind's own name.
        name: String,
        /// Its attributes.
        attrs: BTreeMap<String, Value>,
    },
}

/// How deep list items nest.
pub const MAX_DEPTH: u8 = 3;

/// A run of text with the same marks. `\n` inside is a line break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The text.
    pub text: String,
    /// Its marks.
    #[serde(default, skip_serializing_if = "Marks::is_plain")]
    pub marks: Marks,
}

/// The marks of a span.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Marks {
    /// Strong importance.
    #[serde(default, skip_serializing_if = "is_false")]
    pub strong: bool,
    /// Emphasis.
    #[serde(default, skip_serializing_if = "is_false")]
    pub emphasis: bool,
    /// Code or a term to be copied to the letter.
    #[serde(default, skip_serializing_if = "is_false")]
    pub code: bool,
    /// Address of a link, with a safe scheme (see [`safe_link`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Marks that this version does not know, kept as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other: BTreeMap<String, String>,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Marks {
    /// Whether no mark is set.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

impl Block {
    /// The block's text without marks.
    pub fn plain_text(&self) -> String {
        self.text.iter().map(|span| span.text.as_str()).collect()
    }
}

/// A span of the text that rests on a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Identity, unique in its story.
    pub id: String,
    /// Id of the [`Source`].
    pub source: String,
    /// Where in the source: `p. 2`, `lines 18-19`, `00:14:05`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub locator: String,
    /// The source's own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub quote: String,
    /// Where the span starts.
    pub start: Place,
    /// Where it ends (exclusive); the note's number stands here.
    pub end: Place,
}

/// A position in the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Id of the block.
    pub block: String,
    /// UTF-16 code units from the start of the block's text.
    pub offset: u32,
}

/// A source as a CSL-JSON item (Citation Style Language 1.0.2, `csl-data.json`), limited to what Komuz shows; other
/// members of an imported item are kept in `other`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Identity, unique in its investigation.
    pub id: String,
    /// CSL type: `article-newspaper`, `webpage`, `report`, `interview`, `broadcast`, `dataset`, `document` and others.
    #[serde(rename = "type")]
    pub kind: String,
    /// Authors in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub author: Vec<Name>,
    /// Title in its own language.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The newspaper, site or series that it is part of: the outlet that readers are shown.
    #[serde(rename = "container-title", default, skip_serializing_if = "String::is_empty")]
    pub container_title: String,
    /// Publisher.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub publisher: String,
    /// When it appeared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<CslDate>,
    /// When it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessed: Option<CslDate>,
    /// Address.
    #[serde(rename = "URL", default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Address of an archived copy. CSL has no variable for it: it lies under `custom` as CSL asks.
    #[serde(default, skip_serializing_if = "Custom::is_empty")]
    pub custom: Custom,
    /// Language of the source as a BCP 47 tag.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// Members of the item that Komuz does not use, kept for export.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Source {
    /// What readers get of a source on background: what it is, in the newsrooms' words, and not who.
    pub fn on_background(&self, described: String) -> Self {
        Self {
            id: self.id.clone(),
            kind: "personal_communication".to_owned(),
            title: described,
            language: self.language.clone(),
            ..Self::default()
        }
    }
}

/// The `custom` member of a CSL item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custom {
    /// Address of an archived copy.
    #[serde(rename = "archive-URL", default, skip_serializing_if = "String::is_empty")]
    pub archive_url: String,
    /// Other members, kept.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Custom {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A name of a CSL item: `family` and `given`, or `literal` for an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// Family name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub family: String,
    /// Given name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub given: String,
    /// A name that is not to be taken apart.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub literal: String,
}

/// A CSL date: `{"date-parts": [[2019, 11, 21]]}`, one part for a year, two for a month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CslDate {
    /// One date, or two for a range; each a year, a month (1 to 12), a day.
    #[serde(rename = "date-parts", default, skip_serializing_if = "Vec::is_empty")]
    pub date_parts: Vec<Vec<i32>>,
    /// A date that is not in parts, as it was given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub literal: String,
}

/// Whether an address may be a link of a story: `https`, `http` or `mailto`, nothing that a browser strips or folds before
/// it reads the scheme (controls, white space, backslashes), a host, and no credentials in front of it.
///
/// A strict check of our own and not the `url` crate, because readers carry it: `url` brings the tables of IDNA, more
/// than the rest of the reader together.
pub fn safe_link(address: &str) -> bool {
    if address.len() > MAX_LINK
        || address
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || c == '\\')
    {
        return false;
    }
    let Some((scheme, rest)) = address.split_once(':') else {
        return false;
    };
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.strip_prefix("//").is_some_and(|rest| {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            !authority.is_empty() && !authority.contains('@')
        }),
        "mailto" => !rest.is_empty(),
        _ => false,
    }
}

/// The longest address that is taken as a link, in bytes.
pub const MAX_LINK: usize = 2048;
