//! One connection to `/sync`: frames in, frames out, see [`komuz_sync::frame`]. They come and go as WebSocket messages, or as
//! what [`streams`](crate::streams) makes of them.
//!
//! Memory is bounded for each connection: what is sent waits in [`Out`], which has room for one largest frame; appends
//! that wait for the disk are few, and while they wait nothing more is read. A peer that does not take what is sent in
//! time is dropped.
//!
//! The `Origin` header is not checked: desks of other outlets are meant to connect, and a connection can do nothing before
//! it has signed a challenge that names this server.

mod follow;
mod out;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::ws::Message;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, Sink, Stream, StreamExt};
use komuz_sync::frame::{
    BESIDE, CLOSING, ClientFrame, ErrorCode, FrameError, MAX_ENTRY, MAX_FRAME, RelayFrame, TRIMMING, verify_challenge,
    verify_closing, verify_registration, verify_trimming,
};
use komuz_sync::seal::bytes::{EnvelopeId, LogId, Nonce, PublicKey, Signature};
use komuz_sync::seal::cbor::CborError;
use komuz_sync::seal::chain;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::follow::{Follower, Own};
use self::out::{Gone, Out};
use crate::hub::{self, Hub, Log};
use crate::identity::Identity;
use crate::limits::Limits;
use crate::listener::stopped;
use crate::store::{Append, Appended, Cursor, LogKeys, Opener, Store, StoreError};

/// Appends of one connection that wait for the disk.
const WAITING_APPENDS: usize = 64;
/// And their bytes, those of one largest envelope aside.
const WAITING_BYTES: usize = 1 << 20;
/// Proofs that fail before the connection is closed.
const FAILED_PROOFS: u32 = 16;

/// What all connections share.
pub struct Relay {
    /// The logs.
    pub store: Arc<dyn Store>,
    /// Those that somebody is connected for.
    pub hub: Arc<Hub>,
    /// Limits.
    pub limits: Limits,
    /// The server's own origin, as clients dial it.
    pub origin: String,
    /// Who knows the operator's tickets.
    pub identity: Arc<Identity>,
}

