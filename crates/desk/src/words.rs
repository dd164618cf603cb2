//! All words of the interface, in English, Russian and Kyrgyz. A language is a value of one struct, so a sentence that is missing
//! in one of them does not compile.

mod en;
mod ky;
mod ru;

use komuz_messages::Trouble;
use komuz_release::story::CslDate;
use komuz_release::time;
use komuz_release::words::Lang;

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    /// Kyrgyz.
    Ky,
    /// Russian.
    Ru,
    /// English.
    En,
}

/// The languages in the order in which they are offered, with their own names.
pub const TONGUES: [(Tongue, &str, &str); 3] = [
    (Tongue::Ky, "ky", "Кыргызча"),
    (Tongue::Ru, "ru", "Русский"),
    (Tongue::En, "en", "English"),
];

impl Tongue {
    /// The language of a BCP 47 tag; English when it is none of ours.
    pub fn of(tag: &str) -> Self {
        let primary = tag.split('-').next().unwrap_or_default();
        TONGUES
            .iter()
            .find(|(_, tag, _)| tag.eq_ignore_ascii_case(primary))
            .map_or(Self::En, |(tongue, ..)| *tongue)
    }

    /// Its BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Ky => "ky",
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// Its words.
    pub fn words(self) -> &'static Words {
        match self {
            Self::Ky => &ky::WORDS,
            Self::Ru => &ru::WORDS,
            Self::En => &en::WORDS,
        }
    }
}

/// A sentence with places `{}` that are filled in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase(pub &'static str);

