//! Several replicas, each with pages that write on old versions, changes and batches in any order: all end equal, and
//! nothing that was typed is lost unless somebody deleted it. Every change goes through the writer's gate and the reader's;
//! now and then a page sends what cannot be followed, and gives its whole document then.

use std::collections::{BTreeMap, BTreeSet};

use automerge::transaction::Transactable;
use automerge::{Automerge, ObjType, ROOT, ReadDoc};
use komuz_core::admission::{Binding, Gate, Verdict, session_actor};
use komuz_core::body::{Body, Point, ThreadSpan};
use komuz_core::document::{DocKind, Document};
use komuz_core::page::{Block, Mark, Marks, Page, Place, Run, Slice, Step, byte_at, hash, json, slice_runs, utf16_len};
use komuz_core::records::Members;
use komuz_core::steps::{Batch, PageLink, StepError};
use komuz_release::story::BlockKind;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;

/// What people of this newsroom type: Kyrgyz, Russian, emoji with modifiers and joiners, combining marks, characters
/// beyond the first plane, right-to-left text, a line break, and the placeholder that must not get in.
const ALPHABET: &[&str] = &[
    "ө",
    "ңү ",
    "Кыргыз ",
    "жаңылык",
    "расследование ",
    "a",
    " word ",
    "👩🏽‍🚀",
    "👍🏿",
    "🏳️‍🌈",
    "é",
    "и\u{306}",
    "𝔘",
    "😀",
    "مرحبا",
    "שלום",
    "\n",
    "\u{200f}",
    "\u{fffc}",
    "ﬁ",
    "👨‍👩‍👧‍👦",
];

/// A character that is typed once in a test, so that it can be found again.
fn unique(nth: usize) -> char {
    char::from_u32(0x2_0000 + nth as u32).unwrap_or('?')
}

fn is_unique(char: char) -> bool {
    (0x2_0000..0x2_a000).contains(&(char as u32))
}

fn uniques(page: &Page) -> BTreeMap<char, usize> {
    let mut found = BTreeMap::new();
    for char in page
        .blocks()
        .iter()
        .flat_map(|block| block.plain_text().chars().collect::<Vec<_>>())
        .filter(|c| is_unique(*c))
    {
        *found.entry(char).or_default() += 1;
    }
    found
}

/// What a page sends.
enum Up {
    Steps(u64, u64, Vec<Value>),
    Taken(u64, String),
    Select(u64, u64, u32),
    /// All of the document, and how many batches that cannot be followed came before.
    Whole(u64, u64, Value, usize),
}

/// What an engine sends.
enum Down {
    Batch(Batch),
    Lost,
}

/// A page as the desk's surface is one: it applies steps and answers batches.
struct Editor {
    page: Page,
    seq: u64,
    taken: u64,
    up: std::collections::VecDeque<Up>,
    down: std::collections::VecDeque<Down>,
    /// How many batches that cannot be followed were sent since the whole document was.
    garbled: usize,
}

struct Replica {
    doc: Document,
    gate: Gate,
    binding: Binding,
    body: Body,
    links: Vec<(PageLink, Editor)>,
    /// Changes that came here, by their place in the pool.
    known: BTreeSet<usize>,
    threads: Vec<ThreadSpan>,
}

struct World {
    replicas: Vec<Replica>,
    /// All changes, with who signed for them.
    pool: Vec<(Binding, Vec<u8>)>,
    typed: usize,
    /// Characters that somebody deleted or undid: they may be gone.
    loose: BTreeSet<char>,
    /// Characters that were moved or came back: two people may have done so at once.
    doubled: BTreeSet<char>,
    cited: usize,
    now: u64,
    /// Members of the record `h-headline` that only one replica writes, by its place: they must come through.
    said: BTreeMap<String, Value>,
}

