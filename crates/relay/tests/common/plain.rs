//! A client without WebSocket: a body that does not end, and posts.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{sink, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::http::{self, Answer};
use super::{Client, Keys, RunningServer};

/// What a server says on one connection, as it comes.
pub struct Down {
    stream: TcpStream,
    /// What came and has not been read: bytes of HTTP chunks, then of the body.
    raw: Vec<u8>,
    body: Vec<u8>,
    /// The connection's name.
    pub name: String,
    pub address: SocketAddr,
    /// The head of the answer.
    pub head: String,
}

impl Down {
    /// Opens a connection; the server must take it.
    pub async fn open(address: SocketAddr) -> Self {
        let mut down = Self::ask(address).await;
        assert!(down.head.starts_with("http/1.1 200"), "{}", down.head);
        let name = down.record().await.expect("no name");
        down.name = String::from_utf8(name).unwrap();
        down
    }

    /// Asks for a connection and reads the head of the answer.
    pub async fn ask(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("POST /sync/open HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut down = Self {
            stream,
            raw: Vec::new(),
            body: Vec::new(),
            name: String::new(),
            address,
            head: String::new(),
        };
        let end = loop {
            if let Some(at) = down.raw.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if !down.more().await {
                return down;
            }
        };
        let head: Vec<u8> = down.raw.drain(..end).collect();
        down.head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        down
    }

    /// Reads what has come; false when the server has hung up.
    async fn more(&mut self) -> bool {
        let reading = self.stream.read_buf(&mut self.raw);
        let read = tokio::time::timeout(Duration::from_secs(30), reading).await;
        !matches!(read.expect("nothing came"), Ok(0) | Err(_))
    }

    /// Moves one HTTP chunk into the body; false at the body's end.
    async fn chunk(&mut self) -> bool {
        let line = loop {
            if let Some(at) = self.raw.windows(2).position(|two| two == b"\r\n") {
                break at;
            }
            if !self.more().await {
                return false;
            }
        };
        let length = usize::from_str_radix(std::str::from_utf8(&self.raw[..line]).unwrap(), 16).unwrap();
        while self.raw.len() < line + 2 + length + 2 {
            if !self.more().await {
                return false;
            }
        }
        self.body.extend_from_slice(&self.raw[line + 2..line + 2 + length]);
        self.raw.drain(..line + 2 + length + 2);
        length > 0
    }

    /// The next record, empty where the server asks; `None` when the body has ended.
    pub async fn record(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(length) = self
                .body
                .first_chunk()
                .map(|length| u32::from_be_bytes(*length) as usize)
                && self.body.len() >= 4 + length
            {
                return Some(self.body.drain(..4 + length).skip(4).collect());
            }
            if !self.chunk().await {
                return None;
            }
        }
    }
}

/// Frames as records.
pub fn records<'a>(frames: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let record = |frame: &[u8]| [&(frame.len() as u32).to_be_bytes()[..], frame].concat();
    frames.into_iter().flat_map(record).collect()
}

/// One post of a connection.
pub async fn post(address: SocketAddr, name: &str, number: u64, body: &[u8]) -> Answer {
    let path = format!("/sync/{name}/{number}");
    http::ask(address, "POST", &path, &[], body).await
}

impl Client {
    /// Connects without WebSocket and proves a log's keys; with the address and the name that it posts to.
    pub async fn posting(server: &RunningServer, keys: &Keys) -> (Self, SocketAddr, String) {
        let down = Down::open(server.address).await;
        let (address, name) = (down.address, down.name.clone());
        (Self::along(down, 1).hello().await.proved(keys).await, address, name)
    }

    /// Connects without WebSocket and without a word. Each frame is a post of its own, sent twice, as after a lost answer.
    pub async fn plain(server: &RunningServer) -> Self {
        let down = Down::open(server.address).await;
        Self::along(down, 1)
    }

    /// Goes on with a connection whose next post has this number.
    pub fn along(down: Down, number: u64) -> Self {
        let to = (down.address, down.name.clone(), number);
        let up = sink::unfold(to, |(address, name, number), message: Message| async move {
            let body = match message {
                Message::Binary(frame) => records([&frame[..]]),
                _ => Vec::new(),
            };
            for _ in 0..2 {
                let status = post(address, &name, number, &body).await.status;
                if status != 204 {
                    return Err(Error::Io(std::io::Error::other(format!("answered with {status}"))));
                }
            }
            Ok((address, name, number + 1))
        });
        let coming = stream::unfold(down, |mut down| async {
            let record = down.record().await?;
            let message = match record.is_empty() {
                true => Message::Ping(record.into()),
                false => Message::Binary(record.into()),
            };
            Some((Ok(message), down))
        });
        Self::over(Box::pin(up), Box::pin(coming))
    }
}
