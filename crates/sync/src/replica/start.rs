//! How a replica begins: founded, joined, or loaded from its rows; and what it takes from another session's rows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use komuz_seal::bytes::{EnvelopeId, LogId, SessionId, Start};
use komuz_seal::chain::envelope_id;
use komuz_seal::charter::{Charter, Founder, MAX_TEXT, MemberCard, OutletCard};
use komuz_seal::device::Device;
use komuz_seal::doc::DocId;
use komuz_seal::editors::EditorsSecret;
use komuz_seal::envelope::{Kind, Statement};
use komuz_seal::epoch::EpochKey;
use komuz_seal::invite::{DeviceRequest, DoorMessage, Invite, Request};
use komuz_seal::random;

use super::chunks::Chunks;
use super::door::{self, Waiting, is_origin};
use super::held::{Held, Waiting as WaitingEnvelope};
use super::intake::Origin;
use super::link::{Unsent, below};
use super::log::{Purpose, Stored};
use super::rows::{self, Cursor, EnvelopeRow, MadeRow, MeRow, Pending, Standing};
use super::snapshots::Snapshots;
use super::{CommandError, Founding, Joining, LoadError, Made, Moment, Output, Payload, Replica, State, fail};

/// How long stored envelopes of others wait after a start before this device sends them, in milliseconds.
const SETTLE: u64 = 10_000;

fn new(device: Device, charter: Charter, epoch: Option<EpochKey>, m: &mut Moment<'_>) -> Replica {
    let start = Start(random(m.entropy));
    Replica {
        session: SessionId::of(&device.id(), &start),
        device,
        start,
        charter,
        epoch,
        keys: BTreeMap::new(),
        current: None,
        newest: None,
        strays: false,
        order: Vec::new(),
        rotations: BTreeMap::new(),
        editors: BTreeMap::new(),
        handed: BTreeMap::new(),
        rotates_at: None,
        closes_at: None,
        me: None,
        waiting: None,
        invites: BTreeMap::new(),
        doors: Vec::new(),
        logs: BTreeMap::new(),
        docs: BTreeMap::new(),
        watched: BTreeSet::new(),
        links: Vec::new(),
        alone: BTreeSet::new(),
        batch: 0,
        durable: 0,
        place: 0,
        snapshots: Snapshots::default(),
        held: Held::default(),
        forked: BTreeSet::new(),
        contested: BTreeSet::new(),
        judges_again: false,
        writers: BTreeMap::new(),
        cut_said: BTreeSet::new(),
        cut_here: BTreeSet::new(),
        heard: BTreeMap::new(),
        wanted_blobs: Vec::new(),
        chunks: Chunks::default(),
        spoken: 0,
        echoes: VecDeque::new(),
        listened: (m.now, 0),
        clock: m.now,
        wall: m.wall,
        complained: BTreeSet::new(),
        out: Vec::new(),
        rows: Pending::default(),
        shown: State::default(),
    }
}

fn check_text(code: &'static str, what: &str, text: &str) -> Result<(), CommandError> {
    if text.trim().is_empty() || text.len() > MAX_TEXT {
        return Err(fail(code, &format!("{what} must have between 1 and {MAX_TEXT} bytes")));
    }
    Ok(())
}

fn check_outlet(outlet: &OutletCard) -> Result<(), CommandError> {
    if outlet.is_complete() {
        return Ok(());
    }
    Err(fail(
        "outlet-card",
        "an outlet needs a name, a short id of a-z, 0-9 and -, and two different release keys",
    ))
}

fn check_server(url: &str) -> Result<(), CommandError> {
    if is_origin(url) {
        return Ok(());
    }
    Err(fail(
        "server-address",
        "a server's address is like https://desk.outlet.example, without a path",
    ))
}

