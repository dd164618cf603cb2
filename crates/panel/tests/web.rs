//! The panel in a browser: what it shows of a dossier, and what it asks for.
#![cfg(target_arch = "wasm32")]

#[path = "web/group.rs"]
mod group;
#[path = "web/page.rs"]
mod page;
#[path = "web/sample.rs"]
mod sample;

use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::Page;
use crate::sample::sample;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn it_says_that_it_waits_until_something_comes() {
    let page = Page::open("en");
    page.shows("[data-test=panel][role=status]").await;
}

#[wasm_bindgen_test]
async fn what_must_be_mended_comes_first() {
    let page = Page::with("en", &sample()).await;
    let found = page.shows("h2").await;
    assert_eq!(found.text_content().unwrap(), "To be mended before publication · 2");
    assert_eq!(page.texts("[data-test=finding] p:first-child").len(), 3);
}

#[wasm_bindgen_test]
async fn nothing_found_is_said_calmly() {
    let mut sample = sample();
    sample["findings"] = json!([]);
    let page = Page::with("ky", &sample).await;
    let calm = page.shows("[data-test=no-findings] p").await;
    assert_eq!(calm.text_content().unwrap(), "Текшерүү эч нерсе тапкан жок.");
}

#[wasm_bindgen_test]
async fn a_finding_shows_its_place_and_opens_its_claim() {
    let page = Page::with("en", &sample()).await;
    page.press("[data-test=finding] [data-test=reveal]").await;
    assert_eq!(page.revealed(), [json!(["b1", 0, 20])]);
    page.press("[data-test=finding] [data-test=open-record]").await;
    page.shows("[data-record=k-1].unfolded").await;
    assert_eq!(
        page.get("[data-test=panel-claims]")
            .get_attribute("aria-selected")
            .unwrap(),
        "true"
    );
}

#[wasm_bindgen_test]
async fn a_claim_shows_what_changed_since_it_was_checked() {
    let page = Page::with("en", &sample()).await;
    page.open_record("panel-claims", "k-1").await;
    assert_eq!(page.texts("[data-record=k-1] del"), ["600"]);
    assert_eq!(page.texts("[data-record=k-1] ins"), ["700"]);
    let evidence = page.texts("[data-record=k-1] [data-test=evidence] b");
    assert!(evidence.contains(&"A storekeeper".to_owned()), "{evidence:?}");
}

#[wasm_bindgen_test]
async fn a_verdict_names_who_when_and_the_words() {
    let page = Page::with("en", &sample()).await;
    page.open_record("panel-claims", "k-2").await;
    page.type_into("[data-test=claim-reasons]", "Read it twice.").await;
    page.press("[data-test=claim-check-holds]").await;
    let asked = page.asked(1).await;
    assert_eq!(asked[0]["record"], "k-2");
    assert_eq!(
        asked[0]["members"],
        json!({
            "checked.by": "Aigul", "checked.when": "2019-11-21", "checked.verdict": "holds",
            "checked.reasons": "Read it twice.", "checked.words": "It was raining",
        })
    );
}

#[wasm_bindgen_test]
async fn evidence_speaks_for_a_claim_unless_somebody_says_otherwise() {
    let page = Page::with("en", &sample()).await;
    page.open_record("panel-claims", "k-2").await;
    page.press("[data-test=evidence-new]").await;
    page.press("[data-test=evidence-add]").await;
    let asked = page.asked(1).await;
    let members = asked[0]["members"].as_object().unwrap();
    let of = |end: &str| members.iter().find(|(path, _)| path.ends_with(end)).unwrap().1;
    assert_eq!(
        (of(".source"), of(".stance"), of(".quote")),
        (&json!("s-9"), &json!("supports"), &json!(null))
    );
}

#[wasm_bindgen_test]
async fn who_disputes_a_claim_says_why() {
    let page = Page::with("en", &sample()).await;
    page.open_record("panel-claims", "k-2").await;
    page.press("[data-test=claim-check-disputed]").await;
    let said = page.shows("[data-test=claim-check] [data-test=trouble]").await;
    assert_eq!(said.text_content().unwrap(), "Say why you dispute it.");
}

#[wasm_bindgen_test]
async fn a_claim_is_made_of_what_is_selected() {
    let page = Page::with("en", &sample()).await;
    page.press("[data-test=panel-claims]").await;
    page.press("[data-test=claim-make]").await;
    let said = page.shows("[data-test=trouble]").await;
    assert_eq!(said.text_content().unwrap(), "Select the words in the text first.");
    page.select(4, 9);
    page.press("[data-test=claim-make]").await;
    let asked = page.asked(1).await;
    assert_eq!(
        (&asked[0]["ask"], &asked[0]["kind"]),
        (&json!("mark-span"), &json!("claim"))
    );
    assert_eq!((&asked[0]["from"], &asked[0]["to"]), (&json!(4), &json!(9)));
}

