//! What went wrong elsewhere and must not here, each by its name; and the rules of the exchange with a page.

use automerge::transaction::Transactable;
use automerge::{Change, ObjType, ROOT, ReadDoc};
use komuz_release::story::BlockKind;
use serde_json::json;

use super::*;
use crate::body::ThreadSpan;
use crate::document::DocKind;
use crate::page::{Block, Mark, Run, Slice};

/// One person with a page.
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
    fn new(n: u8) -> Self {
        Self::on(Document::new(DocKind::Body, &[n; 16]))
    }

    fn on(doc: Document) -> Self {
        let body = Body::open(&doc).unwrap();
        let (link, page) = PageLink::open(&body, 0);
        Self {
            doc,
            body,
            link,
            page: json::read_page(&page).unwrap(),
            seq: 0,
            taken: 0,
            now: 0,
        }
    }

    /// A second desk with the same text.
    fn other(&self, n: u8) -> Self {
        Self::on(Document::load(DocKind::Body, &self.doc.save(), &[n; 16]).unwrap())
    }

    fn send(&mut self, steps: &[Step]) {
        self.now += 10_000;
        for step in steps {
            self.page = step.apply(&self.page).unwrap();
        }
        self.seq += 1;
        let steps: Vec<Value> = steps.iter().map(Step::write).collect();
        self.link
            .steps(&mut self.doc, &mut self.body, (self.seq, self.taken), &steps, self.now)
            .unwrap();
    }

    fn settle(&mut self) -> Option<(u32, u32)> {
        let batch = self.link.batch(&self.body)?;
        assert_eq!(batch.seq, self.seq);
        for step in &batch.steps {
            self.page = Step::read(step).unwrap().apply(&self.page).unwrap();
        }
        self.taken = batch.batch;
        self.link.taken(batch.batch, &hash::hash(&self.page));
        assert!(!self.link.is_lost());
        assert_eq!(self.page, *self.body.page());
        batch.selection
    }

    fn take(&mut self, other: &Desk) {
        let changes: Vec<Change> = other.doc.automerge().get_changes(&[]);
        self.doc.apply(changes).unwrap();
        self.body.refresh(&self.doc).unwrap();
    }

    fn meet(&mut self, other: &mut Desk) {
        self.take(other);
        other.take(self);
        self.settle();
        other.settle();
        assert_eq!(self.body.page(), other.body.page());
    }

    fn undo(&mut self) {
        assert!(self.link.undo(&mut self.doc, &mut self.body).unwrap());
        self.settle();
    }

    fn redo(&mut self) {
        assert!(self.link.redo(&mut self.doc, &mut self.body).unwrap());
        self.settle();
    }

    fn texts(&self) -> Vec<String> {
        self.body
            .page()
            .blocks()
            .iter()
            .map(|block| block.plain_text())
            .collect()
    }

    fn cite(&mut self, id: &str, from: u32, to: u32) {
        let at = (self.seq, self.taken);
        self.now += 10_000;
        self.link
            .cite(
                &mut self.doc,
                &mut self.body,
                at,
                (from, to),
                (id, "s1", "p. 2", ""),
                self.now,
            )
            .unwrap();
    }

    /// A section more: text before its first marker continues the block before it.
    fn add_section(&mut self, rest: &str, paragraphs: &[&str]) {
        let (_, sections) = self.doc.automerge().get(ROOT, "sections").unwrap().unwrap();
        self.doc
            .transact(|tx| {
                let section = tx.insert_object(&sections, tx.length(&sections), ObjType::Text)?;
                tx.splice_text(&section, 0, 0, rest)?;
                for text in paragraphs {
                    let block = tx.split_block(&section, tx.length(&section))?;
                    tx.put(&block, "type", "paragraph")?;
                    tx.splice_text(&section, tx.length(&section), 0, text)?;
                }
                Ok(())
            })
            .unwrap();
        self.body.refresh(&self.doc).unwrap();
        self.settle();
    }

    fn cited(&self, id: &str) -> String {
        self.body.text_of(id)
    }
}

fn typing(at: usize, text: &str) -> Step {
    Step::Replace {
        from: at,
        to: at,
        slice: Slice::inline(vec![Run::plain(text)]),
    }
}

fn deletion(from: usize, to: usize) -> Step {
    Step::Replace {
        from,
        to,
        slice: Slice::default(),
    }
}

fn paragraph(text: &str) -> Block {
    Block::new(None, BlockKind::Paragraph, [Run::plain(text)])
}

fn split(at: usize) -> Step {
    Step::Replace {
        from: at,
        to: at,
        slice: Slice::blocks(vec![paragraph(""), paragraph("")], 1, 1),
    }
}

fn retype(desk: &Desk, block: usize, kind: BlockKind) -> Step {
    let from = desk.page.position(Place::Gap(block));
    let to = from + desk.page.blocks()[block].size();
    let wrapper = Block::new(desk.page.blocks()[block].id.clone(), kind, []);
    let slice = Slice::blocks(vec![wrapper], 0, 0);
    Step::ReplaceAround {
        from,
        to,
        gap_from: from + 1,
        gap_to: to - 1,
        slice,
        insert: 1,
    }
}

