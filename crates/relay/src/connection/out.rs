//! What waits to be sent on one connection: little, and not for long.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::Message;
use futures_util::{Sink, SinkExt};
use komuz_sync::frame::MAX_FRAME;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;

/// Messages that wait at most.
const WAITING: usize = 64;
/// Followers of one connection that read from the store at once.
const READING: usize = 2;

/// The connection takes nothing more.
#[derive(Debug)]
pub struct Gone;

/// Where messages are handed in; copies share one room.
#[derive(Clone)]
pub struct Out {
    queue: mpsc::Sender<(Message, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
    reading: Arc<Semaphore>,
}

impl Out {
    /// Waits for a turn to read rows from the store: only few of a connection's followers hold rows that wait to be sent.
    ///
    /// # Errors
    /// [`Gone`] when the connection has ended.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, Gone> {
        self.reading.clone().acquire_owned().await.map_err(|_| Gone)
    }

    /// Hands a message in, waiting until there is room for it.
    ///
    /// # Errors
    /// [`Gone`] when the connection has ended.
    pub async fn send(&self, message: Message) -> Result<(), Gone> {
        let room = self
            .room
            .clone()
            .acquire_many_owned(size(&message))
            .await
            .map_err(|_| Gone)?;
        self.queue.send((message, room)).await.map_err(|_| Gone)
    }

    /// Hands a message in if there is room for it now; otherwise it is dropped.
    pub fn offer(&self, message: Message) {
        if let Ok(room) = self.room.clone().try_acquire_many_owned(size(&message)) {
            let _ = self.queue.try_send((message, room));
        }
    }
}

/// What a message takes of the room: no message may need more than there is.
fn size(message: &Message) -> u32 {
    let bytes = match message {
        Message::Binary(bytes) => bytes.len().min(MAX_FRAME),
        _ => 0,
    };
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Starts the task that sends. It ends when every [`Out`] is gone, after a close message, and when the peer has not taken what
/// was sent within `patience`; its end closes the room.
pub fn start<E: Send>(
    mut sink: impl Sink<Message, Error = E> + Unpin + Send + 'static,
    patience: Duration,
) -> (Out, JoinHandle<()>) {
    let (queue, mut waiting) = mpsc::channel::<(Message, OwnedSemaphorePermit)>(WAITING);
    let room = Arc::new(Semaphore::new(MAX_FRAME));
    let reading = Arc::new(Semaphore::new(READING));
    let closing = [room.clone(), reading.clone()];
    let sending = tokio::spawn(async move {
        let mut batch = Vec::new();
        while waiting.recv_many(&mut batch, WAITING).await > 0 {
            let close = batch.iter().any(|(message, _)| matches!(message, Message::Close(_)));
            // What has gathered goes out in one piece.
            let sent = tokio::time::timeout(patience, async {
                for (message, room) in batch.drain(..) {
                    sink.feed(message).await?;
                    drop(room);
                }
                sink.flush().await
            });
            if !matches!(sent.await, Ok(Ok(()))) || close {
                break;
            }
        }
        closing.iter().for_each(|semaphore| semaphore.close());
    });
    (Out { queue, room, reading }, sending)
}