pub(super) fn found(founding: Founding, m: &mut Moment<'_>) -> Made<CommandError> {
    let Founding {
        title,
        outlet,
        name,
        server,
    } = founding;
    check_text("title", "the title", &title)?;
    check_text("name", "the name", &name)?;
    check_outlet(&outlet)?;
    check_server(&server.url)?;
    let device = Device::new(m.entropy);
    let (mut charter, founding) = {
        let thrown_away = EpochKey::new(m.entropy);
        Charter::found(Founder { title, outlet, name }, &device, &thrown_away, m.entropy)
    };
    // Nobody writes in the founding epoch: only the logs of one that a rotation has made can be closed to who is out.
    let (key, editors) = (EpochKey::new(m.entropy), EditorsSecret::new(m.entropy));
    let Some((_, rotation)) = charter.rotate(&device, &key, &editors, &[], m.entropy) else {
        return Err(fail("no-rotation", "the first key cannot be made"));
    };
    let mut replica = new(device, charter, Some(key), m);
    replica.look_for_me(m);
    replica.out.clear();
    replica.put_me();
    replica.add_document(&DocId::Charter, m);
    replica.take_epochs(m);
    replica.add_link(&server.url, server.ticket.as_deref(), m);
    let log = replica.log_to_write(&DocId::Charter)?;
    // In one envelope: the first alone, cut off by a crash, has a key that nobody has.
    let entries = [founding, rotation].map(|bytes| Payload { bytes, ends: None });
    replica.seal_in(log, Kind::Charter, entries.into(), m)?;
    replica.seal_one(Kind::Servers, door::server_bytes(&server.url), m)?;
    replica.on_tick(m);
    let out = replica.finish();
    Ok((replica, out))
}

pub(super) fn join(joining: Joining, m: &mut Moment<'_>) -> Made<CommandError> {
    let Joining {
        fragment,
        outlet,
        name,
        server,
    } = joining;
    let invite = Invite::from_text(&fragment).map_err(|why| fail("invite-unreadable", &why.to_string()))?;
    if invite.has_ended(m.wall) {
        return Err(fail("invite-ended", "this invitation has ended: ask for a new one"));
    }
    check_server(&invite.relay)?;
    let device = Device::new(m.entropy);
    if let Some(request) = DeviceRequest::new(&invite, &device) {
        return Ok(knock(invite, device, DoorMessage::Device(request), None, m));
    }
    check_text("name", "the name", &name)?;
    let card = match invite.outlet {
        Some(_) => None,
        None => Some(outlet),
    };
    if let Some(card) = &card {
        check_outlet(card)?;
    }
    if let Some(server) = &server {
        check_server(&server.url)?;
    }
    let own = invite
        .outlet
        .clone()
        .or_else(|| card.as_ref().map(|card| card.id.clone()))
        .unwrap_or_default();
    let member = MemberCard {
        id: random(m.entropy).into(),
        name,
        outlet: own,
        role: invite.role,
    };
    let request = DoorMessage::Request(Box::new(Request::new(&invite, &device, member, card)));
    let server = server.map(|server| (server.url, server.ticket.unwrap_or_default()));
    Ok(knock(invite, device, request, server, m))
}

/// Leaves a request at an invitation's door, and waits.
fn knock(
    invite: Invite,
    device: Device,
    request: DoorMessage,
    server: Option<(String, String)>,
    m: &mut Moment<'_>,
) -> (Replica, Vec<Output>) {
    let sealed = request.seal(&invite, &device, m.entropy);
    let mut replica = new(device, Charter::expecting(invite.charter), None, m);
    replica.add_door(&invite);
    replica.add_link(&invite.relay, None, m);
    let door = invite.door().id;
    replica.waiting = Some(Waiting {
        invite,
        request: envelope_id(&sealed),
        server,
        refused: false,
    });
    replica.put_me();
    replica.take(door, &sealed, Origin::Here, m);
    replica.on_tick(m);
    let out = replica.finish();
    (replica, out)
}

/// Logs of which something that was stored cannot be read.
#[derive(Debug, Default)]
struct Damaged {
    logs: BTreeSet<LogId>,
    /// A key was damaged: it may be any log.
    any: bool,
}

impl Damaged {
    fn note(&mut self, log: Option<LogId>) {
        match log {
            Some(log) => {
                self.logs.insert(log);
            }
            None => self.any = true,
        }
    }

    fn is(&self, log: &LogId) -> bool {
        self.any || self.logs.contains(log)
    }
}

/// A row as another session tells it: table, key, and the value unless it was deleted.
pub(super) type Told = (String, Vec<u8>, Option<Vec<u8>>);

/// Rows by table.
type Tables = BTreeMap<String, Vec<(Vec<u8>, Vec<u8>)>>;

