//! The notes of an edition: threads of comments on spans of its text.
//!
//! A thread knows its span by two cursors of the body, kept as the texts that the body makes of them. Comments are only
//! ever added: whoever replies at the same time as others finds all replies, in the same order everywhere.

use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, ObjId, ObjType};
use thiserror::Error;

use crate::admission::session_of;
use crate::document::{Document, WriteError};
use crate::values::{Node, in_order, next_order};

/// The longest comment, in characters.
pub const MAX_COMMENT: usize = 20_000;
/// The longest id, cursor or time, in characters.
const MAX_FIELD: usize = 300;

/// Why the notes were not changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NoteError {
    /// There is no such thread.
    #[error("there is no thread {id:?} on this edition")]
    NoThread {
        /// The id that was asked for.
        id: String,
    },
    /// The id is in use.
    #[error("a thread {id:?} is there already; choose another id")]
    Taken {
        /// The id.
        id: String,
    },
    /// Nothing was said.
    #[error("the comment is empty")]
    Empty,
    /// Too much was said.
    #[error("the comment has {length} characters; at most {MAX_COMMENT} are kept")]
    TooLong {
        /// How many.
        length: usize,
    },
    /// The document is not one of notes, or is damaged.
    #[error("the notes cannot be written: {0}")]
    Document(#[from] WriteError),
}

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Id.
    pub id: String,
    /// Cursor of the body where its span starts.
    pub start: String,
    /// Cursor of the body where its span ends.
    pub end: String,
    /// Whether it is resolved.
    pub resolved: bool,
    /// What was said, in order.
    pub comments: Vec<Comment>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Id of the member who says it, as the writer's engine wrote it: compare [`Comment::session`].
    pub member: String,
    /// What is said.
    pub text: String,
    /// When, RFC 3339, by the writer's clock.
    pub at: String,
    /// The actor that wrote it, which admission has bound to a device's session; ignored when writing.
    pub session: Vec<u8>,
}

/// The threads in the order in which they were started. Where one was made several times at once, which happens when it was
/// entered again and counts after all, it has what was said in each; some of that may be there twice then.
pub fn threads(notes: &Document) -> Vec<Thread> {
    let Some(all) = Node::root(notes, None).map("threads") else {
        return Vec::new();
    };
    in_order(all.maps())
        .into_iter()
        .map(|(id, node)| Thread {
            comments: (all.all_maps(&id).iter().rev())
                .flat_map(|map| map.list("comments"))
                .filter_map(|node| read_comment(&node))
                .collect(),
            id,
            start: node.text("start", MAX_FIELD).unwrap_or_default(),
            end: node.text("end", MAX_FIELD).unwrap_or_default(),
            resolved: node.flag("resolved"),
        })
        .collect()
}

/// Starts a thread on the span between two cursors of the body.
pub fn start_thread(
    notes: &mut Document,
    id: &str,
    start: &str,
    end: &str,
    comment: &Comment,
) -> Result<(), NoteError> {
    check(comment)?;
    let all = root(notes)?;
    if all.map(id).is_some() {
        return Err(NoteError::Taken { id: id.to_owned() });
    }
    let (order, all) = (next_order(&all.maps()), all.id().clone());
    Ok(notes.transact(|tx| {
        let thread = tx.put_object(&all, id, ObjType::Map)?;
        tx.put(&thread, "order", order)?;
        tx.put(&thread, "start", start)?;
        tx.put(&thread, "end", end)?;
        let comments = tx.put_object(&thread, "comments", ObjType::List)?;
        write_comment(tx, &comments, 0, comment)
    })?)
}

/// Says something in a thread.
pub fn reply(notes: &mut Document, id: &str, comment: &Comment) -> Result<(), NoteError> {
    check(comment)?;
    let thread = thread(notes, id)?;
    let comments = thread
        .list_id("comments")
        .ok_or(NoteError::Document(AutomergeError::NotAnObject.into()))?;
    Ok(notes.transact(|tx| {
        let end = automerge::ReadDoc::length(tx, &comments);
        write_comment(tx, &comments, end, comment)
    })?)
}

/// Resolves a thread or opens it again.
pub fn resolve(notes: &mut Document, id: &str, resolved: bool) -> Result<(), NoteError> {
    let thread = thread(notes, id)?;
    if thread.flag("resolved") == resolved {
        return Ok(());
    }
    let thread = thread.id().clone();
    Ok(notes.transact(|tx| tx.put(&thread, "resolved", resolved))?)
}

/// Gives a thread another span: its text was cut and came back elsewhere.
pub fn move_thread(notes: &mut Document, id: &str, start: &str, end: &str) -> Result<(), NoteError> {
    let thread = thread(notes, id)?.id().clone();
    Ok(notes.transact(|tx| {
        tx.put(&thread, "start", start)?;
        tx.put(&thread, "end", end)
    })?)
}

fn root(notes: &Document) -> Result<Node<'_>, NoteError> {
    Node::root(notes, None)
        .map("threads")
        .ok_or(NoteError::Document(AutomergeError::NotAnObject.into()))
}

fn thread<'a>(notes: &'a Document, id: &str) -> Result<Node<'a>, NoteError> {
    root(notes)?
        .map(id)
        .ok_or_else(|| NoteError::NoThread { id: id.to_owned() })
}

fn check(comment: &Comment) -> Result<(), NoteError> {
    let length = comment.text.chars().count();
    match length {
        _ if comment.text.trim().is_empty() => Err(NoteError::Empty),
        _ if length > MAX_COMMENT => Err(NoteError::TooLong { length }),
        _ => Ok(()),
    }
}

fn write_comment(
    tx: &mut Transaction<'_>,
    comments: &ObjId,
    at: usize,
    comment: &Comment,
) -> Result<(), AutomergeError> {
    let map = tx.insert_object(comments, at, ObjType::Map)?;
    tx.put(&map, "member", comment.member.as_str())?;
    tx.put(&map, "text", comment.text.as_str())?;
    tx.put(&map, "at", comment.at.as_str())
}

fn read_comment(node: &Node<'_>) -> Option<Comment> {
    Some(Comment {
        member: node.text("member", MAX_FIELD)?,
        text: node.text("text", MAX_COMMENT)?,
        at: node.text("at", MAX_FIELD).unwrap_or_default(),
        session: session_of(node.writer()).to_vec(),
    })
}
