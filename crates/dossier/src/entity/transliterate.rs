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

/// The most readings of a name that are offered.
const MOST: usize = 4;

/// Cyrillic spellings for `lang` (`ky` or `ru`) of a name in Latin letters, the likeliest first and at most four: what is written with
/// one letter for several (y for ы, й, ий and ый, l for л and ль, i for и and й) has several. Spellings of passports and older papers
/// are read too (j in Russian texts, ye in Kyrgyz ones). Empty where a letter stands for none, as w does, or for a name of
/// another language.
pub fn cyrillic(name: &str, lang: &str) -> Vec<String> {
    let kyrgyz = match lang.split('-').next() {
        Some("ky") => true,
        Some("ru") => false,
        _ => return Vec::new(),
    };
    let mut read = vec![String::new()];
    for word in name.split_inclusive([' ', '-']) {
        let letters = word.trim_end_matches([' ', '-']);
        let readings = cyrillic_words(letters, kyrgyz);
        let behind = &word[letters.len()..];
        let all = read
            .iter()
            .flat_map(|start| readings.iter().map(move |word| format!("{start}{word}{behind}")));
        read = all.take(MOST).collect();
    }
    read.retain(|spelling| spelling.chars().any(is_cyrillic));
    read
}

/// The readings of one word, the likeliest first.
fn cyrillic_words(word: &str, kyrgyz: bool) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut done = vec![(0, String::new())];
    // Each reading goes on where it ends; of what comes out the first are kept, so that a long name costs no more.
    while let Some(open) = done.iter().position(|(at, _)| *at < letters.len()) {
        let (at, start) = done.remove(open);
        let (length, read) = letters_at(&letters, at, kyrgyz);
        let next = read.iter().map(|read| {
            let mut so_far = start.clone();
            if letters[at].is_uppercase() {
                push_capital(
                    &mut so_far,
                    read,
                    letters.get(at + 1).is_some_and(|next| next.is_uppercase()),
                );
            } else {
                so_far.push_str(read);
            }
            (at + length, so_far)
        });
        done.splice(open..open, next);
        done.truncate(MOST);
    }
    done.into_iter().map(|(_, read)| read).collect()
}

