//! From documents to a release and back to words: what would be published, whether it is still what was proposed, and
//! what is to be signed.
//!
//! Equal versions give equal bytes: everything that is not in the documents (number, time, reason, languages) is fixed by
//! whoever proposes, and taken from the proposal by everybody who rebuilds it.

mod withheld;

use std::collections::BTreeMap;

use automerge::ChangeHash;
use komuz_release::difference::{Change, difference};
use komuz_release::jws::signing_input;
use komuz_release::keys::PublicKey;
use komuz_release::masthead::{Masthead, Outlet, Quorum};
use komuz_release::release::{Body, Front, Head, RELEASE_VERSION, Release, ReleaseError, obstacles};
use komuz_release::story::Story;
use thiserror::Error;

use crate::document::Document;
use crate::registers::{self, Shown};
use crate::signoffs::{Log, Proposal, SignoffError, What};

/// Something that an outlet is asked to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToSign {
    /// What it is.
    pub what: What,
    /// The JWS signing input (RFC 7515 section 5.1): ASCII.
    pub input: String,
}

/// What outlets put around the body where it differs from the common front, by their ids.
pub type Fronts = BTreeMap<String, Front>;

/// What a release is built from and with.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The edition as its body has it (headline, blocks, citations); its sources are filled in here.
    pub story: &'a Story,
    /// What outlets put around it ([`Body::fronts`](crate::body::Body::fronts)), as the body has it.
    pub fronts: &'a Fronts,
    /// The version of the body that `story` was read at.
    pub body: &'a [ChangeHash],
    /// The registers.
    pub registers: &'a Document,
    /// The version of the registers to read them at; none for how they are.
    pub registers_at: Option<&'a [ChangeHash]>,
}

/// The story as readers may have it, with the sources that it cites, in the order of their first citation, and no others.
/// Confidential sources are left out together with the citations of them; of those on background there is the description
/// and nothing of the source's place or words. Removed sources that are still cited are there too; a citation of a source
/// that never was is left for [`obstacles`] to name.
pub fn with_sources(story: &Story, registers: &Document, at: Option<&[ChangeHash]>) -> Story {
    let mut known: BTreeMap<&str, Option<Shown>> = BTreeMap::new();
    let mut readable = Story {
        citations: Vec::new(),
        sources: Vec::new(),
        ..story.clone()
    };
    for citation in &story.citations {
        let new = !known.contains_key(citation.source.as_str());
        let look = || registers::shown(registers, &citation.source, at);
        let shown = known.entry(&citation.source).or_insert_with(look);
        let mut citation = citation.clone();
        match shown {
            Some(Shown::Nothing) => continue,
            Some(Shown::Described(source)) => {
                citation.locator.clear();
                citation.quote.clear();
                readable.sources.extend(new.then(|| source.clone()));
            }
            Some(Shown::Whole(source)) => readable.sources.extend(new.then(|| source.clone())),
            None => {}
        }
        readable.citations.push(citation);
    }
    readable
}

/// The release for readers of what was read. Where the one before names a source that may not be known any more it withholds what
/// went; it does so too where whoever proposed it knew more and it `withholds`.
fn release(
    source: Source<'_>,
    head: &Head,
    masthead: &Masthead,
    previous: Option<&Proposal>,
    withholds: bool,
) -> Result<Release, ReleaseError> {
    let story = with_sources(source.story, source.registers, source.registers_at);
    let release = Release::with_fronts(&story, source.fronts, head, masthead, previous.map(Proposal::release))?;
    match previous {
        Some(previous) if withholds || withheld::names(previous, source.registers, source.registers_at) => {
            release.withholding(previous.release())
        }
        _ => Ok(release),
    }
}

/// The masthead for the outlets as they are now: the newest signed one where it says the same, otherwise the next one,
/// yet to be signed. An outlet that has left stays as it was: a masthead never drops one.
pub fn masthead(outlets: &[Outlet], log: &Log) -> Masthead {
    let Some(last) = log.masthead() else {
        return Masthead {
            komuz: RELEASE_VERSION,
            number: 1,
            previous: None,
            quorum: Quorum::All,
            outlets: outlets.to_vec(),
        };
    };
    let mut next: Vec<Outlet> = last
        .outlets
        .iter()
        .map(|old| outlets.iter().find(|new| new.id == old.id).unwrap_or(old).clone())
        .collect();
    next.extend(outlets.iter().filter(|new| last.outlet(&new.id).is_none()).cloned());
    if next == last.outlets {
        return last.clone();
    }
    Masthead {
        number: last.number + 1,
        previous: Some(last.hash()),
        outlets: next,
        ..last.clone()
    }
}

/// Builds the release that could be proposed now: the next after the published one, under [`Log::next_number`]. `head` fixes
/// what is not in the documents; `by` is the outlet that proposes.
pub fn build(
    source: Source<'_>,
    head: &Head,
    masthead: Masthead,
    log: &Log,
    by: &str,
) -> Result<Proposal, SignoffError> {
    let mut release = release(source, head, &masthead, log.published(), false)?;
    release.number = log.next_number();
    let registers = source
        .registers_at
        .map_or_else(|| source.registers.heads(), <[ChangeHash]>::to_vec);
    Proposal::new(release, masthead, source.body.to_vec(), registers, by)
}

