//! A release: one language edition of a story as it is published. No history, no identities of writers, only what readers get.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::canonical::{CanonicalError, MAX_INTEGER, canonical, is_sha256_hex, sha256_hex};
use crate::difference::Change;
use crate::folder::{is_lang, is_name};
use crate::form::file;
use crate::masthead::{Masthead, Outlet};
use crate::notice::{self, Kind, Notice};
use crate::story::{Block, BlockKind, Byline, Citation, MAX_DEPTH, STORY_VERSION, Source, Span, Story, safe_link};
use crate::time;

/// The version of the release format; first field of every file of ours that is signed.
pub const RELEASE_VERSION: u8 = 1;

/// The largest `release.json` that is read, in bytes.
pub const MAX_RELEASE: usize = 4 << 20;

/// One language edition as it is published. Its canonical bytes (RFC 8785) are the file `release.json`; their SHA-256 is its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Format version, [`RELEASE_VERSION`].
    pub komuz: u8,
    /// Id of the story: `a-z`, `0-9`, `-`, at most 64.
    pub story: String,
    /// Language of the edition as a BCP 47 tag.
    pub lang: String,
    /// From 1, higher with each correction. Numbers may be left out: one that was signed and given up is not used again.
    pub number: u64,
    /// Hash of the masthead whose outlets sign.
    pub masthead: String,
    /// When it was proposed for publication, RFC 3339 in UTC to the second.
    pub published: String,
    /// The release whose place this one takes; none for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Supersedes>,
    /// Why it takes that one's place, in the words of the outlets, for readers.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Whether the one before, or a notice of it, names a source that may not be known any more: words that went are not repeated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub withholds: bool,
    /// What it changed, for readers ([`notice::changes`]).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The notices of the releases before, oldest first ([`notice::earlier`]); [`Release::notices`] adds this one's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Notice>,
    /// Languages in which the story is published, this one included, sorted.
    pub editions: Vec<String>,
    /// What all outlets publish in common.
    pub body: Body,
    /// What each outlet puts around it, by the outlet's id; every outlet of the masthead has an entry.
    pub outlets: BTreeMap<String, Front>,
}

/// The release before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Supersedes {
    /// Its hash.
    pub release: String,
    /// Its number.
    pub number: u64,
    /// Why it is superseded.
    pub kind: Kind,
}

/// The common part of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Body {
    /// The text.
    pub blocks: Vec<Block>,
    /// Which spans rest on which sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    /// The sources that the citations name, no others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
}

/// What one outlet puts around the common body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Front {
    /// Headline, plain text.
    pub headline: String,
    /// Summary, plain text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// Who is named as author.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub byline: Vec<Byline>,
    /// The outlet's own note to its readers, plain text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Id of the figure in the body that leads the outlet's page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub figure: String,
}

/// What a release needs to know beside its story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Id of the story.
    pub story: String,
    /// When it is proposed for publication, RFC 3339 in UTC to the second.
    pub published: String,
    /// Languages in which the story is published; the edition's own is added.
    pub editions: Vec<String>,
    /// What kind of notice it is, where it takes the place of another.
    pub kind: Kind,
    /// Why it does, for readers; empty for the first release.
    pub reason: String,
}

/// What each outlet signs for a release: the payload of `signatures.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Format version, [`RELEASE_VERSION`].
    pub komuz: u8,
    /// Hash of the release's canonical bytes.
    pub release: String,
    /// SHA-256 of `index.html`, the release as a page, which needs no script and is what most people get.
    pub html: String,
    /// Hash of the masthead.
    pub masthead: String,
    /// Id of the story.
    pub story: String,
    /// Language.
    pub lang: String,
    /// The release's number.
    pub number: u64,
}

/// Why something is no release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// More bytes than are read.
    #[error("{bytes} bytes, and at most {limit} are read")]
    TooLarge {
        /// How many.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Not JSON of this form.
    #[error("not in the form of this file: {0}")]
    Malformed(String),
    /// Made by a newer Komuz.
    #[error("format version {found}, and this Komuz reads {RELEASE_VERSION}")]
    Version {
        /// What the file says.
        found: u64,
    },
    /// The same value in other bytes than the canonical ones.
    #[error("not in canonical form (RFC 8785), so that its hash would name only this spelling of it")]
    NotCanonical,
    /// A value with no canonical form.
    #[error(transparent)]
    Canonical(CanonicalError),
    /// A member that says what cannot be.
    #[error("{place}: {problem}")]
    Invalid {
        /// Which member, such as `body.blocks[3].id`.
        place: String,
        /// What is wrong with it and what is expected.
        problem: String,
    },
}

