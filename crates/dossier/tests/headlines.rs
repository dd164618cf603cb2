//! Headlines and summaries say what claims of the body say.

mod common;

use common::{dossier, found, paragraph, span};
use komuz_dossier::Dossier;
use komuz_dossier::claim::{Backed, Claim};
use komuz_dossier::edition::Front;
use komuz_dossier::entity::Entity;
use komuz_dossier::finding::Check;

/// An edition with a headline, in which every paragraph is a claim.
fn story(lang: &str, headline: &str, claims: &[&str]) -> Dossier {
    let mut dossier = dossier(claims);
    dossier.story.lang = lang.to_owned();
    dossier.story.headline = headline.to_owned();
    for (nth, text) in claims.iter().enumerate() {
        let claim = Claim {
            span: span(&format!("b-{nth}"), 0, text.encode_utf16().count() as u32),
            ..Claim::default()
        };
        dossier.dossier.claims.insert(format!("k-{nth}"), claim);
    }
    dossier
}

fn missing(dossier: Dossier) -> Vec<String> {
    let found = found(dossier, Check::HeadlineUnsupported);
    found.into_iter().map(|(_, with)| with.concat()).collect()
}

/// November 2010: an agency's headline said that a building was blown up. One of its windows was broken.
#[test]
fn a_building_whose_window_broke_was_not_blown_up() {
    let english = [
        "An explosion outside the Sports Palace in Bishkek broke one window of the building.",
        "Three people were slightly hurt.",
    ];
    assert_eq!(
        missing(story("en", "Sports Palace in Bishkek was blown up", &english)),
        ["blown"]
    );
    assert_eq!(
        missing(story(
            "en",
            "Explosion broke a window of the Sports Palace, three people hurt",
            &english
        )),
        [""; 0]
    );

    let russian = [
        "Взрыв у Дворца спорта в Бишкеке выбил одно окно здания.",
        "Три человека были легко ранены.",
    ];
    assert_eq!(
        missing(story("ru", "В Бишкеке взорвали Дворец спорта", &russian)),
        ["взорвали"]
    );
    assert_eq!(
        missing(story("ru", "Дворец спорта в Бишкеке взорван", &russian)),
        ["взорван"]
    );
    assert_eq!(
        missing(story(
            "ru",
            "Взрыв выбил окно Дворца спорта в Бишкеке, ранены трое",
            &russian
        )),
        [""; 0]
    );

    let kyrgyz = [
        "Бишкектеги Спорт сарайынын жанындагы жарылуудан имараттын бир терезеси сынды.",
        "Үч адам жеңил жаракат алды.",
    ];
    assert_eq!(
        missing(story("ky", "Бишкекте Спорт сарайы жардырылды", &kyrgyz)),
        ["жардырылды"]
    );
    assert_eq!(
        missing(story(
            "ky",
            "Бишкекте Спорт сарайынын терезеси сынды, үч адам жаракат алды",
            &kyrgyz
        )),
        [""; 0]
    );
}

#[test]
fn a_good_headline_raises_nothing_in_other_words_for_things() {
    for (lang, headline, claims) in [
        (
            "en",
            "Court freezes accounts of three newsrooms",
            [
                "On 12 December the court froze the bank accounts of 3 newsrooms.",
                "They had published an investigation.",
            ],
        ),
        (
            "en",
            "Former customs official moved 700 million dollars abroad",
            [
                "Asan Mamytov was an official of the customs service.",
                "He moved $700 million abroad in five years.",
            ],
        ),
        (
            "ru",
            "Суд арестовал счета трёх редакций",
            [
                "12 декабря суд в Бишкеке арестовал банковские счета 3 редакций.",
                "Они опубликовали расследование.",
            ],
        ),
        (
            "ru",
            "Бывший таможенник вывел из страны 700 миллионов",
            [
                "Асан Мамытов вывел из страны 700 миллионов долларов.",
                "Он был таможенником до 2017 года.",
            ],
        ),
        (
            "ky",
            "Сот үч редакциянын эсебин камакка алды",
            [
                "12-декабрда Бишкектеги сот 3 редакциянын банктагы эсептерин камакка алган.",
                "Алар иликтөө жарыялаган.",
            ],
        ),
        (
            "ky",
            "Бажы кызматкери 700 миллион долларды чет өлкөгө чыгарды",
            [
                "Бажынын мурдагы кызматкери чет өлкөгө 700 миллион доллар чыгарган.",
                "Ал 2017-жылга чейин иштеген.",
            ],
        ),
    ] {
        assert_eq!(missing(story(lang, headline, &claims)), [""; 0], "{headline}");
    }
}

