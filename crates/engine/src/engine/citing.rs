//! Asks about sources, citations and threads.

use std::collections::BTreeSet;

use komuz_core::notes::{self, Comment};
use komuz_core::records::Members;
use komuz_core::registers;
use komuz_messages::{Answer, CommentView, EditionId, ThreadView, Trouble};
use komuz_release::story::Source;
use komuz_sync::seal::bytes::to_hex;
use komuz_sync::seal::doc::DocId;
use serde_json::{Map, Value};

use super::Engine;
use super::device::rfc3339;
use super::hands::Hands;
use super::outside::count;
use super::room::Room;
use super::trouble::{because, no_edition, trouble};

/// What a citation says.
pub struct Reference {
    /// Id of the source.
    pub source: String,
    /// Where in the source.
    pub locator: String,
    /// The source's own words.
    pub quote: String,
}

impl Engine {
    /// Adds a source or changes it, with members of its record.
    pub(super) fn save_source(&mut self, source: &Source, about: Map<String, Value>) -> Result<Answer, Trouble> {
        let (room, hands) = self.room()?;
        let new = hands.id("s-");
        let about = Members::from_iter(about);
        let id = room.edit(&DocId::Registers, hands, |paper| {
            registers::save_source_with(&mut paper.document, source, &about, &new)
        })?;
        self.views.now = true;
        Ok(Answer::Source { id })
    }

    /// Adds pasted sources.
    pub(super) fn paste_sources(&mut self, text: &str) -> Result<Answer, Trouble> {
        let items = komuz_release::csl::parse(text).map_err(|error| because("csl", error))?;
        let (room, hands) = self.room()?;
        let pasted = room.add_sources(hands, items)?;
        self.views.now = true;
        let sources = count(pasted.iter().filter(|source| source.added).count());
        Ok(Answer::Imported {
            blocks: 0,
            citations: 0,
            sources,
            left_out: Vec::new(),
        })
    }

    /// Cites a source for a span of the page.
    pub(super) fn cite(
        &mut self,
        edition: &EditionId,
        at: (u64, u64),
        span: (u32, u32),
        Reference { source, locator, quote }: Reference,
    ) -> Result<Answer, Trouble> {
        let (room, hands) = self.room()?;
        room.known_source(&source)?;
        let (id, now) = (hands.id("c-"), hands.now);
        room.with_link(edition, hands, |link, body, document| {
            link.cite(document, body, at, span, (&id, &source, &locator, &quote), now)
        })?;
        self.views.now = true;
        Ok(Answer::Made { id })
    }

    /// Changes a citation.
    pub(super) fn edit_citation(
        &mut self,
        edition: &EditionId,
        citation: &str,
        Reference { source, locator, quote }: Reference,
    ) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        room.known_source(&source)?;
        let now = hands.now;
        room.with_link(edition, hands, |link, body, document| {
            link.edit_citation(document, body, (citation, &source, &locator, &quote), now)
        })?;
        self.views.now = true;
        Ok(())
    }

    /// Takes a citation out.
    pub(super) fn remove_citation(&mut self, edition: &EditionId, citation: &str) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        let now = hands.now;
        room.with_link(edition, hands, |link, body, document| {
            link.remove_citation(document, body, citation, now)
        })?;
        self.views.now = true;
        Ok(())
    }

    /// Starts a thread on a span of the page.
    pub(super) fn comment(
        &mut self,
        edition: &EditionId,
        at: (u64, u64),
        span: (u32, u32),
        text: String,
    ) -> Result<Answer, Trouble> {
        let (room, hands) = self.room()?;
        let id = hands.id("t-");
        let comment = room.comment_now(text, hands)?;
        let link = room.editions.open.get(edition).ok_or_else(no_edition)?;
        let span = link.span(at, span).map_err(|error| trouble("moved", error))?;
        room.edit(&notes_of(edition), hands, |paper| {
            notes::start_thread(
                &mut paper.document,
                &id,
                &span.start.to_string(),
                &span.end.to_string(),
                &comment,
            )
        })?;
        self.views.now = true;
        Ok(Answer::Made { id })
    }

    /// Answers in a thread.
    pub(super) fn reply(&mut self, edition: &EditionId, thread: &str, text: String) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        let comment = room.comment_now(text, hands)?;
        room.edit(&notes_of(edition), hands, |paper| {
            notes::reply(&mut paper.document, thread, &comment)
        })?;
        self.views.now = true;
        Ok(())
    }

    /// Resolves a thread or opens it again.
    pub(super) fn resolve(&mut self, edition: &EditionId, thread: &str, resolved: bool) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        room.edit(&notes_of(edition), hands, |paper| {
            notes::resolve(&mut paper.document, thread, resolved)
        })?;
        self.views.now = true;
        Ok(())
    }
}

impl Room {
    /// Refuses a source that is not in the register.
    fn known_source(&self, id: &str) -> Result<(), Trouble> {
        let registers = self.papers.get(&DocId::Registers).ok_or_else(no_edition)?;
        match registers::source(&registers.document, id, None) {
            Some(_) => Ok(()),
            None => Err(trouble(
                "no-source",
                "This source is not in the register; it may not have arrived here yet.",
            )),
        }
    }

    /// The threads of an edition for the page, in the order of the text; those without their words last.
    pub(super) fn threads(&self, edition: &EditionId) -> Vec<ThreadView> {
        let (Some(paper), Ok(body)) = (self.papers.get(&notes_of(edition)), self.body(edition)) else {
            return Vec::new();
        };
        let members = self.replica.members();
        let comment = |comment: Comment| {
            // Who wrote it is what the signed envelope says, not what stands in the comment.
            let id = paper
                .member(&comment.session)
                .map_or(comment.member, |member| to_hex(&member.0));
            let member = members.iter().find(|member| to_hex(&member.id.0) == id);
            CommentView {
                name: member.map(|member| member.name.clone()).unwrap_or_default(),
                outlet: member.map(|member| member.outlet.clone()).unwrap_or_default(),
                member: id,
                text: comment.text,
                at: comment.at,
            }
        };
        let mut threads: Vec<_> = notes::threads(&paper.document)
            .into_iter()
            .map(|thread| {
                let start = body.range_of(&thread.id).map_or(u32::MAX, |(start, _)| start);
                let mut comments: Vec<CommentView> = thread.comments.into_iter().map(comment).collect();
                // What was entered again and counts after all is there twice.
                let mut said = BTreeSet::new();
                comments.retain(|one| said.insert([&one.member, &one.at, &one.text].map(String::clone)));
                let view = ThreadView {
                    text: body.text_of(&thread.id),
                    id: thread.id,
                    resolved: thread.resolved,
                    comments,
                };
                (start, view)
            })
            .collect();
        threads.sort_by_key(|(start, _)| *start);
        threads.into_iter().map(|(_, view)| view).collect()
    }

    /// A comment of one's own, now.
    fn comment_now(&self, text: String, hands: &Hands) -> Result<Comment, Trouble> {
        let me = self.replica.me().ok_or_else(no_edition)?;
        let text = text.trim().to_owned();
        Ok(Comment {
            member: to_hex(&me.member.id.0),
            text,
            at: rfc3339(hands.now),
            session: Vec::new(),
        })
    }
}

/// The notes of an edition.
pub fn notes_of(edition: &EditionId) -> DocId {
    DocId::Notes {
        story: edition.story.clone(),
        lang: edition.lang.clone(),
    }
}
