//! Whole replicas over a `komuz serve` of its own process: what coming back costs, and what seeing each other costs.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::{FutureExt, SinkExt, StreamExt};
use komuz_sync::replica::{CHUNKS, Founding, Output, Payload, RelayId, Seen, Server as Address, Whole};
use komuz_sync::seal::bytes::PublicKey;
use komuz_sync::seal::charter::OutletCard;
use komuz_sync::seal::doc::DocId;
use komuz_sync::{Replica, pace};
use komuz_tests::process::Server;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::Result;
use crate::measured::{By, Figures};

/// How often each way back is measured.
const TIMES: usize = 3;
/// What was in the log before somebody left.
const BEFORE: usize = 1_000;
/// How long people are watched.
const WATCHED: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
pub type Disk = BTreeMap<(String, Vec<u8>), Vec<u8>>;

/// A server, and the folder that it lies in.
pub fn server() -> Result<(Server, tempfile::TempDir)> {
    let program = std::env::current_exe()?;
    let folder = tempfile::tempdir_in(program.parent().ok_or("the program lies nowhere")?)?;
    // All clients come from one address here, more than one address may have.
    Ok((
        Server::start_with(&folder.path().join("data"), &["--behind-proxy"]),
        folder,
    ))
}

/// The story.
pub fn doc() -> DocId {
    DocId::Body {
        story: "s-0123456789abcdef".to_owned(),
        lang: "ky".to_owned(),
    }
}

/// What somebody gets who was away while so many envelopes were written.
pub fn catch_up(missed: usize) -> Result {
    let (server, _folder) = server()?;
    let figures = Figures::of("catch-up", format!("{missed} envelopes missed"));
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut ada = Node::founder(&server).await?;
        ada.write(BEFORE).await?;
        let (disk, seen) = (ada.disk.clone(), ada.seen.clone());
        ada.write(missed).await?;
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let start = Instant::now();
            let mut back = Node::load(disk.clone(), &seen).await?;
            back.until(|node| node.in_sync() && node.delivered == missed).await?;
            times.push(start.elapsed());
            if times.len() == TIMES {
                let each = |sum: u64| sum as f64 / missed as f64;
                figures.amount("brought", By::Komuz, each(back.bytes_in), "bytes an envelope");
                figures.amount("frames brought", By::Komuz, back.frames_in as f64, "in all");
                figures.amount("sent", By::Komuz, back.bytes_out as f64, "bytes in all");
            }
        }
        figures.times("from the start until all is here", By::Komuz, times);
        Ok(())
    })
}

/// What each client sends and is brought while so many people move their cursors in one story.
pub fn presence(people: usize) -> Result {
    let (server, _folder) = server()?;
    let figures = Figures::of("presence", format!("{people} people who all move their cursors"));
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut ada = Node::founder(&server).await?;
        ada.write(1).await?;
        let mut nodes = Vec::new();
        for _ in 0..people {
            let mut node = Node::load(ada.disk.clone(), &ada.seen).await?;
            node.until(Node::in_sync).await?;
            nodes.push(node);
        }
        for node in &mut nodes {
            (node.frames_in, node.bytes_in, node.frames_out, node.bytes_out) = (0, 0, 0, 0);
        }
        let start = Instant::now();
        let watched: Vec<_> = nodes
            .into_iter()
            .enumerate()
            .map(|(person, mut node)| {
                tokio::spawn(async move {
                    let pause = Duration::from_millis(pace::pause(people));
                    // Everybody moves all the time; not all at the same moment.
                    let mut next = start + pause.mul_f64(person as f64 / people as f64);
                    while start.elapsed() < WATCHED {
                        if Instant::now() >= next {
                            next += pause;
                            node.say_where().await.map_err(|why| why.to_string())?;
                        }
                        node.turn().await.map_err(|why| why.to_string())?;
                    }
                    Ok::<_, String>((node.frames_in, node.bytes_in, node.frames_out, node.bytes_out))
                })
            })
            .collect();
        let mut sum = [0, 0, 0, 0];
        for node in watched {
            let (frames_in, bytes_in, frames_out, bytes_out) = node.await??;
            for (sum, count) in sum.iter_mut().zip([frames_in, bytes_in, frames_out, bytes_out]) {
                *sum += count;
            }
        }
        let each = |sum: u64| sum as f64 / people as f64 / WATCHED.as_secs_f64();
        let units = ["frames a second", "bytes a second", "frames a second", "bytes a second"];
        for ((sum, unit), what) in sum.into_iter().zip(units).zip(["brought", "brought", "sent", "sent"]) {
            figures.amount(&format!("{what} at each client"), By::Komuz, each(sum), unit);
        }
        Ok(())
    })
}