/// Why a connection ends before its peer leaves.
enum End {
    /// The peer is gone or does not take what is sent.
    Gone,
    /// The peer said what it must not: it has been told.
    Told,
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// A log as one connection knows it.
struct Known {
    log: Arc<Log>,
    reader: bool,
    append: Option<PublicKey>,
    follower: Option<JoinHandle<()>>,
    own: Own,
}

impl Drop for Known {
    fn drop(&mut self) {
        if let Some(follower) = &self.follower {
            follower.abort();
        }
    }
}

/// An append that has been answered by the store.
struct Stored {
    log: LogId,
    id: EnvelopeId,
    bytes: usize,
    /// Whether a follower of this connection acknowledges it in its turn.
    followed: bool,
    result: Result<Appended, StoreError>,
}

type Storing = futures_util::future::BoxFuture<'static, Stored>;

/// One connection.
struct Connection {
    number: u64,
    relay: Arc<Relay>,
    out: Out,
    nonce: Nonce,
    client_nonce: Option<Nonce>,
    /// Whether the client knows that bytes may be gone ([`TRIMMING`]).
    trims: bool,
    logs: HashMap<LogId, Known>,
    storing: FuturesUnordered<Storing>,
    storing_bytes: usize,
    failed_proofs: u32,
    /// Whether a key or the operator's ticket was shown.
    proved: bool,
    presence: Allowance,
}

/// Serves one connection until it ends or the server stops. `nonce` is fresh randomness.
pub async fn serve<E: Send>(
    sink: impl Sink<Message, Error = E> + Unpin + Send + 'static,
    mut stream: impl Stream<Item = Result<Message, impl Sized>> + Unpin,
    relay: Arc<Relay>,
    nonce: Nonce,
    mut stop: watch::Receiver<bool>,
) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (out, mut sending) = out::start(sink, relay.limits.send);
    let (idle, proof) = (relay.limits.idle, relay.limits.proof);
    let presence = Allowance::new(relay.limits.presence_per_second);
    let mut connection = Connection {
        number: COUNT.fetch_add(1, Ordering::Relaxed),
        relay,
        out,
        nonce,
        client_nonce: None,
        trims: false,
        logs: HashMap::new(),
        storing: FuturesUnordered::new(),
        storing_bytes: 0,
        failed_proofs: 0,
        proved: false,
        presence,
    };
    let mut asked = false;
    let mut silence = Box::pin(tokio::time::sleep(idle));
    let mut patience = Box::pin(tokio::time::sleep(proof));
    loop {
        let may_read = connection.storing.len() < WAITING_APPENDS && connection.storing_bytes < WAITING_BYTES;
        let step = tokio::select! {
            Some(stored) = connection.storing.next() => connection.stored(stored).await,
            message = stream.next(), if may_read => {
                asked = false;
                silence.as_mut().reset(tokio::time::Instant::now() + idle);
                match message {
                    Some(Ok(Message::Binary(bytes))) => connection.received(&bytes).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                    Some(Ok(Message::Text(_))) => connection.bad_frame("frames are binary messages, this was text").await,
                    Some(Err(_)) => connection.bad_frame("this was no WebSocket message, or one longer than a frame may be").await,
                    Some(Ok(Message::Close(_))) | None => Err(End::Gone),
                }
            }
            () = &mut silence => {
                silence.as_mut().reset(tokio::time::Instant::now() + idle);
                if asked && may_read {
                    // Asked, and still silent.
                    Err(End::Gone)
                } else {
                    asked = true;
                    connection.out.send(Message::Ping(Bytes::new())).await.map_err(End::from)
                }
            }
            () = &mut patience, if !connection.proved => connection.not_proved_in_time().await,
            _ = &mut sending => Err(End::Gone),
            () = stopped(&mut stop) => break,
        };
        if step.is_err() {
            break;
        }
    }
    connection.finish().await;
    if !sending.is_finished() {
        // It ends by itself: after the goodbye, or when the peer's time is over.
        let _ = sending.await;
    }
}

impl Connection {
    /// What was read has been read: answer what the store still answers, then say goodbye.
    async fn finish(mut self) {
        self.logs
            .values_mut()
            .filter_map(|known| known.follower.take())
            .for_each(|follower| follower.abort());
        while let Some(mut stored) = self.storing.next().await {
            stored.followed = false;
            if self.stored(stored).await.is_err() {
                return;
            }
        }
        let _ = self.out.send(Message::Close(None)).await;
    }

