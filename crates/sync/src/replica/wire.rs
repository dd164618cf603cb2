//! Connections: what is said to relays and what they say.

use std::collections::BTreeSet;
use std::ops::Bound;

use komuz_seal::blob::SEALED_CHUNK;
use komuz_seal::bytes::{Chain, EnvelopeId, LogId, Nonce};
use komuz_seal::chain::{self, envelope_id};
use komuz_seal::charter::Role;
use komuz_seal::doc::DocId;
use komuz_seal::presence::Presence;
use komuz_seal::random;

use super::blobs::{self, Side};
use super::closing::CLOSES_AFTER;
use super::doubt::Doubt;
use super::intake::Origin;
use super::link::{Connection, Line, Link, Phase, Unsent};
use super::log::{Log, Purpose};
use super::rows::{self, Cursor};
use super::{Binding, Moment, Output, RelayId, Replica};
use crate::frame::{
    BESIDE, CLOSING, ClientFrame, ErrorCode, FrameError, MAX_IDS, RelayFrame, TRIMMING, sign_challenge,
    sign_registration,
};
use crate::pace::{CARRIERS, HEARD_AT_ONCE, HEARD_PER_SECOND};

/// How long a connection may take to open, and a relay to answer, in milliseconds.
const PATIENCE: u64 = 20_000;
/// After how long a silence a relay is asked for a sign of life, in milliseconds.
const SILENCE: u64 = 30_000;
/// How many envelopes and bytes are on their way to a relay at a time, for each log.
const WINDOW: usize = 64;
const WINDOW_BYTES: u64 = 1 << 20;
/// How many envelopes are fetched at a time.
const FETCH: usize = 256;
/// How long a relay may leave appended or fetched envelopes unanswered without any of them being answered, in milliseconds:
/// on a slow line, a window of them takes its time.
const STALLED: u64 = 120_000;
/// How many logs are asked about for a sign of life.
const PROBES: usize = 8;
/// How many ids of envelopes that are not here one relay may name, in all logs together.
const MAX_NAMED: usize = 1 << 20;
/// Of how many sessions it is remembered what was heard of them last.
const MAX_HEARD: usize = 4096;
/// How many presence messages are remembered, so that what comes by two relays is opened once.
const MAX_ECHOES: usize = 128;
/// How many numbers may come before the ones that precede them.
const MAX_AHEAD: usize = 4096;
/// How long an envelope waits that a relay did not take, in milliseconds.
const REFUSED_WAIT: u64 = 60_000;

impl Replica {
    pub(super) fn send(&mut self, relay: RelayId, frame: &ClientFrame) {
        self.out.push(Output::Send {
            relay,
            bytes: frame.encode(),
        });
    }

    pub(super) fn on_connected(&mut self, relay: RelayId, m: &mut Moment<'_>) {
        let nonce = Nonce(random(m.entropy));
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        link.doubts.clear();
        link.connection = Connection::Greeting { nonce };
        for side in link.lines.values_mut().filter_map(|line| line.side.as_mut()) {
            side.connected();
        }
        link.heard = m.now;
        link.probed = m.now;
        let features = vec![TRIMMING.to_owned()];
        self.send(relay, &ClientFrame::Hello { nonce, features });
    }

    pub(super) fn on_disconnected(&mut self, relay: RelayId, m: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        if matches!(link.connection, Connection::Down { .. }) {
            return;
        }
        let wait = link.backoff.next(m.entropy);
        link.connection = Connection::Down { retry: m.now + wait };
        link.drop_connection();
    }