/// A desk with paragraphs.
fn desk(texts: &[&str]) -> Desk {
    let mut desk = Desk::new(1);
    let blocks = texts.iter().map(|text| paragraph(text)).collect();
    desk.send(&[Step::Replace {
        from: 0,
        to: 2,
        slice: Slice::blocks(blocks, 0, 0),
    }]);
    desk.settle();
    desk
}

#[test]
fn words_typed_into_a_block_that_somebody_deletes_stay() {
    // prosemirror-collab drops them: /docs/design.md, section 4.
    let mut here = desk(&["first", "second para", "third"]);
    let mut there = here.other(2);
    here.send(&[typing(14, " TYPED WORDS")]);
    there.send(&[deletion(7, 20)]);
    here.meet(&mut there);
    assert_eq!(here.texts(), ["first TYPED WORDS", "third"]);
}

#[test]
fn steps_made_on_an_old_version_go_where_they_were_meant() {
    let mut here = desk(&["one two three"]);
    let mut there = here.other(2);
    there.send(&[deletion(1, 5), typing(1, "zero and ")]);
    here.take(&there);
    // The page has not seen it; it types behind "two" and deletes "three".
    here.send(&[typing(8, "!")]);
    here.send(&[deletion(10, 15)]);
    here.settle();
    assert_eq!(here.texts(), ["zero and two! "]);
}

#[test]
fn a_page_that_drops_a_batch_gets_another() {
    let mut here = desk(&["one"]);
    let mut there = here.other(2);
    there.send(&[typing(1, "two ")]);
    here.take(&there);
    let dropped = here.link.batch(&here.body).unwrap();
    assert!(here.link.batch(&here.body).is_none(), "one batch at a time");
    here.send(&[typing(4, "!")]);
    let next = here.link.batch(&here.body).unwrap();
    assert!(next.batch > dropped.batch);
    assert_eq!((dropped.seq + 1, next.seq), (here.seq, here.seq));
    for step in &next.steps {
        here.page = Step::read(step).unwrap().apply(&here.page).unwrap();
    }
    assert_eq!(here.page, *here.body.page());
    assert_eq!(here.texts(), ["two one!"]);
}

#[test]
fn steps_that_come_twice_count_once_and_missing_ones_are_named() {
    let mut here = desk(&["one"]);
    here.send(&[typing(1, "x")]);
    let again = [typing(1, "x").write()];
    here.link
        .steps(&mut here.doc, &mut here.body, (here.seq, here.taken), &again, 0)
        .unwrap();
    assert_eq!(here.texts(), ["xone"]);
    here.settle();
    let mut steps = |seq, taken| {
        let mut link = here.link.clone();
        let done = link.steps(&mut here.doc, &mut here.body, (seq, taken), &again, 0);
        assert_eq!(link.is_lost(), done.is_err());
        done
    };
    assert!(matches!(steps(here.seq + 2, here.taken), Err(StepError::Gap { .. })));
    assert!(matches!(
        steps(here.seq + 1, here.taken - 1),
        Err(StepError::Version { .. })
    ));
}

#[test]
fn what_is_said_of_a_document_that_is_not_shown_any_more_is_passed_over() {
    let mut here = desk(&["one"]);
    let old = (here.seq + 1, here.taken);
    here.page = json::read_page(&here.link.reopen(&here.body, 1 << 32)).unwrap();
    (here.seq, here.taken) = (0, 1 << 32);
    let steps = [typing(1, "old ").write()];
    for (seq, taken) in [old, (1, 0), (1, 2 << 32)] {
        here.link
            .steps(&mut here.doc, &mut here.body, (seq, taken), &steps, 0)
            .unwrap();
        let whole = json::write_page(&Page::new([paragraph("old")]));
        here.link
            .whole(&mut here.doc, &mut here.body, (seq, taken), &whole, 0)
            .unwrap();
        here.link.taken(taken, "another document's");
        assert!(here.link.point((seq, taken), 1).is_none());
    }
    assert!(!here.link.is_lost());
    assert_eq!(here.texts(), ["one"]);
    here.send(&[typing(1, "new ")]);
    assert_eq!(here.texts(), ["new one"]);
}

#[test]
fn a_page_that_cannot_be_followed_gives_its_whole_document_and_no_word_is_lost() {
    let mut here = desk(&["one", "two", "three"]);
    let mut there = here.other(2);
    there.send(&[typing(2, "N")]);
    here.take(&there);
    // Something that only this page knows how to do, and typing after it, all before the engine says a word.
    here.page = typing(6, "typed ").apply(&here.page).unwrap();
    here.page = split(15).apply(&here.page).unwrap();
    let unknown = [json!({ "stepType": "zoom", "by": 2 })];
    let at = (here.seq + 1, here.taken);
    let refused = here.link.steps(&mut here.doc, &mut here.body, at, &unknown, 0);
    assert!(matches!(refused, Err(StepError::Step { .. })));
    here.page = typing(1, "more ").apply(&here.page).unwrap();
    let more = [typing(1, "more ").write()];
    here.link
        .steps(&mut here.doc, &mut here.body, (at.0 + 1, at.1), &more, 0)
        .unwrap();
    assert!(here.link.batch(&here.body).is_none(), "it would not fit");
    here.seq += 2;
    here.now += 10_000;
    let whole = json::write_page(&here.page);
    here.link
        .whole(&mut here.doc, &mut here.body, (here.seq, here.taken), &whole, here.now)
        .unwrap();
    here.settle();
    assert_eq!(here.texts(), ["more oNne", "typed two", "", "three"]);
    here.send(&[typing(1, "and ")]);
    here.meet(&mut there);
    assert_eq!(there.texts()[0], "and more oNne");
    here.undo();
    here.undo();
    assert_eq!(here.texts(), ["oNne", "two", "three"]);
}

