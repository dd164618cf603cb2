//! Worlds that are made once and copied for each seed: founding and letting in costs more than a storm.

use std::collections::BTreeMap;

use komuz_sync::seal::bytes::{Digest, LogId};
use komuz_sync::seal::doc::DocId;

use crate::dice::Dice;
use crate::hostile::Crafted;
use crate::peer::{Disk, Taken};
use crate::relay::{Log, Relay};
use crate::world::{World, url};

/// What lies on the disks of a world.
pub struct Base {
    now: u64,
    heads: Vec<Digest>,
    relays: Vec<BTreeMap<LogId, Log>>,
    peers: Vec<(String, Disk, BTreeMap<DocId, Taken>)>,
}

impl Base {
    /// Keeps a world in which all is quiet.
    pub fn of(world: &mut World) -> Self {
        for peer in 0..world.peers.len() {
            for doc in world.peers[peer].docs.keys().cloned().collect::<Vec<_>>() {
                world.peers[peer].save(&doc);
            }
        }
        world.quiet();
        let peers = world.peers.iter();
        Self {
            now: world.now,
            heads: Crafted::of(world, 0).charter,
            relays: world.relays.iter().map(|relay| relay.logs.clone()).collect(),
            peers: peers
                .map(|peer| (peer.name.clone(), peer.disk.clone(), peer.saved.clone()))
                .collect(),
        }
    }

    /// A world of many people, made the short way. Whoever is let in goes away once everything of theirs has reached the servers. In
    /// the end all who went have on their disks what the first person has on theirs, who has read everything; but for what is each
    /// device's own, its secret and its servers.
    pub fn of_many(mut world: World, stay: usize, admit: impl Fn(&mut World, usize) -> Option<()>) -> Self {
        let mut own = Vec::new();
        while admit(&mut world, stay + own.len()).is_some() {
            world.tick(1_000);
            world.quiet();
            let peer = &world.peers[stay];
            let mine = peer
                .disk
                .iter()
                .filter(|((table, _), _)| ["me", "servers"].contains(&table.as_str()));
            let mine: Disk = mine.map(|(key, value)| (key.clone(), value.clone())).collect();
            own.push((peer.name.clone(), mine));
            world.lose(stay);
        }
        let mut base = Self::of(&mut world);
        let (_, disk, saved) = &base.peers[0];
        let shared = ["logs", "envelopes", "cursors", "checked"];
        let shared = disk.iter().filter(|((table, _), _)| shared.contains(&table.as_str()));
        let shared: Disk = shared.map(|(key, value)| (key.clone(), value.clone())).collect();
        let saved = saved.clone();
        for (name, mine) in own {
            let disk = shared.clone().into_iter().chain(mine).collect();
            base.peers.push((name, disk, saved.clone()));
        }
        base
    }

    /// The same people and servers; chance goes by the seed. `copies` sessions of each device, each on a disk of its own.
    pub fn world(&self, seed: u64, copies: usize) -> World {
        let relays = (1..).zip(&self.relays).map(|(number, logs)| {
            let mut relay = Relay::new(&url(number));
            relay.logs.clone_from(logs);
            relay
        });
        let mut world = World::empty(Dice::new(seed), relays.collect(), self.now);
        world.heads.clone_from(&self.heads);
        for _ in 0..copies {
            for (name, disk, saved) in &self.peers {
                let peer = world.start(name, disk.clone());
                world.peers[peer].saved.clone_from(saved);
                world.peers[peer].docs.clone_from(saved);
                for doc in saved.keys() {
                    world.watch(peer, doc);
                }
            }
        }
        world
    }
}
