//! Records that come with a story.

use komuz_release::story::Place;

use super::{Body, BodyError, Entry, Point, Span};
use crate::document::Document;
use crate::records::Members;

/// A record that comes with a story: its id, what it says, and from where to where it stands in the story's blocks.
pub type Brought = (String, Members, Option<(Place, Place)>);

impl Body {
    /// Saves records that come with a story whose blocks are in the text under the ids that they came with. One whose place is
    /// none is kept without it. All or none.
    pub fn bring_records(&mut self, doc: &mut Document, records: &[Brought]) -> Result<(), BodyError> {
        self.edit_all(doc, |body, doc| {
            for (id, save, span) in records {
                let (old, new) = body.saved_record(id, save)?;
                let span = span.as_ref().and_then(|(start, end)| body.span_of(start, end));
                let new = Entry { span, ..new };
                body.edit(doc, |writer| writer.put_entry(id, old, Some(new)))?;
            }
            Ok(())
        })
    }

    /// The points around the text between two places; none where there is none.
    fn span_of(&self, start: &Place, end: &Place) -> Option<Span> {
        let flat = |place: &Place| {
            let row = self.sheet.rows.iter().position(|row| row.id == place.block)?;
            let offset = usize::try_from(place.offset).ok()?;
            (offset <= self.sheet.rows[row].len()).then(|| self.sheet.row_start(row) + 1 + offset)
        };
        let (start, end) = (flat(start)?, flat(end)?);
        if start >= end {
            return None;
        }
        Some(Span {
            start: Point::before(&self.sheet, start)?,
            end: Point::behind(&self.sheet, end)?,
        })
    }
}
