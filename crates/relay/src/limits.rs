//! What one server lets others use of it, in one place.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use komuz_sync::frame::{DEFAULT_LOG_BYTES, MAX_LOGS_PER_CONNECTION};

/// How much strangers, members and whole investigations may take. The defaults fit a newsroom's small machine.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of envelopes in one log.
    pub log_bytes: u64,
    /// Logs on this server.
    pub logs: u64,
    /// Bytes of envelopes and published files together.
    pub disk_bytes: u64,
    /// Bytes that one writer's key may append to one log.
    pub key_bytes: u64,
    /// Logs that one connection may follow.
    pub logs_per_connection: usize,
    /// TCP connections at once.
    pub connections: usize,
    /// TCP connections at once from one address; no limit when `None` (behind a proxy all come from one address).
    pub connections_per_address: Option<usize>,
    /// Connections to `/sync` without WebSocket at once: fewer than TCP connections, since each holds one and needs more to be
    /// spoken to.
    pub streams: usize,
    /// Presence frames that one connection may send in a second; those beyond are dropped, not answered.
    pub presence_per_second: u32,
    /// A connection to `/sync` that has said nothing for this long is asked (ping), and closed when it is silent as long again.
    pub idle: Duration,
    /// Without WebSocket: after this long without a frame the client is asked too, before a proxy takes the body for dead.
    pub heartbeat: Duration,
    /// A connection to `/sync` that has proved no key and shown no ticket by then is closed.
    pub proof: Duration,
    /// A peer that does not take what is sent to it within this time is dropped.
    pub send: Duration,
    /// Time for a request's head, and for each part of its body.
    pub request: Duration,
    /// Bytes of one published file.
    pub file_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            log_bytes: DEFAULT_LOG_BYTES,
            logs: 10_000,
            disk_bytes: 10 << 30,
            key_bytes: 128 << 20,
            logs_per_connection: MAX_LOGS_PER_CONNECTION,
            connections: 1_024,
            connections_per_address: Some(128),
            streams: 512,
            presence_per_second: 20,
            idle: Duration::from_secs(30),
            heartbeat: Duration::from_secs(15),
            proof: Duration::from_secs(20),
            send: Duration::from_secs(20),
            request: Duration::from_secs(20),
            file_bytes: 8 << 20,
        }
    }
}

/// What is used of the disk: an account, not a measurement, so that asking costs nothing.
#[derive(Debug)]
pub struct Disk {
    used: AtomicU64,
    limit: u64,
}

/// The disk that the operator allows is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server's disk allowance of {limit} bytes is used up; its operator can raise --max-disk")]
pub struct DiskFull {
    /// The limit in bytes.
    pub limit: u64,
}

impl Disk {
    /// An account that starts empty.
    pub fn new(limit: u64) -> Self {
        Self {
            used: AtomicU64::new(0),
            limit,
        }
    }

    /// Enters what lies on the disk already, even beyond the limit.
    pub fn found(&self, bytes: u64) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes room for something that is about to be written.
    ///
    /// # Errors
    /// [`DiskFull`], and then nothing is taken.
    pub fn take(&self, bytes: u64) -> Result<(), DiskFull> {
        let room = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room) {
            Ok(_) => Ok(()),
            Err(_) => Err(DiskFull { limit: self.limit }),
        }
    }

    /// Gives room back that was not used after all.
    pub fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_up_to_the_limit_and_given_back() {
        let disk = Disk::new(100);
        disk.found(40);
        assert_eq!(disk.take(60), Ok(()));
        assert_eq!(disk.take(1), Err(DiskFull { limit: 100 }));
        disk.give_back(10);
        assert_eq!(disk.take(10), Ok(()));
        assert_eq!(disk.take(u64::MAX), Err(DiskFull { limit: 100 }));
    }
}
