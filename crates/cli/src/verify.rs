//! `komuz verify`: checks published stories, in a folder or on a server, as readers' pages do.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use komuz_release::canonical::is_sha256_hex;
use komuz_release::folder::{is_lang, is_name, verify_folder};
use komuz_release::time::{self, Seconds};
use komuz_release::verify::{Expected, Freshness, Refusal, Seen, Verified};
use komuz_release::words::Lang;

/// The largest file that is read.
const MAX_FILE: u64 = 64 << 20;
/// Time for one file from a server.
const PATIENCE: Duration = Duration::from_secs(30);

/// Could not read what is to be checked.
const UNREADABLE: u8 = 2;
/// Read it, and it is not genuine.
const REFUSED: u8 = 1;

/// `komuz verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// A folder of published files (a server's `releases`, or a copy of what lies under `/r/`), or a server's address,
    /// or the address of an edition on it.
    #[arg(value_name = "DIR|URL")]
    from: String,
    /// Fingerprint of the masthead, as embeds pin it.
    #[arg(long)]
    fingerprint: String,
    /// Only this story.
    #[arg(long, requires = "lang")]
    story: Option<String>,
    /// Only this language of it.
    #[arg(long, requires = "story")]
    lang: Option<String>,
}

/// Where the files are.
enum Source {
    Folder(PathBuf),
    /// Everything before what a place says, with a slash at its end.
    Server(String),
}

/// Checks, says what came of it, and gives 0 when all is genuine, 1 when something was refused, 2 when something could not
/// be read.
pub fn run(arguments: &Verify) -> ExitCode {
    match check(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(sentence) => {
            eprintln!("komuz: {sentence}");
            ExitCode::from(UNREADABLE)
        }
    }
}

fn check(arguments: &Verify) -> Result<u8, String> {
    let fingerprint = arguments.fingerprint.as_str();
    if !is_sha256_hex(fingerprint) {
        return Err("the fingerprint is 64 digits and letters a to f, as in the embed's snippet".to_owned());
    }
    let (source, named) = Source::of(&arguments.from, fingerprint)?;
    let asked = arguments.story.clone().zip(arguments.lang.clone()).or(named);
    let editions = match (asked, &source) {
        (Some((story, lang)), _) if is_name(&story) && is_lang(&lang) => vec![(story, lang)],
        (Some(_), _) => return Err("a story's id is of a-z, 0-9 and -, a language like ky or zh-Hant".to_owned()),
        (None, Source::Folder(folder)) => {
            editions(&folder.join(fingerprint)).map_err(|error| format!("the folder cannot be read: {error}"))?
        }
        (None, Source::Server(_)) => {
            return Err(
                "a server does not list its stories: give --story and --lang, or the edition's address".to_owned(),
            );
        }
    };
    if editions.is_empty() {
        return Err("there is no published story under this fingerprint".to_owned());
    }
    let now = now();
    let mut worst = 0;
    for (story, lang) in editions {
        let seen = Seen::default();
        let expected = Expected {
            fingerprint,
            story: &story,
            lang: &lang,
            seen: &seen,
            now,
        };
        let code = match verify_folder(&expected, |path| source.read(path)) {
            Ok(verified) => {
                tell(&verified);
                0
            }
            Err(refusal) => {
                println!("refused: {story} ({lang})");
                println!("  {}", refusal.sentence(readers_language()));
                println!("  {refusal}");
                if matches!(refusal, Refusal::Unreadable { .. }) {
                    UNREADABLE
                } else {
                    REFUSED
                }
            }
        };
        // A refusal outweighs a file that could not be read.
        worst = if [worst, code].contains(&REFUSED) {
            REFUSED
        } else {
            worst.max(code)
        };
    }
    Ok(worst)
}

