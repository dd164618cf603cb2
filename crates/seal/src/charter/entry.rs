//! One signed entry of the charter.

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::{MAX_TEXT, MemberCard, OutletCard};
use crate::bytes::{Digest, EpochId, InvestigationId, InviteId, PublicKey, Signature};
use crate::cbor::{CborError, Reader, Writer};
use crate::device::{Device, DeviceCard};
use crate::sign;

/// Version of charter entries; the first byte of each.
pub const VERSION: u8 = 1;
/// The longest entry, in bytes: an epoch's key wrapped for some thousands of devices fits.
pub const MAX_ENTRY: usize = 256 << 10;
/// How many heads an entry names.
pub const MAX_HEADS: usize = 16;

const LABEL: &str = "komuz charter entry v1";
const CONSENT: &str = "komuz charter consent v1";

/// Why bytes are not an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Another version.
    #[error("this charter entry has version {0}, only version {VERSION} is known: update Komuz")]
    Version(u8),
    /// Not an entry.
    #[error("this charter entry cannot be read: {0}")]
    Malformed(#[from] CborError),
    /// The signature is not its author's.
    #[error("the signature of this charter entry is not its author's")]
    Signature,
    /// Of another investigation.
    #[error("this charter entry is of another investigation")]
    OtherCharter,
    /// More entries wait for ones that are missing than are kept.
    #[error("too many charter entries wait for ones that are missing")]
    TooMany,
}

/// An entry: what its author says, on top of what they knew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Id of the founding entry; none in the founding entry itself.
    pub charter: Option<Digest>,
    /// The heads that it builds on; none in the founding entry.
    pub heads: Vec<Digest>,
    /// The device that signs.
    pub author: PublicKey,
    /// What it says.
    pub act: Act,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The investigation begins.
    Founded {
        /// Id of the investigation.
        investigation: InvestigationId,
        /// Its working title.
        title: String,
        /// The founding outlet.
        outlet: OutletCard,
        /// The founder, an editor.
        member: MemberCard,
        /// The founder's device, which signs the entry.
        device: DeviceCard,
        /// The first epoch.
        epoch: EpochId,
    },
    /// An outlet joins, with its first editor.
    OutletJoined {
        /// The outlet.
        outlet: OutletCard,
        /// Its first editor.
        admitted: Admitted,
    },
    /// A person joins the outlet of the entry's author.
    MemberAdded {
        /// Who.
        admitted: Admitted,
    },
    /// Something that a later version says. It has no effect here, and a replica that finds one asks for an update.
    Later {
        /// Its number.
        kind: u64,
        /// Its content, kept as it is.
        content: Vec<u8>,
    },
}

/// Somebody who is let in, confirmed by the author of the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The member.
    pub member: MemberCard,
    /// The device.
    pub device: DeviceCard,
    /// The invitation that was used.
    pub invite: InviteId,
    /// The device's own signature over all this ([`consent`]): nobody is let in under a name that is not their own.
    pub consent: Signature,
}

impl Admitted {
    pub(crate) fn write(&self, w: Writer) -> Writer {
        let w = self.member.write(w.array(4));
        self.device.write(w).bytes(&self.invite.0).bytes(&self.consent.0)
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
        r.array(4)?;
        Ok(Self {
            member: MemberCard::read(r)?,
            device: DeviceCard::read(r)?,
            invite: r.fixed()?,
            consent: r.fixed()?,
        })
    }

    /// Whether the consent is good. `outlet` is the card that comes with it, when the outlet is new.
    pub fn has_consent(&self, charter: &Digest, outlet: Option<&OutletCard>) -> bool {
        let message = consented(charter, &self.invite, &self.member, &self.device, outlet);
        sign::verify(&self.device.sign, CONSENT, &message, &self.consent)
    }
}

