//! Devices, relays and the network between them, driven by a seed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use komuz_sync::Replica;
use komuz_sync::frame::RelayFrame;
use komuz_sync::replica::{CHUNKS, Founding, Joining, MAX_PAYLOAD, Output, Payload, RelayId};
use komuz_sync::seal::bytes::{Digest, PublicKey};
use komuz_sync::seal::chain::envelope_id;
use komuz_sync::seal::charter::{OutletCard, Role};
use komuz_sync::seal::doc::DocId;

use crate::dice::Dice;
use crate::peer::{Disk, Peer, Taken, Write, put, rows_of};
use crate::relay::{Conn, Relay};
use crate::vice::Vice;

/// A connection: whose, to where, and what is under way in each direction, in order.
pub struct Wire {
    pub peer: usize,
    id: RelayId,
    pub relay: usize,
    pub up: VecDeque<Vec<u8>>,
    pub down: VecDeque<Vec<u8>>,
}

/// What has gone over all wires, and to each peer.
#[derive(Default, Clone)]
pub struct Carried {
    pub frames: u64,
    pub bytes: u64,
}

pub struct World {
    pub now: u64,
    pub dice: Dice,
    pub peers: Vec<Peer>,
    pub relays: Vec<Relay>,
    pub wires: BTreeMap<Conn, Wire>,
    /// Which relays are hostile, and how.
    pub vices: BTreeMap<usize, Vice>,
    /// Heads of the charter, for those who write past the software.
    pub heads: Vec<Digest>,
    /// Which peers do not reach which relays.
    pub apart: BTreeSet<(usize, usize)>,
    /// What each peer was brought and has sent.
    pub brought: BTreeMap<usize, Carried>,
    pub sent: BTreeMap<usize, Carried>,
    next_conn: Conn,
    written: u64,
    /// Whether some of what is written is long.
    pub large: bool,
    /// Whether who may not write is passed over.
    pub some_may_not: bool,
    /// What was said to be on a disk: it must reach everybody.
    pub promised: BTreeMap<DocId, BTreeSet<Vec<u8>>>,
}

pub fn outlet(id: &str) -> OutletCard {
    let key = |salt: u8| {
        let mut bytes = [salt; 32];
        bytes[..id.len()].copy_from_slice(id.as_bytes());
        PublicKey(bytes)
    };
    OutletCard {
        id: id.to_owned(),
        name: format!("The {id}"),
        domain: format!("{id}.example"),
        release_keys: vec![key(1), key(2)],
        freshness: None,
    }
}

pub fn body(lang: &str) -> DocId {
    DocId::Body {
        story: "s1".to_owned(),
        lang: lang.to_owned(),
    }
}

/// A piece to write; a hash of it stands for the hash of a change.
pub fn payload(bytes: &[u8]) -> Payload {
    Payload {
        bytes: bytes.to_vec(),
        ends: Some(Digest(envelope_id(bytes).0)),
    }
}

pub fn url(number: usize) -> String {
    format!("https://relay{number}.example")
}

impl World {
    /// A world with relays and a founder of outlet `alpha` whose server is the first relay.
    pub fn new(seed: u64, relays: usize) -> Self {
        let relays: Vec<Relay> = (1..=relays).map(|number| Relay::new(&url(number))).collect();
        let mut world = Self::empty(Dice::new(seed), relays, 1_700_000_000_000);
        let founding = Founding {
            title: "Samaragate".to_owned(),
            outlet: outlet("alpha"),
            name: "Ada".to_owned(),
            server: world.relays[0].server(),
        };
        let (replica, out) =
            Replica::found(founding, world.now, &mut |bytes| world.dice.fill(bytes)).expect("a good founding");
        world.peers.push(Peer::new("Ada", replica, out));
        world
    }

    /// Relays and nobody.
    pub fn empty(dice: Dice, relays: Vec<Relay>, now: u64) -> Self {
        Self {
            now,
            dice,
            peers: Vec::new(),
            relays,
            wires: BTreeMap::new(),
            vices: BTreeMap::new(),
            heads: Vec::new(),
            apart: BTreeSet::new(),
            brought: BTreeMap::new(),
            sent: BTreeMap::new(),
            next_conn: 0,
            written: 0,
            large: false,
            some_may_not: false,
            promised: BTreeMap::new(),
        }
    }

