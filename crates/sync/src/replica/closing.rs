//! Closing the logs of earlier epochs to who may write no more.
//!
//! Relays know keys, not people. So whoever writes under a key of an epoch that a rotation made says in that epoch's log of the
//! charter which append key is theirs, and an editor's device tells each relay which of them stay. Who was away and wrote before
//! they knew of the rotation still brings that: with that key, or with the one that their rotation gave them.

use std::collections::BTreeSet;

use komuz_seal::bytes::{EnvelopeId, EpochId, LogId, PublicKey};
use komuz_seal::cbor::{CborError, Reader, Writer};
use komuz_seal::charter::{Epoch, Role};
use komuz_seal::doc::DocId;
use komuz_seal::envelope::Kind;
use komuz_seal::sign::SignKey;

use super::{Moment, Payload, RelayId, Replica};
use crate::frame::{ClientFrame, sign_closing};

/// How long an editor's device waits before it closes anything, in milliseconds: what others were writing and saying is there by
/// then.
pub(super) const CLOSES_AFTER: u64 = 60_000;
/// How many append keys of one device in one epoch are heard.
const MAX_KEYS: usize = 4;
const VERSION: u8 = 1;

fn read_key(bytes: &[u8]) -> Result<PublicKey, CborError> {
    let (version, mut r) = Reader::versioned(bytes, 64)?;
    if version != VERSION {
        return Err(CborError::NotAllowed(0));
    }
    let key = r.fixed()?;
    r.end()?;
    Ok(key)
}

impl Replica {
    fn charter_log(&self, epoch: &EpochId) -> Option<LogId> {
        self.docs.get(&DocId::Charter)?.get(epoch).copied()
    }

    /// Whether a device may append anything at all, by what is known of the charter.
    fn appends(&self, device: &PublicKey) -> bool {
        let member = self.charter.member_of(device);
        member.is_some_and(|member| member.role != Role::Observer)
    }

    /// Whether this device has lost the right to append to a log: relays may refuse it then, and nothing is to be done about
    /// that. What observers say of themselves belongs to the newest log of the charter.
    pub(super) fn is_out(&self, log: Option<LogId>) -> bool {
        let device = self.device.id();
        let speaks = log.is_some() && log == self.log_to_write(&DocId::Charter).ok();
        self.me.is_some() && !self.appends(&device) && !(speaks && self.charter.member_of(&device).is_some())
    }

    /// What this device has said in a log of the charter that takes it no more, it says in the newest one: an entry carries its
    /// own signature, and a door is asked for in any of them. False where that is not so.
    pub(super) fn say_anew(&mut self, old: LogId, id: EnvelopeId, m: &mut Moment<'_>) -> bool {
        let Some(new) = self.log_to_write(&DocId::Charter).ok().filter(|new| *new != old) else {
            return false;
        };
        let log = self.logs.get(&old).filter(|log| log.doc() == Some(&DocId::Charter));
        let said = log.and_then(|log| log.open(&id));
        let Some(said) = said.filter(|said| matches!(said.kind, Kind::Charter | Kind::Doors)) else {
            return false;
        };
        let payloads = said.payloads.into_iter().map(|bytes| Payload { bytes, ends: None });
        if self.seal_in(new, said.kind, payloads.collect(), m).is_err() {
            return false;
        }
        self.give_up(old, id);
        true
    }

    /// Sends an envelope to no relay any more.
    fn give_up(&mut self, log: LogId, id: EnvelopeId) {
        self.alone.remove(&id);
        self.drop_unsent(log, id);
    }

    /// Says with which key this device appends in the newest epoch.
    pub(super) fn say_key(&mut self, m: &mut Moment<'_>) {
        let Some(epoch) = self.current.filter(|epoch| self.charter.closer(epoch).is_some()) else {
            return;
        };
        let Some((id, log)) = self.charter_log(&epoch).and_then(|id| Some((id, self.logs.get(&id)?))) else {
            return;
        };
        let (me, key) = (self.device.id(), log.append.public());
        // It is said already, but for once in an epoch: that is looked at before the charter is asked.
        if log.writers.get(&me).is_some_and(|keys| keys.contains(&key)) {
            return;
        }
        if self.me.is_none() || !self.appends(&me) || self.may_write().is_err() {
            return;
        }
        let bytes = Writer::versioned(VERSION).bytes(&key.0).finish();
        if let Err(why) = self.seal_in(id, Kind::Keys, vec![Payload { bytes, ends: None }], m) {
            self.complain_once("key", || why.sentence.clone());
        }
    }

