//! What readers must not get, and what each outlet puts around the body.

use komuz_core::document::{DocKind, Document};
use komuz_core::publish;
use komuz_core::records::{Members, apart};
use komuz_core::registers;
use komuz_release::canonical::sha256_hex;
use komuz_release::html::index_html;
use komuz_release::notice::continues;
use komuz_release::release::{Front, Release};
use komuz_release::story::{BlockKind, Byline, Custom, Name, Source};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::newsroom::*;

fn members(json: Value) -> Members {
    apart(json.as_object().expect("an object"))
}

/// A source every text of which can be told from all others'.
fn source(nth: usize) -> Source {
    let text = |what: &str| format!("{what}-of-source-{nth}-only");
    Source {
        kind: "interview".to_owned(),
        author: vec![
            Name {
                family: text("family"),
                given: text("given"),
                ..Name::default()
            },
            Name {
                literal: text("literal"),
                ..Name::default()
            },
        ],
        title: text("title"),
        container_title: text("container"),
        publisher: text("publisher"),
        url: format!("https://example.org/{}", text("url")),
        custom: Custom {
            archive_url: format!("https://archive.example/{}", text("archive")),
            ..Custom::default()
        },
        other: [("note".to_owned(), text("note").into())].into(),
        ..Source::default()
    }
}

/// What stands in the registers and the body and tells a source.
fn tells(nth: usize) -> String {
    format!("-of-source-{nth}-only")
}

/// Whether `text` holds what tells a source, other than its description for readers.
fn gives_away(text: &str, nth: usize) -> bool {
    text.replace(&format!("description{}", tells(nth)), "")
        .contains(&tells(nth))
}

/// A desk with so many sources; each is cited as often as `cited` says, with a place and a quotation.
fn desk(confidentiality: &[&str], cited: &[usize]) -> Desk {
    let mut desk = Desk::new();
    desk.story.citations.clear();
    for (nth, confidentiality) in confidentiality.iter().enumerate() {
        let id = format!("s-{nth}");
        registers::save_source(&mut desk.registers, &source(nth), &id).expect("saved");
        classify(&mut desk.registers, nth, confidentiality);
    }
    for (at, nth) in cited.iter().enumerate() {
        let nth = nth % confidentiality.len();
        let mut citation = citation(
            &format!("c-{at}"),
            &format!("s-{nth}"),
            "3@session-of-aida",
            at as u32,
            at as u32 + 2,
        );
        citation.locator = format!("locator{}", tells(nth));
        citation.quote = format!("quote{}", tells(nth));
        desk.story.citations.push(citation);
    }
    desk
}

fn classify(registers: &mut Document, nth: usize, confidentiality: &str) {
    let record = json!({
        "confidentiality": confidentiality,
        "described": format!("description{}", tells(nth)),
        "note": format!("remark{}", tells(nth)),
        "custody": { "by": format!("custody{}", tells(nth)), "how": "by hand" },
        "party": "e-1",
    });
    registers::save_source_record(registers, &format!("s-{nth}"), &members(record)).expect("saved");
}

/// Every byte that goes out of a release: `release.json` and `index.html`.
fn published(desk: &Desk, release: &Release) -> String {
    let json = String::from_utf8(release.to_bytes().expect("canonical")).expect("UTF-8");
    let masthead = publish::masthead(&outlets(), &desk.log);
    json + &index_html(release, &masthead)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_tells_a_confidential_source_goes_out(
        kinds in prop::collection::vec(0usize..4, 1..6),
        cited in prop::collection::vec(0usize..6, 0..12),
        later in prop::collection::vec(0usize..4, 6),
        removed in prop::collection::vec(any::<bool>(), 6),
    ) {
        let names = ["public", "background", "confidential", "something newer"];
        let kinds: Vec<&str> = kinds.iter().map(|kind| names[*kind]).collect();
        let mut desk = desk(&kinds, &cited);
        let check = |text: &str, kinds: &[&str]| {
            for (nth, kind) in kinds.iter().enumerate() {
                let cited = cited.iter().any(|cited| cited % kinds.len() == nth);
                match *kind {
                    "public" => assert_eq!(gives_away(text, nth), cited),
                    "background" => {
                        assert!(!gives_away(text, nth), "{text}");
                        assert_eq!(text.contains(&format!("description{}", tells(nth))), cited);
                    }
                    _ => assert!(!text.contains(&tells(nth)), "{text}"),
                }
            }
        };
        let first = desk.build(FIRST, "").release().clone();
        check(&published(&desk, &first), &kinds);
        prop_assert_eq!(&first, &desk.build(FIRST, "").release().clone());
        // The words that another replica reads are the same.
        desk.registers = Document::load(DocKind::Registers, &desk.registers.save(), &[5; 16]).expect("loads");
        prop_assert_eq!(&first, &desk.build(FIRST, "").release().clone());
        // Published; then some become confidential, or may be named; some are removed.
        let hash = desk.propose(FIRST, "");
        desk.sign(&hash, "kloop", 10);
        desk.sign(&hash, "occrp", 20);
        desk.publish(&hash);
        let then: Vec<&str> = (0..kinds.len()).map(|nth| names[later[nth]]).collect();
        for (nth, kind) in then.iter().enumerate() {
            classify(&mut desk.registers, nth, kind);
            if removed[nth] {
                registers::remove_source(&mut desk.registers, &format!("s-{nth}"), false).expect("removed");
            }
        }
        desk.edit("Everybody answered.");
        let second = desk.build("2019-11-22T06:00:00Z", "Somebody asked").release().clone();
        // What was published stays so, and is not said again.
        check(&published(&desk, &second), &then);
        prop_assert_eq!(continues(&first, &second), Ok(()));
        let hash = desk.propose("2019-11-22T06:00:00Z", "Somebody asked");
        let proposal = desk.log.proposal(&hash).expect("there");
        prop_assert_eq!(publish::rebuild(desk.source(), proposal, &desk.log).expect("built"), second);
        // Nor into what is made of it elsewhere.
        let readable = publish::with_sources(&desk.story, &desk.registers, None);
        let listed = registers::public_sources(&desk.registers);
        let text = serde_json::to_string(&(readable, listed)).expect("JSON");
        for (nth, kind) in then.iter().enumerate() {
            match *kind {
                "public" => {}
                "background" => prop_assert!(!gives_away(&text, nth)),
                _ => prop_assert!(!text.contains(&tells(nth))),
            }
        }
    }
}

