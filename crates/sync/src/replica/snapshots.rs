//! Snapshots: a whole document in the place of the envelopes that made it, taken by a device that has nothing of it, and made
//! by one that has everything.
//!
//! What a snapshot says is not believed for who made it. The newest envelope of each session is in it, sealed and signed, and
//! judged as any envelope is; the document's bytes are handed to the caller together with what these envelopes vouch for, and
//! nothing of it counts before the caller has found that they do. From then on the session's envelopes up to that one are *covered*:
//! they are in the document and not here. Where one of them is needed after all, the log is listed from its start and the
//! snapshot is done with once everything below it is here.

mod behind;
mod trimming;

use std::collections::{BTreeMap, BTreeSet};

use komuz_seal::blob::{Blob, BlobError};
use komuz_seal::bytes::{Digest, EnvelopeId, LogId, PublicKey, SessionId};
use komuz_seal::chain::envelope_id;
use komuz_seal::charter::{Fate, Written};
use komuz_seal::doc::DocId;
use komuz_seal::envelope::{Kind, Statement};
use komuz_seal::snapshot::{Announcement, MAX_ENVELOPES, MAX_PLACES, Place, Snapshot, Track};

use super::intake::binding;
use super::link::{Line, Link, Phase, below};
use super::log::{Log, Stored};
use super::rows::{self, Cursor, EnvelopeRow, Standing};
use super::{CommandError, Moment, Output, Payload, RelayId, Replica, Seen, Whole};

use trimming::Made;

/// How much must have been written since the last snapshot, in bytes of envelopes, and how many times what one weighs: a
/// joiner then reads at most three times the snapshot.
const LEAST: usize = 256 << 10;
const TIMES: usize = 2;
/// How long nobody has written to a document before a snapshot of it is made, and for how long more by chance, for each
/// member: whoever is first spares the others the work. In milliseconds.
const QUIET: u64 = 30_000;
const CHANCE: u64 = 5_000;
/// How long a device that has nothing of a document waits to be told of its snapshots, and for one that is on its way without
/// anything coming, before it reads the envelopes, in milliseconds.
const LOOKS: u64 = 20_000;
const FETCHES: u64 = 60_000;
/// How many announcements are remembered for each document, and of each device: whoever announces rubbish displaces nobody's, and
/// costs a joiner this many fetches.
const MAX_ANNOUNCED: usize = 16;
const MAX_OF_DEVICE: usize = 2;

/// A snapshot that somebody has announced.
#[derive(Debug, Clone)]
struct Announced {
    /// The announcing envelope.
    id: EnvelopeId,
    device: PublicKey,
    blob: Blob,
    /// It was looked at and not taken.
    failed: bool,
}

/// How far a device is that has nothing of a document.
#[derive(Debug)]
enum Step {
    /// It waits to be told of snapshots.
    Looks { since: u64 },
    /// One is on its way.
    Fetches {
        announced: EnvelopeId,
        blob: Blob,
        moved: u64,
    },
    /// One is here and waits for entries of the charter.
    Holds {
        announced: EnvelopeId,
        bytes: Vec<u8>,
        since: u64,
    },
    /// The caller has it and has not said what it found.
    Given {
        announced: EnvelopeId,
        snapshot: Box<Opened>,
    },
}

/// A snapshot whose envelopes were judged.
#[derive(Debug)]
struct Opened {
    tracks: Vec<OpenedTrack>,
    places: Vec<Place>,
}

#[derive(Debug)]
struct OpenedTrack {
    log: LogId,
    session: SessionId,
    counter: u64,
    /// Number, id and sealed bytes, the newest first.
    envelopes: Vec<(u64, EnvelopeId, Vec<u8>)>,
    copies: Vec<EnvelopeId>,
}

