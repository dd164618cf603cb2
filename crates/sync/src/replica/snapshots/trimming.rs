//! Servers let go of old envelopes that are in a snapshot.
//!
//! An editor's device asks for it, of what a snapshot holds that it has made itself and that is not the newest any more, after it has
//! loaded its own newest one as others would and found it equal. It asks every server but one: the one that
//! [keeps everything](Replica::keeper) is to have everything at that moment.

use std::collections::BTreeMap;

use komuz_seal::blob::Blob;
use komuz_seal::bytes::{EnvelopeId, EpochId, LogId};
use komuz_seal::chain;
use komuz_seal::charter::Role;
use komuz_seal::doc::DocId;
use komuz_seal::sign::SignKey;
use komuz_seal::snapshot::{Announcement, Place};

use super::super::rows::{self, MadeRow, Standing};
use super::super::{Moment, Output, RelayId, Replica};
use super::Why;
use crate::frame::{ClientFrame, MAX_IDS, sign_trimming};

/// How often it is looked at what servers need not keep, in milliseconds: what others are writing meanwhile comes first.
const TRIMS_EVERY: u64 = 60_000;
/// How many of its own snapshots of a document a device remembers.
const MAX_MADE: usize = 2;

/// A snapshot that this device has made.
#[derive(Debug)]
pub(super) struct Made {
    id: EnvelopeId,
    row: MadeRow,
    check: Check,
}

/// Whether it is what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    /// Not looked at.
    Open,
    /// It is looked at as soon as this batch is on the disk, which says so: what stops the caller stops it once.
    Noted(u64),
    /// The caller has it, or is about to.
    Given,
    /// The caller has the same.
    Equal,
    /// Not the same, or it stopped the caller.
    Wrong,
}

impl Replica {
    /// Remembers what was made.
    pub(super) fn note_made(&mut self, id: EnvelopeId, announcement: Announcement, places: Vec<Place>) {
        let row = MadeRow {
            announcement,
            places,
            tried: false,
            done: Default::default(),
        };
        row.put(&mut self.rows, &id);
        let all = self.snapshots.made.entry(row.announcement.doc.clone()).or_default();
        let check = Check::Open;
        all.push(Made { id, row, check });
        if all.len() > MAX_MADE {
            let oldest = all.remove(0);
            self.rows.delete(rows::MADE, oldest.id.0.to_vec());
        }
    }

    /// What was made, from a row. In which order is told by where the announcements lie ([`Self::put_made_in_order`]).
    pub(in super::super) fn put_made_back(&mut self, id: EnvelopeId, row: MadeRow) {
        let check = if row.tried { Check::Wrong } else { Check::Open };
        let all = self.snapshots.made.entry(row.announcement.doc.clone()).or_default();
        all.push(Made { id, row, check });
    }

    /// Puts in order what was made, by when its announcement came to count here.
    pub(in super::super) fn put_made_in_order(&mut self) {
        let logs = self.logs_of(&DocId::Snapshots);
        let place = |id: &EnvelopeId| {
            let mut found = logs.iter().filter_map(|log| self.logs.get(log)?.stored.get(id));
            found.next().map(|stored| stored.row.place)
        };
        let mut made = core::mem::take(&mut self.snapshots.made);
        for all in made.values_mut() {
            all.sort_by_key(|made| place(&made.id));
        }
        self.snapshots.made = made;
    }

    /// Asks servers to let go of what they need not keep, when it is time to look.
    pub(in super::super) fn let_trim(&mut self, m: &mut Moment<'_>) {
        let is_editor = self.me.as_ref().is_some_and(|me| me.member.role == Role::Editor);
        if !is_editor || self.snapshots.made.is_empty() || self.snapshots.trims_at > m.now {
            return;
        }
        self.snapshots.trims_at = m.now + TRIMS_EVERY;
        if !self.has_key() || self.may_write().is_err() {
            return;
        }
        let docs = self.snapshots.made.keys();
        let docs: Vec<DocId> = docs.filter(|doc| self.watched.contains(*doc)).cloned().collect();
        for doc in &docs {
            if let Some((base, requests)) = self.to_trim(doc)
                && self.is_checked(doc, m)
            {
                self.ask_to_trim(doc, &base, &requests);
            }
        }
    }

