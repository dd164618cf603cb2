//! The same frames without a WebSocket, for networks that let none through: `POST /sync/open` is answered with a body that
//! does not end and brings what the server says, `POST /sync/<name>/<number>` brings what the client says.
//!
//! Both directions carry records: a length of four bytes (big-endian), then a frame of that length. The first record down
//! is no frame but the connection's name, 128 random bits as 32 hexadecimal digits: whoever knows it speaks for the
//! connection. A record of length 0 asks whether the client is still there, and keeps proxies from taking the body for dead.
//!
//! Posts are numbered from 1 and taken in that order, each whole or not at all; one that was taken is acknowledged again and
//! does nothing, so a client that got no answer sends it again. What they bring is handled by the same
//! [`connection`](crate::connection) as what comes by WebSocket.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::Message;
use axum::extract::{Path, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::{StreamExt, sink, stream};
use komuz_sync::frame::MAX_FRAME;
use komuz_sync::seal::bytes::Nonce;
use tokio::sync::{mpsc, watch};

use crate::body::{Refused, collect};
use crate::connection::{self, Relay};
use crate::identity;

/// Bytes of a record's length.
const LENGTH: usize = 4;
/// The longest body of a post: one longest frame, or as many as fit.
const MAX_POST: usize = LENGTH + MAX_FRAME;
/// How many posts may be on their way beside the one whose turn it is.
const AHEAD: u64 = 8;
/// The record that asks whether the client is there.
const ASKING: &[u8] = &[0; LENGTH];

/// All connections of this kind.
pub struct Streams {
    relay: Arc<Relay>,
    stopping: watch::Receiver<bool>,
    open: Mutex<HashMap<u128, Arc<Upward>>>,
}

/// What a client brings to one connection.
struct Upward {
    /// The number of the post whose turn it is.
    turn: watch::Sender<u64>,
    /// Where its body goes. Whoever holds it looks at the turn first, so that a post that comes twice is taken once.
    door: tokio::sync::Mutex<mpsc::Sender<Bytes>>,
}

/// A connection's place among the open ones; given back when dropped.
struct Entered {
    streams: Arc<Streams>,
    name: u128,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.streams.locked().remove(&self.name);
    }
}

/// The routes.
pub fn routes(relay: Arc<Relay>, stopping: watch::Receiver<bool>) -> Router {
    let streams = Streams {
        relay,
        stopping,
        open: Mutex::default(),
    };
    Router::new()
        .route("/sync/open", post(open).options(preflight))
        .route("/sync/{name}/{number}", post(take).options(preflight))
        .with_state(Arc::new(streams))
}

/// Any page may connect, as it may by WebSocket: what a connection can do, its proofs decide. The rest asks whoever stands
/// in between to pass the body on as it comes.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, OPTIONS"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
    (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    (header::CACHE_CONTROL, "no-store, no-transform"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("x-accel-buffering"), "no"),
];

fn headed(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let set: &mut HeaderMap = response.headers_mut();
    for (name, value) in HEADERS {
        set.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn preflight() -> Response {
    headed(StatusCode::NO_CONTENT)
}

async fn open(State(streams): State<Arc<Streams>>) -> Response {
    headed(Streams::open(streams))
}

async fn take(
    State(streams): State<Arc<Streams>>,
    Path((name, number)): Path<(String, String)>,
    body: Body,
) -> Response {
    headed(streams.take(&name, &number, body).await)
}

impl Streams {
    fn locked(&self) -> MutexGuard<'_, HashMap<u128, Arc<Upward>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a connection: the answer whose body is what the server says.
    fn open(self: Arc<Self>) -> Result<Response, Refused> {
        let no_randomness = |_| {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the server has no randomness\n".to_owned(),
            )
        };
        let nonce = Nonce(identity::random().map_err(no_randomness)?);
        let random = identity::random().map_err(no_randomness)?;
        let name = random.iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte));
        let (door, posts) = mpsc::channel::<Bytes>(1);
        {
            let mut open = self.locked();
            // Each holds a TCP connection for as long as it lasts, and the posts of all of them need some too.
            if open.len() >= self.relay.limits.streams {
                let sentence = "the server has as many connections without WebSocket as it takes\n";
                return Err((StatusCode::SERVICE_UNAVAILABLE, sentence.to_owned()));
            }
            let upward = Upward {
                turn: watch::Sender::new(1),
                door: tokio::sync::Mutex::new(door),
            };
            open.insert(name, Arc::new(upward));
        }
        let entered = Entered {
            streams: self.clone(),
            name,
        };
        let heartbeat = self.relay.limits.heartbeat;
        let (down, waiting) = mpsc::channel::<Bytes>(1);
        let gone = down.clone();
        let sink = Box::pin(sink::unfold(down, |down, message: Message| async move {
            if let Some(record) = record(message) {
                down.send(record).await?;
            }
            Ok::<_, mpsc::error::SendError<Bytes>>(down)
        }));
        let coming = stream::unfold(posts, |mut posts| async { Some((posts.recv().await?, posts)) })
            .flat_map(|post| stream::iter(messages(post)))
            // The body is dropped when its reader has hung up.
            .take_until(async move { gone.closed().await });
        let (relay, stopping) = (self.relay.clone(), self.stopping.clone());
        tokio::spawn(async move {
            connection::serve(sink, Box::pin(coming), relay, nonce, stopping).await;
            drop(entered);
        });
        let first = framed(format!("{name:032x}").as_bytes());
        let rest = stream::unfold(waiting, move |mut waiting| async move {
            match tokio::time::timeout(heartbeat, waiting.recv()).await {
                Ok(record) => Some((record?, waiting)),
                Err(_) => Some((Bytes::from_static(ASKING), waiting)),
            }
        });
        let body = stream::once(async { first }).chain(rest).map(Ok::<_, Infallible>);
        let media = [(header::CONTENT_TYPE, "application/octet-stream")];
        Ok((media, Body::from_stream(body)).into_response())
    }

    /// Takes a post in its turn.
    async fn take(&self, name: &str, number: &str, body: Body) -> Result<StatusCode, Refused> {
        let unknown = || {
            let sentence = "there is no such connection any more: open another\n";
            (StatusCode::NOT_FOUND, sentence.to_owned())
        };
        let upward = name_of(name)
            .and_then(|name| self.locked().get(&name).cloned())
            .ok_or_else(unknown)?;
        let number = number_of(number).ok_or_else(unknown)?;
        let turn = *upward.turn.borrow();
        if number < turn {
            return Ok(StatusCode::NO_CONTENT);
        }
        let early = || {
            let sentence = "posts before this one have not come: send them, then this one again\n";
            (StatusCode::CONFLICT, sentence.to_owned())
        };
        if number - turn > AHEAD {
            return Err(early());
        }
        let patience = self.relay.limits.request;
        let bytes = Bytes::from(collect(body, MAX_POST, patience).await?);
        if !well_formed(&bytes) {
            let sentence = "a post is records: four bytes of length, then a frame of that length\n";
            return Err((StatusCode::BAD_REQUEST, sentence.to_owned()));
        }
        let mut turns = upward.turn.subscribe();
        match tokio::time::timeout(patience, turns.wait_for(|turn| *turn >= number)).await {
            Err(_) => return Err(early()),
            Ok(waited) => waited.map_err(|_| unknown())?,
        };
        let door = upward.door.lock().await;
        if *upward.turn.borrow() == number {
            // Waits while the connection has enough to do. Given up meanwhile, nothing has been taken.
            door.send(bytes).await.map_err(|_| unknown())?;
            upward.turn.send_replace(number + 1);
        }
        Ok(StatusCode::NO_CONTENT)
    }
}

