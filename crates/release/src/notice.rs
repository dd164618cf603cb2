//! What became of a story after it was published: corrections, clarifications, updates, a retraction.
//!
//! A release carries the notices of those before it, so that a reader of the fourth sees what the second and the third
//! changed without fetching them. Nobody types a notice's changes: they are the [`difference`] of two releases, and whoever has
//! both can check that ([`continues`]).
//!
//! What was published stays published in the old release, but a correction must not print a source's name once more that may not be
//! known any more. A release that [withholds](Release::withholds) something says where words went and not which, anywhere: a name
//! stands in the text and in its cases too, and no rule finds all of them. The notices before it say that something changed and not what.

use serde::Serialize;

use crate::difference::{Change, difference};
use crate::release::{Release, ReleaseError};
use crate::time;

/// Why a release takes the place of another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something was wrong.
    #[default]
    Correction,
    /// It was right, and could be misunderstood.
    Clarification,
    /// Something new happened.
    Update,
    /// The story is withdrawn. That is final: what follows a retraction is one too.
    Retraction,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::Correction, Kind::Clarification, Kind::Update, Kind::Retraction];

    /// The name in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Correction => "correction",
            Self::Clarification => "clarification",
            Self::Update => "update",
            Self::Retraction => "retraction",
        }
    }

    /// The kind of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What one release changed in its story, for readers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The release's number.
    pub number: u64,
    /// When it was proposed for publication, RFC 3339 in UTC to the second.
    pub published: String,
    /// What kind of change.
    pub kind: Kind,
    /// Why, in the words of the outlets.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Whether the changes were left out here to save room: they are in that release.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shortened: bool,
}

/// The most notices of releases before that a release carries. The oldest are left out; they stay in the old releases.
pub const MAX_EARLIER: usize = 50;

/// The most text, in bytes of UTF-8, of the notices of releases before. Beyond it the oldest are shortened to date, kind and
/// reason, and then left out.
pub const MAX_EARLIER_TEXT: usize = 256 << 10;

impl Notice {
    fn bytes(&self) -> usize {
        let change = |c: &Change| c.place.len() + c.before.len() + c.old.len() + c.new.len() + c.after.len();
        self.reason.len() + self.changes.iter().map(change).sum::<usize>()
    }
}

impl Release {
    /// All notices so far, oldest first, this release's own last; none for a first release.
    pub fn notices(&self) -> Vec<Notice> {
        let own = self.supersedes.as_ref().map(|before| Notice {
            number: self.number,
            published: self.published.clone(),
            kind: before.kind,
            reason: self.reason.clone(),
            changes: self.changes.clone(),
            shortened: false,
        });
        self.earlier.iter().cloned().chain(own).collect()
    }

    /// Whether the story is withdrawn.
    pub fn is_retracted(&self) -> bool {
        self.supersedes
            .as_ref()
            .is_some_and(|before| before.kind == Kind::Retraction)
    }
}

/// What a release states as its changes: the difference from the one before, and where it withholds something, without the words
/// that went.
pub fn changes(before: &Release, release: &Release) -> Vec<Change> {
    let mut changes = difference(before, release);
    if release.withholds {
        changes = changes.into_iter().map(Change::without_old).collect();
    }
    changes
}

/// The notices that the release after this one carries: its list and its own, within the limits; without what they changed, where
/// that release withholds something.
pub fn earlier(before: &Release, withholds: bool) -> Vec<Notice> {
    let mut notices = before.notices();
    notices.drain(..notices.len().saturating_sub(MAX_EARLIER));
    let mut bytes: usize = notices.iter().map(Notice::bytes).sum();
    for notice in &mut notices {
        if (withholds || bytes > MAX_EARLIER_TEXT) && !notice.changes.is_empty() {
            bytes -= notice.bytes();
            notice.changes.clear();
            notice.shortened = true;
            bytes += notice.bytes();
        }
    }
    while bytes > MAX_EARLIER_TEXT {
        bytes -= notices.remove(0).bytes();
    }
    notices
}

/// Checks that a release follows the one before as it says: it names it, its list continues that one's, and its changes are
/// exactly what it states by the two ([`changes`]).
pub fn continues(before: &Release, release: &Release) -> Result<(), ReleaseError> {
    let wrong = |place: &str, problem: &str| Err(ReleaseError::invalid(place, problem));
    let named = release.supersedes.as_ref();
    let hash = before.hash()?;
    if !named.is_some_and(|named| named.release == hash && named.number == before.number) {
        return wrong("supersedes", "another release than the one before, or another number");
    }
    if (&release.story, &release.lang) != (&before.story, &before.lang) {
        return wrong("supersedes", "the release before is of another story or language");
    }
    if before.is_retracted() && !release.is_retracted() {
        return wrong("supersedes.kind", "what follows a retraction is one too");
    }
    if release.earlier != earlier(before, release.withholds) {
        return wrong("earlier", "not the notices of the release before");
    }
    if release.changes != changes(before, release) {
        return wrong("changes", "not the difference from the release before");
    }
    Ok(())
}

/// Checks the list of a release by itself, and what it withholds.
pub(crate) fn check(release: &Release) -> Result<(), ReleaseError> {
    let told = |change: &Change| !change.old.is_empty();
    let unsound = |change: &Change| told(change) && change.withheld;
    if release.withholds && release.supersedes.is_none() {
        return Err(ReleaseError::invalid(
            "withholds",
            "nothing was published before the first release",
        ));
    }
    if release.changes.iter().any(|change| match release.withholds {
        true => told(change),
        false => change.withheld,
    }) {
        let problem = "a release that withholds something repeats no words that went, and any other all of them";
        return Err(ReleaseError::invalid("changes", problem));
    }
    let last = release.supersedes.as_ref().map_or(0, |before| before.number);
    let mut number = 1;
    let mut kinds = release.earlier.iter().map(|notice| notice.kind).collect::<Vec<_>>();
    kinds.extend(release.supersedes.as_ref().map(|before| before.kind));
    let mut is_sound = release.earlier.len() <= MAX_EARLIER && kinds.is_sorted_by_key(|kind| *kind == Kind::Retraction);
    for notice in &release.earlier {
        is_sound &= number < notice.number
            && notice.number <= last
            && time::parse(&notice.published).is_some()
            && (notice.changes.is_empty() || !(notice.shortened || release.withholds))
            && !notice.changes.iter().any(unsound);
        number = notice.number;
    }
    if is_sound {
        return Ok(());
    }
    Err(ReleaseError::invalid(
        "earlier",
        "at most 50 notices of the releases before, each with a time, lowest number first, nothing but a retraction after one, \
         and without changes where the release withholds something",
    ))
}
