//! What the newsrooms know of a story, at the desk: a claim is made of the text, and the checks follow what is typed.
#![cfg(not(feature = "no-browsers"))]

use fantoccini::key::Key;
use komuz_tests::browser::Engine;
use komuz_tests::desk::Desk;
use komuz_tests::process::Server;

fn hook(name: &str) -> String {
    format!("[data-test=\"{name}\"]")
}

fn finding(check: &str) -> String {
    format!("[data-test=\"finding\"][data-check=\"{check}\"]")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_made_of_the_text_and_checked_and_follows_its_words() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(Engine::Chromium, &server, "The bridge", "Ala-Too Desk", "Айзада").await;
    desk.new_story("en", "Draft").await;
    desk.type_at_end("The bridge cost ten million soms, the ministry says. Nobody has counted.")
        .await;
    let browser = &desk.browser;
    browser.click(&hook("tab-checks")).await;
    browser.find(&hook("no-findings")).await;

    browser.click(&hook("panel-claims")).await;
    desk.select("The bridge cost ten million soms").await;
    browser.click(&hook("claim-make")).await;
    browser
        .find_with(&hook("claim"), "The bridge cost ten million soms")
        .await;
    browser.click(&hook("panel-checks")).await;
    browser.find(&finding("few-sources")).await;
    browser.find(&finding("claim-unchecked")).await;

    // A word of it changes: the claim follows its text.
    desk.replace("ten", "twelve").await;
    browser.click(&hook("panel-claims")).await;
    browser
        .find_with(&hook("claim"), "The bridge cost twelve million soms")
        .await;

    // All of it outlives a reload.
    desk.in_sync().await;
    browser.reload().await;
    desk.open_edition("en").await;
    browser.click(&hook("tab-checks")).await;
    browser.find(&finding("few-sources")).await;
    browser.click(&hook("panel-claims")).await;
    browser
        .find_with(&hook("claim"), "The bridge cost twelve million soms")
        .await;
    desk.browser.close().await;
}

/// A desk with a story, a text of one paragraph and the checks open.
async fn checking(server: &Server, text: &str) -> Desk {
    let desk = Desk::found(Engine::Chromium, server, "The bridge", "Ala-Too Desk", "Айзада").await;
    desk.new_story("en", "Draft").await;
    desk.type_at_end(text).await;
    desk.browser.click(&hook("tab-checks")).await;
    desk.browser.find(&hook("panel")).await;
    desk
}

/// Makes a claim of words of the text and opens its card.
async fn claim(desk: &Desk, words: &str) {
    desk.browser.click(&hook("panel-claims")).await;
    desk.select(words).await;
    desk.browser.click(&hook("claim-make")).await;
    // What was just made is opened by itself.
    desk.browser.find_with(&unfolded("claim"), words).await;
}

fn unfolded(test: &str) -> String {
    format!("{}.unfolded", hook(test))
}

/// Chooses a day in a field as one types it into Chromium's.
async fn day(desk: &Desk, field: &str, day: [&str; 3]) {
    let [year, month, of_month] = day;
    desk.browser.find(&hook(field)).await;
    desk.browser
        .type_into(&hook(field), &format!("{month}{of_month}{year}"))
        .await;
    desk.browser
        .until_value(&hook(field), &format!("{year}-{month}-{of_month}"))
        .await;
}

