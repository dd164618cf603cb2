//! Replication of Komuz as a state machine over opaque envelopes.
//!
//! [`Replica`] is one investigation on one device: what comes in goes to its methods, what is to be done comes out as
//! [`Output`]s. It does no I/O. [`frame`] is what a client and a relay say to each other. Keys and envelopes are those of
//! [`seal`].

pub mod frame;
pub mod pace;
pub mod replica;

pub use komuz_seal as seal;
pub use replica::{Output, Replica};