impl World {
    fn new(replicas: usize, pages: usize, sections: bool) -> Self {
        let mut first = Document::new(DocKind::Body, &[100; 16]);
        if sections {
            first = two_sections(&first);
        }
        let saved = first.save();
        let replicas = (0..replicas).map(|nth| {
            let binding = Binding {
                device: vec![nth as u8 + 1; 32],
                session: vec![nth as u8 + 1; 16],
                kind: DocKind::Body,
            };
            let actor = session_actor(&binding.device, &binding.session);
            let doc = Document::load(DocKind::Body, &saved, &actor).unwrap();
            let gate = Gate::of(&doc);
            let body = Body::open(&doc).unwrap();
            let links = (0..pages)
                .map(|_| {
                    let (link, doc) = PageLink::open(&body, 0);
                    let page = json::read_page(&doc).unwrap();
                    (
                        link,
                        Editor {
                            page,
                            seq: 0,
                            taken: 0,
                            up: Default::default(),
                            down: Default::default(),
                            garbled: 0,
                        },
                    )
                })
                .collect();
            Replica {
                doc,
                gate,
                binding,
                body,
                links,
                known: BTreeSet::new(),
                threads: Vec::new(),
            }
        });
        Self {
            replicas: replicas.collect(),
            pool: Vec::new(),
            typed: 0,
            loose: BTreeSet::new(),
            doubled: BTreeSet::new(),
            cited: 0,
            now: 0,
            said: BTreeMap::new(),
        }
    }

    fn settle(&mut self, at: usize) {
        let replica = &mut self.replicas[at];
        for (link, editor) in &mut replica.links {
            editor.down.extend(link.batch(&replica.body).map(Down::Batch));
        }
        for bytes in replica.doc.take_changes() {
            replica.gate.learn(&bytes).expect("others will take it");
            replica.known.insert(self.pool.len());
            self.pool.push((replica.binding.clone(), bytes));
        }
        // What is kept in step by hand is what would be read.
        let mut fresh = Body::open(&replica.doc).unwrap();
        fresh.set_threads(&replica.doc, replica.threads.clone());
        assert_eq!(
            fresh.page(),
            replica.body.page(),
            "the body kept in step differs from the document"
        );
        assert_eq!(fresh.records(), replica.body.records(), "records kept in step differ");
    }

    /// The next message of a page reaches its engine.
    fn up(&mut self, at: usize, page: usize) -> bool {
        let replica = &mut self.replicas[at];
        let (link, editor) = &mut replica.links[page];
        let Some(message) = editor.up.pop_front() else {
            return false;
        };
        match message {
            Up::Steps(seq, taken, steps) => {
                match link.steps(&mut replica.doc, &mut replica.body, (seq, taken), &steps, self.now) {
                    Ok(()) => {}
                    Err(StepError::Body(error)) => panic!("{error}"),
                    Err(error) => {
                        assert!(editor.garbled > 0, "{error}");
                        editor.down.push_back(Down::Lost);
                    }
                }
            }
            Up::Whole(seq, taken, doc, garbled) => {
                link.whole(&mut replica.doc, &mut replica.body, (seq, taken), &doc, self.now)
                    .unwrap();
                assert!(!link.is_lost());
                editor.garbled -= garbled;
            }
            Up::Taken(batch, hash) => {
                link.taken(batch, &hash);
                assert!(!link.is_lost() || editor.garbled > 0, "the page differs after a batch");
            }
            Up::Select(seq, taken, position) => {
                if let Some(point) = link.point((seq, taken), position) {
                    let text = point.to_string();
                    assert_eq!(text.parse::<Point>().unwrap(), point);
                    assert!(link.position(&replica.doc, &replica.body, &point).is_some());
                }
            }
        }
        self.settle(at);
        true
    }

    /// The next batch of the engine reaches a page.
    fn down(&mut self, at: usize, page: usize) -> bool {
        let (_, editor) = &mut self.replicas[at].links[page];
        let batch = match editor.down.pop_front() {
            None => return false,
            Some(Down::Batch(batch)) => batch,
            Some(Down::Lost) => {
                // What differs is typed again.
                self.doubled.extend(uniques(&editor.page).keys());
                let doc = json::write_page(&editor.page);
                editor
                    .up
                    .push_back(Up::Whole(editor.seq, editor.taken, doc, editor.garbled));
                return true;
            }
        };
        if batch.seq != editor.seq || batch.batch <= editor.taken {
            return true;
        }
        for step in &batch.steps {
            editor.page = Step::read(step).unwrap().apply(&editor.page).unwrap();
        }
        if let Some((from, to)) = batch.selection {
            editor.page.resolve(from as usize).unwrap();
            editor.page.resolve(to as usize).unwrap();
        }
        editor.taken = batch.batch;
        editor.up.push_back(Up::Taken(batch.batch, hash::hash(&editor.page)));
        true
    }

