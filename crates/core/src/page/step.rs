//! ProseMirror's steps, as `prosemirror-transform` 1.12 writes them, and what they do to a page.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::json::{
    read_attrs, read_block, read_list, read_mark, read_run, write_attrs, write_block, write_mark, write_run,
};
use super::{Block, Mark, Page, PageError, Place, Run, Splice, Token};

/// A step: a change of a document that can be applied to that very document.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `replace`: a range gives way to a slice.
    Replace {
        /// Start.
        from: usize,
        /// End.
        to: usize,
        /// What comes.
        slice: Slice,
    },
    /// `replaceAround`: as `replace`, but what lies in the gap stays and is put into the slice.
    ReplaceAround {
        /// Start.
        from: usize,
        /// End.
        to: usize,
        /// Start of what stays.
        gap_from: usize,
        /// End of what stays.
        gap_to: usize,
        /// What comes around it.
        slice: Slice,
        /// Where in the slice the gap's content goes.
        insert: usize,
    },
    /// `addMark`: all text in a range gets a mark.
    AddMark {
        /// Start.
        from: usize,
        /// End.
        to: usize,
        /// The mark.
        mark: Mark,
    },
    /// `removeMark`: all text in a range loses a mark.
    RemoveMark {
        /// Start.
        from: usize,
        /// End.
        to: usize,
        /// The mark.
        mark: Mark,
    },
    /// `attr`: a block's attribute is set.
    Attr {
        /// The position before the block.
        pos: usize,
        /// The attribute's name.
        attr: String,
        /// Its value.
        value: Value,
    },
    /// `docAttr`: an attribute of the document itself; the schema has none, so it changes nothing.
    DocAttr,
}

/// A piece of a document that may be open at its sides.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Slice {
    /// What it holds.
    pub content: Content,
    /// 1 when its first block continues the one before.
    pub open_start: usize,
    /// 1 when its last block is continued behind it.
    pub open_end: usize,
}

/// Content of a slice.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Text that goes inside a block.
    Inline(Vec<Run>),
    /// Blocks.
    Blocks(Vec<Block>),
}

impl Default for Content {
    fn default() -> Self {
        Content::Inline(Vec::new())
    }
}

/// What a step does, in flat indices and markers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// A replacement.
    Splice(Splice),
    /// A block becomes of another kind or gets other attributes: its marker stays.
    Rewrite {
        /// The block's index.
        block: usize,
        /// Its attribute `id` afterwards.
        id: Option<String>,
        /// Its kind afterwards.
        kind: komuz_release::story::BlockKind,
    },
    /// Text gets a mark or loses it.
    Mark {
        /// Flat range.
        range: Range<usize>,
        /// The mark.
        mark: Mark,
        /// Gets (`true`) or loses it.
        add: bool,
    },
}

impl Slice {
    /// Text.
    pub fn inline(runs: Vec<Run>) -> Self {
        Self {
            content: Content::Inline(runs),
            open_start: 0,
            open_end: 0,
        }
    }

    /// Blocks, open or closed at the sides.
    pub fn blocks(blocks: Vec<Block>, open_start: usize, open_end: usize) -> Self {
        Self {
            content: Content::Blocks(blocks),
            open_start,
            open_end,
        }
    }

    fn is_empty(&self) -> bool {
        match &self.content {
            Content::Inline(runs) => runs.is_empty(),
            Content::Blocks(blocks) => blocks.is_empty(),
        }
    }

    /// Its tokens: the marker of an open first block is left out, since that block continues the one before.
    fn tokens(&self) -> Vec<Token> {
        match &self.content {
            Content::Inline(runs) => runs.iter().cloned().map(Token::Text).collect(),
            Content::Blocks(blocks) => blocks
                .iter()
                .enumerate()
                .flat_map(|(index, block)| {
                    let marker = Token::Marker {
                        id: block.id.clone(),
                        kind: block.kind.clone(),
                    };
                    let skip = usize::from(index == 0 && self.open_start > 0);
                    std::iter::once(marker)
                        .chain(block.runs().iter().cloned().map(Token::Text))
                        .skip(skip)
                })
                .collect(),
        }
    }