#[test]
fn blocks_that_have_no_identity_yet_are_not_written_again_beside_one_that_is_replaced_by_itself() {
    let mut here = desk(&["one two three"]);
    // Enter twice; the engine has the steps, the page does not know the new blocks' identities.
    here.send(&[split(4), split(10)]);
    let mut there = here.other(2);
    assert_eq!(here.page.blocks()[1].id, None);
    let old = here.page.blocks()[0].clone();
    let again = Block::new(old.id.clone(), old.kind.clone(), [Run::plain("one, typed over")]);
    there.send(&[deletion(6, 10)]);
    here.send(&[Step::Replace {
        from: 0,
        to: old.size(),
        slice: Slice::blocks(vec![again], 0, 0),
    }]);
    here.meet(&mut there);
    assert_eq!(here.texts(), ["one, typed over", "", " three"]);
}

#[test]
fn a_block_that_goes_with_text_that_had_lost_its_marker_is_missed_by_nobody() {
    let mut here = desk(&["one", "two", "three"]);
    let mut there = here.other(2);
    let mut away = here.other(3);
    // What is typed into a first block that somebody deletes has no marker.
    here.send(&[typing(4, "!")]);
    away.take(&here);
    there.send(&[deletion(0, 5)]);
    here.meet(&mut there);
    assert_eq!(here.texts(), ["!", "two", "three"]);
    away.doc.apply(here.doc.automerge().get_changes(&[])).unwrap();
    // Backspace over it and the block behind it, both before the text is read elsewhere.
    here.send(&[deletion(1, 4)]);
    away.take(&here);
    assert_eq!(away.body.page(), here.body.page());
}

#[test]
fn a_page_that_shows_something_else_is_found_out_when_it_is_idle() {
    let mut here = desk(&["one"]);
    here.link.taken(here.taken, &hash::hash(&here.page));
    assert!(!here.link.is_lost());
    here.page = typing(4, " and a half").apply(&here.page).unwrap();
    here.link.taken(here.taken, &hash::hash(&here.page));
    assert!(here.link.is_lost());
    let whole = json::write_page(&here.page);
    here.link
        .whole(&mut here.doc, &mut here.body, (here.seq, here.taken), &whole, 0)
        .unwrap();
    assert_eq!(here.texts(), ["one and a half"]);
    here.link.taken(here.taken, &hash::hash(&here.page));
    assert!(!here.link.is_lost());
}

#[test]
fn a_batch_of_steps_with_a_wrong_one_changes_nothing() {
    let mut here = desk(&["one"]);
    let before = here.doc.heads();
    for wrong in [
        json!({ "stepType": "replace", "from": 1, "to": 99 }),
        json!({ "stepType": "replace", "from": 3, "to": 1 }),
        json!({ "stepType": "replace", "from": 1, "to": 1, "slice": { "content": [{ "type": "table" }] } }),
        json!({ "stepType": "replace", "from": 0, "to": 0, "slice": { "content": [{ "type": "text", "text": "x" }] } }),
        json!({ "stepType": "replace", "from": 1, "to": 1, "slice": { "content": [{ "type": "rule" }], "openStart": 1, "openEnd": 1 } }),
        json!({ "stepType": "replace", "from": 0, "to": 5 }),
        json!({ "stepType": "zoom", "from": 1, "to": 2 }),
        json!({ "stepType": "attr", "pos": 2, "attr": "level", "value": 2 }),
        json!(null),
    ] {
        let steps = [typing(1, "x").write(), wrong];
        let result = here
            .link
            .clone()
            .steps(&mut here.doc, &mut here.body, (here.seq + 1, here.taken), &steps, 0);
        assert!(
            matches!(result, Err(StepError::Step { index: 1, .. })),
            "{:?}",
            steps[1]
        );
        assert_eq!(here.doc.heads(), before);
    }
}

#[test]
fn an_unknown_step_that_says_what_it_replaces_is_taken_as_that() {
    let mut here = desk(&["one"]);
    let step = json!({ "stepType": "smartReplace", "from": 1, "to": 4, "slice": { "content": [{ "type": "text", "text": "two" }] } });
    here.link
        .steps(&mut here.doc, &mut here.body, (here.seq + 1, here.taken), &[step], 0)
        .unwrap();
    assert_eq!(here.texts(), ["two"]);
}

#[test]
fn a_position_inside_a_surrogate_pair_is_refused() {
    let mut here = desk(&["a😀b"]);
    let before = here.doc.heads();
    for step in [
        typing(3, "x"),
        deletion(2, 3),
        deletion(3, 4),
        Step::AddMark {
            from: 2,
            to: 3,
            mark: Mark::Strong,
        },
    ] {
        let result = here.link.clone().steps(
            &mut here.doc,
            &mut here.body,
            (here.seq + 1, here.taken),
            &[step.write()],
            0,
        );
        let Err(StepError::Step { reason, .. }) = result else {
            panic!("{step:?} was taken")
        };
        assert!(matches!(reason, PageError::InsideCharacter { .. }), "{reason}");
    }
    assert_eq!(here.doc.heads(), before);
}