/// A replica, its connection and its disk.
pub struct Node {
    pub replica: Replica,
    pub disk: Disk,
    socket: Option<(RelayId, Socket)>,
    pub seen: Seen,
    pub delivered: usize,
    /// What was written, where it is changes of a document.
    pub payloads: Vec<Vec<Vec<u8>>>,
    /// The document, where it came whole.
    pub whole: Option<Box<Whole>>,
    pub frames_in: u64,
    pub bytes_in: u64,
    frames_out: u64,
    bytes_out: u64,
    ticked: Instant,
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

/// Random bytes: nothing here is secret, but no two may be alike.
pub fn entropy(bytes: &mut [u8]) {
    use std::hash::{BuildHasher, Hasher, RandomState};
    for chunk in bytes.chunks_mut(8) {
        let random = RandomState::new().build_hasher().finish().to_le_bytes();
        chunk.copy_from_slice(&random[..chunk.len()]);
    }
}

impl Node {
    pub async fn founder(server: &Server) -> Result<Self> {
        let founding = Founding {
            title: "Bench".to_owned(),
            outlet: OutletCard {
                id: "kloop".to_owned(),
                name: "Kloop".to_owned(),
                domain: "kloop.example".to_owned(),
                release_keys: vec![PublicKey([1; 32]), PublicKey([2; 32])],
                freshness: None,
            },
            name: "Ada".to_owned(),
            server: Address {
                url: server.origin.clone(),
                ticket: Some(server.ticket.clone()),
            },
        };
        let (replica, out) = Replica::found(founding, now(), &mut entropy)?;
        Self::start(replica, out, Disk::new(), &Seen::new()).await
    }

    pub async fn load(disk: Disk, seen: &Seen) -> Result<Self> {
        let rows = disk.iter();
        let rows = rows.map(|((table, key), value)| (table.clone(), key.clone(), value.clone()));
        let (replica, out) = Replica::load(rows, now(), &mut entropy)?;
        Self::start(replica, out, disk, seen).await
    }

    async fn start(replica: Replica, out: Vec<Output>, disk: Disk, seen: &Seen) -> Result<Self> {
        let mut node = Self {
            replica,
            disk,
            socket: None,
            seen: seen.clone(),
            delivered: 0,
            payloads: Vec::new(),
            whole: None,
            frames_in: 0,
            bytes_in: 0,
            frames_out: 0,
            bytes_out: 0,
            ticked: Instant::now(),
        };
        node.take(out).await?;
        let out = node.replica.watch(&doc(), seen, now(), &mut entropy);
        node.take(out).await?;
        Ok(node)
    }

    pub fn in_sync(&self) -> bool {
        let state = self.replica.state();
        state.unsent == 0 && state.relays.iter().all(|relay| relay.in_sync)
    }

