//! `cargo xtask bench [TRACES]`: measures and writes docs/benchmarks.md.

use crate::run::{Result, program, run};

/// Runs the benchmark program in the release profile.
pub fn bench(args: &[String]) -> Result {
    let mut command = program(
        "cargo",
        &["run", "--quiet", "--release", "--locked", "--package", "komuz-tests"],
    );
    command.args(["--bin", "bench", "--"]).args(args);
    run(&mut command)
}
