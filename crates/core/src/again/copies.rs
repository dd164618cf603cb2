//! What was entered again, and how it goes when what it repeats counts after all.
//!
//! Of the two, what was entered again goes, and never the other: what comes back stands where it was written, between the words
//! that others wrote around it then. And whoever takes one out, twice or at once, takes out the same one, so that both never go.
//! It goes by stretches: what of a block was entered together. A stretch in which somebody has changed anything since, or
//! on which somebody has built, stays, and is there twice: only a person can tell which of the two is meant.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use automerge::{Automerge, AutomergeError, ChangeHash, ObjId, ObjType, ReadDoc, Value};
use komuz_release::story::{BlockKind, Byline};

use super::AgainError;
use crate::body::limits::groups;
use crate::body::read::{Look, byline_of};
use crate::body::sheet::{Elem, Sheet};
use crate::body::{Anchor, Body, Entry, Span};
use crate::document::Document;
use crate::page::Marks;
use crate::steps::MovedThread;

/// The parts of a body that are lists of their own beside the text.
const LINES: [&str; 3] = ["headline", "summary", "byline"];
/// How often one thing may have been entered again.
const MAX_TIMES: usize = 64;

/// What was entered again, element by element: to be kept by whoever entered it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies {
    /// One's own changes that went.
    pub changes: Vec<ChangeHash>,
    /// What stood together in a block of the text, or in a line beside it, in order.
    pub stretches: Vec<Vec<Copied>>,
}

/// A run of elements that was entered again. An element is known by its actor and a counter, and those of a run are
/// consecutive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The first that went.
    pub old: (Vec<u8>, u64),
    /// The first that came in its place.
    pub new: (Vec<u8>, u64),
    /// How many.
    pub count: u64,
}

impl Copied {
    /// What went and what came, one by one.
    fn pairs(&self) -> impl Iterator<Item = (Elem, Elem)> {
        let elem = |(actor, ctr): &(Vec<u8>, u64)| Elem {
            actor: actor.as_slice().into(),
            ctr: *ctr,
        };
        let (old, new) = (elem(&self.old), elem(&self.new));
        (0..self.count).map(move |nth| (old.plus(nth), new.plus(nth)))
    }
}

/// What an element shows.
#[derive(PartialEq)]
enum Face<'a> {
    Char(char, Option<&'a Marks>),
    Block(&'a BlockKind),
    Name(Byline),
}

/// An element that is there, with its place.
struct Unit<'a> {
    elem: Elem,
    place: Range<usize>,
    face: Face<'a>,
}

fn units_of(sheet: &Sheet) -> Vec<Unit<'_>> {
    let mut units = Vec::new();
    let mut at = 0;
    for row in &sheet.rows {
        if let Some(elem) = row.marker.as_ref().and_then(Elem::of) {
            units.push(Unit {
                elem,
                place: at..at + 1,
                face: Face::Block(&row.kind),
            });
        }
        at += 1;
        for piece in row.pieces() {
            for (nth, char) in piece.text.chars().enumerate() {
                let end = at + char.len_utf16();
                units.push(Unit {
                    elem: piece.elem.plus(nth as u64),
                    place: at..end,
                    face: Face::Char(char, Some(&piece.marks)),
                });
                at = end;
            }
        }
    }
    units
}

/// The elements of a line beside the text.
fn units_in(doc: &Automerge, line: &str) -> Result<Vec<Unit<'static>>, AutomergeError> {
    let look = Look::now(doc);
    let list = look.root(line)?;
    let mut units = Vec::new();
    let mut at = 0;
    while let Some((value, id)) = doc.get(&list, at)? {
        let face = match &value {
            Value::Object(ObjType::Map) => Some(Face::Name(byline_of(look, &id)?)),
            value => value
                .as_str()
                .and_then(|text| Some(Face::Char(text.chars().next()?, None))),
        };
        let end = at
            + match &face {
                Some(Face::Char(char, _)) => char.len_utf16(),
                _ => 1,
            };
        if let (Some(elem), Some(face)) = (Elem::of(&id), face) {
            units.push(Unit {
                elem,
                place: at..end,
                face,
            });
        }
        at = end;
    }
    Ok(units)
}