impl From<CanonicalError> for ReleaseError {
    fn from(error: CanonicalError) -> Self {
        match error {
            CanonicalError::NotJson(problem) => Self::Malformed(problem),
            CanonicalError::NotCanonical => Self::NotCanonical,
            other => Self::Canonical(other),
        }
    }
}

impl ReleaseError {
    pub(crate) fn invalid(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

impl Release {
    /// The release of a story: takes what readers get (no uncited sources, no members that Komuz does not show), gives every
    /// outlet of the masthead the story's headline, summary and byline, and states what changed since `previous`.
    ///
    /// Equal stories make equal bytes: spans of equal marks are joined, citations stand in the order of the text, sources in
    /// the order of their first citation. Blocks, citations and sources get new ids: theirs name sessions of writers or are
    /// what somebody called a source among friends. A block's id stays the same in all releases of its story.
    ///
    /// What follows a retraction is one too, whatever `head` says.
    ///
    /// The number is one above `previous`; who knows of higher ones that were signed sets a higher one.
    ///
    /// Errors with the first of [`obstacles`] when the story cannot be published as it is.
    pub fn from_story(
        story: &Story,
        head: &Head,
        masthead: &Masthead,
        previous: Option<&Release>,
    ) -> Result<Self, ReleaseError> {
        Self::with_fronts(story, &BTreeMap::new(), head, masthead, previous)
    }

    /// [`Release::from_story`], with what outlets put around the body where it is their own, by their ids ([`Front::of`]).
    pub fn with_fronts(
        story: &Story,
        fronts: &BTreeMap<String, Front>,
        head: &Head,
        masthead: &Masthead,
        previous: Option<&Release>,
    ) -> Result<Self, ReleaseError> {
        if let Some(obstacle) = obstacles(story).into_iter().next() {
            return Err(obstacle);
        }
        let front = |outlet: &Outlet| Front::of(story, &head.story, fronts.get(&outlet.id));
        let mut editions: BTreeSet<String> = head.editions.iter().cloned().collect();
        editions.insert(story.lang.clone());
        let mut release = Self {
            komuz: RELEASE_VERSION,
            story: head.story.clone(),
            lang: story.lang.clone(),
            number: previous.map_or(1, |p| p.number + 1),
            masthead: masthead.hash(),
            published: head.published.clone(),
            supersedes: match previous {
                Some(previous) => Some(Supersedes {
                    release: previous.hash()?,
                    number: previous.number,
                    kind: if previous.is_retracted() {
                        Kind::Retraction
                    } else {
                        head.kind
                    },
                }),
                None => None,
            },
            reason: head.reason.clone(),
            withholds: false,
            changes: Vec::new(),
            earlier: Vec::new(),
            editions: editions.into_iter().collect(),
            body: Body::of(story, &head.story),
            outlets: masthead.outlets.iter().map(|o| (o.id.clone(), front(o))).collect(),
        };
        if let Some(previous) = previous {
            release.follow(previous);
        }
        release.check()?;
        Ok(release)
    }

    /// The same release, for one before it that names a source which may not be known any more: nothing in it repeats words that
    /// went, in its own changes and in the notices before it.
    pub fn withholding(mut self, previous: &Release) -> Result<Self, ReleaseError> {
        self.withholds = true;
        self.follow(previous);
        self.check()?;
        Ok(self)
    }

    /// States what the releases before said and what this one changed.
    fn follow(&mut self, previous: &Release) {
        self.earlier = notice::earlier(previous, self.withholds);
        self.changes = notice::changes(previous, self);
    }

    /// Reads `release.json`.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReleaseError> {
        let release: Self = file(bytes, MAX_RELEASE)?;
        release.check()?;
        Ok(release)
    }

    /// The canonical bytes: the file `release.json`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ReleaseError> {
        Ok(canonical(self)?)
    }

