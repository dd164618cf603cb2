//! The reader of records, strict for files and tolerant for documents.
//!
//! Each type says once which members it has ([`Form`]); the reader takes them in one of two ways. A *file* from outside is
//! refused at its first wrong member, with its path. A *document* that others write to is read as far as it goes: a wrong
//! type reads as absent, a text that is too long is clipped, of what is too many the first are kept.

mod known;

use std::cell::RefCell;
use std::collections::BTreeMap;

use komuz_release::story::{Place, Story};
use serde_json::{Map, Value};

use crate::DossierError;
use crate::claim::Span;
use crate::day::{is_date, is_day};
use crate::text::beginning;

/// The longest text, in characters: words of a claim, questions, an answer.
pub const MAX_TEXT: usize = 1 << 16;
/// The longest id or key, in characters; as in documents.
pub const MAX_KEY: usize = 200;
/// The most entries of an object inside a record: whom a claim is about, its evidence, what a source goes back to.
pub const MAX_ENTRIES: usize = 1_000;

/// A type that is an object in files and documents.
pub(crate) trait Form: Sized {
    /// Takes the members that it knows.
    fn read(from: &Object<'_>) -> Self;
}

/// One of a few words.
pub(crate) trait Choice: Copy + 'static {
    /// The words and what they mean.
    const NAMES: &'static [(&'static str, Self)];
}

/// What the keys of an object are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keys {
    /// Ids with a prefix and more (`k-1`); any id where the prefix is empty.
    Ids(&'static str),
    /// Names, languages, words as they stand.
    Words,
}

/// How it is read, and what was wrong first.
pub(crate) struct Way {
    strict: bool,
    wrong: RefCell<Option<DossierError>>,
}

/// Reads a value strictly: everything must be as it should.
pub(crate) fn strict<T: Form>(value: &Value, place: &str) -> Result<T, DossierError> {
    let way = Way {
        strict: true,
        wrong: RefCell::new(None),
    };
    let object = Object::new(value, At { up: None, name: place }, &way);
    let read = object.map(|object| object.whole::<T>());
    match (way.wrong.into_inner(), read) {
        (Some(error), _) => Err(error),
        (None, Some(read)) => Ok(read),
        (None, None) => Err(DossierError::member(place, "an object is wanted")),
    }
}

/// Reads an object as far as it goes.
pub(crate) fn tolerant<T: Form>(members: &Map<String, Value>) -> T {
    let way = Way {
        strict: false,
        wrong: RefCell::new(None),
    };
    let at = At { up: None, name: "" };
    Object {
        members,
        at,
        way: &way,
        known: RefCell::default(),
    }
    .whole()
}

/// Where a value stands, from the inside out.
#[derive(Clone, Copy)]
struct At<'a> {
    up: Option<&'a At<'a>>,
    name: &'a str,
}

impl At<'_> {
    fn path(&self) -> String {
        match self.up.map(At::path) {
            Some(up) if !up.is_empty() => format!("{up}.{}", self.name),
            _ => self.name.to_owned(),
        }
    }
}

