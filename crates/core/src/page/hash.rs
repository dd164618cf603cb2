//! A hash by which the page and the engine notice that their documents differ.

use super::json::{node_name, write_attrs};
use super::{Mark, Page};
use serde_json::Value;

/// The hash of a page's document, 16 hex digits: two multiply-and-xor hashes of 32 bits (the first is
/// FNV-1a), over the UTF-16 code units of a list of
/// strings in which each is followed by the unit 0xFFFF. It notices accidents, it does not withstand anybody.
///
/// The strings: for each block its node's name, then for each attribute, sorted by name, the name and the value, then for
/// each run of text with equal marks the text and its marks, then an empty string. A mark is its type's name followed by
/// the values of `href`, `name`, `value` and `id` that it has; the marks of a run are in the schema's order, those of one
/// type sorted by name or id. A value that is a string stands as it is, every other as `JSON.stringify` writes it.
///
/// For the page, `put` being the two hashes:
///
/// ```js
/// let a = 0x811c9dc5, b = 0x01234567
/// const put = (s) => {
///   for (let i = 0; i <= s.length; i++) {
///     const c = i < s.length ? s.charCodeAt(i) : 0xffff
///     a = Math.imul(a ^ c, 0x01000193)
///     b = Math.imul(b ^ c, 0x5bd1e995)
///   }
/// }
/// const hex = (n) => (n >>> 0).toString(16).padStart(8, "0")
/// ```
pub fn hash(page: &Page) -> String {
    let mut sums = Sums {
        a: 0x811c_9dc5,
        b: 0x0123_4567,
    };
    for block in page.blocks() {
        sums.put(node_name(&block.kind));
        // The map of serde_json is sorted.
        for (name, value) in &write_attrs(block.id.as_deref(), &block.kind) {
            sums.put(name);
            sums.value(value);
        }
        for run in block.runs() {
            sums.put(&run.text);
            for mark in run.marks.iter() {
                sums.mark(mark);
            }
        }
        sums.put("");
    }
    format!("{:08x}{:08x}", sums.a, sums.b)
}

struct Sums {
    a: u32,
    b: u32,
}

impl Sums {
    fn put(&mut self, text: &str) {
        for unit in text.encode_utf16().chain([0xffff]) {
            self.a = (self.a ^ u32::from(unit)).wrapping_mul(0x0100_0193);
            self.b = (self.b ^ u32::from(unit)).wrapping_mul(0x5bd1_e995);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.put(text),
            other => self.put(&other.to_string()),
        }
    }

    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Strong => self.put("strong"),
            Mark::Emphasis => self.put("emphasis"),
            Mark::Code => self.put("code"),
            Mark::Link(href) => {
                self.put("link");
                self.put(href);
            }
            Mark::Foreign(name, value) => {
                self.put("foreign");
                self.put(name);
                self.value(value);
            }
            Mark::Anchor(id) => {
                self.put("anchor");
                self.put(id);
            }
        }
    }
}
