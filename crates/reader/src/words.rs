//! What the reader says beside the story, in English, Russian and Kyrgyz, and how it writes days and times.
//!
//! Dates are ours and not the browser's: Chromium has no Kyrgyz locale data, and a release must read the same everywhere.

use komuz_release::story::CslDate;
use komuz_release::time::{Seconds, day_of};
use komuz_release::words::Lang;

/// The words of one interface language. In sentences `{}` stands for what is put in.
#[derive(Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named by what it says; the tables below are the documentation")]
pub struct Words {
    pub published_by: &'static str,
    pub and: &'static str,
    pub by: &'static str,
    pub languages: &'static str,
    pub note: &'static str,
    pub close: &'static str,
    pub all_sources: &'static str,
    pub sources: &'static str,
    pub read_on: &'static str,
    pub archived: &'static str,
    pub no_title: &'static str,
    pub correction: &'static str,
    pub corrected: &'static str,
    pub who_signed: &'static str,
    pub all_signed: &'static str,
    pub one_signed: &'static str,
    pub some_signed: &'static str,
    pub checked: &'static str,
    pub release: &'static str,
    pub newest: &'static str,
    pub not_renewed: &'static str,
    pub plain_page: &'static str,
    pub not_checked: &'static str,
    pub checkable_copy: &'static str,
    pub unreachable: &'static str,
    pub no_edition: &'static str,
    pub picture: &'static str,
    pub places: [&'static str; 6],
    months: [&'static str; 12],
}

/// The words for an edition's language; English where there are none.
pub fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Ru => &RU,
        Lang::Ky => &KY,
        Lang::En => &EN,
    }
}

/// A sentence with its one gap filled.
pub fn fill(sentence: &str, with: &str) -> String {
    sentence.replacen("{}", with, 1)
}

/// A day: `21 November 2019`, `21 ноября 2019`, `2019-жылдын 21-ноябры`; less where less is known.
pub fn date(lang: Lang, year: i32, month: Option<i32>, day: Option<i32>) -> String {
    let month = month.and_then(|m| usize::try_from(m - 1).ok()).and_then(|m| words(lang).months.get(m).copied());
    match (lang, month, day) {
        (Lang::Ky, Some(month), Some(day)) => format!("{year}-жылдын {day}-{month}"),
        (Lang::Ky, Some(month), None) => format!("{year}-жылдын {month}"),
        (Lang::Ky, None, _) => format!("{year}-ж."),
        (Lang::Ru, Some(month), None) => format!("{} {year}", nominative(month)),
        (_, Some(month), Some(day)) => format!("{day} {month} {year}"),
        (_, Some(month), None) => format!("{month} {year}"),
        (_, None, _) => year.to_string(),
    }
}

/// A Russian month that stands alone, from its genitive.
fn nominative(genitive: &str) -> String {
    match genitive {
        "марта" | "августа" => genitive.trim_end_matches('а').to_owned(),
        "мая" => "май".to_owned(),
        _ => format!("{}ь", genitive.trim_end_matches('я')),
    }
}

/// The date of a source as it is shown; none when it has none.
pub fn csl_date(lang: Lang, written: &CslDate) -> Option<String> {
    let one = |parts: &Vec<i32>| parts.first().map(|year| date(lang, *year, parts.get(1).copied(), parts.get(2).copied()));
    let dates: Vec<String> = written.date_parts.iter().filter_map(one).collect();
    if dates.is_empty() {
        return Some(written.literal.clone()).filter(|text| !text.is_empty());
    }
    Some(dates.join(" – "))
}

/// The day of a time on a clock that is `zone` minutes ahead of UTC.
pub fn day(lang: Lang, time: Seconds, zone: i32) -> String {
    let day = day_of(time + i64::from(zone) * 60);
    date(lang, day.year, Some(i32::from(day.month)), Some(i32::from(day.day)))
}

/// The day and the minute.
pub fn day_and_time(lang: Lang, time: Seconds, zone: i32) -> String {
    let local = time + i64::from(zone) * 60;
    let of_day = local.rem_euclid(86_400);
    format!("{}, {:02}:{:02}", day(lang, time, zone), of_day / 3600, of_day / 60 % 60)
}

/// What stands in front of the item at an index of a list in a sentence: `A`, `A and B`, `A, B and C`.
pub fn between(lang: Lang, at: usize, of: usize) -> String {
    match of - at {
        _ if at == 0 => String::new(),
        1 => format!(" {} ", words(lang).and),
        _ => ", ".to_owned(),
    }
}

