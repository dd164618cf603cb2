//! A rotation: a new epoch, its key wrapped to every active device, and what only some devices get.

use std::collections::BTreeMap;

use thiserror::Error;

use super::graph::Places;
use super::{Act, Charter, Entry, MAX_ENTRY, Node, Role};
use crate::Entropy;
use crate::bytes::{Digest, EpochId, PublicKey, Signature};
use crate::cbor::{CborError, Reader, Writer};
use crate::device::{Device, DeviceCard};
use crate::editors::{EditorsSecret, certify, is_certified};
use crate::epoch::{EpochError, EpochKey, LOCKED_LEN, WRAPPED_LEN};
use crate::sign::SignKey;
use crate::wrap::{Bound, What};

/// Devices in the order of their ids, with the roles of their members.
type Devices = Vec<(DeviceCard, Role)>;

/// A new epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// Its id.
    pub epoch: EpochId,
    /// Public half of the key that registers append keys in it ([`EditorsSecret::registrar`]).
    pub registrar: PublicKey,
    /// Every active device, in the order of their ids.
    pub recipients: Vec<Recipient>,
    /// The epochs that it follows on, in the order of their ids, each with its key locked under this one's
    /// ([`EpochKey::lock_previous`]); none where whoever rotates has not got it.
    pub previous: Vec<(EpochId, Option<Vec<u8>>)>,
}

/// What a device gets of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The device.
    pub device: PublicKey,
    /// The epoch's key, wrapped to it.
    pub key: Vec<u8>,
    /// For a device that may write.
    pub append: Option<Append>,
}

/// With what a device appends in an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// Wrapped to the device: for an editor's the editors' secret, for others the seed of the append key.
    pub secret: Vec<u8>,
    /// Public half of the append key.
    pub key: PublicKey,
    /// The registrar's signature over it ([`certify`]).
    pub certificate: Signature,
}

/// What a device opened of a rotation.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The epoch's key.
    pub key: EpochKey,
    /// The editors' secret, for an editor's device.
    pub editors: Option<EditorsSecret>,
    /// The key with which the device appends; none for an observer's.
    pub append: Option<SignKey>,
}

/// What is wrong with a rotation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RotationError {
    /// No entry of this id is a rotation that has an effect.
    #[error("there is no rotation of this id in the charter, or it has no effect")]
    Unknown,
    /// The device is none of its recipients.
    #[error("this rotation was made before this device was known to whoever made it: another one is needed")]
    NotARecipient,
    /// What was wrapped to this device cannot be opened.
    #[error(
        "what this rotation holds for this device cannot be opened ({0}): whoever made it is to be asked, and another one made"
    )]
    Wrapped(#[from] EpochError),
    /// What was wrapped to this device is not what the entry names.
    #[error(
        "this rotation gives this device another key than it names: whoever made it is to be asked, and another one made"
    )]
    OtherKey,
    /// The key or the secret is not this rotation's.
    #[error("this is not the key of this rotation")]
    NotItsKey,
    /// These devices were given something else than the others, or a certificate that is none.
    #[error("this rotation gives {} of its devices something else than the others: whoever made it is to be asked, and another one made", .0.len())]
    Differs(Vec<PublicKey>),
}

