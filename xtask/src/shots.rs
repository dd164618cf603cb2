//! `cargo xtask shots`: pictures of every page and state of the demo.

use crate::run::{Result, program, run, step, target};
use crate::tools::BROWSERS;

/// Builds what the demo needs and runs the program that drives it; pictures land in `target/shots`.
pub fn shots(args: &[String]) -> Result {
    let browser = BROWSERS[0].ready()?;
    crate::pkg::build(crate::pkg::Build::Ship)?;
    step("taking pictures", || {
        let mut command = program(
            "cargo",
            &[
                "run",
                "--quiet",
                "--locked",
                "--package",
                "komuz-tests",
                "--bin",
                "shots",
                "--",
            ],
        );
        command.arg(target().join("shots")).args(args);
        for (variable, path) in browser {
            command.env(variable, path);
        }
        run(&mut command)
    })
}
