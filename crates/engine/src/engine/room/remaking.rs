//! Documents that are made anew, because something in them does not count any more or counts after all, and what this person
//! wrote on top of what went: it is entered again.
//!
//! Until the new one has everything, the page shows the old one and types into it; the old one lies on the disk until what is
//! entered again is sealed. What its writer may not enter again is kept as plain text for them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use komuz_core::admission::{branch_actor, session_actor};
use komuz_core::again::Again;
use komuz_core::document::{DocKind, Document};
use komuz_core::notes;
use komuz_core::steps::MovedThread;
use komuz_messages::{EditionId, Trouble};
use komuz_sync::replica::{Me, Seen};
use komuz_sync::seal::bytes::{SessionId, from_hex};
use komuz_sync::seal::cbor::{CborError, Reader, Writer};
use komuz_sync::seal::doc::DocId;

use super::super::citing::notes_of;
use super::super::editions::Editions;
use super::super::hands::Hands;
use super::super::paper::{Paper, kind_of};
use super::super::people::People;
use super::super::trouble::{because, named};
use super::copies::Entered;
use super::{KEPT, Room, name};
use crate::Output;

/// Version of all these rows; the first byte of each.
pub(super) const VERSION: u8 = 1;
/// How the keys start of documents as they were; the session that wrote them and the document's name follow.
pub const WAS: &str = "was/";
/// How the keys start of words that do not count; session and document's name follow.
const ASIDE: &str = "aside/";
/// How the keys start of what was entered again; a random id and the document's name follow.
pub(super) const AGAIN: &str = "again/";
const MAX_ACTORS: usize = 1 << 20;
pub(super) const MAX_SAVED: usize = 512 << 20;
const MAX_WORDS: usize = 1 << 16;

/// Whether a row holds a document as it was, or words, by the rest of its key.
pub fn is_kept(rest: &str) -> bool {
    [WAS, ASIDE, AGAIN].iter().any(|start| rest.starts_with(start))
}

/// What goes on when a room is read anew, because its session can write no more.
#[derive(Default)]
pub struct Heir {
    pub(super) editions: Editions,
    pub(super) people: People,
    pub(super) refused: VecDeque<Trouble>,
    pub(super) siblings: BTreeSet<String>,
    pub(super) former: BTreeSet<String>,
}

impl Heir {
    /// Something that the person should know when the room is here.
    pub fn tell(&mut self, trouble: Trouble) {
        self.refused.push_back(trouble);
    }
}

/// See the module.
pub(super) struct Remaking {
    /// The new ones, until they have everything.
    pub(super) papers: BTreeMap<DocId, Paper>,
    /// Old ones that an ended session has left on the disk.
    left: Vec<Left>,
    /// Sessions that have ended and whose lock this one has: what they left is taken up here.
    ours: BTreeSet<String>,
    /// Rows that are of no use once what was entered again is sealed.
    pub(super) done_with: BTreeMap<DocId, BTreeSet<String>>,
    /// Words that do not count, by the rest of their row's key.
    aside: BTreeMap<String, Vec<String>>,
    pub(super) entered: Entered,
    /// How many actors this session has written as beside its own.
    branches: u64,
    /// This session can write no more in some document.
    ends: bool,
    /// Sessions of this room that ended so.
    former: BTreeSet<String>,
}

/// A document as it was, on the disk.
struct Left {
    /// The rest of its row's key.
    key: String,
    session: String,
    doc: DocId,
    row: Vec<u8>,
}

impl Remaking {
    pub(super) fn of(kept: BTreeMap<String, Vec<u8>>, former: BTreeSet<String>) -> Self {
        let mut remaking = Self {
            papers: BTreeMap::new(),
            left: Vec::new(),
            ours: former.clone(),
            done_with: BTreeMap::new(),
            aside: BTreeMap::new(),
            entered: Entered::default(),
            branches: 0,
            ends: false,
            former,
        };
        remaking.read(kept);
        remaking
    }

    /// Takes what is on the disk in the place of what was read before.
    fn read(&mut self, kept: BTreeMap<String, Vec<u8>>) {
        self.left.clear();
        for (key, row) in kept {
            if let Some((session, doc)) = key.strip_prefix(WAS).and_then(|rest| rest.split_once('/')) {
                if let Some(doc) = named_so(doc)
                    && !self.done_with.get(&doc).is_some_and(|keys| keys.contains(&key))
                {
                    self.left.push(Left {
                        session: session.to_owned(),
                        doc,
                        row,
                        key,
                    });
                }
            } else if key.starts_with(AGAIN) {
                self.entered.found(key, &row);
            } else if let Ok(words) = read_words(&row) {
                self.aside.insert(key, words);
            }
        }
    }

