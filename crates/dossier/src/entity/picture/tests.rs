use std::collections::BTreeMap;

use super::{MOST, picture};
use crate::claim::{Claim, Evidence};
use crate::entity::{Entity, Kind};
use crate::facts::Facts;
use crate::{Dossier, Known};

/// Facts in which claims, each with a source, are about these entities.
fn facts(entities: &[(&str, Kind, &str, &str)], claims: &[&[&str]]) -> Facts {
    let entities = entities
        .iter()
        .map(|(id, what, name, role)| {
            let entity = Entity {
                what: *what,
                names: [("ru".to_owned(), (*name).to_owned())].into(),
                role: (*role).to_owned(),
                ..Entity::default()
            };
            ((*id).to_owned(), entity)
        })
        .collect();
    let claims = claims
        .iter()
        .enumerate()
        .map(|(at, about)| {
            let evidence = Evidence {
                source: "s-1".to_owned(),
                ..Evidence::default()
            };
            let claim = Claim {
                about: about.iter().map(|id| ((*id).to_owned(), true)).collect(),
                evidence: [("x-1".to_owned(), evidence)].into(),
                ..Claim::default()
            };
            (format!("k-{at}"), claim)
        })
        .collect();
    facts_of(Known {
        entities,
        claims,
        ..Known::default()
    })
}

fn facts_of(known: Known) -> Facts {
    let story = serde_json::json!({
        "komuz": 1, "lang": "ru", "headline": "", "blocks": [],
        "sources": [{"id": "s-1", "type": "document", "title": "Договор"}],
    });
    Facts::new(
        Dossier {
            story: serde_json::from_value(story).unwrap(),
            dossier: known,
        },
        "2019-11-21",
    )
}

#[test]
fn claims_about_two_join_them() {
    let facts = facts(
        &[
            ("e-1", Kind::Person, "Асан Мамытов", "заместитель главы таможни"),
            ("e-2", Kind::Organisation, "Фирма «Караван»", ""),
            ("e-3", Kind::Person, "Надежда Ким", ""),
            ("e-4", Kind::Place, "Ош", ""),
        ],
        &[&["e-1", "e-2"], &["e-1", "e-2", "e-4"], &["e-3"]],
    );
    let picture = picture(&facts, "ru", 390).unwrap();
    let sentences: Vec<&str> = picture.rows.iter().map(|row| row.sentence.as_str()).collect();
    assert_eq!(
        sentences,
        [
            "Асан Мамытов и Фирма «Караван»: 2 утверждения",
            "Асан Мамытов и Ош: 1 утверждение",
            "Фирма «Караван» и Ош: 1 утверждение",
        ]
    );
    assert_eq!(picture.rows[0].claims, ["k-0", "k-1"]);
    assert!(picture.svg.contains("Асан Мамытов"));
    assert!(!picture.svg.contains("Надежда Ким"), "nothing joins her to anybody");
}

#[test]
fn claims_without_a_source_join_nobody() {
    let claim = Claim {
        about: [("e-1".to_owned(), true), ("e-2".to_owned(), true)].into(),
        ..Claim::default()
    };
    let known = Known {
        entities: BTreeMap::from([
            ("e-1".to_owned(), Entity::default()),
            ("e-2".to_owned(), Entity::default()),
        ]),
        claims: [("k-1".to_owned(), claim)].into(),
        ..Known::default()
    };
    assert_eq!(picture(&facts_of(known), "en", 390), None);
}

#[test]
fn names_cannot_break_out_of_their_text() {
    let facts = facts(
        &[
            ("e-1", Kind::Person, "<script>alert(1)</script>", "\"&'"),
            ("e-2\"><a", Kind::Person, "B", ""),
        ],
        &[&["e-1", "e-2\"><a"]],
    );
    let svg = picture(&facts, "ru", 960).unwrap().svg;
    assert!(svg.contains("&lt;script&gt;"));
    for foreign in ["<script", "<a", "href", "style=", "foreignObject", "url("] {
        assert!(!svg.contains(foreign), "{foreign}");
    }
}

#[test]
fn forty_are_shown_and_the_others_counted() {
    let ids: Vec<String> = (0..60).map(|at| format!("e-{at:02}")).collect();
    let entities: Vec<(&str, Kind, &str, &str)> = ids
        .iter()
        .map(|id| (id.as_str(), Kind::Person, id.as_str(), ""))
        .collect();
    let pairs: Vec<Vec<&str>> = (1..60).map(|at| vec![ids[0].as_str(), ids[at].as_str()]).collect();
    let claims: Vec<&[&str]> = pairs.iter().map(Vec::as_slice).collect();
    let facts = facts(&entities, &claims);
    let one = picture(&facts, "en", 390).unwrap();
    assert_eq!(one.left_out, 60 - MOST);
    assert_eq!(one.rows.len(), 59);
    assert_eq!(one.svg.matches("data-entity").count(), MOST);
    assert!(one.svg.contains("Left out here: 20"));
    assert_eq!(
        picture(&facts, "en", 390).unwrap(),
        one,
        "the same facts give the same picture"
    );
}

#[test]
fn no_two_names_cover_each_other() {
    let ids: Vec<String> = (0..20).map(|at| format!("e-{at:02}")).collect();
    let entities: Vec<(&str, Kind, &str, &str)> = ids
        .iter()
        .map(|id| {
            let name = "Государственное предприятие по управлению очень большими складами и терминалами";
            (
                id.as_str(),
                Kind::Organisation,
                name,
                "склады на трёх границах и в порту, с 2011 года",
            )
        })
        .collect();
    let pairs: Vec<Vec<&str>> = (0..20)
        .map(|at| vec![ids[at].as_str(), ids[(at * 7 + 3) % 20].as_str()])
        .collect();
    let claims: Vec<&[&str]> = pairs.iter().map(Vec::as_slice).collect();
    let svg = picture(&facts(&entities, &claims), "ru", 390).unwrap().svg;
    // The lines of names and roles go down the page, each below the one before.
    let mut lowest = 0.0;
    for group in svg.split("<g data-entity").skip(1) {
        let group = group.split("</g>").next().unwrap();
        for text in group.split("<text ").skip(1) {
            let y: f32 = text
                .split("y=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .parse()
                .unwrap();
            assert!(y >= lowest + 12.0, "{y} under {lowest}");
            lowest = y;
        }
    }
}
