//! What the page is shown: whole views, sent when what they show has changed.

use std::collections::BTreeMap;

use komuz_core::body::Body;
use komuz_messages::{
    CitationView, EditionId, EditionLine, EditionView, Event, InvestigationView, Person, StateView, StoryView,
};
use komuz_release::notes::notes;
use komuz_sync::seal::bytes::to_hex;
use komuz_sync::seal::doc::DocId;

use super::editions::Versions;
use super::room::Room;
use super::{Engine, body, cards};

/// The least time between two looks at what has changed, in milliseconds. Reading a long text takes as long as it is.
const EVERY: u64 = 200;

/// What the page was shown last.
#[derive(Default)]
pub struct Views {
    investigation: Option<InvestigationView>,
    state: Option<StateView>,
    editions: BTreeMap<EditionId, EditionView>,
    people: BTreeMap<EditionId, Vec<Person>>,
    shown_at: u64,
    due: Option<u64>,
    /// The next look is now: the page waits for what it asked.
    pub now: bool,
}

impl Views {
    /// Shows everything again.
    pub fn forget(&mut self) {
        *self = Self {
            now: true,
            ..Self::default()
        };
    }

    /// Shows an edition again: its page was opened.
    pub fn show_again(&mut self, edition: &EditionId) {
        self.editions.remove(edition);
        self.people.remove(edition);
        self.now = true;
    }

    /// When to look again.
    pub fn wake(&self) -> Option<u64> {
        self.due
    }
}

impl Engine {
    /// Sends the views that have changed.
    pub(super) fn show(&mut self) {
        if !self.started {
            return;
        }
        let state = self.state();
        if self.views.state.as_ref() != Some(&state) {
            self.views.state = Some(state.clone());
            self.hands.event(Event::State(state));
        }
        let Some(room) = self.open.as_ref().and_then(|id| self.rooms.get_mut(id)) else {
            return;
        };
        if room.changed.is_empty() && !room.changed_around && !room.people.changed {
            return;
        }
        if !self.views.now && self.hands.now < self.views.shown_at + EVERY {
            self.views.due = Some(self.views.shown_at + EVERY);
            return;
        }
        self.views.now = false;
        self.views.due = None;
        self.views.shown_at = self.hands.now;
        room.read_logs();
        room.changed.clear();
        room.changed_around = false;
        room.people.changed = false;
        if let Some(view) = room.investigation()
            && self.views.investigation.as_ref() != Some(&view)
        {
            self.views.investigation = Some(view.clone());
            self.hands.event(Event::Investigation(Box::new(view)));
        }
        let open: Vec<EditionId> = room.editions.open.keys().cloned().collect();
        for edition in open {
            if let Some(view) = room.edition(&edition)
                && self.views.editions.get(&edition) != Some(&view)
            {
                self.views.editions.insert(edition.clone(), view.clone());
                self.hands.event(Event::Edition(Box::new(view)));
            }
            let people = room.people_in(&edition);
            if self.views.people.get(&edition) != Some(&people) {
                self.views.people.insert(edition.clone(), people.clone());
                self.hands.event(Event::People { edition, people });
            }
        }
    }
}

impl Room {
    /// The investigation for the page; none while a join waits.
    fn investigation(&mut self) -> Option<InvestigationView> {
        let me = self.replica.me()?.member.clone();
        let listed = self.listed();
        let mut stories: Vec<StoryView> = Vec::new();
        for edition in listed {
            let line = self.line(&edition);
            match stories.iter_mut().find(|story| story.id == edition.story) {
                Some(story) => story.editions.push(line),
                None => stories.push(StoryView {
                    id: edition.story,
                    part: 0,
                    editions: vec![line],
                }),
            }
        }
        let registers = self.papers.get(&DocId::Registers);
        let parts = registers.map(|paper| komuz_core::registers::parts(&paper.document));
        for (at, part) in parts.iter().flatten().enumerate() {
            if let Some(story) = stories.iter_mut().find(|story| story.id == part.story) {
                story.part = at as u64 + 1;
            }
        }
        // The sort is stable: what is no part stays in the order in which it was begun.
        stories.sort_by_key(|story| if story.part == 0 { u64::MAX } else { story.part });
        Some(InvestigationView {
            id: self.id.clone(),
            title: self.replica.title().to_owned(),
            me: to_hex(&me.id.0),
            my_outlet: me.outlet,
            role: me.role.name().to_owned(),
            outlets: self.replica.outlets().into_iter().map(cards::from_charter).collect(),
            members: self.replica.members().into_iter().map(cards::member).collect(),
            // Devices of one's own are let in where all devices are seen ([`Engine::who`]).
            requests: (self.replica.requests().into_iter())
                .filter(|request| !request.is_device)
                .map(cards::request)
                .collect(),
            stories,
            sources: registers
                .map(|paper| komuz_core::registers::sources(&paper.document))
                .unwrap_or_default(),
            servers: self.replica.servers().into_iter().map(cards::server_view).collect(),
            fingerprint: self.fingerprint(),
        })
    }

    /// An open edition for the page.
    fn edition(&mut self, edition: &EditionId) -> Option<EditionView> {
        let line = self.line(edition);
        let link = self.editions.open.get(edition)?;
        let (can_undo, can_redo) = (link.can_undo(), link.can_redo());
        let body = self.body(edition).ok()?;
        let story = super::signing::whole(self, edition).ok()?;
        let numbers = notes(&story.blocks, &story.citations, &story.sources);
        let citations = body.citations().into_iter().map(|cited| CitationView {
            number: numbers.number(&cited.id),
            id: cited.id,
            source: cited.source,
            locator: cited.locator,
            quote: cited.quote,
            text: cited.text,
        });
        Some(EditionView {
            edition: edition.clone(),
            headline: body.headline().to_owned(),
            summary: body.summary().to_owned(),
            byline: body.byline().to_vec(),
            citations: citations.collect(),
            threads: self.threads(edition),
            words: line.words,
            can_undo,
            can_redo,
            signing: line.signing,
        })
    }

    /// An edition's line; made again only when one of its documents has changed.
    pub(super) fn line(&mut self, edition: &EditionId) -> EditionLine {
        let version = |doc: &DocId| {
            self.papers
                .get(doc)
                .map(|paper| paper.document.heads())
                .unwrap_or_default()
        };
        let signoffs = DocId::SignOffs {
            story: edition.story.clone(),
            lang: edition.lang.clone(),
        };
        let versions: Versions = [version(&body(edition)), version(&DocId::Registers), version(&signoffs)];
        if let Some((known, line)) = self.editions.lines.get(edition)
            && *known == versions
        {
            return line.clone();
        }
        let body = self.body(edition).ok();
        let line = EditionLine {
            lang: edition.lang.clone(),
            headline: body.map(|body| body.headline().to_owned()).unwrap_or_default(),
            words: body.map(Body::words).unwrap_or_default(),
            signing: self.signing(edition),
        };
        self.editions.lines.insert(edition.clone(), (versions, line.clone()));
        line
    }
}