impl Rotation {
    pub(super) fn write(&self, w: Writer) -> Writer {
        w.bytes(&self.epoch.0)
            .bytes(&self.registrar.0)
            .list(self.recipients.iter(), |w, recipient| {
                let w = w.array(3).bytes(&recipient.device.0).bytes(&recipient.key);
                match &recipient.append {
                    Some(append) => w
                        .array(3)
                        .bytes(&append.secret)
                        .bytes(&append.key.0)
                        .bytes(&append.certificate.0),
                    None => w.null(),
                }
            })
            .list(self.previous.iter(), |w, (epoch, locked)| {
                let w = w.array(2).bytes(&epoch.0);
                match locked {
                    Some(locked) => w.bytes(locked),
                    None => w.null(),
                }
            })
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
        let epoch = r.fixed()?;
        let registrar = r.fixed()?;
        let start = r.position();
        let recipients = r.list(MAX_ENTRY / WRAPPED_LEN, |r| {
            r.array(3)?;
            Ok::<_, CborError>(Recipient {
                device: r.fixed()?,
                key: r.fixed::<WRAPPED_LEN, [u8; WRAPPED_LEN]>()?.to_vec(),
                append: r.optional(|r| {
                    r.array(3)?;
                    Ok::<_, CborError>(Append {
                        secret: r.fixed::<WRAPPED_LEN, [u8; WRAPPED_LEN]>()?.to_vec(),
                        key: r.fixed()?,
                        certificate: r.fixed()?,
                    })
                })?,
            })
        })?;
        let previous = r.list(MAX_ENTRY / EpochId::LEN, |r| {
            r.array(2)?;
            let epoch: EpochId = r.fixed()?;
            let locked = r.optional(|r| r.fixed::<LOCKED_LEN, [u8; LOCKED_LEN]>().map(Vec::from))?;
            Ok::<_, CborError>((epoch, locked))
        })?;
        let in_order = recipients.is_sorted_by(|one, next| one.device < next.device)
            && previous.is_sorted_by(|one, next| one.0 < next.0);
        if !in_order {
            return Err(CborError::NotAllowed(start));
        }
        Ok(Self {
            epoch,
            registrar,
            recipients,
            previous,
        })
    }

    /// Whether it is for exactly these devices, and what each may do with it is what its member may do.
    pub(super) fn is_for(&self, devices: &[(DeviceCard, Role)]) -> bool {
        self.recipients.len() == devices.len()
            && self.recipients.iter().zip(devices).all(|(recipient, (card, role))| {
                recipient.device == card.sign && recipient.append.is_some() == (*role != Role::Observer)
            })
    }
}

impl Recipient {
    /// What a rotation holds for a device; an error when nothing can be sealed to it.
    fn of(
        charter: &Digest,
        to: &DeviceCard,
        role: Role,
        key: &EpochKey,
        editors: &EditorsSecret,
    ) -> Result<Self, EpochError> {
        let epoch = &key.id();
        let bound = |what| Bound { what, charter, epoch };
        let append = match role {
            Role::Observer => None,
            _ => {
                let seed = editors.append_seed(charter, epoch, &to.sign);
                let secret = match role {
                    Role::Editor => bound(What::EditorsSecret).wrap(editors.secret(), to)?,
                    _ => bound(What::AppendSeed).wrap(&seed, to)?,
                };
                let append = SignKey::from_secret(&seed).public();
                Some(Append {
                    secret,
                    key: append,
                    certificate: certify(&editors.registrar(charter, epoch), epoch, &append),
                })
            }
        };
        Ok(Self {
            device: to.sign,
            key: bound(What::EpochKey).wrap(key.secret(), to)?,
            append,
        })
    }
}

impl Charter {
    /// Makes and takes the entry of a new epoch for all active devices: its id and bytes. `held` are the keys of earlier
    /// epochs that this device has. None when the device is no editor's, or there are more devices than an entry takes.
    pub fn rotate(
        &mut self,
        device: &Device,
        key: &EpochKey,
        editors: &EditorsSecret,
        held: &[EpochKey],
        entropy: Entropy<'_>,
    ) -> Option<(Digest, Vec<u8>)> {
        let heads = self.heads(&device.id());
        let recipients = self
            .knowing(&heads)
            .devices()
            .iter()
            .map(|(card, role)| Recipient::of(&self.id(), card, *role, key, editors))
            .collect::<Result<Vec<_>, _>>()
            .ok()?;
        // All that its past ends in, and every other epoch of which the key is here: what was rotated beside it by somebody
        // whose word does not count, where something may have been written, and what only leads back through a rotation
        // whose author may have locked something else.
        let mut previous = self.epoch_tips(&self.closure(&heads));
        let known = self.epochs().iter().map(|epoch| epoch.epoch);
        previous.extend(known.filter(|epoch| held.iter().any(|key| key.id() == *epoch)));
        previous.sort_unstable();
        previous.dedup();
        let mut lock = |epoch: EpochId| {
            let known = held.iter().find(|known| known.id() == epoch);
            (epoch, known.map(|known| key.lock_previous(known, entropy)))
        };
        let rotation = Rotation {
            epoch: key.id(),
            registrar: editors.registrar(&self.id(), &key.id()).public(),
            recipients,
            previous: previous.into_iter().map(&mut lock).collect(),
        };
        self.act(device, Act::Rotated(rotation))
    }