/// What is known of snapshots. See the module.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    announced: BTreeMap<DocId, Vec<Announced>>,
    wanted: BTreeMap<DocId, Step>,
    /// Documents whose snapshot is done with as soon as everything below it is here.
    leaving: BTreeSet<DocId>,
    /// What a caller has of documents that cannot be delivered to it before that.
    owed: BTreeMap<DocId, Seen>,
    /// When this device makes one, and what the rest of the last one would have weighed that was not worth it ([`least_growth`]).
    due: BTreeMap<DocId, u64>,
    weighed: BTreeMap<DocId, usize>,
    /// Documents that a snapshot is looked for although something of them is here, when it was looked for last, and what was taken so.
    behind: BTreeSet<DocId>,
    looked: BTreeMap<DocId, u64>,
    used: BTreeSet<EnvelopeId>,
    /// What this device has made, the newest last, and when it is looked at what servers need not keep.
    made: BTreeMap<DocId, Vec<Made>>,
    trims_at: u64,
}

impl Snapshots {
    /// Whether a document's envelopes are not asked for yet.
    pub(super) fn waits(&self, doc: &DocId) -> bool {
        self.wanted.contains_key(doc) && !self.behind.contains(doc)
    }

    /// Whether a document's envelopes are not delivered yet: something that they build on is neither with the caller nor here.
    pub(super) fn owes(&self, doc: &DocId) -> bool {
        self.owed.contains_key(doc)
    }

    /// Whether one is on its way.
    pub(super) fn fetches(&self) -> bool {
        self.wanted.values().any(|step| matches!(step, Step::Fetches { .. }))
    }

    fn newest(&self, doc: &DocId) -> Option<&Announced> {
        let all = self.announced.get(doc)?;
        all.iter().rev().find(|announced| !announced.failed)
    }
}

/// How much must have come since the last snapshot for one to be worth its while. It has the newest envelopes of sessions as they are,
/// and a joiner reads those that are new (`ends`, in bytes) with it and without: where they are large, it is enough that the `rest` of
/// what has come is as much as there must be for the rest of it.
fn least_growth(rest: usize, ends: usize) -> usize {
    let least = |bytes: usize| LEAST.max(TIMES * bytes);
    least(rest + ends).min(least(rest) + ends)
}

/// Codes of why none is put together. They are nobody's trouble: no page has words for them.
const NOT_NOW: &str = "snapshot-not-now";
const NOT_WORTH: &str = "snapshot-not-worth";

fn unneeded(code: &'static str, why: &str) -> CommandError {
    let sentence = why.to_owned();
    CommandError { code, sentence }
}

/// Why a snapshot is not taken now.
enum Why {
    /// An entry of the charter is not here yet.
    Waits,
    /// It is not what it should be.
    Wrong(String),
}

impl Replica {
    /// Somebody has announced snapshots.
    pub(super) fn take_announcements(&mut self, id: EnvelopeId, device: &PublicKey, payloads: &[Vec<u8>]) {
        for payload in payloads {
            let Ok(Announcement { doc, blob }) = Announcement::from_bytes(payload) else {
                self.complain_once("snapshot", || {
                    "A snapshot of a document was announced that cannot be read: it is passed over.".to_owned()
                });
                continue;
            };
            let all = self.snapshots.announced.entry(doc.clone()).or_default();
            if all.iter().any(|known| known.id == id) {
                continue;
            }
            let device = *device;
            let failed = false;
            all.push(Announced {
                id,
                device,
                blob,
                failed,
            });
            let of_device = all.iter().filter(|known| known.device == device).count();
            let one_too_many = |known: &Announced| of_device <= MAX_OF_DEVICE || known.device == device;
            if (of_device > MAX_OF_DEVICE || all.len() > MAX_ANNOUNCED)
                && let Some(oldest) = all.iter().position(one_too_many)
            {
                all.remove(oldest);
            }
            // Whoever has made one keeps its bytes for relays that lack them, and those of none before it.
            let own = self.device.id();
            let before = all[..all.len() - 1].iter().filter(|known| known.device == own);
            let before: Vec<Blob> = before.map(|known| known.blob.clone()).collect();
            for blob in before {
                self.let_blob_go(&blob);
            }
            self.snapshots.due.remove(&doc);
            self.snapshots.weighed.remove(&doc);
            for log in self.logs_of(&doc) {
                if let Some(log) = self.logs.get_mut(&log) {
                    log.grown = 0;
                }
            }
        }
    }

