//! Asks about who is in: invitations, devices, taking people out, giving roles, letting count what was left aside.

use komuz_messages::{Answer, OwnWords, Trouble, WhoDevice, WhoInvite, WhoMember, WhoOutlet, WhoView};
use komuz_sync::Replica;
use komuz_sync::replica::{CommandError, Output};
use komuz_sync::seal::bytes::{InviteId, MemberId, PublicKey, from_hex, to_hex};
use komuz_sync::seal::charter::{MemberCard, OutletCard, Role};

use super::device::rfc3339;
use super::trouble::trouble;
use super::{Engine, cards};

impl Engine {
    /// Decides something about who is in.
    pub(super) fn decide(
        &mut self,
        decision: impl FnOnce(&mut Replica, u64, &mut dyn FnMut(&mut [u8])) -> Result<Vec<Output>, CommandError>,
    ) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        // What was written until now counts: it is sealed before its end is named.
        room.seal(hands);
        room.command(hands, |replica, hands| decision(replica, hands.now, hands.entropy()))
    }

    /// Who is in and who was, what waits for one's word, and one's own words that do not count.
    pub(super) fn who(&mut self) -> Result<Answer, Trouble> {
        let (room, _) = self.room()?;
        let replica = &room.replica;
        let here = replica.me();
        let here = here.ok_or_else(|| trouble("not-joined", "An editor has not admitted you yet."))?;
        let me = &here.member;
        let all = replica.members();
        let out = replica.may_write().is_err_and(|why| why.code != "needs-update");
        let is_editor = !out && me.role == Role::Editor;
        let is_first = |member: &&MemberCard| member.outlet == me.outlet && member.role == Role::Editor;
        let may_part = is_editor && all.iter().find(is_first).is_some_and(|first| first.id == me.id);
        let in_it = replica.outlets();
        // All others that have an editor, at least two, take one out.
        let voters: Vec<&OutletCard> = in_it
            .iter()
            .filter(|card| {
                all.iter()
                    .any(|member| member.outlet == card.id && member.role == Role::Editor)
            })
            .collect();
        let outlets = in_it.iter().map(|card| {
            let votes = replica.votes(&card.id);
            let has_voted = |outlet: &str| votes.iter().any(|vote| vote == outlet);
            // Votes that did not know of each other complete nothing: then one of them is said again.
            let is_open = !has_voted(&me.outlet) || voters.iter().all(|one| one.id == card.id || has_voted(&one.id));
            let names = in_it.iter().filter(|card| has_voted(&card.id));
            WhoOutlet {
                may_expel: is_editor && in_it.len() > 2 && card.id != me.outlet && is_open,
                id: card.id.clone(),
                name: card.name.clone(),
                voted: names.map(|card| card.name.clone()).collect(),
            }
        });
        // Whoever came later may be taken out: an editor stands above all who came into the outlet after them.
        let mut later = false;
        let members = all.iter().map(|card| {
            let mine = is_editor && later && card.outlet == me.outlet;
            later |= card.id == me.id;
            let devices = replica.devices_of(&card.id).into_iter().map(|device| WhoDevice {
                code: code(&device),
                here: device == here.device,
                id: to_hex(&device.0),
            });
            WhoMember {
                devices: devices.collect(),
                ..one(replica, card, mine)
            }
        });
        let members = members.collect();
        // Of who is out the own outlet's editors decide, and of an outlet that is out everybody else's.
        let gone = replica.members_out().into_iter().map(|card| {
            let is_in = in_it.iter().any(|outlet| outlet.id == card.outlet);
            let may = is_editor && (card.outlet == me.outlet || !is_in);
            let outlet = replica.outlet(&card.outlet).map(|outlet| outlet.name);
            WhoMember {
                outlet: outlet.unwrap_or_default(),
                ..one(replica, &card, may)
            }
        });
        let invites = replica.invitations().into_iter().map(|open| WhoInvite {
            id: to_hex(&open.invitation.id.0),
            outlet: open.outlet,
            role: open.role.name().to_owned(),
            expires: rfc3339(open.invitation.expires),
            is_device: open.is_device,
            fragment: open.invitation.fragment,
        });
        let requests = replica.requests().into_iter().filter(|request| request.is_device);
        let words = room.own_aside().map(|(key, edition, texts)| OwnWords {
            key: key.to_owned(),
            edition,
            texts: texts.to_vec(),
        });
        Ok(Answer::Who(Box::new(WhoView {
            me: to_hex(&me.id.0),
            out,
            may_part,
            outlets: outlets.collect(),
            members,
            gone: gone.filter(|member| member.aside > 0).collect(),
            invites: invites.collect(),
            requests: requests.map(cards::request).collect(),
            words: words.collect(),
        })))
    }
}

/// A member, without devices.
fn one(replica: &Replica, card: &MemberCard, mine: bool) -> WhoMember {
    WhoMember {
        id: to_hex(&card.id.0),
        aside: u32::try_from(replica.aside(&card.id)).unwrap_or(u32::MAX),
        name: card.name.clone(),
        outlet: card.outlet.clone(),
        role: card.role.name().to_owned(),
        mine,
        devices: Vec::new(),
    }
}

/// What people tell a device by: `3FA2 91C0`.
fn code(device: &PublicKey) -> String {
    let digits = to_hex(&device.0[..4]).to_uppercase();
    format!("{} {}", &digits[..4], &digits[4..])
}

/// An invitation's id from the page.
pub(super) fn invite(text: &str) -> Result<InviteId, Trouble> {
    let id = from_hex(text).and_then(|bytes| InviteId::from_slice(&bytes));
    id.ok_or_else(|| trouble("no-invite", "There is no such invitation."))
}

/// A member's id from the page.
pub(super) fn member(text: &str) -> Result<MemberId, Trouble> {
    let id = from_hex(text).and_then(|bytes| MemberId::from_slice(&bytes));
    id.ok_or_else(|| trouble("no-member", "There is no such member."))
}

/// A device's id from the page.
pub(super) fn device(text: &str) -> Result<PublicKey, Trouble> {
    let id = from_hex(text).and_then(|bytes| PublicKey::from_slice(&bytes));
    id.ok_or_else(|| trouble("no-member", "There is no such device."))
}

/// A role from the page.
pub(super) fn role(name: &str) -> Result<Role, Trouble> {
    Role::from_name(name).ok_or_else(|| trouble("role", format!("There is no role {name:?}.")))
}
