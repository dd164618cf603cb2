//! Releases: made from stories, read strictly.

use komuz_release::canonical::sha256_hex;
use komuz_release::difference::Change;
use komuz_release::masthead::Masthead;
use komuz_release::notice::{Kind, Notice};
use komuz_release::release::{Release, ReleaseError, Statement, Supersedes, obstacles};
use komuz_release::story::{Block, BlockKind, Citation, CslDate, Custom, Marks, Name, Source, Span, Story};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::{block, cite, head, masthead, outlet, release, rich_story, story};

#[test]
fn a_story_becomes_the_first_release() {
    let release = release();
    assert_eq!((release.number, &release.supersedes), (1, &None));
    assert_eq!(release.masthead, masthead().hash());
    assert_eq!(release.outlets.keys().collect::<Vec<_>>(), ["ala-too", "issyk"]);
    assert_eq!(release.outlets["issyk"].headline, "The site went dark for a day");
    let bytes = release.to_bytes().unwrap();
    assert_eq!(release.hash().unwrap(), sha256_hex(&bytes));
    assert_eq!(Release::parse(&bytes), Ok(release));
}

#[test]
fn a_rich_story_comes_back() {
    let release = Release::from_story(&rich_story(), &head(), &masthead(), None).unwrap();
    assert_eq!(Release::parse(&release.to_bytes().unwrap()), Ok(release.clone()));
    assert_eq!(release.files(), [sha256_hex(b"picture")]);
}

#[test]
fn readers_get_no_more_than_they_are_shown() {
    let mut story = story();
    story.sources[1]
        .other
        .insert("note".into(), json!("given by A. on a parking lot"));
    story.sources[1].custom.other.insert("finder".into(), json!("B."));
    let bytes = Release::from_story(&story, &head(), &masthead(), None)
        .unwrap()
        .to_bytes()
        .unwrap();
    let text = String::from_utf8(bytes).unwrap();
    for hidden in [
        "Never cited",
        "secret-nickname",
        "nhc",
        "parking lot",
        "finder",
        "1@a",
        "9@b",
    ] {
        assert!(!text.contains(hidden), "{hidden}");
    }
}

#[test]
fn equal_content_makes_equal_bytes() {
    let bytes = |story: &Story| {
        Release::from_story(story, &head(), &masthead(), None)
            .unwrap()
            .to_bytes()
            .unwrap()
    };
    let one = rich_story();
    let mut other = rich_story();
    other.citations.reverse();
    other.sources.reverse();
    for (n, citation) in other.citations.iter_mut().enumerate() {
        citation.id = format!("other-{n}");
    }
    let text = std::mem::take(&mut other.blocks[3].text);
    for c in text[0].text.chars() {
        other.blocks[3].text.push(Span {
            text: c.to_string(),
            marks: Marks::default(),
        });
        other.blocks[3].text.push(Span {
            text: String::new(),
            marks: Marks {
                strong: true,
                ..Marks::default()
            },
        });
    }
    assert_eq!(bytes(&one), bytes(&other));
    other.blocks[3].text[0].text.push('!');
    assert_ne!(bytes(&one), bytes(&other));
}

#[test]
fn blocks_keep_their_ids_from_release_to_release() {
    let first = release();
    let mut changed = story();
    changed.blocks.remove(0);
    changed.citations.clear();
    let second = Release::from_story(&changed, &head(), &masthead(), Some(&first)).unwrap();
    assert_eq!(second.body.blocks[0].id, first.body.blocks[1].id);
}

#[test]
fn a_correction_names_the_release_before() {
    let first = release();
    let mut corrected = story();
    corrected.blocks[1].text[0].text = corrected.blocks[1].text[0].text.replace("November", "December");
    let mut head = head();
    head.reason = "The month was wrong.".into();
    let second = Release::from_story(&corrected, &head, &masthead(), Some(&first)).unwrap();
    assert_eq!(second.number, 2);
    assert_eq!(second.supersedes.as_ref().unwrap().release, first.hash().unwrap());
    assert_eq!(second.changes.len(), 1);
    assert_eq!(
        (second.changes[0].old.as_str(), second.changes[0].new.as_str()),
        ("November", "December")
    );
}

#[test]
fn each_outlet_may_have_its_own_front() {
    let mut release = release();
    release.outlets.get_mut("issyk").unwrap().headline = "One day without the site".into();
    assert_eq!(release.story(Some("issyk")).headline, "One day without the site");
    assert_eq!(release.story(Some("nobody")).headline, "The site went dark for a day");
    assert_eq!(Release::parse(&release.to_bytes().unwrap()), Ok(release));
}

