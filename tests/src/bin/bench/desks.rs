//! Ten people type and one looks on: whole engines with their rows on disk, and a `komuz serve` between them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use komuz_core::page::{Page, Place, Step, json};
use komuz_engine::native::Native;
use komuz_messages::{Answer, Ask, EditionId, Event, InvestigationView, OutletCard, Server as ServerCard};
use komuz_release::keys::SigningKey;
use komuz_tests::process::Server;
use serde_json::Value;
use tokio::sync::watch;

use crate::Result;
use crate::desk::replace;
use crate::measured::{By, Figures};

/// How many people type.
const TYPISTS: u8 = 10;
/// How many keys each of them presses, and the time between two.
const KEYS: u32 = 60;
const BETWEEN: Duration = Duration::from_millis(200);
/// Paragraphs that are there before.
const PARAGRAPHS: usize = 100;
/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Each key is a character of its own from here on, so that it is known again where it arrives.
const FIRST_CHARACTER: u32 = 0x4e00;

type Answered<T> = Result<T, String>;
/// When each character was typed.
type Typed = Arc<Mutex<HashMap<char, Instant>>>;

/// What a page shows.
#[derive(Default)]
struct Shown {
    investigation: Option<InvestigationView>,
    page: Page,
    open: bool,
    seq: u64,
    taken: u64,
    /// How long each character took from another page to this one.
    arrived: Vec<Duration>,
}

/// A person at an engine.
struct Person {
    engine: Arc<Native>,
    shown: Arc<watch::Sender<Shown>>,
}

/// Measures in a folder beside the program.
pub fn measure() -> Result {
    let program = std::env::current_exe()?;
    let folder = tempfile::tempdir_in(program.parent().ok_or("the program lies nowhere")?)?;
    let server = Server::start(&folder.path().join("server"));
    let runtime = tokio::runtime::Runtime::new()?;
    let (own, arrived) = runtime.block_on(write_together(folder.path(), &server))?;
    let figures = Figures::of(
        "desks",
        format!("{TYPISTS} people type five keys a second each, one looks on"),
    );
    figures.times("a key until its engine has it", By::Komuz, own);
    figures.times("from a key to the steps for another's page", By::Komuz, arrived);
    Ok(())
}

async fn write_together(folder: &Path, server: &Server) -> Answered<(Vec<Duration>, Vec<Duration>)> {
    let typed = Typed::default();
    let watcher = Person::start(&folder.join("0"), &typed)?;
    let found = Ask::Found {
        title: "Benchmarks".to_owned(),
        outlet: card(),
        member: "Person 0".to_owned(),
        server: ServerCard {
            url: server.origin.clone(),
            ticket: server.ticket.clone(),
        },
    };
    watcher.ask(found).await?;
    let mut typists = Vec::new();
    for number in 1..=TYPISTS {
        let person = Person::start(&folder.join(number.to_string()), &typed)?;
        person.join(number, &watcher, server).await?;
        typists.push(person);
    }
    let new = Ask::NewStory {
        lang: "ky".to_owned(),
        headline: "Ченөө".to_owned(),
    };
    let Answer::Story { story } = watcher.ask(new).await? else {
        return Err("no story was made".to_owned());
    };
    let edition = EditionId {
        story,
        lang: "ky".to_owned(),
    };
    watcher.open(&edition).await?;
    let paragraph = "Бул жерде бир эле нерсе өлчөнөт: басылган тамга башкаларга канча убакытта жетет, ошол гана. ";
    let import = Ask::Import {
        edition: edition.clone(),
        name: "text.md".to_owned(),
        text: format!("{paragraph}\n\n").repeat(PARAGRAPHS),
        tongue: "en".into(),
    };
    watcher.ask(import).await?;
    for person in std::iter::once(&watcher).chain(&typists) {
        person.open(&edition).await?;
        person
            .until("the text is here", |shown| shown.page.blocks().len() >= PARAGRAPHS)
            .await?;
    }
    let typing: FuturesUnordered<_> = typists
        .into_iter()
        .zip(0..)
        .map(|(person, number)| tokio::spawn(person.types(edition.clone(), number, typed.clone())))
        .collect();
    let mut own = Vec::new();
    let mut people = Vec::new();
    for done in typing.collect::<Vec<_>>().await {
        let (person, times) = done.map_err(|why| why.to_string())??;
        own.extend(times);
        // Stays until the last key has arrived.
        people.push(person);
    }
    let all = usize::from(TYPISTS) * KEYS as usize;
    watcher
        .until("every key has arrived", |shown| shown.arrived.len() == all)
        .await?;
    let arrived = watcher.shown.borrow().arrived.clone();
    Ok((own, arrived))
}

