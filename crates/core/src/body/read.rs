//! From Automerge's texts to a [`Sheet`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use automerge::iter::{MapRangeItem, Span};
use automerge::marks::MarkSet;
use automerge::{
    AutomergeError, ChangeHash, ObjId, ObjType, Prop, ROOT, ReadDoc, ScalarValue, ScalarValueRef, Value, ValueRef,
};
use komuz_release::story::{BlockKind, Byline, MAX_DEPTH, safe_link};
use serde_json::Value as Json;

use super::sheet::{Cell, Elem, Piece, Row, Section, Sheet};
use crate::page::{Mark, Marks};

/// Public identity of text that stands before the story's first marker.
pub(crate) const BARE_START: &str = "start";

/// A document to read, as it is or as it was.
pub(crate) struct Look<'a, R> {
    pub(crate) doc: &'a R,
    /// The version; none for the newest, which is much faster.
    pub(crate) heads: Option<&'a [ChangeHash]>,
}

impl<R> Clone for Look<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Look<'_, R> {}

impl<'a, R: ReadDoc> Look<'a, R> {
    /// As it is.
    pub(crate) fn now(doc: &'a R) -> Self {
        Self { doc, heads: None }
    }

    pub(crate) fn get(self, obj: &ObjId, prop: impl Into<Prop>) -> Result<Option<(Value<'a>, ObjId)>, AutomergeError> {
        match self.heads {
            None => self.doc.get(obj, prop),
            Some(heads) => self.doc.get_at(obj, prop, heads),
        }
    }

    pub(crate) fn keys(self, obj: &ObjId) -> Vec<String> {
        match self.heads {
            None => self.doc.keys(obj).collect(),
            Some(heads) => self.doc.keys_at(obj, heads).collect(),
        }
    }

    pub(crate) fn length(self, obj: &ObjId) -> usize {
        match self.heads {
            None => self.doc.length(obj),
            Some(heads) => self.doc.length_at(obj, heads),
        }
    }

    /// What lies in a map under keys that start with a prefix, in the order of the keys.
    pub(crate) fn items(self, map: &ObjId, prefix: &str) -> impl Iterator<Item = MapRangeItem<'a>> {
        let range = (Bound::Included(prefix.to_owned()), Bound::Unbounded);
        let items = match self.heads {
            None => self.doc.map_range(map, range),
            Some(heads) => self.doc.map_range_at(map, range, heads),
        };
        let prefix = prefix.to_owned();
        items.take_while(move |item| item.key.starts_with(&prefix))
    }

    /// All maps under a key: more than one when some were made at once; the one that wins is the last.
    pub(crate) fn maps(self, map: &ObjId, key: &str) -> Vec<ObjId> {
        let all = match self.heads {
            None => self.doc.get_all(map, key),
            Some(heads) => self.doc.get_all_at(map, key, heads),
        };
        // Wrong only for objects that are not there or are no maps; both hold nothing.
        let all = all.unwrap_or_default().into_iter();
        all.filter(|(value, _)| matches!(value, Value::Object(ObjType::Map)))
            .map(|(_, id)| id)
            .collect()
    }

    pub(crate) fn text(self, obj: &ObjId) -> Result<String, AutomergeError> {
        match self.heads {
            None => self.doc.text(obj),
            Some(heads) => self.doc.text_at(obj, heads),
        }
    }

    fn spans(self, obj: &ObjId) -> Result<Vec<Span>, AutomergeError> {
        Ok(match self.heads {
            None => self.doc.spans(obj)?.collect(),
            Some(heads) => self.doc.spans_at(obj, heads)?.collect(),
        })
    }

    /// The id of an object at the document's root.
    pub(crate) fn root(self, name: &str) -> Result<ObjId, AutomergeError> {
        match self.get(&ROOT, name)? {
            Some((Value::Object(_), id)) => Ok(id),
            // Every document starts from the genesis, which makes them; only a hostile change deletes one.
            _ => Err(AutomergeError::InvalidObjId(name.to_owned())),
        }
    }
}

