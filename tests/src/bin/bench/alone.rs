//! The same with Automerge alone: what it costs without a page, admission, citations and undo.

use std::time::Duration;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, Change, LoadOptions, ObjId, ObjType, ROOT, ReadDoc, TextEncoding};

use crate::Result;
use crate::measured::timed;
use crate::trace::Patch;

/// A document with one text.
pub struct Alone {
    doc: AutoCommit,
    text: ObjId,
}

impl Alone {
    /// An empty text.
    pub fn new() -> Result<Self> {
        let mut doc = AutoCommit::new_with_encoding(TextEncoding::UnicodeCodePoint);
        let text = doc.put_object(ROOT, "text", ObjType::Text)?;
        doc.commit();
        Ok(Self { doc, text })
    }

    /// Opens what [`Alone::save`] has written.
    pub fn load(saved: &[u8]) -> Result<Self> {
        let doc = load(saved, TextEncoding::UnicodeCodePoint)?;
        let (_, text) = doc.get(ROOT, "text")?.ok_or("the document has no text")?;
        Ok(Self { doc, text })
    }

    /// Opens a body of Komuz: its text is that of the first section.
    pub fn load_body(saved: &[u8]) -> Result<Self> {
        let doc = load(saved, TextEncoding::Utf16CodeUnit)?;
        let (_, sections) = doc.get(ROOT, "sections")?.ok_or("the body has no sections")?;
        let (_, text) = doc.get(&sections, 0)?.ok_or("the body has no section")?;
        Ok(Self { doc, text })
    }

    /// The text's length, as its document counts.
    pub fn len(&self) -> usize {
        self.doc.length(&self.text)
    }

    /// From a replacement to the bytes of its change: how long it takes, and how many bytes.
    pub fn keystroke(&mut self, patches: &[&Patch]) -> Result<(Duration, usize)> {
        let (bytes, time) = timed(|| {
            for patch in patches {
                let deleted = isize::try_from(patch.deleted)?;
                self.doc.splice_text(&self.text, patch.at, deleted, &patch.inserted)?;
            }
            self.doc.commit();
            let change = self.doc.get_last_local_change();
            Ok::<_, crate::Failure>(change.map_or(0, |change| change.raw_bytes().len()))
        });
        Ok((time, bytes?))
    }

    /// Merges changes of others.
    pub fn apply(&mut self, changes: Vec<Change>) -> Result<Duration> {
        let (applied, time) = timed(|| self.doc.apply_changes(changes));
        applied?;
        Ok(time)
    }

    /// The whole document.
    pub fn save(&mut self) -> Vec<u8> {
        self.doc.save()
    }

    /// The text.
    pub fn text(&self) -> Result<String> {
        Ok(self.doc.text(&self.text)?)
    }
}

fn load(saved: &[u8], encoding: TextEncoding) -> Result<AutoCommit> {
    Ok(AutoCommit::load_with_options(
        saved,
        LoadOptions::new().text_encoding(encoding),
    )?)
}