#[test]
fn text_around_a_surrogate_pair_is_counted_in_utf16() {
    let mut here = desk(&["a😀b"]);
    here.send(&[typing(4, "ө"), deletion(2, 4)]);
    assert_eq!(here.texts(), ["aөb"]);
}

#[test]
fn the_placeholder_of_block_markers_is_stripped() {
    let mut here = desk(&["ab"]);
    here.send(&[typing(2, "x\u{fffc}y")]);
    here.send(&[typing(5, "!")]);
    here.settle();
    assert_eq!(here.texts(), ["axy!b"]);
    assert_eq!(here.page.blocks()[0].plain_text(), "axy!b");
}

#[test]
fn two_type_changes_at_once_leave_one_block() {
    // Automerge's replace_block leaves two.
    let mut here = desk(&["abc"]);
    let mut there = here.other(2);
    here.send(&[retype(&here, 0, BlockKind::Heading { level: 2 })]);
    there.send(&[retype(&there, 0, BlockKind::Quote)]);
    here.meet(&mut there);
    assert_eq!(here.texts(), ["abc"]);
}

#[test]
fn a_type_change_keeps_the_block_and_what_is_typed_in_it() {
    let mut here = desk(&["abc"]);
    let id = here.page.blocks()[0].id.clone();
    let mut there = here.other(2);
    here.send(&[retype(
        &here,
        0,
        BlockKind::Item {
            ordered: true,
            depth: 1,
        },
    )]);
    there.send(&[typing(4, "d")]);
    here.meet(&mut there);
    let block = &here.body.page().blocks()[0];
    assert_eq!((block.id.clone(), block.plain_text()), (id, "abcd".to_owned()));
    assert_eq!(
        block.kind,
        BlockKind::Item {
            ordered: true,
            depth: 1
        }
    );
}

#[test]
fn two_people_set_two_attributes_of_one_block() {
    let figure = |alt: &str, credit: &str| BlockKind::Figure {
        file: String::new(),
        media: String::new(),
        alt: alt.into(),
        credit: credit.into(),
    };
    let mut here = desk(&["caption"]);
    here.send(&[retype(&here, 0, figure("", ""))]);
    here.settle();
    let mut there = here.other(2);
    here.send(&[Step::Attr {
        pos: 0,
        attr: "alt".into(),
        value: "A bridge".into(),
    }]);
    there.send(&[Step::Attr {
        pos: 0,
        attr: "credit".into(),
        value: "Kloop".into(),
    }]);
    here.meet(&mut there);
    assert_eq!(here.body.page().blocks()[0].kind, figure("A bridge", "Kloop"));
}

#[test]
fn two_joins_of_one_boundary_double_nothing() {
    // Joining by moving text doubles it: /docs/design.md, section 3.
    let mut here = desk(&["End of one.", "Start of two."]);
    let mut there = here.other(2);
    let mut third = here.other(3);
    here.send(&[deletion(12, 14)]);
    there.send(&[deletion(12, 14)]);
    third.send(&[typing(19, " NEW")]);
    here.meet(&mut there);
    here.meet(&mut third);
    assert_eq!(here.texts(), ["End of one.Start NEW of two."]);
}

#[test]
fn a_split_and_words_in_the_second_half_merge() {
    let mut here = desk(&["one two"]);
    let mut there = here.other(2);
    here.send(&[split(4)]);
    there.send(&[typing(8, " three")]);
    here.meet(&mut there);
    assert_eq!(here.texts(), ["one", " two three"]);
}

#[test]
fn a_split_that_copies_the_identity_gets_a_new_one() {
    let mut here = desk(&["one two"]);
    let old = here.page.blocks()[0].clone();
    let half = Block::new(old.id.clone(), BlockKind::Paragraph, []);
    here.send(&[Step::Replace {
        from: 4,
        to: 4,
        slice: Slice::blocks(vec![half.clone(), half], 1, 1),
    }]);
    here.settle();
    let ids: Vec<_> = here.page.blocks().iter().map(|block| block.id.clone()).collect();
    assert_eq!(ids[0], old.id, "the oldest keeps it");
    assert_ne!(ids[1], old.id);
    assert!(ids[1].is_some());
}

#[test]
fn a_paragraph_pasted_twice_is_two_blocks() {
    let mut here = desk(&["one"]);
    let copy = here.page.blocks()[0].as_ref().clone();
    here.send(&[Step::Replace {
        from: 5,
        to: 5,
        slice: Slice::blocks(vec![copy.clone(), copy], 0, 0),
    }]);
    here.settle();
    let mut ids: Vec<_> = here.page.blocks().iter().map(|block| block.id.clone()).collect();
    ids.dedup();
    assert_eq!((ids.len(), here.texts()), (3, vec!["one".to_owned(); 3]));
}

