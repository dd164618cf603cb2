//! The report: figures as tables, and the goals of the design beside them.

use serde_json::Value;

/// When, where and how it was measured.
pub struct Run {
    /// The processor's name.
    pub cpu: String,
    /// Its cores.
    pub cores: usize,
    /// The machine's memory.
    pub memory: String,
    /// The operating system.
    pub system: String,
    /// How many programs wanted to run in the minute before, where the system says it.
    pub load: Option<f64>,
    /// The compiler.
    pub rustc: String,
    /// Automerge's version.
    pub automerge: String,
    /// The commit.
    pub commit: String,
    /// The day.
    pub date: String,
    /// What to type to measure again.
    pub command: String,
}

/// A part of the report: its name in the figures, its heading, what is said before its tables, and whether each subject has
/// a heading of its own.
struct Part(&'static str, &'static str, &'static str, bool);

const PARTS: [Part; 13] = [
    Part(
        "story",
        "Made-up stories",
        "Typed, deleted, split and marked at random, the same in each run, with up to 200 citations; everything goes through the \
         page's steps. *A key, to its change's bytes* is step mapping, the change, what admission learns of it, and the answer to \
         the page. *Another's key, to the page's steps* is all that a desk does with a change that comes, without the seal. \
         Automerge alone opens the same bytes, merges the same changes and inserts the same letters into the same text.",
        true,
    ),
    Part(
        "session",
        "Recorded sessions of one person",
        "Public editing traces (automerge-paper by M. Kleppmann; rustcode by J. Gentle, CC BY 4.0), typed through the page's steps; \
         each line is a block. The desk makes a change for each frame in which something was typed, so for each edit here; the \
         second round puts ten edits into one change, as if one were made for each pause. Automerge alone makes the same edits in \
         one plain text. The text at the end is compared with the recorded one.",
        true,
    ),
    Part(
        "together",
        "Recorded sessions of several people",
        "Public editing traces (friendsforever and clownschool by J. Gentle and others, CC BY 4.0): a desk for each person, each edit \
         made on exactly what that person had seen. Then somebody who only looks on gets all changes, ten turns at a time.",
        true,
    ),
    Part(
        "envelopes",
        "What a typed character costs on the way",
        "3,000 Kyrgyz characters typed in one story by one person or by ten, each in a paragraph of their own, with the pauses of a \
         person and not of a clock, sealed as the engine seals: signed, padded to at least 512 bytes. Five keys a second are 60 words \
         a minute. An envelope is with the others 40 ms after it was sealed, so that ten people's changes build on each other's. *To \
         the relay* and *from the relay* are whole frames, without what WebSocket, TLS and TCP put around them; who has typed gets an \
         acknowledgement for each envelope and not the envelope. The bytes are the same in each run.",
        false,
    ),
    Part(
        "relay",
        "The relay",
        "A `komuz serve` of its own process on this machine's disk, clients over WebSockets on loopback in one other process, \
         envelopes of 512 bytes. An append is acknowledged when it is on disk. Arrival is measured with 50 appends a second by one \
         more client, as when ten people type, at so many clients who follow.",
        false,
    ),
    Part(
        "rotation",
        "A new key for everybody",
        "An entry of the charter with the key of a new epoch, wrapped to every device, and for each writer's the secret of an append \
         key: made by an editor, opened by one device, and compared with what all others were given.",
        false,
    ),
    Part(
        "ways",
        "Without WebSocket",
        "A frame that a `komuz serve` of its own process answers and does nothing for, on loopback: by WebSocket, and by plain HTTP \
         where none gets through.",
        false,
    ),
    Part(
        "join",
        "Joining a recorded story",
        "A recorded session is written to a `komuz serve` of its own process, a change for each edit, and somebody joins who has \
         nothing of it: by all envelopes, and by a snapshot.",
        true,
    ),
    Part(
        "catch-up",
        "Coming back",
        "A replica whose rows were copied when 1,000 envelopes were in the log, started again after so many more: keys, seal, \
         admission by the charter and rows in memory, over a `komuz serve` of its own process. What is brought grows with what \
         was missed alone.",
        false,
    ),
    Part(
        "presence",
        "Seeing each other",
        "So many replicas in one story over a `komuz serve` of its own process, each with a cursor that never rests, for 20 \
         seconds: what each of them is brought and sends.",
        false,
    ),
    Part(
        "desks",
        "From desk to desk",
        "Eleven whole engines (keys, seal, admission, rows on disk) in one process and a `komuz serve` in another, all on this \
         machine, in a story of about 9,000 characters: what a partner waits for, but for the painting. The engine collects typing \
         for 100 ms before it seals. Eleven desks on one machine share its cores; at work each has its own.",
        false,
    ),
    Part(
        "dossier",
        "The checks of a dossier",
        "A made-up Kyrgyz story of 400 blocks and 20,000 words with 500 citations of 200 sources, 300 claims about 40 parties. An \
         edit changes one block; the checker is given it and all citations.",
        false,
    ),
    Part(
        "visit",
        "The desk on a slow line",
        "Chromium opens the desk of a `komuz serve` through a line that carries 50,000 bytes a second in all to the browser and \
         takes 200 ms each way; opening a connection takes 400 ms. The engine is at work when it has said its first word to the \
         page. The second visit is a reload once the desk's files are kept.",
        false,
    ),
];

/// A goal of the design, the figures here that bear on it, and what they leave out.
struct Goal {
    goal: &'static str,
    here: &'static str,
    limit: f64,
    /// Part, start of the subject, what, and which of its numbers.
    figures: &'static [(&'static str, &'static str, &'static str, &'static str)],
}

const GOALS: [Goal; 5] = [
    Goal {
        goal: "key to paint in a 100k-op story while ten others type: p99 under 16.7 ms",
        here: "the page paints without waiting for the engine; the engine's part of one's own key and of another's before it: sum of both p99",
        limit: 16.7,
        figures: &[
            ("story", "100000 ", "a key, to its change's bytes", "p99"),
            ("story", "100000 ", "another's key, to the page's steps", "p99"),
        ],
    },
    Goal {
        goal: "key of a partner to paint here, loopback, ten others typing: p95 under 150 ms",
        here: "p95 from a key to the steps for another's page, all on one machine. Painting is not in it",
        limit: 150.0,
        figures: &[("desks", "", "from a key to the steps for another's page", "p95")],
    },
    Goal {
        goal: "open a 260k-op story from disk, editable: 600 ms",
        here: "median for the made-up story, about eight operations a change, without reading the disk",
        limit: 600.0,
        figures: &[("story", "260000 ", "open until it can be edited", "median")],
    },
    Goal {
        goal: "the same",
        here: "median for the recorded session automerge-paper with a change for each edit, as the desk makes them",
        limit: 600.0,
        figures: &[(
            "session",
            "automerge-paper, a change for each edit",
            "open until it can be edited",
            "median",
        )],
    },
    Goal {
        goal: "first visit of the desk at 400 kbit/s and 400 ms, writable in 20 s",
        here: "median until the engine is at work, in Chromium",
        limit: 20_000.0,
        figures: &[(
            "visit",
            "400 kbit/s",
            "first visit, until the engine is at work",
            "median",
        )],
    },
];

/// The whole report.
pub fn write(run: &Run, figures: &[Value]) -> String {
    let mut text = format!(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench`, in the release profile; not by hand. Times are in milliseconds.\n\n\
         | | |\n|---|---|\n\
         | machine | {}, {} cores, {} |\n\
         | system | {} |\n\
         | built with | {}, automerge {} |\n\
         | commit | {} |\n\
         | day | {} |\n\
         | command | `{}` |\n\n",
        run.cpu, run.cores, run.memory, run.system, run.rustc, run.automerge, run.commit, run.date, run.command,
    );
    if let Some(load) = run.load.filter(|load| *load >= 0.5) {
        text += &format!(
            "The machine was shared: its load average was {load} when this began. The worst figures are often other programs'.\n\n"
        );
    }
    text += &goals(figures);
    for part in &PARTS {
        text += &section(part, figures, "").unwrap_or_default();
    }
    text.trim_end().to_owned() + "\n"
}

/// A report that is there, with the sections and goals anew that these figures bear on; each section says when that was.
pub fn renew(report: &str, run: &Run, figures: &[Value]) -> String {
    let load = run
        .load
        .map_or_else(String::new, |load| format!(", at a load average of {load}"));
    let note = format!(" (Measured alone at commit {} on {}{load}.)", run.commit, run.date);
    let place = |section: &str| {
        let heading = section.lines().next()?.strip_prefix("## ")?;
        PARTS.iter().position(|part| part.1 == heading)
    };
    let mut sections: Vec<String> = Vec::new();
    for line in report.lines() {
        if sections.is_empty() || line.starts_with("## ") {
            sections.push(String::new());
        }
        if let Some(section) = sections.last_mut() {
            *section += &renewed_goal(line, figures).unwrap_or_else(|| line.to_owned());
            section.push('\n');
        }
    }
    for (number, part) in PARTS.iter().enumerate() {
        let Some(new) = section(part, figures, &note) else {
            continue;
        };
        match sections.iter().position(|old| place(old) >= Some(number)) {
            Some(at) if place(&sections[at]) == Some(number) => sections[at] = new,
            Some(at) => sections.insert(at, new),
            None => sections.push(new),
        }
    }
    let sections: Vec<&str> = sections.iter().map(|section| section.trim_end()).collect();
    sections.join("\n\n") + "\n"
}

/// The names of the parts that can be measured alone.
pub fn parts() -> impl Iterator<Item = &'static str> {
    PARTS.iter().map(|part| part.0)
}

/// A part's section, when there are figures of it.
fn section(Part(name, heading, about, headings): &Part, figures: &[Value], note: &str) -> Option<String> {
    let of_part: Vec<&Value> = figures.iter().filter(|figure| figure["part"] == *name).collect();
    if of_part.is_empty() {
        return None;
    }
    let mut text = format!("## {heading}\n\n{}\n\n", wrapped(&format!("{about}{note}")));
    if !headings {
        return Some(text + &tables(&of_part, true));
    }
    for group in of_part.chunk_by(|one, next| one["subject"] == next["subject"]) {
        text += &format!("### {}\n\n{}", capital(word(group[0], "subject")), tables(group, false));
    }
    Some(text)
}

fn goals(figures: &[Value]) -> String {
    let about = "Section 7 of the [design](design.md) counts in the browser; this counts the same Rust code, natively. As Wasm it \
        takes about half as long again (section 3). Painting and reading before editing are not measured here.";
    let mut text = format!(
        "## The design's goals\n\n{}\n\n| goal | what is measured here | | |\n|---|---|---:|---|\n",
        wrapped(about)
    );
    for goal in &GOALS {
        text += &goal
            .row(figures)
            .unwrap_or_else(|| format!("{} – | not in this run |", goal.start()));
        text.push('\n');
    }
    text + "\n"
}

/// A goal's row with what these figures say of it, when they do.
fn renewed_goal(line: &str, figures: &[Value]) -> Option<String> {
    let goal = GOALS.iter().find(|goal| line.starts_with(&goal.start()))?;
    goal.row(figures)
}

impl Goal {
    /// How its row begins.
    fn start(&self) -> String {
        format!("| {} | {} |", self.goal, self.here)
    }

    /// Its row, when there are all figures for it.
    fn row(&self, figures: &[Value]) -> Option<String> {
        let numbers = self.figures.iter().map(|wanted| number_of(figures, wanted));
        let sum = numbers.sum::<Option<f64>>()?;
        let verdict = if sum < self.limit { "met" } else { "not met" };
        Some(format!("{} {} ms | {verdict} |", self.start(), number(sum)))
    }
}

fn number_of(figures: &[Value], (part, subject, what, which): &(&str, &str, &str, &str)) -> Option<f64> {
    let figure = figures.iter().find(|figure| {
        figure["part"] == *part
            && word(figure, "subject").starts_with(subject)
            && figure["what"] == *what
            && figure["by"] == "Komuz"
    })?;
    figure[which].as_f64()
}

/// Amounts in one table, times in another.
fn tables(figures: &[&Value], subjects: bool) -> String {
    let first = |figure: &Value| match subjects {
        true => format!("| {} ", word(figure, "subject")),
        false => String::new(),
    };
    let (head, rule) = if subjects { ("| ", "|---") } else { ("", "") };
    let (times, amounts): (Vec<&&Value>, Vec<&&Value>) = figures.iter().partition(|figure| figure["count"].is_u64());
    let mut text = String::new();
    if !times.is_empty() {
        text +=
            &format!("{head}| | by | times | median | p95 | p99 | worst |\n{rule}|---|---|---:|---:|---:|---:|---:|\n");
        for figure in times {
            let count = figure["count"].as_u64().unwrap_or(0);
            let number = |name: &str| figure[name].as_f64().map_or_else(String::new, number);
            // Of few times, the worst says all that is known of what is rare.
            let rare = |name: &str, least: u64| if count < least { String::new() } else { number(name) };
            text += &format!(
                "{}| {} | {} | {} | {} | {} | {} | {} |\n",
                first(figure),
                word(figure, "what"),
                word(figure, "by"),
                thousands(count),
                number("median"),
                rare("p95", 20),
                rare("p99", 100),
                number("worst"),
            );
        }
        text.push('\n');
    }
    if !amounts.is_empty() {
        text += &format!("{head}| | by | |\n{rule}|---|---|---:|\n");
        for figure in amounts {
            text += &format!(
                "{}| {} | {} | {} {} |\n",
                first(figure),
                word(figure, "what"),
                word(figure, "by"),
                figure["amount"].as_f64().map_or_else(String::new, number),
                word(figure, "unit"),
            );
        }
        text.push('\n');
    }
    text
}

fn word<'a>(figure: &'a Value, name: &str) -> &'a str {
    figure[name].as_str().unwrap_or_default()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(chars)
        .collect()
}

/// A number with three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 99.95 => thousands(value.round() as u64),
        middle if middle >= 9.995 => format!("{value:.1}"),
        small if small >= 0.9995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A paragraph in lines of at most 120 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.len() - 1;
        if !lines[line].is_empty() && lines[line].chars().count() + 1 + word.chars().count() > 120 {
            lines.push(word.to_owned());
        } else {
            if !lines[line].is_empty() {
                lines[line].push(' ');
            }
            lines[line].push_str(word);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn opening(median: f64) -> Value {
        json!({
            "part": "story", "subject": "260000 operations: 3 blocks", "what": "open until it can be edited", "by": "Komuz",
            "count": 1200, "median": median, "p95": 700.0, "p99": 0.0301, "worst": 12345.6,
        })
    }

    #[test]
    fn a_goal_is_met_when_the_figure_lies_below_it() {
        let row = |figures: &[Value]| {
            let text = goals(figures);
            text.lines().find(|line| line.contains("editable")).unwrap().to_owned()
        };
        assert!(row(&[opening(599.0)]).ends_with("| 599 ms | met |"));
        assert!(row(&[opening(601.0)]).ends_with("| 601 ms | not met |"));
        assert!(row(&[]).ends_with("| – | not in this run |"));
    }

    #[test]
    fn a_figure_becomes_a_row_with_three_digits_that_count() {
        let table = tables(&[&opening(1.0)], false);
        assert!(table.ends_with("| open until it can be edited | Komuz | 1,200 | 1.00 | 700 | 0.030 | 12,346 |\n\n"));
    }

    #[test]
    fn what_is_measured_alone_takes_its_place_in_the_report_that_is_there() {
        let run = Run {
            cpu: String::new(),
            cores: 2,
            memory: String::new(),
            system: String::new(),
            load: Some(0.25),
            rustc: String::new(),
            automerge: String::new(),
            commit: "abc".to_owned(),
            date: "2026-11-26".to_owned(),
            command: String::new(),
        };
        let brought = |part: &str, amount: f64| json!({ "part": part, "subject": "all", "what": "brought", "by": "Komuz", "amount": amount, "unit": "bytes" });
        let report = write(&run, &[opening(700.0), brought("relay", 1.0), brought("presence", 2.0)]);
        let once = renew(
            &report,
            &run,
            &[brought("relay", 3.0), brought("catch-up", 4.0), opening(500.0)],
        );
        let headings: Vec<&str> = once.lines().filter(|line| line.starts_with("## ")).collect();
        let wanted = [
            "The design's goals",
            "Made-up stories",
            "The relay",
            "Coming back",
            "Seeing each other",
        ];
        assert_eq!(headings, wanted.map(|heading| format!("## {heading}")));
        assert!(once.contains("| 3.00 bytes |") && !once.contains("| 1.00 bytes |"));
        assert!(once.contains("| 2.00 bytes |"), "what was not measured stays");
        assert!(once.contains("| 500 ms | met |") && !once.contains("| 700 ms |"));
        let said = once.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("(Measured alone at commit abc on 2026-11-26, at a load average of 0.25.)"));
        let again = renew(
            &once,
            &run,
            &[brought("relay", 3.0), brought("catch-up", 4.0), opening(500.0)],
        );
        assert_eq!(again, once);
        // What lies last is put last.
        assert!(renew(&report, &run, &[brought("visit", 5.0)]).ends_with("| all | brought | Komuz | 5.00 bytes |\n"));
    }

    #[test]
    fn paragraphs_are_wrapped() {
        let words = "word ".repeat(60);
        assert!(wrapped(&words).lines().all(|line| line.len() <= 120));
        assert_eq!(wrapped(&words).split_whitespace().count(), 60);
    }
}
