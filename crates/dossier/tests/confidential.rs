//! Distinctive words of confidential sources do not reach readers.

mod common;

use common::{citation, dossier, findings, found, press, span};
use komuz_dossier::Dossier;
use komuz_dossier::checks::in_reason;
use komuz_dossier::claim::{Claim, Evidence};
use komuz_dossier::edition::Front;
use komuz_dossier::entity::Entity;
use komuz_dossier::facts::Facts;
use komuz_dossier::finding::Check;
use komuz_dossier::source::Confidential;
use komuz_release::story::BlockKind;

/// An edition in Russian that knows a letter which nobody may learn of.
fn known(texts: &[&str]) -> Dossier {
    let mut dossier = dossier(texts);
    dossier.story.lang = "ru".to_owned();
    let letter = serde_json::json!({
        "type": "personal_communication",
        "title": "Письмо начальника третьего склада о ночных машинах",
        "author": [{"family": "Осмонкулов", "given": "Темир"}],
        "URL": "https://www.Drive.example/d/9f3k2/letter/",
    });
    let letter = Confidential {
        cited_as: letter.as_object().expect("an item").clone(),
        ..Confidential::default()
    };
    dossier.dossier.confidential.insert("s-9".to_owned(), letter);
    let evidence = Evidence {
        source: "s-9".to_owned(),
        quote: "Каждую ночь восемь машин без номеров выезжали через северные ворота, и дежурный получал конверт."
            .to_owned(),
        locator: "лист 4, опись архива Темира".to_owned(),
        ..Evidence::default()
    };
    let claim = Claim {
        span: span("b-0", 0, 5),
        evidence: [("x-1".to_owned(), evidence)].into(),
        ..Claim::default()
    };
    dossier.dossier.claims.insert("k-1".to_owned(), claim);
    dossier
}

fn words(dossier: Dossier) -> Vec<(String, String)> {
    let found = found(dossier, Check::ConfidentialWords);
    found
        .into_iter()
        .map(|(about, with)| (about, with[0].clone()))
        .collect()
}

fn at(about: &str, words: &str) -> (String, String) {
    (about.to_owned(), words.to_owned())
}

#[test]
fn the_reason_of_a_correction_gives_nobody_away() {
    let facts = Facts::new(known(&["Ночью."]), "2019-11-21");
    let found = in_reason(&facts, "Осмонкулов просил исправить число машин.");
    assert_eq!(
        (found[0].check, found[0].about.as_str()),
        (Check::ConfidentialWords, "reason")
    );
    assert_eq!((found[0].with[0].as_str(), found[0].confidential), ("Осмонкулов", true));
    assert!(in_reason(&facts, "Число машин было неверным.").is_empty());
    assert!(in_reason(&facts, "").is_empty());
}

#[test]
fn a_story_in_its_own_words_raises_nothing() {
    let text = "По ночам со склада выезжали машины. Начальник охраны получал деньги: восемь человек это подтвердили. \
                Темир молчит. Смотрите https://drive.example/d/other и письмо на странице 4.";
    assert_eq!(words(known(&[text])), []);
}

#[test]
fn its_author_is_found_in_every_case_and_alone() {
    let text = "Об этом знал Темир Осмонкулов. Мы спросили Осмонкулова.";
    assert_eq!(
        words(known(&[text])),
        [at("blocks.b-0", "Темир Осмонкулов"), at("blocks.b-0", "Осмонкулова")]
    );
}

#[test]
fn its_author_is_found_in_kyrgyz_too_and_words_that_begin_alike_are_not() {
    let mut dossier =
        known(&["Муну Осмонкуловдон уктук: Темир Осмонкуловго жазышкан. Осмонкул келди, темир эшик, Темирбек."]);
    dossier.story.lang = "ky".to_owned();
    assert_eq!(
        words(dossier),
        [
            at("blocks.b-0", "Осмонкуловдон"),
            at("blocks.b-0", "Темир Осмонкуловго")
        ]
    );
}

