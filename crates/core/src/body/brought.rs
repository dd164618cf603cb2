//! Records that come with a story.

use std::collections::BTreeMap;

use komuz_release::story::{BlockKind, Place, Story};
use serde_json::Value as Json;

use super::{Appended, Body, BodyError, Entry, Point, Span, limits};
use crate::document::Document;
use crate::page::Block;
use crate::records::{Kind, MAX_TEXT, Members};

/// A record that comes with a story: its id, what it says, and from where to where it stands in the story's blocks.
pub type Brought = (String, Members, Option<(Place, Place)>);

impl Body {
    /// Saves records that come with a story whose blocks are in the text under the ids that they came with. One whose place is
    /// none is kept without it. All or none.
    pub fn bring_records(&mut self, doc: &mut Document, records: &[Brought]) -> Result<(), BodyError> {
        self.edit_all(doc, |body, doc| {
            // Of one id that comes twice the later counts: each is written once.
            let records: BTreeMap<&str, &Brought> = records.iter().map(|record| (record.0.as_str(), record)).collect();
            let entries: Vec<_> = (records.into_iter())
                .map(|(id, (_, save, span))| {
                    let (old, new) = body.saved_record(id, save)?;
                    let span = span.as_ref().and_then(|(start, end)| body.span_of(start, end));
                    Ok((id, old, Entry { span, ..new }))
                })
                .collect::<Result<_, BodyError>>()?;
            for entries in limits::groups(entries, |(_, _, new)| weight(new)) {
                body.edit(doc, |writer| {
                    (entries.into_iter()).try_for_each(|(id, old, new)| writer.put_entry(id, old, Some(new)))
                })?;
            }
            Ok(())
        })
    }

    /// Begins an edition with the text of another of its story, as [`Body::append_story`] does, and says of each block what it
    /// is to translate: `links` as [`Body::links_for_copy`] of the other makes them. All or none.
    pub fn begin_translation(
        &mut self,
        doc: &mut Document,
        story: &Story,
        links: Vec<Members>,
    ) -> Result<Appended, BodyError> {
        self.edit_all(doc, |body, doc| {
            let appended = body.append_story(doc, story)?;
            let first = body.sheet.rows.len().saturating_sub(links.len());
            let linked = body.sheet.rows[first..].iter().zip(links);
            let records: Vec<Brought> = linked
                .map(|(row, link)| (format!("{}{}", Kind::Link.prefix(), row.id), link, None))
                .filter(|(id, link, _)| !link.is_empty() && Kind::of(id).is_some())
                .collect();
            body.bring_records(doc, &records)?;
            Ok(appended)
        })
    }

    /// What the blocks of an edition that begins with this one's text are translated from, in the order of the blocks; nothing for
    /// rules, and for blocks longer than a record keeps. Of the story's original these are its own blocks as they read now; of
    /// another edition, what its blocks say.
    pub fn links_for_copy(&self, is_original: bool) -> Vec<Members> {
        let link = |block: &Block| {
            let id = block.id.as_deref().filter(|_| block.kind != BlockKind::Rule)?;
            if !is_original {
                return Some(self.entry(&format!("{}{id}", Kind::Link.prefix()))?.members.clone());
            }
            let said = [("of", id.to_owned()), ("words", block.plain_text())];
            let fits = said.iter().all(|(_, text)| text.chars().count() <= MAX_TEXT);
            fits.then(|| said.map(|(name, text)| (name.to_owned(), text.into())).into())
        };
        (self.page.blocks().iter())
            .map(|block| link(block).unwrap_or_default())
            .collect()
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

/// About how many operations make a record; long texts count for their bytes.
fn weight(entry: &Entry) -> usize {
    let long = |value: &Json| value.as_str().map_or(0, |text| text.len() / 32);
    let members = entry.members.values().map(|value| 2 + long(value));
    12 + members.sum::<usize>()
}
