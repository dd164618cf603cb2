//! The registers of an investigation: its title, its sources, its stories with their editions, its servers.
//!
//! Each source is a map with one entry for each member of its CSL-JSON item, so that two people who change different
//! members of one source at once both keep their change. What the newsrooms know of it beside how it is cited (custody,
//! reliability, who may know of it) lies in the same map, in members that start with `about.`. Nothing is ever deleted: what is removed is marked as removed,
//! and a citation that somebody made at the same time still finds its source.

use std::collections::BTreeMap;

use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, ChangeHash, ObjType};
use komuz_release::csl::{self, CslError};
use komuz_release::folder::{is_lang, is_name};
use komuz_release::story::Source;
use serde_json::Value;
use thiserror::Error;

use crate::document::{Document, WriteError};
use crate::records::{self, Kind, Members, Record, RecordError};
use crate::values::{Node, in_order, next_order, put_text};

/// The longest title, in characters.
pub const MAX_TITLE: usize = 300;
/// The longest member of a source as it is stored, in characters.
const MAX_MEMBER: usize = 1 << 16;
/// The most sources that are added in one change.
const MAX_TOGETHER: usize = 100;
/// The longest address of a server, in bytes.
const MAX_SERVER: usize = 300;

/// The most parts of a series.
const MAX_PARTS: usize = 1_000;
/// What the members of a source's record start with, beside those of its item.
const ABOUT: &str = "about.";
/// The member that says who may know of a source.
const CONFIDENTIALITY: &str = "confidentiality";

/// Members of an item that are stored as plain text; all others are stored as JSON.
const TEXTS: [&str; 6] = ["type", "title", "container-title", "publisher", "URL", "language"];

/// Why the registers were not changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The item is not CSL-JSON as Komuz takes it.
    #[error(transparent)]
    Csl(#[from] CslError),
    /// There is no such source.
    #[error("there is no source {id:?} in this investigation")]
    NoSource {
        /// The id that was asked for.
        id: String,
    },
    /// The source is cited.
    #[error("the source {id:?} is cited; take out its citations first")]
    Cited {
        /// Its id.
        id: String,
    },
    /// There is no such story.
    #[error("there is no story {id:?} in this investigation")]
    NoStory {
        /// The id that was asked for.
        id: String,
    },
    /// The id cannot be a story's.
    #[error("{id:?} cannot be a story's id: 1 to 64 of a-z, 0-9 and -, not in use")]
    StoryId {
        /// The id.
        id: String,
    },
    /// The tag is no language.
    #[error("{lang:?} is not a language tag such as \"ky\"")]
    Lang {
        /// The tag.
        lang: String,
    },
    /// The address is no server's.
    #[error("{url:?} is not the address of a server: https://host, no slash at the end (http on this machine only)")]
    Server {
        /// The address.
        url: String,
    },
    /// A record cannot be saved as it was asked.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The document is not one of registers, or is damaged.
    #[error("the registers cannot be written: {0}")]
    Document(#[from] WriteError),
}

/// A story and its editions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryEntry {
    /// Id, part of published addresses.
    pub id: String,
    /// Languages of its editions as BCP 47 tags, in the order in which they were added.
    pub editions: Vec<String>,
}

/// What became of a pasted item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pasted {
    /// The id that the item had in the paste; may be empty.
    pub given: String,
    /// The id that it has here.
    pub id: String,
    /// Whether it was added, or an equal source was here already.
    pub added: bool,
}

/// The investigation's working title; empty before it has one.
pub fn title(registers: &Document) -> String {
    let investigation = Node::root(registers, None).map("investigation");
    investigation
        .and_then(|node| node.text("title", MAX_TITLE))
        .unwrap_or_default()
}

/// Sets the working title (clipped to [`MAX_TITLE`] characters).
pub fn set_title(registers: &mut Document, title: &str) -> Result<(), RegisterError> {
    let investigation = root(registers, "investigation")?.id().clone();
    let title: String = title.trim().chars().take(MAX_TITLE).collect();
    Ok(registers.transact(|tx| tx.put(&investigation, "title", title))?)
}

