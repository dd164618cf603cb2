//! Accepting connections: our own loop and not `axum::serve`, which has no timer and lets a client that never finishes
//! its request head stay for ever.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::limits::Limits;

/// Serves `router` on `listener` until `stop` turns true, then until every connection has ended, WebSockets included.
pub async fn serve(listener: TcpListener, router: Router, limits: &Limits, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let addresses = Addresses {
        limit: limits.connections_per_address,
        counts: Arc::default(),
    };
    // Every connection holds a sender; when all are gone, `recv` says so.
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    loop {
        let (stream, peer, place) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = stopped(&mut stop) => break,
        };
        // Beyond its share, an address is hung up on: an answer would cost what the limit saves.
        let Some(share) = addresses.share(peer.ip()) else {
            continue;
        };
        // Keys are sent one by one: waiting to fill a packet would cost the partner's eye 40 ms.
        let _ = stream.set_nodelay(true);
        let held = Held {
            stream,
            _share: share,
            _place: place,
            _alive: alive.clone(),
        };
        tokio::spawn(connection(held, router.clone(), limits.request, stop.clone()));
    }
    drop(listener);
    drop(alive);
    let _ = all_gone.recv().await;
}

/// Waits until the server stops. (Its sender gone means the same.)
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopped| *stopped).await;
}

/// Waits for a free place first, so that the system's own queue holds those who have to wait.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // `ok`: the semaphore is never closed.
    let place = places.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            // A connection that was gone before it was taken; or no file descriptors, and then some must end first.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: Held, router: Router, head_timeout: Duration, mut stop: watch::Receiver<bool>) {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head_timeout);
    let serving = builder
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    tokio::pin!(serving);
    tokio::select! {
        _ = &mut serving => return,
        () = stopped(&mut stop) => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}

/// A connection together with what it occupies. All is given back when the stream is dropped, also where a WebSocket has
/// taken it over from HTTP.
struct Held {
    stream: TcpStream,
    _share: Share,
    _place: Option<OwnedSemaphorePermit>,
    _alive: mpsc::Sender<()>,
}

impl AsyncRead for Held {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Held {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// How many connections each address has.
struct Addresses {
    limit: Option<usize>,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One connection's place among those of its address; given back when dropped.
struct Share {
    address: IpAddr,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Addresses {
    /// A share for one more connection, none when the address has all that it may have.
    fn share(&self, peer: IpAddr) -> Option<Share> {
        let address = holder(peer);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if self.limit.is_some_and(|limit| *count >= limit) {
            return None;
        }
        *count += 1;
        Some(Share {
            address,
            counts: self.counts.clone(),
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// Who counts as one: an IPv4 address, or the first 64 bits of an IPv6 address, which is what one household is given.
fn holder(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_share_and_no_more() {
        let addresses = Addresses {
            limit: Some(2),
            counts: Arc::default(),
        };
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let other: IpAddr = "192.0.2.2".parse().unwrap();
        let first = addresses.share(one);
        let second = addresses.share(one);
        assert!(first.is_some() && second.is_some());
        assert!(addresses.share(one).is_none());
        assert!(addresses.share(other).is_some());
        drop(first);
        assert!(addresses.share(one).is_some());
    }

    #[test]
    fn one_ipv6_network_counts_as_one() {
        let addresses = Addresses {
            limit: Some(1),
            counts: Arc::default(),
        };
        let _held = addresses.share("2001:db8:0:1::5".parse().unwrap());
        assert!(addresses.share("2001:db8:0:1:ffff::9".parse().unwrap()).is_none());
        assert!(addresses.share("2001:db8:0:2::5".parse().unwrap()).is_some());
        let _mapped = addresses.share("::ffff:192.0.2.1".parse().unwrap());
        assert!(addresses.share("192.0.2.1".parse().unwrap()).is_none());
    }
}