    pub(super) fn has(&self, doc: &DocId) -> bool {
        self.papers.contains_key(doc)
    }

    pub(super) fn papers(&self) -> impl Iterator<Item = (&DocId, &Paper)> {
        self.papers.iter()
    }

    pub(super) fn paper(&mut self, doc: &DocId) -> Option<&mut Paper> {
        self.papers.get_mut(doc)
    }

    pub(super) fn begin(&mut self, doc: &DocId, paper: Paper) {
        self.papers.insert(doc.clone(), paper);
    }

    /// A session has ended: what it left is taken up. Whether something was read of it.
    pub(super) fn is_dead(&mut self, session: &str) -> bool {
        let left = self.left.iter().any(|left| left.session == session);
        if left {
            self.ours.insert(session.to_owned());
        }
        left
    }
}

impl Room {
    /// Asks which sessions have ended of those that left documents behind.
    pub(super) fn ask_for_kept(&self, hands: &mut Hands) {
        let sessions: BTreeSet<&String> = self.remaking.left.iter().map(|left| &left.session).collect();
        for session in sessions.difference(&self.remaking.ours.iter().collect()) {
            let name = (*session).clone();
            hands.push(Output::Lock { name });
        }
    }

    /// What sessions have left behind was read anew, since one has ended.
    pub fn found_kept(&mut self, kept: BTreeMap<String, Vec<u8>>, hands: &mut Hands) {
        self.remaking.read(kept);
        let session = self.session();
        self.remaking.left.retain(|left| left.session != session);
        self.ask_for_kept(hands);
    }

    /// The paper of a document that takes in what comes.
    pub(super) fn arriving(&mut self, doc: &DocId) -> Option<&mut Paper> {
        let fresh = self.remaking.papers.get_mut(doc);
        fresh.or_else(|| self.papers.get_mut(doc))
    }

    /// An actor that this session has not written as.
    pub(super) fn another_actor(&mut self, me: &Me) -> Vec<u8> {
        self.remaking.branches += 1;
        branch_actor(&session_actor(&me.device.0, &me.session.0), self.remaking.branches)
    }

    /// Who has written of those whose words this session enters again: of the tabs of a device each its own, and the first of
    /// them those of sessions that have ended. Of a person's devices each enters its own
    /// ([`komuz_sync::Replica::written_elsewhere`]).
    fn mine(&mut self, paper: &Paper, me: &Me) -> BTreeSet<[u8; 16]> {
        let elsewhere = self.replica.written_elsewhere().into_iter();
        let elsewhere: BTreeSet<[u8; 16]> = elsewhere
            .map(|(device, session)| session_actor(&device.0, &session.0))
            .collect();
        let actor_of = |session: &String| {
            let session = from_hex(session).and_then(|bytes| SessionId::from_slice(&bytes))?;
            Some(session_actor(&me.device.0, &session.0))
        };
        let own = session_actor(&me.device.0, &me.session.0);
        let alive: BTreeSet<[u8; 16]> = self.siblings.iter().filter_map(actor_of).collect();
        let is_first = self.siblings.iter().all(|sibling| *sibling > self.session());
        let written = paper.actors_of(&me.member.id);
        let is_mine = |actor: &[u8; 16]| is_first && !alive.contains(actor) && !elsewhere.contains(actor);
        let mut mine: BTreeSet<[u8; 16]> = written.filter(is_mine).collect();
        mine.insert(own);
        mine
    }

    /// Makes a document anew. With `own` this session can write there no more.
    pub(super) fn rebuild(&mut self, doc: &DocId, own: bool, hands: &mut Hands) {
        let (Some(kind), Some(me)) = (kind_of(doc), self.replica.me().cloned()) else {
            return;
        };
        let saved = name(doc);
        hands.disk.put("save", format!("{}/{saved}", self.id), None);
        self.saved.remove(&saved);
        if let Some(mut paper) = self.papers.remove(doc) {
            let mine = match paper.retired.take() {
                Some(mine) => mine,
                None => self.mine(&paper, &me),
            };
            paper.retire(mine);
            self.papers.insert(doc.clone(), paper);
            self.keep(doc, hands);
        }
        self.remaking.papers.remove(doc);
        if own {
            self.remaking.ends = true;
            return;
        }
        let actor = self.another_actor(&me);
        let mut paper = match Paper::new(kind, &actor) {
            Ok(paper) => paper,
            Err(why) => return self.tell(because("arrival", why)),
        };
        paper.writes(&me.device.0, &me.session, me.member.id);
        self.remaking.begin(doc, paper);
        let outputs = self.replica.watch(doc, &Seen::new(), hands.now, hands.entropy());
        self.drive(outputs, hands);
    }