impl Copies {
    /// Notes what was entered again of the text: what one saw, and the same with the identities that it has now. `is_own` tells
    /// what is one's own of the first and was not there before.
    pub(super) fn note_text(&mut self, saw: &Sheet, now: &Sheet, is_own: impl Fn(&Elem) -> bool) {
        let (saw, now) = (units_of(saw), units_of(now));
        // Text without markers may be seen in other rows.
        if saw.len() != now.len() {
            return;
        }
        let mut open = false;
        for (old, new) in saw.iter().zip(&now) {
            let is_copy = is_own(&old.elem) && old.elem != new.elem && old.face == new.face;
            open &= is_copy && !matches!(old.face, Face::Block(_));
            if is_copy {
                self.note(open, &old.elem, &new.elem);
            }
            open = is_copy;
        }
    }

    /// Notes what was entered again of a line: what is there of one's own, and what has come.
    fn note_line(&mut self, old: &[&Unit<'_>], new: &[&Unit<'_>]) {
        if old.len() != new.len() || old.iter().zip(new).any(|(old, new)| old.face != new.face) {
            return;
        }
        let mut end = None;
        for (old, new) in old.iter().zip(new) {
            self.note(end == Some(new.place.start), &old.elem, &new.elem);
            end = Some(new.place.end);
        }
    }

    /// Notes an element, behind the one before it or in a stretch of its own.
    fn note(&mut self, goes_on: bool, old: &Elem, new: &Elem) {
        let id = |elem: &Elem| (elem.actor.to_bytes().to_vec(), elem.ctr);
        let (old, new) = (id(old), id(new));
        if !goes_on {
            self.stretches.push(Vec::new());
        }
        let Some(stretch) = self.stretches.last_mut() else {
            return;
        };
        let follows = |run: &&mut Copied| {
            let next = |(actor, ctr): &(Vec<u8>, u64), to: &(Vec<u8>, u64)| *actor == to.0 && ctr + run.count == to.1;
            next(&run.old, &old) && next(&run.new, &new)
        };
        match stretch.last_mut().filter(follows) {
            Some(run) => run.count += 1,
            None => stretch.push(Copied { old, new, count: 1 }),
        }
    }

    /// Takes out of a body what was entered again and stands there a second time, as changes of one's own: those of `all`, all that
    /// was ever entered again there and is known. Citations and records that stand on it stand on what it repeats from then on;
    /// the threads that do are to be moved in the notes. None when nothing was to be taken out, and with an error nothing was.
    pub fn take_out(
        all: &[Copies],
        document: &mut Document,
        body: &mut Body,
    ) -> Result<Option<Vec<MovedThread>>, AgainError> {
        let known = Known::of(all);
        let (mut copy, mut fresh) = (document.clone(), body.clone());
        for line in LINES {
            let units = units_in(copy.automerge(), line)?;
            let gone: Vec<Range<usize>> = (known.twice(copy.automerge(), &units).into_keys())
                .map(|at| units[at].place.clone())
                .collect();
            if !gone.is_empty() {
                fresh.cut_line(&mut copy, line, &gone)?;
            }
        }
        let moved = known.take_out_of_text(&mut copy, &mut fresh)?;
        if copy.heads() == document.heads() {
            return Ok(None);
        }
        (*document, *body) = (copy, fresh);
        Ok(Some(moved))
    }
}

/// The lines of a body before something is entered again there.
pub(super) struct Lines(Vec<Vec<Elem>>);

impl Lines {
    pub(super) fn of(document: &Document) -> Result<Self, AgainError> {
        let elems = |line| {
            let units = units_in(document.automerge(), line)?;
            Ok(units.into_iter().map(|unit| unit.elem).collect())
        };
        LINES.into_iter().map(elems).collect::<Result<_, _>>().map(Self)
    }

