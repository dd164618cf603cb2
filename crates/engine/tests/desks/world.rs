//! Devices, desks (tabs), relays and the network between them, in memory and in made-up time.
//!
//! Nothing of ours is replaced: the engines are the ones that ship, and the relay is the one that the replicas are tested
//! with. What a worker does (rows, sockets, locks, the timer) is done here at once and in order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use komuz_engine::{Engine, Input, Output, Row, job};
use komuz_messages::{Answer, Ask, EditionId, Event, FromEngine, ToEngine, Trouble};

use crate::dice::Dice;
use crate::page::PageModel;
use crate::relay::{Conn, Relay};

/// What one desk shows.
#[derive(Default)]
pub struct Shown {
    pub investigation: Option<komuz_messages::InvestigationView>,
    pub editions: BTreeMap<EditionId, komuz_messages::EditionView>,
    pub people: BTreeMap<EditionId, Vec<komuz_messages::Person>>,
    pub state: komuz_messages::StateView,
    /// How often it was said that something is not saved yet.
    pub unsaved: usize,
    pub entered: Vec<String>,
    pub ended: Vec<String>,
    /// What the panel was given, the newest last.
    pub dossiers: Vec<String>,
}

/// A tab with its engine.
pub struct Desk {
    pub device: usize,
    pub engine: Option<Engine>,
    pub online: bool,
    /// What it says to other tabs is lost: it dies between the disk and its words.
    pub dumb: bool,
    /// The engine dies just when it has written down what it is about to apply.
    pub dies_applying: bool,
    /// How many bytes of pieces of files its disk has given it.
    pub read: usize,
    /// The engine dies as soon as it reads what was saved.
    pub dies_loading: bool,
    wake: Option<u64>,
    conns: BTreeMap<u32, Conn>,
    answers: BTreeMap<u32, Result<Answer, Trouble>>,
    next_ask: u32,
    locks: BTreeSet<String>,
    /// Locks of others that it waits for.
    watched: BTreeSet<String>,
    pub pages: BTreeMap<EditionId, PageModel>,
    pub shown: Shown,
}

/// A browser profile: rows, shared by its tabs.
#[derive(Default, Clone)]
pub struct Device {
    pub rows: BTreeMap<(String, String), Vec<u8>>,
    /// Writes fail with this name.
    pub broken: Option<String>,
    /// Rows that cannot be read any more.
    pub unreadable: BTreeSet<(String, String)>,
}

enum Happening {
    To(usize, Box<Input>),
    Write(usize, u32, Vec<Row>),
    Up(usize, u32, Vec<u8>),
}

fn happens(desk: usize, input: Input) -> Happening {
    Happening::To(desk, Box::new(input))
}

pub struct World {
    pub now: u64,
    pub dice: Dice,
    pub relays: Vec<Relay>,
    pub devices: Vec<Device>,
    pub desks: Vec<Desk>,
    queue: VecDeque<Happening>,
    wires: BTreeMap<Conn, (usize, u32, usize)>,
    next_conn: Conn,
}

pub fn url(relay: usize) -> String {
    format!("https://relay{}.example", relay + 1)
}

impl World {
    pub fn new(relays: usize) -> Self {
        Self {
            now: 1_574_316_000_000,
            dice: Dice::new(7),
            relays: (0..relays).map(|relay| Relay::new(&url(relay))).collect(),
            devices: Vec::new(),
            desks: Vec::new(),
            queue: VecDeque::new(),
            wires: BTreeMap::new(),
            next_conn: 0,
        }
    }

    /// A new device with one desk.
    pub fn device(&mut self) -> usize {
        self.devices.push(Device::default());
        self.tab(self.devices.len() - 1)
    }

