//! The checks, for the desk's worker: the same file does them there and shows them on the page.

use std::cell::RefCell;

use komuz_dossier::gather::{Open, file};
use wasm_bindgen::prelude::*;

thread_local! {
    static OPEN: RefCell<Open> = RefCell::default();
}

/// Does a job of the engine (`komuz_engine::job`): `gathered` is what the engine hands over. `check`: the result is what the
/// panel is shown ([`komuz_dossier::gather`]). What has not changed since the last time is not checked again. `gather`: a file's text as
/// a JSON string.
///
/// # Errors
/// A sentence that says what was wrong and where.
#[wasm_bindgen]
pub fn run(kind: &str, gathered: &str) -> Result<String, JsError> {
    match kind {
        "check" => Ok(OPEN.with_borrow_mut(|open| open.shown(gathered))?),
        "gather" => Ok(file(gathered)?),
        _ => Err(JsError::new(&format!("{kind:?} is not done here"))),
    }
}
