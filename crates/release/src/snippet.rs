//! What a partner pastes into its page (docs/design.md section 8).

use serde_json::{Value, json};

use crate::folder::{Edition, Place};
use crate::html::{ArticleOptions, article, escape, title};
use crate::masthead::Masthead;
use crate::release::Release;
use crate::words::{Lang, direction};

/// Where the pasted snippet finds its story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnippetOptions {
    /// The outlet that pastes it.
    pub outlet: String,
    /// Fingerprint that it pins.
    pub fingerprint: String,
    /// The outlet's own server: `https://desk.outlet.example`, no slash at the end.
    pub server: String,
    /// The other outlets' servers.
    pub mirrors: Vec<String>,
    /// Address of the loader script, usually `<server>/embed/komuz.js`.
    pub loader: String,
}

/// The two forms of the snippet, and what belongs in the page's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// `<komuz-story>` with the article inside, and the script tag.
    pub element: String,
    /// `<div data-komuz-story>` with the article inside: survives filters that take scripts and unknown tags away; the site
    /// includes the loader once by itself.
    pub plain: String,
    /// Open Graph and JSON-LD (schema.org's `NewsArticle`) for the page's head, so that what is shared and found names the story.
    pub head: String,
}

/// The snippet for one outlet and the release's language.
///
/// Attributes of `<komuz-story>`: `src` (the story at the outlet's own server, `https://host/r/<fingerprint>/<story>`),
/// `mirrors` (the same at the others, separated by spaces; none when there are no others), `fingerprint`, `number` (of this
/// release: an older one is never shown in its place, not even to who comes for the first time), `outlet`, `lang`, `dir`. The
/// plain form has `data-komuz-story` for `src`, and `data-komuz-mirrors`, `data-komuz-fingerprint`, `data-komuz-number`,
/// `data-komuz-outlet`.
pub fn snippet(release: &Release, masthead: &Masthead, options: &SnippetOptions) -> Snippet {
    let base = |server: &str| {
        format!(
            "{}/r/{}/{}",
            server.trim_end_matches('/'),
            options.fingerprint,
            release.story
        )
    };
    let src = base(&options.server);
    let mirrors = options.mirrors.iter().map(|m| base(m)).collect::<Vec<_>>().join(" ");
    let edition = Edition {
        fingerprint: options.fingerprint.clone(),
        story: release.story.clone(),
        lang: release.lang.clone(),
    };
    let at = |place: Place| format!("{}/r/{place}", options.server.trim_end_matches('/'));
    let files = at(Place::File {
        fingerprint: options.fingerprint.clone(),
        sha256: String::new(),
    });
    let inner = article(
        release,
        masthead,
        &ArticleOptions {
            outlet: Some(options.outlet.clone()),
            files,
            ..ArticleOptions::default()
        },
    );
    // Without scripts this is all that a reader can follow to something that can be checked.
    let whole = release
        .hash()
        .map(|hash| at(Place::Index(edition, hash)))
        .unwrap_or_default();
    let number = release.number.to_string();
    let common = |prefix: &str| {
        let mut out = String::new();
        for (name, value) in [
            ("mirrors", &mirrors),
            ("fingerprint", &options.fingerprint),
            ("number", &number),
            ("outlet", &options.outlet),
        ] {
            if !value.is_empty() {
                out.push_str(&format!(" {prefix}{name}=\"{}\"", escape(value)));
            }
        }
        out.push_str(&format!(
            " lang=\"{}\" dir=\"{}\"",
            escape(&release.lang),
            direction(&release.lang)
        ));
        out
    };
    let link = format!(
        "<p class=\"komuz-copy\"><a href=\"{}\">{}</a></p>\n",
        escape(&whole),
        Lang::of(&release.lang).words().permanent_copy
    );
    Snippet {
        element: format!(
            "<komuz-story src=\"{}\"{}>\n{inner}{link}</komuz-story>\n<script type=\"module\" src=\"{}\"></script>\n",
            escape(&src),
            common(""),
            escape(&options.loader),
        ),
        plain: format!(
            "<div data-komuz-story=\"{}\"{}>\n{inner}{link}</div>\n",
            escape(&src),
            common("data-komuz-"),
        ),
        head: head(release, masthead, &options.outlet),
    }
}

/// What a page's head says of the story: for those who share a link to it, and for search engines.
fn head(release: &Release, masthead: &Masthead, outlet: &str) -> String {
    let Some(front) = release.front(Some(outlet)) else {
        return String::new();
    };
    let (headline, summary) = title(release, front);
    let publisher = masthead.outlet(outlet).or(masthead.outlets.first());
    let authors = front
        .byline
        .iter()
        .map(|author| json!({ "@type": "Person", "name": author.name }));
    let mut article = json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": headline,
        "inLanguage": release.lang,
        "datePublished": release.published,
        "identifier": release.hash().unwrap_or_default(),
        "isAccessibleForFree": true,
        "author": authors.collect::<Value>(),
    });
    if !summary.is_empty() {
        article["description"] = json!(summary);
    }
    if let Some(outlet) = publisher {
        let address = format!("https://{}/", outlet.domain);
        article["publisher"] = json!({ "@type": "NewsMediaOrganization", "name": outlet.name, "url": address });
    }
    // Inside a script no entity is read, so that no text may end it.
    let article = article.to_string().replace('<', "\\u003c");
    let mut out = String::new();
    for (property, content) in [("og:title", headline.as_str()), ("og:description", summary)] {
        if !content.is_empty() {
            out.push_str(&format!(
                "<meta property=\"{property}\" content=\"{}\">\n",
                escape(content)
            ));
        }
    }
    out + &format!("<script type=\"application/ld+json\">{article}</script>\n")
}
