//! What only the reader's component says; everything else that is said around a story is in [`komuz_release::words`].

use komuz_release::words::Lang;

/// The words of one language.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// A button: to the list of sources.
    pub all_sources: &'static str,
    /// No mirror answered.
    pub unreachable: &'static str,
    /// The chosen language could not be checked, and the one on the screen stays.
    pub other_language: &'static str,
    /// What a picture that has not come is called, in front of its description.
    pub picture: &'static str,
}

/// The words for an edition's language; English where there are none.
pub fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Ru => &RU,
        Lang::Ky => &KY,
        Lang::En => &EN,
    }
}

/// What stands in front of the item at an index of a list in a sentence: `A`, `A and B`, `A, B and C`.
pub fn between(lang: Lang, at: usize, of: usize) -> String {
    match of - at {
        _ if at == 0 => String::new(),
        1 => format!(" {} ", lang.words().and),
        _ => ", ".to_owned(),
    }
}

static EN: Words = Words {
    all_sources: "All sources",
    unreachable: "No server that holds the signatures answered.",
    other_language: "That language could not be checked, so this one stays.",
    picture: "Picture:",
};

static RU: Words = Words {
    all_sources: "Все источники",
    unreachable: "Ни один сервер с подписями не ответил.",
    other_language: "Текст на том языке проверить не удалось, поэтому остаётся этот.",
    picture: "Изображение:",
};

static KY: Words = Words {
    all_sources: "Бардык булактар",
    unreachable: "Кол тамгалар сакталган серверлердин бири да жооп берген жок.",
    other_language: "Ал тилдегисин текшерүүгө болбоду, ошондуктан ушунусу калды.",
    picture: "Сүрөт:",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_a_sentence() {
        let text = |items: &[&str]| -> String {
            items
                .iter()
                .enumerate()
                .map(|(at, item)| between(Lang::En, at, items.len()) + item)
                .collect()
        };
        assert_eq!(text(&["A"]), "A");
        assert_eq!(text(&["A", "B"]), "A and B");
        assert_eq!(text(&["A", "B", "C"]), "A, B and C");
    }
}
