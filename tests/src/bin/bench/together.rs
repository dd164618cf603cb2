//! Several people's recorded keystrokes, each made on what that person had seen.

use std::path::Path;
use std::time::Duration;

use automerge::Change;
use komuz_core::document::{DocKind, Document};

use crate::Result;
use crate::alone::Alone;
use crate::desk::Desk;
use crate::measured::{By, Figures, repeat};
use crate::opening::opening;
use crate::trace::{Lines, Trace};

/// How many turns reach the one who only looks on at once: about a second of two people's typing.
const AT_ONCE: usize = 10;

/// A person at a desk.
struct Person {
    desk: Desk,
    lines: Lines,
    /// The turns that are here.
    seen: Vec<bool>,
}

/// Writes a session again with as many desks, and somebody looks on.
pub fn measure(path: &Path) -> Result {
    let trace = Trace::read(path)?;
    let count = trace.turns.len();
    let mut people = (0..trace.people)
        .map(|number| {
            let desk = Desk::new(u8::try_from(number)? + 1)?;
            let lines = Lines::of(&desk.page);
            Ok(Person {
                desk,
                lines,
                seen: vec![false; count],
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let bindings: Vec<_> = people.iter().map(|person| person.desk.binding.clone()).collect();
    let mut written: Vec<Vec<Vec<u8>>> = Vec::with_capacity(count);
    let (mut keys, mut merges, mut bytes, mut outside) = (Vec::new(), Vec::new(), 0, 0);
    for (number, turn) in trace.turns.iter().enumerate() {
        let person = people.get_mut(turn.person).ok_or("a turn of nobody")?;
        let missing = missing(&trace, &person.seen, &turn.parents);
        if !missing.is_empty() {
            let changes = missing
                .iter()
                .flat_map(|turn| written[*turn].iter().map(|chunk| (*turn, chunk.as_slice())));
            let changes = changes.map(|(turn, chunk)| (&bindings[trace.turns[turn].person], chunk));
            merges.push(person.desk.receive(changes)?.total());
            person.lines = Lines::of(&person.desk.page);
            missing.into_iter().for_each(|turn| person.seen[turn] = true);
        }
        let mut chunks = Vec::new();
        for patch in &turn.patches {
            // Where two wrote at one place, another order than the recording program's is as good.
            let Some(step) = person.lines.step(&person.desk.page, patch) else {
                outside += 1;
                continue;
            };
            person.desk.make(&step)?;
            let (time, made) = person.desk.keystroke()?;
            keys.push(time);
            chunks.extend(made);
        }
        bytes += chunks.iter().map(Vec::len).sum::<usize>();
        person.seen[number] = true;
        written.push(chunks);
    }
    let typed: usize = trace.patches().map(|patch| patch.inserted.chars().count()).sum();
    let subject = format!(
        "{}: {count} turns of {} people, {typed} characters typed, {} of the turns after a merge",
        trace.name,
        trace.people,
        merges.len()
    );
    let figures = Figures::of("together", subject);
    figures.times("from edits to their change's bytes", By::Komuz, keys);
    figures.times(
        "what others wrote since one's last edit, to the page's steps",
        By::Komuz,
        merges,
    );
    figures.amount(
        "all changes",
        By::Komuz,
        bytes as f64 / typed as f64,
        "bytes a typed character",
    );
    if outside > 0 {
        figures.amount(
            "left out: beyond the text's end in our order of concurrent words",
            By::Komuz,
            f64::from(outside),
            "edits",
        );
    }

    let mut here = Desk::new(200)?;
    // The same changes for Automerge alone, from the document that a body starts from.
    let mut alone = Alone::load_body(&Document::new(DocKind::Body, &[201; 16]).save())?;
    let (mut admit, mut apply, mut read, mut steps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut total, mut peer) = (Vec::<Duration>::new(), Vec::new());
    for (turns, first) in written.chunks(AT_ONCE).zip((0..).step_by(AT_ONCE)) {
        let of = |turn: usize| &bindings[trace.turns[first + turn].person];
        let changes = turns
            .iter()
            .enumerate()
            .flat_map(|(turn, chunks)| chunks.iter().map(move |chunk| (turn, chunk)));
        let received = here.receive(changes.clone().map(|(turn, chunk)| (of(turn), chunk.as_slice())))?;
        total.push(received.total());
        admit.push(received.admit);
        apply.push(received.apply);
        read.push(received.read);
        steps.push(received.steps);
        let changes: Vec<Change> = changes
            .map(|(_, chunk)| Change::from_bytes(chunk.clone()))
            .collect::<Result<_, _>>()?;
        peer.push(alone.apply(changes)?);
    }
    figures.times("ten turns of others, to the page's steps", By::Komuz, total);
    figures.times("– admission", By::Komuz, admit);
    figures.times("– merge", By::Komuz, apply);
    figures.times("– reading the body", By::Komuz, read);
    figures.times("– steps for the page", By::Komuz, steps);
    figures.times("ten turns of others, merged", By::Automerge, peer);
    let saved = here.doc.save();
    opening(&figures, &saved)?;
    let open = repeat(5, || Alone::load_body(&saved))?;
    figures.times("open until it can be edited", By::Automerge, open);
    if Desk::open(&saved, 202)?.text() != here.text() {
        return Err("the steps led the page to another text than the body's".into());
    }
    Ok(())
}

/// The turns among these and all before them that have not been seen, oldest first.
fn missing(trace: &Trace, seen: &[bool], turns: &[usize]) -> Vec<usize> {
    let (mut open, mut found) = (turns.to_vec(), std::collections::BTreeSet::new());
    while let Some(turn) = open.pop() {
        if !seen[turn] && found.insert(turn) {
            open.extend(&trace.turns[turn].parents);
        }
    }
    found.into_iter().collect()
}
