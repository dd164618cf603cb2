//! Admission: every change from outside is checked here before Automerge sees a byte of it.
//!
//! Automerge merges what it is given and trusts it: a change with a wrong first counter applies and leaves a document that
//! saves but does not load, one near the end of the counters makes the next honest key panic, a few hundred kilobytes
//! inflate to hundreds of megabytes, and whoever writes under another's actor id silences that person. So each document
//! has a [`Gate`]. It judges a change by the change, the [`Binding`] that its signed envelope states and the change's own
//! past, never by when it arrived: every replica comes to the same verdict.
//!
//! A gate is made beside its document ([`Gate::read`], [`Gate::of`]), learns one's own changes ([`Gate::learn`]), and is asked about
//! everybody else's ([`Gate::admit`]). What it lets through must be applied: it remembers it as part of the document.

mod bytes;
mod change;
mod chunk;
mod snapshot;
mod table;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use automerge::{Change, ChangeHash};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::document::{DocKind, Document};
use change::Parsed;
use table::{Past, Table};

pub use snapshot::{SnapshotRefusal, Vouched, last_of_actors, takes_whole};

/// The longest change as it travels, in bytes: a picture of 2 MB and a release of 4 MB fit.
pub const MAX_CHUNK: usize = 6 << 20;
/// The longest change after inflating, in bytes.
pub const MAX_INFLATED: usize = 16 << 20;
/// The most operations of one change; about as many characters can be pasted at once.
pub const MAX_OPS: usize = 1 << 20;
/// The most marks of one change.
pub const MAX_MARKS: usize = 1 << 15;
/// The longest single value, in bytes.
pub const MAX_VALUE: usize = 4 << 20;
/// How far the first counter of a change may lie beyond the counters of its deps: it says how much was written elsewhere
/// when the change was made.
pub const MAX_START_GAP: u64 = 1 << 20;
/// The highest counter: half of what Automerge can count, so that no document comes near the end.
pub const MAX_COUNTER: u64 = 1 << 31;
/// The most changes that wait for their deps.
pub const MAX_HELD: usize = 4096;
/// The most bytes of changes that wait for their deps.
pub const MAX_HELD_BYTES: usize = 32 << 20;
/// The most changes that are known not to count. What builds on one beyond that is held, as if it were merely missing.
pub const MAX_VOID: usize = 1 << 16;
/// The longest key of a map or name of a mark, in bytes.
const MAX_KEY: usize = 1024;
/// The longest actor id, in bytes.
const MAX_ACTOR: usize = 64;
/// The most values that one operation overwrites.
const MAX_OVERWRITTEN: usize = 4096;
/// The most branches that one session writes at once.
const MAX_BRANCH: u64 = 1 << 20;
/// How Automerge starts the id of an actor that `transaction_at` derives from another on old heads; the branch's number
/// in LEB128 and the session's own actor follow.
const DERIVED: [u8; 4] = [0x13, 0xb2, 0x23, 0x09];

/// The actor that a session of a device writes as: 16 bytes, a hash of both, so that nobody else can claim it.
pub fn session_actor(device: &[u8], session: &[u8]) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(b"komuz actor 1");
    hash.update((device.len() as u64).to_be_bytes());
    hash.update(device);
    hash.update(session);
    let hash: [u8; 32] = hash.finalize().into();
    let mut actor = [0; 16];
    actor.copy_from_slice(&hash[..16]);
    actor
}

/// What the signed envelope that brought a change says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The device's public signing key.
    pub device: Vec<u8>,
    /// The id of the device's session.
    pub session: Vec<u8>,
    /// The kind of document whose log the envelope lay in.
    pub kind: DocKind,
}

impl Binding {
    /// The actor that must have written the change (or an actor derived from it).
    pub fn actor(&self) -> [u8; 16] {
        session_actor(&self.device, &self.session)
    }
}

/// The last change of each actor among some changes as they travel, in the order of their hashes: what whoever seals them
/// states of them, and whoever opens them compares. Errors: what cannot be a change.
pub fn last_changes<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<ChangeHash>, Refusal> {
    let mut last: BTreeMap<Vec<u8>, (u64, ChangeHash)> = BTreeMap::new();
    for chunk in chunks {
        let chunk = chunk::open(chunk)?;
        let (actor, seq) = change::writer(&chunk)?;
        let newest = last.entry(actor).or_insert((seq, chunk.hash));
        if newest.0 <= seq {
            *newest = (seq, chunk.hash);
        }
    }
    let mut hashes: Vec<ChangeHash> = last.into_values().map(|(_, hash)| hash).collect();
    hashes.sort_unstable();
    Ok(hashes)
}

