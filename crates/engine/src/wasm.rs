//! The engine as JavaScript sees it (`js/worker.js`): one method for each [`Input`], each returning what the engine wants as an
//! array of `[name, ...arguments]`.

use js_sys::{Array, JsString, Uint8Array};
use komuz_messages::{FromEngine, Trouble};
use komuz_sync::seal::backup::{self, Cost};
use wasm_bindgen::prelude::*;

use crate::job::Task;
use crate::{Engine, Input, Output, Row};

/// The longest frame of the protocol, in bytes: what the sockets let through.
#[wasm_bindgen(js_name = maxFrame)]
pub fn max_frame() -> usize {
    komuz_sync::frame::MAX_FRAME
}

/// Work that a guess at a device's passphrase costs: KiB of memory, passes, lanes. A backup's.
#[wasm_bindgen(js_name = passphraseCost)]
pub fn passphrase_cost() -> Vec<u32> {
    let Cost { memory, passes, lanes } = backup::COST;
    vec![memory, passes, lanes]
}

/// The 32 bytes that a passphrase makes with a salt of 16 and a cost ([`passphrase_cost`]); none outside of what is allowed. It
/// is for `js/keys.js`, and here because Argon2id is in this file for backups.
#[wasm_bindgen(js_name = passphraseKey)]
pub fn passphrase_key(passphrase: &str, salt: &[u8], cost: &[u32]) -> Option<Vec<u8>> {
    let [memory, passes, lanes] = *cost.first_chunk()?;
    let cost = Cost { memory, passes, lanes };
    Some(cost.key(passphrase, salt.try_into().ok()?).ok()?.to_vec())
}

/// One engine.
#[wasm_bindgen]
pub struct KomuzEngine {
    engine: Engine,
}

#[wasm_bindgen]
impl KomuzEngine {
    /// An engine that draws its randomness from `crypto.getRandomValues`.
    #[wasm_bindgen(constructor)]
    pub fn new() -> KomuzEngine {
        KomuzEngine {
            engine: Engine::new(Box::new(|bytes| {
                if getrandom::fill(bytes).is_err() {
                    // Without randomness no key and no nonce is safe: stop the worker, whose page says so.
                    wasm_bindgen::throw_str("this browser gives no randomness");
                }
            })),
        }
    }

    /// [`Input::Start`].
    pub fn start(&mut self, now: f64) -> Array {
        self.happens(Input::Start, now)
    }

    /// [`Input::Message`], from its JSON. What cannot be read is answered with trouble, where it has an id.
    pub fn message(&mut self, json: &str, now: f64) -> Array {
        match crate::asks::read(json) {
            Ok(message) => self.happens(Input::Message(message), now),
            Err(bad) => {
                let answer = bad.id.map(|id| FromEngine::Answer {
                    id,
                    result: Err(Trouble {
                        code: "bad-message".into(),
                        with: Vec::new(),
                        message: bad.message,
                    }),
                });
                answer
                    .into_iter()
                    .map(|answer| JsValue::from(wish(Output::Message(answer))))
                    .collect()
            }
        }
    }

    /// [`Input::Loaded`], rows as `[table, key, bytes or null]`.
    pub fn loaded(&mut self, load: u32, rows: Array, now: f64) -> Array {
        let rows = rows
            .iter()
            .map(|row| {
                let row = Array::from(&row);
                Row {
                    table: row.get(0).as_string().unwrap_or_default(),
                    key: row.get(1).as_string().unwrap_or_default(),
                    value: row.get(2).dyn_ref::<Uint8Array>().map(Uint8Array::to_vec),
                }
            })
            .collect();
        self.happens(Input::Loaded { load, rows }, now)
    }

    /// [`Input::Stored`].
    pub fn stored(&mut self, batch: u32, now: f64) -> Array {
        self.happens(Input::Stored { batch }, now)
    }

    /// [`Input::StoreFailed`].
    pub fn store_failed(&mut self, batch: u32, why: String, now: f64) -> Array {
        self.happens(Input::StoreFailed { batch, why }, now)
    }