/// The sources that are not removed, in the order in which they were added.
pub fn sources(registers: &Document) -> Vec<Source> {
    let Some(all) = Node::root(registers, None).map("sources") else {
        return Vec::new();
    };
    in_order(all.maps())
        .into_iter()
        .filter(|(_, node)| !node.flag("removed"))
        .map(|(id, node)| read_source(&id, &node))
        .collect()
}

/// A source by its id, also a removed one: a citation that was made while somebody removed it still needs it. `heads`
/// reads it as it was then (they must be known to the document); none as it is.
pub fn source(registers: &Document, id: &str, heads: Option<&[ChangeHash]>) -> Option<Source> {
    let node = Node::root(registers, heads).map("sources")?.map(id)?;
    Some(read_source(id, &node))
}

/// Adds a source, or changes the one with its id: only members that differ are written. `new_id` names it when its id is
/// empty. Gives its id.
pub fn save_source(registers: &mut Document, source: &Source, new_id: &str) -> Result<String, RegisterError> {
    save_source_with(registers, source, &Members::new(), new_id)
}

/// As [`save_source`], with members of the source's record: of a new one in the same change, so that a confidential source is
/// at no moment a public one.
pub fn save_source_with(
    registers: &mut Document,
    source: &Source,
    about: &Members,
    new_id: &str,
) -> Result<String, RegisterError> {
    let item = serde_json::to_value(source).map_err(|error| CslError::Json(error.to_string()))?;
    let mut source = csl::source("source", item)?;
    let node = match source.id.as_str() {
        "" => None,
        id => Some(
            root(registers, "sources")?
                .map(id)
                .ok_or_else(|| RegisterError::NoSource { id: id.to_owned() })?
                .id()
                .clone(),
        ),
    };
    let new = node.is_none();
    if new {
        source.id = new_id.to_owned();
    }
    let (none, item) = (Members::new(), [source.clone()]);
    write_sources(registers, &item, if new { about } else { &none })?;
    if !new && !about.is_empty() {
        save_source_record(registers, &source.id, about)?;
    }
    Ok(source.id)
}

/// Adds the items of pasted CSL-JSON (one item or an array), all or none. An item that equals a source which is here
/// already is not added again. `new_id` gives ids for new sources.
pub fn paste_sources(
    registers: &mut Document,
    text: &str,
    new_id: impl FnMut() -> String,
) -> Result<Vec<Pasted>, RegisterError> {
    add_sources(registers, csl::parse(text)?, new_id)
}

/// Adds sources that an importer has read, as [`paste_sources`] does: each is checked as if it were pasted.
pub fn add_sources(
    registers: &mut Document,
    items: Vec<Source>,
    mut new_id: impl FnMut() -> String,
) -> Result<Vec<Pasted>, RegisterError> {
    let mut known: BTreeMap<String, String> = sources(registers)
        .into_iter()
        .map(|source| (content(&source), source.id))
        .collect();
    let mut new = Vec::new();
    let mut pasted = Vec::new();
    for (nth, source) in items.into_iter().enumerate() {
        let item = serde_json::to_value(source).map_err(|error| CslError::Json(error.to_string()))?;
        let mut source = csl::source(&format!("sources[{nth}]"), item)?;
        let given = std::mem::take(&mut source.id);
        let content = content(&source);
        let id = match known.get(&content) {
            Some(id) => id.clone(),
            None => {
                source.id = new_id();
                known.insert(content, source.id.clone());
                new.push(source.clone());
                pasted.push(Pasted {
                    given,
                    id: source.id,
                    added: true,
                });
                continue;
            }
        };
        pasted.push(Pasted {
            given,
            id,
            added: false,
        });
    }
    // A change for so many: thousands would be more than one may hold.
    let mut copy = registers.clone();
    for new in new.chunks(MAX_TOGETHER) {
        write_sources(&mut copy, new, &Members::new())?;
    }
    *registers = copy;
    Ok(pasted)
}

/// Marks a source as removed. `cited` says whether any edition cites it: then it stays.
pub fn remove_source(registers: &mut Document, id: &str, cited: bool) -> Result<(), RegisterError> {
    let node = root(registers, "sources")?
        .map(id)
        .ok_or_else(|| RegisterError::NoSource { id: id.to_owned() })?;
    if cited {
        return Err(RegisterError::Cited { id: id.to_owned() });
    }
    let node = node.id().clone();
    Ok(registers.transact(|tx| tx.put(&node, "removed", true))?)
}

