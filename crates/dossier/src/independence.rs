//! How many independent sources stand behind a set of sources.
//!
//! Two agencies that repeat one press release are one source: the press release. So a source counts as what it goes back to
//! ([`Record::origins`]): the *roots* that are reached from it, those that go back to nothing further. The independent
//! sources behind a set are the roots that are reached from all of it together.
//!
//! - Sources that go back to one another in a circle are one.
//! - Two entries with one address, or with one original file (`custody.sha256`), are one.
//! - A withdrawn source counts nothing, and nothing is reached through it. What goes back to withdrawn sources alone counts
//!   nothing either.
//! - An origin that is not in the register is a root: whoever goes back to it goes back to something.

use std::collections::HashMap;

use crate::source::{Record, State};

/// The most roots of one source that are told apart: more than any policy asks for.
pub const MAX_ROOTS: usize = 16;

/// The origins of all sources, ready to be counted. Made in linear time, asked in a moment; a circle of 10,000 sources is no
/// matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Independence {
    /// Which group of sources each belongs to; a withdrawn one to none.
    groups: HashMap<String, Option<usize>>,
    /// For each group the roots that it goes back to, itself where it is one; of more than [`MAX_ROOTS`] the first.
    roots: Vec<Vec<usize>>,
    /// The first of each group's sources by id.
    names: Vec<String>,
}

/// A source as it counts here.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its address; empty where there is none.
    pub url: &'a str,
    /// Its record, where it has one.
    pub record: Option<&'a Record>,
}

impl Independence {
    /// Reads the origins of sources.
    pub fn of<'a>(sources: impl IntoIterator<Item = Node<'a>>) -> Self {
        let sources: Vec<Node<'a>> = sources.into_iter().collect();
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut ids: Vec<&str> = Vec::new();
        let mut number = |id: &'a str, ids: &mut Vec<&'a str>| {
            *numbers.entry(id).or_insert_with(|| {
                ids.push(id);
                ids.len() - 1
            })
        };
        let mut edges: Vec<(usize, usize)> = Vec::new();
        for source in &sources {
            let from = number(source.id, &mut ids);
            let origins = source.record.into_iter().flat_map(|record| &record.origins);
            for (origin, _) in origins.filter(|(_, goes)| **goes) {
                edges.push((from, number(origin, &mut ids)));
            }
        }
        let mut same = Same::new(ids.len());
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut withdrawn = vec![false; ids.len()];
        for source in &sources {
            let own = numbers[source.id];
            let sha256 = source.record.map_or("", |record| record.custody.sha256.as_str());
            let marks = [
                address(source.url).map(|address| format!("url {address}")),
                (!sha256.is_empty()).then(|| format!("sha256 {sha256}")),
            ];
            for mark in marks.into_iter().flatten() {
                let first = *seen.entry(mark).or_insert(own);
                same.join(first, own);
            }
            withdrawn[own] |= source
                .record
                .is_some_and(|record| record.reliability.state == State::Withdrawn);
        }
        // Of entries that are one source, one that was withdrawn takes the others with it.
        let mut gone = vec![false; ids.len()];
        for (at, withdrawn) in withdrawn.iter().enumerate() {
            gone[same.first(at)] |= withdrawn;
        }
        let mut out: Vec<Vec<usize>> = vec![Vec::new(); ids.len()];
        let mut leads_to_withdrawn = vec![false; ids.len()];
        for (from, to) in edges {
            let (from, to) = (same.first(from), same.first(to));
            match (from == to, gone[from], gone[to]) {
                (true, _, _) | (_, true, _) => {}
                (_, _, true) => leads_to_withdrawn[from] = true,
                _ => out[from].push(to),
            }
        }
        let circles = circles(&out);
        let count = circles.iter().max().map_or(0, |most| most + 1);
        let mut origins: Vec<Vec<usize>> = vec![Vec::new(); count];
        let mut root = vec![true; count];
        for (from, to) in out.iter().enumerate() {
            let group = circles[from];
            origins[group].extend(to.iter().map(|to| circles[*to]).filter(|to| *to != group));
            root[group] &= !leads_to_withdrawn[from];
        }
        for (group, origins) in origins.iter_mut().enumerate() {
            origins.sort_unstable();
            origins.dedup();
            root[group] &= origins.is_empty();
        }
        // Groups are numbered behind all that they go back to.
        let mut roots: Vec<Vec<usize>> = Vec::with_capacity(count);
        for (group, origins) in origins.iter().enumerate() {
            let mut reached: Vec<usize> = origins
                .iter()
                .flat_map(|origin| roots[*origin].iter().copied())
                .collect();
            reached.extend(root[group].then_some(group));
            reached.sort_unstable();
            reached.dedup();
            reached.truncate(MAX_ROOTS);
            roots.push(reached);
        }
        let mut names = vec![String::new(); count];
        let mut groups = HashMap::with_capacity(ids.len());
        for (at, id) in ids.iter().enumerate() {
            let first = same.first(at);
            let group = (!gone[first]).then(|| circles[first]);
            groups.insert((*id).to_owned(), group);
            if let Some(name) = group.map(|group| &mut names[group])
                && (name.is_empty() || *id < name.as_str())
            {
                *name = (*id).to_owned();
            }
        }
        Self { groups, roots, names }
    }

    /// How many independent sources stand behind these, exact up to [`MAX_ROOTS`]. Ids of no source count nothing.
    pub fn count<'a>(&self, sources: impl IntoIterator<Item = &'a str>) -> usize {
        self.reached(sources).len()
    }

    /// The roots that these go back to, each by the first id of its sources, in order.
    pub fn roots<'a>(&self, sources: impl IntoIterator<Item = &'a str>) -> Vec<&str> {
        let mut roots: Vec<&str> = self
            .reached(sources)
            .into_iter()
            .map(|group| self.names[group].as_str())
            .collect();
        roots.sort_unstable();
        roots
    }

    fn reached<'a>(&self, sources: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
        let groups = sources
            .into_iter()
            .filter_map(|id| self.groups.get(id).copied().flatten());
        let mut roots: Vec<usize> = groups.flat_map(|group| self.roots[group].iter().copied()).collect();
        roots.sort_unstable();
        roots.dedup();
        roots
    }
}

