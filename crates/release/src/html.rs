//! A release as HTML that needs nothing else: no script, no request but for its figures.

mod inline;
mod notices;
mod sources;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::masthead::Masthead;
use crate::notes::{Notes, notes};
use crate::notice::Kind;
use crate::outline::{List, Part, outline};
use crate::release::{Front, Release};
use crate::story::{Block, BlockKind, Byline, Citation, Source, Story};
use crate::time;
use crate::words::{Lang, direction, own_name};
use notices::Notices;

/// How an article is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArticleOptions {
    /// The outlet on whose page it stands: its own headline and note are shown. The masthead's first when none.
    pub outlet: Option<String>,
    /// What stands before a figure's hash in its address, such as `../../../files/`.
    pub files: String,
    /// Addresses of the editions in other languages: tag and address. Editions without one are named and not linked.
    pub languages: Vec<(String, String)>,
    /// Whether the headline is the page's first heading (`<h1>`) or stands below the host page's own (`<h2>`).
    pub alone: bool,
    /// What is said at the foot about the check: a sentence; none says that nobody has checked this copy.
    pub checked: Option<String>,
}

/// The article alone: `<article>` with everything that readers get, escaped, with classes that start with `komuz-` and no
/// style. Only elements that the filters of content systems let through; ids start with the story's, so that several stand
/// on one page.
pub fn article(release: &Release, masthead: &Masthead, options: &ArticleOptions) -> String {
    let outlet = options
        .outlet
        .as_deref()
        .or(masthead.outlets.first().map(|o| o.id.as_str()));
    let empty = Front::default();
    let front = release.front(outlet).unwrap_or(&empty);
    let text = Text {
        lang: &release.lang,
        headline: &front.headline,
        summary: &front.summary,
        byline: &front.byline,
        blocks: &release.body.blocks,
        citations: &release.body.citations,
        sources: &release.body.sources,
    };
    let ids = format!("komuz-{}-{}", release.story, release.lang);
    let published = Published {
        release,
        masthead,
        front,
        options,
    };
    View::new(text, ids, &options.files, options.alone, Some(published)).article()
}

/// The file `index.html`: a whole page with its style in it and a policy that allows just that and images of its own host.
pub fn index_html(release: &Release, masthead: &Masthead) -> String {
    let options = ArticleOptions {
        files: "../../../files/".into(),
        alone: true,
        ..ArticleOptions::default()
    };
    let front = release.front(masthead.outlets.first().map(|o| o.id.as_str()));
    let empty = Front::default();
    let (headline, summary) = title(release, front.unwrap_or(&empty));
    page(&release.lang, &headline, summary, &article(release, masthead, &options))
}

/// What a page and those who share it call the story, and say of it: of a retracted one that it is.
pub(crate) fn title<'a>(release: &Release, front: &'a Front) -> (String, &'a str) {
    match release.is_retracted() {
        true => {
            let lang = Lang::of(&release.lang);
            let headline = format!("{}: {}", lang.kind(Kind::Retraction), front.headline);
            (headline, lang.words().retracted)
        }
        false => (front.headline.clone(), &front.summary),
    }
}

/// A story that is not published as a whole page, for `komuz export --format html`: the same look, and it says that nobody
/// has signed it. Figures are looked for beside it, under `files/`.
pub fn draft_html(story: &Story) -> String {
    let text = Text {
        lang: &story.lang,
        headline: &story.headline,
        summary: &story.summary,
        byline: &story.byline,
        blocks: &story.blocks,
        citations: &story.citations,
        sources: &story.sources,
    };
    let article = View::new(text, "komuz-draft".into(), "files/", true, None).article();
    page(&story.lang, &story.headline, &story.summary, &article)
}

fn page(lang: &str, headline: &str, summary: &str, article: &str) -> String {
    let style = include_str!("html/page.css");
    let hash = STANDARD.encode(Sha256::digest(style));
    let description = match summary {
        "" => String::new(),
        text => format!("<meta name=\"description\" content=\"{}\">\n", escape(text)),
    };
    format!(
        "<!doctype html>\n<html lang=\"{lang}\" dir=\"{dir}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; \
         img-src 'self'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n{description}<style>{style}</style>\n</head>\n<body>\n<main>\n{article}</main>\n</body>\n</html>\n",
        lang = escape(lang),
        dir = direction(lang),
        title = escape(headline),
    )
}

/// Escapes text for an element's content and for an attribute in double quotes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // A parser would replace it; browsers and feeds differ in how.
            '\0' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

/// What is written.
struct Text<'a> {
    lang: &'a str,
    headline: &'a str,
    summary: &'a str,
    byline: &'a [Byline],
    blocks: &'a [Block],
    citations: &'a [Citation],
    sources: &'a [Source],
}

/// What a published text has beside its words.
struct Published<'a> {
    release: &'a Release,
    masthead: &'a Masthead,
    front: &'a Front,
    options: &'a ArticleOptions,
}

/// One article while it is written.
struct View<'a> {
    text: Text<'a>,
    lang: Lang,
    notes: Notes<'a>,
    notices: Notices,
    /// What every id starts with.
    ids: String,
    files: &'a str,
    alone: bool,
    published: Option<Published<'a>>,
}

