//! Dossiers from outside, and records in documents.

use komuz_dossier::claim::{Answered, Backed, Claim};
use komuz_dossier::edition::{Front, Link};
use komuz_dossier::entity::Entity;
use komuz_dossier::policy::Policy;
use komuz_dossier::recorded::Recorded;
use komuz_dossier::reply::Reply;
use komuz_dossier::source::{Confidential, Record};
use komuz_dossier::{Dossier, Known};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// What is known, with every member once.
fn whole() -> Value {
    json!({
        "sources": {"s-1": {
            "what": "press",
            "custody": {"by": "Kite", "when": "2019-05", "how": "bought", "sha256": "ab".repeat(32)},
            "reliability": {"state": "verified", "by": "Kite", "how": "called", "when": "2019-06-01"},
            "confidentiality": "background",
            "described": "an official",
            "origins": {"s-2": true, "doi:10.1/x": false},
            "party": "e-1",
            "note": "careful"
        }},
        "confidential": {"s-9": {
            "cited_as": {"type": "interview", "title": "A driver", "issued": {"date-parts": [[2019, 5]]}},
            "what": "interview",
            "confidentiality": "confidential"
        }},
        "claims": {"k-1": {
            "span": {"start": {"block": "b-1", "offset": 0}, "end": {"block": "b-1", "offset": 9}},
            "about": {"e-1": true},
            "evidence": {"x-1": {"source": "s-9", "stance": "contradicts", "locator": "p. 2", "quote": "no"}},
            "checked": {"by": "Ada", "when": "2019-11-01", "verdict": "holds", "reasons": "seen", "words": "It was so"}
        }},
        "answers": {"a-1": {
            "span": {"start": {"block": "b-1", "offset": 0}, "end": {"block": "b-1", "offset": 9}}, "reply": "r-1"
        }},
        "backed": {"headline": {"claims": {"k-1": true}, "by": "Ada", "when": "2019-11-02", "words": "So it was"}},
        "entities": {"e-1": {
            "what": "person",
            "names": {"en": "A. Official", "ru": "А. Чиновник"},
            "aliases": {"the A. ~ Official": true},
            "role": "an office",
            "unnamed": true,
            "mentions": {"Official": false},
            "opponents": {"e-2": true}
        }},
        "replies": {"r-1": {
            "party": "e-1", "asked": "2019-11-01", "how": "by letter", "by": "Ada", "questions": "Why?",
            "deadline": "2019-11-08", "outcome": "answer", "answered": "2019-11-05", "answer": "Because."
        }},
        "links": {"b-1": {"of": "17@ab", "words": "Так было"}},
        "fronts": {"outlet": {"headline": "H", "summary": "S", "note": "N", "figure": "b-7", "byline": {"A. Author": 1}}},
        "policy": {"sources": 3, "severity": {"not-archived": "off"}}
    })
}

/// `whole` with a value put at a path.
fn with(path: &str, put: Value) -> Value {
    let mut whole = whole();
    let place = whole.pointer_mut(path).unwrap_or_else(|| panic!("{path} is there"));
    *place = put;
    whole
}

fn error(value: &Value) -> String {
    Known::read(value, "dossier").expect_err("refused").to_string()
}

#[test]
fn what_is_known_is_read_as_it_is_written() {
    let known = Known::read(&whole(), "dossier").expect("read");
    assert_eq!(serde_json::to_value(&known).expect("written"), whole());
}

#[test]
fn what_is_wrong_is_named_by_its_path() {
    for (path, value, said) in [
        (
            "/claims/k-1/evidence/x-1/source",
            json!(7),
            "dossier.claims.k-1.evidence.x-1.source: a text is wanted",
        ),
        (
            "/policy/severity/not-archived",
            json!("loud"),
            r#"dossier.policy.severity.not-archived: not one of off, notice, warning, error: "loud""#,
        ),
        (
            "/sources/s-1/reliability/when",
            json!("Decembr 2019"),
            r#"dossier.sources.s-1.reliability.when: not a day as YYYY-MM-DD: "Decembr 2019""#,
        ),
        (
            "/sources/s-1/custody/when",
            json!("2019-13"),
            r#"dossier.sources.s-1.custody.when: not a date as YYYY-MM-DD, YYYY-MM or YYYY: "2019-13""#,
        ),
        (
            "/sources/s-1/custody/sha256",
            json!("AB"),
            r#"dossier.sources.s-1.custody.sha256: not a SHA-256 in lower-case hex: "AB""#,
        ),
        (
            "/claims/k-1/span/start",
            json!({"block": "b-1", "offset": -1}),
            "dossier.claims.k-1.span.start.offset: a whole number from 0 to 4294967295 is wanted",
        ),
        (
            "/claims",
            json!({"c-1": {}}),
            r#"dossier.claims.c-1: the ids here are "k-" and more"#,
        ),
        (
            "/entities/e-1",
            json!({"what": "person", "nmes": {}}),
            "dossier.entities.e-1.nmes: nothing is known by this name",
        ),
        ("/replies/r-1", json!([]), "dossier.replies.r-1: an object is wanted"),
        (
            "/policy/sources",
            json!(0),
            "dossier.policy.sources: a whole number from 1 to 9 is wanted",
        ),
        (
            "/confidential/s-9/cited_as/issued",
            json!("Decembr 2019"),
            "dossier.confidential.s-9.cited_as.issued",
        ),
        (
            "/entities/e-1/role",
            json!("x".repeat(70_000)),
            "dossier.entities.e-1.role: longer than 65536 characters",
        ),
    ] {
        let said_it = error(&with(path, value));
        assert!(said_it.starts_with(said), "{said_it}");
    }
}

