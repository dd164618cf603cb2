//! The rows of a replica: their tables, keys and values. Every value starts with a version byte.

use std::collections::{BTreeMap, BTreeSet};

use komuz_seal::bytes::{Chain, Digest, EnvelopeId, InviteId, LogId, SessionId};
use komuz_seal::cbor::{CborError, Reader, Writer};
use komuz_seal::chain;
use komuz_seal::doc::DocId;
use komuz_seal::envelope;
use komuz_seal::snapshot::{Announcement, MAX_COPIES, MAX_PLACES, Place};
use zeroize::Zeroizing;

use super::{LoadError, Row};

pub(super) const ME: &str = "me";
pub(super) const SERVERS: &str = "servers";
pub(super) const LOGS: &str = "logs";
pub(super) const ENVELOPES: &str = "envelopes";
pub(super) const UNSENT: &str = "unsent";
pub(super) const CURSORS: &str = "cursors";
pub(super) const INVITES: &str = "invites";
/// The table of files' chunks, which are read when they are needed ([`Output::ReadChunk`](super::Output::ReadChunk)): to
/// [`Replica::load`](super::Replica::load) its keys are enough.
pub const CHUNKS: &str = "chunks";
pub(super) const BASES: &str = "bases";
pub(super) const MADE: &str = "made";
pub(super) const CHECKED: &str = "checked";

/// The names of all tables, so that a caller can make them. Rows of `me`, `servers` and `invites` hold secrets (keys,
/// tickets): the caller wraps them before they go to a disk that others may read.
pub const TABLES: [&str; 11] = [
    ME, SERVERS, LOGS, ENVELOPES, UNSENT, CURSORS, INVITES, CHUNKS, BASES, MADE, CHECKED,
];

const VERSION: u8 = 1;
/// The one key of table `me`.
const ME_KEY: &[u8] = b"me";
/// No row is longer.
const MAX_ROW: usize = 1 << 20;
const MAX_TEXT: usize = 2048;

