//! What members decide about each other: who goes, who becomes what, and what of a removed person's writing counts all the same.

use std::collections::BTreeSet;

use komuz_seal::bytes::{MemberId, PublicKey, SessionId};
use komuz_seal::charter::{Act, Cut, Cuts, Role};
use komuz_seal::doc::DocId;
use komuz_seal::envelope::Kind;

use super::log::{Log, Tail};
use super::rows::Standing;
use super::{CommandError, Moment, Output, Payload, Replica, fail, not_joined};

impl Replica {
    /// Cuts of all that some devices have written: for each session in a log up to where `end` says.
    fn cuts_at(&mut self, devices: &BTreeSet<PublicKey>, end: impl Fn(&Log, SessionId) -> Option<Cut>) -> Cuts {
        let mut cuts = Cuts::none();
        for (log_id, session) in self.sessions_of(devices) {
            let cut = self.logs.get(&log_id).and_then(|log| end(log, session));
            if let Some(cut) = cut {
                cuts.add(log_id, session, cut);
            }
        }
        cuts
    }

    /// Up to where what some devices have written counts: all of it that is here.
    fn cuts_of(&mut self, devices: &BTreeSet<PublicKey>) -> Cuts {
        self.cuts_at(devices, |log, session| {
            let Tail { counter, id: envelope } = *log.tails.get(&session)?;
            Some(Cut { counter, envelope })
        })
    }

    /// Says something in the charter with its cuts; what of them does not fit one entry follows.
    fn say(&mut self, cuts: Cuts, act: impl FnOnce(Cuts) -> Act, m: &mut Moment<'_>) -> Result<(), CommandError> {
        self.me.as_ref().ok_or_else(not_joined)?;
        self.may_write()?;
        let mut pieces = cuts.in_pieces().into_iter();
        let first = act(pieces.next().unwrap_or_default());
        let acts = core::iter::once(first).chain(pieces.map(|cuts| Act::Extended { cuts }));
        let mut entries = Vec::new();
        for act in acts {
            let Some((_, bytes)) = self.charter.act(&self.device, act) else {
                // The rest of the cuts: whoever went by themselves says no more after that.
                if !entries.is_empty() {
                    break;
                }
                return Err(fail(
                    "no-right",
                    "this is not yours to decide: an editor decides about the people of their own outlet who came after \
                     them, and all other outlets together about one",
                ));
            };
            entries.push(Payload { bytes, ends: None });
        }
        // Also of somebody whose last word it is.
        let log = self.log_to_write(&DocId::Charter)?;
        self.seal_in(log, Kind::Charter, entries, m)?;
        self.out.push(Output::Charter);
        self.look_for_me(m);
        self.judges_again = true;
        Ok(())
    }

    pub(super) fn say_removed(&mut self, member: &MemberId, m: &mut Moment<'_>) -> Result<(), CommandError> {
        let member = *member;
        let cuts = self.cuts_of(&self.charter.devices_of(&member));
        self.say(cuts, |cuts| Act::Removed { member, cuts }, m)?;
        self.renew(m)
    }

    pub(super) fn say_role(&mut self, member: &MemberId, role: Role, m: &mut Moment<'_>) -> Result<(), CommandError> {
        let member = *member;
        let cuts = self.cuts_of(&self.charter.devices_of(&member));
        self.say(cuts, |cuts| Act::RoleChanged { member, role, cuts }, m)?;
        self.hand_over(&self.charter.devices_in(&member), m)
    }

    pub(super) fn say_device_removed(&mut self, device: &PublicKey, m: &mut Moment<'_>) -> Result<(), CommandError> {
        let device = *device;
        let cuts = self.cuts_of(&[device].into());
        self.say(cuts, |cuts| Act::DeviceRemoved { device, cuts }, m)?;
        self.renew(m)
    }

    fn cuts_of_outlet(&mut self, outlet: &str) -> Cuts {
        let members = self.charter.members().into_iter();
        let devices = members
            .filter(|member| member.outlet == outlet)
            .flat_map(|member| self.charter.devices_of(&member.id))
            .collect();
        self.cuts_of(&devices)
    }

    pub(super) fn say_expelled(&mut self, outlet: &str, m: &mut Moment<'_>) -> Result<(), CommandError> {
        let outlet = outlet.to_owned();
        let cuts = self.cuts_of_outlet(&outlet);
        self.say(cuts, |cuts| Act::Expelled { outlet, cuts }, m)?;
        self.renew(m)
    }

    pub(super) fn say_parted(&mut self, m: &mut Moment<'_>) -> Result<(), CommandError> {
        let outlet = self.me.as_ref().ok_or_else(not_joined)?.member.outlet.clone();
        let cuts = self.cuts_of_outlet(&outlet);
        self.say(cuts, |cuts| Act::Parted { outlet, cuts }, m)
    }

    pub(super) fn say_counts(&mut self, member: &MemberId, m: &mut Moment<'_>) -> Result<(), CommandError> {
        // The last of each session that is here.
        let cuts = self.cuts_at(&self.charter.devices_of(member), |log, session| {
            let stored = log.stored.iter();
            let cut = stored.filter(|(_, stored)| {
                let row = &stored.row;
                row.session == session && row.standing == Standing::Cut
            });
            let (counter, envelope) = cut.map(|(id, stored)| (stored.row.counter, *id)).max()?;
            Some(Cut { counter, envelope })
        });
        if cuts == Cuts::none() {
            return Err(fail(
                "nothing-aside",
                "nothing that they have written is left aside here",
            ));
        }
        self.say(cuts, |cuts| Act::Extended { cuts }, m)
    }

    /// How many envelopes of a member do not count.
    pub(super) fn count_aside(&self, member: &MemberId) -> usize {
        let devices = self.charter.devices_of(member);
        let of = |session: &SessionId| self.writers.get(session).is_some_and(|writer| devices.contains(writer));
        let stored = self.logs.values().flat_map(|log| log.stored.values());
        stored
            .filter(|stored| stored.row.standing == Standing::Cut && of(&stored.row.session))
            .count()
    }
}
