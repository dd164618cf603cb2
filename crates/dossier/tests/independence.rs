//! How many independent sources stand behind a set.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{origins, verified};
use komuz_dossier::independence::{Independence, MAX_ROOTS, Node};
use komuz_dossier::source::{Record, State};
use proptest::prelude::*;

type Sources<'a> = Vec<(&'a str, &'a str, Record)>;

fn read(sources: &Sources<'_>) -> Independence {
    Independence::of(sources.iter().map(|(id, url, record)| Node {
        id,
        url,
        record: Some(record),
    }))
}

fn count(sources: &Sources<'_>, of: &[&str]) -> usize {
    read(sources).count(of.iter().copied())
}

#[test]
fn two_outlets_that_repeat_one_press_release_are_one_source() {
    let sources = vec![
        ("agency", "", origins(&["release"])),
        ("paper", "", origins(&["release"])),
        ("release", "", verified()),
    ];
    assert_eq!(count(&sources, &["agency", "paper"]), 1);
    assert_eq!(count(&sources, &["agency", "paper", "release"]), 1);
    assert_eq!(read(&sources).roots(["agency", "paper"]), ["release"]);
}

#[test]
fn two_outlets_that_repeat_something_that_nobody_has_are_one_source() {
    let sources = vec![("a", "", origins(&["unseen"])), ("b", "", origins(&["unseen"]))];
    assert_eq!(count(&sources, &["a", "b"]), 1);
}

#[test]
fn an_outlet_that_quotes_its_own_story_counts_with_the_sources_of_that_story() {
    let sources = vec![
        ("new", "", origins(&["old"])),
        ("old", "", origins(&["ledger", "witness"])),
        ("ledger", "", verified()),
        ("witness", "", verified()),
    ];
    assert_eq!(count(&sources, &["new"]), 2);
    assert_eq!(count(&sources, &["new", "witness"]), 2);
}

#[test]
fn sources_that_go_back_to_one_another_are_one() {
    let sources = vec![
        ("a", "", origins(&["b"])),
        ("b", "", origins(&["c"])),
        ("c", "", origins(&["a"])),
        ("d", "", verified()),
    ];
    assert_eq!(count(&sources, &["a", "b", "c"]), 1);
    assert_eq!(count(&sources, &["a", "d"]), 2);
}

#[test]
fn one_page_under_two_addresses_is_one_source() {
    let same = [
        "https://www.outlet.example/story/?utm_source=mail#top",
        "http://outlet.example/story",
        "HTTPS://Outlet.example:443/story/?utm_campaign=x&fbclid=1",
    ];
    let sources = vec![
        ("a", same[0], verified()),
        ("b", same[1], verified()),
        ("c", same[2], verified()),
        ("d", "https://outlet.example/story?page=2", verified()),
        ("e", "https://outlet.example/Story", verified()),
        ("f", "", verified()),
        ("g", "", verified()),
    ];
    assert_eq!(count(&sources, &["a", "b", "c"]), 1);
    assert_eq!(count(&sources, &["a", "d", "e", "f", "g"]), 5);
}

#[test]
fn one_original_file_is_one_source() {
    let mut record = verified();
    record.custody.sha256 = "ab".repeat(32);
    let sources = vec![("scan", "", record.clone()), ("leak", "https://leak.example", record)];
    assert_eq!(count(&sources, &["scan", "leak"]), 1);
}

#[test]
fn withdrawn_sources_and_what_rests_on_them_alone_count_nothing() {
    let mut gone = verified();
    gone.reliability.state = State::Withdrawn;
    let sources = vec![
        ("gone", "", gone),
        ("repeats", "", origins(&["gone"])),
        ("repeats too", "", origins(&["repeats"])),
        ("knows more", "", origins(&["gone", "ledger"])),
        ("ledger", "", verified()),
    ];
    assert_eq!(count(&sources, &["gone", "repeats", "repeats too"]), 0);
    assert_eq!(count(&sources, &["knows more"]), 1);
    assert_eq!(count(&sources, &["repeats", "ledger"]), 1);
}

#[test]
fn what_is_no_source_counts_nothing_and_an_origin_that_was_taken_out_is_none() {
    let mut record = verified();
    record.origins = BTreeMap::from([("b".to_owned(), false)]);
    let sources = vec![("a", "", record), ("b", "", verified())];
    assert_eq!(count(&sources, &["nobody"]), 0);
    assert_eq!(count(&sources, &["a", "b"]), 2);
}

