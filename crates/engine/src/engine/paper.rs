//! One document of an investigation as the engine holds it: the document, its gate, and how much of its log is in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use automerge::ChangeHash;
use komuz_core::admission::{Binding as Signed, Gate, MAX_VOID, Verdict, last_changes, session_actor, session_of};
use komuz_core::body::Body;
use komuz_core::document::{DocKind, Document};
use komuz_sync::replica::{Binding, Delivery, Payload, Seen, Track, Whole};
use komuz_sync::seal::bytes::{Digest, EnvelopeId, MemberId, PublicKey, SessionId};
use komuz_sync::seal::cbor::{CborError, Reader, Writer};
use komuz_sync::seal::doc::DocId;

use super::chunks::{Parts, PayloadError, cut};

mod whole;

/// Version of saved papers; the first byte of each row.
const VERSION: u8 = 3;
/// Rows of this version say nothing of changes that do not count.
const WITHOUT_VOID: u8 = 2;
/// The longest saved document that is read, in bytes.
const MAX_SAVED: usize = 512 << 20;
/// The most sessions of a saved document.
const MAX_SESSIONS: usize = 1 << 20;

/// See the module.
pub struct Paper {
    /// The document.
    pub document: Document,
    /// What was read from it, where it is a body.
    pub body: Option<Body>,
    gate: Gate,
    /// For each session in each log the last envelope up to which everything is in the document.
    seen: Seen,
    /// Envelopes with changes that wait for others, by log, session and counter, with their writer.
    behind: BTreeMap<(Track, u64), (MemberId, Vec<ChangeHash>)>,
    parts: Parts,
    /// For each session in each log the first envelope that only a later version of Komuz may take.
    later: BTreeMap<Track, u64>,
    /// Who writes as which actor.
    members: BTreeMap<[u8; 16], MemberId>,
    queue: VecDeque<Queued>,
    /// Changes sealed or taken since the last save.
    pub changes: usize,
    /// Writes that the replica has not sealed yet.
    pub unsealed: usize,
    /// Whether there may be changes of one's own to seal.
    pub dirty: bool,
    /// Changes of one's own that the replica did not take.
    left: Vec<Payload>,
    /// Why a change of one's own can never be sent, nor anything after it.
    pub stuck: Option<String>,
    /// It is only shown, and typed into, until another one has been made in its place: who writes here as whom, of those whose
    /// words are to be entered there again.
    pub retired: Option<BTreeSet<[u8; 16]>>,
    /// What of one's own is not sealed is on its way to the disk as it is, in a row of its own.
    pub kept: bool,
}

/// What waits to be taken in.
enum Queued {
    Counts(Delivery),
    Whole(Box<Whole>),
    Void(Void),
}

/// An envelope that does not count.
pub struct Void {
    /// Who signed it.
    pub device: PublicKey,
    /// The log and the session.
    pub track: Track,
    /// Its number in the session.
    pub counter: u64,
    /// What was written.
    pub payloads: Vec<Vec<u8>>,
}

/// Something that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Who wrote it, where that is known.
    pub who: Option<MemberId>,
    /// Why.
    pub why: String,
}

/// What came of applying.
#[derive(Debug, Default)]
pub struct Applied {
    /// Whether the document has changed.
    pub changed: bool,
    /// What was not taken.
    pub refused: Vec<Refused>,
    /// Something counts that was known not to: the paper is to be made anew.
    pub stale: bool,
    /// A document that came whole was looked at, and taken or not.
    pub whole: Option<(EnvelopeId, Result<(), String>)>,
}

/// The kind of document that core keeps under a document's name; the charter is not core's.
pub fn kind_of(doc: &DocId) -> Option<DocKind> {
    match doc {
        DocId::Charter | DocId::Blobs | DocId::Snapshots => None,
        DocId::Registers => Some(DocKind::Registers),
        DocId::Body { .. } => Some(DocKind::Body),
        DocId::Notes { .. } => Some(DocKind::Notes),
        DocId::SignOffs { .. } => Some(DocKind::Signoffs),
        DocId::Files => Some(DocKind::Files),
    }
}

