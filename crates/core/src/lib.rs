//! Skeleton.

pub mod admission;
pub mod document;
pub mod files;
pub mod notes;
pub mod publish;
pub mod registers;
pub mod signoffs;
mod values;
