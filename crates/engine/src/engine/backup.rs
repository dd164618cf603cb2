//! One file of everything that is on this device, under a passphrase, and its way back.
//!
//! Inside: a CBOR array of what the page put in and the rows of the tables `meta`, `secret`, `log` and `kept`. Saved papers are
//! left out: they are made again from the log. What is kept is words that are in no log: those that wait for a key or to be
//! entered again, and those that their writer may not enter again.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use komuz_messages::{Answer, Trouble};
use komuz_sync::seal::backup::{self, BackupError};
use komuz_sync::seal::cbor::{CborError, Reader, Writer};

use super::device::rfc3339;
use super::disk::Mark;
use super::room::KEPT;
use super::trouble::{because, named, trouble};
use super::{Engine, Purpose, listing};
use crate::Row;

/// Version of what is inside; its first byte.
const VERSION: u8 = 1;
const TABLES: [&str; 4] = [listing::TABLE, "secret", "log", KEPT];
const MAX_PAGE: usize = 1 << 20;
const MAX_ROWS: usize = 1 << 24;
/// Keys are written in hex and hold a server's address, among others.
const MAX_KEY: usize = 4096;

/// A backup that is being made, a restored one that is on its way to the disk.
#[derive(Default)]
pub struct Backup {
    making: Option<Making>,
    restored: Option<(u32, String, Mark)>,
}

struct Making {
    ask: u32,
    passphrase: String,
    page: String,
}

impl Engine {
    /// Begins a backup: seals what was typed and reads all rows, with those that are still on their way to the disk.
    pub(super) fn begin_backup(&mut self, ask: u32, passphrase: String, page: String) {
        if passphrase.is_empty() {
            let empty = trouble(
                "passphrase-short",
                "Choose a passphrase: without one, whoever finds the file can read it.",
            );
            return self.hands.answer(ask, Err(empty));
        }
        if self.backup.making.is_some() {
            let busy = trouble("busy", "A backup is being made already.");
            return self.hands.answer(ask, Err(busy));
        }
        self.each_room(|room, hands| {
            room.seal(hands);
            let away = room.files_away().len();
            if away > 0 {
                let away = away.to_string();
                let said = format!("Pictures that have not come from the servers and are not in the backup: {away}.");
                room.tell(named("backup-pictures", &[&away], said));
            }
        });
        self.backup.making = Some(Making { ask, passphrase, page });
        self.load(TABLES.map(|table| (table, String::new())).to_vec(), Purpose::Backup);
    }

    /// Says that a backup is back when it is on disk.
    pub(super) fn restored_when_durable(&mut self) {
        let disk = &self.hands.disk;
        if let Some((ask, page, _)) = self.backup.restored.take_if(|(.., mark)| disk.is_durable(*mark)) {
            let investigations = self.listing.investigations(|_| 0);
            self.hands.answer(ask, Ok(Answer::Restored { page, investigations }));
        }
    }

    /// The rows are here.
    pub(super) fn backup_loaded(&mut self, rows: Vec<Row>) {
        let Some(Making {
            ask, passphrase, page, ..
        }) = self.backup.making.take()
        else {
            return;
        };
        let readable: Vec<(&Row, &Vec<u8>)> = rows.iter().filter_map(|row| Some((row, row.value.as_ref()?))).collect();
        let unreadable = rows.len() - readable.len();
        if unreadable > 0 {
            self.each_room(|room, _| {
                room.tell(because("backup-pieces", unreadable));
            });
        }
        let content = Writer::versioned(VERSION)
            .array(2)
            .text(&page)
            .list(readable.into_iter(), |w, (row, value)| {
                w.array(3).text(&row.table).text(&row.key).bytes(value)
            })
            .finish();
        let file = backup::seal(&content, &passphrase, backup::COST, self.hands.entropy()).map_err(refused);
        let answer = file.map(|file| Answer::File {
            name: format!("komuz-backup-{}.komuz", &rfc3339(self.hands.now)[..10]),
            media: "application/octet-stream".to_owned(),
            bytes: STANDARD.encode(file),
        });
        self.hands.answer(ask, answer);
    }

    /// Brings a backup back. Investigations that are on this device already stay as they are: they know more.
    pub(super) fn restore(&mut self, ask: u32, bytes: &str, passphrase: &str) -> Result<(), Trouble> {
        let unreadable = |why: &dyn std::fmt::Display| {
            trouble("backup-unreadable", format!("This is not a whole backup file: {why}."))
        };
        let file = STANDARD.decode(bytes).map_err(|error| unreadable(&error))?;
        let content = backup::open(&file, passphrase).map_err(refused)?;
        let (page, rows) = read(&content).map_err(|error| unreadable(&error))?;
        let known: BTreeSet<String> = self.listing.0.keys().cloned().collect();
        for (table, key, value) in rows {
            let id = if table == listing::TABLE {
                key.split('/').nth(1)
            } else {
                key.split('/').next()
            };
            if !id.is_none_or(|id| known.contains(id)) {
                if table == listing::TABLE {
                    self.listing.take(&key, Some(&value));
                }
                self.hands.disk.put(&table, key, Some(value));
            }
        }
        self.backup.restored = Some((ask, page, self.hands.disk.mark()));
        for id in self.listing.waiting() {
            if !self.rooms.contains_key(&id) && !known.contains(&id) {
                self.load_room(id, None);
            }
        }
        Ok(())
    }
}

fn refused(error: BackupError) -> Trouble {
    let code = match error {
        BackupError::Passphrase => "wrong-passphrase",
        BackupError::Cost => "no-memory",
        BackupError::TooLarge(_) => "backup-too-large",
        _ => "backup-unreadable",
    };
    trouble(code, error)
}

type Content = (String, Vec<(String, String, Vec<u8>)>);

fn read(content: &[u8]) -> Result<Content, CborError> {
    let (version, mut r) = Reader::versioned(content, backup::MAX_FILE)?;
    if version != VERSION {
        return Err(CborError::NotAllowed(0));
    }
    r.array(2)?;
    let page = r.text(MAX_PAGE)?.to_owned();
    let rows = r.list(MAX_ROWS, |r| {
        r.array(3)?;
        let at = r.position();
        let table = r.text(64)?.to_owned();
        if !TABLES.contains(&table.as_str()) {
            return Err(CborError::NotAllowed(at));
        }
        Ok((table, r.text(MAX_KEY)?.to_owned(), r.bytes(backup::MAX_FILE)?.to_vec()))
    })?;
    r.end()?;
    Ok((page, rows))
}
