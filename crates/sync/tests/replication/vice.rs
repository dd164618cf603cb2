//! Relays that lie: what they make of the frames that an honest one would send.

use komuz_sync::frame::RelayFrame;
use komuz_sync::seal::bytes::{Chain, EnvelopeId, LogId};
use komuz_sync::seal::chain::envelope_id;

use crate::dice::Dice;

/// What a hostile relay does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vice {
    /// Half of what is written is shown to half of the clients only: everybody sees another history.
    Forks,
    /// Some envelopes are never shown to anybody.
    Withholds,
    /// Says of a log what belongs to another.
    Swaps,
    /// Says what cannot be read.
    Babbles,
    /// Lies about numbers and chains.
    Miscounts,
}

/// All of them.
pub const VICES: [Vice; 5] = [
    Vice::Forks,
    Vice::Withholds,
    Vice::Swaps,
    Vice::Babbles,
    Vice::Miscounts,
];

impl Vice {
    /// Whether an envelope is kept from a peer.
    fn hides(self, peer: usize, id: &EnvelopeId) -> bool {
        match self {
            Self::Forks => (peer + usize::from(id.0[0])).is_multiple_of(2),
            Self::Withholds => id.0[0] < 64,
            Self::Swaps | Self::Babbles | Self::Miscounts => false,
        }
    }

    /// What comes of an honest frame.
    pub fn twist(self, peer: usize, frame: &RelayFrame, dice: &mut Dice) -> Vec<Vec<u8>> {
        let mut frame = frame.clone();
        let rarely = dice.once_in(12);
        match (self, &mut frame) {
            (Self::Forks | Self::Withholds, RelayFrame::Entry { bytes, .. })
                if self.hides(peer, &envelope_id(bytes)) =>
            {
                return Vec::new();
            }
            (Self::Forks | Self::Withholds, RelayFrame::Ids { ids, .. }) => {
                ids.retain(|id| !self.hides(peer, id));
            }
            (Self::Swaps, RelayFrame::Entry { log, .. }) if rarely => *log = LogId([dice.next() as u8; 32]),
            (Self::Babbles, _) if dice.once_in(60) => {
                let mut bytes = frame.encode();
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
                return vec![bytes];
            }
            (Self::Babbles, RelayFrame::Entry { bytes, .. }) if rarely => {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1;
            }
            (Self::Miscounts, RelayFrame::CaughtUp { seq, chain, .. } | RelayFrame::Ack { seq, chain, .. })
                if rarely =>
            {
                if dice.once_in(2) {
                    *seq += dice.next() % 3;
                } else {
                    *chain = Chain([dice.next() as u8; 32]);
                }
            }
            (Self::Miscounts, RelayFrame::Ids { first, ids, .. }) if rarely => {
                *first += dice.next() % 2;
                ids.push(EnvelopeId([dice.next() as u8; 32]));
            }
            _ => {}
        }
        vec![frame.encode()]
    }
}
