//! Envelopes that come in: opened, judged, held or delivered.
//!
//! Whether an envelope counts is decided from what it builds on, its session's previous envelope and the charter that its writer
//! knew, and from the charter as it is known here ([`super::fate`]). While something of the former is missing it is held, and
//! judged again when more has come.

use std::collections::VecDeque;

use komuz_seal::bytes::{EnvelopeId, LogId};
use komuz_seal::chain::envelope_id;
use komuz_seal::charter::{EntryError, Fate, Inserted, MemberCard, Refusal, Written};
use komuz_seal::doc::DocId;
use komuz_seal::envelope::{EnvelopeError, Kind, Statement};
use komuz_seal::invite::{DoorMessage, InviteError};

use super::held::{Need, Waiting};
use super::link::{Unsent, below};
use super::log::{Purpose, Stored};
use super::rows::{self, EnvelopeRow, Standing};
use super::{Binding, Delivery, Moment, Output, RelayId, Replica, Seen};

/// How long others' envelopes wait before this device sends them to a relay that seems to lack them, in milliseconds.
const OTHERS_WAIT: u64 = 5_000;
const OTHERS_JITTER: u64 = 10_000;
/// How many refused envelopes of a log are remembered, so that no relay is asked for them again.
const MAX_REFUSED: usize = 4096;
/// How many copies of envelopes are kept in a log.
const MAX_COPIES: usize = 256;
/// How many requests at a door are looked at, and how long they may be.
const MAX_AT_DOOR: usize = 128;
const MAX_DOOR_MESSAGE: usize = 64 << 10;
/// How many bytes of a log are kept for a newer Komuz that can open them.
const MAX_LATER: usize = 16 << 20;

/// Where an envelope comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Written here now.
    Here,
    /// From a relay.
    Relay(RelayId),
    /// From another session of this device, which has stored it.
    Sibling,
}

/// What is to be done with an envelope.
enum Verdict {
    Accept,
    Hold(Need),
    /// It says the same as one that counts, sealed anew.
    Copy,
    /// Its session has written something else under this number.
    Fork,
    /// It does not count by what is known of the charter: why, unless it only follows such a one.
    Cut(Option<Refusal>),
    /// It does not count and never will.
    Refuse(String),
}

impl Replica {
    /// Takes an envelope's sealed bytes. What is here already is passed over.
    pub(super) fn take(&mut self, log_id: LogId, sealed: &[u8], origin: Origin, m: &mut Moment<'_>) {
        let id = envelope_id(sealed);
        let Some(log) = self.logs.get_mut(&log_id) else {
            return;
        };
        if log.stored.contains_key(&id) {
            return;
        }
        let row = |standing| EnvelopeRow {
            standing,
            session: [0; 16].into(),
            counter: 0,
            place: 0,
            sealed: if standing == Standing::Refused {
                Vec::new()
            } else {
                sealed.to_vec()
            },
        };
        if let Purpose::Door { invite, .. } = &log.purpose {
            // Whoever has the link can leave requests there: a few are looked at. Rubbish is passed over, answers are not.
            let crowded = log.stored.len() >= MAX_AT_DOOR || sealed.len() > MAX_DOOR_MESSAGE;
            let waits = self.waiting.as_ref().map(|waiting| &waiting.invite);
            let invite = self.invites.get(invite).map(|mine| &mine.invite).or(waits);
            let kept = match invite.map(|invite| DoorMessage::open(sealed, invite)) {
                Some(Ok(DoorMessage::Request(_)) | Err(InviteError::Version(_))) => !crowded,
                Some(Ok(_)) => true,
                Some(Err(_)) | None => false,
            };
            if !kept && origin != Origin::Here {
                return;
            }
            self.keep(log_id, id, row(Standing::Accepted), origin, m);
            self.take_at_door(log_id, id, m);
            return;
        }
        match Statement::open(sealed, &log.keys) {
            Ok(statement) => {
                self.writers.insert(statement.session(), statement.device);
                let opened = EnvelopeRow {
                    session: statement.session(),
                    counter: statement.counter,
                    ..row(Standing::Held)
                };
                self.keep(log_id, id, opened, origin, m);
                let log = log_id;
                self.consider(Waiting { log, id, statement }, m);
            }
            Err(EnvelopeError::Version(_) | EnvelopeError::Kind(_)) => {
                log.later += sealed.len();
                if log.later > MAX_LATER {
                    log.later -= sealed.len();
                    log.crowded = true;
                    self.let_go(log_id);
                } else {
                    self.keep(log_id, id, row(Standing::Held), origin, m);
                }
                self.complain_once("version", || {
                    "Something was written by a newer Komuz: update this one to see it. It is kept until then."
                        .to_owned()
                });
            }
            Err(why) => {
                log.refused += 1;
                if log.refused <= MAX_REFUSED {
                    self.keep(log_id, id, row(Standing::Refused), origin, m);
                }
                self.out
                    .push(Output::Trouble(format!("A piece of writing was refused: {why}.")));
            }
        }
    }