    /// The place of a document's last announcement.
    fn told_at(&self, doc: &DocId) -> u64 {
        let last = self.snapshots.announced.get(doc).and_then(|all| all.last());
        let place = last.and_then(|last| {
            let mut logs = self.logs_here(&DocId::Snapshots);
            logs.find_map(|log| Some(log.stored.get(&last.id)?.row.place))
        });
        place.unwrap_or(0)
    }

    /// How much of each document has come to count since its last snapshot, by the rows.
    pub(super) fn weigh_growth(&mut self) {
        let docs = self.snapshots.announced.keys();
        let since: BTreeMap<DocId, u64> = docs.map(|doc| (doc.clone(), self.told_at(doc))).collect();
        for log in self.logs.values_mut() {
            let from = log.doc().and_then(|doc| since.get(doc)).copied().unwrap_or(0);
            let rows = log.stored.values().map(|stored| &stored.row);
            let grown = rows.filter(|row| log.is_fresh(row, from)).map(|row| row.sealed.len());
            log.grown = grown.sum();
        }
    }

    /// How much of that is newest envelopes of sessions.
    fn fresh_ends(&self, doc: &DocId) -> usize {
        let from = self.told_at(doc);
        let of_log = |log: &Log| -> usize {
            let rows = log
                .tails
                .values()
                .filter_map(|tail| Some(&log.stored.get(&tail.id)?.row));
            rows.filter(|row| log.is_fresh(row, from))
                .map(|row| row.sealed.len())
                .sum()
        };
        self.logs_here(doc).map(of_log).sum()
    }

    /// A caller wants a document of which it and this device have nothing: a snapshot is looked for first.
    pub(super) fn look_for_snapshot(&mut self, doc: &DocId, seen: &Seen) {
        let read = |log: &LogId| {
            let mut lines = self.links.iter().filter_map(|link| link.lines.get(log));
            lines.any(|line| line.phase != Phase::Off || line.saved.is_some())
        };
        let logs = self.logs_of(doc);
        if seen.is_empty() && !self.has_some(doc) && !logs.iter().any(read) {
            let since = self.clock;
            self.snapshots.wanted.insert(doc.clone(), Step::Looks { since });
        }
    }

    /// A document's logs as they are here, in no order.
    fn logs_here(&self, doc: &DocId) -> impl Iterator<Item = &Log> {
        let logs = self.docs.get(doc).into_iter().flat_map(BTreeMap::values);
        logs.filter_map(|log| self.logs.get(log))
    }

    /// Whether something of a document is here: this device has written to it, or another tab has brought something.
    fn has_some(&self, doc: &DocId) -> bool {
        self.logs_here(doc).any(|log| !log.stored.is_empty())
    }

    /// Whether a snapshot of a document is not needed after all: somebody has written here, or what was lacking has come.
    fn needs_none(&self, doc: &DocId) -> bool {
        match self.snapshots.behind.contains(doc) {
            true => !self.lacks_gone(doc),
            false => self.has_some(doc),
        }
    }

    /// How much of a document has come to count since its last snapshot.
    fn growth(&self, doc: &DocId) -> usize {
        self.logs_here(doc).map(|log| log.grown).sum()
    }

    /// Whether all that a relay has of announcements is here.
    fn is_told_of_snapshots(&self, link: &Link) -> bool {
        let settled = |phase: Phase| matches!(phase, Phase::Live | Phase::Left | Phase::Absent { .. });
        let mut lines = self
            .logs_here(&DocId::Snapshots)
            .filter_map(|log| link.lines.get(&log.keys.id));
        link.is_up() && lines.all(|line| settled(line.phase) && line.has_all())
    }

    /// Brings on what waits for snapshots.
    pub(super) fn tend_wanted(&mut self, m: &mut Moment<'_>) {
        let wanted: Vec<DocId> = self.snapshots.wanted.keys().cloned().collect();
        for doc in wanted {
            self.bring_on(&doc, m);
        }
    }

    /// What time makes due: snapshots are made, and those done with that are not needed any more.
    pub(super) fn tend_snapshots(&mut self, m: &mut Moment<'_>) {
        self.tend_wanted(m);
        let leaving: Vec<DocId> = self.snapshots.leaving.iter().cloned().collect();
        for doc in leaving {
            self.leave_if_whole(&doc);
        }
        self.let_make(m);
    }

