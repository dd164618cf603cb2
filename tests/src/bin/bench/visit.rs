//! A first visit of the desk on a slow line, and a later one: Chromium, before a line that holds back what passes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use komuz_tests::browser::{Browser, Engine};
use komuz_tests::process::Server;

use crate::Result;
use crate::measured::{By, Figures};

/// What the line carries to the browser: 400 kbit/s, for all connections together.
const BYTES_A_SECOND: u64 = 50_000;
/// From one end of the line to the other; there and back are 400 ms.
const ONE_WAY: Duration = Duration::from_millis(200);
/// A piece that is carried at a time.
const PIECE: usize = 1_400;
const VISITS: usize = 3;

/// The line: when it is free again, and what it has carried to the browser.
#[derive(Default)]
struct Line {
    free: Mutex<Option<Instant>>,
    carried: AtomicU64,
}

impl Line {
    /// Waits for the line's turn to carry so many bytes.
    fn carry(&self, bytes: usize) {
        self.carried.fetch_add(bytes as u64, Ordering::Relaxed);
        let until = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let begins = free.filter(|free| *free > now).unwrap_or(now);
            let ends = begins + Duration::from_micros(bytes as u64 * 1_000_000 / BYTES_A_SECOND);
            *free = Some(ends);
            ends
        };
        wait_until(until);
    }
}

fn wait_until(then: Instant) {
    std::thread::sleep(then.saturating_duration_since(Instant::now()));
}

/// Passes one direction on, each piece [`ONE_WAY`] after it came.
fn pass(mut from: TcpStream, mut to: TcpStream, line: Option<Arc<Line>>) {
    let (pieces, arriving) = mpsc::sync_channel::<(Instant, Vec<u8>)>(4096);
    std::thread::spawn(move || {
        let mut piece = [0; PIECE];
        while let Ok(read) = from.read(&mut piece) {
            if read == 0 || pieces.send((Instant::now() + ONE_WAY, piece[..read].to_vec())).is_err() {
                return;
            }
        }
    });
    std::thread::spawn(move || {
        for (then, piece) in arriving {
            wait_until(then);
            if let Some(line) = &line {
                line.carry(piece.len());
            }
            if to.write_all(&piece).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

/// The browser's end of a line to a server.
fn lay(server: u16, line: &Arc<Line>) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let line = line.clone();
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let line = line.clone();
            std::thread::spawn(move || {
                // Loopback answers at once when a connection is opened; the line takes its time there and back.
                std::thread::sleep(2 * ONE_WAY);
                let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else {
                    return;
                };
                for end in [&near, &far] {
                    let _ = end.set_nodelay(true);
                }
                if let (Ok(near_too), Ok(far_too)) = (near.try_clone(), far.try_clone()) {
                    pass(near, far, None);
                    pass(far_too, near_too, Some(line));
                }
            });
        }
    });
    Ok(port)
}

/// Whether the desk itself says what goes on, in place of the page's own first word.
const PAGE: &str = "const root = document.querySelector('komuz-desk')?.shadowRoot; \
     return root != null && root.querySelector('p.loading') == null && root.textContent.trim() !== ''";
/// Whether the engine has spoken: the faces are asked for then (`www/desk/boot.js`).
const ENGINE: &str = "return document.querySelector('link[href$=\"faces.css\"]') != null";
/// Whether the service worker has the desk's files.
const KEPT: &str = "return navigator.serviceWorker?.controller != null";

/// Measures some first visits, each followed by a second.
pub fn measure() -> Result {
    let program = std::env::current_exe()?;
    let folder = tempfile::tempdir_in(program.parent().ok_or("the program lies nowhere")?)?;
    let server = Server::start(&folder.path().join("data"));
    let (_, port) = server.origin.rsplit_once(':').ok_or("the server has no port")?;
    let port = port.parse()?;
    let (mut pages, mut engines, mut later, mut sizes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let runtime = tokio::runtime::Runtime::new()?;
    for _ in 0..VISITS {
        let line = Arc::new(Line::default());
        let near = lay(port, &line)?;
        runtime.block_on(async {
            let browser = Browser::start(Engine::Chromium).await;
            let begun = Instant::now();
            browser
                .open(&format!("http://127.0.0.1:{near}/desk/#ticket={}", server.ticket))
                .await;
            browser.until("the first page is there", PAGE, Vec::new()).await;
            pages.push(begun.elapsed());
            browser.until("the engine is there", ENGINE, Vec::new()).await;
            engines.push(begun.elapsed());
            sizes.push(line.carried.load(Ordering::Relaxed));
            browser.until("the desk's files are kept", KEPT, Vec::new()).await;
            let begun = Instant::now();
            browser.reload().await;
            browser.until("the first page is there", PAGE, Vec::new()).await;
            browser.until("the engine is there", ENGINE, Vec::new()).await;
            later.push(begun.elapsed());
            browser.close().await;
        });
    }
    let figures = Figures::of("visit", "400 kbit/s and 400 ms");
    figures.times("first visit, until the desk is there", By::Komuz, pages);
    figures.times("first visit, until the engine is at work", By::Komuz, engines);
    figures.times("later visit, until the engine is at work", By::Komuz, later);
    let most = sizes.into_iter().max().unwrap_or_default();
    figures.amount(
        "carried until then on a first visit",
        By::Komuz,
        most as f64 / 1e3,
        "KB",
    );
    Ok(())
}
