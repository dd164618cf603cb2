//! Asks about stories and their text.

use komuz_core::body::{Appended, Body, Point, ThreadSpan, limits};
use komuz_core::document::Document;
use komuz_core::steps::{Batch, PageLink, StepError};
use komuz_core::{notes, registers};
use komuz_messages::{Answer, EditionId, Event, Person, Trouble};
use komuz_release::story::{Byline, Story};
use komuz_sync::seal::bytes::to_hex;
use komuz_sync::seal::doc::DocId;
use serde_json::Value;

use super::citing::notes_of;
use super::hands::Hands;
use super::room::Room;
use super::trouble::{because, no_edition, refused, trouble};
use super::{Engine, body};

impl Engine {
    /// Starts a story. Its id is made from the headline, because it becomes part of published addresses.
    pub(super) fn new_story(&mut self, lang: &str, headline: &str) -> Result<Answer, Trouble> {
        let headline = headline.trim();
        if headline.chars().count() > limits::MAX_HEADLINE {
            let most = limits::MAX_HEADLINE;
            return Err(refused(format!(
                "A headline has at most {most} characters: shorten it."
            )));
        }
        let (room, hands) = self.room()?;
        let registers = &room.papers.get(&DocId::Registers).ok_or_else(no_edition)?.document;
        let taken: Vec<String> = registers::stories(registers)
            .into_iter()
            .map(|story| story.id)
            .collect();
        let id = match slug(headline) {
            Some(slug) if !taken.contains(&slug) => slug,
            Some(slug) => hands.id(&format!("{}-", &slug[..slug.len().min(40)])),
            None => hands.id("story-"),
        };
        room.edit(&DocId::Registers, hands, |paper| {
            registers::add_story(&mut paper.document, &id, lang)
        })?;
        room.gather(hands);
        let edition = EditionId {
            story: id.clone(),
            lang: lang.to_owned(),
        };
        room.write_body(&edition, hands, |body, document| body.set_headline(document, headline))?;
        self.views.now = true;
        Ok(Answer::Story { story: id })
    }

