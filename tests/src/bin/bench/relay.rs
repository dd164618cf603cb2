//! A `komuz serve` of its own process with so many clients: appends on disk, and how soon others have them.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use komuz_sync::frame::{ClientFrame, RelayFrame, sign_challenge, sign_registration};
use komuz_sync::seal::bytes::{EpochId, LogId, Nonce};
use komuz_sync::seal::chain;
use komuz_sync::seal::envelope::MIN_PADDED;
use komuz_sync::seal::sign::SignKey;
use komuz_tests::process::Server;
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::Result;
use crate::measured::{By, Figures, timed};

/// How long appends are counted.
const COUNTED: Duration = Duration::from_secs(4);
/// Appends that each client has under way while they are counted.
const UNDER_WAY: usize = 16;
/// Appends whose way to the others is timed, and the time between two: ten people who type.
const FANNED_OUT: u32 = 250;
const BETWEEN: Duration = Duration::from_millis(20);
/// Appends one at a time.
const ONE_AT_A_TIME: u32 = 500;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Answer<T> = Result<T, String>;

/// Measures with so many clients.
pub fn measure(clients: usize) -> Result {
    // On the disk that the program lies on: the folder for temporary files may be in memory.
    let program = std::env::current_exe()?;
    let folder = tempfile::tempdir_in(program.parent().ok_or("the program lies nowhere")?)?;
    let server = Server::start(&folder.path().join("data"));
    let people = match clients {
        1 => "1 client".to_owned(),
        more => format!("{more} clients"),
    };
    let figures = Figures::of("relay", people);
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let log = Log::new(1, clients);
        log.open(&server).await?;
        if clients == 1 {
            let mut client = log.connect(&server.origin, 0).await?;
            figures.times(
                "append until it is on disk, one at a time",
                By::Komuz,
                one_at_a_time(&log, &mut client).await?,
            );
            figures.times(
                "append until it is on disk, one at a time",
                By::File,
                plain_file(folder.path()).map_err(|why| why.to_string())?,
            );
        }
        let (count, times, took) = appends(&log, &server.origin, clients).await?;
        let what = format!("appends on disk, {UNDER_WAY} under way at each client");
        figures.amount(&what, By::Komuz, count as f64 / took.as_secs_f64(), "a second");
        figures.times("from an append to its acknowledgement meanwhile", By::Komuz, times);
        let log = Log::new(2, 1);
        log.open(&server).await?;
        let times = fan_out(&log, &server.origin, clients).await?;
        figures.times("from an append to its arrival at another client", By::Komuz, times);
        Ok::<_, String>(())
    })?;
    Ok(())
}

/// A log with as many append keys as writers.
struct Log {
    id: LogId,
    epoch: EpochId,
    reader: SignKey,
    registrar: SignKey,
    writers: Vec<SignKey>,
}

impl Log {
    fn new(number: u8, writers: usize) -> Arc<Self> {
        let key = |what: u8, nth: usize| {
            let mut seed = [what; 32];
            seed[..8].copy_from_slice(&(nth as u64).to_be_bytes());
            seed[8] = number;
            SignKey::from_secret(&seed)
        };
        Arc::new(Self {
            id: LogId([number; 32]),
            epoch: EpochId([number; 32]),
            reader: key(1, 0),
            registrar: key(2, 0),
            writers: (0..writers).map(|nth| key(3, nth)).collect(),
        })
    }

    /// Opens it at the server and registers its keys.
    async fn open(&self, server: &Server) -> Answer<()> {
        let (mut socket, ..) = hello(&server.origin).await?;
        let open = ClientFrame::Open {
            log: self.id,
            ticket: server.ticket.clone(),
            reader: self.reader.public(),
            registrar: self.registrar.public(),
            epoch: self.epoch,
        };
        say(&mut socket, &open).await?;
        for writer in &self.writers {
            let key = writer.public();
            let signature = sign_registration(&self.registrar, &self.id, &key);
            say(
                &mut socket,
                &ClientFrame::Register {
                    log: self.id,
                    key,
                    signature,
                },
            )
            .await?;
        }
        // Frames are handled in their order and only errors answer these: at the goodbye they are done.
        socket.close(None).await.map_err(|why| why.to_string())?;
        while let Some(message) = socket.next().await {
            if let Ok(Message::Binary(bytes)) = message {
                return Err(format!("the log was not opened: {:?}", RelayFrame::decode(&bytes)));
            }
        }
        Ok(())
    }

