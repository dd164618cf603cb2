//! Starting and stopping all of it.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{State, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use futures_util::StreamExt;
use komuz_release::time::Seconds;
use komuz_sync::frame::MAX_FRAME;
use komuz_sync::seal::bytes::Nonce;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::about;
use crate::connection::{self, Relay};
use crate::hub::Hub;
use crate::identity::{self, Identity, IdentityError};
use crate::limits::{Disk, Limits};
use crate::listener::{self, stopped};
use crate::releases::shelf::Shelf;
use crate::releases::{self, Releases};
use crate::site::{self, NotAnOrigin, Site};
use crate::store::Store;
use crate::store::sqlite::{OpenError, Sqlite};
use crate::streams;

/// Tells the time: seconds since 1970. Injected, so that tests need not wait for a day.
pub type Clock = Arc<dyn Fn() -> Seconds + Send + Sync>;

/// How often the server looks whether an extension is due.
const RENEWAL_ROUND: Duration = Duration::from_secs(600);
/// How long a stop waits for connections to end by themselves.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// What a server is started with.
#[derive(Clone)]
pub struct Config {
    /// Address to listen on; port 0 chooses a free one.
    pub listen: SocketAddr,
    /// Folder for everything that is kept.
    pub data: PathBuf,
    /// What the server is called from outside, such as `https://desk.outlet.example`; `http://` and the address when `None`.
    pub origin: Option<String>,
    /// Folder with the desk and the embed files; those that the binary carries when `None`.
    pub site: Option<PathBuf>,
    /// Origins that may frame the desk, besides its own.
    pub frame_ancestors: Vec<String>,
    /// Limits.
    pub limits: Limits,
    /// The time.
    pub clock: Clock,
}

impl Config {
    /// A server with the defaults, on the system's clock.
    pub fn new(listen: SocketAddr, data: impl Into<PathBuf>) -> Self {
        Self {
            listen,
            data: data.into(),
            origin: None,
            site: None,
            frame_ancestors: Vec::new(),
            limits: Limits::default(),
            clock: Arc::new(|| {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                since.as_secs().cast_signed()
            }),
        }
    }
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data folder.
    #[error("the data folder cannot be used: {0}")]
    Data(io::Error),
    /// Another server has it.
    #[error("another komuz serves from this data folder: stop it first, or choose another --data")]
    InUse,
    /// What the server knows of itself.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The logs.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The address.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// An origin.
    #[error(transparent)]
    Origin(#[from] NotAnOrigin),
}

/// The server.
pub struct Server;

/// A server that runs until it is stopped.
pub struct RunningServer {
    /// The address that it listens on.
    pub address: SocketAddr,
    /// What it is called from outside.
    pub origin: String,
    /// The link to its desk with the operator's ticket; at first start only. Whoever has it may open logs here.
    pub founding_link: Option<String>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    renewing: JoinHandle<()>,
    store: Arc<dyn Store>,
    // Held until the end: the folder is free again when it is dropped.
    _lock: std::fs::File,
}

impl Server {
    /// Starts a server. It is reachable when this returns.
    ///
    /// # Errors
    /// [`StartError`], and then nothing runs.
    pub async fn start(config: Config) -> Result<RunningServer, StartError> {
        let Config {
            listen,
            data,
            origin,
            site,
            frame_ancestors,
            limits,
            clock,
        } = config;
        if let Some(bad) = origin.as_ref().filter(|origin| !site::is_origin(origin)) {
            return Err(NotAnOrigin(bad.clone()).into());
        }
        let site = Site::new(site, &frame_ancestors)?;
        let lock = occupy(&data)?;
        let (identity, ticket) = Identity::open(&data)?;
        let identity = Arc::new(identity);
        let disk = Arc::new(Disk::new(limits.disk_bytes));
        let hub = Arc::new(Hub::default());
        let shelf = Shelf::open(data.join("releases"), identity.clone(), disk.clone()).map_err(StartError::Data)?;
        let shelf = Arc::new(shelf);
        let store: Arc<dyn Store> = Arc::new(Sqlite::start(&data.join("logs.sqlite"), &limits, disk, hub.clone())?);
        let listener = match TcpListener::bind(listen).await {
            Ok(listener) => listener,
            Err(error) => {
                store.close().await;
                return Err(StartError::Listen { address: listen, error });
            }
        };
        let address = listener
            .local_addr()
            .map_err(|error| StartError::Listen { address: listen, error })?;
        let origin = origin.unwrap_or_else(|| format!("http://{address}"));
        let founding_link = ticket.map(|ticket| format!("{origin}/desk/#ticket={}", ticket.text()));

        let (stop, stopping) = watch::channel(false);
        let relay = Arc::new(Relay {
            store: store.clone(),
            hub,
            limits: limits.clone(),
            origin: origin.clone(),
            identity: identity.clone(),
        });
        let releases = Releases {
            shelf: shelf.clone(),
            identity: identity.clone(),
            limits: limits.clone(),
            clock: clock.clone(),
        };
        let router = Router::new()
            .route("/sync", get(sync))
            .with_state((relay.clone(), stopping.clone()))
            .merge(streams::routes(relay, stopping.clone()))
            .merge(about::routes(store.clone(), &identity))
            .merge(releases::routes(releases))
            .merge(site::routes(site));
        let renewing = tokio::spawn(renew(shelf, clock, stopping.clone()));
        let serving = tokio::spawn(async move { listener::serve(listener, router, &limits, stopping).await });
        Ok(RunningServer {
            address,
            origin,
            founding_link,
            stop,
            serving,
            renewing,
            store,
            _lock: lock,
        })
    }
}

impl RunningServer {
    /// Stops: takes nothing new, answers what was taken, closes the store.
    pub async fn stop(self) {
        let Self {
            stop,
            mut serving,
            renewing,
            store,
            _lock,
            ..
        } = self;
        stop.send_replace(true);
        if tokio::time::timeout(STOP_PATIENCE, &mut serving).await.is_err() {
            // Connections that do not end hold nothing that was acknowledged and is not on disk.
            serving.abort();
        }
        let _ = renewing.await;
        store.close().await;
    }
}

/// Makes the data folder, readable by its owner only, and keeps others out of it.
fn occupy(data: &Path) -> Result<std::fs::File, StartError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(data).map_err(StartError::Data)?;
    let lock = std::fs::File::create(data.join("lock")).map_err(StartError::Data)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::InUse),
        Err(std::fs::TryLockError::Error(error)) => Err(StartError::Data(error)),
    }
}

async fn sync(
    State((relay, stopping)): State<(Arc<Relay>, watch::Receiver<bool>)>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, (axum::http::StatusCode, &'static str)> {
    let Ok(nonce) = identity::random() else {
        return Err((
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            "the server has no randomness\n",
        ));
    };
    let upgrade = upgrade.max_message_size(MAX_FRAME).max_frame_size(MAX_FRAME);
    Ok(upgrade.on_upgrade(move |socket| {
        let (sink, stream) = socket.split();
        connection::serve(sink, stream, relay, Nonce(nonce), stopping)
    }))
}

/// Extends what this server may extend, from time to time.
async fn renew(shelf: Arc<Shelf>, clock: Clock, mut stopping: watch::Receiver<bool>) {
    loop {
        let (shelf, now) = (shelf.clone(), clock());
        // A disk that fails now is tried again in the next round; readers then see the older date.
        let _ = tokio::task::spawn_blocking(move || shelf.renew(now)).await;
        tokio::select! {
            () = tokio::time::sleep(RENEWAL_ROUND) => {}
            () = stopped(&mut stopping) => return,
        }
    }
}