/// Builds a proposal's release again from other versions, with everything that the proposal fixed. It equals the
/// proposal's release exactly where readers would get the same bytes.
pub fn rebuild(source: Source<'_>, proposal: &Proposal, log: &Log) -> Result<Release, ReleaseError> {
    let old = proposal.release();
    let head = Head {
        story: old.story.clone(),
        published: old.published.clone(),
        editions: old.editions.clone(),
        kind: old.supersedes.as_ref().map(|before| before.kind).unwrap_or_default(),
        reason: old.reason.clone(),
    };
    let missing = || ReleaseError::Invalid {
        place: "supersedes".to_owned(),
        problem: "the release before is not here yet".to_owned(),
    };
    let previous = match &old.supersedes {
        Some(before) => Some(log.proposal(&before.release).ok_or_else(missing)?),
        None => None,
    };
    let mut release = release(source, &head, proposal.masthead(), previous, old.withholds)?;
    release.number = old.number;
    Ok(release)
}

/// Why an edition cannot be signed yet.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Hindrance {
    /// No release can be made of the text as it stands.
    #[error(transparent)]
    Text(ReleaseError),
    /// A picture is named and not here.
    #[error("the picture \"{alt}\" has not arrived on this device yet")]
    Picture {
        /// Its description.
        alt: String,
    },
    /// A source on background is cited, and nothing says to readers what it is.
    #[error("the source \"{title}\" is on background and has no description for readers")]
    Undescribed {
        /// Its title, for colleagues.
        title: String,
    },
    /// An outlet could lose its only key.
    #[error("{outlet} has fewer than two release keys")]
    Keys {
        /// Its name.
        outlet: String,
    },
}

impl Hindrance {
    /// A stable name of the reason: `no-headline`, `citation-lost`, `link-refused`, `picture-missing`, `text`, `file-missing`,
    /// `few-keys`, `background-undescribed`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Picture { .. } => "file-missing",
            Self::Keys { .. } => "few-keys",
            Self::Undescribed { .. } => "background-undescribed",
            Self::Text(ReleaseError::Invalid { place, .. }) => match place.as_str() {
                "headline" => "no-headline",
                place if place.starts_with("citations") => "citation-lost",
                place if place.ends_with(".link") => "link-refused",
                place if place.ends_with(".file") => "picture-missing",
                _ => "text",
            },
            Self::Text(_) => "text",
        }
    }
}

/// Why the edition cannot be signed yet; empty when it can.
pub fn hindrances(source: Source<'_>, masthead: &Masthead, has_file: impl Fn(&str) -> bool) -> Vec<Hindrance> {
    let story = with_sources(source.story, source.registers, source.registers_at);
    let mut hindrances: Vec<Hindrance> = obstacles(&story).into_iter().map(Hindrance::Text).collect();
    for block in &story.blocks {
        if let komuz_release::story::BlockKind::Figure { file, alt, .. } = &block.kind
            && !file.is_empty()
            && !has_file(file)
        {
            hindrances.push(Hindrance::Picture { alt: words(alt) });
        }
    }
    for shown in &story.sources {
        let hidden = registers::shown(source.registers, &shown.id, source.registers_at);
        if matches!(hidden, Some(Shown::Described(_))) && shown.title.trim().is_empty() {
            let whole = registers::source(source.registers, &shown.id, source.registers_at);
            let title = words(&whole.unwrap_or_default().title);
            hindrances.push(Hindrance::Undescribed { title });
        }
    }
    for outlet in &masthead.outlets {
        if outlet.keys.len() < 2 {
            let outlet = words(&outlet.name);
            hindrances.push(Hindrance::Keys { outlet });
        }
    }
    hindrances
}

fn words(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// What an outlet is to sign for a proposal with one of its keys: the masthead where it is new, the release, its latest;
/// nothing that it has signed already.
pub fn to_sign(proposal: &Proposal, log: &Log, outlet: &str, key: &PublicKey) -> Vec<ToSign> {
    let input = |what: What| signing_input(what.typ(), proposal.payload(what), outlet, key);
    log.unsigned_by(proposal, outlet, key)
        .into_iter()
        .map(|what| ToSign {
            what,
            input: input(what),
        })
        .collect()
}

/// What changed between two releases in words; everything that is new where there was none before.
pub fn changes(old: Option<&Release>, new: &Release) -> Vec<Change> {
    match old {
        Some(old) => difference(old, new),
        None => difference(&emptied(new), new),
    }
}

/// The same release with nothing in it.
fn emptied(release: &Release) -> Release {
    let mut empty = release.clone();
    empty.body = Body::default();
    for front in empty.outlets.values_mut() {
        *front = Front::default();
    }
    empty
}

/// Whether all of a version's changes are in a document, so that it can be read at that version.
pub fn is_known(document: &Document, version: &[ChangeHash]) -> bool {
    version.iter().all(|hash| document.has(hash))
}
