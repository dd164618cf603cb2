//! The picture as SVG.
//!
//! Names stand at the left, each with what it is in the investigation under it. The right half of the width belongs to the arcs: the
//! farther apart two names are, the farther their arc goes out. Sizes are CSS pixels, so that text is as large at 390 as at 1280.
//! Presentation attributes and no style: pages whose policy forbids inline styles show it too.

use std::fmt::Write;

use super::{Edge, Node, is_small, say};
use crate::entity::Kind;

const NAME: f32 = 15.0;
const SMALL_NAME: f32 = 13.0;
const ROLE: f32 = 12.0;
/// From one line of text to the next, in parts of its size.
const LEADING: f32 = 1.25;
/// Between two names.
const BETWEEN: f32 = 14.0;
const MARGIN: f32 = 6.0;
/// Half the side of the box of a number.
const BOX: f32 = 9.0;

/// A name as it stands in the picture.
struct Row {
    lines: Vec<String>,
    role: Vec<String>,
    size: f32,
    top: f32,
    /// Where arcs begin: the middle of its first line.
    middle: f32,
}

pub(super) fn svg(nodes: &[Node<'_>], edges: &[Edge], left_out: usize, lang: &str, width: f32) -> String {
    // Text gets as much as it needs, at most a good half; marks stand at its end.
    let most = (width * 0.54).min(340.0);
    let rows = rows(nodes, most);
    let text = rows
        .iter()
        .flat_map(|row| {
            let role = row.role.iter().map(|role| measure(role, ROLE));
            row.lines.iter().map(|line| measure(line, row.size)).chain(role)
        })
        .fold(0.0, f32::max)
        .min(most);
    let marks = MARGIN + text + 16.0;
    let bottom = rows.last().map_or(0.0, Row::bottom) + 12.0;
    // No farther than half of the height: arcs that are flatter cannot be told apart.
    let right = (width - MARGIN - BOX).min((marks + 60.0 + bottom * 0.5).max(300.0));
    let width = right + BOX + MARGIN;
    let legend = legend_lines(nodes, left_out, lang, width - 2.0 * MARGIN);
    let height = bottom + 14.0 + legend.len() as f32 * ROLE * 1.5 + 4.0;

    let mut out = String::with_capacity(4096);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"komuz-picture-title komuz-picture-said\" lang=\"{}\" \
         width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" fill=\"currentColor\" \
         font-family=\"var(--komuz-sans, system-ui, sans-serif)\">\
         <title id=\"komuz-picture-title\">{}</title><desc id=\"komuz-picture-said\">{}</desc>",
        escape(lang),
        escape(say::title(lang)),
        escape(&say::description(lang, nodes.len(), edges.len())),
        w = number(width),
        h = number(height),
    );
    arcs(&mut out, &rows, edges, marks + 9.0, right);
    for (row, node) in rows.iter().zip(nodes) {
        name(&mut out, row, node, marks);
    }
    let _ = write!(
        out,
        "<path d=\"M{} {b}H{}\" stroke=\"var(--komuz-line, currentColor)\" stroke-opacity=\".6\" fill=\"none\"/>",
        number(MARGIN),
        number(width - MARGIN),
        b = number(bottom),
    );
    for (at, line) in legend.iter().enumerate() {
        let y = bottom + 18.0 + at as f32 * ROLE * 1.5;
        let mut x = MARGIN;
        for (kind, words) in line {
            if let Some(kind) = kind {
                mark(&mut out, *kind, x + 5.0, y - 4.0);
                x += 15.0;
            }
            write_text(&mut out, words, x, y, ROLE, "var(--komuz-soft, currentColor)", "");
            x += measure(words, ROLE) + 16.0;
        }
    }
    out.push_str("</svg>");
    out
}

impl Row {
    fn bottom(&self) -> f32 {
        self.top + self.lines.len() as f32 * self.size * LEADING + self.role.len() as f32 * ROLE * LEADING
    }
}

fn rows(nodes: &[Node<'_>], most: f32) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let size = if is_small(node.entity.what) { SMALL_NAME } else { NAME };
        let top = rows.last().map_or(MARGIN, |row| row.bottom() + BETWEEN);
        let role = node.entity.role.trim();
        rows.push(Row {
            lines: wrap(&node.name, size, most, 3),
            role: wrap(role, ROLE, most, 2),
            size,
            top,
            middle: top + size * LEADING / 2.0,
        });
    }
    rows
}

