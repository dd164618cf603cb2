//! Connections to relays, one task each.

use std::collections::HashMap;
use std::sync::mpsc;

use futures_util::{SinkExt, StreamExt};
use komuz_sync::frame::MAX_FRAME;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::Happening;
use crate::Input;

/// All connections of an engine.
pub struct Sockets {
    runtime: Handle,
    happenings: mpsc::Sender<Happening>,
    open: HashMap<u32, Open>,
    attempts: u64,
}

/// A connection that is wanted.
struct Open {
    /// Which of all attempts it is: a relay may be dialled again while an old connection still speaks.
    attempt: u64,
    frames: UnboundedSender<Vec<u8>>,
}

/// What a connection says.
pub struct Said {
    relay: u32,
    attempt: u64,
    what: What,
}

enum What {
    Connected,
    Frame(Vec<u8>),
    Gone,
}

impl Sockets {
    /// No connections yet; they will run on this runtime and report to this channel.
    pub fn new(runtime: Handle, happenings: mpsc::Sender<Happening>) -> Self {
        Self {
            runtime,
            happenings,
            open: HashMap::new(),
            attempts: 0,
        }
    }

    /// The runtime.
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Dials a relay.
    pub fn connect(&mut self, relay: u32, url: String) {
        self.attempts += 1;
        let attempt = self.attempts;
        let (frames, waiting) = unbounded_channel();
        self.open.insert(relay, Open { attempt, frames });
        let happenings = self.happenings.clone();
        self.runtime.spawn(async move {
            let say = |what| {
                happenings
                    .send(Happening::Socket(Said { relay, attempt, what }))
                    .is_ok()
            };
            // However it ended: the engine dials again when it wants to.
            let _ = converse(&url, waiting, &say).await;
            say(What::Gone);
        });
    }

    /// Hangs up on a relay.
    pub fn close(&mut self, relay: u32) {
        // The task sees its channel closed, sends what waits, and leaves.
        self.open.remove(&relay);
    }

    /// Hangs up on all.
    pub fn close_all(&mut self) {
        self.open.clear();
    }

    /// Sends a frame; to nobody when the connection has gone, which the engine is told anyway.
    pub fn send(&mut self, relay: u32, bytes: Vec<u8>) {
        if let Some(open) = self.open.get(&relay) {
            let _ = open.frames.send(bytes);
        }
    }

    /// What the engine makes of it; nothing when it comes from a connection that is not wanted any more.
    pub fn heard(&mut self, said: Said) -> Option<Input> {
        let Said { relay, attempt, what } = said;
        if self.open.get(&relay)?.attempt != attempt {
            return None;
        }
        Some(match what {
            What::Connected => Input::Connected { relay },
            What::Frame(bytes) => Input::Frame { relay, bytes },
            What::Gone => {
                self.open.remove(&relay);
                Input::Disconnected { relay }
            }
        })
    }
}

/// Speaks until one of both sides leaves or breaks off.
async fn converse(
    url: &str,
    mut frames: UnboundedReceiver<Vec<u8>>,
    say: &(impl Fn(What) -> bool + Sync),
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    let (socket, _) = tokio_tungstenite::connect_async_with_config(url, Some(config), true).await?;
    let (mut sink, mut stream) = socket.split();
    say(What::Connected);
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => sink.send(Message::Binary(frame.into())).await?,
                None => return sink.send(Message::Close(None)).await,
            },
            message = stream.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    if !say(What::Frame(bytes.into())) {
                        return Ok(());
                    }
                }
                Some(Ok(Message::Close(_))) | None => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
            },
        }
    }
}
