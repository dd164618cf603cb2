//! Steps that turn one page into another, changing only what differs.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::json::{node_name, write_attrs};
use super::{Block, Mark, Page, Place, Run, Slice, Splice, Step, Token};

/// A difference of text and markers: a flat range of the one page stands for a flat range of the other. What lies
/// outside of a list of hunks is the same in both, but for marks and attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// In the page to start from.
    pub from: Range<usize>,
    /// In the page to get to.
    pub to: Range<usize>,
}

/// Steps from one page to another. Blocks are matched by their `id`; inside a matched block only the range that changed
/// is replaced.
pub fn diff(from: &Page, to: &Page) -> Vec<Step> {
    steps(from, to, &hunks(from, to))
}

/// Differences found by comparing: what is equal at both ends stays, blocks between are matched by `id` in order, then the
/// text of what lies between those. The ends come first because blocks that the page has just made have no `id`: matched
/// by that alone they would all be written again wherever something else differs.
pub fn hunks(from: &Page, to: &Page) -> Vec<Hunk> {
    let same = |(a, b): &(&Arc<Block>, &Arc<Block>)| Arc::ptr_eq(a, b) || a == b;
    let (old, new) = (from.blocks(), to.blocks());
    let start = old.iter().zip(new).take_while(same).count();
    let most = old.len().min(new.len()) - start;
    let pairs = old.iter().rev().zip(new.iter().rev());
    let end = pairs.take(most).take_while(same).count();
    let (old, new) = (start..old.len() - end, start..new.len() - end);
    let mut hunks = Vec::new();
    let mut region = (start, start, 0);
    for (a, b) in matches(from, to, old.clone(), new.clone())
        .into_iter()
        .chain([(old.end, new.end)])
    {
        compare(from, to, region.0..a, region.1..b, region.2, &mut hunks);
        region = (a, b, 1);
    }
    hunks
}

/// Pairs of equal blocks, rising in both pages: the longest such list by the blocks' ids.
fn matches(from: &Page, to: &Page, old: Range<usize>, new: Range<usize>) -> Vec<(usize, usize)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (index, block) in new.clone().zip(&to.blocks()[new]) {
        if let Some(id) = &block.id {
            places.entry(id).or_insert(index);
        }
    }
    let mut seen = std::collections::HashSet::new();
    let pairs: Vec<(usize, usize)> = (old.clone().zip(&from.blocks()[old]))
        .filter_map(|(index, block)| {
            let place = *places.get(block.id.as_deref()?)?;
            (to.blocks()[place].is_rule() == block.is_rule() && seen.insert(place)).then_some((index, place))
        })
        .collect();
    // Longest increasing subsequence by the second member: `ends[k]` is the pair that ends the best run of k + 1.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    for (at, pair) in pairs.iter().enumerate() {
        let rank = ends.partition_point(|end| pairs[*end].1 < pair.1);
        before[at] = rank.checked_sub(1).map(|rank| ends[rank]);
        match ends.get_mut(rank) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut chain = Vec::new();
    let mut at = ends.last().copied();
    while let Some(index) = at {
        chain.push(pairs[index]);
        at = before[index];
    }
    chain.reverse();
    chain
}

/// A unit of a page for comparing: blocks that are not matched never equal each other.
#[derive(PartialEq, Clone, Copy)]
enum Unit {
    Char(char),
    FromMarker,
    ToMarker,
}

/// Compares two regions of blocks, the first `head` (0 or 1) of which are matched.
fn compare(from: &Page, to: &Page, a: Range<usize>, b: Range<usize>, head: usize, hunks: &mut Vec<Hunk>) {
    if a.len() == head && b.len() == head && (a.is_empty() || from.blocks()[a.start].text == to.blocks()[b.start].text)
    {
        return;
    }
    let units = |page: &Page, blocks: Range<usize>, marker: Unit| {
        let mut units = Vec::new();
        for (nth, block) in page.blocks()[blocks].iter().enumerate() {
            if nth >= head {
                units.push(marker);
            }
            units.extend(block.runs().iter().flat_map(|run| run.text.chars()).map(Unit::Char));
        }
        units
    };
    let (old, new) = (
        units(from, a.clone(), Unit::FromMarker),
        units(to, b.clone(), Unit::ToMarker),
    );
    let start = (old.iter().zip(&new)).take_while(|(old, new)| old == new).count();
    let end = (old[start..].iter().rev().zip(new[start..].iter().rev()))
        .take_while(|(old, new)| old == new)
        .count();
    let width = |units: &[Unit]| -> usize {
        units
            .iter()
            .map(|unit| {
                if let Unit::Char(char) = unit {
                    char.len_utf16()
                } else {
                    1
                }
            })
            .sum()
    };
    let (old_start, new_start) = (
        from.flat(Place::Gap(a.start)) + head,
        to.flat(Place::Gap(b.start)) + head,
    );
    let hunk = Hunk {
        from: old_start + width(&old[..start])..old_start + width(&old[..old.len() - end]),
        to: new_start + width(&new[..start])..new_start + width(&new[..new.len() - end]),
    };
    if !(hunk.from.is_empty() && hunk.to.is_empty()) {
        hunks.push(hunk);
    }
}