/// What a gate says of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It may be applied, with those held ones that waited for it, in this order. The gate counts them as applied.
    Apply(Vec<Change>),
    /// Changes that it builds on have not come yet. The gate keeps it and lets it through with the last of them.
    Hold,
    /// It builds on a change that [does not count](Gate::void), so it never comes into the document, nor does what builds on
    /// it. Its author enters it again as a new change.
    Void,
    /// It is in the document already, or held already.
    Known,
    /// It must not be applied, now or later.
    Refuse(Refusal),
    /// It would be held, but too much is held already. It is not kept: it must be brought again when others have come.
    Full(Full),
}

/// Why nothing more is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "{changes} changes ({bytes} bytes) already wait for others that have not come; fetch the missing ones, then bring this one again"
)]
pub struct Full {
    /// How many are held.
    pub changes: usize,
    /// Their size.
    pub bytes: usize,
}

/// Why a change is refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Longer than any change may be.
    #[error("the change has {size} bytes; at most {limit} are taken")]
    TooLarge {
        /// Its size.
        size: usize,
        /// What is allowed.
        limit: usize,
    },
    /// Inflates to more than is allowed.
    #[error("the change inflates to more than {limit} bytes")]
    InflatesTooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// The deflated data is damaged.
    #[error("the change's compressed data is damaged")]
    Deflate,
    /// Not something of Automerge's.
    #[error("this is no change: it does not start with Automerge's magic bytes")]
    NotAChunk,
    /// Something of Automerge's, but no change.
    #[error("this is a {found}, not a change: changes are sent one by one")]
    NotAChange {
        /// What it is.
        found: &'static str,
    },
    /// A chunk of a type that nobody knows.
    #[error("this is no change: chunk type {kind} is unknown")]
    UnknownChunk {
        /// Its number.
        kind: u8,
    },
    /// Ends before its end.
    #[error("the change is cut off")]
    Truncated,
    /// More follows.
    #[error("{bytes} bytes follow the change: one change is sent at a time")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// The checksum is wrong.
    #[error("the change is damaged: its checksum does not fit its data")]
    Checksum,
    /// Cannot be read.
    #[error("the change cannot be read: it has {what}")]
    Malformed {
        /// What was found.
        what: &'static str,
    },
    /// Spelled otherwise than Automerge spells it.
    #[error("the change is not written as Automerge writes it; a saved document would not load again")]
    NotCanonical,
    /// Holds something that documents of Komuz do not.
    #[error("the change holds {what}")]
    Forbidden {
        /// What.
        what: &'static str,
    },
    /// Does nothing.
    #[error("the change holds no operation")]
    Empty,
    /// Too many operations.
    #[error("the change holds more than {limit} operations")]
    TooManyOps {
        /// What is allowed.
        limit: usize,
    },
    /// Too many marks.
    #[error("the change sets more than {limit} marks")]
    TooManyMarks {
        /// What is allowed.
        limit: usize,
    },
    /// A value is too long.
    #[error("the change holds a value of more than {limit} bytes")]
    ValueTooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// The envelope lay in the log of another kind of document.
    #[error("the change came through the log of a {found} document, and this is a {expected} document",
        found = .found.name(), expected = .expected.name())]
    OtherLog {
        /// Where it lay.
        found: DocKind,
        /// What the gate guards.
        expected: DocKind,
    },
    /// Written as somebody else.
    #[error("the change is written as an actor that does not belong to the session that signed it")]
    OtherActor,
    /// Starts a document of its own.
    #[error(
        "the change builds on nothing, and it is not the first change that every document of this kind starts from"
    )]
    OtherGenesis,
    /// A sequence number was left out.
    #[error("the change is number {found} of its actor; number {expected} must come first")]
    SeqGap {
        /// Its number.
        found: u64,
        /// The number that would follow.
        expected: u64,
    },
    /// The sequence number was used before, with other content.
    #[error("the change is number {seq} of its actor, and another change had that number")]
    SeqTaken {
        /// Its number.
        seq: u64,
    },
    /// It does not build on its actor's previous change.
    #[error("change number {seq} of its actor does not build on the actor's previous change")]
    Forked {
        /// Its number.
        seq: u64,
    },
    /// The first counter is too low or too high.
    #[error("the change counts from {found}; from {least} to {most} fits what it builds on")]
    StartOp {
        /// What it counts from.
        found: u64,
        /// The lowest that fits.
        least: u64,
        /// The highest that fits.
        most: u64,
    },
    /// The document's counters would come near their end.
    #[error("the change counts beyond {limit}, where documents end")]
    Exhausted {
        /// The highest counter.
        limit: u64,
    },
    /// Refers to something that is not in its past.
    #[error("the change refers to {what} that is not in what it builds on")]
    Reference {
        /// What is missing.
        what: &'static str,
    },
    /// A mark ends before it starts.
    #[error("the change sets a mark whose end does not follow its start")]
    MarkOrder,
}

