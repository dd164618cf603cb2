//! Presence: who is there and where their cursor is. Signed and sealed like an envelope, but small, never stored, and of
//! no consequence when it is lost.

use crate::aead;
use crate::bytes::{PublicKey, SessionId, Signature, Start};
use crate::cbor::{Reader, Writer};
use crate::derive::LogKeys;
use crate::device::Device;
use crate::{Entropy, sign};

/// Version of presence messages; the first byte of each.
pub const VERSION: u8 = 1;
/// How much one can say of oneself, in bytes.
pub const MAX_PRESENCE: usize = 2 << 10;

const LABEL: &str = "komuz presence v1";
const AROUND: usize = 1 + aead::NONCE + aead::TAG;

/// What somebody says of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Who signs.
    pub device: PublicKey,
    /// What the session has begun with, see [`Self::session`].
    pub start: Start,
    /// Counts up within the session: an older one than already seen says nothing.
    pub number: u64,
    /// What is said.
    pub bytes: Vec<u8>,
}

impl Presence {
    /// The session that speaks.
    pub fn session(&self) -> SessionId {
        SessionId::of(&self.device, &self.start)
    }

    fn write(&self, w: Writer) -> Writer {
        w.bytes(&self.device.0)
            .bytes(&self.start.0)
            .uint(self.number)
            .bytes(&self.bytes)
    }

    fn signed(&self, keys: &LogKeys) -> Vec<u8> {
        let w = Writer::bare()
            .array(7)
            .uint(u64::from(VERSION))
            .bytes(&keys.id.0)
            .bytes(&keys.epoch.0);
        self.write(w).finish()
    }

    /// Signs and seals; none when it is longer than [`MAX_PRESENCE`].
    pub fn seal(&self, device: &Device, keys: &LogKeys, entropy: Entropy<'_>) -> Option<Vec<u8>> {
        if self.bytes.len() > MAX_PRESENCE {
            return None;
        }
        let signature = device.signer().sign(LABEL, &self.signed(keys));
        let mut plain = self.write(Writer::bare().array(5)).bytes(&signature.0).finish();
        aead::pad(&mut plain, AROUND);
        let mut sealed = vec![VERSION];
        sealed.extend(aead::seal(&keys.presence, &associated(keys), &plain, entropy));
        Some(sealed)
    }

    /// Opens and checks; none when anything is not as it must be. Whether the device is a member's is the charter's to
    /// say.
    pub fn open(sealed: &[u8], keys: &LogKeys) -> Option<Self> {
        let (&version, rest) = sealed.split_first()?;
        if version != VERSION {
            return None;
        }
        let plain = aead::open(&keys.presence, &associated(keys), rest)?;
        Self::under_seal(&plain, keys)
    }

    /// Reads what lies under the seal, where everybody who may read the log can write what they want.
    pub fn under_seal(plain: &[u8], keys: &LogKeys) -> Option<Self> {
        let mut r = Reader::bare(plain);
        r.array(5).ok()?;
        let presence = Self {
            device: r.fixed().ok()?,
            start: r.fixed().ok()?,
            number: r.uint().ok()?,
            bytes: r.bytes(MAX_PRESENCE).ok()?.to_vec(),
        };
        let signature: Signature = r.fixed().ok()?;
        let end = r.position();
        let good = aead::is_padding(&plain[end..], end, AROUND)
            && sign::verify(&presence.device, LABEL, &presence.signed(keys), &signature);
        good.then_some(presence)
    }
}

fn associated(keys: &LogKeys) -> Vec<u8> {
    Writer::versioned(VERSION)
        .array(2)
        .bytes(&keys.id.0)
        .bytes(&keys.epoch.0)
        .finish()
}
