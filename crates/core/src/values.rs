//! Reading and writing plain values in documents.
//!
//! Others write to these documents too, perhaps with a newer version or in bad faith, so nothing is taken for granted:
//! a value of the wrong type reads as absent, a text that is too long is clipped, and nothing panics.

use automerge::transaction::{Transactable, Transaction};
use automerge::{Automerge, AutomergeError, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value};

use crate::body::read::Look;
use crate::document::Document;

/// A map in a document, as it is or as it was at some heads.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    doc: &'a Automerge,
    id: ObjId,
    heads: Option<&'a [ChangeHash]>,
}

impl<'a> Node<'a> {
    /// The root of a document; `heads`, where given, must all be known to it.
    pub fn root(document: &'a Document, heads: Option<&'a [ChangeHash]>) -> Self {
        Self {
            doc: document.automerge(),
            id: ROOT,
            heads,
        }
    }

    /// The object's id, for writing.
    pub fn id(&self) -> &ObjId {
        &self.id
    }

    /// The bytes of the actor that made this map; empty for the root.
    pub fn writer(&self) -> &[u8] {
        match &self.id {
            ObjId::Id(_, actor, _) => actor.to_bytes(),
            ObjId::Root => &[],
        }
    }

    fn all(&self, key: &str) -> Vec<(Value<'a>, ObjId)> {
        // Wrong only for objects that are not there or are no maps; both read as empty.
        match self.heads {
            None => self.doc.get_all(&self.id, key),
            Some(heads) => self.doc.get_all_at(&self.id, key, heads),
        }
        .unwrap_or_default()
    }

    fn scalar(&self, key: &str) -> Option<ScalarValue> {
        let (value, _) = match self.heads {
            None => self.doc.get(&self.id, key),
            Some(heads) => self.doc.get_at(&self.id, key, heads),
        }
        .ok()??;
        value.into_scalar().ok()
    }

    /// The object of a type under a key. Where two were made at once it is the same one everywhere.
    fn object(&self, key: &str, kind: ObjType) -> Option<Node<'a>> {
        let found = self
            .all(key)
            .into_iter()
            .rev()
            .find(|(value, _)| matches!(value, Value::Object(k) if *k == kind));
        found.map(|(_, id)| Node {
            doc: self.doc,
            id,
            heads: self.heads,
        })
    }

    /// The map under a key.
    pub fn map(&self, key: &str) -> Option<Node<'a>> {
        self.object(key, ObjType::Map)
    }

    /// All maps under a key, the one of [`Self::map`] first: more than one when some were made at once.
    pub fn all_maps(&self, key: &str) -> Vec<Node<'a>> {
        let maps = self.all(key).into_iter().rev();
        let maps = maps.filter(|(value, _)| matches!(value, Value::Object(ObjType::Map)));
        maps.map(|(_, id)| Node {
            doc: self.doc,
            id,
            heads: self.heads,
        })
        .collect()
    }

    /// The map's keys, sorted.
    pub fn keys(&self) -> Vec<String> {
        match self.heads {
            None => self.doc.keys(&self.id).collect(),
            Some(heads) => self.doc.keys_at(&self.id, heads).collect(),
        }
    }

    /// The maps under all keys, by key.
    pub fn maps(&self) -> Vec<(String, Node<'a>)> {
        self.keys()
            .into_iter()
            .filter_map(|key| Some((key.clone(), self.map(&key)?)))
            .collect()
    }

    /// The list under a key, for writing.
    pub fn list_id(&self, key: &str) -> Option<ObjId> {
        self.object(key, ObjType::List).map(|list| list.id)
    }

    /// The maps in the list under a key.
    pub fn list(&self, key: &str) -> Vec<Node<'a>> {
        let Some(list) = self.object(key, ObjType::List) else {
            return Vec::new();
        };
        let length = match self.heads {
            None => self.doc.length(&list.id),
            Some(heads) => self.doc.length_at(&list.id, heads),
        };
        (0..length)
            .filter_map(|index| {
                let got = match self.heads {
                    None => self.doc.get(&list.id, index),
                    Some(heads) => self.doc.get_at(&list.id, index, heads),
                };
                match got {
                    Ok(Some((Value::Object(ObjType::Map), id))) => Some(Node {
                        doc: self.doc,
                        id,
                        heads: self.heads,
                    }),
                    _ => None,
                }
            })
            .collect()
    }

    /// A text, clipped to `limit` characters.
    pub fn text(&self, key: &str, limit: usize) -> Option<String> {
        match self.scalar(key)? {
            ScalarValue::Str(text) => Some(text.chars().take(limit).collect()),
            _ => None,
        }
    }

    /// The map, to read records from.
    pub fn look(&self) -> Look<'a, Automerge> {
        Look {
            doc: self.doc,
            heads: self.heads,
        }
    }

    /// All texts under a key, more than one when some were put at once; a value that is no text is an empty one.
    pub fn all_texts(&self, key: &str) -> Vec<String> {
        let text = |(value, _): (Value<'a>, ObjId)| value.as_str().unwrap_or_default().to_owned();
        self.all(key).into_iter().map(text).collect()
    }

    /// All values of bytes under a key: more than one when some were put at once.
    pub fn all_bytes(&self, key: &str) -> Vec<Vec<u8>> {
        let scalar = |(value, _): (Value<'a>, ObjId)| match value.into_scalar() {
            Ok(ScalarValue::Bytes(bytes)) => Some(bytes),
            _ => None,
        };
        self.all(key).into_iter().filter_map(scalar).collect()
    }

    /// A yes or no; absent is no.
    pub fn flag(&self, key: &str) -> bool {
        matches!(self.scalar(key), Some(ScalarValue::Boolean(true)))
    }

    /// A number; absent is 0.
    pub fn number(&self, key: &str) -> u64 {
        match self.scalar(key) {
            Some(ScalarValue::Uint(number)) => number,
            Some(ScalarValue::Int(number)) => number.try_into().unwrap_or(0),
            _ => 0,
        }
    }
}

/// Writes a text where it differs from what is there (`was`), and nothing otherwise: a value that one did not change must
/// not win over one that somebody else changes at the same time. An empty text is an absent one.
pub(crate) fn put_text(
    tx: &mut Transaction<'_>,
    map: &ObjId,
    key: &str,
    was: Option<&str>,
    text: &str,
) -> Result<(), AutomergeError> {
    match was {
        Some(was) if was == text => Ok(()),
        Some(_) if text.is_empty() => tx.delete(map, key),
        None if text.is_empty() => Ok(()),
        _ => tx.put(map, key, text),
    }
}

/// The number that puts something behind all others.
pub(crate) fn next_order(nodes: &[(String, Node<'_>)]) -> u64 {
    nodes
        .iter()
        .map(|(_, node)| node.number("order"))
        .max()
        .unwrap_or(0)
        .saturating_add(1)
        .min(MAX_ORDER)
}

/// Sorts by the order in which things were added; those added at once by their ids.
pub(crate) fn in_order(mut nodes: Vec<(String, Node<'_>)>) -> Vec<(String, Node<'_>)> {
    nodes.sort_by_cached_key(|(id, node)| (node.number("order"), id.clone()));
    nodes
}

/// Orders beyond this, which only bad faith makes, are all the same.
const MAX_ORDER: u64 = 1 << 53;