/// A language in its own words, for choosing it.
pub fn own_name(tag: &str) -> &str {
    match first(tag) {
        "ky" => "Кыргызча",
        "ru" => "Русский",
        "en" => "English",
        "kk" => "Қазақша",
        "uz" => "Oʻzbekcha",
        "tg" => "Тоҷикӣ",
        "tr" => "Türkçe",
        "uk" => "Українська",
        "de" => "Deutsch",
        "fr" => "Français",
        "es" => "Español",
        "ar" => "العربية",
        "fa" => "فارسی",
        "zh" => "中文",
        _ => tag,
    }
}

/// A language in the words of another, for saying what a source is written in.
pub fn name_in(lang: Lang, tag: &str) -> String {
    let names = match first(tag) {
        "ky" => ["Kyrgyz", "на киргизском", "кыргызча"],
        "ru" => ["Russian", "на русском", "орусча"],
        "en" => ["English", "на английском", "англисче"],
        "kk" => ["Kazakh", "на казахском", "казакча"],
        "uz" => ["Uzbek", "на узбекском", "өзбекче"],
        "tg" => ["Tajik", "на таджикском", "тажикче"],
        "tr" => ["Turkish", "на турецком", "түркчө"],
        "uk" => ["Ukrainian", "на украинском", "украинче"],
        "de" => ["German", "на немецком", "немисче"],
        "fr" => ["French", "на французском", "французча"],
        "es" => ["Spanish", "на испанском", "испанча"],
        "ar" => ["Arabic", "на арабском", "арабча"],
        "fa" => ["Persian", "на персидском", "фарсча"],
        "zh" => ["Chinese", "на китайском", "кытайча"],
        _ => return tag.to_owned(),
    };
    names[match lang {
        Lang::En => 0,
        Lang::Ru => 1,
        Lang::Ky => 2,
    }]
    .to_owned()
}

/// Which way a language is written.
pub fn direction(tag: &str) -> &'static str {
    match first(tag) {
        "ar" | "fa" | "he" | "ur" | "ug" | "ps" | "sd" | "yi" | "dv" => "rtl",
        _ => "ltr",
    }
}

