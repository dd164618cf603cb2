//! The envelope: what a relay stores. A signed statement, padded, sealed with XChaCha20-Poly1305.
//!
//! Sealed bytes: the version byte, a nonce of 24 bytes, ciphertext and tag. The log and the epoch are not repeated in the
//! clear (a relay knows which log it is), but the associated data and the signature bind both, and the version.
//!
//! Under the seal: one CBOR array (kind, device, start of the session, counter, id of the session's previous envelope in this log,
//! charter heads, hashes of the last changes, payloads, signature), then 0x80 and zeros up to a padded length
//! ([`padded_len`]). The signature covers version, log, epoch and everything before it, but for each payload its SHA-256: so
//! a statement can be shown and checked without what was written.

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::aead::{self, NONCE, TAG};
use crate::bytes::{Digest, EnvelopeId, PublicKey, SessionId, Signature, Start};
use crate::cbor::{CborError, Reader, Writer};
use crate::derive::LogKeys;
use crate::device::Device;
use crate::{Entropy, sign};

pub use crate::aead::{MIN_PADDED, padded_len};
pub use crate::chain::envelope_id;

/// Version of envelopes; the first byte of each.
pub const VERSION: u8 = 1;
/// The longest sealed envelope, in bytes.
pub const MAX_SEALED: usize = 512 << 10;
/// How many bytes of payload an envelope takes at most, all together.
pub const MAX_CONTENT: usize = 480 << 10;
/// How many payloads it takes.
pub const MAX_PAYLOADS: usize = 4096;
/// How many charter heads a statement names.
pub const MAX_HEADS: usize = 16;
/// How many last changes a statement names.
pub const MAX_LAST: usize = 64;

const LABEL: &str = "komuz envelope v1";
/// Bytes of a sealed envelope around its padded content.
const AROUND: usize = 1 + NONCE + TAG;

/// The id in the place of a previous envelope where there is none.
pub const NO_PREVIOUS: EnvelopeId = EnvelopeId([0; 32]);

/// What the payloads are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Changes of a document, for core.
    Changes,
    /// Entries of the charter.
    Charter,
    /// Addresses of servers.
    Servers,
    /// Doors to be opened for invitations at servers.
    Doors,
    /// Append keys of the device that signs, in the log's epoch.
    Keys,
    /// Announcements of snapshots.
    Snapshots,
}

impl Kind {
    fn number(self) -> u64 {
        match self {
            Self::Changes => 1,
            Self::Charter => 2,
            Self::Servers => 3,
            Self::Doors => 4,
            Self::Keys => 8,
            Self::Snapshots => 5,
        }
    }

    fn of(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Changes),
            2 => Some(Self::Charter),
            3 => Some(Self::Servers),
            4 => Some(Self::Doors),
            8 => Some(Self::Keys),
            5 => Some(Self::Snapshots),
            _ => None,
        }
    }
}

/// What an envelope says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What the payloads are.
    pub kind: Kind,
    /// Who signs.
    pub device: PublicKey,
    /// What the session that writes has begun with, see [`Self::session`].
    pub start: Start,
    /// Its place among the session's envelopes in this log, from 1.
    pub counter: u64,
    /// Id of the one before it, [`NO_PREVIOUS`] for the first.
    pub previous: EnvelopeId,
    /// Heads of the charter as the writer knew it.
    pub charter: Vec<Digest>,
    /// Where the payloads are changes: for each actor that has made some of them, the hash of its last.
    pub last: Vec<Digest>,
    /// What is written.
    pub payloads: Vec<Vec<u8>>,
}

