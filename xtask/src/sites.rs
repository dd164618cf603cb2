//! The demo's web sites: the pages of three outlets and of one reader, each on a port of its own.
//!
//! Pages are templates from `www/`; `{{name}}` is filled from what the demo's investigation turned out to be. What stands
//! between `<!--made-->` and `<!--/made-->` is for the ready-made investigation, between `<!--empty-->` and `<!--/empty-->`
//! for `--empty`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::run::{Result, files, read, root, write};

/// The policy of the reader's page: nothing but its own files, Wasm, the mirrors, and no strings that become markup.
pub const STRICT: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' blob: http://127.0.0.1:*; font-src 'self'; connect-src 'self' http://127.0.0.1:*; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A listener on loopback: the wished port, or any free one when it is taken.
pub fn listen(wished: u16) -> Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, wished)))
        .or_else(|_| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
        .map_err(|error| format!("no port on loopback: {error}"))
}

/// Where a listener listens, as an origin.
pub fn origin(listener: &TcpListener) -> Result<String> {
    let address = listener.local_addr().map_err(|error| format!("no address: {error}"))?;
    Ok(format!("http://{address}"))
}

/// Fills the templates of `www/<site>` into `into/<site>` and puts the package and the fonts beside them, as a partner would.
pub fn fill(site: &str, into: &Path, values: &BTreeMap<String, String>) -> Result {
    let from = root().join("www").join(site);
    let to = into.join(site);
    for path in files(&from)? {
        let bytes = read(&from.join(&path))?;
        let is_text = path
            .extension()
            .and_then(|end| end.to_str())
            .is_some_and(|end| matches!(end, "html" | "css" | "js"));
        match String::from_utf8(bytes) {
            Ok(text) if is_text => {
                let page = filled(&text, values).map_err(|error| format!("www/{site}/{}: {error}", path.display()))?;
                write(&to.join(&path), page)?;
            }
            Ok(text) => write(&to.join(&path), text)?,
            Err(error) => write(&to.join(&path), error.into_bytes())?,
        }
    }
    crate::pkg::fonts(&to.join("fonts"))?;
    write(&to.join("fonts/fonts.css"), read(&root().join("www/fonts/fonts.css"))?)?;
    let dist = crate::pkg::dist();
    for path in files(&dist)?.into_iter().filter(|path| !path.starts_with("desk")) {
        write(&to.join("komuz").join(&path), read(&dist.join(&path))?)?;
    }
    Ok(())
}

fn filled(text: &str, values: &BTreeMap<String, String>) -> Result<String> {
    let (wanted, other) = if values.contains_key("story") {
        ("made", "empty")
    } else {
        ("empty", "made")
    };
    let text = without(text, other)?
        .replace(&format!("<!--{wanted}-->"), "")
        .replace(&format!("<!--/{wanted}-->"), "");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, tail) = after.split_once("}}").ok_or("a {{ without its }}")?;
        let value = values.get(name).ok_or_else(|| format!("there is no value {name}"))?;
        out.push_str(before);
        out.push_str(value);
        rest = tail;
    }
    Ok(out + rest)
}

/// A page without what stands between the marks of one kind.
fn without(text: &str, kind: &str) -> Result<String> {
    let (start, end) = (format!("<!--{kind}-->"), format!("<!--/{kind}-->"));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(&start) {
        let (_, tail) = after.split_once(&end).ok_or_else(|| format!("{start} without {end}"))?;
        out.push_str(before);
        rest = tail;
    }
    Ok(out + rest)
}

/// One site.
pub struct Site {
    /// Its folder.
    pub folder: PathBuf,
    /// Its Content-Security-Policy, where it sends one.
    pub policy: Option<&'static str>,
}

/// Serves a site until the process ends.
pub async fn serve(listener: TcpListener, site: Site) -> Result {
    listener
        .set_nonblocking(true)
        .map_err(|error| format!("listener: {error}"))?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| format!("listener: {error}"))?;
    let app = Router::new().fallback(page).with_state(Arc::new(site));
    axum::serve(listener, app)
        .await
        .map_err(|error| format!("a page server ended: {error}"))
}

async fn page(State(site): State<Arc<Site>>, uri: Uri) -> Response {
    // Only plain names: what a browser sends for our own pages, and nothing that leaves the folder.
    let plain = |part: &str| {
        !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let mut path = site.folder.clone();
    for part in uri.path().split('/').filter(|part| !part.is_empty()) {
        if !plain(part) {
            return StatusCode::NOT_FOUND.into_response();
        }
        path.push(part);
    }
    if path.is_dir() {
        path.push("index.html");
    }
    let Ok(bytes) = tokio::fs::read(&path).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media(&path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(policy) = site.policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    (headers, bytes).into_response()
}

fn media(path: &Path) -> &'static str {
    match path.extension().and_then(|end| end.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "woff2" => "font/woff2",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(of: &[(&str, &str)]) -> BTreeMap<String, String> {
        of.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_page_is_filled_for_the_investigation_that_there_is() {
        let page = "a<!--made--> {{story}}<!--/made--><!--empty--> none<!--/empty--> {{site:x}}";
        assert_eq!(
            filled(page, &values(&[("story", "s"), ("site:x", "x")])),
            Ok("a s x".to_owned())
        );
        assert_eq!(filled(page, &values(&[("site:x", "x")])), Ok("a none x".to_owned()));
    }

    #[test]
    fn a_name_without_a_value_is_told_and_not_served() {
        assert!(filled("{{nothing}}", &values(&[])).is_err());
        assert!(filled("<!--made-->", &values(&[])).is_err());
    }

    #[test]
    fn every_page_can_be_filled_with_and_without_the_investigation() {
        let mut known = values(&[("passphrase", "p")]);
        for outlet in ["alatoo", "issyk", "naryn", "reader", "index"] {
            for name in ["site", "desk", "origin"] {
                known.insert(format!("{name}:{outlet}"), String::new());
            }
        }
        let mut made = known.clone();
        made.insert("story".to_owned(), String::new());
        for (site, lang) in [("alatoo", "ky"), ("issyk", "ru"), ("naryn", "en"), ("reader", "en")] {
            for name in ["element", "plain", "head"] {
                made.insert(format!("{name}:{site}:{lang}"), String::new());
            }
        }
        known.remove("passphrase");
        for site in ["index", "alatoo", "issyk", "naryn", "reader"] {
            for path in files(&root().join("www").join(site)).unwrap() {
                if path.extension().is_some_and(|end| end == "html") {
                    let page = String::from_utf8(read(&root().join("www").join(site).join(&path)).unwrap()).unwrap();
                    for values in [&known, &made] {
                        let page = filled(&page, values).unwrap();
                        assert!(
                            !page.contains("<!--") && !page.contains("{{"),
                            "{site}/{}",
                            path.display()
                        );
                    }
                }
            }
        }
    }
}
