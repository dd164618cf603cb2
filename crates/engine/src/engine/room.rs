//! One investigation at work: its replica, its papers, and the way between them, the disk, the relays and other tabs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use komuz_core::admission::session_actor;
use komuz_core::registers;
use komuz_messages::{EditionId, Trouble};
use komuz_sync::Replica;
use komuz_sync::replica::{self, CommandError, RelayId};
use komuz_sync::seal::bytes::{EnvelopeId, to_hex};
use komuz_sync::seal::doc::DocId;

use super::disk::{Disk, Mark};
use super::editions::Editions;
use super::hands::Hands;
use super::journal::Journal;
use super::paper::{Paper, Void, kind_of};
use super::people::People;
use super::pictures::Files;
use super::tabs;
use super::trouble::{because, command, named, no_edition, refused, trouble};
use crate::{Output, Row};

mod copies;
mod remaking;
mod whole;

pub use remaking::{Heir, WAS};

/// How long typing is collected before it is sealed, in milliseconds.
const SEAL_AFTER: u64 = 100;
/// The least time between two applications of others' changes.
const APPLY_EVERY: u64 = 16;
/// How often the replica is told the time.
const TICK_EVERY: u64 = 500;
/// Papers are saved after so many changes, or when nothing has happened for [`SAVE_IDLE`].
const SAVE_CHANGES: usize = 500;
/// See [`SAVE_CHANGES`].
const SAVE_IDLE: u64 = 3000;
/// How many sentences about what was refused are kept.
const MAX_REFUSED: usize = 20;
/// How long a room that is not open stays after it was loaded or left, in milliseconds: long enough to be opened again, and
/// for slower servers to get what faster ones have.
const LINGER: u64 = 30_000;
/// The replica's table of what a server has not got yet.
pub const UNSENT: &str = "unsent";
/// How keys of the replica's pieces of files start, behind the room's id.
pub const CHUNKS: &str = "chunks/";
/// Table of documents as they were with words that are not sealed, and of words that do not count.
pub const KEPT: &str = "kept";
/// Tables of the replica that hold secrets, and names of stories.
const SECRET: [&str; 4] = ["me", "servers", "invites", "logs"];

/// See the module.
pub struct Room {
    /// Its id on this device, part of every row's key.
    pub id: String,
    /// Keys, membership, replication.
    pub replica: Replica,
    /// Whether a join still waits.
    pub joining: bool,
    /// The documents that are here.
    pub papers: BTreeMap<DocId, Paper>,
    /// The editions that the page has open, and what is known of all.
    pub editions: Editions,
    /// Who is where.
    pub people: People,
    /// What was not taken.
    pub refused: VecDeque<Trouble>,
    /// What must happen to the rows of others' changes before they are applied.
    journal: Journal,
    /// Saved papers that nobody has asked for yet.
    saved: BTreeMap<String, Vec<u8>>,
    remaking: remaking::Remaking,
    /// Batches of the replica on their way to the disk.
    batches: VecDeque<(u64, Mark, Vec<replica::Row>)>,
    /// The newest write that holds something of one's own; others' words come and go without it.
    own: Mark,
    relays: BTreeMap<RelayId, u32>,
    /// What has changed since the views were made.
    pub changed: BTreeSet<DocId>,
    /// Members, requests, servers or connections have changed.
    pub changed_around: bool,
    seal_at: Option<u64>,
    applied_at: u64,
    save_at: Option<u64>,
    tick_at: u64,
    /// What to tell about a join that has ended.
    pub ended: Option<replica::RefusedJoin>,
    /// A join was confirmed just now.
    pub joined: bool,
    /// Other sessions of this device that are at work in it.
    siblings: BTreeSet<String>,
    /// Until when it stays though it is not open.
    stays_until: u64,
    /// What is known of files.
    pub(super) files: Files,
    /// Rows of pieces of files that are being read: number and the replica's key.
    reads: Vec<(u32, Vec<u8>)>,
}

/// The rows that a room is made of when it is opened.
#[derive(Default)]
pub struct Rows {
    /// Rows of the replica: table, key, value.
    pub replica: Vec<(String, Vec<u8>, Vec<u8>)>,
    /// Saved papers by name.
    pub saved: BTreeMap<String, Vec<u8>>,
    /// Documents as they were, and words that do not count, by the rest of their keys.
    pub kept: BTreeMap<String, Vec<u8>>,
    /// Keys of those that lie in the table of papers.
    moved: Vec<String>,
    /// Journals by session, and strikes.
    pub journal: Journal,
    /// How many rows could not be read.
    pub unreadable: usize,
}