    /// Another desk (a tab, or the same one after a crash) on a device.
    pub fn tab(&mut self, device: usize) -> usize {
        let mut seed = Dice::new(self.desks.len() as u64 * 977 + 13);
        let engine = Engine::new(Box::new(move |bytes: &mut [u8]| seed.fill(bytes)));
        self.desks.push(Desk {
            device,
            engine: Some(engine),
            online: true,
            dumb: false,
            dies_applying: false,
            read: 0,
            dies_loading: false,
            wake: None,
            conns: BTreeMap::new(),
            answers: BTreeMap::new(),
            next_ask: 0,
            locks: BTreeSet::new(),
            watched: BTreeSet::new(),
            pages: BTreeMap::new(),
            shown: Shown::default(),
        });
        let desk = self.desks.len() - 1;
        self.queue.push_back(happens(desk, Input::Start));
        self.run(50);
        desk
    }

    /// The tab is gone at once: what was not on disk never will be.
    pub fn crash(&mut self, desk: usize) {
        self.desks[desk].engine = None;
        self.desks[desk].watched.clear();
        let device = self.desks[desk].device;
        for name in std::mem::take(&mut self.desks[desk].locks) {
            for (other, watching) in self.desks.iter_mut().enumerate() {
                if watching.device == device && watching.watched.remove(&name) {
                    self.queue
                        .push_back(Happening::To(other, Box::new(Input::Gone { name: name.clone() })));
                }
            }
        }
        self.desks[desk].wake = None;
        self.queue.retain(|happening| match happening {
            Happening::To(to, _) | Happening::Write(to, ..) | Happening::Up(to, ..) => *to != desk,
        });
        for conn in std::mem::take(&mut self.desks[desk].conns).into_values() {
            if let Some((_, _, relay)) = self.wires.remove(&conn) {
                self.relays[relay].disconnect(conn);
            }
        }
    }

    /// The device's network goes or comes.
    pub fn online(&mut self, desk: usize, online: bool) {
        self.desks[desk].online = online;
        if !online {
            for (number, conn) in std::mem::take(&mut self.desks[desk].conns) {
                if let Some((_, _, relay)) = self.wires.remove(&conn) {
                    self.relays[relay].disconnect(conn);
                }
                self.queue
                    .push_back(happens(desk, Input::Disconnected { relay: number }));
            }
        }
    }

    /// Asks and waits for the answer; at most a minute of made-up time.
    pub fn ask(&mut self, desk: usize, ask: Ask) -> Result<Answer, Trouble> {
        let id = self.say(desk, ask);
        for _ in 0..6000 {
            if let Some(answer) = self.desks[desk].answers.remove(&id) {
                return answer;
            }
            self.run(10);
        }
        panic!("an ask was not answered");
    }

    /// Asks without waiting.
    pub fn say(&mut self, desk: usize, ask: Ask) -> u32 {
        self.desks[desk].next_ask += 1;
        let id = self.desks[desk].next_ask;
        self.queue
            .push_back(happens(desk, Input::Message(ToEngine { id, ask })));
        id
    }

    /// Whether an ask has been answered.
    pub fn answered(&self, desk: usize, ask: u32) -> bool {
        self.desks[desk].answers.contains_key(&ask)
    }

    /// The answer to an ask, when there is one.
    pub fn answer(&mut self, desk: usize, ask: u32) -> Option<Result<Answer, Trouble>> {
        self.desks[desk].answers.remove(&ask)
    }

