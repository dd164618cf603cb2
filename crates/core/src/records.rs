//! Records: what the newsrooms know beside a text, as maps of members that merge one by one.
//!
//! A record lies under an id whose first letter says what it is ([`Kind`]). Its members are dotted paths with texts,
//! numbers, yes or no, or lists (`custody.by`, `evidence.x-1.quote`): JSON with its objects taken [`apart`]. Two people who
//! change different members at once both keep their change, so what is to merge entry by entry is an object and never a
//! list. Saving writes what differs and nothing else; removing marks a record as removed, and saving brings it back.
//!
//! Others write these maps too, perhaps in bad faith: what is of a wrong type is left out, what is too long is clipped, of
//! what is too many the first are read.

use std::collections::BTreeMap;

use automerge::iter::MapRangeItem;
use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, ObjId, ObjType, ReadDoc, ScalarValueRef, ValueRef};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::body::read::Look;
use crate::body::write::to_scalar;

/// The longest text of a member, and the longest list as JSON, in characters.
pub const MAX_TEXT: usize = 1 << 16;
/// The longest path of a member, in characters.
pub const MAX_NAME: usize = 300;
/// The most steps in a path.
pub const MAX_DEPTH: usize = 8;
/// The most members that a record is saved with; others may have added as many at once, so that twice as many are read.
pub const MAX_MEMBERS: usize = 1_000;
/// The longest id without its prefix, in characters.
pub const MAX_ID: usize = 200;

/// Keys of a record that are no members.
const OURS: [&str; 5] = ["kind", "order", "removed", "start", "end"];
/// What the key of a list ends with: its value is JSON.
const LIST: &str = "[]";

/// The members of a record by their paths: strings, whole numbers, yes or no, lists. In what is to be saved, null or an
/// empty string or list deletes a member and all below it; members that are not named stay.
pub type Members = BTreeMap<String, Value>;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident $id:literal $prefix:literal $root:literal $most:literal,)+) => {
        /// What a record is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Kind] = &[$(Kind::$name,)+];

            /// Its name: the entry `kind` of a record.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$name => $id,)+ }
            }

            /// What the ids of its records start with.
            pub fn prefix(self) -> &'static str {
                match self { $(Kind::$name => $prefix,)+ }
            }

            /// The map at the root of the document that holds them.
            pub(crate) fn root(self) -> &'static str {
                match self { $(Kind::$name => $root,)+ }
            }

            /// The most that are read.
            pub fn most(self) -> usize {
                match self { $(Kind::$name => $most,)+ }
            }
        }
    };
}

kinds! {
    /// In a body: a span that asserts a checkable fact.
    Claim "claim" "k-" "claims" 10_000,
    /// In a body: a span where an answer of somebody who was asked stands.
    Answer "answer" "a-" "claims" 10_000,
    /// In a body: which claims bear a headline or a summary. `h-headline`, `h-summary`, with `:` and an outlet's id.
    Backed "backed" "h-" "claims" 1_000,
    /// In a body: what a block was translated from. `b-` and the block's id.
    Link "link" "b-" "claims" 20_000,
    /// In a body: what an outlet puts around it. `o-` and the outlet's id.
    Front "front" "o-" "claims" 1_000,
    /// In the registers: a person, an organisation, a place, a document.
    Entity "entity" "e-" "evidence" 5_000,
    /// In the registers: what somebody was asked, and what came.
    Reply "reply" "r-" "evidence" 5_000,
}

impl Kind {
    /// The kind of the record with an id; none where that is no id: a prefix and 1 to [`MAX_ID`] of A-Z, a-z, 0-9 and
    /// `-_@+:.`.
    pub fn of(id: &str) -> Option<Kind> {
        let (kind, rest) = (Self::ALL.iter()).find_map(|kind| Some((*kind, id.strip_prefix(kind.prefix())?)))?;
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_@+:.".contains(&byte);
        ((1..=MAX_ID).contains(&rest.len()) && rest.bytes().all(good)).then_some(kind)
    }
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// What it says.
    pub members: Members,
}

