//! A house of newsrooms for the tests of the charter: members by number, each with a device and an invitation of that number.

use komuz_seal::bytes::{Digest, EnvelopeId, InviteId, LogId, MemberId, PublicKey, SessionId, Start};
use komuz_seal::charter::{
    Act, Admitted, Charter, Cut, Cuts, Entry, Fate, Founder, MemberCard, OutletCard, Refusal, Role, Written, consent,
    device_consent,
};
use komuz_seal::device::Device;
use komuz_seal::doc::DocId;
use komuz_seal::epoch::EpochKey;

use super::dice::dice;

pub fn outlet(id: &str) -> OutletCard {
    OutletCard {
        id: id.into(),
        name: format!("The {id}"),
        domain: format!("{id}.example"),
        release_keys: vec![PublicKey([1; 32]), PublicKey([2; 32])],
        freshness: None,
    }
}

pub fn member(number: u8, outlet: &str, role: Role) -> MemberCard {
    MemberCard {
        id: MemberId([number; 16]),
        name: format!("Member {number}"),
        outlet: outlet.into(),
        role,
    }
}

pub fn device(number: u8) -> Device {
    Device::new(&mut dice(u64::from(number) + 1000))
}

/// The founding epoch's key.
pub fn first_key() -> EpochKey {
    EpochKey::new(&mut dice(1))
}

/// Ada founds with device 0.
pub fn founded() -> (Charter, Vec<u8>) {
    let founder = Founder {
        title: "Samaragate".into(),
        outlet: outlet("alpha"),
        name: "Ada".into(),
    };
    Charter::found(founder, &device(0), &first_key(), &mut dice(2))
}

/// Somebody with their consent, invited by an invitation of their own number.
pub fn admitted(charter: &Digest, number: u8, member: MemberCard, outlet: Option<&OutletCard>) -> Admitted {
    let device = device(number);
    let invite = InviteId([number; 16]);
    let consent = consent(&device, charter, &invite, &member, outlet);
    Admitted {
        member,
        device: device.card(),
        invite,
        consent,
    }
}

/// One desk's copy of the charter, and all entries in it.
#[derive(Clone)]
pub struct Desk {
    pub charter: Charter,
    pub said: Vec<Vec<u8>>,
}

impl Desk {
    /// Ada has founded.
    pub fn founded() -> Self {
        let (charter, founding) = founded();
        Self {
            charter,
            said: vec![founding],
        }
    }

    /// Alpha with Ada (0) and the editors 1 and 2, in this order, the writer 3 and the reviewer 4; beta with the editors 10
    /// and 11 and the writer 13; gamma with the editor 20, delta with the editor 30.
    pub fn house() -> Self {
        let mut desk = Self::founded();
        for (number, id) in [(10, "beta"), (20, "gamma"), (30, "delta")] {
            desk.joins(0, number, id);
        }
        for (by, number, outlet, role) in [
            (0, 1, "alpha", Role::Editor),
            (0, 2, "alpha", Role::Editor),
            (0, 3, "alpha", Role::Writer),
            (1, 4, "alpha", Role::Reviewer),
            (10, 11, "beta", Role::Editor),
            (11, 13, "beta", Role::Writer),
        ] {
            desk.adds(by, number, outlet, role);
        }
        desk
    }

    /// What the author of this number says with right.
    pub fn says(&mut self, author: u8, act: Act) -> Digest {
        let (id, bytes) = self
            .charter
            .act(&device(author), act)
            .expect("the author has the right");
        self.said.push(bytes);
        id
    }

    /// What anybody says, with right or without; taken in here.
    pub fn claims(&mut self, author: u8, act: Act) -> Digest {
        let heads = self.charter.heads(&device(author).id());
        self.claims_upon(heads, author, act)
    }

    /// The same, on heads of their choice.
    pub fn claims_upon(&mut self, heads: Vec<Digest>, author: u8, act: Act) -> Digest {
        let author = device(author);
        let bytes = Entry {
            charter: Some(self.charter.id()),
            heads,
            author: author.id(),
            act,
        }
        .sign(&author);
        self.charter.insert(&bytes).expect("an entry");
        self.said.push(bytes.clone());
        komuz_seal::charter::entry_id(&bytes)
    }

    pub fn joins(&mut self, by: u8, number: u8, id: &str) -> Digest {
        let act = self.joined(number, id);
        self.says(by, act)
    }