    async fn received(&mut self, bytes: &[u8]) -> Result<(), End> {
        let frame = match ClientFrame::decode(bytes) {
            Ok(frame) => frame,
            // Said by a later version, which finds out so what is not understood here.
            Err(error @ FrameError::Unknown(_)) if self.client_nonce.is_some() => {
                return Ok(self.error(ErrorCode::Unknown, error.to_string(), None, None).await?);
            }
            Err(error) => {
                let code = match error {
                    FrameError::Version(_) => ErrorCode::Version,
                    FrameError::Malformed(CborError::TooLarge(_)) => ErrorCode::TooLarge,
                    _ => ErrorCode::BadFrame,
                };
                self.error(code, error.to_string(), None, None).await?;
                return Err(End::Told);
            }
        };
        match (frame, self.client_nonce) {
            (ClientFrame::Hello { nonce, features }, None) => {
                self.client_nonce = Some(nonce);
                self.trims = features.iter().any(|feature| feature == TRIMMING);
                let challenge = RelayFrame::Challenge {
                    origin: self.relay.origin.clone(),
                    nonce: self.nonce,
                    features: [CLOSING, TRIMMING, BESIDE].map(str::to_owned).into(),
                };
                Ok(self.say(&challenge).await?)
            }
            (ClientFrame::Hello { .. }, Some(_)) => self.bad_frame("Hello comes once").await,
            (_, None) => self.bad_frame("the first frame is Hello").await,
            (ClientFrame::Auth { log, key, signature }, Some(nonce)) => self.auth(log, key, signature, nonce).await,
            (
                ClientFrame::Open {
                    log,
                    ticket,
                    reader,
                    registrar,
                    epoch,
                },
                _,
            ) => {
                let keys = LogKeys {
                    reader,
                    registrar,
                    epoch,
                };
                self.open(log, &ticket, keys, None).await
            }
            (
                ClientFrame::OpenClosable {
                    log,
                    ticket,
                    reader,
                    registrar,
                    epoch,
                    closer,
                },
                _,
            ) => {
                let keys = LogKeys {
                    reader,
                    registrar,
                    epoch,
                };
                self.open(log, &ticket, keys, Some(closer)).await
            }
            (
                ClientFrame::OpenBeside {
                    log,
                    beside,
                    reader,
                    registrar,
                    epoch,
                    closer,
                },
                _,
            ) => {
                let keys = LogKeys {
                    reader,
                    registrar,
                    epoch,
                };
                self.open_beside(log, beside, keys, closer).await
            }
            (ClientFrame::Close { log, keys, signature }, _) => self.close(log, keys, signature).await,
            (
                ClientFrame::Trim {
                    log,
                    seq,
                    chain,
                    ids,
                    signature,
                },
                _,
            ) => self.trim(log, Cursor { seq, chain }, ids, signature).await,
            (ClientFrame::Register { log, key, signature }, _) => self.register(log, key, signature).await,
            (ClientFrame::Append { log, bytes }, _) => self.append(log, bytes).await,
            (
                ClientFrame::Subscribe {
                    log,
                    after,
                    chain,
                    ids_only,
                    leaves,
                },
                _,
            ) => {
                let after = Cursor { seq: after, chain };
                self.subscribe(log, after, ids_only, leaves).await
            }
            (ClientFrame::Fetch { log, ids }, _) => self.fetch(log, ids).await,
            (ClientFrame::Presence { log, bytes }, _) => self.tell(log, bytes).await,
        }
    }

    async fn auth(&mut self, name: LogId, key: PublicKey, signature: Signature, nonce: Nonce) -> Result<(), End> {
        let Some(log) = self.find(name).await? else {
            return Ok(());
        };
        let registrar = key == log.keys.registrar;
        let (reader, append) = (key == log.keys.reader, log.may_append(&key));
        let origin = &self.relay.origin;
        let proved = (reader || append || registrar)
            && verify_challenge(&key, &signature, origin, &name, &log.keys.epoch, &nonce, &self.nonce);
        if !proved {
            let sentence = "the log does not know this key, or the signature is not the key's over this challenge";
            self.error(ErrorCode::NotAllowed, sentence, Some(name), None).await?;
            // Who may read may have a key that is let in no more.
            self.failed_proofs += u32::from(!self.logs.get(&name).is_some_and(|known| known.reader));
            return if self.failed_proofs < FAILED_PROOFS {
                Ok(())
            } else {
                Err(End::Told)
            };
        }
        let most = self.relay.limits.logs_per_connection;
        if !self.logs.contains_key(&name) && self.logs.len() >= most {
            let sentence = format!("a connection names at most {most} logs: open another connection");
            return Ok(self.error(ErrorCode::TooManyLogs, sentence, Some(name), None).await?);
        }
        let known = self.logs.entry(name).or_insert_with(|| Known {
            log,
            reader: false,
            append: None,
            follower: None,
            own: Own::default(),
        });
        self.proved = true;
        known.reader |= reader;
        if append {
            known.append = Some(key);
        }
        Ok(())
    }

    async fn open(&mut self, name: LogId, ticket: &str, keys: LogKeys, closer: Option<PublicKey>) -> Result<(), End> {
        if !self.relay.identity.admits(ticket) {
            let sentence = "this ticket is not one of this server's operator";
            self.error(ErrorCode::BadTicket, sentence, Some(name), None).await?;
            self.failed_proofs += 1;
            return if self.failed_proofs < FAILED_PROOFS {
                Ok(())
            } else {
                Err(End::Told)
            };
        }
        self.proved = true;
        self.open_for(name, keys, closer, Opener::Ticket).await
    }

