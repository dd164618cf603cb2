//! The tools that building and testing need: found, or installed at a pinned version, or asked for in one line.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::run::{Result, output, program, root, run, step};

/// The version of wasm-bindgen, as Cargo.lock has it; the library, the bindings and the test runner must agree.
pub const WASM_BINDGEN: &str = "0.2.130";
/// The newest Trunk that builds with our toolchain.
pub const TRUNK: &str = "0.21.14";
/// The WebDriver of Firefox.
pub const GECKODRIVER: &str = "0.37.0";

/// Finds a program on PATH or among Cargo's own.
pub fn find(name: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    folders.extend(cargo_bin());
    folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

fn cargo_bin() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))?;
    Some(home.join("bin"))
}

/// PATH with Cargo's own programs in front, for programs that look for wasm-bindgen themselves.
pub fn path_with_cargo_bin() -> std::ffi::OsString {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let folders = cargo_bin().into_iter().chain(std::env::split_paths(&old));
    std::env::join_paths(folders).unwrap_or(old)
}

/// The Wasm target of the toolchain.
pub fn wasm_target() -> Result {
    const TARGET: &str = "wasm32-unknown-unknown";
    let sysroot = output(&mut program("rustc", &["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    if find("rustup").is_none() {
        return Err(format!(
            "the target {TARGET} is missing and rustup is not here: get it from https://rustup.rs"
        ));
    }
    step("installing the Wasm target", || {
        run(&mut program("rustup", &["target", "add", TARGET]))
    })
}

/// Node and the npm packages of package-lock.json.
pub fn npm() -> Result {
    let version = output(&mut program("node", &["--version"]))
        .map_err(|_| "Node.js is missing: install version 20 or newer from https://nodejs.org".to_owned())?;
    let major: u32 = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|v| v.parse().ok())
        .unwrap_or(0);
    if major < 18 {
        return Err(format!(
            "Node.js is {}, version 20 or newer is needed: https://nodejs.org",
            version.trim()
        ));
    }
    let lock = root().join("package-lock.json");
    let stamp = root().join("node_modules/.komuz-lock");
    let wanted = crate::run::read(&lock)?;
    if std::fs::read(&stamp).is_ok_and(|had| had == wanted) {
        return Ok(());
    }
    step("fetching the npm packages", || {
        run(&mut program(
            "npm",
            &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
        ))
    })?;
    crate::run::write(&stamp, wanted)
}

/// A program of an npm package.
pub fn npm_program(name: &str) -> PathBuf {
    root().join("node_modules/.bin").join(name)
}

/// A program that Cargo installs.
pub fn cargo_program(name: &str, package: &str, version: &str, locked: bool, minutes: u32) -> Result<PathBuf> {
    if let Some(path) = find(name)
        && output(&mut program(&path, &["--version"])).is_ok_and(|said| said.contains(version))
    {
        return Ok(path);
    }
    step(&format!("installing {package} {version} (about {minutes} min)"), || {
        let mut command = program(
            "cargo",
            &["install", "--quiet", package, "--version", version, "--force"],
        );
        if locked {
            command.arg("--locked");
        }
        run(&mut command)
    })?;
    find(name).ok_or_else(|| format!("{package} was installed, but {name} is not where Cargo puts programs"))
}

/// wasm-bindgen's programs: the test runner and, for Trunk, the command itself.
pub fn wasm_bindgen() -> Result<PathBuf> {
    // Without --locked: the crate's own lock file names versions that newer toolchains refuse.
    cargo_program("wasm-bindgen-test-runner", "wasm-bindgen-cli", WASM_BINDGEN, false, 2)
}

/// Trunk.
pub fn trunk() -> Result<PathBuf> {
    cargo_program("trunk", "trunk", TRUNK, true, 5)
}

/// A browser and its driver for the tests.
pub struct Browser {
    /// Name in reports.
    pub name: &'static str,
    /// Debian packages.
    packages: &'static [&'static str],
    /// Programs that must be there, each with the variable that overrides it.
    programs: &'static [(&'static str, &'static str)],
}

/// The three engines.
pub const BROWSERS: [Browser; 3] = [
    Browser {
        name: "Chromium",
        packages: &["chromium", "chromium-driver"],
        programs: &[("chromium", "KOMUZ_CHROMIUM"), ("chromedriver", "CHROMEDRIVER")],
    },
    Browser {
        name: "Firefox",
        packages: &["firefox-esr"],
        programs: &[("firefox-esr", "KOMUZ_FIREFOX"), ("geckodriver", "GECKODRIVER")],
    },
    Browser {
        name: "WebKit",
        packages: &["webkit2gtk-driver", "xvfb"],
        programs: &[("WebKitWebDriver", "KOMUZ_WEBKIT_DRIVER"), ("Xvfb", "KOMUZ_XVFB")],
    },
];

impl Browser {
    /// The variable and path of each program that is here.
    pub fn found(&self) -> Vec<(&'static str, Option<PathBuf>)> {
        self.programs
            .iter()
            .map(|(name, variable)| {
                (
                    *variable,
                    std::env::var_os(variable).map(PathBuf::from).or_else(|| find(name)),
                )
            })
            .collect()
    }

    /// Finds the browser, installs it where apt can, or says which variables to set.
    pub fn ready(&self) -> Result<Vec<(&'static str, PathBuf)>> {
        if self.name == "Firefox" && std::env::var_os("GECKODRIVER").is_none() {
            cargo_program("geckodriver", "geckodriver", GECKODRIVER, true, 2)?;
        }
        if self.found().iter().any(|(_, path)| path.is_none()) {
            self.install();
        }
        self.found()
            .into_iter()
            .map(|(variable, path)| {
                path.map(|path| (variable, path)).ok_or_else(|| {
                    let programs: Vec<_> = self
                        .programs
                        .iter()
                        .map(|(name, variable)| format!("{variable}=path of {name}"))
                        .collect();
                    format!(
                        "{} is missing: install {} or set {}",
                        self.name,
                        self.packages.join(" "),
                        programs.join(" ")
                    )
                })
            })
            .collect()
    }

    fn install(&self) {
        let can = find("apt-get").is_some() && output(&mut program("id", &["-u"])).is_ok_and(|user| user.trim() == "0");
        if !can {
            return;
        }
        // What fails here is reported by `ready` in one line that says what to do.
        let _ = step(&format!("installing {} through apt", self.name), || {
            let quiet = || Stdio::null();
            let _ = program("apt-get", &["update", "-qq"])
                .stdout(quiet())
                .stderr(quiet())
                .status();
            let mut command = program("apt-get", &["install", "-y", "-qq", "--no-install-recommends"]);
            command
                .args(self.packages)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .stdout(quiet());
            run(&mut command)
        });
    }
}