#[test]
fn a_block_replaced_by_itself_keeps_its_marker_and_others_words() {
    let mut here = desk(&["one two"]);
    let mut there = here.other(2);
    let id = here.page.blocks()[0].id.clone();
    let again = Block::new(id.clone(), BlockKind::Paragraph, [Run::plain("one, two")]);
    here.send(&[Step::Replace {
        from: 0,
        to: 9,
        slice: Slice::blocks(vec![again], 0, 0),
    }]);
    there.send(&[typing(8, " three")]);
    here.meet(&mut there);
    assert_eq!(
        (here.texts(), here.page.blocks()[0].id.clone()),
        (vec!["one, two three".to_owned()], id)
    );
}

#[test]
fn a_steps_marks_are_authoritative() {
    let mut here = desk(&["bold"]);
    here.send(&[Step::AddMark {
        from: 1,
        to: 5,
        mark: Mark::Strong,
    }]);
    // Automerge would make this strong, since strong grows at its end; the page says that it is not.
    here.send(&[typing(5, " plain")]);
    // And this, at its start, it would leave plain.
    let strong = Run::new("very ", crate::page::Marks::new([Mark::Strong]));
    here.send(&[Step::Replace {
        from: 1,
        to: 1,
        slice: Slice::inline(vec![strong]),
    }]);
    here.settle();
    let fresh = Body::open(&here.doc).unwrap();
    let runs: Vec<_> = fresh.page().blocks()[0]
        .runs()
        .iter()
        .map(|run| (run.text.as_str(), run.marks.is_empty()))
        .collect();
    assert_eq!(runs, [("very bold", false), (" plain", true)]);
}

#[test]
fn a_mark_covers_what_somebody_else_is_typing_inside() {
    let mut here = desk(&["one two"]);
    let mut there = here.other(2);
    there.send(&[typing(4, " and a half")]);
    here.take(&there);
    // The page has not seen the half yet.
    here.send(&[Step::AddMark {
        from: 1,
        to: 8,
        mark: Mark::Emphasis,
    }]);
    here.meet(&mut there);
    assert_eq!(here.body.page().blocks()[0].runs().len(), 1);
}

#[test]
fn an_unsafe_link_does_not_get_into_the_body_and_leaves_the_page() {
    let mut here = desk(&["word"]);
    here.send(&[Step::AddMark {
        from: 1,
        to: 5,
        mark: Mark::Link("javascript:alert(1)".into()),
    }]);
    assert!(!here.page.blocks()[0].runs()[0].marks.is_empty());
    here.settle();
    assert!(here.page.blocks()[0].runs()[0].marks.is_empty());
}

#[test]
fn unknown_blocks_and_marks_survive() {
    let mut here = Desk::new(1);
    let (_, sections) = here.doc.automerge().get(ROOT, "sections").unwrap().unwrap();
    let (_, text) = here.doc.automerge().get(&sections, 0).unwrap().unwrap();
    here.doc
        .transact(|tx| {
            let block = tx.split_block(&text, 1)?;
            tx.put(&block, "type", "verse")?;
            let attrs = tx.put_object(&block, "attrs", ObjType::Map)?;
            tx.put(&attrs, "stanza", 3)?;
            let tags = tx.put_object(&attrs, "tags", ObjType::List)?;
            tx.insert(&tags, 0, "манас")?;
            tx.splice_text(&text, 2, 0, "Эй!")?;
            let mark = automerge::marks::Mark::new("voice".to_owned(), "bard", 2, 4);
            tx.mark(&text, mark, automerge::marks::ExpandMark::None)
        })
        .unwrap();
    here.body.refresh(&here.doc).unwrap();
    here.settle();
    here.send(&[typing(6, " Ой!")]);
    // Cut and pasted whole, as a page does it.
    let block = here.page.blocks()[1].as_ref().clone();
    here.send(&[deletion(2, 2 + block.size())]);
    here.send(&[Step::Replace {
        from: 0,
        to: 0,
        slice: Slice::blocks(vec![block], 0, 0),
    }]);
    here.settle();
    let fresh = Body::open(&here.doc).unwrap();
    let block = &fresh.page().blocks()[0];
    let attrs = [("stanza".to_owned(), json!(3)), ("tags".to_owned(), json!(["манас"]))].into();
    assert_eq!(
        block.kind,
        BlockKind::Other {
            name: "verse".into(),
            attrs
        }
    );
    assert!(block.runs()[0].marks.has(&Mark::Foreign("voice".into(), json!("bard"))));
    assert_eq!(block.plain_text(), "Эй! Ой!");
}

#[test]
fn a_citation_stays_with_its_words() {
    let mut here = desk(&["The bank paid twice."]);
    here.cite("c-1", 5, 14);
    here.settle();
    here.send(&[typing(1, "Officially: ")]);
    here.send(&[typing(22, "quickly ")]);
    assert_eq!(here.cited("c-1"), "bank quickly paid");
    let anchored: Vec<_> = here.page.blocks()[0]
        .runs()
        .iter()
        .filter(|run| run.marks.anchors().any(|id| id == "c-1"))
        .collect();
    assert!(!anchored.is_empty());
}