#[wasm_bindgen_test]
async fn a_field_is_saved_when_it_is_left_as_one_member() {
    let page = Page::with("en", &sample()).await;
    page.open_record("panel-people", "e-1").await;
    page.type_into("[data-test=name-ky]", "Айбек Саматов").await;
    page.leave("[data-test=name-ky]").await;
    let asked = page.asked(1).await;
    assert_eq!(
        asked[0],
        json!({ "ask": "save-record", "edition": null, "record": "e-1", "members": { "names.ky": "Айбек Саматов" } })
    );
}

#[wasm_bindgen_test]
async fn what_is_being_typed_stays_when_the_dossier_comes_anew() {
    let mut page = Page::with("en", &sample()).await;
    page.open_record("panel-people", "e-1").await;
    page.type_into("[data-test=entity-role]", "head of").await;
    let mut newer = sample();
    newer["dossier"]["dossier"]["entities"]["e-1"]["role"] = "retired".into();
    page.show(&newer);
    let other = page.shows("[data-record=e-1] .warning").await;
    assert!(other.text_content().unwrap().ends_with("retired"));
    assert_eq!(page.value("[data-test=entity-role]"), "head of");
}

#[wasm_bindgen_test]
async fn a_name_in_the_text_is_shown_and_can_be_refused() {
    let page = Page::with("en", &sample()).await;
    page.open_record("panel-people", "e-1").await;
    page.press("[data-test=mention] [data-test=reveal]").await;
    assert_eq!(page.revealed(), [json!(["b2", 24, 37])]);
    page.press("[data-test=mention-refuse]").await;
    assert_eq!(
        page.asked(1).await[0]["members"],
        json!({ "mentions.Aibek Samatov": false })
    );
}

#[wasm_bindgen_test]
async fn a_spelling_in_the_other_script_is_offered() {
    let mut sample = sample();
    sample["dossier"]["dossier"]["entities"]["e-1"]["names"] = json!({ "ru": "Айбек Саматов" });
    let page = Page::with("en", &sample).await;
    page.open_record("panel-people", "e-1").await;
    let offers = page.texts("[data-test=name-offer]");
    assert_eq!(offers, ["+ Айбек Саматов", "+ Aybek Samatov"]);
    page.press("[data-test=name-offer]").await;
    assert_eq!(
        page.asked(1).await[0]["members"],
        json!({ "names.ky": "Айбек Саматов" })
    );
}

#[wasm_bindgen_test]
async fn who_is_connected_with_whom_is_drawn_and_said() {
    let mut sample = sample();
    let known = &mut sample["dossier"]["dossier"];
    known["entities"]["e-2"] = json!({ "what": "organisation", "names": { "en": "Northern Customs" } });
    known["claims"]["k-1"]["about"]["e-2"] = true.into();
    let page = Page::with("en", &sample).await;
    page.open_record("panel-people", "picture").await;
    assert!(page.texts(".picture")[0].starts_with("<svg"));
    assert!(page.texts("[data-record=picture] li")[0].contains("Northern Customs"));

    page.press("[data-test=picture-save]").await;
    page.press("[data-test=picture-insert]").await;
    let kept = page.kept();
    assert_eq!(kept[0].0, "s-en.svg");
    assert!(
        kept[1].0.starts_with("Who is connected with whom: Aibek Samatov"),
        "{}",
        kept[1].0
    );
    assert!(kept.iter().all(|(_, svg)| svg.starts_with("<svg")));
    let said = page.shows("[data-record=picture] [data-test=trouble]").await;
    assert!(said.text_content().unwrap().contains("download it instead"));
}

#[wasm_bindgen_test]
async fn the_review_shows_what_must_be_mended_and_leads_to_its_place() {
    let page = Page::review(&sample()).await;
    let found = page.shows("h2").await;
    assert_eq!(found.text_content().unwrap(), "To be mended before publication · 2");
    assert_eq!(page.texts("[data-test=finding] p:first-child").len(), 2, "errors alone");
    page.press("[data-test=finding] [data-test=reveal]").await;
    assert_eq!(page.revealed(), [json!(["b1", 0, 20])]);
    page.press("[data-test=finding] [data-test=open-record]").await;
    assert_eq!(page.opened(), ["k-1"]);

    let mut sample = sample();
    sample["findings"].as_array_mut().unwrap().truncate(1);
    let page = Page::review(&sample).await;
    page.shows("[data-test=nothing-to-mend]").await;
}

#[wasm_bindgen_test]
async fn a_record_is_opened_from_the_review_and_the_errors_are_counted_in_words() {
    let mut page = Page::with("ru", &sample()).await;
    page.panel.open("k-2");
    page.shows("[data-record=k-2].unfolded").await;
    assert_eq!(page.panel.counted(2), "исправить до публикации: 2");
}

