//! The strict reader of our own JSON: bytes in canonical form, then member by member into a type.
//!
//! By hand and not by `serde`'s derived readers, because readers' browsers carry it and derived code for these types weighs
//! more than all the rest of verifying (measured with [`crate::verify::verify`] alone, before wasm-opt: 327 KB of code derived
//! and 206 KB so), and it says less about where something is wrong. Writing stays derived; a test reads back what was written.
//!
//! Every member that is left out when it is empty must be left out: one value has one spelling.

mod release;
mod story;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::canonical::parse;
use crate::keys::PublicKey;
use crate::release::{RELEASE_VERSION, ReleaseError};

/// Where a value stands, from the inside out.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    up: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Index(usize),
}

impl Place<'_> {
    fn path(&self) -> String {
        let mut path = self.up.map(Place::path).unwrap_or_default();
        match self.step {
            Step::Member(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Step::Index(at) => {
                path.push('[');
                path.push_str(&at.to_string());
                path.push(']');
            }
        }
        path
    }
}

/// A type that is an object in our files.
pub(crate) trait Form: Sized {
    /// Takes the members that it knows.
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError>;
}

/// Reads a file of ours: size, spelling, version, form.
pub(crate) fn file<T: Form>(bytes: &[u8], limit: usize) -> Result<T, ReleaseError> {
    if bytes.len() > limit {
        return Err(ReleaseError::TooLarge {
            bytes: bytes.len(),
            limit,
        });
    }
    let value = parse(bytes)?;
    match value.get("komuz").and_then(Value::as_u64) {
        Some(found) if found == u64::from(RELEASE_VERSION) => whole(value, None),
        Some(found) => Err(ReleaseError::Version { found }),
        None => Err(ReleaseError::Malformed("the format version, komuz, is missing".into())),
    }
}

/// Reads a part of a file that has no version of its own: spelling and form.
pub(crate) fn part<T: Form>(bytes: &[u8]) -> Result<T, ReleaseError> {
    whole(parse(bytes)?, None)
}

/// Reads a value that is no file of its own.
pub(crate) fn value<T: Form>(value: Value) -> Result<T, ReleaseError> {
    whole(value, None)
}

/// Reads an array of such parts.
pub(crate) fn parts<T: Form>(bytes: &[u8]) -> Result<Vec<T>, ReleaseError> {
    match parse(bytes)? {
        Value::Array(items) => {
            let one = |(at, value)| {
                whole(
                    value,
                    Some(&Place {
                        up: None,
                        step: Step::Index(at),
                    }),
                )
            };
            items.into_iter().enumerate().map(one).collect()
        }
        _ => Err(malformed(None, "an array is wanted")),
    }
}

/// A value as its type, with no member left.
fn whole<T: Form>(value: Value, place: Option<&Place<'_>>) -> Result<T, ReleaseError> {
    let mut object = Object::of(value, place)?;
    let read = T::read(&mut object)?;
    match object.members.keys().next() {
        None => Ok(read),
        Some(name) => Err(object.wrong(name, "nothing is known by this name")),
    }
}

/// An object whose members are taken one by one.
pub(crate) struct Object<'a> {
    members: Map<String, Value>,
    place: Option<&'a Place<'a>>,
}

impl<'a> Object<'a> {
    fn of(value: Value, place: Option<&'a Place<'a>>) -> Result<Self, ReleaseError> {
        match value {
            Value::Object(members) => Ok(Self { members, place }),
            _ => Err(malformed(place, "an object is wanted")),
        }
    }

    /// An error about a member.
    pub(crate) fn wrong(&self, name: &str, problem: &str) -> ReleaseError {
        malformed(
            Some(&Place {
                up: self.place,
                step: Step::Member(name),
            }),
            problem,
        )
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    fn need(&mut self, name: &str) -> Result<Value, ReleaseError> {
        self.take(name).ok_or_else(|| self.wrong(name, "is missing"))
    }

    fn as_text(&self, name: &str, value: Value) -> Result<String, ReleaseError> {
        match value {
            Value::String(text) => Ok(text),
            _ => Err(self.wrong(name, "a text is wanted")),
        }
    }

    /// A text that is there even when it is empty.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, ReleaseError> {
        let value = self.need(name)?;
        self.as_text(name, value)
    }

