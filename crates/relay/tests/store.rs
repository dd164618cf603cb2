//! The store's file: what is refused when it is opened.

use std::path::Path;
use std::sync::{Arc, Mutex};

use komuz_relay::limits::{Disk, Limits};
use komuz_relay::store::sqlite::{OpenError, Sqlite};
use komuz_relay::store::{Append, Commits, LogKeys, Opener, Row, Store};
use komuz_sync::seal::bytes::{EpochId, LogId, PublicKey};
use komuz_sync::seal::chain;
use rusqlite::Connection;

struct Nobody;

impl Commits for Nobody {
    fn committed(&self, _: LogId, _: Vec<Row>) {}
}

fn open(path: &Path) -> Result<Sqlite, OpenError> {
    Sqlite::start(
        path,
        &Limits::default(),
        Arc::new(Disk::new(u64::MAX)),
        Arc::new(Nobody),
    )
}

const LOG: LogId = LogId([1; 32]);
const KEY: PublicKey = PublicKey([2; 32]);

/// A closed store with three envelopes.
async fn filled(path: &Path) {
    let store = open(path).unwrap();
    let keys = LogKeys {
        reader: PublicKey([3; 32]),
        registrar: PublicKey([4; 32]),
        epoch: EpochId([5; 32]),
    };
    store.open(LOG, keys, None, Opener::Ticket).await.unwrap();
    store.register(LOG, KEY).await.unwrap();
    for bytes in [b"one", b"two", b"six"] {
        let id = chain::envelope_id(bytes);
        store
            .append(Append {
                log: LOG,
                key: KEY,
                id,
                bytes: bytes.to_vec(),
            })
            .await
            .unwrap();
    }
    store.close().await;
}

fn change(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn what_was_stored_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.sqlite");
    filled(&path).await;
    let disk = Arc::new(Disk::new(1000));
    let store = Sqlite::start(&path, &Limits::default(), disk.clone(), Arc::new(Nobody)).unwrap();
    let rows = store.rows_after(LOG, 1, usize::MAX).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| (row.at.seq, &row.bytes[..])).collect::<Vec<_>>(),
        [(2, &b"two"[..]), (3, b"six")]
    );
    assert_eq!(store.chain_at(LOG, 3).await.unwrap(), Some(rows[1].at.chain));
    assert_eq!(store.chain_at(LOG, 4).await.unwrap(), None);
    assert_eq!(store.chain_at(LOG, u64::MAX).await.unwrap(), None);
    assert_eq!(store.log(LogId([9; 32])).await.unwrap(), None);
    assert_eq!(
        store.rows_after(LOG, 0, 1).await.unwrap().len(),
        1,
        "one row even where it does not fit"
    );
    // Three envelopes of three bytes and what a row costs.
    assert!(disk.take(600).is_err() && disk.take(400).is_ok());
    store.close().await;
}

#[tokio::test]
async fn a_closed_store_leaves_one_file() {
    let folder = tempfile::tempdir().unwrap();
    filled(&folder.path().join("logs.sqlite")).await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_closed_store_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("logs.sqlite")).unwrap();
    store.close().await;
    assert_eq!(
        store.register(LOG, KEY).await,
        Err(komuz_relay::store::StoreError::Closing)
    );
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.sqlite");
    filled(&path).await;
    change(&path, "PRAGMA user_version = 4");
    assert_eq!(open(&path).err(), Some(OpenError::Newer { found: 4 }));
}

#[tokio::test]
async fn a_database_of_the_first_version_is_taken_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.sqlite");
    filled(&path).await;
    change(
        &path,
        "DROP TABLE closed; DROP TABLE probe; DROP INDEX log_closer; ALTER TABLE log DROP COLUMN closer;
         ALTER TABLE log DROP COLUMN gone; PRAGMA user_version = 1",
    );
    let store = open(&path).unwrap();
    assert_eq!(store.rows_after(LOG, 0, usize::MAX).await.unwrap().len(), 3);
    let info = store.log(LOG).await.unwrap().unwrap();
    store
        .open(LOG, info.keys, Some(PublicKey([7; 32])), Opener::Ticket)
        .await
        .unwrap();
    store.close_logs(LOG, Vec::new()).await.unwrap();
    assert!(store.log(LOG).await.unwrap().unwrap().writers.is_empty());
    store.close().await;
}

