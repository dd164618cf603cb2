//! What stands of a set of entries that holds everything its entries build on. It is the same for everybody who has the
//! set, in whatever order it came.
//!
//! First what outlets decide about their own people, whoever ranks higher first: so of two editors who remove each other at
//! once the higher-ranked stays. Then what outlets decide about outlets. Then all the rest, of which that stands whose author
//! still had the right, by what has been found, or wrote before whoever took it could know: what a removed member dates back
//! is not in the removal's past, and does not stand.

use std::collections::BTreeMap;

use super::graph::Places;
use super::{Act, Charter, MemberCard, OutletCard, Role};
use crate::bytes::{Digest, MemberId, PublicKey};
use crate::device::DeviceCard;

/// What stands of a set of entries.
#[derive(Debug, Clone, Default)]
pub(super) struct Verdict {
    pub(super) stands: Places,
    /// Of these, the expulsions that are complete and the partings.
    pub(super) gone: Places,
}

impl Verdict {
    /// Whether two say the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        let same = |one: &Places, other: &Places| one.covers(other) && other.covers(one);
        same(&self.stands, &other.stands) && same(&self.gone, &other.gone)
    }
}

/// On what the right to an entry rests, by its causal past.
#[derive(Debug, Clone)]
pub(super) struct Rights {
    /// Who wrote it; none of the founding entry.
    pub(super) author: Option<Who>,
    /// Whether only an editor may do it.
    pub(super) as_editor: bool,
    /// Whether it takes something from somebody in an outlet, or has an outlet go, or neither.
    pub(super) stage: Stage,
    /// For a vote: the outlets that all have to agree.
    pub(super) ballot: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Inside,
    Outlets,
    Rest,
}

/// Who a device is, as places of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Who {
    /// What lets the device in.
    pub(super) device: usize,
    /// What lets the member in.
    pub(super) member: usize,
    pub(super) role: Role,
    /// What makes the member an editor, the first in the order (depth, id) first; empty when the member is none.
    pub(super) grants: Vec<usize>,
}

/// Where somebody stands among those who take rights: editors by what made them editors, then all others by what let them in.
pub(super) type Rank = (bool, u64, Digest);

impl Charter {
    pub(super) fn order(&self, place: usize) -> (u64, Digest) {
        (self.nodes[place].depth, self.nodes[place].id)
    }

    pub(super) fn rank(&self, who: &Who) -> Rank {
        let (depth, id) = self.order(who.grants.first().copied().unwrap_or(who.member));
        (who.grants.is_empty(), depth, id)
    }

    /// What stands of a set of entries.
    pub(super) fn evaluate(&self, among: &Places) -> Verdict {
        let effective = among.common(&self.effective);
        if !among.meets(&self.forces) {
            return Verdict {
                stands: effective,
                gone: Places::default(),
            };
        }
        let mut judge = Judge::new(self);
        let mut verdict = Verdict::default();
        for (_, place) in self.inside.iter().filter(|(_, place)| among.has(*place)) {
            if judge.holds(*place) {
                judge.accept(*place);
                verdict.stands.add(*place);
            }
        }
        for place in self.leaving.iter().filter(|place| among.has(**place)) {
            if judge.holds(*place) && self.is_complete(*place, |vote| judge.holds(vote)) {
                judge.accept(*place);
                verdict.stands.add(*place);
                verdict.gone.add(*place);
            }
        }
        for place in effective.iter() {
            let stage = self.nodes[place].rights.as_ref().map(|rights| rights.stage);
            if stage != Some(Stage::Inside) && judge.holds(place) {
                verdict.stands.add(place);
            }
        }
        verdict
    }

    /// Whether an entry, with its past, takes an outlet out.
    pub(super) fn is_departure(&self, place: usize) -> bool {
        let node = &self.nodes[place];
        let leaves = node
            .rights
            .as_ref()
            .is_some_and(|rights| rights.stage == Stage::Outlets);
        leaves && self.is_complete(place, |vote| node.verdict.stands.has(vote))
    }

    /// Whether an entry gives a member a lesser role than they had.
    pub(super) fn is_lesser(&self, place: usize) -> bool {
        let node = &self.nodes[place];
        matches!(node.entry.act, Act::RoleChanged { .. })
            && node.rights.as_ref().is_some_and(|rights| rights.stage == Stage::Inside)
    }

