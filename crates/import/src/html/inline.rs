//! One tag of HTML alone, as Markdown has it between words.

use html5gum::{Token, Tokenizer};
use komuz_release::story::safe_link;

use super::style::{self, Effect};
use super::{BLOCKS, SKIPPED, VOID, attribute, lossy};

/// What a tag means to the words around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tag {
    /// A line break.
    Break,
    /// The words from here to its end have a look.
    Start {
        /// Name of the element.
        name: String,
        /// Strong, emphasis.
        effect: Effect,
        /// Code.
        code: bool,
        /// An address that is safe.
        link: Option<String>,
    },
    /// The words from here to its end are not read.
    Skip(String),
    /// The end of an element.
    End(String),
    /// A picture, by its description.
    Picture(String),
    /// Nothing to words: a comment, a name of no meaning here.
    Nothing,
}

/// Reads a tag.
pub fn tag(text: &str) -> Tag {
    for token in Tokenizer::new(text) {
        let Ok(token) = token;
        match token {
            Token::EndTag(tag) => return Tag::End(lossy(&tag.name)),
            Token::StartTag(tag) => {
                let name = lossy(&tag.name);
                let effect = style::inline(&attribute(&tag, "style").unwrap_or_default());
                return match name.as_str() {
                    "br" => Tag::Break,
                    "img" => Tag::Picture(attribute(&tag, "alt").unwrap_or_default()),
                    name if VOID.contains(&name) => Tag::Nothing,
                    name if name == "style" || SKIPPED.contains(&name) || effect.hidden => Tag::Skip(name.to_owned()),
                    name if BLOCKS.contains(&name) => Tag::Break,
                    _ => {
                        let own = Effect {
                            strong: matches!(name.as_str(), "b" | "strong").then_some(true),
                            emphasis: matches!(name.as_str(), "i" | "em" | "cite" | "dfn").then_some(true),
                            hidden: false,
                        };
                        let address = attribute(&tag, "href").filter(|_| name == "a");
                        Tag::Start {
                            effect: own.and(effect),
                            code: matches!(name.as_str(), "code" | "tt" | "kbd" | "samp"),
                            link: address
                                .map(|href| style::unwrapped(&href))
                                .filter(|href| safe_link(href)),
                            name,
                        }
                    }
                };
            }
            _ => {}
        }
    }
    Tag::Nothing
}
