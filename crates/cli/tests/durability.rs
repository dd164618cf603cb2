//! `komuz serve` is killed in the middle of its work, many times: what it has acknowledged is there.

#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "../../relay/tests/common/client.rs"]
mod client;

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use client::{Client, Keys};
use komuz_sync::frame::{ErrorCode, RelayFrame};
use komuz_sync::seal::bytes::{Chain, EnvelopeId};
use komuz_sync::seal::chain;
use tokio::sync::mpsc;

/// A `komuz serve` of its own process; killed when dropped.
struct Served {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    origin: String,
}

/// The command that serves from a folder.
fn serve(data: &Path, through: &[&str]) -> Command {
    let words = [
        through,
        &[
            env!("CARGO_BIN_EXE_komuz"),
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
        ],
    ]
    .concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(data);
    command
        .args(["--site", env!("CARGO_MANIFEST_DIR")])
        .stdout(Stdio::piped());
    command
}

impl Served {
    fn start(data: &Path) -> Self {
        Self::of(serve(data, &[]).spawn().unwrap())
    }

    /// Waits until it listens.
    fn of(mut process: Child) -> Self {
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

/// Random numbers from a seed.
struct Dice(u64);

impl Dice {
    /// One of so many, from 0.
    fn below(&mut self, many: u64) -> u64 {
        // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % many
    }
}

/// A writer's envelope with a number: of different lengths, some longer than a page of the database.
fn envelope(writer: u8, n: u32) -> Vec<u8> {
    let mut bytes = n.to_be_bytes().to_vec();
    bytes.push(writer);
    bytes.resize(5 + (n as usize * 397 + usize::from(writer) * 1009) % 6000, 0xa5);
    bytes
}

/// Somebody who appends and remembers what was acknowledged.
struct Writer {
    number: u8,
    keys: Keys,
    /// Sent and not acknowledged.
    open: Vec<u32>,
    next: u32,
    acknowledged: Vec<(u64, EnvelopeId, Chain)>,
}

impl Writer {
    /// Sends what was not acknowledged again and something new, and hears acknowledgements until the server is gone.
    async fn work(mut self, mut client: Client, heard: mpsc::UnboundedSender<()>) -> Self {
        self.open.extend(self.next..self.next + NEW);
        self.next += NEW;
        let bytes = self.open.iter().map(|n| envelope(self.number, *n));
        let mut waiting: HashMap<EnvelopeId, u32> = HashMap::new();
        for (n, bytes) in self.open.iter().zip(bytes) {
            if !client.try_append(&self.keys, &bytes).await {
                break;
            }
            waiting.insert(chain::envelope_id(&bytes), *n);
        }
        // What arrived before the connection broke has been acknowledged too.
        while let Some(frame) = client.try_hear().await {
            let RelayFrame::Ack { seq, id, chain, .. } = frame else {
                panic!("no acknowledgement but {frame:?}")
            };
            let n = waiting
                .remove(&id)
                .expect("an acknowledgement of what was not sent, or a second one");
            self.open.retain(|open| *open != n);
            self.acknowledged.push((seq, id, chain));
            let _ = heard.send(());
        }
        self
    }
}

/// How often the server is killed.
const KILLS: u64 = 100;
/// Who writes: two to one log, one to another.
const WRITERS: [(u8, u8); 3] = [(1, 1), (2, 1), (3, 2)];
/// New envelopes of each writer between two deaths.
const NEW: u32 = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_however_often_the_server_is_killed() {
    let seed = std::process::id().into();
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let data = tempfile::tempdir().unwrap();
    let mut server = Served::start(data.path());
    let ticket = server.ticket();
    let mut writers = Vec::new();
    for (number, log) in WRITERS {
        let mut keys = Keys::new(log);
        keys.writer = Keys::new(100 + number).writer;
        Client::dial(&server.origin)
            .await
            .hello()
            .await
            .opened(&keys, &ticket)
            .await;
        writers.push(Writer {
            number,
            keys,
            open: Vec::new(),
            next: 0,
            acknowledged: Vec::new(),
        });
    }
    let mut logs = [Followed::new(Keys::new(1)), Followed::new(Keys::new(2))];
    for round in 0..KILLS {
        let (heard, mut acknowledgements) = mpsc::unbounded_channel();
        let mut work = Vec::new();
        for writer in writers.drain(..) {
            let client = Client::dial(&server.origin).await.hello().await;
            let client = client.proved(&writer.keys).await;
            work.push(tokio::spawn(writer.work(client, heard.clone())));
        }
        drop(heard);
        // A moment anywhere between the first append and the last acknowledgement, and anywhere within a commit.
        for _ in 0..dice.below(u64::from(NEW) * WRITERS.len() as u64) {
            acknowledgements
                .recv()
                .await
                .expect("all writers ended before the server");
        }
        tokio::time::sleep(Duration::from_micros(dice.below(6000))).await;
        server.kill();
        for writer in work {
            writers.push(writer.await.unwrap());
        }
        // Now and then it dies again while it opens what it finds.
        if dice.below(4) == 0 {
            let mut opening = serve(data.path(), &[]).spawn().unwrap();
            tokio::time::sleep(Duration::from_millis(dice.below(60))).await;
            opening.kill().unwrap();
            opening.wait().unwrap();
        }
        server = Served::start(data.path());
        for log in &mut logs {
            log.catch_up(&server.origin).await;
        }
        for writer in &writers {
            logs[usize::from(writer.keys.log.0[0]) - 1].holds(&writer.acknowledged, round);
        }
    }
    // All of it once more, from the start.
    for log in &logs {
        let mut again = Followed::new(Keys::new(log.keys.log.0[0]));
        again.catch_up(&server.origin).await;
        assert!(again.found == log.found && again.chains == log.chains);
    }
    let all: usize = writers.iter().map(|writer| writer.acknowledged.len()).sum();
    println!(
        "{all} acknowledged, {} on disk",
        logs.iter().map(|log| log.found.len()).sum::<usize>()
    );
    assert!(
        all as u64 > KILLS * 10,
        "{all} acknowledgements are too few to say anything"
    );
}

/// A log as somebody reads it who comes back after each death.
struct Followed {
    keys: Keys,
    found: Vec<EnvelopeId>,
    chains: Vec<Chain>,
    known: HashSet<EnvelopeId>,
}

impl Followed {
    fn new(keys: Keys) -> Self {
        Self {
            keys,
            found: Vec::new(),
            chains: Vec::new(),
            known: HashSet::new(),
        }
    }

    /// Reads on from where it was: numbers, chain and bytes of all that comes must be right, and nothing may come twice.
    async fn catch_up(&mut self, origin: &str) {
        let mut client = Client::dial(origin).await.hello().await;
        client.prove(&self.keys, &self.keys.reader).await;
        let end = |chains: &[Chain]| chains.last().copied().unwrap_or(chain::EMPTY);
        client
            .subscribe(&self.keys, self.found.len() as u64, end(&self.chains))
            .await;
        loop {
            match client.hear().await {
                RelayFrame::Entry { seq, chain, bytes, .. } => {
                    let id = chain::envelope_id(&bytes);
                    assert_eq!(seq, self.found.len() as u64 + 1, "a gap");
                    assert_eq!(chain, chain::next(end(&self.chains), id), "envelope {seq}");
                    let number = u32::from_be_bytes(*bytes.first_chunk().unwrap());
                    assert!(
                        bytes == envelope(bytes[4], number),
                        "envelope {seq} is not what was sent"
                    );
                    assert!(self.known.insert(id), "envelope {seq} is there twice");
                    self.found.push(id);
                    self.chains.push(chain);
                }
                RelayFrame::CaughtUp { seq, chain, .. } => {
                    assert_eq!((seq, chain), (self.found.len() as u64, end(&self.chains)));
                    return;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// Whether all that was acknowledged is where it was said to be.
    fn holds(&self, acknowledged: &[(u64, EnvelopeId, Chain)], round: u64) {
        for (seq, id, chain) in acknowledged {
            let at = usize::try_from(seq - 1).unwrap();
            let there = self.found.get(at).zip(self.chains.get(at));
            assert_eq!(there, Some((id, chain)), "envelope {seq} after death {round}");
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_cannot_be_written_acknowledges_nothing_that_is_not_there_and_goes_on_when_it_can() {
    let data = tempfile::tempdir().unwrap();
    // No file may grow beyond so many bytes: what the system then says is what it says of a disk that cannot be written.
    let small = ["env", "--ignore-signal=XFSZ", "prlimit", "--fsize=600000:"];
    let make_room = |pid: u32| {
        let freed = Command::new("prlimit")
            .args(["--pid", &pid.to_string(), "--fsize=unlimited"])
            .status();
        assert!(freed.unwrap().success());
    };
    fails_for_a_while(data.path(), &small, "I/O error", make_room, |_| data.path().to_owned()).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_acknowledges_nothing_that_is_not_there_and_goes_on_when_there_is_room() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().to_str().unwrap();
    // A disk of the server's own, which nobody else sees, with something else on it.
    let own = ["unshare", "--map-root-user", "--mount"];
    let may = Command::new(own[0]).args(&own[1..]).arg("true").status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("not tested: this system lets nobody mount a disk of their own");
        return;
    }
    let mount = "mount -t tmpfs -o size=1500k tmpfs \"$0\" && head -c 500000 /dev/zero > \"$0/other\" && exec \"$@\"";
    let small = [&own[..], &["sh", "-c", mount, path]].concat();
    let inside = |pid: u32| std::path::PathBuf::from(format!("/proc/{pid}/root{path}"));
    let make_room = |pid: u32| std::fs::remove_file(inside(pid).join("other")).unwrap();
    let kept = tempfile::tempdir().unwrap();
    // The disk is gone with the server: what a power cut would leave is copied before.
    let keep = |pid: u32| {
        for file in std::fs::read_dir(inside(pid)).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), kept.path().join(file.file_name())).unwrap();
        }
        kept.path().to_owned()
    };
    fails_for_a_while(data.path(), &small, "full", make_room, keep).await;
}

/// Appends to a server whose disk takes no more, for the reason `why`, until `make_room`; then looks at what it has left where `keep` says.
#[cfg(target_os = "linux")]
async fn fails_for_a_while(
    data: &Path,
    through: &[&str],
    why: &str,
    make_room: impl FnOnce(u32),
    keep: impl FnOnce(u32) -> std::path::PathBuf,
) {
    let keys = Keys::new(1);
    let mut process = serve(data, through).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(process.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut server = Served::of(process);
    let ticket = server.ticket();
    let origin = server.origin.clone();
    let mut client = Client::dial(&origin).await.hello().await.opened(&keys, &ticket).await;
    let mut stored = Vec::new();
    let (code, sentence) = loop {
        let bytes = envelope(1, stored.len() as u32);
        client.append(&keys, &bytes).await;
        match client.hear().await {
            RelayFrame::Ack { seq, .. } => {
                stored.push(bytes);
                assert_eq!(seq, stored.len() as u64);
            }
            RelayFrame::Error { code, sentence, id, .. } => {
                assert_eq!(id, Some(chain::envelope_id(&bytes)));
                break (code, sentence);
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, ErrorCode::NotStored, "{sentence}");
    assert!(
        stored.len() > 20 && sentence.starts_with("the store failed") && sentence.contains(why),
        "{} {sentence}",
        stored.len()
    );
    let line = said.next().unwrap();
    assert!(line.contains("not stored and not acknowledged"), "{line}");
    assert!(!line.contains(data.to_str().unwrap()), "{line}");
    assert_eq!(health(&origin), 503);
    // The connection stays, others are let in, what is there is read, and the next is refused like the one before.
    let all = |stored: &[Vec<u8>]| stored.iter().map(|bytes| chain::envelope_id(bytes)).collect::<Vec<_>>();
    let mut reader = Followed::new(Keys::new(1));
    reader.catch_up(&origin).await;
    assert_eq!(reader.found, all(&stored));
    let refused = envelope(1, stored.len() as u32);
    for _ in 0..3 {
        client.append(&keys, &refused).await;
        assert_eq!(client.refused().await.0, ErrorCode::NotStored);
    }
    // There is room again.
    let pid = server.process.id();
    make_room(pid);
    assert_eq!(health(&origin), 200);
    assert_eq!(said.next().unwrap(), "komuz: appends are stored again");
    assert_eq!(client.store(&keys, &refused).await.0, stored.len() as u64 + 1);
    stored.push(refused);
    reader.catch_up(&origin).await;
    let found = keep(pid);
    server.kill();
    let server = Served::start(&found);
    let mut again = Followed::new(Keys::new(1));
    again.catch_up(&server.origin).await;
    assert_eq!(again.found, all(&stored));
    assert_eq!(again.chains, reader.chains);
}

/// What `/healthz` answers with.
#[cfg(target_os = "linux")]
fn health(origin: &str) -> u16 {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .new_agent();
    agent.get(format!("{origin}/healthz")).call().unwrap().status().as_u16()
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
