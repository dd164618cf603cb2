//! Release keys: Ed25519 (RFC 8032), public ones as base64url (RFC 4648 section 5, no padding) of their 32 bytes.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Why a text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not base64url of 32 bytes.
    #[error("a public key is 43 characters of base64url without padding")]
    Encoding,
    /// Not a point of the curve, or one of the few points that any signature fits.
    #[error("the 32 bytes are no usable Ed25519 public key")]
    Weak,
    /// A recovery key of another length.
    #[error("a recovery key has 56 letters and digits in groups of four; this has {found}")]
    RecoveryLength {
        /// Letters and digits found.
        found: usize,
    },
    /// A letter that recovery keys do not use.
    #[error("character {at} of the recovery key, {letter:?}, is none of the letters and digits that recovery keys use")]
    RecoveryLetter {
        /// Which letter or digit, from 1.
        at: usize,
        /// What stands there.
        letter: char,
    },
    /// The checksum differs.
    #[error("the recovery key was not typed as it is printed: its checksum differs")]
    RecoveryChecksum,
}

/// A public release key, on the curve and not weak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// A key from its bytes (RFC 8032 section 5.1.2). Refuses points of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        match VerifyingKey::from_bytes(&bytes) {
            // The bytes must be the one encoding of the point: else one key would have two names.
            Ok(key) if !key.is_weak() && key.to_edwards().compress().to_bytes() == bytes => Ok(Self(bytes)),
            _ => Err(KeyError::Weak),
        }
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether the signature over the message is by this key, strictly (RFC 8032 with canonical encodings, no small order).
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| {
            key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature))
                .is_ok()
        })
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Encoding)?;
        Self::from_bytes(bytes.try_into().map_err(|_| KeyError::Encoding)?)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A release key that signs. Its secret is wiped when it is dropped and never printed.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a seed: 32 bytes of entropy (RFC 8032 section 5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message, such as a [`crate::jws::signing_input`].
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public())
    }
}

/// A signature as base64url, as JWS writes it.
pub fn signature_text(signature: &[u8; 64]) -> String {
    URL_SAFE_NO_PAD.encode(signature)
}

/// A signature from base64url; `None` when it is not 64 bytes of it.
pub fn parse_signature(text: &str) -> Option<[u8; 64]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RECOVERY_BYTES: usize = 35;
const RECOVERY_LETTERS: usize = 56;

/// A seed as text to be printed and kept in a safe: Crockford's base32 of the seed and three bytes of checksum, in fourteen
/// groups of four.
pub fn recovery_text(seed: &[u8; 32]) -> String {
    let mut bytes = [0u8; RECOVERY_BYTES];
    bytes[..32].copy_from_slice(seed);
    bytes[32..].copy_from_slice(&recovery_checksum(seed));
    let mut out = String::with_capacity(RECOVERY_LETTERS + 13);
    for letter in 0..RECOVERY_LETTERS {
        if letter > 0 && letter % 4 == 0 {
            out.push('-');
        }
        let value = (0..5).fold(0usize, |value, bit| {
            let at = letter * 5 + bit;
            value << 1 | usize::from(bytes[at / 8] >> (7 - at % 8) & 1)
        });
        out.push(char::from(CROCKFORD[value]));
    }
    out
}

/// The seed of a printed recovery key. Case, spaces and hyphens do not matter; `O` is read as 0, `I` and `L` as 1.
pub fn recovery_seed(text: &str) -> Result<[u8; 32], KeyError> {
    let letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if letters.len() != RECOVERY_LETTERS {
        return Err(KeyError::RecoveryLength { found: letters.len() });
    }
    let mut bytes = [0u8; RECOVERY_BYTES];
    for (index, &letter) in letters.iter().enumerate() {
        let plain = match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let value = CROCKFORD
            .iter()
            .position(|&c| char::from(c) == plain)
            .ok_or(KeyError::RecoveryLetter { at: index + 1, letter })?;
        for bit in 0..5 {
            let at = index * 5 + bit;
            bytes[at / 8] |= ((value >> (4 - bit) & 1) as u8) << (7 - at % 8);
        }
    }
    let mut seed = [0u8; 32];
    seed.copy_from_slice(&bytes[..32]);
    if bytes[32..] != recovery_checksum(&seed) {
        return Err(KeyError::RecoveryChecksum);
    }
    Ok(seed)
}

fn recovery_checksum(seed: &[u8; 32]) -> [u8; 3] {
    let mut hash = Sha256::new();
    hash.update(b"komuz recovery key v1\0");
    hash.update(seed);
    let digest = hash.finalize();
    [digest[0], digest[1], digest[2]]
}
