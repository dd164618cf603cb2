//! What can go wrong, in random order.

use std::collections::BTreeSet;

use komuz_sync::seal::doc::DocId;

use crate::relay::{Conn, Relay};
use crate::vice::VICES;
use crate::world::{World, url};

/// What a storm is made of.
#[derive(Clone)]
pub struct Weather {
    /// What is written to.
    pub docs: Vec<DocId>,
    /// How many relays there may be at most.
    pub relays: usize,
    /// Whether a member is hostile.
    pub malice: bool,
    /// Whether relays lose what they have.
    pub backups: bool,
}

impl World {
    /// Disks, lines and clocks are unlike each other.
    pub fn make_unlike(&mut self) {
        for peer in 0..self.peers.len() {
            self.peers[peer].slow = self.dice.once_in(4);
            self.peers[peer].skew = (self.dice.next() % 600_000) as i64 - 300_000;
        }
        for relay in 0..self.relays.len() {
            self.relays[relay].slow = 1 + self.dice.below(3);
        }
    }

    /// One of the relays turns hostile; never the last honest one.
    pub fn corrupt(&mut self) {
        let honest: Vec<usize> = (0..self.relays.len())
            .filter(|relay| !self.relays[*relay].gone && !self.vices.contains_key(relay))
            .collect();
        if honest.len() > 1 {
            let vice = VICES[self.dice.below(VICES.len())];
            // The first stays honest: all reach it in the end.
            let relay = honest[1 + self.dice.below(honest.len() - 1)];
            self.vices.insert(relay, vice);
        }
    }

    fn some_wire(&mut self) -> Option<Conn> {
        if self.wires.is_empty() {
            return None;
        }
        let nth = self.dice.below(self.wires.len());
        self.wires.keys().nth(nth).copied()
    }

    /// One thing happens, well or badly.
    pub fn blow(&mut self, weather: &Weather) {
        let peer = self.dice.below(self.peers.len());
        let relay = self.dice.below(self.relays.len());
        let doc = weather.docs[self.dice.below(weather.docs.len())].clone();
        match self.dice.below(1000) {
            0..=559 => {
                let Some(conn) = self.some_wire() else { return };
                let slow = self.relays[self.wires[&conn].relay].slow;
                let up = self.dice.once_in(2);
                if self.dice.once_in(slow) {
                    for _ in 0..=self.dice.below(12) {
                        self.step_wire(conn, up);
                    }
                }
            }
            560..=699 if !self.peers[peer].slow || self.dice.once_in(4) => {
                self.flush(peer);
            }
            700..=789 => self.write(peer, &doc),
            790..=869 => {
                let by = self.dice.next() % 4_000;
                self.tick(by);
            }
            870..=894 => self.peers[peer].save(&doc),
            895..=909 => {
                let said = self.dice.next().to_le_bytes();
                self.call(peer, |replica, now, entropy| {
                    replica.presence(&doc, &said, now, entropy)
                });
            }
            910..=924 => {
                if let Some(conn) = self.some_wire() {
                    self.cut(conn);
                }
            }
            925..=939 => self.die(peer),
            940..=946 => self.relay_down(relay),
            947..=959 => self.relays[relay].up = !self.relays[relay].gone,
            960..=966 => self.part(),
            967..=971 => self.apart.clear(),
            972..=974 => {
                let day = 24 * 3_600_000;
                self.peers[peer].skew = (self.dice.next() % (2 * day)) as i64 - day as i64;
            }
            975..=979 => {
                let logs = self.relays[relay].logs.clone();
                self.relays[relay].backup = logs;
            }
            980..=984 if weather.backups => self.restore(relay),
            985..=986 => self.found_server(weather.relays),
            987 => self.drop_server(relay),
            988..=999 if weather.malice => self.malice(1, relay, &weather.docs),
            _ => {}
        }
    }

    /// A process dies, perhaps in the middle of what it wrote: some batches are whole on the disk and nobody was told.
    fn die(&mut self, peer: usize) {
        for _ in 0..self.dice.below(4) {
            self.write_unnoticed(peer);
        }
        self.crash(peer);
    }

    /// Some people do not reach some servers.
    fn part(&mut self) {
        let people: BTreeSet<usize> = (0..self.peers.len()).filter(|_| self.dice.once_in(2)).collect();
        let relay = self.dice.below(self.relays.len());
        self.apart.extend(people.iter().map(|peer| (*peer, relay)));
        let cut: Vec<Conn> = self
            .wires
            .iter()
            .filter(|(_, wire)| wire.relay == relay && people.contains(&wire.peer))
            .map(|(conn, _)| *conn)
            .collect();
        for conn in cut {
            self.cut(conn);
        }
    }

    /// A relay comes back from what its operator has put aside, cut short, or empty. Connections do not survive that.
    fn restore(&mut self, relay: usize) {
        self.relay_down(relay);
        match self.dice.below(3) {
            0 => self.relays[relay].logs.clear(),
            1 => {
                let dice = &mut self.dice;
                self.relays[relay].roll_back(dice);
            }
            _ => {
                let logs = self.relays[relay].backup.clone();
                self.relays[relay].logs = logs;
            }
        }
        self.relays[relay].up = !self.relays[relay].gone;
    }

    /// The founder adds a server while people write.
    fn found_server(&mut self, most: usize) {
        if self.relays.len() >= most || self.peers[0].replica.me().is_none() {
            return;
        }
        self.relays.push(Relay::new(&url(self.relays.len() + 1)));
        self.add_server(self.relays.len() - 1);
    }

    /// A server is gone for good; never the first.
    fn drop_server(&mut self, relay: usize) {
        if relay > 0 {
            self.relay_down(relay);
            self.relays[relay].gone = true;
        }
    }
}