#[test]
fn the_statement_names_release_and_page() {
    let statement = Statement::of(&release(), &masthead()).unwrap();
    assert_eq!(statement.release, release().hash().unwrap());
    assert_eq!(
        statement.html,
        sha256_hex(komuz_release::html::index_html(&release(), &masthead()).as_bytes())
    );
    assert_eq!(Statement::parse(&statement.to_bytes()), Ok(statement));
}

fn story_problem(change: impl FnOnce(&mut Story)) -> String {
    let mut story = story();
    change(&mut story);
    let refused = Release::from_story(&story, &head(), &masthead(), None).unwrap_err();
    assert_eq!(obstacles(&story).first(), Some(&refused));
    match refused {
        ReleaseError::Invalid { place, .. } => place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn stories_that_cannot_be_published() {
    let figure = |file: &str, media: &str| {
        let figure = BlockKind::Figure {
            file: file.into(),
            media: media.into(),
            alt: String::new(),
            credit: String::new(),
        };
        block("f", figure, "")
    };
    let picture = sha256_hex(b"picture");
    let link = |link: &str| Marks {
        link: Some(link.into()),
        ..Marks::default()
    };
    assert_eq!(story_problem(|s| s.headline = "  ".into()), "headline");
    assert_eq!(story_problem(|s| s.lang = "english language".into()), "lang");
    assert_eq!(story_problem(|s| s.blocks[1].id = "1@a".into()), "blocks[1].id");
    assert_eq!(
        story_problem(|s| s.blocks[1].kind = BlockKind::Heading { level: 1 }),
        "blocks[1].level"
    );
    assert_eq!(
        story_problem(|s| s.blocks[1].kind = BlockKind::Item {
            ordered: true,
            depth: 4
        }),
        "blocks[1].depth"
    );
    assert_eq!(story_problem(|s| s.blocks[1].kind = BlockKind::Rule), "blocks[1].text");
    assert_eq!(
        story_problem(|s| s.blocks.push(figure("", "image/png"))),
        "blocks[2].file"
    );
    assert_eq!(
        story_problem(|s| s.blocks.push(figure(&picture, "image/svg+xml"))),
        "blocks[2].media"
    );
    assert_eq!(
        story_problem(|s| s.blocks[0].text[0].marks = link("javascript:alert(1)")),
        "blocks[0].text[0].marks.link"
    );
    assert_eq!(
        story_problem(|s| s.citations[0].source = "gone".into()),
        "citations[0].source"
    );
    assert_eq!(
        story_problem(|s| s.citations[0].end.block = "gone".into()),
        "citations[0].end"
    );
    assert_eq!(story_problem(|s| s.citations[0].end.offset = 52), "citations[0].end");
    assert_eq!(
        story_problem(|s| s.citations[0].start.block = "2@a".into()),
        "citations[0].end"
    );
    assert_eq!(story_problem(|s| s.sources[0].id = "nhc".into()), "sources[1].id");
    assert_eq!(
        story_problem(|s| s.citations.push(cite("9@b", "nhc", "1@a", 0, 1))),
        "citations[1].id"
    );
}

#[test]
fn a_citation_inside_a_surrogate_pair() {
    let place = story_problem(|s| {
        s.blocks[0].text[0].text = "a👩b".into();
        s.citations[0].end.offset = 2;
    });
    assert_eq!(place, "citations[0].end");
}

#[test]
fn all_obstacles_are_told_at_once() {
    let mut story = story();
    story.headline.clear();
    story.citations[0].end.offset = 99;
    story.blocks[1].kind = BlockKind::Heading { level: 9 };
    assert_eq!(obstacles(&story).len(), 3);
}

fn read(change: impl FnOnce(&mut Value)) -> Result<Release, ReleaseError> {
    let mut value: Value = serde_json::from_slice(&release().to_bytes().unwrap()).unwrap();
    change(&mut value);
    Release::parse(&komuz_release::canonical::canonical(&value).unwrap())
}

fn place(change: impl FnOnce(&mut Value)) -> String {
    match read(change) {
        Err(ReleaseError::Invalid { place, .. }) => place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_that_were_given_up_are_left_out() {
    assert_eq!(read(|r| r["number"] = json!(3)).unwrap().number, 3);
    let gap = read(|r| {
        r["number"] = json!(4);
        r["supersedes"] = json!({ "kind": "update", "number": 1, "release": "0".repeat(64) });
    });
    assert_eq!(gap.unwrap().supersedes.unwrap().number, 1);
}

#[test]
fn members_that_say_what_cannot_be() {
    assert_eq!(place(|r| r["story"] = json!("../etc")), "story");
    assert_eq!(place(|r| r["lang"] = json!("e/n")), "lang");
    assert_eq!(place(|r| r["number"] = json!(0)), "number");
    let before = |r: &mut Value, number: u64| {
        r["supersedes"] = json!({ "kind": "correction", "number": number, "release": "0".repeat(64) })
    };
    assert_eq!(place(|r| before(r, 0)), "supersedes");
    assert_eq!(place(|r| (before(r, 2), r["number"] = json!(2)).1), "supersedes");
    assert_eq!(place(|r| (before(r, 3), r["number"] = json!(2)).1), "supersedes");
    assert_eq!(place(|r| r["masthead"] = json!("A".repeat(64))), "masthead");
    assert_eq!(place(|r| r["published"] = json!("yesterday")), "published");
    assert_eq!(place(|r| r["editions"] = json!(["ky", "en"])), "editions");
    assert_eq!(place(|r| r["editions"] = json!(["ky"])), "editions");
    assert_eq!(place(|r| r["editions"] = json!(["en", "en"])), "editions");
    assert_eq!(place(|r| r["outlets"] = json!({})), "outlets");
    assert_eq!(
        place(|r| r["outlets"]["issyk"]["headline"] = json!(" ")),
        "outlets.issyk.headline"
    );
    assert_eq!(
        place(|r| r["outlets"]["issyk"]["figure"] = json!("none")),
        "outlets.issyk.figure"
    );
    assert_eq!(place(|r| r["body"]["blocks"][0]["id"] = json!("")), "blocks[0].id");
}

#[test]
fn another_version() {
    assert_eq!(read(|r| r["komuz"] = json!(2)), Err(ReleaseError::Version { found: 2 }));
}

#[test]
fn unknown_members() {
    assert!(matches!(
        read(|r| r["extra"] = json!(1)),
        Err(ReleaseError::Malformed(_))
    ));
    assert!(matches!(
        read(|r| r["body"]["extra"] = json!(1)),
        Err(ReleaseError::Malformed(_))
    ));
    let place = "body.blocks[0].extra: nothing is known by this name";
    assert_eq!(
        read(|r| r["body"]["blocks"][0]["extra"] = json!(1)),
        Err(ReleaseError::Malformed(place.into()))
    );
}

#[test]
fn another_spelling_of_the_same_value() {
    let text = String::from_utf8(release().to_bytes().unwrap()).unwrap();
    for other in [
        format!("{text}\n"),
        text.replacen(':', ": ", 1),
        text.replacen("one of", "\\u006fne of", 1),
        text.replacen("\"komuz\":1", "\"komuz\":1,\"reason\":\"\"", 1),
    ] {
        assert_ne!(other, text);
        assert_eq!(Release::parse(other.as_bytes()), Err(ReleaseError::NotCanonical));
    }
}

#[test]
fn files_that_are_no_release() {
    for text in ["", "{}", "[]", "null", "1", "{\"komuz\":1}", "{\"komuz\":-1}"] {
        assert!(
            matches!(Release::parse(text.as_bytes()), Err(ReleaseError::Malformed(_))),
            "{text}"
        );
    }
    // Whoever reads the first of two and whoever reads the last must not read different files.
    assert_eq!(
        Release::parse(b"{\"komuz\":1,\"komuz\":1}"),
        Err(ReleaseError::NotCanonical)
    );
    let cut = &release().to_bytes().unwrap()[..100];
    assert!(matches!(Release::parse(cut), Err(ReleaseError::Malformed(_))));
    assert!(matches!(
        Release::parse(b"{\"komuz\":1,\"story\":\"\xff\"}"),
        Err(ReleaseError::Malformed(_))
    ));
    let deep = "[".repeat(100_000);
    assert!(matches!(
        Release::parse(deep.as_bytes()),
        Err(ReleaseError::Malformed(_))
    ));
}

#[test]
fn too_large_a_file_is_not_read() {
    let large = vec![b'['; (4 << 20) + 1];
    assert_eq!(
        Release::parse(&large),
        Err(ReleaseError::TooLarge {
            bytes: (4 << 20) + 1,
            limit: 4 << 20
        })
    );
}

#[test]
fn one_outlet_alone_can_publish() {
    let alone = Masthead::first(vec![outlet(0)]).unwrap();
    assert!(Release::from_story(&story(), &head(), &alone, None).is_ok());
}

proptest! {
    #[test]
    fn parsing_anything_never_panics(bytes: Vec<u8>) {
        let _ = Release::parse(&bytes);
        let _ = Statement::parse(&bytes);
        let _ = Masthead::parse(&bytes);
    }
}

fn word() -> impl Strategy<Value = String> {
    "[aЫң👩\"\\\\\n\u{0}\u{7f}]{0,4}"
}

fn marks() -> impl Strategy<Value = Marks> {
    let link = prop::option::of(Just("https://outlet.example/".to_owned()));
    let other = prop::collection::btree_map(word(), word(), 0..2);
    (any::<[bool; 3]>(), link, other).prop_map(|([strong, emphasis, code], link, other)| Marks {
        strong,
        emphasis,
        code,
        link,
        other,
    })
}

fn kinds() -> impl Strategy<Value = BlockKind> {
    let figure = (word(), word()).prop_map(|(alt, credit)| BlockKind::Figure {
        file: sha256_hex(alt.as_bytes()),
        media: "image/png".into(),
        alt,
        credit,
    });
    let other = (
        word(),
        prop::collection::btree_map(word(), (0u32..9).prop_map(Value::from), 0..2),
    )
        .prop_map(|(name, attrs)| BlockKind::Other { name, attrs });
    prop_oneof![
        Just(BlockKind::Paragraph),
        (2u8..=3).prop_map(|level| BlockKind::Heading { level }),
        Just(BlockKind::Quote),
        (any::<bool>(), 0u8..=3).prop_map(|(ordered, depth)| BlockKind::Item { ordered, depth }),
        figure,
        other,
    ]
}

fn sources() -> impl Strategy<Value = Source> {
    let date = || {
        let parts = prop::collection::vec(prop::collection::vec(-9999i32..9999, 0..3), 0..2);
        prop::option::of((parts, word()).prop_map(|(date_parts, literal)| CslDate { date_parts, literal }))
    };
    let name = (word(), word(), word()).prop_map(|(family, given, literal)| Name { family, given, literal });
    let texts = prop::array::uniform7(word());
    let other = prop::collection::btree_map("x[ab]", Just(json!([{ "any": null }])), 0..2);
    (
        texts,
        date(),
        date(),
        prop::collection::vec(name, 0..2),
        other.clone(),
        other,
    )
        .prop_map(
            |(
                [kind, title, container_title, publisher, url, language, archive_url],
                issued,
                accessed,
                author,
                other,
                more,
            )| {
                let custom = Custom {
                    archive_url,
                    other: more,
                };
                let id = "s1".into();
                Source {
                    id,
                    kind,
                    author,
                    title,
                    container_title,
                    publisher,
                    issued,
                    accessed,
                    url,
                    custom,
                    language,
                    other,
                }
            },
        )
}

proptest! {
    /// Reading is by hand and writing is derived: they must agree on every member, there or left out.
    #[test]
    fn whatever_is_written_is_read(
        blocks in prop::collection::vec((kinds(), prop::collection::vec((word(), marks()), 0..3)), 1..4),
        source in sources(),
        words in prop::array::uniform9(word()),
        kind in prop::sample::select(&Kind::ALL[..]),
    ) {
        let mut release = release();
        let [locator, quote, summary, note, reason, before, old, new, after] = words;
        let block = |(at, (kind, text)): (usize, (BlockKind, Vec<(String, Marks)>))| Block {
            id: format!("b{at}"),
            kind,
            text: text.into_iter().map(|(text, marks)| Span { text, marks }).collect(),
        };
        release.body.blocks = blocks.into_iter().enumerate().map(block).collect();
        release.body.citations = vec![Citation { locator, quote, ..cite("c1", "s1", "b0", 0, 0) }];
        release.body.sources = vec![source];
        let notice = |number, shortened| Notice {
            number,
            published: release.published.clone(),
            kind: Kind::Update,
            reason: reason.clone(),
            changes: Vec::new(),
            shortened,
        };
        let change = Change { place: "summary".into(), before, old, new, after, withheld: false };
        release.earlier = vec![notice(2, true), Notice { changes: vec![change.clone()], ..notice(3, false) }];
        release.number = 4;
        release.supersedes = Some(Supersedes { release: "0".repeat(64), number: 3, kind });
        release.reason = reason;
        release.changes = vec![change];
        let front = release.outlets.get_mut("issyk").unwrap();
        (front.summary, front.note) = (summary, note);
        prop_assert_eq!(Release::parse(&release.to_bytes().unwrap()), Ok(release));
    }
}