#[test]
fn the_desk_lists_all_sources_and_readers_get_the_others_numbered_without_gaps() {
    let desk = desk(&["public", "confidential", "background", "public"], &[0, 1, 2, 3]);
    assert_eq!(registers::sources(&desk.registers).len(), 6);
    let release = desk.build(FIRST, "");
    let body = &release.release().body;
    let titles: Vec<&str> = body.sources.iter().map(|source| source.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "title-of-source-0-only",
            "description-of-source-2-only",
            "title-of-source-3-only"
        ]
    );
    let cited: Vec<(&str, &str)> = body
        .citations
        .iter()
        .map(|c| (c.id.as_str(), c.source.as_str()))
        .collect();
    assert_eq!(cited, [("c1", "s1"), ("c2", "s2"), ("c3", "s3")]);
    assert_eq!(
        (body.citations[1].locator.as_str(), body.citations[1].quote.as_str()),
        ("", "")
    );
    assert_eq!(body.citations[2].quote, "quote-of-source-3-only");
}

#[test]
fn a_correction_names_public_sources_that_went_and_came_beside_hidden_ones() {
    let mut desk = desk(&["public", "public", "confidential"], &[0, 2]);
    let hash = desk.propose(FIRST, "");
    desk.sign(&hash, "kloop", 10);
    desk.sign(&hash, "occrp", 20);
    desk.publish(&hash);
    desk.story.citations[0].source = "s-1".to_owned();
    let release = desk
        .build("2019-11-22T06:00:00Z", "The wrong source was named")
        .release()
        .clone();
    let changes = serde_json::to_string(&release.changes).expect("JSON");
    assert!(changes.contains(&tells(0)) && changes.contains(&tells(1)), "{changes}");
}

#[test]
fn a_source_on_background_without_a_description_stands_in_the_way_where_it_is_cited() {
    let mut desk = desk(&["background", "background"], &[0]);
    let masthead = publish::masthead(&outlets(), &desk.log);
    let found = |desk: &Desk| publish::hindrances(desk.source(), &masthead, |_| true);
    assert_eq!(found(&desk), []);
    for nth in 0..2 {
        let empty = members(json!({ "described": " " }));
        registers::save_source_record(&mut desk.registers, &format!("s-{nth}"), &empty).expect("saved");
    }
    let found = found(&desk);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code(), "background-undescribed");
    assert!(found[0].to_string().contains("title-of-source-0-only"));
}

#[test]
fn each_outlet_has_its_own_front_and_all_have_one_body() {
    let mut desk = Desk::new();
    let mut figure = block("7@session", "The harbour.");
    figure.kind = BlockKind::Figure {
        file: sha256_hex(b"picture"),
        media: "image/png".to_owned(),
        alt: "A harbour".to_owned(),
        credit: "Kloop".to_owned(),
    };
    desk.story.blocks.push(figure);
    desk.story.byline.push(Byline {
        name: "OCCRP team".to_owned(),
        outlet: None,
    });
    let common = desk.build(FIRST, "").release().clone();
    let own = Front {
        headline: "Plunder".to_owned(),
        note: "Our part of it.".to_owned(),
        figure: "7@session".to_owned(),
        byline: desk.story.byline.iter().rev().cloned().collect(),
        ..Front::default()
    };
    desk.fronts.insert("occrp".to_owned(), own.clone());
    desk.fronts.insert("nobody".to_owned(), own.clone());
    let release = desk.build(FIRST, "").release().clone();
    assert_eq!(release.body, common.body);
    assert_eq!(release.outlets["kloop"], common.outlets["kloop"]);
    let front = &release.outlets["occrp"];
    assert_eq!(
        (front.headline.as_str(), front.note.as_str()),
        ("Plunder", "Our part of it.")
    );
    assert_eq!(front.summary, common.outlets["occrp"].summary);
    assert_eq!(front.byline, own.byline);
    assert_eq!(front.figure, release.body.blocks[2].id);
    assert_eq!(release.outlets.len(), 2);
    // A figure that is gone leads no page.
    desk.story.blocks.pop();
    assert_eq!(desk.build(FIRST, "").release().outlets["occrp"].figure, "");
    // A changed front voids what was signed, as a changed word does.
    let hash = desk.propose(FIRST, "");
    let same = |desk: &Desk| {
        let proposal = desk.log.proposal(&hash).expect("there");
        publish::rebuild(desk.source(), proposal, &desk.log).expect("built") == *proposal.release()
    };
    assert!(same(&desk));
    desk.fronts.clear();
    assert!(!same(&desk));
}