    /// Calls a peer's replica, and does what comes out.
    pub fn call<T: Outputs>(
        &mut self,
        peer: usize,
        work: impl FnOnce(&mut Replica, u64, &mut dyn FnMut(&mut [u8])) -> T,
    ) -> T::Rest {
        let (now, dice) = (self.clock(peer), &mut self.dice);
        let done = work(&mut self.peers[peer].replica, now, &mut |bytes| dice.fill(bytes));
        let (rest, out) = done.outputs();
        let at = &mut self.peers[peer];
        at.most = at.most.max(at.replica.chunk_bytes());
        at.take(out);
        self.carry(peer);
        rest
    }

    /// Connections and frames that a peer has asked for.
    fn carry(&mut self, peer: usize) {
        let rebuilds = std::mem::take(&mut self.peers[peer].rebuilds);
        if rebuilds.iter().any(|(_, own)| *own) {
            // An engine writes down what it has and opens the investigation anew.
            for (doc, _) in rebuilds {
                self.peers[peer]
                    .writing
                    .push_back(Write::Document(doc, Taken::default()));
            }
            while self.flush(peer) {}
            self.crash(peer);
        } else {
            for (doc, _) in rebuilds {
                self.watch(peer, &doc);
            }
        }
        self.mind_wholes(peer);
        for id in std::mem::take(&mut self.peers[peer].leaves) {
            if let Some(conn) = self.peers[peer].conns.get(&id).copied() {
                self.cut(conn);
            } else {
                self.call(peer, |replica, now, entropy| replica.disconnected(id, now, entropy));
            }
        }
        for (id, url) in std::mem::take(&mut self.peers[peer].wants) {
            let relay = self.relays.iter().position(|relay| relay.url == url && relay.up);
            let relay = relay.filter(|relay| !self.apart.contains(&(peer, *relay)));
            let Some(relay) = relay else {
                self.call(peer, |replica, now, entropy| replica.disconnected(id, now, entropy));
                continue;
            };
            self.next_conn += 1;
            let conn = self.next_conn;
            self.relays[relay].connect(conn);
            self.wires.insert(
                conn,
                Wire {
                    peer,
                    id,
                    relay,
                    up: VecDeque::new(),
                    down: VecDeque::new(),
                },
            );
            self.peers[peer].conns.insert(id, conn);
            self.call(peer, |replica, now, entropy| replica.connected(id, now, entropy));
        }
        for (id, bytes) in std::mem::take(&mut self.peers[peer].sends) {
            let wire = self.peers[peer]
                .conns
                .get(&id)
                .and_then(|conn| self.wires.get_mut(conn));
            if let Some(wire) = wire {
                wire.up.push_back(bytes);
            }
        }
    }

    /// A connection breaks: what was under way is lost.
    pub fn cut(&mut self, conn: Conn) {
        let Some(wire) = self.wires.remove(&conn) else {
            return;
        };
        self.relays[wire.relay].disconnect(conn);
        self.peers[wire.peer].conns.remove(&wire.id);
        self.call(wire.peer, |replica, now, entropy| {
            replica.disconnected(wire.id, now, entropy)
        });
    }

    /// Carries one frame one way over one connection; false when nothing is under way on it.
    pub fn step_wire(&mut self, conn: Conn, up: bool) -> bool {
        let Some(wire) = self.wires.get_mut(&conn) else {
            return false;
        };
        let (peer, id, relay) = (wire.peer, wire.id, wire.relay);
        if up {
            let Some(bytes) = wire.up.pop_front() else {
                return false;
            };
            let count = self.sent.entry(peer).or_default();
            count.frames += 1;
            count.bytes += bytes.len() as u64;
            for (to, frame) in self.relays[relay].frame(conn, &bytes, &mut self.dice) {
                self.hand_over(to, &frame);
            }
        } else {
            let Some(bytes) = wire.down.pop_front() else {
                return false;
            };
            let count = self.brought.entry(peer).or_default();
            count.frames += 1;
            count.bytes += bytes.len() as u64;
            self.call(peer, |replica, now, entropy| replica.frame(id, &bytes, now, entropy));
        }
        true
    }

    /// A relay's frame goes onto a connection: as it is, or as a hostile relay has it.
    pub fn hand_over(&mut self, to: Conn, frame: &RelayFrame) {
        let Some(wire) = self.wires.get_mut(&to) else {
            return;
        };
        match self.vices.get(&wire.relay) {
            None => wire.down.push_back(frame.encode()),
            Some(vice) => wire.down.extend(vice.twist(wire.peer, frame, &mut self.dice)),
        }
    }