    /// A snapshot of a document, and what which servers are asked to let go for it, where all is in step and the keys for that are
    /// here.
    fn to_trim(&self, doc: &DocId) -> Option<(EnvelopeId, Vec<(usize, ClientFrame)>)> {
        let made = self.snapshots.made.get(doc)?;
        let (own, before) = made.split_last()?;
        // What the newest holds alone, those read who are a little behind.
        let base = match self.snapshots.newest(doc)?.id == own.id {
            true => before.last()?,
            false => own,
        };
        let (logs, keeper) = (self.logs_of(doc), &self.links[self.keeper()?]);
        let is_whole = |line: &super::Line| line.is_in_sync() && line.trimmed == 0;
        let keeps = |log: &LogId| keeper.lines.get(log).is_some_and(is_whole);
        let may = own.check != Check::Wrong && keeper.is_up() && logs.iter().all(keeps);
        if !may || !logs.iter().all(|log| self.is_plain(log)) {
            return None;
        }
        let mut in_step = logs;
        in_step.extend(
            [DocId::Blobs, DocId::Snapshots]
                .iter()
                .flat_map(|doc| self.logs_of(doc)),
        );
        let mut closers = BTreeMap::new();
        let mut requests = Vec::new();
        for (relay, link) in self.links.iter().enumerate() {
            let told = base.row.done.contains(&link.url);
            if !link.trims || told || link.url == keeper.url || !link.is_in_step(&in_step) {
                continue;
            }
            let here = base.row.places.iter().filter(|place| place.url == link.url);
            let here = here.filter(|place| place.seq > 0);
            let mut all: Vec<_> = here
                .map(|place| (place.log, place.seq, place.chain, Vec::new()))
                .collect();
            for before in before {
                let (blob, kept) = (&before.row.announcement.blob, &own.row.announcement.blob.chunks);
                let chunks = blob.chunks.iter().filter(|id| !kept.contains(id));
                let ids: Vec<EnvelopeId> = chunks.copied().take(MAX_IDS).collect();
                let log = self.docs.get(&DocId::Blobs).and_then(|logs| logs.get(&blob.epoch));
                all.extend(log.map(|log| (*log, 0, chain::EMPTY, ids)));
            }
            for (log, seq, chain, ids) in all {
                if let Some(closer) = self.closer_of(&log, &mut closers) {
                    let signature = sign_trimming(closer, &link.url, &log, seq, &chain, &ids);
                    requests.push((
                        relay,
                        ClientFrame::Trim {
                            log,
                            seq,
                            chain,
                            ids,
                            signature,
                        },
                    ));
                }
            }
        }
        (!requests.is_empty()).then_some((base.id, requests))
    }