fn tell(verified: &Verified) {
    let release = &verified.release;
    let headline = release.front(None).map_or("", |front| front.headline.as_str());
    println!(
        "verified: {} ({}), release {}: {headline}",
        release.story, release.lang, release.number
    );
    for signed in &verified.signed {
        println!("  signed by {} ({}), key {}", signed.name, signed.domain, signed.key);
    }
    match verified.freshness {
        Freshness::Fresh { since, until } => {
            println!(
                "  said to be the newest on {}, holds until {}",
                time::format(since),
                time::format(until)
            );
        }
        Freshness::NotRenewed { since } => {
            println!(
                "  said to be the newest on {}, not renewed since: there may be a newer one",
                time::format(since)
            );
        }
    }
    println!("  SHA-256 {}", verified.hash);
}

/// The language that the system is set to, where readers' sentences exist in it.
fn readers_language() -> Lang {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    Lang::of(
        set.as_deref()
            .unwrap_or("en")
            .split(['_', '.', '@'])
            .next()
            .unwrap_or("en"),
    )
}

fn now() -> Seconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().cast_signed()
}

impl Source {
    /// Where the files are, and the edition when the address names one.
    #[allow(
        clippy::type_complexity,
        reason = "a story's id and a language, where the address names them"
    )]
    fn of(from: &str, fingerprint: &str) -> Result<(Self, Option<(String, String)>), String> {
        if !(from.starts_with("http://") || from.starts_with("https://")) {
            return Ok((Self::Folder(releases_folder(Path::new(from), fingerprint)), None));
        }
        let address = from.split(['?', '#']).next().unwrap_or(from);
        let Some((before, place)) = address.split_once("/r/") else {
            let origin = address.trim_end_matches('/').trim_end_matches("/r");
            return Ok((Self::Server(format!("{origin}/r/")), None));
        };
        let mut parts = place.split('/').filter(|part| !part.is_empty());
        if parts.next().is_some_and(|found| found != fingerprint) {
            return Err("the address is under another fingerprint than the one given".to_owned());
        }
        let edition = parts
            .next()
            .zip(parts.next())
            .map(|(story, lang)| (story.to_owned(), lang.to_owned()));
        Ok((Self::Server(format!("{before}/r/")), edition))
    }

    /// A file by its place below `/r/`; `None` when there is none.
    fn read(&self, place: &str) -> Result<Option<Vec<u8>>, String> {
        match self {
            Self::Folder(folder) => {
                let path = place.split('/').fold(folder.clone(), |path, part| path.join(part));
                match std::fs::File::open(path) {
                    Ok(file) => whole(file).map(Some),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error.to_string()),
                }
            }
            Self::Server(before) => {
                let config = ureq::Agent::config_builder()
                    .timeout_global(Some(PATIENCE))
                    .http_status_as_error(false);
                let agent = config.build().new_agent();
                let response = agent
                    .get(format!("{before}{place}"))
                    .call()
                    .map_err(|error| error.to_string())?;
                match response.status().as_u16() {
                    200 => whole(response.into_body().into_reader()).map(Some),
                    404 => Ok(None),
                    other => Err(format!("the server answers {other}")),
                }
            }
        }
    }
}

fn whole(file: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_FILE {
        Err("the file is too large".to_owned())
    } else {
        Ok(bytes)
    }
}

/// The folder whose subfolders are fingerprints: the one given, its `releases`, or the one above when it is a fingerprint's.
fn releases_folder(given: &Path, fingerprint: &str) -> PathBuf {
    if given.file_name().is_some_and(|name| name == fingerprint)
        && let Some(above) = given.parent()
    {
        return above.to_owned();
    }
    ["releases", "r"]
        .map(|name| given.join(name))
        .into_iter()
        .find(|folder| folder.join(fingerprint).is_dir())
        .unwrap_or_else(|| given.to_owned())
}

/// Stories and languages that have a latest under a fingerprint's folder.
fn editions(folder: &Path) -> io::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for story in names(folder)?.into_iter().filter(|name| is_name(name)) {
        let stories = folder.join(&story);
        for lang in names(&stories)?.into_iter().filter(|name| is_lang(name)) {
            if stories.join(&lang).join("latest.json").is_file() {
                found.push((story.clone(), lang));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Names of the folders in a folder.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().is_dir() {
            names.extend(entry.file_name().into_string());
        }
    }
    Ok(names)
}
