//! Asks about signing and publishing: a release is built, compared, proposed, signed and handed out as files.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use komuz_core::body::Body as Text;
use komuz_core::publish::{self, Hindrance, ToSign};
use komuz_core::registers;
use komuz_core::signoffs::{self, Log, Proposal, What};
use komuz_messages::{Answer, Change, EditionId, OutFile, Review, Trouble};
use komuz_release::difference;
use komuz_release::folder::Folder;
use komuz_release::jws::Signature;
use komuz_release::keys::{PublicKey, parse_signature};
use komuz_release::masthead::Outlet;
use komuz_release::notice::Kind;
use komuz_release::release::{Body, Front, Head, Release};
use komuz_release::story::Story;
use komuz_release::time;
use komuz_sync::seal::doc::DocId;

use super::room::Room;
use super::trouble::{because, named, no_edition, refused, trouble};
use super::{Engine, body, cards};

/// A release that the page was shown, and what its signatures are over.
#[derive(Debug, Clone)]
pub struct Reviewed {
    proposal: Proposal,
    what: Vec<What>,
    key: String,
}

impl Engine {
    /// Builds the release as it stands, or finds the proposal that it equals.
    pub(super) fn review(
        &mut self,
        edition: &EditionId,
        now: &str,
        (kind, reason): (&str, &str),
        key: &str,
    ) -> Result<Answer, Trouble> {
        let (room, _) = self.room()?;
        room.read_logs();
        let me = room.replica.me().ok_or_else(no_edition)?.member.clone();
        let outlets = outlets(room);
        let mine = outlets
            .iter()
            .find(|outlet| outlet.id == me.outlet)
            .ok_or_else(no_edition)?;
        let key: PublicKey = match (key, mine.keys.first()) {
            ("", Some(key)) => *key,
            (key, _) => key.parse().map_err(|error| trouble("release-key", error))?,
        };
        if !mine.keys.contains(&key) {
            return Err(trouble("release-key", "This release key is not one of your outlet's."));
        }
        if time::parse(now).is_none() {
            return Err(trouble(
                "time",
                "The time of a release is written like 2019-11-21T06:00:00Z.",
            ));
        }
        let log = room.log(edition);
        let story = room.story(edition)?;
        let registers = &room.papers.get(&DocId::Registers).ok_or_else(no_edition)?.document;
        let version = room.papers.get(&body(edition)).ok_or_else(no_edition)?.document.heads();
        let fronts = room.body(edition)?.fronts();
        let source = publish::Source {
            story: &story,
            fronts: &fronts,
            body: &version,
            registers,
            registers_at: None,
        };
        let masthead = publish::masthead(&outlets, &log);
        let hindrances = publish::hindrances(source, &masthead, |file| room.has_file(file));
        let mut obstacles: Vec<Trouble> = hindrances.iter().map(obstacle).collect();
        let same =
            |proposal: &Proposal| publish::rebuild(source, proposal, &log).is_ok_and(|r| r == *proposal.release());
        let published = log.published().cloned();
        let asked = Kind::of(kind);
        let kind_of = |release: &Release| release.supersedes.as_ref().map(|before| before.kind);
        let standing = log
            .open()
            .into_iter()
            .find(|proposal| {
                let kind = kind_of(proposal.release());
                *proposal.masthead() == masthead
                    && log.stands(proposal)
                    && (asked.is_none() || kind.is_none() || kind == asked)
                    && same(proposal)
            })
            .cloned();
        // Who has signed these words already, and has to sign them under another number, has given kind and reason too.
        let signed = |proposal: &&Proposal| log.signers(proposal).contains(&me.outlet) && same(proposal);
        let had = log.open().into_iter().find(signed).map(Proposal::release);
        let kind = asked.or(had.and_then(kind_of)).unwrap_or_default();
        // A story is withdrawn as it stands; nothing else can be said of a text that has not changed.
        let withdraws = |published: &Proposal| kind == Kind::Retraction && !published.release().is_retracted();
        if standing.is_none()
            && published
                .as_ref()
                .is_some_and(|published| *published.masthead() == masthead && same(published) && !withdraws(published))
        {
            obstacles.push(trouble(
                "nothing-changed",
                "This text is published already; nothing has changed since.",
            ));
        }
        let built = match standing {
            Some(proposal) => Ok(proposal),
            None => {
                let reason = match reason.trim() {
                    "" => had.map(|had| had.reason.clone()).unwrap_or_default(),
                    reason => reason.to_owned(),
                };
                let head = Head {
                    story: edition.story.clone(),
                    published: now.to_owned(),
                    editions: room.written_languages(&edition.story),
                    kind,
                    reason,
                };
                publish::build(source, &head, masthead, &log, &me.outlet)
            }
        };
        let proposal = match built {
            Ok(proposal) => proposal,
            Err(error) => {
                if obstacles.is_empty() {
                    obstacles.push(because("text", error));
                }
                let number = log.next_number();
                return Ok(Answer::Review(Box::new(cannot(edition, number, obstacles))));
            }
        };
        let release = proposal.hash().to_owned();
        let json = proposal.release().to_bytes().map_err(refused)?;
        let to_sign = if obstacles.is_empty() {
            publish::to_sign(&proposal, &log, &me.outlet, &key)
        } else {
            Vec::new()
        };
        let review = Review {
            edition: edition.clone(),
            release: release.clone(),
            json: String::from_utf8(json).map_err(refused)?,
            number: proposal.release().number,
            signed: log.signers(&proposal),
            again: log.signed_alike(&me.outlet, proposal.release()).is_some(),
            since_mine: words(publish::changes(log.last_signed_by(&me.outlet), proposal.release())),
            correction: published
                .map(|published| words(publish::changes(Some(published.release()), proposal.release())))
                .unwrap_or_default(),
            to_sign: to_sign
                .iter()
                .map(|ToSign { what, input }| komuz_messages::ToSign {
                    what: what.name().to_owned(),
                    input: input.clone(),
                })
                .collect(),
            obstacles,
        };
        let what = to_sign.iter().map(|sign| sign.what).collect();
        room.editions.reviewed.insert(
            release,
            Reviewed {
                proposal,
                what,
                key: key.to_string(),
            },
        );
        Ok(Answer::Review(Box::new(review)))
    }

