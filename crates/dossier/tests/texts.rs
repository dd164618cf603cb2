//! No text stops the checks that read words.

mod common;

use common::{citation, dossier, findings, press};
use komuz_dossier::claim::{Claim, Evidence};
use komuz_dossier::entity::{Entity, transliterate};
use komuz_dossier::language::{Language, fold, meet};
use komuz_dossier::source::Confidential;
use proptest::prelude::*;

/// Texts of what the rules look at: marks, endings, capitals, letters outside the basic plane.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[«»“”„\"\\[\\]….!?—' \n-]{1,3}",
        "[А-ЯӨҮҢа-яөүңё]{1,9}",
        "[A-Za-zöüé'’]{1,9}",
        "[0-9]{1,4}",
        Just("🎻".to_owned()),
        Just("и\u{306}".to_owned()),
        Just("\u{ad}İ".to_owned()),
        Just("x.example/a".to_owned()),
        Just("Асан Мамытов".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_text_stops_the_checks(
        texts in proptest::collection::vec(text(), 3),
        (headline, name, quote) in (text(), text(), text()),
        (lang, at) in (proptest::sample::select(vec!["ky", "ru", "en", "tr"]), (0u32..40, 0u32..40)),
    ) {
        let refs: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut dossier = dossier(&refs);
        dossier.story.lang = lang.to_owned();
        dossier.story.headline = headline.clone();
        dossier.story.summary = texts.concat();
        dossier.story.sources.push(press("s-1"));
        let mut cited = citation("c-1", "s-1", "b-0", at.0, at.1);
        cited.quote = quote.clone();
        dossier.story.citations.push(cited);
        let item = serde_json::json!({"title": name, "URL": quote, "author": [{"family": name, "given": headline}]});
        let confidential = Confidential {
            cited_as: item.as_object().expect("an item").clone(),
            ..Confidential::default()
        };
        dossier.dossier.confidential.insert("s-2".to_owned(), confidential);
        let evidence = Evidence { source: "s-2".to_owned(), quote: texts.concat(), ..Evidence::default() };
        let claim = Claim {
            span: common::span("b-1", at.1, at.0 + at.1),
            evidence: [("x-1".to_owned(), evidence)].into(),
            ..Claim::default()
        };
        dossier.dossier.claims.insert("k-1".to_owned(), claim);
        let entity = Entity { names: [(lang.to_owned(), name.clone())].into(), ..Entity::default() };
        dossier.dossier.entities.insert("e-1".to_owned(), entity);
        for finding in findings(dossier) {
            prop_assert!(!finding.about.is_empty());
        }
        for language in [Language::Kyrgyz, Language::Russian, Language::English] {
            prop_assert!(meet(&fold(&name), &fold(&name), language));
            let _ = meet(&fold(&headline), &fold(&quote), language);
        }
        let _ = (transliterate::latin(&name, lang), transliterate::cyrillic(&name, lang));
    }
}
