//! Light stems: forms of one word meet, different words rarely do.

use super::{Language, english, kyrgyz, russian};

/// What a word may be a form of, as a hash. A word has several where its ending can be read in several ways ("роман" is a noun, and
/// by its form also a participle); two words meet when they share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stem(u64);

/// How an ending was read. Short stems of different readings are kept apart: they are different words more often than not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As a noun.
    Noun,
    /// As an adjective.
    Adjective,
    /// As a verb or a participle.
    Verb,
}

/// Stems of at least so many letters count whatever the reading was, so that "арест" meets "арестовали".
const LONG: usize = 5;

impl Stem {
    pub(super) fn new(letters: &str, reading: Reading) -> Self {
        Self::of(letters.chars(), reading)
    }

    pub(super) fn of(letters: impl Iterator<Item = char>, reading: Reading) -> Self {
        // FNV-1a by letters: quick for a few of them, and nobody gains by a collision.
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut add = |value: u32| hash = (hash ^ u64::from(value)).wrapping_mul(0x0100_0000_01b3);
        let mut count = 0;
        for letter in letters {
            add(letter as u32);
            count += 1;
        }
        if count < LONG {
            add(reading as u32);
        }
        Self(hash)
    }
}

/// What a folded word of a text in this language may be a form of; never empty.
pub fn stems(folded: &str, language: Language) -> Vec<Stem> {
    let mut found = match language.for_word(folded) {
        Language::Kyrgyz => kyrgyz::stems(folded),
        Language::Russian => russian::stems(folded),
        Language::English => english::stems(folded),
        Language::Other => vec![Stem::new(folded, Reading::Noun)],
    };
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether two folded words of texts in this language may be forms of one word.
pub fn meet(one: &str, other: &str, language: Language) -> bool {
    if one == other {
        return true;
    }
    let others = stems(other, language);
    stems(one, language)
        .iter()
        .any(|stem| others.binary_search(stem).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{Language, meet};
    use crate::language::fold;

    fn all_meet(language: Language, families: &[&str]) {
        for family in families {
            let forms: Vec<String> = family.split_whitespace().map(fold).collect();
            for form in &forms {
                assert!(meet(&forms[0], form, language), "{} and {form}", forms[0]);
            }
        }
    }

    fn none_meet(language: Language, words: &str) {
        let words: Vec<String> = words.split_whitespace().map(fold).collect();
        for (at, one) in words.iter().enumerate() {
            for other in &words[at + 1..] {
                assert!(!meet(one, other, language), "{one} and {other}");
            }
        }
    }

    #[test]
    fn forms_of_a_kyrgyz_word_meet() {
        all_meet(
            Language::Kyrgyz,
            &[
                "эсеп эсепти эсептин эсептер эсептерди эсептеринин эсептеринде эсеби эсебине эсептен",
                "адам адамдар адамдардын адамга адамы адамдарга адамдан",
                "терезе терезеси терезесин терезелер терезелердин терезесинде терезеге",
                "сарай сарайы сарайынын сарайга сарайдын сарайында сарайындагы",
                "мектеп мектептер мектептердин мектеби мектепте мектепке",
                "өкмөт өкмөттүн өкмөтү өкмөтүндө өкмөткө өкмөттөр",
                "шаар шаары шаарда шаардын шаарына шаарлар",
                "бала балдар", // the plural drops the vowel: only the stem before it is left
                "жол жолдор жолду жолго жолунда жолдордун",
                "компания компаниялар компаниянын компаниясы компанияларга",
                "кызматкер кызматкерлер кызматкерлери кызматкерлеринин",
                "карма кармады кармалды кармалган кармоо",
                "ач ачты ачылды ачылган ачуу ачып ачат",
                "төлө төлөдү төлөгөн төлөө төлөп төлөйт",
                "жардыр жардырды жардырылды жардырылган жардыруу",
            ],
        );
    }

    #[test]
    fn different_kyrgyz_words_do_not_meet() {
        none_meet(
            Language::Kyrgyz,
            "сот сом соода шаар шайлоо бажы бала банк эсеп эл терезе терең жардыруу жаракат жарылуу сынды сыйлык өкмөт өкүл",
        );
    }

    #[test]
    fn forms_of_a_russian_word_meet() {
        all_meet(
            Language::Russian,
            &[
                "счёт счета счету счетом счетов счетам счетах",
                "суд суда суду судом суде суды судов",
                "компания компании компанию компанией компаний компаниями",
                "рынок рынка рынке рынком рынки рынков",
                "дворец дворца дворце дворцом",
                "окно окна окон окном окнами",
                "область области областью областей",
                "таможенный таможенного таможенной таможенная таможенные таможенными",
                "арест ареста арестовать арестовал арестовали арестован арестована арестованный арестует",
                "взорвать взорвал взорвали взорван взорвана взорванный",
                "похитить похитил похищен похищены похитили",
                "купить купил купила куплен купленный",
                "задержать задержал задержан задержаны задержит задержанного",
                "сделка сделки сделок сделкой сделку",
                "музей музея музеи музеем музеев",
                "роман романа романы романом романов",
            ],
        );
    }

    #[test]
    fn different_russian_words_do_not_meet() {
        none_meet(
            Language::Russian,
            "суд сумма счет человек окно взрыв дворец дочь партия паром роман ром страница страна таможня товар завод закон",
        );
    }

    #[test]
    fn forms_of_an_english_word_meet() {
        all_meet(
            Language::English,
            &[
                "freeze freezes froze frozen freezing",
                "blow blew blown blows",
                "company companies company's companies'",
                "stop stops stopped stopping",
                "close closes closed closing",
                "break broke broken breaks",
                "pay pays paid paying",
                "slight slightly",
                "box boxes",
                "try tries tried trying",
            ],
        );
    }

    #[test]
    fn different_english_words_do_not_meet() {
        none_meet(
            Language::English,
            "window winter blown broken injured palace place bank bond account accuse court count custom customer thing this",
        );
    }

    #[test]
    fn latin_names_in_a_cyrillic_text_take_english_endings() {
        assert!(meet("kloop", "kloop's", Language::Russian));
    }

    #[test]
    fn words_of_other_languages_meet_as_they_stand() {
        assert!(meet("hesap", "hesap", Language::Other));
        assert!(!meet("hesap", "hesaplar", Language::Other));
    }
}