/// An object that is read.
pub(crate) struct Object<'a> {
    members: &'a Map<String, Value>,
    at: At<'a>,
    way: &'a Way,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Object<'a> {
    fn new(value: &'a Value, at: At<'a>, way: &'a Way) -> Option<Self> {
        let Some(members) = value.as_object() else {
            way.wrong(|| DossierError::member(at.path(), "an object is wanted"));
            return None;
        };
        Some(Self {
            members,
            at,
            way,
            known: RefCell::default(),
        })
    }

    /// Reads it; what is left over is wrong.
    fn whole<T: Form>(&self) -> T {
        let read = T::read(self);
        if self.way.strict {
            let known = self.known.borrow();
            if let Some(name) = self.members.keys().find(|name| !known.contains(&name.as_str())) {
                self.wrong(&beginning(name, 60), "nothing is known by this name");
            }
        }
        read
    }

    /// Says that a member is wrong.
    pub(crate) fn wrong(&self, name: &str, problem: impl Into<String>) {
        let at = At {
            up: Some(&self.at),
            name,
        };
        self.way.wrong(|| DossierError::member(at.path(), problem));
    }

    fn value(&self, name: &'static str) -> Option<&'a Value> {
        self.known.borrow_mut().push(name);
        self.members.get(name)
    }

    /// A text of at most [`MAX_TEXT`] characters, empty where there is none.
    pub(crate) fn text(&self, name: &'static str) -> String {
        let Some(value) = self.value(name) else {
            return String::new();
        };
        let Some(text) = value.as_str() else {
            self.wrong(name, "a text is wanted");
            return String::new();
        };
        self.clipped(name, text, MAX_TEXT)
    }

    fn clipped(&self, name: &str, text: &str, most: usize) -> String {
        let end = text.char_indices().nth(most).map(|(at, _)| at);
        if end.is_some() {
            self.wrong(name, format!("longer than {most} characters"));
        }
        text[..end.unwrap_or(text.len())].to_owned()
    }

    /// A text that must hold, or reads as empty.
    fn shaped(&self, name: &'static str, good: impl Fn(&str) -> bool, wanted: &str) -> String {
        let text = self.text(name);
        if text.is_empty() || good(&text) {
            return text;
        }
        self.wrong(name, format!("{wanted}: {:?}", beginning(&text, 60)));
        String::new()
    }

    /// The id of something.
    pub(crate) fn id(&self, name: &'static str) -> String {
        self.shaped(name, |id| is_key(id, Keys::Ids("")), "not an id")
    }

    /// A day, `YYYY-MM-DD`.
    pub(crate) fn day(&self, name: &'static str) -> String {
        self.shaped(name, is_day, "not a day as YYYY-MM-DD")
    }

    /// A day, a month or a year.
    pub(crate) fn date(&self, name: &'static str) -> String {
        self.shaped(name, is_date, "not a date as YYYY-MM-DD, YYYY-MM or YYYY")
    }

    /// A SHA-256.
    pub(crate) fn sha256(&self, name: &'static str) -> String {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        self.shaped(
            name,
            |text| text.len() == 64 && text.bytes().all(hex),
            "not a SHA-256 in lower-case hex",
        )
    }

    /// Yes or no; no where it is not said.
    pub(crate) fn yes(&self, name: &'static str) -> bool {
        let Some(value) = self.value(name) else { return false };
        value.as_bool().unwrap_or_else(|| {
            self.wrong(name, "true or false is wanted");
            false
        })
    }

    /// A whole number between two others.
    pub(crate) fn number(&self, name: &'static str, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(name)?;
        let number = value.as_u64().filter(|number| range.contains(number));
        if number.is_none() {
            self.wrong(
                name,
                format!("a whole number from {} to {} is wanted", range.start(), range.end()),
            );
        }
        number
    }

    /// One of a few words.
    pub(crate) fn choice<T: Choice + Default>(&self, name: &'static str) -> T {
        self.value(name)
            .and_then(|value| self.chosen(name, value))
            .unwrap_or_default()
    }

    fn chosen<T: Choice>(&self, name: &str, value: &Value) -> Option<T> {
        let found = T::NAMES.iter().find(|(word, _)| value.as_str() == Some(word));
        if found.is_none() {
            let words: Vec<&str> = T::NAMES.iter().map(|(word, _)| *word).collect();
            let shown = beginning(&value.to_string(), 60);
            self.wrong(name, format!("not one of {}: {shown}", words.join(", ")));
        }
        found.map(|(_, choice)| *choice)
    }

    /// An object inside this one; none where there is none.
    pub(crate) fn part<T: Form>(&self, name: &'static str) -> Option<T> {
        let at = At {
            up: Some(&self.at),
            name,
        };
        Object::new(self.value(name)?, at, self.way).map(|object| object.whole())
    }

    /// A span of the text.
    pub(crate) fn span(&self, name: &'static str) -> Option<Span> {
        let ends: Option<Ends> = self.part(name);
        let Ends { start, end } = ends?;
        Some(Span {
            start: start?,
            end: end?,
        })
    }

    /// The entries of an object by key. What `read` refuses is left out.
    fn entries<T>(
        &self,
        name: &'static str,
        keys: Keys,
        most: usize,
        read: impl Fn(&Object<'_>, &str, &Value) -> Option<T>,
    ) -> BTreeMap<String, T> {
        let at = At {
            up: Some(&self.at),
            name,
        };
        let Some(object) = self.value(name).and_then(|value| Object::new(value, at, self.way)) else {
            return BTreeMap::new();
        };
        if object.members.len() > most {
            self.wrong(
                name,
                format!("{} entries; at most {most} are taken", object.members.len()),
            );
        }
        let mut entries = BTreeMap::new();
        for (key, value) in object.members.iter().take(most) {
            if !is_key(key, keys) {
                let shape = match keys {
                    Keys::Ids("") => format!("an id has 1 to {MAX_KEY} characters"),
                    Keys::Ids(prefix) => format!("the ids here are {prefix:?} and more"),
                    Keys::Words => format!("a key has 1 to {MAX_KEY} characters"),
                };
                object.wrong(&beginning(key, 60), shape);
                continue;
            }
            entries.extend(read(&object, key, value).map(|value| (key.clone(), value)));
        }
        entries
    }

    /// Objects by key.
    pub(crate) fn records<T: Form>(&self, name: &'static str, keys: Keys, most: usize) -> BTreeMap<String, T> {
        self.entries(name, keys, most, |object, key, value| {
            let at = At {
                up: Some(&object.at),
                name: key,
            };
            Object::new(value, at, object.way).map(|object| object.whole())
        })
    }

    /// Yes or no by key.
    pub(crate) fn set(&self, name: &'static str, keys: Keys) -> BTreeMap<String, bool> {
        self.entries(name, keys, MAX_ENTRIES, |object, key, value| {
            if value.as_bool().is_none() {
                object.wrong(key, "true or false is wanted");
            }
            value.as_bool()
        })
    }

    /// Texts by key.
    pub(crate) fn texts(&self, name: &'static str) -> BTreeMap<String, String> {
        self.entries(name, Keys::Words, MAX_ENTRIES, |object, key, value| {
            if value.as_str().is_none() {
                object.wrong(key, "a text is wanted");
            }
            value.as_str().map(|text| object.clipped(key, text, MAX_TEXT))
        })
    }

    /// Small numbers by key.
    pub(crate) fn numbers(&self, name: &'static str) -> BTreeMap<String, u32> {
        self.entries(name, Keys::Words, MAX_ENTRIES, |object, key, value| {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            if number.is_none() {
                object.wrong(key, "a small whole number is wanted");
            }
            number
        })
    }

    /// Words of one list by words of another.
    pub(crate) fn choices<K: Ord + Copy, T: Choice>(
        &self,
        name: &'static str,
        all: &[K],
        id: impl Fn(K) -> &'static str,
    ) -> BTreeMap<K, T> {
        let read = self.entries(name, Keys::Words, MAX_ENTRIES, |object, key, value| {
            let found = all.iter().copied().find(|known| id(*known) == key);
            if found.is_none() {
                object.wrong(&beginning(key, 60), "nothing is known by this name");
            }
            Some((found?, object.chosen::<T>(key, value)?))
        });
        read.into_values().collect()
    }

    /// A story. Tolerantly, a wrong one is none.
    pub(crate) fn story(&self, name: &'static str) -> Option<Box<Story>> {
        let value = self.value(name)?;
        let place = At {
            up: Some(&self.at),
            name,
        };
        match crate::read::story(value.clone(), &place.path()) {
            Ok(story) => Some(Box::new(story)),
            Err(error) => {
                self.way.wrong(|| error);
                None
            }
        }
    }

    /// A CSL-JSON item, as it is.
    pub(crate) fn item(&self, name: &'static str) -> Map<String, Value> {
        let Some(value) = self.value(name) else {
            self.wrong(name, "is missing");
            return Map::new();
        };
        let Some(item) = value.as_object() else {
            self.wrong(name, "an object is wanted");
            return Map::new();
        };
        if self.way.strict {
            let mut whole = item.clone();
            whole.entry("id").or_insert_with(|| "".into());
            let place = At {
                up: Some(&self.at),
                name,
            };
            if let Err(error) = komuz_release::csl::source(&place.path(), Value::Object(whole)) {
                self.way.wrong(|| DossierError::Source(error));
            }
        }
        item.clone()
    }
}

impl Way {
    fn wrong(&self, error: impl FnOnce() -> DossierError) {
        if self.strict {
            self.wrong.borrow_mut().get_or_insert_with(error);
        }
    }
}

fn is_key(key: &str, keys: Keys) -> bool {
    let length = key.chars().count();
    let sized = (1..=MAX_KEY).contains(&length) && !key.contains(char::is_control);
    match keys {
        Keys::Ids(prefix) => sized && key.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()),
        Keys::Words => sized,
    }
}

/// A span as it is read: an end may be wrong.
struct Ends {
    start: Option<Place>,
    end: Option<Place>,
}

impl Form for Ends {
    fn read(from: &Object<'_>) -> Self {
        Self {
            start: from.end("start"),
            end: from.end("end"),
        }
    }
}

impl Object<'_> {
    fn end(&self, name: &'static str) -> Option<Place> {
        let place: Option<Option<Place>> = self.part::<End>(name).map(|end| end.0);
        if place.is_none() {
            self.wrong(name, "a place in the text is wanted");
        }
        place.flatten()
    }
}

struct End(Option<Place>);

impl Form for End {
    fn read(from: &Object<'_>) -> Self {
        let block = from.id("block");
        let offset = from.number("offset", 0..=u64::from(u32::MAX));
        if block.is_empty() {
            from.wrong("block", "the id of a block is wanted");
        }
        if offset.is_none() {
            from.wrong("offset", "a whole number is wanted");
        }
        let place = offset.map(|offset| Place {
            block: block.clone(),
            offset: offset as u32,
        });
        Self(place.filter(|_| !block.is_empty()))
    }
}
