//! Desks of several outlets over relays in memory: what the page asks, what it is shown, and what survives.

// The relay that the replicas are tested with.
#[path = "../../../sync/tests/replication/dice.rs"]
mod dice;
#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "../../../sync/tests/replication/relay.rs"]
mod relay;

mod adopting;
mod dossier;
mod hostile;
mod joining;
mod keeping;
mod keyless;
mod newsroom;
mod page;
mod pictures;
mod publishing;
mod removing;
mod restoring;
mod whole;
mod world;
mod writing;
