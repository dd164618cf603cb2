//! What an entry of the charter says.

use super::{Cuts, MAX_ENTRY, MAX_TEXT, MemberCard, OutletCard, Role, Rotation};
use crate::bytes::{Digest, EpochId, InvestigationId, InviteId, MemberId, PublicKey, Signature};
use crate::cbor::{CborError, Reader, Writer};
use crate::device::{Device, DeviceCard};
use crate::sign;

const CONSENT: &str = "komuz charter consent v1";
const DEVICE_CONSENT: &str = "komuz charter device v1";

/// The greatest number of an act that this version knows.
pub const LAST_ACT: u64 = 11;

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
    /// A member goes: one ranked below the author in the same outlet, or the author.
    Removed {
        /// Who.
        member: MemberId,
        /// Up to where what their devices wrote counts.
        cuts: Cuts,
    },
    /// A member of the author's outlet, ranked below the author, gets another role; or the author a lesser one.
    RoleChanged {
        /// Who.
        member: MemberId,
        /// The new role.
        role: Role,
        /// Up to where what their devices wrote counts where the new role may not write; none where it may do more.
        cuts: Cuts,
    },
    /// A member adds a device of their own.
    DeviceAdded {
        /// The member, who is the author.
        member: MemberId,
        /// The new device.
        device: DeviceCard,
        /// The new device's own signature ([`device_consent`]).
        consent: Signature,
    },
    /// A device goes: one of the author's own, or of a member ranked below.
    DeviceRemoved {
        /// Which.
        device: PublicKey,
        /// Up to where what it wrote counts.
        cuts: Cuts,
    },
    /// An editor votes that another outlet goes. The vote that completes those of all other outlets takes it out.
    Expelled {
        /// Id of the outlet.
        outlet: String,
        /// Up to where what its devices wrote counts.
        cuts: Cuts,
    },
    /// The author's outlet leaves; by its highest-ranked editor.
    Parted {
        /// Id of the outlet.
        outlet: String,
        /// Up to where what its devices wrote counts.
        cuts: Cuts,
    },
    /// More of what was cut counts: the rest of a long list, or honest work built beyond a cut.
    Extended {
        /// The farther cuts.
        cuts: Cuts,
    },
    /// A new epoch.
    Rotated(Rotation),
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

/// The consent of a device to be one more of this member's.
pub fn device_consent(device: &Device, charter: &Digest, member: &MemberId) -> Signature {
    let message = device_consented(charter, member, &device.card());
    device.signer().sign(DEVICE_CONSENT, &message)
}

/// Whether [`device_consent`] gave this signature.
pub(crate) fn has_device_consent(charter: &Digest, member: &MemberId, device: &DeviceCard, given: &Signature) -> bool {
    let message = device_consented(charter, member, device);
    sign::verify(&device.sign, DEVICE_CONSENT, &message, given)
}

fn device_consented(charter: &Digest, member: &MemberId, device: &DeviceCard) -> Vec<u8> {
    let w = Writer::bare().array(3).bytes(&charter.0).bytes(&member.0);
    device.write(w).finish()
}

impl Act {
    pub(super) fn write(&self, w: Writer) -> Writer {
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
            Self::Removed { member, cuts } => cuts.write(w.array(3).uint(4).bytes(&member.0)),
            Self::RoleChanged { member, role, cuts } => {
                cuts.write(w.array(4).uint(5).bytes(&member.0).uint(role.number()))
            }
            Self::DeviceAdded {
                member,
                device,
                consent,
            } => device.write(w.array(4).uint(6).bytes(&member.0)).bytes(&consent.0),
            Self::DeviceRemoved { device, cuts } => cuts.write(w.array(3).uint(7).bytes(&device.0)),
            Self::Expelled { outlet, cuts } => cuts.write(w.array(3).uint(8).text(outlet)),
            Self::Parted { outlet, cuts } => cuts.write(w.array(3).uint(9).text(outlet)),
            Self::Extended { cuts } => cuts.write(w.array(2).uint(10)),
            Self::Rotated(rotation) => rotation.write(w.array(5).uint(11)),
            Self::Later { kind, content } => w.array(2).uint(*kind).bytes(content),
        }
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
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
            (3, 4) => Self::Removed {
                member: r.fixed()?,
                cuts: Cuts::read(r)?,
            },
            (4, 5) => Self::RoleChanged {
                member: r.fixed()?,
                role: Role::read(r)?,
                cuts: Cuts::read(r)?,
            },
            (4, 6) => Self::DeviceAdded {
                member: r.fixed()?,
                device: DeviceCard::read(r)?,
                consent: r.fixed()?,
            },
            (3, 7) => Self::DeviceRemoved {
                device: r.fixed()?,
                cuts: Cuts::read(r)?,
            },
            (3, 8) => Self::Expelled {
                outlet: r.text(MAX_TEXT)?.to_owned(),
                cuts: Cuts::read(r)?,
            },
            (3, 9) => Self::Parted {
                outlet: r.text(MAX_TEXT)?.to_owned(),
                cuts: Cuts::read(r)?,
            },
            (2, 10) => Self::Extended { cuts: Cuts::read(r)? },
            (5, 11) => Self::Rotated(Rotation::read(r)?),
            // Every act of a later version is its number and one byte string.
            (2, kind) if kind > LAST_ACT => Self::Later {
                kind,
                content: r.bytes(MAX_ENTRY)?.to_vec(),
            },
            _ => return Err(CborError::NotAllowed(start)),
        })
    }

    pub(super) fn admitted(&self) -> Option<&Admitted> {
        match self {
            Self::OutletJoined { admitted, .. } | Self::MemberAdded { admitted } => Some(admitted),
            _ => None,
        }
    }

    /// The member that it brings in.
    pub(super) fn member(&self) -> Option<&MemberCard> {
        match self {
            Self::Founded { member, .. } => Some(member),
            _ => self.admitted().map(|admitted| &admitted.member),
        }
    }

    /// The device that it brings in.
    pub(super) fn device(&self) -> Option<&DeviceCard> {
        match self {
            Self::Founded { device, .. } | Self::DeviceAdded { device, .. } => Some(device),
            _ => self.admitted().map(|admitted| &admitted.device),
        }
    }

    /// The outlet that it brings in.
    pub(super) fn outlet(&self) -> Option<&OutletCard> {
        match self {
            Self::Founded { outlet, .. } | Self::OutletJoined { outlet, .. } => Some(outlet),
            _ => None,
        }
    }

    /// The cuts that it says.
    pub(super) fn cuts(&self) -> Option<&Cuts> {
        match self {
            Self::Removed { cuts, .. }
            | Self::RoleChanged { cuts, .. }
            | Self::DeviceRemoved { cuts, .. }
            | Self::Expelled { cuts, .. }
            | Self::Parted { cuts, .. }
            | Self::Extended { cuts } => Some(cuts),
            _ => None,
        }
    }
}
