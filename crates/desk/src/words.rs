//! All words of the interface, in English, Russian and Kyrgyz. A language is written as a value of one struct, so a sentence that
//! is missing in one of them does not compile.
//!
//! A person reads one language, so each is a file of its own (`www/desk/words/`, the texts in their places) that the page
//! fetches, and the page's Wasm carries none. A test compares the files with the values here and writes them anew when asked to.

#[cfg(not(target_arch = "wasm32"))]
mod en;
#[cfg(not(target_arch = "wasm32"))]
mod ky;
#[cfg(not(target_arch = "wasm32"))]
mod ru;

use std::cell::Cell;

use komuz_messages::Trouble;
use komuz_release::story::CslDate;
use komuz_release::time;
use komuz_release::words::Lang;

use crate::read;

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

    /// Its words; empty until [`Tongue::learn`] has them.
    pub fn words(self) -> &'static Words {
        #[cfg(not(target_arch = "wasm32"))]
        let unlearned = || self.keep(self.written().texts());
        #[cfg(target_arch = "wasm32")]
        let unlearned = || {
            static NONE: Words = Words { texts: &[] };
            &NONE
        };
        LEARNED
            .with(|learned| learned[self as usize].get())
            .unwrap_or_else(unlearned)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn written(self) -> &'static Written {
        match self {
            Self::Ky => &ky::WORDS,
            Self::Ru => &ru::WORDS,
            Self::En => &en::WORDS,
        }
    }

    /// Takes the words of a language's file; whether they are all there.
    pub fn learn(self, json: &str) -> bool {
        let mut texts: Vec<&'static str> = Vec::new();
        for text in read::parse::<Vec<String>>(json) {
            texts.push(text.leak());
        }
        let complete = texts.len() >= AT_TROUBLES;
        if complete {
            self.keep(texts);
        }
        complete
    }

    fn keep(self, texts: Vec<&'static str>) -> &'static Words {
        let words: &'static Words = Box::leak(Box::new(Words { texts: texts.leak() }));
        LEARNED.with(|learned| learned[self as usize].set(Some(words)));
        words
    }
}

