//! Spellings of names in the other script, offered to whoever enters a name.
//!
//! Into Latin letters by the systems that English-language maps and newspapers use: BGN/PCGN 1947 for Russian and BGN/PCGN 1979 for
//! Kyrgyz, as newspapers write them, without the marks for hard and soft signs. The tables are written here: the published
//! crates know Russian only.

use crate::language::is_cyrillic;

/// Spellings in Latin letters of a name that a text in `lang` (`ky` or `ru`) writes in Cyrillic, the one of the system first. A
/// Kyrgyz name with ö or ü is offered without the marks too, as many papers print it. Empty when the name has no Cyrillic letters or the
/// language is another.
pub fn latin(name: &str, lang: &str) -> Vec<String> {
    let kyrgyz = match lang.split('-').next() {
        Some("ky") => true,
        Some("ru") => false,
        _ => return Vec::new(),
    };
    if !name.chars().any(is_cyrillic) {
        return Vec::new();
    }
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len());
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        let lower = letter.to_lowercase().next().unwrap_or(letter);
        let before = at
            .checked_sub(1)
            .map(|at| letters[at].to_lowercase().next().unwrap_or(letters[at]));
        let ends = letters.get(at + 2).is_none_or(|next| !next.is_alphabetic());
        let second = letters.get(at + 1).and_then(|next| next.to_lowercase().next());
        // Surnames and adjectives in -ский and -ный end in y.
        let latin =
            if !kyrgyz && matches!(lower, 'и' | 'ы') && second == Some('й') && ends && before.is_some_and(is_cyrillic)
            {
                at += 1;
                "y"
            } else {
                one(lower, before, kyrgyz).unwrap_or("")
            };
        if !is_cyrillic(letter) {
            out.push(letter);
        } else if letter.is_uppercase() {
            let shouted = letters.get(at + 1).is_some_and(|next| next.is_uppercase())
                || (at > 0
                    && letters[at - 1].is_uppercase()
                    && letters.get(at + 1).is_none_or(|next| !next.is_lowercase()));
            push_capital(&mut out, latin, shouted);
        } else {
            out.push_str(latin);
        }
        at += 1;
    }
    let plain: String = out
        .chars()
        .map(|letter| match letter {
            'ö' => 'o',
            'ü' => 'u',
            'Ö' => 'O',
            'Ü' => 'U',
            other => other,
        })
        .collect();
    if plain == out { vec![out] } else { vec![out, plain] }
}

fn push_capital(out: &mut String, latin: &str, shouted: bool) {
    let mut letters = latin.chars();
    out.extend(letters.next().into_iter().flat_map(char::to_uppercase));
    if shouted {
        out.extend(letters.flat_map(char::to_uppercase));
    } else {
        out.push_str(letters.as_str());
    }
}

/// One small letter; `before` is the one to its left.
fn one(letter: char, before: Option<char>, kyrgyz: bool) -> Option<&'static str> {
    Some(match letter {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' => "g",
        'д' => "d",
        // In Russian ye at the beginning and after vowels, й and the signs.
        'е' if !kyrgyz && before.is_none_or(|c| !c.is_alphabetic() || "аеёиоуыэюяйъь".contains(c)) => {
            "ye"
        }
        'е' | 'э' => "e",
        'ё' => "yo",
        'ж' if kyrgyz => "j",
        'ж' => "zh",
        'з' => "z",
        'и' => "i",
        'й' | 'ы' => "y",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'ң' => "ng",
        'о' => "o",
        'ө' => "ö",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' => "u",
        'ү' => "ü",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ю' => "yu",
        'я' => "ya",
        _ => return None,
    })
}

/// A Cyrillic spelling for `lang` of a name in Latin letters, where each letter can be read in one way only; none where it cannot:
/// y after a consonant (ы, ий or ь before a vowel), i after a vowel (и or й), ts, l at the end of a syllable in Russian (л or ль), letters
/// that the system does not use. Writing the offered name in Latin letters gives the name again.
pub fn cyrillic(name: &str, lang: &str) -> Option<String> {
    let kyrgyz = match lang.split('-').next() {
        Some("ky") => true,
        Some("ru") => false,
        _ => return None,
    };
    let mut out = String::new();
    for word in name.split_inclusive([' ', '-']) {
        let letters = word.trim_end_matches([' ', '-']);
        out.push_str(&cyrillic_word(letters, kyrgyz)?);
        out.push_str(&word[letters.len()..]);
    }
    (latin(&out, lang).first().map(String::as_str) == Some(name)).then_some(out)
}

