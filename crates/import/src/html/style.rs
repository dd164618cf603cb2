//! The little of CSS that carries meaning in exported documents: bold, italic, hidden, and the depth of list items.

use std::collections::HashMap;

use komuz_release::story::safe_link;

/// What a style does to text; `None` leaves what is around it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effect {
    /// Bold or not.
    pub strong: Option<bool>,
    /// Italic or not.
    pub emphasis: Option<bool>,
    /// Not shown at all.
    pub hidden: bool,
}

impl Effect {
    /// This effect with a nearer one on top.
    pub fn and(self, nearer: Effect) -> Effect {
        Effect {
            strong: nearer.strong.or(self.strong),
            emphasis: nearer.emphasis.or(self.emphasis),
            hidden: self.hidden || nearer.hidden,
        }
    }
}

/// The effect of a `style` attribute.
pub fn inline(style: &str) -> Effect {
    let mut effect = Effect::default();
    for declaration in style.split(';') {
        let Some((name, value)) = declaration.split_once(':') else {
            continue;
        };
        let value = value.trim().trim_end_matches("!important").trim().to_ascii_lowercase();
        match name.trim().to_ascii_lowercase().as_str() {
            "font-weight" => {
                effect.strong = match value.as_str() {
                    "bold" | "bolder" => Some(true),
                    "normal" | "lighter" => Some(false),
                    number => number.parse::<u32>().ok().map(|weight| weight >= 600),
                }
            }
            "font-style" => effect.emphasis = Some(matches!(value.as_str(), "italic" | "oblique")),
            "display" if value == "none" => effect.hidden = true,
            "mso-hide" if value == "all" => effect.hidden = true,
            // Word writes a list item's bullet as text and says so.
            "mso-list" if value == "ignore" => effect.hidden = true,
            "mso-special-character" if value == "comment" => effect.hidden = true,
            _ => {}
        }
    }
    effect
}

/// The rules of a `<style>` element that name one class.
#[derive(Debug, Default)]
pub struct Sheet {
    /// What the rules of a class come to, the later on top.
    classes: HashMap<String, Effect>,
}

/// Classes taken from one document; an export has some dozens.
const MAX_CLASSES: usize = 2000;

impl Sheet {
    /// Reads the text of a `<style>` element.
    pub fn read(&mut self, text: &str) {
        for rule in text.split('}') {
            let Some((selector, body)) = rule.split_once('{') else {
                continue;
            };
            let effect = inline(body);
            // Hiding by class is left alone: exports hide nothing, and pages hide what scripts will show.
            let effect = Effect {
                hidden: false,
                ..effect
            };
            if effect == Effect::default() {
                continue;
            }
            for selector in selector.split(',') {
                let class = selector.trim().trim_start_matches("span").trim_start_matches('.');
                let plain = class.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
                if !selector.contains('.') || !plain {
                    continue;
                }
                if let Some(known) = self.classes.get_mut(class) {
                    *known = known.and(effect);
                } else if self.classes.len() < MAX_CLASSES {
                    self.classes.insert(class.to_owned(), effect);
                }
            }
        }
    }

    /// The effect of a `class` attribute.
    pub fn effect(&self, classes: &str) -> Effect {
        let found = classes.split_whitespace().filter_map(|class| self.classes.get(class));
        found.fold(Effect::default(), |effect, found| effect.and(*found))
    }
}

/// What of Word's comments an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comment {
    /// The mark in the text.
    Mark,
    /// The comments themselves, or one of them.
    Text,
}

/// Whether an element belongs to Word's comments.
pub fn comment(classes: &str, style: &str) -> Option<Comment> {
    let has = |wanted: &str| classes.split_whitespace().any(|class| class == wanted);
    let mut declarations = style.split(';').filter_map(|declaration| declaration.split_once(':'));
    if has("msocomanchor") {
        Some(Comment::Mark)
    } else if has("msocomtxt")
        || has("msocomhide")
        || declarations
            .any(|(name, value)| name.trim() == "mso-element" && matches!(value.trim(), "comment" | "comment-list"))
    {
        Some(Comment::Text)
    } else {
        None
    }
}

/// The depth that Google Docs writes into the class of a list or its item: `lst-kix_abc-2`.
pub fn list_level(classes: &str) -> Option<usize> {
    let class = classes
        .split_whitespace()
        .find_map(|class| class.strip_prefix("lst-").or_else(|| class.strip_prefix("li-bullet-")))?;
    class.rsplit('-').next()?.parse().ok()
}

/// The depth of a list item of Word, from `mso-list: l0 level2 lfo1`, counted from 0.
pub fn word_list_level(style: &str) -> Option<usize> {
    let list = style
        .split(';')
        .find_map(|declaration| declaration.trim().strip_prefix("mso-list:"))?;
    let level = list.split_whitespace().find_map(|word| word.strip_prefix("level"))?;
    level.parse::<usize>().ok()?.checked_sub(1)
}

/// Whether a style is that of the marker that Word writes before a list item.
pub fn is_marker(style: &str) -> bool {
    let mut declarations = style.split(';').filter_map(|declaration| declaration.split_once(':'));
    declarations.any(|(name, value)| name.trim() == "mso-list" && value.trim().eq_ignore_ascii_case("ignore"))
}

/// Whether a marker numbers: `1.`, `a)`, `(iv)`.
pub fn is_number(marker: &str) -> bool {
    let marker = marker.trim_start();
    let marker = marker.strip_prefix('(').unwrap_or(marker);
    let length = marker.chars().take_while(|c| c.is_alphanumeric()).count();
    (1..=4).contains(&length) && matches!(marker.chars().nth(length), Some('.' | ')'))
}

/// The address behind the redirect that Google Docs puts around every link.
pub fn unwrapped(href: &str) -> String {
    let href = href.trim();
    let Some(query) = href.strip_prefix("https://www.google.com/url?") else {
        return href.to_owned();
    };
    let Some(target) = query.split('&').find_map(|pair| pair.strip_prefix("q=")) else {
        return href.to_owned();
    };
    let mut bytes = Vec::with_capacity(target.len());
    let mut rest = target.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|address| safe_link(address))
        .unwrap_or_else(|| href.to_owned())
}
