//! `cargo xtask bench [OPERATIONS…]`: what a person waits for in stories of that many operations.

use crate::run::{Result, program, run, step};

/// Sizes that are measured when none is named.
const SIZES: [&str; 4] = ["1000", "10000", "100000", "260000"];

/// Runs the measurement of the core in the release profile.
pub fn bench(args: &[String]) -> Result {
    let sizes: Vec<&str> = if args.is_empty() {
        SIZES.to_vec()
    } else {
        args.iter().map(String::as_str).collect()
    };
    for size in sizes {
        step(&format!("a story of {size} operations"), || {
            let mut command = program(
                "cargo",
                &["run", "--quiet", "--release", "--locked", "--package", "komuz-core"],
            );
            run(command.args(["--example", "measure", "--", size]))
        })?;
    }
    Ok(())
}
