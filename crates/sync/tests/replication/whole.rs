//! Whole documents as a caller of the tests makes and takes them: what was written, and the last change of each session.

use komuz_sync::replica::Whole;
use komuz_sync::seal::bytes::Digest;
use komuz_sync::seal::cbor::{CborError, Reader, Writer};
use komuz_sync::seal::doc::DocId;

use crate::peer::{Taken, Write};
use crate::world::World;

/// A document as bytes.
pub fn bytes_of(taken: &Taken) -> Vec<u8> {
    Writer::versioned(1)
        .array(2)
        .list(taken.payloads.iter(), |w, payload| {
            // What long ones end with says nothing.
            let words = payload.iter().rposition(|byte| *byte != b'.');
            let words = &payload[..words.map_or(0, |last| last + 1)];
            w.array(2).bytes(words).uint(payload.len() as u64)
        })
        .list(taken.ends.iter(), |w, ((log, session), last)| {
            w.array(3).bytes(&log.0).bytes(&session.0).bytes(&last.0)
        })
        .finish()
}

fn read(bytes: &[u8]) -> Result<Taken, CborError> {
    let (_, mut r) = Reader::versioned(bytes, bytes.len())?;
    r.array(2)?;
    let payloads: Vec<Vec<u8>> = r.list(1 << 20, |r| {
        r.array(2)?;
        let mut payload = r.bytes(1 << 20)?.to_vec();
        payload.resize(usize::try_from(r.uint()?).unwrap_or(0).min(1 << 20), b'.');
        Ok::<_, CborError>(payload)
    })?;
    let ends: Vec<((_, _), Digest)> = r.list(1 << 20, |r| {
        r.array(3)?;
        Ok::<_, CborError>(((r.fixed()?, r.fixed()?), r.fixed()?))
    })?;
    r.end()?;
    Ok(Taken {
        payloads: payloads.into_iter().collect(),
        ends: ends.into_iter().collect(),
        ..Taken::default()
    })
}

/// What a caller makes of a whole document: the last change of each session must be one that it has signed for.
fn judged(whole: &Whole) -> Result<Taken, &'static str> {
    let mut taken = read(&whole.bytes).map_err(|_| "it cannot be read")?;
    let signed = |session, last| {
        let mut by = whole.signed.iter().filter(|(who, _)| who.session == session);
        by.any(|(_, changes)| changes.contains(last))
    };
    if !taken.ends.iter().all(|((_, session), last)| signed(*session, last)) {
        return Err("nobody has signed for it");
    }
    taken.seen = whole.seen.clone();
    Ok(taken)
}

impl World {
    /// Takes documents that came whole, and makes those that are due, as an engine would.
    pub fn mind_wholes(&mut self, peer: usize) {
        for whole in std::mem::take(&mut self.peers[peer].wholes) {
            let judged = judged(&whole);
            let done = judged.as_ref().map(|_| ()).map_err(|why| *why);
            if let Ok(taken) = judged {
                let doc = self.peers[peer].docs.get_mut(&whole.doc).expect("it was wanted");
                doc.payloads.extend(taken.payloads);
                for (track, counter) in taken.seen {
                    let seen = doc.seen.entry(track).or_default();
                    if *seen < counter {
                        *seen = counter;
                        doc.ends.extend(taken.ends.get(&track).map(|last| (track, *last)));
                    }
                }
                let write = Write::Document(whole.doc.clone(), doc.clone());
                self.peers[peer].writing.push_back(write);
                self.peers[peer].taken_whole += 1;
            }
            self.call(peer, |replica, now, entropy| {
                replica.took(&whole.doc, &whole.id, done, now, entropy)
            });
        }
        let to_compare = match self.peers[peer].stops_at_compare {
            true => Vec::new(),
            false => std::mem::take(&mut self.peers[peer].compares),
        };
        for whole in to_compare {
            let here = &self.peers[peer].docs[&whole.doc];
            let equal = judged(&whole).and_then(|taken| match taken.payloads.is_subset(&here.payloads) {
                true => Ok(()),
                false => Err("it has more"),
            });
            self.call(peer, |replica, now, entropy| {
                replica.compared(&whole.doc, &whole.id, equal, now, entropy)
            });
        }
        for doc in std::mem::take(&mut self.peers[peer].due) {
            let _ = self.make_whole(peer, &doc);
        }
    }

    /// A peer makes a snapshot of what it has; the code of why not.
    pub fn make_whole(&mut self, peer: usize, doc: &DocId) -> Result<(), &'static str> {
        let taken = self.peers[peer].docs[doc].clone();
        let last = taken.ends.values().copied().collect();
        let bytes = bytes_of(&taken);
        let made = self.call(peer, |replica, now, entropy| {
            match replica.snapshot(doc, &taken.seen, &last, bytes, now, entropy) {
                Ok(out) => (Ok(()), out),
                Err(why) => (Err(why.code), Vec::new()),
            }
        });
        self.peers[peer].made_whole += usize::from(made.is_ok());
        made
    }
}
