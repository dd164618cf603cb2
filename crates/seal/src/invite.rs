//! Invitations: a short text that lets one person ask to come in, and what the two sides then tell each other.
//!
//! The invitation's secret names a log at the inviter's relay (the *door*, [`LogKeys::of_door`]), where the invited person
//! leaves a [`DoorMessage::Request`] and the inviter, after both have compared a code ([`Invite::code`]), a
//! [`DoorMessage::Welcome`]. The invitation never holds an epoch key: the welcome wraps it to the new device alone. What the
//! joiner then reads is checked against the charter's hash, which the invitation pins.
//!
//! An invitation may be for one more device of the member who made it ([`Invite::member`]): then the new device leaves a
//! [`DoorMessage::Device`], and the member's own device answers it. Its version is another, so that an older Komuz asks for an
//! update and nothing else.

mod message;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

pub use message::{Declined, DeviceRequest, DoorMessage, MAX_SERVERS, Request, Welcome};

use crate::bytes::{Digest, InviteId, MemberId, PublicKey};
use crate::cbor::{CborError, Reader, Writer};
use crate::charter::{MAX_TEXT, Role};
use crate::derive::{self, LogKeys};
use crate::device::DeviceCard;
use crate::{Entropy, random};

/// Version of invitations, and of what is said at their doors; the first byte of each.
pub const VERSION: u8 = 1;
/// Version of invitations of a further device.
pub const DEVICE_VERSION: u8 = 2;
/// How long an invitation lives, in milliseconds: 24 hours.
pub const LIFETIME: u64 = 24 * 60 * 60 * 1000;
/// The longest invitation, in bytes before it is made text.
pub const MAX_INVITE: usize = 4096;

/// An invitation.
#[derive(Clone, PartialEq, Eq)]
pub struct Invite {
    /// The one-time secret.
    pub(crate) secret: Zeroizing<[u8; 16]>,
    /// Hash of the charter's founding entry.
    pub charter: Digest,
    /// The inviter's device: welcome and refusal are signed by it.
    pub inviter: PublicKey,
    /// The relay where the door is: its origin.
    pub relay: String,
    /// Id of the outlet that it is for; none for a new outlet.
    pub outlet: Option<String>,
    /// The outlet's name.
    pub outlet_name: String,
    /// The role.
    pub role: Role,
    /// Working title of the investigation.
    pub title: String,
    /// When it ends, in milliseconds since 1970.
    pub expires: u64,
    /// The member, id and name, of whom the new device will be one more; none where it lets somebody in.
    pub member: Option<(MemberId, String)>,
}

impl core::fmt::Debug for Invite {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Invite({:?})", self.id())
    }
}

/// What an invitation is made of, beside what is random.
#[derive(Debug, Clone)]
pub struct Terms {
    /// See [`Invite::charter`].
    pub charter: Digest,
    /// See [`Invite::inviter`].
    pub inviter: PublicKey,
    /// See [`Invite::relay`].
    pub relay: String,
    /// See [`Invite::outlet`].
    pub outlet: Option<String>,
    /// See [`Invite::outlet_name`].
    pub outlet_name: String,
    /// See [`Invite::role`].
    pub role: Role,
    /// See [`Invite::title`].
    pub title: String,
    /// See [`Invite::member`].
    pub member: Option<(MemberId, String)>,
}

/// Why a text is not an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InviteError {
    /// Another version.
    #[error("this invitation has version {0}, only versions up to {DEVICE_VERSION} are known: update Komuz")]
    Version(u8),
    /// Not the letters of an invitation.
    #[error("this is not the text of an invitation: copy the whole link")]
    NotText,
    /// Cut short or changed.
    #[error("this invitation is not whole ({0}): copy the whole link")]
    Malformed(#[from] CborError),
    /// The message is not for this door, or was changed.
    #[error("this message is not of this invitation, or it was changed")]
    NotOurs,
}