/// Reads the whole text.
pub(crate) fn read_sheet<R: ReadDoc>(doc: Look<'_, R>) -> Result<Sheet, AutomergeError> {
    let list = doc.root("sections")?;
    let mut sheet = Sheet::default();
    let mut cells = Vec::new();
    let mut claims: Vec<(Option<String>, ObjId)> = Vec::new();
    for index in 0..doc.length(&list) {
        let Some((Value::Object(ObjType::Text), obj)) = doc.get(&list, index)? else {
            continue;
        };
        read_section(doc, &obj, &mut cells, &mut claims)?;
        sheet.sections.push(Section {
            len: doc.length(&obj),
            obj,
        });
    }
    let names = public_ids(&claims);
    let waits =
        |(claim, obj): (Option<String>, ObjId)| Some((claim.filter(|claim| names.get(&obj) != Some(claim))?, obj));
    sheet.waiting = claims.into_iter().filter_map(waits).collect();
    let mut taken: HashSet<String> = names.values().cloned().collect();
    let mut rows: Vec<Row> = Vec::new();
    for cell in cells {
        match cell {
            Cell::Marker { marker, kind, .. } => {
                let id = marker
                    .as_ref()
                    .and_then(|obj| names.get(obj))
                    .cloned()
                    .unwrap_or_default();
                rows.push(Row::new(marker, id, kind, Vec::new()));
            }
            Cell::Text(piece) => add(&mut rows, piece, &mut taken),
        }
    }
    if rows.is_empty() {
        rows.push(Row::new(None, BARE_START.to_owned(), BlockKind::Paragraph, Vec::new()));
    }
    sheet.rows = rows.into_iter().map(Arc::new).collect();
    Ok(sheet)
}

/// Adds text behind what was read; text that cannot lie in a row gets one without a marker, under an identity that is not taken.
fn add(rows: &mut Vec<Row>, piece: Piece, taken: &mut HashSet<String>) {
    let bare = match rows.last() {
        None => Some(BARE_START.to_owned()),
        Some(row) if row.kind == BlockKind::Rule => Some(format!("{}+", row.id)),
        Some(_) => None,
    };
    match (bare, rows.pop()) {
        (Some(mut id), last) => {
            while !taken.insert(id.clone()) {
                id.push('+');
            }
            rows.extend(last);
            rows.push(Row::new(None, id, BlockKind::Paragraph, vec![piece]));
        }
        (None, Some(mut last)) => {
            last.push(piece);
            rows.push(last);
        }
        (None, None) => {}
    }
}

/// Public identities, each of one marker: a marker's is its `attrs.id` when it has one, and its object id otherwise. An object id
/// is no other's while its marker is there, however old that other is made to look; where several claim what is free, the oldest has
/// it and the others go by their object ids.
fn public_ids(claims: &[(Option<String>, ObjId)]) -> HashMap<ObjId, String> {
    let own: HashMap<String, &ObjId> = claims.iter().map(|(_, obj)| (obj.to_string(), obj)).collect();
    let free = |claim: &String, obj: &ObjId| own.get(claim).is_none_or(|owner| *owner == obj);
    let mut owners: HashMap<&str, &ObjId> = HashMap::new();
    for (claim, obj) in claims {
        if let Some(claim) = claim.as_ref().filter(|claim| free(claim, obj)) {
            let owner = owners.entry(claim).or_insert(obj);
            *owner = obj.min(*owner);
        }
    }
    claims
        .iter()
        .map(|(claim, obj)| {
            let held = claim.as_ref().filter(|claim| owners.get(claim.as_str()) == Some(&obj));
            (obj.clone(), held.cloned().unwrap_or_else(|| obj.to_string()))
        })
        .collect()
}

