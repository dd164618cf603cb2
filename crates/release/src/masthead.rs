//! The masthead: which outlets publish together, under which domains and with which keys.
//!
//! It is numbered like the root role of TUF: each version is signed by a quorum of the one before, so that whoever knows
//! the hash of the first (the *fingerprint* that embeds pin) can follow the chain and nobody else can add to it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::canonical::{MAX_INTEGER, canonical, is_sha256_hex, sha256_hex};
use crate::folder::is_name;
use crate::form::{file, parts};
use crate::jws::{General, JwsError, Signature, Typ, assemble};
use crate::keys::PublicKey;
use crate::release::{RELEASE_VERSION, ReleaseError};

/// The largest signed masthead that is read, in bytes.
pub const MAX_MASTHEAD: usize = 64 << 10;
/// The largest `masthead.json`, the chain of all of them, that is read, in bytes: outlets come and replace keys for years.
pub const MAX_CHAIN: usize = 1 << 20;

/// The most outlets of a masthead, and the most keys of an outlet.
const MAX_OUTLETS: usize = 32;
const MAX_KEYS: usize = 8;

/// One version of the masthead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Masthead {
    /// Format version, [`RELEASE_VERSION`].
    pub komuz: u8,
    /// 1 for the first, one more with each version.
    pub number: u64,
    /// Hash of the version before; none for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// How many outlets must sign.
    pub quorum: Quorum,
    /// The outlets, in the order in which they came.
    pub outlets: Vec<Outlet>,
}

/// How many outlets must sign a release, a latest, a next masthead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quorum {
    /// Every outlet.
    #[default]
    All,
}

/// An outlet that signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// A verified chain of mastheads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    first: Link,
    later: Vec<Link>,
}

/// A masthead with the hash of its payload as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    hash: String,
    masthead: Masthead,
}

impl Masthead {
    /// The first masthead of some outlets.
    pub fn first(outlets: Vec<Outlet>) -> Result<Self, ReleaseError> {
        let masthead = Self {
            komuz: RELEASE_VERSION,
            number: 1,
            previous: None,
            quorum: Quorum::All,
            outlets,
        };
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
        let masthead: Self = file(bytes, MAX_MASTHEAD)?;
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
        let invalid = |place: &str, problem: &str| Err(ReleaseError::invalid(place, problem));
        match &self.previous {
            None if self.number == 1 => {}
            Some(previous) if (2..=MAX_INTEGER).contains(&self.number) && is_sha256_hex(previous) => {}
            _ => {
                return invalid(
                    "previous",
                    "each masthead but number 1 names the hash of the one before",
                );
            }
        }
        if !(1..=MAX_OUTLETS).contains(&self.outlets.len()) {
            return invalid("outlets", "a masthead has 1 to 32 outlets");
        }
        let mut keys = BTreeSet::new();
        for (at, outlet) in self.outlets.iter().enumerate() {
            let place = |member: &str| format!("outlets[{at}].{member}");
            let wrong = |member: &str, problem: &str| Err(ReleaseError::invalid(place(member), problem));
            if !is_name(&outlet.id) || self.outlets[..at].iter().any(|o| o.id == outlet.id) {
                return wrong(
                    "id",
                    "an outlet's id is 1 to 64 of a-z, 0-9 and -, and no other outlet has it",
                );
            }
            if outlet.name.trim().is_empty() || outlet.name.len() > 200 || outlet.name.chars().any(char::is_control) {
                return wrong("name", "a name is one line of 1 to 200 bytes");
            }
            if !is_domain(&outlet.domain) {
                return wrong(
                    "domain",
                    "a domain is like outlet.example, in lower-case ASCII (xn-- for others)",
                );
            }
            if !(2..=MAX_KEYS).contains(&outlet.keys.len()) {
                return wrong(
                    "keys",
                    "an outlet has at least two release keys (two editors, or one and a printed one), at most 8",
                );
            }
            if !outlet.keys.iter().chain(&outlet.freshness).all(|key| keys.insert(*key)) {
                return wrong("keys", "every key of a masthead is there once");
            }
        }
        Ok(())
    }
}

/// Who must sign a masthead: an outlet, with one of these keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer<'a> {
    /// The outlet's id.
    pub outlet: &'a str,
    /// One of these keys must sign.
    pub keys: Vec<PublicKey>,
    with: &'static str,
}

