//! Who is connected to whom, by which sourced claims: as a picture and as rows of a table.
//!
//! Two entities are joined where one claim that has a source is about both. The picture is an arc diagram: the names stand under
//! one another, so that none covers another at any width, and arcs beside them join those that a claim joins, with the number of
//! claims on each. It is laid out by arithmetic alone, without chance and without scripts; the same facts give the same picture.

mod draw;
mod order;
mod say;

use std::collections::{BTreeMap, BTreeSet};

use super::{Entity, Kind};
use crate::facts::Facts;

/// How many entities a picture shows at most.
pub const MOST: usize = 40;

/// How many entities of one claim are joined with one another: a claim about more joins everybody with everybody.
const MOST_OF_CLAIM: usize = 40;

/// The picture of an investigation's connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// An SVG document, to stand in a page as it is: no scripts, no style sheets, nothing from elsewhere. Its colours and faces are
    /// the page's custom properties (`--komuz-string-1` and so on) or `currentColor`.
    pub svg: String,
    /// The same as rows, strongest first: what people read who cannot see the picture. Holds every connection, also those
    /// whose entities the picture leaves out.
    pub rows: Vec<Row>,
    /// Connected entities that the picture leaves out, since it shows [`MOST`].
    pub left_out: usize,
}

/// Two entities that claims join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Id of one.
    pub one: String,
    /// Id of the other.
    pub other: String,
    /// Ids of the claims.
    pub claims: Vec<String>,
    /// The row as a sentence: "Asan Mamytov and Northern Customs Service: 3 claims".
    pub sentence: String,
}

/// An entity in the picture.
#[derive(Debug)]
struct Node<'a> {
    id: &'a str,
    name: String,
    entity: &'a Entity,
}

/// Two entities in the picture, by their places in the list of nodes, and how many claims join them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edge {
    one: usize,
    other: usize,
    claims: usize,
}

/// The picture for a place of `width` CSS pixels (taken between 320 and 960), with names and words in `lang` (`ky`, `ru`, otherwise
/// English). None when no sourced claim joins two entities.
pub fn picture(facts: &Facts, lang: &str, width: u16) -> Option<Picture> {
    let entities = &facts.known.entities;
    let mut joined: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (id, claim) in &facts.known.claims {
        if facts.claims.get(id).is_none_or(|claim| claim.supports.is_empty()) {
            continue;
        }
        let about: Vec<&str> = claim
            .about
            .iter()
            .filter_map(|(entity, on)| (*on && entities.contains_key(entity)).then_some(entity.as_str()))
            .take(MOST_OF_CLAIM)
            .collect();
        for (at, one) in about.iter().enumerate() {
            for other in &about[at + 1..] {
                joined.entry((one, other)).or_default().insert(id);
            }
        }
    }
    if joined.is_empty() {
        return None;
    }
    let name = |id: &str| {
        entities
            .get(id)
            .map_or_else(|| id.to_owned(), |entity| name_of(entity, id, lang))
    };
    let mut rows: Vec<Row> = joined
        .iter()
        .map(|((one, other), claims)| Row {
            one: (*one).to_owned(),
            other: (*other).to_owned(),
            sentence: say::row(lang, &name(one), &name(other), claims.len()),
            claims: claims.iter().map(|id| (*id).to_owned()).collect(),
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.claims.len()));

    // The most connected first: by claims, then by whom they are joined with, then by id.
    let mut weight: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for ((one, other), claims) in &joined {
        for id in [*one, *other] {
            let (sum, neighbours) = weight.entry(id).or_default();
            *sum += claims.len();
            *neighbours += 1;
        }
    }
    let mut ids: Vec<&str> = weight.keys().copied().collect();
    ids.sort_by_key(|id| std::cmp::Reverse(weight[id]));
    let left_out = ids.len().saturating_sub(MOST);
    ids.truncate(MOST);
    let place = |id: &str| ids.iter().position(|other| *other == id);
    let edges: Vec<Edge> = joined
        .iter()
        .filter_map(|((one, other), claims)| {
            Some(Edge {
                one: place(one)?,
                other: place(other)?,
                claims: claims.len(),
            })
        })
        .collect();
    // Somebody all of whose connections were left out has none to show.
    let shown: Vec<usize> = (0..ids.len())
        .filter(|at| edges.iter().any(|edge| edge.one == *at || edge.other == *at))
        .collect();
    let order = order::order(&shown, &edges);
    let nodes: Vec<Node<'_>> = order
        .iter()
        .filter_map(|at| {
            Some(Node {
                id: ids[*at],
                name: name(ids[*at]),
                entity: entities.get(ids[*at])?,
            })
        })
        .collect();
    let row_of = |at: usize| order.iter().position(|other| *other == at).unwrap_or_default();
    let edges: Vec<Edge> = edges
        .iter()
        .map(|edge| {
            let (one, other) = (row_of(edge.one), row_of(edge.other));
            Edge {
                one: one.min(other),
                other: one.max(other),
                claims: edge.claims,
            }
        })
        .collect();
    Some(Picture {
        svg: draw::svg(&nodes, &edges, left_out, lang, f32::from(width.clamp(320, 960))),
        rows,
        left_out,
    })
}

/// An entity's name in a language, or in the first that it has.
fn name_of(entity: &Entity, id: &str, lang: &str) -> String {
    let lang = lang.split('-').next().unwrap_or_default();
    [lang, "ru", "en", "ky"]
        .iter()
        .filter_map(|lang| entity.names.get(*lang))
        .chain(entity.names.values())
        .chain(entity.aliases.keys())
        .find(|name| !name.trim().is_empty())
        .map_or_else(|| id.to_owned(), |name| name.trim().to_owned())
}

/// Whether it is drawn smaller: what cannot act by itself.
fn is_small(what: Kind) -> bool {
    !what.can_reply()
}

#[cfg(test)]
mod tests;
