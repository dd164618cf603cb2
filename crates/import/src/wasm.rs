//! The importer as a Wasm file of its own, which the desk's worker fetches when somebody imports or exports.

use komuz_release::story::Story;
use wasm_bindgen::prelude::*;

use crate::{DEFAULT_LIMIT, export_markdown, import};

/// Does a task of the engine (`komuz_engine::job`). `read`: `name` is the file's name, `text` what is in it; the result is
/// `{"story": …, "left_out": […]}`. `write`: `name` is the format, `text` a story's JSON; the result is the file's text as a
/// JSON string. An error is a sentence that says what was wrong and where.
#[wasm_bindgen]
pub fn run(kind: &str, name: &str, text: &str) -> Result<String, JsError> {
    let done = match (kind, name) {
        ("read", _) => {
            let imported = import(name, text.as_bytes(), DEFAULT_LIMIT)?;
            serde_json::json!({ "story": imported.story, "left_out": imported.left_out })
        }
        ("write", "markdown") => export_markdown(&Story::from_value(serde_json::from_str(text)?)?).into(),
        _ => return Err(JsError::new(&format!("{kind:?} {name:?} is not done here"))),
    };
    Ok(done.to_string())
}
