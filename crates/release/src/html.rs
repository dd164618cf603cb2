//! A release as HTML that needs nothing else: no script, no request but for its figures.

use crate::masthead::Masthead;
use crate::release::Release;

/// How an article is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArticleOptions {
    /// The outlet on whose page it stands; its own headline is shown.
    pub outlet: Option<String>,
    /// What stands before a figure's hash in its address, such as `../../../files/`.
    pub files: String,
    /// Addresses of the other languages: tag and address.
    pub languages: Vec<(String, String)>,
    /// A sentence at the foot that says whether anybody has checked this copy; none on the plain page, which says it itself.
    pub checked: Option<String>,
}

/// The article alone: `<article>` with everything that readers get, escaped, with classes that start with `komuz-` and no style.
pub fn article(_release: &Release, _masthead: &Masthead, _options: &ArticleOptions) -> String {
    String::new()
}

/// The file `index.html`: a whole page with its style in it and a policy that allows just that and images of its own host.
pub fn index_html(_release: &Release, _masthead: &Masthead) -> String {
    String::new()
}

/// Escapes text for an element's content and for an attribute in double quotes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // A parser would replace it; browsers and feeds differ in how.
            '\0' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}