fn read_section<R: ReadDoc>(
    doc: Look<'_, R>,
    obj: &ObjId,
    cells: &mut Vec<Cell>,
    claims: &mut Vec<(Option<String>, ObjId)>,
) -> Result<(), AutomergeError> {
    let spans = doc.spans(obj)?;
    let ids = match quick_ids(doc, obj, &spans) {
        Some(ids) => ids,
        None => exact_ids(doc, obj, &spans)?,
    };
    let mut ids = ids.into_iter();
    for span in &spans {
        match span {
            Span::Block(_) => {
                let Some(marker) = ids.next() else { continue };
                let (claim, kind) = read_marker(doc, &marker)?;
                claims.push((claim, marker.clone()));
                cells.push(Cell::Marker {
                    marker: Some(marker),
                    id: String::new(),
                    kind,
                });
            }
            Span::Text { text, marks } => {
                let marks = marks.as_ref().map_or_else(Marks::default, |marks| read_marks(marks));
                let mut piece: Option<Piece> = None;
                let mut next = 0;
                for char in text.chars() {
                    let Some(elem) = ids.next().as_ref().and_then(Elem::of) else {
                        continue;
                    };
                    let ctr = elem.ctr;
                    match &mut piece {
                        Some(piece) if piece.elem.actor == elem.actor && next == ctr => piece.text.push(char),
                        _ => {
                            let other = Piece {
                                elem,
                                text: char.into(),
                                marks: marks.clone(),
                            };
                            cells.extend(piece.replace(other).map(Cell::Text));
                        }
                    }
                    next = ctr + 1;
                }
                cells.extend(piece.map(Cell::Text));
            }
        }
    }
    Ok(())
}

/// The identities of the characters and markers of a text, from one pass over its elements. Automerge lists the ends of
/// marks among them, with the mark's value; none when these cannot be told from characters.
fn quick_ids<R: ReadDoc>(doc: Look<'_, R>, obj: &ObjId, spans: &[Span]) -> Option<Vec<ObjId>> {
    let mut wanted = spans.iter().flat_map(|span| match span {
        Span::Block(_) => "\u{fffc}".chars(),
        Span::Text { text, .. } => text.chars(),
    });
    let mut expected = wanted.next();
    let mut ids = Vec::new();
    let items = match doc.heads {
        None => doc.doc.list_range(obj, ..),
        Some(heads) => doc.doc.list_range_at(obj, .., heads),
    };
    for item in items {
        let found = match &item.value {
            ValueRef::Object(_) => '\u{fffc}',
            ValueRef::Scalar(ScalarValueRef::Str(text)) => {
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(char), None) => char,
                    _ => continue,
                }
            }
            ValueRef::Scalar(_) => continue,
        };
        if expected != Some(found) {
            return None;
        }
        expected = wanted.next();
        ids.push(item.id());
    }
    expected.is_none().then_some(ids)
}

/// The same by asking for each position: slow and always right.
fn exact_ids<R: ReadDoc>(doc: Look<'_, R>, obj: &ObjId, spans: &[Span]) -> Result<Vec<ObjId>, AutomergeError> {
    let mut ids = Vec::new();
    let mut index = 0;
    for char in spans.iter().flat_map(|span| span.as_str().chars()) {
        match doc.get(obj, index)? {
            Some((_, id)) => ids.push(id),
            None => return Err(AutomergeError::InvalidIndex(index)),
        }
        index += char.len_utf16();
    }
    Ok(ids)
}

/// What a marker's map says: the identity that it claims, and the kind of its block. Who made a marker says whose identity it takes
/// over, and nobody else.
pub(crate) fn read_marker<R: ReadDoc>(
    doc: Look<'_, R>,
    marker: &ObjId,
) -> Result<(Option<String>, BlockKind), AutomergeError> {
    let name = text_at(doc, marker, "type")?.unwrap_or_else(|| "paragraph".to_owned());
    let attrs = match doc.get(marker, "attrs")? {
        Some((Value::Object(ObjType::Map), attrs)) => Some(attrs),
        _ => None,
    };
    let actor = |id: &ObjId| match id {
        ObjId::Id(_, actor, _) => Some(actor.clone()),
        ObjId::Root => None,
    };
    let mut values: BTreeMap<String, Json> = BTreeMap::new();
    if let Some(attrs) = &attrs {
        for key in doc.keys(attrs) {
            if let Some((value, id)) = doc.get(attrs, key.as_str())? {
                if key == "id" && actor(&id) != actor(marker) {
                    continue;
                }
                values.insert(key, to_json(doc, &value, &id, 0)?);
            }
        }
    }
    let text = |key: &str| values.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let number = |key: &str| values.get(key).and_then(Json::as_u64);
    let kind = match name.as_str() {
        "paragraph" => BlockKind::Paragraph,
        "heading" => BlockKind::Heading {
            level: if number("level") == Some(3) { 3 } else { 2 },
        },
        "quote" => BlockKind::Quote,
        "item" => BlockKind::Item {
            ordered: values.get("ordered").and_then(Json::as_bool).unwrap_or(false),
            depth: number("depth").unwrap_or(0).min(u64::from(MAX_DEPTH)) as u8,
        },
        "figure" => BlockKind::Figure {
            file: text("file"),
            media: text("media"),
            alt: text("alt"),
            credit: text("credit"),
        },
        "rule" => BlockKind::Rule,
        _ => BlockKind::Other {
            name,
            attrs: values
                .iter()
                .filter(|(key, _)| *key != "id")
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
        },
    };
    let claim = values
        .get("id")
        .and_then(Json::as_str)
        .filter(|id| !id.is_empty())
        .map(str::to_owned);
    Ok((claim, kind))
}

