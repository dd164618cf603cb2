//! Records as they lie in documents: JSON that others may have written.

use serde_json::{Map, Value};

use crate::claim::{Answered, Backed, Claim};
use crate::edition::{Front, Link};
use crate::entity::Entity;
use crate::form::tolerant;
use crate::policy::Policy;
use crate::reply::Reply;
use crate::source::{Confidential, Record};

/// A record that lies in a document.
pub trait Recorded: Sized {
    /// The record in an object that others may have written: a wrong type reads as absent, a text that is too long is clipped,
    /// of what is too many the first are kept. Where it stands in the text is none of its members: documents keep that beside them.
    fn recorded(json: &Map<String, Value>) -> Self;
}

macro_rules! recorded {
    ($($type:ident)+) => {
        $(impl Recorded for $type {
            fn recorded(json: &Map<String, Value>) -> Self {
                tolerant(json)
            }
        })+
    };
}

recorded!(Record Confidential Claim Answered Backed Entity Reply Link Front Policy);