    /// Keeps a document as it is on the disk: one that is made anew, or one with words that cannot be sealed. What was entered
    /// into it from other rows is in this one.
    fn keep(&mut self, doc: &DocId, hands: &mut Hands) {
        let (Some(me), Some(paper)) = (self.replica.me(), self.papers.get(doc)) else {
            return;
        };
        let own = BTreeSet::from([session_actor(&me.device.0, &me.session.0)]);
        let mine = paper.retired.as_ref().unwrap_or(&own);
        let row = Writer::versioned(VERSION)
            .array(2)
            .list(mine.iter(), |w, actor| w.bytes(actor))
            .bytes(&paper.document.save())
            .finish();
        self.forget_rows(doc, hands);
        self.keep_copies(doc, hands);
        let key = format!("{WAS}{}/{}", self.session(), name(doc));
        self.own = hands.disk.put(KEPT, format!("{}/{key}", self.id), Some(row));
        self.remaking.done_with.entry(doc.clone()).or_default().insert(key);
    }

    /// Keeps on the disk what could not be sealed, where it is not there yet: it is sealed later, or entered again by the session
    /// that comes after this one.
    pub(super) fn keep_unsealed(&mut self, doc: &DocId, hands: &mut Hands) {
        let paper = self.papers.get_mut(doc);
        let is_new = |paper: &&mut Paper| !paper.kept && paper.retired.is_none() && !paper.is_sealed();
        if let Some(paper) = paper.filter(is_new) {
            paper.kept = true;
            self.keep(doc, hands);
        }
    }

    /// Writes anew what is kept of documents whose words are in no log.
    pub fn keep_all(&mut self, hands: &mut Hands) {
        let is_beside = |paper: &Paper| paper.kept || paper.retired.is_some();
        let papers = self.papers.iter().filter(|(_, paper)| is_beside(paper));
        let docs: Vec<DocId> = papers.map(|(doc, _)| doc.clone()).collect();
        for doc in docs {
            self.keep(&doc, hands);
        }
    }

    /// A document as it was in this room's session before, to be shown until the new one has everything.
    pub(super) fn shown_meanwhile(&mut self, doc: &DocId, kind: DocKind, me: &Me) -> Option<Paper> {
        let former = &self.remaking.former;
        let at = self
            .remaking
            .left
            .iter()
            .position(|left| left.doc == *doc && former.contains(&left.session))?;
        let (document, mine) = read_was(kind, &self.remaking.left[at].row, me).ok()?;
        let mut paper = Paper::retired(document, mine).ok()?;
        paper.writes(&me.device.0, &me.session, me.member.id);
        let left = self.remaking.left.remove(at);
        self.remaking.done_with.entry(doc.clone()).or_default().insert(left.key);
        Some(paper)
    }

    /// Puts the new ones that have everything in the place of the old ones, and enters again what is one's own.
    pub(super) fn remade(&mut self, hands: &mut Hands) {
        let is_whole = |(doc, paper): (&DocId, &Paper)| (!paper.waits()).then(|| doc.clone());
        let whole: Vec<DocId> = self.remaking.papers.iter().filter_map(is_whole).collect();
        for doc in whole {
            let Some(fresh) = self.remaking.papers.remove(&doc) else {
                continue;
            };
            let was = self.papers.insert(doc.clone(), fresh);
            self.changed.insert(doc.clone());
            if let Some(edition) = edition_of(&doc)
                && let Some(link) = self.editions.open.get_mut(&edition)
            {
                link.made_anew();
            }
            if let Some(was) = was {
                self.enter_again(&doc, &was.document, &was.retired.unwrap_or_default(), hands);
            }
            if doc == DocId::Registers {
                self.gather(hands);
            }
        }
        while self.take_up(hands) {}
    }

