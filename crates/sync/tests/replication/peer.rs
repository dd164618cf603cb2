//! A person's device: a replica, a disk, and what an engine would keep of its documents.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use komuz_sync::Replica;
use komuz_sync::replica::{CHUNKS, Doubt, Output, RefusedJoin, RelayId, Request, Row, Seen, Track, Whole};
use komuz_sync::seal::blob::{Blob, BlobError};
use komuz_sync::seal::bytes::{Digest, EnvelopeId, MemberId};
use komuz_sync::seal::chain::envelope_id;
use komuz_sync::seal::doc::DocId;

use crate::relay::Conn;

/// What an engine has taken of a document.
#[derive(Clone, Default)]
pub struct Taken {
    pub seen: Seen,
    pub ids: BTreeSet<EnvelopeId>,
    pub payloads: BTreeSet<Vec<u8>>,
    /// For each session in each log the last change that it ends with.
    pub ends: BTreeMap<Track, Digest>,
    /// What was said not to count.
    pub void: BTreeSet<Vec<u8>>,
}

/// Something on its way to the disk, in order.
pub enum Write {
    Rows(u64, Vec<Row>),
    Document(DocId, Taken),
}

/// Rows by table and key.
pub type Disk = BTreeMap<(String, Vec<u8>), Vec<u8>>;

/// Rows of a disk, as a replica loads them: those of chunks by their keys alone.
pub fn rows_of(disk: &Disk) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let value = |table: &str, value: &Vec<u8>| match table == CHUNKS {
        true => Vec::new(),
        false => value.clone(),
    };
    disk.iter()
        .map(|((table, key), row)| (table.clone(), key.clone(), value(table, row)))
        .collect()
}

/// Puts rows on a disk.
pub fn put(disk: &mut Disk, rows: &[Row]) {
    for Row { table, key, value } in rows {
        let key = ((*table).to_owned(), key.clone());
        match value {
            Some(value) => disk.insert(key, value.clone()),
            None => disk.remove(&key),
        };
    }
}

pub struct Peer {
    pub name: String,
    pub replica: Replica,
    pub disk: Disk,
    pub saved: BTreeMap<DocId, Taken>,
    pub writing: VecDeque<Write>,
    /// Keys of chunks that it asks its disk for.
    pub reads: VecDeque<Vec<u8>>,
    /// The most bytes of chunks that it had in memory since it started.
    pub most: usize,
    pub docs: BTreeMap<DocId, Taken>,
    /// Own payloads by the batch that stores them: they must never be lost once that is on the disk.
    pub promised: Vec<(u64, DocId, Vec<u8>)>,
    pub conns: BTreeMap<RelayId, Conn>,
    pub wants: Vec<(RelayId, String)>,
    pub leaves: Vec<RelayId>,
    pub sends: Vec<(RelayId, Vec<u8>)>,
    pub joined: bool,
    pub refused: Option<RefusedJoin>,
    pub requests: Vec<Request>,
    pub troubles: Vec<String>,
    /// What was said of which server.
    pub doubts: Vec<(String, Doubt)>,
    /// The clock's error, in milliseconds.
    pub skew: i64,
    /// Another tab of the device of this number, on its disk.
    pub tab_of: Option<usize>,
    /// The disk takes its time.
    pub slow: bool,
    pub heard: Vec<(MemberId, Vec<u8>)>,
    /// Documents that are to be made anew, and whether this session's own words are among what went.
    pub rebuilds: Vec<(DocId, bool)>,
    /// Whose later writing is left aside.
    pub aside: Vec<String>,
    /// Files that have come, and those that were refused.
    pub blobs: BTreeMap<Digest, Vec<u8>>,
    pub refused_blobs: Vec<(Blob, BlobError)>,
    /// The last of the payloads that are given to be written.
    pub writes: Option<Digest>,
    /// Documents that came whole, and those of which a snapshot is due.
    pub wholes: Vec<Whole>,
    pub compares: Vec<Whole>,
    /// What is to be compared stays there.
    pub stops_at_compare: bool,
    pub due: Vec<DocId>,
    /// How many snapshots it has taken and made.
    pub taken_whole: usize,
    pub made_whole: usize,
    last_batch: u64,
}

impl Peer {
    pub fn new(name: &str, replica: Replica, outputs: Vec<Output>) -> Self {
        let mut peer = Self {
            name: name.to_owned(),
            replica,
            disk: BTreeMap::new(),
            saved: BTreeMap::new(),
            writing: VecDeque::new(),
            reads: VecDeque::new(),
            most: 0,
            docs: BTreeMap::new(),
            promised: Vec::new(),
            conns: BTreeMap::new(),
            wants: Vec::new(),
            leaves: Vec::new(),
            sends: Vec::new(),
            joined: false,
            refused: None,
            requests: Vec::new(),
            troubles: Vec::new(),
            doubts: Vec::new(),
            skew: 0,
            tab_of: None,
            slow: false,
            heard: Vec::new(),
            rebuilds: Vec::new(),
            aside: Vec::new(),
            blobs: BTreeMap::new(),
            refused_blobs: Vec::new(),
            writes: None,
            wholes: Vec::new(),
            compares: Vec::new(),
            stops_at_compare: false,
            due: Vec::new(),
            taken_whole: 0,
            made_whole: 0,
            last_batch: 0,
        };
        peer.take(outputs);
        peer
    }