/// The guard of one document.
#[derive(Debug, Clone)]
pub struct Gate {
    kind: DocKind,
    table: Table,
    /// Changes that wait, by hash; their order of arrival; for each missing change, who waits for it.
    held: BTreeMap<ChangeHash, Held>,
    waiting: BTreeMap<ChangeHash, Vec<ChangeHash>>,
    held_bytes: usize,
    refused: Vec<(ChangeHash, Refusal)>,
    /// Changes that do not count, and those that build on them.
    void: BTreeSet<ChangeHash>,
    /// One of those has come as one that counts.
    is_stale: bool,
}

#[derive(Debug, Clone)]
struct Held {
    parsed: Parsed,
    change: Change,
    missing: usize,
}

impl Gate {
    /// The gate of a new document: it knows the kind's first change and nothing else.
    pub fn new(kind: DocKind) -> Self {
        let mut gate = Self {
            kind,
            table: Table::default(),
            held: BTreeMap::new(),
            waiting: BTreeMap::new(),
            held_bytes: 0,
            refused: Vec::new(),
            void: BTreeSet::new(),
            is_stale: false,
        };
        gate.trust(&Document::genesis(kind));
        gate
    }

    /// The gate of a document as it stands. Makes its whole history anew (up to twice as long as loading it).
    pub fn of(document: &Document) -> Self {
        let mut gate = Self::new(document.kind());
        for change in document.automerge().get_changes(&[]) {
            gate.trust(&change);
        }
        gate
    }

    /// The gate of a document that has just been loaded from these bytes: what [`Gate::of`] gives, in a twentieth of the
    /// time. It must be asked with the document at hand ([`Gate::admit_beside`], [`Gate::learn_beside`]). None when the
    /// bytes are not the document's, not whole, or not written as expected.
    pub fn read(document: &Document, saved: &[u8]) -> Option<Self> {
        let table = Table::read(document.automerge(), saved).ok()?;
        Some(Self {
            table,
            ..Self::new(document.kind())
        })
    }

    /// Whether this gate, beside its document, has let through what another one has, in the same order. What they hold is
    /// not compared.
    pub fn is_like(&self, document: &Document, other: &Self) -> bool {
        self.kind == other.kind && self.table.is_like(Some(document.automerge()), &other.table)
    }

    fn trust(&mut self, change: &Change) {
        if self.table.has(None, &change.hash()) {
            return;
        }
        // A document only holds what a gate let through, or what was written here, which `learn` has checked.
        if let Ok(parsed) = chunk::open(change.raw_bytes()).and_then(Parsed::read) {
            let _ = self.table.trust(&parsed);
        }
    }

    /// Takes in a change of one's own (as [`Document::take_changes`] gives it), before it is sent. An error means that
    /// others would refuse it: that is a fault of ours, and the change must not be sent.
    pub fn learn(&mut self, chunk: &[u8]) -> Result<ChangeHash, Refusal> {
        self.try_learn(None, chunk)
    }

    /// [`Gate::learn`] for a gate that was [read](Gate::read).
    pub fn learn_beside(&mut self, document: &Document, chunk: &[u8]) -> Result<ChangeHash, Refusal> {
        self.try_learn(Some(document.automerge()), chunk)
    }

    fn try_learn(&mut self, document: Past<'_>, chunk: &[u8]) -> Result<ChangeHash, Refusal> {
        let parsed = Parsed::read(chunk::open(chunk)?)?;
        let hash = parsed.hash;
        if !self.table.has(document, &hash) {
            parsed.canonical()?;
            self.table.add(document, &parsed)?;
        }
        Ok(hash)
    }