    fn read(value: Option<&Value>) -> Result<Self, PageError> {
        let Some(value) = value.filter(|value| !value.is_null()) else {
            return Ok(Self::default());
        };
        let depth = |key: &str| match value.get(key) {
            None => Ok(0),
            Some(depth) => depth
                .as_u64()
                .filter(|depth| *depth <= 1)
                .map(|depth| depth as usize)
                .ok_or_else(|| PageError::Shape {
                    what: "blocks are one deep".into(),
                    place: format!("slice.{key}"),
                }),
        };
        let items = value.get("content");
        let is_text = |item: &Value| item.get("type").and_then(Value::as_str) == Some("text");
        let inline = items
            .and_then(Value::as_array)
            .is_none_or(|items| items.iter().all(is_text));
        let content = if inline {
            Content::Inline(read_list(items, "slice.content", read_run)?)
        } else {
            Content::Blocks(read_list(items, "slice.content", read_block)?)
        };
        Ok(Self {
            content,
            open_start: depth("openStart")?,
            open_end: depth("openEnd")?,
        })
    }

    fn write(&self) -> Option<Value> {
        if self.is_empty() {
            return None;
        }
        let content: Value = match &self.content {
            Content::Inline(runs) => runs.iter().map(write_run).collect(),
            Content::Blocks(blocks) => blocks.iter().map(write_block).collect(),
        };
        let mut slice = Map::new();
        slice.insert("content".into(), content);
        if self.open_start > 0 {
            slice.insert("openStart".into(), self.open_start.into());
        }
        if self.open_end > 0 {
            slice.insert("openEnd".into(), self.open_end.into());
        }
        Some(slice.into())
    }
}

impl Step {
    /// Reads a step's JSON. A step of an unknown type that says `from`, `to` and `slice` is taken as a replacement, which
    /// is what every step comes down to.
    pub fn read(value: &Value) -> Result<Self, PageError> {
        let number = |key: &str| {
            let number = value
                .get(key)
                .and_then(Value::as_u64)
                .and_then(|number| usize::try_from(number).ok());
            number.ok_or_else(|| PageError::Shape {
                what: "no whole number".into(),
                place: format!("step.{key}"),
            })
        };
        let mark = || {
            let mark = value.get("mark").ok_or_else(|| PageError::Shape {
                what: "no mark".into(),
                place: "step.mark".into(),
            });
            read_mark(mark?, "step.mark")
        };
        let name = value.get("stepType").and_then(Value::as_str).unwrap_or_default();
        Ok(match name {
            "replace" => Step::Replace {
                from: number("from")?,
                to: number("to")?,
                slice: Slice::read(value.get("slice"))?,
            },
            "replaceAround" => Step::ReplaceAround {
                from: number("from")?,
                to: number("to")?,
                gap_from: number("gapFrom")?,
                gap_to: number("gapTo")?,
                slice: Slice::read(value.get("slice"))?,
                insert: number("insert")?,
            },
            "addMark" => Step::AddMark {
                from: number("from")?,
                to: number("to")?,
                mark: mark()?,
            },
            "removeMark" => Step::RemoveMark {
                from: number("from")?,
                to: number("to")?,
                mark: mark()?,
            },
            "attr" => Step::Attr {
                pos: number("pos")?,
                attr: value.get("attr").and_then(Value::as_str).unwrap_or_default().to_owned(),
                value: value.get("value").cloned().unwrap_or_default(),
            },
            "docAttr" => Step::DocAttr,
            _ if value.get("slice").is_some() && value.get("gapFrom").is_none() => Step::Replace {
                from: number("from")?,
                to: number("to")?,
                slice: Slice::read(value.get("slice"))?,
            },
            other => return Err(PageError::UnknownStep(other.to_owned())),
        })
    }

    /// The step's JSON.
    pub fn write(&self) -> Value {
        let with_slice = |mut step: Value, slice: &Slice| {
            if let (Some(slice), Some(step)) = (slice.write(), step.as_object_mut()) {
                step.insert("slice".into(), slice);
            }
            step
        };
        match self {
            Step::Replace { from, to, slice } => {
                with_slice(json!({ "stepType": "replace", "from": from, "to": to }), slice)
            }
            Step::ReplaceAround {
                from,
                to,
                gap_from,
                gap_to,
                slice,
                insert,
            } => with_slice(
                json!({
                    "stepType": "replaceAround", "from": from, "to": to, "gapFrom": gap_from, "gapTo": gap_to,
                    "insert": insert, "structure": true,
                }),
                slice,
            ),
            Step::AddMark { from, to, mark } => {
                json!({ "stepType": "addMark", "mark": write_mark(mark), "from": from, "to": to })
            }
            Step::RemoveMark { from, to, mark } => {
                json!({ "stepType": "removeMark", "mark": write_mark(mark), "from": from, "to": to })
            }
            Step::Attr { pos, attr, value } => json!({ "stepType": "attr", "pos": pos, "attr": attr, "value": value }),
            Step::DocAttr => json!({ "stepType": "docAttr" }),
        }
    }

