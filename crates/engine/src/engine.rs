//! The engine: what the page asks, what happens around it, and what is to be done about both.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use komuz_messages::{Answer, Ask, EditionId, Event, StateView, ToEngine, Trouble};

use crate::{Input, Output, Row};
use komuz_sync::replica::RefusedJoin;

use hands::Hands;
use listing::Listing;
use room::{Heir, Room, Rows};
use tabs::{Said, SharedRow};
use trouble::{command, named, not_open, trouble};

mod backup;
mod cards;
mod chunks;
mod citing;
mod device;
mod disk;
mod dossier;
mod editions;
mod hands;
mod journal;
mod listing;
mod outside;
mod paper;
mod people;
mod pictures;
mod room;
mod signing;
mod tabs;
mod text;
mod trouble;
mod views;
mod who;

/// Fills a slice with random bytes from the operating system or the browser.
pub type Entropy = Box<dyn FnMut(&mut [u8]) + Send>;

/// The engine of one session.
///
/// Invariant: every ask that goes in is answered exactly once, at once or later.
pub struct Engine {
    hands: Hands,
    listing: Listing,
    /// The open investigation and the joins that wait, by their id on this device.
    rooms: BTreeMap<String, Room>,
    open: Option<String>,
    /// Asks that came while rows were being read.
    waiting: VecDeque<ToEngine>,
    loads: Vec<Load>,
    /// Rows that other tabs stored while their room was being read.
    early: BTreeMap<String, Vec<SharedRow>>,
    /// What goes on in rooms that are being read anew.
    heirs: BTreeMap<String, Heir>,
    jobs: BTreeMap<u32, outside::Waiting>,
    /// Asks that wait for pictures.
    held: Vec<pictures::Held>,
    watch: Option<dossier::Watch>,
    backup: backup::Backup,
    leaving: Option<u32>,
    started: bool,
    /// Another tab has deleted everything.
    left: bool,
    views: views::Views,
    woken: Option<u64>,
}