    /// Connects and proves the reader's key and that of a writer.
    async fn connect(&self, origin: &str, writer: usize) -> Answer<Socket> {
        let (mut socket, named, mine, theirs) = hello(origin).await?;
        for key in [&self.reader, &self.writers[writer]] {
            let signature = sign_challenge(key, &named, &self.id, &self.epoch, &mine, &theirs);
            let auth = ClientFrame::Auth {
                log: self.id,
                key: key.public(),
                signature,
            };
            say(&mut socket, &auth).await?;
        }
        Ok(socket)
    }

    async fn append(&self, socket: &mut Socket, bytes: Vec<u8>) -> Answer<()> {
        say(socket, &ClientFrame::Append { log: self.id, bytes }).await
    }
}

/// An envelope as long as a sealed keystroke, which tells who made it and when.
fn envelope(writer: usize, nth: u32) -> Vec<u8> {
    let mut bytes = vec![0xa5; MIN_PADDED];
    bytes[..4].copy_from_slice(&nth.to_be_bytes());
    bytes[4..12].copy_from_slice(&(writer as u64).to_be_bytes());
    bytes
}

/// The number of an envelope.
fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|start| u32::from_be_bytes(*start))
}

async fn hello(origin: &str) -> Answer<(Socket, String, Nonce, Nonce)> {
    let address = format!("{}/sync", origin.replacen("http", "ws", 1));
    let (mut socket, _) = tokio_tungstenite::connect_async(address)
        .await
        .map_err(|why| why.to_string())?;
    let mine = Nonce([5; 32]);
    let hello = ClientFrame::Hello {
        nonce: mine,
        features: Vec::new(),
    };
    say(&mut socket, &hello).await?;
    match hear(&mut socket).await? {
        RelayFrame::Challenge { origin, nonce, .. } => Ok((socket, origin, mine, nonce)),
        other => Err(format!("no challenge but {other:?}")),
    }
}

async fn say(socket: &mut Socket, frame: &ClientFrame) -> Answer<()> {
    let message = Message::Binary(frame.encode().into());
    socket.send(message).await.map_err(|why| why.to_string())
}

async fn hear(socket: &mut Socket) -> Answer<RelayFrame> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => return RelayFrame::decode(&bytes).map_err(|why| why.to_string()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => return Err(format!("the server hung up: {other:?}")),
        }
    }
}

/// The acknowledgement that must come now.
async fn acknowledged(socket: &mut Socket) -> Answer<()> {
    match hear(socket).await? {
        RelayFrame::Ack { .. } => Ok(()),
        other => Err(format!("no acknowledgement but {other:?}")),
    }
}

async fn one_at_a_time(log: &Log, socket: &mut Socket) -> Answer<Vec<Duration>> {
    let mut times = Vec::new();
    for nth in 0..ONE_AT_A_TIME {
        let start = Instant::now();
        log.append(socket, envelope(usize::MAX, nth)).await?;
        acknowledged(socket).await?;
        times.push(start.elapsed());
    }
    Ok(times)
}

/// What the disk gives to a program that does nothing else.
fn plain_file(folder: &Path) -> Result<Vec<Duration>> {
    let mut file = std::fs::File::create(folder.join("plain"))?;
    (0..ONE_AT_A_TIME)
        .map(|nth| {
            let bytes = envelope(0, nth);
            let (done, time) = timed(|| file.write_all(&bytes).and_then(|()| file.sync_data()));
            done?;
            Ok(time)
        })
        .collect()
}