    /// Some changes of others reach a replica, in any order; the gate keeps back those that build on others.
    fn sync(&mut self, at: usize, choice: usize, most: usize) -> bool {
        let replica = &mut self.replicas[at];
        let mut batch = Vec::new();
        let mut seed = choice;
        let mut came = 0;
        for _ in 0..most {
            let new: Vec<usize> = (0..self.pool.len())
                .filter(|nth| !replica.known.contains(nth))
                .collect();
            if new.is_empty() {
                break;
            }
            let nth = new[seed % new.len()];
            seed = seed / 3 + 7;
            replica.known.insert(nth);
            came += 1;
            let (binding, change) = &self.pool[nth];
            match replica.gate.admit(binding, change) {
                Verdict::Apply(mut changes) => batch.append(&mut changes),
                Verdict::Hold => {}
                other => panic!("an honest change was not taken: {other:?}"),
            }
        }
        if batch.is_empty() {
            return came > 0;
        }
        // Sometimes more comes before the text is read.
        let later = batch.split_off(choice % (batch.len() + 1));
        for changes in [batch, later] {
            if !changes.is_empty() {
                replica.doc.apply(changes).unwrap();
            }
        }
        replica.body.refresh(&replica.doc).unwrap();
        self.settle(at);
        true
    }

    /// Somebody does something on a page.
    fn act(&mut self, at: usize, page: usize, kind: u8, a: usize, b: usize, c: usize) {
        self.now += (c % 7 * 150) as u64;
        let typed = self.typed;
        let editor = &mut self.replicas[at].links[page].1;
        let before = uniques(&editor.page);
        let mut typist = Typist {
            page: editor.page.clone(),
            steps: Vec::new(),
            wrong: None,
            moved: Vec::new(),
            typed,
        };
        typist.act(kind, a, b, c);
        self.typed = typist.typed;
        // A step that does not fit has typed nothing.
        let here = uniques(&typist.page);
        self.loose.extend(
            (typed..typist.typed)
                .map(unique)
                .filter(|char| !here.contains_key(char)),
        );
        let mut steps: Vec<Value> = typist.steps.iter().map(Step::write).collect();
        // A step of a kind that nobody knows, or one that does not fit.
        let wrong = match typist.wrong {
            Some(wrong) if b.is_multiple_of(3) => Some(wrong.write()),
            _ if b.is_multiple_of(29) => Some(serde_json::json!({ "stepType": "zoom", "by": 2 })),
            _ => None,
        };
        if wrong.is_some() {
            editor.garbled += 1;
        }
        steps.extend(wrong);
        if steps.is_empty() {
            return;
        }
        editor.page = typist.page;
        let after = uniques(&editor.page);
        self.loose
            .extend(before.keys().filter(|char| !after.contains_key(char)));
        self.doubled
            .extend(typist.moved.into_iter().filter(|char| is_unique(*char)));
        editor.seq += 1;
        editor.up.push_back(Up::Steps(editor.seq, editor.taken, steps));
    }

    fn undo(&mut self, at: usize, page: usize, redo: bool) {
        let replica = &mut self.replicas[at];
        let before = uniques(replica.body.page());
        let link = &mut replica.links[page].0;
        let done = if redo {
            link.redo(&mut replica.doc, &mut replica.body)
        } else {
            link.undo(&mut replica.doc, &mut replica.body)
        };
        if done.unwrap() {
            let after = uniques(replica.body.page());
            self.loose
                .extend(before.keys().filter(|char| !after.contains_key(char)));
            let back: Vec<char> = after
                .keys()
                .filter(|char| !before.contains_key(char))
                .copied()
                .collect();
            self.doubled.extend(back.iter().copied());
            self.loose.extend(back);
        }
        self.settle(at);
    }