#[test]
fn ten_thousand_sources_in_a_circle_are_one() {
    let ids: Vec<String> = (0..10_000).map(|nth| format!("s-{nth}")).collect();
    let next = |nth: usize| origins(&[ids[(nth + 1) % ids.len()].as_str()]);
    let sources: Sources<'_> = ids
        .iter()
        .enumerate()
        .map(|(nth, id)| (id.as_str(), "", next(nth)))
        .collect();
    let read = read(&sources);
    assert_eq!(read.count(ids.iter().map(String::as_str)), 1);
    assert_eq!(read.count(["s-5000"]), 1);
}

#[test]
fn a_source_that_goes_back_to_very_many_counts_as_many_as_are_told_apart() {
    let ids: Vec<String> = (0..1_000).map(|nth| format!("s-{nth}")).collect();
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut sources: Sources<'_> = all.iter().map(|id| (*id, "", verified())).collect();
    sources.push(("whole", "", origins(&all)));
    assert_eq!(count(&sources, &["whole"]), MAX_ROOTS);
    assert_eq!(count(&sources, &all), 1_000);
}

/// Some sources: what each goes back to, and whether it was withdrawn.
fn graphs() -> impl Strategy<Value = Vec<(Vec<usize>, bool)>> {
    prop::collection::vec(
        (prop::collection::vec(0usize..12, 0..4), prop::bool::weighted(0.15)),
        1..12,
    )
}

fn built(graph: &[(Vec<usize>, bool)]) -> Vec<(String, Record)> {
    let node = |(nth, (to, withdrawn)): (usize, &(Vec<usize>, bool))| {
        let mut record = Record {
            origins: to.iter().map(|to| (format!("s-{to}"), true)).collect(),
            ..Record::default()
        };
        if *withdrawn {
            record.reliability.state = State::Withdrawn;
        }
        (format!("s-{nth}"), record)
    };
    graph.iter().enumerate().map(node).collect()
}

/// The same, slowly: by the sets that are reached from each source.
fn slowly(graph: &[(Vec<usize>, bool)], of: &[usize]) -> usize {
    let gone = |node: usize| graph.get(node).is_some_and(|(_, withdrawn)| *withdrawn);
    let out = |node: usize| graph.get(node).map_or(&[][..], |(to, _)| to.as_slice());
    let reached = |from: usize| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(node) = next.pop() {
            if !gone(node) && seen.insert(node) {
                next.extend(out(node));
            }
        }
        seen
    };
    let mut roots: BTreeSet<BTreeSet<usize>> = BTreeSet::new();
    for node in of.iter().flat_map(|from| reached(*from)) {
        let all = reached(node);
        let closed = all
            .iter()
            .all(|other| reached(*other) == all && out(*other).iter().all(|to| !gone(*to) || to == other));
        if closed {
            roots.insert(all);
        }
    }
    roots.len()
}

proptest! {
    #[test]
    fn counting_agrees_with_the_slow_way(graph in graphs(), of in prop::collection::vec(0usize..12, 0..6)) {
        let sources = built(&graph);
        let read = Independence::of(sources.iter().map(|(id, record)| Node { id, url: "", record: Some(record) }));
        let known: Vec<usize> = of.into_iter().filter(|node| *node < graph.len()).collect();
        let ids: Vec<String> = known.iter().map(|node| format!("s-{node}")).collect();
        prop_assert_eq!(read.count(ids.iter().map(String::as_str)), slowly(&graph, &known));
    }

    #[test]
    fn more_sources_are_never_fewer_and_order_does_not_matter(graph in graphs(), more in 0usize..12) {
        let sources = built(&graph);
        let nodes = || sources.iter().map(|(id, record)| Node { id, url: "", record: Some(record) });
        let read = Independence::of(nodes());
        let turned = Independence::of(nodes().rev());
        let some = || sources.iter().take(3).map(|(id, _)| id.as_str());
        let more = format!("s-{more}");
        prop_assert!(read.count(some().chain([more.as_str()])) >= read.count(some()));
        prop_assert_eq!(read.count(some()), turned.count(some()));
        prop_assert_eq!(read.roots(some()), turned.roots(some()));
    }
}