    /// Judges a change from outside. `chunk` is one change chunk of Automerge, compressed or not.
    pub fn admit(&mut self, binding: &Binding, chunk: &[u8]) -> Verdict {
        self.try_admit(None, binding, chunk).unwrap_or_else(Verdict::Refuse)
    }

    /// [`Gate::admit`] for a gate that was [read](Gate::read).
    pub fn admit_beside(&mut self, document: &Document, binding: &Binding, chunk: &[u8]) -> Verdict {
        self.try_admit(Some(document.automerge()), binding, chunk)
            .unwrap_or_else(Verdict::Refuse)
    }

    fn try_admit(&mut self, document: Past<'_>, binding: &Binding, chunk: &[u8]) -> Result<Verdict, Refusal> {
        if binding.kind != self.kind {
            return Err(Refusal::OtherLog {
                found: binding.kind,
                expected: self.kind,
            });
        }
        let chunk = chunk::open(chunk)?;
        if self.table.has(document, &chunk.hash) || self.held.contains_key(&chunk.hash) {
            return Ok(Verdict::Known);
        }
        let parsed = Parsed::read(chunk)?;
        if !is_actor_of(&parsed.actors[0], &binding.actor()) {
            return Err(Refusal::OtherActor);
        }
        let change = parsed.canonical()?;
        if parsed.deps.iter().any(|dep| self.void.contains(dep)) {
            self.forget_forever(parsed.hash);
            return Ok(Verdict::Void);
        }
        // What built on it was passed over, here or before the document was saved.
        self.is_stale |= self.void.remove(&parsed.hash);
        let missing: Vec<ChangeHash> = parsed
            .deps
            .iter()
            .filter(|dep| !self.table.has(document, dep))
            .copied()
            .collect();
        if missing.is_empty() {
            self.table.add(document, &parsed)?;
            let mut changes = vec![change];
            self.release(document, parsed.hash, &mut changes);
            return Ok(Verdict::Apply(changes));
        }
        if self.held.len() == MAX_HELD || self.held_bytes + parsed.bytes.len() > MAX_HELD_BYTES {
            return Ok(Verdict::Full(Full {
                changes: self.held.len(),
                bytes: self.held_bytes,
            }));
        }
        self.held_bytes += parsed.bytes.len();
        for dep in &missing {
            self.waiting.entry(*dep).or_default().push(parsed.hash);
        }
        self.held.insert(
            parsed.hash,
            Held {
                missing: missing.len(),
                parsed,
                change,
            },
        );
        Ok(Verdict::Hold)
    }

    /// Lets through what waited for a change and now has all that it builds on.
    fn release(&mut self, document: Past<'_>, hash: ChangeHash, changes: &mut Vec<Change>) {
        let mut come = VecDeque::from([hash]);
        while let Some(hash) = come.pop_front() {
            for waiter in self.waiting.remove(&hash).unwrap_or_default() {
                let Some(held) = self.held.get_mut(&waiter) else {
                    continue;
                };
                held.missing -= 1;
                if held.missing > 0 {
                    continue;
                }
                let Some(held) = self.held.remove(&waiter) else {
                    continue;
                };
                self.held_bytes -= held.parsed.bytes.len();
                match self.table.add(document, &held.parsed) {
                    Ok(()) => {
                        changes.push(held.change);
                        come.push_back(waiter);
                    }
                    Err(refusal) => self.refused.push((waiter, refusal)),
                }
            }
        }
    }

    /// A change came in an envelope that does not count: it never comes, nor does what builds on it, and those held ones that
    /// wait for it are let go. Only a change of the session that signed the envelope is taken for one: whoever does not count
    /// must not make others' changes void by copying them. A change that was let through, learned or held came in an envelope
    /// that counts, and stays. Gives whether something is known now that was not.
    pub fn void(&mut self, binding: &Binding, chunk: &[u8]) -> bool {
        self.try_void(None, binding, chunk)
    }

    /// [`Gate::void`] for a gate that was [read](Gate::read).
    pub fn void_beside(&mut self, document: &Document, binding: &Binding, chunk: &[u8]) -> bool {
        self.try_void(Some(document.automerge()), binding, chunk)
    }

    fn try_void(&mut self, document: Past<'_>, binding: &Binding, chunk: &[u8]) -> bool {
        let Ok(chunk) = chunk::open(chunk) else { return false };
        let hash = chunk.hash;
        let is_theirs = change::writer(&chunk).is_ok_and(|(actor, _)| is_actor_of(&actor, &binding.actor()));
        let counts = self.table.has(document, &hash) || self.held.contains_key(&hash);
        if binding.kind != self.kind || !is_theirs || counts || self.void.contains(&hash) {
            return false;
        }
        self.forget_forever(hash)
    }