    fn cite(&mut self, at: usize, page: usize, a: usize, b: usize) {
        let replica = &mut self.replicas[at];
        let (link, editor) = &mut replica.links[page];
        let size = editor.page.size();
        let (from, to) = ((a % (size + 1)) as u32, (b % (size + 1)) as u32);
        if b.is_multiple_of(4) {
            editor.up.push_back(Up::Select(editor.seq, editor.taken, from));
            return;
        }
        self.cited += 1;
        let id = format!("c-{at}-{}", self.cited);
        let at_version = (editor.seq, editor.taken);
        if b % 4 == 1
            && let Ok(span) = link.span(at_version, (from, to))
        {
            let thread = ThreadSpan {
                id: "t-1".into(),
                start: span.start.to_string(),
                end: span.end.to_string(),
            };
            replica.threads = vec![thread];
            replica.body.set_threads(&replica.doc, replica.threads.clone());
        } else {
            // Refused where the version is gone or no text is selected.
            let entry = (id.as_str(), "source", "p. 2", "words");
            let _ = link.cite(
                &mut replica.doc,
                &mut replica.body,
                at_version,
                (from, to),
                entry,
                self.now,
            );
            if b % 8 == 3
                && let Some(cited) = replica.body.citations().first()
            {
                let id = cited.id.clone();
                link.remove_citation(&mut replica.doc, &mut replica.body, &id, self.now)
                    .unwrap();
            }
        }
        self.settle(at);
    }

    /// Somebody writes of the text: a claim or an answer on some words, what an outlet puts around it, what bears the headline.
    fn record(&mut self, at: usize, page: usize, a: usize, b: usize, c: usize) {
        let replica = &mut self.replicas[at];
        let (link, editor) = &mut replica.links[page];
        let (doc, body) = (&mut replica.doc, &mut replica.body);
        let size = editor.page.size();
        let span = ((a % (size + 1)) as u32, (b % (size + 1)) as u32);
        let version = (editor.seq, editor.taken);
        self.cited += 1;
        let name = |what: &str| format!("{what}.x-{}.quote", b % 3);
        let save: Members = match c / 8 % 4 {
            0 => [(name("evidence"), ALPHABET[a % ALPHABET.len()].into())].into(),
            1 => [(name("evidence"), Value::Null), (name("against"), self.cited.into())].into(),
            2 => [
                ("about".to_owned(), Value::Null),
                (format!("about.e-{}", a % 3), a.is_multiple_of(2).into()),
            ]
            .into(),
            _ => [("seen".to_owned(), serde_json::json!([a, "ө"]))].into(),
        };
        let some = body.records();
        let some = some.get(a % some.len().max(1)).map(|record| record.id.clone());
        match (c % 8, some) {
            (0..=2, _) => {
                let id = format!("{}-{at}-{}", ["k", "a"][c % 2], self.cited);
                // Refused where the version is gone or no text is selected.
                let _ = link.mark_span(doc, body, version, span, (&id, &save), self.now);
            }
            (3, Some(id)) if id.starts_with("k-") || id.starts_with("a-") => {
                let _ = link.mark_span(doc, body, version, span, (&id, &save), self.now);
            }
            (4, Some(id)) if id != "h-headline" => link.remove_record(doc, body, &id, self.now).unwrap(),
            (5, _) => {
                let member = format!("by-{at}.{}", b % 3);
                body.save_record(doc, "h-headline", &[(member.clone(), self.cited.into())].into())
                    .unwrap();
                self.said.insert(member, self.cited.into());
            }
            (_, some) => {
                let id = some.filter(|id| c % 8 == 6 && id != "h-headline");
                let id = id.unwrap_or_else(|| format!("o-{}", ["kloop", "occrp"][b % 2]));
                link.save_record(doc, body, (&id, &save), self.now).unwrap();
            }
        }
        self.settle(at);
    }

    fn quiet(&mut self) {
        for replica in &mut self.replicas {
            replica.threads.clear();
            replica.body.set_threads(&replica.doc, Vec::new());
        }
        loop {
            let mut busy = false;
            for at in 0..self.replicas.len() {
                self.settle(at);
                for page in 0..self.replicas[at].links.len() {
                    while self.down(at, page) || self.up(at, page) {
                        busy = true;
                    }
                }
                while self.sync(at, 0, 50) {
                    busy = true;
                }
            }
            if !busy {
                return;
            }
        }
    }