/// Steps from one page to another, given where text and markers differ (sorted). Attributes and marks are compared here.
pub fn steps(from: &Page, to: &Page, hunks: &[Hunk]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut page = from.clone();
    // From the end, so that what is still to come keeps its positions.
    for hunk in hunks.iter().rev() {
        let Ok(tokens) = to.tokens(hunk.to.clone()) else {
            continue;
        };
        let step = replacement(&page, to, hunk, &tokens);
        if let Ok(next) = page.splice(&Splice {
            range: hunk.from.clone(),
            tokens,
        }) {
            page = next;
            steps.push(step);
        }
    }
    if page.blocks().len() != to.blocks().len() {
        // Hunks that do not lead there are a mistake of their maker; the whole document is always a way.
        return vec![whole(from, to)];
    }
    let mut position = 0;
    let mut mends = Vec::new();
    for (old, new) in page.blocks().iter().zip(to.blocks()) {
        if !Arc::ptr_eq(old, new) && old != new {
            if old.text_len() != new.text_len() || old.is_rule() != new.is_rule() {
                return vec![whole(from, to)];
            }
            mend(position, old, new, &mut mends);
        }
        position += old.size();
    }
    steps.extend(mends);
    steps
}

/// The step that replaces everything.
fn whole(from: &Page, to: &Page) -> Step {
    let blocks = to.blocks().iter().map(|block| (**block).clone()).collect();
    Step::Replace {
        from: 0,
        to: from.size(),
        slice: Slice::blocks(blocks, 0, 0),
    }
}

/// The step for a hunk: on block boundaries where both pages have them, so that cursors beside them stay.
fn replacement(page: &Page, to: &Page, hunk: &Hunk, tokens: &[Token]) -> Step {
    let inside = |flat: usize| {
        let (block, offset) = page.before_flat(flat).unwrap_or((0, 0));
        Place::In { block, offset }
    };
    let markers = |tokens: &[Token]| tokens.iter().any(|token| matches!(token, Token::Marker { .. }));
    let removed = page.tokens(hunk.from.clone()).unwrap_or_default();
    let mut start = match (page.marker_at(hunk.from.start), to.marker_at(hunk.to.start)) {
        (Some(block), Some(_)) => Place::Gap(block),
        _ => inside(hunk.from.start),
    };
    let mut end = match (page.marker_at(hunk.from.end), to.marker_at(hunk.to.end)) {
        (Some(block), Some(_)) => Place::Gap(block),
        _ => inside(hunk.from.end),
    };
    if !markers(tokens) && !markers(&removed) {
        // Text inside one block.
        start = inside(hunk.from.start);
        end = inside(hunk.from.end);
    }
    let slice = match (start, end) {
        (Place::In { .. }, Place::In { .. }) if !markers(tokens) => Slice::inline(
            tokens
                .iter()
                .filter_map(|token| {
                    if let Token::Text(run) = token {
                        Some(run.clone())
                    } else {
                        None
                    }
                })
                .collect(),
        ),
        (start, end) => {
            let open_start = usize::from(matches!(start, Place::In { .. }));
            let open_end = usize::from(matches!(end, Place::In { .. }));
            let mut blocks: Vec<(Option<String>, komuz_release::story::BlockKind, Vec<Run>)> = Vec::new();
            if let Place::In { block, .. } = start
                && let Some(block) = page.blocks().get(block)
            {
                blocks.push((block.id.clone(), block.kind.clone(), Vec::new()));
            }
            for token in tokens {
                match (token, blocks.last_mut()) {
                    (Token::Marker { id, kind }, _) => blocks.push((id.clone(), kind.clone(), Vec::new())),
                    (Token::Text(run), Some((_, _, runs))) => runs.push(run.clone()),
                    (Token::Text(_), None) => {}
                }
            }
            let blocks = blocks
                .into_iter()
                .map(|(id, kind, runs)| Block::new(id, kind, runs))
                .collect();
            Slice::blocks(blocks, open_start, open_end)
        }
    };
    Step::Replace {
        from: page.position(start),
        to: page.position(end),
        slice,
    }
}

