//! The checks' names: what each is about.

use komuz_dossier::finding::Check;
use komuz_release::words::Lang;

/// A check's id and its name in English, Russian and Kyrgyz.
const NAMES: &[(&str, [&str; 3])] = &[
    (
        "few-sources",
        [
            "Too few independent sources",
            "Мало независимых источников",
            "Көз карандысыз булактар аз",
        ],
    ),
    (
        "changed-since-checked",
        [
            "Changed since it was checked",
            "Изменено после проверки",
            "Текшерилгенден кийин өзгөргөн",
        ],
    ),
    (
        "claim-disputed",
        ["A disputed claim", "Оспоренное утверждение", "Талаштуу ырастоо"],
    ),
    (
        "claim-unchecked",
        [
            "Nobody has checked the claim",
            "Утверждение никто не проверил",
            "Ырастоону эч ким текшерген эмес",
        ],
    ),
    (
        "claim-lost",
        [
            "The text of a claim is gone",
            "Текста утверждения больше нет",
            "Ырастоонун тексти жок",
        ],
    ),
    (
        "source-unverified",
        ["An unverified source", "Непроверенный источник", "Текшерилбеген булак"],
    ),
    (
        "source-disputed",
        ["A disputed source", "Оспоренный источник", "Талаштуу булак"],
    ),
    (
        "source-withdrawn",
        ["A withdrawn source", "Отозванный источник", "Кайтарылып алынган булак"],
    ),
    (
        "confidential-words",
        [
            "Words that give a source away",
            "Слова, которые выдают источник",
            "Булакты билгизе турган сөздөр",
        ],
    ),
    (
        "background-undescribed",
        [
            "A source on background without a description",
            "Источник без имени не описан",
            "Аты аталбаган булак сүрөттөлгөн эмес",
        ],
    ),
    (
        "no-reply-asked",
        ["Not asked for a reply", "Не спросили о позиции", "Пикири суралган эмес"],
    ),
    (
        "reply-pending",
        [
            "The deadline for a reply has not passed",
            "Срок ответа ещё не прошёл",
            "Жооптун мөөнөтү бүтө элек",
        ],
    ),
    (
        "reply-missing",
        [
            "An answer that stands nowhere",
            "Ответа нет в тексте",
            "Жооп текстте жок",
        ],
    ),
    (
        "headline-unsupported",
        [
            "The headline has no support in the body",
            "Заголовок не подкреплён текстом",
            "Аталыш текстке таянбайт",
        ],
    ),
    (
        "summary-unsupported",
        [
            "The summary has no support in the body",
            "Подводка не подкреплена текстом",
            "Кыскача мазмун текстке таянбайт",
        ],
    ),
    (
        "quote-unattributed",
        [
            "A quotation of nobody",
            "Цитата без автора",
            "Кимдики экени айтылбаган цитата",
        ],
    ),
    (
        "quote-differs",
        [
            "A quotation differs from its source",
            "Цитата расходится с источником",
            "Цитата булактагыдан айырмаланат",
        ],
    ),
    (
        "citation-incomplete",
        ["An incomplete citation", "Неполная ссылка", "Толук эмес шилтеме"],
    ),
    (
        "not-archived",
        ["No archived copy", "Нет копии в архиве", "Архивде көчүрмөсү жок"],
    ),
    (
        "figure-undescribed",
        [
            "A picture without a description",
            "Снимок без описания",
            "Сүрөттөлбөгөн сүрөт",
        ],
    ),
    (
        "figure-uncredited",
        [
            "A picture without a credit",
            "Снимок без автора",
            "Автору көрсөтүлбөгөн сүрөт",
        ],
    ),
    (
        "translation-behind",
        ["A translation is behind", "Перевод отстаёт", "Котормо артта калган"],
    ),
    (
        "translation-missing",
        [
            "A block is not translated",
            "Абзац не переведён",
            "Абзац которулган эмес",
        ],
    ),
    (
        "named-unwilling",
        [
            "Names somebody who asked not to be named",
            "Назван тот, кто просил не называть",
            "Аты аталбоосун сураган адам аталган",
        ],
    ),
    (
        "one-sided",
        [
            "Rests on opponents alone",
            "Держится на одних противниках",
            "Атаандаштарга гана таянат",
        ],
    ),
];

/// What a check is about; its id where it has no name yet.
pub fn words(lang: Lang, check: Check) -> &'static str {
    let id = check.id();
    let found = NAMES.iter().find(|(name, _)| *name == id);
    found.map_or(id, |(_, names)| {
        names[match lang {
            Lang::En => 0,
            Lang::Ru => 1,
            Lang::Ky => 2,
        }]
    })
}
