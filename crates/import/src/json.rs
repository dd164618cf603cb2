//! Komuz's own JSON: a whole story with its sources (docs/story.schema.json), checked as a thing from outside.

use std::collections::{BTreeSet, HashMap, HashSet};

use komuz_dossier::{Dossier, Known};
use komuz_release::csl;
use komuz_release::folder::is_lang;
use komuz_release::story::{BlockKind, MAX_DEPTH, Place, STORY_VERSION, Story, safe_link};
use serde_json::Value;

use crate::{ImportError, MAX_BLOCKS, MAX_CITATIONS, MAX_TEXT};

fn wrong<T>(place: impl Into<String>, problem: impl Into<String>) -> Result<T, ImportError> {
    Err(ImportError::Json {
        place: place.into(),
        problem: problem.into(),
    })
}

/// Whether JSON claims to be a story: an object with `komuz` in it.
pub fn is_story(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.contains_key("komuz"))
}

/// Reads and checks a story; `value` is what `text` says.
pub fn read(text: &str, value: &Value) -> Result<(Story, Known), ImportError> {
    // First, since the reader below knows lines and columns and not which source is wrong.
    for (index, item) in value
        .get("sources")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        csl::source(&format!("sources[{index}]"), item.clone())?;
    }
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
    known(value)?;
    counted(&story)?;
    if !is_lang(&story.lang) {
        return wrong(
            "lang",
            format!(
                "{:?} is not a language tag such as \"ky\"",
                crate::draft::shown(&story.lang)
            ),
        );
    }
    let names = story.byline.iter().enumerate();
    let names = names.map(|(index, byline)| (format!("byline[{index}].name"), &byline.name));
    let head = [
        ("headline".to_owned(), &story.headline),
        ("summary".to_owned(), &story.summary),
    ];
    for (place, text) in head.into_iter().chain(names) {
        if text.contains(['\u{fffc}', '\0']) {
            return wrong(place, "holds U+FFFC or U+0000");
        }
    }
    blocks(&story)?;
    let mut sources = sources(&story)?;
    let dossier = match value.get("dossier") {
        Some(known) => Known::read(known, "dossier")?,
        None => Known::default(),
    };
    sources.extend(dossier.confidential.keys().map(String::as_str));
    citations(&story, &sources)?;
    let whole = Dossier { story, dossier };
    whole.named()?;
    Ok((whole.story, whole.dossier))
}

/// Refuses members that the schema does not know: dropping them would be half an import.
fn known(value: &Value) -> Result<(), ImportError> {
    let story = [
        "komuz",
        "lang",
        "headline",
        "summary",
        "byline",
        "blocks",
        "citations",
        "sources",
        "dossier",
    ];
    only(value, "", &story)?;
    each(value, "", "byline", |name, place| {
        only(name, place, &["name", "outlet"])
    })?;
    each(value, "", "blocks", |block, place| {
        let own: &[&str] = match block.get("type").and_then(Value::as_str).unwrap_or_default() {
            "heading" => &["level"],
            "item" => &["ordered", "depth"],
            "figure" => &["file", "media", "alt", "credit"],
            "other" => &["name", "attrs"],
            _ => &[],
        };
        only(block, place, &[&["id", "type", "text"], own].concat())?;
        each(block, place, "text", |span, place| {
            only(span, place, &["text", "marks"])?;
            let marks = ["strong", "emphasis", "code", "link", "other"];
            member(span, place, "marks", |value, place| only(value, place, &marks))
        })
    })?;
    each(value, "", "citations", |citation, place| {
        only(citation, place, &["id", "source", "locator", "quote", "start", "end"])?;
        for end in ["start", "end"] {
            member(citation, place, end, |value, place| {
                only(value, place, &["block", "offset"])
            })?;
        }
        Ok(())
    })
}

fn path(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

fn only(value: &Value, place: &str, names: &[&str]) -> Result<(), ImportError> {
    let unknown = value
        .as_object()
        .and_then(|members| members.keys().find(|name| !names.contains(&name.as_str())));
    match unknown {
        Some(name) => wrong(path(place, &crate::draft::shown(name)), "nothing is known by this name"),
        None => Ok(()),
    }
}

fn member(
    value: &Value,
    place: &str,
    name: &str,
    check: impl Fn(&Value, &str) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    value.get(name).map_or(Ok(()), |value| check(value, &path(place, name)))
}

fn each(
    value: &Value,
    place: &str,
    name: &str,
    check: impl Fn(&Value, &str) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let items = value.get(name).and_then(Value::as_array).into_iter().flatten();
    for (index, item) in items.enumerate() {
        check(item, &format!("{}[{index}]", path(place, name)))?;
    }
    Ok(())
}

fn counted(story: &Story) -> Result<(), ImportError> {
    for (what, found, limit) in [
        ("blocks:", story.blocks.len(), MAX_BLOCKS),
        ("citations:", story.citations.len(), MAX_CITATIONS),
        ("sources:", story.sources.len(), csl::MAX_ITEMS),
    ] {
        if found > limit {
            return Err(ImportError::TooMany { what, found, limit });
        }
    }
    Ok(())
}

fn blocks(story: &Story) -> Result<(), ImportError> {
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
        if block
            .text
            .iter()
            .map(|span| crate::draft::utf16(&span.text))
            .sum::<usize>()
            > MAX_TEXT
        {
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
    Ok(())
}

fn sources(story: &Story) -> Result<HashSet<&str>, ImportError> {
    let mut ids = HashSet::new();
    for (index, source) in story.sources.iter().enumerate() {
        if source.id.is_empty() || !ids.insert(source.id.as_str()) {
            return wrong(format!("sources[{index}].id"), "missing or used twice");
        }
    }
    Ok(ids)
}

fn citations(story: &Story, sources: &HashSet<&str>) -> Result<(), ImportError> {
    let numbers: HashMap<&str, usize> = story
        .blocks
        .iter()
        .enumerate()
        .map(|(n, block)| (block.id.as_str(), n))
        .collect();
    // The texts of cited blocks in code units, each made once however many citations stand in it.
    let mut texts: HashMap<usize, Vec<u16>> = HashMap::new();
    let mut ids = HashSet::new();
    for (index, citation) in story.citations.iter().enumerate() {
        let place = |member: &str| format!("citations[{index}]{member}");
        if citation.id.is_empty() || citation.id.len() > 100 || !ids.insert(citation.id.as_str()) {
            return wrong(place(".id"), "missing, too long or used twice");
        }
        if !sources.contains(citation.source.as_str()) {
            return wrong(
                place(".source"),
                format!("no source has the id {:?}", crate::draft::shown(&citation.source)),
            );
        }
        let mut position = |member: &str, at: &Place| {
            let Some(block) = numbers.get(at.block.as_str()).copied() else {
                return wrong(
                    place(&format!(".{member}.block")),
                    format!("no block has the id {:?}", crate::draft::shown(&at.block)),
                );
            };
            let units = texts
                .entry(block)
                .or_insert_with(|| story.blocks[block].plain_text().encode_utf16().collect());
            if !is_boundary(units, at.offset as usize) {
                return wrong(
                    place(&format!(".{member}.offset")),
                    "beyond the block's text or inside a surrogate pair",
                );
            }
            Ok((block, at.offset))
        };
        if position("start", &citation.start)? >= position("end", &citation.end)? {
            return wrong(place(".end"), "not behind the start");
        }
    }
    Ok(())
}

fn is_boundary(units: &[u16], offset: usize) -> bool {
    offset <= units.len() && !units.get(offset).is_some_and(|unit| (0xdc00..=0xdfff).contains(unit))
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
