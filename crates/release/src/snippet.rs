//! What a partner pastes into its page (docs/design.md section 8).

use crate::masthead::Masthead;
use crate::release::Release;

/// Where the pasted snippet finds its story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnippetOptions {
    /// The outlet that pastes it.
    pub outlet: String,
    /// Fingerprint that it pins.
    pub fingerprint: String,
    /// The outlet's own server: `https://desk.outlet.example`, no slash at the end.
    pub server: String,
    /// The other outlets' servers.
    pub mirrors: Vec<String>,
    /// Address of the loader script, usually `<server>/embed/komuz.js`.
    pub loader: String,
}

/// The two forms of the snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// `<komuz-story>` with the article inside, and the script tag.
    pub element: String,
    /// `<div data-komuz-story>` with the article inside: survives filters that take scripts and unknown tags away; the site
    /// includes the loader once by itself.
    pub plain: String,
}

/// The snippet for one outlet and the release's language.
pub fn snippet(_release: &Release, _masthead: &Masthead, _options: &SnippetOptions) -> Snippet {
    Snippet {
        element: String::new(),
        plain: String::new(),
    }
}
