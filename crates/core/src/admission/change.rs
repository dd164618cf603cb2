//! A change's data, read and bounded before Automerge parses it.
//!
//! Format: <https://automerge.org/automerge-binary-format-spec/#_change_reference>. Only what documents of Komuz hold is
//! let through: maps, lists, texts, plain values, deletions and marks.

use automerge::{Change, ChangeHash};

use super::bytes::{Bytes, Deltas, Flags, Runs};
use super::chunk::Chunk;
use super::{MAX_ACTOR, MAX_KEY, MAX_MARKS, MAX_OPS, MAX_OVERWRITTEN, MAX_VALUE, Refusal};

/// A change that is well formed and within limits; whether its references hold is the table's business.
#[derive(Debug, Clone)]
pub(super) struct Parsed {
    pub hash: ChangeHash,
    pub deps: Vec<ChangeHash>,
    /// The writer, then the other actors that operations name.
    pub actors: Vec<Vec<u8>>,
    pub seq: u64,
    pub start_op: u64,
    pub ops: Vec<Op>,
    /// The whole uncompressed chunk.
    pub bytes: Vec<u8>,
}

/// Counter and index of the actor in [`Parsed::actors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpId {
    pub counter: u64,
    pub actor: usize,
}

/// One operation.
#[derive(Debug, Clone)]
pub(super) struct Op {
    /// The object that it changes; none is the root map.
    pub obj: Option<OpId>,
    pub key: Key,
    pub insert: bool,
    pub action: Action,
    /// What it overwrites or deletes.
    pub pred: Vec<OpId>,
}

/// Where in its object an operation works.
#[derive(Debug, Clone)]
pub(super) enum Key {
    /// A map's key.
    Prop(Box<str>),
    /// The start of a list or text.
    Head,
    /// An element of a list or text.
    Elem(OpId),
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    MakeMap,
    MakeList,
    MakeText,
    /// Puts a value that is not one character.
    Put,
    /// Puts a string of one character, the only value that texts hold.
    PutChar,
    Delete,
    MarkBegin,
    MarkEnd,
}

/// The actor that has written a change, and the change's number: the head of its data, no more.
pub(super) fn writer(chunk: &Chunk) -> Result<(Vec<u8>, u64), Refusal> {
    let mut input = Bytes::new(&chunk.bytes[chunk.data..]);
    for _ in 0..input.uleb()? {
        input.take(32)?;
    }
    Ok((read_actor(&mut input)?, input.uleb()?))
}

impl Parsed {
    pub fn read(chunk: Chunk) -> Result<Self, Refusal> {
        let base = chunk.data;
        let mut input = Bytes::new(&chunk.bytes[base..]);
        let mut deps = Vec::new();
        for _ in 0..input.uleb()? {
            let mut hash = [0; 32];
            hash.copy_from_slice(input.take(32)?);
            deps.push(ChangeHash(hash));
        }
        if deps.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(Refusal::NotCanonical);
        }
        let mut actors = vec![read_actor(&mut input)?];
        let seq = input.uleb()?;
        let start_op = input.uleb()?;
        let time = input.sleb()?;
        let message = input.prefixed()?;
        if time != 0 || !message.is_empty() {
            return Err(Refusal::Forbidden {
                what: "a time or a message of Automerge's own",
            });
        }
        for _ in 0..input.uleb()? {
            actors.push(read_actor(&mut input)?);
        }
        let columns = Columns::read(&mut input)?;
        if !input.is_done() {
            return Err(Refusal::Forbidden {
                what: "bytes behind the operations",
            });
        }
        let ops = columns.ops(actors.len())?;
        Ok(Self {
            hash: chunk.hash,
            deps,
            actors,
            seq,
            start_op,
            ops,
            bytes: chunk.bytes,
        })
    }

    /// The counter of the last operation.
    pub fn max_op(&self) -> u64 {
        self.start_op.saturating_add(self.ops.len() as u64).saturating_sub(1)
    }

    /// The change for Automerge, if it is written exactly as Automerge writes it. Automerge stores operations and not
    /// bytes: another spelling of the same operations would get another hash when a saved document is loaded, and the
    /// document would be lost.
    pub fn canonical(&self) -> Result<Change, Refusal> {
        let change = Change::from_bytes(self.bytes.clone()).map_err(|_| Refusal::Malformed {
            what: "something that Automerge cannot parse",
        })?;
        if change.hash() != self.hash || change.len() != self.ops.len() {
            return Err(Refusal::NotCanonical);
        }
        let again = Change::from(change.decode());
        if again.raw_bytes() == change.raw_bytes() {
            Ok(change)
        } else {
            Err(Refusal::NotCanonical)
        }
    }
}

