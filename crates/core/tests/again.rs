//! When what somebody wrote is taken out of a document, what others wrote on top of it is entered again by its authors:
//! no honest word is lost, none comes twice, and what was taken out stays out. When it counts after all, nothing is lost and
//! nothing stands twice that nobody has changed.

use std::collections::BTreeSet;

use automerge::{Change, ChangeHash};
use komuz_core::again::{Again, Copies};
use komuz_core::body::{Body, ThreadSpan};
use komuz_core::document::{DocKind, Document};
use komuz_core::notes::{self, Comment};
use komuz_core::page::json::write_page;
use komuz_core::page::{Block, Page, Run};
use komuz_core::registers;
use komuz_core::steps::PageLink;
use komuz_release::story::{BlockKind, Byline, Source};
use proptest::prelude::*;

/// One person's copy, with all changes that it knows in the order in which they came.
struct Copy {
    document: Document,
    body: Option<Body>,
    actor: [u8; 16],
    all: Vec<Change>,
    /// What was entered again here.
    copies: Vec<Copies>,
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
            copies: Vec::new(),
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
        self.show(&page);
    }

    /// Leaves a page, as it is when somebody has written there.
    fn show(&mut self, page: &Page) {
        let (document, body) = (&mut self.document, self.body.as_mut().unwrap());
        let (mut link, _) = PageLink::open(body, 0);
        link.whole(document, body, (0, 0), &write_page(page), 0).unwrap();
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
        let (mut actor, mut copies) = (self.actor, self.copies.clone());
        actor[15] += 0x10;
        let mut document = Document::new(self.document.kind(), &actor);
        document.apply(left.clone()).unwrap();
        let mut body = self.body.as_ref().map(|_| Body::open(&document).unwrap());
        if let Some(again) = Again::of(&self.document, &tainted, |actor| actor[..15] == self.actor[..15]).unwrap() {
            copies.push(again.enter(&mut document, body.as_mut()).unwrap().copies);
        }
        Self {
            document,
            body,
            actor,
            all: left,
            copies,
        }
    }

    /// What was cut counts after all: it comes, and what stands twice by that goes. Whether something went.
    fn back(&mut self, all: &[Change]) -> bool {
        self.receive(all);
        self.take_out()
    }

    fn take_out(&mut self) -> bool {
        let (document, body) = (&mut self.document, self.body.as_mut().unwrap());
        let was = uniques(body.page());
        let taken = Copies::take_out(&self.copies, document, body).unwrap().is_some();
        assert_eq!(uniques(body.page()), was, "words are gone");
        assert_eq!(
            Body::open(document).unwrap().page().blocks().len(),
            body.page().blocks().len()
        );
        taken
    }
}

/// The characters of a text, each once.
fn uniques(page: &Page) -> BTreeSet<char> {
    let blocks = page.blocks().iter();
    blocks
        .flat_map(|block| block.plain_text().chars().collect::<Vec<_>>())
        .collect()
}

