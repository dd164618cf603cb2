//! The files that this server hands out besides releases: the desk's page, what partners embed, and a front page.
//!
//! The folder has the layout of `pkg/dist`: what partners embed at its top, the desk in `desk/`.

mod files;
mod front;
mod path;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use self::files::Files;
pub(crate) use self::files::matches_tag;
use self::path::SitePath;

/// The desk's folder inside the site's.
const DESK: &str = "desk";

/// What hands the site's files out.
pub struct Site {
    files: Files,
    desk_policy: HeaderValue,
}

/// An origin for `--frame-ancestors` that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an origin such as https://outlet.example or http://localhost:8080")]
pub struct NotAnOrigin(pub String);

impl Site {
    /// A site from a folder, or from what the binary carries when there is none.
    ///
    /// # Errors
    /// [`NotAnOrigin`] for the first of `frame_ancestors` that is not an origin.
    pub fn new(folder: Option<PathBuf>, frame_ancestors: &[String]) -> Result<Self, NotAnOrigin> {
        Ok(Self {
            files: Files::new(folder),
            desk_policy: desk_policy(frame_ancestors)?,
        })
    }
}

/// The site's routes.
pub fn routes(site: Site) -> Router {
    Router::new()
        .route("/", get(front::page))
        .route("/desk", get(to_desk))
        .route("/desk/", get(desk))
        .route("/desk/{*path}", get(desk))
        .route("/embed/{*path}", get(embed))
        .with_state(Arc::new(site))
}

async fn to_desk() -> Redirect {
    Redirect::permanent("/desk/")
}

async fn desk(State(site): State<Arc<Site>>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    let Some(path) = below(&uri, "/desk/").and_then(SitePath::parse) else {
        return not_found();
    };
    let mut response = site.files.respond(&path.inside(DESK), &headers).await;
    let set = response.headers_mut();
    set.insert(header::CONTENT_SECURITY_POLICY, site.desk_policy.clone());
    for (name, value) in DESK_HEADERS {
        set.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn embed(State(site): State<Arc<Site>>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    let Some(path) = below(&uri, "/embed/").and_then(SitePath::parse) else {
        return not_found();
    };
    // The desk is handed out with its strict headers only.
    if path.is_inside(DESK) {
        return not_found();
    }
    let mut response = site.files.respond(&path, &headers).await;
    let set = response.headers_mut();
    for (name, value) in EMBED_HEADERS {
        set.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The raw path below a prefix: what is percent-encoded stays so and is then refused, since no file needs it.
fn below<'a>(uri: &'a Uri, prefix: &str) -> Option<&'a str> {
    uri.path().strip_prefix(prefix)
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "there is nothing at this address\n").into_response()
}

/// Headers of everything under `/desk/`, besides its policy.
const DESK_HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-site"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), \
         midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()",
    ),
    // The worker that opens the desk offline may keep the desk's own pages and nothing else of this origin.
    (HeaderName::from_static("service-worker-allowed"), "/desk/"),
];

/// Headers of everything under `/embed/`: any page may load it.
const EMBED_HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
];

/// The desk's Content-Security-Policy. `connect-src` is open to any server, because an investigation lives on the servers
/// of several outlets that this operator does not know beforehand; what goes there is sealed.
fn desk_policy(frame_ancestors: &[String]) -> Result<HeaderValue, NotAnOrigin> {
    let mut framing = String::from("'self'");
    for origin in frame_ancestors {
        if !is_origin(origin) {
            return Err(NotAnOrigin(origin.clone()));
        }
        framing.push(' ');
        framing.push_str(origin);
    }
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
         connect-src 'self' http: https: ws: wss:; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {framing}; \
         require-trusted-types-for 'script'; trusted-types komuz-worker komuz-desk"
    );
    HeaderValue::from_str(&policy).map_err(|_| NotAnOrigin(framing))
}

/// Whether a text is an origin and nothing more: a scheme, a host, perhaps a port. IPv6 hosts stand in brackets.
pub(crate) fn is_origin(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let (host, port) = match rest.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((v6, after)) => {
            if v6.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            ("v6", after.strip_prefix(':').or(after.is_empty().then_some("0")))
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, Some("0")),
        },
    };
    let host_ok = !host.is_empty()
        && host.split('.').all(|label| !label.is_empty())
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    host_ok && port.is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_told_from_everything_else() {
        for good in [
            "https://kloop.kg",
            "http://localhost:8080",
            "http://[::1]:8080",
            "http://127.0.0.1",
            "https://a-b.example",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "kloop.kg",
            "https://",
            "https://a/",
            "https://a b",
            "https://a;",
            "ftp://a",
            "https://a:b",
            "https://a:99999",
            "https://a..b",
            "'none'",
            "*",
            "https://*.a",
            "http://[::1",
            "http://[x]",
            "https://a\r\nx: y",
            "https://u@a",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn a_policy_cannot_be_widened_by_what_stands_in_the_origins() {
        let bad = vec!["https://a; script-src *".to_owned()];
        assert_eq!(desk_policy(&bad), Err(NotAnOrigin(bad[0].clone())));
    }
}