impl Paper {
    /// An empty paper, written to as `actor`.
    pub fn new(kind: DocKind, actor: &[u8]) -> Result<Self, String> {
        Self::of(Document::new(kind, actor), Gate::new(kind))
    }

    fn of(document: Document, gate: Gate) -> Result<Self, String> {
        let body = match document.kind() {
            DocKind::Body => Some(Body::open(&document).map_err(|error| error.to_string())?),
            _ => None,
        };
        Ok(Self {
            body,
            document,
            gate,
            seen: Seen::new(),
            behind: BTreeMap::new(),
            parts: Parts::default(),
            later: BTreeMap::new(),
            members: BTreeMap::new(),
            queue: VecDeque::new(),
            changes: 0,
            unsealed: 0,
            dirty: false,
            left: Vec::new(),
            stuck: None,
            retired: None,
            kept: false,
        })
    }

    /// A paper from its saved row.
    pub fn load(kind: DocKind, row: &[u8], actor: &[u8]) -> Result<Self, String> {
        let (seen, members, void, bytes) = read(row).map_err(|error| error.to_string())?;
        let document = Document::load(kind, bytes, actor).map_err(|error| error.to_string())?;
        let mut gate = Gate::read(&document, bytes).unwrap_or_else(|| Gate::of(&document));
        gate.knows_void(void);
        Ok(Self {
            seen,
            members,
            ..Self::of(document, gate)?
        })
    }

    /// A document as it was, to be shown until another one is made in its place.
    pub fn retired(document: Document, mine: BTreeSet<[u8; 16]>) -> Result<Self, String> {
        let gate = Gate::new(document.kind());
        Ok(Self {
            retired: Some(mine),
            ..Self::of(document, gate)?
        })
    }

    /// From now on it is only shown: what was written here by `mine` is to be entered again where it is not.
    pub fn retire(&mut self, mine: BTreeSet<[u8; 16]>) {
        self.queue.clear();
        self.retired = Some(mine);
    }

    /// Changes of a document that are not in this one and do not wait here for others.
    pub fn lacks(&self, old: &Document) -> BTreeSet<ChangeHash> {
        let all = old.changes().into_iter();
        all.filter(|hash| !self.document.has(hash) && !self.gate.holds(hash))
            .collect()
    }

    /// Whether a change that is not in the document may come one day: others have it, or may have. What was never sealed does not.
    pub fn may_come(&self, hash: &ChangeHash) -> bool {
        self.gate.is_void(hash) || self.gate.holds(hash)
    }

    /// The row of [`Paper::load`]; none while something of one's own is not sealed: what is saved must be in the log.
    pub fn save(&mut self) -> Option<Vec<u8>> {
        if !self.is_sealed() {
            return None;
        }
        self.changes = 0;
        let seen = self.seen();
        let row = Writer::versioned(VERSION)
            .array(4)
            .list(seen.iter(), |w, ((log, session), counter)| {
                w.array(3).bytes(&log.0).bytes(&session.0).uint(*counter)
            })
            .list(self.members.iter(), |w, (actor, member)| {
                w.array(2).bytes(actor).bytes(&member.0)
            })
            .list(self.gate.voided(), |w, hash| w.bytes(&hash.0))
            .bytes(&self.document.save());
        Some(row.finish())
    }

    /// For each session in each log the counter up to which every envelope is wholly in the document.
    pub fn seen(&self) -> Seen {
        let mut seen = self.seen.clone();
        let mut limit = |track: &Track, counter: u64| {
            if let Some(last) = seen.get_mut(track) {
                *last = (*last).min(counter.saturating_sub(1));
            }
        };
        for (track, counter) in self.behind.keys() {
            limit(track, *counter);
        }
        for track in self.seen.keys() {
            let first = [self.parts.first(track), self.later.get(track).copied()];
            if let Some(first) = first.into_iter().flatten().min() {
                limit(track, first);
            }
        }
        seen.retain(|_, counter| *counter > 0);
        seen
    }

    /// Keeps an envelope until [`Paper::apply`].
    pub fn queue(&mut self, delivery: Delivery) {
        self.queue.push_back(Queued::Counts(delivery));
    }

    /// An envelope does not count: what is in it never comes. It is told in its order, behind what counts.
    pub fn void(&mut self, void: Void) {
        self.queue.push_back(Queued::Void(void));
        self.take_void();
    }