    /// What a peer's device says that it is now.
    pub fn clock(&self, peer: usize) -> u64 {
        self.now.saturating_add_signed(self.peers[peer].skew)
    }

    /// The peer on whose disk a peer's rows lie.
    pub fn owner(&self, peer: usize) -> usize {
        self.peers[peer].tab_of.unwrap_or(peer)
    }

    /// The other sessions on a peer's disk.
    fn siblings(&self, peer: usize) -> Vec<usize> {
        let owner = self.owner(peer);
        let others = (0..self.peers.len()).filter(|other| *other != peer);
        others.filter(|other| self.owner(*other) == owner).collect()
    }

    /// Puts the next thing on a peer's disk; false when there is none.
    pub fn flush(&mut self, peer: usize) -> bool {
        if self.peers[peer].writing.is_empty() {
            return false;
        }
        let owner = self.owner(peer);
        let siblings = self.siblings(peer);
        let rows = match self.peers[peer].writing.front() {
            Some(Write::Rows(_, rows)) if !siblings.is_empty() => rows.clone(),
            _ => Vec::new(),
        };
        let done = self.write_down(peer, owner);
        for other in siblings.into_iter().filter(|_| !rows.is_empty()) {
            let told = rows
                .iter()
                .map(|row| (row.table.to_owned(), row.key.clone(), row.value.clone()));
            let told: Vec<_> = told.collect();
            self.call(other, |replica, now, entropy| replica.rows(told, now, entropy));
        }
        if let Some(batch) = done {
            self.call(peer, |replica, now, entropy| replica.stored(batch, now, entropy));
        }
        true
    }

    /// Answers the next thing that a peer has asked its disk for, as the disk is by now; false when there is none.
    pub fn answer(&mut self, peer: usize) -> bool {
        let Some(key) = self.peers[peer].reads.pop_front() else {
            return false;
        };
        let place = (CHUNKS.to_owned(), key);
        let row = self.peers[self.owner(peer)].disk.get(&place).cloned();
        self.call(peer, |replica, now, entropy| {
            replica.chunk_read(&place.1, row.as_deref(), now, entropy)
        });
        true
    }

    /// Puts the next thing on a disk; the number of the batch when it was one. What a person has written is promised then.
    fn write_down(&mut self, peer: usize, owner: usize) -> Option<u64> {
        if let (true, Some(Write::Rows(_, rows))) = (owner != peer, self.peers[peer].writing.front()) {
            let rows = rows.clone();
            put(&mut self.peers[owner].disk, &rows);
        }
        let batch = self.peers[peer].flush()?;
        let promised = std::mem::take(&mut self.peers[peer].promised);
        for (at, doc, payload) in promised {
            if at <= batch {
                self.promised.entry(doc).or_default().insert(payload);
            } else {
                self.peers[peer].promised.push((at, doc, payload));
            }
        }
        Some(batch)
    }

    /// Puts the next thing on a disk, and the process dies before it learns of that.
    pub fn write_unnoticed(&mut self, peer: usize) {
        let owner = self.owner(peer);
        self.write_down(peer, owner);
    }

    pub fn tick(&mut self, by: u64) {
        self.now += by;
        for peer in 0..self.peers.len() {
            self.call(peer, |replica, now, entropy| replica.tick(now, entropy));
        }
    }

    pub fn watch(&mut self, peer: usize, doc: &DocId) {
        let taken = self.peers[peer].docs.entry(doc.clone()).or_default();
        let seen = taken.seen.clone();
        self.call(peer, |replica, now, entropy| replica.watch(doc, &seen, now, entropy));
    }

    /// Writes some payloads, each unlike every other.
    pub fn write(&mut self, peer: usize, doc: &DocId) {
        let replica = &self.peers[peer].replica;
        let may = replica.may_write().is_ok()
            && replica.has_key()
            && replica.me().is_some_and(|me| me.member.role.may_write(doc));
        if self.some_may_not && !may {
            return;
        }
        let count = 1 + self.dice.below(3);
        let payloads: Vec<Vec<u8>> = (0..count)
            .map(|_| {
                self.written += 1;
                let mut payload = format!("words {} of {}", self.written, self.peers[peer].name).into_bytes();
                if self.large && self.dice.once_in(3) {
                    let len = self.dice.below(MAX_PAYLOAD - payload.len());
                    payload.resize(payload.len() + len, b'.');
                }
                payload
            })
            .collect();
        self.write_all(peer, doc, payloads);
    }

