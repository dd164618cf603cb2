//! What a partner pastes.

use komuz_release::snippet::{Snippet, SnippetOptions, snippet};

use crate::fixture::{masthead, release};

fn made(mirrors: &[&str]) -> Snippet {
    let options = SnippetOptions {
        outlet: "issyk".into(),
        fingerprint: masthead().hash(),
        server: "https://desk.issyk.example".into(),
        mirrors: mirrors.iter().map(|m| (*m).into()).collect(),
        loader: "https://desk.issyk.example/embed/komuz.js".into(),
    };
    snippet(&release(), &masthead(), &options)
}

#[test]
fn the_element_has_what_it_needs_and_the_whole_article() {
    let fp = masthead().hash();
    let Snippet { element, .. } = made(&["https://desk.ala-too.example/", "http://127.0.0.1:8091"]);
    let start = format!(
        "<komuz-story src=\"https://desk.issyk.example/r/{fp}/the-site-went-dark\" \
         mirrors=\"https://desk.ala-too.example/r/{fp}/the-site-went-dark http://127.0.0.1:8091/r/{fp}/the-site-went-dark\" \
         fingerprint=\"{fp}\" number=\"1\" outlet=\"issyk\" lang=\"en\" dir=\"ltr\">\n<article"
    );
    assert!(element.starts_with(&start), "{element}");
    assert!(element.contains("Within hours one of the sites could not be reached."));
    assert!(element.ends_with(
        "</komuz-story>\n<script type=\"module\" src=\"https://desk.issyk.example/embed/komuz.js\"></script>\n"
    ));
}

#[test]
fn the_plain_form_survives_filters() {
    let Snippet { plain, .. } = made(&[]);
    assert!(plain.starts_with("<div data-komuz-story=\"https://desk.issyk.example/r/"));
    assert!(plain.contains(" data-komuz-number=\"1\" data-komuz-outlet=\"issyk\" lang=\"en\" dir=\"ltr\">\n<article"));
    assert!(!plain.contains("data-komuz-mirrors"));
    // What WordPress lets most users keep.
    let kept = [
        "div",
        "article",
        "header",
        "span",
        "i",
        "nav",
        "a",
        "strong",
        "h2",
        "h3",
        "h4",
        "p",
        "b",
        "section",
        "ul",
        "ol",
        "li",
        "sup",
        "cite",
        "q",
        "small",
        "code",
        "em",
        "blockquote",
        "figure",
        "figcaption",
        "img",
        "hr",
        "del",
        "ins",
        "br",
    ];
    for tag in plain.split('<').skip(1).filter(|tag| !tag.starts_with('/')) {
        let name = tag.split([' ', '>']).next().unwrap();
        // Its text stays when the element is taken away.
        assert!(kept.contains(&name) || name == "time", "{name}");
    }
}

#[test]
fn readers_without_scripts_can_follow_to_the_page() {
    let hash = release().hash().unwrap();
    let fp = masthead().hash();
    let page = format!("href=\"https://desk.issyk.example/r/{fp}/the-site-went-dark/en/{hash}/index.html\"");
    assert!(made(&[]).plain.contains(&page));
    assert!(made(&[]).element.contains(&page));
}

#[test]
fn hostile_addresses_stay_in_their_attributes() {
    let options = SnippetOptions {
        outlet: "\"><script>".into(),
        fingerprint: "\"><script>".into(),
        server: "\"><script>".into(),
        mirrors: vec!["\"><script>".into()],
        loader: "\"></script><script>alert(1)".into(),
    };
    let made = snippet(&release(), &masthead(), &options);
    assert_eq!(made.element.matches("<script").count(), 1);
    assert!(!made.plain.contains("<script"));
}

#[test]
fn the_head_names_the_story_and_no_text_breaks_out_of_it() {
    let mut release = release();
    let front = release.outlets.get_mut("issyk").unwrap();
    front.headline = "</script><script>alert(\"1\")".to_owned();
    let options = SnippetOptions {
        outlet: "issyk".into(),
        fingerprint: masthead().hash(),
        server: String::new(),
        mirrors: Vec::new(),
        loader: String::new(),
    };
    let head = snippet(&release, &masthead(), &options).head;
    assert!(
        head.starts_with("<meta property=\"og:title\" content=\"&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot;)\">")
    );
    let (_, json) = head.split_once("<script type=\"application/ld+json\">").unwrap();
    let (json, rest) = json.split_once("</script>").unwrap();
    assert_eq!(rest, "\n");
    let article: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(article["headline"], release.outlets["issyk"].headline);
    assert_eq!(article["@type"], "NewsArticle");
    assert_eq!(article["publisher"]["name"], masthead().outlet("issyk").unwrap().name);
    assert_eq!(article["datePublished"], release.published);
}