/// Why an envelope cannot be opened or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Another version. It may be good: a later Komuz reads it.
    #[error("this envelope has version {0}, only version {VERSION} is known: update Komuz")]
    Version(u8),
    /// The seal holds, and what is under it is of a kind of a later version: a later Komuz reads it.
    #[error("this envelope holds something of kind {0}, which only a later version knows: update Komuz")]
    Kind(u64),
    /// Shorter or longer than any envelope, or not of a padded length.
    #[error("no envelope is {0} bytes long")]
    Length(usize),
    /// The seal does not hold: another log, another epoch, or a changed bit.
    #[error("the seal does not hold: it is of another log or epoch, or it was changed")]
    Seal,
    /// The seal holds, but what is under it is no statement: whoever has the key made it wrongly.
    #[error("the statement under the seal cannot be read: {0}")]
    Malformed(#[from] CborError),
    /// The padding is not the one allowed.
    #[error("the padding is not the one that its length asks for")]
    Padding,
    /// The signature is not the named device's over this statement in this log and epoch.
    #[error("the signature is not that of the device that it names")]
    Signature,
    /// A first envelope that names a previous one, or a later one that names none.
    #[error("the counter and the previous envelope do not fit together")]
    Counter,
    /// More payload than an envelope takes.
    #[error(
        "an envelope takes {MAX_CONTENT} bytes in {MAX_PAYLOADS} payloads, {MAX_HEADS} charter heads and {MAX_LAST} last changes at most"
    )]
    TooLarge,
}

impl Statement {
    /// The session that speaks.
    pub fn session(&self) -> SessionId {
        SessionId::of(&self.device, &self.start)
    }

    /// All but the payloads.
    fn write_head(&self, w: Writer) -> Writer {
        w.uint(self.kind.number())
            .bytes(&self.device.0)
            .bytes(&self.start.0)
            .uint(self.counter)
            .bytes(&self.previous.0)
            .list(self.charter.iter(), |w, head| w.bytes(&head.0))
            .list(self.last.iter(), |w, last| w.bytes(&last.0))
    }

    /// What lies under the seal before the padding.
    fn write(&self, signature: &Signature) -> Vec<u8> {
        self.write_head(Writer::bare().array(9))
            .list(self.payloads.iter(), |w, payload| w.bytes(payload))
            .bytes(&signature.0)
            .finish()
    }

    fn read(kind: Kind, r: &mut Reader<'_>) -> Result<Self, CborError> {
        Ok(Self {
            kind,
            device: r.fixed()?,
            start: r.fixed()?,
            counter: r.uint()?,
            previous: r.fixed()?,
            charter: r.list(MAX_HEADS, |r| r.fixed())?,
            last: r.list(MAX_LAST, |r| r.fixed())?,
            payloads: r.list(MAX_PAYLOADS, |r| r.bytes(MAX_CONTENT).map(<[u8]>::to_vec))?,
        })
    }

    fn signed(&self, keys: &LogKeys) -> Vec<u8> {
        let w = Writer::bare()
            .array(11)
            .uint(u64::from(VERSION))
            .bytes(&keys.id.0)
            .bytes(&keys.epoch.0);
        self.write_head(w)
            .list(self.payloads.iter(), |w, payload| {
                w.bytes(Sha256::digest(payload).as_slice())
            })
            .finish()
    }

    fn counts(&self) -> bool {
        self.counter > 0 && (self.counter == 1) == (self.previous == NO_PREVIOUS)
    }

    /// Signs and seals for a log. `device` must be the one that the statement names. The bytes are made once and are the
    /// same for all relays; their id is [`envelope_id`].
    pub fn seal(&self, device: &Device, keys: &LogKeys, entropy: Entropy<'_>) -> Result<Vec<u8>, EnvelopeError> {
        let content: usize = self.payloads.iter().map(Vec::len).sum();
        if content > MAX_CONTENT
            || self.payloads.len() > MAX_PAYLOADS
            || self.charter.len() > MAX_HEADS
            || self.last.len() > MAX_LAST
        {
            return Err(EnvelopeError::TooLarge);
        }
        if device.id() != self.device {
            return Err(EnvelopeError::Signature);
        }
        if !self.counts() {
            return Err(EnvelopeError::Counter);
        }
        let signature = device.signer().sign(LABEL, &self.signed(keys));
        let mut plain = self.write(&signature);
        aead::pad(&mut plain, AROUND);
        let mut sealed = vec![VERSION];
        sealed.extend(aead::seal(&keys.content, &associated(keys), &plain, entropy));
        if sealed.len() > MAX_SEALED {
            return Err(EnvelopeError::TooLarge);
        }
        Ok(sealed)
    }

