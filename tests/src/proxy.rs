//! What stands between a browser and a server in some offices.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A proxy that passes plain HTTP on as it comes and refuses whatever wants to become something else.
pub struct NoUpgrades {
    /// `http://127.0.0.1:PORT`
    pub origin: String,
    refused: Arc<AtomicUsize>,
}

impl NoUpgrades {
    /// Starts it in front of a port of loopback. It goes on until the program ends.
    pub fn start(to: u16) -> NoUpgrades {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
        let refused = Arc::new(AtomicUsize::new(0));
        let counted = refused.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let counted = counted.clone();
                // Whoever hangs up in the middle has hung up.
                std::thread::spawn(move || pass(client, to, &counted));
            }
        });
        NoUpgrades { origin, refused }
    }

    /// How many it has refused so far.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}

/// Looks at the first request of a connection, which is the only one where a browser asks for a WebSocket.
fn pass(mut client: TcpStream, to: u16, refused: &AtomicUsize) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut part = [0; 4096];
        match client.read(&mut part)? {
            0 => return Ok(()),
            read => head.extend_from_slice(&part[..read]),
        }
    }
    if String::from_utf8_lossy(&head)
        .to_ascii_lowercase()
        .contains("\r\nupgrade:")
    {
        refused.fetch_add(1, Ordering::Relaxed);
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    }
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, to))?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    server.write_all(&head)?;
    let (mut from, mut into) = (server.try_clone()?, client.try_clone()?);
    let down = std::thread::spawn(move || {
        let done = io::copy(&mut from, &mut into);
        // The one side is told that the other has gone.
        let _ = (from.shutdown(Shutdown::Both), into.shutdown(Shutdown::Both));
        done
    });
    let _ = io::copy(&mut client, &mut server);
    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    let _ = down.join();
    Ok(())
}
