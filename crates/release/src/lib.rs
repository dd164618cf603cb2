//! What is published, as a value: a story, its release, who signed it, and how a reader checks it.
//!
//! Readers carry this crate in their browser, so it is small and knows no documents, no network, no clock and no keys that
//! sign: bytes and time come in as arguments, files and signing inputs come out as values.
//!
//! - [`story`]: one language edition as a value; [`notes`] numbers its citations and [`outline`] nests its lists.
//! - [`release`]: a story as it is published, with its canonical bytes ([`canonical`]) and their hash.
//! - [`keys`], [`jws`]: Ed25519 keys and general JWS.
//! - [`masthead`]: which outlets publish together and with which keys. [`latest`]: which release is the newest.
//! - [`verify`]: the one function by which every reader checks. [`folder`]: the files and their places; checking all of them.
//! - [`difference`]: what changed between two releases, in words. [`notice`]: corrections, clarifications, updates, retractions.
//! - [`html`], [`snippet`], [`words`]: what people see.
//!
//! The way of a release: [`release::Release::from_story`], [`release::Statement::of`], [`jws::signing_input`] for each
//! outlet, [`jws::assemble`], [`folder::Folder::files`], and at the reader [`verify::verify`].

pub mod canonical;
pub mod csl;
pub mod difference;
pub mod folder;
mod form;
pub mod html;
pub mod jws;
pub mod keys;
pub mod latest;
pub mod masthead;
pub mod notes;
pub mod notice;
pub mod outline;
pub mod release;
pub mod snippet;
pub mod story;
pub mod time;
pub mod verify;
pub mod words;
