//! What the newsrooms know of a story: records that both write, the checks that follow, and a story that brings its dossier.

use komuz_messages::{Answer, Ask, EditionId};
use serde_json::{Map, Value, json};

use crate::newsroom::settled;
use crate::world::World;
use crate::writing::{two, type_at};

/// What the panel of a desk was given last.
fn dossier(world: &World, desk: usize) -> Value {
    let shown = world.desks[desk].shown.dossiers.last();
    shown.map_or(Value::Null, |json| serde_json::from_str(json).expect("JSON"))
}

fn checks(world: &World, desk: usize) -> Vec<String> {
    let findings = dossier(world, desk)["findings"].clone();
    let all = findings.as_array().cloned().unwrap_or_default();
    all.iter()
        .filter_map(|finding| finding["check"].as_str().map(str::to_owned))
        .collect()
}

fn made(answer: Result<Answer, komuz_messages::Trouble>) -> String {
    match answer {
        Ok(Answer::Made { id }) => id,
        other => panic!("nothing was made: {other:?}"),
    }
}

fn members(json: Value) -> Map<String, Value> {
    json.as_object().cloned().expect("an object")
}

fn watch(world: &mut World, desk: usize, edition: &EditionId) {
    let ask = Ask::WatchDossier {
        edition: edition.clone(),
        on: true,
    };
    world.ask(desk, ask).expect("watched");
    world.until("the dossier is shown", |world| !dossier(world, desk).is_null());
}

fn claim(world: &mut World, desk: usize, edition: &EditionId, (from, to): (u32, u32)) -> String {
    let page = &world.desks[desk].pages[edition];
    let ask = Ask::MarkSpan {
        edition: edition.clone(),
        seq: page.seq,
        taken: page.taken,
        from,
        to,
        kind: "claim".into(),
        members: Map::new(),
    };
    made(world.ask(desk, ask))
}

fn save(world: &mut World, desk: usize, edition: Option<&EditionId>, record: &str, json: Value) -> String {
    let ask = Ask::SaveRecord {
        edition: edition.cloned(),
        record: record.into(),
        members: members(json),
    };
    made(world.ask(desk, ask))
}

#[test]
fn a_claim_that_one_makes_is_checked_at_the_other_and_both_may_write_about_it() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "The bridge cost ten million soms.", |_| 1);
    settled(&mut world);
    watch(&mut world, occrp, &edition);
    let id = claim(&mut world, kloop, &edition, (1, 34));
    settled(&mut world);
    world.until("the claim is checked", |world| {
        checks(world, occrp).contains(&"few-sources".to_owned())
    });
    assert_eq!(
        dossier(&world, occrp)["dossier"]["dossier"]["claims"][&id]["span"]["end"]["offset"],
        33
    );

    let builder = save(
        &mut world,
        occrp,
        None,
        "e-",
        json!({ "what": "organisation", "names.en": "Bridge Builders" }),
    );
    save(
        &mut world,
        kloop,
        Some(&edition),
        &id,
        json!({ format!("about.{builder}"): true }),
    );
    save(
        &mut world,
        occrp,
        Some(&edition),
        &id,
        json!({
            "checked.by": "Nurgul", "checked.when": "2019-11-21", "checked.words": "The bridge cost ten million soms.",
        }),
    );
    settled(&mut world);
    world.until("somebody was not asked", |world| {
        checks(world, occrp).contains(&"no-reply-asked".to_owned())
    });
    assert!(!checks(&world, occrp).contains(&"changed-since-checked".to_owned()));

    type_at(&mut world, kloop, &edition, " nearly", |_| 11);
    settled(&mut world);
    world.until("the words are others", |world| {
        checks(world, occrp).contains(&"changed-since-checked".to_owned())
    });

    let ask = Ask::RemoveRecord {
        edition: Some(edition.clone()),
        record: id.clone(),
    };
    world.ask(occrp, ask).expect("removed");
    world.until("nothing is claimed", |world| checks(world, occrp).is_empty());
    world
        .ask(
            occrp,
            Ask::Undo {
                edition: edition.clone(),
            },
        )
        .expect("undone");
    world.until("it is claimed again", |world| {
        dossier(world, occrp)["dossier"]["dossier"]["claims"].get(&id).is_some()
    });
}

#[test]
fn an_edition_begun_from_the_original_is_current_until_the_original_changes() {
    let (mut world, kloop, occrp, edition) = two();
    type_at(&mut world, kloop, &edition, "The bridge cost ten million soms.", |_| 1);
    settled(&mut world);
    for (lang, from) in [("ru", "en"), ("ky", "ru")] {
        let new = EditionId {
            lang: lang.into(),
            ..edition.clone()
        };
        let ask = Ask::NewEdition {
            edition: new.clone(),
            from: Some(from.into()),
        };
        world.ask(kloop, ask).expect("begun");
    }
    settled(&mut world);
    let ky = EditionId {
        lang: "ky".into(),
        ..edition.clone()
    };
    watch(&mut world, occrp, &ky);
    let known = &dossier(&world, occrp)["dossier"]["dossier"];
    let block = known["original"]["blocks"][0]["id"]
        .as_str()
        .expect("a block")
        .to_owned();
    let link = json!({ "of": block, "words": "The bridge cost ten million soms." });
    assert_eq!(known["links"], json!({ block.clone(): link }));
    assert!(checks(&world, occrp).is_empty());

    type_at(&mut world, kloop, &edition, " nearly", |_| 11);
    settled(&mut world);
    world.until("the original is ahead", |world| {
        checks(world, occrp) == ["translation-behind"]
    });
}

