//! What the newsrooms know of an edition: its records are written here, and handed to the checks whenever they or the text
//! have changed. The checks and their types are a file of their own in the browser (`komuz_dossier`), as the parsers are.

use std::collections::BTreeMap;

use komuz_core::body::Brought;
use komuz_core::document::Document;
use komuz_core::records::{Kind, Members, Record, apart, together};
use komuz_core::registers;
use komuz_messages::{Answer, EditionId, Event, Trouble};
use komuz_release::story::Place;
use komuz_release::time;
use komuz_sync::seal::doc::DocId;
use serde_json::{Map, Value, json};

use super::outside::Waiting;
use super::room::Room;
use super::trouble::{no_edition, refused, trouble};
use super::{Engine, body};
use crate::job::Task;

/// The least time between two runs of the checks, in milliseconds: they read the whole text.
const EVERY: u64 = 500;

/// The edition whose dossier the page is shown.
pub struct Watch {
    edition: EditionId,
    /// The versions of the documents that were handed to the checks last, and the day.
    sent: Option<(Vec<String>, String)>,
    /// Whether the checks are at work.
    busy: bool,
    /// When it was looked at last.
    at: u64,
    /// Something may have changed since.
    due: bool,
}

impl Watch {
    /// When to look again.
    pub fn wake(&self) -> Option<u64> {
        (!self.busy && self.due).then_some(self.at + EVERY)
    }
}

impl Engine {
    /// Begins or ends showing an edition's dossier.
    pub(super) fn watch_dossier(&mut self, edition: EditionId, on: bool) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        room.body(&edition)?;
        let at = hands.now.saturating_sub(EVERY);
        self.watch = on.then_some(Watch {
            edition,
            sent: None,
            busy: false,
            at,
            due: true,
        });
        Ok(())
    }

    /// Hands the watched edition to the checks when something has changed since they ran.
    pub(super) fn check(&mut self) {
        let Some(watch) = self.watch.as_mut().filter(|watch| !watch.busy) else {
            return;
        };
        let Some(room) = self.open.as_ref().and_then(|id| self.rooms.get_mut(id)) else {
            return;
        };
        // Before anything is read: this runs after every key.
        watch.due = self.hands.now < watch.at + EVERY;
        if watch.due {
            return;
        }
        watch.at = self.hands.now;
        let today = time::day_of((self.hands.now / 1000) as time::Seconds).to_string();
        let now = (room.versions_for(&watch.edition), today);
        if watch.sent.as_ref() == Some(&now) {
            return;
        }
        let gathered = room.gathered(&watch.edition, &now.1);
        watch.sent = Some(now);
        // An edition that cannot be read has said so already.
        let Ok(gathered) = gathered else { return };
        watch.busy = true;
        let edition = watch.edition.clone();
        self.job(Task::Check { gathered }, Waiting::Check { edition });
    }

    /// The checks have run.
    pub(super) fn checked(&mut self, edition: &EditionId, result: Result<String, String>) {
        let Some(watch) = self.watch.as_mut().filter(|watch| watch.edition == *edition) else {
            return;
        };
        watch.busy = false;
        match result {
            Ok(shown) => self.hands.event(Event::Dossier { shown }),
            // The file with the checks could not be fetched: the next change tries again.
            Err(why) => self.hands.event(Event::Dossier {
                shown: json!({ "edition": { "story": edition.story, "lang": edition.lang }, "failed": why })
                    .to_string(),
            }),
        }
    }

    /// Saves members of a record.
    pub(super) fn save_record(
        &mut self,
        edition: Option<EditionId>,
        mut record: String,
        members: Map<String, Value>,
    ) -> Result<Answer, Trouble> {
        let (room, hands) = self.room()?;
        if Kind::ALL.iter().any(|kind| kind.prefix() == record) {
            record = hands.id(&record);
        }
        let (id, save) = (record.as_str(), Members::from_iter(members));
        let Some(edition) = edition else {
            let part = id.strip_prefix("p-");
            room.edit(&DocId::Registers, hands, |paper| {
                let registers = &mut paper.document;
                match part {
                    _ if id == "policy" => registers::save_policy(registers, &save),
                    Some(story) => match save.get("move").and_then(Value::as_i64) {
                        Some(by) => registers::move_part(registers, story, by),
                        None => {
                            let number = save.get("number").and_then(Value::as_u64).unwrap_or(0);
                            let title = save.get("title").and_then(Value::as_str).unwrap_or_default();
                            registers::set_part(registers, story, number, title)
                        }
                    },
                    None if Kind::of(id).is_some() => registers::save_record(registers, id, &save),
                    None => registers::save_source_record(registers, id, &save),
                }
            })?;
            return Ok(Answer::Made { id: record });
        };
        let now = hands.now;
        if room.editions.open.contains_key(&edition) {
            room.with_link(&edition, hands, |link, body, document| {
                link.save_record(document, body, (id, &save), now)
            })?;
        } else {
            room.write_body(&edition, hands, |body, document| body.save_record(document, id, &save))?;
        }
        Ok(Answer::Made { id: record })
    }

    /// Marks a record as removed.
    pub(super) fn remove_record(&mut self, edition: Option<EditionId>, record: &str) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        let now = hands.now;
        match edition {
            None => room.edit(&DocId::Registers, hands, |paper| {
                registers::remove_record(&mut paper.document, record)
            }),
            Some(edition) if room.editions.open.contains_key(&edition) => {
                room.with_link(&edition, hands, |link, body, document| {
                    link.remove_record(document, body, record, now)
                })
            }
            Some(edition) => room.write_body(&edition, hands, |body, document| body.remove_record(document, record)),
        }
    }

    /// Puts a claim or an answer on a span of the page.
    pub(super) fn mark_span(
        &mut self,
        edition: &EditionId,
        at: (u64, u64),
        span: (u32, u32),
        kind: &str,
        members: Map<String, Value>,
    ) -> Result<Answer, Trouble> {
        let (room, hands) = self.room()?;
        let prefix = match kind {
            "claim" => Kind::Claim.prefix(),
            "answer" => Kind::Answer.prefix(),
            _ => return Err(trouble("message", "Only claims and answers stand on a span.")),
        };
        let (id, now) = (hands.id(prefix), hands.now);
        let save = Members::from_iter(members);
        room.with_link(edition, hands, |link, body, document| {
            link.mark_span(document, body, at, span, (&id, &save), now)
        })?;
        Ok(Answer::Made { id })
    }
}

