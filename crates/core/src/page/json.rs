//! The page's document as ProseMirror's JSON.

use std::collections::BTreeMap;

use komuz_release::story::BlockKind;
use serde_json::{Map, Value, json};

use super::{Block, Mark, Marks, Page, PageError, Run};

fn shape(what: impl Into<String>, place: &str) -> PageError {
    PageError::Shape {
        what: what.into(),
        place: place.to_owned(),
    }
}

/// A document node.
pub fn read_page(value: &Value) -> Result<Page, PageError> {
    if value.get("type").and_then(Value::as_str) != Some("doc") {
        return Err(shape("the root is no `doc`", "type"));
    }
    let blocks = read_list(value.get("content"), "content", read_block)?;
    if blocks.is_empty() {
        Err(shape("no block", "content"))
    } else {
        Ok(Page::new(blocks))
    }
}

/// A document node of a page.
pub fn write_page(page: &Page) -> Value {
    json!({ "type": "doc", "content": page.blocks().iter().map(|block| write_block(block)).collect::<Vec<_>>() })
}

/// Reads each member of an optional array.
pub(super) fn read_list<T>(
    list: Option<&Value>,
    place: &str,
    read: impl Fn(&Value, &str) -> Result<T, PageError>,
) -> Result<Vec<T>, PageError> {
    match list {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(index, item)| read(item, &format!("{place}[{index}]")))
            .collect(),
        Some(_) => Err(shape("not an array", place)),
    }
}

/// A block node.
pub(super) fn read_block(value: &Value, place: &str) -> Result<Block, PageError> {
    let name = value
        .get("type")
        .and_then(Value::as_str)
        .ok_or_else(|| shape("a node without a type", place))?;
    let attrs = value.get("attrs").cloned().unwrap_or_default();
    let (id, kind) = read_attrs(name, &attrs).ok_or_else(|| shape(format!("no block is called {name:?}"), place))?;
    let runs = read_list(value.get("content"), &format!("{place}.content"), read_run)?;
    if kind == BlockKind::Rule && !runs.is_empty() {
        return Err(shape("a rule with content", place));
    }
    Ok(Block::new(id, kind, runs))
}

/// A block's identity and kind from its node's name and attributes; attributes that are missing or of another type take
/// the schema's defaults. None for a name that the schema does not have.
pub(super) fn read_attrs(name: &str, attrs: &Value) -> Option<(Option<String>, BlockKind)> {
    let text = |key: &str| attrs.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |key: &str, default: u8| {
        attrs
            .get(key)
            .and_then(Value::as_f64)
            .map_or(default, |value| value.clamp(0.0, 255.0) as u8)
    };
    let kind = match name {
        "paragraph" => BlockKind::Paragraph,
        "heading" => BlockKind::Heading {
            level: number("level", 2),
        },
        "quote" => BlockKind::Quote,
        "item" => BlockKind::Item {
            ordered: attrs.get("ordered").and_then(Value::as_bool).unwrap_or(false),
            depth: number("depth", 0),
        },
        "figure" => BlockKind::Figure {
            file: text("file"),
            media: text("media"),
            alt: text("alt"),
            credit: text("credit"),
        },
        "rule" => BlockKind::Rule,
        "other" => BlockKind::Other {
            name: text("name"),
            attrs: attrs
                .get("attrs")
                .and_then(Value::as_object)
                .map_or_else(BTreeMap::new, |map| {
                    map.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
                }),
        },
        _ => return None,
    };
    Some((attrs.get("id").and_then(Value::as_str).map(str::to_owned), kind))
}

/// The name of a kind's node.
pub fn node_name(kind: &BlockKind) -> &'static str {
    match kind {
        BlockKind::Paragraph => "paragraph",
        BlockKind::Heading { .. } => "heading",
        BlockKind::Quote => "quote",
        BlockKind::Item { .. } => "item",
        BlockKind::Figure { .. } => "figure",
        BlockKind::Rule => "rule",
        BlockKind::Other { .. } => "other",
    }
}