impl Rows {
    /// Sorts a row of this device's store in; `prefix` is the room's id and a slash.
    pub fn take(&mut self, prefix: &str, row: Row) {
        let Some(rest) = row.key.strip_prefix(prefix) else {
            return;
        };
        let Some(value) = row.value else {
            self.unreadable += 1;
            return;
        };
        match row.table.as_str() {
            "secret" | "log" => match rest
                .split_once('/')
                .and_then(|(t, key)| Some((t, komuz_sync::seal::bytes::from_hex(key)?)))
            {
                Some((table, key)) => self.replica.push((table.to_owned(), key, value)),
                None => self.unreadable += 1,
            },
            KEPT => {
                self.kept.insert(rest.to_owned(), value);
            }
            // Where such rows lay before they had a table of their own.
            "save" if remaking::is_kept(rest) => {
                self.kept.insert(rest.to_owned(), value);
                self.moved.push(rest.to_owned());
            }
            "save" => {
                self.saved.insert(rest.to_owned(), value);
            }
            "journal" => self.journal.found(rest, &value),
            "strike" => self.journal.struck(rest, &value),
            _ => {}
        }
    }

    /// Takes the rows of the replica, as another tab would tell them.
    pub fn told(&mut self) -> Vec<tabs::SharedRow> {
        let rows = std::mem::take(&mut self.replica).into_iter();
        rows.map(|(table, key, value)| (table, key, Some(value))).collect()
    }
}

impl Room {
    /// A room of which nothing is on this device yet.
    pub fn fresh(id: String, replica: Replica, outputs: Vec<replica::Output>, hands: &mut Hands) -> Self {
        Self::new(id, replica, outputs, Rows::default(), Heir::default(), hands)
    }

    /// A room around a replica that was just made or loaded, and what that wants done. It goes on where the one before it was,
    /// if there was one.
    pub fn new(
        id: String,
        replica: Replica,
        outputs: Vec<replica::Output>,
        rows: Rows,
        heir: Heir,
        hands: &mut Hands,
    ) -> Self {
        let died = rows.journal.load_died();
        for key in rows.moved {
            hands
                .disk
                .put(KEPT, format!("{id}/{key}"), rows.kept.get(&key).cloned());
            hands.disk.put("save", format!("{id}/{key}"), None);
        }
        let mut room = Self {
            joining: replica.me().is_none(),
            journal: rows.journal,
            saved: if died { BTreeMap::new() } else { rows.saved },
            id,
            replica,
            papers: BTreeMap::new(),
            editions: heir.editions,
            people: heir.people,
            refused: heir.refused,
            remaking: remaking::Remaking::of(rows.kept, heir.former),
            batches: VecDeque::new(),
            own: Mark::default(),
            relays: BTreeMap::new(),
            changed: BTreeSet::new(),
            changed_around: true,
            seal_at: None,
            applied_at: 0,
            save_at: None,
            tick_at: hands.now,
            ended: None,
            joined: false,
            siblings: heir.siblings,
            stays_until: hands.now + LINGER,
            files: Files::default(),
            reads: Vec::new(),
        };
        if rows.unreadable > 0 {
            let count = rows.unreadable.to_string();
            room.tell(named(
                "pieces-unreadable",
                &[&count],
                format!(
                    "{count} stored pieces could not be read and were left aside; what the servers have comes again from there."
                ),
            ));
        }
        if died {
            room.tell(trouble(
                "papers-remade",
                "What was saved on this device stopped the desk twice: it was made again from what was sent.",
            ));
        }
        room.journal.begin(&room.id, &room.session(), hands);
        room.ask_for_kept(hands);
        room.say_here(false, hands);
        room.drive(outputs, hands);
        room.gather(hands);
        room.journal.loaded(&room.id, hands);
        room.own = hands.disk.mark();
        room
    }

    /// Something that the person should know.
    pub fn tell(&mut self, trouble: Trouble) {
        if !self.refused.contains(&trouble) {
            self.refused.push_back(trouble);
            if self.refused.len() > MAX_REFUSED {
                self.refused.pop_front();
            }
        }
        self.changed_around = true;
    }

