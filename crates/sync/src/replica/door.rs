//! How somebody gets in: invitations, requests, and what the invited person's own replica does until it is a member.

use komuz_seal::bytes::{Digest, EnvelopeId, EpochId, InviteId, LogId, PublicKey};
use komuz_seal::cbor::{CborError, Reader, Writer};
use komuz_seal::charter::{Act, OutletCard, Role};
use komuz_seal::derive::append_key;
use komuz_seal::device::DeviceCard;
use komuz_seal::doc::DocId;
use komuz_seal::envelope::Kind;
use komuz_seal::epoch::EpochKey;
use komuz_seal::invite::{
    Declined, DeviceRequest, DoorMessage, Invite, LIFETIME, MAX_SERVERS, Request as Admission, Terms, Welcome,
};

use super::intake::Origin;
use super::link::{Connection, Link};
use super::log::{Log, Purpose};
use super::rows;
use super::{
    CommandError, Invitation, Me, Moment, OpenInvitation, Output, RefusedJoin, RelayId, Replica, Request, Server, fail,
};
use crate::frame::ClientFrame;

/// How long an address may be, in bytes.
const MAX_URL: usize = 512;
/// How many doors of one device are opened with a member's ticket at a time, and of all devices.
const MAX_DOORS_OF_DEVICE: usize = 16;
const MAX_DOORS: usize = 256;
/// How far a door's end may lie beyond an invitation's life, for clocks that differ, in milliseconds.
const SKEW: u64 = 60 * 60 * 1000;
/// Version of an address in an envelope; the first byte.
const SERVER_VERSION: u8 = 1;

/// An address as members tell it each other.
pub(super) fn server_bytes(url: &str) -> Vec<u8> {
    Writer::versioned(SERVER_VERSION).text(url).finish()
}

fn read_server(bytes: &[u8]) -> Result<String, CborError> {
    let (version, mut r) = Reader::versioned(bytes, 4096)?;
    if version != SERVER_VERSION {
        return Err(CborError::NotAllowed(0));
    }
    let url = r.text(MAX_URL)?.to_owned();
    r.end()?;
    Ok(url)
}

/// What whoever has used an invitation asks for.
enum Asked {
    /// To be let in.
    Person(Box<Admission>),
    /// To be one more device of this member's.
    Device(DeviceRequest),
}

impl Asked {
    /// What a message asks for, when it is what the invitation gives.
    fn of(message: DoorMessage, invite: &Invite) -> Option<Self> {
        match message {
            DoorMessage::Request(request) if request.fits(invite) => Some(Self::Person(request)),
            DoorMessage::Device(request) if request.fits(invite) => Some(Self::Device(request)),
            _ => None,
        }
    }

    fn device(&self) -> &DeviceCard {
        match self {
            Self::Person(request) => request.device(),
            Self::Device(request) => &request.device,
        }
    }
}

/// An invitation that this device has made.
#[derive(Debug)]
pub(super) struct MyInvite {
    pub(super) invite: Invite,
    /// Somebody came in by it or its request was turned down: it does nothing any more.
    pub(super) used: bool,
}

/// A join that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) invite: Invite,
    /// Id of the request at the door.
    pub(super) request: EnvelopeId,
    pub(super) server: Option<(String, String)>,
    pub(super) refused: bool,
}

/// A door that a member without a ticket wants opened at a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Door {
    /// The member's device.
    device: PublicKey,
    url: String,
    log: LogId,
    reader: PublicKey,
    registrar: PublicKey,
    epoch: EpochId,
    expires: u64,
}

impl Door {
    fn write(&self) -> Vec<u8> {
        Writer::versioned(1)
            .array(6)
            .text(&self.url)
            .bytes(&self.log.0)
            .bytes(&self.reader.0)
            .bytes(&self.registrar.0)
            .bytes(&self.epoch.0)
            .uint(self.expires)
            .finish()
    }

    fn read(device: PublicKey, bytes: &[u8]) -> Result<Self, CborError> {
        let (version, mut r) = Reader::versioned(bytes, 4096)?;
        if version != 1 {
            return Err(CborError::NotAllowed(0));
        }
        r.array(6)?;
        let door = Self {
            device,
            url: r.text(MAX_URL)?.to_owned(),
            log: r.fixed()?,
            reader: r.fixed()?,
            registrar: r.fixed()?,
            epoch: r.fixed()?,
            expires: r.uint()?,
        };
        r.end()?;
        Ok(door)
    }
}

