//! Keys, membership and sealed envelopes of Komuz: what lets newsrooms share an investigation over servers that learn
//! nothing of it but sizes and times.
//!
//! - [`device`]: a device's keys. [`sign`]: signatures, each for one named purpose.
//! - [`charter`]: who is in, as signed entries that everyone evaluates to the same result.
//! - [`epoch`]: the secret that members share. [`editors`]: what editors alone have. [`derive`](mod@derive): the logs' names and keys that come from it.
//! - [`envelope`]: what is written, signed and sealed; [`presence`]: what is said in passing; [`blob`]: the bytes of pictures.
//! - [`snapshot`]: a whole document for who comes later.
//! - [`invite`]: how somebody gets in. [`backup`]: everything under a passphrase.
//! - [`doc`], [`bytes`], [`cbor`], [`chain`]: names, fixed-length bytes, the strict encoding, the chain of a log at a relay.
//!
//! The crate does no I/O: randomness comes in as [`Entropy`], time as milliseconds since 1970, bytes go in and out. Every
//! format starts with a version byte; every signature and derivation has a label of its own.

mod aead;
pub mod backup;
pub mod blob;
pub mod bytes;
pub mod cbor;
pub mod chain;
pub mod charter;
pub mod derive;
pub mod device;
pub mod doc;
pub mod editors;
pub mod envelope;
pub mod epoch;
pub mod invite;
pub mod presence;
pub mod sign;
pub mod snapshot;
mod wrap;

/// A source of random bytes: fills the slice. The caller takes it from the operating system or the browser; tests from
/// a seed.
pub type Entropy<'a> = &'a mut dyn FnMut(&mut [u8]);

/// `N` random bytes.
pub fn random<const N: usize>(entropy: Entropy<'_>) -> [u8; N] {
    let mut bytes = [0; N];
    entropy(&mut bytes);
    bytes
}
