//! What is published, as a value.

pub mod story;
