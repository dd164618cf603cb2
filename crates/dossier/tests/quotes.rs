//! Quotations: whose words they are, and whether they are the source's.

mod common;

use common::{citation, dossier, found, press};
use komuz_dossier::Dossier;
use komuz_dossier::entity::Entity;
use komuz_dossier::finding::Check;
use komuz_release::story::BlockKind;

fn unattributed(lang: &str, texts: &[&str]) -> usize {
    let mut dossier = dossier(texts);
    dossier.story.lang = lang.to_owned();
    found(dossier, Check::QuoteUnattributed).len()
}

#[test]
fn a_quotation_without_anybody_who_said_it_is_found() {
    assert_eq!(
        unattributed(
            "en",
            &["The accounts were closed. “We never saw the money again.” Then came winter."]
        ),
        1
    );
    assert_eq!(
        unattributed(
            "ru",
            &["Счета закрыли. «Мы больше не видели этих денег». Потом пришла зима."]
        ),
        1
    );
    assert_eq!(
        unattributed(
            "ky",
            &["Эсептер жабылды. «Биз ал акчаны кайра көргөн жокпуз». Кыш келди."]
        ),
        1
    );
}

#[test]
fn a_word_of_saying_or_a_name_beside_it_attributes_it() {
    for (lang, text) in [
        ("en", "“We never saw the money again,” said the clerk."),
        ("en", "The clerk recalled the day. “We never saw the money again.”"),
        (
            "en",
            "For the lawyer Aida Osmonova it is clear: “We never saw the money again.”",
        ),
        ("ru", "«Мы больше не видели этих денег», — рассказала кассир."),
        ("ru", "По словам кассира, «мы больше не видели этих денег»."),
        ("ky", "«Биз ал акчаны кайра көргөн жокпуз», — деди кассир."),
        ("ky", "Кассирдин айтымында, «биз ал акчаны кайра көргөн жокпуз»."),
    ] {
        assert_eq!(unattributed(lang, &[text]), 0, "{text}");
    }
}

#[test]
fn the_paragraph_before_may_attribute_it() {
    assert_eq!(
        unattributed(
            "ru",
            &[
                "Кассир рассказала об этом дне.",
                "«Мы больше не видели этих денег». Была зима."
            ]
        ),
        0
    );
}

#[test]
fn names_and_short_words_in_quotation_marks_are_no_quotations() {
    for (lang, text) in [
        ("ru", "Компания «Центр управления новыми складами Караван» закрыта."),
        ("ru", "Так называемые «серые схемы» исчезли."),
        ("ky", "«Бүгүнкү күндүн баатырлары үчүн» фонду жабылды."),
        ("en", "The film “A Long Winter in the City” opened."),
    ] {
        assert_eq!(unattributed(lang, &[text]), 0, "{text}");
    }
}

#[test]
fn a_citation_attributes_it() {
    let text = "The accounts were closed. “We never saw the money again.”";
    let mut dossier = dossier(&[text]);
    dossier.story.sources.push(press("s-1"));
    dossier.story.citations.push(citation("c-1", "s-1", "b-0", 26, 57));
    assert_eq!(found(dossier, Check::QuoteUnattributed), []);
}

#[test]
fn a_block_of_quotation_needs_somebody_too() {
    let quote = |texts: &[&str]| -> Dossier {
        let mut dossier = dossier(texts);
        dossier.story.blocks[1].kind = BlockKind::Quote;
        dossier
    };
    let alone = quote(&["It was winter.", "We never saw the money again.", "It was cold."]);
    assert_eq!(
        found(alone.clone(), Check::QuoteUnattributed),
        [(
            "blocks.b-1".to_owned(),
            vec!["We never saw the money again.".to_owned()]
        )]
    );
    for texts in [
        [
            "It was winter. The clerk remembers, and she told us:",
            "We never saw the money again.",
            "",
        ],
        ["It was winter.", "We never saw the money again. — Aida Osmonova", ""],
        ["It was winter.", "We never saw the money again.", "So said the clerk."],
    ] {
        assert_eq!(found(quote(&texts), Check::QuoteUnattributed), [], "{texts:?}");
    }
    let mut named = alone;
    named.story.blocks[0] = common::paragraph("b-0", "It was winter at Karavan.");
    let entity = Entity {
        names: [("en".to_owned(), "Karavan".to_owned())].into(),
        ..Entity::default()
    };
    named.dossier.entities.insert("e-1".to_owned(), entity);
    assert_eq!(found(named, Check::QuoteUnattributed), []);
}

fn differing(lang: &str, text: &str, source_lang: &str, quote: &str) -> Vec<(String, Vec<String>)> {
    let mut dossier = dossier(&[text]);
    dossier.story.lang = lang.to_owned();
    let mut source = press("s-1");
    source.language = source_lang.to_owned();
    dossier.story.sources.push(source);
    let mut citation = citation("c-1", "s-1", "b-0", 0, text.encode_utf16().count() as u32);
    citation.quote = quote.to_owned();
    dossier.story.citations.push(citation);
    found(dossier, Check::QuoteDiffers)
}

#[test]
fn other_words_than_the_sources_are_found() {
    assert_eq!(
        differing(
            "ru",
            "«Мы украли эти деньги в 2014 году», — сказал он.",
            "ru",
            "Мы получили эти деньги в 2014 году."
        ),
        [(
            "blocks.b-0".to_owned(),
            vec![
                "Мы украли эти деньги в 2014 году".to_owned(),
                "Мы получили эти деньги в 2014 году.".to_owned()
            ]
        )]
    );
}

#[test]
fn the_sources_words_in_other_typography_are_the_sources_words() {
    for text in [
        "\"МЫ ПОЛУЧИЛИ ЭТИ ДЕНЬГИ в 2014 году\", — сказал он.",
        "«Мы получили […] деньги в 2014 году», — сказал он.",
        "«Мы получили эти [бюджетные] деньги… в 2014 году», — сказал он.",
    ] {
        assert_eq!(
            differing("ru", text, "ru", "Мы получили эти деньги — в 2014 году."),
            [],
            "{text}"
        );
    }
}

#[test]
fn translations_are_not_compared() {
    assert_eq!(
        differing(
            "ky",
            "«Биз бул акчаны 2014-жылы алганбыз», — деди ал.",
            "ru",
            "Мы получили деньги."
        ),
        []
    );
    assert_eq!(
        differing("en", "“We got the money in 2014,” he said.", "", "Мы получили деньги."),
        []
    );
}