    /// A rotation that has an effect, with the cards and roles of its recipients.
    fn rotation(&self, entry: &Digest) -> Result<(&Rotation, Devices), RotationError> {
        let node = self.node(entry).filter(|node| node.rights.is_some());
        match node.map(|node| &node.entry) {
            Some(Entry {
                act: Act::Rotated(rotation),
                heads,
                ..
            }) => Ok((rotation, self.knowing(heads).devices())),
            _ => Err(RotationError::Unknown),
        }
    }

    /// Opens what a rotation holds for a device. Errors say what whoever made it has done wrong.
    pub fn open_rotation(&self, entry: &Digest, device: &Device) -> Result<Opened, RotationError> {
        let (rotation, devices) = self.rotation(entry)?;
        let mut pairs = rotation.recipients.iter().zip(&devices);
        let (recipient, (_, role)) = pairs
            .find(|(recipient, _)| recipient.device == device.id())
            .ok_or(RotationError::NotARecipient)?;
        let (charter, epoch) = (&self.id(), &rotation.epoch);
        let open = |what, wrapped: &[u8]| Bound { what, charter, epoch }.unwrap(wrapped, device);
        let key = EpochKey::from_secret(*open(What::EpochKey, &recipient.key)?);
        if key.id() != *epoch {
            return Err(RotationError::OtherKey);
        }
        let Some(append) = &recipient.append else {
            return Ok(Opened {
                key,
                editors: None,
                append: None,
            });
        };
        let (editors, seed) = if *role == Role::Editor {
            let editors = EditorsSecret::from_secret(*open(What::EditorsSecret, &append.secret)?);
            let seed = editors.append_seed(charter, epoch, &device.id());
            (Some(editors), seed)
        } else {
            (None, open(What::AppendSeed, &append.secret)?)
        };
        let signer = SignKey::from_secret(&seed);
        let registrar = editors
            .as_ref()
            .map(|editors| editors.registrar(charter, epoch).public());
        if signer.public() != append.key || registrar.is_some_and(|key| key != rotation.registrar) {
            return Err(RotationError::OtherKey);
        }
        Ok(Opened {
            key,
            editors,
            append: Some(signer),
        })
    }

    /// Whether a rotation gives all its devices the key that this device has opened, and good certificates. Errors:
    /// [`RotationError::Differs`] names the devices that it does not; the others find the same, each alone.
    pub fn check_rotation(&self, entry: &Digest, key: &EpochKey) -> Result<(), RotationError> {
        let (rotation, devices) = self.rotation(entry)?;
        if key.id() != rotation.epoch {
            return Err(RotationError::NotItsKey);
        }
        let (charter, epoch) = (&self.id(), &rotation.epoch);
        let what = What::EpochKey;
        let differs = |recipient: &Recipient, card: &DeviceCard| {
            Bound { what, charter, epoch }.wrap(key.secret(), card).as_ref() != Ok(&recipient.key)
                || recipient
                    .append
                    .as_ref()
                    .is_some_and(|append| !is_certified(&rotation.registrar, epoch, &append.key, &append.certificate))
        };
        none_differ(rotation, &devices, |recipient, (card, _)| differs(recipient, card))
    }