/// The stories in the order in which they were added.
pub fn stories(registers: &Document) -> Vec<StoryEntry> {
    let Some(all) = Node::root(registers, None).map("stories") else {
        return Vec::new();
    };
    in_order(all.maps())
        .into_iter()
        .filter(|(id, _)| is_name(id))
        .map(|(id, node)| {
            let editions = node
                .map("editions")
                .map(|editions| in_order(editions.maps()))
                .unwrap_or_default();
            StoryEntry {
                id,
                editions: editions
                    .into_iter()
                    .map(|(lang, _)| lang)
                    .filter(|lang| is_lang(lang))
                    .collect(),
            }
        })
        .collect()
}

/// Adds a story with its first edition.
pub fn add_story(registers: &mut Document, id: &str, lang: &str) -> Result<(), RegisterError> {
    check_lang(lang)?;
    let all = root(registers, "stories")?;
    if !is_name(id) || all.map(id).is_some() {
        return Err(RegisterError::StoryId { id: id.to_owned() });
    }
    let (order, all) = (next_order(&all.maps()), all.id().clone());
    Ok(registers.transact(|tx| {
        let story = tx.put_object(&all, id, ObjType::Map)?;
        tx.put(&story, "order", order)?;
        let editions = tx.put_object(&story, "editions", ObjType::Map)?;
        let edition = tx.put_object(&editions, lang, ObjType::Map)?;
        tx.put(&edition, "order", 1u64)
    })?)
}

/// Adds an edition to a story. One that is there already stays as it is.
pub fn add_edition(registers: &mut Document, story: &str, lang: &str) -> Result<(), RegisterError> {
    check_lang(lang)?;
    let editions = root(registers, "stories")?
        .map(story)
        .and_then(|node| node.map("editions"))
        .ok_or_else(|| RegisterError::NoStory { id: story.to_owned() })?;
    if editions.map(lang).is_some() {
        return Ok(());
    }
    let (order, editions) = (next_order(&editions.maps()), editions.id().clone());
    Ok(registers.transact(|tx| {
        let edition = tx.put_object(&editions, lang, ObjType::Map)?;
        tx.put(&edition, "order", order)
    })?)
}

/// Origins of the servers that are not removed, in the order in which they were added.
pub fn servers(registers: &Document) -> Vec<String> {
    let Some(all) = Node::root(registers, None).map("servers") else {
        return Vec::new();
    };
    in_order(all.maps())
        .into_iter()
        .filter(|(url, node)| is_server(url) && !node.flag("removed"))
        .map(|(url, _)| url)
        .collect()
}

/// Adds a server by its origin, or brings a removed one back.
pub fn add_server(registers: &mut Document, url: &str) -> Result<(), RegisterError> {
    if !is_server(url) {
        return Err(RegisterError::Server { url: url.to_owned() });
    }
    let all = root(registers, "servers")?;
    let known = all.map(url).map(|node| (node.flag("removed"), node.id().clone()));
    let (order, all) = (next_order(&all.maps()), all.id().clone());
    Ok(registers.transact(|tx| match known {
        Some((false, _)) => Ok(()),
        Some((true, server)) => tx.put(&server, "removed", false),
        None => {
            let server = tx.put_object(&all, url, ObjType::Map)?;
            tx.put(&server, "order", order)
        }
    })?)
}

/// Marks a server as removed; one that is not there is no error.
pub fn remove_server(registers: &mut Document, url: &str) -> Result<(), RegisterError> {
    let Some(server) = root(registers, "servers")?.map(url).map(|node| node.id().clone()) else {
        return Ok(());
    };
    Ok(registers.transact(|tx| tx.put(&server, "removed", true))?)
}

/// The entities or the replies that are not removed, in the order in which they were added.
pub fn records(registers: &Document, kind: Kind) -> Vec<Record> {
    let Some(root) = Node::root(registers, None).map(kind.root()) else {
        return Vec::new();
    };
    let mut all: Vec<(u64, Record)> = Vec::new();
    for (id, maps) in records::maps(root.look(), root.id(), kind) {
        let mut members = records::read(root.look(), &maps);
        let order = members.get("order").and_then(Value::as_u64).unwrap_or(0);
        if records::is_there(&mut members, kind) {
            all.push((order, Record { id, members }));
        }
    }
    all.sort_by(|(order, one), (other, another)| (order, &one.id).cmp(&(other, &another.id)));
    all.into_iter().map(|(_, record)| record).collect()
}