pub(super) fn load(all: Vec<(String, Vec<u8>, Vec<u8>)>, m: &mut Moment<'_>) -> Made<LoadError> {
    let mut tables = Tables::new();
    for (table, key, value) in all {
        tables.entry(table).or_default().push((key, value));
    }
    let mut take = |table: &str| tables.remove(table).unwrap_or_default();
    let me = take(rows::ME).into_iter().next().ok_or(LoadError::NoDevice)?;
    let me = MeRow::read(&me.1)?;
    let device = Device::from_secret(&me.device);
    let epoch = me.epoch.map(|secret| EpochKey::from_secret(*secret));
    let mut replica = new(device, Charter::expecting(me.charter), epoch, m);
    for (key, value) in take(rows::SERVERS) {
        if let Some((url, ticket)) = replica.readable(rows::read_server(&key, &value)) {
            replica.add_link(&url, ticket.as_deref(), m);
        }
    }
    for (_, value) in take(rows::INVITES) {
        let read = replica.readable(rows::read_invite(&value));
        if let Some((bytes, used)) = read
            && let Ok(invite) = Invite::from_bytes(&bytes)
        {
            replica.add_invite(invite, used);
        }
    }
    if let Some(joining) = me.joining {
        let invite = Invite::from_bytes(&joining.invite).map_err(|why| LoadError::Row {
            table: rows::ME,
            why: why.to_string(),
        })?;
        replica.add_door(&invite);
        replica.waiting = Some(Waiting {
            invite,
            request: joining.request,
            server: joining.server,
            refused: false,
        });
    }
    let joins = replica.waiting.is_some();
    for (key, value) in take(rows::CHECKED) {
        replica.note_checked(&key, &value);
    }
    let checked = replica.rotations.clone();
    let mut damaged = Damaged::default();
    let mut stored: BTreeMap<LogId, Vec<(EnvelopeId, EnvelopeRow)>> = BTreeMap::new();
    for (key, value) in take(rows::ENVELOPES) {
        let key = rows::read_envelope_key(&key);
        let row = key.clone().and_then(|(_, id)| EnvelopeRow::read(&value)?.whole(&id));
        match (key, replica.readable(row)) {
            (Ok((log, id)), Some(row)) => stored.entry(log).or_default().push((id, row)),
            (key, _) => damaged.note(key.ok().map(|(log, _)| log)),
        }
    }
    // Keys of epochs are in the charter, and the charter in logs of epochs.
    let mut read = BTreeSet::new();
    if replica.epoch.is_some() {
        replica.add_document(&DocId::Charter, m);
    }
    loop {
        replica.take_epochs(m);
        let fresh = replica.logs_of(&DocId::Charter).into_iter();
        let fresh: Vec<LogId> = fresh.filter(|log| read.insert(*log)).collect();
        if fresh.is_empty() {
            break;
        }
        for log in fresh {
            for (id, row) in stored.remove(&log).unwrap_or_default() {
                replica.put_back(log, id, row);
            }
            replica.read_entries(log, m);
        }
    }
    let docs: BTreeSet<DocId> = take(rows::LOGS)
        .into_iter()
        .filter_map(|(_, value)| replica.readable(rows::read_log(&value)))
        .collect();
    for doc in docs {
        replica.add_document(&doc, m);
    }
    let doors: Vec<LogId> = replica.logs.keys().copied().collect();
    for log in doors {
        for (id, row) in stored.remove(&log).unwrap_or_default() {
            replica.put_back(log, id, row);
        }
    }
    for (key, value) in take(rows::BASES) {
        let base = rows::read_base(&key, &value);
        match replica.readable(base) {
            Some((log, session, counter, copies)) => {
                if let Some(log) = replica.logs.get_mut(&log) {
                    log.base.insert(session, counter);
                    for id in copies {
                        log.note_copy(session, counter, id);
                    }
                }
            }
            None => damaged.note(key.first_chunk::<32>().map(|log| LogId(*log))),
        }
    }
    for (key, value) in take(rows::MADE) {
        if let Some((id, made)) = replica.readable(MadeRow::read(&key, &value)) {
            replica.put_made_back(id, made);
        }
    }
    let held = replica.put_in_order();
    replica.put_made_in_order();
    for (key, _) in take(rows::CHUNKS) {
        let put = replica.put_chunk_back(&key);
        replica.readable(put);
    }
    replica.read_servers(m);
    replica.weigh_growth();
    let cursors = take(rows::CURSORS);
    let unsent = take(rows::UNSENT);
    // What came from the rows need not go there again.
    replica.rows = Pending::default();
    for (entry, _) in replica
        .rotations
        .iter()
        .filter(|(entry, good)| **good && !checked.contains_key(entry))
    {
        rows::put_checked(&mut replica.rows, entry);
    }
    replica.put_lines_back(cursors, unsent, damaged, m);
    replica.look_for_me(m);
    // How each envelope stands was stored together with the entries of the charter that made it so.
    let contested = replica.charter.contested();
    if !contested.is_empty() {
        // Whose sessions these are, for what is said of them: the rows do not tell.
        replica.sessions_of(&contested);
    }
    replica.contested = contested;
    replica.judges_again = false;
    replica.consider_all(held, m);
    replica.judge_again(m);
    // What was there already is not news.
    replica.out.retain(|output| match output {
        Output::Charter => false,
        Output::Joined => joins,
        _ => true,
    });
    replica.on_tick(m);
    let out = replica.finish();
    Ok((replica, out))
}

