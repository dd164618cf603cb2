//! Text within a block: marks and notes.

use super::{View, escape, lines};
use crate::notes::{Mark, Piece};
use crate::story::{Block, Marks, safe_link};

impl View<'_> {
    /// A block's text as HTML with the mark of a notice; empty for a block without any.
    pub(super) fn inline(&self, block: &Block) -> String {
        let text: String = self
            .notes
            .pieces(block)
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text, marks) => marked(text, marks),
                Piece::Note(mark) => self.reference(mark),
            })
            .collect();
        text + &self.mark(block)
    }

    fn reference(&self, mark: Mark<'_>) -> String {
        let Mark { number, citation, .. } = mark;
        // The note leads back to where it stands first: only that place carries the id.
        let first = self
            .notes
            .list
            .get(number as usize - 1)
            .and_then(|note| note.citations.first())
            .is_some_and(|first| first.id == citation);
        let id = if first {
            format!(" id=\"{}-ref-{number}\"", self.ids)
        } else {
            String::new()
        };
        format!(
            "<sup class=\"komuz-ref\"><a{id} href=\"#{}-note-{number}\" role=\"doc-noteref\" aria-label=\"{} {number}\">{number}</a></sup>",
            self.ids,
            self.lang.words().note,
        )
    }
}

/// Text in its marks. An address that a story may not link to leaves the text without a link.
fn marked(text: &str, marks: &Marks) -> String {
    let mut html = lines(text);
    let wrap = |html: String, tag: &str| format!("<{tag}>{html}</{tag}>");
    if marks.code {
        html = wrap(html, "code");
    }
    if marks.emphasis {
        html = wrap(html, "em");
    }
    if marks.strong {
        html = wrap(html, "strong");
    }
    match &marks.link {
        Some(link) if safe_link(link) => format!("<a href=\"{}\" rel=\"noopener noreferrer\">{html}</a>", escape(link)),
        _ => html,
    }
}