    fn bring_on(&mut self, doc: &DocId, m: &mut Moment<'_>) {
        if self.needs_none(doc) {
            self.read_envelopes(doc);
            return;
        }
        match self.snapshots.wanted.get(doc) {
            Some(Step::Looks { since }) => {
                let up = self.links.iter().any(Link::is_up);
                let told = self.links.iter().any(|link| self.is_told_of_snapshots(link));
                let late = up && *since + LOOKS <= m.now;
                if told || late {
                    self.choose_snapshot(doc, m);
                } else if !up {
                    let since = m.now;
                    self.snapshots.wanted.insert(doc.clone(), Step::Looks { since });
                }
            }
            // Nothing comes of it, or its maker knew of the charter what no server shows.
            Some(
                Step::Fetches {
                    announced,
                    moved: since,
                    ..
                }
                | Step::Holds { announced, since, .. },
            ) if *since + FETCHES <= m.now => {
                let announced = *announced;
                self.pass_over(doc, announced, m);
            }
            _ => {}
        }
    }

    /// Fetches the newest snapshot that was not found wanting; without one, the envelopes.
    fn choose_snapshot(&mut self, doc: &DocId, m: &mut Moment<'_>) {
        let newest = self.snapshots.newest(doc).cloned();
        let Some(newest) = newest.filter(|newest| !self.snapshots.used.contains(&newest.id)) else {
            self.read_envelopes(doc);
            return;
        };
        let step = Step::Fetches {
            announced: newest.id,
            blob: newest.blob.clone(),
            moved: m.now,
        };
        self.snapshots.wanted.insert(doc.clone(), step);
        if !self.seek_blob(&newest.blob, m) {
            self.read_envelopes(doc);
        }
    }

    /// A snapshot is not to be used: the one before it is tried.
    fn pass_over(&mut self, doc: &DocId, announced: EnvelopeId, m: &mut Moment<'_>) {
        let mut gone = None;
        for known in self.snapshots.announced.get_mut(doc).into_iter().flatten() {
            if known.id == announced {
                known.failed = true;
                gone = Some(known.blob.clone());
            }
        }
        if let Some(blob) = gone {
            self.let_blob_go(&blob);
        }
        self.choose_snapshot(doc, m);
    }

    /// Asks for a document's envelopes at all relays: there is no snapshot of it, or it is in use.
    fn read_envelopes(&mut self, doc: &DocId) {
        if let Some(Step::Fetches { blob, .. }) = self.snapshots.wanted.remove(doc) {
            self.let_blob_go(&blob);
        }
        if self.snapshots.behind.contains(doc) && self.lacks_gone(doc) {
            self.snapshots.looked.insert(doc.clone(), self.clock);
        }
        self.snapshots.behind.remove(doc);
        for log in self.logs_of(doc) {
            for number in 0..self.links.len() {
                let line = self.links[number].lines.get(&log);
                if self.links[number].is_up() && line.is_some_and(|line| line.phase == Phase::Off) {
                    self.greet(RelayId(number as u32), log);
                }
            }
        }
    }

    /// A chunk has come that some of these blobs have.
    pub(super) fn whole_moves(&mut self, chunk: &EnvelopeId) {
        let now = self.clock;
        for step in self.snapshots.wanted.values_mut() {
            if let Step::Fetches { blob, moved, .. } = step
                && blob.chunks.contains(chunk)
            {
                *moved = now;
            }
        }
    }

    /// For which document a blob is waited for as its snapshot.
    fn waits_for(&self, sought: &Blob) -> Option<(DocId, EnvelopeId)> {
        self.snapshots.wanted.iter().find_map(|(doc, step)| match step {
            Step::Fetches { announced, blob, .. } if blob == sought => Some((doc.clone(), *announced)),
            _ => None,
        })
    }