    /// Whether a rotation gives all editors the secret that this one has opened, and everybody the append key that comes of
    /// it. Errors as of [`Self::check_rotation`].
    pub fn check_editors(&self, entry: &Digest, key: &EpochKey, editors: &EditorsSecret) -> Result<(), RotationError> {
        let (rotation, devices) = self.rotation(entry)?;
        let registrar = editors.registrar(&self.id(), &rotation.epoch).public();
        if key.id() != rotation.epoch || registrar != rotation.registrar {
            return Err(RotationError::NotItsKey);
        }
        none_differ(rotation, &devices, |recipient, (card, role)| {
            Recipient::of(&self.id(), card, *role, key, editors).as_ref() != Ok(recipient)
        })
    }
}

fn none_differ(
    rotation: &Rotation,
    devices: &[(DeviceCard, Role)],
    differs: impl Fn(&Recipient, &(DeviceCard, Role)) -> bool,
) -> Result<(), RotationError> {
    let found: Vec<PublicKey> = rotation
        .recipients
        .iter()
        .zip(devices)
        .filter(|(recipient, device)| differs(recipient, device))
        .map(|(recipient, _)| recipient.device)
        .collect();
    if found.is_empty() {
        Ok(())
    } else {
        Err(RotationError::Differs(found))
    }
}

/// An epoch as the charter knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// The entry that began it: a rotation, or the founding entry.
    pub entry: Digest,
    /// Its id.
    pub epoch: EpochId,
    /// The device that made it.
    pub author: PublicKey,
    /// The epochs that it follows on.
    pub previous: Vec<EpochId>,
    /// Whether its entry counts, by all that is known.
    pub counts: bool,
    /// Whether all who were given its key are still in.
    pub is_tight: bool,
    /// Whether all who are in were given its key.
    pub is_whole: bool,
}

impl Charter {
    /// All epochs, in the order (depth, id) of their entries: the founding one first.
    pub fn epochs(&self) -> &[Epoch] {
        self.known.epochs.get_or_init(|| self.find_epochs())
    }

    fn find_epochs(&self) -> Vec<Epoch> {
        let view = self.view();
        let mut within = Places::default();
        for (device, number) in &self.numbers {
            if view.active(device).is_some() {
                within.add(*number);
            }
        }
        self.epochs
            .iter()
            .filter_map(|place| {
                let node = &self.nodes[*place];
                let (epoch, previous) = match &node.entry.act {
                    Act::Founded { epoch, .. } => (*epoch, Vec::new()),
                    Act::Rotated(rotation) => {
                        let previous = rotation.previous.iter().map(|(epoch, _)| *epoch).collect();
                        (rotation.epoch, previous)
                    }
                    _ => return None,
                };
                let holders = self.holders.iter().find(|holders| holders.place == *place)?;
                Some(Epoch {
                    entry: node.id,
                    epoch,
                    author: node.entry.author,
                    previous,
                    counts: view.stands.has(*place),
                    is_tight: within.covers(&holders.had),
                    is_whole: holders.sure.covers(&within),
                })
            })
            .collect()
    }

    /// The key that closes an epoch's logs ([`EditorsSecret::registrar`]): of the first rotation that names the epoch; none of a first
    /// epoch.
    pub fn closer(&self, epoch: &EpochId) -> Option<PublicKey> {
        self.epochs
            .iter()
            .find_map(|place| match &self.nodes[*place].entry.act {
                Act::Rotated(rotation) if rotation.epoch == *epoch => Some(rotation.registrar),
                _ => None,
            })
    }

    /// The append keys that a rotation gives to the devices that stay. Whoever has the editors' secret can make them all
    /// ([`EditorsSecret::append_seed`]).
    pub fn given_keys(&self, entry: &Digest, stays: impl Fn(&PublicKey) -> bool) -> Vec<PublicKey> {
        let Ok((rotation, _)) = self.rotation(entry) else {
            return Vec::new();
        };
        let staying = rotation.recipients.iter().filter(|recipient| stays(&recipient.device));
        staying
            .filter_map(|recipient| Some(recipient.append.as_ref()?.key))
            .collect()
    }