/// Whether a text is a server's origin.
pub(super) fn is_origin(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '#', '?', '@', ' ']))
        && url.len() <= MAX_URL
        && url.is_ascii()
}

impl Replica {
    pub(super) fn editor(&self) -> Result<&Me, CommandError> {
        let me = self.me.as_ref().ok_or_else(super::not_joined)?;
        if me.member.role != Role::Editor {
            return Err(fail(
                "not-an-editor",
                "only an editor may do this: ask one of your outlet",
            ));
        }
        Ok(me)
    }

    pub(super) fn make_invite(
        &mut self,
        outlet: &str,
        role: Role,
        m: &mut Moment<'_>,
    ) -> Result<Invitation, CommandError> {
        let own = self.editor()?.member.outlet.clone();
        self.may_write()?;
        let name = outlet.trim();
        if name.is_empty() || name.len() > komuz_seal::charter::MAX_TEXT {
            return Err(fail("outlet-name", "say the outlet's name, in fewer than 500 letters"));
        }
        let known = self
            .charter
            .outlets()
            .into_iter()
            .find(|card| card.id == name || card.name == name)
            .cloned();
        let outlet = match known {
            Some(card) if card.id == own => Some(card),
            Some(card) => {
                let sentence = format!("{} invites its own people: ask an editor there", card.name);
                return Err(fail("other-outlet", &sentence));
            }
            None if role != Role::Editor => {
                return Err(fail(
                    "first-is-editor",
                    "the first person of an outlet joins as an editor",
                ));
            }
            None => None,
        };
        let terms = Terms {
            charter: self.charter.id(),
            inviter: self.device.id(),
            relay: String::new(),
            outlet: outlet.as_ref().map(|card| card.id.clone()),
            outlet_name: outlet.map_or_else(|| name.to_owned(), |card| card.name),
            role,
            title: self.charter.title().to_owned(),
            member: None,
        };
        self.open_invite(terms, m)
    }

    pub(super) fn make_device_invite(&mut self, m: &mut Moment<'_>) -> Result<Invitation, CommandError> {
        let me = self.me.as_ref().ok_or_else(super::not_joined)?.member.clone();
        self.may_write()?;
        let name = self.charter.outlet(&me.outlet).map(|card| card.name.clone());
        let terms = Terms {
            charter: self.charter.id(),
            inviter: self.device.id(),
            relay: String::new(),
            outlet_name: name.unwrap_or_default(),
            outlet: Some(me.outlet),
            role: me.role,
            title: self.charter.title().to_owned(),
            member: Some((me.id, me.name)),
        };
        self.open_invite(terms, m)
    }

    /// Makes an invitation at a server, with its door.
    fn open_invite(&mut self, mut terms: Terms, m: &mut Moment<'_>) -> Result<Invitation, CommandError> {
        // The door must be opened at a server: best at one of which this device has the ticket, or else one that is up.
        let link = self
            .links
            .iter()
            .min_by_key(|link| (link.ticket.is_none() || link.bad_ticket, !link.is_up()))
            .ok_or_else(|| fail("no-server", "the investigation has no server at which to meet"))?;
        let (url, has_ticket) = (link.url.clone(), link.ticket.is_some());
        terms.relay.clone_from(&url);
        let invite = Invite::new(terms, m.wall, m.entropy);
        let invitation = Invitation {
            id: invite.id(),
            fragment: invite.to_text(),
            expires: invite.expires,
        };
        if !has_ticket {
            let keys = invite.door();
            let door = Door {
                device: self.device.id(),
                url,
                log: keys.id,
                reader: keys.reader.public(),
                registrar: keys.registrar.public(),
                epoch: keys.epoch,
                expires: invite.expires,
            };
            self.seal_one(Kind::Doors, door.write(), m)?;
        }
        rows::put_invite(&mut self.rows, &invite.id(), &invite.to_bytes(), false);
        let door = invite.door().id;
        self.add_invite(invite, false);
        self.spread(door, m);
        Ok(invitation)
    }

    /// Keeps an invitation and its door's log.
    pub(super) fn add_invite(&mut self, invite: Invite, used: bool) {
        self.add_door(&invite);
        self.invites.insert(invite.id(), MyInvite { invite, used });
    }