    /// The replica's outputs, done.
    pub fn drive(&mut self, outputs: Vec<replica::Output>, hands: &mut Hands) {
        let mut outputs = VecDeque::from(outputs);
        while let Some(output) = outputs.pop_front() {
            match output {
                replica::Output::Connect { relay, url } => {
                    let number = hands.number();
                    self.relays.insert(relay, number);
                    hands.push(Output::Connect {
                        relay: number,
                        url: socket_address(&url),
                    });
                }
                replica::Output::Disconnect { relay } => {
                    if let Some(number) = self.relays.remove(&relay) {
                        hands.push(Output::Close { relay: number });
                    }
                    outputs.extend(self.replica.disconnected(relay, hands.now, hands.entropy()));
                    self.changed_around = true;
                }
                replica::Output::Send { relay, bytes } => {
                    if let Some(number) = self.relays.get(&relay) {
                        hands.push(Output::Send { relay: *number, bytes });
                    }
                }
                replica::Output::Store { batch, rows } => {
                    for row in &rows {
                        let Row { table, key, value } = self.row(row);
                        hands.disk.put(&table, key, value);
                    }
                    self.batches.push_back((batch, hands.disk.mark(), rows));
                }
                replica::Output::Deliver(delivery) => {
                    if let Some(paper) = self.arriving(&delivery.doc) {
                        paper.queue(delivery);
                    }
                }
                replica::Output::Whole(whole) => {
                    if let Some(paper) = self.arriving(&whole.doc) {
                        paper.queue_whole(whole);
                    }
                }
                replica::Output::Compare(whole) => self.compare(&whole, hands),
                replica::Output::SnapshotDue(doc) => self.put_together(&doc, hands),
                replica::Output::Rebuild { doc, own } => self.rebuild(&doc, own, hands),
                replica::Output::Void {
                    doc,
                    device,
                    track,
                    counter,
                    payloads,
                } => {
                    if let Some(paper) = self.arriving(&doc) {
                        paper.void(Void {
                            device,
                            track,
                            counter,
                            payloads,
                        });
                        self.save_at.get_or_insert(hands.now + SAVE_IDLE);
                    }
                }
                replica::Output::Aside { name, .. } => self.tell(named(
                    "writing-aside",
                    &[&name],
                    format!(
                        "What {name} wrote without knowing that they are out, or have another role, is left aside. An editor may \
                         say that it counts."
                    ),
                )),
                replica::Output::Sealed { doc, log, counter, .. } => {
                    let session = self.replica.session();
                    if let Some(paper) = self.papers.get_mut(&doc) {
                        paper.sealed((log, session), counter);
                    }
                    self.refused.retain(|trouble| trouble.code != "no-key");
                    self.entered_again(&doc, hands);
                    self.own = hands.disk.mark();
                }
                replica::Output::ReadChunk { key } => {
                    let load = hands.number();
                    hands.push(Output::Load {
                        load,
                        table: "log".to_owned(),
                        prefix: self.chunk_key(&key),
                        names: false,
                    });
                    self.reads.push((load, key));
                }
                replica::Output::Blob { sha256, bytes } => self.files.came(&sha256, bytes),
                replica::Output::BlobRefused { blob, why } => self.wrong_blob(blob, why),
                replica::Output::Presence { doc, who, bytes } => self.people.heard(doc, &who, &bytes, hands.now),
                replica::Output::Joined => {
                    self.joining = false;
                    self.joined = true;
                    self.changed_around = true;
                    self.gather(hands);
                }
                replica::Output::Refused(why) => self.ended = Some(why),
                replica::Output::Request(_) | replica::Output::Charter | replica::Output::State => {
                    self.changed_around = true;
                }
                replica::Output::Doubt { url, doubt, .. } => {
                    let said = doubt.sentence(&url);
                    self.tell(match doubt {
                        replica::Doubt::SetBack => named("server-set-back", &[&url], said),
                        replica::Doubt::Contradicts => named("server-contradicts", &[&url], said),
                        replica::Doubt::Withholds => named("server-withholds", &[&url], said),
                    });
                }
                replica::Output::Trouble(sentence) => self.tell(because("arrival", sentence)),
            }
        }
    }

    fn chunk_key(&self, key: &[u8]) -> String {
        format!("{}/{CHUNKS}{}", self.id, to_hex(key))
    }

