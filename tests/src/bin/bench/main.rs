//! Measures one part of Komuz and prints a line of JSON for each figure. `cargo xtask bench` runs all parts in the release
//! profile and writes `docs/benchmarks.md` from the lines.
//!
//! - `bench story OPERATIONS`: a made-up story of so many operations;
//! - `bench session FILE`: one person's recorded keystrokes, typed as the desk does;
//! - `bench together FILE`: several people's recorded keystrokes, with what each had seen;
//! - `bench envelopes`: what a typed character costs on the way;
//! - `bench relay CLIENTS`: a `komuz serve` of its own process;
//! - `bench ways`: a frame and its answer by WebSocket and by plain HTTP;
//! - `bench catch-up MISSED`: what somebody gets who was away, over such a server;
//! - `bench presence PEOPLE`: what it costs to see each other;
//! - `bench rotation DEVICES`: a new key for everybody;
//! - `bench dossier`: the checks of a long story, whole and after an edit;
//! - `bench desks`: whole engines that write together over such a server;
//! - `bench visit`: the desk's page in Chromium on a slow line (`pkg/dist` must be built).
//!
//! Where Automerge alone can do the same it does it beside, in the same run.

mod alone;
mod desk;
mod desks;
mod dossier;
mod envelopes;
mod joining;
mod measured;
mod opening;
mod relay;
mod replicas;
mod rotation;
mod session;
mod story;
mod together;
mod trace;
mod visit;
mod ways;

use std::path::Path;
use std::process::ExitCode;

/// A part ends at the first failure, with a sentence.
type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// Why it ended.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["story", operations] => number(operations).and_then(story::measure),
        ["session", file] => session::measure(Path::new(file)),
        ["together", file] => together::measure(Path::new(file)),
        ["envelopes"] => envelopes::measure(),
        ["desks"] => desks::measure(),
        ["dossier"] => dossier::measure(),
        ["visit"] => visit::measure(),
        ["rotation", devices] => number(devices).and_then(rotation::measure),
        ["ways"] => ways::measure(),
        ["join", file] => joining::measure(Path::new(file)),
        ["catch-up", missed] => number(missed).and_then(replicas::catch_up),
        ["presence", people] => number(people).and_then(replicas::presence),
        ["relay", clients] => number(clients).and_then(relay::measure),
        _ => Err(
            "bench story OPERATIONS | session FILE | together FILE | envelopes | relay CLIENTS | join FILE | catch-up MISSED | \
             presence PEOPLE | rotation DEVICES | desks | dossier | visit | ways"
                .into(),
        ),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> Result<usize> {
    text.parse().map_err(|_| format!("{text:?} is not a number").into())
}
