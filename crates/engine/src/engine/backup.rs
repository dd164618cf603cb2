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
use super::room::{KEPT, log_tables};
use super::trouble::{because, named, trouble};
use super::{Engine, Purpose, listing};
use crate::Row;

mod over;

pub use over::All;

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
    restored: Vec<(u32, String, Mark)>,
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
            room.keep_all(hands);
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
        if let Some((ask, page, _)) = self.backup.restored.pop_if(|(.., mark)| disk.is_durable(*mark)) {
            let investigations = self.listing.investigations(|_| 0);
            self.hands.answer(ask, Ok(Answer::Restored { page, investigations }));
        }
    }

    /// The rows are here; those of what is open are in memory too.
    pub(super) fn backup_loaded(&mut self, mut rows: Vec<Row>) {
        let Some(Making {
            ask, passphrase, page, ..
        }) = self.backup.making.take()
        else {
            return;
        };
        for (id, room) in &self.rooms {
            let me = format!("{id}/me/");
            let is_me = |row: &Row| row.value.is_some() && row.key.starts_with(&me);
            // The browser has thrown the store away under it, or it is damaged.
            if !rows.iter().any(is_me) {
                let here: BTreeSet<String> = rows.iter().map(|row| row.key.clone()).collect();
                let all = room.rows().into_iter().chain(self.listing.row(id));
                rows.extend(all.filter(|row| !here.contains(&row.key)));
            }
        }
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

    /// Brings a backup back: opens it, and reads what is here of its investigations.
    pub(super) fn restore(&mut self, ask: u32, bytes: &str, passphrase: &str) -> Result<(), Trouble> {
        let unreadable = |why: &dyn std::fmt::Display| {
            trouble("backup-unreadable", format!("This is not a whole backup file: {why}."))
        };
        let file = STANDARD.decode(bytes).map_err(|error| unreadable(&error))?;
        let content = backup::open(&file, passphrase).map_err(refused)?;
        let (page, rows) = read(&content).map_err(|error| unreadable(&error))?;
        let back = over::by_investigation(rows);
        let tables = |id: &String| {
            let log = log_tables().map(|of| ("log", format!("{id}/{of}/")));
            let whole = ["secret", KEPT].map(|table| (table, format!("{id}/")));
            log.chain(whole).collect::<Vec<_>>()
        };
        let mut wanted: Vec<_> = back.keys().flat_map(tables).collect();
        wanted.push((listing::TABLE, String::new()));
        self.load(wanted, Purpose::Restore { ask, page, back });
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

type Content = (String, Vec<Row>);

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
        Ok(Row {
            table,
            key: r.text(MAX_KEY)?.to_owned(),
            value: Some(r.bytes(backup::MAX_FILE)?.to_vec()),
        })
    })?;
    r.end()?;
    Ok((page, rows))
}