fn name(out: &mut String, row: &Row, node: &Node<'_>, marks: f32) {
    let _ = write!(out, "<g data-entity=\"{}\">", escape(node.id));
    let mut base = row.top + row.size;
    // Names end where their marks are, so that eyes go on from the name to its arcs.
    for line in &row.lines {
        let more = if is_small(node.entity.what) {
            " text-anchor=\"end\""
        } else {
            " text-anchor=\"end\" font-weight=\"600\""
        };
        write_text(out, line, marks - 14.0, base, row.size, "currentColor", more);
        base += row.size * LEADING;
    }
    base += row.size * (0.25 - LEADING) + ROLE * 1.1;
    for line in &row.role {
        let soft = "var(--komuz-soft, currentColor)";
        write_text(out, line, marks - 14.0, base, ROLE, soft, " text-anchor=\"end\"");
        base += ROLE * LEADING;
    }
    mark(out, node.entity.what, marks, row.middle);
    out.push_str("</g>");
}

/// A person's round mark, an organisation's square; places and documents are the same, smaller and open.
fn mark(out: &mut String, what: Kind, x: f32, y: f32) {
    let (x0, y0) = (number(x), number(y));
    let _ = match what {
        Kind::Person => write!(
            out,
            "<circle cx=\"{x0}\" cy=\"{y0}\" r=\"5\" fill=\"var(--komuz-string-1, currentColor)\"/>"
        ),
        Kind::Organisation => write!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"9\" height=\"9\" fill=\"var(--komuz-string-2, currentColor)\"/>",
            number(x - 4.5),
            number(y - 4.5)
        ),
        Kind::Place => write!(
            out,
            "<circle cx=\"{x0}\" cy=\"{y0}\" r=\"3.5\" fill=\"none\" stroke=\"var(--komuz-string-3, currentColor)\" stroke-width=\"1.5\"/>"
        ),
        Kind::Document => write!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"7\" height=\"7\" fill=\"none\" stroke=\"var(--komuz-string-3, currentColor)\" \
             stroke-width=\"1.5\"/>",
            number(x - 3.5),
            number(y - 3.5)
        ),
    };
}

/// The arcs from `left` to `right` at most, and then their numbers, so that no arc crosses one.
fn arcs(out: &mut String, rows: &[Row], edges: &[Edge], left: f32, right: f32) {
    // Arcs of one name leave it side by side, a little apart.
    let span = |edge: &Edge| edge.other - edge.one;
    let longest = edges.iter().map(span).max().unwrap_or(1).max(1) as f32;
    let mut sorted: Vec<&Edge> = edges.iter().collect();
    sorted.sort_by_key(|edge| (span(edge), edge.one));
    let offset = |at: usize, edge: &Edge| {
        let mut mine: Vec<(isize, usize)> = edges
            .iter()
            .filter(|other| other.one == at || other.other == at)
            .map(|other| {
                let far = if other.one == at { other.other } else { other.one };
                (far as isize - at as isize, far)
            })
            .collect();
        // Upwards the farthest is uppermost; downwards the farthest is lowest.
        mine.sort_unstable();
        let far = if edge.one == at { edge.other } else { edge.one };
        let place = mine.iter().position(|(_, other)| *other == far).unwrap_or_default();
        let step = (10.0 / mine.len() as f32).min(3.0);
        (place as f32 - (mine.len() - 1) as f32 / 2.0) * step
    };
    let mut boxes: Vec<(f32, f32)> = Vec::new();
    let mut numbers = String::new();
    for edge in sorted {
        let (from, to) = (
            rows[edge.one].middle + offset(edge.one, edge),
            rows[edge.other].middle + offset(edge.other, edge),
        );
        // The square root gives short arcs room beside long ones.
        let depth = 24.0 + (right - left - 24.0) * ((span(edge) as f32) / longest).sqrt();
        let reach = left + depth.min(right - left) / 0.75;
        let stroke = 1.25 + 0.9 * (edge.claims.min(6) - 1) as f32;
        let _ = write!(
            out,
            "<path d=\"M{l} {f}C{r} {f} {r} {t} {l} {t}\" fill=\"none\" stroke=\"var(--komuz-edge, currentColor)\" \
             stroke-width=\"{}\"/>",
            number(stroke),
            l = number(left),
            f = number(from),
            t = number(to),
            r = number(reach),
        );
        // The number stands on the arc where no other one is yet: at its middle first.
        let point = |at: f32| {
            let out = 1.0 - at;
            let side = 3.0 * at * out;
            let (ends, near) = (out * out * out + at * at * at, side);
            (
                left * ends + reach * near,
                from * (out * out * out + 3.0 * out * out * at) + to * (at * at * at + 3.0 * out * at * at),
            )
        };
        let free = |(x, y): (f32, f32)| {
            boxes
                .iter()
                .map(|(bx, by)| ((x - bx).abs() / (2.0 * BOX + 1.0)).max((y - by).abs() / (2.0 * BOX)))
                .fold(f32::INFINITY, f32::min)
        };
        let tries = [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.21, 0.79].map(point);
        let spot = tries.into_iter().find(|spot| free(*spot) >= 1.0).unwrap_or_else(|| {
            tries
                .into_iter()
                .max_by(|one, other| free(*one).total_cmp(&free(*other)))
                .unwrap_or_else(|| point(0.5))
        });
        boxes.push(spot);
        let (x, y) = spot;
        let _ = write!(
            numbers,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"var(--komuz-paper, Canvas)\"/>",
            number(x),
            number(y),
            number(BOX)
        );
        let said = edge.claims.to_string();
        write_text(
            &mut numbers,
            &said,
            x,
            y + 4.2,
            12.0,
            "currentColor",
            " text-anchor=\"middle\" font-weight=\"600\"",
        );
    }
    out.push_str(&numbers);
}

