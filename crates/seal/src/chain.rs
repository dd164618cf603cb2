//! The chain of a log at a relay: one hash that stands for all ids up to a sequence number, in order.

use sha2::{Digest as _, Sha256};

use crate::bytes::{Chain, EnvelopeId};

/// The chain of an empty log (sequence number 0): 32 zero bytes.
pub const EMPTY: Chain = Chain([0; 32]);

/// The next link: SHA-256 of the link before it, followed by the id of the envelope that comes next.
pub fn next(before: Chain, id: EnvelopeId) -> Chain {
    let mut hash = Sha256::new();
    hash.update(before.0);
    hash.update(id.0);
    Chain(hash.finalize().into())
}

/// Id of an envelope: SHA-256 of its sealed bytes. Everyone computes it, nobody is told it.
pub fn envelope_id(sealed: &[u8]) -> EnvelopeId {
    EnvelopeId(Sha256::digest(sealed).into())
}
