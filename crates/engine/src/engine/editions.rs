//! What is known of the investigation's editions beside their documents: which the page has open, what was reviewed, and
//! what was worked out of them before.

use std::collections::BTreeMap;

use automerge::ChangeHash;
use komuz_core::signoffs::Log;
use komuz_core::steps::PageLink;
use komuz_messages::{EditionId, EditionLine};
use komuz_sync::seal::doc::DocId;

use super::signing::Reviewed;

/// See the module.
#[derive(Default)]
pub struct Editions {
    /// The editions that the page has open.
    pub open: BTreeMap<EditionId, PageLink>,
    /// How many documents the page was given.
    pages: u64,
    /// Sign-off documents as they were read, with the version that was read.
    pub logs: BTreeMap<DocId, (Vec<ChangeHash>, Log)>,
    /// Releases that the page was shown, by their hash.
    pub reviewed: BTreeMap<String, Reviewed>,
    /// Lines of the list, with the versions that they were made from.
    pub lines: BTreeMap<EditionId, (Versions, EditionLine)>,
}

impl Editions {
    /// The number of a document for the page; its batches count on from there, and none comes near the next document's.
    pub fn number(&mut self) -> u64 {
        self.pages += 1;
        self.pages << 32
    }
}

/// Versions of everything that an edition's line is made from: body, registers, sign-offs.
pub type Versions = [Vec<ChangeHash>; 3];
