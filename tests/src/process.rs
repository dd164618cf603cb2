//! Programs that a test starts and that end with it.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::proxy::{Counting, NoUpgrades};

/// How long a program may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// The top of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the workspace")
        .to_path_buf()
}

/// A program that was built beside the tests (`cargo xtask test` builds it first).
pub fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test has a path");
    let folder = test.ancestors().find(|folder| folder.join("komuz").is_file());
    folder
        .unwrap_or_else(|| panic!("the komuz binary is not built: run `cargo xtask test`"))
        .join(name)
}

/// A port on loopback that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

/// A running program and what it has started itself (a driver its browser); killed when dropped.
pub struct Running(Child);

impl Running {
    /// Starts it with no input and no output.
    pub fn start(command: &mut Command) -> Running {
        let name = format!("{:?}", command.get_program());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let child = command.spawn();
        Running(child.unwrap_or_else(|error| panic!("could not start {name}: {error}")))
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        // Its whole group, which bears its number. It may have ended by itself, which is as dead.
        let _ = Command::new("kill")
            .args(["-KILL", "--", &format!("-{}", self.0.id())])
            .stderr(Stdio::null())
            .status();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A program's lines as they come. Somebody reads to the end, so that it never waits for a full pipe.
fn lines(from: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            // Nobody may be listening any more.
            let _ = send.send(line);
        }
    });
    lines
}

/// An X server without a screen, on a display of its own choice.
pub struct Display {
    _running: Running,
    /// `:NUMBER`
    pub name: String,
}

impl Display {
    /// Starts it and waits until it can be used.
    pub fn start(program: &str) -> Display {
        let mut xvfb = Command::new(program);
        // It looks for a free number by itself and says it when it is ready.
        xvfb.args(["-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0);
        let mut child = xvfb
            .spawn()
            .unwrap_or_else(|error| panic!("could not start {program}: {error}"));
        let stdout = child.stdout.take().expect("stdout is piped");
        let _running = Running(child);
        let number = lines(stdout).recv_timeout(PATIENCE).expect("the display is ready");
        let name = format!(":{}", number.trim());
        Display { _running, name }
    }
}

/// Waits until something listens on a port of loopback.
pub fn wait_for_port(port: u16) {
    let start = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(start.elapsed() < PATIENCE, "nothing listens on port {port}");
        std::thread::yield_now();
    }
}

fn own_origin(port: u16) -> String {
    format!("http://{}:{port}", Ipv4Addr::LOCALHOST)
}

/// A `komuz serve` of its own process.
pub struct Server {
    running: Running,
    /// What it is called from outside: `http://127.0.0.1:PORT`, or the proxy's address.
    pub origin: String,
    /// The operator's ticket, printed at the first start.
    pub ticket: String,
    port: u16,
    data: PathBuf,
    options: &'static [&'static str],
}

impl Server {
    /// Starts a server on a free port with its data in `data`; waits until it listens.
    pub fn start(data: &Path) -> Server {
        Server::start_with(data, &[])
    }

    /// Starts a server with more options of `komuz serve`.
    pub fn start_with(data: &Path, options: &'static [&'static str]) -> Server {
        let port = free_port();
        Server::at(data, port, &own_origin(port), String::new(), options)
    }

    /// Starts a server that is reached through a proxy which lets no WebSocket through.
    pub fn start_without_websockets(data: &Path) -> (Server, NoUpgrades) {
        let port = free_port();
        let proxy = NoUpgrades::start(port);
        (Server::at(data, port, &proxy.origin, String::new(), &[]), proxy)
    }

    /// Starts a server that is reached through a proxy which counts what it says by WebSockets.
    pub fn start_counted(data: &Path) -> (Server, Counting) {
        let port = free_port();
        let proxy = Counting::start(port);
        (Server::at(data, port, &proxy.origin, String::new(), &[]), proxy)
    }

    fn at(data: &Path, port: u16, origin: &str, ticket: String, options: &'static [&'static str]) -> Server {
        let mut child = Command::new(built("komuz"))
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(data)
            .args(["--origin", origin])
            .arg("--site")
            .arg(root().join("pkg/dist"))
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("komuz starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut server = Server {
            running: Running(child),
            origin: origin.to_owned(),
            ticket,
            port,
            data: data.to_path_buf(),
            options,
        };
        let start = Instant::now();
        let lines = lines(stdout);
        let mut listens = false;
        while let Ok(line) = lines.recv_timeout(PATIENCE.saturating_sub(start.elapsed())) {
            if let Some((_, ticket)) = line.split_once("/desk/#ticket=") {
                server.ticket = ticket.trim().to_owned();
            }
            listens |= line.contains("listening on ");
            if listens && !server.ticket.is_empty() {
                return server;
            }
        }
        panic!("the server ended before it listened, or does not listen");
    }

    /// SIGKILL, and the same server again on the same port with the same data.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        self.restart();
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.running.kill();
    }

    /// The same server again after [`Server::kill`].
    pub fn restart(&mut self) {
        let ticket = std::mem::take(&mut self.ticket);
        *self = Server::at(&self.data, self.port, &self.origin, ticket, self.options);
    }

    /// The founding link.
    pub fn founding_link(&self) -> String {
        format!("{}/desk/#ticket={}", self.origin, self.ticket)
    }

    /// Where its data lies.
    pub fn data(&self) -> &Path {
        &self.data
    }
}

/// Every file below a folder, searched for a text as browsers write it: in UTF-8, in UTF-16 and (text of Latin-1 letters) in one
/// byte a letter; the paths that hold it.
pub fn files_with_any(folder: &Path, text: &str) -> Vec<PathBuf> {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let narrow: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let mut found = files_with_bytes(folder, text.as_bytes());
    found.extend(files_with_bytes(folder, &wide));
    found.extend(
        narrow
            .map(|narrow| files_with_bytes(folder, &narrow))
            .unwrap_or_default(),
    );
    found
}

/// Every file below a folder, searched for a text in UTF-8; the paths that hold it.
pub fn files_with(folder: &Path, text: &str) -> Vec<PathBuf> {
    files_with_bytes(folder, text.as_bytes())
}

fn files_with_bytes(folder: &Path, text: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be listed").flatten() {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else if std::fs::read(entry.path())
                .is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text))
            {
                found.push(entry.path());
            }
        }
    }
    found
}