fn read_actor(input: &mut Bytes<'_>) -> Result<Vec<u8>, Refusal> {
    let actor = input.prefixed()?;
    if actor.is_empty() || actor.len() > MAX_ACTOR {
        return Err(Refusal::Malformed {
            what: "an actor id that is empty or too long",
        });
    }
    Ok(actor.to_vec())
}

/// The columns of a change's operations, by their specification (id << 4 | type).
#[derive(Default)]
struct Columns<'a> {
    obj_actor: &'a [u8],
    obj_counter: &'a [u8],
    key_actor: &'a [u8],
    key_counter: &'a [u8],
    key_string: &'a [u8],
    insert: &'a [u8],
    action: &'a [u8],
    value_meta: &'a [u8],
    value: &'a [u8],
    pred_count: &'a [u8],
    pred_actor: &'a [u8],
    pred_counter: &'a [u8],
    expand: &'a [u8],
    mark_name: &'a [u8],
}

impl<'a> Columns<'a> {
    fn read(input: &mut Bytes<'a>) -> Result<Self, Refusal> {
        let mut specs: Vec<(u64, u64)> = Vec::new();
        for _ in 0..input.uleb()? {
            let spec = input.uleb()?;
            if specs.last().is_some_and(|(last, _)| *last >= spec) {
                return Err(Refusal::Malformed {
                    what: "columns out of order",
                });
            }
            specs.push((spec, input.uleb()?));
        }
        let mut columns = Self::default();
        for (spec, length) in specs {
            let column = match spec {
                0x01 => &mut columns.obj_actor,
                0x02 => &mut columns.obj_counter,
                0x11 => &mut columns.key_actor,
                0x13 => &mut columns.key_counter,
                0x15 => &mut columns.key_string,
                0x34 => &mut columns.insert,
                0x42 => &mut columns.action,
                0x56 => &mut columns.value_meta,
                0x57 => &mut columns.value,
                0x70 => &mut columns.pred_count,
                0x71 => &mut columns.pred_actor,
                0x73 => &mut columns.pred_counter,
                0x94 => &mut columns.expand,
                0xa5 => &mut columns.mark_name,
                _ => {
                    return Err(Refusal::Forbidden {
                        what: "a column that this version does not know",
                    });
                }
            };
            *column = input.take(length)?;
        }
        Ok(columns)
    }