impl Phrase {
    /// The sentence with its places filled. `{1}`, `{2}` take the first and second value where a language wants another order.
    pub fn fill(self, values: &[&str]) -> String {
        let mut out = String::with_capacity(self.0.len() + 16);
        let mut next = 0;
        let mut rest = self.0;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((place, after)) = after.split_once('}') else {
                break;
            };
            let index = place.parse::<usize>().map_or(next, |number| number.saturating_sub(1));
            next += 1;
            out.push_str(values.get(index).copied().unwrap_or_default());
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// A noun with its number. Russian has three forms (1, 2 to 4, 5 and more), English two, Kyrgyz one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plural {
    /// For 1, 21, 31 in Russian; for 1 in English.
    pub one: Phrase,
    /// For 2 to 4, 22 to 24 in Russian.
    pub few: Phrase,
    /// For all others.
    pub many: Phrase,
}

/// The words of one language. Each is named by what it says in English.
#[derive(Debug)]
pub struct Words {
    /// BCP 47 tag.
    pub tag: &'static str,
    /// What stands between thousands.
    pub thousands: &'static str,
    pub welcome_title: &'static str,
    pub welcome_dek: &'static str,
    pub nobody_removed: &'static str,
    pub starting: &'static str,
    pub opening: &'static str,
    pub lacks_https: &'static str,
    pub lacks: Phrase,
    pub language: &'static str,
    pub theme: &'static str,
    pub theme_system: &'static str,
    pub theme_light: &'static str,
    pub theme_dark: &'static str,
    pub close: &'static str,
    pub save: &'static str,
    pub change: &'static str,
    pub remove: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub print: &'static str,
    pub go_on: &'static str,
    pub try_again: &'static str,
    pub search: &'static str,
    pub waiting_for_editor: &'static str,
    pub read_code: &'static str,
    pub your_investigations: &'static str,
    pub found_title: &'static str,
    pub found_needs_ticket: &'static str,
    pub found_do: &'static str,
    pub working_title: &'static str,
    pub working_title_hint: &'static str,
    pub outlet_name: &'static str,
    pub outlet_domain: &'static str,
    pub outlet_domain_hint: &'static str,
    pub your_name: &'static str,
    pub your_name_hint: &'static str,
    pub server_ticket: &'static str,
    pub server_ticket_hint: &'static str,
    pub server_address: &'static str,
    pub own_server: &'static str,
    pub own_server_hint: &'static str,
    pub join_title: &'static str,
    pub join_do: &'static str,
    pub invite_link: &'static str,
    pub invite_link_hint: &'static str,
    pub invite_read: &'static str,
    pub invite_says: Phrase,
    pub restore_title: &'static str,
    pub restore_do: &'static str,
    pub backup: &'static str,
    pub backup_what: &'static str,
    pub backup_do: &'static str,
    pub backup_saved: &'static str,
    pub backup_file: &'static str,
    pub passphrase: &'static str,
    pub passphrase_again: &'static str,
    pub passphrase_hint: &'static str,
    pub leave: &'static str,
    pub leave_what: &'static str,
    pub leave_sure: &'static str,
    pub left_done: &'static str,
    pub keys_remain: &'static str,
    pub remains_elsewhere: &'static str,
    pub remains_member: &'static str,
    pub recovery_title: &'static str,
    pub recovery_why: &'static str,
    pub recovery_kept: &'static str,
    pub recovery_type: &'static str,
    pub recovery_type_hint: &'static str,
    pub skip_to_text: &'static str,
    pub saved_here: &'static str,
    pub saving: &'static str,
    pub not_saved: Phrase,
    pub all_in_sync: &'static str,
    pub sending: &'static str,
    pub no_server: &'static str,
    pub reaching: Phrase,
    pub who_is_here: &'static str,
    pub review: &'static str,
    pub and_sign: &'static str,
    pub publish: &'static str,
    pub snippet: &'static str,
    pub stories: &'static str,
    pub no_stories: &'static str,
    pub new_story: &'static str,
    pub start_story: &'static str,
    pub new_edition: &'static str,
    pub start_edition: &'static str,
    pub edition_language: &'static str,
    pub edition_language_hint: &'static str,
    pub edition_from: &'static str,
    pub edition_empty: &'static str,
    pub edition_in: Phrase,
    pub no_headline: &'static str,
    pub waiting_for_you: &'static str,
    pub want_to_join: &'static str,
    pub open_comments: &'static str,
    pub investigation: &'static str,
    pub sources: &'static str,
    pub people_and_invites: &'static str,
    pub people: &'static str,
    pub servers: &'static str,
    pub this_device: &'static str,
    pub side_column: &'static str,
    pub side_open: &'static str,
    pub signed: &'static str,
    pub of: Phrase,
    pub signed_of: Phrase,
    pub published_number: Phrase,
    pub moved_on: Phrase,
    pub headline: &'static str,
    pub summary: &'static str,
    pub byline: &'static str,
    pub byline_hint: &'static str,
    pub text_label: &'static str,
    pub tools: &'static str,
    pub undo: &'static str,
    pub redo: &'static str,
    pub bold: &'static str,
    pub bold_letter: &'static str,
    pub italic: &'static str,
    pub italic_letter: &'static str,
    pub code: &'static str,
    pub link: &'static str,
    pub heading: &'static str,
    pub subheading: &'static str,
    pub quote: &'static str,
    pub list: &'static str,
    pub numbered: &'static str,
    pub deeper: &'static str,
    pub shallower: &'static str,
    pub rule: &'static str,
    pub picture: &'static str,
    pub picture_alt: &'static str,
    pub picture_alt_hint: &'static str,
    pub picture_credit: &'static str,
    pub cite: &'static str,
    pub comment: &'static str,
    pub import: &'static str,
    pub save_as: &'static str,
    pub address: &'static str,
    pub link_hint: &'static str,
    pub link_do: &'static str,
    pub link_remove: &'static str,
    pub notes: &'static str,
    pub comments: &'static str,
    pub no_notes: &'static str,
    pub no_comments: &'static str,
    pub no_sources: &'static str,
    pub no_title: &'static str,
    pub note_number: Phrase,
    pub note_without_text: &'static str,
    pub thread_without_text: &'static str,
    pub source_missing: &'static str,
    pub show_in_text: &'static str,
    pub sources_cited: &'static str,
    pub sources_not_cited: &'static str,
    pub add_source: &'static str,
    pub new_source: &'static str,
    pub source: &'static str,
    pub paste_sources: &'static str,
    pub paste_sources_hint: &'static str,
    pub add_sources: &'static str,
    pub cite_for: &'static str,
    pub locator: &'static str,
    pub locator_hint: &'static str,
    pub quotation: &'static str,
    pub quotation_hint: &'static str,
    pub source_title: &'static str,
    pub source_container: &'static str,
    pub source_container_hint: &'static str,
    pub source_authors: &'static str,
    pub source_authors_hint: &'static str,
    pub source_publisher: &'static str,
    pub source_issued: &'static str,
    pub source_accessed: &'static str,
    pub date_hint: &'static str,
    pub source_url: &'static str,
    pub source_archive: &'static str,
    pub source_language: &'static str,
    pub source_language_hint: &'static str,
    pub source_kind: &'static str,
    pub comment_on: &'static str,
    pub comment_do: &'static str,
    pub reply: &'static str,
    pub reply_do: &'static str,
    pub resolve: &'static str,
    pub reopen: &'static str,
    pub resolved_comments: Phrase,
    pub here_now: &'static str,
    pub imported: &'static str,
    pub left_out: &'static str,
    pub footnotes_what: &'static str,
    pub footnotes_import: &'static str,
    pub footnotes_words: &'static str,
    pub role_label: &'static str,
    pub role_editor: &'static str,
    pub role_writer: &'static str,
    pub role_hint: &'static str,
    pub invite: &'static str,
    pub invite_do: &'static str,
    pub invite_outlet_hint: &'static str,
    pub invite_made: &'static str,
    pub invite_how: &'static str,
    pub invite_until: Phrase,
    pub compare_code: &'static str,
    pub confirm: &'static str,
    pub turn_away: &'static str,
    pub editors_confirm: &'static str,
    pub you: &'static str,
    pub servers_what: &'static str,
    pub server_in_sync: &'static str,
    pub server_reached: &'static str,
    pub server_away: &'static str,
    pub refused: &'static str,
    pub review_title: &'static str,
    pub review_making: &'static str,
    pub release_number: Phrase,
    pub signed_by: Phrase,
    pub obstacles: &'static str,
    pub since_mine: &'static str,
    pub nothing_changed: &'static str,
    pub correction: &'static str,
    pub reason: &'static str,
    pub reason_hint: &'static str,
    pub reason_set: &'static str,
    pub as_readers_see: &'static str,
    pub signing_never_publishes: &'static str,
    pub sign_for: Phrase,
    pub you_signed: &'static str,
    pub publish_what: &'static str,
    pub publish_do: &'static str,
    pub published_done: &'static str,
    pub files_of: Phrase,
    pub server_not_reached: &'static str,
    pub server_refused: Phrase,
    pub snippet_what: &'static str,
    pub snippet_element: &'static str,
    pub snippet_element_hint: &'static str,
    pub snippet_plain: &'static str,
    pub snippet_plain_hint: &'static str,
    pub words: Plural,
    pub paragraphs: Plural,
    pub citations: Plural,
    pub new_sources: Plural,
    pub footnotes_found: Plural,
    /// Kinds of sources, in the order of `app/sources.rs`.
    pub source_kinds: [&'static str; 8],
    /// What went wrong, by the code of the trouble.
    pub troubles: &'static [(&'static str, &'static str)],
}

impl Words {
    /// "1 word", "1,284 words".
    pub fn count(&self, n: u32, noun: Plural) -> String {
        let form = match (self.tag, n % 10, n % 100) {
            ("ky", ..) => noun.many,
            ("en", ..) if n == 1 => noun.one,
            ("en", ..) => noun.many,
            (_, 1, rest) if rest != 11 => noun.one,
            (_, 2..=4, rest) if !(12..=14).contains(&rest) => noun.few,
            _ => noun.many,
        };
        form.fill(&[&self.number(n)])
    }