    /// Notes that an envelope is here: for the rows, and for the relays that lack it.
    fn keep(&mut self, log_id: LogId, id: EnvelopeId, row: EnvelopeRow, origin: Origin, m: &mut Moment<'_>) {
        let passed_on = row.is_passed_on();
        let Some(log) = self.logs.get_mut(&log_id) else {
            return;
        };
        let batch = if origin == Origin::Sibling {
            0
        } else {
            row.put(&mut self.rows, &log_id, &id);
            self.batch + 1
        };
        log.stored.insert(id, Stored::new(row, batch));
        if !passed_on {
            return;
        }
        let mine = origin == Origin::Here;
        let keeper = self.keeper();
        for (number, link) in self.links.iter_mut().enumerate() {
            let Some(line) = link.lines.get_mut(&log_id) else {
                continue;
            };
            if origin == Origin::Relay(RelayId(number as u32)) {
                continue;
            }
            // It had it, and need not have it again.
            if line.gone.remove(&id) && keeper != Some(number) {
                continue;
            }
            let due = if mine {
                m.now
            } else {
                m.now + OTHERS_WAIT + below(OTHERS_JITTER, m.entropy)
            };
            line.unsent.insert(id, Unsent { mine, due, noted: mine });
            if mine {
                rows::put_unsent(&mut self.rows, &link.url, &log_id, &id, true);
            }
        }
        if mine {
            self.alone.insert(id);
        }
    }

    /// Something in a log was let go because too much waits. The relays' cursors there are forgotten, and the log is listed
    /// again when this pass has ended: nothing is lost by it.
    pub(super) fn let_go(&mut self, log_id: LogId) {
        for link in &mut self.links {
            if let Some(line) = link.lines.get_mut(&log_id) {
                line.lossy = true;
                line.saved = None;
                self.rows.delete(rows::CURSORS, rows::cursor_key(&link.url, &log_id));
            }
        }
    }

    /// Judges an envelope, and those that have waited for it.
    pub(super) fn consider(&mut self, first: Waiting, m: &mut Moment<'_>) {
        let mut next = VecDeque::from([first]);
        while let Some(waiting) = next.pop_front() {
            let Waiting { log, id, statement } = &waiting;
            let (log, id) = (*log, *id);
            let kind = statement.kind;
            // An entry of the charter has its own signature and is judged by the charter alone: whatever happens to the
            // envelope, everybody comes to the same charter.
            if kind == Kind::Charter && self.is_of(&log, &DocId::Charter) {
                self.take_entries(&statement.payloads, m);
                let charter = &self.charter;
                next.extend(self.held.take_heads(|head| charter.knows(&[*head])));
            }
            match self.judge(log, id, statement) {
                Verdict::Hold(need) => {
                    for Waiting { log, id, .. } in self.held.insert(waiting, need) {
                        // The rows stay: they are good, and other sessions of this device may count on them.
                        if let Some(log) = self.logs.get_mut(&log) {
                            log.stored.remove(&id);
                        }
                        for link in &mut self.links {
                            if let Some(line) = link.lines.get_mut(&log) {
                                line.unsent.remove(&id);
                            }
                        }
                        self.let_go(log);
                    }
                }
                Verdict::Accept => {
                    let (session, counter) = (statement.session(), statement.counter);
                    self.accept(log, id, waiting.statement, m);
                    next.extend(self.held.take_place(log, session, counter + 1));
                }
                verdict @ (Verdict::Copy | Verdict::Fork) => {
                    let (session, counter) = (statement.session(), statement.counter);
                    match verdict {
                        Verdict::Copy => self.keep_copy(log, id, statement),
                        _ => self.set_aside(log, id, statement),
                    }
                    // What comes next may have waited to see which of these it follows.
                    next.extend(self.held.take_place(log, session, counter + 1));
                }
                Verdict::Cut(why) => {
                    let (session, counter) = (statement.session(), statement.counter);
                    self.leave_aside(log, id, waiting.statement, why);
                    next.extend(self.held.take_place(log, session, counter + 1));
                }
                Verdict::Refuse(why) => self.refuse_envelope(log, id, statement, &why),
            }
        }
    }