    pub(super) fn add_door(&mut self, invite: &Invite) {
        let keys = invite.door();
        let append = append_key(&self.device, &keys.epoch);
        let purpose = Purpose::Door {
            invite: invite.id(),
            url: invite.relay.clone(),
        };
        self.logs.insert(keys.id, Log::new(purpose, keys, append));
    }

    /// Something lies at a door.
    pub(super) fn take_at_door(&mut self, log_id: LogId, id: EnvelopeId, m: &mut Moment<'_>) {
        let Some(log) = self.logs.get(&log_id) else {
            return;
        };
        let (Purpose::Door { invite, .. }, Some(stored)) = (&log.purpose, log.stored.get(&id)) else {
            return;
        };
        if let Some(waiting) = &self.waiting {
            match DoorMessage::open(&stored.row.sealed, &waiting.invite) {
                Ok(DoorMessage::Welcome(welcome)) if welcome.request.0 == waiting.request.0 => self.enter(&welcome, m),
                Ok(DoorMessage::Refusal { request, why }) if request.0 == waiting.request.0 => {
                    self.turn_away(match why {
                        Declined::TurnedDown => RefusedJoin::TurnedDown,
                        Declined::TakenBack => RefusedJoin::TakenBack,
                        Declined::Used => RefusedJoin::Used,
                    });
                }
                // One's own request, another's, or what cannot be read: of no consequence here.
                _ => {}
            }
            return;
        }
        let Some(mine) = self.invites.get(invite) else {
            return;
        };
        if let Some(request) = self.request_of(mine, id, m.wall) {
            self.out.push(Output::Request(request));
        } else if self.is_used(mine) {
            // Whoever comes second, or after it was taken back, is told so at once.
            let invite = mine.invite.clone();
            self.turn_down(&invite, id, m);
        }
    }

    /// Tells whoever has left a request that it comes to nothing, and why.
    fn turn_down(&mut self, invite: &Invite, id: EnvelopeId, m: &mut Moment<'_>) {
        let mut why = match self.charter.has_used(&invite.id()) {
            true => Declined::Used,
            false => Declined::TakenBack,
        };
        let mut is_request = false;
        let log = self.logs.get(&invite.door().id);
        for (lies, stored) in log.into_iter().flat_map(|log| &log.stored) {
            match DoorMessage::open(&stored.row.sealed, invite) {
                Ok(DoorMessage::Request(_) | DoorMessage::Device(_)) => is_request |= *lies == id,
                // What was answered was used; a word that it was taken back is no answer to anybody.
                Ok(DoorMessage::Refusal {
                    why: Declined::TakenBack,
                    ..
                }) => {}
                Ok(_) => why = Declined::Used,
                Err(_) => {}
            }
        }
        if is_request {
            let request = Digest(id.0);
            self.answer(invite, &DoorMessage::Refusal { request, why }, m);
        }
    }

    /// The invitations of this device that somebody may still use.
    pub(super) fn open_invites(&self) -> Vec<OpenInvitation> {
        let open = self
            .invites
            .values()
            .filter(|mine| !self.is_used(mine) && !mine.invite.has_ended(self.wall));
        open.map(|mine| OpenInvitation {
            invitation: Invitation {
                id: mine.invite.id(),
                fragment: mine.invite.to_text(),
                expires: mine.invite.expires,
            },
            outlet: mine.invite.outlet_name.clone(),
            role: mine.invite.role,
            is_device: mine.invite.member.is_some(),
        })
        .collect()
    }

    pub(super) fn take_back(&mut self, id: &InviteId, m: &mut Moment<'_>) -> Result<(), CommandError> {
        let Some(mine) = self.invites.get(id) else {
            return Err(fail("no-invite", "there is no such invitation on this device"));
        };
        let invite = mine.invite.clone();
        if self.is_used(mine) {
            return Err(fail("invite-used", "this invitation was used already"));
        }
        if let Some(mine) = self.invites.get_mut(id) {
            mine.used = true;
        }
        rows::put_invite(&mut self.rows, id, &invite.to_bytes(), true);
        let log = self.logs.get(&invite.door().id);
        let there: Vec<EnvelopeId> = log.into_iter().flat_map(|log| log.stored.keys().copied()).collect();
        for request in there {
            self.turn_down(&invite, request, m);
        }
        Ok(())
    }

