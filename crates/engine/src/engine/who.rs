//! Asks about who is in: taking people out, giving roles, letting count what was left aside.

use komuz_messages::{Answer, OwnWords, Trouble, WhoMember, WhoOutlet, WhoView};
use komuz_sync::Replica;
use komuz_sync::replica::{CommandError, Output};
use komuz_sync::seal::bytes::{MemberId, PublicKey, from_hex, to_hex};
use komuz_sync::seal::charter::Role;

use super::Engine;
use super::trouble::trouble;

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

    /// Who is in, and one's own words that do not count.
    pub(super) fn who(&mut self) -> Result<Answer, Trouble> {
        let (room, _) = self.room()?;
        let replica = &room.replica;
        let me = replica.me().map(|me| me.member.clone());
        let me = me.ok_or_else(|| trouble("not-joined", "An editor has not admitted you yet."))?;
        let all = replica.members();
        let out = !all.iter().any(|member| member.id == me.id);
        let is_editor = !out && me.role == Role::Editor;
        let first = all
            .iter()
            .find(|member| member.outlet == me.outlet && member.role == Role::Editor);
        let may_part = is_editor && first.is_some_and(|first| first.id == me.id);
        // Whoever came later may be taken out: an editor stands above all who came into the outlet after them.
        let mut later = false;
        let mut members = Vec::new();
        for member in all {
            let mine = is_editor && later && member.outlet == me.outlet;
            later |= member.id == me.id;
            members.push(WhoMember {
                id: to_hex(&member.id.0),
                aside: u32::try_from(replica.aside(&member.id)).unwrap_or(u32::MAX),
                name: member.name,
                outlet: member.outlet,
                role: member.role.name().to_owned(),
                mine,
            });
        }
        let outlets = replica.outlets();
        // All others, at least two, take one out.
        let may_expel = is_editor && outlets.len() > 2;
        let outlets = outlets.into_iter().map(|outlet| WhoOutlet {
            may_expel: may_expel && outlet.id != me.outlet,
            id: outlet.id,
            name: outlet.name,
        });
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
            words: words.collect(),
        })))
    }
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