    /// A blob is here. Whether it is a snapshot that is waited for.
    pub(super) fn whole_came(&mut self, blob: &Blob, bytes: &[u8], m: &mut Moment<'_>) -> bool {
        let Some((doc, announced)) = self.waits_for(blob) else {
            return self.compare(blob, bytes);
        };
        self.let_blob_go(blob);
        self.offer(&doc, announced, bytes.to_vec(), m);
        true
    }

    /// A blob is not what its name says. Whether it is a snapshot that is waited for.
    pub(super) fn whole_is_wrong(&mut self, blob: &Blob, why: &BlobError, m: &mut Moment<'_>) -> bool {
        let Some((doc, announced)) = self.waits_for(blob) else {
            return false;
        };
        self.say_not_taken(&doc, announced, &why.to_string());
        self.pass_over(&doc, announced, m);
        true
    }

    /// Tries again what has waited for the charter.
    pub(super) fn offer_held(&mut self, m: &mut Moment<'_>) {
        let held = |(doc, step): (&DocId, &Step)| matches!(step, Step::Holds { .. }).then(|| doc.clone());
        let held: Vec<DocId> = self.snapshots.wanted.iter().filter_map(held).collect();
        for doc in held {
            if let Some(Step::Holds { announced, bytes, .. }) = self.snapshots.wanted.remove(&doc) {
                self.offer(&doc, announced, bytes, m);
            }
        }
    }

    /// Judges a snapshot and hands it to the caller.
    fn offer(&mut self, doc: &DocId, announced: EnvelopeId, bytes: Vec<u8>, m: &mut Moment<'_>) {
        match self.open_snapshot(doc, announced, &bytes) {
            // Somebody has written here meanwhile: it does not begin with nothing any more.
            _ if self.needs_none(doc) => self.read_envelopes(doc),
            Ok((opened, whole)) => {
                let snapshot = Box::new(opened);
                let step = Step::Given { announced, snapshot };
                self.snapshots.wanted.insert(doc.clone(), step);
                self.out.push(Output::Whole(Box::new(whole)));
            }
            Err(Why::Waits) => {
                let since = self.clock;
                let step = Step::Holds {
                    announced,
                    bytes,
                    since,
                };
                self.snapshots.wanted.insert(doc.clone(), step);
            }
            Err(Why::Wrong(why)) => {
                self.say_not_taken(doc, announced, &why);
                self.pass_over(doc, announced, m);
            }
        }
    }

    fn say_not_taken(&mut self, doc: &DocId, announced: EnvelopeId, why: &str) {
        let maker = self.snapshots.announced.get(doc).into_iter().flatten();
        let maker = maker
            .filter(|known| known.id == announced)
            .map(|known| known.device)
            .next();
        let name = maker.map_or_else(|| "somebody".to_owned(), |device| self.name_of(&device));
        self.out.push(Output::Trouble(format!(
            "A copy of a document that {name}'s device made is not used, and what was written is read instead: {why}."
        )));
    }

    fn open_snapshot(&self, doc: &DocId, announced: EnvelopeId, bytes: &[u8]) -> Result<(Opened, Whole), Why> {
        let wrong = |why: &str| Why::Wrong(why.to_owned());
        let snapshot = Snapshot::from_bytes(bytes).map_err(|why| Why::Wrong(why.to_string()))?;
        if snapshot.doc != *doc {
            return Err(wrong("it is of another document"));
        }
        let (mut tracks, mut seen, mut signed) = (Vec::new(), Seen::new(), Vec::new());
        for track in snapshot.tracks {
            let log = self.logs.get(&track.log).filter(|log| log.doc() == Some(doc));
            let log = log.ok_or_else(|| wrong("it is of a log that is not this document's"))?;
            let mut opened: Option<OpenedTrack> = None;
            for sealed in track.envelopes {
                let id = envelope_id(&sealed);
                let statement = Statement::open(&sealed, &log.keys).map_err(|why| Why::Wrong(why.to_string()))?;
                let (session, counter) = (statement.session(), statement.counter);
                let (member, cut) = match self.charter.fate(&Written::of(&track.log, doc, &id, &statement)) {
                    Fate::Counts { member, cut } if statement.kind == Kind::Changes => (member, cut),
                    Fate::Waits(_) => return Err(Why::Waits),
                    _ => return Err(wrong("it holds writing that does not count")),
                };
                signed.push((binding(&member, &statement), statement.last));
                match &mut opened {
                    None if cut.is_some_and(|cut| cut.counter > counter) => {
                        return Err(wrong("it leaves out what counts of somebody who is in no more"));
                    }
                    None => {
                        opened = Some(OpenedTrack {
                            log: track.log,
                            session,
                            counter,
                            envelopes: vec![(counter, id, sealed)],
                            copies: track.copies.clone(),
                        });
                    }
                    Some(track) if track.session == session && counter < track.counter => {
                        track.envelopes.push((counter, id, sealed));
                    }
                    Some(_) => return Err(wrong("its envelopes are not in order")),
                }
            }
            let opened = opened.ok_or_else(|| wrong("a session has no envelope in it"))?;
            if seen.insert((opened.log, opened.session), opened.counter).is_some() {
                return Err(wrong("it names a session twice"));
            }
            tracks.push(opened);
        }
        let whole = Whole {
            doc: doc.clone(),
            id: announced,
            bytes: snapshot.bytes,
            seen,
            signed,
        };
        let places = snapshot.places;
        Ok((Opened { tracks, places }, whole))
    }

