//! How much fits into an edition, and how much of it into one change.
//!
//! What a person fills in is refused with its place when it is too long; what steps bring is never refused, so there the
//! same limits cut. Far below what admission takes: one change that others refuse would keep back everything after it.

use std::ops::Range;

use komuz_release::story::{BlockKind, Byline, Story};

use super::BodyError;
use super::sheet::Cell;
use super::write::{Action, New};
use crate::page::step::Effect;
use crate::page::{Mark, Marks, Page, PageError, Run, Splice, Token};
use crate::records::Members;

/// The longest headline, in characters.
pub const MAX_HEADLINE: usize = 1_000;
/// The longest summary, in characters.
pub const MAX_SUMMARY: usize = 20_000;
/// The most names in a byline.
pub const MAX_BYLINE: usize = 200;
/// The longest name in a byline, of a person or an outlet, in characters.
pub const MAX_NAME: usize = 500;
/// The longest place in a source, in characters.
pub const MAX_LOCATOR: usize = 1_000;
/// The longest quotation of a source, in characters.
pub const MAX_QUOTE: usize = 20_000;
/// The longest description of a figure, in characters.
pub const MAX_ALT: usize = 10_000;
/// The longest credit of a figure, in characters.
pub const MAX_CREDIT: usize = 1_000;
/// The longest id, hash, media type or name of an unknown block or mark, in characters.
pub const MAX_ID: usize = 200;
/// The longest attributes of an unknown block, or value of an unknown mark, as JSON, in bytes.
pub const MAX_ATTRS: usize = 64 << 10;

/// About how many operations one change holds at most.
const MAX_CHANGE: usize = 1 << 15;
/// Bytes of a value that weigh as much as an operation.
const BYTES: usize = 32;
/// About how many operations make a block.
const BLOCK: usize = 12;
/// About how many set or take a mark.
const MARK: usize = 4;

fn check(place: impl FnOnce() -> String, length: usize, limit: usize) -> Result<(), BodyError> {
    if length > limit {
        return Err(BodyError::TooLong {
            place: place(),
            length,
            limit,
        });
    }
    Ok(())
}

/// Checks a text by its characters.
pub(crate) fn check_text(place: &str, text: &str, limit: usize) -> Result<(), BodyError> {
    check(|| place.to_owned(), text.chars().count(), limit)
}

/// Checks a byline.
pub(super) fn check_byline(byline: &[Byline]) -> Result<(), BodyError> {
    check(|| "byline".to_owned(), byline.len(), MAX_BYLINE)?;
    for (nth, name) in byline.iter().enumerate() {
        check_text(&format!("byline[{nth}].name"), &name.name, MAX_NAME)?;
        check_text(
            &format!("byline[{nth}].outlet"),
            name.outlet.as_deref().unwrap_or_default(),
            MAX_NAME,
        )?;
    }
    Ok(())
}

/// Checks what a citation says.
pub(crate) fn check_citation(place: &str, source: &str, locator: &str, quote: &str) -> Result<(), BodyError> {
    check_text(&format!("{place}source"), source, MAX_ID)?;
    check_text(&format!("{place}locator"), locator, MAX_LOCATOR)?;
    check_text(&format!("{place}quote"), quote, MAX_QUOTE)
}

/// Checks everything in a story that has a length of its own; its text may be as long as it likes.
pub(super) fn check_story(story: &Story) -> Result<(), BodyError> {
    check_text("headline", &story.headline, MAX_HEADLINE)?;
    check_text("summary", &story.summary, MAX_SUMMARY)?;
    check_byline(&story.byline)?;
    for (nth, block) in story.blocks.iter().enumerate() {
        let text = |member: &str, text: &str, limit| check_text(&format!("blocks[{nth}].{member}"), text, limit);
        match &block.kind {
            BlockKind::Figure {
                file,
                media,
                alt,
                credit,
            } => {
                text("file", file, MAX_ID)?;
                text("media", media, MAX_ID)?;
                text("alt", alt, MAX_ALT)?;
                text("credit", credit, MAX_CREDIT)?;
            }
            BlockKind::Other { name, .. } => {
                text("name", name, MAX_ID)?;
                check(|| format!("blocks[{nth}].attrs"), attrs_len(&block.kind), MAX_ATTRS)?;
            }
            _ => {}
        }
        for (at, span) in block.text.iter().enumerate() {
            for (name, value) in &span.marks.other {
                text(&format!("text[{at}].marks.other"), name, MAX_ID)?;
                check(
                    || format!("blocks[{nth}].text[{at}].marks.other.{name}"),
                    value.len(),
                    MAX_ATTRS,
                )?;
            }
        }
    }
    for (nth, citation) in story.citations.iter().enumerate() {
        let place = format!("citations[{nth}].");
        check_citation(&place, &citation.source, &citation.locator, &citation.quote)?;
    }
    Ok(())
}

