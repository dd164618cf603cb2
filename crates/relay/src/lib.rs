//! The server that an outlet runs: it stores and forwards sealed envelopes, hands out the desk and what partners embed,
//! and keeps published releases. It is trusted with nothing but being there: envelopes are sealed before they come, and
//! releases are taken only when their outlets have signed them.
//!
//! [`Server::start`] starts all of it on one address. The parts:
//!
//! - [`store`]: logs of sealed envelopes behind one trait; SQLite is the one that is built in.
//! - `connection`, `hub`: what is said at `/sync`, see [`komuz_sync::frame`]; by WebSocket, or by plain HTTP (`streams`).
//! - `releases`: published files under `/r/`, each verified before it is taken.
//! - `site`: the desk and the embed files with their headers.
//! - [`limits`]: how much anybody may use of it.

mod about;
mod body;
mod connection;
mod hub;
mod identity;
pub mod limits;
mod listener;
mod releases;
mod server;
mod site;
pub mod store;
mod streams;
mod ticket;

pub use identity::{IdentityError, TicketLine, new_ticket, revoke_ticket, tickets};
pub use limits::Limits;
pub use server::{Clock, Config, RunningServer, Server, StartError};
pub use site::NotAnOrigin;
pub use ticket::Ticket;

/// Whether this build carries the desk and the embed files (cargo feature `bundle`).
pub const BUNDLED: bool = cfg!(feature = "bundle");