/// Saves members of an entity or a reply, those that differ, or makes it: `save` as [`Members`] says. One that was removed
/// comes back as it was.
pub fn save_record(registers: &mut Document, id: &str, save: &Members) -> Result<(), RegisterError> {
    let kind = Kind::of(id).ok_or_else(|| RecordError::Id { id: id.to_owned() })?;
    let root = root(registers, kind.root())?;
    let mut maps = root.look().maps(root.id(), id);
    let mut was = records::read(root.look(), &maps);
    let order = next_order(&root.maps());
    let there = records::is_there(&mut was, kind);
    let now = records::saved(&was, save)?;
    let root = root.id().clone();
    Ok(registers.transact(|tx| {
        match maps.last() {
            None => maps.push(tx.put_object(&root, id, ObjType::Map)?),
            Some(last) if !there => tx.put(last, "removed", false)?,
            Some(_) => {}
        }
        if let (Some(last), false) = (maps.last(), there) {
            tx.put(last, "kind", kind.name())?;
            tx.put(last, "order", order)?;
        }
        records::write(tx, &maps, "", &was, &now)
    })?)
}

/// Marks an entity or a reply as removed.
pub fn remove_record(registers: &mut Document, id: &str) -> Result<(), RegisterError> {
    let missing = || RecordError::Missing { id: id.to_owned() };
    let kind = Kind::of(id).ok_or_else(missing)?;
    let root = root(registers, kind.root())?;
    let map = root.look().maps(root.id(), id).pop().ok_or_else(missing)?;
    Ok(registers.transact(|tx| tx.put(&map, "removed", true))?)
}

/// What the newsrooms know of a source beyond how it is cited, as it is or was; empty for one that nobody has written of. Of
/// confidentialities that were set at once the strictest counts.
pub fn source_record(registers: &Document, id: &str, heads: Option<&[ChangeHash]>) -> Members {
    let source = Node::root(registers, heads).map("sources").and_then(|all| all.map(id));
    source.map(|source| about(&source)).unwrap_or_default()
}

/// The records of the sources that are not removed, by their ids.
pub fn source_records(registers: &Document) -> BTreeMap<String, Members> {
    let all = Node::root(registers, None).map("sources");
    let all = all.map(|all| all.maps()).unwrap_or_default();
    (all.into_iter().filter(|(_, source)| !source.flag("removed")))
        .map(|(id, source)| (id, about(&source)))
        .filter(|(_, members)| !members.is_empty())
        .collect()
}

fn about(source: &Node<'_>) -> Members {
    let mut members = Members::new();
    records::read_map(source.look(), source.id(), ABOUT, &mut members);
    match secrecy(source) {
        Secrecy::Public => {}
        Secrecy::Background => drop(members.insert(CONFIDENTIALITY.to_owned(), "background".into())),
        Secrecy::Confidential => drop(members.insert(CONFIDENTIALITY.to_owned(), "confidential".into())),
    }
    members
}

/// Saves members of a source's record, those that differ: `save` as [`Members`] says.
pub fn save_source_record(registers: &mut Document, id: &str, save: &Members) -> Result<(), RegisterError> {
    let source = root(registers, "sources")?
        .map(id)
        .ok_or_else(|| RegisterError::NoSource { id: id.to_owned() })?;
    let mut was = Members::new();
    records::read_map(source.look(), source.id(), ABOUT, &mut was);
    let now = records::saved(&was, save)?;
    // Of several that were set at once one is chosen now, though it may be the one that Automerge shows.
    let several = source.all_texts(&format!("{ABOUT}{CONFIDENTIALITY}")).len() > 1;
    if several && save.contains_key(CONFIDENTIALITY) && now.contains_key(CONFIDENTIALITY) {
        was.remove(CONFIDENTIALITY);
    }
    let maps = [source.id().clone()];
    Ok(registers.transact(|tx| records::write(tx, &maps, ABOUT, &was, &now))?)
}