#[test]
fn a_headline_that_only_names_things_raises_nothing() {
    for (lang, headline) in [
        ("en", "The customs kingdom"),
        ("en", "Plunder in the heart of a continent"),
        ("en", "Who owns the border?"),
        ("ru", "Таможенное королевство"),
        ("ru", "Хроника одного совета директоров"),
        ("ru", "Кто владел границей?"),
        ("ky", "Бажы падышалыгы"),
        ("ky", "Чек ара кимдики?"),
        ("en", ""),
    ] {
        assert_eq!(
            missing(story(lang, headline, &["Three people were slightly hurt."])),
            [""; 0],
            "{headline}"
        );
    }
}

#[test]
fn a_number_must_be_the_claims_number() {
    let claims = ["Twelve companies moved $70 million in 2016."];
    assert_eq!(
        missing(story("en", "Companies moved $700 million in 2016", &claims)),
        ["700"]
    );
    assert_eq!(
        missing(story("en", "Companies moved $70 million in 2016", &claims)),
        [""; 0]
    );
}

#[test]
fn what_a_claim_denies_does_not_bear_a_headline() {
    assert_eq!(
        missing(story("ru", "Суд арестовал счета", &["Суд не арестовал счета."])),
        ["арестовал"]
    );
    assert_eq!(
        missing(story("ru", "Суд не арестовал счета", &["Суд не арестовал счета."])),
        [""; 0]
    );
    assert_eq!(
        missing(story("en", "Palace was blown up", &["The palace was not blown up."])),
        ["blown"]
    );
}

#[test]
fn text_that_is_no_claim_bears_nothing() {
    let mut dossier = story("en", "The palace was blown up", &["One window was broken."]);
    dossier.story.blocks.push(paragraph("b-9", "The palace was blown up."));
    assert_eq!(missing(dossier), ["palace, blown"]);
}

#[test]
fn somebody_may_say_that_claims_bear_it_as_long_as_the_words_are_these() {
    let mut dossier = story("en", "The palace was blown up", &["One window was broken."]);
    let backed = Backed {
        claims: [("k-0".to_owned(), true)].into(),
        by: "Ada".to_owned(),
        when: "2010-12-01".to_owned(),
        words: "The palace was blown up".to_owned(),
    };
    dossier.dossier.backed.insert("headline".to_owned(), backed);
    assert_eq!(missing(dossier.clone()), [""; 0]);
    dossier.story.headline = "The palace was blown up twice".to_owned();
    assert_eq!(missing(dossier.clone()).len(), 1);
    dossier.story.headline = "The palace was blown up".to_owned();
    dossier.dossier.claims.clear();
    assert_eq!(missing(dossier).len(), 1, "the claim is gone");
}

#[test]
fn an_entity_stands_where_a_claim_is_about_it() {
    let mut dossier = story(
        "ru",
        "Асан Мамытов вывел деньги",
        &["Бывший таможенник вывел деньги за границу."],
    );
    let entity = Entity {
        names: [("ru".to_owned(), "Асан Мамытов".to_owned())].into(),
        ..Entity::default()
    };
    dossier.dossier.entities.insert("e-1".to_owned(), entity);
    assert_eq!(missing(dossier.clone()), ["Асан, Мамытов"]);
    let claim = dossier.dossier.claims.get_mut("k-0").expect("a claim");
    claim.about.insert("e-1".to_owned(), true);
    assert_eq!(missing(dossier), [""; 0]);
}

#[test]
fn every_outlets_own_headline_and_summary_are_looked_at() {
    let mut dossier = story("en", "One window was broken", &["One window of the palace was broken."]);
    let front = Front {
        headline: "The palace was destroyed".to_owned(),
        summary: "A window was broken. The palace was destroyed.".to_owned(),
        ..Front::default()
    };
    dossier.dossier.fronts.insert("o-1".to_owned(), front);
    assert_eq!(
        found(dossier.clone(), Check::HeadlineUnsupported),
        [("fronts.o-1.headline".to_owned(), vec!["destroyed".to_owned()])]
    );
    assert_eq!(
        found(dossier, Check::SummaryUnsupported),
        [("fronts.o-1.summary".to_owned(), vec!["destroyed".to_owned()])]
    );
}