    /// Opens a log for who appends to another one.
    async fn open_beside(&mut self, name: LogId, beside: LogId, keys: LogKeys, closer: PublicKey) -> Result<(), End> {
        let Some(key) = self.logs.get(&beside).and_then(|known| known.append) else {
            return self.not_proved(name, None).await;
        };
        // The store knows whether the key was closed out since.
        match self.relay.store.log(beside).await {
            Ok(Some(info)) if info.writers.contains(&key) => {
                self.open_for(name, keys, Some(closer), Opener::Writer).await
            }
            Ok(_) => self.not_proved(name, None).await,
            Err(error) => self.not_stored(error, name, None).await,
        }
    }

    async fn open_for(&mut self, name: LogId, keys: LogKeys, closer: Option<PublicKey>, by: Opener) -> Result<(), End> {
        match self.relay.store.open(name, keys, closer, by).await {
            Ok(()) => Ok(()),
            Err(error) => self.not_stored(error, name, None).await,
        }
    }

    async fn register(&mut self, name: LogId, key: PublicKey, signature: Signature) -> Result<(), End> {
        let Some(log) = self.find(name).await? else {
            return Ok(());
        };
        if !verify_registration(&log.keys.registrar, &signature, &name, &key) {
            let sentence = "the registration is not signed by the log's registrar";
            return Ok(self.error(ErrorCode::NotAllowed, sentence, Some(name), None).await?);
        }
        match self.relay.store.register(name, key).await {
            Ok(()) => {
                log.registered(key);
                Ok(())
            }
            Err(error) => self.not_stored(error, name, None).await,
        }
    }

    async fn close(&mut self, name: LogId, keys: Vec<PublicKey>, signature: Signature) -> Result<(), End> {
        // Who may close it is not among what is kept of a log in use: it is asked for once in a long while.
        let info = match self.relay.store.log(name).await {
            Ok(Some(info)) => info,
            Ok(None) => return self.not_stored(StoreError::NoSuchLog, name, None).await,
            Err(error) => return self.not_stored(error, name, None).await,
        };
        let epoch = &info.keys.epoch;
        let may = |closer: &PublicKey| verify_closing(closer, &signature, epoch, &keys);
        if !info.closer.as_ref().is_some_and(may) {
            let sentence = "the closing is not signed by who may close the log";
            return Ok(self.error(ErrorCode::NotAllowed, sentence, Some(name), None).await?);
        }
        match self.relay.store.close_logs(name, keys).await {
            Ok(()) => Ok(()),
            Err(error) => self.not_stored(error, name, None).await,
        }
    }