    /// The caller has looked at a snapshot: it has taken it, or says why not.
    pub(super) fn end_offer(&mut self, doc: &DocId, id: &EnvelopeId, taken: Result<(), &str>, m: &mut Moment<'_>) {
        let given = matches!(self.snapshots.wanted.get(doc), Some(Step::Given { announced, .. }) if announced == id);
        if !given {
            return;
        }
        let Some(Step::Given { announced, snapshot }) = self.snapshots.wanted.remove(doc) else {
            return;
        };
        match taken {
            _ if self.needs_none(doc) => self.read_envelopes(doc),
            Ok(()) => {
                self.snapshots.used.insert(announced);
                self.stand_on(*snapshot, m);
                self.read_envelopes(doc);
            }
            Err(why) => {
                self.say_not_taken(doc, announced, why);
                self.pass_over(doc, announced, m);
            }
        }
    }

    /// From now on what comes follows the newest envelopes of a snapshot.
    fn stand_on(&mut self, snapshot: Opened, m: &mut Moment<'_>) {
        let Opened { tracks, places } = snapshot;
        let mut at: BTreeMap<(LogId, String), Cursor> = BTreeMap::new();
        for Place { url, log, seq, chain } in places {
            at.insert((log, url), Cursor { seq, chain });
        }
        let batch = self.batch + 1;
        let mut next = Vec::new();
        for track in tracks {
            let Some(log) = self.logs.get_mut(&track.log) else {
                continue;
            };
            let here = log.tails.get(&track.session).map_or(0, |tail| tail.counter);
            if here >= track.counter {
                continue;
            }
            next.push((track.log, track.session, here + 1..=track.counter + 1));
            log.base.insert(track.session, track.counter);
            log.delivered.insert((track.log, track.session), track.counter);
            rows::put_base(&mut self.rows, &track.log, &track.session, track.counter, &track.copies);
            for (counter, id, sealed) in track.envelopes {
                self.place += 1;
                let row = EnvelopeRow {
                    standing: Standing::Accepted,
                    session: track.session,
                    counter,
                    place: self.place,
                    sealed,
                };
                row.put(&mut self.rows, &track.log, &id);
                log.stored.insert(id, Stored::new(row, batch));
                log.extend(track.session, counter, id);
            }
            for id in track.copies {
                log.note_copy(track.session, track.counter, id);
            }
        }
        for link in &mut self.links {
            for (log, line) in &mut link.lines {
                let Some(cursor) = at.get(&(*log, link.url.clone())) else {
                    continue;
                };
                if line.phase != Phase::Off {
                    line.gone.drop_up_to(cursor.seq);
                    continue;
                }
                line.cursor = *cursor;
                line.saved = Some(*cursor);
                line.hearsay = true;
                line.settled = self.place;
                rows::put_cursor(&mut self.rows, &link.url, log, cursor, self.place);
            }
        }
        // What waited for what is in it, or is in it.
        for (log, session, counters) in next {
            for counter in counters {
                for waiting in self.held.take_place(log, session, counter) {
                    self.consider(waiting, m);
                }
            }
        }
    }