    /// Notes what has come since, in the place of what somebody saw who began with `before` and left `after`.
    pub(super) fn note(
        &self,
        copies: &mut Copies,
        (before, after): (&Document, &Document),
        now: &Document,
        is_mine: impl Fn(&Elem) -> bool,
    ) -> Result<(), AgainError> {
        for ((line, had), was) in LINES.into_iter().zip(&self.0).zip(Self::of(before)?.0) {
            let (saw, now) = (units_in(after.automerge(), line)?, units_in(now.automerge(), line)?);
            let old: Vec<_> = saw
                .iter()
                .filter(|unit| is_mine(&unit.elem) && !was.contains(&unit.elem))
                .collect();
            let new: Vec<_> = now.iter().filter(|unit| !had.contains(&unit.elem)).collect();
            copies.note_line(&old, &new);
        }
        Ok(())
    }
}

/// All that was ever entered again and is known.
struct Known {
    stretches: Vec<Vec<Elem>>,
    /// What each element repeats, which may repeat another.
    repeats: HashMap<Elem, Elem>,
}

impl Known {
    fn of(all: &[Copies]) -> Self {
        let mut known = Self {
            stretches: Vec::new(),
            repeats: HashMap::new(),
        };
        for stretch in all.iter().flat_map(|copies| &copies.stretches) {
            let pairs = stretch.iter().flat_map(Copied::pairs);
            let new = pairs.map(|(old, new)| {
                known.repeats.insert(new.clone(), old);
                new
            });
            let new = new.collect();
            known.stretches.push(new);
        }
        known
    }

