//! Numbers of notes, pieces of text, nesting of lists.

use komuz_release::notes::{Piece, notes};
use komuz_release::outline::{List, Part, outline};
use komuz_release::story::{Block, Citation};

use crate::fixture::{cite, item, paragraph, rich_story, source};

fn numbers(citations: &[Citation]) -> Vec<Option<u32>> {
    let blocks = [paragraph("a", "first 👩🏽‍💻 block"), paragraph("b", "second block")];
    let sources = [source("x", "X"), source("y", "Y")];
    let notes = notes(&blocks, citations, &sources);
    citations.iter().map(|c| notes.number(&c.id)).collect()
}

#[test]
fn numbers_follow_where_spans_end() {
    // The first starts earlier and ends later.
    assert_eq!(
        numbers(&[cite("1", "x", "a", 0, 9), cite("2", "y", "a", 2, 5)]),
        [Some(2), Some(1)]
    );
    assert_eq!(
        numbers(&[cite("1", "x", "b", 0, 1), cite("2", "y", "a", 2, 5)]),
        [Some(2), Some(1)]
    );
}

#[test]
fn one_source_at_one_locator_is_one_note() {
    let at = |locator: &str, mut c: Citation| {
        c.locator = locator.into();
        c
    };
    let citations = [
        at("p. 1", cite("1", "x", "a", 0, 1)),
        at("p. 2", cite("2", "x", "a", 0, 2)),
        at(" p. 1 ", cite("3", "x", "a", 0, 3)),
        at("p. 1", cite("4", "y", "a", 0, 4)),
    ];
    assert_eq!(numbers(&citations), [Some(1), Some(2), Some(1), Some(3)]);
}

#[test]
fn what_is_gone_has_no_number() {
    assert_eq!(
        numbers(&[
            cite("1", "gone", "a", 0, 1),
            cite("2", "x", "gone", 0, 1),
            cite("3", "x", "a", 0, 1)
        ]),
        [None, None, Some(1)]
    );
}

fn pieces(block: Block, citations: &[Citation]) -> String {
    let (blocks, sources) = ([block], [source("x", "X"), source("y", "Y")]);
    let notes = notes(&blocks, citations, &sources);
    let show = |piece| match piece {
        Piece::Text(text, _) => format!("<{text}>"),
        Piece::Note(mark) => mark.number.to_string(),
    };
    notes.pieces(&blocks[0]).into_iter().map(show).collect()
}

#[test]
fn text_is_cut_where_notes_stand() {
    let block = || paragraph("a", "Жаңы 👩🏽‍💻 сөз");
    assert_eq!(pieces(block(), &[]), "<Жаңы 👩🏽‍💻 сөз>");
    // The emoji is seven UTF-16 code units: 5 to 12.
    assert_eq!(pieces(block(), &[cite("1", "x", "a", 0, 12)]), "<Жаңы 👩🏽‍💻>1< сөз>");
    assert_eq!(pieces(block(), &[cite("1", "x", "a", 0, 16)]), "<Жаңы 👩🏽‍💻 сөз>1");
    assert_eq!(
        pieces(block(), &[cite("1", "x", "a", 0, 0), cite("2", "y", "a", 0, 4)]),
        "1<Жаңы>2< 👩🏽‍💻 сөз>"
    );
}

#[test]
fn notes_beyond_the_text_or_inside_a_pair_still_show() {
    assert_eq!(
        pieces(paragraph("a", "short"), &[cite("1", "x", "a", 0, 99)]),
        "<short>1"
    );
    assert_eq!(
        pieces(paragraph("a", "a👩b"), &[cite("1", "x", "a", 0, 2)]),
        "<a👩>1<b>"
    );
    assert_eq!(pieces(paragraph("a", ""), &[cite("1", "x", "a", 0, 0)]), "1");
}

#[test]
fn one_note_twice_at_one_place_shows_once() {
    assert_eq!(
        pieces(
            paragraph("a", "ab"),
            &[cite("1", "x", "a", 0, 1), cite("2", "x", "a", 1, 1)]
        ),
        "<a>1<b>"
    );
}

#[test]
fn pieces_hold_all_text() {
    let story = rich_story();
    let notes = notes(&story.blocks, &story.citations, &story.sources);
    for block in &story.blocks {
        let text: String = notes
            .pieces(block)
            .into_iter()
            .filter_map(|p| match p {
                Piece::Text(text, _) => Some(text),
                Piece::Note(_) => None,
            })
            .collect();
        assert_eq!(text, block.plain_text());
    }
}

fn nested(blocks: &[Block]) -> String {
    fn show(list: &List<'_>) -> String {
        let items: String = list
            .items
            .iter()
            .map(|i| format!("{}{}", i.block.id, i.lists.iter().map(show).collect::<String>()))
            .collect();
        if list.ordered {
            format!("[{items}]")
        } else {
            format!("({items})")
        }
    }
    outline(blocks)
        .iter()
        .map(|part| match part {
            Part::Block(block) => block.id.clone(),
            Part::List(list) => show(list),
        })
        .collect()
}

#[test]
fn lists_nest_by_depth() {
    let blocks = [
        paragraph("p", "x"),
        item("a", false, 0, ""),
        item("b", false, 1, ""),
        item("c", true, 1, ""),
        item("d", false, 0, ""),
        paragraph("q", "x"),
        item("e", true, 0, ""),
    ];
    assert_eq!(nested(&blocks), "p(a(b)[c]d)q[e]");
}

#[test]
fn skipped_depths_lose_nothing() {
    assert_eq!(
        nested(&[
            item("a", false, 3, ""),
            item("b", false, 1, ""),
            item("c", false, 0, "")
        ]),
        "(abc)"
    );
    assert_eq!(
        nested(&[item("a", false, 0, ""), item("b", false, 9, ""), item("c", true, 2, "")]),
        "(a(b)[c])"
    );
}
