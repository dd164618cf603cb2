//! `komuz ticket`: who may open logs on a server.

use std::path::PathBuf;

use komuz_relay::TicketLine;

/// `komuz ticket`.
#[derive(Debug, clap::Args)]
pub struct Ticket {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a ticket; it is shown this once.
    New {
        #[command(flatten)]
        folder: Folder,
        /// For whom it is, so that you know it again.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// List the tickets that are good, by their ids.
    List {
        #[command(flatten)]
        folder: Folder,
    },
    /// End a ticket. What it has opened stays open.
    Revoke {
        #[command(flatten)]
        folder: Folder,
        /// As `komuz ticket list` shows it.
        id: String,
    },
}

#[derive(Debug, clap::Args)]
struct Folder {
    /// The server's folder; the server may run.
    #[arg(long)]
    data: PathBuf,
}

/// Makes, lists or ends tickets.
///
/// # Errors
/// A sentence that says what was not done.
pub fn run(Ticket { what }: &Ticket) -> Result<(), String> {
    let said = |error: komuz_relay::IdentityError| error.to_string();
    match what {
        What::New { folder, note } => {
            let (TicketLine { id, .. }, ticket) = komuz_relay::new_ticket(&folder.data, note).map_err(said)?;
            println!("Ticket {id}, shown this once; whoever has it may open investigations on this server:");
            println!("{}", ticket.text());
            println!("As a link: the address of your desk, then #ticket= and the ticket.");
        }
        What::List { folder } => {
            for TicketLine { id, note } in komuz_relay::tickets(&folder.data).map_err(said)? {
                println!("{}", format!("{id}  {note}").trim_end());
            }
        }
        What::Revoke { folder, id } => {
            if !komuz_relay::revoke_ticket(&folder.data, id).map_err(said)? {
                return Err(format!("there is no ticket {id}: see `komuz ticket list`"));
            }
            println!("Ticket {id} opens nothing more.");
        }
    }
    Ok(())
}
