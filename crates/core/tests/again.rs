//! When what somebody wrote is taken out of a document, what others wrote on top of it is entered again by its authors:
//! no honest word is lost, none comes twice, and what was taken out stays out.

use std::collections::BTreeSet;

use automerge::{Change, ChangeHash};
use komuz_core::again::Again;
use komuz_core::body::Body;
use komuz_core::document::{DocKind, Document};
use komuz_core::notes::{self, Comment};
use komuz_core::page::json::write_page;
use komuz_core::page::{Block, Page, Run};
use komuz_core::registers;
use komuz_core::steps::PageLink;
use komuz_release::story::{BlockKind, Source};

/// One person's copy, with all changes that it knows in the order in which they came.
struct Copy {
    document: Document,
    body: Option<Body>,
    actor: [u8; 16],
    all: Vec<Change>,
}

impl Copy {
    fn new(kind: DocKind, who: u8) -> Self {
        let actor = [who; 16];
        let document = Document::new(kind, &actor);
        let body = (kind == DocKind::Body).then(|| Body::open(&document).unwrap());
        Self {
            document,
            body,
            actor,
            all: Vec::new(),
        }
    }

    /// What was written here since the last call.
    fn written(&mut self) -> Vec<Change> {
        let chunks = self.document.take_changes();
        let changes: Vec<Change> = chunks
            .into_iter()
            .map(|chunk| Change::from_bytes(chunk).unwrap())
            .collect();
        self.all.extend(changes.iter().cloned());
        changes
    }

    fn receive(&mut self, changes: &[Change]) {
        self.all.extend(changes.iter().cloned());
        self.document.apply(changes.to_vec()).unwrap();
        if let Some(body) = &mut self.body {
            body.refresh(&self.document).unwrap();
        }
    }

    fn body(&self) -> &Body {
        self.body.as_ref().unwrap()
    }

    fn lines(&self) -> Vec<String> {
        let blocks = self.body().page().blocks();
        blocks.iter().map(|block| block.plain_text()).collect()
    }

    /// Leaves these lines in the place of those that are there, as a page does.
    fn write(&mut self, lines: &[&str]) {
        let page = Page::new(lines.iter().enumerate().map(|(nth, line)| {
            let id = self.body().page().blocks().get(nth).and_then(|block| block.id.clone());
            Block::new(
                id.or(Some(format!("new{nth}{}", self.actor[0]))),
                BlockKind::Paragraph,
                [Run::plain(*line)],
            )
        }));
        let (document, body) = (&mut self.document, self.body.as_mut().unwrap());
        let (mut link, _) = PageLink::open(body, 0);
        link.whole(document, body, (0, 0), &write_page(&page), 0).unwrap();
    }

    /// The document built anew without what is gone and what builds on it, with one's own entered again.
    fn without(&self, gone: &BTreeSet<ChangeHash>) -> Self {
        let mut left = Vec::new();
        let mut tainted = gone.clone();
        for change in &self.all {
            if gone.contains(&change.hash()) || change.deps().iter().any(|dep| tainted.contains(dep)) {
                tainted.insert(change.hash());
            } else {
                left.push(change.clone());
            }
        }
        let mut actor = self.actor;
        actor[15] ^= 0xff;
        let mut document = Document::new(self.document.kind(), &actor);
        document.apply(left.clone()).unwrap();
        let mut body = self.body.as_ref().map(|_| Body::open(&document).unwrap());
        if let Some(again) = Again::of(&self.document, &tainted, |actor| actor == self.actor).unwrap() {
            again.enter(&mut document, body.as_mut()).unwrap();
        }
        Self {
            document,
            body,
            actor,
            all: left,
        }
    }
}

fn hashes(changes: &[Change]) -> BTreeSet<ChangeHash> {
    changes.iter().map(Change::hash).collect()
}

/// Ajar has written a text and everybody has it.
fn text(lines: &[&str]) -> [Copy; 3] {
    let mut people = [1, 2, 3].map(|who| Copy::new(DocKind::Body, who));
    people[0].write(lines);
    let first = people[0].written();
    people[1].receive(&first);
    people[2].receive(&first);
    people
}

#[test]
fn words_typed_after_an_intruders_stay_when_the_intruders_go() {
    let [mut ajar, mut intruder, _] = text(&["Биринчи сүйлөм.", "Экинчи сүйлөм."]);
    intruder.write(&["Биринчи сүйлөм.", "Экинчи сүйлөм. Жалган сөз.", "Жалган абзац."]);
    let gone = intruder.written();
    ajar.receive(&gone);
    ajar.write(&[
        "Биринчи сүйлөм. Уландысы.",
        "Экинчи сүйлөм. Жалган сөз. Дагы сөз.",
        "Жалган абзац. Чын сөз.",
    ]);
    ajar.written();
    let after = ajar.without(&hashes(&gone));
    let text = after.lines().join("\n");
    for word in ["Уландысы.", "Дагы сөз.", "Чын сөз."] {
        assert_eq!(text.matches(word).count(), 1, "{word} in {text}");
    }
    assert!(!text.contains("алган"), "{text}");
    assert!(text.contains("Экинчи сүйлөм"), "{text}");
}

