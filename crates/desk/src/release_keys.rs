//! The release keys of an outlet, which sign what is published. They stay outside the engine: made here when an editor founds
//! or brings in an outlet, kept wrapped in a database of their own (`js/vault.js`), used when the person presses *Sign*.
//!
//! An outlet has two from the first day: one that stays on this device and one to be printed. Either signs.

use komuz_release::keys::{SigningKey, recovery_seed, recovery_text, signature_text};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::browser;

/// A kept key: one row of the vault.
#[derive(Clone, Serialize, Deserialize)]
struct Row {
    /// Public half as the masthead writes it.
    key: String,
    /// The seed in the form in which a recovery key is printed; its checksum notices a damaged row.
    seed: String,
}

/// The keys of a new outlet.
pub struct Made {
    /// Public halves: the kept one's, the recovery key's.
    pub public: Vec<String>,
    /// The recovery key, to be shown once and printed.
    pub recovery: String,
}

/// Makes both keys of an outlet and keeps the first. Nothing is founded before it is on disk.
///
/// # Errors
/// What the browser says when it refuses to store.
pub async fn make() -> Result<Made, JsValue> {
    let (kept, printed) = (seed(), seed());
    let row = Row {
        key: SigningKey::from_seed(&kept).public().to_string(),
        seed: recovery_text(&kept),
    };
    put(&row).await?;
    let recovery = SigningKey::from_seed(&printed).public().to_string();
    Ok(Made {
        public: vec![row.key, recovery],
        recovery: recovery_text(&printed),
    })
}

fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    browser::random(32).copy_to(&mut seed);
    seed
}

async fn put(row: &Row) -> Result<(), JsValue> {
    let text = serde_json::to_string(row).map_err(|error| JsValue::from_str(&error.to_string()))?;
    JsFuture::from(browser::vault_put(&row.key, &text)).await.map(|_| ())
}

async fn rows() -> Vec<Row> {
    let Ok(texts) = JsFuture::from(browser::vault_all()).await else {
        return Vec::new();
    };
    let texts: js_sys::Array = texts.unchecked_into();
    texts
        .iter()
        .filter_map(|text| serde_json::from_str(&text.as_string()?).ok())
        .collect()
}

/// Which of these public keys this device can sign with.
pub async fn held(public: &[String]) -> Option<String> {
    rows()
        .await
        .into_iter()
        .map(|row| row.key)
        .find(|key| public.contains(key))
}

/// Why nothing was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsigned {
    /// This device holds none of the outlet's keys.
    NoKey,
    /// What was typed is no recovery key.
    Typed,
    /// It is a recovery key, but of another outlet.
    Foreign,
}

/// A key of the outlet that is ready to sign.
pub struct Signer {
    /// Its public half as the masthead writes it.
    pub key: String,
    signing: SigningKey,
}

impl Signer {
    /// A key of the outlet, whose public keys are given: one of this device, or the recovery key as typed.
    ///
    /// # Errors
    /// [`Unsigned`].
    pub async fn find(public: &[String], recovery: &str) -> Result<Self, Unsigned> {
        let seed = if recovery.trim().is_empty() {
            let row = rows()
                .await
                .into_iter()
                .find(|row| public.contains(&row.key))
                .ok_or(Unsigned::NoKey)?;
            recovery_seed(&row.seed).map_err(|_| Unsigned::NoKey)?
        } else {
            recovery_seed(recovery).map_err(|_| Unsigned::Typed)?
        };
        let signing = SigningKey::from_seed(&seed);
        let key = signing.public().to_string();
        if public.contains(&key) {
            Ok(Self { key, signing })
        } else {
            Err(Unsigned::Foreign)
        }
    }

    /// Signs a JWS signing input; the signature in base64url.
    pub fn sign(&self, input: &str) -> String {
        signature_text(&self.signing.sign(input.as_bytes()))
    }
}

/// All kept keys as one text, for a backup.
pub async fn pack() -> String {
    serde_json::to_string(&rows().await).unwrap_or_default()
}

/// Brings the keys of a backup back; rows that are none are left out.
pub async fn unpack(text: &str) {
    for row in serde_json::from_str::<Vec<Row>>(text).unwrap_or_default() {
        // What cannot be stored now is still in the backup.
        let _ = put(&row).await;
    }
}

/// Deletes all kept keys; whether that could be done.
pub async fn erase() -> bool {
    JsFuture::from(browser::vault_erase())
        .await
        .is_ok_and(|gone| gone.is_truthy())
}