    /// Does what the replica asks for.
    pub async fn take(&mut self, out: Vec<Output>) -> Result {
        let mut out = VecDeque::from(out);
        while let Some(output) = out.pop_front() {
            match output {
                Output::Connect { relay, url } => {
                    let address = format!("{}/sync", url.replacen("http", "ws", 1));
                    let (socket, _) = tokio_tungstenite::connect_async(address).await?;
                    self.socket = Some((relay, socket));
                    out.extend(self.replica.connected(relay, now(), &mut entropy));
                }
                Output::Send { bytes, .. } => {
                    self.frames_out += 1;
                    self.bytes_out += bytes.len() as u64;
                    let (_, socket) = self.socket.as_mut().ok_or("nothing is connected")?;
                    socket.feed(Message::Binary(bytes.into())).await?;
                }
                Output::Store { batch, rows } => {
                    for row in rows {
                        let key = (row.table.to_owned(), row.key);
                        match row.value {
                            Some(value) => self.disk.insert(key, value),
                            None => self.disk.remove(&key),
                        };
                    }
                    out.extend(self.replica.stored(batch, now(), &mut entropy));
                }
                Output::ReadChunk { key } => {
                    let place = (CHUNKS.to_owned(), key);
                    let row = self.disk.get(&place).map(Vec::as_slice);
                    out.extend(self.replica.chunk_read(&place.1, row, now(), &mut entropy));
                }
                Output::Deliver(delivery) => {
                    self.delivered += 1;
                    self.seen.insert(delivery.track(), delivery.counter);
                    if !delivery.last.is_empty() {
                        self.payloads.push(delivery.payloads);
                    }
                }
                Output::Sealed { log, counter, .. } => {
                    self.seen.insert((log, self.replica.session()), counter);
                }
                Output::Whole(whole) => self.whole = Some(whole),
                Output::Disconnect { .. } => return Err("the replica hung up".into()),
                Output::Trouble(said) => return Err(said.into()),
                _ => {}
            }
        }
        if let Some((_, socket)) = &mut self.socket {
            socket.flush().await?;
        }
        Ok(())
    }

    /// What has come, or a tenth of a second.
    async fn turn(&mut self) -> Result {
        if self.ticked.elapsed() > Duration::from_millis(500) {
            self.ticked = Instant::now();
            let out = self.replica.tick(now(), &mut entropy);
            self.take(out).await?;
        }
        let Some((relay, socket)) = &mut self.socket else {
            return Err("nothing is connected".into());
        };
        let relay = *relay;
        let Ok(message) = tokio::time::timeout(Duration::from_millis(100), socket.next()).await else {
            return Ok(());
        };
        let mut message = Some(message);
        // Whatever else is there goes in before anything is flushed.
        while let Some(came) = message.take() {
            if let Message::Binary(bytes) = came.ok_or("the server hung up")?? {
                self.frames_in += 1;
                self.bytes_in += bytes.len() as u64;
                let out = self.replica.frame(relay, &bytes, now(), &mut entropy);
                self.take(out).await?;
            }
            message = self
                .socket
                .as_mut()
                .and_then(|(_, socket)| socket.next().now_or_never());
        }
        Ok(())
    }

    pub async fn until(&mut self, is_so: impl Fn(&Self) -> bool) -> Result {
        while !is_so(self) {
            self.turn().await?;
        }
        Ok(())
    }

    /// Writes so many envelopes, until they are on the server's disk.
    async fn write(&mut self, count: usize) -> Result {
        for written in (0..count).step_by(64) {
            for _ in 0..64.min(count - written) {
                let payload = Payload {
                    bytes: vec![7; 120],
                    ends: None,
                };
                let out = self.replica.write(&doc(), vec![payload], now(), &mut entropy)?;
                self.take(out).await?;
            }
            self.until(|node| node.replica.state().unsent == 0).await?;
        }
        self.until(Self::in_sync).await
    }

    /// Writes changes of a document as one envelope; what is on its way is bounded.
    pub async fn write_changes(&mut self, changes: &[Vec<u8>]) -> Result {
        let payloads = crate::joining::payloads(changes)?;
        let out = self.replica.write(&doc(), payloads, now(), &mut entropy)?;
        self.take(out).await?;
        self.until(|node| node.replica.state().unsent < 64).await
    }

    async fn say_where(&mut self) -> Result {
        let out = self.replica.presence(&doc(), &[9; 60], now(), &mut entropy);
        self.take(out).await
    }
}
