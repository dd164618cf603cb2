//! Points: places in the text that stay with the words beside them. Citations, threads and cursors are made of them.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use automerge::ActorId;

use super::sheet::{Elem, Sheet};

/// A place at one side of an element of the text. As a string: Automerge's cursor at the element, and `+` for the place
/// behind it; such as `17@0102+`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    elem: Elem,
    behind: bool,
}

/// A string that is no point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a text: a cursor was expected, such as `17@0102+`")]
pub struct BadPoint;

/// Longest point as a string: a counter and an actor of 64 bytes.
const MAX_POINT: usize = 160;

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}@{}{}",
            self.elem.ctr,
            self.elem.actor,
            if self.behind { "+" } else { "" }
        )
    }
}

impl FromStr for Point {
    type Err = BadPoint;

    fn from_str(text: &str) -> Result<Self, BadPoint> {
        let parse = || {
            let (cursor, behind) = text.strip_suffix('+').map_or((text, false), |cursor| (cursor, true));
            let (ctr, actor) = cursor.split_once('@')?;
            let actor = ActorId::try_from(actor).ok()?;
            // Automerge counts operations in 32 bits.
            let ctr: u32 = ctr.parse().ok()?;
            Some(Point {
                elem: Elem { actor, ctr: ctr.into() },
                behind,
            })
        };
        if text.len() > MAX_POINT {
            Err(BadPoint)
        } else {
            parse().ok_or(BadPoint)
        }
    }
}

impl Point {
    fn at(sheet: &Sheet, flat: usize, behind: bool) -> Option<Point> {
        Some(Point {
            elem: sheet.elem_at(flat)?,
            behind,
        })
    }

    /// The place before the element at a flat index.
    pub(crate) fn before(sheet: &Sheet, flat: usize) -> Option<Point> {
        Self::at(sheet, flat, false)
    }

    /// The place behind the element that ends at a flat index.
    pub(crate) fn behind(sheet: &Sheet, flat: usize) -> Option<Point> {
        Self::at(sheet, flat.checked_sub(1)?, true)
    }

    /// The element that it stays with.
    pub(crate) fn elem(&self) -> &Elem {
        &self.elem
    }

    /// The same side of another element.
    pub(crate) fn with_elem(&self, elem: Elem) -> Point {
        Point {
            elem,
            behind: self.behind,
        }
    }

    /// Its flat index, if its element is visible.
    pub(crate) fn visible(&self, sheet: &Sheet) -> Option<usize> {
        let (flat, width) = sheet.find(&self.elem)?;
        Some(if self.behind { flat + width } else { flat })
    }
}

/// Flat indices of many points whose elements are visible, in one pass.
pub(crate) fn visible_all(sheet: &Sheet, points: &[&Point]) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|a, b| points[*a].elem.cmp(&points[*b].elem));
    let mut found = vec![None; points.len()];
    let mut note = |elem: &Elem, count: u64, place: &dyn Fn(u64) -> Range<usize>| {
        let first = order.partition_point(|at| points[*at].elem < *elem);
        for at in &order[first..] {
            let point = points[*at];
            if point.elem.actor != elem.actor || point.elem.ctr >= elem.ctr + count {
                break;
            }
            let range = place(point.elem.ctr - elem.ctr);
            found[*at] = Some(if point.behind { range.end } else { range.start });
        }
    };
    let mut start = 0;
    for row in &sheet.rows {
        if let Some(elem) = row.marker.as_ref().and_then(Elem::of) {
            note(&elem, 1, &|_| start..start + 1);
        }
        let mut at = start + 1;
        for piece in row.pieces() {
            note(&piece.elem, piece.text.chars().count() as u64, &|nth| {
                let mut before = at;
                for (index, char) in piece.text.chars().enumerate() {
                    if index as u64 == nth {
                        return before..before + char.len_utf16();
                    }
                    before += char.len_utf16();
                }
                before..before
            });
            at += crate::page::utf16_len(&piece.text);
        }
        start += row.len() + 1;
    }
    found
}
