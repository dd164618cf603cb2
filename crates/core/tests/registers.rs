//! The registers: what one person does, what two do at once, and what somebody writes in bad faith.

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, Change, ROOT, ReadDoc, ScalarValue};
use komuz_core::document::{DocKind, Document};
use komuz_core::registers::*;
use komuz_release::story::{CslDate, Custom, Name, Source};

fn new(n: u8) -> Document {
    Document::new(DocKind::Registers, &[n; 16])
}

/// Brings each other's changes to both.
fn exchange(a: &mut Document, b: &mut Document) {
    let (from_a, from_b) = (changes(a), changes(b));
    a.apply(from_b).expect("applies");
    b.apply(from_a).expect("applies");
}

fn changes(document: &mut Document) -> Vec<Change> {
    let bytes = document.take_changes();
    bytes
        .into_iter()
        .map(|bytes| Change::from_bytes(bytes).expect("a change of ours"))
        .collect()
}

fn article() -> Source {
    Source {
        kind: "article-newspaper".to_owned(),
        author: vec![Name {
            family: "Toktosunov".to_owned(),
            given: "Almaz".to_owned(),
            ..Name::default()
        }],
        title: "Коррупция на таможне".to_owned(),
        container_title: "Kloop".to_owned(),
        issued: Some(CslDate {
            date_parts: vec![vec![2019, 11, 21]],
            literal: String::new(),
        }),
        url: "https://kloop.example/article".to_owned(),
        custom: Custom {
            archive_url: "https://archive.example/1".to_owned(),
            ..Custom::default()
        },
        language: "ru".to_owned(),
        ..Source::default()
    }
}

/// Ids `s1`, `s2` and so on.
fn ids() -> impl FnMut() -> String {
    let mut n = 0;
    move || {
        n += 1;
        format!("s{n}")
    }
}

#[test]
fn a_title_is_set_and_the_same_one_wins_everywhere() {
    let (mut a, mut b) = (new(1), new(2));
    assert_eq!(title(&a), "");
    set_title(&mut a, " Plunder ").expect("set");
    assert_eq!(title(&a), "Plunder");
    set_title(&mut b, "Patronage").expect("set");
    exchange(&mut a, &mut b);
    assert_eq!(title(&a), title(&b));
}

#[test]
fn a_source_comes_back_as_it_was_saved() {
    let mut doc = new(1);
    let mut source = article();
    source.other.insert("DOI".to_owned(), "10.1/x".into());
    source
        .custom
        .other
        .insert("shelf".to_owned(), serde_json::json!({"row": 3}));
    let id = save_source(&mut doc, &source, "s1").expect("saved");
    source.id = id;
    assert_eq!(sources(&doc), [source]);
}

#[test]
fn two_people_who_change_different_members_both_keep_their_change() {
    let (mut a, mut b) = (new(1), new(2));
    let id = save_source(&mut a, &article(), "s1").expect("saved");
    exchange(&mut a, &mut b);
    let mut of_a = sources(&a).remove(0);
    of_a.title = "Corruption at the customs".to_owned();
    save_source(&mut a, &of_a, "").expect("saved");
    let mut of_b = sources(&b).remove(0);
    of_b.accessed = Some(CslDate {
        date_parts: vec![vec![2020, 7, 20]],
        literal: String::new(),
    });
    of_b.author.push(Name {
        literal: "OCCRP".to_owned(),
        ..Name::default()
    });
    of_b.custom.archive_url.clear();
    save_source(&mut b, &of_b, "").expect("saved");
    exchange(&mut a, &mut b);
    let merged = sources(&a);
    assert_eq!(merged, sources(&b));
    assert_eq!((merged.len(), merged[0].id.as_str()), (1, id.as_str()));
    assert_eq!(merged[0].title, "Corruption at the customs");
    assert_eq!((&merged[0].accessed, &merged[0].author), (&of_b.accessed, &of_b.author));
    assert_eq!(merged[0].custom.archive_url, "");
}

