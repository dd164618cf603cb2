//! [`Replica`]: one investigation on one device, in one session.
//!
//! # The loop a caller writes
//!
//! - Make a replica with [`Replica::found`], [`Replica::join`] or [`Replica::load`]; do the [`Output`]s that come with it.
//! - Tell it what happens: [`Replica::connected`], [`Replica::disconnected`], [`Replica::frame`], [`Replica::stored`], and
//!   [`Replica::tick`] about twice a second (nothing depends on its being exact).
//! - Name the documents that are wanted with [`Replica::watch`]; give it what is written with [`Replica::write`].
//!
//! Every method takes the time (milliseconds since 1970) and, where something random is needed, a source of random bytes.
//!
//! # Rows
//!
//! What must survive comes out as [`Output::Store`]: rows of named tables. The caller writes each batch in one transaction,
//! durably, in the order in which they come (and before anything that it writes itself afterwards), and says
//! [`Replica::stored`]. Frames that rely on a batch come out only after that: an envelope is on this device's disk before
//! it is sent. All rows of an investigation together are what [`Replica::load`] takes. Sessions (tabs) of one device may
//! share the rows: nothing in them belongs to one session alone. [`Replica::rows`] takes the batches of another session.
//!
//! # What is delivered
//!
//! For each document an envelope is delivered once to a replica, and a session's envelopes in the order of their counters,
//! with none left out. So what a caller has taken of a document is a number for each session in each log ([`Seen`]); it saves that with
//! the document, in one transaction, and gives it to [`Replica::watch`] after a restart: what it had not saved is delivered
//! again, its own included. One's own envelopes are not delivered while the session runs; [`Output::Sealed`] tells their
//! counters.
//!
//! A document of which nothing is here may come whole instead ([`Output::Whole`]), when somebody has put it together
//! ([`Output::SnapshotDue`], [`Replica::snapshot`]): the caller looks whether everything in it was signed for, and says so
//! ([`Replica::took`]). What was written since is delivered as ever.
//!
//! # Files
//!
//! [`Replica::put_blob`] keeps a file's bytes and gives the name that a document has instead of them; [`Replica::want_blob`]
//! brings them where somebody looks, as [`Output::Blob`]. Nothing of them comes otherwise. What is here of them lies on the disk: a
//! replica knows its pieces by their names, and asks for a row when it needs one ([`Output::ReadChunk`]).

mod api;
mod blobs;
mod chunks;
mod closing;
mod door;
mod doubt;
mod editors;
mod epochs;
mod everything;
mod fate;
mod group;
mod held;
mod intake;
mod link;
mod log;
mod members;
mod rows;
mod snapshots;
mod start;
mod visits;
mod wire;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use komuz_seal::Entropy;
use komuz_seal::blob::Blob;
use komuz_seal::bytes::{Digest, EnvelopeId, EpochId, InviteId, LogId, MemberId, PublicKey, SessionId, Start};
use komuz_seal::charter::{Charter, MemberCard, OutletCard, Role};
use komuz_seal::device::Device;
use komuz_seal::doc::{DocId, MAX_NAME};
use komuz_seal::editors::EditorsSecret;
use komuz_seal::envelope::{Kind, MAX_CONTENT, MAX_PAYLOADS, NO_PREVIOUS, Statement};
use komuz_seal::epoch::EpochKey;

pub use api::{
    Binding, CommandError, Delivery, Founding, Invitation, Joining, LoadError, MAX_PAYLOAD, Me, OpenInvitation, Output,
    Payload, RefusedJoin, RelayId, RelayState, Request, Row, Seen, Server, State, Track, Whole,
};
pub use blobs::MAX_WANTED;
pub use chunks::KEPT_BYTES;
pub use doubt::Doubt;
pub use rows::{CHUNKS, TABLES};

use chunks::Chunks;
use door::{Door, MyInvite, Waiting};
use held::Held;
use intake::Origin;
use link::Link;
use log::Log;
use rows::{JoiningRow, MeRow, Pending};
use snapshots::Snapshots;

/// By how much the steady clock moves at most from one call to the next, in milliseconds: a device that slept and one whose
/// clock was set waits as long as others from there on, and neither gives a relay up for it nor suspects it.
const LONGEST_STEP: u64 = 60_000;

