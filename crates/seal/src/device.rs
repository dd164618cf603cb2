//! A device: a key that signs and a key that opens what is sealed to it.

use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, Serializable};
use zeroize::Zeroizing;

use crate::bytes::{BoxKey, PublicKey};
use crate::cbor::{CborError, Reader, Writer};
use crate::sign::SignKey;
use crate::{Entropy, random};

/// The public half of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceCard {
    /// Its Ed25519 key, which is also its id.
    pub sign: PublicKey,
    /// Its X25519 key, to which epochs are sealed.
    pub seal: BoxKey,
}

impl DeviceCard {
    pub(crate) fn write(&self, w: Writer) -> Writer {
        w.array(2).bytes(&self.sign.0).bytes(&self.seal.0)
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
        r.array(2)?;
        Ok(Self {
            sign: r.fixed()?,
            seal: r.fixed()?,
        })
    }
}

/// A device with its secrets. They are wiped from memory when it is dropped; who stores them wraps them first.
#[derive(Clone)]
pub struct Device {
    sign: SignKey,
    seal: Zeroizing<[u8; 32]>,
    card: DeviceCard,
}

impl core::fmt::Debug for Device {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Device({:?})", self.card.sign)
    }
}

impl Device {
    /// Length of [`Self::to_secret`] in bytes.
    pub const SECRET_LEN: usize = 64;

    /// A new device.
    pub fn new(entropy: Entropy<'_>) -> Self {
        let secret = Zeroizing::new(random::<{ Self::SECRET_LEN }>(entropy));
        Self::from_secret(&secret)
    }

    /// A device from its secret: 32 bytes of Ed25519 (RFC 8032), 32 bytes of X25519 (RFC 7748).
    pub fn from_secret(secret: &[u8; Self::SECRET_LEN]) -> Self {
        let (mut first, mut second) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        first.copy_from_slice(&secret[..32]);
        second.copy_from_slice(&secret[32..]);
        let sign = SignKey::from_secret(&first);
        let card = DeviceCard {
            sign: sign.public(),
            seal: box_public(&second),
        };
        Self {
            sign,
            seal: second,
            card,
        }
    }

    /// The secret, to be wrapped and stored.
    pub fn to_secret(&self) -> Zeroizing<[u8; Self::SECRET_LEN]> {
        let mut secret = Zeroizing::new([0; Self::SECRET_LEN]);
        secret[..32].copy_from_slice(self.sign.secret());
        secret[32..].copy_from_slice(&*self.seal);
        secret
    }

    /// The public half.
    pub fn card(&self) -> DeviceCard {
        self.card
    }

    /// The device's id: its signing key's public half.
    pub fn id(&self) -> PublicKey {
        self.card.sign
    }

    /// The key that signs.
    pub fn signer(&self) -> &SignKey {
        &self.sign
    }

    /// The secret of the X25519 key.
    pub(crate) fn seal_secret(&self) -> &[u8; 32] {
        &self.seal
    }
}

fn box_public(secret: &[u8; 32]) -> BoxKey {
    // Every 32 bytes are an X25519 secret (they are clamped on use), so the error cannot come; zero bytes as a public
    // key would be refused by whoever seals to it.
    let public = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(secret)
        .map(|secret| X25519HkdfSha256::sk_to_pk(&secret).to_bytes().into())
        .unwrap_or([0; 32]);
    BoxKey(public)
}
