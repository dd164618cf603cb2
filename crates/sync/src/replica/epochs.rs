//! Epochs: the keys that this device has, the logs that come of them, and new ones.
//!
//! A rotation opens new logs and hands none over. What somebody still writes under an earlier epoch, not knowing of the newer
//! one, is read there and judged as everything is; so the logs of all epochs are followed, or looked at in turn where they are
//! too many ([`super::visits`]).

use std::collections::BTreeSet;

use komuz_seal::bytes::{Digest, EpochId, LogId};
use komuz_seal::charter::{Epoch, Role, RotationError, entry_id};
use komuz_seal::derive::{LogKeys, append_key};
use komuz_seal::doc::DocId;
use komuz_seal::editors::EditorsSecret;
use komuz_seal::envelope::Kind;
use komuz_seal::epoch::EpochKey;

use super::closing::CLOSES_AFTER;
use super::link::below;
use super::log::{Log, Purpose};
use super::rows::{self, Standing};
use super::{CommandError, Moment, Output, Payload, Replica, door, fail, not_joined};

/// How long an editor's device waits for another's rotation before it makes one that is lacking, for each editor who ranks
/// before it, in milliseconds; and how much of that is chance.
const AFTER_OTHERS: u64 = 5_000;
const AFTER_CHANCE: u64 = 2_000;
/// How long it waits more, and by chance, where people can write meanwhile.
const NO_HURRY: u64 = 30_000;

impl Replica {
    /// Makes a document's logs, one for each epoch of which this device has the key.
    pub(super) fn add_document(&mut self, doc: &DocId, m: &mut Moment<'_>) {
        self.docs.entry(doc.clone()).or_default();
        self.open_logs(m);
    }

    /// Makes the logs that are lacking.
    fn open_logs(&mut self, m: &mut Moment<'_>) {
        let mut fresh = Vec::new();
        for (doc, logs) in &mut self.docs {
            for (epoch, key) in &self.keys {
                if logs.contains_key(epoch) {
                    continue;
                }
                let keys = LogKeys::of_document(key, doc);
                let id = keys.id;
                let append = append_key(&self.device, epoch);
                rows::put_log(&mut self.rows, &id, doc);
                self.logs
                    .insert(id, Log::new(Purpose::Document(doc.clone()), keys, append));
                logs.insert(*epoch, id);
                fresh.push(id);
            }
        }
        for id in fresh {
            self.spread(id, m);
        }
    }

