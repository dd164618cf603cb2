//! Words that say little by themselves, words of saying, and words that assert by their form.
//!
//! Short lists of our own, for headlines and quotations; a word that is missing costs a needless finding or a missed one, never
//! more.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::{Language, english, kyrgyz};

const COMMON_EN: &str = "a an the and or but nor not no yes of in on at by for from to into onto over under with without within \
    about after before during since until against between among through near across around above below up down out off as than \
    then so too very more most much many few some any all each every both either neither other another such only own same just \
    also even still yet again once now here there when where why how what which who whom whose that this these those it its he \
    him his she her hers they them their theirs we us our ours you your yours i me my mine one if because while though although \
    whether is are was were be been being am has have had having do does did doing will would shall should can could may might \
    must new amid via per";
const COMMON_RU: &str = "и а но или либо да не ни же ли бы то как так что чтобы чем если когда пока где куда откуда почему зачем \
    кто кого кому кем чей чья чье чьи который которая которое которые которого которой которых которому которым которыми это этот \
    эта эти этого этой этих этому этим этими тот та те того той тех тому тем в во на с со к ко о об обо от из изо у по за под \
    над при про для без до после перед между через среди около возле против ради из-за из-под кроме вместо я ты он она оно мы вы \
    они его ее их ему ей им мне меня мной тебя тебе нас нам нами вас вам вами себя себе собой свой своя свое свои своего своей \
    своих своему своим своими мой моя мои наш наша наши ваш весь вся все всех всего всем всей был была было были быть будет \
    будут есть нет еще уже только лишь даже тоже также очень более менее там тут здесь сейчас теперь потом затем вот ведь \
    разве один одна одно одни";
const COMMON_KY: &str = "жана менен же бирок а эми да де дагы эле эмес эмне ким кимди кимге кимдин кайсы кайда качан кантип эмнеге \
    кандай канча үчүн тууралуу жөнүндө боюнча каршы чейин кийин мурда мурун соң аркылуу аркасында сыяктуу катары кошо бул ушул \
    тиги ошол ал алар мен сен сиз биз силер анын алардын аны аларды ага аларга анда андан мындан мында өз өзү өзүнүн өзүнө өзүн \
    бар жок болуп болгон болот болду эле экен керек мүмкүн бир бардык баары бүт ар кээ көп аз абдан өтө эң гана дал ошондой \
    мындай ошондо азыр бүгүн анткени себеби эгер ичинде ичинен ичине үстүндө алдында жанында артында";

const SAYING_EN: &str = "said says saying say told tells wrote writes stated states claimed claims announced announces added adds \
    explained explains asked asks replied replies answered answers denied denies recalled recalls confirmed confirms noted notes \
    insisted insists argued argues testified testifies warned warns according quoted quotes called calls";
/// Beginnings of Russian words of saying.
const SAYING_RU: &[&str] = &[
    "сказал",
    "заяв",
    "сообщ",
    "рассказ",
    "ответил",
    "отвеча",
    "написал",
    "пишет",
    "пишут",
    "утвержд",
    "говор",
    "словам",
    "мнению",
    "отмет",
    "отмеч",
    "поясн",
    "подчерк",
    "призна",
    "добав",
    "объясн",
    "вспомин",
    "счита",
    "уточн",
    "прокоммент",
    "цитир",
    "отрица",
    "назва",
    "обещ",
    "предупре",
    "спросил",
    "заключ",
    "подтвер",
    "настаив",
];
/// Beginnings of Kyrgyz words of saying.
const SAYING_KY: &[&str] = &[
    "деди",
    "дейт",
    "деген",
    "деп",
    "дешти",
    "дешет",
    "айт",
    "билдир",
    "белгиле",
    "маалымда",
    "жооп",
    "жазды",
    "жазат",
    "жазган",
    "кошумчала",
    "түшүндүр",
    "ыраста",
    "эскер",
    "эсте",
    "сөзүн",
    "пикирин",
    "сурады",
    "ата",
    "четке",
];

/// Verbs that stand in English headlines in the present tense.
const HEADLINE_EN: &str = "accuses admits arrests attacks bans bans blames blocks bombs bribes charges closes collapses convicts \
    controls cuts demands denies destroys detains dies dodges earns embezzles escapes evades explodes extorts fails faces fines \
    fires forces funds halts hits hides jails joins kills launches launders leads loses makes moves opens orders owns pays plans \
    plunders profits pulls quits raids raises refuses rejects releases resigns robs rules runs sacks seizes sells sentences shuts \
    smuggles spends steals stops sues takes targets threatens transfers wins withdraws";
/// English words that end in -ed and assert nothing.
const NOT_PAST_EN: &str =
    "united hundred indeed speed need seed feed breed greed wanted limited red shed sacred wicked naked bed";
/// Russian nouns that end as the past tense does.
const NOT_PAST_RU: &str = "дела школа школу сила стола канал канала отдел отдела угла числа капитал капитала генерал генерала \
    материал материала журнал журнала скандал скандала финал финала правила начала зала зал вокзал вокзала металл металла футбол \
    стол пол пола села село тела тело мила мало около после если или доли роли соли цели земли модели недели автомобили отели \
    рубли корабли стали тысячелетия кабала квартала квартал арсенал потенциал потенциала персонал персонала журнали сериал сериала \
    филиал филиала мужчины страны стены цены жены войны тайны планы экраны органы тираны романы районы законы миллионы регионы";

