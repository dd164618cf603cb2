//! The masthead: which outlets publish together, under which domains and with which keys.
//!
//! It is numbered like the root role of TUF: each version is signed by a quorum of the one before, so that whoever knows
//! the hash of the first (the *fingerprint* that embeds pin) can follow the chain and nobody else can add to it.

use serde::{Deserialize, Serialize};

use crate::canonical::{canonical, sha256_hex};
use crate::jws::{General, JwsError, Signature, Typ, assemble};
use crate::keys::PublicKey;
use crate::release::{RELEASE_VERSION, ReleaseError};

/// The largest `masthead.json` that is read, in bytes.
pub const MAX_MASTHEAD: usize = 64 << 10;

/// One version of the masthead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masthead {
    /// Format version, [`RELEASE_VERSION`].
    pub komuz: u8,
    /// 1 for the first, one more with each version.
    pub number: u64,
    /// Hash of the version before; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// How many outlets must sign.
    pub quorum: Quorum,
    /// The outlets, in the order in which they came.
    pub outlets: Vec<Outlet>,
}

/// How many outlets must sign a release, a latest, a next masthead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quorum {
    /// Every outlet.
    #[default]
    All,
}

/// An outlet that signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outlet {
    /// Its id: `a-z`, `0-9`, `-`, at most 64.
    pub id: String,
    /// Its name as readers know it.
    pub name: String,
    /// Its domain, where its keys can be compared.
    pub domain: String,
    /// Its release keys, at least two; each signs for it.
    pub keys: Vec<PublicKey>,
    /// The key of its server that may extend the expiry of a latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<PublicKey>,
}

/// Why a masthead or its chain is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MastheadError {
    /// Not a list of JWSs.
    #[error("not a list of signed mastheads: {0}")]
    Malformed(String),
    /// A payload is no masthead.
    #[error("masthead {number}: {error}")]
    Payload {
        /// Its place in the chain, from 1.
        number: usize,
        /// Why.
        error: ReleaseError,
    },
    /// A signature.
    #[error("masthead {number}: {error}")]
    Jws {
        /// Its place in the chain, from 1.
        number: usize,
        /// Why.
        error: JwsError,
    },
    /// The first is not the one that is pinned.
    #[error("the first masthead is {found} and not the pinned {expected}")]
    Fingerprint {
        /// The fingerprint.
        expected: String,
        /// The first masthead's hash.
        found: String,
    },
    /// Numbers or hashes do not follow each other.
    #[error("masthead {number} does not follow the one before it: {problem}")]
    Order {
        /// Its place in the chain, from 1.
        number: usize,
        /// How.
        problem: String,
    },
    /// An outlet's signature is missing.
    #[error("masthead {number} lacks a signature of {outlet} {with}")]
    Missing {
        /// Its place in the chain, from 1.
        number: usize,
        /// Which outlet's.
        outlet: String,
        /// With which keys.
        with: &'static str,
    },
    /// A signature by a key that no masthead names.
    #[error("masthead {number} is signed with a key that {outlet} does not have")]
    Stranger {
        /// Its place in the chain, from 1.
        number: usize,
        /// Which outlet's.
        outlet: String,
    },
}

/// A verified chain of mastheads: never empty, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub(crate) mastheads: Vec<Masthead>,
}

impl Masthead {
    /// The first masthead of some outlets.
    pub fn first(outlets: Vec<Outlet>) -> Result<Self, ReleaseError> {
        let masthead = Self { komuz: RELEASE_VERSION, number: 1, previous: None, quorum: Quorum::All, outlets };
        masthead.check()?;
        Ok(masthead)
    }

    /// The next version with these outlets, which must include every outlet of this one.
    pub fn next(&self, outlets: Vec<Outlet>) -> Result<Self, ReleaseError> {
        let masthead = Self {
            komuz: RELEASE_VERSION,
            number: self.number + 1,
            previous: Some(self.hash()),
            quorum: self.quorum,
            outlets,
        };
        masthead.check()?;
        Ok(masthead)
    }

    /// The payload: canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and small numbers: always canonical.
        canonical(self).unwrap_or_default()
    }

    /// SHA-256 of the payload; the first masthead's is the fingerprint.
    pub fn hash(&self) -> String {
        sha256_hex(&self.to_bytes())
    }

    /// The outlet with an id.
    pub fn outlet(&self, id: &str) -> Option<&Outlet> {
        self.outlets.iter().find(|o| o.id == id)
    }

    /// Reads a payload.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReleaseError> {
        let masthead: Self = crate::release::read(bytes, MAX_MASTHEAD)?;
        masthead.check()?;
        Ok(masthead)
    }

    /// Which outlets' signatures are missing for a quorum of this masthead.
    pub fn missing<'a>(&'a self, signatures: &[Signature]) -> Vec<&'a str> {
        let Quorum::All = self.quorum;
        let signed = |o: &&Outlet| !signatures.iter().any(|s| s.outlet == o.id && o.keys.contains(&s.key));
        self.outlets.iter().filter(signed).map(|o| o.id.as_str()).collect()
    }

    fn check(&self) -> Result<(), ReleaseError> {
        Ok(())
    }
}

/// Whose signatures the next masthead (or the first, `before` none) needs: pairs of an outlet and the keys of which one must sign.
///
/// A quorum of the masthead before signs with keys that it had there, and each outlet that brings new keys signs with one of
/// those. With one and not with each of them: a printed recovery key stays in its safe.
pub fn signers<'a>(before: Option<&'a Masthead>, next: &'a Masthead) -> Vec<(&'a str, Vec<PublicKey>)> {
    let mut needed = Vec::new();
    if let Some(before) = before {
        let Quorum::All = before.quorum;
        needed.extend(before.outlets.iter().map(|o| (o.id.as_str(), o.keys.clone())));
    }
    for outlet in &next.outlets {
        let old = before.and_then(|b| b.outlet(&outlet.id));
        let new: Vec<PublicKey> =
            outlet.keys.iter().filter(|k| !old.is_some_and(|o| o.keys.contains(k))).copied().collect();
        if !new.is_empty() {
            needed.push((outlet.id.as_str(), new));
        }
    }
    needed
}

/// The signed form of one masthead, to be put into a chain.
pub fn sign(masthead: &Masthead, signatures: &[Signature]) -> General {
    assemble(Typ::Masthead, &masthead.to_bytes(), signatures)
}

/// The file `masthead.json`: the chain, newest last.
pub fn chain_bytes(chain: &[General]) -> Vec<u8> {
    // Strings in structs: always canonical.
    canonical(chain).unwrap_or_default()
}

impl Chain {
    /// Reads and verifies `masthead.json` from the pinned fingerprint on.
    pub fn verify(_bytes: &[u8], _fingerprint: &str) -> Result<Self, MastheadError> {
        unimplemented!()
    }

    /// The newest masthead.
    pub fn newest(&self) -> &Masthead {
        &self.mastheads[self.mastheads.len() - 1]
    }

    /// The fingerprint: the first masthead's hash.
    pub fn fingerprint(&self) -> String {
        self.mastheads[0].hash()
    }

    /// The masthead with a hash.
    pub fn get(&self, hash: &str) -> Option<&Masthead> {
        self.mastheads.iter().find(|m| m.hash() == hash)
    }
}
