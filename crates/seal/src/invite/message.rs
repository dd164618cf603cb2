//! What the two sides of an invitation tell each other at its door.

use super::{Invite, InviteError, VERSION};
use crate::bytes::{Digest, MemberId, PublicKey, Signature};
use crate::cbor::{CborError, Reader, Writer};
use crate::charter::{Admitted, MAX_TEXT, MemberCard, OutletCard};
use crate::device::{Device, DeviceCard};
use crate::epoch::WRAPPED_LEN;
use crate::{Entropy, aead, charter, sign};

/// How many servers a welcome names.
pub const MAX_SERVERS: usize = 64;
/// The longest message, in bytes.
const MAX_MESSAGE: usize = 64 << 10;
const AROUND: usize = 1 + aead::NONCE + aead::TAG;
const LABEL: &str = "komuz door v1";

/// A message at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoorMessage {
    /// Let me in.
    Request(Box<Request>),
    /// You are in. Signed by the inviter's device.
    Welcome(Welcome),
    /// No. Signed by the inviter's device.
    Refusal {
        /// Id of the request.
        request: Digest,
        /// Why not.
        why: Declined,
    },
    /// Let this device in as one more of the member's who has made the invitation.
    Device(DeviceRequest),
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declined {
    /// An editor has turned the request down. A reason of a later version reads as this one.
    TurnedDown,
    /// The invitation was taken back.
    TakenBack,
    /// Somebody else has used the invitation.
    Used,
}

/// A device that wants to be one more of a member's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRequest {
    /// The member.
    pub member: MemberId,
    /// The device.
    pub device: DeviceCard,
    /// Its own signature over both ([`charter::device_consent`]).
    pub consent: Signature,
}

/// Who wants in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who, with the device's consent.
    pub admitted: Admitted,
    /// The outlet's card, when the invitation is for a new outlet.
    pub outlet: Option<OutletCard>,
}

/// How to get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// Id of the request that it answers.
    pub request: Digest,
    /// The charter entry that lets the device in.
    pub entry: Digest,
    /// The epoch's key, wrapped to the device and bound to the entry.
    pub epoch: Vec<u8>,
    /// The investigation's servers: origins.
    pub servers: Vec<String>,
}

impl Request {
    /// Asks to be let in, with the device's consent.
    pub fn new(invite: &Invite, device: &Device, member: MemberCard, outlet: Option<OutletCard>) -> Self {
        let consent = charter::consent(device, &invite.charter, &invite.id(), &member, outlet.as_ref());
        Self {
            admitted: Admitted {
                member,
                device: device.card(),
                invite: invite.id(),
                consent,
            },
            outlet,
        }
    }

    /// Whether it asks for what the invitation gives and consents to it.
    pub fn fits(&self, invite: &Invite) -> bool {
        let member = &self.admitted.member;
        let outlet = match (&invite.outlet, &self.outlet) {
            (Some(id), None) => member.outlet == *id,
            (None, Some(card)) => card.is_complete() && member.outlet == card.id,
            _ => false,
        };
        outlet
            && invite.member.is_none()
            && member.role == invite.role
            && self.admitted.invite == invite.id()
            && !member.name.is_empty()
            && self.admitted.has_consent(&invite.charter, self.outlet.as_ref())
    }

    /// The device that asks.
    pub fn device(&self) -> &DeviceCard {
        &self.admitted.device
    }
}

impl DeviceRequest {
    /// Asks to be one more device of the member who has made the invitation; none when it is one that lets somebody in.
    pub fn new(invite: &Invite, device: &Device) -> Option<Self> {
        let (member, _) = invite.member.as_ref()?;
        Some(Self {
            member: *member,
            device: device.card(),
            consent: charter::device_consent(device, &invite.charter, member),
        })
    }

    /// Whether it asks for what the invitation gives and consents to it.
    pub fn fits(&self, invite: &Invite) -> bool {
        invite.member.as_ref().is_some_and(|(member, _)| *member == self.member)
            && charter::has_device_consent(&invite.charter, &self.member, &self.device, &self.consent)
    }
}