    /// A document's logs, in the order of their epochs.
    pub(super) fn logs_of(&self, doc: &DocId) -> Vec<LogId> {
        let Some(logs) = self.docs.get(doc) else {
            return Vec::new();
        };
        let order = |epoch: &EpochId| self.order.iter().position(|known| known == epoch);
        let mut all: Vec<_> = logs.iter().map(|(epoch, log)| (order(epoch), *log)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, log)| log).collect()
    }

    /// Whether a log is one of a document's.
    pub(super) fn is_of(&self, log: &LogId, doc: &DocId) -> bool {
        self.docs
            .get(doc)
            .is_some_and(|logs| logs.values().any(|other| other == log))
    }

    /// The log of a document to write to now. Entries of the charter are written also while there is no key for anything
    /// else: they are what brings one. Errors: `not-joined`, `no-key`.
    pub(super) fn log_to_write(&self, doc: &DocId) -> Result<LogId, CommandError> {
        let logs = self.docs.get(doc).ok_or_else(not_joined)?;
        let epoch = match doc {
            DocId::Charter => self.current.or(self.newest),
            _ => self.current,
        };
        let Some(epoch) = epoch else {
            return Err(fail(
                "no-key",
                "somebody who is in no more has the key: what is written waits until an editor's device makes a new one",
            ));
        };
        logs.get(&epoch).copied().ok_or_else(not_joined)
    }

    fn is_good(&self, epoch: &Epoch) -> bool {
        self.keys.contains_key(&epoch.epoch) && self.rotations.get(&epoch.entry).copied().unwrap_or(true)
    }

    /// Finds keys of epochs in the charter, makes their logs, and chooses the one to write in.
    pub(super) fn take_epochs(&mut self, m: &mut Moment<'_>) {
        if let Some(key) = &self.epoch {
            self.keys.entry(key.id()).or_insert_with(|| key.clone());
        }
        loop {
            let known = self.keys.len();
            for epoch in self.charter.epochs().to_vec() {
                if self.keys.contains_key(&epoch.epoch) || self.rotations.get(&epoch.entry) == Some(&false) {
                    continue;
                }
                match self.charter.open_rotation(&epoch.entry, &self.device) {
                    Ok(opened) => {
                        self.keys.insert(epoch.epoch, opened.key);
                    }
                    // Not for this device; or the founding entry.
                    Err(RotationError::NotARecipient | RotationError::Unknown) => {}
                    Err(why) => self.doubt_rotation(&epoch, &why),
                }
            }
            let lacks = |epoch: &EpochId| !self.keys.contains_key(epoch);
            let earlier = self.keys.values().flat_map(|key| self.charter.earlier(key, lacks));
            for key in earlier.collect::<Vec<EpochKey>>() {
                self.keys.entry(key.id()).or_insert(key);
            }
            if self.keys.len() == known {
                break;
            }
        }
        self.choose_epoch();
        self.open_logs(m);
    }

    fn doubt_rotation(&mut self, epoch: &Epoch, why: &RotationError) {
        if self.rotations.insert(epoch.entry, false).is_none() {
            let name = self.name_of(&epoch.author);
            self.out.push(Output::Trouble(format!(
                "The new key that {name}'s device made is not used: {why}."
            )));
        }
    }

    /// Notes what this device has found of a rotation before, or another session of it. What cannot be read is found again.
    pub(super) fn note_checked(&mut self, key: &[u8], value: &[u8]) {
        let checked = rows::read_checked(key, value);
        self.rotations.extend(checked.map(|entry| (entry, true)));
    }

    fn choose_epoch(&mut self) {
        let epochs = self.charter.epochs().to_vec();
        // Only the last is checked, and once, whenever this device starts: every device has found the same of those before.
        for epoch in epochs.iter().rev().filter(|epoch| epoch.counts) {
            if !self.is_good(epoch) {
                continue;
            }
            if self.rotations.contains_key(&epoch.entry) || epoch.previous.is_empty() {
                break;
            }
            let Some(key) = self.keys.get(&epoch.epoch) else {
                break;
            };
            match self.charter.check_rotation(&epoch.entry, key) {
                Ok(()) => {
                    self.rotations.insert(epoch.entry, true);
                    rows::put_checked(&mut self.rows, &epoch.entry);
                    break;
                }
                Err(why) => self.doubt_rotation(epoch, &why),
            }
        }
        let newest = epochs.iter().rev().find(|epoch| epoch.counts && self.is_good(epoch));
        self.newest = newest.map(|epoch| epoch.epoch);
        self.current = newest.filter(|epoch| epoch.is_tight).map(|epoch| epoch.epoch);
        // Somebody who is in has not got the newest key, or several were made at once: whoever comes by one of them does not
        // read what was written under the other.
        let followed = |epoch: &EpochId| epochs.iter().any(|later| later.previous.contains(epoch));
        self.closes_at.get_or_insert(self.clock + CLOSES_AFTER);
        let ends = epochs.iter().filter(|epoch| epoch.counts && !followed(&epoch.epoch));
        self.strays = ends.count() > 1 || newest.is_some_and(|epoch| !epoch.is_whole);
        self.order = epochs.into_iter().map(|epoch| epoch.epoch).collect();
    }

    /// After somebody was taken out: a new key, which they do not get.
    pub(super) fn renew(&mut self, m: &mut Moment<'_>) -> Result<(), CommandError> {
        self.take_epochs(m);
        if self.current.is_none() && self.may_rotate() {
            return self.make_rotation(m);
        }
        Ok(())
    }

    fn may_rotate(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.member.role == Role::Editor) && self.may_write().is_ok()
    }

    /// Whether a relay has told all of the charter that it has: a rotation may be in it.
    pub(super) fn is_told(&self) -> bool {
        let charter = self.logs_of(&DocId::Charter);
        self.links.iter().any(|link| link.is_in_step(&charter))
    }

    /// An editor's device makes a rotation that is lacking, when no other does.
    pub(super) fn rotate_if_lacking(&mut self, m: &mut Moment<'_>) {
        let lacking = self.current.is_none() || self.strays;
        if !lacking || !self.may_rotate() || !self.is_told() {
            self.rotates_at = None;
            return;
        }
        let me = self.device.id();
        let editors = self
            .charter
            .members()
            .into_iter()
            .filter(|member| member.role == Role::Editor);
        let own = self.charter.member_of(&me).map(|member| member.id);
        let before = editors.take_while(|member| Some(member.id) != own).count();
        // Of an editor's own devices one after the other.
        let devices = own.map(|own| self.charter.devices_in(&own)).unwrap_or_default();
        let before = (before + devices.iter().take_while(|device| **device != me).count()) as u64;
        let hurry = match self.current {
            Some(_) => NO_HURRY + below(NO_HURRY, m.entropy),
            None => below(AFTER_CHANCE, m.entropy),
        };
        let due = *self.rotates_at.get_or_insert(m.now + before * AFTER_OTHERS + hurry);
        if due <= m.now {
            self.rotates_at = None;
            if let Err(why) = self.make_rotation(m) {
                self.complain_once("rotation", || why.sentence.clone());
            }
        }
    }

    /// Makes a rotation, and tells all of the charter in its new log: who comes by its key knows no other.
    pub(super) fn make_rotation(&mut self, m: &mut Moment<'_>) -> Result<(), CommandError> {
        let old = self.log_to_write(&DocId::Charter)?;
        // Somebody has another epoch's key alone: there the entry must be, with all that it builds on.
        let strays = self.strays;
        let (key, editors) = (EpochKey::new(m.entropy), EditorsSecret::new(m.entropy));
        let held: Vec<EpochKey> = self.keys.values().cloned().collect();
        let Some((_, bytes)) = self.charter.rotate(&self.device, &key, &editors, &held, m.entropy) else {
            return Err(fail(
                "no-rotation",
                "a new key cannot be made: only an editor may, and not for more devices than one entry takes",
            ));
        };
        self.seal_in(old, Kind::Charter, vec![Payload { bytes, ends: None }], m)?;
        self.take_epochs(m);
        let new = self
            .docs
            .get(&DocId::Charter)
            .and_then(|logs| logs.get(&key.id()))
            .copied()
            .ok_or_else(not_joined)?;
        let behind = match strays {
            true => self.logs_of(&DocId::Charter),
            false => vec![new],
        };
        self.complete_charter(&behind, m)?;
        let urls: Vec<String> = self.links.iter().map(|link| link.url.clone()).collect();
        for url in urls {
            let payload = Payload {
                bytes: door::server_bytes(&url),
                ends: None,
            };
            self.seal_in(new, Kind::Servers, vec![payload], m)?;
        }
        self.out.push(Output::Charter);
        self.judges_again = true;
        Ok(())
    }

    /// Writes into each of these logs of the charter what lies in others of its logs and not in it.
    fn complete_charter(&mut self, behind: &[LogId], m: &mut Moment<'_>) -> Result<(), CommandError> {
        let mut all: Vec<(u64, LogId, Digest, Vec<u8>)> = Vec::new();
        for id in self.logs_of(&DocId::Charter) {
            let Some(from) = self.logs.get(&id) else {
                continue;
            };
            let kept = from
                .stored
                .iter()
                .filter(|(_, one)| one.row.standing != Standing::Refused);
            for (envelope, stored) in kept {
                let opened = from.open(envelope).filter(|statement| statement.kind == Kind::Charter);
                let entries = opened.into_iter().flat_map(|statement| statement.payloads);
                all.extend(entries.map(|bytes| (stored.row.place, id, entry_id(&bytes), bytes)));
            }
        }
        // Places go by when a thing came here: what it builds on came before.
        all.sort_by_key(|(place, ..)| *place);
        for log in behind {
            let there = all.iter().filter(|(_, of, ..)| of == log);
            let mut there: BTreeSet<Digest> = there.map(|(_, _, entry, _)| *entry).collect();
            let lacking = all.iter().filter(|(_, _, entry, _)| there.insert(*entry));
            let lacking = lacking.map(|(.., bytes)| Payload {
                bytes: bytes.clone(),
                ends: None,
            });
            let lacking: Vec<Payload> = lacking.collect();
            if !lacking.is_empty() {
                self.seal_in(*log, Kind::Charter, lacking, m)?;
            }
        }
        Ok(())
    }
}