    /// Writes these bytes, at once.
    pub fn write_all(&mut self, peer: usize, doc: &DocId, payloads: Vec<Vec<u8>>) {
        let given: Vec<Payload> = payloads.iter().map(|bytes| payload(bytes)).collect();
        self.peers[peer].writes = given.last().and_then(|last| last.ends);
        self.call(peer, |replica, now, entropy| {
            replica.write(doc, given, now, entropy).expect("a member may write")
        });
        let peer = &mut self.peers[peer];
        let batch = peer.last_batch();
        for payload in payloads {
            peer.docs
                .get_mut(doc)
                .expect("watched")
                .payloads
                .insert(payload.clone());
            peer.promised.push((batch, doc.clone(), payload));
        }
    }

    /// The process of a peer dies and starts again from its disk.
    pub fn crash(&mut self, peer: usize) {
        let conns: Vec<Conn> = self.peers[peer].conns.values().copied().collect();
        for conn in conns {
            if let Some(wire) = self.wires.remove(&conn) {
                self.relays[wire.relay].disconnect(conn);
            }
        }
        self.peers[peer].die();
        let rows = rows_of(&self.peers[self.owner(peer)].disk);
        let (now, dice) = (self.clock(peer), &mut self.dice);
        let (replica, out) =
            Replica::load(rows, now, &mut |bytes| dice.fill(bytes)).expect("what was stored can be loaded");
        self.peers[peer].replica = replica;
        self.peers[peer].take(out);
        self.carry(peer);
        let docs: Vec<DocId> = self.peers[peer].docs.keys().cloned().collect();
        for doc in docs {
            self.watch(peer, &doc);
        }
    }

    /// Another session on a copy of a peer's rows.
    pub fn second_tab(&mut self, peer: usize) {
        let disk = self.peers[peer].disk.clone();
        let name = self.peers[peer].name.clone();
        self.start(&name, disk);
    }

    /// Another tab of a peer's device, on the same disk: its number.
    pub fn tab(&mut self, peer: usize) -> usize {
        let disk = self.peers[peer].disk.clone();
        let name = self.peers[peer].name.clone();
        let tab = self.start(&name, disk);
        self.peers[tab].disk.clear();
        self.peers[tab].tab_of = Some(peer);
        for doc in self.peers[peer].docs.keys().cloned().collect::<Vec<_>>() {
            self.watch(tab, &doc);
        }
        tab
    }

    /// A session on a disk: its number.
    pub fn start(&mut self, name: &str, disk: Disk) -> usize {
        let (now, dice) = (self.now, &mut self.dice);
        let (replica, out) =
            Replica::load(rows_of(&disk), now, &mut |bytes| dice.fill(bytes)).expect("what was stored can be loaded");
        let mut peer = Peer::new(name, replica, out);
        peer.disk = disk;
        self.peers.push(peer);
        let number = self.peers.len() - 1;
        self.carry(number);
        number
    }

    /// The founder adds a server, with its ticket.
    pub fn add_server(&mut self, relay: usize) {
        let server = self.relays[relay].server();
        self.call(0, |replica, now, entropy| {
            replica
                .add_server(server, now, entropy)
                .expect("the founder adds a server")
        });
    }

    pub fn relay_down(&mut self, relay: usize) {
        self.relays[relay].up = false;
        let conns: Vec<Conn> = self
            .wires
            .iter()
            .filter(|(_, wire)| wire.relay == relay)
            .map(|(conn, _)| *conn)
            .collect();
        for conn in conns {
            self.cut(conn);
        }
    }

    /// As [`Self::happen`]; who may not write any more writes nothing.
    pub fn happen_among(&mut self, docs: &[DocId]) {
        self.some_may_not = true;
        self.happen(docs);
    }

