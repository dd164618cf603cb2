//! Opening a saved body, as a desk does before anybody can write, and what that consists of.

use komuz_core::admission::Gate;
use komuz_core::body::Body;
use komuz_core::document::{DocKind, Document};

use crate::Result;
use crate::desk::Desk;
use crate::measured::{By, Figures, repeat};

/// How often it is opened.
const TIMES: usize = 5;

/// Measures how long it takes, without reading the disk.
pub fn opening(figures: &Figures, saved: &[u8]) -> Result {
    figures.amount("saved", By::Komuz, saved.len() as f64 / 1e3, "kB");
    let open = repeat(TIMES, || Desk::open(saved, 250))?;
    figures.times("open until it can be edited", By::Komuz, open);
    let load = || Ok(Document::load(DocKind::Body, saved, &[250; 16])?);
    figures.times("– load", By::Komuz, repeat(TIMES, load)?);
    let doc = load()?;
    let gate = repeat(TIMES, || {
        Gate::read(&doc, saved).ok_or("not read from the saved document".into())
    })?;
    figures.times("– what admission knows", By::Komuz, gate);
    let body = repeat(TIMES, || Ok(Body::open(&doc)?))?;
    figures.times("– read the body", By::Komuz, body);
    Ok(())
}
