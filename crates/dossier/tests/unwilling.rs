//! Whoever asked not to be named is not named, in any case, anywhere that readers look.

mod common;

use common::{citation, dossier, found, press};
use komuz_dossier::Dossier;
use komuz_dossier::checks::in_reason;
use komuz_dossier::edition::Front;
use komuz_dossier::entity::{Entity, Kind};
use komuz_dossier::facts::Facts;
use komuz_dossier::finding::{Check, Severity};
use komuz_release::story::{BlockKind, Byline, Name};

fn entity(what: Kind, unnamed: bool, names: &[(&str, &str)]) -> Entity {
    let names = names
        .iter()
        .map(|(lang, name)| ((*lang).to_owned(), (*name).to_owned()));
    Entity {
        what,
        unnamed,
        names: names.collect(),
        ..Entity::default()
    }
}

/// An edition whose investigation knows a man who asked not to be named, and a woman who did not.
fn known(lang: &str, texts: &[&str]) -> Dossier {
    let mut dossier = dossier(texts);
    dossier.story.lang = lang.to_owned();
    let man = [("ky", "Тилек Асанов"), ("ru", "Тилек Асанов"), ("en", "Tilek Asanov")];
    let woman = [
        ("ky", "Айпери Иванова"),
        ("ru", "Айпери Иванова"),
        ("en", "Aiperi Ivanova"),
    ];
    let entities = &mut dossier.dossier.entities;
    entities.insert("e-1".to_owned(), entity(Kind::Person, true, &man));
    entities.insert("e-2".to_owned(), entity(Kind::Person, false, &woman));
    dossier
}

fn named(dossier: Dossier) -> Vec<(String, String)> {
    let found = found(dossier, Check::NamedUnwilling).into_iter();
    found
        .map(|(about, with)| {
            assert_eq!(with.len(), 2);
            (about, with[0].clone())
        })
        .collect()
}

fn in_text(lang: &str, text: &str) -> Vec<String> {
    let found = named(known(lang, &[text])).into_iter();
    found.map(|(_, words)| words).collect()
}

#[test]
fn a_name_is_found_in_every_case() {
    for (lang, text, words) in [
        ("ru", "Счета Тилека Асанова закрыли.", "Тилека Асанова"),
        ("ru", "Об этом сказали Асанову Тилеку.", "Асанову Тилеку"),
        (
            "ru",
            "Встреча с Тилеком Исаевичем Асановым.",
            "Тилеком Исаевичем Асановым",
        ),
        ("ru", "Деньги дали Асанову.", "Асанову"),
        ("ru", "ДЕЛО АСАНОВА ЗАКРЫТО", "АСАНОВА"),
        ("ru", "Так решил Т. Асанов.", "Асанов"),
        ("ky", "Тилек Асановдун эсептери жабылды.", "Тилек Асановдун"),
        ("ky", "Акчаны Асановго беришкен.", "Асановго"),
        ("ky", "Бул тууралуу Асановдон сурадык.", "Асановдон"),
        ("en", "It was Tilek Asanov’s account.", "Tilek Asanov’s"),
        ("en", "Nobody asked Asanov.", "Asanov"),
        ("ru", "Так сказал тилек асанов.", "тилек асанов"),
    ] {
        assert_eq!(in_text(lang, text), [words], "{text}");
    }
}

#[test]
fn other_words_and_other_names_are_no_hits() {
    for (lang, text) in [
        ("ru", "Асановка — село. Асановские улицы. Асанбаев и Асаналиев молчат."),
        (
            "ru",
            "Тилек сом не стоит: это слово значит «пожелание». Тилеком называют и мальчиков.",
        ),
        ("ky", "Тилектер көп. Асан менен Үсөн бир тууган. Асанбай уулу келди."),
        ("ky", "Бир тилек айтты."),
        ("en", "Asanovich left. Tilek is a wish."),
        ("ru", "Ивановой и Айпери Ивановой вопросов не задали."),
    ] {
        assert_eq!(in_text(lang, text), [""; 0], "{text}");
    }
}

