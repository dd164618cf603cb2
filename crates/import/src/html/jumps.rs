//! Links within a document: which of them are footnotes, which are remarks that editors made to each other, and which are
//! just links.
//!
//! Footnotes need no knowledge of the program that wrote them: a short link with a name of its own whose name a later link
//! points back to is a reference, and the block of the later link is the note (Google Docs, Word, LibreOffice and pandoc
//! agree in this). Comments of Google Docs and Word are built in the same way and are known by their names alone.

use std::collections::HashMap;

use komuz_release::story::BlockKind;

use super::CELL;
use crate::draft::{Draft, DraftBlock, Note, Reference, Target, utf16};
use crate::left_out::What;

/// Said once for each comment.
/// The longest text of a reference, such as `[note 12]`; a longer link is one of a table of contents.
const MAX_MARK: usize = 24;

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// In the headline.
    Headline,
    /// In the summary.
    Summary,
    /// In a block, by its number.
    Block(usize),
}

impl Where {
    /// Places in their order: the head of the story comes before its blocks.
    fn order(self) -> usize {
        match self {
            Where::Headline | Where::Summary => 0,
            Where::Block(number) => number + 1,
        }
    }
}

/// A link within the document.
#[derive(Debug)]
pub struct Jump {
    /// The name that it points to.
    pub to: String,
    /// Its own names, and those of the elements around it.
    pub names: Vec<String>,
    /// Where it stands.
    pub place: Where,
    /// Where its text starts, in UTF-16 code units.
    pub start: usize,
    /// Where its text ends.
    pub end: Option<usize>,
}

/// What a link within the document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A link; its words stay.
    Plain,
    /// A reference to a note.
    Reference,
    /// One more reference to the note of another.
    Again(usize),
    /// The way back from the note to its reference.
    Back(usize),
    /// The mark of a comment.
    Comment,
    /// The way back from a comment.
    CommentText,
}

/// Turns references into what the draft knows, notes into its notes, and takes comments out. `prefix` makes the labels of
/// the notes differ from those of other parts of a document.
pub fn resolve(draft: &mut Draft, headline: &mut DraftBlock, summary: &mut DraftBlock, jumps: &[Jump], prefix: &str) {
    let roles = roles(jumps, draft.blocks());
    // The blocks in which a note or a comment starts, and all that belong to one.
    let mut starts: Vec<Option<Role>> = vec![None; draft.blocks().len()];
    for (jump, role) in jumps.iter().zip(&roles) {
        if let (Role::Back(_) | Role::CommentText, Where::Block(block)) = (role, jump.place)
            && let Some(start) = starts.get_mut(block)
        {
            start.get_or_insert(*role);
        }
    }
    let ends: Vec<usize> = ends(&starts, draft.blocks());
    clean(draft, headline, summary, jumps, &roles, prefix);
    for (jump, role) in jumps.iter().zip(&roles) {
        match (role, jump.place) {
            (Role::Back(reference), Where::Block(first)) if first < ends.len() => {
                let blocks = &draft.blocks()[first..ends[first]];
                let text = blocks.iter().map(DraftBlock::plain).collect::<Vec<_>>().join(" ");
                let link = blocks.iter().find_map(DraftBlock::first_link).map(str::to_owned);
                draft.note(Note {
                    label: format!("{prefix}{reference}"),
                    text,
                    link,
                });
            }
            (Role::CommentText, Where::Block(_)) => draft.leave_out(What::Comment),
            (Role::Reference | Role::Again(_), Where::Headline | Where::Summary) => {
                draft.leave_out(What::HeadNote);
            }
            _ => {}
        }
    }
    let mut gone = vec![false; starts.len()];
    for (first, _) in starts.iter().enumerate().filter(|(_, start)| start.is_some()) {
        gone[first..ends[first]].fill(true);
    }
    // The rule above the notes goes with them.
    if let Some(first) = gone.iter().position(|gone| *gone)
        && first > 0
        && draft.blocks()[first - 1].kind == BlockKind::Rule
    {
        gone[first - 1] = true;
    }
    let mut gone = gone.into_iter();
    draft.blocks_mut().retain(|_| !gone.next().unwrap_or(false));
}

/// For each block that a note starts in, the first block behind the note: paragraphs of one note lie in one container of
/// their own; outside of any, a note is one block.
fn ends(starts: &[Option<Role>], blocks: &[DraftBlock]) -> Vec<usize> {
    let mut ends: Vec<usize> = (1..=blocks.len()).collect();
    for (first, _) in starts.iter().enumerate().filter(|(_, start)| start.is_some()) {
        let container = blocks[first].container;
        while container != 0
            && blocks
                .get(ends[first])
                .is_some_and(|block| block.container == container)
            && starts[ends[first]].is_none()
        {
            ends[first] += 1;
        }
    }
    ends
}