impl DoorMessage {
    fn write(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => {
                let w = request.admitted.write(Writer::bare().array(3).uint(1));
                match &request.outlet {
                    Some(outlet) => outlet.write(w),
                    None => w.null(),
                }
            }
            Self::Welcome(Welcome {
                request,
                entry,
                epoch,
                servers,
            }) => Writer::bare()
                .array(5)
                .uint(2)
                .bytes(&request.0)
                .bytes(&entry.0)
                .bytes(epoch)
                .list(servers.iter(), |w, server| w.text(server)),
            Self::Refusal { request, why } => match why {
                Declined::TurnedDown => Writer::bare().array(2).uint(3).bytes(&request.0),
                Declined::TakenBack => Writer::bare().array(3).uint(3).bytes(&request.0).uint(1),
                Declined::Used => Writer::bare().array(3).uint(3).bytes(&request.0).uint(2),
            },
            Self::Device(DeviceRequest {
                member,
                device,
                consent,
            }) => device
                .write(Writer::bare().array(4).uint(4).bytes(&member.0))
                .bytes(&consent.0),
        }
        .finish()
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
        let start = r.position();
        Ok(match r.array_of_kind()? {
            (3, 1) => Self::Request(Box::new(Request {
                admitted: Admitted::read(r)?,
                outlet: r.optional(OutletCard::read)?,
            })),
            (5, 2) => Self::Welcome(Welcome {
                request: r.fixed()?,
                entry: r.fixed()?,
                epoch: r.bytes(WRAPPED_LEN)?.to_vec(),
                servers: r.list(MAX_SERVERS, |r| r.text(MAX_TEXT).map(str::to_owned))?,
            }),
            (2, 3) => Self::Refusal {
                request: r.fixed()?,
                why: Declined::TurnedDown,
            },
            (3, 3) => Self::Refusal {
                request: r.fixed()?,
                why: match r.uint()? {
                    0 => return Err(CborError::NotAllowed(start)),
                    1 => Declined::TakenBack,
                    2 => Declined::Used,
                    _ => Declined::TurnedDown,
                },
            },
            (4, 4) => Self::Device(DeviceRequest {
                member: r.fixed()?,
                device: DeviceCard::read(r)?,
                consent: r.fixed()?,
            }),
            _ => return Err(CborError::NotAllowed(start)),
        })
    }

    /// Seals the message for the door. `device` signs: the joiner's for a request, the inviter's otherwise.
    pub fn seal(&self, invite: &Invite, device: &Device, entropy: Entropy<'_>) -> Vec<u8> {
        let keys = invite.door();
        let body = self.write();
        let signature = device.signer().sign(LABEL, &signed(invite, &body));
        let mut plain = Writer::bare().array(2).bytes(&body).bytes(&signature.0).finish();
        aead::pad(&mut plain, AROUND);
        let mut sealed = vec![VERSION];
        sealed.extend(aead::seal(&keys.content, &associated(invite), &plain, entropy));
        sealed
    }

    /// Opens a message and checks who signed it.
    pub fn open(sealed: &[u8], invite: &Invite) -> Result<Self, InviteError> {
        match sealed.first() {
            Some(&VERSION) if sealed.len() <= MAX_MESSAGE => {}
            Some(&version) if version != VERSION => return Err(InviteError::Version(version)),
            _ => return Err(InviteError::NotOurs),
        }
        let keys = invite.door();
        let plain = aead::open(&keys.content, &associated(invite), &sealed[1..]).ok_or(InviteError::NotOurs)?;
        let mut r = Reader::bare(&plain);
        r.array(2)?;
        let body = r.bytes(MAX_MESSAGE)?;
        let signature: Signature = r.fixed()?;
        let end = r.position();
        if !aead::is_padding(&plain[end..], end, AROUND) {
            return Err(InviteError::NotOurs);
        }
        let mut r = Reader::bare(body);
        let message = Self::read(&mut r)?;
        r.end()?;
        let signer: &PublicKey = match &message {
            Self::Request(request) => &request.admitted.device.sign,
            Self::Device(request) => &request.device.sign,
            Self::Welcome(_) | Self::Refusal { .. } => &invite.inviter,
        };
        if !sign::verify(signer, LABEL, &signed(invite, body), &signature) {
            return Err(InviteError::NotOurs);
        }
        Ok(message)
    }
}

fn signed(invite: &Invite, body: &[u8]) -> Vec<u8> {
    Writer::versioned(VERSION)
        .array(3)
        .bytes(&invite.charter.0)
        .bytes(&invite.id().0)
        .bytes(body)
        .finish()
}

fn associated(invite: &Invite) -> Vec<u8> {
    Writer::versioned(VERSION).array(1).bytes(&invite.door().id.0).finish()
}