    /// Proposes what was reviewed, where nobody has, and adds one's signatures.
    pub(super) fn sign_off(
        &mut self,
        edition: &EditionId,
        release: &str,
        signatures: &[String],
        key: &str,
    ) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        let reviewed = room.editions.reviewed.get(release).cloned();
        let reviewed = reviewed
            .filter(|reviewed| {
                let release = reviewed.proposal.release();
                release.story == edition.story && release.lang == edition.lang
            })
            .ok_or_else(|| trouble("not-reviewed", "Review the release before you sign it."))?;
        if reviewed.key != key || reviewed.what.len() != signatures.len() {
            return Err(trouble(
                "not-reviewed",
                "These signatures are not over what was reviewed: review it again.",
            ));
        }
        let outlet = room.replica.me().ok_or_else(no_edition)?.member.outlet.clone();
        let key: PublicKey = key.parse().map_err(|error| trouble("release-key", error))?;
        let mut signed = Vec::new();
        for (what, text) in reviewed.what.iter().zip(signatures) {
            let bytes = parse_signature(text)
                .ok_or_else(|| trouble("signature", "A signature is 64 bytes of base64url: sign again."))?;
            signed.push((
                *what,
                Signature {
                    outlet: outlet.clone(),
                    key,
                    bytes,
                },
            ));
        }
        let doc = signoffs_of(edition);
        room.read_logs();
        let mut log = room.log(edition);
        room.edit(&doc, hands, |paper| {
            signoffs::propose(&mut paper.document, &reviewed.proposal)?;
            log.update(&paper.document);
            signoffs::sign_proposal(&mut paper.document, &log, release, &signed)
        })
    }

    /// The files of a release that every outlet has signed.
    pub(super) fn publish(&mut self, edition: &EditionId, release: &str) -> Result<Answer, Trouble> {
        let (room, _) = self.room()?;
        room.writable(&signoffs_of(edition))?;
        room.read_logs();
        let log = room.log(edition);
        let signed = log
            .proposal(release)
            .filter(|proposal| log.missing(proposal).is_empty());
        let proposal = signed.ok_or_else(|| {
            trouble(
                "not-signed",
                "Not every outlet has signed yet: it can be published when all have.",
            )
        })?;
        let (signatures, latest) = log.assembled(proposal).map_err(refused)?;
        let mut figures = Vec::new();
        for sha256 in proposal.release().files() {
            let file = room.file(sha256).ok_or_else(|| {
                trouble(
                    "file-missing",
                    "A picture of the release has not arrived on this device yet.",
                )
            })?;
            figures.push((file.sha256, file.media, file.bytes));
        }
        let folder = Folder {
            chain: log.chain(),
            masthead: proposal.masthead(),
            release: proposal.release(),
            signatures: &signatures,
            latest: &latest,
            figures: &figures,
        };
        let files = folder.files().map_err(refused)?;
        Ok(Answer::Folder {
            release: proposal.hash().to_owned(),
            servers: room.replica.servers().into_iter().map(cards::server_view).collect(),
            files: files
                .into_iter()
                .map(|file| OutFile {
                    path: file.place.to_string(),
                    media: file.media,
                    bytes: STANDARD.encode(file.bytes),
                })
                .collect(),
        })
    }

    /// Notes that a release is out.
    pub(super) fn published(&mut self, edition: &EditionId, release: &str) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        room.read_logs();
        let log = room.log(edition);
        room.edit(&signoffs_of(edition), hands, |paper| {
            signoffs::mark_published(&mut paper.document, &log, release)
        })
    }
}

