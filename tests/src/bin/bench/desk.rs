//! One person's desk without a browser and without a network: a body, its page, and admission.

use std::time::Duration;

use komuz_core::admission::{Binding, Gate, Verdict};
use komuz_core::body::Body;
use komuz_core::document::{DocKind, Document};
use komuz_core::page::{Block, Page, Place, Run, Slice, Step, json};
use komuz_core::steps::PageLink;
use serde_json::Value;

use crate::Result;
use crate::measured::timed;

/// A replica with a page open on it.
pub struct Desk {
    /// The document.
    pub doc: Document,
    /// What was read from it.
    pub body: Body,
    /// The way between body and page.
    pub link: PageLink,
    /// The page's document.
    pub page: Page,
    /// What judges others' changes.
    pub gate: Gate,
    /// Who writes here.
    pub binding: Binding,
    /// Steps that the page has made and not sent.
    made: Vec<Value>,
    /// Batches that the page has sent.
    pub seq: u64,
    /// The last batch that it has taken.
    pub taken: u64,
    /// A clock in milliseconds that goes on with each batch.
    pub now: u64,
}

/// How long each part of taking others' changes took.
pub struct Received {
    /// Judging the changes.
    pub admit: Duration,
    /// Merging them.
    pub apply: Duration,
    /// Reading the body.
    pub read: Duration,
    /// Making steps for the page.
    pub steps: Duration,
}

impl Received {
    /// All of it.
    pub fn total(&self) -> Duration {
        self.admit + self.apply + self.read + self.steps
    }
}

impl Desk {
    /// A desk with an empty body, for the person with this number.
    pub fn new(person: u8) -> Result<Self> {
        let binding = binding(person);
        Self::on(
            Document::new(DocKind::Body, &binding.actor()),
            Gate::new(DocKind::Body),
            binding,
        )
    }

    /// A desk that opens a saved body.
    pub fn open(saved: &[u8], person: u8) -> Result<Self> {
        let binding = binding(person);
        let doc = Document::load(DocKind::Body, saved, &binding.actor())?;
        let gate = Gate::read(&doc, saved).ok_or("what admission knows was not read from the saved document")?;
        Self::on(doc, gate, binding)
    }

    fn on(doc: Document, gate: Gate, binding: Binding) -> Result<Self> {
        let body = Body::open(&doc)?;
        let (link, page) = PageLink::open(&body, 0);
        let page = json::read_page(&page)?;
        Ok(Self {
            doc,
            body,
            link,
            page,
            gate,
            binding,
            made: Vec::new(),
            seq: 0,
            taken: 0,
            now: 0,
        })
    }

    /// The page makes a step, to be sent with the next batch.
    pub fn make(&mut self, step: &Step) -> Result {
        self.page = step.apply(&self.page)?;
        self.made.push(step.write());
        Ok(())
    }

    /// The page sends the steps that it has made; how long the engine takes.
    pub fn send(&mut self) -> Result<Duration> {
        let steps = std::mem::take(&mut self.made);
        self.seq += 1;
        self.now += 100;
        let at = (self.seq, self.taken);
        let (done, time) = timed(|| self.link.steps(&mut self.doc, &mut self.body, at, &steps, self.now));
        done?;
        Ok(time)
    }

    /// From the page's steps to the bytes of their change: how long it takes, and the bytes.
    pub fn keystroke(&mut self) -> Result<(Duration, Vec<Vec<u8>>)> {
        let sent = self.send()?;
        let (chunks, taken) = timed(|| {
            let chunks = self.doc.take_changes();
            chunks
                .iter()
                .try_for_each(|chunk| self.gate.learn_beside(&self.doc, chunk).map(drop))
                .map(|()| chunks)
        });
        let answered = self.settle()?;
        Ok((sent + taken + answered, chunks?))
    }

    /// The page takes what the engine has for it; how long the engine takes.
    pub fn settle(&mut self) -> Result<Duration> {
        let (batch, time) = timed(|| self.link.batch(&self.body));
        let Some(batch) = batch else { return Ok(time) };
        for step in &batch.steps {
            self.page = Step::read(step)?.apply(&self.page)?;
        }
        self.taken = batch.batch;
        self.link.taken(batch.batch, "");
        if self.link.is_lost() {
            return Err("the page differs from the body".into());
        }
        Ok(time)
    }

    /// Changes of others come, all at once, and the page takes what follows from them.
    pub fn receive<'a>(&mut self, changes: impl IntoIterator<Item = (&'a Binding, &'a [u8])>) -> Result<Received> {
        let (admitted, admit) = timed(|| {
            let mut admitted = Vec::new();
            for (binding, chunk) in changes {
                match self.gate.admit_beside(&self.doc, binding, chunk) {
                    Verdict::Apply(changes) => admitted.extend(changes),
                    Verdict::Known => {}
                    other => return Err(format!("a change was not let through: {other:?}")),
                }
            }
            Ok(admitted)
        });
        let admitted = admitted?;
        let (applied, apply) = timed(|| self.doc.apply(admitted).map_err(crate::Failure::from));
        applied?;
        let (read, read_time) = timed(|| self.body.refresh(&self.doc));
        read?;
        let steps = self.settle()?;
        Ok(Received {
            admit,
            apply,
            read: read_time,
            steps,
        })
    }

    /// The text, a line for each block.
    pub fn text(&self) -> String {
        let lines: Vec<String> = self.page.blocks().iter().map(|block| block.plain_text()).collect();
        lines.join("\n")
    }
}

/// The step that replaces what lies between two places by a text; each of its lines but the first begins a block.
pub fn replace(page: &Page, from: Place, to: Place, text: &str) -> Step {
    let kind = match from {
        Place::In { block, .. } | Place::Gap(block) => page.blocks()[block].kind.clone(),
    };
    let lines = text.split('\n').map(|line| match line {
        "" => Vec::new(),
        line => vec![Run::plain(line)],
    });
    let slice = if text.contains('\n') {
        Slice::blocks(lines.map(|line| Block::new(None, kind.clone(), line)).collect(), 1, 1)
    } else {
        Slice::inline(lines.flatten().collect())
    };
    Step::Replace {
        from: page.position(from),
        to: page.position(to),
        slice,
    }
}

/// What an envelope of the person with this number says.
fn binding(person: u8) -> Binding {
    Binding {
        device: vec![person; 32],
        session: vec![person; 16],
        kind: DocKind::Body,
    }
}