/// Rows that are being read, once everything written before is on disk or nothing can be written.
struct Load {
    after: disk::Mark,
    /// Tables and how keys start, that are to be asked for.
    wanted: Vec<(&'static str, String)>,
    /// Those that were asked for, by number.
    asked: BTreeMap<u32, (&'static str, String)>,
    rows: Vec<Row>,
    purpose: Purpose,
}

/// What rows are read for.
enum Purpose {
    /// The list of investigations.
    List,
    /// Which rooms have something to send.
    Unsent,
    /// A room: to be entered (with the ask that wants it), or a join that waits.
    Room { id: String, ask: Option<u32> },
    /// What a session that has ended left on the disk of this room.
    Legacy { room: String },
    /// A backup.
    Backup,
    /// To bring a backup back over them.
    Restore { ask: u32, page: String, back: backup::All },
}

impl Engine {
    /// An engine that has not started; it waits for [`Input::Start`].
    pub fn new(entropy: Entropy) -> Self {
        Self {
            hands: Hands::new(entropy),
            listing: Listing::default(),
            rooms: BTreeMap::new(),
            open: None,
            waiting: VecDeque::new(),
            loads: Vec::new(),
            early: BTreeMap::new(),
            heirs: BTreeMap::new(),
            jobs: BTreeMap::new(),
            held: Vec::new(),
            watch: None,
            backup: backup::Backup::default(),
            leaving: None,
            started: false,
            left: false,
            views: views::Views::default(),
            woken: None,
        }
    }

    /// Lets something happen at a time (milliseconds since 1970), and says what to do about it.
    pub fn handle(&mut self, input: Input, now: u64) -> Vec<Output> {
        self.hands.now = now.max(self.hands.now);
        match input {
            Input::Start => self.load(vec![(listing::TABLE, String::new())], Purpose::List),
            Input::Message(message) => self.waiting.push_back(message),
            Input::Loaded { load, rows } => self.loaded(load, rows),
            Input::Stored { batch } => {
                self.hands.disk.stored(batch);
                self.each_room(Room::stored);
            }
            Input::StoreFailed { batch, why } => self.hands.disk.failed(batch, &why, self.hands.now),
            Input::Locked { name } => self.locked(&name),
            Input::Gone { name } => self.gone(&name),
            Input::Connected { relay } => self.at_relay(relay, |room, relay, hands| room.connected(relay, hands)),
            Input::Disconnected { relay } => self.at_relay(relay, |room, relay, hands| room.disconnected(relay, hands)),
            Input::Frame { relay, bytes } => {
                self.at_relay(relay, |room, relay, hands| room.frame(relay, &bytes, hands))
            }
            Input::FromTab(said) => self.tab_said(&said),
            Input::JobDone { job, result } => self.job_done(job, result),
            Input::Erased { remains } => self.erased(remains),
            Input::Tick => self.woken = None,
        }
        self.run();
        self.wake();
        self.hands.take()
    }

    fn run(&mut self) {
        while self.started && self.loads.is_empty() && self.leaving.is_none() {
            let Some(ToEngine { id, ask }) = self.waiting.pop_front() else {
                break;
            };
            if let Some(result) = self.asked(id, ask).transpose() {
                self.hands.answer(id, result);
            }
        }
        self.each_room(Room::time);
        self.let_held_go();
        self.begin_anew();
        self.finished();
        self.joins();
        self.restored_when_durable();
        self.begin_loads();
        self.each_room(Room::settle);
        self.show();
        self.check();
    }

    /// Does what is asked. `None` when the answer comes later.
    fn asked(&mut self, id: u32, ask: Ask) -> Result<Option<Answer>, Trouble> {
        if !self.left && self.holds(id, &ask) {
            return Ok(None);
        }
        self.does(id, ask)
    }

    fn does(&mut self, id: u32, ask: Ask) -> Result<Option<Answer>, Trouble> {
        if self.left {
            return Err(trouble("left", "This device was left in another tab. Reload the page."));
        }
        let done = |(): ()| Some(Answer::Done);
        match ask {
            Ask::Device => {
                let rooms = &self.rooms;
                let unsent = |id: &str| rooms.get(id).map_or(0, Room::unsent);
                Ok(Some(self.listing.answer(unsent)))
            }
            Ask::Found {
                title,
                outlet,
                member,
                server,
            } => self.found(title, outlet, member, server).map(Some),
            Ask::ReadInvite { text } => self.read_invite(&text).map(Some),
            Ask::Join {
                text,
                outlet,
                member,
                server,
            } => self.join(text, outlet, member, server).map(Some),
            Ask::Enter { investigation } => self.enter(id, investigation),
            Ask::Invite { outlet, role } => self.invite(&outlet, &role).map(Some),
            Ask::InviteDevice => self.invite_device().map(Some),
            Ask::Revoke { invite } => {
                let invite = who::invite(&invite)?;
                self.decide(|replica, now, entropy| replica.revoke(&invite, now, entropy))
                    .map(done)
            }
            Ask::Confirm { request } => self.confirm(&request).map(done),
            Ask::Refuse { request } => self.refuse(&request).map(done),
            Ask::NewStory { lang, headline } => self.new_story(&lang, &headline).map(Some),
            Ask::NewEdition { edition, from } => self.new_edition(&edition, from.as_deref()).map(done),
            Ask::Open { edition } => self.open_edition(&edition).map(done),
            Ask::Close { edition } => self.close_edition(&edition).map(done),
            Ask::Import {
                edition,
                name,
                text,
                tongue,
            } => self.import(id, edition, name, text, tongue),
            Ask::Steps {
                edition,
                seq,
                taken,
                steps,
            } => self.steps(&edition, seq, taken, &steps).map(done),
            Ask::Whole {
                edition,
                seq,
                taken,
                doc,
            } => self.whole(&edition, (seq, taken), &doc).map(done),
            Ask::Taken { edition, batch, hash } => self.taken(&edition, batch, &hash).map(done),
            Ask::Select {
                edition,
                seq,
                taken,
                selection,
            } => self.select(&edition, seq, taken, selection).map(done),
            Ask::Undo { edition } => self.undo(&edition).map(done),
            Ask::Redo { edition } => self.redo(&edition).map(done),
            Ask::SetHeadline { edition, before, text } => self.set_headline(&edition, &before, &text).map(done),
            Ask::SetSummary { edition, before, text } => self.set_summary(&edition, &before, &text).map(done),
            Ask::SetByline {
                edition,
                before,
                byline,
            } => self.set_byline(&edition, &before, &byline).map(done),
            Ask::SaveSource { source, about } => self.save_source(&source, about).map(Some),
            Ask::PasteSources { text } => self.paste_sources(&text).map(Some),
            Ask::Cite {
                edition,
                seq,
                taken,
                from,
                to,
                source,
                locator,
                quote,
            } => self
                .cite(
                    &edition,
                    (seq, taken),
                    (from, to),
                    citing::Reference { source, locator, quote },
                )
                .map(Some),
            Ask::EditCitation {
                edition,
                citation,
                source,
                locator,
                quote,
            } => self
                .edit_citation(&edition, &citation, citing::Reference { source, locator, quote })
                .map(done),
            Ask::RemoveCitation { edition, citation } => self.remove_citation(&edition, &citation).map(done),
            Ask::Comment {
                edition,
                seq,
                taken,
                from,
                to,
                text,
            } => self.comment(&edition, (seq, taken), (from, to), text).map(Some),
            Ask::Reply { edition, thread, text } => self.reply(&edition, &thread, text).map(done),
            Ask::Resolve {
                edition,
                thread,
                resolved,
            } => self.resolve(&edition, &thread, resolved).map(done),
            Ask::WatchDossier { edition, on } => self.watch_dossier(edition, on).map(done),
            Ask::SaveRecord {
                edition,
                record,
                members,
            } => self.save_record(edition, record, members).map(Some),
            Ask::RemoveRecord { edition, record } => self.remove_record(edition, &record).map(done),
            Ask::MarkSpan {
                edition,
                seq,
                taken,
                from,
                to,
                kind,
                members,
            } => self
                .mark_span(&edition, (seq, taken), (from, to), &kind, members)
                .map(Some),
            Ask::AddFile { media, bytes } => self.add_file(&media, &bytes).map(Some),
            Ask::GetFile { file } => self.get_file(&file).map(Some),
            Ask::Review {
                edition,
                now,
                kind,
                reason,
                key,
            } => self.review(&edition, &now, (&kind, &reason), &key).map(Some),
            Ask::SignOff {
                edition,
                release,
                signatures,
                key,
            } => self.sign_off(&edition, &release, &signatures, &key).map(done),
            Ask::Publish { edition, release } => self.publish(&edition, &release).map(Some),
            Ask::Published { edition, release } => self.published(&edition, &release).map(done),
            Ask::Export { edition, format, sure } => self.export(id, &edition, &format, sure),
            Ask::Backup { passphrase, page } => {
                self.begin_backup(id, passphrase, page);
                Ok(None)
            }
            Ask::Restore { bytes, passphrase } => self.restore(id, &bytes, &passphrase).map(|()| None),
            Ask::Who => self.who().map(Some),
            Ask::RemoveMember { member } => {
                let member = who::member(&member)?;
                self.decide(|replica, now, entropy| replica.remove(&member, now, entropy))
                    .map(done)
            }
            Ask::GiveRole { member, role } => {
                let (member, role) = (who::member(&member)?, who::role(&role)?);
                self.decide(|replica, now, entropy| replica.give_role(&member, role, now, entropy))
                    .map(done)
            }
            Ask::RemoveDevice { device } => {
                let device = who::device(&device)?;
                self.decide(|replica, now, entropy| replica.remove_device(&device, now, entropy))
                    .map(done)
            }
            Ask::Expel { outlet } => self
                .decide(|replica, now, entropy| replica.expel(&outlet, now, entropy))
                .map(done),
            Ask::NewKey => self
                .decide(|replica, now, entropy| replica.rotate(now, entropy))
                .map(done),
            Ask::Part => self
                .decide(|replica, now, entropy| replica.part(now, entropy))
                .map(done),
            Ask::Adopt { member } => {
                let member = who::member(&member)?;
                self.decide(|replica, now, entropy| replica.adopt(&member, now, entropy))
                    .map(done)
            }
            Ask::DropWords { key } => {
                let (room, hands) = self.room()?;
                room.drop_aside(&key, hands);
                Ok(done(()))
            }
            Ask::Save => {
                self.each_room(|room, hands| room.seal(hands));
                Ok(done(()))
            }
            Ask::Leave => {
                self.leave(id);
                Ok(None)
            }
        }
    }

    /// The open investigation, with the hands that everything in it needs.
    fn room(&mut self) -> Result<(&mut Room, &mut Hands), Trouble> {
        let room = self
            .open
            .as_ref()
            .and_then(|id| self.rooms.get_mut(id))
            .ok_or_else(not_open)?;
        Ok((room, &mut self.hands))
    }

    fn each_room(&mut self, mut act: impl FnMut(&mut Room, &mut Hands)) {
        for room in self.rooms.values_mut() {
            act(room, &mut self.hands);
        }
    }

    fn at_relay(&mut self, number: u32, act: impl FnOnce(&mut Room, komuz_sync::replica::RelayId, &mut Hands)) {
        let found = self
            .rooms
            .values_mut()
            .find_map(|room| room.relay(number).map(|relay| (room, relay)));
        if let Some((room, relay)) = found {
            act(room, relay, &mut self.hands);
        }
    }

    fn tab_said(&mut self, said: &[u8]) {
        match Said::read(said) {
            Ok(Said::Rows { room, rows }) => {
                if let Some(room) = self.rooms.get_mut(&room) {
                    room.shared(rows, &mut self.hands);
                } else if self.is_loading(&room) {
                    self.early.entry(room).or_default().extend(rows);
                }
            }
            Ok(Said::Here { room, session, answer }) => {
                if let Some(room) = self.rooms.get_mut(&room) {
                    room.sibling(session, answer, &mut self.hands);
                }
            }
            Ok(Said::List { room, row }) => self.listing.heard(&room, row.as_deref()),
            Ok(Said::Left) => {
                self.left = true;
                self.empty();
            }
            Err(_) => {}
        }
    }

    fn is_loading(&self, room: &str) -> bool {
        let of = |purpose: &Purpose| matches!(purpose, Purpose::Room { id, .. } if id == room);
        self.loads.iter().any(|load| of(&load.purpose))
    }

    /// A session of another tab has ended. What it said was said after it was on disk, so the last of it may not have been.
    fn gone(&mut self, session: &str) {
        let rooms: Vec<String> = self
            .rooms
            .iter_mut()
            .filter_map(|(id, room)| room.lost(session).then(|| id.clone()))
            .collect();
        for room in rooms {
            let tables = [
                ("secret", "logs/"),
                ("secret", "servers/"),
                ("log", "envelopes/"),
                ("log", room::CHUNKS),
                ("log", "unsent/"),
                (room::KEPT, ""),
            ];
            let wanted = tables.map(|(table, of)| (table, format!("{room}/{of}"))).to_vec();
            self.load(wanted, Purpose::Legacy { room });
        }
    }

    /// A session has ended, and this one takes up what it has left.
    fn locked(&mut self, session: &str) {
        let rooms = self.rooms.iter_mut();
        let left = rooms.filter_map(|(id, room)| room.locked(session, &mut self.hands).then(|| id.clone()));
        for room in left.collect::<Vec<String>>() {
            self.load(vec![(room::KEPT, format!("{room}/"))], Purpose::Legacy { room });
        }
    }

    fn legacy(&mut self, id: &str, rows: Vec<Row>) {
        let (prefix, mut sorted) = (format!("{id}/"), Rows::default());
        for row in rows {
            sorted.take(&prefix, row);
        }
        if let Some(room) = self.rooms.get_mut(id) {
            room.shared(sorted.told(), &mut self.hands);
            room.found_kept(sorted.kept, &mut self.hands);
        }
    }

    /// Nothing is here any more.
    fn empty(&mut self) {
        self.each_room(|room, hands| room.let_go(hands));
        self.rooms.clear();
        self.open = None;
        self.listing = Listing::default();
        self.hands.disk.clear();
        self.watch = None;
        self.refuse_held();
        for ask in std::mem::take(&mut self.jobs).into_values().filter_map(|job| job.ask()) {
            self.hands.answer(ask, Err(not_open()));
        }
    }

    /// Reads rows: pairs of a table and how keys start.
    fn load(&mut self, wanted: Vec<(&'static str, String)>, purpose: Purpose) {
        let after = self.hands.disk.mark();
        self.loads.push(Load {
            after,
            wanted,
            asked: BTreeMap::new(),
            rows: Vec::new(),
            purpose,
        });
    }

    fn begin_loads(&mut self) {
        for load in &mut self.loads {
            if !self.hands.disk.is_durable(load.after) && self.hands.disk.trouble().is_none() {
                continue;
            }
            for (table, prefix) in std::mem::take(&mut load.wanted) {
                let number = self.hands.number();
                self.hands.push(Output::Load {
                    load: number,
                    table: table.to_owned(),
                    prefix: prefix.clone(),
                    // Pieces of files are read when they are needed.
                    names: prefix.ends_with(room::CHUNKS),
                });
                load.asked.insert(number, (table, prefix));
            }
        }
    }

    fn loaded(&mut self, number: u32, rows: Vec<Row>) {
        for room in self.rooms.values_mut() {
            if let Some(key) = room.reads(number) {
                return room.read(key, rows, &mut self.hands);
            }
        }
        let Some(at) = self.loads.iter().position(|load| load.asked.contains_key(&number)) else {
            return;
        };
        let load = &mut self.loads[at];
        let Some((table, prefix)) = load.asked.remove(&number) else {
            return;
        };
        // A disk that takes nothing must not make what was written since disappear.
        load.rows.extend(self.hands.disk.over(table, &prefix, rows));
        if !load.asked.is_empty() {
            return;
        }
        let Load { rows, purpose, .. } = self.loads.remove(at);
        match purpose {
            Purpose::List => self.listed(rows),
            Purpose::Unsent => self.unsent(rows),
            Purpose::Legacy { room } => self.legacy(&room, rows),
            Purpose::Room { id, ask } => self.room_loaded(id, ask, rows),
            Purpose::Backup => self.backup_loaded(rows),
            Purpose::Restore { ask, page, back } => self.restore_over(ask, page, back, rows),
        }
    }

    fn listed(&mut self, rows: Vec<Row>) {
        for row in rows {
            self.listing.take(&row.key, row.value.as_deref());
        }
        self.started = true;
        for id in self.listing.waiting() {
            self.load_room(id, None);
        }
        // What an earlier session left unsent is sent, whichever investigation is opened.
        let unsent = |id: &String| ("log", format!("{id}/{}/", room::UNSENT));
        let mut wanted: Vec<_> = self.listing.0.keys().map(unsent).collect();
        wanted.extend(self.listing.0.keys().map(|id| (room::KEPT, format!("{id}/"))));
        if !wanted.is_empty() {
            self.load(wanted, Purpose::Unsent);
        }
    }

    /// Rows of what no server has are here: their rooms are loaded, and let go when it is sent.
    fn unsent(&mut self, rows: Vec<Row>) {
        let ids: BTreeSet<String> = rows
            .iter()
            .filter(|row| row.table != room::KEPT || row.key.contains(&format!("/{}", room::WAS)))
            .filter_map(|row| row.key.split('/').next())
            .map(str::to_owned)
            .collect();
        for id in ids {
            if !self.rooms.contains_key(&id) {
                self.load_room(id, None);
            }
        }
    }

    fn load_room(&mut self, id: String, ask: Option<u32>) {
        journal::about_to_load(&id, &mut self.hands);
        let prefix = format!("{id}/");
        let tables = ["secret", "save", room::KEPT, "journal", "strike"];
        let mut wanted = tables.map(|table| (table, prefix.clone())).to_vec();
        wanted.extend(room::log_tables().map(|of| ("log", format!("{prefix}{of}/"))));
        self.load(wanted, Purpose::Room { id, ask });
    }

    fn room_loaded(&mut self, id: String, ask: Option<u32>, rows: Vec<Row>) {
        let prefix = format!("{id}/");
        let mut sorted = Rows::default();
        for row in rows {
            sorted.take(&prefix, row);
        }
        let replica = std::mem::take(&mut sorted.replica);
        let early = self.early.remove(&id).unwrap_or_default();
        let heir = self.heirs.remove(&id).unwrap_or_default();
        match komuz_sync::Replica::load(replica, self.hands.now, self.hands.entropy()) {
            Ok((replica, outputs)) => {
                // Loaded twice, for two reasons: the first one is at work already.
                if !self.rooms.contains_key(&id) {
                    let mut room = Room::new(id.clone(), replica, outputs, sorted, heir, &mut self.hands);
                    room.shared(early, &mut self.hands);
                    self.rooms.insert(id.clone(), room);
                }
                if let Some(ask) = ask {
                    self.show_room(&id);
                    self.hands.answer(ask, Ok(Answer::Done));
                }
            }
            Err(error) => {
                sorted.journal.loaded(&id, &mut self.hands);
                if let Some(ask) = ask {
                    self.hands.answer(ask, Err(trouble("unreadable", error)));
                }
            }
        }
    }

    /// Reads rooms anew whose session can write no more: a new session begins where the old one was.
    fn begin_anew(&mut self) {
        let hands = &mut self.hands;
        let ready = |(id, room): (&String, &mut Room)| room.ends(hands).then(|| id.clone());
        let ids: Vec<String> = self.rooms.iter_mut().filter_map(ready).collect();
        for id in ids {
            if let Some(mut room) = self.rooms.remove(&id) {
                room.let_go(&mut self.hands);
                self.heirs.insert(id.clone(), room.heir(&mut self.hands));
                self.load_room(id, None);
            }
        }
    }

    /// Lets the rooms go that are not open and have sent everything.
    fn finished(&mut self) {
        let (open, hands) = (&self.open, &mut self.hands);
        self.rooms.retain(|id, room| {
            let stays = open.as_ref() == Some(id) || room.joining || room.joined || !room.is_finished(hands);
            if !stays {
                room.let_go(hands);
            }
            stays
        });
    }

    /// Joins that were confirmed or have ended.
    fn joins(&mut self) {
        let ids: Vec<String> = self.rooms.keys().cloned().collect();
        for id in ids {
            let Some(room) = self.rooms.get_mut(&id) else { continue };
            if let Some(why) = room.ended.take() {
                let code = room.replica.joining_code().unwrap_or_default();
                room.let_go(&mut self.hands);
                self.rooms.remove(&id);
                self.listing.forget(&id, &mut self.hands);
                let name = match why {
                    RefusedJoin::TurnedDown => "join-turned-down",
                    RefusedJoin::Expired => "join-expired",
                    RefusedJoin::Used => "invite-used",
                    RefusedJoin::TakenBack => "join-taken-back",
                    RefusedJoin::Removed => "removed",
                };
                self.hands.event(Event::JoinEnded {
                    code,
                    trouble: trouble(name, why),
                });
            } else if std::mem::take(&mut room.joined) {
                self.listing.keep(room, &mut self.hands);
                self.hands.event(Event::Entered {
                    investigation: id.clone(),
                });
                if self.open.is_none() {
                    self.show_room(&id);
                }
            }
        }
    }

    /// Opens a room that is here, and closes the one that was open.
    fn show_room(&mut self, id: &str) {
        if self.open.as_deref() != Some(id) {
            // What no server has yet goes on being sent from behind.
            if let Some(old) = self.open.take().and_then(|old| self.rooms.get_mut(&old)) {
                old.close(&mut self.hands);
            }
            self.open = Some(id.to_owned());
        }
        self.views.forget();
        if let Some(room) = self.rooms.get_mut(id) {
            room.changed_around = true;
        }
    }

    fn wake(&mut self) {
        let rooms = self.rooms.values().map(Room::wake);
        let watch = self.watch.as_ref().and_then(dossier::Watch::wake);
        let at = rooms
            .chain(self.hands.disk.wake())
            .chain(self.views.wake())
            .chain(watch)
            .min();
        let Some(at) = at.filter(|at| *at < u64::MAX) else {
            return;
        };
        // A wish in the past would come at once and find nothing new to do.
        let at = at.max(self.hands.now + 1);
        if self.woken.is_none_or(|woken| at < woken || woken <= self.hands.now) {
            self.woken = Some(at);
            self.hands.push(Output::Wake { at });
        }
    }

    /// The state of saving and sending.
    fn state(&self) -> StateView {
        let trouble = self.hands.disk.trouble().map(|why| match why {
            "QuotaExceededError" => trouble(
                "disk-full",
                "This device has no room left to save: free some space, or make a backup file now.",
            ),
            why => named(
                "disk-failed",
                &[why],
                format!("Saving on this device failed ({why}): keep this page open, it is tried again."),
            ),
        });
        let room = self.open.as_ref().and_then(|id| self.rooms.get(id));
        let disk = &self.hands.disk;
        let saved = room.map_or_else(|| disk.is_durable(disk.mark()), |room| room.is_saved(disk));
        let state = room.map(|room| room.replica.state()).unwrap_or_default();
        StateView {
            saved: saved && trouble.is_none(),
            save_trouble: trouble,
            unsent: room.map_or(0, |room| u32::try_from(room.unsent()).unwrap_or(u32::MAX)),
            servers: state
                .relays
                .into_iter()
                .map(|relay| komuz_messages::ServerView {
                    url: relay.url,
                    reached: relay.reached,
                    in_sync: relay.in_sync,
                })
                .collect(),
            refused: room
                .map(|room| room.refused.iter().cloned().collect())
                .unwrap_or_default(),
            closed: room
                .filter(|room| !room.joining)
                .and_then(|room| room.replica.may_write().err().map(command)),
        }
    }
}

/// The body's document of an edition.
fn body(edition: &EditionId) -> komuz_sync::seal::doc::DocId {
    komuz_sync::seal::doc::DocId::Body {
        story: edition.story.clone(),
        lang: edition.lang.clone(),
    }
}