/// How many letters from a place on are read together, and as what, the likeliest first; nothing where they cannot be read.
fn letters_at(letters: &[char], at: usize, kyrgyz: bool) -> (usize, &'static [&'static str]) {
    let lower = |at: usize| letters.get(at)?.to_lowercase().next();
    let is_vowel = |c: char| "aeiouyöü".contains(c);
    let before = at.checked_sub(1).and_then(lower);
    let after_vowel = before.is_some_and(is_vowel);
    let after_consonant = before.is_some_and(|c| !is_vowel(c));
    let ends = |length: usize| lower(at + length).is_none_or(|c| !is_vowel(c));
    let rest: String = (at..at + 4).map_while(lower).collect();
    let is = |start: &str| rest.starts_with(start);
    if is("shch") {
        return (4, &["щ"]);
    }
    for (pair, read) in [
        ("zh", &["ж"] as &[&str]),
        ("kh", &["х"]),
        ("ch", &["ч"]),
        ("sh", &["ш"]),
        ("ts", &["ц", "тс"]),
    ] {
        if is(pair) {
            return (2, read);
        }
    }
    match rest.chars().next().unwrap_or_default() {
        'n' if kyrgyz && is("ng") => (2, &["ң", "нг"]),
        'y' if is("ya") && after_consonant && !kyrgyz => (2, &["я", "ья"]),
        'y' if is("ya") => (2, &["я"]),
        'y' if is("yu") => (2, &["ю"]),
        'y' if is("yo") => (2, &["ё"]),
        'y' if is("ye") && after_consonant => (2, &["ье", "е"]),
        'y' if is("ye") => (2, &["е"]),
        'y' if !ends(1) && lower(at + 1) != Some('y') => (1, &[]),
        'y' if after_vowel && before != Some('y') => (1, &["й"]),
        // At the end of a word; Russian has ий after к, г, х.
        'y' if lower(at + 1).is_none() && kyrgyz => (1, &["ы", "ий"]),
        'y' if lower(at + 1).is_none() && matches!(before, Some('k' | 'g' | 'h')) => (1, &["ий"]),
        'y' if lower(at + 1).is_none() && after_consonant => (1, &["ий", "ый"]),
        'y' => (1, &["ы"]),
        'e' if after_consonant => (1, &["е"]),
        'e' if after_vowel && kyrgyz => (1, &["е", "э"]),
        'e' if after_vowel => (1, &["э", "е"]),
        'e' => (1, &["э"]),
        'i' if after_vowel => (1, &["и", "й"]),
        'i' => (1, &["и"]),
        'l' if !kyrgyz && ends(1) => (1, &["л", "ль"]),
        'l' => (1, &["л"]),
        'j' if kyrgyz => (1, &["ж"]),
        'j' => (1, &["ж", "дж"]),
        'ö' if kyrgyz => (1, &["ө"]),
        'ü' if kyrgyz => (1, &["ү"]),
        'a' => (1, &["а"]),
        'b' => (1, &["б"]),
        'v' => (1, &["в"]),
        'g' => (1, &["г"]),
        'd' => (1, &["д"]),
        'z' => (1, &["з"]),
        'k' => (1, &["к"]),
        'm' => (1, &["м"]),
        'n' => (1, &["н"]),
        'o' => (1, &["о"]),
        'p' => (1, &["п"]),
        'r' => (1, &["р"]),
        's' => (1, &["с"]),
        't' => (1, &["т"]),
        'u' => (1, &["у"]),
        'f' => (1, &["ф"]),
        'h' => (1, &["х"]),
        '.' => (1, &["."]),
        _ => (1, &[]),
    }
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
    fn back_in_every_likely_reading() {
        for (name, lang, readings) in [
            ("Asan Mamatov", "ru", &["Асан Маматов"] as &[&str]),
            ("Asan Mamytov", "ky", &["Асан Мамытов"]),
            ("Jumabek Osmonov", "ky", &["Жумабек Осмонов"]),
            ("Japarov", "ru", &["Жапаров", "Джапаров"]),
            ("Atambayev", "ky", &["Атамбаев"]),
            ("Özgön", "ky", &["Өзгөн"]),
            ("Kyrgyz", "ky", &["Кыргыз"]),
            ("Yury", "ru", &["Юрий", "Юрый"]),
            ("Zhukovsky", "ru", &["Жуковский"]),
            ("Raim", "ky", &["Раим", "Райм"]),
            ("Tsoy", "ru", &["Цой", "Тсой"]),
            ("Mel", "ru", &["Мел", "Мель"]),
            ("A. Osmonova", "ru", &["А. Осмонова"]),
            ("GKNB", "ru", &["ГКНБ"]),
        ] {
            assert_eq!(cyrillic(name, lang), readings, "{name}");
        }
        assert_eq!(cyrillic(&"Mel-".repeat(30), "ru").len(), 4);
        for none in ["Wall", "Özgön", "", "Мамытов 2"] {
            assert!(cyrillic(none, "ru").is_empty(), "{none}");
        }
    }

    #[test]
    fn a_name_written_in_latin_letters_is_read_as_it_was() {
        for (name, lang) in [
            ("Алексей Ефремов", "ru"),
            ("Юрий Подьячев", "ru"),
            ("Ольга Мельник", "ru"),
            ("Васильев", "ru"),
            ("Райымбек Матраимов", "ky"),
            ("Көк-Жаңгак", "ky"),
            ("Чүй", "ky"),
        ] {
            let read = cyrillic(&latin(name, lang)[0], lang);
            assert!(read.iter().any(|read| read == name), "{name}: {read:?}");
        }
    }

    #[test]
    fn names_in_latin_letters_have_nothing_to_offer() {
        assert!(latin("Kloop", "ru").is_empty());
        assert!(latin("Мамытов", "kk").is_empty());
    }
}
