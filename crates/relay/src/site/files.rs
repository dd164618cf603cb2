//! Reading the site's files: from a folder, or from the binary itself.

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use axum::body::Bytes;
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::not_found;
use super::path::SitePath;

/// Where the files are.
pub enum Files {
    /// In a folder, read anew for each request, so that a rebuilt desk is there at once.
    Folder(PathBuf),
    /// In the binary (cargo feature `bundle`; without it there are none).
    Bundled,
}

/// The files that the binary carries.
#[cfg(feature = "bundle")]
#[derive(rust_embed::RustEmbed)]
#[folder = "../../pkg/dist"]
struct Bundle;

impl Files {
    /// From a folder, or bundled.
    pub fn new(folder: Option<PathBuf>) -> Self {
        folder.map_or(Self::Bundled, Self::Folder)
    }

    /// Answers a request for a file: compressed where a compressed copy lies beside it and is accepted, and with 304
    /// where the client has it already.
    pub async fn respond(&self, path: &SitePath, request: &HeaderMap) -> Response {
        let brotli = accepts_brotli(request);
        let compressed = if brotli { self.find(path, ".br").await } else { None };
        let (found, encoding) = match compressed {
            Some(found) => (found, Some("br")),
            None => match self.find(path, "").await {
                Some(found) => (found, None),
                None => return not_found(),
            },
        };
        let tag = found.tag();
        let mut response = if matches_tag(request, &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            match found.read().await {
                Some(bytes) => bytes.into_response(),
                None => return not_found(),
            }
        };
        let set = response.headers_mut();
        set.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(media_type(path.extension())),
        );
        set.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        // Names carry no hash: asked for every time, answered with 304 almost every time.
        set.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            set.insert(header::ETAG, tag);
        }
        if let Some(encoding) = encoding {
            set.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }

    async fn find(&self, path: &SitePath, suffix: &str) -> Option<Found> {
        match self {
            Self::Folder(folder) => {
                let mut file = path.under(folder).into_os_string();
                file.push(suffix);
                let meta = tokio::fs::metadata(&file)
                    .await
                    .ok()
                    .filter(std::fs::Metadata::is_file)?;
                let changed = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
                Some(Found::File {
                    path: file.into(),
                    tag: format!("W/\"{:x}-{changed:x}{suffix}\"", meta.len()),
                })
            }
            Self::Bundled => bundled(&format!("{}{suffix}", path.joined())),
        }
    }
}

/// A file that exists.
enum Found {
    File {
        path: PathBuf,
        tag: String,
    },
    #[cfg(feature = "bundle")]
    InBinary(Box<rust_embed::EmbeddedFile>),
}

#[cfg(feature = "bundle")]
fn bundled(path: &str) -> Option<Found> {
    <Bundle as rust_embed::RustEmbed>::get(path).map(|file| Found::InBinary(Box::new(file)))
}

#[cfg(not(feature = "bundle"))]
fn bundled(_path: &str) -> Option<Found> {
    None
}

impl Found {
    fn tag(&self) -> String {
        match self {
            Self::File { tag, .. } => tag.clone(),
            #[cfg(feature = "bundle")]
            Self::InBinary(file) => format!("\"{}\"", komuz_sync::seal::bytes::to_hex(&file.metadata.sha256_hash())),
        }
    }

    async fn read(self) -> Option<Bytes> {
        match self {
            Self::File { path, .. } => tokio::fs::read(path).await.ok().map(Bytes::from),
            #[cfg(feature = "bundle")]
            Self::InBinary(file) => Some(match file.data {
                std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
            }),
        }
    }
}

/// Whether the client takes brotli: named, and not with a weight of zero.
fn accepts_brotli(request: &HeaderMap) -> bool {
    let accepted = request
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("br") && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// Whether the client's copy is the one that we have (RFC 9110, 13.1.2: weak comparison).
pub fn matches_tag(request: &HeaderMap, tag: &str) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let named = request
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    named
        .split(',')
        .any(|one| one.trim() == "*" || strong(one) == strong(tag))
}

/// The media type for a file's extension. Browsers compile Wasm while it arrives only under its own type.
fn media_type(extension: &str) -> &'static str {
    match extension {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "jpg" | "jpeg" => "image/jpeg",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" | "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn brotli_is_used_only_when_it_is_accepted() {
        assert!(accepts_brotli(&with(header::ACCEPT_ENCODING, "gzip, deflate, br")));
        assert!(accepts_brotli(&with(header::ACCEPT_ENCODING, "br;q=0.5")));
        assert!(!accepts_brotli(&with(header::ACCEPT_ENCODING, "gzip, br;q=0")));
        assert!(!accepts_brotli(&with(header::ACCEPT_ENCODING, "gzip, brx")));
        assert!(!accepts_brotli(&HeaderMap::new()));
    }

    #[test]
    fn a_copy_is_recognised_by_its_tag() {
        assert!(matches_tag(
            &with(header::IF_NONE_MATCH, "\"x\", W/\"a-1\""),
            "W/\"a-1\""
        ));
        assert!(!matches_tag(&with(header::IF_NONE_MATCH, "\"a-2\""), "W/\"a-1\""));
        assert!(!matches_tag(&HeaderMap::new(), "W/\"a-1\""));
    }
}