#[test]
fn a_surname_that_somebody_of_the_investigation_has_is_no_secret() {
    let mut dossier = known(&["Айпери Осмонкулова отрицает это. Осмонкулов тоже."]);
    let entity = Entity {
        names: [("ru".to_owned(), "Айпери Осмонкулова".to_owned())].into(),
        ..Entity::default()
    };
    dossier.dossier.entities.insert("e-1".to_owned(), entity);
    assert_eq!(words(dossier), []);
}

#[test]
fn whom_the_investigation_names_is_no_secret_unless_they_asked() {
    let mut dossier = known(&["Темир Осмонкулов подписал договор."]);
    let mut entity = Entity {
        names: [("ru".to_owned(), "Темир Осмонкулов".to_owned())].into(),
        ..Entity::default()
    };
    dossier.dossier.entities.insert("e-1".to_owned(), entity.clone());
    assert_eq!(words(dossier.clone()), []);
    entity.unnamed = true;
    dossier.dossier.entities.insert("e-1".to_owned(), entity);
    assert_eq!(words(dossier).len(), 1);
}

#[test]
fn its_title_and_address_are_found_in_any_typography() {
    let text = "Так сказано: «письмо  начальника третьего склада о ночных машинах», см. http://drive.example/d/9f3k2/letter#p1.";
    assert_eq!(
        words(known(&[text])),
        [
            at("blocks.b-0", "письмо  начальника третьего склада о ночных машинах"),
            at("blocks.b-0", "drive.example/d/9f3k2/letter"),
        ]
    );
}

#[test]
fn four_of_its_words_in_a_row_are_found_where_they_stand() {
    let text = "Восемь МАШИН — без номеров! — выезжали через „северные ворота“ склада.";
    let dossier = known(&["Начало.", text]);
    let finding = findings(dossier.clone())
        .into_iter()
        .find(|finding| finding.check == Check::ConfidentialWords)
        .expect("a finding");
    assert!(finding.confidential);
    let place = finding.span.expect("a place");
    assert_eq!((place.start.block.as_str(), place.start.offset), ("b-1", 0));
    assert_eq!(
        words(dossier),
        [at(
            "blocks.b-1",
            "Восемь МАШИН — без номеров! — выезжали через „северные ворота"
        )]
    );
}

#[test]
fn everything_that_readers_get_is_looked_through() {
    let name = "Темир Осмонкулов";
    let mut dossier = known(&["Начало.", "Подпись"]);
    dossier.story.headline = format!("{name} знал");
    dossier.story.summary = format!("Что видел {name}");
    dossier.story.blocks[1].kind = BlockKind::Figure {
        file: String::new(),
        media: "image/webp".to_owned(),
        alt: format!("На снимке {name}"),
        credit: name.to_owned(),
    };
    dossier.story.blocks[0].text[0].marks.link = Some("https://drive.example/d/9f3k2/letter".to_owned());
    let mut source = press("s-1");
    source.title = format!("{name}: интервью");
    dossier.story.sources.push(source);
    let mut note = citation("c-1", "s-1", "b-0", 0, 6);
    note.locator = format!("слова: {name}");
    dossier.story.citations.push(note);
    let front = Front {
        note: format!("Спасибо, {name}!"),
        ..Front::default()
    };
    dossier.dossier.fronts.insert("o-1".to_owned(), front);
    let mut places: Vec<String> = words(dossier).into_iter().map(|(about, _)| about).collect();
    places.sort();
    assert_eq!(
        places,
        [
            "blocks.b-0",
            "blocks.b-1",
            "blocks.b-1",
            "citations.c-1",
            "fronts.o-1.note",
            "headline",
            "sources.s-1",
            "summary",
        ]
    );
}

#[test]
fn words_quoted_in_a_hidden_note_count_too() {
    let mut dossier = known(&["Начало.", "Ключи от пятого ангара лежали в сейфе."]);
    let mut note = citation("c-1", "s-9", "b-0", 0, 6);
    note.quote = "ключи от пятого ангара лежали у Темира".to_owned();
    dossier.story.citations.push(note);
    assert_eq!(words(dossier), [at("blocks.b-1", "Ключи от пятого ангара лежали")]);
}