/// The time and a source of random bytes.
struct Moment<'a> {
    /// A clock that never goes back, for all that waits.
    now: u64,
    /// What the device says that it is now, for what ends at a time that others named.
    wall: u64,
    entropy: Entropy<'a>,
}

/// One investigation on one device, in one session. See the module for how it is used.
#[derive(Debug)]
pub struct Replica {
    device: Device,
    start: Start,
    session: SessionId,
    charter: Charter,
    /// The key that this device came in with; none while a join waits for its welcome. All others follow from it, the charter
    /// and the device's own key.
    epoch: Option<EpochKey>,
    /// All epochs of which this device has the key.
    keys: BTreeMap<EpochId, EpochKey>,
    /// The epoch to write in; none while somebody has the key of the last who is in no more.
    current: Option<EpochId>,
    /// The last epoch that counts and gives all the same, whoever has its key.
    newest: Option<EpochId>,
    /// Whether somebody has a key that does not lead to all that is written.
    strays: bool,
    /// All epochs, in their order.
    order: Vec<EpochId>,
    /// What was found of rotations: whether they give all the same.
    rotations: BTreeMap<Digest, bool>,
    /// Editors' secrets that were handed to this device.
    editors: BTreeMap<EpochId, EditorsSecret>,
    /// Which device has handed an epoch's editors' secret to which.
    handed: BTreeMap<EpochId, BTreeSet<(PublicKey, PublicKey)>>,
    /// When this device, an editor's, makes a rotation that is lacking.
    rotates_at: Option<u64>,
    /// When this device, an editor's, looks whether logs of earlier epochs are to be closed.
    closes_at: Option<u64>,
    /// None until the charter says what this device is.
    me: Option<Me>,
    waiting: Option<Waiting>,
    invites: BTreeMap<InviteId, MyInvite>,
    doors: Vec<Door>,
    logs: BTreeMap<LogId, Log>,
    /// A document's logs, by epoch.
    docs: BTreeMap<DocId, BTreeMap<EpochId, LogId>>,
    /// Documents that the caller wants.
    watched: BTreeSet<DocId>,
    /// By [`RelayId`]; never removed from.
    links: Vec<Link>,
    /// What is known of snapshots.
    snapshots: Snapshots,
    /// What waits for something that it builds on.
    held: Held,
    /// Sessions that have numbered two things alike.
    forked: BTreeSet<SessionId>,
    /// Whose writing may not count, whoever that is of those whose writing is here, and whether entries have come since that
    /// was judged.
    contested: BTreeSet<PublicKey>,
    judges_again: bool,
    /// Which device a session is of, where that is known.
    writers: BTreeMap<SessionId, PublicKey>,
    /// Sessions of which it was said that something of them does not count.
    cut_said: BTreeSet<SessionId>,
    /// Documents in which something of this session does not count: it writes there no more.
    cut_here: BTreeSet<DocId>,
    /// Own envelopes that no relay is known to have.
    alone: BTreeSet<EnvelopeId>,
    /// Number of the last batch handed out, and of the last on the disk.
    batch: u64,
    durable: u64,
    /// Number of the last envelope accepted.
    place: u64,
    /// The newest presence of each session in each log, and of this one.
    heard: BTreeMap<(LogId, SessionId), u64>,
    /// Files that somebody looks at and that are not here.
    wanted_blobs: Vec<Blob>,
    chunks: Chunks,
    spoken: u64,
    /// The last presence messages that came, and how many were looked at until when.
    echoes: VecDeque<EnvelopeId>,
    listened: (u64, u64),
    clock: u64,
    wall: u64,
    complained: BTreeSet<&'static str>,
    out: Vec<Output>,
    rows: Pending,
    shown: State,
}

impl<'a> Moment<'a> {
    fn first(now: u64, entropy: Entropy<'a>) -> Self {
        let wall = now;
        Self { now, wall, entropy }
    }
}

/// What comes back from making a replica.
pub type Made<E> = Result<(Replica, Vec<Output>), E>;

fn fail(code: &'static str, sentence: &str) -> CommandError {
    CommandError {
        code,
        sentence: sentence.to_owned(),
    }
}

fn not_joined() -> CommandError {
    fail(
        "not-joined",
        "this device is not in the investigation yet: an editor has to confirm it",
    )
}

