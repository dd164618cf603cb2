//! Several files as one story.

use std::collections::{HashMap, HashSet};

use komuz_release::story::{Block, BlockKind, Marks, Source, Span, Story};

/// What one file brought.
pub struct Part {
    /// The file, for sentences about it.
    pub name: String,
    /// What is in it.
    pub story: Story,
    /// Its sources have ids that a person gave, which other files may cite (`[@id]`); those of notes are numbers that the
    /// importer gave, and mean nothing elsewhere.
    pub public: bool,
}

/// Puts the texts one behind the other. Blocks, citations and sources keep their ids where these are free and get new ones
/// where they are not, so nothing that one file cites is taken for what another has. The head is that of the first file that
/// has a text; the headline of a later one becomes a heading. Returns sentences about what could not be kept.
///
/// # Errors
/// A sentence, when a file cites what no file has, or what several have under one id.
pub fn join(parts: Vec<Part>) -> Result<(Story, Vec<String>), String> {
    let mut sources = Sources::default();
    // Those with ids that a person gave keep them whatever the order of the files is.
    let mut ids: Vec<HashMap<String, String>> = parts.iter().map(|_| HashMap::new()).collect();
    for public in [true, false] {
        for (part, ids) in parts.iter().zip(&mut ids).filter(|(part, _)| part.public == public) {
            for source in &part.story.sources {
                ids.insert(source.id.clone(), sources.add(source, public));
            }
        }
    }
    let mut whole: Option<Story> = None;
    let mut said = Vec::new();
    let (mut blocks, mut citations) = (Ids::new("b"), Ids::new("c-"));
    for (part, ids) in parts.into_iter().zip(ids) {
        let Part { name, mut story, .. } = part;
        for citation in &mut story.citations {
            let own = ids.get(&citation.source);
            citation.source = match own {
                Some(id) => id.clone(),
                None => sources
                    .cited(&citation.source)
                    .map_err(|error| format!("{name}: {error}"))?,
            };
            citation.id = citations.free(&citation.id);
        }
        let mut renamed = HashMap::new();
        for block in &mut story.blocks {
            let id = blocks.free(&block.id);
            renamed.insert(std::mem::replace(&mut block.id, id.clone()), id);
        }
        for citation in &mut story.citations {
            for place in [&mut citation.start, &mut citation.end] {
                if let Some(id) = renamed.get(&place.block) {
                    place.block.clone_from(id);
                }
            }
        }
        story.sources = Vec::new();
        match &mut whole {
            None => whole = Some(story),
            Some(whole) => append(whole, story, &name, &mut blocks, &mut said),
        }
    }
    let mut story = whole.ok_or("no file was given")?;
    story.sources = sources.all;
    Ok((story, said))
}

/// Puts a story behind another.
fn append(whole: &mut Story, mut next: Story, name: &str, blocks: &mut Ids, said: &mut Vec<String>) {
    let at_start = whole.blocks.is_empty();
    let head = [
        (&mut whole.headline, next.headline, BlockKind::Heading { level: 2 }),
        (&mut whole.summary, next.summary, BlockKind::Paragraph),
    ];
    let mut before = Vec::new();
    for (place, text, kind) in head.into_iter().filter(|(_, text, _)| !text.is_empty()) {
        if at_start && place.is_empty() {
            *place = text;
        } else {
            before.push(Block {
                id: blocks.free(""),
                kind,
                text: vec![Span {
                    text,
                    marks: Marks::default(),
                }],
            });
        }
    }
    whole.blocks.extend(before);
    for by in next.byline {
        if !whole.byline.contains(&by) {
            whole.byline.push(by);
        }
    }
    if whole.lang == "und" {
        whole.lang = next.lang;
    } else if next.lang != "und" && next.lang != whole.lang {
        said.push(format!(
            "{name}: its language is {}, and the story stays {}",
            next.lang, whole.lang
        ));
    }
    whole.blocks.append(&mut next.blocks);
    whole.citations.append(&mut next.citations);
}

/// Ids that are used, and the next number for a new one.
struct Ids {
    start: &'static str,
    used: HashSet<String>,
    next: usize,
}

impl Ids {
    fn new(start: &'static str) -> Self {
        Self {
            start,
            used: HashSet::new(),
            next: 1,
        }
    }

    /// This id where it is free, a new one where it is not.
    fn free(&mut self, wanted: &str) -> String {
        if !wanted.is_empty() && self.used.insert(wanted.to_owned()) {
            return wanted.to_owned();
        }
        loop {
            let id = format!("{}{}", self.start, self.next);
            self.next += 1;
            if self.used.insert(id.clone()) {
                return id;
            }
        }
    }
}

/// The sources of all files.
struct Sources {
    all: Vec<Source>,
    ids: Ids,
    /// Their ids by all that is in them but the id: what several files have is kept once.
    same: HashMap<String, String>,
    /// Ids that a person gave, and what they are now; nothing where they mean several sources.
    public: HashMap<String, Option<String>>,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            ids: Ids::new("s"),
            same: HashMap::new(),
            public: HashMap::new(),
        }
    }
}

impl Sources {
    /// Adds a source and returns its id.
    fn add(&mut self, source: &Source, public: bool) -> String {
        let mut source = source.clone();
        let given = std::mem::take(&mut source.id);
        let content = serde_json::to_string(&source).unwrap_or_default();
        let id = match self.same.get(&content) {
            Some(known) => known.clone(),
            None => {
                source.id = self.ids.free(&given);
                self.same.insert(content, source.id.clone());
                self.all.push(source.clone());
                source.id
            }
        };
        if public {
            self.public
                .entry(given)
                .and_modify(|known| {
                    if known.as_ref() != Some(&id) {
                        *known = None;
                    }
                })
                .or_insert_with(|| Some(id.clone()));
        }
        id
    }

    /// What a file means that cites an id which it does not have itself.
    fn cited(&self, id: &str) -> Result<String, String> {
        match self.public.get(id) {
            Some(Some(found)) => Ok(found.clone()),
            Some(None) => Err(format!(
                "the text cites {id:?}, and several files have different sources with that id: rename all but one"
            )),
            None => Err(format!("the text cites {id:?}, but no file has a source with that id")),
        }
    }
}
