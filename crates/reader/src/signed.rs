//! Who signed: the strings of the outlets, and what this browser has checked.

use komuz_release::time::{Seconds, parse};
use komuz_release::verify::Freshness;
use komuz_release::words::Lang;
use yew::prelude::*;

use crate::words::{self, Words};

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
    /// How many mirrors the page names.
    pub mirrors: usize,
    /// Address of the release as a plain page.
    pub plain_page: AttrValue,
}

/// More outlets than this are one string and a count.
const STRINGS: usize = 5;

/// The class that gives the string of the outlet at an index its colour.
fn colour(at: usize) -> String {
    format!("string-{}", at % STRINGS + 1)
}

/// The mark: a string for each outlet, solid when it has signed, dashed while it has not; with its words for who cannot see.
pub fn strings(outlets: &[OutletLine], lang: Lang) -> Html {
    let label = sentence(outlets, words::words(lang));
    let line = |(at, outlet): (usize, &OutletLine)| html! { <i class={classes!(colour(at), (!outlet.signed).then_some("open"))} /> };
    if outlets.len() > STRINGS {
        let signed = outlets.iter().filter(|o| o.signed).count();
        let open = (signed < outlets.len()).then_some("open");
        return html! {
            <><span class="strings" role="img" aria-label={label}><i class={classes!("string-1", open)} /></span>
            { format!("{signed}/{}", outlets.len()) }</>
        };
    }
    html! { <span class="strings" role="img" aria-label={label}>{ for outlets.iter().enumerate().map(line) }</span> }
}

/// How many have signed, as a sentence.
fn sentence(outlets: &[OutletLine], words: &Words) -> String {
    let signed = outlets.iter().filter(|o| o.signed).count();
    match (signed, outlets.len()) {
        (1, 1) => words.one_signed.to_owned(),
        (signed, all) if signed == all => words::fill(words.all_signed, &all.to_string()),
        (signed, all) => words::fill(words.some_signed, &format!("{signed}/{all}")),
    }
}

/// The box at the foot: each outlet with its domain, the release's number, and as of when it is the newest.
pub fn signed_box(outlets: &[OutletLine], number: u64, checked: Option<&Checked>, lang: Lang, zone: i32) -> Html {
    let words = words::words(lang);
    let line = |(at, outlet): (usize, &OutletLine)| {
        html! {
            <li class={classes!(colour(at), (!outlet.signed).then_some("open"))}>
                <span dir="auto">{ &outlet.name }</span><code>{ &outlet.domain }</code>
            </li>
        }
    };
    html! {
        <section class="signed" part="signed" aria-labelledby="signed">
            <h2 id="signed">{ words.who_signed }</h2>
            <p>{ sentence(outlets, words) }{ checked.map(|_| format!(" {}", words.checked)) }</p>
            <ul>{ for outlets.iter().enumerate().map(line) }</ul>
            if let Some(checked) = checked {
                if let Freshness::NotRenewed { since } = checked.freshness {
                    <p class="old">{ words::fill(words.not_renewed, &words::day_and_time(lang, since, zone)) }</p>
                }
                <p class="foot">
                    <span>{ release_line(number, checked, lang, zone) }</span>
                    <a href={checked.plain_page.clone()} rel="noopener noreferrer">{ words.plain_page }</a>
                </p>
            } else {
                <p class="foot"><span>{ words::fill(words.release, &number.to_string()) }</span></p>
            }
        </section>
    }
}

fn release_line(number: u64, checked: &Checked, lang: Lang, zone: i32) -> String {
    let words = words::words(lang);
    let release = words::fill(words.release, &number.to_string());
    match checked.freshness {
        Freshness::Fresh { since, .. } => {
            format!("{release}, {}", words::fill(words.newest, &words::day_and_time(lang, since, zone)))
        }
        Freshness::NotRenewed { .. } => release,
    }
}

/// The day of a release's own time; the text as it is when it is no time.
pub fn published_day(published: &str, lang: Lang, zone: i32) -> String {
    parse(published).map_or_else(|| published.to_owned(), |time: Seconds| words::day(lang, time, zone))
}