thread_local! {
    /// What was learned of each language; kept for as long as the page lives.
    static LEARNED: [Cell<Option<&'static Words>>; 3] = const { [Cell::new(None), Cell::new(None), Cell::new(None)] };
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

/// A noun with its number: the place of its three forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plural(usize);

/// The forms of a noun. Russian has three (1, 2 to 4, 5 and more), English two, Kyrgyz one.
#[cfg(not(target_arch = "wasm32"))]
pub struct Forms {
    /// For 1, 21, 31 in Russian; for 1 in English.
    pub one: Phrase,
    /// For 2 to 4, 22 to 24 in Russian.
    pub few: Phrase,
    /// For all others.
    pub many: Phrase,
}

/// Codes of the troubles that are worded here; others keep the engine's own sentence.
#[cfg(not(target_arch = "wasm32"))]
pub const TROUBLES: &[&str] = &[
    "link-refused",
    "no-source-title",
    "press-missing",
    "select-first",
    "engine-stopped",
    "keys-not-kept",
    "ticket-refused",
    "file-unreadable",
    "picture-unreadable",
    "passphrase-short",
    "passphrases-differ",
    "wrong-passphrase",
    "no-release-key",
    "recovery-mistyped",
    "recovery-foreign",
    "text-moved",
    "not-an-address",
    "not-a-date",
    "invite-used",
    "invite-expired",
    "import-too-large",
    "no-headline",
    "citation-lost",
    "picture-missing",
    "file-missing",
    "few-keys",
    "background-undescribed",
    "nothing-changed",
    "release-key",
    "not-reviewed",
    "not-signed",
    "no-edition",
    "disk-full",
    "disk-failed",
    "engine-cannot-start",
    "engine-too-old",
    "words-missing",
    "picture-pasted",
    "paste-unreadable",
    "join-turned-down",
    "join-expired",
    "backup-unreadable",
    "no-memory",
    "bad-device",
    "bad-message",
    "message",
    "busy",
    "csl",
    "edition-not-open",
    "edition-there",
    "export",
    "confidential-inside",
    "file",
    "first-is-editor",
    "format",
    "import",
    "invite-ended",
    "invite-unreadable",
    "left",
    "moved",
    "steps",
    "name",
    "title",
    "no-effect",
    "no-investigation",
    "no-request",
    "no-server",
    "no-source",
    "not-an-editor",
    "not-joined",
    "not-open",
    "not-watched",
    "nothing-to-undo",
    "nothing-to-redo",
    "other-outlet",
    "outlet-card",
    "outlet-name",
    "payload-too-large",
    "refused",
    "release-unreadable",
    "role",
    "server-address",
    "signature",
    "time",
    "unreadable",
    "text",
    "pieces-unreadable",
    "own-change",
    "change-of",
    "change",
    "arrival",
    "server-set-back",
    "server-contradicts",
    "server-withholds",
    "drafts-remain",
    "stuck",
    "backup-pieces",
    "backup-pictures",
    "papers-remade",
    "backup-too-large",
    "needs-update",
    "not-utf8",
    "writing-aside",
    "own-aside",
    "own-again",
    "no-right",
    "removed",
    "session-cut",
    "nothing-aside",
    "no-member",
    "no-key",
    "no-invite",
    "no-rotation",
    "join-taken-back",
    "device-removed",
    "invite-newer",
    "disk-none",
    "pieces-back",
];

/// How many kinds of sources there are.
const KINDS: usize = 8;

/// Names the texts and gives each its place in a language's file: texts, phrases, the three forms of each noun, the kinds of
/// sources, and last the troubles, code and text. Places and not fields: reading three hundred fields one by one was 20 KB of Wasm.
macro_rules! words {
    (texts { $($text:ident)* } phrases { $($phrase:ident)* } plurals { $($plural:ident)* }) => {
        #[expect(non_camel_case_types, reason = "named as the methods are")]
        enum Place { tag, thousands, $($text,)* $($phrase,)* End }
        #[expect(non_camel_case_types, reason = "named as the methods are")]
        enum Noun { $($plural,)* End }
        const AT_NOUNS: usize = Place::End as usize;
        const AT_KINDS: usize = AT_NOUNS + 3 * Noun::End as usize;
        const AT_TROUBLES: usize = AT_KINDS + KINDS;

        /// The words of one language. Each is named by what it says in English.
        impl Words {
            $(pub fn $text(&self) -> &'static str {
                self.at(Place::$text as usize)
            })*
            $(pub fn $phrase(&self) -> Phrase {
                Phrase(self.at(Place::$phrase as usize))
            })*
            $(pub fn $plural(&self) -> Plural {
                Plural(AT_NOUNS + 3 * Noun::$plural as usize)
            })*
        }

        /// The words of one language as they are written: a sentence that is missing does not compile.
        #[cfg(not(target_arch = "wasm32"))]
        pub struct Written {
            /// BCP 47 tag.
            pub tag: &'static str,
            /// What stands between thousands.
            pub thousands: &'static str,
            $(pub $text: &'static str,)*
            $(pub $phrase: Phrase,)*
            $(pub $plural: Forms,)*
            /// Kinds of sources, in the order of `app/sources.rs`.
            pub source_kinds: [&'static str; KINDS],
            /// What went wrong, in the order of [`TROUBLES`].
            pub troubles: [&'static str; TROUBLES.len()],
        }

        #[cfg(not(target_arch = "wasm32"))]
        impl Written {
            /// All texts in their places.
            fn texts(&self) -> Vec<&'static str> {
                let mut all = vec![self.tag, self.thousands];
                $(all.push(self.$text);)*
                $(all.push(self.$phrase.0);)*
                $(all.extend([self.$plural.one.0, self.$plural.few.0, self.$plural.many.0]);)*
                all.extend(self.source_kinds);
                all.extend(TROUBLES.iter().zip(self.troubles).flat_map(|(code, text)| [*code, text]));
                all
            }
        }
    };
}

words! {
    texts {
        welcome_title welcome_dek not_reviewed starting first_visit opening lacks_https language theme theme_system
        theme_light theme_dark close save change remove copy copied print go_on try_again search waiting_for_editor
        read_code your_investigations found_title found_needs_ticket found_do working_title working_title_hint
        outlet_name outlet_domain outlet_domain_hint your_name your_name_hint server_ticket server_ticket_hint
        server_address own_server own_server_hint join_title join_do invite_link invite_link_hint invite_read
        restore_title restore_do backup backup_what backup_do backup_saved backup_file passphrase passphrase_again
        passphrase_hint leave leave_what leave_sure left_done keys_remain remains_elsewhere remains_member
        recovery_title recovery_why recovery_kept recovery_type recovery_type_hint skip_to_text desk_title copy_failed open_again other_investigations other_what let_in_open more_tools describe_picture reason_first send_again send_again_what saved_here saving
        all_in_sync sending no_server who_is_here review and_sign publish snippet stories no_stories new_story
        start_story new_edition start_edition edition_language edition_language_hint edition_from edition_empty
        no_headline waiting_for_you want_to_join open_comments investigation sources people_and_invites people
        servers this_device side_column side_open signed headline summary byline byline_hint text_label tools undo
        redo bold bold_letter italic italic_letter code link heading subheading quote list numbered deeper shallower
        rule picture picture_alt picture_alt_hint picture_credit cite comment import save_as address link_hint
        link_do link_remove notes comments checks no_notes no_comments no_sources no_title note_without_text
        thread_without_text source_missing show_in_text sources_cited sources_not_cited add_source new_source source
        paste_sources paste_sources_hint add_sources cite_for locator locator_hint quotation quotation_hint
        source_title source_container source_container_hint source_authors source_authors_hint source_publisher
        source_issued source_accessed date_hint source_url source_archive source_language source_language_hint
        source_kind comment_on comment_do reply reply_do resolve reopen here_now imported left_out footnotes_what
        footnotes_import footnotes_words role_label role_editor role_writer role_hint invite invite_do
        invite_outlet_hint invite_made invite_how compare_code confirm turn_away editors_confirm you servers_what
        server_in_sync server_reached server_away refused review_title review_making obstacles since_mine
        nothing_changed correction notice_correction notice_clarification notice_update notice_retraction reason
        reason_hint reason_set as_readers_see signing_never_publishes you_signed
        secrecy secrecy_public secrecy_background secrecy_confidential secrecy_hint export_inside export_sure
        part_make part_earlier part_later part_not
        publish_what publish_do published_done server_not_reached snippet_what snippet_element snippet_element_hint
        snippet_plain snippet_plain_hint snippet_head snippet_head_hint
    }
    phrases {
        leave_unsent let_in lacks invite_says device_of not_saved reaching edition_in of signed_of published_number published_on moved_on note_number
        resolved_comments invite_until release_number signed_by sign_for files_of server_refused part
    }
    plurals {
        waiting_changes words paragraphs citations new_sources footnotes_found
    }
}

/// The words of one language.
#[derive(Debug, Default, PartialEq)]
pub struct Words {
    /// In their places; none before they are learned.
    texts: &'static [&'static str],
}

impl Words {
    #[inline(never)]
    fn at(&self, place: usize) -> &'static str {
        self.texts.get(place).copied().unwrap_or_default()
    }

    /// BCP 47 tag; empty before the words are learned.
    pub fn tag(&self) -> &'static str {
        self.at(Place::tag as usize)
    }

    /// Kinds of sources, in the order of `app/sources.rs`.
    pub fn source_kinds(&self) -> &'static [&'static str] {
        self.texts.get(AT_KINDS..AT_TROUBLES).unwrap_or_default()
    }

    /// "1 word", "1,284 words".
    pub fn count(&self, n: u32, noun: Plural) -> String {
        let form = match (self.tag(), n % 10, n % 100) {
            ("ky", ..) => 2,
            ("en", ..) if n == 1 => 0,
            ("en", ..) => 2,
            (_, 1, rest) if rest != 11 => 0,
            (_, 2..=4, rest) if !(12..=14).contains(&rest) => 1,
            _ => 2,
        };
        Phrase(self.at(noun.0 + form)).fill(&[&self.number(n)])
    }

    /// A number with its thousands apart.
    pub fn number(&self, n: u32) -> String {
        let digits = n.to_string();
        let mut out = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push_str(self.at(Place::thousands as usize));
            }
            out.push(digit);
        }
        out
    }

    /// A date of a CSL item: "21 November 2019".
    pub fn date(&self, date: &CslDate) -> String {
        Lang::of(self.tag()).date(date)
    }

    /// Day and time of an RFC 3339 time, in UTC as it is written.
    pub fn time(&self, rfc3339: &str) -> String {
        match time::parse(rfc3339) {
            Some(at) => Lang::of(self.tag()).moment(at),
            None => rfc3339.to_owned(),
        }
    }

    /// What went wrong, in the interface's language where its code is known, otherwise in the engine's English.
    pub fn trouble(&self, trouble: &Trouble) -> String {
        let known = self.texts.get(AT_TROUBLES..).unwrap_or_default().chunks_exact(2);
        let mut known = known.filter_map(|pair| (pair[0] == trouble.code).then_some(pair[1]));
        match known.next() {
            Some(text) => {
                let with: Vec<&str> = trouble.with.iter().map(String::as_str).collect();
                Phrase(text).fill(&with)
            }
            None => trouble.message.clone(),
        }
    }

    /// A role's name.
    pub fn role(&self, role: &str) -> String {
        match role {
            "editor" => self.role_editor().to_owned(),
            "writer" => self.role_writer().to_owned(),
            other => other.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_languages_files_hold_their_words() {
        for (tongue, words) in [
            (Tongue::Ky, &ky::WORDS),
            (Tongue::Ru, &ru::WORDS),
            (Tongue::En, &en::WORDS),
        ] {
            let path = format!(
                "{}/../../www/desk/words/{}.json",
                env!("CARGO_MANIFEST_DIR"),
                tongue.tag()
            );
            let json = serde_json::to_string_pretty(&words.texts()).unwrap() + "\n";
            if std::env::var_os("KOMUZ_WRITE_WORDS").is_some() {
                std::fs::write(&path, &json).unwrap();
            }
            let file = std::fs::read_to_string(&path).unwrap();
            assert_eq!(file, json, "run this test with KOMUZ_WRITE_WORDS=1 to write {path}");
            assert!(tongue.learn(&file));
            assert_eq!(tongue.words().texts, words.texts());
        }
        assert!(!Tongue::Ky.learn("[]"), "half a language is none");
    }

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
            assert_eq!(ru.count(n, ru.words()), said);
        }
        let en = Tongue::En.words();
        assert_eq!(en.count(1, en.words()), "1 word");
        assert_eq!(en.count(1_284, en.words()), "1,284 words");
        assert_eq!(en.count(0, en.words()), "0 words");
        let ky = Tongue::Ky.words();
        assert_eq!(ky.count(21, ky.words()), "21 сөз");
    }

    #[test]
    fn a_trouble_without_words_of_ours_keeps_its_sentence() {
        let trouble = Trouble {
            code: "no-such-code".into(),
            with: Vec::new(),
            message: "Something else.".into(),
        };
        assert_eq!(Tongue::Ky.words().trouble(&trouble), "Something else.");
    }

    #[test]
    fn every_code_that_the_engine_and_the_page_can_send_has_words() {
        let crates = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let mut files = Vec::new();
        let mut folders = ["engine/src", "sync/src", "desk/src"]
            .map(|name| format!("{crates}/{name}").into())
            .to_vec();
        while let Some(folder) = folders.pop() {
            let folder: std::path::PathBuf = folder;
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.extension() {
                    None => folders.push(path),
                    Some(_) => files.push(path),
                }
            }
        }
        let makers = ["trouble", "named", "because", "fail", "page_trouble", "check_text"];
        let mut unknown = Vec::new();
        let mut found = 0;
        for file in files {
            let source = std::fs::read_to_string(file).unwrap();
            for (at, _) in source.match_indices('(') {
                let before = &source[..at];
                let called = makers.iter().any(|maker| {
                    before
                        .strip_suffix(maker)
                        .is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
                });
                let code = source[at + 1..]
                    .trim_start()
                    .strip_prefix('"')
                    .and_then(|rest| rest.split('"').next());
                if let Some(code) = code.filter(|_| called) {
                    found += 1;
                    if !TROUBLES.contains(&code) {
                        unknown.push(code.to_owned());
                    }
                }
            }
        }
        assert!(found > 60, "only {found}: how troubles are made has changed");
        assert_eq!(unknown, Vec::<String>::new());
    }

    #[test]
    fn a_language_is_found_by_its_first_subtag() {
        assert_eq!(Tongue::of("ky-KG"), Tongue::Ky);
        assert_eq!(Tongue::of("RU"), Tongue::Ru);
        assert_eq!(Tongue::of("sv"), Tongue::En);
    }
}