    /// One thing happens, well or badly.
    pub fn happen(&mut self, docs: &[DocId]) {
        let peer = self.dice.below(self.peers.len());
        let relay = self.dice.below(self.relays.len());
        match self.dice.below(100) {
            0..=59 => {
                let conns: Vec<Conn> = self.wires.keys().copied().collect();
                if !conns.is_empty() {
                    let conn = conns[self.dice.below(conns.len())];
                    let up = self.dice.once_in(2);
                    for _ in 0..=self.dice.below(8) {
                        self.step_wire(conn, up);
                    }
                }
            }
            60..=74 => {
                self.flush(peer);
                self.answer(peer);
            }
            75..=84 => {
                let doc = &docs[self.dice.below(docs.len())];
                self.write(peer, doc);
            }
            85..=91 => {
                let by = self.dice.next() % 4_000;
                self.tick(by);
            }
            92..=94 => {
                let doc = &docs[self.dice.below(docs.len())];
                self.peers[peer].save(doc);
            }
            95 => {
                let conns: Vec<Conn> = self.wires.keys().copied().collect();
                if !conns.is_empty() {
                    let conn = conns[self.dice.below(conns.len())];
                    self.cut(conn);
                }
            }
            96 => self.crash(peer),
            97 => self.relay_down(relay),
            98 => self.relays[relay].up = true,
            _ => {
                // Set back, or replaced by an empty one: its connections do not survive that.
                self.relay_down(relay);
                if self.dice.once_in(2) {
                    let dice = &mut self.dice;
                    self.relays[relay].roll_back(dice);
                } else {
                    self.relays[relay].logs.clear();
                }
                self.relays[relay].up = true;
            }
        }
    }

    /// Whether every replica says that all relays have everything and it has everything.
    pub fn is_in_sync(&self) -> bool {
        let honest = |url: &str| {
            let mut relays = self.relays.iter().enumerate();
            relays.any(|(number, relay)| relay.url == url && !relay.gone && !self.vices.contains_key(&number))
        };
        self.peers.iter().all(|peer| {
            let state = peer.replica.state();
            let mut relays = state.relays.iter().filter(|relay| honest(&relay.url));
            state.unsent == 0 && relays.all(|relay| relay.reached && relay.in_sync)
        })
    }

