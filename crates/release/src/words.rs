//! Every word that readers see and no journalist wrote, in English, Russian and Kyrgyz.
//!
//! Dates and plural forms are ours: Chromium has no Kyrgyz locale data, and a release must read the same everywhere.

mod table;

use crate::notice::Kind;
use crate::story::{CslDate, Name, Source};
use crate::time::{self, Day, Seconds};

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// English; also what every unknown language gets.
    En,
    /// Russian.
    Ru,
    /// Kyrgyz.
    Ky,
}

/// The words of one language. Each is named by what it says in English.
#[derive(Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table in words/table.rs is the documentation")]
pub struct Words {
    pub published_together_by: &'static str,
    pub published_by: &'static str,
    pub and: &'static str,
    pub languages: &'static str,
    pub by: &'static str,
    pub published: &'static str,
    /// Of each [`Kind`], in front of a date.
    pub noticed: [&'static str; 4],
    /// Of each [`Kind`].
    pub kinds: [&'static str; 4],
    pub changes: &'static str,
    pub shortened: &'static str,
    pub retracted: &'static str,
    pub retracted_text: &'static str,
    pub was: &'static str,
    pub now: &'static str,
    pub withheld: &'static str,
    pub headline: &'static str,
    pub summary: &'static str,
    pub byline: &'static str,
    pub note_of_outlet: &'static str,
    pub text: &'static str,
    pub sources: &'static str,
    pub note: &'static str,
    pub back_to_text: &'static str,
    pub archived: &'static str,
    pub photo: &'static str,
    pub missing_picture: &'static str,
    pub who_signed: &'static str,
    pub draft: &'static str,
    pub checking: &'static str,
    pub checked: &'static str,
    pub not_checked: &'static str,
    pub not_checked_here: &'static str,
    pub open_checkable: &'static str,
    pub permanent_copy: &'static str,
    pub close: &'static str,
    pub refused: &'static str,
    pub refused_changed: &'static str,
    pub refused_missing: &'static str,
    pub refused_key: &'static str,
    pub refused_older: &'static str,
    pub refused_two: &'static str,
    pub refused_unreadable: &'static str,
}

impl Lang {
    /// The interface language for a BCP 47 tag, by its first subtag.
    pub fn of(tag: &str) -> Self {
        match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "ru" => Self::Ru,
            "ky" => Self::Ky,
            _ => Self::En,
        }
    }

    /// Its BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
            Self::Ky => "ky",
        }
    }

    /// Its words.
    pub fn words(self) -> &'static Words {
        match self {
            Self::En => &table::EN,
            Self::Ru => &table::RU,
            Self::Ky => &table::KY,
        }
    }

    /// What the place of a change ([`Change::place`](crate::difference::Change::place)) is called.
    pub fn place(self, place: &str) -> &'static str {
        let words = self.words();
        match place {
            "headline" => words.headline,
            "summary" => words.summary,
            "byline" => words.byline,
            "note" => words.note_of_outlet,
            "sources" => words.sources,
            "languages" => words.languages,
            _ => words.text,
        }
    }

    /// A day: `21 November 2019`, `21 ноября 2019 года`, `2019-жылдын 21-ноябры`.
    pub fn day(self, day: Day) -> String {
        self.date_of(
            i64::from(day.year),
            Some(i64::from(day.month)),
            Some(i64::from(day.day)),
        )
    }

    /// A moment with its time of day in UTC: `21 November 2019, 06:00 UTC`.
    pub fn moment(self, at: Seconds) -> String {
        let minutes = at.rem_euclid(86_400) / 60;
        format!(
            "{}, {:02}:{:02} UTC",
            self.day(time::day_of(at)),
            minutes / 60,
            minutes % 60
        )
    }

    /// A CSL date, a range with a dash; empty when there is none.
    pub fn date(self, date: &CslDate) -> String {
        let one = |parts: &Vec<i32>| {
            let part = |at: usize| parts.get(at).map(|n| i64::from(*n));
            part(0).map(|year| self.date_of(year, part(1), part(2)))
        };
        let dates: Vec<String> = date.date_parts.iter().filter_map(one).collect();
        if dates.is_empty() {
            date.literal.clone()
        } else {
            dates.join(" – ")
        }
    }

    fn date_of(self, year: i64, month: Option<i64>, day: Option<i64>) -> String {
        let index = month.and_then(|m| usize::try_from(m - 1).ok());
        let [months, alone] = &table::MONTHS[self as usize];
        let name = |months: &[&'static str; 12]| index.and_then(|at| months.get(at).copied());
        match (self, name(months), name(alone), day) {
            (Self::En, Some(month), _, Some(day)) => format!("{day} {month} {year}"),
            (Self::En, Some(month), _, None) => format!("{month} {year}"),
            (Self::En, None, ..) => year.to_string(),
            (Self::Ru, Some(month), _, Some(day)) => format!("{day} {month} {year} года"),
            (Self::Ru, _, Some(month), None) => format!("{month} {year} года"),
            (Self::Ru, ..) => format!("{year} год"),
            (Self::Ky, Some(month), _, Some(day)) => format!("{year}-жылдын {day}-{month}"),
            (Self::Ky, Some(month), _, None) => format!("{year}-жылдын {month}"),
            (Self::Ky, None, ..) => format!("{year}-жыл"),
        }
    }

    /// When a source was read.
    pub fn accessed(self, date: &str) -> String {
        match self {
            Self::En => format!("read {date}"),
            Self::Ru => format!("дата обращения: {date}"),
            Self::Ky => format!("окулган күнү: {date}"),
        }
    }

    /// How many outlets signed a text.
    pub fn signed_by(self, outlets: usize) -> String {
        match (self, plural(outlets)) {
            (Self::En, _) if outlets == 1 => "1 newsroom signed this exact text.".into(),
            (Self::En, _) => format!("{outlets} newsrooms signed this exact text."),
            (Self::Ru, Plural::One) => format!("Именно этот текст подписала {outlets} редакция."),
            (Self::Ru, Plural::Few) => format!("Именно этот текст подписали {outlets} редакции."),
            (Self::Ru, Plural::Many) => format!("Именно этот текст подписали {outlets} редакций."),
            (Self::Ky, _) => format!("Дал ушул текстке {outlets} редакция кол койду."),
        }
    }

    /// A kind of notice: `Correction`.
    pub fn kind(self, kind: Kind) -> &'static str {
        self.words().kinds[kind as usize]
    }

    /// What was done, in front of the date on which it was: `Corrected on`.
    pub fn noticed(self, kind: Kind) -> &'static str {
        self.words().noticed[kind as usize]
    }

    /// The number of a release.
    pub fn release(self, number: u64) -> String {
        match self {
            Self::En => format!("Release {number}"),
            Self::Ru => format!("Выпуск {number}"),
            Self::Ky => format!("{number}-чыгарылыш"),
        }
    }

    /// That a release is the newest one.
    pub fn newest(self, since: Seconds) -> String {
        let at = self.moment(since);
        match self {
            Self::En => format!("Newest version as of {at}."),
            Self::Ru => format!("Самая новая версия на {at}."),
            Self::Ky => format!("{at} карата эң жаңы версия."),
        }
    }

    /// That nobody has said for long that a release is the newest one.
    pub fn not_renewed(self, since: Seconds) -> String {
        let at = self.moment(since);
        match self {
            Self::En => format!("Not renewed since {at}: there may be a newer version."),
            Self::Ru => format!("Не подтверждалось с {at}: возможно, есть более новая версия."),
            Self::Ky => format!("{at} бери ырасталган эмес: андан жаңыраак версия болушу мүмкүн."),
        }
    }

    /// Name of a language in this one; `None` for languages that are not in the table.
    pub fn language_name(self, tag: &str) -> Option<&'static str> {
        let first = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let (_, names) = table::LANGUAGES.iter().find(|(code, _)| *code == first)?;
        Some(match self {
            Self::En => names[0],
            Self::Ru => names[1],
            Self::Ky => names[2],
        })
    }
}

