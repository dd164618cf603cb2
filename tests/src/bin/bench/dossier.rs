//! The checks of a long story: whole, and after one edit.

use komuz_dossier::checker::{Checker, Update};
use komuz_dossier::claim::Claim;
use komuz_dossier::{Dossier, Known};
use komuz_release::story::{Block, Citation, Place, Source, Story};
use serde_json::json;

use crate::Result;
use crate::measured::{By, Figures, repeat, timed};

/// Blocks and words in each: 20,000 words.
const BLOCKS: usize = 400;
const WORDS: usize = 50;
/// Sources, citations, claims and parties.
const SOURCES: usize = 200;
const CITATIONS: usize = 500;
const CLAIMS: usize = 300;
const PARTIES: usize = 40;
/// How often each is measured.
const WHOLE: usize = 50;
const EDITS: usize = 1_000;
/// The day of the checks.
const TODAY: &str = "2019-11-21";
/// What the blocks are of.
const TEXT: &str = "Бажы кызматынын мурдагы орун басары бул компанияга ээлик кылган деген документтер бар, бирок аны эч ким \
                    тастыктаган эмес; жети жыл ичинде миллиондогон доллар чет өлкөгө чыгарылган дешет күбөлөр. ";

/// Measures the checks of a story in memory.
pub fn measure() -> Result {
    let figures = Figures::of("dossier", "20,000 words, 500 citations, 300 claims");
    let dossier = dossier()?;
    let whole = repeat(WHOLE, || Ok(Checker::new(dossier.clone(), TODAY)))?;
    figures.times("all checks of the whole story", By::Komuz, whole);
    let mut checker = Checker::new(dossier.clone(), TODAY);
    figures.amount("findings", By::Komuz, checker.findings().len() as f64, "in all");
    let mut times = Vec::with_capacity(EDITS);
    for nth in 0..EDITS {
        let mut block = dossier.story.blocks[nth * 7 % BLOCKS].clone();
        if let Some(span) = block.text.first_mut() {
            span.text.insert_str(0, &format!("{nth} "));
        }
        let update = Update {
            blocks: vec![block],
            citations: Some(dossier.story.citations.clone()),
            ..Update::default()
        };
        let ((), time) = timed(|| checker.update(update));
        times.push(time);
    }
    figures.times("all checks after an edit of one block", By::Komuz, times);
    Ok(())
}

/// The story and what is known of it. Each block is cited and claimed in at several places.
fn dossier() -> Result<Dossier> {
    let words: Vec<&str> = TEXT.split_whitespace().collect();
    let text = |nth: usize| {
        let words = words.iter().cycle().skip(nth % words.len()).take(WORDS);
        words.copied().collect::<Vec<_>>().join(" ")
    };
    let blocks: Vec<Block> = (0..BLOCKS)
        .map(|nth| {
            let kind = if nth % 20 == 19 { "quote" } else { "paragraph" };
            serde_json::from_value(json!({"id": format!("b-{nth}"), "type": kind, "text": [{"text": text(nth)}]}))
        })
        .collect::<Result<_, _>>()?;
    let place = |nth: usize, offset: usize| Place {
        block: format!("b-{}", nth % BLOCKS),
        offset: offset as u32,
    };
    let mut citations: Vec<Citation> = (0..CITATIONS)
        .map(|nth| Citation {
            id: format!("c-{nth}"),
            source: format!("s-{}", nth * 3 % SOURCES),
            locator: String::new(),
            quote: String::new(),
            start: place(nth, nth % 50),
            end: place(nth, 100 + nth % 100),
        })
        .collect();
    citations.sort_by_key(|citation| citation.end.block[2..].parse::<usize>().unwrap_or_default());
    let sources: Vec<Source> = (0..SOURCES)
        .map(|nth| {
            serde_json::from_value(
                json!({"id": format!("s-{nth}"), "type": "article-newspaper", "title": format!("Макала {nth}"),
                "container-title": "Клооп", "URL": format!("https://outlet.example/{nth}")}),
            )
        })
        .collect::<Result<_, _>>()?;
    let claims = (0..CLAIMS).map(|nth| {
        let mut claim = Claim {
            span: Some(komuz_dossier::claim::Span {
                start: place(nth, 20),
                end: place(nth, 160),
            }),
            ..Claim::default()
        };
        claim.about.insert(format!("e-{}", nth % PARTIES), true);
        (format!("k-{nth}"), claim)
    });
    let mut known = Known {
        claims: claims.collect(),
        ..Known::default()
    };
    for nth in 0..PARTIES {
        let entity =
            json!({"what": "person", "names": {"ky": format!("Айбек Токтогулов {nth}")}, "unnamed": nth % 8 == 0});
        known
            .entities
            .insert(format!("e-{nth}"), serde_json::from_value(entity)?);
    }
    for nth in 0..SOURCES {
        let origin = format!("s-{}", nth / 2);
        let record = json!({"what": "press", "confidentiality": "public", "origins": {origin: nth % 3 == 0},
            "reliability": {"state": "verified"}});
        known
            .sources
            .insert(format!("s-{nth}"), serde_json::from_value(record)?);
    }
    Ok(Dossier {
        story: Story {
            komuz: 1,
            lang: "ky".to_owned(),
            headline: "Бажы кызматынын мурдагы орун басары миллиондогон доллар чыгарган".to_owned(),
            summary: "Документтер жана күбөлөр айткан окуя.".to_owned(),
            byline: Vec::new(),
            blocks,
            citations,
            sources,
        },
        dossier: known,
    })
}
