//! Registers, notes and sign-offs that several people change at once end equal wherever the changes arrive, in whatever
//! order, through admission; and nothing that somebody added is lost.

#[path = "signing/newsroom.rs"]
#[allow(dead_code, reason = "shared with signing.rs, which uses all of it")]
mod newsroom;

use std::collections::BTreeSet;

use komuz_core::admission::{Binding, Gate, Verdict, session_actor};
use komuz_core::document::{DocKind, Document};
use komuz_core::notes::{self, Comment};
use komuz_core::registers;
use komuz_core::signoffs::{self, Log};
use komuz_release::story::Source;
use newsroom::{Desk, FIRST, key, signed};
use proptest::prelude::*;

const PEOPLE: u8 = 3;

/// One person's copy of a document behind its gate.
struct Copy {
    who: u8,
    document: Document,
    gate: Gate,
    /// How many of everybody's changes have come here, in the order of the shuffle of each person.
    sent: Vec<Vec<u8>>,
}

impl Copy {
    fn new(kind: DocKind, who: u8) -> Self {
        let document = Document::new(kind, &session_actor(&[who; 32], &[who; 16]));
        Self {
            who,
            document,
            gate: Gate::new(kind),
            sent: Vec::new(),
        }
    }

    /// Takes what was written here: to be learned, and sent.
    fn written(&mut self) {
        for chunk in self.document.take_changes() {
            self.gate.learn(&chunk).expect("others will take it");
            self.sent.push(chunk);
        }
    }