/// A connection's name from its one spelling.
fn name_of(text: &str) -> Option<u128> {
    let name = u128::from_str_radix(text, 16).ok()?;
    (format!("{name:032x}") == text).then_some(name)
}

/// A post's number from its one spelling.
fn number_of(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number > 0 && number.to_string() == text).then_some(number)
}

/// What goes down for a message of the connection; nothing for a goodbye, after which the body ends.
fn record(message: Message) -> Option<Bytes> {
    match message {
        Message::Binary(frame) => Some(framed(&frame)),
        Message::Ping(_) => Some(Bytes::from_static(ASKING)),
        _ => None,
    }
}

fn framed(frame: &[u8]) -> Bytes {
    let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], frame].concat().into()
}

/// The first record of some, and what follows it; none when it is empty or cut short.
fn split(records: &Bytes) -> Option<(Bytes, Bytes)> {
    let length = u32::from_be_bytes(*records.first_chunk::<LENGTH>()?);
    let end = usize::try_from(length).ok()?.checked_add(LENGTH)?;
    (length > 0 && end <= records.len()).then(|| (records.slice(LENGTH..end), records.slice(end..)))
}

/// Whether a post is records without a remainder.
fn well_formed(post: &Bytes) -> bool {
    let mut rest = post.clone();
    while !rest.is_empty() {
        let Some((_, after)) = split(&rest) else { return false };
        rest = after;
    }
    true
}

/// What a post says to the connection: its frames, or only that the client is there.
fn messages(post: Bytes) -> impl Iterator<Item = Result<Message, Infallible>> {
    let there = post.is_empty().then(|| Message::Pong(Bytes::new()));
    let mut rest = post;
    let frames = std::iter::from_fn(move || {
        let (frame, after) = split(&rest)?;
        rest = after;
        Some(Message::Binary(frame))
    });
    there.into_iter().chain(frames).map(Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(post: &[u8]) -> Vec<Message> {
        messages(Bytes::copy_from_slice(post))
            .map(|Ok(message)| message)
            .collect()
    }

    #[test]
    fn a_post_is_taken_apart_into_its_frames() {
        let frame = |byte: u8| Message::Binary(vec![byte; 3].into());
        let post = [framed(&[1; 3]), framed(&[2; 3])].concat();
        assert!(well_formed(&post.clone().into()));
        assert_eq!(said(&post), [frame(1), frame(2)]);
        assert_eq!(said(b""), [Message::Pong(Bytes::new())]);
    }

    #[test]
    fn what_is_cut_short_or_empty_is_no_record() {
        for bad in [
            &[0][..],
            &[0, 0, 0, 0],
            &[0, 0, 0, 2, 7],
            &[0, 0, 0, 1, 7, 0],
            &[255; 9],
        ] {
            assert!(!well_formed(&Bytes::copy_from_slice(bad)), "{bad:?}");
        }
        assert!(well_formed(&Bytes::new()));
    }

    #[test]
    fn a_name_and_a_number_have_one_spelling() {
        let name = "00ff00000000000000000000000000aa";
        assert_eq!(name_of(name).map(|name| format!("{name:032x}")).as_deref(), Some(name));
        for bad in [
            "",
            "open",
            "+0ff00000000000000000000000000aa",
            &name[1..],
            &name.to_uppercase(),
        ] {
            assert_eq!(name_of(bad), None, "{bad}");
        }
        assert_eq!(number_of("12"), Some(12));
        for bad in ["", "0", "+1", "01", "1x", "99999999999999999999"] {
            assert_eq!(number_of(bad), None, "{bad}");
        }
    }
}
