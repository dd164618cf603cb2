//! Who may say what: whether an entry has an effect, decided from its causal past alone.

use super::act::has_device_consent;
use super::evaluate::{Rights, Stage, View, Who};
use super::graph::Places;
use super::{Act, Admitted, Charter, Entry, MemberCard, Role, Rotation};
use crate::bytes::PublicKey;
use crate::wrap::can_be_sealed_to;

impl Charter {
    /// On what an entry's right rests in this past, of which this is what stands; none when it has no effect.
    pub(super) fn rights(&self, entry: &Entry, past: &Places, view: &View<'_>) -> Option<Rights> {
        if let Act::Founded {
            outlet, member, device, ..
        } = &entry.act
        {
            let good = entry.charter.is_none()
                && entry.heads.is_empty()
                && entry.author == device.sign
                && outlet.is_complete()
                && member.outlet == outlet.id
                && member.role == Role::Editor
                && can_be_sealed_to(device);
            return good.then_some(Rights {
                author: None,
                as_editor: true,
                stage: Stage::Rest,
                ballot: Vec::new(),
            });
        }
        let author = view.active(&entry.author)?;
        let asks = Asks {
            charter: self,
            view,
            past,
            author: &author,
            card: self.card(&author)?,
        };
        let (as_editor, stage) = asks.right(&entry.act)?;
        if as_editor && author.role != Role::Editor {
            return None;
        }
        let ballot = match &entry.act {
            Act::Expelled { outlet, .. } => asks.ballot(outlet),
            _ => Vec::new(),
        };
        Some(Rights {
            author: Some(author),
            as_editor,
            stage,
            ballot,
        })
    }

    /// The card that somebody came in with.
    pub(super) fn card(&self, who: &Who) -> Option<&MemberCard> {
        self.nodes[who.member].entry.act.member()
    }
}

/// What an author asks to do, on top of what they know.
struct Asks<'a> {
    charter: &'a Charter,
    view: &'a View<'a>,
    past: &'a Places,
    author: &'a Who,
    card: &'a MemberCard,
}

