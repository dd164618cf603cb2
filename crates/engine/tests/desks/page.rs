//! What the page does with the text, without a browser: its document, the steps it sends, the batches it takes.

use komuz_core::page::hash::hash;
use komuz_core::page::json::{read_page, write_page};
use komuz_core::page::{Page, Step};
use serde_json::{Value, json};

pub struct PageModel {
    pub doc: Page,
    pub seq: u64,
    pub taken: u64,
}

impl PageModel {
    pub fn open(doc: &Value, batch: u64) -> Self {
        Self {
            doc: read_page(doc).expect("a document of the schema"),
            seq: 0,
            taken: batch,
        }
    }

    /// Makes steps here, to be sent.
    pub fn make(&mut self, steps: &[Value]) -> (u64, u64) {
        for step in steps {
            self.doc = Step::read(step).expect("a step").apply(&self.doc).expect("that fits");
        }
        self.seq += 1;
        (self.seq, self.taken)
    }

    /// Takes a batch if it is for the state that the page is in; gives the hash to confirm it with.
    pub fn take(&mut self, seq: u64, batch: u64, steps: &[Value]) -> Option<String> {
        if seq != self.seq || batch <= self.taken {
            return None;
        }
        for step in steps {
            self.doc = Step::read(step)
                .expect("a step")
                .apply(&self.doc)
                .expect("a batch fits its page");
        }
        self.taken = batch;
        Some(hash(&self.doc))
    }

    /// All of the document.
    pub fn json(&self) -> Value {
        write_page(&self.doc)
    }

    /// The text, a line for each block.
    pub fn text(&self) -> String {
        self.doc
            .blocks()
            .iter()
            .map(|block| block.plain_text())
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The position of some words in the text: start and end.
    pub fn find(&self, words: &str) -> (usize, usize) {
        let mut at = 0;
        for block in self.doc.blocks() {
            let text = block.plain_text();
            if let Some(byte) = text.find(words) {
                let start = at + 1 + text[..byte].encode_utf16().count();
                return (start, start + words.encode_utf16().count());
            }
            at += block.size();
        }
        panic!("{words:?} is not in the text: {:?}", self.text());
    }

    /// The position behind the last character.
    pub fn end(&self) -> usize {
        self.doc.size() - 1
    }
}

/// The step that replaces a range by plain text.
pub fn insert(from: usize, to: usize, text: &str) -> Value {
    match text {
        "" => json!({ "stepType": "replace", "from": from, "to": to }),
        text => json!({
            "stepType": "replace", "from": from, "to": to,
            "slice": { "content": [{ "type": "text", "text": text }] },
        }),
    }
}

/// The step that splits a paragraph.
pub fn split(at: usize) -> Value {
    let paragraph = json!({ "type": "paragraph", "attrs": { "id": null } });
    json!({
        "stepType": "replace", "from": at, "to": at, "structure": true,
        "slice": { "content": [paragraph, paragraph], "openStart": 1, "openEnd": 1 },
    })
}
