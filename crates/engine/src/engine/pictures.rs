//! Pictures: put in as blobs, fetched when somebody looks at them, and the asks that wait until they have come.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use komuz_core::files::{self, Bytes};
use komuz_messages::{Answer, Ask, Trouble};
use komuz_release::canonical::sha256_hex;
use komuz_release::story::BlockKind;
use komuz_sync::seal::blob::{Blob, BlobError};
use komuz_sync::seal::bytes::Digest;
use komuz_sync::seal::doc::DocId;

use super::hands::Hands;
use super::room::Room;
use super::trouble::{because, refused, trouble};
use super::{Engine, not_open};

/// How many asks wait at most.
const MAX_HELD: usize = 1024;
/// How long an ask that can do without waits for the next picture, in milliseconds: on a slow line one of the largest takes 42 s.
const PATIENCE: u64 = 60_000;

/// An ask that waits for pictures.
pub struct Held {
    id: u32,
    ask: Ask,
    /// Room and SHA-256 of those that it needs, and of those that it waits for.
    needs: Vec<(String, String)>,
    files: Vec<(String, String)>,
    /// It needs the bytes themselves, and not only to know that they are here.
    keeps: bool,
    /// Until when; none where it can do nothing without.
    until: Option<u64>,
}

/// What a room knows of files, beside the document that names them.
#[derive(Default)]
pub struct Files {
    /// Names that are not what they say.
    wrong: Vec<Blob>,
    /// The type of those whose bytes were seen in this session, by their SHA-256: empty where they are no picture.
    seen: BTreeMap<String, String>,
    /// Bytes that somebody waits for: no others stay.
    here: BTreeMap<String, Vec<u8>>,
    /// Whether one has come, or was found wrong, or was lost.
    pub changed: bool,
}

impl Files {
    /// A file's bytes have come.
    pub fn came(&mut self, sha256: &Digest, bytes: Vec<u8>) {
        let media = files::media(&bytes).unwrap_or_default();
        self.seen.insert(sha256.to_hex(), media.to_owned());
        self.here.insert(sha256.to_hex(), bytes);
        self.changed = true;
    }
}