    /// A number with its thousands apart.
    pub fn number(&self, n: u32) -> String {
        let digits = n.to_string();
        let mut out = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push_str(self.thousands);
            }
            out.push(digit);
        }
        out
    }

    /// A date of a CSL item: "21 November 2019".
    pub fn date(&self, date: &CslDate) -> String {
        Lang::of(self.tag).date(date)
    }

    /// Day and time of an RFC 3339 time, in UTC as it is written.
    pub fn time(&self, rfc3339: &str) -> String {
        match time::parse(rfc3339) {
            Some(at) => Lang::of(self.tag).moment(at),
            None => rfc3339.to_owned(),
        }
    }

    /// What went wrong, in the interface's language where its code is known, otherwise in the engine's English.
    pub fn trouble(&self, trouble: &Trouble) -> String {
        self.troubles
            .iter()
            .find(|(code, _)| *code == trouble.code)
            .map_or_else(|| trouble.message.clone(), |(_, words)| (*words).to_owned())
    }

    /// A role's name.
    pub fn role(&self, role: &str) -> String {
        match role {
            "editor" => self.role_editor.to_owned(),
            "writer" => self.role_writer.to_owned(),
            other => other.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_filled_in_its_languages_order() {
        assert_eq!(Phrase("{} of {} signed").fill(&["2", "3"]), "2 of 3 signed");
        assert_eq!(Phrase("{2} ичинен {1}").fill(&["2", "3"]), "3 ичинен 2");
        assert_eq!(Phrase("nothing").fill(&["2"]), "nothing");
        assert_eq!(
            Phrase("{}").fill(&["a {} b"]),
            "a {} b",
            "what is filled in is not filled again"
        );
    }

    #[test]
    fn words_are_counted_as_each_language_counts() {
        let ru = Tongue::Ru.words();
        for (n, said) in [
            (1, "1 слово"),
            (2, "2 слова"),
            (5, "5 слов"),
            (11, "11 слов"),
            (12, "12 слов"),
            (21, "21 слово"),
            (112, "112 слов"),
        ] {
            assert_eq!(ru.count(n, ru.words), said);
        }
        let en = Tongue::En.words();
        assert_eq!(en.count(1, en.words), "1 word");
        assert_eq!(en.count(1_284, en.words), "1,284 words");
        assert_eq!(en.count(0, en.words), "0 words");
        let ky = Tongue::Ky.words();
        assert_eq!(ky.count(21, ky.words), "21 сөз");
    }

    #[test]
    fn every_language_words_the_same_troubles() {
        let codes = |tongue: Tongue| {
            tongue
                .words()
                .troubles
                .iter()
                .map(|(code, _)| *code)
                .collect::<Vec<_>>()
        };
        assert_eq!(codes(Tongue::Ru), codes(Tongue::En));
        assert_eq!(codes(Tongue::Ky), codes(Tongue::En));
    }

    #[test]
    fn a_trouble_without_words_of_ours_keeps_its_sentence() {
        let trouble = Trouble {
            code: "no-such-code".into(),
            message: "Something else.".into(),
        };
        assert_eq!(Tongue::Ky.words().trouble(&trouble), "Something else.");
    }

    #[test]
    fn a_language_is_found_by_its_first_subtag() {
        assert_eq!(Tongue::of("ky-KG"), Tongue::Ky);
        assert_eq!(Tongue::of("RU"), Tongue::Ru);
        assert_eq!(Tongue::of("sv"), Tongue::En);
    }
}