/// What the checks ask for.
pub fn policy(registers: &Document) -> Members {
    let mut members = Members::new();
    if let Some(policy) = Node::root(registers, None).map("policy") {
        records::read_map(policy.look(), policy.id(), "", &mut members);
    }
    members
}

/// Saves members of the policy, those that differ: `save` as [`Members`] says.
pub fn save_policy(registers: &mut Document, save: &Members) -> Result<(), RegisterError> {
    let was = policy(registers);
    let now = records::saved(&was, save)?;
    let maps = [root(registers, "policy")?.id().clone()];
    Ok(registers.transact(|tx| records::write(tx, &maps, "", &was, &now))?)
}

/// A part of the series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Id of the story.
    pub story: String,
    /// Its place in the series.
    pub number: u64,
    /// What the part is called; empty where it is called as the story.
    pub title: String,
}

/// The parts of the series in their order; stories that are no part of it are not there.
pub fn parts(registers: &Document) -> Vec<Part> {
    let Some(root) = Node::root(registers, None).map("parts") else {
        return Vec::new();
    };
    let part = |story: String| {
        let members = records::read(root.look(), &root.look().maps(root.id(), &story));
        Some(Part {
            number: members
                .get("number")
                .and_then(Value::as_u64)
                .filter(|number| *number > 0)?,
            title: (members.get("title").and_then(Value::as_str).unwrap_or_default().chars())
                .take(MAX_TITLE)
                .collect(),
            story,
        })
    };
    let stories = root.keys().into_iter().filter(|story| is_name(story)).take(MAX_PARTS);
    let mut parts: Vec<Part> = stories.filter_map(part).collect();
    parts.sort_by(|a, b| (a.number, &a.story).cmp(&(b.number, &b.story)));
    parts
}

/// Gives a story a place in the series, from 1; 0 takes it out. The title is clipped to [`MAX_TITLE`] characters.
pub fn set_part(registers: &mut Document, story: &str, number: u64, title: &str) -> Result<(), RegisterError> {
    let title: String = title.trim().chars().take(MAX_TITLE).collect();
    let save = [("number", number.min(MAX_PARTS as u64).into()), ("title", title.into())];
    write_parts(registers, vec![(story.to_owned(), named(save))])
}

/// Moves a part so many places in the series, towards its beginning where that is negative, and numbers all parts anew in one
/// change. A story that is no part of it yet becomes its last first.
pub fn move_part(registers: &mut Document, story: &str, by: i64) -> Result<(), RegisterError> {
    let mut order: Vec<String> = parts(registers).into_iter().map(|part| part.story).collect();
    let here = order.iter().position(|part| part == story).unwrap_or_else(|| {
        order.push(story.to_owned());
        order.len() - 1
    });
    let to = (here as i64).saturating_add(by).clamp(0, order.len() as i64 - 1);
    let moved = order.remove(here);
    order.insert(to as usize, moved);
    let number = |(at, story): (usize, String)| (story, named([("number", (at + 1).into())]));
    write_parts(registers, order.into_iter().enumerate().map(number).collect())
}

fn named<const N: usize>(members: [(&str, Value); N]) -> Members {
    members.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Saves members of parts, those that differ, in one change.
fn write_parts(registers: &mut Document, save: Vec<(String, Members)>) -> Result<(), RegisterError> {
    let known = stories(registers);
    let root = root(registers, "parts")?;
    let mut write = Vec::new();
    for (story, save) in save {
        if !known.iter().any(|known| known.id == story) {
            return Err(RegisterError::NoStory { id: story });
        }
        let maps = root.look().maps(root.id(), &story);
        let was = records::read(root.look(), &maps);
        let now = records::saved(&was, &save)?;
        write.push((story, maps, was, now));
    }
    let root = root.id().clone();
    Ok(registers.transact(|tx| {
        for (story, mut maps, was, now) in write {
            if maps.is_empty() {
                maps.push(tx.put_object(&root, story, ObjType::Map)?);
            }
            records::write(tx, &maps, "", &was, &now)?;
        }
        Ok::<(), AutomergeError>(())
    })?)
}

/// Who may know of a source; the later ones are stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Secrecy {
    Public,
    Background,
    Confidential,
}

