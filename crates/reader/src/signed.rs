//! Who signed: the strings of the outlets, and what this browser has checked.

use komuz_release::time::parse;
use komuz_release::verify::Freshness;
use komuz_release::words::Lang;
use yew::prelude::*;

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
    let label = sentence(outlets, lang);
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
fn sentence(outlets: &[OutletLine], lang: Lang) -> String {
    lang.signed_by(outlets.iter().filter(|o| o.signed).count())
}

/// The box at the foot: each outlet with its domain, the release's number, and as of when it is the newest.
pub fn signed_box(outlets: &[OutletLine], number: u64, checked: Option<&Checked>, lang: Lang) -> Html {
    let words = lang.words();
    let line = |(at, outlet): (usize, &OutletLine)| {
        html! {
            <li class={classes!(colour(at), (!outlet.signed).then_some("open"))}>
                <span dir="auto">{ &outlet.name }</span><code>{ &outlet.domain }</code>
            </li>
        }
    };
    html! {
        <section class="signed" part="signed" aria-labelledby="signed">
            <h3 id="signed">{ words.who_signed }</h3>
            <p>{ sentence(outlets, lang) }{ checked.map(|_| format!(" {}", words.checked)) }</p>
            <ul>{ for outlets.iter().enumerate().map(line) }</ul>
            if let Some(Freshness::NotRenewed { since }) = checked.map(|checked| checked.freshness) {
                <p class="old">{ lang.not_renewed(since) }</p>
            }
            <p class="foot">
                <span>{ release_line(number, checked, lang) }</span>
                if let Some(checked) = checked {
                    <a href={checked.plain_page.clone()} rel="noopener noreferrer">{ words.permanent_copy }</a>
                }
            </p>
        </section>
    }
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