fn first(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

static EN: Words = Words {
    published_by: "Published together by",
    and: "and",
    by: "By",
    languages: "Languages",
    note: "Note {}",
    close: "Close",
    all_sources: "All sources",
    sources: "Sources",
    read_on: "read {}",
    archived: "archived copy",
    no_title: "Untitled",
    correction: "Correction, {}.",
    corrected: "corrected {}",
    who_signed: "Who signed this",
    all_signed: "All {} newsrooms signed this exact text.",
    one_signed: "The newsroom signed this exact text.",
    some_signed: "{} newsrooms have signed this exact text.",
    checked: "Your browser checked it a moment ago.",
    release: "Release {}",
    newest: "newest as of {}",
    not_renewed: "Nobody has confirmed since {} that this is the newest release.",
    plain_page: "The story as a plain page",
    not_checked: "Not checked in this browser.",
    checkable_copy: "Read a copy that can be checked",
    unreachable: "No server that holds the signatures answered.",
    no_edition: "This edition could not be checked, so this one stays.",
    picture: "Picture",
    places: ["Headline", "Summary", "Byline", "Note", "Sources", "Languages"],
    months: [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ],
};

static RU: Words = Words {
    published_by: "Опубликовали вместе",
    and: "и",
    by: "Авторы:",
    languages: "Языки",
    note: "Примечание {}",
    close: "Закрыть",
    all_sources: "Все источники",
    sources: "Источники",
    read_on: "прочитано {}",
    archived: "архивная копия",
    no_title: "Без названия",
    correction: "Исправление, {}.",
    corrected: "исправлено {}",
    who_signed: "Кто это подписал",
    all_signed: "Именно этот текст подписали все редакции: {}.",
    one_signed: "Редакция подписала именно этот текст.",
    some_signed: "Именно этот текст подписали редакции: {}.",
    checked: "Ваш браузер только что это проверил.",
    release: "Выпуск {}",
    newest: "новейший на {}",
    not_renewed: "С {} никто не подтверждал, что этот выпуск новейший.",
    plain_page: "Материал простой страницей",
    not_checked: "Не проверено в этом браузере.",
    checkable_copy: "Открыть копию, которую можно проверить",
    unreachable: "Ни один сервер с подписями не ответил.",
    no_edition: "Этот перевод проверить не удалось, поэтому остаётся прежний.",
    picture: "Изображение",
    places: ["Заголовок", "Краткое содержание", "Авторы", "Примечание", "Источники", "Языки"],
    months: [
        "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
        "декабря",
    ],
};

static KY: Words = Words {
    published_by: "Чогуу жарыялагандар:",
    and: "жана",
    by: "Авторлору:",
    languages: "Тилдер",
    note: "{}-шилтеме",
    close: "Жабуу",
    all_sources: "Бардык булактар",
    sources: "Булактар",
    read_on: "{} окулган",
    archived: "архивдеги көчүрмө",
    no_title: "Аталышы жок",
    correction: "Оңдоо, {}.",
    corrected: "{} оңдолгон",
    who_signed: "Буга кимдер кол койду",
    all_signed: "Дал ушул текстке бардык {} редакция кол койгон.",
    one_signed: "Дал ушул текстке редакция кол койгон.",
    some_signed: "Дал ушул текстке {} редакция кол койду.",
    checked: "Муну браузериңиз азыр эле текшерди.",
    release: "{}-чыгарылыш",
    newest: "{} карата эң жаңысы",
    not_renewed: "{} бери бул эң жаңы чыгарылыш экенин эч ким ырастаган жок.",
    plain_page: "Макала жөнөкөй барак түрүндө",
    not_checked: "Бул браузерде текшерилген жок.",
    checkable_copy: "Текшерсе боло турган көчүрмөнү окуу",
    unreachable: "Колтамгалар сакталган серверлердин бири да жооп берген жок.",
    no_edition: "Бул котормону текшерүү мүмкүн болгон жок, ошондуктан мурункусу калды.",
    picture: "Сүрөт",
    places: ["Баш сөз", "Кыскача мазмуну", "Авторлору", "Эскертүү", "Булактар", "Тилдер"],
    months: [
        "январы", "февралы", "марты", "апрели", "майы", "июну", "июлу", "августу", "сентябры", "октябры", "ноябры",
        "декабры",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_read_as_each_language_writes_them() {
        assert_eq!(date(Lang::En, 2019, Some(11), Some(21)), "21 November 2019");
        assert_eq!(date(Lang::Ru, 2019, Some(11), Some(21)), "21 ноября 2019");
        assert_eq!(date(Lang::Ru, 2019, Some(5), None), "май 2019");
        assert_eq!(date(Lang::Ru, 2019, Some(3), None), "март 2019");
        assert_eq!(date(Lang::Ru, 2019, Some(12), None), "декабрь 2019");
        assert_eq!(date(Lang::Ky, 2019, Some(11), Some(21)), "2019-жылдын 21-ноябры");
        assert_eq!(date(Lang::Ky, 2019, None, None), "2019-ж.");
        assert_eq!(date(Lang::En, 2019, Some(13), Some(1)), "2019", "no such month");
    }

    #[test]
    fn a_range_and_a_literal_date_of_a_source() {
        let range = CslDate { date_parts: vec![vec![2019, 11], vec![2019, 12]], literal: String::new() };
        assert_eq!(csl_date(Lang::En, &range).as_deref(), Some("November 2019 – December 2019"));
        let literal = CslDate { date_parts: vec![vec![]], literal: "undated".to_owned() };
        assert_eq!(csl_date(Lang::En, &literal).as_deref(), Some("undated"));
        assert_eq!(csl_date(Lang::En, &CslDate::default()), None);
    }

    #[test]
    fn a_time_is_written_by_the_readers_clock() {
        // 2019-12-31T20:30:00Z is the next year in Bishkek.
        assert_eq!(day_and_time(Lang::En, 1_577_824_200, 360), "1 January 2020, 02:30");
        assert_eq!(day_and_time(Lang::En, 1_577_824_200, 0), "31 December 2019, 20:30");
    }

    #[test]
    fn names_stand_in_a_sentence() {
        let text = |items: &[&str]| -> String {
            items.iter().enumerate().map(|(at, item)| between(Lang::En, at, items.len()) + item).collect()
        };
        assert_eq!(text(&["A"]), "A");
        assert_eq!(text(&["A", "B"]), "A and B");
        assert_eq!(text(&["A", "B", "C"]), "A, B and C");
    }
}
