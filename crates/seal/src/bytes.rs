//! Byte strings of fixed length, each with a type of its own so that one is never taken for another.

use core::fmt;

use sha2::{Digest as _, Sha256};

macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// The bytes as lower-case hex.
            pub fn to_hex(&self) -> String {
                to_hex(&self.0)
            }

            /// From bytes of any length; none when it is not exactly [`Self::LEN`].
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl From<[u8; $len]> for $name {
            fn from(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({}..)"), to_hex(&self.0[..4]))
            }
        }
    };
}

fixed!(
    /// Name of a log at a relay: random to everyone who has not the epoch's key.
    LogId, 32
);
fixed!(
    /// Id of an epoch: a hash of its key.
    EpochId, 32
);
fixed!(
    /// Id of an envelope: SHA-256 of its sealed bytes.
    EnvelopeId, 32
);
fixed!(
    /// Link of a log's chain at a relay, see [`crate::chain`].
    Chain, 32
);
fixed!(
    /// SHA-256 of something else.
    Digest, 32
);
fixed!(
    /// An Ed25519 public key (RFC 8032).
    PublicKey, 32
);
fixed!(
    /// An Ed25519 signature (RFC 8032).
    Signature, 64
);
fixed!(
    /// An X25519 public key (RFC 7748).
    BoxKey, 32
);
fixed!(
    /// Random bytes that make a challenge fresh.
    Nonce, 32
);
fixed!(
    /// A session, one start of an engine: the Automerge actor id of all it writes. It is a hash of the device and the
    /// session's [`Start`], so that no device can write under another's session.
    SessionId, 16
);
fixed!(
    /// 16 random bytes that an engine draws when it starts.
    Start, 16
);
fixed!(
    /// Id of an investigation, 16 random bytes.
    InvestigationId, 16
);
fixed!(
    /// Id of a member, 16 random bytes: a pseudonym.
    MemberId, 16
);
fixed!(
    /// Id of an invitation, derived from its secret.
    InviteId, 16
);

impl SessionId {
    /// The session that a device began with these random bytes.
    pub fn of(device: &PublicKey, start: &Start) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"komuz session v1");
        hash.update(device.0);
        hash.update(start.0);
        let mut id = [0; 16];
        id.copy_from_slice(&hash.finalize()[..16]);
        Self(id)
    }
}

/// Lower-case hex.
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}

/// Bytes of lower-case hex; none when the text is something else.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    fn digit(c: u8) -> Option<u8> {
        match c {
            b'0'..=b'9' => Some(c - b'0'),
            b'a'..=b'f' => Some(c - b'a' + 10),
            _ => None,
        }
    }
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    bytes
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}