    pub fn joined(&self, number: u8, id: &str) -> Act {
        let card = outlet(id);
        let admitted = admitted(
            &self.charter.id(),
            number,
            member(number, id, Role::Editor),
            Some(&card),
        );
        Act::OutletJoined { outlet: card, admitted }
    }

    pub fn adds(&mut self, by: u8, number: u8, outlet: &str, role: Role) -> Digest {
        let act = self.added(number, outlet, role);
        self.says(by, act)
    }

    pub fn added(&self, number: u8, outlet: &str, role: Role) -> Act {
        let admitted = admitted(&self.charter.id(), number, member(number, outlet, role), None);
        Act::MemberAdded { admitted }
    }

    /// A member takes a device of another number as one more of their own.
    pub fn device_added(&self, member: u8, number: u8) -> Act {
        let (member, device) = (self.id_of(member), device(number));
        Act::DeviceAdded {
            member,
            device: device.card(),
            consent: device_consent(&device, &self.charter.id(), &member),
        }
    }

    /// Takes what another desk has.
    pub fn hears(&mut self, other: &Self) {
        for bytes in &other.said {
            if self.charter.insert(bytes) == Ok(komuz_seal::charter::Inserted::Added) {
                self.said.push(bytes.clone());
            }
        }
    }

    /// The id of the member with this number; the founder's is random.
    pub fn id_of(&self, number: u8) -> MemberId {
        match number {
            0 => founded().0.members()[0].id,
            _ => MemberId([number; 16]),
        }
    }

    pub fn removed(&self, number: u8) -> Act {
        self.removed_at(number, Cuts::none())
    }

    pub fn removed_at(&self, number: u8, cuts: Cuts) -> Act {
        Act::Removed {
            member: self.id_of(number),
            cuts,
        }
    }

    pub fn role_changed(&self, number: u8, role: Role) -> Act {
        Act::RoleChanged {
            member: self.id_of(number),
            role,
            cuts: Cuts::none(),
        }
    }

    pub fn is_in(&self, number: u8) -> bool {
        self.charter.member_of(&device(number).id()).is_some()
    }

    pub fn role_of(&self, number: u8) -> Option<Role> {
        self.charter.member_of(&device(number).id()).map(|member| member.role)
    }

    pub fn outlets(&self) -> Vec<String> {
        self.charter.outlets().into_iter().map(|card| card.id.clone()).collect()
    }

    pub fn heads(&self, number: u8) -> Vec<Digest> {
        self.charter.heads(&device(number).id())
    }

    /// What becomes of an envelope of this device.
    pub fn fate(&self, number: u8, counter: u64, heads: &[Digest]) -> Result<Role, Refusal> {
        self.fate_of(number, &body(), counter, &envelope(counter), heads)
    }

    pub fn fate_of(
        &self,
        number: u8,
        doc: &DocId,
        counter: u64,
        id: &EnvelopeId,
        heads: &[Digest],
    ) -> Result<Role, Refusal> {
        let written = Written {
            log: &LOG,
            doc,
            device: &device(number).id(),
            session: session(number),
            counter,
            id,
            heads,
        };
        match self.charter.fate(&written) {
            Fate::Counts { member, .. } => Ok(member.role),
            Fate::Refused(why) => Err(why),
            waits => panic!("{waits:?}"),
        }
    }
}

pub fn expelled(outlet: &str) -> Act {
    Act::Expelled {
        outlet: outlet.into(),
        cuts: Cuts::none(),
    }
}

/// The log of all envelopes here.
pub const LOG: LogId = LogId([7; 32]);

pub fn body() -> DocId {
    DocId::Body {
        story: "story".into(),
        lang: "ky".into(),
    }
}

pub fn notes() -> DocId {
    DocId::Notes {
        story: "story".into(),
        lang: "ky".into(),
    }
}

/// The session of a device.
pub fn session(number: u8) -> SessionId {
    SessionId::of(&device(number).id(), &Start([1; 16]))
}

/// The id of the envelope with this counter.
pub fn envelope(counter: u64) -> EnvelopeId {
    EnvelopeId([counter as u8; 32])
}

/// The cut of a device's session behind this envelope.
pub fn cut(number: u8, counter: u64) -> Cuts {
    cut_at(number, counter, envelope(counter))
}

pub fn cut_at(number: u8, counter: u64, envelope: EnvelopeId) -> Cuts {
    let mut cuts = Cuts::none();
    cuts.add(LOG, session(number), Cut { counter, envelope });
    cuts
}
