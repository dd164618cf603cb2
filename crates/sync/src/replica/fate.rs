//! What counts, as more becomes known of the charter: a removal or a lesser role takes what was written beyond its cuts, and an
//! editor may say that more of it counts.
//!
//! Of each session in each log a beginning counts: what follows something that does not count does not count either, since it
//! builds on it. So what a caller has of a document is still one number for each session, and when a beginning becomes shorter
//! than that, the document is made anew ([`Output::Rebuild`]).

use std::collections::{BTreeMap, BTreeSet};

use komuz_seal::bytes::{EnvelopeId, LogId, PublicKey, SessionId};
use komuz_seal::charter::{Cut, Fate, Refusal, Written};
use komuz_seal::doc::DocId;
use komuz_seal::envelope::{Kind, Statement};

use super::held::Waiting;
use super::rows::Standing;
use super::{Moment, Output, Replica, Seen};

/// An envelope of a session that is judged again.
struct Opened {
    id: EnvelopeId,
    standing: Standing,
    place: u64,
    statement: Statement,
}

impl Replica {
    /// Judges again what those have written of whom something may not count, after entries of the charter have come.
    pub(super) fn judge_again(&mut self, m: &mut Moment<'_>) {
        // What is judged again may bring entries, and they others.
        while core::mem::take(&mut self.judges_again) {
            self.take_epochs(m);
            let contested = self.charter.contested();
            let devices: BTreeSet<PublicKey> = self.contested.union(&contested).copied().collect();
            self.contested = contested;
            if devices.is_empty() {
                continue;
            }
            for (log, session) in self.sessions_of(&devices) {
                self.judge_session(log, session, m);
            }
        }
    }

    /// The sessions of some devices, with the logs in which something of them is here.
    pub(super) fn sessions_of(&mut self, devices: &BTreeSet<PublicKey>) -> Vec<(LogId, SessionId)> {
        let mut found = BTreeSet::new();
        for (log_id, log) in self.logs.iter().filter(|(_, log)| log.doc().is_some()) {
            for (id, stored) in &log.stored {
                let session = stored.row.session;
                // Of what was refused nothing is kept, and what an older Komuz could not open has no session.
                if stored.row.counter > 0
                    && stored.row.standing != Standing::Refused
                    && found.insert((*log_id, session))
                    && !self.writers.contains_key(&session)
                    && let Some(statement) = log.open(id)
                {
                    self.writers.insert(session, statement.device);
                }
            }
        }
        let is_of = |session: &SessionId| self.writers.get(session).is_some_and(|writer| devices.contains(writer));
        found.into_iter().filter(|(_, session)| is_of(session)).collect()
    }

    /// Judges a session in a log again: what still counts stays as it is, the rest is taken in anew.
    fn judge_session(&mut self, log_id: LogId, session: SessionId, m: &mut Moment<'_>) {
        let Some((doc, log)) = self.logs.get(&log_id).and_then(|log| Some((log.doc()?.clone(), log))) else {
            return;
        };
        let of_session = |standing| !matches!(standing, Standing::Refused | Standing::Held);
        let mut all: Vec<Opened> = log
            .stored
            .iter()
            .filter(|(_, stored)| stored.row.session == session && of_session(stored.row.standing))
            .filter_map(|(id, stored)| {
                Some(Opened {
                    id: *id,
                    standing: stored.row.standing,
                    place: stored.row.place,
                    statement: log.open(id)?,
                })
            })
            .collect();
        let counts: BTreeMap<EnvelopeId, Option<Cut>> = all
            .iter()
            .filter_map(|one| {
                if one.statement.kind == Kind::Charter {
                    return Some((one.id, None));
                }
                match self.charter.fate(&Written::of(&log_id, &doc, &one.id, &one.statement)) {
                    Fate::Counts { cut, .. } => Some((one.id, cut)),
                    Fate::Refused(Refusal::Role(_)) if matches!(one.statement.kind, Kind::Doors | Kind::Keys) => {
                        Some((one.id, None))
                    }
                    _ => None,
                }
            })
            .collect();
        let leads = leading(&all, &counts);
        let goes_on = |counter: u64, id: &EnvelopeId| {
            counts.contains_key(id) && leads.get(&counter).is_none_or(|leading| leading == id)
        };
        let end = log.tails.get(&session).map_or(0, |tail| tail.counter);
        let mut kept = 0;
        for (counter, id) in log.counting(session) {
            if !goes_on(counter, &id) {
                break;
            }
            kept = counter;
        }
        if kept < log.covered(&session) {
            // A snapshot covers something that does not count: it is known only with all that it covers.
            self.leave_snapshot(&doc);
            return;
        }
        // What lies aside may come next now.
        let comes = |one: &Opened| {
            one.standing != Standing::Accepted
                && one.statement.counter == kept + 1
                && goes_on(one.statement.counter, &one.id)
                && (log.follows(session, one.statement.previous) || kept < end)
        };
        let more = all.iter().any(comes);
        if kept == end && !more {
            return;
        }
        all.retain(|one| one.statement.counter > kept);
        all.sort_by_key(|one| {
            let counter = one.statement.counter;
            let leads = leads.get(&counter) == Some(&one.id);
            (counter, !leads, one.standing != Standing::Accepted, one.place)
        });
        self.shorten(log_id, &doc, session, kept, more);
        for one in all {
            let Opened { id, statement, .. } = one;
            let log = log_id;
            self.consider(Waiting { log, id, statement }, m);
        }
    }

