//! `cargo xtask pkg`: fills `pkg/dist`, the npm package that partners embed and the folder that `komuz serve` bundles.
//!
//! ```text
//! pkg/dist/            what partners include: komuz.js (the loader), the reader's Wasm, types, package.json
//! pkg/dist/desk/       the desk's page
//! pkg/dist/desk/press  release keys, the preview and the snippets, fetched at the first review
//! pkg/dist/desk/panel  claims, sources, people and checks, fetched when their tab is first opened
//! pkg/dist/desk/engine the worker
//! pkg/dist/desk/import parsers of outside documents, fetched by the worker at the first import
//! ```

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::quiet;
use crate::run::{Result, files, program, read, root, run, step, target, write};
use crate::tools;

/// How the Wasm is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// As it is shipped: size first, optimised, compressed, measured.
    Ship,
    /// Built in half the time, four times as large: for the demo and `cargo xtask dev`, which no line slows down.
    Quick,
}

/// One Wasm file: its crate, and the folder of `pkg/dist` that it and its glue go to.
const MODULES: [(&str, &str); 6] = [
    ("komuz-reader", ""),
    ("komuz-desk", "desk"),
    ("komuz-press", "desk/press"),
    ("komuz-panel", "desk/panel"),
    ("komuz-import", "desk/import"),
    ("komuz-engine", "desk/engine"),
];

/// What rustc 1.95 emits; naming them keeps wasm-opt from making files that Chromium refuses.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// What is fetched together, and how much that may be in brotli-11 bytes (docs/design.md section 7, which says why the engine's
/// is more than it was meant to be).
const BUDGETS: [(&str, usize, &[&str]); 4] = [
    ("loader", 3 << 10, &["komuz.js"]),
    (
        "reader",
        150 << 10,
        &["komuz.js", "komuz_reader.js", "komuz_reader_bg.wasm"],
    ),
    (
        "desk page",
        234 << 10,
        &["desk/komuz_desk.js", "desk/komuz_desk_bg.wasm", "desk/surface.js"],
    ),
    (
        "engine",
        968 << 10,
        &[
            "desk/engine/worker.js",
            "desk/engine/komuz_engine.js",
            "desk/engine/komuz_engine_bg.wasm",
        ],
    ),
];

/// `cargo xtask pkg [--quick]`.
pub fn command(args: &[String]) -> Result {
    match args {
        [] => {
            build(Build::Ship)?;
            budgets()
        }
        [flag] if flag == "--quick" => build(Build::Quick),
        _ => Err("usage: cargo xtask pkg [--quick]".to_owned()),
    }
}

/// `cargo xtask binary`: the program with the pages inside, so that a server needs no other file.
pub fn binary(args: &[String]) -> Result {
    if !args.is_empty() {
        return Err("usage: cargo xtask binary".to_owned());
    }
    build(Build::Ship)?;
    step("building the program (some minutes the first time)", || {
        run(&mut program(
            "cargo",
            &[
                "build",
                "--quiet",
                "--locked",
                "--release",
                "--package",
                "komuz",
                "--features",
                "bundle",
            ],
        ))
    })?;
    println!("\n{}", target().join("release/komuz").display());
    Ok(())
}

/// The folder that is filled.
pub fn dist() -> PathBuf {
    root().join("pkg/dist")
}

