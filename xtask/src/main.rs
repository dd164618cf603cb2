//! The one door to building, running and testing Komuz: `cargo xtask demo | test | dev | pkg | binary | bench | shots |
//! doctor`.
//!
//! Each command checks for the tools that it needs, installs at a pinned version what is missing and may be installed,
//! and says in one line what a person must install.

use std::process::ExitCode;

mod bench;
mod demo;
mod dev;
mod doctor;
mod pkg;
mod quiet;
mod run;
mod shots;
mod sites;
mod test;
mod tools;

const HELP: &str = "\
cargo xtask demo     build, start three outlets' servers on this machine and print the addresses to open
cargo xtask test     run every test; the last line counts them
cargo xtask dev      rebuild and reload the desk on change (Trunk)
cargo xtask pkg      fill pkg/dist with the npm package and check every file against its budget
cargo xtask binary   build target/release/komuz, the one program that a partner runs, with its pages inside
cargo xtask bench    measure what a person waits for, into docs/benchmarks.md: [--traces FOLDER] [--only PART]… [OPERATIONS…]
cargo xtask shots    drive the demo and write pictures of its pages to target/shots
cargo xtask doctor   say which tools are here and which are missing
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let done = match command.as_str() {
        "demo" => demo::demo(&rest),
        "test" => test::test(&rest),
        "dev" => dev::dev(),
        "pkg" => pkg::command(&rest),
        "binary" => pkg::binary(&rest),
        "bench" => bench::bench(&rest),
        "shots" => shots::shots(&rest),
        "doctor" => doctor::doctor(),
        _ => {
            print!("{HELP}");
            return ExitCode::from(if command.is_empty() || command == "help" { 0 } else { 2 });
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error}");
            ExitCode::FAILURE
        }
    }
}
