//! A made-up story of many operations: opening it, typing, others' changes, and steps on old versions of the page.

use std::time::Duration;

use automerge::Change;
use komuz_core::admission::Binding;
use komuz_core::page::{Block, Mark, Place, Run, Slice, Step};

use crate::Result;
use crate::alone::Alone;
use crate::desk::{Desk, replace};
use crate::measured::{By, Figures, repeat, timed};
use crate::opening::opening;
use crate::trace::Patch;

/// How often each quick thing is done.
const OFTEN: usize = 500;
/// How many citations a story has.
const CITATIONS: usize = 200;

/// A small generator of numbers, so that each run is the same.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

/// Measures a story of so many operations.
pub fn measure(operations: usize) -> Result {
    let mut random = Random(7);
    let mut here = Desk::new(1)?;
    write(&mut here, operations, &mut random)?;
    cite(&mut here, &mut random)?;
    here.settle()?;
    for chunk in here.doc.take_changes() {
        here.gate.learn(&chunk)?;
    }
    let figures = Figures::of(
        "story",
        format!(
            "{operations} operations: {} blocks, {} UTF-16 units, {} citations",
            here.page.blocks().len(),
            here.page.size(),
            here.body.citations().len()
        ),
    );
    let saved = here.doc.save();
    let save = repeat(5, || Ok(here.doc.save()))?;
    figures.times("save", By::Komuz, save);
    opening(&figures, &saved)?;
    let mut alone = Alone::load_body(&saved)?;
    let save = repeat(5, || Ok(alone.save()))?;
    figures.times("save", By::Automerge, save);
    let open = repeat(5, || Alone::load_body(&saved))?;
    figures.times("open until it can be edited", By::Automerge, open);
    let mut there = Desk::open(&saved, 2)?;
    typing(&figures, &mut there, &saved)?;
    others(&figures, &mut here, &mut there, &saved, &mut random)?;
    old_versions(&figures, &mut there)
}

/// Types and deletes as people do: mostly at one place, now and then elsewhere, with new blocks and marks.
fn write(desk: &mut Desk, operations: usize, random: &mut Random) -> Result {
    let mut done = 0;
    let (mut block, mut offset) = (0, 0);
    while done < operations {
        let choice = random.next(100);
        if choice < 3 {
            block = random.next(desk.page.blocks().len());
            offset = random.next(desk.page.blocks()[block].text_len() + 1);
        }
        offset = offset.min(desk.page.blocks()[block].text_len());
        let at = desk.page.position(Place::In { block, offset });
        let step = match choice {
            3..=16 if offset > 8 => {
                offset -= 8;
                done += 8;
                Step::Replace {
                    from: at - 8,
                    to: at,
                    slice: Slice::default(),
                }
            }
            17 if offset > 20 => {
                done += 2;
                Step::AddMark {
                    from: at - 20,
                    to: at - 5,
                    mark: Mark::Strong,
                }
            }
            18 | 19 => {
                let half = |id| Block::new(id, desk.page.blocks()[block].kind.clone(), []);
                let halves = vec![half(desk.page.blocks()[block].id.clone()), half(None)];
                (block, offset) = (block + 1, 0);
                done += 5;
                Step::Replace {
                    from: at,
                    to: at,
                    slice: Slice::blocks(halves, 1, 1),
                }
            }
            _ => {
                offset += 8;
                done += 8;
                insert(at, "жаңылык ")
            }
        };
        desk.make(&step)?;
        desk.send()?;
    }
    desk.settle()?;
    Ok(())
}

fn insert(at: usize, text: &str) -> Step {
    Step::Replace {
        from: at,
        to: at,
        slice: Slice::inline(vec![Run::plain(text)]),
    }
}

fn cite(desk: &mut Desk, random: &mut Random) -> Result {
    for nth in 0..CITATIONS.min(desk.page.size() / 20) {
        let at = u32::try_from(random.next(desk.page.size() - 20))?;
        // A span that holds no text is refused; the next one does.
        let _ = desk.link.cite(
            &mut desk.doc,
            &mut desk.body,
            (desk.seq, desk.taken),
            (at, at + 12),
            (&format!("c-{nth}"), "s", "", ""),
            desk.now,
        );
    }
    Ok(())
}

