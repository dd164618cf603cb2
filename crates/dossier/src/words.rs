//! What a finding says to people: what is wrong and how to mend it, in English, Russian and Kyrgyz.

mod table;

use komuz_release::words::Lang;

use self::table::{Say, words};
use crate::finding::{Check, Finding};

/// The sentence of a finding. Names of confidential sources are in it where they are in the finding
/// ([`Finding::without_names`]).
pub fn sentence(finding: &Finding, lang: Lang) -> String {
    let with = |nth: usize| finding.with.get(nth).map_or("", String::as_str);
    let only_first = with(1).is_empty();
    let say = match finding.check {
        Check::FewSources => Say::FewSources,
        Check::ChangedSinceChecked => return fill(Say::ChangedSinceChecked, &[&changes(&finding.with, lang)], lang),
        // One name: a source; two: who disputes it, and the reasons.
        Check::ClaimDisputed if finding.with.len() < 2 => Say::ClaimContradicted,
        Check::ClaimDisputed if only_first => Say::ClaimDisputed,
        Check::ClaimDisputed => Say::ClaimDisputedBecause,
        Check::ClaimUnchecked => Say::ClaimUnchecked,
        Check::ClaimLost if with(0).is_empty() => Say::ClaimLost,
        Check::ClaimLost => Say::ClaimLostWords,
        Check::SourceUnverified => Say::SourceUnverified,
        Check::SourceDisputed if only_first => Say::SourceDisputed,
        Check::SourceDisputed => Say::SourceDisputedBecause,
        Check::SourceWithdrawn if only_first => Say::SourceWithdrawn,
        Check::SourceWithdrawn => Say::SourceWithdrawnBecause,
        Check::ConfidentialWords => Say::ConfidentialWords,
        Check::BackgroundUndescribed => Say::BackgroundUndescribed,
        Check::NoReplyAsked => Say::NoReplyAsked,
        Check::ReplyPending if only_first => Say::ReplyPending,
        Check::ReplyPending => Say::ReplyPendingUntil,
        Check::ReplyMissing => Say::ReplyMissing,
        Check::HeadlineUnsupported => Say::HeadlineUnsupported,
        Check::SummaryUnsupported => Say::SummaryUnsupported,
        Check::QuoteUnattributed => Say::QuoteUnattributed,
        Check::QuoteDiffers => Say::QuoteDiffers,
        Check::CitationIncomplete => {
            let names = finding.with.iter().skip(1).filter_map(|need| need_name(need, lang));
            let needs = names.collect::<Vec<_>>().join(", ");
            return fill(Say::CitationIncomplete, &[with(0), &needs], lang);
        }
        Check::NotArchived => Say::NotArchived,
        Check::FigureUndescribed => Say::FigureUndescribed,
        Check::FigureUncredited => Say::FigureUncredited,
        Check::TranslationBehind => return fill(Say::TranslationBehind, &[&changes(&finding.with, lang)], lang),
        Check::TranslationMissing if with(0).is_empty() => Say::TranslationMissing,
        Check::TranslationMissing => Say::TranslationMissingWords,
        Check::NamedUnwilling => Say::NamedUnwilling,
        Check::OneSided => Say::OneSided,
    };
    let with: Vec<&str> = finding.with.iter().map(String::as_str).collect();
    fill(say, &with, lang)
}

/// Old and new words, pair by pair, as what became of them.
fn changes(pairs: &[String], lang: Lang) -> String {
    let said = pairs.chunks(2).map(|pair| {
        let (old, new) = (pair[0].as_str(), pair.get(1).map_or("", String::as_str));
        match (old.is_empty(), new.is_empty()) {
            (false, false) => fill(Say::Became, &[old, new], lang),
            (false, true) => fill(Say::Removed, &[old], lang),
            (true, _) => fill(Say::Added, &[new], lang),
        }
    });
    said.collect::<Vec<_>>().join("; ")
}

