//! Two newsrooms on two servers of their own, without a browser: the engines that desks run, real sockets, real processes, real
//! kills.

#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "../../crates/engine/tests/desks/page.rs"]
mod page;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use komuz_engine::native::Native;
use komuz_messages::{Answer, Ask, EditionId, Event, InvestigationView, OutletCard, Server as ServerCard, StateView};
use komuz_release::keys::SigningKey;
use komuz_tests::process::Server;
use page::{PageModel, insert};
use tokio::sync::watch;

/// What a desk shows.
#[derive(Default)]
struct Shown {
    investigation: Option<InvestigationView>,
    state: StateView,
    pages: BTreeMap<EditionId, PageModel>,
}

/// A person at an engine, with a page that answers as the desk's does.
struct Desk {
    engine: Arc<Native>,
    shown: Arc<Mutex<Shown>>,
    changed: watch::Receiver<u64>,
}

impl Desk {
    fn start(folder: &Path) -> Desk {
        let (engine, mut events) = Native::start(folder).unwrap();
        let engine = Arc::new(engine);
        let shown = Arc::new(Mutex::new(Shown::default()));
        let (change, changed) = watch::channel(0);
        // Weak: the engine ends with the desk, and with it the events.
        let (asks, state) = (Arc::downgrade(&engine), shown.clone());
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                let Some(engine) = asks.upgrade() else { return };
                show(&engine, &state, event);
                change.send_modify(|count| *count += 1);
            }
        });
        Desk { engine, shown, changed }
    }

    async fn ask(&self, ask: Ask) -> Answer {
        self.engine.ask(ask).await.unwrap()
    }

    /// Waits until what is shown is as wanted.
    async fn until(&self, what: &str, mut wanted: impl FnMut(&Shown) -> bool) {
        let mut changed = self.changed.clone();
        let wait = async {
            loop {
                changed.borrow_and_update();
                if wanted(&self.shown.lock().unwrap()) {
                    return;
                }
                changed.changed().await.expect("the engine runs");
            }
        };
        if tokio::time::timeout(Duration::from_secs(120), wait).await.is_err() {
            let state = &self.shown.lock().unwrap().state;
            panic!("waited in vain until {what}; the last state was {state:?}");
        }
    }

    /// Types words behind the text.
    async fn type_words(&self, edition: &EditionId, words: &str) {
        let answer = {
            let mut shown = self.shown.lock().unwrap();
            let page = shown.pages.get_mut(edition).expect("the edition is open");
            let at = page.end();
            let steps = vec![insert(at, at, words)];
            let (seq, taken) = page.make(&steps);
            self.engine.ask(Ask::Steps {
                edition: edition.clone(),
                seq,
                taken,
                steps,
            })
        };
        assert_eq!(answer.await, Ok(Answer::Done));
    }

    fn text(&self, edition: &EditionId) -> String {
        self.shown.lock().unwrap().pages[edition].text()
    }

    /// Everything typed is stored here and at every server, and everything there is here.
    async fn settled(&self) {
        self.until("all is in sync", |shown| {
            let state = &shown.state;
            state.saved
                && state.unsent == 0
                && state.servers.len() == 2
                && state.servers.iter().all(|server| server.in_sync)
        })
        .await;
    }
}

fn show(engine: &Native, shown: &Mutex<Shown>, event: Event) {
    let mut shown = shown.lock().unwrap();
    match event {
        Event::Investigation(view) => shown.investigation = Some(*view),
        Event::State(state) => shown.state = state,
        Event::Page { edition, doc } => {
            shown.pages.insert(edition, PageModel::open(&doc));
        }
        Event::Batch {
            edition,
            seq,
            batch,
            steps,
            ..
        } => {
            let taken = shown
                .pages
                .get_mut(&edition)
                .and_then(|page| page.take(seq, batch, &steps));
            if let Some(hash) = taken {
                // On its way before the page can be typed in again; its answer says nothing.
                drop(engine.ask(Ask::Taken { edition, batch, hash }));
            }
        }
        _ => {}
    }
}

fn card(id: &str) -> OutletCard {
    let key = |nth: u8| {
        let mut seed = [nth; 32];
        seed[1..=id.len()].copy_from_slice(id.as_bytes());
        SigningKey::from_seed(&seed).public().to_string()
    };
    OutletCard {
        id: id.to_owned(),
        name: format!("The {id} newsroom"),
        domain: format!("{id}.example"),
        keys: vec![key(1), key(2)],
    }
}

fn on(server: &Server) -> ServerCard {
    ServerCard {
        url: server.origin.clone(),
        ticket: server.ticket.clone(),
    }
}