#[test]
fn policies_are_files_of_their_own() {
    let policy = Policy::read(br#"{"sources": 3, "severity": {"few-sources": "warning"}}"#).expect("read");
    assert_eq!(policy.sources, 3);
    let error = Policy::read(br#"{"severity": {"few-source": "off"}}"#).expect_err("refused");
    assert_eq!(error.to_string(), "severity.few-source: nothing is known by this name");
    assert!(Policy::read(b"[]").is_err());
    assert!(Policy::read("[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn a_dossier_is_a_story_with_what_is_known_of_it_and_names_only_what_is_there() {
    let file = |claim: Value| {
        json!({
            "komuz": 1, "lang": "en", "headline": "H",
            "blocks": [{"id": "b-1", "type": "paragraph", "text": [{"text": "It was so"}]}],
            "dossier": {"claims": {"k-1": claim}}
        })
        .to_string()
    };
    assert!(Dossier::read(file(json!({})).as_bytes()).is_ok());
    let wrong = Dossier::read(file(json!({"evidence": {"x-1": {"source": "s-4"}}})).as_bytes());
    assert_eq!(
        wrong.expect_err("refused").to_string(),
        r#"dossier.claims.k-1.evidence.x-1.source: no source has the id "s-4""#
    );
    assert!(Dossier::read(br#"{"komuz": 1}"#).is_err());
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn same<T: Recorded + PartialEq + std::fmt::Debug + serde::Serialize>(record: &T) {
    assert_eq!(
        &T::recorded(&object(serde_json::to_value(record).expect("written"))),
        record
    );
}

#[test]
fn records_come_back_from_documents() {
    let known = Known::read(&whole(), "dossier").expect("read");
    known.sources.values().for_each(same);
    known.confidential.values().for_each(same);
    known.claims.values().for_each(same);
    known.answers.values().for_each(same);
    known.backed.values().for_each(same);
    known.entities.values().for_each(same);
    known.replies.values().for_each(same);
    known.links.values().for_each(same);
    known.fronts.values().for_each(same);
    same(&known.policy);
}

#[test]
fn what_others_wrote_wrongly_reads_as_absent() {
    let reply = Reply::recorded(&object(json!({
        "party": "e-1", "asked": "soon", "outcome": 7, "answer": ["no"], "by": "Ada", "and": "more"
    })));
    assert_eq!(reply.party, "e-1");
    assert_eq!(
        (reply.asked.as_str(), reply.answer.as_str(), reply.by.as_str()),
        ("", "", "Ada")
    );
    let long = Entity::recorded(&object(json!({"role": "ы".repeat(100_000), "names": "no"})));
    assert_eq!(long.role.chars().count(), 65_536);
    assert!(long.names.is_empty());
}

fn json_values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["2019-11-21", "press", "holds", "s-1", "e-1", "verified"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        let names = prop_oneof![
            "\\PC{0,6}",
            prop::sample::select(vec![
                "claims", "k-1", "span", "start", "block", "offset", "evidence", "x-1", "checked", "when", "custody",
                "policy", "severity", "original", "blocks", "cited_as", "entities", "e-1", "names", "sources", "links"
            ])
            .prop_map(str::to_owned)
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in json_values()) {
        if let Ok(known) = Known::read(&value, "dossier") {
            let written = serde_json::to_value(&known).expect("written");
            prop_assert_eq!(Known::read(&written, "dossier"), Ok(known));
        }
    }

    #[test]
    fn any_object_is_read_and_what_was_read_comes_back(value in json_values()) {
        let json = value.as_object().cloned().unwrap_or_default();
        macro_rules! read {
            ($($type:ident)+) => { $(
                let read = $type::recorded(&json);
                let written = object(serde_json::to_value(&read).expect("written"));
                prop_assert_eq!($type::recorded(&written), read);
            )+ };
        }
        read!(Record Claim Answered Backed Entity Reply Link Front Policy);
        let _ = Confidential::recorded(&json);
    }
}