/// Steps that make a block equal to another of the same text.
fn mend(position: usize, old: &Block, new: &Block, steps: &mut Vec<Step>) {
    if node_name(&old.kind) != node_name(&new.kind) {
        let wrapper = Block::new(new.id.clone(), new.kind.clone(), []);
        steps.push(Step::ReplaceAround {
            from: position,
            to: position + old.size(),
            gap_from: position + 1,
            gap_to: position + old.size() - 1,
            slice: Slice::blocks(vec![wrapper], 0, 0),
            insert: 1,
        });
    } else {
        let before = write_attrs(old.id.as_deref(), &old.kind);
        for (attr, value) in write_attrs(new.id.as_deref(), &new.kind) {
            if before.get(&attr) != Some(&value) {
                steps.push(Step::Attr {
                    pos: position,
                    attr,
                    value,
                });
            }
        }
    }
    // Marks: what must go first, so that excluding ones do not meet.
    let pairs = zip_runs(old, new);
    let text = position + 1;
    for mark in distinct(
        pairs
            .iter()
            .flat_map(|pair| pair.old.marks.iter().filter(|mark| !pair.new.marks.has(mark))),
    ) {
        let gone = |pair: &Pair<'_>| pair.old.marks.has(&mark) && !pair.new.marks.has(&mark);
        for Range { start, end } in joined(&pairs, gone) {
            steps.push(Step::RemoveMark {
                from: text + start,
                to: text + end,
                mark: mark.clone(),
            });
        }
    }
    for mark in distinct(
        pairs
            .iter()
            .flat_map(|pair| pair.new.marks.iter().filter(|mark| !pair.old.marks.has(mark))),
    ) {
        let come = |pair: &Pair<'_>| !pair.old.marks.has(&mark) && pair.new.marks.has(&mark);
        for Range { start, end } in joined(&pairs, come) {
            steps.push(Step::AddMark {
                from: text + start,
                to: text + end,
                mark: mark.clone(),
            });
        }
    }
}

/// The ranges of the pairs of which something holds, neighbours joined.
fn joined(pairs: &[Pair<'_>], holds: impl Fn(&Pair<'_>) -> bool) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for pair in pairs.iter().filter(|pair| holds(pair)) {
        match ranges.last_mut() {
            Some(last) if last.end == pair.at.start => last.end = pair.at.end,
            _ => ranges.push(pair.at.clone()),
        }
    }
    ranges
}

fn distinct<'a>(marks: impl Iterator<Item = &'a Mark>) -> Vec<Mark> {
    let mut list: Vec<Mark> = Vec::new();
    for mark in marks {
        if !list.contains(mark) {
            list.push(mark.clone());
        }
    }
    list
}

/// A stretch of text that two blocks share, with the runs that it lies in.
struct Pair<'a> {
    at: Range<usize>,
    old: &'a Run,
    new: &'a Run,
}

/// The runs of two blocks of equal text, cut so that they pair up.
fn zip_runs<'a>(old: &'a Block, new: &'a Block) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    let (mut a, mut b) = (ends(old), ends(new));
    let (mut left, mut right) = (a.next(), b.next());
    let mut at = 0;
    while let (Some((end_a, old)), Some((end_b, new))) = (left, right) {
        let end = end_a.min(end_b);
        pairs.push(Pair { at: at..end, old, new });
        at = end;
        if end == end_a {
            left = a.next();
        }
        if end == end_b {
            right = b.next();
        }
    }
    pairs
}

/// Each run of a block with the offset at which it ends.
fn ends(block: &Block) -> impl Iterator<Item = (usize, &Run)> {
    block.runs().iter().scan(0, |end, run| {
        *end += super::utf16_len(&run.text);
        Some((*end, run))
    })
}