/// One key after the other in the middle of the story.
fn typing(figures: &Figures, there: &mut Desk, saved: &[u8]) -> Result {
    let middle = there.page.position(Place::In {
        block: there.page.blocks().len() / 2,
        offset: 0,
    });
    let mut keys = Vec::new();
    for nth in 0..OFTEN {
        there.make(&insert(middle + nth, "ң"))?;
        keys.push(there.keystroke()?.0);
    }
    figures.times("a key, to its change's bytes", By::Komuz, keys);
    let mut alone = Alone::load_body(saved)?;
    let (half, mut keys) = (alone.len() / 2, Vec::new());
    for nth in 0..OFTEN {
        let patch = Patch {
            at: half + nth,
            deleted: 0,
            inserted: "ң".to_owned(),
        };
        keys.push(alone.keystroke(&[&patch])?.0);
    }
    figures.times("a key, to its change's bytes", By::Automerge, keys);
    let mut undone = Vec::new();
    for _ in 0..20 {
        there.link.close_group();
        there.make(&insert(middle, "ң"))?;
        there.send()?;
        let (done, time) = timed(|| there.link.undo(&mut there.doc, &mut there.body));
        done?;
        undone.push(time + there.settle()?);
    }
    figures.times("undo of a key", By::Komuz, undone);
    Ok(())
}

/// Keys of somebody else at the story's start, one at a time.
fn others(figures: &Figures, here: &mut Desk, there: &mut Desk, saved: &[u8], random: &mut Random) -> Result {
    let mut alone = Alone::load_body(saved)?;
    let (mut total, mut peer) = (Vec::<Duration>::new(), Vec::new());
    let (mut admit, mut apply, mut read, mut steps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..100 {
        let chunks = somebody_types(here, random)?;
        let received = there.receive(changes(&here.binding, &chunks))?;
        total.push(received.total());
        admit.push(received.admit);
        apply.push(received.apply);
        read.push(received.read);
        steps.push(received.steps);
        let changes = chunks.into_iter().map(Change::from_bytes).collect::<Result<_, _>>()?;
        peer.push(alone.apply(changes)?);
    }
    figures.times("another's key, to the page's steps", By::Komuz, total);
    figures.times("– admission", By::Komuz, admit);
    figures.times("– merge", By::Komuz, apply);
    figures.times("– reading the body", By::Komuz, read);
    figures.times("– steps for the page", By::Komuz, steps);
    figures.times("another's key, merged", By::Automerge, peer);
    // The page has not seen what comes now.
    for _ in 0..10 {
        let chunks = somebody_types(here, random)?;
        for chunk in chunks {
            there.gate.admit_beside(&there.doc, &here.binding, &chunk);
            there.doc.apply(vec![Change::from_bytes(chunk)?])?;
            there.body.refresh(&there.doc)?;
        }
    }
    Ok(())
}

fn somebody_types(desk: &mut Desk, random: &mut Random) -> Result<Vec<Vec<u8>>> {
    let block = random.next(desk.page.blocks().len());
    let at = desk.page.position(Place::In { block, offset: 0 });
    desk.make(&insert(at, "ң"))?;
    Ok(desk.keystroke()?.1)
}

fn changes<'a>(binding: &'a Binding, chunks: &'a [Vec<u8>]) -> impl Iterator<Item = (&'a Binding, &'a [u8])> {
    chunks.iter().map(move |chunk| (binding, chunk.as_slice()))
}

/// Step mapping: what the page does while a batch is on its way to it.
fn old_versions(figures: &Figures, there: &mut Desk) -> Result {
    let blocks = there.page.blocks().len();
    let start = |desk: &Desk, block: usize| desk.page.position(Place::In { block, offset: 0 });
    // On its way, and not taken.
    let _ = there.link.batch(&there.body);
    let middle = start(there, blocks / 2);
    let mut keys = Vec::new();
    for nth in 0..OFTEN {
        there.make(&insert(middle + nth, "ң"))?;
        keys.push(there.send()?);
    }
    figures.times("a key on a version that others have changed since", By::Komuz, keys);
    // The smallest story has fewer.
    let gone = (blocks / 2).saturating_sub(3);
    let from = there.page.position(Place::Gap(gone));
    let to = there.page.position(Place::Gap(blocks / 2));
    let step = Step::Replace {
        from,
        to,
        slice: Slice::default(),
    };
    there.make(&step)?;
    figures.times(
        "three paragraphs deleted on such a version",
        By::Komuz,
        vec![there.send()?],
    );
    there.settle()?;
    let all = there.page.size();
    let step = Step::AddMark {
        from: 1,
        to: all - 1,
        mark: Mark::Strong,
    };
    there.make(&step)?;
    figures.times("everything made strong", By::Komuz, vec![there.send()?]);
    let last = there.page.blocks().len() - 1;
    let end = Place::In {
        block: last,
        offset: there.page.blocks()[last].text_len(),
    };
    let step = replace(&there.page, Place::In { block: 0, offset: 0 }, end, "");
    // So that undo takes back this and nothing before it.
    there.link.close_group();
    there.make(&step)?;
    figures.times("everything deleted", By::Komuz, vec![there.send()?]);
    let (undone, time) = timed(|| there.link.undo(&mut there.doc, &mut there.body));
    undone?;
    figures.times("undo of that", By::Komuz, vec![time + there.settle()?]);
    Ok(())
}
