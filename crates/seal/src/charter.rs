//! The charter: who is in an investigation, as a set of signed entries that everyone evaluates to the same result.
//!
//! Every entry names the heads that it builds on, so entries form a graph and may be made concurrently. **Whether an entry
//! has an effect is decided from its causal past alone**: the state that its author knew. An entry without right stays in the
//! graph and does nothing.
//!
//! **Whether an entry with an effect stands is decided from the set of entries that is known** (`evaluate`): a removal takes
//! with it what the removed member dates back. So the order in which entries arrive changes nothing; and what stood may fall
//! when something concurrent becomes known, and stand again.
//!
//! Where concurrent entries say different things of one outlet or member, the first in the order (depth in the graph, id)
//! is shown; of concurrent roles the least. Of concurrent entries by one invitation, the first in that order lets somebody in;
//! the others let nobody in wherever both are known. What was written in ignorance of the first stands: it is judged by what
//! its writer knew ([`Charter::fate`]).

mod act;
mod card;
mod cut;
mod entry;
mod evaluate;
mod fate;
mod graph;
mod rights;
mod rotation;
mod who;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};

pub(crate) use act::has_device_consent;
pub use act::{Act, Admitted, LAST_ACT, consent, device_consent};
pub use card::{MAX_RELEASE_KEYS, MAX_TEXT, MIN_RELEASE_KEYS, MemberCard, OutletCard, Role};
pub use cut::{Cut, Cuts};
pub use entry::{Entry, EntryError, MAX_ENTRY, MAX_HEADS, VERSION, entry_id};
pub use fate::{Fate, Refusal, Written};
use rotation::Holders;
pub use rotation::{Append, Epoch, Opened, Recipient, Rotation, RotationError};

use crate::bytes::{Digest, EpochId, InvestigationId, InviteId, MemberId, PublicKey};
use crate::device::{Device, DeviceCard};
use crate::epoch::EpochKey;
use crate::{Entropy, random};
use evaluate::{Rank, Rights, Stage, Verdict, View};
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
    /// On what the right to it rests; none when it has no effect.
    rights: Option<Rights>,
    /// What stands for who knows it and its past.
    verdict: Verdict,
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
    /// Entries that have an effect, and of them those that may take it from others.
    effective: Places,
    forces: Places,
    /// Entries that have an effect, by what they are about, each list in the order (depth, id).
    devices: BTreeMap<PublicKey, Vec<usize>>,
    invites: BTreeMap<InviteId, Vec<usize>>,
    people: BTreeMap<MemberId, Vec<usize>>,
    roles: BTreeMap<MemberId, Vec<usize>>,
    removals: BTreeMap<MemberId, Vec<usize>>,
    unplugged: BTreeMap<PublicKey, Vec<usize>>,
    outlets: BTreeMap<String, Vec<usize>>,
    departures: BTreeMap<String, Vec<usize>>,
    extended: Vec<usize>,
    epochs: Vec<usize>,
    /// What is decided inside outlets, by rank of the author, and what outlets decide about outlets, by (depth, id).
    inside: Vec<(Rank, usize)>,
    leaving: Vec<usize>,
    /// Numbers of devices, in the order in which what lets them in came here, and who has been given the key of which epoch.
    numbers: BTreeMap<PublicKey, usize>,
    holders: Vec<Holders>,
    /// Entries of a later version.
    later: Places,
    /// What was evaluated.
    known: Known,
}

/// Evaluations, kept until entries come: of everything, and of what some have known.
#[derive(Debug, Default)]
struct Known {
    all: OnceLock<Verdict>,
    epochs: OnceLock<Vec<Epoch>>,
    some: Mutex<Vec<(Places, Verdict)>>,
}

/// How many sets of entries are kept evaluated.
const KEPT: usize = 32;