    /// Adds a language, from nothing or from the blocks of another.
    pub(super) fn new_edition(&mut self, edition: &EditionId, from: Option<&str>) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        let start = match from {
            Some(lang) => {
                let from = EditionId {
                    story: edition.story.clone(),
                    lang: lang.to_owned(),
                };
                let links = room.body(&from)?.links_for_copy(room.original(&from).is_none());
                Some((room.story(&from)?, links))
            }
            None => None,
        };
        if room.listed().contains(edition) {
            return Err(trouble("edition-there", "The story has this language already."));
        }
        room.edit(&DocId::Registers, hands, |paper| {
            registers::add_edition(&mut paper.document, &edition.story, &edition.lang)
        })?;
        room.gather(hands);
        if let Some((story, links)) = start {
            room.write_body(edition, hands, |body, document| {
                body.begin_translation(document, &story, links)
            })?;
        }
        self.views.now = true;
        Ok(())
    }

    /// Opens an edition for the page, or starts again with one that is open.
    pub(super) fn open_edition(&mut self, edition: &EditionId) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        room.read_threads(edition);
        room.body(edition)?;
        room.reopen(edition, hands);
        room.people.select(super::body(edition), None);
        room.people.changed = true;
        room.changed.insert(super::body(edition));
        self.views.show_again(edition);
        Ok(())
    }

    /// Closes an edition.
    pub(super) fn close_edition(&mut self, edition: &EditionId) -> Result<(), Trouble> {
        let (room, _) = self.room()?;
        room.editions.open.remove(edition);
        room.people.leave();
        Ok(())
    }

    /// Takes steps of the page.
    pub(super) fn steps(&mut self, edition: &EditionId, seq: u64, taken: u64, steps: &[Value]) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        let now = hands.now;
        let done = room.with_link(edition, hands, |link, body, document| {
            Ok(link.steps(document, body, (seq, taken), steps, now))
        });
        match done {
            // Nothing is lost: the page gives all that it has.
            Ok(Err(StepError::Step { .. } | StepError::Gap { .. } | StepError::Version { .. })) => {
                hands.event(Event::Lost {
                    edition: edition.clone(),
                });
                Ok(())
            }
            Ok(done) => room.or_again(edition, hands, done.map_err(refused)),
            Err(trouble) => room.or_again(edition, hands, Err(trouble)),
        }
    }

    /// Takes the page's whole document.
    pub(super) fn whole(&mut self, edition: &EditionId, at: (u64, u64), doc: &Value) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        let now = hands.now;
        let done = room.with_link(edition, hands, |link, body, document| {
            link.whole(document, body, at, doc, now)
        });
        room.or_again(edition, hands, done)
    }

    /// The page has taken a batch.
    pub(super) fn taken(&mut self, edition: &EditionId, batch: u64, hash: &str) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        let link = room.editions.open.get_mut(edition).ok_or_else(not_open_edition)?;
        let was_lost = link.is_lost();
        link.taken(batch, hash);
        if link.is_lost() && !was_lost {
            hands.event(Event::Lost {
                edition: edition.clone(),
            });
        }
        Ok(())
    }

    /// The page's cursor is somewhere.
    pub(super) fn select(
        &mut self,
        edition: &EditionId,
        seq: u64,
        taken: u64,
        selection: Option<(u32, u32)>,
    ) -> Result<(), Trouble> {
        let (room, _) = self.room()?;
        let link = room.editions.open.get(edition).ok_or_else(not_open_edition)?;
        let point = |position| link.point((seq, taken), position).map(|point| point.to_string());
        // A position of a version that is over says nothing: the page sends the next one soon.
        let selected = selection.and_then(|(anchor, head)| Some((point(anchor)?, point(head)?)));
        room.people.select(body(edition), selected);
        Ok(())
    }

    /// Undoes one's own last change.
    pub(super) fn undo(&mut self, edition: &EditionId) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        let done = room.with_link(edition, hands, |link, body, document| Ok(link.undo(document, body)?))?;
        self.views.now = true;
        if done {
            Ok(())
        } else {
            Err(trouble("nothing-to-undo", "There is nothing of yours to undo here."))
        }
    }

    /// Does again what was undone last.
    pub(super) fn redo(&mut self, edition: &EditionId) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        let done = room.with_link(edition, hands, |link, body, document| Ok(link.redo(document, body)?))?;
        self.views.now = true;
        if done {
            Ok(())
        } else {
            Err(trouble("nothing-to-redo", "There is nothing to do again here."))
        }
    }

    /// Changes the headline from what the page showed.
    pub(super) fn set_headline(&mut self, edition: &EditionId, before: &str, text: &str) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        room.write_body(edition, hands, |body, document| {
            body.change_headline(document, before, text)
        })
    }

    /// Changes the summary from what the page showed.
    pub(super) fn set_summary(&mut self, edition: &EditionId, before: &str, text: &str) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        room.write_body(edition, hands, |body, document| {
            body.change_summary(document, before, text)
        })
    }

    /// Changes the byline from what the page showed.
    pub(super) fn set_byline(
        &mut self,
        edition: &EditionId,
        before: &[Byline],
        names: &[Byline],
    ) -> Result<(), Trouble> {
        let (room, hands) = self.room()?;
        room.write_body(edition, hands, |body, document| {
            body.change_byline(document, before, names)
        })
    }
}

impl Room {
    /// An edition as a value, without sources.
    pub(super) fn story(&self, edition: &EditionId) -> Result<Story, Trouble> {
        Ok(self.body(edition)?.story(&edition.lang, Vec::new()))
    }