/// The desk is still where it was: what is pressed in the panel is no press on anything of the desk's own.
async fn still_in_the_story(desk: &Desk) {
    desk.browser
        .find(&format!("{}[aria-current]", hook("edition-en")))
        .await;
    desk.browser
        .find(&format!("{}[aria-selected=true]", hook("tab-checks")))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_backed_by_sources_and_checked_in_its_card() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = checking(&server, "The bridge cost ten million soms. Nobody has counted.").await;
    let browser = &desk.browser;

    // Two sources, one of them confidential from its first moment.
    browser.click(&hook("panel-sources")).await;
    browser.click(&hook("source-new")).await;
    browser.fill(&hook("source-title"), "The contract").await;
    browser.click(&hook("source-add")).await;
    browser.find_with(&unfolded("source-record"), "The contract").await;
    browser.click(&hook("source-new")).await;
    browser.fill(&hook("source-title"), "The bookkeeper").await;
    browser.choose(&hook("source-what"), "interview").await;
    browser.choose(&hook("source-secrecy"), "confidential").await;
    browser.click(&hook("source-add")).await;
    let secret = format!("{}:has(.warn)", unfolded("source-record"));
    browser.find_with(&secret, "The bookkeeper").await;
    still_in_the_story(&desk).await;

    claim(&desk, "The bridge cost ten million soms").await;
    still_in_the_story(&desk).await;
    let card = unfolded("claim");
    for (source, stance, quote) in [
        ("The contract", "supports", "10,000,000 soms"),
        ("The bookkeeper (confidential)", "contradicts", "It was twelve."),
    ] {
        if browser
            .look(&format!("details[open] > {}", hook("evidence-new")), None)
            .await
            .is_none()
        {
            browser.click(&hook("evidence-new")).await;
        }
        browser.choose_with(&hook("evidence-source"), source).await;
        browser.choose(&hook("evidence-stance"), stance).await;
        browser.fill(&hook("evidence-quote"), quote).await;
        browser.click(&hook("evidence-add")).await;
        browser.find_with(&format!("{card} {}", hook("evidence")), quote).await;
    }
    still_in_the_story(&desk).await;

    // Evidence against it: somebody says why it holds all the same.
    browser
        .fill(&hook("claim-reasons"), "The contract is signed; he misremembers.")
        .await;
    browser.click(&hook("claim-check-holds")).await;
    browser.find_with(&card, "It holds for these words").await;
    browser.find_with(&card, "he misremembers").await;
    browser.find_with(&card, "Айзада").await;
    browser.find(&hook("claim-check-again")).await;
    still_in_the_story(&desk).await;

    // The words change: the checker's word was for others.
    desk.replace("ten", "twelve").await;
    browser.find_with(&format!("{card} ins"), "twelve").await;
    browser.find_with(&format!("{card} del"), "ten").await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_written_down_and_asked_and_the_answer_stands_in_the_text() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let text = "Asan Mamytov owned the bridge. Mamytov says that he did not.";
    let desk = checking(&server, text).await;
    let browser = &desk.browser;
    claim(&desk, "Asan Mamytov owned the bridge").await;

    browser.click(&hook("panel-people")).await;
    browser.click(&hook("entity-new")).await;
    browser.fill(&hook("entity-name"), "Asan Mamytov").await;
    browser.click(&hook("entity-add")).await;
    let person = unfolded("entity");
    browser.find_with(&person, "Asan Mamytov").await;
    still_in_the_story(&desk).await;
    // What the name is likely to be in the other script.
    browser
        .click_with(&format!("{person} {}", hook("name-offer")), "Асан Мамытов")
        .await;
    browser.until_value(&hook("name-ky"), "Асан Мамытов").await;
    // The short name in the text is asked about.
    browser
        .find_with(&format!("{person} {}", hook("mention")), "is that them?")
        .await;
    browser.click(&format!("{person} {}", hook("mention-confirm"))).await;
    browser
        .find_with(&format!("{person} {}", hook("mention")), "confirmed")
        .await;
    browser.fill(&format!("{person} [name=alias]"), "Mamytov A.").await;
    browser.click(&hook("alias-add")).await;
    browser.find_with(&format!("{person} .spelling"), "Mamytov A.").await;

    // The claim is about him: he is to be asked.
    browser.click(&hook("panel-claims")).await;
    browser.click(&format!("{} .head", hook("claim"))).await;
    browser.click(&hook("claim-about-change")).await;
    browser.click(&hook("claim-about")).await;
    browser.click(&hook("panel-checks")).await;
    browser.find(&finding("no-reply-asked")).await;

    browser
        .click(&format!("{} {}", finding("no-reply-asked"), hook("open-record")))
        .await;
    browser.find_with(&person, "Asan Mamytov").await;
    browser.click(&hook("reply-new")).await;
    browser.find(&hook("reply")).await;
    day(&desk, "reply-asked", ["2019", "11", "10"]).await;
    browser.fill(&hook("reply-how"), "By letter.").await;
    day(&desk, "reply-deadline", ["2019", "11", "20"]).await;
    // Leaving the last field saves it; the deadline is long over.
    browser.find_with(&hook("reply"), "The deadline is over").await;
    browser.choose(&hook("reply-outcome"), "answer").await;
    day(&desk, "reply-answered", ["2019", "11", "19"]).await;
    browser.fill(&hook("reply-answer"), "I never owned it.").await;
    desk.select("Mamytov says that he did not").await;
    browser.click(&hook("reply-mark")).await;
    browser.find_with(&hook("reply"), "Mamytov says that he did not").await;
    still_in_the_story(&desk).await;
    browser.click(&hook("panel-checks")).await;
    for check in ["no-reply-asked", "reply-pending", "reply-missing"] {
        browser.gone(&finding(check)).await;
    }
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_judged_and_kept_from_readers_and_no_file_holds_it_unasked() {
    let data = tempfile::tempdir().expect("a folder");
    let files = tempfile::tempdir().expect("a folder for what is saved");
    let server = Server::start(data.path());
    let desk = checking(&server, "The bridge cost ten million soms.").await;
    let browser = &desk.browser;

    // Cited and confidential from the first moment, in the form that cites.
    desk.select("ten million soms").await;
    browser.click(&hook("tool-cite")).await;
    browser.fill(&hook("source-title"), "The bookkeeper").await;
    browser.choose(&hook("source-kind"), "interview").await;
    browser.choose(&hook("secrecy"), "confidential").await;
    browser
        .click(&format!("{} {}", hook("dialog-cite"), hook("submit")))
        .await;
    browser.gone(&hook("dialog-cite")).await;
    browser.click(&hook("tab-checks")).await;
    browser.click(&hook("panel-sources")).await;
    browser.click(&format!("{} .head", hook("source-record"))).await;
    browser.until_value(&hook("what"), "interview").await;
    browser.until_value(&hook("confidentiality"), "confidential").await;

    browser.choose(&hook("reliability.state"), "verified").await;
    browser.fill(&hook("reliability.how"), "He showed his badge.").await;
    browser.find_with(&unfolded("source-record"), "Айзада").await;
    browser.choose(&hook("confidentiality"), "background").await;
    browser.fill(&hook("described"), "A person who kept the books").await;
    browser.choose(&hook("confidentiality"), "confidential").await;
    still_in_the_story(&desk).await;

    let to = serde_json::json!({ "behavior": "allow", "downloadPath": files.path() });
    browser.devtools("Browser.setDownloadBehavior", to).await;
    browser.choose(&hook("export"), "html").await;
    browser.find_file(files.path(), ".html").await;
    for format in ["json", "automerge"] {
        browser.choose(&hook("export"), format).await;
        browser
            .find_with(&hook("dialog-export"), "Confidential sources in this file: 1")
            .await;
        desk.close_dialog("dialog-export").await;
        browser.choose(&hook("export"), format).await;
        browser
            .click(&format!("{} {}", hook("dialog-export"), hook("submit")))
            .await;
        browser.find_file(files.path(), &format!(".{format}")).await;
    }
    desk.in_sync().await;
    browser.reload().await;
    desk.open_edition("en").await;
    browser.click(&hook("tab-checks")).await;
    browser.click(&hook("panel-sources")).await;
    browser.click(&format!("{} .head", hook("source-record"))).await;
    browser.until_value(&hook("reliability.state"), "verified").await;
    browser
        .until_value(&hook("reliability.how"), "He showed his badge.")
        .await;
    browser.until_value(&hook("confidentiality"), "confidential").await;
    browser
        .until_value(&hook("described"), "A person who kept the books")
        .await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_mended_stands_at_the_tab_and_in_the_review_and_stops_nobody() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = checking(&server, "The bridge cost ten million soms.").await;
    let browser = &desk.browser;
    claim(&desk, "The bridge cost ten million soms").await;
    let tab = format!("{}[data-count=\"1\"]", hook("tab-checks"));
    browser.find(&tab).await;
    let name = browser.attribute(&tab, "aria-label").await;
    assert_eq!(name, "Checks 1, to be mended before publication: 1");

    browser.click(&hook("tab-notes")).await;
    browser.click(&hook("review")).await;
    let review = hook("dialog-review");
    browser.find_with(&review, "To be mended before publication · 1").await;
    browser.find(&format!("{review} {}:not(:disabled)", hook("sign"))).await;

    // To the words, and to the record.
    let few = format!("{review} {}", finding("few-sources"));
    browser.click(&format!("{few} {}", hook("reveal"))).await;
    browser.gone(&review).await;
    let selected = "return getSelection().toString()";
    browser
        .until(
            "the words are selected",
            &format!("{selected}.includes('ten million')"),
            vec![],
        )
        .await;
    browser.click(&hook("review")).await;
    browser.click(&format!("{few} {}", hook("open-record"))).await;
    browser.gone(&review).await;
    browser
        .find_with(&unfolded("claim"), "The bridge cost ten million soms")
        .await;
    still_in_the_story(&desk).await;

    browser.click(&hook("review")).await;
    desk.sign_what_is_reviewed().await;
    desk.signed(1, 1).await;

    // Seen from afar too: the number is there before the tab is opened, once the desk's files are on the device.
    desk.in_sync().await;
    desk.can_open_offline().await;
    browser.reload().await;
    desk.open_edition("en").await;
    browser.find(&tab).await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_a_series_are_put_in_order() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(Engine::Chromium, &server, "The bridge", "Ala-Too Desk", "Айзада").await;
    let browser = &desk.browser;
    for headline in ["The money", "The bridge", "The answers"] {
        desk.new_story("en", headline).await;
    }
    // Its story is the first of the list.
    desk.new_edition("ky", "Жооптор").await;
    browser.click(&hook("go-stories")).await;
    let card = |at: usize, inner: &str| format!(".plainly > .card:nth-of-type({at}) {inner}");
    browser.find_with(&card(3, ""), "The answers").await;
    // The last of three becomes the first part, the first story the second.
    browser.click(&card(3, &hook("part-make"))).await;
    browser.find_with(&card(1, "b"), "Part 1").await;
    browser.find_with(&card(1, ""), "The answers").await;
    // The edition lies under the story that it was made for.
    browser.find_with(&card(2, "[lang=ky]"), "Жооптор").await;
    browser.click(&card(2, &hook("part-make"))).await;
    browser.find_with(&card(2, "b"), "Part 2").await;
    browser.click(&card(2, &hook("part-earlier"))).await;
    browser.find_with(&card(1, ""), "The money").await;

    browser.click(&card(1, &hook("part-later"))).await;
    browser.find_with(&card(2, ""), "The money").await;
    browser.click(&card(1, &hook("part-not"))).await;
    browser.find_with(&card(1, "b"), "Part 1").await;
    browser.find_with(&card(1, ""), "The money").await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_moved_by_keyboard_keeps_the_focus() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(Engine::Chromium, &server, "The bridge", "Ala-Too Desk", "Айзада").await;
    let browser = &desk.browser;
    for headline in ["The money", "The bridge", "The answers"] {
        desk.new_story("en", headline).await;
    }
    browser.click(&hook("go-stories")).await;
    let card = |at: usize, inner: &str| format!(".plainly > .card:nth-of-type({at}) {inner}");
    for part in 1..=3 {
        browser.click(&card(part, &hook("part-make"))).await;
        browser.find_with(&card(part, "b"), &format!("Part {part}")).await;
    }
    // The same button of the same story, wherever that stands now.
    let press = |key: Key| char::from(key).to_string();
    desk.tab_to(&card(1, &hook("part-later"))).await;
    for at in [2, 3] {
        browser.keys(&press(Key::Enter)).await;
        browser.find_with(&card(at, ".row"), "The money").await;
        browser.find(&card(at, &format!("{}:focus", hook("part-later")))).await;
    }
    // The last goes no further, and the first not back; both say so.
    browser.keys(&press(Key::Enter)).await;
    for (at, name) in [(1, "part-earlier"), (3, "part-later")] {
        browser
            .find(&card(at, &format!("{}[aria-disabled=true]", hook(name))))
            .await;
    }
    browser.find_with(&card(3, ".row"), "The money").await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_translation_is_behind_when_its_original_changes_until_somebody_says_that_it_is_not() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = checking(&server, "The bridge cost ten million soms.\u{E007}Nobody has counted.").await;
    let browser = &desk.browser;
    desk.new_edition_from("ru", "en").await;
    browser.click(&hook("tab-checks")).await;
    browser.click(&hook("panel-translation")).await;
    let current = "[role=tabpanel] .calm";
    browser.find_with(current, "up to date").await;
    desk.replace("The bridge cost ten million soms", "Мост стоил десять миллионов сомов")
        .await;
    desk.replace("Nobody has counted", "Никто не считал").await;
    browser.find_with(current, "up to date").await;

    desk.open_edition("en").await;
    desk.replace("ten", "twelve").await;
    desk.open_edition("ru").await;
    browser.click(&hook("panel-translation")).await;
    let behind = hook("block-behind");
    browser.find_with(&behind, "Мост стоил десять миллионов сомов").await;
    browser.find_with(&format!("{behind} del"), "ten").await;
    browser.find_with(&format!("{behind} ins"), "twelve").await;
    // To the block, from what was found.
    browser.click(&hook("panel-checks")).await;
    let found = finding("translation-behind");
    browser.click(&format!("{found} {}", hook("open-record"))).await;
    browser.find(&behind).await;

    desk.replace("десять", "двенадцать").await;
    browser.click(&hook("block-current")).await;
    browser.find_with(current, "up to date").await;
    browser.gone(&behind).await;
    browser.click(&hook("panel-checks")).await;
    browser.gone(&found).await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_of_a_correction_names_nobody_who_must_not_be_named() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = checking(&server, "The bridge cost ten million soms.").await;
    let browser = &desk.browser;
    browser.click(&hook("panel-people")).await;
    browser.click(&hook("entity-new")).await;
    browser.fill(&hook("entity-name"), "Asan Mamytov").await;
    browser.click(&hook("entity-add")).await;
    browser.click(&hook("entity-unnamed")).await;
    browser.find(&format!("{} .tag.bad", unfolded("entity"))).await;
    desk.sign().await;
    desk.publish().await;
    desk.close_dialog("dialog-publish").await;
    desk.replace("ten", "twelve").await;

    browser.click(&hook("review")).await;
    let review = hook("dialog-review");
    browser.find(&hook("nothing-to-mend")).await;
    let reason = format!("{review} [name=reason]");
    let named = format!("{review} {}", finding("named-unwilling"));
    browser.fill(&reason, "Mamytov showed us the contract.").await;
    browser.click(&hook("set-reason")).await;
    browser.find_with(&named, "“Mamytov”").await;
    browser.find_with(&named, "In the reason of the correction").await;
    browser.find(&format!("{review} {}:not(:disabled)", hook("sign"))).await;
    browser.fill(&reason, "The contract says twelve.").await;
    browser.click(&hook("set-reason")).await;
    browser.find(&hook("nothing-to-mend")).await;
    browser.gone(&named).await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_telephone_escape_leaves_the_checks_and_the_focus_goes_back() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = Desk::found(Engine::Chromium, &server, "The bridge", "Ala-Too Desk", "Айзада").await;
    desk.new_story("en", "Draft").await;
    desk.type_at_end("The bridge cost ten million soms.").await;
    let browser = &desk.browser;
    browser.size(390, 844).await;
    let press = |key: Key| char::from(key).to_string();
    desk.tab_to(&hook("side-open")).await;
    browser.keys(&press(Key::Enter)).await;
    browser.find(".side-sheet").await;
    desk.tab_to(".side > .tabs [aria-selected=true]").await;
    while browser
        .look(&format!("{}:focus", hook("tab-checks")), None)
        .await
        .is_none()
    {
        browser.keys(&press(Key::Right)).await;
    }
    desk.tab_to(&hook("panel-checks")).await;
    // The arrows choose among the sections, and the keyboard goes on inside.
    browser.keys(&press(Key::Right)).await;
    browser
        .find(&format!("{}[aria-selected=true]:focus", hook("panel-claims")))
        .await;
    desk.tab_to(&hook("claim-make")).await;
    browser.keys(&press(Key::Escape)).await;
    browser.gone(".side-sheet").await;
    browser.find(&format!("{}:focus", hook("side-open"))).await;
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_stays_open_while_others_come_before_and_behind_it() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path());
    let desk = checking(
        &server,
        "The bridge cost ten million soms. Nobody has counted. The road is closed.",
    )
    .await;
    let browser = &desk.browser;
    claim(&desk, "Nobody has counted").await;
    let open = unfolded("claim");
    browser.find_with(&open, "Nobody has counted").await;
    for words in ["The road is closed", "The bridge cost ten million soms"] {
        claim(&desk, words).await;
        browser.find_with(&open, "Nobody has counted").await;
    }
    desk.browser.close().await;
}
