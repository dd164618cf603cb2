//! Measures what a person waits for in a story of many operations: load, the page, a keystroke, others' changes.
//!
//! `cargo run --release -p komuz-core --example measure -- 100000`

use std::time::{Duration, Instant};

use automerge::Change;
use komuz_core::body::Body;
use komuz_core::document::{DocKind, Document};
use komuz_core::page::{Mark, Page, Place, Run, Slice, Step, json};
use komuz_core::steps::PageLink;

type Failure = Box<dyn std::error::Error>;

/// A replica with a page.
struct Desk {
    doc: Document,
    body: Body,
    link: PageLink,
    page: Page,
    seq: u64,
    taken: u64,
    now: u64,
}

impl Desk {
    fn on(doc: Document) -> Result<Self, Failure> {
        let body = Body::open(&doc)?;
        let (link, page) = PageLink::open(&body, 0);
        Ok(Self {
            doc,
            body,
            link,
            page: json::read_page(&page)?,
            seq: 0,
            taken: 0,
            now: 0,
        })
    }

    fn send(&mut self, step: &Step) -> Result<(), Failure> {
        self.page = step.apply(&self.page)?;
        self.seq += 1;
        self.now += 100;
        let at = (self.seq, self.taken);
        self.link
            .steps(&mut self.doc, &mut self.body, at, &[step.write()], self.now)?;
        Ok(())
    }

    fn settle(&mut self) -> Result<usize, Failure> {
        let Some(batch) = self.link.batch(&self.body) else {
            return Ok(0);
        };
        for step in &batch.steps {
            self.page = Step::read(step)?.apply(&self.page)?;
        }
        self.taken = batch.batch;
        self.link.taken(batch.batch, "");
        if self.link.is_lost() {
            return Err("the page differs".into());
        }
        Ok(batch.steps.len())
    }

    /// Types and deletes as people do: mostly at one place, now and then elsewhere, with new blocks and marks.
    fn write(&mut self, ops: usize, random: &mut Random) -> Result<(), Failure> {
        let mut done = 0;
        let (mut block, mut offset) = (0, 0);
        while done < ops {
            let choice = random.next(100);
            if choice < 3 {
                block = random.next(self.page.blocks().len());
                offset = random.next(self.page.blocks()[block].text_len() + 1);
            }
            offset = offset.min(self.page.blocks()[block].text_len());
            let at = self.page.position(Place::In { block, offset });
            match choice {
                3..=16 if offset > 8 => {
                    self.send(&Step::Replace {
                        from: at - 8,
                        to: at,
                        slice: Slice::default(),
                    })?;
                    offset -= 8;
                    done += 8;
                }
                17 if offset > 20 => {
                    self.send(&Step::AddMark {
                        from: at - 20,
                        to: at - 5,
                        mark: Mark::Strong,
                    })?;
                    done += 2;
                }
                18 | 19 => {
                    let half = |id| komuz_core::page::Block::new(id, self.page.blocks()[block].kind.clone(), []);
                    let halves = vec![half(self.page.blocks()[block].id.clone()), half(None)];
                    self.send(&Step::Replace {
                        from: at,
                        to: at,
                        slice: Slice::blocks(halves, 1, 1),
                    })?;
                    (block, offset) = (block + 1, 0);
                    done += 5;
                }
                _ => {
                    let slice = Slice::inline(vec![Run::plain("жаңылык ")]);
                    self.send(&Step::Replace {
                        from: at,
                        to: at,
                        slice,
                    })?;
                    offset += 8;
                    done += 8;
                }
            }
        }
        self.settle()?;
        Ok(())
    }
}

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

fn time(name: &str, runs: u32, mut run: impl FnMut() -> Result<(), Failure>) -> Result<(), Failure> {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed());
    }
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{name:<48} median {:>9.3} ms, worst {:>9.3} ms",
        ms(times[times.len() / 2]),
        ms(times[times.len() - 1])
    );
    Ok(())
}