impl Room {
    /// Reads the sign-off documents that have changed.
    pub(super) fn read_logs(&mut self) {
        for (doc, paper) in self
            .papers
            .iter()
            .filter(|(doc, _)| matches!(doc, DocId::SignOffs { .. }))
        {
            let (version, log) = self.editions.logs.entry(doc.clone()).or_default();
            let now = paper.document.heads();
            if *version != now {
                log.update(&paper.document);
                *version = now;
            }
        }
    }

    /// The sign-off log of an edition, with the mastheads that others brought.
    pub(super) fn log(&self, edition: &EditionId) -> Log {
        let mine = signoffs_of(edition);
        let mut log = self
            .editions
            .logs
            .get(&mine)
            .map(|(_, log)| log.clone())
            .unwrap_or_default();
        for (_, (_, other)) in self.editions.logs.iter().filter(|(doc, _)| **doc != mine) {
            log.merge(other);
        }
        log.among(&outlets(self));
        log
    }

    /// How far an edition is with signing.
    pub(super) fn signing(&self, edition: &EditionId) -> komuz_messages::Signing {
        let (Some(registers), Some(text)) = (self.papers.get(&DocId::Registers), self.papers.get(&body(edition)))
        else {
            return komuz_messages::Signing::default();
        };
        let log = self.log(edition);
        if log.open().is_empty() && log.published().is_none() {
            return komuz_messages::Signing::default();
        }
        let Ok(story) = self.story(edition) else {
            return komuz_messages::Signing::default();
        };
        let version = text.document.heads();
        let fronts = self.body(edition).map(Text::fronts).unwrap_or_default();
        let source = publish::Source {
            story: &story,
            fronts: &fronts,
            body: &version,
            registers: &registers.document,
            registers_at: None,
        };
        let state = log.state(|proposal| publish::rebuild(source, proposal, &log).ok());
        let signed = state.proposal.as_ref().or(state.published_release.as_ref());
        let proposed = signed.and_then(|hash| log.proposal(hash));
        let changes = match proposed {
            Some(proposal) if !state.unchanged => words(publish::changes(
                Some(proposal.release()),
                &as_it_stands(source, proposal),
            )),
            _ => Vec::new(),
        };
        let is_out = state.proposal.is_some() && state.proposal == state.published_release;
        komuz_messages::Signing {
            signed: state.signed,
            moved: state.moved,
            apart: state.apart,
            proposal: state.proposal,
            complete: state.complete && !is_out,
            published: state.published,
            published_release: state.published_release,
            changes,
        }
    }