    /// Takes in what does not count and is next.
    fn take_void(&mut self) {
        while let Some(Queued::Void(void)) = self.queue.pop_front_if(|next| matches!(next, Queued::Void(_))) {
            let signed = Signed {
                device: void.device.0.to_vec(),
                session: void.track.1.0.to_vec(),
                kind: self.document.kind(),
            };
            for payload in &void.payloads {
                // What cannot be read is waited for by nobody who could read it.
                if let Ok(Some(chunk)) = self.parts.take(void.track, void.counter, payload) {
                    self.changes += usize::from(self.gate.void_beside(&self.document, &signed, &chunk));
                }
            }
        }
        self.look_behind();
    }

    /// Forgets of envelopes what they do not wait for any more.
    fn look_behind(&mut self) {
        let gate = &self.gate;
        self.behind.retain(|_, (_, hashes)| {
            hashes.retain(|hash| !gate.has(hash) && !gate.is_void(hash));
            !hashes.is_empty()
        });
    }

    /// Whether something waits to be applied.
    pub fn waits(&self) -> bool {
        !self.queue.is_empty()
    }

    fn queued(&self) -> impl Iterator<Item = EnvelopeId> {
        self.queue.iter().filter_map(|next| match next {
            Queued::Counts(delivery) => Some(delivery.id),
            Queued::Whole(whole) => Some(whole.id),
            Queued::Void(_) => None,
        })
    }

    /// Ids of the envelopes that the next [`Paper::apply`] takes: all that wait, or a suspect alone.
    pub fn next(&self, suspect: impl Fn(&EnvelopeId) -> bool) -> Vec<EnvelopeId> {
        let mut ids = self.queued().peekable();
        match ids.peek().copied() {
            Some(first) if suspect(&first) => vec![first],
            _ => ids.take_while(|id| !suspect(id)).collect(),
        }
    }

    /// Whether these envelopes are those that wait, from the first.
    pub fn is_next(&self, ids: &[EnvelopeId]) -> bool {
        self.queued().take(ids.len()).eq(ids.iter().copied())
    }

    /// Applies the first `count` envelopes that wait, in one go. Those that `quarantined` names are passed over.
    pub fn apply(&mut self, count: usize, quarantined: impl Fn(&EnvelopeId) -> bool) -> Applied {
        let mut applied = Applied::default();
        let mut changes = Vec::new();
        for _ in 0..count {
            self.take_void();
            let delivery = match self.queue.pop_front() {
                Some(Queued::Counts(delivery)) => delivery,
                Some(Queued::Whole(whole)) => {
                    let taken = match quarantined(&whole.id) {
                        true => Err("it stopped the desk twice".into()),
                        false => self.take_whole(&whole, &mut changes, &mut applied.refused),
                    };
                    applied.changed |= taken.is_ok();
                    applied.whole = Some((whole.id, taken));
                    continue;
                }
                Some(Queued::Void(_)) | None => break,
            };
            let who = Some(delivery.who.member);
            if quarantined(&delivery.id) {
                applied.refused.push(Refused {
                    who,
                    why: "it stopped the desk twice and is left aside until Komuz is updated".into(),
                });
                self.left_aside(&delivery);
                continue;
            }
            let signed = self.signed(&delivery.who);
            self.members.insert(signed.actor(), delivery.who.member);
            let mut chunks = Vec::new();
            for payload in &delivery.payloads {
                match self.parts.take(delivery.track(), delivery.counter, payload) {
                    Ok(whole) => chunks.extend(whole),
                    Err(error) => {
                        if error == PayloadError::Kind {
                            self.left_aside(&delivery);
                        }
                        applied.refused.push(Refused {
                            who,
                            why: error.to_string(),
                        });
                    }
                }
            }
            if let Err(why) = states(&delivery, &chunks) {
                applied.refused.push(Refused { who, why });
                chunks.clear();
            }
            for chunk in chunks {
                match self.gate.admit_beside(&self.document, &signed, &chunk) {
                    Verdict::Apply(mut admitted) => changes.append(&mut admitted),
                    // What builds on something that does not count is entered again by whoever wrote it.
                    Verdict::Known | Verdict::Void => {}
                    Verdict::Hold => self.left_behind(&delivery, &chunk),
                    Verdict::Refuse(refusal) => applied.refused.push(Refused {
                        who,
                        why: refusal.to_string(),
                    }),
                    Verdict::Full(full) => {
                        // Not taken and not seen: it is delivered again after the next start.
                        self.left_behind(&delivery, &chunk);
                        applied.refused.push(Refused {
                            who,
                            why: full.to_string(),
                        });
                    }
                }
            }
            self.saw(delivery.track(), delivery.counter);
        }
        for (hash, refusal) in self.gate.take_refused() {
            for (who, hashes) in self.behind.values_mut().filter(|(_, hashes)| hashes.contains(&hash)) {
                hashes.retain(|held| *held != hash);
                applied.refused.push(Refused {
                    who: Some(*who),
                    why: refusal.to_string(),
                });
            }
        }
        applied.changed |= !changes.is_empty();
        self.changes += changes.len();
        if let Err(error) = self.document.apply(changes) {
            applied.refused.push(Refused {
                who: None,
                why: error.to_string(),
            });
        }
        if applied.changed
            && let Some(body) = &mut self.body
            && let Err(error) = body.refresh(&self.document)
        {
            applied.refused.push(Refused {
                who: None,
                why: error.to_string(),
            });
        }
        self.take_void();
        applied.stale = self.gate.is_stale();
        applied
    }

