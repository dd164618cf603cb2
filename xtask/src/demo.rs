//! `cargo xtask demo`: three outlets' servers, their pages and a reader's page on this machine.
//!
//! The investigation of the demo is real: it is founded, joined, written, signed and published by the same engine that
//! runs in the browser (`crates/cli/examples/seed.rs`), on servers that hold only ciphertext until it is published.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use crate::run::{Result, output, program, read, root, run, step, target, write};
use crate::sites::{self, Site};

/// The three outlets: a short id and the port that the demo likes best for the server.
const OUTLETS: [(&str, u16); 3] = [("alatoo", 8701), ("issyk", 8702), ("naryn", 8703)];
/// The sites: a short id and the port that the demo likes best. The first is where a visitor starts.
const SITES: [(&str, u16); 5] = [
    ("index", 8700),
    ("alatoo", 8711),
    ("issyk", 8712),
    ("naryn", 8713),
    ("reader", 8714),
];

/// A running server of the demo.
struct Served {
    origin: String,
    ticket: String,
}

/// The servers' processes, so that whatever ends the demo ends them: an error, Ctrl-C or SIGTERM at any moment.
#[derive(Default)]
struct Children(Mutex<Running>);

#[derive(Default)]
struct Running {
    children: Vec<Child>,
    over: bool,
}

impl Children {
    fn add(&self, mut child: Child) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if running.over {
            end(&mut child);
        } else {
            running.children.push(child);
        }
    }

    fn end(&self) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.over = true;
        running.children.iter_mut().for_each(end);
    }
}

fn end(child: &mut Child) {
    // A server that has ended already is what we want.
    let _ = child.kill();
    let _ = child.wait();
}

/// `cargo xtask demo [--empty]`: `--empty` starts servers and pages without the ready-made investigation;
/// `--addresses FILE` also writes the addresses as JSON, for programs that drive the demo.
pub fn demo(args: &[String]) -> Result {
    let mut empty = false;
    let mut addresses = None;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--empty" => empty = true,
            "--addresses" => addresses = Some(PathBuf::from(args.next().ok_or("--addresses needs a file")?)),
            other => {
                return Err(format!(
                    "unknown option {other}; there are --empty and --addresses FILE"
                ));
            }
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let children = Arc::new(Children::default());
    let done = runtime.block_on(async {
        let ended = ended();
        tokio::pin!(ended);
        let making = {
            let children = children.clone();
            tokio::task::spawn_blocking(move || make(empty, addresses, &children))
        };
        let sites = tokio::select! {
            made = making => made.map_err(|error| format!("the demo was not made: {error}"))??,
            () = &mut ended => return Ok(()),
        };
        for (listener, site) in sites {
            tokio::spawn(sites::serve(listener, site));
        }
        ended.await;
        Ok(())
    });
    println!("\nending the demo's servers");
    children.end();
    // What is being built still is not waited for.
    runtime.shutdown_background();
    done
}

/// Builds the server and the program that fills the demo's investigation.
fn server() -> Result {
    run(&mut program(
        "cargo",
        &[
            "build",
            "--quiet",
            "--locked",
            "--package",
            "komuz",
            "--bins",
            "--example",
            "seed",
        ],
    ))
}

