//! What readers need to find a source, by its kind.

use komuz_release::csl;
use komuz_release::story::{CslDate, Source};
use serde_json::Value;

use super::Found;
use crate::facts::{Facts, Used};
use crate::finding::Check;
use crate::source::{Confidentiality, Record, What};

/// Something that a citation needs. Its name is what a finding says, after the source's title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// A title.
    Title,
    /// An author, a publisher or an office: who stands behind it.
    Who,
    /// The newspaper, agency or site.
    Outlet,
    /// The day on which it appeared or was said.
    Date,
    /// An address, or pages.
    Where,
    /// The day on which it was read, where it has none of its own.
    Seen,
}

/// What each kind of source needs.
fn needs(what: What) -> &'static [Need] {
    match what {
        What::Document | What::Leak => &[Need::Title, Need::Date],
        What::Dataset => &[Need::Title, Need::Who, Need::Seen],
        What::Interview | What::Expert => &[Need::Who, Need::Date],
        What::OfficialRecord => &[Need::Title, Need::Who, Need::Date],
        What::OpenSource => &[Need::Title, Need::Where, Need::Seen],
        What::Press => &[Need::Title, Need::Outlet, Need::Date, Need::Where],
    }
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Who => "who",
            Self::Outlet => "outlet",
            Self::Date => "date",
            Self::Where => "where",
            Self::Seen => "seen",
        }
    }

    fn is_met(self, source: &Source, record: Option<&Record>, located: bool) -> bool {
        let any = |texts: &[&str]| texts.iter().any(|text| !text.trim().is_empty());
        let described = record.map_or("", |record| &record.described);
        match self {
            Self::Title => any(&[&source.title]),
            Self::Who => {
                let named = |name: &komuz_release::story::Name| any(&[&name.family, &name.given, &name.literal]);
                any(&[&source.publisher, &source.container_title, described]) || source.author.iter().any(named)
            }
            Self::Outlet => any(&[&source.container_title, &source.publisher]),
            Self::Date => is_date(source.issued.as_ref()),
            Self::Where => any(&[&source.url]) || located || has(source, "page") || has(source, "number"),
            Self::Seen => is_date(source.issued.as_ref()) || is_date(source.accessed.as_ref()),
        }
    }
}

fn is_date(date: Option<&CslDate>) -> bool {
    date.is_some_and(|date| !date.literal.trim().is_empty() || date.date_parts.iter().any(|parts| !parts.is_empty()))
}

fn has(source: &Source, member: &str) -> bool {
    match source.other.get(member) {
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Number(_)) => true,
        _ => false,
    }
}

/// What a source is: as its record says, or, where that says nothing particular, as its CSL type does.
fn what(source: &Source, record: Option<&Record>) -> What {
    match record.map(|record| record.what) {
        Some(what) if what != What::Document => what,
        _ => What::of(csl::what(&source.kind)),
    }
}

/// A cited source needs what its kind needs. One on background needs a description alone, and that has a check of its own.
pub(crate) fn check(facts: &Facts, used: &Used<'_>, found: &mut Found<'_>) {
    let Some(source) = used.source.filter(|_| used.rests.cited) else {
        return;
    };
    if used.confidentiality() != Confidentiality::Public {
        return;
    }
    let missing = needs(what(source, used.record)).iter();
    let missing = missing.filter(|need| !need.is_met(source, used.record, used.rests.located));
    let mut with: Vec<String> = missing.map(|need| need.name().to_owned()).collect();
    if !with.is_empty() {
        with.insert(0, facts.title(used.id).0);
        found.push(Check::CitationIncomplete, used.about(), used.span(facts), with);
    }
}