    /// The key with which this device may close a log; `known` are those of epochs that were asked for before.
    fn closer_of<'a>(&self, log: &LogId, known: &'a mut BTreeMap<EpochId, Option<SignKey>>) -> Option<&'a SignKey> {
        let of = self.logs.get(log)?.keys.epoch;
        let find = || self.closing_key(self.charter.epochs().iter().find(|epoch| epoch.epoch == of)?);
        known.entry(of).or_insert_with(find).as_ref()
    }

    /// Whether all of a log is here and counts: what is left aside may count one day, and who has taken a snapshot of it cannot give
    /// it back.
    fn is_plain(&self, log_id: &LogId) -> bool {
        let Some(log) = self.logs.get(log_id) else {
            return false;
        };
        let counts = |standing| matches!(standing, Standing::Accepted | Standing::Copy);
        log.base.is_empty()
            && !self.held.has_log(log_id)
            && log.stored.values().all(|stored| counts(stored.row.standing))
    }

    /// Whether the newest snapshot that this device has made of a document was found equal; where it was not looked at yet, that is
    /// begun.
    fn is_checked(&mut self, doc: &DocId, m: &mut Moment<'_>) -> bool {
        let (batch, durable) = (self.batch + 1, self.durable);
        let Some(made) = self.snapshots.made.get_mut(doc).and_then(|all| all.last_mut()) else {
            return false;
        };
        match made.check {
            Check::Open => {
                made.row.tried = true;
                made.row.put(&mut self.rows, &made.id);
                made.check = Check::Noted(batch);
            }
            Check::Noted(batch) if batch <= durable => {
                made.check = Check::Given;
                let (id, blob) = (made.id, made.row.announcement.blob.clone());
                if !self.has_blob(&blob) || !self.seek_blob(&blob, m) {
                    // Its bytes are not here any more.
                    self.is_wrong(doc, &id);
                }
            }
            Check::Noted(_) | Check::Given | Check::Wrong => {}
            Check::Equal => return true,
        }
        false
    }

    /// Hands a snapshot that this device has made to the caller, to be compared. Whether it is one that is to be.
    pub(super) fn compare(&mut self, blob: &Blob, bytes: &[u8]) -> bool {
        let mut all = self
            .snapshots
            .made
            .iter()
            .filter_map(|(doc, all)| Some((doc, all.last()?)));
        let sought = all.find(|(_, made)| made.check == Check::Given && made.row.announcement.blob == *blob);
        let Some((doc, id)) = sought.map(|(doc, made)| (doc.clone(), made.id)) else {
            return false;
        };
        match self.open_snapshot(&doc, id, bytes) {
            Ok((_, whole)) => self.out.push(Output::Compare(Box::new(whole))),
            // What counted when it was made does not any more.
            Err(Why::Waits | Why::Wrong(_)) => self.is_wrong(&doc, &id),
        }
        true
    }

    fn is_wrong(&mut self, doc: &DocId, id: &EnvelopeId) {
        if let Some(made) = self.made(doc, id) {
            made.check = Check::Wrong;
        }
    }

    /// The caller has compared.
    pub(in super::super) fn end_comparison(
        &mut self,
        doc: &DocId,
        id: &EnvelopeId,
        equal: Result<(), &str>,
        m: &mut Moment<'_>,
    ) {
        if let Err(why) = equal {
            self.is_wrong(doc, id);
            self.out.push(Output::Trouble(format!(
                "A copy of a document that this device made for others is not the same as the document: {why}. The servers keep \
                 everything."
            )));
            return;
        }
        let all = self.snapshots.made.get_mut(doc).into_iter().flatten();
        for made in all.filter(|made| made.id == *id && made.check == Check::Given) {
            made.check = Check::Equal;
            made.row.tried = false;
            made.row.put(&mut self.rows, &made.id);
        }
        self.snapshots.trims_at = 0;
        self.let_trim(m);
    }

    fn ask_to_trim(&mut self, doc: &DocId, base: &EnvelopeId, requests: &[(usize, ClientFrame)]) {
        for (relay, frame) in requests {
            self.send(RelayId(*relay as u32), frame);
        }
        let asked = requests.iter().filter_map(|(relay, _)| self.links.get(*relay));
        let urls: Vec<String> = asked.map(|link| link.url.clone()).collect();
        if let Some(made) = self.made(doc, base) {
            made.row.done.extend(urls);
            let (row, id) = (made.row.clone(), made.id);
            row.put(&mut self.rows, &id);
        }
    }

    /// A snapshot that this device has made.
    fn made(&mut self, doc: &DocId, id: &EnvelopeId) -> Option<&mut Made> {
        let all = self.snapshots.made.get_mut(doc)?;
        all.iter_mut().find(|made| made.id == *id)
    }
}
