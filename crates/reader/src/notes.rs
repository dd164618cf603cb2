//! Notes: the claims and numbers in the text, the note that is open, the list of sources.

use komuz_release::notes::{Mark, Note, Notes};
use komuz_release::story::{Block, Citation, Marks, Source, safe_link};
use komuz_release::words::{Lang, appeared, authors, title};
use yew::prelude::*;

use crate::markup::{class, list, tag, text};
use crate::words;

/// A piece of a block's text as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Text with its marks and the citations that it rests on, the one that ends first in front.
    Text(&'a str, &'a Marks, Vec<&'a str>),
    /// A note's number.
    Number(Mark<'a>),
}

/// Cuts a block's text where marks change, notes stand and cited spans start. Positions are UTF-16 code units.
pub fn segments<'a>(block: &'a Block, blocks: &'a [Block], notes: &Notes<'a>) -> Vec<Segment<'a>> {
    let spans = cited(block, blocks, notes);
    let mut numbers = notes
        .marks
        .get(block.id.as_str())
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .copied()
        .peekable();
    let mut out = Vec::new();
    let mut units = 0u32;
    for span in &block.text {
        let mut from = (0, units);
        for (at, c) in span.text.char_indices() {
            let cut = spans.iter().any(|s| s.from == units || s.to == units)
                || numbers.peek().is_some_and(|m| m.offset <= units);
            if cut {
                push(&mut out, &span.text[from.0..at], &span.marks, &spans, from.1);
                from = (at, units);
                while let Some(mark) = numbers.next_if(|m| m.offset <= units) {
                    out.push(Segment::Number(mark));
                }
            }
            units += c.len_utf16() as u32;
        }
        push(&mut out, &span.text[from.0..], &span.marks, &spans, from.1);
    }
    out.extend(numbers.map(Segment::Number));
    out
}

/// A cited span inside one block.
struct Cited<'a> {
    from: u32,
    to: u32,
    citation: &'a str,
}

fn cited<'a>(block: &Block, blocks: &[Block], notes: &Notes<'a>) -> Vec<Cited<'a>> {
    let place = |id: &str| blocks.iter().position(|b| b.id == id);
    let Some(here) = place(&block.id) else {
        return Vec::new();
    };
    let length = block.text.iter().map(|s| s.text.encode_utf16().count() as u32).sum();
    let mut spans: Vec<Cited<'a>> = Vec::new();
    for citation in notes.list.iter().flat_map(|note| &note.citations) {
        let (Some(start), Some(end)) = (place(&citation.start.block), place(&citation.end.block)) else {
            continue;
        };
        let from = if start == here { citation.start.offset } else { 0 };
        let to = if end == here {
            citation.end.offset.min(length)
        } else {
            length
        };
        if start <= here && here <= end && from < to {
            // The one that ends first in front, of those the one that starts last; by insertion, which is less to carry
            // than a sort.
            let at = spans
                .iter()
                .take_while(|s| (s.to, u32::MAX - s.from) <= (to, u32::MAX - from))
                .count();
            spans.insert(
                at,
                Cited {
                    from,
                    to,
                    citation: citation.id.as_str(),
                },
            );
        }
    }
    spans
}

fn push<'a>(out: &mut Vec<Segment<'a>>, text: &'a str, marks: &'a Marks, spans: &[Cited<'a>], at: u32) {
    if !text.is_empty() {
        let on = spans
            .iter()
            .filter(|s| s.from <= at && at < s.to)
            .map(|s| s.citation)
            .collect();
        out.push(Segment::Text(text, marks, on));
    }
}

/// An address that is safe to be followed.
fn link(address: &str, name: &str) -> Html {
    if safe_link(address) {
        tag("a")
            .set("href", address)
            .set("rel", "noopener noreferrer")
            .text(name)
            .html()
    } else {
        text(name)
    }
}

/// The language of a source, for what is quoted from it.
fn language(source: &Source) -> Option<&str> {
    Some(source.language.as_str()).filter(|tag| !tag.is_empty())
}

