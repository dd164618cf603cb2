//! Replication of Komuz as a state machine over opaque envelopes.
//!
//! [`frame`] is what a client and a relay say to each other. Keys and envelopes are those of [`seal`].

pub mod frame;

pub use komuz_seal as seal;
