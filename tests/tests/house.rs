//! Who may know whom: the arrows of docs/design.md, sections 2 and 10, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Each crate and the crates of ours that it may depend on.
const ARROWS: [(&str, &[&str]); 15] = [
    ("komuz-release", &[]),
    ("komuz-messages", &["komuz-release"]),
    ("komuz-dossier", &["komuz-release"]),
    ("komuz-import", &["komuz-dossier", "komuz-release"]),
    ("komuz-core", &["komuz-release"]),
    ("komuz-seal", &[]),
    ("komuz-sync", &["komuz-seal"]),
    (
        "komuz-engine",
        &[
            "komuz-core",
            "komuz-sync",
            "komuz-messages",
            "komuz-dossier",
            "komuz-import",
            "komuz-release",
        ],
    ),
    ("komuz-reader", &["komuz-release"]),
    ("komuz-desk", &["komuz-reader", "komuz-messages", "komuz-release"]),
    ("komuz-press", &["komuz-reader", "komuz-release"]),
    ("komuz-panel", &["komuz-dossier", "komuz-release"]),
    ("komuz-relay", &["komuz-sync", "komuz-release"]),
    (
        "komuz",
        &[
            "komuz-relay",
            "komuz-engine",
            "komuz-messages",
            "komuz-core",
            "komuz-dossier",
            "komuz-import",
            "komuz-release",
        ],
    ),
    ("xtask", &[]),
];

/// What must never come into a crate, not even through others: by name of a package.
const NEVER: [(&str, &[&str]); 6] = [
    ("komuz-reader", &["automerge", "komuz-core", "komuz-seal", "komuz-sync"]),
    (
        "komuz-desk",
        &["automerge", "komuz-core", "komuz-seal", "komuz-sync", "komuz-engine"],
    ),
    ("komuz-relay", &["automerge", "komuz-core", "komuz-engine"]),
    ("komuz-core", &["komuz-seal", "tokio"]),
    ("komuz-seal", &["automerge", "tokio"]),
    ("komuz-sync", &["automerge", "tokio"]),
];

fn metadata() -> serde_json::Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo speaks JSON")
}

/// The name of the package with an id.
fn name(metadata: &serde_json::Value, id: &serde_json::Value) -> String {
    metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .find(|package| package["id"] == *id)
        .and_then(|package| package["name"].as_str())
        .expect("every id has a package")
        .to_owned()
}

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let name = |id: &serde_json::Value| name(&metadata, id);
    metadata["resolve"]["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| {
            let normal = |dep: &&serde_json::Value| {
                dep["dep_kinds"]
                    .as_array()
                    .is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
            };
            let deps = node["deps"]
                .as_array()
                .expect("deps")
                .iter()
                .filter(normal)
                .map(|dep| name(&dep["pkg"]))
                .collect();
            (name(&node["id"]), deps)
        })
        .collect()
}

#[test]
fn every_crate_of_the_workspace_has_its_arrows() {
    let metadata = metadata();
    let members = metadata["workspace_members"].as_array().expect("members");
    let found: BTreeSet<String> = members.iter().map(|id| name(&metadata, id)).collect();
    let listed: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    // What crosses crates may know all of them.
    let free = BTreeSet::from(["komuz-tests".to_owned()]);
    assert_eq!(
        found,
        &listed | &free,
        "a crate of the workspace is missing from ARROWS, or gone"
    );
}

#[test]
fn crates_know_only_whom_they_may() {
    let all = dependencies();
    for (name, allowed) in ARROWS {
        let ours: Vec<&String> = all[name]
            .iter()
            .filter(|dep| dep.starts_with("komuz") && !allowed.contains(&dep.as_str()))
            .collect();
        assert!(
            ours.is_empty(),
            "{name} must not depend on {ours:?}; see docs/design.md, section 2"
        );
    }
}

#[test]
fn what_a_part_must_not_carry_does_not_come_in_through_others() {
    let all = dependencies();
    for (name, never) in NEVER {
        let mut seen = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(next) = open.pop() {
            if seen.insert(next.clone()) {
                open.extend(all.get(&next).into_iter().flatten().cloned());
            }
        }
        for unwanted in never {
            assert!(!seen.contains(*unwanted), "{name} carries {unwanted}");
        }
    }
}