    /// What stands for who knows these entries.
    pub(super) fn knowing(&self, heads: &[Digest]) -> View<'_> {
        let places: Vec<usize> = heads.iter().filter_map(|head| self.places.get(head).copied()).collect();
        let among = self.closure(heads);
        // Who has written the newest of them has known them all: that was evaluated when it came.
        let newest = places.iter().find(|place| {
            let mut past = self.nodes[**place].past.clone();
            past.add(**place);
            past.covers(&among)
        });
        let verdict = match newest {
            Some(place) => self.nodes[*place].verdict.clone(),
            None => self.evaluated(&among),
        };
        View::new(self, &verdict)
    }

    /// By all that is known.
    pub(super) fn view(&self) -> View<'_> {
        View::new(self, self.all())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Memo {
    Unknown,
    Asked,
    Holds,
    Fails,
}

/// Which entries hold, by the removals that were accepted so far.
struct Judge<'a> {
    charter: &'a Charter,
    memo: Vec<Memo>,
    accepted: Vec<usize>,
    /// What takes rights from members, devices and outlets.
    members: BTreeMap<MemberId, Vec<usize>>,
    devices: BTreeMap<PublicKey, Vec<usize>>,
    outlets: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Judge<'a> {
    fn new(charter: &'a Charter) -> Self {
        Self {
            charter,
            memo: vec![Memo::Unknown; charter.nodes.len()],
            accepted: Vec::new(),
            members: BTreeMap::new(),
            devices: BTreeMap::new(),
            outlets: BTreeMap::new(),
        }
    }

    fn accept(&mut self, place: usize) {
        match &self.charter.nodes[place].entry.act {
            Act::Removed { member, .. } | Act::RoleChanged { member, .. } => {
                self.members.entry(*member).or_default().push(place);
            }
            Act::DeviceRemoved { device, .. } => self.devices.entry(*device).or_default().push(place),
            Act::Expelled { outlet, .. } | Act::Parted { outlet, .. } => {
                self.outlets.entry(outlet).or_default().push(place);
            }
            _ => return,
        }
        self.memo.fill(Memo::Unknown);
        // What was accepted stays so: who comes later in this order takes it from nobody.
        self.accepted.push(place);
        for place in &self.accepted {
            self.memo[*place] = Memo::Holds;
        }
    }

    /// Whether an entry holds: it has an effect, what its right rests on holds, and nothing accepted has taken the right.
    fn holds(&mut self, place: usize) -> bool {
        // Without recursion: whoever wants may let in one after the other, thousands deep.
        let mut open = vec![place];
        let mut asked = Vec::new();
        while let Some(place) = open.pop() {
            if self.memo[place] != Memo::Unknown {
                continue;
            }
            self.memo[place] = Memo::Asked;
            asked.push(place);
            if let Some(Rights {
                author: Some(author),
                as_editor,
                ..
            }) = &self.charter.nodes[place].rights
            {
                open.push(author.device);
                open.extend(author.grants.iter().filter(|_| *as_editor));
            }
        }
        // What an entry rests on came before it.
        asked.sort_unstable();
        for place in asked {
            self.memo[place] = if self.decide(place) { Memo::Holds } else { Memo::Fails };
        }
        self.memo[place] == Memo::Holds
    }

    fn decide(&self, place: usize) -> bool {
        let Some(rights) = &self.charter.nodes[place].rights else {
            return false;
        };
        let Some(author) = &rights.author else {
            return true;
        };
        let grants: Vec<usize> = author
            .grants
            .iter()
            .copied()
            .filter(|grant| self.memo[*grant] == Memo::Holds)
            .collect();
        self.memo[author.device] == Memo::Holds
            && (!rights.as_editor || !grants.is_empty())
            && !self.is_hit(place, author, rights.as_editor, &grants)
    }

    /// Whether something accepted has taken the author's right, and could not know of this entry.
    fn is_hit(&self, place: usize, author: &Who, as_editor: bool, grants: &[usize]) -> bool {
        let nodes = &self.charter.nodes;
        let Some(card) = nodes[author.member].entry.act.member() else {
            return true;
        };
        let members = self.members.get(&card.id);
        let devices = self.devices.get(&nodes[place].entry.author);
        let outlets = self.outlets.get(card.outlet.as_str());
        [members, devices, outlets].into_iter().flatten().flatten().any(|by| {
            let unknown = *by != place && !nodes[*by].past.has(place);
            let takes = match nodes[*by].entry.act {
                // Somebody who was made an editor again knew of it.
                Act::RoleChanged { .. } => as_editor && !grants.iter().any(|grant| nodes[*grant].past.has(*by)),
                _ => true,
            };
            unknown && takes
        })
    }
}