    /// SHA-256 of the canonical bytes in lower-case hex.
    pub fn hash(&self) -> Result<String, ReleaseError> {
        Ok(sha256_hex(&self.to_bytes()?))
    }

    /// SHA-256 of the body's canonical bytes: one text for all outlets, whatever each puts around it.
    pub fn body_hash(&self) -> Result<String, ReleaseError> {
        Ok(sha256_hex(&canonical(&self.body)?))
    }

    /// What an outlet's readers see around the body; the first outlet's where that outlet has nothing here.
    pub fn front(&self, outlet: Option<&str>) -> Option<&Front> {
        outlet
            .and_then(|id| self.outlets.get(id))
            .or_else(|| self.outlets.values().next())
    }

    /// The release as the story that one outlet's readers get.
    pub fn story(&self, outlet: Option<&str>) -> Story {
        let front = self.front(outlet).cloned().unwrap_or_default();
        Story {
            komuz: STORY_VERSION,
            lang: self.lang.clone(),
            headline: front.headline,
            summary: front.summary,
            byline: front.byline,
            blocks: self.body.blocks.clone(),
            citations: self.body.citations.clone(),
            sources: self.body.sources.clone(),
        }
    }

    /// Hashes of the figures' files, without repetition, in the order of the text.
    pub fn files(&self) -> Vec<&str> {
        let mut files = Vec::new();
        for block in &self.body.blocks {
            if let BlockKind::Figure { file, .. } = &block.kind
                && !files.contains(&file.as_str())
            {
                files.push(file.as_str());
            }
        }
        files
    }

    fn check(&self) -> Result<(), ReleaseError> {
        let invalid = |place: &str, problem: &str| Err(ReleaseError::invalid(place, problem));
        if !is_name(&self.story) {
            return invalid("story", "a story's id is 1 to 64 of a-z, 0-9 and -");
        }
        if !is_lang(&self.lang) {
            return invalid("lang", "not a BCP 47 tag");
        }
        if !(1..=MAX_INTEGER).contains(&self.number) {
            return invalid("number", "releases are numbered from 1");
        }
        if !is_sha256_hex(&self.masthead) {
            return invalid("masthead", "not a SHA-256 in lower-case hex");
        }
        if time::parse(&self.published).is_none() {
            return invalid("published", "not a time like 2019-11-21T06:00:00Z");
        }
        match &self.supersedes {
            None => {}
            Some(before) if (1..self.number).contains(&before.number) && is_sha256_hex(&before.release) => {}
            Some(_) => {
                return invalid(
                    "supersedes",
                    "a correction names the hash of the release before and its number, which is lower",
                );
            }
        }
        notice::check(self)?;
        if !self.editions.is_sorted_by(|a, b| a < b) || !self.editions.iter().all(|e| is_lang(e)) {
            return invalid("editions", "languages are BCP 47 tags, sorted, each once");
        }
        if !self.editions.contains(&self.lang) {
            return invalid("editions", "the release's own language is among them");
        }
        if self.outlets.is_empty() {
            return invalid("outlets", "a release has at least one outlet");
        }
        for (id, front) in &self.outlets {
            let place = |member: &str| format!("outlets.{id}{member}");
            if !is_name(id) {
                return Err(ReleaseError::invalid(
                    place(""),
                    "an outlet's id is 1 to 64 of a-z, 0-9 and -",
                ));
            }
            if front.headline.trim().is_empty() {
                return Err(ReleaseError::invalid(place(".headline"), "the headline is empty"));
            }
            let is_figure = |b: &Block| b.id == front.figure && matches!(b.kind, BlockKind::Figure { .. });
            if !front.figure.is_empty() && !self.body.blocks.iter().any(is_figure) {
                return Err(ReleaseError::invalid(
                    place(".figure"),
                    "no figure of the body has this id",
                ));
            }
        }
        let mut problems = Vec::new();
        body_problems(
            &self.body.blocks,
            &self.body.citations,
            &self.body.sources,
            &mut problems,
        );
        problems.into_iter().next().map_or(Ok(()), Err)
    }
}

