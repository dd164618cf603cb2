//! A document: an Automerge document of a known kind that starts from a fixed change.
//!
//! Every kind of document of an investigation is one of these: it knows how to be made, loaded and saved, hands out
//! one's own new changes for sealing, and takes others' changes after admission. What lies inside is the business of the
//! modules beside this one.

mod genesis;

use std::collections::VecDeque;

use automerge::transaction::{Transactable, Transaction};
use automerge::{
    ActorId, Automerge, AutomergeError, Change, ChangeHash, LoadOptions, Patch, PatchLog, ReadDoc, TextEncoding,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::admission::{MAX_OPS, Refusal};

/// Version of the shapes inside documents; the member `komuz` at every document's root.
pub const FORMAT_VERSION: u64 = 1;

/// What a document holds. A right is a right to a log, and each document has its own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocKind {
    /// Headline, summary, byline, text and citations of one language edition.
    Body,
    /// Sources, evidence, stories and policy of an investigation.
    Registers,
    /// Threads and suggestions of one edition.
    Notes,
    /// Proposed releases and their signatures of one edition.
    Signoffs,
    /// Pictures and other files of an investigation.
    Files,
}

impl DocKind {
    /// All kinds.
    pub const ALL: [DocKind; 5] = [
        DocKind::Body,
        DocKind::Registers,
        DocKind::Notes,
        DocKind::Signoffs,
        DocKind::Files,
    ];

