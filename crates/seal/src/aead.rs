//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) with a random nonce, and the padding that hides lengths.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::{Entropy, random};

/// Length of the nonce that starts what is sealed.
pub(crate) const NONCE: usize = 24;
/// Length of the tag that ends it.
pub(crate) const TAG: usize = 16;

/// Seals: nonce, then ciphertext and tag.
pub(crate) fn seal(key: &[u8; 32], ad: &[u8], plain: &[u8], entropy: Entropy<'_>) -> Vec<u8> {
    let nonce = random::<NONCE>(entropy);
    let mut out = nonce.to_vec();
    // It fails only beyond 256 GB; every format has a limit far below, and then nothing is what can be opened.
    let sealed = XChaCha20Poly1305::new(&(*key).into())
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: ad })
        .unwrap_or_default();
    out.extend(sealed);
    out
}

/// Opens what [`seal`] made; none when key, associated data or a bit of it are others.
pub(crate) fn open(key: &[u8; 32], ad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    XChaCha20Poly1305::new(&(*key).into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: ad })
        .ok()
}

/// The least length of anything sealed and padded, in bytes.
pub const MIN_PADDED: usize = 512;

/// The length that `len` is padded to: at least [`MIN_PADDED`], then PADME (Nikitin et al., PETS 2019): it leaks no more
/// than O(log log len) bits and costs at most 12 percent.
pub fn padded_len(len: usize) -> usize {
    let len = len.max(MIN_PADDED);
    let exponent = len.ilog2();
    let mantissa = exponent.ilog2() + 1;
    let mask = (1usize << (exponent - mantissa)) - 1;
    (len + mask) & !mask
}

/// Appends the padding: 0x80, then zeros, so that with `around` more bytes the length is a padded one.
pub(crate) fn pad(content: &mut Vec<u8>, around: usize) {
    let total = padded_len(content.len() + 1 + around);
    content.push(0x80);
    content.resize(total - around, 0);
}

/// Whether `padding` is exactly what [`pad`] appends to `content` bytes.
pub(crate) fn is_padding(padding: &[u8], content: usize, around: usize) -> bool {
    let expected = padded_len(content + 1 + around) - around - content;
    padding.len() == expected && padding[0] == 0x80 && padding[1..].iter().all(|byte| *byte == 0)
}