/// The attributes of a block's node.
pub fn write_attrs(id: Option<&str>, kind: &BlockKind) -> Map<String, Value> {
    let mut attrs = Map::new();
    attrs.insert("id".into(), id.into());
    let mut put = |key: &str, value: Value| attrs.insert(key.into(), value);
    match kind {
        BlockKind::Paragraph | BlockKind::Quote | BlockKind::Rule => {}
        BlockKind::Heading { level } => {
            put("level", (*level).into());
        }
        BlockKind::Item { ordered, depth } => {
            put("ordered", (*ordered).into());
            put("depth", (*depth).into());
        }
        BlockKind::Figure {
            file,
            media,
            alt,
            credit,
        } => {
            put("file", file.as_str().into());
            put("media", media.as_str().into());
            put("alt", alt.as_str().into());
            put("credit", credit.as_str().into());
        }
        BlockKind::Other { name, attrs } => {
            put("name", name.as_str().into());
            put("attrs", Value::Object(attrs.clone().into_iter().collect()));
        }
    }
    attrs
}

/// A block's node.
pub(super) fn write_block(block: &Block) -> Value {
    let mut node = Map::new();
    node.insert("type".into(), node_name(&block.kind).into());
    node.insert("attrs".into(), write_attrs(block.id.as_deref(), &block.kind).into());
    if !block.runs().is_empty() {
        node.insert("content".into(), block.runs().iter().map(write_run).collect());
    }
    node.into()
}

/// A text node.
pub(super) fn read_run(value: &Value, place: &str) -> Result<Run, PageError> {
    if value.get("type").and_then(Value::as_str) != Some("text") {
        return Err(shape("only text lies inside a block", place));
    }
    let text = value
        .get("text")
        .and_then(Value::as_str)
        .ok_or_else(|| shape("a text node without text", place))?;
    let marks = read_list(value.get("marks"), &format!("{place}.marks"), read_mark)?;
    Ok(Run::new(text, Marks::new(marks)))
}

/// A text node of a run.
pub(super) fn write_run(run: &Run) -> Value {
    let mut node = Map::new();
    node.insert("type".into(), "text".into());
    if !run.marks.is_empty() {
        node.insert("marks".into(), run.marks.iter().map(write_mark).collect());
    }
    node.insert("text".into(), run.text.as_str().into());
    node.into()
}

/// A mark.
pub(super) fn read_mark(value: &Value, place: &str) -> Result<Mark, PageError> {
    let name = value
        .get("type")
        .and_then(Value::as_str)
        .ok_or_else(|| shape("a mark without a type", place))?;
    let attr = |key: &str| value.get("attrs").and_then(|attrs| attrs.get(key));
    let text = |key: &str| attr(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match name {
        "strong" => Ok(Mark::Strong),
        "emphasis" => Ok(Mark::Emphasis),
        "code" => Ok(Mark::Code),
        "link" => Ok(Mark::Link(text("href"))),
        "foreign" => Ok(Mark::Foreign(text("name"), attr("value").cloned().unwrap_or_default())),
        "anchor" => Ok(Mark::Anchor(text("id"))),
        _ => Err(shape(format!("no mark is called {name:?}"), place)),
    }
}

/// The JSON of a mark.
pub(super) fn write_mark(mark: &Mark) -> Value {
    match mark {
        Mark::Strong => json!({ "type": "strong" }),
        Mark::Emphasis => json!({ "type": "emphasis" }),
        Mark::Code => json!({ "type": "code" }),
        Mark::Link(href) => json!({ "type": "link", "attrs": { "href": href } }),
        Mark::Foreign(name, value) => json!({ "type": "foreign", "attrs": { "name": name, "value": value } }),
        Mark::Anchor(id) => json!({ "type": "anchor", "attrs": { "id": id } }),
    }
}
