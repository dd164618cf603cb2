//! Replication under a bad network: several devices of two outlets, several relays, everything that can go wrong. A seed
//! repeats a failure.

mod chaos;
mod damaged;
mod dice;
mod hostile;
mod joining;
mod long;
mod peer;
mod relay;
mod relays;
mod silence;
mod world;