    /// Opens an envelope of a log and checks everything that can be told from it alone: version, length, seal, form,
    /// padding, signature. Whether the device may write there is the charter's to say.
    pub fn open(sealed: &[u8], keys: &LogKeys) -> Result<Self, EnvelopeError> {
        Self::under_seal(&unseal(sealed, keys)?, keys)
    }

    /// Opens an envelope again that [`Self::open`] has opened with the same keys: of exactly these bytes the signature was found
    /// good, and it is not checked a second time. Errors as of [`Self::open`].
    pub fn reopen(sealed: &[u8], keys: &LogKeys) -> Result<Self, EnvelopeError> {
        Ok(Self::read_under_seal(&unseal(sealed, keys)?)?.0)
    }

    /// Reads what lies under an envelope's seal. Everybody who may read the log can write there what they want, so this is
    /// as much a parser of outside bytes as [`Self::open`], which comes through here.
    pub fn under_seal(plain: &[u8], keys: &LogKeys) -> Result<Self, EnvelopeError> {
        let (statement, signature) = Self::read_under_seal(plain)?;
        if !sign::verify(&statement.device, LABEL, &statement.signed(keys), &signature) {
            return Err(EnvelopeError::Signature);
        }
        if !statement.counts() {
            return Err(EnvelopeError::Counter);
        }
        Ok(statement)
    }

    /// What is under the seal, and the signature over it.
    fn read_under_seal(plain: &[u8]) -> Result<(Self, Signature), EnvelopeError> {
        let mut r = Reader::bare(plain);
        let (len, kind) = r.array_of_kind()?;
        let kind = Kind::of(kind).ok_or(EnvelopeError::Kind(kind))?;
        if len != 9 {
            return Err(CborError::NotAllowed(0).into());
        }
        let statement = Self::read(kind, &mut r)?;
        let signature: Signature = r.fixed()?;
        let end = r.position();
        if !aead::is_padding(&plain[end..], end, AROUND) {
            return Err(EnvelopeError::Padding);
        }
        Ok((statement, signature))
    }
}

/// What lies under the seal of an envelope of a log.
fn unseal(sealed: &[u8], keys: &LogKeys) -> Result<Vec<u8>, EnvelopeError> {
    match sealed.first() {
        None => return Err(EnvelopeError::Length(0)),
        Some(&VERSION) => {}
        Some(&version) => return Err(EnvelopeError::Version(version)),
    }
    if sealed.len() > MAX_SEALED || sealed.len() != padded_len(sealed.len()) {
        return Err(EnvelopeError::Length(sealed.len()));
    }
    aead::open(&keys.content, &associated(keys), &sealed[1..]).ok_or(EnvelopeError::Seal)
}

/// The associated data: what is public about an envelope.
fn associated(keys: &LogKeys) -> Vec<u8> {
    Writer::versioned(VERSION)
        .array(2)
        .bytes(&keys.id.0)
        .bytes(&keys.epoch.0)
        .finish()
}