impl Front {
    /// What an outlet puts around a story with this id: the common headline, summary and byline, where it has none of its
    /// `own`. The figure of its own is named by its block in the story; one that is not there is none.
    pub fn of(story: &Story, id: &str, own: Option<&Front>) -> Self {
        let mut front = own.cloned().unwrap_or_default();
        if front.headline.trim().is_empty() {
            front.headline.clone_from(&story.headline);
        }
        if front.summary.trim().is_empty() {
            front.summary.clone_from(&story.summary);
        }
        if front.byline.is_empty() {
            front.byline.clone_from(&story.byline);
        }
        let is_figure = |b: &Block| b.id == front.figure && matches!(b.kind, BlockKind::Figure { .. });
        front.figure = match story.blocks.iter().any(is_figure) {
            true => block_id(id, &front.figure),
            false => String::new(),
        };
        front
    }
}

/// The id that a block of a story has in its releases.
fn block_id(story: &str, block: &str) -> String {
    sha256_hex(format!("komuz block v1\0{story}\0{block}").as_bytes())[..16].to_owned()
}

impl Body {
    /// What a release of the story with this id takes of it: blocks and citations under ids that say nothing of who wrote
    /// them, and the sources that are cited.
    pub fn of(story: &Story, id: &str) -> Self {
        let new_id = |old: &str| block_id(id, old);
        let order: BTreeMap<&str, usize> = story
            .blocks
            .iter()
            .enumerate()
            .map(|(at, b)| (b.id.as_str(), at))
            .collect();
        let place = |c: &Citation| {
            let block = |p: &crate::story::Place| order.get(p.block.as_str()).copied().unwrap_or(usize::MAX);
            (block(&c.end), c.end.offset, block(&c.start), c.start.offset)
        };
        let mut ordered: Vec<&Citation> = story.citations.iter().collect();
        ordered.sort_by(|a, b| {
            let words = |c: &&Citation| (c.source.clone(), c.locator.clone(), c.quote.clone());
            place(a).cmp(&place(b)).then_with(|| words(a).cmp(&words(b)))
        });
        let mut body = Self {
            blocks: story.blocks.iter().map(normal).collect(),
            ..Self::default()
        };
        for block in &mut body.blocks {
            block.id = new_id(&block.id);
        }
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for citation in ordered {
            let Some(source) = story.sources.iter().find(|s| s.id == citation.source) else {
                continue;
            };
            let number = *numbers.entry(&source.id).or_insert_with(|| {
                body.sources.push(shown(source, body.sources.len() + 1));
                body.sources.len()
            });
            let mut citation = citation.clone();
            citation.id = format!("c{}", body.citations.len() + 1);
            citation.source = format!("s{number}");
            citation.start.block = new_id(&citation.start.block);
            citation.end.block = new_id(&citation.end.block);
            body.citations.push(citation);
        }
        body
    }
}

/// Everything for which a story cannot be published as it is, each with its place: an empty headline, a figure without its
/// file, a citation whose text or source is gone, an unsafe link. Empty when it can.
pub fn obstacles(story: &Story) -> Vec<ReleaseError> {
    let mut problems = Vec::new();
    if story.headline.trim().is_empty() {
        problems.push(ReleaseError::invalid("headline", "the headline is empty"));
    }
    if !is_lang(&story.lang) {
        problems.push(ReleaseError::invalid("lang", "not a BCP 47 tag"));
    }
    body_problems(&story.blocks, &story.citations, &story.sources, &mut problems);
    problems
}

/// Problems of a story or a body while they are found.
struct Problems<'a>(&'a mut Vec<ReleaseError>);

impl Problems<'_> {
    // Called from many places and carried by readers: once is enough.
    #[inline(never)]
    fn at(&mut self, list: &str, at: usize, member: &str, problem: &str) {
        self.0
            .push(ReleaseError::invalid(format!("{list}[{at}].{member}"), problem));
    }
}

