//! The reader: a release as people see it, checked in their own browser.
//!
//! A partner's page includes the loader (`pkg/komuz.js`), which fetches this crate as WebAssembly when a story is on the
//! page. The article inside the element stays until a release has been checked from some mirror; then it is shown in the
//! element's shadow root.
//!
//! - [`element`]: what the loader calls. [`embed`]: the element's four states.
//! - [`fetch`], [`check`]: from mirrors to a release that is genuine and the newest known.
//! - [`story`], [`notes`], `notices`, [`signed`]: how it looks; the desk's review shows the same [`story::StoryView`].
//! - [`words`]: what is said around the story.

pub mod check;
pub mod element;
pub mod embed;
pub mod fetch;
mod markup;
pub mod notes;
mod notices;
pub mod signed;
pub mod story;
pub mod words;

/// The look (`css/komuz-reader.css`, shrunk), for a constructed style sheet of a shadow root.
pub const CSS: &str = include_str!(concat!(env!("OUT_DIR"), "/komuz-reader.css"));