/// An address without what does not make it another page: scheme, `www.`, a fragment, parameters that count visitors, a slash
/// at the end. None for what is no web address.
fn address(url: &str) -> Option<String> {
    let (scheme, rest) = url.trim().split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let host = host.strip_suffix(":443").or(host.strip_suffix(":80")).unwrap_or(host);
    if host.is_empty() {
        return None;
    }
    let counts = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default().to_lowercase();
        !parameter.is_empty() && !name.starts_with("utm_") && name != "fbclid" && name != "gclid"
    };
    let query: Vec<&str> = query.split('&').filter(counts).collect();
    Some(format!("{host}/{}?{}", path.trim_end_matches('/'), query.join("&")))
}

/// Which entries are one source.
struct Same(Vec<usize>);

impl Same {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    /// The entry that stands for all that are the same.
    fn first(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// For each node the number of its strongly connected component (Tarjan 1972, with a stack of its own instead of recursion).
fn circles(out: &[Vec<usize>]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let mut order = vec![NEW; out.len()];
    let mut low = vec![NEW; out.len()];
    let mut circle = vec![NEW; out.len()];
    let (mut visited, mut found) = (0, 0);
    let mut open: Vec<usize> = Vec::new();
    // A node with the number of its edges that were followed.
    let mut way: Vec<(usize, usize)> = Vec::new();
    for start in 0..out.len() {
        if order[start] != NEW {
            continue;
        }
        way.push((start, 0));
        while let Some((node, followed)) = way.pop() {
            if followed == 0 {
                order[node] = visited;
                low[node] = visited;
                visited += 1;
                open.push(node);
            } else {
                // Back from the edge that was followed last.
                let to = out[node][followed - 1];
                if circle[to] == NEW {
                    low[node] = low[node].min(low[to]);
                }
            }
            let next = out[node].iter().enumerate().skip(followed);
            let mut deeper = None;
            for (nth, to) in next {
                if order[*to] == NEW {
                    deeper = Some((nth + 1, *to));
                    break;
                }
                if circle[*to] == NEW {
                    low[node] = low[node].min(order[*to]);
                }
            }
            if let Some((followed, to)) = deeper {
                way.push((node, followed));
                way.push((to, 0));
                continue;
            }
            if low[node] == order[node] {
                while let Some(top) = open.pop() {
                    circle[top] = found;
                    if top == node {
                        break;
                    }
                }
                found += 1;
            }
        }
    }
    circle
}
