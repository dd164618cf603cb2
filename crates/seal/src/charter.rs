//! The charter: who is in an investigation, as a set of signed entries that everyone evaluates to the same result.
//!
//! Every entry names the heads that it builds on, so entries form a graph and may be made concurrently. **Whether an entry
//! has an effect is decided from its causal past alone**: the state that its author knew. So the order in which entries
//! arrive changes nothing, and an entry that counts once counts for ever. An entry without right stays in the graph and
//! does nothing.
//!
//! Where concurrent entries say different things of one outlet or member, the first in the order (depth in the graph, id)
//! is shown. Of concurrent entries by one invitation, the first in that order lets somebody in; the others let nobody in
//! wherever both are known. What was written in ignorance of the first stands: it is judged by what its writer knew.

mod card;
mod entry;
mod graph;

use std::collections::{BTreeMap, BTreeSet};

pub use card::{MAX_RELEASE_KEYS, MAX_TEXT, MIN_RELEASE_KEYS, MemberCard, OutletCard, Role};
pub use entry::{Act, Admitted, Entry, EntryError, MAX_ENTRY, MAX_HEADS, VERSION, consent, entry_id};

use crate::bytes::{Digest, EpochId, InvestigationId, InviteId, PublicKey};
use crate::device::{Device, DeviceCard};
use crate::epoch::EpochKey;
use crate::{Entropy, random};
use graph::Places;

/// How many entries may wait for ones that are missing.
pub const MAX_WAITING: usize = 1024;
/// How many bytes of them.
pub const MAX_WAITING_BYTES: usize = 8 << 20;

#[derive(Debug, Clone)]
struct Node {
    id: Digest,
    entry: Entry,
    depth: u64,
    /// All that it builds on, directly or not: places in [`Charter::nodes`].
    past: Places,
    effective: bool,
}

/// The charter of one investigation, as far as this replica knows it.
#[derive(Debug, Clone)]
pub struct Charter {
    founding: Digest,
    nodes: Vec<Node>,
    places: BTreeMap<Digest, usize>,
    /// Entries that wait, with their length in bytes.
    waiting: BTreeMap<Digest, (Entry, usize)>,
    waiting_bytes: usize,
    /// The newest entries that have an effect, see [`Charter::heads`].
    tips: Vec<usize>,
    /// Entries that have an effect by the device that they let in and by the invitation, in the order (depth, id).
    devices: BTreeMap<PublicKey, Vec<usize>>,
    invites: BTreeMap<InviteId, Vec<usize>>,
    /// Entries of a later version.
    later: Places,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is in the graph, and possibly others that had waited for it.
    Added,
    /// It was there.
    Known,
    /// It waits for an entry that is missing.
    Waiting,
}

/// Who founds what.
#[derive(Debug, Clone)]
pub struct Founder {
    /// The working title of the investigation.
    pub title: String,
    /// The founding outlet.
    pub outlet: OutletCard,
    /// The founder's name among the members.
    pub name: String,
}

impl Charter {
    /// Founds an investigation: the charter and its first entry's bytes.
    pub fn found(founder: Founder, device: &Device, epoch: &EpochKey, entropy: Entropy<'_>) -> (Self, Vec<u8>) {
        let member = MemberCard {
            id: random(entropy).into(),
            name: founder.name,
            outlet: founder.outlet.id.clone(),
            role: Role::Editor,
        };
        let act = Act::Founded {
            investigation: InvestigationId(random(entropy)),
            title: founder.title,
            outlet: founder.outlet,
            member,
            device: device.card(),
            epoch: epoch.id(),
        };
        let entry = Entry {
            charter: None,
            heads: Vec::new(),
            author: device.id(),
            act,
        };
        let bytes = entry.sign(device);
        let id = entry_id(&bytes);
        let mut charter = Self::expecting(id);
        charter.place(id, entry);
        (charter, bytes)
    }