    /// Nothing of a session counts beyond a number, until more is taken in: `revoked` when that is what was said to be void.
    fn shorten(&mut self, log_id: LogId, doc: &DocId, session: SessionId, kept: u64, revoked: bool) {
        let Some(log) = self.logs.get_mut(&log_id) else {
            return;
        };
        let gone = log.truncate(session, kept);
        for id in &gone {
            if let Some(stored) = log.stored.get_mut(id) {
                stored.row.standing = Standing::Held;
                stored.row.put(&mut self.rows, &log_id, id);
            }
        }
        if *doc == DocId::Charter {
            return;
        }
        let own = session == self.session && !gone.is_empty();
        let had = log.delivered.get(&(log_id, session)).is_some_and(|last| *last > kept);
        if own {
            self.cut_here.insert(doc.clone());
        }
        // That this session can write there no more is said also of a document that is to be made anew already.
        if own || (self.watched.contains(doc) && (had || revoked)) {
            self.let_rebuild(doc, own);
        }
    }

    /// A caller has to make a document anew; nothing more of it is delivered before it asks.
    pub(super) fn let_rebuild(&mut self, doc: &DocId, own: bool) {
        self.watched.remove(doc);
        for log in self.logs_of(doc) {
            if let Some(log) = self.logs.get_mut(&log) {
                log.delivered = Seen::new();
            }
        }
        let doc = doc.clone();
        self.out.push(Output::Rebuild { doc, own });
    }

    /// Whether a caller has more of a document than counts, by what it says that it has.
    pub(super) fn has_too_much(&self, log_id: &LogId, seen: &Seen) -> bool {
        let Some(log) = self.logs.get(log_id) else {
            return false;
        };
        // What is merely missing here (its row was damaged) is no reason.
        log.stored.values().map(|stored| &stored.row).any(|row| {
            let counts = log.tails.get(&row.session).map_or(0, |tail| tail.counter);
            let has = seen.get(&(*log_id, row.session)).copied().unwrap_or(0);
            row.standing == Standing::Cut && (counts + 1..=has).contains(&row.counter)
        })
    }

    /// Keeps an envelope that does not count by what is known, and tells who has its document: what builds on it is waited
    /// for by nobody.
    pub(super) fn leave_aside(&mut self, log_id: LogId, id: EnvelopeId, statement: Statement, why: Option<Refusal>) {
        let Some(log) = self.logs.get_mut(&log_id) else {
            return;
        };
        let Some(doc) = log.doc().cloned() else {
            return;
        };
        let session = statement.session();
        if let Some(stored) = log.stored.get_mut(&id) {
            stored.row.standing = Standing::Cut;
            stored.row.place = 0;
            stored.row.session = session;
            stored.row.counter = statement.counter;
            stored.row.put(&mut self.rows, &log_id, &id);
        }
        let watched = self.watched.contains(&doc);
        if session == self.session {
            self.cut_here.insert(doc.clone());
        }
        if let Some(why) = why {
            let name = self.name_of(&statement.device);
            match why {
                Refusal::BeyondCut(_) | Refusal::Removed => {
                    if self.cut_said.insert(session) {
                        self.out.push(Output::Aside {
                            doc: doc.clone(),
                            device: statement.device,
                            name,
                        });
                    }
                }
                why => self.out.push(Output::Trouble(format!(
                    "A piece of writing signed by {name}'s device was refused: {why}."
                ))),
            }
        }
        if watched && statement.kind == Kind::Changes {
            self.tell_void(log_id, doc, statement);
        }
    }

    fn tell_void(&mut self, log: LogId, doc: DocId, statement: Statement) {
        self.out.push(Output::Void {
            doc,
            device: statement.device,
            track: (log, statement.session()),
            counter: statement.counter,
            payloads: statement.payloads,
        });
    }

    /// Tells of all that is kept of a log and does not count, each session in its order.
    pub(super) fn tell_all_void(&mut self, log_id: LogId) {
        let Some((log, doc)) = self.logs.get(&log_id).and_then(|log| Some((log, log.doc()?.clone()))) else {
            return;
        };
        let cut = log
            .stored
            .iter()
            .filter(|(_, stored)| stored.row.standing == Standing::Cut);
        let mut cut: Vec<_> = cut
            .map(|(id, stored)| (stored.row.session, stored.row.counter, *id))
            .collect();
        cut.sort_unstable();
        let opened: Vec<Statement> = cut.iter().filter_map(|(.., id)| log.open(id)).collect();
        for statement in opened.into_iter().filter(|statement| statement.kind == Kind::Changes) {
            self.tell_void(log_id, doc.clone(), statement);
        }
    }
}

/// Where a session has numbered things alike and was cut: what leads to the cut, by its numbers.
fn leading(all: &[Opened], counts: &BTreeMap<EnvelopeId, Option<Cut>>) -> BTreeMap<u64, EnvelopeId> {
    let mut leads = BTreeMap::new();
    if !all.iter().any(|one| one.standing == Standing::Forked) {
        return leads;
    }
    let Some(cut) = counts.values().flatten().next() else {
        return leads;
    };
    let by_id: BTreeMap<EnvelopeId, &Opened> = all.iter().map(|one| (one.id, one)).collect();
    let mut next = by_id.get(&cut.envelope);
    while let Some(one) = next {
        // A chain that loops would need a hash that names itself.
        leads.insert(one.statement.counter, one.id);
        next = by_id.get(&one.statement.previous);
    }
    leads
}
