//! What the desk's page loads when somebody makes release keys, reviews, signs or publishes: Wasm of its own, so that the page
//! in which people write does not carry it (docs/design.md, section 7).
//!
//! - [`keys`]: release keys are made and sign.
//! - [`preview`]: a release as readers will see it, with the reader's own component.
//! - [`snippet`]: what a partner pastes into its page.
//!
//! Values go in and come out as JSON texts; secrets come in as arguments and are kept nowhere here.

pub mod keys;
pub mod preview;
pub mod snippet;
