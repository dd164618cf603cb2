//! A release as HTML.

use komuz_release::html::{ArticleOptions, article, draft_html, escape, index_html};
use komuz_release::masthead::Masthead;
use komuz_release::release::{Head, Release};
use komuz_release::story::{BlockKind, Citation, Story};

use crate::fixture::{block, head, masthead, outlet, release, rich_story, story};

fn rich(lang: &str) -> Release {
    let story = Story {
        lang: lang.into(),
        ..rich_story()
    };
    Release::from_story(&story, &head(), &masthead(), None).unwrap()
}

/// Compares with a file of tests/suite/expected; `KOMUZ_EXPECTED=write` writes it, to be looked at before it is committed.
fn expect(name: &str, found: &str) {
    let path = format!("{}/tests/suite/expected/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("KOMUZ_EXPECTED").is_ok_and(|v| v == "write") {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(found == expected, "{name} differs:\n{found}");
}

#[test]
fn every_block_mark_and_citation() {
    let options = ArticleOptions {
        outlet: Some("issyk".into()),
        files: "https://desk.example/r/f/files/".into(),
        languages: vec![("ru".into(), "https://outlet.example/ru?a=1&b=2".into())],
        ..ArticleOptions::default()
    };
    expect("article.en.html", &article(&rich("en"), &masthead(), &options));
}

#[test]
fn in_russian_and_kyrgyz() {
    for lang in ["ru", "ky"] {
        let page = article(
            &rich(lang),
            &masthead(),
            &ArticleOptions {
                alone: true,
                ..ArticleOptions::default()
            },
        );
        expect(&format!("article.{lang}.html"), &page);
    }
}

#[test]
fn a_correction_is_shown() {
    let mut corrected = story();
    corrected.blocks[1].text[0].text = corrected.blocks[1].text[0].text.replace("November", "December");
    let head = Head {
        reason: "The <month> was wrong.".into(),
        ..head()
    };
    let second = Release::from_story(&corrected, &head, &masthead(), Some(&release())).unwrap();
    let page = article(&second, &masthead(), &ArticleOptions::default());
    assert!(page.contains(": <span dir=\"auto\">The &lt;month&gt; was wrong.</span>"));
    assert!(page.contains(
        "… The statement was published in <small>was:</small> <del>November</del> <small>now:</small> <ins>December</ins> 2019"
    ));
    assert!(page.contains("<p class=\"komuz-correction\">Corrected on <time"));
    assert!(page.contains("Release 2"));
}

#[test]
fn the_page_allows_its_style_and_nothing_else() {
    let page = index_html(&rich("en"), &masthead());
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, rest) = rest.split_once("</style>").unwrap();
    use base64::Engine as _;
    use sha2::Digest as _;
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    assert!(page.contains(&format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'"
    )));
    assert!(!rest.contains("style=") && !page.contains("<script") && !page.contains("<link"));
    assert!(page.contains("<title>The site went dark &amp; the story &lt;did not&gt;</title>"));
    assert!(page.contains("src=\"../../../files/"));
}

#[test]
fn the_page_is_the_same_each_time() {
    assert_eq!(
        index_html(&rich("ky"), &masthead()),
        index_html(&rich("ky"), &masthead())
    );
}

const HOSTILE: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&lt;\0</title></style>";

#[test]
fn hostile_strings_stay_text() {
    let mut story = rich_story();
    let figure = BlockKind::Figure {
        file: komuz_release::canonical::sha256_hex(b"x"),
        media: "image/png".into(),
        alt: HOSTILE.into(),
        credit: HOSTILE.into(),
    };
    story.headline = HOSTILE.into();
    story.summary = HOSTILE.into();
    story.byline[0].name = HOSTILE.into();
    story.blocks.push(block(HOSTILE, figure, HOSTILE));
    for kind in [
        BlockKind::Quote,
        BlockKind::Heading { level: 2 },
        BlockKind::Item {
            ordered: false,
            depth: 0,
        },
    ] {
        story.blocks.push(block(&format!("{kind:?}"), kind, HOSTILE));
    }
    let source = &mut story.sources[0];
    for field in [
        &mut source.title,
        &mut source.container_title,
        &mut source.publisher,
        &mut source.url,
        &mut source.language,
        &mut source.custom.archive_url,
        &mut source.kind,
    ] {
        *field = HOSTILE.into();
    }
    source.author[0].literal = HOSTILE.into();
    source.issued.as_mut().unwrap().literal = HOSTILE.into();
    source.issued.as_mut().unwrap().date_parts.clear();
    for citation in &mut story.citations {
        let Citation { locator, quote, .. } = citation;
        (*locator, *quote) = (HOSTILE.into(), HOSTILE.into());
    }
    let mut outlets = vec![outlet(0), outlet(1)];
    outlets[0].name = HOSTILE.replace('\0', "");
    let masthead = Masthead::first(outlets).unwrap();
    let mut release = Release::from_story(&story, &head(), &masthead, None).unwrap();
    release.outlets.get_mut("ala-too").unwrap().note = HOSTILE.into();
    let options = ArticleOptions {
        checked: Some(HOSTILE.into()),
        files: HOSTILE.into(),
        ..ArticleOptions::default()
    };
    let page = article(&release, &masthead, &options) + &index_html(&release, &masthead);
    let lower = page.to_lowercase();
    for bad in ["<script", "<img src=x", "onerror=alert(1)>&lt;<", "javascript:", "\0"] {
        assert!(!lower.contains(bad), "{bad}");
    }
    assert_eq!(page.matches("</title>").count(), 1);
    assert_eq!(page.matches("</style>").count(), 1);
    // Every quote in an attribute is escaped: what stands between < and > has an even number of them.
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap_or((tag, ""));
        if !tag.starts_with("style") {
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        }
    }
}

#[test]
fn addresses_that_run_code_are_no_links() {
    let mut story = rich_story();
    story.sources[0].url = "javascript:alert(1)".into();
    story.sources[0].custom.archive_url = "data:text/html,x".into();
    let release = Release::from_story(&story, &head(), &masthead(), None).unwrap();
    let page = article(&release, &masthead(), &ArticleOptions::default());
    assert!(!page.contains("javascript:") && !page.contains("data:text"));
}

#[test]
fn escaping() {
    assert_eq!(
        escape("<a b=\"c\" d='e'>&\0"),
        "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\u{fffd}"
    );
}

#[test]
fn a_draft_says_that_it_is_one() {
    let page = draft_html(&rich_story());
    assert!(page.contains("A draft: nobody has signed this text."));
    assert!(page.contains("<h1 class=\"komuz-headline\" dir=\"auto\">The site went dark &amp;"));
    assert!(page.contains("id=\"komuz-draft-note-1\""));
    assert!(page.contains("src=\"files/"));
    assert!(!page.contains("komuz-signed\" aria"));
}
