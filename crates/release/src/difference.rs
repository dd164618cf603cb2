//! What changed between two releases, in words.
//!
//! The words are signed, and checked by making them again ([`crate::notice::continues`]): how they are made belongs to the
//! release format, and changes with its version only.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::notes::{Notes, Piece, notes};
use crate::release::Release;
use crate::story::{Block, BlockKind, Byline, Marks};
use crate::words::{Lang, source_line};

/// A change between two releases: some words in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where: `headline`, `summary`, `byline`, `note`, `sources`, `languages`, or `block:` and a block's id.
    pub place: String,
    /// A few words before it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// Words that went; empty where words were added.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub old: String,
    /// Words that came; empty where words were taken out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub new: String,
    /// A few words after it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// Whether words went that are not repeated here, to protect a source; `old` is empty then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

impl Change {
    /// The same change without the words that went.
    pub(crate) fn without_old(mut self) -> Self {
        self.withheld = !std::mem::take(&mut self.old).is_empty();
        self
    }
}

/// Words of context on each side of a change.
const CONTEXT: usize = 6;

/// Changes that have no more equal words than this between them are shown as one.
const JOIN: usize = 2;

/// The most changes that are listed; what lies beyond stays in the releases themselves.
pub const MAX_CHANGES: usize = 500;

/// What changed from one release to another, in the order in which a reader meets it. Empty when readers get the same words,
/// notes, links, pictures and sources; emphasis and the kind of a block are not words.
pub fn difference(old: &Release, new: &Release) -> Vec<Change> {
    let mut changes = Vec::new();
    fronts(old, new, &mut changes);
    blocks(&readable(old), &readable(new), &mut changes);
    lines("sources", &sources(old), &sources(new), &mut changes);
    lines("languages", &old.editions, &new.editions, &mut changes);
    changes.truncate(MAX_CHANGES);
    changes
}

/// The changes from one text to another, word by word, as changes of `place`.
pub fn words_changed(place: &str, old: &str, new: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    text(place, old, new, &mut changes);
    changes
}

/// Fronts are compared outlet by outlet; what changed alike for several is stated once.
fn fronts(old: &Release, new: &Release, changes: &mut Vec<Change>) {
    for (outlet, after) in &new.outlets {
        let Some(before) = old.outlets.get(outlet).or_else(|| old.front(None)) else {
            continue;
        };
        let mut found = Vec::new();
        text("headline", &before.headline, &after.headline, &mut found);
        text("summary", &before.summary, &after.summary, &mut found);
        text("byline", &names(&before.byline), &names(&after.byline), &mut found);
        text("note", &before.note, &after.note, &mut found);
        found.retain(|change| !changes.contains(change));
        changes.append(&mut found);
    }
}

fn names(byline: &[Byline]) -> String {
    byline.iter().map(|b| b.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// A block as readers get it.
struct Readable<'a> {
    id: &'a str,
    words: String,
    /// Notes, links and pictures, each in words.
    extras: Vec<String>,
}

fn readable(release: &Release) -> Vec<Readable<'_>> {
    let notes = notes(&release.body.blocks, &release.body.citations, &release.body.sources);
    fn of<'a>(release: &'a Release, notes: &Notes<'a>, block: &'a Block) -> Readable<'a> {
        let Block { id, kind, text } = block;
        let mut extras: Vec<String> = Vec::new();
        for piece in notes.pieces(block) {
            match piece {
                Piece::Note(mark) => extras.push(format!("[{}]", note_words(release, mark.citation))),
                Piece::Text(text, Marks { link: Some(link), .. }) => extras.push(format!("{text} ({link})")),
                Piece::Text(..) => {}
            }
        }
        if let BlockKind::Figure { file, alt, credit, .. } = kind {
            extras.push(format!("[{alt}, {credit}, {}]", file.get(..12).unwrap_or(file)));
        }
        let words = match kind {
            BlockKind::Rule => "* * *".into(),
            _ => text.iter().map(|s| s.text.as_str()).collect(),
        };
        Readable { id, words, extras }
    }
    release
        .body
        .blocks
        .iter()
        .map(|block| of(release, &notes, block))
        .collect()
}