    /// What the step does to this page, in the order in which it is to be done; an effect's indices count after those
    /// before it.
    pub(crate) fn effects(&self, page: &Page) -> Result<Vec<Effect>, PageError> {
        match self {
            Step::Replace { from, to, slice } => Ok(vec![Effect::Splice(replace(page, *from, *to, slice)?)]),
            Step::ReplaceAround {
                from,
                to,
                gap_from,
                gap_to,
                slice,
                insert,
            } => replace_around(page, [*from, *gap_from, *gap_to, *to], slice, *insert),
            Step::AddMark { from, to, mark } => mark_range(page, *from, *to, mark, true),
            Step::RemoveMark { from, to, mark } => mark_range(page, *from, *to, mark, false),
            Step::Attr { pos, attr, value } => set_attr(page, *pos, attr, value).map(|effect| vec![effect]),
            Step::DocAttr => Ok(Vec::new()),
        }
    }

    /// The page after the step.
    pub fn apply(&self, page: &Page) -> Result<Page, PageError> {
        self.effects(page)?
            .iter()
            .try_fold(page.clone(), |page, effect| effect.apply(&page))
    }
}

impl Effect {
    /// The page after the effect.
    pub(crate) fn apply(&self, page: &Page) -> Result<Page, PageError> {
        match self {
            Effect::Splice(splice) => page.splice(splice),
            Effect::Rewrite { block, id, kind } => {
                let Some(old) = page.blocks().get(*block) else {
                    return Ok(page.clone());
                };
                Ok(page.with_block(*block, Block::new(id.clone(), kind.clone(), old.runs().to_vec())))
            }
            Effect::Mark { range, mark, add } => {
                let mut page = page.clone();
                let mut start = 0;
                for shared in &mut page.blocks {
                    let end = start + shared.text_len() + 1;
                    let from = range.start.max(start + 1);
                    let to = range.end.min(end);
                    if from < to {
                        let block = mark_block(shared, from - start - 1..to - start - 1, mark, *add);
                        *shared = Arc::new(block.ok_or(PageError::InsideCharacter { position: from })?);
                    }
                    start = end;
                }
                Ok(page)
            }
        }
    }
}

/// A block with a mark added to or removed from a range of its text.
pub(crate) fn mark_block(block: &Block, range: Range<usize>, mark: &Mark, add: bool) -> Option<Block> {
    let change = |run: Run| {
        let marks = if add {
            run.marks.with(mark.clone())
        } else {
            run.marks.without(mark)
        };
        Run::new(run.text, marks)
    };
    let mut runs = block.slice(0..range.start)?;
    runs.extend(block.slice(range.clone())?.into_iter().map(change));
    runs.extend(block.slice(range.end..block.text_len())?);
    Some(Block::new(block.id.clone(), block.kind.clone(), runs))
}

fn depth(place: Place) -> usize {
    match place {
        Place::Gap(_) => 0,
        Place::In { .. } => 1,
    }
}

fn replace(page: &Page, from: usize, to: usize, slice: &Slice) -> Result<Splice, PageError> {
    let misfit = |what| PageError::Misfit { from, to, what };
    if from > to {
        return Err(misfit("it ends before it starts"));
    }
    let (start, end) = (page.resolve(from)?, page.resolve(to)?);
    if depth(start) < slice.open_start || depth(start) - slice.open_start + slice.open_end != depth(end) {
        return Err(misfit("its open sides and its place are of different depth"));
    }
    let inside = depth(start) - slice.open_start == 1;
    match &slice.content {
        Content::Inline(runs) if !inside && !runs.is_empty() => return Err(misfit("text stands outside of a block")),
        Content::Blocks(_) if inside => return Err(misfit("a block stands inside a block")),
        Content::Blocks(blocks) => {
            let open_rule = |block: Option<&Block>, open: usize| open > 0 && block.is_none_or(Block::is_rule);
            if open_rule(blocks.first(), slice.open_start) || open_rule(blocks.last(), slice.open_end) {
                return Err(misfit("only a block of text is open at a side"));
            }
        }
        Content::Inline(_) if slice.open_start + slice.open_end > 0 => return Err(misfit("nothing is open at a side")),
        Content::Inline(_) => {}
    }
    Ok(Splice {
        range: page.flat(start)..page.flat(end),
        tokens: slice.tokens(),
    })
}

