//! Published files over HTTP: `GET` and `PUT` under `/r/`, readable from every page on the web.

pub mod shelf;
pub mod write;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, put};
use komuz_release::canonical::sha256_hex;
use komuz_release::folder::Place;
use komuz_release::keys::PublicKey;
use komuz_release::latest::MAX_LATEST;
use komuz_release::masthead::{MAX_CHAIN, MAX_MASTHEAD};
use komuz_release::release::MAX_RELEASE;

use self::shelf::{Put, PutError, Shelf};
use crate::Clock;
use crate::body::{Refused, collect};
use crate::identity::Identity;
use crate::limits::Limits;
use crate::site::matches_tag;

/// The longest `index.html`: the release's words in markup.
const MAX_PAGE: usize = 2 * MAX_RELEASE;
/// The longest list of trusted keys, in bytes.
const MAX_TRUST: usize = 16 << 10;

/// What the routes need.
#[derive(Clone)]
pub struct Releases {
    /// The files.
    pub shelf: Arc<Shelf>,
    /// Who may bring a first masthead.
    pub identity: Arc<Identity>,
    /// Limits.
    pub limits: Limits,
    /// The time.
    pub clock: Clock,
}

/// The routes of releases, and `PUT /trust`.
pub fn routes(releases: Releases) -> Router {
    Router::new()
        .route("/r/{*path}", get(read).put(write).options(preflight))
        .route("/trust", put(trust).options(preflight))
        .with_state(releases)
}

/// Lets any page read, and the desk of any outlet write: what may be written is decided by signatures, not by origins.
const CORS: [(HeaderName, &str); 5] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, PUT, OPTIONS"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "etag"),
    (header::ACCESS_CONTROL_MAX_AGE, "86400"),
];

/// Puts the headers on that everything under `/r/` has.
fn open(mut response: Response) -> Response {
    let set = response.headers_mut();
    for (name, value) in CORS {
        set.insert(name, HeaderValue::from_static(value));
    }
    set.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    set.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    response
}

async fn preflight() -> Response {
    open(StatusCode::NO_CONTENT.into_response())
}

fn place(uri: &axum::http::Uri) -> Result<Place, Refused> {
    let path = uri.path().strip_prefix("/r/").unwrap_or_default();
    path.parse()
        .map_err(|_| (StatusCode::NOT_FOUND, "there is no such place under /r/\n".to_owned()))
}

async fn read(State(releases): State<Releases>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    open(
        releases
            .read(&uri, &headers)
            .await
            .unwrap_or_else(IntoResponse::into_response),
    )
}

async fn write(
    State(releases): State<Releases>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    open(
        releases
            .write(&uri, &headers, body)
            .await
            .unwrap_or_else(IntoResponse::into_response),
    )
}

async fn trust(State(releases): State<Releases>, headers: HeaderMap, body: Body) -> Response {
    open(
        releases
            .trust(&headers, body)
            .await
            .unwrap_or_else(IntoResponse::into_response),
    )
}

/// What a page or picture from here may do where it is opened by itself. It comes from others' hands, on the desk's own
/// origin: `sandbox` takes that origin away from it.
const PAGE_POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; \
                           form-action 'none'; sandbox allow-popups allow-popups-to-escape-sandbox";