/// Why a record was not saved.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The id is none.
    #[error(
        "{id:?} cannot be the id of such a record: a prefix that says what it is and up to {MAX_ID} of A-Z, a-z, 0-9 and -_@+:."
    )]
    Id {
        /// The id.
        id: String,
    },
    /// There is no such record.
    #[error("there is no record {id:?}: it was removed, or has not come yet")]
    Missing {
        /// The id.
        id: String,
    },
    /// A member's path is none.
    #[error(
        "{name:?} cannot be a member: up to {MAX_NAME} characters and {MAX_DEPTH} steps, and none of kind, order, removed, start, end"
    )]
    Name {
        /// The path.
        name: String,
    },
    /// A member's value is neither text nor a whole number, yes or no, or a list.
    #[error("{name} is neither text nor a whole number, yes or no, or a list")]
    Value {
        /// The path.
        name: String,
    },
    /// A member is too long.
    #[error("{name} has a length of {length}; at most {limit} are kept: shorten it")]
    TooLong {
        /// The path; empty for the record itself, whose length is the number of its members.
        name: String,
        /// Its length, in characters.
        length: usize,
        /// What is kept.
        limit: usize,
    },
}

/// Takes JSON apart into members. Dots in the names of objects' members are written `~1` and tildes `~0`, so that the paths
/// lead back. An empty object, which has no members, is nothing.
pub fn apart(json: &Map<String, Value>) -> Members {
    fn take(at: &str, json: &Map<String, Value>, into: &mut Members) {
        for (name, value) in json {
            let name = format!("{at}{}", name.replace('~', "~0").replace('.', "~1"));
            match value {
                // Deeper ones are refused by their names.
                Value::Object(json) if name.split('.').count() <= MAX_DEPTH => take(&format!("{name}."), json, into),
                value => {
                    into.insert(name, value.clone());
                }
            }
        }
    }
    let mut members = Members::new();
    take("", json, &mut members);
    members
}

/// Puts members together again. Where a path leads through a value that is no object, that value stays.
pub fn together(members: &Members) -> Map<String, Value> {
    let mut json = Map::new();
    for (path, value) in members {
        let mut names = path.split('.').map(|name| name.replace("~1", ".").replace("~0", "~"));
        let Some(last) = names.next_back() else { continue };
        let place = names.try_fold(&mut json, |json, name| {
            let object = json.entry(name).or_insert_with(|| Value::Object(Map::new()));
            object.as_object_mut()
        });
        if let Some(place) = place {
            place.entry(last).or_insert_with(|| value.clone());
        }
    }
    json
}

/// Whether a value in what is to be saved deletes its member.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// What a record says after a save.
pub(crate) fn saved(was: &Members, save: &Members) -> Result<Members, RecordError> {
    let mut now = was.clone();
    for (name, value) in save {
        let good = (1..=MAX_NAME).contains(&name.chars().count())
            && name.split('.').count() <= MAX_DEPTH
            && !name.ends_with(LIST)
            && !name.chars().any(char::is_control)
            && !OURS.contains(&name.as_str());
        if !good {
            return Err(RecordError::Name { name: name.clone() });
        }
        if is_empty(value) {
            let below = format!("{name}.");
            now.retain(|other, _| other != name && !other.starts_with(&below));
            continue;
        }
        let length = match value {
            Value::String(text) => text.chars().count(),
            Value::Array(_) => value.to_string().chars().count(),
            Value::Number(number) if number.is_i64() || number.is_u64() => 0,
            Value::Bool(_) => 0,
            _ => return Err(RecordError::Value { name: name.clone() }),
        };
        if length > MAX_TEXT {
            return Err(RecordError::TooLong {
                name: name.clone(),
                length,
                limit: MAX_TEXT,
            });
        }
        now.insert(name.clone(), value.clone());
    }
    if now.len() > MAX_MEMBERS && now.len() > was.len() {
        return Err(RecordError::TooLong {
            name: String::new(),
            length: now.len(),
            limit: MAX_MEMBERS,
        });
    }
    Ok(now)
}

