//! The editors' secret: what only editors have of an epoch, beside its key. From it comes the key that closes the epoch's logs to
//! who is out, and an append key for every device, with a certificate: a device whose own key is not known uses the former; the
//! latter is not used.

use zeroize::Zeroizing;

use crate::bytes::{Digest, EpochId, PublicKey, Signature};
use crate::cbor::Writer;
use crate::derive::derive;
use crate::sign::{self, SignKey};
use crate::{Entropy, random};

const REGISTRAR: &str = "komuz editors registrar v1";
const SEED: &str = "komuz append seed v1";
const CERTIFICATE: &str = "komuz append certificate v1";

/// 32 random bytes, new with each rotation. Wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct EditorsSecret(Zeroizing<[u8; 32]>);

impl core::fmt::Debug for EditorsSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("EditorsSecret")
    }
}

impl EditorsSecret {
    /// A new one.
    pub fn new(entropy: Entropy<'_>) -> Self {
        Self(Zeroizing::new(random(entropy)))
    }

    /// From the bytes that [`Self::secret`] gave.
    pub fn from_secret(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The bytes, to be wrapped and stored.
    pub fn secret(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key that closes an epoch's logs, and signs the certificates in its rotation.
    pub fn registrar(&self, charter: &Digest, epoch: &EpochId) -> SignKey {
        let context = Writer::bare().array(2).bytes(&charter.0).bytes(&epoch.0).finish();
        SignKey::from_secret(&derive(&*self.0, REGISTRAR, &context))
    }

    /// The seed of a device's append key in an epoch: the 32 secret bytes of Ed25519. Whoever rotates derives it for every
    /// device that may write, and wraps it to the device.
    pub fn append_seed(&self, charter: &Digest, epoch: &EpochId, device: &PublicKey) -> Zeroizing<[u8; 32]> {
        let context = Writer::bare()
            .array(3)
            .bytes(&charter.0)
            .bytes(&epoch.0)
            .bytes(&device.0)
            .finish();
        derive(&*self.0, SEED, &context)
    }
}

/// The registrar's word, for relays, that who has this append key may append to an epoch's logs.
pub fn certify(registrar: &SignKey, epoch: &EpochId, key: &PublicKey) -> Signature {
    registrar.sign(CERTIFICATE, &certified(epoch, key))
}

/// Whether [`certify`] gave this certificate.
pub fn is_certified(registrar: &PublicKey, epoch: &EpochId, key: &PublicKey, certificate: &Signature) -> bool {
    sign::verify(registrar, CERTIFICATE, &certified(epoch, key), certificate)
}

fn certified(epoch: &EpochId, key: &PublicKey) -> Vec<u8> {
    Writer::bare().array(2).bytes(&epoch.0).bytes(&key.0).finish()
}
