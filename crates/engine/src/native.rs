//! The engine's native twin: does with threads, sockets and a database what the worker does in the browser, so that tools and
//! tests run the code that the desk runs.
//!
//! One [`Native`] is one device with one engine: a folder that no other process may use meanwhile. Rows lie in one SQLite
//! file (WAL, `synchronous=FULL`) that only its owner may read; its keys are not wrapped at rest, so it is for machines whose
//! disk is. Connections are plain WebSockets (`ws://`): a tool that dials a server over TLS does so through a proxy.
//!
//! The engine runs on a thread of its own, for which storing is simply done when it is done; sockets live on the runtime of
//! who started it.

mod rows;
mod sockets;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use komuz_messages::{Answer, Ask, Event, FromEngine, ToEngine, Trouble};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::{Engine, Input, Output, job};
use rows::Rows;
use sockets::Sockets;

/// A running engine. Dropped, it ends as a killed process would: what was stored is stored.
pub struct Native {
    happenings: mpsc::Sender<Happening>,
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NativeError {
    /// The folder.
    #[error("the folder cannot be used: {0}")]
    Folder(#[from] io::Error),
    /// Another engine has it.
    #[error("another engine uses this folder")]
    InUse,
    /// The rows.
    #[error("the rows cannot be opened: {0}")]
    Rows(String),
}

/// What the engine's thread is told.
enum Happening {
    /// Somebody asks.
    Ask(Ask, oneshot::Sender<Result<Answer, Trouble>>),
    /// Something from outside.
    Input(Input),
    /// A connection opened, spoke or ended; it may be one that was closed meanwhile.
    Socket(sockets::Said),
    /// Nobody holds the engine any more; or somebody waits for its end.
    Stop(Option<oneshot::Sender<()>>),
}

impl Native {
    /// Starts an engine on a folder, which is made when it is not there. Events come through the channel; whoever does not
    /// want them drops it. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`NativeError`].
    pub fn start(folder: &Path) -> Result<(Self, UnboundedReceiver<Event>), NativeError> {
        std::fs::create_dir_all(folder)?;
        let lock = std::fs::File::create(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(NativeError::InUse),
            Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        let rows = Rows::open(&folder.join("rows.sqlite"))?;
        let (happenings, queue) = mpsc::channel();
        let (events, shown) = unbounded_channel();
        let sockets = Sockets::new(tokio::runtime::Handle::current(), happenings.clone());
        let worker = Worker {
            engine: Engine::new(Box::new(entropy)),
            rows,
            sockets,
            happenings: happenings.clone(),
            queue,
            events,
            asked: HashMap::new(),
            next: 0,
            wake: None,
            lock,
        };
        std::thread::Builder::new()
            .name("komuz-engine".to_owned())
            .spawn(move || worker.run())?;
        Ok((Self { happenings }, shown))
    }

    /// Asks the engine. The ask is on its way when this returns, in the order of the calls; await the answer.
    ///
    /// # Errors
    /// The engine's own [`Trouble`]; `stopped` when the engine has ended.
    pub fn ask(&self, ask: Ask) -> impl Future<Output = Result<Answer, Trouble>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        // When the engine has ended, the reply goes with the message, and the answer says so.
        let _ = self.happenings.send(Happening::Ask(ask, reply));
        async {
            answer.await.unwrap_or_else(|_| {
                Err(Trouble {
                    code: "stopped".to_owned(),
                    with: Vec::new(),
                    message: "The engine has stopped.".to_owned(),
                })
            })
        }
    }

    /// Ends the engine; its folder is free when this returns. Whoever asks after that is answered with `stopped`.
    pub async fn stop(&self) {
        let (reply, ended) = oneshot::channel();
        if self.happenings.send(Happening::Stop(Some(reply))).is_ok() {
            let _ = ended.await;
        }
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.happenings.send(Happening::Stop(None));
    }
}

/// Randomness of the operating system. Without it no key and no nonce is safe: the engine's thread ends, and asks are
/// answered with `stopped`.
fn entropy(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        std::panic::resume_unwind(Box::new(format!("no randomness: {error}")));
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The engine's thread.
struct Worker {
    engine: Engine,
    rows: Rows,
    sockets: Sockets,
    happenings: mpsc::Sender<Happening>,
    queue: mpsc::Receiver<Happening>,
    events: UnboundedSender<Event>,
    asked: HashMap<u32, oneshot::Sender<Result<Answer, Trouble>>>,
    next: u32,
    wake: Option<u64>,
    /// Keeps other engines out of the folder.
    lock: std::fs::File,
}

impl Worker {
    fn run(mut self) {
        self.feed(Input::Start);
        loop {
            let happening = match self.wake {
                None => self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => self.queue.recv_timeout(Duration::from_millis(at.saturating_sub(now()))),
            };
            match happening {
                Ok(Happening::Ask(ask, reply)) => {
                    self.next = self.next.wrapping_add(1);
                    self.asked.insert(self.next, reply);
                    self.feed(Input::Message(ToEngine { id: self.next, ask }));
                }
                Ok(Happening::Input(input)) => self.feed(input),
                Ok(Happening::Socket(said)) => {
                    if let Some(input) = self.sockets.heard(said) {
                        self.feed(input);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.wake = None;
                    self.feed(Input::Tick);
                }
                Ok(Happening::Stop(reply)) => {
                    // The folder is free before anybody is told.
                    drop((self.rows, self.lock));
                    reply.map(|reply| reply.send(()));
                    return;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Lets something happen and does what the engine then wants, and what follows from that at once.
    fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for output in self.engine.handle(input, now()) {
                inputs.extend(self.execute(output));
            }
        }
    }

    /// Does one thing; what comes of it at once is given back.
    fn execute(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Message(FromEngine::Answer { id, result }) => {
                if let Some(reply) = self.asked.remove(&id) {
                    // Who asked may have gone.
                    let _ = reply.send(result);
                }
                None
            }
            Output::Message(FromEngine::Event { event }) => {
                let _ = self.events.send(*event);
                None
            }
            Output::Load {
                load,
                table,
                prefix,
                names,
            } => {
                // The engine tells rows that cannot be read from those that are not there by their missing values.
                Some(Input::Loaded {
                    load,
                    rows: self.rows.load(&table, &prefix, names),
                })
            }
            Output::Store { batch, rows } => Some(match self.rows.store(&rows) {
                Ok(()) => Input::Stored { batch },
                Err(why) => Input::StoreFailed { batch, why },
            }),
            // The folder is ours alone, so every lock in it is free.
            Output::Lock { name } => Some(Input::Locked { name }),
            Output::Connect { relay, url } => {
                self.sockets.connect(relay, url);
                None
            }
            Output::Close { relay } => {
                self.sockets.close(relay);
                None
            }
            Output::Send { relay, bytes } => {
                self.sockets.send(relay, bytes);
                None
            }
            // There are no other tabs in this folder.
            Output::ToTabs(_) | Output::Watch { .. } => None,
            Output::Job { job, task } => {
                let happenings = self.happenings.clone();
                self.sockets.runtime().spawn_blocking(move || {
                    let result = job::run(&task);
                    let _ = happenings.send(Happening::Input(Input::JobDone { job, result }));
                });
                None
            }
            Output::Erase => {
                self.sockets.close_all();
                Some(Input::Erased {
                    remains: self.rows.erase(),
                })
            }
            Output::Wake { at } => {
                self.wake = Some(at);
                None
            }
        }
    }
}
