//! A small dossier.

use serde_json::{Value, json};

fn span(block: &str, start: u32, end: u32) -> Value {
    json!({ "start": { "block": block, "offset": start }, "end": { "block": block, "offset": end } })
}

fn paragraph(id: &str, text: &str) -> Value {
    json!({ "id": id, "type": "paragraph", "text": [{ "text": text }] })
}

/// As the engine would send it: an English edition translated from Kyrgyz.
pub fn sample() -> Value {
    let first = "In five years 700 million left the country.";
    json!({
        "edition": { "story": "s", "lang": "en" },
        "today": "2019-11-21",
        "me": { "name": "Aigul", "outlet": "kloop" },
        "dossier": {
            "komuz": 1, "lang": "en", "headline": "Seven hundred million", "blocks": [
                paragraph("b1", first), paragraph("b2", "It was raining all day, Aibek Samatov said."),
            ],
            "sources": [{ "id": "s-1", "type": "document", "title": "Bank statements" }],
            "dossier": {
                "sources": { "s-1": { "what": "leak", "reliability": { "state": "verified" }, "confidentiality": "public" } },
                "confidential": { "s-9": {
                    "cited_as": { "type": "interview", "title": "A storekeeper" }, "what": "interview", "confidentiality": "confidential",
                } },
                "claims": {
                    "k-1": {
                        "span": span("b1", 0, first.len() as u32), "about": { "e-1": true },
                        "evidence": { "x-1": { "source": "s-9", "stance": "supports" } },
                        "checked": {
                            "by": "Nurlan", "when": "2019-11-18", "verdict": "holds",
                            "words": "In five years 600 million left the country.",
                        },
                    },
                    "k-2": { "span": span("b2", 0, 14) },
                },
                "entities": { "e-1": { "what": "person", "names": { "en": "Aibek Samatov" } } },
                "replies": { "r-1": { "party": "e-1", "asked": "2019-11-10", "outcome": "waiting" } },
                "links": {
                    "b1": { "of": "o1", "words": "Беш жылда 600 миллион" }, "b2": { "of": "o2", "words": "Жамгыр" },
                },
                "original": { "komuz": 1, "lang": "ky", "headline": "Жети жүз", "blocks": [
                    paragraph("o1", "Беш жылда 700 миллион"), paragraph("o2", "Жамгыр"), paragraph("o3", "Үчүнчү"),
                ] },
            },
        },
        "findings": [
            { "check": "claim-unchecked", "severity": "notice", "about": "claims.k-2" },
            { "check": "changed-since-checked", "severity": "error", "about": "claims.k-1", "span": span("b1", 0, 20) },
            { "check": "no-reply-asked", "severity": "error", "about": "entities.e-1", "with": ["Aibek Samatov"] },
        ],
    })
}