impl Room {
    /// The edition that this one translates: the story's first; none for that one itself.
    pub(super) fn original(&self, edition: &EditionId) -> Option<EditionId> {
        let first = self.listed().into_iter().find(|other| other.story == edition.story)?;
        (first != *edition).then_some(first)
    }

    /// Versions of the documents that the checks read.
    fn versions_for(&self, edition: &EditionId) -> Vec<String> {
        let original = self.original(edition);
        let documents = [Some(body(edition)), Some(DocId::Registers), original.as_ref().map(body)];
        let papers = documents
            .iter()
            .flatten()
            .filter_map(|document| self.papers.get(document));
        papers
            .flat_map(|paper| paper.document.heads())
            .map(|head| head.to_string())
            .collect()
    }

    /// All that the checks read, as JSON: see `komuz_dossier::gather`.
    pub(super) fn gathered(&mut self, edition: &EditionId, today: &str) -> Result<String, Trouble> {
        let original = match self.original(edition) {
            Some(original) => Some(self.story(&original)?),
            None => None,
        };
        let story = self.story(edition)?;
        let registers = self.papers.get(&DocId::Registers).ok_or_else(no_edition)?;
        let registers: &Document = &registers.document;
        let about = registers::source_records(registers);
        let sources: Vec<Value> = registers::sources(registers)
            .into_iter()
            .map(|source| json!({ "about": about.get(&source.id).map(together), "source": source }))
            .collect();
        let mut records: Vec<Value> = [Kind::Entity, Kind::Reply]
            .into_iter()
            .flat_map(|kind| registers::records(registers, kind))
            .map(|Record { id, members }| json!({ "id": id, "record": together(&members) }))
            .collect();
        let policy = together(&registers::policy(registers));
        for record in self.body(edition)?.records() {
            let place = |at: &Place| json!({ "block": at.block, "offset": at.offset });
            let span = record
                .span
                .map(|(start, end)| json!({ "start": place(&start), "end": place(&end) }));
            records.push(json!({ "id": record.id, "record": together(&record.members), "span": span }));
        }
        let me = self.replica.me().map(|me| &me.member);
        let me = me.map(|me| json!({ "name": me.name, "outlet": me.outlet }));
        let around = json!({
            "edition": { "story": edition.story, "lang": edition.lang },
            "today": today,
            "me": me,
            "sources": sources,
            "records": records,
            "policy": policy,
        });
        // Texts put together and not one value: a story is written as text elsewhere too, and the engine's file carries that once.
        let story = serde_json::to_string(&story).map_err(refused)?;
        let original = match original {
            Some(original) => serde_json::to_string(&original).map_err(refused)?,
            None => "null".to_owned(),
        };
        let around = around.to_string();
        let around = around.strip_prefix('{').unwrap_or_default();
        Ok(format!("{{\"story\":{story},\"original\":{original},{around}"))
    }
}

