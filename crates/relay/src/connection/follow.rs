//! Following a log: everything after a cursor, then everything that is appended, then presence in between.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::ws::Message;
use komuz_sync::frame::{ErrorCode, MAX_IDS, RelayFrame};
use komuz_sync::seal::bytes::EnvelopeId;
use tokio::sync::broadcast::error::RecvError;

use super::out::{Gone, Out};
use crate::hub::Log;
use crate::store::{Cursor, Store, StoreError};

/// Envelopes that this connection has appended to a log that it follows, until they are acknowledged.
#[derive(Clone, Default)]
pub struct Own(Arc<Mutex<HashSet<EnvelopeId>>>);

impl Own {
    /// An own envelope is on its way.
    pub fn expect(&self, id: EnvelopeId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// Whether it was on its way; it is not any more.
    pub fn take(&self, id: EnvelopeId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }
}

/// Follows one log for one connection.
pub struct Follower {
    /// The connection's number.
    pub connection: u64,
    /// Where rows are.
    pub store: Arc<dyn Store>,
    /// The log.
    pub log: Arc<Log>,
    /// The connection's own envelopes.
    pub own: Own,
    /// Where frames go.
    pub out: Out,
    /// What has been sent so far: a place on this log's chain.
    pub at: Cursor,
    /// Whether ids are enough for what is there already.
    pub ids_only: bool,
    /// Whether the client knows that bytes may be gone.
    pub trims: bool,
}

/// Why following ends.
enum End {
    Gone,
    Store(StoreError),
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Follower {
    /// Runs until the connection is gone. When the store fails, the client is told and subscribes again.
    pub async fn run(mut self) {
        let ended = self.follow().await;
        self.tell(ended).await;
    }

    /// Sends what is there, and no more.
    pub async fn run_once(mut self) {
        let there = *self.log.end().borrow();
        let ended = self.catch_up(there).await;
        self.tell(ended).await;
    }

    async fn tell(&self, ended: Result<(), End>) {
        if let Err(End::Store(error)) = ended {
            let log = Some(self.log.name);
            let told = RelayFrame::Error {
                code: ErrorCode::Busy,
                sentence: error.to_string(),
                log,
                id: None,
            };
            let _ = self.say(&told).await;
        }
    }

    async fn follow(&mut self) -> Result<(), End> {
        let mut end = self.log.end();
        let mut presence = self.log.presence();
        let there = *end.borrow_and_update();
        self.catch_up(there).await?;
        loop {
            let until = *end.borrow_and_update();
            self.send_rows(until).await?;
            tokio::select! {
                // The sender lives in the log that is held here: it cannot be gone.
                _ = end.changed() => {}
                told = presence.recv() => match told {
                    Ok(told) if told.from != self.connection => self.out.offer(Message::Binary(told.frame)),
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Err(End::Gone),
                },
            }
        }
    }

    async fn catch_up(&mut self, there: Cursor) -> Result<(), End> {
        if self.ids_only {
            self.send_ids(there).await?;
        }
        self.send_rows(there).await?;
        let Cursor { seq, chain } = self.at;
        let log = self.log.name;
        if self.trims {
            let count = self.store.gone(log).await?;
            if count > 0 {
                self.say(&RelayFrame::Trimmed { log, count }).await?;
            }
        }
        Ok(self.say(&RelayFrame::CaughtUp { log, seq, chain }).await?)
    }

    async fn send_ids(&mut self, until: Cursor) -> Result<(), End> {
        while self.at.seq < until.seq {
            let left = usize::try_from(until.seq - self.at.seq).unwrap_or(MAX_IDS);
            let ids = self
                .store
                .ids_after(self.log.name, self.at.seq, left.min(MAX_IDS))
                .await?;
            let mut first = self.at.seq + 1;
            if ids.is_empty() {
                return Err(missing(first).into());
            }
            self.at.seq += ids.len() as u64;
            for run in ids.chunk_by(|one, next| one.gone == next.gone) {
                let ids = run.iter().map(|listed| listed.id).collect();
                self.say_ids(first, ids, run[0].gone).await?;
                first += run.len() as u64;
            }
        }
        self.at = until;
        Ok(())
    }

    /// Ids, with whether their bytes were let go for a client that knows of that.
    async fn say_ids(&self, first: u64, ids: Vec<EnvelopeId>, gone: bool) -> Result<(), Gone> {
        let log = self.log.name;
        self.say(&match gone && self.trims {
            true => RelayFrame::Gone { log, first, ids },
            false => RelayFrame::Ids { log, first, ids },
        })
        .await
    }

    async fn send_rows(&mut self, until: Cursor) -> Result<(), End> {
        while self.at.seq < until.seq {
            let _turn = self.out.turn().await?;
            let rows = self.log.rows_after(&*self.store, self.at.seq).await?;
            if rows.is_empty() {
                return Err(missing(self.at.seq + 1).into());
            }
            let mut rows = rows.into_iter().peekable();
            while let Some(row) = rows.next() {
                self.at = row.at;
                if row.frame.is_empty() {
                    let mut ids = vec![row.id];
                    while let Some(row) = rows.next_if(|next| next.frame.is_empty() && ids.len() < MAX_IDS) {
                        self.at = row.at;
                        ids.push(row.id);
                    }
                    self.say_ids(row.at.seq, ids, true).await?;
                    continue;
                }
                if self.own.take(row.id) {
                    let (log, Cursor { seq, chain }) = (self.log.name, row.at);
                    self.say(&RelayFrame::Ack {
                        log,
                        id: row.id,
                        seq,
                        chain,
                    })
                    .await?;
                } else {
                    self.out.send(Message::Binary(row.frame)).await?;
                }
            }
        }
        Ok(())
    }

    async fn say(&self, frame: &RelayFrame) -> Result<(), Gone> {
        self.out.send(Message::Binary(frame.encode().into())).await
    }
}

fn missing(seq: u64) -> StoreError {
    StoreError::Failed(format!("envelope {seq} is missing in its log"))
}