/// Everybody gets what the others have written.
fn exchange<const N: usize>(people: [&mut Copy; N]) {
    let mut people = people;
    let written = people.each_mut().map(|one| one.written());
    for (at, one) in people.iter_mut().enumerate() {
        for (from, changes) in written.iter().enumerate().filter(|(from, _)| *from != at) {
            let _ = from;
            one.receive(changes);
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

/// Ajar starts a thread on top of what goes, Bek answers there: both copies as they are then, and what goes.
fn answered() -> ([Copy; 2], BTreeSet<ChangeHash>) {
    let [mut ajar, mut intruder, mut bek] = [1, 2, 3].map(|who| Copy::new(DocKind::Notes, who));
    notes::start_thread(&mut intruder.document, "t-0", "a", "b", &said("Жалган")).unwrap();
    let gone = hashes(&intruder.written());
    exchange([&mut ajar, &mut bek]);
    for one in [&mut ajar, &mut bek] {
        one.receive(&intruder.all);
    }
    notes::start_thread(&mut ajar.document, "t-1", "c", "d", &said("Булагы кайда?")).unwrap();
    exchange([&mut ajar, &mut bek]);
    notes::reply(&mut bek.document, "t-1", &said("Таптым.")).unwrap();
    exchange([&mut ajar, &mut bek]);
    ([ajar, bek], gone)
}

fn said(text: &str) -> Comment {
    Comment {
        member: "m".to_owned(),
        text: text.to_owned(),
        at: "2026-11-26T08:00:00Z".to_owned(),
        session: Vec::new(),
    }
}

/// Each thread's place with what is said there, sorted.
fn conversation(copy: &Copy) -> Vec<(String, String, Vec<String>)> {
    let threads = notes::threads(&copy.document).into_iter().map(|thread| {
        let mut texts: Vec<String> = thread.comments.into_iter().map(|comment| comment.text).collect();
        texts.sort();
        (thread.id, thread.start + &thread.end, texts)
    });
    threads.collect()
}

#[test]
fn an_answer_in_a_thread_that_nobody_has_entered_again_stands_where_the_thread_stood() {
    let ([_, bek], gone) = answered();
    let alone = ("t-1".to_owned(), "cd".to_owned(), vec!["Таптым.".to_owned()]);
    assert_eq!(conversation(&bek.without(&gone)), [alone]);
}

#[test]
fn a_thread_and_its_answers_are_one_again_whoever_enters_theirs_first() {
    let whole = (
        "t-1".to_owned(),
        "cd".to_owned(),
        ["Булагы кайда?", "Таптым."].map(str::to_owned).to_vec(),
    );
    for order in 0..3 {
        let ([ajar, bek], gone) = answered();
        let all: Vec<Change> = ajar.all.clone();
        let tainted: BTreeSet<ChangeHash> = hashes(&all);
        let enter = |was: &Copy, into: &mut Copy| {
            let again = Again::of(&was.document, &tainted, |actor| actor[..15] == was.actor[..15]);
            again.unwrap().unwrap().enter(&mut into.document, None).unwrap();
        };
        let fresh = |who: &Copy| {
            let mut fresh = Copy::new(DocKind::Notes, who.actor[0]);
            fresh.actor[15] += 0x10;
            fresh.document = Document::new(DocKind::Notes, &fresh.actor);
            fresh
        };
        let (mut a, mut b) = (fresh(&ajar), fresh(&bek));
        match order {
            0 => {
                enter(&ajar, &mut a);
                exchange([&mut a, &mut b]);
                enter(&bek, &mut b);
            }
            1 => {
                enter(&bek, &mut b);
                exchange([&mut a, &mut b]);
                enter(&ajar, &mut a);
            }
            _ => {
                enter(&ajar, &mut a);
                enter(&bek, &mut b);
            }
        }
        exchange([&mut a, &mut b]);
        assert_eq!(conversation(&a), std::slice::from_ref(&whole), "{order}");
        assert_eq!(conversation(&b), std::slice::from_ref(&whole), "{order}");
        // What was started twice is entered again with all that is in it.
        let gone: BTreeSet<ChangeHash> = gone.into_iter().chain(hashes(&a.all)).collect();
        let [mut a, mut b] = [a.without(&gone), b.without(&gone)];
        exchange([&mut a, &mut b]);
        assert_eq!(conversation(&a), std::slice::from_ref(&whole), "{order}");
        assert_eq!(conversation(&b), std::slice::from_ref(&whole), "{order}");
    }
}

/// Three write, the second of whom is cut: what each of the honest has then, with all that was ever written.
fn cut_off(mut people: [Copy; 3], write: impl FnOnce(&mut [Copy; 3])) -> ([Copy; 2], Copy, Vec<Change>) {
    write(&mut people);
    {
        let [ajar, intruder, bek] = &mut people;
        exchange([ajar, intruder, bek]);
    }
    let [ajar, intruder, bek] = people;
    let gone = intruder
        .all
        .iter()
        .filter(|change| change.actor_id().to_bytes() == intruder.actor);
    let gone = gone.map(Change::hash).collect();
    let (mut a, mut b) = (ajar.without(&gone), bek.without(&gone));
    exchange([&mut a, &mut b]);
    ([a, b], ajar.again_whole(), intruder.all)
}

impl Copy {
    fn again_whole(&self) -> Self {
        let mut other = Self::new(self.document.kind(), 9);
        other.receive(&self.all);
        other
    }
}

#[test]
fn what_counts_after_all_stands_once_and_where_it_was_written() {
    let ([mut ajar, mut bek], whole, all) = cut_off(text(&["Башы.", "Аягы."]), |[ajar, intruder, bek]| {
        intruder.write(&["Башы. Коңшуныкы.", "Аягы."]);
        exchange([ajar, intruder, bek]);
        ajar.write(&["Башы. Коңшуныкы. Ажардыкы.", "Ажардын абзацы.", "Дагы бири.", "Аягы."]);
        exchange([ajar, intruder, bek]);
        bek.write(&[
            "Башы. Коңшуныкы. Ажардыкы.",
            "Ажардын абзацы, Бектин сөзү.",
            "Дагы бири.",
            "Аягы.",
        ]);
    });
    assert_eq!(ajar.lines(), bek.lines());
    assert_eq!(ajar.lines().concat().matches("Ажардыкы").count(), 1);
    assert!(ajar.back(&all) && bek.back(&all));
    exchange([&mut ajar, &mut bek]);
    assert_eq!(ajar.lines(), whole.lines());
    assert_eq!(bek.lines(), whole.lines());
    assert!(!ajar.take_out() && !bek.take_out());
}

#[test]
fn what_somebody_has_changed_or_built_on_since_stays_and_is_there_twice() {
    for (now, twice) in [
        (["Башы. Ал күнөөлүү эмес.", "Экинчи."], "Ал күнөөлүү"),
        (["Башы. Ал күнөө.", "Экинчи."], "Ал күнөө"),
        (["Башы. Ал күнөөлүү. Бирок далил жок.", "Экинчи."], "Ал күнөөлүү"),
    ] {
        let ([mut ajar, mut bek], _, all) = cut_off(text(&["Башы."]), |[ajar, intruder, bek]| {
            intruder.write(&["Башы. Коңшуныкы."]);
            exchange([ajar, intruder, bek]);
            ajar.write(&["Башы. Коңшуныкы. Ал күнөөлүү.", "Экинчи."]);
        });
        assert_eq!(bek.lines(), ["Башы. Ал күнөөлүү.", "Экинчи."]);
        bek.write(&now);
        exchange([&mut ajar, &mut bek]);
        ajar.back(&all);
        bek.back(&all);
        exchange([&mut ajar, &mut bek]);
        let text = ajar.lines().join("\n");
        assert_eq!(ajar.lines(), bek.lines());
        assert_eq!(text.matches(twice).count(), 2, "{text}");
        // The other block is as it was entered.
        assert_eq!(text.matches("Экинчи.").count(), 1, "{text}");
        for word in now[0].split(' ') {
            assert!(text.contains(word), "{word} in {text}");
        }
    }
}

#[test]
fn two_sessions_that_take_it_out_at_once_take_out_the_same() {
    let ([mut ajar, _], whole, all) = cut_off(text(&["Башы."]), |[ajar, intruder, bek]| {
        intruder.write(&["Башы. Коңшуныкы."]);
        exchange([ajar, intruder, bek]);
        ajar.write(&["Башы. Коңшуныкы. Ажардыкы."]);
    });
    let mut tab = ajar.again_whole();
    tab.copies = ajar.copies.clone();
    assert!(ajar.back(&all) && tab.back(&all));
    exchange([&mut ajar, &mut tab]);
    assert_eq!(ajar.lines(), whole.lines());
    assert_eq!(tab.lines(), whole.lines());
}

#[test]
fn headline_summary_and_byline_stand_once_when_they_count_after_all() {
    let byline = |names: &[&str]| -> Vec<Byline> {
        let names = names.iter().map(|name| Byline {
            name: (*name).to_owned(),
            outlet: None,
        });
        names.collect()
    };
    let ([mut ajar, mut bek], whole, all) = cut_off(text(&["Башы."]), |[ajar, intruder, bek]| {
        let (document, body) = (&mut ajar.document, ajar.body.as_mut().unwrap());
        body.set_headline(document, "Кен").unwrap();
        body.set_byline(document, &byline(&["Ажар"])).unwrap();
        exchange([ajar, intruder, bek]);
        intruder.write(&["Башы. Коңшуныкы."]);
        exchange([ajar, intruder, bek]);
        let (document, body) = (&mut ajar.document, ajar.body.as_mut().unwrap());
        body.set_headline(document, "Алтын Кен").unwrap();
        body.set_summary(document, "Кыскача").unwrap();
        body.set_byline(document, &byline(&["Ажар", "Бек"])).unwrap();
    });
    assert!(ajar.back(&all));
    bek.back(&all);
    exchange([&mut ajar, &mut bek]);
    for body in [ajar.body(), bek.body(), whole.body()] {
        assert_eq!((body.headline(), body.summary()), ("Алтын Кен", "Кыскача"));
        assert_eq!(body.byline(), byline(&["Ажар", "Бек"]));
    }
}

#[test]
fn citations_and_threads_on_what_goes_stand_on_what_it_repeats() {
    let ([mut ajar, mut bek], _, all) = cut_off(text(&["Башы."]), |[ajar, intruder, bek]| {
        intruder.write(&["Башы. Коңшуныкы."]);
        exchange([ajar, intruder, bek]);
        ajar.write(&["Башы. Коңшуныкы. Кенде алтын бар."]);
        let (document, body) = (&mut ajar.document, ajar.body.as_mut().unwrap());
        let (mut link, _) = PageLink::open(body, 0);
        let said = ("c-1", "s-1", "12-бет", "");
        link.cite(document, body, (0, 0), (18, 23), said, 0).unwrap();
    });
    // Bek cites and comments on what was entered again.
    let at = bek.lines()[0]
        .chars()
        .position(|char| char == 'а')
        .map(|_| "Башы. ".chars().count() as u32);
    let at = at.unwrap() + 1;
    let (document, body) = (&mut bek.document, bek.body.as_mut().unwrap());
    let (mut link, _) = PageLink::open(body, 0);
    link.cite(document, body, (0, 0), (at + 6, at + 11), ("c-2", "s-2", "", ""), 0)
        .unwrap();
    let span = link.span((0, 0), (at, at + 11)).unwrap();
    exchange([&mut ajar, &mut bek]);
    let thread = |span: &komuz_core::body::Span| {
        vec![ThreadSpan {
            id: "t-1".to_owned(),
            start: span.start.to_string(),
            end: span.end.to_string(),
        }]
    };
    ajar.receive(&all);
    let (document, body) = (&mut ajar.document, ajar.body.as_mut().unwrap());
    body.set_threads(document, thread(&span));
    let moved = Copies::take_out(&ajar.copies, document, body).unwrap().unwrap();
    assert_eq!(moved.len(), 1);
    let moved = ThreadSpan {
        id: moved[0].id.clone(),
        start: moved[0].start.clone(),
        end: moved[0].end.clone(),
    };
    body.set_threads(document, vec![moved]);
    assert_eq!(ajar.lines(), ["Башы. Коңшуныкы. Кенде алтын бар."]);
    assert_eq!(ajar.body().text_of("t-1"), "Кенде алтын");
    let cited: Vec<(String, String)> = ajar
        .body()
        .citations()
        .into_iter()
        .map(|one| (one.id, one.text))
        .collect();
    let cited: Vec<(&str, &str)> = cited.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    assert_eq!(cited, [("c-1", "Кенде"), ("c-2", "алтын")]);
}

#[test]
fn what_was_entered_again_twice_stands_once_in_the_end() {
    let ([ajar, bek], whole, all) = cut_off(text(&["Башы."]), |[ajar, intruder, bek]| {
        intruder.write(&["Башы. Коңшуныкы."]);
        exchange([ajar, intruder, bek]);
        ajar.write(&["Башы. Коңшуныкы. Ажардыкы."]);
    });
    // Bek's own words before Ajar's second entering go as well.
    let mut second = bek.again_whole();
    second.actor = [3; 16];
    let (mut ajar, gone) = (ajar, {
        let mut other = Copy::new(DocKind::Body, 7);
        other.receive(&bek.all);
        other.write(&["Кошумча. Башы. Ажардыкы."]);
        other.written()
    });
    ajar.receive(&gone);
    ajar.write(&["Кошумча. Башы. Ажардыкы.", "Акыры."]);
    ajar.written();
    let mut ajar = ajar.without(&hashes(&gone));
    assert_eq!(ajar.lines(), ["Башы. Ажардыкы.", "Акыры."]);
    ajar.written();
    assert!(ajar.back(&all));
    assert_eq!(ajar.lines(), [whole.lines(), vec!["Акыры.".to_owned()]].concat());
    ajar.back(&gone);
    let text = ajar.lines().join("\n");
    assert_eq!(text.matches("Ажардыкы.").count(), 1, "{text}");
}

/// Something that somebody does to a page, wherever it then falls.
#[derive(Debug, Clone)]
enum Act {
    Insert(usize, usize, usize),
    Delete(usize, usize, usize),
    Split(usize, usize),
    Join(usize),
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..9usize, 0..40usize, 1..6usize).prop_map(|(block, at, many)| Act::Insert(block, at, many)),
        2 => (0..9usize, 0..40usize, 1..4usize).prop_map(|(block, at, many)| Act::Delete(block, at, many)),
        1 => (0..9usize, 0..40usize).prop_map(|(block, at)| Act::Split(block, at)),
        1 => (0..9usize).prop_map(Act::Join),
    ]
}

/// Does it to somebody's page. Each character that is typed is typed once in all.
fn act(copy: &mut Copy, act: &Act, typed: &mut u32) {
    let blocks = copy.body().page().blocks();
    let mut lines: Vec<(Option<String>, Vec<char>)> = blocks
        .iter()
        .map(|block| (block.id.clone(), block.plain_text().chars().collect()))
        .collect();
    let count = lines.len();
    let pick = |block: usize| block % count;
    match act {
        Act::Insert(block, at, many) => {
            let line = &mut lines[pick(*block)].1;
            let at = at % (line.len() + 1);
            for nth in 0..*many {
                line.insert(at + nth, char::from_u32(0x4e00 + *typed).unwrap());
                *typed += 1;
            }
        }
        Act::Delete(block, at, many) => {
            let line = &mut lines[pick(*block)].1;
            let at = at % (line.len() + 1);
            line.drain(at..(at + many).min(line.len()));
        }
        Act::Split(block, at) => {
            let block = pick(*block);
            let at = at % (lines[block].1.len() + 1);
            let rest = lines[block].1.split_off(at);
            *typed += 1;
            lines.insert(block + 1, (Some(format!("new{typed}")), rest));
        }
        Act::Join(block) => {
            let block = pick(*block);
            if block > 0 {
                let (_, rest) = lines.remove(block);
                lines[block - 1].1.extend(rest);
            }
        }
    }
    let page = lines.into_iter().map(|(id, line)| {
        let text: String = line.into_iter().collect();
        Block::new(id, BlockKind::Paragraph, [Run::plain(text)])
    });
    copy.show(&Page::new(page));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// One after the other, each knowing all before: then it is as if nothing had ever been cut.
    #[test]
    fn what_counts_after_all_leaves_no_trace_of_having_been_cut(
        all in prop::collection::vec((0..3usize, acts()), 1..14)
    ) {
        let mut typed = 0;
        let ([mut ajar, mut bek], whole, changes) = cut_off(text(&["", ""]), |people| {
            for (who, what) in &all {
                act(&mut people[*who], what, &mut typed);
                let [a, b, c] = &mut *people;
                exchange([a, b, c]);
            }
        });
        ajar.back(&changes);
        bek.back(&changes);
        exchange([&mut ajar, &mut bek]);
        prop_assert_eq!(ajar.lines(), bek.lines());
        prop_assert_eq!(ajar.lines(), whole.lines());
    }

    /// At once, and with more that is written before and after it counts: everybody has the same, and no word fewer.
    #[test]
    fn no_word_is_lost_when_something_counts_after_all(
        before in prop::collection::vec((0..3usize, any::<bool>(), acts()), 1..12),
        meanwhile in prop::collection::vec((0..2usize, any::<bool>(), acts()), 0..8),
        after in prop::collection::vec((0..2usize, acts()), 0..4),
        early in any::<bool>(),
    ) {
        let mut typed = 0;
        let (mut people, _, changes) = cut_off(text(&["", ""]), |people| {
            for (who, told, what) in &before {
                act(&mut people[*who], what, &mut typed);
                if *told {
                    let [a, b, c] = &mut *people;
                    exchange([a, b, c]);
                }
            }
        });
        for (who, told, what) in &meanwhile {
            act(&mut people[*who], what, &mut typed);
            if *told {
                let [a, b] = &mut people;
                exchange([a, b]);
            }
        }
        // One of them takes out what stands twice before, one after more was written.
        if early {
            people[0].back(&changes);
        }
        for (who, what) in &after {
            act(&mut people[*who], what, &mut typed);
        }
        let [a, b] = &mut people;
        a.back(&changes);
        b.back(&changes);
        exchange([a, b]);
        let was = uniques(a.body().page());
        a.take_out();
        b.take_out();
        exchange([a, b]);
        prop_assert_eq!(a.lines(), b.lines());
        prop_assert_eq!(uniques(a.body().page()), was);
    }
}