/// What only somebody with the log's key can make: the seal holds, and what is under it is wrong.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::DocId;
    use crate::epoch::EpochKey;

    fn dice() -> impl FnMut(&mut [u8]) {
        let mut next = 0u8;
        move |bytes| {
            for byte in bytes {
                next = next.wrapping_mul(5).wrapping_add(7);
                *byte = next;
            }
        }
    }

    fn keys() -> LogKeys {
        LogKeys::of_document(&EpochKey::from_secret([1; 32]), &DocId::Registers)
    }

    fn device() -> Device {
        Device::new(&mut dice())
    }

    fn statement() -> Statement {
        Statement {
            kind: Kind::Changes,
            device: device().id(),
            start: Start([2; 16]),
            counter: 1,
            previous: NO_PREVIOUS,
            charter: Vec::new(),
            last: Vec::new(),
            payloads: vec![vec![3; 50]],
        }
    }

    fn good_signature(statement: &Statement) -> Signature {
        device().signer().sign(LABEL, &statement.signed(&keys()))
    }

    fn open_plain(plain: &[u8]) -> Result<Statement, EnvelopeError> {
        let mut sealed = vec![VERSION];
        sealed.extend(aead::seal(&keys().content, &associated(&keys()), plain, &mut dice()));
        Statement::open(&sealed, &keys())
    }

    fn padded(mut plain: Vec<u8>) -> Vec<u8> {
        aead::pad(&mut plain, AROUND);
        plain
    }

    #[test]
    fn the_right_thing_made_by_hand_opens() {
        let statement = statement();
        assert_eq!(
            open_plain(&padded(statement.write(&good_signature(&statement)))),
            Ok(statement)
        );
    }

    #[test]
    fn wrong_padding() {
        let statement = statement();
        let content = statement.write(&good_signature(&statement));
        let good = padded(content.clone());
        let mut marker = good.clone();
        marker[content.len()] = 0x81;
        let mut bit = good.clone();
        *bit.last_mut().expect("not empty") = 1;
        let mut none = content.clone();
        none.resize(good.len(), 0);
        let mut longer = good.clone();
        longer.resize(padded_len(good.len() + AROUND + 1) - AROUND, 0);
        for (what, wrong) in [
            ("marker", marker),
            ("last byte", bit),
            ("no marker", none),
            ("too much", longer),
        ] {
            assert_eq!(open_plain(&wrong), Err(EnvelopeError::Padding), "{what}");
        }
    }

    #[test]
    fn signed_by_another_device_or_for_another_log_or_purpose() {
        let statement = statement();
        let stranger = Device::from_secret(&[9; 64]);
        let other_log = LogKeys::of_document(&EpochKey::from_secret([1; 32]), &DocId::Files);
        let signatures = [
            stranger.signer().sign(LABEL, &statement.signed(&keys())),
            device().signer().sign(LABEL, &statement.signed(&other_log)),
            device().signer().sign("komuz presence v1", &statement.signed(&keys())),
        ];
        for signature in signatures {
            let opened = open_plain(&padded(statement.write(&signature)));
            assert_eq!(opened, Err(EnvelopeError::Signature));
        }
    }

    #[test]
    fn changed_after_signing() {
        let signature = good_signature(&statement());
        let changed = [
            Statement {
                kind: Kind::Charter,
                ..statement()
            },
            Statement {
                start: Start([8; 16]),
                ..statement()
            },
            Statement {
                charter: vec![Digest([1; 32])],
                ..statement()
            },
            Statement {
                last: vec![Digest([1; 32])],
                ..statement()
            },
            Statement {
                payloads: vec![vec![3; 49]],
                ..statement()
            },
            Statement {
                payloads: vec![vec![3; 25], vec![3; 25]],
                ..statement()
            },
        ];
        for statement in changed {
            assert_eq!(
                open_plain(&padded(statement.write(&signature))),
                Err(EnvelopeError::Signature)
            );
        }
    }

    #[test]
    fn a_counter_that_does_not_fit_although_it_is_signed() {
        let statement = Statement {
            counter: 2,
            ..statement()
        };
        let made = padded(statement.write(&good_signature(&statement)));
        assert_eq!(open_plain(&made), Err(EnvelopeError::Counter));
    }

    #[test]
    fn no_statement_under_the_seal() {
        assert!(matches!(
            open_plain(&padded(vec![0; 40])),
            Err(EnvelopeError::Malformed(_))
        ));
        let mut short = Writer::bare().array(8).uint(1).finish();
        short.resize(300, 0);
        assert!(matches!(open_plain(&padded(short)), Err(EnvelopeError::Malformed(_))));
    }

    #[test]
    fn a_kind_of_a_later_version_is_told_from_what_is_made_wrongly() {
        for fields in [3, 9, 12] {
            let unknown = Writer::bare().array(fields).uint(99).text("whatever").finish();
            assert_eq!(open_plain(&padded(unknown)), Err(EnvelopeError::Kind(99)));
        }
    }

    #[test]
    fn the_signature_covers_a_payload_by_its_hash() {
        let statement = statement();
        let hash = Sha256::digest(&statement.payloads[0]);
        let signed = statement.signed(&keys());
        assert!(signed.ends_with(hash.as_slice()));
        assert!(!signed.windows(50).any(|window| window == statement.payloads[0]));
    }
}