    /// Which of these elements go, with those that they repeat, by their indices.
    fn twice(&self, doc: &Automerge, units: &[Unit<'_>]) -> BTreeMap<usize, usize> {
        pairs(&self.stretches_in(doc, units))
    }

    /// Stretches that stand a second time and that nobody has changed: each as indices of what goes and what it repeats.
    fn stretches_in(&self, doc: &Automerge, units: &[Unit<'_>]) -> Vec<Vec<(usize, usize)>> {
        let places: HashMap<&Elem, usize> = units.iter().enumerate().map(|(at, unit)| (&unit.elem, at)).collect();
        let pair = |elem: &Elem| {
            let mut first = elem;
            let times = std::iter::from_fn(|| {
                first = self.repeats.get(first)?;
                Some(places.get(first).copied())
            });
            Some((*places.get(elem)?, times.take(MAX_TIMES).flatten().next()?))
        };
        let whole = |stretch: &Vec<Elem>| stretch.iter().map(pair).collect::<Option<Vec<_>>>();
        let mut found: Vec<Vec<(usize, usize)>> = self.stretches.iter().filter_map(whole).collect();
        let is_block = |at: usize| matches!(units[at].face, Face::Block(_));
        found.retain(|stretch| {
            // What stood around it may have come between a block's marker and its text.
            let follows = |two: &[(usize, usize)]| two[0].0 + 1 == two[1].0 || is_block(two[0].0);
            let in_order = stretch.windows(2).all(|two| follows(two) && two[0].1 < two[1].1);
            in_order
                && stretch
                    .iter()
                    .all(|(copy, first)| units[*copy].face == units[*first].face)
        });
        loop {
            let (go, count) = (pairs(&found), found.len());
            let meet = |end: usize, start: usize| end < start && (end + 1..start).all(|at| go.contains_key(&at));
            found.retain(|stretch| {
                let ([first, ..], [.., last]) = (stretch.as_slice(), stretch.as_slice()) else {
                    return false;
                };
                let is_built_on = units.get(last.0 + 1).is_some_and(|next| {
                    matches!(next.face, Face::Char(..))
                        && !self.repeats.contains_key(&next.elem)
                        && knew(doc, &next.elem, &units[last.0].elem)
                });
                !is_built_on || meet(last.1, first.0) || meet(last.0, first.1)
            });
            if found.len() == count {
                return found;
            }
        }
    }

    fn take_out_of_text(&self, document: &mut Document, body: &mut Body) -> Result<Vec<MovedThread>, AgainError> {
        let sheet = body.sheet().clone();
        let units = units_of(&sheet);
        let mut found = self.stretches_in(document.automerge(), &units);
        // Nobody's citation or thread loses words by it.
        let mut spans;
        loop {
            let go = pairs(&found);
            spans = Vec::new();
            let stays = |anchor: &Anchor| match spans_after(anchor, &units, &go) {
                After::Untouched => None,
                After::Moved(span) => {
                    spans.push((anchor.id.clone(), span));
                    None
                }
                After::Lost(range) => Some(range),
            };
            let Some(range) = body.anchors().iter().filter_map(stays).next() else {
                break;
            };
            let count = found.len();
            found.retain(|stretch| !stretch.iter().any(|(copy, _)| range.contains(copy)));
            if found.len() == count {
                // Not possible: what is lost is lost by a stretch that goes.
                found.clear();
            }
        }
        let mut gone: Vec<Range<usize>> = Vec::new();
        for at in pairs(&found).into_keys().rev() {
            let place = units[at].place.clone();
            match gone
                .last_mut()
                .filter(|last| last.start == place.end && last.len() < 1000)
            {
                Some(last) => last.start = place.start,
                None => gone.push(place),
            }
        }
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        let mut moved = Vec::new();
        body.edit_all(document, |body, document| {
            let entries = body.entries().clone();
            body.edit(document, |writer| {
                for (id, span) in spans {
                    match entries.iter().find(|(other, _)| *other == id) {
                        Some((_, entry)) => {
                            let span = Some(span);
                            let new = Entry { span, ..entry.clone() };
                            writer.put_entry(&id, Some(entry.clone()), Some(new))?;
                        }
                        None => moved.push(MovedThread {
                            id,
                            start: span.start.to_string(),
                            end: span.end.to_string(),
                        }),
                    }
                }
                Ok(())
            })?;
            for group in groups(gone, Range::len) {
                body.edit(document, |writer| {
                    group.into_iter().try_for_each(|range| writer.delete(range))
                })?;
            }
            Ok(())
        })?;
        Ok(moved)
    }
}

/// Whether somebody who made an element knew of another one.
fn knew(doc: &Automerge, elem: &Elem, of: &Elem) -> bool {
    let made = |elem: &Elem| doc.hash_for_opid(&ObjId::Id(elem.ctr, elem.actor.clone(), 0));
    // What was made by them knowing of it has a higher counter: the rest need not be looked at.
    match (made(elem), made(of)) {
        (Some(last), Some(hash)) if elem.ctr > of.ctr => {
            !doc.get_changes_meta(&[last]).iter().any(|change| change.hash == hash)
        }
        _ => false,
    }
}

fn pairs(stretches: &[Vec<(usize, usize)>]) -> BTreeMap<usize, usize> {
    stretches.iter().flatten().copied().collect()
}

/// What becomes of the span of a citation or thread.
enum After {
    /// Nothing in it goes.
    Untouched,
    /// It has the same words then, between these points.
    Moved(Span),
    /// It would have others; where it is now, as indices.
    Lost(Range<usize>),
}

fn spans_after(anchor: &Anchor, units: &[Unit<'_>], go: &BTreeMap<usize, usize>) -> After {
    let (Some(span), Some(range)) = (&anchor.span, &anchor.range) else {
        return After::Untouched;
    };
    let index = |flat: usize| units.partition_point(|unit| unit.place.end <= flat);
    let now = index(range.start)..index(range.end);
    if go.range(now.clone()).next().is_none() {
        return After::Untouched;
    }
    let words = |range: Range<usize>, stays: &dyn Fn(usize) -> bool| -> Vec<char> {
        let units = units.get(range.clone()).unwrap_or_default();
        let chars = range.zip(units).filter(|(at, _)| stays(*at));
        chars
            .filter_map(|(_, unit)| {
                if let Face::Char(char, _) = unit.face {
                    Some(char)
                } else {
                    None
                }
            })
            .collect()
    };
    let moved = |at: usize| go.get(&at).copied().unwrap_or(at);
    let then = moved(now.start)..moved(now.end - 1) + 1;
    let is_same = words(now.clone(), &|at| go.get(&at).is_none_or(|first| !now.contains(first)))
        == words(then, &|at| !go.contains_key(&at));
    if !is_same {
        return After::Lost(now);
    }
    let point = |point: &crate::body::Point| {
        let first = go.iter().find(|(copy, _)| units[**copy].elem == *point.elem());
        first.map_or_else(
            || point.clone(),
            |(_, first)| point.with_elem(units[*first].elem.clone()),
        )
    };
    After::Moved(Span {
        start: point(&span.start),
        end: point(&span.end),
    })
}