#[test]
fn a_citation_whose_words_are_cut_and_pasted_goes_with_them() {
    let mut here = desk(&["one two three", "here: "]);
    here.cite("c-1", 5, 8);
    here.settle();
    let cut = here.page.blocks()[0].runs()[1].clone();
    assert_eq!(cut.text, "two");
    here.send(&[deletion(5, 8)]);
    here.settle();
    assert_eq!(here.cited("c-1"), "");
    assert_eq!(here.body.citations()[0].range, None);
    let mut there = here.other(2);
    here.send(&[Step::Replace {
        from: 19,
        to: 19,
        slice: Slice::inline(vec![cut]),
    }]);
    here.settle();
    assert_eq!(here.texts(), ["one  three", "here: two"]);
    assert_eq!(here.cited("c-1"), "two");
    there.take(&here);
    assert_eq!(there.cited("c-1"), "two", "it is in the document, not only here");
}

#[test]
fn a_copy_of_cited_words_does_not_take_the_citation_away() {
    let mut here = desk(&["one two", "x"]);
    here.cite("c-1", 5, 8);
    here.settle();
    let copy = here.page.blocks()[0].runs()[1].clone();
    here.send(&[Step::Replace {
        from: 11,
        to: 11,
        slice: Slice::inline(vec![copy]),
    }]);
    here.settle();
    assert_eq!(here.body.range_of("c-1"), Some((5, 8)));
    assert!(
        here.page.blocks()[1].runs().iter().all(|run| run.marks.is_empty()),
        "the copy's anchor is taken off the page"
    );
}

#[test]
fn a_thread_whose_words_move_is_told_to_the_notes() {
    let mut here = desk(&["one two", "x"]);
    let span = here.link.span((here.seq, here.taken), (5, 8)).unwrap();
    let thread = ThreadSpan {
        id: "t-1".into(),
        start: span.start.to_string(),
        end: span.end.to_string(),
    };
    here.body.set_threads(&here.doc, vec![thread]);
    here.settle();
    let cut = here.page.blocks()[0].runs()[1].clone();
    here.send(&[
        deletion(5, 8),
        Step::Replace {
            from: 8,
            to: 8,
            slice: Slice::inline(vec![cut]),
        },
    ]);
    let moved = here.link.take_moved();
    let [MovedThread { id, start, end }] = moved.as_slice() else {
        panic!("{moved:?}")
    };
    let thread = ThreadSpan {
        id: id.clone(),
        start: start.clone(),
        end: end.clone(),
    };
    here.body.set_threads(&here.doc, vec![thread]);
    assert_eq!(here.body.text_of("t-1"), "two");
    assert!(here.link.take_moved().is_empty());
}

#[test]
fn a_span_without_text_is_refused() {
    let mut here = desk(&["one", "two"]);
    for (from, to) in [(2, 2), (4, 6), (0, 1)] {
        let entry = ("c-1", "s", "", "");
        let at = (here.seq, here.taken);
        let result = here.link.cite(&mut here.doc, &mut here.body, at, (from, to), entry, 0);
        assert!(
            matches!(result, Err(StepError::Body(BodyError::EmptySpan))),
            "{from}..{to}"
        );
    }
}

#[test]
fn a_citation_that_points_at_something_else_harms_nobody() {
    // Asked for the place of an element of another object, Automerge 0.12 stops the program.
    let mut here = desk(&["one"]);
    let (_, headline) = here.doc.automerge().get(ROOT, "headline").unwrap().unwrap();
    here.body.set_headline(&mut here.doc, "Head").unwrap();
    let inside = here.doc.automerge().get_cursor(&headline, 0, None).unwrap().to_string();
    let (_, citations) = here.doc.automerge().get(ROOT, "citations").unwrap().unwrap();
    let root = citations.to_string();
    for (nth, cursor) in [
        inside.as_str(),
        root.as_str(),
        "4000000000@01",
        "1@6b6f6d757a",
        "s",
        "-1@01",
        "",
    ]
    .into_iter()
    .enumerate()
    {
        here.doc
            .transact(|tx| {
                let entry = tx.put_object(&citations, format!("c-{nth}"), ObjType::Map)?;
                tx.put(&entry, "source", "s")?;
                tx.put(&entry, "start", cursor)?;
                tx.put(&entry, "end", format!("{cursor}+"))
            })
            .unwrap();
        here.body.refresh(&here.doc).unwrap();
        here.body.refresh(&here.doc).unwrap();
        assert_eq!(here.cited(&format!("c-{nth}")), "");
    }
    assert_eq!(here.texts(), ["one"]);
}

#[test]
fn a_citation_with_its_first_and_last_words_gone_stands_on_the_rest() {
    let mut here = desk(&["one two three four"]);
    here.cite("c-1", 5, 19);
    here.send(&[deletion(14, 19), deletion(5, 9)]);
    assert_eq!(here.cited("c-1"), "three");
    let fresh = Body::open(&here.doc).unwrap();
    assert_eq!(
        fresh.text_of("c-1"),
        "three",
        "the same after a load, where gone characters were never seen"
    );
    assert_eq!(fresh.citations(), here.body.citations());
}