    /// Judges what was held when this device stopped.
    pub(super) fn consider_all(&mut self, held: Vec<Waiting>, m: &mut Moment<'_>) {
        for waiting in held {
            self.consider(waiting, m);
        }
    }

    fn judge(&self, log_id: LogId, id: EnvelopeId, statement: &Statement) -> Verdict {
        let Some(log) = self.logs.get(&log_id) else {
            return Verdict::Hold(Need::Previous);
        };
        let Some(doc) = log.doc() else {
            return Verdict::Hold(Need::Previous);
        };
        let fits = match statement.kind {
            Kind::Changes => !doc.is_kept_apart(),
            Kind::Snapshots => *doc == DocId::Snapshots,
            Kind::Charter | Kind::Servers | Kind::Doors | Kind::Keys => *doc == DocId::Charter,
        };
        if !fits {
            return Verdict::Refuse("it does not belong to the document that it was written to".to_owned());
        }
        // Entries of the charter carry their own signature and are judged by the charter itself.
        let mut why = None;
        if statement.kind != Kind::Charter {
            match self.charter.fate(&Written::of(&log_id, doc, &id, statement)) {
                Fate::Counts { .. } => {}
                // Everybody who was let in may ask for a door, whatever they write.
                Fate::Refused(Refusal::Role(_)) if matches!(statement.kind, Kind::Doors | Kind::Keys) => {}
                Fate::Waits(head) => return Verdict::Hold(Need::Head(head)),
                Fate::WaitsForUpdate => return Verdict::Hold(Need::Update),
                Fate::Refused(never @ Refusal::Stranger) => return Verdict::Refuse(never.to_string()),
                Fate::Refused(now) => why = Some(now),
            }
        }
        let (session, counter) = (statement.session(), statement.counter);
        let last = log.tails.get(&session).map_or(0, |tail| tail.counter);
        if counter <= last {
            return match log.counted(session, counter) {
                Some(counts) if counts == id => Verdict::Accept,
                Some(counts) if log.says(&counts, statement) => Verdict::Copy,
                // It is in a snapshot that was taken, and was not here. Whether it counts is judged with all that is below.
                None if counter < log.covered(&session) => Verdict::Accept,
                _ => Verdict::Fork,
            };
        }
        // What follows something that does not count has not come of what counts.
        if log.standing(&statement.previous) == Some(Standing::Cut) {
            return Verdict::Cut(why);
        }
        match counter == last + 1 {
            true if log.follows(session, statement.previous) => match why {
                Some(why) => Verdict::Cut(Some(why)),
                None => Verdict::Accept,
            },
            // What it follows is here and does not count. Otherwise that may be a copy of what counts, and is waited for.
            true if log.stored.contains_key(&statement.previous) => Verdict::Fork,
            _ => Verdict::Hold(Need::Previous),
        }
    }

    pub(super) fn name_of(&self, device: &komuz_seal::bytes::PublicKey) -> String {
        self.charter
            .person_of(device)
            .map_or_else(|| "somebody".to_owned(), |member| member.name)
    }