fn cyrillic_word(word: &str, kyrgyz: bool) -> Option<String> {
    let lower: Vec<char> = word.to_lowercase().chars().collect();
    let is_vowel = |c: char| "aeiouyöü".contains(c);
    let mut out = String::new();
    let mut at = 0;
    while at < lower.len() {
        let rest: String = lower[at..].iter().take(4).collect();
        let before = at.checked_sub(1).map(|at| lower[at]);
        let (length, letter) = match rest.as_str() {
            r if r.starts_with("shch") => (4, 'щ'),
            r if r.starts_with("zh") && !kyrgyz => (2, 'ж'),
            r if r.starts_with("kh") => (2, 'х'),
            r if r.starts_with("ch") => (2, 'ч'),
            r if r.starts_with("sh") => (2, 'ш'),
            r if r.starts_with("ts") || (kyrgyz && r.starts_with("ng")) => return None,
            r if r.starts_with("ya") => (2, 'я'),
            r if r.starts_with("yu") => (2, 'ю'),
            r if r.starts_with("yo") => return None,
            r if r.starts_with("ye") && !kyrgyz && before.is_none_or(is_vowel) => (2, 'е'),
            // After a vowel, and before no other, it is й.
            r if r.starts_with('y') => match (before, lower.get(at + 1)) {
                (Some(b), next) if is_vowel(b) && b != 'y' && next.is_none_or(|c| !is_vowel(*c)) => (1, 'й'),
                _ => return None,
            },
            r if r.starts_with('e') => match before {
                None => (1, 'э'),
                Some(before) if !is_vowel(before) => (1, 'е'),
                _ => return None,
            },
            r if r.starts_with('i') && before.is_some_and(is_vowel) => return None,
            r if r.starts_with('l') && !kyrgyz && lower.get(at + 1).is_none_or(|c| !is_vowel(*c)) => return None,
            r => (
                1,
                match r.chars().next()? {
                    'a' => 'а',
                    'b' => 'б',
                    'v' => 'в',
                    'g' => 'г',
                    'd' => 'д',
                    'z' => 'з',
                    'i' => 'и',
                    'k' => 'к',
                    'l' => 'л',
                    'm' => 'м',
                    'n' => 'н',
                    'o' => 'о',
                    'p' => 'п',
                    'r' => 'р',
                    's' => 'с',
                    't' => 'т',
                    'u' => 'у',
                    'f' => 'ф',
                    'j' if kyrgyz => 'ж',
                    'ö' if kyrgyz => 'ө',
                    'ü' if kyrgyz => 'ү',
                    _ => return None,
                },
            ),
        };
        let capital = word.chars().nth(at).is_some_and(char::is_uppercase);
        if capital {
            out.extend(letter.to_uppercase());
        } else {
            out.push(letter);
        }
        at += length;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{cyrillic, latin};

    #[test]
    fn russian_names_are_written_as_newspapers_write_them() {
        for (name, spelling) in [
            ("Алексей Ефремов", "Aleksey Yefremov"),
            ("Юрий Подъячев", "Yury Podyachev"),
            ("Щербаков-Жуковский", "Shcherbakov-Zhukovsky"),
            ("Игорь Чуднов", "Igor Chudnov"),
            ("ГКНБ", "GKNB"),
        ] {
            assert_eq!(latin(name, "ru")[0], spelling);
        }
    }

    #[test]
    fn kyrgyz_names_keep_their_marks_and_are_offered_without() {
        assert_eq!(latin("Өзгөн", "ky"), ["Özgön", "Ozgon"]);
        assert_eq!(latin("Жалал-Абад", "ky"), ["Jalal-Abad"]);
        assert_eq!(latin("Көк-Жаңгак", "ky"), ["Kök-Janggak", "Kok-Janggak"]);
        assert_eq!(latin("Чүй", "ky")[0], "Chüy");
    }

    #[test]
    fn back_only_where_there_is_one_way() {
        assert_eq!(cyrillic("Asan Mamatov", "ru").as_deref(), Some("Асан Маматов"));
        assert_eq!(cyrillic("Jumabek Osmonov", "ky").as_deref(), Some("Жумабек Осмонов"));
        assert_eq!(cyrillic("Özgön", "ky").as_deref(), Some("Өзгөн"));
        for doubtful in ["Igor Mel", "Kyrgyz", "Raim", "Tsoy", "Smith", "Joe"] {
            assert_eq!(cyrillic(doubtful, "ru"), None, "{doubtful}");
        }
    }

    #[test]
    fn names_in_latin_letters_have_nothing_to_offer() {
        assert!(latin("Kloop", "ru").is_empty());
        assert!(latin("Мамытов", "kk").is_empty());
    }
}