    /// Which row of a piece of a file a load is for.
    pub fn reads(&mut self, load: u32) -> Option<Vec<u8>> {
        let at = self.reads.iter().position(|(number, _)| *number == load)?;
        Some(self.reads.swap_remove(at).1)
    }

    /// The row has come, if it is there.
    pub fn read(&mut self, key: Vec<u8>, rows: Vec<Row>, hands: &mut Hands) {
        let of = self.chunk_key(&key);
        // A disk that takes nothing must not make what was written since disappear.
        let mut rows = hands.disk.over("log", &of, rows).into_iter();
        let value = rows.next().and_then(|row| row.value);
        let outputs = self
            .replica
            .chunk_read(&key, value.as_deref(), hands.now, hands.entropy());
        // Who waits for what is not there looks whether it may still come.
        self.files.changed |= value.is_none() || outputs.iter().any(|it| matches!(it, replica::Output::Trouble(_)));
        self.drive(outputs, hands);
    }

    /// A row of the replica as it lies on this device.
    fn row(&self, row: &replica::Row) -> Row {
        let table = if SECRET.contains(&row.table) { "secret" } else { "log" };
        Row {
            table: table.to_owned(),
            key: format!("{}/{}/{}", self.id, row.table, to_hex(&row.key)),
            value: row.value.clone(),
        }
    }

    /// All rows of the replica as it is.
    pub fn rows(&self) -> Vec<Row> {
        self.replica.all_rows().iter().map(|row| self.row(row)).collect()
    }

    /// Brings in every document of the investigation that is not here yet.
    pub fn gather(&mut self, hands: &mut Hands) {
        if self.joining {
            return;
        }
        self.want(&DocId::Registers, hands);
        self.want(&DocId::Files, hands);
        for edition in self.listed() {
            for doc in documents(&edition) {
                self.want(&doc, hands);
            }
        }
    }