fn main() -> Result<(), Failure> {
    let ops: usize = std::env::args().nth(1).map_or(Ok(100_000), |ops| ops.parse())?;
    let mut random = Random(7);
    let mut here = Desk::on(Document::new(DocKind::Body, &[1; 16]))?;
    let start = Instant::now();
    here.write(ops, &mut random)?;
    for nth in 0..200 {
        let at = random.next(here.page.size() - 40) as u32;
        let entry = (format!("c-{nth}"), at);
        let version = (here.seq, here.taken);
        // A span that holds no text is refused; the next one does.
        let _ = here.link.cite(
            &mut here.doc,
            &mut here.body,
            version,
            (entry.1, entry.1 + 12),
            (&entry.0, "s", "", ""),
            here.now,
        );
    }
    here.settle()?;
    println!(
        "{ops} operations in {:?}: {} blocks, {} UTF-16 units, {} citations",
        start.elapsed(),
        here.page.blocks().len(),
        here.page.size(),
        here.body.citations().len()
    );
    let saved = here.doc.save();
    println!("saved: {} bytes", saved.len());
    time("save", 3, || {
        std::hint::black_box(here.doc.save());
        Ok(())
    })?;
    time("load", 3, || {
        std::hint::black_box(Document::load(DocKind::Body, &saved, &[2; 16])?);
        Ok(())
    })?;
    time("read the body and make the page", 5, || {
        std::hint::black_box(Body::open(&here.doc)?);
        Ok(())
    })?;
    let mut there = Desk::on(Document::load(DocKind::Body, &saved, &[2; 16])?)?;
    let middle = there.page.position(Place::In {
        block: there.page.blocks().len() / 2,
        offset: 0,
    });
    let typing = |at: usize| Step::Replace {
        from: at,
        to: at,
        slice: Slice::inline(vec![Run::plain("ң")]),
    };
    time("a keystroke, to its change's bytes", 200, || {
        there.send(&typing(middle))?;
        there.settle()?;
        std::hint::black_box(there.doc.take_changes());
        Ok(())
    })?;
    time("undo of it", 20, || {
        there.link.close_group();
        there.send(&typing(middle))?;
        there.link.undo(&mut there.doc, &mut there.body)?;
        there.settle()?;
        Ok(())
    })?;
    here.doc.take_changes();
    let mut batches: Vec<Vec<Change>> = Vec::new();
    for _ in 0..20 {
        here.send(&typing(1 + random.next(40)))?;
        let bytes = here.doc.take_changes();
        batches.push(bytes.into_iter().map(Change::from_bytes).collect::<Result<_, _>>()?);
    }
    let mut next = batches.into_iter();
    let (mut apply, mut refresh, mut batch) = (Vec::new(), Vec::new(), Vec::new());
    for changes in next.by_ref().take(10) {
        let start = Instant::now();
        there.doc.apply(changes)?;
        apply.push(start.elapsed());
        let start = Instant::now();
        there.body.refresh(&there.doc)?;
        refresh.push(start.elapsed());
        let start = Instant::now();
        there.settle()?;
        batch.push(start.elapsed());
    }
    for (name, mut times) in [
        ("another's change: apply", apply),
        ("  read the body", refresh),
        ("  steps for the page", batch),
    ] {
        times.sort();
        println!(
            "{name:<48} median {:>9.3} ms",
            times[times.len() / 2].as_secs_f64() * 1e3
        );
    }
    // The page has not seen what came.
    for changes in next {
        there.doc.apply(changes)?;
        there.body.refresh(&there.doc)?;
    }
    let held = there.link.batch(&there.body);
    time("a keystroke on an old version", 50, || there.send(&typing(middle)))?;
    drop(held);
    let to = there.page.position(Place::Gap(there.page.blocks().len() / 2));
    let from = there.page.position(Place::Gap(there.page.blocks().len() / 2 - 3));
    time("three paragraphs deleted on an old version", 1, || {
        there.send(&Step::Replace {
            from,
            to,
            slice: Slice::default(),
        })
    })?;
    let all = there.page.size();
    time("everything made strong", 1, || {
        there.send(&Step::AddMark {
            from: 1,
            to: all - 1,
            mark: Mark::Strong,
        })
    })?;
    time("everything deleted but a block", 1, || {
        let from = there.page.position(Place::Gap(1));
        there.send(&Step::Replace {
            from,
            to: all,
            slice: Slice::default(),
        })
    })?;
    time("undo of that", 1, || {
        there.link.undo(&mut there.doc, &mut there.body)?;
        Ok(())
    })?;
    time("steps for the page after that", 1, || there.settle().map(drop))?;
    Ok(())
}