    /// Whether an invitation does nothing any more: it was answered here, or somebody came in by it elsewhere.
    fn is_used(&self, mine: &MyInvite) -> bool {
        mine.used || self.charter.has_used(&mine.invite.id())
    }

    /// Takes an invitation that another session of this device has made or answered.
    pub(super) fn learn_invite(&mut self, invite: Invite, used: bool, m: &mut Moment<'_>) {
        if let Some(mine) = self.invites.get_mut(&invite.id()) {
            mine.used |= used;
            return;
        }
        let door = invite.door().id;
        self.add_invite(invite, used);
        self.spread(door, m);
    }

    /// Another session of this device has forgotten an invitation that has ended.
    pub(super) fn forget_invite(&mut self, id: &[u8]) {
        if let Some(mine) = InviteId::from_slice(id).and_then(|id| self.invites.remove(&id)) {
            self.drop_door(&mine.invite);
        }
    }

    /// The request that lies at a door under this id, when it is one that can be answered.
    fn request_of(&self, mine: &MyInvite, id: EnvelopeId, now: u64) -> Option<Request> {
        if self.is_used(mine) || mine.invite.has_ended(now) {
            return None;
        }
        let stored = self.logs.get(&mine.invite.door().id)?.stored.get(&id)?;
        let asked = Asked::of(DoorMessage::open(&stored.row.sealed, &mine.invite).ok()?, &mine.invite)?;
        let code = mine.invite.code(asked.device());
        let is_device = matches!(asked, Asked::Device(_));
        let (name, outlet) = match asked {
            Asked::Person(request) => (
                request.admitted.member.name,
                request
                    .outlet
                    .or_else(|| self.outlet_in(&request.admitted.member.outlet)),
            ),
            Asked::Device(_) => {
                let me = &self.me.as_ref()?.member;
                (me.name.clone(), self.outlet_in(&me.outlet))
            }
        };
        Some(Request {
            id: Digest(id.0),
            invite: mine.invite.id(),
            code,
            name,
            outlet: outlet?,
            role: mine.invite.role,
            is_device,
        })
    }

    fn outlet_in(&self, id: &str) -> Option<OutletCard> {
        self.charter.outlets().into_iter().find(|card| card.id == id).cloned()
    }

    /// All requests that can be answered.
    pub(super) fn all_requests(&self, now: u64) -> Vec<Request> {
        let mut requests = Vec::new();
        for mine in self.invites.values() {
            let Some(log) = self.logs.get(&mine.invite.door().id) else {
                continue;
            };
            requests.extend(log.stored.keys().filter_map(|id| self.request_of(mine, *id, now)));
        }
        requests
    }

    fn find_request(&self, request: &Digest) -> Result<(InviteId, LogId), CommandError> {
        let id = EnvelopeId(request.0);
        self.invites
            .iter()
            .find_map(|(invite, mine)| {
                let log = mine.invite.door().id;
                self.logs.get(&log)?.stored.contains_key(&id).then_some((*invite, log))
            })
            .ok_or_else(|| fail("no-request", "there is no such request on this device"))
    }