    /// Something that a snapshot covers is needed after all: its logs are listed from their start.
    pub(super) fn leave_snapshot(&mut self, doc: &DocId) {
        if self.snapshots.leaving.insert(doc.clone()) {
            for log in self.logs_of(doc) {
                self.let_go(log);
            }
        }
    }

    /// Whether a caller lacks something of a document that is covered and not here.
    pub(super) fn lacks_covered(&self, log: &LogId, seen: &Seen) -> bool {
        let Some(base) = self.logs.get(log).map(|log| &log.base) else {
            return false;
        };
        let has = |session: &SessionId| seen.get(&(*log, *session)).copied().unwrap_or(0);
        base.iter().any(|(session, counter)| has(session) < *counter)
    }

    /// What a caller has of a document, and cannot go on from before everything is here.
    pub(super) fn owe(&mut self, doc: &DocId, seen: &Seen) {
        self.snapshots.owed.insert(doc.clone(), seen.clone());
        self.leave_snapshot(doc);
    }

    /// Is done with a snapshot once everything that it covers is here.
    fn leave_if_whole(&mut self, doc: &DocId) {
        let logs = self.logs_of(doc);
        let is_whole = |log: &LogId| {
            let Some(log) = self.logs.get(log) else {
                return true;
            };
            let mut base = log.base.iter();
            base.all(|(session, last)| log.counting(*session).take_while(|(at, _)| at <= last).count() as u64 == *last)
        };
        if !logs.iter().all(is_whole) {
            return;
        }
        self.snapshots.leaving.remove(doc);
        for id in &logs {
            let Some(log) = self.logs.get_mut(id) else {
                continue;
            };
            for session in core::mem::take(&mut log.base).into_keys() {
                self.rows.delete(rows::BASES, rows::base_key(id, &session));
            }
        }
        if let Some(seen) = self.snapshots.owed.remove(doc) {
            for log in &logs {
                self.deliver_stored(*log, &seen);
            }
        }
        self.judges_again = true;
    }

    /// Asks the caller for the documents of which a snapshot is due.
    fn let_make(&mut self, m: &mut Moment<'_>) {
        let Some(role) = self.me.as_ref().map(|me| me.member.role) else {
            return;
        };
        if !role.may_write(&DocId::Snapshots) || !self.has_key() {
            return;
        }
        // At every tick, and nothing is due at most of them: the charter is asked last.
        let is_due = |doc: &DocId| {
            let touched = self.logs_here(doc).map(|log| log.touched).max().unwrap_or(0);
            touched + QUIET <= m.now && self.is_worth(doc)
        };
        let due: BTreeSet<DocId> = self.watched.iter().filter(|doc| is_due(doc)).cloned().collect();
        self.snapshots.due.retain(|doc, _| due.contains(doc));
        if due.is_empty() || self.may_write().is_err() {
            return;
        }
        let members = self.charter.members().len() as u64;
        for doc in due {
            let chance = || m.now + below(CHANCE * members, m.entropy);
            let at = self.snapshots.due.entry(doc.clone()).or_insert_with(chance);
            if *at <= m.now {
                // Asked again only much later, whatever comes of it.
                *at = m.now + QUIET * 10;
                self.out.push(Output::SnapshotDue(doc));
            }
        }
    }

    /// Whether so much has come that a snapshot may be worth its while, by what the last one weighed.
    fn is_worth(&self, doc: &DocId) -> bool {
        let last = self.snapshots.newest(doc).map_or(0, |newest| newest.blob.size as usize);
        let growth = self.growth(doc);
        growth >= least_growth(last, 0)
            && (self.snapshots.weighed.get(doc)).is_none_or(|rest| growth >= least_growth(*rest, self.fresh_ends(doc)))
    }

