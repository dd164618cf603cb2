//! 32 secret bytes sealed to a device with HPKE (RFC 9180, base mode: X25519, HKDF-SHA256, ChaCha20-Poly1305).
//!
//! A rotation's wraps are *repeatable*: HPKE's one random input, the 32 bytes from which the ephemeral key pair is derived
//! (`DeriveKeyPair`, section 7.1.3), comes by HKDF from the secret that is wrapped and from all that the wrap is bound to. So
//! whoever knows the secret makes the same bytes again, and finds out whether somebody else was given another. Nobody else
//! can tell these bytes from random ones, each recipient's are others, and who knows the secret learns nothing new by them.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{Infallible, TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;

use crate::bytes::{Digest, EpochId};
use crate::cbor::Writer;
use crate::derive::derive;
use crate::device::{Device, DeviceCard};
use crate::epoch::{EpochError, VERSION, WRAPPED_LEN};
use crate::{Entropy, random};

const EPHEMERAL: &str = "komuz wrap ephemeral v1";

/// What a rotation wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// The epoch's key.
    EpochKey,
    /// The editors' secret.
    EditorsSecret,
    /// The seed of one device's append key.
    AppendSeed,
}

/// What a repeatable wrap is bound to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound<'a> {
    pub(crate) what: What,
    pub(crate) charter: &'a Digest,
    pub(crate) epoch: &'a EpochId,
}

impl Bound<'_> {
    fn info(&self, to: &DeviceCard) -> Vec<u8> {
        let label = match self.what {
            What::EpochKey => "komuz rotation key v1",
            What::EditorsSecret => "komuz rotation editors v1",
            What::AppendSeed => "komuz rotation append v1",
        };
        Writer::bare()
            .array(4)
            .text(label)
            .bytes(&self.charter.0)
            .bytes(&self.epoch.0)
            .with(|w| to.write(w))
            .finish()
    }

    /// The one wrap of this secret to this device.
    pub(crate) fn wrap(&self, secret: &[u8; 32], to: &DeviceCard) -> Result<Vec<u8>, EpochError> {
        let info = self.info(to);
        let seed = derive(secret, EPHEMERAL, &info);
        // HPKE asks for these 32 bytes at once; a vector of the tests holds it to that.
        let mut repeatable = |bytes: &mut [u8]| {
            for (byte, from) in bytes.iter_mut().zip(seed.iter().cycle()) {
                *byte = *from;
            }
        };
        seal(secret, &info, to, &mut repeatable)
    }

    /// Opens a wrap for this device.
    pub(crate) fn unwrap(&self, wrapped: &[u8], device: &Device) -> Result<Zeroizing<[u8; 32]>, EpochError> {
        open(wrapped, &self.info(&device.card()), device)
    }
}

/// Seals to a device: version, encapsulated key, ciphertext and tag.
pub(crate) fn seal(
    secret: &[u8; 32],
    info: &[u8],
    to: &DeviceCard,
    entropy: Entropy<'_>,
) -> Result<Vec<u8>, EpochError> {
    let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&to.seal.0).map_err(|_| EpochError::BadRecipient)?;
    let (encapsulated, sealed) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &key,
        info,
        secret,
        b"",
        &mut Random(entropy),
    )
    .map_err(|_| EpochError::BadRecipient)?;
    let mut out = vec![VERSION];
    out.extend_from_slice(&encapsulated.to_bytes());
    out.extend(sealed);
    Ok(out)
}

/// Opens what was sealed to this device.
pub(crate) fn open(wrapped: &[u8], info: &[u8], device: &Device) -> Result<Zeroizing<[u8; 32]>, EpochError> {
    check(wrapped, WRAPPED_LEN)?;
    let (encapsulated, sealed) = wrapped[1..].split_at(32);
    let secret = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(device.seal_secret());
    let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated);
    let (Ok(secret), Ok(encapsulated)) = (secret, encapsulated) else {
        return Err(EpochError::NotForUs);
    };
    let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &secret,
        &encapsulated,
        info,
        sealed,
        b"",
    )
    .map(Zeroizing::new)
    .map_err(|_| EpochError::NotForUs)?;
    <[u8; 32]>::try_from(opened.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| EpochError::NotForUs)
}

/// Version and length.
pub(crate) fn check(bytes: &[u8], expected: usize) -> Result<(), EpochError> {
    match bytes.first() {
        Some(&version) if version != VERSION => Err(EpochError::Version(version)),
        _ if bytes.len() != expected => Err(EpochError::Length {
            expected,
            found: bytes.len(),
        }),
        _ => Ok(()),
    }
}

/// The numbers from 0 to 2^255 - 20 that X25519 takes to zero with every secret: the points of small order of its curve and of the
/// curve's twist (RFC 7748, section 6.1), but for the largest of them.
const OF_SMALL_ORDER: [[u8; 32]; 4] = [
    [0; 32],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ],
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
        0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
];

/// Whether anything can be sealed to a device. A key of small order takes nothing, and one such device among the recipients
/// would stop every rotation.
pub(crate) fn can_be_sealed_to(card: &DeviceCard) -> bool {
    let mut key = card.seal.0;
    // X25519 passes over the last bit, and reads the numbers from 2^255 - 20 on, which are these and no others, as -1 to 18.
    key[31] &= 0x7f;
    let beyond = key[0] >= 0xec && key[1..31].iter().all(|byte| *byte == 0xff) && key[31] == 0x7f;
    match beyond {
        true => !matches!(key[0], 0xec..=0xee),
        false => !OF_SMALL_ORDER.contains(&key),
    }
}

/// Our source of random bytes with the face that HPKE asks for.
struct Random<'a>(Entropy<'a>);

impl TryRng for Random<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(random(self.0)))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(random(self.0)))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        (self.0)(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Random<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::BoxKey;

    /// What X25519 reads as a point of small order.
    fn of_small_order() -> Vec<[u8; 32]> {
        // -1, 0 and 1 once more.
        let again = (0xec..=0xee).map(|first| {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (first, 0x7f);
            bytes
        });
        let points = again.chain(OF_SMALL_ORDER);
        let marked = |mut point: [u8; 32]| {
            point[31] |= 0x80;
            point
        };
        points.flat_map(|point| [point, marked(point)]).collect()
    }

    #[test]
    fn a_key_is_taken_where_hpke_seals_to_it_and_nowhere_else() {
        let sign = Device::from_secret(&[1; 64]).id();
        let takes = |seal: [u8; 32]| {
            let card = DeviceCard {
                sign,
                seal: BoxKey(seal),
            };
            let sealed = seal_to(&card);
            assert_eq!(can_be_sealed_to(&card), sealed, "{seal:?}");
            sealed
        };
        assert!(of_small_order().into_iter().all(|point| !takes(point)));
        // Half of these are on the twist.
        assert!((2..60).all(|byte| takes([byte; 32])));
        for first in 0xe0..=0xff {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (first, 0x7f);
            assert_eq!(takes(bytes), !(0xec..=0xee).contains(&first));
        }
    }

    fn seal_to(card: &DeviceCard) -> bool {
        seal(&[0; 32], b"", card, &mut |bytes| bytes.fill(1)).is_ok()
    }
}