#[test]
fn saving_what_is_there_already_writes_nothing() {
    let mut doc = new(1);
    save_source(&mut doc, &article(), "s1").expect("saved");
    let heads = doc.heads();
    let same = sources(&doc).remove(0);
    save_source(&mut doc, &same, "").expect("saved");
    assert_eq!(doc.heads(), heads);
}

#[test]
fn a_source_that_nobody_knows_is_not_changed() {
    let source = Source {
        id: "nobody".to_owned(),
        ..article()
    };
    assert!(matches!(save_source(&mut new(1), &source, ""), Err(RegisterError::NoSource { id }) if id == "nobody"));
}

#[test]
fn a_cited_source_stays_and_an_uncited_one_goes() {
    let mut doc = new(1);
    let id = save_source(&mut doc, &article(), "s1").expect("saved");
    assert!(matches!(
        remove_source(&mut doc, &id, true),
        Err(RegisterError::Cited { .. })
    ));
    assert_eq!(sources(&doc).len(), 1);
    remove_source(&mut doc, &id, false).expect("removed");
    assert_eq!(sources(&doc), []);
    assert!(matches!(
        remove_source(&mut doc, "other", false),
        Err(RegisterError::NoSource { .. })
    ));
}

#[test]
fn a_source_that_is_cited_while_somebody_removes_it_is_still_found() {
    let mut doc = new(1);
    let id = save_source(&mut doc, &article(), "s1").expect("saved");
    remove_source(&mut doc, &id, false).expect("removed");
    assert_eq!(source(&doc, &id, None).expect("kept").title, article().title);
    assert_eq!(source(&doc, "other", None), None);
    let back = source(&doc, &id, None).expect("kept");
    save_source(&mut doc, &back, "").expect("saved");
    assert_eq!(sources(&doc).len(), 1, "saving it brings it back");
}

#[test]
fn a_source_is_read_as_it_was() {
    let mut doc = new(1);
    let id = save_source(&mut doc, &article(), "s1").expect("saved");
    let then = doc.heads();
    let changed = Source {
        id: id.clone(),
        title: "Later".to_owned(),
        ..article()
    };
    save_source(&mut doc, &changed, "").expect("saved");
    assert_eq!(source(&doc, &id, Some(&then)).expect("there").title, article().title);
    assert_eq!(source(&doc, &id, None).expect("there").title, "Later");
}

