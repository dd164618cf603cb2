//! Reads the engine's messages from their JSON.
//!
//! By hand and not by serde's derive: that makes a visitor, a field table and two ways of reading for each type, buffers every
//! tagged enum in a value of its own, and was a third of the page's Wasm (318 of 1,090 KB, some 60 KB of what is fetched). Page
//! and engine are of one build, so reading is lenient: a member that is missing has its type's empty value. That what is written
//! by serde is read back equal is tested below for every message.

use std::collections::BTreeMap;

use komuz_messages::{
    Answer, Change, CitationView, CommentView, EditionId, EditionLine, EditionView, Event, FromEngine,
    InvestigationView, JoinRequest, Joining, Listed, MemberView, OutFile, OutletCard, Person, Review, Server,
    ServerView, Signing, StateView, StoryView, ThreadView, ToSign, Trouble,
};
use komuz_release::story::{Byline, CslDate, Custom, Name, Source};
use serde_json::{Map, Value};

use crate::surface::{Said, Selection};

/// Something that is read from a JSON value.
pub trait Read {
    /// Reads it; what is not there is empty.
    fn read(value: Value) -> Self;
}

/// Reads a JSON text; what is no JSON is null.
pub fn parse<T: Read>(json: &str) -> T {
    T::read(value(json))
}

fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn take(map: &mut Map<String, Value>, name: &str) -> Value {
    // Left as null: taking members out of the map brings its balancing along.
    map.get_mut(name).map(Value::take).unwrap_or_default()
}

/// The members that are not known, one by one: collecting would bring a sort along.
fn rest(map: Map<String, Value>, known: &[&str]) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (name, value) in map {
        if !known.contains(&name.as_str()) {
            all.insert(name, value);
        }
    }
    all
}

fn get<T: Read>(map: &mut Map<String, Value>, name: &str) -> T {
    T::read(take(map, name))
}

impl Read for Value {
    fn read(value: Value) -> Self {
        value
    }
}

impl Read for String {
    fn read(value: Value) -> Self {
        match value {
            Value::String(text) => text,
            _ => String::new(),
        }
    }
}

impl Read for bool {
    fn read(value: Value) -> Self {
        value == Value::Bool(true)
    }
}

impl Read for u64 {
    fn read(value: Value) -> Self {
        value.as_u64().unwrap_or_default()
    }
}

impl Read for u32 {
    fn read(value: Value) -> Self {
        u64::read(value) as u32
    }
}

impl Read for i32 {
    fn read(value: Value) -> Self {
        value.as_i64().unwrap_or_default() as i32
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: Value) -> Self {
        match value {
            Value::Null => None,
            some => Some(T::read(some)),
        }
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: Value) -> Self {
        match value {
            Value::Array(items) => items.into_iter().map(T::read).collect(),
            _ => Vec::new(),
        }
    }
}

impl<T: Read> Read for Box<T> {
    fn read(value: Value) -> Self {
        Box::new(T::read(value))
    }
}

impl Read for (u32, u32) {
    fn read(value: Value) -> Self {
        let ends: Vec<u32> = Read::read(value);
        match ends[..] {
            [from, to] => (from, to),
            _ => (0, 0),
        }
    }
}

/// Structs whose members have the names of their fields.
macro_rules! read {
    ($($name:ident { $($field:ident),* })*) => {
        $(impl Read for $name {
            fn read(value: Value) -> Self {
                let mut map = object(value);
                Self { $($field: get(&mut map, stringify!($field))),* }
            }
        })*
    };
}

