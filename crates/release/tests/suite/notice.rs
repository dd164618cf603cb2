//! Corrections, clarifications, updates, retractions: the list that grows from release to release, and who may say what.

use komuz_release::difference::difference;
use komuz_release::html::{ArticleOptions, article, index_html};
use komuz_release::notice::{Kind, MAX_EARLIER, MAX_EARLIER_TEXT, Notice, continues, earlier};
use komuz_release::release::{Head, Release, ReleaseError};
use komuz_release::snippet::{SnippetOptions, snippet};
use komuz_release::story::Story;
use serde_json::{Value, json};

use crate::changed::{place, read};
use crate::fixture::{head, masthead, paragraph, release, rich_story, story};

/// The release after another: one more paragraph, at the given day of December.
fn next(before: &Release, kind: Kind, day: u64, words: &str) -> Release {
    let mut story = before_as_story(before);
    story.blocks.push(paragraph(words, words));
    after(before, &story, kind, day)
}

/// The fixture's story with the paragraphs that releases after it have added.
fn before_as_story(before: &Release) -> Story {
    let mut story = story();
    for block in before.body.blocks.iter().skip(story.blocks.len()) {
        let words = block.plain_text();
        story.blocks.push(paragraph(&words, &words));
    }
    story
}

fn after(before: &Release, story: &Story, kind: Kind, day: u64) -> Release {
    let head = Head {
        published: format!("2026-12-{day:02}T06:00:00Z"),
        kind,
        reason: format!("Reason of {}.", before.number + 1),
        ..head()
    };
    Release::from_story(story, &head, &masthead(), Some(before)).unwrap()
}

/// Four releases: the first, a correction, an update, a clarification.
fn four() -> [Release; 4] {
    let first = release();
    let second = next(&first, Kind::Correction, 18, "One more.");
    let third = next(&second, Kind::Update, 19, "The minister resigned.");
    let fourth = next(&third, Kind::Clarification, 20, "Of defence.");
    [first, second, third, fourth]
}

#[test]
fn a_first_release_has_no_notice() {
    let text = String::from_utf8(release().to_bytes().unwrap()).unwrap();
    assert!(release().notices().is_empty());
    assert!(!text.contains("earlier") && !text.contains("supersedes"));
}

#[test]
fn every_kind_is_written_and_read_by_its_name() {
    for kind in Kind::ALL {
        let second = next(&release(), kind, 18, "One more.");
        assert_eq!(second.supersedes.as_ref().unwrap().kind, kind);
        let text = String::from_utf8(second.to_bytes().unwrap()).unwrap();
        assert!(
            text.contains(&format!("\"supersedes\":{{\"kind\":\"{}\"", kind.name())),
            "{text}"
        );
        assert_eq!(Release::parse(text.as_bytes()), Ok(second));
        assert_eq!(Kind::of(kind.name()), Some(kind));
    }
    let second = next(&release(), Kind::Update, 18, "One more.");
    let other = read(&second, |r| r["supersedes"]["kind"] = json!("rumour"));
    assert_eq!(
        other,
        Err(ReleaseError::Malformed(
            "supersedes.kind: no such kind of notice".into()
        ))
    );
    assert!(read(&second, |r| _ = r["supersedes"].as_object_mut().unwrap().remove("kind")).is_err());
}

#[test]
fn who_reads_the_fourth_sees_what_the_second_and_third_changed() {
    let [first, second, third, fourth] = four();
    let notices = fourth.notices();
    let told: Vec<(u64, Kind, &str)> = notices
        .iter()
        .map(|notice| (notice.number, notice.kind, notice.published.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (2, Kind::Correction, "2026-12-18T06:00:00Z"),
            (3, Kind::Update, "2026-12-19T06:00:00Z"),
            (4, Kind::Clarification, "2026-12-20T06:00:00Z"),
        ]
    );
    for ((before, release), notice) in [(&first, &second), (&second, &third), (&third, &fourth)]
        .iter()
        .zip(&notices)
    {
        assert_eq!(notice.changes, difference(before, release));
        assert_eq!(notice.reason, release.reason);
        assert_eq!(continues(before, release), Ok(()));
    }
    assert_eq!(Release::parse(&fourth.to_bytes().unwrap()), Ok(fourth));
}