/// Adds everything under a prefix of a map's keys, by what follows the prefix; it wins over what is there already.
pub(crate) fn read_map<R: ReadDoc>(look: Look<'_, R>, map: &ObjId, prefix: &str, into: &mut Members) {
    for item in look.items(map, prefix).take(2 * MAX_MEMBERS) {
        let name = &item.key[prefix.len()..];
        if name.trim_end_matches(LIST).is_empty()
            || name.chars().count() > MAX_NAME
            || name.split('.').count() > MAX_DEPTH
        {
            continue;
        }
        let value = match &item.value {
            ValueRef::Scalar(ScalarValueRef::Str(text)) => text.chars().take(MAX_TEXT).collect::<String>().into(),
            ValueRef::Scalar(ScalarValueRef::Uint(number)) => (*number).into(),
            ValueRef::Scalar(ScalarValueRef::Int(number)) => (*number).into(),
            ValueRef::Scalar(ScalarValueRef::Boolean(value)) => (*value).into(),
            _ => continue,
        };
        match (name.strip_suffix(LIST), value) {
            (None, value) => {
                into.insert(name.to_owned(), value);
            }
            (Some(name), Value::String(text)) => {
                let list = serde_json::from_str(&text).ok().filter(Value::is_array);
                into.extend(list.map(|list| (name.to_owned(), list)));
            }
            _ => {}
        }
    }
}

/// The maps of the records of a kind, by id: more than one where several people made a record with one id at once, the one
/// that wins last.
pub(crate) fn maps<R: ReadDoc>(look: Look<'_, R>, root: &ObjId, kind: Kind) -> Vec<(String, Vec<ObjId>)> {
    look.items(root, kind.prefix())
        .filter(|item| matches!(item.value, ValueRef::Object(ObjType::Map)) && Kind::of(&item.key) == Some(kind))
        .take(kind.most())
        .map(|item| {
            let maps = maps_of(look, root, &item);
            (item.key.into_owned(), maps)
        })
        .collect()
}

/// The maps under the key of an item.
pub(crate) fn maps_of<R: ReadDoc>(look: Look<'_, R>, root: &ObjId, item: &MapRangeItem<'_>) -> Vec<ObjId> {
    if item.conflict {
        look.maps(root, &item.key)
    } else {
        vec![item.id()]
    }
}

/// All that lies in a record's maps, with what is no member.
pub(crate) fn read<R: ReadDoc>(look: Look<'_, R>, maps: &[ObjId]) -> Members {
    let mut all = Members::new();
    for map in maps {
        // Somebody who removed one of them had not seen the others.
        all.remove("removed");
        read_map(look, map, "", &mut all);
    }
    all
}

/// Takes out what is no member; false where the record is removed or says that it is of another kind.
pub(crate) fn is_there(all: &mut Members, kind: Kind) -> bool {
    let there = all.get("removed") != Some(&Value::Bool(true));
    let same = all.get("kind").and_then(Value::as_str) == Some(kind.name());
    all.retain(|name, _| !OURS.contains(&name.as_str()));
    there && same
}

/// Writes the members that differ, under a prefix of the keys: into the last of the maps, and what goes out of all.
pub(crate) fn write(
    tx: &mut Transaction<'_>,
    maps: &[ObjId],
    prefix: &str,
    was: &Members,
    now: &Members,
) -> Result<(), AutomergeError> {
    let Some(last) = maps.last() else { return Ok(()) };
    let key = |name: &str, value: &Value| format!("{prefix}{name}{}", if value.is_array() { LIST } else { "" });
    for (name, value) in was {
        if now.get(name).is_none_or(|now| now.is_array() != value.is_array()) {
            let key = key(name, value);
            for map in maps {
                if tx.get(map, key.as_str())?.is_some() {
                    tx.delete(map, key.as_str())?;
                }
            }
        }
    }
    for (name, value) in now.iter().filter(|(name, value)| was.get(*name) != Some(*value)) {
        let key = key(name, value);
        match value {
            Value::Array(_) => tx.put(last, key, value.to_string())?,
            value => tx.put(last, key, to_scalar(value))?,
        }
    }
    Ok(())
}