    pub(super) fn confirm_request(&mut self, id: &Digest, m: &mut Moment<'_>) -> Result<(), CommandError> {
        let (invite_id, log_id) = self.find_request(id)?;
        // Everybody decides about their own devices.
        match self.invites[&invite_id].invite.member {
            Some(_) => self.me.as_ref().ok_or_else(super::not_joined)?,
            None => self.editor()?,
        };
        self.may_write()?;
        let current = self.current.and_then(|epoch| self.keys.get(&epoch)).cloned();
        let epoch = current.ok_or_else(|| {
            fail(
                "no-key",
                "somebody who is in no more has the key: wait until an editor's device has made a new one",
            )
        })?;
        let mine = &self.invites[&invite_id];
        if self.is_used(mine) {
            return Err(fail("invite-used", "this invitation was used already: make a new one"));
        }
        if mine.invite.has_ended(m.wall) {
            return Err(fail("invite-ended", "this invitation has ended: make a new one"));
        }
        let invite = mine.invite.clone();
        let sealed = self.logs.get(&log_id).and_then(|log| log.stored.get(&EnvelopeId(id.0)));
        let message = sealed.and_then(|stored| DoorMessage::open(&stored.row.sealed, &invite).ok());
        let asked = message.and_then(|message| Asked::of(message, &invite));
        let asked = asked.ok_or_else(|| fail("no-request", "there is no such request on this device"))?;
        let card = *asked.device();
        // A key that nothing can be sealed to must not get into the charter: the entry's id is bound below, this is a trial.
        epoch
            .wrap(&Digest([0; 32]), &card, m.entropy)
            .map_err(|why| fail("bad-device", &why.to_string()))?;
        let Some((entry, bytes)) = self.admit(asked) else {
            return Err(fail(
                "no-effect",
                "this person cannot be let in: the outlet's short name is taken, or the invitation was used",
            ));
        };
        let epoch = epoch
            .wrap(&entry, &card, m.entropy)
            .map_err(|why| fail("bad-device", &why.to_string()))?;
        let mut servers: Vec<String> = self.links.iter().map(|link| link.url.clone()).collect();
        servers.truncate(MAX_SERVERS);
        let welcome = Welcome {
            request: *id,
            entry,
            epoch,
            servers,
        };
        self.seal_one(Kind::Charter, bytes, m)?;
        self.hand_over(&[card.sign], m)?;
        self.answer(&invite, &DoorMessage::Welcome(welcome), m);
        self.out.push(Output::Charter);
        Ok(())
    }

    /// Writes into the charter what lets somebody in.
    fn admit(&mut self, asked: Asked) -> Option<(Digest, Vec<u8>)> {
        match asked {
            Asked::Person(request) => {
                let Admission { admitted, outlet } = *request;
                self.charter.admit(&self.device, outlet.as_ref(), admitted)
            }
            Asked::Device(DeviceRequest {
                member,
                device,
                consent,
            }) => {
                let act = Act::DeviceAdded {
                    member,
                    device,
                    consent,
                };
                self.charter.act(&self.device, act)
            }
        }
    }

    pub(super) fn refuse_request(&mut self, id: &Digest, m: &mut Moment<'_>) -> Result<(), CommandError> {
        let (invite_id, _) = self.find_request(id)?;
        let mine = &self.invites[&invite_id];
        if self.is_used(mine) {
            return Err(fail("invite-used", "this invitation was answered already"));
        }
        let invite = mine.invite.clone();
        let why = Declined::TurnedDown;
        self.answer(&invite, &DoorMessage::Refusal { request: *id, why }, m);
        Ok(())
    }

    /// Leaves an answer at the door; the invitation is used by it.
    fn answer(&mut self, invite: &Invite, message: &DoorMessage, m: &mut Moment<'_>) {
        if let Some(mine) = self.invites.get_mut(&invite.id()) {
            mine.used = true;
        }
        rows::put_invite(&mut self.rows, &invite.id(), &invite.to_bytes(), true);
        let sealed = message.seal(invite, &self.device, m.entropy);
        self.take(invite.door().id, &sealed, Origin::Here, m);
    }

    /// The welcome is here: the epoch's key, and with it the logs.
    fn enter(&mut self, welcome: &Welcome, m: &mut Moment<'_>) {
        if self.epoch.is_some() {
            return;
        }
        match EpochKey::unwrap(&welcome.epoch, &welcome.entry, &self.device) {
            Ok(epoch) => self.epoch = Some(epoch),
            Err(why) => {
                self.out
                    .push(Output::Trouble(format!("The welcome cannot be opened: {why}.")));
                return;
            }
        }
        for url in &welcome.servers {
            self.add_link(url, None, m);
        }
        self.put_me();
        self.add_document(&DocId::Charter, m);
        self.take_epochs(m);
    }

