//! Asks about outside formats: import, export.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use komuz_core::document::Document;
use komuz_core::registers;
use komuz_messages::{Answer, EditionId, Trouble};
use komuz_release::csl;
use komuz_release::html::draft_html;
use komuz_sync::seal::doc::DocId;

use super::dossier::Arriving;
use super::hands::Hands;
use super::room::Room;
use super::signing::whole;
use super::trouble::{because, named, no_edition, refused};
use super::{Engine, body};
use crate::Output;
use crate::job::{Read, Task};

/// An ask that waits for a job.
#[derive(Debug)]
pub enum Waiting {
    /// A document is being read for an edition.
    Import {
        /// The ask.
        ask: u32,
        /// Into which edition.
        edition: EditionId,
    },
    /// A story is being written.
    Export {
        /// The ask.
        ask: u32,
        /// A name for the file.
        name: String,
        /// Media type.
        media: &'static str,
    },
    /// The checks are running.
    Check {
        /// Of which edition.
        edition: EditionId,
    },
}

impl Waiting {
    /// The ask's id; none for what nobody waits for.
    pub fn ask(&self) -> Option<u32> {
        match self {
            Self::Import { ask, .. } | Self::Export { ask, .. } => Some(*ask),
            Self::Check { .. } => None,
        }
    }
}

/// How many sources that readers may not learn of a file would hold: a story's JSON all of the investigation, the Automerge
/// document of a text those that it cites or that its claims rest on.
fn confidential_inside(room: &mut Room, edition: &EditionId, format: &str) -> Result<usize, Trouble> {
    if format != "json" && format != "automerge" {
        return Ok(0);
    }
    let registers = room.papers.get(&DocId::Registers).ok_or_else(no_edition)?;
    let mut secret = registers::secret_sources(&registers.document);
    if format == "automerge" && !secret.is_empty() {
        let body = room.body(edition)?;
        let mut inside: Vec<String> = body.citations().into_iter().map(|cited| cited.source).collect();
        for record in body.records() {
            let sources = record.members.into_iter().filter(|(path, _)| path.ends_with(".source"));
            inside.extend(sources.filter_map(|(_, source)| source.as_str().map(str::to_owned)));
        }
        secret.retain(|id| inside.contains(id));
    }
    Ok(secret.len())
}

impl Engine {
    /// Has a document read for an edition.
    pub(super) fn import(
        &mut self,
        ask: u32,
        edition: EditionId,
        name: String,
        text: String,
        lang: String,
    ) -> Result<Option<Answer>, Trouble> {
        let (room, _) = self.room()?;
        room.writable(&body(&edition))?;
        self.job(Task::Read { name, text, lang }, Waiting::Import { ask, edition });
        Ok(None)
    }

    /// Makes a file of an edition.
    pub(super) fn export(
        &mut self,
        ask: u32,
        edition: &EditionId,
        format: &str,
        sure: bool,
    ) -> Result<Option<Answer>, Trouble> {
        let (room, _) = self.room()?;
        if !sure {
            let inside = confidential_inside(room, edition, format)?;
            if inside > 0 {
                let (count, message) = (
                    inside.to_string(),
                    "Confidential sources would be in this file. Save it all the same?",
                );
                return Err(named("confidential-inside", &[&count], message));
            }
        }
        let story = whole(room, edition)?;
        let name = |ending: &str| format!("{}-{}.{ending}", edition.story, edition.lang);
        let pretty = |value: serde_json::Result<String>| value.map(|json| json + "\n").map_err(refused);
        let (name, media, bytes) = match format {
            "html" => (name("html"), "text/html", draft_html(&story).into_bytes()),
            "json" => {
                let gathered = room.gathered(edition, "")?;
                let waiting = Waiting::Export {
                    ask,
                    name: name("json"),
                    media: "application/json",
                };
                self.job(Task::Gather { gathered }, waiting);
                return Ok(None);
            }
            "csl-json" => {
                let sources = pretty(serde_json::to_string_pretty(&story.sources))?;
                (
                    name("csl.json"),
                    "application/vnd.citationstyles.csl+json",
                    sources.into_bytes(),
                )
            }
            "automerge" => {
                let paper = room.papers.get(&body(edition)).ok_or_else(no_edition)?;
                (name("automerge"), "application/octet-stream", paper.document.save())
            }
            "markdown" => {
                let story = serde_json::to_string(&story).map_err(refused)?;
                let waiting = Waiting::Export {
                    ask,
                    name: name("md"),
                    media: "text/markdown",
                };
                self.job(
                    Task::Write {
                        format: format.to_owned(),
                        story,
                    },
                    waiting,
                );
                return Ok(None);
            }
            other => return Err(because("format", other)),
        };
        Ok(Some(Answer::File {
            name,
            media: media.to_owned(),
            bytes: STANDARD.encode(bytes),
        }))
    }

