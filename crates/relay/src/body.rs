//! Bodies of requests.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_util::StreamExt;

/// A refusal as it is answered: a status and a sentence.
pub type Refused = (StatusCode, String);

/// Reads a body of at most `most` bytes from a sender who lets no more than `patience` pass between its parts.
///
/// # Errors
/// [`Refused`] when it is longer, too slow, or breaks off.
pub async fn collect(body: Body, most: usize, patience: Duration) -> Result<Vec<u8>, Refused> {
    let mut parts = body.into_data_stream();
    let mut bytes = Vec::new();
    loop {
        let part: Bytes = match tokio::time::timeout(patience, parts.next()).await {
            Ok(None) => return Ok(bytes),
            Ok(Some(Ok(part))) => part,
            Ok(Some(Err(_))) => return Err((StatusCode::BAD_REQUEST, "the body broke off\n".to_owned())),
            Err(_) => return Err((StatusCode::REQUEST_TIMEOUT, "the body came too slowly\n".to_owned())),
        };
        if bytes.len() + part.len() > most {
            return Err((
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("at most {most} bytes are taken here\n"),
            ));
        }
        bytes.extend_from_slice(&part);
    }
}