read! {
    Byline { name, outlet }
    Change { place, context, old, new }
    CitationView { id, number, source, locator, quote, text }
    CommentView { member, name, outlet, text, at }
    EditionId { story, lang }
    EditionLine { lang, headline, words, signing }
    EditionView { edition, headline, summary, byline, citations, threads, words, can_undo, can_redo, signing }
    InvestigationView {
        id, title, me, my_outlet, role, outlets, members, requests, stories, sources, servers, fingerprint
    }
    JoinRequest { id, name, outlet, role, code }
    Joining { title, code }
    Listed { id, title, outlet, unsent }
    MemberView { id, name, outlet, role }
    Name { family, given, literal }
    OutFile { path, media, bytes }
    OutletCard { id, name, domain, keys, freshness }
    Person { session, name, outlet, selection }
    Review { edition, release, json, number, signed, again, since_mine, correction, to_sign, obstacles }
    Selection { from, to, anchor, head, seq, taken, focused, block, marks, link, anchors, text }
    Server { url, ticket }
    ServerView { url, reached, in_sync }
    Signing { signed, moved, apart, proposal, complete, published, published_release, changes }
    StateView { saved, save_trouble, unsent, servers, refused, closed }
    StoryView { id, part, editions }
    ThreadView { id, text, resolved, comments }
    ToSign { what, input }
    Trouble { code, with, message }
}

impl Read for CslDate {
    fn read(value: Value) -> Self {
        let mut map = object(value);
        Self {
            date_parts: get(&mut map, "date-parts"),
            literal: get(&mut map, "literal"),
        }
    }
}

impl Read for Custom {
    fn read(value: Value) -> Self {
        let mut map = object(value);
        Self {
            archive_url: get(&mut map, "archive-URL"),
            other: rest(map, &["archive-URL"]),
        }
    }
}

/// Members of a source that have fields.
const SOURCE: [&str; 11] = [
    "id",
    "type",
    "author",
    "title",
    "container-title",
    "publisher",
    "issued",
    "accessed",
    "URL",
    "custom",
    "language",
];

impl Read for Source {
    fn read(value: Value) -> Self {
        let mut map = object(value);
        Self {
            id: get(&mut map, "id"),
            kind: get(&mut map, "type"),
            author: get(&mut map, "author"),
            title: get(&mut map, "title"),
            container_title: get(&mut map, "container-title"),
            publisher: get(&mut map, "publisher"),
            issued: get(&mut map, "issued"),
            accessed: get(&mut map, "accessed"),
            url: get(&mut map, "URL"),
            custom: get(&mut map, "custom"),
            language: get(&mut map, "language"),
            other: rest(map, &SOURCE),
        }
    }
}

/// The variant that a tag names, its members by their names; none for an unknown one.
macro_rules! tagged {
    ($map:ident, $tag:literal, $type:ident { $($name:literal => $variant:ident { $($field:ident),* }),* $(,)? }) => {
        match get::<String>(&mut $map, $tag).as_str() {
            $($name => Some($type::$variant { $($field: get(&mut $map, stringify!($field))),* }),)*
            _ => None,
        }
    };
}

/// Reads a message of the engine; none when it is of a kind that this page does not know.
pub fn message(json: &str) -> Option<FromEngine> {
    let mut map = object(value(json));
    match get::<String>(&mut map, "kind").as_str() {
        "answer" => {
            let id = get(&mut map, "id");
            let mut result = object(take(&mut map, "result"));
            let result = match take(&mut result, "Ok") {
                Value::Object(answer) => Ok(self::answer(Value::Object(answer))?),
                _ => Err(get(&mut result, "Err")),
            };
            Some(FromEngine::Answer { id, result })
        }
        "event" => Some(FromEngine::Event {
            event: Box::new(event(take(&mut map, "event"))?),
        }),
        _ => None,
    }
}