    fn ops(&self, actors: usize) -> Result<Vec<Op>, Refusal> {
        let mut obj_actor = Runs::new(self.obj_actor, Bytes::uleb);
        let mut obj_counter = Runs::new(self.obj_counter, Bytes::uleb);
        let mut key_actor = Runs::new(self.key_actor, Bytes::uleb);
        let mut key_counter = Deltas::new(self.key_counter);
        let mut key_string = Runs::new(self.key_string, Bytes::prefixed);
        let mut insert = Flags::new(self.insert);
        let mut action = Runs::new(self.action, Bytes::uleb);
        let mut value_meta = Runs::new(self.value_meta, Bytes::uleb);
        let mut value = Bytes::new(self.value);
        let mut pred_count = Runs::new(self.pred_count, Bytes::uleb);
        let mut pred_actor = Runs::new(self.pred_actor, Bytes::uleb);
        let mut pred_counter = Deltas::new(self.pred_counter);
        let mut expand = Flags::new(self.expand);
        let mut mark_name = Runs::new(self.mark_name, Bytes::prefixed);

        let id = |actor: u64, counter: u64| match usize::try_from(actor) {
            Ok(actor) if actor < actors && counter > 0 => Ok(OpId { counter, actor }),
            _ => Err(Refusal::Malformed {
                what: "an operation of an actor that the change does not name",
            }),
        };
        let mut ops = Vec::new();
        let mut marks = 0;
        while !action.is_done() {
            if ops.len() == MAX_OPS {
                return Err(Refusal::TooManyOps { limit: MAX_OPS });
            }
            let obj = match (obj_actor.next()?, obj_counter.next()?) {
                (None, None) => None,
                (Some(actor), Some(counter)) => Some(id(actor, counter)?),
                _ => {
                    return Err(Refusal::Malformed {
                        what: "half an object id",
                    });
                }
            };
            let key = match (key_actor.next()?, key_counter.next()?, key_string.next()?) {
                (None, None, Some(text)) => Key::Prop(prop(text)?),
                (None, Some(0), None) => Key::Head,
                (Some(actor), Some(counter), None) => Key::Elem(id(actor, counter)?),
                _ => {
                    return Err(Refusal::Malformed {
                        what: "an operation without one key",
                    });
                }
            };
            let Some(meta) = value_meta.next()? else {
                return Err(Refusal::Malformed {
                    what: "an operation without a value",
                });
            };
            let content = read_value(meta, &mut value)?;
            let Some(number) = action.next()? else {
                return Err(Refusal::Malformed {
                    what: "an operation without an action",
                });
            };
            let name = mark_name.next()?;
            let _ = expand.next()?;
            let action = match (number, name) {
                (0, None) => Action::MakeMap,
                (1, None) if content == Content::Char => Action::PutChar,
                (1, None) => Action::Put,
                (2, None) => Action::MakeList,
                (3, None) => Action::Delete,
                (4, None) => Action::MakeText,
                (5, _) => return Err(Refusal::Forbidden { what: "a counter" }),
                (6, _) => return Err(Refusal::Forbidden { what: "a table" }),
                (7, Some(name)) if name.is_empty() || name.len() > MAX_KEY || std::str::from_utf8(name).is_err() => {
                    return Err(Refusal::Malformed {
                        what: "a mark's name that is empty, too long or not UTF-8",
                    });
                }
                (7, Some(_)) => Action::MarkBegin,
                (7, None) => Action::MarkEnd,
                (_, Some(_)) => {
                    return Err(Refusal::Malformed {
                        what: "a mark's name on what is no mark",
                    });
                }
                _ => {
                    return Err(Refusal::Forbidden {
                        what: "an action that this version does not know",
                    });
                }
            };
            if action == Action::MarkBegin {
                marks += 1;
                if marks > MAX_MARKS {
                    return Err(Refusal::TooManyMarks { limit: MAX_MARKS });
                }
            }
            let mut pred: Vec<OpId> = Vec::new();
            for _ in 0..pred_count.next()?.unwrap_or(0) {
                let (Some(actor), Some(counter)) = (pred_actor.next()?, pred_counter.next()?) else {
                    return Err(Refusal::Malformed {
                        what: "half an operation id",
                    });
                };
                let next = id(actor, counter)?;
                // Ordered by counter; among equal counters Automerge orders by actor, which the canonical form checks.
                if pred
                    .last()
                    .is_some_and(|last| last.counter > next.counter || *last == next)
                {
                    return Err(Refusal::NotCanonical);
                }
                if pred.len() == MAX_OVERWRITTEN {
                    return Err(Refusal::Malformed {
                        what: "an operation that overwrites too many others",
                    });
                }
                pred.push(next);
            }
            ops.push(Op {
                obj,
                key,
                insert: insert.next()?,
                action,
                pred,
            });
        }
        if ops.is_empty() {
            return Err(Refusal::Empty);
        }
        let done = obj_actor.is_done()
            && obj_counter.is_done()
            && key_actor.is_done()
            && key_counter.is_done()
            && key_string.is_done()
            && insert.is_done()
            && value_meta.is_done()
            && value.is_done()
            && pred_count.is_done()
            && pred_actor.is_done()
            && pred_counter.is_done()
            && expand.is_done()
            && mark_name.is_done();
        if done {
            Ok(ops)
        } else {
            Err(Refusal::Malformed {
                what: "columns of different lengths",
            })
        }
    }
}

fn prop(text: &[u8]) -> Result<Box<str>, Refusal> {
    match std::str::from_utf8(text) {
        Ok(text) if !text.is_empty() && text.len() <= MAX_KEY => Ok(text.into()),
        _ => Err(Refusal::Malformed {
            what: "a key that is empty, too long or not UTF-8",
        }),
    }
}

#[derive(PartialEq)]
enum Content {
    Char,
    Other,
}

/// Reads a value by its type and length (<https://automerge.org/automerge-binary-format-spec/#_value_columns>).
fn read_value(meta: u64, values: &mut Bytes<'_>) -> Result<Content, Refusal> {
    let length = meta >> 4;
    if length > MAX_VALUE as u64 {
        return Err(Refusal::ValueTooLarge { limit: MAX_VALUE });
    }
    let bytes = values.take(length)?;
    let whole = match meta & 0xf {
        0..=2 => bytes.is_empty(),
        3 => read_whole(bytes, |input| input.uleb().is_ok()),
        4 => read_whole(bytes, |input| input.sleb().is_ok()),
        5 => bytes.len() == 8,
        6 => {
            let text = std::str::from_utf8(bytes).map_err(|_| Refusal::Malformed {
                what: "a text that is not UTF-8",
            })?;
            let mut chars = text.chars();
            if chars.next().is_some() && chars.next().is_none() {
                return Ok(Content::Char);
            }
            true
        }
        7 => true,
        _ => {
            return Err(Refusal::Forbidden {
                what: "a value of a type that documents here do not hold",
            });
        }
    };
    if whole {
        Ok(Content::Other)
    } else {
        Err(Refusal::Malformed {
            what: "a value of the wrong length",
        })
    }
}

fn read_whole(bytes: &[u8], read: impl Fn(&mut Bytes<'_>) -> bool) -> bool {
    let mut input = Bytes::new(bytes);
    read(&mut input) && input.is_done()
}
