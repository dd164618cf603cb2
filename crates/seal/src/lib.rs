//! Keys, membership and sealed envelopes of Komuz.
//!
//! This crate does no I/O: randomness comes in as [`Entropy`], time as milliseconds since 1970, bytes go in and out.

pub mod bytes;
pub mod cbor;
pub mod chain;
pub mod charter;
pub mod device;
pub mod doc;
pub mod sign;

/// A source of random bytes: fills the slice. The caller takes it from the operating system or the browser; tests from
/// a seed.
pub type Entropy<'a> = &'a mut dyn FnMut(&mut [u8]);

/// `N` random bytes.
pub fn random<const N: usize>(entropy: Entropy<'_>) -> [u8; N] {
    let mut bytes = [0; N];
    entropy(&mut bytes);
    bytes
}
