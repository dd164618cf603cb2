//! Asks about this device and who is in: founding, joining, entering, inviting, leaving.

use komuz_messages::{Answer, OutletCard, Server, Trouble};
use komuz_release::time;
use komuz_sync::Replica;
use komuz_sync::replica::{self, CommandError, Founding, Invitation, Joining};
use komuz_sync::seal::bytes::{Digest, from_hex};
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::invite::{Invite, InviteError};

use super::room::Room;
use super::tabs::Said;
use super::trouble::{because, command, trouble};
use super::{Engine, cards};
use crate::Output;

impl Engine {
    /// Founds an investigation and opens it.
    pub(super) fn found(
        &mut self,
        title: String,
        outlet: OutletCard,
        name: String,
        server: Server,
    ) -> Result<Answer, Trouble> {
        let founding = Founding {
            title,
            outlet: cards::to_charter(outlet)?,
            name,
            server: cards::server(server),
        };
        let (replica, outputs) = Replica::found(founding, self.hands.now, self.hands.entropy()).map_err(command)?;
        let id = self.hands.id("i-");
        let room = Room::fresh(id.clone(), replica, outputs, &mut self.hands);
        self.listing.keep(&room, &mut self.hands);
        self.rooms.insert(id.clone(), room);
        self.show_room(&id);
        Ok(Answer::Entered { investigation: id })
    }

    /// Reads an invitation.
    pub(super) fn read_invite(&self, text: &str) -> Result<Answer, Trouble> {
        let invite = self.invitation(text)?;
        Ok(Answer::Invite {
            new_outlet: invite.outlet.is_none(),
            outlet: invite.outlet_name,
            role: invite.role.name().to_owned(),
            title: invite.title,
            expires: rfc3339(invite.expires),
            member: invite.member.map(|(_, name)| name).unwrap_or_default(),
        })
    }

    fn invitation(&self, text: &str) -> Result<Invite, Trouble> {
        let invite = Invite::from_text(text).map_err(|error| match error {
            // What is no invitation at all begins with any byte.
            InviteError::Version(1..16) => trouble("invite-newer", error),
            error => trouble("invite-unreadable", error),
        })?;
        if invite.has_ended(self.hands.now) {
            return Err(trouble("invite-ended", "This invitation has ended: ask for a new one."));
        }
        Ok(invite)
    }

    /// Uses an invitation and waits.
    pub(super) fn join(
        &mut self,
        text: String,
        mut outlet: OutletCard,
        name: String,
        server: Option<Server>,
    ) -> Result<Answer, Trouble> {
        let invite = self.invitation(&text)?;
        if let Some(id) = invite.outlet {
            outlet.id = id;
            outlet.name = invite.outlet_name;
        }
        let joining = Joining {
            fragment: text,
            outlet: cards::to_charter(outlet)?,
            name,
            server: server.filter(|server| !server.url.is_empty()).map(cards::server),
        };
        let (replica, outputs) = Replica::join(joining, self.hands.now, self.hands.entropy()).map_err(command)?;
        let id = self.hands.id("i-");
        let room = Room::fresh(id.clone(), replica, outputs, &mut self.hands);
        self.listing.keep(&room, &mut self.hands);
        let joining = komuz_messages::Joining {
            title: room.replica.title().to_owned(),
            code: room.replica.joining_code().unwrap_or_default(),
        };
        self.rooms.insert(id, room);
        Ok(Answer::Joining(joining))
    }

    /// Opens an investigation of this device; one that is open shows itself again.
    pub(super) fn enter(&mut self, ask: u32, investigation: String) -> Result<Option<Answer>, Trouble> {
        if self.rooms.get(&investigation).is_some_and(|room| !room.joining) {
            self.show_room(&investigation);
            return Ok(Some(Answer::Done));
        }
        if !self
            .listing
            .investigations(|_| 0)
            .iter()
            .any(|listed| listed.id == investigation)
        {
            return Err(trouble(
                "no-investigation",
                "There is no such investigation on this device.",
            ));
        }
        self.load_room(investigation, Some(ask));
        Ok(None)
    }

    /// Makes an invitation.
    pub(super) fn invite(&mut self, outlet: &str, role: &str) -> Result<Answer, Trouble> {
        let role = Role::from_name(role).ok_or_else(|| trouble("role", format!("There is no role {role:?}.")))?;
        self.make_invitation(|replica, now, entropy| replica.invite(outlet, role, now, entropy))
    }

    /// Makes an invitation for one more device of one's own.
    pub(super) fn invite_device(&mut self) -> Result<Answer, Trouble> {
        self.make_invitation(Replica::invite_device)
    }

    fn make_invitation(
        &mut self,
        make: impl FnOnce(
            &mut Replica,
            u64,
            &mut dyn FnMut(&mut [u8]),
        ) -> Result<(Invitation, Vec<replica::Output>), CommandError>,
    ) -> Result<Answer, Trouble> {
        let (room, hands) = self.room()?;
        let (invitation, outputs) = make(&mut room.replica, hands.now, hands.entropy()).map_err(command)?;
        room.drive(outputs, hands);
        Ok(Answer::Invitation {
            fragment: invitation.fragment,
            expires: rfc3339(invitation.expires),
        })
    }

    /// Admits somebody.
    pub(super) fn confirm(&mut self, request: &str) -> Result<(), Trouble> {
        let id = request_id(request)?;
        let (room, hands) = self.room()?;
        room.command(hands, |replica, hands| replica.confirm(&id, hands.now, hands.entropy()))
    }

    /// Turns somebody away.
    pub(super) fn refuse(&mut self, request: &str) -> Result<(), Trouble> {
        let id = request_id(request)?;
        let (room, hands) = self.room()?;
        room.command(hands, |replica, hands| replica.refuse(&id, hands.now, hands.entropy()))
    }

    /// Deletes everything of this device.
    pub(super) fn leave(&mut self, ask: u32) {
        self.empty();
        self.leaving = Some(ask);
        self.hands.push(Output::ToTabs(Said::Left.to_bytes()));
        self.hands.push(Output::Erase);
    }

    /// Everything is deleted.
    pub(super) fn erased(&mut self, remains: Vec<String>) {
        let remains = remains.into_iter().map(|why| because("drafts-remain", why)).collect();
        self.views.forget();
        if let Some(ask) = self.leaving.take() {
            self.hands.answer(ask, Ok(Answer::Left { remains }));
        }
    }
}

fn request_id(text: &str) -> Result<Digest, Trouble> {
    from_hex(text)
        .and_then(|bytes| Digest::from_slice(&bytes))
        .ok_or_else(|| trouble("no-request", "Nobody with this request waits any more."))
}

/// A time in milliseconds since 1970, as the page reads it.
pub(super) fn rfc3339(ms: u64) -> String {
    time::format((ms / 1000) as i64)
}