fn attrs_len(kind: &BlockKind) -> usize {
    match kind {
        BlockKind::Other { attrs, .. } => attrs
            .iter()
            .map(|(key, value)| key.len() + value.to_string().len() + 4)
            .sum(),
        _ => 0,
    }
}

/// A kind of block as it is stored: what is too long is cut, attributes of an unknown block that are too long are left out.
pub(super) fn fitting(kind: &BlockKind) -> BlockKind {
    let cut = |text: &String, limit| text.chars().take(limit).collect();
    match kind {
        BlockKind::Figure {
            file,
            media,
            alt,
            credit,
        } => BlockKind::Figure {
            file: cut(file, MAX_ID),
            media: cut(media, MAX_ID),
            alt: cut(alt, MAX_ALT),
            credit: cut(credit, MAX_CREDIT),
        },
        BlockKind::Other { name, attrs } => BlockKind::Other {
            name: cut(name, MAX_ID),
            attrs: if attrs_len(kind) > MAX_ATTRS {
                Default::default()
            } else {
                attrs.clone()
            },
        },
        other => other.clone(),
    }
}

/// Whether a mark of another program is short enough to be stored.
pub(super) fn mark_fits(name: &str, value: &serde_json::Value) -> bool {
    name.chars().count() <= MAX_ID && value.as_str().map_or(0, str::len) <= MAX_ATTRS
}

fn kind_weight(kind: &BlockKind) -> usize {
    let bytes = match kind {
        BlockKind::Figure {
            file,
            media,
            alt,
            credit,
        } => file.len() + media.len() + alt.len() + credit.len(),
        // Each member of the attributes may be an operation.
        BlockKind::Other { name, .. } => name.len() + attrs_len(kind) * BYTES / 2,
        _ => 0,
    };
    BLOCK + bytes / BYTES
}

fn mark_weight(mark: &Mark) -> usize {
    let bytes = match mark {
        Mark::Link(href) => href.len(),
        Mark::Foreign(name, value) => name.len() + value.as_str().map_or(0, str::len),
        _ => 0,
    };
    MARK + bytes / BYTES
}

fn text_weight(text: &str, marks: &Marks) -> usize {
    text.chars().count() + marks.iter().map(mark_weight).sum::<usize>()
}

/// Puts things into groups that fit into one change each; the order stays.
pub(crate) fn groups<T>(items: impl IntoIterator<Item = T>, weight: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut groups = Vec::new();
    let mut group = Vec::new();
    let mut full = 0;
    for item in items {
        let weight = weight(&item);
        if full + weight > MAX_CHANGE && !group.is_empty() {
            groups.push(std::mem::take(&mut group));
            full = 0;
        }
        full += weight;
        group.push(item);
    }
    groups.push(group);
    groups
}

/// A text in parts that fit into one change each.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest
            .char_indices()
            .nth(MAX_CHANGE / 2)
            .map_or(rest.len(), |(byte, _)| byte);
        let (part, after) = rest.split_at(end);
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// What is to be inserted, one list for each change.
pub(super) fn portions(new: Vec<New>) -> Vec<Vec<New>> {
    let items = new.into_iter().flat_map(|item| match item {
        New::Marker(..) => vec![item],
        New::Text(text, marks) => parts(&text)
            .map(|part| New::Text(part.to_owned(), marks.clone()))
            .collect(),
    });
    groups(items, |item| match item {
        New::Marker(kind, _) => kind_weight(kind),
        New::Text(text, marks) => text_weight(text, marks),
    })
}