#[test]
fn a_confidential_source_is_known_to_colleagues_and_is_no_source_of_the_story() {
    let (mut world, kloop, _, edition) = two();
    watch(&mut world, kloop, &edition);
    let source = komuz_release::story::Source {
        kind: "interview".into(),
        title: "A talk by the river".into(),
        ..Default::default()
    };
    let ask = Ask::SaveSource {
        source: source.into(),
        about: members(json!({ "what": "interview", "confidentiality": "confidential" })),
    };
    let answer = world.ask(kloop, ask);
    let Ok(Answer::Source { id }) = answer else {
        panic!("no source: {answer:?}");
    };
    world.until("it is confidential", |world| {
        dossier(world, kloop)["dossier"]["dossier"]["confidential"]
            .get(&id)
            .is_some()
    });
    assert_eq!(dossier(&world, kloop)["dossier"].get("sources"), None);

    // A file that would hold it is not made before somebody has said that they know.
    let export = |world: &mut World, format: &str, sure| {
        let (edition, format) = (edition.clone(), format.to_owned());
        world.ask(kloop, Ask::Export { edition, format, sure })
    };
    let refused = export(&mut world, "json", false).expect_err("asked first");
    assert_eq!(
        (refused.code.as_str(), refused.with),
        ("confidential-inside", vec!["1".to_owned()])
    );
    assert!(export(&mut world, "json", true).is_ok());
    assert!(
        export(&mut world, "html", false).is_ok(),
        "readers' files never hold it"
    );
    assert!(
        export(&mut world, "automerge", false).is_ok(),
        "the text does not rest on it"
    );
    type_at(&mut world, kloop, &edition, "The bookkeeper saw it.", |_| 1);
    let claimed = claim(&mut world, kloop, &edition, (1, 23));
    let evidence = json!({ "evidence.x-1.source": id, "evidence.x-1.quote": "I was there." });
    save(&mut world, kloop, Some(&edition), &claimed, evidence);
    let refused = export(&mut world, "automerge", false).expect_err("asked first");
    assert_eq!(refused.code, "confidential-inside");
    assert!(export(&mut world, "automerge", true).is_ok());
}

#[test]
fn the_parts_of_a_series_are_listed_in_an_order_that_both_may_change() {
    let (mut world, kloop, occrp, edition) = two();
    let new = |world: &mut World, headline: &str| {
        let ask = Ask::NewStory {
            lang: "en".into(),
            headline: headline.into(),
        };
        match world.ask(kloop, ask) {
            Ok(Answer::Story { story }) => story,
            other => panic!("no story: {other:?}"),
        }
    };
    let (aside, second) = (new(&mut world, "An aside"), new(&mut world, "The second part"));
    settled(&mut world);
    let first = edition.story.clone();
    for (desk, story) in [(kloop, &second), (occrp, &first)] {
        save(&mut world, desk, None, &format!("p-{story}"), json!({ "move": 0 }));
        settled(&mut world);
    }
    let listed = |world: &World, desk: usize| -> Vec<(String, u64)> {
        let view = world.desks[desk].shown.investigation.as_ref().expect("open");
        view.stories
            .iter()
            .map(|story| (story.id.clone(), story.part))
            .collect()
    };
    let order = |parts: [(&String, u64); 3]| parts.map(|(story, part)| (story.clone(), part)).to_vec();
    assert_eq!(listed(&world, kloop), order([(&second, 1), (&first, 2), (&aside, 0)]));
    save(&mut world, occrp, None, &format!("p-{first}"), json!({ "move": -1 }));
    settled(&mut world);
    for desk in [kloop, occrp] {
        assert_eq!(listed(&world, desk), order([(&first, 1), (&second, 2), (&aside, 0)]));
    }
    save(&mut world, kloop, None, &format!("p-{first}"), json!({ "number": 0 }));
    settled(&mut world);
    assert_eq!(listed(&world, occrp)[0], (second, 1));
}

#[test]
fn a_story_brings_its_dossier_and_takes_it_away_again() {
    let (mut world, kloop, occrp, edition) = two();
    let text = include_str!("../../../dossier/tests/stories/press-release-2011.json");
    let import = Ask::Import {
        edition: edition.clone(),
        name: "story.json".into(),
        text: text.into(),
        tongue: "en".into(),
    };
    world.ask(kloop, import).expect("imported");
    settled(&mut world);
    watch(&mut world, occrp, &edition);
    world.until("the two agencies are one source", |world| {
        checks(world, occrp).contains(&"few-sources".to_owned())
    });
    let ask = Ask::Export {
        edition: edition.clone(),
        format: "json".into(),
        sure: true,
    };
    let answer = world.ask(occrp, ask);
    let Ok(Answer::File { bytes, .. }) = answer else {
        panic!("no file: {answer:?}");
    };
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(bytes).expect("base64");
    let again = komuz_import::import("story.json", &bytes, komuz_import::DEFAULT_LIMIT).expect("reads back");
    let first = komuz_import::import("story.json", text.as_bytes(), komuz_import::DEFAULT_LIMIT).expect("reads");
    assert_eq!(again.dossier.claims.len(), first.dossier.claims.len());
    assert_eq!(again.dossier.sources.len(), first.dossier.sources.len());
    let span = |read: &komuz_import::Imported| read.dossier.claims.values().next().and_then(|claim| claim.span.clone());
    assert_eq!(
        span(&again).map(|span| span.end.offset),
        span(&first).map(|span| span.end.offset)
    );
}
