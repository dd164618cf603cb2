//! What is shown: a dossier as the engine sent it, and what the sections look up in it.

use komuz_dossier::Dossier;
use komuz_dossier::claim::{Claim, Span, Status};
use komuz_dossier::facts::Facts;
use komuz_dossier::finding::Finding;
use komuz_dossier::source::Record;
use komuz_release::words::{Lang, appeared, authors, title};
use serde::Deserialize;

/// An edition of a story.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Edition {
    /// The story's id.
    pub story: String,
    /// The edition's language.
    pub lang: String,
}

/// Who works here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Me {
    /// The member's name or pseudonym.
    #[serde(default)]
    pub name: String,
    /// Id of the outlet.
    #[serde(default)]
    pub outlet: String,
}

#[derive(Deserialize)]
struct Sent {
    edition: Edition,
    today: String,
    #[serde(default)]
    me: Me,
    dossier: Dossier,
    #[serde(default)]
    findings: Vec<Finding>,
}

/// What is shown.
#[derive(Debug)]
pub struct View {
    /// Which edition.
    pub edition: Edition,
    /// Who works here.
    pub me: Me,
    /// The dossier, with what is computed from it.
    pub facts: Facts,
    /// What the checks found.
    pub findings: Vec<Finding>,
}

/// A source as a line in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceLine {
    /// Its id.
    pub id: String,
    /// Its title, or whatever else names it; its id where nothing does.
    pub title: String,
    /// Its language; empty where nobody has said.
    pub lang: String,
    /// Who wrote it, where and when it appeared.
    pub more: String,
    /// Readers must never learn of it.
    pub confidential: bool,
}

impl View {
    /// Reads what the engine sends.
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        let sent: Sent = serde_json::from_str(json)?;
        Ok(Self {
            edition: sent.edition,
            me: sent.me,
            facts: Facts::new(sent.dossier, &sent.today),
            findings: sent.findings,
        })
    }

    /// All sources in the order of their titles, confidential ones included.
    pub fn sources(&self, lang: Lang) -> Vec<SourceLine> {
        let known = self.facts.sources.keys();
        let mut all: Vec<SourceLine> = known
            .chain(self.facts.known.confidential.keys())
            .map(|id| self.source(id, lang))
            .collect();
        all.sort_by_cached_key(|source| source.title.to_lowercase());
        all
    }

    /// A source as a line.
    pub fn source(&self, id: &str, lang: Lang) -> SourceLine {
        let line = |confidential, source: &komuz_release::story::Source| {
            let more: Vec<String> = [authors(source), appeared(source, lang)]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            let title = title(source);
            SourceLine {
                id: id.to_owned(),
                title: if title.is_empty() { id } else { title }.to_owned(),
                lang: source.language.clone(),
                more: more.join(" · "),
                confidential,
            }
        };
        if let Some(source) = self.facts.sources.get(id) {
            return line(false, source);
        }
        let cited = self.facts.known.confidential.get(id).map(|kept| {
            let item = serde_json::Value::Object(kept.cited_as.clone());
            komuz_release::csl::source("", item).unwrap_or_default()
        });
        line(
            self.facts.known.confidential.contains_key(id),
            &cited.unwrap_or_default(),
        )
    }

    /// The record of a source; one of nothing where there is none.
    pub fn record(&self, source: &str) -> Record {
        self.facts.record(source).cloned().unwrap_or_default()
    }

    /// What a person, an organisation, a place is called: in the language of the interface, in another one, or by its id.
    pub fn entity(&self, id: &str, lang: Lang) -> String {
        let Some(entity) = self.facts.known.entities.get(id) else {
            return id.to_owned();
        };
        let names = [lang.tag(), "ky", "ru", "en"]
            .into_iter()
            .filter_map(|tag| entity.names.get(tag));
        let mut names = names.chain(entity.names.values()).filter(|name| !name.is_empty());
        names.next().map_or(id, String::as_str).to_owned()
    }

    /// Persons and organisations, places and documents with their names, in the order of these.
    pub fn entities(&self, lang: Lang) -> Vec<(String, String)> {
        let ids = self.facts.known.entities.keys();
        let mut all: Vec<_> = ids.map(|id| (id.clone(), self.entity(id, lang))).collect();
        all.sort_by_cached_key(|(_, name)| name.to_lowercase());
        all
    }

    /// The words of a claim as they stand; empty when its text is gone.
    pub fn words(&self, id: &str) -> &str {
        self.facts.claims.get(id).map_or("", |claim| &claim.words)
    }

    /// The words of a span; the texts of several blocks have a line break between them.
    pub fn spanned(&self, span: &Span) -> String {
        let range = self.facts.range(&span.start, &span.end);
        range.map(|range| self.facts.words(range)).unwrap_or_default()
    }

    /// How far a claim is.
    pub fn status(&self, id: &str) -> Status {
        self.facts.claims.get(id).map_or(Status::Open, |claim| claim.status)
    }

    /// Claims in the order of the text, those whose text is gone last.
    pub fn claims(&self) -> Vec<(&String, &Claim)> {
        let mut claims: Vec<_> = self.facts.known.claims.iter().collect();
        claims.sort_by_cached_key(|(_, claim)| {
            let start = claim.span.as_ref().map(|span| &span.start);
            let place = start.and_then(|start| Some((self.facts.block(&start.block)?.0, start.offset)));
            place.unwrap_or((usize::MAX, 0))
        });
        claims
    }
}