/// What a note says, not its number: one more note must not change all that follow.
fn note_words(release: &Release, citation: &str) -> String {
    let Some(citation) = release.body.citations.iter().find(|c| c.id == citation) else {
        return String::new();
    };
    let source = release.body.sources.iter().find(|s| s.id == citation.source);
    let title = source.map_or("", |s| {
        if s.title.is_empty() {
            &s.container_title
        } else {
            &s.title
        }
    });
    [title, &citation.locator, &citation.quote]
        .iter()
        .filter(|t| !t.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(", ")
}

fn sources(release: &Release) -> Vec<String> {
    release
        .body
        .sources
        .iter()
        .map(|s| source_line(s, Lang::of(&release.lang)))
        .collect()
}

/// Blocks are matched by id; what is only on one side came or went whole, also when it moved.
fn blocks(old: &[Readable<'_>], new: &[Readable<'_>], changes: &mut Vec<Change>) {
    let nothing = |id| Readable {
        id,
        words: String::new(),
        extras: Vec::new(),
    };
    let mut compare = |old: &Readable<'_>, new: &Readable<'_>| {
        let place = format!("block:{}", new.id);
        text(&place, &old.words, &new.words, changes);
        lines(&place, &old.extras, &new.extras, changes);
    };
    let before: BTreeMap<&str, usize> = old.iter().enumerate().map(|(at, block)| (block.id, at)).collect();
    let kept = ascending(new.iter().map(|block| before.get(block.id).copied()));
    let mut next = 0;
    for (block, kept) in new.iter().zip(kept) {
        let Some(at) = kept else {
            compare(&nothing(block.id), block);
            continue;
        };
        for gone in old.get(next..at).unwrap_or_default() {
            compare(gone, &nothing(gone.id));
        }
        next = at + 1;
        if let Some(old) = old.get(at) {
            compare(old, block);
        }
    }
    for gone in old.get(next..).unwrap_or_default() {
        compare(gone, &nothing(gone.id));
    }
}

/// Of positions in another list, a longest ascending choice; the others become `None`.
fn ascending(positions: impl Iterator<Item = Option<usize>>) -> Vec<Option<usize>> {
    let positions: Vec<Option<usize>> = positions.collect();
    // Patience sorting: `tails[n]` is where the best chain of n + 1 ends.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; positions.len()];
    for (at, position) in positions.iter().enumerate() {
        let Some(position) = position else { continue };
        let slot = tails.partition_point(|&tail| positions[tail].is_some_and(|p| p < *position));
        before[at] = slot.checked_sub(1).map(|s| tails[s]);
        match tails.get_mut(slot) {
            Some(tail) => *tail = at,
            None => tails.push(at),
        }
    }
    let mut kept = vec![None; positions.len()];
    let mut next = tails.last().copied();
    while let Some(at) = next {
        kept[at] = positions[at];
        next = before[at];
    }
    kept
}

/// Lines that came and went; order does not matter.
fn lines(place: &str, old: &[String], new: &[String], changes: &mut Vec<Change>) {
    let change = |old: &str, new: &str| Change {
        place: place.into(),
        before: String::new(),
        old: old.into(),
        new: new.into(),
        after: String::new(),
        withheld: false,
    };
    changes.extend(old.iter().filter(|o| !new.contains(o)).map(|o| change(o, "")));
    changes.extend(new.iter().filter(|n| !old.contains(n)).map(|n| change("", n)));
}

fn text(place: &str, old: &str, new: &str, changes: &mut Vec<Change>) {
    if old == new {
        return;
    }
    let (a, b): (Vec<&str>, Vec<&str>) = (old.split_whitespace().collect(), new.split_whitespace().collect());
    let runs = join(runs(&a, &b), JOIN);
    if runs.is_empty() {
        // Only white space changed: line breaks, which readers do see.
        changes.push(Change {
            place: place.into(),
            before: String::new(),
            old: old.into(),
            new: new.into(),
            after: String::new(),
            withheld: false,
        });
    }
    for Run {
        old: (a1, a2),
        new: (b1, b2),
    } in runs
    {
        changes.push(Change {
            place: place.into(),
            before: b[b1.saturating_sub(CONTEXT)..b1].join(" "),
            old: a[a1..a2].join(" "),
            new: b[b1..b2].join(" "),
            after: b[b2..b.len().min(b2 + CONTEXT)].join(" "),
            withheld: false,
        });
    }
}

/// Words `old.0..old.1` became words `new.0..new.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    old: (usize, usize),
    new: (usize, usize),
}