/// All clients append as quickly as they are acknowledged: how many appends, how long each took, how long all took.
async fn appends(log: &Arc<Log>, origin: &str, clients: usize) -> Answer<(usize, Vec<Duration>, Duration)> {
    let barrier = Arc::new(Barrier::new(clients + 1));
    let over = Arc::new(AtomicBool::new(false));
    let writers: FuturesUnordered<_> = (0..clients)
        .map(|writer| {
            let (log, origin, barrier, over) = (log.clone(), origin.to_owned(), barrier.clone(), over.clone());
            tokio::spawn(async move {
                let socket = log.connect(&origin, writer).await;
                barrier.wait().await;
                append_until(&log, &mut socket?, writer, &over).await
            })
        })
        .collect();
    barrier.wait().await;
    let start = Instant::now();
    tokio::time::sleep(COUNTED).await;
    over.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for done in writers.collect::<Vec<_>>().await {
        times.extend(done.map_err(|why| why.to_string())??);
    }
    let took = start.elapsed();
    Ok((times.len(), times, took))
}

async fn append_until(log: &Log, socket: &mut Socket, writer: usize, over: &AtomicBool) -> Answer<Vec<Duration>> {
    let (mut times, mut sent) = (Vec::new(), std::collections::VecDeque::new());
    let mut nth = 0;
    loop {
        let more = !over.load(Ordering::Relaxed);
        while more && sent.len() < UNDER_WAY {
            sent.push_back(Instant::now());
            log.append(socket, envelope(writer, nth)).await?;
            nth += 1;
        }
        // Appends of one connection are acknowledged in their order.
        let Some(start) = sent.pop_front() else {
            return Ok(times);
        };
        acknowledged(socket).await?;
        times.push(start.elapsed());
    }
}

/// One client appends, so many others follow: how long each envelope takes to each of them.
async fn fan_out(log: &Arc<Log>, origin: &str, clients: usize) -> Answer<Vec<Duration>> {
    let barrier = Arc::new(Barrier::new(clients + 1));
    let (send, sent) = tokio::sync::watch::channel(Vec::<Instant>::new());
    let readers: FuturesUnordered<_> = (0..clients)
        .map(|_| {
            let (log, origin, barrier, sent) = (log.clone(), origin.to_owned(), barrier.clone(), sent.clone());
            tokio::spawn(async move {
                let followed = follow(&log, &origin).await;
                barrier.wait().await;
                let mut socket = followed?;
                let mut times = Vec::new();
                while times.len() < FANNED_OUT as usize {
                    let RelayFrame::Entry { bytes, .. } = hear(&mut socket).await? else {
                        continue;
                    };
                    let arrived = Instant::now();
                    let start = number(&bytes).and_then(|nth| sent.borrow().get(nth as usize).copied());
                    times.push(arrived - start.ok_or("an envelope that was not appended")?);
                }
                Ok::<_, String>(times)
            })
        })
        .collect();
    let mut writer = log.connect(origin, 0).await?;
    barrier.wait().await;
    let mut clock = tokio::time::interval(BETWEEN);
    for nth in 0..FANNED_OUT {
        clock.tick().await;
        send.send_modify(|sent| sent.push(Instant::now()));
        log.append(&mut writer, envelope(0, nth)).await?;
        acknowledged(&mut writer).await?;
    }
    let mut times = Vec::new();
    for done in readers.collect::<Vec<_>>().await {
        times.extend(done.map_err(|why| why.to_string())??);
    }
    Ok(times)
}

/// Connects and follows the log; all that was there has come.
async fn follow(log: &Log, origin: &str) -> Answer<Socket> {
    let mut socket = log.connect(origin, 0).await?;
    let subscribe = ClientFrame::Subscribe {
        log: log.id,
        after: 0,
        chain: chain::EMPTY,
        ids_only: false,
        leaves: false,
    };
    say(&mut socket, &subscribe).await?;
    match hear(&mut socket).await? {
        RelayFrame::CaughtUp { .. } => Ok(socket),
        other => Err(format!("the log cannot be followed: {other:?}")),
    }
}