    fn receive(&mut self, from: u8, chunk: &[u8]) {
        let binding = Binding {
            device: vec![from; 32],
            session: vec![from; 16],
            kind: self.document.kind(),
        };
        match self.gate.admit(&binding, chunk) {
            Verdict::Apply(changes) => self.document.apply(changes).expect("applies"),
            Verdict::Hold | Verdict::Known => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Runs deeds, each done by one person; between them some changes travel, in an order that `picks` decides, some of
/// them twice. In the end everything has come everywhere.
fn run<D>(
    kind: DocKind,
    deeds: &[(u8, D)],
    picks: &[(u8, u8, usize)],
    act: impl Fn(&mut Copy, &D, usize),
) -> Result<Vec<Document>, TestCaseError> {
    let mut copies: Vec<Copy> = (0..PEOPLE).map(|who| Copy::new(kind, who)).collect();
    let mut picks = picks.iter().cycle();
    for (n, (who, deed)) in deeds.iter().enumerate() {
        let copy = &mut copies[usize::from(*who)];
        act(copy, deed, n);
        copy.written();
        for (from, to, at) in picks.by_ref().take(2) {
            let sent = &copies[usize::from(*from)].sent;
            if from != to && !sent.is_empty() {
                let chunk = sent[at % sent.len()].clone();
                copies[usize::from(*to)].receive(*from, &chunk);
            }
        }
    }
    for to in 0..copies.len() {
        let mut mail: Vec<(u8, Vec<u8>)> = copies
            .iter()
            .flat_map(|copy| copy.sent.iter().map(|chunk| (copy.who, chunk.clone())))
            .collect();
        for (_, _, at) in picks.by_ref().take(mail.len()) {
            let (from, chunk) = mail.remove(at % mail.len());
            if usize::from(from) != to {
                copies[to].receive(from, &chunk);
            }
        }
    }
    let heads = copies[0].document.heads();
    for copy in &copies {
        prop_assert_eq!(copy.gate.held(), 0);
        prop_assert_eq!(copy.document.heads(), heads.clone());
        Document::load(kind, &copy.document.save(), &[9; 16])
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
    Ok(copies.into_iter().map(|copy| copy.document).collect())
}

fn picks() -> impl Strategy<Value = Vec<(u8, u8, usize)>> {
    prop::collection::vec((0..PEOPLE, 0..PEOPLE, any::<usize>()), 40)
}

fn by_someone<D: std::fmt::Debug>(deed: impl Strategy<Value = D>) -> impl Strategy<Value = Vec<(u8, D)>> {
    prop::collection::vec((0..PEOPLE, deed), 1..20)
}

#[derive(Debug, Clone)]
enum Registry {
    Title(String),
    Add(String),
    Retitle(usize, String),
    Readdress(usize),
    Remove(usize),
    Story,
    Edition(usize, &'static str),
    Server(u8),
    Unserve(u8),
}

fn registry() -> impl Strategy<Value = Registry> {
    prop_oneof![
        1 => "[a-zа-я]{1,9}".prop_map(Registry::Title),
        3 => "[a-zа-я ]{1,9}".prop_map(Registry::Add),
        2 => (any::<usize>(), "[a-zа-я]{1,9}").prop_map(|(at, title)| Registry::Retitle(at, title)),
        1 => any::<usize>().prop_map(Registry::Readdress),
        1 => any::<usize>().prop_map(Registry::Remove),
        1 => Just(Registry::Story),
        1 => (any::<usize>(), prop::sample::select(vec!["ky", "ru", "en"])).prop_map(|(at, lang)| Registry::Edition(at, lang)),
        1 => (0u8..4).prop_map(Registry::Server),
        1 => (0u8..4).prop_map(Registry::Unserve),
    ]
}

fn act_on_registers(copy: &mut Copy, deed: &Registry, n: usize) {
    let doc = &mut copy.document;
    let pick = |sources: &[Source], at: &usize| sources.get(at % sources.len().max(1)).cloned();
    let sources = registers::sources(doc);
    let stories = registers::stories(doc);
    let server = |n: &u8| format!("https://desk{n}.example");
    match deed {
        Registry::Title(title) => registers::set_title(doc, title).expect("set"),
        Registry::Add(title) => {
            let source = Source {
                kind: "webpage".to_owned(),
                title: title.clone(),
                ..Source::default()
            };
            registers::save_source(doc, &source, &format!("s{n}")).expect("saved");
        }
        Registry::Retitle(at, title) => {
            if let Some(source) = pick(&sources, at) {
                registers::save_source(
                    doc,
                    &Source {
                        title: title.clone(),
                        ..source
                    },
                    "",
                )
                .expect("saved");
            }
        }
        Registry::Readdress(at) => {
            if let Some(source) = pick(&sources, at) {
                let url = format!("https://example.org/{n}");
                registers::save_source(doc, &Source { url, ..source }, "").expect("saved");
            }
        }
        Registry::Remove(at) => {
            if let Some(source) = pick(&sources, at) {
                registers::remove_source(doc, &source.id, false).expect("removed");
            }
        }
        Registry::Story => registers::add_story(doc, &format!("story-{n}"), "ky").expect("added"),
        Registry::Edition(at, lang) => {
            if let Some(story) = stories.get(at % stories.len().max(1)) {
                registers::add_edition(doc, &story.id, lang).expect("added");
            }
        }
        Registry::Server(n) => registers::add_server(doc, &server(n)).expect("added"),
        Registry::Unserve(n) => registers::remove_server(doc, &server(n)).expect("removed"),
    }
}

#[derive(Debug, Clone)]
enum Note {
    Start,
    Reply(usize),
    Resolve(usize, bool),
    Move(usize),
}

fn note() -> impl Strategy<Value = Note> {
    prop_oneof![
        2 => Just(Note::Start),
        4 => any::<usize>().prop_map(Note::Reply),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(at, on)| Note::Resolve(at, on)),
        1 => any::<usize>().prop_map(Note::Move),
    ]
}

/// Says something that names who did what when, so that it can be looked for.
fn said(who: u8, n: usize) -> Comment {
    Comment {
        member: format!("m{who}"),
        text: format!("said by {who} at {n}"),
        at: String::new(),
        session: Vec::new(),
    }
}

fn act_on_notes(copy: &mut Copy, deed: &Note, n: usize) {
    let comment = said(copy.who, n);
    let doc = &mut copy.document;
    let threads = notes::threads(doc);
    let pick = |at: &usize| threads.get(at % threads.len().max(1)).map(|thread| thread.id.clone());
    match deed {
        Note::Start => notes::start_thread(doc, &format!("t-{n}"), "s", "e", &comment).expect("started"),
        Note::Reply(at) => {
            if let Some(id) = pick(at) {
                notes::reply(doc, &id, &comment).expect("said");
            }
        }
        Note::Resolve(at, on) => {
            if let Some(id) = pick(at) {
                notes::resolve(doc, &id, *on).expect("done");
            }
        }
        Note::Move(at) => {
            if let Some(id) = pick(at) {
                notes::move_thread(doc, &id, &format!("{n}@aa"), "e").expect("moved");
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Signoff {
    Propose(u8),
    Sign(usize, bool),
    Publish(usize),
}

fn signoff() -> impl Strategy<Value = Signoff> {
    prop_oneof![
        1 => (0u8..4).prop_map(Signoff::Propose),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(at, first)| Signoff::Sign(at, first)),
        2 => any::<usize>().prop_map(Signoff::Publish),
    ]
}

fn act_on_signoffs(copy: &mut Copy, deed: &Signoff, _: usize) {
    let doc = &mut copy.document;
    let log = Log::read(doc);
    let open: Vec<_> = log.open().into_iter().cloned().collect();
    let pick = |at: &usize| open.get(at % open.len().max(1));
    match deed {
        Signoff::Propose(words) => {
            let mut desk = Desk::new();
            desk.log = log;
            desk.edit(&format!("Words {words}."));
            let proposal = desk.build(FIRST, "");
            signoffs::propose(doc, &proposal).expect("proposed");
        }
        Signoff::Sign(at, first) => {
            if let Some(proposal) = pick(at) {
                let (outlet, n) = if *first { ("kloop", 10) } else { ("occrp", 20) };
                let asked = komuz_core::publish::to_sign(proposal, &log, outlet, &key(n).public());
                signoffs::sign_proposal(doc, &log, proposal.hash(), &signed(&asked, outlet, n)).expect("fits");
            }
        }
        Signoff::Publish(at) => {
            if let Some(proposal) = pick(at).filter(|proposal| log.missing(proposal).is_empty()) {
                signoffs::mark_published(doc, &log, proposal.hash()).expect("signed by all");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn registers_end_equal_and_no_source_is_lost(deeds in by_someone(registry()), picks in picks()) {
        let documents = run(DocKind::Registers, &deeds, &picks, act_on_registers)?;
        let first = &documents[0];
        for document in &documents {
            prop_assert_eq!(registers::title(document), registers::title(first));
            prop_assert_eq!(registers::sources(document), registers::sources(first));
            prop_assert_eq!(registers::stories(document), registers::stories(first));
            prop_assert_eq!(registers::servers(document), registers::servers(first));
        }
        for (n, (_, deed)) in deeds.iter().enumerate() {
            match deed {
                Registry::Add(_) => {
                    let kept = registers::source(first, &format!("s{n}"), None);
                    prop_assert!(kept.is_some());
                }
                Registry::Story => {
                    let id = format!("story-{n}");
                    prop_assert!(registers::stories(first).iter().any(|story| story.id == id));
                }
                _ => {}
            }
        }
    }

    #[test]
    fn notes_end_equal_and_no_comment_is_lost(deeds in by_someone(note()), picks in picks()) {
        let spoken = std::cell::RefCell::new(BTreeSet::new());
        let documents = run(DocKind::Notes, &deeds, &picks, |copy, deed, n| {
            let count = |doc: &Document| notes::threads(doc).iter().map(|thread| thread.comments.len()).sum::<usize>();
            let before = count(&copy.document);
            act_on_notes(copy, deed, n);
            if count(&copy.document) > before {
                spoken.borrow_mut().insert(said(copy.who, n).text);
            }
        })?;
        let threads = notes::threads(&documents[0]);
        for document in &documents {
            prop_assert_eq!(&notes::threads(document), &threads);
        }
        let kept = threads.iter().flat_map(|thread| thread.comments.iter().map(|comment| comment.text.clone())).collect();
        prop_assert_eq!(spoken.into_inner(), kept);
    }

    #[test]
    fn sign_offs_end_equal_and_no_signature_is_lost(deeds in by_someone(signoff()), picks in picks()) {
        let seen = std::cell::RefCell::new(BTreeSet::<String>::new());
        let given = std::cell::RefCell::new(BTreeSet::new());
        let signers = |log: &Log| -> BTreeSet<(String, String)> {
            let hashes = seen.borrow().clone();
            let proposals = hashes.iter().filter_map(|hash| log.proposal(hash));
            proposals.flat_map(|p| log.signers(p).into_iter().map(|outlet| (p.hash().to_owned(), outlet))).collect()
        };
        let documents = run(DocKind::Signoffs, &deeds, &picks, |copy, deed, n| {
            act_on_signoffs(copy, deed, n);
            let log = Log::read(&copy.document);
            seen.borrow_mut().extend(log.open().iter().map(|proposal| proposal.hash().to_owned()));
            given.borrow_mut().extend(signers(&log));
        })?;
        prop_assert_eq!(given.into_inner(), signers(&Log::read(&documents[0])));
        let state = |document: &Document| {
            let log = Log::read(document);
            let signers: Vec<_> =
                log.open().into_iter().map(|proposal| (proposal.hash().to_owned(), log.signers(proposal))).collect();
            (signers, log.state(|_| None), log.fingerprint().map(str::to_owned))
        };
        let first = state(&documents[0]);
        for document in &documents {
            prop_assert_eq!(&state(document), &first);
        }
    }
}
