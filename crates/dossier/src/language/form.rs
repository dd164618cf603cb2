//! Forms of names: narrower than stems, since the name as it is in the nominative is known.

use super::{Language, kyrgyz, russian};

/// Endings that a Russian name takes.
const RUSSIAN: &[&str] = &[
    "", "а", "я", "о", "е", "у", "ю", "ы", "и", "ь", "й", "ом", "ем", "ым", "им", "ой", "ей", "ою", "ею", "ью", "ам",
    "ям", "ами", "ями", "ах", "ях", "ов", "ев", "ый", "ий", "ая", "яя", "ое", "ее", "ые", "ие", "ого", "его", "ому",
    "ему", "ую", "юю", "ых", "их", "ыми", "ими",
];

/// Whether a folded word is a folded name's word in any case: "матраимовдун" of "матраимов", "суда" of "суд", "kloop's" of "kloop".
pub fn is_form(word: &str, name: &str, language: Language) -> bool {
    if word == name {
        return true;
    }
    match language.for_word(name) {
        Language::Kyrgyz => kyrgyz::is_form(word, name),
        Language::Russian => {
            let has = |base: &str| word.strip_prefix(base).is_some_and(|rest| RUSSIAN.contains(&rest));
            has(russian_base(name)) || russian::without_fleeting(name).is_some_and(|base| has(&base))
        }
        Language::English => matches!(word.strip_prefix(name), Some("'s" | "'")),
        Language::Other => false,
    }
}

/// A Russian name without the ending of its nominative, three letters at least.
fn russian_base(name: &str) -> &str {
    let long = |base: &&str| base.chars().count() >= 3;
    ["ый", "ий", "ой", "ая", "яя", "ое", "ее", "ые", "ие"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending).filter(long))
        .or_else(|| {
            let ending = |c: char| russian::is_vowel(c) || matches!(c, 'ь' | 'й');
            name.strip_suffix(ending).filter(long)
        })
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{Language, is_form};

    #[test]
    fn names_are_known_in_every_case() {
        for (language, name, forms) in [
            (
                Language::Kyrgyz,
                "матраимов",
                "матраимовдун матраимовго матраимовду матраимовдон матраимовдор",
            ),
            (
                Language::Kyrgyz,
                "бишкек",
                "бишкекте бишкектин бишкекке бишкектен бишкеги",
            ),
            (Language::Kyrgyz, "бажы", "бажынын бажыга бажыда бажысы"),
            (Language::Kyrgyz, "укмк", "укмкнын укмкга"),
            (
                Language::Russian,
                "матраимов",
                "матраимова матраимову матраимовым матраимове матраимовы",
            ),
            (Language::Russian, "асия", "асии асию асией"),
            (Language::Russian, "таможенная", "таможенной таможенную"),
            (Language::Russian, "дворец", "дворца дворце дворцом"),
            (Language::Russian, "ош", "оша оше ошу"),
            (Language::English, "matraimov", "matraimov's"),
            (Language::Russian, "kloop", "kloop's"),
        ] {
            for form in forms.split(' ') {
                assert!(is_form(form, name, language), "{form} of {name}");
            }
        }
    }

    #[test]
    fn other_names_that_begin_alike_are_others() {
        for (language, name, others) in [
            (Language::Kyrgyz, "матраимов", "матраимовалы матраим"),
            (Language::Kyrgyz, "алдан", "алдаган алты"),
            (Language::Russian, "матраимов", "матраимовский матраим"),
            (Language::Russian, "ош", "ошибка ошский"),
            (Language::English, "kloop", "kloopers"),
        ] {
            for other in others.split(' ') {
                assert!(!is_form(other, name, language), "{other} of {name}");
            }
        }
    }
}