/// One name of the byline.
pub(crate) fn byline_of<R: ReadDoc>(look: Look<'_, R>, map: &ObjId) -> Result<Byline, AutomergeError> {
    Ok(Byline {
        name: text_at(look, map, "name")?.unwrap_or_default(),
        outlet: text_at(look, map, "outlet")?,
    })
}

/// A string member of a map; also when it is stored as a text.
pub(crate) fn text_at<R: ReadDoc>(doc: Look<'_, R>, map: &ObjId, key: &str) -> Result<Option<String>, AutomergeError> {
    Ok(match doc.get(map, key)? {
        Some((Value::Scalar(value), _)) => value.as_str().map(str::to_owned),
        Some((Value::Object(ObjType::Text), id)) => Some(doc.text(&id)?),
        _ => None,
    })
}

/// How deep attributes of unknown blocks nest.
const MAX_NESTING: usize = 8;

/// A value as JSON.
fn to_json<R: ReadDoc>(doc: Look<'_, R>, value: &Value<'_>, id: &ObjId, depth: usize) -> Result<Json, AutomergeError> {
    Ok(match value {
        Value::Scalar(value) => scalar_to_json(value),
        Value::Object(_) if depth > MAX_NESTING => Json::Null,
        Value::Object(ObjType::Map | ObjType::Table) => {
            let mut map = serde_json::Map::new();
            for key in doc.keys(id) {
                if let Some((value, id)) = doc.get(id, key.as_str())? {
                    map.insert(key, to_json(doc, &value, &id, depth + 1)?);
                }
            }
            map.into()
        }
        Value::Object(ObjType::List) => {
            let mut list = Vec::new();
            for index in 0..doc.length(id) {
                if let Some((value, id)) = doc.get(id, index)? {
                    list.push(to_json(doc, &value, &id, depth + 1)?);
                }
            }
            list.into()
        }
        Value::Object(ObjType::Text) => doc.text(id)?.into(),
    })
}

fn scalar_to_json(value: &ScalarValue) -> Json {
    match value {
        ScalarValue::Str(text) => text.as_str().into(),
        ScalarValue::Int(number) | ScalarValue::Timestamp(number) => (*number).into(),
        ScalarValue::Uint(number) => (*number).into(),
        ScalarValue::F64(number) => (*number).into(),
        ScalarValue::Boolean(value) => (*value).into(),
        ScalarValue::Counter(counter) => i64::from(counter).into(),
        ScalarValue::Null | ScalarValue::Bytes(_) | ScalarValue::Unknown { .. } => Json::Null,
    }
}

/// The marks of a span. A link whose address is not safe is no mark.
fn read_marks(set: &MarkSet) -> Marks {
    Marks::new(set.iter().filter_map(|(name, value)| read_mark(name, value)))
}

/// A mark of Automerge as the page's; none for one that was taken away.
pub(crate) fn read_mark(name: &str, value: &ScalarValue) -> Option<Mark> {
    if matches!(value, ScalarValue::Null) {
        return None;
    }
    Some(match (name, value) {
        ("strong", ScalarValue::Boolean(true)) => Mark::Strong,
        ("emphasis", ScalarValue::Boolean(true)) => Mark::Emphasis,
        ("code", ScalarValue::Boolean(true)) => Mark::Code,
        ("strong" | "emphasis" | "code", _) => return None,
        ("link", value) => Mark::Link(value.as_str().filter(|href| safe_link(href))?.to_owned()),
        (name, value) => Mark::Foreign(name.to_owned(), scalar_to_json(value)),
    })
}
