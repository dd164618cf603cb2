//! Chunks of blobs on this device: which there are is always known, their bytes are in memory only while they are at work.
//!
//! The rows are read by their keys alone at the start. Where a chunk's bytes are needed, to be sent or to be looked at, the caller
//! is asked for its row ([`Output::ReadChunk`]), and what waits goes on when it has come.

use komuz_seal::bytes::{EnvelopeId, LogId};

use super::log::Stored;
use super::rows::{self, EnvelopeRow, Standing};
use super::{LoadError, Moment, Output, Replica};

/// How many bytes of chunks that lie on the disk stay in memory: four pictures of the largest size, as they are put in, looked at, or
/// sent to several servers at their different paces. Half of what a phone can do without.
pub const KEPT_BYTES: usize = 8 << 20;

/// What is known of bytes in memory.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    /// Those whose bytes are in memory, the longest there first, and how many bytes.
    here: Vec<(LogId, EnvelopeId, usize)>,
    /// Those whose rows the caller was asked for.
    asked: Vec<(LogId, EnvelopeId)>,
}

/// A chunk as it is kept among a log's envelopes: none of the columns but its bytes says anything, and those are empty while they lie on
/// the disk alone.
fn stored(sealed: Vec<u8>, batch: u64) -> Stored {
    let row = EnvelopeRow {
        standing: Standing::Accepted,
        session: [0; 16].into(),
        counter: 0,
        place: 0,
        sealed,
    };
    Stored::new(row, batch)
}

impl Replica {
    /// The row that [`Output::ReadChunk`] has asked for; none where it is not there or cannot be read. Such a chunk is fetched from a
    /// relay again, where somebody wants it.
    pub fn chunk_read(
        &mut self,
        key: &[u8],
        value: Option<&[u8]>,
        now: u64,
        entropy: komuz_seal::Entropy<'_>,
    ) -> Vec<Output> {
        self.turn(now, entropy, |replica, m| {
            if let Ok((log, id)) = rows::read_envelope_key(key) {
                let read = value.map(|value| rows::read_chunk(&id, value));
                replica.take_read(log, id, read, m);
            }
        })
    }

    /// How many bytes of chunks are in memory.
    pub fn chunk_bytes(&self) -> usize {
        self.chunks.here.iter().map(|(.., len)| len).sum()
    }

    /// A chunk that a row of this device names.
    pub(super) fn put_chunk_back(&mut self, key: &[u8]) -> Result<(), LoadError> {
        let (log, id) = rows::read_envelope_key(key)?;
        if let Some(log) = self.logs.get_mut(&log) {
            log.stored.entry(id).or_insert_with(|| stored(Vec::new(), 0));
        }
        Ok(())
    }

    /// Keeps a chunk that has come, or was made here.
    pub(super) fn keep_chunk(&mut self, log_id: LogId, id: EnvelopeId, sealed: Vec<u8>) {
        rows::put_chunk(&mut self.rows, &log_id, &id, &sealed);
        if let Some(log) = self.logs.get_mut(&log_id) {
            self.chunks.here.push((log_id, id, sealed.len()));
            log.stored.insert(id, stored(sealed, self.batch + 1));
        }
    }

    /// Lets a chunk go; whether it was here.
    pub(super) fn drop_chunk(&mut self, log_id: LogId, id: EnvelopeId) -> bool {
        self.chunks.here.retain(|(of, here, _)| (*of, *here) != (log_id, id));
        let log = self.logs.get_mut(&log_id);
        log.is_some_and(|log| log.stored.remove(&id).is_some())
    }

    /// Asks the caller for chunks that are on the disk alone.
    pub(super) fn read_chunks(&mut self, chunks: impl IntoIterator<Item = (LogId, EnvelopeId)>) {
        for chunk in chunks {
            if !self.chunks.asked.contains(&chunk) {
                self.chunks.asked.push(chunk);
                let key = rows::envelope_key(&chunk.0, &chunk.1);
                self.out.push(Output::ReadChunk { key });
            }
        }
    }

    /// A row has come that was asked for, or has not.
    fn take_read(
        &mut self,
        log_id: LogId,
        id: EnvelopeId,
        read: Option<Result<Vec<u8>, LoadError>>,
        m: &mut Moment<'_>,
    ) {
        let Some(at) = self.chunks.asked.iter().position(|asked| *asked == (log_id, id)) else {
            return;
        };
        self.chunks.asked.swap_remove(at);
        // It may have been let go since, and have come from a relay.
        let log = self.logs.get_mut(&log_id);
        let stored = log.and_then(|log| log.stored.get_mut(&id));
        let Some(stored) = stored.filter(|stored| stored.row.sealed.is_empty()) else {
            return;
        };
        match read {
            Some(Ok(sealed)) => {
                self.chunks.here.push((log_id, id, sealed.len()));
                stored.row.sealed = sealed;
            }
            Some(Err(why)) => {
                self.say_passed_over(&why);
                self.lose_chunk(log_id, id, m);
            }
            None => {
                // What a relay has, another session may have let go of.
                if self.alone.contains(&id) {
                    self.say_passed_over(&rows::bad_chunk("it is not there"));
                }
                self.lose_chunk(log_id, id, m);
            }
        }
        self.deliver_blobs(m);
        self.push_all(m);
        self.fetch_chunks(m);
    }

    /// A chunk is not here after all. Relays that lack it get it when another has brought it.
    fn lose_chunk(&mut self, log_id: LogId, id: EnvelopeId, m: &mut Moment<'_>) {
        self.drop_chunk(log_id, id);
        self.alone.remove(&id);
        for line in self.links.iter_mut().filter_map(|link| link.lines.get_mut(&log_id)) {
            if line.unsent.remove(&id).is_some() {
                line.lacks(id, m);
            }
        }
    }

    /// Lets go of bytes that are on the disk, the longest here first, until few enough are left. The file that is being put together
    /// has all of its own, however large it is.
    pub(super) fn let_chunks_go(&mut self) {
        let mut over = self.chunk_bytes().saturating_sub(KEPT_BYTES);
        if over == 0 {
            return;
        }
        let opens = self.wanted_blobs.iter().find(|blob| self.has_blob(blob));
        let opens = opens.map(|blob| blob.chunks.as_slice()).unwrap_or_default();
        let (logs, durable) = (&mut self.logs, self.durable);
        self.chunks.here.retain(|(log, id, len)| {
            let stored = logs.get_mut(log).and_then(|log| log.stored.get_mut(id));
            let Some(stored) = stored.filter(|stored| over > 0 && stored.batch <= durable && !opens.contains(id))
            else {
                return true;
            };
            stored.row.sealed = Vec::new();
            over = over.saturating_sub(*len);
            false
        });
    }
}