fn join(runs: Vec<Run>, gap: usize) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    for run in runs {
        match out.last_mut() {
            Some(last) if run.new.0 - last.new.1 <= gap => {
                last.old.1 = run.old.1;
                last.new.1 = run.new.1;
            }
            _ => out.push(run),
        }
    }
    out
}

/// Changed runs of words, by Myers' greedy O(ND) algorithm ("An O(ND) Difference Algorithm", 1986) with a bound on D: what
/// differs by more than [`MAX_EDITS`] words is one run from the first different word to the last.
fn runs<T: PartialEq>(a: &[T], b: &[T]) -> Vec<Run> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let tail = a[head..]
        .iter()
        .rev()
        .zip(b[head..].iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let (inner_a, inner_b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    if inner_a.is_empty() && inner_b.is_empty() {
        return Vec::new();
    }
    let whole = vec![Run {
        old: (head, a.len() - tail),
        new: (head, b.len() - tail),
    }];
    if inner_a.is_empty() || inner_b.is_empty() {
        return whole;
    }
    let Some(steps) = shortest_path(inner_a, inner_b) else {
        return whole;
    };
    let mut out: Vec<Run> = Vec::new();
    for (x, y, down) in steps {
        let (x, y) = (x + head, y + head);
        let run = match down {
            true => Run {
                old: (x, x),
                new: (y, y + 1),
            },
            false => Run {
                old: (x, x + 1),
                new: (y, y),
            },
        };
        match out.last_mut() {
            Some(last) if last.old.1 == run.old.0 && last.new.1 == run.new.0 => {
                last.old.1 = run.old.1;
                last.new.1 = run.new.1;
            }
            _ => out.push(run),
        }
    }
    out
}

/// Bound on the words taken out and put in of one text: memory and time grow with its square.
const MAX_EDITS: usize = 512;

/// The edits of a shortest path: where in `a`, where in `b`, and whether a word of `b` comes (or one of `a` goes).
fn shortest_path<T: PartialEq>(a: &[T], b: &[T]) -> Option<Vec<(usize, usize, bool)>> {
    // Row d says how far in `a` d edits reach: index i is the diagonal x - y = 2i - d.
    let mut rows: Vec<Vec<usize>> = Vec::new();
    let mut found = None;
    for d in 0..=MAX_EDITS.min(a.len() + b.len()) {
        let mut row = Vec::with_capacity(d + 1);
        for i in 0..=d {
            let mut x = rows.last().map_or(0, |before| step(before, i).0);
            let mut y = x + d - 2 * i;
            while x < a.len() && y < b.len() && a[x] == b[y] {
                x += 1;
                y += 1;
            }
            row.push(x);
            if x == a.len() && y == b.len() {
                found = Some((d, i));
            }
        }
        rows.push(row);
        if found.is_some() {
            break;
        }
    }
    let (d, mut i) = found?;
    let mut edits = Vec::with_capacity(d);
    for d in (1..=d).rev() {
        let (x, down) = step(&rows[d - 1], i);
        let y = x + d - 2 * i;
        if down {
            edits.push((x, y - 1, true));
        } else {
            edits.push((x - 1, y, false));
            i -= 1;
        }
    }
    edits.reverse();
    Some(edits)
}

/// The better of the two ways onto diagonal `i` from the row before: down (a word of `b`) or right (past a word of `a`).
fn step(before: &[usize], i: usize) -> (usize, bool) {
    let down = before.get(i).copied();
    let right = i.checked_sub(1).and_then(|i| before.get(i)).map(|x| x + 1);
    match (down, right) {
        (Some(down), Some(right)) if right > down => (right, false),
        (Some(down), _) => (down, true),
        (None, right) => (right.unwrap_or(0), false),
    }
}