    pub(super) fn job(&mut self, task: Task, waiting: Waiting) {
        let job = self.hands.number();
        self.jobs.insert(job, waiting);
        self.hands.push(Output::Job { job, task });
    }

    /// A job is done.
    pub(super) fn job_done(&mut self, job: u32, result: Result<String, String>) {
        let Some(waiting) = self.jobs.remove(&job) else { return };
        let (ask, answer) = match (waiting, result) {
            (Waiting::Check { edition }, result) => return self.checked(&edition, result),
            (Waiting::Import { ask, edition }, Ok(json)) => (ask, self.imported(&edition, &json)),
            (Waiting::Import { ask, .. }, Err(why)) => (ask, Err(because("import", why))),
            (Waiting::Export { ask, .. }, Err(why)) => (ask, Err(because("export", why))),
            (Waiting::Export { ask, name, media }, Ok(json)) => {
                let text = serde_json::from_str::<String>(&json).map_err(refused);
                let file = text.map(|text| Answer::File {
                    name,
                    media: media.to_owned(),
                    bytes: STANDARD.encode(text),
                });
                (ask, file)
            }
        };
        self.hands.answer(ask, answer);
    }

    /// Brings what was read into an edition: sources into the register, text and citations behind what is there. All of it
    /// or, with an error, nothing.
    fn imported(&mut self, edition: &EditionId, json: &str) -> Result<Answer, Trouble> {
        let Read {
            mut story,
            mut left_out,
            unknown_source,
            dossier,
        } = Read::from_json(json).map_err(refused)?;
        let (room, hands) = self.room()?;
        let mut arriving = Arriving::new(dossier);
        let mut items = std::mem::take(&mut story.sources);
        for item in arriving.confidential() {
            items.push(csl::source("dossier.confidential", item).map_err(refused)?);
        }
        // In a text that is there already the story's blocks may get other ids, and its claims would stand nowhere.
        let alone = room.body(edition)?.words() == 0;
        // On a copy, until the text is in too.
        let mut register = room.writable(&DocId::Registers)?.document.clone();
        let pasted = add_sources(&mut register, items, hands)?;
        let ids: BTreeMap<&str, &str> = (pasted.iter().rev())
            .map(|source| (source.given.as_str(), source.id.as_str()))
            .collect();
        story.citations.retain_mut(|citation| {
            if let Some(id) = ids.get(citation.source.as_str()) {
                citation.source = (*id).to_owned();
            } else if registers::source(&register, &citation.source, None).is_none() {
                left_out.push(unknown_source.replace("{}", &citation.source));
                return false;
            }
            true
        });
        arriving.sources(ids.iter().map(|(given, id)| ((*given).to_owned(), (*id).to_owned())));
        arriving.save_shared(&mut register, |prefix| hands.id(prefix))?;
        let appended = room.append_story(edition, &story, hands)?;
        let records = arriving.of_edition();
        if alone && !records.is_empty() {
            room.write_body(edition, hands, |body, document| body.bring_records(document, &records))?;
        }
        room.writable(&DocId::Registers)?.document = register;
        room.edited(&DocId::Registers, hands);
        Ok(Answer::Imported {
            blocks: appended.blocks,
            citations: appended.citations,
            sources: count(pasted.iter().filter(|source| source.added).count()),
            left_out,
        })
    }
}

impl Room {
    /// Adds sources to the register; those that are there already stay.
    pub(super) fn add_sources(
        &mut self,
        hands: &mut Hands,
        items: Vec<komuz_release::story::Source>,
    ) -> Result<Vec<registers::Pasted>, Trouble> {
        let pasted = add_sources(&mut self.writable(&DocId::Registers)?.document, items, hands)?;
        self.edited(&DocId::Registers, hands);
        Ok(pasted)
    }
}

/// Adds sources to a register, those that are not there yet under new ids.
fn add_sources(
    register: &mut Document,
    items: Vec<komuz_release::story::Source>,
    hands: &mut Hands,
) -> Result<Vec<registers::Pasted>, Trouble> {
    registers::add_sources(register, items, || hands.id("s-")).map_err(refused)
}

/// A count for the page.
pub fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
