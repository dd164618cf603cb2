//! General JWS (RFC 7515 section 7.2.1) with EdDSA (RFC 8037): what several outlets sign together.
//!
//! Only what Komuz needs: `alg` is EdDSA and nothing else, `typ` says what is signed and is checked, `kid` is the outlet's id,
//! a colon and the key; no unprotected headers, no `crit`, no detached payload. Any JOSE library can check such a file.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::canonical::canonical;
use crate::form::part;
use crate::keys::{PublicKey, parse_signature, signature_text};

/// What is signed. Each has a `typ` of its own, so that a signature for one thing is never taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typ {
    /// A [`crate::masthead::Masthead`].
    Masthead,
    /// A [`crate::release::Statement`].
    Release,
    /// A [`crate::latest::Latest`].
    Latest,
    /// An extension of a [`crate::latest::Latest`] by a freshness key.
    Freshness,
    /// A notice in an emergency: reserved.
    Hold,
    /// A sign-off among the outlets before publication.
    Signoff,
}

impl Typ {
    /// The header's `typ` (RFC 7515 section 4.1.9: a media type without `application/`).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Masthead => "komuz-masthead+jws",
            Self::Release => "komuz-release+jws",
            Self::Latest => "komuz-latest+jws",
            Self::Freshness => "komuz-freshness+jws",
            Self::Hold => "komuz-hold+jws",
            Self::Signoff => "komuz-signoff+jws",
        }
    }
}

/// One outlet's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The outlet's id.
    pub outlet: String,
    /// The key that signed.
    pub key: PublicKey,
    /// The signature.
    pub bytes: [u8; 64],
}

/// Why bytes are not a JWS that Komuz takes. Signatures are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// Not JSON of the general form, or with members that are unknown or doubled.
    #[error("not a general JWS: {0}")]
    Malformed(String),
    /// A part is not base64url without padding.
    #[error("{part} is not base64url without padding")]
    Encoding {
        /// `payload`, or `header` or `signature` with its number.
        part: String,
    },
    /// `alg` is not EdDSA.
    #[error("signature {at}: alg is {found:?}; only EdDSA is taken")]
    Algorithm {
        /// Which signature.
        at: usize,
        /// What the header says.
        found: String,
    },
    /// `typ` is another.
    #[error("signature {at}: typ is {found:?} and not {expected:?}")]
    Type {
        /// Which signature.
        at: usize,
        /// What it must be.
        expected: &'static str,
        /// What the header says.
        found: String,
    },
    /// The header has `crit` or other members that this version does not understand.
    #[error("signature {at}: the header is not taken: {error}")]
    Header {
        /// Which signature.
        at: usize,
        /// What is wrong with it.
        error: String,
    },
    /// `kid` is not an outlet's id, a colon and a key.
    #[error("signature {at}: kid is not an outlet's id, a colon and an Ed25519 key")]
    KeyId {
        /// Which signature.
        at: usize,
    },
    /// Two signatures with one `kid`.
    #[error("signature {at} repeats the kid of another")]
    Repeated {
        /// Which signature.
        at: usize,
    },
    /// The signature does not fit.
    #[error("the signature of {outlet} does not fit what it stands under")]
    Signature {
        /// Which outlet's.
        outlet: String,
    },
    /// No signature, or too many.
    #[error("{found} signatures, and 1 to {MAX_SIGNATURES} are taken")]
    Count {
        /// How many.
        found: usize,
    },
}

/// The most signatures that one JWS has.
pub const MAX_SIGNATURES: usize = 64;

/// A JWS whose every signature was checked against the key that its `kid` names. Whether those keys may sign is the
/// masthead's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jws {
    /// What was signed.
    pub payload: Vec<u8>,
    /// By whom, in the file's order; no two with the same outlet and key.
    pub signatures: Vec<Signature>,
}

/// The protected header of a signature.
#[derive(Serialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: String,
    pub(crate) typ: String,
}

/// The general serialisation as it lies in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct General {
    /// base64url of the payload.
    pub(crate) payload: String,
    /// Signatures.
    pub(crate) signatures: Vec<GeneralSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GeneralSignature {
    pub(crate) protected: String,
    pub(crate) signature: String,
}

