//! The picture's words in three languages.

use crate::language::Language;

fn claims(lang: &str, count: usize) -> String {
    match Language::of(lang) {
        Language::Kyrgyz => format!("{count} ырастоо"),
        Language::Russian => {
            let word = match (count % 10, count % 100) {
                (_, 11..=14) => "утверждений",
                (1, _) => "утверждение",
                (2..=4, _) => "утверждения",
                _ => "утверждений",
            };
            format!("{count} {word}")
        }
        _ if count == 1 => "1 claim".to_owned(),
        _ => format!("{count} claims"),
    }
}

/// A connection as a sentence without its point.
pub(super) fn row(lang: &str, one: &str, other: &str, count: usize) -> String {
    let and = match Language::of(lang) {
        Language::Kyrgyz => "жана",
        Language::Russian => "и",
        _ => "and",
    };
    format!("{one} {and} {other}: {}", claims(lang, count))
}

/// The picture's title.
pub(super) fn title(lang: &str) -> &'static str {
    match Language::of(lang) {
        Language::Kyrgyz => "Ким ким менен байланышта",
        Language::Russian => "Кто с кем связан",
        _ => "Who is connected to whom",
    }
}

/// What the picture shows, for people who do not see it; the rows say the rest.
pub(super) fn description(lang: &str, entities: usize, connections: usize) -> String {
    match Language::of(lang) {
        Language::Kyrgyz => format!("Аттар: {entities}. Булагы бар ырастоолор аркылуу байланыштар: {connections}."),
        Language::Russian => format!("Имён: {entities}. Связей через утверждения с источниками: {connections}."),
        _ => format!("Names: {entities}. Connections by sourced claims: {connections}."),
    }
}

/// How to read it.
pub(super) fn legend(lang: &str) -> &'static str {
    match Language::of(lang) {
        Language::Kyrgyz => "Сан: экөөнү тең атаган, булагы бар ырастоолор",
        Language::Russian => "Число: утверждения с источником об обоих",
        _ => "The number: sourced claims about both",
    }
}

/// How many were left out.
pub(super) fn left_out(lang: &str, count: usize) -> String {
    match Language::of(lang) {
        Language::Kyrgyz => format!("Сүрөткө кирбегендер: {count}"),
        Language::Russian => format!("Не поместились: {count}"),
        _ => format!("Left out here: {count}"),
    }
}

/// The kinds of entities for the legend: person, organisation, place, document.
pub(super) fn kinds(lang: &str) -> [&'static str; 4] {
    match Language::of(lang) {
        Language::Kyrgyz => ["адам", "уюм", "жер", "документ"],
        Language::Russian => ["человек", "организация", "место", "документ"],
        _ => ["person", "organisation", "place", "document"],
    }
}
