//! `cargo xtask doctor`: which tools are here.

use crate::run::{Result, output, program};
use crate::tools::{self, BROWSERS};

/// Prints a line for each tool. Installs nothing and fails for nothing.
pub fn doctor() -> Result {
    let version = |name: &str, arg: &str| {
        tools::find(name)
            .and_then(|path| output(&mut program(path, &[arg])).ok())
            .map_or_else(
                || "missing".to_owned(),
                |said| said.lines().next().unwrap_or_default().to_owned(),
            )
    };
    for (name, why) in [
        ("rustc", "building"),
        ("rustup", "adding the Wasm target"),
        ("node", "bundling the writing surface, wasm-opt"),
        ("npm", "fetching the packages of package-lock.json"),
        (
            "wasm-bindgen-test-runner",
            "tests in the browser; installed when needed",
        ),
        ("trunk", "cargo xtask dev; installed when needed"),
    ] {
        println!("{name:26} {:32} for {why}", version(name, "--version"));
    }
    for browser in &BROWSERS {
        for (variable, path) in browser.found() {
            let path = path.map_or_else(
                || "missing; installed through apt when needed".to_owned(),
                |p| p.display().to_string(),
            );
            println!("{:26} {path:32} for tests ({variable})", browser.name);
        }
    }
    Ok(())
}
