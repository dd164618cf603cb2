//! What a server says about itself: `/healthz` for those who watch over it, `/.well-known/komuz.json` for desks and readers.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use komuz_sync::frame;
use serde_json::{Value, json};

use crate::identity::Identity;
use crate::store::Store;

/// The routes.
pub fn routes(store: Arc<dyn Store>, identity: &Identity) -> Router {
    let about = json!({
        "komuz": env!("CARGO_PKG_VERSION"),
        "sync": frame::VERSION,
        "freshness": identity.freshness.public().to_string(),
    });
    Router::new()
        .route("/healthz", get(health))
        .with_state(store)
        .route("/.well-known/komuz.json", get(move || tell(about.clone())))
}

async fn health(State(store): State<Arc<dyn Store>>) -> Response {
    let healthy = store.healthy().await.is_ok();
    let status = if healthy {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let said = json!({ "version": env!("CARGO_PKG_VERSION"), "database": if healthy { "ok" } else { "failing" } });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(said)).into_response()
}

async fn tell(about: Value) -> impl IntoResponse {
    (
        [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        Json(about),
    )
}
