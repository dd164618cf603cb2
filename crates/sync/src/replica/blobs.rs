//! Blobs: the bytes of files, which are fetched only when somebody looks at them.
//!
//! Their chunks lie in a log of their own in each epoch. Of that log a replica learns ids only: it lists them from the cursor
//! that it has, and then stops to follow, by a subscription that cannot be ([`NOWHERE`]). The relay answers that one too, after
//! everything that was asked before it: so what was fetched and has not come by then is not there, and another relay is asked.

use std::collections::BTreeSet;

use komuz_seal::blob::{Blob, BlobError};
use komuz_seal::bytes::{Chain, EnvelopeId, LogId};
use komuz_seal::chain::envelope_id;
use komuz_seal::doc::DocId;

use super::link::{Line, Phase, Unsent, below};
use super::rows;
use super::start::Told;
use super::{CommandError, Moment, Output, RelayId, Replica, fail, not_joined};
use crate::frame::ClientFrame;

/// How many chunks are asked for at a time at each relay: on a slow line, what somebody writes comes between them.
const FETCH: usize = 2;
/// And while a document comes whole, before which nobody here has anything to write or to read: all of it in one round.
const FETCH_WHOLE: usize = 64;
/// How many bytes of chunks are on their way to a relay at a time.
pub(super) const WINDOW_BYTES: u64 = 256 << 10;
/// How many blobs may be wanted at once.
pub const MAX_WANTED: usize = 1024;
/// How long a relay may take for one chunk before another is asked, in milliseconds.
const STALLED: u64 = 120_000;
/// How long others' chunks wait before this device brings them to a relay that lacks them, in milliseconds, and how much of that
/// is chance: all who have them find out at the same time.
const OTHERS_WAIT: u64 = 5_000;
const OTHERS_JITTER: u64 = 60_000;
/// How old a relay's list may be when others' chunks are brought there, in milliseconds.
const FRESH: u64 = 10_000;
/// A chain that no log has at its beginning.
const NOWHERE: Chain = Chain([0xff; 32]);

/// What a line has beside the others when its log is one of blobs.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Chunks that this relay was asked for.
    asked: BTreeSet<EnvelopeId>,
    /// When it was asked, or brought one.
    asked_at: u64,
    /// What it did not have, and when it is asked again.
    pub(super) absent: BTreeSet<EnvelopeId>,
    pub(super) again: Option<u64>,
    /// Whether a subscription that cannot be is on its way.
    ends: bool,
    /// When its list was whole.
    listed_at: u64,
}

impl Side {
    pub(super) fn drop_connection(&mut self) {
        self.asked.clear();
        self.absent.clear();
        self.again = None;
    }

    /// A new connection: nothing is on its way.
    pub(super) fn connected(&mut self) {
        self.ends = false;
    }

    /// Whether a chunk was asked for.
    pub(super) fn asks(&self, id: &EnvelopeId) -> bool {
        self.asked.contains(id)
    }

    /// Whether something may be sent that somebody else may have brought meanwhile.
    pub(super) fn is_fresh(&self, now: u64) -> bool {
        self.listed_at + FRESH > now
    }
}

/// What a blob's chunks are together.
enum Joined {
    Bytes(Vec<u8>),
    Wrong(BlobError),
    /// These are to be read first.
    OnDisk(Vec<(LogId, EnvelopeId)>),
}

