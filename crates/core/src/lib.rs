//! The documents of an investigation: stories, citations, sources, threads and sign-offs, as Automerge documents.
//!
//! Nothing here knows of keys, networks, clocks or browsers: bytes and time come in as arguments, one's own changes come
//! out as bytes to be sealed. Several replicas that have the same changes hold equal documents and show equal pages.
//!
//! - [`document`]: what every document is: a kind, a fixed genesis, save and load, changes in and out.
//! - [`admission`]: which changes of others may come near Automerge.
//! - [`body`]: headline, text and citations of one language edition. [`page`]: the same text as the page of an editor has
//!   it. [`steps`]: how the two stay the same while several people write. [`undo`]: taking back only what is one's own.
//! - [`registers`], [`notes`], [`signoffs`], [`files`]: the other documents. [`records`]: what the newsrooms know beside the
//!   text, in bodies and registers.
//! - [`again`]: one's own words, when what they were written on is taken away. [`publish`]: from documents to a release.
//!
//! # Who meets here
//!
//! A *page* is an editor that shows one edition: it has a ProseMirror document and makes steps. A *link*
//! ([`steps::PageLink`]) is the engine's side of one page. A [`body::Body`] is what was read from a
//! [`document::Document`]; there is one of each for an open edition, whatever the number of pages. *Others* are replicas
//! whose changes come through admission.
//!
//! # The loop that a caller writes
//!
//! ```text
//! open:            body = Body::open(&doc); (link, json) = PageLink::open(&body, 0)       show json
//! page's steps:    link.steps(&mut doc, &mut body, (seq, taken), &steps, now)          then: settle
//! others' changes: doc.apply(admitted); body.refresh(&doc)                             then: settle
//! page took one:   link.taken(batch, hash)                                             then: settle
//! link.is_lost():  link.whole(&mut doc, &mut body, (seq, taken), &json, now)              then: settle
//! undo, redo:      link.undo(&mut doc, &mut body)                                      then: settle
//!
//! settle:          for each link: if let Some(batch) = link.batch(&body)               send it to the page
//!                  for change in doc.take_changes()                                    seal it
//! ```
//!
//! Apply what has come in one call at most once a frame: a change costs as much as a hundred.

pub mod admission;
pub mod again;
pub mod body;
pub mod document;
pub mod files;
pub mod notes;
pub mod page;
pub mod publish;
pub mod records;
pub mod registers;
pub mod signoffs;
pub mod steps;
pub mod undo;
mod values;