impl Charter {
    /// Whether this is the vote that completes those of all outlets that have to agree; a parting needs nobody else.
    fn is_complete(&self, place: usize, mut counts: impl FnMut(usize) -> bool) -> bool {
        let node = &self.nodes[place];
        let (Act::Expelled { outlet, .. }, Some(rights)) = (&node.entry.act, &node.rights) else {
            return true;
        };
        let mut voters: Vec<&str> = Vec::new();
        for vote in self.departures.get(outlet).into_iter().flatten().copied() {
            let is_vote = matches!(self.nodes[vote].entry.act, Act::Expelled { .. });
            if is_vote && (vote == place || (node.past.has(vote) && counts(vote))) {
                let behind = self
                    .member_behind(vote)
                    .and_then(|member| self.nodes[member].entry.act.member());
                voters.extend(behind.map(|card| card.outlet.as_str()));
            }
        }
        voters.sort_unstable();
        voters.dedup();
        voters.len() >= 2 && rights.ballot.iter().all(|outlet| voters.contains(&outlet.as_str()))
    }
}

/// Who is in, by what stands of a set of entries.
#[derive(Debug, Clone)]
pub(super) struct View<'a> {
    charter: &'a Charter,
    pub(super) stands: Places,
    pub(super) gone: Places,
}

impl<'a> View<'a> {
    pub(super) fn new(charter: &'a Charter, verdict: &Verdict) -> Self {
        Self {
            charter,
            stands: verdict.stands.clone(),
            gone: verdict.gone.clone(),
        }
    }

    /// Of what stands, that which is among these.
    pub(super) fn within(&self, among: &Places) -> Self {
        Self {
            charter: self.charter,
            stands: self.stands.common(among),
            gone: self.gone.common(among),
        }
    }

    fn first(&self, list: Option<&Vec<usize>>) -> Option<usize> {
        list?.iter().copied().find(|place| self.stands.has(*place))
    }

    /// Whether an entry counts: it stands, and no other by the same invitation or of the same member comes before it.
    pub(super) fn counts(&self, place: usize) -> bool {
        let charter = self.charter;
        let is_first = |list| self.first(list) == Some(place);
        self.stands.has(place)
            && charter.nodes[place].entry.act.admitted().is_none_or(|admitted| {
                is_first(charter.invites.get(&admitted.invite)) && is_first(charter.people.get(&admitted.member.id))
            })
    }

    /// Who a device is, removed or not.
    pub(super) fn known(&self, device: &PublicKey) -> Option<Who> {
        let devices = self.charter.devices.get(device)?;
        let device = devices.iter().copied().find(|place| self.counts(*place))?;
        let member = self.owner(device)?;
        let (role, grants) = self.role(member);
        Some(Who {
            device,
            member,
            role,
            grants,
        })
    }

    /// The member that a device's entry lets it in for.
    fn owner(&self, device: usize) -> Option<usize> {
        match &self.charter.nodes[device].entry.act {
            Act::DeviceAdded { member, .. } => self.person(member).filter(|place| self.counts(*place)),
            _ => Some(device),
        }
    }

    /// What lets a member in, be it that another came before them by the same invitation.
    pub(super) fn person(&self, member: &MemberId) -> Option<usize> {
        self.first(self.charter.people.get(member))
    }

