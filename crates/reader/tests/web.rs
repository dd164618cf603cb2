//! The reader in a browser: what it shows, and what it refuses to show.
#![cfg(target_arch = "wasm32")]

#[path = "web/network.rs"]
mod network;
#[path = "web/page.rs"]
mod page;
#[path = "web/press.rs"]
mod press;
#[path = "web/refusals.rs"]
mod refusals;
#[path = "web/shown.rs"]
mod shown;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