    /// Lets go of bytes. Errors name no log: what the client follows is in order.
    async fn trim(
        &mut self,
        name: LogId,
        up_to: Cursor,
        ids: Vec<EnvelopeId>,
        signature: Signature,
    ) -> Result<(), End> {
        let info = self.relay.store.log(name).await;
        let closer = info.as_ref().ok().and_then(|info| info.as_ref()?.closer);
        let Cursor { seq, chain } = up_to;
        let origin = &self.relay.origin;
        let may = |closer: PublicKey| verify_trimming(&closer, &signature, origin, &name, seq, &chain, &ids);
        if !closer.is_some_and(may) {
            let sentence = "letting go of envelopes is not signed by who may close their log";
            return Ok(self.error(ErrorCode::NotAllowed, sentence, None, None).await?);
        }
        loop {
            match self.relay.store.trim(name, up_to, ids.clone()).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Ok(self.error(ErrorCode::NotStored, error.to_string(), None, None).await?),
            }
        }
        if let Ok(Some(log)) = self.relay.hub.log(&*self.relay.store, name).await {
            log.trimmed();
        }
        Ok(())
    }

    async fn append(&mut self, name: LogId, bytes: Vec<u8>) -> Result<(), End> {
        let id = chain::envelope_id(&bytes);
        let Some((key, known)) = self.logs.get(&name).and_then(|known| Some((known.append?, known))) else {
            return self.not_proved(name, Some(id)).await;
        };
        let followed = known.follower.is_some();
        if followed {
            known.own.expect(id);
        }
        let (store, len) = (self.relay.store.clone(), bytes.len());
        let mut storing: Storing = async move {
            let result = store
                .append(Append {
                    log: name,
                    key,
                    id,
                    bytes,
                })
                .await;
            Stored {
                log: name,
                id,
                bytes: len,
                followed,
                result,
            }
        }
        .boxed();
        // Polled once at once: that puts it into the store's queue, in the order of the frames.
        match futures_util::poll!(&mut storing) {
            Poll::Ready(stored) => {
                self.storing_bytes += len;
                self.stored(stored).await
            }
            Poll::Pending => {
                self.storing_bytes += len;
                self.storing.push(storing);
                Ok(())
            }
        }
    }

    /// Answers an append. One that is new in a log that this connection follows is acknowledged by the follower, in its
    /// turn among the others' entries, so that a client sees every number once and in order.
    async fn stored(&mut self, stored: Stored) -> Result<(), End> {
        let Stored {
            log,
            id,
            bytes,
            followed,
            result,
        } = stored;
        self.storing_bytes = self.storing_bytes.saturating_sub(bytes);
        match result {
            Ok(Appended { fresh: true, .. }) if followed => Ok(()),
            Ok(Appended { at, .. }) => {
                self.forget_own(log, id);
                Ok(self
                    .say(&RelayFrame::Ack {
                        log,
                        id,
                        seq: at.seq,
                        chain: at.chain,
                    })
                    .await?)
            }
            Err(error) => {
                self.forget_own(log, id);
                self.not_stored(error, log, Some(id)).await
            }
        }
    }

    fn forget_own(&self, log: LogId, id: EnvelopeId) {
        if let Some(known) = self.logs.get(&log) {
            known.own.take(id);
        }
    }

    async fn subscribe(&mut self, name: LogId, after: Cursor, ids_only: bool, leaves: bool) -> Result<(), End> {
        let Some(known) = self.logs.get_mut(&name).filter(|known| known.reader) else {
            return self.not_proved(name, None).await;
        };
        if let Some(before) = known.follower.take() {
            before.abort();
        }
        let log = known.log.clone();
        let end = *log.end().borrow();
        let there = match self.relay.store.chain_at(name, after.seq).await {
            Ok(there) => there,
            Err(error) => return self.not_stored(error, name, None).await,
        };
        if there != Some(after.chain) {
            let rewound = RelayFrame::Rewound {
                log: name,
                seq: end.seq,
                chain: end.chain,
            };
            return Ok(self.say(&rewound).await?);
        }
        let Some(known) = self.logs.get_mut(&name) else {
            return Ok(());
        };
        let follower = Follower {
            connection: self.number,
            store: self.relay.store.clone(),
            log,
            own: known.own.clone(),
            out: self.out.clone(),
            at: after,
            ids_only,
            trims: self.trims,
        };
        if leaves {
            self.logs.remove(&name);
            follower.run_once().await;
        } else {
            known.follower = Some(tokio::spawn(follower.run()));
        }
        Ok(())
    }

    async fn fetch(&mut self, name: LogId, ids: Vec<EnvelopeId>) -> Result<(), End> {
        if !self.logs.get(&name).is_some_and(|known| known.reader) {
            return self.not_proved(name, None).await;
        }
        for id in ids {
            match self.relay.store.find(name, id).await {
                Ok(None) => {}
                Ok(Some(row)) if row.bytes.is_empty() => {
                    let sentence = "the bytes of this envelope were let go here";
                    self.error(ErrorCode::NotKept, sentence, Some(name), Some(id)).await?;
                }
                Ok(Some(row)) => self.out.send(Message::Binary(hub::outgoing(name, row).frame)).await?,
                Err(error) => return self.not_stored(error, name, Some(id)).await,
            }
        }
        Ok(())
    }

    async fn tell(&mut self, name: LogId, bytes: Vec<u8>) -> Result<(), End> {
        let Some(known) = self
            .logs
            .get(&name)
            .filter(|known| known.reader || known.append.is_some())
        else {
            return self.not_proved(name, None).await;
        };
        if self.presence.take(Instant::now()) {
            known.log.tell(self.number, bytes);
        }
        Ok(())
    }

    /// A log by its name; says so when there is none.
    async fn find(&mut self, name: LogId) -> Result<Option<Arc<Log>>, End> {
        if let Some(known) = self.logs.get(&name) {
            return Ok(Some(known.log.clone()));
        }
        match self.relay.hub.log(&*self.relay.store, name).await {
            Ok(Some(log)) => return Ok(Some(log)),
            Ok(None) => self.not_stored(StoreError::NoSuchLog, name, None).await?,
            Err(error) => self.not_stored(error, name, None).await?,
        }
        Ok(None)
    }

    async fn not_proved(&mut self, log: LogId, id: Option<EnvelopeId>) -> Result<(), End> {
        let sentence = "this connection has not proved a key that allows it";
        Ok(self.error(ErrorCode::NotAllowed, sentence, Some(log), id).await?)
    }

    async fn not_stored(&mut self, error: StoreError, log: LogId, id: Option<EnvelopeId>) -> Result<(), End> {
        let code = match &error {
            StoreError::NoSuchLog => ErrorCode::NoSuchLog,
            StoreError::LogTaken => ErrorCode::LogTaken,
            StoreError::NotRegistered | StoreError::Closed => ErrorCode::NotAllowed,
            StoreError::TooManyKeys(_) | StoreError::LogFull(_) | StoreError::KeyFull(_) => ErrorCode::LogFull,
            StoreError::Closing => ErrorCode::Busy,
            StoreError::TooManyLogs(_)
            | StoreError::DiskFull(_)
            | StoreError::OtherChain(_)
            | StoreError::Failed(_) => ErrorCode::NotStored,
        };
        Ok(self.error(code, error.to_string(), Some(log), id).await?)
    }

    async fn not_proved_in_time(&mut self) -> Result<(), End> {
        let sentence = "this connection has proved no key of any log here: come back when a log is open";
        self.error(ErrorCode::NoProof, sentence, None, None).await?;
        Err(End::Told)
    }

    async fn bad_frame(&mut self, sentence: &str) -> Result<(), End> {
        self.error(ErrorCode::BadFrame, sentence, None, None).await?;
        Err(End::Told)
    }

    async fn error(
        &mut self,
        code: ErrorCode,
        sentence: impl Into<String>,
        log: Option<LogId>,
        id: Option<EnvelopeId>,
    ) -> Result<(), Gone> {
        self.say(&RelayFrame::Error {
            code,
            sentence: sentence.into(),
            log,
            id,
        })
        .await
    }

    async fn say(&mut self, frame: &RelayFrame) -> Result<(), Gone> {
        self.out.send(Message::Binary(frame.encode().into())).await
    }
}