#[test]
fn numbers_that_were_given_up_are_missing_in_the_list_too() {
    let first = release();
    let mut second = next(&first, Kind::Correction, 18, "One more.");
    second.number = 5;
    let third = next(&second, Kind::Update, 19, "And more.");
    assert_eq!(third.notices().iter().map(|n| n.number).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(continues(&second, &third), Ok(()));
    assert!(Release::parse(&third.to_bytes().unwrap()).is_ok());
}

#[test]
fn the_list_keeps_the_newest_fifty() {
    let mut newest = release();
    for n in 0..MAX_EARLIER + 3 {
        let before = newest;
        newest = after(&before, &story(), Kind::Update, 1 + n as u64 % 28);
        assert_eq!(continues(&before, &newest), Ok(()));
    }
    assert_eq!(newest.number, 54);
    assert_eq!(newest.earlier.len(), MAX_EARLIER);
    assert_eq!(newest.earlier[0].number, 4);
    assert!(Release::parse(&newest.to_bytes().unwrap()).is_ok());
    let one_more = read(&newest, |r| {
        let mut first = r["earlier"][0].clone();
        first["number"] = json!(3);
        r["earlier"].as_array_mut().unwrap().insert(0, first);
    });
    assert_eq!(place(one_more), "earlier");
}

#[test]
fn long_changes_of_the_oldest_notices_are_left_to_the_old_releases() {
    let long = |at: usize| format!("{at} ") + &"long ".repeat(MAX_EARLIER_TEXT / 15);
    let mut releases = vec![release()];
    for n in 0..5 {
        let before = releases.last().unwrap();
        releases.push(next(before, Kind::Update, 18 + n as u64, &long(n)));
    }
    let newest = releases.last().unwrap();
    let shortened: Vec<bool> = newest.notices().iter().map(|notice| notice.shortened).collect();
    assert_eq!(shortened, [true, true, false, false, false]);
    let first = &newest.earlier[0];
    assert!(
        first.changes.is_empty() && first.reason == "Reason of 2.",
        "date, kind and reason stay"
    );
    for pair in releases.windows(2) {
        assert_eq!(continues(&pair[0], &pair[1]), Ok(()));
        assert_eq!(Release::parse(&pair[1].to_bytes().unwrap()).as_ref(), Ok(&pair[1]));
    }
    let both = read(newest, |r| r["earlier"][2]["shortened"] = json!(true));
    assert_eq!(place(both), "earlier", "shortened, and with changes");

    let mut wordy = releases.swap_remove(1);
    wordy.reason = "r".repeat(MAX_EARLIER_TEXT + 1);
    assert_eq!(earlier(&wordy, false), [], "a reason alone can be too long");
}

#[test]
fn a_list_that_does_not_continue_the_one_before_is_refused() {
    let [_, _, third, fourth] = four();
    let forged = |change: fn(&mut Release)| {
        let mut fourth = fourth.clone();
        change(&mut fourth);
        place(continues(&third, &fourth))
    };
    assert_eq!(forged(|r| _ = r.earlier.pop()), "earlier");
    assert_eq!(forged(|r| r.earlier[0].kind = Kind::Clarification), "earlier");
    assert_eq!(forged(|r| r.earlier[0].reason = "Nothing much.".into()), "earlier");
    assert_eq!(forged(|r| r.earlier[1].changes.clear()), "earlier");
    assert_eq!(
        forged(|r| (r.earlier[1].shortened, r.earlier[1].changes) = (true, Vec::new())),
        "earlier"
    );
    assert_eq!(forged(|r| r.changes.clear()), "changes");
    assert_eq!(forged(|r| r.changes[0].new = "Of nothing.".into()), "changes");
    assert_eq!(forged(|r| r.supersedes = None), "supersedes");
    assert_eq!(forged(|r| r.supersedes.as_mut().unwrap().number = 2), "supersedes");
    assert_eq!(forged(|r| r.story = "another".into()), "supersedes");
    let [first, ..] = four();
    assert_eq!(place(continues(&first, &fourth)), "supersedes");
}

#[test]
fn lists_that_cannot_be() {
    let [first, _, _, fourth] = four();
    let wrong = |change: fn(&mut Value)| place(read(&fourth, change));
    assert_eq!(wrong(|r| r["earlier"].as_array_mut().unwrap().reverse()), "earlier");
    assert_eq!(wrong(|r| r["earlier"][0]["number"] = json!(1)), "earlier");
    assert_eq!(wrong(|r| r["earlier"][0]["number"] = json!(3)), "earlier");
    assert_eq!(wrong(|r| r["earlier"][1]["number"] = json!(4)), "earlier");
    assert_eq!(wrong(|r| r["earlier"][1]["published"] = json!("yesterday")), "earlier");
    assert_eq!(wrong(|r| r["earlier"][1]["kind"] = json!("retraction")), "earlier");
    assert_eq!(
        wrong(|r| _ = r.as_object_mut().unwrap().remove("supersedes")),
        "earlier"
    );
    let with_nothing_before = read(&first, |r| {
        r["earlier"] = json!([{ "kind": "update", "number": 2, "published": "2026-12-18T06:00:00Z" }]);
    });
    assert_eq!(place(with_nothing_before), "earlier");
    for change in [
        (|r| r["earlier"] = json!([])) as fn(&mut Value),
        |r| r["earlier"][0]["shortened"] = json!(false),
        |r| r["earlier"][0]["reason"] = json!(""),
    ] {
        assert_eq!(read(&fourth, change), Err(ReleaseError::NotCanonical));
    }
    assert!(matches!(
        read(&fourth, |r| r["earlier"][0]["by"] = json!("issyk")),
        Err(ReleaseError::Malformed(_))
    ));
}

#[test]
fn a_retraction_is_final() {
    let first = release();
    let withdrawn = after(&first, &story(), Kind::Retraction, 18);
    assert!(withdrawn.is_retracted() && withdrawn.changes.is_empty());
    assert_eq!(withdrawn.body, first.body, "text and sources stay");
    let later = next(&withdrawn, Kind::Correction, 19, "One more.");
    assert!(later.is_retracted(), "whatever is asked for");
    let mut back = later.clone();
    back.supersedes.as_mut().unwrap().kind = Kind::Update;
    assert_eq!(place(Release::parse(&back.to_bytes().unwrap())), "earlier");
    assert_eq!(place(continues(&withdrawn, &back)), "supersedes.kind");
}

#[test]
fn the_page_lists_all_notices_newest_first_under_a_line_at_the_top() {
    let [.., fourth] = four();
    let page = article(&fourth, &masthead(), &ArticleOptions::default());
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not in {page}"));
    let order = [
        "<p class=\"komuz-correction\">Clarified on <time datetime=\"2026-12-20T06:00:00Z\">20 December 2026, 06:00 UTC</time>: \
         <span dir=\"auto\">Reason of 4.</span> <a href=\"#komuz-the-site-went-dark-en-notices\">What has changed</a></p>",
        "<div class=\"komuz-text\">",
        "<h3 id=\"komuz-the-site-went-dark-en-notices\">What has changed</h3>",
        "<li id=\"komuz-the-site-went-dark-en-notice-4\"><p><b>Clarification.</b> Clarified on",
        "<li id=\"komuz-the-site-went-dark-en-notice-3\"><p><b>Update.</b> Updated on",
        "<small>now:</small> <ins>The minister resigned.</ins>",
        "<li id=\"komuz-the-site-went-dark-en-notice-2\"><p><b>Correction.</b> Corrected on",
        "<section class=\"komuz-sources\"",
    ];
    assert!(order.map(at).is_sorted(), "{:?}", order.map(at));
    assert!(!page.contains("<details"));
}

#[test]
fn a_notice_leads_to_its_block_and_the_block_to_its_notice() {
    let [_, _, third, fourth] = four();
    let page = article(&fourth, &masthead(), &ArticleOptions::default());
    let block = &third.body.blocks.last().unwrap().id;
    let id = format!("komuz-the-site-went-dark-en-block-{block}");
    assert!(page.contains(&format!("<li><b><a href=\"#{id}\">Text</a>.</b>")));
    assert!(page.contains(&format!(
        "The minister resigned. <sup class=\"komuz-mark\"><a id=\"{id}\" href=\"#komuz-the-site-went-dark-en-notice-3\">Update</a></sup>"
    )));
    // A block that went has no place to lead to.
    let gone = after(&fourth, &story(), Kind::Correction, 21);
    let page = article(&gone, &masthead(), &ArticleOptions::default());
    assert!(page.contains("<del>The minister resigned.</del>") && !page.contains(&id));
    // Every way leads somewhere, and no id is there twice.
    for way in page.split("href=\"#").skip(1) {
        let (to, _) = way.split_once('"').unwrap();
        assert_eq!(page.matches(&format!(" id=\"{to}\"")).count(), 1, "{to}");
    }
}

#[test]
fn a_retraction_cannot_be_missed() {
    for (lang, said, shown) in [
        (
            "en",
            "The newsrooms have withdrawn this story.",
            "Show the withdrawn text",
        ),
        ("ru", "Редакции отозвали этот материал.", "Показать отозванный текст"),
        (
            "ky",
            "Редакциялар бул материалды кайтарып алышты.",
            "Кайтарылып алынган текстти көрсөтүү",
        ),
    ] {
        let story = Story {
            lang: lang.into(),
            ..rich_story()
        };
        let first = Release::from_story(&story, &head(), &masthead(), None).unwrap();
        let withdrawn = after(&first, &story, Kind::Retraction, 18);
        let page = index_html(&withdrawn, &masthead());
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not in {page}"));
        let order = [
            "</title>",
            "<div class=\"komuz-retraction\">",
            said,
            "Reason of 2.",
            "<h1 class=\"komuz-headline\" dir=\"auto\">",
            "<s>The site went dark",
            &format!("<details class=\"komuz-retracted\"><summary>{shown}</summary>"),
            "<div class=\"komuz-text\">",
            "</details>",
            "<section class=\"komuz-notices\"",
            "<section class=\"komuz-sources\"",
        ];
        // The description says it before.
        let body = page.find("<body>").unwrap();
        let within = |text: &str| page[body..].find(text).map_or_else(|| at(text), |found| found + body);
        assert!(order.map(within).is_sorted(), "{:?}", order.map(within));
        let (title, _) = page.split_once("</title>").unwrap();
        let kind = komuz_release::words::Lang::of(lang).kind(Kind::Retraction);
        assert!(title.ends_with(&format!(
            "<title>{kind}: The site went dark &amp; the story &lt;did not&gt;"
        )));
        assert!(page.contains(&format!("<meta name=\"description\" content=\"{said}")));
        let options = SnippetOptions {
            outlet: "issyk".into(),
            fingerprint: masthead().hash(),
            server: "https://desk.issyk.example".into(),
            mirrors: Vec::new(),
            loader: "https://desk.issyk.example/embed/komuz.js".into(),
        };
        let head = snippet(&withdrawn, &masthead(), &options).head;
        assert!(head.contains(&format!("content=\"{kind}: The site")), "{head}");
        assert!(head.contains(&format!("\"headline\":\"{kind}: The site")), "{head}");
    }
}

#[test]
fn what_was_shortened_is_said_to_be() {
    let mut fourth = four()[3].clone();
    fourth.earlier[0] = Notice {
        changes: Vec::new(),
        shortened: true,
        ..fourth.earlier[0].clone()
    };
    let page = article(&fourth, &masthead(), &ArticleOptions::default());
    assert_eq!(page.matches("What changed is listed in that release.").count(), 1);
}

#[test]
fn all_outlets_publish_one_body() {
    let mut release = Release::from_story(&rich_story(), &head(), &masthead(), None).unwrap();
    let front = release.outlets.get_mut("issyk").unwrap();
    front.headline = "One day without the site".into();
    front.note = "We had lost the domain before.".into();
    let body = |outlet: &str| {
        let options = ArticleOptions {
            outlet: Some(outlet.into()),
            ..ArticleOptions::default()
        };
        let page = article(&release, &masthead(), &options);
        let (_, text) = page.split_once("<div class=\"komuz-text\">").unwrap();
        let (text, _) = text.split_once("<section class=\"komuz-signed\"").unwrap();
        (text.to_owned(), page)
    };
    let [(one, one_page), (other, other_page)] = ["ala-too", "issyk"].map(body);
    assert_ne!(one_page, other_page);
    assert_eq!(one.as_bytes(), other.as_bytes(), "text and sources");

    let hash = release.body_hash().unwrap();
    release.outlets.get_mut("ala-too").unwrap().summary = "Another.".into();
    assert_eq!(release.body_hash().unwrap(), hash);
    release.body.blocks[0].text[0].text.push('!');
    assert_ne!(release.body_hash().unwrap(), hash);
}