#[test]
fn a_deletion_made_on_top_of_an_intruders_words_is_made_again() {
    let [mut ajar, mut intruder, _] = text(&["Бир эки үч."]);
    intruder.write(&["Бир эки үч. Төрт."]);
    let gone = intruder.written();
    ajar.receive(&gone);
    ajar.write(&["Бир үч. Төрт."]);
    ajar.written();
    assert_eq!(ajar.without(&hashes(&gone)).lines(), ["Бир үч."]);
}

#[test]
fn what_somebody_else_wrote_on_top_is_theirs_to_enter_again() {
    let [mut ajar, mut intruder, mut bek] = text(&["Башы."]);
    intruder.write(&["Башы. Жалган."]);
    let gone = intruder.written();
    ajar.receive(&gone);
    bek.receive(&gone);
    bek.write(&["Башы. Жалган. Бектики."]);
    let beks = bek.written();
    ajar.receive(&beks);
    ajar.write(&["Башы. Жалган. Бектики. Ажардыкы."]);
    let ajars = ajar.written();
    bek.receive(&ajars);
    let gone = hashes(&gone);
    let (mut ajar, mut bek) = (ajar.without(&gone), bek.without(&gone));
    let (from_ajar, from_bek) = (ajar.written(), bek.written());
    ajar.receive(&from_bek);
    bek.receive(&from_ajar);
    assert_eq!(ajar.document.heads(), bek.document.heads());
    let text = ajar.lines().join("\n");
    for word in ["Башы.", "Бектики.", "Ажардыкы."] {
        assert_eq!(text.matches(word).count(), 1, "{word} in {text}");
    }
    assert!(!text.contains("Жалган"), "{text}");
}

#[test]
fn nothing_is_to_be_entered_when_nothing_of_ones_own_builds_on_it() {
    let [mut ajar, mut intruder, _] = text(&["Башы."]);
    ajar.write(&["Башы. Ажардыкы."]);
    ajar.written();
    intruder.write(&["Башы. Жалган."]);
    let gone = intruder.written();
    ajar.receive(&gone);
    let again = Again::of(&ajar.document, &hashes(&gone), |actor| actor == ajar.actor).unwrap();
    assert!(again.is_none());
    assert_eq!(ajar.without(&hashes(&gone)).lines(), ["Башы. Ажардыкы."]);
}

#[test]
fn headline_summary_and_citations_are_entered_again() {
    let [mut ajar, mut intruder, _] = text(&["Кенде алтын бар."]);
    intruder.write(&["Кенде алтын бар. Жалган."]);
    let gone = intruder.written();
    ajar.receive(&gone);
    let (document, body) = (&mut ajar.document, ajar.body.as_mut().unwrap());
    body.set_headline(document, "Алтын кен").unwrap();
    body.set_summary(document, "Кыскача").unwrap();
    let (mut link, _) = PageLink::open(body, 0);
    link.cite(document, body, (0, 0), (1, 6), ("c-1", "s-1", "12-бет", ""), 0)
        .unwrap();
    ajar.written();
    let after = ajar.without(&hashes(&gone));
    assert_eq!(after.body().headline(), "Алтын кен");
    assert_eq!(after.body().summary(), "Кыскача");
    let cited = after.body().citations();
    assert_eq!(cited.len(), 1);
    assert_eq!((cited[0].source.as_str(), cited[0].text.as_str()), ("s-1", "Кенде"));
}

#[test]
fn sources_and_stories_are_entered_again() {
    let [mut ajar, mut intruder] = [1, 2].map(|who| Copy::new(DocKind::Registers, who));
    registers::set_title(&mut intruder.document, "Жалган").unwrap();
    let gone = intruder.written();
    ajar.receive(&gone);
    registers::add_story(&mut ajar.document, "st", "ky").unwrap();
    let source = Source {
        kind: "report".to_owned(),
        title: "Отчёт".to_owned(),
        ..Source::default()
    };
    let id = registers::save_source(&mut ajar.document, &source, "s-1").unwrap();
    ajar.written();
    let after = ajar.without(&hashes(&gone));
    assert_eq!(registers::title(&after.document), "");
    assert_eq!(registers::stories(&after.document), registers::stories(&ajar.document));
    assert_eq!(
        registers::source(&after.document, &id, None),
        registers::source(&ajar.document, &id, None)
    );
}

#[test]
fn a_reply_to_a_thread_that_stays_is_entered_again() {
    let [mut ajar, mut intruder] = [1, 2].map(|who| Copy::new(DocKind::Notes, who));
    let said = |text: &str| Comment {
        member: "m".to_owned(),
        text: text.to_owned(),
        at: "2026-11-26T08:00:00Z".to_owned(),
        session: Vec::new(),
    };
    notes::start_thread(&mut ajar.document, "t-1", "a", "b", &said("Булагы кайда?")).unwrap();
    let first = ajar.written();
    intruder.receive(&first);
    notes::reply(&mut intruder.document, "t-1", &said("Жалган")).unwrap();
    let gone = intruder.written();
    ajar.receive(&gone);
    notes::reply(&mut ajar.document, "t-1", &said("Таптым.")).unwrap();
    notes::resolve(&mut ajar.document, "t-1", true).unwrap();
    ajar.written();
    let after = notes::threads(&ajar.without(&hashes(&gone)).document);
    let texts: Vec<&str> = after[0].comments.iter().map(|comment| comment.text.as_str()).collect();
    assert_eq!(texts, ["Булагы кайда?", "Таптым."]);
    assert!(after[0].resolved);
}