    /// The body of an edition.
    pub(super) fn body(&self, edition: &EditionId) -> Result<&Body, Trouble> {
        self.papers
            .get(&body(edition))
            .and_then(|paper| paper.body.as_ref())
            .ok_or_else(no_edition)
    }

    /// Writes to the body of an edition.
    pub(super) fn write_body<T, E: std::fmt::Display>(
        &mut self,
        edition: &EditionId,
        hands: &Hands,
        write: impl FnOnce(&mut Body, &mut Document) -> Result<T, E>,
    ) -> Result<T, Trouble> {
        let doc = body(edition);
        let paper = self.writable(&doc)?;
        let body = paper.body.as_mut().ok_or_else(no_edition)?;
        let done = write(body, &mut paper.document).map_err(refused)?;
        self.edited(&doc, hands);
        Ok(done)
    }

    /// Writes to the body of an open edition through its page.
    pub(super) fn with_link<T>(
        &mut self,
        edition: &EditionId,
        hands: &mut Hands,
        write: impl FnOnce(&mut PageLink, &mut Body, &mut Document) -> Result<T, StepError>,
    ) -> Result<T, Trouble> {
        let doc = body(edition);
        self.writable(&doc)?;
        let link = self.editions.open.get_mut(edition).ok_or_else(not_open_edition)?;
        let paper = self.papers.get_mut(&doc).ok_or_else(no_edition)?;
        let body = paper.body.as_mut().ok_or_else(no_edition)?;
        let done = write(link, body, &mut paper.document).map_err(|error| because(step_code(&error), error));
        let moved = link.take_moved();
        self.edited(&doc, hands);
        for thread in moved {
            // A writer may write notes too; a thread that is gone meanwhile needs no place.
            let _ = self.edit(&notes_of(edition), hands, |paper| {
                notes::move_thread(&mut paper.document, &thread.id, &thread.start, &thread.end)
            });
        }
        done
    }

    /// What came of the page's words. When they could not be taken, the page must not go on with them.
    fn or_again(&mut self, edition: &EditionId, hands: &mut Hands, done: Result<(), Trouble>) -> Result<(), Trouble> {
        if done.is_err() && self.editions.open.contains_key(edition) {
            self.reopen(edition, hands);
        }
        done
    }

    /// Gives the page the document as it is, as the start of a new count.
    fn reopen(&mut self, edition: &EditionId, hands: &mut Hands) {
        let batch = self.editions.number();
        let body = self.papers.get(&body(edition)).and_then(|paper| paper.body.as_ref());
        let Some(body) = body else { return };
        let doc = match self.editions.open.get_mut(edition) {
            Some(link) => link.reopen(body, batch),
            None => {
                let (link, doc) = PageLink::open(body, batch);
                self.editions.open.insert(edition.clone(), link);
                doc
            }
        };
        hands.event(Event::Page {
            edition: edition.clone(),
            batch,
            doc,
        });
    }

    /// Tells the body of an edition which threads stand on it.
    pub(super) fn read_threads(&mut self, edition: &EditionId) {
        let spans = match self.papers.get(&notes_of(edition)) {
            Some(paper) => notes::threads(&paper.document)
                .into_iter()
                .filter(|thread| !thread.resolved)
                .map(|thread| ThreadSpan {
                    id: thread.id,
                    start: thread.start,
                    end: thread.end,
                })
                .collect(),
            None => Vec::new(),
        };
        if let Some(paper) = self.papers.get_mut(&body(edition))
            && let Some(body) = paper.body.as_mut()
        {
            body.set_threads(&paper.document, spans);
        }
    }

    /// Sends the open pages what others (or undo) have changed.
    pub(super) fn settle(&mut self, hands: &mut Hands) {
        let open: Vec<EditionId> = self.editions.open.keys().cloned().collect();
        for edition in open {
            if self.changed.contains(&notes_of(&edition)) {
                self.read_threads(&edition);
            }
            let body = self.papers.get(&body(&edition)).and_then(|paper| paper.body.as_ref());
            let (Some(body), Some(link)) = (body, self.editions.open.get_mut(&edition)) else {
                continue;
            };
            if let Some(Batch {
                seq,
                batch,
                steps,
                selection,
            }) = link.batch(body)
            {
                hands.event(Event::Batch {
                    edition,
                    seq,
                    batch,
                    steps,
                    selection,
                });
            }
        }
    }

