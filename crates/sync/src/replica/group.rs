//! What members decide about each other: who goes, who becomes what, and what of a removed person's writing counts all the same.

use std::collections::{BTreeMap, BTreeSet};

use komuz_seal::bytes::{LogId, MemberId, PublicKey, SessionId};
use komuz_seal::charter::{Act, Cut, Cuts, Role};
use komuz_seal::envelope::Kind;

use super::rows::Standing;
use super::{CommandError, Moment, Output, Payload, Replica, fail, not_joined};
use komuz_seal::doc::DocId;

impl Replica {
    /// Up to where what some devices have written counts: all of it that is here.
    fn cuts_of(&mut self, devices: &BTreeSet<PublicKey>) -> Cuts {
        let mut cuts = Cuts::none();
        for (log_id, session) in self.sessions_of(devices) {
            let tail = self.logs.get(&log_id).and_then(|log| log.tails.get(&session));
            if let Some(tail) = tail {
                let (counter, envelope) = (tail.counter, tail.id);
                cuts.add(log_id, session, Cut { counter, envelope });
            }
        }
        cuts
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
        self.seal_kind(&DocId::Charter, Kind::Charter, entries, m)?;
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
        self.say(cuts, |cuts| Act::RoleChanged { member, role, cuts }, m)
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

    /// Of what a member has written and does not count: the last of each session that is here.
    fn cut_off(&mut self, member: &MemberId) -> BTreeMap<(LogId, SessionId), Cut> {
        let mut ends = BTreeMap::new();
        for (log_id, session) in self.sessions_of(&self.charter.devices_of(member)) {
            let Some(log) = self.logs.get(&log_id) else {
                continue;
            };
            let cut = log.stored.iter().filter(|(_, stored)| {
                let row = &stored.row;
                row.session == session && row.standing == Standing::Cut
            });
            let last = cut.map(|(id, stored)| (stored.row.counter, *id)).max();
            if let Some((counter, envelope)) = last {
                ends.insert((log_id, session), Cut { counter, envelope });
            }
        }
        ends
    }

    pub(super) fn say_counts(&mut self, member: &MemberId, m: &mut Moment<'_>) -> Result<(), CommandError> {
        let mut cuts = Cuts::none();
        for ((log, session), cut) in self.cut_off(member) {
            cuts.add(log, session, cut);
        }
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
