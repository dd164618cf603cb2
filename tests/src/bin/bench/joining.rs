//! A recorded session as an investigation's story, and somebody who joins when it is written: by its envelopes, and whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use komuz_core::admission::{Binding, Gate, Verdict, last_changes, last_of_actors};
use komuz_core::document::{DocKind, Document};
use komuz_sync::replica::Payload;
use komuz_sync::seal::bytes::Digest;

use crate::Result;
use crate::desk::Desk;
use crate::measured::{By, Figures, repeat, timed};
use crate::replicas::{Disk, Node, doc, entropy, now, server};
use crate::trace::{Lines, Patch, Trace};

/// How many edits one envelope takes: a second of typing at a usual speed.
const EDITS: usize = 10;
/// How often somebody joins.
const TIMES: usize = 3;

/// Writes a session to a server, a change for each edit, and joins.
pub fn measure(path: &Path) -> Result {
    let trace = Trace::read(path)?;
    let patches: Vec<&Patch> = trace.patches().collect();
    let figures = Figures::of(
        "join",
        format!(
            "{}: {} edits, a change for each, {EDITS} in an envelope",
            trace.name,
            patches.len()
        ),
    );
    let mut desk = Desk::new(1)?;
    let mut lines = Lines::of(&desk.page);
    let mut envelopes: Vec<Vec<Vec<u8>>> = Vec::new();
    for group in patches.chunks(EDITS) {
        let mut changes = Vec::new();
        for patch in group {
            let step = lines.step(&desk.page, patch);
            desk.make(&step.ok_or("an edit lies outside of the text")?)?;
            changes.append(&mut desk.keystroke()?.1);
        }
        envelopes.push(changes);
    }
    let (server, _folder) = server()?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut ada = Node::founder(&server).await?;
        ada.until(Node::in_sync).await?;
        // A device with its keys, and nothing of the story.
        let mut device = ada.disk.clone();
        device.retain(|(table, _), _| table != "cursors");
        for changes in &envelopes {
            ada.write_changes(changes).await?;
        }
        ada.until(Node::in_sync).await?;
        by_envelopes(&figures, &device, envelopes.len(), &desk.binding).await?;

        let (saved, time) = timed(|| desk.doc.save());
        let last = last_of_actors(&desk.doc).into_iter();
        let last: BTreeSet<Digest> = last.map(|hash| Digest(hash.0)).collect();
        let seen = ada.seen.clone();
        let (made, more) = timed(|| {
            ada.replica
                .snapshot(&doc(), &seen, &last, saved.clone(), now(), &mut entropy)
        });
        figures.times("to put it together", By::Komuz, vec![time + more]);
        ada.take(made?).await?;
        ada.until(Node::in_sync).await?;
        whole(&figures, &device, &desk.binding).await?;
        figures.amount("the saved document", By::Automerge, saved.len() as f64, "bytes");
        let alone = repeat(TIMES, || Ok(automerge::Automerge::load(&saved)?))?;
        figures.times("to load it from memory", By::Automerge, alone);
        Ok(())
    })
}

/// Reads everything that was written.
async fn by_envelopes(figures: &Figures, device: &Disk, count: usize, writer: &Binding) -> Result {
    let (mut came, mut ready) = (Vec::new(), Vec::new());
    for round in 0..TIMES {
        let start = Instant::now();
        let mut joiner = Node::load(device.clone(), &BTreeMap::new()).await?;
        joiner.until(|node| node.in_sync() && node.delivered == count).await?;
        came.push(start.elapsed());
        let mut document = Document::new(DocKind::Body, &[9; 16]);
        let mut gate = Gate::new(DocKind::Body);
        let mut changes = Vec::new();
        for chunk in joiner.payloads.iter().flatten() {
            match gate.admit(writer, chunk) {
                Verdict::Apply(mut admitted) => changes.append(&mut admitted),
                other => return Err(format!("a change was not admitted: {other:?}").into()),
            }
        }
        document.apply(changes)?;
        ready.push(start.elapsed());
        if round + 1 == TIMES {
            figures.amount("brought by envelopes", By::Komuz, joiner.bytes_in as f64, "bytes");
        }
    }
    figures.times("by envelopes, until all are here", By::Komuz, came);
    figures.times("by envelopes, until it can be edited", By::Komuz, ready);
    Ok(())
}

/// Takes the snapshot.
async fn whole(figures: &Figures, device: &Disk, writer: &Binding) -> Result {
    let (mut came, mut ready, mut judged) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..TIMES {
        let start = Instant::now();
        let mut joiner = Node::load(device.clone(), &BTreeMap::new()).await?;
        joiner.until(|node| node.whole.is_some()).await?;
        came.push(start.elapsed());
        let whole = joiner.whole.take().ok_or("nothing came whole")?;
        let named = whole.signed.iter().flat_map(|(_, last)| last);
        let named = named.map(|hash| automerge::ChangeHash(hash.0)).collect();
        let vouched = BTreeMap::from([(writer.actor(), named)]);
        let (admitted, time) = timed(|| Gate::admit_whole(DocKind::Body, &whole.bytes, &[9; 16], &vouched));
        admitted?;
        judged.push(time);
        ready.push(start.elapsed());
        let out = joiner.replica.took(&doc(), &whole.id, Ok(()), now(), &mut entropy);
        joiner.take(out).await?;
        joiner.until(Node::in_sync).await?;
        if round + 1 == TIMES {
            figures.amount("brought as a whole", By::Komuz, joiner.bytes_in as f64, "bytes");
            figures.amount(
                "frames brought as a whole",
                By::Komuz,
                joiner.frames_in as f64,
                "in all",
            );
        }
    }
    figures.times("as a whole, until it is here", By::Komuz, came);
    figures.times("as a whole, to judge all of it", By::Komuz, judged);
    figures.times("as a whole, until it can be edited", By::Komuz, ready);
    Ok(())
}

/// Changes as one envelope's payloads.
pub fn payloads(changes: &[Vec<u8>]) -> Result<Vec<Payload>> {
    let last = last_changes(changes.iter().map(Vec::as_slice))?;
    let mut payloads: Vec<Payload> = changes
        .iter()
        .map(|bytes| Payload {
            bytes: bytes.clone(),
            ends: None,
        })
        .collect();
    if let Some(payload) = payloads.last_mut() {
        payload.ends = last.last().map(|hash| Digest(hash.0));
    }
    Ok(payloads)
}