/// A language's name in itself, for switches between editions; the tag for languages that are not in the table.
pub fn own_name(tag: &str) -> &str {
    match tag.split('-').next().unwrap_or_default() {
        "ky" => "Кыргызча",
        "ru" => "Русский",
        "en" => "English",
        _ => tag,
    }
}

/// The direction of a language's script for the attribute `dir`.
pub fn direction(tag: &str) -> &'static str {
    match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "ar" | "fa" | "he" | "ur" | "ug" | "ps" | "ckb" | "yi" => "rtl",
        _ => "ltr",
    }
}

/// Forms of a Russian noun after a number (CLDR's plural rules).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plural {
    One,
    Few,
    Many,
}

fn plural(n: usize) -> Plural {
    match (n % 10, n % 100) {
        (1, hundred) if hundred != 11 => Plural::One,
        (2..=4, hundred) if !(12..=14).contains(&hundred) => Plural::Few,
        _ => Plural::Many,
    }
}

/// A person's or an organisation's name as it is printed.
pub fn person(name: &Name) -> String {
    if !name.literal.is_empty() {
        return name.literal.clone();
    }
    [&name.given, &name.family]
        .iter()
        .filter(|n| !n.is_empty())
        .map(|n| n.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A source's authors, joined with commas.
pub fn authors(source: &Source) -> String {
    source
        .author
        .iter()
        .map(person)
        .filter(|n| !n.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// What a source is called: its title, or whatever else names it.
pub fn title(source: &Source) -> &str {
    [&source.title, &source.container_title, &source.publisher, &source.url]
        .into_iter()
        .find(|t| !t.trim().is_empty())
        .map_or("", String::as_str)
}

/// Where and when a source appeared: outlet, publisher, date, as far as they are known and not its title already.
pub fn appeared(source: &Source, lang: Lang) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in [&source.container_title, &source.publisher] {
        if !part.trim().is_empty() && part != title(source) && !parts.contains(part) {
            parts.push(part.clone());
        }
    }
    parts.extend(source.issued.as_ref().map(|d| lang.date(d)).filter(|d| !d.is_empty()));
    parts.join(", ")
}

/// A source in one line of plain text.
pub fn source_line(source: &Source, lang: Lang) -> String {
    let accessed = source.accessed.as_ref().map(|d| lang.date(d)).filter(|d| !d.is_empty());
    let parts = [
        authors(source),
        title(source).to_owned(),
        appeared(source, lang),
        accessed.map(|d| lang.accessed(&d)).unwrap_or_default(),
        source.url.clone(),
        source.custom.archive_url.clone(),
    ];
    parts
        .iter()
        .filter(|p| !p.is_empty())
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(". ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csl(parts: &[&[i32]]) -> CslDate {
        CslDate {
            date_parts: parts.iter().map(|p| p.to_vec()).collect(),
            literal: String::new(),
        }
    }

    #[test]
    fn dates_in_three_languages() {
        let day = csl(&[&[2019, 11, 21]]);
        assert_eq!(Lang::En.date(&day), "21 November 2019");
        assert_eq!(Lang::Ru.date(&day), "21 ноября 2019 года");
        assert_eq!(Lang::Ky.date(&day), "2019-жылдын 21-ноябры");
        let month = csl(&[&[2020, 6]]);
        assert_eq!(Lang::En.date(&month), "June 2020");
        assert_eq!(Lang::Ru.date(&month), "июнь 2020 года");
        assert_eq!(Lang::Ky.date(&month), "2020-жылдын июну");
        let year = csl(&[&[2007]]);
        assert_eq!(Lang::En.date(&year), "2007");
        assert_eq!(Lang::Ru.date(&year), "2007 год");
        assert_eq!(Lang::Ky.date(&year), "2007-жыл");
        assert_eq!(
            Lang::En.date(&csl(&[&[2019, 11, 21], &[2019, 12, 2]])),
            "21 November 2019 – 2 December 2019"
        );
        assert_eq!(Lang::En.moment(1_574_316_000), "21 November 2019, 06:00 UTC");
    }

    #[test]
    fn dates_that_are_none() {
        assert_eq!(Lang::En.date(&CslDate::default()), "");
        assert_eq!(Lang::En.date(&csl(&[&[]])), "");
        assert_eq!(Lang::En.date(&csl(&[&[2019, 13, 40]])), "2019");
        assert_eq!(Lang::Ru.date(&csl(&[&[2019, i32::MIN, i32::MIN]])), "2019 год");
        assert_eq!(Lang::Ky.date(&csl(&[&[2019, 0]])), "2019-жыл");
        let literal = CslDate {
            date_parts: Vec::new(),
            literal: "spring 2019".into(),
        };
        assert_eq!(Lang::En.date(&literal), "spring 2019");
    }

    #[test]
    fn russian_counts() {
        assert_eq!(Lang::Ru.signed_by(1), "Именно этот текст подписала 1 редакция.");
        assert_eq!(Lang::Ru.signed_by(3), "Именно этот текст подписали 3 редакции.");
        assert_eq!(Lang::Ru.signed_by(5), "Именно этот текст подписали 5 редакций.");
        assert_eq!(Lang::Ru.signed_by(12), "Именно этот текст подписали 12 редакций.");
        assert_eq!(Lang::Ru.signed_by(21), "Именно этот текст подписала 21 редакция.");
    }

    #[test]
    fn every_language_says_everything_in_its_own_words() {
        let (en, ru, ky) = (Lang::En.words(), Lang::Ru.words(), Lang::Ky.words());
        for (one, other) in [(en, ru), (ru, ky), (en, ky)] {
            assert_ne!(one.refused_changed, other.refused_changed);
            assert_ne!(one.who_signed, other.who_signed);
        }
        assert!(table::MONTHS[0] != table::MONTHS[1] && table::MONTHS[1] != table::MONTHS[2]);
        assert_eq!(Lang::of("ky-Cyrl-KG"), Lang::Ky);
        assert_eq!(Lang::of("RU"), Lang::Ru);
        assert_eq!(Lang::of("sv"), Lang::En);
    }
}