    /// The kind's name as it is written in documents and log labels.
    pub fn name(self) -> &'static str {
        match self {
            DocKind::Body => "body",
            DocKind::Registers => "registers",
            DocKind::Notes => "notes",
            DocKind::Signoffs => "signoffs",
            DocKind::Files => "files",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<DocKind> {
        DocKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Why a document was not loaded or a change not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The bytes are not a saved document.
    #[error("the saved {kind} document cannot be read ({reason}); restore it from a backup or fetch it again", kind = .kind.name())]
    Unreadable {
        /// What was to be loaded.
        kind: DocKind,
        /// What Automerge said.
        reason: AutomergeError,
    },
    /// The bytes are a document, but not one that started from this kind's genesis.
    #[error("this is not a {kind} document of Komuz: it does not start from that kind's first change", kind = .kind.name())]
    OtherGenesis {
        /// What was to be loaded.
        kind: DocKind,
    },
    /// Automerge refused changes that admission had let through.
    #[error("changes could not be merged into the {kind} document: {reason}", kind = .kind.name())]
    Apply {
        /// The document's kind.
        kind: DocKind,
        /// What Automerge said.
        reason: AutomergeError,
    },
}

/// Why a change of one's own was not made. The document is as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Automerge said no: the document lacks what its genesis made, or an operation was wrong.
    #[error(transparent)]
    Automerge(#[from] AutomergeError),
    /// Others would refuse it, and everything that builds on it.
    #[error("this is more than can be sent in one piece ({0}): bring it in parts")]
    TooMuch(#[from] Refusal),
}

/// An Automerge document of one kind, with the actor that writes to it.
///
/// Positions in its texts are UTF-16 code units. All changes of one's own go through one function of this crate, so that
/// [`Document::take_changes`] knows them.
#[derive(Debug, Clone)]
pub struct Document {
    kind: DocKind,
    doc: Automerge,
    /// Own changes that have not been taken, in causal order.
    fresh: Vec<Vec<u8>>,
    /// What the last calls of [`Document::apply`] changed, oldest first.
    news: VecDeque<News>,
    /// Whether the actor has made a change here.
    seasoned: bool,
}

/// What applying others' changes has changed.
#[derive(Debug, Clone)]
pub(crate) struct News {
    from: Vec<ChangeHash>,
    to: Vec<ChangeHash>,
    patches: Vec<Patch>,
}

/// How many calls of [`Document::apply`] are remembered: a reader that comes more seldom reads everything.
const MAX_NEWS: usize = 8;

/// The most changes in one call whose effect is remembered: reading everything is quicker then.
const MAX_NEWS_CHANGES: usize = 64;

impl Document {
    /// A new document: the genesis of its kind and nothing else. `actor` names the session that writes (at least 16
    /// bytes, random, never used twice).
    pub fn new(kind: DocKind, actor: &[u8]) -> Self {
        let mut doc = Automerge::new_with_encoding(TextEncoding::Utf16CodeUnit).with_actor(ActorId::from(actor));
        // Our own genesis has no dependencies and applies to an empty document; `a_genesis_never_changes` guards it.
        let _ = doc.apply_changes([genesis::genesis(kind)]);
        Self {
            kind,
            doc,
            fresh: Vec::new(),
            news: VecDeque::new(),
            seasoned: false,
        }
    }

    /// Loads what [`Document::save`] wrote.
    pub fn load(kind: DocKind, bytes: &[u8], actor: &[u8]) -> Result<Self, DocumentError> {
        let options = LoadOptions::new().text_encoding(TextEncoding::Utf16CodeUnit);
        let doc = Automerge::load_with_options(bytes, options)
            .map_err(|reason| DocumentError::Unreadable { kind, reason })?
            .with_actor(ActorId::from(actor));
        let loaded = Self {
            kind,
            doc,
            fresh: Vec::new(),
            news: VecDeque::new(),
            seasoned: false,
        };
        if loaded.has(&Self::genesis(kind).hash()) {
            Ok(loaded)
        } else {
            Err(DocumentError::OtherGenesis { kind })
        }
    }

    /// The change that every document of this kind starts from, the same bytes on every replica.
    pub fn genesis(kind: DocKind) -> Change {
        genesis::genesis(kind)
    }

    /// What it holds.
    pub fn kind(&self) -> DocKind {
        self.kind
    }

    /// The actor that writes to it here.
    pub fn actor(&self) -> &[u8] {
        self.doc.get_actor().to_bytes()
    }

    /// The whole document in Automerge's compact form.
    pub fn save(&self) -> Vec<u8> {
        self.doc.save()
    }

    /// Hashes of the changes that nothing here depends on yet, sorted: the document's version.
    pub fn heads(&self) -> Vec<ChangeHash> {
        self.doc.get_heads()
    }

    /// Changes that are not in another document of the same kind, those first that others build on.
    pub fn changes_beyond(&self, other: &Self) -> Vec<automerge::Change> {
        let all = self.automerge().get_changes(&[]).into_iter();
        all.filter(|change| !other.has(&change.hash())).collect()
    }

    /// Whether a change is in the document.
    pub fn has(&self, hash: &ChangeHash) -> bool {
        self.doc.get_change_meta_by_hash(hash).is_some()
    }

    /// The hashes of all changes, what a change builds on before it.
    pub fn changes(&self) -> Vec<ChangeHash> {
        let changes = self.automerge().get_changes(&[]);
        changes.iter().map(automerge::Change::hash).collect()
    }

    /// Raw bytes (uncompressed change chunks) of one's own changes made since the last call, in causal order.
    pub fn take_changes(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.fresh)
    }

    /// Merges changes of others that admission has let through, all in one call (one change costs as much as a hundred).
    /// Changes that are here already are skipped.
    pub fn apply(&mut self, changes: Vec<Change>) -> Result<(), DocumentError> {
        let reason = |reason| DocumentError::Apply {
            kind: self.kind,
            reason,
        };
        // Only texts are long enough for it to pay.
        if self.kind != DocKind::Body || changes.len() > MAX_NEWS_CHANGES {
            self.news.clear();
            return self.doc.apply_changes(changes).map_err(reason);
        }
        let from = self.doc.get_heads();
        let mut log = PatchLog::active();
        let applied = self.doc.apply_changes_log_patches(changes, &mut log);
        let patches = self.doc.make_patches(&mut log);
        let to = self.doc.get_heads();
        self.news.push_back(News { from, to, patches });
        if self.news.len() > MAX_NEWS {
            self.news.pop_front();
        }
        applied.map_err(reason)
    }

    /// What has changed since a version; none when that is not known any more, or changes of one's own came in between.
    pub(crate) fn news_since(&self, heads: &[ChangeHash]) -> Option<Vec<&Patch>> {
        let first = self.news.iter().position(|news| news.from == heads)?;
        let news = self.news.range(first..);
        let linked = news
            .clone()
            .zip(news.clone().skip(1))
            .all(|(one, next)| one.to == next.from);
        (linked && self.news.back()?.to == self.doc.get_heads()).then(|| news.flat_map(|news| &news.patches).collect())
    }

    /// The counter that the first operation of the next change of one's own gets: one more than the highest here.
    pub(crate) fn next_counter(&self) -> u64 {
        let highest = |hash: &ChangeHash| self.doc.get_change_meta_by_hash(hash).map(|meta| meta.max_op);
        self.heads().iter().filter_map(highest).max().unwrap_or(0) + 1
    }

    /// The Automerge document, to read.
    pub(crate) fn automerge(&self) -> &Automerge {
        &self.doc
    }

    /// Makes one change of one's own on the document as it stands. An error, and a change that others would refuse, leave
    /// nothing; a change without operations leaves no trace.
    pub(crate) fn transact<T>(
        &mut self,
        write: impl FnOnce(&mut Transaction<'_>) -> Result<T, AutomergeError>,
    ) -> Result<T, WriteError> {
        if self.seasoned {
            let before = self.heads();
            let (value, hash) = attempt(&mut self.doc, write)?;
            if let Err(refusal) = self.keep(hash) {
                // Rare, so that it may take as long as loading.
                self.doc = self.doc.fork_at(&before)?.with_actor(self.doc.get_actor().clone());
                return Err(refusal.into());
            }
            return Ok(value);
        }
        // When the first change of an actor comes to nothing, Automerge 0.12 takes the actor out again and forgets to do so
        // in its index of marks: marks are then wrong, or the program stops. So the first one is made on a copy.
        let mut copy = self.doc.clone();
        let (value, hash) = attempt(&mut copy, write)?;
        if hash.is_some() {
            std::mem::swap(&mut self.doc, &mut copy);
            if let Err(refusal) = self.keep(hash) {
                self.doc = copy;
                return Err(refusal.into());
            }
            self.seasoned = true;
        }
        Ok(value)
    }

    /// Keeps a change that was just made for [`Document::take_changes`], if others will take it.
    fn keep(&mut self, hash: Option<ChangeHash>) -> Result<(), Refusal> {
        if let Some(change) = hash.and_then(|hash| self.doc.get_change_by_hash(&hash)) {
            crate::admission::check_size(change.raw_bytes())?;
            self.fresh.push(change.raw_bytes().to_vec());
        }
        Ok(())
    }
}

/// Makes a change, or rolls it back; with the hash of what was made, if anything was.
fn attempt<T>(
    doc: &mut Automerge,
    write: impl FnOnce(&mut Transaction<'_>) -> Result<T, AutomergeError>,
) -> Result<(T, Option<ChangeHash>), WriteError> {
    let mut tx = doc.transaction();
    let written = write(&mut tx).map_err(WriteError::from).and_then(|value| {
        if tx.pending_ops() > MAX_OPS {
            return Err(Refusal::TooManyOps { limit: MAX_OPS }.into());
        }
        Ok(value)
    });
    match written {
        Ok(value) => {
            let (hash, _) = tx.commit();
            Ok((value, hash))
        }
        Err(error) => {
            tx.rollback();
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automerge::{ObjType, ROOT};

    fn actor(n: u8) -> [u8; 16] {
        [n; 16]
    }

    fn text(doc: &Document, name: &str) -> String {
        let (_, id) = doc.automerge().get(ROOT, name).unwrap().unwrap();
        doc.automerge().text(&id).unwrap()
    }

    fn write(doc: &mut Document, name: &str, at: usize, words: &str) {
        let (_, id) = doc.automerge().get(ROOT, name).unwrap().unwrap();
        doc.transact(|tx| tx.splice_text(&id, at, 0, words)).unwrap();
    }

    #[test]
    fn new_documents_of_a_kind_are_equal() {
        for kind in DocKind::ALL {
            assert_eq!(
                Document::new(kind, &actor(1)).save(),
                Document::new(kind, &actor(2)).save()
            );
        }
    }

    #[test]
    fn what_is_saved_loads_with_utf16_positions() {
        let mut doc = Document::new(DocKind::Body, &actor(1));
        write(&mut doc, "headline", 0, "а😀б");
        let mut back = Document::load(DocKind::Body, &doc.save(), &actor(2)).unwrap();
        write(&mut back, "headline", 3, "!");
        assert_eq!(text(&back, "headline"), "а😀!б");
    }

    #[test]
    fn another_kind_is_refused() {
        let saved = Document::new(DocKind::Notes, &actor(1)).save();
        assert!(matches!(
            Document::load(DocKind::Body, &saved, &actor(1)),
            Err(DocumentError::OtherGenesis { kind: DocKind::Body })
        ));
    }

    #[test]
    fn a_document_of_somebody_elses_program_is_refused() {
        let mut doc = Automerge::new();
        let mut tx = doc.transaction();
        tx.put_object(ROOT, "headline", ObjType::Text).unwrap();
        tx.commit();
        assert!(matches!(
            Document::load(DocKind::Body, &doc.save(), &actor(1)),
            Err(DocumentError::OtherGenesis { .. })
        ));
    }

    #[test]
    fn bytes_that_are_no_document_are_refused() {
        assert!(matches!(
            Document::load(DocKind::Body, b"not a document", &actor(1)),
            Err(DocumentError::Unreadable { .. })
        ));
    }

    #[test]
    fn changes_are_taken_once_and_lead_another_replica_to_the_same_document() {
        let mut doc = Document::new(DocKind::Body, &actor(1));
        write(&mut doc, "headline", 0, "two");
        write(&mut doc, "headline", 0, "one ");
        let changes = doc.take_changes();
        assert_eq!(changes.len(), 2);
        assert!(doc.take_changes().is_empty());
        let mut other = Document::new(DocKind::Body, &actor(2));
        other
            .apply(
                changes
                    .into_iter()
                    .map(|bytes| Change::from_bytes(bytes).unwrap())
                    .collect(),
            )
            .unwrap();
        assert_eq!(text(&other, "headline"), "one two");
        assert_eq!(other.heads(), doc.heads());
    }

    #[test]
    fn a_failed_change_leaves_nothing() {
        let mut doc = Document::new(DocKind::Body, &actor(1));
        let (_, headline) = doc.automerge().get(ROOT, "headline").unwrap().unwrap();
        let before = doc.heads();
        let result: Result<(), _> = doc.transact(|tx| {
            tx.splice_text(&headline, 0, 0, "half")?;
            Err(AutomergeError::NotAnObject)
        });
        assert!(matches!(
            result,
            Err(WriteError::Automerge(AutomergeError::NotAnObject))
        ));
        assert_eq!(doc.heads(), before);
        assert_eq!(text(&doc, "headline"), "");
        assert!(doc.take_changes().is_empty());
    }

    #[test]
    fn a_change_that_others_would_refuse_is_not_made() {
        let mut doc = Document::new(DocKind::Body, &actor(1));
        let (_, headline) = doc.automerge().get(ROOT, "headline").unwrap().unwrap();
        let long = "x".repeat(MAX_OPS + 1);
        let key = "k".repeat(1025);
        let value = "v".repeat(crate::admission::MAX_VALUE + 1);
        // As the actor's first change, and as a later one.
        for nth in 0..2 {
            let before = (doc.heads(), doc.save());
            for (what, refused) in [
                (
                    "too many characters",
                    doc.transact(|tx| tx.splice_text(&headline, 0, 0, &long)),
                ),
                (
                    "a key that is too long",
                    doc.transact(|tx| tx.put(ROOT, key.as_str(), 1)),
                ),
                (
                    "a value that is too long",
                    doc.transact(|tx| tx.put(ROOT, "k", value.as_str())),
                ),
            ] {
                assert!(matches!(refused, Err(WriteError::TooMuch(_))), "{what}: {refused:?}");
                assert_eq!((doc.heads(), doc.save()), before, "{what}");
            }
            assert!(doc.take_changes().is_empty());
            write(&mut doc, "headline", 0, "a");
            assert_eq!(text(&doc, "headline"), "a".repeat(nth + 1));
            assert_eq!(doc.take_changes().len(), 1);
        }
    }

    #[test]
    fn a_first_change_that_comes_to_nothing_leaves_marks_as_they_are() {
        use automerge::marks::{ExpandMark, Mark};
        let mut doc = Document::new(DocKind::Body, &actor(9));
        write(&mut doc, "headline", 0, "one two");
        let (_, headline) = doc.automerge().get(ROOT, "headline").unwrap().unwrap();
        let mark = Mark::new("strong".to_owned(), true, 0, 3);
        doc.transact(|tx| tx.mark(&headline, mark, ExpandMark::After)).unwrap();
        // An actor that sorts before the other, so that the other is counted anew.
        let mut back = Document::load(DocKind::Body, &doc.save(), &actor(1)).unwrap();
        let marks = back.automerge().marks(&headline).unwrap();
        assert_eq!(marks.len(), 1);
        back.transact(|_| Ok(())).unwrap();
        assert!(back.transact(|_| Err::<(), _>(AutomergeError::NotAnObject)).is_err());
        assert_eq!(back.automerge().marks(&headline).unwrap(), marks);
        write(&mut back, "headline", 2, "n");
        assert_eq!(back.automerge().marks(&headline).unwrap().len(), 1);
    }

    #[test]
    fn after_a_load_only_new_changes_are_handed_out() {
        let mut doc = Document::new(DocKind::Body, &actor(1));
        write(&mut doc, "headline", 0, "old");
        let mut back = Document::load(DocKind::Body, &doc.save(), &actor(2)).unwrap();
        assert!(back.take_changes().is_empty());
        write(&mut back, "headline", 3, " new");
        assert_eq!(back.take_changes().len(), 1);
    }
}