    /// Enters again a document that an ended session has left; false when none is left.
    fn take_up(&mut self, hands: &mut Hands) -> bool {
        let Some(me) = self.replica.me().cloned() else {
            return false;
        };
        let is_here = |left: &Left| {
            let paper = self.papers.get(&left.doc);
            self.remaking.ours.contains(&left.session)
                && !self.remaking.has(&left.doc)
                && paper.is_some_and(|paper| !paper.waits())
        };
        let Some(at) = self.remaking.left.iter().position(is_here) else {
            return false;
        };
        let left = self.remaking.left.remove(at);
        let Some(kind) = kind_of(&left.doc) else { return true };
        match read_was(kind, &left.row, &me) {
            Ok((document, mut mine)) => {
                let done_with = self.remaking.done_with.entry(left.doc.clone()).or_default();
                done_with.insert(left.key);
                // What this session has written is there.
                mine.remove(&session_actor(&me.device.0, &me.session.0));
                self.enter_again(&left.doc, &document, &mine, hands);
                if left.doc == DocId::Registers {
                    self.gather(hands);
                }
            }
            Err(why) => self.tell(because("own-again", why)),
        }
        true
    }

    /// Enters into a document what was written in it as it was by `mine` and is not there now; what may not be entered is kept
    /// as plain text.
    fn enter_again(&mut self, doc: &DocId, was: &Document, mine: &BTreeSet<[u8; 16]>, hands: &mut Hands) {
        if let Some(edition) = edition_of(doc) {
            self.read_threads(&edition);
        }
        let may = self.replica.may_write().is_ok() && self.replica.me().is_some_and(|me| me.member.role.may_write(doc));
        let Some(paper) = self.papers.get_mut(doc) else { return };
        let gone = paper.lacks(was);
        let again = Again::of(was, &gone, |actor| {
            actor.try_into().is_ok_and(|actor: [u8; 16]| mine.contains(&actor))
        });
        let entered = match again {
            Ok(None) => Ok(None),
            Ok(Some(again)) if may => match again.enter(&mut paper.document, paper.body.as_mut()) {
                Ok(entered) => {
                    self.remaking.entered.add(doc, entered.copies);
                    Ok(Some(entered.moved))
                }
                Err(why) => Err((why, again.words())),
            },
            Ok(Some(again)) => {
                self.lay_aside(doc, again.words().unwrap_or_default(), hands);
                Ok(None)
            }
            Err(why) => Err((why, Ok(Vec::new()))),
        };
        match entered {
            Ok(Some(moved)) => self.entered(doc, moved, hands),
            Ok(None) => self.forget_was(doc, hands),
            Err((why, words)) => {
                self.tell(because("own-again", why));
                self.lay_aside(doc, words.unwrap_or_default(), hands);
                self.forget_was(doc, hands);
            }
        }
    }

    /// What was entered again, or taken out, is to be sealed.
    pub(super) fn entered(&mut self, doc: &DocId, moved: Vec<MovedThread>, hands: &mut Hands) {
        self.edited(doc, hands);
        self.seal_at = Some(hands.now);
        let Some(edition) = edition_of(doc) else { return };
        for thread in moved {
            // A thread that is gone meanwhile needs no place.
            let _ = self.edit(&notes_of(&edition), hands, |paper| {
                notes::move_thread(&mut paper.document, &thread.id, &thread.start, &thread.end)
            });
        }
    }

    /// What was entered again is sealed: it is written with the rows that are on their way.
    pub(super) fn entered_again(&mut self, doc: &DocId, hands: &mut Hands) {
        if self.papers.get(doc).is_some_and(|paper| paper.retired.is_none()) {
            self.keep_copies(doc, hands);
            self.forget_was(doc, hands);
        }
    }

    pub(super) fn forget_was(&mut self, doc: &DocId, hands: &mut Hands) {
        self.forget_rows(doc, hands);
        if let Some(paper) = self.papers.get_mut(doc).filter(|paper| paper.kept) {
            // Something else in it is not sealed yet: that stays on the disk.
            paper.kept = false;
            self.keep_unsealed(doc, hands);
        }
    }

    fn forget_rows(&mut self, doc: &DocId, hands: &mut Hands) {
        for key in self.remaking.done_with.remove(doc).unwrap_or_default() {
            hands.disk.put(KEPT, format!("{}/{key}", self.id), None);
        }
    }

