//! Records as they lie in documents: maps of members.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::claim::{Answered, Backed, Claim};
use crate::edition::{Front, Link};
use crate::entity::Entity;
use crate::form::{Form, MAX_TEXT, tolerant};
use crate::policy::Policy;
use crate::reply::Reply;
use crate::source::{Confidential, Record};

/// The members of a record by their dotted paths. A dot in a key is written `~1`, a tilde `~0`.
pub type Members = BTreeMap<String, Value>;

/// The most steps in a path; what has more is not read.
const MAX_DEPTH: usize = 8;
/// The most members of a record that are read.
const MAX_MEMBERS: usize = 2_000;

/// A record that lies in a document.
pub trait Recorded: Sized {
    /// Its members. Where it stands in the text is none of them: documents keep that beside them.
    fn to_members(&self) -> Members;

    /// The record of members that others may have written: a wrong type reads as absent, a text that is too long is clipped,
    /// of what is too many the first are kept.
    fn from_members(members: &Members) -> Self;
}

macro_rules! recorded {
    ($($type:ident)+) => {
        $(impl Recorded for $type {
            fn to_members(&self) -> Members {
                apart(self)
            }

            fn from_members(members: &Members) -> Self {
                read(members)
            }
        })+
    };
}

recorded!(Record Confidential Claim Answered Backed Entity Reply Link Front Policy);

fn apart(record: &impl Serialize) -> Members {
    let mut members = Members::new();
    // Plain values are always written.
    if let Ok(Value::Object(mut json)) = serde_json::to_value(record) {
        json.remove("span");
        take("", &json, 1, &mut members);
    }
    members
}

fn take(at: &str, json: &Map<String, Value>, depth: usize, into: &mut Members) {
    for (name, value) in json {
        let path = format!("{at}{}", name.replace('~', "~0").replace('.', "~1"));
        match value {
            Value::Object(json) if depth < MAX_DEPTH => take(&format!("{path}."), json, depth + 1, into),
            Value::Object(_) | Value::Null => {}
            value => {
                into.insert(path, value.clone());
            }
        }
    }
}

fn read<T: Form>(members: &Members) -> T {
    let mut json = Map::new();
    for (path, value) in members.iter().take(MAX_MEMBERS) {
        if path.len() > MAX_TEXT || path.split('.').count() > MAX_DEPTH {
            continue;
        }
        let mut names = path.split('.').map(|name| name.replace("~1", ".").replace("~0", "~"));
        let Some(last) = names.next_back() else { continue };
        let place = names.try_fold(&mut json, |json, name| {
            json.entry(name).or_insert_with(|| Map::new().into()).as_object_mut()
        });
        if let Some(place) = place {
            place.entry(last).or_insert_with(|| value.clone());
        }
    }
    json.remove("span");
    tolerant(&json)
}
