//! What becomes of an envelope: by what its writer knew, and by the entries that are known here.

use std::collections::BTreeSet;

use thiserror::Error;

use super::evaluate::{View, Who};
use super::graph::Places;
use super::{Act, Charter, Cut, MemberCard, Role};
use crate::bytes::{Digest, EnvelopeId, LogId, PublicKey, SessionId};
use crate::doc::DocId;
use crate::envelope::Statement;

/// An envelope, as far as its fate depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// The log that it lies in.
    pub log: &'a LogId,
    /// The document that it is of.
    pub doc: &'a DocId,
    /// Who signed it.
    pub device: &'a PublicKey,
    /// The session; a hash of the device and its start.
    pub session: SessionId,
    /// Its number in the session.
    pub counter: u64,
    /// Its id.
    pub id: &'a EnvelopeId,
    /// The heads of the charter that its writer knew.
    pub heads: &'a [Digest],
}

impl<'a> Written<'a> {
    /// What an opened envelope says of itself.
    pub fn of(log: &'a LogId, doc: &'a DocId, id: &'a EnvelopeId, statement: &'a Statement) -> Self {
        Self {
            log,
            doc,
            device: &statement.device,
            session: statement.session(),
            counter: statement.counter,
            id,
            heads: &statement.charter,
        }
    }
}

/// What becomes of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It counts.
    Counts {
        /// Who wrote it, in the role of then.
        member: MemberCard,
        /// Where the session's writing was cut since, if it was: of two envelopes of one number that counts which leads to it.
        cut: Option<Cut>,
    },
    /// It waits for an entry that is not here.
    Waits(Digest),
    /// It waits for a later version of Komuz, which understands what its writer knew.
    WaitsForUpdate,
    /// It does not count.
    Refused(Refusal),
}

/// Why an envelope does not count. Each may change while entries come that its writer did not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nobody has let the device in, as far as the writer knew.
    #[error("whoever wrote it was not a member as far as they knew")]
    Stranger,
    /// The device was let in by somebody who could not: they had been removed, or another came first by the same invitation.
    #[error("whoever wrote it was let in by somebody who had no right to it any more")]
    LetInWithoutRight,
    /// The writer knew that they were out.
    #[error("whoever wrote it knew that they were removed")]
    Removed,
    /// The role does not write to this document.
    #[error("its writer may not write there as {}", .0.name())]
    Role(Role),
    /// The writer did not know that they had lost the right, and it is beyond the cut. An editor may extend that
    /// ([`Act::Extended`]).
    #[error("its writer was removed or given another role, and it is not among what was there by then")]
    BeyondCut(Option<Cut>),
}

impl Charter {
    /// The devices of which something that they have written may not count, by what is known here: their own right or that of
    /// whoever gave it to them was taken, or given anew after it was taken. Of all others everything counts that their role of
    /// then may write; so of these alone [`Self::fate`] is to be asked again when entries come.
    pub fn contested(&self) -> BTreeSet<PublicKey> {
        if self.forces == Places::default() {
            return BTreeSet::new();
        }
        let all = self.view();
        let falls = |list: Option<&Vec<usize>>| list.into_iter().flatten().any(|place| !all.stands.has(*place));
        let touched = |device: &PublicKey, lets_in: &Vec<usize>| {
            falls(Some(lets_in))
                || all.unplugged(device).next().is_some()
                || lets_in.iter().any(|place| {
                    let act = &self.nodes[*place].entry.act;
                    let member = match act {
                        Act::DeviceAdded { member, .. } => Some(member),
                        _ => act.member().map(|card| &card.id),
                    };
                    member.is_some_and(|member| {
                        let roles = self.roles.get(member);
                        let outlet = all
                            .person(member)
                            .and_then(|place| self.nodes[place].entry.act.member())
                            .map(|card| card.outlet.as_str());
                        falls(self.people.get(member))
                            || falls(roles)
                            || roles.into_iter().flatten().any(|place| self.is_lesser(*place))
                            || all.removals(member).next().is_some()
                            || outlet.is_none_or(|outlet| all.departures(outlet).next().is_some())
                    })
                })
        };
        let devices = self.devices.iter();
        devices
            .filter(|(device, lets_in)| touched(device, lets_in))
            .map(|(device, _)| *device)
            .collect()
    }

    /// Whose a device is or was, by all that is known; none when nobody counts as having let it in.
    pub fn person_of(&self, device: &PublicKey) -> Option<MemberCard> {
        let all = self.view();
        all.card_of(all.known(device)?.member)
    }

    /// Whether a device was taken out, its member or its outlet: by all that is known it was in, and is in no more. It is also out
    /// where what let it in does not stand, since whoever did so was taken out.
    pub fn was_removed(&self, device: &PublicKey) -> bool {
        let all = self.view();
        let by_who_is_out = || {
            let mut let_in = self.devices.get(device).into_iter().flatten();
            let_in.any(|place| {
                let entry = &self.nodes[*place].entry;
                matches!(entry.act, Act::DeviceAdded { .. }) || all.active(&entry.author).is_none()
            })
        };
        all.active(device).is_none() && (all.known(device).is_some() || by_who_is_out())
    }

