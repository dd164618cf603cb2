//! The snippets of a published release.

use komuz_release::masthead::Chain;
use komuz_release::release::Release;
use komuz_release::snippet::{SnippetOptions, snippet};
use wasm_bindgen::prelude::*;

/// Both forms of the snippet for one outlet, and what belongs in the page's head.
#[wasm_bindgen(getter_with_clone)]
pub struct Snippets {
    /// `<komuz-story>` with the article inside, and the script.
    pub element: String,
    /// `<div data-komuz-story>` with the article inside.
    pub plain: String,
    /// Open Graph and JSON-LD.
    pub head: String,
}

/// The snippets of a release. `release` is the file `release.json`, `chain` the file `masthead.json`, `servers` the origins that
/// hold it. The outlet's own server is the one under its domain; where there is none, `own` for the desk's own outlet `mine` and
/// the first of them for others.
///
/// # Errors
/// A sentence when a file is not what it should be.
#[wasm_bindgen]
pub fn snippets(
    release: &[u8],
    chain: &[u8],
    fingerprint: &str,
    outlet: &str,
    mine: &str,
    own: &str,
    servers: Vec<String>,
) -> Result<Snippets, JsValue> {
    let sentence = |error: String| JsValue::from_str(&error);
    let release = Release::parse(release).map_err(|error| sentence(error.to_string()))?;
    let chain = Chain::verify(chain, fingerprint).map_err(|error| sentence(error.to_string()))?;
    let masthead = chain.newest();
    let domain = masthead
        .outlet(outlet)
        .map(|outlet| outlet.domain.clone())
        .unwrap_or_default();
    let server = server_of(&servers, &domain, if outlet == mine { own } else { "" });
    let options = SnippetOptions {
        outlet: outlet.to_owned(),
        fingerprint: fingerprint.to_owned(),
        mirrors: servers.iter().filter(|url| **url != server).cloned().collect(),
        loader: format!("{server}/embed/komuz.js"),
        server,
    };
    let made = snippet(&release, masthead, &options);
    Ok(Snippets {
        element: made.element,
        plain: made.plain,
        head: made.head,
    })
}

fn server_of(servers: &[String], domain: &str, own: &str) -> String {
    let under = |url: &&String| {
        let host = url
            .split("://")
            .nth(1)
            .unwrap_or_default()
            .split(':')
            .next()
            .unwrap_or_default();
        host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
    };
    let is_own = |url: &&String| **url == own;
    servers
        .iter()
        .find(under)
        .or_else(|| servers.iter().find(is_own))
        .or(servers.first())
        .cloned()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::server_of;

    #[test]
    fn an_outlets_server_is_under_its_domain() {
        let servers = [
            "https://desk.issyk.example:8443",
            "https://desk.kloop.kg",
            "http://127.0.0.1:9000",
        ]
        .map(str::to_owned);
        assert_eq!(server_of(&servers, "kloop.kg", ""), servers[1]);
        assert_eq!(server_of(&servers, "issyk.example", ""), servers[0]);
        assert_eq!(
            server_of(&servers, "loop.kg", &servers[2]),
            servers[2],
            "no part of another domain"
        );
        assert_eq!(server_of(&servers, "else.example", ""), servers[0]);
        assert_eq!(server_of(&[], "else.example", ""), "");
    }
}