    fn check(&self) {
        let first = &self.replicas[0];
        for replica in &self.replicas {
            // Equal heads are equal sets of changes.
            assert_eq!(replica.doc.heads(), first.doc.heads(), "documents differ");
            assert_eq!(replica.body.page(), first.body.page(), "bodies differ");
            assert_eq!(replica.body.records(), first.body.records(), "records differ");
            for (_, editor) in &replica.links {
                assert_eq!(editor.page, *first.body.page(), "a page differs from its body");
            }
        }
        let said = first.body.entry("h-headline").map(|entry| entry.members.clone());
        let said: BTreeMap<String, Value> = said.unwrap_or_default().into_iter().collect();
        assert_eq!(said, self.said, "what one alone has said of the headline");
        let found = uniques(first.body.page());
        for nth in 0..self.typed {
            let char = unique(nth);
            let count = found.get(&char).copied().unwrap_or(0);
            assert!(count > 0 || self.loose.contains(&char), "typed character {nth} is lost");
            assert!(
                count < 2 || self.doubled.contains(&char),
                "typed character {nth} is there twice"
            );
        }
        assert!(
            !first
                .body
                .page()
                .blocks()
                .iter()
                .any(|block| block.plain_text().contains('\u{fffc}'))
        );
        let mut ids: Vec<_> = first
            .body
            .page()
            .blocks()
            .iter()
            .map(|block| block.id.clone())
            .collect();
        ids.sort();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "two blocks have one identity");
    }
}

/// The document with a second section, whose first words continue the last block of the first.
fn two_sections(doc: &Document) -> Document {
    let options = automerge::LoadOptions::new().text_encoding(automerge::TextEncoding::Utf16CodeUnit);
    let mut raw = Automerge::load_with_options(&doc.save(), options)
        .unwrap()
        .with_actor([99; 16].into());
    let (_, sections) = raw.get(ROOT, "sections").unwrap().unwrap();
    let mut tx = raw.transaction();
    let text = tx.insert_object(&sections, 1, ObjType::Text).unwrap();
    tx.splice_text(&text, 0, 0, "улантуу 😀 ").unwrap();
    for _ in 0..2 {
        let block = tx.split_block(&text, 11).unwrap();
        tx.put(&block, "type", "quote").unwrap();
    }
    tx.splice_text(&text, 13, 0, "экинчи бөлүк").unwrap();
    tx.commit();
    Document::load(DocKind::Body, &raw.save(), &[100; 16]).unwrap()
}

/// Makes steps as ProseMirror's commands do.
struct Typist {
    page: Page,
    steps: Vec<Step>,
    /// A step that does not fit.
    wrong: Option<Step>,
    /// Characters that were cut and pasted, or typed again: they are new ones.
    moved: Vec<char>,
    typed: usize,
}

impl Typist {
    fn step(&mut self, step: Step) {
        match step.apply(&self.page) {
            Ok(page) => {
                self.page = page;
                self.steps.push(step);
            }
            // A page only makes steps that fit its document; what an engine says of others is worth a try.
            Err(_) => self.wrong = Some(step),
        }
    }

    fn words(&mut self, c: usize) -> String {
        let mut words = String::new();
        for nth in 0..1 + c % 3 {
            words.push(unique(self.typed));
            self.typed += 1;
            words.push_str(ALPHABET[(c / 3 + nth * 5) % ALPHABET.len()]);
        }
        words
    }

    /// A place in a text block.
    fn place(&self, a: usize) -> Option<(usize, usize)> {
        let texts: Vec<usize> = (0..self.page.blocks().len())
            .filter(|at| !self.page.blocks()[*at].is_rule())
            .collect();
        let block = *texts.get(a % texts.len().max(1))?;
        let text = self.page.blocks()[block].plain_text();
        let mut offset = a / 7 % (utf16_len(&text) + 1);
        // Now and then between the halves of a character.
        while byte_at(&text, offset).is_none() && !a.is_multiple_of(5) {
            offset -= 1;
        }
        Some((block, offset))
    }

    fn at(&self, (block, offset): (usize, usize)) -> usize {
        self.page.position(Place::In { block, offset })
    }

    fn marks_at(&self, (block, offset): (usize, usize)) -> Marks {
        let runs = self.page.blocks()[block].runs();
        let near = if offset > 0 { offset - 1 } else { 0 };
        let mut start = 0;
        for run in runs {
            start += utf16_len(&run.text);
            if near < start {
                return run.marks.clone();
            }
        }
        Marks::default()
    }