/// Whose signatures the next masthead (or the first: `before` none) needs. One signature can serve two of them.
///
/// A quorum of the masthead before signs with keys that it had there, and each outlet that brings new keys signs with one of
/// those. With one and not with each of them: a printed recovery key stays in its safe.
pub fn signers<'a>(before: Option<&'a Masthead>, next: &'a Masthead) -> Vec<Signer<'a>> {
    let mut needed = Vec::new();
    if let Some(before) = before {
        let Quorum::All = before.quorum;
        let old = |o: &'a Outlet| Signer {
            outlet: &o.id,
            keys: o.keys.clone(),
            with: "with a key it had before",
        };
        needed.extend(before.outlets.iter().map(old));
    }
    for outlet in &next.outlets {
        let old = before.and_then(|b| b.outlet(&outlet.id));
        let keys: Vec<PublicKey> = outlet
            .keys
            .iter()
            .filter(|k| !old.is_some_and(|o| o.keys.contains(k)))
            .copied()
            .collect();
        if !keys.is_empty() {
            needed.push(Signer {
                outlet: &outlet.id,
                keys,
                with: "with a key it brings",
            });
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
    pub fn verify(bytes: &[u8], fingerprint: &str) -> Result<Self, MastheadError> {
        let too_large = |found: usize, most: usize| {
            Err(MastheadError::Malformed(format!(
                "{found} bytes, and at most {most} are read"
            )))
        };
        if bytes.len() > MAX_CHAIN {
            return too_large(bytes.len(), MAX_CHAIN);
        }
        let list: Vec<General> = parts(bytes).map_err(|e| MastheadError::Malformed(e.to_string()))?;
        let mut chain: Option<Self> = None;
        for (at, general) in list.iter().enumerate() {
            let number = at + 1;
            let length = general.to_bytes().len();
            if length > MAX_MASTHEAD {
                return too_large(length, MAX_MASTHEAD);
            }
            let jws = |error| MastheadError::Jws { number, error };
            let payload = general.payload().map_err(jws)?;
            let hash = sha256_hex(&payload);
            if chain.is_none() && hash != fingerprint {
                return Err(MastheadError::Fingerprint {
                    expected: fingerprint.into(),
                    found: hash,
                });
            }
            let next = Masthead::parse(&payload).map_err(|error| MastheadError::Payload { number, error })?;
            let before = chain.as_ref().map(Self::last);
            follows(before, &next, number)?;
            let before = before.map(|link| &link.masthead);
            let signatures = general.verify(Typ::Masthead).map_err(jws)?.signatures;
            signed(before, &next, &signatures, number)?;
            let link = Link { hash, masthead: next };
            match &mut chain {
                None => {
                    chain = Some(Self {
                        first: link,
                        later: Vec::new(),
                    })
                }
                Some(chain) => chain.later.push(link),
            }
        }
        chain.ok_or_else(|| MastheadError::Malformed("the list is empty".into()))
    }

    fn last(&self) -> &Link {
        self.later.last().unwrap_or(&self.first)
    }

    /// The newest masthead.
    pub fn newest(&self) -> &Masthead {
        &self.last().masthead
    }

    /// The fingerprint: the first masthead's hash.
    pub fn fingerprint(&self) -> String {
        self.first.hash.clone()
    }

    /// The masthead with a hash.
    pub fn get(&self, hash: &str) -> Option<&Masthead> {
        let mut links = std::iter::once(&self.first).chain(&self.later);
        links.find(|link| link.hash == hash).map(|link| &link.masthead)
    }
}

fn follows(before: Option<&Link>, next: &Masthead, number: usize) -> Result<(), MastheadError> {
    let order = |problem: String| Err(MastheadError::Order { number, problem });
    let (expected, previous) = before.map_or((1, None), |link| (link.masthead.number + 1, Some(&link.hash)));
    if next.number != expected {
        return order(format!("its number is {} and not {expected}", next.number));
    }
    if next.previous.as_ref() != previous {
        return order("it names another hash than that of the one before".into());
    }
    match before.and_then(|link| link.masthead.outlets.iter().find(|o| next.outlet(&o.id).is_none())) {
        Some(dropped) => order(format!("it drops {}", dropped.id)),
        None => Ok(()),
    }
}

fn signed(
    before: Option<&Masthead>,
    next: &Masthead,
    signatures: &[Signature],
    number: usize,
) -> Result<(), MastheadError> {
    for signature in signatures {
        let has = |m: &Masthead| {
            m.outlet(&signature.outlet)
                .is_some_and(|o| o.keys.contains(&signature.key))
        };
        if !has(next) && !before.is_some_and(has) {
            return Err(MastheadError::Stranger {
                number,
                outlet: signature.outlet.clone(),
            });
        }
    }
    for signer in signers(before, next) {
        if !signatures
            .iter()
            .any(|s| s.outlet == signer.outlet && signer.keys.contains(&s.key))
        {
            return Err(MastheadError::Missing {
                number,
                outlet: signer.outlet.into(),
                with: signer.with,
            });
        }
    }
    Ok(())
}

/// Whether a text is a domain as the masthead shows it: labels of lower-case ASCII letters, digits and inner hyphens, and
/// perhaps a port (for servers on loopback and inside a newsroom).
fn is_domain(text: &str) -> bool {
    let (host, port) = text
        .split_once(':')
        .map_or((text, None), |(host, port)| (host, Some(port)));
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    host.len() <= 253
        && host.split('.').all(label)
        && port.is_none_or(|p| !p.starts_with(['0', '+']) && p.parse::<u16>().is_ok())
}