    /// Remembers that a later version of Komuz may take an envelope: it is delivered again after every start.
    fn left_aside(&mut self, delivery: &Delivery) {
        let first = self.later.entry(delivery.track()).or_insert(delivery.counter);
        *first = delivery.counter.min(*first);
    }

    /// Remembers that an envelope holds a change that is not in the document yet.
    fn left_behind(&mut self, delivery: &Delivery, chunk: &[u8]) {
        let key = (delivery.track(), delivery.counter);
        let (_, hashes) = self.behind.entry(key).or_insert((delivery.who.member, Vec::new()));
        hashes.extend(hash_of(chunk));
    }

    fn signed(&self, who: &Binding) -> Signed {
        Signed {
            device: who.device.0.to_vec(),
            session: who.session.0.to_vec(),
            kind: self.document.kind(),
        }
    }

    fn saw(&mut self, track: Track, counter: u64) {
        let last = self.seen.entry(track).or_default();
        *last = counter.max(*last);
    }

    /// The member who writes as an actor, as signatures have shown.
    pub fn member(&self, actor: &[u8]) -> Option<MemberId> {
        self.members.get(session_of(actor)).copied()
    }

    /// The actors that a member has written as.
    pub fn actors_of(&self, member: &MemberId) -> impl Iterator<Item = [u8; 16]> {
        let of_member = self.members.iter().filter(move |(_, of)| *of == member);
        of_member.map(|(actor, _)| *actor)
    }

    /// This session writes as its device's member.
    pub fn writes(&mut self, device: &[u8], session: &SessionId, member: MemberId) {
        self.members.insert(session_actor(device, &session.0), member);
    }

    /// Whether everything of one's own is sealed.
    pub fn is_sealed(&self) -> bool {
        self.retired.is_none() && !self.dirty && self.unsealed == 0 && self.left.is_empty() && self.stuck.is_none()
    }

    /// Whether something of one's own is to be sealed.
    pub fn has_unsealed(&self) -> bool {
        self.retired.is_none() && (self.dirty || !self.left.is_empty())
    }

    /// One's own changes since the last call, with those that were [put back](Paper::put_back). When others would refuse
    /// one, which is a fault of ours, it says so in [`Paper::stuck`]: that one is not sent, nor is what builds on it.
    pub fn take(&mut self) -> Vec<Payload> {
        self.dirty = false;
        for chunk in self.document.take_changes() {
            if self.stuck.is_some() {
                break;
            }
            match self.gate.learn_beside(&self.document, &chunk) {
                Ok(hash) => {
                    let pieces = cut(&chunk).into_iter();
                    self.left.extend(pieces.map(|bytes| Payload { bytes, ends: None }));
                    if let Some(last) = self.left.last_mut() {
                        last.ends = Some(Digest(hash.0));
                    }
                    self.changes += 1;
                }
                Err(refusal) => self.stuck = Some(refusal.to_string()),
            }
        }
        std::mem::take(&mut self.left)
    }