    /// Does what the replica asks for, as far as it is this device's own.
    pub fn take(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Whole(whole) => self.wholes.push(*whole),
                Output::Compare(whole) => self.compares.push(*whole),
                Output::SnapshotDue(doc) => self.due.push(doc),
                Output::Connect { relay, url } => self.wants.push((relay, url)),
                Output::Disconnect { relay } => self.leaves.push(relay),
                Output::Send { relay, bytes } => self.sends.push((relay, bytes)),
                Output::Store { batch, rows } => {
                    assert_eq!(batch, self.last_batch + 1, "batches count up");
                    self.last_batch = batch;
                    self.writing.push_back(Write::Rows(batch, rows));
                }
                Output::ReadChunk { key } => self.reads.push_back(key),
                Output::Deliver(delivery) => {
                    let doc = self
                        .docs
                        .get_mut(&delivery.doc)
                        .expect("only what is watched is delivered");
                    assert!(doc.ids.insert(delivery.id), "{}: nothing is delivered twice", self.name);
                    let seen = doc.seen.entry(delivery.track()).or_insert(0);
                    assert_eq!(
                        delivery.counter,
                        *seen + 1,
                        "{}: a session's envelopes come in order",
                        self.name
                    );
                    *seen = delivery.counter;
                    if delivery.payloads.last().is_some_and(|last| last.starts_with(b"words ")) {
                        let last = delivery.payloads.last().map(|last| Digest(envelope_id(last).0));
                        assert_eq!(delivery.last, Vec::from_iter(last), "the last change is named");
                    }
                    let track = delivery.track();
                    doc.ends.extend(delivery.last.last().map(|last| (track, *last)));
                    doc.payloads.extend(delivery.payloads);
                }
                Output::Sealed { doc, log, counter, ids } => {
                    let session = self.replica.session();
                    let doc = self.docs.get_mut(&doc).expect("only what is watched is written");
                    doc.seen.insert((log, session), counter);
                    doc.ends.extend(self.writes.take().map(|last| ((log, session), last)));
                    doc.ids.extend(ids);
                }
                Output::Rebuild { doc, own } => {
                    self.docs.insert(doc.clone(), Taken::default());
                    self.rebuilds.push((doc, own));
                }
                Output::Void { doc, payloads, .. } => {
                    let doc = self.docs.get_mut(&doc).expect("only of what is watched");
                    doc.void.extend(payloads);
                }
                Output::Blob { sha256, bytes } => {
                    assert!(self.blobs.insert(sha256, bytes).is_none(), "a file comes once");
                }
                Output::BlobRefused { blob, why } => self.refused_blobs.push((blob, why)),
                Output::Aside { name, .. } => self.aside.push(name),
                Output::Presence { who, bytes, .. } => self.heard.push((who.member, bytes)),
                Output::Joined => self.joined = true,
                Output::Refused(why) => self.refused = Some(why),
                Output::Request(request) => self.requests.push(request),
                Output::Doubt { url, doubt, .. } => self.doubts.push((url, doubt)),
                Output::Trouble(sentence) => self.troubles.push(sentence),
                Output::Charter | Output::State => {}
            }
        }
    }

    /// Number of the batch that was handed out last.
    pub fn last_batch(&self) -> u64 {
        self.last_batch
    }

    /// Puts the next thing on the disk; the number of the batch when it was one.
    pub fn flush(&mut self) -> Option<u64> {
        match self.writing.pop_front()? {
            Write::Rows(batch, rows) => {
                put(&mut self.disk, &rows);
                Some(batch)
            }
            Write::Document(doc, taken) => {
                self.saved.insert(doc, taken);
                None
            }
        }
    }

    /// What another tab is told of the rows that are on their way to the disk.
    pub fn told(&self) -> Vec<(String, Vec<u8>, Option<Vec<u8>>)> {
        let batches = self.writing.iter().filter_map(|write| match write {
            Write::Rows(_, rows) => Some(rows),
            Write::Document(..) => None,
        });
        batches
            .flatten()
            .map(|row| (row.table.to_owned(), row.key.clone(), row.value.clone()))
            .collect()
    }

    /// Saves a document, after everything that is already on its way to the disk.
    pub fn save(&mut self, doc: &DocId) {
        if let Some(taken) = self.docs.get(doc) {
            self.writing.push_back(Write::Document(doc.clone(), taken.clone()));
        }
    }

    /// The process dies: what was not on the disk is gone.
    pub fn die(&mut self) {
        self.writing.clear();
        self.reads.clear();
        self.most = 0;
        self.promised.clear();
        self.conns.clear();
        self.wants.clear();
        self.leaves.clear();
        self.sends.clear();
        self.rebuilds.clear();
        self.blobs.clear();
        self.wholes.clear();
        self.compares.clear();
        self.due.clear();
        self.last_batch = 0;
        let watched: Vec<DocId> = self.docs.keys().cloned().collect();
        self.docs = watched
            .into_iter()
            .map(|doc| {
                let taken = self.saved.get(&doc).cloned().unwrap_or_default();
                (doc, taken)
            })
            .collect();
    }
}
