//! Reading sources from CSL-JSON, as citation managers write it (Citation Style Language 1.0.2, `csl-data.json`).
//!
//! Lenient where programs differ without harm (one item or an array or `{"items": […]}`, numbers written as strings,
//! `raw` dates), strict where a person must decide; every error names its place: `sources[3].issued`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::story::{CslDate, Custom, MAX_LINK, Name, Source, safe_link};

/// The longest text member that is taken, in characters.
pub const MAX_FIELD: usize = 4000;
/// The most items that one text may hold.
pub const MAX_ITEMS: usize = 10_000;

/// What a source of a CSL type is to the checks: the name of a `komuz_dossier::source::What`.
pub fn what(kind: &str) -> &'static str {
    match kind {
        "article-newspaper" | "article-magazine" | "broadcast" => "press",
        "webpage" | "post" | "post-weblog" | "map" | "graphic" | "motion_picture" => "open-source",
        "interview" | "personal_communication" => "interview",
        "dataset" => "dataset",
        "legislation" | "legal_case" | "bill" | "regulation" | "hearing" => "official-record",
        _ => "document",
    }
}

/// The CSL type that a new source is cited as, by what it is to the checks.
pub fn cited_as(what: &str) -> &'static str {
    match what {
        "press" => "article-newspaper",
        "open-source" => "webpage",
        "interview" | "expert" => "interview",
        "dataset" => "dataset",
        _ => "document",
    }
}

/// What was wrong with CSL-JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CslError {
    /// Not JSON at all.
    #[error("not JSON: {0}")]
    Json(String),
    /// A member that is not what CSL says.
    #[error("{place}: {problem}")]
    Member {
        /// Path of the member: `sources[3].issued`.
        place: String,
        /// What is wrong with it and what is wanted.
        problem: String,
    },
}

fn wrong<T>(place: impl Into<String>, problem: impl Into<String>) -> Result<T, CslError> {
    Err(CslError::Member {
        place: place.into(),
        problem: problem.into(),
    })
}

/// Reads one item, an array of items or an object with `items`. Items without an id get an empty one.
///
/// # Errors
/// [`CslError`] names the first member that cannot be read; nothing is returned then.
pub fn parse(text: &str) -> Result<Vec<Source>, CslError> {
    let value: Value = serde_json::from_str(text).map_err(|error| CslError::Json(error.to_string()))?;
    let items = match value {
        Value::Array(items) => items,
        Value::Object(mut object) => match object.remove("items") {
            Some(Value::Array(items)) => items,
            Some(_) => return wrong("items", "not an array"),
            None => vec![Value::Object(object)],
        },
        _ => return wrong("sources", "neither an item nor an array of items"),
    };
    if items.len() > MAX_ITEMS {
        return wrong(
            "sources",
            format!("{} items, at most {MAX_ITEMS} are taken", items.len()),
        );
    }
    items
        .into_iter()
        .enumerate()
        .map(|(index, item)| source(&format!("sources[{index}]"), item))
        .collect()
}

/// Checks and reads one item; `place` is its path in errors.
///
/// # Errors
/// As [`parse`].
pub fn source(place: &str, item: Value) -> Result<Source, CslError> {
    let Value::Object(mut item) = item else {
        return wrong(place, "not an object");
    };
    let mut text = |name: &str| take_text(&mut item, place, name);
    let (id, kind, title) = (text("id")?, text("type")?, text("title")?);
    let (container_title, publisher) = (text("container-title")?, text("publisher")?);
    let (url, language) = (text("URL")?, text("language")?);
    if kind.is_empty() {
        return wrong(
            format!("{place}.type"),
            "missing: CSL wants one, such as \"webpage\" or \"article-newspaper\"",
        );
    }
    if !kind
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    {
        return wrong(format!("{place}.type"), format!("not a CSL type: {}", shown(&kind)));
    }
    if !url.is_empty() && !safe_link(&url) {
        return wrong(
            format!("{place}.URL"),
            format!("not a web address of at most {MAX_LINK} bytes: {}", shown(&url)),
        );
    }
    if !is_language(&language) {
        return wrong(
            format!("{place}.language"),
            format!("not a language tag such as \"ky\": {}", shown(&language)),
        );
    }
    let author = match item.remove("author") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(names)) => names
            .into_iter()
            .enumerate()
            .map(|(index, value)| name(&format!("{place}.author[{index}]"), value))
            .collect::<Result<_, _>>()?,
        Some(_) => return wrong(format!("{place}.author"), "not an array of names"),
    };
    let issued = date(&format!("{place}.issued"), item.remove("issued"))?;
    let accessed = date(&format!("{place}.accessed"), item.remove("accessed"))?;
    let custom = match item.remove("custom") {
        None | Some(Value::Null) => Custom::default(),
        Some(Value::Object(mut object)) => {
            let place = format!("{place}.custom");
            let archive_url = take_text(&mut object, &place, "archive-URL")?;
            if !archive_url.is_empty() && !safe_link(&archive_url) {
                return wrong(
                    format!("{place}.archive-URL"),
                    format!("not a web address: {}", shown(&archive_url)),
                );
            }
            Custom {
                archive_url,
                other: bounded(&place, object)?,
            }
        }
        Some(_) => return wrong(format!("{place}.custom"), "not an object"),
    };
    let other = bounded(place, item)?;
    Ok(Source {
        id,
        kind,
        author,
        title,
        container_title,
        publisher,
        issued,
        accessed,
        url,
        custom,
        language,
        other,
    })
}

