//! One spelling for what readers take for the same word.

/// A word or text in the spelling that comparisons use: lower case, `ё` as `е`, Latin letters without their marks (`ö` as `o`),
/// straight apostrophes and one kind of hyphen; soft hyphens, invisible joiners and stress marks left out. Precomposed and decomposed
/// spellings of the letters of Kyrgyz and Russian and of accented Latin ones give the same.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// [`fold`], appended to a string that is there already.
pub fn fold_into(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            'a'..='z' | '0'..='9' | 'а'..='я' => out.push(letter),
            'A'..='Z' => out.push(letter.to_ascii_lowercase()),
            'А'..='Я' => out.push(char::from_u32(letter as u32 + 0x20).unwrap_or(letter)),
            'Ё' | 'ё' => out.push('е'),
            // A breve over и is й; every other combining mark is left out, so that е with two dots is е.
            '\u{306}' if out.ends_with('и') => {
                out.pop();
                out.push('й');
            }
            '\u{300}'..='\u{36f}' => {}
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2b9}' | '\u{2032}' | '`' | '\u{b4}' => {
                out.push('\'')
            }
            '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
            '\u{a0}' | '\u{202f}' | '\u{2009}' => out.push(' '),
            other => other.to_lowercase().for_each(|letter| match unmarked(letter) {
                Some(plain) => out.push_str(plain),
                None => out.push(letter),
            }),
        }
    }
}

/// The plain letters of an accented Latin letter of Western, Central European or Turkish spelling.
fn unmarked(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì'..='ï' | 'ī' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'š' | 'ş' => "s",
        'ß' => "ss",
        'ť' | 'ţ' => "t",
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn case_and_yo_do_not_count() {
        assert_eq!(fold("ЖЭЭНБЕКОВ"), fold("Жээнбеков"));
        assert_eq!(fold("Счёт"), fold("СЧЕТ"));
        assert_eq!(fold("ӨЗГӨН Үкү Ңң"), "өзгөн үкү ңң");
    }

    #[test]
    fn typography_does_not_count() {
        assert_eq!(fold("O\u{2019}Neil"), fold("O'Neil"));
        assert_eq!(fold("мил\u{ad}лион"), "миллион");
        assert_eq!(fold("Мамы\u{301}тов"), "мамытов");
        assert_eq!(fold("17\u{a0}млн"), "17 млн");
    }

    #[test]
    fn decomposed_letters_are_the_letters() {
        assert_eq!(fold("Раи\u{306}ым"), fold("Райым"));
        assert_eq!(fold("е\u{308}лка"), fold("ёлка"));
        assert_eq!(fold("O\u{308}zgo\u{308}n"), fold("Özgön"));
    }
}