    /// Lets the world go on for so many milliseconds.
    pub fn run(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            let mut steps = 0;
            while let Some(happening) = self.queue.pop_front() {
                self.happen(happening);
                steps += 1;
                assert!(steps < 200_000, "the world never comes to rest");
            }
            let next = self
                .desks
                .iter()
                .filter(|desk| desk.engine.is_some())
                .filter_map(|desk| desk.wake)
                .min();
            match next.filter(|at| *at <= end) {
                None => break,
                Some(at) => {
                    self.now = self.now.max(at);
                    for desk in 0..self.desks.len() {
                        if self.desks[desk].wake.is_some_and(|at| at <= self.now) {
                            self.desks[desk].wake = None;
                            self.queue.push_back(happens(desk, Input::Tick));
                        }
                    }
                }
            }
        }
        self.now = end;
    }

    /// Runs until something holds; at most two minutes of made-up time.
    pub fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        for _ in 0..2400 {
            if holds(self) {
                return;
            }
            self.run(50);
        }
        let states: Vec<_> = self.desks.iter().map(|desk| &desk.shown.state).collect();
        panic!("never: {what}\n{states:#?}");
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::To(desk, input) => self.handle(desk, *input),
            Happening::Write(desk, batch, rows) => {
                let device = &mut self.devices[self.desks[desk].device];
                if let Some(why) = device.broken.clone() {
                    return self.handle(desk, Input::StoreFailed { batch, why });
                }
                let about_to_apply = rows.iter().any(|row| row.table == "journal" && row.value.is_some());
                for Row { table, key, value } in rows {
                    device.unreadable.remove(&(table.clone(), key.clone()));
                    match value {
                        Some(value) => device.rows.insert((table, key), value),
                        None => device.rows.remove(&(table, key)),
                    };
                }
                if about_to_apply && self.desks[desk].dies_applying {
                    return self.crash(desk);
                }
                self.handle(desk, Input::Stored { batch });
            }
            Happening::Up(desk, number, bytes) => {
                let Some(conn) = self.desks[desk].conns.get(&number).copied() else {
                    return;
                };
                let Some((_, _, relay)) = self.wires.get(&conn).copied() else {
                    return;
                };
                for (to, frame) in self.relays[relay].frame(conn, &bytes, &mut self.dice) {
                    self.deliver(to, frame.encode());
                }
            }
        }
    }

    /// A relay sends a frame to one of its connections.
    pub fn deliver(&mut self, to: Conn, bytes: Vec<u8>) {
        if let Some((desk, number, _)) = self.wires.get(&to) {
            self.queue
                .push_back(happens(*desk, Input::Frame { relay: *number, bytes }));
        }
    }

    fn handle(&mut self, desk: usize, input: Input) {
        let now = self.now;
        let Some(engine) = self.desks[desk].engine.as_mut() else {
            return;
        };
        for output in engine.handle(input, now) {
            self.execute(desk, output);
        }
    }

    fn execute(&mut self, desk: usize, output: Output) {
        let device = self.desks[desk].device;
        match output {
            Output::Message(message) => self.said(desk, message),
            Output::Load { table, .. } if self.desks[desk].dies_loading && table == "save" => self.crash(desk),
            Output::Load {
                load,
                table,
                prefix,
                names,
            } => {
                let device = &self.devices[device];
                let rows = device
                    .rows
                    .iter()
                    .filter(|((t, key), _)| *t == table && key.starts_with(&prefix));
                let rows = rows
                    .map(|(place, value)| {
                        let value = if names { &Vec::new() } else { value };
                        let value = (names || !device.unreadable.contains(place)).then(|| value.clone());
                        Row {
                            table: place.0.clone(),
                            key: place.1.clone(),
                            value,
                        }
                    })
                    .collect::<Vec<Row>>();
                let of_files = rows.iter().filter(|row| row.key.contains("/chunks/"));
                self.desks[desk].read += of_files
                    .filter_map(|row| row.value.as_ref())
                    .map(Vec::len)
                    .sum::<usize>();
                self.queue.push_back(happens(desk, Input::Loaded { load, rows }));
            }
            Output::Store { batch, rows } => self.queue.push_back(Happening::Write(desk, batch, rows)),
            Output::Lock { name } => {
                let taken = self
                    .desks
                    .iter()
                    .any(|other| other.device == device && other.locks.contains(&name));
                if !taken {
                    self.desks[desk].locks.insert(name.clone());
                    self.queue.push_back(happens(desk, Input::Locked { name }));
                }
            }
            Output::Watch { name } => {
                self.desks[desk].watched.insert(name);
            }
            Output::Connect { relay: number, url } => {
                let at = self
                    .relays
                    .iter()
                    .position(|relay| relay.up && url == format!("{}/sync", relay.url.replacen("http", "ws", 1)));
                let Some(relay) = at.filter(|_| self.desks[desk].online) else {
                    return self
                        .queue
                        .push_back(happens(desk, Input::Disconnected { relay: number }));
                };
                self.next_conn += 1;
                self.relays[relay].connect(self.next_conn);
                self.wires.insert(self.next_conn, (desk, number, relay));
                self.desks[desk].conns.insert(number, self.next_conn);
                self.queue.push_back(happens(desk, Input::Connected { relay: number }));
            }
            Output::Close { relay } => {
                if let Some(conn) = self.desks[desk].conns.remove(&relay)
                    && let Some((_, _, relay)) = self.wires.remove(&conn)
                {
                    self.relays[relay].disconnect(conn);
                }
            }
            Output::Send { relay, bytes } => self.queue.push_back(Happening::Up(desk, relay, bytes)),
            Output::ToTabs(_) if self.desks[desk].dumb => {}
            Output::ToTabs(said) => {
                for other in 0..self.desks.len() {
                    if other != desk && self.desks[other].device == device {
                        self.queue.push_back(happens(other, Input::FromTab(said.clone())));
                    }
                }
            }
            Output::Job { job, task } => {
                self.queue.push_back(happens(
                    desk,
                    Input::JobDone {
                        job,
                        result: job::run(&task),
                    },
                ));
            }
            Output::Erase => {
                self.devices[device].rows.clear();
                self.queue
                    .push_back(happens(desk, Input::Erased { remains: Vec::new() }));
            }
            Output::Wake { at } => self.desks[desk].wake = Some(at),
        }
    }

    fn said(&mut self, desk: usize, message: FromEngine) {
        // Through JSON, as in the browser.
        let json = serde_json::to_string(&message).expect("messages are JSON");
        assert_eq!(
            serde_json::from_str::<FromEngine>(&json).expect("and come back"),
            message
        );
        let shown = &mut self.desks[desk].shown;
        let event = match message {
            FromEngine::Answer { id, result } => {
                let twice = self.desks[desk].answers.insert(id, result);
                assert!(twice.is_none(), "an ask is answered once");
                return;
            }
            FromEngine::Event { event } => *event,
        };
        match event {
            Event::Entered { investigation } => shown.entered.push(investigation),
            Event::JoinEnded { trouble, .. } => shown.ended.push(trouble.code),
            Event::Investigation(view) => shown.investigation = Some(*view),
            Event::Edition(view) => {
                shown.editions.insert(view.edition.clone(), *view);
            }
            Event::Dossier { shown: json } => shown.dossiers.push(json),
            Event::State(state) => {
                shown.unsaved += usize::from(!state.saved);
                shown.state = state;
            }
            Event::People { edition, people } => {
                shown.people.insert(edition, people);
            }
            Event::Page { edition, batch, doc } => {
                self.desks[desk].pages.insert(edition, PageModel::open(&doc, batch));
            }
            Event::Lost { edition } => {
                let Some(page) = self.desks[desk].pages.get(&edition) else {
                    return;
                };
                let (seq, taken, doc) = (page.seq, page.taken, page.json());
                self.say(
                    desk,
                    Ask::Whole {
                        edition,
                        seq,
                        taken,
                        doc,
                    },
                );
            }
            Event::Batch {
                edition,
                seq,
                batch,
                steps,
                ..
            } => {
                let Some(page) = self.desks[desk].pages.get_mut(&edition) else {
                    return;
                };
                if let Some(hash) = page.take(seq, batch, &steps) {
                    self.say(desk, Ask::Taken { edition, batch, hash });
                }
            }
        }
    }
}