    fn kind(c: usize) -> BlockKind {
        match c % 6 {
            0 => BlockKind::Paragraph,
            1 => BlockKind::Heading {
                level: 2 + (c % 4) as u8,
            },
            2 => BlockKind::Quote,
            3 => BlockKind::Item {
                ordered: c % 4 > 1,
                depth: (c % 5) as u8,
            },
            4 => BlockKind::Figure {
                file: String::new(),
                media: "image/webp".into(),
                alt: format!("{c}"),
                credit: "é".into(),
            },
            _ => BlockKind::Other {
                name: "verse".into(),
                attrs: [
                    ("n".to_owned(), Value::from(c)),
                    ("deep".to_owned(), serde_json::json!({ "a": [1, null, "x"] })),
                ]
                .into(),
            },
        }
    }

    fn mark(c: usize) -> Mark {
        match c % 6 {
            0 | 1 => Mark::Strong,
            2 => Mark::Emphasis,
            3 => Mark::Code,
            4 => Mark::Link(["https://kloop.kg/", "https://occrp.org/a", "javascript:alert(1)"][c / 6 % 3].into()),
            _ => Mark::Foreign(
                ["highlight", "lang"][c / 6 % 2].into(),
                [Value::from("ky"), 3.into(), true.into()][c / 12 % 3].clone(),
            ),
        }
    }