impl Replica {
    /// Founds an investigation, with a new device. Errors: `outlet-card`, `title`, `name`, `server-address` when a text is
    /// empty or too long or the outlet has too few release keys.
    pub fn found(founding: Founding, now: u64, entropy: Entropy<'_>) -> Made<CommandError> {
        start::found(founding, &mut Moment::first(now, entropy))
    }

    /// Uses an invitation, with a new device. The replica waits until an editor has confirmed ([`Output::Joined`]); until
    /// then only its connection is of use. Errors: `invite-unreadable`, `invite-ended`, and those of [`Self::found`].
    pub fn join(joining: Joining, now: u64, entropy: Entropy<'_>) -> Made<CommandError> {
        start::join(joining, &mut Moment::first(now, entropy))
    }

    /// Starts a new session from stored rows: (table, key, value). Rows of tables that it does not know are passed over,
    /// as are rows that cannot be read, with an [`Output::Trouble`]: what they held is asked for again. Errors: the row of
    /// the device itself. Of the table [`CHUNKS`] the keys are enough.
    pub fn load(
        rows: impl IntoIterator<Item = (String, Vec<u8>, Vec<u8>)>,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Made<LoadError> {
        start::load(rows.into_iter().collect(), &mut Moment::first(now, entropy))
    }

    /// A stored row as it can lie among rows that were stored at another time: an envelope is judged by them at the next
    /// [`Self::load`]. None when it is damaged, as far as that shows in who the device is and in envelopes.
    pub fn row_among_others(table: &str, key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        rows::among_others(table, key, value).ok()
    }

    fn turn(&mut self, now: u64, entropy: Entropy<'_>, work: impl FnOnce(&mut Self, &mut Moment<'_>)) -> Vec<Output> {
        let mut m = self.moment(now, entropy);
        work(self, &mut m);
        self.judge_again(&mut m);
        self.finish()
    }

