//! The engine: documents, keys and replication of one device, spoken to in messages.
//!
//! It does no I/O. Whatever happens goes in as an [`Input`] together with the time, and what is to be done comes out as
//! [`Output`]s, to be done in their order. In the browser a Web Worker does them (`js/worker.js`), natively a task does:
//!
//! ```text
//! loop {
//!     let input = wait for the page, a relay, the disk, another tab, or the time of the last Wake;
//!     for output in engine.handle(input, now) { do it }
//! }
//! ```
//!
//! - [`asks`]: the page's messages from their JSON.
//! - [`io`]: what goes in and comes out, and what the rows of the store hold.
//! - [`engine`]: the engine; one file below it for each group of asks.
//! - [`job`]: reading and writing outside formats, handed out.
//! - `native` (a cargo feature): the twin that tools and tests run.
//!
//! One engine is one session: each tab starts its own, and all share one store.

pub mod asks;
pub mod engine;
pub mod io;
pub mod job;
#[cfg(feature = "native")]
pub mod native;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use engine::Engine;
pub use io::{Input, Output, Row};
