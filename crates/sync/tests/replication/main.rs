//! Replication under a bad network: several devices of two outlets, several relays, everything that can go wrong. A seed
//! repeats a failure.

mod base;
mod blobs;
mod catching_up;
mod chaos;
mod checks;
mod chunks;
mod closing;
mod damaged;
mod decisions;
mod devices;
mod dice;
mod doubts;
mod hostile;
mod joining;
mod long;
mod malice;
mod peer;
mod presence;
mod relay;
mod relays;
mod removal;
mod seeds;
mod silence;
mod snapshots;
mod storms;
mod trimming;
mod vice;
mod weather;
mod whole;
mod world;