    /// The languages of a story in which something is written.
    fn written_languages(&self, story: &str) -> Vec<String> {
        let has_words = |body: &Text| !body.headline().trim().is_empty() && body.words() > 0;
        let written = |edition: &EditionId| edition.story == story && self.body(edition).is_ok_and(has_words);
        self.listed()
            .into_iter()
            .filter(written)
            .map(|edition| edition.lang)
            .collect()
    }

    /// Hash of the first masthead, once it is signed.
    pub(super) fn fingerprint(&self) -> Option<String> {
        let mut log = Log::default();
        for (_, other) in self.editions.logs.values() {
            log.merge(other);
        }
        log.among(&outlets(self));
        log.fingerprint().map(str::to_owned)
    }
}

/// The text as it stands under a proposal's head, though it may not be publishable: to be compared in words.
fn as_it_stands(source: publish::Source<'_>, proposal: &Proposal) -> Release {
    let story = publish::with_sources(source.story, source.registers, None);
    let mut release = proposal.release().clone();
    for (outlet, front) in &mut release.outlets {
        *front = Front::of(&story, &release.story, source.fronts.get(outlet));
    }
    release.body = Body::of(&story, &release.story);
    release
}

/// The outlets as the masthead names them. Of outlets that share a server the first has its key: a masthead names each key
/// once.
pub fn outlets(room: &Room) -> Vec<Outlet> {
    let cards = room.replica.outlets();
    let mut named: BTreeSet<PublicKey> = cards.iter().flat_map(cards::release_keys).collect();
    let outlet = |card: komuz_sync::seal::charter::OutletCard| Outlet {
        keys: cards::release_keys(&card),
        freshness: cards::freshness_key(&card).filter(|key| named.insert(*key)),
        id: card.id,
        name: card.name,
        domain: card.domain,
    };
    cards.into_iter().map(outlet).collect()
}

fn signoffs_of(edition: &EditionId) -> DocId {
    DocId::SignOffs {
        story: edition.story.clone(),
        lang: edition.lang.clone(),
    }
}

fn words(changes: Vec<difference::Change>) -> Vec<Change> {
    changes
        .into_iter()
        .map(|change| Change {
            place: change.place.strip_prefix("block:").unwrap_or(&change.place).to_owned(),
            context: [change.before.trim(), change.after.trim()]
                .into_iter()
                .filter(|side| !side.is_empty())
                .collect::<Vec<_>>()
                .join(" … "),
            old: change.old,
            new: change.new,
        })
        .collect()
}

/// A hindrance with its code and what it names.
fn obstacle(hindrance: &Hindrance) -> Trouble {
    let with: &[&str] = match hindrance {
        Hindrance::Picture { alt } => &[alt],
        Hindrance::Keys { outlet } => &[outlet],
        Hindrance::Undescribed { title } => &[title],
        other => return because(other.code(), other),
    };
    named(hindrance.code(), with, hindrance)
}

fn cannot(edition: &EditionId, number: u64, obstacles: Vec<Trouble>) -> Review {
    Review {
        edition: edition.clone(),
        release: String::new(),
        json: String::new(),
        number,
        signed: Vec::new(),
        again: false,
        since_mine: Vec::new(),
        correction: Vec::new(),
        to_sign: Vec::new(),
        obstacles,
    }
}

/// The story with its sources, as files and exports carry it: as readers may have it, and the register's other sources that
/// they may learn of.
pub fn whole(room: &Room, edition: &EditionId) -> Result<Story, Trouble> {
    let story = room.story(edition)?;
    let registers = &room.papers.get(&DocId::Registers).ok_or_else(no_edition)?.document;
    let mut whole = publish::with_sources(&story, registers, None);
    let cited: Vec<String> = whole.sources.iter().map(|source| source.id.clone()).collect();
    whole.sources.extend(
        registers::public_sources(registers)
            .into_iter()
            .filter(|source| !cited.contains(&source.id)),
    );
    Ok(whole)
}
