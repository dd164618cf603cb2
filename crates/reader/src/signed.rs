//! Who signed: the strings of the outlets, and what this browser has checked.

use komuz_release::time::parse;
use komuz_release::verify::Freshness;
use komuz_release::words::Lang;
use yew::prelude::*;

use crate::markup::{class, list, tag, text};

/// An outlet as the story shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutletLine {
    /// Its id.
    pub id: String,
    /// Its name as readers know it.
    pub name: String,
    /// Its domain, where its keys can be compared.
    pub domain: String,
    /// Whether it has signed this exact text.
    pub signed: bool,
}

/// What this browser knows of a release that it has checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Whether it is known to be the newest still.
    pub freshness: Freshness,
    /// Address of the release as a plain page.
    pub plain_page: AttrValue,
}

/// More outlets than this are one string and a count.
const STRINGS: usize = 5;

/// The class that gives the string of the outlet at an index its colour, and its dashes while the outlet has not signed.
fn string(at: usize, signed: bool) -> String {
    format!("string-{}{}", at % STRINGS + 1, if signed { "" } else { " open" })
}

/// The mark: a string for each outlet, solid when it has signed, dashed while it has not; with its words for who cannot see.
pub fn strings(outlets: &[OutletLine], lang: Lang) -> Html {
    let signed = outlets.iter().filter(|o| o.signed).count();
    let mut mark = class("span", "strings")
        .set("role", "img")
        .set("aria-label", &lang.signed_by(signed));
    let mut count = Html::default();
    if outlets.len() > STRINGS {
        mark = mark.with(tag("i").set("class", &string(0, signed == outlets.len())).html());
        count = text(&format!("{signed}/{}", outlets.len()));
    } else {
        for (at, outlet) in outlets.iter().enumerate() {
            mark = mark.with(tag("i").set("class", &string(at, outlet.signed)).html());
        }
    }
    list(vec![mark.html(), count])
}

/// The box at the foot: each outlet with its domain, the release's number, and as of when it is the newest.
pub fn signed_box(outlets: &[OutletLine], number: u64, checked: Option<&Checked>, lang: Lang) -> Html {
    let words = lang.words();
    let mut sentence = lang.signed_by(outlets.iter().filter(|o| o.signed).count());
    let mut foot = class("p", "foot").with(tag("span").text(&release_line(number, checked, lang)).html());
    let mut old = Html::default();
    if let Some(checked) = checked {
        sentence = format!("{sentence} {}", words.checked);
        let link = tag("a")
            .set("href", &checked.plain_page)
            .set("rel", "noopener noreferrer");
        foot = foot.with(link.text(words.permanent_copy).html());
        if let Freshness::NotRenewed { since } = checked.freshness {
            old = class("p", "old").text(&lang.not_renewed(since)).html();
        }
    }
    let mut lines = tag("ul");
    for (at, outlet) in outlets.iter().enumerate() {
        let name = tag("span").set("dir", "auto").text(&outlet.name).html();
        let domain = tag("code").text(&outlet.domain).html();
        lines = lines.with(
            tag("li")
                .set("class", &string(at, outlet.signed))
                .with(name)
                .with(domain)
                .html(),
        );
    }
    class("section", "signed")
        .set("part", "signed")
        .set("aria-labelledby", "signed")
        .with(tag("h3").set("id", "signed").text(words.who_signed).html())
        .with(tag("p").text(&sentence).html())
        .with(lines.html())
        .with(old)
        .with(foot.html())
        .html()
}

fn release_line(number: u64, checked: Option<&Checked>, lang: Lang) -> String {
    match checked.map(|checked| checked.freshness) {
        Some(Freshness::Fresh { since, .. }) => format!("{}. {}", lang.release(number), lang.newest(since)),
        _ => format!("{}.", lang.release(number)),
    }
}

/// When a release was published; the text as it is when it is no time.
pub fn published(text: &str, lang: Lang) -> String {
    parse(text).map_or_else(|| text.to_owned(), |time| lang.moment(time))
}