    /// A member's role, and what makes them an editor: of concurrent words the least counts.
    pub(super) fn role(&self, member: usize) -> (Role, Vec<usize>) {
        let charter = self.charter;
        let Some(card) = charter.nodes[member].entry.act.member() else {
            return (Role::Observer, Vec::new());
        };
        let changes = charter.roles.get(&card.id).into_iter().flatten().copied();
        let said: Vec<usize> = core::iter::once(member)
            .chain(changes.filter(|place| self.stands.has(*place)))
            .collect();
        let newest = |place: &usize| !said.iter().any(|other| charter.nodes[*other].past.has(*place));
        let newest: Vec<(Role, usize)> = said
            .iter()
            .copied()
            .filter(newest)
            .map(|place| match &charter.nodes[place].entry.act {
                Act::RoleChanged { role, .. } => (*role, place),
                _ => (card.role, place),
            })
            .collect();
        let role = newest.iter().map(|(role, _)| *role).min().unwrap_or(card.role);
        let mut grants: Vec<usize> = match role {
            Role::Editor => newest.into_iter().map(|(_, place)| place).collect(),
            _ => Vec::new(),
        };
        grants.sort_by_key(|place| charter.order(*place));
        (role, grants)
    }

    /// What removes a member, and stands.
    pub(super) fn removals(&self, member: &MemberId) -> impl Iterator<Item = usize> + '_ {
        let list = self.charter.removals.get(member).into_iter().flatten().copied();
        list.filter(|place| self.stands.has(*place))
    }

    /// What removes a device, and stands.
    pub(super) fn unplugged(&self, device: &PublicKey) -> impl Iterator<Item = usize> + '_ {
        let list = self.charter.unplugged.get(device).into_iter().flatten().copied();
        list.filter(|place| self.stands.has(*place))
    }

    /// What took an outlet out.
    pub(super) fn departures(&self, outlet: &str) -> impl Iterator<Item = usize> + '_ {
        let list = self.charter.departures.get(outlet).into_iter().flatten().copied();
        list.filter(|place| self.gone.has(*place))
    }

    /// Whether a member is out, or their outlet.
    fn is_out(&self, card: &MemberCard) -> bool {
        self.removals(&card.id).next().is_some() || self.departures(&card.outlet).next().is_some()
    }

    /// Who a device is, while it and its member and outlet are in.
    pub(super) fn active(&self, device: &PublicKey) -> Option<Who> {
        let who = self.known(device)?;
        let out = self.unplugged(device).next().is_some() || self.is_out(self.charter.card(&who)?);
        (!out).then_some(who)
    }

    /// A member who is in, with the entry that let them in.
    pub(super) fn member(&self, id: &MemberId) -> Option<usize> {
        let place = self.person(id)?;
        let card = self.charter.nodes[place].entry.act.member()?;
        (self.counts(place) && !self.is_out(card)).then_some(place)
    }

    /// Members, in the order in which they came.
    pub(super) fn members(&self) -> Vec<MemberCard> {
        let ids = self.charter.people.keys();
        let mut places: Vec<usize> = ids.filter_map(|id| self.member(id)).collect();
        places.sort_by_key(|place| self.charter.order(*place));
        places.into_iter().filter_map(|place| self.card_of(place)).collect()
    }

    /// A member's card with the role that they have now.
    pub(super) fn card_of(&self, member: usize) -> Option<MemberCard> {
        let card = self.charter.nodes[member].entry.act.member()?;
        Some(MemberCard {
            role: self.role(member).0,
            ..card.clone()
        })
    }

    /// Outlets that are in, in the order in which they came.
    pub(super) fn outlets(&self) -> Vec<&'a OutletCard> {
        let lists = self.charter.outlets.values();
        let mut places: Vec<usize> = lists
            .filter_map(|list| list.iter().copied().find(|place| self.counts(*place)))
            .collect();
        places.sort_by_key(|place| self.charter.order(*place));
        places
            .into_iter()
            .filter_map(|place| self.charter.nodes[place].entry.act.outlet())
            .filter(|card| self.departures(&card.id).next().is_none())
            .collect()
    }

    /// Devices that are in, in the order of their ids, with their members' roles.
    pub(super) fn devices(&self) -> Vec<(DeviceCard, Role)> {
        let ids = self.charter.devices.keys();
        ids.filter_map(|id| {
            let who = self.active(id)?;
            let card = self.charter.nodes[who.device].entry.act.device()?;
            Some((*card, who.role))
        })
        .collect()
    }
}
