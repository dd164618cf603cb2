//! Who is in: invitations, devices, votes, and what of people who are in no more is left aside.

use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::Page;
use crate::sample::sample;

fn device(id: &str, here: bool) -> Value {
    json!({ "id": id, "code": format!("{id} 91C0"), "here": here })
}

fn member(id: &str, mine: bool, devices: &[Value]) -> Value {
    json!({ "id": id, "name": format!("Name of {id}"), "outlet": "kloop", "role": "writer", "aside": 0, "mine": mine, "devices": devices })
}

/// Aigul with two devices, and Bektur with one, who came after her.
fn who() -> Value {
    json!({
        "answer": "who", "me": "aigul", "out": false, "may_part": false,
        "outlets": [{ "id": "kloop", "name": "Kloop", "may_expel": false, "voted": [] }],
        "members": [
            member("aigul", false, &[device("aa11", true), device("aa22", false)]),
            member("bektur", true, &[device("bb11", false)]),
        ],
        "gone": [], "invites": [], "requests": [], "words": [],
    })
}

fn invite(is_device: bool) -> Value {
    json!({
        "id": "i-1", "outlet": "Kloop", "role": "writer", "expires": "2026-11-27T12:00:00Z", "is_device": is_device,
        "fragment": "gYlQ",
    })
}

#[wasm_bindgen_test]
async fn an_open_invitation_says_what_it_is_and_is_taken_back_after_a_question() {
    let page = Page::with("en", &sample()).await;
    let mut who = who();
    who["invites"] = json!([invite(false)]);
    page.group(who).await;
    let said = page.texts("[data-test=group-invite] p")[0].clone();
    assert!(said.starts_with("Kloop, as writer, until 27 November 2026, "), "{said}");
    assert!(page.texts("[data-test=group-device-link]").is_empty());
    page.press("[data-test=group-revoke]").await;
    page.press("[data-test=group-invite] [data-test=sure]").await;
    assert_eq!(page.asked(1).await, [json!({ "ask": "revoke", "invite": "i-1" })]);
}

#[wasm_bindgen_test]
async fn ones_own_next_device_gets_a_link_and_a_code() {
    let page = Page::with("ky", &sample()).await;
    page.group(who()).await;
    page.press("[data-test=group-device-add]").await;
    assert_eq!(page.asked(1).await, [json!({ "ask": "invite-device" })]);
    let mut who = who();
    who["invites"] = json!([invite(true)]);
    page.group(who).await;
    let link = page.shows("[data-test=group-device-link]").await;
    assert!(!link.get_attribute("aria-label").unwrap().is_empty());
    let drawn = page.get("komuz-code").get_attribute("link").unwrap();
    assert!(drawn.ends_with("/desk/#gYlQ"), "{drawn}");
    let svg = komuz_panel::code(&drawn, "ky").unwrap();
    assert!(svg.contains("aria-label=\"Камера үчүн код түрүндөгү шилтеме\""));
}

#[wasm_bindgen_test]
async fn a_device_that_asks_is_let_in_or_not() {
    for (button, ask) in [("group-let-in", "confirm"), ("group-not-mine", "refuse")] {
        let page = Page::with("ru", &sample()).await;
        let mut who = who();
        who["requests"] =
            json!([{ "id": "r-1", "name": "Name of aigul", "role": "writer", "code": "30412 99871 05523" }]);
        page.group(who).await;
        assert_eq!(page.texts("[data-test=group-device-code]"), ["30412 99871 05523"]);
        page.press(&format!("[data-test={button}]")).await;
        assert_eq!(page.asked(1).await, [json!({ "ask": ask, "request": "r-1" })]);
    }
}

