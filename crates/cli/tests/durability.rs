//! `komuz serve` is killed in the middle of its work, many times: what it has acknowledged is there.

#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "../../relay/tests/common/client.rs"]
mod client;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use client::{Client, Keys, chain_of};
use komuz_sync::frame::RelayFrame;
use komuz_sync::seal::bytes::EnvelopeId;
use komuz_sync::seal::chain;

/// A `komuz serve` of its own process; killed when dropped.
struct Served {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    origin: String,
}

impl Served {
    fn start(data: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_komuz"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(["--site", env!("CARGO_MANIFEST_DIR")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = lines.next().expect("it ended at once").unwrap();
        let origin = first
            .strip_prefix("listening on ")
            .expect("the first line says where")
            .to_owned();
        Self { process, lines, origin }
    }

    /// The ticket of the founding link.
    fn ticket(&mut self) -> String {
        let mut lines = self.lines.by_ref().map(Result::unwrap);
        lines
            .find_map(|line| Some(line.split_once("/desk/#ticket=")?.1.to_owned()))
            .expect("no founding link")
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The envelope with a number: of different lengths, some longer than a page of the database.
fn envelope(n: u32) -> Vec<u8> {
    let mut bytes = n.to_be_bytes().to_vec();
    bytes.resize(4 + (n as usize * 397) % 9000, 0xa5);
    bytes
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_however_often_the_server_is_killed() {
    const ROUNDS: u32 = 20;
    let data = tempfile::tempdir().unwrap();
    let keys = Keys::new(1);
    let mut server = Served::start(data.path());
    let ticket = server.ticket();
    let mut client = Client::dial(&server.origin)
        .await
        .hello()
        .await
        .opened(&keys, &ticket)
        .await;
    let mut acknowledged: Vec<(u64, EnvelopeId)> = Vec::new();
    let mut next = 0;
    for round in 0..ROUNDS {
        // Many at once, of which some are acknowledged; the rest is on its way when the server dies.
        for n in next..next + 200 {
            client.append(&keys, &envelope(n)).await;
        }
        next += 200;
        for _ in 0..1 + round * 9 {
            let RelayFrame::Ack { seq, id, .. } = client.hear().await else {
                panic!("no acknowledgement")
            };
            acknowledged.push((seq, id));
        }
        server.kill();
        // What arrived before the connection broke has been acknowledged too.
        while let Some(RelayFrame::Ack { seq, id, .. }) = client.try_hear().await {
            acknowledged.push((seq, id));
        }
        server = Served::start(data.path());
        client = Client::dial(&server.origin).await.hello().await.proved(&keys).await;
        let found = whole_log(&mut client, &keys).await;
        for (seq, id) in &acknowledged {
            let there = usize::try_from(seq - 1).ok().and_then(|at| found.get(at));
            assert_eq!(
                there.map(|bytes| chain::envelope_id(bytes)),
                Some(*id),
                "envelope {seq} of round {round}"
            );
        }
        // Nothing half, nothing foreign, nothing twice.
        let mut numbers: Vec<u32> = found
            .iter()
            .map(|bytes| u32::from_be_bytes(bytes[..4].try_into().unwrap()))
            .collect();
        assert!(found.iter().zip(&numbers).all(|(bytes, n)| *bytes == envelope(*n)));
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), found.len());
    }
    assert!(acknowledged.len() as u32 > ROUNDS * 50);
}

/// Every envelope of the log in order, its numbers and its chain checked.
async fn whole_log(client: &mut Client, keys: &Keys) -> Vec<Vec<u8>> {
    // From another connection's view: this one goes on to append without following.
    let mut reader = Client::dial(&client.origin).await.hello().await.proved(keys).await;
    reader.subscribe(keys, 0, chain::EMPTY).await;
    let mut found: Vec<Vec<u8>> = Vec::new();
    loop {
        match reader.hear().await {
            RelayFrame::Entry { seq, bytes, .. } => {
                found.push(bytes);
                assert_eq!(seq, found.len() as u64);
            }
            RelayFrame::CaughtUp { seq, chain, .. } => {
                assert_eq!(
                    (seq, chain),
                    (found.len() as u64, chain_of(found.iter().map(Vec::as_slice)))
                );
                return found;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_the_server_in_order() {
    for signal in ["TERM", "INT"] {
        let data = tempfile::tempdir().unwrap();
        let keys = Keys::new(1);
        let mut server = Served::start(data.path());
        let ticket = server.ticket();
        let mut client = Client::dial(&server.origin)
            .await
            .hello()
            .await
            .opened(&keys, &ticket)
            .await;
        client.store(&keys, b"one").await;
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &server.process.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(client.try_hear().await, None);
        assert!(server.process.wait().unwrap().success(), "{signal}");
        // The write-ahead log is gone: the database was closed.
        assert!(!data.path().join("logs.sqlite-wal").exists());
    }
}

#[tokio::test]
async fn what_is_printed_holds_the_ticket_once_and_no_path() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Served::start(data.path());
    let ticket = server.ticket();
    server.process.kill().unwrap();
    let rest: Vec<String> = server.lines.by_ref().map(Result::unwrap).collect();
    assert!(rest.iter().all(|line| !line.contains(&ticket)));
    let again = Served::start(data.path());
    let mut again = again;
    again.process.kill().unwrap();
    let printed: Vec<String> = again.lines.by_ref().map(Result::unwrap).collect();
    assert!(printed.is_empty(), "{printed:?}");
}

/// Runs `komuz ticket`: what it prints, or its error.
fn ticket(arguments: &[&str], data: &Path) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_komuz"))
        .arg("ticket")
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

#[tokio::test]
async fn tickets_are_made_and_ended_beside_a_running_server() {
    let data = tempfile::tempdir().unwrap();
    assert!(ticket(&["list"], data.path()).unwrap_err().contains("komuz serve"));
    let mut server = Served::start(data.path());
    let first = server.ticket();
    let printed = ticket(&["new", "--note", "for Bek"], data.path()).unwrap();
    let second = printed.lines().nth(1).unwrap();
    let listed = ticket(&["list"], data.path()).unwrap();
    assert!(!listed.contains(second) && listed.contains("first start"), "{listed}");
    let opens = async |number: u8, ticket: &str| {
        let keys = Keys::new(number);
        let mut client = Client::dial(&server.origin).await.hello().await;
        client.open(&keys, ticket).await;
        client.prove(&keys, &keys.reader).await;
        client.subscribe(&keys, 0, chain::EMPTY).await;
        matches!(client.hear().await, RelayFrame::CaughtUp { .. })
    };
    assert!(opens(1, &first).await && opens(2, second).await);
    let id = listed.lines().find_map(|line| line.strip_suffix("  for Bek")).unwrap();
    ticket(&["revoke", id], data.path()).unwrap();
    assert!(ticket(&["revoke", id], data.path()).is_err(), "it is gone");
    assert!(opens(3, &first).await && !opens(4, second).await);
}