/// The consent of a device to be let in as this member by this invitation. `outlet` is the card of a new outlet.
pub fn consent(
    device: &Device,
    charter: &Digest,
    invite: &InviteId,
    member: &MemberCard,
    outlet: Option<&OutletCard>,
) -> Signature {
    device
        .signer()
        .sign(CONSENT, &consented(charter, invite, member, &device.card(), outlet))
}

fn consented(
    charter: &Digest,
    invite: &InviteId,
    member: &MemberCard,
    device: &DeviceCard,
    outlet: Option<&OutletCard>,
) -> Vec<u8> {
    let w = Writer::bare().array(5).bytes(&charter.0).bytes(&invite.0);
    let w = device.write(member.write(w));
    match outlet {
        Some(card) => card.write(w),
        None => w.null(),
    }
    .finish()
}

impl Act {
    fn write(&self, w: Writer) -> Writer {
        match self {
            Self::Founded {
                investigation,
                title,
                outlet,
                member,
                device,
                epoch,
            } => {
                let w = w.array(7).uint(1).bytes(&investigation.0).text(title);
                device.write(member.write(outlet.write(w))).bytes(&epoch.0)
            }
            Self::OutletJoined { outlet, admitted } => admitted.write(outlet.write(w.array(3).uint(2))),
            Self::MemberAdded { admitted } => admitted.write(w.array(2).uint(3)),
            Self::Later { kind, content } => w.array(2).uint(*kind).bytes(content),
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
        let start = r.position();
        Ok(match r.array_of_kind()? {
            (7, 1) => Self::Founded {
                investigation: r.fixed()?,
                title: r.text(MAX_TEXT)?.to_owned(),
                outlet: OutletCard::read(r)?,
                member: MemberCard::read(r)?,
                device: DeviceCard::read(r)?,
                epoch: r.fixed()?,
            },
            (3, 2) => Self::OutletJoined {
                outlet: OutletCard::read(r)?,
                admitted: Admitted::read(r)?,
            },
            (2, 3) => Self::MemberAdded {
                admitted: Admitted::read(r)?,
            },
            // Every act of a later version is its number and one byte string.
            (2, kind) if kind > 3 => Self::Later {
                kind,
                content: r.bytes(MAX_ENTRY)?.to_vec(),
            },
            _ => return Err(CborError::NotAllowed(start)),
        })
    }
}

impl Entry {
    fn write(&self) -> Vec<u8> {
        let w = Writer::bare().array(4).with(|w| match &self.charter {
            Some(charter) => w.bytes(&charter.0),
            None => w.null(),
        });
        let w = w
            .list(self.heads.iter(), |w, head| w.bytes(&head.0))
            .bytes(&self.author.0);
        self.act.write(w).finish()
    }

    /// Signs the entry: its bytes, which are what is passed on. The device must be its author.
    pub fn sign(&self, device: &Device) -> Vec<u8> {
        let body = self.write();
        let signature = device.signer().sign(LABEL, &body);
        Writer::versioned(VERSION)
            .array(2)
            .bytes(&body)
            .bytes(&signature.0)
            .finish()
    }

    /// Reads an entry and checks its signature: id and entry.
    pub fn open(bytes: &[u8]) -> Result<(Digest, Self), EntryError> {
        let (version, mut r) = Reader::versioned(bytes, MAX_ENTRY)?;
        if version != VERSION {
            return Err(EntryError::Version(version));
        }
        r.array(2)?;
        let body = r.bytes(MAX_ENTRY)?;
        let signature: Signature = r.fixed()?;
        r.end()?;
        let mut r = Reader::bare(body);
        r.array(4)?;
        let entry = Self {
            charter: r.optional(|r| r.fixed())?,
            heads: r.list(MAX_HEADS, |r| r.fixed())?,
            author: r.fixed()?,
            act: Act::read(&mut r)?,
        };
        r.end()?;
        if !sign::verify(&entry.author, LABEL, body, &signature) {
            return Err(EntryError::Signature);
        }
        Ok((entry_id(bytes), entry))
    }
}

/// Id of an entry: SHA-256 of its bytes.
pub fn entry_id(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}