fn answer(value: Value) -> Option<Answer> {
    let mut map = object(value);
    // Newtype variants: their members lie beside the tag.
    match map.get("answer").and_then(Value::as_str) {
        Some("joining") => return Some(Answer::Joining(Read::read(Value::Object(map)))),
        Some("review") => return Some(Answer::Review(Read::read(Value::Object(map)))),
        _ => {}
    }
    tagged!(map, "answer", Answer {
        "done" => Done {},
        "device" => Device { investigations, joining },
        "entered" => Entered { investigation },
        "invite" => Invite { outlet, role, title, expires, new_outlet, member },
        "invitation" => Invitation { fragment, expires },
        "story" => Story { story },
        "imported" => Imported { blocks, citations, sources, left_out },
        "source" => Source { id },
        "made" => Made { id },
        "file" => File { name, media, bytes },
        "folder" => Folder { release, servers, files },
        "restored" => Restored { page, investigations },
        "left" => Left { remains },
    })
}

fn event(value: Value) -> Option<Event> {
    let mut map = object(value);
    match map.get("event").and_then(Value::as_str) {
        Some("investigation") => return Some(Event::Investigation(Read::read(Value::Object(map)))),
        Some("edition") => return Some(Event::Edition(Read::read(Value::Object(map)))),
        Some("state") => return Some(Event::State(Read::read(Value::Object(map)))),
        _ => {}
    }
    tagged!(map, "event", Event {
        "entered" => Entered { investigation },
        "join-ended" => JoinEnded { code, trouble },
        "page" => Page { edition, batch, doc },
        "lost" => Lost { edition },
        "batch" => Batch { edition, seq, batch, steps, selection },
        "people" => People { edition, people },
    })
}

