//! Ed25519 signatures (RFC 8032), each over a label and a message, so that what is signed for one purpose says nothing
//! for another.

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use crate::bytes::{PublicKey, Signature};

/// The bytes that are signed: length of the label (one byte), the label, the message.
fn labelled(label: &str, message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + label.len() + message.len());
    bytes.push(label.len() as u8);
    bytes.extend_from_slice(label.as_bytes());
    bytes.extend_from_slice(message);
    bytes
}

/// A key that signs. Its secret is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct SignKey(SigningKey);

impl SignKey {
    /// From the 32 secret bytes of RFC 8032.
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message for the purpose that the label names.
    pub fn sign(&self, label: &str, message: &[u8]) -> Signature {
        Signature(self.0.sign(&labelled(label, message)).to_bytes())
    }

    /// The secret bytes, to be wrapped by who keeps them.
    pub(crate) fn secret(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl core::fmt::Debug for SignKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SignKey({:?})", self.public())
    }
}

/// Whether `signature` is `key`'s over `message` for the purpose that `label` names. Strict: small-order keys and
/// malleable forms are refused.
pub fn verify(key: &PublicKey, label: &str, message: &[u8], signature: &Signature) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(&key.0) else {
        return false;
    };
    key.verify_strict(
        &labelled(label, message),
        &ed25519_dalek::Signature::from_bytes(&signature.0),
    )
    .is_ok()
}