    /// What becomes of an envelope. It depends on what its writer knew and on the entries that are known here, not on when
    /// either came.
    ///
    /// Below a cut the session's own chain decides which of two envelopes of one number counts: what leads by `previous` to the
    /// cut's envelope ([`Fate::Counts`] names it).
    pub fn fate(&self, written: &Written<'_>) -> Fate {
        if let Some(missing) = written.heads.iter().find(|head| !self.knows(&[**head])) {
            return Fate::Waits(*missing);
        }
        let among = self.closure(written.heads);
        if among.meets(&self.later) {
            return Fate::WaitsForUpdate;
        }
        match self.judged(written, &among) {
            Ok((member, cut)) => Fate::Counts { member, cut },
            Err(why) => Fate::Refused(why),
        }
    }

    fn judged(&self, written: &Written<'_>, among: &Places) -> Result<(MemberCard, Option<Cut>), Refusal> {
        let all = self.all();
        let knew = View::new(self, all).within(among);
        let who = knew.known(written.device).ok_or_else(|| {
            let let_in = self.devices.get(written.device).into_iter().flatten();
            if let_in.clone().any(|place| among.has(*place)) {
                Refusal::LetInWithoutRight
            } else {
                Refusal::Stranger
            }
        })?;
        let card = self.card(&who).ok_or(Refusal::Stranger)?;
        if !who.role.may_write(written.doc) {
            return Err(Refusal::Role(who.role));
        }
        let all = View::new(self, all);
        let limits = self.taken_from(&all, card, written, among);
        let mut cut = None;
        if !limits.is_empty() {
            cut = self.cut_of(&all, &who, card, written, &limits);
            if !cut.is_some_and(|cut| cut.takes(written.counter, written.id)) {
                let knew = limits.iter().any(|place| among.has(*place));
                return Err(if knew {
                    Refusal::Removed
                } else {
                    Refusal::BeyondCut(cut)
                });
            }
        }
        let member = MemberCard {
            role: who.role,
            ..card.clone()
        };
        Ok((member, cut))
    }

    /// What has taken from somebody the right to write this, by all that is known: removals, and lesser roles that the writer
    /// did not know.
    fn taken_from(&self, all: &View<'_>, card: &MemberCard, written: &Written<'_>, among: &Places) -> Vec<usize> {
        let mut limits: Vec<usize> = all.removals(&card.id).collect();
        limits.extend(all.unplugged(written.device));
        limits.extend(all.departures(&card.outlet));
        let changes = self.roles.get(&card.id).into_iter().flatten().copied();
        limits.extend(changes.filter(|place| {
            let takes = match &self.nodes[*place].entry.act {
                Act::RoleChanged { role, .. } => !role.may_write(written.doc),
                _ => false,
            };
            takes && all.stands.has(*place) && !among.has(*place) && self.is_lesser(*place)
        }));
        limits
    }

    /// The farthest cut that counts for somebody's session in a log: of what has taken the right, of the votes that led to
    /// it, and of what was extended since. Of those who went by themselves their own word counts only while nobody else has
    /// removed them.
    fn cut_of(
        &self,
        all: &View<'_>,
        who: &Who,
        card: &MemberCard,
        written: &Written<'_>,
        limits: &[usize],
    ) -> Option<Cut> {
        let by_others = |place: &usize| {
            self.member_behind(*place) != Some(who.member) && self.device_behind(*place) != *written.device
        };
        let from_outside = |place: &usize| {
            let behind = self
                .member_behind(*place)
                .and_then(|member| self.nodes[member].entry.act.member());
            behind.is_some_and(|behind| behind.outlet != card.outlet)
        };
        let is_gone = limits.iter().any(|place| all.gone.has(*place));
        let mut says = limits.to_vec();
        if is_gone {
            let votes = self.departures.get(&card.outlet).into_iter().flatten().copied();
            says.extend(votes.filter(|place| all.stands.has(*place)));
        }
        if says.iter().any(by_others) {
            says.retain(by_others);
        }
        if is_gone && says.iter().any(from_outside) {
            says.retain(from_outside);
        }
        // Who has known of it, and may say so: the own outlet's editors, and of an outlet that is gone everybody else's.
        says.extend(self.extended.iter().copied().filter(|place| {
            let knew = |limit: &usize| self.nodes[*place].past.has(*limit);
            all.stands.has(*place) && by_others(place) && limits.iter().any(knew) && from_outside(place) == is_gone
        }));
        let of = |place: usize| self.nodes[place].entry.act.cuts()?.of(written.log, &written.session);
        says.into_iter().filter_map(of).reduce(Cut::farther)
    }
}
