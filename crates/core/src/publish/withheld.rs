//! Whether a published release names a source that may not be known any more.
//!
//! Releases number their sources anew, so that nothing there says which source of the register one was. It is known again by what it
//! says now, and by what it said when that release was made, where the register's history of then is here: somebody may have
//! emptied it when it became confidential.

use automerge::ChangeHash;
use komuz_release::release::Release;
use komuz_release::story::Source;
use komuz_release::words::{Lang, source_line};

use super::is_known;
use crate::document::Document;
use crate::registers::{self, Shown};
use crate::signoffs::Proposal;

/// The least characters of a title that is looked for inside a line; a shorter one may be anybody's.
const LEAST: usize = 8;

/// Whether a release or a notice that it carries names a source that is confidential by the registers as they are, or were at a
/// version, or one that is on background and was named.
pub(super) fn names(before: &Proposal, registers: &Document, at: Option<&[ChangeHash]>) -> bool {
    let then = Some(before.registers()).filter(|then| is_known(registers, then));
    let (mut hidden, mut public): (Vec<Source>, Vec<Source>) = (Vec::new(), Vec::new());
    for (source, shown) in registers::all_shown(registers, at) {
        if matches!(shown, Shown::Whole(_)) {
            public.push(source);
            continue;
        }
        if shown == Shown::Nothing {
            let described = registers::source_record(registers, &source.id, at);
            let described = described.get("described").and_then(|text| text.as_str());
            hidden.extend(described.map(|text| source.on_background(text.to_owned())));
        }
        match then.and_then(|then| registers::shown(registers, &source.id, Some(then))) {
            Some(Shown::Whole(was)) => hidden.push(was),
            Some(Shown::Described(was)) if shown == Shown::Nothing => hidden.push(was),
            _ => {}
        }
        hidden.push(source);
    }
    hidden.iter().any(|source| stands_in(source, before.release(), &public))
}

/// Whether a source stands in a release, and is none of those that are public.
fn stands_in(source: &Source, release: &Release, public: &[Source]) -> bool {
    let sources = release.body.sources.iter();
    let mut cited = sources.filter(|cited| !public.iter().any(|public| is_same(public, cited)));
    if cited.any(|cited| is_same(source, cited)) {
        return true;
    }
    let line = source_line(source, Lang::of(&release.lang));
    let telling = [&source.url, &source.custom.archive_url, &source.title];
    let telling = telling.map(|text| Some(text.as_str()).filter(|text| text.chars().count() >= LEAST));
    let tells = |text: &str| {
        !text.is_empty() && (text == line || telling.iter().flatten().any(|telling| text.contains(telling)))
    };
    let notices = release.notices();
    let mut lines = notices.iter().flat_map(|notice| &notice.changes);
    lines.any(|change| change.place == "sources" && (tells(&change.old) || tells(&change.new)))
}

/// Whether two items are one source: they have one address, or one title and nothing that differs, or no title and the same authors.
fn is_same(one: &Source, other: &Source) -> bool {
    let both = |a: &str, b: &str| !a.is_empty() && a == b;
    let differ = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && a != b;
    let authors = one.author == other.author;
    if both(&one.url, &other.url) || both(&one.custom.archive_url, &other.custom.archive_url) {
        return true;
    }
    let apart = differ(&one.url, &other.url) || (!authors && !one.author.is_empty() && !other.author.is_empty());
    match (one.title.trim(), other.title.trim()) {
        ("", "") => authors && !one.author.is_empty() && !apart,
        (a, b) => a == b && !apart,
    }
}
