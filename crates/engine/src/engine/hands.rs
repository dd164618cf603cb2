//! What every part of the engine has at hand: time, randomness, the disk, and the list of what is to be done.

use komuz_messages::{Answer, Event, FromEngine, Trouble};

use super::Entropy;
use super::disk::Disk;
use crate::Output;

/// See the module.
pub struct Hands {
    entropy: Entropy,
    /// Milliseconds since 1970.
    pub now: u64,
    /// The way to the store.
    pub disk: Disk,
    out: Vec<Output>,
    numbers: u32,
}

impl Hands {
    /// Empty hands.
    pub fn new(entropy: Entropy) -> Self {
        Self {
            entropy,
            now: 0,
            disk: Disk::default(),
            out: Vec::new(),
            numbers: 0,
        }
    }

    /// The source of randomness.
    pub fn entropy(&mut self) -> &mut dyn FnMut(&mut [u8]) {
        &mut *self.entropy
    }

    /// A random id of 16 letters and digits behind a prefix: `a-z0-9-`.
    pub fn id(&mut self, prefix: &str) -> String {
        let bytes: [u8; 8] = komuz_sync::seal::random(self.entropy());
        format!("{prefix}{}", komuz_sync::seal::bytes::to_hex(&bytes))
    }

    /// A number that was not given out before.
    pub fn number(&mut self) -> u32 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    /// Wants something done.
    pub fn push(&mut self, output: Output) {
        self.out.push(output);
    }

    /// Tells the page what changed.
    pub fn event(&mut self, event: Event) {
        self.push(Output::Message(FromEngine::Event { event: Box::new(event) }));
    }

    /// Answers an ask.
    pub fn answer(&mut self, id: u32, result: Result<Answer, Trouble>) {
        self.push(Output::Message(FromEngine::Answer { id, result }));
    }

    /// Everything that is to be done, in its order; writes come first, so that nothing is said before it is on its way.
    pub fn take(&mut self) -> Vec<Output> {
        let store = self.disk.flush(self.now);
        store.into_iter().chain(std::mem::take(&mut self.out)).collect()
    }
}
