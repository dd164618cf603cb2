//! Documents that come whole, and what is put together for who comes later.

use std::collections::{BTreeMap, BTreeSet};

use komuz_core::admission::{Gate, Verdict, Vouched, last_of_actors, session_actor, session_of, takes_whole};
use komuz_core::document::Document;
use komuz_sync::replica::Whole;
use komuz_sync::seal::bytes::Digest;

use super::{ChangeHash, Paper, Queued, Refused};

impl Paper {
    /// Keeps a document that came whole until [`Paper::apply`].
    pub fn queue_whole(&mut self, whole: Box<Whole>) {
        self.queue.push_back(Queued::Whole(whole));
    }

    /// Whether nothing was written to it yet.
    pub fn is_pristine(&self) -> bool {
        self.document.heads() == [Document::genesis(self.document.kind()).hash()]
    }

    /// Whether a document that came whole waits here.
    pub fn has_whole(&self) -> bool {
        self.queue.iter().any(|next| matches!(next, Queued::Whole(_)))
    }

    /// Loads a document freshly as who gets it whole does: everything in it was signed for by who wrote it.
    fn load_whole(&self, whole: &Whole) -> Result<(Document, Gate), String> {
        let mut vouched = Vouched::new();
        for (who, last) in &whole.signed {
            let actor = session_actor(&who.device.0, &who.session.0);
            let last = last.iter().map(|hash| ChangeHash(hash.0));
            vouched.entry(actor).or_default().extend(last);
        }
        let admitted = Gate::admit_whole(self.document.kind(), &whole.bytes, self.document.actor(), &vouched);
        admitted.map_err(|why| why.to_string())
    }

    /// Whether a whole document that this device has put together loads, and nothing is in it that is not here.
    pub fn compare(&self, whole: &Whole) -> Result<(), String> {
        let (document, _) = self.load_whole(whole)?;
        match document.heads().iter().all(|head| self.document.has(head)) {
            true => Ok(()),
            false => Err("it has something that is not here".into()),
        }
    }

    /// Takes a document that came whole: in the place of the one here where nothing was written to that yet, and otherwise what is
    /// lacking of it, as if it had come in pieces: into `changes`, and what is not taken of it into `refused`.
    pub(super) fn take_whole(
        &mut self,
        whole: &Whole,
        changes: &mut Vec<automerge::Change>,
        refused: &mut Vec<Refused>,
    ) -> Result<(), String> {
        if !self.is_sealed() {
            return Err("something that was written here is not sealed yet".into());
        }
        let (document, mut gate) = self.load_whole(whole)?;
        for (who, _) in &whole.signed {
            let actor = session_actor(&who.device.0, &who.session.0);
            self.members.insert(actor, who.member);
        }
        if !self.is_pristine() {
            self.take_lacking(&document, whole, changes, refused);
            return Ok(());
        }
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

    /// Takes the changes of a document that are not here, each as its session has signed for it.
    fn take_lacking(
        &mut self,
        document: &Document,
        whole: &Whole,
        changes: &mut Vec<automerge::Change>,
        refused: &mut Vec<Refused>,
    ) {
        let by_actor: BTreeMap<[u8; 16], _> = whole
            .signed
            .iter()
            .map(|(who, _)| (self.signed(who).actor(), who))
            .collect();
        for change in document.changes_beyond(&self.document) {
            let Some(who) = by_actor.get(session_of(change.actor_id().to_bytes())) else {
                continue;
            };
            let signed = self.signed(who);
            match self.gate.admit_beside(&self.document, &signed, change.raw_bytes()) {
                Verdict::Apply(mut admitted) => changes.append(&mut admitted),
                Verdict::Known | Verdict::Void | Verdict::Hold => {}
                Verdict::Refuse(why) => refused.push(Refused {
                    who: Some(who.member),
                    why: why.to_string(),
                }),
                Verdict::Full(why) => refused.push(Refused {
                    who: Some(who.member),
                    why: why.to_string(),
                }),
            }
        }
        for (track, counter) in &whole.seen {
            self.saw(*track, *counter);
        }
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