#[wasm_bindgen_test]
async fn a_source_is_confidential_from_its_first_moment() {
    let page = Page::with("en", &sample()).await;
    page.press("[data-test=panel-sources]").await;
    page.press("[data-test=source-new]").await;
    page.type_into("[data-test=source-title]", "The bookkeeper").await;
    page.type_into("[data-test=source-what]", "interview").await;
    page.type_into("[data-test=source-secrecy]", "confidential").await;
    page.press("[data-test=source-add]").await;
    let asked = page.asked(1).await;
    assert_eq!(asked.len(), 1, "one ask, so that it is never public in between");
    assert_eq!(asked[0]["ask"], "save-source");
    assert_eq!(
        asked[0]["source"],
        json!({ "type": "interview", "title": "The bookkeeper" })
    );
    assert_eq!(
        asked[0]["about"],
        json!({ "what": "interview", "confidentiality": "confidential", "described": null })
    );
}

#[wasm_bindgen_test]
async fn its_events_are_its_own_where_the_desk_around_is_tree_1_of_another_file() {
    let page = Page::with("en", &sample()).await;
    let number = js_sys::Reflect::get(&page.place, &"__yew_subtree_id".into()).unwrap();
    assert!(number.as_f64().unwrap() > 1.0);
}

#[wasm_bindgen_test]
async fn what_was_shown_stays_when_the_checks_fail() {
    let mut page = Page::with("en", &sample()).await;
    page.panel.fail(r#"{"Err":{"code":"checks","message":"not fetched"}}"#);
    let said = page.shows("[data-test=panel] > [data-test=trouble]").await;
    assert_eq!(said.text_content().unwrap(), "The checks did not run: not fetched");
    assert_eq!(page.texts("[data-test=finding] p:first-child").len(), 3);
}

#[wasm_bindgen_test]
async fn trouble_stands_where_it_happened_and_the_words_stay() {
    let page = Page::with("ru", &sample()).await;
    page.refuse("role");
    page.open_record("panel-people", "e-1").await;
    page.type_into("[data-test=entity-role]", "судья").await;
    page.leave("[data-test=entity-role]").await;
    let said = page.shows("label [data-test=trouble]").await;
    assert_eq!(said.text_content().unwrap(), "Ваша роль этого не позволяет.");
    assert_eq!(page.value("[data-test=entity-role]"), "судья");
}

#[wasm_bindgen_test]
async fn a_record_is_removed_after_a_question() {
    let page = Page::with("en", &sample()).await;
    page.open_record("panel-claims", "k-2").await;
    page.press("[data-record=k-2] [data-test=claim-remove]").await;
    assert!(page.has_focus("[data-record=k-2] .sure"), "the question has the focus");
    page.press("[data-record=k-2] [data-test=sure]").await;
    let asked = page.asked(1).await;
    assert_eq!(
        (&asked[0]["ask"], &asked[0]["record"]),
        (&json!("remove-record"), &json!("k-2"))
    );
    assert_eq!(asked[0]["edition"], json!({ "story": "s", "lang": "en" }));
}

#[wasm_bindgen_test]
async fn a_translation_is_behind_until_somebody_says_that_it_is_not() {
    let page = Page::with("en", &sample()).await;
    page.press("[data-test=panel-translation]").await;
    assert_eq!(page.texts("[data-test=block-behind] ins"), ["700"]);
    assert_eq!(page.texts("[data-test=block-missing]"), ["Үчүнчү"]);
    page.press("[data-test=block-current]").await;
    let asked = page.asked(1).await;
    assert_eq!(asked[0]["record"], "b-b1");
    assert_eq!(asked[0]["members"], json!({ "words": "Беш жылда 700 миллион" }));
}

#[wasm_bindgen_test]
async fn a_reply_is_asked_for_and_answered() {
    let page = Page::with("en", &sample()).await;
    page.open_record("panel-people", "e-1").await;
    page.type_into("[data-test=reply-deadline]", "2019-11-30").await;
    page.leave("[data-test=reply-deadline]").await;
    page.type_into("[data-test=reply-outcome]", "refusal").await;
    page.leave("[data-test=reply-outcome]").await;
    let asked = page.asked(2).await;
    assert_eq!(asked[0]["members"], json!({ "deadline": "2019-11-30" }));
    assert_eq!(
        (&asked[1]["record"], &asked[1]["members"]),
        (&json!("r-1"), &json!({ "outcome": "refusal" }))
    );
}

#[wasm_bindgen_test]
async fn every_section_is_shown_in_every_language() {
    let mut page = Page::with("en", &sample()).await;
    for lang in ["en", "ru", "ky"] {
        page.panel.set_lang(lang);
        for section in [
            "checks",
            "claims",
            "sources",
            "people",
            "translation",
            "outlet",
            "group",
        ] {
            page.press(&format!("[data-test=panel-{section}]")).await;
            page.shows(&format!("[data-test=panel-{section}][aria-selected=true]"))
                .await;
            assert!(
                !page.get("[role=tabpanel]").text_content().unwrap().trim().is_empty(),
                "{section} in {lang}"
            );
        }
    }
}