/// The desks of two outlets that have one edition open, on their servers.
async fn two(first: (&Path, &Server), second: (&Path, &Server)) -> (Desk, Desk, EditionId) {
    let kloop = Desk::start(first.0);
    let found = Ask::Found {
        title: "Samaragate".into(),
        outlet: card("kloop"),
        member: "Aigul Mambetova".into(),
        server: on(first.1),
    };
    assert!(matches!(kloop.ask(found).await, Answer::Entered { .. }));
    let invite = Ask::Invite {
        outlet: "occrp".into(),
        role: "editor".into(),
    };
    let Answer::Invitation { fragment, .. } = kloop.ask(invite).await else {
        panic!("no invitation")
    };

    let occrp = Desk::start(second.0);
    let join = Ask::Join {
        text: format!("{}/desk/#{fragment}", first.1.origin),
        outlet: card("occrp"),
        member: "Miranda Patrucic".into(),
        server: Some(on(second.1)),
    };
    let Answer::Joining(joining) = occrp.ask(join).await else {
        panic!("not joining")
    };
    let mut request = None;
    kloop
        .until("the request is seen", |shown| {
            request = shown
                .investigation
                .as_ref()
                .and_then(|view| view.requests.first().cloned());
            request.is_some()
        })
        .await;
    let request = request.unwrap();
    assert_eq!(request.code, joining.code);
    assert_eq!(kloop.ask(Ask::Confirm { request: request.id }).await, Answer::Done);
    for desk in [&kloop, &occrp] {
        desk.until("both outlets are in", |shown| {
            shown.investigation.as_ref().is_some_and(|view| view.outlets.len() == 2)
        })
        .await;
    }

    let new = Ask::NewStory {
        lang: "ky".into(),
        headline: "Чек арадан өткөн акча".into(),
    };
    let Answer::Story { story } = kloop.ask(new).await else {
        panic!("no story")
    };
    let edition = EditionId {
        story,
        lang: "ky".into(),
    };
    for desk in [&kloop, &occrp] {
        desk.until("the story is listed", |shown| {
            let stories = shown
                .investigation
                .as_ref()
                .map(|view| view.stories.as_slice())
                .unwrap_or_default();
            stories
                .iter()
                .any(|story| story.id == edition.story && !story.editions.is_empty())
        })
        .await;
        assert_eq!(
            desk.ask(Ask::Open {
                edition: edition.clone()
            })
            .await,
            Answer::Done
        );
        desk.until("the page is open", |shown| shown.pages.contains_key(&edition))
            .await;
    }
    (kloop, occrp, edition)
}

/// Whether any file below a folder holds these bytes.
fn holds(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .any(|path| match path.is_dir() {
            true => holds(&path, bytes),
            false => std::fs::read(path)
                .unwrap()
                .windows(bytes.len())
                .any(|window| window == bytes),
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn two_newsrooms_write_at_once_while_their_servers_are_killed() {
    const WORDS: usize = 120;
    let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let [one, two_data, kloop_data, occrp_data] = [0, 1, 2, 3].map(|n| folders[n].path());
    let mut first = Server::start(one);
    let mut second = Server::start(two_data);
    let (kloop, occrp, edition) = two((kloop_data, &first), (occrp_data, &second)).await;

    let write = |desk: &'_ Desk, name: &'static str| {
        let (engine, shown, changed) = (desk.engine.clone(), desk.shown.clone(), desk.changed.clone());
        let (desk, edition) = (Desk { engine, shown, changed }, edition.clone());
        tokio::spawn(async move {
            for n in 0..WORDS {
                desk.type_words(&edition, &format!("{name}{n}! ")).await;
                // Some are on their way, some not, whenever a server dies.
                if n % 10 == 9 {
                    desk.until("some server has it", |shown| shown.state.unsent < 3).await;
                }
            }
        })
    };
    let writing = [write(&kloop, "жер"), write(&occrp, "суу")];
    // One after the other dies in the middle and comes back, again and again, until all is written.
    for _ in 0..4 {
        first.kill_and_restart();
        kloop
            .until("it is reached again", |shown| {
                shown.state.servers.iter().all(|server| server.reached)
            })
            .await;
        second.kill_and_restart();
        occrp
            .until("it is reached again", |shown| {
                shown.state.servers.iter().all(|server| server.reached)
            })
            .await;
    }
    for writer in writing {
        writer.await.unwrap();
    }
    for desk in [&kloop, &occrp] {
        desk.settled().await;
    }
    let whole = |text: &str| (0..WORDS).all(|n| ["жер", "суу"].iter().all(|w| text.contains(&format!("{w}{n}!"))));
    for desk in [&kloop, &occrp] {
        desk.until("every word is here", |shown| whole(&shown.pages[&edition].text()))
            .await;
    }
    let other = occrp.text(&edition);
    kloop
        .until("both read the same", |shown| shown.pages[&edition].text() == other)
        .await;
    // Nothing came twice.
    for n in 0..WORDS {
        for word in ["жер", "суу"] {
            assert_eq!(
                other.matches(&format!("{word}{n}!")).count(),
                1,
                "{word}{n} in {other:?}"
            );
        }
    }

    // A desk that starts again has all of it from its own disk and the servers.
    let investigation = kloop.shown.lock().unwrap().investigation.as_ref().unwrap().id.clone();
    kloop.engine.stop().await;
    let again = Desk::start(kloop_data);
    again.ask(Ask::Enter { investigation }).await;
    again
        .ask(Ask::Open {
            edition: edition.clone(),
        })
        .await;
    again
        .until("the text is the same", |shown| {
            shown.pages.get(&edition).is_some_and(|page| page.text() == other)
        })
        .await;

    first.kill();
    second.kill();
    for server in [one, two_data] {
        let files = std::fs::read_dir(server)
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap());
        assert!(files.map(|file| file.len()).sum::<u64>() > 100_000, "the logs are here");
        for words in [
            "жер7!",
            "суу7",
            "Чек арадан",
            "Samaragate",
            "Mambetova",
            "Miranda",
            "newsroom",
            "kloop",
            "occrp",
        ] {
            assert!(!holds(server, words.as_bytes()), "{words:?} is in a server's files");
            let utf16: Vec<u8> = words.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(!holds(server, &utf16), "{words:?} is in a server's files as UTF-16");
        }
    }
    // The search finds what is there.
    std::fs::write(one.join("planted"), "... суу7! ...").unwrap();
    assert!(holds(one, "суу7".as_bytes()));
}
