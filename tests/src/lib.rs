//! What the tests that cross crates share: real servers, real browsers, and what is done with both.

pub mod browser;
pub mod desk;
pub mod process;
pub mod proxy;
pub mod published;
pub mod site;