    /// The replica did not take what is to be sealed: it comes with the next call of [`Paper::take`].
    pub fn put_back(&mut self, unsealed: Vec<Payload>) {
        self.left = unsealed;
    }

    /// The replica has sealed what it was given.
    pub fn sealed(&mut self, track: Track, counter: u64) {
        self.unsealed = self.unsealed.saturating_sub(1);
        self.saw(track, counter);
    }
}

/// Whether an envelope states the last changes of its content as they are: it is signed, and snapshots rely on it.
fn states(delivery: &Delivery, chunks: &[Vec<u8>]) -> Result<(), String> {
    let found = last_changes(chunks.iter().map(Vec::as_slice)).map_err(|refusal| refusal.to_string())?;
    let mut stated: Vec<[u8; 32]> = delivery.last.iter().map(|hash| hash.0).collect();
    stated.sort_unstable();
    if stated.iter().eq(found.iter().map(|hash| &hash.0)) {
        return Ok(());
    }
    Err("what its envelope states of the changes in it is not so".into())
}

/// The hash of a change from its chunk.
fn hash_of(chunk: &[u8]) -> Option<ChangeHash> {
    automerge::Change::from_bytes(chunk.to_vec())
        .ok()
        .map(|change| change.hash())
}

type Saved<'a> = (Seen, BTreeMap<[u8; 16], MemberId>, Vec<ChangeHash>, &'a [u8]);

fn read(row: &[u8]) -> Result<Saved<'_>, CborError> {
    let (version, mut r) = Reader::versioned(row, MAX_SAVED)?;
    if !(WITHOUT_VOID..=VERSION).contains(&version) {
        return Err(CborError::NotAllowed(0));
    }
    r.array(if version == WITHOUT_VOID { 3 } else { 4 })?;
    let seen: Vec<(Track, u64)> = r.list(MAX_SESSIONS, |r| {
        r.array(3)?;
        Ok::<_, CborError>(((r.fixed()?, r.fixed()?), r.uint()?))
    })?;
    let members: Vec<([u8; 16], MemberId)> = r.list(MAX_SESSIONS, |r| {
        r.array(2)?;
        Ok::<_, CborError>((r.fixed()?, r.fixed()?))
    })?;
    let void: Vec<[u8; 32]> = match version {
        WITHOUT_VOID => Vec::new(),
        _ => r.list(MAX_VOID, |r| r.fixed())?,
    };
    let bytes = r.bytes(MAX_SAVED)?;
    r.end()?;
    let void = void.into_iter().map(ChangeHash).collect();
    Ok((seen.into_iter().collect(), members.into_iter().collect(), void, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor() -> [u8; 16] {
        session_actor(&[1; 32], &[2; 16])
    }

    #[test]
    fn what_never_comes_is_saved_with_the_paper() {
        let mut paper = Paper::new(DocKind::Notes, &actor()).expect("a paper");
        paper.gate.knows_void([ChangeHash([7; 32])]);
        let row = paper.save().expect("all is sealed");
        let paper = Paper::load(DocKind::Notes, &row, &actor()).expect("its row");
        assert!(paper.gate.is_void(&ChangeHash([7; 32])));
    }

    #[test]
    fn a_row_that_says_nothing_of_what_never_comes_is_read() {
        let mut paper = Paper::new(DocKind::Notes, &actor()).expect("a paper");
        let member = MemberId([3; 16]);
        let row = Writer::versioned(WITHOUT_VOID)
            .array(3)
            .list([[4; 32]].iter(), |w, log| w.array(3).bytes(log).bytes(&[2; 16]).uint(9))
            .list([actor()].iter(), |w, actor| w.array(2).bytes(actor).bytes(&member.0))
            .bytes(&paper.document.save());
        let loaded = Paper::load(DocKind::Notes, &row.finish(), &actor()).expect("its row");
        assert_eq!(loaded.seen().values().collect::<Vec<_>>(), [&9]);
        assert_eq!(loaded.member(&actor()), Some(member));
        assert!(paper.save().is_some());
    }
}