#[test]
fn undoing_a_paste_leaves_what_somebody_else_typed_into_it() {
    // prosemirror-history removes it: /docs/design.md, section 3.
    let mut here = desk(&["first", "last"]);
    here.send(&[Step::Replace {
        from: 7,
        to: 7,
        slice: Slice::blocks(vec![paragraph("pasted by Alice")], 0, 0),
    }]);
    here.settle();
    let mut there = here.other(2);
    there.send(&[typing(15, "BOBS WORDS ")]);
    here.meet(&mut there);
    here.undo();
    here.meet(&mut there);
    assert_eq!(here.texts(), ["firstBOBS WORDS ", "last"]);
    here.redo();
    here.meet(&mut there);
    assert_eq!(here.texts(), ["first", "pasted BOBS WORDS by Alice", "last"]);
}

#[test]
fn undoing_a_deletion_brings_words_block_and_citation_back() {
    // Automerge's cursors of deleted characters do not come back with new ones: /docs/design.md, section 3.
    let mut here = desk(&["zero", "one two three"]);
    here.cite("c-1", 11, 14);
    here.settle();
    let block = here.page.blocks()[1].clone();
    here.send(&[deletion(6, 6 + block.size())]);
    here.settle();
    assert_eq!(
        (here.texts(), here.cited("c-1")),
        (vec!["zero".to_owned()], String::new())
    );
    here.undo();
    assert_eq!(here.texts(), ["zero", "one two three"]);
    assert_eq!(here.cited("c-1"), "two");
    assert_eq!(
        here.body.page().blocks()[1],
        block,
        "with its identity, marks and anchors"
    );
    let fresh = Body::open(&here.doc).unwrap();
    assert_eq!(fresh.page(), here.body.page());
    here.redo();
    assert_eq!(here.texts(), ["zero"]);
    here.undo();
    assert_eq!(
        (here.texts(), here.cited("c-1")),
        (vec!["zero".to_owned(), "one two three".to_owned()], "two".to_owned())
    );
}

#[test]
fn undoing_a_deletion_puts_words_back_around_what_came_in_between() {
    let mut here = desk(&["abcdef"]);
    let mut there = here.other(2);
    here.send(&[deletion(2, 6)]);
    there.send(&[typing(4, "XY")]);
    here.meet(&mut there);
    assert_eq!(here.texts(), ["aXYf"]);
    here.undo();
    assert_eq!(here.texts(), ["abcXYdef"]);
}

#[test]
fn a_block_that_two_people_bring_back_has_its_identity_once() {
    let mut here = desk(&["one", "two", "three"]);
    let mut there = here.other(2);
    for desk in [&mut here, &mut there] {
        desk.send(&[deletion(5, 10)]);
        assert_eq!(desk.texts(), ["one", "three"]);
    }
    there.undo();
    here.take(&there);
    here.settle();
    here.undo();
    let read = Body::open(&here.doc).unwrap();
    assert_eq!(read.page(), here.body.page());
    assert_eq!(here.texts(), ["one", "two", "two", "three"]);
    // The one that has it goes: it is the other's.
    for block in [1, 1] {
        let from = here.page.position(Place::Gap(block));
        here.send(&[deletion(from, from + 5)]);
        here.settle();
        assert_eq!(Body::open(&here.doc).unwrap().page(), here.body.page());
    }
    here.meet(&mut there);
}

#[test]
fn undo_of_typing_whose_part_was_deleted_and_brought_back_takes_all_of_it() {
    let mut here = desk(&["x"]);
    here.send(&[typing(2, "hello")]);
    here.send(&[deletion(3, 5)]);
    here.undo();
    assert_eq!(here.texts(), ["xhello"]);
    here.undo();
    assert_eq!(here.texts(), ["x"]);
    here.redo();
    assert_eq!(here.texts(), ["xhello"]);
    here.redo();
    assert_eq!(here.texts(), ["xho".replace("xho", "xhlo")]);
}

#[test]
fn marks_types_and_citations_are_undone() {
    let mut here = desk(&["one two"]);
    let before = here.body.page().clone();
    here.send(&[Step::AddMark {
        from: 1,
        to: 4,
        mark: Mark::Link("https://kloop.kg/".into()),
    }]);
    here.send(&[Step::AddMark {
        from: 1,
        to: 8,
        mark: Mark::Link("https://occrp.org/".into()),
    }]);
    here.send(&[retype(&here, 0, BlockKind::Heading { level: 3 })]);
    here.settle();
    here.cite("c-1", 1, 4);
    here.settle();
    let after = here.body.page().clone();
    here.undo();
    assert!(here.body.citations().is_empty());
    here.undo();
    assert_eq!(here.body.page().blocks()[0].kind, BlockKind::Paragraph);
    here.undo();
    assert_eq!(here.body.page().blocks()[0].runs().len(), 2);
    assert!(
        here.body.page().blocks()[0].runs()[0]
            .marks
            .has(&Mark::Link("https://kloop.kg/".into()))
    );
    here.undo();
    assert_eq!(*here.body.page(), before);
    (0..4).for_each(|_| here.redo());
    assert_eq!(*here.body.page(), after);
    assert_eq!(here.cited("c-1"), "one");
}

#[test]
fn somebody_elses_later_choice_survives_undo() {
    let mut here = desk(&["one"]);
    let mut there = here.other(2);
    here.send(&[retype(&here, 0, BlockKind::Quote)]);
    here.meet(&mut there);
    there.send(&[retype(&there, 0, BlockKind::Heading { level: 2 })]);
    here.meet(&mut there);
    here.undo();
    assert_eq!(here.body.page().blocks()[0].kind, BlockKind::Heading { level: 2 });
}

