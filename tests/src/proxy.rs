//! What stands between a browser and a server in some offices.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A proxy that passes plain HTTP on as it comes and refuses whatever wants to become something else.
pub struct NoUpgrades {
    /// `http://127.0.0.1:PORT`
    pub origin: String,
    refused: Arc<AtomicUsize>,
}

impl NoUpgrades {
    /// Starts it in front of a port of loopback. It goes on until the program ends.
    pub fn start(to: u16) -> NoUpgrades {
        let refused = Arc::new(AtomicUsize::new(0));
        let counted = refused.clone();
        let origin = listen(move |mut client| {
            let (head, upgrades) = first_request(&mut client)?;
            if upgrades {
                counted.fetch_add(1, Ordering::Relaxed);
                return client.write_all(b"HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            }
            pass(client, to, &head, &AtomicU64::new(0))
        });
        NoUpgrades { origin, refused }
    }

    /// How many it has refused so far.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}

/// A proxy that passes everything on and counts what is brought by WebSockets.
pub struct Counting {
    /// `http://127.0.0.1:PORT`
    pub origin: String,
    brought: Arc<AtomicU64>,
}

impl Counting {
    /// Starts it in front of a port of loopback. It goes on until the program ends.
    pub fn start(to: u16) -> Counting {
        let brought = Arc::new(AtomicU64::new(0));
        let counted = brought.clone();
        let origin = listen(move |mut client| {
            let (head, upgrades) = first_request(&mut client)?;
            let files = AtomicU64::new(0);
            pass(client, to, &head, if upgrades { &counted } else { &files })
        });
        Counting { origin, brought }
    }

    /// How many bytes the server has said by WebSockets so far, to all browsers.
    pub fn brought(&self) -> u64 {
        self.brought.load(Ordering::Relaxed)
    }
}

/// Takes connections on a free port, each on a thread of its own; the origin.
fn listen(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let serve = serve.clone();
            // Whoever hangs up in the middle has hung up.
            std::thread::spawn(move || serve(client));
        }
    });
    origin
}

/// The head of a connection's first request, which is the only one where a browser asks for a WebSocket, and whether it does.
fn first_request(client: &mut TcpStream) -> io::Result<(Vec<u8>, bool)> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut part = [0; 4096];
        match client.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => head.extend_from_slice(&part[..read]),
        }
    }
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let upgrades = text.contains("\r\nupgrade:");
    Ok((head, upgrades))
}

/// Carries a connection both ways, and counts what the server says.
fn pass(mut client: TcpStream, to: u16, head: &[u8], brought: &AtomicU64) -> io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, to))?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    server.write_all(head)?;
    let (mut from, mut into) = (server.try_clone()?, client.try_clone()?);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut part = [0; 16 << 10];
            while let Ok(read @ 1..) = from.read(&mut part) {
                brought.fetch_add(read as u64, Ordering::Relaxed);
                if into.write_all(&part[..read]).is_err() {
                    break;
                }
            }
            // The one side is told that the other has gone.
            let _ = (from.shutdown(Shutdown::Both), into.shutdown(Shutdown::Both));
        });
        let _ = io::copy(&mut client, &mut server);
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    });
    Ok(())
}
