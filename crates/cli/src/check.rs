//! `komuz check`: what has to be mended in a story before it is published.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use komuz_dossier::Dossier;
use komuz_dossier::checker::Checker;
use komuz_dossier::claim::Span;
use komuz_dossier::day::is_day;
use komuz_dossier::finding::{Finding, Severity};
use komuz_dossier::policy::Policy;
use komuz_dossier::text::{beginning, byte};
use komuz_dossier::words::sentence;
use komuz_import::{DEFAULT_LIMIT, import};
use komuz_release::story::Story;
use komuz_release::time;
use komuz_release::words::Lang;
use serde_json::json;

use crate::exchange::read;

/// Something must be mended.
const FOUND: u8 = 1;
/// Could not read what is to be checked.
const UNREADABLE: u8 = 2;
/// How many characters of a place's words are shown.
const SHOWN: usize = 60;

/// `komuz check`.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// A story that `komuz import`, `komuz export --format json` or the desk has written.
    story: PathBuf,
    /// One JSON object on standard output instead of sentences.
    #[arg(long)]
    json: bool,
    /// A policy instead of the story's own: {"sources": 2, "severity": {"not-archived": "off"}}.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Language of the sentences.
    #[arg(long, default_value = "en", value_parser = ["en", "ru", "ky"])]
    lang: String,
    /// The day on which deadlines are looked at, YYYY-MM-DD; today when not given.
    #[arg(long, value_name = "DAY", value_parser = day)]
    today: Option<String>,
    /// Name confidential sources in what is printed.
    #[arg(long)]
    names: bool,
    /// The most that is read of a file, in megabytes.
    #[arg(long, default_value_t = DEFAULT_LIMIT >> 20)]
    limit: usize,
}

fn day(text: &str) -> Result<String, String> {
    if is_day(text) {
        Ok(text.to_owned())
    } else {
        Err("a day is written 2019-11-21".to_owned())
    }
}

/// Checks, says what was found, and gives 0 when nothing must be mended, 1 when something must, 2 when the story could not be
/// read.
pub fn run(args: &Check) -> ExitCode {
    let dossier = match dossier(args) {
        Ok(dossier) => dossier,
        Err(sentence) => {
            eprintln!("komuz: {sentence}");
            return ExitCode::from(UNREADABLE);
        }
    };
    let story = dossier.story.clone();
    let today = args.today.clone().unwrap_or_else(today);
    let checker = Checker::new(dossier, &today);
    let shown = |finding: &Finding| {
        if args.names {
            finding.clone()
        } else {
            finding.without_names()
        }
    };
    let findings: Vec<Finding> = checker.findings().iter().map(|finding| shown(finding)).collect();
    let must = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let lang = Lang::of(&args.lang);
    if args.json {
        let findings: Vec<_> = findings
            .iter()
            .map(|finding| {
                let mut json = json!(finding);
                json["sentence"] = sentence(finding, lang).into();
                json
            })
            .collect();
        println!("{}", json!({ "today": today, "errors": must, "findings": findings }));
    } else {
        for finding in &findings {
            print(finding, &story, lang);
        }
        println!(
            "{}: {} findings, {must} to be mended before publication",
            args.story.display(),
            findings.len()
        );
    }
    if must > 0 {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    }
}

fn dossier(args: &Check) -> Result<Dossier, String> {
    let limit = args.limit.saturating_mul(1 << 20);
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", args.story.display());
    let read_in = import("story.json", &read(&args.story, limit)?, limit).map_err(|error| at(&error))?;
    // A list of sources alone is a file that import takes, too.
    if read_in.story.blocks.is_empty() && read_in.story.headline.is_empty() {
        return Err(at(&"there is no story in it"));
    }
    let mut dossier = Dossier {
        story: read_in.story,
        dossier: read_in.dossier,
    };
    if let Some(file) = &args.policy {
        dossier.dossier.policy =
            Policy::read(&read(file, limit)?).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(dossier)
}

/// The day by this machine's clock, in UTC.
fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    time::day_of(i64::try_from(since.as_secs()).unwrap_or_default()).to_string()
}

fn print(finding: &Finding, story: &Story, lang: Lang) {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Notice | Severity::Off => "notice",
    };
    println!("{severity}[{}] {}", finding.check.id(), finding.about);
    println!("  {}", sentence(finding, lang));
    let words = finding.span.as_ref().map(|span| words(story, span)).unwrap_or_default();
    if !words.is_empty() {
        println!("  > {words}");
    }
}

/// How the words of a place begin.
fn words(story: &Story, span: &Span) -> String {
    let Some((at, block)) = (story.blocks.iter().enumerate()).find(|(_, block)| block.id == span.start.block) else {
        return String::new();
    };
    let text = block.plain_text();
    let start = byte(&text, span.start.offset as usize);
    let end = if span.end.block == span.start.block {
        byte(&text, span.end.offset as usize)
    } else {
        text.len()
    };
    let words: String = text.get(start..end).unwrap_or_default().replace(char::is_control, " ");
    format!("block {}: {}", at + 1, beginning(&words, SHOWN))
}