/// What a source is called, in its own language, as a link where it has an address.
fn name(source: &Source) -> Html {
    tag("b")
        .maybe("lang", language(source))
        .set("dir", "auto")
        .with(link(&source.url, title(source)))
        .html()
}

/// Who made a source, where and when it appeared, and where in it to look. An outlet that is its own author is named once.
fn origin(note: &Note<'_>, lang: Lang) -> String {
    let (authors, appeared) = (authors(note.source), appeared(note.source, lang));
    let mut parts: Vec<&str> = Vec::new();
    for part in authors.split(", ").chain(appeared.split(", ")).chain([note.locator]) {
        if !part.is_empty() && !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join(", ")
}

/// The small line: language, when it was read, the archived copy.
fn particulars(source: &Source, lang: Lang) -> Html {
    let mut parts: Vec<Html> = Vec::new();
    let mut add = |part: Html| {
        if !parts.is_empty() {
            parts.push(text(" · "));
        }
        parts.push(part);
    };
    if let Some(tag) = language(source) {
        add(text(lang.language_name(tag).unwrap_or(tag)));
    }
    if let Some(read) = source
        .accessed
        .as_ref()
        .map(|read| lang.date(read))
        .filter(|read| !read.is_empty())
    {
        add(text(&lang.accessed(&read)));
    }
    if safe_link(&source.custom.archive_url) {
        add(link(&source.custom.archive_url, lang.words().archived));
    }
    list(parts)
}

/// The source's own words; the browser sets the quotation marks of their language.
fn quotation(citation: &Citation, source: &Source) -> Html {
    tag("q")
        .maybe("lang", language(source))
        .set("dir", "auto")
        .text(&citation.quote)
        .html()
}

/// What the numbers of notes are called to those who do not see them.
pub fn label(number: u32, lang: Lang) -> String {
    format!("{} {number}", lang.words().note)
}

/// The open note, under or beside its paragraph.
pub fn note_panel(
    note: &Note<'_>,
    citation: &str,
    id: &'static str,
    lang: Lang,
    close: Callback<MouseEvent>,
    all: Callback<MouseEvent>,
) -> Html {
    let quoted = note.citations.iter().find(|c| c.id == citation && !c.quote.is_empty());
    let label = label(note.number, lang);
    let button = |name: &str, press| tag("button").set("type", "button").pressed(press).text(name).html();
    let foot = class("span", "foot")
        .with(button(lang.words().close, close))
        .with(button(words::words(lang).all_sources, all));
    let inside = tag("div")
        .with(tag("span").text(&label).html())
        .with(name(note.source))
        .with(tag("span").text(&origin(note, lang)).html())
        .with(
            quoted
                .map(|citation| quotation(citation, note.source))
                .unwrap_or_default(),
        )
        .with(tag("span").with(particulars(note.source, lang)).html())
        .with(foot.html());
    class("div", "note")
        .set("part", "note")
        .set("role", "note")
        .set("id", id)
        .set("aria-label", &label)
        .with(inside.html())
        .html()
}

/// The list of sources: one entry for each note, under its number.
pub fn source_list(notes: &Notes<'_>, open: Option<u32>, lang: Lang, place: &NodeRef) -> Html {
    let mut entries = tag("ol");
    for note in &notes.list {
        let mut entry = tag("li").maybe("class", (open == Some(note.number)).then_some("on"));
        entry = entry.with(name(note.source)).text(". ");
        let origin = origin(note, lang);
        if !origin.is_empty() {
            entry = entry.text(&format!("{origin}."));
        }
        for citation in note.citations.iter().filter(|c| !c.quote.is_empty()) {
            entry = entry.text(" ").with(quotation(citation, note.source));
        }
        entries = entries.with(
            entry
                .with(tag("small").with(particulars(note.source, lang)).html())
                .html(),
        );
    }
    let heading = tag("h3")
        .set("id", "sources")
        .set("tabindex", "-1")
        .node(place)
        .text(lang.words().sources);
    class("section", "sources")
        .set("part", "sources")
        .set("aria-labelledby", "sources")
        .with(heading.html())
        .with(entries.html())
        .html()
}

#[cfg(test)]
mod tests {
    use komuz_release::notes::notes;
    use komuz_release::story::{BlockKind, Name, Place, Span};

    use super::*;

    fn block(id: &str, texts: &[&str]) -> Block {
        let text = texts
            .iter()
            .map(|text| Span {
                text: (*text).to_owned(),
                marks: Marks::default(),
            })
            .collect();
        Block {
            id: id.to_owned(),
            kind: BlockKind::Paragraph,
            text,
        }
    }

    fn citation(id: &str, source: &str, start: (&str, u32), end: (&str, u32)) -> Citation {
        let place = |(block, offset): (&str, u32)| Place {
            block: block.to_owned(),
            offset,
        };
        Citation {
            id: id.into(),
            source: source.into(),
            locator: String::new(),
            quote: String::new(),
            start: place(start),
            end: place(end),
        }
    }

    fn source(id: &str) -> Source {
        Source {
            id: id.to_owned(),
            ..Source::default()
        }
    }

    fn shown(block: &Block, blocks: &[Block], citations: &[Citation], sources: &[Source]) -> Vec<String> {
        let notes = notes(blocks, citations, sources);
        segments(block, blocks, &notes)
            .into_iter()
            .map(|segment| match segment {
                Segment::Text(text, _, on) if on.is_empty() => text.to_owned(),
                Segment::Text(text, _, on) => format!("<{}: {text}>", on.join(" ")),
                Segment::Number(mark) => mark.number.to_string(),
            })
            .collect()
    }

    #[test]
    fn a_claim_is_cut_out_of_its_sentence() {
        let blocks = [block("a", &["It fell silent, for a day."])];
        let citations = [citation("c", "s", ("a", 3), ("a", 14))];
        assert_eq!(
            shown(&blocks[0], &blocks, &citations, &[source("s")]),
            ["It ", "<c: fell silent>", "1", ", for a day."]
        );
    }

    #[test]
    fn positions_count_utf16_units() {
        let blocks = [block("a", &["🏔️ ", "Ала-Тоо"])];
        let citations = [citation("c", "s", ("a", 4), ("a", 7))];
        assert_eq!(
            shown(&blocks[0], &blocks, &citations, &[source("s")]),
            ["🏔️ ", "<c: Ала>", "1", "-Тоо"]
        );
    }

    #[test]
    fn a_claim_over_two_blocks_has_its_number_in_the_second() {
        let blocks = [block("a", &["one two"]), block("b", &["three four"])];
        let citations = [citation("c", "s", ("a", 4), ("b", 5))];
        assert_eq!(
            shown(&blocks[0], &blocks, &citations, &[source("s")]),
            ["one ", "<c: two>"]
        );
        assert_eq!(
            shown(&blocks[1], &blocks, &citations, &[source("s")]),
            ["<c: three>", "1", " four"]
        );
    }

    #[test]
    fn overlapping_claims_name_the_one_that_ends_first() {
        let blocks = [block("a", &["abcdef"])];
        let citations = [
            citation("long", "s", ("a", 0), ("a", 6)),
            citation("short", "t", ("a", 2), ("a", 4)),
        ];
        let sources = [source("s"), source("t")];
        assert_eq!(
            shown(&blocks[0], &blocks, &citations, &sources),
            ["<long: ab>", "<short long: cd>", "1", "<long: ef>", "2"]
        );
    }

    #[test]
    fn an_outlet_that_is_its_own_author_is_named_once() {
        let author = ["Kloop", "OCCRP"].map(|name| Name {
            literal: name.to_owned(),
            ..Name::default()
        });
        let source = Source {
            author: author.to_vec(),
            container_title: "OCCRP".to_owned(),
            ..source("s")
        };
        let note = Note {
            number: 1,
            source: &source,
            locator: "p. 2",
            citations: Vec::new(),
        };
        assert_eq!(origin(&note, Lang::En), "Kloop, OCCRP, p. 2");
    }

    #[test]
    fn a_note_without_a_span_is_a_number_alone() {
        let blocks = [block("a", &["end."])];
        let citations = [citation("c", "s", ("a", 4), ("a", 4))];
        assert_eq!(shown(&blocks[0], &blocks, &citations, &[source("s")]), ["end.", "1"]);
    }
}