fn need_name(need: &str, lang: Lang) -> Option<&'static str> {
    let say = match need {
        "title" => Say::NeedTitle,
        "who" => Say::NeedWho,
        "outlet" => Say::NeedOutlet,
        "date" => Say::NeedDate,
        "where" => Say::NeedWhere,
        "seen" => Say::NeedSeen,
        _ => return None,
    };
    Some(words(say, lang))
}

/// Puts names into a sentence: `{0}` as it is, `{q0}` in the language's quotation marks. A name that is kept back is said to be
/// confidential.
fn fill(say: Say, with: &[&str], lang: Lang) -> String {
    let (open, close, hidden) = match lang {
        Lang::En => ("“", "”", "(confidential)"),
        Lang::Ru => ("«", "»", "(конфиденциальный)"),
        Lang::Ky => ("«", "»", "(жашыруун)"),
    };
    let mut said = String::new();
    let mut rest = words(say, lang);
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        rest = behind;
        let (quoted, number) = match name.strip_prefix('q') {
            Some(number) => (true, number),
            None => (false, name),
        };
        let value = number.parse().ok().and_then(|nth: usize| with.get(nth));
        match value.copied().unwrap_or_default() {
            "" => said.push_str(hidden),
            value if quoted => said.extend([open, value, close]),
            value => said.push_str(value),
        }
    }
    said.push_str(rest);
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    const LANGS: [Lang; 3] = [Lang::En, Lang::Ru, Lang::Ky];

    fn finding(check: Check, with: &[&str]) -> Finding {
        Finding {
            check,
            severity: Severity::Warning,
            span: None,
            about: "claims.k-1".to_owned(),
            with: with.iter().map(|text| (*text).to_owned()).collect(),
            confidential: false,
        }
    }

    #[test]
    fn every_check_has_a_sentence_in_each_language() {
        for check in Check::ALL {
            let with = ["one", "two", "three", "four"];
            let said: Vec<String> = (0..=4)
                .flat_map(|names| LANGS.map(|lang| sentence(&finding(*check, &with[..names]), lang)))
                .collect();
            for said in &said {
                assert!(said.ends_with('.') && !said.contains(['{', '}']), "{said}");
                assert!(
                    said.chars()
                        .next()
                        .is_some_and(|c| c.is_uppercase() || !c.is_alphabetic()),
                    "{said}"
                );
            }
            let [en, ru, ky] = [&said[0], &said[1], &said[2]];
            assert!(en != ru && ru != ky && en != ky);
        }
    }

    #[test]
    fn a_sentence_names_what_the_finding_names() {
        let few = finding(Check::FewSources, &["1", "2"]);
        assert_eq!(
            sentence(&few, Lang::En),
            "Independent sources behind this claim: 1, needed: 2. Add one that does not go back to the same origin."
        );
        let changed = finding(Check::ChangedSinceChecked, &["blown up", "damaged", "", "slightly"]);
        assert_eq!(
            sentence(&changed, Lang::Ru),
            "Слова этого утверждения изменились после проверки: вместо «blown up» стало «damaged»; добавлено «slightly». \
             Проверьте их заново."
        );
        let incomplete = finding(Check::CitationIncomplete, &["Кат", "outlet", "date"]);
        assert_eq!(
            sentence(&incomplete, Lang::Ky),
            "«Кат» булагында жетишпейт: басылмасы, датасы. Окурмандар булакты таба алышы үчүн толуктаңыз."
        );
    }

    #[test]
    fn a_confidential_name_that_is_kept_back_is_not_in_the_sentence() {
        let mut found = finding(Check::SourceUnverified, &["Ledger of the bank"]);
        found.confidential = true;
        found.about = "confidential.s-9".to_owned();
        let kept_back = found.without_names();
        assert_eq!(kept_back.about, "confidential");
        let said = sentence(&kept_back, Lang::En);
        assert!(!said.contains("Ledger") && said.contains("(confidential)"), "{said}");
    }
}
