//! Records of registers and bodies: what one person does, what several do at once, and what somebody writes in bad faith.

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, Change, LoadOptions, ObjType, ROOT, ReadDoc, TextEncoding};
use komuz_core::admission::{Binding, Gate, Verdict, session_actor};
use komuz_core::body::{Body, BodyError, Recorded};
use komuz_core::document::{DocKind, Document};
use komuz_core::page::{Page, Run, Slice, Step, json};
use komuz_core::records::{self, Kind, Members, RecordError, apart, together};
use komuz_core::registers::{self, RegisterError};
use komuz_core::steps::{PageLink, StepError};
use komuz_release::story::{Block, BlockKind, Marks, Place, STORY_VERSION, Source, Span, Story};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What is saved, from JSON without objects in it.
fn members(json: Value) -> Members {
    apart(json.as_object().expect("an object"))
}

fn changes(document: &mut Document) -> Vec<Change> {
    let bytes = document.take_changes();
    (bytes
        .into_iter()
        .map(|bytes| Change::from_bytes(bytes).expect("a change of ours")))
    .collect()
}

/// Brings each other's changes to both.
fn exchange(a: &mut Document, b: &mut Document) {
    let (from_a, from_b) = (changes(a), changes(b));
    a.apply(from_b).expect("applies");
    b.apply(from_a).expect("applies");
}

fn registers(n: u8) -> Document {
    Document::new(DocKind::Registers, &[n; 16])
}

fn entities(doc: &Document) -> Vec<(String, Value)> {
    let all = registers::records(doc, Kind::Entity).into_iter();
    all.map(|record| (record.id, Value::Object(together(&record.members))))
        .collect()
}

// What a record is.

#[test]
fn ids_say_what_a_record_is_and_have_a_small_alphabet() {
    for (id, kind) in [
        ("k-1", Some(Kind::Claim)),
        ("a-0f", Some(Kind::Answer)),
        ("h-headline:kloop", Some(Kind::Backed)),
        ("b-17@0102+", Some(Kind::Link)),
        ("o-kloop", Some(Kind::Front)),
        ("e-1", Some(Kind::Entity)),
        ("r-1", Some(Kind::Reply)),
        ("c-1", None),
        ("k-", None),
        ("k-ө", None),
        ("k-a b", None),
        ("", None),
    ] {
        assert_eq!(Kind::of(id), kind, "{id}");
    }
    assert_eq!(
        Kind::of(&format!("k-{}", "x".repeat(records::MAX_ID))),
        Some(Kind::Claim)
    );
    assert_eq!(Kind::of(&format!("k-{}", "x".repeat(records::MAX_ID + 1))), None);
}

proptest! {
    #[test]
    fn json_taken_apart_and_put_together_is_the_same(
        names in prop::collection::btree_map("[a-z.~]{1,6}", prop::collection::btree_map("[а-я.~]{1,4}", "[a-z]{1,9}", 1..4), 0..5),
        flat in prop::collection::btree_map("[A-Z.~]{1,4}", any::<i64>(), 0..4),
    ) {
        let mut json = json!(names);
        json.as_object_mut().unwrap().extend(flat.into_iter().map(|(name, number)| (name, number.into())));
        json["list"] = json!(["a", 1, { "b": null }]);
        prop_assert_eq!(Value::Object(together(&members(json.clone()))), json);
    }
}

