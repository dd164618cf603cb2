//! Skeleton.

pub mod admission;
pub mod document;
