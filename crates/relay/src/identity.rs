//! What a server remembers about itself: the hashes of its operator's tickets, its freshness key, the release keys that its
//! operator trusts. One small file in the data folder, readable by its owner only.
//!
//! `komuz ticket` changes the file while a server runs: whoever changes it holds a lock beside it and starts from what is
//! there, and the server looks whether it has changed before it takes or refuses a ticket.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use komuz_release::keys::{PublicKey, SigningKey};
use serde::{Deserialize, Serialize};

use crate::releases::write;
use crate::ticket::{self, Ticket, TicketHash};

/// Version of the file.
const VERSION: u8 = 2;
/// Tickets that are good at once, at most.
const MAX_TICKETS: usize = 256;
/// The longest note on a ticket, in bytes.
const MAX_NOTE: usize = 200;
/// What the ticket of the first start is called.
const FIRST: &str = "first start";
/// Release keys that an operator trusts at most.
pub const MAX_TRUSTED: usize = 256;

/// A server's identity.
pub struct Identity {
    path: PathBuf,
    /// Extends the expiry of what a quorum has signed, and can do nothing else.
    pub freshness: SigningKey,
    kept: Mutex<(Kept, Option<Stamp>)>,
}

/// When and how long the file was that was read last.
type Stamp = (SystemTime, u64);

/// A ticket as its operator sees it afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketLine {
    /// What it is called in commands: the first eight hexadecimal digits of its hash.
    pub id: String,
    /// What the operator has noted, such as for whom it is.
    pub note: String,
}

/// Why the identity cannot be read or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The file system.
    #[error("the server's own file cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// Not what was written.
    #[error(
        "the server's own file, server.json in the data folder, is damaged ({0}): put a copy back, or move it away to start with a new ticket"
    )]
    Damaged(String),
    /// Written by a newer version.
    #[error("the server's own file has version {0}, this komuz knows {VERSION}: run the newer komuz")]
    Newer(u8),
    /// No server has started here yet.
    #[error("no server has started from this folder yet: `komuz serve` makes its first ticket")]
    NoServer,
    /// Too many tickets, or too long a note.
    #[error(
        "a server has at most {MAX_TICKETS} tickets, with notes of at most {MAX_NOTE} bytes: revoke one, or be brief"
    )]
    TooMany,
    /// No randomness.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// The file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    komuz: u8,
    /// Notes by the hash of the ticket.
    tickets: BTreeMap<String, String>,
    freshness: String,
    trusted: BTreeSet<PublicKey>,
}

impl Identity {
    /// Reads the identity, or makes it at first start; then the ticket comes with it, for this once.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn open(folder: &Path) -> Result<(Self, Option<Ticket>), IdentityError> {
        let path = folder.join("server.json");
        match read(&path) {
            Ok(kept) => Ok((Self::of(path, kept)?, None)),
            Err(IdentityError::NoServer) => Self::make(path),
            Err(error) => Err(error),
        }
    }

    fn of(path: PathBuf, kept: Kept) -> Result<Self, IdentityError> {
        let seed: [u8; 32] = decode(&kept.freshness).ok_or_else(|| damaged("the freshness key is not 32 bytes"))?;
        Ok(Self {
            freshness: SigningKey::from_seed(&seed),
            kept: Mutex::new((kept, stamp(&path))),
            path,
        })
    }

    fn make(path: PathBuf) -> Result<(Self, Option<Ticket>), IdentityError> {
        let (seed, secret) = (random()?, random()?);
        let ticket = Ticket::from_random(secret);
        let kept = Kept {
            komuz: VERSION,
            tickets: BTreeMap::from([(encode(&ticket), FIRST.to_owned())]),
            freshness: URL_SAFE_NO_PAD.encode(seed),
            trusted: BTreeSet::new(),
        };
        keep(&path, &kept)?;
        Ok((Self::of(path, kept)?, Some(ticket)))
    }

    /// What the file says, read again when it has changed. A file that cannot be read now says what it said before.
    fn kept(&self) -> MutexGuard<'_, (Kept, Option<Stamp>)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.path);
        if now != kept.1
            && let Ok(newer) = read(&self.path)
        {
            *kept = (newer, now);
        }
        kept
    }

    /// Whether a text is one of the operator's tickets.
    pub fn admits(&self, ticket: &str) -> bool {
        let hashes = self.kept();
        let mut hashes = hashes.0.tickets.keys().filter_map(|hash| decode(hash));
        hashes.any(|hash| TicketHash::from_kept(hash).admits(ticket))
    }

    /// Whether an `Authorization` header holds one of the operator's tickets.
    pub fn admits_header(&self, value: &[u8]) -> bool {
        ticket::of_header(value).is_some_and(|ticket| self.admits(ticket))
    }

    /// Whether one of these keys is among those that the operator trusts.
    pub fn trusts_any<'a>(&self, keys: impl IntoIterator<Item = &'a PublicKey>) -> bool {
        let kept = self.kept();
        keys.into_iter().any(|key| kept.0.trusted.contains(key))
    }

    /// Adds release keys that the operator trusts. Blocks while the file is written.
    ///
    /// # Errors
    /// What the file system says; then nothing is added. [`io::ErrorKind::QuotaExceeded`] beyond [`MAX_TRUSTED`] keys.
    pub fn trust(&self, keys: impl IntoIterator<Item = PublicKey>) -> io::Result<()> {
        change(&self.path, |kept| {
            kept.trusted.extend(keys);
            if kept.trusted.len() > MAX_TRUSTED {
                return Err(io::Error::from(io::ErrorKind::QuotaExceeded).into());
            }
            Ok(())
        })
        .map_err(|error| match error {
            IdentityError::Io(error) => error,
            other => io::Error::other(other.to_string()),
        })
    }
}