    /// [`Input::Locked`].
    pub fn locked(&mut self, name: String, now: f64) -> Array {
        self.happens(Input::Locked { name }, now)
    }

    /// [`Input::Gone`].
    pub fn gone(&mut self, name: String, now: f64) -> Array {
        self.happens(Input::Gone { name }, now)
    }

    /// [`Input::Connected`].
    pub fn connected(&mut self, relay: u32, now: f64) -> Array {
        self.happens(Input::Connected { relay }, now)
    }

    /// [`Input::Frame`].
    pub fn frame(&mut self, relay: u32, bytes: Vec<u8>, now: f64) -> Array {
        self.happens(Input::Frame { relay, bytes }, now)
    }

    /// [`Input::Disconnected`].
    pub fn disconnected(&mut self, relay: u32, now: f64) -> Array {
        self.happens(Input::Disconnected { relay }, now)
    }

    /// [`Input::FromTab`].
    pub fn tab_said(&mut self, bytes: Vec<u8>, now: f64) -> Array {
        self.happens(Input::FromTab(bytes), now)
    }

    /// [`Input::JobDone`]: the result's JSON, or what failed.
    pub fn job_done(&mut self, job: u32, json: Option<String>, failed: Option<String>, now: f64) -> Array {
        let result = json.ok_or_else(|| failed.unwrap_or_default());
        self.happens(Input::JobDone { job, result }, now)
    }

    /// [`Input::Erased`].
    pub fn erased(&mut self, remains: Vec<String>, now: f64) -> Array {
        self.happens(Input::Erased { remains }, now)
    }

    /// [`Input::Tick`].
    pub fn tick(&mut self, now: f64) -> Array {
        self.happens(Input::Tick, now)
    }

    fn happens(&mut self, input: Input, now: f64) -> Array {
        // Milliseconds since 1970 are exact in a double until long after everything in here.
        self.engine
            .handle(input, now as u64)
            .into_iter()
            .map(|output| JsValue::from(wish(output)))
            .collect()
    }
}

fn wish(output: Output) -> Array {
    let bytes = |bytes: Vec<u8>| JsValue::from(Uint8Array::from(bytes.as_slice()));
    let text = |text: String| JsValue::from(JsString::from(text));
    match output {
        // Messages are made of maps with string keys and finite numbers: serialising them cannot fail.
        Output::Message(message) => list("message", [text(serde_json::to_string(&message).unwrap_or_default())]),
        Output::Load {
            load,
            table,
            prefix,
            names,
        } => list("load", [load.into(), text(table), text(prefix), names.into()]),
        Output::Store { batch, rows } => {
            let rows: Array = rows
                .into_iter()
                .map(|row| {
                    let value = row.value.map_or(JsValue::NULL, bytes);
                    JsValue::from([text(row.table), text(row.key), value].into_iter().collect::<Array>())
                })
                .collect();
            list("store", [batch.into(), rows.into()])
        }
        Output::Lock { name } => list("lock", [text(name)]),
        Output::Watch { name } => list("watch", [text(name)]),
        Output::Connect { relay, url } => list("connect", [relay.into(), text(url)]),
        Output::Close { relay } => list("close", [relay.into()]),
        Output::Send { relay, bytes: frame } => list("send", [relay.into(), bytes(frame)]),
        Output::ToTabs(said) => list("to-tabs", [bytes(said)]),
        Output::Job { job, task } => match task {
            Task::Read {
                name,
                text: document,
                lang,
            } => list(
                "job",
                [job.into(), "read".into(), text(name), text(document), text(lang)],
            ),
            Task::Write { format, story } => list("job", [job.into(), "write".into(), text(format), text(story)]),
            Task::Check { gathered } => list("job", [job.into(), "check".into(), text(gathered)]),
            Task::Gather { gathered } => list("job", [job.into(), "gather".into(), text(gathered)]),
        },
        Output::Erase => list("erase", []),
        Output::Wake { at } => list("wake", [(at as f64).into()]),
    }
}

fn list<const N: usize>(name: &str, arguments: [JsValue; N]) -> Array {
    std::iter::once(JsValue::from(name)).chain(arguments).collect()
}