    fn moment<'a>(&mut self, wall: u64, entropy: Entropy<'a>) -> Moment<'a> {
        self.clock += wall.saturating_sub(self.wall).min(LONGEST_STEP);
        self.wall = wall;
        let now = self.clock;
        Moment { now, wall, entropy }
    }

    /// What has come together: rows first, so that they are on their way to the disk before anything that follows.
    fn finish(&mut self) -> Vec<Output> {
        self.keep_to_own();
        self.let_chunks_go();
        let mut out = core::mem::take(&mut self.out);
        let rows = self.rows.take();
        if !rows.is_empty() {
            self.batch += 1;
            out.insert(
                0,
                Output::Store {
                    batch: self.batch,
                    rows,
                },
            );
        }
        let state = self.state();
        if state != self.shown {
            self.shown = state;
            out.push(Output::State);
        }
        out
    }

    fn try_turn<T>(
        &mut self,
        now: u64,
        entropy: Entropy<'_>,
        work: impl FnOnce(&mut Self, &mut Moment<'_>) -> Result<T, CommandError>,
    ) -> Result<(T, Vec<Output>), CommandError> {
        let mut m = self.moment(now, entropy);
        let done = work(self, &mut m)?;
        self.judge_again(&mut m);
        Ok((done, self.finish()))
    }

    /// A connection is open.
    pub fn connected(&mut self, relay: RelayId, now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        self.turn(now, entropy, |replica, m| replica.on_connected(relay, m))
    }

    /// A connection is closed, or could not be opened.
    pub fn disconnected(&mut self, relay: RelayId, now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        self.turn(now, entropy, |replica, m| replica.on_disconnected(relay, m))
    }

    /// A frame has come.
    pub fn frame(&mut self, relay: RelayId, bytes: &[u8], now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        self.turn(now, entropy, |replica, m| replica.on_frame(relay, bytes, m))
    }

    /// The rows of a batch (and of all before it) are on disk.
    pub fn stored(&mut self, batch: u64, now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        self.turn(now, entropy, |replica, m| {
            replica.durable = replica.durable.max(batch.min(replica.batch));
            replica.push_all(m);
        })
    }

    /// Time has passed.
    pub fn tick(&mut self, now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        self.turn(now, entropy, |replica, m| {
            replica.close_doors(m.wall);
            replica.on_tick(m);
        })
    }

    /// Rows that another session of this device has stored (its batches, over a broadcast channel).
    pub fn rows(
        &mut self,
        rows: impl IntoIterator<Item = (String, Vec<u8>, Option<Vec<u8>>)>,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Vec<Output> {
        let rows: Vec<_> = rows.into_iter().collect();
        self.turn(now, entropy, |replica, m| replica.take_rows(&rows, m))
    }

    /// Wants a document: what is stored of it beyond `seen` is delivered, then what comes. Naming it again delivers again
    /// what is beyond. Where `seen` has something that does not count any more, [`Output::Rebuild`] comes instead. The charter is watched always; before the join is confirmed nothing can be watched.
    pub fn watch(&mut self, doc: &DocId, seen: &Seen, now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        self.turn(now, entropy, |replica, m| {
            if replica.me.is_none() || doc.is_kept_apart() || !has_short_names(doc) {
                return;
            }
            // Whoever has a server's ticket opens the logs there, also for those who have none.
            replica.add_document(&DocId::Blobs, m);
            replica.add_document(&DocId::Snapshots, m);
            replica.look_for_snapshot(doc, seen);
            replica.add_document(doc, m);
            replica.tend_wanted(m);
            let logs = replica.logs_of(doc);
            if logs.iter().any(|log| replica.has_too_much(log, seen)) {
                replica.let_rebuild(doc, false);
                return;
            }
            replica.watched.insert(doc.clone());
            if logs.iter().any(|log| replica.lacks_covered(log, seen)) {
                replica.owe(doc, seen);
                return;
            }
            for log in &logs {
                replica.deliver_stored(*log, seen);
            }
            for log in logs {
                replica.tell_all_void(log);
            }
        })
    }

    /// Seals payloads for a document that is watched, as one envelope or several. All changes among them are made by this
    /// session's one actor. Errors: `not-joined`, `not-watched`, `no-key` ([`Self::has_key`]), `session-cut`, `role` when one may not write there, `payload-too-large`, and
    /// those of [`Self::may_write`]; nothing is written then.
    pub fn write(
        &mut self,
        doc: &DocId,
        payloads: Vec<Payload>,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Result<Vec<Output>, CommandError> {
        let ((), out) = self.try_turn(now, entropy, |replica, m| {
            let me = replica.me.as_ref().ok_or_else(not_joined)?;
            if !me.member.role.may_write(doc) || doc.is_kept_apart() {
                let sentence = format!("as {} you may not write there", me.member.role.name());
                return Err(fail("role", &sentence));
            }
            if !replica.watched.contains(doc) {
                return Err(fail(
                    "not-watched",
                    "the document has to be watched before it is written to",
                ));
            }
            if let Some(large) = payloads.iter().find(|payload| payload.bytes.len() > MAX_PAYLOAD) {
                let sentence = format!("a payload of {} bytes is longer than {MAX_PAYLOAD}", large.bytes.len());
                return Err(fail("payload-too-large", &sentence));
            }
            if payloads.is_empty() {
                return Ok(());
            }
            replica.may_write()?;
            if replica.cut_here.contains(doc) {
                return Err(fail(
                    "session-cut",
                    "what was written here lately does not count: open the investigation anew to write on",
                ));
            }
            let (log, counter, ids) = replica.seal_all(doc, Kind::Changes, payloads, m)?;
            replica.out.push(Output::Sealed {
                doc: doc.clone(),
                log,
                counter,
                ids,
            });
            Ok(())
        })?;
        Ok(out)
    }

    /// The caller has looked at a document that came whole ([`Output::Whole`]), by its announcement: it has taken it, or says in half
    /// a sentence why not, and then the one before it is tried, or the envelopes. What was taken is on the disk before anything
    /// that comes out of here.
    pub fn took(
        &mut self,
        doc: &DocId,
        id: &EnvelopeId,
        taken: Result<(), &str>,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Vec<Output> {
        self.turn(now, entropy, |replica, m| replica.end_offer(doc, id, taken, m))
    }

    /// The caller has loaded a document freshly ([`Output::Compare`]): everything in it is in what the caller has, or why it is not
    /// the same.
    pub fn compared(
        &mut self,
        doc: &DocId,
        id: &EnvelopeId,
        equal: Result<(), &str>,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Vec<Output> {
        self.turn(now, entropy, |replica, m| replica.end_comparison(doc, id, equal, m))
    }

    /// Puts a whole document together for who comes later, when [`Output::SnapshotDue`] has asked for it: its bytes, what is in it,
    /// and the hashes of the last change of each actor. Errors: `snapshot-not-now` where something of it is still on its way,
    /// is left aside or was numbered twice, `snapshot-not-worth`, `payload-too-large`, `no-key`, `role`, and those of [`Self::may_write`].
    pub fn snapshot(
        &mut self,
        doc: &DocId,
        seen: &Seen,
        last: &BTreeSet<Digest>,
        bytes: Vec<u8>,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| {
            replica.put_snapshot(doc, seen, last, bytes, m)
        })
        .map(|((), out)| out)
    }

    /// Whether this device may write at all, by what it knows of the charter. Errors: `needs-update`, `removed` when its member
    /// or outlet was taken out, `device-removed` when it alone was, `invite-used` when another has come in by the same invitation.
    pub fn may_write(&self) -> Result<(), CommandError> {
        // What is written now would not build on what the newer version has said: others would not know what to make of it.
        if self.charter.needs_update() {
            return Err(fail(
                "needs-update",
                "the members have decided something that this Komuz does not understand: update it before you write on",
            ));
        }
        let device = self.device.id();
        if self.me.is_some() && self.charter.was_removed(&device) {
            let member = self.me.as_ref().map(|me| me.member.id);
            if self.members().iter().any(|other| Some(other.id) == member) {
                return Err(fail(
                    "device-removed",
                    "this device was taken out of the investigation: what is on it stays here, and nothing more is sent",
                ));
            }
            return Err(fail(
                "removed",
                "you are in this investigation no more: what is on this device stays here, and nothing more is sent",
            ));
        }
        if self.me.is_some() && self.charter.member_of(&device).is_none() {
            return Err(fail(
                "invite-used",
                "another person has come in by the same invitation: ask for a new one",
            ));
        }
        Ok(())
    }

    /// Signs, seals and keeps one piece that the replicas themselves read.
    fn seal_one(&mut self, kind: Kind, bytes: Vec<u8>, m: &mut Moment<'_>) -> Result<(), CommandError> {
        let payload = Payload { bytes, ends: None };
        self.seal_all(&DocId::Charter, kind, vec![payload], m).map(|_| ())
    }

    /// Signs, seals and keeps payloads, as few envelopes as they fit in. The log, counter of the last, and all ids.
    fn seal_all(
        &mut self,
        doc: &DocId,
        kind: Kind,
        payloads: Vec<Payload>,
        m: &mut Moment<'_>,
    ) -> Result<(LogId, u64, Vec<EnvelopeId>), CommandError> {
        self.may_write()?;
        let log = self.log_to_write(doc)?;
        self.seal_in(log, kind, payloads, m)
    }

    /// As [`Self::seal_all`], in a certain log.
    fn seal_in(
        &mut self,
        log_id: LogId,
        kind: Kind,
        payloads: Vec<Payload>,
        m: &mut Moment<'_>,
    ) -> Result<(LogId, u64, Vec<EnvelopeId>), CommandError> {
        let mut groups: Vec<Vec<Payload>> = Vec::new();
        let mut room = 0;
        for payload in payloads {
            match groups
                .last_mut()
                .filter(|group| payload.bytes.len() <= room && group.len() < MAX_PAYLOADS)
            {
                Some(group) => {
                    room -= payload.bytes.len();
                    group.push(payload);
                }
                None => {
                    room = MAX_CONTENT.min(MAX_PAYLOAD).saturating_sub(payload.bytes.len());
                    groups.push(vec![payload]);
                }
            }
        }
        let (mut counter, mut ids) = (0, Vec::new());
        for payloads in groups {
            let log = self.logs.get(&log_id).ok_or_else(not_joined)?;
            let tail = log.tails.get(&self.session);
            counter = tail.map_or(1, |tail| tail.counter + 1);
            let statement = Statement {
                kind,
                device: self.device.id(),
                start: self.start,
                counter,
                previous: tail.map_or(NO_PREVIOUS, |tail| tail.id),
                charter: self.charter.heads(&self.device.id()),
                last: payloads
                    .iter()
                    .rev()
                    .find_map(|payload| payload.ends)
                    .into_iter()
                    .collect(),
                payloads: payloads.into_iter().map(|payload| payload.bytes).collect(),
            };
            let sealed = statement
                .seal(&self.device, &log.keys, m.entropy)
                .map_err(|why| fail("payload-too-large", &why.to_string()))?;
            ids.push(komuz_seal::chain::envelope_id(&sealed));
            self.take(log_id, &sealed, Origin::Here, m);
        }
        Ok((log_id, counter, ids))
    }

    /// Tells those who watch the document now (at most 2 KB; the caller throttles). Not stored, may be lost.
    pub fn presence(&mut self, doc: &DocId, bytes: &[u8], now: u64, entropy: Entropy<'_>) -> Vec<Output> {
        self.turn(now, entropy, |replica, m| {
            if let Ok(log) = replica.log_to_write(doc) {
                replica.send_presence(log, bytes, m);
            }
        })
    }

    /// Makes an invitation into the own outlet (its id or name) or, by any other name, into a new outlet, whose first
    /// member is an editor. Errors: `not-joined`, `not-an-editor`, `outlet-name`, `other-outlet` (its own editors invite),
    /// `first-is-editor`, `no-server`.
    pub fn invite(
        &mut self,
        outlet: &str,
        role: Role,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Result<(Invitation, Vec<Output>), CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.make_invite(outlet, role, m))
    }

    /// Makes an invitation for one more device of this member, whatever their role. The new device uses it with [`Self::join`];
    /// it asks as anybody does who comes by an invitation, and this device confirms after the codes were compared. Errors:
    /// those of [`Self::may_write`], `not-joined`, `no-server`.
    pub fn invite_device(&mut self, now: u64, entropy: Entropy<'_>) -> Result<(Invitation, Vec<Output>), CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.make_device_invite(m))
    }

    /// The invitations of this device that somebody may still use.
    pub fn invitations(&self) -> Vec<OpenInvitation> {
        self.open_invites()
    }

    /// Takes an invitation back: whoever uses it, or has used it and waits, is turned down. Errors: `no-invite`, `invite-used`.
    pub fn revoke(&mut self, invite: &InviteId, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.take_back(invite, m))
            .map(|((), out)| out)
    }

    /// Admits who made a request, after the codes were compared. Errors: those of [`Self::may_write`], `not-joined`, `not-an-editor`
    /// (not for a device of one's own), `no-key`, `no-request`, `invite-used`, `invite-ended`, `no-effect`, `bad-device`.
    pub fn confirm(&mut self, request: &Digest, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.confirm_request(request, m))
            .map(|((), out)| out)
    }

    /// Turns a request down; its invitation is used by that. Errors: `no-request`, `invite-used`.
    pub fn refuse(&mut self, request: &Digest, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.refuse_request(request, m))
            .map(|((), out)| out)
    }

    /// Takes a member out of the investigation, or oneself. What they have written and is here counts; what comes later does
    /// not. Errors: those of [`Self::may_write`], `no-right`.
    pub fn remove(&mut self, member: &MemberId, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.say_removed(member, m))
            .map(|((), out)| out)
    }

    /// Gives a member another role. With a lesser one, what they write without knowing of it counts as far as that role may
    /// write it. Errors: those of [`Self::may_write`], `no-right`.
    pub fn give_role(
        &mut self,
        member: &MemberId,
        role: Role,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.say_role(member, role, m))
            .map(|((), out)| out)
    }

    /// Takes a device out: one's own that was lost, or one of somebody whom one may remove. Errors as of [`Self::remove`].
    pub fn remove_device(
        &mut self,
        device: &PublicKey,
        now: u64,
        entropy: Entropy<'_>,
    ) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.say_device_removed(device, m))
            .map(|((), out)| out)
    }

    /// Votes that another outlet goes; it is out when all others have said so, at least two. Errors as of [`Self::remove`].
    pub fn expel(&mut self, outlet: &str, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.say_expelled(outlet, m))
            .map(|((), out)| out)
    }

    /// The own outlet leaves the investigation; everybody keeps what they have. Errors as of [`Self::remove`].
    pub fn part(&mut self, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.say_parted(m))
            .map(|((), out)| out)
    }

    /// Says that what a member has written and is left aside counts, as far as it is here. Errors: those of [`Self::may_write`],
    /// `no-right`, `nothing-aside`.
    pub fn adopt(&mut self, member: &MemberId, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| replica.say_counts(member, m))
            .map(|((), out)| out)
    }

    /// How many pieces of a member's writing are left aside.
    pub fn aside(&self, member: &MemberId) -> usize {
        self.count_aside(member)
    }

    /// Gives all who are in a new key, under which what is written from now on cannot be read by who is in no more. Every
    /// removal does so by itself. Errors: those of [`Self::may_write`], `not-an-editor`, `no-rotation` when there are more
    /// devices than an entry takes.
    pub fn rotate(&mut self, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| {
            replica.editor()?;
            replica.may_write()?;
            replica.make_rotation(m)
        })
        .map(|((), out)| out)
    }

    /// Whether there is a key under which to write; without one, what is written waits for an editor's device to make one.
    pub fn has_key(&self) -> bool {
        self.current.is_some()
    }

    /// Adds a server to the investigation (all members learn its address), or a ticket to one that it has. Errors:
    /// `not-joined`, `not-an-editor`, `server-address`.
    pub fn add_server(&mut self, server: Server, now: u64, entropy: Entropy<'_>) -> Result<Vec<Output>, CommandError> {
        self.try_turn(now, entropy, |replica, m| {
            if replica.me.is_none() {
                return Err(not_joined());
            }
            replica.put_server(&server, m)
        })
        .map(|((), out)| out)
    }

    /// This session: Automerge's actor id.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// What this device is; none while a join waits.
    pub fn me(&self) -> Option<&Me> {
        self.me.as_ref()
    }

    /// The working title.
    pub fn title(&self) -> &str {
        match &self.waiting {
            Some(waiting) => &waiting.invite.title,
            None => self.charter.title(),
        }
    }

    /// Id of the investigation: hash of the founding entry, in the charter and in every invitation.
    pub fn investigation(&self) -> Digest {
        self.charter.id()
    }

    /// Members in the order in which they came.
    pub fn members(&self) -> Vec<MemberCard> {
        self.charter.members()
    }

    /// Outlets in the order in which they came.
    pub fn outlets(&self) -> Vec<OutletCard> {
        self.charter.outlets().into_iter().cloned().collect()
    }

    /// The servers, in the order in which they became known here.
    pub fn servers(&self) -> Vec<Server> {
        self.links
            .iter()
            .map(|link| Server {
                url: link.url.clone(),
                ticket: link.ticket.clone(),
            })
            .collect()
    }

    /// Who waits for an editor of this device.
    pub fn requests(&self) -> Vec<Request> {
        self.all_requests(self.wall)
    }

    /// The code that a waiting join shows; none when nothing waits.
    pub fn joining_code(&self) -> Option<String> {
        self.waiting
            .as_ref()
            .map(|waiting| waiting.invite.code(&self.device.card()))
    }

    /// Connections and counts.
    pub fn state(&self) -> State {
        let relays = self.links.iter().enumerate().map(|(number, link)| RelayState {
            relay: RelayId(number as u32),
            url: link.url.clone(),
            reached: link.is_up(),
            in_sync: link.is_up() && link.lines.values().all(link::Line::is_in_sync),
            missing: link.lines.values().map(|line| line.unsent.len()).sum(),
        });
        State {
            relays: relays.collect(),
            unsent: self.alone.len(),
        }
    }

    fn put_me(&mut self) {
        self.me_row().put(&mut self.rows);
    }

    fn me_row(&self) -> MeRow {
        let joining = self.waiting.as_ref().map(|waiting| JoiningRow {
            invite: waiting.invite.to_bytes(),
            request: waiting.request,
            server: waiting.server.clone(),
        });
        MeRow {
            device: self.device.to_secret(),
            charter: self.charter.id(),
            epoch: self
                .epoch
                .as_ref()
                .map(|epoch| zeroize::Zeroizing::new(*epoch.secret())),
            joining,
        }
    }

    fn complain_once(&mut self, about: &'static str, sentence: impl FnOnce() -> String) {
        if self.complained.insert(about) {
            self.out.push(Output::Trouble(sentence()));
        }
    }
}

fn has_short_names(doc: &DocId) -> bool {
    match doc {
        DocId::Charter | DocId::Registers | DocId::Files | DocId::Blobs | DocId::Snapshots => true,
        DocId::Body { story, lang } | DocId::Notes { story, lang } | DocId::SignOffs { story, lang } => {
            story.len() <= MAX_NAME && lang.len() <= MAX_NAME
        }
    }
}