#[wasm_bindgen_test]
async fn a_lost_device_is_taken_out_and_the_last_one_and_this_one_are_not() {
    let page = Page::with("en", &sample()).await;
    page.group(who()).await;
    let own = "[data-name='Name of aigul']";
    assert_eq!(
        page.texts(&format!("{own} li p")),
        ["aa11 91C0 · this device", "aa22 91C0"]
    );
    assert_eq!(
        page.texts("[data-test=group-device-out]"),
        ["Take device aa22 91C0 out"]
    );
    page.press("[data-test=group-device-out]").await;
    let asked = page.shows(&format!("{own} .sure small")).await;
    assert!(asked.text_content().unwrap().contains("keeps what is on it"));
    page.press(&format!("{own} [data-test=sure]")).await;
    assert_eq!(
        page.asked(1).await,
        [json!({ "ask": "remove-device", "device": "aa22" })]
    );
}

#[wasm_bindgen_test]
async fn an_editor_with_a_second_device_is_told_which_of_them_signs_releases() {
    let page = Page::with("en", &sample()).await;
    page.group(who()).await;
    assert!(
        page.texts("[data-test=group-release-key]").is_empty(),
        "a writer signs none"
    );
    let mut editor = who();
    editor["members"][0]["role"] = "editor".into();
    page.group(editor).await;
    let said = page
        .shows("[data-test=group-release-key]")
        .await
        .text_content()
        .unwrap();
    assert!(said.contains("printed recovery key"), "{said}");
}

#[wasm_bindgen_test]
async fn what_somebody_who_is_out_wrote_counts_when_an_editor_says_so() {
    let page = Page::with("en", &sample()).await;
    let mut who = who();
    let mut one = member("cholpon", true, &[]);
    one["aside"] = 3.into();
    who["gone"] = json!([one]);
    page.group(who).await;
    let gone = "[data-test=group-gone][data-name='Name of cholpon']";
    page.press(&format!("{gone} [data-test=group-adopt]")).await;
    let asked = page.shows(&format!("{gone} .sure small")).await;
    assert!(asked.text_content().unwrap().contains("may stand twice"));
    page.press(&format!("{gone} [data-test=sure]")).await;
    assert_eq!(page.asked(1).await, [json!({ "ask": "adopt", "member": "cholpon" })]);
}

#[wasm_bindgen_test]
async fn it_is_said_which_outlets_have_voted() {
    let page = Page::with("en", &sample()).await;
    let mut who = who();
    who["outlets"] = json!([{ "id": "kloop", "name": "Kloop", "may_expel": false, "voted": ["OCCRP", "Азаттык"] }]);
    page.group(who).await;
    assert_eq!(
        page.texts("[data-test=group-voted]"),
        ["Voted that it goes: OCCRP, Азаттык"]
    );
}

#[wasm_bindgen_test]
async fn an_editor_makes_a_new_key_after_a_question_and_nobody_else_is_offered_it() {
    let page = Page::with("en", &sample()).await;
    page.group(who()).await;
    assert!(page.texts("[data-test=group-new-key]").is_empty());
    let page = Page::with("en", &sample()).await;
    let mut who = who();
    who["members"][0]["role"] = "editor".into();
    page.group(who).await;
    page.press("[data-test=group-new-key]").await;
    page.press("[data-test=group-outlet] [data-test=sure]").await;
    assert_eq!(page.asked(1).await, [json!({ "ask": "new-key" })]);
}

#[wasm_bindgen_test]
async fn who_is_out_is_offered_nothing_and_an_observer_adds_a_device_and_leaves() {
    let page = Page::with("en", &sample()).await;
    let mut out = who();
    out["out"] = true.into();
    page.group(out).await;
    page.shows("[data-test=group-out]").await;
    for button in ["group-device-out", "group-device-add", "group-leave", "group-remove"] {
        assert!(page.texts(&format!("[data-test={button}]")).is_empty(), "{button}");
    }
    let page = Page::with("en", &sample()).await;
    let mut observer = who();
    observer["members"][0]["role"] = "observer".into();
    page.group(observer).await;
    for button in ["group-device-add", "group-leave"] {
        page.shows(&format!("[data-test={button}]")).await;
    }
}