#[test]
fn a_path_through_something_that_is_no_object_leaves_it_as_it_is() {
    let all: Members = [
        ("a", json!("text")),
        ("a.b", json!(1)),
        ("c.d", json!(2)),
        ("c", json!(true)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    assert_eq!(Value::Object(together(&all)), json!({ "a": "text", "c": true }));
}

// The registers' records.

#[test]
fn an_entity_comes_back_as_it_was_saved() {
    let mut doc = registers(1);
    let json = json!({
        "what": "person",
        "names": { "ky": "Райымбек Матраимов", "ru": "Раимбек Матраимов" },
        "aliases": { "Р. Матраимов": true },
        "mentions": { "Матраимовго": true, "Матраимовка": false },
        "unnamed": true,
        "seen": ["2019", 2020],
    });
    registers::save_record(&mut doc, "e-1", &members(json.clone())).expect("saved");
    assert_eq!(entities(&doc), [("e-1".to_owned(), json)]);
    assert!(registers::records(&doc, Kind::Reply).is_empty());
}

#[test]
fn entities_stand_in_the_order_in_which_they_were_added() {
    let mut doc = registers(1);
    for id in ["e-9", "e-1", "e-5"] {
        registers::save_record(&mut doc, id, &members(json!({ "role": id }))).expect("saved");
    }
    let ids: Vec<String> = entities(&doc).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["e-9", "e-1", "e-5"]);
}

#[test]
fn two_people_who_change_different_members_both_keep_their_change() {
    let (mut a, mut b) = (registers(1), registers(2));
    let start = json!({ "role": "deputy", "names": { "ru": "Раимбек" }, "aliases": { "Рая": true, "Million": true } });
    registers::save_record(&mut a, "e-1", &members(start)).expect("saved");
    exchange(&mut a, &mut b);
    let of_a = json!({ "names": { "ky": "Райымбек" }, "aliases": { "Рая": null } });
    registers::save_record(&mut a, "e-1", &members(of_a)).expect("saved");
    let of_b = json!({ "role": "deputy head", "aliases": { "Raim": true } });
    registers::save_record(&mut b, "e-1", &members(of_b)).expect("saved");
    exchange(&mut a, &mut b);
    let merged = json!({
        "role": "deputy head",
        "names": { "ky": "Райымбек", "ru": "Раимбек" },
        "aliases": { "Million": true, "Raim": true },
    });
    assert_eq!(entities(&a), [("e-1".to_owned(), merged)]);
    assert_eq!(entities(&a), entities(&b));
}

#[test]
fn a_member_that_is_set_to_nothing_goes_with_all_below_it() {
    let mut doc = registers(1);
    let json = json!({ "role": "x", "names": { "ky": "a", "ru": "b" }, "seen": [1], "namesake": "y" });
    registers::save_record(&mut doc, "e-1", &members(json)).expect("saved");
    let gone = json!({ "role": "", "names": null, "seen": [] });
    registers::save_record(&mut doc, "e-1", &members(gone)).expect("saved");
    assert_eq!(entities(&doc), [("e-1".to_owned(), json!({ "namesake": "y" }))]);
}

#[test]
fn a_member_may_become_a_list_and_text_again() {
    let mut doc = registers(1);
    for value in [json!("text"), json!(["[]", 1]), json!("[1]"), json!(7), json!(false)] {
        registers::save_record(&mut doc, "e-1", &members(json!({ "x": value }))).expect("saved");
        assert_eq!(entities(&doc), [("e-1".to_owned(), json!({ "x": value }))]);
    }
}

#[test]
fn saving_what_is_there_already_writes_nothing() {
    let mut doc = registers(1);
    let save = members(json!({ "role": "x", "names": { "ky": "a" }, "seen": [1] }));
    registers::save_record(&mut doc, "e-1", &save).expect("saved");
    let heads = doc.heads();
    registers::save_record(&mut doc, "e-1", &save).expect("saved");
    registers::save_record(&mut doc, "e-1", &members(json!({ "gone": "" }))).expect("saved");
    assert_eq!(doc.heads(), heads);
}

#[test]
fn a_removed_record_is_not_listed_and_comes_back_as_it_was() {
    let mut doc = registers(1);
    registers::save_record(&mut doc, "r-1", &members(json!({ "party": "e-1" }))).expect("saved");
    registers::remove_record(&mut doc, "r-1").expect("removed");
    assert!(registers::records(&doc, Kind::Reply).is_empty());
    registers::save_record(&mut doc, "r-1", &members(json!({ "how": "by letter" }))).expect("saved");
    let back = registers::records(&doc, Kind::Reply);
    assert_eq!(back[0].members, members(json!({ "party": "e-1", "how": "by letter" })));
    assert!(matches!(
        registers::remove_record(&mut doc, "r-2"),
        Err(RegisterError::Record(RecordError::Missing { id })) if id == "r-2"
    ));
}

#[test]
fn what_is_written_while_somebody_removes_a_record_is_there_when_it_comes_back() {
    let (mut a, mut b) = (registers(1), registers(2));
    registers::save_record(&mut a, "e-1", &members(json!({ "role": "x" }))).expect("saved");
    exchange(&mut a, &mut b);
    registers::remove_record(&mut a, "e-1").expect("removed");
    registers::save_record(&mut b, "e-1", &members(json!({ "names": { "ky": "a" } }))).expect("saved");
    exchange(&mut a, &mut b);
    assert_eq!((entities(&a), entities(&b)), (Vec::new(), Vec::new()));
    registers::save_record(&mut a, "e-1", &Members::new()).expect("saved");
    assert_eq!(
        entities(&a),
        [("e-1".to_owned(), json!({ "role": "x", "names": { "ky": "a" } }))]
    );
}

#[test]
fn what_cannot_be_a_member_is_refused_with_its_name_and_nothing_is_written() {
    let mut doc = registers(1);
    let heads = doc.heads();
    let deep = ["a"; records::MAX_DEPTH + 1].join(".");
    let long = "x".repeat(records::MAX_NAME + 1);
    for name in [
        "",
        "kind",
        "order",
        "removed",
        "start",
        "end",
        "a[]",
        "a\n",
        deep.as_str(),
        long.as_str(),
    ] {
        let save = [(name.to_owned(), Value::from("x"))].into();
        let refused = registers::save_record(&mut doc, "e-1", &save);
        assert!(
            matches!(refused, Err(RegisterError::Record(RecordError::Name { name: n })) if n == name),
            "{name}"
        );
    }
    for value in [json!(1.5), json!({})] {
        let save = [("x".to_owned(), value)].into();
        let refused = registers::save_record(&mut doc, "e-1", &save);
        assert!(matches!(refused, Err(RegisterError::Record(RecordError::Value { .. }))));
    }
    let save = members(json!({ "x": "ө".repeat(records::MAX_TEXT + 1) }));
    let refused = registers::save_record(&mut doc, "e-1", &save);
    assert!(
        matches!(refused, Err(RegisterError::Record(RecordError::TooLong { length, .. })) if length == records::MAX_TEXT + 1)
    );
    let save = (0..=records::MAX_MEMBERS)
        .map(|nth| (format!("x.{nth}"), nth.into()))
        .collect();
    let refused = registers::save_record(&mut doc, "e-1", &save);
    assert!(matches!(
        refused,
        Err(RegisterError::Record(RecordError::TooLong { length: 1001, .. }))
    ));
    for id in ["e-", "k-1", "x-1"] {
        assert!(registers::save_record(&mut doc, id, &Members::new()).is_err(), "{id}");
    }
    assert_eq!(doc.heads(), heads);
}

#[test]
fn a_source_keeps_its_record_beside_its_item() {
    let mut doc = registers(1);
    let source = Source {
        kind: "webpage".to_owned(),
        title: "A ruling".to_owned(),
        ..Source::default()
    };
    let id = registers::save_source(&mut doc, &source, "s-1").expect("saved");
    let record = json!({ "what": "leak", "custody": { "by": "aida" }, "origins": { "s-2": true } });
    registers::save_source_record(&mut doc, &id, &members(record.clone())).expect("saved");
    let mut changed = registers::sources(&doc).remove(0);
    changed.title = "The ruling".to_owned();
    registers::save_source(&mut doc, &changed, "").expect("saved");
    assert_eq!(registers::sources(&doc), [changed]);
    assert_eq!(
        Value::Object(together(&registers::source_record(&doc, &id, None))),
        record
    );
    assert_eq!(registers::source_records(&doc).len(), 1);
    assert!(matches!(
        registers::save_source_record(&mut doc, "s-9", &Members::new()),
        Err(RegisterError::NoSource { .. })
    ));
}

#[test]
fn a_new_source_comes_with_its_record_in_one_change() {
    let mut doc = registers(1);
    doc.take_changes();
    let source = Source {
        kind: "interview".to_owned(),
        title: "The bookkeeper".to_owned(),
        ..Source::default()
    };
    let about = members(json!({ "what": "interview", "confidentiality": "confidential" }));
    registers::save_source_with(&mut doc, &source, &about, "s-1").expect("saved");
    assert_eq!(doc.take_changes().len(), 1, "at no version of it is the source public");
    assert_eq!(registers::source_record(&doc, "s-1", None), about);
    assert!(registers::public_sources(&doc).is_empty());
    assert_eq!(registers::secret_sources(&doc), ["s-1"]);
    let again = registers::sources(&doc).remove(0);
    let about = members(json!({ "confidentiality": "public" }));
    registers::save_source_with(&mut doc, &again, &about, "").expect("saved");
    assert!(registers::secret_sources(&doc).is_empty());
}

#[test]
fn of_confidentialities_that_were_set_at_once_the_strictest_counts_until_somebody_decides() {
    let source = Source {
        kind: "interview".to_owned(),
        title: "An official".to_owned(),
        ..Source::default()
    };
    let set = |doc: &mut Document, value: &str| {
        registers::save_source_record(doc, "s-1", &members(json!({ "confidentiality": value }))).expect("saved");
    };
    let read = |doc: &Document| {
        registers::source_record(doc, "s-1", None)
            .get("confidentiality")
            .cloned()
    };
    for (one, other, strictest) in [
        ("public", "confidential", "confidential"),
        ("confidential", "background", "confidential"),
        ("background", "public", "background"),
        ("public", "a newer word", "confidential"),
    ] {
        let (mut a, mut b) = (registers(1), registers(2));
        registers::save_source(&mut a, &source, "s-1").expect("saved");
        exchange(&mut a, &mut b);
        set(&mut a, one);
        set(&mut b, other);
        exchange(&mut a, &mut b);
        assert_eq!(read(&a), Some(strictest.into()), "{one}, {other}");
        assert_eq!(read(&a), read(&b));
        assert_eq!(registers::public_sources(&a).is_empty(), strictest == "confidential");
        set(&mut a, "public");
        exchange(&mut a, &mut b);
        assert_eq!((read(&a), read(&b)), (Some("public".into()), Some("public".into())));
        assert_eq!(registers::public_sources(&b), registers::sources(&b));
    }
}

#[test]
fn the_policy_is_one_record() {
    let (mut a, mut b) = (registers(1), registers(2));
    registers::save_policy(&mut a, &members(json!({ "sources": 3 }))).expect("saved");
    registers::save_policy(&mut b, &members(json!({ "severity": { "one-sided": "error" } }))).expect("saved");
    exchange(&mut a, &mut b);
    let both = json!({ "sources": 3, "severity": { "one-sided": "error" } });
    assert_eq!(Value::Object(together(&registers::policy(&a))), both);
    assert_eq!(registers::policy(&a), registers::policy(&b));
}

#[test]
fn parts_have_an_order_and_may_have_titles() {
    let (mut a, mut b) = (registers(1), registers(2));
    for story in ["plunder", "patronage", "aside"] {
        registers::add_story(&mut a, story, "en").expect("added");
    }
    exchange(&mut a, &mut b);
    registers::set_part(&mut a, "plunder", 2, " The money ").expect("set");
    registers::set_part(&mut b, "patronage", 1, "").expect("set");
    registers::set_part(&mut b, "plunder", 3, "").expect("set");
    exchange(&mut a, &mut b);
    let listed = |doc: &Document| {
        let parts = registers::parts(doc).into_iter();
        parts.map(|part| part.story).collect::<Vec<_>>()
    };
    assert_eq!(listed(&a), ["patronage", "plunder"]);
    assert_eq!(registers::parts(&a), registers::parts(&b));
    registers::set_part(&mut a, "plunder", 1, "First").expect("set");
    registers::set_part(&mut a, "patronage", 0, "").expect("taken out");
    assert_eq!(listed(&a), ["plunder"]);
    assert_eq!(registers::parts(&a)[0].title, "First");
    assert!(matches!(
        registers::set_part(&mut a, "other", 1, ""),
        Err(RegisterError::NoStory { .. })
    ));
}

#[test]
fn parts_are_moved_and_keep_their_titles() {
    let mut doc = registers(1);
    for story in ["a", "b", "c"] {
        registers::add_story(&mut doc, story, "en").expect("added");
    }
    let listed = |doc: &Document| {
        let parts = registers::parts(doc).into_iter();
        parts.map(|part| (part.story, part.number)).collect::<Vec<_>>()
    };
    let moved = |doc: &mut Document, story: &str, by: i64| {
        registers::move_part(doc, story, by).expect("moved");
        listed(doc).into_iter().map(|(story, _)| story).collect::<String>()
    };
    for story in ["a", "b", "c"] {
        moved(&mut doc, story, 0);
    }
    registers::set_part(&mut doc, "c", 3, "The money").expect("set");
    assert_eq!(moved(&mut doc, "c", -1), "acb");
    assert_eq!(moved(&mut doc, "c", -1), "cab");
    assert_eq!(moved(&mut doc, "c", -1), "cab", "the first stays the first");
    assert_eq!(registers::parts(&doc)[0].title, "The money");
    registers::set_part(&mut doc, "a", 0, "").expect("taken out");
    assert_eq!(moved(&mut doc, "b", i64::MIN), "bc");
    assert_eq!(listed(&doc), [("b".to_owned(), 1), ("c".to_owned(), 2)]);
    assert!(matches!(
        registers::move_part(&mut doc, "nowhere", 1),
        Err(RegisterError::NoStory { .. })
    ));
}

// Records of a body.

/// An engine with one page.
struct Desk {
    doc: Document,
    body: Body,
    link: PageLink,
    page: Page,
    seq: u64,
    taken: u64,
}

impl Desk {
    fn new(n: u8, texts: &[&str]) -> Self {
        let block = |(nth, text): (usize, &&str)| Block {
            id: format!("b{nth}"),
            kind: BlockKind::Paragraph,
            text: vec![Span {
                text: (*text).to_owned(),
                marks: Marks::default(),
            }],
        };
        let story = Story {
            komuz: STORY_VERSION,
            lang: "en".to_owned(),
            headline: "Plunder".to_owned(),
            summary: String::new(),
            byline: Vec::new(),
            blocks: texts.iter().enumerate().map(block).collect(),
            citations: Vec::new(),
            sources: Vec::new(),
        };
        let (doc, body) = Body::from_story(&story, &[n; 16]).expect("written");
        Self::of(doc, body)
    }

    fn of(doc: Document, body: Body) -> Self {
        let (link, page) = PageLink::open(&body, 0);
        let page = json::read_page(&page).expect("a page");
        Self {
            doc,
            body,
            link,
            page,
            seq: 0,
            taken: 0,
        }
    }

    /// Another engine that has all that this one has.
    fn other(&mut self, n: u8) -> Self {
        self.doc.take_changes();
        let doc = Document::load(DocKind::Body, &self.doc.save(), &[n; 16]).expect("loads");
        let body = Body::open(&doc).expect("reads");
        Self::of(doc, body)
    }

    fn meet(&mut self, other: &mut Self) {
        exchange(&mut self.doc, &mut other.doc);
        for desk in [&mut *self, other] {
            desk.body.refresh(&desk.doc).expect("reads");
            desk.settle();
        }
        assert_eq!(self.body.page(), other.body.page());
        assert_eq!(self.body.records(), other.body.records());
    }

    fn settle(&mut self) {
        while let Some(batch) = self.link.batch(&self.body) {
            for step in &batch.steps {
                self.page = Step::read(step).expect("a step").apply(&self.page).expect("fits");
            }
            self.taken = batch.batch;
            self.link.taken(batch.batch, "");
        }
        let fresh = Body::open(&self.doc).expect("reads");
        assert_eq!(fresh.page(), self.body.page());
        assert_eq!(fresh.records(), self.body.records());
    }

    fn step(&mut self, step: Step) {
        self.page = step.apply(&self.page).expect("fits");
        self.seq += 1;
        let at = (self.seq, self.taken);
        self.link
            .steps(&mut self.doc, &mut self.body, at, &[step.write()], self.seq * 1000)
            .expect("taken");
        self.settle();
    }

    fn replace(&mut self, from: usize, to: usize, runs: Vec<Run>) {
        self.step(Step::Replace {
            from,
            to,
            slice: Slice::inline(runs),
        });
    }

    fn mark(&mut self, id: &str, span: (u32, u32), save: Value) -> Result<(), StepError> {
        let at = (self.seq, self.taken);
        self.link
            .mark_span(&mut self.doc, &mut self.body, at, span, (id, &members(save)), 0)?;
        self.settle();
        Ok(())
    }

    fn save(&mut self, id: &str, save: Value) {
        self.link
            .save_record(&mut self.doc, &mut self.body, (id, &members(save)), 0)
            .expect("saved");
        self.settle();
    }

    fn remove(&mut self, id: &str) {
        self.link
            .remove_record(&mut self.doc, &mut self.body, id, 0)
            .expect("removed");
        self.settle();
    }

    fn undo(&mut self) {
        assert!(self.link.undo(&mut self.doc, &mut self.body).expect("undone"));
        self.settle();
    }

    fn redo(&mut self) {
        assert!(self.link.redo(&mut self.doc, &mut self.body).expect("done again"));
        self.settle();
    }

    fn said(&self, id: &str) -> Option<Value> {
        let found = self.body.records().into_iter().find(|record| record.id == id);
        found.map(|record| Value::Object(together(&record.members)))
    }
}

fn place(block: &str, offset: u32) -> Place {
    Place {
        block: block.to_owned(),
        offset,
    }
}

#[test]
fn a_claim_stands_on_its_words_as_a_citation_does() {
    let mut desk = Desk::new(1, &["The court froze the accounts.", "Nobody answered."]);
    desk.mark("k-1", (5, 16), json!({ "about": { "e-1": true } }))
        .expect("marked");
    let record = desk.body.records().remove(0);
    assert_eq!(
        (record.kind, record.span),
        (Kind::Claim, Some((place("b0", 4), place("b0", 15))))
    );
    assert_eq!(desk.body.text_of("k-1"), "court froze");
    let anchors: Vec<&str> = desk.body.page().blocks()[0].runs()[1].marks.anchors().collect();
    assert_eq!(anchors, ["k-1"]);
    // Through edits inside, a split and a join.
    desk.replace(10, 10, vec![Run::plain(" quickly")]);
    assert_eq!(desk.body.text_of("k-1"), "court quickly froze");
    desk.step(Step::Replace {
        from: 10,
        to: 10,
        slice: Slice::blocks(
            vec![
                komuz_core::page::Block::new(Some("b0".to_owned()), BlockKind::Paragraph, []),
                komuz_core::page::Block::new(None, BlockKind::Paragraph, []),
            ],
            1,
            1,
        ),
    });
    assert_eq!(desk.body.text_of("k-1"), "court\n quickly froze");
    desk.step(Step::Replace {
        from: 10,
        to: 12,
        slice: Slice::default(),
    });
    assert_eq!(desk.body.text_of("k-1"), "court quickly froze");
    assert!(desk.body.story("en", Vec::new()).citations.is_empty());
    assert!(desk.body.citations().is_empty());
}

#[test]
fn claims_and_answers_travel_with_words_that_are_cut_and_pasted() {
    let mut desk = Desk::new(1, &["The court froze the accounts.", "Nobody answered."]);
    desk.mark("k-1", (5, 16), json!({})).expect("marked");
    desk.mark("a-1", (11, 16), json!({ "reply": "r-1" })).expect("marked");
    let cut = desk.page.blocks()[0].runs().to_vec();
    let cut: Vec<Run> = cut
        .into_iter()
        .filter(|run| run.marks.anchors().next().is_some())
        .collect();
    desk.replace(5, 16, Vec::new());
    assert_eq!(desk.body.records()[0].span, None, "its words are gone");
    let end = desk.page.size() - 1;
    desk.replace(end, end, cut);
    assert_eq!(
        (desk.body.text_of("k-1"), desk.body.text_of("a-1")),
        ("court froze".into(), "froze".into())
    );
    assert_eq!(desk.body.records()[0].span, Some((place("b1", 16), place("b1", 27))));
    desk.undo();
    desk.undo();
    assert_eq!(desk.body.records()[0].span, Some((place("b0", 4), place("b0", 15))));
    assert_eq!(desk.body.text_of("a-1"), "froze");
}

#[test]
fn making_changing_and_removing_a_claim_is_undone_and_done_again() {
    let mut desk = Desk::new(1, &["The court froze the accounts."]);
    desk.mark("k-1", (5, 16), json!({ "about": { "e-1": true } }))
        .expect("marked");
    desk.save(
        "k-1",
        json!({ "evidence": { "x-1": { "source": "s-1", "quote": "froze" } }, "about": { "e-1": null, "e-2": true } }),
    );
    let last = json!({ "about": { "e-2": true }, "evidence": { "x-1": { "source": "s-1", "quote": "froze" } } });
    assert_eq!(desk.said("k-1"), Some(last.clone()));
    desk.mark("k-1", (1, 4), json!({})).expect("moved");
    assert_eq!(desk.body.text_of("k-1"), "The");
    desk.undo();
    assert_eq!(desk.body.text_of("k-1"), "court froze");
    desk.remove("k-1");
    assert_eq!((desk.said("k-1"), desk.body.text_of("k-1")), (None, String::new()));
    desk.undo();
    assert_eq!(
        (desk.said("k-1"), desk.body.text_of("k-1")),
        (Some(last), "court froze".to_owned())
    );
    desk.undo();
    assert_eq!(desk.said("k-1"), Some(json!({ "about": { "e-1": true } })));
    desk.undo();
    assert_eq!(desk.said("k-1"), None);
    desk.redo();
    assert_eq!(desk.said("k-1"), Some(json!({ "about": { "e-1": true } })));
    assert_eq!(desk.body.text_of("k-1"), "court froze");
}

#[test]
fn undoing_a_change_of_a_claim_leaves_what_others_have_changed_since() {
    let mut one = Desk::new(1, &["The court froze the accounts."]);
    one.mark("k-1", (5, 16), json!({ "checked": { "by": "aida", "words": "x" } }))
        .expect("marked");
    let mut other = one.other(2);
    one.save("k-1", json!({ "checked": { "by": "bakyt" }, "about": { "e-1": true } }));
    one.meet(&mut other);
    other.save(
        "k-1",
        json!({ "checked": { "by": "chynara" }, "evidence": { "x-1": { "source": "s-1" } } }),
    );
    one.meet(&mut other);
    one.undo();
    one.meet(&mut other);
    let kept = json!({ "checked": { "by": "chynara", "words": "x" }, "evidence": { "x-1": { "source": "s-1" } } });
    assert_eq!(other.said("k-1"), Some(kept));
    // And what others added to one that was removed comes back with it.
    one.remove("k-1");
    other.save("k-1", json!({ "evidence": { "x-2": { "source": "s-2" } } }));
    one.meet(&mut other);
    assert_eq!(one.said("k-1"), None);
    one.undo();
    one.meet(&mut other);
    assert_eq!(
        other.said("k-1").expect("back")["evidence"]["x-2"],
        json!({ "source": "s-2" })
    );
}

#[test]
fn records_that_two_people_make_at_once_under_one_id_keep_the_members_of_both() {
    let mut one = Desk::new(1, &["One."]);
    let mut other = one.other(2);
    one.save("o-kloop", json!({ "headline": "Талап-тоноо", "note": "Ours" }));
    other.save("o-kloop", json!({ "summary": "In two parts" }));
    one.meet(&mut other);
    let both = json!({ "headline": "Талап-тоноо", "note": "Ours", "summary": "In two parts" });
    assert_eq!(one.said("o-kloop"), Some(both));
    // What goes is gone from wherever it lay.
    other.save("o-kloop", json!({ "headline": "", "summary": "", "note": "New" }));
    one.meet(&mut other);
    assert_eq!(one.said("o-kloop"), Some(json!({ "note": "New" })));
    one.remove("o-kloop");
    one.meet(&mut other);
    assert_eq!(other.said("o-kloop"), None);
}

#[test]
fn only_what_stands_in_the_text_is_marked_and_only_what_a_body_holds_is_saved_in_it() {
    let mut desk = Desk::new(1, &["One."]);
    for id in ["o-kloop", "e-1", "c-1", "k-", "t-1"] {
        assert!(desk.mark(id, (1, 3), json!({})).is_err(), "{id}");
    }
    let refused = desk.mark("k-1", (1, 1), json!({}));
    assert!(matches!(refused, Err(StepError::Body(BodyError::EmptySpan))));
    for id in ["e-1", "c-1", "b-"] {
        let refused = desk.body.save_record(&mut desk.doc, id, &Members::new());
        assert!(
            matches!(refused, Err(BodyError::Record(RecordError::Id { .. }))),
            "{id}"
        );
    }
    for id in ["k-9", "c-1"] {
        let refused = desk.body.remove_record(&mut desk.doc, id);
        assert!(
            matches!(refused, Err(BodyError::Record(RecordError::Missing { .. }))),
            "{id}"
        );
    }
    assert!(desk.body.records().is_empty());
}

/// An edition that begins with the text of another.
fn begun_from(other: &Body, is_original: bool) -> (Document, Body) {
    let mut doc = Document::new(DocKind::Body, &[7; 16]);
    let mut body = Body::open(&doc).expect("reads");
    body.begin_translation(&mut doc, &other.story("en", vec![]), other.links_for_copy(is_original))
        .expect("begun");
    (doc, body)
}

fn links(body: &Body) -> Vec<(String, String, String)> {
    let link = |record: &Recorded| {
        let text = |name: &str| record.members.get(name).and_then(Value::as_str).unwrap_or_default();
        (record.id.clone(), text("of").to_owned(), text("words").to_owned())
    };
    let all = body.records();
    all.iter()
        .filter(|record| record.kind == Kind::Link)
        .map(link)
        .collect()
}

#[test]
fn an_edition_that_begins_with_the_originals_text_says_of_each_block_what_it_is_to_translate() {
    let original = Desk::new(1, &["The court froze the accounts.", "", "Nobody answered."]);
    let (_, begun) = begun_from(&original.body, true);
    let link = |id: &str, of: &str, words: &str| (id.to_owned(), of.to_owned(), words.to_owned());
    let court = link("b-b0", "b0", "The court froze the accounts.");
    let nobody = link("b-b2", "b2", "Nobody answered.");
    assert_eq!(links(&begun), [court, link("b-b1", "b1", ""), nobody]);
    // One that begins with a translation's text translates the same original, from the same words.
    let mut translation = Desk::new(2, &["Сот эсептерди токтотту.", "Жаңы."]);
    translation.save("b-b0", json!({ "of": "b9", "words": "The court froze accounts." }));
    let (_, begun) = begun_from(&translation.body, false);
    assert_eq!(links(&begun), [link("b-b0", "b9", "The court froze accounts.")]);
    assert_eq!(
        begun.story("ky", vec![]).blocks[0].plain_text(),
        "Сот эсептерди токтотту."
    );
}

#[test]
fn a_block_longer_than_a_record_keeps_begins_without_what_it_translates() {
    let original = Desk::new(1, &["Short.", &"ө".repeat(records::MAX_TEXT + 1)]);
    let (_, begun) = begun_from(&original.body, true);
    assert_eq!(
        links(&begun),
        [("b-b0".to_owned(), "b0".to_owned(), "Short.".to_owned())]
    );
    assert_eq!(begun.story("en", vec![]).blocks.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the ids of the original's blocks are, each block of the new edition leads to the one that it was made from, and
    /// others take all of it in.
    #[test]
    fn every_block_of_a_new_edition_leads_to_the_one_that_it_was_made_from(
        blocks in prop::collection::vec(("[ab]{0,2}|б", "[a-zA-Zөү ]{0,40}", prop::bool::weighted(0.1)), 1..30),
    ) {
        let block = |(id, text, rule): &(String, String, bool)| Block {
            id: id.clone(),
            kind: if *rule { BlockKind::Rule } else { BlockKind::Paragraph },
            text: vec![Span { text: if *rule { String::new() } else { text.clone() }, marks: Marks::default() }],
        };
        let mut story = Desk::new(1, &[]).body.story("en", vec![]);
        story.blocks = blocks.iter().map(block).collect();
        let (_, original) = Body::from_story(&story, &[1; 16]).expect("written");
        let (mut doc, begun) = begun_from(&original, true);

        let (was, now) = (original.story("en", vec![]).blocks, begun.story("en", vec![]).blocks);
        prop_assert_eq!(was.len(), now.len());
        let pairs = was.iter().zip(&now).filter(|(was, now)| {
            was.kind != BlockKind::Rule && Kind::of(&format!("b-{}", now.id)).is_some()
        });
        let mut expected: Vec<_> = pairs
            .map(|(was, now)| (format!("b-{}", now.id), was.id.clone(), was.plain_text()))
            .collect();
        let mut all = links(&begun);
        expected.sort();
        all.sort();
        prop_assert_eq!(all, expected);

        let mut other = Document::new(DocKind::Body, &[9; 16]);
        other.apply(changes(&mut doc)).expect("applies");
        prop_assert_eq!(links(&Body::open(&other).expect("reads")), links(&begun));
    }
}

#[test]
fn records_read_as_they_were_at_an_old_version() {
    let mut desk = Desk::new(1, &["The court froze the accounts."]);
    desk.save("o-kloop", json!({ "headline": "Old" }));
    let then = desk.doc.heads();
    desk.save("o-kloop", json!({ "headline": "New" }));
    let old = Body::at(&desk.doc, &then).expect("reads");
    assert_eq!(old.fronts()["kloop"].headline, "Old");
    assert_eq!(desk.body.fronts()["kloop"].headline, "New");
}

#[test]
fn changes_of_records_pass_the_gate_of_others() {
    let binding = Binding {
        device: vec![1; 32],
        session: vec![1; 16],
        kind: DocKind::Body,
    };
    let actor = session_actor(&binding.device, &binding.session);
    let mut doc = Document::new(DocKind::Body, &actor);
    let mut body = Body::open(&doc).expect("reads");
    let most = (0..records::MAX_MEMBERS).map(|nth| (format!("evidence.x-{nth}.quote"), "ө".repeat(500).into()));
    body.save_record(&mut doc, "h-headline", &most.collect())
        .expect("saved");
    let longest = members(json!({ "note": "ө".repeat(records::MAX_TEXT) }));
    body.save_record(&mut doc, "o-kloop", &longest).expect("saved");
    body.remove_record(&mut doc, "h-headline").expect("removed");
    let mut gate = Gate::of(&Document::new(DocKind::Body, &[9; 32]));
    for change in doc.take_changes() {
        assert!(matches!(gate.admit(&binding, &change), Verdict::Apply(_)));
    }
}

// Bad faith.

/// A document with what `write` puts into it, past all of our own functions.
fn raw(kind: DocKind, write: impl FnOnce(&mut AutoCommit)) -> Document {
    let options = LoadOptions::new().text_encoding(TextEncoding::Utf16CodeUnit);
    let saved = Document::new(kind, &[1; 16]).save();
    let mut doc = AutoCommit::load_with_options(&saved, options)
        .expect("loads")
        .with_actor(ActorId::from([7; 16]));
    write(&mut doc);
    Document::load(kind, &doc.save(), &[2; 16]).expect("loads")
}

fn root_of(doc: &AutoCommit, name: &str) -> automerge::ObjId {
    doc.get(ROOT, name).expect("reads").expect("there").1
}

#[test]
fn values_of_wrong_types_in_records_are_left_out_and_the_rest_is_read() {
    let write = |root: &'static str, good: &'static str, kind: &'static str| {
        move |doc: &mut AutoCommit| {
            let root = root_of(doc, root);
            let map = doc.put_object(&root, good, ObjType::Map).unwrap();
            doc.put(&map, "kind", kind).unwrap();
            doc.put(&map, "order", "first").unwrap();
            doc.put(&map, "removed", "yes").unwrap();
            doc.put(&map, "start", 7).unwrap();
            doc.put(&map, "role", "here").unwrap();
            doc.put(&map, "float", 1.5).unwrap();
            doc.put(&map, "bytes", vec![1u8, 2]).unwrap();
            doc.put(&map, "null", ()).unwrap();
            doc.put(&map, "broken[]", "[1").unwrap();
            doc.put(&map, "object[]", "{}").unwrap();
            doc.put(&map, "[]", "[]").unwrap();
            doc.put(&map, "", "x").unwrap();
            doc.put(&map, "a.a.a.a.a.a.a.a.a", "too deep").unwrap();
            doc.put(&map, "x".repeat(400), "too long").unwrap();
            doc.put_object(&map, "inner", ObjType::Map).unwrap();
            doc.put_object(&map, "list", ObjType::List).unwrap();
            let text = doc.put_object(&map, "text", ObjType::Text).unwrap();
            doc.splice_text(&text, 0, 0, "no").unwrap();
            let mut deep = "[".repeat(5_000);
            deep.push_str(&"]".repeat(5_000));
            doc.put(&map, "deep[]", deep).unwrap();
            doc.put(&root, "k-2", "no map").unwrap();
            doc.put(&root, "e-2", 7).unwrap();
            doc.put_object(&root, "e-3", ObjType::List).unwrap();
            doc.put_object(&root, "k-ө", ObjType::Map).unwrap();
            let other = doc.put_object(&root, "k-4", ObjType::Map).unwrap();
            doc.put(&other, "kind", "front").unwrap();
        }
    };
    let doc = raw(DocKind::Registers, write("evidence", "e-1", "entity"));
    assert_eq!(entities(&doc), [("e-1".to_owned(), json!({ "role": "here" }))]);
    let doc = raw(DocKind::Body, write("claims", "k-1", "claim"));
    let body = Body::open(&doc).expect("reads");
    let found = body.records();
    assert_eq!((found.len(), found[0].id.as_str(), &found[0].span), (1, "k-1", &None));
    assert_eq!(together(&found[0].members)["role"], json!("here"));
    for root in ["policy", "parts"] {
        let doc = raw(DocKind::Registers, write(root, "e-1", "entity"));
        registers::policy(&doc);
        assert!(registers::parts(&doc).is_empty());
    }
    let mut doc = raw(DocKind::Registers, write("sources", "about", "x"));
    registers::source_record(&doc, "about", None);
    assert!(registers::save_policy(&mut doc, &members(json!({ "sources": 2 }))).is_ok());
    assert!(registers::save_record(&mut Document::new(DocKind::Notes, &[1; 16]), "e-1", &Members::new()).is_err());
}

#[test]
fn texts_of_many_megabytes_in_records_are_clipped() {
    let huge = "ө".repeat(25 << 20);
    let doc = raw(DocKind::Body, |doc| {
        let root = root_of(doc, "claims");
        let map = doc.put_object(&root, "k-1", ObjType::Map).unwrap();
        doc.put(&map, "kind", "claim").unwrap();
        doc.put(&map, "start", huge.as_str()).unwrap();
        doc.put(&map, "end", "1@00").unwrap();
        doc.put(&map, "quote", huge.as_str()).unwrap();
        doc.put(&map, "list[]", format!("[\"{huge}\"]")).unwrap();
    });
    let body = Body::open(&doc).expect("reads");
    let record = body.records().remove(0);
    assert_eq!(
        record.members["quote"].as_str().map(|text| text.chars().count()),
        Some(records::MAX_TEXT)
    );
    assert_eq!((record.members.len(), record.span), (1, None));
    let doc = raw(DocKind::Registers, |doc| {
        let root = root_of(doc, "evidence");
        let map = doc.put_object(&root, "e-1", ObjType::Map).unwrap();
        doc.put(&map, "kind", "entity").unwrap();
        doc.put(&map, "role", huge.as_str()).unwrap();
        let policy = root_of(doc, "policy");
        doc.put(&policy, "sources", huge.as_str()).unwrap();
    });
    assert_eq!(
        entities(&doc)[0].1["role"].as_str().map(str::len),
        Some(2 * records::MAX_TEXT)
    );
    assert_eq!(
        registers::policy(&doc)["sources"].as_str().map(str::len),
        Some(2 * records::MAX_TEXT)
    );
}

#[test]
fn of_absurdly_many_records_and_members_the_first_are_read() {
    let doc = raw(DocKind::Registers, |doc| {
        let root = root_of(doc, "evidence");
        for nth in 0..6_000 {
            let map = doc.put_object(&root, format!("e-{nth:05}"), ObjType::Map).unwrap();
            doc.put(&map, "kind", "entity").unwrap();
        }
        for nth in 0..20_000 {
            doc.put(&root, format!("junk-{nth:05}"), nth).unwrap();
        }
        let map = doc.put_object(&root, "r-1", ObjType::Map).unwrap();
        doc.put(&map, "kind", "reply").unwrap();
        for nth in 0..20_000 {
            doc.put(&map, format!("z.{nth:05}"), nth).unwrap();
        }
    });
    assert_eq!(registers::records(&doc, Kind::Entity).len(), Kind::Entity.most());
    let reply = registers::records(&doc, Kind::Reply).remove(0);
    assert!((1_900..=2 * records::MAX_MEMBERS).contains(&reply.members.len()));
    let doc = raw(DocKind::Body, |doc| {
        let root = root_of(doc, "claims");
        for nth in 0..12_000 {
            let map = doc.put_object(&root, format!("k-{nth:05}"), ObjType::Map).unwrap();
            doc.put(&map, "kind", "claim").unwrap();
            doc.put(&map, "start", format!("{nth}@0708")).unwrap();
            doc.put(&map, "end", format!("{nth}@0708+")).unwrap();
        }
    });
    let body = Body::open(&doc).expect("reads");
    assert_eq!(body.records().len(), Kind::Claim.most());
    assert!(body.records().iter().all(|record| record.span.is_none()));
}
