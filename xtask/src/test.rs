//! `cargo xtask test`: every test there is. Ends with `N passed, N failed`.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::run::{Result, end_group, in_a_group, output, program, run, step};
use crate::tools::{self, BROWSERS};

/// What has been counted so far.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
}

impl Count {
    /// A check that passes or fails as a whole.
    fn check(&mut self, what: &str, work: impl FnOnce() -> Result) {
        match step(what, work) {
            Ok(()) => self.passed += 1,
            Err(error) => {
                println!("  {error}");
                self.failed += 1;
            }
        }
    }

    /// A run of Rust tests, counted by their summary lines; one that does not come that far counts as a failure. What it
    /// says is passed on as it comes, so that a test that hangs can be seen; after `minutes` it is ended.
    fn tests(&mut self, what: &str, minutes: u64, command: &mut Command) {
        println!("• {what}");
        match watched(command, Duration::from_secs(minutes * 60)) {
            Ok(run) => {
                let (passed, failed) = summed(&run.text);
                self.passed += passed;
                self.failed += failed;
                if let Some(error) = run.error {
                    println!("  {error}");
                    self.failed += usize::from(failed == 0);
                }
            }
            Err(error) => {
                println!("  {error}");
                self.failed += 1;
            }
        }
    }
}

/// What a run of tests printed, and why it did not end well.
struct Watched {
    text: String,
    error: Option<String>,
}

/// Runs a program to its end or to its time's end, whichever comes first; then it and all that it started end.
fn watched(command: &mut Command, time: Duration) -> Result<Watched> {
    let mut child = in_a_group(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("could not start: {error}"))?;
    let stdout = child.stdout.take().ok_or("no output to read")?;
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let start = Instant::now();
    let mut text = String::new();
    loop {
        match lines.recv_timeout(time.saturating_sub(start.elapsed())) {
            Ok(line) => {
                println!("{line}");
                text.push_str(&line);
                text.push('\n');
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                end_group(&mut child);
                let minutes = time.as_secs() / 60;
                let error = Some(format!("not ended after {minutes} minutes, so it was killed"));
                return Ok(Watched { text, error });
            }
        }
    }
    let status = child
        .wait()
        .map_err(|error| format!("could not be waited for: {error}"))?;
    let error = (!status.success()).then(|| format!("ended with {status}"));
    Ok(Watched { text, error })
}

/// Sums the lines `test result: ok. 12 passed; 0 failed; …`.
fn summed(text: &str) -> (usize, usize) {
    let number = |line: &str, what: &str| -> usize {
        line.split([';', '.'])
            .find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
            .unwrap_or(0)
    };
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("test result:"))
        .fold((0, 0), |(passed, failed), line| {
            (passed + number(line, "passed"), failed + number(line, "failed"))
        })
}

/// `cargo xtask test [--no-browsers]`.
pub fn test(args: &[String]) -> Result {
    let browsers = match args {
        [] => true,
        [flag] if flag == "--no-browsers" => false,
        _ => return Err("usage: cargo xtask test [--no-browsers]".to_owned()),
    };
    tools::wasm_target()?;
    tools::npm()?;
    let mut variables: Vec<(&'static str, PathBuf)> = Vec::new();
    if browsers {
        for browser in &BROWSERS {
            variables.extend(browser.ready()?);
        }
    }
    let mut count = Count::default();
    count.check("formatting", || {
        run(&mut program("cargo", &["fmt", "--all", "--check"]))
    });
    let clippy = |what: &[&str]| {
        let mut command = program("cargo", &["clippy", "--quiet", "--locked"]);
        run(command.args(what).args(["--", "-D", "warnings"]))
    };
    count.check("clippy", || {
        clippy(&["--all-targets", "--workspace", "--exclude", "komuz-desk"])
    });
    count.check("clippy of the desk, which is Wasm alone", || {
        clippy(&["--lib", "--target", "wasm32-unknown-unknown", "--package", "komuz-desk"])
    });
    if browsers {
        // First: its hook fills pkg/dist with the quick build, and what follows is tested as it is shipped.
        count.check("the desk through Trunk", || {
            let trunk = tools::trunk()?;
            output(program(trunk, &["build", "--offline"]).env("PATH", tools::path_with_cargo_bin())).map(drop)
        });
    }
    count.check("the package, built", || crate::pkg::build(crate::pkg::Build::Ship));
    count.check("the package, within its budgets", crate::pkg::budgets);
    if browsers {
        let runner = tools::wasm_bindgen()?;
        let mut command = program("cargo", &["test", "--locked", "--target", "wasm32-unknown-unknown"]);
        command.args([
            "--no-fail-fast",
            "--package",
            "komuz-reader",
            "--package",
            "komuz-panel",
            "--test",
            "web",
        ]);
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
        // Its driver alone: the runner takes the first browser that it is told of.
        command.envs(variables.iter().filter(|(name, _)| *name == "CHROMEDRIVER").cloned());
        count.tests("tests of the components in Chromium", 10, &mut command);
    }
    // Everything but xtask, which has features of its own, in both: nothing is compiled twice. The server is the one that a
    // partner runs, with the pages that were just built.
    const EVERYTHING: [&str; 6] = [
        "--locked",
        "--workspace",
        "--exclude",
        "xtask",
        "--features",
        "komuz/bundle",
    ];
    count.check("the server and the seed, built", || {
        let mut command = program("cargo", &["build", "--quiet", "--bins", "--examples"]);
        run(command.args(EVERYTHING))
    });
    count.tests(
        "tests of xtask",
        5,
        &mut program("cargo", &["test", "--locked", "--package", "xtask"]),
    );
    let mut command = program("cargo", &["test", "--no-fail-fast"]);
    command.args(EVERYTHING).envs(variables);
    if !browsers {
        command.args(["--features", "komuz-tests/no-browsers"]);
    }
    count.tests("tests of everything else", 40, command.env("PROPTEST_VERBOSE", "0"));
    println!("\n{} passed, {} failed", count.passed, count.failed);
    if count.failed == 0 {
        Ok(())
    } else {
        Err("some tests failed".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::summed;

    #[test]
    fn summary_lines_are_summed() {
        let text = "running 3 tests\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                    noise\ntest result: FAILED. 4 passed; 2 failed; 0 ignored";
        assert_eq!(summed(text), (7, 2));
    }

    #[test]
    fn text_without_summary_counts_nothing() {
        assert_eq!(summed("error: could not compile"), (0, 0));
    }
}
