//! A newspaper's web site: pages that a test writes, with the package beside them as a partner would serve it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::task::JoinHandle;

use crate::process::root;

/// A policy that allows nothing but the site's own files, Wasm and the mirrors, and no text that becomes markup.
pub const STRICT: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: \
    http://127.0.0.1:*; connect-src 'self' http://127.0.0.1:*; base-uri 'none'; form-action 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// A page of a newspaper with this in it, and the loader that the site includes.
pub fn page(body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>A page</title>\
         <body><header><h1>A newspaper</h1></header><main><script type=module src=/komuz/komuz.js></script>{body}</main></body></html>"
    )
}

/// A site on a port of its own; it ends when dropped.
pub struct Site {
    /// `http://127.0.0.1:PORT`
    pub origin: String,
    pages: Pages,
    task: JoinHandle<()>,
}

type Pages = Arc<Mutex<BTreeMap<String, String>>>;

impl Site {
    /// Starts a site; `policy` is its Content-Security-Policy, if it sends one.
    pub async fn start(policy: Option<&'static str>) -> Site {
        let pages = Pages::default();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("loopback has a free port");
        let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
        let app = Router::new().fallback(serve).with_state((pages.clone(), policy));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("the site serves") });
        Site { origin, pages, task }
    }

    /// Puts a page; its address.
    pub fn page(&self, path: &str, html: impl Into<String>) -> String {
        self.pages
            .lock()
            .expect("no test panicked in it")
            .insert(path.to_owned(), html.into());
        format!("{}{path}", self.origin)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(State((pages, policy)): State<(Pages, Option<&'static str>)>, uri: Uri) -> Response {
    let mut headers = HeaderMap::new();
    if let Some(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    let page = pages.lock().expect("no test panicked in it").get(uri.path()).cloned();
    if let Some(html) = page {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        return (headers, html).into_response();
    }
    let Some(name) = uri.path().strip_prefix("/komuz/").filter(|name| !name.contains("..")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let media = match name.rsplit('.').next() {
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css",
        _ => "application/octet-stream",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    match tokio::fs::read(root().join("pkg/dist").join(name)).await {
        Ok(bytes) => (headers, bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
