//! What a server remembers about itself: the hash of its operator's ticket, its freshness key, the release keys that its
//! operator trusts. One small file in the data folder, readable by its owner only.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use komuz_release::keys::{PublicKey, SigningKey};
use serde::{Deserialize, Serialize};

use crate::releases::write;
use crate::ticket::{Ticket, TicketHash};

/// Version of the file.
const VERSION: u8 = 1;
/// Release keys that an operator trusts at most.
pub const MAX_TRUSTED: usize = 256;

/// A server's identity.
pub struct Identity {
    path: PathBuf,
    /// The operator's ticket.
    pub ticket: TicketHash,
    /// Extends the expiry of what a quorum has signed, and can do nothing else.
    pub freshness: SigningKey,
    kept: Mutex<Kept>,
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
    /// No randomness.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// The file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    komuz: u8,
    ticket: String,
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
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::make(path),
            Err(error) => return Err(error.into()),
        };
        let damaged = |what: &str| IdentityError::Damaged(what.to_owned());
        // Read on its own first: a newer version may have other members.
        #[derive(Deserialize)]
        struct Version {
            komuz: u8,
        }
        let Version { komuz } = serde_json::from_slice(&bytes).map_err(|_| damaged("it is not JSON with a version"))?;
        if komuz > VERSION {
            return Err(IdentityError::Newer(komuz));
        }
        let kept: Kept = serde_json::from_slice(&bytes).map_err(|_| damaged("a member is missing or wrong"))?;
        let seed: [u8; 32] = decode(&kept.freshness).ok_or_else(|| damaged("the freshness key is not 32 bytes"))?;
        let ticket: [u8; 32] = decode(&kept.ticket).ok_or_else(|| damaged("the ticket's hash is not 32 bytes"))?;
        let ticket = TicketHash::from_kept(ticket);
        Ok((
            Self {
                path,
                ticket,
                freshness: SigningKey::from_seed(&seed),
                kept: Mutex::new(kept),
            },
            None,
        ))
    }

    fn make(path: PathBuf) -> Result<(Self, Option<Ticket>), IdentityError> {
        let (seed, secret) = (random()?, random()?);
        let ticket = Ticket::from_random(secret);
        let kept = Kept {
            komuz: VERSION,
            ticket: URL_SAFE_NO_PAD.encode(ticket.hash().as_bytes()),
            freshness: URL_SAFE_NO_PAD.encode(seed),
            trusted: BTreeSet::new(),
        };
        keep(&path, &kept)?;
        let freshness = SigningKey::from_seed(&seed);
        Ok((
            Self {
                path,
                ticket: ticket.hash(),
                freshness,
                kept: Mutex::new(kept),
            },
            Some(ticket),
        ))
    }

    /// Whether one of these keys is among those that the operator trusts.
    pub fn trusts_any<'a>(&self, keys: impl IntoIterator<Item = &'a PublicKey>) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        keys.into_iter().any(|key| kept.trusted.contains(key))
    }

    /// Adds release keys that the operator trusts. Blocks while the file is written.
    ///
    /// # Errors
    /// What the file system says; then nothing is added. [`io::ErrorKind::QuotaExceeded`] beyond [`MAX_TRUSTED`] keys.
    pub fn trust(&self, keys: impl IntoIterator<Item = PublicKey>) -> io::Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = kept.clone();
        next.trusted.extend(keys);
        if next.trusted.len() > MAX_TRUSTED {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        if next.trusted.len() > kept.trusted.len() {
            keep(&self.path, &next)?;
            *kept = next;
        }
        Ok(())
    }
}

fn keep(path: &Path, kept: &Kept) -> io::Result<()> {
    write::put_private(path, &serde_json::to_vec_pretty(kept)?)
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
        assert!(second.ticket.admits(ticket.text()));
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
        std::fs::write(&path, r#"{"komuz":2,"more":1}"#).unwrap();
        assert!(matches!(Identity::open(folder.path()), Err(IdentityError::Newer(2))));
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