fn replace_around(
    page: &Page,
    [from, gap_from, gap_to, to]: [usize; 4],
    slice: &Slice,
    insert: usize,
) -> Result<Vec<Effect>, PageError> {
    let misfit = |what| PageError::Misfit { from, to, what };
    if !(from <= gap_from && gap_from <= gap_to && gap_to <= to) {
        return Err(misfit("the gap is not inside"));
    }
    let [start, gap_start, gap_end, end] = [
        page.resolve(from)?,
        page.resolve(gap_from)?,
        page.resolve(gap_to)?,
        page.resolve(to)?,
    ];
    // What block commands make: one block's opening gives way to another's, its text is the gap.
    if let (
        Place::Gap(block),
        Place::In {
            block: first,
            offset: 0,
        },
        Place::In { block: last, .. },
        Place::Gap(after),
    ) = (start, gap_start, gap_end, end)
        && block == first
        && block == last
        && after == block + 1
        && gap_to + 1 == to
        && let Content::Blocks(blocks) = &slice.content
        && let [wrapper] = blocks.as_slice()
        && insert == 1
        && slice.open_start + slice.open_end == 0
        && wrapper.text_len() == 0
        && !wrapper.is_rule()
    {
        return Ok(vec![Effect::Rewrite {
            block,
            id: wrapper.id.clone(),
            kind: wrapper.kind.clone(),
        }]);
    }
    // Anything else: the slice with the gap's tokens in it, put in around them.
    let Content::Blocks(blocks) = &slice.content else {
        return match (start, end) {
            (Place::In { .. }, Place::In { .. }) => Ok(vec![
                Effect::Splice(Splice {
                    range: page.flat(gap_end)..page.flat(end),
                    tokens: Vec::new(),
                }),
                Effect::Splice(Splice {
                    range: page.flat(start)..page.flat(gap_start),
                    tokens: slice.tokens(),
                }),
            ]),
            _ => Err(misfit("the gap's content stands outside of a block")),
        };
    };
    let wrapper = Page::new(blocks.clone());
    let at = insert.checked_add(slice.open_start).ok_or(PageError::Outside {
        position: insert,
        end: wrapper.size(),
    })?;
    let at = wrapper.resolve(at)?;
    let at = wrapper.flat(at);
    let skip = usize::from(slice.open_start > 0);
    let before = wrapper.tokens(0..at)?.into_iter().skip(skip).collect();
    let after = wrapper.tokens(at..wrapper.flat_len())?;
    Ok(vec![
        Effect::Splice(Splice {
            range: page.flat(gap_end)..page.flat(end),
            tokens: after,
        }),
        Effect::Splice(Splice {
            range: page.flat(start)..page.flat(gap_start),
            tokens: before,
        }),
    ])
}

fn mark_range(page: &Page, from: usize, to: usize, mark: &Mark, add: bool) -> Result<Vec<Effect>, PageError> {
    let range = page.flat(page.resolve(from)?)..page.flat(page.resolve(to)?);
    Ok(vec![Effect::Mark {
        range,
        mark: mark.clone(),
        add,
    }])
}

fn set_attr(page: &Page, pos: usize, attr: &str, value: &Value) -> Result<Effect, PageError> {
    let block = match page.resolve(pos)? {
        Place::Gap(block) if block < page.blocks().len() => block,
        _ => {
            return Err(PageError::Misfit {
                from: pos,
                to: pos,
                what: "an attribute belongs to a block",
            });
        }
    };
    let old = &page.blocks()[block];
    let mut attrs = write_attrs(old.id.as_deref(), &old.kind);
    attrs.insert(attr.to_owned(), value.clone());
    let name = super::json::node_name(&old.kind);
    let (id, kind) = read_attrs(name, &Value::Object(attrs)).ok_or(PageError::Misfit {
        from: pos,
        to: pos,
        what: "the block's kind is not in the schema",
    })?;
    Ok(Effect::Rewrite { block, id, kind })
}