    /// The others in an open edition, with their cursors on its page.
    pub(super) fn people_in(&self, edition: &EditionId) -> Vec<Person> {
        let doc = body(edition);
        let Some(paper) = self.papers.get(&doc) else {
            return Vec::new();
        };
        let (Some(body), Some(link)) = (&paper.body, self.editions.open.get(edition)) else {
            return Vec::new();
        };
        let members = self.replica.members();
        let position = |point: &str| link.position(&paper.document, body, &point.parse::<Point>().ok()?);
        self.people
            .others(&doc)
            .filter_map(|(session, other)| {
                let member = members.iter().find(|member| member.id == other.member)?;
                let selection = other.selected.as_ref();
                Some(Person {
                    session: to_hex(&session.0),
                    name: member.name.clone(),
                    outlet: other.outlet.clone(),
                    selection: selection.and_then(|(anchor, head)| Some((position(anchor)?, position(head)?))),
                })
            })
            .collect()
    }

    /// Puts a story behind the text of an edition; in an open one so that it can be undone.
    pub(super) fn append_story(
        &mut self,
        edition: &EditionId,
        story: &Story,
        hands: &Hands,
    ) -> Result<Appended, Trouble> {
        let mut link = self.editions.open.remove(edition);
        let done = self.write_body(edition, hands, |body, document| match &mut link {
            Some(link) => link.append_story(document, body, story, hands.now),
            None => body.append_story(document, story),
        });
        if let Some(link) = link {
            self.editions.open.insert(edition.clone(), link);
        }
        done
    }
}

fn not_open_edition() -> Trouble {
    trouble("edition-not-open", "Open the edition first.")
}

/// The code of a trouble with a page's positions or steps.
fn step_code(error: &StepError) -> &'static str {
    match error {
        StepError::Step { .. } | StepError::Gap { .. } => "steps",
        StepError::Version { .. } => "moved",
        _ => "refused",
    }
}

/// A story's id of a headline in Latin letters: `a-z`, `0-9`, `-`. Cyrillic letters are written in Latin ones, so that an
/// address can be read out.
fn slug(headline: &str) -> Option<String> {
    let mut slug = String::new();
    for c in headline.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            c => match latin(c) {
                Some(letters) => slug.push_str(letters),
                None if slug.is_empty() || slug.ends_with('-') => {}
                None => slug.push('-'),
            },
        }
        if slug.len() > 48 {
            break;
        }
    }
    let slug = slug.trim_matches('-');
    komuz_release::folder::is_name(slug).then(|| slug.to_owned())
}

/// Russian and Kyrgyz letters in Latin ones.
fn latin(c: char) -> Option<&'static str> {
    const LETTERS: [&str; 32] = [
        "a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "kh",
        "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
    ];
    match c {
        'а'..='я' => LETTERS.get(c as usize - 'а' as usize).copied(),
        'ё' => Some("yo"),
        'ң' => Some("ng"),
        'ө' => Some("o"),
        'ү' => Some("u"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_headline_makes_an_address_that_can_be_read_out() {
        assert_eq!(slug("Plunder and Patronage!").as_deref(), Some("plunder-and-patronage"));
        assert_eq!(
            slug("Жашыруун акча: Кыргызстан").as_deref(),
            Some("zhashyruun-akcha-kyrgyzstan")
        );
        assert_eq!(slug("Өңдүрүш, ёлка").as_deref(), Some("ongdurush-yolka"));
        assert_eq!(slug("«…»"), None);
        assert_eq!(slug("files"), None);
    }
}
