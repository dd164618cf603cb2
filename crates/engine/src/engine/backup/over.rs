//! A backup that comes back where something of it is: what is here stays, since it knows more, and what is damaged comes from the
//! backup.
//!
//! No number of a session is used twice by that: whoever loads these rows begins a new one.

use std::collections::{BTreeMap, BTreeSet};

use komuz_sync::Replica;
use komuz_sync::seal::bytes::from_hex;

use super::super::room::{KEPT, Rows};
use super::super::trouble::trouble;
use super::super::{Engine, listing};
use crate::Row;

/// The kind of the one row without which nothing can be loaded.
const ME: &str = "me";
/// The kind of rows that say how far servers were read.
const CURSORS: &str = "cursors";
/// Kinds of rows that stay for good: one that is lacking here is damaged, and not done with.
const LASTING: [&str; 4] = ["servers", "logs", "envelopes", "chunks"];

/// Rows by the id of their investigation.
pub type All = BTreeMap<String, Vec<Row>>;

/// Sorts rows.
pub(super) fn by_investigation(rows: Vec<Row>) -> All {
    let mut all = All::new();
    for row in rows {
        if let Some(id) = row.key.split('/').nth(usize::from(row.table == listing::TABLE)) {
            all.entry(id.to_owned()).or_default().push(row);
        }
    }
    all
}

impl Engine {
    /// Writes what is to come of a backup, of whose investigations these rows are here.
    pub(in super::super) fn restore_over(&mut self, ask: u32, page: String, back: All, here: Vec<Row>) {
        let mut here = by_investigation(here);
        for (id, mut rows) in back {
            let here = here.remove(&id).unwrap_or_default();
            let here: Vec<Row> = here.into_iter().filter(|row| row.table != listing::TABLE).collect();
            let is_listed = self.listing.0.contains_key(&id);
            let listed: Vec<Row> = rows.extract_if(.., |row| row.table == listing::TABLE).collect();
            if here.iter().any(|row| row.value.is_some()) {
                rows = damaged(&here, rows);
            }
            if !rows.is_empty() && (is_listed || !here.is_empty()) {
                let said = trouble(
                    "pieces-back",
                    "What was damaged on this device came back from the backup, and what could still be read stayed as it was.",
                );
                match self.rooms.get_mut(&id) {
                    Some(room) => {
                        let (prefix, mut sorted) = (format!("{id}/"), Rows::default());
                        // What is of a log that it did not know is not with it either.
                        let all = here.iter().chain(&rows);
                        all.for_each(|row| sorted.take(&prefix, row.clone()));
                        room.shared(sorted.told(), &mut self.hands);
                        room.tell(said);
                    }
                    None => self.heirs.entry(id.clone()).or_default().tell(said),
                }
            }
            let fresh = if is_listed { Vec::new() } else { listed };
            for row in &fresh {
                self.listing.take(&row.key, row.value.as_deref());
            }
            let comes = !rows.is_empty();
            for row in rows.into_iter().chain(fresh) {
                self.hands.disk.put(&row.table, row.key, row.value);
            }
            let waits = self.listing.0.get(&id).is_some_and(|entry| entry.code.is_some());
            if comes && waits && !self.rooms.contains_key(&id) {
                self.load_room(id, None);
            }
        }
        self.backup.restored.push((ask, page, self.hands.disk.mark()));
    }
}

/// The kind of a row: of those that the replica keeps, its table.
fn kind(row: &Row) -> &str {
    match row.table.as_str() {
        KEPT => KEPT,
        _ => row.key.split('/').nth(1).unwrap_or_default(),
    }
}

/// A row as it can lie beside those of another time; none when it is damaged.
fn beside(row: &Row) -> Option<Vec<u8>> {
    let value = row.value.as_ref()?;
    match row.key.splitn(3, '/').nth(2).and_then(from_hex) {
        Some(key) if row.table != KEPT => Replica::row_among_others(kind(row), &key, value),
        _ => Some(value.clone()),
    }
}

/// What comes from a backup to the rows that are `here`: nothing where none of them is damaged. Rows that go one day (invitations,
/// what is to be sent) come only where one of their kind is damaged. And how far servers were read is forgotten, so that
/// what is lacking here or there is found.
fn damaged(here: &[Row], back: Vec<Row>) -> Vec<Row> {
    let (mut whole, mut lost) = (BTreeSet::new(), BTreeSet::new());
    for row in here {
        match beside(row) {
            Some(_) => {
                whole.insert((&row.table, &row.key));
            }
            None => {
                lost.insert(kind(row));
            }
        }
    }
    // Where nothing says who one is, the store was thrown away, and holds what was written since.
    let is_left = here.iter().any(|row| kind(row) == ME);
    if lost.is_empty() && is_left {
        return Vec::new();
    }
    let is_lacking = |row: &Row| {
        let kind = kind(row);
        kind != CURSORS
            && !whole.contains(&(&row.table, &row.key))
            && (!is_left || lost.contains(kind) || LASTING.contains(&kind))
    };
    let mut comes = back;
    comes.retain(is_lacking);
    comes.retain_mut(|row| {
        row.value = beside(row);
        row.value.is_some()
    });
    comes.extend(here.iter().filter(|row| kind(row) == CURSORS).map(|row| Row {
        value: None,
        ..row.clone()
    }));
    comes
}
