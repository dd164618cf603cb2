//! Addresses go dead: a source with one needs an archived copy.

use super::Found;
use crate::facts::{Facts, Used};
use crate::finding::Check;
use crate::source::What;

/// Hosts whose pages are archived copies.
const ARCHIVES: [&str; 13] = [
    "web.archive.org",
    "archive.org",
    "archive.today",
    "archive.ph",
    "archive.is",
    "archive.md",
    "archive.li",
    "archive.vn",
    "archive.fo",
    "perma.cc",
    "ghostarchive.org",
    "webcitation.org",
    "megalodon.jp",
];

/// A source with an address needs an archived copy, unless it is one, or nobody but the newsrooms has it.
pub(crate) fn check(facts: &Facts, used: &Used<'_>, found: &mut Found<'_>) {
    let Some(source) = used.source.filter(|_| !used.confidential()) else {
        return;
    };
    let interview = used.record.is_some_and(|record| record.what == What::Interview) || source.kind == "interview";
    let copied = !source.custom.archive_url.trim().is_empty();
    if interview || copied || !is_page(&source.url) {
        return;
    }
    let with = vec![facts.title(used.id).0];
    found.push(Check::NotArchived, used.about(), used.span(facts), with);
}

/// Whether an address is that of a page that may go.
fn is_page(url: &str) -> bool {
    let Some((scheme, rest)) = url.trim().split_once("://") else {
        return false;
    };
    let host = rest
        .split(['/', '?', '#', ':'])
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    scheme.to_lowercase().starts_with("http") && !ARCHIVES.contains(&host)
}