impl Clone for Known {
    fn clone(&self) -> Self {
        Self {
            all: self.all.clone(),
            epochs: self.epochs.clone(),
            some: Mutex::default(),
        }
    }
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
            effective: Places::default(),
            forces: Places::default(),
            devices: BTreeMap::new(),
            invites: BTreeMap::new(),
            people: BTreeMap::new(),
            roles: BTreeMap::new(),
            removals: BTreeMap::new(),
            unplugged: BTreeMap::new(),
            outlets: BTreeMap::new(),
            departures: BTreeMap::new(),
            extended: Vec::new(),
            epochs: Vec::new(),
            inside: Vec::new(),
            leaving: Vec::new(),
            numbers: BTreeMap::new(),
            holders: Vec::new(),
            later: Places::default(),
            known: Known::default(),
        }
    }

    /// Id of the founding entry: what names the investigation among its members.
    pub fn id(&self) -> Digest {
        self.founding
    }

    /// Takes an entry's bytes. Errors: those of [`Entry::open`], and an entry of another investigation.
    pub fn insert(&mut self, bytes: &[u8]) -> Result<Inserted, EntryError> {
        // The id is a hash of all bytes, the signature too. A rotation brings the whole charter again in its new log, and each start
        // reads all of these logs: only what is new is checked.
        let id = entry_id(bytes);
        if self.places.contains_key(&id) || self.waiting.contains_key(&id) {
            return Ok(Inserted::Known);
        }
        let (id, entry) = Entry::open(bytes)?;
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
            .max()
            .unwrap_or(0);
        let view = self.knowing(&entry.heads);
        let rights = self.rights(&entry, &past, &view);
        // Whoever has made it knew all that it is judged by: it takes nothing from its past, and nothing of its past takes
        // it away.
        let mut verdict = Verdict {
            stands: view.stands,
            gone: view.gone,
        };
        let place = self.nodes.len();
        if matches!(entry.act, Act::Later { .. }) {
            self.later.add(place);
        }
        if rights.is_some() {
            verdict.stands.add(place);
        }
        self.places.insert(id, place);
        self.nodes.push(Node {
            id,
            entry,
            depth,
            past,
            rights,
            verdict,
        });
        self.index(place);
        if self.is_departure(place) {
            self.nodes[place].verdict.gone.add(place);
        }
        self.known.all = OnceLock::new();
        self.known.epochs = OnceLock::new();
        debug_assert!(
            {
                let mut among = self.nodes[place].past.clone();
                among.add(place);
                self.evaluate(&among).is(&self.nodes[place].verdict)
            },
            "an entry changes nothing of its own past"
        );
    }

    /// Notes what an entry that has an effect is about.
    fn index(&mut self, place: usize) {
        let node = &self.nodes[place];
        let Some(rights) = &node.rights else {
            return;
        };
        self.effective.add(place);
        match (rights.stage, &rights.author) {
            (Stage::Inside, Some(author)) => {
                let order = (self.rank(author), place);
                let key = |(rank, place): &(Rank, usize)| (*rank, self.nodes[*place].depth, self.nodes[*place].id);
                let at = self.inside.partition_point(|other| key(other) < key(&order));
                self.inside.insert(at, order);
                self.forces.add(place);
            }
            (Stage::Outlets, _) => {
                add(&mut self.leaving, place, &self.nodes);
                self.forces.add(place);
            }
            _ => {}
        }
        self.note_holders(place);
        let act = &self.nodes[place].entry.act;
        let nodes = &self.nodes;
        if let Some(device) = act.device() {
            add(self.devices.entry(device.sign).or_default(), place, nodes);
        }
        if let Some(admitted) = act.admitted() {
            add(self.invites.entry(admitted.invite).or_default(), place, nodes);
        }
        if let Some(member) = act.member() {
            add(self.people.entry(member.id).or_default(), place, nodes);
        }
        if let Some(outlet) = act.outlet() {
            add(self.outlets.entry(outlet.id.clone()).or_default(), place, nodes);
        }
        match act {
            Act::Removed { member, .. } => add(self.removals.entry(*member).or_default(), place, nodes),
            Act::RoleChanged { member, .. } => add(self.roles.entry(*member).or_default(), place, nodes),
            Act::DeviceRemoved { device, .. } => add(self.unplugged.entry(*device).or_default(), place, nodes),
            Act::Expelled { outlet, .. } | Act::Parted { outlet, .. } => {
                add(self.departures.entry(outlet.clone()).or_default(), place, nodes);
            }
            Act::Extended { .. } => add(&mut self.extended, place, nodes),
            Act::Founded { .. } | Act::Rotated(_) => add(&mut self.epochs, place, nodes),
            Act::OutletJoined { .. } | Act::MemberAdded { .. } | Act::DeviceAdded { .. } | Act::Later { .. } => {}
        }
    }

    fn node(&self, id: &Digest) -> Option<&Node> {
        self.nodes.get(*self.places.get(id)?)
    }

    /// What stands by all that is known.
    fn all(&self) -> &Verdict {
        self.known.all.get_or_init(|| {
            let everything = Places::first(self.nodes.len());
            // Whoever wrote the last has mostly known all the rest.
            let newest = self.nodes.iter().enumerate().rev().take(4).find(|(place, node)| {
                let mut past = node.past.clone();
                past.add(*place);
                past.covers(&everything)
            });
            newest.map_or_else(|| self.evaluate(&everything), |(_, node)| node.verdict.clone())
        })
    }

    /// What stands of some entries.
    fn evaluated(&self, among: &Places) -> Verdict {
        let mut some = self.known.some.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, verdict)) = some.iter().find(|(known, _)| known == among) {
            return verdict.clone();
        }
        let verdict = self.evaluate(among);
        if some.len() >= KEPT {
            some.remove(0);
        }
        some.push((among.clone(), verdict.clone()));
        verdict
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

    /// The newest entries that stand: what the next entry or envelope of this author builds on. At most
    /// [`MAX_HEADS`], first one that covers the author's own admission (without it nobody would take what they write);
    /// where there are more, the rest is reached by who builds on those next.
    pub fn heads(&self, author: &PublicKey) -> Vec<Digest> {
        let stands = &self.all().stands;
        let mut covered = Places::default();
        for place in stands.iter() {
            covered.join(&self.nodes[place].past);
        }
        let newest = stands.iter().filter(|place| !covered.has(*place));
        let mut heads: Vec<Digest> = newest.map(|place| self.nodes[place].id).collect();
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

    /// What a device was for who knew these heads, and nothing else; none when it was nobody. All heads must be known
    /// ([`Self::knows`]).
    pub fn standing(&self, heads: &[Digest], device: &PublicKey) -> Option<MemberCard> {
        Self::card_in(&self.knowing(heads), device)
    }

    /// What a device is, by all that is known.
    pub fn member_of(&self, device: &PublicKey) -> Option<MemberCard> {
        Self::card_in(&self.view(), device)
    }

    fn card_in(view: &View<'_>, device: &PublicKey) -> Option<MemberCard> {
        view.active(device).and_then(|who| view.card_of(who.member))
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

    /// Members who are in, in the order in which they came, with the roles that they have now.
    pub fn members(&self) -> Vec<MemberCard> {
        self.view().members()
    }

    /// Outlets that are in, in the order in which they came.
    pub fn outlets(&self) -> Vec<&OutletCard> {
        self.view().outlets()
    }

    /// Devices that are in, in the order of their ids.
    pub fn devices(&self) -> Vec<DeviceCard> {
        self.view().devices().into_iter().map(|(card, _)| card).collect()
    }

    /// All devices that were ever let in for a member, in or not.
    pub fn devices_of(&self, member: &MemberId) -> BTreeSet<PublicKey> {
        let is_of = |place: &usize| match &self.nodes[*place].entry.act {
            Act::DeviceAdded { member: of, .. } => of == member,
            act => act.member().is_some_and(|card| card.id == *member),
        };
        let devices = self.devices.iter();
        devices
            .filter(|(_, lets_in)| lets_in.iter().any(is_of))
            .map(|(device, _)| *device)
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
        self.act(device, act)
    }

    /// Makes and takes an entry: its id and bytes. None when it would have no effect, or is longer than an entry may be
    /// ([`Cuts::in_pieces`]).
    pub fn act(&mut self, device: &Device, act: Act) -> Option<(Digest, Vec<u8>)> {
        let entry = Entry {
            charter: Some(self.founding),
            heads: self.heads(&device.id()),
            author: device.id(),
            act,
        };
        self.rights(&entry, &self.closure(&entry.heads), &self.knowing(&entry.heads))?;
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
        self.view().known(device).map(|who| self.nodes[who.device].id)
    }
}

/// Puts an entry into a list, in the order (depth, id).
fn add(list: &mut Vec<usize>, place: usize, nodes: &[Node]) {
    let key = |place: usize| (nodes[place].depth, nodes[place].id);
    let at = list.partition_point(|other| key(*other) < key(place));
    list.insert(at, place);
}
