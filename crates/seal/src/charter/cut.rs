//! Cuts: up to where a session's envelopes count after its device, member or outlet has lost a right.

use std::collections::BTreeMap;

use crate::bytes::{EnvelopeId, LogId, SessionId};
use crate::cbor::{CborError, Reader, Writer};

/// How many bytes of cuts go into one entry; the rest comes as [`super::Act::Extended`] right behind it.
const ROOM: usize = 200 << 10;
/// At least so many bytes a cut takes: the array's head, session, counter and id.
const LEAST: usize = 1 + 17 + 1 + 34;

/// The last envelope of a session in a log that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Its number in the session, from 1.
    pub counter: u64,
    /// Its id. Where a session has numbered two envelopes alike, it says which: what leads to it by `previous` counts.
    pub envelope: EnvelopeId,
}

impl Cut {
    /// The farther of two cuts of one session: the greater counter, and of equal ones the smaller id.
    pub fn farther(self, other: Self) -> Self {
        let key = |cut: &Self| (cut.counter, core::cmp::Reverse(cut.envelope));
        core::cmp::max_by_key(self, other, key)
    }

    /// Whether an envelope of this session counts, as far as its number and id tell.
    pub(super) fn takes(&self, counter: u64, envelope: &EnvelopeId) -> bool {
        counter < self.counter || (counter == self.counter && *envelope == self.envelope)
    }
}

/// Cuts of sessions in logs. A session that is not named has none of its envelopes counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cuts(BTreeMap<(LogId, SessionId), Cut>);

impl Cuts {
    /// No session has anything counted.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a cut; of two of one session the farther stays ([`Cut::farther`]).
    pub fn add(&mut self, log: LogId, session: SessionId, cut: Cut) {
        self.0
            .entry((log, session))
            .and_modify(|known| *known = known.farther(cut))
            .or_insert(cut);
    }

    /// The cut of a session in a log.
    pub fn of(&self, log: &LogId, session: &SessionId) -> Option<Cut> {
        self.0.get(&(*log, *session)).copied()
    }

    /// In pieces of which each fits an entry: the first goes with the act itself, the others follow it as
    /// [`super::Act::Extended`]. At least one.
    pub fn in_pieces(self) -> Vec<Self> {
        let mut pieces = vec![Self::default()];
        let mut room = ROOM;
        for ((log, session), cut) in self.0 {
            // A log's name once more for each cut is more than is ever written.
            let takes = LEAST + 8 + 36;
            if room < takes {
                pieces.push(Self::default());
                room = ROOM;
            }
            room -= takes;
            if let Some(last) = pieces.last_mut() {
                last.0.insert((log, session), cut);
            }
        }
        pieces
    }

    pub(super) fn write(&self, w: Writer) -> Writer {
        let mut logs: Vec<(LogId, usize)> = Vec::new();
        for (log, _) in self.0.keys() {
            match logs.last_mut() {
                Some((last, count)) if last == log => *count += 1,
                _ => logs.push((*log, 1)),
            }
        }
        let mut cuts = self.0.iter();
        w.list(logs.into_iter(), |w, (log, count)| {
            w.array(2).bytes(&log.0).list(
                cuts.by_ref().take(count).collect::<Vec<_>>().into_iter(),
                |w, ((_, session), cut)| w.array(3).bytes(&session.0).uint(cut.counter).bytes(&cut.envelope.0),
            )
        })
    }

    /// Reads cuts; logs, and the sessions of each, in ascending order, so that there is one spelling.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
        let mut cuts = BTreeMap::new();
        let mut last = None;
        r.list(super::MAX_ENTRY / LEAST, |r| {
            let start = r.position();
            r.array(2)?;
            let log: LogId = r.fixed()?;
            let mut sessions = 0;
            r.list(super::MAX_ENTRY / LEAST, |r| {
                let start = r.position();
                r.array(3)?;
                let key = (log, r.fixed()?);
                let cut = Cut {
                    counter: r.uint()?,
                    envelope: r.fixed()?,
                };
                if last >= Some(key) || cut.counter == 0 {
                    return Err(CborError::NotAllowed(start));
                }
                last = Some(key);
                sessions += 1;
                cuts.insert(key, cut);
                Ok(())
            })?;
            // A log without sessions would be a second spelling.
            if sessions == 0 {
                Err(CborError::NotAllowed(start))
            } else {
                Ok(())
            }
        })?;
        Ok(Self(cuts))
    }
}
