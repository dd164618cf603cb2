//! Who else is in an edition, and where their cursors are. Nothing of this is stored.

use std::collections::BTreeMap;

use komuz_sync::pace;
use komuz_sync::replica::Binding;
use komuz_sync::seal::bytes::{MemberId, SessionId};
use komuz_sync::seal::cbor::{CborError, Reader, Writer};
use komuz_sync::seal::doc::DocId;

/// Version of what is said; the first byte.
const VERSION: u8 = 1;
/// The longest cursor, in bytes.
const MAX_CURSOR: usize = 300;
const MAX: usize = 4096;

/// Fixed and moving end of a selection, as cursors of the body.
pub type Selected = Option<(String, String)>;

/// Somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Member.
    pub member: MemberId,
    /// Outlet's id.
    pub outlet: String,
    /// Selection.
    pub selected: Selected,
    at: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub struct People {
    others: BTreeMap<DocId, BTreeMap<SessionId, Other>>,
    /// What one wants others to know: the body one is in, and the selection.
    mine: Option<(DocId, Selected)>,
    told: Option<(DocId, Selected)>,
    told_at: u64,
    /// Something has changed since it was last asked for.
    pub changed: bool,
}

impl People {
    /// Somebody says where they are. What cannot be read is passed over.
    pub fn heard(&mut self, doc: DocId, who: &Binding, bytes: &[u8], now: u64) {
        let Ok(said) = read(bytes) else { return };
        let here = self.others.entry(doc).or_default();
        match said {
            Some(selected) => {
                let other = Other {
                    member: who.member,
                    outlet: who.outlet.clone(),
                    selected,
                    at: now,
                };
                here.insert(who.session, other);
            }
            None => {
                here.remove(&who.session);
            }
        }
        self.changed = true;
    }

    /// The others in a document.
    pub fn others(&self, doc: &DocId) -> impl Iterator<Item = (&SessionId, &Other)> {
        self.others.get(doc).into_iter().flatten()
    }

    /// Where one is.
    pub fn select(&mut self, doc: DocId, selected: Selected) {
        self.mine = Some((doc, selected));
    }

    /// One has left.
    pub fn leave(&mut self) {
        self.mine = None;
    }

    /// What is to be said now: a document and the message.
    pub fn time(&mut self, now: u64) -> Vec<(DocId, Vec<u8>)> {
        for here in self.others.values_mut() {
            let before = here.len();
            let gone_after = pace::gone_after(1 + before);
            here.retain(|_, other| now < other.at + gone_after);
            self.changed |= here.len() != before;
        }
        if self.due().is_none_or(|at| now < at) {
            return Vec::new();
        }
        let mut said = Vec::new();
        if let Some((doc, _)) = self.told.take()
            && self.mine.as_ref().is_none_or(|(mine, _)| *mine != doc)
        {
            said.push((doc, write(None)));
        }
        if let Some((doc, selected)) = &self.mine {
            said.push((doc.clone(), write(Some(selected))));
        }
        self.told.clone_from(&self.mine);
        self.told_at = now;
        said
    }

    /// When [`People::time`] has something to say.
    pub fn due(&self) -> Option<u64> {
        let people = self.mine.as_ref().map_or(1, |(doc, _)| 1 + self.others(doc).count());
        match (&self.mine, &self.told) {
            (None, None) => None,
            (mine, told) if mine != told => Some(self.told_at + pace::pause(people)),
            _ => Some(self.told_at + pace::repeat(people)),
        }
    }
}

fn write(said: Option<&Selected>) -> Vec<u8> {
    let w = Writer::versioned(VERSION);
    match said {
        None => w.array(0),
        Some(None) => w.array(1).null(),
        Some(Some((anchor, head))) => w.array(2).text(anchor).text(head),
    }
    .finish()
}

fn read(bytes: &[u8]) -> Result<Option<Selected>, CborError> {
    // Three shapes of one version, tried in turn: gone, there, there with a selection.
    let open = || match Reader::versioned(bytes, MAX)? {
        (VERSION, r) => Ok(r),
        _ => Err(CborError::NotAllowed(0)),
    };
    let mut r = open()?;
    if r.array(0).is_ok() {
        return r.end().map(|()| None);
    }
    let mut r = open()?;
    if r.array(1).is_ok() {
        r.optional(|r| r.uint())?;
        return r.end().map(|()| Some(None));
    }
    let mut r = open()?;
    r.array(2)?;
    let selected = (r.text(MAX_CURSOR)?.to_owned(), r.text(MAX_CURSOR)?.to_owned());
    r.end()?;
    Ok(Some(Some(selected)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use komuz_sync::seal::bytes::PublicKey;
    use komuz_sync::seal::charter::Role;

    fn doc() -> DocId {
        DocId::Body {
            story: "s".into(),
            lang: "ky".into(),
        }
    }

    fn who(n: u8) -> Binding {
        Binding {
            device: PublicKey([n; 32]),
            member: MemberId([n; 16]),
            outlet: "kloop".into(),
            role: Role::Writer,
            session: SessionId([n; 16]),
        }
    }

    #[test]
    fn a_cursor_is_heard_moved_and_gone() {
        let (mut here, mut there) = (People::default(), People::default());
        here.select(doc(), Some(("a".into(), "b".into())));
        for (doc, said) in here.time(10_000) {
            there.heard(doc, &who(1), &said, 10_000);
        }
        let seen: Vec<_> = there.others(&doc()).map(|(_, other)| other.selected.clone()).collect();
        assert_eq!(seen, [Some(("a".into(), "b".into()))]);
        here.leave();
        assert_eq!(here.time(10_001), []);
        for (doc, said) in here.time(11_000) {
            there.heard(doc, &who(1), &said, 11_000);
        }
        assert_eq!(there.others(&doc()).count(), 0);
        assert_eq!(here.due(), None);
    }

    #[test]
    fn who_falls_silent_is_gone() {
        let mut people = People::default();
        people.heard(doc(), &who(1), &write(Some(&None)), 0);
        let gone_after = pace::gone_after(2);
        people.time(gone_after - 1);
        assert_eq!(people.others(&doc()).count(), 1);
        people.time(gone_after);
        assert_eq!(people.others(&doc()).count(), 0);
    }

    #[test]
    fn more_hearers_hear_less_often() {
        let mut people = People::default();
        people.select(doc(), None);
        assert_eq!(people.due(), Some(pace::pause(1)));
        for n in 1..=9 {
            people.heard(doc(), &who(n), &write(Some(&None)), 0);
        }
        assert_eq!(people.due(), Some(pace::pause(10)));
    }
}