    /// The devices to which a rotation gives the editors' secret.
    pub fn given_editors(&self, entry: &Digest) -> Vec<PublicKey> {
        let devices = self.rotation(entry).map(|(_, devices)| devices).unwrap_or_default();
        let editors = devices.into_iter().filter(|(_, role)| *role == Role::Editor);
        editors.map(|(card, _)| card.sign).collect()
    }

    /// The editors' secret of an epoch for a device that is in and was no editor's when the epoch was made, wrapped as a rotation wraps
    /// it. None when it is not this epoch's secret, or the device is not in.
    pub fn hand_editors(&self, epoch: &EpochId, editors: &EditorsSecret, to: &PublicKey) -> Option<Vec<u8>> {
        let mut devices = self.devices().into_iter();
        let card = devices.find(|card| card.sign == *to && self.is_closed_by(epoch, editors))?;
        self.bound_editors(epoch, |bound| bound.wrap(editors.secret(), &card).ok())
    }

    /// Opens what [`Self::hand_editors`] gave for this device. None when it is not for this device, or not this epoch's secret.
    pub fn open_editors(&self, epoch: &EpochId, wrapped: &[u8], device: &Device) -> Option<EditorsSecret> {
        let secret = self.bound_editors(epoch, |bound| bound.unwrap(wrapped, device).ok())?;
        Some(EditorsSecret::from_secret(*secret)).filter(|editors| self.is_closed_by(epoch, editors))
    }

    fn is_closed_by(&self, epoch: &EpochId, editors: &EditorsSecret) -> bool {
        self.closer(epoch) == Some(editors.registrar(&self.id(), epoch).public())
    }

    fn bound_editors<T>(&self, epoch: &EpochId, work: impl FnOnce(Bound<'_>) -> T) -> T {
        let (what, charter) = (What::EditorsSecret, &self.id());
        work(Bound { what, charter, epoch })
    }

    /// The epoch to write in: the last that counts, in the order (depth, id), of those that `good` accepts (whoever has its
    /// key and found nothing with [`Charter::check_rotation`]). None when somebody who was given its key is in no more: then
    /// nothing is to be written before another rotation.
    pub fn current_epoch(&self, good: impl Fn(&Epoch) -> bool) -> Option<Epoch> {
        let mut epochs = self.epochs().iter().rev();
        // From the last on: what it costs to find out is paid for as few as may be.
        let last = epochs.find(|epoch| epoch.counts && good(epoch));
        last.filter(|epoch| epoch.is_tight).cloned()
    }

    /// The epochs among these that no other of them follows on.
    pub(super) fn epoch_tips(&self, among: &Places) -> Vec<EpochId> {
        let mut tips: Vec<EpochId> = Vec::new();
        let mut followed: Vec<EpochId> = Vec::new();
        for place in self.epochs.iter().filter(|place| among.has(**place)) {
            match &self.nodes[*place].entry.act {
                Act::Founded { epoch, .. } => tips.push(*epoch),
                Act::Rotated(rotation) => {
                    tips.push(rotation.epoch);
                    followed.extend(rotation.previous.iter().map(|(epoch, _)| *epoch));
                }
                _ => {}
            }
        }
        tips.retain(|tip| !followed.contains(tip));
        tips
    }

    /// The keys of the epochs before one of which this device has the key, as far as its rotation holds them and they are
    /// wanted.
    pub fn earlier(&self, key: &EpochKey, wanted: impl Fn(&EpochId) -> bool) -> Vec<EpochKey> {
        let rotations = self
            .epochs
            .iter()
            .filter_map(|place| match &self.nodes[*place].entry.act {
                Act::Rotated(rotation) if rotation.epoch == key.id() => Some(rotation),
                _ => None,
            });
        rotations
            .flat_map(|rotation| &rotation.previous)
            .filter(|(epoch, _)| wanted(epoch))
            .filter_map(|(epoch, locked)| key.unlock_previous(locked.as_deref()?, epoch).ok())
            .collect()
    }

    /// Notes whom an entry that has an effect gives keys of epochs: those of its own epoch, or who comes in by somebody that has some.
    pub(super) fn note_holders(&mut self, place: usize) {
        let nodes = &self.nodes;
        if let Some(device) = nodes[place].entry.act.device() {
            let next = self.numbers.len();
            self.numbers.entry(device.sign).or_insert(next);
        }
        let numbers = &self.numbers;
        for holders in &mut self.holders {
            holders.add(place, nodes, numbers);
        }
        let first: Vec<PublicKey> = match &nodes[place].entry.act {
            Act::Founded { device, .. } => vec![device.sign],
            Act::Rotated(rotation) => rotation.recipients.iter().map(|recipient| recipient.device).collect(),
            _ => return,
        };
        let mut had = Places::default();
        for device in first.iter().filter_map(|device| numbers.get(device)) {
            had.add(*device);
        }
        let sure = had.clone();
        let mut holders = Holders { place, had, sure };
        // What is beside it came before it.
        for beside in (0..place).filter(|beside| !nodes[place].past.has(*beside)) {
            holders.add(beside, nodes, numbers);
        }
        self.holders.push(holders);
    }
}

/// Devices, by their numbers, that have the key of an epoch.
#[derive(Debug, Clone)]
pub(super) struct Holders {
    /// What began the epoch.
    place: usize,
    /// Who may have been given the key: the devices of its past, and who was let in later by one that had it.
    had: Places,
    /// Who surely was: of the latter those who were let in by somebody who knew of the epoch.
    sure: Places,
}

impl Holders {
    /// Notes what an entry that is not in the past of the epoch adds. Entries come in an order in which nothing comes before what
    /// it builds on.
    fn add(&mut self, place: usize, nodes: &[Node], numbers: &BTreeMap<PublicKey, usize>) {
        let node = &nodes[place];
        let number = |device: &PublicKey| numbers.get(device).copied();
        let Some(device) = node.entry.act.device().filter(|_| node.rights.is_some()) else {
            return;
        };
        if let (Some(author), Some(device)) = (number(&node.entry.author), number(&device.sign))
            && self.had.has(author)
        {
            self.had.add(device);
            if node.past.has(self.place) && self.sure.has(author) {
                self.sure.add(device);
            }
        }
    }
}

/// What only who wraps can make wrongly.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::charter::{Founder, OutletCard};