/// The legend in lines that fit: the kinds that are there, how to read the numbers, how many were left out.
fn legend_lines(nodes: &[Node<'_>], left_out: usize, lang: &str, width: f32) -> Vec<Vec<(Option<Kind>, String)>> {
    let kinds = [Kind::Person, Kind::Organisation, Kind::Place, Kind::Document];
    let mut lines: Vec<Vec<(Option<Kind>, String)>> = vec![Vec::new()];
    let mut used = 0.0;
    let there = kinds
        .into_iter()
        .zip(say::kinds(lang))
        .filter(|(kind, _)| nodes.iter().any(|node| node.entity.what == *kind))
        .map(|(kind, words)| (Some(kind), words.to_owned()));
    let rest = [
        Some(say::legend(lang).to_owned()),
        (left_out > 0).then(|| say::left_out(lang, left_out)),
    ];
    for entry in there.chain(rest.into_iter().flatten().map(|words| (None, words))) {
        let wide = measure(&entry.1, ROLE) + 31.0;
        if used + wide > width && used > 0.0 {
            lines.push(Vec::new());
            used = 0.0;
        }
        used += wide;
        if let Some(line) = lines.last_mut() {
            line.push(entry);
        }
    }
    lines
}

fn write_text(out: &mut String, words: &str, x: f32, y: f32, size: f32, fill: &str, more: &str) {
    let _ = write!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{fill}\"{more}>{}</text>",
        number(x),
        number(y),
        number(size),
        escape(words)
    );
}

/// Words in lines of at most so much width; the last one ends with an ellipsis where they do not fit.
fn wrap(words: &str, size: f32, most: f32, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = vec![String::new()];
    let mut rest = words.split_whitespace().peekable();
    while let Some(word) = rest.next() {
        let full = out.len() == lines;
        let Some(line) = out.last_mut() else { break };
        let longer = if line.is_empty() {
            word.to_owned()
        } else {
            format!("{line} {word}")
        };
        if measure(&longer, size) <= most {
            *line = longer;
        } else if line.is_empty() || full {
            *line = clip(&longer, size, most);
            if full || rest.peek().is_none() {
                break;
            }
            out.push(String::new());
        } else {
            out.push(String::new());
            let Some(line) = out.last_mut() else { break };
            *line = if measure(word, size) <= most {
                word.to_owned()
            } else {
                clip(word, size, most)
            };
        }
    }
    out.retain(|line| !line.is_empty());
    out
}

fn clip(words: &str, size: f32, most: f32) -> String {
    let mut kept = String::new();
    for letter in words.chars() {
        kept.push(letter);
        if measure(&kept, size) + 0.9 * size > most {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// How wide words are at a size, generously: no face is at hand here, so letters count by classes of width.
fn measure(words: &str, size: f32) -> f32 {
    words
        .chars()
        .map(|letter| match letter {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '’' => 0.32,
            ' ' | 'f' | 't' | 'r' | '-' | '(' | ')' | '«' | '»' | '"' => 0.42,
            'm' | 'w' | 'M' | 'W' | 'ж' | 'ш' | 'щ' | 'ю' | 'ы' | 'ф' | 'м' | '—' => 0.86,
            'Ж' | 'Ш' | 'Щ' | 'Ю' | 'Ы' | 'Ф' | 'М' => 1.0,
            letter if letter.is_uppercase() => 0.74,
            letter if letter.is_ascii() || ('\u{400}'..'\u{530}').contains(&letter) => 0.61,
            letter if letter < '\u{1100}' => 0.66,
            _ => 1.1,
        })
        .sum::<f32>()
        * size
}

/// A length with one decimal at most.
fn number(length: f32) -> String {
    let tenths = (length * 10.0).round() as i32;
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!(
            "{}{}.{}",
            if tenths < 0 { "-" } else { "" },
            tenths.abs() / 10,
            rest.abs()
        ),
    }
}

/// Text for XML: what would end it is written as references, and characters that XML does not have are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}