/// Reads what the writing surface says; none for a kind that is not known.
pub fn said(kind: &str, json: String) -> Option<Said> {
    let mut map = Map::new();
    if json.starts_with('{') && !matches!(kind, "command" | "anchor" | "picture" | "trouble" | "selection") {
        map = object(value(&json));
    }
    Some(match kind {
        "steps" => Said::Steps {
            seq: get(&mut map, "seq"),
            taken: get(&mut map, "taken"),
            steps: get(&mut map, "steps"),
        },
        "taken" => Said::Taken {
            batch: get(&mut map, "batch"),
            hash: get(&mut map, "hash"),
        },
        "whole" => Said::Whole {
            seq: get(&mut map, "seq"),
            taken: get(&mut map, "taken"),
            doc: get(&mut map, "doc"),
        },
        "selection" => Said::Selection(parse(&json)),
        "command" => Said::Command(json),
        "anchor" => Said::Anchor(json),
        "footnotes" => Said::Footnotes {
            html: get(&mut map, "html"),
            count: get(&mut map, "count"),
        },
        "figure" => Said::Figure {
            pos: get(&mut map, "pos"),
            alt: get(&mut map, "alt"),
            credit: get(&mut map, "credit"),
        },
        "picture" => Said::Picture(json),
        "trouble" => Said::Trouble(json),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn trouble() -> Trouble {
        Trouble {
            code: "disk-failed".into(),
            with: vec!["w".into()],
            message: "m".into(),
        }
    }

    fn source() -> Source {
        Source {
            id: "s1".into(),
            kind: "webpage".into(),
            author: vec![Name {
                family: "Ф".into(),
                given: "G".into(),
                literal: "L".into(),
            }],
            title: "T".into(),
            container_title: "C".into(),
            publisher: "P".into(),
            issued: Some(CslDate {
                date_parts: vec![vec![2019, 11, 21], vec![-40]],
                literal: "l".into(),
            }),
            accessed: None,
            url: "https://a.example/".into(),
            custom: Custom {
                archive_url: "https://b.example/".into(),
                other: BTreeMap::from([("k".into(), json!([1]))]),
            },
            language: "ky".into(),
            other: BTreeMap::from([("DOI".to_owned(), json!("10.1/x")), ("note".to_owned(), Value::Null)]),
        }
    }

    fn signing() -> Signing {
        Signing {
            signed: vec!["a".into()],
            moved: vec!["b".into()],
            apart: vec!["c".into()],
            proposal: Some("p".into()),
            complete: true,
            published: 3,
            published_release: Some("r".into()),
            changes: vec![change()],
        }
    }

    fn change() -> Change {
        Change {
            place: "headline".into(),
            context: "c".into(),
            old: "o".into(),
            new: "n".into(),
        }
    }

    fn edition() -> EditionId {
        EditionId {
            story: "st".into(),
            lang: "ky".into(),
        }
    }

    fn server() -> Server {
        Server {
            url: "https://a.example".into(),
            ticket: "t".into(),
        }
    }

    fn card() -> OutletCard {
        OutletCard {
            id: "o".into(),
            name: "O".into(),
            domain: "o.example".into(),
            keys: vec!["k".into()],
            freshness: "f".into(),
        }
    }

    fn answers() -> Vec<Answer> {
        let listed = || {
            vec![Listed {
                id: "i".into(),
                title: "t".into(),
                outlet: "o".into(),
                unsent: 3,
            }]
        };
        let joining = || Joining {
            title: "t".into(),
            code: "1".into(),
        };
        vec![
            Answer::Done,
            Answer::Device {
                investigations: listed(),
                joining: vec![joining()],
            },
            Answer::Entered {
                investigation: "i".into(),
            },
            Answer::Invite {
                outlet: "o".into(),
                role: "editor".into(),
                title: "t".into(),
                expires: "2026".into(),
                new_outlet: true,
                member: "m".into(),
            },
            Answer::Joining(joining()),
            Answer::Invitation {
                fragment: "f".into(),
                expires: "e".into(),
            },
            Answer::Story { story: "s".into() },
            Answer::Imported {
                blocks: 1,
                citations: 2,
                sources: 3,
                left_out: vec!["x".into()],
            },
            Answer::Source { id: "s".into() },
            Answer::Made { id: "m".into() },
            Answer::File {
                name: "n".into(),
                media: "m".into(),
                bytes: "b".into(),
            },
            Answer::Review(Box::new(Review {
                edition: edition(),
                release: "r".into(),
                json: "{}".into(),
                number: 2,
                signed: vec!["a".into()],
                again: true,
                since_mine: vec![change()],
                correction: vec![change()],
                to_sign: vec![ToSign {
                    what: "release".into(),
                    input: "a.b".into(),
                }],
                obstacles: vec![trouble()],
            })),
            Answer::Folder {
                release: "r".into(),
                servers: vec![server()],
                files: vec![OutFile {
                    path: "p".into(),
                    media: "m".into(),
                    bytes: "b".into(),
                }],
            },
            Answer::Restored {
                page: "p".into(),
                investigations: listed(),
            },
            Answer::Left {
                remains: vec![trouble()],
            },
        ]
    }

    fn events() -> Vec<Event> {
        vec![
            Event::Entered {
                investigation: "i".into(),
            },
            Event::JoinEnded {
                code: "1".into(),
                trouble: trouble(),
            },
            Event::Investigation(Box::new(InvestigationView {
                id: "i".into(),
                title: "t".into(),
                me: "m".into(),
                my_outlet: "o".into(),
                role: "editor".into(),
                outlets: vec![card()],
                members: vec![MemberView {
                    id: "m".into(),
                    name: "n".into(),
                    outlet: "o".into(),
                    role: "r".into(),
                }],
                requests: vec![JoinRequest {
                    id: "r".into(),
                    name: "n".into(),
                    outlet: card(),
                    role: "r".into(),
                    code: "c".into(),
                }],
                stories: vec![StoryView {
                    id: "s".into(),
                    part: 2,
                    editions: vec![EditionLine {
                        lang: "ky".into(),
                        headline: "h".into(),
                        words: 9,
                        signing: signing(),
                    }],
                }],
                sources: vec![source()],
                servers: vec![server()],
                fingerprint: Some("f".into()),
            })),
            Event::Lost { edition: edition() },
            Event::Page {
                edition: edition(),
                batch: 1 << 32,
                doc: json!({"type": "doc"}),
            },
            Event::Batch {
                edition: edition(),
                seq: 4,
                batch: 5,
                steps: vec![json!({"stepType": "replace"})],
                selection: Some((1, 2)),
            },
            Event::Edition(Box::new(EditionView {
                edition: edition(),
                headline: "h".into(),
                summary: "s".into(),
                byline: vec![Byline {
                    name: "n".into(),
                    outlet: Some("o".into()),
                }],
                citations: vec![CitationView {
                    id: "c-1".into(),
                    number: Some(1),
                    source: "s".into(),
                    locator: "p. 2".into(),
                    quote: "q".into(),
                    text: "t".into(),
                }],
                threads: vec![ThreadView {
                    id: "t-1".into(),
                    text: "t".into(),
                    resolved: true,
                    comments: vec![CommentView {
                        member: "m".into(),
                        name: "n".into(),
                        outlet: "o".into(),
                        text: "t".into(),
                        at: "2026".into(),
                    }],
                }],
                words: 7,
                can_undo: true,
                can_redo: true,
                signing: signing(),
            })),
            Event::People {
                edition: edition(),
                people: vec![Person {
                    session: "s".into(),
                    name: "n".into(),
                    outlet: "o".into(),
                    selection: None,
                }],
            },
            Event::State(StateView {
                saved: true,
                save_trouble: Some(trouble()),
                unsent: 3,
                servers: vec![ServerView {
                    url: "u".into(),
                    reached: true,
                    in_sync: true,
                }],
                refused: vec![trouble()],
                closed: Some(trouble()),
            }),
        ]
    }

    /// Does not compile when a variant is new: then it wants a sample above.
    fn sampled(answer: &Answer, event: &Event) {
        match answer {
            Answer::Done
            | Answer::Device { .. }
            | Answer::Entered { .. }
            | Answer::Invite { .. }
            | Answer::Joining(_) => {}
            Answer::Invitation { .. } | Answer::Story { .. } | Answer::Imported { .. } | Answer::Source { .. } => {}
            Answer::Made { .. } | Answer::File { .. } | Answer::Review(_) | Answer::Folder { .. } => {}
            Answer::Restored { .. } | Answer::Left { .. } => {}
            // The panel asks for it, and its answers never come to the desk.
            Answer::Who(_) => {}
        }
        match event {
            Event::Entered { .. }
            | Event::JoinEnded { .. }
            | Event::Investigation(_)
            | Event::Page { .. }
            | Event::Lost { .. } => {}
            Event::Batch { .. } | Event::Edition(_) | Event::People { .. } | Event::State(_) => {}
            // For the panel: the page's Wasm never reads it.
            Event::Dossier { .. } => {}
        }
    }

    #[test]
    fn every_message_is_read_back_as_it_was_written() {
        for (answer, event) in answers().iter().zip(events().iter()) {
            sampled(answer, event);
        }
        let events = events()
            .into_iter()
            .map(|event| FromEngine::Event { event: Box::new(event) });
        let answers = answers().into_iter().map(|answer| FromEngine::Answer {
            id: 7,
            result: Ok(answer),
        });
        for said in events.chain(answers).chain([FromEngine::Answer {
            id: 8,
            result: Err(trouble()),
        }]) {
            let json = serde_json::to_string(&said).unwrap();
            assert_eq!(message(&json), Some(said), "{json}");
        }
    }

    #[test]
    fn what_is_empty_is_read_as_empty() {
        for event in [Event::State(StateView::default()), Event::Investigation(Box::default())] {
            let said = FromEngine::Event { event: Box::new(event) };
            assert_eq!(message(&serde_json::to_string(&said).unwrap()), Some(said));
        }
    }

    #[test]
    fn what_is_not_known_is_none() {
        for json in [
            "",
            "7",
            "{}",
            r#"{"kind":"event","event":{"event":"later"}}"#,
            r#"{"kind":"answer","id":1,"result":{"Ok":{}}}"#,
        ] {
            assert_eq!(message(json), None, "{json}");
        }
    }
}
