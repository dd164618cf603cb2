//! A backup file: bytes under a passphrase. Argon2id (RFC 9106) makes a key of the passphrase, XChaCha20-Poly1305 seals.
//!
//! The file: the version byte, then one CBOR array (memory in KiB, passes, lanes, salt, sealed bytes). The associated data
//! is everything before the sealed bytes. Parameters are read within bounds, so that a file can neither make a device run
//! out of memory nor pretend that a weak key was meant.

use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::cbor::{CborError, Reader, Writer};
use crate::{Entropy, aead, random};

/// Version of backup files; the first byte of each.
pub const VERSION: u8 = 1;
/// The longest file, in bytes.
pub const MAX_FILE: usize = 512 << 20;

/// Work that a guess costs: RFC 9106's second recommendation (64 MiB, 3 passes), on one lane, as browsers have one.
pub const COST: Cost = Cost {
    memory: 64 << 10,
    passes: 3,
    lanes: 1,
};

/// Work that a guess at the passphrase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// The least that is accepted (OWASP's floor for Argon2id).
    pub const LEAST: Self = Self {
        memory: 19 << 10,
        passes: 2,
        lanes: 1,
    };
    /// The most that a file may ask of a device.
    pub const MOST: Self = Self {
        memory: 256 << 10,
        passes: 8,
        lanes: 4,
    };

    fn is_allowed(&self) -> bool {
        (Self::LEAST.memory..=Self::MOST.memory).contains(&self.memory)
            && (Self::LEAST.passes..=Self::MOST.passes).contains(&self.passes)
            && (Self::LEAST.lanes..=Self::MOST.lanes).contains(&self.lanes)
    }

    /// The key that a passphrase makes with a salt: of a backup, or of what a locked browser keeps (the desk's engine). Takes
    /// as long as a guess costs. Error: [`BackupError::Cost`].
    pub fn key(&self, passphrase: &str, salt: &[u8; 16]) -> Result<Zeroizing<[u8; 32]>, BackupError> {
        if !self.is_allowed() {
            return Err(BackupError::Cost);
        }
        let params = Params::new(self.memory, self.passes, self.lanes, Some(32)).map_err(|_| BackupError::Cost)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt, &mut *key)
            .map_err(|_| BackupError::Cost)?;
        Ok(key)
    }
}

/// Why a backup cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Another version.
    #[error("this backup has version {0}, only version {VERSION} is known: update Komuz")]
    Version(u8),
    /// Not a backup, or cut short.
    #[error("this is not a whole backup file: {0}")]
    Malformed(#[from] CborError),
    /// Parameters beyond the bounds, or more memory than this device gives.
    #[error("this backup asks for work outside of what is allowed, or for more memory than there is")]
    Cost,
    /// More than a backup holds.
    #[error("this backup would have {0} bytes; at most {MAX_FILE} are read back")]
    TooLarge(usize),
    /// The passphrase is another, or the file was changed.
    #[error("the passphrase is not the one of this backup, or the file was changed")]
    Passphrase,
}

/// Seals `content` under a passphrase. `cost` is [`COST`] but in tests; errors: [`BackupError::Cost`], and
/// [`BackupError::TooLarge`] for what [`open`] would not read.
pub fn seal(content: &[u8], passphrase: &str, cost: Cost, entropy: Entropy<'_>) -> Result<Vec<u8>, BackupError> {
    // Beside the content: header, nonce and tag.
    let size = content.len().saturating_add(256);
    if size > MAX_FILE {
        return Err(BackupError::TooLarge(size));
    }
    let salt = random::<16>(entropy);
    let key = cost.key(passphrase, &salt)?;
    let header = header(cost, &salt);
    let sealed = aead::seal(&key, &header.clone().finish(), content, entropy);
    Ok(header.bytes(&sealed).finish())
}

/// Opens a backup.
pub fn open(file: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    let (version, mut r) = Reader::versioned(file, MAX_FILE)?;
    if version != VERSION {
        return Err(BackupError::Version(version));
    }
    r.array(5)?;
    let mut number = || r.uint().map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    let cost = Cost {
        memory: number()?,
        passes: number()?,
        lanes: number()?,
    };
    let salt: [u8; 16] = r.fixed()?;
    let sealed = r.bytes(MAX_FILE)?;
    r.end()?;
    let key = cost.key(passphrase, &salt)?;
    aead::open(&key, &header(cost, &salt).finish(), sealed)
        .map(Zeroizing::new)
        .ok_or(BackupError::Passphrase)
}

fn header(cost: Cost, salt: &[u8; 16]) -> Writer {
    Writer::versioned(VERSION)
        .array(5)
        .uint(u64::from(cost.memory))
        .uint(u64::from(cost.passes))
        .uint(u64::from(cost.lanes))
        .bytes(salt)
}