/// Who may know of a source. Of what was set at once the strictest counts, and what nobody knows is confidential.
fn secrecy(source: &Node<'_>) -> Secrecy {
    let set = source.all_texts(&format!("{ABOUT}{CONFIDENTIALITY}"));
    let secrecy = |text: &String| match text.as_str() {
        "public" => Secrecy::Public,
        "background" => Secrecy::Background,
        _ => Secrecy::Confidential,
    };
    set.iter().map(secrecy).max().unwrap_or(Secrecy::Public)
}

/// What readers get of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The source.
    Whole(Source),
    /// Its description, which may be empty.
    Described(Source),
    /// Nothing: neither it nor what cites it.
    Nothing,
}

/// What readers get of a source, also of a removed one; none where there never was one. `heads` as for [`source`].
pub fn shown(registers: &Document, id: &str, heads: Option<&[ChangeHash]>) -> Option<Shown> {
    let node = Node::root(registers, heads).map("sources")?.map(id)?;
    Some(shown_of(read_source(id, &node), &node))
}

fn shown_of(source: Source, node: &Node<'_>) -> Shown {
    match secrecy(node) {
        Secrecy::Public => Shown::Whole(source),
        Secrecy::Background => {
            let described = node.text(&format!("{ABOUT}described"), MAX_MEMBER).unwrap_or_default();
            Shown::Described(source.on_background(described))
        }
        Secrecy::Confidential => Shown::Nothing,
    }
}

/// Ids of the sources that readers may not learn of as they are: the confidential ones and those on background.
pub fn secret_sources(registers: &Document) -> Vec<String> {
    let all = Node::root(registers, None).map("sources");
    let all = all.map(|all| all.maps()).unwrap_or_default().into_iter();
    all.filter(|(_, source)| !source.flag("removed") && secrecy(source) != Secrecy::Public)
        .map(|(id, _)| id)
        .collect()
}

/// The sources that readers may learn of, as they may learn of them, in the order of [`sources`].
pub fn public_sources(registers: &Document) -> Vec<Source> {
    let shown = |source: Source| match shown(registers, &source.id, None)? {
        Shown::Whole(source) | Shown::Described(source) => Some(source),
        Shown::Nothing => None,
    };
    sources(registers).into_iter().filter_map(shown).collect()
}

/// All sources, removed ones too, each with what readers get of it; `heads` as for [`source`].
pub(crate) fn all_shown(registers: &Document, heads: Option<&[ChangeHash]>) -> Vec<(Source, Shown)> {
    let all = Node::root(registers, heads).map("sources");
    let all = all.map(|all| all.maps()).unwrap_or_default().into_iter();
    let shown = |(id, node): (String, Node<'_>)| {
        let source = read_source(&id, &node);
        (source.clone(), shown_of(source, &node))
    };
    all.map(shown).collect()
}

fn root<'a>(registers: &'a Document, name: &str) -> Result<Node<'a>, RegisterError> {
    Node::root(registers, None)
        .map(name)
        .ok_or(RegisterError::Document(AutomergeError::NotAnObject.into()))
}

fn check_lang(lang: &str) -> Result<(), RegisterError> {
    if is_lang(lang) {
        Ok(())
    } else {
        Err(RegisterError::Lang { lang: lang.to_owned() })
    }
}

/// Whether an address is a server's origin: `https`, or `http` to this machine.
fn is_server(url: &str) -> bool {
    let (host, local_only) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(host), _) => (host, false),
        (_, Some(host)) => (host, true),
        _ => return false,
    };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let local = matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost");
    url.len() <= MAX_SERVER
        && !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'[' | b']' | b':'))
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
        && (local || !local_only)
}

/// The members of a source as they are stored: texts as they are, everything else as JSON.
fn members(source: &Source) -> BTreeMap<String, String> {
    let Ok(Value::Object(item)) = serde_json::to_value(source) else {
        return BTreeMap::new();
    };
    let mut members = BTreeMap::new();
    for (name, value) in item {
        match (name.as_str(), value) {
            ("id", _) => {}
            ("custom", Value::Object(custom)) => {
                members.extend(
                    custom
                        .into_iter()
                        .map(|(name, value)| (format!("custom.{name}"), value.to_string())),
                );
            }
            (_, Value::String(text)) if TEXTS.contains(&name.as_str()) => {
                members.insert(name, text);
            }
            (_, value) => {
                members.insert(format!("json.{name}"), value.to_string());
            }
        }
    }
    members
}

