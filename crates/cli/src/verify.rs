//! `komuz verify`: checks published stories, in a folder or on a server, as readers' pages do. In a folder it checks every
//! file below the fingerprint: the releases that were corrected too.

mod walk;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use komuz_release::canonical::is_sha256_hex;
use komuz_release::folder::{Edition, is_lang, is_name, verify_folder};
use komuz_release::time::{self, Seconds};
use komuz_release::verify::{Expected, Freshness, Refusal, Seen, Verified};
use komuz_release::words::Lang;

use walk::{Finding, Walk};

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
    /// Refuse editions whose newest release has a lower number than this: one that was seen before.
    #[arg(long, value_name = "N", default_value_t = 0)]
    at_least: u64,
    /// Only the newest release of this story.
    #[arg(long, requires = "lang")]
    story: Option<String>,
    /// The story's language.
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
    let (source, named) = match Source::of(&arguments.from, fingerprint) {
        Ok(source) => source,
        Err(other) => {
            return Ok(others(
                &arguments.from,
                &format!("the address is under the fingerprint {other}"),
            ));
        }
    };
    if let Source::Folder(folder) = &source
        && !folder.join(fingerprint).is_dir()
    {
        let found = names(folder).map_err(|error| format!("the folder cannot be read: {error}"))?;
        return match found.iter().find(|name| is_sha256_hex(name)) {
            Some(other) => Ok(others(
                &arguments.from,
                &format!("what is there is under the fingerprint {other}"),
            )),
            None => Err("there is nothing published in this folder".to_owned()),
        };
    }
    if matches!(source, Source::Server(_)) && matches!(source.read(&format!("{fingerprint}/masthead.json")), Ok(None)) {
        return Ok(others(
            &arguments.from,
            "the server publishes nothing under this fingerprint",
        ));
    }
    let asked = arguments.story.clone().zip(arguments.lang.clone()).or(named);
    let walk = Walk {
        fingerprint,
        at_least: arguments.at_least,
        now: now(),
        read: &|path| source.read(path),
    };
    let findings = match (asked, &source) {
        (Some((story, lang)), _) if is_name(&story) && is_lang(&lang) => one(&walk, story, lang),
        (Some(_), _) => return Err("a story's id is of a-z, 0-9 and -, a language like ky or zh-Hant".to_owned()),
        (None, Source::Folder(folder)) => {
            let paths =
                walk::paths(folder, fingerprint).map_err(|error| format!("the folder cannot be read: {error}"))?;
            walk.all(&paths)
        }
        (None, Source::Server(_)) => {
            return Err(
                "a server does not list its stories: give --story and --lang, or the edition's address".to_owned(),
            );
        }
    };
    if findings.is_empty() {
        return Err("there is no published story under this fingerprint".to_owned());
    }
    let codes: Vec<u8> = findings.iter().map(tell).collect();
    // A refusal outweighs a file that could not be read.
    if codes.contains(&REFUSED) {
        Ok(REFUSED)
    } else {
        Ok(codes.into_iter().max().unwrap_or(0))
    }
}

/// The newest release of one edition, and what it says of the one before.
fn one(walk: &Walk<'_>, story: String, lang: String) -> Vec<Finding> {
    let seen = Seen {
        number: walk.at_least,
        ..Seen::default()
    };
    let expected = Expected {
        fingerprint: walk.fingerprint,
        story: &story,
        lang: &lang,
        seen: &seen,
        now: walk.now,
    };
    match verify_folder(&expected, walk.read) {
        Ok(verified) => {
            let edition = Edition {
                fingerprint: walk.fingerprint.to_owned(),
                story,
                lang,
            };
            let before = walk.before(&edition, &verified.hash, &verified.release);
            [Finding::Newest(Box::new(verified))]
                .into_iter()
                .chain(before)
                .collect()
        }
        Err(refusal) => vec![Finding::Refused {
            what: format!("{story} ({lang})"),
            refusal,
        }],
    }
}

/// What is published there is others' than who was asked for: refused, and not merely unreadable.
fn others(from: &str, found: &str) -> u8 {
    println!("refused: {from} [masthead]");
    println!("  {}", readers_language().words().refused_key);
    println!("  {found}");
    REFUSED
}

/// Says what was found, and gives its exit code.
fn tell(finding: &Finding) -> u8 {
    match finding {
        Finding::Newest(verified) => {
            tell_newest(verified);
            0
        }
        Finding::Other { edition, release, hash } => {
            println!(
                "verified: {} ({}), release {}, not the newest",
                edition.story, edition.lang, release.number
            );
            println!("  SHA-256 {hash}");
            0
        }
        Finding::Refused { what, refusal } => {
            println!("refused: {what} [{}]", refusal.code());
            println!("  {}", refusal.sentence(readers_language()));
            println!("  {refusal}");
            if matches!(refusal, Refusal::Unreadable { .. }) {
                UNREADABLE
            } else {
                REFUSED
            }
        }
        Finding::Forged { what, error } => {
            println!("refused: {what} [notices]");
            println!("  what it says of the releases before it is not so: {error}");
            REFUSED
        }
        Finding::Stray { path } => {
            println!("refused: {path} [stray]");
            println!("  nothing that was signed names this file");
            REFUSED
        }
    }
}

fn tell_newest(verified: &Verified) {
    let release = &verified.release;
    let headline = release.front(None).map_or("", |front| front.headline.as_str());
    println!(
        "verified: {} ({}), release {}: {headline}",
        release.story, release.lang, release.number
    );
    for notice in release.notices() {
        let reason = notice.reason.replace(char::is_control, " ");
        println!(
            "  {} of {}, release {}: {reason}",
            notice.kind.name(),
            notice.published,
            notice.number
        );
    }
    if let Ok(body) = release.body_hash() {
        println!("  one body for all outlets, SHA-256 {body}");
    }
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
    /// Where the files are, and the edition when the address names one. The error is the other fingerprint that the address
    /// names.
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
        if let Some(other) = parts.next().filter(|found| *found != fingerprint) {
            return Err(other.to_owned());
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

/// The folder whose subfolders are fingerprints: the one given, its `releases` or `r`, or the one above when it is a
/// fingerprint's.
fn releases_folder(given: &Path, fingerprint: &str) -> PathBuf {
    let is_fingerprint = |name: &std::ffi::OsStr| name == fingerprint || name.to_str().is_some_and(is_sha256_hex);
    if given.file_name().is_some_and(is_fingerprint)
        && let Some(above) = given.parent()
    {
        return above.to_owned();
    }
    let mut inside = ["releases", "r"].map(|name| given.join(name)).into_iter();
    if given.join(fingerprint).is_dir() {
        return given.to_owned();
    }
    inside
        .find(|folder| folder.is_dir())
        .unwrap_or_else(|| given.to_owned())
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
