//! Who is in and who was, as the charter says.

use std::collections::BTreeSet;

use komuz_seal::bytes::{MemberId, PublicKey, SessionId};
use komuz_seal::charter::{MemberCard, OutletCard};

use super::Replica;

impl Replica {
    /// Members who were in and are in no more, in the order in which they came.
    pub fn members_out(&self) -> Vec<MemberCard> {
        self.charter.members_out()
    }

    /// The card of an outlet that is in or was; none when it has never been.
    pub fn outlet(&self, id: &str) -> Option<OutletCard> {
        self.charter.outlet(id).cloned()
    }

    /// A member's devices that are in, in the order in which they came.
    pub fn devices_of(&self, member: &MemberId) -> Vec<PublicKey> {
        self.charter.devices_in(member)
    }

    /// The outlets (ids) that have voted that another one goes.
    pub fn votes(&self, outlet: &str) -> Vec<String> {
        self.charter.votes(outlet)
    }

    /// The sessions, with their devices, of what this member has written on other devices, as far as it is here; without those
    /// of devices that are in no more where this one is the member's first that is in. So when words are to be entered again,
    /// each device answers for its own and one for those of lost ones.
    pub fn written_elsewhere(&mut self) -> BTreeSet<(PublicKey, SessionId)> {
        let Some(me) = &self.me else {
            return BTreeSet::new();
        };
        let (own, member) = (self.device.id(), me.member.id);
        let within = self.charter.devices_in(&member);
        let mut others = match within.first() == Some(&own) {
            true => within.into_iter().collect(),
            false => self.charter.devices_of(&member),
        };
        others.remove(&own);
        if others.is_empty() {
            return BTreeSet::new();
        }
        let sessions = self.sessions_of(&others).into_iter();
        sessions
            .filter_map(|(_, session)| Some((*self.writers.get(&session)?, session)))
            .collect()
    }
}
