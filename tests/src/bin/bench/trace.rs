//! Recorded editing sessions, in the formats of the public collections of editing traces (gzipped JSON).

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use komuz_core::page::{Page, Place, Step};
use serde_json::Value;

use crate::Result;
use crate::desk::replace;

/// A recorded session.
pub struct Trace {
    /// Its name, from the file's.
    pub name: String,
    /// What was written before it.
    pub start: String,
    /// What was written after it.
    pub end: String,
    /// How many people wrote.
    pub people: usize,
    /// What they did.
    pub turns: Vec<Turn>,
}

/// Something that one person did at once.
pub struct Turn {
    /// Who.
    pub person: usize,
    /// The turns that the person had seen, without those that these had seen.
    pub parents: Vec<usize>,
    /// What was replaced, one after the other.
    pub patches: Vec<Patch>,
}

/// A replacement.
pub struct Patch {
    /// Where, in code points from the start.
    pub at: usize,
    /// How many code points go.
    pub deleted: usize,
    /// What comes.
    pub inserted: String,
}

impl Trace {
    /// Reads a session of one person or of several.
    pub fn read(path: &Path) -> Result<Self> {
        let mut text = String::new();
        GzDecoder::new(std::fs::File::open(path)?).read_to_string(&mut text)?;
        let json: Value = serde_json::from_str(&text)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let string = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        let turns = json["txns"].as_array().ok_or("the session has no txns")?;
        Ok(Self {
            name: file.split('.').next().unwrap_or_default().to_owned(),
            start: string("startContent"),
            end: string("endContent"),
            people: number(&json["numAgents"]).unwrap_or(1),
            turns: turns
                .iter()
                .map(turn)
                .collect::<Option<_>>()
                .ok_or("a txn is not one")?,
        })
    }

    /// All replacements.
    pub fn patches(&self) -> impl Iterator<Item = &Patch> {
        self.turns.iter().flat_map(|turn| &turn.patches)
    }
}

fn number(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}

fn turn(value: &Value) -> Option<Turn> {
    let parents = value["parents"].as_array().map(Vec::as_slice).unwrap_or_default();
    Some(Turn {
        person: number(&value["agent"]).unwrap_or(0),
        parents: parents.iter().map(number).collect::<Option<_>>()?,
        patches: value["patches"].as_array()?.iter().map(patch).collect::<Option<_>>()?,
    })
}

fn patch(value: &Value) -> Option<Patch> {
    Some(Patch {
        at: number(&value[0])?,
        deleted: number(&value[1])?,
        inserted: value[2].as_str()?.to_owned(),
    })
}

/// A text in lines, to turn places in code points into places of a page.
pub struct Lines(Vec<Vec<char>>);

impl Lines {
    /// The lines of a page: its blocks.
    pub fn of(page: &Page) -> Self {
        let line = |text: String| text.chars().collect();
        Self(page.blocks().iter().map(|block| line(block.plain_text())).collect())
    }

    /// The step that does the same to a page of these lines, as the desk would make it. The lines follow.
    pub fn step(&mut self, page: &Page, patch: &Patch) -> Option<Step> {
        let (first, start) = self.line_at(patch.at)?;
        let (last, end) = self.line_at(patch.at + patch.deleted)?;
        let step = replace(page, self.place(first, start), self.place(last, end), &patch.inserted);
        let tail = self.0[last].split_off(end);
        self.0[first].truncate(start);
        let mut new = patch.inserted.split('\n').map(|line| line.chars());
        self.0[first].extend(new.next().into_iter().flatten());
        let more: Vec<Vec<char>> = new.map(Iterator::collect).collect();
        let end = first + more.len();
        self.0.splice(first + 1..=last, more);
        self.0[end].extend(tail);
        Some(step)
    }

    fn line_at(&self, mut at: usize) -> Option<(usize, usize)> {
        for (number, line) in self.0.iter().enumerate() {
            if at <= line.len() {
                return Some((number, at));
            }
            at -= line.len() + 1;
        }
        None
    }

    fn place(&self, line: usize, column: usize) -> Place {
        Place::In {
            block: line,
            offset: self.0[line][..column].iter().map(|char| char.len_utf16()).sum(),
        }
    }
}