    /// The editions that the registers list.
    pub fn listed(&self) -> Vec<EditionId> {
        let Some(registers) = self.papers.get(&DocId::Registers) else {
            return Vec::new();
        };
        registers::stories(&registers.document)
            .into_iter()
            .flat_map(|story| {
                let editions = story.editions.into_iter();
                editions
                    .map(move |lang| EditionId {
                        story: story.id.clone(),
                        lang,
                    })
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    fn want(&mut self, doc: &DocId, hands: &mut Hands) {
        let Some(kind) = kind_of(doc) else { return };
        let Some(me) = self.replica.me().cloned() else { return };
        if self.papers.contains_key(doc) || self.remaking.has(doc) {
            return;
        }
        let was = self.shown_meanwhile(doc, kind, &me);
        let actor = match was {
            Some(_) => self.another_actor(&me),
            None => session_actor(&me.device.0, &me.session.0).to_vec(),
        };
        let saved = self.saved.remove(&name(doc));
        // A saved copy that cannot be read is no loss: the log has all that it had, and it is built again from there.
        let saved = saved.and_then(|row| Paper::load(kind, &row, &actor).ok());
        let mut paper = match saved.map_or_else(|| Paper::new(kind, &actor), Ok) {
            Ok(paper) => paper,
            Err(why) => return self.tell(because("arrival", why)),
        };
        paper.writes(&me.device.0, &me.session, me.member.id);
        let seen = paper.seen();
        match was {
            Some(was) => {
                self.papers.insert(doc.clone(), was);
                self.remaking.begin(doc, paper);
            }
            None => {
                self.papers.insert(doc.clone(), paper);
            }
        }
        self.changed.insert(doc.clone());
        let outputs = self.replica.watch(doc, &seen, hands.now, hands.entropy());
        self.drive(outputs, hands);
    }

    /// A document that one may write to.
    pub fn writable(&mut self, doc: &DocId) -> Result<&mut Paper, Trouble> {
        let Some(me) = self.replica.me() else {
            return Err(trouble("not-joined", "An editor has not admitted you yet."));
        };
        self.replica.may_write().map_err(command)?;
        if !me.member.role.may_write(doc) {
            return Err(trouble(
                "role",
                format!("Your role ({}) may not change this.", me.member.role.name()),
            ));
        }
        self.papers.get_mut(doc).ok_or_else(no_edition)
    }

    /// Writes to a document: what `write` changes is sealed soon.
    pub fn edit<T, E: std::fmt::Display>(
        &mut self,
        doc: &DocId,
        hands: &Hands,
        write: impl FnOnce(&mut Paper) -> Result<T, E>,
    ) -> Result<T, Trouble> {
        let done = write(self.writable(doc)?).map_err(refused)?;
        self.edited(doc, hands);
        Ok(done)
    }

    /// Something of one's own was written to a document.
    pub fn edited(&mut self, doc: &DocId, hands: &Hands) {
        if let Some(paper) = self.papers.get_mut(doc) {
            paper.dirty = true;
            paper.kept = false;
        }
        self.changed.insert(doc.clone());
        self.seal_at.get_or_insert(hands.now + SEAL_AFTER);
        self.save_at = Some(hands.now + SAVE_IDLE);
    }

    /// Seals what was written to every document.
    pub fn seal(&mut self, hands: &mut Hands) {
        self.seal_at = None;
        let dirty: Vec<DocId> = self
            .papers
            .iter()
            .filter(|(_, paper)| paper.has_unsealed())
            .map(|(doc, _)| doc.clone())
            .collect();
        for doc in dirty {
            let Some(paper) = self.papers.get_mut(&doc) else {
                continue;
            };
            let unsealed = paper.take();
            let stuck = paper.stuck.clone();
            if !unsealed.is_empty() {
                paper.unsealed += 1;
                match self.replica.write(&doc, unsealed.clone(), hands.now, hands.entropy()) {
                    Ok(outputs) => self.drive(outputs, hands),
                    Err(CommandError { code, sentence }) => {
                        if let Some(paper) = self.papers.get_mut(&doc) {
                            paper.unsealed -= 1;
                            paper.put_back(unsealed);
                        }
                        if code == "no-key" {
                            // An editor's device makes one soon; until then it is kept as typed.
                            self.seal_at = Some(hands.now + TICK_EVERY);
                            self.tell(trouble(code, sentence));
                        } else {
                            self.tell(because("own-change", sentence));
                        }
                    }
                }
            }
            if let Some(why) = stuck {
                self.tell(because("stuck", why));
            }
            self.keep_unsealed(&doc, hands);
        }
    }

    /// Applies others' changes, as soon as it is on disk that this is about to happen.
    fn apply(&mut self, hands: &mut Hands) {
        if self.journal.is_idle() && hands.now >= self.applied_at + APPLY_EVERY {
            let journal = &self.journal;
            let next: Vec<(DocId, Vec<EnvelopeId>)> = self
                .papers
                .iter()
                .chain(self.remaking.papers())
                .filter(|(_, paper)| paper.waits())
                .map(|(doc, paper)| (doc.clone(), paper.next(|id| journal.is_suspect(id))))
                .collect();
            self.journal.about_to_apply(next, hands);
        }
        let Some(batch) = self.journal.ready(hands) else { return };
        self.applied_at = hands.now;
        // What is saved with a document that came whole must be in the log.
        if batch
            .iter()
            .any(|(doc, _)| self.papers.get(doc).is_some_and(Paper::has_whole))
        {
            self.seal(hands);
        }
        let (mut stale, mut wholes) = (Vec::new(), Vec::new());
        for (doc, ids) in &batch {
            let fresh = self.remaking.paper(doc);
            let Some(paper) = fresh.or_else(|| self.papers.get_mut(doc)) else {
                continue;
            };
            // It may have been made anew since.
            if !paper.is_next(ids) {
                continue;
            }
            let (journal, anew) = (&self.journal, paper.is_pristine());
            let mut applied = paper.apply(ids.len(), |id| journal.is_quarantined(id));
            if let Some((id, taken)) = applied.whole.take() {
                wholes.push((doc.clone(), id, taken, anew));
            }
            for refusal in applied.refused {
                let trouble = self.refusal(refusal);
                self.tell(trouble);
            }
            if applied.changed {
                self.changed.insert(doc.clone());
                self.save_at = Some(hands.now + SAVE_IDLE);
            }
            if applied.stale {
                stale.push(doc.clone());
            }
        }
        self.journal.applied(hands);
        for (doc, id, taken, anew) in wholes {
            self.took_whole(&doc, &id, taken, anew, hands);
        }
        for doc in stale {
            self.rebuild(&doc, false, hands);
        }
        if self.changed.contains(&DocId::Registers) {
            self.gather(hands);
        }
    }

    fn refusal(&self, refusal: super::paper::Refused) -> Trouble {
        let member = refusal
            .who
            .and_then(|id| self.replica.members().into_iter().find(|member| member.id == id));
        match member {
            Some(member) => named(
                "change-of",
                &[&member.name, &member.outlet, &refusal.why],
                format!(
                    "A change of {} ({}) was not taken: {}.",
                    member.name, member.outlet, refusal.why
                ),
            ),
            None => because("change", refusal.why),
        }
    }

    /// Writes the papers that have changed.
    pub fn save(&mut self, all: bool, hands: &mut Hands) {
        for (doc, paper) in &mut self.papers {
            let due = paper.changes >= SAVE_CHANGES || (all && paper.changes > 0);
            if due && let Some(row) = paper.save() {
                hands.disk.put("save", format!("{}/{}", self.id, name(doc)), Some(row));
            }
        }
    }

    /// What time has made due.
    pub fn time(&mut self, hands: &mut Hands) {
        if self.seal_at.is_some_and(|at| hands.now >= at) {
            self.seal(hands);
        }
        if hands.now >= self.tick_at {
            self.tick_at = hands.now + TICK_EVERY;
            let outputs = self.replica.tick(hands.now, hands.entropy());
            self.drive(outputs, hands);
        }
        self.apply(hands);
        self.remade(hands);
        self.take_out_copies(hands);
        for (doc, said) in self.people.time(hands.now) {
            let outputs = self.replica.presence(&doc, &said, hands.now, hands.entropy());
            self.drive(outputs, hands);
        }
        if self.save_at.is_some_and(|at| hands.now >= at) {
            self.save_at = None;
            self.save(true, hands);
        } else {
            self.save(false, hands);
        }
    }

    /// When [`Room::time`] is due again.
    pub fn wake(&self) -> u64 {
        let apply = self
            .papers
            .iter()
            .chain(self.remaking.papers())
            .any(|(_, paper)| paper.waits())
            .then(|| self.applied_at + APPLY_EVERY);
        [
            Some(self.tick_at),
            self.seal_at,
            self.save_at,
            self.people.due(),
            apply.filter(|_| self.journal.is_idle()),
        ]
        .into_iter()
        .flatten()
        .fold(u64::MAX, u64::min)
    }

    /// Rows have become durable.
    pub fn stored(&mut self, hands: &mut Hands) {
        while self
            .batches
            .front()
            .is_some_and(|(_, mark, _)| hands.disk.is_durable(*mark))
        {
            let Some((batch, _, rows)) = self.batches.pop_front() else {
                break;
            };
            hands.push(Output::ToTabs(
                tabs::Said::Rows {
                    room: self.id.clone(),
                    rows: tabs::shared(rows),
                }
                .to_bytes(),
            ));
            let outputs = self.replica.stored(batch, hands.now, hands.entropy());
            self.drive(outputs, hands);
        }
    }

    /// Another tab has stored rows of this room.
    pub fn shared(&mut self, rows: Vec<tabs::SharedRow>, hands: &mut Hands) {
        let outputs = self.replica.rows(rows, hands.now, hands.entropy());
        self.drive(outputs, hands);
    }

    fn session(&self) -> String {
        to_hex(&self.replica.session().0)
    }

    fn say_here(&self, answer: bool, hands: &mut Hands) {
        let here = tabs::Said::Here {
            room: self.id.clone(),
            session: self.session(),
            answer,
        };
        hands.push(Output::ToTabs(here.to_bytes()));
    }

    /// Another session is at work here: when it ends, what it had on the disk and did not say is read.
    pub fn sibling(&mut self, session: String, answer: bool, hands: &mut Hands) {
        if !answer {
            self.say_here(true, hands);
        }
        if self.siblings.insert(session.clone()) {
            hands.push(Output::Watch { name: session });
        }
    }

    /// Whether a session was at work here until now.
    pub fn lost(&mut self, session: &str) -> bool {
        self.siblings.remove(session)
    }

    /// A lock was granted: its session is dead. Whether it has left documents, which are to be read anew then: of those who
    /// have read them, one takes them up.
    pub fn locked(&mut self, name: &str, hands: &mut Hands) -> bool {
        self.journal.locked(name, hands);
        self.remaking.is_dead(name)
    }

    /// The relay of a connection's number.
    pub fn relay(&self, number: u32) -> Option<RelayId> {
        self.relays.iter().find(|(_, n)| **n == number).map(|(relay, _)| *relay)
    }

    /// A connection is open.
    pub fn connected(&mut self, relay: RelayId, hands: &mut Hands) {
        let outputs = self.replica.connected(relay, hands.now, hands.entropy());
        self.drive(outputs, hands);
    }

    /// A connection is gone.
    pub fn disconnected(&mut self, relay: RelayId, hands: &mut Hands) {
        self.relays.remove(&relay);
        let outputs = self.replica.disconnected(relay, hands.now, hands.entropy());
        self.drive(outputs, hands);
        self.changed_around = true;
    }

    /// A frame came.
    pub fn frame(&mut self, relay: RelayId, bytes: &[u8], hands: &mut Hands) {
        let outputs = self.replica.frame(relay, bytes, hands.now, hands.entropy());
        self.drive(outputs, hands);
    }

    /// A command of the replica, done.
    pub fn command(
        &mut self,
        hands: &mut Hands,
        command_: impl FnOnce(&mut Replica, &mut Hands) -> Result<Vec<replica::Output>, CommandError>,
    ) -> Result<(), Trouble> {
        let outputs = command_(&mut self.replica, hands).map_err(command)?;
        self.changed_around = true;
        self.drive(outputs, hands);
        self.own = hands.disk.mark();
        Ok(())
    }

    /// Whether everything of one's own is on disk.
    pub fn is_saved(&self, disk: &Disk) -> bool {
        let is_here = |paper: &Paper| paper.kept || paper.is_sealed();
        disk.is_durable(self.own) && self.papers.values().all(is_here)
    }

    /// How much of one's own no server has: envelopes, and documents with words that could not be sealed.
    pub fn unsent(&self) -> usize {
        let kept = self.papers.values().filter(|paper| paper.kept && !paper.is_sealed());
        self.replica.state().unsent + kept.count()
    }

    /// Whether a room that is not open can go: everything of one's own is on disk and some server has it.
    pub fn is_finished(&self, hands: &Hands) -> bool {
        let saved = self.is_saved(&hands.disk) && self.batches.is_empty();
        saved && self.unsent() == 0 && hands.now >= self.stays_until
    }

    /// Seals and saves what can be: the room is being left. What is not sent goes on being sent until
    /// [`Room::is_finished`].
    pub fn close(&mut self, hands: &mut Hands) {
        self.editions.open.clear();
        self.people.leave();
        self.seal(hands);
        self.save(true, hands);
        self.stays_until = hands.now + LINGER;
    }

    /// Lets the relays go.
    pub fn let_go(&mut self, hands: &mut Hands) {
        for number in self.relays.values() {
            hands.push(Output::Close { relay: *number });
        }
        self.relays.clear();
    }
}

/// The replica's tables of whose rows the table `log` is made.
pub fn log_tables() -> impl Iterator<Item = &'static str> {
    replica::TABLES.into_iter().filter(|table| !SECRET.contains(table))
}

/// The documents of an edition.
pub fn documents(edition: &EditionId) -> [DocId; 3] {
    let (story, lang) = (edition.story.clone(), edition.lang.clone());
    [
        DocId::Body {
            story: story.clone(),
            lang: lang.clone(),
        },
        DocId::Notes {
            story: story.clone(),
            lang: lang.clone(),
        },
        DocId::SignOffs { story, lang },
    ]
}

/// The name of a document in rows' keys.
pub fn name(doc: &DocId) -> String {
    match doc {
        DocId::Charter => "charter".into(),
        DocId::Registers => "registers".into(),
        DocId::Files => "files".into(),
        DocId::Snapshots => "snapshots".into(),
        DocId::Blobs => "blobs".into(),
        DocId::Body { story, lang } => format!("body/{story}/{lang}"),
        DocId::Notes { story, lang } => format!("notes/{story}/{lang}"),
        DocId::SignOffs { story, lang } => format!("signoffs/{story}/{lang}"),
    }
}

/// The WebSocket address of a server: its origin's `/sync`.
fn socket_address(origin: &str) -> String {
    let rest = origin.strip_prefix("http").unwrap_or(origin);
    format!("ws{}/sync", rest.trim_end_matches('/'))
}