fn body_problems(blocks: &[Block], citations: &[Citation], sources: &[Source], problems: &mut Vec<ReleaseError>) {
    let mut problems = Problems(problems);
    let mut block_ids: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, block) in blocks.iter().enumerate() {
        let mut problem = |member: &str, problem: &str| problems.at("blocks", at, member, problem);
        if block.id.is_empty() || block_ids.insert(&block.id, at).is_some() {
            problem("id", "empty, or another block has the same");
        }
        match &block.kind {
            BlockKind::Heading { level } if !(2..=3).contains(level) => problem("level", "a heading's level is 2 or 3"),
            BlockKind::Item { depth, .. } if *depth > MAX_DEPTH => problem("depth", "nested deeper than 3"),
            BlockKind::Figure { file, .. } if !is_sha256_hex(file) => problem("file", "the figure's file is missing"),
            BlockKind::Figure { media, .. } if !FIGURES.contains(&media.as_str()) => {
                problem(
                    "media",
                    "a figure is image/webp, image/avif, image/jpeg, image/png or image/gif",
                );
            }
            BlockKind::Rule if !block.text.is_empty() => problem("text", "a rule has no text"),
            _ => {}
        }
        for (span, text) in block.text.iter().enumerate() {
            if text.marks.link.as_deref().is_some_and(|link| !safe_link(link)) {
                problem(
                    &format!("text[{span}].marks.link"),
                    "an address that a story may not link to",
                );
            }
        }
    }
    let mut source_ids: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, source) in sources.iter().enumerate() {
        if source.id.is_empty() || source_ids.insert(&source.id, at).is_some() {
            problems.at("sources", at, "id", "empty, or another source has the same");
        }
    }
    let mut citation_ids: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, citation) in citations.iter().enumerate() {
        let mut problem = |member: &str, problem: &str| problems.at("citations", at, member, problem);
        if citation.id.is_empty() || citation_ids.insert(&citation.id, at).is_some() {
            problem("id", "empty, or another citation has the same");
        }
        if !source_ids.contains_key(citation.source.as_str()) {
            problem("source", "no source has this id");
        }
        let ends = [("start", &citation.start), ("end", &citation.end)].map(|(member, p)| {
            let block = block_ids.get(p.block.as_str()).copied();
            let found = block.filter(|&b| blocks.get(b).is_some_and(|block| is_boundary(block, p.offset)));
            if found.is_none() {
                problem(member, "the text that it stood on is gone");
            }
            found.map(|block| (block, p.offset))
        });
        if let [Some(start), Some(end)] = ends
            && start > end
        {
            problem("end", "lies before its start");
        }
    }
}

/// Media types of figures: what browsers decode without running anything (SVG may hold scripts and requests).
pub const FIGURES: [&str; 5] = ["image/webp", "image/avif", "image/jpeg", "image/png", "image/gif"];

/// Whether an offset in UTF-16 code units lies within a block's text and not inside a surrogate pair.
fn is_boundary(block: &Block, offset: u32) -> bool {
    let mut units = 0;
    for c in block.text.iter().flat_map(|span| span.text.chars()) {
        if units >= offset {
            break;
        }
        units += c.len_utf16() as u32;
    }
    units == offset
}

/// A block in its one spelling: neighbouring spans of equal marks are one, empty spans are none.
fn normal(block: &Block) -> Block {
    let mut text: Vec<Span> = Vec::with_capacity(block.text.len());
    for span in block.text.iter().filter(|s| !s.text.is_empty()) {
        match text.last_mut() {
            Some(last) if last.marks == span.marks => last.text.push_str(&span.text),
            _ => text.push(span.clone()),
        }
    }
    Block {
        id: block.id.clone(),
        kind: block.kind.clone(),
        text,
    }
}

/// A source with only what readers are shown, under its number.
fn shown(source: &Source, number: usize) -> Source {
    let mut source = source.clone();
    source.id = format!("s{number}");
    source.other.clear();
    source.custom.other.clear();
    source
}

impl Statement {
    /// What is to be signed for a release under its masthead.
    pub fn of(release: &Release, masthead: &Masthead) -> Result<Self, ReleaseError> {
        Ok(Self {
            komuz: RELEASE_VERSION,
            release: release.hash()?,
            html: sha256_hex(crate::html::index_html(release, masthead).as_bytes()),
            masthead: release.masthead.clone(),
            story: release.story.clone(),
            lang: release.lang.clone(),
            number: release.number,
        })
    }

    /// The payload: canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and small numbers: always canonical.
        canonical(self).unwrap_or_default()
    }

    /// Reads a payload.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReleaseError> {
        file(bytes, MAX_STATEMENT)
    }
}

/// The largest statement that is read, in bytes.
const MAX_STATEMENT: usize = 4 << 10;
