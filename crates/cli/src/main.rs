//! `komuz`: the one program that an outlet installs.

mod check;
mod exchange;
mod serve;
mod ticket;
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
    /// Make, list or end the tickets that let somebody open investigations on a server.
    Ticket(ticket::Ticket),
    /// Check a published story as readers' pages do.
    Verify(verify::Verify),
    /// Check a story file before it is published: sources, claims, right of reply, quotations.
    Check(check::Check),
    /// Read documents into a story file.
    Import(exchange::Import),
    /// Write a story file in another format.
    Export(exchange::Export),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Ticket(arguments) => ticket::run(&arguments),
        Command::Verify(arguments) => return verify::run(&arguments),
        Command::Check(arguments) => return check::run(&arguments),
        Command::Import(arguments) => exchange::run_import(&arguments),
        Command::Export(arguments) => exchange::run_export(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("komuz: {sentence}");
            ExitCode::FAILURE
        }
    }
}