/// Which way a comment's link goes: `Some(false)` to the comment, `Some(true)` back from it.
fn of_comment(to: &str) -> Option<bool> {
    let is = |start: &str| {
        to.get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    if is("cmnt_ref") || is("_msoanchor_") {
        Some(true)
    } else if is("cmnt") || is("_msocom_") {
        Some(false)
    } else {
        None
    }
}

fn roles(jumps: &[Jump], blocks: &[DraftBlock]) -> Vec<Role> {
    let mut roles = vec![Role::Plain; jumps.len()];
    let mut by_target: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, jump) in jumps.iter().enumerate() {
        match of_comment(&jump.to) {
            Some(true) => roles[index] = Role::CommentText,
            Some(false) => roles[index] = Role::Comment,
            None => by_target.entry(&jump.to).or_default().push(index),
        }
    }
    for (index, jump) in jumps.iter().enumerate() {
        let length = jump.end.unwrap_or(jump.start).saturating_sub(jump.start);
        if roles[index] != Role::Plain || length > MAX_MARK {
            continue;
        }
        let first_behind = |name: &String| {
            let pointing = by_target.get(name.as_str())?;
            // Links are numbered in the order of their places.
            let first = pointing.partition_point(|back| jumps[*back].place.order() <= jump.place.order());
            pointing.get(first).copied()
        };
        let Some(back) = jump.names.iter().filter_map(first_behind).min() else {
            continue;
        };
        let heading = match jumps[back].place {
            Where::Block(block) => matches!(
                blocks.get(block).map(|block| &block.kind),
                Some(BlockKind::Heading { .. }) | None
            ),
            Where::Headline | Where::Summary => true,
        };
        if roles[back] == Role::Plain && !heading {
            roles[index] = Role::Reference;
            roles[back] = Role::Back(index);
        }
    }
    // A second reference to the same note has no link back.
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (index, jump) in jumps.iter().enumerate() {
        match roles[index] {
            Role::Reference => _ = first.entry(&jump.to).or_insert(index),
            Role::Plain => {
                if let Some(twin) = first.get(jump.to.as_str()) {
                    roles[index] = Role::Again(*twin);
                }
            }
            _ => {}
        }
    }
    roles
}

/// Takes the text of links that are no plain ones out, and puts references in.
fn clean(
    draft: &mut Draft,
    headline: &mut DraftBlock,
    summary: &mut DraftBlock,
    jumps: &[Jump],
    roles: &[Role],
    prefix: &str,
) {
    let mut index = 0;
    while index < jumps.len() {
        let place = jumps[index].place;
        let (mut ranges, mut references): (Vec<(usize, usize)>, Vec<Reference>) = (Vec::new(), Vec::new());
        while let Some(jump) = jumps.get(index).filter(|jump| jump.place == place) {
            let end = jump.end.unwrap_or(jump.start);
            match roles[index] {
                Role::Plain => {}
                role => {
                    if jump.start >= ranges.last().map_or(0, |(_, end)| *end) && end > jump.start {
                        ranges.push((jump.start, end));
                    }
                    if let Some(label) = match role {
                        Role::Reference => Some(index),
                        Role::Again(twin) => Some(twin),
                        _ => None,
                    } {
                        references.push(Reference {
                            at: jump.start,
                            target: Target::Note(format!("{prefix}{label}")),
                        });
                    }
                }
            }
            index += 1;
        }
        let block = match place {
            Where::Headline => &mut *headline,
            Where::Summary => &mut *summary,
            Where::Block(number) => match draft.blocks_mut().get_mut(number) {
                Some(block) => block,
                None => continue,
            },
        };
        if ranges.is_empty() && references.is_empty() {
            continue;
        }
        let count = references.len();
        block.references = references;
        widen(&mut ranges, &block.plain());
        block.remove(&ranges);
        if matches!(place, Where::Block(_)) {
            for _ in 0..count {
                draft.refer();
            }
        } else {
            block.references.clear();
        }
    }
}

/// What was put around a link goes with it: one of the two spaces that would meet, and the sign between cells where a cell
/// is empty now.
fn widen(ranges: &mut [(usize, usize)], plain: &str) {
    let units: Vec<u16> = plain.encode_utf16().collect();
    let cell: Vec<u16> = CELL.encode_utf16().collect();
    let space = u16::from(b' ');
    let mut before = 0;
    for index in 0..ranges.len() {
        let next = ranges.get(index + 1).map_or(units.len(), |(start, _)| *start);
        let Some((start, end)) = ranges.get_mut(index) else {
            return;
        };
        let (Some(head), Some(tail)) = (units.get(before..*start), units.get(*end..)) else {
            continue;
        };
        if head.ends_with(&cell) && (tail.is_empty() || tail.starts_with(&cell)) {
            *start -= utf16(CELL);
        } else if tail.first() == Some(&space) && *end < next && head.last().is_none_or(|last| *last == space) {
            *end += 1;
        }
        before = *end;
    }
}