/// Rows that wait to be handed out: the last word on each key.
#[derive(Debug, Default)]
pub(super) struct Pending(BTreeMap<(&'static str, Vec<u8>), Option<Vec<u8>>>);

impl Pending {
    pub(super) fn put(&mut self, table: &'static str, key: Vec<u8>, value: Vec<u8>) {
        self.0.insert((table, key), Some(value));
    }

    pub(super) fn delete(&mut self, table: &'static str, key: Vec<u8>) {
        self.0.insert((table, key), None);
    }

    pub(super) fn take(&mut self) -> Vec<Row> {
        core::mem::take(&mut self.0)
            .into_iter()
            .map(|((table, key), value)| Row { table, key, value })
            .collect()
    }
}

fn read<T>(
    table: &'static str,
    bytes: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, CborError>,
) -> Result<T, LoadError> {
    let inner = || {
        let (version, mut r) = Reader::versioned(bytes, MAX_ROW)?;
        if version != VERSION {
            return Err(CborError::NotAllowed(0));
        }
        let value = read(&mut r)?;
        r.end()?;
        Ok(value)
    };
    inner().map_err(|why: CborError| LoadError::Row {
        table,
        why: why.to_string(),
    })
}

/// Notes that a rotation gives all its devices the same.
pub(super) fn put_checked(pending: &mut Pending, entry: &Digest) {
    pending.put(CHECKED, entry.0.to_vec(), vec![VERSION]);
}

/// The entry of a rotation that was found to give all its devices the same.
pub(super) fn read_checked(key: &[u8], value: &[u8]) -> Option<Digest> {
    let entry = key.try_into().map(Digest).ok()?;
    (value == [VERSION]).then_some(entry)
}

/// What this device is.
#[derive(Debug, Clone)]
pub(super) struct MeRow {
    pub(super) device: Zeroizing<[u8; 64]>,
    pub(super) charter: Digest,
    pub(super) epoch: Option<Zeroizing<[u8; 32]>>,
    /// While a join waits: the invitation, the id of the request, the own server.
    pub(super) joining: Option<JoiningRow>,
}

#[derive(Debug, Clone)]
pub(super) struct JoiningRow {
    pub(super) invite: Zeroizing<Vec<u8>>,
    pub(super) request: EnvelopeId,
    pub(super) server: Option<(String, String)>,
}

impl MeRow {
    pub(super) fn put(&self, pending: &mut Pending) {
        let w = Writer::versioned(VERSION)
            .array(4)
            .bytes(&*self.device)
            .bytes(&self.charter.0);
        let w = match &self.epoch {
            Some(epoch) => w.bytes(&**epoch),
            None => w.null(),
        };
        let w = match &self.joining {
            Some(joining) => {
                let w = w.array(3).bytes(&joining.invite).bytes(&joining.request.0);
                match &joining.server {
                    Some((url, ticket)) => w.array(2).text(url).text(ticket),
                    None => w.null(),
                }
            }
            None => w.null(),
        };
        pending.put(ME, ME_KEY.to_vec(), w.finish());
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, LoadError> {
        read(ME, bytes, |r| {
            r.array(4)?;
            Ok(Self {
                device: Zeroizing::new(r.fixed()?),
                charter: r.fixed()?,
                epoch: r.optional(|r| r.fixed().map(Zeroizing::new))?,
                joining: r.optional(|r| {
                    r.array(3)?;
                    Ok::<_, CborError>(JoiningRow {
                        invite: Zeroizing::new(r.bytes(MAX_ROW)?.to_vec()),
                        request: r.fixed()?,
                        server: r.optional(|r| {
                            r.array(2)?;
                            Ok::<_, CborError>((r.text(MAX_TEXT)?.to_owned(), r.text(MAX_TEXT)?.to_owned()))
                        })?,
                    })
                })?,
            })
        })
    }
}

pub(super) fn put_server(pending: &mut Pending, url: &str, ticket: Option<&str>) {
    let w = Writer::versioned(VERSION);
    let w = match ticket {
        Some(ticket) => w.text(ticket),
        None => w.null(),
    };
    pending.put(SERVERS, url.as_bytes().to_vec(), w.finish());
}

pub(super) fn read_server(key: &[u8], value: &[u8]) -> Result<(String, Option<String>), LoadError> {
    let url = text_key(SERVERS, key)?;
    let ticket = read(SERVERS, value, |r| r.optional(|r| r.text(MAX_TEXT).map(str::to_owned)))?;
    Ok((url, ticket))
}

pub(super) fn put_log(pending: &mut Pending, log: &LogId, doc: &DocId) {
    pending.put(LOGS, log.0.to_vec(), doc.write(Writer::versioned(VERSION)).finish());
}

pub(super) fn read_log(value: &[u8]) -> Result<DocId, LoadError> {
    read(LOGS, value, DocId::read)
}

/// How an envelope stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It counts.
    Accepted,
    /// Something that it builds on is missing.
    Held,
    /// It does not count and never will; its bytes are not kept.
    Refused,
    /// Its session has written something else under the same number, or it follows such a thing. It does not count here, and
    /// its bytes are kept: which of the two counts is not this version's to say.
    Forked,
    /// It does not count by what is known of the charter, or it follows what does not. Its bytes are kept: an editor may say that
    /// it counts.
    Cut,
    /// It says what another one says that counts, sealed anew: anybody who can read can make one. It is kept and passed on, for
    /// what its session wrote next names one of them.
    Copy,
}

/// An envelope as stored.
#[derive(Debug, Clone)]
pub(super) struct EnvelopeRow {
    pub(super) standing: Standing,
    /// The session and its counter; zeros where the envelope could not be opened.
    pub(super) session: SessionId,
    pub(super) counter: u64,
    /// When it was accepted here, counting up: a hint for the order of delivery.
    pub(super) place: u64,
    pub(super) sealed: Vec<u8>,
}

impl EnvelopeRow {
    /// Whether it is brought to relays that lack it. What says that it is of a later version cannot be opened, so anybody can have made it,
    /// and a relay that lies makes another of it each time that it shows it: passed on, it would fill the honest ones.
    pub(super) fn is_passed_on(&self) -> bool {
        let of_later =
            self.counter == 0 && self.standing == Standing::Held && self.sealed.first() != Some(&envelope::VERSION);
        self.standing != Standing::Refused && !of_later
    }

    pub(super) fn put(&self, pending: &mut Pending, log: &LogId, id: &EnvelopeId) {
        pending.put(ENVELOPES, envelope_key(log, id), self.to_bytes());
    }

    fn to_bytes(&self) -> Vec<u8> {
        let standing = match self.standing {
            Standing::Accepted => 0,
            Standing::Held => 1,
            Standing::Refused => 2,
            Standing::Forked => 3,
            Standing::Copy => 4,
            Standing::Cut => 5,
        };
        Writer::versioned(VERSION)
            .array(5)
            .uint(standing)
            .bytes(&self.session.0)
            .uint(self.counter)
            .uint(self.place)
            .bytes(&self.sealed)
            .finish()
    }

    /// The row itself when its envelope is the one that the key names.
    pub(super) fn whole(self, id: &EnvelopeId) -> Result<Self, LoadError> {
        if self.standing == Standing::Refused || chain::envelope_id(&self.sealed) == *id {
            return Ok(self);
        }
        Err(LoadError::Row {
            table: ENVELOPES,
            why: "its envelope was changed".to_owned(),
        })
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, LoadError> {
        read(ENVELOPES, bytes, |r| {
            r.array(5)?;
            let start = r.position();
            let standing = match r.uint()? {
                0 => Standing::Accepted,
                1 => Standing::Held,
                2 => Standing::Refused,
                3 => Standing::Forked,
                4 => Standing::Copy,
                5 => Standing::Cut,
                _ => return Err(CborError::NotAllowed(start)),
            };
            Ok(Self {
                standing,
                session: r.fixed()?,
                counter: r.uint()?,
                place: r.uint()?,
                sealed: r.bytes(MAX_ROW)?.to_vec(),
            })
        })
    }
}

pub(super) fn envelope_key(log: &LogId, id: &EnvelopeId) -> Vec<u8> {
    [log.0, id.0].concat()
}

pub(super) fn read_envelope_key(key: &[u8]) -> Result<(LogId, EnvelopeId), LoadError> {
    let halves = key
        .split_first_chunk::<32>()
        .and_then(|(log, id)| Some((LogId(*log), EnvelopeId::from_slice(id)?)));
    halves.ok_or_else(|| bad_key(ENVELOPES))
}

/// See [`Replica::row_among_others`](super::Replica::row_among_others).
pub(super) fn among_others(table: &str, key: &[u8], value: &[u8]) -> Result<Vec<u8>, LoadError> {
    if table == ME {
        MeRow::read(value)?;
    }
    if table == ENVELOPES {
        let (_, id) = read_envelope_key(key)?;
        let mut row = EnvelopeRow::read(value)?.whole(&id)?;
        // What lies at a door is not judged.
        if row.counter > 0 && row.standing != Standing::Refused {
            row.standing = Standing::Held;
            return Ok(row.to_bytes());
        }
    }
    Ok(value.to_vec())
}

/// A chunk of a blob.
pub(super) fn put_chunk(pending: &mut Pending, log: &LogId, id: &EnvelopeId, sealed: &[u8]) {
    let value = Writer::versioned(VERSION).bytes(sealed).finish();
    pending.put(CHUNKS, envelope_key(log, id), value);
}

pub(super) fn read_chunk(id: &EnvelopeId, value: &[u8]) -> Result<Vec<u8>, LoadError> {
    let sealed = read(CHUNKS, value, |r| r.bytes(MAX_ROW).map(<[u8]>::to_vec))?;
    match chain::envelope_id(&sealed) == *id {
        true => Ok(sealed),
        false => Err(bad_chunk("it was changed")),
    }
}

pub(super) fn bad_chunk(why: &str) -> LoadError {
    LoadError::Row {
        table: CHUNKS,
        why: why.to_owned(),
    }
}

pub(super) fn put_unsent(pending: &mut Pending, url: &str, log: &LogId, id: &EnvelopeId, mine: bool) {
    pending.put(
        UNSENT,
        unsent_key(url, log, id),
        Writer::versioned(VERSION).uint(u64::from(mine)).finish(),
    );
}

pub(super) fn unsent_key(url: &str, log: &LogId, id: &EnvelopeId) -> Vec<u8> {
    [&log.0, &id.0, url.as_bytes()].concat()
}

pub(super) fn read_unsent_key(key: &[u8]) -> Result<(LogId, EnvelopeId, String), LoadError> {
    let parts = key.split_first_chunk::<32>().and_then(|(log, rest)| {
        let (id, url) = rest.split_first_chunk::<32>()?;
        Some((LogId(*log), EnvelopeId(*id), url))
    });
    let (log, id, url) = parts.ok_or_else(|| bad_key(UNSENT))?;
    Ok((log, id, text_key(UNSENT, url)?))
}

pub(super) fn read_unsent(value: &[u8]) -> Result<bool, LoadError> {
    read(UNSENT, value, |r| Ok(r.uint()? == 1))
}

/// Where a relay's log was read up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) seq: u64,
    pub(super) chain: Chain,
}

impl Cursor {
    pub(super) const START: Self = Self {
        seq: 0,
        chain: chain::EMPTY,
    };

    /// The place of the envelope that comes next.
    pub(super) fn next(self, id: EnvelopeId) -> Self {
        Self {
            seq: self.seq + 1,
            chain: chain::next(self.chain, id),
        }
    }
}

/// `settled`: of what counted here up to this place, the relay has everything that no row of [`UNSENT`] names.
pub(super) fn put_cursor(pending: &mut Pending, url: &str, log: &LogId, cursor: &Cursor, settled: u64) {
    let value = Writer::versioned(VERSION)
        .array(3)
        .uint(cursor.seq)
        .bytes(&cursor.chain.0)
        .uint(settled)
        .finish();
    pending.put(CURSORS, cursor_key(url, log), value);
}

pub(super) fn cursor_key(url: &str, log: &LogId) -> Vec<u8> {
    [&log.0, url.as_bytes()].concat()
}

pub(super) fn read_cursor(key: &[u8], value: &[u8]) -> Result<(LogId, String, Cursor, u64), LoadError> {
    let (log, url) = key.split_first_chunk::<32>().ok_or_else(|| bad_key(CURSORS))?;
    let cursor = |r: &mut Reader<'_>| {
        Ok::<_, CborError>(Cursor {
            seq: r.uint()?,
            chain: r.fixed()?,
        })
    };
    let (cursor, settled) = read(CURSORS, value, |r| {
        r.array(3)?;
        Ok((cursor(r)?, r.uint()?))
    })
    .or_else(|_| {
        // Written before places were noted.
        read(CURSORS, value, |r| {
            r.array(2)?;
            Ok((cursor(r)?, u64::MAX))
        })
    })?;
    Ok((LogId(*log), text_key(CURSORS, url)?, cursor, settled))
}

/// Up to which number a session in a log is covered by a snapshot, and what says the same as the envelope of that number.
pub(super) fn put_base(pending: &mut Pending, log: &LogId, session: &SessionId, counter: u64, copies: &[EnvelopeId]) {
    let w = Writer::versioned(VERSION).array(2).uint(counter);
    let value = w.list(copies.iter(), |w, id| w.bytes(&id.0)).finish();
    pending.put(BASES, base_key(log, session), value);
}

pub(super) fn base_key(log: &LogId, session: &SessionId) -> Vec<u8> {
    [&log.0[..], &session.0].concat()
}

pub(super) fn read_base(key: &[u8], value: &[u8]) -> Result<(LogId, SessionId, u64, Vec<EnvelopeId>), LoadError> {
    let halves = key
        .split_first_chunk::<32>()
        .and_then(|(log, session)| Some((LogId(*log), SessionId::from_slice(session)?)));
    let (log, session) = halves.ok_or_else(|| bad_key(BASES))?;
    let (counter, copies) = read(BASES, value, |r| {
        r.array(2)?;
        Ok((r.uint()?, r.list(MAX_COPIES, |r| r.fixed())?))
    })?;
    Ok((log, session, counter, copies))
}

/// A snapshot that this device has made.
#[derive(Debug, Clone)]
pub(super) struct MadeRow {
    /// What told of it.
    pub(super) announcement: Announcement,
    /// How much of each log was in it, at which relay: (address, log, number, chain).
    pub(super) places: Vec<Place>,
    /// It was to be loaded, to be compared: what came of it did not get here.
    pub(super) tried: bool,
    /// Relays that were told to let go of what is in it.
    pub(super) done: BTreeSet<String>,
}

impl MadeRow {
    /// `id`: the envelope that told of it.
    pub(super) fn put(&self, pending: &mut Pending, id: &EnvelopeId) {
        let w = Writer::versioned(VERSION).array(4).bytes(&self.announcement.to_bytes());
        let w = w.list(self.places.iter(), |w, place| place.write(w));
        let w = w.uint(u64::from(self.tried));
        let value = w.list(self.done.iter(), |w, url| w.text(url)).finish();
        pending.put(MADE, id.0.to_vec(), value);
    }

    pub(super) fn read(key: &[u8], value: &[u8]) -> Result<(EnvelopeId, Self), LoadError> {
        let id = EnvelopeId::from_slice(key).ok_or_else(|| bad_key(MADE))?;
        let (announcement, row) = read(MADE, value, |r| {
            r.array(4)?;
            let announcement = r.bytes(MAX_ROW)?.to_vec();
            let places = r.list(MAX_PLACES, Place::read)?;
            let tried = r.uint()? == 1;
            let done: Vec<String> = r.list(MAX_PLACES, |r| r.text(MAX_TEXT).map(str::to_owned))?;
            Ok((announcement, (places, tried, done.into_iter().collect())))
        })?;
        let announcement = Announcement::from_bytes(&announcement).map_err(|why| LoadError::Row {
            table: MADE,
            why: why.to_string(),
        })?;
        let (places, tried, done) = row;
        let made = Self {
            announcement,
            places,
            tried,
            done,
        };
        Ok((id, made))
    }
}

/// An invitation of this device; `used` once it was answered.
pub(super) fn put_invite(pending: &mut Pending, id: &InviteId, invite: &[u8], used: bool) {
    let value = Writer::versioned(VERSION)
        .array(2)
        .bytes(invite)
        .uint(u64::from(used))
        .finish();
    pending.put(INVITES, id.0.to_vec(), value);
}

pub(super) fn read_invite(value: &[u8]) -> Result<(Zeroizing<Vec<u8>>, bool), LoadError> {
    read(INVITES, value, |r| {
        r.array(2)?;
        Ok((Zeroizing::new(r.bytes(MAX_ROW)?.to_vec()), r.uint()? == 1))
    })
}

fn bad_key(table: &'static str) -> LoadError {
    LoadError::Row {
        table,
        why: "its key has another form".to_owned(),
    }
}

fn text_key(table: &'static str, key: &[u8]) -> Result<String, LoadError> {
    core::str::from_utf8(key).map(str::to_owned).map_err(|_| bad_key(table))
}
