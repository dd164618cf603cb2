//! A real server on port 0 and a client that speaks its frames.

mod client;
pub mod http;
pub mod plain;

pub use client::{Client, Keys, chain_of};
use komuz_relay::{Config, RunningServer, Server};
use tempfile::TempDir;

/// A started server with its folder.
pub struct Started {
    pub server: RunningServer,
    pub data: TempDir,
    pub ticket: String,
}

/// Starts a server in a new folder.
pub async fn start() -> Started {
    start_with(|_| {}).await
}

/// Starts a server with a changed configuration.
pub async fn start_with(change: impl FnOnce(&mut Config)) -> Started {
    let data = tempfile::tempdir().unwrap();
    let mut config = Config::new(([127, 0, 0, 1], 0).into(), data.path());
    change(&mut config);
    let server = Server::start(config).await.unwrap();
    let link = server.founding_link.clone().unwrap();
    let ticket = link.split_once("#ticket=").unwrap().1.to_owned();
    Started { server, data, ticket }
}

impl Client {
    /// Connects without a word.
    pub async fn silent(server: &RunningServer) -> Self {
        Self::dial(&server.origin).await
    }

    /// Connects and is challenged.
    pub async fn connect(server: &RunningServer) -> Self {
        Self::silent(server).await.hello().await
    }

    /// Connects and proves reader and writer of a log.
    pub async fn member(server: &RunningServer, keys: &Keys) -> Self {
        Self::connect(server).await.proved(keys).await
    }

    /// Connects, opens a log, registers its writer, proves both keys.
    pub async fn founder(started: &Started, keys: &Keys) -> Self {
        Self::connect(&started.server).await.opened(keys, &started.ticket).await
    }
}
