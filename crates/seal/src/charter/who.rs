//! Who is in and who was, as those are shown it who decide about them.

use super::{Act, Charter, MemberCard, OutletCard};
use crate::bytes::{MemberId, PublicKey};

impl Charter {
    /// Members who were in and are in no more, in the order in which they came, with the roles that they had.
    pub fn members_out(&self) -> Vec<MemberCard> {
        let view = self.view();
        let is_out = |id: &MemberId| {
            let place = view.person(id).filter(|place| view.counts(*place))?;
            view.member(id).is_none().then_some(place)
        };
        let mut places: Vec<usize> = self.people.keys().filter_map(is_out).collect();
        places.sort_by_key(|place| self.order(*place));
        places.into_iter().filter_map(|place| view.card_of(place)).collect()
    }

    /// The card of an outlet that is in or was; none when it has never been.
    pub fn outlet(&self, id: &str) -> Option<&OutletCard> {
        let view = self.view();
        let place = self.outlets.get(id)?.iter().find(|place| view.counts(**place))?;
        self.nodes[*place].entry.act.outlet()
    }

    /// A member's devices that are in, in the order in which they came.
    pub fn devices_in(&self, member: &MemberId) -> Vec<PublicKey> {
        let view = self.view();
        let Some(person) = view.member(member) else {
            return Vec::new();
        };
        let of_member = |device: &PublicKey| {
            let who = view.active(device).filter(|who| who.member == person)?;
            Some((self.order(who.device), *device))
        };
        let mut devices: Vec<_> = self.devices.keys().filter_map(of_member).collect();
        devices.sort_unstable();
        devices.into_iter().map(|(_, device)| device).collect()
    }

    /// The outlets (ids) of which an editor has voted that another one goes, as far as that vote stands.
    pub fn votes(&self, outlet: &str) -> Vec<String> {
        let view = self.view();
        let votes = self.departures.get(outlet).into_iter().flatten().copied();
        let votes = votes
            .filter(|place| view.stands.has(*place) && matches!(self.nodes[*place].entry.act, Act::Expelled { .. }));
        let voters = votes.filter_map(|place| self.nodes[self.member_behind(place)?].entry.act.member());
        let mut voters: Vec<String> = voters.map(|card| card.outlet.clone()).collect();
        voters.sort_unstable();
        voters.dedup();
        voters
    }
}
