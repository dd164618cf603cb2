//! `cargo xtask dev`: the desk, rebuilt and reloaded on change.

use std::process::Stdio;

use crate::run::{Result, program, root, run, step, target};
use crate::tools;

/// Starts one server on loopback behind Trunk, which rebuilds on change and reloads the page.
pub fn dev() -> Result {
    tools::wasm_target()?;
    tools::npm()?;
    tools::wasm_bindgen()?;
    let trunk = tools::trunk()?;
    step("building the server", || {
        run(&mut program(
            "cargo",
            &["build", "--quiet", "--locked", "--package", "komuz"],
        ))
    })?;
    crate::pkg::build(crate::pkg::Build::Quick)?;
    let data = target().join("dev-data");
    let mut server = program(
        target().join("debug/komuz"),
        &["serve", "--listen", "127.0.0.1:8790", "--data"],
    )
    .arg(&data)
    .arg("--site")
    .arg(root().join("pkg/dist"))
    .stdin(Stdio::null())
    .spawn()
    .map_err(|error| format!("could not start the server: {error}"))?;
    let served = run(program(trunk, &["serve", "--offline"]).env("PATH", tools::path_with_cargo_bin()));
    let _ = server.kill();
    let _ = server.wait();
    served
}