/// A number of things a second, with a second's worth saved up.
struct Allowance {
    each_second: f64,
    saved: f64,
    since: Option<Instant>,
}

impl Allowance {
    fn new(each_second: u32) -> Self {
        Self {
            each_second: f64::from(each_second),
            saved: f64::from(each_second),
            since: None,
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let passed = self
            .since
            .map_or(0.0, |since| now.saturating_duration_since(since).as_secs_f64());
        self.since = Some(now);
        self.saved = (self.saved + passed * self.each_second).min(self.each_second);
        let allowed = self.saved >= 1.0;
        if allowed {
            self.saved -= 1.0;
        }
        allowed
    }
}

/// An Append frame is read whole: the two limits must leave room for each other.
const _: () = assert!(MAX_ENTRY + 128 < MAX_FRAME);

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_allowance_fills_again_with_time_and_never_over() {
        let start = Instant::now();
        let mut allowance = Allowance::new(2);
        assert!(allowance.take(start) && allowance.take(start));
        assert!(!allowance.take(start));
        assert!(allowance.take(start + Duration::from_millis(500)));
        assert!(!allowance.take(start + Duration::from_millis(500)));
        let later = start + Duration::from_secs(100);
        assert!(allowance.take(later) && allowance.take(later));
        assert!(!allowance.take(later));
    }
}