/// Builds everything into `pkg/dist`.
pub fn build(build: Build) -> Result {
    tools::wasm_target()?;
    tools::npm()?;
    let profile = match build {
        Build::Ship => "wasm",
        Build::Quick => "quick",
    };
    // A folder of its own, put in place at the end: a server that is running never sees half of it.
    let fresh = target().join("pkg");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh).map_err(|error| format!("could not clear {}: {error}", fresh.display()))?;
    }
    let built = target().join("wasm32-unknown-unknown").join(profile);
    step("building the pages (some minutes the first time)", || {
        // Linking keeps one core busy: what is built is bound and shrunk beside it.
        std::thread::scope(|scope| {
            let mut binding = Vec::new();
            for (package, folder) in MODULES {
                compile(package, profile)?;
                let (built, into) = (&built, fresh.join(folder));
                binding.push(scope.spawn(move || bind(package, built, &into, build)));
            }
            binding
                .into_iter()
                .try_for_each(|one| one.join().unwrap_or_else(|_| Err("binding stopped".to_owned())))
        })
    })?;
    step("bundling", || {
        copy(&root().join("pkg"), &fresh, |path| {
            !path.starts_with("dist") && !path.starts_with("node_modules")
        })?;
        copy(&root().join("crates/reader/css"), &fresh, |_| true)?;
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            write(&fresh.join(licence), read(&root().join(licence))?)?;
        }
        copy(&root().join("www/desk"), &fresh.join("desk"), |_| true)?;
        copy(&root().join("crates/desk/css"), &fresh.join("desk"), |_| true)?;
        copy(&root().join("crates/panel/css"), &fresh.join("desk/panel"), |_| true)?;
        copy(&root().join("crates/engine/js"), &fresh.join("desk/engine"), |_| true)?;
        fonts(&fresh.join("desk/fonts"))?;
        esbuild(
            &root().join("crates/desk/js/surface.js"),
            &fresh.join("desk/surface.js"),
            true,
        )?;
        if build == Build::Ship {
            for script in files(&fresh)?
                .into_iter()
                .filter(|path| path.extension().is_some_and(|end| end == "js"))
            {
                esbuild(&fresh.join(&script), &fresh.join(&script), false)?;
            }
        }
        manifest(&fresh.join("desk"))
    })?;
    if build == Build::Ship {
        step("compressing", || compress(&fresh))?;
    }
    let dist = dist();
    let old = target().join("pkg-old");
    let _ = std::fs::remove_dir_all(&old);
    let _ = std::fs::rename(&dist, &old);
    std::fs::rename(&fresh, &dist).map_err(|error| format!("could not put {} in place: {error}", dist.display()))
}

/// Builds one module's Wasm, as a cdylib and nothing else: Cargo leaves link-time optimisation out for a library that is also an
/// rlib, which more than doubled what is fetched.
fn compile(package: &str, profile: &str) -> Result {
    let mut cargo = program(
        "cargo",
        &["rustc", "--quiet", "--locked", "--target", "wasm32-unknown-unknown"],
    );
    run(cargo.args([
        "--profile",
        profile,
        "--package",
        package,
        "--lib",
        "--crate-type",
        "cdylib",
    ]))
}

/// Makes the JavaScript bindings of one module, with the library that Cargo.lock names, and shrinks its Wasm.
fn bind(package: &str, built: &Path, into: &Path, build: Build) -> Result {
    let name = package.replace('-', "_");
    let input = read(&built.join(format!("{name}.wasm")))?;
    let kept = cache("quiet", &(&input, build == Build::Ship));
    if !kept.join("done").exists() {
        let wrong = |error| format!("wasm-bindgen could not bind {package}: {error:#}");
        let mut bound = Bindgen::new()
            .input_bytes(&name, input)
            .web(true)
            .and_then(|bindgen| {
                bindgen
                    .typescript(false)
                    // Each file of glue finds its Wasm beside itself.
                    .omit_default_module_path(false)
                    .keep_debug(build == Build::Quick)
                    .remove_producers_section(build == Build::Ship)
                    .generate_output()
            })
            .map_err(wrong)?;
        if build == Build::Ship {
            quiet::quiet(bound.wasm_mut());
            quiet::name_alike(bound.wasm_mut());
        }
        bound.emit(&kept).map_err(wrong)?;
        if build == Build::Ship {
            let wasm = kept.join(format!("{name}_bg.wasm"));
            let mut command = program(
                tools::npm_program("wasm-opt"),
                // Inlining and the like make files smaller as they lie and larger as they are sent: 11 KB of the reader's brotli bytes.
                &[
                    "-Oz",
                    "--skip-pass=inlining-optimizing",
                    "--skip-pass=local-cse",
                    "--reorder-functions-by-name",
                    "--strip-debug",
                    "--strip-producers",
                ],
            );
            command.args(WASM_FEATURES).arg(&wasm).arg("-o").arg(&wasm);
            run(&mut command)?;
        }
        write(&kept.join("done"), "")?;
    }
    copy(&kept, into, |path| path != Path::new("done"))
}

/// Where work that depends only on its input is kept between runs.
fn cache(kind: &str, input: &impl Hash) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    target()
        .join("xtask")
        .join(kind)
        .join(format!("{:016x}", hasher.finish()))
}