    /// A text that is left out when there is none.
    pub(crate) fn some_text(&mut self, name: &str) -> Result<Option<String>, ReleaseError> {
        self.take(name).map(|value| self.as_text(name, value)).transpose()
    }

    /// A text that is left out when it is empty.
    pub(crate) fn short(&mut self, name: &str) -> Result<String, ReleaseError> {
        match self.some_text(name)? {
            Some(text) if text.is_empty() => Err(ReleaseError::NotCanonical),
            text => Ok(text.unwrap_or_default()),
        }
    }

    /// A number within `0..=most`.
    pub(crate) fn number(&mut self, name: &str, most: u64) -> Result<u64, ReleaseError> {
        let value = self.need(name)?;
        value
            .as_u64()
            .filter(|n| *n <= most)
            .ok_or_else(|| self.wrong(name, "is not a number, or too large"))
    }

    /// The format version, which [`file`] has checked.
    pub(crate) fn version(&mut self) -> Result<u8, ReleaseError> {
        Ok(self.number("komuz", u8::MAX.into())? as u8)
    }

    /// A truth that is left out when it is false.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, ReleaseError> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(true)) => Ok(true),
            Some(Value::Bool(false)) => Err(ReleaseError::NotCanonical),
            Some(_) => Err(self.wrong(name, "true or false is wanted")),
        }
    }

    /// A truth that is always there.
    pub(crate) fn truth(&mut self, name: &str) -> Result<bool, ReleaseError> {
        let value = self.need(name)?;
        value
            .as_bool()
            .ok_or_else(|| self.wrong(name, "true or false is wanted"))
    }

    /// A key.
    pub(crate) fn key(&mut self, name: &str) -> Result<Option<PublicKey>, ReleaseError> {
        let text = self.some_text(name)?;
        text.map(|text| {
            text.parse()
                .map_err(|_| self.wrong(name, "is not an Ed25519 key in base64url"))
        })
        .transpose()
    }

    /// Keys, always there.
    pub(crate) fn keys(&mut self, name: &str) -> Result<Vec<PublicKey>, ReleaseError> {
        self.array(name, |value, place| {
            let key = value.as_str().and_then(|text| text.parse().ok());
            key.ok_or_else(|| malformed(Some(place), "is not an Ed25519 key in base64url"))
        })
    }

    /// An object that is always there.
    pub(crate) fn one<T: Form>(&mut self, name: &str) -> Result<T, ReleaseError> {
        let value = self.need(name)?;
        whole(
            value,
            Some(&Place {
                up: self.place,
                step: Step::Member(name),
            }),
        )
    }

    /// An object that may be left out.
    pub(crate) fn some<T: Form>(&mut self, name: &str) -> Result<Option<T>, ReleaseError> {
        let place = Place {
            up: self.place,
            step: Step::Member(name),
        };
        self.take(name).map(|value| whole(value, Some(&place))).transpose()
    }

    /// An array that is always there; what its items are is `item`'s to say.
    fn array<T>(
        &mut self,
        name: &str,
        item: impl Fn(Value, &Place<'_>) -> Result<T, ReleaseError>,
    ) -> Result<Vec<T>, ReleaseError> {
        let place = Place {
            up: self.place,
            step: Step::Member(name),
        };
        match self.need(name)? {
            Value::Array(items) => {
                let one = |(at, value)| {
                    item(
                        value,
                        &Place {
                            up: Some(&place),
                            step: Step::Index(at),
                        },
                    )
                };
                items.into_iter().enumerate().map(one).collect()
            }
            _ => Err(self.wrong(name, "an array is wanted")),
        }
    }

    fn left_out_when_empty<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<Vec<T>, ReleaseError>,
    ) -> Result<Vec<T>, ReleaseError> {
        if !self.members.contains_key(name) {
            return Ok(Vec::new());
        }
        let items = read(self)?;
        if items.is_empty() {
            Err(ReleaseError::NotCanonical)
        } else {
            Ok(items)
        }
    }

    /// Objects, always there.
    pub(crate) fn list<T: Form>(&mut self, name: &str) -> Result<Vec<T>, ReleaseError> {
        self.array(name, |value, place| whole(value, Some(place)))
    }

    /// Objects, left out when there are none.
    pub(crate) fn short_list<T: Form>(&mut self, name: &str) -> Result<Vec<T>, ReleaseError> {
        self.left_out_when_empty(name, |object| object.list(name))
    }

    /// Texts, always there.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>, ReleaseError> {
        self.array(name, |value, place| match value {
            Value::String(text) => Ok(text),
            _ => Err(malformed(Some(place), "a text is wanted")),
        })
    }

    /// Lists of small numbers, left out when there are none.
    pub(crate) fn numbers(&mut self, name: &str) -> Result<Vec<Vec<i32>>, ReleaseError> {
        let number = |value: &Value| value.as_i64().and_then(|n| i32::try_from(n).ok());
        self.left_out_when_empty(name, |object| {
            object.array(name, |value, place| {
                let numbers = value.as_array().and_then(|items| items.iter().map(number).collect());
                numbers.ok_or_else(|| malformed(Some(place), "a list of numbers is wanted"))
            })
        })
    }

    /// Objects by name.
    pub(crate) fn by_name<T: Form>(&mut self, name: &str) -> Result<BTreeMap<String, T>, ReleaseError> {
        let place = Place {
            up: self.place,
            step: Step::Member(name),
        };
        let members = Object::of(self.need(name)?, Some(&place))?.members;
        let mut read = BTreeMap::new();
        for (name, value) in members {
            let one = whole(
                value,
                Some(&Place {
                    up: Some(&place),
                    step: Step::Member(&name),
                }),
            )?;
            read.insert(name, one);
        }
        Ok(read)
    }

    /// Texts by name, left out when there are none.
    pub(crate) fn texts_by_name(&mut self, name: &str) -> Result<BTreeMap<String, String>, ReleaseError> {
        let Some(value) = self.take(name) else {
            return Ok(BTreeMap::new());
        };
        let place = Place {
            up: self.place,
            step: Step::Member(name),
        };
        let mut object = Object::of(value, Some(&place))?;
        let mut texts = BTreeMap::new();
        while let Some(name) = object.members.keys().next().cloned() {
            let text = object.text(&name)?;
            texts.insert(name, text);
        }
        if texts.is_empty() {
            Err(ReleaseError::NotCanonical)
        } else {
            Ok(texts)
        }
    }

    /// Anything by name, always there.
    pub(crate) fn values(&mut self, name: &str) -> Result<BTreeMap<String, Value>, ReleaseError> {
        let value = self.need(name)?;
        let place = Place {
            up: self.place,
            step: Step::Member(name),
        };
        Ok(Object::of(value, Some(&place))?.rest())
    }

    /// All members that are left.
    pub(crate) fn rest(&mut self) -> BTreeMap<String, Value> {
        let mut rest = BTreeMap::new();
        // Not `collect`, which brings a sort along.
        for (name, value) in std::mem::take(&mut self.members) {
            rest.insert(name, value);
        }
        rest
    }
}

fn malformed(place: Option<&Place<'_>>, problem: &str) -> ReleaseError {
    let mut text = place.map(Place::path).unwrap_or_default();
    text.push_str(if text.is_empty() { "" } else { ": " });
    text.push_str(problem);
    ReleaseError::Malformed(text)
}