#[test]
fn what_is_typed_without_a_pause_is_undone_together() {
    let mut here = desk(&["x"]);
    for (nth, now) in [(0, 0), (1, 100), (2, 500), (3, 5_000)] {
        here.seq += 1;
        let step = typing(2 + nth, "a");
        here.page = step.apply(&here.page).unwrap();
        let at = (here.seq, here.taken);
        here.link
            .steps(&mut here.doc, &mut here.body, at, &[step.write()], 100_000 + now)
            .unwrap();
    }
    assert_eq!(here.texts(), ["xaaaa"]);
    here.undo();
    assert_eq!(here.texts(), ["xaaa"]);
    here.undo();
    assert_eq!(here.texts(), ["x"]);
}

#[test]
fn undo_says_where_the_cursor_goes() {
    let mut here = desk(&["one two"]);
    here.send(&[deletion(5, 8)]);
    assert!(here.link.undo(&mut here.doc, &mut here.body).unwrap());
    assert_eq!(here.settle(), Some((5, 8)));
    here.undo();
    assert!(!here.link.can_undo());
    assert!(!here.link.undo(&mut here.doc, &mut here.body).unwrap());
}

#[test]
fn others_cursors_follow_their_words() {
    let mut here = desk(&["one two"]);
    let mut there = here.other(2);
    let point = there.link.point((0, 0), 8).unwrap();
    here.send(&[typing(1, "zero ")]);
    assert_eq!(here.link.position(&here.doc, &here.body, &point), Some(13));
    there.send(&[typing(8, " three")]);
    let typed = there.link.point((1, 0), 14).unwrap();
    here.take(&there);
    // The page has not got the words yet: the cursor stands where they will be.
    assert_eq!(here.link.position(&here.doc, &here.body, &typed), Some(13));
    here.settle();
    assert_eq!(here.link.position(&here.doc, &here.body, &typed), Some(19));
    here.send(&[deletion(6, 19)]);
    assert_eq!(
        here.link.position(&here.doc, &here.body, &typed),
        Some(6),
        "the words are gone, the place is not"
    );
}

#[test]
fn text_without_a_marker_is_a_paragraph_that_can_be_written_in() {
    let mut here = Desk::new(1);
    let (_, sections) = here.doc.automerge().get(ROOT, "sections").unwrap().unwrap();
    let (_, text) = here.doc.automerge().get(&sections, 0).unwrap().unwrap();
    // Behind a rule, as two concurrent changes may leave it, and at the start.
    here.doc
        .transact(|tx| {
            let block = tx.split_block(&text, 1)?;
            tx.put(&block, "type", "rule")?;
            tx.splice_text(&text, 2, 0, "behind")?;
            tx.splice_text(&text, 0, 1, "start")
        })
        .unwrap();
    here.body.refresh(&here.doc).unwrap();
    here.settle();
    assert_eq!(here.texts(), ["start", "", "behind"]);
    here.send(&[typing(15, "!")]);
    here.send(&[retype(&here, 2, BlockKind::Quote)]);
    here.settle();
    assert_eq!(here.texts(), ["start", "", "behind!"]);
    // A block put before the first one does not swallow its text.
    here.send(&[Step::Replace {
        from: 0,
        to: 0,
        slice: Slice::blocks(vec![paragraph("new")], 0, 0),
    }]);
    here.settle();
    assert_eq!(here.texts(), ["new", "start", "", "behind!"]);
    // And the rule goes without joining its neighbours.
    here.send(&[deletion(12, 13)]);
    here.settle();
    assert_eq!(here.texts(), ["new", "start", "behind!"]);
    assert_eq!(Body::open(&here.doc).unwrap().page(), here.body.page());
}

#[test]
fn a_deletion_over_two_sections_is_followed_to_its_end() {
    let mut here = desk(&["one"]);
    here.add_section(" and a half", &["", "three"]);
    let mut there = here.other(2);
    there.send(&[deletion(0, 18)]);
    // The first section's patch takes the marker of text that the second section's takes.
    here.meet(&mut there);
    assert_eq!(here.texts(), ["three"]);
}

#[test]
fn sections_read_as_one_text_and_join_without_moving() {
    let mut here = desk(&["one", "two"]);
    here.add_section(" and a half", &["three"]);
    assert_eq!(here.texts(), ["one", "two and a half", "three"]);
    let mut there = here.other(2);
    // Deleting over the boundary, typing at it, and a citation across it.
    here.send(&[typing(9, "!")]);
    here.cite("c-1", 6, 14);
    there.send(&[deletion(8, 12), deletion(16, 18)]);
    here.meet(&mut there);
    assert_eq!(here.texts(), ["one", "tw!d a halfthree"]);
    assert_eq!(here.cited("c-1"), "tw!d");
    here.send(&[split(7)]);
    here.settle();
    assert_eq!(here.texts(), ["one", "t", "w!d a halfthree"]);
    (0..3).for_each(|_| here.undo());
    assert_eq!(here.texts(), ["one", "twd a halfthree"]);
    assert_eq!(Body::open(&here.doc).unwrap().page(), here.body.page());
}