    /// Keeps words of this person's that do not count and that they may not enter again.
    fn lay_aside(&mut self, doc: &DocId, words: Vec<String>, hands: &mut Hands) {
        if words.is_empty() {
            return;
        }
        let key = format!("{ASIDE}{}/{}", self.session(), name(doc));
        let aside = self.remaking.aside.entry(key.clone()).or_default();
        aside.extend(words);
        aside.truncate(MAX_WORDS);
        let row = Writer::versioned(VERSION)
            .list(aside.iter(), |w, text| w.text(text))
            .finish();
        hands.disk.put(KEPT, format!("{}/{key}", self.id), Some(row));
        self.tell(named(
            "own-aside",
            &[],
            "Something that you wrote does not count, and you may not write it again: your words are kept on this device.",
        ));
    }

    /// Words of this person's that do not count, with their key and the edition that they were written in.
    pub fn own_aside(&self) -> impl Iterator<Item = (&str, Option<EditionId>, &[String])> {
        self.remaking.aside.iter().map(|(key, words)| {
            let doc = key.splitn(3, '/').nth(2).and_then(named_so);
            (key.as_str(), doc.as_ref().and_then(edition_of), words.as_slice())
        })
    }

    /// Deletes words that were kept.
    pub fn drop_aside(&mut self, key: &str, hands: &mut Hands) {
        if self.remaking.aside.remove(key).is_some() {
            hands.disk.put(KEPT, format!("{}/{key}", self.id), None);
            self.changed_around = true;
        }
    }

    /// Whether this session is to end now: it can write no more somewhere, and all that it has written elsewhere is on the disk.
    pub fn ends(&mut self, hands: &mut Hands) -> bool {
        if !self.remaking.ends {
            return false;
        }
        self.seal(hands);
        self.batches.is_empty() && self.journal.is_idle() && hands.disk.is_durable(hands.disk.mark())
    }

    /// What goes on in a new session; what was typed until now goes to the disk.
    pub fn heir(mut self, hands: &mut Hands) -> Heir {
        self.keep_all(hands);
        let session = self.session();
        let mut former = self.remaking.former;
        former.insert(session);
        Heir {
            editions: self.editions,
            people: self.people,
            refused: self.refused,
            siblings: self.siblings,
            former,
        }
    }
}

/// The edition of which a document is the body.
pub(super) fn edition_of(doc: &DocId) -> Option<EditionId> {
    match doc {
        DocId::Body { story, lang } => Some(EditionId {
            story: story.clone(),
            lang: lang.clone(),
        }),
        _ => None,
    }
}

/// The document of a [name].
pub(super) fn named_so(text: &str) -> Option<DocId> {
    let parts: Vec<&str> = text.split('/').collect();
    let of = |story: &str, lang: &str| (story.to_owned(), lang.to_owned());
    Some(match parts[..] {
        ["registers"] => DocId::Registers,
        ["files"] => DocId::Files,
        [kind, story, lang] => {
            let (story, lang) = of(story, lang);
            match kind {
                "body" => DocId::Body { story, lang },
                "notes" => DocId::Notes { story, lang },
                "signoffs" => DocId::SignOffs { story, lang },
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// A document as it was, and who wrote there of those whose words are to be entered again.
fn read_was(kind: DocKind, row: &[u8], me: &Me) -> Result<(Document, BTreeSet<[u8; 16]>), String> {
    let open = || -> Result<(Vec<[u8; 16]>, &[u8]), CborError> {
        let (version, mut r) = Reader::versioned(row, MAX_SAVED)?;
        if version != VERSION {
            return Err(CborError::NotAllowed(0));
        }
        r.array(2)?;
        let mine = r.list(MAX_ACTORS, |r| r.fixed())?;
        let bytes = r.bytes(MAX_SAVED)?;
        r.end()?;
        Ok((mine, bytes))
    };
    let (mine, bytes) = open().map_err(|error| error.to_string())?;
    let actor = session_actor(&me.device.0, &me.session.0);
    let document = Document::load(kind, bytes, &actor).map_err(|error| error.to_string())?;
    Ok((document, mine.into_iter().chain([actor]).collect()))
}

fn read_words(row: &[u8]) -> Result<Vec<String>, CborError> {
    let (version, mut r) = Reader::versioned(row, MAX_SAVED)?;
    if version != VERSION {
        return Err(CborError::NotAllowed(0));
    }
    let words = r.list(MAX_WORDS, |r| r.text(MAX_SAVED).map(str::to_owned))?;
    r.end()?;
    Ok(words)
}