    /// Makes a snapshot of a document of which the caller has exactly what is here. `last` are the hashes of the last change of each
    /// actor in it. Errors: `snapshot-not-now` where something is still on its way, does not count, or was numbered twice,
    /// `snapshot-not-worth`, and those of [`Self::keep_blob`] and of [`Self::may_write`].
    pub(super) fn put_snapshot(
        &mut self,
        doc: &DocId,
        seen: &Seen,
        last: &BTreeSet<Digest>,
        bytes: Vec<u8>,
        m: &mut Moment<'_>,
    ) -> Result<(), CommandError> {
        let not_now = || unneeded(NOT_NOW, "something of this document is still on its way");
        self.may_write()?;
        let logs = self.logs_of(doc);
        let mut here = Seen::new();
        for id in &logs {
            let Some(log) = self.logs.get(id) else {
                return Err(not_now());
            };
            if self.held.has_log(id) || log.tails.keys().any(|session| self.forked.contains(session)) {
                return Err(not_now());
            }
            here.extend(log.tails.iter().map(|(session, tail)| ((*id, *session), tail.counter)));
        }
        if here != *seen || self.snapshots.leaving.contains(doc) {
            return Err(not_now());
        }
        let mut places = Vec::new();
        for link in self.links.iter().filter(|link| link.is_up()) {
            for id in &logs {
                let up_to_date = |line: &&Line| matches!(line.phase, Phase::Live | Phase::Left) && line.has_all();
                if let Some(line) = link.lines.get(id).filter(up_to_date) {
                    let Cursor { seq, chain } = line.cursor;
                    let (url, log) = (link.url.clone(), *id);
                    places.push(Place { url, log, seq, chain });
                }
            }
        }
        places.truncate(MAX_PLACES);
        let mut lacking = last.clone();
        let mut tracks = Vec::new();
        for id in &logs {
            let Some(log) = self.logs.get(id) else { continue };
            for (session, tail) in &log.tails {
                let newest = log.stored.get(&tail.id).ok_or_else(not_now)?;
                for change in log.open(&tail.id).ok_or_else(not_now)?.last {
                    lacking.remove(&change);
                }
                let track = Track {
                    log: *id,
                    envelopes: vec![newest.row.sealed.clone()],
                    copies: log.copies_of(*session, tail.counter),
                };
                tracks.push((*session, track));
            }
        }
        // A session that has written as several actors, or whose last envelope ends no change, has others to show too.
        for (session, track) in &mut tracks {
            let Some(log) = self.logs.get(&track.log).filter(|_| !lacking.is_empty()) else {
                break;
            };
            let older: Vec<EnvelopeId> = log.counting(*session).map(|(_, id)| id).collect();
            for id in older.iter().rev().skip(1) {
                if lacking.is_empty() || track.envelopes.len() == MAX_ENVELOPES {
                    break;
                }
                let named = log.open(id).map(|statement| statement.last).unwrap_or_default();
                let before = lacking.len();
                lacking.retain(|change| !named.contains(change));
                if let Some(stored) = log.stored.get(id).filter(|_| lacking.len() < before) {
                    track.envelopes.push(stored.row.sealed.clone());
                }
            }
        }
        if !lacking.is_empty() {
            return Err(not_now());
        }
        let tracks = tracks.into_iter().map(|(_, track)| track).collect();
        let snapshot = Snapshot {
            doc: doc.clone(),
            tracks,
            places: places.clone(),
            bytes,
        };
        let (doc, snapshot) = (doc.clone(), snapshot.to_bytes());
        let ends = self.fresh_ends(&doc);
        let rest = snapshot.len().saturating_sub(ends);
        if self.growth(&doc) < least_growth(rest, ends) {
            self.snapshots.weighed.insert(doc, rest);
            return Err(unneeded(
                NOT_WORTH,
                "so little was written since the last snapshot that a new one would not spare anybody anything",
            ));
        }
        let blob = self.keep_blob(&snapshot, m)?;
        let announcement = Announcement { doc, blob };
        let bytes = announcement.to_bytes();
        let payload = Payload { bytes, ends: None };
        self.add_document(&DocId::Snapshots, m);
        let (_, _, ids) = self.seal_all(&DocId::Snapshots, Kind::Snapshots, vec![payload], m)?;
        for id in ids {
            self.note_made(id, announcement.clone(), places.clone());
        }
        Ok(())
    }
}
