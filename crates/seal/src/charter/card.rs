//! What the charter says of outlets and members.

use crate::bytes::{MemberId, PublicKey};
use crate::cbor::{CborError, Reader, Writer};
use crate::doc::DocId;

/// The longest id, name, domain or title in a charter, in bytes.
pub const MAX_TEXT: usize = 512;
/// How few release keys an outlet has: either of two may sign.
pub const MIN_RELEASE_KEYS: usize = 2;
/// How many release keys an outlet may have.
pub const MAX_RELEASE_KEYS: usize = 16;

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads; writes nothing.
    Observer,
    /// Writes notes: threads and suggestions.
    Trainee,
    /// Writes notes.
    Reviewer,
    /// Writes everything but sign-offs.
    Writer,
    /// Writes everything, invites and admits into the own outlet, brings other outlets in.
    Editor,
}

impl Role {
    /// The role's name in messages and invitations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Observer => "observer",
            Self::Trainee => "trainee",
            Self::Reviewer => "reviewer",
            Self::Writer => "writer",
            Self::Editor => "editor",
        }
    }

    /// The role of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Observer,
            Self::Trainee,
            Self::Reviewer,
            Self::Writer,
            Self::Editor,
        ]
        .into_iter()
        .find(|r| r.name() == name)
    }

    /// Whether a member of this role may write to a document.
    pub fn may_write(self, doc: &DocId) -> bool {
        match doc {
            DocId::Charter | DocId::SignOffs { .. } => self == Self::Editor,
            DocId::Registers | DocId::Body { .. } | DocId::Files | DocId::Blobs | DocId::Snapshots => {
                matches!(self, Self::Writer | Self::Editor)
            }
            DocId::Notes { .. } => self != Self::Observer,
        }
    }

    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Observer => 1,
            Self::Trainee => 2,
            Self::Reviewer => 3,
            Self::Writer => 4,
            Self::Editor => 5,
        }
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
        let start = r.position();
        Ok(match r.uint()? {
            1 => Self::Observer,
            2 => Self::Trainee,
            3 => Self::Reviewer,
            4 => Self::Writer,
            5 => Self::Editor,
            _ => return Err(CborError::NotAllowed(start)),
        })
    }
}

/// What an outlet tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutletCard {
    /// A short id made from the name: `a-z`, `0-9`, `-`.
    pub id: String,
    /// Its name as readers know it.
    pub name: String,
    /// Its domain.
    pub domain: String,
    /// Public halves of its release keys (Ed25519), at least [`MIN_RELEASE_KEYS`].
    pub release_keys: Vec<PublicKey>,
    /// The key of its server that may say that a release is still the newest; none for an outlet without a server.
    pub freshness: Option<PublicKey>,
}

impl OutletCard {
    pub(crate) fn write(&self, w: Writer) -> Writer {
        let w = w
            .array(if self.freshness.is_some() { 5 } else { 4 })
            .text(&self.id)
            .text(&self.name)
            .text(&self.domain)
            .list(self.release_keys.iter(), |w, key| w.bytes(&key.0));
        match &self.freshness {
            Some(key) => w.bytes(&key.0),
            None => w,
        }
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
        let members = r.array_of(4..=5)?;
        Ok(Self {
            id: r.text(MAX_TEXT)?.to_owned(),
            name: r.text(MAX_TEXT)?.to_owned(),
            domain: r.text(MAX_TEXT)?.to_owned(),
            release_keys: r.list(MAX_RELEASE_KEYS, |r| r.fixed())?,
            freshness: if members == 5 { Some(r.fixed()?) } else { None },
        })
    }

    /// Whether the card may stand in a charter: an id of the allowed letters, a name, and enough release keys, each once and
    /// none of them the server's.
    pub fn is_complete(&self) -> bool {
        let id = !self.id.is_empty()
            && self
                .id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let mut keys = self.release_keys.clone();
        keys.sort_unstable();
        keys.dedup();
        // A server's key may extend what a release key has signed, and no more: they are never the same.
        let apart = self.freshness.is_none_or(|key| !keys.contains(&key));
        let enough =
            keys.len() == self.release_keys.len() && (MIN_RELEASE_KEYS..=MAX_RELEASE_KEYS).contains(&keys.len());
        let short = [&self.id, &self.name, &self.domain]
            .iter()
            .all(|text| text.len() <= MAX_TEXT);
        id && enough && apart && short && !self.name.is_empty()
    }
}

/// A member as the charter knows one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberCard {
    /// A random id: a pseudonym.
    pub id: MemberId,
    /// The name among the members, as the person gave it.
    pub name: String,
    /// Id of the outlet.
    pub outlet: String,
    /// Role.
    pub role: Role,
}

impl MemberCard {
    pub(crate) fn write(&self, w: Writer) -> Writer {
        w.array(4)
            .bytes(&self.id.0)
            .text(&self.name)
            .text(&self.outlet)
            .uint(self.role.number())
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
        r.array(4)?;
        Ok(Self {
            id: r.fixed()?,
            name: r.text(MAX_TEXT)?.to_owned(),
            outlet: r.text(MAX_TEXT)?.to_owned(),
            role: Role::read(r)?,
        })
    }
}
