//! Two newsrooms on two servers of their own, without a browser: the engines that desks run, real sockets, real processes, real
//! kills.

#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "../../crates/engine/tests/desks/page.rs"]
mod page;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use komuz_engine::native::Native;
use komuz_messages::{Answer, Ask, EditionId, Event, InvestigationView, OutletCard, Server as ServerCard, StateView};
use komuz_release::folder::verify_folder;
use komuz_release::keys::{SigningKey, signature_text};
use komuz_release::time;
use komuz_release::verify::{Expected, Freshness, Seen};
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
        Event::Page { edition, batch, doc } => {
            shown.pages.insert(edition, PageModel::open(&doc, batch));
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

/// One of an outlet's release keys.
fn signing_key(outlet: &str, nth: u8) -> SigningKey {
    let mut seed = [nth; 32];
    seed[1..=outlet.len()].copy_from_slice(outlet.as_bytes());
    SigningKey::from_seed(&seed)
}

/// An outlet as its desk makes its card: with the key that its server tells.
fn card(id: &str, server: &Server) -> OutletCard {
    let (_, about) = get(&format!("{}/.well-known/komuz.json", server.origin));
    let about: serde_json::Value = serde_json::from_slice(&about).unwrap();
    OutletCard {
        id: id.to_owned(),
        name: format!("The {id} newsroom"),
        domain: format!("{id}.example"),
        keys: [1, 2].map(|nth| signing_key(id, nth).public().to_string()).to_vec(),
        freshness: about["freshness"].as_str().unwrap().to_owned(),
    }
}

/// Status and bytes of an address.
fn get(address: &str) -> (u16, Vec<u8>) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.get(address).call().unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_vec().unwrap())
}

/// Puts a file on a server, which must take it.
fn put(server: &Server, path: &str, bytes: &[u8]) {
    ureq::put(&format!("{}/{path}", server.origin))
        .header("authorization", &format!("Komuz {}", server.ticket))
        .send(bytes)
        .unwrap();
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
        outlet: card("kloop", first.1),
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
        outlet: card("occrp", second.1),
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
async fn the_servers_of_the_outlets_keep_what_is_published_fresh() {
    let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let servers = [Server::start(folders[0].path()), Server::start(folders[1].path())];
    let (kloop, occrp, edition) = two((folders[2].path(), &servers[0]), (folders[3].path(), &servers[1])).await;
    kloop.type_words(&edition, "Жети жүз миллион доллар.").await;
    for desk in [&kloop, &occrp] {
        desk.until("the words are here", |shown| {
            shown.pages[&edition].text().contains("доллар")
        })
        .await;
        desk.settled().await;
    }
    // Signed forty days ago: without its servers' word it would have ended.
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let published = now - 40 * 86_400;
    let mut release = String::new();
    for (index, (desk, outlet)) in [(&kloop, "kloop"), (&occrp, "occrp")].into_iter().enumerate() {
        desk.until("the proposal is here", |shown| {
            let stories = &shown.investigation.as_ref().unwrap().stories;
            stories[0].editions[0].signing.signed.len() == index
        })
        .await;
        let key = signing_key(outlet, 1);
        let ask = Ask::Review {
            edition: edition.clone(),
            now: time::format(published),
            kind: String::new(),
            reason: String::new(),
            key: key.public().to_string(),
        };
        let Answer::Review(review) = desk.ask(ask).await else {
            panic!("no review")
        };
        assert_eq!(review.obstacles, []);
        let sign = |to: &komuz_messages::ToSign| signature_text(&key.sign(to.input.as_bytes()));
        let ask = Ask::SignOff {
            edition: edition.clone(),
            release: review.release.clone(),
            signatures: review.to_sign.iter().map(sign).collect(),
            key: key.public().to_string(),
        };
        assert_eq!(desk.ask(ask).await, Answer::Done);
        release = review.release;
    }
    let publish = Ask::Publish {
        edition: edition.clone(),
        release,
    };
    let Answer::Folder { files, .. } = occrp.ask(publish).await else {
        panic!("no folder")
    };
    let fingerprint = files[0].path.split('/').next().unwrap().to_owned();
    for server in &servers {
        for file in &files {
            put(
                server,
                &format!("r/{}", file.path),
                &STANDARD.decode(&file.bytes).unwrap(),
            );
        }
        let expected = Expected {
            fingerprint: &fingerprint,
            story: &edition.story,
            lang: &edition.lang,
            seen: &Seen::default(),
            now,
        };
        let verified = verify_folder(&expected, |path| {
            let (status, bytes) = get(&format!("{}/r/{path}", server.origin));
            Ok((status == 200).then_some(bytes))
        })
        .unwrap();
        assert!(
            matches!(verified.freshness, Freshness::Fresh { since, .. } if since >= now),
            "{:?}",
            verified.freshness
        );
    }
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
