//! `cargo xtask bench [--traces FOLDER] [--only PART]… [OPERATIONS…]`: how quick Komuz is on this machine, into
//! `docs/benchmarks.md`. With `--only`, these parts alone are measured, and their sections take the place of those that are there.

mod report;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::pkg::Build;
use crate::run::{Result, files, output, program, read, root, run, step, target, write};
use crate::tools::BROWSERS;
use report::Run;

/// Sizes of made-up stories when none is named.
const SIZES: [u32; 4] = [1_000, 10_000, 100_000, 260_000];
/// How many clients a relay is measured with.
const CLIENTS: [&str; 3] = ["1", "10", "100"];
/// How many envelopes somebody misses who was away.
const MISSED: [&str; 3] = ["1000", "10000", "100000"];
/// How many people see each other in one story.
const PEOPLE: [&str; 2] = ["20", "200"];
/// How the names of recorded sessions end: of several people, and of any.
const TOGETHER: &str = ".concurrent.json.gz";
const SESSION: &str = ".json.gz";

/// What was asked for.
#[derive(Debug, Default, PartialEq)]
struct Wanted {
    traces: Option<PathBuf>,
    /// Names of parts; all when empty.
    only: Vec<String>,
    sizes: Vec<u32>,
}

/// Builds in the release profile, measures each part in a process of its own, and writes the report.
pub fn bench(args: &[String]) -> Result {
    let wanted = Wanted::read(args)?;
    let mut parts: Vec<Vec<String>> = Vec::new();
    for size in &wanted.sizes {
        parts.push(vec!["story".to_owned(), size.to_string()]);
    }
    if let Some(folder) = &wanted.traces {
        parts.extend(sessions(folder)?);
    }
    parts.push(vec!["envelopes".to_owned()]);
    parts.extend(CLIENTS.map(|clients| vec!["relay".to_owned(), clients.to_owned()]));
    parts.push(vec!["rotation".to_owned(), "200".to_owned()]);
    parts.push(vec!["ways".to_owned()]);
    parts.extend(MISSED.map(|missed| vec!["catch-up".to_owned(), missed.to_owned()]));
    parts.extend(PEOPLE.map(|people| vec!["presence".to_owned(), people.to_owned()]));
    parts.push(vec!["desks".to_owned()]);
    parts.push(vec!["dossier".to_owned()]);
    parts.push(vec!["visit".to_owned()]);
    parts.retain(|part| wanted.wants(&part[0]));
    if parts.is_empty() {
        return Err(format!(
            "nothing of {}: recorded sessions want --traces FOLDER",
            wanted.only.join(" and ")
        ));
    }
    // The others need neither the pages nor a browser, and building the pages takes minutes.
    let mut browser = Vec::new();
    if wanted.wants("visit") {
        browser = BROWSERS[0].ready()?;
        crate::pkg::build(Build::Ship)?;
    }

    step("building in the release profile (some minutes the first time)", || {
        let mut cargo = program("cargo", &["build", "--quiet", "--locked", "--release"]);
        run(cargo.args([
            "--package",
            "komuz",
            "--package",
            "komuz-tests",
            "--bin",
            "komuz",
            "--bin",
            "bench",
        ]))
    })?;
    let about = about(args)?;
    let mut figures = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        step(
            &format!("{} of {}: {}", number + 1, parts.len(), part.join(" ")),
            || {
                let said = output(
                    program(target().join("release/bench"), &[])
                        .args(part)
                        .envs(browser.iter().map(|(name, path)| (name, path))),
                )?;
                for line in said.lines() {
                    let figure: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
                    figures.push(figure);
                }
                Ok(())
            },
        )?;
    }
    let path = root().join("docs/benchmarks.md");
    let report = if wanted.only.is_empty() {
        report::write(&about, &figures)
    } else {
        report::renew(&String::from_utf8_lossy(&read(&path)?), &about, &figures)
    };
    write(&path, report)?;
    println!("\n{}", path.display());
    Ok(())
}