/// A picture.
pub struct Picture {
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// Media type.
    pub media: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Engine {
    /// Puts a picture into the investigation.
    pub(super) fn add_file(&mut self, media: &str, bytes: &str) -> Result<Answer, Trouble> {
        let bytes = STANDARD
            .decode(bytes)
            .map_err(|_| trouble("file", "The picture's bytes are not base64."))?;
        files::check(media, &bytes).map_err(refused)?;
        let (room, hands) = self.room()?;
        room.writable(&DocId::Files)?;
        let id = sha256_hex(&bytes);
        if !room.has_file(&id) {
            let mut name = Vec::new();
            room.command(hands, |replica, hands| {
                let (blob, outputs) = replica.put_blob(&bytes, hands.now, hands.entropy())?;
                name = blob.to_bytes();
                Ok(outputs)
            })?;
            room.edit(&DocId::Files, hands, |paper| {
                files::add(&mut paper.document, media, &id, &name)
            })?;
            room.files.seen.insert(id.clone(), media.to_owned());
        }
        Ok(Answer::Made { id })
    }

    /// A picture.
    pub(super) fn get_file(&mut self, sha256: &str) -> Result<Answer, Trouble> {
        let (room, _) = self.room()?;
        let file = room
            .file(sha256)
            .ok_or_else(|| trouble("file-missing", "This picture has not arrived on this device yet."))?;
        Ok(Answer::File {
            name: file.sha256,
            media: file.media,
            bytes: STANDARD.encode(file.bytes),
        })
    }

    /// Keeps an ask until the pictures have come that it needs; false where it needs none that could come.
    pub(super) fn holds(&mut self, id: u32, ask: &Ask) -> bool {
        let needs = self.needs(ask);
        let waits = matches!(ask, Ask::GetFile { .. });
        let keeps = waits || matches!(ask, Ask::Publish { .. });
        let mut lacking = needs.clone();
        lacking.retain(|(room, file)| {
            let room = self.rooms.get_mut(room);
            room.is_some_and(|room| room.lacks_file(file, keeps, waits, &mut self.hands))
        });
        if lacking.is_empty() || self.held.len() >= MAX_HELD {
            return false;
        }
        self.held.push(Held {
            id,
            ask: ask.clone(),
            needs,
            files: lacking,
            keeps,
            until: (!waits).then_some(self.hands.now + PATIENCE),
        });
        true
    }

    /// The pictures that an ask needs, with their rooms.
    fn needs(&mut self, ask: &Ask) -> Vec<(String, String)> {
        if matches!(ask, Ask::Backup { .. }) {
            let of = |(id, room): (&String, &Room)| {
                let away = room.files_away().into_iter();
                away.map(|file| (id.clone(), file)).collect::<Vec<_>>()
            };
            return self.rooms.iter().flat_map(of).collect();
        }
        let Ok((room, _)) = self.room() else { return Vec::new() };
        let needs: Vec<String> = match ask {
            Ask::GetFile { file } => vec![file.clone()],
            Ask::Review { edition, .. } => {
                let blocks = room.story(edition).map(|story| story.blocks).unwrap_or_default();
                let file = |kind| match kind {
                    BlockKind::Figure { file, .. } if !file.is_empty() => Some(file),
                    _ => None,
                };
                blocks.into_iter().filter_map(|block| file(block.kind)).collect()
            }
            Ask::Publish { edition, release } => {
                room.read_logs();
                let log = room.log(edition);
                let files = log.proposal(release).map(|proposal| proposal.release().files());
                files.unwrap_or_default().into_iter().map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        let id = room.id.clone();
        needs.into_iter().map(|file| (id.clone(), file)).collect()
    }

    /// Does what has waited long enough.
    pub(super) fn let_held_go(&mut self) {
        if !self.held.is_empty() {
            self.look_at_held();
        }
        for (id, room) in &mut self.rooms {
            room.files.here.retain(|file, _| {
                let mut needs = self.held.iter().filter(|held| held.keeps).flat_map(|held| &held.needs);
                needs.any(|(of, needed)| of == id && needed == file)
            });
        }
    }

    fn look_at_held(&mut self) {
        let now = self.hands.now;
        let came: Vec<String> = self.rooms.values_mut().filter_map(Room::files_came).collect();
        let mut go = Vec::new();
        for mut held in std::mem::take(&mut self.held) {
            let before = held.files.len();
            held.files.retain(|(id, file)| match self.rooms.get_mut(id) {
                Some(room) if came.contains(id) => {
                    room.lacks_file(file, held.keeps, held.until.is_none(), &mut self.hands)
                }
                room => room.is_some(),
            });
            if held.files.len() < before {
                held.until = held.until.map(|_| now + PATIENCE);
            }
            if held.files.is_empty() || held.until.is_some_and(|until| until <= now) {
                go.push(held);
            } else {
                self.held.push(held);
            }
        }
        for held in go {
            if let Some(result) = self.does(held.id, held.ask).transpose() {
                self.hands.answer(held.id, result);
            }
        }
    }

    /// Nothing more comes.
    pub(super) fn refuse_held(&mut self) {
        for held in std::mem::take(&mut self.held) {
            self.hands.answer(held.id, Err(not_open()));
        }
    }
}

impl Room {
    /// What is said of a file, as blobs with their types, but for those that were found wrong.
    fn blobs_of(&self, sha256: &str) -> Vec<(String, Blob)> {
        let Some(paper) = self.papers.get(&DocId::Files) else {
            return Vec::new();
        };
        let entries = files::entries(&paper.document, sha256).into_iter();
        let blob = |entry: files::Entry| match entry.bytes {
            Bytes::Apart(name) => Some((entry.media, Blob::read(&name).ok()?)),
            Bytes::Here(_) => None,
        };
        let good = |(_, blob): &(String, Blob)| blob.sha256.to_hex() == sha256 && !self.files.wrong.contains(blob);
        entries.filter_map(blob).filter(good).collect()
    }

    /// The file with a SHA-256, where its bytes are in memory: an ask that needs them has waited for it.
    pub(super) fn file(&self, sha256: &str) -> Option<Picture> {
        let picture = |media, bytes| Picture {
            sha256: sha256.to_owned(),
            media,
            bytes,
        };
        let entries = files::entries(&self.papers.get(&DocId::Files)?.document, sha256);
        for entry in entries {
            if let Bytes::Here(bytes) = entry.bytes {
                return Some(picture(entry.media, bytes));
            }
        }
        let (media, _) = self.good_blobs(sha256).into_iter().next()?;
        Some(picture(media, self.files.here.get(sha256)?.clone()))
    }

    /// Whether a file is here, and is a picture of the type that is said.
    pub(super) fn has_file(&self, sha256: &str) -> bool {
        let here = |(_, blob): &(String, Blob)| self.replica.has_blob(blob);
        let seen = self.files.seen.contains_key(sha256);
        seen && self.good_blobs(sha256).iter().any(here) || self.file(sha256).is_some()
    }

    /// As [`Self::blobs_of`], without those that say another type than the bytes have.
    fn good_blobs(&self, sha256: &str) -> Vec<(String, Blob)> {
        let mut blobs = self.blobs_of(sha256);
        if let Some(media) = self.files.seen.get(sha256) {
            blobs.retain(|(said, _)| said == media);
        }
        blobs
    }

    /// The files that are known and not here.
    pub(super) fn files_away(&self) -> Vec<String> {
        let Some(paper) = self.papers.get(&DocId::Files) else {
            return Vec::new();
        };
        let mut away = files::list(&paper.document);
        away.retain(|file| {
            let inside = files::entries(&paper.document, file).into_iter();
            let mut inside = inside.filter(|entry| matches!(entry.bytes, Bytes::Here(_)));
            let mut apart = self.blobs_of(file).into_iter();
            inside.next().is_none() && !apart.any(|(_, blob)| self.replica.has_blob(&blob))
        });
        away
    }

    /// Whether a file is not here and may come; it is read or fetched then, by the first name that may be good. `keeps`: its bytes
    /// are to be in memory. `hopes`: also where nothing is said of it yet, or no server is in reach.
    fn lacks_file(&mut self, sha256: &str, keeps: bool, hopes: bool, hands: &mut Hands) -> bool {
        if self.file(sha256).is_some() || !keeps && self.has_file(sha256) {
            return false;
        }
        // What is no picture stays none; of what is not what its name says it is said.
        let blobs = self.good_blobs(sha256);
        let here = blobs.iter().find(|(_, blob)| self.replica.has_blob(blob));
        let Some((_, blob)) = here.or(blobs.first()) else {
            return hopes && self.blobs_of(sha256).is_empty();
        };
        if here.is_none() && !hopes && !self.is_reached() {
            return false;
        }
        if let Some(outputs) = self.replica.want_blob(blob, hands.now, hands.entropy()) {
            self.drive(outputs, hands);
        }
        true
    }

    /// Some relay is connected.
    fn is_reached(&self) -> bool {
        self.replica.state().relays.iter().any(|relay| relay.reached)
    }

    /// A name was found wrong.
    pub(super) fn wrong_blob(&mut self, blob: Blob, why: BlobError) {
        if self.files.wrong.len() < MAX_HELD {
            self.files.wrong.push(blob);
        }
        self.tell(because("arrival", why));
        self.files.changed = true;
    }

    /// The room's id, when something has come of files since this was asked last.
    fn files_came(&mut self) -> Option<String> {
        let came = std::mem::take(&mut self.files.changed) || self.changed.contains(&DocId::Files);
        came.then(|| self.id.clone())
    }
}