impl<'a> View<'a> {
    fn new(text: Text<'a>, ids: String, files: &'a str, alone: bool, published: Option<Published<'a>>) -> Self {
        let notes = notes(text.blocks, text.citations, text.sources);
        Self {
            lang: Lang::of(text.lang),
            text,
            notes,
            notices: published.as_ref().map(|p| Notices::of(p.release)).unwrap_or_default(),
            ids,
            files,
            alone,
            published,
        }
    }
}

impl View<'_> {
    fn article(&self) -> String {
        let Text { lang, blocks, .. } = self.text;
        let mut out = format!(
            "<article class=\"komuz-article\" lang=\"{}\" dir=\"{}\">\n",
            escape(lang),
            direction(lang)
        );
        self.header(&mut out);
        let retracted = self.is_retracted();
        if retracted {
            out.push_str(&format!(
                "<details class=\"komuz-retracted\"><summary>{}</summary>\n",
                self.lang.words().retracted_text
            ));
            self.summary(&mut out);
        } else {
            self.newest_notice(&mut out);
        }
        out.push_str("<div class=\"komuz-text\">\n");
        for part in outline(blocks) {
            match part {
                Part::Block(block) => self.block(block, &mut out),
                Part::List(list) => {
                    self.list(&list, &mut out);
                    out.push('\n');
                }
            }
        }
        out.push_str("</div>\n");
        if retracted {
            out.push_str("</details>\n");
        }
        self.notices(&mut out);
        self.sources(&mut out);
        match &self.published {
            Some(published) => self.signed(published, &mut out),
            None => out.push_str(&format!("<p class=\"komuz-draft\">{}</p>\n", self.lang.words().draft)),
        }
        out.push_str("</article>\n");
        out
    }

    /// The level of a heading: 1 is the headline's.
    fn level(&self, level: u8) -> u8 {
        if self.alone { level } else { level + 1 }
    }

    fn header(&self, out: &mut String) {
        let words = self.lang.words();
        let Text { headline, byline, .. } = self.text;
        let retracted = self.is_retracted();
        out.push_str("<header class=\"komuz-header\">\n");
        if let Some(published) = &self.published {
            self.bar(published, out);
        }
        if retracted {
            out.push_str(&format!(
                "<div class=\"komuz-retraction\">\n<p><strong>{}</strong></p>\n",
                words.retracted
            ));
            self.newest_notice(out);
            out.push_str("</div>\n");
        }
        let level = self.level(1);
        let headline = match retracted {
            true => format!("{}: <s>{}</s>", self.lang.kind(Kind::Retraction), escape(headline)),
            false => escape(headline),
        };
        out.push_str(&format!(
            "<h{level} class=\"komuz-headline\" dir=\"auto\">{headline}</h{level}>\n"
        ));
        if !retracted {
            self.summary(out);
        }
        let byline: Vec<String> = byline.iter().map(|b| name(&b.name)).collect();
        if !byline.is_empty() {
            out.push_str(&format!(
                "<p class=\"komuz-byline\">{} {}</p>\n",
                words.by,
                join(&byline, words.and)
            ));
        }
        if let Some(Published { release, front, .. }) = &self.published {
            // Later ones say their date with what they are.
            if release.supersedes.is_none() {
                out.push_str(&format!(
                    "<p class=\"komuz-date\">{} {}</p>\n",
                    words.published,
                    self.date(&release.published)
                ));
            }
            if !front.note.is_empty() {
                out.push_str(&format!(
                    "<p class=\"komuz-note\" dir=\"auto\">{}</p>\n",
                    lines(&front.note)
                ));
            }
        }
        out.push_str("</header>\n");
    }

    fn is_retracted(&self) -> bool {
        self.published.as_ref().is_some_and(|p| p.release.is_retracted())
    }

    fn summary(&self, out: &mut String) {
        if !self.text.summary.is_empty() {
            out.push_str(&format!(
                "<p class=\"komuz-summary\" dir=\"auto\">{}</p>\n",
                lines(self.text.summary)
            ));
        }
    }

    fn bar(&self, published: &Published<'_>, out: &mut String) {
        let words = self.lang.words();
        let outlets = &published.masthead.outlets;
        // One line for each outlet, as on a komuz; grey until something has checked the signatures.
        let strings = if outlets.len() > 5 { 1 } else { outlets.len() };
        let checked = if published.options.checked.is_some() {
            ""
        } else {
            " komuz-unchecked"
        };
        let together = if outlets.len() > 1 {
            words.published_together_by
        } else {
            words.published_by
        };
        let names: Vec<String> = outlets.iter().map(|o| name(&o.name)).collect();
        out.push_str(&format!(
            "<div class=\"komuz-bar\"><span class=\"komuz-strings{checked}\" role=\"img\" aria-label=\"{}\">{}</span> \
             <span class=\"komuz-outlets\">{together} {}</span>",
            escape(&self.lang.signed_by(outlets.len())),
            "<i></i>".repeat(strings),
            join(&names, words.and)
        ));
        self.languages(published, out);
        out.push_str("</div>\n");
    }

    fn languages(&self, published: &Published<'_>, out: &mut String) {
        let Published { release, options, .. } = published;
        if release.editions.len() < 2 {
            return;
        }
        out.push_str(&format!(
            "\n<nav class=\"komuz-languages\" aria-label=\"{}\">",
            self.lang.words().languages
        ));
        for (at, tag) in release.editions.iter().enumerate() {
            let own = format!("lang=\"{}\"", escape(tag));
            let text = escape(own_name(tag));
            let address = options
                .languages
                .iter()
                .find(|(t, _)| t == tag)
                .map(|(_, address)| address);
            out.push_str(if at > 0 { " " } else { "" });
            out.push_str(&match address {
                _ if *tag == release.lang => format!("<strong {own} aria-current=\"true\">{text}</strong>"),
                Some(address) => format!(
                    "<a {own} hreflang=\"{}\" href=\"{}\">{text}</a>",
                    escape(tag),
                    escape(address)
                ),
                None => format!("<span {own}>{text}</span>"),
            });
        }
        out.push_str("</nav>");
    }

    fn date(&self, text: &str) -> String {
        let shown = time::parse(text).map_or_else(|| text.to_owned(), |at| self.lang.moment(at));
        format!("<time datetime=\"{}\">{}</time>", escape(text), escape(&shown))
    }

    fn block(&self, block: &Block, out: &mut String) {
        let text = self.inline(block);
        match &block.kind {
            BlockKind::Heading { level } => {
                let level = self.level((*level).clamp(2, 3));
                out.push_str(&format!("<h{level} dir=\"auto\">{text}</h{level}>\n"));
            }
            BlockKind::Quote => out.push_str(&format!("<blockquote><p dir=\"auto\">{text}</p></blockquote>\n")),
            BlockKind::Rule => out.push_str("<hr>\n"),
            BlockKind::Figure { file, alt, credit, .. } => self.figure(file, alt, credit, &text, out),
            _ if text.is_empty() => {}
            _ => out.push_str(&format!("<p dir=\"auto\">{text}</p>\n")),
        }
    }

    fn figure(&self, file: &str, alt: &str, credit: &str, caption: &str, out: &mut String) {
        let words = self.lang.words();
        let picture = match file {
            "" => format!("<p>{}</p>", words.missing_picture),
            _ => format!(
                "<img src=\"{}\" alt=\"{}\" loading=\"lazy\">",
                escape(&format!("{}{file}", self.files)),
                escape(alt)
            ),
        };
        let credit = match credit {
            "" => String::new(),
            by => format!("<small>{} {}</small>", words.photo, name_plain(by)),
        };
        let space = if caption.is_empty() || credit.is_empty() {
            ""
        } else {
            " "
        };
        let caption = match (caption, credit.as_str()) {
            ("", "") => String::new(),
            _ => format!("<figcaption dir=\"auto\">{caption}{space}{credit}</figcaption>"),
        };
        out.push_str(&format!("<figure>{picture}{caption}</figure>\n"));
    }

    fn list(&self, list: &List<'_>, out: &mut String) {
        let tag = if list.ordered { "ol" } else { "ul" };
        out.push_str(&format!("<{tag}>"));
        for item in &list.items {
            out.push_str(&format!("<li dir=\"auto\">{}", self.inline(item.block)));
            for inner in &item.lists {
                self.list(inner, out);
            }
            out.push_str("</li>");
        }
        out.push_str(&format!("</{tag}>"));
    }

    fn signed(&self, published: &Published<'_>, out: &mut String) {
        let Published {
            release,
            masthead,
            options,
            ..
        } = published;
        let words = self.lang.words();
        let level = self.level(2);
        let id = format!("{}-signed", self.ids);
        out.push_str(&format!(
            "<section class=\"komuz-signed\" aria-labelledby=\"{id}\">\n<h{level} id=\"{id}\">{}</h{level}>\n<p>{} {}</p>\n<ul>\n",
            words.who_signed,
            escape(&self.lang.signed_by(masthead.outlets.len())),
            escape(options.checked.as_deref().unwrap_or(words.not_checked)),
        ));
        for outlet in &masthead.outlets {
            out.push_str(&format!(
                "<li>{} <code>{}</code></li>\n",
                name(&outlet.name),
                escape(&outlet.domain)
            ));
        }
        out.push_str(&format!(
            "</ul>\n<p>{}</p>\n</section>\n",
            escape(&self.lang.release(release.number))
        ));
    }
}

/// A name in bold, in its own direction.
fn name(text: &str) -> String {
    format!("<b dir=\"auto\">{}</b>", escape(text))
}

fn name_plain(text: &str) -> String {
    format!("<span dir=\"auto\">{}</span>", escape(text))
}

/// `a, b and c`.
fn join(names: &[String], and: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} {and} {last}", others.join(", ")),
    }
}

/// Escaped text with its line breaks.
fn lines(text: &str) -> String {
    escape(text).replace("\r\n", "<br>").replace(['\n', '\r'], "<br>")
}