impl Invite {
    /// A new invitation, good for [`LIFETIME`].
    pub fn new(terms: Terms, now: u64, entropy: Entropy<'_>) -> Self {
        let Terms {
            charter,
            inviter,
            relay,
            outlet,
            outlet_name,
            role,
            title,
            member,
        } = terms;
        let secret = Zeroizing::new(random(entropy));
        Self {
            secret,
            charter,
            inviter,
            relay,
            outlet,
            outlet_name,
            role,
            title,
            expires: now + LIFETIME,
            member,
        }
    }

    /// Its id, derived from the secret.
    pub fn id(&self) -> InviteId {
        derive::invite_id(&self.secret)
    }

    /// The log where both sides meet.
    pub fn door(&self) -> LogKeys {
        LogKeys::of_door(&self.secret)
    }

    /// Whether it has ended.
    pub fn has_ended(&self, now: u64) -> bool {
        now >= self.expires
    }

    /// The text that goes behind `#` of a desk's address (fragments are not sent to servers): base64url.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.to_bytes())
    }

    /// The bytes of the text, for the inviter's own rows. They hold the secret.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let (version, members) = match self.member {
            None => (VERSION, 9),
            Some(_) => (DEVICE_VERSION, 11),
        };
        let w = Writer::versioned(version)
            .array(members)
            .bytes(&*self.secret)
            .bytes(&self.charter.0)
            .bytes(&self.inviter.0)
            .text(&self.relay)
            .with(|w| match &self.outlet {
                Some(outlet) => w.text(outlet),
                None => w.null(),
            })
            .text(&self.outlet_name)
            .uint(self.role.number())
            .text(&self.title)
            .uint(self.expires);
        let w = match &self.member {
            None => w,
            Some((id, name)) => w.bytes(&id.0).text(name),
        };
        Zeroizing::new(w.finish())
    }

    /// Reads an invitation from its text, with or without the address before it.
    pub fn from_text(text: &str) -> Result<Self, InviteError> {
        let text = text.trim();
        let fragment = text.rsplit_once('#').map_or(text, |(_, fragment)| fragment);
        if fragment.len() > MAX_INVITE.div_ceil(3) * 4 {
            return Err(InviteError::NotText);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(fragment)
            .map(Zeroizing::new)
            .map_err(|_| InviteError::NotText)?;
        Self::from_bytes(&bytes)
    }

    /// Reads [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InviteError> {
        let (version, mut r) = Reader::versioned(bytes, MAX_INVITE)?;
        let is_device = match version {
            VERSION => false,
            DEVICE_VERSION => true,
            _ => return Err(InviteError::Version(version)),
        };
        r.array(if is_device { 11 } else { 9 })?;
        let invite = Self {
            secret: Zeroizing::new(r.fixed()?),
            charter: r.fixed()?,
            inviter: r.fixed()?,
            relay: r.text(MAX_TEXT)?.to_owned(),
            outlet: r.optional(|r| r.text(MAX_TEXT).map(str::to_owned))?,
            outlet_name: r.text(MAX_TEXT)?.to_owned(),
            role: Role::read(&mut r)?,
            title: r.text(MAX_TEXT)?.to_owned(),
            expires: r.uint()?,
            member: match is_device {
                true => Some((r.fixed()?, r.text(MAX_TEXT)?.to_owned())),
                false => None,
            },
        };
        r.end()?;
        Ok(invite)
    }

    /// The code that both people read to each other: three groups of five digits from a hash of the secret and both
    /// devices. Fifty bits: whoever holds a stolen link cannot make keys whose code is another person's within the
    /// invitation's life.
    pub fn code(&self, joiner: &DeviceCard) -> String {
        let mut hash = Sha256::new();
        hash.update(b"komuz join code v1");
        hash.update(*self.secret);
        hash.update(self.inviter.0);
        hash.update(joiner.sign.0);
        hash.update(joiner.seal.0);
        let hash: [u8; 32] = hash.finalize().into();
        let number = hash[..16]
            .iter()
            .fold(0u128, |number, byte| number << 8 | u128::from(*byte));
        let digits = number % 1_000_000_000_000_000;
        let (first, rest) = (digits / 10_000_000_000, digits % 10_000_000_000);
        format!("{first:05} {:05} {:05}", rest / 100_000, rest % 100_000)
    }
}