impl Person {
    fn start(folder: &Path, typed: &Typed) -> Answered<Self> {
        let (engine, mut events) = Native::start(folder).map_err(|why| why.to_string())?;
        let engine = Arc::new(engine);
        let shown = Arc::new(watch::Sender::new(Shown::default()));
        // Weak: the engine ends with the person, and with it the events.
        let (asks, shows, typed) = (Arc::downgrade(&engine), shown.clone(), typed.clone());
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                let Some(engine) = asks.upgrade() else { return };
                shows.send_modify(|shown| shown.happens(event, &engine, &typed));
            }
        });
        Ok(Self { engine, shown })
    }

    async fn ask(&self, ask: Ask) -> Answered<Answer> {
        self.engine.ask(ask).await.map_err(|trouble| trouble.message)
    }

    async fn until(&self, what: &str, wanted: impl FnMut(&Shown) -> bool) -> Answered<()> {
        let mut shown = self.shown.subscribe();
        match tokio::time::timeout(PATIENCE, shown.wait_for(wanted)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(format!("waited in vain until {what}")),
        }
    }

    /// Is invited by an editor, who confirms.
    async fn join(&self, number: u8, editor: &Person, server: &Server) -> Answered<()> {
        let invite = Ask::Invite {
            outlet: card().id,
            role: "writer".to_owned(),
        };
        let Answer::Invitation { fragment, .. } = editor.ask(invite).await? else {
            return Err("no invitation was made".to_owned());
        };
        let join = Ask::Join {
            text: format!("{}/desk/#{fragment}", server.origin),
            outlet: card(),
            member: format!("Person {number}"),
            server: None,
        };
        self.ask(join).await?;
        let mut request = None;
        editor
            .until(&format!("request {number} is seen"), |shown| {
                let view = shown.investigation.as_ref();
                request = view.and_then(|view| view.requests.first().map(|request| request.id.clone()));
                request.is_some()
            })
            .await?;
        let confirm = Ask::Confirm {
            request: request.unwrap_or_default(),
        };
        editor.ask(confirm).await?;
        // So that the next one to be seen is the next one's.
        editor
            .until("the request is gone", |shown| {
                let view = shown.investigation.as_ref();
                view.is_some_and(|view| view.requests.is_empty())
            })
            .await?;
        self.until("the invitation is confirmed", |shown| shown.investigation.is_some())
            .await
    }

    async fn open(&self, edition: &EditionId) -> Answered<()> {
        self.until("the story is listed", |shown| {
            let view = shown.investigation.as_ref();
            view.is_some_and(|view| {
                let mut stories = view.stories.iter();
                stories.any(|story| story.id == edition.story && !story.editions.is_empty())
            })
        })
        .await?;
        let edition = edition.clone();
        self.ask(Ask::Open { edition }).await?;
        self.until("the page is open", |shown| shown.open).await
    }

    /// Types in a paragraph of one's own; how long each key took to the engine's answer.
    async fn types(self, edition: EditionId, number: u32, typed: Typed) -> Answered<(Self, Vec<Duration>)> {
        let mut clock = tokio::time::interval(BETWEEN);
        // Not all at the same moment.
        tokio::time::sleep(BETWEEN * number / u32::from(TYPISTS)).await;
        let mut times = Vec::new();
        for nth in 0..KEYS {
            clock.tick().await;
            let key = char::from_u32(FIRST_CHARACTER + number * KEYS + nth).ok_or("no such character")?;
            let mut answer = None;
            let start = Instant::now();
            self.shown.send_modify(|shown| {
                let block = number as usize * PARAGRAPHS / usize::from(TYPISTS);
                let place = Place::In { block, offset: 0 };
                let step = replace(&shown.page, place, place, key.encode_utf8(&mut [0; 4]));
                let Ok(page) = step.apply(&shown.page) else { return };
                shown.page = page;
                shown.seq += 1;
                typed.lock().unwrap_or_else(PoisonError::into_inner).insert(key, start);
                answer = Some(self.engine.ask(Ask::Steps {
                    edition: edition.clone(),
                    seq: shown.seq,
                    taken: shown.taken,
                    steps: vec![step.write()],
                }));
            });
            let answer = answer.ok_or("a key fits nowhere")?;
            answer.await.map_err(|trouble| trouble.message)?;
            times.push(start.elapsed());
        }
        Ok((self, times))
    }
}

impl Shown {
    fn happens(&mut self, event: Event, engine: &Native, typed: &Typed) {
        match event {
            Event::Investigation(view) => self.investigation = Some(*view),
            Event::Page { doc, batch, .. } => {
                let Ok(page) = json::read_page(&doc) else { return };
                (self.page, self.open, self.seq, self.taken) = (page, true, 0, batch);
            }
            Event::Batch {
                edition,
                seq,
                batch,
                steps,
                ..
            } if seq == self.seq && batch > self.taken => {
                let now = Instant::now();
                let applied = steps.iter().try_fold(self.page.clone(), |page, step| {
                    Step::read(step).and_then(|step| step.apply(&page))
                });
                // A batch that does not fit never confirms, and the measurement waits in vain.
                let Ok(page) = applied else { return };
                (self.page, self.taken) = (page, batch);
                // On its way before the page can be typed in again; its answer says nothing.
                drop(engine.ask(Ask::Taken {
                    edition,
                    batch,
                    hash: String::new(),
                }));
                let typed = typed.lock().unwrap_or_else(PoisonError::into_inner);
                let inserted = steps.iter().flat_map(characters);
                self.arrived
                    .extend(inserted.filter_map(|key| Some(now - *typed.get(&key)?)));
            }
            _ => {}
        }
    }
}

/// The characters that a step inserts.
fn characters(step: &Value) -> Vec<char> {
    let content = step["slice"]["content"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let texts = content.iter().filter_map(|node| node["text"].as_str());
    texts.flat_map(str::chars).collect()
}

/// The one outlet.
fn card() -> OutletCard {
    let key = |nth| SigningKey::from_seed(&[nth; 32]).public().to_string();
    OutletCard {
        id: "outlet".to_owned(),
        name: "The outlet".to_owned(),
        domain: "outlet.example".to_owned(),
        keys: vec![key(1), key(2)],
        freshness: key(9),
    }
}