    /// Carries everything that is under way, without any time passing.
    pub fn drain(&mut self) {
        loop {
            let mut moved = false;
            for conn in self.wires.keys().copied().collect::<Vec<_>>() {
                while self.step_wire(conn, true) {
                    moved = true;
                }
                while self.step_wire(conn, false) {
                    moved = true;
                }
            }
            for peer in 0..self.peers.len() {
                while self.flush(peer) || self.answer(peer) {
                    moved = true;
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Carries everything that is on some of the wires, each way by chance, and puts on some disks what is on its way there.
    pub fn gust(&mut self) {
        for peer in 0..self.peers.len() {
            if self.dice.once_in(2) {
                while self.flush(peer) {}
            }
        }
        for conn in self.wires.keys().copied().collect::<Vec<_>>() {
            for up in [true, false] {
                if self.dice.once_in(2) {
                    while self.step_wire(conn, up) {}
                }
            }
        }
    }

    /// Carries what is under way, frame by frame, until something is so.
    pub fn carry_until(&mut self, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..10_000 {
            for peer in 0..self.peers.len() {
                while self.flush(peer) || self.answer(peer) {}
            }
            for conn in self.wires.keys().copied().collect::<Vec<_>>() {
                for up in [true, false] {
                    for _ in 0..50 {
                        if is_so(self) {
                            return;
                        }
                        if !self.step_wire(conn, up) {
                            break;
                        }
                    }
                }
            }
            self.tick(500);
        }
        panic!("it never came to be so");
    }

    /// A relay says something to a peer.
    pub fn say(&mut self, relay: usize, peer: usize, frame: &RelayFrame) {
        for wire in self.wires.values_mut() {
            if wire.relay == relay && wire.peer == peer {
                wire.down.push_back(frame.encode());
            }
        }
    }

    /// Carries everything that is on the wires; no disk is written.
    pub fn carry_frames(&mut self) {
        let mut moved = true;
        while std::mem::take(&mut moved) {
            for conn in self.wires.keys().copied().collect::<Vec<_>>() {
                while self.step_wire(conn, true) || self.step_wire(conn, false) {
                    moved = true;
                }
            }
        }
    }

    /// A device is gone for good.
    pub fn lose(&mut self, peer: usize) {
        let conns: Vec<Conn> = self.peers[peer].conns.values().copied().collect();
        for conn in conns {
            if let Some(wire) = self.wires.remove(&conn) {
                self.relays[wire.relay].disconnect(conn);
            }
        }
        self.peers.remove(peer);
        for wire in self.wires.values_mut() {
            wire.peer -= usize::from(wire.peer > peer);
        }
    }

    /// Nothing goes wrong any more, until all is in sync.
    pub fn quiet(&mut self) {
        for relay in &mut self.relays {
            relay.up = !relay.gone;
        }
        self.apart.clear();
        for _ in 0..600 {
            self.drain();
            if self.is_in_sync() {
                return;
            }
            self.tick(1_000);
        }
        let states: Vec<_> = self
            .peers
            .iter()
            .map(|peer| (&peer.name, peer.replica.state(), &peer.troubles))
            .collect();
        panic!("not in sync after ten minutes without faults: {states:#?}");
    }

    /// Lets somebody in by an invitation from `inviter`: their number.
    pub fn admit(&mut self, inviter: usize, name: &str, outlet_name: &str, role: Role, server: Option<usize>) -> usize {
        let invitation = self.call(inviter, |replica, now, entropy| {
            replica
                .invite(outlet_name, role, now, entropy)
                .expect("an editor invites")
        });
        let joiner = self.ask(name, &invitation.fragment, outlet_name, server);
        for _ in 0..120 {
            self.drain();
            if let Some(request) = self.peers[inviter].replica.requests().first().cloned() {
                let code = self.peers[joiner].replica.joining_code();
                assert_eq!(code, Some(request.code), "both read the same code");
                self.call(inviter, |replica, now, entropy| {
                    replica.confirm(&request.id, now, entropy).expect("an editor confirms")
                });
            }
            if self.peers[joiner].joined {
                return joiner;
            }
            self.tick(1_000);
        }
        panic!(
            "{name} was not let in: {:?} {:?}",
            self.peers[joiner].troubles, self.peers[inviter].troubles
        );
    }

    /// Uses an invitation: the new peer's number.
    pub fn ask(&mut self, name: &str, fragment: &str, outlet_id: &str, server: Option<usize>) -> usize {
        let server = server.map(|relay| self.relays[relay].server());
        let joining = Joining {
            fragment: fragment.to_owned(),
            outlet: outlet(outlet_id),
            name: name.to_owned(),
            server,
        };
        let (now, dice) = (self.now, &mut self.dice);
        let (replica, out) = Replica::join(joining, now, &mut |bytes| dice.fill(bytes)).expect("a good invitation");
        self.peers.push(Peer::new(name, replica, out));
        let number = self.peers.len() - 1;
        self.carry(number);
        number
    }

    /// Everybody has taken the same, and nothing of what was on a disk is missing.
    pub fn check(&self, docs: &[DocId]) {
        self.check_but(docs, &[]);
    }

    /// The same, when something of what some have written need not count; who is out has what they had.
    pub fn check_but(&self, docs: &[DocId], some: &[&str]) {
        let may_miss = |payload: &[u8]| {
            let said = String::from_utf8_lossy(payload);
            let said = said.trim_end_matches('.');
            some.iter().any(|name| said.ends_with(&format!(" of {name}")))
        };
        for doc in docs {
            let first = &self.peers[0].docs[doc].payloads;
            let in_it = |peer: &&Peer| peer.replica.may_write().is_ok() || some.is_empty();
            for peer in self.peers[1..].iter().filter(in_it) {
                assert_eq!(
                    &peer.docs[doc].payloads, first,
                    "{} and {} have the same",
                    peer.name, self.peers[0].name
                );
            }
            for payload in self.promised.get(doc).into_iter().flatten() {
                assert!(
                    may_miss(payload) || first.contains(payload),
                    "{} was on a disk and is lost",
                    String::from_utf8_lossy(payload)
                );
            }
        }
        for peer in &self.peers {
            assert!(peer.troubles.is_empty(), "{}: {:?}", peer.name, peer.troubles);
            for taken in peer.docs.values() {
                assert!(taken.void.is_disjoint(&taken.payloads), "what counts is not void");
            }
        }
    }
}

/// What a method of a replica gives back: its outputs, and perhaps something else.
pub trait Outputs {
    type Rest;
    fn outputs(self) -> (Self::Rest, Vec<Output>);
}

impl Outputs for Vec<Output> {
    type Rest = ();
    fn outputs(self) -> ((), Vec<Output>) {
        ((), self)
    }
}

impl<T> Outputs for (T, Vec<Output>) {
    type Rest = T;
    fn outputs(self) -> (T, Vec<Output>) {
        self
    }
}
