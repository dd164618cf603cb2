//! A relay in memory: the other side of the protocol, as strict as the frames' documentation says.

use std::collections::{BTreeMap, BTreeSet};

use komuz_sync::frame::{
    BESIDE, CLOSING, ClientFrame, ErrorCode, MAX_LOGS_PER_CONNECTION, RelayFrame, TRIMMING, verify_challenge,
    verify_closing, verify_registration, verify_trimming,
};
use komuz_sync::replica::Server;
use komuz_sync::seal::bytes::{Chain, EnvelopeId, EpochId, LogId, Nonce, PublicKey};
use komuz_sync::seal::chain;

use crate::dice::Dice;

/// A connection, by its number in the world.
pub type Conn = u64;

#[derive(Clone)]
pub struct Entry {
    pub id: EnvelopeId,
    pub chain: Chain,
    /// None where they were let go.
    pub bytes: Vec<u8>,
}

#[derive(Clone)]
pub struct Log {
    reader: PublicKey,
    registrar: PublicKey,
    epoch: EpochId,
    closer: Option<PublicKey>,
    pub append: BTreeSet<PublicKey>,
    pub entries: Vec<Entry>,
}

#[derive(Default)]
struct Client {
    nonces: Option<(Nonce, Nonce)>,
    trims: bool,
    proved: BTreeSet<(LogId, PublicKey)>,
    subscribed: BTreeSet<LogId>,
}

pub struct Relay {
    pub url: String,
    pub ticket: String,
    pub up: bool,
    /// Gone for good.
    pub gone: bool,
    /// Takes its time: of so many chances it takes one.
    pub slow: usize,
    /// What its operator has put aside.
    pub backup: BTreeMap<LogId, Log>,
    /// Another origin than its own, for a relay that lies about it.
    pub answers_as: Option<String>,
    /// Appends are swallowed: neither stored nor answered.
    pub swallows: bool,
    /// Fetches are not answered.
    pub fetches_nothing: bool,
    /// Whether it can close logs: one of an earlier version cannot.
    pub closes: bool,
    /// Whether it lets go of old envelopes.
    pub trims: bool,
    /// Whether it opens logs for who has no ticket.
    pub besides: bool,
    /// How many Trims it was sent.
    pub asked_to_trim: usize,
    /// The append keys that stay in an epoch's logs of a closer.
    pub closed: BTreeMap<(EpochId, PublicKey), BTreeSet<PublicKey>>,
    /// How many appends were refused because the key is not registered.
    pub refused: usize,
    /// The most logs that one connection named at a time.
    pub named: usize,
    /// How often a log with something in it was listed from the start.
    pub listings: usize,
    pub logs: BTreeMap<LogId, Log>,
    clients: BTreeMap<Conn, Client>,
}

