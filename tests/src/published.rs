//! A story that three outlets have signed and published on servers of their own: the demo's.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::process::{Server, built, root};

/// Three servers with the demo's story on all of them.
pub struct Published {
    /// The servers of the three outlets.
    pub servers: [Server; 3],
    /// What pages trust.
    pub fingerprint: String,
    /// The story.
    pub story: String,
    _data: TempDir,
}

impl Published {
    /// Starts the servers and publishes in English, Russian and Kyrgyz.
    pub fn start() -> Published {
        let data = tempfile::tempdir().expect("a folder");
        let servers = ["alatoo", "issyk", "naryn"].map(|outlet| Server::start(&data.path().join(outlet)));
        let mut seed = Command::new(built("examples/seed"));
        seed.arg(root().join("www/demo/content")).arg(data.path().join("out"));
        for server in &servers {
            seed.arg(&server.origin).arg(&server.ticket);
        }
        std::fs::create_dir_all(data.path().join("out")).expect("a folder for the devices");
        let said = seed.output().expect("the seed starts");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let made: BTreeMap<String, String> = serde_json::from_slice(&said.stdout).expect("the seed says what it made");
        Published {
            servers,
            fingerprint: made["fingerprint"].clone(),
            story: made["story"].clone(),
            _data: data,
        }
    }

    /// The story's address at one of the servers.
    pub fn at(&self, server: usize) -> String {
        format!("{}/r/{}/{}", self.servers[server].origin, self.fingerprint, self.story)
    }

    /// The element as a partner pastes it: one server is its own, the others are mirrors.
    pub fn element(&self, lang: &str) -> String {
        format!(
            "<komuz-story src=\"{}\" mirrors=\"{} {}\" fingerprint=\"{}\" lang={lang}>\
             <article><h1>The article as it was pasted</h1></article></komuz-story>",
            self.at(0),
            self.at(1),
            self.at(2),
            self.fingerprint
        )
    }

    /// The files of that name on a server's disk.
    pub fn files(&self, server: usize, name: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.servers[server].data().to_path_buf()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).expect("the folder can be listed").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    open.push(path);
                } else if path.file_name().is_some_and(|file| file == name) {
                    found.push(path);
                }
            }
        }
        assert!(!found.is_empty(), "a server has no {name}");
        found
    }

    /// Changes the first place of some words in all files of that name on a server's disk.
    pub fn spoil(&self, server: usize, name: &str, words: &str, with: &str) {
        let mut spoilt = 0;
        for path in self.files(server, name) {
            let text = std::fs::read_to_string(&path).expect("the file can be read");
            if text.contains(words) {
                std::fs::write(&path, text.replacen(words, with, 1)).expect("the file can be written");
                spoilt += 1;
            }
        }
        assert!(spoilt > 0, "no {name} holds {words:?}");
    }
}
