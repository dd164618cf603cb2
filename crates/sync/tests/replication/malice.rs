//! A member who has turned hostile and writes past the software: what anybody can do who has the key and a registered
//! append key.

use komuz_sync::seal::bytes::LogId;
use komuz_sync::seal::chain::envelope_id;
use komuz_sync::seal::derive::LogKeys;
use komuz_sync::seal::device::Device;
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::envelope::{NO_PREVIOUS, Statement};
use komuz_sync::seal::epoch::EpochKey;

use crate::hostile::{Crafted, secrets};
use crate::world::World;

/// How payloads of a hostile member begin that must never be taken.
pub const FORGED: &[u8] = b"forged";

impl World {
    /// An envelope goes into a relay's log past the client's software.
    pub fn put(&mut self, relay: usize, log: &LogId, bytes: &[u8]) {
        for (to, frame) in self.relays[relay].put(log, bytes) {
            self.hand_over(to, &frame);
        }
    }

    /// A member does something hostile at a relay.
    pub fn malice(&mut self, member: usize, relay: usize, docs: &[DocId]) {
        let (device, epoch) = secrets(self, member);
        let mut crafted = Crafted {
            device,
            epoch,
            charter: self.heads.clone(),
            start: self.dice.next() as u8,
        };
        let doc = docs[self.dice.below(docs.len())].clone();
        let other = docs[self.dice.below(docs.len())].clone();
        let (log, elsewhere) = (crafted.keys(&doc).id, crafted.keys(&other).id);
        let seen: Vec<Vec<u8>> = self.relays[relay]
            .logs
            .get(&log)
            .map(|log| log.entries.iter().map(|entry| entry.bytes.clone()).collect())
            .unwrap_or_default();
        let some = (!seen.is_empty()).then(|| seen[self.dice.below(seen.len())].clone());
        let words = |what: &str| format!("{what} {}", crafted.start);
        match (self.dice.below(8), some) {
            // A flood of rubbish.
            (0, _) => {
                for _ in 0..20 {
                    let mut junk = vec![1; 512];
                    self.dice.fill(&mut junk[1..]);
                    self.put(relay, &log, &junk);
                }
            }
            // What others have written, into another log, or with a bit turned.
            (1, Some(said)) if log != elsewhere => self.put(relay, &elsewhere, &said),
            (2, Some(mut said)) => {
                let at = self.dice.below(said.len());
                said[at] ^= 1;
                self.put(relay, &log, &said);
            }
            // What others have written, sealed anew: the same statement and signature under another id.
            (3, Some(said)) => {
                let keys = crafted.keys(&doc);
                if let Some(copy) = self.copy_of(&said, &keys) {
                    self.put(relay, &log, &copy);
                }
            }
            // Of another epoch.
            (4, _) => {
                let epoch = EpochKey::from_secret([self.dice.next() as u8; 32]);
                let (_, good) = secrets(self, member);
                crafted.epoch = epoch;
                let said = crafted.say(&doc, 1, NO_PREVIOUS, &words("forged"));
                crafted.epoch = good;
                self.put(relay, &log, &said);
            }
            // By a device that is nobody's.
            (5, _) => {
                let dice = &mut self.dice;
                crafted.device = Device::new(&mut |bytes| dice.fill(bytes));
                let said = crafted.say(&doc, 1, NO_PREVIOUS, &words("forged"));
                self.put(relay, &log, &said);
            }
            // A session that numbers two things alike, and goes on after one of them.
            (6, _) => {
                let one = crafted.say(&doc, 1, NO_PREVIOUS, &words("one"));
                let another = crafted.say(&doc, 1, NO_PREVIOUS, &words("another"));
                let after = crafted.say(&doc, 2, envelope_id(&another), &words("after another"));
                for said in [one, another, after] {
                    self.put(relay, &log, &said);
                }
            }
            // A session with a hole.
            _ => {
                let said = crafted.say(&doc, 3, envelope_id(&[7]), &words("hole"));
                self.put(relay, &log, &said);
            }
        }
    }

    /// A statement sealed anew. Its signature is the writer's: with the writer's own key the test makes the same bytes that
    /// anybody makes who can open it.
    pub fn copy_of(&mut self, said: &[u8], keys: &LogKeys) -> Option<Vec<u8>> {
        let statement = Statement::open(said, keys).ok()?;
        let writer = (0..self.peers.len()).map(|peer| secrets(self, peer).0);
        let writer = writer.into_iter().find(|device| device.id() == statement.device)?;
        let dice = &mut self.dice;
        statement.seal(&writer, keys, &mut |bytes| dice.fill(bytes)).ok()
    }
}