impl Replica {
    /// What a row holds; a row that cannot be read is said and passed over.
    pub(super) fn readable<T>(&mut self, row: Result<T, LoadError>) -> Option<T> {
        row.map_err(|why| self.say_passed_over(&why)).ok()
    }

    pub(super) fn say_passed_over(&mut self, why: &LoadError) {
        self.out
            .push(Output::Trouble(format!("Something stored here is passed over: {why}.")));
    }

    fn put_back(&mut self, log_id: LogId, id: EnvelopeId, row: EnvelopeRow) {
        let Some(log) = self.logs.get_mut(&log_id) else {
            return;
        };
        self.place = self.place.max(row.place);
        match row.standing {
            Standing::Refused => log.refused += 1,
            Standing::Forked => {
                self.forked.insert(row.session);
            }
            Standing::Accepted | Standing::Held | Standing::Cut => {}
            Standing::Copy => log.note_copy(row.session, row.counter, id),
        }
        log.stored.insert(id, Stored::unopened(row));
    }

    /// Finds the end of each session, and what waits. Where a session's envelope is missing (its row was damaged), what
    /// follows waits for it again; where two sessions of this device have taken different ones under one number, one counts.
    fn put_in_order(&mut self) -> Vec<WaitingEnvelope> {
        let mut held = Vec::new();
        for (log_id, log) in &mut self.logs {
            if !matches!(log.purpose, Purpose::Document(_)) {
                continue;
            }
            let mut accepted = Vec::new();
            let mut waits = Vec::new();
            for (id, Stored { row, .. }) in &log.stored {
                match row.standing {
                    Standing::Accepted => accepted.push((row.session, row.counter, row.place, *id)),
                    Standing::Held => waits.push(*id),
                    Standing::Refused | Standing::Forked | Standing::Copy | Standing::Cut => {}
                }
            }
            accepted.sort_unstable();
            for (session, counter, _, id) in accepted {
                let covered = log.covered(&session);
                if counter < covered {
                    log.put_below(session, counter, id);
                    continue;
                }
                let last = log
                    .tails
                    .get(&session)
                    .map_or(covered.saturating_sub(1), |tail| tail.counter);
                let standing = match counter {
                    counter if counter == last + 1 => {
                        log.extend(session, counter, id);
                        continue;
                    }
                    counter if counter > last => {
                        waits.push(id);
                        Standing::Held
                    }
                    _ => {
                        let said = log.stored.get(&id).map(|stored| &stored.row.sealed);
                        let said = said.and_then(|sealed| Statement::open(sealed, &log.keys).ok());
                        let counts = log.counted(session, counter);
                        if said.zip(counts).is_some_and(|(said, counts)| log.says(&counts, &said)) {
                            log.note_copy(session, counter, id);
                            Standing::Copy
                        } else {
                            Standing::Forked
                        }
                    }
                };
                if let Some(stored) = log.stored.get_mut(&id) {
                    stored.row.standing = standing;
                }
            }
            for id in waits {
                let Some(Stored { row, .. }) = log.stored.get(&id) else {
                    continue;
                };
                match Statement::open(&row.sealed, &log.keys) {
                    Ok(statement) => held.push(WaitingEnvelope {
                        log: *log_id,
                        id,
                        statement,
                    }),
                    // For a newer Komuz.
                    Err(_) => log.later += row.sealed.len(),
                }
            }
        }
        held
    }