/// Makes another ticket for the server of a data folder, whether it runs or not. It is shown now and never again.
///
/// # Errors
/// [`IdentityError`].
pub fn new_ticket(data: &Path, note: &str) -> Result<(TicketLine, Ticket), IdentityError> {
    let ticket = Ticket::from_random(random()?);
    let hash = encode(&ticket);
    let line = line(&hash, note);
    change(&data.join("server.json"), |kept| {
        if kept.tickets.len() >= MAX_TICKETS || note.len() > MAX_NOTE {
            return Err(IdentityError::TooMany);
        }
        kept.tickets.insert(hash, note.to_owned());
        Ok(())
    })?;
    Ok((line, ticket))
}

/// The tickets of the server of a data folder.
///
/// # Errors
/// [`IdentityError`].
pub fn tickets(data: &Path) -> Result<Vec<TicketLine>, IdentityError> {
    let kept = read(&data.join("server.json"))?;
    Ok(kept.tickets.iter().map(|(hash, note)| line(hash, note)).collect())
}

/// Ends a ticket: it opens nothing more. Logs that are open stay open. False when there is none of that id.
///
/// # Errors
/// [`IdentityError`].
pub fn revoke_ticket(data: &Path, id: &str) -> Result<bool, IdentityError> {
    let mut found = false;
    change(&data.join("server.json"), |kept| {
        let before = kept.tickets.len();
        kept.tickets.retain(|hash, note| line(hash, note).id != id);
        found = kept.tickets.len() < before;
        Ok(())
    })?;
    Ok(found)
}

fn line(hash: &str, note: &str) -> TicketLine {
    let [a, b, c, d, ..] = decode(hash).unwrap_or_default();
    TicketLine {
        id: format!("{a:02x}{b:02x}{c:02x}{d:02x}"),
        note: note.to_owned(),
    }
}

fn damaged(what: &str) -> IdentityError {
    IdentityError::Damaged(what.to_owned())
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn read(path: &Path) -> Result<Kept, IdentityError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(IdentityError::NoServer),
        Err(error) => return Err(error.into()),
    };
    // Read on its own first: other versions have other members.
    #[derive(Deserialize)]
    struct Version {
        komuz: u8,
    }
    let Version { komuz } = serde_json::from_slice(&bytes).map_err(|_| damaged("it is not JSON with a version"))?;
    if komuz > VERSION {
        return Err(IdentityError::Newer(komuz));
    }
    let wrong = |_| damaged("a member is missing or wrong");
    if komuz == 1 {
        let First {
            ticket,
            freshness,
            trusted,
            ..
        } = serde_json::from_slice(&bytes).map_err(wrong)?;
        return Ok(Kept {
            komuz: VERSION,
            tickets: BTreeMap::from([(ticket, FIRST.to_owned())]),
            freshness,
            trusted,
        });
    }
    let kept: Kept = serde_json::from_slice(&bytes).map_err(wrong)?;
    if kept.tickets.keys().any(|hash| decode(hash).is_none()) {
        return Err(damaged("a ticket's hash is not 32 bytes"));
    }
    Ok(kept)
}

/// The file in version 1, with one ticket.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    #[serde(rename = "komuz")]
    _komuz: u8,
    ticket: String,
    freshness: String,
    trusted: BTreeSet<PublicKey>,
}

/// Changes the file as it is now, alone.
fn change(path: &Path, change: impl FnOnce(&mut Kept) -> Result<(), IdentityError>) -> Result<(), IdentityError> {
    let mut kept = read(path)?;
    let lock = File::create(path.with_extension("lock"))?;
    lock.lock()?;
    // Another may have changed it before the lock was ours.
    kept = read(path).unwrap_or(kept);
    change(&mut kept)?;
    keep(path, &kept)?;
    Ok(())
}