fn copy(from: &Path, to: &Path, wanted: impl Fn(&Path) -> bool) -> Result {
    if !from.is_dir() {
        return Ok(());
    }
    for path in files(from)?.into_iter().filter(|path| wanted(path)) {
        write(&to.join(&path), read(&from.join(&path))?)?;
    }
    Ok(())
}

/// The two faces, from their npm packages: Latin, Cyrillic and extended Cyrillic (Kyrgyz), each with its licence, which the
/// licence (OFL 1.1) asks for.
pub fn fonts(into: &Path) -> Result {
    for (package, name) in [("literata", "literata"), ("golos-text", "golos-text")] {
        let from = root().join("node_modules/@fontsource-variable").join(package);
        for script in ["latin", "cyrillic", "cyrillic-ext"] {
            let file = format!("{name}-{script}-wght-normal.woff2");
            write(&into.join(&file), read(&from.join("files").join(&file))?)?;
        }
        write(&into.join(format!("{name}-OFL.txt")), read(&from.join("LICENSE"))?)?;
    }
    Ok(())
}

fn esbuild(from: &Path, to: &Path, bundle: bool) -> Result {
    let mut command = program(
        tools::npm_program("esbuild"),
        &["--log-level=error", "--minify", "--charset=utf8"],
    );
    command.args([
        "--format=esm",
        "--target=es2021",
        "--legal-comments=none",
        "--allow-overwrite",
    ]);
    if bundle {
        command.arg("--bundle");
    }
    command.arg(from).arg(format!("--outfile={}", to.display()));
    run(&mut command)
}

/// What the desk's service worker keeps: `files.json` with each file's SHA-256, and a version that changes when any of them does.
fn manifest(desk: &Path) -> Result {
    let mut list = serde_json::Map::new();
    for path in files(desk)? {
        let name = path.to_string_lossy().replace('\\', "/");
        if name != "sw.js" && name != "files.json" {
            let hash = sha256_hex(&read(&desk.join(&path))?);
            list.insert(name, hash.into());
        }
    }
    let files = serde_json::Value::Object(list);
    let version = sha256_hex(files.to_string().as_bytes());
    let json = serde_json::json!({ "version": &version[..16], "files": files });
    write(&desk.join("files.json"), json.to_string())
}

fn sha256_hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts a `.br` beside each file that shrinks.
fn compress(folder: &Path) -> Result {
    for path in files(folder)? {
        let ends = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        if matches!(ends, "js" | "wasm" | "css" | "html" | "json" | "svg" | "webmanifest") {
            let small = brotli(&read(&folder.join(&path))?)?;
            write(&folder.join(format!("{}.br", path.display())), small)?;
        }
    }
    Ok(())
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let kept = cache("brotli", &bytes);
    if let Ok(small) = std::fs::read(&kept) {
        return Ok(small);
    }
    let params = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    let mut small = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut small, &params).map_err(|error| format!("brotli: {error}"))?;
    write(&kept, &small)?;
    Ok(small)
}

/// Prints each file's raw and brotli-11 size and fails when a group is over its budget.
pub fn budgets() -> Result {
    let dist = dist();
    println!("\n{:44} {:>9} {:>9}", "file", "raw", "brotli");
    for path in files(&dist)? {
        let name = path.to_string_lossy();
        if let Ok(small) = std::fs::metadata(dist.join(format!("{name}.br"))) {
            let raw = std::fs::metadata(dist.join(&path)).map_or(0, |meta| meta.len());
            println!("{name:44} {raw:>9} {:>9}", small.len());
        }
    }
    let mut over = Vec::new();
    println!("\n{:44} {:>9} {:>9}", "fetched together", "budget", "brotli");
    for (group, budget, members) in BUDGETS {
        let mut sum = 0;
        for member in members {
            sum += read(&dist.join(format!("{member}.br")))?.len();
        }
        println!(
            "{group:44} {budget:>9} {sum:>9}{}",
            if sum > budget { "  over budget" } else { "" }
        );
        if sum > budget {
            over.push(group);
        }
    }
    if over.is_empty() {
        Ok(())
    } else {
        Err(format!("over budget: {}", over.join(", ")))
    }
}