/// What the newsrooms know of a story that is brought in, with the ids that it gets here.
pub struct Arriving {
    known: Map<String, Value>,
    /// Ids that are others here.
    ids: BTreeMap<String, String>,
}

impl Arriving {
    /// Takes in a story's `dossier` as JSON.
    pub fn new(known: Value) -> Self {
        let known = match known {
            Value::Object(known) => known,
            _ => Map::new(),
        };
        Self {
            known,
            ids: BTreeMap::new(),
        }
    }

    /// Takes the records under a name of the dossier.
    fn take(&mut self, name: &str) -> Map<String, Value> {
        match self.known.remove(name) {
            Some(Value::Object(records)) => records,
            _ => Map::new(),
        }
    }

    /// The items of confidential sources, as the register takes them.
    pub fn confidential(&self) -> Vec<Value> {
        let all = self.known.get("confidential").and_then(Value::as_object);
        let item = |(id, source): (&String, &Value)| {
            let mut item = source.get("cited_as")?.clone();
            item.as_object_mut()?.insert("id".to_owned(), id.as_str().into());
            Some(item)
        };
        all.into_iter().flatten().filter_map(item).collect()
    }

    /// Says under which ids the story's sources are in the register.
    pub fn sources(&mut self, ids: impl IntoIterator<Item = (String, String)>) {
        self.ids.extend(ids.into_iter().filter(|(given, id)| given != id));
    }

    /// What a record says, with the ids that are used here.
    fn members(&self, record: Value) -> Members {
        let Value::Object(record) = record else {
            return Members::new();
        };
        let now = |name: &str| self.ids.get(name).cloned();
        let named = |(path, value): (String, Value)| {
            let path: Vec<String> = path
                .split('.')
                .map(|step| now(step).unwrap_or_else(|| step.to_owned()))
                .collect();
            let value = value.as_str().and_then(now).map_or(value, Value::String);
            (path.join("."), value)
        };
        apart(&record).into_iter().map(named).collect()
    }

    /// Saves what the investigation shares: what is known of sources, entities and what they were asked, and the policy where there
    /// is none yet. An entity or a reply that is here already is not made again; another one's id is not taken.
    pub fn save_shared(
        &mut self,
        registers: &mut Document,
        mut new_id: impl FnMut(&str) -> String,
    ) -> Result<(), Trouble> {
        for name in ["sources", "confidential"] {
            for (id, mut record) in self.take(name) {
                if let Some(record) = record.as_object_mut() {
                    record.remove("cited_as");
                }
                let save = self.members(record);
                let id = self.ids.get(&id).unwrap_or(&id);
                registers::save_source_record(registers, id, &save).map_err(refused)?;
            }
        }
        for (name, kind) in [("entities", Kind::Entity), ("replies", Kind::Reply)] {
            let here: BTreeMap<String, Members> = registers::records(registers, kind)
                .into_iter()
                .map(|record| (record.id, record.members))
                .collect();
            for (id, record) in self.take(name) {
                let save = self.members(record);
                match here.get(&id) {
                    Some(members) if *members == save => continue,
                    Some(_) => drop(self.ids.insert(id.clone(), new_id(kind.prefix()))),
                    None => {}
                }
                let id = self.ids.get(&id).unwrap_or(&id);
                registers::save_record(registers, id, &save).map_err(refused)?;
            }
        }
        let policy = self.known.remove("policy").map(|policy| self.members(policy));
        match policy {
            Some(policy) if registers::policy(registers).is_empty() => {
                registers::save_policy(registers, &policy).map_err(refused)
            }
            _ => Ok(()),
        }
    }

    /// The records of the edition.
    pub fn of_edition(mut self) -> Vec<Brought> {
        let mut all = Vec::new();
        for (name, prefix) in [
            ("claims", ""),
            ("answers", ""),
            ("backed", Kind::Backed.prefix()),
            ("links", Kind::Link.prefix()),
            ("fronts", Kind::Front.prefix()),
        ] {
            for (id, mut record) in self.take(name) {
                let span = record.as_object_mut().and_then(|record| record.remove("span"));
                let place = |end: &str| serde_json::from_value::<Place>(span.as_ref()?.get(end)?.clone()).ok();
                let span = place("start").zip(place("end"));
                all.push((format!("{prefix}{id}"), self.members(record), span));
            }
        }
        all
    }
}