impl Wanted {
    fn read(args: &[String]) -> Result<Self> {
        let mut wanted = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--traces" {
                let folder = args.next().ok_or("--traces wants a folder of recorded sessions")?;
                // Where the person is, not where the programs are started.
                let folder = std::path::absolute(folder).map_err(|error| format!("{folder}: {error}"))?;
                wanted.traces = Some(folder);
            } else if arg == "--only" {
                let all = report::parts().collect::<Vec<_>>().join(", ");
                let part = args.next().filter(|part| report::parts().any(|known| known == *part));
                wanted
                    .only
                    .push(part.ok_or(format!("--only wants a part: one of {all}"))?.clone());
            } else {
                let size = arg.parse().map_err(|_| {
                    format!(
                        "{arg:?} is no number of operations; usage: cargo xtask bench [--traces FOLDER] [--only PART]… \
                         [OPERATIONS…]"
                    )
                })?;
                wanted.sizes.push(size);
            }
        }
        if wanted.sizes.is_empty() {
            wanted.sizes = SIZES.to_vec();
        }
        Ok(wanted)
    }

    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == part)
    }
}

/// The parts that type a folder's sessions again, those of one person first.
fn sessions(folder: &Path) -> Result<Vec<Vec<String>>> {
    let mut found = Vec::new();
    for file in files(folder)? {
        let name = file.to_string_lossy();
        let part = match (name.ends_with(TOGETHER), name.ends_with(SESSION)) {
            (true, _) => "together",
            (false, true) => "session",
            _ => continue,
        };
        let path = folder.join(&file).display().to_string();
        if part == "session" {
            found.push(vec!["join".to_owned(), path.clone()]);
        }
        found.push(vec![part.to_owned(), path]);
    }
    if found.is_empty() {
        return Err(format!("{} holds no recorded session (*{SESSION})", folder.display()));
    }
    found.sort();
    Ok(found)
}

/// The machine and the command.
fn about(args: &[String]) -> Result<Run> {
    let said = |name: &str, args: &[&str]| output(&mut program(name, args)).map(|said| said.trim().to_owned());
    // Linux says these in files; elsewhere they stay unknown.
    let file = |path: &str| String::from_utf8(read(Path::new(path)).unwrap_or_default()).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let unknown = || "unknown".to_owned();
    let memory = value(&file("/proc/meminfo"), "MemTotal")
        .and_then(|kib| kib.split(' ').next()?.parse::<f64>().ok())
        .map_or_else(unknown, |kib| format!("{:.0} GiB", kib / f64::from(1 << 20)));
    let changed = if said("git", &["status", "--porcelain", "--", ":!docs/benchmarks.md"])?.is_empty() {
        ""
    } else {
        ", with changes"
    };

    Ok(Run {
        cpu: value(&file("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        memory,
        system: said("uname", &["-sr"]).unwrap_or_else(|_| unknown()),
        load: file("/proc/loadavg")
            .split(' ')
            .next()
            .and_then(|load| load.parse().ok()),
        rustc: said("rustc", &["--version"])?,
        automerge: automerge_version()?,
        commit: format!("{}{changed}", said("git", &["rev-parse", "--short=10", "HEAD"])?),
        date: said("date", &["-u", "+%Y-%m-%d"]).unwrap_or_else(|_| unknown()),
        command: format!("cargo xtask bench {}", args.join(" ")).trim().to_owned(),
    })
}

/// The version of Automerge, as Cargo.lock has it.
fn automerge_version() -> Result<String> {
    let lock = String::from_utf8_lossy(&read(&root().join("Cargo.lock"))?).into_owned();
    let version = lock
        .split("\nname = \"automerge\"\nversion = \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    Ok(version.ok_or("Cargo.lock names no Automerge")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Wanted> {
        Wanted::read(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn all_sizes_are_measured_when_none_is_named() {
        assert_eq!(read(&[]).unwrap().sizes, SIZES);
        let wanted = read(&["5000", "--traces", "/recorded", "7"]).unwrap();
        assert_eq!(wanted.sizes, [5000, 7]);
        assert_eq!(wanted.traces, Some("/recorded".into()));
    }

    #[test]
    fn all_parts_are_measured_when_none_is_named() {
        assert!(read(&[]).unwrap().wants("visit"));
        let wanted = read(&["--only", "catch-up", "--only", "presence"]).unwrap();
        assert!(wanted.wants("catch-up") && wanted.wants("presence") && !wanted.wants("visit"));
        assert!(
            read(&["--only", "everything"])
                .unwrap_err()
                .contains("catch-up, presence")
        );
    }

    #[test]
    fn what_is_no_size_is_named() {
        assert!(read(&["many"]).unwrap_err().starts_with("\"many\" is no number"));
        assert!(read(&["--traces"]).unwrap_err().contains("folder"));
    }
}
