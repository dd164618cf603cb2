//! Days as texts: `YYYY-MM-DD`, and shorter where only a month or a year is known. Texts of days are in order as texts.

use komuz_release::time;

/// Whether a text is a day of the calendar, `YYYY-MM-DD`.
pub fn is_day(text: &str) -> bool {
    text.len() == 10 && time::parse(&format!("{text}T00:00:00Z")).is_some()
}

/// Whether a text is a day, a month (`YYYY-MM`) or a year (`YYYY`).
pub fn is_date(text: &str) -> bool {
    match text.len() {
        4 => is_day(&format!("{text}-01-01")),
        7 => is_day(&format!("{text}-01")),
        _ => is_day(text),
    }
}
