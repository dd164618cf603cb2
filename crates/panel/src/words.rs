//! All that the panel says, in English, Russian and Kyrgyz.

mod checks;
mod table;

use komuz_dossier::finding::Check;
use komuz_release::csl::iso;
use komuz_release::story::CslDate;
use komuz_release::words::Lang;

use crate::app::Section;
use crate::ask::Trouble;

pub use self::table::Words;

/// The words of a language.
pub fn of(lang: Lang) -> &'static Words {
    match lang {
        Lang::En => &table::EN,
        Lang::Ru => &table::RU,
        Lang::Ky => &table::KY,
    }
}

/// A sentence with its places `{}` filled in their order; `{1}`, `{2}` take the first and the second where a language wants
/// another order.
pub fn fill(sentence: &str, values: &[&str]) -> String {
    let mut out = String::with_capacity(sentence.len() + 16);
    let (mut rest, mut next) = (sentence, 0);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((place, after)) = after.split_once('}') else {
            break;
        };
        out.push_str(before);
        let at = place.parse::<usize>().map_or(next, |number| number.saturating_sub(1));
        next += 1;
        out.push_str(values.get(at).copied().unwrap_or_default());
        rest = after;
    }
    out.push_str(rest);
    out
}

impl Words {
    /// What a check is about.
    pub fn check(&self, check: Check) -> &'static str {
        checks::words(self.lang, check)
    }

    /// What went wrong.
    pub fn trouble(&self, trouble: &Trouble) -> String {
        match trouble.code.as_str() {
            "select-first" => self.select_first.to_owned(),
            "no-reasons" => self.no_reasons.to_owned(),
            "picture" => self.picture_not_drawn.to_owned(),
            "moved" => self.moved.to_owned(),
            "role" | "not-an-editor" => self.not_your_role.to_owned(),
            "no-right" => self.not_yours.to_owned(),
            "invite-used" | "invite-ended" | "no-invite" | "no-request" => self.invite_over.to_owned(),
            "no-key" => self.no_key.to_owned(),
            "removed" | "device-removed" => self.group_out.to_owned(),
            "bad-message" | "message" => self.versions.to_owned(),
            "unanswered" | "engine-stopped" => self.unanswered.to_owned(),
            "checks" => fill(self.checks_failed, &[&trouble.message]),
            code => {
                let message = if trouble.message.is_empty() {
                    code
                } else {
                    &trouble.message
                };
                fill(self.not_done, &[message])
            }
        }
    }

    /// Who, and on which day; either may be missing.
    pub fn by_on(&self, lang: Lang, by: &str, when: &str) -> String {
        let day = match iso(when) {
            Some(parts) => lang.date(&CslDate {
                date_parts: vec![parts],
                literal: String::new(),
            }),
            None => when.to_owned(),
        };
        [by, &day]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// A time in milliseconds since 1970 where the device is: the day and the minute.
    pub fn time(&self, lang: Lang, ms: f64) -> String {
        let local = js_sys::Date::new(&ms.into());
        let (year, month, day) = (local.get_full_year(), local.get_month() + 1, local.get_date());
        let day = self.by_on(lang, "", &format!("{year:04}-{month:02}-{day:02}"));
        format!("{day}, {:02}:{:02}", local.get_hours(), local.get_minutes())
    }

    /// What a button says that goes to a record.
    pub fn open_record(&self, record: &str) -> &'static str {
        match Section::of(record) {
            Section::Claims if record.starts_with("h-") => self.open_headline,
            Section::Claims => self.open_claim,
            Section::Sources => self.open_source,
            Section::People => self.open_person,
            Section::Translation => self.open_translation,
            Section::Checks | Section::Outlet | Section::Group => self.open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Lang; 3] = [Lang::En, Lang::Ru, Lang::Ky];

    #[test]
    fn places_are_filled_in_the_order_of_the_language() {
        assert_eq!(fill("{} of {}", &["2", "3"]), "2 of 3");
        assert_eq!(fill("{2} ичинен {1}", &["2", "3"]), "3 ичинен 2");
        assert_eq!(fill("no place", &["2"]), "no place");
    }

    #[test]
    fn every_check_is_named_in_every_language() {
        for lang in LANGUAGES {
            for check in Check::ALL {
                let words = of(lang).check(*check);
                assert!(
                    !words.is_empty() && words != check.id(),
                    "{} in {}",
                    check.id(),
                    lang.tag()
                );
            }
        }
    }

    #[test]
    fn every_sentence_has_as_many_places_in_every_language() {
        let places = |words: &str| words.matches('{').count();
        for (en, (ru, ky)) in table::EN.all().iter().zip(table::RU.all().iter().zip(table::KY.all())) {
            assert!(!ru.is_empty() && !ky.is_empty(), "{en}");
            assert_eq!((places(ru), places(ky)), (places(en), places(en)), "{en}");
        }
    }

    #[test]
    fn a_day_is_written_as_each_language_writes_it() {
        assert_eq!(
            of(Lang::En).by_on(Lang::En, "Aigul", "2019-11-21"),
            "Aigul, 21 November 2019"
        );
        assert_eq!(of(Lang::Ky).by_on(Lang::Ky, "", "2019-11-21"), "2019-жылдын 21-ноябры");
        assert_eq!(of(Lang::En).by_on(Lang::En, "Aigul", "in spring"), "Aigul, in spring");
    }

    #[test]
    fn a_trouble_without_words_keeps_the_engines_sentence() {
        let trouble = Trouble {
            code: "too-many".into(),
            message: "there are too many".into(),
        };
        assert_eq!(of(Lang::En).trouble(&trouble), "Not done: there are too many");
        assert_eq!(
            of(Lang::Ru).trouble(&Trouble::own("select-first")),
            of(Lang::Ru).select_first
        );
    }
}