    /// A charter of which nothing is known but the id of its founding entry, which an invitation names.
    pub fn expecting(founding: Digest) -> Self {
        Self {
            founding,
            nodes: Vec::new(),
            places: BTreeMap::new(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            tips: Vec::new(),
            devices: BTreeMap::new(),
            invites: BTreeMap::new(),
            later: Places::default(),
        }
    }

    /// Id of the founding entry: what names the investigation among its members.
    pub fn id(&self) -> Digest {
        self.founding
    }

    /// Takes an entry's bytes. Errors: those of [`Entry::open`], and an entry of another investigation.
    pub fn insert(&mut self, bytes: &[u8]) -> Result<Inserted, EntryError> {
        let (id, entry) = Entry::open(bytes)?;
        if self.places.contains_key(&id) || self.waiting.contains_key(&id) {
            return Ok(Inserted::Known);
        }
        let ours = match entry.charter {
            None => id == self.founding,
            Some(charter) => charter == self.founding && !entry.heads.is_empty(),
        };
        if !ours {
            return Err(EntryError::OtherCharter);
        }
        if !self.knows(&entry.heads) {
            if self.waiting.len() >= MAX_WAITING || self.waiting_bytes + bytes.len() > MAX_WAITING_BYTES {
                return Err(EntryError::TooMany);
            }
            self.waiting_bytes += bytes.len();
            self.waiting.insert(id, (entry, bytes.len()));
            return Ok(Inserted::Waiting);
        }
        self.place(id, entry);
        loop {
            let ready: Vec<Digest> = self
                .waiting
                .iter()
                .filter(|(_, (entry, _))| self.knows(&entry.heads))
                .map(|(id, _)| *id)
                .collect();
            if ready.is_empty() {
                return Ok(Inserted::Added);
            }
            for id in ready {
                if let Some((entry, bytes)) = self.waiting.remove(&id) {
                    self.waiting_bytes -= bytes;
                    self.place(id, entry);
                }
            }
        }
    }

    /// Whether all these entries are here.
    pub fn knows(&self, heads: &[Digest]) -> bool {
        heads.iter().all(|head| self.places.contains_key(head))
    }

    /// Whether the founding entry is here.
    pub fn is_founded(&self) -> bool {
        self.places.contains_key(&self.founding)
    }

    fn place(&mut self, id: Digest, entry: Entry) {
        let past = self.closure(&entry.heads);
        let depth = entry
            .heads
            .iter()
            .filter_map(|head| Some(self.nodes[*self.places.get(head)?].depth + 1))
            .max();
        let effective = self.has_effect(&entry, &past);
        let place = self.nodes.len();
        if matches!(entry.act, Act::Later { .. }) {
            self.later.add(place);
        }
        let node = Node {
            id,
            entry,
            depth: depth.unwrap_or(0),
            past,
            effective,
        };
        if effective {
            self.tips.retain(|tip| !node.past.has(*tip));
            self.tips.push(place);
            let order = |other: &usize| (self.nodes[*other].depth, self.nodes[*other].id) < (node.depth, node.id);
            if let Some(device) = node.device() {
                let list = self.devices.entry(device.sign).or_default();
                list.insert(list.partition_point(order), place);
            }
            if let Some(admitted) = node.admitted() {
                let list = self.invites.entry(admitted.invite).or_default();
                list.insert(list.partition_point(order), place);
            }
        }
        self.places.insert(id, place);
        self.nodes.push(node);
    }

    /// These entries and all that they build on.
    fn closure(&self, heads: &[Digest]) -> Places {
        let mut places = Places::default();
        for place in heads.iter().filter_map(|head| self.places.get(head)) {
            places.join(&self.nodes[*place].past);
            places.add(*place);
        }
        places
    }

    /// Whether an entry counts among these: it has an effect, and no other comes before it by the same invitation.
    fn counts(&self, place: usize, among: &Places) -> bool {
        let node = &self.nodes[place];
        let first = |invite| {
            let others: &Vec<usize> = self.invites.get(invite)?;
            others.iter().copied().find(|other| among.has(*other))
        };
        node.effective
            && node
                .admitted()
                .is_none_or(|admitted| first(&admitted.invite) == Some(place))
    }

    /// The entry that lets a device in, among these.
    fn joined(&self, device: &PublicKey, among: &Places) -> Option<&Node> {
        let entries = self.devices.get(device)?;
        let place = entries
            .iter()
            .find(|place| among.has(**place) && self.counts(**place, among))?;
        self.nodes.get(*place)
    }

    fn everything(&self) -> Places {
        Places::first(self.nodes.len())
    }

    /// The author's card, when they are an editor in this past.
    fn editor(&self, author: &PublicKey, past: &Places) -> Option<&MemberCard> {
        self.joined(author, past)
            .and_then(Node::member)
            .filter(|member| member.role == Role::Editor)
    }

    /// Whether member, device and invitation are new to this past.
    fn is_new(&self, admitted: &Admitted, past: &Places) -> bool {
        !past
            .iter()
            .map(|place| &self.nodes[place])
            .filter(|node| node.effective)
            .any(|node| {
                node.member().is_some_and(|member| member.id == admitted.member.id)
                    || node.device().is_some_and(|device| device.sign == admitted.device.sign)
                    || node.admitted().is_some_and(|known| known.invite == admitted.invite)
            })
    }

    fn has_effect(&self, entry: &Entry, past: &Places) -> bool {
        match &entry.act {
            Act::Founded {
                outlet, member, device, ..
            } => {
                entry.charter.is_none()
                    && entry.heads.is_empty()
                    && entry.author == device.sign
                    && outlet.is_complete()
                    && member.outlet == outlet.id
                    && member.role == Role::Editor
            }
            Act::OutletJoined { outlet, admitted } => {
                self.editor(&entry.author, past).is_some()
                    && outlet.is_complete()
                    && admitted.member.outlet == outlet.id
                    && admitted.member.role == Role::Editor
                    && !past
                        .iter()
                        .filter(|place| self.counts(*place, past))
                        .any(|place| self.nodes[place].outlet().is_some_and(|known| known.id == outlet.id))
                    && self.is_new(admitted, past)
                    && admitted.has_consent(&self.founding, Some(outlet))
            }
            Act::MemberAdded { admitted } => {
                self.editor(&entry.author, past)
                    .is_some_and(|author| author.outlet == admitted.member.outlet)
                    && self.is_new(admitted, past)
                    && admitted.has_consent(&self.founding, None)
            }
            Act::Later { .. } => false,
        }
    }

    /// The newest entries that have an effect: what the next entry or envelope of this author builds on. At most
    /// [`MAX_HEADS`], first one that covers the author's own admission (without it nobody would take what they write);
    /// where there are more, the rest is reached by who builds on those next.
    pub fn heads(&self, author: &PublicKey) -> Vec<Digest> {
        let mut heads: Vec<Digest> = self.tips.iter().map(|place| self.nodes[*place].id).collect();
        heads.sort_unstable();
        if heads.len() > MAX_HEADS {
            let admission = self.admission_of(author);
            let covers = |head: &Digest| {
                admission.is_some_and(|admission| {
                    admission == *head || self.nodes[self.places[head]].past.has(self.places[&admission])
                })
            };
            if let Some(place) = heads.iter().position(covers) {
                heads[..=place].rotate_right(1);
            }
            heads.truncate(MAX_HEADS);
            heads.sort_unstable();
        }
        heads
    }

    /// What a device was for who knew these heads; none when it was nobody. All heads must be known
    /// ([`Self::knows`]).
    pub fn standing(&self, heads: &[Digest], device: &PublicKey) -> Option<&MemberCard> {
        self.joined(device, &self.closure(heads)).and_then(Node::member)
    }

    /// What a device is, by all that is known.
    pub fn member_of(&self, device: &PublicKey) -> Option<&MemberCard> {
        self.joined(device, &self.everything()).and_then(Node::member)
    }

    /// All entries that count, in the order (depth, id).
    fn all(&self) -> Vec<&Node> {
        let everything = self.everything();
        let counts = |place: &usize| self.counts(*place, &everything);
        let mut nodes: Vec<&Node> = (0..self.nodes.len())
            .filter(counts)
            .map(|place| &self.nodes[place])
            .collect();
        nodes.sort_by_key(|node| (node.depth, node.id));
        nodes
    }

    /// The working title; empty while the founding entry is missing.
    pub fn title(&self) -> &str {
        self.founded().map_or("", |(title, _)| title)
    }

    /// The first epoch; none while the founding entry is missing.
    pub fn epoch(&self) -> Option<EpochId> {
        self.founded().map(|(_, epoch)| epoch)
    }

    fn founded(&self) -> Option<(&str, EpochId)> {
        match &self.nodes.get(*self.places.get(&self.founding)?)?.entry.act {
            Act::Founded { title, epoch, .. } => Some((title, *epoch)),
            _ => None,
        }
    }

    /// Members, each once, in the order in which they came.
    pub fn members(&self) -> Vec<&MemberCard> {
        let mut seen = BTreeSet::new();
        self.all()
            .into_iter()
            .filter_map(Node::member)
            .filter(|member| seen.insert(member.id))
            .collect()
    }

    /// Outlets, each once, in the order in which they came.
    pub fn outlets(&self) -> Vec<&OutletCard> {
        let mut seen = BTreeSet::new();
        self.all()
            .into_iter()
            .filter_map(Node::outlet)
            .filter(|outlet| seen.insert(&outlet.id))
            .collect()
    }

    /// Whether somebody has let a device in, be it that another came before it by the same invitation.
    pub fn has_let_in(&self, device: &PublicKey) -> bool {
        self.devices.contains_key(device)
    }

    /// Whether an invitation was used.
    pub fn has_used(&self, invite: &InviteId) -> bool {
        self.invites.contains_key(invite)
    }

    /// Whether a later version of Komuz has written what this one does not understand.
    pub fn needs_update(&self) -> bool {
        self.later != Places::default()
    }

    /// Whether who knew these heads knew something that a later version of Komuz has written: what they might do then is not
    /// this version's to judge.
    pub fn goes_beyond(&self, heads: &[Digest]) -> bool {
        self.needs_update() && self.closure(heads).meets(&self.later)
    }

    /// Makes and takes the entry that lets somebody in: its id and bytes. `outlet` is the card of a new outlet. None when
    /// it would have no effect: the device has no right to it, the invitation or the outlet's id is used, or the consent
    /// is not good.
    pub fn admit(
        &mut self,
        device: &Device,
        outlet: Option<&OutletCard>,
        admitted: Admitted,
    ) -> Option<(Digest, Vec<u8>)> {
        let act = match outlet {
            Some(outlet) => Act::OutletJoined {
                outlet: outlet.clone(),
                admitted,
            },
            None => Act::MemberAdded { admitted },
        };
        let entry = Entry {
            charter: Some(self.founding),
            heads: self.heads(&device.id()),
            author: device.id(),
            act,
        };
        if !self.has_effect(&entry, &self.closure(&entry.heads)) {
            return None;
        }
        let bytes = entry.sign(device);
        if bytes.len() > MAX_ENTRY {
            return None;
        }
        let id = entry_id(&bytes);
        self.place(id, entry);
        Some((id, bytes))
    }

    /// The entry that let a device in; none when there is none (yet).
    pub fn admission_of(&self, device: &PublicKey) -> Option<Digest> {
        self.joined(device, &self.everything()).map(|node| node.id)
    }
}

impl Node {
    fn admitted(&self) -> Option<&Admitted> {
        match &self.entry.act {
            Act::OutletJoined { admitted, .. } | Act::MemberAdded { admitted } => Some(admitted),
            Act::Founded { .. } | Act::Later { .. } => None,
        }
    }

    fn member(&self) -> Option<&MemberCard> {
        match &self.entry.act {
            Act::Founded { member, .. } => Some(member),
            _ => self.admitted().map(|admitted| &admitted.member),
        }
    }

    fn device(&self) -> Option<&DeviceCard> {
        match &self.entry.act {
            Act::Founded { device, .. } => Some(device),
            _ => self.admitted().map(|admitted| &admitted.device),
        }
    }

    fn outlet(&self) -> Option<&OutletCard> {
        match &self.entry.act {
            Act::Founded { outlet, .. } | Act::OutletJoined { outlet, .. } => Some(outlet),
            _ => None,
        }
    }
}