    /// Keeps an envelope of a session that has written two different things under one number, and does not deliver it. What
    /// came first counts; replicas may differ in which that was, until a cut says it for all: so all of it is kept and
    /// passed on.
    fn set_aside(&mut self, log_id: LogId, id: EnvelopeId, statement: &Statement) {
        if let Some(stored) = self.logs.get_mut(&log_id).and_then(|log| log.stored.get_mut(&id)) {
            stored.row.standing = Standing::Forked;
            stored.row.put(&mut self.rows, &log_id, &id);
        }
        // Where its session was cut, that may be what leads to the cut.
        self.judges_again |= self.contested.contains(&statement.device);
        if self.forked.insert(statement.session()) {
            let name = self.name_of(&statement.device);
            self.out.push(Output::Trouble(format!(
                "A piece of writing signed by {name}'s device is left aside: {name} has numbered two things alike."
            )));
        }
    }

    /// Keeps what says the same as an envelope that counts.
    fn keep_copy(&mut self, log_id: LogId, id: EnvelopeId, statement: &Statement) {
        let Some(log) = self.logs.get_mut(&log_id) else {
            return;
        };
        let (session, counter) = (statement.session(), statement.counter);
        // Its id is remembered in any case: what its session wrote next may name it.
        log.note_copy(session, counter, id);
        if log.copies() > MAX_COPIES {
            self.refuse_envelope(log_id, id, statement, "it is one of too many copies");
            return;
        }
        let counts = log.counted(session, counter).and_then(|counts| log.stored.get(&counts));
        let place = counts.map_or(0, |counts| counts.row.place);
        if let Some(stored) = log.stored.get_mut(&id) {
            stored.row.standing = Standing::Copy;
            stored.row.place = place;
            stored.row.put(&mut self.rows, &log_id, &id);
        }
    }

    fn refuse_envelope(&mut self, log_id: LogId, id: EnvelopeId, statement: &Statement, why: &str) {
        if let Some(log) = self.logs.get_mut(&log_id) {
            log.refused += 1;
            if let Some(stored) = log.stored.get_mut(&id) {
                stored.row.standing = Standing::Refused;
                stored.row.sealed = Vec::new();
                stored.row.put(&mut self.rows, &log_id, &id);
            }
        }
        self.drop_unsent(log_id, id);
        let name = self.name_of(&statement.device);
        self.out.push(Output::Trouble(format!(
            "A piece of writing signed by {name}'s device was refused: {why}."
        )));
    }

    /// An envelope is brought to no relay any more.
    pub(super) fn drop_unsent(&mut self, log: LogId, id: EnvelopeId) {
        for link in &mut self.links {
            let unsent = link.lines.get_mut(&log).and_then(|line| line.unsent.remove(&id));
            if unsent.is_some_and(|unsent| unsent.noted) {
                self.rows.delete(rows::UNSENT, rows::unsent_key(&link.url, &log, &id));
            }
        }
    }

    fn accept(&mut self, log_id: LogId, id: EnvelopeId, statement: Statement, m: &mut Moment<'_>) {
        self.place += 1;
        let place = self.place;
        let session = statement.session();
        let Some(log) = self.logs.get_mut(&log_id) else {
            return;
        };
        if statement.counter < log.covered(&session) {
            log.put_below(session, statement.counter, id);
        } else {
            log.extend(session, statement.counter, id);
        }
        let Some(doc) = log.doc().cloned() else {
            return;
        };
        log.grown += log.stored.get(&id).map_or(0, |stored| stored.row.sealed.len());
        log.touched = m.now;
        let watched = self.watched.contains(&doc);
        if let Some(stored) = log.stored.get_mut(&id) {
            stored.row.standing = Standing::Accepted;
            stored.row.place = place;
            // An envelope that an older Komuz could not open has neither.
            stored.row.session = session;
            stored.row.counter = statement.counter;
            stored.row.put(&mut self.rows, &log_id, &id);
        }
        match statement.kind {
            // One's own are not delivered to oneself.
            Kind::Changes if watched && session != self.session => self.deliver(log_id, doc, id, statement),
            Kind::Changes | Kind::Charter => {}
            Kind::Servers => self.take_servers(&statement.payloads, m),
            Kind::Doors => self.take_doors(&statement.device, &statement.payloads, m),
            Kind::Keys => self.take_keys(log_id, statement.device, &statement.payloads),
            Kind::Snapshots => self.take_announcements(id, &statement.device, &statement.payloads),
        }
    }