#[tokio::test]
async fn a_database_of_the_second_version_is_taken_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.sqlite");
    filled(&path).await;
    change(&path, "ALTER TABLE log DROP COLUMN gone; PRAGMA user_version = 2");
    let store = open(&path).unwrap();
    assert_eq!(store.gone(LOG).await, Ok(0));
    let rows = store.rows_after(LOG, 0, usize::MAX).await.unwrap();
    assert_eq!(store.trim(LOG, rows[1].at, Vec::new()).await, Ok(false));
    assert_eq!(store.gone(LOG).await, Ok(2));
    store.close().await;
}

#[test]
fn another_programs_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.sqlite");
    change(&path, "CREATE TABLE theirs (x)");
    assert_eq!(open(&path).err(), Some(OpenError::Foreign));
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.sqlite");
    std::fs::write(
        &path,
        "no database at all, and long enough to be looked at ".repeat(100),
    )
    .unwrap();
    assert!(matches!(open(&path), Err(OpenError::Damaged(_))));
}

#[tokio::test]
async fn a_log_whose_end_is_lost_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.sqlite");
    filled(&path).await;
    change(
        &path,
        "DELETE FROM envelope WHERE place = (SELECT max(place) FROM envelope)",
    );
    assert!(matches!(open(&path), Err(OpenError::Damaged(_))));
}

#[tokio::test]
async fn a_link_that_does_not_follow_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.sqlite");
    filled(&path).await;
    change(
        &path,
        "UPDATE envelope SET id = zeroblob(32) WHERE place = (SELECT max(place) FROM envelope)",
    );
    assert!(matches!(open(&path), Err(OpenError::Damaged(_))));
}

/// Remembers what it was told of.
#[derive(Default)]
struct Told(Mutex<Vec<u64>>);

impl Commits for Told {
    fn committed(&self, _: LogId, rows: Vec<Row>) {
        self.0.lock().unwrap().extend(rows.iter().map(|row| row.at.seq));
    }
}

#[tokio::test]
async fn what_could_not_be_committed_is_told_to_nobody_and_leaves_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.sqlite");
    let told = Arc::new(Told::default());
    let disk = Arc::new(Disk::new(100_000));
    let store = Sqlite::start(&path, &Limits::default(), disk.clone(), told.clone()).unwrap();
    let keys = LogKeys {
        reader: PublicKey([3; 32]),
        registrar: PublicKey([4; 32]),
        epoch: EpochId([5; 32]),
    };
    store.open(LOG, keys, None, Opener::Ticket).await.unwrap();
    store.register(LOG, KEY).await.unwrap();
    let append = |bytes: &'static [u8]| {
        store.append(Append {
            log: LOG,
            key: KEY,
            id: chain::envelope_id(bytes),
            bytes: bytes.to_vec(),
        })
    };
    // Every statement goes well, and the commit itself fails: a reference that is looked at only then leads nowhere.
    change(
        &path,
        "CREATE TABLE nowhere (id INTEGER PRIMARY KEY);
         CREATE TABLE promise (id INTEGER REFERENCES nowhere (id) DEFERRABLE INITIALLY DEFERRED);
         CREATE TRIGGER breaks AFTER INSERT ON envelope BEGIN INSERT INTO promise VALUES (1); END;",
    );
    assert!(append(b"one").await.is_err());
    assert!(told.0.lock().unwrap().is_empty());
    change(&path, "DROP TRIGGER breaks;");
    assert_eq!(append(b"two").await.unwrap().at.seq, 1);
    assert_eq!(*told.0.lock().unwrap(), [1]);
    assert_eq!(store.rows_after(LOG, 0, usize::MAX).await.unwrap().len(), 1);
    store.close().await;
}
