//! Documents that come whole, and what is put together for who comes later.

use std::collections::BTreeSet;

use komuz_core::admission::{Gate, Vouched, last_of_actors, session_actor, takes_whole};
use komuz_core::document::Document;
use komuz_sync::replica::Whole;
use komuz_sync::seal::bytes::Digest;

use super::{ChangeHash, Paper, Queued};

impl Paper {
    /// Keeps a document that came whole until [`Paper::apply`].
    pub fn queue_whole(&mut self, whole: Box<Whole>) {
        self.queue.push_back(Queued::Whole(whole));
    }

    /// Takes a document that came whole, if everything in it was signed for by who wrote it and nothing was written here yet.
    pub(super) fn take_whole(&mut self, whole: &Whole) -> Result<(), String> {
        let empty = [Document::genesis(self.document.kind()).hash()];
        if self.document.heads() != empty || !self.is_sealed() {
            return Err("somebody has written here meanwhile".into());
        }
        let mut vouched = Vouched::new();
        for (who, last) in &whole.signed {
            let actor = session_actor(&who.device.0, &who.session.0);
            let last = last.iter().map(|hash| ChangeHash(hash.0));
            vouched.entry(actor).or_default().extend(last);
            self.members.insert(actor, who.member);
        }
        let admitted = Gate::admit_whole(self.document.kind(), &whole.bytes, self.document.actor(), &vouched);
        let (document, mut gate) = admitted.map_err(|why| why.to_string())?;
        gate.knows_void(self.gate.voided().copied());
        *self = Self {
            seen: whole.seen.clone(),
            members: std::mem::take(&mut self.members),
            queue: std::mem::take(&mut self.queue),
            // It is to be saved: what it was made of is not here.
            changes: 1,
            ..Self::of(document, gate)?
        };
        Ok(())
    }

    /// The document as it stands, with the last change of each actor; none while something waits or is not sealed, and where it is
    /// too large to be taken whole.
    pub fn whole(&self) -> Option<(Vec<u8>, BTreeSet<Digest>)> {
        if !self.is_sealed() || self.waits() || !self.behind.is_empty() {
            return None;
        }
        let bytes = self.document.save();
        let last = last_of_actors(&self.document).into_iter();
        takes_whole(&bytes).then(|| (bytes, last.map(|hash| Digest(hash.0)).collect()))
    }
}
