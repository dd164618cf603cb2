//! Rows in SQLite: a batch is one transaction, and it is on disk when [`Rows::store`] returns.

use std::path::Path;

use rusqlite::{Connection, params};

use super::NativeError;
use crate::Row;

/// The rows of one device.
pub struct Rows {
    db: Connection,
}

impl From<rusqlite::Error> for NativeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Rows(said(&error))
    }
}

/// What SQLite says, without a path.
fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, _) => code.to_string(),
        other => other.to_string(),
    }
}

impl Rows {
    /// Opens the file or makes it, readable by its owner only.
    pub fn open(path: &Path) -> Result<Self, NativeError> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)?;
        let db = Connection::open(path)?;
        let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(NativeError::Rows("the file system takes no write-ahead log".to_owned()));
        }
        db.execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA secure_delete = ON;
             CREATE TABLE IF NOT EXISTS rows (
                 name TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (name, key)
             ) STRICT;",
        )?;
        Ok(Self { db })
    }

    /// All rows of a table whose keys start so, in the order of their keys; `names`: with empty values. A row that cannot be read comes without a value,
    /// and when the table itself cannot be read, one such row says so.
    pub fn load(&self, table: &str, prefix: &str, names: bool) -> Vec<Row> {
        let unreadable = || Row {
            table: table.to_owned(),
            key: prefix.to_owned(),
            value: None,
        };
        self.select(table, prefix, names).unwrap_or_else(|_| vec![unreadable()])
    }

    fn select(&self, table: &str, prefix: &str, names: bool) -> rusqlite::Result<Vec<Row>> {
        // No key has the last of all characters.
        let mut query = self.db.prepare_cached(match names {
            true => {
                "SELECT key, x'' FROM rows WHERE name = ?1 AND key >= ?2 AND key < ?2 || char(1114111) ORDER BY key"
            }
            false => {
                "SELECT key, value FROM rows WHERE name = ?1 AND key >= ?2 AND key < ?2 || char(1114111) ORDER BY key"
            }
        })?;
        let rows = query.query_map(params![table, prefix], |row| {
            Ok(Row {
                table: table.to_owned(),
                key: row.get(0)?,
                value: Some(row.get(1)?),
            })
        })?;
        rows.collect()
    }

    /// Writes all rows or none.
    ///
    /// # Errors
    /// The failure's name; then nothing is written.
    pub fn store(&mut self, rows: &[Row]) -> Result<(), String> {
        self.write(rows).map_err(|error| said(&error))
    }

    fn write(&mut self, rows: &[Row]) -> rusqlite::Result<()> {
        let transaction = self.db.transaction()?;
        for Row { table, key, value } in rows {
            match value {
                Some(value) => transaction
                    .prepare_cached(
                        "INSERT INTO rows (name, key, value) VALUES (?1, ?2, ?3)
                         ON CONFLICT (name, key) DO UPDATE SET value = excluded.value",
                    )?
                    .execute(params![table, key, value])?,
                None => transaction
                    .prepare_cached("DELETE FROM rows WHERE name = ?1 AND key = ?2")?
                    .execute(params![table, key])?,
            };
        }
        transaction.commit()
    }

    /// Deletes every row, overwriting what they held; sentences for what is left.
    pub fn erase(&mut self) -> Vec<String> {
        let erased = self
            .db
            .execute_batch("DELETE FROM rows; PRAGMA wal_checkpoint(TRUNCATE); VACUUM;");
        match erased {
            Ok(()) => vec!["Copies that the disk or a backup program made are not deleted.".to_owned()],
            Err(error) => vec![format!("Rows could not be deleted: {}.", said(&error))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(table: &str, key: &str, value: Option<&[u8]>) -> Row {
        Row {
            table: table.into(),
            key: key.into(),
            value: value.map(<[u8]>::to_vec),
        }
    }

    #[test]
    fn rows_are_found_by_the_start_of_their_keys_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.sqlite");
        let mut rows = Rows::open(&path).unwrap();
        let all = [
            row("t", "a/2", Some(b"two")),
            row("t", "a/1", Some(b"one")),
            row("t", "b", Some(b"")),
            row("u", "a/1", Some(b"u")),
        ];
        rows.store(&all).unwrap();
        drop(rows);
        let mut rows = Rows::open(&path).unwrap();
        assert_eq!(
            rows.load("t", "a/", false),
            [row("t", "a/1", Some(b"one")), row("t", "a/2", Some(b"two"))]
        );
        assert_eq!(rows.load("t", "a/2", false), [row("t", "a/2", Some(b"two"))]);
        let named = [row("t", "a/1", Some(b"")), row("t", "a/2", Some(b""))];
        assert_eq!(rows.load("t", "a/", true), named);
        assert_eq!(rows.load("t", "", false).len(), 3);
        // Keys are taken to the letter.
        assert_eq!(rows.load("t", "a%", false), []);
        rows.store(&[row("t", "a/1", None), row("t", "a/2", Some(b"new"))])
            .unwrap();
        assert_eq!(rows.load("t", "a/", false), [row("t", "a/2", Some(b"new"))]);
    }

    #[test]
    fn what_is_erased_is_not_in_the_files_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let mut rows = Rows::open(&folder.path().join("rows.sqlite")).unwrap();
        rows.store(&[row("secret", "key", Some(b"the very secret"))]).unwrap();
        assert_eq!(rows.erase().len(), 1);
        assert_eq!(rows.load("secret", "", false), []);
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(15).any(|window| window == b"the very secret"));
        }
    }
}
