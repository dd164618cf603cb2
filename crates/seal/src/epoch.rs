//! An epoch: 32 random bytes from which the names and keys of all logs come.

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::bytes::{Digest, EpochId};
use crate::cbor::Writer;
use crate::derive::derive;
use crate::device::{Device, DeviceCard};
use crate::{Entropy, aead, random, wrap};

const WRAP: &str = "komuz epoch wrap v1";
const PREVIOUS: &str = "komuz previous epoch v1";

/// Version of wrapped epochs; the first byte of each.
pub const VERSION: u8 = 1;
/// Length of a wrapped epoch: version, encapsulated key, ciphertext and tag.
pub const WRAPPED_LEN: usize = 1 + 32 + 32 + 16;
/// Length of a previous epoch's key under the next one: version, nonce, ciphertext and tag.
pub const LOCKED_LEN: usize = 1 + aead::NONCE + 32 + aead::TAG;

/// Why a wrapped epoch cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EpochError {
    /// Another version.
    #[error("this epoch key is wrapped in version {0}, only version {VERSION} is known: update Komuz")]
    Version(u8),
    /// Not as long as it must be.
    #[error("a wrapped epoch key is {expected} bytes long, this one {found}")]
    Length {
        /// What it must be.
        expected: usize,
        /// What it is.
        found: usize,
    },
    /// Not for this device, this charter entry, this epoch, or changed on the way.
    #[error("this epoch key is wrapped for another device or charter entry, or it was changed")]
    NotForUs,
    /// The recipient's key is none that can be sealed to.
    #[error("the recipient's key cannot be sealed to")]
    BadRecipient,
}

/// The key of an epoch. Wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct EpochKey(Zeroizing<[u8; 32]>);

impl core::fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "EpochKey({:?})", self.id())
    }
}

impl EpochKey {
    /// A new epoch.
    pub fn new(entropy: Entropy<'_>) -> Self {
        Self(Zeroizing::new(random(entropy)))
    }

    /// From the secret that [`Self::secret`] gave.
    pub fn from_secret(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The secret bytes, to be wrapped and stored.
    pub fn secret(&self) -> &[u8; 32] {
        &self.0
    }

    /// The epoch's id, which commits to its key: SHA-256 of a label and the key.
    pub fn id(&self) -> EpochId {
        let mut hash = Sha256::new();
        hash.update(b"komuz epoch id v1");
        hash.update(*self.0);
        EpochId(hash.finalize().into())
    }

    /// Wraps the key for a device with HPKE (RFC 9180, base mode: X25519, HKDF-SHA256, ChaCha20-Poly1305), bound to the
    /// charter entry that lets the device in. [`WRAPPED_LEN`] bytes.
    pub fn wrap(&self, entry: &Digest, to: &DeviceCard, entropy: Entropy<'_>) -> Result<Vec<u8>, EpochError> {
        wrap::seal(&self.0, &info(entry, to), to, entropy)
    }

    /// Opens a key that was wrapped for this device and charter entry.
    pub fn unwrap(wrapped: &[u8], entry: &Digest, device: &Device) -> Result<Self, EpochError> {
        wrap::open(wrapped, &info(entry, &device.card()), device).map(Self)
    }

    /// The key of the epoch before this one, encrypted under this one, so that who joins now reads the history.
    /// [`LOCKED_LEN`] bytes.
    pub fn lock_previous(&self, previous: &Self, entropy: Entropy<'_>) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend(aead::seal(
            &derive(&*self.0, PREVIOUS, b""),
            &self.link(&previous.id()),
            &*previous.0,
            entropy,
        ));
        out
    }

    /// Opens the key of the epoch before this one. Its id must be the one that the charter names.
    pub fn unlock_previous(&self, locked: &[u8], id: &EpochId) -> Result<Self, EpochError> {
        wrap::check(locked, LOCKED_LEN)?;
        let key = aead::open(&derive(&*self.0, PREVIOUS, b""), &self.link(id), &locked[1..])
            .map(Zeroizing::new)
            .ok_or(EpochError::NotForUs)?;
        let key = Self::from_slice(&key)?;
        if key.id() == *id {
            Ok(key)
        } else {
            Err(EpochError::NotForUs)
        }
    }

    fn link(&self, previous: &EpochId) -> Vec<u8> {
        Writer::versioned(VERSION)
            .array(2)
            .bytes(&self.id().0)
            .bytes(&previous.0)
            .finish()
    }

    fn from_slice(bytes: &[u8]) -> Result<Self, EpochError> {
        bytes
            .try_into()
            .map(Self::from_secret)
            .map_err(|_| EpochError::NotForUs)
    }
}

fn info(entry: &Digest, to: &DeviceCard) -> Vec<u8> {
    Writer::bare()
        .array(3)
        .text(WRAP)
        .bytes(&entry.0)
        .with(|w| to.write(w))
        .finish()
}