    /// Hands an envelope out, unless the caller has it.
    fn deliver(&mut self, log_id: LogId, doc: DocId, id: EnvelopeId, statement: Statement) {
        if self.snapshots.owes(&doc) {
            return;
        }
        let Some(log) = self.logs.get_mut(&log_id) else {
            return;
        };
        let last = log.delivered.entry((log_id, statement.session())).or_insert(0);
        if *last >= statement.counter {
            return;
        }
        *last = statement.counter;
        let Fate::Counts { member, .. } = self.charter.fate(&Written::of(&log_id, &doc, &id, &statement)) else {
            return;
        };
        let who = binding(&member, &statement);
        self.out.push(Output::Deliver(Delivery {
            doc,
            who,
            log: log_id,
            counter: statement.counter,
            id,
            payloads: statement.payloads,
            last: statement.last,
        }));
    }

    /// Delivers what is stored of a log beyond `seen`, in the order in which it came, each session in its own order.
    pub(super) fn deliver_stored(&mut self, log_id: LogId, seen: &Seen) {
        let Some(log) = self.logs.get_mut(&log_id) else {
            return;
        };
        log.delivered = seen
            .iter()
            .filter(|((of, _), _)| *of == log_id)
            .map(|(track, counter)| (*track, *counter))
            .collect();
        let mut beyond: Vec<_> = log
            .stored
            .iter()
            .filter(|(_, stored)| stored.row.standing == Standing::Accepted)
            .filter(|(_, stored)| stored.row.counter > seen.get(&(log_id, stored.row.session)).copied().unwrap_or(0))
            .map(|(id, stored)| (stored.row.place, stored.row.session, stored.row.counter, *id))
            .collect();
        beyond.sort_unstable();
        // Places are hints (two tabs may number differently); a session's own order is not.
        let mut of_session: std::collections::BTreeMap<_, Vec<_>> = std::collections::BTreeMap::new();
        for (_, session, counter, id) in &beyond {
            of_session.entry(*session).or_default().push((*counter, *id));
        }
        for list in of_session.values_mut() {
            list.sort_unstable_by(|a, b| b.cmp(a));
        }
        for (_, session, _, _) in beyond {
            let Some((_, id)) = of_session.get_mut(&session).and_then(Vec::pop) else {
                continue;
            };
            let Some(log) = self.logs.get(&log_id) else {
                return;
            };
            if let (Some(statement), Some(doc)) = (log.open(&id), log.doc().cloned()) {
                self.deliver(log_id, doc, id, statement);
            }
        }
    }

    /// Takes entries of the charter.
    pub(super) fn take_entries(&mut self, entries: &[Vec<u8>], m: &mut Moment<'_>) {
        let mut changed = false;
        for bytes in entries {
            match self.charter.insert(bytes) {
                Ok(Inserted::Added) => changed = true,
                Ok(Inserted::Known | Inserted::Waiting) => {}
                Err(EntryError::Version(_)) => self.complain_once("charter", needs_update),
                Err(why) => self
                    .out
                    .push(Output::Trouble(format!("An entry of the charter was refused: {why}."))),
            }
        }
        if changed {
            if self.charter.needs_update() {
                self.complain_once("charter", needs_update);
            }
            self.out.push(Output::Charter);
            self.look_for_me(m);
            self.offer_held(m);
            self.judges_again = true;
        }
    }
}

fn needs_update() -> String {
    "The members have decided something that this Komuz does not understand: update it before you write on.".to_owned()
}

pub(super) fn binding(member: &MemberCard, statement: &Statement) -> Binding {
    Binding {
        device: statement.device,
        member: member.id,
        outlet: member.outlet.clone(),
        role: member.role,
        session: statement.session(),
    }
}