fn keep(path: &Path, kept: &Kept) -> io::Result<()> {
    write::put_private(path, &serde_json::to_vec_pretty(kept)?)
}

fn encode(ticket: &Ticket) -> String {
    URL_SAFE_NO_PAD.encode(ticket.hash().as_bytes())
}

fn decode(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Random bytes of the operating system.
///
/// # Errors
/// [`IdentityError::Random`].
pub fn random() -> Result<[u8; 32], IdentityError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| IdentityError::Random(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ticket_comes_once_and_its_text_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (first, ticket) = Identity::open(folder.path()).unwrap();
        let ticket = ticket.unwrap();
        let (second, none) = Identity::open(folder.path()).unwrap();
        assert!(none.is_none());
        assert!(second.admits(ticket.text()));
        assert!(!second.admits("another"));
        assert_eq!(first.freshness.public(), second.freshness.public());
        let file = std::fs::read_to_string(folder.path().join("server.json")).unwrap();
        assert!(!file.contains(ticket.text()));
    }

    #[test]
    fn trusted_keys_are_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let key = |n| SigningKey::from_seed(&[n; 32]).public();
        let (identity, _) = Identity::open(folder.path()).unwrap();
        identity.trust([key(1)]).unwrap();
        identity.trust([key(1), key(2)]).unwrap();
        let (again, _) = Identity::open(folder.path()).unwrap();
        assert!(again.trusts_any([&key(9), &key(2)]));
        assert!(!again.trusts_any([&key(9)]));
        let too_many = (0..=MAX_TRUSTED).map(|n| {
            let mut seed = [7; 32];
            seed[..8].copy_from_slice(&n.to_be_bytes());
            SigningKey::from_seed(&seed).public()
        });
        assert_eq!(again.trust(too_many).unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
    }

    #[test]
    fn a_damaged_or_newer_file_is_told_from_a_missing_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.json");
        std::fs::write(&path, "{").unwrap();
        assert!(matches!(Identity::open(folder.path()), Err(IdentityError::Damaged(_))));
        std::fs::write(&path, r#"{"komuz":3,"more":1}"#).unwrap();
        assert!(matches!(Identity::open(folder.path()), Err(IdentityError::Newer(3))));
    }

    #[test]
    fn tickets_are_made_and_revoked_while_the_server_runs() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        assert!(matches!(new_ticket(data, ""), Err(IdentityError::NoServer)));
        let (running, first) = Identity::open(data).unwrap();
        let first = first.unwrap();
        let (line, second) = new_ticket(data, "for Bek").unwrap();
        assert!(running.admits(first.text()) && running.admits(second.text()));
        assert_eq!(tickets(data).unwrap().len(), 2);
        assert!(tickets(data).unwrap().contains(&line));
        let key = SigningKey::from_seed(&[1; 32]).public();
        running.trust([key]).unwrap();
        let before = tickets(data).unwrap();
        let old = before.iter().find(|other| **other != line).unwrap();
        assert_eq!(old.note, FIRST);
        assert!(revoke_ticket(data, &old.id).unwrap());
        assert!(!revoke_ticket(data, &old.id).unwrap(), "it is gone");
        assert!(!running.admits(first.text()) && running.admits(second.text()));
        assert!(running.trusts_any([&key]), "nothing else is lost by it");
        let file = std::fs::read_to_string(data.join("server.json")).unwrap();
        assert!(!file.contains(second.text()));
        assert!(matches!(
            new_ticket(data, &"x".repeat(MAX_NOTE + 1)),
            Err(IdentityError::TooMany)
        ));
    }

    #[test]
    fn a_file_of_the_first_version_keeps_its_ticket() {
        let folder = tempfile::tempdir().unwrap();
        let ticket = Ticket::from_random([7; 32]);
        let seed = URL_SAFE_NO_PAD.encode([8; 32]);
        let old = serde_json::json!({ "komuz": 1, "ticket": encode(&ticket), "freshness": seed, "trusted": [] });
        std::fs::write(folder.path().join("server.json"), old.to_string()).unwrap();
        let (identity, none) = Identity::open(folder.path()).unwrap();
        assert!(none.is_none() && identity.admits(ticket.text()));
        assert!(new_ticket(folder.path(), "another").is_ok());
        assert!(Identity::open(folder.path()).unwrap().0.admits(ticket.text()));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Identity::open(folder.path()).unwrap();
        let mode = std::fs::metadata(folder.path().join("server.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0);
    }
}