impl Asks<'_> {
    /// Whether an act may be done by an editor alone, and at which stage it counts; none when it may not be done.
    fn right(&self, act: &Act) -> Option<(bool, Stage)> {
        let if_so = |good: bool, as_editor, stage| good.then_some((as_editor, stage));
        match act {
            Act::OutletJoined { outlet, admitted } => {
                let good = outlet.is_complete()
                    && admitted.member.outlet == outlet.id
                    && admitted.member.role == Role::Editor
                    && !self.has_joined(&outlet.id)
                    && self.is_new(admitted)
                    && admitted.has_consent(&self.charter.founding, Some(outlet));
                if_so(good, true, Stage::Rest)
            }
            Act::MemberAdded { admitted } => {
                let good = admitted.member.outlet == self.card.outlet
                    && self.is_new(admitted)
                    && admitted.has_consent(&self.charter.founding, None);
                if_so(good, true, Stage::Rest)
            }
            Act::Removed { member, .. } => {
                let target = self.view.person(member)?;
                let own = target == self.author.member;
                // Somebody who went by themselves may still be removed, and so be cut by others' words.
                let by_another = self
                    .view
                    .removals(member)
                    .any(|place| self.charter.member_behind(place) != Some(target));
                if_so(own || (self.outranks(target) && !by_another), !own, Stage::Inside)
            }
            Act::RoleChanged { member, role, .. } => {
                let target = self.view.member(member)?;
                let now = self.view.role(target).0;
                let own = target == self.author.member;
                let stage = if *role < now { Stage::Inside } else { Stage::Rest };
                let good = *role != now && if own { *role < now } else { self.outranks(target) };
                if_so(good, !own, stage)
            }
            Act::DeviceAdded {
                member,
                device,
                consent,
            } => {
                let good = self.card.id == *member
                    && !self.is_among(self.charter.devices.get(&device.sign))
                    && has_device_consent(&self.charter.founding, member, device, consent)
                    && can_be_sealed_to(device);
                if_so(good, false, Stage::Rest)
            }
            Act::DeviceRemoved { device, .. } => {
                let owner = self.view.active(device)?.member;
                let own = owner == self.author.member;
                if_so(own || self.outranks(owner), !own, Stage::Inside)
            }
            Act::Expelled { outlet, .. } => {
                let expelled = self
                    .view
                    .departures(outlet)
                    .any(|place| matches!(self.charter.nodes[place].entry.act, Act::Expelled { .. }));
                let good = *outlet != self.card.outlet && self.has_joined(outlet) && !expelled;
                if_so(good, true, Stage::Outlets)
            }
            Act::Parted { outlet, .. } => {
                let good = *outlet == self.card.outlet && self.is_first();
                if_so(good, true, Stage::Outlets)
            }
            Act::Extended { .. } => if_so(true, true, Stage::Rest),
            Act::Rotated(rotation) => if_so(self.may_rotate(rotation), true, Stage::Rest),
            Act::Founded { .. } | Act::Later { .. } => None,
        }
    }

    fn is_among(&self, list: Option<&Vec<usize>>) -> bool {
        list.is_some_and(|list| list.iter().any(|place| self.past.has(*place)))
    }

    /// Whether member, device and invitation are new to this past: what was removed does not come back.
    fn is_new(&self, admitted: &Admitted) -> bool {
        let charter = self.charter;
        !self.is_among(charter.people.get(&admitted.member.id))
            && !self.is_among(charter.devices.get(&admitted.device.sign))
            && !self.is_among(charter.invites.get(&admitted.invite))
            && can_be_sealed_to(&admitted.device)
    }

    /// Whether an outlet of this id has ever been in.
    fn has_joined(&self, outlet: &str) -> bool {
        let list = self.charter.outlets.get(outlet).into_iter().flatten();
        list.copied().any(|place| self.view.counts(place))
    }

    /// Whether the author, an editor, ranks above a member of the own outlet.
    fn outranks(&self, target: usize) -> bool {
        let Some(card) = self.charter.nodes[target].entry.act.member() else {
            return false;
        };
        let (role, grants) = self.view.role(target);
        let of_target = Who {
            device: target,
            member: target,
            role,
            grants,
        };
        self.author.role == Role::Editor
            && card.outlet == self.card.outlet
            && self.charter.rank(self.author) < self.charter.rank(&of_target)
    }

    /// Whether the author is the highest-ranked editor of the own outlet.
    fn is_first(&self) -> bool {
        let outlet = &self.card.outlet;
        let editors = self.editors();
        editors
            .iter()
            .filter(|(_, of)| of == outlet)
            .all(|(place, _)| *place == self.author.member || self.outranks(*place))
    }

    /// Editors who are in, with their outlets.
    fn editors(&self) -> Vec<(usize, String)> {
        let members = self.view.members();
        let editors = members.into_iter().filter(|card| card.role == Role::Editor);
        editors
            .filter_map(|card| Some((self.view.member(&card.id)?, card.outlet)))
            .collect()
    }

    /// The outlets that have to agree when another goes: all that are in and have somebody who could.
    fn ballot(&self, expelled: &str) -> Vec<String> {
        let mut outlets: Vec<String> = self.editors().into_iter().map(|(_, outlet)| outlet).collect();
        outlets.sort_unstable();
        outlets.dedup();
        outlets.retain(|outlet| outlet != expelled);
        outlets
    }

    fn may_rotate(&self, rotation: &Rotation) -> bool {
        let charter = self.charter;
        let used = |place: &usize| match &charter.nodes[*place].entry.act {
            Act::Founded { epoch, .. } => *epoch == rotation.epoch,
            Act::Rotated(known) => known.epoch == rotation.epoch,
            _ => false,
        };
        let follows = |epoch| rotation.previous.iter().any(|(known, _)| *known == epoch);
        !charter.epochs.iter().filter(|place| self.past.has(**place)).any(used)
            && charter.epoch_tips(self.past).into_iter().all(follows)
            && rotation.is_for(&self.view.devices())
    }
}

impl Charter {
    /// The member whose device wrote an entry, by what the entry knew.
    pub(super) fn member_behind(&self, place: usize) -> Option<usize> {
        let rights = self.nodes[place].rights.as_ref()?;
        rights.author.as_ref().map(|author| author.member)
    }

    /// The device that wrote an entry.
    pub(super) fn device_behind(&self, place: usize) -> PublicKey {
        self.nodes[place].entry.author
    }
}