    /// Whether the charter says by now what this device is.
    pub(super) fn look_for_me(&mut self, m: &mut Moment<'_>) {
        let device = self.device.id();
        if let Some(me) = &mut self.me {
            if let Some(member) = self.charter.member_of(&device) {
                me.member = member;
            }
            return;
        }
        let Some(member) = self.charter.member_of(&device) else {
            if self.charter.was_removed(&device) {
                self.turn_away(RefusedJoin::Removed);
            } else if self.charter.has_let_in(&device) {
                self.turn_away(RefusedJoin::Used);
            }
            return;
        };
        // The invitation pins the charter, the charter the epoch: a key that is not this one's would be another's logs.
        let given = self.epoch.as_ref().map(EpochKey::id);
        if !self.charter.epochs().iter().any(|epoch| Some(epoch.epoch) == given) {
            self.out.push(Output::Trouble(
                "The key that came with the welcome is not the charter's.".to_owned(),
            ));
            return;
        }
        self.me = Some(Me {
            device: self.device.id(),
            member,
            session: self.session,
        });
        // Also when a damaged row of the charter comes again and tells this device once more what it is.
        self.out.push(Output::Joined);
        let Some(waiting) = self.waiting.take() else {
            return;
        };
        self.drop_door(&waiting.invite);
        self.put_me();
        if let Some((url, ticket)) = waiting.server {
            let server = Server {
                url,
                ticket: Some(ticket).filter(|ticket| !ticket.is_empty()),
            };
            if let Err(why) = self.put_server(&server, m) {
                self.out.push(Output::Trouble(why.sentence));
            }
        }
    }

    fn turn_away(&mut self, why: RefusedJoin) {
        if let Some(waiting) = &mut self.waiting
            && !core::mem::replace(&mut waiting.refused, true)
        {
            self.out.push(Output::Refused(why));
        }
    }

    /// Ends what has ended: a join that nobody confirmed in time, or that somebody confirmed who was out by then; invitations that
    /// nobody used.
    pub(super) fn close_doors(&mut self, now: u64) {
        // What the inviter said in the charter may lie nowhere: its logs were closed to them.
        if let Some(waiting) = self.waiting.as_ref().filter(|waiting| !waiting.refused)
            && self.epoch.is_some()
            && self.charter.was_removed(&waiting.invite.inviter)
            && self.is_told()
        {
            self.turn_away(RefusedJoin::Removed);
        }
        if let Some(waiting) = &self.waiting
            && waiting.invite.has_ended(now)
            && self.epoch.is_none()
            // An answer may lie at the door: it is read first.
            && self.is_live_somewhere(&waiting.invite.door().id)
        {
            self.turn_away(RefusedJoin::Expired);
        }
        let ended: Vec<Invite> = self
            .invites
            .values()
            .filter(|mine| mine.invite.has_ended(now) && !self.is_unsent(&mine.invite.door().id))
            .map(|mine| mine.invite.clone())
            .collect();
        for invite in ended {
            self.forget_door(&invite);
        }
    }

    /// A server knows nothing of a door. When it has ended only this device's own ticket opens it again there: otherwise nothing
    /// comes or goes by it any more.
    pub(super) fn lose_door(&mut self, relay: RelayId, log: &LogId) {
        let Some(Purpose::Door { invite, .. }) = self.logs.get(log).map(|log| &log.purpose) else {
            return;
        };
        let opens = self.links.get(relay.0 as usize);
        let opens = opens.is_some_and(|link| link.ticket.is_some() && !link.bad_ticket);
        let mine = self.invites.get(invite).map(|mine| mine.invite.clone());
        match (mine, &self.waiting) {
            (Some(invite), _) if !opens && invite.has_ended(self.wall) => self.forget_door(&invite),
            (None, Some(waiting)) if self.epoch.is_none() && waiting.invite.has_ended(self.wall) => {
                self.turn_away(RefusedJoin::Expired);
            }
            _ => {}
        }
    }

    fn forget_door(&mut self, invite: &Invite) {
        self.invites.remove(&invite.id());
        self.rows.delete(rows::INVITES, invite.id().0.to_vec());
        self.drop_door(invite);
    }

    fn is_live_somewhere(&self, log: &LogId) -> bool {
        self.links.iter().any(|link| {
            link.lines
                .get(log)
                .is_some_and(|line| line.phase == super::link::Phase::Live && line.has_all())
        })
    }

    fn is_unsent(&self, log: &LogId) -> bool {
        self.links
            .iter()
            .any(|link| link.lines.get(log).is_some_and(|line| !line.unsent.is_empty()))
    }

