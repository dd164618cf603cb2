//! Komuz's own JSON: a whole story with its sources (docs/story.schema.json), checked as a thing from outside.

use std::collections::BTreeSet;

use komuz_release::csl;
use komuz_release::story::{BlockKind, MAX_DEPTH, STORY_VERSION, Story, safe_link};
use serde_json::Value;

use crate::ImportError;

/// The longest text of one block, in UTF-16 code units.
const MAX_TEXT: usize = 200_000;

fn wrong<T>(place: impl Into<String>, problem: impl Into<String>) -> Result<T, ImportError> {
    Err(ImportError::Json {
        place: place.into(),
        problem: problem.into(),
    })
}

/// Whether JSON claims to be a story: an object with `komuz` in it.
pub fn is_story(text: &str) -> bool {
    matches!(serde_json::from_str::<Value>(text), Ok(Value::Object(object)) if object.contains_key("komuz"))
}

/// Reads and checks a story.
pub fn read(text: &str) -> Result<Story, ImportError> {
    let story: Story = match serde_json::from_str(text) {
        Ok(story) => story,
        Err(error) => {
            return wrong(
                format!("line {}, column {}", error.line(), error.column()),
                error.to_string(),
            );
        }
    };
    if story.komuz != STORY_VERSION {
        return wrong(
            "komuz",
            format!(
                "version {} is not known; this program reads version {STORY_VERSION}",
                story.komuz
            ),
        );
    }
    let mut ids = BTreeSet::new();
    for (index, block) in story.blocks.iter().enumerate() {
        let place = |member: &str| format!("blocks[{index}]{member}");
        if block.id.is_empty() || block.id.len() > 100 || !ids.insert(block.id.as_str()) {
            return wrong(place(".id"), "missing, too long or used twice");
        }
        match &block.kind {
            BlockKind::Heading { level } if !(2..=3).contains(level) => {
                return wrong(place(".level"), format!("{level} is neither 2 nor 3"));
            }
            BlockKind::Item { depth, .. } if *depth > MAX_DEPTH => {
                return wrong(place(".depth"), format!("{depth} is deeper than {MAX_DEPTH}"));
            }
            BlockKind::Figure { file, .. } if !file.is_empty() && !is_sha256(file) => {
                return wrong(place(".file"), "not a SHA-256 in lower-case hex");
            }
            BlockKind::Rule if !block.text.is_empty() => return wrong(place(".text"), "a rule has no text"),
            _ => {}
        }
        if units(&block.plain_text()) > MAX_TEXT {
            return wrong(place(".text"), format!("longer than {MAX_TEXT} UTF-16 code units"));
        }
        for (number, span) in block.text.iter().enumerate() {
            if span.text.is_empty() || span.text.contains(['\u{fffc}', '\0']) {
                return wrong(
                    place(&format!(".text[{number}].text")),
                    "empty, or holds U+FFFC or U+0000",
                );
            }
            if span.marks.link.as_deref().is_some_and(|link| !safe_link(link)) {
                return wrong(
                    place(&format!(".text[{number}].marks.link")),
                    "not an http, https or mailto address",
                );
            }
        }
    }
    let mut sources = BTreeSet::new();
    for (index, source) in story.sources.iter().enumerate() {
        let value = serde_json::to_value(source).map_err(|error| ImportError::Json {
            place: format!("sources[{index}]"),
            problem: error.to_string(),
        })?;
        csl::source(&format!("sources[{index}]"), value)?;
        if source.id.is_empty() || !sources.insert(source.id.as_str()) {
            return wrong(format!("sources[{index}].id"), "missing or used twice");
        }
    }
    let mut citations = BTreeSet::new();
    for (index, citation) in story.citations.iter().enumerate() {
        let place = |member: &str| format!("citations[{index}]{member}");
        if citation.id.is_empty() || !citations.insert(citation.id.as_str()) {
            return wrong(place(".id"), "missing or used twice");
        }
        if !sources.contains(citation.source.as_str()) {
            return wrong(place(".source"), format!("no source has the id {:?}", citation.source));
        }
        let position =
            |member: &str, at: &komuz_release::story::Place| match story.blocks.iter().position(|b| b.id == at.block) {
                None => wrong(
                    place(&format!(".{member}.block")),
                    format!("no block has the id {:?}", at.block),
                ),
                Some(block) if !is_boundary(&story.blocks[block].plain_text(), at.offset) => wrong(
                    place(&format!(".{member}.offset")),
                    "beyond the block's text or inside a surrogate pair",
                ),
                Some(block) => Ok((block, at.offset)),
            };
        if position("start", &citation.start)? >= position("end", &citation.end)? {
            return wrong(place(".end"), "not behind the start");
        }
    }
    Ok(story)
}

fn units(text: &str) -> usize {
    crate::draft::utf16(text)
}

fn is_boundary(text: &str, offset: u32) -> bool {
    let mut position = 0;
    let offset = offset as usize;
    for c in text.chars() {
        if position >= offset {
            break;
        }
        position += c.len_utf16();
    }
    position == offset
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
