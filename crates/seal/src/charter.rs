//! The charter: who is in an investigation.

mod card;

pub use card::{MAX_RELEASE_KEYS, MAX_TEXT, MIN_RELEASE_KEYS, MemberCard, OutletCard, Role};