    /// Takes what a device has said of its append key, or of what it hands to editors.
    pub(super) fn take_keys(&mut self, log: LogId, device: PublicKey, keys: &[Vec<u8>]) {
        for bytes in keys {
            let Ok(key) = read_key(bytes) else {
                self.take_handed(device, bytes);
                continue;
            };
            let Some(log) = self.logs.get_mut(&log) else {
                return;
            };
            let known = log.writers.entry(device).or_default();
            if known.len() < MAX_KEYS {
                known.insert(key);
            }
        }
    }

    /// The append keys that stay in an epoch; none where nobody who had a key of it has lost the right to append.
    fn staying(&self, epoch: &Epoch) -> Option<Vec<PublicKey>> {
        let log = self.logs.get(&self.charter_log(&epoch.epoch)?)?;
        let (mut stay, mut goes) = (BTreeSet::new(), !epoch.is_tight);
        for (device, keys) in &log.writers {
            if self.appends(device) {
                stay.extend(keys);
            } else {
                goes = true;
            }
        }
        // Whose word about their key has reached nobody has the one that the rotation gave them; unless somebody who goes can make it.
        if self.holders(epoch).iter().all(|device| self.appends(device)) {
            stay.extend(self.charter.given_keys(&epoch.entry, |device| self.appends(device)));
        }
        goes.then(|| stay.into_iter().collect())
    }

    /// The key that a rotation gave to this device for an earlier epoch.
    pub(super) fn given_key(&self, epoch: &EpochId) -> Option<SignKey> {
        if self.newest.is_none_or(|newest| newest == *epoch) {
            return None;
        }
        let mut epochs = self.charter.epochs().iter();
        let entry = epochs.find(|one| one.epoch == *epoch)?.entry;
        self.charter.open_rotation(&entry, &self.device).ok()?.append
    }

    /// What closes an epoch's logs, where this device has it.
    pub(super) fn closing_key(&self, epoch: &Epoch) -> Option<SignKey> {
        let key = self.editors_secret(epoch)?.registrar(&self.charter.id(), &epoch.epoch);
        (self.charter.closer(&epoch.epoch) == Some(key.public())).then_some(key)
    }

    /// An editor's device closes earlier epochs at the relays that can, where somebody is in no more: at a relay that knows of
    /// that, once nothing of this device's own is on its way there.
    pub(super) fn close_earlier(&mut self, m: &mut Moment<'_>) {
        if self.closes_at.is_none_or(|at| at > m.now) {
            return;
        }
        self.closes_at = None;
        let is_editor = self.me.as_ref().is_some_and(|me| me.member.role == Role::Editor);
        // Without a key to write with, a rotation is lacking: after it this is looked at anew.
        if !is_editor || self.may_write().is_err() || self.current.is_none() {
            return;
        }
        let charter = self.logs_of(&DocId::Charter);
        let mut waits = false;
        for epoch in self.charter.epochs().to_vec() {
            let id = epoch.epoch;
            if self.newest == Some(id) || self.charter.closer(&id).is_none() {
                continue;
            }
            let Some((keys, log)) = self.staying(&epoch).zip(self.charter_log(&id)) else {
                continue;
            };
            let logs: Vec<LogId> = self.docs.values().filter_map(|logs| logs.get(&id)).copied().collect();
            let mut relays = Vec::new();
            for (number, link) in self.links.iter().enumerate() {
                if !link.is_up() || !link.closes || link.closed.get(&id) == Some(&keys) {
                    continue;
                }
                let mut own = logs
                    .iter()
                    .filter_map(|log| link.lines.get(log)?.unsent.iter().find(|(_, one)| one.mine));
                if link.is_in_step(&charter) && own.next().is_none() {
                    relays.push(number);
                } else {
                    waits = true;
                }
            }
            let closer = if relays.is_empty() {
                None
            } else {
                self.closing_key(&epoch)
            };
            let Some(closer) = closer else {
                continue;
            };
            let signature = sign_closing(&closer, &id, &keys);
            for number in relays {
                self.links[number].closed.insert(id, keys.clone());
                let keys = keys.clone();
                self.send(RelayId(number as u32), &ClientFrame::Close { log, keys, signature });
            }
        }
        if waits {
            self.closes_at = Some(m.now + CLOSES_AFTER);
        }
    }
}
