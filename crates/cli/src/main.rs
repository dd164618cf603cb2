//! `komuz`: the one program that an outlet installs.

mod serve;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Write investigations together, sign them, publish them everywhere at once.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run an outlet's server: relay, desk, embed files and published releases.
    Serve(serve::Serve),
    /// Check a published story as readers' pages do.
    Verify(verify::Verify),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Verify(arguments) => return verify::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("komuz: {sentence}");
            ExitCode::FAILURE
        }
    }
}