fn take_text(item: &mut Map<String, Value>, place: &str, name: &str) -> Result<String, CslError> {
    let text = match item.remove(name) {
        None | Some(Value::Null) => return Ok(String::new()),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return wrong(format!("{place}.{name}"), "not a text"),
    };
    if text.chars().count() > MAX_FIELD {
        return wrong(format!("{place}.{name}"), format!("longer than {MAX_FIELD} characters"));
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some(control) => wrong(
            format!("{place}.{name}"),
            format!("holds the control character {control:?}"),
        ),
        None => Ok(text),
    }
}

/// Members that Komuz does not use are kept, within the limit of a text member.
fn bounded(place: &str, members: Map<String, Value>) -> Result<BTreeMap<String, Value>, CslError> {
    for (name, value) in &members {
        if value.to_string().len() > 4 * MAX_FIELD {
            return wrong(
                format!("{place}.{name}"),
                format!("longer than {} bytes", 4 * MAX_FIELD),
            );
        }
    }
    Ok(members.into_iter().collect())
}

fn is_language(tag: &str) -> bool {
    tag.len() <= 35 && tag.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(60).collect::<String>())
}

fn name(place: &str, value: Value) -> Result<Name, CslError> {
    let Value::Object(mut object) = value else {
        return match value {
            Value::String(literal) => Ok(Name {
                literal,
                ..Name::default()
            }),
            _ => wrong(place, "not a name: wanted {\"family\", \"given\"} or {\"literal\"}"),
        };
    };
    let mut text = |name: &str| take_text(&mut object, place, name);
    let read = Name {
        family: text("family")?,
        given: text("given")?,
        literal: text("literal")?,
    };
    if read == Name::default() {
        return wrong(place, "not a name: wanted {\"family\", \"given\"} or {\"literal\"}");
    }
    Ok(read)
}

fn date(place: &str, value: Option<Value>) -> Result<Option<CslDate>, CslError> {
    let bad = |shown: String| wrong(place, format!("not a date: {shown}"));
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => match iso(&text) {
            Some(parts) => Ok(Some(CslDate {
                date_parts: vec![parts],
                literal: String::new(),
            })),
            None => bad(shown(&text)),
        },
        Some(Value::Object(object)) => {
            if let Some(Value::String(raw)) = object.get("raw") {
                return date(place, Some(Value::String(raw.clone())));
            }
            let literal = match object.get("literal") {
                Some(Value::String(literal)) => literal.trim().chars().take(200).collect(),
                _ => String::new(),
            };
            let Some(parts) = object.get("date-parts") else {
                return if literal.is_empty() {
                    bad("no date-parts".to_owned())
                } else {
                    Ok(Some(CslDate {
                        date_parts: Vec::new(),
                        literal,
                    }))
                };
            };
            let read = parts
                .as_array()
                .filter(|dates| (1..=2).contains(&dates.len()))
                .and_then(|dates| {
                    dates
                        .iter()
                        .map(|date| checked(date.as_array()?.iter().map(part).collect::<Option<_>>()?))
                        .collect()
                });
            match read {
                Some(date_parts) => Ok(Some(CslDate { date_parts, literal })),
                None => bad(shown(&parts.to_string())),
            }
        }
        Some(other) => bad(shown(&other.to_string())),
    }
}