    fn act(&mut self, kind: u8, a: usize, b: usize, c: usize) {
        let Some(from) = self.place(a) else { return };
        let to = self.place(b).unwrap_or(from);
        let (from, to) = if self.at(from) <= self.at(to) {
            (from, to)
        } else {
            (to, from)
        };
        let block = self.page.blocks()[from.0].clone();
        match kind % 17 {
            // Typing, most of the time with the marks of what is left of the cursor.
            0..=3 => {
                let marks = if c.is_multiple_of(5) {
                    Marks::new([Self::mark(c)])
                } else {
                    self.marks_at(from)
                };
                let run = Run::new(self.words(c), marks);
                let at = self.at(from);
                self.step(Step::Replace {
                    from: at,
                    to: at,
                    slice: Slice::inline(vec![run]),
                });
            }
            // Typing over a selection, or deleting it.
            4 | 5 => {
                let to = if c.is_multiple_of(3) {
                    to
                } else {
                    (from.0, to.1.max(from.1).min(block.text_len()))
                };
                let text = block.plain_text();
                if to.0 == from.0 && byte_at(&text, to.1).is_none() {
                    return;
                }
                let runs = if c.is_multiple_of(2) {
                    vec![Run::new(self.words(c), self.marks_at(from))]
                } else {
                    Vec::new()
                };
                let (start, end) = (self.at(from), self.at(to));
                self.step(Step::Replace {
                    from: start,
                    to: end,
                    slice: Slice::inline(runs),
                });
            }
            // Enter; some commands copy the identity.
            6 | 7 => {
                let id = if c.is_multiple_of(4) { block.id.clone() } else { None };
                let halves = vec![
                    Block::new(block.id.clone(), block.kind.clone(), []),
                    Block::new(
                        id,
                        if c.is_multiple_of(3) {
                            Self::kind(c)
                        } else {
                            block.kind.clone()
                        },
                        [],
                    ),
                ];
                let at = self.at(from);
                self.step(Step::Replace {
                    from: at,
                    to: at,
                    slice: Slice::blocks(halves, 1, 1),
                });
            }
            // Backspace at the start of a block.
            8 => {
                if from.0 > 0 && !self.page.blocks()[from.0 - 1].is_rule() {
                    let at = self.at((from.0, 0));
                    self.step(Step::Replace {
                        from: at - 2,
                        to: at,
                        slice: Slice::default(),
                    });
                }
            }
            // setBlockType.
            9 => {
                let start = self.page.position(Place::Gap(from.0));
                let end = start + block.size();
                let wrapper = Block::new(block.id.clone(), Self::kind(c), []);
                let slice = Slice::blocks(vec![wrapper], 0, 0);
                self.step(Step::ReplaceAround {
                    from: start,
                    to: end,
                    gap_from: start + 1,
                    gap_to: end - 1,
                    slice,
                    insert: 1,
                });
            }
            10 => {
                let (from, to) = (self.at(from), self.at(to));
                let mark = Self::mark(c);
                self.step(if c.is_multiple_of(4) {
                    Step::RemoveMark { from, to, mark }
                } else {
                    Step::AddMark { from, to, mark }
                });
            }
            // Paste of several blocks.
            11 => {
                let mut blocks = Vec::new();
                for nth in 0..2 + c % 3 {
                    let rule = nth == 1 && c.is_multiple_of(4) && !c.is_multiple_of(3);
                    let text = self.words(c + nth);
                    let run = Run::new(
                        text,
                        if nth == 0 {
                            Marks::default()
                        } else {
                            Marks::new([Self::mark(c)])
                        },
                    );
                    blocks.push(if rule {
                        self.typed -= 1 + (c + nth) % 3;
                        Block::new(None, BlockKind::Rule, [])
                    } else {
                        Block::new(None, Self::kind(c + nth), [run])
                    });
                }
                let (at, open) = if c.is_multiple_of(2) {
                    (self.at(from), 1)
                } else {
                    (self.page.position(Place::Gap(from.0)), 0)
                };
                self.step(Step::Replace {
                    from: at,
                    to: at,
                    slice: Slice::blocks(blocks, open, open),
                });
            }
            // Cut and paste elsewhere, in one go or with something in between.
            12 => {
                let end = to.1.max(from.1).min(block.text_len());
                let Some(runs) = slice_runs(block.runs(), from.1..end) else {
                    return;
                };
                self.moved.extend(runs.iter().flat_map(|run| run.text.chars()));
                let (start, end) = (self.at(from), self.at((from.0, end)));
                self.step(Step::Replace {
                    from: start,
                    to: end,
                    slice: Slice::default(),
                });
                let Some(place) = self.place(c) else { return };
                let at = self.at(place);
                self.step(Step::Replace {
                    from: at,
                    to: at,
                    slice: Slice::inline(runs),
                });
            }
            // A whole block goes, or a rule comes.
            13 => {
                let start = self.page.position(Place::Gap(from.0));
                if c.is_multiple_of(3) {
                    let rule = Block::new(None, BlockKind::Rule, []);
                    self.step(Step::Replace {
                        from: start,
                        to: start,
                        slice: Slice::blocks(vec![rule], 0, 0),
                    });
                } else if self.page.blocks().len() > 1 {
                    let which = a % self.page.blocks().len();
                    let start = self.page.position(Place::Gap(which));
                    let end = start + self.page.blocks()[which].size();
                    self.step(Step::Replace {
                        from: start,
                        to: end,
                        slice: Slice::default(),
                    });
                }
            }
            14 => {
                let pos = self.page.position(Place::Gap(from.0));
                let (attr, value) = [
                    ("level", 3.into()),
                    ("depth", (c % 4).into()),
                    ("alt", "😀".into()),
                    ("ordered", true.into()),
                ][c % 4]
                    .clone();
                self.step(Step::Attr {
                    pos,
                    attr: attr.into(),
                    value,
                });
            }
            // Blocks put around or beside what stays, in one step.
            15 => {
                let words = Run::plain(self.words(c));
                let beside = Block::new(None, Self::kind(c), [words]);
                let start = self.page.position(Place::Gap(from.0));
                let (last, gap, slice, insert) = match c % 3 {
                    0 => (to.0, 0, vec![beside.clone()], beside.size()),
                    1 => (to.0, 0, vec![beside], 0),
                    _ => {
                        let wrapper = Block::new(block.id.clone(), Self::kind(c / 3), []);
                        let insert = beside.size() + 1;
                        (from.0, 1, vec![beside, wrapper], insert)
                    }
                };
                let end = self.page.position(Place::Gap(last + 1));
                self.step(Step::ReplaceAround {
                    from: start,
                    to: end,
                    gap_from: start + gap,
                    gap_to: end - gap,
                    slice: Slice::blocks(slice, 0, 0),
                    insert,
                });
            }
            // A whole block replaced by itself with other text: some input methods and plugins do so.
            _ => {
                self.moved.extend(block.plain_text().chars());
                let start = self.page.position(Place::Gap(from.0));
                let mut runs = block.runs().to_vec();
                runs.push(Run::plain(self.words(c)));
                let again = Block::new(block.id.clone(), block.kind.clone(), runs);
                self.step(Step::Replace {
                    from: start,
                    to: start + block.size(),
                    slice: Slice::blocks(vec![again], 0, 0),
                });
            }
        }
    }
}