    #[test]
    fn a_wrap_that_opens_to_another_key_is_found_on_both_sides() {
        let device = Device::from_secret(&[3; 64]);
        let outlet = OutletCard {
            id: "alpha".into(),
            name: "Alpha".into(),
            domain: "alpha.example".into(),
            release_keys: vec![PublicKey([1; 32]), PublicKey([2; 32])],
            freshness: None,
        };
        let founder = Founder {
            title: "Title".into(),
            outlet,
            name: "Ada".into(),
        };
        let mut dice = |bytes: &mut [u8]| bytes.fill(7);
        let (mut charter, _) = Charter::found(founder, &device, &EpochKey::from_secret([1; 32]), &mut dice);
        let (key, editors) = (EpochKey::from_secret([4; 32]), EditorsSecret::from_secret([5; 32]));
        let (id, epoch) = (charter.id(), key.id());
        let mut recipient =
            Recipient::of(&id, &device.card(), Role::Editor, &key, &editors).expect("it can be sealed to");
        let bound = Bound {
            what: What::EpochKey,
            charter: &id,
            epoch: &epoch,
        };
        recipient.key = bound.wrap(&[6; 32], &device.card()).expect("it can be sealed to");
        let rotation = Rotation {
            epoch,
            registrar: editors.registrar(&id, &epoch).public(),
            recipients: vec![recipient],
            previous: vec![(EpochKey::from_secret([1; 32]).id(), None)],
        };
        let (entry, _) = charter.act(&device, Act::Rotated(rotation)).expect("it has an effect");
        let opened = charter.open_rotation(&entry, &device).map(|_| ());
        assert_eq!(opened, Err(RotationError::OtherKey));
        let found = charter.check_rotation(&entry, &key);
        assert_eq!(found, Err(RotationError::Differs(vec![device.id()])));
    }
}
