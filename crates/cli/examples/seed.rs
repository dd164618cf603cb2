//! Makes the demo's investigation on three running servers: founded by one outlet, joined by two, imported in three
//! languages, signed by all and published everywhere. Everything goes through the engine that runs in the browser.
//!
//! `seed CONTENT OUT (ORIGIN TICKET){3}`: CONTENT holds `sources.json` and `story.<lang>.md` and `dossier.json`; OUT gets each outlet's device
//! as `<outlet>.komuz-backup`. Prints a JSON object with what the pages of the demo need.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use komuz_engine::native::Native;
use komuz_import::{DEFAULT_LIMIT, import};
use komuz_messages::{
    Answer, Ask, EditionId, Event, InvestigationView, OutFile, OutletCard, Server, Signing, StateView,
};
use komuz_release::keys::{SigningKey, recovery_text, signature_text};
use komuz_release::masthead::Chain;
use komuz_release::release::Release;
use komuz_release::snippet::{SnippetOptions, snippet};
use komuz_release::story::Story;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Each outlet of the demo: id, name, domain, the member at the desk.
const OUTLETS: [(&str, &str, &str, &str); 3] = [
    ("alatoo", "Ala-Too Desk", "ala-too.example", "Айзада К."),
    ("issyk", "Issyk Wire", "issyk-wire.example", "Илья Б."),
    ("naryn", "Radio Naryn", "radio-naryn.example", "Nurgul T."),
];
/// The pages that carry the story: the site, which outlet's server is its own, its colours. The reader belongs to none.
const SITES: [(&str, usize, &str); 4] = [
    ("alatoo", 0, "light"),
    ("issyk", 1, "light"),
    ("naryn", 2, "dark"),
    ("reader", 2, "auto"),
];
const LANGUAGES: [&str; 3] = ["en", "ru", "ky"];
/// What the first release of one edition says wrong in its summary: language, the wrong word, the right one, the reason.
const CORRECTED: (&str, &str, &str, &str) = (
    "en",
    "2011",
    "2010",
    "The shares of the telephone company were sold in 2010, not in 2011.",
);
/// The passphrase of the demo's devices, shown on its pages.
const PASSPHRASE: &str = "three strings one tune";
/// How long anything may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// An outlet's editor at an engine.
struct Desk {
    engine: Native,
    events: UnboundedReceiver<Event>,
    investigation: InvestigationView,
    state: StateView,
    key: SigningKey,
    seed: [u8; 32],
    card: OutletCard,
    server: Server,
}

impl Desk {
    fn start(folder: &Path, outlet: (&str, &str, &str, &str), server: Server) -> Result<Desk> {
        let (engine, events) = Native::start(folder)?;
        let mut seeds = [[0u8; 32]; 2];
        for seed in &mut seeds {
            getrandom::fill(seed)?;
        }
        let key = SigningKey::from_seed(&seeds[0]);
        let recovery = SigningKey::from_seed(&seeds[1]);
        let card = OutletCard {
            id: outlet.0.to_owned(),
            name: outlet.1.to_owned(),
            domain: outlet.2.to_owned(),
            keys: vec![key.public().to_string(), recovery.public().to_string()],
            freshness: freshness(&server.url)?,
        };
        let trusted = serde_json::to_string(&card.keys)?;
        let authorization = format!("Komuz {}", server.ticket);
        ureq::put(&format!("{}/trust", server.url))
            .header("authorization", &authorization)
            .send(trusted.as_bytes())?;
        Ok(Desk {
            engine,
            events,
            investigation: InvestigationView::default(),
            state: StateView::default(),
            key,
            seed: seeds[0],
            card,
            server,
        })
    }

    async fn ask(&self, ask: Ask) -> Result<Answer> {
        self.engine
            .ask(ask)
            .await
            .map_err(|trouble| format!("{}: {}", trouble.code, trouble.message).into())
    }