/// All that people do.
const ALL: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// What they do most of the time: typing, deleting, splitting, marking.
const PLAIN: &[u8] = &[0, 1, 2, 4, 6, 10];

fn run(replicas: usize, pages: usize, sections: bool, kinds: &[u8], acts: &[(u8, u8, u8, u16, u16, u16)]) {
    let mut world = World::new(replicas, pages, sections);
    for (what, at, kind, a, b, c) in acts {
        let (at, page) = (*at as usize % replicas, *at as usize / replicas % pages);
        let (a, b, c) = (*a as usize, *b as usize, *c as usize);
        match what % 16 {
            0..=6 => world.act(at, page, kinds[*kind as usize % kinds.len()], a, b, c),
            7..=9 => {
                world.up(at, page);
            }
            10 | 11 => {
                world.down(at, page);
            }
            12 | 13 => {
                world.sync(at, a, 1 + b % 5);
            }
            14 => world.undo(at, page, kind % 3 == 0),
            _ if c.is_multiple_of(2) => world.record(at, page, a, b, c / 2),
            _ => world.cite(at, page, a, b),
        }
    }
    world.quiet();
    world.check();
}

fn acts(most: usize) -> impl Strategy<Value = Vec<(u8, u8, u8, u16, u16, u16)>> {
    prop::collection::vec(any::<(u8, u8, u8, u16, u16, u16)>(), 1..most)
}

/// The same cases in each run, so that what fails on one machine fails on all. `PROPTEST_CASES` tries that many others, anew
/// each time; what fails is printed in its shortest form, and becomes a test with a name.
fn cases(default: u32) -> ProptestConfig {
    let others = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let rng_seed = match others {
        Some(_) => RngSeed::Random,
        None => RngSeed::Fixed(2019),
    };
    ProptestConfig {
        cases: others.unwrap_or(default),
        rng_seed,
        failure_persistence: None,
        max_shrink_iters: 4000,
        ..ProptestConfig::default()
    }
}

#[test]
fn blocks_without_an_identity_yet_are_not_doubled_beside_one_that_is_replaced_by_itself() {
    // Found by the tests below: blocks are pasted, and before the page knows their identities the one that they were pasted
    // into is replaced by itself, twice, the first undone in between.
    let acts = [
        (128, 67, 147, 0, 30, 31784),
        (128, 181, 50, 0, 1, 0),
        (55, 151, 0, 0, 0, 0),
        (0, 0, 0, 0, 0, 15873),
        (135, 97, 0, 0, 0, 0),
        (32, 187, 23, 0, 1, 0),
        (206, 205, 25, 0, 0, 0),
        (23, 0, 0, 0, 0, 0),
        (48, 91, 16, 35248, 349, 0),
    ];
    run(3, 2, false, ALL, &acts);
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn one_page_and_its_body_stay_equal(acts in acts(60)) {
        run(1, 1, false, ALL, &acts);
    }

    #[test]
    fn two_pages_of_one_engine_end_equal(acts in acts(80)) {
        run(1, 2, false, ALL, &acts);
    }

    #[test]
    fn three_engines_with_two_pages_each_end_equal(acts in acts(120)) {
        run(3, 2, false, ALL, &acts);
    }

    #[test]
    fn two_engines_on_a_text_of_two_sections_end_equal(acts in acts(100)) {
        run(2, 1, true, ALL, &acts);
    }

    #[test]
    fn three_engines_that_claim_what_others_edit_and_move_end_equal(acts in acts(100)) {
        // Every third thing that somebody does is about a claim; text is typed, deleted, split, joined, cut and pasted.
        let claims = |(what, at, kind, a, b, c): &(u8, u8, u8, u16, u16, u16)| {
            let what = if what % 16 < 7 && kind % 3 == 0 { 15 } else { *what };
            (what, *at, *kind, *a, *b, if what == 15 { c & !1 } else { *c })
        };
        let acts: Vec<_> = acts.iter().map(claims).collect();
        run(3, 1, false, &[0, 4, 6, 8, 12, 12, 16], &acts);
    }

    #[test]
    fn four_engines_that_write_and_mark_end_equal(acts in acts(120)) {
        run(4, 1, false, PLAIN, &acts);
    }
}