/// Builds and starts everything, writes the pages and says where they are. Gives the sites that are to be served.
fn make(empty: bool, addresses: Option<PathBuf>, children: &Children) -> Result<Vec<(TcpListener, Site)>> {
    // The pages' last steps keep one core busy each: the server is built beside them.
    std::thread::scope(|scope| {
        let server = scope.spawn(server);
        crate::pkg::build(crate::pkg::Build::Quick)?;
        step("building the server", || {
            server
                .join()
                .unwrap_or_else(|_| Err("building the server stopped".to_owned()))
        })
    })?;
    let folder = target().join("demo");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("could not clear {}: {error}", folder.display()))?;
    }

    let mut listeners = Vec::new();
    let mut values = BTreeMap::new();
    for (site, port) in SITES {
        let listener = sites::listen(port)?;
        values.insert(format!("site:{site}"), sites::origin(&listener)?);
        listeners.push((site, listener));
    }
    let ancestors: Vec<String> = values.values().cloned().collect();
    let mut servers = Vec::new();
    step("starting three servers", || {
        for (outlet, port) in OUTLETS {
            let server = start(outlet, port, &folder, &ancestors.join(" "), children)?;
            values.insert(format!("origin:{outlet}"), server.origin.clone());
            values.insert(format!("desk:{outlet}"), format!("{}/desk/", server.origin));
            servers.push(server);
        }
        Ok(())
    })?;
    let founding: Vec<String> = servers
        .iter()
        .map(|server| format!("{}/desk/#ticket={}", server.origin, server.ticket))
        .collect();
    if !empty {
        step("writing, signing and publishing the demo's story", || {
            let mut seed = program(target().join("debug/examples/seed"), &[]);
            seed.arg(root().join("www/demo/content")).arg(&folder);
            for server in &servers {
                seed.arg(&server.origin).arg(&server.ticket);
            }
            let said = output(&mut seed)?;
            let made: BTreeMap<String, String> = serde_json::from_str(said.trim())
                .map_err(|error| format!("the seed program printed what is not JSON: {error}"))?;
            values.extend(made);
            Ok(())
        })?;
    }
    let www = folder.join("www");
    for (site, _) in SITES {
        sites::fill(site, &www, &values)?;
    }
    for (outlet, _) in OUTLETS {
        // The devices of the ready-made investigation, to be downloaded from the outlet's newsroom page.
        let backup = folder.join(format!("{outlet}.komuz-backup"));
        if backup.exists() {
            write(&www.join(outlet).join(format!("{outlet}.komuz-backup")), read(&backup)?)?;
        }
    }
    if let Some(file) = addresses {
        for ((outlet, _), link) in OUTLETS.iter().zip(&founding) {
            values.insert(format!("founding:{outlet}"), link.clone());
        }
        let json = serde_json::to_string_pretty(&values).map_err(|error| error.to_string())?;
        write(&file, json)?;
    }
    tell(&values, &founding, empty);

    let site = |(site, listener): (&str, TcpListener)| {
        let policy = (site == "reader").then_some(sites::STRICT);
        let folder = www.join(site);
        (listener, Site { folder, policy })
    };
    Ok(listeners.into_iter().map(site).collect())
}

/// Returns at Ctrl-C or SIGTERM.
async fn ended() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            return;
        }
    }
    let _ = interrupt.await;
}

/// Starts one outlet's server and reads from its first lines where it listens and its founding link.
fn start(outlet: &str, port: u16, folder: &Path, ancestors: &str, children: &Children) -> Result<Served> {
    // The port is let go of before the server takes it; on loopback, within milliseconds.
    let address = sites::listen(port)?
        .local_addr()
        .map_err(|error| format!("no address: {error}"))?;
    let mut child = program(
        target().join("debug/komuz"),
        &["serve", "--listen", &address.to_string(), "--data"],
    )
    .arg(folder.join(outlet))
    .arg("--site")
    .arg(crate::pkg::dist())
    .args(["--frame-ancestors", ancestors])
    .stdin(Stdio::null())
    .stdout(Stdio::piped())
    .spawn()
    .map_err(|error| format!("could not start the server of {outlet}: {error}"))?;
    let stdout = child.stdout.take();
    children.add(child);
    let stdout = stdout.ok_or("the server has no output")?;
    let mut served = Served {
        origin: String::new(),
        ticket: String::new(),
    };
    let mut lines = BufReader::new(stdout).lines();
    for line in lines.by_ref() {
        let line = line.map_err(|error| format!("the server of {outlet}: {error}"))?;
        if let Some((_, ticket)) = line.split_once("/desk/#ticket=") {
            served.ticket = ticket.trim().to_owned();
        }
        if let Some((_, origin)) = line.split_once("listening on ") {
            served.origin = origin.trim().to_owned();
        }
        if !served.origin.is_empty() && !served.ticket.is_empty() {
            // Keep reading, so that the server never waits for a full pipe.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(served);
        }
    }
    Err(format!("the server of {outlet} ended before it listened"))
}

fn tell(values: &BTreeMap<String, String>, founding: &[String], empty: bool) {
    let site = |name: &str| values.get(&format!("site:{name}")).cloned().unwrap_or_default();
    println!("\n  Start here       {}\n", site("index"));
    if !empty {
        println!("  Ala-Too Desk     {}", site("alatoo"));
        println!("  Issyk Wire       {}", site("issyk"));
        println!("  Radio Naryn      {}", site("naryn"));
        println!(
            "  A reader's page  {}   (strict Content-Security-Policy)\n",
            site("reader")
        );
        let passphrase = values.get("passphrase").map_or("", String::as_str);
        println!("  Each newsroom's page has its editor's backup; the passphrase is: {passphrase}\n");
    }
    println!("  Found an investigation of your own; the links hold each server's ticket:");
    for link in founding {
        println!("    {link}");
    }
    println!("\n  Ctrl-C ends it.");
}