    /// Takes events until what is shown is as wanted.
    async fn until(&mut self, what: &str, wanted: impl Fn(&Desk) -> bool) -> Result {
        let wait = async {
            while !wanted(self) {
                match self.events.recv().await {
                    Some(Event::Investigation(view)) => self.investigation = *view,
                    Some(Event::State(state)) => self.state = state,
                    Some(_) => {}
                    None => return Err("the engine has ended"),
                }
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .map_err(|_| format!("waited in vain until {what}"))??;
        Ok(())
    }

    async fn settled(&mut self) -> Result {
        self.until("all is in sync", |desk| {
            desk.state.saved
                && desk.state.unsent == 0
                && desk.state.servers.len() == 3
                && desk.state.servers.iter().all(|server| server.in_sync)
        })
        .await
    }

    async fn sign(&self, edition: &EditionId, now: &str, reason: &str) -> Result {
        let key = self.key.public().to_string();
        let (edition, now, reason) = (edition.clone(), now.to_owned(), reason.to_owned());
        let ask = Ask::Review {
            edition: edition.clone(),
            now,
            kind: String::new(),
            reason,
            key: key.clone(),
        };
        let Answer::Review(review) = self.ask(ask).await? else {
            return Err("no review".into());
        };
        if !review.obstacles.is_empty() {
            let why: Vec<String> = review.obstacles.into_iter().map(|trouble| trouble.message).collect();
            return Err(why.join(" ").into());
        }
        let signatures = review
            .to_sign
            .iter()
            .map(|to| signature_text(&self.key.sign(to.input.as_bytes())))
            .collect();
        self.ask(Ask::SignOff {
            edition,
            release: review.release,
            signatures,
            key,
        })
        .await?;
        Ok(())
    }
}

/// The key with which a server says that a release is still the newest.
fn freshness(server: &str) -> Result<String> {
    let about = ureq::get(&format!("{server}/.well-known/komuz.json"))
        .call()?
        .into_body()
        .read_to_string()?;
    let about: serde_json::Value = serde_json::from_str(&about)?;
    Ok(about["freshness"].as_str().unwrap_or_default().to_owned())
}

fn signing(desk: &Desk, edition: &EditionId) -> Option<Signing> {
    let story = desk
        .investigation
        .stories
        .iter()
        .find(|story| story.id == edition.story);
    let line = story.and_then(|story| story.editions.iter().find(|line| line.lang == edition.lang));
    line.map(|line| line.signing.clone())
}

fn signed(desk: &Desk, edition: &EditionId) -> usize {
    signing(desk, edition).map_or(0, |signing| signing.signed.len())
}

/// A story of the content folder with the sources that it cites.
fn story(content: &Path, lang: &str) -> Result<Story> {
    let read = |name: &str| -> Result<_> {
        let bytes = std::fs::read(content.join(name)).map_err(|error| format!("{name}: {error}"))?;
        Ok(import(name, &bytes, DEFAULT_LIMIT)?.story)
    };
    let mut story = read(&format!("story.{lang}.md"))?;
    story.sources = read("sources.json")?.sources;
    Ok(story)
}

/// Where words stand in a story: from their first place to their last.
fn span(story: &Story, words: &str) -> Result<Value> {
    for block in &story.blocks {
        let text = block.plain_text();
        if let Some((before, _)) = text.split_once(words) {
            let start = before.encode_utf16().count();
            let place = |offset: usize| json!({ "block": block.id, "offset": offset });
            return Ok(json!({ "start": place(start), "end": place(start + words.encode_utf16().count()) }));
        }
    }
    Err(format!("these words are not in the story: {words}").into())
}

/// What the newsrooms know of an edition: the content folder's dossier, its claims where their words stand. A translation is made
/// from the original block by block; of one block the original said something else then, so that the desk has something to show.
fn dossier(content: &Path, story: &Story, original: Option<&Story>) -> Result<Value> {
    let mut all: Value = serde_json::from_slice(&std::fs::read(content.join("dossier.json"))?)?;
    let mut known = json!({ "entities": all["entities"], "replies": all["replies"], "policy": all["policy"] });
    for source in &story.sources {
        let mut record = all["sources"]
            .get(&source.id)
            .cloned()
            .unwrap_or(json!({ "what": "press" }));
        record["reliability"] = all["reliability"].clone();
        known["sources"][&source.id] = record;
    }
    for name in ["claims", "answers"] {
        let records = all[name].as_object_mut().ok_or("no records")?;
        for (id, mut record) in std::mem::take(records) {
            let words = record["words"][&story.lang].take();
            let words = words.as_str().ok_or("no words")?;
            record["span"] = span(story, words)?;
            record.as_object_mut().ok_or("no record")?.remove("words");
            if let Some(checked) = record.get_mut("checked") {
                checked["words"] = words.into();
            }
            known[name][id] = record;
        }
    }
    let text = |name: &str| all["stale"][name].as_str().unwrap_or_default();
    for (block, of) in story
        .blocks
        .iter()
        .zip(original.iter().flat_map(|original| &original.blocks))
    {
        let mut words = of.plain_text();
        if story.lang == text("lang") {
            words = words.replace(text("now"), text("was"));
        }
        known["links"][&block.id] = json!({ "of": of.id, "words": words });
    }
    Ok(known)
}

/// What was published.
struct Folder {
    servers: Vec<Server>,
    files: Vec<OutFile>,
    fingerprint: String,
}

/// Has all outlets sign an edition as it stands.
async fn sign_all(first: &mut Desk, others: &mut [Desk], edition: &EditionId, now: &str, reason: &str) -> Result {
    first.sign(edition, now, reason).await?;
    first
        .until("it is proposed", |first| signed(first, edition) == 1)
        .await?;
    let proposal = signing(first, edition).and_then(|signing| signing.proposal);
    for (index, desk) in others.iter_mut().enumerate() {
        desk.until("the proposal has come", |desk| {
            signing(desk, edition).is_some_and(|signing| signing.proposal == proposal && signing.signed.len() > index)
        })
        .await?;
        desk.sign(edition, now, reason).await?;
    }
    first
        .until("all have signed", |first| {
            signing(first, edition).is_some_and(|signing| signing.complete)
        })
        .await
}

/// Puts an edition that all have signed on all servers.
async fn publish(first: &mut Desk, edition: &EditionId) -> Result<Folder> {
    let proposal = signing(first, edition).and_then(|signing| signing.proposal);
    let ask = Ask::Publish {
        edition: edition.clone(),
        release: proposal.ok_or("no proposal")?,
    };
    let Answer::Folder {
        release,
        servers,
        files,
    } = first.ask(ask).await?
    else {
        return Err("no folder".into());
    };
    for file in &files {
        let bytes = STANDARD.decode(&file.bytes)?;
        for server in &servers {
            ureq::put(&format!("{}/r/{}", server.url, file.path))
                .header("content-type", &file.media)
                .send(&bytes[..])?;
        }
    }
    let published = Ask::Published {
        edition: edition.clone(),
        release: release.clone(),
    };
    first.ask(published).await?;
    first
        .until("it is known as published", |first| {
            signing(first, edition).is_some_and(|signing| signing.published_release.as_ref() == Some(&release))
        })
        .await?;
    let fingerprint = files
        .first()
        .and_then(|file| file.path.split('/').next())
        .unwrap_or_default();
    Ok(Folder {
        fingerprint: fingerprint.to_owned(),
        servers,
        files,
    })
}

async fn seed(content: &Path, out: &Path, servers: Vec<Server>) -> Result<BTreeMap<String, String>> {
    let mut desks = Vec::new();
    for (outlet, server) in OUTLETS.into_iter().zip(servers) {
        desks.push(Desk::start(&out.join("devices").join(outlet.0), outlet, server)?);
    }
    let [first, others @ ..] = &mut desks[..] else {
        return Err("no outlets".into());
    };
    let found = Ask::Found {
        title: "A newsroom under pressure".to_owned(),
        outlet: first.card.clone(),
        member: OUTLETS[0].3.to_owned(),
        server: first.server.clone(),
    };
    first.ask(found).await?;
    for (desk, outlet) in others.iter_mut().zip(&OUTLETS[1..]) {
        let invite = Ask::Invite {
            outlet: outlet.1.to_owned(),
            role: "editor".to_owned(),
        };
        let Answer::Invitation { fragment, .. } = first.ask(invite).await? else {
            return Err("no invitation".into());
        };
        let join = Ask::Join {
            text: format!("{}/desk/#{fragment}", first.server.url),
            outlet: desk.card.clone(),
            member: outlet.3.to_owned(),
            server: Some(desk.server.clone()),
        };
        let Answer::Joining(joining) = desk.ask(join).await? else {
            return Err("not joining".into());
        };
        first
            .until("the request is seen", |first| !first.investigation.requests.is_empty())
            .await?;
        let request = first.investigation.requests[0].clone();
        if request.code != joining.code {
            return Err("the codes differ".into());
        }
        first.ask(Ask::Confirm { request: request.id }).await?;
        first
            .until("the request is settled", |first| {
                first.investigation.requests.is_empty()
            })
            .await?;
    }
    first
        .until("three outlets are in", |first| first.investigation.outlets.len() == 3)
        .await?;

    let mut id = String::new();
    let mut original = None;
    for lang in LANGUAGES {
        let mut read = story(content, lang)?;
        let known = dossier(content, &read, original.as_ref())?;
        original.get_or_insert_with(|| read.clone());
        if lang == CORRECTED.0 {
            read.summary = read.summary.replace(CORRECTED.2, CORRECTED.1);
        }
        let mut whole = json!(read);
        whole["dossier"] = known;
        let text = whole.to_string();
        if id.is_empty() {
            let new = Ask::NewStory {
                lang: lang.to_owned(),
                headline: read.headline.clone(),
            };
            let Answer::Story { story } = first.ask(new).await? else {
                return Err("no story".into());
            };
            id = story;
        } else {
            let edition = EditionId {
                story: id.clone(),
                lang: lang.to_owned(),
            };
            first.ask(Ask::NewEdition { edition, from: None }).await?;
        }
        let edition = EditionId {
            story: id.clone(),
            lang: lang.to_owned(),
        };
        first
            .ask(Ask::Open {
                edition: edition.clone(),
            })
            .await?;
        first
            .ask(Ask::Import {
                edition: edition.clone(),
                name: "story.json".to_owned(),
                text,
                tongue: "en".into(),
            })
            .await?;
        first.ask(Ask::Close { edition }).await?;
    }
    first.settled().await?;
    let now = utc_now();
    let mut pages = BTreeMap::from([
        ("story".to_owned(), id.clone()),
        ("passphrase".to_owned(), PASSPHRASE.to_owned()),
    ]);
    for lang in LANGUAGES {
        let edition = EditionId {
            story: id.clone(),
            lang: lang.to_owned(),
        };
        sign_all(first, others, &edition, &now, "").await?;
        let mut folder = publish(first, &edition).await?;
        if lang == CORRECTED.0 {
            // A year was wrong: the second release corrects it on every page.
            let story = story(content, lang)?;
            let ask = Ask::SetSummary {
                edition: edition.clone(),
                before: story.summary.replace(CORRECTED.2, CORRECTED.1),
                text: story.summary,
            };
            first.ask(ask).await?;
            sign_all(first, others, &edition, &now, CORRECTED.3).await?;
            folder = publish(first, &edition).await?;
        }
        let Folder {
            servers,
            files,
            fingerprint,
        } = folder;
        let mut chain = Vec::new();
        let mut canonical = Vec::new();
        for file in &files {
            let bytes = STANDARD.decode(&file.bytes)?;
            match file.path.rsplit('/').next() {
                Some("masthead.json") => chain = bytes,
                Some("release.json") => canonical = bytes,
                _ => {}
            }
        }
        let masthead = Chain::verify(&chain, &fingerprint)?;
        let release = Release::parse(&canonical)?;
        for (site, own, theme) in SITES {
            let server = servers.get(own).ok_or("a server is missing")?.url.clone();
            let options = SnippetOptions {
                outlet: if site == "reader" {
                    String::new()
                } else {
                    site.to_owned()
                },
                fingerprint: fingerprint.clone(),
                mirrors: servers
                    .iter()
                    .map(|other| other.url.clone())
                    .filter(|url| *url != server)
                    .collect(),
                server,
                loader: "/komuz/komuz.js".to_owned(),
            };
            let made = snippet(&release, masthead.newest(), &options);
            // The one thing that an editor adds by hand to what the desk gives: the colours of the page.
            let element = made
                .element
                .replacen("<komuz-story", &format!("<komuz-story theme=\"{theme}\""), 1);
            pages.insert(format!("element:{site}:{lang}"), element);
            pages.insert(format!("plain:{site}:{lang}"), made.plain);
            pages.insert(format!("head:{site}:{lang}"), made.head);
        }
        pages.insert("fingerprint".to_owned(), fingerprint);
    }
    for desk in &mut desks {
        desk.settled().await?;
        let page = serde_json::json!([{ "key": desk.card.keys[0], "seed": recovery_text(&desk.seed) }]).to_string();
        let backup = Ask::Backup {
            passphrase: PASSPHRASE.to_owned(),
            page,
        };
        let Answer::File { bytes, .. } = desk.ask(backup).await? else {
            return Err("no backup".into());
        };
        std::fs::write(
            out.join(format!("{}.komuz-backup", desk.card.id)),
            STANDARD.decode(bytes)?,
        )?;
        desk.engine.stop().await;
    }
    Ok(pages)
}

/// Now, as the desk's page says it.
fn utc_now() -> String {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    komuz_release::time::format(i64::try_from(since.as_secs()).unwrap_or_default())
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [content, out, servers @ ..] = &args[..] else {
        eprintln!("seed CONTENT OUT (ORIGIN TICKET){{3}}");
        return ExitCode::from(2);
    };
    let servers = servers
        .chunks_exact(2)
        .map(|pair| Server {
            url: pair[0].clone(),
            ticket: pair[1].clone(),
        })
        .collect();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("seed: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime
        .block_on(seed(Path::new(content), Path::new(out), servers))
        .and_then(|pages| Ok(serde_json::to_string(&pages)?))
    {
        Ok(pages) => {
            println!("{pages}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("seed: {error}");
            ExitCode::FAILURE
        }
    }
}
