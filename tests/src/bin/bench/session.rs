//! One person's recorded keystrokes.

use std::path::Path;
use std::time::Duration;

use crate::Result;
use crate::alone::Alone;
use crate::desk::Desk;
use crate::measured::{By, Figures, repeat};
use crate::opening::opening;
use crate::trace::{Lines, Patch, Trace};

/// How many keystrokes make one change in the second round: two seconds of typing at a usual speed.
const PAUSE: usize = 10;

/// What a round leaves.
struct Typed {
    times: Vec<Duration>,
    bytes: usize,
    saved: Vec<u8>,
}

/// Types a session with a change for each keystroke, as the desk does, and again with one for each pause.
pub fn measure(path: &Path) -> Result {
    let trace = Trace::read(path)?;
    if trace.people > 1 {
        return Err("several people wrote this session".into());
    }
    let patches: Vec<&Patch> = trace.patches().collect();
    let inserted: usize = patches.iter().map(|patch| patch.inserted.chars().count()).sum();
    let deleted: usize = patches.iter().map(|patch| patch.deleted).sum();
    let length = trace.end.chars().count();
    for (size, rhythm) in [(1, "a change for each edit"), (PAUSE, "a change for each ten edits")] {
        let figures = Figures::of(
            "session",
            format!(
                "{}, {rhythm}: {} edits, {inserted} characters came, {deleted} went, {length} are left",
                trace.name,
                patches.len(),
            ),
        );
        let komuz = type_here(&trace, &patches, size)?;
        report(&figures, By::Komuz, &komuz, inserted);
        opening(&figures, &komuz.saved)?;
        let alone = type_alone(&trace, &patches, size)?;
        report(&figures, By::Automerge, &alone, inserted);
        figures.amount("saved", By::Automerge, alone.saved.len() as f64 / 1e3, "kB");
        let open = repeat(5, || Alone::load(&alone.saved))?;
        figures.times("open until it can be edited", By::Automerge, open);
    }
    Ok(())
}

fn report(figures: &Figures, by: By, typed: &Typed, inserted: usize) {
    figures.times("from edits to their change's bytes", by, typed.times.clone());
    let bytes = typed.bytes as f64 / inserted as f64;
    figures.amount("all changes", by, bytes, "bytes a character that came");
}

fn type_here(trace: &Trace, patches: &[&Patch], size: usize) -> Result<Typed> {
    let mut desk = Desk::new(1)?;
    let mut lines = Lines::of(&desk.page);
    if !trace.start.is_empty() {
        return Err("the session does not begin with an empty text".into());
    }
    let (mut times, mut bytes) = (Vec::with_capacity(patches.len() / size + 1), 0);
    for group in patches.chunks(size) {
        for patch in group {
            let step = lines.step(&desk.page, patch);
            desk.make(&step.ok_or("an edit lies outside of the text")?)?;
        }
        let (time, chunks) = desk.keystroke()?;
        times.push(time);
        bytes += chunks.iter().map(Vec::len).sum::<usize>();
    }
    if desk.text() != trace.end {
        return Err("another text came out than was recorded".into());
    }
    Ok(Typed {
        times,
        bytes,
        saved: desk.doc.save(),
    })
}

fn type_alone(trace: &Trace, patches: &[&Patch], size: usize) -> Result<Typed> {
    let mut alone = Alone::new()?;
    let (mut times, mut bytes) = (Vec::new(), 0);
    for group in patches.chunks(size) {
        let (time, len) = alone.keystroke(group)?;
        times.push(time);
        bytes += len;
    }
    if alone.text()? != trace.end {
        return Err("another text came out than was recorded".into());
    }
    Ok(Typed {
        times,
        bytes,
        saved: alone.save(),
    })
}