impl Releases {
    async fn read(&self, uri: &axum::http::Uri, headers: &HeaderMap) -> Result<Response, Refused> {
        if let Some(newest) = self.newest_page(uri).await? {
            return Ok(newest);
        }
        let place = place(uri)?;
        let (shelf, wanted) = (self.shelf.clone(), place.clone());
        let bytes = blocking(move || shelf.get(&wanted)).await?.map_err(|_| internal())?;
        let bytes = bytes.ok_or_else(|| (StatusCode::NOT_FOUND, "there is no such file here\n".to_owned()))?;
        let fixed = !matches!(place, Place::Masthead { .. } | Place::Latest(_) | Place::Freshness(_));
        let tag = format!("\"{}\"", sha256_hex(&bytes));
        let media = match &place {
            Place::File { .. } => picture(&bytes),
            other => other.media(),
        };
        let mut response = match matches_tag(headers, &tag) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => bytes.into_response(),
        };
        let set = response.headers_mut();
        set.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        let caching = if fixed {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        set.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            set.insert(header::ETAG, tag);
        }
        set.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        set.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        Ok(response)
    }

    /// Sends who asks for an edition's folder to the page of its newest release: that is the address that a page can give
    /// without knowing the release. None when it is no such folder.
    async fn newest_page(&self, uri: &axum::http::Uri) -> Result<Option<Response>, Refused> {
        let path = uri.path().strip_prefix("/r/").unwrap_or_default();
        let folder = path.strip_suffix('/').unwrap_or(path);
        let Ok(Place::Latest(edition)) = format!("{folder}/latest.json").parse() else {
            return Ok(None);
        };
        let shelf = self.shelf.clone();
        let page = blocking(move || shelf.newest_page(&edition))
            .await?
            .map_err(|_| internal())?;
        let page = page.ok_or_else(|| (StatusCode::NOT_FOUND, "nothing is published here yet\n".to_owned()))?;
        // From where the folder is, since a proxy may serve this server under a path of its own.
        let page = page.to_string();
        let parts = if path.ends_with('/') { 2 } else { 3 };
        let from = page.rmatch_indices('/').nth(parts - 1).map_or(0, |(at, _)| at + 1);
        let mut response = Redirect::to(&page[from..]).into_response();
        let caching = HeaderValue::from_static("no-cache");
        response.headers_mut().insert(header::CACHE_CONTROL, caching);
        Ok(Some(response))
    }

    async fn write(&self, uri: &axum::http::Uri, headers: &HeaderMap, body: Body) -> Result<Response, Refused> {
        let place = place(uri)?;
        let most = match &place {
            Place::Masthead { .. } => MAX_CHAIN,
            Place::Signatures(..) => MAX_MASTHEAD,
            Place::Latest(_) | Place::Freshness(_) => MAX_LATEST,
            Place::Release(..) => MAX_RELEASE,
            Place::Index(..) => MAX_PAGE,
            Place::File { .. } => self.limits.file_bytes,
        };
        let ticket = match headers.get(header::AUTHORIZATION) {
            None => false,
            Some(value) if self.identity.admits_header(value.as_bytes()) => true,
            Some(_) => {
                return Err((
                    StatusCode::FORBIDDEN,
                    "this ticket is not one of this server's operator\n".to_owned(),
                ));
            }
        };
        let bytes = collect(body, most, self.limits.request).await?;
        let (shelf, now) = (self.shelf.clone(), (self.clock)());
        let put = blocking(move || shelf.put(&place, &bytes, ticket, now)).await?;
        match put {
            Ok(Put::Stored) => Ok(StatusCode::CREATED.into_response()),
            Ok(Put::Known) => Ok(StatusCode::NO_CONTENT.into_response()),
            Err(error) => {
                let status = match &error {
                    PutError::Ticket => StatusCode::UNAUTHORIZED,
                    PutError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
                    PutError::TooEarly(_) | PutError::Conflict(_) => StatusCode::CONFLICT,
                    PutError::Own => StatusCode::FORBIDDEN,
                    PutError::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
                    PutError::Io(_) => StatusCode::INTERNAL_SERVER_ERROR,
                };
                let mut response = (status, format!("{error}\n")).into_response();
                if status == StatusCode::UNAUTHORIZED {
                    response
                        .headers_mut()
                        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Komuz"));
                }
                Ok(response)
            }
        }
    }

    async fn trust(&self, headers: &HeaderMap, body: Body) -> Result<Response, Refused> {
        let ticket = headers.get(header::AUTHORIZATION);
        if !ticket.is_some_and(|value| self.identity.admits_header(value.as_bytes())) {
            return Err((
                StatusCode::FORBIDDEN,
                "this needs the ticket of this server's operator\n".to_owned(),
            ));
        }
        let bytes = collect(body, MAX_TRUST, self.limits.request).await?;
        let keys: Vec<PublicKey> = serde_json::from_slice(&bytes).map_err(|error| {
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("not a list of release keys as base64url: {error}\n"),
            )
        })?;
        let identity = self.identity.clone();
        match blocking(move || identity.trust(keys)).await? {
            Ok(()) => Ok(StatusCode::NO_CONTENT.into_response()),
            Err(error) if error.kind() == std::io::ErrorKind::QuotaExceeded => Err((
                StatusCode::INSUFFICIENT_STORAGE,
                "this server trusts as many keys as it can hold\n".to_owned(),
            )),
            Err(_) => Err(internal()),
        }
    }
}

/// Does something that waits for the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work).await.map_err(|_| internal())
}

fn internal() -> Refused {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "the server could not do it; its disk may be full or damaged\n".to_owned(),
    )
}

/// The media type of a figure by its first bytes. Nothing that could run is among them; what is unknown is for saving.
fn picture(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => "image/avif",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_by_their_first_bytes_and_nothing_else_is_one() {
        assert_eq!(picture(b"\x89PNG\r\n\x1a\nrest"), "image/png");
        assert_eq!(picture(b"RIFF\0\0\0\0WEBPVP8 "), "image/webp");
        assert_eq!(picture(b"\xff\xd8\xff\xe0"), "image/jpeg");
        for other in [&b"<svg xmlns"[..], b"<!doctype html>", b"", b"\x89PN"] {
            assert_eq!(picture(other), "application/octet-stream");
        }
    }
}