/// What a source says, without its id: equal for equal items.
fn content(source: &Source) -> String {
    members(source)
        .into_iter()
        .map(|(name, value)| format!("{name}\0{value}\0"))
        .collect()
}

/// Writes sources in one change; `about` are members of the records of those that are new.
fn write_sources(registers: &mut Document, sources: &[Source], about: &Members) -> Result<(), RegisterError> {
    if sources.is_empty() {
        return Ok(());
    }
    let (none, about) = (Members::new(), records::saved(&Members::new(), about)?);
    let all = root(registers, "sources")?;
    let mut order = next_order(&all.maps());
    let mut known = Vec::new();
    for source in sources {
        known.push(
            all.map(&source.id)
                .map(|node| (node.id().clone(), stored(&node), node.flag("removed"))),
        );
    }
    let all = all.id().clone();
    Ok(registers.transact(|tx| {
        for (source, known) in sources.iter().zip(known) {
            let (map, was) = match known {
                Some((map, was, removed)) => {
                    if removed {
                        tx.put(&map, "removed", false)?;
                    }
                    (map, was)
                }
                None => {
                    let map = tx.put_object(&all, source.id.as_str(), ObjType::Map)?;
                    tx.put(&map, "order", order)?;
                    order += 1;
                    records::write(tx, std::slice::from_ref(&map), ABOUT, &none, &about)?;
                    (map, BTreeMap::new())
                }
            };
            write_members(tx, &map, &was, &members(source))?;
        }
        Ok::<(), AutomergeError>(())
    })?)
}

fn write_members(
    tx: &mut Transaction<'_>,
    map: &automerge::ObjId,
    was: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> Result<(), AutomergeError> {
    for name in was.keys().filter(|name| !now.contains_key(*name)) {
        tx.delete(map, name.as_str())?;
    }
    for (name, value) in now {
        put_text(tx, map, name, was.get(name).map(String::as_str), value)?;
    }
    Ok(())
}

/// The members that a source has in the document.
fn stored(node: &Node<'_>) -> BTreeMap<String, String> {
    let member =
        |name: &String| TEXTS.contains(&name.as_str()) || name.starts_with("json.") || name.starts_with("custom.");
    node.keys()
        .into_iter()
        .filter(member)
        .filter_map(|name| Some((name.clone(), node.text(&name, MAX_MEMBER)?)))
        .collect()
}

/// Puts a source together again. A member that cannot be read is left out; the others stay.
fn read_source(id: &str, node: &Node<'_>) -> Source {
    let mut item = serde_json::Map::new();
    let mut custom = serde_json::Map::new();
    for (name, text) in stored(node) {
        match (name.strip_prefix("json."), name.strip_prefix("custom.")) {
            (Some(name), _) if name != "id" => {
                item.extend(
                    serde_json::from_str(&text)
                        .ok()
                        .map(|value: Value| (name.to_owned(), value)),
                );
            }
            (_, Some(name)) => custom.extend(serde_json::from_str(&text).ok().map(|value| (name.to_owned(), value))),
            (None, None) => {
                item.insert(name, Value::String(text));
            }
            _ => {}
        }
    }
    if !custom.is_empty() {
        item.insert("custom".to_owned(), Value::Object(custom));
    }
    let mut source = loop {
        match csl::source("", Value::Object(item.clone())) {
            Ok(source) => break source,
            Err(CslError::Member { place, .. }) => {
                let name = place
                    .trim_start_matches('.')
                    .split(['.', '['])
                    .next()
                    .unwrap_or_default();
                if name == "type" {
                    item.insert("type".to_owned(), Value::String("document".to_owned()));
                } else if item.remove(name).is_none() {
                    break Source {
                        kind: "document".to_owned(),
                        ..Source::default()
                    };
                }
            }
            Err(_) => {
                break Source {
                    kind: "document".to_owned(),
                    ..Source::default()
                };
            }
        }
    };
    source.id = id.to_owned();
    source
}