#[test]
fn a_surname_that_somebody_has_who_is_named_gives_nobody_away() {
    let text = "Айпери Асанова отрицает это. Асанова ушла. Тилек Асанов остался.";
    let mut dossier = known("ru", &[text]);
    let sister = entity(Kind::Person, false, &[("ru", "Айпери Асанова")]);
    dossier.dossier.entities.insert("e-3".to_owned(), sister);
    assert_eq!(named(dossier), [("blocks.b-0".to_owned(), "Тилек Асанов".to_owned())]);
}

#[test]
fn an_organisations_name_in_small_letters_is_words() {
    let mut dossier = known("ru", &["Это новая волна. Деньги «Новой волны» вернули."]);
    let fund = entity(Kind::Organisation, true, &[("ru", "Новая Волна")]);
    dossier.dossier.entities.insert("e-3".to_owned(), fund.clone());
    assert_eq!(named(dossier.clone()), []);
    dossier.story.blocks[0].text[0].text = "Деньги «Новой Волны» вернули.".to_owned();
    assert_eq!(named(dossier), [("blocks.b-0".to_owned(), "Новой Волны".to_owned())]);
}

#[test]
fn what_somebody_decided_of_exactly_these_words_counts() {
    let mut dossier = known("ru", &["Асанов — село. Завскладом ушёл. Асанову звонили."]);
    let man = dossier.dossier.entities.get_mut("e-1").expect("there");
    man.mentions.insert("Асанов".to_owned(), false);
    man.mentions.insert("Завскладом".to_owned(), true);
    let words = |dossier| named(dossier).into_iter().map(|(_, words)| words).collect::<Vec<_>>();
    assert_eq!(words(dossier), ["Завскладом", "Асанову"]);
}

#[test]
fn everything_that_readers_get_is_looked_through() {
    let name = "Тилеку Асанову";
    let mut dossier = known("ru", &["Начало.", "Подпись"]);
    dossier.story.headline = format!("Что обещали {name}");
    dossier.story.summary = format!("Письмо {name}");
    dossier.story.byline = ["Айпери Иванова", "Тилек Асанов"]
        .map(|name| Byline {
            name: name.to_owned(),
            outlet: None,
        })
        .into();
    dossier.story.blocks[1].kind = BlockKind::Figure {
        file: String::new(),
        media: "image/webp".to_owned(),
        alt: format!("Награда {name}"),
        credit: "Т. Асанов".to_owned(),
    };
    let mut source = press("s-1");
    source.author.push(Name {
        given: "Тилек".to_owned(),
        family: "Асанов".to_owned(),
        ..Name::default()
    });
    dossier.story.sources.push(source);
    let mut note = citation("c-1", "s-1", "b-0", 0, 6);
    note.locator = format!("письмо {name}");
    note.quote = "Асанов сказал".to_owned();
    dossier.story.citations.push(note);
    let front = Front {
        headline: format!("{name} молчит"),
        note: "Спасибо Асанову!".to_owned(),
        ..Front::default()
    };
    dossier.dossier.fronts.insert("o-1".to_owned(), front);
    let mut places: Vec<String> = named(dossier).into_iter().map(|(about, _)| about).collect();
    places.sort();
    assert_eq!(
        places,
        [
            "blocks.b-1",
            "blocks.b-1",
            "byline[1]",
            "citations.c-1",
            "citations.c-1",
            "fronts.o-1.headline",
            "fronts.o-1.note",
            "headline",
            "sources.s-1",
            "summary",
        ]
    );
}

#[test]
fn whoever_asked_not_to_be_named_is_not_named_in_the_reason_of_a_correction() {
    let mut dossier = known("ru", &["Ночью."]);
    let found = |dossier: &Dossier| {
        in_reason(
            &Facts::new(dossier.clone(), "2019-11-21"),
            "По просьбе Асанова, не Ивановой.",
        )
    };
    let named = found(&dossier);
    assert_eq!(named.len(), 1);
    assert_eq!(
        (named[0].check, named[0].severity),
        (Check::NamedUnwilling, Severity::Error)
    );
    assert_eq!(
        (named[0].about.as_str(), &named[0].with[..]),
        ("reason", &["Асанова".to_owned(), "e-1".to_owned()][..])
    );
    let off = (Check::NamedUnwilling, Severity::Off);
    dossier.dossier.policy.severity.extend([off]);
    assert!(found(&dossier).is_empty());
}
