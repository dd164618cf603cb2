//! The importer as a Wasm file of its own, which the desk's worker fetches when somebody imports or exports.

use komuz_release::story::Story;
use komuz_release::words::Lang;
use wasm_bindgen::prelude::*;

use crate::{DEFAULT_LIMIT, export_markdown, import, unknown_source};

/// Does a task of the engine (`komuz_engine::job`). `read`: `name` is the file's name, `text` what is in it, `lang` the language to say in what could not be kept; the result is
/// `{"story": …, "dossier": …, "left_out": […], "unknown_source": …}`. `write`: `name` is the format, `text` a story's JSON; the result is the file's text as a
/// JSON string. An error is a sentence that says what was wrong and where.
#[wasm_bindgen]
pub fn run(kind: &str, name: &str, text: &str, lang: &str) -> Result<String, JsError> {
    let done = match (kind, name) {
        ("read", _) => {
            let imported = import(name, text.as_bytes(), DEFAULT_LIMIT)?;
            let lang = Lang::of(lang);
            let sentences: Vec<_> = (imported.left_out.iter())
                .map(|left_out| left_out.sentence(lang))
                .collect();
            serde_json::json!({ "story": imported.story, "dossier": imported.dossier, "left_out": sentences, "unknown_source": unknown_source(lang) })
        }
        ("write", "markdown") => export_markdown(&Story::from_value(serde_json::from_str(text)?)?).into(),
        _ => return Err(JsError::new(&format!("{kind:?} {name:?} is not done here"))),
    };
    Ok(done.to_string())
}
