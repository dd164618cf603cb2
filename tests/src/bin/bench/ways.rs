//! A frame and its answer by WebSocket, and by plain HTTP where none gets through.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use komuz_sync::frame::{ClientFrame, RelayFrame};
use komuz_sync::seal::bytes::Nonce;
use komuz_tests::process::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::Result;
use crate::measured::{By, Figures};

/// How many frames are answered, each after the answer to the one before.
const ROUNDS: u64 = 2_000;
/// A frame of a number that is none, which a relay answers with an error and does nothing for: what is left is the way.
const ASK: [u8; 5] = [1, 0x82, 0x18, 99, 0xf5];

/// Measures both.
pub fn measure() -> Result {
    let folder = tempfile::tempdir()?;
    let server = Server::start(&folder.path().join("data"));
    let runtime = tokio::runtime::Runtime::new()?;
    let what = "a frame and its answer, one at a time";
    runtime.block_on(async {
        let address = server.origin.replacen("http", "ws", 1);
        Figures::of("ways", "WebSocket").times(what, By::Komuz, websocket(&format!("{address}/sync")).await?);
        let address = server.origin.trim_start_matches("http://");
        Figures::of("ways", "plain HTTP").times(what, By::Komuz, plain(address).await?);
        Ok(())
    })
}

fn hello() -> Vec<u8> {
    let (nonce, features) = (Nonce([5; 32]), Vec::new());
    ClientFrame::Hello { nonce, features }.encode()
}

async fn websocket(address: &str) -> Result<Vec<Duration>> {
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await?;
    let mut times = Vec::new();
    for round in 0..=ROUNDS {
        let frame = if round == 0 { hello() } else { ASK.to_vec() };
        let start = Instant::now();
        socket.send(Message::Binary(frame.into())).await?;
        let answer = socket.next().await.ok_or("the server hung up")??;
        times.push(start.elapsed());
        RelayFrame::decode(&answer.into_data())?;
    }
    // The first is the greeting.
    Ok(times.split_off(1))
}

async fn plain(address: &str) -> Result<Vec<Duration>> {
    let mut down = Body::open(address).await?;
    let name = String::from_utf8(down.record().await?)?;
    let mut posts = TcpStream::connect(address).await?;
    posts.set_nodelay(true)?;
    let mut times = Vec::new();
    for round in 0..=ROUNDS {
        let frame = if round == 0 { hello() } else { ASK.to_vec() };
        let mut post = format!(
            "POST /sync/{name}/{} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
            round + 1,
            4 + frame.len()
        )
        .into_bytes();
        post.extend((frame.len() as u32).to_be_bytes());
        post.extend(frame);
        let start = Instant::now();
        posts.write_all(&post).await?;
        let answer = down.record().await?;
        times.push(start.elapsed());
        RelayFrame::decode(&answer)?;
        // The next post is not sent before this one is answered, as at the desk.
        let taken = until_blank_line(&mut posts).await?;
        if !taken.starts_with(b"HTTP/1.1 204") {
            return Err("a post was not taken".into());
        }
    }
    Ok(times.split_off(1))
}

async fn until_blank_line(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

/// The body that does not end.
struct Body {
    stream: TcpStream,
    come: Vec<u8>,
}

impl Body {
    async fn open(address: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("POST /sync/open HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        until_blank_line(&mut stream).await?;
        let come = Vec::new();
        Ok(Self { stream, come })
    }

    /// The next record that says something.
    async fn record(&mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(length) = self
                .come
                .first_chunk()
                .map(|length| u32::from_be_bytes(*length) as usize)
                && self.come.len() >= 4 + length
            {
                let record: Vec<u8> = self.come.drain(..4 + length).skip(4).collect();
                if length > 0 {
                    return Ok(record);
                }
            } else {
                self.chunk().await?;
            }
        }
    }

    /// One chunk of HTTP.
    async fn chunk(&mut self) -> Result {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(self.stream.read_u8().await?);
        }
        let length = usize::from_str_radix(std::str::from_utf8(&line)?.trim(), 16)?;
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes).await?;
        self.come.extend_from_slice(&bytes[..length]);
        match length {
            0 => Err("the server hung up".into()),
            _ => Ok(()),
        }
    }
}
