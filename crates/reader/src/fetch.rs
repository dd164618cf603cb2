//! Fetching from mirrors: without credentials, without a referrer, with a limit on bytes and on silence.
//!
//! A mirror is not trusted with anything: what it sends is checked afterwards ([`crate::check`]). Here it can only be slow,
//! silent or endless, and each of these ends in a [`FetchError`].

use futures_util::future::{Either, select};
use js_sys::{Array, Promise, Reflect, Uint8Array};
use komuz_release::canonical::is_sha256_hex;
use komuz_release::folder::Edition;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, ReadableStreamDefaultReader, ReferrerPolicy, Request, RequestCache, RequestCredentials,
    RequestInit, Response,
};

/// How long a mirror may say nothing before the next one is asked, in milliseconds. It counts from one piece of the answer
/// to the next, so a slow line that moves is never cut.
pub const SILENCE: i32 = 12_000;

/// Why a file did not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address is none, or the connection failed, or CORS or a Content-Security-Policy refused it (a browser does not
    /// tell a page which).
    #[error("{0} could not be reached")]
    Unreachable(String),
    /// The mirror answered with a status that is not success.
    #[error("{0} answered with status {1}")]
    Status(String, u16),
    /// Nothing came for [`SILENCE`].
    #[error("{0} fell silent")]
    Silent(String),
    /// More came than the limit.
    #[error("{0} is larger than {1} bytes")]
    TooLarge(String, usize),
}

/// How old an answer the browser may take from its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Ask the mirror whether there is something newer.
    Asked,
    /// Any: the file is named by its hash.
    Any,
}

/// Ends the request when it is dropped, so that a lost race costs the reader no more bytes.
struct Ended(AbortController);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Fetches a file of at most `limit` bytes.
pub async fn fetch(address: &str, limit: usize, freshness: Freshness) -> Result<Vec<u8>, FetchError> {
    let unreachable = |_: JsValue| FetchError::Unreachable(address.to_owned());
    let silent = || FetchError::Silent(address.to_owned());
    let window = web_sys::window().ok_or_else(|| unreachable(JsValue::NULL))?;
    let controller = Ended(AbortController::new().map_err(unreachable)?);

    let init = RequestInit::new();
    init.set_credentials(RequestCredentials::Omit);
    init.set_referrer_policy(ReferrerPolicy::NoReferrer);
    init.set_cache(if freshness == Freshness::Asked {
        RequestCache::NoCache
    } else {
        RequestCache::Default
    });
    init.set_signal(Some(&controller.0.signal()));
    let request = Request::new_with_str_and_init(address, &init).map_err(unreachable)?;

    let response = within(window.fetch_with_request(&request))
        .await
        .ok_or_else(silent)?
        .map_err(unreachable)?;
    let response: Response = response.dyn_into().map_err(unreachable)?;
    if !response.ok() {
        return Err(FetchError::Status(address.to_owned(), response.status()));
    }
    let Some(body) = response.body() else {
        return Ok(Vec::new());
    };
    let pieces: ReadableStreamDefaultReader = body.get_reader().dyn_into().map_err(|_| unreachable(JsValue::NULL))?;
    let mut bytes = Vec::new();
    loop {
        let piece = within(pieces.read()).await.ok_or_else(silent)?.map_err(unreachable)?;
        if Reflect::get(&piece, &"done".into()).map_err(unreachable)?.is_truthy() {
            return Ok(bytes);
        }
        let value = Reflect::get(&piece, &"value".into()).map_err(unreachable)?;
        let piece: Uint8Array = value.dyn_into().map_err(unreachable)?;
        if bytes.len() + piece.length() as usize > limit {
            return Err(FetchError::TooLarge(address.to_owned(), limit));
        }
        bytes.extend(piece.to_vec());
    }
}

/// What a promise comes to, or nothing after [`SILENCE`].
async fn within(promise: Promise) -> Option<Result<JsValue, JsValue>> {
    let timer = JsFuture::from(Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments(&resolve, SILENCE, &Array::new());
        }
    }));
    match select(JsFuture::from(promise), timer).await {
        Either::Left((result, _)) => Some(result),
        Either::Right(_) => None,
    }
}

/// A mirror from what the page wrote, the place of the story on it (`https://host/r/<fingerprint>/<story>`, or a path of
/// the page's own site): what stands before `/r/`, absolute, no slash at the end. None when it is no such http address.
pub fn mirror_address(written: &str, edition: &Edition, page: &str) -> Option<String> {
    let address = web_sys::Url::new_with_base(written, page).ok()?;
    if !matches!(address.protocol().as_str(), "http:" | "https:") {
        return None;
    }
    address.set_search("");
    address.set_hash("");
    let address = address.href();
    let base = address
        .trim_end_matches('/')
        .strip_suffix(&format!("/r/{}/{}", edition.fingerprint, edition.story))?;
    Some(base.to_owned())
}

/// The fingerprint in an address of a story (`https://host/r/<fingerprint>/<story>`), where it is another than the pinned one.
pub fn other_fingerprint(written: &str, edition: &Edition) -> Option<String> {
    let (_, place) = written.split_once("/r/")?;
    let (found, _) = place.split_once('/')?;
    let differs = is_sha256_hex(found) && !edition.fingerprint.is_empty() && found != edition.fingerprint;
    differs.then(|| found.to_owned())
}
