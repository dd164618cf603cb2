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

/// Whether anything can be sealed to a device. A key of small order takes nothing, and one such device among the recipients
/// would stop every rotation.
pub(crate) fn can_be_sealed_to(card: &DeviceCard) -> bool {
    seal(&[0; 32], b"", card, &mut |bytes| bytes.fill(1)).is_ok()
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
