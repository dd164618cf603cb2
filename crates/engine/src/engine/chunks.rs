//! Changes as payloads of envelopes. A change that is longer than a payload (a picture) is cut and put together again.
//!
//! A payload is the version byte, one byte that says what follows, then bytes of a change: all of it ([`WHOLE`]), or a part
//! after which more come ([`MORE`]) or none ([`LAST`]). Parts of one change follow each other in their session's envelopes.

use std::collections::BTreeMap;

use komuz_core::admission::MAX_CHUNK;
use komuz_sync::replica::{MAX_PAYLOAD, Track};

/// Version of payloads; the first byte of each.
const VERSION: u8 = 1;
const WHOLE: u8 = 0;
const MORE: u8 = 1;
const LAST: u8 = 2;

/// The payloads of a change.
pub fn cut(chunk: &[u8]) -> Vec<Vec<u8>> {
    let room = MAX_PAYLOAD - 2;
    if chunk.len() <= room {
        return vec![[&[VERSION, WHOLE], chunk].concat()];
    }
    let parts = chunk.chunks(room);
    let last = parts.len() - 1;
    parts
        .enumerate()
        .map(|(n, part)| [&[VERSION, if n == last { LAST } else { MORE }], part].concat())
        .collect()
}

/// Why a payload cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Its first two bytes mean nothing here: a later version may know them.
    #[error("it is of a kind that this version does not know: update Komuz")]
    Kind,
    /// The parts together are longer than a change may be.
    #[error("its parts are longer than a change may be")]
    TooLong,
}

/// Changes that have come in part, by session.
#[derive(Debug, Clone, Default)]
pub struct Parts(BTreeMap<Track, (u64, Vec<u8>)>);

impl Parts {
    /// Takes a payload of the envelope with this counter; gives the change when it is whole.
    pub fn take(&mut self, track: Track, counter: u64, payload: &[u8]) -> Result<Option<Vec<u8>>, PayloadError> {
        let ([VERSION, kind], bytes) = payload.split_first_chunk().ok_or(PayloadError::Kind)? else {
            return Err(PayloadError::Kind);
        };
        match *kind {
            WHOLE => Ok(Some(bytes.to_vec())),
            MORE | LAST => {
                let (_, whole) = self.0.entry(track).or_insert((counter, Vec::new()));
                if whole.len() + bytes.len() > MAX_CHUNK {
                    self.0.remove(&track);
                    return Err(PayloadError::TooLong);
                }
                whole.extend_from_slice(bytes);
                Ok(if *kind == LAST {
                    self.0.remove(&track).map(|(_, whole)| whole)
                } else {
                    None
                })
            }
            _ => Err(PayloadError::Kind),
        }
    }

    /// Counter of the envelope with the first part of a session's unfinished change.
    pub fn first(&self, track: &Track) -> Option<u64> {
        self.0.get(track).map(|(counter, _)| *counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use komuz_sync::seal::bytes::{LogId, SessionId};

    const S: Track = (LogId([2; 32]), SessionId([1; 16]));

    #[test]
    fn a_long_change_is_cut_and_comes_back() {
        let chunk: Vec<u8> = (0..MAX_PAYLOAD * 2 + 7).map(|n| n as u8).collect();
        let payloads = cut(&chunk);
        assert_eq!(payloads.len(), 3);
        let mut parts = Parts::default();
        assert_eq!(parts.take(S, 5, &payloads[0]), Ok(None));
        assert_eq!(parts.take(S, 6, &payloads[1]), Ok(None));
        assert_eq!(parts.first(&S), Some(5));
        assert_eq!(parts.take(S, 7, &payloads[2]), Ok(Some(chunk)));
        assert_eq!(parts.first(&S), None);
    }

    #[test]
    fn a_short_change_is_one_payload() {
        let mut parts = Parts::default();
        assert_eq!(parts.take(S, 1, &cut(b"change")[0]), Ok(Some(b"change".to_vec())));
    }

    #[test]
    fn endless_parts_and_unknown_kinds_are_refused() {
        let mut parts = Parts::default();
        let part = [&[VERSION, MORE][..], &[0; MAX_PAYLOAD - 2]].concat();
        let refused = (0..40).find_map(|n| parts.take(S, n, &part).err());
        assert_eq!(refused, Some(PayloadError::TooLong));
        for unknown in [&[VERSION, 9][..], &[9, WHOLE, 1], &[VERSION], &[]] {
            assert_eq!(parts.take(S, 41, unknown), Err(PayloadError::Kind));
        }
    }
}
