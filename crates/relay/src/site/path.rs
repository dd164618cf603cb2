//! A path below the site's folder that cannot leave it.

use std::path::{Path, PathBuf};

/// Deepest folder that is served.
const MAX_SEGMENTS: usize = 8;

/// Segments of letters, digits, `-`, `_` and `.`, none of which starts with a dot: so there is no `..`, no hidden file,
/// no encoded slash, and the same path is spelled one way only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePath(Vec<String>);

impl SitePath {
    /// Reads the raw path of a request; an empty last segment stands for `index.html`. `None` when it is not such a path.
    pub fn parse(raw: &str) -> Option<Self> {
        let mut segments: Vec<String> = raw.split('/').map(str::to_owned).collect();
        if let Some(last) = segments.last_mut().filter(|last| last.is_empty()) {
            "index.html".clone_into(last);
        }
        let fits = segments.len() <= MAX_SEGMENTS && segments.iter().all(|segment| is_name(segment));
        fits.then_some(Self(segments))
    }

    /// The same path inside a folder.
    pub fn inside(&self, folder: &str) -> Self {
        Self(
            std::iter::once(folder.to_owned())
                .chain(self.0.iter().cloned())
                .collect(),
        )
    }

    /// Whether it lies in a top folder of this name.
    pub fn is_inside(&self, folder: &str) -> bool {
        self.0.len() > 1 && self.0.first().is_some_and(|first| first == folder)
    }

    /// As a path of the file system below `folder`.
    pub fn under(&self, folder: &Path) -> PathBuf {
        self.0
            .iter()
            .fold(folder.to_owned(), |path, segment| path.join(segment))
    }

    /// As one string with slashes.
    pub fn joined(&self) -> String {
        self.0.join("/")
    }

    /// What follows the last dot of its name.
    pub fn extension(&self) -> &str {
        self.0
            .last()
            .and_then(|name| name.rsplit_once('.'))
            .map_or("", |(_, extension)| extension)
    }
}

fn is_name(segment: &str) -> bool {
    !segment.is_empty()
        && segment.len() <= 128
        && !segment.starts_with('.')
        && segment
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_read() {
        let path = SitePath::parse("engine/komuz_engine_bg.wasm").unwrap();
        assert_eq!(
            path.inside("desk").under(Path::new("/site")),
            Path::new("/site/desk/engine/komuz_engine_bg.wasm")
        );
        assert_eq!(path.extension(), "wasm");
        assert_eq!(SitePath::parse("").unwrap().joined(), "index.html");
        assert_eq!(SitePath::parse("help/").unwrap().joined(), "help/index.html");
        assert!(SitePath::parse("desk/a").unwrap().is_inside("desk"));
    }

    #[test]
    fn nothing_outside_the_folder_has_a_path() {
        for raw in [
            "..",
            "../a",
            "a/../b",
            "a//b",
            "/etc/passwd",
            "//a",
            ".git/config",
            "a/.b",
            "%2e%2e/a",
            "a%2fb",
            "a\\b",
            "a b",
            "a\0b",
            "ä",
            "C:a",
            "a/b/c/d/e/f/g/h/i",
        ] {
            assert_eq!(SitePath::parse(raw), None, "{raw}");
        }
        assert_eq!(SitePath::parse(&"a".repeat(129)), None);
    }
}