#[test]
fn pasted_items_become_sources_and_equal_ones_are_not_doubled() {
    let mut doc = new(1);
    let text = r#"[{"id": "a", "type": "webpage", "title": "One"}, {"id": "b", "type": "webpage", "title": "Two"}]"#;
    let mut ids = ids();
    let pasted = paste_sources(&mut doc, text, &mut ids).expect("pasted");
    assert_eq!(
        pasted[1],
        Pasted {
            given: "b".to_owned(),
            id: "s2".to_owned(),
            added: true
        }
    );
    let again = paste_sources(&mut doc, r#"{"id": "x", "type": "webpage", "title": "One"}"#, &mut ids).expect("pasted");
    assert_eq!(
        again,
        [Pasted {
            given: "x".to_owned(),
            id: "s1".to_owned(),
            added: false
        }]
    );
    assert_eq!(sources(&doc).len(), 2);
}

#[test]
fn a_wrong_item_is_named_by_its_place_and_nothing_is_added() {
    let mut doc = new(1);
    let good = r#"{"type": "webpage", "title": "One"}"#;
    let text = format!(r#"[{good}, {good}, {good}, {{"type": "webpage", "issued": "Decembr 2019"}}]"#);
    let error = paste_sources(&mut doc, &text, ids()).expect_err("refused").to_string();
    assert_eq!(error, r#"sources[3].issued: not a date: "Decembr 2019""#);
    assert_eq!(sources(&doc), []);
    assert!(matches!(
        paste_sources(&mut doc, "[", ids()),
        Err(RegisterError::Csl(_))
    ));
    assert!(matches!(
        save_source(&mut doc, &Source::default(), "s1"),
        Err(RegisterError::Csl(_))
    ));
}

#[test]
fn imported_items_are_checked_like_pasted_ones() {
    let mut registers = new(1);
    let wrong = Source {
        title: "x".repeat(komuz_release::csl::MAX_FIELD + 1),
        ..article()
    };
    let refused = add_sources(&mut registers, vec![article(), wrong], ids()).expect_err("the second is too long");
    assert!(refused.to_string().contains("sources[1].title"), "{refused}");
    assert!(sources(&registers).is_empty());
    let many = (0..250).map(|nth| Source {
        title: format!("{nth}"),
        ..article()
    });
    add_sources(&mut registers, many.collect(), ids()).expect("added");
    let titles: Vec<String> = sources(&registers).into_iter().map(|source| source.title).collect();
    assert_eq!(titles, (0..250).map(|nth| nth.to_string()).collect::<Vec<_>>());
    assert!(changes(&mut registers).len() > 1, "in several changes");
}

#[test]
fn sources_that_two_people_add_at_once_are_both_there() {
    let (mut a, mut b) = (new(1), new(2));
    save_source(&mut a, &article(), "of a").expect("saved");
    save_source(&mut b, &article(), "of b").expect("saved");
    exchange(&mut a, &mut b);
    assert_eq!(sources(&a).len(), 2);
    assert_eq!(sources(&a), sources(&b));
}

#[test]
fn stories_and_editions_stand_in_the_order_in_which_they_were_added() {
    let mut doc = new(1);
    add_story(&mut doc, "second-part", "ru").expect("added");
    add_story(&mut doc, "first-part", "ky").expect("added");
    add_edition(&mut doc, "second-part", "ky").expect("added");
    add_edition(&mut doc, "second-part", "en").expect("added");
    add_edition(&mut doc, "second-part", "ky").expect("there already");
    let entry = |id: &str, editions: &[&str]| StoryEntry {
        id: id.to_owned(),
        editions: editions.iter().map(|lang| (*lang).to_owned()).collect(),
    };
    assert_eq!(
        stories(&doc),
        [entry("second-part", &["ru", "ky", "en"]), entry("first-part", &["ky"])]
    );
}

#[test]
fn stories_have_ids_that_fit_into_an_address_and_languages() {
    let mut doc = new(1);
    add_story(&mut doc, "story", "ru").expect("added");
    for id in ["story", "Story", "a/b", "", "files"] {
        assert!(
            matches!(add_story(&mut doc, id, "ru"), Err(RegisterError::StoryId { .. })),
            "{id}"
        );
    }
    assert!(matches!(
        add_story(&mut doc, "other", "Русский"),
        Err(RegisterError::Lang { .. })
    ));
    assert!(matches!(
        add_edition(&mut doc, "story", ""),
        Err(RegisterError::Lang { .. })
    ));
    assert!(matches!(
        add_edition(&mut doc, "other", "ky"),
        Err(RegisterError::NoStory { .. })
    ));
}

#[test]
fn editions_that_two_people_add_at_once_are_both_there() {
    let (mut a, mut b) = (new(1), new(2));
    add_story(&mut a, "story", "ru").expect("added");
    exchange(&mut a, &mut b);
    add_edition(&mut a, "story", "ky").expect("added");
    add_edition(&mut a, "story", "en").expect("added");
    add_edition(&mut b, "story", "en").expect("added");
    exchange(&mut a, &mut b);
    assert_eq!(stories(&a), stories(&b));
    let mut editions = stories(&a)[0].editions.clone();
    editions.sort();
    assert_eq!(editions, ["en", "ky", "ru"]);
}

#[test]
fn servers_are_added_removed_and_brought_back() {
    let mut doc = new(1);
    add_server(&mut doc, "https://desk.one.example").expect("added");
    add_server(&mut doc, "http://127.0.0.1:8080").expect("added");
    add_server(&mut doc, "https://desk.one.example").expect("there already");
    assert_eq!(servers(&doc), ["https://desk.one.example", "http://127.0.0.1:8080"]);
    remove_server(&mut doc, "https://desk.one.example").expect("removed");
    remove_server(&mut doc, "https://desk.other.example").expect("never there");
    assert_eq!(servers(&doc), ["http://127.0.0.1:8080"]);
    add_server(&mut doc, "https://desk.one.example").expect("back");
    assert_eq!(servers(&doc).len(), 2);
}

#[test]
fn what_is_no_servers_origin_is_refused() {
    for url in [
        "",
        "desk.example",
        "https://",
        "https://desk.example/",
        "https://user@desk.example",
        "https://desk.example/path",
        "http://desk.example",
        "ftp://desk.example",
        "https://desk.example:port",
        "javascript:alert(1)",
    ] {
        assert!(
            matches!(add_server(&mut new(1), url), Err(RegisterError::Server { .. })),
            "{url}"
        );
    }
}

#[test]
fn writing_registers_into_another_document_is_an_error() {
    let mut notes = Document::new(DocKind::Notes, &[1; 16]);
    assert!(matches!(set_title(&mut notes, "x"), Err(RegisterError::Document(_))));
    assert!(matches!(
        save_source(&mut notes, &article(), "s1"),
        Err(RegisterError::Document(_))
    ));
    assert_eq!(
        (title(&notes), sources(&notes), stories(&notes)),
        (String::new(), vec![], vec![])
    );
}

#[test]
fn values_of_wrong_types_are_left_out_and_the_rest_is_read() {
    let mut good = new(1);
    let id = save_source(&mut good, &article(), "s1").expect("saved");
    add_story(&mut good, "story", "ru").expect("added");
    let mut doc = AutoCommit::load(&good.save())
        .expect("loads")
        .with_actor(ActorId::from([7; 16].as_slice()));
    let map = |doc: &AutoCommit, name: &str| doc.get(ROOT, name).expect("a map").expect("there").1;
    let (all, all_stories, investigation) = (map(&doc, "sources"), map(&doc, "stories"), map(&doc, "investigation"));
    let source = doc.get(&all, &id).expect("a map").expect("there").1;
    for (key, value) in [
        ("title", ScalarValue::Int(5)),
        ("URL", "javascript:alert(1)".into()),
        ("json.issued", "{\"date-parts\": [[2019, 13]]}".into()),
        ("json.author", "[[[".into()),
        ("order", "first".into()),
        ("custom.archive-URL", "\"nowhere\"".into()),
        ("json.id", "\"other\"".into()),
    ] {
        doc.put(&source, key, value).expect("put");
    }
    doc.put(&all, "scalar", 5).expect("put");
    doc.put(&all_stories, "../../etc", "x").expect("put");
    doc.put_object(&all_stories, "Bad Id", automerge::ObjType::Map)
        .expect("put");
    doc.put(&investigation, "title", "x".repeat(5000)).expect("put");
    let read = Document::load(DocKind::Registers, &doc.save(), &[1; 16]).expect("loads");
    let all = sources(&read);
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].id.as_str(), all[0].kind.as_str()),
        (id.as_str(), "article-newspaper")
    );
    assert_eq!(
        (all[0].container_title.as_str(), all[0].language.as_str()),
        ("Kloop", "ru")
    );
    assert_eq!(
        (all[0].title.as_str(), all[0].url.as_str(), &all[0].issued),
        ("", "", &None)
    );
    assert_eq!(stories(&read).len(), 1);
    assert_eq!(title(&read).len(), MAX_TITLE);
}
