//! What an import could not keep, said in the reader's language.

use std::fmt;

use komuz_release::words::Lang;

use crate::MAX_TEXT;

/// Something that could not be kept, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub(crate) what: What,
    pub(crate) times: usize,
}

/// What it was.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum What {
    /// A picture, with its description.
    Picture(String),
    /// Words marked as deleted.
    Deleted,
    /// A comment of an editor.
    Comment,
    /// A table.
    Table,
    /// A link to an address that is not safe.
    Link,
    /// A note that stood on no words.
    EmptyNote,
    /// A reference to a note without text.
    MissingNote,
    /// A note of the headline or summary: its source is kept.
    HeadNote,
    /// A note of the headline, with its source.
    HeadlineNote,
    /// A note that was too long, by how it begins.
    LongNote(String),
    /// A block that was too long.
    LongBlock,
    /// A language tag.
    Language(String),
    /// A line in the document's head.
    HeadLine(String),
    /// More than is told one by one.
    More,
}

impl LeftOut {
    /// A sentence for the person who imports.
    pub fn sentence(&self, lang: Lang) -> String {
        let said = match lang {
            Lang::En => self.what.english(),
            Lang::Ru => self.what.russian(),
            Lang::Ky => self.what.kyrgyz(),
        };
        let times = self.times;
        match (&self.what, lang) {
            (What::More, Lang::En) => format!("{times} more could not be kept either."),
            (What::More, Lang::Ru) => format!("Не удалось сохранить и ещё {times}."),
            (What::More, Lang::Ky) => format!("Дагы {times} нерсе сакталган жок."),
            _ if times == 1 => said,
            (_, Lang::En) => format!("{said} ({times} times)"),
            (_, Lang::Ru) => format!("{said} (сколько раз: {times})"),
            (_, Lang::Ky) => format!("{said} ({times} жолу)"),
        }
    }
}

/// What to say of a citation whose source is nowhere, `{}` for the source's id: only who has the register knows that.
pub fn unknown_source(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "A citation of “{}” was left out: it is neither among the document's sources nor in the register.",
        Lang::Ru => "Ссылка на источник «{}» пропущена: его нет ни среди источников документа, ни в реестре.",
        Lang::Ky => "«{}» булагына шилтеме калтырылды: ал документтин булактарында да, реестрде да жок.",
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(Lang::En))
    }
}

/// A description in brackets; nothing for an empty one.
fn which(alt: &str) -> String {
    if alt.is_empty() {
        String::new()
    } else {
        format!(" ({alt})")
    }
}

impl What {
    fn english(&self) -> String {
        match self {
            Self::Picture(alt) => format!("A picture{} was left out: add its file in the desk.", which(alt)),
            Self::Deleted => "Words that are marked as deleted were left out.".to_owned(),
            Self::Comment => "A comment was left out: what editors say to each other is not imported.".to_owned(),
            Self::Table => "A table was turned into paragraphs, one for each row.".to_owned(),
            Self::Link => "A link with an address that is not safe became plain text.".to_owned(),
            Self::EmptyNote => "A note stood on no words.".to_owned(),
            Self::MissingNote => "A note that is referred to has no text.".to_owned(),
            Self::HeadNote => {
                "A note of the headline or summary cites nothing now: only its source was kept.".to_owned()
            }
            Self::HeadlineNote => "A note of the headline was left out: headlines cite nothing.".to_owned(),
            Self::LongNote(start) => format!("A note is too long for a source and was shortened: {start}"),
            Self::LongBlock => format!("A block longer than {MAX_TEXT} characters was divided."),
            Self::Language(tag) => format!("The language {tag:?} is no tag such as \"ky\"."),
            Self::HeadLine(line) => format!("A line in the head of the document is not known: {line}"),
            Self::More => String::new(),
        }
    }

    fn russian(&self) -> String {
        match self {
            Self::Picture(alt) => format!("Изображение{} пропущено: добавьте его файл за столом.", which(alt)),
            Self::Deleted => "Слова, помеченные как удалённые, пропущены.".to_owned(),
            Self::Comment => "Комментарий пропущен: переписка редакторов не импортируется.".to_owned(),
            Self::Table => "Таблица превращена в абзацы, по одному на строку.".to_owned(),
            Self::Link => "Ссылка с небезопасным адресом стала простым текстом.".to_owned(),
            Self::EmptyNote => "Сноска не относилась ни к каким словам.".to_owned(),
            Self::MissingNote => "У сноски, на которую есть ссылка, нет текста.".to_owned(),
            Self::HeadNote => {
                "Сноска в заголовке или подводке больше ни на что не ссылается: сохранён только её источник.".to_owned()
            }
            Self::HeadlineNote => "Сноска в заголовке пропущена: заголовки ни на что не ссылаются.".to_owned(),
            Self::LongNote(start) => format!("Сноска слишком длинна для источника и сокращена: {start}"),
            Self::LongBlock => format!("Блок длиннее {MAX_TEXT} знаков разделён."),
            Self::Language(tag) => format!("«{tag}» — не код языка, такой как «ky»."),
            Self::HeadLine(line) => format!("Неизвестная строка в начале документа: {line}"),
            Self::More => String::new(),
        }
    }

    fn kyrgyz(&self) -> String {
        match self {
            Self::Picture(alt) => format!("Сүрөт{} калтырылды: анын файлын столдо кошуңуз.", which(alt)),
            Self::Deleted => "Өчүрүлгөн деп белгиленген сөздөр калтырылды.".to_owned(),
            Self::Comment => "Комментарий калтырылды: редакторлордун өз ара сөзү импорттолбойт.".to_owned(),
            Self::Table => "Таблица абзацтарга айланды, ар бир сабы — өзүнчө абзац.".to_owned(),
            Self::Link => "Коопсуз эмес даректүү шилтеме жөнөкөй текст болуп калды.".to_owned(),
            Self::EmptyNote => "Шилтеме эч кандай сөзгө тиешелүү болгон жок.".to_owned(),
            Self::MissingNote => "Көрсөтүлгөн шилтеменин тексти жок.".to_owned(),
            Self::HeadNote => {
                "Баш сөздөгү же кыскача баяндагы шилтеме эми эч нерсеге таянбайт: анын булагы гана сакталды.".to_owned()
            }
            Self::HeadlineNote => "Баш сөздөгү шилтеме калтырылды: баш сөздөр эч нерсеге таянбайт.".to_owned(),
            Self::LongNote(start) => format!("Шилтеме булак үчүн өтө узун болгондуктан кыскартылды: {start}"),
            Self::LongBlock => format!("{MAX_TEXT} белгиден узун блок бөлүндү."),
            Self::Language(tag) => format!("«{tag}» — «ky» сыяктуу тилдин белгиси эмес."),
            Self::HeadLine(line) => format!("Документтин башындагы белгисиз сап: {line}"),
            Self::More => String::new(),
        }
    }
}