    /// Forgets a door and its rows.
    fn drop_door(&mut self, invite: &Invite) {
        let id = invite.door().id;
        let Some(log) = self.logs.remove(&id) else {
            return;
        };
        for envelope in log.stored.keys() {
            self.rows.delete(rows::ENVELOPES, rows::envelope_key(&id, envelope));
            self.alone.remove(envelope);
        }
        for link in &mut self.links {
            if let Some(line) = link.lines.remove(&id) {
                self.rows.delete(rows::CURSORS, rows::cursor_key(&link.url, &id));
                for envelope in line.unsent.ids() {
                    self.rows
                        .delete(rows::UNSENT, rows::unsent_key(&link.url, &id, envelope));
                }
            }
        }
    }

    /// Adds a server, or a ticket to one that is known. Members learn its address from the charter's log.
    pub(super) fn put_server(&mut self, server: &Server, m: &mut Moment<'_>) -> Result<(), CommandError> {
        if !is_origin(&server.url) {
            return Err(fail(
                "server-address",
                "a server's address is like https://desk.outlet.example, without a path",
            ));
        }
        let known = self.links.iter().any(|link| link.url == server.url);
        if !known {
            self.editor()?;
            self.may_write()?;
        }
        self.add_link(&server.url, server.ticket.as_deref(), m);
        if !known {
            self.seal_one(Kind::Servers, server_bytes(&server.url), m)?;
        }
        Ok(())
    }

    /// Adds a link to a server; a ticket replaces the one that is known.
    pub(super) fn add_link(&mut self, url: &str, ticket: Option<&str>, m: &mut Moment<'_>) {
        if let Some(number) = self.links.iter().position(|link| link.url == url) {
            let link = &mut self.links[number];
            let Some(ticket) = ticket.filter(|ticket| link.ticket.as_deref() != Some(*ticket)) else {
                return;
            };
            link.ticket = Some(ticket.to_owned());
            link.bad_ticket = false;
            rows::put_server(&mut self.rows, url, Some(ticket));
            self.greet_absent(RelayId(number as u32));
            return;
        }
        if self.links.len() >= MAX_SERVERS || !is_origin(url) {
            return;
        }
        rows::put_server(&mut self.rows, url, ticket);
        self.links
            .push(Link::new(url.to_owned(), ticket.map(str::to_owned), m.now));
        let logs: Vec<LogId> = self.logs.keys().copied().collect();
        for log in logs {
            self.add_line(self.links.len() - 1, log, None, m.now);
        }
    }

    pub(super) fn take_servers(&mut self, urls: &[Vec<u8>], m: &mut Moment<'_>) {
        for url in urls.iter().filter_map(|bytes| read_server(bytes).ok()) {
            self.add_link(&url, None, m);
        }
    }

    /// Takes doors that a member wants opened: a few, and none for longer than an invitation lives. So a member can make
    /// another's ticket open some logs, and not fill a disk with them.
    pub(super) fn take_doors(&mut self, device: &PublicKey, doors: &[Vec<u8>], m: &mut Moment<'_>) {
        let now = m.wall;
        self.doors.retain(|door| door.expires > now);
        // Everybody who is in may ask for one: for a further device of their own.
        let doors = if self.charter.member_of(device).is_some() {
            doors
        } else {
            &[]
        };
        for door in doors.iter().filter_map(|bytes| Door::read(*device, bytes).ok()) {
            let good = (now + 1..=now.saturating_add(LIFETIME + SKEW)).contains(&door.expires);
            let of_device = self.doors.iter().filter(|other| other.device == *device).count();
            let room = of_device < MAX_DOORS_OF_DEVICE && self.doors.len() < MAX_DOORS;
            if good && room && !self.doors.contains(&door) {
                self.doors.push(door);
            }
        }
        for number in 0..self.links.len() {
            self.open_doors(RelayId(number as u32), m);
        }
    }

    /// Opens at a relay what members without its ticket have asked for.
    pub(super) fn open_doors(&mut self, relay: RelayId, m: &mut Moment<'_>) {
        self.doors.retain(|door| door.expires > m.wall);
        let Some(link) = self.links.get(relay.0 as usize) else {
            return;
        };
        let (Some(ticket), Connection::Up { .. }) = (&link.ticket, link.connection) else {
            return;
        };
        for door in self.doors.iter().filter(|door| door.url == link.url) {
            let frame = ClientFrame::Open {
                log: door.log,
                ticket: ticket.clone(),
                reader: door.reader,
                registrar: door.registrar,
                epoch: door.epoch,
            };
            self.out.push(Output::Send {
                relay,
                bytes: frame.encode(),
            });
        }
    }
}