    /// Closes a connection that went wrong; it is tried again some time after the caller has said that it is closed.
    fn hang_up(&mut self, relay: RelayId) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        link.connection = Connection::Closing;
        link.drop_connection();
        self.out.push(Output::Disconnect { relay });
    }

    pub(super) fn on_tick(&mut self, m: &mut Moment<'_>) {
        for number in 0..self.links.len() {
            let relay = RelayId(number as u32);
            self.note_overdue(relay, m);
            let link = &mut self.links[number];
            match link.connection {
                Connection::Down { retry } if retry <= m.now => {
                    link.connection = Connection::Connecting { since: m.now };
                    self.out.push(Output::Connect {
                        relay,
                        url: link.url.clone(),
                    });
                }
                Connection::Connecting { since } if since + PATIENCE <= m.now => self.hang_up(relay),
                Connection::Up { .. } if link.probed > link.heard && link.probed + PATIENCE <= m.now => {
                    self.hang_up(relay);
                }
                Connection::Greeting { .. } if link.heard + PATIENCE <= m.now => self.hang_up(relay),
                Connection::Up { .. } => {
                    self.probe(relay, m);
                    self.notice_stalled(relay, m);
                    self.list_again(relay, m);
                    self.retry_lines(relay, m);
                    self.take_turns(relay, m);
                    self.push(relay, m);
                }
                _ => {}
            }
        }
        self.tick_blobs(m);
        self.notice_withheld(m);
        self.rotate_if_lacking(m);
        self.say_key(m);
        self.close_earlier(m);
        self.tend_snapshots(m);
        self.tend_trimmed(m);
        self.tend_behind(m);
        self.let_trim(m);
    }

    /// Asks for a sign of life. Many a dead connection looks alive, and so does a log that the relay has stopped to follow
    /// for this one: a subscription at the cursor that one has costs the relay nothing, is answered, and renews what has
    /// ended. So all logs are asked about in turn, however lively the others are.
    fn probe(&mut self, relay: RelayId, m: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        if link.probed > link.heard || link.probed + SILENCE > m.now {
            return;
        }
        let live = |(log, line): (&LogId, &Line)| {
            (line.phase == Phase::Live && line.side.is_none()).then_some((*log, line.cursor))
        };
        let after = link.probe.map_or(Bound::Unbounded, Bound::Excluded);
        let mut cursors: Vec<_> = link.lines.range((after, Bound::Unbounded)).filter_map(live).collect();
        if let Some(last) = link.probe {
            cursors.extend(link.lines.range(..=last).filter_map(live));
        }
        cursors.truncate(PROBES);
        if let Some((last, _)) = cursors.last() {
            link.probed = m.now;
            link.probe = Some(*last);
        }
        for (log, Cursor { seq, chain }) in cursors {
            let probe = ClientFrame::Subscribe {
                log,
                after: seq,
                chain,
                ids_only: false,
                leaves: false,
            };
            self.send(relay, &probe);
        }
    }

    /// Notices what a relay does not answer: what was sent is sent again, what was asked for is asked for again.
    fn notice_stalled(&mut self, relay: RelayId, m: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        let (mut silent, mut holes) = (Vec::new(), Vec::new());
        for (log, line) in &mut link.lines {
            if !line.flying.is_empty() && line.acknowledged + STALLED <= m.now {
                line.land();
            }
            if !line.fetching.is_empty() && line.fetched + STALLED <= m.now {
                line.vain = line.vain.saturating_add(1);
                silent.push((*log, line.vain > 1));
            }
            if line.gap.is_some_and(|since| since + STALLED <= m.now) {
                holes.push(*log);
            }
        }
        for (log, again) in silent {
            self.ends(relay, log, m);
            if again {
                self.doubt(relay, Doubt::Withholds);
            }
        }
        for log in holes {
            self.start_over(relay, log);
            self.doubt(relay, Doubt::Withholds);
        }
    }

    /// The relay does not serve a log any more, or not yet: it is asked again after a while.
    fn ends(&mut self, relay: RelayId, log: LogId, m: &mut Moment<'_>) {
        let Some(line) = self.line(relay, log) else {
            return;
        };
        while let Some((seq, id)) = line.fetching.pop_first() {
            line.wanted.insert(seq, id);
        }
        line.land();
        let wait = line.backoff.next(m.entropy);
        line.phase = Phase::Absent { retry: m.now + wait };
        self.lacks_asked(relay, log, m);
    }

    /// Lists logs again of which something was let go, once everything else of them is here.
    fn list_again(&mut self, relay: RelayId, m: &mut Moment<'_>) {
        // What waits for a newer Komuz waits for its start: listing would bring it in vain.
        if self.charter.needs_update() {
            return;
        }
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        let mut due = Vec::new();
        for (log, line) in &mut link.lines {
            let ended = line.phase == Phase::Live && line.wanted.is_empty() && line.fetching.is_empty();
            let in_vain = self.logs.get(log).is_some_and(|log| log.crowded);
            if !line.lossy || !ended || in_vain {
                continue;
            }
            match line.relist {
                None => line.relist = Some(m.now + line.relists.next(m.entropy)),
                Some(at) if at <= m.now => {
                    line.relist = None;
                    line.rewind();
                    due.push(*log);
                }
                Some(_) => {}
            }
        }
        for log in due {
            self.subscribe(relay, log);
        }
    }

    fn retry_lines(&mut self, relay: RelayId, m: &mut Moment<'_>) {
        let Some(link) = self.links.get(relay.0 as usize) else {
            return;
        };
        let due: Vec<LogId> = link
            .lines
            .iter()
            .filter(|(_, line)| matches!(line.phase, Phase::Absent { retry } if retry <= m.now))
            .map(|(log, _)| *log)
            .collect();
        for log in due {
            self.greet(relay, log);
        }
    }

    /// Asks again at once for what a relay did not have or allow.
    pub(super) fn greet_absent(&mut self, relay: RelayId) {
        let Some(link) = self.links.get(relay.0 as usize) else {
            return;
        };
        let absent = |line: &Line| matches!(line.phase, Phase::Absent { .. });
        let logs: Vec<LogId> = link
            .lines
            .iter()
            .filter(|(_, line)| absent(line))
            .map(|(log, _)| *log)
            .collect();
        for log in logs {
            self.greet(relay, log);
        }
    }

    /// Writes down which of others' envelopes a relay still lacks once their time has come (most never need it).
    fn note_overdue(&mut self, relay: RelayId, m: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        for (log, line) in &mut link.lines {
            for (id, unsent) in line.unsent.iter_mut() {
                if !unsent.noted && unsent.due <= m.now {
                    unsent.noted = true;
                    rows::put_unsent(&mut self.rows, &link.url, log, id, unsent.mine);
                }
            }
        }
    }

    /// Adds a log to all relays where it lives, and asks those that are up for it.
    pub(super) fn spread(&mut self, log_id: LogId, m: &mut Moment<'_>) {
        for number in 0..self.links.len() {
            if self.add_line(number, log_id, None, m.now) && self.links[number].is_up() {
                self.greet_new(RelayId(number as u32), log_id);
            }
        }
    }

    /// Adds a log to a relay; false when it does not live there or was there. Everything that is here counts as lacking
    /// there until the relay's list says otherwise.
    pub(super) fn add_line(&mut self, number: usize, log_id: LogId, saved: Option<Cursor>, now: u64) -> bool {
        let (Some(link), Some(log)) = (self.links.get_mut(number), self.logs.get(&log_id)) else {
            return false;
        };
        if !log.is_at(&link.url) || link.lines.contains_key(&log_id) {
            return false;
        }
        let mut line = Line::new(saved);
        if log.doc() == Some(&DocId::Blobs) {
            // What it lacks its list says, which comes first.
            line.side = Some(Side::default());
        } else if saved.is_none() {
            for id in log.kept() {
                let mine = self.alone.contains(&id);
                let (due, noted) = (now, false);
                line.unsent.insert(id, Unsent { mine, due, noted });
            }
        }
        link.lines.insert(log_id, line);
        true
    }

    /// Proves the keys of a log to a relay and subscribes. With the operator's ticket the log is opened first: opening
    /// what is open is no error.
    pub(super) fn greet(&mut self, relay: RelayId, log_id: LogId) {
        let doc = self.logs.get(&log_id).and_then(Log::doc);
        if doc.is_some_and(|doc| self.snapshots.waits(doc)) {
            return;
        }
        let may_write = self.me.as_ref().is_none_or(|me| me.member.role != Role::Observer);
        let (Some(link), Some(log)) = (self.links.get(relay.0 as usize), self.logs.get(&log_id)) else {
            return;
        };
        let Connection::Up { nonce, theirs } = link.connection else {
            return;
        };
        let keys = &log.keys;
        // An observer registers where there is something of their own to send: what they say of themselves in the charter's log,
        // and what they wrote before they were one.
        let line = link.lines.get(&log_id);
        let writes = may_write || line.is_some_and(|line| line.unsent.iter().any(|(_, unsent)| unsent.mine));
        let auth = |key: &komuz_seal::sign::SignKey| ClientFrame::Auth {
            log: keys.id,
            key: key.public(),
            signature: sign_challenge(key, &link.url, &keys.id, &keys.epoch, &nonce, &theirs),
        };
        let mut frames = Vec::new();
        let closed_out = line
            .is_some_and(|line| line.refused)
            .then(|| self.given_key(&keys.epoch))
            .flatten();
        if let Some(ticket) = link.ticket.clone().filter(|_| !link.bad_ticket) {
            let (log, reader, registrar) = (keys.id, keys.reader.public(), keys.registrar.public());
            let epoch = keys.epoch;
            frames.push(match self.charter.closer(&epoch).filter(|_| link.closes) {
                Some(closer) => ClientFrame::OpenClosable {
                    log,
                    ticket,
                    reader,
                    registrar,
                    epoch,
                    closer,
                },
                None => ClientFrame::Open {
                    log,
                    ticket,
                    reader,
                    registrar,
                    epoch,
                },
            });
        }
        if let (Some(beside), Some(closer)) = (self.beside(link, &log_id), self.charter.closer(&keys.epoch)) {
            frames.push(ClientFrame::OpenBeside {
                log: keys.id,
                beside,
                reader: keys.reader.public(),
                registrar: keys.registrar.public(),
                epoch: keys.epoch,
                closer,
            });
        }
        frames.push(auth(&keys.reader));
        if writes {
            // Every member has the registrar's key and registers itself.
            let append = closed_out.as_ref().unwrap_or(&log.append);
            let key = append.public();
            let signature = match &closed_out {
                Some(_) => sign_registration(&keys.registrar, &keys.id, &key),
                None => log.registration(),
            };
            frames.push(ClientFrame::Register {
                log: keys.id,
                key,
                signature,
            });
            frames.push(auth(append));
        }
        for frame in frames {
            self.send(relay, &frame);
        }
        if let Some(line) = self.line(relay, log_id) {
            line.registered = writes;
        }
        self.subscribe(relay, log_id);
    }

    /// A log beside which a relay opens one that is not there: nobody who has its ticket need come by for that.
    fn beside(&self, link: &Link, log_id: &LogId) -> Option<LogId> {
        let lacks = link.lines.get(log_id).is_some_and(|line| line.unopened);
        let asks = lacks && link.besides && (link.ticket.is_none() || link.bad_ticket);
        if !asks || self.may_write().is_err() {
            return None;
        }
        let mut charter = self.logs_of(&DocId::Charter).into_iter().rev();
        let appends = |line: &Line| line.phase == Phase::Live && line.registered;
        charter.find(|log| link.lines.get(log).is_some_and(appends))
    }

    /// Asks for what comes after the cursor. From nothing, ids are enough where much is here already.
    pub(super) fn subscribe(&mut self, relay: RelayId, log: LogId) {
        let ids_only = self.logs.get(&log).is_some_and(|log| !log.stored.is_empty());
        let Some(line) = self.line(relay, log) else {
            return;
        };
        let from_start = line.cursor == Cursor::START;
        let ids_only = line.side.is_some() || from_start && ids_only;
        line.listed = from_start.then(Default::default);
        line.phase = Phase::Asked;
        let Cursor { seq: after, chain } = line.cursor;
        self.send(
            relay,
            &ClientFrame::Subscribe {
                log,
                after,
                chain,
                ids_only,
                leaves: false,
            },
        );
    }

    /// An observer's device appends nothing but its own: others bring what they wrote.
    pub(super) fn keep_to_own(&mut self) {
        if self.me.as_ref().is_none_or(|me| me.member.role != Role::Observer) {
            return;
        }
        for line in self.links.iter_mut().flat_map(|link| link.lines.values_mut()) {
            line.unsent.keep_own();
        }
    }

    /// Sends what a relay lacks, is due, and is on this device's disk.
    pub(super) fn push(&mut self, relay: RelayId, m: &mut Moment<'_>) {
        self.keep_to_own();
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        if !link.is_up() {
            return;
        }
        // Who was an observer until now has registered nothing.
        let mut unknown = Vec::new();
        // Chunks whose bytes come from the disk first: they are sent when they have come.
        let mut reads = Vec::new();
        for (log_id, line) in &mut link.lines {
            if line.phase != Phase::Live || line.unsent.is_empty() {
                continue;
            }
            if !line.registered {
                unknown.push(*log_id);
                continue;
            }
            let Some(log) = self.logs.get(log_id) else {
                continue;
            };
            let window = match line.side {
                Some(_) => blobs::WINDOW_BYTES,
                None => WINDOW_BYTES,
            };
            let fresh = line.side.as_ref().is_none_or(|side| side.is_fresh(m.now));
            let mut comes = 0;
            for (id, unsent) in line.unsent.due(m.now) {
                if line.flying.len() >= WINDOW || line.flying_bytes + comes >= window {
                    break;
                }
                if !unsent.mine && !fresh {
                    continue;
                }
                let Some(stored) = log.stored.get(id) else {
                    continue;
                };
                if stored.batch > self.durable || line.flying.contains_key(id) {
                    continue;
                }
                let len = stored.row.sealed.len() as u64;
                if line.side.is_some() && len == 0 {
                    reads.push((*log_id, *id));
                    comes += SEALED_CHUNK as u64;
                    continue;
                }
                if line.flying.is_empty() {
                    line.acknowledged = m.now;
                }
                line.flying.insert(*id, len);
                line.flying_bytes += len;
                let frame = ClientFrame::Append {
                    log: *log_id,
                    bytes: stored.row.sealed.clone(),
                };
                self.out.push(Output::Send {
                    relay,
                    bytes: frame.encode(),
                });
            }
        }
        self.read_chunks(reads);
        for log in unknown {
            self.greet(relay, log);
        }
    }

    pub(super) fn push_all(&mut self, m: &mut Moment<'_>) {
        for number in 0..self.links.len() {
            self.push(RelayId(number as u32), m);
        }
    }

    pub(super) fn on_frame(&mut self, relay: RelayId, bytes: &[u8], m: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        if matches!(
            link.connection,
            Connection::Closing | Connection::Down { .. } | Connection::Connecting { .. }
        ) {
            return;
        }
        link.heard = m.now;
        let url = link.url.clone();
        let frame = match RelayFrame::decode(bytes) {
            Ok(frame) => frame,
            // Said for a later version: nothing of ours waits for it.
            Err(FrameError::Unknown(_)) => return,
            Err(why) => {
                self.complain(
                    relay,
                    "frame",
                    format!("The server {url} says something that cannot be read: {why}."),
                );
                self.hang_up(relay);
                return;
            }
        };
        match frame {
            RelayFrame::Challenge {
                origin,
                nonce,
                features,
            } => self.on_challenge(relay, &origin, nonce, &features, m),
            RelayFrame::Entry { log, seq, chain, bytes } => {
                let id = envelope_id(&bytes);
                self.is_there(relay, log, id);
                if self.is_of(&log, &DocId::Blobs) {
                    self.take_chunk(relay, log, bytes, m);
                    return;
                }
                let asked = self.line(relay, log).is_some_and(|line| {
                    if line.fetching.remove(&id) {
                        line.fetched = m.now;
                        line.vain = 0;
                    }
                    line.wanted.remove(&id);
                    line.gone.remove(&id);
                    line.phase != Phase::Off
                });
                if asked {
                    self.take(log, &bytes, Origin::Relay(relay), m);
                    self.advance(relay, log, seq, id, chain);
                    self.fetch(relay, log);
                    self.save_cursor(relay, log);
                    self.end_visit(relay, log);
                }
            }
            RelayFrame::Ack { log, id, .. } if self.is_of(&log, &DocId::Blobs) => {
                self.is_there(relay, log, id);
                self.push(relay, m);
            }
            RelayFrame::Ack { log, id, seq, chain } => {
                self.notice_hidden(relay, log, id, seq);
                self.is_there(relay, log, id);
                self.advance(relay, log, seq, id, chain);
                self.save_cursor(relay, log);
                self.push(relay, m);
                self.end_visit(relay, log);
            }
            RelayFrame::Ids { log, first, ids } => self.on_ids(relay, log, first, &ids),
            RelayFrame::Gone { log, first, ids } => self.on_gone(relay, log, first, &ids, m),
            RelayFrame::Trimmed { log, count } => {
                if let Some(line) = self.line(relay, log) {
                    line.trimmed = count;
                }
            }
            RelayFrame::CaughtUp { log, seq, chain } => self.on_caught_up(relay, log, Cursor { seq, chain }, m),
            RelayFrame::Rewound { log, .. } => {
                if self.has_answered(relay, log, m) {
                    return;
                }
                if self
                    .line(relay, log)
                    .is_some_and(|line| line.cursor != Cursor::START && !line.hearsay)
                {
                    self.doubt(relay, Doubt::SetBack);
                }
                self.start_over(relay, log);
            }
            RelayFrame::Presence { log, bytes } => self.on_presence(log, &bytes),
            RelayFrame::Error {
                code,
                sentence,
                log,
                id,
            } => self.on_error(relay, code, &sentence, log, id, m),
        }
    }

    pub(super) fn line(&mut self, relay: RelayId, log: LogId) -> Option<&mut Line> {
        self.links.get_mut(relay.0 as usize)?.lines.get_mut(&log)
    }

    fn on_challenge(&mut self, relay: RelayId, origin: &str, theirs: Nonce, features: &[String], m: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        let Connection::Greeting { nonce } = link.connection else {
            self.hang_up(relay);
            return;
        };
        if origin != link.url {
            // Whoever stands between could otherwise pass our proofs on to another relay.
            let sentence = format!("The server at {} says that it is {origin}: it is not used.", link.url);
            self.complain(relay, "origin", sentence);
            self.hang_up(relay);
            return;
        }
        link.connection = Connection::Up { nonce, theirs };
        link.bad_ticket = false;
        link.closes = features.iter().any(|feature| feature == CLOSING);
        link.trims = features.iter().any(|feature| feature == TRIMMING);
        link.besides = features.iter().any(|feature| feature == BESIDE);
        self.closes_at.get_or_insert(m.now + CLOSES_AFTER);
        self.greet_all(relay);
        self.open_doors(relay, m);
    }

    /// A relay is known to have an envelope.
    pub(super) fn is_there(&mut self, relay: RelayId, log_id: LogId, id: EnvelopeId) {
        self.alone.remove(&id);
        let now = self.clock;
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        let Some(line) = link.lines.get_mut(&log_id) else {
            return;
        };
        if line.answered(&id) {
            line.acknowledged = now;
        }
        if line.unsent.remove(&id).is_some_and(|unsent| unsent.noted) {
            self.rows
                .delete(rows::UNSENT, rows::unsent_key(&link.url, &log_id, &id));
        }
        if line.refill.remove(&id) {
            line.trimmed = line.trimmed.saturating_sub(1);
        }
        if let Some(listed) = &mut line.listed {
            listed.insert(id);
        }
    }

    /// Moves the cursor over a number that a relay has named, when it is the next; keeps it for later when it comes early.
    fn advance(&mut self, relay: RelayId, log: LogId, seq: u64, id: EnvelopeId, chain: Chain) {
        let now = self.clock;
        let Some(line) = self.line(relay, log) else {
            return;
        };
        if seq <= line.cursor.seq {
            return;
        }
        line.ahead.insert(seq, (id, chain));
        while let Some(next) = line.ahead.first_entry() {
            let seq = *next.key();
            if seq > line.cursor.seq + 1 {
                break;
            }
            let (id, chain) = next.remove();
            if seq == line.cursor.seq + 1 {
                if chain::next(line.cursor.chain, id) != chain {
                    self.start_over(relay, log);
                    self.doubt(relay, Doubt::Contradicts);
                    return;
                }
                line.cursor = Cursor { seq, chain };
                line.gap = None;
            }
        }
        if line.ahead.is_empty() {
            line.gap = None;
        } else if line.phase == Phase::Live {
            line.gap.get_or_insert(now);
        }
        if line.ahead.len() > MAX_AHEAD {
            self.start_over(relay, log);
        }
    }

    /// Writes the cursor down once everything before it is here.
    pub(super) fn save_cursor(&mut self, relay: RelayId, log: LogId) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        let Some(line) = link.lines.get_mut(&log) else {
            return;
        };
        // Before a listing from the start has ended, it is not known what the relay lacks: that is what a saved cursor says.
        let settled = line.has_all() && line.listed.is_none();
        if settled {
            line.relists.reset();
        }
        if settled && line.saved != Some(line.cursor) {
            line.saved = Some(line.cursor);
            if line.unsent.is_empty() {
                line.settled = self.place;
            }
            rows::put_cursor(&mut self.rows, &link.url, &log, &line.cursor, line.settled);
        }
    }

    /// Whether a relay names more ids than it can have: then it is left.
    pub(super) fn names_too_much(&mut self, relay: RelayId, more: usize) -> bool {
        let Some(link) = self.links.get(relay.0 as usize) else {
            return true;
        };
        let lines = link.lines.values();
        let named: usize = lines
            .map(|line| line.wanted.len() + line.gone.len() + line.listed.as_ref().map_or(0, BTreeSet::len))
            .sum();
        if named + more <= MAX_NAMED {
            return false;
        }
        let sentence = format!("The server {} names more than it can have.", link.url);
        self.complain(relay, "named", sentence);
        self.hang_up(relay);
        true
    }

    fn on_ids(&mut self, relay: RelayId, log_id: LogId, first: u64, ids: &[EnvelopeId]) {
        if self.names_too_much(relay, ids.len()) {
            return;
        }
        match self.line(relay, log_id) {
            // An error about something else may have come before: it lists all the same.
            Some(line) if matches!(line.phase, Phase::Asked | Phase::Absent { .. }) && first == line.cursor.seq + 1 => {
            }
            _ => {
                self.start_over(relay, log_id);
                return;
            }
        }
        for id in ids {
            self.is_there(relay, log_id, *id);
            let here = self.logs.get(&log_id).is_some_and(|log| log.stored.contains_key(id));
            if let Some(line) = self.line(relay, log_id) {
                line.cursor = line.cursor.next(*id);
                if !here && !line.fetching.contains(id) && line.side.is_none() {
                    line.wanted.insert(line.cursor.seq, *id);
                }
            }
        }
    }

    fn on_caught_up(&mut self, relay: RelayId, log_id: LogId, end: Cursor, m: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        let Some(line) = link.lines.get_mut(&log_id) else {
            return;
        };
        if line.phase == Phase::Left {
            self.has_left(relay, log_id, end);
            return;
        }
        if line.cursor != end {
            let forked = line.cursor.seq == end.seq;
            // A sign of life may be overtaken by entries; a subscription's end may not.
            if line.phase == Phase::Asked || forked {
                self.start_over(relay, log_id);
            }
            if forked {
                self.doubt(relay, Doubt::Contradicts);
            }
            return;
        }
        // Of blobs nothing more is wanted: that is said first, and only what is sent then is answered in any case.
        let side = line.side.is_some();
        line.phase = if side { Phase::Asked } else { Phase::Live };
        line.restarts = 0;
        line.strikes = 0;
        line.denied = 0;
        line.hearsay = false;
        line.backoff.reset();
        link.backoff.reset();
        let mut lost = false;
        if let Some(listed) = line.listed.take()
            && let Some(log) = self.logs.get(&log_id)
        {
            // The list is whole: what is here and not there is what the relay lacks.
            let alone = &self.alone;
            for id in log.kept().into_iter().filter(|id| !listed.contains(id)) {
                if !line.unsent.contains(&id) {
                    // What came in this session is known to have been there; of what was there before, a note may be missing.
                    lost |= !side && log.stored.get(&id).is_some_and(|stored| stored.batch > 0);
                    let mine = alone.contains(&id);
                    let due = if side && !mine { blobs::others_due(m) } else { m.now };
                    let noted = false;
                    line.unsent.insert(id, Unsent { mine, due, noted });
                }
                if let Some(unsent) = line.unsent.get_mut(&id).filter(|unsent| !unsent.noted) {
                    unsent.noted = true;
                    rows::put_unsent(&mut self.rows, &link.url, &log_id, &id, unsent.mine);
                }
            }
            line.lossy = false;
        }
        if lost {
            self.doubt(relay, Doubt::SetBack);
        }
        if side {
            self.save_cursor(relay, log_id);
            self.stop_following(relay, log_id, m);
            return;
        }
        self.fetch(relay, log_id);
        self.save_cursor(relay, log_id);
        self.push(relay, m);
        self.end_visit(relay, log_id);
        self.tend_wanted(m);
    }

    /// Asks for the next envelopes that are known by their ids only, in the order in which they lie there.
    fn fetch(&mut self, relay: RelayId, log_id: LogId) {
        let now = self.clock;
        let stored = self.logs.get(&log_id).map(|log| &log.stored);
        let line = self.links.get_mut(relay.0 as usize);
        let Some(line) = line.and_then(|link| link.lines.get_mut(&log_id)) else {
            return;
        };
        if !line.fetching.is_empty() || line.phase != Phase::Live {
            return;
        }
        let mut ids = Vec::new();
        while ids.len() < FETCH.min(MAX_IDS)
            && let Some((seq, id)) = line.wanted.pop_first()
        {
            // Another relay may have brought it meanwhile.
            if stored.is_some_and(|stored| stored.contains_key(&id)) {
                continue;
            }
            line.fetching.insert(seq, id);
            ids.push(id);
        }
        if !ids.is_empty() {
            line.fetched = now;
            self.send(relay, &ClientFrame::Fetch { log: log_id, ids });
        }
    }

    /// The relay's log is not the one that the cursor says: everything is listed again, and what it lacks is refilled.
    pub(super) fn start_over(&mut self, relay: RelayId, log_id: LogId) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        let Some(line) = link.lines.get_mut(&log_id) else {
            return;
        };
        line.restarts += 1;
        if line.restarts > 1 {
            // It happens again on the way from the start: this relay is not to be understood for now.
            line.strikes = line.strikes.saturating_add(1);
            let always = line.strikes > 2;
            self.hang_up(relay);
            if always {
                self.doubt(relay, Doubt::Contradicts);
            }
            return;
        }
        line.drop_connection();
        line.cursor = Cursor::START;
        if line.saved.take().is_some() {
            self.rows.delete(rows::CURSORS, rows::cursor_key(&link.url, &log_id));
        }
        self.greet(relay, log_id);
    }

    fn on_error(
        &mut self,
        relay: RelayId,
        code: ErrorCode,
        sentence: &str,
        log: Option<LogId>,
        id: Option<EnvelopeId>,
        m: &mut Moment<'_>,
    ) {
        let is_out = self.is_out(log);
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        let url = link.url.clone();
        if code == ErrorCode::BadTicket {
            link.bad_ticket = true;
            self.complain(
                relay,
                "ticket",
                format!("The server {url} does not take its ticket: {sentence}"),
            );
            return;
        }
        // The relay closes a connection on which nothing is proved: none of our logs is open there yet. And what it is to let go of
        // it may keep: it was set back since.
        let keeps = log.is_none() && matches!(code, ErrorCode::NotAllowed | ErrorCode::NotStored);
        if keeps || matches!(code, ErrorCode::NoProof | ErrorCode::Unknown) {
            return;
        }
        let Some((log, line)) = log.and_then(|log| Some((log, link.lines.get_mut(&log)?))) else {
            self.complain(relay, "error", format!("The server {url} says: {sentence}"));
            return;
        };
        if let Some(id) = id
            && line.fetching.contains(&id)
        {
            self.ends(relay, log, m);
            return;
        }
        if id.is_some_and(|id| line.side.as_ref().is_some_and(|side| side.asks(&id))) {
            // The rest of what was asked with it does not come either.
            self.lacks_asked(relay, log, m);
            return;
        }
        if let Some(id) = id {
            line.answered(&id);
            let mine = line.unsent.get_mut(&id).is_some_and(|unsent| unsent.mine);
            let of_old = self.logs.get(&log).map(|log| log.keys.epoch) != self.current;
            if code == ErrorCode::NotAllowed && mine && self.say_anew(log, id, m) {
                self.push_all(m);
                self.end_visit(relay, log);
                return;
            }
            let Some(line) = self.line(relay, log) else {
                return;
            };
            // A log of an earlier epoch is closed to this device: others bring what others wrote, and who is out brings nothing.
            if code == ErrorCode::NotAllowed && (is_out || of_old && !mine) {
                if line.unsent.remove(&id).is_some_and(|unsent| unsent.noted) {
                    self.rows.delete(rows::UNSENT, rows::unsent_key(&url, &log, &id));
                }
                let waits = |link: &Link| link.lines.get(&log).is_some_and(|line| line.unsent.contains(&id));
                if !self.links.iter().any(waits) {
                    self.alone.remove(&id);
                }
                self.end_visit(relay, log);
                return;
            }
            if code == ErrorCode::NotAllowed && of_old && !line.refused {
                (line.refused, line.registered) = (true, false);
                self.push(relay, m);
                return;
            }
            if let Some(unsent) = line.unsent.get_mut(&id).copied() {
                let wait = match code {
                    ErrorCode::Busy => line.backoff.next(m.entropy),
                    _ => REFUSED_WAIT,
                };
                let due = m.now + wait;
                line.unsent.insert(id, Unsent { due, ..unsent });
            }
            // Why it is not allowed may be on its way here: that this device's member was taken out.
            let mut charter = self.logs_of(&DocId::Charter).into_iter();
            let lines = self.links.get(relay.0 as usize).map(|link| &link.lines);
            let told = lines.is_some_and(|lines| charter.all(|log| lines.get(&log).is_none_or(Line::is_read)));
            if code != ErrorCode::Busy && (told || code != ErrorCode::NotAllowed) {
                self.complain(
                    relay,
                    "append",
                    format!("The server {url} did not store what you wrote: {sentence}"),
                );
            }
            return;
        }
        // Several frames about one log are on their way together, and each may be answered with an error: one retry. A log
        // that was followed until now is not any more.
        if matches!(line.phase, Phase::Asked | Phase::Live) {
            // A log that is opened while our frames are under way answers the later ones with other errors than the first:
            // only what stays is worth a word.
            line.denied = if code == ErrorCode::NoSuchLog {
                0
            } else {
                line.denied.saturating_add(1)
            };
            let denied = line.denied > 2 && code != ErrorCode::Busy;
            if code == ErrorCode::NoSuchLog {
                line.unopened = true;
                self.notice_lost(relay, log);
                self.lose_door(relay, &log);
            }
            self.ends(relay, log, m);
            if denied {
                self.complain(
                    relay,
                    "log",
                    format!("The server {url} does not open a document: {sentence}"),
                );
            }
        }
    }

    /// Says something about a relay, once.
    fn complain(&mut self, relay: RelayId, about: &'static str, sentence: String) {
        let Some(link) = self.links.get_mut(relay.0 as usize) else {
            return;
        };
        if link.complained.insert(about) {
            self.out.push(Output::Trouble(sentence));
        }
    }

    pub(super) fn send_presence(&mut self, log_id: LogId, bytes: &[u8], m: &mut Moment<'_>) {
        self.spoken += 1;
        let presence = Presence {
            device: self.device.id(),
            start: self.start,
            number: self.spoken,
            bytes: bytes.to_vec(),
        };
        let Some(log) = self.logs.get(&log_id) else {
            return;
        };
        let Some(sealed) = presence.seal(&self.device, &log.keys, m.entropy) else {
            return;
        };
        let frame = ClientFrame::Presence {
            log: log_id,
            bytes: sealed,
        }
        .encode();
        let live = |link: &Link| {
            let line = link.lines.get(&log_id);
            link.is_up() && line.is_some_and(|line| line.phase == Phase::Live)
        };
        let live: Vec<usize> = (0..self.links.len())
            .filter(|number| live(&self.links[*number]))
            .collect();
        // Relays take turns, so that who reaches only one of them hears of all, if less often.
        let first = self.spoken as usize % live.len().max(1);
        for number in live.iter().cycle().skip(first).take(live.len().min(CARRIERS)) {
            self.out.push(Output::Send {
                relay: RelayId(*number as u32),
                bytes: frame.clone(),
            });
        }
    }

    /// Whether a presence message is looked at: not a second time, and not when far too many come.
    fn listens(&mut self, sealed: &[u8]) -> bool {
        let id = envelope_id(sealed);
        if self.echoes.contains(&id) {
            return false;
        }
        if self.echoes.len() >= MAX_ECHOES {
            self.echoes.pop_front();
        }
        self.echoes.push_back(id);
        // In thousandths of a message.
        let (since, spent) = self.listened;
        let spent = spent.saturating_sub((self.clock - since) * HEARD_PER_SECOND);
        let may = spent < HEARD_AT_ONCE * 1000;
        self.listened = (self.clock, spent + 1000 * u64::from(may));
        may
    }

    fn on_presence(&mut self, log_id: LogId, sealed: &[u8]) {
        if !self.listens(sealed) {
            return;
        }
        let Some(log) = self.logs.get(&log_id) else {
            return;
        };
        let (Purpose::Document(doc), Some(presence)) = (&log.purpose, Presence::open(sealed, &log.keys)) else {
            return;
        };
        let Some(member) = self.charter.member_of(&presence.device) else {
            return;
        };
        let session = presence.session();
        // Forgetting all of it lets old news through once, no more.
        if self.heard.len() >= MAX_HEARD {
            self.heard.clear();
        }
        // It comes by every relay: only the newest of a session in a document says something.
        let heard = self.heard.entry((log_id, session)).or_insert(0);
        if session == self.session || presence.number <= *heard || !self.watched.contains(doc) {
            return;
        }
        *heard = presence.number;
        let who = Binding {
            device: presence.device,
            member: member.id,
            outlet: member.outlet.clone(),
            role: member.role,
            session,
        };
        self.out.push(Output::Presence {
            doc: doc.clone(),
            who,
            bytes: presence.bytes,
        });
    }
}
