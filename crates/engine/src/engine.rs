//! The engine.

use komuz_messages::{FromEngine, ToEngine, Trouble};

use crate::{Input, Output};
use disk::Disk;

mod disk;

/// Fills a slice with random bytes from the operating system or the browser.
pub type Entropy = Box<dyn FnMut(&mut [u8]) + Send>;

/// The engine of one session.
pub struct Engine {
    #[expect(dead_code, reason = "keys are drawn from it")]
    entropy: Entropy,
    disk: Disk,
    out: Vec<Output>,
}

impl Engine {
    /// An engine that has not started; it waits for [`Input::Start`].
    pub fn new(entropy: Entropy) -> Self {
        Self { entropy, disk: Disk::default(), out: Vec::new() }
    }

    /// Lets something happen at a time (milliseconds since 1970, never going back), and says what to do about it.
    pub fn handle(&mut self, input: Input, now: u64) -> Vec<Output> {
        match input {
            Input::Message(message) => self.asked(message),
            Input::Stored { batch } => self.disk.stored(batch),
            Input::StoreFailed { batch, why } => self.disk.failed(batch, &why, now),
            _ => {}
        }
        self.out.extend(self.disk.flush(now));
        std::mem::take(&mut self.out)
    }

    fn asked(&mut self, ToEngine { id, .. }: ToEngine) {
        let trouble = Trouble { code: "not-open".into(), message: "Open an investigation first.".into() };
        self.out.push(Output::Message(FromEngine::Answer { id, result: Err(trouble) }));
    }
}