    /// Remembers that a change never comes, and lets go what waited for it.
    fn forget_forever(&mut self, hash: ChangeHash) -> bool {
        let before = self.void.len();
        let mut void = VecDeque::from([hash]);
        while let Some(hash) = void.pop_front() {
            if self.void.len() == MAX_VOID {
                break;
            }
            self.void.insert(hash);
            for waiter in self.waiting.remove(&hash).unwrap_or_default() {
                let Some(held) = self.held.remove(&waiter) else {
                    continue;
                };
                self.held_bytes -= held.parsed.bytes.len();
                for dep in &held.parsed.deps {
                    if let Some(others) = self.waiting.get_mut(dep) {
                        others.retain(|other| *other != waiter);
                        if others.is_empty() {
                            self.waiting.remove(dep);
                        }
                    }
                }
                void.push_back(waiter);
            }
        }
        self.void.len() > before
    }

    /// Changes that are known not to count, or to build on such: what is to be kept with the document and
    /// [given back](Gate::knows_void) when it is loaded.
    pub fn voided(&self) -> impl ExactSizeIterator<Item = &ChangeHash> {
        self.void.iter()
    }

    /// Takes back what [`Gate::voided`] gave; at most [`MAX_VOID`] are known.
    pub fn knows_void(&mut self, changes: impl IntoIterator<Item = ChangeHash>) {
        self.void.extend(changes.into_iter().take(MAX_VOID));
    }

    /// Whether a change counts now that was known not to: what built on it has been passed over, so that the document is to
    /// be made anew.
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Whether a change is known not to count, or to build on one that does not.
    pub fn is_void(&self, hash: &ChangeHash) -> bool {
        self.void.contains(hash)
    }

    /// Whether a change waits for others.
    pub fn holds(&self, hash: &ChangeHash) -> bool {
        self.held.contains_key(hash)
    }

    /// Changes that were held and then refused, since the last call. Those that build on them stay held.
    pub fn take_refused(&mut self) -> Vec<(ChangeHash, Refusal)> {
        std::mem::take(&mut self.refused)
    }

    /// Whether a change has been let through or learned, or was in the document that the gate was [made of](Gate::of).
    pub fn has(&self, hash: &ChangeHash) -> bool {
        self.table.has(None, hash)
    }

    /// How many changes wait for others.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Changes that held ones wait for and that are not held themselves.
    pub fn missing(&self) -> Vec<ChangeHash> {
        self.waiting
            .keys()
            .filter(|hash| !self.held.contains_key(hash))
            .copied()
            .collect()
    }

    /// How many changes the document has, its first one included.
    pub fn changes(&self) -> usize {
        self.table.len()
    }
}

/// Whether a change keeps to the limits that every gate sets, whatever it builds on.
pub(crate) fn check_size(chunk: &[u8]) -> Result<(), Refusal> {
    Parsed::read(chunk::open(chunk)?).map(drop)
}

/// Whether a change's actor is the session's, or one that Automerge derived from it for a branch.
fn is_actor_of(actor: &[u8], session: &[u8]) -> bool {
    actor == session || branch_of(actor).is_some_and(|base| base == session)
}

/// The actor of a session's branch, numbered from 1: a session that begins a document anew writes on as another actor, so
/// that nothing it writes then has the name of something that it wrote before.
pub fn branch_actor(session: &[u8; 16], branch: u64) -> Vec<u8> {
    let mut actor = DERIVED.to_vec();
    chunk::write_uleb(&mut actor, branch.clamp(1, MAX_BRANCH));
    actor.extend_from_slice(session);
    actor
}

/// The session's actor behind an actor: itself, or the one that Automerge derived it from.
pub fn session_of(actor: &[u8]) -> &[u8] {
    branch_of(actor).unwrap_or(actor)
}

fn branch_of(actor: &[u8]) -> Option<&[u8]> {
    let derived = actor.strip_prefix(&DERIVED)?;
    let mut input = bytes::Bytes::new(derived);
    let branch = input.uleb().ok().filter(|branch| (1..=MAX_BRANCH).contains(branch))?;
    let mut shortest = Vec::new();
    chunk::write_uleb(&mut shortest, branch);
    derived.starts_with(&shortest).then_some(input.rest())
}