impl Relay {
    /// As its operator's desk knows it.
    pub fn server(&self) -> Server {
        Server {
            url: self.url.clone(),
            ticket: Some(self.ticket.clone()),
        }
    }

    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ticket: format!("ticket of {url}"),
            up: true,
            gone: false,
            slow: 1,
            backup: BTreeMap::new(),
            answers_as: None,
            swallows: false,
            fetches_nothing: false,
            closes: true,
            trims: true,
            besides: true,
            asked_to_trim: 0,
            closed: BTreeMap::new(),
            refused: 0,
            named: 0,
            listings: 0,
            logs: BTreeMap::new(),
            clients: BTreeMap::new(),
        }
    }

    pub fn connect(&mut self, conn: Conn) {
        self.clients.insert(conn, Client::default());
    }

    pub fn disconnect(&mut self, conn: Conn) {
        self.clients.remove(&conn);
    }

    /// The relay stops to follow a log for everybody, without a word.
    pub fn stop_following(&mut self, log: &LogId) {
        for client in self.clients.values_mut() {
            client.subscribed.remove(log);
        }
    }

    /// The store is set back to some earlier time: every log loses a part of its end.
    pub fn roll_back(&mut self, dice: &mut Dice) {
        for log in self.logs.values_mut() {
            let keep = dice.below(log.entries.len() + 1);
            log.entries.truncate(keep);
        }
    }

    /// Puts an envelope into a log, whoever brings it: what is sent to whom.
    pub fn put(&mut self, id: &LogId, bytes: &[u8]) -> Vec<(Conn, RelayFrame)> {
        let envelope = chain::envelope_id(bytes);
        let Some(log) = self.logs.get_mut(id) else {
            return Vec::new();
        };
        if log.entries.iter().any(|entry| entry.id == envelope) {
            return Vec::new();
        }
        let before = log.entries.last().map_or(chain::EMPTY, |entry| entry.chain);
        let chain = chain::next(before, envelope);
        let bytes = bytes.to_vec();
        log.entries.push(Entry {
            id: envelope,
            chain,
            bytes: bytes.clone(),
        });
        let seq = log.entries.len() as u64;
        let frame = RelayFrame::Entry {
            log: *id,
            seq,
            chain,
            bytes,
        };
        let followers = self.clients.iter().filter(|(_, client)| client.subscribed.contains(id));
        followers.map(|(conn, _)| (*conn, frame.clone())).collect()
    }

    /// Handles a frame: what is sent to whom.
    pub fn frame(&mut self, conn: Conn, bytes: &[u8], dice: &mut Dice) -> Vec<(Conn, RelayFrame)> {
        let frame = ClientFrame::decode(bytes).expect("clients speak in frames");
        let Some(client) = self.clients.get_mut(&conn) else {
            return Vec::new();
        };
        let no = |code, log, id| {
            let sentence = format!("{code:?}");
            vec![(
                conn,
                RelayFrame::Error {
                    code,
                    sentence,
                    log: Some(log),
                    id,
                },
            )]
        };
        match frame {
            ClientFrame::Hello { nonce, features } => {
                client.trims = features.iter().any(|feature| feature == TRIMMING);
                let mut mine = [0; 32];
                dice.fill(&mut mine);
                client.nonces = Some((nonce, Nonce(mine)));
                vec![(
                    conn,
                    RelayFrame::Challenge {
                        origin: self.answers_as.clone().unwrap_or(self.url.clone()),
                        nonce: Nonce(mine),
                        features: [
                            ("of a later version", true),
                            (CLOSING, self.closes),
                            (TRIMMING, self.trims),
                            (BESIDE, self.besides),
                        ]
                        .iter()
                        .filter(|(_, has)| *has)
                        .map(|(feature, _)| (*feature).to_owned())
                        .collect(),
                    },
                )]
            }
            ClientFrame::OpenClosable { .. } | ClientFrame::Close { .. } if !self.closes => vec![(
                conn,
                RelayFrame::Error {
                    code: ErrorCode::Unknown,
                    sentence: String::new(),
                    log: None,
                    id: None,
                },
            )],
            ClientFrame::Open { .. } | ClientFrame::OpenClosable { .. } | ClientFrame::OpenBeside { .. } => {
                let (log, ticket, reader, registrar, epoch, says) = match frame {
                    ClientFrame::OpenBeside {
                        log,
                        beside,
                        reader,
                        registrar,
                        epoch,
                        closer,
                    } => {
                        let append = self.logs.get(&beside).map(|log| &log.append);
                        let mut proved = client.proved.iter().filter(|(log, _)| *log == beside);
                        if !proved.any(|(_, key)| append.is_some_and(|append| append.contains(key))) {
                            return no(ErrorCode::NotAllowed, log, None);
                        }
                        (log, self.ticket.clone(), reader, registrar, epoch, Some(closer))
                    }
                    ClientFrame::Open {
                        log,
                        ticket,
                        reader,
                        registrar,
                        epoch,
                    } => (log, ticket, reader, registrar, epoch, None),
                    ClientFrame::OpenClosable {
                        log,
                        ticket,
                        reader,
                        registrar,
                        epoch,
                        closer,
                    } => (log, ticket, reader, registrar, epoch, Some(closer)),
                    _ => unreachable!("one of the two"),
                };
                if ticket != self.ticket {
                    return no(ErrorCode::BadTicket, log, None);
                }
                let opened = self.logs.entry(log).or_insert(Log {
                    reader,
                    registrar,
                    epoch,
                    closer: None,
                    append: BTreeSet::new(),
                    entries: Vec::new(),
                });
                let same = (opened.reader, opened.registrar, opened.epoch) == (reader, registrar, epoch);
                if same {
                    opened.closer = opened.closer.or(says);
                    let stay = opened.closer.and_then(|closer| self.closed.get(&(epoch, closer)));
                    opened.append.retain(|key| stay.is_none_or(|stay| stay.contains(key)));
                    Vec::new()
                } else {
                    no(ErrorCode::LogTaken, log, None)
                }
            }
            ClientFrame::Auth {
                log: id,
                key,
                signature,
            } => {
                let Some(log) = self.logs.get(&id) else {
                    return no(ErrorCode::NoSuchLog, id, None);
                };
                let (theirs, ours) = client.nonces.expect("Hello comes first");
                let known = key == log.reader || key == log.registrar || log.append.contains(&key);
                if !known || !verify_challenge(&key, &signature, &self.url, &id, &log.epoch, &theirs, &ours) {
                    return no(ErrorCode::NotAllowed, id, None);
                }
                client.proved.insert((id, key));
                let named: BTreeSet<LogId> = client.proved.iter().map(|(log, _)| *log).collect();
                self.named = self.named.max(named.len());
                assert!(
                    named.len() <= MAX_LOGS_PER_CONNECTION,
                    "more logs than a connection may name"
                );
                Vec::new()
            }
            ClientFrame::Register {
                log: id,
                key,
                signature,
            } => {
                let Some(log) = self.logs.get_mut(&id) else {
                    return no(ErrorCode::NoSuchLog, id, None);
                };
                if !verify_registration(&log.registrar, &signature, &id, &key) {
                    return no(ErrorCode::NotAllowed, id, None);
                }
                let stay = log.closer.and_then(|closer| self.closed.get(&(log.epoch, closer)));
                if stay.is_some_and(|stay| !stay.contains(&key)) {
                    return no(ErrorCode::NotAllowed, id, None);
                }
                log.append.insert(key);
                Vec::new()
            }
            ClientFrame::Close {
                log: id,
                keys,
                signature,
            } => {
                let Some(log) = self.logs.get(&id) else {
                    return no(ErrorCode::NoSuchLog, id, None);
                };
                let (epoch, closer) = (log.epoch, log.closer);
                let may = |closer: &PublicKey| verify_closing(closer, &signature, &epoch, &keys);
                let Some(closer) = closer.filter(may) else {
                    return no(ErrorCode::NotAllowed, id, None);
                };
                let keys: BTreeSet<PublicKey> = keys.into_iter().collect();
                let stay = self.closed.entry((epoch, closer)).or_insert_with(|| keys.clone());
                stay.retain(|key| keys.contains(key));
                for log in self.logs.values_mut() {
                    if (log.epoch, log.closer) == (epoch, Some(closer)) {
                        log.append.retain(|key| stay.contains(key));
                    }
                }
                Vec::new()
            }
            ClientFrame::Trim {
                log: id,
                seq,
                chain,
                ids,
                signature,
            } => {
                self.asked_to_trim += 1;
                let log = self.logs.get_mut(&id);
                let may = |closer: PublicKey| verify_trimming(&closer, &signature, &self.url, &id, seq, &chain, &ids);
                let may_not = |code| {
                    let (sentence, log, id) = (String::new(), None, None);
                    vec![(
                        conn,
                        RelayFrame::Error {
                            code,
                            sentence,
                            log,
                            id,
                        },
                    )]
                };
                let Some(log) = log.filter(|log| log.closer.is_some_and(may)) else {
                    return may_not(ErrorCode::NotAllowed);
                };
                let there = (seq as usize).checked_sub(1).map(|place| log.entries.get(place));
                if there.is_some_and(|there| there.is_none_or(|there| there.chain != chain)) {
                    return may_not(ErrorCode::NotStored);
                }
                for (place, entry) in log.entries.iter_mut().enumerate() {
                    if (place as u64) < seq || ids.contains(&entry.id) {
                        entry.bytes.clear();
                    }
                }
                Vec::new()
            }
            ClientFrame::Append { log: id, bytes } => {
                let envelope = chain::envelope_id(&bytes);
                let Some(log) = self.logs.get_mut(&id) else {
                    return no(ErrorCode::NoSuchLog, id, Some(envelope));
                };
                if !log.append.iter().any(|key| client.proved.contains(&(id, *key))) {
                    self.refused += 1;
                    return no(ErrorCode::NotAllowed, id, Some(envelope));
                }
                if self.swallows {
                    return Vec::new();
                }
                if let Some(place) = log.entries.iter().position(|entry| entry.id == envelope) {
                    log.entries[place].bytes = bytes;
                    let (seq, chain) = (place as u64 + 1, log.entries[place].chain);
                    return vec![(
                        conn,
                        RelayFrame::Ack {
                            log: id,
                            id: envelope,
                            seq,
                            chain,
                        },
                    )];
                }
                // Now and then the store is busy: the client tries again.
                if dice.once_in(20) {
                    return no(ErrorCode::Busy, id, Some(envelope));
                }
                let before = log.entries.last().map_or(chain::EMPTY, |entry| entry.chain);
                let chain = chain::next(before, envelope);
                log.entries.push(Entry {
                    id: envelope,
                    chain,
                    bytes: bytes.clone(),
                });
                let seq = log.entries.len() as u64;
                let mut out = vec![(
                    conn,
                    RelayFrame::Ack {
                        log: id,
                        id: envelope,
                        seq,
                        chain,
                    },
                )];
                // Who appends may get the entry too: the frames allow it.
                let echo = dice.once_in(4);
                for (other, client) in &self.clients {
                    if client.subscribed.contains(&id) && (*other != conn || echo) {
                        out.push((
                            *other,
                            RelayFrame::Entry {
                                log: id,
                                seq,
                                chain,
                                bytes: bytes.clone(),
                            },
                        ));
                    }
                }
                out
            }
            ClientFrame::Subscribe {
                log: id,
                after,
                chain,
                ids_only,
                leaves,
            } => {
                let Some(log) = self.logs.get(&id) else {
                    return no(ErrorCode::NoSuchLog, id, None);
                };
                if !client.proved.contains(&(id, log.reader)) {
                    return no(ErrorCode::NotAllowed, id, None);
                }
                let last = log.entries.len() as u64;
                let at = |seq: u64| match seq.checked_sub(1) {
                    None => Some(chain::EMPTY),
                    Some(place) => log.entries.get(place as usize).map(|entry| entry.chain),
                };
                let end = at(last).expect("the last is there");
                client.subscribed.remove(&id);
                if at(after) != Some(chain) {
                    return vec![(
                        conn,
                        RelayFrame::Rewound {
                            log: id,
                            seq: last,
                            chain: end,
                        },
                    )];
                }
                if leaves {
                    client.subscribed.remove(&id);
                    client.proved.retain(|(log, _)| *log != id);
                } else {
                    client.subscribed.insert(id);
                }
                let rest = &log.entries[after as usize..];
                let mut out = Vec::new();
                self.listings += usize::from(after == 0 && !rest.is_empty());
                let trims = client.trims;
                let mut first = after + 1;
                // In several frames, as a long log is listed.
                for run in rest.chunk_by(|one, next| one.bytes.is_empty() == next.bytes.is_empty()) {
                    let gone = run[0].bytes.is_empty();
                    let size = if gone || ids_only { 7 } else { 1 };
                    for part in run.chunks(size) {
                        let ids = part.iter().map(|entry| entry.id).collect();
                        let frame = match (gone, &part[0]) {
                            (true, _) if trims => RelayFrame::Gone { log: id, first, ids },
                            (false, entry) if !ids_only => RelayFrame::Entry {
                                log: id,
                                seq: first,
                                chain: entry.chain,
                                bytes: entry.bytes.clone(),
                            },
                            _ => RelayFrame::Ids { log: id, first, ids },
                        };
                        out.push((conn, frame));
                        first += part.len() as u64;
                    }
                }
                let count = log.entries.iter().filter(|entry| entry.bytes.is_empty()).count() as u64;
                if trims && count > 0 {
                    out.push((conn, RelayFrame::Trimmed { log: id, count }));
                }
                out.push((
                    conn,
                    RelayFrame::CaughtUp {
                        log: id,
                        seq: last,
                        chain: end,
                    },
                ));
                out
            }
            ClientFrame::Fetch { log: id, ids } => {
                let Some(log) = self.logs.get(&id) else {
                    return no(ErrorCode::NoSuchLog, id, None);
                };
                if !client.proved.contains(&(id, log.reader)) {
                    return no(ErrorCode::NotAllowed, id, None);
                }
                if self.fetches_nothing {
                    return Vec::new();
                }
                let places: BTreeMap<EnvelopeId, usize> = log
                    .entries
                    .iter()
                    .enumerate()
                    .map(|(place, entry)| (entry.id, place))
                    .collect();
                let found = ids.iter().filter_map(|wanted| places.get(wanted).copied());
                let frame = |place: usize| {
                    let entry = &log.entries[place];
                    if entry.bytes.is_empty() {
                        return RelayFrame::Error {
                            code: ErrorCode::NotKept,
                            sentence: String::new(),
                            log: Some(id),
                            id: Some(entry.id),
                        };
                    }
                    RelayFrame::Entry {
                        log: id,
                        seq: place as u64 + 1,
                        chain: entry.chain,
                        bytes: entry.bytes.clone(),
                    }
                };
                found.map(|place| (conn, frame(place))).collect()
            }
            ClientFrame::Presence { log, bytes } => self
                .clients
                .iter()
                .filter(|(other, client)| **other != conn && client.subscribed.contains(&log))
                .map(|(other, _)| {
                    (
                        *other,
                        RelayFrame::Presence {
                            log,
                            bytes: bytes.clone(),
                        },
                    )
                })
                .collect(),
        }
    }
}