/// The JWS signing input (RFC 7515 section 5.1) that an outlet signs with a key: ASCII, the header's members in canonical order.
pub fn signing_input(typ: Typ, payload: &[u8], outlet: &str, key: &PublicKey) -> String {
    format!("{}.{}", protected(typ, outlet, key), URL_SAFE_NO_PAD.encode(payload))
}

/// The JWS of a payload and its signatures. Sorted by outlet and key, so that the same signatures make the same bytes.
pub fn assemble(typ: Typ, payload: &[u8], signatures: &[Signature]) -> General {
    let mut signatures: Vec<_> = signatures.iter().collect();
    signatures.sort_by(|a, b| (&a.outlet, a.key).cmp(&(&b.outlet, b.key)));
    General {
        payload: URL_SAFE_NO_PAD.encode(payload),
        signatures: signatures
            .into_iter()
            .map(|s| GeneralSignature {
                protected: protected(typ, &s.outlet, &s.key),
                signature: signature_text(&s.bytes),
            })
            .collect(),
    }
}

fn protected(typ: Typ, outlet: &str, key: &PublicKey) -> String {
    let header = Header {
        alg: "EdDSA".into(),
        kid: format!("{outlet}:{key}"),
        typ: typ.as_str().into(),
    };
    // Three strings have a canonical form; the empty text could never be signed for.
    URL_SAFE_NO_PAD.encode(canonical(&header).unwrap_or_default())
}

impl General {
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings in structs: always JSON.
        canonical(self).unwrap_or_default()
    }

    /// Reads a file. It must be in the canonical form in which Komuz writes it.
    pub fn parse(bytes: &[u8]) -> Result<Self, JwsError> {
        part(bytes).map_err(|e| JwsError::Malformed(e.to_string()))
    }

    /// The payload, before any signature was checked.
    pub fn payload(&self) -> Result<Vec<u8>, JwsError> {
        URL_SAFE_NO_PAD
            .decode(&self.payload)
            .map_err(|_| JwsError::Encoding { part: "payload".into() })
    }

    /// Checks headers and every signature (`verify_strict`); `typ` must be the expected one.
    pub fn verify(&self, typ: Typ) -> Result<Jws, JwsError> {
        let payload = self.payload()?;
        if self.signatures.is_empty() || self.signatures.len() > MAX_SIGNATURES {
            return Err(JwsError::Count {
                found: self.signatures.len(),
            });
        }
        let mut signatures: Vec<Signature> = Vec::with_capacity(self.signatures.len());
        for (index, one) in self.signatures.iter().enumerate() {
            let at = index + 1;
            let header = URL_SAFE_NO_PAD.decode(&one.protected).map_err(|_| JwsError::Encoding {
                part: format!("header {at}"),
            })?;
            let header: Header = part(&header).map_err(|e| JwsError::Header {
                at,
                error: e.to_string(),
            })?;
            if header.alg != "EdDSA" {
                return Err(JwsError::Algorithm { at, found: header.alg });
            }
            if header.typ != typ.as_str() {
                return Err(JwsError::Type {
                    at,
                    expected: typ.as_str(),
                    found: header.typ,
                });
            }
            let (outlet, key) = header.kid.split_once(':').ok_or(JwsError::KeyId { at })?;
            let key: PublicKey = key.parse().map_err(|_| JwsError::KeyId { at })?;
            if signatures.iter().any(|s| s.outlet == outlet && s.key == key) {
                return Err(JwsError::Repeated { at });
            }
            let bytes = parse_signature(&one.signature).ok_or(JwsError::Encoding {
                part: format!("signature {at}"),
            })?;
            let input = format!("{}.{}", one.protected, self.payload);
            if !key.verifies(input.as_bytes(), &bytes) {
                return Err(JwsError::Signature { outlet: outlet.into() });
            }
            signatures.push(Signature {
                outlet: outlet.into(),
                key,
                bytes,
            });
        }
        Ok(Jws { payload, signatures })
    }
}