/// Whether a folded word carries no assertion by itself.
pub fn is_common(folded: &str, language: Language) -> bool {
    static KY: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON_KY.split_ascii_whitespace().collect());
    static RU: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON_RU.split_ascii_whitespace().collect());
    static EN: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON_EN.split_ascii_whitespace().collect());
    let list = match language.for_word(folded) {
        Language::Kyrgyz => &KY,
        Language::Russian => &RU,
        Language::English => &EN,
        Language::Other => return false,
    };
    list.contains(folded)
}

/// Whether a folded word says that somebody said something.
pub fn is_saying(folded: &str, language: Language) -> bool {
    let starts = |list: &[&str]| list.iter().any(|start| folded.starts_with(start));
    match language.for_word(folded) {
        Language::Kyrgyz => starts(SAYING_KY),
        Language::Russian => starts(SAYING_RU),
        Language::English => holds(SAYING_EN, folded),
        Language::Other => false,
    }
}

/// Whether a folded word asserts by its form: a verb in the past or present, a short participle. `last` says that it closes its
/// sentence, where the verb of a Kyrgyz one stands. Only forms that are hardly ever anything else count.
pub fn is_assertion(folded: &str, last: bool, language: Language) -> bool {
    let letters = folded.chars().count();
    match language.for_word(folded) {
        Language::English => {
            english::is_irregular_form(folded)
                || holds(HEADLINE_EN, folded)
                || (letters >= 5 && folded.ends_with("ed") && !holds(NOT_PAST_EN, folded))
        }
        Language::Russian => {
            const ENDINGS: &[&str] = &[
                "лся", "лась", "лось", "лись", "ются", "утся", "ится", "ется", "ает", "яет", "ует", "ют", "ала", "ало",
                "али", "ила", "ило", "или", "ела", "ело", "ели", "ула", "уло", "ули", "яла", "яло", "яли", "ал", "ил",
                "ел", "ул", "ял", "ыл", "ыла", "ыло", "ыли", "гла", "гли", "кла", "кли", "шла", "шли", "шел", "жат",
                "аны", "ана", "ано", "ены", "ена", "ено", "ован", "жан", "щен", "лен", "рван", "ран",
            ];
            letters >= 5 && ENDINGS.iter().any(|ending| folded.ends_with(ending)) && !holds(NOT_PAST_RU, folded)
        }
        Language::Kyrgyz => {
            let word: Vec<char> = folded.chars().collect();
            let ends = |ending: &&str| kyrgyz::strip(&word, word.len(), ending).is_some();
            last && letters >= 4 && ["DI", "GAн", "Aт", "йт", "IптIр", "птIр", "DIк"].iter().any(ends)
                || folded.ends_with("ылды")
                || folded.ends_with("илди")
                || folded.ends_with("улду")
                || folded.ends_with("үлдү")
        }
        Language::Other => false,
    }
}

/// The value of a small number that is written as a word, so that "three" and "3", "үч" and "трое" say the same.
pub fn small_number(folded: &str, language: Language) -> Option<u8> {
    let lists: &[&str] = match language.for_word(folded) {
        Language::Kyrgyz => &["эки", "үч", "төрт", "беш", "алты", "жети", "сегиз", "тогуз", "он"],
        Language::Russian => &[
            "два две двое двух",
            "три трое трех",
            "четыре четверо четырех",
            "пять пятеро пяти",
            "шесть шестеро шести",
            "семь семеро семи",
            "восемь восьми",
            "девять девяти",
            "десять десяти",
        ],
        Language::English => &["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
        Language::Other => &[],
    };
    lists
        .iter()
        .zip(2..)
        .find_map(|(forms, value)| holds(forms, folded).then_some(value))
}

fn holds(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|entry| entry == word)
}

#[cfg(test)]
mod tests {
    use super::{Language, is_assertion, is_common, is_saying, small_number};

    #[test]
    fn verbs_assert_and_names_of_things_do_not() {
        let asserts = |word, language| is_assertion(word, true, language);
        for word in ["blown", "froze", "arrested", "seizes"] {
            assert!(asserts(word, Language::English), "{word}");
        }
        for word in ["palace", "united", "hundred", "customs", "business"] {
            assert!(!asserts(word, Language::English), "{word}");
        }
        for word in ["взорвали", "взорван", "арестовал", "заморожены", "скрылся", "похитила"]
        {
            assert!(asserts(word, Language::Russian), "{word}");
        }
        for word in ["дворец", "таможня", "страны", "скандал", "материал", "совет"]
        {
            assert!(!asserts(word, Language::Russian), "{word}");
        }
        for word in ["жардырылды", "камады", "тоңдурду", "кармалган", "башкарат", "иштейт"]
        {
            assert!(asserts(word, Language::Kyrgyz), "{word}");
        }
        for word in ["сарай", "падышалыгы", "бажы", "эсеби", "жолу"] {
            assert!(!asserts(word, Language::Kyrgyz), "{word}");
        }
    }

    #[test]
    fn words_of_saying_are_known() {
        assert!(is_saying("said", Language::English));
        assert!(is_saying("заявила", Language::Russian));
        assert!(is_saying("билдирди", Language::Kyrgyz));
        assert!(!is_saying("дворец", Language::Russian));
    }

    #[test]
    fn small_numbers_are_one_in_letters_and_digits() {
        assert_eq!(small_number("three", Language::English), Some(3));
        assert_eq!(small_number("трое", Language::Russian), Some(3));
        assert_eq!(small_number("үч", Language::Kyrgyz), Some(3));
        assert_eq!(small_number("сот", Language::Kyrgyz), None);
    }

    #[test]
    fn little_words_are_common() {
        for (word, language) in [
            ("the", Language::English),
            ("который", Language::Russian),
            ("менен", Language::Kyrgyz),
        ] {
            assert!(is_common(word, language));
        }
        assert!(!is_common("сот", Language::Kyrgyz));
    }
}
