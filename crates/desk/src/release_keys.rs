//! The release keys of an outlet, which sign what is published. They stay outside the engine: made here when an editor founds
//! or brings in an outlet, kept wrapped in a database of their own (`www/desk/vault.js`), used when the person presses *Sign*. The
//! cryptography is in `crates/press`, loaded when it is wanted.
//!
//! An outlet has two from the first day: one that stays on this device and one to be printed. Either signs.

use serde_json::{Value, json};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::browser::{self, Press, press};

/// A kept key: one row of the vault, `{key, seed}` in JSON.
struct Row {
    /// Public half as the masthead writes it.
    key: String,
    /// The seed in the form in which a recovery key is printed; its checksum notices a damaged row.
    seed: String,
}

impl Row {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            key: value["key"].as_str()?.to_owned(),
            seed: value["seed"].as_str()?.to_owned(),
        })
    }

    fn json(&self) -> Value {
        json!({ "key": self.key, "seed": self.seed })
    }

    async fn put(&self) -> Option<()> {
        JsFuture::from(browser::vault_put(&self.key, &self.json().to_string()))
            .await
            .ok()
            .map(|_| ())
    }
}

/// The keys of a new outlet.
pub struct Made {
    /// Public halves: the kept one's, the recovery key's.
    pub public: Vec<String>,
    /// The recovery key, to be shown once and printed.
    pub recovery: String,
}

/// Makes both keys of an outlet and keeps the first. Nothing is founded before it is on disk: none when the browser refuses.
pub async fn make() -> Option<Made> {
    let press = press().await?;
    let fresh = || {
        let seed = press.seed_text(&browser::random(32))?;
        Some(Row {
            key: press.public_key(&seed)?,
            seed,
        })
    };
    let (kept, printed) = (fresh()?, fresh()?);
    kept.put().await?;
    Some(Made {
        public: vec![kept.key, printed.key],
        recovery: printed.seed,
    })
}

async fn rows() -> Vec<Row> {
    let Ok(texts) = JsFuture::from(browser::vault_all()).await else {
        return Vec::new();
    };
    let texts: js_sys::Array = texts.unchecked_into();
    texts
        .iter()
        .filter_map(|text| Row::read(&serde_json::from_str(&text.as_string()?).ok()?))
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

/// A key of the outlet that is ready to sign.
pub struct Signer {
    /// Its public half as the masthead writes it.
    pub key: String,
    seed: String,
    press: Press,
}

impl Signer {
    /// A key of the outlet, whose public keys are given: one of this device, or the recovery key as typed.
    ///
    /// # Errors
    /// A code of the words' troubles.
    pub async fn find(public: &[String], recovery: &str) -> Result<Self, &'static str> {
        let press = press().await.ok_or("press-missing")?;
        if recovery.is_empty() {
            let row = rows()
                .await
                .into_iter()
                .find(|row| public.contains(&row.key))
                .ok_or("no-release-key")?;
            return Ok(Self {
                key: row.key,
                seed: row.seed,
                press,
            });
        }
        let key = press.public_key(recovery).ok_or("recovery-mistyped")?;
        if public.contains(&key) {
            Ok(Self {
                key,
                seed: recovery.to_owned(),
                press,
            })
        } else {
            Err("recovery-foreign")
        }
    }

    /// Signs a JWS signing input; the signature in base64url, none when the kept row was damaged.
    pub fn sign(&self, input: &str) -> Option<String> {
        self.press.sign(&self.seed, input)
    }
}

/// All kept keys as one text, for a backup.
pub async fn pack() -> String {
    Value::from(rows().await.iter().map(Row::json).collect::<Vec<_>>()).to_string()
}

/// Brings the keys of a backup back. What cannot be stored now is still in the backup.
pub async fn unpack(text: &str) {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    for row in value.as_array().into_iter().flatten().filter_map(Row::read) {
        row.put().await;
    }
}

/// Deletes all kept keys; whether that could be done.
pub async fn erase() -> bool {
    JsFuture::from(browser::vault_erase())
        .await
        .is_ok_and(|gone| gone.is_truthy())
}