    /// What is stored of a log, opened, in the order in which it came.
    fn stored_statements(&mut self, log_id: LogId) -> Vec<(EnvelopeId, Standing, Statement)> {
        let Some(log) = self.logs.get_mut(&log_id) else {
            return Vec::new();
        };
        let mut stored: Vec<(&EnvelopeId, &mut Stored)> = log
            .stored
            .iter_mut()
            .filter(|(_, stored)| stored.row.standing != Standing::Refused)
            .collect();
        stored.sort_by_key(|(_, stored)| stored.row.place);
        let mut opened = Vec::new();
        for (id, stored) in stored {
            if let Some(statement) = stored.open(&log.keys) {
                stored.opened = true;
                self.writers.insert(statement.session(), statement.device);
                opened.push((*id, stored.row.standing, statement));
            }
        }
        opened
    }

    /// Takes the entries of the charter that are stored in one of its logs.
    fn read_entries(&mut self, log: LogId, m: &mut Moment<'_>) {
        for (_, _, statement) in self.stored_statements(log) {
            if statement.kind == Kind::Charter {
                self.take_entries(&statement.payloads, m);
            }
        }
    }

    /// Takes what else is stored in the charter's logs, and counts.
    fn read_servers(&mut self, m: &mut Moment<'_>) {
        let logs = [DocId::Charter, DocId::Snapshots].map(|doc| self.logs_of(&doc));
        for log in logs.into_iter().flatten() {
            for (id, standing, statement) in self.stored_statements(log) {
                match statement.kind {
                    Kind::Snapshots if standing == Standing::Accepted => {
                        self.take_announcements(id, &statement.device, &statement.payloads);
                    }
                    Kind::Doors if standing == Standing::Accepted => {
                        self.take_doors(&statement.device, &statement.payloads, m);
                    }
                    Kind::Servers if standing == Standing::Accepted => self.take_servers(&statement.payloads, m),
                    Kind::Keys if standing == Standing::Accepted => {
                        self.take_keys(log, statement.device, &statement.payloads);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Where each relay stands with each log.
    fn put_lines_back(
        &mut self,
        cursors: Vec<(Vec<u8>, Vec<u8>)>,
        unsent: Vec<(Vec<u8>, Vec<u8>)>,
        mut damaged: Damaged,
        m: &mut Moment<'_>,
    ) {
        let mut lacking = Vec::new();
        for (key, value) in unsent {
            let key = rows::read_unsent_key(&key);
            let row = key.clone().and_then(|key| Ok((key, rows::read_unsent(&value)?)));
            match self.readable(row) {
                Some(row) => lacking.push(row),
                None => damaged.note(key.ok().map(|(log, ..)| log)),
            }
        }
        let mut saved: BTreeMap<(String, LogId), (Cursor, u64)> = BTreeMap::new();
        for (key, value) in cursors {
            if let Some((log, url, cursor, settled)) = self.readable(rows::read_cursor(&key, &value)) {
                // What is missing here must be listed again, although the relay's log was read beyond it.
                if damaged.is(&log) {
                    self.rows.delete(rows::CURSORS, rows::cursor_key(&url, &log));
                } else {
                    saved.insert((url, log), (cursor, settled));
                }
            }
        }
        let logs: Vec<LogId> = self.logs.keys().copied().collect();
        for number in 0..self.links.len() {
            let url = self.links[number].url.clone();
            for log in &logs {
                // Links were made before the logs were all known: lines are made anew, with their cursors.
                self.links[number].lines.remove(log);
                let saved = saved.get(&(url.clone(), *log)).copied();
                self.add_line(number, *log, saved.map(|(cursor, _)| cursor), m.now);
                if let (Some((_, settled)), Some(line)) = (saved, self.links[number].lines.get_mut(log)) {
                    line.settled = settled;
                }
            }
        }
        let mut mine = BTreeSet::new();
        let place = |(log, id, _): &(LogId, EnvelopeId, String)| {
            let row = self.logs.get(log).and_then(|log| log.stored.get(id)).map(|s| &s.row);
            row.map(|row| (row.place.wrapping_sub(1), row.session, row.counter))
        };
        lacking.sort_by_cached_key(|(key, _)| place(key));
        for ((log, id, url), own) in lacking {
            let here = self
                .logs
                .get(&log)
                .and_then(|log| log.stored.get(&id))
                .is_some_and(|stored| stored.row.is_passed_on());
            let Some(line) = self
                .links
                .iter_mut()
                .find(|link| link.url == url)
                .and_then(|link| link.lines.get_mut(&log))
            else {
                continue;
            };
            if !here {
                continue;
            }
            let due = if own { m.now } else { m.now + below(SETTLE, m.entropy) };
            line.unsent.insert(
                id,
                Unsent {
                    mine: own,
                    due,
                    noted: true,
                },
            );
            if own {
                mine.insert((log, id));
            }
        }
        for number in 0..self.links.len() {
            for log in &logs {
                self.offer_beyond(number, log, m);
            }
        }
        for (log, id) in mine {
            let known = self
                .links
                .iter()
                .filter_map(|link| link.lines.get(&log))
                .any(|line| !line.unsent.contains(&id));
            if !known {
                self.alone.insert(id);
            }
        }
    }

    /// What came to count shortly before this device stopped may have come from another relay, and that this one lacks it was
    /// not noted yet: it is offered there again.
    fn offer_beyond(&mut self, number: usize, log_id: &LogId, m: &Moment<'_>) {
        let line = self.links.get_mut(number).and_then(|link| link.lines.get_mut(log_id));
        let (Some(line), Some(log)) = (line.filter(|line| line.saved.is_some()), self.logs.get(log_id)) else {
            return;
        };
        let beyond = |stored: &Stored| stored.row.standing == Standing::Accepted && stored.row.place > line.settled;
        let stored = log.stored.iter().filter(|(_, stored)| beyond(stored));
        let mut beyond: Vec<_> = stored.map(|(id, stored)| (stored.row.place, *id)).collect();
        beyond.sort_unstable();
        for (_, id) in beyond {
            if !line.unsent.contains(&id) {
                let (mine, due, noted) = (false, m.now, false);
                line.unsent.insert(id, Unsent { mine, due, noted });
            }
        }
    }

    /// Takes what another session of this device has stored.
    pub(super) fn take_rows(&mut self, all: &[Told], m: &mut Moment<'_>) {
        for (table, key, value) in all {
            match (table.as_str(), value) {
                (rows::LOGS, Some(value)) => {
                    if let Some(doc) = self.readable(rows::read_log(value)) {
                        self.add_document(&doc, m);
                    }
                }
                (rows::SERVERS, Some(value)) => {
                    if let Some((url, ticket)) = self.readable(rows::read_server(key, value)) {
                        self.add_link(&url, ticket.as_deref(), m);
                    }
                }
                (rows::INVITES, Some(value)) => {
                    if let Some((bytes, used)) = self.readable(rows::read_invite(value))
                        && let Ok(invite) = Invite::from_bytes(&bytes)
                    {
                        self.learn_invite(invite, used, m);
                    }
                }
                (rows::INVITES, None) => self.forget_invite(key),
                (rows::CHECKED, Some(value)) => self.note_checked(key, value),
                _ => {}
            }
        }
        let mut new = true;
        while core::mem::take(&mut new) {
            for (_, key, value) in all.iter().filter(|(table, ..)| table == rows::ENVELOPES) {
                let Some(value) = value else { continue };
                let row = rows::read_envelope_key(key).and_then(|key| Ok((key, EnvelopeRow::read(value)?)));
                if let Some(((log, _), row)) = self.readable(row)
                    && !row.sealed.is_empty()
                {
                    self.take(log, &row.sealed, Origin::Sibling, m);
                }
            }
            // Among them may be the key of logs in which others of them lie.
            let known = self.keys.len();
            self.take_epochs(m);
            new = self.keys.len() > known;
        }
        self.take_chunks(all, m);
        for (table, key, value) in all {
            if table == rows::UNSENT
                && value.is_none()
                && let Some((log, id, url)) = self.readable(rows::read_unsent_key(key))
            {
                self.alone.remove(&id);
                let line = self.links.iter_mut().find(|link| link.url == url);
                if let Some(line) = line.and_then(|link| link.lines.get_mut(&log)) {
                    line.unsent.remove(&id);
                }
            }
        }
    }
}
