//! The investigations of this device, as they are listed before any of them is opened.

use std::collections::BTreeMap;

use komuz_messages::{Answer, Joining, Listed};
use komuz_sync::seal::cbor::{CborError, Reader, Writer};

use super::hands::Hands;
use super::room::Room;
use super::tabs::Said;
use crate::{Output, Row};

/// Table of these rows.
pub const TABLE: &str = "meta";
const PREFIX: &str = "investigation/";
/// Version of a row; its first byte.
const VERSION: u8 = 1;
const MAX: usize = 4096;

/// One investigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Working title.
    pub title: String,
    /// Name of one's outlet.
    pub outlet: String,
    /// The code that a waiting join shows; none when one is in.
    pub code: Option<String>,
    /// When it came to this device, in milliseconds since 1970.
    pub since: u64,
}

impl Entry {
    fn to_row(&self) -> Vec<u8> {
        let w = Writer::versioned(VERSION)
            .array(4)
            .text(&self.title)
            .text(&self.outlet)
            .uint(self.since);
        match &self.code {
            Some(code) => w.text(code),
            None => w.null(),
        }
        .finish()
    }

    fn read(row: &[u8]) -> Result<Self, CborError> {
        let (version, mut r) = Reader::versioned(row, MAX)?;
        if version != VERSION {
            return Err(CborError::NotAllowed(0));
        }
        r.array(4)?;
        let (title, outlet) = (r.text(MAX)?.to_owned(), r.text(MAX)?.to_owned());
        let since = r.uint()?;
        let code = r.optional(|r| r.text(MAX).map(str::to_owned))?;
        r.end()?;
        Ok(Self {
            title,
            outlet,
            code,
            since,
        })
    }
}

/// All of them, by their id on this device.
#[derive(Debug, Default)]
pub struct Listing(pub BTreeMap<String, Entry>);

impl Listing {
    /// Takes a row; one that cannot be read is left out.
    pub fn take(&mut self, key: &str, row: Option<&[u8]>) {
        if let (Some(id), Some(Ok(entry))) = (key.strip_prefix(PREFIX), row.map(Entry::read)) {
            self.0.insert(id.to_owned(), entry);
        }
    }

    /// The row of one of them.
    pub fn row(&self, id: &str) -> Option<Row> {
        Some(Row {
            table: TABLE.to_owned(),
            key: format!("{PREFIX}{id}"),
            value: Some(self.0.get(id)?.to_row()),
        })
    }

    /// What another tab says.
    pub fn heard(&mut self, room: &str, row: Option<&[u8]>) {
        match row {
            Some(_) => self.take(&format!("{PREFIX}{room}"), row),
            None => {
                self.0.remove(room);
            }
        }
    }

    /// Writes what is known of a room, where that is new.
    pub fn keep(&mut self, room: &Room, hands: &mut Hands) {
        let since = self.0.get(&room.id).map_or(hands.now, |entry| entry.since);
        let known = self
            .0
            .get(&room.id)
            .map(|entry| entry.outlet.clone())
            .unwrap_or_default();
        let mine = room.replica.me().map(|me| me.member.outlet.clone());
        let outlet = mine
            .and_then(|id| room.replica.outlets().into_iter().find(|o| o.id == id))
            .map(|o| o.name);
        let code = if room.joining {
            room.replica.joining_code()
        } else {
            None
        };
        let entry = Entry {
            title: room.replica.title().to_owned(),
            outlet: outlet.unwrap_or(known),
            code,
            since,
        };
        if self.0.get(&room.id) != Some(&entry) {
            let row = entry.to_row();
            self.0.insert(room.id.clone(), entry);
            self.write(&room.id, Some(row), hands);
        }
    }

    /// Forgets a room.
    pub fn forget(&mut self, room: &str, hands: &mut Hands) {
        if self.0.remove(room).is_some() {
            self.write(room, None, hands);
        }
    }

    fn write(&self, room: &str, row: Option<Vec<u8>>, hands: &mut Hands) {
        hands.push(Output::ToTabs(
            Said::List {
                room: room.to_owned(),
                row: row.clone(),
            }
            .to_bytes(),
        ));
        hands.disk.put(TABLE, format!("{PREFIX}{room}"), row);
    }

    fn by_age(&self) -> Vec<(&String, &Entry)> {
        let mut entries: Vec<_> = self.0.iter().collect();
        entries.sort_by_key(|(id, entry)| (entry.since, *id));
        entries
    }

    /// Those that one is in; `unsent` says how many changes of one's own in one of them no server has.
    pub fn investigations(&self, unsent: impl Fn(&str) -> usize) -> Vec<Listed> {
        let entered = self.by_age().into_iter().filter(|(_, entry)| entry.code.is_none());
        entered
            .map(|(id, entry)| Listed {
                id: id.clone(),
                title: entry.title.clone(),
                outlet: entry.outlet.clone(),
                unsent: u32::try_from(unsent(id)).unwrap_or(u32::MAX),
            })
            .collect()
    }

    /// Ids of the joins that wait.
    pub fn waiting(&self) -> Vec<String> {
        self.0
            .iter()
            .filter(|(_, entry)| entry.code.is_some())
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// For the page, as [`Listing::investigations`].
    pub fn answer(&self, unsent: impl Fn(&str) -> usize) -> Answer {
        let joining = self
            .by_age()
            .into_iter()
            .filter_map(|(_, entry)| {
                Some(Joining {
                    title: entry.title.clone(),
                    code: entry.code.clone()?,
                })
            })
            .collect();
        Answer::Device {
            investigations: self.investigations(unsent),
            joining,
        }
    }
}
