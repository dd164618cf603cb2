//! What is published, as specified: one file a subject.

mod canonical;
mod changed;
mod difference;
mod fixture;
mod flipped;
mod folder;
mod html;
mod jws;
mod keys;
mod masthead;
mod notes;
mod notice;
mod release;
mod snippet;
mod verify;
mod withheld;