impl Replica {
    /// Keeps a file's bytes and sends them to all relays, as chunks. What comes back is what a document has instead of the
    /// bytes. Errors: those of [`Self::may_write`], `not-joined`, `no-key`, `role` when one may not write files,
    /// `payload-too-large` (also for nothing).
    pub fn put_blob(
        &mut self,
        bytes: &[u8],
        now: u64,
        entropy: komuz_seal::Entropy<'_>,
    ) -> Result<(Blob, Vec<Output>), CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.keep_blob(bytes, m))
    }

    /// As [`Self::put_blob`].
    pub(super) fn keep_blob(&mut self, bytes: &[u8], m: &mut Moment<'_>) -> Result<Blob, CommandError> {
        let me = self.me.as_ref().ok_or_else(not_joined)?;
        if !me.member.role.may_write(&DocId::Blobs) {
            let sentence = format!("as {} you may not add files", me.member.role.name());
            return Err(fail("role", &sentence));
        }
        self.may_write()?;
        self.add_document(&DocId::Blobs, m);
        let log_id = self.log_to_write(&DocId::Blobs)?;
        let log = self.logs.get(&log_id).ok_or_else(not_joined)?;
        let (blob, chunks) = Blob::seal(bytes, &log.keys).map_err(|why| fail("payload-too-large", &why.to_string()))?;
        for sealed in chunks {
            let id = envelope_id(&sealed);
            if self.has_chunk(&log_id, &id) {
                continue;
            }
            self.keep_chunk(log_id, id, sealed);
            self.alone.insert(id);
            for link in &mut self.links {
                if let Some(line) = link.lines.get_mut(&log_id) {
                    let (mine, due, noted) = (true, m.now, true);
                    line.unsent.insert(id, Unsent { mine, due, noted });
                    rows::put_unsent(&mut self.rows, &link.url, &log_id, &id, mine);
                }
            }
        }
        Ok(blob)
    }

    /// Wants a file's bytes: [`Output::Blob`] brings them, at once where they are in memory, or [`Output::BlobRefused`]. What has come of
    /// it is kept over a restart, after which it is to be wanted again. `None` while [`MAX_WANTED`] others are being fetched.
    pub fn want_blob(&mut self, blob: &Blob, now: u64, entropy: komuz_seal::Entropy<'_>) -> Option<Vec<Output>> {
        let mut taken = false;
        let out = self.turn(now, entropy, |replica, m| taken = replica.seek_blob(blob, m));
        taken.then_some(out)
    }

    /// As [`Self::want_blob`]; false while too many others are.
    pub(super) fn seek_blob(&mut self, blob: &Blob, m: &mut Moment<'_>) -> bool {
        if self.wanted_blobs.contains(blob) {
            return true;
        }
        if self.wanted_blobs.len() >= MAX_WANTED {
            return false;
        }
        if self.me.is_some() {
            self.add_document(&DocId::Blobs, m);
        }
        self.wanted_blobs.push(blob.clone());
        self.deliver_blobs(m);
        self.fetch_chunks(m);
        true
    }

    /// Wants a file no more, and lets go of what is here of it, unless no relay has it yet.
    pub fn forget_blob(&mut self, blob: &Blob, now: u64, entropy: komuz_seal::Entropy<'_>) -> Vec<Output> {
        self.turn(now, entropy, |replica, _| replica.let_blob_go(blob))
    }

    /// As [`Self::forget_blob`].
    pub(super) fn let_blob_go(&mut self, blob: &Blob) {
        self.wanted_blobs.retain(|wanted| wanted != blob);
        let Some(log_id) = self.log_of_blob(blob) else {
            return;
        };
        let unsent = |id: &EnvelopeId, links: &[super::Link]| {
            let mut lines = links.iter().filter_map(|link| link.lines.get(&log_id));
            lines.any(|line| line.unsent.contains(id))
        };
        for id in &blob.chunks {
            if unsent(id, &self.links) {
                continue;
            }
            if self.drop_chunk(log_id, *id) {
                self.rows.delete(rows::CHUNKS, rows::envelope_key(&log_id, id));
            }
        }
    }

    /// Whether all of a file is here, right or not.
    pub fn has_blob(&self, blob: &Blob) -> bool {
        let log = self.log_of_blob(blob);
        log.is_some_and(|log| blob.chunks.iter().all(|id| self.has_chunk(&log, id)))
    }

    fn has_chunk(&self, log: &LogId, id: &EnvelopeId) -> bool {
        self.logs.get(log).is_some_and(|log| log.stored.contains_key(id))
    }

    /// The log that a blob's chunks lie in, where this device has its key.
    fn log_of_blob(&self, blob: &Blob) -> Option<LogId> {
        self.docs.get(&DocId::Blobs)?.get(&blob.epoch).copied()
    }

    /// What the chunks are together, when all are here.
    fn join_blob(&self, blob: &Blob) -> Option<Joined> {
        let log_id = self.log_of_blob(blob)?;
        let log = self.logs.get(&log_id)?;
        let (mut chunks, mut asleep) = (Vec::new(), Vec::new());
        for id in &blob.chunks {
            let sealed = log.stored.get(id)?.row.sealed.as_slice();
            if sealed.is_empty() {
                asleep.push((log_id, *id));
            }
            chunks.push(sealed);
        }
        if !asleep.is_empty() {
            return Some(Joined::OnDisk(asleep));
        }
        Some(match blob.join(chunks, &log.keys) {
            Ok(bytes) => Joined::Bytes(bytes),
            Err(why) => Joined::Wrong(why),
        })
    }

    /// Hands out what is whole. Of what is to be read for that, one file is at a time.
    pub(super) fn deliver_blobs(&mut self, m: &mut Moment<'_>) {
        let mut reads = Vec::new();
        for blob in self.wanted_blobs.clone() {
            match self.join_blob(&blob) {
                None => {}
                Some(Joined::OnDisk(asleep)) if reads.is_empty() => reads = asleep,
                Some(Joined::OnDisk(_)) => {}
                Some(Joined::Bytes(bytes)) => {
                    self.wanted_blobs.retain(|wanted| *wanted != blob);
                    if self.whole_came(&blob, &bytes, m) {
                        continue;
                    }
                    let sha256 = blob.sha256;
                    self.out.push(Output::Blob { sha256, bytes });
                }
                Some(Joined::Wrong(why)) => self.refuse_blob(blob, why, m),
            }
        }
        self.read_chunks(reads);
    }

    /// What a blob's name says is not so: whoever wrote it wrote something wrong, and no relay has it better, since ids are hashes.
    fn refuse_blob(&mut self, blob: Blob, why: BlobError, m: &mut Moment<'_>) {
        self.wanted_blobs.retain(|wanted| *wanted != blob);
        if self.whole_is_wrong(&blob, &why, m) {
            return;
        }
        self.out.push(Output::BlobRefused { blob, why });
    }

    /// Asks relays for chunks that are wanted: each chunk one relay at a time.
    pub(super) fn fetch_chunks(&mut self, m: &Moment<'_>) {
        if self.wanted_blobs.is_empty() {
            return;
        }
        let at_a_time = if self.snapshots.fetches() { FETCH_WHOLE } else { FETCH };
        let lines = self.links.iter().flat_map(|link| link.lines.values());
        let mut asked: BTreeSet<EnvelopeId> = lines
            .filter_map(|line| line.side.as_ref())
            .flat_map(|side| side.asked.iter().copied())
            .collect();
        for (number, link) in self.links.iter_mut().enumerate().filter(|(_, link)| link.is_up()) {
            for (log_id, line) in &mut link.lines {
                let (Some(side), Some(log)) = (line.side.as_mut(), self.logs.get(log_id)) else {
                    continue;
                };
                if line.phase != Phase::Live || side.ends {
                    continue;
                }
                let of_log = self.wanted_blobs.iter().filter(|blob| blob.epoch == log.keys.epoch);
                let chunks = of_log.flat_map(|blob| &blob.chunks);
                let lacking = chunks.filter(|id| !log.stored.contains_key(*id));
                let lacking: Vec<EnvelopeId> = lacking.copied().collect();
                let mut next = |side: &Side| -> Vec<EnvelopeId> {
                    let ids = lacking.iter().filter(|id| !side.absent.contains(*id));
                    ids.filter(|id| asked.insert(**id)).take(at_a_time).copied().collect()
                };
                let mut ids = next(side);
                // What was not there is asked for again when everything else was asked for: nothing holds up anything.
                if ids.is_empty() && side.again.is_some_and(|at| at <= m.now) {
                    side.again = None;
                    side.absent.clear();
                    ids = next(side);
                }
                if ids.is_empty() {
                    continue;
                }
                side.asked = ids.iter().copied().collect();
                side.asked_at = m.now;
                side.ends = true;
                let log = *log_id;
                for frame in [ClientFrame::Fetch { log, ids }, nowhere(log)] {
                    self.out.push(Output::Send {
                        relay: RelayId(number as u32),
                        bytes: frame.encode(),
                    });
                }
            }
        }
    }

    /// A relay's list of chunks is whole: what it appends from now on is not wanted.
    pub(super) fn stop_following(&mut self, relay: RelayId, log: LogId, m: &Moment<'_>) {
        if let Some(side) = self.side(relay, log) {
            side.ends = true;
            side.listed_at = m.now;
            self.out.push(Output::Send {
                relay,
                bytes: nowhere(log).encode(),
            });
        }
    }

    /// A relay has answered everything; false when that is not what it says.
    pub(super) fn has_answered(&mut self, relay: RelayId, log: LogId, m: &mut Moment<'_>) -> bool {
        let link = self.links.get_mut(relay.0 as usize);
        let Some(line) = link.and_then(|link| link.lines.get_mut(&log)) else {
            return false;
        };
        let Some(side) = line.side.as_mut() else {
            return false;
        };
        if !core::mem::take(&mut side.ends) {
            return line.phase != Phase::Asked;
        }
        if line.phase == Phase::Asked {
            line.phase = Phase::Live;
        }
        self.lacks_asked(relay, log, m);
        self.fetch_chunks(m);
        self.push(relay, m);
        true
    }

    /// What a relay was asked for and has not brought is not there.
    pub(super) fn lacks_asked(&mut self, relay: RelayId, log: LogId, m: &mut Moment<'_>) {
        let link = self.links.get_mut(relay.0 as usize);
        let Some(line) = link.and_then(|link| link.lines.get_mut(&log)) else {
            return;
        };
        let Some(side) = line.side.as_mut().filter(|side| !side.asked.is_empty()) else {
            return;
        };
        side.absent.append(&mut side.asked);
        side.again.get_or_insert(m.now + line.relists.next(m.entropy));
    }

    fn side(&mut self, relay: RelayId, log: LogId) -> Option<&mut Side> {
        let link = self.links.get_mut(relay.0 as usize)?;
        link.lines.get_mut(&log)?.side.as_mut()
    }

    /// A chunk has come. What was not asked for is passed over: it is not what its id was to be, or nobody wants it.
    pub(super) fn take_chunk(&mut self, relay: RelayId, log_id: LogId, sealed: Vec<u8>, m: &mut Moment<'_>) {
        let id = envelope_id(&sealed);
        let link = self.links.get_mut(relay.0 as usize);
        let Some(line) = link.and_then(|link| link.lines.get_mut(&log_id)) else {
            return;
        };
        let Some(side) = line.side.as_mut().filter(|side| side.asked.contains(&id)) else {
            return;
        };
        side.asked.remove(&id);
        side.asked_at = m.now;
        line.relists.reset();
        let Some(log) = self.logs.get_mut(&log_id) else {
            return;
        };
        let mut opens = false;
        let mut wrong = Vec::new();
        for blob in self.wanted_blobs.iter().filter(|blob| blob.epoch == log.keys.epoch) {
            for (index, _) in blob.chunks.iter().enumerate().filter(|(_, chunk)| **chunk == id) {
                match blob.open(index, &sealed, &log.keys) {
                    Ok(_) => opens = true,
                    Err(why) => wrong.push((blob.clone(), why)),
                }
            }
        }
        for (blob, why) in wrong {
            self.refuse_blob(blob, why, m);
        }
        if !opens {
            return;
        }
        self.keep_chunk(log_id, id, sealed);
        self.whole_moves(&id);
        // Whoever was asked before and did not have it gets it.
        for line in self.links.iter_mut().filter_map(|link| link.lines.get_mut(&log_id)) {
            if line.side.as_mut().is_some_and(|side| side.absent.remove(&id)) {
                let (mine, due, noted) = (false, others_due(m), false);
                line.unsent.insert(id, Unsent { mine, due, noted });
            }
        }
        self.deliver_blobs(m);
    }

    /// Chunks that another session of this device has stored.
    pub(super) fn take_chunks(&mut self, all: &[Told], m: &mut Moment<'_>) {
        for (_, key, value) in all.iter().filter(|(table, ..)| table == rows::CHUNKS) {
            let read = match value {
                Some(_) => self.put_chunk_back(key),
                None => rows::read_envelope_key(key).map(|(log, id)| {
                    self.drop_chunk(log, id);
                }),
            };
            self.readable(read);
        }
        // What that session has put in it sends itself, as long as it lives.
        for (_, key, value) in all.iter().filter(|(table, ..)| table == rows::UNSENT) {
            let Some((log, id, url)) = self.readable(rows::read_unsent_key(key)).filter(|_| value.is_some()) else {
                continue;
            };
            let here = self.is_of(&log, &DocId::Blobs) && self.has_chunk(&log, &id);
            let line = self.links.iter_mut().find(|link| link.url == url);
            if let Some(line) = line.and_then(|link| link.lines.get_mut(&log)).filter(|_| here) {
                let (mine, due, noted) = (false, others_due(m), true);
                line.unsent.insert(id, Unsent { mine, due, noted });
            }
        }
        self.deliver_blobs(m);
    }

    /// What time makes due.
    pub(super) fn tick_blobs(&mut self, m: &mut Moment<'_>) {
        let (mut stalled, mut stale) = (Vec::new(), Vec::new());
        for (number, link) in self.links.iter_mut().enumerate().filter(|(_, link)| link.is_up()) {
            for (log, line) in &mut link.lines {
                let Some(side) = line.side.as_mut() else { continue };
                if !side.asked.is_empty() && side.asked_at + STALLED <= m.now {
                    stalled.push((RelayId(number as u32), *log));
                }
                if line.phase == Phase::Live && !side.ends && !side.is_fresh(m.now) && has_others(line, m.now) {
                    stale.push((RelayId(number as u32), *log));
                }
            }
        }
        for (relay, log) in stalled {
            self.lacks_asked(relay, log, m);
        }
        for (relay, log) in stale {
            self.subscribe(relay, log);
        }
        self.fetch_chunks(m);
    }
}

/// Whether somebody else's chunks are due there, and none of one's own is on its way.
fn has_others(line: &Line, now: u64) -> bool {
    line.flying.is_empty() && line.unsent.iter().any(|(_, unsent)| !unsent.mine && unsent.due <= now)
}

/// When others' chunks are brought to a relay that lacks them.
pub(super) fn others_due(m: &mut Moment<'_>) -> u64 {
    m.now + OTHERS_WAIT + below(OTHERS_JITTER, m.entropy)
}

/// A subscription that cannot be.
fn nowhere(log: LogId) -> ClientFrame {
    ClientFrame::Subscribe {
        log,
        after: 0,
        chain: NOWHERE,
        ids_only: true,
        leaves: false,
    }
}