fn part(value: &Value) -> Option<i32> {
    match value {
        Value::Number(number) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Year, month and day, if the calendar has them.
pub fn checked(parts: Vec<i32>) -> Option<Vec<i32>> {
    let month = parts.get(1).copied().unwrap_or(1);
    let day = parts.get(2).copied().unwrap_or(1);
    let year = *parts.first()?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (parts.len() <= 3 && (-4000..=9999).contains(&year) && (1..=days).contains(&day)).then_some(parts)
}

/// `2019`, `2019-11` or `2019-11-21`, a time behind it ignored.
pub fn iso(text: &str) -> Option<Vec<i32>> {
    let day = text.trim().split('T').next()?;
    let parts: Option<Vec<i32>> = day
        .split('-')
        .map(|part| part.parse().ok().filter(|_| part.chars().all(|c| c.is_ascii_digit())))
        .collect();
    checked(parts?).filter(|parts| parts[0] >= 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        parse(text).expect_err("refused").to_string()
    }

    #[test]
    fn an_item_of_a_citation_manager_is_read_whole_and_written_back() {
        let text = r#"[{"id": "putz", "type": "article-magazine", "title": "Server Shenanigans", "author": [{"family":
            "Putz", "given": "Catherine"}], "container-title": "The Diplomat", "issued": {"date-parts": [["2017", 11]]},
            "accessed": {"date-parts": [[2020, 7, 20]]}, "URL": "https://thediplomat.com/", "language": "en", "DOI": "10.1/x"}]"#;
        let sources = parse(text).expect("reads");
        assert_eq!(sources[0].issued.as_ref().expect("dated").date_parts, [[2017, 11]]);
        assert_eq!(sources[0].other["DOI"], "10.1/x");
        let again = serde_json::to_string(&sources).expect("writes");
        assert_eq!(parse(&again).expect("reads again"), sources);
    }

    #[test]
    fn one_item_alone_or_under_items_will_do() {
        assert_eq!(parse(r#"{"type": "webpage", "id": 7}"#).expect("reads")[0].id, "7");
        assert_eq!(
            parse(r#"{"items": [{"type": "webpage"}, {"type": "book"}]}"#)
                .expect("reads")
                .len(),
            2
        );
    }

    #[test]
    fn a_date_in_one_piece_is_taken_apart() {
        let sources = parse(r#"{"type": "webpage", "issued": "2019-11-21T10:00:00Z", "accessed": {"raw": "2020-07"}}"#);
        let source = &sources.expect("reads")[0];
        assert_eq!(source.issued.as_ref().expect("dated").date_parts, [[2019, 11, 21]]);
        assert_eq!(source.accessed.as_ref().expect("dated").date_parts, [[2020, 7]]);
    }

    #[test]
    fn errors_name_the_place() {
        let third = |member: &str| {
            format!(r#"[{{"type":"book"}},{{"type":"book"}},{{"type":"book"}},{{"type":"book",{member}}}]"#)
        };
        assert_eq!(
            problem(&third(r#""issued": "Decembr 2019""#)),
            r#"sources[3].issued: not a date: "Decembr 2019""#
        );
        assert_eq!(
            problem(&third(r#""issued": {"date-parts": [[2019, 2, 30]]}"#)),
            r#"sources[3].issued: not a date: "[[2019,2,30]]""#
        );
        assert_eq!(
            problem(&third(r#""author": [{"family": "A"}, {}]"#)).split(':').next(),
            Some("sources[3].author[1]")
        );
        assert_eq!(problem(&third(r#""title": ["x"]"#)), "sources[3].title: not a text");
        assert_eq!(
            problem(r#"[{"title": "no type"}]"#).split(':').next(),
            Some("sources[0].type")
        );
        assert_eq!(
            problem(r#"{"type": "webpage", "custom": {"archive-URL": "ftp://x/"}}"#)
                .split(':')
                .next(),
            Some("sources[0].custom.archive-URL")
        );
    }

    #[test]
    fn what_is_cited_as_a_kind_is_what_that_kind_is() {
        for name in ["press", "open-source", "interview", "dataset", "document"] {
            assert_eq!(what(cited_as(name)), name);
        }
        assert_eq!((cited_as("leak"), cited_as("expert")), ("document", "interview"));
        assert_eq!(
            (what("legal_case"), what("motion_picture"), what("")),
            ("official-record", "open-source", "document")
        );
    }

    #[test]
    fn a_script_is_no_address() {
        for address in [
            "javascript:alert(1)",
            "https://user:pw@site.example/",
            "java\nscript:x",
            "//site.example",
            "data:text/html,x",
        ] {
            let item = serde_json::json!({"type": "webpage", "URL": address});
            assert!(parse(&item.to_string()).is_err(), "{address}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let item = serde_json::json!({"type": "webpage", "title": "x".repeat(MAX_FIELD + 1)});
        assert!(problem(&item.to_string()).contains("longer than"));
    }
}