fn token_weight(token: &Token) -> usize {
    match token {
        Token::Marker { kind, .. } => kind_weight(kind),
        Token::Text(run) => text_weight(&run.text, &run.marks),
    }
}

/// Tokens, one list for each change.
fn token_portions(tokens: &[Token]) -> Vec<Vec<Token>> {
    let items = tokens.iter().flat_map(|token| match token {
        Token::Marker { .. } => vec![token.clone()],
        Token::Text(run) => {
            let part = |part: &str| Token::Text(Run::new(part, run.marks.clone()));
            parts(&run.text).map(part).collect()
        }
    });
    groups(items, token_weight)
}

fn tokens_width(tokens: &[Token]) -> usize {
    let width = |token: &Token| match token {
        Token::Marker { .. } => 1,
        Token::Text(run) => crate::page::utf16_len(&run.text),
    };
    tokens.iter().map(width).sum()
}

/// An effect on a page as several, each small enough for one change, with about how many operations it is. What comes goes
/// in before what goes is taken away.
pub(crate) fn small_effects(page: &Page, effect: Effect) -> Result<Vec<(usize, Effect)>, PageError> {
    match effect {
        Effect::Rewrite { ref kind, .. } => Ok(vec![(kind_weight(kind), effect)]),
        // Nothing to mark is nothing to look at: the page does not mind such a step either.
        Effect::Mark { range, .. } if range.is_empty() => Ok(Vec::new()),
        Effect::Mark { range, mark, add } => {
            let tokens = page.tokens(range.clone())?;
            let each = mark_weight(&mark);
            let effects = cut(range.start, groups(tokens, |_| each)).map(|(tokens, range)| {
                let mark = mark.clone();
                (tokens.len() * each, Effect::Mark { range, mark, add })
            });
            Ok(effects.collect())
        }
        Effect::Splice(Splice { range, tokens }) => {
            let weight = range.len() + tokens.iter().map(token_weight).sum::<usize>();
            if weight <= MAX_CHANGE {
                return Ok(vec![(weight, Effect::Splice(Splice { range, tokens }))]);
            }
            let mut effects = Vec::new();
            let mut start = range.start;
            for (tokens, place) in cut(start, token_portions(&tokens)) {
                start = place.end;
                let range = place.start..place.start;
                let weight = tokens.iter().map(token_weight).sum();
                effects.push((weight, Effect::Splice(Splice { range, tokens })));
            }
            // Cut as it would be inserted, so that no character is cut in two.
            for (_, gone) in cut(range.start, token_portions(&page.tokens(range)?)) {
                let range = start..start + gone.len();
                let tokens = Vec::new();
                effects.push((range.len(), Effect::Splice(Splice { range, tokens })));
            }
            Ok(effects)
        }
    }
}

/// Lists of tokens with the flat ranges that they cover from a place on.
fn cut(start: usize, lists: Vec<Vec<Token>>) -> impl Iterator<Item = (Vec<Token>, Range<usize>)> {
    let mut at = start;
    lists.into_iter().filter(|list| !list.is_empty()).map(move |list| {
        let from = at;
        at += tokens_width(&list);
        (list, from..at)
    })
}

/// About how many operations take an action back.
pub(crate) fn action_weight(action: &Action) -> usize {
    match action {
        Action::Inserted { count, .. } => usize::try_from(*count).unwrap_or(MAX_CHANGE),
        Action::Deleted { cells, .. } => cells
            .iter()
            .map(|cell| match cell {
                Cell::Marker { kind, .. } => kind_weight(kind),
                Cell::Text(piece) => text_weight(&piece.text, &piece.marks),
            })
            .sum(),
        Action::Retyped { kinds, .. } => kind_weight(&kinds.0),
        Action::Marked { old, new, .. } => old.iter().chain(new).map(mark_weight).sum(),
        Action::Noted { old, new, .. } => [old, new]
            .into_iter()
            .flatten()
            .map(|entry| entry_weight(&entry.members))
            .sum(),
    }
}

/// About how many operations write an entry.
fn entry_weight(members: &Members) -> usize {
    let bytes = |value: &serde_json::Value| value.as_str().map_or(BYTES, str::len);
    BLOCK + members.values().map(|value| 1 + bytes(value) / BYTES).sum::<usize>()
}
